/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "azure/client.h"
#include "base/limits.h"
#include "facts/facts.h"
#include "find.h"

enum { NESTING_MAX = 8 }; /* of details in details; real ones have three levels at most */

static const char *const class_names[] = {
#define STATUS(name, exit_status, class_, retryable, text) [RD_RC_##name] = #name,
#include "status.def"
#undef STATUS
};

static enum rd_rc rc_of_name(struct rd_str name)
{
    for (int i = 0; i < RD_RC_COUNT; i++)
        if (rd_str_is(name, class_names[i]))
            return (enum rd_rc)i;
    return RD_RC_CONFIGURATION; /* a word of an overriding file that we don't know */
}

const struct rd_json *errors_table(void)
{
    const struct rd_json *table = &rd_json_absent;
    struct rd_err err;
    if (rd_facts_get("errors", &table, &err) != RD_RC_OK)
        table = rd_facts_embedded("errors");
    return table;
}

static struct rd_str text_of(const struct rd_json *row, struct rd_str key)
{
    return rd_json_str(rd_json_get(row, key));
}

/* A row that asks for a text or a status says more than the plain one of its code, and than a plain
 * one of the code that happens to stand around that text. */
const struct rd_json *errors_row(int status, struct rd_str code, struct rd_str message)
{
    const struct rd_json *table = errors_table();
    const struct rd_json *plain = &rd_json_absent;
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        struct rd_str row_code = text_of(row, RD_STR("code"));
        if (row_code.n > 0 && (row_code.n != code.n || !rd_str_eq_case(row_code, code)))
            continue;
        struct rd_str text = text_of(row, RD_STR("text"));
        int64_t row_status = rd_json_int(rd_json_get(row, RD_STR("status")), 0);
        if (row_status != 0 && status != 0 && row_status != status)
            continue;
        if (text.n > 0 && rd_str_find_case(message, text, 0) != RD_STR_NONE)
            return row;
        if (text.n == 0 && row_code.n > 0 && !rd_json_exists(plain))
            plain = row;
    }
    return plain;
}

static enum rd_rc rc_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return RD_RC_PERMISSION;
    case 404:
    case 410:
        return RD_RC_NOT_FOUND;
    case 409:
    case 412:
    case 423:
        return RD_RC_CONFLICT;
    case 408:
    case 429:
        return RD_RC_TRANSIENT;
    default:
        break;
    }
    if (status >= 500)
        return RD_RC_TRANSIENT;
    return status >= 400 ? RD_RC_CONFIGURATION : RD_RC_CLOUD;
}

enum rd_rc rd_error_classify(int status, struct rd_str code, struct rd_str message)
{
    /* Throttling keys on the status: its codes are shared with quota (azure-compute 1.4). */
    if (status == 429)
        return RD_RC_TRANSIENT;
    const struct rd_json *row = errors_row(status, code, message);
    if (rd_json_exists(row))
        return rc_of_name(rd_json_str(rd_json_get(row, RD_STR("class"))));
    /* A failed operation comes with HTTP 200: an unknown code there is the input's fault at first
     * sight, because what is known to pass is in the table. */
    return status < 400 && code.n > 0 ? RD_RC_CONFIGURATION : rc_of_status(status);
}

struct rd_str rd_error_hint(struct rd_str code, struct rd_str message)
{
    return rd_json_str(rd_json_get(errors_row(0, code, message), RD_STR("remedy")));
}

enum rd_rc rd_error_explain(enum rd_rc rc, struct rd_str code, struct rd_str message,
                            struct rd_str hint, struct rd_err *err)
{
    const struct rd_json *row = errors_row(0, code, message);
    struct rd_str meaning = text_of(row, RD_STR("meaning"));
    struct rd_str who = text_of(row, RD_STR("who"));
    struct rd_str source = text_of(row, RD_STR("source"));
    struct rd_str date = text_of(row, RD_STR("date"));
    if (hint.n == 0)
        hint = rd_json_str(rd_json_get(row, RD_STR("remedy")));
    if (hint.n == 0)
        hint = RD_STR("correct the cause and run the same command again: it goes on from here");
    rc = rd_err_hint(rc, err, "%.*s", RD_FMT(hint));
    if (meaning.n > 0)
        rc = rd_err_frame(rc, err, "meaning: %.*s", RD_FMT(meaning));
    if (who.n > 0 && !rd_str_is(who, "nobody"))
        rc = rd_err_frame(rc, err, "to act: %.*s", RD_FMT(who));
    if (source.n > 0)
        rc = rd_err_frame(rc, err, "known from: %.*s%s%.*s", RD_FMT(source), date.n > 0 ? ", " : "",
                          RD_FMT(date));
    return rc;
}

static struct rd_explanation explanation_of(const struct rd_json *row)
{
    return (struct rd_explanation){
        .code = text_of(row, RD_STR("code")),
        .text = text_of(row, RD_STR("text")),
        .status = (int)rd_json_int(rd_json_get(row, RD_STR("status")), 0),
        .group = text_of(row, RD_STR("group")),
        .rc = rc_of_name(text_of(row, RD_STR("class"))),
        .is_state = rd_str_is(text_of(row, RD_STR("kind")), "state"),
        .meaning = text_of(row, RD_STR("meaning")),
        .remedy = text_of(row, RD_STR("remedy")),
        .who = text_of(row, RD_STR("who")),
        .source = text_of(row, RD_STR("source")),
        .date = text_of(row, RD_STR("date")),
    };
}

size_t rd_explanation_count(void)
{
    return rd_json_count(errors_table());
}

struct rd_explanation rd_explanation_at(size_t index)
{
    return explanation_of(rd_json_item(errors_table(), index));
}

