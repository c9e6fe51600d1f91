/* SPDX-License-Identifier: Apache-2.0 */
#include "run_rows.h"
#include "sections.h"

enum { TICKS_MAX = 6, MESSAGE_SHOWN_MAX = 400, PER_MILLE_MIN = 4, TICK_TEXT_MAX = 870 };

/* Tick distances in seconds, the first that leaves at most TICKS_MAX ticks is taken. */
static const int64_t tick_seconds[] = {1,    2,     5,     10,    15,    30,    60,
                                       120,  300,   600,   900,   1200,  1800,  3600,
                                       7200, 10800, 14400, 28800, 43200, 86400, 172800};

static int64_t tick_distance(int64_t length_ms)
{
    size_t last = sizeof(tick_seconds) / sizeof(tick_seconds[0]) - 1;
    for (size_t i = 0; i < last; i++)
        if (length_ms / (tick_seconds[i] * 1000) < TICKS_MAX)
            return tick_seconds[i] * 1000;
    int64_t days = length_ms / 86400000 / TICKS_MAX + 1;
    return days * 86400000;
}

/* Tenths of a percent of the run at a time. */
static int64_t per_mille(const struct run_rows *rows, int64_t time_ms)
{
    int64_t length = rows->end_ms - rows->start_ms;
    int64_t at = time_ms - rows->start_ms;
    if (length <= 0 || at < 0)
        return 0;
    return at >= length ? 1000 : at * 1000 / length;
}

static void draw_grid(struct page *page, const struct run_rows *rows)
{
    int64_t length = rows->end_ms - rows->start_ms, distance = tick_distance(length);
    for (int64_t at = distance; at < length; at += distance) {
        int64_t x = per_mille(rows, rows->start_ms + at);
        html_format(page, "<path d=\"M%lld 0v16\"/>", (long long)x);
    }
}

/* "+1 h 30 min", without parts that are zero. */
static struct rd_str tick_text(struct rd_arena *arena, int64_t at_ms)
{
    if (at_ms == 0)
        return RD_STR("start");
    int64_t s = at_ms / 1000;
    const int64_t parts[] = {s / 86400, s / 3600 % 24, s / 60 % 60, s % 60};
    static const char *const units[] = {"d", "h", "min", "s"};
    struct rd_str text = RD_STR("+");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i] > 0)
            text = rd_arena_printf(arena, "%.*s%s%lld %s", RD_FMT(text), text.n > 1 ? " " : "",
                                   (long long)parts[i], units[i]);
    return text;
}

static void draw_axis(struct page *page, const struct run_rows *rows)
{
    int64_t length = rows->end_ms - rows->start_ms, distance = tick_distance(length);
    html_raw(page, "<svg class=\"axis\" width=\"100%\" height=\"16\" aria-hidden=\"true\">");
    for (int64_t at = 0; at < length; at += distance) {
        int64_t x = per_mille(rows, rows->start_ms + at);
        if (x > TICK_TEXT_MAX)
            break;
        html_format(page, "<text x=\"%lld.%lld%%\" y=\"12\">%.*s</text>", (long long)(x / 10),
                    (long long)(x % 10), RD_FMT(tick_text(page->arena, at)));
    }
    html_raw(page, "</svg>");
}

static const char *bar_class(const struct run_row *row)
{
    if (row->state == RUN_FAILED)
        return "failed";
    if (row->state == RUN_OPEN)
        return "open";
    if (row->is_critical)
        return "critical";
    return row->count > 1 ? "many" : "done";
}

static void draw_track(struct page *page, const struct run_rows *rows, const struct run_row *row)
{
    int64_t from = per_mille(rows, row->start_ms);
    int64_t width = per_mille(rows, row->end_ms) - from;
    width = width < PER_MILLE_MIN ? PER_MILLE_MIN : width;
    from = from + width > 1000 ? 1000 - width : from;
    html_raw(page, "<svg class=\"track\" viewBox=\"0 0 1000 16\" preserveAspectRatio=\"none\""
                   " aria-hidden=\"true\">");
    draw_grid(page, rows);
    html_format(page, "<rect class=\"%s\" x=\"%lld\" y=\"3\" width=\"%lld\" height=\"10\"/></svg>",
                bar_class(row), (long long)from, (long long)width);
}

/* The beginning of a long message, not cut within a character. */
static struct rd_str message_shown(struct rd_str message)
{
    if (message.n <= MESSAGE_SHOWN_MAX)
        return message;
    size_t n = MESSAGE_SHOWN_MAX;
    while (n > 0 && ((unsigned char)message.p[n] & 0xC0) == 0x80)
        n--;
    return rd_str_sub(message, 0, n);
}

static void row_name(struct page *page, const struct run_row *row)
{
    if (!rd_str_is(row->step, "put")) {
        html_element(page, "span", "step", row->step);
        html_raw(page, " ");
    }
    html_element(page, "span", "kind", row->label);
    html_raw(page, " ");
    if (row->count > 1)
        html_format(page, "<b>\xC3\x97 %zu</b>", row->count);
    else
        html_element(page, "b", NULL, row->name);
    if (row->code.n > 0 || row->message.n > 0) {
        html_raw(page, "<div class=\"why\">");
        html_element(page, "code", NULL, row->code);
        html_raw(page, " ");
        struct rd_str shown = message_shown(row->message);
        html_text(page, shown);
        html_raw(page, shown.n < row->message.n ? "\xE2\x80\xA6</div>" : "</div>");
    }
    if (row->state == RUN_OPEN)
        html_raw(page, "<div class=\"why\">not ended</div>");
}

