/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "exchange.h"

enum {
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MAX_MS = 60000,
    RETRY_AFTER_MAX_S = 24 * 3600, /* a longer one is a mistake: we look again after a day */
    THROTTLED_COUNT_MAX = 30,      /* being asked to wait is no failure: more patience */
};

bool retry_is_transient(int status)
{
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7, the form that senders must use). */
static bool parse_http_date(struct rd_str text, int64_t *ret_time_ms)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    int64_t day = 0;
    int64_t year = 0;
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    if (text.n != 29 || !rd_str_has_suffix(text, RD_STR(" GMT")) ||
        !rd_str_to_int(rd_str_sub(text, 5, 7), 1, 31, &day) ||
        !rd_str_to_int(rd_str_sub(text, 12, 16), 1970, 9999, &year) ||
        !rd_str_to_int(rd_str_sub(text, 17, 19), 0, 23, &hour) ||
        !rd_str_to_int(rd_str_sub(text, 20, 22), 0, 59, &minute) ||
        !rd_str_to_int(rd_str_sub(text, 23, 25), 0, 60, &second))
        return false;
    size_t at = rd_str_find_case(rd_str_from(months), rd_str_sub(text, 8, 11), 0);
    if (at == RD_STR_NONE || at % 3 != 0)
        return false;
    int64_t days = rd_date_to_days(year, (int)(at / 3) + 1, (int)day);
    *ret_time_ms = ((days * 24 + hour) * 60 + minute) * 60000 + second * 1000;
    return true;
}

/* Digits as a number of at most `max`; more than that is `max`, however many digits it has. */
static bool parse_count(struct rd_str text, int64_t max, int64_t *ret_count)
{
    for (size_t i = 0; i < text.n; i++)
        if (!rd_char_is_digit(text.p[i]))
            return false;
    if (text.n > 0 && !rd_str_to_int(text, 0, max, ret_count))
        *ret_count = max;
    return text.n > 0;
}

bool retry_after_ms(const struct rd_http_reply *reply, int64_t now_ms, int64_t *ret_delay_ms)
{
    struct rd_str text = rd_str_trim(rd_http_headers_get(&reply->headers, "Retry-After"));
    int64_t value = 0;
    if (parse_count(text, RETRY_AFTER_MAX_S, &value)) {
        *ret_delay_ms = value * 1000;
        return true;
    }
    if (parse_http_date(text, &value)) {
        /* A time of the sender's clock, so what is left until then is counted by that clock. */
        int64_t sent_ms = now_ms;
        (void)parse_http_date(rd_str_trim(rd_http_headers_get(&reply->headers, "Date")), &sent_ms);
        int64_t left_ms = value > sent_ms ? value - sent_ms : 0;
        int64_t max_ms = RETRY_AFTER_MAX_S * INT64_C(1000);
        *ret_delay_ms = left_ms < max_ms ? left_ms : max_ms;
        return true;
    }
    text = rd_str_trim(rd_http_headers_get(&reply->headers, "retry-after-ms"));
    return parse_count(text, RETRY_AFTER_MAX_S * INT64_C(1000), ret_delay_ms);
}

/* Doubling, and evenly within the upper half, so that those who failed together don't come back
 * together. */
static int64_t backoff_ms(struct exchange *x)
{
    int64_t delay_ms = BACKOFF_FIRST_MS;
    for (int i = 1; i < x->tries + x->throttled && delay_ms < BACKOFF_MAX_MS; i++)
        delay_ms *= 2;
    if (delay_ms > BACKOFF_MAX_MS)
        delay_ms = BACKOFF_MAX_MS;
    uint64_t half = (uint64_t)delay_ms / 2;
    return (int64_t)(half + rd_random_below(x->client->options.random, half + 1));
}

static void send_again(void *data)
{
    struct exchange *x = data;
    x->timer = 0;
    pacing_enqueue(x);
}

