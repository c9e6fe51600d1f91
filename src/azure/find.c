/* SPDX-License-Identifier: Apache-2.0 */
/* Errors in JSON: whatever names a code where an error must stand, however deep. */
#include "find.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum {
    FOUND_COUNT_MAX = 1000,  /* a person reads them */
    REPORT_COUNT_MAX = 5000, /* before repeats are told apart: each costs a look at the table */
    DEPTH_MAX = 40,          /* of texts in texts; each level is a call */
    CODE_SIZE_MAX = 80,
    SCANS = 4,              /* how often, on average, a byte may be searched for the end of JSON */
    TEXT_ROW_SIZE_MIN = 20, /* a text of the table that tells its error without the code */
};

/* Members that hold an error's code, its text, or errors. */
static const char *const code_keys[] = {"code", "errorCode", "provisioningErrorCode",
                                        "internalErrorCode", "CodeSymbolic"};
static const char *const message_keys[] = {"message",     "error_description", "errorMessage",
                                           "errorString", "statusMessage",     "details",
                                           "title"};
static const char *const error_keys[] = {
    "error",        "odata.error", "innererror",    "details",           "errors",
    "errorDetails", "errorDetail", "statusMessage", "provisioningError", "additionalFailureDetails",
    "healthDetails"};
static const char *const state_keys[] = {"status",          "runState",         "state",
                                         "protectionState", "activationStatus", "healthStatus"};

#define IS_ONE_OF(key, words) is_one_of((key), (words), sizeof(words) / sizeof((words)[0]))

static bool is_one_of(struct rd_str key, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rd_str_is_case(key, words[i]))
            return true;
    return false;
}

const struct rd_json *finder_known(const struct finder *finder, struct rd_str code)
{
    return rd_map_get(&finder->known, code);
}

/* -2145648509 is 0x801c0083: Windows and its extensions write both. */
static struct rd_str spelling(struct rd_arena *arena, struct rd_str code)
{
    int64_t number = 0;
    if (code.n > 8 && code.p[0] == '-' && rd_str_to_int(code, INT32_MIN, -1, &number))
        return rd_arena_printf(arena, "0x%08x", (unsigned)(uint32_t)number);
    return code;
}

/* The same error again: it stands where it is deepest, and has a text if any of them has. */
static bool merge(struct finder *finder, const struct rd_json *row, struct rd_str code,
                  struct rd_str message, int depth)
{
    for (size_t i = 0; i < finder->list->count; i++) {
        struct rd_error_found *found = &finder->list->items[i];
        if (!rd_str_eq_case(found->code, code) || found->row != row)
            continue;
        if (message.n > 0 && (found->message.n == 0 || depth > found->depth))
            found->message = message;
        if (depth > found->depth)
            found->depth = depth;
        return true;
    }
    return false;
}

void finder_report(struct finder *finder, struct rd_str code, struct rd_str message, int depth)
{
    if (finder->reports_left == 0 || finder->list->count == FOUND_COUNT_MAX)
        return;
    finder->reports_left--;
    /* An instance view says "ProvisioningState/failed/ZonalAllocationFailed". */
    struct rd_str failed = RD_STR("ProvisioningState/failed/");
    if (rd_str_has_prefix_case(code, failed))
        code = rd_str_sub(code, failed.n, code.n);
    code = spelling(finder->arena, rd_str_trim(code));
    if (code.n > CODE_SIZE_MAX || rd_str_has_control(code))
        return;
    const struct rd_json *first = code.n > 0 ? finder_known(finder, code) : NULL;
    const struct rd_json *row = errors_row(finder->status, code, message);
    /* None fits this status or text: what the code means at all is better than nothing. */
    if (!rd_json_exists(row) && first != NULL)
        row = first;
    if (first != NULL)
        code = rd_json_str(rd_json_get(first, RD_STR("code")));
    if (merge(finder, row, code, message, depth))
        return;
    struct rd_error_list *list = finder->list;
    list->items =
        rd_arena_grow(finder->arena, list->items, list->count, &finder->cap, sizeof(*list->items));
    list->items[list->count++] = (struct rd_error_found){code, message, depth, row};
}

/* The text of a member that may be {"lang": "en", "value": "..."} (OData). */
static struct rd_str text_of(const struct rd_json *value)
{
    struct rd_str text = rd_json_str(value);
    return text.n > 0 ? text : rd_json_str(rd_json_get_case(value, RD_STR("value")));
}

static struct rd_str member_text(const struct rd_json *object, const char *const *keys,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct rd_str text = text_of(rd_json_get_case(object, rd_str_from(keys[i])));
        if (text.n > 0)
            return text;
    }
    return RD_STR("");
}

