/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded.h"

/* Recordings of test_os_disk_security_encryption and test_image_builder_basic_sig. */

#define VM COMPUTE "/virtualMachines/vm1000005"
#define GALLERY COMPUTE "/galleries/sig1000003"
#define IMAGE GALLERY "/images/image1"
#define TEMPLATE GROUP "/providers/Microsoft.VirtualMachineImages/imageTemplates/template01"
#define VERSIONS                                                                                   \
    SUB "/providers/Microsoft.Compute/locations/northeurope/publishers/MicrosoftWindowsDesktop/"   \
        "artifacttypes/vmimage/offers/office-365/skus/win11-24h2-avd-m365/versions"
#define GUID "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

static void an_empty_list_has_twelve_bytes(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(
        call(&w, RD_HTTP_GET, GROUP "/providers/Microsoft.Network/virtualNetworks", NULL), 200);
    assert_string_equal(body_text(&w), "{\"value\":[]}");
    world_close(&w);
}

static void versions_of_an_image_are_a_bare_array_with_ids_in_capitals(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(
        call(&w, RD_HTTP_GET, VERSIONS "?$expand=properties&$orderby=name%20desc&$top=1", NULL),
        200);
    assert_true(rd_json_is(&w.json, RD_JSON_ARRAY));
    assert_int_equal(rd_json_count(&w.json), 1);
    assert_form(header(&w, "x-ms-ratelimit-remaining-resource"),
                "^Microsoft\\.Compute/ListVMImagesVersionsFromLocation3Min;[0-9]+,"
                "Microsoft\\.Compute/ListVMImagesVersionsFromLocation30Min;[0-9]+$");
    assert_string_equal(members_served(&w, "0"), "location,name,id");
    assert_form(text(&w, "0.id"),
                "^/Subscriptions/" GUID
                "/Providers/Microsoft\\.Compute/Locations/northeurope/Publishers/"
                "MicrosoftWindowsDesktop/ArtifactTypes/VMImage/Offers/office-365/Skus/"
                "win11-24h2-avd-m365/Versions/[0-9.]+$");
    const char *one = filled(&w, VERSIONS "/{}", text(&w, "0.name"));
    assert_int_equal(call(&w, RD_HTTP_GET, one, NULL), 200);
    assert_string_equal(members_served(&w, ""), "properties,location,name,id");
    assert_string_equal(members_served(&w, "properties"),
                        "hyperVGeneration,architecture,replicaType,replicaCount,disallowed,"
                        "automaticOSUpgradeProperties,imageDeprecationStatus,features,osDiskImage,"
                        "dataDiskImages,goLiveDate");
    assert_string_equal(text(&w, "properties.features.0.name"), "SecurityType");
    assert_string_equal(text(&w, "properties.features.0.value"),
                        "TrustedLaunchAndConfidentialVmSupported");
    assert_string_equal(text(&w, "properties.features.2.value"), "SCSI, NVMe");
    assert_string_equal(text(&w, "properties.features.3.name"), "IsHibernateSupported");
    assert_string_equal(text(&w, "properties.replicaType"), "Managed");
    assert_string_equal(text(&w, "properties.disallowed.vmDiskType"), "Unmanaged");
    assert_true(rd_json_is(value_at(&w, "properties.dataDiskImages"), RD_JSON_ARRAY));
    assert_true(rd_json_is(value_at(&w, "properties.osDiskImage.sizeInGb"), RD_JSON_INT));
    assert_form(text(&w, "properties.goLiveDate"), "^20..-..-..T00:00:00\\+00:00$");
    world_close(&w);
}

static void send_vm(struct world *w)
{
    make_network(w);
    assert_int_equal(
        call(w, RD_HTTP_PUT, VM,
             "{'location':'westeurope','tags':{},'properties':{'hardwareProfile':{'vmSize':"
             "'Standard_DC2as_v5'},'storageProfile':{'imageReference':{'publisher':"
             "'MicrosoftWindowsDesktop','offer':'office-365','sku':'win11-24h2-avd-m365',"
             "'version':'latest'},'osDisk':{'createOption':'FromImage','caching':'ReadWrite',"
             "'managedDisk':{'storageAccountType':'Premium_LRS','securityProfile':{"
             "'securityEncryptionType':'VMGuestStateOnly'}}}},"
             "'osProfile':{'computerName':'vm1000005','adminUsername':'keeper','adminPassword':"
             "'Aa0!aaaaaaaaaaaa'},'securityProfile':{'securityType':'ConfidentialVM',"
             "'uefiSettings':{'secureBootEnabled':true,'vTpmEnabled':true}},'networkProfile':{"
             "'networkInterfaces':[{'id':'" NIC("nic1") "'}]}}}"),
        201);
}

