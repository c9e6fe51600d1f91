/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "html.h"

static void text_that_fits_is_left_alone(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = RD_STR("cui-01");
    ASSERT_STR(html_fit(arena, text, 13, false, html_width(text, 13, false)), "cui-01");
}

static void cut_text_ends_with_an_ellipsis_and_fits(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = RD_STR("vnet-with-a-name-that-is-too-long");
    for (int width = 20; width < 200; width += 7) {
        struct rd_str cut = html_fit(arena, text, 13, true, width);
        assert_true(html_width(cut, 13, true) <= width);
        assert_true(rd_str_has_suffix(cut, RD_STR("\xE2\x80\xA6")));
    }
}

static void text_is_never_cut_within_a_character(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = RD_STR("\xC3\xA4\xE6\xBC\xA2\xF0\x9F\x94\x92\xC3\xB6\xE5\xAD\x97");
    for (int width = 0; width < 120; width++)
        assert_true(rd_str_is_utf8(html_fit(arena, text, 13, false, width)));
}

static void wider_letters_make_wider_text(void **state)
{
    (void)state;
    assert_true(html_width(RD_STR("WWW"), 13, false) > html_width(RD_STR("iii"), 13, false));
    assert_true(html_width(RD_STR("abc"), 13, true) > html_width(RD_STR("abc"), 13, false));
    assert_true(html_width(RD_STR("\xE6\xBC\xA2"), 20, false) >= 20);
    assert_int_equal(html_width(RD_STR(""), 13, false), 0);
}

static void a_cut_label_has_the_whole_as_its_tooltip(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, 4096);
    struct page page = {.arena = arena, .out = &out};
    struct html_label label = {.size = 13, .width = 40, .class_name = "name"};
    html_label(&page, &label, RD_STR("a<b and more of it"));
    ASSERT_CONTAINS(rd_buf_c(&out), "<title>a&lt;b and more of it</title>");
    rd_buf_clear(&out);
    html_label(&page, &label, RD_STR("ab"));
    assert_null(strstr(rd_buf_c(&out), "<title>"));
}

TESTS(TEST(text_that_fits_is_left_alone), TEST(cut_text_ends_with_an_ellipsis_and_fits),
      TEST(text_is_never_cut_within_a_character), TEST(wider_letters_make_wider_text),
      TEST(a_cut_label_has_the_whole_as_its_tooltip))
