/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange.h"

static void this_machine_has_few_names(void **state)
{
    (void)state;
    static const char *const ours[] = {"localhost", "LocalHost", "a.localhost", "a.vault.localhost",
                                       "127.0.0.1", "127.1.2.3", "[::1]"};
    static const char *const others[] = {"",
                                         "localhost.",
                                         "localhost.example",
                                         "notlocalhost",
                                         "127.0.0.1.example",
                                         "127.1",
                                         "127.0.0.256",
                                         "127.0.0.1.1",
                                         "127.0.0.0x1",
                                         "128.0.0.1",
                                         "0.0.0.0",
                                         "[::]",
                                         "::1",
                                         "2130706433",
                                         "169.254.169.254"};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        assert_true(address_is_loopback(rd_str_from(ours[i])));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (address_is_loopback(rd_str_from(others[i])))
            fail_msg("'%s' is not this machine", others[i]);
}

static void a_plain_url_reads_the_same_to_all(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "https://management.azure.com/subscriptions?api-version=2022-12-01&$filter=a%20eq%20'b'",
        "https://v-1.vault.azure.net:443/keys/(x)#f", "http://[::1]:80/", "https://h"};
    static const char *const odd[] = {"",
                                      "h/x",
                                      "https://",
                                      "https:///x",
                                      "https://a@b/",
                                      "https://a%2fb/",
                                      "https://a\\b/",
                                      "https://a/\\b",
                                      "https://a b/",
                                      "https://a/b c",
                                      "https://a/\t",
                                      "https://a/\r\n",
                                      "https://a/\x7f",
                                      "https://a/\xc3\xb6",
                                      "https://\xe2\x84\xaa/",
                                      "https://a!b/"};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        assert_true(address_is_plain(rd_str_from(plain[i])));
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        if (address_is_plain(rd_str_from(odd[i])))
            fail_msg("'%s' is not plain", odd[i]);
    assert_false(address_is_plain((struct rd_str){"https://a\0b/", 12}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_has_few_names),
        cmocka_unit_test(a_plain_url_reads_the_same_to_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
