/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "world.h"

#define POOL AVD "/hostPools/Pool1"
#define APPS AVD "/applicationGroups/apps"
#define SPACE AVD "/workspaces/space"

static const char pool_body[] =
    "{'location':'westeurope','properties':{'hostPoolType':'Personal','loadBalancerType':"
    "'Persistent','personalDesktopAssignmentType':'Direct','preferredAppGroupType':'Desktop'}}";
static const char apps_body[] =
    "{'location':'westeurope','properties':{'applicationGroupType':'Desktop',"
    "'hostPoolArmPath':'" POOL "'}}";

static const char *with_token(struct world *world, int64_t hours)
{
    char at[RD_TIME_TEXT_MAX];
    rd_time_format(world->now_ms + hours * 3600000, false, at);
    return rd_arena_printf(world->arena,
                           "{'properties':{'registrationInfo':{'expirationTime':'%s',"
                           "'registrationTokenOperation':'Update'}}}",
                           at)
        .p;
}

static void a_pool_is_made_at_once_with_nulls_and_lower_case_ids(void **state)
{
    struct world *world = *state;
    assert_int_equal(put(world, POOL, pool_body), 201);
    expect_text(world, "id",
                SUB
                "/resourcegroups/rg1/providers/Microsoft.DesktopVirtualization/hostpools/Pool1");
    expect_text(world, "type", "Microsoft.DesktopVirtualization/hostpools");
    assert_true(rd_json_is(rd_json_at(&world->body, "properties.friendlyName"), RD_JSON_NULL));
    assert_true(rd_json_is(rd_json_at(&world->body, "properties.registrationInfo"), RD_JSON_NULL));
    expect_absent(world, "properties.provisioningState");
    assert_int_equal(put(world, POOL, pool_body), 200);
}

static void a_pooled_pool_drops_the_assignment_type(void **state)
{
    struct world *world = *state;
    put(world, POOL,
        "{'location':'westeurope','properties':{'hostPoolType':'Pooled','loadBalancerType':"
        "'BreadthFirst','personalDesktopAssignmentType':'Direct','preferredAppGroupType':'Desktop'"
        "}}");
    assert_int_equal(world->status, 201);
    expect_absent(world, "properties.personalDesktopAssignmentType");
}

static void regions_and_types_that_do_not_fit_are_refused(void **state)
{
    struct world *world = *state;
    put(world, POOL,
        "{'location':'belgiumcentral','properties':{'hostPoolType':'Personal','loadBalancerType':"
        "'Persistent','preferredAppGroupType':'Desktop'}}");
    expect_error(world, 400, "LocationNotAvailableForResourceType");
    put(world, POOL,
        "{'location':'westeurope','properties':{'hostPoolType':'Personal','loadBalancerType':"
        "'BreadthFirst','preferredAppGroupType':'Desktop'}}");
    expect_error(world, 400, "400");
    put(world, POOL, pool_body);
    put(world, POOL,
        "{'location':'westeurope','properties':{'hostPoolType':'Pooled','loadBalancerType':"
        "'BreadthFirst','preferredAppGroupType':'Desktop'}}");
    expect_error(world, 400, "400");
    expect_message(world, "ActivityId: ");
}

static void a_token_lives_from_an_hour_to_thirty_days(void **state)
{
    struct world *world = *state;
    put(world, POOL, pool_body);
    patch(world, POOL, with_token(world, 0));
    expect_error(world, 400, "400");
    expect_message(world, "ExpirationTime value must be between one hour and 30 days from now");
    patch(world, POOL, with_token(world, 24 * 31));
    assert_int_equal(world->status, 400);
    assert_int_equal(patch(world, POOL, with_token(world, 24)), 200);
    assert_true(rd_json_is(rd_json_at(&world->body, "properties.registrationInfo"), RD_JSON_NULL));
    assert_int_equal(post(world, POOL "/listRegistrationTokens", NULL), 200);
    struct rd_str token = rd_json_str(rd_json_at(&world->body, "value.0.token"));
    size_t dot = rd_str_find_char(token, '.', 0);
    assert_true(rd_str_has_prefix(token, RD_STR("eyJ")) && dot != RD_STR_NONE);
    assert_true(rd_str_find_char(token, '.', dot + 1) != RD_STR_NONE);
    post(world, POOL "/retrieveRegistrationToken", NULL);
    assert_true(rd_str_eq(rd_json_str(rd_json_at(&world->body, "token")), token));
    wait_s(world, 25 * 3600);
    post(world, POOL "/listRegistrationTokens", NULL);
    expect_count(world, "value", 0);
}