void retry_wait(struct exchange *x, int64_t delay_ms)
{
    struct rd_loop *loop = x->client->options.loop;
    exchange_set_phase(x, PHASE_WAITING);
    x->timer = rd_loop_at(loop, rd_loop_now_ms(loop) + delay_ms, send_again, x);
}

/* Whether the request did nothing, or doing it twice is the same as doing it once. */
static bool may_repeat(const struct exchange *x, enum rd_transport_result result,
                       const struct rd_http_reply *reply)
{
    if (x->aim != AIM_CALL || x->call.method != RD_HTTP_POST || x->call.is_repeatable)
        return true;
    if (reply != NULL)
        return reply->status == 429 || reply->status == 503; /* turned away at the door */
    return result == RD_TRANSPORT_REFUSED;
}

static void fail_untrusted(struct exchange *x, const char *reason)
{
    struct rd_outcome outcome = {
        .rc = RD_RC_UNTRUSTED,
        .message = rd_arena_str(x->call.arena, rd_str_from(reason)),
    };
    exchange_finish(x, &outcome);
}

static void fail_without_reply(struct exchange *x, const char *reason, bool may_have_happened)
{
    struct rd_outcome outcome = {
        .rc = RD_RC_TRANSIENT,
        .message = rd_arena_printf(x->call.arena, "no reply came (%s)", reason),
        .may_have_happened = may_have_happened,
    };
    exchange_finish(x, &outcome);
}

static void fail_with_reply(struct exchange *x, const struct rd_http_reply *reply,
                            bool may_have_happened)
{
    struct rd_json body = rd_json_absent;
    (void)exchange_parse(x->call.arena, reply->body, &body);
    struct rd_outcome outcome = {
        .rc = RD_RC_TRANSIENT,
        .status = reply->status,
        .body = body,
        .may_have_happened = may_have_happened,
    };
    rd_error_parse(x->call.arena, &body, &outcome.code, &outcome.message);
    if (outcome.message.n == 0)
        outcome.message = rd_str_from(rd_http_status_text(reply->status));
    exchange_finish(x, &outcome);
}

void retry_or_fail(struct exchange *x, enum rd_transport_result result,
                   const struct rd_http_reply *reply, const char *reason)
{
    struct rd_client *client = x->client;
    if (result == RD_TRANSPORT_UNTRUSTED) {
        fail_untrusted(x, reason);
        return;
    }
    bool can_repeat = may_repeat(x, result, reply);
    bool is_stopped = client->is_stopped && x->aim == AIM_CALL && can_repeat;
    if (reply != NULL && reply->status == 429 && x->throttled < THROTTLED_COUNT_MAX) {
        x->throttled++;
        x->tries--;
    }
    if (!can_repeat || x->tries >= client->options.attempts_max || is_stopped) {
        bool is_unknown = !can_repeat;
        if (is_stopped)
            exchange_finish_soon(x, RD_RC_INTERRUPTED, "stopped before it was sent again");
        else if (reply != NULL)
            fail_with_reply(x, reply, is_unknown);
        else
            fail_without_reply(x, reason, is_unknown);
        return;
    }
    client->stats.retried++;
    int64_t now_ms = rd_loop_now_ms(client->options.loop);
    int64_t delay_ms = 0;
    /* Nothing to wait for is no reason to rush at what has just failed. */
    if (reply == NULL || !retry_after_ms(reply, now_ms, &delay_ms) || delay_ms == 0)
        delay_ms = backoff_ms(x);
    if (reply != NULL && reply->status == 429) {
        struct rd_json body = rd_json_absent;
        struct rd_str code;
        struct rd_str message;
        rd_arena_clear(client->scratch);
        (void)exchange_parse(client->scratch, reply->body, &body);
        rd_error_parse(client->scratch, &body, &code, &message);
        pacing_block(x->bucket, reply, code, now_ms + delay_ms);
    }
    retry_wait(x, delay_ms);
}
