/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"

static enum rd_rc parse(struct rd_arena *arena, struct rd_str text, struct rd_err *err)
{
    struct rd_spec *spec = NULL;
    *err = (struct rd_err){0};
    enum rd_rc rc = rd_spec_parse(arena, "t.yaml", text, &spec, err);
    assert_true((rc == RD_RC_OK) == (spec != NULL));
    return rc;
}

static void a_file_that_is_no_spec_gets_one_clear_message(void **state)
{
    (void)state;
    const struct {
        struct rd_str text;
        const char *says;
    } rows[] = {
        {RD_STR(""), "t.yaml:1:1: there is no spec in this file"},
        {RD_STR("# only a comment\n"), "t.yaml:1:1: there is no spec in this file"},
        {RD_STR("\xef\xbb\xbf"), "t.yaml:1:1: there is no spec in this file"},
        {RD_STR("- a\n- b\n"), "t.yaml:1:1: a list: expected keys such as 'enclave: contoso-cui'"},
        {RD_STR("enclave\n"), "t.yaml:1:1: a single value: expected keys"},
        {RD_STR("a\0b"), "t.yaml: this is a binary file"},
        {RD_STR("enclave: \xff\n"), "t.yaml:1:10: the text is not UTF-8"},
        {RD_STR("enclave: &x contoso\nregion: *x\n"), "anchors (&) are not allowed"},
        {RD_STR("enclave: !!str contoso\n"), "tags (!) are not allowed"},
        {RD_STR("enclave: contoso\n---\nenclave: b\n"), "only one YAML document"},
        {RD_STR("enclave: [contoso\n"), "t.yaml:"},
        {RD_STR("enclave: \"contoso\n"), "t.yaml:"},
        {RD_STR("enclave: contoso\n\tregion: a\n"), "t.yaml:"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_err err;
        assert_int_equal(parse(arena, rows[i].text, &err), RD_RC_INVALID);
        if (strstr(err.msg, rows[i].says) == NULL || strchr(err.msg, '\n') != NULL)
            fail_msg("expected %s, got %s", rows[i].says, err.msg);
    }
}

static void a_byte_order_mark_is_skipped(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    (void)expect_good(arena, "\xef\xbb\xbf" BASE);
    const struct bad_spec bad = {"\xef\xbb\xbf"
                                 "enclave: Contoso\nregion: westeurope\n" IDS,
                                 1, 10, "expected 2 to 20 small letters"};
    expect_bad(&bad);
}

static void columns_count_characters(void **state)
{
    (void)state;
    const struct bad_spec bad = {BASE "tags: {\"\xc3\xbc\xc3\xbc\": a}\nhosts: {coun: 1}\n", 8, 9,
                                 "did you mean 'count'?"};
    expect_bad(&bad);
    const struct bad_spec behind = {BASE "tags: {\xc3\xbc: a, redoubt-x: b}\n", 7, 14,
                                    "marks what redoubt owns"};
    expect_bad(&behind);
}

static void a_file_that_is_too_large_is_refused_before_parsing(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    char path[] = "/tmp/redoubt-spec-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 100 << 20), 0);
    (void)close(fd);
    struct rd_spec *spec = NULL;
    struct rd_err err;
    enum rd_rc rc = rd_spec_read(arena, path, &spec, &err);
    (void)unlink(path);
    assert_int_equal(rc, RD_RC_LIMIT);
    assert_non_null(strstr(err.msg, "is larger than 4194304 bytes"));
    assert_true(rd_arena_held(arena) < 16 << 20);
}

static void a_missing_file_is_told_by_its_name(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = NULL;
    struct rd_err err;
    assert_int_equal(rd_spec_read(arena, "/nowhere/spec.yaml", &spec, &err), RD_RC_NOT_FOUND);
    assert_non_null(strstr(err.msg, "/nowhere/spec.yaml"));
}

static void a_spec_cut_anywhere_is_good_or_told(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = RD_STR("");
    struct rd_err err;
    assert_int_equal(rd_spec_template(arena, RD_STR("confidential-cmk"), &text, &err), RD_RC_OK);
    size_t good = 0;
    for (size_t n = 0; n < text.n; n += 13) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *own = rd_arena_new(0);
        enum rd_rc rc = parse(own, rd_str_sub(text, 0, n), &err);
        assert_true(rc == RD_RC_OK || (rc == RD_RC_INVALID && err.msg[0] != '\0'));
        good += rc == RD_RC_OK;
    }
    assert_true(good > 0 && good < text.n / 13);
}

static void any_value_in_any_place_is_told_and_never_crashes(void **state)
{
    (void)state;
    static const char *const sections[] = {"enclave", "cloud", "region", "tenant",     "names",
                                           "tags",    "image", "keys",   "hosts",      "network",
                                           "access",  "rdp",   "backup", "monitoring", "schedule",
                                           "budget",  "cost"};
    static const char *const values[] = {"",
                                         "~",
                                         "1",
                                         "-1",
                                         "1.5",
                                         "true",
                                         "\"\"",
                                         "[]",
                                         "{}",
                                         "[[]]",
                                         "[{}]",
                                         "{a: {b: [c]}}",
                                         "{mode: [build]}",
                                         "{pins: {a: ~}}",
                                         "{firewall: {rules: [{}, ~, 1]}}"};
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
            RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
            struct rd_err err;
            struct rd_str text =
                rd_arena_printf(arena, "x: 1\n%s: %s\ny: 2\n", sections[i], values[j]);
            assert_int_equal(parse(arena, text, &err), RD_RC_INVALID);
            assert_true(strncmp(err.msg, "t.yaml:1:1: ", 12) == 0);
        }
    }
}

static void five_thousand_pinned_hosts_are_read(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, RD_SPEC_SIZE_MAX);
    rd_buf_add_c(&buf, BASE "  pins:\n");
    for (int i = 1; i <= RD_HOST_COUNT_MAX; i++)
        rd_buf_printf(&buf, "    cui-%02d: user%04d@contoso.com\n", i, i);
    rd_buf_add_c(&buf, "hosts: {count: 5000, name_prefix: cui-}\n");
    const struct rd_spec *spec = expect_good(arena, rd_buf_c(&buf));
    assert_int_equal(spec->access.pin_count, RD_HOST_COUNT_MAX);
    ASSERT_STR(spec->access.pins[4999].host, "cui-5000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_no_spec_gets_one_clear_message),
        cmocka_unit_test(a_byte_order_mark_is_skipped),
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test(a_file_that_is_too_large_is_refused_before_parsing),
        cmocka_unit_test(a_missing_file_is_told_by_its_name),
        cmocka_unit_test(a_spec_cut_anywhere_is_good_or_told),
        cmocka_unit_test(any_value_in_any_place_is_told_and_never_crashes),
        cmocka_unit_test(five_thousand_pinned_hosts_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