bool rd_explanation_of(const struct rd_error_found *found, struct rd_explanation *ret_explanation)
{
    if (!rd_json_exists(found->row))
        return false;
    *ret_explanation = explanation_of(found->row);
    return true;
}

static void add_near(struct rd_str near, struct rd_str ret_near[RD_EXPLAIN_NEAR_MAX], size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        if (rd_str_eq_case(ret_near[i], near))
            return;
    if (near.n > 0 && *count < RD_EXPLAIN_NEAR_MAX)
        ret_near[(*count)++] = near;
}

size_t rd_explain_nearest(struct rd_str code, struct rd_str ret_near[RD_EXPLAIN_NEAR_MAX])
{
    enum { WORD_COUNT_MAX = 1000, PART_SIZE_MIN = 4 };
    struct rd_str words[WORD_COUNT_MAX];
    const struct rd_json *table = errors_table();
    size_t word_count = 0;
    size_t count = 0;
    for (size_t i = 0; i < rd_json_count(table) && word_count < WORD_COUNT_MAX; i++)
        words[word_count++] = text_of(rd_json_item(table, i), RD_STR("code"));
    add_near(rd_str_nearest(code, words, word_count), ret_near, &count);
    for (size_t i = 0; i < word_count && code.n >= PART_SIZE_MIN; i++)
        if (rd_str_find_case(words[i], code, 0) != RD_STR_NONE ||
            (words[i].n >= PART_SIZE_MIN && rd_str_find_case(code, words[i], 0) != RD_STR_NONE))
            add_near(words[i], ret_near, &count);
    return count;
}

bool rd_error_propagates(struct rd_str code, struct rd_str message)
{
    return rd_json_is_true(rd_json_get(errors_row(0, code, message), RD_STR("propagation")));
}

/* Some providers put a whole error, as escaped JSON, where the message belongs (deployments do).
 * Absent when the message is ordinary text. */
static const struct rd_json *error_in_text(struct rd_arena *arena, struct rd_str message)
{
    message = rd_str_trim(message);
    if (message.n < 2 || message.p[0] != '{')
        return &rd_json_absent;
    struct rd_json *value = rd_arena_alloc(arena, sizeof(*value));
    struct rd_err err;
    if (rd_json_parse(arena, "message", message, 0, value, &err) != RD_RC_OK)
        return &rd_json_absent;
    const struct rd_json *error = rd_json_get_case(value, RD_STR("error"));
    return rd_json_is(error, RD_JSON_OBJECT) ? error : value;
}

static bool has_code(const struct rd_json *error)
{
    return rd_json_str(rd_json_get_case(error, RD_STR("code"))).n > 0;
}

/* The search for the error that says most: of those that wrap no other, the first that the table
 * knows, else the first. A deployment's details name every resource that failed, and the one that
 * others failed for need not come first. */
struct search {
    struct rd_arena *arena;
    struct rd_str code, message;
    int score; /* of what was found so far: 0 nothing, 1 an error, 2 one of the table's */
    int left;  /* errors that may still be looked at */
};

enum { SEARCH_COUNT_MAX = 1000 };

static void search_error(struct search *search, const struct rd_json *error, struct rd_str code,
                         struct rd_str message, int depth);

/* What `error` itself wraps: details, an inner error, or an error inside its text. False when it
 * wraps none. */
static bool search_inner(struct search *search, const struct rd_json *error, struct rd_str code,
                         struct rd_str message, int depth)
{
    const struct rd_json *details = rd_json_get_case(error, RD_STR("details"));
    bool is_found = false;
    for (size_t i = 0; i < rd_json_count(details) && rd_json_is(details, RD_JSON_ARRAY); i++)
        if (has_code(rd_json_item(details, i))) {
            search_error(search, rd_json_item(details, i), code, message, depth);
            is_found = true;
        }
    const struct rd_json *inner = rd_json_get_case(error, RD_STR("innererror"));
    if (!is_found && !has_code(inner))
        inner =
            error_in_text(search->arena, rd_json_str(rd_json_get_case(error, RD_STR("message"))));
    if (is_found || !has_code(inner))
        return is_found;
    search_error(search, inner, code, message, depth);
    return true;
}

static void search_error(struct search *search, const struct rd_json *error, struct rd_str code,
                         struct rd_str message, int depth)
{
    if (search->left-- <= 0 || search->score == 2)
        return;
    struct rd_str own_code = rd_json_str(rd_json_get_case(error, RD_STR("code")));
    struct rd_str own_message = rd_json_str(rd_json_get_case(error, RD_STR("message")));
    if (own_code.n > 0)
        code = own_code;
    /* A message that is JSON is for machines; the one around it is for people. */
    if (own_message.n > 0 && (message.n == 0 || own_message.p[0] != '{'))
        message = own_message;
    if (depth + 1 < NESTING_MAX && search_inner(search, error, code, message, depth + 1))
        return;
    int score = rd_json_exists(errors_row(0, code, message)) ? 2 : 1;
    if (score <= search->score)
        return;
    search->score = score;
    search->code = code;
    search->message = message;
}

void rd_error_parse(struct rd_arena *arena, const struct rd_json *body, struct rd_str *ret_code,
                    struct rd_str *ret_message)
{
    struct search search = {
        .arena = arena, .code = {"", 0}, .message = {"", 0}, .left = SEARCH_COUNT_MAX};
    const struct rd_json *error = rd_json_get_case(body, RD_STR("error"));
    if (!rd_json_is(error, RD_JSON_OBJECT))
        error = body; /* some providers leave the wrapper out (azure-compute 1.2) */
    if (rd_json_is(error, RD_JSON_OBJECT))
        search_error(&search, error, search.code, search.message, 0);
    *ret_code = search.code;
    *ret_message = search.message;
}
