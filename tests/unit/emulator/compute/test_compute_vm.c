/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#define VM(n) COMPUTE "/virtualMachines/" n
#define VM_BODY(name, nic, size, zone, image, security, disk)                                      \
    "{'location':'westeurope','zones':['" zone "'],'identity':{'type':'SystemAssigned'},"          \
    "'properties':{'hardwareProfile':{'vmSize':'" size "'},'storageProfile':{'imageReference':"    \
    "{" image "},'osDisk':{'createOption':'FromImage','name':'" name "-os','deleteOption':"        \
    "'Delete','managedDisk':{" disk "'storageAccountType':'Premium_LRS'}}},'osProfile':"           \
    "{'computerName':'" name "','adminUsername':'keeper','adminPassword':'Aa0!aaaaaaaaaaaa'},"     \
    "'securityProfile':{" security "},'networkProfile':{'networkInterfaces':[{'id':'" NIC(         \
        nic) "','properties':{'deleteOption':'Delete'}}]}}}"
#define WIN11                                                                                      \
    "'publisher':'microsoftwindowsdesktop','offer':'office-365','sku':'win11-25h2-avd-m365',"      \
    "'version':'latest'"
#define WIN10                                                                                      \
    "'publisher':'microsoftwindowsdesktop','offer':'windows-10','sku':'win10-22h2-ent',"           \
    "'version':'latest'"
#define CVM                                                                                        \
    "'securityType':'ConfidentialVM','uefiSettings':{'secureBootEnabled':true,'vTpmEnabled':true}"
#define TRUSTED                                                                                    \
    "'securityType':'TrustedLaunch','uefiSettings':{'secureBootEnabled':true,'vTpmEnabled':true}"
#define ENCRYPTED "'securityProfile':{'securityEncryptionType':'DiskWithVMGuestState'},"
#define GOOD VM_BODY("vm1", "nic1", "Standard_DC8as_v5", "1", WIN11, CVM, ENCRYPTED)

static void a_confidential_machine_is_made_with_disk_and_nic(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1"), GOOD), 201);
    assert_string_equal(text(&w, "properties.provisioningState"), "Creating");
    assert_null(strstr(rd_arena_str(w.arena, w.reply.body).p, "Aa0!"));
    later(&w, 3600);
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1") "?$expand=instanceView", NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    assert_string_equal(text(&w, "properties.storageProfile.imageReference.exactVersion"),
                        "26200.7462.261015");
    assert_string_equal(text(&w, "properties.instanceView.statuses.1.code"), "PowerState/running");
    assert_true(rd_str_is_guid(rd_json_str(rd_json_at(&w.json, "identity.principalId"))));
    assert_int_equal(call(&w, RD_HTTP_GET, COMPUTE "/disks/vm1-os", NULL), 200);
    assert_string_equal(text(&w, "managedBy"), VM("vm1"));
    assert_string_equal(text(&w, "properties.securityProfile.securityType"),
                        "ConfidentialVM_DiskEncryptedWithPlatformKey");
    assert_int_equal(call(&w, RD_HTTP_GET, NIC("nic1"), NULL), 200);
    assert_string_equal(text(&w, "properties.virtualMachine.id"), VM("vm1"));
    world_close(&w);
}

/* Recorded: "Succeeded" comes before the machine runs. */
static void a_machine_that_succeeded_runs_only_seconds_later(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1"), GOOD), 201);
    bool has_lagged = false;
    for (int i = 0; i < 100; i++) {
        later(&w, 5);
        assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1") "/instanceView", NULL), 200);
        if (strcmp(text(&w, "statuses.0.code"), "ProvisioningState/succeeded") != 0)
            continue;
        has_lagged = has_lagged || strcmp(text(&w, "statuses.1.code"), "PowerState/stopped") == 0;
        if (strcmp(text(&w, "statuses.1.code"), "PowerState/running") == 0)
            break;
        later(&w, 10);
    }
    assert_true(has_lagged);
    assert_string_equal(text(&w, "statuses.1.code"), "PowerState/running");
    world_close(&w);
}

