/* SPDX-License-Identifier: Apache-2.0 */
/* The verb that tells what an error of Azure's means. */
#include <stdio.h>
#include <string.h>

#include "azure/explain.h"
#include "base/file.h"
#include "facts/facts.h"
#include "help.h"
#include "output.h"

enum {
    INPUT_SIZE_MAX = 4 << 20, /* an error is a page; a log with one in it may be longer */
    TEXT_SIZE_MAX = 64 << 20,
    GROUP_COUNT_MAX = 64,
    CODE_SIZE_MAX = 80,
    MESSAGE_SHOWN_MAX = 400,
    LABEL_COLUMN = 13,
    CODE_COLUMN = 36,
    WIDTH = 80,
};

/* What one code, or one error that was found, is told as. */
struct told {
    struct rd_str code; /* "" for an error that is known by its text */
    struct rd_str message;
    const struct rd_explanation *items; /* those that fit; of a bare code all that it has */
    size_t count;
    struct rd_str near[RD_EXPLAIN_NEAR_MAX];
    size_t near_count; /* when none fits */
};

struct telling {
    struct rd_arena *arena;
    struct told *items;
    size_t count;
    size_t cap;
    size_t unknown_count;
};

static struct told *add(struct telling *telling, struct rd_str code, struct rd_str message)
{
    telling->items = rd_arena_grow(telling->arena, telling->items, telling->count, &telling->cap,
                                   sizeof(*telling->items));
    struct told *told = &telling->items[telling->count++];
    *told = (struct told){.code = code, .message = message};
    return told;
}

/* Every row of a code, for somebody who has no more than the code. */
static struct told *add_code(struct telling *telling, struct rd_str code)
{
    struct rd_explanation *items =
        rd_arena_array(telling->arena, rd_explanation_count(), sizeof(*items));
    size_t count = 0;
    for (int is_plain = 0; is_plain < 2; is_plain++) { /* those with a text first */
        for (size_t i = 0; i < rd_explanation_count(); i++) {
            struct rd_explanation row = rd_explanation_at(i);
            if (code.n > 0 && rd_str_eq_case(row.code, code) && (row.text.n == 0) == is_plain)
                items[count++] = row;
        }
    }
    struct told *told = add(telling, count > 0 ? items[0].code : code, RD_STR(""));
    told->items = items;
    told->count = count;
    if (count == 0) {
        told->near_count = rd_explain_nearest(code, told->near);
        telling->unknown_count++;
    }
    return told;
}

static void add_found(struct telling *telling, const struct rd_error_found *found)
{
    struct rd_explanation *row = rd_arena_zalloc(telling->arena, sizeof(*row));
    if (!rd_explanation_of(found, row)) {
        add_code(telling, found->code)->message = found->message;
        return;
    }
    struct told *told = add(telling, found->code, found->message);
    told->items = row;
    told->count = 1;
}

static void add_all(struct telling *telling)
{
    for (size_t i = 0; i < rd_explanation_count(); i++) {
        struct rd_explanation *row = rd_arena_zalloc(telling->arena, sizeof(*row));
        *row = rd_explanation_at(i);
        struct told *told = add(telling, row->code, RD_STR(""));
        told->items = row;
        told->count = 1;
    }
}

/* Printing ----------------------------------------------------------------------------------- */

static void print_line(struct rd_buf *out, const char *label, struct rd_str text)
{
    rd_buf_printf(out, "  %-*s", LABEL_COLUMN - 2, label);
    rd_buf_add_wrapped(out, text, LABEL_COLUMN, LABEL_COLUMN, WIDTH);
}

/* The first line of Azure's text, which may be pages long. */
static struct rd_str shown(struct rd_arena *arena, struct rd_str message)
{
    struct rd_str line = rd_str_trim(message);
    size_t end = 0;
    while (end < line.n && line.p[end] != '\n' && line.p[end] != '\r')
        end++;
    struct rd_str cut = rd_str_cut(rd_str_sub(line, 0, end), MESSAGE_SHOWN_MAX);
    char *text = rd_arena_bytes(arena, cut.n + 1);
    for (size_t i = 0; i < cut.n; i++) /* of a file: nothing in it may steer a terminal */
        text[i] = (unsigned char)cut.p[i] < 0x20 || cut.p[i] == 0x7f ? ' ' : cut.p[i];
    return (struct rd_str){text, cut.n};
}

