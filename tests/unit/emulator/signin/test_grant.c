/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "pem.h"
#include "world.h"

/* The token endpoints: each way of signing in, and each refusal with Entra's number. */

#define V2_SCOPE "&scope=" ARM_SCOPE
#define ASSERTION                                                                                  \
    "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"      \
    "&client_assertion="

static int refused(struct world *w, const char *url, const char *form, const char *code)
{
    int status = sign_in(w, url, form);
    const char *description = text_at(w, "error_description");
    char start[32];
    (void)snprintf(start, sizeof(start), "AADSTS%s:", code);
    if (strncmp(description, start, strlen(start)) != 0)
        fail_msg("%s: %d %.*s", form, status, (int)w->reply.body.n, w->reply.body.p);
    char number[32];
    (void)snprintf(number, sizeof(number), "%lld",
                   (long long)rd_json_int(rd_json_at(&w->json, "error_codes.0"), 0));
    assert_string_equal(number, code);
    ASSERT_CONTAINS(description, " Trace ID: ");
    ASSERT_CONTAINS(description, text_at(w, "correlation_id"));
    ASSERT_CONTAINS(description, text_at(w, "trace_id"));
    ASSERT_CONTAINS(text_at(w, "error_uri"), code);
    assert_int_equal(strlen(text_at(w, "timestamp")), 20);
    assert_true(w->token.n == 0);
    return status;
}

static void a_secret_gets_a_token_at_each_version(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(sign_in(&w, V2, BY_SECRET V2_SCOPE), 200);
    assert_string_equal(text_at(&w, "token_type"), "Bearer");
    assert_int_equal(rd_json_int(rd_json_at(&w.json, "expires_in"), 0), 3599);
    assert_string_equal(header_of(&w, "Content-Type"), "application/json; charset=utf-8");
    assert_int_equal(
        sign_in(&w, V1, BY_SECRET "&resource=https%3A%2F%2Fmanagement.usgovcloudapi.net%2F"), 200);
    assert_string_equal(text_at(&w, "expires_in"), "3599");
    assert_string_equal(text_at(&w, "resource"), "https://management.usgovcloudapi.net/");
    assert_string_equal(text_at(&w, "expires_on"), "1795003599");
    /* Azure CLI 2.45: real-clients 1.2, the double slash included. */
    assert_int_equal(
        sign_in(&w, AT "/adfs/oauth2/token",
                BY_SECRET "&client_info=1&claims=%7B%22access_token%22%3A%7B%22xms_cc%22%3A%7B%22"
                          "values%22%3A%5B%22CP1%22%5D%7D%7D%7D&scope="
                          "https%3A%2F%2Fmanagement.core.usgovcloudapi.net%2F%2F.default"),
        200);
    assert_int_equal(rd_json_int(rd_json_at(&w.json, "expires_in"), 0), 3599);
    struct rd_json claims = claims_of(&w);
    ASSERT_STR(rd_json_str(rd_json_at(&claims, "aud")),
               "https://management.core.usgovcloudapi.net/");
    assert_int_equal(ask(&w, "GET", AT "/subscriptions?api-version=2019-11-01", NULL), 200);
    world_close(&w);
}

