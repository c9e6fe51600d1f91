/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COST_BILL_H
#define COST_BILL_H

/* What a resource set uses in a month, before any price: quantities by price key. Scenarios change
 * a bill; the sheet prices it. */

#include "resource/set.h"

struct bill_item {
    struct rd_str key;   /* "vm/Standard_D8as_v6" */
    struct rd_str group; /* line it is summed in: "compute" ... */
    int64_t count;       /* things, or GB */
    bool grows;          /* with the number of users */
};

struct bill {
    struct bill_item *items;
    size_t count;
    size_t cap;
    int64_t users;
    int64_t hours_per_day;
    int64_t days_per_month; /* 0: always on */
    int64_t retention_days;
    int64_t license_cents;
};

/* Errors: NOT_FOUND for a type that is neither priced nor free. */
RD_NODISCARD enum rd_rc bill_make(struct rd_arena *arena, const struct rd_set *set,
                                  struct bill *ret_bill, struct rd_err *err);
/* Adds to the item of that key, or makes it. */
void bill_add(struct rd_arena *arena, struct bill *bill, struct rd_str key, const char *group,
              int64_t count, bool grows);
struct bill bill_copy(struct rd_arena *arena, const struct bill *bill);

#endif
