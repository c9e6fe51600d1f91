/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "check.h"
#include "json/json.h"

static struct rd_json parse(struct rd_arena *arena, const char *text)
{
    struct rd_json value = rd_json_null();
    struct rd_err err;
    ASSERT_OK(rd_json_parse(arena, "t", rd_str_from(text), 0, &value, &err), &err);
    return value;
}

static void compact_text_comes_back_as_it_was(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *text = "{\"z\":[1,2.50,\"a\\\"\\\\\\n\\u0001\"],\"a\":{},\"e\":[],\"n\":null}";
    struct rd_json value = parse(arena, text);
    ASSERT_STR(rd_json_text(arena, &value, RD_JSON_COMPACT), text);
}

static void canonical_text_does_not_depend_on_order(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json a = parse(arena, "{\"b\":{\"y\":1,\"x\":2},\"a\":[3]}");
    struct rd_json b = parse(arena, "{ \"a\" : [3], \"b\":{\"x\":2,\"y\":1} }");
    assert_true(rd_str_eq(rd_json_text(arena, &a, RD_JSON_CANONICAL),
                          rd_json_text(arena, &b, RD_JSON_CANONICAL)));
    assert_true(rd_json_eq(&a, &b));
}

static void pretty_text_is_indented_by_two(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value = parse(arena, "{\"a\":[1,{}],\"b\":[]}");
    ASSERT_STR(rd_json_text(arena, &value, RD_JSON_PRETTY),
               "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

static void writing_into_a_small_buffer_never_overruns(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value = parse(arena, "[\"\\u0001\\u0002\\u0003\",\"abcdef\",{\"k\":123456}]");
    for (size_t size = 1; size < 60; size++) {
        RD_CLEANUP(rd_buf_done) struct rd_buf buf;
        rd_buf_init(&buf, size);
        rd_json_write(&buf, &value, RD_JSON_COMPACT);
        assert_true(buf.n <= size);
    }
}

TESTS(TEST(compact_text_comes_back_as_it_was), TEST(canonical_text_does_not_depend_on_order),
      TEST(pretty_text_is_indented_by_two), TEST(writing_into_a_small_buffer_never_overruns))