static void draw_row(struct page *page, const struct run_rows *rows, const struct run_row *row)
{
    html_raw(page, "<tr><th scope=\"row\">");
    row_name(page, row);
    html_raw(page, "</th><td class=\"bars\">");
    draw_track(page, rows, row);
    html_raw(page, "</td><td class=\"num start\">+");
    html_text(page, html_duration(page->arena, row->start_ms - rows->start_ms));
    html_raw(page, "</td><td class=\"num\">");
    html_text(page, html_duration(page->arena, row->end_ms - row->start_ms));
    html_raw(page, "</td></tr>\n");
}

static void draw_part(struct page *page, const struct run_rows *rows, size_t from, size_t to,
                      struct rd_str title)
{
    if (from >= to)
        return;
    html_raw(page, "<tbody><tr class=\"part\"><th colspan=\"4\" scope=\"rowgroup\">");
    html_text(page, title);
    html_raw(page, "</th></tr>\n");
    for (size_t i = from; i < to; i++)
        draw_row(page, rows, rows->rows[i]);
    html_raw(page, "</tbody>\n");
}

static void add_fact(struct page *page, const char *name, struct rd_str value)
{
    html_raw(page, "<div><dt>");
    html_text_c(page, name);
    html_raw(page, "</dt><dd>");
    html_text(page, value);
    html_raw(page, "</dd></div>");
}

/* Counts from the run's summary, which is JSON that the engine wrote. */
static void add_summary(struct page *page, const struct rd_run_record *run)
{
    static const struct {
        const char *key, *name;
    } rows[] = {{"skipped", "steps not started"},
                {"requests", "requests"},
                {"polls", "of them polls"},
                {"throttled", "throttled"},
                {"retried", "retried"}};
    struct rd_json summary;
    struct rd_err err = {.rc = RD_RC_OK};
    if (run->summary.n == 0 ||
        rd_json_parse(page->arena, "summary", run->summary, 0, &summary, &err) != RD_RC_OK)
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct rd_json *value = rd_json_get(&summary, rd_str_from(rows[i].key));
        if (rd_json_is(value, RD_JSON_INT) && value->u.i != 0)
            add_fact(page, rows[i].name,
                     rd_arena_printf(page->arena, "%lld", (long long)value->u.i));
    }
}

static void draw_totals(struct page *page, const struct run_rows *rows)
{
    static const char *const states[] = {
        [RD_RUN_RUNNING] = "not ended",
        [RD_RUN_SUCCEEDED] = "succeeded",
        [RD_RUN_FAILED] = "failed",
        [RD_RUN_INTERRUPTED] = "interrupted",
    };
    const struct rd_run_record *run = page->input->run;
    struct rd_arena *arena = page->arena;
    html_raw(page, "<dl class=\"facts\">");
    add_fact(page, "run",
             rd_arena_printf(arena, "%lld, %.*s, %s", (long long)run->run, RD_FMT(run->verb),
                             states[run->state]));
    add_fact(page, "from", html_time(arena, rows->start_ms));
    add_fact(page, "to", html_time(arena, rows->end_ms));
    add_fact(page, "took", html_duration(arena, rows->end_ms - rows->start_ms));
    add_fact(page, "steps done", rd_arena_printf(arena, "%zu", rows->done_count));
    if (rows->failed_step_count > 0)
        add_fact(page, "steps failed", rd_arena_printf(arena, "%zu", rows->failed_step_count));
    if (rows->open_count > 0)
        add_fact(page, "steps not ended", rd_arena_printf(arena, "%zu", rows->open_count));
    add_summary(page, run);
    html_raw(page, "</dl>\n");
}

void section_timeline(struct page *page)
{
    html_raw(page, "<section id=\"run\"><h2>The last run</h2>\n");
    if (page->input->run == NULL) {
        html_raw(page, "<p class=\"lead\">Nothing has been run yet.</p></section>\n");
        return;
    }
    const struct run_rows *rows = run_rows_make(page);
    draw_totals(page, rows);
    if (rows->count > 0) {
        html_raw(page, "<div class=\"scroll\"><table class=\"timeline\"><caption>Time is the "
                       "enclave's clock, counted from the start of the run.</caption>\n<thead><tr>"
                       "<th scope=\"col\">Step</th><th scope=\"col\" class=\"bars\">"
                       "<span class=\"unseen\">When</span>");
        draw_axis(page, rows);
        html_raw(page, "</th><th scope=\"col\" class=\"num start\">Starts</th>"
                       "<th scope=\"col\" class=\"num\">Takes</th></tr></thead>\n");
        size_t failed_from = rows->critical_count, rest = failed_from + rows->failed_count;
        struct rd_str path =
            rd_arena_printf(page->arena, "Critical path: %.*s, %.*s",
                            RD_FMT(html_count(page->arena, rows->critical_count, "step", "steps")),
                            RD_FMT(html_duration(page->arena, rows->critical_ms)));
        draw_part(page, rows, 0, failed_from, path);
        draw_part(page, rows, failed_from, rest, RD_STR("Failed"));
        draw_part(page, rows, rest, rows->count,
                  rows->is_grouped
                      ? RD_STR("Everything else, by kind: from the first start to the last end")
                      : RD_STR("Everything else"));
        html_raw(page, "</table></div>\n");
    }
    html_raw(page, "</section>\n");
}