static void refuse(struct world *w, const char *body, int status, const char *code,
                   const char *part)
{
    assert_int_equal(call(w, RD_HTTP_PUT, VM("vm1"), body), status);
    assert_string_equal(text(w, "error.code"), code);
    assert_non_null(strstr(text(w, "error.message"), part));
    assert_int_equal(call(w, RD_HTTP_GET, VM("vm1"), NULL), 404);
}

static void what_azure_refuses_about_confidential_machines_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    refuse(&w, VM_BODY("vm1", "nic1", "Standard_DC8as_v5", "1", WIN11, CVM, ""), 400, "BadRequest",
           "securityEncryptionType' is missing (null)");
    refuse(&w, VM_BODY("vm1", "nic1", "Standard_D8as_v5", "1", WIN11, CVM, ENCRYPTED), 400,
           "BadRequest", "'Standard_D8as_v5' is not supported for creation");
    refuse(&w, VM_BODY("vm1", "nic1", "Standard_DC8as_v5", "1", WIN11, TRUSTED, ""), 400,
           "BadRequest", "with 'TrustedLaunch' security type");
    refuse(&w, VM_BODY("vm1", "nic1", "Standard_D8as_v5", "1", WIN11, TRUSTED, ENCRYPTED), 400,
           "InvalidParameter", "can only be set for Confidential VMs");
    refuse(&w, VM_BODY("vm1", "nic1", "Standard_DC8as_v5", "1", WIN10, CVM, ENCRYPTED), 400,
           "BadRequest", "cannot boot Hypervisor Generation '1'");
    refuse(&w,
           VM_BODY("vm1", "nic1", "Standard_DC8as_v5", "1", WIN11,
                   "'securityType':'ConfidentialVM','uefiSettings':{'vTpmEnabled':true}",
                   ENCRYPTED),
           400, "InvalidParameter", "Secure boot must be enabled");
    refuse(&w, VM_BODY("vm1", "nic1", "Standard_DC9as_v5", "1", WIN11, CVM, ENCRYPTED), 400,
           "InvalidParameter", "Standard_DC9as_v5");
    refuse(&w, VM_BODY("vm1", "nic1", "Standard_DC8as_v5", "4", WIN11, CVM, ENCRYPTED), 400,
           "InvalidAvailabilityZone", "'4'");
    /* A refused request holds nothing: the NIC is still free. */
    make(&w, VM("vm1"), GOOD);
    world_close(&w);
}

static void quota_is_refused_in_every_zone_with_azures_text(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    fault(&w, "quota:family=standardDCASv5Family");
    refuse(&w, GOOD, 409, "OperationNotAllowed",
           "exceeding approved standardDCASv5Family Cores quota. Additional details - Deployment "
           "Model: Resource Manager, Location: westeurope, Current Limit: 0, Current Usage: 0, "
           "Additional Required: 8, (Minimum) New Limit Required: 8.");
    refuse(&w, VM_BODY("vm1", "nic1", "Standard_DC8as_v5", "2", WIN11, CVM, ENCRYPTED), 409,
           "OperationNotAllowed", "quota");
    world_close(&w);
}

static void a_size_behind_a_feature_needs_its_registration(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), VM_BODY("vm1", "nic1", "Standard_DC8as_v6", "1", WIN11, CVM, ENCRYPTED));
    fault(&w, "feature:name=DCav6Series");
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm2"),
                          VM_BODY("vm2", "nic2", "Standard_DC8as_v6", "1", WIN11, CVM, ENCRYPTED)),
                     409);
    assert_string_equal(text(&w, "error.code"), "SubscriptionNotRegisteredForFeature");
    assert_non_null(strstr(text(&w, "error.message"), "Microsoft.Compute/DCav6Series"));
    world_close(&w);
}

static void a_size_without_room_is_refused_at_once_in_that_zone_only(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    fault(&w, "capacity:zone=1");
    refuse(&w, GOOD, 409, "SkuNotAvailable",
           "'Following SKUs have failed for Capacity Restrictions: Standard_DC8as_v5'");
    make(&w, VM("vm1"), VM_BODY("vm1", "nic1", "Standard_DC8as_v5", "2", WIN11, CVM, ENCRYPTED));
    world_close(&w);
}

