/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "crypto/hash.h"

#define VAULT_HOST "https://kv-one.vault.azure.net"
#define HSM_HOST "https://hsm-one.managedhsm.azure.net"
#define VAULT_BODY                                                                                 \
    "{'location':'westeurope','properties':{'tenantId':'22222222-2222-2222-2222-222222222222',"    \
    "'sku':{'family':'A','name':'premium'},'enableRbacAuthorization':true,"                        \
    "'enablePurgeProtection':true,'softDeleteRetentionInDays':7}}"
#define HSM_BODY                                                                                   \
    "{'location':'westeurope','sku':{'family':'B','name':'Standard_B1'},'properties':{"            \
    "'tenantId':'22222222-2222-2222-2222-222222222222','initialAdminObjectIds':["                  \
    "'33333333-3333-3333-3333-333333333333'],'enablePurgeProtection':true}}"
#define DES COMPUTE "/diskEncryptionSets/des"
#define POLICY                                                                                     \
    "{\"anyOf\":[{\"anyOf\":[{\"claim\":\"x-ms-compliance-status\",\"equals\":"                    \
    "\"azure-compliant-cvm\"}],\"authority\":\"https://sharedweu.weu.attest.azure.net/\"}],"       \
    "\"version\":\"1.0.0\"}"

static const char *key_body(struct world *w, const char *policy)
{
    struct rd_str data = rd_base64(w->arena, rd_str_from(policy));
    return rd_arena_printf(w->arena,
                           "{'kty':'RSA-HSM','key_size':3072,'key_ops':['wrapKey','unwrapKey'],"
                           "'attributes':{'enabled':true,'exportable':true},"
                           "'release_policy':{'data':'%.*s'}}",
                           RD_FMT(data))
        .p;
}

static const char *policy_of_reply(struct world *w)
{
    struct rd_str out = {0};
    assert_true(
        rd_base64_decode(w->arena, rd_json_str(rd_json_at(&w->json, "release_policy.data")), &out));
    return rd_arena_str(w->arena, out).p;
}

/* Recorded: 200, without the slash, RegisteringDns. */
static void a_vault_is_polled_until_its_name_is_known(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, VAULT, VAULT_BODY), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "RegisteringDns");
    assert_string_equal(text(&w, "properties.vaultUri"), VAULT_HOST);
    later(&w, 120);
    assert_int_equal(call(&w, RD_HTTP_GET, VAULT, NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    assert_string_equal(text(&w, "properties.vaultUri"), VAULT_HOST "/");
    world_close(&w);
}

static void a_request_without_token_is_challenged_before_its_body_is_read(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make(&w, VAULT, VAULT_BODY);
    assert_int_equal(call_unknown(&w, RD_HTTP_POST, VAULT_HOST "/keys/k/create"), 401);
    assert_string_equal(text(&w, "error.message"),
                        "AKV10000: Request is missing a Bearer or PoP token.");
    assert_true(rd_str_find(rd_http_headers_get(&w.reply.headers, "www-authenticate"),
                            RD_STR("resource=\"https://vault.azure.net\""), 0) != RD_STR_NONE);
    assert_int_equal(call_unknown(&w, RD_HTTP_POST, HSM_HOST "/keys/k/create"), 401);
    assert_int_equal(w.reply.body.n, 0);
    world_close(&w);
}

static void secrets_are_listed_without_values(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make(&w, VAULT, VAULT_BODY);
    let_use_vaults(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, VAULT_HOST "/secrets/local-admin", "{'value':'hush'}"),
                     200);
    assert_int_equal(call(&w, RD_HTTP_GET, VAULT_HOST "/secrets/local-admin", NULL), 200);
    assert_string_equal(text(&w, "value"), "hush");
    assert_int_equal(call(&w, RD_HTTP_GET, VAULT_HOST "/secrets", NULL), 200);
    assert_string_equal(text(&w, "value.0.id"), VAULT_HOST "/secrets/local-admin");
    assert_null(strstr(rd_arena_str(w.arena, w.reply.body).p, "hush"));
    assert_int_equal(call(&w, RD_HTTP_DELETE, VAULT_HOST "/secrets/local-admin", NULL), 200);
    assert_int_equal(call(&w, RD_HTTP_GET, VAULT_HOST "/secrets/local-admin", NULL), 404);
    assert_int_equal(call(&w, RD_HTTP_PUT, VAULT_HOST "/secrets/local-admin", "{'value':'x'}"),
                     409);
    assert_string_equal(text(&w, "error.innererror.code"), "ObjectIsDeletedButRecoverable");
    assert_int_equal(call(&w, RD_HTTP_DELETE, VAULT_HOST "/deletedsecrets/local-admin", NULL), 403);
    world_close(&w);
}

