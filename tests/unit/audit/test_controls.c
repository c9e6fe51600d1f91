/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/audit.h"
#include "base/clock.h"

#define GROUP "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg"
#define INTERFACE GROUP "/providers/Microsoft.Network/networkInterfaces/n"

static struct rd_set *set_with(struct rd_arena *arena, const char *id, const char *body_text)
{
    struct rd_set *set = rd_set_new(arena, RD_STR("e"), RD_STR("AzureCloud"));
    struct rd_json body;
    struct rd_err err;
    size_t index = 0;
    set->facts = rd_json_object();
    if (id == NULL)
        return set;
    assert_int_equal(
        rd_json_parse(arena, "body", rd_arena_str(arena, rd_str_from(body_text)), 0, &body, &err),
        RD_RC_OK);
    assert_int_equal(rd_set_add(set, rd_str_from(id), body, RD_STR("test"), &index, &err),
                     RD_RC_OK);
    return set;
}

static struct rd_audit *audit_of(struct rd_arena *arena, const struct rd_set *live,
                                 const struct rd_set *desired)
{
    struct rd_rule *rules = NULL;
    size_t count = 0;
    struct rd_audit *audit = NULL;
    struct rd_err err;
    int64_t day_ms = 0;
    assert_true(rd_time_parse(RD_STR("2026-11-21"), &day_ms));
    assert_int_equal(rd_rules_load(arena, &rules, &count, &err), RD_RC_OK);
    assert_int_equal(rd_audit_run(arena, rules, count, live, desired, day_ms, &audit, &err),
                     RD_RC_OK);
    return audit;
}

static const struct rd_control *control_of(const struct rd_audit *audit, const char *id)
{
    for (size_t i = 0; i < audit->control_count; i++)
        if (rd_str_is(audit->controls[i].id, id))
            return &audit->controls[i];
    fail_msg("no control %s", id);
    return NULL;
}

static void an_empty_environment_gives_no_control_evidence(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *live = set_with(arena, NULL, NULL);
    struct rd_audit *audit = audit_of(arena, live, NULL);
    assert_true(audit->control_count > 20);
    assert_int_equal(audit->by_state[RD_CONTROL_NO_EVIDENCE], audit->control_count);
    rd_set_done(live);
}

static void a_failing_rule_fails_the_controls_that_it_serves(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *live = set_with(arena, INTERFACE,
                                   "{\"properties\":{\"ipConfigurations\":[{\"properties\":"
                                   "{\"publicIPAddress\":{\"id\":\"x\"}}}]}}");
    struct rd_audit *audit = audit_of(arena, live, NULL);
    assert_int_equal(control_of(audit, "AC.L2-3.1.14")->state, RD_CONTROL_FAILING);
    assert_int_equal(control_of(audit, "SC.L2-3.13.10")->state, RD_CONTROL_NO_EVIDENCE);
    rd_set_done(live);
}

static void a_control_passes_by_a_rule_that_had_something_to_look_at(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *live = set_with(
        arena, INTERFACE,
        "{\"properties\":{\"ipConfigurations\":[{\"properties\":{\"subnet\":{\"id\":\"x\"}}}]}}");
    struct rd_audit *audit = audit_of(arena, live, NULL);
    assert_int_equal(control_of(audit, "AC.L2-3.1.14")->state, RD_CONTROL_PASSING);
    struct rd_json json = rd_audit_to_json(arena, audit);
    assert_string_equal(rd_json_str(rd_json_get(&json, RD_STR("day"))).p, "2026-11-21");
    rd_set_done(live);
}

static void what_is_desired_and_not_there_is_listed(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *live = set_with(arena, GROUP, "{\"location\":\"westeurope\"}");
    struct rd_set *desired = set_with(arena, INTERFACE, "{}");
    struct rd_audit *audit = audit_of(arena, live, desired);
    assert_int_equal(audit->missing_count, 1);
    assert_true(rd_str_is(audit->missing[0], INTERFACE));
    rd_set_done(live);
    rd_set_done(desired);
}

static void what_only_a_live_set_shows_is_judged_in_an_audit(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *live =
        set_with(arena, GROUP "/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0",
                 "{\"properties\":{\"replicationStatus\":{\"aggregatedState\":\"Failed\"}}}");
    struct rd_audit *audit = audit_of(arena, live, NULL);
    bool is_found = false;
    for (size_t i = 0; i < audit->findings->count; i++)
        if (rd_str_is(audit->findings->items[i].rule->id, "RD-IMG-015"))
            is_found = audit->findings->items[i].verdict == RD_VERDICT_FAIL;
    assert_true(is_found);
    assert_false(rd_json_is_true(rd_json_get(&live->facts, RD_STR("live"))));
    rd_set_done(live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_environment_gives_no_control_evidence),
        cmocka_unit_test(a_failing_rule_fails_the_controls_that_it_serves),
        cmocka_unit_test(a_control_passes_by_a_rule_that_had_something_to_look_at),
        cmocka_unit_test(what_is_desired_and_not_there_is_listed),
        cmocka_unit_test(what_only_a_live_set_shows_is_judged_in_an_audit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
