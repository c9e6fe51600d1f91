/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

/* Address ranges and the firewall (azure-avd-ops reference 2). */

enum { FIREWALL_BITS_MAX = 26, AZURE_ADDRESSES = 5 };

static void check_within(struct rd_spec_reader *reader, struct rd_str inner, const char *inner_path,
                         struct rd_str outer, const char *outer_path)
{
    struct rd_ipv4 a;
    struct rd_ipv4 b;
    if (rd_spec_cidr_parse(inner, &a) && rd_spec_cidr_parse(outer, &b) && !rd_ipv4_contains(b, a))
        rd_spec_mistake(reader, rd_spec_offset(reader, inner_path),
                        "'%s' is %.*s: expected a range within '%s', %.*s", inner_path,
                        RD_FMT(inner), outer_path, RD_FMT(outer));
}

static void check_ranges(struct rd_spec_reader *reader)
{
    const struct rd_spec_network *network = &reader->spec->network;
    struct rd_ipv4 hub;
    struct rd_ipv4 spoke;
    if (rd_spec_cidr_parse(network->hub_prefix, &hub) &&
        rd_spec_cidr_parse(network->spoke_prefix, &spoke) &&
        (rd_ipv4_contains(hub, spoke) || rd_ipv4_contains(spoke, hub))) {
        /* The later of the two is the one to point at, when both were given. */
        const char *path =
            rd_spec_offset(reader, "network.spoke") >= rd_spec_offset(reader, "network.hub")
                ? "network.spoke"
                : "network.hub";
        rd_spec_mistake(reader, rd_spec_offset(reader, path),
                        "'network.spoke' %.*s and 'network.hub' %.*s overlap: expected two ranges "
                        "that can be peered",
                        RD_FMT(network->spoke_prefix), RD_FMT(network->hub_prefix));
    }
    check_within(reader, network->hosts_prefix, "network.hosts_subnet", network->spoke_prefix,
                 "network.spoke");
    if (network->has_firewall)
        check_within(reader, network->firewall_prefix, "network.firewall_subnet",
                     network->hub_prefix, "network.hub");
}

static void check_room(struct rd_spec_reader *reader)
{
    const struct rd_spec *spec = reader->spec;
    struct rd_ipv4 cidr;
    if (!rd_spec_is_refused(reader, "hosts.count") &&
        rd_spec_cidr_parse(spec->network.hosts_prefix, &cidr)) {
        int64_t room = ((int64_t)1 << (32 - cidr.bits)) - AZURE_ADDRESSES;
        if (room < spec->hosts.count)
            rd_spec_mistake(reader, rd_spec_offset(reader, "network.hosts_subnet"),
                            "'network.hosts_subnet' %.*s has room for %lld host%s (Azure keeps "
                            "five addresses): expected room for %lld",
                            RD_FMT(spec->network.hosts_prefix), (long long)room,
                            room == 1 ? "" : "s", (long long)spec->hosts.count);
    }
    if (spec->network.has_firewall && rd_spec_cidr_parse(spec->network.firewall_prefix, &cidr) &&
        cidr.bits > FIREWALL_BITS_MAX)
        rd_spec_mistake(reader, rd_spec_offset(reader, "network.firewall_subnet"),
                        "'network.firewall_subnet' is %.*s: expected a /26 or larger",
                        RD_FMT(spec->network.firewall_prefix));
    /* Tier basic needs AzureFirewallManagementSubnet, a second /26 of the hub. */
    if (spec->network.has_firewall && spec->network.firewall_tier == RD_FIREWALL_BASIC &&
        rd_spec_cidr_parse(spec->network.hub_prefix, &cidr) && cidr.bits >= FIREWALL_BITS_MAX)
        rd_spec_mistake(reader, rd_spec_offset(reader, "network.hub"),
                        "'network.hub' is %.*s: expected a /25 or larger, as a firewall of tier "
                        "basic needs a second subnet",
                        RD_FMT(spec->network.hub_prefix));
}

