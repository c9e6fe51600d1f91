/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WIDGETS FIXTURE_GROUP "/providers/Test.Core/widgets"
#define WIDGET WIDGETS "/w1"

static void a_request_without_a_version_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "GET", "https://management.azure.com" FIXTURE_GROUP, NULL),
                     400);
    assert_string_equal(fixture_code(f), "MissingApiVersionParameter");
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP "?api-version=latest", NULL), 400);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP "?api-version=2031-12-31-preview", NULL),
                     200);
}

static void unknown_subscriptions_groups_types_and_hosts_are_told(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        fixture_send(f, "GET", "/subscriptions/99999999-1111-4111-8111-111111111111", NULL), 404);
    assert_string_equal(fixture_code(f), "SubscriptionNotFound");
    assert_int_equal(fixture_send(f, "GET",
                                  FIXTURE_BASE "/resourceGroups/no/providers/Test.Core/widgets/x",
                                  NULL),
                     404);
    assert_string_equal(fixture_code(f), "ResourceGroupNotFound");
    assert_string_equal(fixture_text(f, "error.message"),
                        "Resource group 'no' could not be found.");
    assert_int_equal(fixture_send(f, "PUT", FIXTURE_GROUP "/providers/Test.Core/gears/x", "{}"),
                     404);
    assert_string_equal(fixture_code(f), "InvalidResourceType");
    assert_int_equal(fixture_send(f, "PUT", FIXTURE_GROUP "/providers/Some.Where/gears/x", "{}"),
                     404);
    assert_string_equal(fixture_code(f), "InvalidResourceNamespace");
    assert_non_null(strstr(fixture_text(f, "error.message"), "does not emulate"));
    assert_int_equal(fixture_send(f, "GET", "https://example.com/", NULL), 404);
    assert_string_equal(fixture_code(f), "HostNotFound");
    assert_int_equal(fixture_send(f, "POST", WIDGET "/dance", NULL), 404);
}

static void internal_types_are_not_reachable(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PUT",
                                  "/providers/Microsoft.Graph/directoryObjects/"
                                  "33333333-1111-4111-8111-111111111111",
                                  "{}"),
                     404);
}

static void an_absent_resource_is_named_with_its_group(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "GET", WIDGET, NULL), 404);
    assert_string_equal(fixture_text(f, "error.message"),
                        "The Resource 'Test.Core/widgets/w1' under resource group 'rg-one' was not "
                        "found. For more details please go to "
                        "https://aka.ms/ARMResourceNotFoundFix");
}

static void children_need_their_parent_and_keep_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PUT", WIDGET "/parts/p1", "{}"), 404);
    assert_string_equal(fixture_code(f), "ParentResourceNotFound");
    assert_int_equal(fixture_send(f, "PUT", WIDGET, "{\"location\":\"westeurope\"}"), 201);
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "PUT", WIDGET "/parts/p1", "{}"), 201);
    assert_int_equal(fixture_send(f, "DELETE", WIDGET, NULL), 409);
    assert_string_equal(fixture_code(f), "CannotDeleteResource");
    assert_int_equal(fixture_send(f, "DELETE", WIDGET "/parts/p1", NULL), 200);
    assert_int_equal(fixture_send(f, "DELETE", WIDGET, NULL), 202);
}

static void ids_are_compared_without_case_and_shown_in_azures(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        fixture_send(f, "PUT", FIXTURE_BASE "/resourcegroups/RG-ONE/providers/test.core/WIDGETS/w1",
                     "{\"location\":\"West Europe\"}"),
        201);
    assert_string_equal(fixture_text(f, "id"), WIDGET);
    assert_string_equal(fixture_text(f, "type"), "Test.Core/widgets");
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "GET", WIDGETS "/W1", NULL), 200);
    assert_string_equal(fixture_text(f, "name"), "w1");
}

