/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "login.h"
#include "world.h"

/* What becomes of a token that a request brings: at each plane, in its own words. */

#define SUBSCRIPTIONS AT "/subscriptions?api-version=2021-01-01"
#define GRAPH AT "/msgraph/v1.0/servicePrincipals"
#define VAULT_URL "https://kv-one.vault.localhost:8443/keys?api-version=7.4"
#define HSM_URL "https://hsm-one.managedhsm.localhost:8443/keys?api-version=7.4"
#define FOR_ARM "&resource=https%3A%2F%2Fmanagement.usgovcloudapi.net"
#define FOR_VAULT "&resource=https%3A%2F%2Fvault.usgovcloudapi.net"

static void expect(struct world *w, const char *url, int status, const char *code,
                   const char *message)
{
    int got = ask(w, "GET", url, NULL);
    if (got != status || strcmp(text_at(w, "error.code"), code) != 0 ||
        strstr(text_at(w, "error.message"), message) == NULL)
        fail_msg("%s: %d %.*s", url, got, (int)w->reply.body.n, w->reply.body.p);
}

static void arm_says_what_is_wrong_with_a_token(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    expect(&w, SUBSCRIPTIONS, 401, "AuthenticationFailed",
           "Authentication failed. The 'Authorization' header is missing.");
    ASSERT_CONTAINS(header_of(&w, "WWW-Authenticate"),
                    "Bearer authorization_uri=\"" AT "/" TENANT "\", error=\"invalid_token\"");
    assert_string_equal(header_of(&w, "x-ms-failure-cause"), "gateway");
    w.header_name = "Authorization";
    w.header_value = "Basic eDp5";
    expect(&w, SUBSCRIPTIONS, 401, "AuthenticationFailedInvalidHeader", "invalid format");
    static const char *const junk[] = {"embedded", "x", "a.b", "a.b.c", "e30.e30.e30", "..", "é"};
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        w.token = rd_str_from(junk[i]);
        expect(&w, SUBSCRIPTIONS, 401, "InvalidAuthenticationToken", "The access token is invalid");
        assert_true(rd_str_find(w.reply.body, w.token, 0) == RD_STR_NONE || w.token.n < 3);
    }
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_VAULT), 200);
    expect(&w, SUBSCRIPTIONS, 401, "InvalidAuthenticationTokenAudience",
           "The access token has been obtained for wrong audience or resource "
           "'https://vault.usgovcloudapi.net'. It should exactly match with one of the allowed "
           "audiences 'https://management.core.usgovcloudapi.net/',"
           "'https://management.core.usgovcloudapi.net','https://management.usgovcloudapi.net/',"
           "'https://management.usgovcloudapi.net'.");
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 200);
    w.now_ms += 3599 * 1000 - 1;
    assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 200);
    w.now_ms += 1;
    expect(&w, SUBSCRIPTIONS, 401, "ExpiredAuthenticationToken",
           "The access token expiry UTC time '11/18/2026 12:06:39 PM' is earlier than current UTC "
           "time '11/18/2026 12:06:39 PM'.");
    world_close(&w);
}

static void signing_in_comes_before_every_other_check(void **state)
{
    (void)state;
    static const char *const urls[] = {
        AT "/subscriptions", /* no api-version */
        AT "/subscriptions?api-version=never",
        AT "/subscriptions/99999999-9999-4999-8999-999999999999?api-version=2021-01-01",
        AT "/nothing/at/all",
    };
    struct world w = {.address = ADDRESS};
    world_open(&w);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        expect(&w, urls[i], 401, "AuthenticationFailed", "");
    assert_int_equal(ask(&w, "PUT", AT "/subscriptions/x", "{no JSON"), 401);
    assert_int_equal(ask(&w, "POST", VAULT_URL, "{no JSON"), 401);
    assert_string_equal(text_at(&w, "error.message"),
                        "AKV10000: Request is missing a Bearer or PoP token.");
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    expect(&w, urls[0], 400, "MissingApiVersionParameter", "");
    expect(&w, urls[2], 404, "SubscriptionNotFound", "");
    world_close(&w);
}

