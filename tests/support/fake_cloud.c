/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_cloud.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json/json.h"

struct fake_item *fake_cloud_find(struct fake_cloud *cloud, const char *end)
{
    for (size_t i = 0; i < cloud->count; i++) {
        size_t n = strlen(cloud->items[i].path);
        size_t m = strlen(end);
        if (!cloud->items[i].is_deleted && n >= m &&
            strcasecmp(cloud->items[i].path + n - m, end) == 0)
            return &cloud->items[i];
    }
    return NULL;
}

static struct fake_item *find_path(struct fake_cloud *cloud, struct rd_str path)
{
    for (size_t i = 0; i < cloud->count; i++)
        if (rd_str_eq_case(rd_str_from(cloud->items[i].path), path))
            return &cloud->items[i];
    return NULL;
}

static void say(struct rd_arena *arena, struct fake_answer *answer, int status, const char *code)
{
    answer->reply.status = status;
    answer->reply.body = rd_arena_printf(
        arena, "{\"error\":{\"code\":\"%s\",\"message\":\"the fake says so\"}}", code);
}

/* The stored body as the cloud shows it: with its id, and without what it keeps to itself. */
static struct rd_json shown(struct rd_arena *arena, const struct fake_item *item, int64_t now_ms,
                            bool is_vault)
{
    struct rd_json body;
    struct rd_err err;
    struct rd_str path = rd_str_from(item->path);
    if (rd_json_parse(arena, "fake", rd_str_from(item->body), 0, &body, &err) != RD_RC_OK)
        abort();
    (void)rd_json_set_c(
        arena, &body, "id",
        rd_json_string(is_vault ? rd_arena_printf(arena, "https:/%s", item->path) : path));
    (void)rd_json_set_c(
        arena, &body, "name",
        rd_json_string(rd_str_sub(path, rd_str_find_last_char(path, '/') + 1, path.n)));
    if (is_vault)
        return body;
    const char *state = now_ms < item->ready_ms ? "Creating"
                        : item->is_failed       ? "Failed"
                                                : "Succeeded";
    struct rd_json *place = rd_json_make(arena, &body, "properties.provisioningState");
    *place = rd_json_string_c(state);
    *rd_json_make(arena, &body, "properties.principalId") =
        rd_json_string(RD_STR("11111111-2222-3333-4444-555555555555"));
    return body;
}

static void write_item(struct fake_cloud *cloud, struct rd_arena *arena, int64_t now_ms,
                       const struct rd_http_request *request, struct rd_http_url *url,
                       struct rd_str path, struct fake_answer *answer)
{
    struct fake_item *item = find_path(cloud, path);
    bool is_vault = rd_str_find(url->host, RD_STR("vault."), 0) != RD_STR_NONE;
    bool fails = cloud->fail_part != NULL && cloud->fail_times > 0 &&
                 rd_str_find_case(path, rd_str_from(cloud->fail_part), 0) != RD_STR_NONE;
    cloud->fail_times -= fails;
    if (item == NULL) {
        if (cloud->count == FAKE_ITEMS_MAX)
            abort();
        item = &cloud->items[cloud->count++];
        (void)snprintf(item->path, sizeof(item->path), "%.*s", RD_FMT(path));
    }
    if (request->method == RD_HTTP_PUT || item->is_deleted || item->put_count == 0)
        (void)snprintf(item->body, sizeof(item->body), "%.*s", RD_FMT(request->body));
    item->is_deleted = false;
    item->is_failed = fails;
    item->put_count++;
    item->operation = (int)(item - cloud->items);
    item->ready_ms = is_vault ? now_ms : now_ms + cloud->duration_ms;
    answer->reply.status = 201;
    struct rd_json body = shown(arena, item, now_ms, is_vault);
    answer->reply.body = rd_json_text(arena, &body, RD_JSON_PRETTY);
    if (item->ready_ms == now_ms)
        return;
    char text[32];
    struct rd_str operation = rd_arena_printf(
        arena, "https://%.*s/subscriptions/00000000-0000-0000-0000-000000000001/operations/%d?c=s",
        RD_FMT(url->host), item->operation);
    fake_header(arena, answer, "Azure-AsyncOperation", operation.p);
    (void)snprintf(text, sizeof(text), "%lld", (long long)cloud->retry_after_s);
    fake_header(arena, answer, "Retry-After", rd_arena_str(arena, rd_str_from(text)).p);
}

