/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

/*
 * The work: reading what is live, and running a plan. Reaches outside only through the doors in
 * struct rd_world. Only rd_engine_run writes to a cloud.
 */

#include "azure/client.h"
#include "base/clock.h"
#include "base/random.h"
#include "plan/plan.h"
#include "store/journal.h"

struct rd_world {
    struct rd_loop *loop;
    struct rd_client *client;
    struct rd_random *random; /* for secrets: the kernel's on live clouds */
    struct rd_endpoints endpoints;
    struct rd_journal *journal; /* NULL: only reads */
};

/*
 * Reads the live set: all instances of the desired set's types in its groups and below its
 * resources, and of every type that bears tags in its groups, so that what a former spec named is
 * seen; with references resolved. Lists rather than gets wherever a type can be listed.
 * `desired` says where to look; for a resource group that does not exist nothing below is asked
 * for. What another plane than Resource Manager refuses to show is the fact "unseen" of the set
 * (resource/unseen.h): whoever writes must refuse to while it is there. Errors: those of the
 * client.
 */
RD_NODISCARD enum rd_rc rd_engine_read(struct rd_world *world, struct rd_arena *arena,
                                       const struct rd_set *desired, struct rd_set **ret_live,
                                       struct rd_err *err);

/*
 * Adds to the live set's facts, as "foreign", the ids of what else stands in its groups: deleting a
 * group deletes whatever is in it, also of types that the desired set does not have. To be asked
 * before rd_plan_make_destroy. Errors: those of the client.
 */
RD_NODISCARD enum rd_rc rd_engine_read_foreign(struct rd_world *world, struct rd_arena *arena,
                                               struct rd_set *live, struct rd_err *err);

enum rd_step_state {
    RD_STEP_WAITING, /* for what it needs */
    RD_STEP_RUNNING,
    RD_STEP_DONE,
    RD_STEP_FAILED,
    RD_STEP_SKIPPED, /* something it needs failed, or the run was stopped before */
};

struct rd_step_record {
    enum rd_step_state state;
    int64_t start_ms;
    int64_t end_ms;
    int attempts;
    int polls;
    enum rd_rc rc;
    struct rd_str code;    /* Azure's */
    struct rd_str message; /* for the user */
};

struct rd_run {
    const struct rd_plan *plan;
    struct rd_step_record *steps; /* as many as the plan has */
    int64_t start_ms;
    int64_t end_ms;
    size_t done_count, failed_count, skipped_count, running_count;
    struct rd_client_stats stats;
    int64_t number; /* in the journal */
};

/* Called after every change of a step's state and now and then while nothing changes (step
 * SIZE_MAX). The time left is from the steps' expected durations along the critical path. */
struct rd_progress {
    void (*report)(void *data, const struct rd_run *run, size_t step, int64_t now_ms,
                   int64_t left_ms);
    void *data;
};

struct rd_run_options {
    const char *verb;         /* "apply", "destroy" */
    struct rd_str plan_hash;  /* for the journal, or "" */
    size_t parallel_max;      /* steps at once */
    const volatile int *stop; /* becomes non-zero at Ctrl-C or SIGTERM: no new step starts */
    struct rd_progress progress;
};

/*
 * Runs the plan. A step that fails skips those that need it; the others go on. Errors: the class of
 * the first failure, with the step, Azure's code and text, the explanation and the remedy;
 * INTERRUPTED when stopped. `*ret_run` is filled in any case.
 */
RD_NODISCARD enum rd_rc rd_engine_run(struct rd_world *world, struct rd_arena *arena,
                                      const struct rd_plan *plan,
                                      const struct rd_run_options *options, struct rd_run **ret_run,
                                      struct rd_err *err);

#endif
