/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

/* cmocka with what it needs before it, and assertions on our own types. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ASSERT_STR(view, expected)                                                                 \
    do {                                                                                           \
        struct rd_str view_ = (view);                                                              \
        char text_[4096];                                                                          \
        (void)snprintf(text_, sizeof(text_), "%.*s", (int)view_.n,                                 \
                       view_.p == NULL ? "" : view_.p);                                            \
        assert_string_equal(text_, expected);                                                      \
    } while (0)
#define ASSERT_OK(call, err)                                                                       \
    do {                                                                                           \
        enum rd_rc rc_ = (call);                                                                   \
        if (rc_ != RD_RC_OK)                                                                       \
            fail_msg("%s: %s", #call, (err)->msg);                                                 \
    } while (0)
#define ASSERT_CONTAINS(text, part)                                                                \
    do {                                                                                           \
        if (strstr((text), (part)) == NULL)                                                        \
            fail_msg("'%s' does not contain '%s'", (text), (part));                                \
    } while (0)
#define TESTS(...)                                                                                 \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }
#define TEST(name) cmocka_unit_test(name)

#endif
