/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_MAKE_INTERNAL_H
#define PLAN_MAKE_INTERNAL_H

#include "plan/plan.h"

/*
 * A plan is made in four passes: what happens to each desired resource (in the order of needs, so
 * that what a resource refers to is decided first), what happens to what is live besides, who
 * notices, and the steps.
 */
/* A created thing that waits until one that is deleted is gone (column sole). */
struct rd_rival {
    uint32_t change; /* index of the creation */
    int64_t live;    /* of what goes */
};

struct rd_maker {
    struct rd_arena *arena;       /* the plan's */
    struct rd_arena *scratch;     /* of the making */
    const struct rd_set *desired; /* NULL in a destroy plan without a spec */
    const struct rd_set *live;
    struct rd_str enclave;
    const struct rd_set *owner; /* desired, or live without it: whose enclave it is */
    struct rd_plan *plan;
    uint8_t *kinds;          /* by desired index: enum rd_change_kind */
    int32_t *desired_change; /* by desired index: index of its change, or RD_NONE */
    int32_t *live_change;    /* by live index: index of its change, or RD_NONE */
    int32_t *live_desired;   /* by live index: its desired index, or RD_NONE */
    int32_t *taker; /* by live index: the desired index of what gets what it holds, or RD_NONE */
    struct rd_rival *rivals;
    size_t rival_count;
    size_t rival_cap;
    struct rd_map halted;  /* ids that earlier runs stopped and did not start again */
    struct rd_map written; /* ids that earlier runs wrote, from the facts of `live` */
};

void rd_maker_init(struct rd_maker *maker, struct rd_arena *arena, struct rd_arena *scratch,
                   const struct rd_set *desired, const struct rd_set *live);
/* Adds a change and counts it; either index may be RD_NONE. */
struct rd_change *rd_maker_add(struct rd_maker *maker, enum rd_change_kind kind, int64_t desired,
                               int64_t live, struct rd_str reason);
void rd_maker_leave(struct rd_maker *maker, struct rd_str id, const char *reason);
void rd_maker_done(struct rd_maker *maker); /* frees what is in no arena */
/* Whether the live resource is deleted by the plan so far (to be created again or not). */
bool rd_maker_deletes(const struct rd_maker *maker, int64_t live);
/* Deletes groups of the enclave in which nothing else is left, leaves the others alone. */
void rd_maker_delete_groups(struct rd_maker *maker,
                            bool (*is_candidate)(struct rd_maker *, size_t));

/* Ownership (contract: tag, mark, id). */
bool rd_owner_is_marked(const struct rd_resource *live, const struct rd_set *owner);
/* The same, where the name redoubt gives proves it on what is the enclave's own. */
bool rd_maker_is_ours(const struct rd_maker *maker, size_t live);
/* The id of what something that is retired was made for (column retire.source), or "". */
struct rd_str rd_owner_source(const struct rd_resource *live);
/* The enclave of its tag, or "". */
struct rd_str rd_owner_name(const struct rd_resource *live);
/* The other enclave that its tags name, for people; "" when they name none or `owner`'s. */
struct rd_str rd_owner_other(struct rd_arena *arena, const struct rd_resource *live,
                             const struct rd_set *owner);
bool rd_type_is(const struct rd_type *type, const char *column);
bool rd_type_is_group(const struct rd_type *type);
/* The nearest live resource that contains it and is no group, or RD_NONE. */
int64_t rd_owner_above(const struct rd_set *live, struct rd_str id);
/* Whether a write of it has not come to its end yet. */
bool rd_owner_is_under_way(const struct rd_resource *live);
/* Whether it was made and has never run (column `boots`; read only of what no run has seen run). */
bool rd_owner_is_unstarted(const struct rd_resource *live);
/* Whether an earlier run has stopped it for a change, and it has not been started since. */
bool rd_maker_is_halted(const struct rd_maker *maker, const struct rd_resource *live);
/* Whether it is an update for which the machine has to be deallocated (column halts). */
bool rd_change_halts(const struct rd_change *change);
/* The state it is in and that no write ends (column `dead`), or "". */
struct rd_str rd_owner_dead_state(const struct rd_resource *live);
/* Whether it is being deleted. */
bool rd_owner_is_deleting(const struct rd_resource *live);
/* Whether it, or something that contains it, is being deleted. */
bool rd_owner_is_going(const struct rd_set *live, int64_t index);
/* Whether the service made it by itself and takes it away with its parent (column `own`). */
bool rd_owner_is_service(const struct rd_resource *live);
/* Whether it was retired (column retire) and has not been taken up again. */
bool rd_owner_is_retired(const struct rd_resource *live);
/* The id of the machine that something which appeared by itself (a session host) runs on, or "". */
struct rd_str rd_owner_machine(const struct rd_resource *live);

/* Finds who gets what others hold (column held), and adds the changes that release it. */
void rd_maker_find_takers(struct rd_maker *maker);
/* How an update takes from the resource what it holds: not at all, before its PUT, or as all that
 * there is to do. */
enum rd_release { RD_RELEASE_NONE, RD_RELEASE_FIRST, RD_RELEASE_ONLY };
enum rd_release rd_maker_releases(const struct rd_maker *maker, const struct rd_change *change);
/* Of such a change: whose it was, else "". */
struct rd_str rd_maker_loser(const struct rd_change *change);

/* How long its deletion takes (columns delete_s, delete_below_s). */
int64_t rd_maker_delete_ms(const struct rd_maker *maker, const struct rd_change *change);
/* Fills `affected` and `expected_ms` of all changes. */
void rd_maker_tell_affected(struct rd_maker *maker);
RD_NODISCARD enum rd_rc rd_maker_make_steps(struct rd_maker *maker, struct rd_err *err);

/* alike.c: refuses an update of text whose rows in a table are not alike. Errors: INVALID. */
RD_NODISCARD enum rd_rc rd_maker_check_alike(const struct rd_maker *maker,
                                             const struct rd_change *draft, struct rd_err *err);

/* standing.c: refuses an update that the service refuses of what stands (columns bits, occupied),
 * and what is made anew in vain (columns makes, registers). Errors: INVALID. */
RD_NODISCARD enum rd_rc rd_maker_check_bits(const struct rd_maker *maker,
                                            const struct rd_change *draft, struct rd_err *err);
RD_NODISCARD enum rd_rc rd_maker_check_occupied(const struct rd_maker *maker,
                                                const struct rd_change *draft, struct rd_err *err);
RD_NODISCARD enum rd_rc rd_maker_check_made(const struct rd_maker *maker, struct rd_err *err);

/* renew.c: adds updates of what does not differ, but holds what runs out (column renew). */
void rd_maker_renew(struct rd_maker *maker);

/* sole.c: finds what has to wait for what goes. Errors: INVALID when that is never or too late. */
RD_NODISCARD enum rd_rc rd_maker_find_rivals(struct rd_maker *maker, struct rd_err *err);
/* Every value at a path, in which * stands for each item of an array. */
void rd_maker_each_at(const struct rd_json *value, struct rd_str path,
                      void (*visit)(void *, const struct rd_json *), void *data);

#endif
