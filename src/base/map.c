/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"

enum { SLOTS_FIRST = 16 };

void rd_map_init(struct rd_map *map, bool ignores_case)
{
    *map = (struct rd_map){.ignores_case = ignores_case};
}

void rd_map_done(struct rd_map *map)
{
    rd_heap_free(map->entries);
    rd_heap_free(map->slots);
    *map = (struct rd_map){.ignores_case = map->ignores_case};
}

static uint64_t hash_of(const struct rd_map *map, struct rd_str key)
{
    return map->ignores_case ? rd_str_hash_case(key) : rd_str_hash(key);
}

static bool is_same(const struct rd_map *map, struct rd_str a, struct rd_str b)
{
    return map->ignores_case ? rd_str_eq_case(a, b) : rd_str_eq(a, b);
}

/* The slot that holds the key, or the free one where it would go. */
static size_t slot_of(const struct rd_map *map, struct rd_str key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    size_t slot = (size_t)hash & mask;
    while (map->slots[slot] != 0) {
        const struct rd_map_entry *entry = &map->entries[map->slots[slot] - 1];
        if (entry->hash == hash && is_same(map, entry->key, key))
            return slot;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void rebuild(struct rd_map *map, size_t slot_count)
{
    rd_heap_free(map->slots);
    map->slots = rd_heap_zalloc(slot_count * sizeof(*map->slots));
    map->slot_count = slot_count;
    size_t kept = 0;
    for (size_t i = 0; i < map->entry_count; i++) {
        if (map->entries[i].value == NULL)
            continue;
        map->entries[kept] = map->entries[i];
        size_t slot = (size_t)map->entries[kept].hash & (slot_count - 1);
        while (map->slots[slot] != 0)
            slot = (slot + 1) & (slot_count - 1);
        map->slots[slot] = (uint32_t)(kept + 1);
        kept++;
    }
    map->entry_count = kept;
}

static void make_room(struct rd_map *map)
{
    if (map->slot_count == 0 || (map->entry_count + 1) * 4 > map->slot_count * 3) {
        size_t needed = SLOTS_FIRST;
        while ((map->live_count + 1) * 2 > needed)
            needed *= 2;
        rebuild(map, needed);
    }
    if (map->entry_count == map->entry_cap) {
        map->entry_cap = map->entry_cap == 0 ? 8 : map->entry_cap * 2;
        map->entries = rd_heap_resize(map->entries, map->entry_cap * sizeof(*map->entries));
    }
}

/* The key's entry; a new one has no value yet. */
static struct rd_map_entry *entry_of(struct rd_map *map, struct rd_str key)
{
    make_room(map);
    uint64_t hash = hash_of(map, key);
    size_t slot = slot_of(map, key, hash);
    if (map->slots[slot] == 0) {
        map->entries[map->entry_count] = (struct rd_map_entry){key, NULL, hash};
        map->slots[slot] = (uint32_t)++map->entry_count;
    }
    return &map->entries[map->slots[slot] - 1];
}

void *rd_map_set(struct rd_map *map, struct rd_str key, void *value)
{
    assert(value != NULL);
    struct rd_map_entry *entry = entry_of(map, key);
    void *former = entry->value;
    entry->value = value;
    map->live_count += former == NULL;
    return former;
}

bool rd_map_add(struct rd_map *map, struct rd_str key, void *value)
{
    assert(value != NULL);
    struct rd_map_entry *entry = entry_of(map, key);
    if (entry->value != NULL)
        return false;
    entry->value = value;
    map->live_count++;
    return true;
}

void *rd_map_get(const struct rd_map *map, struct rd_str key)
{
    if (map->slot_count == 0)
        return NULL;
    size_t slot = slot_of(map, key, hash_of(map, key));
    return map->slots[slot] == 0 ? NULL : map->entries[map->slots[slot] - 1].value;
}

/* A removed entry keeps its slot, as a tombstone, until the next rebuild. */
void *rd_map_remove(struct rd_map *map, struct rd_str key)
{
    if (map->slot_count == 0)
        return NULL;
    size_t slot = slot_of(map, key, hash_of(map, key));
    if (map->slots[slot] == 0)
        return NULL;
    struct rd_map_entry *entry = &map->entries[map->slots[slot] - 1];
    void *former = entry->value;
    entry->value = NULL;
    map->live_count -= former != NULL;
    return former;
}

size_t rd_map_count(const struct rd_map *map)
{
    return map->live_count;
}

const struct rd_map_entry *rd_map_next(const struct rd_map *map, size_t *cursor)
{
    while (*cursor < map->entry_count) {
        const struct rd_map_entry *entry = &map->entries[(*cursor)++];
        if (entry->value != NULL)
            return entry;
    }
    return NULL;
}
