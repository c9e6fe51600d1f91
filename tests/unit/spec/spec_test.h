/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPEC_TEST_H
#define SPEC_TEST_H

/* What every test of the spec does: take the smallest spec there is, add to it, and see what is
 * said. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"
#include "json/json.h"

#define TENANT "11111111-2222-3333-4444-555555555555"
#define SUBSCRIPTION "22222222-3333-4444-5555-666666666666"
#define GROUP "33333333-4444-5555-6666-777777777777"
#define ACCESS "access:\n  users_group: " GROUP "\n"
#define IDS "tenant: " TENANT "\nsubscription: " SUBSCRIPTION "\n" ACCESS
/* Six lines: what a test adds begins in line 7. */
#define BASE "enclave: contoso\nregion: westeurope\n" IDS
/* The same in Azure Government, in a region without zones; seven lines. */
#define GOV "enclave: contoso\ncloud: AzureUSGovernment\nregion: usgovarizona\n" IDS

struct bad_spec {
    const char *yaml;
    int line;
    int column;
    const char *says; /* the end of the message, after the place */
};

/* Exactly one mistake, at exactly that place. */
static inline void expect_bad(const struct bad_spec *bad)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = NULL;
    struct rd_err err = {0};
    char place[64];
    enum rd_rc rc = rd_spec_parse(arena, "t.yaml", rd_str_from(bad->yaml), &spec, &err);
    (void)snprintf(place, sizeof(place), "t.yaml:%d:%d: ", bad->line, bad->column);
    if (rc != RD_RC_INVALID || strncmp(err.msg, place, strlen(place)) != 0 ||
        strstr(err.msg, bad->says) == NULL || strchr(err.msg, '\n') != NULL || spec != NULL)
        fail_msg("for\n%s\nexpected %s...%s\ngot (%s) %s", bad->yaml, place, bad->says,
                 rd_rc_name(rc), rc == RD_RC_OK ? "" : err.msg);
}

#define EXPECT_ALL_BAD(rows)                                                                       \
    for (size_t i_ = 0; i_ < sizeof(rows) / sizeof((rows)[0]); i_++)                               \
    expect_bad(&(rows)[i_])

static inline const struct rd_spec *expect_good(struct rd_arena *arena, const char *yaml)
{
    struct rd_spec *spec = NULL;
    struct rd_err err = {0};
    enum rd_rc rc = rd_spec_parse(arena, "t.yaml", rd_str_from(yaml), &spec, &err);
    if (rc != RD_RC_OK)
        fail_msg("for\n%s\ngot %s", yaml, err.msg);
    assert_non_null(spec);
    return spec;
}

#define ASSERT_STR(s, c_string)                                                                    \
    do {                                                                                           \
        struct rd_str s_ = (s);                                                                    \
        if (!rd_str_is(s_, c_string))                                                              \
            fail_msg("%s is '%.*s', not '%s'", #s, RD_FMT(s_), c_string);                          \
    } while (0)

#endif
