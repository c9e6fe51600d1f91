/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "exchange.h"

enum { REQUEST_ID_SIZE = 37, TEXT_SHOWN_MAX = 200 };

void exchange_set_phase(struct exchange *x, enum phase phase)
{
    static const unsigned allowed[] = {
        [PHASE_NEW] = 1U << PHASE_QUEUED | 1U << PHASE_ENDING,
        [PHASE_QUEUED] = 1U << PHASE_SENT | 1U << PHASE_ENDING,
        [PHASE_SENT] = 1U << PHASE_WAITING | 1U << PHASE_QUEUED | 1U << PHASE_ENDING,
        [PHASE_WAITING] = 1U << PHASE_QUEUED | 1U << PHASE_ENDING,
        [PHASE_ENDING] = 0,
    };
    assert((allowed[x->phase] & 1U << phase) != 0);
    x->phase = phase;
}

struct rd_client *rd_client_new(const struct rd_client_options *options)
{
    assert(options->in_flight_max > 0 && options->attempts_max > 0);
    struct rd_client *client = rd_heap_zalloc(sizeof(*client));
    client->options = *options;
    client->scratch = rd_arena_new(0);
    return client;
}

static void exchange_free(struct exchange *x)
{
    rd_buf_done(&x->operation_url);
    rd_buf_done(&x->location_url);
    rd_heap_free(x);
}

void rd_client_free(struct rd_client *client)
{
    if (client == NULL)
        return;
    assert(client->in_flight == 0); /* a reply would come to freed memory */
    while (client->live != NULL) {
        struct exchange *x = client->live;
        client->live = x->next;
        if (x->timer != 0)
            rd_loop_cancel(client->options.loop, x->timer);
        exchange_free(x);
    }
    while (client->free != NULL) {
        struct exchange *x = client->free;
        client->free = x->next;
        exchange_free(x);
    }
    while (client->free_slots != NULL) {
        struct slot *slot = client->free_slots;
        client->free_slots = slot->next;
        rd_arena_free(slot->arena);
        rd_heap_free(slot);
    }
    pacing_done(client);
    rd_arena_free(client->scratch);
    rd_heap_free(client);
}

const struct rd_client_stats *rd_client_stats(const struct rd_client *client)
{
    return &client->stats;
}

/* Exchanges are used again, so that a long run holds no more than its largest crowd needed. */
static struct exchange *exchange_new(struct rd_client *client, const struct rd_call *call)
{
    struct exchange *x = client->free;
    if (x != NULL) {
        client->free = x->next;
        struct rd_buf operation_url = x->operation_url;
        struct rd_buf location_url = x->location_url;
        *x = (struct exchange){.operation_url = operation_url, .location_url = location_url};
        rd_buf_clear(&x->operation_url);
        rd_buf_clear(&x->location_url);
    } else {
        x = rd_heap_zalloc(sizeof(*x));
        rd_buf_init(&x->operation_url, RD_HTTP_URL_SIZE_MAX);
        rd_buf_init(&x->location_url, RD_HTTP_URL_SIZE_MAX);
    }
    x->client = client;
    x->call = *call;
    x->sequence = ++client->sequence;
    x->expected_end_ms = INT64_MIN;
    x->next = client->live;
    if (x->next != NULL)
        x->next->previous = x;
    client->live = x;
    return x;
}

static void exchange_release(struct exchange *x)
{
    struct rd_client *client = x->client;
    if (x->previous != NULL)
        x->previous->next = x->next;
    else
        client->live = x->next;
    if (x->next != NULL)
        x->next->previous = x->previous;
    x->previous = NULL;
    x->next = client->free;
    client->free = x;
}

void exchange_finish(struct exchange *x, const struct rd_outcome *outcome)
{
    if (x->phase != PHASE_ENDING)
        exchange_set_phase(x, PHASE_ENDING);
    struct rd_outcome copy = *outcome;
    copy.attempts = x->attempts;
    copy.polls = x->polls;
    rd_client_fn *done = x->call.done;
    void *data = x->call.data;
    exchange_release(x);
    done(data, &copy);
}

