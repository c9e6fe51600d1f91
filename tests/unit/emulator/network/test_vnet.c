/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#define VNET NET "/virtualNetworks/hub"
#define SPOKE NET "/virtualNetworks/spoke"

static const char hub_body[] =
    "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0/16']},"
    "'subnets':[{'name':'a','properties':{'addressPrefix':'10.0.1.0/24'}},"
    "{'name':'b','properties':{'addressPrefix':'10.0.2.0/29'}}]}}";
static const char spoke_body[] =
    "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.1.0.0/16']}}}";

static void an_inline_subnet_is_a_resource_of_its_own(void **state)
{
    struct world *world = *state;
    assert_int_equal(put(world, VNET, hub_body), 201);
    expect_text(world, "properties.provisioningState", "Updating");
    expect_count(world, "properties.subnets", 2);
    assert_true(rd_http_headers_get(&world->reply.headers, "Azure-AsyncOperation").n > 0);
    wait_s(world, 60);
    assert_int_equal(get(world, VNET "/subnets/A"), 200);
    expect_text(world, "properties.addressPrefix", "10.0.1.0/24");
    expect_text(world, "properties.privateEndpointNetworkPolicies", "Disabled");
    assert_int_equal(get(world, VNET), 200);
    expect_text(world, "properties.provisioningState", "Succeeded");
    expect_text(world, "properties.subnets.0.id", VNET "/subnets/a");
    expect_text(world, "properties.subnets.0.properties.provisioningState", "Succeeded");
    assert_true(rd_json_str(rd_json_at(&world->body, "properties.resourceGuid")).n == 36);
    assert_true(rd_json_str(rd_json_at(&world->body, "properties.subnets.0.etag")).n > 36);
}

static void a_put_without_subnets_removes_them(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    make(world, VNET,
         "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0/"
         "16']}}}");
    assert_int_equal(get(world, VNET "/subnets/a"), 404);
}

static void a_patch_of_tags_keeps_the_subnets(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    assert_int_equal(patch(world, VNET, "{'tags':{'x':'y'}}"), 200);
    wait_s(world, 60);
    assert_int_equal(get(world, VNET), 200);
    expect_text(world, "tags.x", "y");
    expect_count(world, "properties.subnets", 2);
}

static void malformed_prefixes_are_refused(void **state)
{
    struct world *world = *state;
    put(world, VNET,
        "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0']}}}");
    expect_error(world, 400, "InvalidAddressPrefixFormat");
    put(world, VNET,
        "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.1/"
        "16']}}}");
    expect_error(world, 400, "InvalidCIDRNotation");
    expect_message(world, "10.0.0.0/16");
}

static void a_subnet_outside_or_overlapping_is_refused(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    put(world, VNET "/subnets/c", "{'properties':{'addressPrefix':'10.9.0.0/24'}}");
    expect_error(world, 400, "NetcfgInvalidSubnet");
    put(world, VNET "/subnets/c", "{'properties':{'addressPrefix':'10.0.1.128/25'}}");
    expect_error(world, 400, "NetcfgSubnetRangesOverlap");
    assert_int_equal(
        put(world, VNET "/subnets/c", "{'properties':{'addressPrefix':'10.0.3.0/24'}}"), 201);
}

static void two_writes_in_one_network_at_a_time_are_refused(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    assert_int_equal(
        put(world, VNET "/subnets/c", "{'properties':{'addressPrefix':'10.0.3.0/24'}}"), 201);
    put(world, VNET "/subnets/d", "{'properties':{'addressPrefix':'10.0.4.0/24'}}");
    expect_error(world, 429, "AnotherOperationInProgress");
    del(world, VNET "/subnets/a");
    expect_error(world, 429, "AnotherOperationInProgress");
    wait_s(world, 60);
    assert_int_equal(del(world, VNET "/subnets/a"), 202);
}

static const char nic_body[] =
    "{'location':'westeurope','properties':{'ipConfigurations':[{'name':'ip','properties':{"
    "'subnet':{'id':'" VNET "/subnets/b'}}}]}}";

static void addresses_are_given_from_the_fourth_until_none_is_left(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    make(world, NET "/networkInterfaces/n1", nic_body);
    get(world, NET "/networkInterfaces/n1");
    expect_text(world, "properties.ipConfigurations.0.properties.privateIPAddress", "10.0.2.4");
    make(world, NET "/networkInterfaces/n2", nic_body);
    make(world, NET "/networkInterfaces/n3", nic_body);
    get(world, NET "/networkInterfaces/n3");
    expect_text(world, "properties.ipConfigurations.0.properties.privateIPAddress", "10.0.2.6");
    put(world, NET "/networkInterfaces/n4", nic_body);
    expect_error(world, 400, "SubnetIsFull");
    get(world, VNET "/subnets/b");
    expect_count(world, "properties.ipConfigurations", 3);
    expect_text(world, "properties.ipConfigurations.0.id",
                NET "/networkInterfaces/n1/ipConfigurations/ip");
    assert_int_equal(del(world, NET "/networkInterfaces/n2"), 202);
    wait_s(world, 60);
    make(world, NET "/networkInterfaces/n4", nic_body);
    get(world, NET "/networkInterfaces/n4");
    expect_text(world, "properties.ipConfigurations.0.properties.privateIPAddress", "10.0.2.5");
}

