/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/curl.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "exchange.h"

enum {
    CONNECT_MS = 20000,
    IDLE_MS = 90000,
    REPLY_MS = 300000,
    CHECK_MIN_MS = 5,
    CHECK_MAX_MS = 500,
    /* Kept open for what comes next; more than the client has in flight, with its vaults. */
    CONNECTIONS_KEPT = 128,
    /* To a server of this machine: there is no distance to fill with requests, and a handshake
     * costs both sides, which share its processors, as much as dozens of exchanges. */
    LOCAL_MAX = 4,
    CA_FILE_SIZE_MAX = 4 << 20, /* the system's whole store is a quarter of a megabyte */
};

/* Endings ------------------------------------------------------------------------------------- */

/* From the loop, one ended exchange at a time, in the order in which they ended. */
static void deliver(void *data)
{
    struct rd_curl *curl = data;
    struct exchange *x = curl->ended.first;
    exchange_unlink(&curl->ended, x);
    bool is_reply = x->result == RD_TRANSPORT_REPLY;
    curl->stats.replies += is_reply;
    x->fn(x->data, x->result, is_reply ? &x->reply : NULL, is_reply ? "" : x->reason);
    exchange_give_back(x);
}

static void exchange_end(struct exchange *x)
{
    exchange_append(&x->curl->ended, x);
    rd_loop_defer(x->curl->options.loop, deliver, x->curl);
}

static int64_t wire_bytes(const struct exchange *x)
{
    const struct wire_library *library = &x->curl->library;
    curl_off_t in = 0;
    curl_off_t out = 0;
    (void)library->easy_getinfo(x->easy, CURLINFO_SIZE_DOWNLOAD_T, &in);
    (void)library->easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &out);
    return (int64_t)(in + out) + (int64_t)x->head_size;
}

/*
 * To a cloud that lives in our time writes go one after the other, in the order in which they were
 * sent: what it hands out in turn (addresses) is then the same in every run. Reads pass them.
 */
static bool keeps_order(const struct exchange *x)
{
    return x->curl->options.tells_time && x->request->method != RD_HTTP_GET &&
           x->request->method != RD_HTTP_HEAD;
}

/* Takes an exchange out of curl's hands, whether curl is done with it or not. */
static void end_under_way(struct exchange *x, CURLcode code)
{
    struct rd_curl *curl = x->curl;
    curl_off_t in = 0;
    long connections = 0;
    (void)curl->library.easy_getinfo(x->easy, CURLINFO_SIZE_DOWNLOAD_T, &in);
    (void)curl->library.easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connections);
    curl->stats.reply_bytes += (uint64_t)in;
    curl->stats.connections += (uint64_t)connections;
    ending_judge(x, code);
    (void)curl->library.multi_remove_handle(curl->multi, x->easy);
    exchange_unlink(&curl->under_way, x);
    curl->writes -= keeps_order(x);
    struct origin *origin = x->origin;
    origin->under_way--;
    /* Those that waited for this one to connect try by themselves, all at once: one after the other
     * they would wait for the same silence again and again. */
    if (!x->has_left)
        origin->is_open = true;
    else if (origin->under_way == 0)
        origin->is_open = false;
    curl->has_opened = true;
    exchange_end(x);
}

/* Beginnings ---------------------------------------------------------------------------------- */

static struct origin *find_origin(struct rd_curl *curl, struct exchange *x)
{
    struct rd_str url = rd_buf_str(&x->url);
    struct rd_buf *name = &x->target; /* which is not needed yet */
    rd_buf_clear(name);
    rd_buf_add(name, rd_str_sub(url, 0, (size_t)(x->parts.host.p - url.p) + x->parts.host.n));
    rd_buf_add_char(name, ':');
    rd_buf_add_int(name, x->parts.port);
    struct origin *origin = rd_map_get(&curl->origins, rd_buf_str(name));
    if (origin != NULL)
        return origin;
    origin = rd_arena_zalloc(curl->arena, sizeof(*origin));
    origin->name = rd_arena_str(curl->arena, rd_buf_str(name));
    (void)rd_map_set(&curl->origins, origin->name, origin);
    return origin;
}

static void launch(struct exchange *x)
{
    struct rd_curl *curl = x->curl;
    curl->writes += keeps_order(x);
    x->start_us = rd_clock_monotonic_us();
    x->origin->under_way++;
    exchange_append(&curl->under_way, x);
    if (curl->library.multi_add_handle(curl->multi, x->easy) != CURLM_OK)
        end_under_way(x, CURLE_OUT_OF_MEMORY);
}

