/* SPDX-License-Identifier: Apache-2.0 */
#include "logs.h"

#include <stdlib.h>

#include "base/clock.h"
#include "shape.h"
#include "state.h"

/*
 * Log Analytics' query API, for as much of the query language as there is yet: a table's name and
 * behind it `| take N`, `| limit N` and `| count`. Everything else is refused in the shape that
 * Azure gives its syntax errors.
 */

enum { ROW_COUNT_MAX = 500000, QUERY_SIZE_MAX = 64 << 10 };

struct reading {
    struct em_exchange *ex;
    struct rd_str text;
    size_t at;
};

/* Errors --------------------------------------------------------------------------------------- */

static bool fail(struct em_exchange *ex, int status, const char *code, const char *message,
                 const struct rd_json *inner)
{
    struct rd_json body = rd_json_object();
    em_set_word(ex, &body, "error.message", message);
    em_set_word(ex, &body, "error.code", code);
    em_set_text(
        ex, &body, "error.correlationId",
        em_guid(ex, rd_arena_printf(ex->arena, "query %llu", (unsigned long long)ex->number)));
    if (inner != NULL)
        em_set(ex, &body, "error.innererror", *inner);
    em_reply_json(ex, status, &body, EM_JSON_COMPACT);
    return false;
}

static bool fail_argument(struct em_exchange *ex, const struct rd_json *inner)
{
    return fail(ex, 400, "BadArgumentError", "The request had some invalid properties", inner);
}

/* {"code": SyntaxError, "innererror": {"code": SYN0002, ...}}, at the word that is not known. */
static bool fail_syntax(struct reading *reading, size_t at, const char *why)
{
    struct em_exchange *ex = reading->ex;
    size_t end = at;
    int line, column;
    while (end < reading->text.n && (rd_char_is_alnum(reading->text.p[end]) ||
                                     reading->text.p[end] == '_' || reading->text.p[end] == '-'))
        end++;
    end = end == at && at < reading->text.n ? at + 1 : end;
    struct rd_str token = end > at ? rd_str_sub(reading->text, at, end) : RD_STR("<EOF>");
    rd_json_position(reading->text, (uint32_t)at, &line, &column);
    struct rd_json inner = rd_json_object();
    em_set_word(ex, &inner, "code", "SyntaxError");
    em_set_word(ex, &inner, "message", "A syntax error occurred.");
    em_set_word(ex, &inner, "innererror.code", "SYN0002");
    em_set_text(ex, &inner, "innererror.message",
                rd_arena_printf(ex->arena, "%s [line:position=%d:%d]", why, line, column - 1));
    em_set_int(ex, &inner, "innererror.line", line);
    em_set_int(ex, &inner, "innererror.pos", column - 1);
    em_set_text(ex, &inner, "innererror.token", em_quotable(ex, token));
    return fail_argument(ex, &inner);
}

static bool fail_table(struct em_exchange *ex, struct rd_str table, struct rd_str operation)
{
    struct rd_json inner = rd_json_object();
    const char *mark = operation.n > 0 ? "'" : "";
    em_set_word(ex, &inner, "code", "SemanticError");
    em_set_word(ex, &inner, "message", "A semantic error occurred.");
    em_set_word(ex, &inner, "innererror.code", "SEM0100");
    em_set_text(ex, &inner, "innererror.message",
                rd_arena_printf(ex->arena,
                                "%s%.*s%s%sailed to resolve table or column expression named "
                                "'%.*s'",
                                mark, RD_FMT(operation), mark,
                                operation.n > 0 ? " operator: F" : "F", RD_FMT(table)));
    return fail_argument(ex, &inner);
}

/* Reading -------------------------------------------------------------------------------------- */

static void skip_space(struct reading *reading)
{
    struct rd_str text = reading->text;
    while (reading->at < text.n) {
        char c = text.p[reading->at];
        bool is_comment = c == '/' && reading->at + 1 < text.n && text.p[reading->at + 1] == '/';
        if (is_comment) {
            size_t end = rd_str_find_char(text, '\n', reading->at);
            reading->at = end == RD_STR_NONE ? text.n : end;
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            reading->at++;
        } else {
            return;
        }
    }
}

static struct rd_str take_word(struct reading *reading)
{
    skip_space(reading);
    size_t from = reading->at;
    while (reading->at < reading->text.n &&
           (rd_char_is_alnum(reading->text.p[reading->at]) || reading->text.p[reading->at] == '_'))
        reading->at++;
    return rd_str_sub(reading->text, from, reading->at);
}

struct query {
    struct rd_str table;
    struct rd_str first; /* operator behind it, or "" */
    int64_t limit;       /* rows at most */
    bool counts;
};

#define NOT_YET                                                                                    \
    "A recognition error occurred in the query. (The embedded cloud does not emulate the query "   \
    "language yet: it answers a table's name, and behind it '| take N', '| limit N' and "          \
    "'| count'.)"