static void bad_bodies_names_places_and_tags_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PUT", WIDGET, "{\"location\":"), 400);
    assert_string_equal(fixture_code(f), "InvalidRequestContent");
    assert_int_equal(fixture_send(f, "PUT", WIDGET, "[]"), 400);
    assert_int_equal(fixture_send(f, "PUT", WIDGET, NULL), 400);
    assert_int_equal(fixture_send(f, "PUT", WIDGET, "{}"), 400);
    assert_string_equal(fixture_code(f), "LocationRequired");
    assert_int_equal(fixture_send(f, "PUT", WIDGETS "/_bad", "{\"location\":\"westeurope\"}"), 400);
    assert_string_equal(fixture_code(f), "InvalidResourceName");
    assert_int_equal(fixture_send(f, "PUT", WIDGET, "{\"location\":\"atlantis\"}"), 400);
    assert_string_equal(fixture_code(f), "LocationNotAvailableForResourceType");
    assert_int_equal(fixture_send(f, "PUT", WIDGET, "{\"location\":\"belgiumcentral\"}"), 400);
    assert_null(strstr(fixture_text(f, "error.message"), "belgiumcentral,"));
    assert_int_equal(
        fixture_send(f, "PUT", WIDGET, "{\"location\":\"westeurope\",\"tags\":{\"a\":1}}"), 400);
    assert_int_equal(rd_cloud_resource_count(f->cloud), 1);
}

static void a_method_without_a_status_is_none(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, "{\"location\":\"westeurope\"}");
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "PUT", WIDGET "/records/r", "{}"), 405);
    assert_int_equal(fixture_send(f, "DELETE", WIDGET "/records/r", NULL), 405);
    assert_int_equal(fixture_send(f, "GET", WIDGET "/records", NULL), 200);
    assert_int_equal(fixture_send(f, "PUT", WIDGET "/parts", "{}"), 405);
}

static void a_resource_does_not_move(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, "{\"location\":\"westeurope\"}");
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "PUT", WIDGET, "{\"location\":\"northeurope\"}"), 409);
    assert_string_equal(fixture_code(f), "InvalidResourceLocation");
    assert_int_equal(fixture_send(f, "PUT", FIXTURE_GROUP, "{\"location\":\"northeurope\"}"), 409);
    assert_string_equal(fixture_code(f), "InvalidResourceGroupLocation");
}

static void what_the_service_fills_cannot_be_written(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET,
                       "{\"id\":\"x\",\"name\":\"y\",\"type\":\"z\",\"etag\":\"e\",\"location\":"
                       "\"westeurope\",\"properties\":{\"provisioningState\":\"Failed\"}}");
    assert_string_equal(fixture_text(f, "name"), "w1");
    assert_string_equal(fixture_text(f, "properties.provisioningState"), "Creating");
}

static void patch_merges_and_needs_the_resource(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PATCH", WIDGET, "{\"tags\":{\"a\":\"1\"}}"), 404);
    (void)fixture_send(
        f, "PUT", WIDGET,
        "{\"location\":\"westeurope\",\"tags\":{\"b\":\"2\"},\"properties\":{\"x\":1}}");
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "PATCH", WIDGET, "{\"tags\":{\"a\":\"1\"}}"), 200);
    assert_string_equal(fixture_text(f, "tags.a"), "1");
    assert_string_equal(fixture_text(f, "tags.b"), "2");
    assert_int_equal(rd_json_int(rd_json_at(&f->body, "properties.x"), 0), 1);
}

static void the_etag_changes_with_each_write(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, "{\"location\":\"westeurope\"}");
    f->now_ms += 90 * 1000;
    (void)fixture_send(f, "GET", WIDGET, NULL);
    const char *first = fixture_text(f, "etag");
    (void)fixture_send(f, "GET", WIDGET, NULL);
    assert_string_equal(fixture_text(f, "etag"), first);
    assert_true(strncmp(first, "W/\"", 3) == 0);
    (void)fixture_send(f, "PATCH", WIDGET, "{\"tags\":{}}");
    assert_string_not_equal(fixture_text(f, "etag"), first);
}

static int send_with(struct fixture *f, const char *name, const char *value, const char *method)
{
    f->header_name = name;
    f->header_value = value;
    return fixture_send(f, method, WIDGET, "{\"location\":\"westeurope\"}");
}

static void conditions_of_a_request_are_kept(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(send_with(f, "If-Match", "*", "PUT"), 412);
    assert_int_equal(send_with(f, "If-None-Match", "*", "PUT"), 201);
    f->now_ms += 90 * 1000;
    assert_int_equal(send_with(f, "If-None-Match", "*", "PUT"), 412);
    (void)fixture_send(f, "GET", WIDGET, NULL);
    const char *etag = fixture_text(f, "etag");
    assert_int_equal(send_with(f, "If-Match", "W/\"other\"", "PUT"), 412);
    assert_int_equal(send_with(f, "If-Match", etag, "PUT"), 200);
    f->now_ms += 90 * 1000;
    assert_int_equal(send_with(f, "If-Match", etag, "DELETE"), 412);
    assert_string_equal(fixture_code(f), "PreconditionFailed");
}

