/* SPDX-License-Identifier: Apache-2.0 */
#include "inside.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"

/* One request from its first line to its reply, as libmicrohttpd calls for it. */

enum {
    BODY_ROOM_FIRST = 16 << 10,
    ARENA_SIZE_MAX = 0,            /* bounded by what a request may be, and by the emulator */
    ARENA_KEPT_SIZE_MAX = 1 << 20, /* one that grew beyond is given back */
    HEADER_TEXT_MAX = 1024,
};

int64_t exchange_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Taking and giving back ----------------------------------------------------------------------- */

static struct connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

void *exchange_arrive(void *data, const char *target, struct MHD_Connection *connection)
{
    struct door *door = data;
    struct rd_server *server = door->server;
    (void)pthread_mutex_lock(&server->list_lock);
    struct exchange *exchange = server->spare;
    if (exchange != NULL)
        server->spare = exchange->next;
    (void)pthread_mutex_unlock(&server->list_lock);
    struct rd_arena *arena = NULL;
    if (exchange != NULL)
        arena = exchange->arena;
    else
        exchange = rd_heap_zalloc(sizeof(*exchange));
    if (arena == NULL)
        arena = rd_arena_new(ARENA_SIZE_MAX);
    *exchange = (struct exchange){
        .server = server,
        .connection = connection_of(connection),
        .arena = arena,
        .target = rd_arena_str(arena, rd_str_from(target)),
        .is_tls = door->is_tls,
    };
    atomic_fetch_add(&server->under_way, 1);
    return exchange;
}

/* A new part of the connection's life begins now. */
static void mark(const struct exchange *exchange, bool is_answered)
{
    if (exchange->connection == NULL)
        return;
    atomic_store_explicit(&exchange->connection->since_ms, exchange_now_ms(), memory_order_relaxed);
    atomic_store_explicit(&exchange->connection->is_answered, is_answered, memory_order_relaxed);
}

/* Bodies hold secrets (of applications, of vaults): they do not stay behind in memory. */
void exchange_release(void *data, struct MHD_Connection *connection, void **exchange_data,
                      enum MHD_RequestTerminationCode why RD_UNUSED)
{
    struct door *door = data;
    struct rd_server *server = door->server;
    struct exchange *exchange = *exchange_data;
    if (exchange == NULL)
        return;
    *exchange_data = NULL;
    if (exchange->is_held)
        tls_let_go(exchange, connection);
    mark(exchange, false);
    if (rd_arena_held(exchange->arena) > ARENA_KEPT_SIZE_MAX) {
        rd_arena_free(exchange->arena);
        exchange->arena = NULL;
    } else if (exchange->has_body) {
        rd_arena_wipe(exchange->arena);
    } else {
        rd_arena_clear(exchange->arena);
    }
    (void)pthread_mutex_lock(&server->list_lock);
    exchange->next = server->spare;
    server->spare = exchange;
    (void)pthread_mutex_unlock(&server->list_lock);
    atomic_fetch_sub(&server->under_way, 1);
}

void exchange_free_spare(struct rd_server *server)
{
    while (server->spare != NULL) {
        struct exchange *exchange = server->spare;
        server->spare = exchange->next;
        if (exchange->arena != NULL)
            rd_arena_free(exchange->arena);
        rd_heap_free(exchange);
    }
}

/* The request -----------------------------------------------------------------------------------
 */

/* Names and values stay where libmicrohttpd has them, which is until the request is done with. */
static enum MHD_Result add_header(void *data, enum MHD_ValueKind kind RD_UNUSED, const char *name,
                                  size_t name_n, const char *value, size_t value_n)
{
    struct exchange *exchange = data;
    struct rd_http_headers *headers = &exchange->request.headers;
    headers->items = rd_arena_grow(exchange->arena, headers->items, headers->count, &headers->cap,
                                   sizeof(*headers->items));
    headers->items[headers->count++] = (struct rd_http_header){
        {name, name_n}, {value == NULL ? "" : value, value == NULL ? 0 : value_n}};
    return MHD_YES;
}