static void a_token_says_who_where_and_how_long(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(sign_in(&w, V2, BY_SECRET V2_SCOPE), 200);
    struct rd_json claims = claims_of(&w);
    static const char *const texts[][2] = {
        {"aud", "https://management.usgovcloudapi.net"},
        {"iss", "https://sts.windows.net/" TENANT "/"},
        {"tid", TENANT},
        {"oid", OBJECT},
        {"sub", OBJECT},
        {"appid", CLIENT},
        {"appidacr", "1"},
        {"idtyp", "app"},
        {"ver", "1.0"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ASSERT_STR(rd_json_str(rd_json_at(&claims, texts[i][0])), texts[i][1]);
    int64_t now_s = w.now_ms / 1000;
    assert_int_equal(rd_json_int(rd_json_at(&claims, "exp"), 0), now_s + 3599);
    assert_true(rd_json_int(rd_json_at(&claims, "nbf"), INT64_MAX) <= now_s);
    assert_true(rd_json_int(rd_json_at(&claims, "iat"), INT64_MAX) <= now_s);
    world_close(&w);
}

static void the_published_key_verifies_a_token(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(sign_in(&w, V2, BY_SECRET V2_SCOPE), 200);
    struct rd_str rest = w.token, head = {"", 0}, header = {"", 0};
    assert_true(rd_str_next(&rest, '.', &head));
    assert_true(rd_base64_decode(w.arena, head, &header));
    assert_int_equal(ask(&w, "GET", AT "/" TENANT "/discovery/keys", NULL), 200);
    ASSERT_CONTAINS(header.p, text_at(&w, "keys.0.kid"));
    ASSERT_CONTAINS(header.p, "\"alg\":\"RS256\"");
    world_close(&w);
}

static void what_a_form_lacks_is_named(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(refused(&w, V2, "", "900144"), 400);
    ASSERT_CONTAINS(text_at(&w, "error_description"), "'grant_type'");
    assert_int_equal(refused(&w, V2, "grant_type=client_credentials", "900144"), 400);
    ASSERT_CONTAINS(text_at(&w, "error_description"), "'client_id'");
    assert_int_equal(refused(&w, V2, BY_SECRET, "900144"), 400);
    ASSERT_CONTAINS(text_at(&w, "error_description"), "'scope'");
    assert_int_equal(refused(&w, V1, BY_SECRET, "900144"), 400);
    ASSERT_CONTAINS(text_at(&w, "error_description"), "'resource'");
    assert_string_equal(text_at(&w, "error"), "invalid_request");
    assert_int_equal(
        refused(&w, V2, "grant_type=client_credentials&client_id=" CLIENT V2_SCOPE, "7000216"),
        401);
    assert_string_equal(text_at(&w, "error"), "invalid_client");
    /* JSON is no form. */
    w.token = (struct rd_str){"", 0};
    w.type = "application/json";
    assert_int_equal(ask(&w, "POST", V2, "{\"grant_type\":\"client_credentials\"}"), 400);
    ASSERT_CONTAINS(text_at(&w, "error_description"), "AADSTS900144");
    w.type = NULL;
    assert_int_equal(ask(&w, "GET", V2, NULL), 400);
    ASSERT_CONTAINS(text_at(&w, "error_description"), "AADSTS900561");
    world_close(&w);
}

static void what_is_wrong_is_refused_with_entras_number(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *form;
        const char *code;
        int status;
        const char *error;
    } cases[] = {
        {V2, "grant_type=client_credentials&client_id=" CLIENT "&client_secret=wrong" V2_SCOPE,
         "7000215", 401, "invalid_client"},
        {V2,
         "grant_type=client_credentials&client_id=99999999-9999-4999-8999-999999999999"
         "&client_secret=x" V2_SCOPE,
         "700016", 400, "unauthorized_client"},
        {AT "/99999999-9999-4999-8999-999999999999/oauth2/v2.0/token", BY_SECRET V2_SCOPE, "90002",
         400, "invalid_request"},
        {AT "/common/oauth2/v2.0/token", BY_SECRET V2_SCOPE, "50059", 400, "invalid_request"},
        {V2, BY_SECRET "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default", "500011", 400,
         "invalid_resource"},
        {V1, BY_SECRET "&resource=https%3A%2F%2Fvault.azure.net", "500011", 400,
         "invalid_resource"},
        {V2, BY_SECRET "&scope=https%3A%2F%2Fmanagement.usgovcloudapi.net%2Fuser_impersonation",
         "1002012", 400, "invalid_scope"},
        {V2, BY_SECRET "&scope=" ARM_SCOPE "+" ARM_SCOPE, "70011", 400, "invalid_scope"},
        {V2, BY_SECRET V2_SCOPE "&resource=https%3A%2F%2Fvault.usgovcloudapi.net", "901002", 400,
         "invalid_request"},
        {V2, "grant_type=password&client_id=" CLIENT "&username=u&password=p" V2_SCOPE, "70003",
         400, "unsupported_grant_type"},
    };
    struct world w = {.address = ADDRESS};
    world_open(&w);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(refused(&w, cases[i].url, cases[i].form, cases[i].code), cases[i].status);
        assert_string_equal(text_at(&w, "error"), cases[i].error);
    }
    world_close(&w);
}

