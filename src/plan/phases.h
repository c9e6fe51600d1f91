/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_PHASES_H
#define PLAN_PHASES_H

/*
 * What is written twice (resource/set.h), and who waits for which of the two. Early resources may
 * stand on each other many deep, so what they were content without is passed on to the first that
 * is not early: a virtual machine's network interface stands in a network behind a closed route,
 * and the machine's extensions wait for that route.
 */

#include "resource/set.h"

/* Enough for one in each hub: what comes after these is written once. */
enum { RD_PHASES_MAX = 64 };

struct rd_phases {
    uint32_t provisional[RD_PHASES_MAX]; /* desired indexes of what has a provisional body */
    size_t count;
    uint64_t *lacking; /* by desired index: a bit for each of `provisional` whose whole write it,
                          being early, does not wait for; NULL when there are none */
};

void rd_phases_init(struct rd_phases *phases, struct rd_arena *arena, const struct rd_set *desired);
/* Those whose whole write the resource waits for besides what it needs itself, as such bits. */
uint64_t rd_phases_awaited(const struct rd_phases *phases, const struct rd_resource *resource);
/* Whether it is one of `provisional`. */
bool rd_phases_has(const struct rd_phases *phases, uint32_t index);

#endif
