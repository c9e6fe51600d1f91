/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_EXPECT_H
#define PLAN_EXPECT_H

/*
 * How long things take where a type's own seconds do not say it: what a service makes of many parts
 * takes the longer the more there are (column create_each), and what was written may take minutes
 * until others can count on it (column effect_s).
 */

#include "plan/plan.h"

/* Of the creation of `desired`, a resource of `set`. */
int64_t rd_expect_create_ms(const struct rd_set *set, const struct rd_resource *desired);
/* What passes after the end of the step `needed` until a write that needs it can succeed. The
 * executor sends at once and tries again, so this is part of how long that write takes. */
int64_t rd_expect_effect_ms(const struct rd_plan *plan, size_t step, size_t needed);

#endif
