/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "world.h"

/* Addresses: which plane a URL is for, and where the URLs in replies lead. */

#define GROUP "/subscriptions/" SUBSCRIPTION "/resourceGroups/rg"
#define VAULT GROUP "/providers/Microsoft.KeyVault/vaults/kv-one"
#define VERSION "?api-version=2024-05-01"

static int on_arm(struct world *w, const char *method, const char *path, const char *body)
{
    return ask(w, method, rd_arena_printf(w->arena, AT "%s" VERSION, path).p, body);
}

static void open_signed_in(struct world *w)
{
    world_open(w);
    assert_int_equal(sign_in(w, V2, BY_SECRET "&scope=" ARM_SCOPE), 200);
    w->type = "application/json";
}

static const char vault_body[] =
    "{\"location\":\"usgovvirginia\",\"properties\":{\"tenantId\":\"" TENANT
    "\",\"sku\":{\"family\":\"A\",\"name\":\"premium\"},\"accessPolicies\":[],"
    "\"enableRbacAuthorization\":true,\"enablePurgeProtection\":true}}";

static void open_with_vault(struct world *w)
{
    open_signed_in(w);
    assert_int_equal(on_arm(w, "PUT", GROUP, "{\"location\":\"usgovvirginia\"}"), 201);
    assert_int_equal(on_arm(w, "PUT", VAULT, vault_body), 200);
    w->now_ms += 3600000 - 60000;
}

/* Which plane is at an address shows in how it refuses who has no token. */
struct knock {
    const char *url;
    int status;
    const char *code;
};

static void knock(struct world *w, const struct knock *expected)
{
    int status = ask(w, "GET", expected->url, NULL);
    if (status != expected->status || strcmp(text_at(w, "error.code"), expected->code) != 0)
        fail_msg("%s: %d %s", expected->url, status, text_at(w, "error.code"));
}

static void each_plane_is_told_by_its_address(void **state)
{
    (void)state;
    static const struct knock cases[] = {
        {AT "/subscriptions" VERSION, 401, "AuthenticationFailed"},
        {AT "/providers" VERSION, 401, "AuthenticationFailed"},
        {AT "/", 401, "AuthenticationFailed"},
        {AT "/msgraph/v1.0/servicePrincipals", 401, "InvalidAuthenticationToken"},
        {AT "/la/v1/workspaces/x/query", 401, "AuthorizationRequiredError"},
        {"https://kv-one.vault.localhost:8443/keys", 401, "Unauthorized"},
        {"https://KV-ONE.VAULT.LOCALHOST:8443/keys", 401, "Unauthorized"},
        {"https://dce.ingest.localhost:8443/dataCollectionRules/x/streams/y", 401,
         "AuthorizationRequiredError"},
        {"https://other.example:8443/subscriptions", 404, "HostNotFound"},
        {"https://vault.localhost:8443/keys", 404, "HostNotFound"},
        {"https://management.usgovcloudapi.net/subscriptions", 404, "HostNotFound"},
        {"https://127.0.0.1:8443/subscriptions", 401, "AuthenticationFailed"},
        {"http://localhost:8080/subscriptions", 401, "AuthenticationFailed"},
        {AT "/" TENANT "/oauth2/token", 400, ""},
        {AT "/adfs/nothing", 404, "NotFound"},
        {AT "/subscriptions/oauth2/token", 401, "AuthenticationFailed"},
    };
    struct world w = {.address = ADDRESS};
    world_open(&w);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        knock(&w, &cases[i]);
    assert_int_equal(ask(&w, "GET", "https://one.managedhsm.localhost:8443/keys", NULL), 401);
    assert_int_equal(w.reply.body.n, 0);
    world_close(&w);
}

