/* SPDX-License-Identifier: Apache-2.0 */

/* What goes through several providers: a key down to a booting machine, a token to a session host.
 */
#include "world.h"

#include "crypto/hash.h"

#define HSM_HOST "https://hsm-one.managedhsm.azure.net"
#define DES COMPUTE "/diskEncryptionSets/des"
#define VM COMPUTE "/virtualMachines/vm1"
#define POOL GROUP "/providers/Microsoft.DesktopVirtualization/hostPools/pool"
#define ROLE(guid) HSM_HOST "/keys/k/providers/Microsoft.Authorization/roleAssignments/" guid
#define WRAP_ROLE "33413926-3206-4cdd-b39a-83574fe37a17"
#define RELEASE_ROLE "21dbd100-6940-42c2-9190-5d6cb909625c"

static const char *make_key(struct world *w)
{
    make(w, HSM,
         "{'location':'westeurope','sku':{'family':'B','name':'Standard_B1'},'properties':{"
         "'tenantId':'22222222-2222-2222-2222-222222222222','initialAdminObjectIds':["
         "'33333333-3333-3333-3333-333333333333'],'enablePurgeProtection':true}}");
    let_use_hsm(w, HSM_HOST);
    struct rd_str data = rd_base64(
        w->arena, RD_STR("{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":"
                         "\"https://sharedweu.weu.attest.azure.net/\",\"allOf\":[{\"claim\":"
                         "\"x-ms-compliance-status\",\"equals\":\"azure-compliant-cvm\"}]}]}"));
    struct rd_str body = rd_arena_printf(w->arena,
                                         "{'kty':'RSA-HSM','key_size':3072,'attributes':{"
                                         "'exportable':true},'release_policy':{'data':'%.*s'}}",
                                         RD_FMT(data));
    assert_int_equal(call(w, RD_HTTP_POST, HSM_HOST "/keys/k/create", body.p), 200);
    return text(w, "key.kid");
}

static void grant_key(struct world *w, const char *role, const char *principal, const char *path)
{
    struct rd_str body = rd_arena_printf(
        w->arena,
        "{'properties':{'roleDefinitionId':'Microsoft.KeyVault/providers/Microsoft.Authorization/"
        "roleDefinitions/%s','principalId':'%s'}}",
        role, principal);
    assert_int_equal(call(w, RD_HTTP_PUT, path, body.p), 201);
    later(w, 600);
}

static void make_set(struct world *w, bool grants_wrap)
{
    const char *kid = make_key(w);
    struct rd_str body = rd_arena_printf(
        w->arena,
        "{'location':'westeurope','identity':{'type':'SystemAssigned'},'properties':{"
        "'encryptionType':'ConfidentialVmEncryptedWithCustomerKey','activeKey':{'keyUrl':'%s'}}}",
        kid);
    make(w, DES, body.p);
    if (grants_wrap)
        grant_key(w, WRAP_ROLE, text(w, "identity.principalId"),
                  ROLE("44444444-4444-4444-4444-444444444444"));
}

#define VM_BODY(encryption)                                                                        \
    "{'location':'westeurope','identity':{'type':'SystemAssigned'},'properties':{"                 \
    "'hardwareProfile':{'vmSize':'Standard_DC4as_v5'},'storageProfile':{'imageReference':{"        \
    "'publisher':'microsoftwindowsdesktop','offer':'office-365','sku':'win11-25h2-avd-m365',"      \
    "'version':'latest'},'osDisk':{'createOption':'FromImage','managedDisk':{'securityProfile':{"  \
    "'securityEncryptionType':'DiskWithVMGuestState'" encryption "}}}},'osProfile':{"              \
    "'computerName':'vm1','adminUsername':'keeper','adminPassword':'Aa0!aaaaaaaaaaaa'},"           \
    "'securityProfile':{'securityType':'ConfidentialVM','uefiSettings':{'secureBootEnabled':true," \
    "'vTpmEnabled':true}},'networkProfile':{'networkInterfaces':[{'id':'" NIC("nic1") "'}]}}}"
#define CMK ",'diskEncryptionSet':{'id':'" DES "'}"

static const char *power(struct world *w)
{
    assert_int_equal(call(w, RD_HTTP_GET, VM "/instanceView", NULL), 200);
    return text(w, "statuses.1.code");
}

