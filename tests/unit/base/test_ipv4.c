/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/ipv4.h"

static void an_address_is_a_prefix_of_all_its_bits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t base;
        int bits;
    } rows[] = {
        {"10.0.0.4", 0x0a000004, 32},
        {"10.0.0.0/26", 0x0a000000, 26},
        {"0.0.0.0/0", 0, 0},
        {"255.255.255.255/32", 0xffffffff, 32},
        {"192.168.1.77/24", 0xc0a8014d, 24},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rd_ipv4 prefix = {1, -1};
        assert_true(rd_ipv4_parse(rd_str_from(rows[i].text), &prefix));
        assert_int_equal(prefix.base, rows[i].base);
        assert_int_equal(prefix.bits, rows[i].bits);
    }
}

static void what_is_no_prefix_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",          "/",         "10",          "10.0.0",         "10.0.0.0.0",
        "10.0.0.",   ".10.0.0.0", "10..0.0",     "10.0.0.256",     "10.0.0.-0",
        "10.0.0.+1", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-0",    "10.0.0.0/8/8",
        " 10.0.0.0", "10.0.0.0 ", "fe80::1/64",  "VirtualNetwork", "10.0.0.0/a",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rd_ipv4 prefix = {0, 0};
        if (rd_ipv4_parse(rd_str_from(rows[i]), &prefix))
            fail_msg("'%s' was taken for a prefix", rows[i]);
    }
}

static bool contains(const char *outer, const char *inner)
{
    struct rd_ipv4 a = {0, 0}, b = {0, 0};
    assert_true(rd_ipv4_parse(rd_str_from(outer), &a));
    assert_true(rd_ipv4_parse(rd_str_from(inner), &b));
    return rd_ipv4_contains(a, b);
}

static void a_prefix_contains_itself_and_what_is_longer_within(void **state)
{
    (void)state;
    assert_true(contains("10.0.0.0/16", "10.0.0.0/16"));
    assert_true(contains("10.0.0.0/16", "10.0.255.0/24"));
    assert_true(contains("10.0.0.0/16", "10.0.255.255"));
    assert_true(contains("0.0.0.0/0", "255.255.255.255"));
    assert_false(contains("10.0.0.0/16", "10.1.0.0/24"));
    assert_false(contains("10.0.0.0/24", "10.0.0.0/16"));
    assert_false(contains("10.0.0.4", "10.0.0.5"));
}

TESTS(TEST(an_address_is_a_prefix_of_all_its_bits), TEST(what_is_no_prefix_is_refused),
      TEST(a_prefix_contains_itself_and_what_is_longer_within))
