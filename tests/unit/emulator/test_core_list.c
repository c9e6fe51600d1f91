/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WIDGET FIXTURE_GROUP "/providers/Test.Core/widgets/w1"
#define BODY "{\"location\":\"westeurope\"}"

static int setup(void **state)
{
    if (fixture_setup(state) != 0)
        return -1;
    (void)fixture_send(*state, "PUT", FIXTURE_BASE "/resourceGroups/rg-one-more", BODY);
    return fixture_send(*state, "PUT", WIDGET, BODY) == 201 ? 0 : -1;
}

static void add_parts(struct fixture *f, int from, int to)
{
    f->now_ms += 90 * 1000;
    for (int i = from; i < to; i++) {
        const char *url = rd_arena_printf(f->arena, WIDGET "/parts/p%d", i).p;
        assert_int_equal(fixture_send(f, "PUT", url, "{}"), 201);
    }
}

static size_t count(const struct fixture *f)
{
    return rd_json_count(rd_json_at(&f->body, "value"));
}

static void pages_follow_each_other_to_the_end(void **state)
{
    struct fixture *f = *state;
    add_parts(f, 0, 7);
    assert_int_equal(fixture_send(f, "GET", WIDGET "/parts", NULL), 200);
    assert_int_equal(count(f), 3);
    assert_string_equal(fixture_text(f, "value.0.name"), "p0");
    assert_int_equal(fixture_send(f, "GET", fixture_text(f, "nextLink"), NULL), 200);
    assert_string_equal(fixture_text(f, "value.0.name"), "p3");
    assert_int_equal(fixture_send(f, "GET", fixture_text(f, "nextLink"), NULL), 200);
    assert_int_equal(count(f), 1);
    assert_string_equal(fixture_text(f, "value.0.name"), "p6");
    assert_false(rd_json_exists(rd_json_at(&f->body, "nextLink")));
}

static void a_page_is_right_when_the_former_one_was_deleted(void **state)
{
    struct fixture *f = *state;
    add_parts(f, 0, 6);
    (void)fixture_send(f, "GET", WIDGET "/parts", NULL);
    const char *next = fixture_text(f, "nextLink");
    for (int i = 0; i < 3; i++)
        (void)fixture_send(f, "DELETE", rd_arena_printf(f->arena, WIDGET "/parts/p%d", i).p, NULL);
    (void)fixture_send(f, "GET", next, NULL);
    assert_int_equal(count(f), 3);
    assert_string_equal(fixture_text(f, "value.0.name"), "p3");
}

static void top_bounds_a_page(void **state)
{
    struct fixture *f = *state;
    add_parts(f, 0, 3);
    (void)fixture_send(f, "GET", WIDGET "/parts?$top=2", NULL);
    assert_int_equal(count(f), 2);
    assert_int_equal(fixture_send(f, "GET", fixture_text(f, "nextLink"), NULL), 200);
    assert_int_equal(count(f), 1);
    assert_int_equal(fixture_send(f, "GET", WIDGET "/parts?$top=0", NULL), 400);
    assert_int_equal(fixture_send(f, "GET", WIDGET "/parts?$skiptoken=x", NULL), 400);
}

static void an_exactly_full_last_page_has_no_next(void **state)
{
    struct fixture *f = *state;
    add_parts(f, 0, 3);
    (void)fixture_send(f, "GET", WIDGET "/parts", NULL);
    assert_int_equal(count(f), 3);
    assert_false(rd_json_exists(rd_json_at(&f->body, "nextLink")));
}

static void a_groups_list_does_not_reach_into_its_namesake(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(
        f, "PUT", FIXTURE_BASE "/resourceGroups/rg-one-more/providers/Test.Core/widgets/w2", BODY);
    (void)fixture_send(f, "GET", FIXTURE_GROUP "/providers/Test.Core/widgets", NULL);
    assert_int_equal(count(f), 1);
    (void)fixture_send(f, "GET", FIXTURE_BASE "/providers/Test.Core/widgets", NULL);
    assert_int_equal(count(f), 2);
    (void)fixture_send(f, "GET", FIXTURE_BASE "/resourcegroups", NULL);
    assert_int_equal(count(f), 2);
}

static void a_list_below_an_absent_parent_or_group_is_404(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        fixture_send(f, "GET", FIXTURE_GROUP "/providers/Test.Core/widgets/no/parts", NULL), 404);
    assert_int_equal(
        fixture_send(f, "GET", FIXTURE_BASE "/resourceGroups/no/providers/Test.Core/widgets", NULL),
        404);
}

static void a_filter_that_is_not_emulated_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        fixture_send(f, "GET", FIXTURE_GROUP "/providers/Test.Core/widgets?$filter=name%20eq%20'x'",
                     NULL),
        400);
    assert_int_equal(
        fixture_send(f, "GET", FIXTURE_BASE "/resources?$filter=name%20ne%20'x'", NULL), 400);
}

static void resources_are_found_by_tag_and_type(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", FIXTURE_GROUP "/providers/Test.Core/widgets/w3",
                       "{\"location\":\"westeurope\",\"tags\":{\"owner\":\"it's me\"}}");
    (void)fixture_send(f, "GET", FIXTURE_BASE "/resources", NULL);
    assert_int_equal(count(f), 2);
    (void)fixture_send(f, "GET",
                       FIXTURE_BASE
                       "/resources?$filter=tagName%20eq%20'owner'%20and%20tagValue%20eq"
                       "%20'it''s%20me'&$expand=createdTime,provisioningState",
                       NULL);
    assert_int_equal(count(f), 1);
    assert_string_equal(fixture_text(f, "value.0.name"), "w3");
    assert_string_equal(fixture_text(f, "value.0.provisioningState"), "Creating");
    assert_int_equal(strlen(fixture_text(f, "value.0.createdTime")), 24);
    (void)fixture_send(f, "GET", FIXTURE_BASE "/resources?$filter=resourceType eq 'Test.Core/slow'",
                       NULL);
    assert_int_equal(count(f), 0);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP "/resources", NULL), 200);
    assert_int_equal(count(f), 2);
}

static void the_world_is_described(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "GET", "/subscriptions", NULL);
    assert_string_equal(fixture_text(f, "value.0.state"), "Enabled");
    (void)fixture_send(f, "GET", FIXTURE_BASE "/locations", NULL);
    assert_string_equal(fixture_text(f, "value.0.displayName"), "West Europe");
    assert_int_equal(rd_json_count(rd_json_at(&f->body, "value.0.availabilityZoneMappings")), 3);
    (void)fixture_send(f, "GET", "https://management.azure.com/metadata/endpoints", NULL);
    assert_string_equal(fixture_text(f, "0.suffixes.keyVaultDns"), "vault.azure.net");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(pages_follow_each_other_to_the_end),
        TEST(a_page_is_right_when_the_former_one_was_deleted),
        TEST(top_bounds_a_page),
        TEST(an_exactly_full_last_page_has_no_next),
        TEST(a_groups_list_does_not_reach_into_its_namesake),
        TEST(a_list_below_an_absent_parent_or_group_is_404),
        TEST(a_filter_that_is_not_emulated_is_refused),
        TEST(resources_are_found_by_tag_and_type),
        TEST(the_world_is_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