static bool begin(struct exchange *exchange, struct MHD_Connection *connection, const char *method,
                  const char *version)
{
    exchange->has_begun = true;
    mark(exchange, false);
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, exchange);
    if (!refuse_head(exchange, method, version))
        return false;
    struct rd_str scheme = exchange->is_tls ? RD_STR("https://") : RD_STR("http://");
    size_t n = scheme.n + exchange->host.n + exchange->target.n;
    char *url = rd_arena_bytes(exchange->arena, n + 1);
    memcpy(url, scheme.p, scheme.n);
    memcpy(url + scheme.n, exchange->host.p, exchange->host.n);
    memcpy(url + scheme.n + exchange->host.n, exchange->target.p, exchange->target.n);
    url[n] = '\0';
    exchange->request.url = (struct rd_str){url, n};
    exchange->request.body = (struct rd_str){"", 0};
    return true;
}

/* A body that turns out too big is read on and dropped: libmicrohttpd answers at its end only. */
static bool gather(struct exchange *exchange, const char *upload, size_t n)
{
    if (exchange->body_n + n > RD_HTTP_REQUEST_BODY_SIZE_MAX) {
        (void)refuse(exchange, 413, "RequestContentTooLarge",
                     "The request content size exceeds the maximum size of 4 MB.");
        exchange->body_n += n;
        return exchange->body_n <= RD_SERVER_DRAIN_SIZE_MAX;
    }
    if (exchange->body_n + n > exchange->body_cap) {
        size_t cap = exchange->body_cap == 0 ? BODY_ROOM_FIRST : exchange->body_cap;
        if (exchange->body_told > 0) /* checked against the maximum; untouched memory is free */
            cap = exchange->body_told;
        while (cap < exchange->body_n + n)
            cap *= 2;
        char *bytes = rd_arena_bytes(exchange->arena, cap);
        if (exchange->body_n > 0)
            memcpy(bytes, exchange->body, exchange->body_n);
        exchange->body = bytes;
        exchange->body_cap = cap;
    }
    memcpy(exchange->body + exchange->body_n, upload, n);
    exchange->body_n += n;
    return true;
}

/* The answer ------------------------------------------------------------------------------------
 */

/* The client's word for the time, for a cloud whose clock is the client's. */
static bool take_time(struct exchange *exchange)
{
    struct rd_server *server = exchange->server;
    struct rd_str text = rd_http_headers_get(&exchange->request.headers, "Redoubt-Clock");
    const int64_t year_9999_ms = 253402300799000;
    int64_t now_ms = 0;
    if (server->work.time != RD_SERVER_VIRTUAL || text.n == 0)
        return true;
    if (!rd_str_to_int(text, 0, year_9999_ms, &now_ms))
        return refuse(exchange, 400, "BadRequest",
                      "The Redoubt-Clock header is no number of milliseconds since 1970.");
    rd_clock_wait_until_ms(&server->work.clock, now_ms);
    return true;
}

static void ask_cloud(struct exchange *exchange)
{
    struct rd_server *server = exchange->server;
    struct rd_err err;
    (void)pthread_mutex_lock(&server->cloud_lock);
    enum rd_rc rc = RD_RC_OK;
    if (take_time(exchange))
        rc = rd_cloud_handle(server->work.cloud, exchange->arena,
                             rd_clock_now_ms(&server->work.clock), &exchange->request,
                             &exchange->reply, &err);
    (void)pthread_mutex_unlock(&server->cloud_lock);
    if (rc == RD_RC_OK)
        return;
    (void)refuse(exchange, 500, "InternalServerError", "");
    exchange->refusal.message = rd_arena_str(exchange->arena, rd_str_from(err.msg));
}

/* A scaled cloud's waits are told in its clients' time (SDKs honour the milliseconds). */
static bool add_scaled_wait(const struct exchange *exchange, struct rd_str seconds,
                            struct MHD_Response *response)
{
    int64_t wait_s = 0;
    char text[24];
    if (exchange->server->work.time != RD_SERVER_SCALED ||
        !rd_str_to_int(seconds, 0, INT32_MAX, &wait_s))
        return false;
    int64_t wait_ms = wait_s * 1000 / exchange->server->work.speed;
    (void)snprintf(text, sizeof(text), "%lld", (long long)(wait_ms < 1 ? 1 : wait_ms));
    (void)MHD_add_response_header(response, "retry-after-ms", text);
    return true;
}

