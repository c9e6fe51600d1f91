/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_RUNNING_H
#define ENGINE_RUNNING_H

/*
 * Private to engine/: a plan that runs. prepare.c readies it, schedule.c decides which step is
 * next, step.c takes one step from its start to its end, look.c says when to look at what others
 * make, send.c sends its request, outcome.c decides what the request's end means for it, boot.c
 * sees to it that what was made runs, lookup.c fetches what steps need to know of other resources
 * (each thing once a run), body.c makes request bodies.
 *
 * A step's way, each stage through step_enter():
 *
 *     SETTLE -> APPEAR -> RESOLVE -> SEND -> READY -> BOOT -> end
 *                            ^________|  (a retry; a resumed operation that is gone)
 *
 * SETTLE waits until what it needs, but no step of the plan makes, is at rest; APPEAR until what
 * others make is there; RESOLVE fetches references; SEND writes; READY waits until others may
 * build on it; BOOT until what was made runs. A WAIT step begins at READY, or at SEND when the
 * journal has the operation that it waits for.
 */

#include "address.h"
#include "base/buf.h"
#include "base/secret.h"
#include "engine/engine.h"

struct running;
struct job;

enum stage { STAGE_SETTLE, STAGE_APPEAR, STAGE_RESOLVE, STAGE_SEND, STAGE_READY, STAGE_BOOT };

/* Something that is fetched once and that several steps may wait for; again only after a failure.
 */
enum lookup_kind {
    LOOKUP_RESOURCE, /* GET of a resource: $ref */
    LOOKUP_CALL,     /* POST: $call; secret */
    LOOKUP_SECRET,   /* GET of a vault's secret: $secret; secret */
    LOOKUP_SETTLE,   /* GETs until a resource is at rest and ready */
};
enum lookup_state { LOOKUP_ASKING, LOOKUP_DONE, LOOKUP_FAILED };

struct lookup {
    struct running *running;
    enum lookup_kind kind;
    enum lookup_state state;
    struct target target;
    struct rd_str url;
    struct rd_arena *arena;
    struct rd_json body;
    enum rd_rc rc; /* FAILED */
    struct rd_str code;
    struct rd_str message;
    bool is_news;        /* those who waited for the answer are being told */
    struct job *waiters; /* by job->next_waiter */
    uint64_t timer;
    int64_t since_ms;
    int64_t delay_ms;
    struct lookup *next;
};

struct lock {
    bool is_held;
    uint32_t *waiting; /* steps, in order */
    size_t count;
    size_t cap;
    size_t first;
};

struct job {
    struct running *running;
    uint32_t index;
    enum stage stage;
    const struct rd_step *step;
    const struct rd_change *change;
    struct target target;
    const struct rd_type *type;
    struct rd_arena *arena;
    struct rd_arena
        *call_arena; /* of the request at hand: a step that polls for long stays small */
    struct rd_buf body;
    struct rd_str made_secret; /* a password on its way into the body; wiped once it is there */
    bool is_secret;            /* of the request at hand: it carries a secret */
    bool has_secrets;          /* some request of the step did */
    bool is_create;
    bool has_intent;
    bool is_found;   /* others made it as it is wanted: the journal has its end alone */
    bool is_resumed; /* an operation of a killed run is being followed */
    bool has_recovered;
    bool is_accepted; /* the request at hand has started an operation */
    bool has_made;    /* a request of this step was accepted: what is there now is its own */
    bool is_unsure;   /* a POST may have been carried out */
    bool has_looked;  /* at what may have come back with a recovered parent */
    int retries;
    int64_t retry_since_ms;
    int64_t wait_since_ms;
    int64_t looked_ms; /* at what is watched, last; 0 when not yet */
    bool is_scout;     /* it is watched closely, so that others need not be */
    uint64_t timer;
    struct rd_str get_url; /* of what is watched, made once */
    struct rd_str ready_url;
    struct rd_str boot_url;
    int start_count; /* BOOT: how often it was started, and when that last ended */
    int64_t start_since_ms;
    struct rd_str body_hash;    /* of what is desired, as the operation at hand was asked for it */
    struct rd_str verdict_code; /* WAIT: what the followed operation said when it failed */
    struct rd_str verdict_message;
    int page_count; /* of what a group holds */
    struct lookup *awaited;
    struct rd_call call;
    struct job *next_waiter;
    struct job *next_out;
    struct job *next;
    struct job *previous;
};

