/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SIZE_MIN = 4096,
    BLOCK_SIZE_MAX = 1 << 20,
    ALIGNMENT = 16,
};

struct block {
    struct block *next;
    size_t size; /* of data */
    size_t used;
    _Alignas(ALIGNMENT) unsigned char data[];
};

struct rd_arena {
    struct block *head; /* where allocations come from */
    size_t size_max;
    size_t held;
    size_t used;
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "redoubt: out of memory (%s)\n", what);
    abort();
}

static struct block *block_new(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block))
        die("block size");
    struct block *block = malloc(sizeof(*block) + size);
    if (block == NULL)
        die("block");
    block->next = NULL;
    block->size = size;
    block->used = 0;
    return block;
}

struct rd_arena *rd_arena_new(size_t size_max)
{
    struct rd_arena *arena = malloc(sizeof(*arena));
    if (arena == NULL)
        die("arena");
    *arena = (struct rd_arena){.size_max = size_max};
    return arena;
}

static void blocks_free(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void rd_arena_free(struct rd_arena *arena)
{
    if (arena == NULL)
        return;
    blocks_free(arena->head);
    free(arena);
}

void rd_arena_freep(struct rd_arena **arena)
{
    rd_arena_free(*arena);
}

void rd_arena_clear(struct rd_arena *arena)
{
    arena->used = 0;
    if (arena->head == NULL)
        return;
    blocks_free(arena->head->next);
    arena->head->next = NULL;
    arena->head->used = 0;
    arena->held = arena->head->size;
}

void rd_arena_wipe(struct rd_arena *arena)
{
    for (struct block *block = arena->head; block != NULL; block = block->next)
        explicit_bzero(block->data, block->used);
    rd_arena_clear(arena);
}

size_t rd_arena_used(const struct rd_arena *arena)
{
    return arena->used;
}

size_t rd_arena_held(const struct rd_arena *arena)
{
    return arena->held;
}

/* A block with room for `size` bytes becomes the head. A large item gets a block of its own behind
 * the head, so that the head's free space is not lost. */
static struct block *room_for(struct rd_arena *arena, size_t size)
{
    size_t block_size = arena->head == NULL ? BLOCK_SIZE_MIN : arena->head->size * 2;
    if (block_size > BLOCK_SIZE_MAX)
        block_size = BLOCK_SIZE_MAX;
    bool is_large = size > block_size / 4;
    if (is_large)
        block_size = size;
    if (arena->size_max != 0 && block_size > arena->size_max - arena->held)
        die("an arena's own maximum");
    struct block *block = block_new(block_size);
    arena->held += block_size;
    if (is_large && arena->head != NULL) {
        block->next = arena->head->next;
        arena->head->next = block;
    } else {
        block->next = arena->head;
        arena->head = block;
    }
    return block;
}

static void *take(struct rd_arena *arena, size_t size, size_t alignment)
{
    assert(arena != NULL);
    struct block *block = arena->head;
    size_t start = 0;
    if (block != NULL)
        start = (block->used + alignment - 1) & ~(alignment - 1);
    if (block == NULL || start > block->size || size > block->size - start) {
        if (size > SIZE_MAX / 4)
            die("an impossible size");
        block = room_for(arena, size);
        start = 0;
    }
    block->used = start + size;
    arena->used += size;
    return block->data + start;
}

void *rd_arena_alloc(struct rd_arena *arena, size_t size)
{
    return take(arena, size, ALIGNMENT / 2);
}

void *rd_arena_zalloc(struct rd_arena *arena, size_t size)
{
    return memset(rd_arena_alloc(arena, size), 0, size);
}

void *rd_arena_array(struct rd_arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        die("an impossible array");
    return rd_arena_zalloc(arena, total);
}

char *rd_arena_bytes(struct rd_arena *arena, size_t size)
{
    return take(arena, size, 1);
}

struct rd_str rd_arena_str(struct rd_arena *arena, struct rd_str s)
{
    char *p = rd_arena_bytes(arena, s.n + 1);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (struct rd_str){p, s.n};
}

struct rd_str rd_arena_lower(struct rd_arena *arena, struct rd_str s)
{
    char *p = rd_arena_bytes(arena, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = rd_char_lower(s.p[i]);
    p[s.n] = '\0';
    return (struct rd_str){p, s.n};
}

struct rd_str rd_arena_vprintf(struct rd_arena *arena, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    assert(n >= 0);
    size_t size = (size_t)n;
    char *p = rd_arena_bytes(arena, size + 1);
    if (size < sizeof(small))
        memcpy(p, small, size + 1);
    else
        (void)vsnprintf(p, size + 1, fmt, again);
    va_end(again);
    return (struct rd_str){p, size};
}

struct rd_str rd_arena_printf(struct rd_arena *arena, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str s = rd_arena_vprintf(arena, fmt, ap);
    va_end(ap);
    return s;
}

void *rd_arena_grow(struct rd_arena *arena, void *items, size_t count, size_t *cap, size_t size)
{
    assert(count <= *cap);
    if (count < *cap)
        return items;
    size_t new_cap = *cap == 0 ? 8 : *cap * 2;
    size_t total;
    if (__builtin_mul_overflow(new_cap, size, &total))
        die("an impossible array");
    void *bigger = rd_arena_alloc(arena, total);
    if (count > 0)
        memcpy(bigger, items, count * size);
    *cap = new_cap;
    return bigger;
}

void *rd_heap_zalloc(size_t size)
{
    void *p = calloc(1, size == 0 ? 1 : size);
    if (p == NULL)
        die("heap");
    return p;
}

void *rd_heap_resize(void *p, size_t size)
{
    void *q = realloc(p, size == 0 ? 1 : size);
    if (q == NULL)
        die("heap");
    return q;
}

void rd_heap_free(void *p)
{
    free(p);
}