static void a_failed_allocation_leaves_the_machine_and_pins_the_zone(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    fault(&w, "capacity:zone=1,kind=ZonalAllocationFailed");
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1"), GOOD), 201);
    later(&w, 3600);
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1") "/instanceView", NULL), 200);
    assert_string_equal(text(&w, "statuses.0.code"),
                        "ProvisioningState/failed/ZonalAllocationFailed");
    assert_int_equal(call(&w, RD_HTTP_GET, COMPUTE "/disks/vm1-os", NULL), 200);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1"),
                          VM_BODY("vm1", "nic1", "Standard_DC8as_v5", "2", WIN11, CVM, ENCRYPTED)),
                     409);
    assert_string_equal(text(&w, "error.code"), "PropertyChangeNotAllowed");
    assert_string_equal(text(&w, "error.target"), "zones");
    /* It never ran, so that nothing has to be stopped for a larger disk. */
    assert_int_equal(call(&w, RD_HTTP_PATCH, VM("vm1"),
                          "{'properties':{'storageProfile':{'osDisk':{'createOption':'FromImage','"
                          "diskSizeGB':256}}}}"),
                     200);
    later(&w, 3600);
    assert_int_equal(call(&w, RD_HTTP_DELETE, VM("vm1"), NULL), 202);
    later(&w, 600);
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1"), NULL), 404);
    assert_int_equal(call(&w, RD_HTTP_GET, COMPUTE "/disks/vm1-os", NULL), 404);
    world_close(&w);
}

static void cores_come_back_when_the_machine_goes(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    static const char usages[] = SUB "/providers/Microsoft.Compute/locations/westeurope/usages";
    make(&w, VM("vm1"), GOOD);
    assert_int_equal(call(&w, RD_HTTP_GET, usages, NULL), 200);
    assert_int_equal(rd_json_int(rd_json_at(&w.json, "value.0.currentValue"), -1), 8);
    assert_int_equal(call(&w, RD_HTTP_DELETE, VM("vm1"), NULL), 202);
    later(&w, 600);
    assert_int_equal(call(&w, RD_HTTP_GET, usages, NULL), 200);
    assert_int_equal(rd_json_int(rd_json_at(&w.json, "value.0.currentValue"), -1), 0);
    assert_int_equal(call(&w, RD_HTTP_GET, NIC("nic1"), NULL), 404); /* deleteOption Delete */
    world_close(&w);
}

static void a_deallocated_machine_may_find_no_room_to_start(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), GOOD);
    assert_int_equal(call(&w, RD_HTTP_POST, VM("vm1") "/deallocate", NULL), 202);
    later(&w, 300);
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1") "/instanceView", NULL), 200);
    assert_string_equal(text(&w, "statuses.1.code"), "PowerState/deallocated");
    assert_int_equal(call(&w, RD_HTTP_GET, COMPUTE "/disks/vm1-os", NULL), 200);
    assert_string_equal(text(&w, "properties.diskState"), "Reserved");
    fault(&w, "capacity:kind=AllocationFailed,times=1");
    assert_int_equal(call(&w, RD_HTTP_POST, VM("vm1") "/start", NULL), 202);
    const char *poll =
        rd_arena_str(w.arena, rd_http_headers_get(&w.reply.headers, "Azure-AsyncOperation")).p;
    later(&w, 300);
    assert_int_equal(call(&w, RD_HTTP_GET, poll, NULL), 200);
    assert_string_equal(text(&w, "status"), "Failed");
    assert_string_equal(text(&w, "error.code"), "AllocationFailed");
    assert_int_equal(call(&w, RD_HTTP_POST, VM("vm1") "/start", NULL), 202);
    later(&w, 300);
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1") "/instanceView", NULL), 200);
    assert_string_equal(text(&w, "statuses.1.code"), "PowerState/running");
    world_close(&w);
}

#define EXTENSION(publisher, type)                                                                 \
    "{'location':'westeurope','properties':{'publisher':'" publisher "','type':'" type             \
    "','typeHandlerVersion':'1.0','settings':{},'protectedSettings':{'password':'hush'}}}"
