/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <assert.h>
#include <string.h>

/*
 * Token buckets: ARM's by subscription and kind of operation, and those of a provider's policy, by
 * resource and by subscription (data/emulator/limits.yaml). Tokens are counted in thousandths, so
 * that a refill of 12 a minute is exact to the millisecond. A bucket that is full again is as good
 * as none and is forgotten, so that their number follows the load and not the history.
 */

enum { SWEEP_FIRST = 4096, MILLI = 1000, MINUTE_MS = 60 * 1000 };

struct em_bucket {
    struct rd_str key; /* heap, owned */
    int64_t tokens_milli;
    int64_t filled_ms;
    int64_t size;
    int64_t per_minute;
};

struct em_limits {
    const struct rd_json *table;
    size_t sweep_at;
};

struct rule {
    struct rd_str name;   /* for the header and the key */
    struct rd_str holder; /* what the bucket belongs to */
    int64_t size;
    int64_t per_minute;
};

static struct rd_str bucket_key(const void *item)
{
    return ((const struct em_bucket *)item)->key;
}

static void bucket_free(struct em_bucket *bucket)
{
    em_heap_str_free(&bucket->key);
    rd_heap_free(bucket);
}

void em_throttle_open(struct rd_cloud *cloud)
{
    cloud->limits = rd_arena_zalloc(cloud->memory, sizeof(*cloud->limits));
    cloud->limits->table = em_table("limits");
    cloud->limits->sweep_at = SWEEP_FIRST;
    em_index_init(&cloud->buckets, bucket_key);
}

void em_throttle_close(struct rd_cloud *cloud)
{
    for (size_t i = 0; i < cloud->buckets.slot_count; i++)
        if (cloud->buckets.slots[i].item != NULL)
            bucket_free(cloud->buckets.slots[i].item);
    em_index_done(&cloud->buckets);
}

static void refill(struct em_bucket *bucket, int64_t now_ms)
{
    int64_t passed_ms = now_ms - bucket->filled_ms;
    int64_t room = bucket->size * MILLI - bucket->tokens_milli;
    int64_t full_ms = room / bucket->per_minute * (MINUTE_MS / MILLI) + MINUTE_MS;
    if (passed_ms >= full_ms) {
        bucket->tokens_milli = bucket->size * MILLI;
        bucket->filled_ms = now_ms;
        return;
    }
    /* per_minute thousandths come each 60 ms: whole thousandths only, the rest of time is kept. */
    int64_t gained = passed_ms * bucket->per_minute * MILLI / MINUTE_MS;
    if (gained > 0) {
        bucket->filled_ms += gained * MINUTE_MS / (bucket->per_minute * MILLI);
        bucket->tokens_milli += gained;
    }
    if (bucket->tokens_milli > bucket->size * MILLI)
        bucket->tokens_milli = bucket->size * MILLI;
}

static void sweep(struct rd_cloud *cloud)
{
    struct em_limits *limits = cloud->limits;
    if (cloud->buckets.count < limits->sweep_at)
        return;
    struct em_index kept;
    em_index_init(&kept, bucket_key);
    for (size_t i = 0; i < cloud->buckets.slot_count; i++) {
        struct em_bucket *bucket = cloud->buckets.slots[i].item;
        if (bucket == NULL)
            continue;
        refill(bucket, cloud->now_ms);
        if (bucket->tokens_milli == bucket->size * MILLI)
            bucket_free(bucket);
        else
            em_index_add(&kept, bucket);
    }
    em_index_done(&cloud->buckets);
    cloud->buckets = kept;
    limits->sweep_at = kept.count * 2 > SWEEP_FIRST ? kept.count * 2 : SWEEP_FIRST;
}

static struct em_bucket *bucket_of(struct em_exchange *ex, const struct rule *rule)
{
    char text[512];
    struct rd_str key = {text, 0};
    size_t room = sizeof(text);
    if (rule->name.n + 1 + rule->holder.n > room) {
        key = rd_arena_printf(ex->arena, "%.*s|%.*s", RD_FMT(rule->name), RD_FMT(rule->holder));
    } else {
        memcpy(text, rule->name.p, rule->name.n);
        text[rule->name.n] = '|';
        memcpy(text + rule->name.n + 1, rule->holder.p, rule->holder.n);
        key.n = rule->name.n + 1 + rule->holder.n;
    }
    struct em_bucket *bucket = em_index_get(&ex->cloud->buckets, key);
    if (bucket != NULL) {
        refill(bucket, ex->now_ms);
        return bucket;
    }
    sweep(ex->cloud);
    bucket = rd_heap_zalloc(sizeof(*bucket));
    *bucket = (struct em_bucket){
        .key = em_heap_str(key),
        .tokens_milli = rule->size * MILLI,
        .filled_ms = ex->now_ms,
        .size = rule->size,
        .per_minute = rule->per_minute,
    };
    em_index_add(&ex->cloud->buckets, bucket);
    return bucket;
}