/* No refusal quotes a secret, and neither does a token or its reply. */
static void no_reply_holds_a_secret(void **state)
{
    (void)state;
    static const char *const forms[] = {
        BY_SECRET V2_SCOPE,
        BY_SECRET,
        BY_SECRET "&scope=nothing",
        "grant_type=client_credentials&client_id=other&client_secret=" SECRET_IN_FORM V2_SCOPE,
        "grant_type=client_credentials&client_id=" CLIENT "&client_secret=" SECRET_IN_FORM
        "x" V2_SCOPE,
    };
    struct world w = {.address = ADDRESS};
    world_open(&w);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        (void)sign_in(&w, V2, forms[i]);
        assert_true(w.reply.body.n > 0);
        assert_true(rd_str_find(w.reply.body, RD_STR("100 %"), 0) == RD_STR_NONE);
        assert_true(rd_str_find(w.reply.body, RD_STR(SECRET_IN_FORM), 0) == RD_STR_NONE);
        assert_string_equal(header_of(&w, "Strict-Transport-Security"),
                            "max-age=31536000; includeSubDomains");
    }
    world_close(&w);
}

static void a_clients_request_id_comes_back_as_correlation(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    w.header_name = "client-request-id";
    w.header_value = "12345678-1234-4234-8234-123456789012";
    assert_int_equal(refused(&w, V2, "", "900144"), 400);
    assert_string_equal(text_at(&w, "correlation_id"), "12345678-1234-4234-8234-123456789012");
    world_close(&w);
}

/* Certificates --------------------------------------------------------------------------------- */

static struct rd_str thumbprint(struct world *w, const char *hex)
{
    size_t n = strlen(hex) / 2;
    char *bytes = rd_arena_bytes(w->arena, n);
    for (size_t i = 0; i < n; i++) {
        unsigned value = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
        bytes[i] = (char)value;
    }
    return rd_base64url(w->arena, (struct rd_str){bytes, n});
}

static const char *claims(struct world *w, const char *audience, int64_t lives_s)
{
    return rd_arena_printf(w->arena,
                           "{'aud':'%s','iss':'" CLIENT "','sub':'" CLIENT "','jti':'j1',"
                           "'nbf':%lld,'exp':%lld}",
                           audience, (long long)(w->now_ms / 1000 - 10),
                           (long long)(w->now_ms / 1000 + lives_s))
        .p;
}

static const char *form_of(struct world *w, struct rd_str jwt)
{
    static const char rest[] = "grant_type=client_credentials&client_id=" CLIENT V2_SCOPE ASSERTION;
    return rd_arena_printf(w->arena, "%s%.*s", rest, RD_FMT(jwt)).p;
}

static const char *head(struct world *w, const char *algorithm, const char *member, const char *hex)
{
    return rd_arena_printf(w->arena, "{'alg':'%s','typ':'JWT','%s':'%.*s'}", algorithm, member,
                           RD_FMT(thumbprint(w, hex)))
        .p;
}

static void a_certificate_signs_in_by_either_algorithm_and_thumbprint(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    const struct {
        const char *name, *member, *hex;
        enum rd_sign_algorithm algorithm;
    } cases[] = {
        {"RS256", "x5t", test_certificate_sha1, RD_SIGN_RS256},
        {"PS256", "x5t#S256", test_certificate_sha256, RD_SIGN_PS256},
        {"RS256", "kid", test_certificate_sha1, RD_SIGN_RS256},
    };
    static const char *const audiences[] = {
        V2,
        V1,
        AT "/" TENANT "/v2.0",
        "https://login.microsoftonline.us/" TENANT "/oauth2/v2.0/token",
        AT "/adfs/oauth2/token",
    };
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 5; k++) {
            struct rd_str jwt = make_jwt(&w, head(&w, cases[i].name, cases[i].member, cases[i].hex),
                                         claims(&w, audiences[k], 600), cases[i].algorithm);
            if (sign_in(&w, V2, form_of(&w, jwt)) != 200)
                fail_msg("%s %s: %s", cases[i].member, audiences[k],
                         text_at(&w, "error_description"));
        }
    struct rd_json said = claims_of(&w);
    ASSERT_STR(rd_json_str(rd_json_at(&said, "appidacr")), "2");
    world_close(&w);
}