static void finish_without_reply(void *data)
{
    struct exchange *x = data;
    struct rd_outcome outcome = {
        .rc = x->ending_rc,
        .body = rd_json_absent,
        .message = rd_str_from(x->ending_message),
    };
    exchange_finish(x, &outcome);
}

void exchange_finish_soon(struct exchange *x, enum rd_rc rc, const char *message)
{
    exchange_set_phase(x, PHASE_ENDING);
    x->ending_rc = rc;
    x->ending_message = message;
    rd_loop_defer(x->client->options.loop, finish_without_reply, x);
}

bool exchange_parse(struct rd_arena *arena, struct rd_str text, struct rd_json *ret_body)
{
    *ret_body = rd_json_absent;
    text = rd_str_trim(text);
    if (text.n == 0)
        return true;
    struct rd_err err;
    /* Strings of the tree are views, and the reply's text goes when its callback returns. */
    return rd_json_parse(arena, "reply", rd_arena_str(arena, text), 0, ret_body, &err) == RD_RC_OK;
}

void exchange_fail(struct exchange *x, int status, const struct rd_json *body,
                   const char *fallback_code)
{
    struct rd_arena *arena = x->call.arena;
    struct rd_outcome outcome = {.status = status, .body = rd_json_copy(arena, body)};
    if (!rd_json_exists(body))
        outcome.body = rd_json_absent;
    rd_error_parse(arena, &outcome.body, &outcome.code, &outcome.message);
    outcome.resource_message = rd_json_str(rd_json_at(&outcome.body, "error.target"));
    if (outcome.code.n == 0)
        outcome.code = rd_str_from(fallback_code);
    if (outcome.message.n == 0 && status >= 300)
        outcome.message = rd_str_from(rd_http_status_text(status));
    outcome.rc = rd_error_classify(status, outcome.code, outcome.message);
    exchange_finish(x, &outcome);
}

/* Sending ------------------------------------------------------------------------------------ */

struct rd_str exchange_url(const struct exchange *x)
{
    return x->aim == AIM_CALL ? x->call.url : rd_buf_str(&x->operation_url);
}

enum rd_http_method exchange_method(const struct exchange *x)
{
    return x->aim == AIM_CALL ? x->call.method : RD_HTTP_GET;
}

static struct slot *slot_take(struct rd_client *client)
{
    struct slot *slot = client->free_slots;
    if (slot != NULL) {
        client->free_slots = slot->next;
        rd_arena_clear(slot->arena);
    } else {
        slot = rd_heap_zalloc(sizeof(*slot));
        slot->client = client;
        slot->arena = rd_arena_new(0);
    }
    client->in_flight++;
    return slot;
}

static void slot_give_back(struct slot *slot)
{
    struct rd_client *client = slot->client;
    slot->exchange = NULL;
    slot->next = client->free_slots;
    client->free_slots = slot;
    client->in_flight--;
}

static struct rd_str request_id(struct rd_client *client, struct rd_arena *arena)
{
    unsigned char b[16];
    rd_random_fill(client->options.random, b, sizeof(b));
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562 5.4: version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    char *out = rd_arena_bytes(arena, REQUEST_ID_SIZE);
    size_t n = 0;
    for (size_t i = 0; i < sizeof(b); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[n++] = '-';
        out[n++] = "0123456789abcdef"[b[i] >> 4];
        out[n++] = "0123456789abcdef"[b[i] & 15];
    }
    out[n] = '\0';
    return (struct rd_str){out, n};
}

