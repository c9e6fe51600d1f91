/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any method, URL and body to the embedded cloud: it always replies, and a refusal always has the
 * envelope that clients read. The first line is "METHOD url" (a path is taken to be Resource
 * Manager's), what follows is the body. One cloud takes many inputs, so that they build upon each
 * other.
 */
#include <assert.h>
#include <stdint.h>

#include "emulator/cloud.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS_MAX = 5000 };

static struct rd_cloud *cloud;
static int64_t now_ms = INT64_C(1763750000000);
static int request_count;

static void renew_cloud(void)
{
    struct rd_err err;
    const struct rd_cloud_options options = {
        .cloud_name = "AzureCloud",
        .tenant = RD_STR("11111111-2222-3333-4444-555555555555"),
        .subscriptions = {RD_STR("22222222-3333-4444-5555-666666666666")},
        .subscription_count = 1,
        .seed = 1,
        .start_ms = now_ms,
        .trusts_embedded = true,
    };
    rd_cloud_close(cloud);
    cloud = NULL;
    assert(rd_cloud_open(&options, &cloud, &err) == RD_RC_OK);
    request_count = 0;
}

static void check_reply(struct rd_arena *arena, enum rd_http_method method,
                        const struct rd_http_reply *reply)
{
    assert(reply->status >= 200 && reply->status <= 599);
    for (size_t i = 0; i < reply->headers.count; i++)
        for (size_t k = 0; k < reply->headers.items[i].value.n; k++)
            assert((unsigned char)reply->headers.items[i].value.p[k] >= ' ');
    struct rd_json body = rd_json_absent;
    struct rd_err err;
    if (reply->body.n > 0)
        assert(rd_json_parse(arena, "reply", reply->body, 0, &body, &err) == RD_RC_OK);
    if (reply->status >= 400 && method != RD_HTTP_HEAD)
        assert(rd_json_str(rd_json_at(&body, "error.code")).n > 0 ||
               rd_json_str(rd_json_at(&body, "error")).n > 0); /* OAuth's own */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (cloud == NULL || ++request_count > REQUESTS_MAX)
        renew_cloud();
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str rest = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_str line = RD_STR("");
    struct rd_str word = RD_STR("");
    struct rd_http_request request = {.method = RD_HTTP_GET};
    (void)rd_str_next(&rest, '\n', &line);
    (void)rd_str_next(&line, ' ', &word);
    if (!rd_http_method_parse(word, &request.method))
        request.method = RD_HTTP_PUT;
    request.url = line;
    if (line.n == 0 || line.p[0] == '/')
        request.url = rd_arena_printf(arena, "https://management.azure.com%.*s", RD_FMT(line));
    request.body = rest;
    if (rest.n > 0)
        rd_http_headers_add(arena, &request.headers, "Content-Type", RD_STR("application/json"));
    rd_http_headers_add(arena, &request.headers, "Authorization", RD_STR("Bearer embedded"));
    struct rd_http_reply reply = {0};
    struct rd_err err;
    now_ms += 20000;
    assert(rd_cloud_handle(cloud, arena, now_ms, &request, &reply, &err) == RD_RC_OK);
    check_reply(arena, request.method, &reply);
    rd_arena_free(arena);
    return 0;
}