static void in_process_the_planes_have_their_public_hosts(void **state)
{
    (void)state;
    static const struct knock cases[] = {
        {"https://management.usgovcloudapi.net/subscriptions", 401, "AuthenticationFailed"},
        {"https://graph.microsoft.us/v1.0/servicePrincipals", 401, "InvalidAuthenticationToken"},
        {"https://api.loganalytics.us/v1/workspaces/x/query", 401, "AuthorizationRequiredError"},
        {"https://kv.vault.usgovcloudapi.net/keys", 401, "Unauthorized"},
        {"https://dce-x1y2.usgovvirginia-1.ingest.monitor.azure.us/dataCollectionRules/x", 401,
         "AuthorizationRequiredError"},
        {"https://login.microsoftonline.us/" TENANT "/oauth2/token", 400, ""},
        {"http://169.254.169.254/metadata/identity/oauth2/token", 400, ""},
        {AT "/subscriptions", 404, "HostNotFound"},
    };
    struct world w = {.address = ""};
    world_open(&w);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        knock(&w, &cases[i]);
    assert_int_equal(ask(&w, "GET",
                         "https://login.microsoftonline.us/" TENANT
                         "/v2.0/.well-known/openid-configuration",
                         NULL),
                     200);
    assert_string_equal(text_at(&w, "token_endpoint"),
                        "https://login.microsoftonline.us/" TENANT "/oauth2/v2.0/token");
    world_close(&w);
}

static void who_signed_in_reaches_the_plane(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(sign_in(&w, V1, BY_SECRET "&resource=https%3A%2F%2Fapi.loganalytics.us"), 200);
    int status = ask(&w, "GET", AT "/la/v1/nothing", NULL);
    assert_true(status >= 400 && status < 500 && status != 401);
    assert_true(strlen(text_at(&w, "error.code")) > 0);
    world_close(&w);
}

static void a_vaults_uri_leads_to_where_the_cloud_is_served(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    open_with_vault(&w);
    assert_int_equal(on_arm(&w, "GET", VAULT, NULL), 200);
    assert_string_equal(text_at(&w, "properties.vaultUri"), "https://kv-one.vault.localhost:8443/");
    assert_int_equal(ask(&w, "GET", "http://localhost:8080" VAULT VERSION, NULL), 200);
    assert_string_equal(text_at(&w, "properties.vaultUri"), "http://kv-one.vault.localhost:8080/");
    assert_int_equal(
        ask(&w, "GET",
            "https://127.0.0.1:8443" GROUP "/providers/Microsoft.KeyVault/vaults" VERSION, NULL),
        200);
    assert_string_equal(text_at(&w, "value.0.properties.vaultUri"),
                        "https://kv-one.vault.localhost:8443/");
    world_close(&w);
}

