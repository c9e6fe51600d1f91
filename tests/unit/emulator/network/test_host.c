/* SPDX-License-Identifier: Apache-2.0 */
/* What networks, desktops and backups see of a virtual machine. */
#include "base/clock.h"
#include "world.h"

#define POOL AVD "/hostPools/pool"
#define NIC NET "/networkInterfaces/nic1"
#define VM GROUP "/providers/Microsoft.Compute/virtualMachines/vm1"
#define HOST POOL "/sessionHosts/vm1"
#define VAULT GROUP "/providers/Microsoft.RecoveryServices/vaults/vault1"
#define ITEM                                                                                       \
    VAULT "/backupFabrics/Azure/protectionContainers/iaasvmcontainer;iaasvmcontainerv2;rg1;vm1"    \
          "/protectedItems/vm;iaasvmcontainerv2;rg1;vm1"

static const char pool_body[] =
    "{'location':'westeurope','properties':{'hostPoolType':'Personal','loadBalancerType':"
    "'Persistent','preferredAppGroupType':'Desktop'}}";
static const char vm_body[] =
    "{'location':'westeurope','zones':['1'],'identity':{'type':'SystemAssigned'},'properties':{"
    "'hardwareProfile':{'vmSize':'Standard_DC8as_v5'},'storageProfile':{'imageReference':{"
    "'publisher':'microsoftwindowsdesktop','offer':'office-365','sku':'win11-25h2-avd-m365',"
    "'version':'latest'},'osDisk':{'createOption':'FromImage','name':'os','managedDisk':{"
    "'securityProfile':{'securityEncryptionType':'DiskWithVMGuestState'},"
    "'storageAccountType':'Premium_LRS'}}},'osProfile':{'computerName':'vm1','adminUsername':"
    "'keeper','adminPassword':'Aa0!aaaaaaaaaaaa'},'securityProfile':{'securityType':"
    "'ConfidentialVM','uefiSettings':{'secureBootEnabled':true,'vTpmEnabled':true}},"
    "'networkProfile':{'networkInterfaces':[{'id':'" NIC "'}]}}}";

static int machine_open(void **state)
{
    world_open(state);
    struct world *world = *state;
    make(world, NET "/routeTables/t",
         "{'location':'westeurope','properties':{'routes':[{'name':'out','properties':{"
         "'addressPrefix':'0.0.0.0/0','nextHopType':'VirtualAppliance','nextHopIpAddress':"
         "'10.9.0.4'}}]}}");
    make(world, NET "/networkSecurityGroups/g", "{'location':'westeurope'}");
    make(world, NET "/virtualNetworks/v",
         "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0/"
         "16']},'subnets':[{'name':'a','properties':{'addressPrefix':'10.0.0.0/24','routeTable':{"
         "'id':'" NET "/routeTables/t'},'networkSecurityGroup':{'id':'" NET
         "/networkSecurityGroups/g'}}}]}}");
    make(world, NIC,
         "{'location':'westeurope','properties':{'ipConfigurations':[{'name':'ip','properties':{"
         "'subnet':{'id':'" NET "/virtualNetworks/v/subnets/a'}}}]}}");
    make(world, VM, vm_body);
    return 0;
}

static void register_host(struct world *world)
{
    char at[RD_TIME_TEXT_MAX];
    make(world, POOL, pool_body);
    rd_time_format(world->now_ms + 24 * 3600000, false, at);
    patch(world, POOL,
          rd_arena_printf(world->arena,
                          "{'properties':{'registrationInfo':{'expirationTime':'%s',"
                          "'registrationTokenOperation':'Update'}}}",
                          at)
              .p);
    post(world, POOL "/listRegistrationTokens", NULL);
    struct rd_str token = rd_json_str(rd_json_at(&world->body, "value.0.token"));
    int status = put(world, VM "/extensions/dsc",
                     rd_arena_printf(world->arena,
                                     "{'location':'westeurope','properties':{'publisher':"
                                     "'Microsoft.Powershell','type':'DSC','typeHandlerVersion':"
                                     "'2.73','settings':{'configurationFunction':"
                                     "'Configuration.ps1\\\\AddSessionHost','properties':{"
                                     "'hostPoolName':'pool','registrationInfoToken':'%.*s',"
                                     "'aadJoin':true}}}}",
                                     RD_FMT(token))
                         .p);
    assert_true(status == 200 || status == 201);
}

