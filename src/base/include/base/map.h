/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

/*
 * A map from text to a pointer, open addressing. Keys are views: the caller keeps their bytes
 * alive. With `ignores_case` two keys that differ in ASCII case only are one key, as ARM ids are.
 * Iteration is in order of first insertion, so results never depend on hashing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct rd_map_entry {
    struct rd_str key;
    void *value; /* NULL when removed */
    uint64_t hash;
};

struct rd_map {
    struct rd_map_entry *entries; /* in insertion order, removed ones included */
    size_t entry_count;
    size_t entry_cap;
    uint32_t *slots; /* index + 1 into entries, 0 free */
    size_t slot_count;
    size_t live_count;
    bool ignores_case;
};

void rd_map_init(struct rd_map *map, bool ignores_case);
void rd_map_done(struct rd_map *map);
/* Sets the value (not NULL) and returns the former one, or NULL. */
void *rd_map_set(struct rd_map *map, struct rd_str key, void *value);
/* Sets the value (not NULL) of a key that has none; false, and nothing changes, when it has. */
bool rd_map_add(struct rd_map *map, struct rd_str key, void *value);
void *rd_map_get(const struct rd_map *map, struct rd_str key); /* NULL when absent */
void *rd_map_remove(struct rd_map *map, struct rd_str key);    /* the former value, or NULL */
size_t rd_map_count(const struct rd_map *map);
/* Steps through live entries: start with *cursor = 0; NULL at the end. Do not insert meanwhile. */
const struct rd_map_entry *rd_map_next(const struct rd_map *map, size_t *cursor);

#endif
