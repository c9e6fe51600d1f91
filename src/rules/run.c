/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "unseen.h"

enum { VALUE_TEXT_MAX = 160 };

/* One rule being run. */
struct run {
    struct evaluation *evaluation;
    const struct rd_rule *rule;
    struct rd_finding *finding;
    size_t unknown_count;
    const struct rd_json *first; /* of a uniform path's values, or NULL */
};

/* Messages ------------------------------------------------------------------------------------ */

/* Members that may hold something secret: said to be there, never shown. */
static bool hides(struct rd_str path)
{
    static const char *const words[] = {"password", "token", "secret", "protectedSettings"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (rd_str_find_case(path, rd_str_from(words[i]), 0) != RD_STR_NONE)
            return true;
    return false;
}

static struct rd_str show(struct rd_arena *arena, struct rd_str path, const struct rd_json *value)
{
    if (!rd_json_exists(value))
        return RD_STR("nothing");
    if (rd_is_secret_reference(value) || hides(path))
        return RD_STR("(hidden)");
    if (rd_is_reference(value))
        return rd_arena_printf(arena, "(known after '%.*s')", RD_FMT(rd_reference_id(value)));
    struct rd_str text = rd_json_is(value, RD_JSON_STRING)
                             ? rd_arena_printf(arena, "'%.*s'", RD_FMT(rd_json_str(value)))
                             : rd_json_text(arena, value, RD_JSON_COMPACT);
    if (text.n <= VALUE_TEXT_MAX)
        return text;
    size_t end = VALUE_TEXT_MAX;
    while (end > 0 && ((unsigned char)text.p[end] & 0xC0U) == 0x80U)
        end--; /* not inside a character */
    return rd_arena_printf(arena, "%.*s...", RD_FMT(rd_str_sub(text, 0, end)));
}

static struct rd_str look_path(struct rd_arena *arena, const struct look *look)
{
    struct rd_str text = RD_STR("");
    for (size_t i = look->depth; i > 0; i--)
        text = rd_arena_printf(arena, "%.*s%s%.*s.%zu", RD_FMT(text), text.n > 0 ? "." : "",
                               RD_FMT(look->steps[i - 1].path->text), look->steps[i - 1].item);
    if (look->path == NULL || (rd_str_is(look->path->text, ".") && text.n > 0))
        return text;
    return rd_arena_printf(arena, "%.*s%s%.*s", RD_FMT(text), text.n > 0 ? "." : "",
                           RD_FMT(look->path->text));
}

/* What stands for one {name} of a message. */
static struct rd_str placeholder(struct run *run, struct rd_str name, struct rd_str look_text)
{
    struct rd_arena *arena = run->evaluation->arena;
    const struct look *look = &run->evaluation->look;
    const struct rd_resource *subject = run->evaluation->subject;
    struct path path;
    struct rd_err ignored;
    struct rule_place place = {"message", run->rule->id};
    if (rd_str_is(name, "name"))
        return subject != NULL ? subject->name : run->evaluation->index->set->name;
    if (rd_str_is(name, "path"))
        return look_text;
    if (rd_str_is(name, "value"))
        return show(arena, look_text, look->value != NULL ? look->value : &rd_json_absent);
    if (rd_str_is(name, "missing"))
        return rd_str_is_empty(look->missing) ? RD_STR("nothing") : look->missing;
    if (rd_str_is(name, "target"))
        return look->resource != NULL ? look->resource->name : RD_STR("the enclave");
    enum root root = rd_str_has_prefix(name, RD_STR("fact:")) ? ROOT_FACT : ROOT_SUBJECT;
    if (root == ROOT_FACT)
        name = rd_str_sub(name, strlen("fact:"), name.n);
    if (rule_path_compile(arena, &place, root, NULL, name, &path, &ignored) != RD_RC_OK)
        return name;
    return show(arena, name, rule_subject_value(run->evaluation, &path));
}

static struct rd_str expand(struct run *run, struct rd_str message, struct rd_str look_text)
{
    struct rd_buf buf;
    rd_buf_init(&buf, (size_t)1 << 16);
    while (message.n > 0) {
        size_t open = rd_str_find_char(message, '{', 0);
        size_t close = rd_str_find_char(message, '}', 0);
        if (open == RD_STR_NONE || close == RD_STR_NONE || close < open)
            break;
        rd_buf_add(&buf, rd_str_sub(message, 0, open));
        rd_buf_add(&buf, placeholder(run, rd_str_sub(message, open + 1, close), look_text));
        message = rd_str_sub(message, close + 1, message.n);
    }
    rd_buf_add(&buf, message);
    struct rd_str text = rd_arena_str(run->evaluation->arena, rd_buf_str(&buf));
    rd_buf_done(&buf);
    return text;
}

static void add_violation(struct run *run)
{
    struct rd_arena *arena = run->evaluation->arena;
    struct rd_finding *finding = run->finding;
    const struct rd_resource *subject = run->evaluation->subject;
    struct rd_str path = look_path(arena, &run->evaluation->look);
    struct rd_str message = run->rule->body->message;
    if (rd_str_is_empty(message))
        message = rd_str_is_empty(path) ? RD_STR("'{name}' does not satisfy this rule")
                                        : RD_STR("'{target}' has {value} at '{path}'");
    struct rd_violation violation = {
        .id = subject != NULL ? subject->id : RD_STR(""),
        .path = path,
        .message = expand(run, message, path),
    };
    finding->violations = rd_arena_grow(arena, finding->violations, finding->violation_count,
                                        &finding->violation_cap, sizeof(violation));
    finding->violations[finding->violation_count++] = violation;
}

/* Demands ------------------------------------------------------------------------------------- */

static void judge_unique(struct run *run, const struct rd_resource *subject, struct rd_map *seen)
{
    const struct rd_json *value = rule_subject_value(run->evaluation, &run->rule->body->unique);
    if (rd_is_reference(value) || rd_json_str(value).n == 0) {
        run->unknown_count++;
        return;
    }
    if (rd_map_get(seen, rd_json_str(value)) == NULL) {
        (void)rd_map_set(seen, rd_json_str(value), seen);
        return;
    }
    run->evaluation->look =
        (struct look){.resource = subject, .path = &run->rule->body->unique, .value = value};
    add_violation(run);
}

/* The first subject's value is what the others are held to; an absent one holds nobody. */
static void judge_uniform(struct run *run, const struct rd_resource *subject)
{
    const struct path *path = &run->rule->body->uniform;
    const struct rd_json *value = rule_subject_value(run->evaluation, path);
    if (rd_is_reference(value)) {
        run->unknown_count++;
        return;
    }
    if (!rd_json_exists(value))
        return;
    if (run->first == NULL)
        run->first = value;
    if (rule_scalar_eq(path->is_place, value, run->first))
        return;
    run->evaluation->look = (struct look){.resource = subject, .path = path, .value = value};
    add_violation(run);
}

/* "avd-a03" belongs to the hosts called "avd-a". */
static struct rd_str host_prefix(struct rd_str name)
{
    while (name.n > 0 && rd_char_is_digit(name.p[name.n - 1]))
        name.n--;
    return name;
}

static int by_text(const void *a, const void *b)
{
    const struct rd_str *x = a;
    const struct rd_str *y = b;
    return rd_str_cmp_case(*x, *y);
}

/* Whether a name's prefix begins another prefix: "avd-a" and "avd-ab". Sorted, the longer ones
 * follow the shorter directly, so one comparison each suffices. */
static void judge_prefixes(struct run *run, struct index_list subjects)
{
    struct rd_arena *arena = run->evaluation->arena;
    const struct rd_set *set = run->evaluation->index->set;
    struct rd_str *prefixes = rd_arena_array(arena, subjects.count + 1, sizeof(*prefixes));
    size_t count = 0;
    for (size_t i = 0; i < subjects.count; i++) {
        run->evaluation->subject = &set->resources[subjects.items[i]];
        const struct rd_json *value =
            rule_subject_value(run->evaluation, &run->rule->body->prefix_free);
        if (rd_json_str(value).n > 0)
            prefixes[count++] = host_prefix(rd_json_str(value));
        else
            run->unknown_count++;
    }
    qsort(prefixes, count, sizeof(*prefixes), by_text);
    run->evaluation->subject = NULL;
    for (size_t i = 1; i < count; i++) {
        if (rd_str_eq_case(prefixes[i], prefixes[i - 1]) ||
            !rd_str_has_prefix_case(prefixes[i], prefixes[i - 1]))
            continue;
        struct rd_json value = rd_json_string(prefixes[i - 1]);
        run->evaluation->look = (struct look){
            .path = &run->rule->body->prefix_free, .value = &value, .missing = prefixes[i]};
        add_violation(run);
    }
}

static void judge(struct run *run, const struct rd_resource *subject, struct rd_map *seen)
{
    const struct rd_rule_body *body = run->rule->body;
    struct evaluation *evaluation = run->evaluation;
    evaluation->subject = subject;
    if (body->when != NULL) {
        enum answer applies = rule_answer(evaluation, body->when);
        if (applies == ANSWER_NO)
            return;
        if (applies == ANSWER_UNKNOWN) {
            run->finding->subject_count++;
            run->unknown_count++;
            return;
        }
    }
    run->finding->subject_count++;
    if (body->is_absent) {
        evaluation->look = (struct look){.resource = subject};
        add_violation(run);
    } else if (body->must != NULL) {
        enum answer answer = rule_answer(evaluation, body->must);
        run->unknown_count += answer == ANSWER_UNKNOWN;
        if (answer == ANSWER_NO)
            add_violation(run);
    } else if (body->unique.count > 0) {
        judge_unique(run, subject, seen);
    } else if (body->uniform.count > 0) {
        judge_uniform(run, subject);
    }
}

static void judge_all(struct run *run)
{
    const struct rd_rule_body *body = run->rule->body;
    const struct rd_set *set = run->evaluation->index->set;
    if (body->type == NULL) {
        if (set->count > 0)
            judge(run, NULL, NULL);
        return;
    }
    struct index_list subjects = set_index_of_type(run->evaluation->index, body->type);
    struct rd_map seen;
    rd_map_init(&seen, true);
    for (size_t i = 0; i < subjects.count; i++)
        if (!set->resources[subjects.items[i]].is_existing)
            judge(run, &set->resources[subjects.items[i]], &seen);
    rd_map_done(&seen);
    if (body->prefix_free.count > 0)
        judge_prefixes(run, subjects);
}

/* absent and count look at the set: it is their subject when it has anything in it. */
static void judge_number(struct run *run)
{
    const struct rd_rule_body *body = run->rule->body;
    const struct rd_set *set = run->evaluation->index->set;
    int64_t found = (int64_t)run->finding->subject_count;
    if (set->count == 0)
        return;
    if (body->is_absent) {
        run->finding->subject_count = set->count;
        return;
    }
    if (!body->has_count)
        return;
    struct rd_json value = rd_json_integer(found);
    run->evaluation->subject = NULL;
    run->evaluation->look = (struct look){.value = &value, .missing = body->type->label};
    if (found < body->count_min || found > body->count_max)
        add_violation(run);
    run->finding->subject_count = found > 0 ? (size_t)found : 1;
}

static enum rd_verdict run_rule(struct run *run, int64_t day_ms)
{
    const struct rd_rule *rule = run->rule;
    const struct rd_set *set = run->evaluation->index->set;
    if (day_ms < rule->valid_from_ms || day_ms >= rule->valid_to_ms)
        return RD_VERDICT_NOT_VALID;
    run->evaluation->subject = NULL;
    if (rule->body->given != NULL) {
        enum answer given = rule_answer(run->evaluation, rule->body->given);
        if (given != ANSWER_YES)
            return given == ANSWER_NO ? RD_VERDICT_NO_SUBJECT : RD_VERDICT_UNKNOWN;
    }
    judge_all(run);
    judge_number(run);
    bool is_blind =
        rule->body->is_live_only && !rd_json_is_true(rd_json_get(&set->facts, RD_STR("live")));
    if (run->finding->subject_count == 0)
        return RD_VERDICT_NO_SUBJECT;
    if (is_blind) {
        run->finding->violation_count = 0;
        return RD_VERDICT_UNKNOWN;
    }
    if (run->finding->violation_count > 0)
        return RD_VERDICT_FAIL;
    return run->unknown_count > 0 ? RD_VERDICT_UNKNOWN : RD_VERDICT_PASS;
}

/* vm-02 before vm-10, and vm-99 before vm-100: a live set comes in any order. A subject has one
 * violation at most. */
static int by_id(const void *a, const void *b)
{
    struct rd_str one = ((const struct rd_violation *)a)->id;
    struct rd_str other = ((const struct rd_violation *)b)->id;
    return one.n != other.n ? (one.n < other.n ? -1 : 1) : rd_str_cmp_case(one, other);
}

enum rd_rc rd_rules_run(struct rd_arena *arena, const struct rd_rule *rules, size_t count,
                        const struct rd_set *set, int64_t day_ms, struct rd_findings **ret_findings,
                        struct rd_err *err)
{
    struct rd_findings *findings = rd_arena_zalloc(arena, sizeof(*findings));
    struct set_index index;
    RD_TRY(set_index_init(arena, set, &index, err));
    struct evaluation evaluation = {.arena = arena, .index = &index};
    struct rd_unseen *unseen = NULL;
    size_t unseen_count = rd_unseen_gather(arena, rd_set_unseen(set), &unseen);
    findings->items = rd_arena_array(arena, count + 1, sizeof(*findings->items));
    findings->count = count;
    for (size_t i = 0; i < count; i++) {
        struct rd_finding *finding = &findings->items[i];
        struct run run = {&evaluation, &rules[i], finding, 0, NULL};
        finding->rule = &rules[i];
        finding->verdict = run_rule(&run, day_ms);
        if (rule_hangs_on_unseen(arena, &rules[i], finding->verdict, unseen, unseen_count,
                                 &finding->unseen)) {
            finding->verdict = RD_VERDICT_UNKNOWN;
            finding->violation_count = 0;
        }
        findings->by_verdict[finding->verdict]++;
        if (finding->verdict == RD_VERDICT_FAIL) {
            qsort(finding->violations, finding->violation_count, sizeof(*finding->violations),
                  by_id);
            findings->error_count += rules[i].severity == RD_SEVERITY_ERROR;
            findings->warning_count += rules[i].severity == RD_SEVERITY_WARNING;
        }
    }
    set_index_done(&index);
    *ret_findings = findings;
    return RD_RC_OK;
}
