/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULES_INDEX_H
#define RULES_INDEX_H

/*
 * A resource set indexed once for many rules: by type, by the id something lies below or on, and
 * by who refers to whom. References are found in bodies whichever way they are written: as one of
 * the set's own forms, as the text of an id, as the URL of a key, or as the object id of an
 * identity, because a live set holds only the last three. Private to the module.
 */

#include "base/arena.h"
#include "base/map.h"
#include "resource/set.h"

struct index_list {
    const uint32_t *items;
    size_t count;
};

struct set_index {
    const struct rd_set *set;
    const struct rd_type *types;
    size_t type_count;
    uint32_t *type_starts, *type_items;
    uint32_t *referrer_starts, *referrer_items;
    uint32_t *next_child;          /* index + 1 of the next resource with the same parent, or 0 */
    struct rd_map first_child;     /* parent's id -> &child_ends[...] */
    struct rd_map by_principal_id; /* object id of an identity -> index + 1 */
    struct rd_map by_key;          /* "store/keys/name" -> index + 1 */
};

struct child_ends {
    uint32_t first, last; /* index + 1 */
};

/* rd_is_reference, for the many objects that are none: a reference's members begin with "$". */
static inline bool set_index_is_reference(const struct rd_json *value)
{
    return value->type == RD_JSON_OBJECT && value->count > 0 && value->u.members[0].key.n > 0 &&
           value->u.members[0].key.p[0] == '$' && rd_is_reference(value);
}

RD_NODISCARD enum rd_rc set_index_init(struct rd_arena *arena, const struct rd_set *set,
                                       struct set_index *ret_index, struct rd_err *err);
void set_index_done(struct set_index *index);

struct index_list set_index_of_type(const struct set_index *index, const struct rd_type *type);
/* Who names it in its body. */
struct index_list set_index_referrers(const struct set_index *index, size_t resource);
/* The first resource directly below or on `id`, then the next: index, or RD_NONE. */
int64_t set_index_child(const struct set_index *index, struct rd_str id);
int64_t set_index_next_child(const struct set_index *index, int64_t child);
/* The resource that a value refers to, or RD_NONE. */
int64_t set_index_resolve(struct rd_arena *arena, const struct set_index *index,
                          const struct rd_json *value);

#endif