static void a_machine_fails_when_its_set_may_not_use_the_key(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make_set(&w, false);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM, VM_BODY(CMK)), 201);
    const char *poll =
        rd_arena_str(w.arena, rd_http_headers_get(&w.reply.headers, "Azure-AsyncOperation")).p;
    later(&w, 3600);
    assert_int_equal(call(&w, RD_HTTP_GET, poll, NULL), 200);
    assert_string_equal(text(&w, "error.code"), "KeyVaultAccessForbidden");
    assert_non_null(strstr(text(&w, "error.message"),
                           "Please grant get, wrap and unwrap key permissions to disk encryption "
                           "set 'des'"));
    world_close(&w);
}

/* Everything says Succeeded and the machine stays off: what people meet first (lessons B1.1). */
static void a_machine_boots_only_when_the_orchestrator_may_release_the_key(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make_set(&w, true);
    make(&w, VM, VM_BODY(CMK));
    assert_string_equal(power(&w), "PowerState/stopped");
    assert_int_equal(call(&w, RD_HTTP_GET,
                          "https://graph.microsoft.com/v1.0/servicePrincipals(appId="
                          "'bf7b6499-ff71-4aa2-97a4-f372087be7f0')",
                          NULL),
                     404);
    assert_int_equal(call(&w, RD_HTTP_POST, "https://graph.microsoft.com/v1.0/servicePrincipals",
                          "{'appId':'bf7b6499-ff71-4aa2-97a4-f372087be7f0'}"),
                     201);
    grant_key(&w, RELEASE_ROLE, text(&w, "id"), ROLE("55555555-5555-5555-5555-555555555555"));
    assert_int_equal(call(&w, RD_HTTP_POST, VM "/start", NULL), 202);
    later(&w, 300);
    assert_string_equal(power(&w), "PowerState/running");
    assert_int_equal(call(&w, RD_HTTP_DELETE, DES, NULL), 409); /* in use */
    assert_int_equal(call(&w, RD_HTTP_GET, DES "/associatedResources", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 1);
    world_close(&w);
}

static void a_machine_with_platform_keys_needs_no_grant(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    make(&w, VM, VM_BODY(""));
    assert_string_equal(power(&w), "PowerState/running");
    world_close(&w);
}

static const char *pool_token(struct world *w)
{
    assert_in_range(
        call(w, RD_HTTP_PUT, POOL "?api-version=2023-09-05",
             "{'location':'westeurope','properties':{'hostPoolType':'Personal',"
             "'personalDesktopAssignmentType':'Automatic','loadBalancerType':'Persistent',"
             "'preferredAppGroupType':'Desktop','registrationInfo':{'expirationTime':"
             "'2026-09-22T12:00:00Z','registrationTokenOperation':'Update'}}}"),
        200, 201);
    assert_int_equal(
        call(w, RD_HTTP_POST, POOL "/listRegistrationTokens?api-version=2023-09-05", NULL), 200);
    return text(w, "value.0.token");
}

static const char *dsc(struct world *w, const char *token)
{
    return rd_arena_printf(
               w->arena,
               "{'location':'westeurope','properties':{'publisher':'Microsoft.Powershell','type':"
               "'DSC','typeHandlerVersion':'2.83','settings':{'configurationFunction':"
               "'Configuration.ps1\\\\AddSessionHost','properties':{'hostPoolName':'pool',"
               "'aadJoin':true}},'protectedSettings':{'Items':{'RegistrationInfoToken':'%s'}}}}",
               token)
        .p;
}

static void the_extension_registers_the_machine_as_a_session_host(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_network(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM, VM_BODY("")), 201);
    later(&w, 900);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM "/extensions/dsc", dsc(&w, "no.such.token")), 201);
    later(&w, 900);
    assert_int_equal(call(&w, RD_HTTP_GET, VM "/extensions/dsc", NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Failed");
    const char *token = pool_token(&w);
    assert_true(strlen(token) > 20);
    assert_int_equal(call(&w, RD_HTTP_PUT, VM "/extensions/dsc", dsc(&w, token)), 200);
    later(&w, 1800);
    assert_int_equal(call(&w, RD_HTTP_GET, VM "/extensions/dsc", NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    assert_int_equal(call(&w, RD_HTTP_GET, POOL "/sessionHosts/vm1?api-version=2023-09-05", NULL),
                     200);
    assert_string_equal(text(&w, "properties.resourceId"), VM);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_fails_when_its_set_may_not_use_the_key),
        cmocka_unit_test(a_machine_boots_only_when_the_orchestrator_may_release_the_key),
        cmocka_unit_test(a_machine_with_platform_keys_needs_no_grant),
        cmocka_unit_test(the_extension_registers_the_machine_as_a_session_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
