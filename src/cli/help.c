/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <string.h>

#include "emulator/cloud.h"
#include "facts/facts.h"
#include "output.h"
#include "rules/document.h"
#include "spec/spec.h"

enum {
    TEXT_SIZE_MAX = 4 << 20,
    WRAP_COLUMNS = 78,
    OPTION_COLUMN = 28,
    VERB_COLUMN = 15,
    ARGUMENT_WIDTH = 8,
    ARGUMENT_COLUMN = 15,
    STATUS_COLUMN = 38
};

static void wrap(struct rd_buf *out, const char *text, size_t indent, size_t column)
{
    rd_buf_add_wrapped(out, rd_str_from(text), column, indent, WRAP_COLUMNS);
}

static void option_line(struct rd_buf *out, const struct option *option)
{
    size_t start = out->n;
    if (option->letter != 0)
        rd_buf_printf(out, "  -%c, ", option->letter);
    else
        rd_buf_add(out, RD_STR("      "));
    rd_buf_printf(out, "--%s%s%s", option->name, option->value == NULL ? "" : " ",
                  option->value == NULL ? "" : option->value);
    int width = (int)(out->n - start);
    if (width + 2 > OPTION_COLUMN) {
        rd_buf_add_char(out, '\n');
        width = 0;
    }
    rd_buf_printf(out, "%*s", OPTION_COLUMN - width, "");
    wrap(out, option->help, OPTION_COLUMN, OPTION_COLUMN);
}

static void verb_help_text(struct rd_buf *out, const struct verb *verb)
{
    rd_buf_printf(out, "redoubt %s - ", verb->name);
    wrap(out, verb->summary, 0, strlen(verb->name) + 11);
    rd_buf_printf(out, "\nusage: redoubt %s [options] %s\n\n", verb->name, verb->operands);
    wrap(out, verb->text, 0, 0);
    rd_buf_add(out, RD_STR("\noptions:\n"));
    for (enum option_id id = 0; id < OPTION_COUNT; id++)
        if (((verb->options | common_options) & OPTION_BIT(id)) != 0)
            option_line(out, &options[id]);
    rd_buf_add(out, RD_STR("\nexamples:\n"));
    struct rd_str rest = rd_str_from(verb->examples);
    struct rd_str line;
    while (rd_str_next(&rest, '\n', &line))
        if (line.n > 0)
            rd_buf_printf(out, "  %.*s\n", RD_FMT(line));
}

static void overview(struct rd_buf *out)
{
    rd_buf_add(out,
               RD_STR("redoubt - design, rehearse, build, price and prove confidential Azure\n"
                      "Virtual Desktop enclaves\n\nusage: redoubt COMMAND [options] [operands]\n\n"
                      "commands:\n"));
    for (size_t i = 0; i < verb_count; i++)
        if (!verbs[i].is_hidden) {
            rd_buf_printf(out, "  %-12s ", verbs[i].name);
            wrap(out, verbs[i].summary, VERB_COLUMN, VERB_COLUMN);
        }
    rd_buf_add(out, RD_STR("\nstart here:\n  redoubt init\n  redoubt up redoubt.yaml\n\n'redoubt "
                           "help COMMAND' tells more. Nothing reaches Azure without --live.\n"));
}

void help_show_group(const char *group)
{
    output_printf("usage: redoubt %s COMMAND [options] [operands]\n\ncommands:\n", group);
    for (size_t i = 0; i < verb_count; i++)
        if (!verbs[i].is_hidden && verb_in_group(&verbs[i], group) != NULL)
            output_printf("  %-12s %s\n", verbs[i].name, verbs[i].summary);
    output_printf("\n'redoubt help %s COMMAND' tells more.\n", group);
}

void help_show(struct rd_arena *arena RD_UNUSED, const struct verb *verb)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, TEXT_SIZE_MAX);
    if (verb == NULL)
        overview(&out);
    else
        verb_help_text(&out, verb);
    output_text(rd_buf_str(&out));
}

/* Topics ------------------------------------------------------------------------------------- */

static void topic_spec(struct rd_arena *arena, struct rd_buf *out)
{
    rd_buf_add(out, rd_spec_document(arena));
}

static void topic_spec_schema(struct rd_arena *arena, struct rd_buf *out)
{
    struct rd_json schema = rd_spec_json_schema(arena);
    rd_json_write(out, &schema, RD_JSON_PRETTY);
    rd_buf_add_char(out, '\n');
}