static void print_explanation(struct telling *telling, struct rd_buf *out,
                              const struct rd_explanation *row)
{
    struct rd_arena *arena = telling->arena;
    const char *what = rd_class_name(rd_rc_class(row->rc));
    print_line(
        out, "class",
        row->is_state ? RD_STR("a state, no error")
        : rd_rc_is_retryable(row->rc)
            ? rd_arena_printf(arena, "%s: redoubt tries again, then ends with %d", what,
                              rd_rc_exit_status(row->rc))
            : rd_arena_printf(arena, "%s: redoubt ends with %d", what, rd_rc_exit_status(row->rc)));
    print_line(out, "meaning", row->meaning);
    print_line(out, "to do", row->remedy);
    print_line(out, "to act", row->who);
    print_line(out, "known from",
               rd_arena_printf(arena, "%.*s, %.*s", RD_FMT(row->source), RD_FMT(row->date)));
}

static struct rd_str near_text(struct rd_arena *arena, const struct told *told)
{
    struct rd_str text = RD_STR("");
    for (size_t i = 0; i < told->near_count; i++)
        text = rd_arena_printf(arena, "%.*s%s%.*s", RD_FMT(text), i > 0 ? ", " : "",
                               RD_FMT(told->near[i]));
    return text;
}

static void print_told(struct telling *telling, struct rd_buf *out, const struct told *told)
{
    struct rd_arena *arena = telling->arena;
    rd_buf_printf(out, "%.*s\n",
                  RD_FMT(told->code.n > 0 ? shown(arena, told->code) : RD_STR("(no code)")));
    bool is_json = told->message.n > 0 && told->message.p[0] == '{'; /* what it holds is told */
    if (told->message.n > 0 && !is_json)
        print_line(out, "says", shown(arena, told->message));
    for (size_t i = 0; i < told->count; i++) {
        const struct rd_explanation *row = &told->items[i];
        if (told->count > 1 && i > 0)
            rd_buf_add_char(out, '\n');
        if (row->text.n > 0 && told->message.n == 0)
            print_line(out, "when", rd_arena_printf(arena, "it says '%.*s'", RD_FMT(row->text)));
        else if (told->count > 1)
            print_line(out, "else", RD_STR("whatever it says"));
        print_explanation(telling, out, row);
    }
    if (told->count == 0)
        print_line(out, "meaning", RD_STR("not known to redoubt"));
    if (told->near_count > 0)
        print_line(out, "near", near_text(arena, told));
}

/* The groups' names, in the table's order. */
static size_t groups(struct rd_str names[GROUP_COUNT_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < rd_explanation_count(); i++) {
        struct rd_str group = rd_explanation_at(i).group;
        size_t k = 0;
        while (k < count && !rd_str_eq(names[k], group))
            k++;
        if (k == count && count < GROUP_COUNT_MAX)
            names[count++] = group;
    }
    return count;
}

static void print_all(struct rd_buf *out)
{
    struct rd_str names[GROUP_COUNT_MAX];
    size_t count = groups(names);
    for (size_t g = 0; g < count; g++) {
        rd_buf_printf(out, "%s%.*s\n", g > 0 ? "\n" : "", RD_FMT(names[g]));
        for (size_t i = 0; i < rd_explanation_count(); i++) {
            struct rd_explanation row = rd_explanation_at(i);
            if (!rd_str_eq(row.group, names[g]))
                continue;
            struct rd_str code = row.code.n > 0 ? row.code : RD_STR("(no code)");
            rd_buf_printf(out, "  %-*.*s", CODE_COLUMN - 3, RD_FMT(code));
            bool is_wide = code.n > CODE_COLUMN - 3;
            rd_buf_add_char(out, is_wide ? '\n' : ' ');
            if (is_wide)
                rd_buf_printf(out, "%*s", CODE_COLUMN, "");
            rd_buf_add_wrapped(out, row.meaning, CODE_COLUMN, CODE_COLUMN, WIDTH);
        }
    }
    rd_buf_add(out, RD_STR("\n'redoubt explain CODE' tells what to do and who must do it.\n"));
}

/* JSON --------------------------------------------------------------------------------------- */

static void set_text(struct rd_arena *arena, struct rd_json *json, const char *key,
                     struct rd_str text)
{
    if (text.n > 0)
        (void)rd_json_set_c(arena, json, key, rd_json_string(text));
}

