/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_ORDER_H
#define PLAN_ORDER_H

/*
 * Which step waits for which. An edge is hard when the cloud would refuse the other order, and soft
 * when the order is merely the better one: a soft edge that closes a cycle is dropped.
 */

#include "plan/plan.h"

struct rd_edge {
    uint32_t to;
    bool is_soft;
};

struct rd_edges {
    struct rd_edge *items;
    size_t count;
    size_t cap;
};

struct rd_order {
    struct rd_arena *arena;
    struct rd_edges *nodes; /* what each needs */
    size_t count;
};

void rd_order_init(struct rd_order *order, struct rd_arena *arena, size_t count);
/* An edge to itself is none. */
void rd_order_need(struct rd_order *order, size_t node, size_t needed, bool is_soft);
/* Sorts, removes doubles and drops soft edges until there is no cycle; RD_NONE, or a node of a
 * cycle of hard edges. */
int64_t rd_order_settle(struct rd_order *order);
/* The longest chain of the plan's steps, with what passes until one takes effect (expect.h); -1
 * when their needs have a cycle. */
int64_t rd_order_critical_path(const struct rd_plan *plan);

#endif
