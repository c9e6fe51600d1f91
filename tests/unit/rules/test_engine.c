/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "rules/rules.h"
#include "yaml/yaml.h"

#define GROUP "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg"
#define HOST GROUP "/providers/Microsoft.Compute/virtualMachines/"
#define HSM_ROLE "Microsoft.KeyVault/managedHSMs/roleAssignments"
#define HEAD                                                                                       \
    "- id: T-1\n  title: t\n  severity: error\n  why: w\n  fix: f\n"                               \
    "  source: {document: d, section: s, date: \"2026-01-01\"}\n"                                  \
    "  valid_from: \"2026-01-01\"\n"
#define ON_HOSTS HEAD "  applies: {type: Microsoft.Compute/virtualMachines}\n"

static struct rd_json yaml(struct rd_arena *arena, const char *text)
{
    struct rd_json value;
    struct rd_err err;
    if (rd_yaml_parse(arena, "test", rd_str_from(text), &value, &err) != RD_RC_OK)
        fail_msg("%s", err.msg);
    return value;
}

static enum rd_rc load(struct rd_arena *arena, const char *text, struct rd_rule **ret_rules,
                       struct rd_err *err)
{
    struct rd_json *table = rd_arena_zalloc(arena, sizeof(*table));
    size_t count = 0;
    *table = yaml(arena, text);
    return rd_rules_parse(arena, "rules/test", table, ret_rules, &count, err);
}

static struct rd_set *hosts(struct rd_arena *arena, const char *body)
{
    struct rd_set *set = rd_set_new(arena, RD_STR("e"), RD_STR("AzureCloud"));
    struct rd_err err;
    size_t index = 0;
    set->facts = rd_json_object();
    if (body != NULL)
        assert_int_equal(
            rd_set_add(set, RD_STR(HOST "h01"), yaml(arena, body), RD_STR("test"), &index, &err),
            RD_RC_OK);
    return set;
}

