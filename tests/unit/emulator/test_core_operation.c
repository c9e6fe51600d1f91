/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WIDGET FIXTURE_GROUP "/providers/Test.Core/widgets/w1"
#define SLOW FIXTURE_GROUP "/providers/Test.Core/slow/s1"
#define QUIET FIXTURE_GROUP "/providers/Test.Core/quiet/q1"
#define BODY "{\"location\":\"westeurope\"}"

static const char *kept_header(struct fixture *f, const char *name)
{
    return rd_arena_str(f->arena, fixture_header(f, name)).p;
}

static void a_creation_is_polled_by_its_operation(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PUT", WIDGET, BODY), 201);
    assert_string_equal(fixture_text(f, "properties.provisioningState"), "Creating");
    assert_true(rd_str_is(fixture_header(f, "Retry-After"), "10"));
    const char *url = kept_header(f, "Azure-AsyncOperation");
    assert_true(strlen(url) > 3400);
    assert_int_equal(fixture_send(f, "GET", url, NULL), 200);
    assert_string_equal(fixture_text(f, "status"), "InProgress");
    assert_false(rd_json_exists(rd_json_at(&f->body, "endTime")));
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "GET", url, NULL), 200);
    assert_string_equal(fixture_text(f, "status"), "Succeeded");
    assert_string_equal(fixture_text(f, "properties.output.name"), "w1");
    assert_int_equal(fixture_send(f, "GET", WIDGET, NULL), 200);
    assert_string_equal(fixture_text(f, "properties.provisioningState"), "Succeeded");
    assert_int_equal(strlen(fixture_text(f, "properties.serial")), 36);
}

static void an_operation_ends_in_its_own_time(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, BODY);
    const char *url = kept_header(f, "Azure-AsyncOperation");
    f->now_ms += 3600 * 1000;
    (void)fixture_send(f, "GET", url, NULL);
    int64_t start = 0;
    int64_t end = 0;
    assert_true(rd_time_parse(rd_str_from(fixture_text(f, "startTime")), &start));
    assert_true(rd_time_parse(rd_str_from(fixture_text(f, "endTime")), &end));
    assert_in_range(end - start, 51 * 1000, 75 * 1000);
}

static void a_rebuilt_operation_url_is_refused(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, BODY);
    char *url = rd_arena_bytes(f->arena, 8192);
    (void)strcpy(url, kept_header(f, "Azure-AsyncOperation"));
    url[strlen(url) - 1] = '!';
    assert_int_equal(fixture_send(f, "GET", url, NULL), 400);
    *strstr(url, "&t=") = '\0';
    assert_int_equal(fixture_send(f, "GET", url, NULL), 400);
    assert_string_equal(fixture_code(f), "InvalidOperationUrl");
    assert_int_equal(fixture_send(f, "GET",
                                  FIXTURE_BASE
                                  "/providers/Test.Core/locations/westeurope/operations/"
                                  "44444444-1111-4111-8111-111111111111",
                                  NULL),
                     404);
    assert_string_equal(fixture_code(f), "OperationNotFound");
}

static void a_location_answers_202_and_then_the_resource(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PUT", SLOW, BODY), 202);
    assert_int_equal(fixture_header(f, "Azure-AsyncOperation").n, 0);
    const char *url = kept_header(f, "Location");
    assert_int_equal(fixture_send(f, "GET", url, NULL), 202);
    assert_true(rd_str_is(fixture_header(f, "Retry-After"), "5"));
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "GET", url, NULL), 200);
    assert_string_equal(fixture_text(f, "name"), "s1");
}

static void a_failed_creation_is_told_by_both_styles(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET,
                       "{\"location\":\"westeurope\",\"properties\":{\"fails\":true}}");
    const char *url = kept_header(f, "Azure-AsyncOperation");
    (void)fixture_send(f, "PUT", SLOW,
                       "{\"location\":\"westeurope\",\"properties\":{\"fails\":true}}");
    const char *location = kept_header(f, "Location");
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "GET", url, NULL), 200);
    assert_string_equal(fixture_text(f, "status"), "Failed");
    assert_string_equal(fixture_code(f), "WidgetFailed");
    assert_int_equal(fixture_send(f, "GET", WIDGET, NULL), 200);
    assert_string_equal(fixture_text(f, "properties.provisioningState"), "Failed");
    assert_int_equal(fixture_send(f, "GET", location, NULL), 409);
    assert_string_equal(fixture_code(f), "WidgetFailed");
    assert_int_equal(fixture_send(f, "PUT", WIDGET,
                                  "{\"location\":\"westeurope\",\"properties\":{\"fails\":false}}"),
                     200);
}

