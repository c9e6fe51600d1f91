/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Microsoft Graph, logs, and what is said of template deployments. */

#define GRAPH "https://graph.microsoft.com/v1.0"
#define GROUP_ID "77777777-7777-4777-8777-777777777777"
#define CLIENT "33333333-3333-4333-8333-333333333333"
#define OBJECT "44444444-4444-4444-8444-444444444444"
#define READER "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define IDENTITY FIXTURE_GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"
#define WORKSPACE FIXTURE_GROUP "/providers/Microsoft.OperationalInsights/workspaces/law1"
#define RULE FIXTURE_GROUP "/providers/Microsoft.Insights/dataCollectionRules/dcr1"
#define DEPLOYMENT FIXTURE_GROUP "/providers/Microsoft.Resources/deployments/d1"

static size_t count_at(struct fixture *f, const char *path)
{
    return rd_json_count(rd_json_at(&f->body, path));
}

/* Graph ---------------------------------------------------------------------------------------- */

static void the_directory_has_what_was_added_and_what_roles_name(void **state)
{
    struct fixture *f = *state;
    const struct rd_cloud_application application = {
        .name = RD_STR("pipeline"),
        .client_id = RD_STR(CLIENT),
        .object_id = RD_STR(OBJECT),
    };
    struct rd_err err;
    assert_int_equal(rd_cloud_add_application(f->cloud, &application, &err), RD_RC_OK);
    assert_int_equal(fixture_ask(f, "GET", GRAPH "/servicePrincipals/" OBJECT, NULL), 200);
    assert_string_equal(fixture_text(f, "appId"), CLIENT);
    assert_int_equal(fixture_ask(f, "GET", GRAPH "/applications(appId='" CLIENT "')", NULL), 200);
    assert_string_equal(fixture_text(f, "displayName"), "pipeline");
    assert_int_equal(fixture_ask(f, "GET", GRAPH "/groups/" GROUP_ID, NULL), 404);
    assert_string_equal(fixture_code(f), "Request_ResourceNotFound");
    assert_int_equal(fixture_text(f, "error.innerError.request-id")[8], '-');
    assert_int_equal(fixture_ask(f, "PUT",
                                 FIXTURE_GROUP
                                 "/providers/Microsoft.Authorization/roleAssignments/" CLIENT,
                                 "{'properties':{'roleDefinitionId':'" FIXTURE_BASE
                                 "/providers/Microsoft.Authorization/roleDefinitions/" READER
                                 "','principalId':'" GROUP_ID "','principalType':'Group'}}"),
                     201);
    assert_int_equal(
        fixture_ask(f, "GET", GRAPH "/groups?$filter=displayName+eq+'group-77777777'", NULL), 200);
    assert_string_equal(fixture_text(f, "value.0.id"), GROUP_ID);
    assert_int_equal(fixture_ask(f, "GET", GRAPH "/groups/" GROUP_ID "/members", NULL), 200);
    assert_int_equal(count_at(f, "value"), 0);
    assert_int_equal(fixture_ask(f, "POST", GRAPH "/directoryObjects/getByIds",
                                 "{'ids':['" GROUP_ID "','" OBJECT "'],'types':['group']}"),
                     200);
    assert_int_equal(count_at(f, "value"), 1);
    const struct rd_json *first = rd_json_at(&f->body, "value.0");
    assert_true(rd_str_is(rd_json_str(rd_json_get(first, RD_STR("@odata.type"))),
                          "#microsoft.graph.group"));
    assert_string_equal(fixture_text(f, "value.0.displayName"), "group-77777777");
}

static void an_identity_is_a_service_principal_after_a_while(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_ask(f, "PUT", IDENTITY, "{'location':'westeurope'}"), 201);
    const char *id = fixture_text(f, "properties.principalId");
    struct rd_str url = rd_arena_printf(f->arena, GRAPH "/servicePrincipals/%s", id);
    assert_int_equal(fixture_ask(f, "GET", url.p, NULL), 404);
    f->now_ms += 120 * 1000;
    assert_int_equal(fixture_ask(f, "GET", url.p, NULL), 200);
    assert_string_equal(fixture_text(f, "servicePrincipalType"), "ManagedIdentity");
    assert_string_equal(fixture_text(f, "alternativeNames.1"), IDENTITY);
}

