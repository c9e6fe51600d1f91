/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "azure/client.h"
#include "fake_transport.h"

enum { START_MS = 1000000 };

#define ARM "https://management.azure.com"
#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define VM_URL                                                                                     \
    ARM SUB "/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v?api-version=1"
#define OP_URL ARM SUB "/providers/Microsoft.Compute/operations/7?t=1"

/* One client over a fake transport on a virtual clock, and the last outcome. */
struct bench {
    struct rd_clock clock;
    struct rd_loop *loop;
    struct fake_transport fake;
    struct fake_script script;
    struct rd_random random;
    struct rd_client *client;
    struct rd_arena *arena;
    struct rd_outcome outcome;
    int done_count;
    int64_t done_ms;
    char accepted[300];
};

static void bench_init(struct bench *b, const struct fake_line *lines, size_t count)
{
    memset(b, 0, sizeof(*b));
    rd_clock_init_virtual(&b->clock, START_MS);
    b->loop = rd_loop_new(&b->clock);
    b->script = (struct fake_script){lines, count, 0};
    fake_transport_init(&b->fake, b->loop, fake_script_answer, &b->script);
    rd_random_init_seeded(&b->random, 1);
    b->arena = rd_arena_new(0);
    struct rd_client_options options = {
        .loop = b->loop,
        .transport = &b->fake.base,
        .random = &b->random,
        .in_flight_max = 50,
        .attempts_max = 4,
    };
    struct rd_err err;
    assert_int_equal(rd_endpoints_find(RD_STR("AzureCloud"), &options.endpoints, &err), RD_RC_OK);
    b->client = rd_client_new(&options);
}

static void bench_done(struct bench *b)
{
    rd_client_free(b->client);
    fake_transport_done(&b->fake);
    rd_loop_free(b->loop);
    rd_arena_free(b->arena);
}

static void on_done(void *data, const struct rd_outcome *outcome)
{
    struct bench *b = data;
    b->outcome = *outcome;
    b->done_count++;
    b->done_ms = rd_loop_now_ms(b->loop);
}

static void on_accepted(void *data, struct rd_str url, struct rd_str location RD_UNUSED)
{
    struct bench *b = data;
    (void)snprintf(b->accepted, sizeof(b->accepted), "%.*s", RD_FMT(url));
}

static struct rd_call call_of(struct bench *b, enum rd_http_method method, const char *url)
{
    return (struct rd_call){
        .method = method,
        .url = rd_str_from(url),
        .body = method == RD_HTTP_PUT ? RD_STR("{}") : RD_STR(""),
        .follows_operation = method != RD_HTTP_GET,
        .arena = b->arena,
        .accepted = on_accepted,
        .done = on_done,
        .data = b,
    };
}

static void run(struct bench *b, const struct rd_call *call)
{
    rd_client_call(b->client, call);
    rd_loop_run(b->loop);
    assert_int_equal(b->done_count, 1);
}

#define BENCH(name, ...)                                                                           \
    static const struct fake_line lines_[] = {__VA_ARGS__};                                        \
    struct bench name;                                                                             \
    bench_init(&name, lines_, sizeof(lines_) / sizeof(lines_[0]))

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
        assert_int_equal(rd_client_stats(b.client)->retried, 1);
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
    assert_int_equal(b.fake.count, 1);
    bench_done(&b);
}

static void retry_after_is_kept_to_the_millisecond(void **state)
{
    (void)state;
    BENCH(b, {.status = 429, .body = "{}", .headers = {"Retry-After", "17"}},
          {.status = 200, .body = "{}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.fake.log[1].time_ms, START_MS + 17000);
    assert_int_equal(rd_client_stats(b.client)->throttled, 1);
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
    assert_int_equal(b.fake.count, 3);
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
    assert_int_equal(b.fake.count, 2);
    bench_done(&b);
}

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
    assert_true(rd_str_is(b.fake.log[1].url, OP_URL));
    assert_int_equal(b.fake.log[1].time_ms, START_MS + 7000);
    assert_int_equal(b.fake.log[2].time_ms, START_MS + 10000);
    assert_int_equal(b.fake.log[3].time_ms, START_MS + 20000); /* ten seconds without a header */
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
    assert_int_equal(b.fake.count, 3);
    assert_int_equal(b.fake.log[2].method, RD_HTTP_GET);
    assert_true(rd_str_is(b.fake.log[2].url, VM_URL));
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
    assert_int_equal(b.fake.count, 1);
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
    assert_true(rd_str_is(b.fake.log[1].url, url));
    bench_done(&b);
}

static void nothing_is_sent_outside_the_cloud(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://management.usgovcloudapi.net/subscriptions/1",
        "https://management.azure.com.evil.example/x",
        "http://management.azure.com/x",
        "https://vault.azure.net/secrets",
        "https://a.b.vault.azure.net/secrets",
        "https://management.azure.com:8443/x",
        "https://user@management.azure.com/x",
        "https://management.azure.com/x y",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        BENCH(b, {.status = 200, .body = "{}"});
        struct rd_call call = call_of(&b, RD_HTTP_GET, urls[i]);
        run(&b, &call);
        assert_int_equal(b.outcome.rc, RD_RC_CLOUD);
        assert_int_equal(b.fake.count, 0);
        bench_done(&b);
    }
}

