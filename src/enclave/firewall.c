/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include "facts/facts.h"

/*
 * The firewall's policy from data/firewall/<rule set>.yaml. What decides a flow is its kind first:
 * network rules before application rules, whatever their priorities (reference azure-avd-ops 2.4).
 * An explicit deny of everything is therefore an application collection in a group of its own; what
 * is no web traffic falls to the firewall's default, which denies and logs too.
 */
enum {
    NETWORK_PRIORITY = 200,
    APPLICATION_PRIORITY = 300,
    DENY_PRIORITY = 65000,
    COLLECTION_STEP = 100,
};

static const char *const group_names[RD_RULE_GROUP_COUNT] = {"network-rules", "application-rules",
                                                             "deny-all"};

struct rd_str rd_part_rule_group_id(const struct rd_compile *compile, size_t index)
{
    return rd_arena_printf(compile->arena, "%.*s/ruleCollectionGroups/%s",
                           RD_FMT(compile->id[RD_ROLE_FIREWALL_POLICY]), group_names[index]);
}

bool rd_part_has_basic_firewall(const struct rd_compile *compile)
{
    return compile->spec->network.firewall_tier == RD_FIREWALL_BASIC;
}

/* Names in network rules are resolved by the firewall, which must then be the hosts' DNS server. */
static bool has_dns_proxy(const struct rd_compile *compile)
{
    return compile->spec->network.dns_proxy && !rd_part_has_basic_firewall(compile);
}

static const struct rd_json *rule_set(struct rd_compile *compile)
{
    struct rd_str name =
        rd_arena_printf(compile->arena, "firewall/%.*s", RD_FMT(compile->spec->network.rule_set));
    if (rd_facts_exists(name.p))
        return rd_part_facts(compile, name.p);
    rd_part_fail(compile, rd_err_hint(RD_FAIL(compile->err, RD_RC_INVALID,
                                              "there is no firewall rule set '%.*s'",
                                              RD_FMT(compile->spec->network.rule_set)),
                                      compile->err, "use sovereign or commercial"));
    return &rd_json_absent;
}

/* "https:443" as the service writes it; the spec and the tables have checked its form. */
static struct rd_json protocol_of(struct rd_compile *compile, struct rd_str text)
{
    size_t colon = rd_str_find_char(text, ':', 0);
    int64_t port = 0;
    if (colon == RD_STR_NONE ||
        !rd_str_to_int(rd_str_sub(text, colon + 1, text.n), 1, 64000, &port)) {
        rd_part_fail(compile,
                     rd_err_hint(RD_FAIL(compile->err, RD_RC_INVALID,
                                         "'%.*s' is no protocol of a firewall rule", RD_FMT(text)),
                                 compile->err, "write it as https:443 or http:80"));
        return rd_json_absent;
    }
    struct rd_str kind = rd_str_sub(text, 0, colon);
    struct rd_str name = rd_str_is_case(kind, "http")    ? RD_STR("Http")
                         : rd_str_is_case(kind, "mssql") ? RD_STR("Mssql")
                                                         : RD_STR("Https");
    return rd_shape(compile->arena, "{protocolType: %s, port: %i}", name, port);
}

static struct rd_json source(struct rd_compile *compile)
{
    return rd_shape(compile->arena, "[%s]", compile->spec->network.hosts_prefix);
}

static struct rd_json application_rule(struct rd_compile *compile, const struct rd_json *row)
{
    const struct rd_json *ports = rd_json_get(row, RD_STR("ports"));
    struct rd_json protocols = rd_json_array();
    for (size_t i = 0; i < rd_json_count(ports); i++)
        (void)rd_json_append(compile->arena, &protocols,
                             protocol_of(compile, rd_json_str(rd_json_item(ports, i))));
    return rd_shape(compile->arena,
                    "{ruleType: ApplicationRule, name: %s, description?: %s, sourceAddresses: %j,"
                    " protocols: %j, targetFqdns?: %j, fqdnTags?: %j}",
                    rd_json_str(rd_json_get(row, RD_STR("name"))),
                    rd_json_str(rd_json_get(row, RD_STR("purpose"))), source(compile), protocols,
                    *rd_json_get(row, RD_STR("fqdns")), *rd_json_get(row, RD_STR("tags")));
}

static struct rd_json network_rule(struct rd_compile *compile, const struct rd_json *row)
{
    const struct rd_json *fqdns = rd_json_get(row, RD_STR("fqdns"));
    bool is_by_name = rd_json_count(fqdns) > 0 && has_dns_proxy(compile);
    return rd_shape(
        compile->arena,
        "{ruleType: NetworkRule, name: %s, description?: %s, ipProtocols: %j, sourceAddresses: %j,"
        " destinationAddresses?: %j, destinationFqdns?: %j, destinationPorts: %j}",
        rd_json_str(rd_json_get(row, RD_STR("name"))),
        rd_json_str(rd_json_get(row, RD_STR("purpose"))), *rd_json_get(row, RD_STR("protocols")),
        source(compile), is_by_name ? rd_json_absent : *rd_json_get(row, RD_STR("addresses")),
        is_by_name ? *fqdns : rd_json_absent, *rd_json_get(row, RD_STR("ports")));
}

