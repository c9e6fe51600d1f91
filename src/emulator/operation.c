/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <assert.h>
#include <string.h>

/*
 * Asynchronous operations: what starts them, what ends them, and their URLs. The URLs carry a long
 * opaque tail as real ones do (azure-compute reference 1.3, fact 7: about 3.5 kB, recorded), so
 * that a client that cuts, rebuilds or re-encodes them fails here as it would there.
 */

enum {
    URL_CERTIFICATE_SIZE = 2900,
    URL_SIGNATURE_SIZE = 342,
    URL_HASH_SIZE = 43,
    TAIL_MARK_SIZE = 20,    /* "t=" and when it started, in ticks */
    KEPT_COUNT_MAX = 20000, /* finished operations; a run of 1,000 hosts makes 15,000 */
    KEPT_MS = 24 * 3600 * 1000,
};

void em_operation_free(struct em_operation *operation)
{
    em_heap_str_free(&operation->resource_id);
    em_heap_str_free(&operation->location);
    em_heap_str_free(&operation->event);
    em_heap_str_free(&operation->argument);
    em_heap_str_free(&operation->code);
    em_heap_str_free(&operation->message);
    em_heap_str_free(&operation->output);
    rd_heap_free(operation);
}

static void mark(struct rd_cloud *cloud, struct em_operation *operation)
{
    if (operation->is_dirty)
        return;
    operation->is_dirty = true;
    em_push(&cloud->dirty_operations, operation);
}

void em_operation_adopt(struct rd_cloud *cloud, struct em_operation *operation)
{
    em_index_add(&cloud->operations, operation);
    em_push(&cloud->operation_queue, operation);
}

/* Forgets the oldest while they have ended and are old or too many. Azure keeps a result for a day
 * or so (unverified); the count bounds memory under any load. */
static void forget(struct em_exchange *ex)
{
    struct rd_cloud *cloud = ex->cloud;
    struct em_pointers *queue = &cloud->operation_queue;
    while (cloud->operation_head < queue->count) {
        struct em_operation *oldest = queue->items[cloud->operation_head];
        bool is_old = oldest->end_ms + KEPT_MS < ex->now_ms ||
                      queue->count - cloud->operation_head > KEPT_COUNT_MAX;
        if (oldest->status == EM_OPERATION_RUNNING || !is_old)
            break;
        cloud->operation_head++;
        em_index_remove(&cloud->operations, rd_str_from(oldest->guid));
        em_push(&cloud->gone_operations, oldest);
    }
    if (cloud->operation_head * 2 < queue->count || cloud->operation_head < 64)
        return;
    queue->count -= cloud->operation_head;
    memmove(queue->items, queue->items + cloud->operation_head,
            queue->count * sizeof(*queue->items));
    cloud->operation_head = 0;
}

/* The text of a member at the top of stored JSON, found without parsing the rest; a place never
 * holds an escape. */
static struct rd_str top_text(struct rd_str json, struct rd_str member)
{
    int depth = 0;
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (c != '"')
            continue;
        size_t start = i + 1;
        while (++i < json.n && json.p[i] != '"')
            i += json.p[i] == '\\';
        bool is_key = depth == 1 && i + 2 < json.n && json.p[i + 1] == ':' &&
                      json.p[i + 2] == '"' && rd_str_eq(rd_str_sub(json, start, i), member);
        if (is_key)
            return rd_str_sub(json, i + 3, rd_str_find_char(json, '"', i + 3));
    }
    return (struct rd_str){"", 0};
}

static struct rd_str location_of(struct em_exchange *ex, const struct em_resource *resource)
{
    for (const struct em_resource *r = resource; r != NULL; r = r->parent) {
        struct rd_str location = top_text(r->text, RD_STR("location"));
        if (location.n > 0)
            return em_region_name(ex, location);
    }
    return RD_STR("global");
}

