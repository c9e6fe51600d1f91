/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"

/*
 * Ready callbacks lie in a ring. Timers lie in slots that a binary heap of slot numbers orders by
 * time and then by the order in which they were set; each slot knows its place in the heap, so that
 * cancelling takes the logarithm of their number. A timer's number is its slot and the slot's
 * generation: one that has fired or was cancelled is never mistaken for its slot's next user.
 */

/* Nothing needs the loop more often than this when no timer is set and nobody watches. */
enum { OUTSIDE_WAIT_MAX_MS = 60000 };

struct ready {
    rd_loop_fn *fn;
    void *data;
};

struct timer {
    int64_t at_ms;
    uint64_t sequence;
    rd_loop_fn *fn;
    void *data;
    uint32_t generation; /* from 1 */
    uint32_t place;      /* in the heap; of a free slot: the next free slot + 1 */
};

struct rd_loop {
    struct rd_clock *clock;
    struct ready *ready; /* a ring; its capacity is a power of two */
    size_t ready_first;
    size_t ready_count;
    size_t ready_cap;
    struct timer *timers;
    uint32_t timer_count; /* slots in use or free */
    uint32_t timer_cap;
    uint32_t free_slot; /* + 1; 0 when there is none */
    uint32_t *heap;
    uint32_t heap_count;
    uint64_t sequence;
    rd_loop_fn *idle_fn;
    void *idle_data;
    int64_t idle_every_ms;
    const struct rd_loop_outside *outside;
    void *outside_data;
    bool is_stopped;
};

struct rd_loop *rd_loop_new(struct rd_clock *clock)
{
    struct rd_loop *loop = rd_heap_zalloc(sizeof(*loop));
    loop->clock = clock;
    return loop;
}

void rd_loop_free(struct rd_loop *loop)
{
    if (loop == NULL)
        return;
    rd_heap_free(loop->ready);
    rd_heap_free(loop->timers);
    rd_heap_free(loop->heap);
    rd_heap_free(loop);
}

static void grow_ready(struct rd_loop *loop)
{
    size_t cap = loop->ready_cap == 0 ? 64 : loop->ready_cap * 2;
    struct ready *ring = rd_heap_zalloc(cap * sizeof(*ring));
    for (size_t i = 0; i < loop->ready_count; i++)
        ring[i] = loop->ready[(loop->ready_first + i) & (loop->ready_cap - 1)];
    rd_heap_free(loop->ready);
    loop->ready = ring;
    loop->ready_first = 0;
    loop->ready_cap = cap;
}

void rd_loop_defer(struct rd_loop *loop, rd_loop_fn *fn, void *data)
{
    assert(fn != NULL);
    if (loop->ready_count == loop->ready_cap)
        grow_ready(loop);
    size_t at = (loop->ready_first + loop->ready_count) & (loop->ready_cap - 1);
    loop->ready[at] = (struct ready){fn, data};
    loop->ready_count++;
}

static bool is_before(const struct rd_loop *loop, uint32_t a, uint32_t b)
{
    const struct timer *x = &loop->timers[a];
    const struct timer *y = &loop->timers[b];
    return x->at_ms != y->at_ms ? x->at_ms < y->at_ms : x->sequence < y->sequence;
}

static void place(struct rd_loop *loop, uint32_t at, uint32_t slot)
{
    loop->heap[at] = slot;
    loop->timers[slot].place = at;
}

