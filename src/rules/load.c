/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "condition.h"
#include "facts/facts.h"

/* Reading data/rules: each row is checked whole, so that a mistake in a rule is found when rules
 * are loaded and not when the one resource comes along that would have shown it. */

struct loader {
    struct rd_arena *arena;
    struct rd_rule *rules;
    size_t count, cap;
    const struct rd_json *controls;
};

/* Every word that a rule may hold. */
static const char *const words[] = {
    "id",         "title",    "severity",    "why",     "fix",       "note",    "source",
    "valid_from", "valid_to", "controls",    "applies", "given",     "must",    "absent",
    "count",      "unique",   "prefix_free", "uniform", "live_only", "message", "replaced_by",
};

static enum rd_rc check_words(const struct rule_place *place, const struct rd_json *row,
                              struct rd_err *err)
{
    struct rd_str names[sizeof(words) / sizeof(*words)];
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        names[i] = rd_str_from(words[i]);
    for (size_t i = 0; i < rd_json_count(row); i++) {
        struct rd_str key = row->u.members[i].key;
        bool is_known = false;
        for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++)
            is_known |= rd_str_eq(key, names[k]);
        if (is_known)
            continue;
        struct rd_str nearest = rd_str_nearest(key, names, sizeof(words) / sizeof(*words));
        return rule_refuse(place, err, "unknown word", key,
                           nearest.n > 0 ? nearest.p : "see docs/rules.md for the words of a rule");
    }
    return RD_RC_OK;
}

static enum rd_rc read_text(const struct rule_place *place, const struct rd_json *row,
                            const char *name, struct rd_str *ret_text, struct rd_err *err)
{
    *ret_text = rd_json_str(rd_json_get(row, rd_str_from(name)));
    if (rd_str_is_empty(*ret_text))
        return rule_refuse(place, err, "no text for", rd_str_from(name),
                           "id, title, severity, why, fix, source and valid_from are required");
    return RD_RC_OK;
}

static enum rd_rc read_day(const struct rule_place *place, const struct rd_json *row,
                           const char *name, int64_t otherwise, int64_t *ret_ms, struct rd_err *err)
{
    const struct rd_json *value = rd_json_get(row, rd_str_from(name));
    *ret_ms = otherwise;
    if (rd_json_exists(value) && !rd_time_parse(rd_json_str(value), ret_ms))
        return rule_refuse(place, err, "no date in", rd_str_from(name),
                           "write it as \"2026-07-28\"");
    return RD_RC_OK;
}

static enum rd_rc read_severity(const struct rule_place *place, const struct rd_json *row,
                                enum rd_severity *ret_severity, struct rd_err *err)
{
    struct rd_str name = rd_json_str(rd_json_get(row, RD_STR("severity")));
    for (int i = RD_SEVERITY_INFO; i <= RD_SEVERITY_ERROR; i++)
        if (rd_str_is(name, rd_severity_name((enum rd_severity)i))) {
            *ret_severity = (enum rd_severity)i;
            return RD_RC_OK;
        }
    return rule_refuse(place, err, "unknown severity", name, "use error, warning or info");
}

static enum rd_rc read_controls(const struct loader *loader, const struct rule_place *place,
                                const struct rd_json *row, struct rd_rule *rule, struct rd_err *err)
{
    const struct rd_json *list = rd_json_get(row, RD_STR("controls"));
    rule->control_count = rd_json_count(list);
    rule->controls = rd_arena_array(loader->arena, rule->control_count + 1, sizeof(struct rd_str));
    for (size_t i = 0; i < rule->control_count; i++) {
        bool is_known = false;
        rule->controls[i] = rd_json_str(rd_json_item(list, i));
        for (size_t k = 0; k < rd_json_count(loader->controls); k++)
            is_known |= rd_str_eq(
                rule->controls[i],
                rd_json_str(rd_json_get(rd_json_item(loader->controls, k), RD_STR("id"))));
        if (!is_known)
            return rule_refuse(place, err, "unknown control", rule->controls[i],
                               "controls are the rows of data/controls.yaml");
    }
    return RD_RC_OK;
}

/* "document, section (date)": the source is a small object so that none of the three is left out.
 */