static void an_operation_elsewhere_is_refused(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Location", "https://evil.example/op"}},
          {.status = 200, .body = "{}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_CLOUD);
    assert_int_equal(b.fake.count, 1);
    bench_done(&b);
}

/* 400 writes: 200 at once, the rest at ten a second. */
static void writes_keep_to_their_bucket(void **state)
{
    (void)state;
    BENCH(b, {.status = 200, .body = "{}"});
    for (int i = 0; i < 400; i++) {
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        call.urgency_ms = i;
        rd_client_call(b.client, &call);
    }
    rd_loop_run(b.loop);
    assert_int_equal(b.done_count, 400);
    assert_int_equal(b.fake.log[199].time_ms, START_MS);
    assert_int_equal(b.fake.log[200].time_ms, START_MS + 100);
    assert_int_equal(b.done_ms, START_MS + 20000);
    assert_true(b.fake.in_flight_peak <= 50);
    bench_done(&b);
}

static void data_planes_have_no_bucket(void **state)
{
    (void)state;
    BENCH(b, {.status = 200, .body = "{}"});
    for (int i = 0; i < 400; i++) {
        struct rd_call call = call_of(&b, RD_HTTP_PUT, "https://kv1.vault.azure.net/secrets/a");
        rd_client_call(b.client, &call);
    }
    rd_loop_run(b.loop);
    assert_int_equal(b.done_ms, START_MS);
    bench_done(&b);
}

static void what_the_cloud_counts_is_believed(void **state)
{
    (void)state;
    BENCH(b, {.status = 200,
              .body = "{}",
              .headers = {"x-ms-ratelimit-remaining-subscription-writes", "0"}});
    for (int i = 0; i < 2; i++) {
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        run(&b, &call);
        b.done_count = 0;
    }
    assert_int_equal(b.fake.log[1].time_ms, START_MS + 100);
    bench_done(&b);
}

struct crowd {
    struct bench *b;
    int count;
};

static void ask_a_crowd(void *data)
{
    struct crowd *crowd = data;
    for (int i = 0; i < crowd->count; i++) {
        struct rd_call call = call_of(crowd->b, RD_HTTP_GET, VM_URL);
        rd_client_call(crowd->b->client, &call);
    }
}

/* Of forty operations every other one should be over when reads are short: those are asked first,
 * and none before its time. */
static void polls_of_what_should_have_ended_go_first(void **state)
{
    (void)state;
    enum { COUNT = 40, CROWD = 300 };
    static struct fake_line lines[COUNT + 1];
    for (int i = 0; i < COUNT; i++)
        lines[i] = (struct fake_line){
            .status = 202,
            .body = "",
            .headers = {"Location", i % 2 == 0 ? OP_URL "&late" : OP_URL "&over"}};
    lines[COUNT] = (struct fake_line){.status = 200, .body = "{\"status\":\"Succeeded\"}"};
    struct bench b;
    bench_init(&b, lines, COUNT + 1);
    for (int i = 0; i < COUNT; i++) {
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        call.expected_ms = i % 2 == 0 ? 600000 : 5000;
        rd_client_call(b.client, &call);
    }
    struct crowd crowd = {&b, CROWD};
    (void)rd_loop_at(b.loop, START_MS + 9999, ask_a_crowd, &crowd);
    rd_loop_run(b.loop);
    assert_int_equal(b.done_count, COUNT + CROWD);
    for (size_t i = 0; i < COUNT / 2; i++) {
        const struct fake_request *over = fake_find(&b.fake, RD_HTTP_GET, "&over", i);
        assert_non_null(over);
        assert_true(over->time_ms >= START_MS + 10000);
        assert_true(over->time_ms < fake_find(&b.fake, RD_HTTP_GET, "&late", 0)->time_ms);
    }
    bench_done(&b);
}

/* The table says ten minutes of all; sixteen of a kin took ten seconds. Of the next forty, those of
 * that kin are asked before the others when reads are short. */
static void what_the_first_of_a_kin_took_is_expected_of_the_others(void **state)
{
    (void)state;
    enum { SCOUTS = 16, COUNT = 40, CROWD = 300, KIN = 7 };
    static struct fake_line lines[SCOUTS * 2 + COUNT + 1];
    for (int i = 0; i < SCOUTS; i++) {
        lines[i] = (struct fake_line){.status = 202, .body = "", .headers = {"Location", OP_URL}};
        lines[SCOUTS + i] = (struct fake_line){.status = 200, .body = "{}"};
    }
    for (int i = 0; i < COUNT; i++)
        lines[SCOUTS * 2 + i] = (struct fake_line){
            .status = 202,
            .body = "",
            .headers = {"Location", i % 2 == 0 ? OP_URL "&late" : OP_URL "&over"}};
    lines[SCOUTS * 2 + COUNT] = (struct fake_line){.status = 200, .body = "{}"};
    struct bench b;
    bench_init(&b, lines, SCOUTS * 2 + COUNT + 1);
    for (int i = 0; i < SCOUTS + COUNT; i++) {
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        call.expected_ms = 600000;
        call.kin = i < SCOUTS || i % 2 == 1 ? KIN : 0;
        rd_client_call(b.client, &call);
        if (i == SCOUTS - 1)
            rd_loop_run(b.loop);
    }
    assert_int_equal(b.done_count, SCOUTS);
    struct crowd crowd = {&b, CROWD};
    (void)rd_loop_at(b.loop, rd_loop_now_ms(b.loop) + 9999, ask_a_crowd, &crowd);
    rd_loop_run(b.loop);
    assert_int_equal(b.done_count, SCOUTS + COUNT + CROWD);
    for (size_t i = 0; i < COUNT / 2; i++) {
        const struct fake_request *over = fake_find(&b.fake, RD_HTTP_GET, "&over", i);
        assert_non_null(over);
        assert_true(over->time_ms < fake_find(&b.fake, RD_HTTP_GET, "&late", 0)->time_ms);
    }
    bench_done(&b);
}

static void what_has_not_left_ends_when_stopped(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OP_URL}},
          {.status = 200, .body = "{\"status\":\"Succeeded\"}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    rd_client_call(b.client, &call);
    (void)rd_loop_at(b.loop, START_MS + 1, (rd_loop_fn *)rd_client_stop, b.client);
    rd_loop_run(b.loop);
    assert_int_equal(b.outcome.rc, RD_RC_OK); /* it was under way */
    b.done_count = 0;
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_INTERRUPTED);
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

