/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#define POLICY NET "/firewallPolicies/p"
#define FIREWALL NET "/azureFirewalls/f"
#define FIREWALL_BODY(tier, subnet, address)                                                       \
    "{'location':'westeurope','properties':{'sku':{'name':'AZFW_VNet','tier':'" tier               \
    "'},'firewallPolicy':{'id':'" POLICY "'},'ipConfigurations':[{'name':'ip','properties':{"      \
    "'subnet':{'id':'" NET "/virtualNetworks/hub/subnets/" subnet                                  \
    "'},'publicIPAddress':{'id':'" NET "/publicIPAddresses/" address "'}}}]}}"
#define GROUP_BODY(priority, rule)                                                                 \
    "{'properties':{'priority':" priority                                                          \
    ",'ruleCollections':[{'name':'c','priority':100,'ruleCollectionType':"                         \
    "'FirewallPolicyFilterRuleCollection','action':{'type':'Allow'},'rules':[" rule "]}]}}"
#define APP_RULE                                                                                   \
    "{'ruleType':'ApplicationRule','name':'r','sourceAddresses':['10.0.0.0/16'],"                  \
    "'protocols':[{'protocolType':'Https','port':443}],'targetFqdns':['*.wvd.microsoft.com']}"

static int hub_open(void **state)
{
    world_open(state);
    struct world *world = *state;
    make(world, NET "/virtualNetworks/hub",
         "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0/"
         "16']},'subnets':[{'name':'AzureFirewallSubnet','properties':{'addressPrefix':'10.0.0.0/"
         "26'}},{'name':'other','properties':{'addressPrefix':'10.0.1.0/26'}}]}}");
    make(world, NET "/publicIPAddresses/a",
         "{'location':'westeurope','sku':{'name':'Standard'},'properties':{"
         "'publicIPAllocationMethod':'Static'}}");
    make(world, NET "/publicIPAddresses/basic", "{'location':'westeurope'}");
    make(world, POLICY, "{'location':'westeurope','properties':{'sku':{'tier':'Standard'}}}");
    return 0;
}

static void a_firewall_takes_minutes_and_the_first_address(void **state)
{
    struct world *world = *state;
    assert_int_equal(put(world, FIREWALL, FIREWALL_BODY("Standard", "AzureFirewallSubnet", "a")),
                     201);
    wait_s(world, 240);
    get(world, FIREWALL);
    expect_text(world, "properties.provisioningState", "Updating");
    expect_absent(world, "properties.ipConfigurations.0.properties.privateIPAddress");
    wait_s(world, 360);
    get(world, FIREWALL);
    expect_text(world, "properties.provisioningState", "Succeeded");
    expect_text(world, "properties.ipConfigurations.0.properties.privateIPAddress", "10.0.0.4");
    get(world, POLICY);
    expect_text(world, "properties.firewalls.0.id", FIREWALL);
    expect_text(world, "type", "Microsoft.Network/FirewallPolicies");
    get(world, NET "/publicIPAddresses/a");
    expect_text(world, "properties.ipConfiguration.id",
                FIREWALL "/azureFirewallIpConfigurations/ip");
    del(world, POLICY);
    expect_error(world, 400, "FirewallPolicyInUse");
    assert_int_equal(del(world, FIREWALL), 202);
    wait_s(world, 600);
    assert_int_equal(del(world, NET "/publicIPAddresses/a"), 202);
    assert_int_equal(del(world, NET "/virtualNetworks/hub"), 202);
}

static void a_firewall_wants_its_subnet_and_address(void **state)
{
    struct world *world = *state;
    put(world, FIREWALL, FIREWALL_BODY("Standard", "other", "a"));
    expect_error(world, 400, "AzureFirewallInvalidSubnetName");
    put(world, FIREWALL, FIREWALL_BODY("Standard", "AzureFirewallSubnet", "basic"));
    expect_error(world, 400, "AzureFirewallPublicIPMustBeStandardStatic");
    make(world, NET "/virtualNetworks/hub",
         "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0/"
         "16']},'subnets':[{'name':'AzureFirewallSubnet','properties':{'addressPrefix':'10.0.0.0/"
         "27'}}]}}");
    put(world, FIREWALL, FIREWALL_BODY("Standard", "AzureFirewallSubnet", "a"));
    expect_error(world, 400, "AzureFirewallSubnetNotEnoughSpace");
}

static void a_policy_of_a_higher_tier_is_refused(void **state)
{
    struct world *world = *state;
    make(world, POLICY, "{'location':'westeurope','properties':{'sku':{'tier':'Premium'}}}");
    put(world, FIREWALL, FIREWALL_BODY("Standard", "AzureFirewallSubnet", "a"));
    expect_error(world, 400, "AzureFirewallPolicyTierMismatch");
}

static void rule_groups_are_written_one_at_a_time(void **state)
{
    struct world *world = *state;
    assert_int_equal(put(world, POLICY "/ruleCollectionGroups/x", GROUP_BODY("200", APP_RULE)),
                     201);
    put(world, POLICY "/ruleCollectionGroups/y", GROUP_BODY("300", APP_RULE));
    expect_error(world, 429, "AnotherOperationInProgress");
    wait_s(world, 60);
    assert_int_equal(put(world, POLICY "/ruleCollectionGroups/y", GROUP_BODY("300", APP_RULE)),
                     201);
    wait_s(world, 60);
    get(world, POLICY);
    expect_count(world, "properties.ruleCollectionGroups", 2);
}