static void lists_are_filtered_selected_and_paged(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_ask(f, "GET", GRAPH "/servicePrincipals?$top=2&$select=id", NULL),
                     200);
    assert_int_equal(count_at(f, "value"), 2);
    assert_int_equal(count_at(f, "value.0"), 1);
    const char *first = fixture_text(f, "value.0.id");
    const struct rd_json *next = rd_json_get(&f->body, RD_STR("@odata.nextLink"));
    assert_int_equal(fixture_ask(f, "GET", rd_arena_str(f->arena, rd_json_str(next)).p, NULL), 200);
    assert_string_not_equal(fixture_text(f, "value.0.id"), first);
    assert_int_equal(
        fixture_ask(f, "GET",
                    GRAPH "/servicePrincipals?$filter=startswith(displayName,'azure%20v')", NULL),
        200);
    assert_string_equal(fixture_text(f, "value.0.displayName"), "Azure Virtual Desktop");
    assert_int_equal(fixture_ask(f, "GET",
                                 GRAPH
                                 "/servicePrincipals?$filter=servicePrincipalNames/any(c:c%20eq"
                                 "%20'9cdead84-a844-4324-93f2-b2e6bb768d07')",
                                 NULL),
                     200);
    assert_int_equal(count_at(f, "value"), 1);
    static const char *const bad[] = {
        "$filter=displayName", "$filter=startswith(a",     "$top=0", "$filter=a+eq+'b'+or+c+eq+'d'",
        "$search=x",           "$filter=a/any(c:d+eq+'x')"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct rd_str url = rd_arena_printf(f->arena, GRAPH "/users?%s", bad[i]);
        assert_int_equal(fixture_ask(f, "GET", url.p, NULL), 400);
    }
    assert_int_equal(fixture_ask(f, "GET", GRAPH "/me", NULL), 400);
    assert_string_equal(fixture_text(f, "error.message"),
                        "/me request is only valid with delegated authentication flow.");
}

/* Logs ----------------------------------------------------------------------------------------- */

static struct rd_str make_rule(struct fixture *f, const char *stream, const char *output)
{
    assert_int_equal(fixture_ask(f, "PUT", WORKSPACE, "{'location':'westeurope'}"), 201);
    f->now_ms += 120 * 1000;
    assert_int_equal(
        fixture_ask(
            f, "PUT", WORKSPACE "/tables/Own_CL",
            "{'properties':{'schema':{'name':'Own_CL','columns':["
            "{'name':'TimeGenerated','type':'datetime'},{'name':'Text','type':'string'}]}}}"),
        202);
    f->now_ms += 120 * 1000;
    struct rd_str body = rd_arena_printf(
        f->arena,
        "{'location':'westeurope','kind':'Direct','properties':{'destinations':{'logAnalytics':["
        "{'name':'law','workspaceResourceId':'" WORKSPACE "'}]},'dataFlows':[{'streams':['%s'],"
        "'outputStream':'%s','destinations':['law']}]}}",
        stream, output);
    assert_int_equal(fixture_ask(f, "PUT", RULE, body.p), 201);
    return rd_arena_printf(f->arena, "%s/dataCollectionRules/%s/streams/%s?api-version=2023-01-01",
                           fixture_text(f, "properties.endpoints.logsIngestion"),
                           fixture_text(f, "properties.immutableId"), stream);
}

static int query(struct fixture *f, const char *text)
{
    assert_int_equal(fixture_ask(f, "GET", WORKSPACE, NULL), 200);
    struct rd_str url =
        rd_arena_printf(f->arena, "https://api.loganalytics.io/v1/workspaces/%s/query",
                        fixture_text(f, "properties.customerId"));
    struct rd_str body = rd_arena_printf(f->arena, "{'query':'%s','timespan':'P1D'}", text);
    return fixture_ask(f, "POST", url.p, body.p);
}

static void ingested_rows_are_found_again_in_their_table(void **state)
{
    struct fixture *f = *state;
    struct rd_str url = make_rule(f, "Custom-Own_CL", "Custom-Own_CL");
    assert_int_equal(fixture_ask(f, "POST", url.p, "[{'Text':'one','Other':1},{'Text':'two'}]"),
                     204);
    assert_int_equal(query(f, "Own_CL | take 1"), 200);
    assert_string_equal(fixture_text(f, "tables.0.name"), "PrimaryResult");
    assert_int_equal(count_at(f, "tables.0.rows"), 1);
    assert_string_equal(fixture_text(f, "tables.0.columns.2.name"), "Text");
    assert_string_equal(fixture_text(f, "tables.0.rows.0.2"), "one");
    assert_int_equal(count_at(f, "tables.0.rows.0"), count_at(f, "tables.0.columns"));
    assert_int_equal(query(f, "Own_CL | count"), 200);
    assert_int_equal(rd_json_int(rd_json_at(&f->body, "tables.0.rows.0.0"), 0), 2);
    f->now_ms += INT64_C(2) * 86400 * 1000;
    assert_int_equal(query(f, "Own_CL | count"), 200);
    assert_int_equal(rd_json_int(rd_json_at(&f->body, "tables.0.rows.0.0"), -1), 0);
    assert_int_equal(query(f, "WVDConnections"), 200);
    assert_int_equal(count_at(f, "tables.0.rows"), 0);
}

