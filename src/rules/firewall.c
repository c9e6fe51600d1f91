/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate.h"

/*
 * Whether a firewall policy lets required endpoints through. Only allowing filter collections are
 * looked at, whatever their priority: that nothing denies them first is a rule of its own. Source:
 * azure-avd-ops reference 2.3 and 2.4.
 */

static bool list_has_text(const struct rd_json *list, struct rd_str text)
{
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (rd_str_eq_case(rd_json_str(rd_json_item(list, i)), text))
            return true;
    return false;
}

static bool lists_meet(const struct rd_json *a, const struct rd_json *b)
{
    for (size_t i = 0; i < rd_json_count(a); i++)
        if (list_has_text(b, rd_json_str(rd_json_item(a, i))))
            return true;
    return false;
}

static bool any_covers(const struct rd_json *patterns, struct rd_str host)
{
    for (size_t i = 0; i < rd_json_count(patterns); i++)
        if (rule_fqdn_covers(rd_json_str(rd_json_item(patterns, i)), host))
            return true;
    return false;
}

/* "443", "1000-2000" or "*". */
static bool ports_have(const struct rd_json *ports, int64_t port)
{
    for (size_t i = 0; i < rd_json_count(ports); i++) {
        struct rd_str text = rd_json_str(rd_json_item(ports, i));
        size_t dash = rd_str_find_char(text, '-', 0);
        int64_t low = 0, high = 0;
        if (rd_str_is(text, "*"))
            return true;
        if (!rd_str_to_int(rd_str_sub(text, 0, dash), 0, 65535, &low))
            continue;
        high = low;
        if (dash != RD_STR_NONE &&
            !rd_str_to_int(rd_str_sub(text, dash + 1, text.n), 0, 65535, &high))
            continue;
        if (low <= port && port <= high)
            return true;
    }
    return false;
}

static bool application_rule_allows(const struct rd_json *rule, const struct rd_json *endpoint)
{
    if (lists_meet(rd_json_get(endpoint, RD_STR("tags")), rd_json_get(rule, RD_STR("fqdnTags"))))
        return true; /* a tag carries its own ports */
    const struct rd_json *protocols = rd_json_get(rule, RD_STR("protocols"));
    bool has_port = false;
    for (size_t i = 0; i < rd_json_count(protocols); i++)
        has_port |= rd_json_int(rd_json_get(rd_json_item(protocols, i), RD_STR("port")), 0) ==
                    rd_json_int(rd_json_get(endpoint, RD_STR("port")), -1);
    return has_port && any_covers(rd_json_get(rule, RD_STR("targetFqdns")),
                                  rd_json_str(rd_json_get(endpoint, RD_STR("host"))));
}

static bool network_rule_allows(const struct rd_json *rule, const struct rd_json *endpoint)
{
    const struct rd_json *protocols = rd_json_get(rule, RD_STR("ipProtocols"));
    struct rd_str protocol = rd_json_str(rd_json_get(endpoint, RD_STR("protocol")));
    if (rd_str_is_empty(protocol))
        protocol = RD_STR("TCP");
    if (!list_has_text(protocols, protocol) && !list_has_text(protocols, RD_STR("Any")))
        return false;
    if (!ports_have(rd_json_get(rule, RD_STR("destinationPorts")),
                    rd_json_int(rd_json_get(endpoint, RD_STR("port")), -1)))
        return false;
    const struct rd_json *addresses = rd_json_get(rule, RD_STR("destinationAddresses"));
    return list_has_text(addresses, RD_STR("*")) ||
           lists_meet(rd_json_get(endpoint, RD_STR("services")), addresses) ||
           lists_meet(rd_json_get(endpoint, RD_STR("addresses")), addresses) ||
           list_has_text(rd_json_get(rule, RD_STR("destinationFqdns")),
                         rd_json_str(rd_json_get(endpoint, RD_STR("host"))));
}

static bool group_allows(const struct rd_json *group, const struct rd_json *endpoint)
{
    const struct rd_json *collections = rd_json_at(group, "properties.ruleCollections");
    for (size_t i = 0; i < rd_json_count(collections); i++) {
        const struct rd_json *collection = rd_json_item(collections, i);
        const struct rd_json *rules = rd_json_get(collection, RD_STR("rules"));
        if (!rd_str_is_case(rd_json_str(rd_json_at(collection, "action.type")), "Allow"))
            continue;
        for (size_t k = 0; k < rd_json_count(rules); k++) {
            const struct rd_json *rule = rd_json_item(rules, k);
            struct rd_str kind = rd_json_str(rd_json_get(rule, RD_STR("ruleType")));
            if ((rd_str_is_case(kind, "ApplicationRule") &&
                 application_rule_allows(rule, endpoint)) ||
                (rd_str_is_case(kind, "NetworkRule") && network_rule_allows(rule, endpoint)))
                return true;
        }
    }
    return false;
}

static bool policy_allows(const struct set_index *index, const struct rd_resource *policy,
                          const struct rd_json *endpoint)
{
    for (int64_t child = set_index_child(index, policy->id); child != RD_NONE;
         child = set_index_next_child(index, child))
        if (group_allows(&index->set->resources[child].body, endpoint))
            return true;
    return false;
}

enum answer rule_policy_allows(struct evaluation *evaluation, const struct rd_resource *policy,
                               const struct rd_json *endpoints)
{
    struct rd_str missing = RD_STR("");
    for (size_t i = 0; i < rd_json_count(endpoints); i++) {
        const struct rd_json *endpoint = rd_json_item(endpoints, i);
        if (policy_allows(evaluation->index, policy, endpoint))
            continue;
        missing = rd_arena_printf(evaluation->arena, "%.*s%s%.*s:%lld", RD_FMT(missing),
                                  missing.n > 0 ? ", " : "",
                                  RD_FMT(rd_json_str(rd_json_get(endpoint, RD_STR("host")))),
                                  (long long)rd_json_int(rd_json_get(endpoint, RD_STR("port")), 0));
    }
    evaluation->look = (struct look){.resource = policy, .missing = missing};
    if (rd_str_is_empty(missing))
        return ANSWER_YES;
    /* A parent policy outside the set may hold what is missing here. */
    return rd_json_exists(rd_json_at(&policy->body, "properties.basePolicy.id")) ? ANSWER_UNKNOWN
                                                                                 : ANSWER_NO;
}
