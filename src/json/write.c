/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "json_internal.h"
#include "json/json.h"

/* What stands for a byte that may not be inside quotes: 'u' a \u00XX, else the letter behind '\'.
 */
static const char escape_of[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
    ['\t'] = 't', [0x00] = 'u',  [0x01] = 'u', [0x02] = 'u', [0x03] = 'u', [0x04] = 'u',
    [0x05] = 'u', [0x06] = 'u',  [0x07] = 'u', [0x0b] = 'u', [0x0e] = 'u', [0x0f] = 'u',
    [0x10] = 'u', [0x11] = 'u',  [0x12] = 'u', [0x13] = 'u', [0x14] = 'u', [0x15] = 'u',
    [0x16] = 'u', [0x17] = 'u',  [0x18] = 'u', [0x19] = 'u', [0x1a] = 'u', [0x1b] = 'u',
    [0x1c] = 'u', [0x1d] = 'u',  [0x1e] = 'u', [0x1f] = 'u',
};

static void write_escape(struct rd_buf *buf, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', escape_of[c], '0', '0', hex[c >> 4], hex[c & 15]};
    rd_buf_add(buf, (struct rd_str){text, escape_of[c] == 'u' ? 6 : 2});
}

void rd_json_write_string(struct rd_buf *buf, struct rd_str s)
{
    const char *p = s.p;
    const char *end = s.n == 0 ? p : p + s.n;
    rd_buf_add_char(buf, '"');
    while (p < end) {
        const char *run = p;
        p = rd_json_plain_end(p, end);
        rd_buf_add(buf, (struct rd_str){run, (size_t)(p - run)});
        if (p < end)
            write_escape(buf, (unsigned char)*p++);
    }
    rd_buf_add_char(buf, '"');
}

static void new_line(struct rd_buf *buf, enum rd_json_style style, int depth)
{
    if (style != RD_JSON_PRETTY)
        return;
    rd_buf_add_char(buf, '\n');
    for (int i = 0; i < depth; i++)
        rd_buf_add(buf, RD_STR("  "));
}

static int by_key(const void *a, const void *b)
{
    const struct rd_json_member *const *x = a;
    const struct rd_json_member *const *y = b;
    return rd_str_cmp((*x)->key, (*y)->key);
}

static void write_value(struct rd_buf *buf, const struct rd_json *value, enum rd_json_style style,
                        int depth);

static void write_member(struct rd_buf *buf, const struct rd_json_member *member,
                         enum rd_json_style style, int depth, bool is_first)
{
    if (!is_first)
        rd_buf_add_char(buf, ',');
    new_line(buf, style, depth);
    rd_json_write_string(buf, member->key);
    rd_buf_add(buf, style == RD_JSON_PRETTY ? RD_STR(": ") : RD_STR(":"));
    write_value(buf, &member->value, style, depth);
}

static void write_sorted(struct rd_buf *buf, const struct rd_json *object, int depth)
{
    const struct rd_json_member **order = rd_heap_zalloc(object->count * sizeof(*order));
    for (size_t i = 0; i < object->count; i++)
        order[i] = &object->u.members[i];
    qsort(order, object->count, sizeof(*order), by_key);
    for (size_t i = 0; i < object->count; i++)
        write_member(buf, order[i], RD_JSON_CANONICAL, depth, i == 0);
    rd_heap_free(order);
}

static void write_object(struct rd_buf *buf, const struct rd_json *object, enum rd_json_style style,
                         int depth)
{
    rd_buf_add_char(buf, '{');
    if (style == RD_JSON_CANONICAL)
        write_sorted(buf, object, depth + 1);
    else
        for (size_t i = 0; i < object->count; i++)
            write_member(buf, &object->u.members[i], style, depth + 1, i == 0);
    if (object->count > 0)
        new_line(buf, style, depth);
    rd_buf_add_char(buf, '}');
}

static void write_array(struct rd_buf *buf, const struct rd_json *array, enum rd_json_style style,
                        int depth)
{
    rd_buf_add_char(buf, '[');
    for (size_t i = 0; i < array->count; i++) {
        if (i > 0)
            rd_buf_add_char(buf, ',');
        new_line(buf, style, depth + 1);
        write_value(buf, &array->u.items[i], style, depth + 1);
    }
    if (array->count > 0)
        new_line(buf, style, depth);
    rd_buf_add_char(buf, ']');
}

static void write_value(struct rd_buf *buf, const struct rd_json *value, enum rd_json_style style,
                        int depth)
{
    switch ((enum rd_json_type)value->type) {
    case RD_JSON_ABSENT:
    case RD_JSON_NULL:
        rd_buf_add(buf, RD_STR("null"));
        break;
    case RD_JSON_BOOL:
        rd_buf_add(buf, value->is_true ? RD_STR("true") : RD_STR("false"));
        break;
    case RD_JSON_INT:
        rd_buf_add_int(buf, value->u.i);
        break;
    case RD_JSON_NUMBER:
        rd_buf_add(buf, rd_json_number_text(value));
        break;
    case RD_JSON_STRING:
        rd_json_write_string(buf, rd_json_str(value));
        break;
    case RD_JSON_ARRAY:
        write_array(buf, value, style, depth);
        break;
    case RD_JSON_OBJECT:
        write_object(buf, value, style, depth);
        break;
    }
}

void rd_json_write(struct rd_buf *buf, const struct rd_json *value, enum rd_json_style style)
{
    write_value(buf, value, style, 0);
}

struct rd_str rd_json_text(struct rd_arena *arena, const struct rd_json *value,
                           enum rd_json_style style)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, (size_t)1 << 31);
    rd_json_write(&buf, value, style);
    return rd_arena_str(arena, rd_buf_str(&buf));
}
