/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/buf.h"
#include "check.h"

static void a_full_buffer_says_so_and_keeps_what_it_has(void **state)
{
    (void)state;
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, 10);
    rd_buf_add(&buf, RD_STR("12345678"));
    assert_false(buf.is_full);
    rd_buf_add(&buf, RD_STR("abc"));
    assert_true(buf.is_full);
    rd_buf_add(&buf, RD_STR("z")); /* would fit, but order would be lost */
    ASSERT_STR(rd_buf_str(&buf), "12345678");
    assert_string_equal(rd_buf_c(&buf), "12345678");
    rd_buf_clear(&buf);
    rd_buf_add(&buf, RD_STR("0123456789"));
    assert_false(buf.is_full);
    assert_string_equal(rd_buf_c(&buf), "0123456789");
}

static void integers_are_written_exactly(void **state)
{
    (void)state;
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, 1000);
    rd_buf_add_int(&buf, INT64_MIN);
    rd_buf_add_char(&buf, ' ');
    rd_buf_add_int(&buf, 0);
    rd_buf_printf(&buf, " %d%s", 42, "!");
    ASSERT_STR(rd_buf_str(&buf), "-9223372036854775808 0 42!");
}

static void a_secret_buffer_keeps_its_text_when_it_grows(void **state)
{
    (void)state;
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, 100000);
    buf.is_secret = true;
    for (int i = 0; i < 5000; i++)
        rd_buf_add_int(&buf, i % 10);
    assert_int_equal(buf.n, 5000);
    for (size_t i = 0; i < buf.n; i++)
        assert_int_equal(buf.p[i], (int)('0' + i % 10));
    rd_buf_wipe(&buf);
    for (size_t i = 0; i < buf.cap; i++)
        assert_int_equal(buf.p[i], 0);
}

static void expect_wrapped(const char *text, size_t column, size_t indent, size_t width,
                           const char *expected)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, 1000);
    rd_buf_add_wrapped(&buf, rd_str_from(text), column, indent, width);
    ASSERT_STR(rd_buf_str(&buf), expected);
}

static void lines_are_folded_at_words_and_never_end_in_spaces(void **state)
{
    (void)state;
    expect_wrapped("one two three", 0, 0, 20, "one two three\n");
    expect_wrapped("one two three", 0, 0, 13, "one two three\n");
    expect_wrapped("one two three", 0, 0, 12, "one two\nthree\n");
    expect_wrapped("one two three", 4, 2, 12, "one two\n  three\n");
    expect_wrapped("one two three", 10, 2, 12, "\n  one two\n  three\n");
    expect_wrapped("a-word-that-is-too-long b", 2, 2, 8, "a-word-that-is-too-long\n  b\n");
    expect_wrapped("one\ntwo  three \n\n four", 0, 2, 40, "one two three\n\n  four\n");
    expect_wrapped("\xc3\xa4\xc3\xa4 \xc3\xa4", 0, 0, 4, "\xc3\xa4\xc3\xa4 \xc3\xa4\n");
    expect_wrapped("", 0, 0, 10, "\n");
}

TESTS(TEST(lines_are_folded_at_words_and_never_end_in_spaces),
      TEST(a_full_buffer_says_so_and_keeps_what_it_has), TEST(integers_are_written_exactly),
      TEST(a_secret_buffer_keeps_its_text_when_it_grows))
