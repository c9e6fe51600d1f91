/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_JSON_INTERNAL_H
#define PLAN_JSON_INTERNAL_H

#include "plan/plan.h"

/*
 * The saved form:
 *
 *     {"version": "redoubt/plan-1", "hash": 64 hex digits,
 *      "enclave", "cloud", "fingerprint": of the live set,
 *      "unchanged": how many resources do not change, "criticalPathMs",
 *      "changes": [{"kind","id","reason","affected","expectedMs",
 *                   "fields":[{"path","before","after","secret","replaces"}]}],
 *      "steps": [{"kind","id","action","change","needs","expectedMs"}],
 *      "leftAlone": ["id: reason"],
 *      "desired": a resource set, absent in a destroy plan,
 *      "live": a resource set of the live resources that change}
 *
 * "before" and "after" are absent when the field is. The hash is SHA-256 over the canonical text of
 * all members but itself.
 */
#define RD_PLAN_VERSION "redoubt/plan-1"

enum { RD_CHANGE_KIND_COUNT = RD_CHANGE_DELETE + 1, RD_STEP_KIND_COUNT = RD_STEP_ALTERNATIVES + 1 };
extern const char *const rd_change_kind_names[RD_CHANGE_KIND_COUNT];
extern const char *const rd_step_kind_names[RD_STEP_KIND_COUNT];

/* The hash of a plan's JSON, whatever it says of itself. */
struct rd_str rd_plan_json_hash(struct rd_arena *arena, const struct rd_json *plan);

#endif
