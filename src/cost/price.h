/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COST_PRICE_H
#define COST_PRICE_H

#include "bill.h"
#include "cost/cost.h"

/* The sheet of that name, or the one the set's facts name. */
RD_NODISCARD enum rd_rc sheet_find(struct rd_arena *arena, const struct rd_set *set,
                                   struct rd_str name, const struct rd_json **ret_sheet,
                                   struct rd_err *err);
RD_NODISCARD enum rd_rc bill_price(struct rd_arena *arena, const struct bill *bill,
                                   const struct rd_json *sheet, struct rd_price **ret_price,
                                   struct rd_err *err);

#endif
