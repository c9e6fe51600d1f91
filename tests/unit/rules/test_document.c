/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/limits.h"
#include "rules/document.h"

static const char *page; /* docs/rules.md */

static struct rd_str made(struct rd_arena *arena)
{
    struct rd_rule *rules = NULL;
    size_t count = 0;
    struct rd_str text = RD_STR("");
    struct rd_err err;
    if (rd_rules_load(arena, &rules, &count, &err) != RD_RC_OK ||
        rd_rules_document(arena, rules, count, &text, &err) != RD_RC_OK)
        fail_msg("%s", err.msg);
    return text;
}

/* REDOUBT_GOLDEN_WRITE=1 writes the page instead, for review as a diff. */
static void the_page_is_what_the_data_says(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = made(arena);
    struct rd_str written;
    struct rd_err err;
    if (getenv("REDOUBT_GOLDEN_WRITE") != NULL) {
        FILE *out = fopen(page, "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(text.p, 1, text.n, out), text.n);
        assert_int_equal(fclose(out), 0);
    }
    assert_int_equal(rd_file_read(arena, page, RD_FACTS_SIZE_MAX, &written, &err), RD_RC_OK);
    if (!rd_str_eq(text, written))
        fail_msg("docs/rules.md is stale: run this test with REDOUBT_GOLDEN_WRITE=1");
}

static void the_page_maps_statements_of_both_documents_to_rules(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = made(arena);
    assert_true(rd_str_find(text, RD_STR("\n| A | "), 0) != RD_STR_NONE);
    assert_true(rd_str_find(text, RD_STR("\n| B | "), 0) != RD_STR_NONE);
    assert_true(rd_str_find(text, RD_STR("\n| R | "), 0) != RD_STR_NONE);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_what_the_data_says),
        cmocka_unit_test(the_page_maps_statements_of_both_documents_to_rules),
    };
    if (argc != 2)
        return 2;
    page = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