static bool may_launch(const struct exchange *x)
{
    const struct origin *origin = x->origin;
    if (keeps_order(x) && x->curl->writes > 0)
        return false;
    if (origin->under_way == 0)
        return true;
    return origin->is_open && (!x->is_local || origin->under_way < x->curl->options.local_max);
}

static void launch_waiting(struct rd_curl *curl)
{
    while (curl->has_opened) {
        curl->has_opened = false;
        struct exchange *next;
        for (struct exchange *x = curl->waiting.first; x != NULL; x = next) {
            next = x->next;
            if (!may_launch(x))
                continue;
            exchange_unlink(&curl->waiting, x);
            curl->writes_waiting -= keeps_order(x);
            launch(x);
        }
    }
}

static void refuse(struct exchange *x, const char *why)
{
    if (x->parts.host.n > 0)
        ending_set(x, RD_TRANSPORT_REFUSED, "nothing was sent to '%.*s': %s",
                   RD_FMT(rd_str_cut(x->parts.host, 256)), why);
    else
        ending_set(x, RD_TRANSPORT_REFUSED, "nothing was sent: %s", why);
    exchange_end(x);
}

static void curl_send(struct rd_transport *door, const struct rd_http_request *request,
                      rd_transport_fn *fn, void *data)
{
    struct rd_curl *curl = (struct rd_curl *)door;
    struct exchange *x = exchange_take(curl);
    assert(x != NULL); /* curl is out of memory, which ends the process as ours does */
    curl->stats.requests++;
    x->request = request;
    x->fn = fn;
    x->data = data;
    x->is_secret = request->is_secret;
    x->body.is_secret = request->is_secret;
    const char *why = address_refusal(x);
    if (why == NULL)
        x->origin = find_origin(curl, x);
    if (why == NULL && !request_set(x))
        why = "a header holds what no header may";
    if (why != NULL) {
        refuse(x, why);
        return;
    }
    if (may_launch(x) && !(keeps_order(x) && curl->writes_waiting > 0)) {
        launch(x);
        return;
    }
    curl->writes_waiting += keeps_order(x);
    exchange_append(&curl->waiting, x);
}

/* The loop's outside -------------------------------------------------------------------------- */

static bool is_waiting(void *data)
{
    const struct rd_curl *curl = data;
    return curl->under_way.count + curl->waiting.count > 0;
}

/* libcurl keeps an eye on connecting; what comes after is watched here, since its own limits know
 * only whole seconds and averages. */
static enum failure overdue(struct exchange *x, int64_t now_us)
{
    const struct rd_curl_options *options = &x->curl->options;
    if (!x->has_left)
        return FAILURE_NONE;
    int64_t bytes = wire_bytes(x);
    if (bytes != x->heard_bytes) {
        x->heard_bytes = bytes;
        x->heard_us = now_us;
    }
    if (bytes > RD_HTTP_BODY_SIZE_MAX + (RD_HTTP_BODY_SIZE_MAX >> 1))
        return FAILURE_BODY_SIZE; /* of what unpacks to nothing */
    if (now_us - x->left_us > options->reply_ms * 1000)
        return FAILURE_TOO_LONG;
    return now_us - x->heard_us > options->idle_ms * 1000 ? FAILURE_IDLE : FAILURE_NONE;
}

static void check_limits(struct rd_curl *curl)
{
    int64_t now_us = rd_clock_monotonic_us();
    if (now_us - curl->checked_us < curl->check_every_us)
        return;
    curl->checked_us = now_us;
    struct exchange *next;
    for (struct exchange *x = curl->under_way.first; x != NULL; x = next) {
        next = x->next;
        enum failure failure = overdue(x, now_us);
        if (failure == FAILURE_NONE)
            continue;
        x->failure = failure;
        end_under_way(x, CURLE_ABORTED_BY_CALLBACK);
    }
}

static void collect(struct rd_curl *curl)
{
    int left = 0;
    const CURLMsg *message;
    while ((message = curl->library.multi_info_read(curl->multi, &left)) != NULL) {
        struct exchange *x = NULL;
        CURLcode code = message->data.result; /* which goes with the handle */
        (void)curl->library.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &x);
        assert(x != NULL && message->msg == CURLMSG_DONE);
        end_under_way(x, code);
    }
}

