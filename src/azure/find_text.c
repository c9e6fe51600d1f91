/* SPDX-License-Identifier: Apache-2.0 */
/* Errors in text that people and tools wrote, which may hold JSON, whole or cut off. */
#include "find.h"

#include <string.h>

#include "http/message.h"

enum {
    DEPTH_MAX = 40,
    INDENT_MAX = 16,
    CONTEXT_SIZE_MAX = 2000, /* what follows a code and may tell which of its meanings it has */
    DISTINCT_SIZE_MIN = 8,   /* shorter words are words of any text */
};

struct scan {
    struct finder *finder;
    struct rd_str text;
    size_t line; /* where the line at hand begins */
    int depth;
};

static bool is_word_char(char c)
{
    return rd_char_is_alnum(c) || c == '_' || c == '.';
}

/* az sets what lies inside of an error one tab further in, pretty JSON two spaces. */
static int depth_at(const struct scan *scan)
{
    int tabs = 0;
    int spaces = 0;
    for (size_t i = scan->line; i < scan->text.n; i++) {
        if (scan->text.p[i] == '\t')
            tabs++;
        else if (scan->text.p[i] == ' ')
            spaces++;
        else
            break;
        if (tabs + spaces / 2 == INDENT_MAX)
            break;
    }
    return scan->depth + tabs + spaces / 2;
}

static struct rd_str rest_of_line(const struct scan *scan, size_t from)
{
    struct rd_str rest = rd_str_sub(scan->text, from, from + CONTEXT_SIZE_MAX);
    return rd_str_trim(rd_str_sub(rest, 0, rd_str_find_char(rest, '\n', 0)));
}

/* The end of the JSON that begins at `from`, or 0: brackets match, those in strings don't count. */
static size_t json_end(struct finder *finder, struct rd_str text, size_t from)
{
    size_t open = 0;
    bool is_string = false;
    for (size_t i = from; i < text.n && finder->scan_left > 0; i++) {
        finder->scan_left--;
        char c = text.p[i];
        if (is_string) {
            i += c == '\\';
            is_string = c != '"';
            continue;
        }
        is_string = c == '"';
        open += c == '{' || c == '[';
        if ((c == '}' || c == ']') && --open == 0)
            return i + 1;
    }
    return 0;
}

/* Where it ends, when JSON begins at `from`; else 0. */
static size_t take_json(const struct scan *scan, size_t from)
{
    struct finder *finder = scan->finder;
    size_t end = json_end(finder, scan->text, from);
    if (end == 0 || scan->depth >= DEPTH_MAX)
        return 0;
    struct rd_json *value = rd_arena_zalloc(finder->arena, sizeof(*value));
    struct rd_err err;
    if (rd_json_parse(finder->arena, "text", rd_str_sub(scan->text, from, end), 0, value, &err) !=
        RD_RC_OK)
        return 0;
    finder_walk(finder, value, false, depth_at(scan) + (from > 0));
    return end;
}

/* Such as SkuNotAvailable: no word of a language. */
static bool is_distinct(struct rd_str word)
{
    size_t upper = 0;
    size_t lower = 0;
    for (size_t i = 0; i < word.n; i++) {
        upper += word.p[i] >= 'A' && word.p[i] <= 'Z';
        lower += word.p[i] >= 'a' && word.p[i] <= 'z';
    }
    return word.n >= DISTINCT_SIZE_MIN && lower > 0 && (upper > 1 || rd_char_is_digit(word.p[0]));
}

/* Without what stands between a code and its text. */
static struct rd_str without_marks(struct rd_str text)
{
    while (text.n > 0 && strchr("=:,;'\"\\)]}. ", text.p[0]) != NULL)
        text = rd_str_sub(text, 1, text.n);
    return text;
}

static void report(const struct scan *scan, struct rd_str code, size_t end, struct rd_str message)
{
    if (scan->finder->reports_left == 0)
        return;
    if (message.n == 0)
        message = rest_of_line(scan, end);
    /* The text that tells one meaning from another may stand on a later line. */
    struct rd_str context = rd_str_sub(scan->text, end, end + CONTEXT_SIZE_MAX);
    const struct rd_json *row = errors_row(scan->finder->status, code, context);
    struct rd_str part = rd_json_str(rd_json_get(row, RD_STR("text")));
    size_t at = part.n > 0 && rd_str_find_case(message, part, 0) == RD_STR_NONE
                    ? rd_str_find_case(context, part, 0)
                    : RD_STR_NONE;
    if (at != RD_STR_NONE)
        message = rest_of_line(scan, end + at);
    message = without_marks(message);
    if (rd_str_has_prefix_case(message, RD_STR("message")))
        message = without_marks(rd_str_sub(message, 7, message.n));
    finder_report(scan->finder, code, message, depth_at(scan));
}

static size_t word_end(struct rd_str text, size_t from)
{
    while (from < text.n && is_word_char(text.p[from]))
        from++;
    return from;
}

static bool take_status(struct finder *finder, struct rd_str word)
{
    int64_t status = 0;
    if (word.n != 3 || !rd_str_to_int(word, 400, 599, &status))
        return false;
    finder->status = (int)status;
    return true;
}