static void wait_for_status(struct world *world, const char *status)
{
    for (int i = 0; i < 200; i++) {
        wait_s(world, 30);
        if (get(world, HOST) == 200 &&
            rd_str_is(rd_json_str(rd_json_at(&world->body, "properties.status")), status))
            return;
    }
    fail_msg("the host never was %s: %.*s", status, RD_FMT(world->reply.body));
}

static void a_host_appears_by_its_token_and_becomes_available(void **state)
{
    struct world *world = *state;
    register_host(world);
    assert_int_equal(get(world, HOST), 404);
    wait_for_status(world, "Upgrading");
    wait_for_status(world, "Available");
    expect_text(world, "name", "pool/vm1");
    expect_text(world, "properties.resourceId", VM);
    expect_count(world, "properties.sessionHostHealthCheckResults", 11);
    assert_int_equal(put(world, HOST, "{'properties':{}}"), 405);
    get(world, POOL "/sessionHosts");
    expect_count(world, "value", 1);
}

static void a_host_follows_the_power_of_its_machine(void **state)
{
    struct world *world = *state;
    register_host(world);
    wait_for_status(world, "Available");
    assert_true(post(world, VM "/deallocate", NULL) < 300);
    wait_for_status(world, "Unavailable");
    assert_true(post(world, VM "/start", NULL) < 300);
    wait_for_status(world, "Available");
}

static void an_assignment_changes_only_by_force(void **state)
{
    struct world *world = *state;
    register_host(world);
    wait_for_status(world, "Available");
    assert_int_equal(patch(world, HOST, "{'properties':{'assignedUser':'a@x.y'}}"), 200);
    expect_text(world, "properties.assignedUser", "a@x.y");
    assert_int_equal(patch(world, HOST, "{'properties':{'assignedUser':'b@x.y'}}"), 400);
    assert_int_equal(patch(world, HOST, "{'properties':{'assignedUser':''}}"), 400);
    assert_int_equal(patch(world, HOST "?force=true", "{'properties':{'assignedUser':'b@x.y'}}"),
                     200);
    expect_text(world, "properties.assignedUser", "b@x.y");
    assert_int_equal(patch(world, HOST, "{'properties':{'allowNewSession':false}}"), 200);
    assert_false(rd_json_is_true(rd_json_at(&world->body, "properties.allowNewSession")));
    expect_text(world, "properties.assignedUser", "b@x.y");
}

static void a_pool_with_hosts_goes_only_by_force(void **state)
{
    struct world *world = *state;
    register_host(world);
    wait_for_status(world, "Available");
    assert_int_equal(del(world, POOL), 400);
    assert_int_equal(del(world, POOL "?force=true"), 200);
    assert_int_equal(get(world, HOST), 404);
}

static void a_nic_of_a_machine_stays_and_shows_it(void **state)
{
    struct world *world = *state;
    get(world, NIC);
    expect_text(world, "properties.virtualMachine.id", VM);
    assert_true(rd_json_str(rd_json_at(&world->body, "properties.macAddress")).n == 17);
    del(world, NIC);
    expect_error(world, 400, "NicInUse");
}

static void a_nic_stays_reserved_after_its_machine_failed(void **state)
{
    struct world *world = *state;
    struct rd_err err;
    assert_true(del(world, VM) < 300);
    wait_s(world, 3600);
    assert_true(del(world, GROUP "/providers/Microsoft.Compute/disks/os") < 300);
    wait_s(world, 3600);
    assert_int_equal(rd_cloud_add_fault(
                         world->cloud, RD_STR("capacity:kind=ZonalAllocationFailed,times=1"), &err),
                     RD_RC_OK);
    assert_int_equal(put(world, VM, vm_body), 201);
    wait_s(world, 1200);
    get(world, VM);
    expect_text(world, "properties.provisioningState", "Failed");
    assert_true(del(world, VM) < 300);
    while (get(world, VM) == 200)
        wait_s(world, 10);
    del(world, NIC);
    expect_error(world, 400, "NicReservedForAnotherVm");
    wait_s(world, 181);
    assert_int_equal(del(world, NIC), 202);
}