static void topic_exit_status(struct rd_arena *arena RD_UNUSED, struct rd_buf *out)
{
    rd_buf_add_c(out, "status  name           class          meaning\n");
    for (int rc = 0; rc < RD_RC_COUNT; rc++) {
        rd_buf_printf(out, "%6d  %-14s %-14s ", rd_rc_exit_status((enum rd_rc)rc),
                      rd_rc_name((enum rd_rc)rc), rd_class_name(rd_rc_class((enum rd_rc)rc)));
        wrap(out, rd_rc_text((enum rd_rc)rc), STATUS_COLUMN, STATUS_COLUMN);
    }
}

static void topic_commands(struct rd_arena *arena RD_UNUSED, struct rd_buf *out)
{
    document_commands(out);
}

static void topic_fidelity(struct rd_arena *arena, struct rd_buf *out)
{
    rd_buf_add(out, rd_cloud_fidelity_document(arena));
}

static void topic_rules(struct rd_arena *arena, struct rd_buf *out)
{
    struct rd_rule *rules = NULL;
    size_t count = 0;
    struct rd_str text = {"", 0};
    struct rd_err err;
    /* An overriding table that is wrong says so in 'check' and 'audit'. */
    if (rd_rules_load(arena, &rules, &count, &err) == RD_RC_OK &&
        rd_rules_document(arena, rules, count, &text, &err) == RD_RC_OK)
        rd_buf_add(out, text);
    else
        rd_buf_printf(out, "%s\n", err.msg);
}

static void topic_errors(struct rd_arena *arena, struct rd_buf *out)
{
    document_errors(arena, out);
}

static void topic_types(struct rd_arena *arena RD_UNUSED, struct rd_buf *out)
{
    const struct rd_json *types = rd_facts_embedded("types");
    for (size_t i = 0; i < rd_json_count(types); i++) {
        const struct rd_json *row = rd_json_item(types, i);
        rd_buf_printf(out, "%.*s (%.*s)\n  %.*s\n", RD_FMT(rd_json_str(rd_json_at(row, "label"))),
                      RD_FMT(rd_json_str(rd_json_at(row, "api_version"))),
                      RD_FMT(rd_json_str(rd_json_at(row, "type"))));
    }
}

static const char *where_text(const struct rd_json *row)
{
    const struct rd_json *where = rd_json_at(row, "where");
    if (rd_json_count(where) > 1)
        return "in rehearsals and in served clouds";
    return rd_str_is(rd_json_str(rd_json_item(where, 0)), "served")
               ? "in served clouds only ('redoubt cloud serve'): nobody signs in to a rehearsal"
               : "in rehearsals only";
}

static void topic_faults(struct rd_arena *arena RD_UNUSED, struct rd_buf *out)
{
    const struct rd_json *faults = rd_facts_embedded("emulator/faults");
    for (size_t i = 0; i < rd_json_count(faults); i++) {
        const struct rd_json *row = rd_json_item(faults, i);
        rd_buf_printf(out, "--fault %.*s\n    ", RD_FMT(rd_json_str(rd_json_at(row, "name"))));
        wrap(out, rd_arena_str(arena, rd_json_str(rd_json_at(row, "meaning"))).p, 4, 4);
        rd_buf_add_c(out, "    strikes ");
        wrap(out, where_text(row), 4, 12);
        const struct rd_json *arguments = rd_json_at(row, "arguments");
        for (size_t j = 0; j < rd_json_count(arguments) && rd_json_is(arguments, RD_JSON_OBJECT);
             j++) {
            struct rd_str key = arguments->u.members[j].key;
            rd_buf_printf(out, "      %.*s=%*s", RD_FMT(key),
                          key.n < ARGUMENT_WIDTH ? (int)(ARGUMENT_WIDTH - key.n) : 1, "");
            rd_buf_add_wrapped(out, rd_json_str(&arguments->u.members[j].value), ARGUMENT_COLUMN,
                               ARGUMENT_COLUMN, WRAP_COLUMNS);
        }
    }
    rd_buf_add(
        out, RD_STR("--fault crash:after=N\n    redoubt kills itself when the cloud has "
                    "carried out the Nth request and its\n    reply is on its way\n    strikes in "
                    "rehearsals only\n"));
}