static void a_bad_assertion_is_refused_with_its_own_number(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    const char *good_head = head(&w, "RS256", "x5t", test_certificate_sha1);
    const char *other = head(&w, "RS256", "x5t", "00112233445566778899aabbccddeeff00112233");
    int64_t now_s = w.now_ms / 1000;
    const char *other_sub =
        rd_arena_printf(w.arena,
                        "{'aud':'" V2 "','iss':'" CLIENT "','sub':'someone','jti':'j','exp':%lld}",
                        (long long)now_s + 60)
            .p;
    const char *no_jti =
        rd_arena_printf(w.arena,
                        "{'aud':'" V2 "','iss':'" CLIENT "','sub':'" CLIENT "','exp':%lld}",
                        (long long)now_s + 60)
            .p;
    const char *early = rd_arena_printf(w.arena,
                                        "{'aud':'" V2 "','iss':'" CLIENT "','sub':'" CLIENT
                                        "','jti':'j','nbf':%lld,'exp':%lld}",
                                        (long long)now_s + 3600, (long long)now_s + 7200)
                            .p;
    const char *no_exp = "{'aud':'" V2 "','iss':'" CLIENT "','sub':'" CLIENT "','jti':'j'}";
    const struct {
        const char *head, *claims, *code;
        enum rd_sign_algorithm algorithm;
    } cases[] = {
        {other, claims(&w, V2, 600), "700027", RD_SIGN_RS256},
        {good_head, claims(&w, V2, 600), "700027", RD_SIGN_PS256},
        {good_head, claims(&w, V2, -1), "700024", RD_SIGN_RS256},
        {good_head, early, "700024", RD_SIGN_RS256},
        {good_head, no_exp, "700024", RD_SIGN_RS256},
        {good_head, claims(&w, "https://login.example/" TENANT "/oauth2/token", 600), "700023",
         RD_SIGN_RS256},
        {good_head, claims(&w, AT "/99999999-9999-4999-8999-999999999999/oauth2/token", 600),
         "700023", RD_SIGN_RS256},
        {good_head, other_sub, "700021", RD_SIGN_RS256},
        {good_head, no_jti, "50027", RD_SIGN_RS256},
        {"{'alg':'RS256'}", claims(&w, V2, 600), "50027", RD_SIGN_RS256},
        {"{'alg':'none'}", claims(&w, V2, 600), "50027", RD_SIGN_RS256},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rd_str jwt = make_jwt(&w, cases[i].head, cases[i].claims, cases[i].algorithm);
        assert_int_equal(refused(&w, V2, form_of(&w, jwt), cases[i].code), 401);
    }
    struct rd_str jwt = make_jwt(&w, other, claims(&w, V2, 600), RD_SIGN_RS256);
    (void)refused(&w, V2, form_of(&w, jwt), "700027");
    ASSERT_CONTAINS(text_at(&w, "error_description"), "'00112233445566778899AABBCCDDEEFF00112233'");
    assert_int_equal(refused(&w, V2, form_of(&w, RD_STR("no.jwt")), "50027"), 401);
    assert_int_equal(refused(&w, V2,
                             "grant_type=client_credentials&client_id=" CLIENT V2_SCOPE
                             "&client_assertion=a.b.c",
                             "900144"),
                     400);
    world_close(&w);
}

