/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "html.h"

#include "base/clock.h"

/* Advance widths of Helvetica by the thousandth of an em, U+0020 to U+007E. Arial, Liberation Sans
 * and Nimbus Sans share them; DejaVu Sans, where there is none of these, is ROOM_PERCENT as wide.
 */
static const short advance[] = {
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584,
};

enum {
    ADVANCE_LATIN = 720, /* beyond ASCII, below the scripts that are set full width */
    ADVANCE_WIDE = 1000,
    ROOM_PERCENT = 117,
    BOLD_PERCENT = 110,
};

void html_raw(struct page *page, const char *literal)
{
    rd_buf_add_c(page->out, literal);
}

void html_format(struct page *page, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str text = rd_arena_vprintf(page->arena, fmt, ap);
    va_end(ap);
    rd_buf_add(page->out, text);
}

/* The length of the well-formed UTF-8 sequence that `s` begins with, or 0. */
static size_t sequence_length(struct rd_str s)
{
    unsigned char c = (unsigned char)s.p[0];
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (n > s.n || !rd_str_is_utf8(rd_str_sub(s, 0, n)))
        return 0;
    return n;
}

static void add_character(struct rd_buf *out, struct rd_str character)
{
    static const char *const entity[128] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
    };
    unsigned char c = (unsigned char)character.p[0];
    bool is_space = c == '\n' || c == '\t' || c == '\r';
    bool is_c1 = c == 0xC2 && character.n == 2 && (unsigned char)character.p[1] < 0xA0;
    if ((c < 0x20 && !is_space) || c == 0x7F || is_c1)
        rd_buf_add_c(out, "\xEF\xBF\xBD");
    else if (c < 128 && entity[c] != NULL)
        rd_buf_add_c(out, entity[c]);
    else
        rd_buf_add(out, character);
}

void html_text(struct page *page, struct rd_str text)
{
    for (size_t i = 0; i < text.n;) {
        size_t n = sequence_length(rd_str_sub(text, i, text.n));
        if (n == 0)
            rd_buf_add_c(page->out, "\xEF\xBF\xBD");
        else
            add_character(page->out, rd_str_sub(text, i, i + n));
        i += n == 0 ? 1 : n;
    }
}

void html_text_c(struct page *page, const char *text)
{
    html_text(page, rd_str_from(text));
}

void html_element(struct page *page, const char *tag, const char *class_name, struct rd_str text)
{
    if (class_name != NULL)
        html_format(page, "<%s class=\"%s\">", tag, class_name);
    else
        html_format(page, "<%s>", tag);
    html_text(page, text);
    html_format(page, "</%s>", tag);
}

struct rd_str html_count(struct rd_arena *arena, size_t count, const char *one, const char *many)
{
    return rd_arena_printf(arena, "%zu %s", count, count == 1 ? one : many);
}

struct rd_str html_time(struct rd_arena *arena, int64_t time_ms)
{
    char text[RD_TIME_TEXT_MAX];
    (void)rd_time_format(time_ms, false, text);
    struct rd_str all = rd_str_from(text);
    size_t t = rd_str_find_char(all, 'T', 0);
    if (t == RD_STR_NONE || all.n < t + 6)
        return rd_arena_str(arena, all);
    return rd_arena_printf(arena, "%.*s %.*s UTC", RD_FMT(rd_str_sub(all, 0, t)),
                           RD_FMT(rd_str_sub(all, t + 1, t + 6)));
}

struct rd_str html_duration(struct rd_arena *arena, int64_t duration_ms)
{
    char text[RD_TIME_TEXT_MAX];
    return rd_arena_str(arena, rd_str_from(rd_duration_format(duration_ms, text)));
}

bool html_is_missing(const struct page *page, const struct rd_resource *resource)
{
    const struct rd_set *live = page->input->live;
    return !resource->is_existing && (live == NULL || rd_set_find(live, resource->id) == NULL);
}

/* Thousandths of an em of the character that starts at `at`, and its length in bytes. */
static int advance_at(struct rd_str text, size_t at, size_t *ret_length)
{
    size_t n = sequence_length(rd_str_sub(text, at, text.n));
    *ret_length = n == 0 ? 1 : n;
    unsigned char c = (unsigned char)text.p[at];
    if (n == 1)
        return c >= 0x20 && c < 0x7F ? advance[c - 0x20] : ADVANCE_WIDE;
    if (n == 2 || (n == 3 && c == 0xE1 && (unsigned char)text.p[at + 1] < 0x84))
        return ADVANCE_LATIN;
    return ADVANCE_WIDE; /* from U+1100, and what is shown as U+FFFD */
}

static int64_t scaled(int64_t thousandths, int size, bool is_bold)
{
    int64_t width = thousandths * size * ROOM_PERCENT / 100;
    if (is_bold)
        width = width * BOLD_PERCENT / 100;
    return (width + 999) / 1000;
}

int html_width(struct rd_str text, int size, bool is_bold)
{
    int64_t sum = 0;
    size_t n;
    for (size_t i = 0; i < text.n && sum < INT32_MAX / 200; i += n)
        sum += advance_at(text, i, &n);
    return (int)scaled(sum, size, is_bold);
}

struct rd_str html_fit(struct rd_arena *arena, struct rd_str text, int size, bool is_bold,
                       int width)
{
    if (html_width(text, size, is_bold) <= width)
        return text;
    int64_t sum = ADVANCE_WIDE; /* of the ellipsis */
    size_t end = 0;
    for (size_t n; end < text.n; end += n) {
        sum += advance_at(text, end, &n);
        if (scaled(sum, size, is_bold) > width)
            break;
    }
    return rd_arena_printf(arena, "%.*s\xE2\x80\xA6",
                           RD_FMT(rd_str_trim(rd_str_sub(text, 0, end))));
}

void html_label(struct page *page, const struct html_label *label, struct rd_str text)
{
    static const char *const anchors[] = {[HTML_START] = "",
                                          [HTML_MIDDLE] = " text-anchor=\"middle\"",
                                          [HTML_END] = " text-anchor=\"end\""};
    struct rd_str shown = html_fit(page->arena, text, label->size, label->is_bold, label->width);
    html_format(page, "<text x=\"%d\" y=\"%d\" font-size=\"%d\"%s class=\"%s\">", label->x,
                label->y, label->size, anchors[label->anchor], label->class_name);
    html_text(page, shown);
    if (shown.n != text.n || shown.p != text.p) {
        html_raw(page, "<title>");
        html_text(page, text);
        html_raw(page, "</title>");
    }
    html_raw(page, "</text>\n");
}
