/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass, no recursion over items: the members of open objects and arrays collect on a stack and
 * move to the arena when their container closes, so each array of members is exact in size and
 * every byte is looked at once (twice for UTF-8, eight at a time).
 */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "json_internal.h"
#include "json/json.h"

struct parser {
    struct rd_arena *arena;
    const char *name;
    struct rd_str text;
    const char *p;
    const char *end;
    int options;
    struct rd_err *err;
    struct rd_json_member *stack; /* members of all open containers, innermost last */
    size_t stack_count;
    size_t stack_cap;
    int depth;
};

void rd_json_position(struct rd_str text, uint32_t offset, int *ret_line, int *ret_column)
{
    int line = 1;
    int column = 1;
    for (size_t i = 0; i < offset && i < text.n; i++) {
        if (text.p[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text.p[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

RD_NODISCARD static enum rd_rc fail_at(struct parser *parser, const char *at, const char *what)
{
    int line;
    int column;
    rd_json_position(parser->text, (uint32_t)(at - parser->text.p), &line, &column);
    return RD_FAIL(parser->err, RD_RC_INVALID, "%s:%d:%d: %s", parser->name, line, column, what);
}

static bool is_lenient(const struct parser *parser)
{
    return (parser->options & RD_JSON_LENIENT) != 0;
}

static const char *space_end(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* Behind the comment that begins at `p`; `p` itself when none does, or when it does not end. */
static const char *comment_end(const char *p, const char *end)
{
    if (end - p < 2 || p[0] != '/' || (p[1] != '/' && p[1] != '*'))
        return p;
    const char *at = p + 2;
    if (p[1] == '/') {
        while (at < end && *at != '\n')
            at++;
        return at;
    }
    while (end - at >= 2 && (at[0] != '*' || at[1] != '/'))
        at++;
    return end - at >= 2 ? at + 2 : p;
}

static void skip_space(struct parser *parser)
{
    parser->p = space_end(parser->p, parser->end);
    if (!is_lenient(parser))
        return;
    const char *behind;
    while ((behind = comment_end(parser->p, parser->end)) != parser->p)
        parser->p = space_end(behind, parser->end);
}

/* Where a string can no longer be taken as it stands: a quote, an escape, a control character. */
static const char *plain_end(const struct parser *parser, const char *p)
{
    p = rd_json_plain_end(p, parser->end);
    while (is_lenient(parser) && p < parser->end && (*p == '\n' || *p == '\r' || *p == '\t'))
        p = rd_json_plain_end(p + 1, parser->end);
    return p;
}

static int hex_value(const char *p)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        if (!rd_char_is_hex(p[i]))
            return -1;
        value = value * 16 + rd_char_hex(p[i]);
    }
    return value;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | (c >> 6));
        *out++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (char)(0xe0 | (c >> 12));
        *out++ = (char)(0x80 | ((c >> 6) & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    } else {
        *out++ = (char)(0xf0 | (c >> 18));
        *out++ = (char)(0x80 | ((c >> 12) & 0x3f));
        *out++ = (char)(0x80 | ((c >> 6) & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    }
    return out;
}

/* RFC 8259 section 7: \uXXXX, with surrogates only in pairs. p is behind the 'u'. */
RD_NODISCARD static enum rd_rc parse_unicode(struct parser *parser, const char **p, char **out)
{
    const char *start = *p - 2;
    int unit = parser->end - *p >= 4 ? hex_value(*p) : -1;
    if (unit < 0)
        return fail_at(parser, start, "\\u needs four hexadecimal digits");
    *p += 4;
    uint32_t c = (uint32_t)unit;
    if (c >= 0xdc00 && c <= 0xdfff)
        return fail_at(parser, start, "a low surrogate without a high one before it");
    if (c >= 0xd800 && c <= 0xdbff) {
        int low =
            parser->end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' ? hex_value(*p + 2) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return fail_at(parser, start, "a high surrogate without a low one after it");
        *p += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
    }
    *out = put_utf8(*out, c);
    return RD_RC_OK;
}

static char plain_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return c;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return 0;
    }
}

/* The rest of a string that has an escape at `p`; `start` is behind the opening quote. */
RD_NODISCARD static enum rd_rc parse_escaped(struct parser *parser, const char *start,
                                             const char *p, struct rd_str *ret_s)
{
    const char *closing = p;
    while (closing < parser->end && *closing != '"')
        closing += *closing == '\\' && closing + 1 < parser->end ? 2 : 1;
    char *text = rd_arena_bytes(parser->arena, (size_t)(closing - start) + 1);
    memcpy(text, start, (size_t)(p - start));
    char *out = text + (p - start);
    for (;;) {
        const char *run = p;
        p = plain_end(parser, p);
        memcpy(out, run, (size_t)(p - run));
        out += p - run;
        if (p == parser->end)
            return fail_at(parser, start - 1, "a string without its closing quote");
        if (*p == '"')
            break;
        if (*p != '\\')
            return fail_at(parser, p, "a control character in a string must be escaped");
        if (p + 1 == parser->end)
            return fail_at(parser, start - 1, "a string without its closing quote");
        p += 2;
        if (p[-1] == 'u') {
            RD_TRY(parse_unicode(parser, &p, &out));
            continue;
        }
        char c = plain_escape(p[-1]);
        if (c == 0)
            return fail_at(parser, p - 2, "an unknown escape in a string");
        *out++ = c;
    }
    *out = '\0';
    *ret_s = (struct rd_str){text, (size_t)(out - text)};
    parser->p = p + 1;
    return RD_RC_OK;
}

/* At an opening quote. */
RD_NODISCARD static enum rd_rc parse_string(struct parser *parser, struct rd_str *ret_s)
{
    const char *start = parser->p + 1;
    const char *p = plain_end(parser, start);
    if (p < parser->end && *p == '"') {
        *ret_s = (struct rd_str){start, (size_t)(p - start)};
        parser->p = p + 1;
        return RD_RC_OK;
    }
    if (p == parser->end)
        return fail_at(parser, start - 1, "a string without its closing quote");
    return parse_escaped(parser, start, p, ret_s);
}

static const char *digits_end(const char *p, const char *end)
{
    while (p < end && rd_char_is_digit(*p))
        p++;
    return p;
}

/* RFC 8259 section 6. At '-' or a digit. */
RD_NODISCARD static enum rd_rc parse_number(struct parser *parser, struct rd_json *ret_value)
{
    const char *start = parser->p;
    const char *p = start + (*start == '-');
    const char *whole = p;
    p = digits_end(p, parser->end);
    if (p == whole)
        return fail_at(parser, start, "a number needs a digit after its sign");
    if (*whole == '0' && p - whole > 1)
        return fail_at(parser, start, "a number may not begin with 0");
    bool is_integer = true;
    if (p < parser->end && *p == '.') {
        const char *fraction = ++p;
        p = digits_end(p, parser->end);
        if (p == fraction)
            return fail_at(parser, start, "a number needs a digit after its point");
        is_integer = false;
    }
    if (p < parser->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < parser->end && (*p == '+' || *p == '-'))
            p++;
        const char *exponent = p;
        p = digits_end(p, parser->end);
        if (p == exponent)
            return fail_at(parser, start, "a number needs a digit in its exponent");
        is_integer = false;
    }
    struct rd_str text = {start, (size_t)(p - start)};
    parser->p = p;
    bool is_minus_zero = text.n == 2 && start[0] == '-' && start[1] == '0';
    ret_value->type = RD_JSON_INT;
    if (is_integer && !is_minus_zero && rd_str_to_int(text, INT64_MIN, INT64_MAX, &ret_value->u.i))
        return RD_RC_OK;
    ret_value->type = RD_JSON_NUMBER;
    ret_value->u.text = text.p;
    ret_value->count = (uint32_t)text.n;
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc parse_word(struct parser *parser, const char *word, size_t n)
{
    if ((size_t)(parser->end - parser->p) < n || memcmp(parser->p, word, n) != 0)
        return fail_at(parser, parser->p, "expected a value");
    parser->p += n;
    return RD_RC_OK;
}

static void push(struct parser *parser, struct rd_str key, const struct rd_json *value)
{
    if (parser->stack_count == parser->stack_cap) {
        parser->stack_cap = parser->stack_cap == 0 ? 64 : parser->stack_cap * 2;
        parser->stack = rd_heap_resize(parser->stack, parser->stack_cap * sizeof(*parser->stack));
    }
    struct rd_json_member *member = &parser->stack[parser->stack_count++];
    member->key = key;
    member->value = *value;
}

RD_NODISCARD static enum rd_rc parse_value(struct parser *parser, struct rd_json *ret_value);

RD_NODISCARD static enum rd_rc parse_array(struct parser *parser, struct rd_json *ret_value)
{
    size_t base = parser->stack_count;
    const char *start = parser->p++;
    skip_space(parser);
    bool is_empty = parser->p < parser->end && *parser->p == ']';
    while (!is_empty) {
        struct rd_json item;
        RD_TRY(parse_value(parser, &item));
        push(parser, (struct rd_str){NULL, 0}, &item);
        skip_space(parser);
        if (parser->p == parser->end)
            return fail_at(parser, start, "an array without its closing bracket");
        if (*parser->p == ']')
            break;
        if (*parser->p != ',')
            return fail_at(parser, parser->p, "expected ',' or ']'");
        parser->p++;
    }
    parser->p++;
    size_t count = parser->stack_count - base;
    ret_value->type = RD_JSON_ARRAY;
    ret_value->count = ret_value->cap = (uint32_t)count;
    ret_value->u.items = NULL;
    if (count > 0) {
        ret_value->u.items = rd_arena_alloc(parser->arena, count * sizeof(struct rd_json));
        for (size_t i = 0; i < count; i++)
            ret_value->u.items[i] = parser->stack[base + i].value;
    }
    parser->stack_count = base;
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc check_unique(struct parser *parser, size_t base, struct rd_str key,
                                            const char *at)
{
    for (size_t i = base; i < parser->stack_count; i++)
        if (rd_str_eq(parser->stack[i].key, key))
            return fail_at(parser, at, "the member is named twice in one object");
    return RD_RC_OK;
}

/* A name without quotes, where such may stand; "" otherwise. */
static struct rd_str bare_name(struct parser *parser)
{
    const char *start = parser->p;
    const char *p = start;
    while (is_lenient(parser) && p < parser->end &&
           (rd_char_is_alpha(*p) || *p == '_' || *p == '$' || (p > start && rd_char_is_digit(*p))))
        p++;
    parser->p = p;
    return (struct rd_str){start, (size_t)(p - start)};
}

RD_NODISCARD static enum rd_rc parse_member(struct parser *parser, size_t base)
{
    skip_space(parser);
    const char *at = parser->p;
    struct rd_str key = bare_name(parser);
    if (key.n == 0 && (at == parser->end || *at != '"'))
        return fail_at(parser, at, "expected a member's name in double quotes");
    if (key.n == 0)
        RD_TRY(parse_string(parser, &key));
    if (parser->options & RD_JSON_UNIQUE_KEYS)
        RD_TRY(check_unique(parser, base, key, at));
    skip_space(parser);
    if (parser->p == parser->end || *parser->p != ':')
        return fail_at(parser, parser->p, "expected ':' after a member's name");
    parser->p++;
    struct rd_json value;
    RD_TRY(parse_value(parser, &value));
    push(parser, key, &value);
    skip_space(parser);
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc parse_object(struct parser *parser, struct rd_json *ret_value)
{
    size_t base = parser->stack_count;
    const char *start = parser->p++;
    skip_space(parser);
    bool is_empty = parser->p < parser->end && *parser->p == '}';
    while (!is_empty) {
        RD_TRY(parse_member(parser, base));
        if (parser->p == parser->end)
            return fail_at(parser, start, "an object without its closing brace");
        if (*parser->p == '}')
            break;
        if (*parser->p != ',')
            return fail_at(parser, parser->p, "expected ',' or '}'");
        parser->p++;
    }
    parser->p++;
    size_t count = parser->stack_count - base;
    ret_value->type = RD_JSON_OBJECT;
    ret_value->count = ret_value->cap = (uint32_t)count;
    ret_value->u.members = NULL;
    if (count > 0) {
        size_t size = count * sizeof(struct rd_json_member);
        ret_value->u.members = rd_arena_alloc(parser->arena, size);
        memcpy(ret_value->u.members, parser->stack + base, size);
    }
    parser->stack_count = base;
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc parse_container(struct parser *parser, struct rd_json *ret_value)
{
    if (++parser->depth > RD_JSON_DEPTH_MAX) {
        (void)!fail_at(parser, parser->p, "nested deeper than 64 levels");
        parser->err->rc = RD_RC_LIMIT;
        return RD_RC_LIMIT;
    }
    if (*parser->p == '{')
        RD_TRY(parse_object(parser, ret_value));
    else
        RD_TRY(parse_array(parser, ret_value));
    parser->depth--;
    return RD_RC_OK;
}

static enum rd_rc parse_value(struct parser *parser, struct rd_json *ret_value)
{
    skip_space(parser);
    if (parser->p == parser->end)
        return fail_at(parser, parser->p, "expected a value, found the end");
    *ret_value = (struct rd_json){.offset = (uint32_t)(parser->p - parser->text.p)};
    struct rd_str s;
    switch (*parser->p) {
    case '{':
    case '[':
        return parse_container(parser, ret_value);
    case '"':
        RD_TRY(parse_string(parser, &s));
        ret_value->type = RD_JSON_STRING;
        ret_value->u.text = s.p;
        ret_value->count = (uint32_t)s.n;
        return RD_RC_OK;
    case 't':
        ret_value->type = RD_JSON_BOOL;
        ret_value->is_true = 1;
        return parse_word(parser, "true", 4);
    case 'f':
        ret_value->type = RD_JSON_BOOL;
        return parse_word(parser, "false", 5);
    case 'n':
        ret_value->type = RD_JSON_NULL;
        return parse_word(parser, "null", 4);
    default:
        if (*parser->p == '-' || rd_char_is_digit(*parser->p))
            return parse_number(parser, ret_value);
        return fail_at(parser, parser->p, "expected a value");
    }
}

RD_NODISCARD static enum rd_rc check_utf8(struct parser *parser)
{
    if (rd_str_is_utf8(parser->text))
        return RD_RC_OK;
    size_t good = 0; /* the longest well-formed prefix, by halving */
    for (size_t step = parser->text.n; step > 0; step = step > 1 ? (step + 1) / 2 : 0)
        while (good + step <= parser->text.n &&
               rd_str_is_utf8(rd_str_sub(parser->text, 0, good + step)))
            good += step;
    return fail_at(parser, parser->text.p + good, "the text is not UTF-8");
}

enum rd_rc rd_json_parse(struct rd_arena *arena, const char *name, struct rd_str text, int options,
                         struct rd_json *ret_value, struct rd_err *err)
{
    if (text.n > JSON_TEXT_SIZE_MAX)
        return RD_FAIL(err, RD_RC_LIMIT, "%s: JSON of more than 2 GB", name);
    if (text.n == 0)
        return RD_FAIL(err, RD_RC_INVALID, "%s:1:1: expected JSON, found nothing", name);
    struct parser parser = {.arena = arena,
                            .name = name,
                            .text = text,
                            .p = text.p,
                            .end = text.p + text.n,
                            .options = options,
                            .err = err};
    struct rd_json value = {0};
    enum rd_rc rc = check_utf8(&parser);
    if (rc == RD_RC_OK)
        rc = parse_value(&parser, &value);
    if (rc == RD_RC_OK) {
        skip_space(&parser);
        if (parser.p != parser.end)
            rc = fail_at(&parser, parser.p, "expected the end after the value");
    }
    rd_heap_free(parser.stack);
    if (rc == RD_RC_OK)
        *ret_value = value;
    return rc;
}
