/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "exchange.h"

/* ARM's own figures, a subscription and principal (azure-compute 1.4): [D], 2026-11-21. */
static const struct {
    int64_t capacity;
    int64_t per_second;
    const char *remaining_header;
} kinds[] = {
    [BUCKET_READ] = {250, 25, "x-ms-ratelimit-remaining-subscription-reads"},
    [BUCKET_WRITE] = {200, 10, "x-ms-ratelimit-remaining-subscription-writes"},
    [BUCKET_DELETE] = {200, 10, "x-ms-ratelimit-remaining-subscription-deletes"},
    [BUCKET_FREE] = {0, 0, NULL},
};

/*
 * Polls of operations that are not expected to have ended leave this part of the reads to those
 * that are, and to what somebody waits for. Writes that next to nothing waits for leave a larger
 * part of the writes to a crowd of urgent ones, which comes when many hosts end a stage together.
 */
enum {
    MILLI = 1000,
    READ_RESERVE_PERCENT = 20,
    WRITE_RESERVE_PERCENT = 95,
    IDLE_TAIL_MS = 10000,
    START_PART = 16
};

static enum bucket_kind kind_of(const struct exchange *x)
{
    switch (exchange_method(x)) {
    case RD_HTTP_PUT:
    case RD_HTTP_PATCH:
    case RD_HTTP_POST:
        return BUCKET_WRITE;
    case RD_HTTP_DELETE:
        return BUCKET_DELETE;
    case RD_HTTP_GET:
    case RD_HTTP_HEAD:
    default:
        return BUCKET_READ;
    }
}

/* The subscription of an ARM URL, "" at tenant level. */
static struct rd_str subscription_of(struct rd_str url, size_t arm_size)
{
    const struct rd_str prefix = RD_STR("/subscriptions/");
    struct rd_str path = rd_str_sub(url, arm_size, url.n);
    if (!rd_str_has_prefix_case(path, prefix))
        return RD_STR("");
    size_t end = prefix.n;
    while (end < path.n && path.p[end] != '/' && path.p[end] != '?')
        end++;
    return rd_str_sub(path, prefix.n, end);
}

static struct bucket *bucket_new(struct rd_client *client, enum bucket_kind kind,
                                 struct rd_str subscription)
{
    struct bucket *bucket = rd_heap_zalloc(sizeof(*bucket));
    bucket->client = client;
    bucket->kind = kind;
    (void)snprintf(bucket->subscription, sizeof(bucket->subscription), "%.*s",
                   RD_FMT(subscription));
    bucket->capacity_milli = kinds[kind].capacity * MILLI;
    bucket->milli_per_ms = kinds[kind].per_second;
    bucket->tokens_milli = bucket->capacity_milli;
    bucket->updated_ms = rd_loop_now_ms(client->options.loop);
    bucket->next = client->buckets;
    client->buckets = bucket;
    return bucket;
}

static struct bucket *bucket_of(struct exchange *x)
{
    struct rd_client *client = x->client;
    struct rd_str url = exchange_url(x);
    struct rd_str arm = client->options.endpoints.arm;
    enum bucket_kind kind = BUCKET_FREE; /* data planes and the directory have no ARM bucket */
    struct rd_str subscription = RD_STR("");
    if (rd_endpoints_which(&client->options.endpoints, url) == RD_ENDPOINT_ARM) {
        kind = kind_of(x);
        subscription =
            rd_str_sub(subscription_of(url, arm.n), 0, sizeof(x->bucket->subscription) - 1);
    }
    for (struct bucket *bucket = client->buckets; bucket != NULL; bucket = bucket->next)
        if (bucket->kind == kind && rd_str_eq_case(rd_str_from(bucket->subscription), subscription))
            return bucket;
    return bucket_new(client, kind, subscription);
}

/* The heap ----------------------------------------------------------------------------------- */

static bool is_before(const struct exchange *a, const struct exchange *b)
{
    return a->key != b->key ? a->key < b->key : a->sequence < b->sequence;
}

static void heap_push(struct bucket *bucket, struct exchange *x)
{
    if (bucket->count == bucket->cap) {
        bucket->cap = bucket->cap == 0 ? 64 : bucket->cap * 2;
        bucket->heap = rd_heap_resize(bucket->heap, bucket->cap * sizeof(struct exchange *));
    }
    size_t at = bucket->count++;
    for (; at > 0 && is_before(x, bucket->heap[(at - 1) / 2]); at = (at - 1) / 2)
        bucket->heap[at] = bucket->heap[(at - 1) / 2];
    bucket->heap[at] = x;
}

