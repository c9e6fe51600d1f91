/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"
#include "deployment.h"
#include "state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/hash.h"

/* Opening, closing, and one request from its text to its reply. */

enum {
    SAVE_TIME_MS = 60 * 1000, /* reads alone put the time into the file this often */
    SCRATCH_SIZE_MAX = 0,
};

/* Namespace of the names from which a cloud's own GUIDs are drawn; made for this program. */
static const char guid_root[] = "6f1c2f0e-5f6a-4f0a-9d51-0b6f3d5b7a11";

static struct rd_str resource_key(const void *item)
{
    return ((const struct em_resource *)item)->id;
}

static struct rd_str operation_key(const void *item)
{
    return rd_str_from(((const struct em_operation *)item)->guid);
}

/* rd_map holds pointers without const; nobody writes through these. */
static void map_set_const(struct rd_map *map, const char *key, const void *value)
{
    union {
        const void *from;
        void *to;
    } pointer = {.from = value};
    void *former = rd_map_set(map, rd_str_from(key), pointer.to);
    assert(former == NULL); /* two parts use one name */
    (void)former;
}

static void add_part(struct rd_cloud *cloud, const struct em_part *part)
{
    for (size_t i = 0; i < part->type_count; i++) {
        struct em_class *class_ = &cloud->classes[cloud->class_count++];
        class_->type = &part->types[i];
        map_set_const(&cloud->types, part->types[i].name, class_);
    }
    for (size_t i = 0; i < part->event_count; i++)
        map_set_const(&cloud->events_by_name, part->events[i].name, &part->events[i]);
}

static void add_parts(struct rd_cloud *cloud)
{
    size_t part_count;
    const struct em_part *const *parts = em_parts(&part_count);
    size_t type_count = 1;
    for (size_t i = 0; i < part_count; i++)
        type_count += parts[i]->type_count;
    cloud->classes = rd_heap_zalloc(type_count * sizeof(*cloud->classes));
    add_part(cloud, &em_core_part);
    for (size_t i = 0; i < part_count; i++)
        add_part(cloud, parts[i]);
}

RD_NODISCARD static enum rd_rc
copy_options(struct rd_cloud *cloud, const struct rd_cloud_options *options, struct rd_err *err)
{
    assert(options->subscription_count <= EM_COUNT(cloud->subscriptions));
    assert(!options->trusts_embedded || options->address.n == 0); /* a word is no credential */
    cloud->name = rd_arena_str(cloud->memory, rd_str_from(options->cloud_name));
    cloud->place = rd_json_get(rd_json_get(em_table("regions"), RD_STR("clouds")), cloud->name);
    if (!rd_json_exists(cloud->place))
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "the embedded cloud knows no cloud '%s'",
                                   options->cloud_name),
                           err, "AzureCloud or AzureUSGovernment");
    cloud->tenant = rd_arena_str(cloud->memory, options->tenant);
    for (size_t i = 0; i < options->subscription_count; i++)
        cloud->subscriptions[i] = rd_arena_str(cloud->memory, options->subscriptions[i]);
    cloud->subscription_count = options->subscription_count;
    cloud->address = rd_arena_str(cloud->memory, options->address);
    cloud->trusts_embedded = options->trusts_embedded;
    cloud->seed = options->seed;
    cloud->speed = options->speed > 1 ? options->speed : 1;
    cloud->has_clients_time = options->has_clients_time;
    cloud->now_ms = options->start_ms;
    cloud->saved_ms = options->start_ms;
    return RD_RC_OK;
}

static void add_regions(struct rd_cloud *cloud)
{
    const struct rd_json *regions = rd_json_get(cloud->place, RD_STR("regions"));
    for (size_t i = 0; i < rd_json_count(regions); i++) {
        const struct rd_json *region = rd_json_item(regions, i);
        struct rd_str name = rd_json_str(rd_json_get(region, RD_STR("name")));
        map_set_const(&cloud->regions, rd_arena_str(cloud->memory, name).p, region);
    }
}

