/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_DIFF_INTERNAL_H
#define PLAN_DIFF_INTERNAL_H

/*
 * Comparing walks the desired body, with the live body and the type's field tree beside it. Nothing
 * is allocated until something differs: the way to the value at hand is a chain of places on the
 * C stack, which becomes text only when a field change is recorded.
 */

#include "base/limits.h"
#include "plan/plan.h"

struct rd_place {
    const struct rd_place *above; /* NULL at the root */
    struct rd_str key;            /* of a member or a keyed item */
    size_t item;                  /* of an item without a key */
    enum { RD_PLACE_MEMBER, RD_PLACE_KEY, RD_PLACE_ITEM } kind;
};

struct rd_differ {
    struct rd_arena *arena;
    const struct rd_set *live_set;    /* NULL: references are taken as unchanged */
    const struct rd_set *desired_set; /* NULL: nothing is known of what is replaced */
    const uint8_t *kinds;             /* by index in desired_set: enum rd_change_kind so far */
    struct rd_change *change;         /* NULL: only tell whether something differs */
    int depth;
};

/* All return whether something differs. `flags` are those of the fields above. */
bool rd_diff_value(struct rd_differ *differ, const struct rd_json *desired,
                   const struct rd_json *live, const struct rd_field *field, uint32_t flags,
                   const struct rd_place *place);
bool rd_diff_array(struct rd_differ *differ, const struct rd_json *desired,
                   const struct rd_json *live, const struct rd_field *field, uint32_t flags,
                   const struct rd_place *place);
/* The same without recording. */
bool rd_diff_quietly(struct rd_differ *differ, const struct rd_json *desired,
                     const struct rd_json *live, const struct rd_field *field, uint32_t flags);
/* Whether an id in such a field binds its resource to what it names, which this plan replaces: then
 * so is this one (a machine goes before its network interface can). */
bool rd_diff_is_bound(const struct rd_differ *differ, const struct rd_json *desired,
                      uint32_t flags);
/* Records a field change; returns true. */
bool rd_diff_record(struct rd_differ *differ, const struct rd_json *before,
                    const struct rd_json *after, uint32_t flags, const struct rd_place *place);

/* Whether the value of a member of that name is not for showing, nor for files. */
bool rd_diff_is_secret_name(struct rd_str name);

/* Strings, numbers and booleans. */
bool rd_scalar_eq(const struct rd_json *a, const struct rd_json *b, uint32_t flags, char separator);
bool rd_region_eq(struct rd_str a, struct rd_str b);

/* rd_diff with what the plan knows of other resources. */
bool rd_diff_with(struct rd_differ *differ, const struct rd_resource *desired,
                  const struct rd_resource *live);

#endif