static void what_cannot_be_ingested_is_refused(void **state)
{
    struct fixture *f = *state;
    struct rd_str url = make_rule(f, "Custom-None_CL", "Custom-None_CL");
    assert_int_equal(fixture_ask(f, "POST", url.p, "[{'a':1}]"), 400);
    assert_string_equal(fixture_code(f), "InvalidOutputTable");
    assert_int_equal(fixture_ask(f, "POST", url.p, "{'a':1}"), 400);
    assert_string_equal(fixture_code(f), "InvalidPayload");
    assert_int_equal(fixture_ask(f, "POST", url.p, "[1]"), 400);
    char *large = rd_arena_bytes(f->arena, (1 << 20) + 2);
    memset(large, ' ', (1 << 20) + 1);
    large[(1 << 20) + 1] = '\0';
    assert_int_equal(fixture_send(f, "POST", url.p, large), 413);
    assert_string_equal(fixture_code(f), "ContentLengthLimitExceeded");
    size_t at = rd_str_find(url, RD_STR("/streams/"), 0);
    struct rd_str other = rd_arena_printf(f->arena, "%.*s/streams/Custom-X?api-version=2023-01-01",
                                          RD_FMT(rd_str_sub(url, 0, at)));
    assert_int_equal(fixture_ask(f, "POST", other.p, "[]"), 400);
    assert_string_equal(fixture_code(f), "InvalidStream");
    assert_int_equal(
        fixture_ask(f, "POST",
                    "https://x.ingest.monitor.azure.com/dataCollectionRules/dcr-0/streams/"
                    "s?api-version=2023-01-01",
                    "[]"),
        404);
}

static void queries_beyond_a_table_are_refused_in_azures_shape(void **state)
{
    struct fixture *f = *state;
    (void)make_rule(f, "Custom-Own_CL", "Custom-Own_CL");
    assert_int_equal(query(f, "Heartbeat | where Computer == 1"), 400);
    assert_string_equal(fixture_code(f), "BadArgumentError");
    assert_string_equal(fixture_text(f, "error.innererror.code"), "SyntaxError");
    assert_string_equal(fixture_text(f, "error.innererror.innererror.code"), "SYN0002");
    assert_string_equal(fixture_text(f, "error.innererror.innererror.token"), "where");
    assert_int_equal(query(f, "Nothing | take 3"), 400);
    assert_string_equal(fixture_text(f, "error.innererror.innererror.code"), "SEM0100");
    assert_string_equal(fixture_text(f, "error.innererror.innererror.message"),
                        "'take' operator: Failed to resolve table or column expression named "
                        "'Nothing'");
    static const char *const bad[] = {"",
                                      "|",
                                      "Heartbeat |",
                                      "Heartbeat | take",
                                      "Heartbeat take",
                                      "Heartbeat | take -1",
                                      "Heartbeat | count | take 1",
                                      "1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (query(f, bad[i]) != 400)
            fail_msg("'%s' was answered", bad[i]);
    assert_int_equal(fixture_ask(f, "GET",
                                 "https://api.loganalytics.io/v1/workspaces/" OBJECT
                                 "/query?query=Heartbeat",
                                 NULL),
                     404);
}

/* Deployments ---------------------------------------------------------------------------------- */

#define RESOURCES "'resources':[{'type':'a/b','apiVersion':'2020-01-01','name':'n'}]"
#define HEAD "'$schema':'s','contentVersion':'1.0.0.0',"

static void a_template_as_azure_cli_sends_it_is_read_and_refused(void **state)
{
    struct fixture *f = *state;
    static const char body[] =
        "{'properties': {'mode': 'Incremental', template:{ // why\n " HEAD "/* two\nlines */"
        "'variables': {'v': 'one\ntwo'}, " RESOURCES "}}}";
    static const char *const methods[][2] = {
        {"PUT", DEPLOYMENT}, {"POST", DEPLOYMENT "/validate"}, {"POST", DEPLOYMENT "/whatIf"}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fixture_ask(f, methods[i][0], methods[i][1], body), 501);
        assert_string_equal(fixture_code(f), "DeploymentsNotEmulated");
    }
    /* Nothing else takes more than JSON. */
    assert_int_equal(fixture_ask(f, "PUT", FIXTURE_GROUP, "{location:'westeurope'}"), 400);
    assert_int_equal(fixture_ask(f, "GET", DEPLOYMENT, NULL), 404);
    assert_string_equal(fixture_code(f), "DeploymentNotFound");
    assert_int_equal(
        fixture_ask(f, "GET", FIXTURE_GROUP "/providers/Microsoft.Resources/deployments", NULL),
        200);
}

