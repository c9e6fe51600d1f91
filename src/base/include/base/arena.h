/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

/*
 * An arena owns everything that one piece of work allocates: a command, a plan, an exchange. A
 * function that takes an arena puts its results there; nothing is freed one by one. Memory comes
 * in blocks and is uninitialised unless the name says zero. Running out of memory ends the process
 * with a message (this file's implementation holds the only malloc); running over the arena's own
 * maximum does too, so sizes that come from outside are checked against base/limits.h first.
 * One thread at a time per arena.
 */

#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct rd_arena;

/* A new arena that may grow to `size_max` bytes; 0 means no bound. Never NULL. */
struct rd_arena *rd_arena_new(size_t size_max);
void rd_arena_free(struct rd_arena *arena);
/* For RD_CLEANUP. */
void rd_arena_freep(struct rd_arena **arena);
/* Forgets everything in the arena and keeps its first block for what comes next. */
void rd_arena_clear(struct rd_arena *arena);
/* The same, and overwrites what was in it: for secrets. */
void rd_arena_wipe(struct rd_arena *arena);
/* Bytes handed out, and bytes held from the system. */
size_t rd_arena_used(const struct rd_arena *arena);
size_t rd_arena_held(const struct rd_arena *arena);

/* `size` bytes aligned for pointers and 64-bit numbers; size 0 gives a valid pointer. */
void *rd_arena_alloc(struct rd_arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
void *rd_arena_zalloc(struct rd_arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
/* `count` items of `size` bytes, zeroed; overflow of the product ends the process. */
void *rd_arena_array(struct rd_arena *arena, size_t count, size_t size)
    __attribute__((malloc, returns_nonnull));
/* Unaligned bytes, for text. */
char *rd_arena_bytes(struct rd_arena *arena, size_t size) __attribute__((malloc, returns_nonnull));

/* A copy of `s`, followed by a NUL that is not counted. */
struct rd_str rd_arena_str(struct rd_arena *arena, struct rd_str s);
/* The same in lower case. */
struct rd_str rd_arena_lower(struct rd_arena *arena, struct rd_str s);
RD_PRINTF(2, 3) struct rd_str rd_arena_printf(struct rd_arena *arena, const char *fmt, ...);
RD_PRINTF(2, 0)
struct rd_str rd_arena_vprintf(struct rd_arena *arena, const char *fmt, va_list ap);

/*
 * Room for one more item in a growing array: returns `items`, moved when it was full (capacity
 * doubles, `*cap` is updated).
 *
 *     list->items = rd_arena_grow(arena, list->items, list->count, &list->cap,
 * sizeof(*list->items)); list->items[list->count++] = item;
 */
void *rd_arena_grow(struct rd_arena *arena, void *items, size_t count, size_t *cap, size_t size)
    __attribute__((returns_nonnull));

/* The heap for long-lived objects that are not part of an arena; the same ending on exhaustion. */
void *rd_heap_zalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *rd_heap_resize(void *p, size_t size) __attribute__((returns_nonnull));
void rd_heap_free(void *p);

#endif
