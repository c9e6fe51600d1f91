/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

/*
 * Whatever redoubt does to a cloud is a plan: a DAG of steps, computed here by a pure function of
 * the desired set and the live set, printable, savable, approvable by its hash, and run by the one
 * executor (engine/).
 *
 * Vocabulary. A *change* is what happens to one resource: created, updated, replaced (deleted, then
 * created), deleted, or adopted/none. A *step* is one act of the executor. A change makes one or
 * more steps. `needs` between steps: creation follows what a resource needs, deletion precedes it.
 *
 * Comparison (rd_diff): only what the desired body says is compared; rows of data/types.yaml name
 * read-only, write-only and unordered fields; text compares without case unless a row says
 * otherwise; nothing differs because of server defaults, order, casing or read-only fields.
 *
 * An update of what only changes while the machine is deallocated (column halts) makes three steps:
 * the action "deallocate", which whoever runs it leaves out when it is so already, the PUT, and the
 * action "start", left out unless a run has stopped it.
 *
 * Two kinds of update are no plain write. What one holder at a time may have (column held: the user
 * of a personal desktop) is *released* where it is before another gets it, and where nobody is to
 * have it any more. What holds data (column retire: a backup item) is *retired* when the spec no
 * longer names it: its work ends, its data stays; after that it is left alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "resource/set.h"

enum rd_change_kind {
    RD_CHANGE_NONE,
    RD_CHANGE_CREATE,
    RD_CHANGE_UPDATE,
    RD_CHANGE_REPLACE,
    RD_CHANGE_DELETE,
};

struct rd_field_change {
    struct rd_str path;           /* "properties.hardwareProfile.vmSize" */
    const struct rd_json *before; /* rd_json_absent when it was not there */
    const struct rd_json *after;  /* rd_json_absent when it goes; a reference when known later */
    bool is_secret;               /* show neither */
    bool replaces;                /* it cannot be changed in place */
    bool shrinks;                 /* a number that can only grow, and does not */
    bool halts;                   /* it only changes while the machine is deallocated */
};

struct rd_change {
    enum rd_change_kind kind;
    struct rd_str id;
    const struct rd_type *type;
    const struct rd_resource *desired; /* NULL when deleted, or retired (an update) */
    const struct rd_resource *live;    /* NULL when created */
    struct rd_field_change *fields;
    size_t field_count;
    size_t field_cap;
    struct rd_str reason; /* "not there", "hosts.size changed", "its virtual machine is replaced" */
    struct rd_str
        affected; /* who notices: "ann@contoso.us loses avdcui03 for about 25 min", or "" */
    int64_t expected_ms;
};

enum rd_step_kind {
    RD_STEP_PUT,          /* create or update a resource, wait until it is there and ready */
    RD_STEP_DELETE,       /* delete it, wait until it is gone */
    RD_STEP_ACTION,       /* POST {target}/{action}, wait for the end */
    RD_STEP_WAIT,         /* until a write that is under way has ended, and the resource is ready */
    RD_STEP_WAIT_UNTIL,   /* until a time */
    RD_STEP_APPROVE,      /* until a person says yes */
    RD_STEP_ALTERNATIVES, /* the first of several subgraphs that works */
};

/* "put", "wait-until": as in saved plans and in the journal. */
const char *rd_step_kind_name(enum rd_step_kind kind);

struct rd_step {
    enum rd_step_kind kind;
    struct rd_str id;     /* of the resource; with `kind` and `action` it names the step */
    struct rd_str action; /* RD_STEP_ACTION: "run". RD_STEP_PUT: "" for the whole body,
                             "provisional" for the body of a first write (resource/set.h), after
                             which the whole one updates it, or what is written instead of the whole
                             body, by the column of the type's row: "on_delete" (its merge patch),
                             "release" (that of column held), "retire" */
    uint32_t change;      /* index of the change it belongs to */
    uint32_t *needs;      /* indexes of steps, ascending */
    uint32_t need_count;
    int64_t expected_ms;
};

