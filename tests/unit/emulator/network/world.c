/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/arena.h"

int world_open(void **state)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct world *world = rd_arena_zalloc(arena, sizeof(*world));
    struct rd_err err;
    struct rd_cloud_options options = {
        .cloud_name = "AzureCloud",
        .tenant = RD_STR("99999999-8888-7777-6666-555555555555"),
        .subscriptions = {RD_STR("11111111-2222-3333-4444-555555555555")},
        .subscription_count = 1,
        .seed = 7,
        .start_ms = INT64_C(1795000000000), /* 2026-11-18 */
        .trusts_embedded = true,
    };
    world->arena = arena;
    world->now_ms = options.start_ms;
    assert_int_equal(rd_cloud_open(&options, &world->cloud, &err), RD_RC_OK);
    *state = world;
    make(world, GROUP, "{'location':'westeurope'}");
    return 0;
}

int world_close(void **state)
{
    struct world *world = *state;
    rd_cloud_close(world->cloud);
    rd_arena_free(world->arena);
    return 0;
}

int call(struct world *world, enum rd_http_method method, const char *path, const char *body)
{
    struct rd_err err;
    struct rd_str url =
        rd_arena_printf(world->arena, "https://management.azure.com%s%sapi-version=2024-05-01",
                        path, strchr(path, '?') != NULL ? "&" : "?");
    char *text = rd_arena_bytes(world->arena, (body != NULL ? strlen(body) : 0) + 1);
    size_t n = 0;
    for (const char *p = body; p != NULL && *p != '\0'; p++)
        text[n++] = *p == '\'' ? '"' : *p;
    struct rd_http_request request = {.method = method, .url = url, .body = {text, n}};
    rd_http_headers_add(world->arena, &request.headers, "Authorization", RD_STR("Bearer embedded"));
    rd_http_headers_add(world->arena, &request.headers, "Content-Type", RD_STR("application/json"));
    assert_int_equal(
        rd_cloud_handle(world->cloud, world->arena, world->now_ms, &request, &world->reply, &err),
        RD_RC_OK);
    world->status = world->reply.status;
    world->body = rd_json_absent;
    if (world->reply.body.n > 0)
        assert_int_equal(
            rd_json_parse(world->arena, "reply", world->reply.body, 0, &world->body, &err),
            RD_RC_OK);
    return world->status;
}

int put(struct world *world, const char *path, const char *body)
{
    return call(world, RD_HTTP_PUT, path, body);
}

int patch(struct world *world, const char *path, const char *body)
{
    return call(world, RD_HTTP_PATCH, path, body);
}

int get(struct world *world, const char *path)
{
    return call(world, RD_HTTP_GET, path, NULL);
}

int post(struct world *world, const char *path, const char *body)
{
    return call(world, RD_HTTP_POST, path, body);
}

int del(struct world *world, const char *path)
{
    return call(world, RD_HTTP_DELETE, path, NULL);
}

void make(struct world *world, const char *path, const char *body)
{
    if (put(world, path, body) >= 300)
        fail_msg("PUT %s: %d %.*s", path, world->status, RD_FMT(world->reply.body));
    wait_s(world, 3600);
}

void wait_s(struct world *world, int64_t seconds)
{
    world->now_ms += seconds * 1000;
}

void expect_text(struct world *world, const char *path, const char *text)
{
    struct rd_str found = rd_json_str(rd_json_at(&world->body, path));
    if (!rd_str_is(found, text))
        fail_msg("'%s' is '%.*s', not '%s', in %.*s", path, RD_FMT(found), text,
                 RD_FMT(world->reply.body));
}

void expect_count(struct world *world, const char *path, size_t count)
{
    size_t found = rd_json_count(rd_json_at(&world->body, path));
    if (found != count)
        fail_msg("'%s' has %zu items, not %zu, in %.*s", path, found, count,
                 RD_FMT(world->reply.body));
}

void expect_absent(struct world *world, const char *path)
{
    if (rd_json_exists(rd_json_at(&world->body, path)))
        fail_msg("'%s' should not be there: %.*s", path, RD_FMT(world->reply.body));
}

void expect_error(struct world *world, int status, const char *code)
{
    if (world->status != status)
        fail_msg("status %d, not %d: %.*s", world->status, status, RD_FMT(world->reply.body));
    expect_text(world, "error.code", code);
}

void expect_message(struct world *world, const char *part)
{
    struct rd_str text = rd_json_str(rd_json_at(&world->body, "error.message"));
    if (rd_str_find(text, rd_str_from(part), 0) == RD_STR_NONE)
        fail_msg("'%s' is not in '%.*s'", part, RD_FMT(text));
}
