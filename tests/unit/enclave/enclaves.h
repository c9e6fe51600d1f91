/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_ENCLAVES_H
#define TEST_ENCLAVES_H

/* Specs that the tests of enclave/ compile, and the way there. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "enclave/compile.h"

#define HEAD                                                                                       \
    "enclave: test-one\n"                                                                          \
    "tenant: 11111111-2222-3333-4444-555555555555\n"                                               \
    "subscription: 22222222-3333-4444-5555-666666666666\n"
#define SUBSCRIPTION "/subscriptions/22222222-3333-4444-5555-666666666666"
#define ACCESS "access:\n  users_group: 33333333-4444-5555-6666-777777777777\n"
#define HOSTS_GROUP SUBSCRIPTION "/resourceGroups/rg-test-one-hosts"
#define DESKTOPS_GROUP SUBSCRIPTION "/resourceGroups/rg-test-one"
#define NETWORK_GROUP SUBSCRIPTION "/resourceGroups/rg-test-one-network"

static const char trusted_launch[] = HEAD "region: westeurope\n"
                                          "hosts:\n"
                                          "  count: 2\n"
                                          "  size: Standard_D8as_v6\n"
                                          "  security: trusted-launch\n" ACCESS;

static inline struct rd_spec *read_spec(struct rd_arena *arena, const char *text)
{
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_spec *spec = NULL;
    enum rd_rc rc = rd_spec_parse(arena, "test.yaml", rd_str_from(text), &spec, &err);
    if (rc != RD_RC_OK)
        print_error("%s\n", err.msg);
    assert_int_equal(rc, RD_RC_OK);
    if (spec == NULL)
        abort();
    return spec;
}

static inline struct rd_set *compile_spec(struct rd_arena *arena, const struct rd_spec *spec)
{
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_set *set = NULL;
    enum rd_rc rc = rd_enclave_compile(arena, spec, &set, &err);
    if (rc != RD_RC_OK)
        print_error("%s\n", err.msg);
    assert_int_equal(rc, RD_RC_OK);
    if (set == NULL)
        abort();
    return set;
}

static inline struct rd_set *compile_text(struct rd_arena *arena, const char *text)
{
    return compile_spec(arena, read_spec(arena, text));
}

static inline struct rd_set *compile_example(struct rd_arena *arena, const char *name)
{
    char path[1024];
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_spec *spec = NULL;
    (void)snprintf(path, sizeof(path), "%s/%s.yaml", EXAMPLES_FOLDER, name);
    enum rd_rc rc = rd_spec_read(arena, path, &spec, &err);
    if (rc != RD_RC_OK)
        print_error("%s\n", err.msg);
    assert_int_equal(rc, RD_RC_OK);
    return compile_spec(arena, spec);
}

static inline size_t count_type(const struct rd_set *set, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        if (rd_str_is_case(set->resources[i].type->name, type))
            count++;
    return count;
}

static inline const struct rd_resource *first_of_type(const struct rd_set *set, const char *type)
{
    for (size_t i = 0; i < set->count; i++)
        if (rd_str_is_case(set->resources[i].type->name, type))
            return &set->resources[i];
    fail_msg("no resource of type %s", type);
    abort(); /* not reached: a failed assertion jumps */
}

#endif
