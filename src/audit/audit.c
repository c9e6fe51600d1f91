/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include "base/clock.h"
#include "facts/facts.h"
#include "resource/name.h"
#include "resource/unseen.h"

static const char *control_state_name(enum rd_control_state state)
{
    static const char *const names[] = {
        [RD_CONTROL_PASSING] = "passing",
        [RD_CONTROL_PARTIAL] = "partial",
        [RD_CONTROL_FAILING] = "failing",
        [RD_CONTROL_NO_EVIDENCE] = "no-evidence",
    };
    return names[state];
}

static bool serves(const struct rd_rule *rule, struct rd_str control)
{
    for (size_t i = 0; i < rule->control_count; i++)
        if (rd_str_eq(rule->controls[i], control))
            return true;
    return false;
}

/* Advice (severity info) neither fails a control nor is evidence for it. */
static enum rd_control_state judge(const struct rd_control *control)
{
    size_t passed = 0, failed = 0, unknown = 0;
    for (size_t i = 0; i < control->finding_count; i++) {
        const struct rd_finding *finding = control->findings[i];
        if (finding->rule->severity == RD_SEVERITY_INFO)
            continue;
        passed += finding->verdict == RD_VERDICT_PASS;
        failed += finding->verdict == RD_VERDICT_FAIL;
        unknown += finding->verdict == RD_VERDICT_UNKNOWN;
    }
    if (failed > 0)
        return RD_CONTROL_FAILING;
    if (passed == 0)
        return RD_CONTROL_NO_EVIDENCE;
    return unknown > 0 ? RD_CONTROL_PARTIAL : RD_CONTROL_PASSING;
}

static void gather(struct rd_arena *arena, struct rd_audit *audit, const struct rd_json *row,
                   struct rd_control *control)
{
    control->id = rd_json_str(rd_json_get(row, RD_STR("id")));
    control->text = rd_json_str(rd_json_get(row, RD_STR("text")));
    control->evidence = rd_json_str(rd_json_get(row, RD_STR("evidence")));
    control->note = rd_json_str(rd_json_get(row, RD_STR("note")));
    control->is_listed = rd_json_is_true(rd_json_get(row, RD_STR("listed")));
    control->findings =
        rd_arena_array(arena, audit->findings->count + 1, sizeof(struct rd_finding *));
    for (size_t i = 0; i < audit->findings->count; i++)
        if (serves(audit->findings->items[i].rule, control->id))
            control->findings[control->finding_count++] = &audit->findings->items[i];
    control->state = judge(control);
    audit->by_state[control->state]++;
}

static void list_missing(struct rd_arena *arena, const struct rd_set *live,
                         const struct rd_set *desired, struct rd_audit *audit)
{
    size_t cap = 0;
    for (size_t i = 0; i < desired->count; i++) {
        if (rd_set_find(live, desired->resources[i].id) != NULL ||
            rd_set_is_unseen(live, desired->resources[i].id))
            continue;
        audit->missing =
            rd_arena_grow(arena, audit->missing, audit->missing_count, &cap, sizeof(struct rd_str));
        audit->missing[audit->missing_count++] = desired->resources[i].id;
    }
}

enum rd_rc rd_audit_run(struct rd_arena *arena, const struct rd_rule *rules, size_t count,
                        const struct rd_set *live, const struct rd_set *desired, int64_t day_ms,
                        struct rd_audit **ret_audit, struct rd_err *err)
{
    struct rd_audit *audit = rd_arena_zalloc(arena, sizeof(*audit));
    const struct rd_json *table = &rd_json_absent;
    struct rd_set seen = *live; /* the same resources, with one more fact */
    RD_TRY(rd_facts_get("controls", &table, err));
    seen.facts = rd_json_is(&live->facts, RD_JSON_OBJECT) ? rd_json_copy(arena, &live->facts)
                                                          : rd_json_object();
    (void)rd_json_set_c(arena, &seen.facts, "live", rd_json_bool(true));
    RD_TRY(rd_rules_run(arena, rules, count, &seen, day_ms, &audit->findings, err));
    audit->day_ms = day_ms;
    audit->unseen = rd_set_unseen(live);
    audit->control_count = rd_json_count(table);
    audit->controls = rd_arena_array(arena, audit->control_count + 1, sizeof(*audit->controls));
    for (size_t i = 0; i < audit->control_count; i++)
        gather(arena, audit, rd_json_item(table, i), &audit->controls[i]);
    if (desired != NULL)
        list_missing(arena, live, desired, audit);
    *ret_audit = audit;
    return RD_RC_OK;
}