/* A number where a code stands is an HTTP status, or a Windows error. */
static struct rd_str code_of_number(struct finder *finder, const struct rd_json *value)
{
    int64_t number = rd_json_int(value, 0);
    if (!rd_json_is(value, RD_JSON_INT) || number == 0)
        return RD_STR("");
    struct rd_str text = rd_arena_printf(finder->arena, "%lld", (long long)number);
    return finder_known(finder, spelling(finder->arena, text)) != NULL ? text : RD_STR("");
}

/* Whether `code` is an error's, and no state that is as it should be. */
static bool is_code(const struct finder *finder, struct rd_str code, bool is_error)
{
    if (code.n == 0)
        return false;
    if (finder_known(finder, code) != NULL)
        return true;
    if (rd_str_find_char(code, '/', 0) != RD_STR_NONE)
        return rd_str_has_prefix_case(code, RD_STR("ProvisioningState/failed/"));
    return is_error && rd_str_find_char(code, ' ', 0) == RD_STR_NONE;
}

static void report_object(struct finder *finder, const struct rd_json *object, bool is_error,
                          int depth)
{
    struct rd_str message =
        member_text(object, message_keys, sizeof(message_keys) / sizeof(message_keys[0]));
    for (size_t i = 0; i < sizeof(code_keys) / sizeof(code_keys[0]); i++) {
        const struct rd_json *value = rd_json_get_case(object, rd_str_from(code_keys[i]));
        struct rd_str code = rd_json_str(value);
        if (code.n == 0)
            code = code_of_number(finder, value);
        if (is_code(finder, code, is_error || i > 0 || message.n > 0))
            finder_report(finder, code, message, depth);
    }
    /* OAuth: {"error": "invalid_client", "error_description": "AADSTS7000215: ..."} */
    struct rd_str oauth = rd_json_str(rd_json_get(object, RD_STR("error")));
    if (is_code(finder, oauth, rd_json_exists(rd_json_get(object, RD_STR("error_description")))))
        finder_report(finder, oauth, message, depth);
    const struct rd_json *numbers = rd_json_get(object, RD_STR("error_codes"));
    for (size_t i = 0; i < rd_json_count(numbers) && rd_json_is(numbers, RD_JSON_ARRAY); i++)
        if (rd_json_is(rd_json_item(numbers, i), RD_JSON_INT))
            finder_report(finder,
                          rd_arena_printf(finder->arena, "AADSTS%lld",
                                          (long long)rd_json_int(rd_json_item(numbers, i), 0)),
                          message, depth + 1);
    /* A session host's checks: named, and told when they fail. */
    struct rd_str result = rd_json_str(rd_json_get_case(object, RD_STR("healthCheckResult")));
    if (rd_str_is_case(result, "HealthCheckFailed"))
        finder_report(finder, rd_json_str(rd_json_get_case(object, RD_STR("healthCheckName"))),
                      rd_json_str(rd_json_at(object, "additionalFailureDetails.message")),
                      depth + 1);
}

static bool is_state(const struct finder *finder, struct rd_str word)
{
    const struct rd_json *row = finder_known(finder, word);
    return row != NULL && rd_str_is(rd_json_str(rd_json_get(row, RD_STR("kind"))), "state");
}

static void walk_member(struct finder *finder, const struct rd_json_member *member, int depth)
{
    bool is_error = IS_ONE_OF(member->key, error_keys);
    struct rd_str text = text_of(&member->value);
    if (rd_json_is(&member->value, RD_JSON_OBJECT) || rd_json_is(&member->value, RD_JSON_ARRAY))
        finder_walk(finder, &member->value, is_error, depth + 1);
    if (text.n == 0)
        return;
    if (IS_ONE_OF(member->key, state_keys) && is_state(finder, text)) {
        finder_report(finder, text, RD_STR(""), depth);
        return;
    }
    /* Other members hold names and ids, whose words mean nothing here; JSON in them does. */
    struct rd_str begin = rd_str_trim(text);
    if (is_error || IS_ONE_OF(member->key, message_keys) ||
        (begin.n > 1 && (begin.p[0] == '{' || begin.p[0] == '[')))
        finder_text(finder, text, depth + 1);
}

void finder_walk(struct finder *finder, const struct rd_json *value, bool is_error, int depth)
{
    if (depth >= DEPTH_MAX + RD_JSON_DEPTH_MAX)
        return;
    if (rd_json_is(value, RD_JSON_ARRAY)) {
        for (size_t i = 0; i < rd_json_count(value); i++) {
            const struct rd_json *item = rd_json_item(value, i);
            if (rd_json_is(item, RD_JSON_STRING) && is_error)
                finder_text(finder, rd_json_str(item), depth + 1);
            else
                finder_walk(finder, item, is_error, depth);
        }
        return;
    }
    if (!rd_json_is(value, RD_JSON_OBJECT))
        return;
    int64_t status = rd_json_int(rd_json_get_case(value, RD_STR("statusCode")), 0);
    if (status >= 400 && status < 600)
        finder->status = (int)status;
    report_object(finder, value, is_error, depth);
    for (size_t i = 0; i < rd_json_count(value); i++)
        walk_member(finder, &value->u.members[i], depth);
}