static void references_are_shown_from_the_other_side(void **state)
{
    struct world *world = *state;
    put(world, POOL, pool_body);
    assert_int_equal(put(world, APPS, apps_body), 201);
    assert_int_equal(
        put(world, SPACE,
            "{'location':'westeurope','properties':{'applicationGroupReferences':['" APPS "']}}"),
        201);
    get(world, POOL);
    expect_text(world, "properties.applicationGroupReferences.0", APPS);
    get(world, APPS);
    expect_text(world, "properties.workspaceArmPath", SPACE);
    assert_int_equal(get(world, APPS "/desktops/SessionDesktop"), 200);
    expect_text(world, "name", "apps/SessionDesktop");
    assert_int_equal(
        patch(world, APPS "/desktops/SessionDesktop", "{'properties':{'friendlyName':'Enclave'}}"),
        200);
    expect_text(world, "properties.friendlyName", "Enclave");
    assert_int_equal(del(world, POOL), 400);
    assert_int_equal(del(world, APPS), 400);
    assert_int_equal(del(world, SPACE), 200);
    assert_int_equal(del(world, APPS), 200);
    assert_int_equal(del(world, POOL), 200);
    assert_int_equal(get(world, POOL), 404);
}

static void a_pool_has_one_desktop_group(void **state)
{
    struct world *world = *state;
    put(world, POOL, pool_body);
    put(world, APPS, apps_body);
    assert_int_equal(put(world, AVD "/applicationGroups/more", apps_body), 400);
    assert_int_equal(
        put(world, SPACE,
            "{'location':'westeurope','properties':{'applicationGroupReferences':['" AVD
            "/applicationGroups/none']}}"),
        400);
}

static void a_scaling_plan_fits_its_pool(void **state)
{
    struct world *world = *state;
    put(world, POOL, pool_body);
    put(world, AVD "/scalingPlans/plan",
        "{'location':'westeurope','properties':{'timeZone':'Europe/Berlin','hostPoolType':"
        "'Personal'}}");
    expect_message(world, "Windows time zone");
    put(world, AVD "/scalingPlans/plan",
        "{'location':'northeurope','properties':{'timeZone':'UTC','hostPoolType':'Personal',"
        "'hostPoolReferences':[{'hostPoolArmPath':'" POOL "','scalingPlanEnabled':true}]}}");
    expect_message(world, "same region");
    static const char body[] =
        "{'location':'westeurope','properties':{'timeZone':'UTC','hostPoolType':'Personal',"
        "'hostPoolReferences':[{'hostPoolArmPath':'" POOL "','scalingPlanEnabled':true}]}}";
    assert_int_equal(put(world, AVD "/scalingPlans/plan", body), 201);
    assert_int_equal(put(world, AVD "/scalingPlans/second", body), 400);
    get(world, POOL "/scalingPlans");
    expect_count(world, "value", 1);
    assert_int_equal(
        put(world, AVD "/scalingPlans/plan/personalSchedules/week",
            "{'properties':{'daysOfWeek':['Monday'],'rampUpStartTime':{'hour':7,'minute':0},"
            "'peakStartTime':{'hour':9,'minute':0},'rampDownStartTime':{'hour':17,'minute':0},"
            "'offPeakStartTime':{'hour':20,'minute':0},'rampUpAutoStartHosts':'None'}}"),
        201);
    assert_int_equal(put(world, AVD "/scalingPlans/plan/personalSchedules/bad",
                         "{'properties':{'daysOfWeek':['Monday'],'rampUpStartTime':{'hour':24,"
                         "'minute':0}}}"),
                     400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pool_is_made_at_once_with_nulls_and_lower_case_ids),
        TEST(a_pooled_pool_drops_the_assignment_type),
        TEST(regions_and_types_that_do_not_fit_are_refused),
        TEST(a_token_lives_from_an_hour_to_thirty_days),
        TEST(references_are_shown_from_the_other_side),
        TEST(a_pool_has_one_desktop_group),
        TEST(a_scaling_plan_fits_its_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