static struct rd_finding run_on(struct rd_arena *arena, const char *rule, struct rd_set *set,
                                const char *day)
{
    struct rd_rule *rules = NULL;
    struct rd_findings *findings = NULL;
    struct rd_err err;
    int64_t day_ms = 0;
    assert_true(rd_time_parse(rd_str_from(day), &day_ms));
    if (load(arena, rule, &rules, &err) != RD_RC_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(rd_rules_run(arena, rules, 1, set, day_ms, &findings, &err), RD_RC_OK);
    rd_set_done(set);
    return findings->items[0];
}

static enum rd_verdict verdict(struct rd_arena *arena, const char *rule, const char *body)
{
    return run_on(arena, rule, hosts(arena, body), "2026-11-21").verdict;
}

static void a_mistake_in_a_rule_is_told_with_file_and_rule(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        const char *told;
    } cases[] = {
        {ON_HOSTS "  must: {path: location, equal: x}\n", "unknown operator 'equal'"},
        {ON_HOSTS "  must: {path: propertys.x, exists: true}\n", "unknown path 'propertys.x'"},
        {ON_HOSTS "  must: {path: location, exists: yess}\n", "wrong argument of operator"},
        {ON_HOSTS "  must: {path: location, matches: '('}\n", "malformed regular expression '('"},
        {ON_HOSTS "  must: {path: location}\n", "no operator after path"},
        {ON_HOSTS "  must: {all: []}\n", "empty list"},
        {ON_HOSTS "  must: {follow: {by: Microsoft.No/such}}\n", "unknown resource type"},
        {ON_HOSTS "  must: {path: location, exists: true}\n  controls: [X]\n", "unknown control"},
        {ON_HOSTS "  must: {path: location, exists: true}\n  absent: true\n", "exactly one of"},
        {ON_HOSTS "  mast: {path: location, exists: true}\n", "unknown word 'mast'"},
        {HEAD "  applies: {type: Microsoft.No/such}\n  absent: true\n", "unknown resource type"},
        {"- id: T-1\n  title: t\n", "no text for 'why'"},
        {"- title: t\n", "a rule has no id"},
        {"a: b\n", "not a list of rules"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_rule *rules = NULL;
        struct rd_err err;
        assert_int_equal(load(arena, cases[i].rule, &rules, &err), RD_RC_INVALID);
        if (strstr(err.msg, cases[i].told) == NULL || strstr(err.msg, "rules/test") != err.msg)
            fail_msg("'%s' is not told by '%s'", cases[i].told, err.msg);
        assert_true(err.hint[0] != '\0');
    }
}

static void a_value_known_only_later_gives_neither_pass_nor_fail(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *rule = ON_HOSTS "  must: {path: properties.x, equals: a}\n";
    assert_int_equal(verdict(arena, rule, "{properties: {x: a}}"), RD_VERDICT_PASS);
    assert_int_equal(verdict(arena, rule, "{properties: {x: b}}"), RD_VERDICT_FAIL);
    assert_int_equal(verdict(arena, rule, "{properties: {x: {$ref: " HOST "h02, $path: a}}}"),
                     RD_VERDICT_UNKNOWN);
    const char *opposite = ON_HOSTS "  must: {not: {path: properties.x, equals: a}}\n";
    assert_int_equal(verdict(arena, opposite, "{properties: {x: {$ref: " HOST "h02, $path: a}}}"),
                     RD_VERDICT_UNKNOWN);
}

static void a_resource_outside_the_set_is_unknown(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *rule =
        ON_HOSTS "  must: {follow: {path: properties.x}, some: {path: location, equals: a}}\n";
    assert_int_equal(verdict(arena, rule, "{properties: {x: " HOST "h02}}"), RD_VERDICT_UNKNOWN);
    assert_int_equal(verdict(arena, rule, "{properties: {}}"), RD_VERDICT_FAIL);
}

/* Verdicts on a host and what is on it, when roles inside an HSM are not shown to whoever reads. */
static void what_hangs_on_something_unseen_is_unknown_with_its_role(void **state)
{
    static const struct {
        const char *rule;
        enum rd_verdict seen, unseen;
    } cases[] = {
        {ON_HOSTS "  must: {path: location, equals: x}\n", RD_VERDICT_PASS, RD_VERDICT_PASS},
        {ON_HOSTS "  must: {path: location, equals: y}\n", RD_VERDICT_FAIL, RD_VERDICT_FAIL},
        {ON_HOSTS "  must: {follow: {all: " HSM_ROLE "}, some: {path: $id, exists: true}}\n",
         RD_VERDICT_FAIL, RD_VERDICT_UNKNOWN},
        {ON_HOSTS "  must: {not: {follow: {all: " HSM_ROLE "}, some: {path: $id, exists: true}}}\n",
         RD_VERDICT_PASS, RD_VERDICT_UNKNOWN},
        {HEAD "  applies: {type: " HSM_ROLE "}\n  must: {path: properties.scope, equals: x}\n",
         RD_VERDICT_NO_SUBJECT, RD_VERDICT_UNKNOWN},
        {HEAD "  applies: {type: " HSM_ROLE "}\n  count: {min: 1}\n", RD_VERDICT_FAIL,
         RD_VERDICT_UNKNOWN},
        {HEAD "  applies: {type: " HSM_ROLE "}\n  absent: true\n", RD_VERDICT_PASS,
         RD_VERDICT_UNKNOWN},
    };
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int is_unseen = 0; is_unseen < 2; is_unseen++) {
            struct rd_set *set = hosts(arena, "{location: x}");
            if (is_unseen)
                set->facts =
                    yaml(arena, "{unseen: [" GROUP "/providers/Microsoft.KeyVault/managedHSMs/h/"
                                "roleAssignments/r]}");
            struct rd_finding finding = run_on(arena, cases[i].rule, set, "2026-06-01");
            enum rd_verdict wanted = is_unseen ? cases[i].unseen : cases[i].seen;
            if (finding.verdict != wanted)
                fail_msg("rule %zu, unseen %d: %s", i, is_unseen, rd_verdict_name(finding.verdict));
            bool is_told = rd_str_find(finding.unseen, RD_STR("Crypto Auditor"), 0) != RD_STR_NONE;
            assert_int_equal(is_told, is_unseen && cases[i].seen != cases[i].unseen);
            assert_true(finding.verdict == RD_VERDICT_FAIL || finding.violation_count == 0);
        }
}