static void a_deleted_vault_blocks_its_name_and_comes_back_whole(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make(&w, VAULT, VAULT_BODY);
    let_use_vaults(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, VAULT_HOST "/secrets/s", "{'value':'hush'}"), 200);
    assert_int_equal(call(&w, RD_HTTP_PUT,
                          SUB "/resourceGroups/other/providers/Microsoft.KeyVault/vaults/kv-one",
                          VAULT_BODY),
                     404);
    assert_int_equal(call(&w, RD_HTTP_DELETE, VAULT, NULL), 200);
    assert_int_equal(call(&w, RD_HTTP_PUT, VAULT, VAULT_BODY), 409);
    assert_string_equal(text(&w, "error.code"), "ConflictError");
    assert_int_equal(call(&w, RD_HTTP_GET,
                          SUB "/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/"
                              "kv-one",
                          NULL),
                     200);
    assert_int_equal(call(&w, RD_HTTP_POST,
                          SUB "/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/"
                              "kv-one/purge",
                          NULL),
                     400); /* purge protection */
    make(&w, VAULT,
         "{'location':'westeurope','properties':{'tenantId':"
         "'22222222-2222-2222-2222-222222222222','sku':{'family':'A','name':'premium'},"
         "'createMode':'recover'}}");
    assert_int_equal(call(&w, RD_HTTP_GET, VAULT_HOST "/secrets/s", NULL), 200);
    assert_string_equal(text(&w, "value"), "hush");
    world_close(&w);
}

static void release_policies_are_written_anew_by_each_kind_of_store(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make(&w, VAULT, VAULT_BODY);
    make(&w, HSM, HSM_BODY);
    let_use_vaults(&w);
    let_use_hsm(&w, HSM_HOST);
    assert_int_equal(call(&w, RD_HTTP_POST, VAULT_HOST "/keys/k/create", key_body(&w, POLICY)),
                     200);
    assert_int_equal(
        strncmp(policy_of_reply(&w), "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":", 39), 0);
    assert_null(strchr(text(&w, "release_policy.data"), '='));
    assert_int_equal(call(&w, RD_HTTP_POST, HSM_HOST "/keys/k/create", key_body(&w, POLICY)), 200);
    assert_int_equal(strncmp(policy_of_reply(&w), "{\"anyOf\":[{\"anyOf\":", 18), 0);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "key.key_ops")), 2);
    /* 3072 bits */
    struct rd_str n = {0};
    assert_true(rd_base64_decode(w.arena, rd_json_str(rd_json_at(&w.json, "key.n")), &n));
    assert_int_equal(n.n, 384);
    world_close(&w);
}

static void keys_that_azure_refuses_are_refused(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make(&w, HSM, HSM_BODY);
    let_use_hsm(&w, HSM_HOST);
    assert_int_equal(call(&w, RD_HTTP_POST, HSM_HOST "/keys/k/create",
                          "{'kty':'RSA-HSM','attributes':{'exportable':true}}"),
                     400);
    assert_non_null(strstr(text(&w, "error.message"), "AKV.SKR.1004"));
    assert_int_equal(call(&w, RD_HTTP_POST, HSM_HOST "/keys/k/create",
                          key_body(&w, "{\"anyOf\":[{\"authority\":\"https://a/\"}]}")),
                     400);
    assert_non_null(strstr(text(&w, "error.message"), "missing 'version' property"));
    assert_int_equal(call(&w, RD_HTTP_POST, HSM_HOST "/keys/k/create", "{'kty':'RSA'}"), 400);
    assert_int_equal(call(&w, RD_HTTP_GET, HSM_HOST "/keys/k", NULL), 404);
    assert_string_equal(text(&w, "error.code"), "KeyNotFound");
    world_close(&w);
}