static void a_change_under_an_attached_firewall_takes_minutes(void **state)
{
    struct world *world = *state;
    make(world, FIREWALL, FIREWALL_BODY("Standard", "AzureFirewallSubnet", "a"));
    assert_int_equal(put(world, POLICY "/ruleCollectionGroups/x", GROUP_BODY("200", APP_RULE)),
                     201);
    wait_s(world, 150);
    get(world, POLICY "/ruleCollectionGroups/x");
    expect_text(world, "properties.provisioningState", "Updating");
    get(world, POLICY);
    expect_text(world, "properties.provisioningState", "Updating");
    wait_s(world, 200);
    get(world, POLICY "/ruleCollectionGroups/x");
    expect_text(world, "properties.provisioningState", "Succeeded");
}

static void group_priorities_are_bounded_and_unique(void **state)
{
    struct world *world = *state;
    put(world, POLICY "/ruleCollectionGroups/x", GROUP_BODY("99", APP_RULE));
    expect_error(world, 400, "FirewallPolicyRuleCollectionGroupInvalidPriority");
    put(world, POLICY "/ruleCollectionGroups/x", GROUP_BODY("65001", APP_RULE));
    expect_error(world, 400, "FirewallPolicyRuleCollectionGroupInvalidPriority");
    make(world, POLICY "/ruleCollectionGroups/x", GROUP_BODY("200", APP_RULE));
    put(world, POLICY "/ruleCollectionGroups/y", GROUP_BODY("200", APP_RULE));
    expect_error(world, 400, "FirewallPolicyRuleCollectionGroupDuplicatePriority");
}

static void rules_that_cannot_work_are_refused(void **state)
{
    static const struct {
        const char *rule;
        const char *code;
    } cases[] = {
        {GROUP_BODY("200", "{'ruleType':'ApplicationRule','name':'r','protocols':[{'protocolType':"
                           "'Https','port':443}],'targetFqdns':['a.b']}"),
         "FirewallPolicyRuleMissingSource"},
        {GROUP_BODY("200", "{'ruleType':'ApplicationRule','name':'r','sourceAddresses':['*'],"
                           "'protocols':[{'protocolType':'Https','port':443}],"
                           "'targetFqdns':['www.contoso.*']}"),
         "FirewallPolicyRuleInvalidFqdn"},
        {GROUP_BODY("200", "{'ruleType':'ApplicationRule','name':'r','sourceAddresses':['*'],"
                           "'protocols':[{'protocolType':'Https','port':443}],"
                           "'fqdnTags':['Windows95']}"),
         "FirewallPolicyRuleInvalidFqdnTag"},
        {GROUP_BODY("200", "{'ruleType':'NetworkRule','name':'r','sourceAddresses':['*'],"
                           "'ipProtocols':['TCP'],'destinationFqdns':['a.b'],"
                           "'destinationPorts':['443']}"),
         "FirewallPolicyFqdnsInNetworkRulesRequireDnsProxy"},
        {GROUP_BODY("200", "{'ruleType':'NetworkRule','name':'r','sourceAddresses':['*'],"
                           "'ipProtocols':['TCP'],'destinationAddresses':['AzureMonitor']}"),
         "FirewallPolicyRuleMissingPort"},
        {GROUP_BODY("200", APP_RULE ",{'ruleType':'NetworkRule','name':'s'}"),
         "FirewallPolicyMixedRuleTypes"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put(world, POLICY "/ruleCollectionGroups/x", cases[i].rule);
        expect_error(world, 400, cases[i].code);
    }
}

static void an_ip_group_in_use_stays(void **state)
{
    struct world *world = *state;
    make(world, NET "/ipGroups/i",
         "{'location':'westeurope','properties':{'ipAddresses':['10.1.0.0/16']}}");
    make(world, POLICY "/ruleCollectionGroups/x",
         GROUP_BODY("200", "{'ruleType':'ApplicationRule','name':'r','sourceIpGroups':['" NET
                           "/ipGroups/i'],'protocols':[{'protocolType':'Https','port':443}],"
                           "'fqdnTags':['WindowsVirtualDesktop']}"));
    get(world, NET "/ipGroups/i");
    expect_count(world, "properties.firewallPolicies", 1);
    del(world, NET "/ipGroups/i");
    expect_error(world, 400, "IpGroupInUse");
}

static void fqdn_tags_are_listed(void **state)
{
    struct world *world = *state;
    assert_int_equal(get(world, SUB "/providers/Microsoft.Network/azureFirewallFqdnTags"), 200);
    expect_count(world, "value", 11);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, hub_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_firewall_takes_minutes_and_the_first_address),
        TEST(a_firewall_wants_its_subnet_and_address),
        TEST(a_policy_of_a_higher_tier_is_refused),
        TEST(rule_groups_are_written_one_at_a_time),
        TEST(a_change_under_an_attached_firewall_takes_minutes),
        TEST(group_priorities_are_bounded_and_unique),
        TEST(rules_that_cannot_work_are_refused),
        TEST(an_ip_group_in_use_stays),
        TEST(fqdn_tags_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
