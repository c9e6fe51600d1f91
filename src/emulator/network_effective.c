/* SPDX-License-Identifier: Apache-2.0 */
/* What is in force on a network interface: its routes and its security rules. */
#include "network_internal.h"
#include "shape.h"

struct route_list {
    struct em_exchange *ex;
    struct rd_json items;
};

static bool nic_runs(struct em_exchange *ex, const struct em_resource *nic)
{
    struct rd_json hidden = em_hidden(ex, nic);
    if (rd_json_is_true(rd_json_at(&hidden, "isRunning")) && em_has(&hidden, "virtualMachine"))
        return true;
    struct rd_str name = em_name(nic);
    return em_fail(ex, 400, "NetworkInterfaceNotAttachedToRunningVm",
                   "Network Interface %.*s must be attached to a running virtual machine.",
                   RD_FMT(name));
}

static void add_route(struct route_list *list, const char *source, bool is_active,
                      struct rd_str prefix, const char *hop, struct rd_str address,
                      struct rd_str name)
{
    struct rd_arena *arena = list->ex->arena;
    struct rd_json route = rd_json_object(), prefixes = rd_json_array(), hops = rd_json_array();
    rd_json_append(arena, &prefixes, rd_json_string(prefix));
    if (!rd_str_is_empty(address))
        rd_json_append(arena, &hops, rd_json_string(address));
    if (!rd_str_is_empty(name))
        em_set_text(list->ex, &route, "name", name);
    em_set_bool(list->ex, &route, "disableBgpRoutePropagation", false);
    em_set_word(list->ex, &route, "source", source);
    em_set_word(list->ex, &route, "state", is_active ? "Active" : "Invalid");
    em_set(list->ex, &route, "addressPrefix", prefixes);
    em_set_word(list->ex, &route, "nextHopType", hop);
    em_set(list->ex, &route, "nextHopIpAddress", hops);
    rd_json_append(arena, &list->items, route);
}

/* A system route gives way to a user's route of the same prefix. */
static bool is_overridden(const struct em_resource *table, struct em_exchange *ex,
                          struct rd_str prefix)
{
    struct em_resource *route = NULL;
    while (table != NULL &&
           (route = em_next_child(table, "Microsoft.Network/routeTables/routes", route)) != NULL) {
        struct rd_json body = em_body(ex, route);
        if (rd_str_eq_case(em_text_at(&body, "properties.addressPrefix"), prefix))
            return true;
    }
    return false;
}

static void add_system_routes(struct route_list *list, const struct em_resource *vnet,
                              const struct em_resource *table)
{
    static const char *const dropped[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                          "100.64.0.0/10"};
    struct em_exchange *ex = list->ex;
    struct rd_str none = {"", 0};
    struct rd_json body = em_body(ex, vnet);
    const struct rd_json *space = rd_json_at(&body, "properties.addressSpace.addressPrefixes");
    for (size_t i = 0; i < rd_json_count(space); i++) {
        struct rd_str prefix = rd_json_str(rd_json_item(space, i));
        add_route(list, "Default", !is_overridden(table, ex, prefix), prefix, "VnetLocal", none,
                  none);
    }
    struct em_resource *peering = NULL;
    while (
        (peering = em_next_child(vnet, "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
                                 peering)) != NULL) {
        struct rd_json hidden = em_hidden(ex, peering), peer = em_body(ex, peering);
        const struct rd_json *remote =
            rd_json_at(&peer, "properties.remoteAddressSpace.addressPrefixes");
        for (size_t i = 0;
             em_is_word(&hidden, "peeringState", "Connected") && i < rd_json_count(remote); i++) {
            struct rd_str prefix = rd_json_str(rd_json_item(remote, i));
            add_route(list, "Default", !is_overridden(table, ex, prefix), prefix, "VNetPeering",
                      none, none);
        }
    }
    add_route(list, "Default", !is_overridden(table, ex, RD_STR("0.0.0.0/0")), RD_STR("0.0.0.0/0"),
              "Internet", none, none);
    for (size_t i = 0; i < EM_COUNT(dropped); i++) {
        struct rd_str prefix = rd_str_from(dropped[i]);
        add_route(list, "Default", !is_overridden(table, ex, prefix), prefix, "None", none, none);
    }
}