/* What may be under way without a word of when to ask again (no header at all while a key vault's
 * name is registered) is asked for after 30 seconds by the SDKs for Python, however fast this
 * cloud's clock runs (real-clients 1.4). */
static void add_unsaid_wait(const struct exchange *exchange, struct MHD_Response *response)
{
    const struct rd_http_reply *reply = &exchange->reply;
    if (reply->status < 300 && rd_http_headers_get(&reply->headers, "Retry-After").n == 0)
        (void)add_scaled_wait(exchange, RD_STR("10"), response);
}

/* libmicrohttpd wants C strings, which views need not be. */
static void add_reply_header(struct exchange *exchange, const struct rd_http_header *header,
                             struct MHD_Response *response)
{
    char name[128];
    char value[HEADER_TEXT_MAX];
    if (header->name.n == 11 && rd_str_is_case(header->name, "Retry-After") &&
        add_scaled_wait(exchange, header->value, response))
        return;
    /* The size is the response's own. */
    if (header->name.n >= sizeof(name) || rd_str_is_case(header->name, "Content-Length"))
        return;
    memcpy(name, header->name.p, header->name.n);
    name[header->name.n] = '\0';
    const char *text = value;
    if (header->value.n < sizeof(value)) {
        memcpy(value, header->value.p, header->value.n);
        value[header->value.n] = '\0';
    } else {
        text = rd_arena_str(exchange->arena, header->value).p;
    }
    (void)MHD_add_response_header(response, name, text);
}

/* The body of an answer to HEAD: it has a size, and nobody asks for its bytes. */
static ssize_t read_nothing(void *data RD_UNUSED, uint64_t position RD_UNUSED,
                            char *bytes RD_UNUSED, size_t count RD_UNUSED)
{
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_response(const struct exchange *exchange)
{
    const struct rd_http_reply *reply = &exchange->reply;
    struct rd_str told = rd_http_headers_get(&reply->headers, "Content-Length");
    int64_t size = 0;
    if (exchange->request.method == RD_HTTP_HEAD && rd_str_to_int(told, 0, INT64_MAX, &size))
        return MHD_create_response_from_callback((uint64_t)size, 1, read_nothing, NULL, NULL);
    union {
        const char *from;
        void *to;
    } body = {.from = reply->body.p};
    return MHD_create_response_from_buffer(reply->body.n, body.to, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_reply(struct exchange *exchange, struct MHD_Connection *connection,
                                  bool closes)
{
    const struct rd_http_reply *reply = &exchange->reply;
    struct MHD_Response *response = make_response(exchange);
    if (response == NULL)
        return MHD_NO;
    for (size_t i = 0; i < reply->headers.count; i++)
        add_reply_header(exchange, &reply->headers.items[i], response);
    add_unsaid_wait(exchange, response);
    if (closes || atomic_load_explicit(&exchange->server->is_stopping, memory_order_relaxed))
        (void)MHD_add_response_header(response, "Connection", "close");
    exchange->is_held = tls_hold(exchange, connection, reply->body.n);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(struct exchange *exchange, struct MHD_Connection *connection)
{
    if (exchange->refusal.status == 0) {
        exchange->request.body =
            (struct rd_str){exchange->body == NULL ? "" : exchange->body, exchange->body_n};
        ask_cloud(exchange);
    }
    mark(exchange, true);
    bool is_refused = exchange->refusal.status != 0;
    if (is_refused)
        refuse_reply(exchange);
    return send_reply(exchange, connection, is_refused);
}

enum MHD_Result exchange_go_on(void *door RD_UNUSED, struct MHD_Connection *connection,
                               const char *url RD_UNUSED, const char *method, const char *version,
                               const char *upload, size_t *upload_size, void **data)
{
    struct exchange *exchange = *data;
    if (exchange == NULL)
        return MHD_NO;
    if (!exchange->has_begun) {
        /* A body that follows a refused head is not read: the connection closes. */
        if (!begin(exchange, connection, method, version))
            return answer(exchange, connection);
        /* Answered here, a good request would cost its connection: libmicrohttpd takes an answer
         * before the end of the message for a refusal to read on. */
        return MHD_YES;
    }
    if (*upload_size == 0)
        return answer(exchange, connection);
    bool goes_on = gather(exchange, upload, *upload_size);
    *upload_size = 0;
    return goes_on ? MHD_YES : MHD_NO;
}
