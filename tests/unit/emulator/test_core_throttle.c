/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WIDGET FIXTURE_GROUP "/providers/Test.Core/widgets/w1"
#define BODY "{\"location\":\"westeurope\"}"

static int64_t remaining(const struct fixture *f)
{
    int64_t value = -1;
    (void)rd_str_to_int(fixture_header(f, "x-ms-ratelimit-remaining-subscription-reads"), 0, 1000,
                        &value);
    return value;
}

static void reads_run_out_and_come_back_at_their_rate(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 250; i++) {
        assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 200);
        assert_int_equal(remaining(f), 249 - i);
    }
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 429);
    assert_string_equal(fixture_code(f), "SubscriptionRequestsThrottled");
    assert_true(rd_str_is(fixture_header(f, "Retry-After"), "1"));
    f->now_ms += 39;
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 429);
    f->now_ms += 1;
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 200);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 429);
    f->now_ms += 1000;
    for (int i = 0; i < 25; i++)
        assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 200);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 429);
    f->now_ms += 3600 * 1000;
    (void)fixture_send(f, "GET", FIXTURE_GROUP, NULL);
    assert_int_equal(remaining(f), 249);
}

static void refills_in_many_small_steps_lose_nothing(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 250; i++)
        (void)fixture_send(f, "GET", FIXTURE_GROUP, NULL);
    int granted = 0;
    for (int i = 0; i < 4000; i++) {
        f->now_ms += 7;
        granted += fixture_send(f, "GET", FIXTURE_GROUP, NULL) == 200;
    }
    assert_int_equal(granted, 28 * 25);
}

static void writes_have_a_bucket_of_their_own(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 199; i++)
        assert_int_equal(fixture_send(f, "PUT", FIXTURE_GROUP, BODY), 200);
    assert_int_equal(fixture_send(f, "PUT", FIXTURE_GROUP, BODY), 429);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 200);
    assert_int_equal(fixture_send(f, "DELETE", FIXTURE_BASE "/resourceGroups/no", NULL), 404);
    assert_string_equal(fixture_code(f), "ResourceGroupNotFound");
}

static void a_machine_may_be_read_36_times_at_once(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", WIDGET, BODY);
    for (int i = 0; i < 36; i++)
        assert_int_equal(fixture_send(f, "GET", WIDGET, NULL), 200);
    assert_non_null(strstr(fixture_header(f, "x-ms-ratelimit-remaining-resource").p,
                           "Microsoft.Compute/LowCostGetResource;0"));
    assert_int_equal(fixture_send(f, "GET", WIDGET, NULL), 429);
    assert_string_equal(fixture_code(f), "OperationNotAllowed");
    assert_string_equal(fixture_text(f, "error.details.0.code"), "TooManyRequests");
    assert_true(rd_str_is(fixture_header(f, "Retry-After"), "6"));
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP "/providers/Test.Core/widgets/w2", NULL),
                     404);
    f->now_ms += 5001;
    assert_int_equal(fixture_send(f, "GET", WIDGET, NULL), 200);
}

static void every_bucket_of_the_table_can_be_taken_from(void **state)
{
    (void)state;
    const struct rd_json *policies = rd_json_get(em_table("limits"), RD_STR("policies"));
    assert_true(rd_json_count(policies) > 4);
    for (size_t i = 0; i < rd_json_count(policies); i++) {
        const struct rd_json *policy = &policies->u.members[i].value;
        const struct rd_json *operations = rd_json_get(policy, RD_STR("operations"));
        const struct rd_json *buckets = rd_json_get(policy, RD_STR("buckets"));
        assert_true(rd_json_count(operations) > 0);
        for (size_t k = 0; k < rd_json_count(operations); k++)
            for (size_t n = 0; n < rd_json_count(&operations->u.members[k].value); n++) {
                const struct rd_json *bucket = rd_json_get(
                    buckets, rd_json_str(rd_json_item(&operations->u.members[k].value, n)));
                assert_true(rd_json_int(rd_json_get(bucket, RD_STR("size")), 0) > 0);
                assert_true(rd_json_int(rd_json_get(bucket, RD_STR("per_minute")), 0) > 0);
            }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_run_out_and_come_back_at_their_rate),
        TEST(refills_in_many_small_steps_lose_nothing),
        TEST(writes_have_a_bucket_of_their_own),
        TEST(a_machine_may_be_read_36_times_at_once),
        TEST(every_bucket_of_the_table_can_be_taken_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
