/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Role assignments, registrations, Graph, faults and the ledger. */

#define BODY "{\"location\":\"westeurope\"}"
#define ASSIGNMENTS FIXTURE_GROUP "/providers/Microsoft.Authorization/roleAssignments"
#define ONE ASSIGNMENTS "/aaaaaaaa-0000-4000-8000-000000000001"
#define TWO ASSIGNMENTS "/aaaaaaaa-0000-4000-8000-000000000002"
#define READER "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define ROLE FIXTURE_BASE "/providers/Microsoft.Authorization/roleDefinitions/"
#define PERSON "bbbbbbbb-0000-4000-8000-000000000001"
#define ASSIGN(principal, rest)                                                                    \
    "{\"properties\":{\"roleDefinitionId\":\"" ROLE READER "\",\"principalId\":\"" principal       \
    "\"" rest "}}"
#define DESKTOP "9cdead84-a844-4324-93f2-b2e6bb768d07"
#define ORCHESTRATOR "bf7b6499-ff71-4aa2-97a4-f372087be7f0"
#define GRAPH "https://graph.microsoft.com/v1.0/servicePrincipals"
#define FEATURE                                                                                    \
    FIXTURE_BASE                                                                                   \
    "/providers/Microsoft.Features/providers/Microsoft.Compute/features/DCav6Series"

static void add_fault(struct fixture *f, const char *text)
{
    struct rd_err err = {.msg = ""};
    if (rd_cloud_add_fault(f->cloud, rd_str_from(text), &err) != RD_RC_OK)
        fail_msg("%s", err.msg);
}

static struct em_exchange exchange(struct fixture *f)
{
    return (struct em_exchange){.cloud = f->cloud, .arena = f->arena, .now_ms = f->now_ms};
}

static void an_assignment_is_unique_and_does_not_change(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PUT", ONE, ASSIGN(PERSON, "")), 201);
    assert_true(rd_json_is(rd_json_at(&f->body, "properties.createdBy"), RD_JSON_NULL));
    assert_string_equal(fixture_text(f, "properties.scope"), FIXTURE_GROUP);
    assert_int_equal(fixture_send(f, "PUT", ONE, ASSIGN(PERSON, "")), 200);
    assert_int_equal(fixture_send(f, "PUT", TWO, ASSIGN(PERSON, "")), 409);
    assert_string_equal(fixture_code(f), "RoleAssignmentExists");
    assert_int_equal(
        fixture_send(f, "PUT", ONE, ASSIGN("bbbbbbbb-0000-4000-8000-000000000002", "")), 400);
    assert_string_equal(fixture_code(f), "RoleAssignmentUpdateNotPermitted");
    assert_int_equal(fixture_send(f, "GET", ONE, NULL), 200);
    assert_int_equal(strlen(fixture_text(f, "properties.createdBy")), 36);
    assert_int_equal(fixture_send(f, "DELETE", ONE, NULL), 200);
    assert_string_equal(fixture_text(f, "properties.principalId"), PERSON);
    assert_int_equal(fixture_send(f, "DELETE", ONE, NULL), 204);
}

static void a_wrong_assignment_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "PUT", ASSIGNMENTS "/not-a-guid", ASSIGN(PERSON, "")), 400);
    assert_int_equal(fixture_send(f, "PUT", ONE, "{\"properties\":{}}"), 400);
    assert_int_equal(fixture_send(f, "PUT", ONE, ASSIGN("me", "")), 400);
    assert_int_equal(fixture_send(f, "PUT", ONE,
                                  "{\"properties\":{\"roleDefinitionId\":\"" ROLE PERSON
                                  "\",\"principalId\":\"" PERSON "\"}}"),
                     400);
    assert_string_equal(fixture_code(f), "RoleDefinitionDoesNotExist");
}

static void a_fresh_identity_is_unknown_without_its_type(void **state)
{
    struct fixture *f = *state;
    struct em_exchange ex = exchange(f);
    em_principal_add(&ex, RD_STR(PERSON), "ServicePrincipal");
    assert_int_equal(fixture_send(f, "PUT", ONE, ASSIGN(PERSON, "")), 400);
    assert_string_equal(fixture_code(f), "PrincipalNotFound");
    assert_int_equal(
        fixture_send(f, "PUT", ONE, ASSIGN(PERSON, ",\"principalType\":\"ServicePrincipal\"")),
        201);
    (void)fixture_send(f, "DELETE", ONE, NULL);
    f->now_ms += 80 * 1000;
    assert_int_equal(fixture_send(f, "PUT", ONE, ASSIGN(PERSON, "")), 201);
}

