/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check.h"

static void case_is_ignored_for_ascii_only(void **state)
{
    (void)state;
    assert_true(rd_str_eq_case(RD_STR("ResourceGroups"), RD_STR("resourcegroups")));
    assert_false(rd_str_eq_case(RD_STR("\xc3\x84"), RD_STR("\xc3\xa4"))); /* A and a umlaut */
    assert_int_equal(rd_str_hash_case(RD_STR("ABC")), rd_str_hash_case(RD_STR("abc")));
    assert_int_not_equal(rd_str_hash(RD_STR("ABC")), rd_str_hash(RD_STR("abc")));
}

/* Eight bytes are compared at a time: a difference counts wherever it stands, and a byte that is
 * no letter never folds. */
static void a_difference_is_seen_at_every_place(void **state)
{
    (void)state;
    char upper[33], lower[33];
    for (size_t n = 1; n <= 32; n++) {
        memset(upper, 'Q', n);
        memset(lower, 'q', n);
        struct rd_str a = {upper, n}, b = {lower, n};
        assert_true(rd_str_eq_case(a, b));
        assert_int_equal(rd_str_hash_case(a), rd_str_hash_case(b));
        for (size_t at = 0; at < n; at++) {
            static const char others[] = {'@', '`', '[', '{', 'R', '\xf1', '\x11'};
            for (size_t i = 0; i < sizeof(others); i++) {
                lower[at] = others[i];
                assert_false(rd_str_eq_case(a, b));
            }
            lower[at] = 'q';
        }
    }
    assert_false(rd_str_eq_case(RD_STR("@@@@@@@@"), RD_STR("````````")));
    assert_false(rd_str_eq_case(RD_STR("[[[[[[[["), RD_STR("{{{{{{{{")));
}

static void control_characters_are_found_at_every_place(void **state)
{
    (void)state;
    char text[20];
    for (size_t at = 0; at < sizeof(text); at++) {
        memset(text, '~', sizeof(text));
        struct rd_str all = {text, sizeof(text)};
        assert_false(rd_str_has_control(all));
        text[at] = '\x80';
        assert_false(rd_str_has_control(all));
        text[at] = '\x7f';
        assert_true(rd_str_has_control(all));
        text[at] = '\x1f';
        assert_true(rd_str_has_control(all));
        assert_false(rd_str_has_control(rd_str_sub(all, 0, at)));
    }
}

static void what_cannot_be_seen_is_found_at_every_place(void **state)
{
    (void)state;
    static const char others[] = {' ', '\0', '\n', '\x7f', '\x80', '\xff'};
    char text[70];
    for (size_t at = 0; at < sizeof(text); at++) {
        memset(text, at % 2 == 0 ? '!' : '~', sizeof(text));
        struct rd_str all = {text, sizeof(text)};
        assert_true(rd_str_is_visible(all));
        for (size_t i = 0; i < sizeof(others); i++) {
            text[at] = others[i];
            assert_false(rd_str_is_visible(all));
            assert_true(rd_str_is_visible(rd_str_sub(all, 0, at)));
        }
    }
}

static void parts_between_separators_include_empty_ones(void **state)
{
    (void)state;
    struct rd_str rest = RD_STR("a//b");
    struct rd_str part;
    assert_true(rd_str_next(&rest, '/', &part));
    ASSERT_STR(part, "a");
    assert_true(rd_str_next(&rest, '/', &part));
    ASSERT_STR(part, "");
    assert_true(rd_str_next(&rest, '/', &part));
    ASSERT_STR(part, "b");
    assert_false(rd_str_next(&rest, '/', &part));
}

