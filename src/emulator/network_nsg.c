/* SPDX-License-Identifier: Apache-2.0 */
/* Network security groups with their rules, route tables with their routes. */
#include "network_internal.h"
#include "shape.h"

#define RULE_TYPE "Microsoft.Network/networkSecurityGroups/securityRules"
#define ROUTE_TYPE "Microsoft.Network/routeTables/routes"

enum { PRIORITY_MIN = 100, PRIORITY_MAX = 4096, DESCRIPTION_MAX = 140 };

static bool is_service_tag(struct rd_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!rd_char_is_alnum(text.p[i]) && text.p[i] != '.' && text.p[i] != '_')
            return false;
    return text.n > 0 && rd_char_is_alpha(text.p[0]);
}

static bool check_rule_words(struct em_exchange *ex, struct rd_str name, const struct rd_json *rule)
{
    static const char *const protocols[] = {"*", "Tcp", "Udp", "Icmp", "Esp", "Ah", NULL};
    static const char *const accesses[] = {"Allow", "Deny", NULL};
    static const char *const directions[] = {"Inbound", "Outbound", NULL};
    static const struct {
        const char *path;
        const char *const *words;
    } checks[] = {
        {"properties.protocol", protocols},
        {"properties.access", accesses},
        {"properties.direction", directions},
    };
    for (size_t i = 0; i < EM_COUNT(checks); i++) {
        if (!em_has(rule, checks[i].path))
            return em_fail(ex, 400, "SecurityRuleParameterNotSpecified",
                           "Required security rule parameters are missing for security rule with "
                           "Id '%.*s': %s.",
                           RD_FMT(name), checks[i].path);
        if (!em_check_word(ex, rd_json_at(rule, checks[i].path), checks[i].words,
                           "InvalidRequestFormat", checks[i].path))
            return false;
    }
    if (em_text_at(rule, "properties.description").n > DESCRIPTION_MAX)
        return em_fail(ex, 400, "SecurityRuleInvalidDescription",
                       "Description of security rule '%.*s' is longer than %d characters.",
                       RD_FMT(name), DESCRIPTION_MAX);
    return true;
}

/* One of {singular, plural} must be there; every value must be of the right form. */
static bool check_rule_values(struct em_exchange *ex, struct rd_str name,
                              const struct rd_json *rule, const char *what, bool is_port)
{
    const struct rd_json *one =
        rd_json_at_str(rule, rd_arena_printf(ex->arena, "properties.%s", what));
    const char *plural = is_port ? "s" : "es";
    const struct rd_json *many =
        rd_json_at_str(rule, rd_arena_printf(ex->arena, "properties.%s%s", what, plural));
    size_t count = rd_json_count(many);
    bool has_group =
        !is_port && (em_has(rule, "properties.sourceApplicationSecurityGroups.0") ||
                     em_has(rule, "properties.destinationApplicationSecurityGroups.0"));
    if (rd_str_is_empty(rd_json_str(one)) && count == 0 && !has_group)
        return em_fail(ex, 400, "SecurityRuleParameterNotSpecified",
                       "Required security rule parameters are missing for security rule with Id "
                       "'%.*s': %s or %s%s.",
                       RD_FMT(name), what, what, plural);
    for (size_t i = 0; i <= count; i++) {
        struct rd_str text = rd_json_str(i == count ? one : rd_json_item(many, i));
        if (i == count && rd_str_is_empty(text))
            break;
        bool is_good = is_port ? em_port_is_valid(text)
                               : rd_str_is(text, "*") || is_service_tag(text) ||
                                     em_address_is_valid(text, false);
        if (!is_good)
            return em_fail(ex, 400,
                           is_port ? "SecurityRuleInvalidPortRange"
                                   : "SecurityRuleInvalidAddressPrefix",
                           "Security rule has invalid %s. Value provided: %.*s. Rule: %.*s.",
                           is_port ? "Port range" : "Address prefix", RD_FMT(text), RD_FMT(name));
    }
    return true;
}