static void a_changed_claim_breaks_the_signature(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    const char *good_head = head(&w, "RS256", "x5t", test_certificate_sha1);
    struct rd_str one = make_jwt(&w, good_head, claims(&w, V2, 600), RD_SIGN_RS256);
    struct rd_str two = make_jwt(&w, good_head, claims(&w, V2, 60000), RD_SIGN_RS256);
    size_t last = rd_str_find_last_char(one, '.');
    struct rd_str mixed = rd_arena_printf(
        w.arena, "%.*s%.*s", RD_FMT(rd_str_sub(two, 0, rd_str_find_last_char(two, '.'))),
        RD_FMT(rd_str_sub(one, last, one.n)));
    assert_int_equal(refused(&w, V2, form_of(&w, mixed), "700027"), 401);
    world_close(&w);
}

/* Federation ----------------------------------------------------------------------------------- */

static const char *foreign(struct world *w, const char *issuer, const char *subject,
                           const char *audience, int64_t lives_s)
{
    return rd_arena_printf(w->arena, "{'aud':'%s','iss':'%s','sub':'%s','exp':%lld}", audience,
                           issuer, subject, (long long)(w->now_ms / 1000 + lives_s))
        .p;
}

#define EXCHANGE "api://AzureADTokenExchangeUSGov"

static void a_federated_token_signs_in_when_all_three_names_match(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    const char *any_head = "{'alg':'RS256','kid':'whatever'}";
    const struct {
        const char *claims, *code;
        int status;
    } cases[] = {
        {foreign(&w, ISSUER, SUBJECT, EXCHANGE, 300), "", 200},
        {foreign(&w, "https://issuer.example", SUBJECT, EXCHANGE, 300), "700211", 401},
        {foreign(&w, ISSUER, SUBJECT, "api://AzureADTokenExchange", 300), "700212", 401},
        {foreign(&w, ISSUER, "repo:Example/enclave:ref:refs/heads/main", EXCHANGE, 300), "700213",
         401},
        {foreign(&w, ISSUER, SUBJECT, EXCHANGE, -300), "700024", 401},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rd_str jwt = make_jwt(&w, any_head, cases[i].claims, RD_SIGN_RS256);
        if (cases[i].status == 200)
            assert_int_equal(sign_in(&w, V2, form_of(&w, jwt)), 200);
        else
            assert_int_equal(refused(&w, V2, form_of(&w, jwt), cases[i].code), 401);
    }
    struct rd_str wrong = make_jwt(&w, any_head, cases[0].claims, RD_SIGN_PS256);
    assert_int_equal(refused(&w, V2, form_of(&w, wrong), "50013"), 401);
    world_close(&w);
}

static void an_application_without_federation_says_so(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    struct rd_err err;
    struct rd_cloud_application plain = {
        .name = RD_STR("plain"), .client_id = RD_STR("55555555-5555-4555-8555-555555555555")};
    ASSERT_OK(rd_cloud_add_application(w.cloud, &plain, &err), &err);
    struct rd_str jwt =
        make_jwt(&w, "{'alg':'RS256'}", foreign(&w, ISSUER, SUBJECT, EXCHANGE, 300), RD_SIGN_RS256);
    static const char start[] = "grant_type=client_credentials&client_id=55555555-5555-4555-8555-"
                                "555555555555" V2_SCOPE ASSERTION;
    const char *form = rd_arena_printf(w.arena, "%s%.*s", start, RD_FMT(jwt)).p;
    assert_int_equal(refused(&w, V2, form, "70021"), 400);
    ASSERT_CONTAINS(text_at(&w, "error_description"), "'" ISSUER "'");
    assert_int_equal(refused(&w, V2,
                             "grant_type=client_credentials&client_id=55555555-5555-4555-8555-"
                             "555555555555&client_secret=x" V2_SCOPE,
                             "7000215"),
                     401);
    world_close(&w);
}

/* Managed identity ----------------------------------------------------------------------------- */

#define IMDS AT "/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
#define GOV_ARM "https%3A%2F%2Fmanagement.usgovcloudapi.net"

