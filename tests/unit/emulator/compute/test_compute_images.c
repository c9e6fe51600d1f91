/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#define GALLERY COMPUTE "/galleries/gal"
#define IMAGE GALLERY "/images/img"
#define TEMPLATE GROUP "/providers/Microsoft.VirtualMachineImages/imageTemplates/tpl"
#define IMAGE_BODY                                                                                 \
    "{'location':'westeurope','properties':{'osType':'Windows','osState':'Generalized',"           \
    "'hyperVGeneration':'V2','identifier':{'publisher':'p','offer':'o','sku':'s'},'features':["    \
    "{'name':'SecurityType','value':'TrustedLaunchAndConfidentialVmSupported'}]}}"
#define TEMPLATE_BODY(regions)                                                                     \
    "{'location':'westeurope','identity':{'type':'UserAssigned','userAssignedIdentities':{"        \
    "'" IDENTITY "':{}}},'properties':{'source':{'type':'PlatformImage','publisher':"              \
    "'microsoftwindowsdesktop','offer':'office-365','sku':'win11-25h2-avd-m365','version':"        \
    "'latest'},'customize':[{'type':'PowerShell','name':'apps','inline':['echo']},{'type':"        \
    "'WindowsUpdate','name':'updates'}],'distribute':[{'type':'SharedImage','runOutputName':"      \
    "'out','galleryImageId':'" IMAGE "','excludeFromLatest':true,'versioning':{'scheme':"          \
    "'Latest','major':1},'targetRegions':[" regions "]}]}}"
#define HOME "{'name':'westeurope','replicaCount':1}"
#define BOTH HOME ",{'name':'northeurope','replicaCount':1}"
#define CONTRIBUTOR "b24988ac-6180-42a0-ab88-20f7382dd24c"
#define ROLE_GUID "44444444-4444-4444-4444-444444444444"

static void make_gallery(struct world *w)
{
    make(w, GALLERY, "{'location':'westeurope','properties':{}}");
    make(w, IMAGE, IMAGE_BODY);
}

static void make_template(struct world *w, const char *body)
{
    make_gallery(w);
    make(w, IDENTITY, "{'location':'westeurope'}");
    grant(w, GALLERY, CONTRIBUTOR, text(w, "properties.principalId"), ROLE_GUID);
    make(w, TEMPLATE, body);
}

static const char *run_state(struct world *w, const char *part)
{
    assert_int_equal(call(w, RD_HTTP_GET, TEMPLATE, NULL), 200);
    return text(w, part);
}

static void a_run_goes_through_its_steps_and_makes_a_version(void **state)
{
    (void)state;
    static const char *const steps[] = {"Queued", "Building", "Customizing", "Distributing", ""};
    struct world w;
    world_open(&w);
    make_template(&w, TEMPLATE_BODY(BOTH));
    assert_true(strncmp(run_state(&w, "properties.exactStagingResourceGroup"),
                        SUB "/resourceGroups/IT_rg_tpl_", sizeof(SUB) + 25) == 0);
    assert_string_equal(text(&w, "properties.lastRunStatus.runState"), "");
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 409);
    size_t seen = 0;
    for (int minute = 0; minute < 600 && seen < 4; minute++) {
        const char *now = run_state(&w, "properties.lastRunStatus.runSubState");
        if (strcmp(now, steps[seen]) != 0)
            assert_string_equal(now, steps[++seen]);
        if (minute == 5)
            assert_int_equal(call(&w, RD_HTTP_DELETE, TEMPLATE, NULL), 409);
        later(&w, 60);
    }
    assert_string_equal(run_state(&w, "properties.lastRunStatus.runState"), "Succeeded");
    assert_int_equal(call(&w, RD_HTTP_GET, TEMPLATE "/runOutputs/out", NULL), 200);
    assert_string_equal(text(&w, "properties.artifactId"), IMAGE "/versions/1.0.1");
    assert_int_equal(call(&w, RD_HTTP_GET, IMAGE "/versions/1.0.1?$expand=ReplicationStatus", NULL),
                     200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    assert_string_equal(text(&w, "properties.replicationStatus.aggregatedState"), "Completed");
    assert_string_equal(text(&w, "properties.replicationStatus.summary.1.region"), "North Europe");
    world_close(&w);
}