static void take_call_reply(struct exchange *x, const struct rd_http_reply *reply)
{
    struct rd_json body = rd_json_absent;
    bool is_json = exchange_parse(x->call.arena, reply->body, &body);
    if (reply->status >= 300) {
        exchange_fail(x, reply->status, &body, "");
        return;
    }
    if (!is_json) {
        struct rd_outcome outcome = {
            .rc = RD_RC_CLOUD,
            .status = reply->status,
            .body = rd_json_absent,
            .message = RD_STR("the cloud's reply is not JSON"),
            .resource_message =
                rd_arena_str(x->call.arena, rd_str_cut(reply->body, TEXT_SHOWN_MAX)),
        };
        exchange_finish(x, &outcome);
        return;
    }
    if (poll_begin(x, reply, &body))
        return;
    /* Without an operation to follow, a body may still say that it failed. */
    struct rd_str state = rd_json_str(rd_json_at(&body, "properties.provisioningState"));
    if (x->call.follows_operation && x->call.method != RD_HTTP_POST &&
        rd_str_is_case(state, "Failed")) {
        exchange_fail(x, reply->status, rd_json_at(&body, "properties.provisioningError"),
                      "ProvisioningFailed");
        return;
    }
    struct rd_outcome outcome = {.rc = RD_RC_OK, .status = reply->status, .body = body};
    exchange_finish(x, &outcome);
}

static void take_reply(void *data, enum rd_transport_result result,
                       const struct rd_http_reply *reply, const char *reason)
{
    struct slot *slot = data;
    struct rd_client *client = slot->client;
    struct exchange *x = slot->exchange;
    slot_give_back(slot);
    x->bucket->in_flight--;
    if (result != RD_TRANSPORT_REPLY) {
        retry_or_fail(x, result, NULL, reason != NULL ? reason : "the connection broke");
    } else {
        pacing_learn(x->bucket, reply);
        if (reply->status == 429)
            client->stats.throttled++;
        if (retry_is_transient(reply->status))
            retry_or_fail(x, result, reply, "");
        else if (x->aim == AIM_CALL)
            take_call_reply(x, reply);
        else
            poll_take_reply(x, reply);
    }
    pacing_pump(client);
}

void exchange_send(struct exchange *x)
{
    struct rd_client *client = x->client;
    exchange_set_phase(x, PHASE_SENT);
    x->tries++;
    x->attempts += x->aim == AIM_CALL;
    x->polls += x->aim != AIM_CALL;
    struct slot *slot = slot_take(client);
    slot->exchange = x;
    slot->request = (struct rd_http_request){
        .method = exchange_method(x),
        .url = exchange_url(x),
        .body = x->aim == AIM_CALL ? x->call.body : RD_STR(""),
        .is_secret = x->call.is_secret,
    };
    struct rd_http_headers *headers = &slot->request.headers;
    rd_http_headers_add(slot->arena, headers, "Accept", RD_STR("application/json"));
    rd_http_headers_add(slot->arena, headers, "x-ms-client-request-id",
                        request_id(client, slot->arena));
    if (slot->request.body.n > 0)
        rd_http_headers_add(slot->arena, headers, "Content-Type", RD_STR("application/json"));
    client->stats.requests[slot->request.method]++;
    client->stats.polls += x->aim != AIM_CALL;
    rd_transport_send(client->options.transport, &slot->request, take_reply, slot);
}

void rd_client_call(struct rd_client *client, const struct rd_call *call)
{
    assert(call->done != NULL && call->arena != NULL);
    struct exchange *x = exchange_new(client, call);
    struct rd_str url = call->resume_url.n > 0 ? call->resume_url : call->url;
    if (client->is_stopped)
        exchange_finish_soon(x, RD_RC_INTERRUPTED, "stopped before it was sent");
    else if (url.n > RD_HTTP_URL_SIZE_MAX)
        exchange_finish_soon(x, RD_RC_CLOUD, "the URL is longer than any real one");
    else if (!rd_endpoints_allow(&client->options.endpoints, url))
        exchange_finish_soon(x, RD_RC_CLOUD,
                             "the URL is not one of this cloud's: nothing was sent");
    else if (call->resume_url.n > 0)
        poll_resume(x);
    else
        pacing_enqueue(x);
}

void rd_client_stop(struct rd_client *client)
{
    if (client->is_stopped)
        return;
    client->is_stopped = true;
    pacing_drop_unsent(client);
    for (struct exchange *x = client->live; x != NULL; x = x->next) {
        if (x->phase != PHASE_WAITING || x->aim != AIM_CALL)
            continue;
        rd_loop_cancel(client->options.loop, x->timer);
        x->timer = 0;
        exchange_finish_soon(x, RD_RC_INTERRUPTED, "stopped before it was sent again");
    }
}