static void draw_name_space(struct rd_cloud *cloud)
{
    char text[160];
    int n = snprintf(text, sizeof(text), "%016llx/%.*s", (unsigned long long)cloud->seed,
                     RD_FMT(cloud->tenant));
    (void)rd_guid_from_name(
        guid_root, (struct rd_str){text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1},
        cloud->name_space);
    (void)rd_guid_from_name(cloud->name_space, RD_STR("caller"), cloud->builtin);
}

enum rd_rc rd_cloud_open(const struct rd_cloud_options *options, struct rd_cloud **ret_cloud,
                         struct rd_err *err)
{
    struct rd_cloud *cloud = rd_heap_zalloc(sizeof(*cloud));
    cloud->memory = rd_arena_new(0);
    cloud->scratch = rd_arena_new(SCRATCH_SIZE_MAX);
    rd_map_init(&cloud->types, true);
    rd_map_init(&cloud->events_by_name, false);
    rd_map_init(&cloud->regions, true);
    em_members_open(cloud);
    em_login_open(cloud);
    em_access_open(cloud);
    em_index_init(&cloud->resources, resource_key);
    em_index_init(&cloud->operations, operation_key);
    cloud->next_seq = cloud->next_event_seq = cloud->next_operation_seq = 1;
    enum rd_rc rc = copy_options(cloud, options, err);
    if (rc == RD_RC_OK) {
        add_parts(cloud);
        em_routes_open(cloud);
        add_regions(cloud);
        em_throttle_open(cloud);
        if (options->path != NULL)
            rc = em_store_open(cloud, options->path, err);
    }
    if (rc != RD_RC_OK) {
        cloud->is_broken = true;
        rd_cloud_close(cloud);
        return rc;
    }
    draw_name_space(cloud);
    *ret_cloud = cloud;
    return RD_RC_OK;
}

static void free_all(struct rd_cloud *cloud)
{
    for (size_t i = 0; i < cloud->dirty.count; i++) {
        struct em_resource *resource = cloud->dirty.items[i];
        if (resource->is_deleted)
            em_resource_free(resource);
    }
    for (size_t i = 0; i < cloud->resources.slot_count; i++)
        if (cloud->resources.slots[i].item != NULL)
            em_resource_free(cloud->resources.slots[i].item);
    for (size_t i = 0; i < cloud->operations.slot_count; i++)
        if (cloud->operations.slots[i].item != NULL)
            em_operation_free(cloud->operations.slots[i].item);
    for (size_t i = 0; i < cloud->gone_operations.count; i++)
        em_operation_free(cloud->gone_operations.items[i]);
    for (size_t i = 0; i < cloud->heap_count; i++)
        em_event_free(cloud->heap[i]);
    for (size_t i = 0; i < cloud->done_events.count; i++)
        em_event_free(cloud->done_events.items[i]);
    for (size_t i = 0; i < cloud->new_events.count; i++) {
        struct em_event *event = cloud->new_events.items[i];
        if (event->is_done)
            em_event_free(event);
    }
}

void rd_cloud_close(struct rd_cloud *cloud)
{
    if (cloud == NULL)
        return;
    struct rd_err err;
    if (!cloud->is_broken && cloud->request_count > 0)
        (void)!em_store_flush(cloud, true, &err); /* only the time can be lost here */
    rd_sql_close(cloud->sql);
    free_all(cloud);
    em_throttle_close(cloud);
    em_access_close(cloud);
    em_login_close(cloud);
    for (size_t i = 0; i < cloud->class_count; i++) {
        if (cloud->classes[i].name_pattern != NULL)
            regfree(cloud->classes[i].name_pattern);
        rd_heap_free(cloud->classes[i].name_pattern);
        rd_heap_free(cloud->classes[i].items);
    }
    rd_heap_free(cloud->classes);
    rd_map_done(&cloud->types);
    rd_map_done(&cloud->events_by_name);
    rd_map_done(&cloud->regions);
    rd_map_done(&cloud->members);
    em_index_done(&cloud->resources);
    em_index_done(&cloud->operations);
    rd_heap_free(cloud->operation_queue.items);
    rd_heap_free(cloud->heap);
    rd_heap_free(cloud->faults);
    rd_heap_free(cloud->dirty.items);
    rd_heap_free(cloud->dirty_operations.items);
    rd_heap_free(cloud->new_events.items);
    rd_heap_free(cloud->done_events.items);
    rd_heap_free(cloud->gone_operations.items);
    rd_arena_free(cloud->scratch);
    rd_arena_free(cloud->memory);
    rd_heap_free(cloud);
}

