/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "library.h"

static void a_library_that_is_missing_is_told_with_its_package(void **state)
{
    (void)state;
    struct wire_library library = {0};
    struct rd_err err;
    assert_int_equal(wire_library_load("libcurl-that-is-not.so.4", &library, &err),
                     RD_RC_UNSUPPORTED);
    assert_non_null(strstr(err.msg, "'libcurl-that-is-not.so.4'"));
    assert_non_null(strstr(err.hint, "libcurl4"));
    assert_null(library.global_init);
}

static void a_library_of_another_kind_is_told(void **state)
{
    (void)state;
    struct wire_library library = {0};
    struct rd_err err;
    assert_int_equal(wire_library_load("libm.so.6", &library, &err), RD_RC_UNSUPPORTED);
    assert_non_null(strstr(err.msg, "'libm.so.6' has no function 'curl_global_init'"));
    assert_null(library.global_init);
}

static void loading_keeps_tls_secrets_from_a_log(void **state)
{
    (void)state;
    struct wire_library library = {0};
    struct rd_err err;
    (void)setenv("SSLKEYLOGFILE", "keys.log", 1);
    assert_int_equal(wire_library_load("libcurl.so.4", &library, &err), RD_RC_OK);
    assert_null(getenv("SSLKEYLOGFILE"));
    assert_true(library.version_info(CURLVERSION_NOW)->version_num >= 0x075700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_that_is_missing_is_told_with_its_package),
        cmocka_unit_test(a_library_of_another_kind_is_told),
        cmocka_unit_test(loading_keeps_tls_secrets_from_a_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
