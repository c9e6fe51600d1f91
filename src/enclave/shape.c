/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

struct shape {
    struct rd_arena *arena;
    const char *p;
    va_list ap;
};

static void skip_space(struct shape *shape)
{
    while (*shape->p == ' ' || *shape->p == '\n')
        shape->p++;
}

/* Takes `c` when it comes next. */
static bool take(struct shape *shape, char c)
{
    skip_space(shape);
    if (*shape->p != c)
        return false;
    shape->p++;
    return true;
}

static void expect(struct shape *shape, char c)
{
    bool is_there = take(shape, c);
    assert(is_there);
    (void)is_there;
}

static bool is_word_char(char c)
{
    return rd_char_is_alnum(c) || (c != '\0' && strchr("-_.$/", c) != NULL);
}

static struct rd_str word(struct shape *shape)
{
    skip_space(shape);
    const char *start = shape->p;
    if (*start == '\'') {
        const char *end = strchr(start + 1, '\'');
        assert(end != NULL);
        shape->p = end + 1;
        return (struct rd_str){start + 1, (size_t)(end - start - 1)};
    }
    while (is_word_char(*shape->p))
        shape->p++;
    assert(shape->p > start);
    return (struct rd_str){start, (size_t)(shape->p - start)};
}

static struct rd_json literal(struct shape *shape)
{
    bool is_quoted = *shape->p == '\'';
    struct rd_str text = word(shape);
    int64_t number = 0;
    if (is_quoted)
        return rd_json_string(text);
    if (rd_str_is(text, "true") || rd_str_is(text, "false"))
        return rd_json_bool(text.n == 4);
    if (rd_str_is(text, "null"))
        return rd_json_null();
    if (rd_str_to_int(text, INT64_MIN, INT64_MAX, &number))
        return rd_json_integer(number);
    return rd_json_string(text);
}

static struct rd_json argument(struct shape *shape)
{
    char kind = *shape->p++;
    if (kind == 's')
        return rd_json_string(va_arg(shape->ap, struct rd_str));
    if (kind == 'j')
        return va_arg(shape->ap, struct rd_json);
    if (kind == 'i')
        return rd_json_integer(va_arg(shape->ap, int64_t));
    assert(kind == 'b');
    return rd_json_bool(va_arg(shape->ap, int) != 0);
}

static bool is_nothing(const struct rd_json *value)
{
    if (value->type == RD_JSON_STRING || value->type == RD_JSON_ARRAY ||
        value->type == RD_JSON_OBJECT)
        return value->count == 0;
    return value->type == RD_JSON_ABSENT;
}

/* The depth is that of the program's own literals. */
static struct rd_json value_of(struct shape *shape);

static struct rd_json object(struct shape *shape)
{
    struct rd_json result = rd_json_object();
    while (!take(shape, '}')) {
        struct rd_str key = word(shape);
        bool is_optional = take(shape, '?');
        expect(shape, ':');
        struct rd_json value = value_of(shape);
        if (!is_optional || !is_nothing(&value))
            (void)rd_json_add(shape->arena, &result, key, value);
        if (!take(shape, ',')) {
            expect(shape, '}');
            break;
        }
    }
    return result;
}

static struct rd_json array(struct shape *shape)
{
    struct rd_json result = rd_json_array();
    while (!take(shape, ']')) {
        (void)rd_json_append(shape->arena, &result, value_of(shape));
        if (!take(shape, ',')) {
            expect(shape, ']');
            break;
        }
    }
    return result;
}

static struct rd_json value_of(struct shape *shape)
{
    if (take(shape, '{'))
        return object(shape);
    if (take(shape, '['))
        return array(shape);
    if (take(shape, '%'))
        return argument(shape);
    return literal(shape);
}

struct rd_json rd_shape(struct rd_arena *arena, const char *text, ...)
{
    struct shape shape = {.arena = arena, .p = text};
    va_start(shape.ap, text);
    struct rd_json result = value_of(&shape);
    va_end(shape.ap);
    skip_space(&shape);
    assert(*shape.p == '\0');
    return result;
}
