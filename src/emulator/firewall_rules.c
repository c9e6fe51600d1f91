/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of a firewall policy may say. */
#include "network_internal.h"
#include "shape.h"

enum { PRIORITY_MIN = 100, PRIORITY_MAX = 65000, HTTP_PORT_MAX = 64000 };

struct rule_check {
    struct em_exchange *ex;
    const struct rd_json *policy;
    struct rd_str collection;
    const struct rd_json *rule;
    struct rd_str name;
};

static bool fail_rule(const struct rule_check *check, const char *code, const char *what,
                      struct rd_str value)
{
    return em_fail(
        check->ex, 400, code, "Rule '%.*s' of rule collection '%.*s' is not valid: %s%s%.*s%s.",
        RD_FMT(check->name), RD_FMT(check->collection), what, rd_str_is_empty(value) ? "" : " '",
        RD_FMT(value), rd_str_is_empty(value) ? "" : "'");
}

static bool is_premium(const struct rule_check *check)
{
    return em_is_word(check->policy, "properties.sku.tier", "Premium");
}

static bool is_tag(struct rd_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!rd_char_is_alnum(text.p[i]) && text.p[i] != '.')
            return false;
    return text.n > 0 && rd_char_is_alpha(text.p[0]);
}

/* Asterisks stand leftmost or nowhere (section 2.4). */
static bool is_fqdn(struct rd_str text, bool allows_wildcard)
{
    size_t from = allows_wildcard && text.n > 0 && text.p[0] == '*' ? 1 : 0;
    if (text.n == 0 || text.n > 255)
        return false;
    for (size_t i = from; i < text.n; i++)
        if (!rd_char_is_alnum(text.p[i]) && text.p[i] != '.' && text.p[i] != '-' &&
            text.p[i] != '_')
            return false;
    return true;
}

static bool check_addresses(const struct rule_check *check, const char *member, bool allows_tag)
{
    const struct rd_json *list = rd_json_get(check->rule, rd_str_from(member));
    for (size_t i = 0; i < rd_json_count(list); i++) {
        struct rd_str text = rd_json_str(rd_json_item(list, i));
        if (!rd_str_is(text, "*") && !em_address_is_valid(text, true) &&
            !(allows_tag && is_tag(text)))
            return fail_rule(check, "FirewallPolicyRuleInvalidAddress",
                             rd_arena_printf(check->ex->arena, "invalid value in %s:", member).p,
                             text);
    }
    return true;
}

static bool check_ip_groups(const struct rule_check *check, const char *member)
{
    const struct rd_json *list = rd_json_get(check->rule, rd_str_from(member));
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (em_refer(check->ex, rd_json_str(rd_json_item(list, i)), EM_IP_GROUP_TYPE) == NULL)
            return false;
    return true;
}

static size_t member_count(const struct rule_check *check, const char *member)
{
    return rd_json_count(rd_json_get(check->rule, rd_str_from(member)));
}

static bool check_source(const struct rule_check *check)
{
    struct rd_str none = {"", 0};
    if (member_count(check, "sourceAddresses") + member_count(check, "sourceIpGroups") == 0)
        return fail_rule(check, "FirewallPolicyRuleMissingSource",
                         "sourceAddresses or sourceIpGroups is required", none);
    return check_addresses(check, "sourceAddresses", false) &&
           check_ip_groups(check, "sourceIpGroups");
}

static bool check_fqdn_tags(const struct rule_check *check)
{
    const struct rd_json *list = rd_json_get(check->rule, RD_STR("fqdnTags"));
    const struct rd_json *known = rd_json_at(em_table("fqdn-tags"), "tags");
    for (size_t i = 0; i < rd_json_count(list); i++) {
        struct rd_str text = rd_json_str(rd_json_item(list, i));
        bool is_known = rd_str_has_prefix_case(text, RD_STR("Office365."));
        for (size_t j = 0; j < rd_json_count(known) && !is_known; j++)
            is_known = rd_str_eq_case(text, rd_json_str(rd_json_item(known, j)));
        if (!is_known)
            return fail_rule(check, "FirewallPolicyRuleInvalidFqdnTag", "unknown FQDN tag", text);
    }
    return true;
}