struct em_operation *em_operation_start(struct em_exchange *ex, struct em_resource *resource,
                                        enum em_operation_kind kind, int64_t duration_ms,
                                        const char *event, struct rd_str argument)
{
    struct rd_cloud *cloud = ex->cloud;
    forget(ex);
    struct em_operation *operation = rd_heap_zalloc(sizeof(*operation));
    *operation = (struct em_operation){
        .kind = kind,
        .seq = cloud->next_operation_seq++,
        .start_ms = ex->now_ms,
        .end_ms = ex->now_ms + duration_ms,
        .type = resource->type,
        .resource_id = em_heap_str(resource->id),
        .location = em_heap_str(location_of(ex, resource)),
        .event = em_heap_str(rd_str_from(event == NULL ? "" : event)),
        .argument = em_heap_str(argument),
        .code = {"", 0},
        .message = {"", 0},
        .output = {"", 0},
    };
    uint64_t drawn = em_mix(cloud->seed, (uint64_t)operation->seq ^ 0x6f70u);
    em_guid_text(drawn, em_mix(drawn, 1), operation->guid);
    em_operation_adopt(cloud, operation);
    mark(cloud, operation);
    operation->event_seq = cloud->next_event_seq++;
    em_event_end(cloud, operation);
    return operation;
}

static struct em_operation *find(struct em_exchange *ex, struct rd_str guid)
{
    return em_index_get(&ex->cloud->operations, guid);
}

void em_start_operation(struct em_exchange *ex, struct em_resource *resource, int64_t duration_ms,
                        const char *event, struct rd_str argument)
{
    struct em_operation *operation =
        em_operation_start(ex, resource, EM_OPERATION_ACTION, duration_ms, event, argument);
    em_reply_empty(ex, 202);
    em_operation_headers(ex, operation);
}

void em_operation_fail(struct em_exchange *ex, struct rd_str guid, const char *code,
                       struct rd_str message)
{
    struct em_operation *operation = find(ex, guid);
    if (operation == NULL || operation->status == EM_OPERATION_FAILED)
        return;
    operation->status = EM_OPERATION_FAILED;
    operation->end_ms = ex->now_ms;
    operation->code = em_heap_str(rd_str_from(code));
    operation->message = em_heap_str(message);
    mark(ex->cloud, operation);
}

void em_operation_result(struct em_exchange *ex, struct rd_str guid, const struct rd_json *result)
{
    struct em_operation *operation = find(ex, guid);
    if (operation == NULL)
        return;
    em_heap_str_free(&operation->output);
    operation->output = em_heap_str(rd_json_text(ex->arena, result, RD_JSON_COMPACT));
    mark(ex->cloud, operation);
}

static const char *status_word(const struct em_operation *operation)
{
    static const char *const words[] = {
        [EM_OPERATION_RUNNING] = "InProgress",
        [EM_OPERATION_SUCCEEDED] = "Succeeded",
        [EM_OPERATION_FAILED] = "Failed",
    };
    return words[operation->status];
}

/* Ends ----------------------------------------------------------------------------------------- */

static void end_write(struct em_exchange *ex, struct em_operation *operation,
                      struct em_resource *resource)
{
    struct rd_json body = em_body(ex, resource);
    struct rd_json hidden = em_hidden(ex, resource);
    struct rd_str message = {"", 0};
    const char *code = NULL;
    if (resource->type->ready != NULL)
        code = resource->type->ready(ex, resource, &body, &hidden, &message);
    if (resource->is_deleted)
        return;
    if (code != NULL)
        em_operation_fail(ex, rd_str_from(operation->guid), code, message);
    if (resource->pending == operation) {
        resource->state = code == NULL ? EM_SUCCEEDED : EM_FAILED;
        resource->pending = NULL;
    }
    em_store(ex, resource, &body);
    em_store_hidden(ex, resource, &hidden);
}

static void end_action(struct em_exchange *ex, const struct em_operation *operation)
{
    if (operation->event.n == 0)
        return;
    union {
        void *from;
        const struct em_event_name *to;
    } name = {.from = rd_map_get(&ex->cloud->events_by_name, operation->event)};
    assert(name.to != NULL);
    name.to->fn(ex, operation->resource_id, operation->argument);
}

static void finish(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    struct em_operation *operation = find(ex, argument);
    if (operation == NULL || operation->status != EM_OPERATION_RUNNING)
        return;
    struct em_resource *resource = em_find(ex->cloud, id);
    ex->operation = rd_str_from(operation->guid);
    if (resource == NULL && operation->kind != EM_OPERATION_DELETE) {
        em_operation_fail(ex, ex->operation, "ResourceNotFound",
                          RD_STR("The resource was deleted before the operation had ended."));
        return;
    }
    if (operation->kind == EM_OPERATION_WRITE)
        end_write(ex, operation, resource);
    else if (operation->kind == EM_OPERATION_ACTION)
        end_action(ex, operation);
    else if (resource != NULL)
        em_remove(ex, resource);
    if (operation->status == EM_OPERATION_RUNNING) {
        operation->status = EM_OPERATION_SUCCEEDED;
        operation->end_ms = ex->now_ms;
        mark(ex->cloud, operation);
    }
}