#define VM COMPUTE "/virtualMachines/vm1"
#define VM_BODY                                                                                    \
    "{'location':'westeurope','properties':{'hardwareProfile':{'vmSize':'Standard_DC4as_v5'},"     \
    "'storageProfile':{'imageReference':{'id':'" IMAGE "'},'osDisk':{'createOption':'FromImage',"  \
    "'managedDisk':{'securityProfile':{'securityEncryptionType':'VMGuestStateOnly'}}}},"           \
    "'osProfile':{'computerName':'vm1','adminUsername':'keeper','adminPassword':"                  \
    "'Aa0!aaaaaaaaaaaa'},'securityProfile':{'securityType':'ConfidentialVM','uefiSettings':{"      \
    "'vTpmEnabled':true}},'networkProfile':{'networkInterfaces':[{'id':'" NIC("nic1") "'}]}}}"

static void latest_is_the_newest_version_that_was_promoted(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make_template(&w, TEMPLATE_BODY(HOME));
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    later(&w, 6 * 3600);
    assert_string_equal(run_state(&w, "properties.source.exactVersion"), "26200.7462.261015");
    assert_int_equal(call(&w, RD_HTTP_PUT, VM, VM_BODY), 404);
    assert_string_equal(text(&w, "error.code"), "ImageVersionNotFound");
    assert_int_equal(call(&w, RD_HTTP_PATCH, IMAGE "/versions/1.0.1",
                          "{'properties':{'publishingProfile':{'excludeFromLatest':false}}}"),
                     200);
    later(&w, 120);
    make(&w, VM, VM_BODY);
    assert_string_equal(text(&w, "properties.storageProfile.imageReference.exactVersion"), "1.0.1");
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    later(&w, 6 * 3600);
    assert_int_equal(call(&w, RD_HTTP_GET, IMAGE "/versions/1.0.2", NULL), 200);
    world_close(&w);
}

static void a_template_is_not_changed_in_place(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_template(&w, TEMPLATE_BODY(HOME));
    assert_in_range(call(&w, RD_HTTP_PUT, TEMPLATE, TEMPLATE_BODY(HOME)), 200, 201);
    later(&w, 60);
    assert_int_equal(call(&w, RD_HTTP_PUT, TEMPLATE, TEMPLATE_BODY(BOTH)), 409);
    assert_string_equal(text(&w, "error.code"), "Conflict");
    world_close(&w);
}

static void a_patch_of_a_template_changes_where_images_go_and_not_what_is_in_them(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_template(&w, TEMPLATE_BODY(HOME));
    assert_in_range(call(&w, RD_HTTP_PATCH, TEMPLATE,
                         "{'properties':{'distribute':[{'type':'SharedImage','runOutputName':"
                         "'new','galleryImageId':'" IMAGE "','targetRegions':[" BOTH "]}]}}"),
                    200, 202);
    later(&w, 60);
    assert_string_equal(run_state(&w, "properties.distribute.0.runOutputName"), "new");
    assert_string_equal(text(&w, "properties.source.exactVersion"), "26200.7462.261015");
    assert_int_equal(call(&w, RD_HTTP_PATCH, TEMPLATE, "{'properties':{'distribute':[]}}"), 400);
    assert_int_equal(call(&w, RD_HTTP_PATCH, TEMPLATE, "{'properties':{'customize':[]}}"), 409);
    assert_string_equal(text(&w, "error.code"), "Conflict");
    world_close(&w);
}