static void a_role_counts_at_and_below_its_scope_after_minutes(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", ONE, ASSIGN(PERSON, ""));
    struct em_exchange ex = exchange(f);
    struct rd_str below = RD_STR(FIXTURE_GROUP "/providers/Test.Core/widgets/w");
    assert_false(em_has_role(&ex, RD_STR(PERSON), READER, below));
    ex.now_ms += 5 * 60 * 1000;
    assert_true(em_has_role(&ex, RD_STR(PERSON), READER, below));
    assert_true(em_has_role(&ex, RD_STR(PERSON), READER, RD_STR(FIXTURE_GROUP)));
    assert_false(em_has_role(&ex, RD_STR(PERSON), READER, RD_STR(FIXTURE_BASE)));
    assert_false(em_has_role(&ex, RD_STR(PERSON), READER, RD_STR(FIXTURE_GROUP "-two")));
    assert_false(em_has_role(&ex, RD_STR(PERSON), "b24988ac-6180-42a0-ab88-20f7382dd24c", below));
}

static size_t listed(struct fixture *f, const char *url)
{
    assert_int_equal(fixture_send(f, "GET", url, NULL), 200);
    return rd_json_count(rd_json_at(&f->body, "value"));
}

static void lists_show_what_is_inherited(void **state)
{
    struct fixture *f = *state;
    (void)fixture_send(f, "PUT", ONE, ASSIGN(PERSON, ""));
    (void)fixture_send(f, "PUT",
                       FIXTURE_BASE "/providers/Microsoft.Authorization/roleAssignments/"
                                    "aaaaaaaa-0000-4000-8000-000000000003",
                       ASSIGN("bbbbbbbb-0000-4000-8000-000000000003", ""));
    assert_int_equal(listed(f, ASSIGNMENTS "?$filter=atScope()"), 2);
    assert_int_equal(listed(f, FIXTURE_BASE "/providers/Microsoft.Authorization/roleAssignments"),
                     2);
    assert_int_equal(listed(f, FIXTURE_BASE
                            "/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()"),
                     1);
    assert_int_equal(listed(f, ASSIGNMENTS "?$filter=principalId%20eq%20'" PERSON "'"), 1);
    assert_int_equal(listed(f, ASSIGNMENTS "?$filter=assignedTo('" PERSON "')"), 1);
    assert_int_equal(listed(f, FIXTURE_BASE "/providers/Microsoft.Authorization/"
                                            "roleDefinitions?$filter=roleName%20eq%20'reader'"),
                     1);
    assert_string_equal(fixture_text(f, "value.0.name"), READER);
}

static void a_desktop_principal_is_found_and_another_made(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_send(f, "GET", GRAPH "(appId='" DESKTOP "')", NULL), 200);
    const char *id = fixture_text(f, "id");
    assert_int_equal(strlen(id), 36);
    assert_int_equal(fixture_send(f, "GET", GRAPH "?$filter=appId%20eq%20'" DESKTOP "'", NULL),
                     200);
    assert_string_equal(fixture_text(f, "value.0.id"), id);
    assert_int_equal(fixture_send(f, "GET", GRAPH "(appId='" ORCHESTRATOR "')", NULL), 404);
    assert_string_equal(fixture_code(f), "Request_ResourceNotFound");
    assert_int_equal(fixture_send(f, "POST", GRAPH, "{\"appId\":\"" ORCHESTRATOR "\"}"), 201);
    assert_int_equal(fixture_send(f, "POST", GRAPH, "{\"appId\":\"" ORCHESTRATOR "\"}"), 409);
    assert_int_equal(fixture_send(f, "GET", GRAPH "(appId='" ORCHESTRATOR "')", NULL), 200);
    assert_int_equal(fixture_send(f, "POST", GRAPH, "{\"appId\":\"" PERSON "\"}"), 400);
    assert_int_equal(fixture_send(f, "GET", "https://graph.microsoft.com/v1.0/me", NULL), 400);
}

static void features_come_after_minutes_and_one_stale_read(void **state)
{
    struct fixture *f = *state;
    struct em_exchange ex = exchange(f);
    (void)fixture_send(f, "GET", FEATURE, NULL);
    assert_string_equal(fixture_text(f, "properties.state"), "Registered");
    (void)fixture_send(f, "POST", FEATURE "/unregister", NULL);
    assert_false(em_feature_is_registered(&ex, RD_STR(FIXTURE_SUBSCRIPTION), "Microsoft.Compute",
                                          "DCav6Series"));
    (void)fixture_send(f, "POST", FEATURE "/register", NULL);
    assert_string_equal(fixture_text(f, "properties.state"), "Registering");
    (void)fixture_send(f, "GET", FEATURE, NULL);
    assert_string_equal(fixture_text(f, "properties.state"), "NotRegistered");
    (void)fixture_send(f, "GET", FEATURE, NULL);
    assert_string_equal(fixture_text(f, "properties.state"), "Registering");
    f->now_ms += 20 * 60 * 1000;
    (void)fixture_send(f, "GET", FEATURE, NULL);
    assert_string_equal(fixture_text(f, "properties.state"), "Registered");
    assert_int_equal(fixture_send(f, "GET", FEATURE "X", NULL), 404);
}

