/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the form of a token endpoint: an answer in OAuth's shape, a token or a reason. */
#include <assert.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "emulator/cloud.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char tenant[] = "22222222-2222-4222-8222-222222222222";
static const struct rd_str secret = {"a secret of 100 percent", 23};
static struct rd_cloud *cloud;

static void open_cloud(void)
{
    const struct rd_cloud_options options = {
        .cloud_name = "AzureUSGovernment",
        .tenant = {tenant, sizeof(tenant) - 1},
        .seed = 1,
        .start_ms = INT64_C(1795000000000),
        .address = RD_STR("localhost:8443"),
    };
    char hash[RD_SHA256_HEX_SIZE];
    struct rd_err err;
    assert(rd_cloud_open(&options, &cloud, &err) == RD_RC_OK);
    const struct rd_cloud_application application = {
        .name = RD_STR("fuzz"),
        .client_id = RD_STR("33333333-3333-4333-8333-333333333333"),
        .secret_sha256_hex = rd_str_from(rd_sha256_hex(secret, hash)),
        .is_managed_identity = true,
    };
    assert(rd_cloud_add_application(cloud, &application, &err) == RD_RC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const urls[] = {
        "https://localhost:8443/22222222-2222-4222-8222-222222222222/oauth2/v2.0/token",
        "https://localhost:8443/22222222-2222-4222-8222-222222222222/oauth2/token",
        "https://localhost:8443/adfs/oauth2/token",
        "http://localhost:8080/msi/token",
    };
    if (cloud == NULL)
        open_cloud();
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str form = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct rd_http_request request = {
            .method = RD_HTTP_POST, .url = rd_str_from(urls[i]), .body = form};
        rd_http_headers_add(arena, &request.headers, "Content-Type",
                            RD_STR("application/x-www-form-urlencoded"));
        struct rd_http_reply reply = {0};
        struct rd_json body = rd_json_absent;
        struct rd_err err;
        assert(rd_cloud_handle(cloud, arena, INT64_C(1795000000000), &request, &reply, &err) ==
               RD_RC_OK);
        assert(reply.status == 200 || (reply.status >= 400 && reply.status < 500));
        assert(rd_json_parse(arena, "reply", reply.body, 0, &body, &err) == RD_RC_OK);
        const char *member = reply.status == 200 ? "access_token" : "error_description";
        assert(rd_json_str(rd_json_at(&body, member)).n > 0);
    }
    rd_arena_free(arena);
    return 0;
}