static void vaults_and_hsms_challenge_each_in_its_way(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    expect(&w, VAULT_URL, 401, "Unauthorized",
           "AKV10000: Request is missing a Bearer or PoP token.");
    assert_string_equal(header_of(&w, "WWW-Authenticate"),
                        "Bearer authorization=\"" AT "/" TENANT
                        "\", resource=\"https://vault.localhost:8443\"");
    assert_int_equal(ask(&w, "GET", HSM_URL, NULL), 401);
    assert_int_equal(w.reply.body.n, 0);
    assert_string_equal(header_of(&w, "WWW-Authenticate"),
                        "Bearer authorization=\"" AT "/" TENANT
                        "\", resource=\"https://managedhsm.localhost:8443\"");
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    expect(&w, VAULT_URL, 401, "Unauthorized",
           "AKV10022: Invalid audience. Expected https://vault.usgovcloudapi.net or "
           "cfa8b339-82a2-471a-a3c9-0fc0be7a4093, found: https://management.usgovcloudapi.net.");
    ASSERT_CONTAINS(header_of(&w, "WWW-Authenticate"), "resource=");
    /* The two stores' audiences differ (azure-compute 7.2), and a slash behind is another name. */
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_VAULT), 200);
    expect(&w, HSM_URL, 401, "Unauthorized", "managedhsm.usgovcloudapi.net");
    expect(&w, VAULT_URL, 404, "VaultNotFound", "'kv-one.vault.localhost:8443'");
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_VAULT "%2F"), 200);
    expect(&w, VAULT_URL, 401, "Unauthorized", "found: https://vault.usgovcloudapi.net/.");
    /* The audience that the challenge names, by which SDKs check it. */
    assert_int_equal(
        sign_in(&w, V2, BY_SECRET "&scope=https%3A%2F%2Fvault.localhost%3A8443%2F.default"), 200);
    expect(&w, VAULT_URL, 404, "VaultNotFound", "'kv-one.vault.localhost:8443'");
    expect(&w, HSM_URL, 401, "Unauthorized", "");
    w.now_ms += 3600000;
    expect(&w, VAULT_URL, 401, "Unauthorized", "IDX10223");
    world_close(&w);
}

static void graph_and_logs_refuse_in_their_own_words(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    expect(&w, GRAPH, 401, "InvalidAuthenticationToken", "Access token is empty.");
    w.token = RD_STR("opaque");
    expect(&w, GRAPH, 401, "InvalidAuthenticationToken", "IDX14100");
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    expect(&w, GRAPH, 401, "InvalidAuthenticationToken", "Invalid audience.");
    expect(&w, AT "/la/v1/workspaces/x/query", 401, "InvalidTokenError", "not valid");
    expect(&w, "https://d.ingest.localhost:8443/x", 401, "InvalidTokenError", "not valid");
    assert_int_equal(
        sign_in(&w, V2, BY_SECRET "&scope=https%3A%2F%2Flocalhost%3A8443%2Fmsgraph%2F%2F.default"),
        200);
    assert_int_equal(ask(&w, "GET", GRAPH, NULL), 200);
    ASSERT_CONTAINS(w.reply.body.p, "\"" AT "/msgraph/v1.0/$metadata#");
    assert_int_equal(sign_in(&w, V1, BY_SECRET "&resource=https%3A%2F%2Fgraph.microsoft.us%2F"),
                     200);
    assert_int_equal(ask(&w, "GET", GRAPH, NULL), 200);
    world_close(&w);
}

static void arm_takes_each_of_its_audiences_and_the_address(void **state)
{
    (void)state;
    static const char *const resources[] = {
        "https%3A%2F%2Fmanagement.usgovcloudapi.net",
        "https%3A%2F%2Fmanagement.usgovcloudapi.net%2F",
        "https%3A%2F%2Fmanagement.core.usgovcloudapi.net%2F",
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        "https%3A%2F%2Flocalhost%3A8443%2F",
        "https%3A%2F%2Flocalhost%3A8443",
    };
    struct world w = {.address = ADDRESS};
    world_open(&w);
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        char form[400];
        (void)snprintf(form, sizeof(form), "%s&resource=%s", BY_SECRET, resources[i]);
        assert_int_equal(sign_in(&w, V1, form), 200);
        assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 200);
    }
    world_close(&w);
}

/* The file's tenant changed: a token of the former one is of the wrong issuer. */
static void another_tenants_token_is_refused_and_the_issuers_are_named(void **state)
{
    (void)state;
    const char *path = "signin-tenant.db";
    (void)remove(path);
    struct world w = {.address = ADDRESS, .path = path};
    world_open(&w);
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    char token[4096], vault_token[4096];
    (void)snprintf(token, sizeof(token), "%.*s", RD_FMT(w.token));
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_VAULT), 200);
    (void)snprintf(vault_token, sizeof(vault_token), "%.*s", RD_FMT(w.token));
    world_close(&w);
    struct world other = {
        .address = ADDRESS, .path = path, .tenant = "77777777-7777-4777-8777-777777777777"};
    world_open(&other);
    other.token = rd_str_from(token);
    expect(&other, SUBSCRIPTIONS, 401, "InvalidAuthenticationTokenTenant",
           "The access token is from the wrong issuer 'https://sts.windows.net/" TENANT
           "/'. It must match the tenant "
           "'https://sts.windows.net/77777777-7777-4777-8777-777777777777/'");
    other.token = rd_str_from(vault_token);
    expect(&other, VAULT_URL, 401, "Unauthorized", "AKV10032: Invalid issuer.");
    world_close(&other);
    (void)remove(path);
}