static bool read_operator(struct reading *reading, struct query *query)
{
    size_t at = reading->at;
    struct rd_str word = take_word(reading);
    int64_t number = 0;
    at = reading->at - word.n;
    query->first = query->first.n == 0 ? word : query->first;
    if (query->counts ||
        (!rd_str_is(word, "take") && !rd_str_is(word, "limit") && !rd_str_is(word, "count")))
        return fail_syntax(reading, at, NOT_YET);
    if (rd_str_is(word, "count")) {
        query->counts = true;
        return true;
    }
    word = take_word(reading);
    at = reading->at - word.n;
    if (!rd_str_to_int(word, 0, INT64_MAX, &number))
        return fail_syntax(reading, at, "A recognition error occurred in the query.");
    query->limit = number < query->limit ? number : query->limit;
    return true;
}

static bool read_query(struct reading *reading, struct query *query)
{
    *query = (struct query){.limit = ROW_COUNT_MAX, .table = take_word(reading), .first = {"", 0}};
    if (query->table.n == 0 || rd_char_is_digit(query->table.p[0]))
        return fail_syntax(reading, reading->at - query->table.n, NOT_YET);
    for (;;) {
        skip_space(reading);
        if (reading->at < reading->text.n && reading->text.p[reading->at] == ';')
            reading->at++;
        skip_space(reading);
        if (reading->at == reading->text.n)
            return true;
        if (reading->text.p[reading->at] != '|')
            return fail_syntax(reading, reading->at, NOT_YET);
        reading->at++;
        if (!read_operator(reading, query))
            return false;
    }
}

/* Time spans ----------------------------------------------------------------------------------- */

/* ISO 8601: "P1D", "PT30M", "P3DT12H". */
static bool read_duration(struct rd_str text, int64_t *ret_ms)
{
    static const struct {
        char unit;
        bool is_time;
        int64_t ms;
    } units[] = {{'W', false, 604800000},
                 {'D', false, 86400000},
                 {'H', true, 3600000},
                 {'M', true, 60000},
                 {'S', true, 1000}};
    bool is_time = false;
    size_t from = 1;
    *ret_ms = 0;
    if (text.n < 3 || text.p[0] != 'P')
        return false;
    for (size_t i = 1; i < text.n; i++) {
        int64_t number = 0, ms = 0;
        if (rd_char_is_digit(text.p[i]))
            continue;
        if (text.p[i] == 'T' && !is_time && from == i) {
            is_time = true;
            from = i + 1;
            continue;
        }
        for (size_t k = 0; k < EM_COUNT(units); k++)
            if (units[k].unit == text.p[i] && units[k].is_time == is_time)
                ms = units[k].ms;
        if (ms == 0 || !rd_str_to_int(rd_str_sub(text, from, i), 0, 1000000, &number))
            return false;
        *ret_ms += number * ms;
        from = i + 1;
    }
    return from == text.n;
}

static bool read_span(struct em_exchange *ex, struct rd_str text, int64_t *from_ms, int64_t *to_ms)
{
    size_t slash = rd_str_find_char(text, '/', 0);
    struct rd_str first = rd_str_sub(text, 0, slash);
    struct rd_str second =
        slash == RD_STR_NONE ? (struct rd_str){"", 0} : rd_str_sub(text, slash + 1, text.n);
    int64_t ms = 0;
    *from_ms = 0;
    *to_ms = ex->now_ms;
    if (text.n == 0)
        return true;
    bool is_good = false;
    if (slash == RD_STR_NONE && read_duration(text, &ms)) {
        *from_ms = ex->now_ms - ms;
        is_good = true;
    } else if (rd_time_parse(first, from_ms)) {
        is_good = rd_time_parse(second, to_ms);
        if (!is_good && read_duration(second, &ms)) {
            *to_ms = *from_ms + ms;
            is_good = true;
        }
    } else if (slash != RD_STR_NONE && read_duration(first, &ms) && rd_time_parse(second, to_ms)) {
        *from_ms = *to_ms - ms;
        is_good = true;
    }
    if (is_good)
        return true;
    struct rd_json inner = rd_json_object();
    em_set_word(ex, &inner, "code", "InvalidTimespan");
    em_set_text(ex, &inner, "message",
                rd_arena_printf(ex->arena,
                                "The timespan '%.*s' is no ISO 8601 duration or pair "
                                "of times.",
                                RD_FMT(em_quotable(ex, text))));
    return fail_argument(ex, &inner);
}

/* Answers -------------------------------------------------------------------------------------- */

static struct rd_json column(struct em_exchange *ex, struct rd_str name, struct rd_str type)
{
    struct rd_json one = rd_json_object();
    em_set_text(ex, &one, "name", name);
    em_set_text(ex, &one, "type", rd_str_is(type, "guid") ? RD_STR("string") : type);
    return one;
}