#define JOIN EXTENSION("Microsoft.Azure.ActiveDirectory", "AADLoginForWindows")

static void extensions_queue_behind_each_other(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), GOOD);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1") "/extensions/join", JOIN), 201);
    assert_null(strstr(rd_arena_str(w.arena, w.reply.body).p, "hush"));
    assert_int_equal(
        call(&w, RD_HTTP_PUT, VM("vm1") "/extensions/attest",
             EXTENSION("Microsoft.Azure.Security.WindowsAttestation", "GuestAttestation")),
        201);
    later(&w, 70); /* enough for the second alone */
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1") "/extensions/attest", NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Creating");
    later(&w, 600);
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1") "/extensions/attest", NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1"), NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "resources")), 2);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1") "/extensions/again", JOIN), 400);
    assert_non_null(strstr(text(&w, "error.message"), "Multiple VMExtensions per handler"));
    world_close(&w);
}

static void an_extension_fails_by_fault_and_on_a_stopped_machine(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), GOOD);
    fault(&w, "extension:name=join,times=1");
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1") "/extensions/join", JOIN), 201);
    const char *poll =
        rd_arena_str(w.arena, rd_http_headers_get(&w.reply.headers, "Azure-AsyncOperation")).p;
    later(&w, 600);
    assert_int_equal(call(&w, RD_HTTP_GET, poll, NULL), 200);
    assert_string_equal(text(&w, "error.code"), "VMExtensionProvisioningError");
    assert_non_null(strstr(text(&w, "error.message"),
                           "VM has reported a failure when processing extension 'join'"));
    assert_int_equal(call(&w, RD_HTTP_POST, VM("vm1") "/deallocate", NULL), 202);
    later(&w, 300);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1") "/extensions/join", JOIN), 409);
    assert_non_null(strstr(text(&w, "error.message"), "when the VM is not running"));
    world_close(&w);
}

static void an_update_keeps_what_it_does_not_name_and_changes_its_size(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), GOOD);
    const char *vm_id = text(&w, "properties.vmId");
    make(&w, VM("vm1"), VM_BODY("vm1", "nic1", "Standard_DC4as_v5", "1", WIN11, CVM, ENCRYPTED));
    assert_string_equal(text(&w, "properties.vmId"), vm_id);
    assert_int_equal(
        call(&w, RD_HTTP_GET, SUB "/providers/Microsoft.Compute/locations/westeurope/usages", NULL),
        200);
    assert_int_equal(rd_json_int(rd_json_at(&w.json, "value.0.currentValue"), -1), 4);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1"),
                          VM_BODY("vm1", "nic2", "Standard_DC4as_v5", "1", WIN11, CVM, ENCRYPTED)),
                     409); /* another NIC while it runs */
    assert_int_equal(call(&w, RD_HTTP_PATCH, VM("vm1"), "{'tags':{'a':'b'}}"), 200);
    later(&w, 120);
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1"), NULL), 200);
    assert_string_equal(text(&w, "tags.a"), "b");
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    world_close(&w);
}

#define PLAIN(size) VM_BODY("vm1", "nic1", size, "1", WIN11, TRUSTED, "")

static void a_machine_is_resized_to_sizes_with_its_own_kind_of_disks_only(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), PLAIN("Standard_D4s_v5"));
    assert_string_equal(text(&w, "properties.storageProfile.diskControllerType"), "SCSI");
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1"), PLAIN("Standard_D8as_v6")), 400);
    assert_string_equal(text(&w, "error.code"), "InvalidParameter");
    assert_string_equal(text(&w, "error.target"), "vmSize");
    assert_non_null(strstr(text(&w, "error.message"), "cannot boot with OS image or disk"));
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1"), PLAIN("Standard_D4ds_v5")), 409);
    assert_string_equal(text(&w, "error.code"), "OperationNotAllowed");
    assert_non_null(strstr(text(&w, "error.message"), "resource disk to non-resource disk"));
    make(&w, VM("vm1"), PLAIN("Standard_D8as_v5"));
    assert_string_equal(text(&w, "properties.storageProfile.diskControllerType"), "SCSI");
    world_close(&w);
}

