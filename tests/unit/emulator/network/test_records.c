/* SPDX-License-Identifier: Apache-2.0 */
/* Monitoring, logs, vaults without machines, budgets. */
#include "world.h"

#define LOGS GROUP "/providers/Microsoft.OperationalInsights/workspaces/logs"
#define INSIGHTS GROUP "/providers/Microsoft.Insights"
#define POOL AVD "/hostPools/pool"
#define SETTING POOL "/providers/Microsoft.Insights/diagnosticSettings/"
#define VAULT GROUP "/providers/Microsoft.RecoveryServices/vaults/vault1"
#define BUDGET SUB "/providers/Microsoft.Consumption/budgets/b"

static int logs_open(void **state)
{
    world_open(state);
    struct world *world = *state;
    make(world, LOGS, "{'location':'westeurope','properties':{}}");
    make(world, POOL,
         "{'location':'westeurope','properties':{'hostPoolType':'Personal','loadBalancerType':"
         "'Persistent','preferredAppGroupType':'Desktop'}}");
    return 0;
}

static void a_workspace_shows_its_defaults_and_keys(void **state)
{
    struct world *world = *state;
    get(world, LOGS);
    expect_text(world, "properties.provisioningState", "Succeeded");
    expect_text(world, "properties.sku.name", "PerGB2018");
    assert_true(rd_json_str(rd_json_at(&world->body, "properties.customerId")).n == 36);
    assert_int_equal(post(world, LOGS "/sharedKeys", NULL), 200);
    assert_true(rd_json_str(rd_json_at(&world->body, "primarySharedKey")).n == 88);
    post(world, LOGS "/query", "{'query':'Heartbeat'}");
    expect_error(world, 501, "NotEmulated");
    put(world, LOGS, "{'location':'westeurope','properties':{'retentionInDays':7}}");
    expect_error(world, 400, "InvalidParameter");
}

static void categories_are_those_of_the_type(void **state)
{
    struct world *world = *state;
    assert_int_equal(put(world, SETTING "d",
                         "{'properties':{'workspaceId':'" LOGS "','logs':[{'category':'Connection',"
                         "'enabled':true}]}}"),
                     200);
    put(world, SETTING "e",
        "{'properties':{'workspaceId':'" LOGS "','logs':[{'category':'Feed','enabled':true}]}}");
    expect_error(world, 400, "BadRequest");
    expect_message(world, "Category 'Feed' is not supported.");
    get(world, POOL "/providers/Microsoft.Insights/diagnosticSettingsCategories");
    expect_count(world, "value", 10);
    assert_int_equal(get(world, POOL "/providers/Microsoft.Insights/diagnosticSettings"), 200);
    expect_count(world, "value", 1);
}

static void one_sink_takes_a_category_once(void **state)
{
    struct world *world = *state;
    put(world, SETTING "d",
        "{'properties':{'workspaceId':'" LOGS "','logs':[{'categoryGroup':'allLogs','enabled':"
        "true}]}}");
    put(world, SETTING "e",
        "{'properties':{'workspaceId':'" LOGS "','logs':[{'category':'Error','enabled':true}]}}");
    expect_error(world, 409, "Conflict");
    put(world, SETTING "f", "{'properties':{'logs':[]}}");
    expect_error(world, 400, "BadRequest");
}

static void a_collection_rule_names_what_exists(void **state)
{
    struct world *world = *state;
    static const char rule[] =
        "{'location':'westeurope','properties':{'destinations':{'logAnalytics':[{'name':'la',"
        "'workspaceResourceId':'" LOGS "'}]},'dataFlows':[{'streams':['Microsoft-Perf'],"
        "'destinations':['%s']}]}}";
    put(world, INSIGHTS "/dataCollectionRules/r", rd_arena_printf(world->arena, rule, "none").p);
    expect_error(world, 400, "InvalidPayload");
    assert_int_equal(
        put(world, INSIGHTS "/dataCollectionRules/r", rd_arena_printf(world->arena, rule, "la").p),
        201);
    assert_true(rd_str_has_prefix(rd_json_str(rd_json_at(&world->body, "properties.immutableId")),
                                  RD_STR("dcr-")));
    assert_int_equal(
        put(world, POOL "/providers/Microsoft.Insights/dataCollectionRuleAssociations/a",
            "{'properties':{'dataCollectionRuleId':'" INSIGHTS "/dataCollectionRules/r'}}"),
        201);
    get(world, INSIGHTS "/dataCollectionRules/r/associations");
    expect_count(world, "value", 1);
    assert_int_equal(del(world, INSIGHTS "/dataCollectionRules/r"), 409);
    assert_int_equal(del(world, INSIGHTS "/dataCollectionRules/r?deleteAssociations=true"), 200);
}