static struct rd_json explanation_json(struct rd_arena *arena, const struct rd_explanation *row)
{
    struct rd_json json = rd_json_object();
    set_text(arena, &json, "when", row->text);
    if (row->status != 0)
        (void)rd_json_set_c(arena, &json, "httpStatus", rd_json_integer(row->status));
    set_text(arena, &json, "group", row->group);
    (void)rd_json_set_c(arena, &json, "class",
                        rd_json_string_c(rd_class_name(rd_rc_class(row->rc))));
    (void)rd_json_set_c(arena, &json, "exitStatus", rd_json_integer(rd_rc_exit_status(row->rc)));
    (void)rd_json_set_c(arena, &json, "triedAgain", rd_json_bool(rd_rc_is_retryable(row->rc)));
    (void)rd_json_set_c(arena, &json, "isState", rd_json_bool(row->is_state));
    set_text(arena, &json, "meaning", row->meaning);
    set_text(arena, &json, "remedy", row->remedy);
    set_text(arena, &json, "who", row->who);
    set_text(arena, &json, "source", row->source);
    set_text(arena, &json, "date", row->date);
    return json;
}

static struct rd_json telling_json(const struct telling *telling)
{
    struct rd_arena *arena = telling->arena;
    struct rd_json errors = rd_json_array();
    for (size_t i = 0; i < telling->count; i++) {
        const struct told *told = &telling->items[i];
        struct rd_json json = rd_json_object();
        (void)rd_json_set_c(arena, &json, "code", rd_json_string(told->code));
        (void)rd_json_set_c(arena, &json, "isKnown", rd_json_bool(told->count > 0));
        set_text(arena, &json, "message", told->message);
        struct rd_json rows = rd_json_array();
        for (size_t k = 0; k < told->count; k++)
            (void)rd_json_append(arena, &rows, explanation_json(arena, &told->items[k]));
        (void)rd_json_set_c(arena, &json, "explanations", rows);
        struct rd_json near = rd_json_array();
        for (size_t k = 0; k < told->near_count; k++)
            (void)rd_json_append(arena, &near, rd_json_string(told->near[k]));
        if (told->near_count > 0)
            (void)rd_json_set_c(arena, &json, "nearest", near);
        (void)rd_json_append(arena, &errors, json);
    }
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "redoubt", rd_json_string_c("explain/1"));
    (void)rd_json_set_c(arena, &json, "errors", errors);
    return json;
}

/* The document -------------------------------------------------------------------------------- */

static void add_cell(struct rd_buf *out, struct rd_str text)
{
    rd_buf_add(out, RD_STR(" "));
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '|')
            rd_buf_add_char(out, '\\');
        rd_buf_add_char(out, text.p[i]);
    }
    rd_buf_add(out, RD_STR(" |"));
}

void document_errors(struct rd_arena *arena, struct rd_buf *out)
{
    rd_buf_add(out, RD_STR("# Azure's errors\n\nMade from data/errors.yaml, from which `redoubt "
                           "explain` and every error that redoubt passes on are explained too: do "
                           "not edit. Sources named by a page and a section are the notes that "
                           "redoubt was written from; *recalled, not verified* is what none of "
                           "them has shown.\n"));
    struct rd_str names[GROUP_COUNT_MAX];
    size_t count = groups(names);
    for (size_t g = 0; g < count; g++) {
        rd_buf_printf(out,
                      "\n## %.*s\n\n| code | class | meaning | to do | to act | known from |\n"
                      "| --- | --- | --- | --- | --- | --- |\n",
                      RD_FMT(names[g]));
        for (size_t i = 0; i < rd_explanation_count(); i++) {
            struct rd_explanation row = rd_explanation_at(i);
            if (!rd_str_eq(row.group, names[g]))
                continue;
            struct rd_str code = row.code.n > 0 ? rd_arena_printf(arena, "`%.*s`", RD_FMT(row.code))
                                                : RD_STR("no code");
            if (row.text.n > 0)
                code = rd_arena_printf(arena, "%.*s: \"%.*s\"", RD_FMT(code), RD_FMT(row.text));
            rd_buf_add_char(out, '|');
            add_cell(out, code);
            add_cell(out, row.is_state ? RD_STR("state")
                                       : rd_str_from(rd_class_name(rd_rc_class(row.rc))));
            add_cell(out, row.meaning);
            add_cell(out, row.remedy);
            add_cell(out, row.who);
            add_cell(out,
                     rd_arena_printf(arena, "%.*s, %.*s", RD_FMT(row.source), RD_FMT(row.date)));
            rd_buf_add_char(out, '\n');
        }
    }
}

/* The verb ----------------------------------------------------------------------------------- */

static bool is_known(struct rd_str code)
{
    for (size_t i = 0; i < rd_explanation_count(); i++)
        if (code.n > 0 && rd_str_eq_case(rd_explanation_at(i).code, code))
            return true;
    return false;
}