static void errors_are_found_in_every_envelope(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code, *message;
    } rows[] = {
        {"{\"error\":{\"code\":\"A\",\"message\":\"m\"}}", "A", "m"},
        {"{\"code\":\"A\",\"message\":\"m\"}", "A", "m"},
        {"{\"error\":{\"code\":\"A\",\"message\":\"m\",\"details\":[{\"code\":\"B\",\"message\":"
         "\"n\"}]}}",
         "B", "n"},
        {"{\"error\":{\"code\":\"Forbidden\",\"message\":\"m\",\"innererror\":{\"code\":\"C\"}}}",
         "C", "m"},
        {"{\"error\":{\"code\":\"Conflict\",\"message\":\"{\\\"error\\\":{\\\"code\\\":\\\"D\\\","
         "\\\"message\\\":\\\"deep\\\"}}\"}}",
         "D", "deep"},
        {"[]", "", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_json body;
        struct rd_err err;
        struct rd_str code;
        struct rd_str message;
        assert_int_equal(rd_json_parse(arena, "t", rd_str_from(rows[i].body), 0, &body, &err),
                         RD_RC_OK);
        rd_error_parse(arena, &body, &code, &message);
        assert_true(rd_str_is(code, rows[i].code));
        assert_true(rd_str_is(message, rows[i].message));
    }
}