static void an_hsm_serves_keys_only_after_its_custodians_activated_it(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, HSM, HSM_BODY), 202);
    bool was_refused = false;
    for (int i = 0; i < 120; i++) {
        later(&w, 60);
        assert_int_equal(call(&w, RD_HTTP_GET, HSM, NULL), 200);
        bool is_active =
            strcmp(text(&w, "properties.securityDomainProperties.activationStatus"), "Active") == 0;
        bool is_there = strcmp(text(&w, "properties.provisioningState"), "Succeeded") == 0;
        int status = call(&w, RD_HTTP_GET, HSM_HOST "/keys", NULL);
        if (is_active)
            break;
        assert_int_equal(status, is_there ? 403 : 404);
        assert_true(!is_there || strcmp(text(&w, "error.innererror.code"), "HsmNotActivated") == 0);
        was_refused = was_refused || status == 403;
    }
    assert_true(was_refused);
    /* Its first administrators give roles, but use no key. */
    assert_int_equal(call(&w, RD_HTTP_GET, HSM_HOST "/keys", NULL), 403);
    assert_string_equal(text(&w, "error.code"), "AccessDenied");
    assert_non_null(strstr(text(&w, "error.message"),
                           "Microsoft.KeyVault/managedHsm/keys/read/action on /keys"));
    let_use_hsm(&w, HSM_HOST);
    assert_int_equal(call(&w, RD_HTTP_GET, HSM_HOST "/keys", NULL), 200);
    world_close(&w);
}

/* With the usual port in their URLs, as Azure's own examples have them. */
static void an_hsm_s_keys_are_resources_once_it_is_active(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, HSM, HSM_BODY), 202);
    int status = 404;
    for (int i = 0; i < 120 && status == 404; i++) {
        later(&w, 60);
        status = call(&w, RD_HTTP_GET, HSM "/keys", NULL);
    }
    assert_int_equal(status, 409);
    assert_string_equal(text(&w, "error.code"), "HsmNotActivated");
    later(&w, 3600);
    let_use_hsm(&w, HSM_HOST);
    assert_int_equal(call(&w, RD_HTTP_GET, HSM "/keys/k", NULL), 404);
    assert_int_equal(call(&w, RD_HTTP_POST, HSM_HOST "/keys/k/create", key_body(&w, POLICY)), 200);
    const char *policy = text(&w, "release_policy.data");
    assert_int_equal(call(&w, RD_HTTP_GET, HSM "/keys/k", NULL), 200);
    assert_string_equal(text(&w, "id"), HSM "/keys/k");
    assert_string_equal(text(&w, "location"), "");
    assert_string_equal(text(&w, "properties.release_policy.data"), policy);
    assert_true(rd_json_is_true(rd_json_at(&w.json, "properties.attributes.exportable")));
    assert_non_null(strstr(text(&w, "properties.keyUri"), ":443/keys/k"));
    assert_true(rd_str_find(w.reply.body, RD_STR("\"n\":"), 0) == RD_STR_NONE);
    assert_int_equal(call(&w, RD_HTTP_GET, HSM "/keys", NULL), 200);
    assert_string_equal(text(&w, "value.0.type"), "Microsoft.KeyVault/managedHSMs/keys");
    world_close(&w);
}

#define ROLE_PATH(scope, guid)                                                                     \
    HSM_HOST scope "/providers/Microsoft.Authorization/roleAssignments/" guid
#define ROLE_GUID "44444444-4444-4444-4444-444444444444"

static void hsm_roles_are_listed_at_their_own_scope_only(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make(&w, HSM, HSM_BODY);
    static const char body[] =
        "{'properties':{'roleDefinitionId':'Microsoft.KeyVault/providers/Microsoft.Authorization/"
        "roleDefinitions/33413926-3206-4cdd-b39a-83574fe37a17','principalId':"
        "'33333333-3333-3333-3333-333333333333'}}";
    assert_int_equal(call(&w, RD_HTTP_PUT, ROLE_PATH("/keys/k", ROLE_GUID), body), 201);
    assert_string_equal(text(&w, "properties.scope"), "/keys/k");
    assert_int_equal(
        call(&w, RD_HTTP_GET, HSM_HOST "/providers/Microsoft.Authorization/roleAssignments", NULL),
        200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 0);
    assert_int_equal(call(&w, RD_HTTP_GET, ROLE_PATH("/keys/k", ROLE_GUID), NULL), 200);
    assert_int_equal(call(&w, RD_HTTP_DELETE, ROLE_PATH("/keys/k", ROLE_GUID), NULL), 200);
    assert_int_equal(call(&w, RD_HTTP_GET, ROLE_PATH("/keys/k", ROLE_GUID), NULL), 404);
    world_close(&w);
}

static const char *des_body(struct world *w, const char *identity, const char *key_url)
{
    return rd_arena_printf(w->arena,
                           "{'location':'westeurope','identity':{%s},'properties':{"
                           "'encryptionType':'ConfidentialVmEncryptedWithCustomerKey','activeKey':"
                           "{'keyUrl':'%s'}}}",
                           identity, key_url)
        .p;
}

