/* SPDX-License-Identifier: Apache-2.0 */
#include "sections.h"

enum {
    BAR_MAX = 1000, /* the longest bar, in the drawing's own units */
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

/* Names and amounts are ordinary text, so that they wrap and grow as the page does; the bars alone
 * are drawn. */
static void draw_bars(struct page *page, const struct bar *bars, size_t count)
{
    int64_t most = 1;
    for (size_t i = 0; i < count; i++)
        most = bars[i].month_micro > most ? bars[i].month_micro : most;
    html_raw(page, "<ul class=\"chart\">\n");
    for (size_t i = 0; i < count; i++) {
        int64_t width = bars[i].month_micro <= 0
                            ? 0
                            : bars[i].month_micro / 1000 * BAR_MAX / (most / 1000 + 1) + 1;
        html_raw(page, "<li><span>");
        html_text(page, bars[i].name);
        html_raw(page, "</span><b>");
        html_text(page, money(page, bars[i].month_micro));
        html_element(page, "small", NULL, bars[i].remark);
        html_format(page,
                    "</b><svg viewBox=\"0 0 %d 16\" preserveAspectRatio=\"none\""
                    " aria-hidden=\"true\"><rect class=\"back\" width=\"%d\" height=\"16\"/>"
                    "<rect class=\"bar\" width=\"%lld\" height=\"16\"/></svg></li>\n",
                    BAR_MAX, BAR_MAX, (long long)width);
    }
    html_raw(page, "</ul>\n");
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
    draw_bars(page, bars, count);
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
    draw_bars(page, bars, input->scenario_count);
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
    html_raw(page, "</td><td class=\"num each\">");
    html_text(page, unit_price(page, line->unit_price_micro));
    html_raw(page, " / ");
    html_text(page, rd_str_is(line->unit, "gb") ? RD_STR("GB") : line->unit);
    html_raw(page, "</td><td class=\"num\">");
    html_text(page, money(page, line->month_micro));
    html_format(page, "</td><td class=\"grows\">%s</td></tr>\n",
                line->is_fixed ? "fixed" : "grows with users");
}

static void write_total(struct page *page, const char *name, int64_t micro)
{
    html_format(
        page,
        "<tr><th scope=\"row\" colspan=\"2\">%s</th><td class=\"each\"></td><td class=\"num\">",
        name);
    html_text(page, money(page, micro));
    html_raw(page, "</td><td class=\"grows\"></td></tr>\n");
}

static void write_lines(struct page *page, const struct rd_price *price)
{
    html_raw(page, "<div class=\"scroll\"><table class=\"price\"><thead><tr>"
                   "<th scope=\"col\">What</th><th scope=\"col\" class=\"num\">Quantity</th>"
                   "<th scope=\"col\" class=\"num each\">Each</th>"
                   "<th scope=\"col\" class=\"num\">A month</th>"
                   "<th scope=\"col\" class=\"grows\">Kind</th></tr></thead><tbody>\n");
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