static const struct em_event_name events[] = {{"core.finish", finish}};
const struct em_part em_core_part = {
    .name = "core", .events = events, .event_count = EM_COUNT(events)};

/* URLs ----------------------------------------------------------------------------------------- */

/* Path from "/subscriptions" on, with {l} replaced. A path that starts with "/" stands below the
 * subscription itself, as resource groups' do. */
static void write_path(struct rd_buf *out, const struct em_operation *operation)
{
    struct em_resource holder = {.id = operation->resource_id};
    rd_buf_printf(out, "/subscriptions/%.*s", RD_FMT(em_subscription(&holder)));
    struct rd_str path = rd_str_from(operation->type->operation_path);
    if (path.n == 0)
        path = RD_STR("Microsoft.Resources/locations/{l}/operations");
    if (path.p[0] != '/')
        rd_buf_add(out, RD_STR("/providers/"));
    size_t at = rd_str_find(path, RD_STR("{l}"), 0);
    if (at != RD_STR_NONE) {
        rd_buf_add(out, rd_str_sub(path, 0, at));
        rd_buf_add(out, operation->location);
        path = rd_str_sub(path, at + 3, path.n);
    }
    rd_buf_add(out, path);
    rd_buf_add_char(out, '/');
    rd_buf_add_c(out, operation->guid);
}

/* A constant block: drawn once for the cloud. */
static const char *constant_tail(struct rd_cloud *cloud)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t size = URL_CERTIFICATE_SIZE + URL_SIGNATURE_SIZE;
    if (cloud->url_tail != NULL)
        return cloud->url_tail;
    cloud->url_tail = rd_arena_bytes(cloud->memory, size + 1);
    for (size_t i = 0; i < size; i++)
        cloud->url_tail[i] = alphabet[em_mix(cloud->seed, i) & 63];
    cloud->url_tail[size] = '\0';
    return cloud->url_tail;
}

/* t=<ticks>&c=<certificate>&s=<signature>&h=<hash>; the hash ties it to this one operation. */
static void write_tail(struct rd_buf *out, struct rd_cloud *cloud,
                       const struct em_operation *operation)
{
    const char *constant = constant_tail(cloud);
    int64_t ticks = operation->start_ms * 10000 + 621355968000000000;
    rd_buf_add(out, RD_STR("t="));
    rd_buf_add_int(out, ticks);
    rd_buf_add(out, RD_STR("&c="));
    rd_buf_add(out, (struct rd_str){constant, URL_CERTIFICATE_SIZE});
    rd_buf_add(out, RD_STR("&s="));
    rd_buf_add(out, (struct rd_str){constant + URL_CERTIFICATE_SIZE, URL_SIGNATURE_SIZE});
    uint64_t a = em_mix(cloud->seed ^ rd_str_hash(rd_str_from(operation->guid)), 0x7369u);
    char guid[37];
    em_guid_text(a, em_mix(a, 2), guid);
    rd_buf_printf(out, "&h=%s%.*s", guid, (int)(URL_HASH_SIZE - 36), constant);
}

static struct rd_str url_of(struct em_exchange *ex, const struct em_operation *operation,
                            bool is_monitor)
{
    struct rd_buf buf;
    rd_buf_init(&buf, 16 << 10);
    rd_buf_add(&buf, em_place_url(ex, EM_PLACE_ARM, (struct rd_str){"", 0}));
    write_path(&buf, operation);
    rd_buf_add_char(&buf, '?');
    if (operation->type->operation_body == EM_OPERATION_DISK) { /* recorded: p before the rest */
        struct rd_str partition = em_guid(ex, RD_STR("disk operations"));
        rd_buf_printf(&buf, "p=%.*s&", RD_FMT(partition));
    }
    if (is_monitor)
        rd_buf_add(&buf, RD_STR("monitor=true&"));
    rd_buf_printf(&buf, "api-version=%.*s&", RD_FMT(ex->api_version));
    write_tail(&buf, ex->cloud, operation);
    struct rd_str url = rd_arena_str(ex->arena, rd_buf_str(&buf));
    rd_buf_done(&buf);
    return url;
}

static void add_retry_after(struct em_exchange *ex, const struct em_type *type)
{
    if (type->retry_after_s > 0)
        em_reply_header(ex, "Retry-After", "%d", type->retry_after_s);
}