static int64_t wait_s(const struct em_bucket *bucket)
{
    int64_t missing = MILLI - bucket->tokens_milli;
    int64_t ms = missing * MINUTE_MS / (bucket->per_minute * MILLI) + 1;
    return (ms + MILLI - 1) / MILLI;
}

/* ARM's own ------------------------------------------------------------------------------------ */

static const char *arm_kind(enum rd_http_method method)
{
    if (method == RD_HTTP_GET || method == RD_HTTP_HEAD)
        return "read";
    return method == RD_HTTP_DELETE ? "delete" : "write";
}

static bool fail_arm(struct em_exchange *ex, const char *kind, int64_t seconds)
{
    em_reply_header(ex, "Retry-After", "%lld", (long long)seconds);
    em_reply_header(ex, "x-ms-failure-cause", "gateway");
    return em_fail(ex, 429, "SubscriptionRequestsThrottled",
                   "Number of '%s' requests for subscription '%.*s' actor '%.*s' exceeded. Please "
                   "try again after '%lld' seconds after additional tokens are available. Refer to "
                   "https://aka.ms/arm-throttling for additional information.",
                   kind, RD_FMT(ex->subscription), RD_FMT(ex->cloud->tenant), (long long)seconds);
}

static const struct arm_headers {
    const char *kind;
    const char *subscription;
    const char *global;
    const char *tenant;
} arm_headers[] = {
    {"read", "x-ms-ratelimit-remaining-subscription-reads",
     "x-ms-ratelimit-remaining-subscription-global-reads", "x-ms-ratelimit-remaining-tenant-reads"},
    {"write", "x-ms-ratelimit-remaining-subscription-writes",
     "x-ms-ratelimit-remaining-subscription-global-writes",
     "x-ms-ratelimit-remaining-tenant-writes"},
    {"delete", "x-ms-ratelimit-remaining-subscription-deletes",
     "x-ms-ratelimit-remaining-subscription-global-deletes",
     "x-ms-ratelimit-remaining-tenant-deletes"},
};

static const struct arm_headers *headers_of(const char *kind)
{
    for (size_t i = 0; i < EM_COUNT(arm_headers); i++)
        if (strcmp(arm_headers[i].kind, kind) == 0)
            return &arm_headers[i];
    assert(false); /* arm_kind says nothing else */
    return NULL;
}

/* In every reply of ARM, so without the detour over a format. */
static void add_count(struct em_exchange *ex, const char *name, int64_t count)
{
    enum { DIGITS_MAX = 20 };
    char *text = rd_arena_bytes(ex->arena, DIGITS_MAX + 1);
    size_t at = DIGITS_MAX;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + count % 10);
        count /= 10;
    } while (count > 0 && at > 0);
    rd_http_headers_add(ex->arena, &ex->reply->headers, name,
                        (struct rd_str){text + at, DIGITS_MAX - at});
}

static bool take_arm(struct em_exchange *ex)
{
    const char *kind = arm_kind(ex->request->method);
    bool is_tenant = ex->subscription.n == 0;
    const struct rd_json *limit =
        rd_json_get(rd_json_get(ex->cloud->limits->table,
                                is_tenant ? RD_STR("tenant") : RD_STR("subscription")),
                    rd_str_from(kind));
    struct rule rule = {
        .name = rd_str_from(kind),
        .holder = is_tenant ? ex->cloud->tenant : ex->subscription,
        .size = rd_json_int(rd_json_get(limit, RD_STR("size")), 0),
        .per_minute = rd_json_int(rd_json_get(limit, RD_STR("per_minute")), 0),
    };
    assert(rule.size > 0 && rule.per_minute > 0);
    struct em_bucket *bucket = bucket_of(ex, &rule);
    if (bucket->tokens_milli < MILLI)
        return fail_arm(ex, kind, wait_s(bucket));
    bucket->tokens_milli -= MILLI;
    const struct arm_headers *headers = headers_of(kind);
    add_count(ex, is_tenant ? headers->tenant : headers->subscription,
              bucket->tokens_milli / MILLI);
    /* All callers together have fifteen times as much (recorded: 199 of 200 and 2999 of 3000); the
     * one caller here never takes more than the last token of that. */
    if (!is_tenant)
        add_count(ex, headers->global, rule.size * 15 - 1);
    return true;
}

/* A provider's --------------------------------------------------------------------------------- */