static bool check_protocols(const struct rule_check *check)
{
    static const char *const words[] = {"Http", "Https", "Mssql", NULL};
    const struct rd_json *list = rd_json_get(check->rule, RD_STR("protocols"));
    struct rd_str none = {"", 0};
    if (rd_json_count(list) == 0 && member_count(check, "fqdnTags") == 0)
        return fail_rule(check, "FirewallPolicyRuleMissingProtocol", "protocols is required", none);
    for (size_t i = 0; i < rd_json_count(list); i++) {
        const struct rd_json *item = rd_json_item(list, i);
        int64_t port = rd_json_int(rd_json_at(item, "port"), 0);
        if (!em_check_word(check->ex, rd_json_at(item, "protocolType"), words,
                           "FirewallPolicyRuleInvalidProtocol", "protocolType"))
            return false;
        if (port < 0 || port > HTTP_PORT_MAX)
            return fail_rule(check, "FirewallPolicyRuleInvalidPort",
                             "a port of protocols is outside 0-64000", none);
    }
    return true;
}

static bool check_application_rule(const struct rule_check *check)
{
    const struct rd_json *fqdns = rd_json_get(check->rule, RD_STR("targetFqdns"));
    struct rd_str none = {"", 0};
    size_t targets = rd_json_count(fqdns) + member_count(check, "targetUrls") +
                     member_count(check, "fqdnTags") + member_count(check, "webCategories");
    if (!check_source(check))
        return false;
    if (targets == 0)
        return fail_rule(check, "FirewallPolicyRuleMissingTarget",
                         "one of targetFqdns, targetUrls, fqdnTags, webCategories is required",
                         none);
    for (size_t i = 0; i < rd_json_count(fqdns); i++)
        if (!is_fqdn(rd_json_str(rd_json_item(fqdns, i)), true))
            return fail_rule(check, "FirewallPolicyRuleInvalidFqdn", "invalid FQDN",
                             rd_json_str(rd_json_item(fqdns, i)));
    bool wants_tls = member_count(check, "targetUrls") > 0 ||
                     rd_json_is_true(rd_json_get(check->rule, RD_STR("terminateTLS")));
    if (wants_tls && !is_premium(check))
        return fail_rule(check, "FirewallPolicyRuleRequiresPremium",
                         "targetUrls and terminateTLS need a Premium policy", none);
    return check_addresses(check, "destinationAddresses", true) && check_fqdn_tags(check) &&
           check_protocols(check);
}

static bool check_ports(const struct rule_check *check)
{
    const struct rd_json *list = rd_json_get(check->rule, RD_STR("destinationPorts"));
    struct rd_str none = {"", 0};
    if (rd_json_count(list) == 0)
        return fail_rule(check, "FirewallPolicyRuleMissingPort", "destinationPorts is required",
                         none);
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (!em_port_is_valid(rd_json_str(rd_json_item(list, i))))
            return fail_rule(check, "FirewallPolicyRuleInvalidPort", "invalid destination port",
                             rd_json_str(rd_json_item(list, i)));
    return true;
}

static bool check_ip_protocols(const struct rule_check *check)
{
    static const char *const words[] = {"TCP", "UDP", "ICMP", "Any", NULL};
    const struct rd_json *list = rd_json_get(check->rule, RD_STR("ipProtocols"));
    struct rd_str none = {"", 0};
    if (rd_json_count(list) == 0)
        return fail_rule(check, "FirewallPolicyRuleMissingProtocol", "ipProtocols is required",
                         none);
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (!em_check_word(check->ex, rd_json_item(list, i), words,
                           "FirewallPolicyRuleInvalidProtocol", "ipProtocols"))
            return false;
    return true;
}