static void a_confidential_machine_is_read_back_with_what_azure_made_up(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    send_vm(&w);
    later(&w, 3600);
    assert_int_equal(call(&w, RD_HTTP_GET, VM "?$expand=instanceView&api-version=2024-11-01", NULL),
                     200);
    assert_null(strstr(body_text(&w), "Aa0!"));
    assert_non_null(strstr(body_text(&w), "{\r\n  \"name\": \"vm1000005\",\r\n  \"id\": \"" VM
                                          "\",\r\n  \"type\": \"Microsoft.Compute/"
                                          "virtualMachines\",\r\n  \"location\": \"westeurope\""));
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    assert_form(text(&w, "properties.vmId"), "^" GUID "$");
    assert_non_null(strstr(members_served(&w, ""), "name,id,type,location,tags,properties"));
    assert_non_null(strstr(members_served(&w, "properties"),
                           "hardwareProfile,provisioningState,vmId,storageProfile,osProfile"));
    assert_string_equal(members_served(&w, "properties.storageProfile"),
                        "imageReference,osDisk,dataDisks,diskControllerType");
    assert_string_equal(members_served(&w, "properties.storageProfile.imageReference"),
                        "publisher,offer,sku,version,exactVersion");
    assert_string_equal(text(&w, "properties.storageProfile.imageReference.version"), "latest");
    assert_form(text(&w, "properties.storageProfile.imageReference.exactVersion"), "^[0-9.]+$");
    assert_string_equal(members_served(&w, "properties.storageProfile.osDisk"),
                        "osType,name,createOption,caching,managedDisk,deleteOption,diskSizeGB");
    assert_string_equal(members_served(&w, "properties.storageProfile.osDisk.managedDisk"),
                        "securityProfile,storageAccountType,id");
    assert_string_equal(text(&w, "properties.storageProfile.osDisk.osType"), "Windows");
    assert_string_equal(text(&w, "properties.storageProfile.osDisk.deleteOption"), "Detach");
    assert_form(text(&w, "properties.storageProfile.osDisk.name"),
                "^vm1000005_disk1_[0-9a-f]{32}$");
    assert_form(text(&w, "properties.storageProfile.osDisk.managedDisk.id"),
                "/providers/Microsoft\\.Compute/disks/vm1000005_disk1_[0-9a-f]{32}$");
    assert_true(
        rd_json_is(value_at(&w, "properties.storageProfile.osDisk.diskSizeGB"), RD_JSON_INT));
    assert_true(rd_json_is(value_at(&w, "properties.storageProfile.dataDisks"), RD_JSON_ARRAY));
    assert_string_equal(text(&w, "properties.storageProfile.diskControllerType"), "SCSI");
    assert_true(rd_json_is(value_at(&w, "properties.instanceView"), RD_JSON_OBJECT));
    world_close(&w);
}

static void an_image_definition_is_made_by_a_caps_operation(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make(&w, GALLERY, "{'location':'westus2','properties':{}}");
    assert_in_range(call(&w, RD_HTTP_PUT, IMAGE,
                         "{'location':'westus2','tags':{},'properties':{'osType':'Linux','osState':"
                         "'Generalized','hyperVGeneration':'V1','identifier':{'offer':"
                         "'offer1','publisher':'publisher1','sku':'sku1'}}}"),
                    200, 202);
    const char *poll = header(&w, "azure-asyncoperation");
    assert_form(poll, "^https://management\\.azure\\.com" SUB "/providers/Microsoft\\.Compute/"
                      "locations/westus2/capsOperations/" GUID "\\?api-version=");
    later(&w, 120);
    assert_int_equal(call(&w, RD_HTTP_GET, poll, NULL), 200);
    assert_form(header(&w, "x-ms-ratelimit-remaining-resource"),
                "^Microsoft\\.Compute/GetOperationStatus3Min;[0-9]+,"
                "Microsoft\\.Compute/GetOperationStatus30Min;[0-9]+$");
    assert_string_equal(header(&w, "server"), "Microsoft-HTTPAPI/2.0");
    assert_string_equal(members_served(&w, ""), "startTime,endTime,status,name");
    assert_form(text(&w, "name"), "^" GUID "$");
    assert_int_equal(call(&w, RD_HTTP_GET, IMAGE, NULL), 200);
    assert_string_equal(members_served(&w, ""), "name,id,type,location,tags,properties");
    assert_string_equal(members_served(&w, "properties"),
                        "hyperVGeneration,architecture,osType,osState,identifier,"
                        "provisioningState");
    assert_string_equal(members_served(&w, "properties.identifier"), "publisher,offer,sku");
    assert_string_equal(text(&w, "properties.architecture"), "x64");
    world_close(&w);
}

