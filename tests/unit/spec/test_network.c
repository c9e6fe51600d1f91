/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_test.h"

#define SUBNET(subscription)                                                                       \
    "/subscriptions/" subscription "/resourceGroups/rg-net/providers/Microsoft.Network/"           \
    "virtualNetworks/vnet-a/subnets/hosts"

static void subnets_lie_within_their_networks(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "network:\n  hosts_subnet: 10.99.0.0/24\n", 8, 17,
         "expected a range within 'network.spoke', 10.81.0.0/18"},
        {BASE "network:\n  spoke: 10.81.0.0/24\n  hosts_subnet: 10.81.0.0/23\n", 9, 17,
         "expected a range within 'network.spoke'"},
        {BASE "network:\n  hub: 10.80.0.0/24\n  firewall_subnet: 10.80.1.0/26\n", 9, 20,
         "expected a range within 'network.hub', 10.80.0.0/24"},
    };
    EXPECT_ALL_BAD(rows);
}

static void networks_that_are_peered_do_not_overlap(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "network:\n  hub: 10.0.0.0/16\n  spoke: 10.0.128.0/18\n", 9, 10, "overlap"},
        {BASE "network:\n  spoke: 10.80.0.0/16\n", 8, 10, "overlap"},
    };
    EXPECT_ALL_BAD(rows);
}

static void a_firewall_needs_its_room(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "network:\n  firewall_subnet: 10.80.0.0/27\n", 8, 20, "expected a /26 or larger"},
        {BASE "network:\n  hub: 10.80.0.0/26\n  firewall: {tier: basic}\n", 8, 8,
         "expected a /25 or larger"},
    };
    EXPECT_ALL_BAD(rows);
}

static void hosts_need_their_room(void **state)
{
    (void)state;
    const struct bad_spec bad = {BASE
                                 "hosts: {count: 28}\nnetwork:\n  hosts_subnet: 10.81.0.0/27\n",
                                 9, 17, "has room for 27 hosts"};
    expect_bad(&bad);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    (void)expect_good(arena, BASE "hosts: {count: 27}\nnetwork:\n  hosts_subnet: 10.81.0.0/27\n");
    (void)expect_good(arena, BASE "hosts: {count: 5000}\n");
}

static void an_existing_subnet_stands_alone(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "network:\n  existing_subnet: " SUBNET(SUBSCRIPTION) "\n  hub: 10.0.0.0/24\n", 9, 8,
         "'network.hub' beside 'network.existing_subnet'"},
        {BASE
         "network:\n  existing_subnet: " SUBNET(SUBSCRIPTION) "\n  firewall:\n    tier: none\n",
         10, 5, "'network.firewall' beside 'network.existing_subnet'"},
        {BASE "network:\n  existing_subnet: " SUBNET(TENANT) "\n", 8, 20,
         "expected one of the hosts' own"},
    };
    EXPECT_ALL_BAD(rows);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec =
        expect_good(arena, BASE "network:\n  existing_subnet: " SUBNET(SUBSCRIPTION) "\n");
    assert_false(spec->network.has_firewall);
    assert_int_equal(spec->network.hub_prefix.n + spec->network.hosts_prefix.n, 0);
}

static void what_needs_a_firewall_is_refused_without_one(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "network:\n  firewall:\n    tier: none\n    threat_intel: Deny\n", 10, 19,
         "without a firewall"},
        {BASE "network:\n  firewall_subnet: 10.80.0.0/26\n  firewall: {tier: none}\n", 8, 20,
         "without a firewall"},
    };
    EXPECT_ALL_BAD(rows);
}

static void tier_basic_is_not_asked_for_what_it_cannot_do(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "network:\n  firewall:\n    tier: basic\n    threat_intel: Deny\n", 10, 19,
         "expected Alert"},
        {BASE "network:\n  firewall:\n    tier: basic\n    dns_proxy: true\n", 10, 16,
         "expected false"},
    };
    EXPECT_ALL_BAD(rows);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = expect_good(arena, BASE "network: {firewall: {tier: basic}}\n");
    ASSERT_STR(spec->network.threat_intel, "Alert");
    assert_false(spec->network.dns_proxy);
}

static void a_firewalls_zones_need_a_region_with_zones(void **state)
{
    (void)state;
    const struct bad_spec bad = {GOV "network:\n  firewall: {zones: [1]}\n", 9, 21,
                                 "in a region without zones"};
    expect_bad(&bad);
}

static void rules_have_legal_names_once(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "network:\n  firewall:\n    rules:\n    - {name: _a, fqdns: [a.com]}\n", 10, 7,
         "the firewall rule '_a' has a name that Azure refuses"},
        {BASE "network:\n  firewall:\n    rules:\n    - {name: erp, fqdns: [a.com]}\n"
              "    - {name: ERP, fqdns: [b.com]}\n",
         11, 7, "the firewall rule 'ERP' is given twice"},
    };
    EXPECT_ALL_BAD(rows);
}

static void rules_are_read_with_their_defaults(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec =
        expect_good(arena, BASE "network:\n  firewall:\n    rules:\n"
                                "    - {name: erp, fqdns: [a.com, \"*.b.com\"]}\n"
                                "    - {name: web, fqdns: [c.com], ports: [\"http:80\"]}\n");
    assert_int_equal(spec->network.rule_count, 2);
    assert_int_equal(spec->network.rules[0].fqdns.count, 2);
    ASSERT_STR(spec->network.rules[0].fqdns.items[1], "*.b.com");
    ASSERT_STR(spec->network.rules[0].ports.items[0], "https:443");
    assert_int_equal(spec->network.rules[1].ports.count, 1);
    ASSERT_STR(spec->network.rules[1].ports.items[0], "http:80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subnets_lie_within_their_networks),
        cmocka_unit_test(networks_that_are_peered_do_not_overlap),
        cmocka_unit_test(a_firewall_needs_its_room),
        cmocka_unit_test(hosts_need_their_room),
        cmocka_unit_test(an_existing_subnet_stands_alone),
        cmocka_unit_test(what_needs_a_firewall_is_refused_without_one),
        cmocka_unit_test(tier_basic_is_not_asked_for_what_it_cannot_do),
        cmocka_unit_test(a_firewalls_zones_need_a_region_with_zones),
        cmocka_unit_test(rules_have_legal_names_once),
        cmocka_unit_test(rules_are_read_with_their_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
