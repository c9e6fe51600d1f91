/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COST_COST_H
#define COST_COST_H

/*
 * What a resource set costs a month, line by line, from one dated price sheet (data/prices/).
 * Money is integers: micro-units of the sheet's currency (1 USD = 1,000,000). A resource that the
 * sheet has no price for is an error that names the nearest ones, never zero; a resource that costs
 * nothing is in the sheet with price 0.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "resource/set.h"

struct rd_price_line {
    struct rd_str group; /* "Session host compute" */
    struct rd_str what;  /* "20 x Standard_D8as_v6, 8 h x 22 days" */
    struct rd_str note;
    int64_t quantity_micro; /* in units of `unit`, times 10^6 */
    struct rd_str unit;     /* "VM", "GB", "hour" */
    int64_t unit_price_micro;
    int64_t month_micro;
    bool is_fixed; /* does not grow with the number of users */
};

struct rd_price {
    struct rd_str sheet;    /* name and date of the sheet */
    struct rd_str currency; /* "USD" */
    struct rd_str region;
    struct rd_price_line *lines;
    size_t line_count;
    size_t line_cap;
    int64_t month_micro;
    int64_t year_micro; /* 12 months */
    int64_t users;
    struct rd_str *remarks; /* what is not in it, what has aged */
    size_t remark_count;
    size_t remark_cap;
};

/* Prices the set with the sheet named (or set->facts "priceSheet"). Errors: NOT_FOUND for a sheet
 * or a price, with the nearest ones. */
RD_NODISCARD enum rd_rc rd_cost_price(struct rd_arena *arena, const struct rd_set *set,
                                      struct rd_str sheet, struct rd_price **ret_price,
                                      struct rd_err *err);

/* Variations of one enclave side by side. */
struct rd_scenario {
    struct rd_str name; /* "moderate right-sizing" */
    struct rd_str title;
    struct rd_price *price;
    int64_t saving_month_micro; /* against the first */
};
/* The sheet's own scenarios (data) applied to the set. */
RD_NODISCARD enum rd_rc rd_cost_scenarios(struct rd_arena *arena, const struct rd_set *set,
                                          struct rd_str sheet, struct rd_scenario **ret_scenarios,
                                          size_t *ret_count, struct rd_err *err);

struct rd_json rd_price_to_json(struct rd_arena *arena, const struct rd_price *price);
struct rd_json rd_scenarios_to_json(struct rd_arena *arena, const struct rd_scenario *scenarios,
                                    size_t count);
void rd_price_print(struct rd_buf *out, const struct rd_price *price, bool colors);
void rd_scenarios_print(struct rd_buf *out, const struct rd_scenario *scenarios, size_t count);
/* "$3,077" for whole amounts, "$3,077.25" otherwise; other currencies by their code. */
struct rd_str rd_money(struct rd_arena *arena, int64_t micro, struct rd_str currency);

#endif
