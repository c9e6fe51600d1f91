/* SPDX-License-Identifier: Apache-2.0 */
#include "sections.h"

enum {
    CHART_WIDTH = 520,
    BAR_HEIGHT = 16,
    BAR_STEP = 44, /* a line of text above each bar */
    GROUPS_MAX = 64,
};

struct bar {
    struct rd_str name;
    int64_t month_micro;
    struct rd_str remark; /* after the amount, or "" */
};

static struct rd_str money(struct page *page, int64_t micro)
{
    return rd_money(page->arena, micro, page->input->price->currency);
}

static void draw_bars(struct page *page, const char *title, const struct bar *bars, size_t count)
{
    int64_t most = 1;
    for (size_t i = 0; i < count; i++)
        most = bars[i].month_micro > most ? bars[i].month_micro : most;
    int64_t id = ++page->next_id;
    html_format(
        page,
        "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"pt%lld\">"
        "<title id=\"pt%lld\">%s</title>\n",
        CHART_WIDTH, (int)count * BAR_STEP, (long long)id, (long long)id, title);
    for (size_t i = 0; i < count; i++) {
        int y = (int)i * BAR_STEP;
        int64_t width = bars[i].month_micro <= 0
                            ? 0
                            : bars[i].month_micro / 1000 * CHART_WIDTH / (most / 1000 + 1);
        struct rd_str amount =
            rd_arena_printf(page->arena, "%.*s%.*s", RD_FMT(money(page, bars[i].month_micro)),
                            RD_FMT(bars[i].remark));
        struct html_label label = {.x = CHART_WIDTH,
                                   .y = y + 14,
                                   .size = 13,
                                   .anchor = HTML_END,
                                   .class_name = "amount",
                                   .width = CHART_WIDTH / 2};
        html_label(page, &label, amount);
        label.width = CHART_WIDTH - html_width(amount, label.size, false) - 14;
        label.x = 0;
        label.anchor = HTML_START;
        label.class_name = "name";
        html_label(page, &label, bars[i].name);
        html_format(
            page,
            "<rect class=\"back\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"/>"
            "<rect class=\"bar\" x=\"0\" y=\"%d\" width=\"%lld\" height=\"%d\" rx=\"3\"/>\n",
            y + 20, CHART_WIDTH, BAR_HEIGHT, y + 20, (long long)width, BAR_HEIGHT);
    }
    html_raw(page, "</svg>\n");
}

/* Lines of one group are one bar; the dearest is first. */
static void draw_groups(struct page *page, const struct rd_price *price)
{
    struct bar bars[GROUPS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < price->line_count; i++) {
        const struct rd_price_line *line = &price->lines[i];
        size_t k = 0;
        while (k < count && !rd_str_eq(bars[k].name, line->group))
            k++;
        if (k == GROUPS_MAX)
            k = GROUPS_MAX - 1;
        else if (k == count)
            bars[count++] = (struct bar){.name = line->group, .remark = RD_STR("")};
        bars[k].month_micro += line->month_micro;
    }
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && bars[k].month_micro > bars[k - 1].month_micro; k--) {
            struct bar swapped = bars[k];
            bars[k] = bars[k - 1];
            bars[k - 1] = swapped;
        }
    draw_bars(page, "What a month costs, by kind", bars, count);
}

static void draw_scenarios(struct page *page)
{
    const struct rd_report_input *input = page->input;
    struct bar *bars = rd_arena_array(page->arena, input->scenario_count, sizeof(*bars));
    for (size_t i = 0; i < input->scenario_count; i++) {
        const struct rd_scenario *scenario = &input->scenarios[i];
        struct rd_str name = scenario->title.n > 0 ? scenario->title : scenario->name;
        bars[i] = (struct bar){
            .name = name, .month_micro = scenario->price->month_micro, .remark = RD_STR("")};
        if (scenario->saving_month_micro > 0)
            bars[i].remark = rd_arena_printf(page->arena, " (saves %.*s)",
                                             RD_FMT(money(page, scenario->saving_month_micro)));
    }
    draw_bars(page, "Scenarios side by side, a month", bars, input->scenario_count);
}