static void numbers_are_bounded_and_whole(void **state)
{
    (void)state;
    int64_t value = 7;
    assert_true(rd_str_to_int(RD_STR("-9223372036854775808"), INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MIN);
    assert_false(rd_str_to_int(RD_STR("9223372036854775808"), INT64_MIN, INT64_MAX, &value));
    assert_false(rd_str_to_int(RD_STR("12x"), 0, 100, &value));
    assert_false(rd_str_to_int(RD_STR(""), 0, 100, &value));
    assert_false(rd_str_to_int(RD_STR("-"), -1, 100, &value));
    assert_false(rd_str_to_int(RD_STR("101"), 0, 100, &value));
    assert_true(value == INT64_MIN); /* untouched by failures */
}

static void malformed_utf8_is_told_from_well_formed(void **state)
{
    (void)state;
    assert_true(rd_str_is_utf8(RD_STR("plain text that is longer than eight bytes")));
    assert_true(rd_str_is_utf8(RD_STR("\xe2\x82\xac \xf0\x9f\x98\x80")));
    static const char *const bad[] = {
        "\xc0\xaf",         /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xe2\x82",         /* cut off */
        "\x80",             /* a continuation alone */
        "12345678\xff",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(rd_str_is_utf8(rd_str_from(bad[i])));
}

static void the_nearest_word_is_one_edit_away_or_none(void **state)
{
    (void)state;
    static const struct rd_str words[] = {{"confidential", 12}, {"trusted-launch", 14}, {"cmk", 3}};
    ASSERT_STR(rd_str_nearest(RD_STR("confidentail"), words, 3), "confidential");
    ASSERT_STR(rd_str_nearest(RD_STR("Trusted-Lauch"), words, 3), "trusted-launch");
    ASSERT_STR(rd_str_nearest(RD_STR("pmk"), words, 3), "cmk");
    ASSERT_STR(rd_str_nearest(RD_STR("banana"), words, 3), "");
}

static void guids_are_36_characters_with_hyphens_in_place(void **state)
{
    (void)state;
    assert_true(rd_str_is_guid(RD_STR("1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63")));
    assert_false(rd_str_is_guid(RD_STR("1d18fff3-a72a-46b5-b4a9-0b38a3cd7e6")));
    assert_false(rd_str_is_guid(RD_STR("1d18fff3-a72a-46b5-b4a9-0b38a3cd7e6g")));
    assert_false(rd_str_is_guid(RD_STR("1d18fff3aa72a-46b5-b4a9-0b38a3cd7e63")));
}

static void hex_digits_have_their_values_in_either_case(void **state)
{
    (void)state;
    static const char lower[] = "0123456789abcdef";
    static const char upper[] = "0123456789ABCDEF";
    for (int i = 0; i < 16; i++) {
        assert_int_equal(rd_char_hex(lower[i]), i);
        assert_int_equal(rd_char_hex(upper[i]), i);
    }
}

static void searching_stays_inside_the_view(void **state)
{
    (void)state;
    struct rd_str s = rd_str_sub(RD_STR("subscriptions/x"), 0, 13);
    assert_int_equal(rd_str_find(s, RD_STR("script"), 0), 3);
    assert_true(rd_str_find(s, RD_STR("/x"), 0) == RD_STR_NONE);
    assert_int_equal(rd_str_find_case(s, RD_STR("SCRIPT"), 0), 3);
    assert_true(rd_str_find_case(s, RD_STR("scripts"), 4) == RD_STR_NONE);
    assert_true(rd_str_find_char(s, 'x', 0) == RD_STR_NONE);
    ASSERT_STR(rd_str_trim(RD_STR(" \t\r\n a b \n")), "a b");
}

static void what_follows_the_last_separator_is_the_whole_without_one(void **state)
{
    (void)state;
    ASSERT_STR(rd_str_after_last(RD_STR("a/b/c"), '/'), "c");
    ASSERT_STR(rd_str_after_last(RD_STR("a/b/"), '/'), "");
    ASSERT_STR(rd_str_after_last(RD_STR("abc"), '/'), "abc");
}

static void a_cut_leaves_no_half_character(void **state)
{
    (void)state;
    struct rd_str s = RD_STR("a\xc3\xa4\xe2\x82\xac");
    static const size_t lengths[] = {0, 1, 1, 3, 3, 3, 6, 6};
    for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++)
        assert_int_equal(rd_str_cut(s, n).n, lengths[n]);
}

TESTS(TEST(case_is_ignored_for_ascii_only), TEST(a_difference_is_seen_at_every_place),
      TEST(control_characters_are_found_at_every_place),
      TEST(what_cannot_be_seen_is_found_at_every_place),
      TEST(parts_between_separators_include_empty_ones), TEST(numbers_are_bounded_and_whole),
      TEST(malformed_utf8_is_told_from_well_formed),
      TEST(the_nearest_word_is_one_edit_away_or_none),
      TEST(guids_are_36_characters_with_hyphens_in_place),
      TEST(hex_digits_have_their_values_in_either_case), TEST(searching_stays_inside_the_view),
      TEST(what_follows_the_last_separator_is_the_whole_without_one),
      TEST(a_cut_leaves_no_half_character))
