/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each rule of data/rules against a set that satisfies it and one that does not, both from
 * tests/unit/rules/cases. How cases are written stands at the top of cases/cvm.yaml.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/map.h"
#include "crypto/hash.h"
#include "rules/rules.h"
#include "yaml/yaml.h"

#define GROUP "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg"
#define TODAY "2026-11-21"

static struct rd_arena *arena;
static struct rd_rule *rules;
static size_t rule_count;
static struct rd_json cases; /* all files' rows in one list */

/* "~" is the group's provider, "~~" the group itself, "~s" the subscription. */
static struct rd_str full_id(struct rd_str id)
{
    struct rd_str rest = rd_str_sub(id, 2, id.n);
    if (rd_str_has_prefix(id, RD_STR("~~")))
        return rd_arena_printf(arena, GROUP "%.*s", RD_FMT(rest));
    if (rd_str_has_prefix(id, RD_STR("~s")))
        return rd_arena_printf(arena, "/subscriptions/00000000-0000-4000-8000-000000000001%.*s",
                               RD_FMT(rest));
    if (rd_str_has_prefix(id, RD_STR("~/")))
        return rd_arena_printf(arena, GROUP "/providers/%.*s", RD_FMT(rest));
    return id;
}

/* Full ids for short ones, and {"$base64": tree} encoded, everywhere in a body. */
static void spell_out(struct rd_json *value)
{
    if (rd_json_is(value, RD_JSON_STRING))
        *value = rd_json_string(full_id(rd_json_str(value)));
    bool is_object = rd_json_is(value, RD_JSON_OBJECT);
    for (size_t i = 0; i < rd_json_count(value); i++) {
        if (is_object)
            value->u.members[i].key = full_id(value->u.members[i].key);
        spell_out(is_object ? &value->u.members[i].value : &value->u.items[i]);
    }
    const struct rd_json *tree = rd_json_get(value, RD_STR("$base64"));
    if (rd_json_exists(tree))
        *value = rd_json_string(rd_base64url(arena, rd_json_text(arena, tree, RD_JSON_COMPACT)));
}

static struct rd_set *set_of(const struct rd_json *row, const struct rd_json *resources,
                             const char *facts_name)
{
    struct rd_str cloud = rd_json_str(rd_json_get(row, RD_STR("cloud")));
    struct rd_set *set =
        rd_set_new(arena, RD_STR("case"), cloud.n > 0 ? cloud : RD_STR("AzureCloud"));
    const struct rd_json *facts = rd_json_get(row, rd_str_from(facts_name));
    set->facts = rd_json_exists(facts) ? *facts : rd_json_object();
    for (size_t i = 0; i < rd_json_count(resources); i++) {
        struct rd_json body = rd_json_copy(arena, &resources->u.members[i].value);
        size_t index = 0;
        struct rd_err err;
        spell_out(&body);
        if (rd_set_add(set, full_id(resources->u.members[i].key), body, RD_STR("case"), &index,
                       &err) != RD_RC_OK)
            fail_msg("rule %.*s: %s", RD_FMT(rd_json_str(rd_json_get(row, RD_STR("rule")))),
                     err.msg);
    }
    return set;
}

static const struct rd_rule *rule_of(const struct rd_json *row)
{
    struct rd_str id = rd_json_str(rd_json_get(row, RD_STR("rule")));
    for (size_t i = 0; i < rule_count; i++)
        if (rd_str_eq(rules[i].id, id))
            return &rules[i];
    fail_msg("a case is for rule '%.*s', which is not there", RD_FMT(id));
    return NULL;
}

static const struct rd_finding *run(const struct rd_rule *rule, const struct rd_json *row,
                                    const struct rd_set *set)
{
    struct rd_findings *findings = NULL;
    struct rd_err err;
    struct rd_str day = rd_json_str(rd_json_get(row, RD_STR("day")));
    int64_t day_ms = 0;
    assert_true(rd_time_parse(day.n > 0 ? day : RD_STR(TODAY), &day_ms));
    assert_int_equal(rd_rules_run(arena, rule, 1, set, day_ms, &findings, &err), RD_RC_OK);
    return &findings->items[0];
}