struct running {
    struct rd_world *world;
    struct rd_arena *arena;
    const struct rd_plan *plan;
    const struct rd_run_options *options;
    struct rd_run *run;
    uint32_t *successor_start; /* step_count + 1 */
    uint32_t *successors;
    uint32_t *needs_left;
    int64_t *tail_ms; /* the longest way from a step's start to the plan's end */
    uint32_t *ready;  /* a heap, longest tail first */
    size_t ready_count;
    struct rd_map step_of;        /* id -> record of the step that writes it */
    struct rd_str *resume_hashes; /* by step: what those operations were asked for; "" unknown */
    struct rd_str *resume_urls;   /* by step: operations that a killed run left open; "" mostly */
    bool *is_unsure;              /* by step: a killed run may have sent its POST */
    struct rd_map halted;         /* ids of machines that a run has stopped and is to start again */
    struct rd_map recovered;      /* ids that this run has recovered -> anything */
    struct rd_map lookups;        /* key -> struct lookup */
    struct lookup *all_lookups;
    struct rd_map locks;    /* parent id -> struct lock */
    struct rd_map appeared; /* type -> what look.c has learned of its appearing */
    struct rd_map readied;  /* type -> of its becoming ready */
    struct job *jobs;
    struct job *outbox;
    struct job **outbox_end;
    bool is_flush_due;
    int64_t flushed_ms;
    bool is_dispatch_due;
    bool is_stopping;
    int64_t sequence;
    enum rd_rc journal_rc;
    struct rd_err journal_err;
    enum rd_rc first_rc;
    struct rd_err first_err;
    int64_t left_ms;
    int64_t left_at_ms;
    int64_t left_at_real_us;
    int64_t idle_real_us;
    uint32_t idle_count;
};

/* schedule.c */
void schedule_job_ended(struct job *job, enum rd_rc rc, struct rd_str code, struct rd_str message,
                        struct rd_str hint);
/* Adds to the journal; false when that failed, after which nothing new starts. */
bool schedule_journal(struct running *running, const struct job *job, enum rd_journal_phase phase,
                      struct rd_str url, int status, struct rd_str code, struct rd_str message);
/* Sends the job's call, if it has one, once its intent is in the journal's file. */
void schedule_send(struct job *job);
struct rd_str schedule_step_name(struct rd_arena *arena, const struct rd_step *step);

/* prepare.c */
/* Links the steps, measures the ways behind them, finds what a killed run left open, and begins
 * the run in the journal. Errors: INVALID for a circle of steps; those of the journal. */
RD_NODISCARD enum rd_rc prepare_run(struct running *running, struct rd_err *err);

/* step.c */
void step_start(struct job *job);
void step_lookup_done(struct job *job);
/* Ends a job that only waits for a time; a job with a request under way is left alone. */
void step_interrupt(struct job *job);
void step_enter(struct job *job, enum stage stage);
/* Later; ends the job when the run is being stopped. */
void step_wait_then_enter(struct job *job, enum stage stage, int64_t delay_ms);
/* Each ends the job, which is gone afterwards, and writes that into the journal. */
void step_end(struct job *job, enum rd_rc rc, struct rd_str code, struct rd_str message,
              struct rd_str hint);
void step_end_well(struct job *job);
void step_end_badly(struct job *job, const struct rd_outcome *outcome);
/* Ends the job without a word in the journal: its operation goes on, for the next run to follow. */
void step_end_open(struct job *job, const struct rd_outcome *outcome);
/* Forgets the request at hand; what was secret in it or in its reply is overwritten. */
void step_clear_call(struct job *job);
void step_get_target(struct job *job, struct rd_str url, rd_client_fn *done);
struct rd_str step_url(struct job *job, enum address_use use);
int64_t step_now_ms(const struct job *job);
bool step_is_write(const struct job *job);
/* What a PUT of a variant writes instead of the desired body, of a column of the type's row (see
 * rd_step.action); absent for a plain one. */
