/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "check.h"
#include "json/json.h"

static void integers_of_64_bits_are_exact(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    ASSERT_OK(rd_json_parse(arena, "t", RD_STR("[9223372036854775807,-9223372036854775808]"), 0,
                            &value, &err),
              &err);
    assert_true(rd_json_int(rd_json_item(&value, 0), 0) == INT64_MAX);
    assert_true(rd_json_int(rd_json_item(&value, 1), 0) == INT64_MIN);
}

static void other_numbers_keep_their_text(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    const char *text = "[9223372036854775808,1.50,-0,1e400,2.5E-3]";
    ASSERT_OK(rd_json_parse(arena, "t", rd_str_from(text), 0, &value, &err), &err);
    ASSERT_STR(rd_json_text(arena, &value, RD_JSON_COMPACT), text);
    assert_true(rd_json_double(rd_json_item(&value, 1), 0) > 1.49);
}

static void leniently_comments_bare_names_and_line_ends_are_taken(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    static const char text[] = "// first\n{name_1: [1, /* , */ 2], \"a\": \"x\n\ty\\n\" // last";
    static const char *const refused[] = {
        "{a: 1 /*", "{1a: 1}", "/", "{\"a\": \"\001\"}", "{a}", "[a]", "{\"a\": 1 / 2}"};
    struct rd_str whole = rd_arena_printf(arena, "%s\n}", text);
    ASSERT_OK(rd_json_parse(arena, "t", whole, RD_JSON_LENIENT, &value, &err), &err);
    ASSERT_STR(rd_json_text(arena, &value, RD_JSON_COMPACT),
               "{\"name_1\":[1,2],\"a\":\"x\\n\\ty\\n\"}");
    assert_int_equal(rd_json_parse(arena, "t", whole, 0, &value, &err), RD_RC_INVALID);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_int_equal(
            rd_json_parse(arena, "t", rd_str_from(refused[i]), RD_JSON_LENIENT, &value, &err),
            RD_RC_INVALID);
}

static void what_is_not_json_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *place;
    } cases[] = {
        {"", "t:1:1:"},
        {"  ", "t:1:3:"},
        {"{\n \"a\": tru }", "t:2:7:"},
        {"{\"a\" 1}", "t:1:6:"},
        {"{\"a\":1,}", "t:1:8:"},
        {"[1,]", "t:1:4:"},
        {"[1 2]", "t:1:4:"},
        {"[1", "t:1:1:"},
        {"{\"a\":1", "t:1:1:"},
        {"\"abc", "t:1:1:"},
        {"\"a\tb\"", "t:1:3:"},
        {"\"\\x\"", "t:1:2:"},
        {"\"\\ud800\"", "t:1:2:"},
        {"\"\\udc00\"", "t:1:2:"},
        {"\"\\u12g4\"", "t:1:2:"},
        {"01", "t:1:1:"},
        {"1.", "t:1:1:"},
        {"1e", "t:1:1:"},
        {"-", "t:1:1:"},
        {"+1", "t:1:1:"},
        {"nul", "t:1:1:"},
        {"1 1", "t:1:3:"},
        {"[\"\xc3\xa4\", x]", "t:1:7:"}, /* columns count characters */
        {"\"\xff\"", "t:1:2:"},
        {"{1:2}", "t:1:2:"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_json value;
        struct rd_err err;
        assert_int_equal(rd_json_parse(arena, "t", rd_str_from(cases[i].text), 0, &value, &err),
                         RD_RC_INVALID);
        if (strncmp(err.msg, cases[i].place, strlen(cases[i].place)) != 0)
            fail_msg("%s: %s", cases[i].text, err.msg);
    }
}

static void every_prefix_of_a_text_is_refused(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[1,-2.5e3,\"x\\u00e9\\ud83d\\ude00\\n\",null,true,false],\"b\":{}}";
    for (size_t n = 0; n + 1 < sizeof(text); n++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_json value;
        struct rd_err err;
        assert_int_not_equal(rd_json_parse(arena, "t", (struct rd_str){text, n}, 0, &value, &err),
                             n == sizeof(text) - 1 ? RD_RC_FAILED : RD_RC_OK);
    }
}

static void escapes_become_utf8(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    ASSERT_OK(rd_json_parse(arena, "t", RD_STR("\"a\\u00e9\\u20ac\\ud83d\\ude00\\/\\b\""), 0,
                            &value, &err),
              &err);
    ASSERT_STR(rd_json_str(&value), "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\b");
}

static void depth_is_limited(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    char text[200];
    struct rd_json value;
    struct rd_err err;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    ASSERT_OK(rd_json_parse(arena, "t", (struct rd_str){text, 128}, 0, &value, &err), &err);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_int_equal(rd_json_parse(arena, "t", (struct rd_str){text, 130}, 0, &value, &err),
                     RD_RC_LIMIT);
}

static void a_member_named_twice_is_refused_on_request(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    struct rd_str text = RD_STR("{\"a\":{\"b\":1},\"a\":2}");
    ASSERT_OK(rd_json_parse(arena, "t", text, 0, &value, &err), &err);
    assert_int_equal(rd_json_parse(arena, "t", text, RD_JSON_UNIQUE_KEYS, &value, &err),
                     RD_RC_INVALID);
    ASSERT_CONTAINS(err.msg, "t:1:14:");
}

static void values_know_where_they_stood(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    struct rd_str text = RD_STR("{\n  \"a\": [1,\n  22]}");
    ASSERT_OK(rd_json_parse(arena, "t", text, 0, &value, &err), &err);
    int line;
    int column;
    rd_json_position(text, rd_json_at(&value, "a.1")->offset, &line, &column);
    assert_int_equal(line, 3);
    assert_int_equal(column, 3);
}

TESTS(TEST(integers_of_64_bits_are_exact), TEST(other_numbers_keep_their_text),
      TEST(leniently_comments_bare_names_and_line_ends_are_taken),
      TEST(what_is_not_json_is_refused_at_its_place), TEST(every_prefix_of_a_text_is_refused),
      TEST(escapes_become_utf8), TEST(depth_is_limited),
      TEST(a_member_named_twice_is_refused_on_request), TEST(values_know_where_they_stood))