static void check_existing(struct rd_spec_reader *reader)
{
    static const char *const own[] = {"network.hub",      "network.firewall_subnet",
                                      "network.spoke",    "network.hosts_subnet",
                                      "network.firewall", "network.direct_avd_route"};
    enum { SUBSCRIPTION_AT = sizeof("/subscriptions/") - 1, GUID_SIZE = 36 };
    const struct rd_spec *spec = reader->spec;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (rd_spec_is_given(reader, own[i]))
            rd_spec_mistake(reader, rd_spec_offset(reader, own[i]),
                            "'%s' beside 'network.existing_subnet': expected only one of the two",
                            own[i]);
    struct rd_str subscription =
        rd_str_sub(spec->network.existing_subnet, SUBSCRIPTION_AT, SUBSCRIPTION_AT + GUID_SIZE);
    if (spec->subscription.n > 0 && !rd_str_eq_case(subscription, spec->subscription))
        rd_spec_mistake(reader, rd_spec_offset(reader, "network.existing_subnet"),
                        "'network.existing_subnet' is in subscription %.*s: expected one of the "
                        "hosts' own, %.*s",
                        RD_FMT(subscription), RD_FMT(spec->subscription));
}

static void check_firewall(struct rd_spec_reader *reader)
{
    static const char *const only_with[] = {
        "network.firewall_subnet",   "network.firewall.zones", "network.firewall.threat_intel",
        "network.firewall.rule_set", "network.firewall.rules", "network.firewall.dns_proxy"};
    const struct rd_spec_network *network = &reader->spec->network;
    if (rd_spec_is_refused(reader, "network.firewall.tier"))
        return;
    for (size_t i = 0; !network->has_firewall && i < sizeof(only_with) / sizeof(only_with[0]); i++)
        if (rd_spec_is_given(reader, only_with[i]))
            rd_spec_mistake(reader, rd_spec_offset(reader, only_with[i]),
                            "'%s' without a firewall: expected another 'network.firewall.tier' "
                            "than none",
                            only_with[i]);
    if (!network->has_firewall)
        return;
    bool is_basic = network->firewall_tier == RD_FIREWALL_BASIC;
    if (is_basic && !rd_str_is(network->threat_intel, "Alert"))
        rd_spec_mistake(reader, rd_spec_offset(reader, "network.firewall.threat_intel"),
                        "'network.firewall.threat_intel' is '%.*s': expected Alert, all that tier "
                        "basic can",
                        RD_FMT(network->threat_intel));
    if (is_basic && network->dns_proxy)
        rd_spec_mistake(
            reader, rd_spec_offset(reader, "network.firewall.dns_proxy"),
            "'network.firewall.dns_proxy' is true: expected false, tier basic has none");
    if (network->zones.count > 0 && reader->spec->region.n > 0 &&
        !rd_spec_region_has_zones(&reader->tables, reader->spec->region))
        rd_spec_mistake(reader, rd_spec_offset(reader, "network.firewall.zones"),
                        "'network.firewall.zones' in a region without zones: expected []");
}

/* Names of rules: azure-avd-ops reference 2.3. */
static bool is_rule_name(struct rd_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!rd_char_is_alnum(c) && c != '_' && c != '-' && c != '.')
            return false;
    }
    return name.n >= 2 && rd_char_is_alnum(name.p[0]) &&
           (rd_char_is_alnum(name.p[name.n - 1]) || name.p[name.n - 1] == '_');
}

static void check_rules(struct rd_spec_reader *reader)
{
    const struct rd_spec_network *network = &reader->spec->network;
    for (size_t i = 0; i < network->rule_count; i++) {
        const struct rd_spec_rule *rule = &network->rules[i];
        if (rule->name.n > 0 && !is_rule_name(rule->name))
            rd_spec_mistake(reader, rule->offset,
                            "the firewall rule '%.*s' has a name that Azure refuses: expected two "
                            "or more letters, digits, '.', '_' and '-', a letter or digit first",
                            RD_FMT(rule->name));
        for (size_t j = 0; j < i; j++)
            if (rule->name.n > 0 && rd_str_eq_case(rule->name, network->rules[j].name))
                rd_spec_mistake(reader, rule->offset,
                                "the firewall rule '%.*s' is given twice: expected another name",
                                RD_FMT(rule->name));
    }
}

void rd_spec_check_network(struct rd_spec_reader *reader)
{
    if (reader->spec->network.existing_subnet.n > 0) {
        check_existing(reader);
        return;
    }
    check_ranges(reader);
    check_room(reader);
    check_firewall(reader);
    check_rules(reader);
}