static void a_list_on_an_absent_scope_is_404(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "GET", WIDGET "/providers/Test.Core/notes", NULL), 404);
}

static void compute_bodies_are_indented_and_stay_json(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(
        f, "PUT", WIDGET,
        "{\"location\":\"westeurope\",\"properties\":{\"t\":\"a,{[\\\"}]:b\",\"e\":{},"
        "\"l\":[],\"n\":[1,2]}}");
    assert_non_null(strstr(f->reply.body.p, "\r\n  \"name\": \"w1\""));
    assert_non_null(strstr(f->reply.body.p, "\"e\": {},"));
    assert_string_equal(fixture_text(f, "properties.t"), "a,{[\"}]:b");
}

static void routes_come_before_types(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "GET",
                                  FIXTURE_BASE "/providers/TEST.core/locations/WestEurope/hello",
                                  NULL),
                     200);
    assert_string_equal(fixture_text(f, "place"), "WestEurope");
}

static void extension_resources_stand_on_what_exists(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PUT", WIDGET "/providers/Test.Core/notes/n", "{}"), 404);
    (void)fixture_send(f, "PUT", WIDGET, "{\"location\":\"westeurope\"}");
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "PUT", WIDGET "/providers/Test.Core/notes/n", "{}"), 201);
    assert_int_equal(fixture_send(f, "PUT", FIXTURE_BASE "/providers/Test.Core/notes/n", "{}"),
                     201);
    assert_int_equal(fixture_send(f, "GET", WIDGET "/providers/Test.Core/notes", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&f->body, "value")), 1);
    assert_int_equal(fixture_send(f, "DELETE", WIDGET, NULL), 202);
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "GET", WIDGET, NULL), 404);
    assert_int_equal(rd_cloud_resource_count(f->cloud), 2);
}

static void every_reply_has_its_ids(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "GET", FIXTURE_GROUP, NULL);
    struct rd_str first = fixture_header(f, "x-ms-request-id");
    assert_true(rd_str_is_guid(first));
    assert_true(rd_str_is_guid(fixture_header(f, "x-ms-correlation-request-id")));
    assert_true(rd_str_has_prefix(fixture_header(f, "x-ms-routing-request-id"),
                                  RD_STR("WESTEUROPE:20261118T")));
    (void)fixture_send(f, "GET", FIXTURE_GROUP, NULL);
    assert_false(rd_str_eq(first, fixture_header(f, "x-ms-request-id")));
}

static void head_tells_whether_it_is_there(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "HEAD", FIXTURE_GROUP, NULL), 204);
    assert_int_equal(fixture_send(f, "HEAD", FIXTURE_BASE "/resourceGroups/no", NULL), 404);
    assert_int_equal(f->reply.body.n, 0);
}

static void deployments_are_refused_in_one_sentence(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        fixture_send(
            f, "PUT", FIXTURE_GROUP "/providers/Microsoft.Resources/deployments/d",
            "{\"properties\":{\"mode\":\"Incremental\",\"templateLink\":{\"uri\":\"x\"}}}"),
        501);
    assert_string_equal(fixture_code(f), "DeploymentsNotEmulated");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_request_without_a_version_is_refused),
        TEST(unknown_subscriptions_groups_types_and_hosts_are_told),
        TEST(internal_types_are_not_reachable),
        TEST(an_absent_resource_is_named_with_its_group),
        TEST(children_need_their_parent_and_keep_it),
        TEST(ids_are_compared_without_case_and_shown_in_azures),
        TEST(bad_bodies_names_places_and_tags_are_refused),
        TEST(a_method_without_a_status_is_none),
        TEST(a_resource_does_not_move),
        TEST(what_the_service_fills_cannot_be_written),
        TEST(patch_merges_and_needs_the_resource),
        TEST(the_etag_changes_with_each_write),
        TEST(conditions_of_a_request_are_kept),
        TEST(a_list_on_an_absent_scope_is_404),
        TEST(compute_bodies_are_indented_and_stay_json),
        TEST(routes_come_before_types),
        TEST(extension_resources_stand_on_what_exists),
        TEST(every_reply_has_its_ids),
        TEST(head_tells_whether_it_is_there),
        TEST(deployments_are_refused_in_one_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