static void an_identity_without_rights_fails_the_template(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_gallery(&w);
    make(&w, IDENTITY, "{'location':'westeurope'}");
    assert_int_equal(call(&w, RD_HTTP_PUT, TEMPLATE, TEMPLATE_BODY(HOME)), 201);
    const char *poll =
        rd_arena_str(w.arena, rd_http_headers_get(&w.reply.headers, "Azure-AsyncOperation")).p;
    later(&w, 600);
    assert_int_equal(call(&w, RD_HTTP_GET, poll, NULL), 200);
    assert_string_equal(text(&w, "status"), "Failed");
    assert_non_null(strstr(text(&w, "error.message"), "Not authorized to access the resource"));
    assert_string_equal(run_state(&w, "properties.provisioningState"), "Failed");
    world_close(&w);
}

static void faults_end_a_run_with_azures_texts(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_template(&w, TEMPLATE_BODY(BOTH));
    fault(&w, "image-build:times=1");
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    later(&w, 6 * 3600);
    assert_string_equal(run_state(&w, "properties.lastRunStatus.runState"), "Failed");
    assert_non_null(strstr(text(&w, "properties.lastRunStatus.message"),
                           "Packer build command has failed: exit status 1"));
    fault(&w, "replication:region=northeurope");
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    later(&w, 6 * 3600);
    assert_string_equal(run_state(&w, "properties.lastRunStatus.runState"), "PartiallySucceeded");
    assert_int_equal(call(&w, RD_HTTP_GET, IMAGE "/versions/1.0.1?$expand=ReplicationStatus", NULL),
                     200);
    assert_string_equal(text(&w, "properties.replicationStatus.summary.0.state"), "Completed");
    assert_string_equal(text(&w, "properties.replicationStatus.summary.1.state"), "Failed");
    world_close(&w);
}

/* The account of the template's staging group, by its blobs' address. */
static struct rd_str log_root(struct world *w)
{
    struct rd_str group = rd_arena_printf(w->arena, "%s/resources",
                                          run_state(w, "properties.exactStagingResourceGroup"));
    assert_int_equal(call(w, RD_HTTP_GET, group.p, NULL), 200);
    const char *account = text(w, "value.0.id");
    assert_int_equal(call(w, RD_HTTP_GET, account, NULL), 200);
    return rd_arena_printf(w->arena, "%s", text(w, "properties.primaryEndpoints.blob"));
}

static bool says(struct world *w, const char *part)
{
    return rd_str_find(w->reply.body, rd_str_from(part), 0) != RD_STR_NONE;
}

static void the_build_log_stands_where_the_failure_says(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_template(&w, TEMPLATE_BODY(HOME));
    struct rd_str root = log_root(&w);
    struct rd_str list = rd_arena_printf(w.arena, "%.*s?comp=list", RD_FMT(root));
    struct rd_str blobs =
        rd_arena_printf(w.arena, "%.*spackerlogs?restype=container&comp=list", RD_FMT(root));
    assert_int_equal(call(&w, RD_HTTP_GET, list.p, NULL), 200);
    assert_true(says(&w, "<Containers />"));
    assert_int_equal(call(&w, RD_HTTP_GET, blobs.p, NULL), 404);
    assert_true(says(&w, "<Code>ContainerNotFound</Code>"));
    fault(&w, "image-build:step=none-of-it");
    fault(&w, "image-build");
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    later(&w, 4 * 3600);
    struct rd_str message = rd_str_from(run_state(&w, "properties.lastRunStatus.message"));
    size_t at =
        rd_str_find(message, RD_STR("https://"), rd_str_find(message, RD_STR("location"), 0));
    size_t end = rd_str_find(message, RD_STR(".log"), at) + 4;
    struct rd_str url = rd_arena_str(w.arena, rd_str_sub(message, at, end));
    assert_true(rd_str_has_prefix(url, root));
    assert_int_equal(call(&w, RD_HTTP_GET, url.p, NULL), 200);
    assert_true(says(&w, "] PACKER OUT ==> azure-arm: Provisioning with powershell: apps"));
    assert_true(says(&w, "] PACKER ERR Build 'azure-arm' errored"));
    size_t size = w.reply.body.n;
    assert_int_equal(call(&w, RD_HTTP_HEAD, url.p, NULL), 200);
    struct rd_str told = rd_http_headers_get(&w.reply.headers, "Content-Length");
    assert_int_equal(w.reply.body.n, 0);
    assert_true(rd_str_eq(told, rd_arena_printf(w.arena, "%zu", size)));
    assert_int_equal(call_unknown(&w, RD_HTTP_GET, url.p), 401);
    assert_true(says(&w, "<Code>NoAuthenticationInformation</Code>"));
    struct rd_str signed_url = rd_arena_printf(w.arena, "%.*s?sv=2021&sig=x", RD_FMT(url));
    assert_int_equal(call_unknown(&w, RD_HTTP_GET, signed_url.p), 403);
    assert_int_equal(call(&w, RD_HTTP_GET, blobs.p, NULL), 200);
    assert_true(says(&w, "/customization.log</Name>"));
    assert_int_equal(call(&w, RD_HTTP_PUT, url.p, "{}"), 405);
    world_close(&w);
}

