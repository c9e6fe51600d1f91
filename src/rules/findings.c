/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/rules.h"

#include "base/clock.h"
#include "resource/name.h"

/* Findings for people and for programs. */

const char *rd_severity_name(enum rd_severity severity)
{
    static const char *const names[] = {
        [RD_SEVERITY_INFO] = "info",
        [RD_SEVERITY_WARNING] = "warning",
        [RD_SEVERITY_ERROR] = "error",
    };
    return names[severity];
}

const char *rd_verdict_name(enum rd_verdict verdict)
{
    static const char *const names[] = {
        [RD_VERDICT_PASS] = "pass",
        [RD_VERDICT_FAIL] = "fail",
        [RD_VERDICT_NO_SUBJECT] = "no-subject",
        [RD_VERDICT_NOT_VALID] = "not-valid",
        [RD_VERDICT_UNKNOWN] = "unknown",
    };
    return names[verdict];
}

/* JSON ---------------------------------------------------------------------------------------- */

static struct rd_json violations_to_json(struct rd_arena *arena, const struct rd_finding *finding)
{
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < finding->violation_count; i++) {
        const struct rd_violation *violation = &finding->violations[i];
        struct rd_json item = rd_json_object();
        rd_json_set_c(arena, &item, "resource", rd_json_string(violation->id));
        rd_json_set_c(arena, &item, "path", rd_json_string(violation->path));
        rd_json_set_c(arena, &item, "message", rd_json_string(violation->message));
        rd_json_append(arena, &list, item);
    }
    return list;
}

static struct rd_json day_to_json(struct rd_arena *arena, int64_t day_ms)
{
    char text[RD_TIME_TEXT_MAX];
    struct rd_str day = rd_str_from(rd_time_format(day_ms, false, text));
    return rd_json_string(rd_arena_str(arena, rd_str_sub(day, 0, 10)));
}

static struct rd_json finding_to_json(struct rd_arena *arena, const struct rd_finding *finding)
{
    const struct rd_rule *rule = finding->rule;
    struct rd_json item = rd_json_object();
    struct rd_json controls = rd_json_array();
    for (size_t i = 0; i < rule->control_count; i++)
        rd_json_append(arena, &controls, rd_json_string(rule->controls[i]));
    rd_json_set_c(arena, &item, "rule", rd_json_string(rule->id));
    rd_json_set_c(arena, &item, "title", rd_json_string(rule->title));
    rd_json_set_c(arena, &item, "severity", rd_json_string_c(rd_severity_name(rule->severity)));
    rd_json_set_c(arena, &item, "verdict", rd_json_string_c(rd_verdict_name(finding->verdict)));
    rd_json_set_c(arena, &item, "subjects", rd_json_integer((int64_t)finding->subject_count));
    rd_json_set_c(arena, &item, "violations", violations_to_json(arena, finding));
    if (finding->unseen.n > 0)
        rd_json_set_c(arena, &item, "unseen", rd_json_string(finding->unseen));
    rd_json_set_c(arena, &item, "why", rd_json_string(rule->why));
    rd_json_set_c(arena, &item, "fix", rd_json_string(rule->fix));
    rd_json_set_c(arena, &item, "note", rd_json_string(rule->note));
    rd_json_set_c(arena, &item, "source", rd_json_string(rule->source));
    rd_json_set_c(arena, &item, "validFrom", day_to_json(arena, rule->valid_from_ms));
    if (rule->valid_to_ms != INT64_MAX)
        rd_json_set_c(arena, &item, "validTo", day_to_json(arena, rule->valid_to_ms));
    rd_json_set_c(arena, &item, "controls", controls);
    return item;
}

struct rd_json rd_findings_to_json(struct rd_arena *arena, const struct rd_findings *findings)
{
    struct rd_json root = rd_json_object();
    struct rd_json summary = rd_json_object();
    struct rd_json list = rd_json_array();
    for (int v = RD_VERDICT_PASS; v <= RD_VERDICT_UNKNOWN; v++)
        rd_json_set_c(arena, &summary, rd_verdict_name((enum rd_verdict)v),
                      rd_json_integer((int64_t)findings->by_verdict[v]));
    rd_json_set_c(arena, &summary, "errors", rd_json_integer((int64_t)findings->error_count));
    rd_json_set_c(arena, &summary, "warnings", rd_json_integer((int64_t)findings->warning_count));
    for (size_t i = 0; i < findings->count; i++)
        rd_json_append(arena, &list, finding_to_json(arena, &findings->items[i]));
    rd_json_set_c(arena, &root, "redoubt", rd_json_string_c("findings/1"));
    rd_json_set_c(arena, &root, "summary", summary);
    rd_json_set_c(arena, &root, "findings", list);
    return root;
}

/* Text ---------------------------------------------------------------------------------------- */

