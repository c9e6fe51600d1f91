/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#define NSG NET "/networkSecurityGroups/g"
#define TABLE NET "/routeTables/t"
#define RULE(name, direction, priority)                                                            \
    "{'name':'" name "','properties':{'protocol':'Tcp','access':'Allow','direction':'" direction   \
    "','priority':" priority ",'sourcePortRange':'*','destinationPortRange':'443',"                \
    "'sourceAddressPrefix':'VirtualNetwork','destinationAddressPrefix':'10.0.0.0/24'}}"

static void a_group_shows_its_rules_and_the_six_defaults(void **state)
{
    struct world *world = *state;
    make(world, NSG,
         "{'location':'westeurope','properties':{'securityRules':[" RULE(
             "r", "Inbound", "100") "," RULE("s", "Outbound", "100") "]}}");
    get(world, NSG);
    expect_count(world, "properties.securityRules", 2);
    expect_count(world, "properties.defaultSecurityRules", 6);
    expect_text(world, "properties.defaultSecurityRules.2.name", "DenyAllInBound");
    assert_int_equal(get(world, NSG "/securityRules/r"), 200);
    expect_text(world, "properties.access", "Allow");
}

static void priorities_are_bounded_and_unique_by_direction(void **state)
{
    struct world *world = *state;
    put(world, NSG,
        "{'location':'westeurope','properties':{'securityRules':[" RULE("r", "Inbound",
                                                                        "99") "]}}");
    expect_error(world, 400, "SecurityRuleInvalidPriority");
    put(world, NSG,
        "{'location':'westeurope','properties':{'securityRules':[" RULE("r", "Inbound",
                                                                        "4097") "]}}");
    expect_error(world, 400, "SecurityRuleInvalidPriority");
    put(world, NSG,
        "{'location':'westeurope','properties':{'securityRules':[" RULE(
            "r", "Inbound", "200") "," RULE("s", "Inbound", "200") "]}}");
    expect_error(world, 400, "SecurityRuleConflict");
}

static void ports_and_prefixes_must_be_well_formed(void **state)
{
    struct world *world = *state;
    make(world, NSG, "{'location':'westeurope'}");
    put(world, NSG "/securityRules/r",
        "{'properties':{'protocol':'*','access':'Deny','direction':'Inbound','priority':300,"
        "'sourcePortRange':'*','destinationPortRange':'70000','sourceAddressPrefix':'*',"
        "'destinationAddressPrefix':'*'}}");
    expect_error(world, 400, "SecurityRuleInvalidPortRange");
    put(world, NSG "/securityRules/r",
        "{'properties':{'protocol':'*','access':'Deny','direction':'Inbound','priority':300,"
        "'sourcePortRange':'*','destinationPortRange':'*','sourceAddressPrefix':'10.0.0.0/40',"
        "'destinationAddressPrefix':'*'}}");
    expect_error(world, 400, "SecurityRuleInvalidAddressPrefix");
}

static void what_a_subnet_uses_stays(void **state)
{
    struct world *world = *state;
    make(world, NSG, "{'location':'westeurope'}");
    make(world, TABLE, "{'location':'westeurope'}");
    make(world, NET "/virtualNetworks/v",
         "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0/"
         "16']},'subnets':[{'name':'a','properties':{'addressPrefix':'10.0.0.0/24',"
         "'routeTable':{'id':'" TABLE "'},'networkSecurityGroup':{'id':'" NSG "'}}}]}}");
    get(world, TABLE);
    expect_text(world, "properties.subnets.0.id", NET "/virtualNetworks/v/subnets/a");
    get(world, NSG);
    expect_text(world, "properties.subnets.0.id", NET "/virtualNetworks/v/subnets/a");
    del(world, NSG);
    expect_error(world, 400, "InUseNetworkSecurityGroupCannotBeDeleted");
    del(world, TABLE);
    expect_error(world, 400, "InUseRouteTableCannotBeDeleted");
    put(world, NET "/virtualNetworks/v/subnets/b",
        "{'properties':{'addressPrefix':'10.0.1.0/24','routeTable':{'id':'" NET
        "/routeTables/none'}}}");
    expect_error(world, 400, "InvalidResourceReference");
}

static void only_an_appliance_has_a_next_hop_address(void **state)
{
    struct world *world = *state;
    make(world, TABLE,
         "{'location':'westeurope','properties':{'routes':[{'name':'out','properties':{"
         "'addressPrefix':'0.0.0.0/0','nextHopType':'VirtualAppliance',"
         "'nextHopIpAddress':'10.0.0.4'}}]}}");
    get(world, TABLE "/routes/out");
    expect_text(world, "properties.nextHopIpAddress", "10.0.0.4");
    put(world, TABLE "/routes/x",
        "{'properties':{'addressPrefix':'WindowsVirtualDesktop','nextHopType':'Internet',"
        "'nextHopIpAddress':'10.0.0.4'}}");
    expect_error(world, 400, "NextHopIpAddressNotAllowed");
    put(world, TABLE "/routes/x",
        "{'properties':{'addressPrefix':'10.7.0.0/16','nextHopType':'VirtualAppliance'}}");
    expect_error(world, 400, "NextHopIpAddressRequired");
    put(world, TABLE "/routes/x",
        "{'properties':{'addressPrefix':'0.0.0.0/0','nextHopType':'Internet'}}");
    expect_error(world, 400, "RouteConflict");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_group_shows_its_rules_and_the_six_defaults),
        TEST(priorities_are_bounded_and_unique_by_direction),
        TEST(ports_and_prefixes_must_be_well_formed),
        TEST(what_a_subnet_uses_stays),
        TEST(only_an_appliance_has_a_next_hop_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