static void a_fact_that_is_not_given_is_unknown(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *rule = HEAD "  applies: {set: true}\n  must: {fact: hosts, min: 2}\n";
    struct rd_set *set = hosts(arena, "{}");
    assert_int_equal(run_on(arena, rule, set, "2026-11-21").verdict, RD_VERDICT_UNKNOWN);
    set = hosts(arena, "{}");
    (void)rd_json_set_c(arena, &set->facts, "hosts", rd_json_integer(2));
    assert_int_equal(run_on(arena, rule, set, "2026-11-21").verdict, RD_VERDICT_PASS);
}

static void every_on_nothing_is_no(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *rule = ON_HOSTS "  must: {path: zones, every: {path: ., equals: '1'}}\n";
    assert_int_equal(verdict(arena, rule, "{zones: []}"), RD_VERDICT_FAIL);
    assert_int_equal(verdict(arena, rule, "{zones: ['1']}"), RD_VERDICT_PASS);
}

static void a_rule_is_in_force_from_its_first_day_up_to_its_last(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *rule =
        ON_HOSTS "  must: {path: location, exists: true}\n  valid_to: \"2026-07-28\"\n";
    assert_int_equal(run_on(arena, rule, hosts(arena, "{}"), "2025-12-31").verdict,
                     RD_VERDICT_NOT_VALID);
    assert_int_equal(run_on(arena, rule, hosts(arena, "{}"), "2026-07-27").verdict,
                     RD_VERDICT_FAIL);
    assert_int_equal(run_on(arena, rule, hosts(arena, "{}"), "2026-07-28").verdict,
                     RD_VERDICT_NOT_VALID);
}

static void a_rule_without_subject_has_not_passed(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    assert_int_equal(verdict(arena, ON_HOSTS "  must: {path: location, exists: true}\n", NULL),
                     RD_VERDICT_NO_SUBJECT);
    assert_int_equal(verdict(arena, ON_HOSTS "  absent: true\n", NULL), RD_VERDICT_NO_SUBJECT);
    assert_int_equal(verdict(arena, ON_HOSTS "  count: {min: 0}\n", NULL), RD_VERDICT_NO_SUBJECT);
    assert_int_equal(verdict(arena, ON_HOSTS "  absent: true\n", "{}"), RD_VERDICT_FAIL);
}

static void what_only_a_live_set_shows_is_unknown_on_a_spec(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *rule =
        ON_HOSTS "  must: {path: properties.vmId, exists: true}\n  live_only: true\n";
    struct rd_set *live = hosts(arena, "{}");
    assert_int_equal(verdict(arena, rule, "{}"), RD_VERDICT_UNKNOWN);
    (void)rd_json_set_c(arena, &live->facts, "live", rd_json_bool(true));
    assert_int_equal(run_on(arena, rule, live, "2026-11-21").verdict, RD_VERDICT_FAIL);
}

static void a_violation_names_resource_field_and_value(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *rule = ON_HOSTS "  must: {path: properties.a, every: {path: b.c, equals: 1}}\n"
                                "  message: \"'{name}' has {value} at {path} in {location}\"\n";
    struct rd_finding finding = run_on(
        arena, rule, hosts(arena, "{location: x, properties: {a: [{b: {c: 1}}, {b: {c: 2}}]}}"),
        "2026-11-21");
    assert_int_equal(finding.violation_count, 1);
    assert_string_equal(finding.violations[0].id.p, HOST "h01");
    assert_string_equal(finding.violations[0].path.p, "properties.a.1.b.c");
    assert_string_equal(finding.violations[0].message.p,
                        "'h01' has 2 at properties.a.1.b.c in 'x'");
}

static void what_may_be_secret_is_never_in_a_message(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *rule = ON_HOSTS "  must: {path: properties.adminPassword, is_secret: true}\n";
    struct rd_finding finding =
        run_on(arena, rule, hosts(arena, "{properties: {adminPassword: hunter2}}"), "2026-11-21");
    assert_int_equal(finding.verdict, RD_VERDICT_FAIL);
    assert_null(strstr(finding.violations[0].message.p, "hunter2"));
}