static void operations_and_next_pages_lead_to_the_address(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    open_signed_in(&w);
    assert_int_equal(on_arm(&w, "PUT", GROUP, "{\"location\":\"usgovvirginia\"}"), 201);
    assert_int_equal(on_arm(&w, "PUT", GROUP "/providers/Microsoft.Network/virtualNetworks/v",
                            "{\"location\":\"usgovvirginia\",\"properties\":{\"addressSpace\":"
                            "{\"addressPrefixes\":[\"10.0.0.0/16\"]}}}"),
                     201);
    const char *operation = header_of(&w, "Azure-AsyncOperation");
    ASSERT_CONTAINS(operation, AT "/subscriptions/" SUBSCRIPTION);
    assert_int_equal(ask(&w, "GET", operation, NULL), 200);
    assert_string_equal(text_at(&w, "status"), "InProgress");
    assert_int_equal(on_arm(&w, "PUT", GROUP "/providers/Microsoft.Network/virtualNetworks/u",
                            "{\"location\":\"usgovvirginia\",\"properties\":{\"addressSpace\":"
                            "{\"addressPrefixes\":[\"10.1.0.0/16\"]}}}"),
                     201);
    assert_int_equal(ask(&w, "GET",
                         "http://localhost:8080" GROUP "/resources?$top=1&api-version=2021-04-01",
                         NULL),
                     200);
    ASSERT_CONTAINS(text_at(&w, "nextLink"), "http://localhost:8080/subscriptions/");
    assert_int_equal(ask(&w, "GET", text_at(&w, "nextLink"), NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 1);
    assert_string_equal(text_at(&w, "value.0.name"), "u");
    world_close(&w);
}

/* One file, served here and there and opened in-process: URLs are those of who asks. */
static void a_file_holds_no_address(void **state)
{
    (void)state;
    const char *path = "signin-address.db";
    (void)remove(path);
    struct world w = {.address = ADDRESS, .path = path};
    open_with_vault(&w);
    const char *key = "{\"kty\":\"RSA-HSM\",\"key_size\":3072}";
    assert_int_equal(sign_in(&w, V1, BY_SECRET "&resource=https%3A%2F%2Fvault.localhost%3A8443"),
                     200);
    w.type = "application/json";
    assert_int_equal(
        ask(&w, "POST", "https://kv-one.vault.localhost:8443/keys/k/create?api-version=7.4", key),
        200);
    ASSERT_CONTAINS(text_at(&w, "key.kid"), "https://kv-one.vault.localhost:8443/keys/k/");
    world_close(&w);

    struct world there = {.address = "cloud.example:9443", .path = path};
    world_open(&there);
    assert_int_equal(sign_in(&there, "https://cloud.example:9443/" TENANT "/oauth2/token",
                             BY_SECRET "&resource=https%3A%2F%2Fvault.usgovcloudapi.net"),
                     200);
    assert_int_equal(
        ask(&there, "GET", "https://kv-one.vault.cloud.example:9443/keys/k?api-version=7.4", NULL),
        200);
    ASSERT_CONTAINS(text_at(&there, "key.kid"), "https://kv-one.vault.cloud.example:9443/keys/k/");
    world_close(&there);

    struct world inside = {.address = "", .path = path, .trusts_embedded = true};
    world_open(&inside);
    inside.token = RD_STR("embedded");
    inside.type = "application/json";
    /* Whoever works in-process has the data roles of people, not of applications. */
    assert_int_equal(ask(&inside, "PUT",
                         "https://management.usgovcloudapi.net/subscriptions/" SUBSCRIPTION
                         "/providers/Microsoft.Authorization/roleAssignments/" TENANT VERSION,
                         "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/" SUBSCRIPTION
                         "/providers/Microsoft.Authorization/roleDefinitions/"
                         "14b46e9e-c2b7-41b4-b07b-48a6ebf60603\",\"principalId\":\"" TENANT
                         "\",\"principalType\":\"User\"}}"),
                     201);
    inside.now_ms += 1200000;
    assert_int_equal(
        ask(&inside, "GET", "https://kv-one.vault.usgovcloudapi.net/keys/k?api-version=7.4", NULL),
        200);
    ASSERT_CONTAINS(text_at(&inside, "key.kid"), "https://kv-one.vault.usgovcloudapi.net/keys/k/");
    assert_int_equal(
        ask(&inside, "GET", "https://management.usgovcloudapi.net" VAULT VERSION, NULL), 200);
    assert_string_equal(text_at(&inside, "properties.vaultUri"),
                        "https://kv-one.vault.usgovcloudapi.net/");
    world_close(&inside);
    (void)remove(path);
}

/* A key URL that a client gives is understood at every address; what is its own stays its own. */
static void a_clients_key_url_is_known_and_its_texts_are_left_alone(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    open_with_vault(&w);
    static const char tagged[] =
        "{\"location\":\"usgovvirginia\",\"tags\":{\"site\":"
        "\"https://kv-one.vault.usgovcloudapi.net/ and https://kv-one.vault.localhost:8443/\"}}";
    assert_int_equal(on_arm(&w, "PUT", GROUP, tagged), 200);
    assert_int_equal(on_arm(&w, "GET", GROUP, NULL), 200);
    assert_string_equal(
        text_at(&w, "tags.site"),
        "https://kv-one.vault.usgovcloudapi.net/ and https://kv-one.vault.localhost:8443/");
    assert_int_equal(sign_in(&w, V1, BY_SECRET "&resource=https%3A%2F%2Fvault.localhost%3A8443"),
                     200);
    w.type = "application/json";
    const char *secret = "https://kv-one.vault.localhost:8443/secrets/s?api-version=7.4";
    assert_int_equal(
        ask(&w, "PUT", secret, "{\"value\":\"https://kv-one.vault.usgovcloudapi.net/\"}"), 200);
    assert_string_equal(text_at(&w, "value"), "https://kv-one.vault.usgovcloudapi.net/");
    ASSERT_CONTAINS(text_at(&w, "id"), "https://kv-one.vault.localhost:8443/secrets/s/");
    assert_int_equal(ask(&w, "POST",
                         "https://kv-one.vault.localhost:8443/keys/k/create?api-version=7.4",
                         "{\"kty\":\"RSA-HSM\",\"key_size\":3072}"),
                     200);
    const char *kid = text_at(&w, "key.kid");
    assert_int_equal(sign_in(&w, V2, BY_SECRET "&scope=" ARM_SCOPE), 200);
    w.type = "application/json";
    char body[700];
    (void)snprintf(body, sizeof(body),
                   "{\"location\":\"usgovvirginia\",\"identity\":{\"type\":\"SystemAssigned\"},"
                   "\"properties\":{\"encryptionType\":\"EncryptionAtRestWithCustomerKey\","
                   "\"activeKey\":{\"sourceVault\":{\"id\":\"" VAULT "\"},\"keyUrl\":\"%s\"}}}",
                   kid);
    int status =
        on_arm(&w, "PUT", GROUP "/providers/Microsoft.Compute/diskEncryptionSets/des", body);
    if (status != 202)
        fail_msg("%d %s", status, text_at(&w, "error.message"));
    w.now_ms += 600000;
    assert_int_equal(
        on_arm(&w, "GET", GROUP "/providers/Microsoft.Compute/diskEncryptionSets/des", NULL), 200);
    assert_string_equal(text_at(&w, "properties.provisioningState"), "Succeeded");
    assert_string_equal(text_at(&w, "properties.activeKey.keyUrl"), kid);
    world_close(&w);
}

/* Metadata and discovery ----------------------------------------------------------------------- */

static void each_version_of_the_metadata_has_its_shape(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(ask(&w, "GET", AT "/metadata/endpoints?api-version=2015-01-01", NULL), 200);
    assert_int_equal(rd_json_count(&w.json), 4);
    assert_string_equal(text_at(&w, "galleryEndpoint"), AT "/");
    assert_string_equal(text_at(&w, "authentication.loginEndpoint"), AT "/adfs");
    assert_string_equal(text_at(&w, "authentication.audiences.0"),
                        "https://management.core.usgovcloudapi.net");
    static const char *const later[] = {"2019-05-01", "2020-06-01", "2022-09-01"};
    for (size_t i = 0; i < 3; i++) {
        char url[100];
        (void)snprintf(url, sizeof(url), AT "/metadata/endpoints?api-version=%s", later[i]);
        assert_int_equal(ask(&w, "GET", url, NULL), 200);
        assert_string_equal(text_at(&w, "0.name"), "AzureUSGovernment");
        assert_string_equal(text_at(&w, "0.resourceManager"), AT "/");
        assert_string_equal(text_at(&w, "0.authentication.loginEndpoint"),
                            i == 0 ? AT "/adfs" : AT);
        assert_string_equal(text_at(&w, "0.authentication.audiences.2"), AT "/");
        assert_string_equal(text_at(&w, "0.suffixes.keyVaultDns"), "vault.localhost:8443");
        assert_string_equal(text_at(&w, "0.suffixes.mhsmDns"), "managedhsm.localhost:8443");
        assert_string_equal(text_at(&w, "0.microsoftGraphResourceId"), AT "/msgraph/");
        assert_string_equal(text_at(&w, "0.logAnalyticsResourceId"), AT "/la");
        char body[8192];
        (void)snprintf(body, sizeof(body), "%.*s", RD_FMT(w.reply.body));
        char *real = strstr(body, "https://management.core.usgovcloudapi.net");
        assert_non_null(real); /* audiences are the cloud's own; nothing else leads to it */
        assert_null(strstr(body, "azure.us"));
        assert_null(strstr(body, "githubusercontent"));
    }
    assert_int_equal(ask(&w, "POST", AT "/metadata/endpoints", "{}"), 405);
    world_close(&w);
}

static void openid_is_discovered_with_a_tenant_and_without(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *token;
        const char *keys;
        const char *issuer;
    } cases[] = {
        {TENANT "/v2.0/", TENANT "/oauth2/v2.0/token", TENANT "/discovery/v2.0/keys",
         AT "/" TENANT "/v2.0"},
        {TENANT "/", TENANT "/oauth2/token", TENANT "/discovery/keys",
         "https://sts.windows.net/" TENANT "/"},
        {"common/v2.0/", "common/oauth2/v2.0/token", "common/discovery/v2.0/keys",
         AT "/{tenantid}/v2.0"},
        {"organizations/v2.0/", "organizations/oauth2/v2.0/token",
         "organizations/discovery/v2.0/keys", AT "/{tenantid}/v2.0"},
        {"adfs/", "adfs/oauth2/token", "adfs/discovery/keys", AT "/adfs"},
        {"", "oauth2/token", "discovery/keys", "https://sts.windows.net/{tenantid}/"},
    };
    struct world w = {.address = ADDRESS};
    world_open(&w);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char url[300];
        (void)snprintf(url, sizeof(url), AT "/%s.well-known/openid-configuration", cases[i].path);
        assert_int_equal(ask(&w, "GET", url, NULL), 200);
        (void)snprintf(url, sizeof(url), AT "/%s", cases[i].token);
        assert_string_equal(text_at(&w, "token_endpoint"), url);
        (void)snprintf(url, sizeof(url), AT "/%s", cases[i].keys);
        assert_string_equal(text_at(&w, "jwks_uri"), url);
        assert_string_equal(text_at(&w, "issuer"), cases[i].issuer);
        assert_true(strlen(text_at(&w, "authorization_endpoint")) > 0);
        assert_int_equal(ask(&w, "GET", url, NULL), 200);
        assert_string_equal(text_at(&w, "keys.0.kty"), "RSA");
        assert_string_equal(text_at(&w, "keys.0.e"), "AQAB");
        assert_true(strlen(text_at(&w, "keys.0.n")) == 342);
        assert_int_equal(rd_json_count(rd_json_at(&w.json, "keys.0.d")), 0);
        assert_false(rd_json_exists(rd_json_at(&w.json, "keys.0.d")));
    }
    assert_int_equal(ask(&w, "GET",
                         AT "/99999999-9999-4999-8999-999999999999/v2.0/.well-known/"
                            "openid-configuration",
                         NULL),
                     400);
    ASSERT_CONTAINS(text_at(&w, "error_description"), "AADSTS90002: Tenant '99999999-");
    world_close(&w);
}

