/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a token: as the bearer of requests to each plane, and as a client's assertion. Bytes
 * that begin with '{' are a header, a line end and claims, which are signed with the application's
 * own key so that what is behind the signature is reached too.
 */
#include <assert.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "emulator/cloud.h"
#include "pem.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t now_ms = INT64_C(1795000000000);
static struct rd_cloud *cloud;
static struct rd_sign_key *key;

static void open_cloud(void)
{
    const struct rd_cloud_options options = {
        .cloud_name = "AzureUSGovernment",
        .tenant = RD_STR("22222222-2222-4222-8222-222222222222"),
        .seed = 1,
        .start_ms = now_ms,
        .address = RD_STR("localhost:8443"),
    };
    const struct rd_cloud_application application = {
        .name = RD_STR("fuzz"),
        .client_id = RD_STR("33333333-3333-4333-8333-333333333333"),
        .certificate_pem = rd_str_from(test_certificate_pem),
        .federated_issuer = RD_STR("https://issuer.example/"),
        .federated_subject = RD_STR("subject"),
        .federated_key_pem = rd_str_from(test_public_pem),
    };
    struct rd_err err;
    assert(rd_cloud_open(&options, &cloud, &err) == RD_RC_OK);
    assert(rd_cloud_add_application(cloud, &application, &err) == RD_RC_OK);
    assert(rd_sign_key_from_pem(rd_str_from(test_private_pem), &key, &err) == RD_RC_OK);
}

static struct rd_str sign(struct rd_arena *arena, struct rd_str text)
{
    size_t line = rd_str_find_char(text, '\n', 0);
    struct rd_str head = rd_base64url(arena, rd_str_sub(text, 0, line));
    struct rd_str body = rd_base64url(
        arena, line == RD_STR_NONE ? RD_STR("{}") : rd_str_sub(text, line + 1, text.n));
    struct rd_str both = rd_arena_printf(arena, "%.*s.%.*s", RD_FMT(head), RD_FMT(body));
    struct rd_str signature = rd_base64url(arena, rd_sign(arena, key, RD_SIGN_RS256, both));
    return rd_arena_printf(arena, "%.*s.%.*s", RD_FMT(both), RD_FMT(signature));
}

static int handle(struct rd_arena *arena, struct rd_http_request *request)
{
    struct rd_http_reply reply = {0};
    struct rd_json body = rd_json_absent;
    struct rd_err err;
    assert(rd_cloud_handle(cloud, arena, now_ms, request, &reply, &err) == RD_RC_OK);
    if (reply.body.n > 0)
        assert(rd_json_parse(arena, "reply", reply.body, 0, &body, &err) == RD_RC_OK);
    return reply.status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const urls[] = {
        "https://localhost:8443/subscriptions?api-version=2021-01-01",
        "https://localhost:8443/msgraph/v1.0/servicePrincipals",
        "https://kv.vault.localhost:8443/keys?api-version=7.4",
        "https://hsm.managedhsm.localhost:8443/keys?api-version=7.4",
    };
    if (cloud == NULL)
        open_cloud();
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str token = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    if (token.n > 0 && token.p[0] == '{')
        token = sign(arena, token);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct rd_http_request request = {.method = RD_HTTP_GET, .url = rd_str_from(urls[i])};
        rd_http_headers_add(arena, &request.headers, "Authorization",
                            rd_arena_printf(arena, "Bearer %.*s", RD_FMT(token)));
        assert(handle(arena, &request) == 401); /* nobody here has the cloud's own key */
    }
    static const char start[] =
        "grant_type=client_credentials&client_id=33333333-3333-4333-8333-333333333333"
        "&resource=https%3A%2F%2Fmanagement.usgovcloudapi.net&client_assertion_type="
        "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=";
    struct rd_str encoded = rd_http_encode(arena, token, false);
    struct rd_http_request request = {
        .method = RD_HTTP_POST,
        .url = RD_STR("https://localhost:8443/22222222-2222-4222-8222-222222222222/oauth2/token"),
        .body = rd_arena_printf(arena, "%s%.*s", start, RD_FMT(encoded)),
    };
    int status = handle(arena, &request);
    assert(status == 200 || status == 400 || status == 401);
    rd_arena_free(arena);
    return 0;
}