struct rd_json step_part(const struct job *job);
bool step_is_part(const struct job *job);
bool step_has_body(const struct job *job);
/* The action that makes the resource instead of a PUT, or "". */
struct rd_str step_via(const struct job *job);

/* look.c */
/* From now on it is watched, for the stage that it is in. */
void look_begin(struct job *job);
/* Whether to look now; otherwise the job enters its stage again later. */
bool look_is_due(struct job *job);
/* It is so: others profit. */
void look_learn(struct job *job);

/* send.c */
void send_step(struct job *job);
/* What others made is as it is wanted: STAGE_READY once the journal's file says whose it is. */
void send_nothing(struct job *job);
/* Follows an operation that a killed run left open instead of sending anything. */
void send_resumed(struct job *job, struct rd_str url);
/* Deletes what this very step made and what may not be written over. */
void send_clearing(struct job *job);

/* Starts what was made and does not run; `done` gets the job. */
void send_start(struct job *job, rd_client_fn *done);

/* boot.c */
/* "running" of the status "PowerState/running" of a machine that was read with it, or "". */
struct rd_str boot_power_of(const struct job *job, const struct rd_json *body);
/* Where it is read with it. */
struct rd_str boot_power_url(struct job *job);
/* STAGE_BOOT, for the first time or again. */
void boot_enter(struct job *job, bool is_new);

/* halt.c */
/* Whether the step deallocates a machine for a change, or starts it again afterwards. */
bool halt_is_stop(const struct job *job);
bool halt_is_restart(const struct rd_plan *plan, const struct rd_step *step);
/* Before either is sent: looks whether there is anything to do. Then STAGE_SEND, or the end. */
void halt_look(struct job *job);

/* foreign.c */
/* Whether the step deletes a group: with it goes whatever is in it by then, so right before the
 * request it is looked for what the plan did not know. Then STAGE_SEND, or the end with STALE. */
bool foreign_is_to_check(const struct job *job);
void foreign_check(struct job *job);

/* outcome.c */
/* Whether what the step builds on was granted so lately that it may not count yet. */
bool outcome_has_fresh_grant(struct job *job);
void outcome_take(void *data, const struct rd_outcome *outcome);
void outcome_take_clearing(void *data, const struct rd_outcome *outcome);
void outcome_take_acceptance(void *data, struct rd_str operation_url, struct rd_str location_url);

/* lookup.c */
/* The lookup of a reference's value, started when it is new; NULL when its id has no known type. */
struct lookup *lookup_reference(struct running *running, const struct rd_json *reference);
struct lookup *lookup_secret(struct running *running, struct rd_str id);
struct lookup *lookup_settle(struct running *running, const struct rd_resource *resource);
void lookup_wait(struct lookup *lookup, struct job *job);
void lookup_stop(struct running *running);
void lookup_done(struct running *running);
/* Hides values that are secret in a text of the cloud's. */
struct rd_str lookup_mask(struct running *running, struct rd_arena *arena, struct rd_str text);
/* Whether a body's provisioningState, if any, is terminal. */
bool lookup_is_at_rest(const struct rd_json *body);
/* Whether what it fetches is a secret. */
bool lookup_is_secret(const struct lookup *lookup);
/* Overwrites text in an arena. */
void lookup_wipe(struct rd_str text);

/* body.c */
/* Of the desired body with its references as they stand: equal for the same spec, secret or not. */
struct rd_str body_hash(struct job *job);
/* The first reference in the desired body whose value is not here yet, or NULL when all are; false
 * when one failed (then `*ret_lookup` is it, or NULL for an id of unknown type in `*ret_id`). */
bool body_missing(struct job *job, struct lookup **ret_lookup, struct rd_str *ret_id);
/* Writes job->body from the desired body with the values in place. False when a path of a
 * reference leads nowhere: `*ret_message` says which. */
bool body_write(struct job *job, struct rd_str *ret_message);

#endif