/* Nothing named a code: a text that one of the rows is known by, else the HTTP status alone. */
static void find_without_code(struct finder *finder, struct rd_str text)
{
    const struct rd_json *table = errors_table();
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        struct rd_str part = rd_json_str(rd_json_get(row, RD_STR("text")));
        struct rd_str code = rd_json_str(rd_json_get(row, RD_STR("code")));
        size_t at = part.n < TEXT_ROW_SIZE_MIN && code.n > 0 ? RD_STR_NONE
                                                             : rd_str_find_case(text, part, 0);
        if (at == RD_STR_NONE)
            continue;
        struct rd_str line = rd_str_sub(text, at, text.n);
        size_t end = rd_str_find_char(line, '\n', 0);
        finder_report(finder, code, rd_str_trim(rd_str_sub(line, 0, end)), 0);
        return;
    }
    if (finder->status != 0)
        finder_report(finder, rd_arena_printf(finder->arena, "%d", finder->status), RD_STR(""), 0);
}

static int by_depth(const void *a, const void *b)
{
    const struct rd_error_found *const *first = a;
    const struct rd_error_found *const *second = b;
    if ((*first)->depth != (*second)->depth)
        return (*first)->depth > (*second)->depth ? -1 : 1;
    return *first < *second ? -1 : *first > *second; /* then as they stand in the text */
}

static void sort(struct rd_arena *arena, struct rd_error_list *list)
{
    struct rd_error_found **order = rd_arena_array(arena, list->count, sizeof(*order));
    struct rd_error_found *sorted = rd_arena_array(arena, list->count, sizeof(*sorted));
    for (size_t i = 0; i < list->count; i++)
        order[i] = &list->items[i];
    if (list->count > 1)
        qsort(order, list->count, sizeof(struct rd_error_found *), by_depth);
    for (size_t i = 0; i < list->count; i++)
        sorted[i] = *order[i];
    list->items = sorted;
}

static void add_utf8(char *out, size_t *n, uint32_t c)
{
    if (c < 0x80) {
        out[(*n)++] = (char)c;
        return;
    }
    if (c >= 0x800)
        out[(*n)++] = (char)(0xe0 | c >> 12);
    out[(*n)++] = (char)((c >= 0x800 ? 0x80 : 0xc0) | (c >> 6 & (c >= 0x800 ? 0x3f : 0x1f)));
    out[(*n)++] = (char)(0x80 | (c & 0x3f));
}

/* Without its byte order mark; UTF-16, which Windows PowerShell writes files in, as UTF-8. Half a
 * surrogate pair becomes a question mark: codes are ASCII. */
static struct rd_str plain_text(struct rd_arena *arena, struct rd_str text)
{
    if (rd_str_has_prefix(text, RD_STR("\xef\xbb\xbf")))
        return rd_str_sub(text, 3, text.n);
    bool is_little = rd_str_has_prefix(text, RD_STR("\xff\xfe"));
    if (!is_little && !rd_str_has_prefix(text, RD_STR("\xfe\xff")))
        return text;
    char *out = rd_arena_bytes(arena, text.n / 2 * 3 + 1);
    size_t n = 0;
    for (size_t i = 2; i + 1 < text.n; i += 2) {
        uint32_t low = (unsigned char)text.p[is_little ? i : i + 1];
        uint32_t high = (unsigned char)text.p[is_little ? i + 1 : i];
        add_utf8(out, &n, high >= 0xd8 && high < 0xe0 ? '?' : high << 8 | low);
    }
    return (struct rd_str){out, n};
}

void rd_error_find(struct rd_arena *arena, struct rd_str text, struct rd_error_list *ret_list)
{
    *ret_list = (struct rd_error_list){0};
    text = plain_text(arena, text);
    struct finder finder = {.arena = arena,
                            .list = ret_list,
                            .scan_left = text.n * SCANS + 1024,
                            .reports_left = REPORT_COUNT_MAX};
    rd_map_init(&finder.known, true);
    const struct rd_json *table = errors_table();
    for (size_t i = 0; i < rd_json_count(table); i++) {
        struct rd_json *row =
            &table->u.items[i]; /* never written to: the map's values are not const */
        (void)rd_map_add(&finder.known, rd_json_str(rd_json_get(row, RD_STR("code"))), row);
    }
    (void)rd_map_remove(&finder.known, RD_STR(""));
    finder_text(&finder, text, 0);
    if (ret_list->count == 0)
        find_without_code(&finder, text);
    rd_map_done(&finder.known);
    sort(arena, ret_list);
}
