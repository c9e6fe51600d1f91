/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded.h"

#include "crypto/hash.h"

#define TENANT "22222222-2222-2222-2222-222222222222"
#define VAULT_HOST "https://kv-one.vault.azure.net"
#define HSM_HOST "https://hsm-one.managedhsm.azure.net"
#define DES COMPUTE "/diskEncryptionSets/des-000004"
#define SENT_VAULT                                                                                 \
    "{'location':'westus','properties':{'tenantId':'" TENANT                                       \
    "','sku':{'family':'A','name':'Premium'},'accessPolicies':[{'tenantId':'" TENANT               \
    "','objectId':'52a2fda8-c59f-4bde-8c4d-48ffa466fefc','permissions':{'keys':['all'],"           \
    "'secrets':['all'],'certificates':['all'],'storage':['all']}}],'enableSoftDelete':true,"       \
    "'softDeleteRetentionInDays':7,'enableRbacAuthorization':false,"                               \
    "'enablePurgeProtection':true,'networkAcls':{'bypass':'AzureServices',"                        \
    "'defaultAction':'Allow'}}}"
/* As the client wrote it: spaces, and the version behind anyOf. */
#define SENT_POLICY                                                                                \
    "{\"anyOf\": [{\"authority\": \"https://sharedeus.eus.attest.azure.net/\", \"allOf\": "        \
    "[{\"claim\": \"x-ms-sgx-is-debuggable\", \"equals\": \"false\"}]}], \"version\": \"1.0.0\"}"

static const char *sent_key(struct world *w, const char *kind)
{
    struct rd_str data = rd_base64(w->arena, rd_str_from(SENT_POLICY));
    return rd_arena_printf(w->arena,
                           "{%s,'attributes':{'enabled':true,'exportable':true},"
                           "'release_policy':{'data':'%.*s'}}",
                           kind, RD_FMT(data))
        .p;
}

/* Recording of test_confidential_disk_encryption_set. */
static void a_vault_that_is_absent_is_named_with_its_group(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(call(&w, RD_HTTP_GET, VAULT "?api-version=2023-02-01", NULL), 404);
    assert_string_equal(header(&w, "x-ms-failure-cause"), "gateway");
    assert_string_equal(header(&w, "cache-control"), "no-cache");
    assert_string_equal(header(&w, "x-content-type-options"), "nosniff");
    assert_string_equal(members(&w, ""), "error");
    assert_string_equal(members(&w, "error"), "code,message");
    assert_string_equal(text(&w, "error.code"), "ResourceNotFound");
    assert_string_equal(text(&w, "error.message"),
                        "The Resource 'Microsoft.KeyVault/vaults/kv-one' under resource group 'rg' "
                        "was not found. For more details please go to "
                        "https://aka.ms/ARMResourceNotFoundFix");
    world_close(&w);
}

static void check_vault_members(struct world *w)
{
    assert_string_equal(members_served(w, ""), "id,name,type,location,tags,systemData,properties");
    assert_string_equal(members(w, "systemData"),
                        "createdAt,createdBy,createdByType,lastModifiedAt,lastModifiedBy,"
                        "lastModifiedByType");
    assert_string_equal(members_served(w, "properties"),
                        "sku,tenantId,accessPolicies,enabledForDeployment,enableSoftDelete,"
                        "softDeleteRetentionInDays,enableRbacAuthorization,enablePurgeProtection,"
                        "vaultUri,provisioningState,publicNetworkAccess");
    assert_string_equal(text(w, "id"), VAULT);
    assert_string_equal(text(w, "type"), "Microsoft.KeyVault/vaults");
    assert_true(rd_json_is(value_at(w, "tags"), RD_JSON_OBJECT));
    assert_int_equal(rd_json_count(value_at(w, "tags")), 0);
    assert_string_equal(text(w, "properties.sku.name"), "Premium");
    assert_string_equal(text(w, "properties.publicNetworkAccess"), "Enabled");
    assert_true(rd_json_is(value_at(w, "properties.enabledForDeployment"), RD_JSON_BOOL));
    assert_form(text(w, "systemData.createdAt"), "^20..-..-..T..:..:..\\.[0-9]{3}Z$");
}