static void a_build_fails_in_the_step_that_the_fault_names(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_template(&w, TEMPLATE_BODY(HOME));
    struct rd_str root = log_root(&w);
    fault(&w, "image-build:step=APPS,times=1");
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    later(&w, 4 * 3600);
    struct rd_str message = rd_str_from(run_state(&w, "properties.lastRunStatus.message"));
    size_t at = rd_str_find(message, root, 0);
    size_t end = rd_str_find(message, RD_STR(".log"), at) + 4;
    assert_int_equal(
        call(&w, RD_HTTP_GET, rd_arena_str(w.arena, rd_str_sub(message, at, end)).p, NULL), 200);
    assert_true(says(&w, "Provisioning with powershell: apps"));
    assert_false(says(&w, "(telemetry) ending powershell"));
    assert_false(says(&w, "updates"));
    assert_true(says(&w, "] PACKER ERR Build 'azure-arm' errored"));
    world_close(&w);
}

static void a_build_in_a_subnet_needs_its_link_policies_off(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make_gallery(&w);
    make(&w, IDENTITY, "{'location':'westeurope'}");
    grant(&w, GALLERY, CONTRIBUTOR, text(&w, "properties.principalId"), ROLE_GUID);
#define SUBNET GROUP "/providers/Microsoft.Network/virtualNetworks/vnet/subnets/hosts"
#define IN_SUBNET "'vmProfile':{'vnetConfig':{'subnetId':'" SUBNET "'}},'source':"
    struct rd_str body = rd_str_from(TEMPLATE_BODY(HOME));
    size_t at = rd_str_find(body, RD_STR("'source':"), 0);
    struct rd_str text_of = rd_arena_printf(w.arena, "%.*s" IN_SUBNET "%.*s", (int)at, body.p,
                                            (int)(body.n - at - 9), body.p + at + 9);
    make(&w, TEMPLATE, text_of.p);
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    later(&w, 3600);
    assert_string_equal(run_state(&w, "properties.lastRunStatus.runState"), "Failed");
    assert_non_null(strstr(text(&w, "properties.lastRunStatus.message"),
                           "private link service network policies"));
    assert_in_range(call(&w, RD_HTTP_PUT, SUBNET,
                         "{'properties':{'addressPrefix':'10.0.1.0/24',"
                         "'privateLinkServiceNetworkPolicies':'Disabled'}}"),
                    200, 201);
    later(&w, 600);
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    later(&w, 6 * 3600);
    assert_string_equal(run_state(&w, "properties.lastRunStatus.runState"), "Succeeded");
    world_close(&w);
}