static bool check_network_rule(const struct rule_check *check)
{
    const struct rd_json *fqdns = rd_json_get(check->rule, RD_STR("destinationFqdns"));
    struct rd_str none = {"", 0};
    size_t targets = member_count(check, "destinationAddresses") +
                     member_count(check, "destinationIpGroups") + rd_json_count(fqdns);
    if (!check_source(check))
        return false;
    if (targets == 0)
        return fail_rule(check, "FirewallPolicyRuleMissingDestination",
                         "one of destinationAddresses, destinationIpGroups, destinationFqdns is "
                         "required",
                         none);
    for (size_t i = 0; i < rd_json_count(fqdns); i++)
        if (!is_fqdn(rd_json_str(rd_json_item(fqdns, i)), false))
            return fail_rule(check, "FirewallPolicyRuleInvalidFqdn",
                             "a network rule takes no wildcard and no",
                             rd_json_str(rd_json_item(fqdns, i)));
    if (rd_json_count(fqdns) > 0 &&
        !rd_json_is_true(rd_json_at(check->policy, "properties.dnsSettings.enableProxy")))
        return fail_rule(check, "FirewallPolicyFqdnsInNetworkRulesRequireDnsProxy",
                         "destinationFqdns need the policy's DNS proxy", none);
    return check_addresses(check, "destinationAddresses", true) &&
           check_ip_groups(check, "destinationIpGroups") && check_ip_protocols(check) &&
           check_ports(check);
}

static bool check_nat_rule(const struct rule_check *check)
{
    struct rd_str none = {"", 0};
    bool has_address = rd_json_exists(rd_json_get(check->rule, RD_STR("translatedAddress")));
    bool has_fqdn = rd_json_exists(rd_json_get(check->rule, RD_STR("translatedFqdn")));
    if (!check_source(check))
        return false;
    if (has_address == has_fqdn)
        return fail_rule(check, "FirewallPolicyRuleInvalidTranslation",
                         "exactly one of translatedAddress and translatedFqdn is required", none);
    if (member_count(check, "destinationPorts") != 1 ||
        member_count(check, "destinationAddresses") != 1)
        return fail_rule(check, "FirewallPolicyRuleInvalidPort",
                         "a NAT rule has one destination address and one destination port", none);
    return check_addresses(check, "destinationAddresses", false) && check_ip_protocols(check) &&
           check_ports(check);
}

static const struct rule_kind {
    const char *name;
    const char *collection;
    bool (*check)(const struct rule_check *check);
} kinds[] = {
    {"ApplicationRule", "FirewallPolicyFilterRuleCollection", check_application_rule},
    {"NetworkRule", "FirewallPolicyFilterRuleCollection", check_network_rule},
    {"NatRule", "FirewallPolicyNatRuleCollection", check_nat_rule},
};

static const struct rule_kind *find_kind(const struct rd_json *rule)
{
    for (size_t i = 0; i < EM_COUNT(kinds); i++)
        if (em_is_word(rule, "ruleType", kinds[i].name))
            return &kinds[i];
    return NULL;
}

/* "^[^\W_][\w-.]*[\w]$", at most 80 characters. */
static bool is_name(struct rd_str name)
{
    if (name.n == 0 || name.n > 80 || !rd_char_is_alnum(name.p[0]))
        return false;
    for (size_t i = 1; i < name.n; i++)
        if (!rd_char_is_alnum(name.p[i]) && name.p[i] != '_' && name.p[i] != '-' &&
            name.p[i] != '.')
            return false;
    char last = name.p[name.n - 1];
    return rd_char_is_alnum(last) || last == '_';
}

static bool has_twin(const struct rd_json *list, size_t index, const char *member)
{
    const struct rd_json *one = rd_json_at(rd_json_item(list, index), member);
    for (size_t i = 0; i < index; i++)
        if (rd_json_eq(one, rd_json_at(rd_json_item(list, i), member)))
            return true;
    return false;
}