static void add_user_routes(struct route_list *list, const struct em_resource *table)
{
    struct em_resource *route = NULL;
    while (table != NULL &&
           (route = em_next_child(table, "Microsoft.Network/routeTables/routes", route)) != NULL) {
        struct rd_json body = em_body(list->ex, route);
        struct rd_str hop = em_text_at(&body, "properties.nextHopType");
        add_route(list, "User", true, em_text_at(&body, "properties.addressPrefix"),
                  rd_arena_str(list->ex->arena, hop).p,
                  em_text_at(&body, "properties.nextHopIpAddress"), em_name(route));
    }
}

static struct em_resource *nic_subnet(struct em_exchange *ex, const struct em_resource *nic)
{
    struct rd_json body = em_body(ex, nic);
    return em_find(ex->cloud,
                   em_text_at(&body, "properties.ipConfigurations.0.properties.subnet.id"));
}

EM_HOOK(em_nic_effective_routes)
{
    struct em_resource *subnet = nic_subnet(ex, resource);
    if (!nic_runs(ex, resource))
        return false;
    if (subnet == NULL)
        return em_fail_not_found(ex, resource->id);
    struct rd_json net = em_body(ex, subnet);
    struct em_resource *table = em_find(ex->cloud, em_text_at(&net, "properties.routeTable.id"));
    struct route_list list = {ex, rd_json_array()};
    add_system_routes(&list, subnet->parent, table);
    add_user_routes(&list, table);
    struct rd_json reply = rd_json_object();
    em_set(ex, &reply, "value", list.items);
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

static struct rd_json effective_rule(struct em_exchange *ex, const struct rd_json *rule,
                                     const char *prefix)
{
    static const char *const members[] = {"protocol",
                                          "sourcePortRange",
                                          "sourcePortRanges",
                                          "destinationPortRange",
                                          "destinationPortRanges",
                                          "sourceAddressPrefix",
                                          "sourceAddressPrefixes",
                                          "destinationAddressPrefix",
                                          "destinationAddressPrefixes",
                                          "access",
                                          "priority",
                                          "direction"};
    struct rd_json flat = rd_json_object();
    struct rd_str name = em_text_at(rule, "name");
    em_set_text(ex, &flat, "name", rd_arena_printf(ex->arena, "%s/%.*s", prefix, RD_FMT(name)));
    for (size_t i = 0; i < EM_COUNT(members); i++) {
        const struct rd_json *value =
            rd_json_get(rd_json_at(rule, "properties"), rd_str_from(members[i]));
        if (rd_json_exists(value))
            em_set(ex, &flat, members[i], rd_json_copy(ex->arena, value));
    }
    return flat;
}

static void add_group(struct em_exchange *ex, struct rd_json *list, struct rd_str group_id,
                      const char *kind, struct rd_str holder)
{
    struct em_resource *group = em_find(ex->cloud, group_id);
    if (group == NULL)
        return;
    struct rd_json entry = rd_json_object(), rules = rd_json_array();
    struct em_resource *rule = NULL;
    while ((rule = em_next_child(group, "Microsoft.Network/networkSecurityGroups/securityRules",
                                 rule)) != NULL) {
        struct rd_json view = em_view(ex, rule);
        rd_json_append(ex->arena, &rules, effective_rule(ex, &view, "securityRules"));
    }
    struct rd_json defaults = em_default_rules(ex, group->id);
    for (size_t i = 0; i < rd_json_count(&defaults); i++)
        rd_json_append(ex->arena, &rules,
                       effective_rule(ex, rd_json_item(&defaults, i), "defaultSecurityRules"));
    em_set_text(ex, &entry, "networkSecurityGroup.id", group->id);
    em_set(ex, &entry, rd_arena_printf(ex->arena, "association.%s", kind).p, em_link(ex, holder));
    em_set(ex, &entry, "effectiveSecurityRules", rules);
    em_set(ex, &entry, "tagMap", rd_json_object());
    rd_json_append(ex->arena, list, entry);
}

EM_HOOK(em_nic_effective_rules)
{
    struct em_resource *subnet = nic_subnet(ex, resource);
    if (!nic_runs(ex, resource))
        return false;
    struct rd_json nic = em_body(ex, resource);
    struct rd_json net = subnet != NULL ? em_body(ex, subnet) : rd_json_object();
    struct rd_json list = rd_json_array(), reply = rd_json_object();
    if (subnet != NULL)
        add_group(ex, &list, em_text_at(&net, "properties.networkSecurityGroup.id"), "subnet",
                  subnet->id);
    add_group(ex, &list, em_text_at(&nic, "properties.networkSecurityGroup.id"), "networkInterface",
              resource->id);
    em_set(ex, &reply, "value", list);
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}