static void alerts_want_groups_scopes_and_criteria(void **state)
{
    struct world *world = *state;
    put(world, INSIGHTS "/actionGroups/g",
        "{'location':'Global','properties':{'groupShortName':'muchtoolongname'}}");
    expect_error(world, 400, "BadRequest");
    assert_int_equal(put(world, INSIGHTS "/actionGroups/g",
                         "{'location':'Global','properties':{'groupShortName':'ops',"
                         "'emailReceivers':[{'name':'x','emailAddress':'x@y.z'}]}}"),
                     201);
    expect_text(world, "properties.emailReceivers.0.status", "Enabled");
    static const char query[] =
        "{'location':'westeurope','properties':{'severity':2,'scopes':['" LOGS
        "'],'evaluationFrequency':'PT5M','windowSize':'PT15M','criteria':{'allOf':[{'query':"
        "'Heartbeat','timeAggregation':'Count','operator':'GreaterThan','threshold':0}]},"
        "'actions':{'actionGroups':['" INSIGHTS "/actionGroups/%s']}%s}}";
    put(world, INSIGHTS "/scheduledQueryRules/q",
        rd_arena_printf(world->arena, query, "none", "").p);
    expect_error(world, 400, "InvalidResourceReference");
    put(world, INSIGHTS "/scheduledQueryRules/q",
        rd_arena_printf(world->arena, query, "g",
                        ",'autoMitigate':true,'muteActionsDuration':'PT1H'")
            .p);
    expect_error(world, 400, "BadRequest");
    assert_int_equal(put(world, INSIGHTS "/scheduledQueryRules/q",
                         rd_arena_printf(world->arena, query, "g", "").p),
                     201);
    put(world, INSIGHTS "/metricAlerts/m",
        "{'location':'global','properties':{'severity':2,'scopes':['" GROUP
        "'],'evaluationFrequency':'PT5M','windowSize':'PT15M','criteria':{}}}");
    expect_message(world, "targetResourceType");
    put(world, INSIGHTS "/activityLogAlerts/a",
        "{'location':'global','properties':{'scopes':['" SUB "'],'condition':{'allOf':[]}}}");
    assert_int_equal(world->status, 400);
}

static void sentinel_has_one_onboarding_state(void **state)
{
    struct world *world = *state;
    assert_int_equal(put(world,
                         LOGS "/providers/Microsoft.SecurityInsights/onboardingStates/default",
                         "{'properties':{}}"),
                     201);
    assert_int_equal(put(world, LOGS "/providers/Microsoft.SecurityInsights/onboardingStates/other",
                         "{'properties':{}}"),
                     400);
}

static void a_vault_starts_redundant_and_soft_deleting(void **state)
{
    struct world *world = *state;
    assert_int_equal(
        put(world, VAULT, "{'location':'westeurope','sku':{'name':'RS0'},'properties':{}}"), 201);
    wait_s(world, 120);
    get(world, VAULT "/backupstorageconfig/vaultstorageconfig");
    expect_text(world, "properties.storageModelType", "GeoRedundant");
    expect_text(world, "properties.storageTypeState", "Unlocked");
    assert_int_equal(put(world, VAULT "/backupstorageconfig/vaultstorageconfig",
                         "{'properties':{'storageModelType':'LocallyRedundant'}}"),
                     200);
    expect_text(world, "properties.storageModelType", "LocallyRedundant");
    get(world, VAULT "/backupconfig/vaultconfig");
    expect_text(world, "properties.softDeleteFeatureState", "Enabled");
    get(world, VAULT "/backupPolicies");
    expect_count(world, "value", 2);
    assert_int_equal(del(world, VAULT), 202);
}