static void errors_are_classified_as_the_table_says(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *code, *message;
        enum rd_rc rc;
    } rows[] = {
        {409, "OperationNotAllowed", "results in exceeding approved cores", RD_RC_QUOTA},
        {429, "OperationNotAllowed", "exceeding approved", RD_RC_TRANSIENT},
        {409, "OperationNotAllowed", "Disk X is attached to VM Y.", RD_RC_CONFLICT},
        {200, "zonalallocationfailed", "", RD_RC_CAPACITY},
        {400, "InvalidParameter", "", RD_RC_CONFIGURATION},
        {403, "AuthorizationFailed", "", RD_RC_PERMISSION},
        {403, "RequestDisallowedByPolicy", "", RD_RC_POLICY},
        {409, "ScopeLocked", "", RD_RC_POLICY},
        {400, "NicReservedForAnotherVm", "", RD_RC_CONFLICT},
        {400, "ReferencedResourceNotProvisioned", "", RD_RC_CONFLICT},
        {200, "InternalDiskManagementError", "", RD_RC_TRANSIENT},
        {200, "", "The target key has no key release policy", RD_RC_CONFIGURATION},
        {404, "Whatever", "", RD_RC_NOT_FOUND},
        {418, "Whatever", "", RD_RC_CONFIGURATION},
        {599, "Whatever", "", RD_RC_TRANSIENT},
        {200, "NeverSeen", "", RD_RC_CONFIGURATION},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(rd_error_classify(rows[i].status, rd_str_from(rows[i].code),
                                           rd_str_from(rows[i].message)),
                         rows[i].rc);
    assert_true(rd_error_propagates(RD_STR("KeyVaultAccessForbidden"), RD_STR("")));
    assert_false(rd_error_propagates(RD_STR("SkuNotAvailable"), RD_STR("")));
    assert_true(rd_error_hint(RD_STR("skunotavailable"), RD_STR("")).n > 0);
}

static void an_unknown_cloud_names_the_nearest(void **state)
{
    (void)state;
    struct rd_endpoints endpoints;
    struct rd_err err;
    assert_int_equal(rd_endpoints_find(RD_STR("AzureUSGoverment"), &endpoints, &err),
                     RD_RC_INVALID);
    assert_non_null(strstr(err.hint, "AzureUSGovernment"));
    assert_int_equal(rd_endpoints_find(RD_STR("azureusgovernment"), &endpoints, &err), RD_RC_OK);
    assert_true(
        rd_endpoints_allow(&endpoints, RD_STR("https://hsm1.managedhsm.usgovcloudapi.net/keys/k")));
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
        int64_t waited_ms = b.fake.log[1].time_ms - START_MS;
        if (waited_ms < cases[i].from_s * 1000 || waited_ms > cases[i].to_s * 1000 ||
            waited_ms == 0)
            fail_msg("%s: waited %lld ms", cases[i].retry_after, (long long)waited_ms);
        bench_done(&b);
    }
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
    assert_int_equal(b.fake.count, 1);
    bench_done(&b);
}

static void a_secret_body_is_marked_for_what_traces(void **state)
{
    (void)state;
    for (int is_secret = 0; is_secret < 2; is_secret++) {
        BENCH(b, {.status = 200, .body = "{}"});
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        call.is_secret = is_secret == 1;
        run(&b, &call);
        assert_int_equal(b.fake.log[0].is_secret, is_secret);
        bench_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transient_statuses_are_tried_again),
        cmocka_unit_test(other_errors_are_not_tried_again),
        cmocka_unit_test(retry_after_is_kept_to_the_millisecond),
        cmocka_unit_test(being_throttled_is_borne_longer_than_failures),
        cmocka_unit_test(attempts_end_and_the_last_error_is_told),
        cmocka_unit_test(dropped_puts_are_repeated),
        cmocka_unit_test(a_dropped_action_is_not_repeated_unless_it_never_left),
        cmocka_unit_test(an_operation_is_polled_when_it_says),
        cmocka_unit_test(a_location_is_polled_until_it_is_no_202),
        cmocka_unit_test(without_headers_the_resource_itself_is_polled),
        cmocka_unit_test(a_failed_operation_gives_its_own_error),
        cmocka_unit_test(a_new_operation_may_be_unknown_for_a_while),
        cmocka_unit_test(a_resumed_operation_that_is_unknown_ends_at_once),
        cmocka_unit_test(long_urls_are_replayed_verbatim),
        cmocka_unit_test(nothing_is_sent_outside_the_cloud),
        cmocka_unit_test(an_operation_elsewhere_is_refused),
        cmocka_unit_test(writes_keep_to_their_bucket),
        cmocka_unit_test(data_planes_have_no_bucket),
        cmocka_unit_test(what_the_cloud_counts_is_believed),
        cmocka_unit_test(polls_of_what_should_have_ended_go_first),
        cmocka_unit_test(what_the_first_of_a_kin_took_is_expected_of_the_others),
        cmocka_unit_test(what_has_not_left_ends_when_stopped),
        cmocka_unit_test(memory_does_not_grow_with_polls),
        cmocka_unit_test(errors_are_found_in_every_envelope),
        cmocka_unit_test(errors_are_classified_as_the_table_says),
        cmocka_unit_test(an_unknown_cloud_names_the_nearest),
        cmocka_unit_test(a_retry_after_is_never_cut_short),
        cmocka_unit_test(an_operation_that_never_ends_is_given_up),
        cmocka_unit_test(an_operations_url_that_is_too_long_is_refused),
        cmocka_unit_test(a_secret_body_is_marked_for_what_traces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