static void the_feature_fault_keeps_one_pending(void **state)
{
    struct fixture *f = *state;
    add_fault(f, "feature:name=DCav6Series");
    (void)fixture_send(f, "GET", FEATURE, NULL);
    assert_string_equal(fixture_text(f, "properties.state"), "NotRegistered");
    (void)fixture_send(f, "POST", FEATURE "/register", NULL);
    f->now_ms += 86400 * 1000;
    (void)fixture_send(f, "GET", FEATURE, NULL);
    (void)fixture_send(f, "GET", FEATURE, NULL);
    assert_string_equal(fixture_text(f, "properties.state"), "Pending");
}

static void an_unregistered_provider_takes_no_writes(void **state)
{
    struct fixture *f = *state;
    const char *widget = FIXTURE_GROUP "/providers/Test.Core/widgets/w";
    assert_int_equal(listed(f, FIXTURE_BASE "/providers"), 3);
    (void)fixture_send(f, "POST", FIXTURE_BASE "/providers/test.core/unregister", NULL);
    assert_int_equal(fixture_send(f, "PUT", widget, BODY), 409);
    assert_string_equal(fixture_code(f), "MissingSubscriptionRegistration");
    (void)fixture_send(f, "POST", FIXTURE_BASE "/providers/Test.Core/register", NULL);
    assert_string_equal(fixture_text(f, "registrationState"), "Registering");
    f->now_ms += 60 * 1000;
    (void)fixture_send(f, "GET", FIXTURE_BASE "/providers/Test.Core", NULL);
    assert_string_equal(fixture_text(f, "registrationState"), "Registered");
    assert_int_equal(fixture_send(f, "PUT", widget, BODY), 201);
}

static void faults_strike_as_often_as_asked(void **state)
{
    struct fixture *f = *state;
    add_fault(f, "throttle:times=2");
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 429);
    assert_true(fixture_header(f, "Retry-After").n > 0);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 429);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 200);
    add_fault(f, "server-error:times=1,type=Test.Core/slow,method=PUT,status=503");
    assert_int_equal(fixture_send(f, "PUT", FIXTURE_GROUP "/providers/Test.Core/widgets/w", BODY),
                     201);
    assert_int_equal(fixture_send(f, "PUT", FIXTURE_GROUP "/providers/Test.Core/slow/s", BODY),
                     503);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP "/providers/Test.Core/slow/s", NULL),
                     404);
    assert_int_equal(fixture_send(f, "PUT", FIXTURE_GROUP "/providers/Test.Core/slow/s", BODY),
                     202);
    add_fault(f, "server-error:times=1");
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 500);
    assert_int_equal(fixture_send(f, "GET", FIXTURE_GROUP, NULL), 200);
}

static void a_misspelt_fault_names_the_nearest(void **state)
{
    struct fixture *f = *state;
    struct rd_err err;
    assert_int_equal(rd_cloud_add_fault(f->cloud, RD_STR("capcity"), &err), RD_RC_USAGE);
    assert_non_null(strstr(err.hint, "'capacity'"));
    assert_int_equal(rd_cloud_add_fault(f->cloud, RD_STR("capacity:zoen=1"), &err), RD_RC_USAGE);
    assert_non_null(strstr(err.hint, "'zone'"));
    assert_int_equal(rd_cloud_add_fault(f->cloud, RD_STR("throttle:times=0"), &err), RD_RC_USAGE);
    assert_int_equal(rd_cloud_add_fault(f->cloud, RD_STR("capacity:zone"), &err), RD_RC_USAGE);
    assert_int_equal(rd_cloud_add_fault(f->cloud, RD_STR(""), &err), RD_RC_USAGE);
}

static void the_ledger_names_types_and_what_is_missing(void **state)
{
    struct fixture *f = *state;
    struct rd_str document = rd_cloud_fidelity_document(f->arena);
    assert_non_null(strstr(document.p, "| Microsoft.Resources/resourceGroups |"));
    assert_non_null(strstr(document.p, "| recorded |"));
    assert_non_null(strstr(document.p, "* template deployments"));
    assert_null(strstr(document.p, "directoryObjects"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_assignment_is_unique_and_does_not_change),
        TEST(a_wrong_assignment_is_refused),
        TEST(a_fresh_identity_is_unknown_without_its_type),
        TEST(a_role_counts_at_and_below_its_scope_after_minutes),
        TEST(lists_show_what_is_inherited),
        TEST(a_desktop_principal_is_found_and_another_made),
        TEST(features_come_after_minutes_and_one_stale_read),
        TEST(the_feature_fault_keeps_one_pending),
        TEST(an_unregistered_provider_takes_no_writes),
        TEST(faults_strike_as_often_as_asked),
        TEST(a_misspelt_fault_names_the_nearest),
        TEST(the_ledger_names_types_and_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
