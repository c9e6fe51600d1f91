/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/limits.h"
#include "check.h"
#include "yaml/yaml.h"

static void plain_scalars_get_the_core_schemas_types(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    ASSERT_OK(rd_yaml_parse(arena, "t",
                            RD_STR("a: 1\nb: 1.50\nc: true\nd: null\ne: '1'\nf: yes\ng: 007\nh: ~\n"
                                   "i: -5\nj: \"\"\nk:\nl: 08:00\nm: 1.0.0\n"),
                            &value, &err),
              &err);
    ASSERT_STR(rd_json_text(arena, &value, RD_JSON_COMPACT),
               "{\"a\":1,\"b\":1.50,\"c\":true,\"d\":null,\"e\":\"1\",\"f\":\"yes\",\"g\":\"007\","
               "\"h\":null,\"i\":-5,\"j\":\"\",\"k\":null,\"l\":\"08:00\",\"m\":\"1.0.0\"}");
}

static void what_is_refused_is_refused_at_its_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a: 1\nb: *x\n", "t:2:5:"},
        {"a: &x 1\n", "t:1:5:"},
        {"a: !!str 1\n", "t:1:4:"},
        {"a: 1\na: 2\n", "t:2:1: the key 'a' is given twice"},
        {"? [1]\n: 2\n", "t:1:3:"},
        {"a: 1\n---\nb: 2\n", "t:2:"},
        {"a: [1,\nb: 2\n", "t:"},
        {"a:\n  b: 1\n c: 2\n", "t:3:"},
        {"\tb: 2\n", "t:1:"},
        {"a: \"x\n", "t:"},
        {"x: 1\nb: \xff\xfe\n", "t:2:4:"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_json value;
        struct rd_err err = {0};
        assert_int_equal(rd_yaml_parse(arena, "t", rd_str_from(cases[i][0]), &value, &err),
                         RD_RC_INVALID);
        if (strncmp(err.msg, cases[i][1], strlen(cases[i][1])) != 0)
            fail_msg("%s: %s", cases[i][0], err.msg);
        if (err.hint[0] == '\0')
            fail_msg("%s: no remedy for: %s", cases[i][0], err.msg);
    }
}

static void bombs_are_refused_before_they_grow(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    assert_int_equal(
        rd_yaml_parse(arena, "t", RD_STR("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"), &value, &err),
        RD_RC_INVALID);
    char deep[2 * RD_YAML_DEPTH_MAX + 10];
    memset(deep, '[', RD_YAML_DEPTH_MAX + 1);
    memset(deep + RD_YAML_DEPTH_MAX + 1, ']', RD_YAML_DEPTH_MAX + 1);
    assert_int_equal(
        rd_yaml_parse(arena, "t", (struct rd_str){deep, 2 * (RD_YAML_DEPTH_MAX + 1)}, &value, &err),
        RD_RC_LIMIT);
    assert_int_equal(rd_yaml_parse(arena, "t", (struct rd_str){"a\0b", 3}, &value, &err),
                     RD_RC_INVALID);
    ASSERT_CONTAINS(err.msg, "binary");
}

static void an_empty_text_is_null(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    static const char *const empties[] = {"", "\n\n", "# only a comment\n", "---\n"};
    for (size_t i = 0; i < 4; i++) {
        struct rd_json value;
        struct rd_err err;
        ASSERT_OK(rd_yaml_parse(arena, "t", rd_str_from(empties[i]), &value, &err), &err);
        assert_true(rd_json_is(&value, RD_JSON_NULL));
    }
}

static void values_know_where_they_stood(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    struct rd_str text = RD_STR("# c\nhosts:\n  count: \xc3\xa4\n  size: [1, 22]\n");
    ASSERT_OK(rd_yaml_parse(arena, "t", text, &value, &err), &err);
    int line;
    int column;
    rd_json_position(text, rd_json_at(&value, "hosts.size.1")->offset, &line, &column);
    assert_int_equal(line, 4);
    assert_int_equal(column, 13);
}

TESTS(TEST(plain_scalars_get_the_core_schemas_types), TEST(what_is_refused_is_refused_at_its_place),
      TEST(bombs_are_refused_before_they_grow), TEST(an_empty_text_is_null),
      TEST(values_know_where_they_stood))
