/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "enclave/compile.h"

/* The three examples as resource sets, each with one host: the others differ in their names only.
 */

enum { PATH_SIZE_MAX = 1024, GOLDEN_SIZE_MAX = 4 << 20 };

static struct rd_str compiled(struct rd_arena *arena, const char *name)
{
    char path[PATH_SIZE_MAX];
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_spec *spec = NULL;
    struct rd_set *set = NULL;
    (void)snprintf(path, sizeof(path), "%s/%s.yaml", EXAMPLES_FOLDER, name);
    assert_int_equal(rd_spec_read(arena, path, &spec, &err), RD_RC_OK);
    if (spec == NULL)
        abort();
    spec->hosts.count = 1;
    spec->file = rd_arena_printf(arena, "examples/%s.yaml", name);
    assert_int_equal(rd_enclave_compile(arena, spec, &set, &err), RD_RC_OK);
    struct rd_json json = rd_set_to_json(arena, set);
    struct rd_str text = rd_json_text(arena, &json, RD_JSON_PRETTY);
    rd_set_done(set);
    return rd_arena_printf(arena, "%.*s\n", RD_FMT(text));
}

static void write_golden(const char *path, struct rd_str text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (file != NULL) {
        assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
        assert_int_equal(fclose(file), 0);
    }
}

static void assert_golden(const char *name)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    char path[PATH_SIZE_MAX];
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_str kept = RD_STR("");
    (void)snprintf(path, sizeof(path), "%s/%s.json", GOLDEN_FOLDER, name);
    struct rd_str text = compiled(arena, name);
    if (getenv("REDOUBT_GOLDEN_WRITE") != NULL)
        write_golden(path, text);
    assert_int_equal(rd_file_read(arena, path, GOLDEN_SIZE_MAX, &kept, &err), RD_RC_OK);
    size_t line = 1;
    for (size_t i = 0; i < text.n && i < kept.n && text.p[i] == kept.p[i]; i++)
        line += text.p[i] == '\n' ? 1 : 0;
    if (!rd_str_eq(text, kept))
        fail_msg("%s.json differs from line %zu on; REDOUBT_GOLDEN_WRITE=1 rewrites it", name,
                 line);
}

static void the_sovereign_example_compiles_as_kept(void **state)
{
    (void)state;
    assert_golden("sovereign");
}

static void the_confidential_example_with_platform_keys_compiles_as_kept(void **state)
{
    (void)state;
    assert_golden("confidential-pmk");
}

static void the_confidential_example_with_customer_keys_compiles_as_kept(void **state)
{
    (void)state;
    assert_golden("confidential-cmk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sovereign_example_compiles_as_kept),
        cmocka_unit_test(the_confidential_example_with_platform_keys_compiles_as_kept),
        cmocka_unit_test(the_confidential_example_with_customer_keys_compiles_as_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