static void an_instance_is_trusted_when_it_is_this_one(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(ask(&w, "GET",
                         AT "/common/discovery/instance?api-version=1.1&authorization_endpoint="
                            "https%3A%2F%2Flocalhost%3A8443%2F" TENANT "%2Foauth2%2Fv2.0%2F"
                            "authorize",
                         NULL),
                     200);
    assert_string_equal(text_at(&w, "tenant_discovery_endpoint"),
                        AT "/" TENANT "/v2.0/.well-known/openid-configuration");
    assert_string_equal(text_at(&w, "metadata.0.aliases.0"), "localhost:8443");
    assert_int_equal(ask(&w, "GET",
                         AT "/common/discovery/instance?api-version=1.1&authorization_endpoint="
                            "https%3A%2F%2Flogin.example%2Fcommon%2Foauth2%2Fauthorize",
                         NULL),
                     400);
    assert_string_equal(text_at(&w, "error"), "invalid_instance");
    world_close(&w);
}

TESTS(TEST(each_plane_is_told_by_its_address), TEST(in_process_the_planes_have_their_public_hosts),
      TEST(who_signed_in_reaches_the_plane), TEST(a_vaults_uri_leads_to_where_the_cloud_is_served),
      TEST(operations_and_next_pages_lead_to_the_address), TEST(a_file_holds_no_address),
      TEST(a_clients_key_url_is_known_and_its_texts_are_left_alone),
      TEST(each_version_of_the_metadata_has_its_shape),
      TEST(openid_is_discovered_with_a_tenant_and_without),
      TEST(an_instance_is_trusted_when_it_is_this_one))