/* One request ---------------------------------------------------------------------------------- */

/* "application/json; charset=utf-8", "application/merge-patch+json". No kind at all is let pass:
 * whether Azure does is not known (2026-11-21). */
static bool is_json_kind(struct rd_str kind)
{
    size_t semicolon = rd_str_find_char(kind, ';', 0);
    if (semicolon != RD_STR_NONE)
        kind = rd_str_sub(kind, 0, semicolon);
    kind = rd_str_trim(kind);
    return kind.n == 0 || rd_str_is_case(kind, "application/json") ||
           rd_str_is_case(kind, "text/json") || rd_str_has_suffix_case(kind, RD_STR("+json"));
}

static bool parse_body(struct em_exchange *ex)
{
    struct rd_str text = ex->request->body;
    struct rd_str kind = rd_http_headers_get(&ex->request->headers, "Content-Type");
    struct rd_err err;
    if (rd_str_trim(text).n == 0)
        return true;
    /* Status and code are ARM's; the wording is from memory (2026-11-21). */
    if (!is_json_kind(kind))
        return em_fail(ex, 415, "UnsupportedMediaType",
                       "The content media type '%.*s' is not supported. Only 'application/json' is "
                       "supported.",
                       RD_FMT(kind));
    /* Azure CLI splices a template's own text into the body (real-clients 1.3). */
    int options = em_is_deployment_path(ex->url.path) ? RD_JSON_LENIENT : 0;
    if (rd_json_parse(ex->arena, "body", text, options, &ex->body, &err) == RD_RC_OK)
        return true;
    ex->body = rd_json_absent;
    return em_fail(ex, 400, "InvalidRequestContent",
                   "The request content was invalid and could not be deserialized: '%s'.", err.msg);
}

static void answer_plane(struct em_exchange *ex)
{
    const char *name = em_place_word(ex->place);
    bool (*plane)(struct em_exchange *) = em_plane(name);
    if (plane == NULL)
        (void)em_fail(ex, 501, "NotImplemented", "The embedded cloud has no '%s' data plane.",
                      name);
    else
        (void)plane(ex);
}

/* Visible ASCII, and UTF-8 without control characters behind the escapes (RFC 3986, section 2):
 * what a URL holds comes back in messages and ids. */
static bool is_url_text(struct rd_arena *arena, struct rd_str url)
{
    if (!rd_str_is_visible(url))
        return false;
    if (rd_str_find_char(url, '%', 0) == RD_STR_NONE)
        return true;
    struct rd_str decoded = rd_http_decode(arena, url);
    return !rd_str_has_control(decoded) && rd_str_is_utf8(decoded);
}

/* Planes of JSON: who asks comes before what is asked, so a body is read for those only who have
 * signed in. */
static void answer_signed(struct em_exchange *ex)
{
    em_token_check(ex);
    if (ex->token == EM_TOKEN_GOOD && !parse_body(ex))
        return;
    em_place_inward(ex);
    if (ex->place == EM_PLACE_ARM)
        em_answer_arm(ex);
    else if ((ex->place != EM_PLACE_GRAPH || em_gate_graph(ex)) &&
             (ex->place != EM_PLACE_QUERY || em_gate_logs(ex)))
        answer_plane(ex);
    em_place_outward(ex);
}

static void answer_place(struct em_exchange *ex)
{
    switch (ex->place) {
    case EM_PLACE_METADATA:
        em_answer_metadata(ex);
        return;
    case EM_PLACE_LOGIN:
    case EM_PLACE_IDENTITY:
        em_answer_login(ex);
        return;
    case EM_PLACE_INGESTION:
        em_token_check(ex);
        if (em_gate_logs(ex))
            answer_plane(ex);
        return;
    case EM_PLACE_BLOB: /* a build's log is public to who has its address: the plane decides */
        em_token_check(ex);
        answer_plane(ex);
        return;
    case EM_PLACE_ARM:
    case EM_PLACE_GRAPH:
    case EM_PLACE_VAULT:
    case EM_PLACE_HSM:
    case EM_PLACE_QUERY:
        answer_signed(ex);
        return;
    case EM_PLACE_NONE:
    case EM_PLACE_COUNT:
        break;
    }
    assert(false); /* em_place_find found none of the table's */
}

