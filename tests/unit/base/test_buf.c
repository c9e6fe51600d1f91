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

TESTS(TEST(a_full_buffer_says_so_and_keeps_what_it_has), TEST(integers_are_written_exactly),
      TEST(a_secret_buffer_keeps_its_text_when_it_grows))