static void effective_routes_show_the_appliance(void **state)
{
    struct world *world = *state;
    assert_int_equal(post(world, NIC "/effectiveRouteTable", NULL), 200);
    size_t count = rd_json_count(rd_json_at(&world->body, "value"));
    const struct rd_json *last = rd_json_item(rd_json_at(&world->body, "value"), count - 1);
    assert_true(rd_str_is(rd_json_str(rd_json_at(last, "nextHopType")), "VirtualAppliance"));
    assert_true(rd_str_is(rd_json_str(rd_json_at(last, "nextHopIpAddress.0")), "10.9.0.4"));
    expect_text(world, "value.1.addressPrefix.0", "0.0.0.0/0");
    expect_text(world, "value.1.state", "Invalid");
    assert_int_equal(post(world, NIC "/effectiveNetworkSecurityGroups", NULL), 200);
    expect_count(world, "value.0.effectiveSecurityRules", 6);
}

static void make_vault(struct world *world, const char *region)
{
    make(world, VAULT,
         rd_arena_printf(world->arena,
                         "{'location':'%s','sku':{'name':'RS0','tier':'Standard'},'properties':{}}",
                         region)
             .p);
}

#define PROTECT                                                                                    \
    "{'properties':{'protectedItemType':'Microsoft.Compute/"                                       \
    "virtualMachines','sourceResourceId':'" VM "','policyId':'" VAULT                              \
    "/backupPolicies/EnhancedPolicy'}}"

static void protection_is_pending_until_the_first_backup(void **state)
{
    struct world *world = *state;
    make_vault(world, "westeurope");
    assert_int_equal(put(world, ITEM, PROTECT), 202);
    assert_true(rd_http_headers_get(&world->reply.headers, "Azure-AsyncOperation").n > 0);
    assert_true(rd_http_headers_get(&world->reply.headers, "Location").n > 0);
    assert_true(rd_str_is(rd_http_headers_get(&world->reply.headers, "Retry-After"), "60"));
    wait_s(world, 120);
    get(world, ITEM);
    expect_text(world, "properties.protectionState", "IRPending");
    get(world, VAULT "/backupProtectedItems?$filter=backupManagementType%20eq%20'AzureIaasVM'");
    expect_count(world, "value", 1);
    expect_text(world, "value.0.name", "vm;iaasvmcontainerv2;rg1;vm1");
    get(world, VAULT "/backupProtectionContainers?$filter=backupManagementType%20eq%20'AzureIaasVM'"
                     "%20and%20friendlyName%20eq%20'VM1'");
    expect_count(world, "value", 1);
    expect_text(world, "value.0.name", "iaasvmcontainer;iaasvmcontainerv2;rg1;vm1");
    expect_text(world, "value.0.properties.virtualMachineId", VM);
    get(world, VAULT "/backupProtectionContainers?$filter=backupManagementType%20eq%20'AzureSql'");
    expect_count(world, "value", 0);
    wait_s(world, 30 * 3600);
    get(world, ITEM);
    expect_text(world, "properties.protectionState", "Protected");
    expect_text(world, "properties.lastBackupStatus", "Completed");
    get(world, VAULT "/backupJobs?$filter=operation%20eq%20'Backup'");
    expect_count(world, "value", 1);
    expect_text(world, "value.0.properties.status", "Completed");
    put(world, VAULT "/backupstorageconfig/vaultstorageconfig",
        "{'properties':{'storageModelType':'LocallyRedundant'}}");
    expect_error(world, 400, "BMSUserErrorStorageTypeCannotBeChanged");
}

static void protection_wants_region_policy_and_name(void **state)
{
    struct world *world = *state;
    make_vault(world, "northeurope");
    put(world, ITEM, PROTECT);
    expect_error(world, 400, "UserErrorVmNotInSameRegionAsVault");
    put(world, VAULT "/backupFabrics/Azure/protectionContainers/x/protectedItems/y", PROTECT);
    expect_error(world, 400, "BMSUserErrorContainerObjectNotFound");
}