static void a_policy_keeps_to_the_services_rules(void **state)
{
    struct world *world = *state;
    static const char policy[] =
        "{'properties':{'backupManagementType':'AzureIaasVM','policyType':'V2',"
        "'schedulePolicy':{'schedulePolicyType':'%s','scheduleRunFrequency':'Daily',"
        "'dailySchedule':{'scheduleRunTimes':['2026-08-20T23:%s:00Z']}},'retentionPolicy':{"
        "'retentionPolicyType':'LongTermRetentionPolicy','dailySchedule':{'retentionTimes':["
        "'2026-08-20T23:00:00Z'],'retentionDuration':{'count':%s,'durationType':'Days'}}}}}";
    static const char *const bad[][3] = {{"SimpleSchedulePolicy", "00", "30"},
                                         {"SimpleSchedulePolicyV2", "15", "30"},
                                         {"SimpleSchedulePolicyV2", "30", "30"},
                                         {"SimpleSchedulePolicyV2", "00", "6"}};
    make(world, VAULT, "{'location':'westeurope','sku':{'name':'RS0'},'properties':{}}");
    for (size_t i = 0; i < 4; i++) {
        put(world, VAULT "/backupPolicies/daily",
            rd_arena_printf(world->arena, policy, bad[i][0], bad[i][1], bad[i][2]).p);
        expect_error(world, 400, "BMSUserErrorInvalidPolicyInput");
    }
    assert_int_equal(
        put(world, VAULT "/backupPolicies/daily",
            rd_arena_printf(world->arena, policy, "SimpleSchedulePolicyV2", "00", "30").p),
        200);
}

static void a_budget_is_updated_with_its_etag_only(void **state)
{
    struct world *world = *state;
    static const char budget[] =
        "{%s'properties':{'category':'Cost','amount':%s,'timeGrain':'Monthly','timePeriod':{"
        "'startDate':'2026-11-%sT00:00:00Z'},'notifications':{'n':{'enabled':true,'operator':"
        "'GreaterThan','threshold':80,'contactEmails':['x@y.z']}}}}";
    put(world, BUDGET, rd_arena_printf(world->arena, budget, "", "100", "02").p);
    expect_message(world, "first day of a month");
    put(world, BUDGET, rd_arena_printf(world->arena, budget, "", "0", "01").p);
    expect_message(world, "amount");
    assert_int_equal(put(world, BUDGET, rd_arena_printf(world->arena, budget, "", "100", "01").p),
                     201);
    struct rd_str tag = rd_json_str(rd_json_at(&world->body, "eTag"));
    struct rd_str inner = rd_str_sub(tag, 1, tag.n - 1);
    put(world, BUDGET, rd_arena_printf(world->arena, budget, "", "200", "01").p);
    assert_int_equal(world->status, 412);
    struct rd_str member = rd_arena_printf(world->arena, "'eTag':'\\'%.*s\\'',", RD_FMT(inner));
    assert_int_equal(
        put(world, BUDGET, rd_arena_printf(world->arena, budget, member.p, "200", "01").p), 200);
    struct rd_str list = rd_arena_str(
        world->arena, rd_str_sub(RD_STR(BUDGET), 0, rd_str_find_last_char(RD_STR(BUDGET), '/')));
    assert_int_equal(get(world, list.p), 200);
    expect_count(world, "value", 1);
    assert_int_equal(rd_json_int(rd_json_at(&world->body, "value.0.properties.amount"), 0), 200);
    assert_false(rd_str_eq(rd_json_str(rd_json_at(&world->body, "value.0.eTag")), tag));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, logs_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_workspace_shows_its_defaults_and_keys),
        TEST(categories_are_those_of_the_type),
        TEST(one_sink_takes_a_category_once),
        TEST(a_collection_rule_names_what_exists),
        TEST(alerts_want_groups_scopes_and_criteria),
        TEST(sentinel_has_one_onboarding_state),
        TEST(a_vault_starts_redundant_and_soft_deleting),
        TEST(a_policy_keeps_to_the_services_rules),
        TEST(a_budget_is_updated_with_its_etag_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