static enum rd_rc read_source(const struct loader *loader, const struct rule_place *place,
                              const struct rd_json *row, struct rd_rule *rule, struct rd_err *err)
{
    const struct rd_json *source = rd_json_get(row, RD_STR("source"));
    struct rd_str document, section, date;
    RD_TRY(read_text(place, source, "document", &document, err));
    RD_TRY(read_text(place, source, "section", &section, err));
    RD_TRY(read_text(place, source, "date", &date, err));
    int64_t ignored_ms = 0;
    RD_TRY(read_day(place, source, "date", 0, &ignored_ms, err));
    rule->source = rd_arena_printf(loader->arena, "%.*s, %.*s (%.*s)", RD_FMT(document),
                                   RD_FMT(section), RD_FMT(date));
    return RD_RC_OK;
}

static enum rd_rc read_applies(const struct loader *loader, const struct rule_place *place,
                               const struct rd_json *row, struct rd_rule_body *body,
                               struct rd_err *err)
{
    const struct rd_json *applies = rd_json_get(row, RD_STR("applies"));
    const struct rd_json *when = rd_json_get(applies, RD_STR("when"));
    for (size_t i = 0; i < rd_json_count(applies); i++) {
        struct rd_str key = applies->u.members[i].key;
        if (!rd_str_is(key, "type") && !rd_str_is(key, "when") && !rd_str_is(key, "set"))
            return rule_refuse(place, err, "unknown word in applies", key,
                               "use type and when, or set");
    }
    if (rd_json_is_true(rd_json_get(applies, RD_STR("set"))))
        return RD_RC_OK;
    RD_TRY(rule_type_compile(place, rd_json_get(applies, RD_STR("type")), &body->type, err));
    if (rd_json_exists(when))
        RD_TRY(rule_condition_compile(loader->arena, place, body->type, when, &body->when, err));
    return RD_RC_OK;
}

static enum rd_rc read_demand(const struct loader *loader, const struct rule_place *place,
                              const struct rd_json *row, struct rd_rule_body *body,
                              struct rd_err *err)
{
    const struct rd_json *must = rd_json_get(row, RD_STR("must"));
    const struct rd_json *count = rd_json_get(row, RD_STR("count"));
    const struct rd_json *unique = rd_json_get(row, RD_STR("unique"));
    const struct rd_json *prefix_free = rd_json_get(row, RD_STR("prefix_free"));
    const struct rd_json *uniform = rd_json_get(row, RD_STR("uniform"));
    body->is_absent = rd_json_is_true(rd_json_get(row, RD_STR("absent")));
    body->has_count = rd_json_exists(count);
    body->count_min = rd_json_int(rd_json_get(count, RD_STR("min")), 0);
    body->count_max = rd_json_int(rd_json_get(count, RD_STR("max")), INT64_MAX);
    int demands = rd_json_exists(must) + body->is_absent + body->has_count +
                  rd_json_exists(unique) + rd_json_exists(prefix_free) + rd_json_exists(uniform);
    if (demands != 1)
        return rule_refuse(
            place, err, "needs exactly one of", RD_STR("must"),
            "a rule has one demand: must, absent, count, unique, uniform or prefix_free");
    if (body->type == NULL && !rd_json_exists(must))
        return rule_refuse(place, err, "looks at the set but has no", RD_STR("must"),
                           "give applies a type, or the rule a must");
    if (rd_json_exists(must))
        RD_TRY(rule_condition_compile(loader->arena, place, body->type, must, &body->must, err));
    if (rd_json_exists(unique))
        RD_TRY(rule_path_compile(loader->arena, place, ROOT_SUBJECT, body->type,
                                 rd_json_str(unique), &body->unique, err));
    if (rd_json_exists(uniform))
        RD_TRY(rule_path_compile(loader->arena, place, ROOT_SUBJECT, body->type,
                                 rd_json_str(uniform), &body->uniform, err));
    if (rd_json_exists(prefix_free))
        RD_TRY(rule_path_compile(loader->arena, place, ROOT_SUBJECT, body->type,
                                 rd_json_str(prefix_free), &body->prefix_free, err));
    return RD_RC_OK;
}

static enum rd_rc read_body(const struct loader *loader, const struct rule_place *place,
                            const struct rd_json *row, struct rd_rule *rule, struct rd_err *err)
{
    struct rd_rule_body *body = rd_arena_zalloc(loader->arena, sizeof(*body));
    const struct rd_json *given = rd_json_get(row, RD_STR("given"));
    rule->body = body;
    body->is_live_only = rd_json_is_true(rd_json_get(row, RD_STR("live_only")));
    body->message = rd_json_str(rd_json_get(row, RD_STR("message")));
    RD_TRY(read_applies(loader, place, row, body, err));
    if (rd_json_exists(given))
        RD_TRY(rule_condition_compile(loader->arena, place, NULL, given, &body->given, err));
    return read_demand(loader, place, row, body, err);
}