static void check(const struct rd_json *row, const struct rd_json *resources,
                  const char *facts_name, enum rd_verdict wanted)
{
    const struct rd_rule *rule = rule_of(row);
    struct rd_set *set = set_of(row, resources, facts_name);
    const struct rd_finding *finding = run(rule, row, set);
    if (finding->verdict != wanted)
        fail_msg("rule %.*s: %s instead of %s: %.*s", RD_FMT(rule->id),
                 rd_verdict_name(finding->verdict), rd_verdict_name(wanted),
                 RD_FMT(finding->violation_count > 0 ? finding->violations[0].message
                                                     : RD_STR("no violation")));
    if (wanted == RD_VERDICT_FAIL) {
        assert_true(finding->violation_count > 0);
        assert_true(finding->violations[0].message.n > 0);
        assert_true(rd_str_find(finding->violations[0].message, RD_STR("{"), 0) == RD_STR_NONE ||
                    rd_str_find(finding->violations[0].message, RD_STR("{\""), 0) != RD_STR_NONE);
    }
    rd_set_done(set);
}

static void each_rule_passes_the_set_that_satisfies_it(void **state)
{
    (void)state;
    assert_true(rd_json_count(&cases) > 0);
    for (size_t i = 0; i < rd_json_count(&cases); i++) {
        const struct rd_json *row = rd_json_item(&cases, i);
        check(row, rd_json_get(row, RD_STR("pass")), "facts", RD_VERDICT_PASS);
    }
}

static void each_rule_fails_the_set_that_does_not_satisfy_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < rd_json_count(&cases); i++) {
        const struct rd_json *row = rd_json_item(&cases, i);
        struct rd_json resources = rd_json_copy(arena, rd_json_get(row, RD_STR("pass")));
        const struct rd_json *patch = rd_json_get(row, RD_STR("fail"));
        bool has_facts = rd_json_exists(rd_json_get(row, RD_STR("fail_facts")));
        assert_true(rd_json_exists(patch) || has_facts);
        if (rd_json_exists(patch))
            rd_json_merge(arena, &resources, patch);
        check(row, &resources, has_facts ? "fail_facts" : "facts", RD_VERDICT_FAIL);
    }
}

static void no_rule_is_without_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < rule_count; i++) {
        bool has_case = false;
        for (size_t k = 0; k < rd_json_count(&cases); k++)
            has_case |= rule_of(rd_json_item(&cases, k)) == &rules[i];
        if (!has_case)
            fail_msg("rule %.*s has no cases", RD_FMT(rules[i].id));
    }
}

static void an_empty_set_makes_no_rule_pass(void **state)
{
    (void)state;
    struct rd_set *set = rd_set_new(arena, RD_STR("empty"), RD_STR("AzureCloud"));
    set->facts = rd_json_object();
    for (size_t i = 0; i < rule_count; i++) {
        const struct rd_finding *finding = run(&rules[i], &rd_json_absent, set);
        if (finding->verdict == RD_VERDICT_PASS)
            fail_msg("rule %.*s passes with nothing to look at", RD_FMT(rules[i].id));
    }
    rd_set_done(set);
}

static void there_are_at_least_sixty_rules_with_both_documents_among_their_sources(void **state)
{
    (void)state;
    size_t from_a = 0, from_b = 0;
    for (size_t i = 0; i < rule_count; i++) {
        from_a += rd_str_has_prefix(rules[i].source, RD_STR("confidential AVD images article"));
        from_b += rd_str_has_prefix(rules[i].source, RD_STR("sovereign AVD enclave chapter"));
    }
    assert_true(rule_count >= 60);
    assert_true(from_a >= 10 && from_b >= 10);
}

static void load_cases(int count, char *files[])
{
    struct rd_err err;
    cases = rd_json_array();
    for (int i = 0; i < count; i++) {
        struct rd_str text;
        struct rd_json rows;
        if (rd_file_read(arena, files[i], RD_FACTS_SIZE_MAX, &text, &err) != RD_RC_OK ||
            rd_yaml_parse(arena, files[i], text, &rows, &err) != RD_RC_OK) {
            (void)printf("Bail out! %s\n", err.msg);
            return;
        }
        for (size_t k = 0; k < rd_json_count(&rows); k++)
            (void)rd_json_append(arena, &cases, *rd_json_item(&rows, k));
    }
}

int main(int argc, char *argv[])
{
    struct rd_err err;
    arena = rd_arena_new(0);
    load_cases(argc - 1, argv + 1);
    if (rd_rules_load(arena, &rules, &rule_count, &err) != RD_RC_OK) {
        (void)printf("Bail out! %s\n", err.msg);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_passes_the_set_that_satisfies_it),
        cmocka_unit_test(each_rule_fails_the_set_that_does_not_satisfy_it),
        cmocka_unit_test(no_rule_is_without_cases),
        cmocka_unit_test(an_empty_set_makes_no_rule_pass),
        cmocka_unit_test(there_are_at_least_sixty_rules_with_both_documents_among_their_sources),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rd_arena_free(arena);
    return failed;
}
