/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/limits.h"
#include "json_internal.h"
#include "order.h"

/* A saved plan comes from a file that anybody may have written, so every member is checked. */
struct reader {
    struct rd_arena *arena;
    const char *name;
    struct rd_str text;
    struct rd_err *err;
    struct rd_plan *plan;
};

struct member {
    const char *name;
    enum rd_json_type type; /* RD_JSON_ABSENT: any */
    bool is_optional;
};

static const struct member plan_members[] = {
    {"version", RD_JSON_STRING, false},     {"hash", RD_JSON_STRING, false},
    {"enclave", RD_JSON_STRING, false},     {"cloud", RD_JSON_STRING, false},
    {"fingerprint", RD_JSON_STRING, false}, {"unchanged", RD_JSON_INT, false},
    {"criticalPathMs", RD_JSON_INT, false}, {"changes", RD_JSON_ARRAY, false},
    {"steps", RD_JSON_ARRAY, false},        {"leftAlone", RD_JSON_ARRAY, false},
    {"desired", RD_JSON_OBJECT, true},      {"live", RD_JSON_OBJECT, false},
    {"unseen", RD_JSON_ARRAY, true},
};

static const struct member change_members[] = {
    {"kind", RD_JSON_STRING, false},    {"id", RD_JSON_STRING, false},
    {"reason", RD_JSON_STRING, false},  {"affected", RD_JSON_STRING, true},
    {"expectedMs", RD_JSON_INT, false}, {"fields", RD_JSON_ARRAY, true},
};

static const struct member field_members[] = {
    {"path", RD_JSON_STRING, false},  {"before", RD_JSON_ABSENT, true},
    {"after", RD_JSON_ABSENT, true},  {"secret", RD_JSON_BOOL, true},
    {"replaces", RD_JSON_BOOL, true},
};

static const struct member step_members[] = {
    {"kind", RD_JSON_STRING, false},  {"id", RD_JSON_STRING, false},
    {"action", RD_JSON_STRING, true}, {"change", RD_JSON_INT, false},
    {"needs", RD_JSON_ARRAY, false},  {"expectedMs", RD_JSON_INT, false},
};

static const char *const type_names[] = {
    [RD_JSON_ABSENT] = "absent",    [RD_JSON_NULL] = "null",     [RD_JSON_BOOL] = "true or false",
    [RD_JSON_INT] = "whole number", [RD_JSON_NUMBER] = "number", [RD_JSON_STRING] = "text",
    [RD_JSON_ARRAY] = "list",       [RD_JSON_OBJECT] = "object",
};

RD_PRINTF(3, 4)
static enum rd_rc fail(const struct reader *reader, const struct rd_json *at, const char *fmt, ...)
{
    int line = 0, column = 0;
    rd_json_position(reader->text, at->offset, &line, &column);
    char what[RD_ERR_MSG_MAX];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return rd_err_hint(
        RD_FAIL(reader->err, RD_RC_INVALID, "%s:%d:%d: %.800s", reader->name, line, column, what),
        reader->err, "make the plan anew: 'redoubt plan --save FILE'");
}

static enum rd_rc check(const struct reader *reader, const struct rd_json *object,
                        const struct member *members, size_t count)
{
    if (object->type != RD_JSON_OBJECT)
        return fail(reader, object, "expected an object, found %s", type_names[object->type]);
    for (size_t i = 0; i < count; i++) {
        const struct rd_json *value = rd_json_at(object, members[i].name);
        if (value->type == RD_JSON_ABSENT) {
            if (!members[i].is_optional)
                return fail(reader, object, "'%s' is missing", members[i].name);
            continue;
        }
        if (members[i].type != RD_JSON_ABSENT && value->type != (uint8_t)members[i].type)
            return fail(reader, value, "'%s' is %s, expected %s", members[i].name,
                        type_names[value->type], type_names[members[i].type]);
    }
    for (size_t m = 0; m < object->count; m++) {
        size_t i = 0;
        while (i < count && !rd_str_is(object->u.members[m].key, members[i].name))
            i++;
        if (i == count)
            return fail(reader, &object->u.members[m].value, "'%.*s' is not known here",
                        RD_FMT(object->u.members[m].key));
    }
    return RD_RC_OK;
}