/* The compute provider uses one code for quota and for throttling (azure-compute 1.4, issues). */
static bool fail_provider(struct em_exchange *ex, const struct rule *rule,
                          const struct em_bucket *bucket)
{
    struct rd_json detail = rd_json_object();
    em_reply_header(ex, "Retry-After", "%lld", (long long)wait_s(bucket));
    rd_json_set_c(ex->arena, &detail, "code", rd_json_string_c("TooManyRequests"));
    rd_json_set_c(ex->arena, &detail, "target", rd_json_string(rule->name));
    struct rd_str message = rd_arena_printf(
        ex->arena,
        "{\"operationGroup\":\"%.*s\",\"startTime\":\"%s\",\"endTime\":\"%s\","
        "\"allowedRequestCount\":%lld,\"measuredRequestCount\":%lld}",
        RD_FMT(rule->name), em_time(ex, ex->now_ms - MINUTE_MS).p, em_time(ex, ex->now_ms).p,
        (long long)rule->size, (long long)rule->size + 1);
    rd_json_set_c(ex->arena, &detail, "message", rd_json_string(message));
    return em_fail_detail(ex, 429, "OperationNotAllowed",
                          RD_STR("The server rejected the request because too many requests have "
                                 "been received for this subscription."),
                          &detail);
}

struct taken {
    struct em_bucket *buckets[8];
    struct rule rules[8];
    size_t count;
};

static void add_rules(const struct rd_json *policy, const struct rd_json *names,
                      struct rd_str resource_id, struct taken *taken)
{
    struct em_resource holder = {.id = resource_id};
    const struct rd_json *buckets = rd_json_get(policy, RD_STR("buckets"));
    for (size_t i = 0; i < rd_json_count(names) && taken->count < EM_COUNT(taken->rules); i++) {
        const struct rd_json *bucket = rd_json_get(buckets, rd_json_str(rd_json_item(names, i)));
        struct rule *rule = &taken->rules[taken->count++];
        bool is_resource = rd_json_is_true(rd_json_get(bucket, RD_STR("each_resource")));
        *rule = (struct rule){
            .name = rd_json_str(rd_json_item(names, i)),
            .holder = is_resource ? resource_id : em_subscription(&holder),
            .size = rd_json_int(rd_json_get(bucket, RD_STR("size")), 0),
            .per_minute = rd_json_int(rd_json_get(bucket, RD_STR("per_minute")), 0),
        };
        assert(rule->size > 0 && rule->per_minute > 0); /* limits.yaml is tested */
    }
}

static bool take_provider(struct em_exchange *ex, const char *policy_name, const char *operation,
                          struct rd_str resource_id)
{
    const struct rd_json *policy = rd_json_get(
        rd_json_get(ex->cloud->limits->table, RD_STR("policies")), rd_str_from(policy_name));
    const struct rd_json *operations = rd_json_get(policy, RD_STR("operations"));
    struct taken taken = {.count = 0};
    add_rules(policy, rd_json_get(operations, rd_str_from(operation)), resource_id, &taken);
    for (size_t i = 0; i < taken.count; i++) {
        taken.buckets[i] = bucket_of(ex, &taken.rules[i]);
        if (taken.buckets[i]->tokens_milli < MILLI)
            return fail_provider(ex, &taken.rules[i], taken.buckets[i]);
    }
    struct rd_str provider = rd_json_str(rd_json_get(policy, RD_STR("provider")));
    bool has_header = rd_json_is_true(rd_json_get(policy, RD_STR("has_header")));
    struct rd_str header = {"", 0};
    for (size_t i = 0; i < taken.count; i++) {
        /* A sweep for a later bucket may have dropped an earlier one that was full. */
        struct em_bucket *bucket = bucket_of(ex, &taken.rules[i]);
        bucket->tokens_milli -= MILLI;
        if (!has_header)
            continue;
        header = rd_arena_printf(ex->arena, "%.*s%s%.*s/%.*s;%lld", RD_FMT(header),
                                 i > 0 ? "," : "", RD_FMT(provider), RD_FMT(taken.rules[i].name),
                                 (long long)(bucket->tokens_milli / MILLI));
    }
    if (header.n > 0)
        rd_http_headers_add(ex->arena, &ex->reply->headers, "x-ms-ratelimit-remaining-resource",
                            header);
    return true;
}

static bool strike(struct em_exchange *ex)
{
    enum { FAULT_WAIT_S = 8 };
    struct em_fault *fault = em_fault(ex, "throttle");
    if (fault == NULL)
        return true;
    em_fault_struck(fault);
    return fail_arm(ex, arm_kind(ex->request->method), FAULT_WAIT_S);
}

bool em_throttle(struct em_exchange *ex, const char *policy, const char *operation,
                 struct rd_str resource_id)
{
    if (!strike(ex) || !take_arm(ex))
        return false;
    return policy == NULL || take_provider(ex, policy, operation, resource_id);
}