static void a_cancelled_run_leaves_no_version(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_template(&w, TEMPLATE_BODY(HOME));
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/cancel", NULL), 409);
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/run", NULL), 202);
    later(&w, 60);
    assert_int_equal(call(&w, RD_HTTP_POST, TEMPLATE "/cancel", NULL), 202);
    assert_string_equal(run_state(&w, "properties.lastRunStatus.runState"), "Canceling");
    later(&w, 600);
    assert_string_equal(run_state(&w, "properties.lastRunStatus.runState"), "Canceled");
    later(&w, 6 * 3600);
    assert_int_equal(call(&w, RD_HTTP_GET, IMAGE "/versions/1.0.1", NULL), 404);
    world_close(&w);
}

static void templates_that_azure_refuses_are_refused(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_gallery(&w);
    make(&w, IDENTITY, "{'location':'westeurope'}");
    /* One region must be the gallery's own. */
    assert_int_equal(call(&w, RD_HTTP_PUT, TEMPLATE, TEMPLATE_BODY("{'name':'northeurope'}")), 400);
    assert_string_equal(text(&w, "error.code"), "ValidationFailed");
    assert_int_equal(call(&w, RD_HTTP_PUT, TEMPLATE, TEMPLATE_BODY("{'name':'atlantis'}")), 400);
    assert_int_equal(call(&w, RD_HTTP_GET, TEMPLATE, NULL), 404);
    world_close(&w);
}

static void a_parent_is_deletable_only_some_time_after_its_child_has_gone(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_gallery(&w);
    assert_int_equal(call(&w, RD_HTTP_DELETE, GALLERY, NULL), 409);
    assert_int_equal(call(&w, RD_HTTP_DELETE, IMAGE, NULL), 202);
    int status = 0;
    for (int i = 0; i < 60 && status != 404; i++) {
        later(&w, 1);
        status = call(&w, RD_HTTP_GET, IMAGE, NULL);
    }
    assert_int_equal(status, 404);
    assert_int_equal(call(&w, RD_HTTP_DELETE, GALLERY, NULL), 409);
    assert_string_equal(text(&w, "error.code"), "CannotDeleteResource");
    later(&w, 30);
    assert_int_equal(call(&w, RD_HTTP_DELETE, GALLERY, NULL), 202);
    world_close(&w);
}

static void what_names_a_definition_is_unique_and_fixed(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_gallery(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, GALLERY "/images/two", IMAGE_BODY), 409);
    assert_int_equal(
        call(&w, RD_HTTP_PUT, IMAGE,
             "{'location':'westeurope','properties':{'osType':'Windows','osState':'Generalized',"
             "'hyperVGeneration':'V1','identifier':{'publisher':'p','offer':'o','sku':'s'}}}"),
        409);
    assert_string_equal(text(&w, "error.code"), "PropertyChangeNotAllowed");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_goes_through_its_steps_and_makes_a_version),
        cmocka_unit_test(latest_is_the_newest_version_that_was_promoted),
        cmocka_unit_test(a_template_is_not_changed_in_place),
        cmocka_unit_test(a_patch_of_a_template_changes_where_images_go_and_not_what_is_in_them),
        cmocka_unit_test(an_identity_without_rights_fails_the_template),
        cmocka_unit_test(faults_end_a_run_with_azures_texts),
        cmocka_unit_test(a_build_fails_in_the_step_that_the_fault_names),
        cmocka_unit_test(a_build_in_a_subnet_needs_its_link_policies_off),
        cmocka_unit_test(a_cancelled_run_leaves_no_version),
        cmocka_unit_test(templates_that_azure_refuses_are_refused),
        cmocka_unit_test(the_build_log_stands_where_the_failure_says),
        cmocka_unit_test(a_parent_is_deletable_only_some_time_after_its_child_has_gone),
        cmocka_unit_test(what_names_a_definition_is_unique_and_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