/* A signal ends the poll early: libcurl takes an interrupted one for one whose time is up. */
static void wait_outside(void *data, int64_t real_ms)
{
    struct rd_curl *curl = data;
    int64_t check_ms = curl->check_every_us / 1000;
    int running = 0;
    (void)curl->library.multi_poll(curl->multi, NULL, 0,
                                   (int)(real_ms < check_ms ? real_ms : check_ms), NULL);
    (void)curl->library.multi_perform(curl->multi, &running);
    collect(curl);
    check_limits(curl);
    launch_waiting(curl);
}

static const struct rd_loop_outside outside = {is_waiting, wait_outside};

/* Opening and closing ------------------------------------------------------------------------- */

static const struct rd_transport_ops curl_ops = {curl_send};

/* curl would say of a bad one, at the first request, that the server is not trusted. */
RD_NODISCARD static enum rd_rc check_ca_file(const char *file, struct rd_err *err)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = {"", 0};
    enum rd_rc rc = rd_file_read(arena, file, CA_FILE_SIZE_MAX, &text, err);
    bool has_certificate = rd_str_find(text, RD_STR("CERTIFICATE-----"), 0) != RD_STR_NONE;
    rd_arena_free(arena);
    if (rc != RD_RC_OK)
        return rd_err_frame(rc, err, "while reading the CA file");
    if (!has_certificate)
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "'%s' holds no certificate", file), err,
                           "name a PEM file with the certificate of the authority to trust");
    return RD_RC_OK;
}

static int64_t or_default(int64_t value, int64_t default_value)
{
    return value > 0 ? value : default_value;
}

static void set_options(struct rd_curl *curl, const struct rd_curl_options *options)
{
    curl->options = *options;
    if (options->local_max == 0)
        curl->options.local_max = LOCAL_MAX;
    curl->options.connect_ms = or_default(options->connect_ms, CONNECT_MS);
    curl->options.idle_ms = or_default(options->idle_ms, IDLE_MS);
    curl->options.reply_ms = or_default(options->reply_ms, REPLY_MS);
    int64_t shortest_ms = curl->options.idle_ms < curl->options.reply_ms ? curl->options.idle_ms
                                                                         : curl->options.reply_ms;
    int64_t check_ms = shortest_ms / 8;
    check_ms = check_ms < CHECK_MIN_MS ? CHECK_MIN_MS : check_ms;
    check_ms = check_ms > CHECK_MAX_MS ? CHECK_MAX_MS : check_ms;
    curl->check_every_us = check_ms * 1000;
}

enum rd_rc rd_curl_open(const struct rd_curl_options *options, struct rd_curl **ret_curl,
                        struct rd_err *err)
{
    static struct wire_library library;
    assert(options->loop != NULL && options->allows != NULL);
    if (library.global_init == NULL)
        RD_TRY(wire_library_load("libcurl.so.4", &library, err));
    if (options->ca_file != NULL)
        RD_TRY(check_ca_file(options->ca_file, err));
    CURLM *multi = library.multi_init();
    if (multi == NULL)
        return RD_FAIL(err, RD_RC_UNSUPPORTED, "libcurl does not start");
    (void)library.multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    struct rd_curl *curl = rd_heap_zalloc(sizeof(*curl));
    curl->door.ops = &curl_ops;
    curl->library = library;
    curl->multi = multi;
    curl->arena = rd_arena_new(0);
    rd_map_init(&curl->origins, true);
    set_options(curl, options);
    rd_loop_set_outside(options->loop, &outside, curl);
    *ret_curl = curl;
    return RD_RC_OK;
}

void rd_curl_close(struct rd_curl *curl)
{
    if (curl == NULL)
        return;
    assert(!is_waiting(curl) && curl->ended.count == 0); /* a callback would come to freed memory */
    rd_loop_set_outside(curl->options.loop, NULL, NULL);
    while (curl->pool.first != NULL) {
        struct exchange *x = curl->pool.first;
        exchange_unlink(&curl->pool, x);
        exchange_free(x);
    }
    (void)curl->library.multi_cleanup(curl->multi);
    rd_map_done(&curl->origins);
    rd_arena_free(curl->arena);
    rd_heap_free(curl);
}

struct rd_transport *rd_curl_door(struct rd_curl *curl)
{
    return &curl->door;
}

const struct rd_curl_stats *rd_curl_stats(const struct rd_curl *curl)
{
    return &curl->stats;
}
