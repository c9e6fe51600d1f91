/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/document.h"

#include "base/clock.h"
#include "condition.h"
#include "facts/facts.h"

enum { DOCUMENT_SIZE_MAX = 4 << 20 };

static const char introduction[] =
    "# Rules\n"
    "\n"
    "Made from `data/rules/`, `data/coverage.yaml` and `data/controls.yaml`; a test compares. "
    "Change the data, not this page.\n"
    "\n"
    "A rule is dated knowledge: what must hold, why, since when (and until when), by which source, "
    "how bad it is when it does not hold, how to put it right, and which controls it serves. The "
    "same rules run on a spec (`redoubt check`), on a live enclave (`redoubt audit`) and on a set "
    "in a file. Verdicts: `pass`, `fail`, `no-subject` (nothing in the set that the rule applies "
    "to: not a pass), `not-valid` (not in force on that day) and `unknown` (the set does not say: "
    "not a pass either).\n"
    "\n"
    "## How a rule is written\n"
    "\n"
    "| word | meaning |\n"
    "| --- | --- |\n"
    "| `id` `title` `severity` `why` `fix` `note` | texts; severity is error, warning or info |\n"
    "| `source` | `{document, section, date}` |\n"
    "| `valid_from` `valid_to` | the rule is in force from the first day up to, and not on, the "
    "last; `replaced_by` names the rule that follows it |\n"
    "| `controls` | ids of `data/controls.yaml` |\n"
    "| `applies` | `{type, when}`: its subjects, or `{set: true}`: the set as a whole |\n"
    "| `given` | a condition on the set, without which there is no subject |\n"
    "| `must` | a condition that each subject satisfies; or one of the next five |\n"
    "| `absent` | true: no subject may exist |\n"
    "| `count` | `{min, max}` subjects |\n"
    "| `unique` | a path whose value no two subjects share |\n"
    "| `uniform` | a path whose value all subjects share, where they have one |\n"
    "| `prefix_free` | a path to names of hosts: no host prefix begins another one |\n"
    "| `live_only` | true: only a live set can show it; on a spec it is unknown |\n"
    "| `message` | what to say; `{name}` subject, `{path}` and `{value}` what decided, `{target}` "
    "the resource it is in, `{missing}` what is not there, `{some.path}`, `{fact:name}` |\n"
    "\n"
    "A condition is one of\n"
    "\n"
    "* `all: [...]`, `any: [...]`, `not: ...`;\n"
    "* `path: a.b.0.c` (of the resource, or of the item inside every, some, none; `.` is the item "
    "itself; `$id`, `$name`, `$group`, `$subscription`, `$parent` are what the id says, `$after` "
    "what a resource of a spec waits for), "
    "`subject: a.b` (always the rule's subject), `fact: name` or `set: cloud`, followed by "
    "operators, all of which must hold;\n"
    "* `follow: {...}` with `where`, and one of `some`, `every`, `none` (each a condition on the "
    "resources found) or `count: {min, max}`, where nothing said means at least one. It follows "
    "`path: p` (what the value refers to; with `type`, what of that type it lies in), `parent`, "
    "`children: T`, `by: T` (whose bodies refer to this one), `covering: T` (on the resource, on "
    "what it lies in, on its group or subscription) or `all: T` (in the whole set);\n"
    "* `allows: [{host, port, tags, services, addresses, protocol}]`: the firewall policy lets "
    "each of these through.\n"
    "\n"
    "A value that exists only after something else is deployed answers unknown, as does a fact "
    "that is not given and a resource outside the set. `every` on nothing is no.\n"
    "\n"
    "| operator | holds for |\n"
    "| --- | --- |\n";

static void add_operators(struct rd_buf *out)
{
    for (int op = 0; op < OP_COUNT; op++)
        rd_buf_printf(out, "| `%s` | %s |\n", rule_operator_name((enum operator_id)op),
                      rule_operator_text((enum operator_id)op));
}

static void add_validity(struct rd_buf *out, const struct rd_rule *rule)
{
    char text[RD_TIME_TEXT_MAX];
    rd_buf_printf(out, "from %.10s", rd_time_format(rule->valid_from_ms, false, text));
    if (rule->valid_to_ms != INT64_MAX)
        rd_buf_printf(out, " until %.10s", rd_time_format(rule->valid_to_ms, false, text));
    struct rd_str next = rd_json_str(rd_json_get(rule->row, RD_STR("replaced_by")));
    if (next.n > 0)
        rd_buf_printf(out, ", then %.*s", RD_FMT(next));
}

static void add_rule(struct rd_buf *out, const struct rd_rule *rule)
{
    rd_buf_printf(out, "\n### %.*s: %.*s\n\n%s, ", RD_FMT(rule->id), RD_FMT(rule->title),
                  rd_severity_name(rule->severity));
    add_validity(out, rule);
    rd_buf_printf(out, ". %.*s\n\nFix: %.*s\n", RD_FMT(rule->why), RD_FMT(rule->fix));
    if (rule->note.n > 0)
        rd_buf_printf(out, "\nNote: %.*s\n", RD_FMT(rule->note));
    rd_buf_printf(out, "\nSource: %.*s.", RD_FMT(rule->source));
    for (size_t i = 0; i < rule->control_count; i++)
        rd_buf_printf(out, "%s%.*s", i == 0 ? " Controls: " : ", ", RD_FMT(rule->controls[i]));
    rd_buf_add_c(out, rule->control_count > 0 ? ".\n" : "\n");
}

