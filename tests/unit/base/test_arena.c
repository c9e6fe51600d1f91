/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/arena.h"
#include "check.h"

static void allocations_are_aligned_and_apart(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    unsigned char *former = NULL;
    for (size_t size = 1; size < 3000; size += 7) {
        unsigned char *p = rd_arena_alloc(arena, size);
        assert_int_equal((uintptr_t)p % 8, 0);
        memset(p, (int)(size & 0xff), size);
        if (former != NULL)
            assert_int_equal(former[0], (size - 7) & 0xff);
        former = p;
    }
}

static void a_large_item_does_not_waste_the_block_at_hand(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    (void)rd_arena_alloc(arena, 100);
    size_t before = rd_arena_held(arena);
    (void)rd_arena_alloc(arena, 1 << 20);
    (void)rd_arena_alloc(arena, 100); /* still from the first block */
    assert_int_equal(rd_arena_held(arena), before + (1 << 20));
}

static void clearing_gives_back_all_but_one_block(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 2000; i++)
            (void)rd_arena_alloc(arena, 64);
        rd_arena_clear(arena);
        assert_int_equal(rd_arena_used(arena), 0);
    }
    assert_true(rd_arena_held(arena) <= 1 << 20);
}

static void growing_keeps_what_was_there(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    int *items = NULL;
    size_t cap = 0;
    for (int i = 0; i < 1000; i++) {
        items = rd_arena_grow(arena, items, (size_t)i, &cap, sizeof(*items));
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
}

static void long_texts_are_printed_whole(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct rd_str s = rd_arena_printf(arena, "[%s]", text);
    assert_int_equal(s.n, sizeof(text) + 1);
    assert_int_equal(s.p[s.n], '\0');
    assert_int_equal(s.p[s.n - 1], ']');
}

static void a_copy_in_lower_case_leaves_the_rest_as_it_is(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str lower = rd_arena_lower(arena, RD_STR("US Gov-\xc3\x84[Z]"));
    assert_string_equal(lower.p, "us gov-\xc3\x84[z]");
    assert_int_equal(lower.n, strlen(lower.p));
    assert_int_equal(rd_arena_lower(arena, RD_STR("")).n, 0);
}

static void what_is_wiped_is_not_found_again(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    char *first = rd_arena_bytes(arena, 100);
    memset(first, 's', 100);
    (void)rd_arena_bytes(arena, 10000);
    rd_arena_wipe(arena);
    assert_int_equal(rd_arena_used(arena), 0);
    const char *again = rd_arena_bytes(arena, 100);
    assert_ptr_equal(again, first);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
}

TESTS(TEST(allocations_are_aligned_and_apart), TEST(a_large_item_does_not_waste_the_block_at_hand),
      TEST(clearing_gives_back_all_but_one_block), TEST(growing_keeps_what_was_there),
      TEST(long_texts_are_printed_whole), TEST(a_copy_in_lower_case_leaves_the_rest_as_it_is),
      TEST(what_is_wiped_is_not_found_again))
