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

static void paths_that_lead_nowhere_are_absent(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value = parse(arena, "{\"a\":{\"b\":[{\"c\":\"x\"}]}}");
    ASSERT_STR(rd_json_str(rd_json_at(&value, "a.b.0.c")), "x");
    assert_true(rd_json_is(rd_json_at(&value, "a.b.1.c"), RD_JSON_ABSENT));
    assert_true(rd_json_is(rd_json_at(&value, "a.c.d.e"), RD_JSON_ABSENT));
    ASSERT_STR(rd_json_str(rd_json_at(&value, "a.b")), "");
    assert_false(rd_json_exists(rd_json_at(&value, "q")));
}

static void money_is_read_exactly_or_not_at_all(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value = parse(arena, "[1.25,0.384,-3,0.1234567,1e3,1.2500000000,9223372036854]");
    static const int64_t expected[] = {1250000, 384000,  -3000000,           0,
                                       0,       1250000, 9223372036854000000};
    for (size_t i = 0; i < 7; i++) {
        int64_t micro = 0;
        bool is_exact = rd_json_fixed(rd_json_item(&value, i), 6, &micro);
        assert_int_equal(is_exact, i != 3 && i != 4);
        if (is_exact)
            assert_true(micro == expected[i]);
    }
    struct rd_json decimal = rd_json_decimal(arena, 1250000, 6);
    ASSERT_STR(rd_json_text(arena, &decimal, RD_JSON_COMPACT), "1.25");
    decimal = rd_json_decimal(arena, -10, 6);
    ASSERT_STR(rd_json_text(arena, &decimal, RD_JSON_COMPACT), "-0.00001");
}

static void objects_grow_and_keep_order(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json object = rd_json_object();
    for (int i = 0; i < 100; i++)
        (void)rd_json_set(arena, &object, rd_arena_printf(arena, "k%d", i), rd_json_integer(i));
    (void)rd_json_set(arena, &object, RD_STR("k50"), rd_json_string_c("changed"));
    assert_int_equal(rd_json_count(&object), 100);
    ASSERT_STR(object.u.members[50].key, "k50");
    ASSERT_STR(rd_json_str(rd_json_get(&object, RD_STR("k50"))), "changed");
    assert_true(rd_json_remove(&object, RD_STR("k0")));
    assert_false(rd_json_remove(&object, RD_STR("k0")));
    ASSERT_STR(object.u.members[0].key, "k1");
}

static void setting_in_a_parsed_object_leaves_its_neighbours_alone(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value = parse(arena, "[{\"a\":1},{\"b\":2}]");
    (void)rd_json_set_c(arena, &value.u.items[0], "c", rd_json_integer(3));
    (void)rd_json_append(arena, &value, rd_json_bool(true));
    ASSERT_STR(rd_json_text(arena, &value, RD_JSON_COMPACT), "[{\"a\":1,\"c\":3},{\"b\":2},true]");
}

static void making_a_path_keeps_what_is_on_it(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value = parse(arena, "{\"a\":{\"x\":1}}");
    *rd_json_make(arena, &value, "a.b.c") = rd_json_integer(2);
    ASSERT_STR(rd_json_text(arena, &value, RD_JSON_COMPACT), "{\"a\":{\"x\":1,\"b\":{\"c\":2}}}");
}

/* The examples of RFC 7386 appendix A that end in objects. */
static void merging_follows_rfc_7386(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
        {"[1]", "{\"a\":1}", "{\"a\":1}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_json target = parse(arena, cases[i][0]);
        struct rd_json patch = parse(arena, cases[i][1]);
        rd_json_merge(arena, &target, &patch);
        ASSERT_STR(rd_json_text(arena, &target, RD_JSON_COMPACT), cases[i][2]);
    }
}

TESTS(TEST(paths_that_lead_nowhere_are_absent), TEST(money_is_read_exactly_or_not_at_all),
      TEST(objects_grow_and_keep_order),
      TEST(setting_in_a_parsed_object_leaves_its_neighbours_alone),
      TEST(making_a_path_keeps_what_is_on_it), TEST(merging_follows_rfc_7386))