static void topic_prices(struct rd_arena *arena RD_UNUSED, struct rd_buf *out)
{
    size_t count;
    const char *const *names = rd_facts_names(&count);
    for (size_t i = 0; i < count; i++)
        if (strncmp(names[i], "prices/", 7) == 0)
            rd_buf_printf(out, "%s\n", names[i] + 7);
}

static const struct topic {
    const char *name;
    void (*write)(struct rd_arena *arena, struct rd_buf *out);
    bool is_markdown;
} topics[] = {
    {"spec", topic_spec, true},         {"spec-schema", topic_spec_schema, false},
    {"faults", topic_faults, false},    {"exit-status", topic_exit_status, false},
    {"rules", topic_rules, true},       {"types", topic_types, false},
    {"prices", topic_prices, false},    {"fidelity", topic_fidelity, true},
    {"commands", topic_commands, true}, {"errors", topic_errors, true},
};

enum { TOPIC_COUNT = sizeof(topics) / sizeof(topics[0]) };

RD_NODISCARD static enum rd_rc fail_topic(const char *name, const char *more, struct rd_err *err)
{
    if (more != NULL && strcmp(name, "man") == 0)
        return rd_err_hint(RD_FAIL(err, RD_RC_USAGE, "there is no command '%s'", more), err,
                           "see 'redoubt help'");
    if (more != NULL)
        return rd_err_hint(
            RD_FAIL(err, RD_RC_USAGE, "there is no help on '%s' as '%s'", name, more), err,
            "spec, rules, fidelity, errors and commands come as 'markdown' too; or leave '%s' out",
            more);
    struct rd_str words[TOPIC_COUNT + 32];
    size_t count = 0;
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        words[count++] = rd_str_from(topics[i].name);
    for (size_t i = 0; i < verb_count; i++)
        words[count++] = rd_str_from(verbs[i].name);
    struct rd_str near = rd_str_nearest(rd_str_from(name), words, count);
    enum rd_rc rc = RD_FAIL(err, RD_RC_USAGE, "there is no help on '%s'", name);
    if (near.n > 0)
        return rd_err_hint(rc, err, "did you mean 'redoubt help %.*s'?", RD_FMT(near));
    return rd_err_hint(rc, err, "see 'redoubt help'");
}

/* The command that one operand or two name. */
static const struct verb *find_verb(const char *const operands[2])
{
    const struct verb *verb = verb_find_two(operands[0], operands[1]);
    return verb != NULL ? verb : verb_find(operands[0]);
}

/* `form` is "markdown" for a document as it stands in docs/, or NULL. */
static bool write_topic(struct rd_arena *arena, struct rd_buf *out, const char *name,
                        const char *form)
{
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        if (strcmp(topics[i].name, name) != 0)
            continue;
        if (!topics[i].is_markdown || form != NULL) {
            topics[i].write(arena, out);
            return topics[i].is_markdown || form == NULL;
        }
        RD_CLEANUP(rd_buf_done) struct rd_buf document;
        rd_buf_init(&document, TEXT_SIZE_MAX);
        topics[i].write(arena, &document);
        page_print(arena, out, rd_buf_str(&document));
        return true;
    }
    return false;
}

enum rd_rc verb_help(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    const char *name = args->operands[0];
    const char *more = args->operands[1];
    const struct verb *asked = name == NULL ? NULL : find_verb(&args->operands[0]);
    if (name == NULL || asked != NULL) {
        help_show(arena, asked);
        return RD_RC_OK;
    }
    if (verb_is_group(name) && args->operands[1] == NULL) {
        help_show_group(name);
        return RD_RC_OK;
    }
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, TEXT_SIZE_MAX);
    bool is_known =
        (more == NULL || strcmp(more, "markdown") == 0) && write_topic(arena, &out, name, more);
    if (!is_known && strncmp(name, "completion-", 11) == 0)
        is_known = document_completion(&out, name + 11);
    if (!is_known && strcmp(name, "man") == 0) {
        const struct verb *verb = more == NULL ? NULL : find_verb(&args->operands[1]);
        is_known = more == NULL || verb != NULL;
        if (is_known)
            document_man(&out, verb);
    }
    if (!is_known)
        return fail_topic(name, more, err);
    output_text(rd_buf_str(&out));
    return RD_RC_OK;
}
