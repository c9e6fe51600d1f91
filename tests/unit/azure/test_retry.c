/* SPDX-License-Identifier: Apache-2.0 */
/* What is tried again, when, and how often. */
#include "bench.h"

static void transient_statuses_are_tried_again(void **state)
{
    (void)state;
    static const int statuses[] = {408, 429, 500, 502, 503, 504};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct fake_line lines[] = {{.status = statuses[i], .body = "{}"},
                                    {.status = 200, .body = "{\"a\":1}"}};
        struct bench b;
        bench_init(&b, lines, 2);
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        run(&b, &call);
        assert_int_equal(b.outcome.rc, RD_RC_OK);
        assert_int_equal(b.outcome.attempts, 2);
        assert_int_equal(rd_json_int(rd_json_at(&b.outcome.body, "a"), 0), 1);
        assert_true(b.done_ms >= START_MS + 500 && b.done_ms <= START_MS + 1000);
        assert_int_equal(rd_client_stats(b.net.client)->retried, 1);
        bench_done(&b);
    }
}

static void other_errors_are_not_tried_again(void **state)
{
    (void)state;
    BENCH(b, {.status = 409,
              .body = "{\"error\":{\"code\":\"SkuNotAvailable\",\"message\":\"none left\"}}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_CAPACITY);
    assert_true(rd_str_is(b.outcome.code, "SkuNotAvailable"));
    assert_int_equal(b.net.fake.count, 1);
    bench_done(&b);
}

static void retry_after_is_kept_to_the_millisecond(void **state)
{
    (void)state;
    BENCH(b, {.status = 429, .body = "{}", .headers = {"Retry-After", "17"}},
          {.status = 200, .body = "{}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.net.fake.log[1].time_ms, START_MS + 17000);
    assert_int_equal(rd_client_stats(b.net.client)->throttled, 1);
    bench_done(&b);
}

static void being_throttled_is_borne_longer_than_failures(void **state)
{
    (void)state;
    static struct fake_line lines[13];
    for (int i = 0; i < 12; i++)
        lines[i] = (struct fake_line){.status = 429, .body = "{}", .headers = {"Retry-After", "5"}};
    lines[12] = (struct fake_line){.status = 200, .body = "{}"};
    struct bench b;
    bench_init(&b, lines, 13);
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_int_equal(b.done_ms, START_MS + 60000);
    bench_done(&b);
}

static void attempts_end_and_the_last_error_is_told(void **state)
{
    (void)state;
    BENCH(b, {.status = 503,
              .body = "{\"error\":{\"code\":\"ServiceUnavailable\",\"message\":\"down\"}}"});
    struct rd_call call = call_of(&b, RD_HTTP_GET, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_TRANSIENT);
    assert_int_equal(b.outcome.attempts, 4);
    assert_true(rd_str_is(b.outcome.code, "ServiceUnavailable"));
    bench_done(&b);
}

static void dropped_puts_are_repeated(void **state)
{
    (void)state;
    BENCH(b, {.result = RD_TRANSPORT_DROPPED}, {.result = RD_TRANSPORT_TIMEOUT},
          {.status = 200, .body = "{}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_int_equal(b.net.fake.count, 3);
    bench_done(&b);
}

static void a_dropped_action_is_not_repeated_unless_it_never_left(void **state)
{
    (void)state;
    BENCH(b, {.result = RD_TRANSPORT_REFUSED}, {.result = RD_TRANSPORT_DROPPED},
          {.status = 200, .body = "{}"});
    struct rd_call call = call_of(&b, RD_HTTP_POST, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_TRANSIENT);
    assert_true(b.outcome.may_have_happened);
    assert_int_equal(b.net.fake.count, 2);
    bench_done(&b);
}

/* Whoever cannot prove to be the cloud will not be able to in a minute either. */
static void who_is_not_trusted_is_not_asked_again(void **state)
{
    (void)state;
    static const enum rd_http_method methods[] = {RD_HTTP_GET, RD_HTTP_PUT, RD_HTTP_POST};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        BENCH(b, {.result = RD_TRANSPORT_UNTRUSTED}, {.status = 200, .body = "{}"});
        struct rd_call call = call_of(&b, methods[i], VM_URL);
        run(&b, &call);
        assert_int_equal(b.outcome.rc, RD_RC_UNTRUSTED);
        assert_false(b.outcome.may_have_happened);
        assert_true(b.outcome.message.n > 0);
        assert_int_equal(b.net.fake.count, 1);
        assert_int_equal(b.done_ms, START_MS);
        bench_done(&b);
    }
}

static void a_retry_after_is_never_cut_short(void **state)
{
    (void)state;
    static const struct {
        const char *retry_after, *date;
        int64_t from_s, to_s;
    } cases[] = {
        {"90000", NULL, 86400, 86400}, /* a day at most */
        {"99999999999999999999", NULL, 86400, 86400},
        {"-5", NULL, 0, 1},
        {"0", NULL, 0, 1},
        {"soon", NULL, 0, 1},
        /* By the sender's own clock, which is not ours. */
        {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:07 GMT", 30, 30},
        {"Fri, 01 Jan 2100 00:00:00 GMT", "Fri, 01 Jan 2100 00:02:00 GMT", 0, 1},
        {"Thu, 01 Jan 1970 00:20:00 GMT", NULL, 200, 200},
        {"Fri, 01 Jan 2100 00:00:00 GMT", NULL, 86400, 86400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake_line lines[] = {
            {.status = 503, .body = "{}", .headers = {"Retry-After", cases[i].retry_after}},
            {.status = 200, .body = "{}"}};
        if (cases[i].date != NULL) {
            lines[0].headers[2] = "Date";
            lines[0].headers[3] = cases[i].date;
        }
        struct bench b;
        bench_init(&b, lines, 2);
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        run(&b, &call);
        int64_t waited_ms = b.net.fake.log[1].time_ms - START_MS;
        if (waited_ms < cases[i].from_s * 1000 || waited_ms > cases[i].to_s * 1000 ||
            waited_ms == 0)
            fail_msg("%s: waited %lld ms", cases[i].retry_after, (long long)waited_ms);
        bench_done(&b);
    }
}

TESTS(TEST(transient_statuses_are_tried_again), TEST(other_errors_are_not_tried_again),
      TEST(retry_after_is_kept_to_the_millisecond),
      TEST(being_throttled_is_borne_longer_than_failures),
      TEST(attempts_end_and_the_last_error_is_told), TEST(dropped_puts_are_repeated),
      TEST(a_dropped_action_is_not_repeated_unless_it_never_left),
      TEST(who_is_not_trusted_is_not_asked_again), TEST(a_retry_after_is_never_cut_short))
