/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shape.h"

static void assert_text(struct rd_arena *arena, struct rd_json value, const char *expected)
{
    assert_string_equal(rd_json_text(arena, &value, RD_JSON_COMPACT).p, expected);
}

static void words_become_what_they_look_like(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    assert_text(arena,
                rd_shape(arena, "{a: true, b: false, c: null, d: 12, e: Word, f: 'two words',"
                                " g: '12', h: [1, x], i: {}, j: [], 'k l': 0}"),
                "{\"a\":true,\"b\":false,\"c\":null,\"d\":12,\"e\":\"Word\",\"f\":\"two words\","
                "\"g\":\"12\",\"h\":[1,\"x\"],\"i\":{},\"j\":[],\"k l\":0}");
}

static void marks_take_the_arguments_in_order(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    assert_text(arena,
                rd_shape(arena, "{$ref: %s, n: %i, yes: %b, list: [%s, %j]}", RD_STR("an id"),
                         (int64_t)1 << 40, 1, RD_STR("x"), rd_json_integer(7)),
                "{\"$ref\":\"an id\",\"n\":1099511627776,\"yes\":true,\"list\":[\"x\",7]}");
}

static void optional_members_without_a_value_are_left_out(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    assert_text(arena,
                rd_shape(arena, "{a?: %s, b?: %j, c?: %j, d?: %j, e?: %b, f?: %i, g?: %s}",
                         RD_STR(""), rd_json_absent, rd_json_array(), rd_json_object(), 0,
                         (int64_t)0, RD_STR("kept")),
                "{\"e\":false,\"f\":0,\"g\":\"kept\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_what_they_look_like),
        cmocka_unit_test(marks_take_the_arguments_in_order),
        cmocka_unit_test(optional_members_without_a_value_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