void em_operation_headers(struct em_exchange *ex, const struct em_operation *operation)
{
    enum em_async async = operation->type->async;
    if (operation->kind == EM_OPERATION_ACTION && (async == EM_SYNC || async == EM_POLL_RESOURCE))
        async = EM_BOTH;
    if (async == EM_SYNC || async == EM_POLL_RESOURCE)
        return;
    if (async != EM_LOCATION)
        rd_http_headers_add(ex->arena, &ex->reply->headers, "Azure-AsyncOperation",
                            url_of(ex, operation, false));
    if (async != EM_ASYNC_OPERATION)
        rd_http_headers_add(ex->arena, &ex->reply->headers, "Location",
                            url_of(ex, operation, true));
    add_retry_after(ex, operation->type);
}

/* Polls ---------------------------------------------------------------------------------------- */

static void add_error(struct em_exchange *ex, const struct em_operation *operation,
                      struct rd_json *body)
{
    if (operation->status == EM_OPERATION_FAILED)
        em_set_error(ex, body, operation->code, operation->message);
}

/* properties.output: what an action left, or the whole resource after a write. */
static void add_output(struct em_exchange *ex, const struct em_operation *operation,
                       struct rd_json *body)
{
    if (operation->status != EM_OPERATION_SUCCEEDED)
        return;
    struct rd_json output = rd_json_absent;
    struct rd_err err;
    struct em_resource *resource = em_find(ex->cloud, operation->resource_id);
    if (operation->output.n > 0) {
        if (rd_json_parse(ex->arena, "output", rd_arena_str(ex->arena, operation->output), 0,
                          &output, &err) != RD_RC_OK)
            return;
    } else if (operation->kind == EM_OPERATION_WRITE && resource != NULL) {
        output = em_view(ex, resource);
    }
    if (rd_json_exists(&output))
        *rd_json_make(ex->arena, body, "properties.output") = output;
}

static void add_times(struct em_exchange *ex, const struct em_operation *operation,
                      const char *zone, struct rd_json *body)
{
    rd_json_set_c(ex->arena, body, "startTime",
                  rd_json_string(em_time_ticks(ex, operation->start_ms, zone)));
    if (operation->status != EM_OPERATION_RUNNING)
        rd_json_set_c(ex->arena, body, "endTime",
                      rd_json_string(em_time_ticks(ex, operation->end_ms, zone)));
}