#define CHECK(reader, object, members)                                                             \
    check((reader), (object), (members), sizeof(members) / sizeof((members)[0]))

static enum rd_rc read_kind(const struct reader *reader, const struct rd_json *object,
                            const char *const *names, int first, int count, int *ret_kind)
{
    const struct rd_json *value = rd_json_at(object, "kind");
    for (int i = first; i < count; i++)
        if (rd_str_is(rd_json_str(value), names[i])) {
            *ret_kind = i;
            return RD_RC_OK;
        }
    return fail(reader, value, "'kind' is '%.*s', which is not known", RD_FMT(rd_json_str(value)));
}

static enum rd_rc read_ms(const struct reader *reader, const struct rd_json *object,
                          const char *name, int64_t *ret_ms)
{
    enum { YEARS_MAX = 10 };
    const struct rd_json *value = rd_json_at(object, name);
    int64_t ms = rd_json_int(value, -1);
    if (ms < 0 || ms > (int64_t)YEARS_MAX * 366 * 86400 * 1000)
        return fail(reader, value, "'%s' is out of range", name);
    *ret_ms = ms;
    return RD_RC_OK;
}

/* Requests are sent with the versions of data/types.yaml; a body that was written for another one
 * may mean something else there. */
static enum rd_rc check_versions(const struct reader *reader, const struct rd_json *value,
                                 const struct rd_set *set)
{
    const struct rd_json *items = rd_json_at(value, "resources");
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_json *at = rd_json_at(rd_json_item(items, i), "apiVersion");
        const struct rd_type *type = set->resources[i].type;
        if (rd_json_exists(at) && !rd_str_eq(rd_json_str(at), type->api_version))
            return fail(reader, at,
                        "'%.*s' is written for the API version '%.*s' of %.*s, and this redoubt "
                        "uses '%.*s'",
                        RD_FMT(set->resources[i].name), RD_FMT(rd_json_str(at)), RD_FMT(type->name),
                        RD_FMT(type->api_version));
    }
    return RD_RC_OK;
}

/* The plan owns the set from the moment it is there, so that a later failure frees it. */
static enum rd_rc read_set(struct reader *reader, const struct rd_json *value, const char *what,
                           bool is_live, const struct rd_set **ret_set)
{
    int line = 0, column = 0;
    rd_json_position(reader->text, value->offset, &line, &column);
    struct rd_str place =
        rd_arena_printf(reader->arena, "%s:%d:%d: %s", reader->name, line, column, what);
    struct rd_set *set = NULL;
    RD_TRY(rd_set_from_json(reader->arena, place.p, value, &set, reader->err));
    *ret_set = set;
    reader->plan->read_sets[is_live] = set;
    RD_TRY(check_versions(reader, value, set));
    if (is_live) {
        rd_set_resolve_live(set);
        return RD_RC_OK;
    }
    enum rd_rc rc = rd_set_resolve(set, reader->err);
    return rd_err_frame(rc, reader->err, "while reading %s", place.p);
}

static enum rd_rc read_field(struct reader *reader, const struct rd_json *value,
                             struct rd_field_change *field)
{
    RD_TRY(CHECK(reader, value, field_members));
    *field = (struct rd_field_change){
        .path = rd_json_str(rd_json_at(value, "path")),
        .before = rd_json_at(value, "before"),
        .after = rd_json_at(value, "after"),
        .is_secret = rd_json_is_true(rd_json_at(value, "secret")),
        .replaces = rd_json_is_true(rd_json_at(value, "replaces")),
    };
    return RD_RC_OK;
}

