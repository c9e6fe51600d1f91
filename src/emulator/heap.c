/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <assert.h>
#include <string.h>

/* Long-lived memory of the core: owned texts, growing arrays, and the index by id. */

enum { INDEX_SLOTS_FIRST = 64, POINTERS_FIRST = 16 };

struct rd_str em_heap_str(struct rd_str s)
{
    if (s.n == 0)
        return (struct rd_str){"", 0};
    char *p = rd_heap_resize(NULL, s.n + 1);
    memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (struct rd_str){p, s.n};
}

void em_heap_str_free(struct rd_str *s)
{
    /* The cast drops a const that em_heap_str put there; an empty text is a literal. */
    union {
        const char *from;
        void *to;
    } text = {.from = s->p};
    if (s->n > 0)
        rd_heap_free(text.to);
    *s = (struct rd_str){"", 0};
}

void em_push(struct em_pointers *pointers, void *item)
{
    if (pointers->count == pointers->cap) {
        pointers->cap = pointers->cap == 0 ? POINTERS_FIRST : pointers->cap * 2;
        pointers->items = rd_heap_resize(pointers->items, pointers->cap * sizeof(*pointers->items));
    }
    pointers->items[pointers->count++] = item;
}

void em_index_init(struct em_index *index, struct rd_str (*key_of)(const void *item))
{
    *index = (struct em_index){.key_of = key_of};
}

void em_index_done(struct em_index *index)
{
    rd_heap_free(index->slots);
    *index = (struct em_index){.key_of = index->key_of};
}

/* The slot that holds the key, or the free one where it would go. */
static size_t slot_of(const struct em_index *index, struct rd_str key, uint64_t hash)
{
    size_t mask = index->slot_count - 1;
    size_t slot = (size_t)hash & mask;
    while (index->slots[slot].item != NULL) {
        if (index->slots[slot].hash == hash &&
            rd_str_eq_case(index->key_of(index->slots[slot].item), key))
            return slot;
        slot = (slot + 1) & mask;
    }
    return slot;
}

void *em_index_get(const struct em_index *index, struct rd_str key)
{
    if (index->slot_count == 0)
        return NULL;
    return index->slots[slot_of(index, key, rd_str_hash_case(key))].item;
}

static void grow(struct em_index *index)
{
    size_t former_count = index->slot_count;
    struct em_index_slot *former = index->slots;
    index->slot_count = former_count == 0 ? INDEX_SLOTS_FIRST : former_count * 2;
    index->slots = rd_heap_zalloc(index->slot_count * sizeof(*index->slots));
    for (size_t i = 0; i < former_count; i++) {
        if (former[i].item == NULL)
            continue;
        size_t slot = (size_t)former[i].hash & (index->slot_count - 1);
        while (index->slots[slot].item != NULL)
            slot = (slot + 1) & (index->slot_count - 1);
        index->slots[slot] = former[i];
    }
    rd_heap_free(former);
}

void em_index_add(struct em_index *index, void *item)
{
    if ((index->count + 1) * 2 > index->slot_count)
        grow(index);
    struct rd_str key = index->key_of(item);
    uint64_t hash = rd_str_hash_case(key);
    size_t slot = slot_of(index, key, hash);
    assert(index->slots[slot].item == NULL);
    index->slots[slot] = (struct em_index_slot){item, hash};
    index->count++;
}

/* Closes the gap: whatever stands behind it in the same run moves up when it may (Knuth 6.4 R). */
void em_index_remove(struct em_index *index, struct rd_str key)
{
    if (index->slot_count == 0)
        return;
    size_t mask = index->slot_count - 1;
    size_t gap = slot_of(index, key, rd_str_hash_case(key));
    if (index->slots[gap].item == NULL)
        return;
    index->count--;
    for (size_t next = (gap + 1) & mask; index->slots[next].item != NULL;
         next = (next + 1) & mask) {
        size_t home = (size_t)index->slots[next].hash & mask;
        if (((next - home) & mask) >= ((next - gap) & mask)) {
            index->slots[gap] = index->slots[next];
            gap = next;
        }
    }
    index->slots[gap] = (struct em_index_slot){0};
}