static void answer_operation(struct fake_cloud *cloud, struct rd_arena *arena, int64_t now_ms,
                             struct rd_str path, struct fake_answer *answer)
{
    int64_t number = 0;
    size_t slash = rd_str_find_last_char(path, '/');
    if (cloud->forgets_operations || slash == RD_STR_NONE ||
        !rd_str_to_int(rd_str_sub(path, slash + 1, path.n), 0, (int64_t)cloud->count - 1,
                       &number)) {
        say(arena, answer, 404, "NotFound");
        return;
    }
    const struct fake_item *item = &cloud->items[number];
    if (now_ms < item->ready_ms)
        answer->reply.body = RD_STR("{\"status\":\"InProgress\"}");
    else if (!item->is_failed)
        answer->reply.body = RD_STR("{\"status\":\"Succeeded\"}");
    else
        answer->reply.body = rd_arena_printf(
            arena, "{\"status\":\"Failed\",\"error\":{\"code\":\"%s\",\"message\":\"no\"}}",
            cloud->fail_code);
}

/* Everything one segment below the path. */
static void answer_list(struct fake_cloud *cloud, struct rd_arena *arena, int64_t now_ms,
                        struct rd_str path, bool is_vault, struct fake_answer *answer)
{
    struct rd_json list = rd_json_object();
    struct rd_json items = rd_json_array();
    for (size_t i = 0; i < cloud->count; i++) {
        struct rd_str own = rd_str_from(cloud->items[i].path);
        if (cloud->items[i].is_deleted || !rd_str_has_prefix_case(own, path) || own.n <= path.n ||
            own.p[path.n] != '/' || rd_str_find_last_char(own, '/') != path.n)
            continue;
        struct rd_json item = shown(arena, &cloud->items[i], now_ms, is_vault);
        if (is_vault)
            (void)rd_json_remove(&item, RD_STR("value"));
        (void)rd_json_append(arena, &items, item);
    }
    (void)rd_json_set_c(arena, &list, "value", items);
    answer->reply.body = rd_json_text(arena, &list, RD_JSON_COMPACT);
}

/* Resource Manager's side of what lies in a vault: where the vault itself has it, or "". */
static struct rd_str path_in_vault(struct rd_arena *arena, struct rd_str path)
{
    const struct rd_str vaults = RD_STR("/providers/Microsoft.KeyVault/vaults/");
    size_t at = rd_str_find_case(path, vaults, 0);
    size_t slash = at == RD_STR_NONE ? at : rd_str_find_char(path, '/', at + vaults.n);
    if (slash == RD_STR_NONE || rd_str_find_case(path, RD_STR("/providers/"), slash) != RD_STR_NONE)
        return RD_STR("");
    return rd_arena_printf(arena, "/%.*s.vault.azure.net%.*s",
                           RD_FMT(rd_str_sub(path, at + vaults.n, slash)),
                           RD_FMT(rd_str_sub(path, slash, path.n)));
}