static void locations_name_their_geography_and_pair(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(call(&w, RD_HTTP_GET, SUB "/locations?api-version=2019-11-01", NULL), 200);
    const struct rd_json *found = &rd_json_absent;
    for (size_t i = 0; i < rd_json_count(value_at(&w, "value")); i++)
        if (rd_str_is(rd_json_str(rd_json_at(rd_json_item(value_at(&w, "value"), i), "name")),
                      "westeurope"))
            found = rd_json_item(value_at(&w, "value"), i);
    w.json = *found;
    assert_string_equal(text(&w, "id"), SUB "/locations/westeurope");
    assert_string_equal(text(&w, "displayName"), "West Europe");
    assert_string_equal(text(&w, "regionalDisplayName"), "(Europe) West Europe");
    assert_string_equal(text(&w, "metadata.regionType"), "Physical");
    assert_string_equal(text(&w, "metadata.geographyGroup"), "Europe");
    assert_string_equal(text(&w, "metadata.pairedRegion.0.name"), "northeurope");
    assert_string_equal(text(&w, "metadata.pairedRegion.0.id"), SUB "/locations/northeurope");
    assert_string_equal(members_served(&w, ""), "id,name,displayName,regionalDisplayName,metadata");
    assert_string_equal(members_served(&w, "metadata"),
                        "regionType,regionCategory,geographyGroup,longitude,latitude,"
                        "physicalLocation,pairedRegion");
    assert_string_equal(text(&w, "metadata.longitude"), "4.9");
    assert_string_equal(text(&w, "metadata.latitude"), "52.3667");
    assert_string_equal(text(&w, "metadata.physicalLocation"), "Netherlands");
    world_close(&w);
}

static void a_later_version_of_the_locations_names_their_zones(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(call(&w, RD_HTTP_GET, SUB "/locations?api-version=2022-12-01", NULL), 200);
    assert_string_equal(text(&w, "value.0.type"), "Region");
    assert_string_equal(text(&w, "value.0.metadata.geography"), "Europe");
    assert_int_equal(rd_json_count(value_at(&w, "value.0.availabilityZoneMappings")), 3);
    world_close(&w);
}

static void make_for_template(struct world *w)
{
    make(w, GALLERY, "{'location':'westus2','properties':{}}");
    make(w, IMAGE,
         "{'location':'westus2','properties':{'osType':'Windows','osState':'Generalized',"
         "'hyperVGeneration':'V2','identifier':{'publisher':'p','offer':'o','sku':'s'},'features':["
         "{'name':'SecurityType','value':'TrustedLaunchAndConfidentialVmSupported'}]}}");
    make(w, IDENTITY, "{'location':'westus2'}");
    grant(w, GALLERY, "b24988ac-6180-42a0-ab88-20f7382dd24c", text(w, "properties.principalId"),
          "44444444-4444-4444-4444-444444444444");
}

static void an_image_builders_operation_is_named_in_capitals_in_its_body_alone(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_for_template(&w);
    assert_int_equal(
        call(&w, RD_HTTP_PUT, TEMPLATE "?api-version=2023-07-01",
             "{'location':'westus2','identity':{'type':'UserAssigned','userAssignedIdentities':{"
             "'" IDENTITY "':{}}},'properties':{'source':{'type':'PlatformImage','publisher':"
             "'microsoftwindowsdesktop','offer':'office-365','sku':'win11-25h2-avd-m365','version':"
             "'latest'},'customize':[{'type':'PowerShell','name':'apps','inline':['echo']}],"
             "'distribute':[{'type':'SharedImage','runOutputName':'out','galleryImageId':'" IMAGE
             "','replicationRegions':['westus2']}]}}"),
        201);
    assert_string_equal(header(&w, "content-type"), "application/json");
    /* One space and LF. */
    assert_non_null(strstr(body_text(&w), ",\n \"id\": \"" TEMPLATE "\",\n"));
    assert_string_equal(members_served(&w, ""), "properties,identity,location,id,name,type");
    assert_string_equal(header(&w, "server"), "nginx");
    const char *poll = header(&w, "azure-asyncoperation");
    assert_form(poll, "^https://management\\.azure\\.com" SUB
                      "/providers/Microsoft\\.VirtualMachineImages/locations/westus2/operations/"
                      "[0-9a-f-]{36}\\?api-version=2023-07-01&t=[0-9]{18}&c=");
    assert_int_equal(call(&w, RD_HTTP_GET, poll, NULL), 200);
    assert_string_equal(members_served(&w, ""), "name,status,startTime");
    assert_string_equal(text(&w, "status"), "InProgress");
    assert_form(text(&w, "name"), "^[0-9A-F]{8}-[0-9A-F-]{27}$");
    later(&w, 120);
    assert_int_equal(call(&w, RD_HTTP_GET, poll, NULL), 200);
    assert_string_equal(members_served(&w, ""), "name,status,startTime,endTime");
    assert_string_equal(text(&w, "status"), "Succeeded");
    assert_form(text(&w, "endTime"), "^20..-..-..T..:..:..\\.[0-9]{7}Z$");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_has_twelve_bytes),
        cmocka_unit_test(versions_of_an_image_are_a_bare_array_with_ids_in_capitals),
        cmocka_unit_test(a_confidential_machine_is_read_back_with_what_azure_made_up),
        cmocka_unit_test(an_image_definition_is_made_by_a_caps_operation),
        cmocka_unit_test(locations_name_their_geography_and_pair),
        cmocka_unit_test(a_later_version_of_the_locations_names_their_zones),
        cmocka_unit_test(an_image_builders_operation_is_named_in_capitals_in_its_body_alone),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