static struct rd_json control_to_json(struct rd_arena *arena, const struct rd_control *control)
{
    struct rd_json item = rd_json_object();
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < control->finding_count; i++) {
        struct rd_json rule = rd_json_object();
        (void)rd_json_set_c(arena, &rule, "rule", rd_json_string(control->findings[i]->rule->id));
        (void)rd_json_set_c(arena, &rule, "verdict",
                            rd_json_string_c(rd_verdict_name(control->findings[i]->verdict)));
        (void)rd_json_append(arena, &list, rule);
    }
    (void)rd_json_set_c(arena, &item, "id", rd_json_string(control->id));
    (void)rd_json_set_c(arena, &item, "text", rd_json_string(control->text));
    (void)rd_json_set_c(arena, &item, "state",
                        rd_json_string_c(control_state_name(control->state)));
    (void)rd_json_set_c(arena, &item, "listed", rd_json_bool(control->is_listed));
    (void)rd_json_set_c(arena, &item, "evidence", rd_json_string(control->evidence));
    (void)rd_json_set_c(arena, &item, "note", rd_json_string(control->note));
    (void)rd_json_set_c(arena, &item, "rules", list);
    return item;
}

struct rd_json rd_audit_to_json(struct rd_arena *arena, const struct rd_audit *audit)
{
    struct rd_json root = rd_json_object();
    struct rd_json controls = rd_json_array();
    struct rd_json missing = rd_json_array();
    char day[RD_TIME_TEXT_MAX];
    struct rd_str text = rd_str_from(rd_time_format(audit->day_ms, false, day));
    for (size_t i = 0; i < audit->control_count; i++)
        (void)rd_json_append(arena, &controls, control_to_json(arena, &audit->controls[i]));
    for (size_t i = 0; i < audit->missing_count; i++)
        (void)rd_json_append(arena, &missing, rd_json_string(audit->missing[i]));
    (void)rd_json_set_c(arena, &root, "redoubt", rd_json_string_c("audit/1"));
    (void)rd_json_set_c(arena, &root, "day",
                        rd_json_string(rd_arena_str(arena, rd_str_sub(text, 0, 10))));
    (void)rd_json_set_c(arena, &root, "findings", rd_findings_to_json(arena, audit->findings));
    (void)rd_json_set_c(arena, &root, "controls", controls);
    (void)rd_json_set_c(arena, &root, "missing", missing);
    if (rd_json_count(audit->unseen) > 0)
        (void)rd_json_set_c(arena, &root, "unseen", *audit->unseen);
    return root;
}

enum { WIDTH = 80, STATE_WIDTH = 12 };

static void print_missing(struct rd_buf *out, struct rd_str id)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_type *type = rd_type_find(rd_arm_id_type(arena, id));
    struct rd_name name = rd_name_of(arena, type, id, &rd_json_absent);
    rd_buf_printf(out, "missing    %.*s %.*s\n", RD_FMT(name.kind), RD_FMT(name.name));
}

static void print_unseen(struct rd_buf *out, const struct rd_json *ids)
{
    enum { COLUMN = 11 };
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_unseen *items = NULL;
    size_t count = rd_unseen_gather(arena, ids, &items);
    for (size_t i = 0; i < count; i++) {
        rd_buf_printf(out, "%-*s", COLUMN, "not seen");
        rd_buf_add_wrapped(out,
                           rd_arena_printf(arena, "%.*s%s%.*s", RD_FMT(items[i].what),
                                           items[i].role.n > 0 ? ", seen with " : "",
                                           RD_FMT(items[i].role)),
                           COLUMN, COLUMN, WIDTH);
    }
}

void rd_audit_print(struct rd_buf *out, const struct rd_audit *audit, bool colors,
                    bool shows_passed)
{
    rd_findings_print(out, audit->findings, colors, shows_passed);
    for (size_t i = 0; i < audit->missing_count; i++)
        print_missing(out, audit->missing[i]);
    print_unseen(out, audit->unseen);
    for (size_t i = 0; i < audit->control_count; i++) {
        const struct rd_control *control = &audit->controls[i];
        if (!shows_passed && control->state != RD_CONTROL_FAILING)
            continue;
        size_t column = STATE_WIDTH + 1 + control->id.n + 2;
        rd_buf_printf(out, "%-*s %.*s  ", STATE_WIDTH, control_state_name(control->state),
                      RD_FMT(control->id));
        rd_buf_add_wrapped(out, control->text, column, column, WIDTH);
    }
    rd_buf_printf(out,
                  "%zu controls: %zu passing, %zu partial, %zu failing, %zu without evidence\n",
                  audit->control_count, audit->by_state[RD_CONTROL_PASSING],
                  audit->by_state[RD_CONTROL_PARTIAL], audit->by_state[RD_CONTROL_FAILING],
                  audit->by_state[RD_CONTROL_NO_EVIDENCE]);
}
