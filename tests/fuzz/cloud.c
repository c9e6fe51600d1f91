/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud.h"

#include <assert.h>
#include <string.h>

static struct rd_cloud *cloud;
static int64_t now_ms = INT64_C(1795000000000);

struct rd_cloud *fuzz_cloud(void)
{
    const struct rd_cloud_options options = {
        .cloud_name = "AzureCloud",
        .tenant = RD_STR("11111111-2222-3333-4444-555555555555"),
        .subscriptions = {RD_STR("22222222-3333-4444-5555-666666666666")},
        .subscription_count = 1,
        .seed = 1,
        .start_ms = now_ms,
        .trusts_embedded = true,
    };
    struct rd_err err;
    if (cloud != NULL)
        return cloud;
    assert(rd_cloud_open(&options, &cloud, &err) == RD_RC_OK);
    struct rd_arena *arena = rd_arena_new(0);
    (void)fuzz_make(arena, FUZZ_GROUP, "{'location':'westeurope'}");
    rd_arena_free(arena);
    return cloud;
}

void fuzz_wait(int64_t seconds)
{
    now_ms += seconds * 1000;
}

static void check(struct rd_arena *arena, enum rd_http_method method, struct fuzz_reply *answer)
{
    const struct rd_http_reply *reply = &answer->reply;
    struct rd_err err;
    assert(reply->status >= 200 && reply->status <= 599 && reply->status != 500);
    for (size_t i = 0; i < reply->headers.count; i++)
        for (size_t k = 0; k < reply->headers.items[i].value.n; k++)
            assert((unsigned char)reply->headers.items[i].value.p[k] >= ' ');
    struct rd_str type = rd_http_headers_get(&reply->headers, "Content-Type");
    bool is_json = rd_str_find_case(type, RD_STR("json"), 0) != RD_STR_NONE;
    if (reply->body.n > 0 && is_json)
        assert(rd_json_parse(arena, "reply", reply->body, 0, &answer->body, &err) == RD_RC_OK);
    if (reply->status < 400 || method == RD_HTTP_HEAD)
        return;
    if (is_json)
        assert(rd_json_str(rd_json_at(&answer->body, "error.code")).n > 0);
    else
        assert(rd_str_find(reply->body, RD_STR("<Error><Code>"), 0) != RD_STR_NONE);
}

struct fuzz_reply fuzz_ask(struct rd_arena *arena, enum rd_http_method method, struct rd_str url,
                           struct fuzz_header header, struct rd_str body)
{
    struct fuzz_reply answer = {.body = rd_json_absent};
    struct rd_http_request request = {.method = method, .url = url, .body = body};
    struct rd_err err;
    if (url.n == 0 || url.p[0] == '/')
        request.url =
            rd_arena_printf(arena, "https://management.azure.com%.*s%sapi-version=2024-03-01",
                            RD_FMT(url), rd_str_find_char(url, '?', 0) == RD_STR_NONE ? "?" : "&");
    rd_http_headers_add(arena, &request.headers, "Authorization", RD_STR("Bearer embedded"));
    rd_http_headers_add(arena, &request.headers, "Content-Type", RD_STR("application/json"));
    if (header.name != NULL)
        rd_http_headers_add(arena, &request.headers, header.name, header.value);
    assert(rd_cloud_handle(fuzz_cloud(), arena, now_ms, &request, &answer.reply, &err) == RD_RC_OK);
    check(arena, method, &answer);
    return answer;
}

struct fuzz_reply fuzz_make(struct rd_arena *arena, const char *path, const char *body)
{
    const struct fuzz_header none = {0};
    struct rd_str text = rd_str_from(body);
    char *json = rd_arena_bytes(arena, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        json[i] = text.p[i] == '\'' ? '"' : text.p[i];
    struct fuzz_reply made =
        fuzz_ask(arena, RD_HTTP_PUT, rd_str_from(path), none, (struct rd_str){json, text.n});
    assert(made.reply.status < 300);
    fuzz_wait(3600);
    return fuzz_ask(arena, RD_HTTP_GET, rd_str_from(path), none, RD_STR(""));
}