static void a_static_address_must_be_free_and_inside(void **state)
{
    struct world *world = *state;
    static const char form[] =
        "{'location':'westeurope','properties':{'ipConfigurations':[{'name':'ip','properties':{"
        "'privateIPAllocationMethod':'Static','privateIPAddress':'%s',"
        "'subnet':{'id':'" VNET "/subnets/a'}}}]}}";
    make(world, VNET, hub_body);
    make(world, NET "/networkInterfaces/n1", rd_arena_printf(world->arena, form, "10.0.1.9").p);
    put(world, NET "/networkInterfaces/n2", rd_arena_printf(world->arena, form, "10.0.1.9").p);
    expect_error(world, 400, "PrivateIPAddressInUse");
    put(world, NET "/networkInterfaces/n2", rd_arena_printf(world->arena, form, "10.0.7.9").p);
    expect_error(world, 400, "PrivateIPAddressNotInSubnet");
    put(world, NET "/networkInterfaces/n2", rd_arena_printf(world->arena, form, "10.0.1.3").p);
    expect_error(world, 400, "PrivateIPAddressInReservedRange");
}

static void an_interface_stays_in_its_network(void **state)
{
    struct world *world = *state;
    static const char form[] =
        "{'location':'westeurope','properties':{'ipConfigurations':[{'name':'ip','properties':{"
        "'subnet':{'id':'" NET "/virtualNetworks/%s/subnets/%s'}}}]}}";
    make(world, VNET, hub_body);
    make(world, NET "/virtualNetworks/other",
         "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.9.0.0/16']}"
         ",'subnets':[{'name':'a','properties':{'addressPrefix':'10.9.1.0/24'}}]}}");
    const char *vnet = strrchr(VNET, '/') + 1;
    make(world, NET "/networkInterfaces/n1", rd_arena_printf(world->arena, form, vnet, "a").p);
    put(world, NET "/networkInterfaces/n1", rd_arena_printf(world->arena, form, "other", "a").p);
    expect_error(world, 400, "SubnetsNotInSameVnet");
    get(world, NET "/networkInterfaces/n1");
    expect_text(world, "properties.ipConfigurations.0.properties.privateIPAddress", "10.0.1.4");
    make(world, NET "/networkInterfaces/n1", rd_arena_printf(world->arena, form, vnet, "b").p);
    get(world, NET "/networkInterfaces/n1");
    expect_text(world, "properties.ipConfigurations.0.properties.privateIPAddress", "10.0.2.4");
}

static void an_address_is_told_to_be_free_or_not(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    make(world, NET "/networkInterfaces/n1", nic_body);
    assert_int_equal(get(world, VNET "/CheckIPAddressAvailability?ipAddress=10.0.2.5"), 200);
    assert_true(rd_json_is_true(rd_json_at(&world->body, "available")));
    expect_count(world, "availableIPAddresses", 0);
    get(world, VNET "/checkIpAddressAvailability?ipAddress=10.0.2.4");
    assert_false(rd_json_is_true(rd_json_at(&world->body, "available")));
    assert_false(rd_json_is_true(rd_json_at(&world->body, "isPlatformReserved")));
    expect_text(world, "availableIPAddresses.0", "10.0.2.5");
    expect_count(world, "availableIPAddresses", 2);
    get(world, VNET "/CheckIPAddressAvailability?ipAddress=10.0.1.1");
    assert_true(rd_json_is_true(rd_json_at(&world->body, "isPlatformReserved")));
    expect_count(world, "availableIPAddresses", 5);
    get(world, VNET "/CheckIPAddressAvailability?ipAddress=10.0.77.1");
    expect_error(world, 400, "PrivateIPAddressNotInAnySubnet");
    get(world, VNET "/CheckIPAddressAvailability?ipAddress=ten");
    expect_error(world, 400, "IPv4AddressInvalidFormat");
    get(world, VNET "x/CheckIPAddressAvailability?ipAddress=10.0.1.9");
    expect_error(world, 404, "ResourceNotFound");
}

