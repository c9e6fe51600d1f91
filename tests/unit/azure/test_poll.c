/* SPDX-License-Identifier: Apache-2.0 */
/* Long operations: which URL is asked, when, and how it ends. */
#include "bench.h"

static void an_operation_is_polled_when_it_says(void **state)
{
    (void)state;
    BENCH(b,
          {.status = 201,
           .body = "{}",
           .headers = {"Azure-AsyncOperation", OP_URL, "Location", ARM "/x", "Retry-After", "7"}},
          {.status = 200, .body = "{\"status\":\"InProgress\"}", .headers = {"Retry-After", "3"}},
          {.status = 200, .body = "{\"status\":\"Updating\"}"},
          {.status = 200, .body = "{\"status\":\"Succeeded\"}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_int_equal(b.outcome.polls, 3);
    assert_string_equal(b.accepted, OP_URL);
    assert_true(rd_str_is(b.net.fake.log[1].url, OP_URL));
    assert_int_equal(b.net.fake.log[1].time_ms, START_MS + 7000);
    assert_int_equal(b.net.fake.log[2].time_ms, START_MS + 10000);
    assert_int_equal(b.net.fake.log[3].time_ms,
                     START_MS + 20000); /* ten seconds without a header */
    bench_done(&b);
}

static void a_location_is_polled_until_it_is_no_202(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Location", OP_URL, "Retry-After", "15"}},
          {.status = 202, .body = "", .headers = {"Retry-After", "15"}},
          {.status = 204, .body = ""});
    struct rd_call call = call_of(&b, RD_HTTP_DELETE, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_int_equal(b.done_ms, START_MS + 30000);
    bench_done(&b);
}

static void without_headers_the_resource_itself_is_polled(void **state)
{
    (void)state;
    BENCH(b, {.status = 200, .body = "{\"properties\":{\"provisioningState\":\"Provisioning\"}}"},
          {.status = 200, .body = "{\"properties\":{\"provisioningState\":\"Activating\"}}"},
          {.status = 200, .body = "{\"properties\":{\"provisioningState\":\"Succeeded\"}}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_int_equal(b.net.fake.count, 3);
    assert_int_equal(b.net.fake.log[2].method, RD_HTTP_GET);
    assert_true(rd_str_is(b.net.fake.log[2].url, VM_URL));
    bench_done(&b);
}

static void a_failed_operation_gives_its_own_error(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OP_URL}},
          {.status = 200,
           .body = "{\"status\":\"Failed\",\"error\":{\"code\":\"ZonalAllocationFailed\","
                   "\"message\":\"no room\"}}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_CAPACITY);
    assert_true(rd_str_is(b.outcome.message, "no room"));
    bench_done(&b);
}

static void a_new_operation_may_be_unknown_for_a_while(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OP_URL}},
          {.status = 404, .body = ""}, {.status = 200, .body = ""});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    bench_done(&b);
}

static void a_resumed_operation_that_is_unknown_ends_at_once(void **state)
{
    (void)state;
    BENCH(b, {.status = 404, .body = ""});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    call.resume_url = RD_STR(OP_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_NOT_FOUND);
    assert_int_equal(b.net.fake.count, 1);
    assert_int_equal(b.done_ms, START_MS);
    bench_done(&b);
}

static void long_urls_are_replayed_verbatim(void **state)
{
    (void)state;
    static char url[4200];
    (void)snprintf(url, sizeof(url), "%s&c=", OP_URL);
    memset(url + strlen(url), 'Q', 3900);
    struct fake_line lines[] = {
        {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", url}},
        {.status = 200, .body = "{\"status\":\"Succeeded\"}"}};
    struct bench b;
    bench_init(&b, lines, 2);
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_true(rd_str_is(b.net.fake.log[1].url, url));
    bench_done(&b);
}

static void an_operation_elsewhere_is_refused(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Location", "https://evil.example/op"}},
          {.status = 200, .body = "{}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_CLOUD);
    assert_int_equal(b.net.fake.count, 1);
    bench_done(&b);
}

static void memory_does_not_grow_with_polls(void **state)
{
    (void)state;
    static struct fake_line lines[5001];
    lines[0] = (struct fake_line){.status = 202, .body = "", .headers = {"Location", OP_URL}};
    for (int i = 1; i < 5000; i++)
        lines[i] = (struct fake_line){.status = 202, .body = "{\"status\":\"InProgress\"}"};
    lines[5000] = (struct fake_line){.status = 200, .body = "{}"};
    struct bench b;
    bench_init(&b, lines, 5001);
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.polls, 5000);
    assert_true(rd_arena_used(b.arena) < 1000);
    bench_done(&b);
}

static void an_operation_that_never_ends_is_given_up(void **state)
{
    (void)state;
    BENCH(
        b, {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OP_URL}},
        {.status = 200, .body = "{\"status\":\"InProgress\"}", .headers = {"Retry-After", "3600"}});
    struct rd_call call = call_of(&b, RD_HTTP_DELETE, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_TRANSIENT);
    assert_int_equal(b.outcome.status, 0); /* the cloud has not said how it ended */
    assert_true(b.done_ms > START_MS + 12 * 3600000);
    bench_done(&b);
}

static void an_operations_url_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char url[20000];
    int n = snprintf(url, sizeof(url), "%s&c=", OP_URL);
    memset(url + n, 'a', sizeof(url) - 1 - (size_t)n);
    struct fake_line lines[] = {
        {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", url}}};
    struct bench b;
    bench_init(&b, lines, 1);
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_CLOUD);
    assert_int_equal(b.net.fake.count, 1);
    bench_done(&b);
}

TESTS(TEST(an_operation_is_polled_when_it_says), TEST(a_location_is_polled_until_it_is_no_202),
      TEST(without_headers_the_resource_itself_is_polled),
      TEST(a_failed_operation_gives_its_own_error),
      TEST(a_new_operation_may_be_unknown_for_a_while),
      TEST(a_resumed_operation_that_is_unknown_ends_at_once), TEST(long_urls_are_replayed_verbatim),
      TEST(an_operation_elsewhere_is_refused), TEST(memory_does_not_grow_with_polls),
      TEST(an_operation_that_never_ends_is_given_up),
      TEST(an_operations_url_that_is_too_long_is_refused))