static struct exchange *heap_pop(struct bucket *bucket)
{
    assert(bucket->count > 0);
    struct exchange *first = bucket->heap[0];
    struct exchange *last = bucket->heap[--bucket->count];
    size_t at = 0;
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= bucket->count)
            break;
        if (child + 1 < bucket->count && is_before(bucket->heap[child + 1], bucket->heap[child]))
            child++;
        if (!is_before(bucket->heap[child], last))
            break;
        bucket->heap[at] = bucket->heap[child];
        at = child;
    }
    bucket->heap[at] = last;
    return first;
}

/* Tokens ------------------------------------------------------------------------------------- */

static void refill(struct bucket *bucket, int64_t now_ms)
{
    if (now_ms <= bucket->updated_ms)
        return;
    int64_t elapsed_ms = now_ms - bucket->updated_ms;
    int64_t missing = bucket->capacity_milli - bucket->tokens_milli;
    bucket->tokens_milli += elapsed_ms > missing ? missing : elapsed_ms * bucket->milli_per_ms;
    if (bucket->tokens_milli > bucket->capacity_milli)
        bucket->tokens_milli = bucket->capacity_milli;
    bucket->updated_ms = now_ms;
}

/* In a read bucket the key is a time, of writes it is the urgency. */
static bool is_early_poll(const struct bucket *bucket, const struct exchange *x, int64_t now_ms)
{
    return bucket->kind == BUCKET_READ && x->key > now_ms;
}

/* What has to stay in the bucket when this one goes. */
static int64_t reserve_milli(const struct bucket *bucket, const struct exchange *x, int64_t now_ms)
{
    if (is_early_poll(bucket, x, now_ms))
        return bucket->capacity_milli * READ_RESERVE_PERCENT / 100;
    bool is_idle = x->call.urgency_ms > 0 && x->call.urgency_ms < IDLE_TAIL_MS;
    if (bucket->kind == BUCKET_WRITE && is_idle && bucket->client->followed_count > 0)
        return bucket->capacity_milli * WRITE_RESERVE_PERCENT / 100;
    return 0;
}

/* When the first of the queue may go; now or earlier means now. */
static int64_t ready_ms(const struct bucket *bucket, int64_t now_ms)
{
    const struct exchange *x = bucket->heap[0];
    if (bucket->kind == BUCKET_FREE)
        return now_ms;
    if (bucket->blocked_until_ms > now_ms)
        return bucket->blocked_until_ms;
    bool is_early = is_early_poll(bucket, x, now_ms);
    int64_t needed = MILLI + reserve_milli(bucket, x, now_ms);
    if (bucket->tokens_milli >= needed)
        return now_ms;
    int64_t at_ms =
        now_ms + (needed - bucket->tokens_milli + bucket->milli_per_ms - 1) / bucket->milli_per_ms;
    return is_early && x->key < at_ms ? x->key : at_ms;
}

static void wake(void *data)
{
    struct bucket *bucket = data;
    bucket->timer = 0;
    pacing_pump(bucket->client);
}

static void set_timer(struct bucket *bucket, int64_t at_ms)
{
    struct rd_loop *loop = bucket->client->options.loop;
    if (bucket->timer != 0 && bucket->timer_ms == at_ms)
        return;
    if (bucket->timer != 0)
        rd_loop_cancel(loop, bucket->timer);
    bucket->timer = rd_loop_at(loop, at_ms, wake, bucket);
    bucket->timer_ms = at_ms;
}

static void pump_bucket(struct bucket *bucket)
{
    struct rd_client *client = bucket->client;
    int64_t now_ms = rd_loop_now_ms(client->options.loop);
    refill(bucket, now_ms);
    while (bucket->count > 0 && client->in_flight < client->options.in_flight_max) {
        int64_t at_ms = ready_ms(bucket, now_ms);
        if (at_ms > now_ms) {
            set_timer(bucket, at_ms);
            return;
        }
        struct exchange *x = heap_pop(bucket);
        if (bucket->kind != BUCKET_FREE)
            bucket->tokens_milli -= MILLI;
        bucket->in_flight++;
        client->stats.waited_for_tokens_ms += now_ms - x->queued_ms;
        exchange_send(x);
    }
}

static void pump_soon(void *data)
{
    struct rd_client *client = data;
    client->is_pump_due = false;
    pacing_pump(client);
}

void pacing_pump(struct rd_client *client)
{
    for (struct bucket *bucket = client->buckets; bucket != NULL; bucket = bucket->next)
        if (bucket->count > 0)
            pump_bucket(bucket);
}

