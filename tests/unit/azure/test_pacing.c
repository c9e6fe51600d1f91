/* SPDX-License-Identifier: Apache-2.0 */
/* ARM's buckets, and who goes first when they run low. */
#include "bench.h"

/* 400 writes: 200 at once, the rest at ten a second. */
static void writes_keep_to_their_bucket(void **state)
{
    (void)state;
    BENCH(b, {.status = 200, .body = "{}"});
    for (int i = 0; i < 400; i++) {
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        call.urgency_ms = i;
        rd_client_call(b.net.client, &call);
    }
    rd_loop_run(b.net.loop);
    assert_int_equal(b.done_count, 400);
    assert_int_equal(b.net.fake.log[199].time_ms, START_MS);
    assert_int_equal(b.net.fake.log[200].time_ms, START_MS + 100);
    assert_int_equal(b.done_ms, START_MS + 20000);
    assert_true(b.net.fake.in_flight_peak <= 50);
    bench_done(&b);
}

static void data_planes_have_no_bucket(void **state)
{
    (void)state;
    BENCH(b, {.status = 200, .body = "{}"});
    for (int i = 0; i < 400; i++) {
        struct rd_call call = call_of(&b, RD_HTTP_PUT, "https://kv1.vault.azure.net/secrets/a");
        rd_client_call(b.net.client, &call);
    }
    rd_loop_run(b.net.loop);
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
    assert_int_equal(b.net.fake.log[1].time_ms, START_MS + 100);
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
        rd_client_call(crowd->b->net.client, &call);
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
        rd_client_call(b.net.client, &call);
    }
    struct crowd crowd = {&b, CROWD};
    (void)rd_loop_at(b.net.loop, START_MS + 9999, ask_a_crowd, &crowd);
    rd_loop_run(b.net.loop);
    assert_int_equal(b.done_count, COUNT + CROWD);
    for (size_t i = 0; i < COUNT / 2; i++) {
        const struct fake_request *over = fake_find(&b.net.fake, RD_HTTP_GET, "&over", i);
        assert_non_null(over);
        assert_true(over->time_ms >= START_MS + 10000);
        assert_true(over->time_ms < fake_find(&b.net.fake, RD_HTTP_GET, "&late", 0)->time_ms);
    }
    bench_done(&b);
}

/* Of forty operations that may be over every other one holds up a long way: when reads are short,
 * those are asked first. (Their writes went first, too, and got the first answers.) */
static void polls_of_what_much_comes_after_go_first(void **state)
{
    (void)state;
    enum { COUNT = 40, CROWD = 300 };
    static struct fake_line lines[COUNT + 1];
    for (int i = 0; i < COUNT; i++)
        lines[i] = (struct fake_line){
            .status = 202,
            .body = "",
            .headers = {"Location", i < COUNT / 2 ? OP_URL "&more" : OP_URL "&last"}};
    lines[COUNT] = (struct fake_line){.status = 200, .body = "{\"status\":\"Succeeded\"}"};
    struct bench b;
    bench_init(&b, lines, COUNT + 1);
    for (int i = 0; i < COUNT; i++) {
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        call.expected_ms = 5000;
        call.urgency_ms = call.expected_ms + (i % 2 == 0 ? 0 : 600000);
        rd_client_call(b.net.client, &call);
    }
    struct crowd crowd = {&b, CROWD};
    (void)rd_loop_at(b.net.loop, START_MS + 9999, ask_a_crowd, &crowd);
    rd_loop_run(b.net.loop);
    assert_int_equal(b.done_count, COUNT + CROWD);
    for (size_t i = 0; i < COUNT / 2; i++)
        assert_true(fake_find(&b.net.fake, RD_HTTP_GET, "&more", i)->time_ms <
                    fake_find(&b.net.fake, RD_HTTP_GET, "&last", 0)->time_ms);
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
        rd_client_call(b.net.client, &call);
        if (i == SCOUTS - 1)
            rd_loop_run(b.net.loop);
    }
    assert_int_equal(b.done_count, SCOUTS);
    struct crowd crowd = {&b, CROWD};
    (void)rd_loop_at(b.net.loop, rd_loop_now_ms(b.net.loop) + 9999, ask_a_crowd, &crowd);
    rd_loop_run(b.net.loop);
    assert_int_equal(b.done_count, SCOUTS + COUNT + CROWD);
    for (size_t i = 0; i < COUNT / 2; i++) {
        const struct fake_request *over = fake_find(&b.net.fake, RD_HTTP_GET, "&over", i);
        assert_non_null(over);
        assert_true(over->time_ms < fake_find(&b.net.fake, RD_HTTP_GET, "&late", 0)->time_ms);
    }
    bench_done(&b);
}

TESTS(TEST(writes_keep_to_their_bucket), TEST(data_planes_have_no_bucket),
      TEST(what_the_cloud_counts_is_believed), TEST(polls_of_what_should_have_ended_go_first),
      TEST(polls_of_what_much_comes_after_go_first),
      TEST(what_the_first_of_a_kin_took_is_expected_of_the_others))
