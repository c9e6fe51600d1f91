/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

/*
 * The event loop: callbacks that are due now, and timers, over a clock that is handed in. Nothing
 * blocks but rd_loop_run itself, which waits on the clock for the next timer when nothing is ready:
 * a virtual clock then jumps. With I/O under way it waits for that too. Ready callbacks run in the
 * order in which they were added; timers of the same time in the order in which they were set: a
 * run is the same every time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct rd_loop;
typedef void rd_loop_fn(void *data);

struct rd_loop *rd_loop_new(struct rd_clock *clock);
void rd_loop_free(struct rd_loop *loop);

void rd_loop_defer(struct rd_loop *loop, rd_loop_fn *fn, void *data);
/* Returns a number to cancel it with, never 0. */
uint64_t rd_loop_at(struct rd_loop *loop, int64_t at_ms, rd_loop_fn *fn, void *data);
void rd_loop_cancel(struct rd_loop *loop, uint64_t timer);
int64_t rd_loop_now_ms(struct rd_loop *loop);
struct rd_clock *rd_loop_clock(struct rd_loop *loop);

/* Runs until nothing is ready, no timer is set and nothing is under way outside, or rd_loop_stop.
 */
void rd_loop_run(struct rd_loop *loop);
void rd_loop_stop(struct rd_loop *loop);
/* Called between callbacks and at least every `every_ms` of real time while waiting on a real or
 * scaled clock: progress lines, signals. */
void rd_loop_set_idle(struct rd_loop *loop, rd_loop_fn *fn, void *data, int64_t every_ms);

/*
 * What may happen apart from timers: input and output. While `is_waiting` says that something is
 * under way whose end will come through the loop, rd_loop_run goes on and waits in `wait`, which
 * returns when something has happened, when a signal arrives, or after `real_ms` of the machine's
 * own time. It may call rd_loop_defer and rd_loop_at. A virtual clock stands still meanwhile, since
 * nobody knows how long the world will take; timers that are due fire on every clock.
 */
struct rd_loop_outside {
    bool (*is_waiting)(void *data);
    void (*wait)(void *data, int64_t real_ms);
};

/* One at a time; NULL takes it away. `outside` must live as long as it is set. */
void rd_loop_set_outside(struct rd_loop *loop, const struct rd_loop_outside *outside, void *data);

#endif