static void a_confidential_machine_wants_an_enhanced_policy(void **state)
{
    struct world *world = *state;
    make_vault(world, "westeurope");
    put(world, ITEM,
        "{'properties':{'protectedItemType':'Microsoft.Compute/virtualMachines',"
        "'sourceResourceId':'" VM "','policyId':'" VAULT "/backupPolicies/DefaultPolicy'}}");
    expect_error(world, 400, "UserErrorConfidentialVMNotSupportedWithStandardPolicy");
}

static void a_deleted_item_is_kept_and_keeps_the_vault(void **state)
{
    struct world *world = *state;
    make_vault(world, "westeurope");
    make(world, ITEM, PROTECT);
    assert_int_equal(del(world, ITEM), 202);
    wait_s(world, 120);
    get(world, ITEM);
    assert_true(
        rd_json_is_true(rd_json_at(&world->body, "properties.isScheduledForDeferredDelete")));
    del(world, VAULT);
    expect_error(world, 400, "ServiceResourceNotEmptyWithContainerDetails");
    wait_s(world, 15 * 86400);
    assert_int_equal(get(world, ITEM), 404);
    assert_int_equal(del(world, VAULT), 202);
}

static void stopped_protection_goes_on(void **state)
{
    struct world *world = *state;
    make_vault(world, "westeurope");
    make(world, ITEM, PROTECT);
    make(world, ITEM,
         "{'properties':{'protectedItemType':'Microsoft.Compute/virtualMachines',"
         "'sourceResourceId':'" VM "','policyId':'','protectionState':'ProtectionStopped'}}");
    get(world, ITEM);
    expect_text(world, "properties.protectionState", "ProtectionStopped");
    wait_s(world, 30 * 3600);
    get(world, VAULT "/backupJobs?$filter=operation%20eq%20'Backup'");
    expect_count(world, "value", 0);
    make(world, ITEM, PROTECT);
    get(world, ITEM);
    expect_text(world, "properties.protectionState", "IRPending");
}

static void a_machine_is_protected_by_one_vault(void **state)
{
    struct world *world = *state;
    make_vault(world, "westeurope");
    make(world, ITEM, PROTECT);
    make(world, GROUP "/providers/Microsoft.RecoveryServices/vaults/vault2",
         "{'location':'westeurope','sku':{'name':'RS0'},'properties':{}}");
    put(world,
        GROUP "/providers/Microsoft.RecoveryServices/vaults/vault2/backupFabrics/Azure/"
              "protectionContainers/iaasvmcontainer;iaasvmcontainerv2;rg1;vm1/protectedItems/"
              "vm;iaasvmcontainerv2;rg1;vm1",
        "{'properties':{'protectedItemType':'Microsoft.Compute/virtualMachines',"
        "'sourceResourceId':'" VM "','policyId':'" GROUP
        "/providers/Microsoft.RecoveryServices/vaults/vault2/backupPolicies/EnhancedPolicy'}}");
    expect_error(world, 400, "UserErrorVmAlreadyProtectedInAnotherVault");
}

static void without_soft_delete_an_item_goes_at_once(void **state)
{
    struct world *world = *state;
    make_vault(world, "westeurope");
    make(world, ITEM, PROTECT);
    assert_int_equal(put(world, VAULT "/backupconfig/vaultconfig",
                         "{'properties':{'softDeleteFeatureState':'Disabled'}}"),
                     200);
    assert_int_equal(del(world, ITEM), 202);
    wait_s(world, 120);
    assert_int_equal(get(world, ITEM), 404);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, machine_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_host_appears_by_its_token_and_becomes_available),
        TEST(a_host_follows_the_power_of_its_machine),
        TEST(an_assignment_changes_only_by_force),
        TEST(a_pool_with_hosts_goes_only_by_force),
        TEST(a_nic_of_a_machine_stays_and_shows_it),
        TEST(a_nic_stays_reserved_after_its_machine_failed),
        TEST(effective_routes_show_the_appliance),
        TEST(protection_is_pending_until_the_first_backup),
        TEST(protection_wants_region_policy_and_name),
        TEST(a_confidential_machine_wants_an_enhanced_policy),
        TEST(a_deleted_item_is_kept_and_keeps_the_vault),
        TEST(stopped_protection_goes_on),
        TEST(a_machine_is_protected_by_one_vault),
        TEST(without_soft_delete_an_item_goes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