static bool check_rule_priority(struct em_exchange *ex, const struct rd_json *siblings,
                                struct rd_str name, const struct rd_json *rule)
{
    int64_t priority = rd_json_int(rd_json_at(rule, "properties.priority"), -1);
    if (priority < PRIORITY_MIN || priority > PRIORITY_MAX)
        return em_fail(ex, 400, "SecurityRuleInvalidPriority",
                       "Security rule has invalid Priority. Value provided: %lld Allowed range "
                       "%d-%d. Rule: %.*s.",
                       (long long)priority, PRIORITY_MIN, PRIORITY_MAX, RD_FMT(name));
    for (size_t i = 0; i < rd_json_count(siblings); i++) {
        const struct rd_json *other = rd_json_item(siblings, i);
        struct rd_str other_name = em_text_at(other, "name");
        if (rd_str_eq_case(other_name, name) ||
            rd_json_int(rd_json_at(other, "properties.priority"), -1) != priority ||
            !rd_str_eq_case(em_text_at(other, "properties.direction"),
                            em_text_at(rule, "properties.direction")))
            continue;
        return em_fail(ex, 400, "SecurityRuleConflict",
                       "Security rule %.*s conflicts with rule %.*s. Rules cannot have the same "
                       "Priority and Direction.",
                       RD_FMT(other_name), RD_FMT(name));
    }
    return true;
}

static bool check_rule(struct em_exchange *ex, const struct rd_json *parent,
                       const struct rd_json *siblings, struct rd_str id, struct rd_json *item)
{
    static const char *const arrays[] = {
        "properties.sourcePortRanges", "properties.destinationPortRanges",
        "properties.sourceAddressPrefixes", "properties.destinationAddressPrefixes"};
    (void)parent;
    struct rd_str name = em_id_name(id);
    if (!check_rule_words(ex, name, item) ||
        !check_rule_values(ex, name, item, "sourcePortRange", true) ||
        !check_rule_values(ex, name, item, "destinationPortRange", true) ||
        !check_rule_values(ex, name, item, "sourceAddressPrefix", false) ||
        !check_rule_values(ex, name, item, "destinationAddressPrefix", false) ||
        !check_rule_priority(ex, siblings, name, item))
        return false;
    for (size_t i = 0; i < EM_COUNT(arrays); i++)
        em_default(ex, item, arrays[i], rd_json_array());
    return true;
}

static const struct em_inline rules = {"securityRules", RULE_TYPE, check_rule, NULL};

EM_PUT_HOOK(em_security_rule_put)
{
    (void)hidden;
    return em_inline_check_child(ex, &rules, former, body);
}

EM_PUT_HOOK(em_nsg_put)
{
    if (former != NULL && !em_require_family_idle(ex, former, ex->id))
        return false;
    em_drop(body, "properties", "defaultSecurityRules");
    em_drop(body, "properties", "subnets");
    em_drop(body, "properties", "networkInterfaces");
    em_set_guid(ex, body, "properties.resourceGuid", "resourceGuid", ex->id);
    return em_inline_take(ex, &rules, former, body, hidden);
}

EM_READY_HOOK(em_nsg_ready)
{
    (void)body;
    (void)ret_message;
    em_inline_apply(ex, &rules, resource, hidden);
    return NULL;
}

