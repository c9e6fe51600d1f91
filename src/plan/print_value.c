/* SPDX-License-Identifier: Apache-2.0 */
#include "print_internal.h"

#include "base/limits.h"

enum { VALUE_SIZE_MAX = 4096 };

/* Compact JSON with references masked; stops when it is long enough to be cut. */
static void write_masked(struct rd_buf *out, const struct rd_json *value, int depth)
{
    if (out->is_full || depth == 0)
        return;
    if (rd_is_reference(value)) {
        rd_buf_add_c(out, rd_is_secret_reference(value)   ? "(secret)"
                          : rd_reference_id(value).n == 0 ? "(set when it is written)"
                                                          : "(known after apply)");
        return;
    }
    bool is_object = value->type == RD_JSON_OBJECT;
    if (!is_object && value->type != RD_JSON_ARRAY) {
        rd_json_write(out, value, RD_JSON_COMPACT);
        return;
    }
    rd_buf_add_char(out, is_object ? '{' : '[');
    for (size_t i = 0; i < value->count && !out->is_full; i++) {
        rd_buf_add_c(out, i > 0 ? ", " : "");
        if (is_object) {
            rd_json_write_string(out, value->u.members[i].key);
            rd_buf_add_c(out, ": ");
        }
        write_masked(out, is_object ? &value->u.members[i].value : &value->u.items[i], depth - 1);
    }
    rd_buf_add_char(out, is_object ? '}' : ']');
}

size_t rd_print_columns(struct rd_str text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.n; i++)
        columns += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    return columns;
}

/* The first `columns` characters. */
static struct rd_str cut(struct rd_str text, size_t columns)
{
    size_t i = 0;
    for (size_t seen = 0; i < text.n; i++) {
        seen += ((unsigned char)text.p[i] & 0xc0) != 0x80;
        if (seen > columns)
            break;
    }
    return rd_str_sub(text, 0, i);
}

void rd_print_value(struct rd_buf *out, const struct rd_json *value, bool is_secret, size_t width)
{
    enum { DOTS = 3, WIDTH_MIN = 12 };
    if (is_secret || value->type == RD_JSON_ABSENT) {
        rd_buf_add_c(out, is_secret ? "(secret)" : "(none)");
        return;
    }
    RD_CLEANUP(rd_buf_done) struct rd_buf text;
    rd_buf_init(&text, VALUE_SIZE_MAX);
    write_masked(&text, value, RD_JSON_DEPTH_MAX);
    struct rd_str whole = rd_buf_str(&text);
    width = width < WIDTH_MIN ? WIDTH_MIN : width;
    if (!text.is_full && rd_print_columns(whole) <= width) {
        rd_buf_add(out, whole);
        return;
    }
    rd_buf_add(out, cut(whole, width - DOTS));
    rd_buf_add_c(out, "...");
}

struct rd_str rd_print_cut(struct rd_arena *arena, struct rd_str text, size_t width)
{
    enum { DOTS = 3 };
    if (rd_print_columns(text) <= width || width < DOTS)
        return text;
    return rd_arena_printf(arena, "%.*s...", RD_FMT(cut(text, width - DOTS)));
}

void rd_print_wrapped(struct rd_buf *out, struct rd_str text, size_t indent, size_t width)
{
    rd_buf_printf(out, "%*s", (int)indent, "");
    rd_buf_add_wrapped(out, text, indent, indent, width);
}

struct rd_str rd_print_pattern(struct rd_arena *arena, struct rd_str text)
{
    enum { GUID_SIZE = 36 };
    char *out = rd_arena_bytes(arena, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        if (rd_str_is_guid(rd_str_sub(text, i, i + GUID_SIZE))) {
            out[n++] = '#';
            i += GUID_SIZE;
        } else if (rd_char_is_digit(text.p[i])) {
            out[n++] = '#';
            while (i < text.n && rd_char_is_digit(text.p[i]))
                i++;
        } else {
            out[n++] = text.p[i++];
        }
    }
    return (struct rd_str){out, n};
}