static void some_types_are_polled_themselves(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PUT", QUIET, BODY), 200);
    assert_int_equal(fixture_header(f, "Location").n, 0);
    assert_string_equal(fixture_text(f, "properties.provisioningState"), "RegisteringDns");
    f->now_ms += 90 * 1000;
    (void)fixture_send(f, "GET", QUIET, NULL);
    assert_string_equal(fixture_text(f, "properties.provisioningState"), "Succeeded");
}

static void a_second_write_waits_for_the_first(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, BODY);
    assert_int_equal(fixture_send(f, "PUT", WIDGET, BODY), 409);
    assert_string_equal(fixture_code(f), "AnotherOperationInProgress");
    assert_int_equal(fixture_send(f, "PATCH", WIDGET, "{}"), 409);
    assert_int_equal(fixture_send(f, "DELETE", WIDGET, NULL), 409);
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "PUT", WIDGET, BODY), 200);
}

static void a_deletion_shows_until_it_is_done(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, BODY);
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "DELETE", WIDGET, NULL), 202);
    const char *url = kept_header(f, "Azure-AsyncOperation");
    assert_int_equal(fixture_send(f, "GET", WIDGET, NULL), 200);
    assert_string_equal(fixture_text(f, "properties.provisioningState"), "Deleting");
    f->now_ms += 60 * 1000;
    assert_int_equal(fixture_send(f, "GET", WIDGET, NULL), 404);
    assert_int_equal(fixture_send(f, "GET", url, NULL), 200);
    assert_string_equal(fixture_text(f, "status"), "Succeeded");
    assert_int_equal(fixture_send(f, "DELETE", WIDGET, NULL), 204);
    assert_int_equal(fixture_send(f, "PUT", WIDGET, BODY), 201);
}

static void an_action_has_a_result(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, BODY);
    f->now_ms += 90 * 1000;
    assert_int_equal(fixture_send(f, "POST", WIDGET "/START", NULL), 202);
    const char *url = kept_header(f, "Azure-AsyncOperation");
    const char *location = kept_header(f, "Location");
    f->now_ms += 29 * 1000;
    assert_int_equal(fixture_send(f, "GET", location, NULL), 202);
    f->now_ms += 2 * 1000;
    (void)fixture_send(f, "GET", url, NULL);
    assert_string_equal(fixture_text(f, "properties.output.said"), "argument");
    assert_int_equal(fixture_send(f, "GET", location, NULL), 200);
    assert_string_equal(fixture_text(f, "said"), "argument");
    (void)fixture_send(f, "GET", WIDGET, NULL);
    assert_int_equal(strlen(fixture_text(f, "properties.startedAt")), 24);
}

static void a_group_takes_all_it_holds_with_it(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, BODY);
    f->now_ms += 90 * 1000;
    (void)fixture_send(f, "PUT", WIDGET "/parts/p", "{}");
    assert_int_equal(fixture_send(f, "DELETE", FIXTURE_GROUP, NULL), 202);
    assert_true(rd_str_is(fixture_header(f, "Retry-After"), "15"));
    const char *url = kept_header(f, "Location");
    assert_non_null(strstr(url, "/operationresults/"));
    assert_int_equal(fixture_send(f, "PUT", SLOW, BODY), 409);
    assert_string_equal(fixture_code(f), "ResourceGroupBeingDeleted");
    assert_int_equal(fixture_send(f, "PUT", FIXTURE_GROUP, BODY), 409);
    assert_string_equal(fixture_code(f), "ResourceGroupBeingDeleted");
    assert_int_equal(fixture_send(f, "DELETE", FIXTURE_GROUP, NULL), 202);
    assert_string_equal(kept_header(f, "Location"), url);
    assert_int_equal(fixture_send(f, "GET", url, NULL), 202);
    f->now_ms += 120 * 1000;
    assert_int_equal(fixture_send(f, "GET", url, NULL), 200);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 404);
    assert_int_equal(rd_cloud_resource_count(f->cloud), 0);
}

static void time_never_goes_back(void **state)
{
    struct fixture *f = *state;
    f->now_ms += 5000;
    (void)fixture_send(f, "GET", FIXTURE_GROUP, NULL);
    int64_t then = rd_cloud_time_ms(f->cloud);
    f->now_ms -= 4000;
    (void)fixture_send(f, "GET", FIXTURE_GROUP, NULL);
    assert_true(rd_cloud_time_ms(f->cloud) == then);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_creation_is_polled_by_its_operation),
        TEST(an_operation_ends_in_its_own_time),
        TEST(a_rebuilt_operation_url_is_refused),
        TEST(a_location_answers_202_and_then_the_resource),
        TEST(a_failed_creation_is_told_by_both_styles),
        TEST(some_types_are_polled_themselves),
        TEST(a_second_write_waits_for_the_first),
        TEST(a_deletion_shows_until_it_is_done),
        TEST(an_action_has_a_result),
        TEST(a_group_takes_all_it_holds_with_it),
        TEST(time_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
