/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_test.h"

static void backups_are_taken_on_half_hours(void **state)
{
    (void)state;
    const struct bad_spec bad = {BASE "backup:\n  time: \"23:15\"\n", 8, 9,
                                 "expected a full or a half hour"};
    expect_bad(&bad);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    ASSERT_STR(expect_good(arena, BASE "backup:\n  time: \"23:30\"\n")->backup.time, "23:30");
}

static void zone_redundant_backups_need_zones(void **state)
{
    (void)state;
    const struct bad_spec bad = {GOV "backup:\n  redundancy: ZoneRedundant\n", 9, 15,
                                 "expected LocallyRedundant or GeoRedundant"};
    expect_bad(&bad);
}

static void a_schedule_has_days_and_two_times(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "schedule:\n  engine: redoubt\n  days: []\n", 9, 9, "expected at least one day"},
        {BASE "schedule:\n  engine: redoubt\n  stop: \"08:00\"\n", 9, 9,
         "is the time of 'schedule.start'"},
    };
    EXPECT_ALL_BAD(rows);
}

static void a_native_schedule_stays_within_what_scaling_plans_can(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "schedule:\n  engine: native\n  start: \"20:00\"\n  stop: \"04:00\"\n", 10, 9,
         "cannot run over midnight"},
        {BASE "schedule:\n  engine: native\n  idle_minutes: 361\n", 9, 17, "expected 360 at most"},
        {BASE "schedule:\n  engine: native\n  start: \"00:30\"\n  pre_stage_minutes: 31\n", 10, 22,
         "reaches into the day before: expected 30 at most"},
    };
    EXPECT_ALL_BAD(rows);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    (void)expect_good(arena, BASE "schedule: {engine: redoubt, start: \"20:00\", stop: \"04:00\", "
                                  "idle_minutes: 361}\n");
}

static void a_budget_begins_with_a_month_and_tells_somebody(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "budget:\n  start: 2026-12-15\n  emails: [a@contoso.com]\n", 8, 10,
         "expected the first of a month, such as 2026-12-01"},
        {BASE "budget:\n  amount: 100\n  emails: [a@contoso.com]\n", 8, 3,
         "'budget.start' is missing"},
        {BASE "budget:\n  start: 2026-12-01\n", 8, 3, "'budget.emails' is missing"},
        {BASE "budget:\n  start: 2026-12-01\n  emails: [a@contoso.com]\n  warn_percent: 101\n", 10,
         17, "expected at most the 100 of 'budget.critical_percent'"},
    };
    EXPECT_ALL_BAD(rows);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec =
        expect_good(arena, BASE "monitoring: {emails: [a@contoso.com]}\nbudget:\n  start: "
                                "2026-12-01\n");
    assert_true(spec->budget.enabled);
    ASSERT_STR(spec->budget.emails.items[0], "a@contoso.com");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backups_are_taken_on_half_hours),
        cmocka_unit_test(zone_redundant_backups_need_zones),
        cmocka_unit_test(a_schedule_has_days_and_two_times),
        cmocka_unit_test(a_native_schedule_stays_within_what_scaling_plans_can),
        cmocka_unit_test(a_budget_begins_with_a_month_and_tells_somebody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