static bool check_rules(struct em_exchange *ex, const struct rd_json *policy,
                        const struct rd_json *collection)
{
    const struct rd_json *rules = rd_json_at(collection, "rules");
    const struct rule_kind *first = NULL;
    for (size_t i = 0; i < rd_json_count(rules); i++) {
        const struct rd_json *rule = rd_json_item(rules, i);
        struct rule_check check = {ex, policy, em_text_at(collection, "name"), rule,
                                   em_text_at(rule, "name")};
        const struct rule_kind *kind = find_kind(rule);
        if (!is_name(check.name) || has_twin(rules, i, "name"))
            return fail_rule(&check, "FirewallPolicyRuleInvalidName",
                             "its name is empty, malformed or used twice", check.name);
        if (kind == NULL || !em_is_word(collection, "ruleCollectionType", kind->collection))
            return fail_rule(&check, "FirewallPolicyRuleInvalidRuleType",
                             "the collection does not take rules of type",
                             em_text_at(rule, "ruleType"));
        if (first != NULL && kind != first)
            return fail_rule(&check, "FirewallPolicyMixedRuleTypes",
                             "a collection holds rules of one type; this one is",
                             em_text_at(rule, "ruleType"));
        if (!kind->check(&check))
            return false;
        first = kind;
    }
    return true;
}

static bool check_collection(struct em_exchange *ex, const struct rd_json *collections,
                             size_t index)
{
    static const char *const filters[] = {"Allow", "Deny", NULL};
    static const char *const nats[] = {"DNAT", NULL};
    const struct rd_json *collection = rd_json_item(collections, index);
    struct rd_str name = em_text_at(collection, "name");
    int64_t priority = rd_json_int(rd_json_at(collection, "priority"), -1);
    bool is_nat = em_is_word(collection, "ruleCollectionType", "FirewallPolicyNatRuleCollection");
    if (!is_nat &&
        !em_is_word(collection, "ruleCollectionType", "FirewallPolicyFilterRuleCollection"))
        return em_fail(ex, 400, "FirewallPolicyRuleCollectionInvalidType",
                       "Rule collection '%.*s' has an invalid ruleCollectionType.", RD_FMT(name));
    if (!is_name(name) || has_twin(collections, index, "name"))
        return em_fail(ex, 400, "FirewallPolicyRuleCollectionInvalidName",
                       "Rule collection name '%.*s' is empty, malformed or used twice.",
                       RD_FMT(name));
    if (priority < PRIORITY_MIN || priority > PRIORITY_MAX)
        return em_fail(ex, 400, "FirewallPolicyRuleCollectionInvalidPriority",
                       "Invalid priority value %lld of rule collection '%.*s'. Priority must be "
                       "between %d and %d.",
                       (long long)priority, RD_FMT(name), PRIORITY_MIN, PRIORITY_MAX);
    if (has_twin(collections, index, "priority"))
        return em_fail(ex, 400, "FirewallPolicyRuleCollectionDuplicatePriority",
                       "Priority %lld of rule collection '%.*s' is used by another collection of "
                       "its group.",
                       (long long)priority, RD_FMT(name));
    return em_check_word(ex, rd_json_at(collection, "action.type"), is_nat ? nats : filters,
                         "FirewallPolicyRuleCollectionInvalidAction", "action.type");
}

bool em_rule_collections_check(struct em_exchange *ex, const struct rd_json *policy,
                               const struct rd_json *group)
{
    const struct rd_json *collections = rd_json_at(group, "properties.ruleCollections");
    for (size_t i = 0; i < rd_json_count(collections); i++)
        if (!check_collection(ex, collections, i) ||
            !check_rules(ex, policy, rd_json_item(collections, i)))
            return false;
    return true;
}