/* Hosts of a dozen resources each, as live bodies name each other. */
static struct rd_set *large_set(struct rd_arena *arena, int host_count)
{
    struct rd_set *set = rd_set_new(arena, RD_STR("e"), RD_STR("AzureCloud"));
    struct rd_err err;
    size_t index = 0;
    set->facts = rd_json_object();
    for (int i = 0; i < host_count; i++) {
        struct rd_json machine = rd_json_object();
        struct rd_str id = rd_arena_printf(arena, HOST "h%04d", i);
        struct rd_str nic =
            rd_arena_printf(arena, GROUP "/providers/Microsoft.Network/networkInterfaces/n%04d", i);
        *rd_json_make(arena, &machine, "properties.osProfile.computerName") =
            rd_json_string(rd_arena_printf(arena, "h%04d", i));
        *rd_json_make(arena, &machine, "properties.networkProfile.nic.id") = rd_json_string(nic);
        assert_int_equal(rd_set_add(set, nic,
                                    yaml(arena, "{properties: {ipConfigurations: [{name: "
                                                "a, properties: {primary: true}}]}}"),
                                    RD_STR("t"), &index, &err),
                         RD_RC_OK);
        assert_int_equal(rd_set_add(set, id, machine, RD_STR("t"), &index, &err), RD_RC_OK);
        for (int k = 0; k < 10; k++)
            assert_int_equal(
                rd_set_add(set, rd_arena_printf(arena, "%.*s/extensions/e%d", RD_FMT(id), k),
                           yaml(arena, "{properties: {publisher: p, type: GuestAttestation, "
                                       "settings: {a: {b: c}}}}"),
                           RD_STR("t"), &index, &err),
                RD_RC_OK);
    }
    return set;
}

/* The shortest of three runs: a busy machine only ever adds. */
static clock_t time_of_rules(int host_count)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_rule *rules = NULL;
    size_t count = 0;
    struct rd_err err;
    int64_t day_ms = 0;
    struct rd_set *set = large_set(arena, host_count);
    assert_true(rd_time_parse(RD_STR("2026-11-21"), &day_ms));
    assert_int_equal(rd_rules_load(arena, &rules, &count, &err), RD_RC_OK);
    clock_t best = 0;
    for (int i = 0; i < 3; i++) {
        struct rd_findings *findings = NULL;
        clock_t start = clock();
        assert_int_equal(rd_rules_run(arena, rules, count, set, day_ms, &findings, &err), RD_RC_OK);
        clock_t took = clock() - start;
        best = i == 0 || took < best ? took : best;
    }
    print_message("# %zu rules over %zu resources: %ld us\n", count, set->count, (long)best);
    rd_set_done(set);
    return best;
}

/* How long is `make bench`'s to say; here, that it does not grow with the square of the hosts.
 * Eight times the hosts take eight times as long, or sixty-four. */
static void the_time_that_rules_take_grows_with_the_hosts(void **state)
{
    (void)state;
    clock_t small = time_of_rules(125);
    assert_true(small > 0);
    assert_true(time_of_rules(1000) < small * 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_in_a_rule_is_told_with_file_and_rule),
        cmocka_unit_test(a_value_known_only_later_gives_neither_pass_nor_fail),
        cmocka_unit_test(a_resource_outside_the_set_is_unknown),
        cmocka_unit_test(what_hangs_on_something_unseen_is_unknown_with_its_role),
        cmocka_unit_test(a_fact_that_is_not_given_is_unknown),
        cmocka_unit_test(every_on_nothing_is_no),
        cmocka_unit_test(a_rule_is_in_force_from_its_first_day_up_to_its_last),
        cmocka_unit_test(a_rule_without_subject_has_not_passed),
        cmocka_unit_test(what_only_a_live_set_shows_is_unknown_on_a_spec),
        cmocka_unit_test(a_violation_names_resource_field_and_value),
        cmocka_unit_test(what_may_be_secret_is_never_in_a_message),
        cmocka_unit_test(the_time_that_rules_take_grows_with_the_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