static enum rd_rc read_rule(const struct loader *loader, const char *file,
                            const struct rd_json *row, struct rd_rule *ret_rule, struct rd_err *err)
{
    struct rd_rule rule = {.row = row};
    struct rule_place place = {file, rd_json_str(rd_json_get(row, RD_STR("id")))};
    if (rd_str_is_empty(place.rule))
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "%s: a rule has no id", file), err,
                           "every row needs id: RD-...");
    RD_TRY(check_words(&place, row, err));
    rule.id = place.rule;
    RD_TRY(read_text(&place, row, "title", &rule.title, err));
    RD_TRY(read_text(&place, row, "why", &rule.why, err));
    RD_TRY(read_text(&place, row, "fix", &rule.fix, err));
    rule.note = rd_json_str(rd_json_get(row, RD_STR("note")));
    RD_TRY(read_severity(&place, row, &rule.severity, err));
    RD_TRY(read_source(loader, &place, row, &rule, err));
    struct rd_str day;
    RD_TRY(read_text(&place, row, "valid_from", &day, err));
    RD_TRY(read_day(&place, row, "valid_from", 0, &rule.valid_from_ms, err));
    RD_TRY(read_day(&place, row, "valid_to", INT64_MAX, &rule.valid_to_ms, err));
    RD_TRY(read_controls(loader, &place, row, &rule, err));
    RD_TRY(read_body(loader, &place, row, &rule, err));
    *ret_rule = rule;
    return RD_RC_OK;
}

static enum rd_rc read_table(struct rd_arena *arena, const char *file, const struct rd_json *table,
                             struct rd_rule **rules, size_t *count, size_t *cap, struct rd_err *err)
{
    struct loader loader = {arena, *rules, *count, *cap, NULL};
    const struct rd_type *types;
    size_t type_count = 0;
    RD_TRY(rd_types_load(&types, &type_count, err));
    RD_TRY(rd_facts_get("controls", &loader.controls, err));
    if (!rd_json_is(table, RD_JSON_ARRAY))
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "%s: not a list of rules", file), err,
                           "a file of rules is a YAML list, one item a rule");
    for (size_t i = 0; i < rd_json_count(table); i++) {
        struct rd_rule rule;
        RD_TRY(read_rule(&loader, file, rd_json_item(table, i), &rule, err));
        for (size_t k = 0; k < loader.count; k++)
            if (rd_str_eq(loader.rules[k].id, rule.id))
                return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "%s: rule '%.*s' is there twice",
                                           file, RD_FMT(rule.id)),
                                   err, "give each rule an id of its own");
        loader.rules = rd_arena_grow(arena, loader.rules, loader.count, &loader.cap, sizeof(rule));
        loader.rules[loader.count++] = rule;
    }
    *rules = loader.rules;
    *count = loader.count;
    *cap = loader.cap;
    return RD_RC_OK;
}

static int by_id(const void *a, const void *b)
{
    const struct rd_rule *x = a;
    const struct rd_rule *y = b;
    return rd_str_cmp(x->id, y->id);
}

enum rd_rc rd_rules_parse(struct rd_arena *arena, const char *name, const struct rd_json *table,
                          struct rd_rule **ret_rules, size_t *ret_count, struct rd_err *err)
{
    struct rd_rule *rules = NULL;
    size_t count = 0, cap = 0;
    RD_TRY(read_table(arena, name, table, &rules, &count, &cap, err));
    if (count > 0)
        qsort(rules, count, sizeof(*rules), by_id);
    *ret_rules = rules;
    *ret_count = count;
    return RD_RC_OK;
}

enum rd_rc rd_rules_load(struct rd_arena *arena, struct rd_rule **ret_rules, size_t *ret_count,
                         struct rd_err *err)
{
    struct rd_rule *rules = NULL;
    size_t count = 0, cap = 0, name_count = 0;
    const char *const *names = rd_facts_names(&name_count);
    for (size_t i = 0; i < name_count; i++) {
        const struct rd_json *table = &rd_json_absent;
        if (strncmp(names[i], "rules/", strlen("rules/")) != 0)
            continue;
        RD_TRY(rd_facts_get(names[i], &table, err));
        RD_TRY(read_table(arena, names[i], table, &rules, &count, &cap, err));
    }
    if (count > 0)
        qsort(rules, count, sizeof(*rules), by_id);
    *ret_rules = rules;
    *ret_count = count;
    return RD_RC_OK;
}