static enum rd_rc check_sides(const struct reader *reader, const struct rd_json *value,
                              const struct rd_change *change)
{
    bool has_live = change->kind != RD_CHANGE_CREATE;
    bool is_retired = change->kind == RD_CHANGE_UPDATE && change->desired == NULL &&
                      change->live != NULL &&
                      rd_json_exists(rd_json_at(change->live->type->row, "retire"));
    bool has_desired = change->kind != RD_CHANGE_DELETE && !is_retired;
    const struct rd_json *id = rd_json_at(value, "id");
    if (has_desired != (change->desired != NULL))
        return fail(reader, id, "'%.*s' is %s 'desired'", RD_FMT(change->id),
                    has_desired ? "missing in" : "deleted, but in");
    if (has_live != (change->live != NULL))
        return fail(reader, id, "'%.*s' is %s 'live'", RD_FMT(change->id),
                    has_live ? "missing in" : "created, but in");
    return RD_RC_OK;
}

static enum rd_rc read_change(struct reader *reader, const struct rd_json *value,
                              struct rd_change *change)
{
    RD_TRY(CHECK(reader, value, change_members));
    int kind = RD_CHANGE_NONE;
    RD_TRY(read_kind(reader, value, rd_change_kind_names, RD_CHANGE_CREATE, RD_CHANGE_KIND_COUNT,
                     &kind));
    struct rd_str id = rd_json_str(rd_json_at(value, "id"));
    *change = (struct rd_change){
        .kind = (enum rd_change_kind)kind,
        .id = id,
        .desired = reader->plan->desired == NULL ? NULL : rd_set_find(reader->plan->desired, id),
        .live = rd_set_find(reader->plan->live, id),
        .reason = rd_json_str(rd_json_at(value, "reason")),
        .affected = rd_json_str(rd_json_at(value, "affected")),
    };
    RD_TRY(check_sides(reader, value, change));
    change->type = change->desired != NULL ? change->desired->type : change->live->type;
    RD_TRY(read_ms(reader, value, "expectedMs", &change->expected_ms));
    const struct rd_json *fields = rd_json_at(value, "fields");
    change->field_count = change->field_cap = rd_json_count(fields);
    if (change->field_count > 0)
        change->fields =
            rd_arena_array(reader->arena, change->field_count, sizeof(*change->fields));
    for (size_t i = 0; i < change->field_count; i++)
        RD_TRY(read_field(reader, &fields->u.items[i], &change->fields[i]));
    return RD_RC_OK;
}

static enum rd_rc read_changes(struct reader *reader, const struct rd_json *values)
{
    struct rd_plan *plan = reader->plan;
    RD_CLEANUP(rd_map_done) struct rd_map seen;
    rd_map_init(&seen, true);
    plan->change_count = plan->change_cap = rd_json_count(values);
    plan->changes = rd_arena_array(reader->arena, plan->change_count, sizeof(*plan->changes));
    for (size_t i = 0; i < plan->change_count; i++) {
        RD_TRY(read_change(reader, &values->u.items[i], &plan->changes[i]));
        plan->counts[plan->changes[i].kind]++;
        if (rd_map_set(&seen, plan->changes[i].id, plan) != NULL)
            return fail(reader, &values->u.items[i], "'%.*s' changes twice",
                        RD_FMT(plan->changes[i].id));
    }
    return RD_RC_OK;
}

static enum rd_rc read_needs(struct reader *reader, const struct rd_json *values, size_t index,
                             struct rd_step *step)
{
    size_t count = rd_json_count(values);
    step->needs = count == 0 ? NULL : rd_arena_array(reader->arena, count, sizeof(*step->needs));
    step->need_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        int64_t need = rd_json_int(&values->u.items[i], -1);
        if (need < 0 || need >= (int64_t)reader->plan->step_count || need == (int64_t)index)
            return fail(reader, &values->u.items[i], "'needs' names a step that is not there");
        if (i > 0 && need <= (int64_t)step->needs[i - 1])
            return fail(reader, &values->u.items[i], "'needs' is not in ascending order");
        step->needs[i] = (uint32_t)need;
    }
    return RD_RC_OK;
}

