/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/err.h"
#include "check.h"

static enum rd_rc inner(struct rd_err *err)
{
    return rd_err_hint(RD_FAIL(err, RD_RC_QUOTA, "'%s' needs %d cores", "vm01", 8), err,
                       "ask for %d", 160);
}

static void a_failure_carries_message_frames_and_hint(void **state)
{
    (void)state;
    struct rd_err err = {0};
    assert_int_equal(rd_err_frame(inner(&err), &err, "while creating '%s'", "vm01"), RD_RC_QUOTA);
    char text[512];
    rd_err_format(&err, text, sizeof(text));
    assert_string_equal(text,
                        "'vm01' needs 8 cores\n  while creating 'vm01'\n  hint: ask for 160\n");
}

static void text_that_does_not_fit_is_cut_not_overrun(void **state)
{
    (void)state;
    struct rd_err err = {0};
    char big[3000];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    assert_int_equal(RD_FAIL(&err, RD_RC_IO, "%s", big), RD_RC_IO);
    for (int i = 0; i < 10; i++)
        assert_int_equal(rd_err_frame(RD_RC_IO, &err, "%s", big), RD_RC_IO);
    char small[20];
    rd_err_format(&err, small, sizeof(small));
    assert_int_equal(strlen(small), sizeof(small) - 1);
}

static void no_text_steers_the_terminal(void **state)
{
    (void)state;
    struct rd_err err = {0};
    assert_int_equal(RD_FAIL(&err, RD_RC_IO,
                             "a\x1b[31mb\xc2\x9b"
                             "c\x7f \xc3\x9f\r\nd\re\tf\n"),
                     RD_RC_IO);
    char text[64];
    rd_err_format(&err, text, sizeof(text));
    assert_string_equal(text, "a?[31mb?c? \xc3\x9f\nd?e\tf\n\n");
}

static void exit_statuses_are_all_different(void **state)
{
    (void)state;
    for (int a = 0; a < RD_RC_COUNT; a++)
        for (int b = a + 1; b < RD_RC_COUNT; b++)
            assert_int_not_equal(rd_rc_exit_status((enum rd_rc)a),
                                 rd_rc_exit_status((enum rd_rc)b));
    assert_int_equal(rd_rc_exit_status(RD_RC_CHANGES), 2); /* as people know it */
    assert_true(rd_rc_is_retryable(RD_RC_TRANSIENT));
    assert_false(rd_rc_is_retryable(RD_RC_QUOTA));
}

TESTS(TEST(a_failure_carries_message_frames_and_hint),
      TEST(text_that_does_not_fit_is_cut_not_overrun), TEST(no_text_steers_the_terminal),
      TEST(exit_statuses_are_all_different))