static void a_size_without_scsi_makes_a_machine_with_nvme(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), PLAIN("Standard_D8as_v6"));
    assert_string_equal(text(&w, "properties.storageProfile.diskControllerType"), "NVMe");
    make(&w, VM("vm1"), PLAIN("Standard_D16as_v6"));
    assert_string_equal(text(&w, "properties.storageProfile.diskControllerType"), "NVMe");
    assert_int_equal(call(&w, RD_HTTP_PUT, VM("vm1"), PLAIN("Standard_D8as_v5")), 400);
    world_close(&w);
}

static void commands_in_the_guest_are_refused_loudly(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), GOOD);
    assert_int_equal(call(&w, RD_HTTP_POST, VM("vm1") "/runCommand", "{}"), 501);
    world_close(&w);
}

static void a_disk_changes_its_sku_only_off_and_twice_a_day(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), GOOD);
    static const char disk[] = COMPUTE "/disks/vm1-os";
    assert_int_equal(call(&w, RD_HTTP_PATCH, disk, "{'sku':{'name':'Standard_LRS'}}"), 409);
    assert_int_equal(call(&w, RD_HTTP_POST, VM("vm1") "/deallocate", NULL), 202);
    later(&w, 300);
    assert_int_equal(call(&w, RD_HTTP_PATCH, disk, "{'sku':{'name':'Standard_LRS'}}"), 202);
    later(&w, 60);
    assert_int_equal(call(&w, RD_HTTP_PATCH, disk, "{'sku':{'name':'Premium_LRS'}}"), 202);
    later(&w, 60);
    assert_int_equal(call(&w, RD_HTTP_PATCH, disk, "{'sku':{'name':'Standard_LRS'}}"), 409);
    later(&w, 86400);
    assert_int_equal(call(&w, RD_HTTP_PATCH, disk, "{'sku':{'name':'Standard_LRS'}}"), 202);
    world_close(&w);
}

#define SIZED(size, encrypted)                                                                     \
    "{'location':'westeurope','properties':{'storageProfile':{'osDisk':{'createOption':"           \
    "'FromImage','diskSizeGB':" size "}},'securityProfile':{'encryptionAtHost':" encrypted "}}}"

static void a_disk_grows_and_a_host_is_encrypted_only_while_the_machine_is_deallocated(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM("vm1"), GOOD);
    static const struct {
        const char *body;
        const char *text;
    } refused[] = {
        {SIZED("256", "false"), "Cannot resize disk vm1-os while it is attached to running VM /"},
        {SIZED("127", "true"), "can be updated only when VM is in deallocated state"},
        {SIZED("64", "false"), "Shrinking disk 'vm1-os' is not supported."},
    };
    for (size_t off = 0; off < 2; off++) {
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(call(&w, RD_HTTP_PATCH, VM("vm1"), refused[i].body), 409);
            assert_string_equal(text(&w, "error.code"), "OperationNotAllowed");
            assert_non_null(strstr(text(&w, "error.message"), refused[i].text));
        }
        /* Who shuts it down in the guest has not deallocated it. */
        assert_int_equal(call(&w, RD_HTTP_POST, VM("vm1") "/powerOff", NULL), 202);
        later(&w, 300);
    }
    assert_int_equal(call(&w, RD_HTTP_POST, VM("vm1") "/deallocate", NULL), 202);
    later(&w, 300);
    assert_int_equal(call(&w, RD_HTTP_PATCH, VM("vm1"), refused[2].body), 409);
    assert_int_equal(call(&w, RD_HTTP_PATCH, VM("vm1"), SIZED("256", "true")), 200);
    later(&w, 300);
    assert_int_equal(call(&w, RD_HTTP_GET, VM("vm1") "/instanceView", NULL), 200);
    assert_string_equal(text(&w, "statuses.1.code"), "PowerState/deallocated");
    assert_int_equal(call(&w, RD_HTTP_GET, COMPUTE "/disks/vm1-os", NULL), 200);
    assert_int_equal(rd_json_int(rd_json_at(&w.json, "properties.diskSizeGB"), 0), 256);
    assert_int_equal(call(&w, RD_HTTP_POST, VM("vm1") "/start", NULL), 202);
    later(&w, 300);
    /* What is left out, and what is as it was, changes nothing. */
    assert_int_equal(call(&w, RD_HTTP_PATCH, VM("vm1"), SIZED("256", "true")), 200);
    later(&w, 300);
    make(&w, VM("vm1"), GOOD);
    assert_int_equal(
        rd_json_int(rd_json_at(&w.json, "properties.storageProfile.osDisk.diskSizeGB"), 0), 256);
    assert_true(
        rd_json_is_true(rd_json_at(&w.json, "properties.securityProfile.encryptionAtHost")));
    world_close(&w);
}