/* What is printed for approval are the changes, so no step may do another thing than its own. */
static enum rd_rc check_step(const struct reader *reader, const struct rd_json *value,
                             const struct rd_step *step, const struct rd_change *change)
{
    bool deletes = change->kind == RD_CHANGE_DELETE || change->kind == RD_CHANGE_REPLACE;
    bool updates = change->kind == RD_CHANGE_UPDATE;
    bool is_desired = change->desired != NULL;
    bool is_fitting = step->kind != RD_STEP_DELETE || deletes;
    if (step->kind == RD_STEP_PUT)
        is_fitting = (step->action.n == 0 && is_desired) ||
                     (rd_str_is(step->action, "provisional") && change->kind == RD_CHANGE_CREATE &&
                      change->desired->provisional != NULL) ||
                     (rd_str_is(step->action, "on_delete") && deletes) ||
                     (rd_str_is(step->action, "release") && updates && is_desired &&
                      rd_json_exists(rd_json_at(change->type->row, "held"))) ||
                     (rd_str_is(step->action, "retire") && updates && !is_desired);
    if (is_fitting)
        return RD_RC_OK;
    return fail(reader, rd_json_at(value, "kind"), "a step of this kind does not belong to '%s'",
                rd_change_kind_names[change->kind]);
}

static enum rd_rc read_step(struct reader *reader, const struct rd_json *value, size_t index)
{
    struct rd_plan *plan = reader->plan;
    struct rd_step *step = &plan->steps[index];
    RD_TRY(CHECK(reader, value, step_members));
    int kind = RD_STEP_PUT;
    RD_TRY(read_kind(reader, value, rd_step_kind_names, 0, RD_STEP_KIND_COUNT, &kind));
    int64_t change = rd_json_int(rd_json_at(value, "change"), -1);
    if (change < 0 || change >= (int64_t)plan->change_count)
        return fail(reader, rd_json_at(value, "change"), "'change' is not the number of a change");
    step->kind = (enum rd_step_kind)kind;
    step->id = rd_json_str(rd_json_at(value, "id"));
    step->action = rd_json_str(rd_json_at(value, "action"));
    step->change = (uint32_t)change;
    if ((step->kind == RD_STEP_PUT || step->kind == RD_STEP_DELETE) &&
        !rd_str_eq_case(step->id, plan->changes[change].id))
        return fail(reader, rd_json_at(value, "id"), "the step is on '%.*s', its change on '%.*s'",
                    RD_FMT(step->id), RD_FMT(plan->changes[change].id));
    RD_TRY(check_step(reader, value, step, &plan->changes[change]));
    RD_TRY(read_ms(reader, value, "expectedMs", &step->expected_ms));
    return read_needs(reader, rd_json_at(value, "needs"), index, step);
}

static enum rd_rc read_steps(struct reader *reader, const struct rd_json *values)
{
    struct rd_plan *plan = reader->plan;
    RD_CLEANUP(rd_map_done) struct rd_map seen;
    rd_map_init(&seen, true);
    plan->step_count = plan->step_cap = rd_json_count(values);
    plan->steps = rd_arena_array(reader->arena, plan->step_count, sizeof(*plan->steps));
    for (size_t i = 0; i < plan->step_count; i++) {
        RD_TRY(read_step(reader, &values->u.items[i], i));
        const struct rd_step *step = &plan->steps[i];
        struct rd_str name =
            rd_arena_printf(reader->arena, "%s %.*s %.*s", rd_step_kind_names[step->kind],
                            RD_FMT(step->action), RD_FMT(step->id));
        if (rd_map_set(&seen, name, plan) != NULL)
            return fail(reader, &values->u.items[i], "the step '%.*s' is there twice",
                        RD_FMT(name));
    }
    if (rd_order_critical_path(plan) < 0)
        return fail(reader, values, "the steps need each other in a circle");
    return RD_RC_OK;
}

static enum rd_rc read_left_alone(struct reader *reader, const struct rd_json *values)
{
    struct rd_plan *plan = reader->plan;
    plan->left_alone_count = plan->left_alone_cap = rd_json_count(values);
    plan->left_alone =
        rd_arena_array(reader->arena, plan->left_alone_count, sizeof(*plan->left_alone));
    for (size_t i = 0; i < plan->left_alone_count; i++) {
        if (values->u.items[i].type != RD_JSON_STRING)
            return fail(reader, &values->u.items[i], "'leftAlone' holds something that is no text");
        plan->left_alone[i] = rd_json_str(&values->u.items[i]);
    }
    return RD_RC_OK;
}