struct rd_json em_default_rules(struct em_exchange *ex, struct rd_str group_id)
{
    static const struct {
        const char *name, *description, *source, *destination, *access, *direction;
        int priority;
    } table[] = {
        {"AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", "VirtualNetwork",
         "VirtualNetwork", "Allow", "Inbound", 65000},
        {"AllowAzureLoadBalancerInBound", "Allow inbound traffic from azure load balancer",
         "AzureLoadBalancer", "*", "Allow", "Inbound", 65001},
        {"DenyAllInBound", "Deny all inbound traffic", "*", "*", "Deny", "Inbound", 65500},
        {"AllowVnetOutBound", "Allow outbound traffic from all VMs to all VMs in VNET",
         "VirtualNetwork", "VirtualNetwork", "Allow", "Outbound", 65000},
        {"AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet", "*",
         "Internet", "Allow", "Outbound", 65001},
        {"DenyAllOutBound", "Deny all outbound traffic", "*", "*", "Deny", "Outbound", 65500},
    };
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < EM_COUNT(table); i++) {
        struct rd_json rule = rd_json_object();
        struct rd_str name = rd_str_from(table[i].name);
        em_set_text(ex, &rule, "name", name);
        em_set_text(ex, &rule, "id", em_child_id(ex, group_id, "defaultSecurityRules", name));
        em_set_word(ex, &rule, "type",
                    "Microsoft.Network/networkSecurityGroups/"
                    "defaultSecurityRules");
        em_set_word(ex, &rule, "properties.provisioningState", "Succeeded");
        em_set_word(ex, &rule, "properties.description", table[i].description);
        em_set_word(ex, &rule, "properties.protocol", "*");
        em_set_word(ex, &rule, "properties.sourcePortRange", "*");
        em_set_word(ex, &rule, "properties.destinationPortRange", "*");
        em_set_word(ex, &rule, "properties.sourceAddressPrefix", table[i].source);
        em_set_word(ex, &rule, "properties.destinationAddressPrefix", table[i].destination);
        em_set_word(ex, &rule, "properties.access", table[i].access);
        em_set_int(ex, &rule, "properties.priority", table[i].priority);
        em_set_word(ex, &rule, "properties.direction", table[i].direction);
        rd_json_append(ex->arena, &list, rule);
    }
    return list;
}

/* Links of all resources of `type` whose body names `id` at `path`. */
static struct rd_json users_of(struct em_exchange *ex, const char *type, const char *path,
                               struct rd_str id)
{
    struct rd_json list = rd_json_array();
    struct em_resource *user = NULL;
    for (size_t cursor = 0; (user = em_each(ex->cloud, type, &cursor)) != NULL;) {
        struct rd_json body = em_body(ex, user);
        if (!user->is_deleted && rd_str_eq_case(em_text_at(&body, path), id))
            rd_json_append(ex->arena, &list, em_link(ex, user->id));
    }
    return list;
}

EM_SHOW_HOOK(em_nsg_show)
{
    em_inline_show(ex, &rules, resource, body);
    em_set(ex, body, "properties.defaultSecurityRules", em_default_rules(ex, resource->id));
    struct rd_json nets =
        users_of(ex, EM_SUBNET_TYPE, "properties.networkSecurityGroup.id", resource->id);
    struct rd_json nics = users_of(ex, "Microsoft.Network/networkInterfaces",
                                   "properties.networkSecurityGroup.id", resource->id);
    if (rd_json_count(&nets) > 0)
        em_set(ex, body, "properties.subnets", nets);
    if (rd_json_count(&nics) > 0)
        em_set(ex, body, "properties.networkInterfaces", nics);
}

EM_HOOK(em_nsg_may_delete)
{
    struct rd_str name = em_name(resource);
    struct rd_json nets =
        users_of(ex, EM_SUBNET_TYPE, "properties.networkSecurityGroup.id", resource->id);
    struct rd_json nics = users_of(ex, "Microsoft.Network/networkInterfaces",
                                   "properties.networkSecurityGroup.id", resource->id);
    const struct rd_json *users = rd_json_count(&nets) > 0 ? &nets : &nics;
    struct rd_str user = em_text_at(users, "0.id");
    if (rd_json_count(users) > 0)
        return em_fail(ex, 400, "InUseNetworkSecurityGroupCannotBeDeleted",
                       "Network security group %.*s cannot be deleted because it is in use by the "
                       "following resources: %.*s. In order to delete the Network security group, "
                       "remove the association with the resource(s). To learn how to do this, see "
                       "aka.ms/deletensg.",
                       RD_FMT(name), RD_FMT(user));
    return true;
}

/* Routes --------------------------------------------------------------------------------------- */