/* What stands behind "code", ':' or '=', and quotes, those of escaped JSON too; or "". */
static struct rd_str value_after(struct rd_str text, size_t from, bool *ret_is_set)
{
    bool is_set = false;
    while (from < text.n && strchr(":= \t'\"\\", text.p[from]) != NULL) {
        is_set |= text.p[from] == ':' || text.p[from] == '=';
        from++;
    }
    *ret_is_set = is_set;
    size_t end = word_end(text, from);
    while (end > from && text.p[end - 1] == '.')
        end--;
    return rd_str_sub(text, from, end);
}

/* "Code: X", "errorCode=X", \"code\":\"X\", "StatusCode: 409", and "error: X: ..." of Terraform. */
static bool take_named(const struct scan *scan, struct rd_str word, size_t end)
{
    bool is_status = rd_str_is_case(word, "http") || rd_str_has_prefix_case(word, RD_STR("status"));
    bool is_error = rd_str_is_case(word, "error");
    if (!is_status && !is_error && !rd_str_has_suffix_case(word, RD_STR("code")))
        return false;
    bool is_set = false;
    struct rd_str value = value_after(scan->text, end, &is_set);
    if (value.n == 0 || is_status)
        return take_status(scan->finder, value);
    size_t value_end = (size_t)(value.p - scan->text.p) + value.n;
    if (!is_set || (is_error && (value_end >= scan->text.n || scan->text.p[value_end] != ':')))
        return false;
    bool is_hex = rd_str_has_prefix_case(value, RD_STR("0x")) && value.n == 10;
    bool is_name = !is_error && value.n > 3 && value.p[0] >= 'A' && value.p[0] <= 'Z';
    if (!is_hex && !is_name && !is_distinct(value) && finder_known(scan->finder, value) == NULL)
        return false;
    report(scan, value, value_end, RD_STR(""));
    return true;
}

/* "(SkuNotAvailable) The requested ...", as az begins its errors. */
static bool take_bracketed(const struct scan *scan, struct rd_str word, size_t begin, size_t end)
{
    struct rd_str text = scan->text;
    if (begin == 0 || text.p[begin - 1] != '(' || end >= text.n || text.p[end] != ')')
        return false;
    /* Nothing stands before it in the line but a word such as "ERROR:" or "Exception Details:". */
    struct rd_str before = rd_str_trim(rd_str_sub(text, scan->line, begin - 1));
    bool is_first = before.n == 0 || before.p[before.n - 1] == ':';
    bool is_known = finder_known(scan->finder, word) != NULL;
    if (!is_first || (!is_known && !is_distinct(word)))
        return false;
    report(scan, word, end + 1, RD_STR(""));
    return true;
}

/* A known code, or one whose form says what it is, anywhere in the text. */
static bool take_known(const struct scan *scan, struct rd_str word, size_t begin, size_t end)
{
    struct rd_str code = word;
    bool is_number = rd_char_is_digit(word.p[0]);
    if (is_number && begin > 0 && scan->text.p[begin - 1] == '-')
        code = rd_str_sub(scan->text, begin - 1, end);
    bool is_signed = code.n > word.n && code.n > 9;
    bool is_aad =
        rd_str_has_prefix(word, RD_STR("AADSTS")) && word.n > 6 && rd_char_is_digit(word.p[6]);
    bool is_akv = rd_str_has_prefix(word, RD_STR("AKV")) && word.n > 7;
    if (rd_str_is(word, "PowerState") && end < scan->text.n && scan->text.p[end] == '/')
        code = rd_str_sub(scan->text, begin, word_end(scan->text, end + 1));
    bool is_hex = rd_str_has_prefix_case(word, RD_STR("0x")) && word.n == 10;
    if (!is_aad && !is_akv && !is_signed && !is_hex && !is_distinct(code))
        return false;
    if (is_signed) {
        int64_t number = 0;
        if (!rd_str_to_int(code, INT32_MIN, -1, &number))
            return false;
        code = rd_arena_printf(scan->finder->arena, "0x%08x", (unsigned)(uint32_t)number);
    }
    if (!is_aad && finder_known(scan->finder, code) == NULL)
        return false;
    report(scan, code, end, RD_STR(""));
    return true;
}

static void take_word(struct scan *scan, size_t begin, size_t end)
{
    struct rd_str word = rd_str_sub(scan->text, begin, end);
    while (word.n > 0 && word.p[word.n - 1] == '.')
        word.n--;
    if (word.n == 0 || take_named(scan, word, begin + word.n) ||
        take_bracketed(scan, word, begin, begin + word.n) ||
        take_known(scan, word, begin, begin + word.n))
        return;
    /* "502 Bad Gateway" is a status line, wherever it stands. */
    int64_t status = 0;
    if (word.n == 3 && rd_str_to_int(word, 400, 599, &status)) {
        struct rd_str name = rd_str_from(rd_http_status_text((int)status));
        struct rd_str next = rd_str_sub(scan->text, end + 1, end + 1 + name.n);
        if (name.n > 0 && rd_str_eq_case(next, name))
            (void)take_status(scan->finder, word);
    }
}

void finder_text(struct finder *finder, struct rd_str text, int depth)
{
    if (depth >= DEPTH_MAX)
        return;
    struct scan scan = {.finder = finder, .text = text, .depth = depth};
    size_t i = 0;
    while (i < text.n) {
        char c = text.p[i];
        size_t end = c == '{' || c == '[' ? take_json(&scan, i) : 0;
        if (end == 0 && is_word_char(c)) {
            end = word_end(text, i);
            take_word(&scan, i, end);
        }
        i = end > i ? end : i + 1;
        if (c == '\n')
            scan.line = i;
    }
}