static void a_template_with_mistakes_is_told_its_own(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        const char *code;
        const char *part;
    } cases[] = {
        {"{'properties':{'mode':'Incremental','template':{", "InvalidRequestContent", "body:1:"},
        {"{}", "InvalidRequestContent", "properties"},
        {"{'properties':{'template':{}}}", "InvalidRequestContent", "mode"},
        {"{'properties':{'mode':'Incremental'}}", "InvalidRequestContent", "templateLink"},
        {"{'properties':{'mode':'Incremental','template':{" HEAD "'a':1}}}", "InvalidTemplate",
         "Required property 'resources' not found in JSON. Path '', line 1, position 48"},
        {"{'properties':{'mode':'Incremental','template':{" HEAD "'resources':[{'type':'x'}]}}}",
         "InvalidTemplate", "Path 'resources[0]'"},
        {"{'properties':{'mode':'Incremental','parameters':{'p':{'value':1}},'template':{" HEAD
             RESOURCES "}}}",
         "InvalidTemplate", "The template parameters 'p' in the parameters file"},
        {"{'properties':{'mode':'Incremental','template':{" HEAD "'parameters':{'q':{'type':"
         "'string'}}," RESOURCES "}}}",
         "InvalidTemplate", "template parameter 'q'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(fixture_ask(f, "PUT", DEPLOYMENT, cases[i].body), 400);
        assert_string_equal(fixture_code(f), cases[i].code);
        if (strstr(fixture_text(f, "error.message"), cases[i].part) == NULL)
            fail_msg("%s", fixture_text(f, "error.message"));
    }
    assert_int_equal(
        fixture_ask(f, "PUT", FIXTURE_BASE "/providers/Microsoft.Resources/deployments/d",
                    "{'properties':{'mode':'Incremental','template':{" HEAD RESOURCES "}}}"),
        400);
    assert_string_equal(fixture_code(f), "InvalidDeployment");
}

/* Lists ---------------------------------------------------------------------------------------- */

static void groups_are_listed_by_tag_and_resources_by_a_part_of_their_name(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_ask(f, "PUT", FIXTURE_BASE "/resourceGroups/two",
                                 "{'location':'westeurope','tags':{'stage':'test'}}"),
                     201);
    assert_int_equal(fixture_ask(f, "GET",
                                 FIXTURE_BASE
                                 "/resourcegroups?$filter=tagName%20eq%20'Stage'%20and%20"
                                 "tagValue%20eq%20'test'",
                                 NULL),
                     200);
    assert_int_equal(count_at(f, "value"), 1);
    assert_int_equal(fixture_ask(f, "GET", FIXTURE_BASE "/resourcegroups?$top=1", NULL), 200);
    assert_int_equal(count_at(f, "value"), 1);
    assert_int_equal(fixture_ask(f, "GET", fixture_text(f, "nextLink"), NULL), 200);
    assert_string_equal(fixture_text(f, "value.0.name"), "two");
    assert_int_equal(fixture_ask(f, "PUT", IDENTITY, "{'location':'westeurope'}"), 201);
    assert_int_equal(
        fixture_ask(f, "GET", FIXTURE_BASE "/resources?$filter=substringof('D1',%20name)", NULL),
        200);
    assert_int_equal(count_at(f, "value"), 1);
    assert_int_equal(
        fixture_ask(f, "GET", FIXTURE_BASE "/resources?$filter=substringof('d2',%20name)", NULL),
        200);
    assert_int_equal(count_at(f, "value"), 0);
    assert_int_equal(fixture_ask(f, "GET", "/providers/microsoft.compute", NULL), 200);
    assert_string_equal(fixture_text(f, "namespace"), "Microsoft.Compute");
    assert_true(count_at(f, "resourceTypes.0.apiVersions") > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_directory_has_what_was_added_and_what_roles_name),
        TEST(an_identity_is_a_service_principal_after_a_while),
        TEST(lists_are_filtered_selected_and_paged),
        TEST(ingested_rows_are_found_again_in_their_table),
        TEST(what_cannot_be_ingested_is_refused),
        TEST(queries_beyond_a_table_are_refused_in_azures_shape),
        TEST(a_template_as_azure_cli_sends_it_is_read_and_refused),
        TEST(a_template_with_mistakes_is_told_its_own),
        TEST(groups_are_listed_by_tag_and_resources_by_a_part_of_their_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