struct rd_plan {
    struct rd_arena *arena;
    struct rd_str enclave;
    struct rd_str cloud;
    const struct rd_set *desired; /* NULL for a destroy plan */
    const struct rd_set
        *live; /* of a plan that was saved only what changes, until it is read again */
    struct rd_change *changes; /* without those of kind NONE */
    size_t change_count;
    size_t change_cap;
    struct rd_step *steps;
    size_t step_count;
    size_t step_cap;
    size_t counts[RD_CHANGE_DELETE + 1]; /* by kind, NONE included */
    int64_t critical_path_ms;
    struct rd_set *read_sets[2]; /* those that reading the plan made: freed by rd_plan_done */
    struct rd_str fingerprint;   /* of a plan that was read; otherwise "", then it is computed */
    struct rd_str *left_alone;   /* live ids that are not redoubt's to touch, with the reason */
    size_t left_alone_count;
    size_t left_alone_cap;
    /* Ids of the fact "unseen" of `live` (resource/unseen.h), or absent: nothing is planned for
     * them, and what the plan says is no more than what was seen. Who runs it must see. */
    const struct rd_json *unseen;
};

/* The changes from `live` to `desired` and the steps that make them. Errors: INVALID for what
 * cannot be planned (a field that can't change on a resource that must not be replaced; a disk that
 * would have to become smaller; a subnet's range with hosts in it; a pool made anew below hosts
 * that have registered). What bears no tags is proved by marks of its own (column mark), or by the
 * facts of `live`: {"written": ["<id>" ...]}, ids that earlier runs wrote; {"halted": [...]}
 * are machines that a run has stopped and not started again: that is made up for. What its fact
 * "unseen" names is neither taken to be missing nor to be there. */
RD_NODISCARD enum rd_rc rd_plan_make(struct rd_arena *arena, const struct rd_set *desired,
                                     const struct rd_set *live, struct rd_plan **ret_plan,
                                     struct rd_err *err);
/* Everything of `enclave` in `live` that its tags, marks and ids prove to be redoubt's own, deleted
 * in reverse order; the rest goes to left_alone. `desired` may be NULL: ids without tags of their
 * own (children, pins) are then proved by their owners. A group is deleted when nothing else is
 * left in it; besides `live`, its facts may name what is there of types unknown to redoubt:
 * {"foreign": ["<id>" ...]}. */
RD_NODISCARD enum rd_rc rd_plan_make_destroy(struct rd_arena *arena, const struct rd_set *desired,
                                             const struct rd_set *live, struct rd_plan **ret_plan,
                                             struct rd_err *err);

/* Compares one resource; appends to `change->fields`. Returns whether anything differs. `live_set`
 * resolves references of the desired body. */
bool rd_diff(struct rd_arena *arena, const struct rd_resource *desired,
             const struct rd_resource *live, const struct rd_set *live_set,
             struct rd_change *change);

/* The saved form, and back. The hash (64 hex digits) covers steps, bodies and the fingerprint of
 * the live set that the plan was made against; reading checks it. Errors: INVALID with
 * name:line:column, or "edited by hand" when the hash does not match; LIMIT. The plan keeps views
 * into `text` and has sets of its own, `live` with only what changes. rd_plan_done when it is not
 * needed any more; for other plans that does nothing. */
struct rd_json rd_plan_to_json(struct rd_arena *arena, const struct rd_plan *plan);
RD_NODISCARD enum rd_rc rd_plan_from_json(struct rd_arena *arena, const char *name,
                                          struct rd_str text, struct rd_plan **ret_plan,
                                          struct rd_err *err);
void rd_plan_done(struct rd_plan *plan);
struct rd_str rd_plan_hash(struct rd_arena *arena, const struct rd_plan *plan);
/* What a saved plan's world looked like: equal fingerprints mean that it has not moved on. */
struct rd_str rd_set_fingerprint(struct rd_arena *arena, const struct rd_set *live);

/* For people: the changes in groups, field by field, secrets masked; `width` columns. */
struct rd_plan_text_options {
    bool colors;
    int width;
    bool shows_unchanged;
};
void rd_plan_print(struct rd_buf *out, const struct rd_plan *plan,
                   const struct rd_plan_text_options *options);

#endif