/* The same recording: 200 also for a new one, no asynchronous header, the URI without its slash. */
static void a_new_vault_is_polled_by_its_own_state(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, VAULT "?api-version=2023-02-01", SENT_VAULT), 200);
    assert_string_equal(header(&w, "azure-asyncoperation"), "");
    assert_string_equal(header(&w, "location"), "");
    assert_form(header(&w, "x-ms-keyvault-service-version"), "^1\\.5\\.[0-9.]+$");
    assert_string_equal(header(&w, "x-aspnet-version"), "4.0.30319");
    assert_form(header(&w, "x-ms-ratelimit-remaining-subscription-writes"), "^[0-9]+$");
    assert_form(header(&w, "x-ms-ratelimit-remaining-subscription-global-writes"), "^[0-9]+$");
    check_vault_members(&w);
    assert_string_equal(text(&w, "properties.vaultUri"), VAULT_HOST);
    assert_string_equal(text(&w, "properties.provisioningState"), "RegisteringDns");
    assert_int_equal(call(&w, RD_HTTP_GET, VAULT "?api-version=2023-02-01", NULL), 200);
    check_vault_members(&w);
    assert_string_equal(text(&w, "properties.vaultUri"), VAULT_HOST "/");
    assert_string_equal(text(&w, "properties.provisioningState"), "RegisteringDns");
    later(&w, 60);
    assert_int_equal(call(&w, RD_HTTP_GET, VAULT "?api-version=2023-02-01", NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    world_close(&w);
}

static void both_key_stores_challenge_a_request_without_token_each_in_its_way(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make(&w, VAULT, SENT_VAULT);
    assert_int_equal(call_unknown(&w, RD_HTTP_POST,
                                  VAULT_HOST "/keys/key-000003/create?api-version=7.5-preview.1"),
                     401);
    assert_string_equal(header(&w, "www-authenticate"),
                        "Bearer authorization=\"https://login.microsoftonline.com/" TENANT
                        "\", resource=\"https://vault.azure.net\"");
    assert_string_equal(header(&w, "x-ms-keyvault-region"), "westus");
    assert_form(header(&w, "x-ms-keyvault-service-version"), "^1\\.9\\.[0-9.]+$");
    assert_string_equal(members(&w, "error"), "code,message");
    assert_string_equal(text(&w, "error.code"), "Unauthorized");
    assert_string_equal(text(&w, "error.message"),
                        "AKV10000: Request is missing a Bearer or PoP token.");
    /* test_keyvault_hsm_key_release_policy */
    make(&w, HSM,
         "{'location':'eastus','sku':{'family':'B','name':'Standard_B1'},'properties':{"
         "'tenantId':'" TENANT "','initialAdminObjectIds':["
         "'33333333-3333-3333-3333-333333333333']}}");
    assert_int_equal(
        call_unknown(&w, RD_HTTP_POST, HSM_HOST "/keys/skr1-000001/create?api-version=7.3"), 401);
    assert_string_equal(header(&w, "www-authenticate"),
                        "Bearer authorization=\"https://login.microsoftonline.com/" TENANT
                        "\", resource=\"https://managedhsm.azure.net\"");
    assert_string_equal(header(&w, "content-security-policy"), "default-src 'self'");
    assert_string_equal(header(&w, "x-frame-options"), "SAMEORIGIN");
    assert_form(header(&w, "x-ms-server-latency"), "^[0-9]+$");
    assert_int_equal(w.reply.body.n, 0);
    world_close(&w);
}

/* The key's creation is the last reply, here and below. */
static void make_vault_key(struct world *w)
{
    make(w, VAULT, SENT_VAULT);
    assert_int_equal(
        call(w, RD_HTTP_POST, VAULT_HOST "/keys/key-000003/create?api-version=7.5-preview.1",
             sent_key(w, "'kty':'RSA-HSM','key_size':3072,'key_ops':['wrapKey','unwrapKey']")),
        200);
}

static void a_vault_writes_a_release_policy_version_first(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_vault_key(&w);
    assert_string_equal(header(&w, "x-ms-keyvault-region"), "westus");
    assert_string_equal(members_served(&w, ""), "key,attributes,release_policy");
    assert_string_equal(members_served(&w, "key"), "kid,kty,key_ops,n,e");
    assert_string_equal(members(&w, "attributes"),
                        "created,enabled,exportable,hsmPlatform,recoverableDays,recoveryLevel,"
                        "updated");
    assert_string_equal(members_served(&w, "release_policy"), "contentType,data,immutable");
    assert_form(text(&w, "key.kid"), "^" VAULT_HOST "/keys/key-000003/[0-9a-f]{32}$");
    assert_string_equal(text(&w, "key.e"), "AQAB");
    assert_string_equal(text(&w, "attributes.recoveryLevel"), "CustomizedRecoverable");
    assert_int_equal(rd_json_int(value_at(&w, "attributes.recoverableDays"), 0), 7);
    assert_true(rd_json_is(value_at(&w, "attributes.created"), RD_JSON_INT));
    assert_string_equal(text(&w, "attributes.hsmPlatform"), "2");
    assert_string_equal(text(&w, "release_policy.contentType"), "application/json; charset=utf-8");
    assert_true(rd_json_is(value_at(&w, "release_policy.immutable"), RD_JSON_BOOL));
    assert_null(strchr(text(&w, "release_policy.data"), '='));
    assert_string_equal(decoded(&w, "release_policy.data"),
                        "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":"
                        "\"https://sharedeus.eus.attest.azure.net/\",\"allOf\":[{\"claim\":"
                        "\"x-ms-sgx-is-debuggable\",\"equals\":\"false\"}]}]}");
    world_close(&w);
}

/* Recording of test_keyvault_hsm_key_release_policy: members in alphabetical order throughout. */
static void check_hsm_key(struct world *w, const char *name, bool is_immutable)
{
    assert_string_equal(members_served(w, "attributes"),
                        "created,enabled,exportable,recoverableDays,recoveryLevel,updated");
    assert_string_equal(members_served(w, "key"), "crv,key_ops,kid,kty,x,y");
    assert_string_equal(members_served(w, "release_policy"), "contentType,data,immutable");
    assert_string_equal(text(w, "attributes.recoveryLevel"), "Recoverable+Purgeable");
    assert_int_equal(rd_json_int(value_at(w, "attributes.recoverableDays"), 0), 90);
    assert_string_equal(text(w, "key.crv"), "P-256");
    assert_string_equal(text(w, "key.kty"), "EC-HSM");
    assert_string_equal(text(w, "key.key_ops.0"), "verify");
    assert_string_equal(text(w, "key.key_ops.1"), "sign");
    assert_form(text(w, "key.kid"), filled(w, "^" HSM_HOST "/keys/{}/[0-9a-f]{32}$", name));
    assert_form(text(w, "key.x"), "^[A-Za-z0-9_-]{43}$");
    assert_form(text(w, "key.y"), "^[A-Za-z0-9_-]{43}$");
    assert_true(rd_json_is_true(value_at(w, "release_policy.immutable")) == is_immutable);
}

static void make_hsm_key(struct world *w)
{
    make(w, HSM,
         "{'location':'eastus','sku':{'family':'B','name':'Standard_B1'},'properties':{"
         "'tenantId':'" TENANT "','initialAdminObjectIds':["
         "'33333333-3333-3333-3333-333333333333'],'softDeleteRetentionInDays':90}}");
    let_use_hsm(w, HSM_HOST);
    assert_int_equal(call(w, RD_HTTP_POST, HSM_HOST "/keys/skr1-000001/create?api-version=7.3",
                          sent_key(w, "'kty':'EC-HSM'")),
                     200);
}

static void an_hsm_writes_members_in_the_order_of_the_alphabet(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_hsm_key(&w);
    assert_string_equal(header(&w, "x-ms-keyvault-region"), "eastus");
    assert_form(header(&w, "x-ms-keyvault-network-info"), "^conn_type=Ipv4;addr=[0-9.]+;");
    assert_form(header(&w, "x-ms-server-latency"), "^[0-9]+$");
    assert_string_equal(members_served(&w, ""), "attributes,key,release_policy");
    check_hsm_key(&w, "skr1-000001", false);
    assert_string_equal(text(&w, "release_policy.data"),
                        "eyJhbnlPZiI6W3siYWxsT2YiOlt7ImNsYWltIjoieC1tcy1zZ3gtaXMtZGVidWdnYWJsZSIsIm"
                        "VxdWFscyI6ImZhbHNlIn1dLCJhdXRob3JpdHkiOiJodHRwczovL3NoYXJlZGV1cy5ldXMuYXR0"
                        "ZXN0LmF6dXJlLm5ldC8ifV0sInZlcnNpb24iOiIxLjAuMCJ9");
    /* An empty version, "/" at the end of the path: the current one. */
    struct rd_str data = rd_base64(w.arena, rd_str_from(SENT_POLICY));
    const char *patch =
        rd_arena_printf(w.arena, "{'release_policy':{'immutable':true,'data':'%.*s'}}",
                        RD_FMT(data))
            .p;
    later(&w, 5);
    assert_int_equal(call(&w, RD_HTTP_PATCH, HSM_HOST "/keys/skr1-000001/?api-version=7.3", patch),
                     200);
    check_hsm_key(&w, "skr1-000001", true);
    assert_int_equal(rd_json_int(value_at(&w, "attributes.updated"), 0) -
                         rd_json_int(value_at(&w, "attributes.created"), 0),
                     5);
    world_close(&w);
}

static void an_hsm_of_version_7_0_shows_a_release_policy_as_it_was_written_then(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_hsm_key(&w);
    assert_int_equal(call(&w, RD_HTTP_DELETE, HSM_HOST "/keys/skr1-000001?api-version=7.0", NULL),
                     200);
    assert_non_null(strstr(body_text(&w),
                           "\"release_policy\":{\"anyOf\":[{\"allOf\":[{\"claim\":"
                           "\"x-ms-sgx-is-debuggable\",\"condition\":\"equals\",\"value\":"
                           "\"false\"}],\"authority\":\"https://sharedeus.eus.attest.azure.net/"
                           "\"}],\"version\":\"0.2\"}"));
    /* The key itself is as it was. */
    assert_int_equal(
        call(&w, RD_HTTP_GET, HSM_HOST "/deletedkeys/skr1-000001?api-version=7.3", NULL), 200);
    assert_string_equal(members_served(&w, "release_policy"), "contentType,data,immutable");
    world_close(&w);
}

static void a_deleted_hsm_key_says_when_it_goes_for_good(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_hsm_key(&w);
    assert_int_equal(call(&w, RD_HTTP_GET, HSM_HOST "/keys?api-version=7.3", NULL), 200);
    assert_string_equal(members_served(&w, "value.0"), "attributes,kid");
    assert_string_equal(text(&w, "value.0.kid"), HSM_HOST "/keys/skr1-000001");
    assert_int_equal(call(&w, RD_HTTP_DELETE, HSM_HOST "/keys/skr1-000001?api-version=7.3", NULL),
                     200);
    assert_string_equal(members_served(&w, ""),
                        "attributes,deletedDate,key,recoveryId,release_policy,scheduledPurgeDate");
    check_hsm_key(&w, "skr1-000001", false);
    assert_string_equal(text(&w, "recoveryId"), HSM_HOST "/deletedkeys/skr1-000001");
    assert_int_equal(rd_json_int(value_at(&w, "scheduledPurgeDate"), 0) -
                         rd_json_int(value_at(&w, "deletedDate"), 0),
                     90 * 86400);
    assert_int_equal(
        call(&w, RD_HTTP_DELETE, HSM_HOST "/deletedkeys/skr1-000001?api-version=7.3", NULL), 204);
    assert_int_equal(w.reply.body.n, 0);
    world_close(&w);
}

/* Recording of test_confidential_disk_encryption_set. */
static void a_disk_encryption_set_is_whole_only_in_its_finished_operation(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_vault_key(&w);
    const char *sent = filled(&w,
                              "{'identity':{'type':'SystemAssigned'},'location':'westus',"
                              "'properties':{'activeKey':{'keyUrl':'{}'},'encryptionType':"
                              "'ConfidentialVmEncryptedWithCustomerKey'}}",
                              text(&w, "key.kid"));
    /* No role was given: it succeeds all the same. */
    assert_int_equal(call(&w, RD_HTTP_PUT, DES "?api-version=2023-04-02", sent), 202);
    const char *async = header(&w, "azure-asyncoperation");
    const char *monitor = header(&w, "location");
    assert_form(async, "^https://management\\.azure\\.com" SUB
                       "/providers/Microsoft\\.Compute/locations/westus/DiskOperations/"
                       "[0-9a-f-]{36}\\?p=[0-9a-f-]{36}&api-version=2023-04-02&t=[0-9]{18}&c=");
    assert_form(monitor, "/DiskOperations/[0-9a-f-]{36}\\?p=[0-9a-f-]{36}&monitor=true&api-version="
                         "2023-04-02&t=");
    assert_string_equal(members_served(&w, ""), "location,identity,properties");
    assert_string_equal(members(&w, "identity"), "type");
    assert_string_equal(members_served(&w, "properties"),
                        "activeKey,encryptionType,provisioningState");
    assert_string_equal(text(&w, "properties.provisioningState"), "Updating");
    assert_non_null(strstr(body_text(&w), ",\r\n  \"identity\": {\r\n    \"type\""));
    later(&w, 60);
    assert_int_equal(call(&w, RD_HTTP_GET, async, NULL), 200);
    assert_form(
        header(&w, "x-ms-ratelimit-remaining-resource"),
        "^Microsoft\\.Compute/GetOperation3Min;[0-9]+,Microsoft\\.Compute/GetOperation30Min;"
        "[0-9]+$");
    assert_string_equal(members_served(&w, ""), "startTime,endTime,status,properties,name");
    assert_form(text(&w, "startTime"), "^20..-..-..T..:..:..\\.[0-9]{7}\\+00:00$");
    assert_form(text(&w, "endTime"), "^20..-..-..T..:..:..\\.[0-9]{7}\\+00:00$");
    assert_form(text(&w, "name"), "^[0-9a-f-]{36}$");
    assert_string_equal(members_served(&w, "properties.output"),
                        "name,id,type,location,identity,properties");
    assert_string_equal(members_served(&w, "properties.output.identity"),
                        "type,principalId,tenantId");
    assert_string_equal(text(&w, "properties.output.properties.provisioningState"), "Succeeded");
    assert_string_equal(text(&w, "properties.output.id"), DES);
    assert_int_equal(call(&w, RD_HTTP_GET, DES "?api-version=2023-04-02", NULL), 200);
    assert_form(header(&w, "x-ms-ratelimit-remaining-resource"),
                "^Microsoft\\.Compute/LowCostGet3Min;[0-9]+,Microsoft\\.Compute/LowCostGet30Min;"
                "[0-9]+$");
    assert_string_equal(members(&w, ""), "id,identity,location,name,properties,type");
    assert_string_equal(members(&w, "properties"), "activeKey,encryptionType,provisioningState");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vault_that_is_absent_is_named_with_its_group),
        cmocka_unit_test(a_new_vault_is_polled_by_its_own_state),
        cmocka_unit_test(both_key_stores_challenge_a_request_without_token_each_in_its_way),
        cmocka_unit_test(a_vault_writes_a_release_policy_version_first),
        cmocka_unit_test(an_hsm_writes_members_in_the_order_of_the_alphabet),
        cmocka_unit_test(an_hsm_of_version_7_0_shows_a_release_policy_as_it_was_written_then),
        cmocka_unit_test(a_deleted_hsm_key_says_when_it_goes_for_good),
        cmocka_unit_test(a_disk_encryption_set_is_whole_only_in_its_finished_operation),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