static void a_subnet_in_use_stays(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    make(world, NET "/networkInterfaces/n1", nic_body);
    del(world, VNET "/subnets/b");
    expect_error(world, 400, "InUseSubnetCannotBeDeleted");
    del(world, VNET);
    expect_error(world, 400, "InUseSubnetCannotBeDeleted");
    put(world, VNET,
        "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0/"
        "16']}}}");
    expect_error(world, 400, "InUseSubnetCannotBeDeleted");
    put(world, VNET "/subnets/b", "{'properties':{'addressPrefix':'10.0.2.0/28'}}");
    expect_error(world, 400, "InUseSubnetCannotBeUpdated");
}

static void a_peering_is_connected_only_with_its_reverse(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    make(world, SPOKE, spoke_body);
    make(world, VNET "/virtualNetworkPeerings/p",
         "{'properties':{'remoteVirtualNetwork':{'id':'" SPOKE "'}}}");
    get(world, VNET "/virtualNetworkPeerings/p");
    expect_text(world, "properties.peeringState", "Initiated");
    expect_text(world, "properties.remoteAddressSpace.addressPrefixes.0", "10.1.0.0/16");
    make(world, SPOKE "/virtualNetworkPeerings/q",
         "{'properties':{'remoteVirtualNetwork':{'id':'" VNET "'}}}");
    get(world, VNET "/virtualNetworkPeerings/p");
    expect_text(world, "properties.peeringState", "Connected");
    get(world, SPOKE "/virtualNetworkPeerings/q");
    expect_text(world, "properties.peeringState", "Connected");
    expect_text(world, "properties.peeringSyncLevel", "FullyInSync");
    assert_int_equal(del(world, SPOKE "/virtualNetworkPeerings/q"), 202);
    wait_s(world, 60);
    get(world, VNET "/virtualNetworkPeerings/p");
    expect_text(world, "properties.peeringState", "Disconnected");
    put(world, SPOKE "/virtualNetworkPeerings/q",
        "{'properties':{'remoteVirtualNetwork':{'id':'" VNET "'}}}");
    expect_error(world, 400, "RemotePeeringIsDisconnected");
}

static void networks_that_overlap_are_not_peered(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    make(world, SPOKE, hub_body);
    put(world, VNET "/virtualNetworkPeerings/p",
        "{'properties':{'remoteVirtualNetwork':{'id':'" SPOKE "'}}}");
    expect_error(world, 400, "VnetAddressSpaceOverlapsWithRemoteVnet");
}

static void a_public_address_in_use_stays(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    make(world, NET "/publicIPAddresses/p",
         "{'location':'westeurope','sku':{'name':'Standard'},'properties':{"
         "'publicIPAllocationMethod':'Static'}}");
    make(world, NET "/networkInterfaces/n",
         "{'location':'westeurope','properties':{'ipConfigurations':[{'name':'ip','properties':{"
         "'publicIPAddress':{'id':'" NET "/publicIPAddresses/p'},"
         "'subnet':{'id':'" VNET "/subnets/a'}}}]}}");
    get(world, NET "/publicIPAddresses/p");
    expect_text(world, "properties.ipConfiguration.id",
                NET "/networkInterfaces/n/ipConfigurations/ip");
    assert_true(rd_json_str(rd_json_at(&world->body, "properties.ipAddress")).n > 6);
    del(world, NET "/publicIPAddresses/p");
    expect_error(world, 400, "PublicIPAddressCannotBeDeleted");
    put(world, NET "/publicIPAddresses/q",
        "{'location':'westeurope','sku':{'name':'Standard'},'properties':{"
        "'publicIPAllocationMethod':'Dynamic'}}");
    assert_int_equal(world->status, 400);
}

static void effective_routes_need_a_running_machine(void **state)
{
    struct world *world = *state;
    make(world, VNET, hub_body);
    make(world, NET "/networkInterfaces/n1", nic_body);
    post(world, NET "/networkInterfaces/n1/effectiveRouteTable", NULL);
    assert_int_equal(world->status, 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_inline_subnet_is_a_resource_of_its_own),
        TEST(a_put_without_subnets_removes_them),
        TEST(a_patch_of_tags_keeps_the_subnets),
        TEST(malformed_prefixes_are_refused),
        TEST(a_subnet_outside_or_overlapping_is_refused),
        TEST(two_writes_in_one_network_at_a_time_are_refused),
        TEST(addresses_are_given_from_the_fourth_until_none_is_left),
        TEST(a_static_address_must_be_free_and_inside),
        TEST(an_interface_stays_in_its_network),
        TEST(an_address_is_told_to_be_free_or_not),
        TEST(a_subnet_in_use_stays),
        TEST(a_peering_is_connected_only_with_its_reverse),
        TEST(networks_that_overlap_are_not_peered),
        TEST(a_public_address_in_use_stays),
        TEST(effective_routes_need_a_running_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