static void a_token_outlives_a_restart_but_not_another_clouds_key(void **state)
{
    (void)state;
    const char *path = "signin-key.db";
    (void)remove(path);
    struct world w = {.address = ADDRESS, .path = path};
    world_open(&w);
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    char token[4096];
    (void)snprintf(token, sizeof(token), "%.*s", RD_FMT(w.token));
    world_close(&w);
    struct world again = {.address = ADDRESS, .path = path};
    world_open(&again);
    again.token = rd_str_from(token);
    assert_int_equal(ask(&again, "GET", SUBSCRIPTIONS, NULL), 200);
    world_close(&again);
    struct world stranger = {.address = ADDRESS};
    world_open(&stranger);
    stranger.token = rd_str_from(token);
    expect(&stranger, SUBSCRIPTIONS, 401, "InvalidAuthenticationToken",
           "The access token is invalid");
    world_close(&stranger);
    (void)remove(path);
}

/* A token that was verified is known by its bytes, all of them. */
static void a_known_tokens_likeness_is_not_believed(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 200);
    struct rd_str good = w.token;
    for (size_t at = 0; at < good.n; at += 37) {
        char *changed = rd_arena_bytes(w.arena, good.n);
        memcpy(changed, good.p, good.n);
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        w.token = (struct rd_str){changed, good.n};
        assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 401);
        w.token = rd_str_sub(good, 0, at);
        assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 401);
    }
    w.token = good;
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 200);
    world_close(&w);
}

/* With another key in its place the cloud believes what it has seen, and nothing else. */
static void a_signature_is_checked_once(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    struct rd_str seen = w.token;
    assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 200);
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    struct rd_str unseen = w.token;
    assert_false(rd_str_eq(seen, unseen));
    rd_sign_key_free(w.cloud->login->key);
    w.cloud->login->key = rd_sign_key_generate(2048);
    w.token = seen;
    assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 200);
    w.token = unseen;
    assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 401);
    world_close(&w);
}

static void two_answers_to_who_asks_are_none(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(sign_in(&w, V1, BY_SECRET FOR_ARM), 200);
    w.header_name = "authorization";
    w.header_value = "Bearer x";
    expect(&w, SUBSCRIPTIONS, 401, "AuthenticationFailedInvalidHeader", "");
    world_close(&w);
}

static void a_fault_makes_tokens_short(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    struct rd_err err;
    world_open(&w);
    ASSERT_OK(rd_cloud_add_fault(w.cloud, RD_STR("token-life:seconds=20,times=1"), &err), &err);
    assert_int_equal(sign_in(&w, V2, BY_SECRET "&scope=" ARM_SCOPE), 200);
    assert_int_equal(rd_json_int(rd_json_at(&w.json, "expires_in"), 0), 20);
    w.now_ms += 19999;
    assert_int_equal(ask(&w, "GET", SUBSCRIPTIONS, NULL), 200);
    w.now_ms += 1;
    expect(&w, SUBSCRIPTIONS, 401, "ExpiredAuthenticationToken", "");
    assert_int_equal(sign_in(&w, V2, BY_SECRET "&scope=" ARM_SCOPE), 200);
    assert_int_equal(rd_json_int(rd_json_at(&w.json, "expires_in"), 0), 3599);
    assert_int_equal(rd_cloud_add_fault(w.cloud, RD_STR("token-life:seconds=soon"), &err),
                     RD_RC_USAGE);
    world_close(&w);
}

/* In-process only; a served cloud would let everybody in. */
static void the_built_in_deployer_is_believed_where_it_is_trusted(void **state)
{
    (void)state;
    struct world w = {.address = "", .trusts_embedded = true};
    world_open(&w);
    w.token = RD_STR("embedded");
    const char *url = "https://management.usgovcloudapi.net/subscriptions?api-version=2021-01-01";
    assert_int_equal(ask(&w, "GET", url, NULL), 200);
    w.token = RD_STR("Embedded");
    assert_int_equal(ask(&w, "GET", url, NULL), 401);
    world_close(&w);
    struct world served = {.address = ADDRESS};
    world_open(&served);
    served.token = RD_STR("embedded");
    assert_int_equal(ask(&served, "GET", SUBSCRIPTIONS, NULL), 401);
    world_close(&served);
}

TESTS(TEST(arm_says_what_is_wrong_with_a_token), TEST(signing_in_comes_before_every_other_check),
      TEST(vaults_and_hsms_challenge_each_in_its_way),
      TEST(graph_and_logs_refuse_in_their_own_words),
      TEST(arm_takes_each_of_its_audiences_and_the_address),
      TEST(another_tenants_token_is_refused_and_the_issuers_are_named),
      TEST(a_token_outlives_a_restart_but_not_another_clouds_key),
      TEST(a_known_tokens_likeness_is_not_believed), TEST(a_signature_is_checked_once),
      TEST(two_answers_to_who_asks_are_none), TEST(a_fault_makes_tokens_short),
      TEST(the_built_in_deployer_is_believed_where_it_is_trusted))