static struct rd_str upper(struct em_exchange *ex, struct rd_str text)
{
    char *out = rd_arena_bytes(ex->arena, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        out[i] = rd_char_upper(text.p[i]);
    out[text.n] = '\0';
    return (struct rd_str){out, text.n};
}

/* The members of each form in the order they were recorded in. */
static void answer_async(struct em_exchange *ex, const struct em_operation *operation)
{
    struct rd_json body = rd_json_object();
    enum em_operation_body form = operation->type->operation_body;
    struct rd_json status = rd_json_string(rd_str_from(status_word(operation)));
    struct rd_str name = rd_str_from(operation->guid);
    switch (form) {
    case EM_OPERATION_STATUS_ONLY:
        rd_json_set_c(ex->arena, &body, "status", status);
        break;
    case EM_OPERATION_COMPUTE:
    case EM_OPERATION_DISK:
        add_times(ex, operation, "+00:00", &body);
        rd_json_set_c(ex->arena, &body, "status", status);
        break;
    case EM_OPERATION_BUILDER:
        rd_json_set_c(ex->arena, &body, "name", rd_json_string(upper(ex, name)));
        rd_json_set_c(ex->arena, &body, "status", status);
        add_times(ex, operation, "Z", &body);
        break;
    case EM_OPERATION_BACKUP:
        rd_json_set_c(ex->arena, &body, "id", rd_json_string(ex->id));
        rd_json_set_c(ex->arena, &body, "name", rd_json_string(name));
        rd_json_set_c(ex->arena, &body, "status", status);
        add_times(ex, operation, "Z", &body);
        break;
    }
    if (form == EM_OPERATION_DISK || operation->output.n > 0)
        add_output(ex, operation, &body);
    add_error(ex, operation, &body);
    if (form == EM_OPERATION_COMPUTE || form == EM_OPERATION_DISK)
        rd_json_set_c(ex->arena, &body, "name", rd_json_string(name));
    em_reply_json(ex, 200, &body, operation->type->json_style);
    if (operation->status == EM_OPERATION_RUNNING)
        add_retry_after(ex, operation->type);
}

static void answer_location(struct em_exchange *ex, const struct em_operation *operation)
{
    struct em_resource *resource = em_find(ex->cloud, operation->resource_id);
    if (operation->status == EM_OPERATION_RUNNING) {
        em_reply_empty(ex, 202);
        rd_http_headers_add(ex->arena, &ex->reply->headers, "Location", ex->request->url);
        add_retry_after(ex, operation->type);
        return;
    }
    if (operation->status == EM_OPERATION_FAILED) {
        struct rd_str code = rd_arena_str(ex->arena, operation->code);
        (void)em_fail(ex, 409, code.p, "%.*s", RD_FMT(operation->message));
        return;
    }
    if (operation->output.n > 0)
        em_reply_text(ex, 200, rd_arena_str(ex->arena, operation->output));
    else if (operation->kind == EM_OPERATION_WRITE && resource != NULL)
        em_reply_resource(ex, 200, resource);
    else
        em_reply_empty(ex, operation->kind == EM_OPERATION_DELETE ? 200 : 204);
}

/* Whether the path, up to case, is the one that was handed out. */
static bool is_own_path(struct em_exchange *ex, const struct em_operation *operation)
{
    struct rd_buf buf;
    rd_buf_init(&buf, 4 << 10);
    write_path(&buf, operation);
    bool is_same = rd_str_eq_case(rd_buf_str(&buf), ex->id);
    rd_buf_done(&buf);
    return is_same;
}

/* Clients may add parameters of their own behind it: SDKs repeat those of the request they poll for
 * (seen: force=true of a workspace's DELETE). */
static bool has_own_tail(struct em_exchange *ex, const struct em_operation *operation)
{
    struct rd_buf buf;
    rd_buf_init(&buf, 8 << 10);
    write_tail(&buf, ex->cloud, operation);
    struct rd_str tail = rd_buf_str(&buf);
    struct rd_str query = ex->url.query;
    /* By its first words, which no other place has: a search for all of it prepares longer for the
     * search than it then takes. */
    size_t at = rd_str_find(query, rd_str_cut(tail, TAIL_MARK_SIZE), 0);
    query = rd_str_sub(query, at == RD_STR_NONE ? query.n : at, query.n);
    bool is_own = rd_str_has_prefix(query, tail) && (query.n == tail.n || query.p[tail.n] == '&');
    rd_buf_done(&buf);
    return is_own;
}

static bool is_operation_path(struct rd_str id)
{
    static const char *const words[] = {"operations",     "operationstatuses", "operationresults",
                                        "diskoperations", "capsoperations",    "nfvoperations"};
    size_t slash = rd_str_find_last_char(id, '/');
    struct rd_str rest = rd_str_sub(id, 0, slash == RD_STR_NONE ? 0 : slash);
    struct rd_str word = rd_str_after_last(rest, '/');
    for (size_t i = 0; i < EM_COUNT(words); i++)
        if (rd_str_is_case(word, words[i]))
            return true;
    return false;
}

bool em_operation_poll(struct em_exchange *ex)
{
    size_t slash = rd_str_find_last_char(ex->id, '/');
    struct rd_str last = rd_str_sub(ex->id, slash + 1, ex->id.n);
    if (ex->request->method != RD_HTTP_GET || slash == RD_STR_NONE || last.n != 36)
        return false;
    const struct em_operation *operation = find(ex, last);
    if (operation == NULL || !is_own_path(ex, operation)) {
        if (operation != NULL || !is_operation_path(ex->id))
            return false;
        (void)em_fail(ex, 404, "OperationNotFound", "The operation '%.*s' was not found.",
                      RD_FMT(last));
        return true;
    }
    if (!em_throttle(ex, operation->type->throttle_policy, "operation", operation->resource_id))
        return true;
    struct rd_str monitor;
    if (!has_own_tail(ex, operation))
        (void)em_fail(
            ex, 400, "InvalidOperationUrl",
            "The signature of the operation URL is missing or damaged. Poll the URL of the "
            "Azure-AsyncOperation or Location header as it was received.");
    else if (rd_http_query_get(ex->arena, ex->url.query, "monitor", &monitor) &&
             rd_str_is_case(monitor, "true"))
        answer_location(ex, operation);
    else
        answer_async(ex, operation);
    return true;
}