/* Where Azure is known to take packed bodies, the plane unpacks them. */
static bool check_encoding(struct em_exchange *ex)
{
    struct rd_str encoding = rd_http_headers_get(&ex->request->headers, "Content-Encoding");
    bool is_plain = encoding.n == 0 || rd_str_is_case(encoding, "identity");
    return is_plain || ex->request->body.n == 0 || ex->place == EM_PLACE_INGESTION ||
           em_fail(ex, 415, "UnsupportedMediaType",
                   "The Content-Encoding of the request is not supported: send it plain.");
}

static void answer(struct em_exchange *ex)
{
    if (!is_url_text(ex->arena, ex->request->url) ||
        !rd_http_url_parse(ex->request->url, &ex->url)) {
        (void)em_fail(ex, 400, "InvalidRequestUri", "The request URL is invalid.");
        return;
    }
    (void)rd_http_query_get(ex->arena, ex->url.query, "api-version", &ex->api_version);
    if (em_place_find(ex) && check_encoding(ex))
        answer_place(ex);
}

/* What a HEAD is answered has the length of what a GET would be (RFC 9110, section 9.3.2). */
static void leave_out_body(struct em_exchange *ex)
{
    if (ex->request->method != RD_HTTP_HEAD)
        return;
    if (ex->reply->body.n > 0)
        em_reply_header(ex, "Content-Length", "%zu", ex->reply->body.n);
    ex->reply->body = (struct rd_str){"", 0};
}

enum rd_rc rd_cloud_handle(struct rd_cloud *cloud, struct rd_arena *arena, int64_t now_ms,
                           const struct rd_http_request *request, struct rd_http_reply *ret_reply,
                           struct rd_err *err)
{
    if (cloud->is_broken)
        return rd_err_hint(
            RD_FAIL(err, RD_RC_IO, "the embedded cloud stopped: its file could not be written"),
            err, "make room or mend the folder, and run the same command again");
    if (now_ms > cloud->now_ms)
        cloud->now_ms = now_ms;
    em_events_run(cloud);
    *ret_reply = (struct rd_http_reply){.body = {"", 0}};
    struct em_exchange ex = {
        .cloud = cloud,
        .arena = arena,
        .now_ms = cloud->now_ms,
        .request = request,
        .api_version = {"", 0},
        .body = rd_json_absent,
        .id = {"", 0},
        .reply = ret_reply,
        .subscription = {"", 0},
        .number = ++cloud->request_number,
        .operation = {"", 0},
    };
    cloud->request_count++;
    answer(&ex);
    if (ret_reply->status == 0)
        (void)em_fail(&ex, 500, "InternalServerError",
                      "The embedded cloud has no answer to this request: a bug in redoubt.");
    em_reply_headers_common(&ex);
    if (cloud->is_damaged) {
        cloud->is_broken = true;
        return rd_err_hint(RD_FAIL(err, RD_RC_STATE,
                                   "the embedded cloud's file is damaged: a resource in it has "
                                   "a body that is no JSON"),
                           err, "move the file aside, the cloud starts anew");
    }
    leave_out_body(&ex);
    return em_store_flush(cloud, cloud->now_ms - cloud->saved_ms >= SAVE_TIME_MS, err);
}

int64_t rd_cloud_time_ms(const struct rd_cloud *cloud)
{
    return cloud->now_ms;
}

size_t rd_cloud_resource_count(const struct rd_cloud *cloud)
{
    size_t count = 0;
    for (size_t i = 0; i < cloud->class_count; i++)
        count += cloud->classes[i].type->is_internal ? 0 : cloud->classes[i].live;
    return count;
}

uint64_t rd_cloud_request_count(const struct rd_cloud *cloud)
{
    return cloud->request_count;
}