/* Properties without values, under ids of Resource Manager's. */
static void answer_arm_of_vault(struct fake_cloud *cloud, struct rd_arena *arena,
                                struct rd_str path, struct rd_str in_vault,
                                struct fake_answer *answer)
{
    bool is_list = rd_str_has_suffix(in_vault, RD_STR("/secrets"));
    struct rd_json list = rd_json_object(), one = rd_json_absent;
    struct rd_json *items = rd_json_set_c(arena, &list, "value", rd_json_array());
    for (size_t i = 0; i < cloud->count; i++) {
        struct rd_str own = rd_str_from(cloud->items[i].path);
        size_t slash = rd_str_find_last_char(own, '/');
        if (cloud->items[i].is_deleted ||
            !rd_str_eq_case(is_list ? rd_str_sub(own, 0, slash) : own, in_vault))
            continue;
        one = rd_json_object();
        (void)rd_json_set_c(arena, &one, "id",
                            rd_json_string(rd_arena_printf(
                                arena, "%.*s%.*s", RD_FMT(path),
                                RD_FMT(is_list ? rd_str_sub(own, slash, own.n) : RD_STR("")))));
        *rd_json_make(arena, &one, "properties.attributes.enabled") = rd_json_bool(true);
        (void)rd_json_append(arena, items, one);
    }
    if (!is_list && !rd_json_exists(&one))
        say(arena, answer, 404, "ResourceNotFound");
    else
        answer->reply.body = rd_json_text(arena, is_list ? &list : &one, RD_JSON_COMPACT);
}

static size_t count_running(const struct fake_cloud *cloud, int64_t now_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < cloud->count; i++)
        count += cloud->items[i].ready_ms > now_ms;
    return count;
}

/* A path with an odd number of segments behind its last provider names a collection. */
static bool is_collection(struct rd_str path, bool is_vault)
{
    size_t last = 0;
    for (size_t at = 0; (at = rd_str_find_case(path, RD_STR("/providers/"), at)) != RD_STR_NONE;
         at++)
        last = at + 11;
    if (is_vault)
        return rd_str_has_suffix(path, RD_STR("/secrets"));
    size_t slashes = 0;
    for (size_t i = last; i < path.n; i++)
        slashes += path.p[i] == '/';
    return last > 0 && slashes % 2 == 1;
}

void fake_cloud_answer(void *data, struct rd_arena *arena, int64_t now_ms,
                       const struct rd_http_request *request, struct fake_answer *answer)
{
    struct fake_cloud *cloud = data;
    struct rd_http_url url;
    if (!rd_http_url_parse(request->url, &url))
        abort();
    cloud->last_now_ms = now_ms;
    answer->delay_ms = 50;
    bool is_vault = rd_str_find(url.host, RD_STR("vault."), 0) != RD_STR_NONE;
    struct rd_str path =
        is_vault ? rd_arena_printf(arena, "/%.*s%.*s", RD_FMT(url.host), RD_FMT(url.path))
                 : url.path;
    struct fake_item *item = find_path(cloud, path);
    struct rd_str in_vault = path_in_vault(arena, path);
    if (!is_vault && request->method == RD_HTTP_GET && in_vault.n > 0) {
        answer_arm_of_vault(cloud, arena, path, in_vault, answer);
        return;
    }
    if (is_vault && now_ms < cloud->forbidden_until_ms) {
        say(arena, answer, 403, "ForbiddenByRbac");
    } else if (request->method == RD_HTTP_PUT || request->method == RD_HTTP_PATCH) {
        write_item(cloud, arena, now_ms, request, &url, path, answer);
        size_t running = count_running(cloud, now_ms);
        if (running > cloud->running_peak)
            cloud->running_peak = running;
    } else if (request->method == RD_HTTP_POST) {
        cloud->post_count++;
        answer->reply.body = RD_STR("{\"value\":[{\"token\":\"registration-token-xyz\"}]}");
    } else if (request->method == RD_HTTP_DELETE) {
        answer->reply.status = item != NULL && !item->is_deleted ? 200 : 204;
        if (item != NULL)
            item->is_deleted = true;
    } else if (rd_str_find(path, RD_STR("/operations/"), 0) != RD_STR_NONE) {
        answer_operation(cloud, arena, now_ms, path, answer);
    } else if (is_collection(path, is_vault)) {
        answer_list(cloud, arena, now_ms, path, is_vault, answer);
    } else if (item == NULL || item->is_deleted) {
        say(arena, answer, 404, "ResourceNotFound");
    } else {
        struct rd_json body = shown(arena, item, now_ms, is_vault);
        answer->reply.body = rd_json_text(arena, &body, RD_JSON_COMPACT);
    }
}
