/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/* Progress of a run on standard error: on a terminal a block that is redrawn (bar, time left, what
 * runs now), elsewhere one plain line per event. */

#include "engine/engine.h"
#include "output.h"

struct progress;

struct progress *progress_new(const struct args *args, const struct terminal *terminal,
                              const struct rd_plan *plan);
void progress_free(struct progress *progress); /* takes the block off the screen */
/* The engine's callback (struct rd_progress). */
void progress_report(void *progress, const struct rd_run *run, size_t step, int64_t now_ms,
                     int64_t left_ms);

#endif
