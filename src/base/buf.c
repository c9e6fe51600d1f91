/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

enum { SIZE_FIRST = 256 };

void rd_buf_init(struct rd_buf *buf, size_t size_max)
{
    assert(size_max > 0);
    *buf = (struct rd_buf){.size_max = size_max};
}

void rd_buf_done(struct rd_buf *buf)
{
    rd_heap_free(buf->p);
    *buf = (struct rd_buf){.size_max = buf->size_max};
}

void rd_buf_clear(struct rd_buf *buf)
{
    buf->n = 0;
    buf->is_full = false;
}

void rd_buf_wipe(struct rd_buf *buf)
{
    if (buf->p != NULL)
        explicit_bzero(buf->p, buf->cap);
    rd_buf_clear(buf);
}

static void grow(struct rd_buf *buf, size_t cap)
{
    if (buf->is_secret) {
        char *bigger = rd_heap_zalloc(cap);
        if (buf->n > 0)
            memcpy(bigger, buf->p, buf->n);
        if (buf->p != NULL)
            explicit_bzero(buf->p, buf->cap);
        rd_heap_free(buf->p);
        buf->p = bigger;
    } else {
        buf->p = rd_heap_resize(buf->p, cap);
    }
    buf->cap = cap;
}

char *rd_buf_room(struct rd_buf *buf, size_t n)
{
    assert(buf->size_max > 0);
    if (buf->is_full || n > buf->size_max - buf->n) {
        buf->is_full = true;
        return NULL;
    }
    if (buf->cap - buf->n <= n) { /* one byte stays free for rd_buf_c */
        size_t cap = buf->cap == 0 ? SIZE_FIRST : buf->cap;
        while (cap - buf->n <= n)
            cap *= 2;
        grow(buf, cap);
    }
    return buf->p + buf->n;
}

void rd_buf_add(struct rd_buf *buf, struct rd_str s)
{
    if (s.n == 0)
        return;
    char *room = rd_buf_room(buf, s.n);
    if (room == NULL)
        return;
    memcpy(room, s.p, s.n);
    buf->n += s.n;
}

void rd_buf_add_c(struct rd_buf *buf, const char *c_string)
{
    rd_buf_add(buf, rd_str_from(c_string));
}

void rd_buf_add_char(struct rd_buf *buf, char c)
{
    char *room = rd_buf_room(buf, 1);
    if (room == NULL)
        return;
    *room = c;
    buf->n++;
}

void rd_buf_add_int(struct rd_buf *buf, int64_t value)
{
    char digits[24];
    size_t i = sizeof(digits);
    uint64_t left = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--i] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        digits[--i] = '-';
    rd_buf_add(buf, (struct rd_str){digits + i, sizeof(digits) - i});
}

void rd_buf_printf(struct rd_buf *buf, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    char *room = rd_buf_room(buf, (size_t)n);
    if (room != NULL) {
        (void)vsnprintf(room, (size_t)n + 1, fmt, again);
        buf->n += (size_t)n;
    }
    va_end(again);
}

/* Columns of UTF-8 text: its characters. */
static size_t columns_of(struct rd_str text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.n; i++)
        columns += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    return columns;
}

static void add_spaces(struct rd_buf *buf, size_t count)
{
    while (count-- > 0)
        rd_buf_add_char(buf, ' ');
}

void rd_buf_add_wrapped(struct rd_buf *buf, struct rd_str text, size_t column, size_t indent,
                        size_t width)
{
    bool is_first = true; /* nothing stands before a word that it must be kept apart from */
    for (size_t i = 0; i < text.n;) {
        if (text.p[i] == ' ' || text.p[i] == '\n') {
            bool is_empty_line = text.p[i] == '\n' && i + 1 < text.n && text.p[i + 1] == '\n';
            if (is_empty_line && !is_first) {
                rd_buf_add_c(buf, "\n\n");
                add_spaces(buf, indent);
                column = indent;
                is_first = true;
            }
            i++;
            continue;
        }
        size_t end = i;
        while (end < text.n && text.p[end] != ' ' && text.p[end] != '\n')
            end++;
        struct rd_str word = rd_str_sub(text, i, end);
        size_t columns = columns_of(word);
        if (column > indent && column + !is_first + columns > width) {
            rd_buf_add_char(buf, '\n');
            add_spaces(buf, indent);
            column = indent;
        } else if (!is_first) {
            rd_buf_add_char(buf, ' ');
            column++;
        }
        rd_buf_add(buf, word);
        column += columns;
        is_first = false;
        i = end;
    }
    rd_buf_add_char(buf, '\n');
}

struct rd_str rd_buf_str(const struct rd_buf *buf)
{
    return (struct rd_str){buf->p == NULL ? "" : buf->p, buf->n};
}

const char *rd_buf_c(struct rd_buf *buf)
{
    if (buf->p == NULL)
        return "";
    buf->p[buf->n] = '\0'; /* rd_buf_room keeps one byte free */
    return buf->p;
}
