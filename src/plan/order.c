/* SPDX-License-Identifier: Apache-2.0 */
#include "order.h"

#include "expect.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum colour { UNSEEN, OPEN, CLOSED };

struct visit {
    uint32_t node;
    uint32_t next;
};

void rd_order_init(struct rd_order *order, struct rd_arena *arena, size_t count)
{
    *order = (struct rd_order){.arena = arena, .count = count};
    order->nodes = rd_arena_array(arena, count, sizeof(*order->nodes));
}

void rd_order_need(struct rd_order *order, size_t node, size_t needed, bool is_soft)
{
    assert(node < order->count && needed < order->count);
    if (node == needed)
        return;
    struct rd_edges *edges = &order->nodes[node];
    edges->items =
        rd_arena_grow(order->arena, edges->items, edges->count, &edges->cap, sizeof(*edges->items));
    edges->items[edges->count++] = (struct rd_edge){(uint32_t)needed, is_soft};
}

/* By target, hard before soft. */
static int compare(const void *a, const void *b)
{
    const struct rd_edge *x = a, *y = b;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return (int)x->is_soft - (int)y->is_soft;
}

static void sort(struct rd_edges *edges)
{
    if (edges->count == 0)
        return;
    qsort(edges->items, edges->count, sizeof(*edges->items), compare);
    size_t kept = 1;
    for (size_t i = 1; i < edges->count; i++)
        if (edges->items[i].to != edges->items[kept - 1].to)
            edges->items[kept++] = edges->items[i];
    edges->count = kept;
}

static void drop(struct rd_edges *edges, size_t at)
{
    edges->count--;
    memmove(&edges->items[at], &edges->items[at + 1], (edges->count - at) * sizeof(*edges->items));
}

/* The walk's stack ends at an edge that closes a cycle which starts at `closing`. Drops the soft
 * edge of the cycle that is nearest to the end; the visits above it start anew. False when all the
 * edges of the cycle are hard. */
static bool break_cycle(struct rd_order *order, uint8_t *colours, struct visit *stack,
                        size_t *depth, uint32_t closing)
{
    size_t at = *depth;
    for (;;) {
        at--;
        if (order->nodes[stack[at].node].items[stack[at].next - 1].is_soft)
            break;
        if (stack[at].node == closing)
            return false;
    }
    for (size_t i = at + 1; i < *depth; i++)
        colours[stack[i].node] = UNSEEN;
    *depth = at + 1;
    drop(&order->nodes[stack[at].node], --stack[at].next);
    return true;
}

static int64_t walk_from(struct rd_order *order, uint8_t *colours, struct visit *stack, size_t node)
{
    size_t depth = 0;
    stack[depth++] = (struct visit){.node = (uint32_t)node};
    colours[node] = OPEN;
    while (depth > 0) {
        struct visit *top = &stack[depth - 1];
        const struct rd_edges *edges = &order->nodes[top->node];
        if (top->next == edges->count) {
            colours[top->node] = CLOSED;
            depth--;
            continue;
        }
        uint32_t target = edges->items[top->next++].to;
        if (colours[target] == UNSEEN) {
            colours[target] = OPEN;
            stack[depth++] = (struct visit){.node = target};
        } else if (colours[target] == OPEN && !break_cycle(order, colours, stack, &depth, target)) {
            return target;
        }
    }
    return RD_NONE;
}

int64_t rd_order_settle(struct rd_order *order)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *scratch = rd_arena_new(0);
    uint8_t *colours = rd_arena_array(scratch, order->count, sizeof(*colours));
    struct visit *stack = rd_arena_array(scratch, order->count, sizeof(*stack));
    for (size_t i = 0; i < order->count; i++)
        sort(&order->nodes[i]);
    for (size_t i = 0; i < order->count; i++) {
        int64_t bad = colours[i] == UNSEEN ? walk_from(order, colours, stack, i) : RD_NONE;
        if (bad != RD_NONE)
            return bad;
    }
    return RD_NONE;
}

/* Kahn's way: a step is counted when all it needs are. */
int64_t rd_order_critical_path(const struct rd_plan *plan)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *scratch = rd_arena_new(0);
    struct rd_order followers;
    rd_order_init(&followers, scratch, plan->step_count);
    uint32_t *open = rd_arena_array(scratch, plan->step_count, sizeof(*open));
    int64_t *start_ms = rd_arena_array(scratch, plan->step_count, sizeof(*start_ms));
    uint32_t *queue = rd_arena_array(scratch, plan->step_count, sizeof(*queue));
    size_t queued = 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct rd_step *step = &plan->steps[i];
        for (uint32_t n = 0; n < step->need_count; n++)
            rd_order_need(&followers, step->needs[n], i, false);
        open[i] = step->need_count;
        if (open[i] == 0)
            queue[queued++] = (uint32_t)i;
    }
    int64_t longest_ms = 0;
    for (size_t q = 0; q < queued; q++) {
        uint32_t i = queue[q];
        int64_t end_ms = start_ms[i] + plan->steps[i].expected_ms;
        longest_ms = end_ms > longest_ms ? end_ms : longest_ms;
        for (size_t f = 0; f < followers.nodes[i].count; f++) {
            uint32_t follower = followers.nodes[i].items[f].to;
            int64_t from_ms = end_ms + rd_expect_effect_ms(plan, follower, i);
            if (start_ms[follower] < from_ms)
                start_ms[follower] = from_ms;
            if (--open[follower] == 0)
                queue[queued++] = follower;
        }
    }
    return queued == plan->step_count ? longest_ms : -1;
}
