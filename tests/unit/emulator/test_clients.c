/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What Azure's own clients stumbled over, and what they use beside the resources themselves. */

#define NET FIXTURE_GROUP "/providers/Microsoft.Network"
#define INSIGHTS FIXTURE_GROUP "/providers/Microsoft.Insights"
#define KEYVAULT FIXTURE_GROUP "/providers/Microsoft.KeyVault"
#define KEYS "https://kv-one.vault.azure.net"
#define RSV FIXTURE_GROUP "/providers/Microsoft.RecoveryServices/vaults/rsv1"
#define LOCK "/providers/Microsoft.Authorization/locks/l1"
#define TAGS "/providers/Microsoft.Resources/tags/default"
#define PERSON "99999999-9999-4999-8999-999999999999"
#define CLIENT "33333333-3333-4333-8333-333333333333"

static size_t count_at(struct fixture *f, const char *path)
{
    return rd_json_count(rd_json_at(&f->body, path));
}

static void later(struct fixture *f, int64_t seconds)
{
    f->now_ms += seconds * 1000;
}

static void make(struct fixture *f, const char *path, const char *body)
{
    int status = fixture_ask(f, "PUT", path, body);
    if (status > 202)
        fail_msg("%s: %.*s", path, RD_FMT(f->reply.body));
    later(f, 4 * 3600);
    assert_int_equal(fixture_ask(f, "GET", path, NULL), 200);
}

/* Resource Manager ----------------------------------------------------------------------------- */

static void new_tags_are_there_at_once(void **state)
{
    struct fixture *f = *state;
    make(f, NET "/routeTables/rt", "{'location':'westeurope'}");
    assert_int_equal(fixture_ask(f, "PATCH", NET "/routeTables/rt", "{'tags':{'a':'b'}}"), 200);
    assert_int_equal(fixture_header(f, "Azure-AsyncOperation").n, 0);
    assert_string_equal(fixture_text(f, "properties.provisioningState"), "Succeeded");
    assert_string_equal(fixture_text(f, "tags.a"), "b");
}

static void slashes_in_a_row_count_as_one(void **state)
{
    struct fixture *f = *state;
    make(f, NET "/routeTables/rt", "{'location':'westeurope'}");
    assert_int_equal(fixture_ask(f, "GET", "/" NET "/routeTables/rt", NULL), 200);
    assert_int_equal(
        fixture_ask(f, "GET", FIXTURE_GROUP "/providers/Microsoft.Network//routeTables/rt/", NULL),
        200);
    assert_string_equal(fixture_text(f, "id"), NET "/routeTables/rt");
    assert_int_equal(
        fixture_ask(f, "GET",
                    "//" FIXTURE_GROUP "/providers/Microsoft.Authorization/roleAssignments", NULL),
        200);
}

