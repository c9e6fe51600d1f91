/* SPDX-License-Identifier: Apache-2.0 */
/* Our own Markdown documents for people at a terminal: no line is wider than a terminal, and what
 * stands beside each other in a table stands below each other here. */
#include "help.h"

#include "base/buf.h"

enum { WIDTH = 80, ROW_INDENT = 2, CELL_INDENT = 6, CODE_INDENT = 4, CELLS_MAX = 8 };

struct page_state {
    struct rd_buf *out;
    struct rd_arena *arena;
    struct rd_str header[CELLS_MAX]; /* of the table at hand */
    size_t header_count;             /* 0: in no table */
    bool is_code;
};

/* Without the marks that only a browser needs. */
static struct rd_str plain(struct rd_arena *arena, struct rd_str text)
{
    char *out = rd_arena_bytes(arena, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool is_bold = text.p[i] == '*' && i + 1 < text.n && text.p[i + 1] == '*';
        bool is_escape = text.p[i] == '\\' && i + 1 < text.n && text.p[i + 1] == '|';
        i += is_bold;
        if (text.p[i] != '`' && !is_bold && !is_escape)
            out[n++] = text.p[i];
    }
    return (struct rd_str){out, n};
}

static void folded(struct page_state *page, struct rd_str text, size_t indent, size_t hanging)
{
    rd_buf_printf(page->out, "%*s", (int)indent, "");
    rd_buf_add_wrapped(page->out, plain(page->arena, text), indent, indent + hanging, WIDTH);
}

/* The cells of "| a | b |"; a bar after a backslash or within `code` is text. */
static size_t split(struct rd_str line, struct rd_str cells[CELLS_MAX])
{
    size_t count = 0;
    size_t begin = 1;
    bool is_code = false;
    for (size_t i = 1; i < line.n && count < CELLS_MAX; i++) {
        is_code = is_code != (line.p[i] == '`');
        if (line.p[i] != '|' || is_code || line.p[i - 1] == '\\')
            continue;
        cells[count++] = rd_str_trim(rd_str_sub(line, begin, i));
        begin = i + 1;
    }
    return count;
}

static void row(struct page_state *page, struct rd_str line)
{
    struct rd_str cells[CELLS_MAX];
    size_t count = split(line, cells);
    if (page->header_count == 0) {
        for (size_t i = 0; i < count; i++)
            page->header[i] = cells[i];
        page->header_count = count;
        return;
    }
    if (rd_str_has_prefix(line, RD_STR("| ---")))
        return;
    for (size_t i = 0; i < count; i++) {
        if (cells[i].n == 0)
            continue;
        bool is_named = i > 0 && count > 2 && i < page->header_count;
        struct rd_str text = is_named ? rd_arena_printf(page->arena, "%.*s: %.*s",
                                                        RD_FMT(page->header[i]), RD_FMT(cells[i]))
                                      : cells[i];
        folded(page, text, i == 0 ? ROW_INDENT : CELL_INDENT, is_named ? 2 : 0);
    }
}

static void text_line(struct page_state *page, struct rd_str line)
{
    size_t marks = 0;
    while (marks < line.n && line.p[marks] == '#')
        marks++;
    if (marks > 0)
        line = rd_str_sub(line, marks + 1, line.n);
    bool is_item = rd_str_has_prefix(line, RD_STR("* ")) || rd_str_has_prefix(line, RD_STR("- "));
    folded(page, line, 0, is_item ? 2 : 0);
}

void page_print(struct rd_arena *arena, struct rd_buf *out, struct rd_str document)
{
    struct page_state page = {.out = out, .arena = arena};
    struct rd_str line;
    while (document.n > 0 && rd_str_next(&document, '\n', &line)) {
        bool is_row = !page.is_code && line.n > 0 && line.p[0] == '|';
        if (!is_row)
            page.header_count = 0;
        if (rd_str_has_prefix(line, RD_STR("```")))
            page.is_code = !page.is_code;
        else if (page.is_code)
            rd_buf_printf(out, "%*s%.*s\n", line.n > 0 ? CODE_INDENT : 0, "", RD_FMT(line));
        else if (is_row)
            row(&page, line);
        else if (!rd_str_has_prefix(line, RD_STR("<!--")))
            text_line(&page, line);
    }
}