/* A text that is not there is empty, anything else null; dynamic values go as their JSON's text. */
static struct rd_json cell(struct em_exchange *ex, const struct rd_json *row,
                           const struct rd_json_member *its)
{
    const struct rd_json *value = rd_json_get(row, its->key);
    struct rd_str type = rd_json_str(&its->value);
    bool is_text = rd_str_is(type, "string") || rd_str_is(type, "dynamic");
    if (!rd_json_exists(value))
        return is_text ? rd_json_string((struct rd_str){"", 0}) : rd_json_null();
    if (is_text && !rd_json_is(value, RD_JSON_STRING))
        return rd_json_string(rd_json_text(ex->arena, value, RD_JSON_COMPACT));
    return *value;
}

static bool is_within(const struct rd_json *row, int64_t from_ms, int64_t to_ms)
{
    int64_t at_ms = 0;
    return !rd_time_parse(em_text_at(row, "TimeGenerated"), &at_ms) ||
           (at_ms >= from_ms && at_ms <= to_ms);
}

static void fill_table(struct em_exchange *ex, const struct query *query,
                       const struct rd_json *types, const struct rd_json *rows,
                       struct rd_json *table)
{
    struct rd_json columns = rd_json_array(), shown = rd_json_array();
    for (size_t i = 0; i < rd_json_count(types) && !query->counts; i++)
        (void)rd_json_append(
            ex->arena, &columns,
            column(ex, types->u.members[i].key, rd_json_str(&types->u.members[i].value)));
    for (size_t i = 0; i < rd_json_count(rows) && !query->counts; i++) {
        struct rd_json cells = rd_json_array();
        for (size_t k = 0; k < rd_json_count(types); k++)
            (void)rd_json_append(ex->arena, &cells,
                                 cell(ex, rd_json_item(rows, i), &types->u.members[k]));
        (void)rd_json_append(ex->arena, &shown, cells);
    }
    if (query->counts) {
        struct rd_json cells = rd_json_array();
        (void)rd_json_append(ex->arena, &columns, column(ex, RD_STR("Count"), RD_STR("long")));
        (void)rd_json_append(ex->arena, &cells, rd_json_integer((int64_t)rd_json_count(rows)));
        (void)rd_json_append(ex->arena, &shown, cells);
    }
    em_set_word(ex, table, "name", "PrimaryResult");
    em_set(ex, table, "columns", columns);
    em_set(ex, table, "rows", shown);
}

static bool answer(struct em_exchange *ex, const struct em_resource *workspace, struct rd_str text,
                   struct rd_str span)
{
    struct reading reading = {.ex = ex, .text = text};
    struct query query;
    int64_t from_ms = 0, to_ms = 0;
    if (text.n > QUERY_SIZE_MAX)
        return fail_syntax(&reading, 0, "The query is too long.");
    if (!read_span(ex, span, &from_ms, &to_ms) || !read_query(&reading, &query))
        return false;
    struct rd_json types = em_log_columns(ex, workspace, query.table);
    if (!rd_json_exists(&types))
        return fail_table(ex, query.table, query.first);
    struct rd_json all = rd_json_array(), rows = rd_json_array();
    em_log_state_rows(ex, workspace, query.table, &all);
    em_log_ingested_rows(ex, workspace, query.table, &all);
    for (size_t i = 0; i < rd_json_count(&all); i++)
        if ((int64_t)rd_json_count(&rows) < query.limit &&
            is_within(rd_json_item(&all, i), from_ms, to_ms))
            (void)rd_json_append(ex->arena, &rows, *rd_json_item(&all, i));
    struct rd_json body = rd_json_object(), table = rd_json_object();
    fill_table(ex, &query, &types, &rows, &table);
    (void)rd_json_append(ex->arena, em_array(ex, &body, "tables"), table);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

bool em_query_plane(struct em_exchange *ex)
{
    struct rd_str rest = rd_http_decode(ex->arena, ex->url.path);
    struct rd_str parts[4] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}};
    struct rd_str text = {"", 0}, span = {"", 0};
    rest = rd_str_sub(rest, 1, rest.n);
    for (size_t i = 0; i < EM_COUNT(parts) && rest.n > 0; i++)
        (void)rd_str_next(&rest, '/', &parts[i]);
    bool is_post = ex->request->method == RD_HTTP_POST;
    if (!rd_str_is_case(parts[0], "v1") || !rd_str_is_case(parts[1], "workspaces") ||
        !rd_str_is_case(parts[3], "query") || rest.n > 0 ||
        (!is_post && ex->request->method != RD_HTTP_GET))
        return fail(ex, 404, "PathNotFoundError", "The requested path does not exist", NULL);
    struct em_resource *workspace = em_workspace(ex, parts[2]);
    if (workspace == NULL)
        return fail(ex, 404, "WorkspaceNotFoundError", "The workspace could not be found", NULL);
    if (is_post) {
        text = em_text_at(&ex->body, "query");
        span = em_text_at(&ex->body, "timespan");
    } else {
        (void)rd_http_query_get(ex->arena, ex->url.query, "query", &text);
        (void)rd_http_query_get(ex->arena, ex->url.query, "timespan", &span);
    }
    return answer(ex, workspace, text, span);
}
