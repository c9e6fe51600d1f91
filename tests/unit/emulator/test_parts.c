/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "providers.h"

/* The tables of all parts that this build has. */

typedef void check_fn(const struct em_type *type);

static void each_type(check_fn *check)
{
    size_t count;
    const struct em_part *const *parts = em_parts(&count);
    size_t seen = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i]->type_count; k++, seen++)
            check(&parts[i]->types[k]);
    assert_true(seen > 3);
}

static void check_policy(const struct em_type *type)
{
    const struct rd_json *policies = rd_json_get(em_table("limits"), RD_STR("policies"));
    if (type->throttle_policy != NULL &&
        !rd_json_exists(rd_json_get(policies, rd_str_from(type->throttle_policy))))
        fail_msg("'%s' names the unknown throttle policy '%s'", type->name, type->throttle_policy);
}

static void policies_of_throttling_exist(void **state)
{
    (void)state;
    each_type(check_policy);
}

static void check_pattern(const struct em_type *type)
{
    regex_t pattern;
    if (type->name_pattern == NULL)
        return;
    if (regcomp(&pattern, type->name_pattern, REG_EXTENDED | REG_NOSUB) != 0)
        fail_msg("the name pattern of '%s' is none", type->name);
    regfree(&pattern);
}

static void name_patterns_compile(void **state)
{
    (void)state;
    each_type(check_pattern);
}

static void check_statuses(const struct em_type *type)
{
    if (type->is_internal)
        return;
    bool has_url =
        type->async == EM_BOTH || type->async == EM_LOCATION || type->async == EM_ASYNC_OPERATION;
    if (has_url && type->operation_path == NULL)
        fail_msg("'%s' is asynchronous and has no operation_path", type->name);
    if (type->source == NULL)
        fail_msg("'%s' names no source for the ledger", type->name);
}

static void types_say_how_they_answer_and_where_from(void **state)
{
    (void)state;
    each_type(check_statuses);
}

static void both_clouds_open(void **state)
{
    static const char *const names[] = {"AzureCloud", "AzureUSGovernment"};
    (void)state;
    for (size_t i = 0; i < EM_COUNT(names); i++) {
        struct rd_cloud *cloud = NULL;
        struct rd_err err;
        struct rd_cloud_options options = {
            .cloud_name = names[i],
            .tenant = RD_STR("22222222-2222-4222-8222-222222222222"),
        };
        assert_int_equal(rd_cloud_open(&options, &cloud, &err), RD_RC_OK);
        assert_int_equal(rd_cloud_resource_count(cloud), 0);
        rd_cloud_close(cloud);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_of_throttling_exist),
        cmocka_unit_test(name_patterns_compile),
        cmocka_unit_test(types_say_how_they_answer_and_where_from),
        cmocka_unit_test(both_clouds_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