static void a_machine_gets_tokens_in_three_shapes(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    w.header_name = "Metadata";
    w.header_value = "true";
    assert_int_equal(ask(&w, "GET", IMDS GOV_ARM, NULL), 200);
    assert_string_equal(text_at(&w, "expires_in"), "3599");
    assert_string_equal(text_at(&w, "expires_on"), "1795003599");
    assert_string_equal(text_at(&w, "client_id"), CLIENT);
    assert_string_equal(text_at(&w, "resource"), "https://management.usgovcloudapi.net");
    w.header_name = "Metadata"; /* as @azure/identity 4.13 writes it */
    assert_int_equal(
        ask(&w, "GET",
            AT "/metadata/identity/oauth2/token/?api-version=2018-02-01&resource=" GOV_ARM, NULL),
        200);
    w.header_name = "X-IDENTITY-HEADER";
    w.header_value = "anything";
    assert_int_equal(ask(&w, "GET", AT "/msi/token?api-version=2019-08-01&resource=" GOV_ARM, NULL),
                     200);
    /* Azure CLI with MSI_ENDPOINT: over plain HTTP, a form. */
    assert_int_equal(sign_in(&w, "http://localhost:8080/msi/token", "resource=" GOV_ARM "%2F"),
                     200);
    assert_int_equal(ask(&w, "GET", AT "/subscriptions?api-version=2021-01-01", NULL), 200);
    world_close(&w);
}

static void a_machine_without_the_header_or_an_identity_is_refused(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(ask(&w, "GET", IMDS GOV_ARM, NULL), 400);
    assert_string_equal(text_at(&w, "error_description"), "Required metadata header not specified");
    assert_int_equal(ask(&w, "GET", AT "/msi/token?resource=" GOV_ARM, NULL), 401);
    w.header_name = "X-Forwarded-For";
    w.header_value = "192.0.2.1";
    assert_int_equal(sign_in(&w, AT "/msi/token", "resource=" GOV_ARM), 400);
    w.header_name = "Metadata";
    w.header_value = "true";
    assert_int_equal(ask(&w, "GET", IMDS "https%3A%2F%2Fnothing.example", NULL), 400);
    assert_string_equal(text_at(&w, "error"), "invalid_resource");
    w.header_name = "Metadata";
    assert_int_equal(ask(&w, "GET", AT "/metadata/identity/oauth2/token", NULL), 400);
    ASSERT_CONTAINS(text_at(&w, "error_description"), "'resource'");
    w.header_name = "Metadata";
    assert_int_equal(
        ask(&w, "GET", IMDS GOV_ARM "&client_id=99999999-9999-4999-8999-999999999999", NULL), 400);
    assert_string_equal(text_at(&w, "error_description"), "Identity not found");
    world_close(&w);
}

static void a_user_assigned_identity_is_found_by_its_names(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    assert_int_equal(sign_in(&w, V2, BY_SECRET V2_SCOPE), 200);
    w.type = "application/json";
    assert_int_equal(ask(&w, "PUT",
                         AT "/subscriptions/" SUBSCRIPTION
                            "/resourceGroups/rg?api-version=2021-04-01",
                         "{\"location\":\"usgovvirginia\"}"),
                     201);
#define UAMI                                                                                       \
    "/subscriptions/" SUBSCRIPTION                                                                 \
    "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/hosts"
    assert_int_equal(
        ask(&w, "PUT", AT UAMI "?api-version=2023-01-31", "{\"location\":\"usgovvirginia\"}"), 201);
    const char *client = text_at(&w, "properties.clientId");
    const char *principal = text_at(&w, "properties.principalId");
    char url[700];
    (void)snprintf(url, sizeof(url), "%s&client_id=%s", IMDS GOV_ARM, client);
    w.header_name = "Metadata";
    w.header_value = "true";
    assert_int_equal(ask(&w, "GET", url, NULL), 200);
    w.header_name = "Metadata";
    assert_int_equal(ask(&w, "GET", IMDS GOV_ARM "&mi_res_id=" UAMI, NULL), 200);
    w.token = rd_json_str(rd_json_at(&w.json, "access_token"));
    struct rd_json said = claims_of(&w);
    ASSERT_STR(rd_json_str(rd_json_at(&said, "oid")), principal);
    ASSERT_STR(rd_json_str(rd_json_at(&said, "appid")), client);
    ASSERT_STR(rd_json_str(rd_json_at(&said, "xms_mirid")), UAMI);
    world_close(&w);
}