/* So many places are printed for one rule; -o json has them all. */
enum { VIOLATION_PRINT_MAX = 5, WIDTH = 80, TEXT_COLUMN = 11, PLACE_COLUMN = 13 };

static const char *color_of(const struct rd_finding *finding)
{
    if (finding->verdict == RD_VERDICT_PASS)
        return "\033[32m";
    if (finding->verdict != RD_VERDICT_FAIL)
        return "\033[2m";
    return finding->rule->severity == RD_SEVERITY_ERROR     ? "\033[31m"
           : finding->rule->severity == RD_SEVERITY_WARNING ? "\033[33m"
                                                            : "\033[36m";
}

/* "fix: ...", folded under its own beginning. */
static void print_part(struct rd_buf *out, size_t column, const char *name, struct rd_str text)
{
    rd_buf_printf(out, "%*s%s%s", (int)column, "", name, name[0] == '\0' ? "" : ": ");
    size_t begin = column + (name[0] == '\0' ? 0 : rd_str_from(name).n + 2);
    rd_buf_add_wrapped(out, text, begin, begin, WIDTH);
}

/* Where it is, as people call it; -o json has the ids. */
static void print_place(struct rd_buf *out, const struct rd_violation *violation)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_type *type = rd_type_find(rd_arm_id_type(arena, violation->id));
    struct rd_name name = rd_name_of(arena, type, violation->id, &rd_json_absent);
    print_part(out, PLACE_COLUMN, "",
               rd_arena_printf(arena, "at %.*s %.*s%s%.*s", RD_FMT(name.kind), RD_FMT(name.name),
                               violation->path.n > 0 ? ", " : "", RD_FMT(violation->path)));
}

static void print_finding(struct rd_buf *out, const struct rd_finding *finding, bool colors)
{
    const struct rd_rule *rule = finding->rule;
    bool is_failed = finding->verdict == RD_VERDICT_FAIL;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    rd_buf_printf(out, "%s%-10s%s ", colors ? color_of(finding) : "",
                  is_failed ? rd_severity_name(rule->severity) : rd_verdict_name(finding->verdict),
                  colors ? "\033[0m" : "");
    struct rd_str title = rule->title;
    if (finding->verdict == RD_VERDICT_PASS)
        title = rd_arena_printf(arena, "%.*s (%zu looked at)", RD_FMT(rule->title),
                                finding->subject_count);
    size_t column = TEXT_COLUMN + rule->id.n + 2;
    rd_buf_printf(out, "%.*s  ", RD_FMT(rule->id));
    rd_buf_add_wrapped(out, title, column, column, WIDTH);
    if (finding->unseen.n > 0)
        print_part(out, TEXT_COLUMN, "not seen", finding->unseen);
    if (!is_failed)
        return;
    for (size_t i = 0; i < finding->violation_count && i < VIOLATION_PRINT_MAX; i++) {
        print_part(out, TEXT_COLUMN, "", finding->violations[i].message);
        if (finding->violations[i].id.n > 0)
            print_place(out, &finding->violations[i]);
    }
    if (finding->violation_count > VIOLATION_PRINT_MAX)
        rd_buf_printf(out, "           and %zu more\n",
                      finding->violation_count - VIOLATION_PRINT_MAX);
    print_part(out, TEXT_COLUMN, "why", rule->why);
    print_part(out, TEXT_COLUMN, "fix", rule->fix);
    if (rule->note.n > 0)
        print_part(out, TEXT_COLUMN, "note", rule->note);
    print_part(out, TEXT_COLUMN, "source", rule->source);
}

void rd_findings_print(struct rd_buf *out, const struct rd_findings *findings, bool colors,
                       bool shows_passed)
{
    for (int severity = RD_SEVERITY_ERROR; severity >= RD_SEVERITY_INFO; severity--)
        for (size_t i = 0; i < findings->count; i++)
            if (findings->items[i].verdict == RD_VERDICT_FAIL &&
                findings->items[i].rule->severity == (enum rd_severity)severity)
                print_finding(out, &findings->items[i], colors);
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].verdict != RD_VERDICT_FAIL &&
            (shows_passed || findings->items[i].unseen.n > 0))
            print_finding(out, &findings->items[i], colors);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const size_t *counts = findings->by_verdict;
    struct rd_str sum = rd_arena_printf(
        arena,
        "%zu rules: %zu passed, %zu failed (%zu error%s, %zu warning%s), %zu without a subject, "
        "%zu unknown, %zu not in force",
        findings->count, counts[RD_VERDICT_PASS], counts[RD_VERDICT_FAIL], findings->error_count,
        findings->error_count == 1 ? "" : "s", findings->warning_count,
        findings->warning_count == 1 ? "" : "s", counts[RD_VERDICT_NO_SUBJECT],
        counts[RD_VERDICT_UNKNOWN], counts[RD_VERDICT_NOT_VALID]);
    rd_buf_add_wrapped(out, sum, 0, 0, WIDTH);
}
