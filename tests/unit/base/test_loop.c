/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/loop.h"

enum { TIMERS = 1000, START_MS = 5000 };

struct trace {
    struct rd_loop *loop;
    int order[TIMERS * 2];
    int64_t times[TIMERS * 2];
    int count;
    int idle_count;
};

struct mark {
    struct trace *trace;
    int number;
    bool again;
};

static void note(void *data)
{
    struct mark *mark = data;
    struct trace *trace = mark->trace;
    trace->order[trace->count] = mark->number;
    trace->times[trace->count++] = rd_loop_now_ms(trace->loop);
    if (mark->again) {
        mark->again = false;
        rd_loop_defer(trace->loop, note, mark);
    }
}

static void ready_callbacks_run_in_order_and_may_add_more(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_virtual(&clock, START_MS);
    struct trace trace = {.loop = rd_loop_new(&clock)};
    struct mark marks[200];
    for (int i = 0; i < 200; i++) {
        marks[i] = (struct mark){&trace, i, i == 0};
        rd_loop_defer(trace.loop, note, &marks[i]);
    }
    rd_loop_run(trace.loop);
    assert_int_equal(trace.count, 201);
    for (int i = 0; i < 200; i++)
        assert_int_equal(trace.order[i], i);
    assert_int_equal(trace.order[200], 0);
    assert_int_equal(rd_loop_now_ms(trace.loop), START_MS);
    rd_loop_free(trace.loop);
}

static void timers_fire_in_order_of_time_then_of_setting(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_virtual(&clock, START_MS);
    struct trace trace = {.loop = rd_loop_new(&clock)};
    static struct mark marks[TIMERS];
    static int64_t at[TIMERS];
    for (int i = 0; i < TIMERS; i++) {
        marks[i] = (struct mark){&trace, i, false};
        at[i] = START_MS + (i * 7919) % 97;
        assert_true(rd_loop_at(trace.loop, at[i], note, &marks[i]) != 0);
    }
    rd_loop_run(trace.loop);
    assert_int_equal(trace.count, TIMERS);
    for (int i = 1; i < TIMERS; i++) {
        int a = trace.order[i - 1];
        int b = trace.order[i];
        assert_true(at[a] < at[b] || (at[a] == at[b] && a < b));
        assert_int_equal(trace.times[i], at[b]);
    }
    rd_loop_free(trace.loop);
}

static void a_cancelled_timer_never_fires_and_its_number_dies(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_virtual(&clock, START_MS);
    struct trace trace = {.loop = rd_loop_new(&clock)};
    struct mark marks[3] = {{&trace, 0, false}, {&trace, 1, false}, {&trace, 2, false}};
    uint64_t first = rd_loop_at(trace.loop, START_MS + 10, note, &marks[0]);
    (void)rd_loop_at(trace.loop, START_MS + 20, note, &marks[1]);
    rd_loop_cancel(trace.loop, first);
    (void)rd_loop_at(trace.loop, START_MS + 5, note, &marks[2]); /* takes the first one's slot */
    rd_loop_cancel(trace.loop, first);
    rd_loop_run(trace.loop);
    assert_int_equal(trace.count, 2);
    assert_int_equal(trace.order[0], 2);
    assert_int_equal(trace.order[1], 1);
    rd_loop_free(trace.loop);
}

static void stop(void *data)
{
    rd_loop_stop(data);
}

static void a_stopped_loop_goes_on_where_it_was(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_virtual(&clock, START_MS);
    struct trace trace = {.loop = rd_loop_new(&clock)};
    struct mark mark = {&trace, 1, false};
    rd_loop_defer(trace.loop, stop, trace.loop);
    rd_loop_defer(trace.loop, note, &mark);
    rd_loop_run(trace.loop);
    assert_int_equal(trace.count, 0);
    rd_loop_run(trace.loop);
    assert_int_equal(trace.count, 1);
    rd_loop_free(trace.loop);
}

static void count_idle(void *data)
{
    struct trace *trace = data;
    trace->idle_count++;
}

static void a_scaled_clock_is_watched_while_it_waits(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_scaled(&clock, START_MS, 100);
    struct trace trace = {.loop = rd_loop_new(&clock)};
    struct mark mark = {&trace, 1, false};
    rd_loop_set_idle(trace.loop, count_idle, &trace, 5);
    (void)rd_loop_at(trace.loop, START_MS + 5000, note, &mark); /* 50 ms of ours */
    rd_loop_run(trace.loop);
    assert_int_equal(trace.count, 1);
    assert_true(trace.times[0] >= START_MS + 5000);
    assert_true(trace.idle_count >= 5);
    rd_loop_free(trace.loop);
}

/* A world outside that takes as long as it likes: it sleeps as it is told, up to a second, and ends
 * after so many waits or when somebody says so. */
struct world {
    struct trace *trace;
    struct mark end;
    int waits_left;
    int64_t longest_ms;
    int64_t seen_ms; /* the loop's clock at the last wait */
};