static struct rd_json collection(struct rd_compile *compile, struct rd_str name, int64_t priority,
                                 const char *action, struct rd_json rules)
{
    return rd_shape(compile->arena,
                    "{ruleCollectionType: FirewallPolicyFilterRuleCollection, name: %s,"
                    " priority: %i, action: {type: %s}, rules: %j}",
                    name, priority, rd_str_from(action), rules);
}

/* The categories of a table as collections, in their order. */
static struct rd_json collections(struct rd_compile *compile, const struct rd_json *categories,
                                  struct rd_json (*rule)(struct rd_compile *compile,
                                                         const struct rd_json *row))
{
    struct rd_json result = rd_json_array();
    for (size_t i = 0; i < rd_json_count(categories); i++) {
        const struct rd_json *category = rd_json_item(categories, i);
        const struct rd_json *rows = rd_json_get(category, RD_STR("rules"));
        struct rd_json rules = rd_json_array();
        for (size_t r = 0; r < rd_json_count(rows); r++)
            (void)rd_json_append(compile->arena, &rules, rule(compile, rd_json_item(rows, r)));
        (void)rd_json_append(compile->arena, &result,
                             collection(compile, rd_json_str(rd_json_get(category, RD_STR("name"))),
                                        ((int64_t)i + 1) * COLLECTION_STEP, "Allow", rules));
    }
    return result;
}

/* What the customer's own applications need: the spec's extra rules. */
static struct rd_json customer_rules(struct rd_compile *compile)
{
    const struct rd_spec_network *network = &compile->spec->network;
    struct rd_json rules = rd_json_array();
    for (size_t i = 0; i < network->rule_count; i++) {
        struct rd_json row =
            rd_shape(compile->arena, "{name: %s, fqdns: %j, ports: %j}", network->rules[i].name,
                     rd_part_strings(compile, &network->rules[i].fqdns),
                     rd_part_strings(compile, &network->rules[i].ports));
        (void)rd_json_append(compile->arena, &rules, application_rule(compile, &row));
    }
    return rules;
}

static void add_group(struct rd_compile *compile, size_t index, int64_t priority,
                      struct rd_json rule_collections)
{
    (void)rd_part_add(compile, rd_part_rule_group_id(compile, index),
                      rd_shape(compile->arena, "{properties: {priority: %i, ruleCollections: %j}}",
                               priority, rule_collections));
}

static void add_rules(struct rd_compile *compile)
{
    const struct rd_json *table = rule_set(compile);
    if (compile->rc != RD_RC_OK)
        return;
    add_group(compile, 0, NETWORK_PRIORITY,
              collections(compile, rd_json_get(table, RD_STR("network")), network_rule));
    const struct rd_json *categories = rd_json_get(table, RD_STR("application"));
    struct rd_json allowed = collections(compile, categories, application_rule);
    struct rd_json own = customer_rules(compile);
    if (rd_json_count(&own) > 0)
        (void)rd_json_append(compile->arena, &allowed,
                             collection(compile, RD_STR("customer-applications"),
                                        ((int64_t)rd_json_count(categories) + 1) * COLLECTION_STEP,
                                        "Allow", own));
    add_group(compile, 1, APPLICATION_PRIORITY, allowed);
    struct rd_json everything =
        rd_shape(compile->arena,
                 "[{ruleType: ApplicationRule, name: deny-all, description: %s,"
                 " sourceAddresses: ['*'], protocols: [{protocolType: Http, port: 80},"
                 " {protocolType: Https, port: 443}], targetFqdns: ['*']}]",
                 RD_STR("Whatever no rule allows is denied and logged"));
    struct rd_json denied = rd_json_array();
    (void)rd_json_append(
        compile->arena, &denied,
        collection(compile, RD_STR("deny-all"), DENY_PRIORITY, "Deny", everything));
    add_group(compile, 2, DENY_PRIORITY, denied);
}

void rd_part_firewall_policy(struct rd_compile *compile)
{
    static const char *const tiers[] = {[RD_FIREWALL_STANDARD] = "Standard",
                                        [RD_FIREWALL_PREMIUM] = "Premium",
                                        [RD_FIREWALL_BASIC] = "Basic"};
    const struct rd_spec *spec = compile->spec;
    struct rd_json dns = rd_json_absent;
    if (has_dns_proxy(compile))
        dns = rd_shape(compile->arena, "{enableProxy: true}");
    struct rd_str intel =
        rd_part_has_basic_firewall(compile) ? RD_STR("Alert") : spec->network.threat_intel;
    rd_part_add_role(
        compile, RD_ROLE_FIREWALL_POLICY,
        rd_shape(compile->arena,
                 "{location: %s, tags: %j, properties: {sku: {tier: %s}, threatIntelMode: %s,"
                 " dnsSettings?: %j}}",
                 spec->region, compile->tags, rd_str_from(tiers[spec->network.firewall_tier]),
                 intel, dns));
    add_rules(compile);
}