/* A word that could be a code, and no name of a file. */
static bool is_word(struct rd_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!rd_char_is_alnum(text.p[i]) && strchr("_.-/", text.p[i]) == NULL)
            return false;
    return text.n <= CODE_SIZE_MAX;
}

RD_NODISCARD static enum rd_rc add_text(struct telling *telling, const char *name,
                                        struct rd_str text, struct rd_err *err)
{
    struct rd_error_list list;
    rd_error_find(telling->arena, text, &list);
    for (size_t i = 0; i < list.count; i++)
        add_found(telling, &list.items[i]);
    if (list.count > 0)
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_NOT_FOUND, "there is no error of Azure's in %s", name),
                       err,
                       "give it the error as Azure, az or PowerShell wrote it; 'redoubt explain' "
                       "alone lists the codes it knows");
}

/* A known code, a file, a text with an error in it, or a code that is not known: in this order. */
RD_NODISCARD static enum rd_rc add_operand(struct telling *telling, const char *operand,
                                           struct rd_err *err)
{
    struct rd_str word = rd_str_trim(rd_str_from(operand));
    struct rd_error_list list = {0};
    if (is_known(word)) {
        (void)add_code(telling, word);
        return RD_RC_OK;
    }
    if (strcmp(operand, "-") != 0 && !rd_file_exists(operand)) {
        rd_error_find(telling->arena, word, &list); /* -2145648509, AADSTS50126: ... */
        if (!is_word(word))
            return add_text(telling, "that text", word, err);
        if (rd_str_find_char(word, '/', 0) != RD_STR_NONE)
            return RD_FAIL(err, RD_RC_NOT_FOUND, "'%s' is neither a file nor a code", operand);
        struct rd_str code = list.count == 1 ? list.items[0].code : word;
        (void)add_code(telling, code);
        return RD_RC_OK;
    }
    struct rd_str text;
    RD_TRY(rd_file_read(telling->arena, operand, INPUT_SIZE_MAX, &text, err));
    bool is_stdin = strcmp(operand, "-") == 0;
    const char *name =
        is_stdin ? "standard input" : rd_arena_printf(telling->arena, "'%s'", operand).p;
    return add_text(telling, name, text, err);
}

RD_NODISCARD static enum rd_rc fail_unknown(const struct telling *telling, struct rd_err *err)
{
    const struct told *first = telling->items;
    while (first->count > 0)
        first++;
    struct rd_str code = shown(telling->arena, first->code);
    enum rd_rc rc =
        telling->unknown_count == 1
            ? RD_FAIL(err, RD_RC_NOT_FOUND, "'%.*s' is no code that redoubt knows", RD_FMT(code))
            : RD_FAIL(err, RD_RC_NOT_FOUND, "'%.*s' and %zu more are no codes that redoubt knows",
                      RD_FMT(code), telling->unknown_count - 1);
    if (first->near_count == 0)
        return rd_err_hint(rc, err, "'redoubt explain' alone lists all codes");
    return rd_err_hint(rc, err, "near: %.*s", RD_FMT(near_text(telling->arena, first)));
}

enum rd_rc verb_explain(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    struct telling telling = {.arena = arena};
    const struct rd_json *table = NULL;
    RD_TRY(rd_facts_get("errors", &table, err)); /* a table of one's own that is wrong */
    bool is_all = args->operands[0] == NULL || args->is_given[OPTION_ALL];
    if (is_all)
        add_all(&telling);
    else
        RD_TRY(add_operand(&telling, args->operands[0], err));
    if (args_is_json(args)) {
        struct rd_json *json = rd_arena_alloc(arena, sizeof(*json));
        *json = telling_json(&telling);
        if (telling.unknown_count == 0)
            output_json(json);
        else
            output_keep_explained(json);
    } else {
        RD_CLEANUP(rd_buf_done) struct rd_buf out;
        rd_buf_init(&out, TEXT_SIZE_MAX);
        for (size_t i = 0; i < telling.count && !is_all; i++) {
            if (i > 0)
                rd_buf_add_char(&out, '\n');
            /* What is not known is told once, as the error, when there is nothing else. */
            if (telling.count > telling.unknown_count || telling.count > 1)
                print_told(&telling, &out, &telling.items[i]);
        }
        if (is_all)
            print_all(&out);
        output_text(rd_buf_str(&out));
    }
    return telling.unknown_count > 0 ? fail_unknown(&telling, err) : RD_RC_OK;
}
