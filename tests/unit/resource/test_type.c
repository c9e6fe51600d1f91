/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/facts.h"
#include "resource/type.h"

static char folder[] = "/tmp/redoubt-types-XXXXXX";

static void write_table(const char *rows)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/types.yaml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(rows, file);
    fclose(file);
    rd_facts_set_folder(folder);
}

static void expect_refused(const char *rows, const char *message)
{
    write_table(rows);
    const struct rd_type *types = NULL;
    size_t count = 0;
    struct rd_err err;
    assert_int_equal(rd_types_load(&types, &count, &err), RD_RC_INVALID);
    if (strstr(err.msg, message) == NULL)
        fail_msg("'%s' does not say '%s'", err.msg, message);
}

/* These come first: a good table is read once and kept. */
static void a_bad_table_is_refused_with_row_and_column(void **state)
{
    (void)state;
#define HEAD "- {type: A.B/c, label: c, api_version: v, list: group"
    expect_refused("[]", "expected a list of rows");
    expect_refused("{}", "expected a list of rows");
    expect_refused("- {label: x}", "row 1 has no 'type'");
    expect_refused("- {type: A.B/c}", "'label' of 'A.B/c' is not a text");
    expect_refused("- {type: A.B/c, label: c, list: group}", "'api_version' of 'A.B/c'");
    expect_refused("- {type: A.B/c, label: c, api_version: v}", "'list' of 'A.B/c' is not group");
    expect_refused(HEAD ", plane: moon}", "'plane' of 'A.B/c' is not arm");
    expect_refused(HEAD ", create_s: -1}", "'create_s' of 'A.B/c' is not a whole number");
    expect_refused(HEAD ", create_s: soon}", "'create_s' of 'A.B/c' is not a whole number");
    expect_refused(HEAD ", read_only: a}", "'read_only' of 'A.B/c' is not a list of paths");
    expect_refused(HEAD ", replace: [1]}", "'replace' of 'A.B/c' is not a list of paths");
    expect_refused(HEAD ", keys: [a]}", "'keys' of 'A.B/c' is not a map");
    expect_refused(HEAD ", lists: {a: ab}}", "'lists' of 'A.B/c' is not a map");
    expect_refused(HEAD "}\n- {type: a.b/C, label: c, api_version: v, list: none}",
                   "is there twice");
}

static void columns_become_a_tree_to_walk_beside_a_body(void **state)
{
    (void)state;
    write_table(HEAD ", create_s: 2, plane: hsm, read_only: [a.b], replace: ['a.B.*.c'],"
                     " keys: {a.l: id}, lists: {t: ';'}, exact: [t]}");
    const struct rd_type *types = NULL;
    size_t count = 0;
    struct rd_err err;
    assert_int_equal(rd_types_load(&types, &count, &err), RD_RC_OK);
    assert_int_equal(count, 1);
    const struct rd_type *type = rd_type_find(RD_STR("a.b/C"));
    assert_ptr_equal(type, types);
    assert_int_equal(type->create_ms, 2000);
    assert_int_equal(type->plane, RD_PLANE_HSM);
    const struct rd_field *a = rd_field_child(type->fields, RD_STR("A"));
    const struct rd_field *b = rd_field_child(a, RD_STR("b"));
    assert_non_null(b);
    assert_int_equal(b->flags, RD_FIELD_READ_ONLY);
    const struct rd_field *c = rd_field_child(b, RD_STR("c"));
    assert_non_null(c);
    assert_int_equal(c->flags, RD_FIELD_REPLACE);
    const struct rd_field *l = rd_field_child(a, RD_STR("l"));
    assert_non_null(l);
    assert_true(rd_str_is(l->key, "id"));
    const struct rd_field *t = rd_field_child(type->fields, RD_STR("t"));
    assert_non_null(t);
    assert_int_equal(t->separator, ';');
    assert_int_equal(t->flags, RD_FIELD_EXACT);
    assert_null(rd_field_child(type->fields, RD_STR("x")));
    assert_null(rd_field_child(NULL, RD_STR("x")));
    assert_null(rd_type_find(RD_STR("a.b/d")));
}

static void a_session_host_is_told_by_its_type(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_host;
    } rows[] = {
        {"Microsoft.DesktopVirtualization/hostPools/sessionHosts", true},
        {"microsoft.desktopvirtualization/hostpools/sessionhosts", true},
        {"Microsoft.DesktopVirtualization/hostPools", false},
        {"Microsoft.DesktopVirtualization/hostPools/sessionHosts/userSessions", false},
        {"Microsoft.Compute/virtualMachines", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rd_type type = {.name = rd_str_from(rows[i].name)};
        assert_int_equal(rd_type_is_session_host(&type), rows[i].is_host);
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/types.yaml", folder);
    (void)unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_table_is_refused_with_row_and_column),
        cmocka_unit_test(columns_become_a_tree_to_walk_beside_a_body),
        cmocka_unit_test(a_session_host_is_told_by_its_type),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
