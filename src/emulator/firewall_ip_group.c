/* SPDX-License-Identifier: Apache-2.0 */
/* IP groups of firewall rules, and the list of FQDN tags. */
#include "network_internal.h"
#include "shape.h"

#define SECONDS *INT64_C(1000)

/* Whether a rule of the group names the IP group. */
static bool group_uses(const struct rd_json *group, struct rd_str id)
{
    const struct rd_json *collections = rd_json_at(group, "properties.ruleCollections");
    for (size_t i = 0; i < rd_json_count(collections); i++) {
        const struct rd_json *rules = rd_json_at(rd_json_item(collections, i), "rules");
        for (size_t j = 0; j < rd_json_count(rules); j++)
            if (em_array_has_id(rd_json_item(rules, j), "sourceIpGroups", id) ||
                em_array_has_id(rd_json_item(rules, j), "destinationIpGroups", id))
                return true;
    }
    return false;
}

/* Policies that use the IP group, each once, as links. */
static struct rd_json ip_group_users(struct em_exchange *ex, struct rd_str id)
{
    struct rd_json list = rd_json_array();
    struct em_resource *group = NULL;
    for (size_t cursor = 0; (group = em_each(ex->cloud, EM_RULE_GROUP_TYPE, &cursor)) != NULL;) {
        struct rd_json body = em_body(ex, group);
        struct rd_json users = rd_json_object();
        em_set(ex, &users, "list", list);
        if (!group->is_deleted && group_uses(&body, id) &&
            !em_array_has_id(&users, "list", group->parent->id))
            rd_json_append(ex->arena, &list, em_link(ex, group->parent->id));
    }
    return list;
}

EM_PUT_HOOK(em_ip_group_put)
{
    (void)former;
    (void)hidden;
    const struct rd_json *list = em_array(ex, body, "properties.ipAddresses");
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (!em_address_is_valid(rd_json_str(rd_json_item(list, i)), true))
            return em_fail(ex, 400, "IpGroupInvalidIpAddress",
                           "'%.*s' of IP group %.*s is neither an address, a prefix nor a range.",
                           RD_FMT(rd_json_str(rd_json_item(list, i))), RD_FMT(ex->id));
    em_drop(body, "properties", "firewalls");
    em_drop(body, "properties", "firewallPolicies");
    return true;
}

int64_t em_ip_group_duration(struct em_exchange *ex, struct em_resource *former,
                             const struct rd_json *body)
{
    (void)former;
    (void)body;
    struct rd_json users = ip_group_users(ex, ex->id);
    for (size_t i = 0; i < rd_json_count(&users); i++)
        if (em_policy_is_attached(ex, em_text_at(rd_json_item(&users, i), "id")))
            return em_draw_ms(ex, ex->id, 240 SECONDS);
    return em_draw_ms(ex, ex->id, 4 SECONDS);
}

EM_SHOW_HOOK(em_ip_group_show)
{
    struct rd_json users = ip_group_users(ex, resource->id), firewalls = rd_json_array();
    for (size_t i = 0; i < rd_json_count(&users); i++) {
        struct em_resource *firewall = NULL;
        for (size_t cursor = 0;
             (firewall = em_firewall_of_policy(ex, em_text_at(rd_json_item(&users, i), "id"),
                                               &cursor)) != NULL;)
            rd_json_append(ex->arena, &firewalls, em_link(ex, firewall->id));
    }
    em_set(ex, body, "properties.firewallPolicies", users);
    em_set(ex, body, "properties.firewalls", firewalls);
}

EM_HOOK(em_ip_group_may_delete)
{
    struct rd_json users = ip_group_users(ex, resource->id);
    if (rd_json_count(&users) > 0)
        return em_fail(ex, 400, "IpGroupInUse",
                       "IP group %.*s cannot be deleted because it is used by %.*s.",
                       RD_FMT(resource->id), RD_FMT(em_text_at(&users, "0.id")));
    return true;
}

bool em_fqdn_tags_list(struct em_exchange *ex)
{
    const struct rd_json *known = rd_json_at(em_table("fqdn-tags"), "tags");
    struct rd_json list = rd_json_array(), reply = rd_json_object();
    for (size_t i = 0; i < rd_json_count(known); i++) {
        struct rd_json tag = rd_json_object();
        struct rd_str name = rd_json_str(rd_json_item(known, i));
        struct rd_str id = rd_arena_printf(
            ex->arena, "/subscriptions/%.*s/providers/Microsoft.Network/azureFirewallFqdnTags/%.*s",
            RD_FMT(ex->params[0]), RD_FMT(name));
        em_set_text(ex, &tag, "name", name);
        em_set_text(ex, &tag, "id", id);
        em_set_word(ex, &tag, "type", "Microsoft.Network/azureFirewallFqdnTags");
        em_set_word(ex, &tag, "properties.provisioningState", "Succeeded");
        em_set_text(ex, &tag, "properties.fqdnTagName", name);
        rd_json_append(ex->arena, &list, tag);
    }
    em_set(ex, &reply, "value", list);
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}
