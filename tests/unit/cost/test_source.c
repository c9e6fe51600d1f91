/* SPDX-License-Identifier: Apache-2.0 */
/* The sovereign document's own figures come out of its price sheet to the dollar (REQUIREMENTS C2).
 */
#include <stdio.h>

#include "check.h"
#include "cost/cost.h"
#include "enclave/compile.h"

enum { MICRO = 1000000 };

static struct rd_set *sovereign(struct rd_arena *arena)
{
    struct rd_err err;
    struct rd_str text = {0};
    struct rd_spec *spec = NULL;
    struct rd_set *set = NULL;
    ASSERT_OK(rd_spec_template(arena, RD_STR("sovereign"), &text, &err), &err);
    ASSERT_OK(rd_spec_parse(arena, "sovereign.yaml", text, &spec, &err), &err);
    ASSERT_OK(rd_enclave_compile(arena, spec, &set, &err), &err);
    return set;
}

static int64_t group_sum(const struct rd_price *price, const char *group)
{
    int64_t sum = 0;
    for (size_t i = 0; i < price->line_count; i++)
        if (rd_str_is(price->lines[i].group, group))
            sum += price->lines[i].month_micro;
    return sum / MICRO;
}

static void the_baseline_is_the_sources_table(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = sovereign(arena);
    struct rd_price *price = NULL;
    struct rd_err err;
    ASSERT_OK(rd_cost_price(arena, set, RD_STR("source-2026"), &price, &err), &err);
    assert_int_equal(group_sum(price, "compute"), 1360);
    assert_int_equal(group_sum(price, "disks"), 400);
    assert_int_equal(group_sum(price, "firewall"), 912);
    assert_int_equal(group_sum(price, "public IP"), 4);
    assert_int_equal(group_sum(price, "backup"), 180);
    assert_int_equal(group_sum(price, "logs"), 221);
    assert_true(price->month_micro == INT64_C(3077) * MICRO);
    assert_true(price->year_micro == INT64_C(36924) * MICRO);
    rd_set_done(set);
}

static void the_scenarios_are_the_sources_too(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t month;
        int64_t year;
        int64_t saving_year;
    } expected[] = {
        {"baseline", 3077, 36924, 0},
        {"moderate", 2837, 34044, 2880},
        {"aggressive", 2497, 29964, 6960},
        {"standard-ssd", 2837, 34044, 2880},
        {"half-standard-ssd", 2957, 35484, 1440},
        {"logs-25", 2994, 35928, 996},
        {"logs-55", 3160, 37920, -996},
    };
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = sovereign(arena);
    struct rd_scenario *scenarios = NULL;
    size_t count = 0;
    struct rd_err err;
    ASSERT_OK(rd_cost_scenarios(arena, set, RD_STR("source-2026"), &scenarios, &count, &err), &err);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < sizeof(expected) / sizeof(expected[0]); j++) {
            if (!rd_str_is(scenarios[i].name, expected[j].name))
                continue;
            found++;
            assert_true(scenarios[i].price->month_micro == expected[j].month * MICRO);
            assert_true(scenarios[i].price->year_micro == expected[j].year * MICRO);
            assert_true(scenarios[i].saving_month_micro * 12 == expected[j].saving_year * MICRO);
        }
    }
    assert_int_equal(found, sizeof(expected) / sizeof(expected[0]));
    rd_set_done(set);
}

static void an_unknown_price_is_an_error_that_names_the_nearest(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = sovereign(arena);
    for (size_t i = 0; i < set->count; i++)
        if (rd_str_is(set->resources[i].type->name, "Microsoft.Compute/virtualMachines"))
            *rd_json_make(arena, &set->resources[i].body, "properties.hardwareProfile.vmSize") =
                rd_json_string_c("Standard_D8as_v5");
    struct rd_price *price = NULL;
    struct rd_err err;
    assert_int_equal(rd_cost_price(arena, set, RD_STR("source-2026"), &price, &err),
                     RD_RC_NOT_FOUND);
    ASSERT_CONTAINS(err.msg, "vm/Standard_D8as_v5");
    ASSERT_CONTAINS(err.hint, "vm/Standard_D8as_v6");
    assert_int_equal(rd_cost_price(arena, set, RD_STR("nowhere"), &price, &err), RD_RC_NOT_FOUND);
    ASSERT_CONTAINS(err.hint, "source-2026");
    rd_set_done(set);
}

static void money_is_shown_as_people_write_it(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    ASSERT_STR(rd_money(arena, INT64_C(3077) * MICRO, RD_STR("USD")), "$3,077");
    ASSERT_STR(rd_money(arena, INT64_C(1234567) * MICRO + 250000, RD_STR("USD")), "$1,234,567.25");
    ASSERT_STR(rd_money(arena, -5 * MICRO, RD_STR("USD")), "-$5");
    ASSERT_STR(rd_money(arena, 999 * MICRO, RD_STR("EUR")), "999 EUR");
}

TESTS(TEST(the_baseline_is_the_sources_table), TEST(the_scenarios_are_the_sources_too),
      TEST(an_unknown_price_is_an_error_that_names_the_nearest),
      TEST(money_is_shown_as_people_write_it))