/* Polls that are not due go when they are. What is due, and what somebody waits for, goes in order
 * of coming, with a start for polls of operations that much comes after: an operation that nothing
 * waits for may be found ended a little later. */
static int64_t read_key(const struct exchange *x)
{
    int64_t end_ms = x->aim != AIM_CALL ? expect_end_ms(x) : INT64_MIN;
    if (end_ms > x->queued_ms)
        return end_ms;
    int64_t behind_ms = x->aim != AIM_CALL ? x->call.urgency_ms - x->call.expected_ms : 0;
    return x->queued_ms - (behind_ms > 0 ? behind_ms / START_PART : 0);
}

void pacing_reorder(struct rd_client *client, const struct kin *kin)
{
    for (struct bucket *bucket = client->buckets; bucket != NULL; bucket = bucket->next) {
        size_t count = bucket->kind == BUCKET_READ ? bucket->count : 0;
        if (count > 0)
            bucket->count = 0;
        for (size_t i = 0; i < count; i++) {
            struct exchange *x = bucket->heap[i]; /* pushing fills no further than i */
            if (x->kin == kin)
                x->key = read_key(x);
            heap_push(bucket, x);
        }
    }
}

void pacing_enqueue(struct exchange *x)
{
    struct rd_client *client = x->client;
    int64_t now_ms = rd_loop_now_ms(client->options.loop);
    exchange_set_phase(x, PHASE_QUEUED);
    x->bucket = bucket_of(x);
    x->queued_ms = now_ms;
    if (x->bucket->kind == BUCKET_READ)
        x->key = read_key(x);
    else
        x->key = -x->call.urgency_ms;
    heap_push(x->bucket, x);
    if (!client->is_pump_due) {
        client->is_pump_due = true;
        rd_loop_defer(client->options.loop, pump_soon, client);
    }
}

/* What the cloud counts is the truth: other clients draw on the same bucket. Requests that are
 * still on their way are not in its count yet. */
void pacing_learn(struct bucket *bucket, const struct rd_http_reply *reply)
{
    const char *name = kinds[bucket->kind].remaining_header;
    int64_t remaining = 0;
    if (name == NULL ||
        !rd_str_to_int(rd_http_headers_get(&reply->headers, name), 0, INT32_MAX, &remaining))
        return;
    refill(bucket, rd_loop_now_ms(bucket->client->options.loop));
    int64_t tokens = (remaining - (int64_t)bucket->in_flight) * MILLI;
    if (tokens < 0)
        tokens = 0;
    if (tokens < bucket->tokens_milli)
        bucket->tokens_milli = tokens;
}

/* A 429 of ARM's stops the whole bucket; one of a provider's own limits only its request. They are
 * told apart by what is left in the bucket, and by the compute service's code (azure-compute 1.4).
 */
void pacing_block(struct bucket *bucket, const struct rd_http_reply *reply, struct rd_str code,
                  int64_t until_ms)
{
    const char *name = kinds[bucket->kind].remaining_header;
    int64_t remaining = 0;
    if (name == NULL)
        return;
    bool has_header =
        rd_str_to_int(rd_http_headers_get(&reply->headers, name), 0, INT32_MAX, &remaining);
    if ((has_header && remaining > 0) || rd_str_is_case(code, "OperationNotAllowed") ||
        rd_str_is_case(code, "TooManyRequests") ||
        rd_str_is_case(code, "ResourceRequestsThrottled"))
        return;
    if (until_ms <= bucket->blocked_until_ms)
        return;
    bucket->blocked_until_ms = until_ms;
    bucket->tokens_milli = MILLI; /* one goes when the cloud said so, the others as tokens come */
    bucket->updated_ms = until_ms;
}

void pacing_drop_unsent(struct rd_client *client)
{
    for (struct bucket *bucket = client->buckets; bucket != NULL; bucket = bucket->next) {
        size_t count = bucket->count;
        struct exchange **queued = bucket->heap;
        bucket->heap = NULL;
        bucket->count = 0;
        bucket->cap = 0;
        for (size_t i = 0; i < count; i++) {
            if (queued[i]->aim == AIM_CALL)
                exchange_finish_soon(queued[i], RD_RC_INTERRUPTED, "stopped before it was sent");
            else
                heap_push(bucket, queued[i]);
        }
        rd_heap_free(queued);
    }
}

void pacing_done(struct rd_client *client)
{
    while (client->buckets != NULL) {
        struct bucket *bucket = client->buckets;
        client->buckets = bucket->next;
        if (bucket->timer != 0)
            rd_loop_cancel(client->options.loop, bucket->timer);
        rd_heap_free(bucket->heap);
        rd_heap_free(bucket);
    }
}