static bool world_is_waiting(void *data)
{
    const struct world *world = data;
    return world->waits_left > 0;
}

static void world_wait(void *data, int64_t real_ms)
{
    struct world *world = data;
    if (real_ms > world->longest_ms)
        world->longest_ms = real_ms;
    int64_t sleep_ms = real_ms > 20 ? 20 : real_ms;
    struct timespec time = {0, (long)sleep_ms * 1000000};
    (void)nanosleep(&time, NULL);
    world->seen_ms = rd_loop_now_ms(world->trace->loop);
    if (--world->waits_left == 0)
        rd_loop_defer(world->trace->loop, note, &world->end);
}

static const struct rd_loop_outside world_outside = {world_is_waiting, world_wait};

static void a_virtual_clock_stands_still_while_something_is_under_way(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_virtual(&clock, START_MS);
    struct trace trace = {.loop = rd_loop_new(&clock)};
    struct world world = {.trace = &trace, .end = {&trace, 7, false}, .waits_left = 3};
    struct mark due = {&trace, 1, false};
    struct mark later = {&trace, 2, false};
    (void)rd_loop_at(trace.loop, START_MS + 1000, note, &later);
    (void)rd_loop_at(trace.loop, START_MS, note, &due);
    rd_loop_set_outside(trace.loop, &world_outside, &world);
    rd_loop_run(trace.loop);
    assert_int_equal(world.seen_ms, START_MS);
    assert_int_equal(trace.count, 3);
    assert_int_equal(trace.order[0], 1); /* what is due does not wait for the world */
    assert_int_equal(trace.order[1], 7);
    assert_int_equal(trace.times[1], START_MS);
    assert_int_equal(trace.order[2], 2); /* and then the clock jumps */
    assert_int_equal(trace.times[2], START_MS + 1000);
    rd_loop_free(trace.loop);
}

static void end_world(void *data)
{
    struct world *world = data;
    note(&world->end);
    world->waits_left = 0;
}

/* The world ends when the timer fires, so a timer that does not fire in time is seen. */
static void run_with_timer(struct rd_clock *clock, int64_t in_ms)
{
    struct trace trace = {.loop = rd_loop_new(clock)};
    struct world world = {.trace = &trace, .end = {&trace, 7, false}, .waits_left = 100};
    int64_t at_ms = rd_loop_now_ms(trace.loop) + in_ms;
    int64_t start_us = rd_clock_monotonic_us();
    (void)rd_loop_at(trace.loop, at_ms, end_world, &world);
    rd_loop_set_outside(trace.loop, &world_outside, &world);
    rd_loop_run(trace.loop);
    assert_int_equal(trace.count, 1);
    assert_true(trace.times[0] >= at_ms);
    assert_true(world.longest_ms <= 51);
    assert_true(rd_clock_monotonic_us() - start_us < 1500000);
    rd_loop_free(trace.loop);
}

static void timers_fire_while_something_is_under_way(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_real(&clock);
    run_with_timer(&clock, 50);
    rd_clock_init_scaled(&clock, START_MS, 100);
    run_with_timer(&clock, 5000); /* 50 ms of ours */
}

static void the_idle_callback_is_kept_while_something_is_under_way(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct rd_clock clock;
        if (kind == 0)
            rd_clock_init_virtual(&clock, START_MS);
        else if (kind == 1)
            rd_clock_init_real(&clock);
        else
            rd_clock_init_scaled(&clock, START_MS, 100);
        struct trace trace = {.loop = rd_loop_new(&clock)};
        struct world world = {.trace = &trace, .end = {&trace, 7, false}, .waits_left = 6};
        rd_loop_set_idle(trace.loop, count_idle, &trace, 3);
        rd_loop_set_outside(trace.loop, &world_outside, &world);
        rd_loop_run(trace.loop); /* with nothing else to do it goes on until the world is done */
        assert_int_equal(world.longest_ms, 3);
        assert_int_equal(trace.count, 1);
        assert_true(trace.idle_count >= 6);
        rd_loop_set_outside(trace.loop, NULL, NULL);
        world.waits_left = 1;
        rd_loop_run(trace.loop); /* and without it ends at once */
        assert_int_equal(world.waits_left, 1);
        rd_loop_free(trace.loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_callbacks_run_in_order_and_may_add_more),
        cmocka_unit_test(timers_fire_in_order_of_time_then_of_setting),
        cmocka_unit_test(a_cancelled_timer_never_fires_and_its_number_dies),
        cmocka_unit_test(a_stopped_loop_goes_on_where_it_was),
        cmocka_unit_test(a_scaled_clock_is_watched_while_it_waits),
        cmocka_unit_test(a_virtual_clock_stands_still_while_something_is_under_way),
        cmocka_unit_test(timers_fire_while_something_is_under_way),
        cmocka_unit_test(the_idle_callback_is_kept_while_something_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