static void sizes_and_images_are_listed_as_azure_does(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(call(&w, RD_HTTP_GET,
                          SUB "/providers/Microsoft.Compute/skus?$filter=location%20eq%20"
                              "%27westeurope%27",
                          NULL),
                     200);
    assert_string_equal(text(&w, "value.0.name"), "Standard_DC2as_v5");
    assert_string_equal(text(&w, "value.0.locationInfo.0.zones.2"), "3");
    size_t here = rd_json_count(rd_json_at(&w.json, "value"));
    /* Without a region: those of all, page by page. */
    assert_int_equal(call(&w, RD_HTTP_GET, SUB "/providers/Microsoft.Compute/skus?$top=999", NULL),
                     200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 999);
    assert_true(here < 999);
    struct rd_str last = rd_str_from(text(&w, "value.998.name"));
    assert_int_equal(call(&w, RD_HTTP_GET, text(&w, "nextLink"), NULL), 200);
    assert_string_not_equal(text(&w, "value.0.name"), last.p);
    assert_int_equal(call(&w, RD_HTTP_GET,
                          SUB "/providers/Microsoft.Compute/skus?$filter=size%20eq%20%27a%27",
                          NULL),
                     400);
    assert_int_equal(call(&w, RD_HTTP_GET,
                          SUB
                          "/providers/Microsoft.Compute/locations/westeurope/publishers/"
                          "MicrosoftWindowsDesktop/artifacttypes/vmimage/offers/office-365/skus/"
                          "win11-25h2-avd-m365/versions?$orderby=name%20desc&$top=1",
                          NULL),
                     200);
    assert_int_equal(rd_json_count(&w.json), 1); /* a bare array */
    assert_string_equal(text(&w, "0.name"), "26200.7462.261015");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confidential_machine_is_made_with_disk_and_nic),
        cmocka_unit_test(a_machine_that_succeeded_runs_only_seconds_later),
        cmocka_unit_test(what_azure_refuses_about_confidential_machines_is_refused),
        cmocka_unit_test(quota_is_refused_in_every_zone_with_azures_text),
        cmocka_unit_test(a_size_behind_a_feature_needs_its_registration),
        cmocka_unit_test(a_size_without_room_is_refused_at_once_in_that_zone_only),
        cmocka_unit_test(a_failed_allocation_leaves_the_machine_and_pins_the_zone),
        cmocka_unit_test(cores_come_back_when_the_machine_goes),
        cmocka_unit_test(a_deallocated_machine_may_find_no_room_to_start),
        cmocka_unit_test(extensions_queue_behind_each_other),
        cmocka_unit_test(an_extension_fails_by_fault_and_on_a_stopped_machine),
        cmocka_unit_test(an_update_keeps_what_it_does_not_name_and_changes_its_size),
        cmocka_unit_test(a_machine_is_resized_to_sizes_with_its_own_kind_of_disks_only),
        cmocka_unit_test(a_size_without_scsi_makes_a_machine_with_nvme),
        cmocka_unit_test(commands_in_the_guest_are_refused_loudly),
        cmocka_unit_test(
            a_disk_grows_and_a_host_is_encrypted_only_while_the_machine_is_deallocated),
        cmocka_unit_test(a_disk_changes_its_sku_only_off_and_twice_a_day),
        cmocka_unit_test(sizes_and_images_are_listed_as_azure_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