static void what_is_updated_by_an_id_in_other_letters_keeps_its_guids(void **state)
{
    static const struct {
        const char *path, *other, *body, *guid;
    } cases[] = {
        {NET "/virtualNetworks/v",
         FIXTURE_BASE "/resourcegroups/RG-ONE/providers/microsoft.network/VIRTUALNETWORKS/V",
         "{'location':'westeurope','properties':{'addressSpace':{'addressPrefixes':['10.0.0.0/16']"
         "}}}",
         "properties.resourceGuid"},
        {FIXTURE_GROUP "/providers/Microsoft.OperationalInsights/workspaces/law1",
         FIXTURE_BASE "/resourcegroups/rg-one/providers/microsoft.operationalinsights/workspaces/"
                      "LAW1",
         "{'location':'westeurope'}", "properties.customerId"},
        {INSIGHTS "/dataCollectionRules/dcr",
         FIXTURE_BASE "/resourcegroups/rg-one/providers/microsoft.insights/datacollectionrules/DCR",
         "{'location':'westeurope','properties':{'destinations':{'azureMonitorMetrics':{'name':'m'}"
         "},'dataFlows':[{'streams':['Microsoft-Perf'],'destinations':['m']}]}}",
         "properties.immutableId"},
        {INSIGHTS "/dataCollectionEndpoints/dce",
         FIXTURE_BASE
         "/resourcegroups/rg-one/providers/microsoft.insights/datacollectionendpoints/DCE",
         "{'location':'westeurope'}", "properties.immutableId"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make(f, cases[i].path, cases[i].body);
        const char *guid = fixture_text(f, cases[i].guid);
        assert_true(strlen(guid) >= 36);
        make(f, cases[i].other, cases[i].body);
        assert_string_equal(fixture_text(f, cases[i].guid), guid);
    }
}

/* Monitor -------------------------------------------------------------------------------------- */

static void a_metric_alert_is_made_with_200_and_names_its_groups_as_objects(void **state)
{
    struct fixture *f = *state;
    make(f, INSIGHTS "/actionGroups/g",
         "{'location':'Global','properties':{'groupShortName':'ops','enabled':true}}");
    make(f, NET "/publicIPAddresses/ip",
         "{'location':'westeurope','sku':{'name':'Standard'},'properties':{"
         "'publicIPAllocationMethod':'Static'}}");
    assert_int_equal(
        fixture_ask(
            f, "PUT", INSIGHTS "/metricAlerts/m",
            "{'location':'global','properties':{'severity':2,'enabled':true,'scopes':['" NET
            "/publicIPAddresses/ip'],'evaluationFrequency':'PT5M','windowSize':'PT15M',"
            "'criteria':{'odata.type':'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCrit"
            "eria','allOf':[{'name':'c','metricName':'ByteCount','operator':'GreaterThan',"
            "'threshold':1,'timeAggregation':'Average','criterionType':'StaticThresholdCriterio"
            "n'}]},'actions':[{'actionGroupId':'" INSIGHTS "/actionGroups/g'}]}}"),
        200);
    assert_int_equal(
        fixture_ask(f, "PUT", INSIGHTS "/activityLogAlerts/a",
                    "{'location':'Global','properties':{'scopes':['" FIXTURE_BASE
                    "'],'condition':{'allOf':[{'field':'category','equals':'ServiceHealth'}]},"
                    "'actions':{'actionGroups':[{'actionGroupId':'" INSIGHTS
                    "/actionGroups/g'}]}}}"),
        201);
    assert_string_equal(fixture_text(f, "properties.actions.actionGroups.0.actionGroupId"),
                        INSIGHTS "/actionGroups/g");
    assert_int_equal(
        fixture_ask(f, "PUT", INSIGHTS "/activityLogAlerts/a",
                    "{'location':'Global','properties':{'scopes':['" FIXTURE_BASE
                    "'],'condition':{'allOf':[{'field':'category','equals':'ServiceHealth'}]},"
                    "'actions':{'actionGroups':[{'actionGroupId':'" INSIGHTS
                    "/actionGroups/h'}]}}}"),
        400);
}

static int send_packed(struct fixture *f, struct rd_str url, const char *encoding,
                       struct rd_str body)
{
    struct rd_http_request request = {.method = RD_HTTP_POST, .url = url, .body = body};
    struct rd_err err = {.msg = ""};
    rd_http_headers_add(f->arena, &request.headers, "Authorization", RD_STR("Bearer embedded"));
    rd_http_headers_add(f->arena, &request.headers, "Content-Encoding", rd_str_from(encoding));
    assert_int_equal(rd_cloud_handle(f->cloud, f->arena, f->now_ms, &request, &f->reply, &err),
                     RD_RC_OK);
    f->body = rd_json_absent;
    if (f->reply.body.n > 0)
        assert_int_equal(rd_json_parse(f->arena, "reply", f->reply.body, 0, &f->body, &err),
                         RD_RC_OK);
    return f->reply.status;
}

static void a_collection_endpoint_takes_what_its_rules_name(void **state)
{
    struct fixture *f = *state;
#define RULE_BODY(name)                                                                            \
    "{'location':'westeurope','properties':{'dataCollectionEndpointId':'" INSIGHTS                 \
    "/dataCollectionEndpoints/" name                                                               \
    "','destinations':{'logAnalytics':[{'name':'law','workspaceResourceId':'" FIXTURE_GROUP        \
    "/providers/Microsoft.OperationalInsights/workspaces/law1'}]},'dataFlows':[{'streams':"        \
    "['Custom-Own_CL'],'outputStream':'Custom-Own_CL','destinations':['law']}]}}"
    make(f, FIXTURE_GROUP "/providers/Microsoft.OperationalInsights/workspaces/law1",
         "{'location':'westeurope'}");
    make(f, FIXTURE_GROUP "/providers/Microsoft.OperationalInsights/workspaces/law1/tables/Own_CL",
         "{'properties':{'schema':{'name':'Own_CL','columns':[{'name':'TimeGenerated','type':"
         "'datetime'},{'name':'Text','type':'string'}]}}}");
    assert_int_equal(fixture_ask(f, "PUT", INSIGHTS "/dataCollectionRules/r", RULE_BODY("none")),
                     400);
    assert_string_equal(fixture_code(f), "InvalidResourceReference");
    make(f, INSIGHTS "/dataCollectionEndpoints/dce", "{'location':'westeurope'}");
    assert_string_equal(fixture_text(f, "properties.networkAcls.publicNetworkAccess"), "Enabled");
    const char *endpoint = fixture_text(f, "properties.logsIngestion.endpoint");
    assert_non_null(strstr(endpoint, ".ingest.monitor.azure.com"));
    assert_non_null(strstr(fixture_text(f, "properties.configurationAccess.endpoint"),
                           ".handler.control.monitor.azure.com"));
    make(f, INSIGHTS "/dataCollectionRules/r", RULE_BODY("dce"));
    struct rd_str url = rd_arena_printf(
        f->arena, "%s/dataCollectionRules/%s/streams/Custom-Own_CL?api-version=2023-01-01",
        endpoint, fixture_text(f, "properties.immutableId"));
    assert_int_equal(fixture_ask(f, "POST", url.p, "[{'Text':'one'}]"), 204);
    /* SDKs send their rows packed: [{"Text":"two"}] by gzip. */
    static const char rows[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x8b\xae\x56\x0a\x49"
                               "\xad\x28\x51\xb2\x52\x2a\x29\xcf\x57\xaa\x8d\x05\x00\x04\x59"
                               "\xb4\xa4\x10\x00\x00\x00";
    assert_int_equal(send_packed(f, url, "gzip", (struct rd_str){rows, sizeof(rows) - 1}), 204);
    assert_int_equal(send_packed(f, url, "gzip", (struct rd_str){rows, sizeof(rows) - 2}), 400);
    assert_string_equal(fixture_code(f), "InvalidPayload");
    assert_int_equal(send_packed(f, url, "br", (struct rd_str){rows, sizeof(rows) - 1}), 415);
    assert_int_equal(
        send_packed(f,
                    RD_STR("https://management.azure.com" FIXTURE_GROUP "?api-version=2024-03-01"),
                    "gzip", (struct rd_str){rows, sizeof(rows) - 1}),
        415);
    assert_int_equal(fixture_ask(f, "PUT", INSIGHTS "/dataCollectionEndpoints/dce",
                                 "{'location':'westeurope','properties':{'networkAcls':{"
                                 "'publicNetworkAccess':'Perhaps'}}}"),
                     400);
}

/* Vaults --------------------------------------------------------------------------------------- */

/* A vault whose policy lets any person, so the built-in deployer, do everything. */
static void make_vault(struct fixture *f, const char *tail)
{
    make(f, KEYVAULT "/vaults/kv-one",
         rd_arena_printf(
             f->arena,
             "{'location':'westeurope','properties':{'tenantId':'%.*s','sku':{'family':'A','name':"
             "'standard'},'accessPolicies':[{'tenantId':'%.*s','objectId':'" PERSON
             "','permissions':{'keys':['all','purge'],'secrets':['all','purge']}}]%s}}",
             RD_FMT(em_tenant(f->cloud)), RD_FMT(em_tenant(f->cloud)), tail)
             .p);
    assert_int_equal(fixture_ask(f, "PUT",
                                 FIXTURE_GROUP
                                 "/providers/Microsoft.Authorization/roleAssignments/" CLIENT,
                                 "{'properties':{'roleDefinitionId':'" FIXTURE_BASE
                                 "/providers/Microsoft.Authorization/roleDefinitions/"
                                 "acdd72a7-3385-48ef-bd42-f606fba81ae7','principalId':'" PERSON
                                 "','principalType':'User'}}"),
                     201);
}

static void a_secret_is_changed_in_the_version_that_is_named(void **state)
{
    struct fixture *f = *state;
    make_vault(f, "");
    assert_int_equal(fixture_ask(f, "PUT", KEYS "/secrets/s?api-version=7.4", "{'value':'one'}"),
                     200);
    const char *first = fixture_text(f, "id");
    assert_int_equal(fixture_ask(f, "PUT", KEYS "/secrets/s?api-version=7.4", "{'value':'two'}"),
                     200);
    struct rd_str url = rd_arena_printf(f->arena, "%s?api-version=7.4", first);
    assert_int_equal(fixture_ask(f, "PATCH", url.p, "{'contentType':'text/plain'}"), 200);
    assert_string_equal(fixture_text(f, "id"), first);
    assert_int_equal(fixture_ask(f, "GET", url.p, NULL), 200);
    assert_string_equal(fixture_text(f, "contentType"), "text/plain");
    assert_string_equal(fixture_text(f, "value"), "one");
    assert_int_equal(fixture_ask(f, "GET", KEYS "/secrets/s?api-version=7.4", NULL), 200);
    assert_string_equal(fixture_text(f, "contentType"), "");
    assert_string_equal(fixture_text(f, "value"), "two");
    assert_int_equal(fixture_ask(f, "PATCH",
                                 KEYS "/secrets/s/00000000000000000000000000000000?api-version=7.4",
                                 "{'contentType':'x'}"),
                     404);
}

static void what_was_deleted_is_listed_until_it_is_purged(void **state)
{
    struct fixture *f = *state;
    make_vault(f, "");
    assert_int_equal(fixture_ask(f, "PUT", KEYS "/secrets/s?api-version=7.4", "{'value':'one'}"),
                     200);
    assert_int_equal(fixture_ask(f, "POST", KEYS "/keys/k/create?api-version=7.4", "{'kty':'RSA'}"),
                     200);
    assert_int_equal(fixture_ask(f, "DELETE", KEYS "/secrets/s?api-version=7.4", NULL), 200);
    assert_int_equal(fixture_ask(f, "DELETE", KEYS "/keys/k?api-version=7.4", NULL), 200);
    later(f, 60);
    assert_int_equal(fixture_ask(f, "GET", KEYS "/deletedsecrets?api-version=7.4", NULL), 200);
    assert_int_equal(count_at(f, "value"), 1);
    assert_string_equal(fixture_text(f, "value.0.id"), KEYS "/secrets/s");
    assert_string_equal(fixture_text(f, "value.0.recoveryId"), KEYS "/deletedsecrets/s");
    assert_false(rd_json_exists(rd_json_at(&f->body, "value.0.value")));
    assert_int_equal(fixture_ask(f, "GET", KEYS "/deletedkeys?api-version=7.4", NULL), 200);
    assert_string_equal(fixture_text(f, "value.0.recoveryId"), KEYS "/deletedkeys/k");
    assert_true(rd_json_int(rd_json_at(&f->body, "value.0.scheduledPurgeDate"), 0) >
                f->now_ms / 1000);
    assert_int_equal(fixture_ask(f, "DELETE", KEYVAULT "/vaults/kv-one", NULL), 200);
    assert_int_equal(
        fixture_ask(f, "GET", FIXTURE_BASE "/providers/Microsoft.KeyVault/deletedVaults", NULL),
        200);
    assert_int_equal(count_at(f, "value"), 1);
    assert_string_equal(fixture_text(f, "value.0.id"),
                        FIXTURE_BASE "/providers/Microsoft.KeyVault/locations/westeurope/"
                                     "deletedVaults/kv-one");
    assert_string_equal(fixture_text(f, "value.0.properties.vaultId"), KEYVAULT "/vaults/kv-one");
    assert_int_equal(fixture_ask(f, "POST",
                                 FIXTURE_BASE "/providers/Microsoft.KeyVault/locations/westeurope/"
                                              "deletedVaults/kv-one/purge",
                                 NULL),
                     200);
    assert_int_equal(
        fixture_ask(f, "GET", FIXTURE_BASE "/providers/Microsoft.KeyVault/deletedVaults", NULL),
        200);
    assert_int_equal(count_at(f, "value"), 0);
}

static void an_hsm_is_purged_with_202(void **state)
{
    struct fixture *f = *state;
    make(f, KEYVAULT "/managedHSMs/hsm-one",
         rd_arena_printf(f->arena,
                         "{'location':'westeurope','sku':{'family':'B','name':'Standard_B1'},"
                         "'properties':{'tenantId':'%.*s','initialAdminObjectIds':['" PERSON "']}}",
                         RD_FMT(em_tenant(f->cloud)))
             .p);
    assert_in_range(fixture_ask(f, "DELETE", KEYVAULT "/managedHSMs/hsm-one", NULL), 200, 202);
    later(f, 3600);
    assert_int_equal(fixture_ask(f, "GET",
                                 FIXTURE_BASE "/providers/Microsoft.KeyVault/deletedManagedHSMs",
                                 NULL),
                     200);
    assert_string_equal(fixture_text(f, "value.0.name"), "hsm-one");
    assert_int_equal(fixture_ask(f, "POST",
                                 FIXTURE_BASE "/providers/Microsoft.KeyVault/locations/westeurope/"
                                              "deletedManagedHSMs/hsm-one/purge",
                                 NULL),
                     202);
}

/* Backup --------------------------------------------------------------------------------------- */

static void a_recovery_vault_goes_at_once_where_the_version_is_old(void **state)
{
    struct fixture *f = *state;
    static const char body[] = "{'location':'westeurope','sku':{'name':'RS0'},'properties':{}}";
    make(f, RSV, body);
    assert_int_equal(fixture_ask(f, "GET", RSV "/backupResourceGuardProxies", NULL), 200);
    assert_int_equal(count_at(f, "value"), 0);
    assert_int_equal(fixture_ask(f, "DELETE", RSV "?api-version=2022-10-01", NULL), 200);
    assert_int_equal(fixture_ask(f, "GET", RSV, NULL), 404);
    make(f, RSV, body);
    assert_int_equal(fixture_ask(f, "DELETE", RSV "?api-version=2024-04-01", NULL), 202);
    assert_int_equal(fixture_ask(f, "GET",
                                 FIXTURE_GROUP "/providers/Microsoft.RecoveryServices/vaults/none/"
                                               "backupResourceGuardProxies",
                                 NULL),
                     404);
}

/* Locks ---------------------------------------------------------------------------------------- */

static void what_is_locked_stays_with_all_that_holds_it(void **state)
{
    struct fixture *f = *state;
    make(f, NET "/routeTables/rt", "{'location':'westeurope'}");
    assert_int_equal(fixture_ask(f, "PUT", NET "/routeTables/none" LOCK,
                                 "{'properties':{'level':'CanNotDelete'}}"),
                     404);
    assert_int_equal(
        fixture_ask(f, "PUT", NET "/routeTables/rt" LOCK, "{'properties':{'level':'Some'}}"), 400);
    assert_int_equal(fixture_ask(f, "PUT", NET "/routeTables/rt" LOCK,
                                 "{'properties':{'level':'CanNotDelete','notes':'mine'}}"),
                     201);
    static const char *const held[] = {NET "/routeTables/rt", FIXTURE_GROUP};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(fixture_ask(f, "DELETE", held[i], NULL), 409);
        assert_string_equal(fixture_code(f), "ScopeLocked");
        assert_non_null(strstr(fixture_text(f, "error.message"),
                               "following scope(s) are locked: '" NET "/routeTables/rt'"));
    }
    make(f, NET "/routeTables/rt", "{'location':'westeurope','tags':{'a':'b'}}");
    make(f, NET "/routeTables/rt2", "{'location':'westeurope'}");
    assert_int_equal(fixture_ask(f, "DELETE", NET "/routeTables/rt2", NULL), 202);
    assert_int_equal(
        fixture_ask(f, "GET", FIXTURE_GROUP "/providers/Microsoft.Authorization/locks", NULL), 200);
    assert_string_equal(fixture_text(f, "value.0.properties.notes"), "mine");
    assert_int_equal(fixture_ask(f, "GET",
                                 FIXTURE_GROUP
                                 "/providers/Microsoft.Authorization/locks?$filter=atScope()",
                                 NULL),
                     200);
    assert_int_equal(count_at(f, "value"), 0);
    assert_int_equal(fixture_ask(f, "DELETE", NET "/routeTables/rt" LOCK, NULL), 200);
    assert_int_equal(fixture_ask(f, "DELETE", NET "/routeTables/rt", NULL), 202);
}

static void below_a_read_only_lock_nothing_is_written(void **state)
{
    struct fixture *f = *state;
    make(f, NET "/routeTables/rt", "{'location':'westeurope'}");
    assert_int_equal(
        fixture_ask(f, "PUT", FIXTURE_GROUP LOCK, "{'properties':{'level':'ReadOnly'}}"), 201);
    assert_int_equal(fixture_ask(f, "PATCH", NET "/routeTables/rt", "{'tags':{}}"), 409);
    assert_non_null(strstr(fixture_text(f, "error.message"), "cannot perform write operation"));
    assert_int_equal(fixture_ask(f, "PUT", NET "/routeTables/rt/routes/r", "{'properties':{}}"),
                     409);
    assert_int_equal(fixture_ask(f, "GET", NET "/routeTables/rt", NULL), 200);
    assert_int_equal(
        fixture_ask(f, "PUT", FIXTURE_BASE "/resourceGroups/rg-one2", "{'location':'westeurope'}"),
        201);
    assert_int_equal(fixture_ask(f, "DELETE", FIXTURE_GROUP LOCK, NULL), 200);
    assert_int_equal(fixture_ask(f, "PATCH", NET "/routeTables/rt", "{'tags':{}}"), 200);
}

/* Tags ----------------------------------------------------------------------------------------- */

static void tags_are_a_resource_of_each_scope(void **state)
{
    struct fixture *f = *state;
    static const char *const scopes[] = {FIXTURE_BASE, FIXTURE_GROUP, NET "/routeTables/rt"};
    make(f, NET "/routeTables/rt", "{'location':'westeurope','tags':{'old':'1'}}");
    for (size_t i = 0; i < 3; i++) {
        const char *url = rd_arena_printf(f->arena, "%s" TAGS, scopes[i]).p;
        assert_int_equal(fixture_ask(f, "PUT", url, "{'properties':{'tags':{'a':'1','b':'2'}}}"),
                         200);
        assert_string_equal(fixture_text(f, "id"), url);
        assert_int_equal(
            fixture_ask(f, "PATCH", url,
                        "{'operation':'Merge','properties':{'tags':{'A':'9','c':'3'}}}"),
            200);
        assert_string_equal(fixture_text(f, "properties.tags.a"), "9");
        assert_int_equal(
            fixture_ask(f, "PATCH", url,
                        "{'operation':'Delete','properties':{'tags':{'a':'1','b':'2'}}}"),
            200);
        assert_int_equal(count_at(f, "properties.tags"), 2);
        assert_int_equal(fixture_ask(f, "GET", scopes[i], NULL), 200);
        assert_string_equal(fixture_text(f, "tags.c"), "3");
        assert_int_equal(fixture_ask(f, "PATCH", url, "{'operation':'Add','properties':{}}"), 400);
        assert_int_equal(fixture_ask(f, "PUT", url, "{'properties':{'tags':{'a':1}}}"), 400);
    }
    assert_int_equal(fixture_ask(f, "GET", FIXTURE_BASE "/tagNames", NULL), 200);
    assert_int_equal(count_at(f, "value"), 2);
    assert_int_equal(rd_json_int(rd_json_at(&f->body, "value.0.count.value"), 0), 3);
    assert_int_equal(fixture_ask(f, "DELETE", FIXTURE_BASE TAGS, NULL), 200);
    assert_int_equal(fixture_ask(f, "GET", FIXTURE_BASE TAGS, NULL), 200);
    assert_int_equal(count_at(f, "properties.tags"), 0);
    assert_int_equal(fixture_ask(f, "GET", NET "/routeTables/none" TAGS, NULL), 404);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(new_tags_are_there_at_once),
        TEST(slashes_in_a_row_count_as_one),
        TEST(what_is_updated_by_an_id_in_other_letters_keeps_its_guids),
        TEST(a_metric_alert_is_made_with_200_and_names_its_groups_as_objects),
        TEST(a_collection_endpoint_takes_what_its_rules_name),
        TEST(a_secret_is_changed_in_the_version_that_is_named),
        TEST(what_was_deleted_is_listed_until_it_is_purged),
        TEST(an_hsm_is_purged_with_202),
        TEST(a_recovery_vault_goes_at_once_where_the_version_is_old),
        TEST(what_is_locked_stays_with_all_that_holds_it),
        TEST(below_a_read_only_lock_nothing_is_written),
        TEST(tags_are_a_resource_of_each_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
