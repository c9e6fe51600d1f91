/* SPDX-License-Identifier: Apache-2.0 */
/* The rules over the examples' resource sets, given as arguments, as the compiler makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "rules/rules.h"

enum { FILE_COUNT_MAX = 8 };

static const char *files[FILE_COUNT_MAX];
static int file_count;

static struct rd_findings *findings_of(struct rd_arena *arena, const char *file)
{
    struct rd_str text;
    struct rd_json value;
    struct rd_err err;
    struct rd_set *set = NULL;
    struct rd_rule *rules = NULL;
    struct rd_findings *findings = NULL;
    size_t count = 0;
    int64_t day_ms = 0;
    assert_true(rd_time_parse(RD_STR("2026-11-21"), &day_ms));
    if (rd_file_read(arena, file, RD_PLAN_SIZE_MAX, &text, &err) != RD_RC_OK ||
        rd_json_parse(arena, file, text, 0, &value, &err) != RD_RC_OK ||
        rd_set_from_json(arena, file, &value, &set, &err) != RD_RC_OK ||
        rd_rules_load(arena, &rules, &count, &err) != RD_RC_OK ||
        rd_rules_run(arena, rules, count, set, day_ms, &findings, &err) != RD_RC_OK)
        fail_msg("%s: %s", file, err.msg);
    rd_set_done(set);
    return findings;
}

static void the_examples_break_no_rule_of_severity_error(void **state)
{
    (void)state;
    assert_true(file_count > 0);
    for (int f = 0; f < file_count; f++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        const struct rd_findings *findings = findings_of(arena, files[f]);
        for (size_t i = 0; i < findings->count; i++) {
            const struct rd_finding *finding = &findings->items[i];
            if (finding->verdict == RD_VERDICT_FAIL && finding->rule->severity == RD_SEVERITY_ERROR)
                fail_msg("%s: %s: %s", files[f], finding->rule->id.p,
                         finding->violations[0].message.p);
        }
    }
}

/* Most rules must find something to look at, or the sets and the rules speak of different shapes.
 */
static void the_examples_give_most_rules_a_subject(void **state)
{
    (void)state;
    for (int f = 0; f < file_count; f++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        const struct rd_findings *findings = findings_of(arena, files[f]);
        assert_true(findings->by_verdict[RD_VERDICT_PASS] * 2 > findings->count);
        assert_true(findings->by_verdict[RD_VERDICT_UNKNOWN] < 10);
    }
}

static void findings_read_as_text_and_as_json(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_findings *findings = findings_of(arena, files[0]);
    struct rd_json json = rd_findings_to_json(arena, findings);
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, (size_t)1 << 22);
    rd_findings_print(&buf, findings, false, true);
    assert_int_equal(rd_json_count(rd_json_get(&json, RD_STR("findings"))), findings->count);
    assert_true(rd_json_int(rd_json_at(&json, "summary.pass"), 0) ==
                (int64_t)findings->by_verdict[RD_VERDICT_PASS]);
    assert_non_null(strstr(rd_buf_c(&buf), "RD-CVM-001"));
    assert_null(strstr(rd_buf_c(&buf), "\033["));
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_break_no_rule_of_severity_error),
        cmocka_unit_test(the_examples_give_most_rules_a_subject),
        cmocka_unit_test(findings_read_as_text_and_as_json),
    };
    for (int i = 1; i < argc && i <= FILE_COUNT_MAX; i++)
        files[file_count++] = argv[i];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