static bool check_route(struct em_exchange *ex, const struct rd_json *parent,
                        const struct rd_json *siblings, struct rd_str id, struct rd_json *item)
{
    static const char *const hops[] = {"VirtualNetworkGateway", "VnetLocal", "Internet",
                                       "VirtualAppliance",      "None",      NULL};
    (void)parent;
    struct rd_str name = em_id_name(id);
    struct rd_str prefix = em_text_at(item, "properties.addressPrefix");
    struct rd_str address = em_text_at(item, "properties.nextHopIpAddress");
    bool is_appliance = em_is_word(item, "properties.nextHopType", "VirtualAppliance");
    uint32_t ip = 0;
    if (!em_address_is_valid(prefix, false) && !is_service_tag(prefix))
        return em_fail(ex, 400, "InvalidAddressPrefixFormat",
                       "Address prefix %.*s of route %.*s is neither CIDR nor a service tag.",
                       RD_FMT(prefix), RD_FMT(name));
    if (!em_check_word(ex, rd_json_at(item, "properties.nextHopType"), hops, "InvalidRequestFormat",
                       "properties.nextHopType"))
        return false;
    if (is_appliance && !em_ipv4_parse(address, &ip))
        return em_fail(ex, 400, "NextHopIpAddressRequired",
                       "Route %.*s has next hop type VirtualAppliance and needs a valid "
                       "nextHopIpAddress, not '%.*s'.",
                       RD_FMT(name), RD_FMT(address));
    if (!is_appliance && !rd_str_is_empty(address))
        return em_fail(ex, 400, "NextHopIpAddressNotAllowed",
                       "Route %.*s must not have nextHopIpAddress: it is allowed only for next hop "
                       "type VirtualAppliance.",
                       RD_FMT(name));
    for (size_t i = 0; i < rd_json_count(siblings); i++) {
        const struct rd_json *other = rd_json_item(siblings, i);
        struct rd_str other_name = em_text_at(other, "name");
        if (!rd_str_eq_case(other_name, name) &&
            rd_str_eq_case(em_text_at(other, "properties.addressPrefix"), prefix))
            return em_fail(ex, 400, "RouteConflict",
                           "Route %.*s conflicts with route %.*s. Routes cannot have the same "
                           "AddressPrefix %.*s.",
                           RD_FMT(name), RD_FMT(other_name), RD_FMT(prefix));
    }
    em_set_bool(ex, item, "properties.hasBgpOverride", false);
    return true;
}

static const struct em_inline routes = {"routes", ROUTE_TYPE, check_route, NULL};

EM_PUT_HOOK(em_route_put)
{
    (void)hidden;
    return em_inline_check_child(ex, &routes, former, body);
}

EM_PUT_HOOK(em_route_table_put)
{
    if (former != NULL && !em_require_family_idle(ex, former, ex->id))
        return false;
    em_drop(body, "properties", "subnets");
    em_default(ex, body, "properties.disableBgpRoutePropagation", rd_json_bool(false));
    em_set_guid(ex, body, "properties.resourceGuid", "resourceGuid", ex->id);
    return em_inline_take(ex, &routes, former, body, hidden);
}

EM_READY_HOOK(em_route_table_ready)
{
    (void)body;
    (void)ret_message;
    em_inline_apply(ex, &routes, resource, hidden);
    return NULL;
}

EM_SHOW_HOOK(em_route_table_show)
{
    em_inline_show(ex, &routes, resource, body);
    struct rd_json nets = users_of(ex, EM_SUBNET_TYPE, "properties.routeTable.id", resource->id);
    if (rd_json_count(&nets) > 0)
        em_set(ex, body, "properties.subnets", nets);
}

EM_HOOK(em_route_table_may_delete)
{
    struct rd_str name = em_name(resource);
    struct rd_json nets = users_of(ex, EM_SUBNET_TYPE, "properties.routeTable.id", resource->id);
    struct rd_str user = em_text_at(&nets, "0.id");
    if (rd_json_count(&nets) > 0)
        return em_fail(ex, 400, "InUseRouteTableCannotBeDeleted",
                       "Route table %.*s is in use and cannot be deleted: %.*s.", RD_FMT(name),
                       RD_FMT(user));
    return true;
}