/* "20", "3520.5": a quantity in millionths, with at most two decimals. */
static struct rd_str quantity(struct page *page, int64_t micro)
{
    int64_t cents = (micro + 5000) / 10000;
    if (cents % 100 == 0)
        return rd_arena_printf(page->arena, "%lld", (long long)(cents / 100));
    return rd_arena_printf(page->arena, "%lld.%02lld", (long long)(cents / 100),
                           (long long)(cents % 100));
}

/* A unit price may lie below a cent, and then has more digits than an amount. */
static struct rd_str unit_price(struct page *page, int64_t micro)
{
    if (micro % 10000 == 0)
        return money(page, micro);
    bool is_dollar = rd_str_is(page->input->price->currency, "USD");
    struct rd_str text =
        rd_arena_printf(page->arena, "%s%lld.%06lld", is_dollar ? "$" : "",
                        (long long)(micro / 1000000), (long long)(micro % 1000000));
    while (text.n > 0 && text.p[text.n - 1] == '0')
        text.n--;
    return is_dollar ? text
                     : rd_arena_printf(page->arena, "%.*s %.*s", RD_FMT(text),
                                       RD_FMT(page->input->price->currency));
}

static void write_line(struct page *page, const struct rd_price_line *line)
{
    html_raw(page, "<tr><th scope=\"row\">");
    html_text(page, line->group);
    html_raw(page, "<div class=\"muted\">");
    html_text(page, line->what);
    html_raw(page, "</div>");
    if (line->note.n > 0)
        html_element(page, "div", "muted", line->note);
    html_raw(page, "</th><td class=\"num\">");
    html_text(page, quantity(page, line->quantity_micro));
    html_raw(page, " ");
    html_text(page, line->unit);
    html_raw(page, "</td><td class=\"num\">");
    html_text(page, unit_price(page, line->unit_price_micro));
    html_raw(page, "</td><td class=\"num\">");
    html_text(page, money(page, line->month_micro));
    html_format(page, "</td><td>%s</td></tr>\n", line->is_fixed ? "fixed" : "grows with users");
}

static void write_total(struct page *page, const char *name, int64_t micro)
{
    html_format(page, "<tr><th scope=\"row\" colspan=\"3\">%s</th><td class=\"num\">", name);
    html_text(page, money(page, micro));
    html_raw(page, "</td><td></td></tr>\n");
}

static void write_lines(struct page *page, const struct rd_price *price)
{
    html_raw(page, "<div class=\"scroll\"><table class=\"price\"><thead><tr>"
                   "<th scope=\"col\">What</th><th scope=\"col\" class=\"num\">Quantity</th>"
                   "<th scope=\"col\" class=\"num\">Each</th>"
                   "<th scope=\"col\" class=\"num\">A month</th>"
                   "<th scope=\"col\">Kind</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < price->line_count; i++)
        write_line(page, &price->lines[i]);
    html_raw(page, "</tbody><tfoot>\n");
    write_total(page, "A month", price->month_micro);
    write_total(page, "A year", price->year_micro);
    if (price->users > 0)
        write_total(page, "A user and month", price->month_micro / price->users);
    html_raw(page, "</tfoot></table></div>\n");
}

void section_price(struct page *page)
{
    const struct rd_price *price = page->input->price;
    html_raw(page, "<section id=\"price\"><h2>Price</h2>\n");
    if (price == NULL) {
        html_raw(page, "<p class=\"lead\">No price was worked out.</p></section>\n");
        return;
    }
    html_raw(page, "<p class=\"lead\">Price sheet ");
    html_text(page, price->sheet);
    html_raw(page, ", region ");
    html_text(page, price->region);
    html_raw(page, ", in ");
    html_text(page, price->currency);
    html_raw(page, ".</p>\n<div class=\"charts\"><div><h3>By kind, a month</h3>\n");
    draw_groups(page, price);
    html_raw(page, "</div>");
    if (page->input->scenario_count > 0) {
        html_raw(page, "<div><h3>Scenarios, a month</h3>\n");
        draw_scenarios(page);
        html_raw(page, "</div>");
    }
    html_raw(page, "</div>\n");
    write_lines(page, price);
    if (price->remark_count > 0) {
        html_raw(page, "<h3>Remarks</h3><ul>");
        for (size_t i = 0; i < price->remark_count; i++)
            html_element(page, "li", NULL, price->remarks[i]);
        html_raw(page, "</ul>\n");
    }
    html_raw(page, "</section>\n");
}