#define USER "'type':'UserAssigned','userAssignedIdentities':{'" IDENTITY "':{}}"
#define SYSTEM "'type':'SystemAssigned'"

static const char *make_hsm_key(struct world *w)
{
    make(w, HSM, HSM_BODY);
    let_use_hsm(w, HSM_HOST);
    assert_int_equal(call(w, RD_HTTP_POST, HSM_HOST "/keys/k/create", key_body(w, POLICY)), 200);
    return text(w, "key.kid");
}

static void a_set_with_its_own_identity_is_made_before_any_grant(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    const char *kid = make_hsm_key(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, DES, des_body(&w, SYSTEM, kid)), 202);
    const char *poll =
        rd_arena_str(w.arena, rd_http_headers_get(&w.reply.headers, "Azure-AsyncOperation")).p;
    assert_true(rd_http_headers_get(&w.reply.headers, "Location").n > 0);
    later(&w, 60);
    assert_int_equal(call(&w, RD_HTTP_GET, poll, NULL), 200);
    assert_string_equal(text(&w, "status"), "Succeeded");
    assert_int_equal(call(&w, RD_HTTP_GET, DES, NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    world_close(&w);
}

static void a_set_with_a_user_identity_needs_the_grant_to_be_in_force(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    const char *kid = make_hsm_key(&w);
    make(&w, IDENTITY, "{'location':'westeurope'}");
    const char *principal = text(&w, "properties.principalId");
    static const char other[] = COMPUTE "/diskEncryptionSets/early";
    assert_int_equal(call(&w, RD_HTTP_PUT, other, des_body(&w, USER, kid)), 202);
    later(&w, 60);
    assert_int_equal(call(&w, RD_HTTP_GET, other, NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Failed");
    const char *role =
        rd_arena_printf(w.arena,
                        "{'properties':{'roleDefinitionId':'Microsoft.KeyVault/providers/"
                        "Microsoft.Authorization/roleDefinitions/"
                        "33413926-3206-4cdd-b39a-83574fe37a17','principalId':'%s'}}",
                        principal)
            .p;
    assert_int_equal(call(&w, RD_HTTP_PUT, ROLE_PATH("/keys/k", ROLE_GUID), role), 201);
    assert_int_equal(call(&w, RD_HTTP_PUT, other, des_body(&w, USER, kid)), 202);
    later(&w, 20); /* not yet */
    assert_int_equal(call(&w, RD_HTTP_GET, other, NULL), 200);
    assert_string_equal(text(&w, "properties.provisioningState"), "Failed");
    later(&w, 300);
    make(&w, DES, des_body(&w, USER, kid));
    world_close(&w);
}

static void keys_that_cannot_serve_a_confidential_set_are_refused(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    const char *kid = make_hsm_key(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, DES, des_body(&w, SYSTEM, HSM_HOST "/keys/k")), 400);
    assert_int_equal(call(&w, RD_HTTP_POST, HSM_HOST "/keys/plain/create", "{'kty':'RSA-HSM'}"),
                     200);
    assert_int_equal(call(&w, RD_HTTP_PUT, DES, des_body(&w, SYSTEM, text(&w, "key.kid"))), 400);
    assert_non_null(strstr(text(&w, "error.message"), "The target key has no key release policy"));
    make(&w, DES, des_body(&w, SYSTEM, kid));
    fault(&w, "release-policy");
    assert_int_equal(
        call(&w, RD_HTTP_PUT, COMPUTE "/diskEncryptionSets/two", des_body(&w, SYSTEM, kid)), 400);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vault_is_polled_until_its_name_is_known),
        cmocka_unit_test(a_request_without_token_is_challenged_before_its_body_is_read),
        cmocka_unit_test(secrets_are_listed_without_values),
        cmocka_unit_test(a_deleted_vault_blocks_its_name_and_comes_back_whole),
        cmocka_unit_test(release_policies_are_written_anew_by_each_kind_of_store),
        cmocka_unit_test(keys_that_azure_refuses_are_refused),
        cmocka_unit_test(an_hsm_serves_keys_only_after_its_custodians_activated_it),
        cmocka_unit_test(an_hsm_s_keys_are_resources_once_it_is_active),
        cmocka_unit_test(hsm_roles_are_listed_at_their_own_scope_only),
        cmocka_unit_test(a_set_with_its_own_identity_is_made_before_any_grant),
        cmocka_unit_test(a_set_with_a_user_identity_needs_the_grant_to_be_in_force),
        cmocka_unit_test(keys_that_cannot_serve_a_confidential_set_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
