/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/arena.h"
#include "base/map.h"
#include "check.h"

static void keys_may_ignore_case(void **state)
{
    (void)state;
    RD_CLEANUP(rd_map_done) struct rd_map map;
    int a = 1;
    int b = 2;
    rd_map_init(&map, true);
    assert_null(rd_map_set(&map, RD_STR("/Subscriptions/X"), &a));
    assert_ptr_equal(rd_map_get(&map, RD_STR("/subscriptions/x")), &a);
    assert_ptr_equal(rd_map_set(&map, RD_STR("/SUBSCRIPTIONS/x"), &b), &a);
    assert_int_equal(rd_map_count(&map), 1);
}

static void iteration_is_in_order_of_insertion_whatever_is_removed(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    RD_CLEANUP(rd_map_done) struct rd_map map;
    rd_map_init(&map, false);
    int values[1000];
    for (int i = 0; i < 1000; i++) {
        values[i] = i;
        (void)rd_map_set(&map, rd_arena_printf(arena, "k%d", i), &values[i]);
    }
    for (int i = 0; i < 1000; i += 2)
        assert_ptr_equal(rd_map_remove(&map, rd_arena_printf(arena, "k%d", i)), &values[i]);
    for (int i = 0; i < 1000; i += 4)
        (void)rd_map_set(&map, rd_arena_printf(arena, "n%d", i), &values[i]);
    assert_int_equal(rd_map_count(&map), 750);
    size_t cursor = 0;
    int expected = 1;
    const struct rd_map_entry *entry;
    while (expected < 1000 && (entry = rd_map_next(&map, &cursor)) != NULL) {
        assert_int_equal(*(const int *)entry->value, expected);
        expected += 2;
    }
    assert_null(rd_map_get(&map, RD_STR("k0")));
    assert_non_null(rd_map_get(&map, RD_STR("n0")));
}

static void a_removed_key_can_come_back(void **state)
{
    (void)state;
    RD_CLEANUP(rd_map_done) struct rd_map map;
    int a = 1;
    rd_map_init(&map, false);
    assert_null(rd_map_get(&map, RD_STR("x")));
    (void)rd_map_set(&map, RD_STR("x"), &a);
    assert_ptr_equal(rd_map_remove(&map, RD_STR("x")), &a);
    assert_null(rd_map_remove(&map, RD_STR("x")));
    assert_null(rd_map_set(&map, RD_STR("x"), &a));
    assert_int_equal(rd_map_count(&map), 1);
}

static void adding_leaves_what_is_there(void **state)
{
    (void)state;
    RD_CLEANUP(rd_map_done) struct rd_map map;
    int a = 1, b = 2;
    rd_map_init(&map, true);
    assert_true(rd_map_add(&map, RD_STR("Key"), &a));
    assert_false(rd_map_add(&map, RD_STR("kEY"), &b));
    assert_ptr_equal(rd_map_get(&map, RD_STR("key")), &a);
    assert_ptr_equal(rd_map_remove(&map, RD_STR("key")), &a);
    assert_true(rd_map_add(&map, RD_STR("key"), &b));
    assert_ptr_equal(rd_map_get(&map, RD_STR("KEY")), &b);
    assert_int_equal(rd_map_count(&map), 1);
}

TESTS(TEST(keys_may_ignore_case), TEST(iteration_is_in_order_of_insertion_whatever_is_removed),
      TEST(a_removed_key_can_come_back), TEST(adding_leaves_what_is_there))