static enum rd_rc read_unseen(struct reader *reader, const struct rd_json *values)
{
    reader->plan->unseen = values;
    for (size_t i = 0; i < rd_json_count(values); i++)
        if (values->u.items[i].type != RD_JSON_STRING)
            return fail(reader, &values->u.items[i], "'unseen' holds something that is no text");
    return RD_RC_OK;
}

static enum rd_rc read_plan(struct reader *reader, const struct rd_json *value)
{
    struct rd_plan *plan = reader->plan;
    struct rd_str version = rd_json_str(rd_json_at(value, "version"));
    if (value->type == RD_JSON_OBJECT && version.n > 0 && !rd_str_is(version, RD_PLAN_VERSION))
        return fail(reader, rd_json_at(value, "version"), "the format is '%.*s', expected '%s'",
                    RD_FMT(version), RD_PLAN_VERSION);
    RD_TRY(CHECK(reader, value, plan_members));
    plan->enclave = rd_json_str(rd_json_at(value, "enclave"));
    plan->cloud = rd_json_str(rd_json_at(value, "cloud"));
    plan->fingerprint = rd_json_str(rd_json_at(value, "fingerprint"));
    const struct rd_json *unchanged = rd_json_at(value, "unchanged");
    if (rd_json_int(unchanged, -1) < 0 || rd_json_int(unchanged, -1) > RD_RESOURCE_COUNT_MAX)
        return fail(reader, unchanged, "'unchanged' is out of range");
    plan->counts[RD_CHANGE_NONE] = (size_t)rd_json_int(unchanged, 0);
    RD_TRY(read_ms(reader, value, "criticalPathMs", &plan->critical_path_ms));
    const struct rd_json *desired = rd_json_at(value, "desired");
    if (desired->type == RD_JSON_OBJECT)
        RD_TRY(read_set(reader, desired, "desired", false, &plan->desired));
    RD_TRY(read_set(reader, rd_json_at(value, "live"), "live", true, &plan->live));
    RD_TRY(read_changes(reader, rd_json_at(value, "changes")));
    RD_TRY(read_steps(reader, rd_json_at(value, "steps")));
    RD_TRY(read_left_alone(reader, rd_json_at(value, "leftAlone")));
    RD_TRY(read_unseen(reader, rd_json_at(value, "unseen")));
    if (!rd_str_eq(rd_plan_json_hash(reader->arena, value), rd_json_str(rd_json_at(value, "hash"))))
        return fail(reader, rd_json_at(value, "hash"),
                    "the plan was edited by hand: its hash does not match");
    return RD_RC_OK;
}

enum rd_rc rd_plan_from_json(struct rd_arena *arena, const char *name, struct rd_str text,
                             struct rd_plan **ret_plan, struct rd_err *err)
{
    if (text.n > RD_PLAN_SIZE_MAX)
        return RD_FAIL(err, RD_RC_LIMIT, "%s: a plan of %zu bytes is larger than %d", name, text.n,
                       RD_PLAN_SIZE_MAX);
    struct rd_json value;
    RD_TRY(rd_json_parse(arena, name, text, RD_JSON_UNIQUE_KEYS, &value, err));
    struct rd_json *kept = rd_arena_zalloc(arena, sizeof(*kept));
    *kept = value;
    struct reader reader = {.arena = arena,
                            .name = name,
                            .text = text,
                            .err = err,
                            .plan = rd_arena_zalloc(arena, sizeof(*reader.plan))};
    reader.plan->arena = arena;
    enum rd_rc rc = read_plan(&reader, kept);
    if (rc != RD_RC_OK) {
        rd_plan_done(reader.plan);
        return rc;
    }
    *ret_plan = reader.plan;
    return RD_RC_OK;
}

void rd_plan_done(struct rd_plan *plan)
{
    for (size_t i = 0; plan != NULL && i < sizeof(plan->read_sets) / sizeof(plan->read_sets[0]);
         i++) {
        rd_set_done(plan->read_sets[i]);
        plan->read_sets[i] = NULL;
    }
}
