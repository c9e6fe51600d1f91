/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

/* What tests of the engine begin and end with. */

#include "engine/engine.h"
#include "fake_client.h"

/* The world around a client, without a journal. */
struct rd_world world_of(struct fake_client *net);
/* Removes a journal's files from its folder. */
void remove_journal(const char *folder);

/* An empty set of the enclave "e1" in AzureCloud; loads the types first. */
struct rd_set *new_set(struct rd_arena *arena);

/* A plan that only creates, one step after the other: creation_plan, creation_add for each,
 * creation_run. The plan has room for `step_count_max` steps; `set` is what is desired. */
struct rd_plan creation_plan(struct rd_arena *arena, struct rd_set *set, size_t step_count_max);
/* `expected_ms` 0: as the type says; `after`: the step it waits for, or -1. */
void creation_add(struct rd_plan *plan, struct rd_set *set, struct rd_str id, struct rd_json body,
                  int64_t expected_ms, int64_t after);
enum rd_rc creation_run(struct rd_world *world, struct rd_plan *plan, size_t parallel_max,
                        struct rd_run **ret_run, struct rd_err *err);

#endif
