/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "check.h"

static void a_virtual_clock_moves_only_when_waited_on(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_virtual(&clock, 1000);
    assert_int_equal(rd_clock_now_ms(&clock), 1000);
    rd_clock_wait_until_ms(&clock, 500);
    assert_int_equal(rd_clock_now_ms(&clock), 1000);
    rd_clock_wait_until_ms(&clock, 86400000);
    assert_int_equal(rd_clock_now_ms(&clock), 86400000);
}

static void a_real_clock_is_the_machines(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_real(&clock);
    int64_t before = rd_clock_wall_ms();
    rd_clock_wait_until_ms(&clock, before + 5);
    assert_true(rd_clock_now_ms(&clock) >= before + 5);
}

static void a_scaled_clock_runs_faster(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_scaled(&clock, 1000, 100000);
    int64_t before = rd_clock_wall_ms();
    rd_clock_wait_until_ms(&clock, 1000 + 600000);
    assert_true(rd_clock_now_ms(&clock) >= 601000);
    assert_true(rd_clock_wall_ms() - before < 5000);
}

static void times_survive_being_written_and_read(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 951782400000 /* 2000-02-29 */, 1795292668123, -1};
    for (size_t i = 0; i < 4; i++) {
        char text[RD_TIME_TEXT_MAX];
        int64_t back = 0;
        assert_true(rd_time_parse(rd_str_from(rd_time_format(times[i], true, text)), &back));
        assert_true(back == times[i]);
    }
    char text[RD_TIME_TEXT_MAX];
    assert_string_equal(rd_time_format(1795292668123, false, text), "2026-11-21T20:24:28Z");
    assert_string_equal(rd_time_format(1795292668023, true, text), "2026-11-21T20:24:28.023Z");
    assert_string_equal(rd_time_format(-62135596800000, false, text), "0001-01-01T00:00:00Z");
    assert_string_equal(rd_time_format(253402300800000, false, text), "10000-01-01T00:00:00Z");
    assert_string_equal(rd_time_format(INT64_MAX, true, text), "292278994-08-17T07:12:55.807Z");
}

static void odd_times_are_read_or_refused(void **state)
{
    (void)state;
    int64_t t = 0;
    assert_true(rd_time_parse(RD_STR("2026-11-21"), &t));
    assert_int_equal(t % 86400000, 0);
    assert_true(rd_time_parse(RD_STR("1970-01-01T02:00:00.5+02:00"), &t));
    assert_int_equal(t, 500);
    assert_true(rd_time_parse(RD_STR("2025-03-31T08:12:57.401783+00:00"), &t));
    assert_false(rd_time_parse(RD_STR("2026-02-30"), &t));
    assert_false(rd_time_parse(RD_STR("2026-13-01"), &t));
    assert_false(rd_time_parse(RD_STR("2026-11-21T25:00:00Z"), &t));
    assert_false(rd_time_parse(RD_STR("2026-11-21T20:00:00."), &t));
    assert_false(rd_time_parse(RD_STR("yesterday"), &t));
}

static void durations_show_two_units(void **state)
{
    (void)state;
    char text[RD_TIME_TEXT_MAX];
    assert_string_equal(rd_duration_format(45000, text), "45 s");
    assert_string_equal(rd_duration_format(151000, text), "2 min 31 s");
    assert_string_equal(rd_duration_format(11520000, text), "3 h 12 min");
    assert_string_equal(rd_duration_format(180000000, text), "2 d 2 h");
}

TESTS(TEST(a_virtual_clock_moves_only_when_waited_on), TEST(a_real_clock_is_the_machines),
      TEST(a_scaled_clock_runs_faster), TEST(times_survive_being_written_and_read),
      TEST(odd_times_are_read_or_refused), TEST(durations_show_two_units))
