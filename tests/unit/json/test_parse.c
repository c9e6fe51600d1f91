/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static void integers_of_64_bits_are_exact(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    assert_int_equal(rd_json_parse(arena, "t", RD_STR("[9223372036854775807,-9223372036854775808]"),
                                   0, &value, &err),
                     RD_RC_OK);
    assert_true(rd_json_int(rd_json_item(&value, 0), 0) == INT64_MAX);
    assert_true(rd_json_int(rd_json_item(&value, 1), 0) == INT64_MIN);
}

static void the_place_of_a_mistake_is_told(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json value;
    struct rd_err err;
    assert_int_equal(rd_json_parse(arena, "t", RD_STR("{\n \"a\": tru }"), 0, &value, &err),
                     RD_RC_INVALID);
    assert_true(strncmp(err.msg, "t:2:7:", 6) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_64_bits_are_exact),
        cmocka_unit_test(the_place_of_a_mistake_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
