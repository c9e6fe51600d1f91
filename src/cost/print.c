/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cost/cost.h"

enum { MICRO = 1000000, WIDTH = 80, NOTE_COLUMN = 8, TITLE_COLUMN = 4 };

struct rd_str rd_money(struct rd_arena *arena, int64_t micro, struct rd_str currency)
{
    bool is_negative = micro < 0;
    uint64_t amount = is_negative ? (uint64_t)0 - (uint64_t)micro : (uint64_t)micro;
    uint64_t cents = (amount + MICRO / 200) / (MICRO / 100);
    char digits[32];
    int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)(cents / 100));
    char grouped[48];
    int out = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            grouped[out++] = ',';
        grouped[out++] = digits[i];
    }
    grouped[out] = '\0';
    bool is_dollar = rd_str_is(currency, "USD");
    struct rd_str text =
        rd_arena_printf(arena, "%s%s%s", is_negative ? "-" : "", is_dollar ? "$" : "", grouped);
    if (cents % 100 != 0)
        text = rd_arena_printf(arena, "%.*s.%02d", RD_FMT(text), (int)(cents % 100));
    return is_dollar ? text : rd_arena_printf(arena, "%.*s %.*s", RD_FMT(text), RD_FMT(currency));
}

static struct rd_json line_to_json(struct rd_arena *arena, const struct rd_price_line *line)
{
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "group", rd_json_string(line->group));
    (void)rd_json_set_c(arena, &json, "what", rd_json_string(line->what));
    (void)rd_json_set_c(arena, &json, "quantity", rd_json_decimal(arena, line->quantity_micro, 6));
    (void)rd_json_set_c(arena, &json, "unit", rd_json_string(line->unit));
    (void)rd_json_set_c(arena, &json, "unitPrice",
                        rd_json_decimal(arena, line->unit_price_micro, 6));
    (void)rd_json_set_c(arena, &json, "month", rd_json_decimal(arena, line->month_micro, 6));
    (void)rd_json_set_c(arena, &json, "fixed", rd_json_bool(line->is_fixed));
    if (line->note.n > 0)
        (void)rd_json_set_c(arena, &json, "note", rd_json_string(line->note));
    return json;
}

struct rd_json rd_price_to_json(struct rd_arena *arena, const struct rd_price *price)
{
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "sheet", rd_json_string(price->sheet));
    (void)rd_json_set_c(arena, &json, "currency", rd_json_string(price->currency));
    (void)rd_json_set_c(arena, &json, "region", rd_json_string(price->region));
    (void)rd_json_set_c(arena, &json, "month", rd_json_decimal(arena, price->month_micro, 6));
    (void)rd_json_set_c(arena, &json, "year", rd_json_decimal(arena, price->year_micro, 6));
    (void)rd_json_set_c(arena, &json, "users", rd_json_integer(price->users));
    struct rd_json lines = rd_json_array();
    for (size_t i = 0; i < price->line_count; i++)
        (void)rd_json_append(arena, &lines, line_to_json(arena, &price->lines[i]));
    (void)rd_json_set_c(arena, &json, "lines", lines);
    struct rd_json remarks = rd_json_array();
    for (size_t i = 0; i < price->remark_count; i++)
        (void)rd_json_append(arena, &remarks, rd_json_string(price->remarks[i]));
    (void)rd_json_set_c(arena, &json, "remarks", remarks);
    return json;
}

struct rd_json rd_scenarios_to_json(struct rd_arena *arena, const struct rd_scenario *scenarios,
                                    size_t count)
{
    struct rd_json rows = rd_json_array();
    for (size_t i = 0; i < count; i++) {
        struct rd_json row = rd_json_object();
        (void)rd_json_set_c(arena, &row, "name", rd_json_string(scenarios[i].name));
        (void)rd_json_set_c(arena, &row, "title", rd_json_string(scenarios[i].title));
        (void)rd_json_set_c(arena, &row, "savingMonth",
                            rd_json_decimal(arena, scenarios[i].saving_month_micro, 6));
        (void)rd_json_set_c(arena, &row, "price", rd_price_to_json(arena, scenarios[i].price));
        (void)rd_json_append(arena, &rows, row);
    }
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "scenarios", rows);
    return json;
}

void rd_price_print(struct rd_buf *out, const struct rd_price *price, bool colors)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *bold = colors ? "\x1b[1m" : "";
    const char *plain = colors ? "\x1b[0m" : "";
    const struct rd_price_line *most = NULL;
    for (size_t i = 0; i < price->line_count; i++) {
        const struct rd_price_line *line = &price->lines[i];
        if (most == NULL || line->month_micro > most->month_micro)
            most = line;
        rd_buf_printf(out, "  %-14.*s %-44.*s %12.*s\n", RD_FMT(line->group), RD_FMT(line->what),
                      RD_FMT(rd_money(arena, line->month_micro, price->currency)));
    }
    rd_buf_printf(out, "  %s%-59s %12.*s%s\n", bold, "a month",
                  RD_FMT(rd_money(arena, price->month_micro, price->currency)), plain);
    rd_buf_printf(out, "  %-59s %12.*s\n", "a year",
                  RD_FMT(rd_money(arena, price->year_micro, price->currency)));
    if (price->users > 0)
        rd_buf_printf(out, "  %-59s %12.*s\n", "a user and month",
                      RD_FMT(rd_money(arena, price->month_micro / price->users, price->currency)));
    if (most != NULL && price->month_micro > 0)
        rd_buf_printf(out, "\n  largest: %.*s, %lld %% of it\n", RD_FMT(most->group),
                      (long long)(most->month_micro * 100 / price->month_micro));
    rd_buf_printf(out, "  sheet: %.*s (%.*s)\n", RD_FMT(price->sheet), RD_FMT(price->region));
    for (size_t i = 0; i < price->remark_count; i++) {
        rd_buf_add_c(out, "  note: ");
        rd_buf_add_wrapped(out, price->remarks[i], NOTE_COLUMN, NOTE_COLUMN, WIDTH);
    }
}

void rd_scenarios_print(struct rd_buf *out, const struct rd_scenario *scenarios, size_t count)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    rd_buf_printf(out, "  %-18s %12s %12s %14s\n", "scenario", "a month", "a year", "saves a year");
    for (size_t i = 0; i < count; i++) {
        const struct rd_price *price = scenarios[i].price;
        struct rd_str saving =
            i == 0 ? (struct rd_str){"", 0}
                   : rd_money(arena, scenarios[i].saving_month_micro * 12, price->currency);
        rd_buf_printf(out, "  %-18.*s %12.*s %12.*s", RD_FMT(scenarios[i].name),
                      RD_FMT(rd_money(arena, price->month_micro, price->currency)),
                      RD_FMT(rd_money(arena, price->year_micro, price->currency)));
        rd_buf_printf(out, saving.n > 0 ? " %14.*s\n" : "%.*s\n", RD_FMT(saving));
        rd_buf_printf(out, "%*s", TITLE_COLUMN, "");
        rd_buf_add_wrapped(out, scenarios[i].title, TITLE_COLUMN, TITLE_COLUMN, WIDTH);
    }
}