static bool has_rule(const struct rd_rule *rules, size_t count, struct rd_str id)
{
    for (size_t i = 0; i < count; i++)
        if (rd_str_eq(rules[i].id, id))
            return true;
    return false;
}

static enum rd_rc add_coverage(struct rd_buf *out, const struct rd_rule *rules, size_t count,
                               struct rd_err *err)
{
    const struct rd_json *table = &rd_json_absent;
    RD_TRY(rd_facts_get("coverage", &table, err));
    rd_buf_add_c(out, "\n## What the source documents say, and which rule checks it\n\n"
                      "A is the confidential image article, B the sovereign enclave chapter, R a "
                      "row of the requirements.\n\n| in | statement | rules |\n| --- | --- | --- "
                      "|\n");
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        const struct rd_json *list = rd_json_get(row, RD_STR("rules"));
        struct rd_str statement = rd_json_str(rd_json_get(row, RD_STR("statement")));
        struct rd_str note = rd_json_str(rd_json_get(row, RD_STR("note")));
        rd_buf_printf(out, "| %.*s | %.*s | ", RD_FMT(rd_json_str(rd_json_get(row, RD_STR("in")))),
                      RD_FMT(statement));
        for (size_t k = 0; k < rd_json_count(list); k++) {
            struct rd_str id = rd_json_str(rd_json_item(list, k));
            if (!has_rule(rules, count, id))
                return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                                           "coverage: '%.*s' names rule '%.*s', which is not there",
                                           RD_FMT(statement), RD_FMT(id)),
                                   err, "name a rule of data/rules");
            rd_buf_printf(out, "%s%.*s", k > 0 ? ", " : "", RD_FMT(id));
        }
        if (rd_json_count(list) == 0 && note.n == 0)
            return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                                       "coverage: '%.*s' has neither rules nor a note",
                                       RD_FMT(statement)),
                               err, "say which rule checks it, or why none does");
        rd_buf_printf(out, "%s%.*s |\n", rd_json_count(list) > 0 && note.n > 0 ? "; " : "",
                      RD_FMT(note));
    }
    return RD_RC_OK;
}

static enum rd_rc add_controls(struct rd_buf *out, const struct rd_rule *rules, size_t count,
                               struct rd_err *err)
{
    const struct rd_json *table = &rd_json_absent;
    RD_TRY(rd_facts_get("controls", &table, err));
    rd_buf_add_c(out, "\n## Controls\n\nNIST SP 800-171 Rev 2, to which 32 CFR Part 170 pins CMMC "
                      "level 2.\n\n| control | requirement | rules |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        struct rd_str id = rd_json_str(rd_json_get(row, RD_STR("id")));
        struct rd_str note = rd_json_str(rd_json_get(row, RD_STR("note")));
        bool is_first = true;
        rd_buf_printf(out, "| %.*s | %.*s%s%.*s%s | ", RD_FMT(id),
                      RD_FMT(rd_json_str(rd_json_get(row, RD_STR("text")))), note.n > 0 ? " *" : "",
                      RD_FMT(note), note.n > 0 ? "*" : "");
        for (size_t k = 0; k < count; k++)
            for (size_t c = 0; c < rules[k].control_count; c++)
                if (rd_str_eq(rules[k].controls[c], id)) {
                    rd_buf_printf(out, "%s%.*s", is_first ? "" : ", ", RD_FMT(rules[k].id));
                    is_first = false;
                }
        rd_buf_add_c(out, is_first ? "none: evidence comes from elsewhere |\n" : " |\n");
    }
    return RD_RC_OK;
}

static enum rd_rc write_document(struct rd_buf *out, const struct rd_rule *rules, size_t count,
                                 struct rd_err *err)
{
    rd_buf_add_c(out, introduction);
    add_operators(out);
    rd_buf_printf(out, "\n## The %zu rules\n", count);
    for (size_t i = 0; i < count; i++)
        add_rule(out, &rules[i]);
    RD_TRY(add_coverage(out, rules, count, err));
    RD_TRY(add_controls(out, rules, count, err));
    if (out->is_full)
        return rd_err_hint(
            RD_FAIL(err, RD_RC_LIMIT, "the rules' document is over %d bytes", DOCUMENT_SIZE_MAX),
            err, "shorten the overriding files");
    return RD_RC_OK;
}

enum rd_rc rd_rules_document(struct rd_arena *arena, const struct rd_rule *rules, size_t count,
                             struct rd_str *ret_text, struct rd_err *err)
{
    struct rd_buf out;
    rd_buf_init(&out, DOCUMENT_SIZE_MAX);
    enum rd_rc rc = write_document(&out, rules, count, err);
    if (rc == RD_RC_OK)
        *ret_text = rd_arena_str(arena, rd_buf_str(&out));
    rd_buf_done(&out);
    return rc;
}
