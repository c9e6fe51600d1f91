/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_GALLERY_H
#define EMULATOR_GALLERY_H

/* What Image Builder needs of galleries: planning the replicas of a version that it publishes. */

#include "core.h"

/* Fills hidden.replicas for the body's target regions, from `from_ms` on; replicas that are there
 * already stay. Returns when the last one is done. */
int64_t em_gallery_plan_replicas(struct em_exchange *ex, struct rd_str id,
                                 const struct rd_json *body, struct rd_json *hidden,
                                 int64_t from_ms);
/* A region whose replica fails, or empty. */
struct rd_str em_gallery_failed_region(const struct rd_json *hidden);

#endif