static void sift_up(struct rd_loop *loop, uint32_t at)
{
    uint32_t slot = loop->heap[at];
    while (at > 0 && is_before(loop, slot, loop->heap[(at - 1) / 2])) {
        place(loop, at, loop->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(loop, at, slot);
}

static void sift_down(struct rd_loop *loop, uint32_t at)
{
    uint32_t slot = loop->heap[at];
    for (;;) {
        uint32_t child = at * 2 + 1;
        if (child >= loop->heap_count)
            break;
        if (child + 1 < loop->heap_count &&
            is_before(loop, loop->heap[child + 1], loop->heap[child]))
            child++;
        if (!is_before(loop, loop->heap[child], slot))
            break;
        place(loop, at, loop->heap[child]);
        at = child;
    }
    place(loop, at, slot);
}

static uint32_t take_slot(struct rd_loop *loop)
{
    if (loop->free_slot != 0) {
        uint32_t slot = loop->free_slot - 1;
        loop->free_slot = loop->timers[slot].place;
        return slot;
    }
    if (loop->timer_count == loop->timer_cap) {
        loop->timer_cap = loop->timer_cap == 0 ? 64 : loop->timer_cap * 2;
        loop->timers = rd_heap_resize(loop->timers, loop->timer_cap * sizeof(*loop->timers));
        loop->heap = rd_heap_resize(loop->heap, loop->timer_cap * sizeof(*loop->heap));
    }
    loop->timers[loop->timer_count].generation = 0;
    return loop->timer_count++;
}

uint64_t rd_loop_at(struct rd_loop *loop, int64_t at_ms, rd_loop_fn *fn, void *data)
{
    assert(fn != NULL);
    uint32_t slot = take_slot(loop);
    struct timer *timer = &loop->timers[slot];
    timer->at_ms = at_ms;
    timer->sequence = ++loop->sequence;
    timer->fn = fn;
    timer->data = data;
    timer->generation++;
    loop->heap[loop->heap_count] = slot;
    sift_up(loop, loop->heap_count++);
    return (uint64_t)timer->generation << 32 | slot;
}

static void remove_timer(struct rd_loop *loop, uint32_t slot)
{
    uint32_t at = loop->timers[slot].place;
    uint32_t last = loop->heap[--loop->heap_count];
    if (last != slot) {
        place(loop, at, last);
        sift_up(loop, at);
        sift_down(loop, loop->timers[last].place);
    }
    loop->timers[slot].fn = NULL;
    loop->timers[slot].place = loop->free_slot;
    loop->free_slot = slot + 1;
}

void rd_loop_cancel(struct rd_loop *loop, uint64_t timer)
{
    uint32_t slot = (uint32_t)(timer & UINT32_MAX);
    if (slot < loop->timer_count && loop->timers[slot].fn != NULL &&
        loop->timers[slot].generation == timer >> 32)
        remove_timer(loop, slot);
}

int64_t rd_loop_now_ms(struct rd_loop *loop)
{
    return rd_clock_now_ms(loop->clock);
}

struct rd_clock *rd_loop_clock(struct rd_loop *loop)
{
    return loop->clock;
}

void rd_loop_stop(struct rd_loop *loop)
{
    loop->is_stopped = true;
}

void rd_loop_set_idle(struct rd_loop *loop, rd_loop_fn *fn, void *data, int64_t every_ms)
{
    loop->idle_fn = fn;
    loop->idle_data = data;
    loop->idle_every_ms = every_ms < 1 ? 1 : every_ms;
}

static void call_idle(struct rd_loop *loop)
{
    if (loop->idle_fn != NULL)
        loop->idle_fn(loop->idle_data);
}

void rd_loop_set_outside(struct rd_loop *loop, const struct rd_loop_outside *outside, void *data)
{
    loop->outside = outside;
    loop->outside_data = data;
}

static bool is_outside_waiting(const struct rd_loop *loop)
{
    return loop->outside != NULL && loop->outside->is_waiting(loop->outside_data);
}

/*
 * How long to wait at a stretch, in the clock's time: no longer than the idle callback allows. A
 * virtual clock jumps, however far.
 */
static int64_t wait_end(const struct rd_loop *loop, int64_t now_ms, int64_t until_ms)
{
    const struct rd_clock *clock = loop->clock;
    if (rd_clock_is_virtual(clock) || loop->idle_fn == NULL)
        return until_ms;
    int64_t stretch_ms = loop->idle_every_ms * (clock->speed > 0 ? clock->speed : 1);
    return until_ms - now_ms > stretch_ms ? now_ms + stretch_ms : until_ms;
}

/* Waits for what is under way outside, in the machine's time: until the next timer is due, if the
 * clock gets there by itself, and no longer than the idle callback allows. */
static void wait_outside(struct rd_loop *loop, int64_t now_ms)
{
    const struct rd_clock *clock = loop->clock;
    int64_t real_ms = OUTSIDE_WAIT_MAX_MS;
    if (loop->idle_fn != NULL && loop->idle_every_ms < real_ms)
        real_ms = loop->idle_every_ms;
    if (loop->heap_count > 0 && !rd_clock_is_virtual(clock)) {
        int64_t left_ms = loop->timers[loop->heap[0]].at_ms - now_ms;
        if (clock->speed > 0)
            left_ms = left_ms / clock->speed + 1;
        if (left_ms < real_ms)
            real_ms = left_ms;
    }
    loop->outside->wait(loop->outside_data, real_ms);
}

/* Nothing is ready and no timer is due. */
static void wait_for_something(struct rd_loop *loop, int64_t now_ms)
{
    if (is_outside_waiting(loop))
        wait_outside(loop, now_ms);
    else
        rd_clock_wait_until_ms(loop->clock,
                               wait_end(loop, now_ms, loop->timers[loop->heap[0]].at_ms));
}

static bool fire_due(struct rd_loop *loop, int64_t now_ms)
{
    if (loop->heap_count == 0 || loop->timers[loop->heap[0]].at_ms > now_ms)
        return false;
    struct timer timer = loop->timers[loop->heap[0]];
    remove_timer(loop, loop->heap[0]);
    timer.fn(timer.data);
    return true;
}

static void run_ready(struct rd_loop *loop)
{
    struct ready ready = loop->ready[loop->ready_first];
    loop->ready_first = (loop->ready_first + 1) & (loop->ready_cap - 1);
    loop->ready_count--;
    ready.fn(ready.data);
}

static bool has_work(const struct rd_loop *loop)
{
    return loop->ready_count > 0 || loop->heap_count > 0 || is_outside_waiting(loop);
}

void rd_loop_run(struct rd_loop *loop)
{
    loop->is_stopped = false;
    while (!loop->is_stopped && has_work(loop)) {
        if (loop->ready_count > 0) {
            run_ready(loop);
            call_idle(loop);
            continue;
        }
        int64_t now_ms = rd_clock_now_ms(loop->clock);
        if (!fire_due(loop, now_ms))
            wait_for_something(loop, now_ms);
        call_idle(loop);
    }
}