/* Applications --------------------------------------------------------------------------------- */

static void an_application_that_is_none_is_refused(void **state)
{
    (void)state;
    struct world w = {.address = ADDRESS};
    world_open(&w);
    const struct rd_str id = RD_STR("66666666-6666-4666-8666-666666666666");
    const struct rd_cloud_application bad[] = {
        {.client_id = RD_STR("no guid")},
        {.client_id = id, .object_id = RD_STR("no guid")},
        {.client_id = id, .secret_sha256_hex = RD_STR("a secret in the clear")},
        {.client_id = id, .certificate_pem = RD_STR("no PEM")},
        {.client_id = id, .federated_issuer = RD_STR(ISSUER)},
        {.client_id = id,
         .grants = {{RD_STR("No Such Role"), RD_STR("/subscriptions/" SUBSCRIPTION)}},
         .grant_count = 1},
        {.client_id = id,
         .grants = {{RD_STR("Owner"), RD_STR("/subscriptions/" TENANT)}},
         .grant_count = 1},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct rd_err err = {.msg = ""};
        assert_int_equal(rd_cloud_add_application(w.cloud, &bad[i], &err), RD_RC_INVALID);
        assert_true(strlen(err.msg) > 0);
        assert_null(strstr(err.msg, "in the clear"));
    }
    assert_int_equal(refused(&w, V2,
                             "grant_type=client_credentials&client_id=66666666-6666-4666-8666-"
                             "666666666666&client_secret=x" V2_SCOPE,
                             "700016"),
                     400);
    world_close(&w);
}

static int assignments(struct world *w)
{
    assert_int_equal(sign_in(w, V2, BY_SECRET V2_SCOPE), 200);
    assert_int_equal(ask(w, "GET",
                         AT "/subscriptions/" SUBSCRIPTION
                            "/providers/Microsoft.Authorization/roleAssignments"
                            "?api-version=2022-04-01",
                         NULL),
                     200);
    return (int)rd_json_count(rd_json_at(&w->json, "value"));
}

static void its_first_roles_are_made_once_for_a_file(void **state)
{
    (void)state;
    const char *path = "signin-roles.db";
    (void)remove(path);
    struct world w = {.address = ADDRESS, .path = path};
    world_open(&w);
    assert_int_equal(assignments(&w), 2);
    assert_string_equal(text_at(&w, "value.0.properties.principalId"), OBJECT);
    const char *id = text_at(&w, "value.0.id");
    char url[600];
    (void)snprintf(url, sizeof(url), AT "%s?api-version=2022-04-01", id);
    assert_int_equal(ask(&w, "GET", url, NULL), 200);
    world_close(&w);
    struct world again = {.address = ADDRESS, .path = path};
    world_open(&again);
    assert_int_equal(assignments(&again), 2);
    world_close(&again);
    (void)remove(path);
}

TESTS(TEST(a_secret_gets_a_token_at_each_version), TEST(a_token_says_who_where_and_how_long),
      TEST(the_published_key_verifies_a_token), TEST(what_a_form_lacks_is_named),
      TEST(what_is_wrong_is_refused_with_entras_number), TEST(no_reply_holds_a_secret),
      TEST(a_clients_request_id_comes_back_as_correlation),
      TEST(a_certificate_signs_in_by_either_algorithm_and_thumbprint),
      TEST(a_bad_assertion_is_refused_with_its_own_number),
      TEST(a_changed_claim_breaks_the_signature),
      TEST(a_federated_token_signs_in_when_all_three_names_match),
      TEST(an_application_without_federation_says_so), TEST(a_machine_gets_tokens_in_three_shapes),
      TEST(a_machine_without_the_header_or_an_identity_is_refused),
      TEST(a_user_assigned_identity_is_found_by_its_names),
      TEST(an_application_that_is_none_is_refused), TEST(its_first_roles_are_made_once_for_a_file))
