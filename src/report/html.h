/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

/*
 * What the parts of the page share: escaped output, text that is measured before it is drawn, and
 * the SVG pieces of the pictures. Every byte from outside goes through html_text; html_raw is for
 * the module's own literals only.
 */

#include "report/report.h"

struct page {
    struct rd_arena *arena;
    struct rd_buf *out;
    const struct rd_report_input *input;
    int64_t next_id; /* of SVG markers: ids are unique in the file */
};

void html_raw(struct page *page, const char *literal);
/* Own markup with numbers in it. Text arguments must be literals or already escaped. */
RD_PRINTF(2, 3) void html_format(struct page *page, const char *fmt, ...);
/* Escaped for element content and for quoted attributes; bytes that are no UTF-8 and control
 * characters become U+FFFD. */
void html_text(struct page *page, struct rd_str text);
void html_text_c(struct page *page, const char *text);
/* <tag class="class_name">text</tag>; class_name may be NULL. */
void html_element(struct page *page, const char *tag, const char *class_name, struct rd_str text);
/* "4 resources", "1 resource". */
struct rd_str html_count(struct rd_arena *arena, size_t count, const char *one, const char *many);
struct rd_str html_time(struct rd_arena *arena, int64_t time_ms); /* 2026-11-21 21:40 UTC */
struct rd_str html_duration(struct rd_arena *arena, int64_t duration_ms);

/* Whether the live set lacks it. What is only referred to is never missed: nobody reads it. */
bool html_is_missing(const struct page *page, const struct rd_resource *resource);

/* The width in pixels of `text` set in the pictures' font (Helvetica and what shares its metrics)
 * at `size` pixels, rounded up, with some room for wider fallbacks. */
int html_width(struct rd_str text, int size, bool is_bold);
/* `text` when it fits into `width`, else its beginning and an ellipsis. */
struct rd_str html_fit(struct rd_arena *arena, struct rd_str text, int size, bool is_bold,
                       int width);

enum html_anchor { HTML_START, HTML_MIDDLE, HTML_END };

struct html_label {
    int x, y;  /* of the baseline */
    int width; /* there is no more than that */
    int size;
    enum html_anchor anchor;
    const char *class_name;
    bool is_bold;
};

/* An SVG text that never grows over its width; cut text has the whole as its tooltip. */
void html_label(struct page *page, const struct html_label *label, struct rd_str text);

#endif
