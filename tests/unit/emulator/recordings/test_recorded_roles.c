/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded.h"

/* Recording of test_role_assignment_create_using_principal_type. */

#define LOWER_GROUP SUB "/resourcegroups/cli_role_assign000001"
#define ROLE_GROUP SUB "/resourceGroups/cli_role_assign000001"
#define ASSIGNMENT                                                                                 \
    ROLE_GROUP                                                                                     \
    "/providers/Microsoft.Authorization/roleAssignments/88888888-0000-0000-0000-000000000001"
#define READER                                                                                     \
    SUB "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"

static void make_group(struct world *w)
{
    assert_int_equal(call(w, RD_HTTP_PUT, LOWER_GROUP "?api-version=2019-07-01",
                          "{'location':'westus','tags':{'product':'azurecli'}}"),
                     201);
}

static void a_group_is_answered_in_the_casing_of_azure(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_group(&w);
    assert_form(header(&w, "x-ms-ratelimit-remaining-subscription-writes"), "^[0-9]+$");
    assert_string_equal(text(&w, "id"), ROLE_GROUP);
    assert_string_equal(text(&w, "name"), "cli_role_assign000001");
    assert_string_equal(text(&w, "location"), "westus");
    assert_string_equal(text(&w, "tags.product"), "azurecli");
    assert_string_equal(members(&w, "properties"), "provisioningState");
    assert_string_equal(text(&w, "properties.provisioningState"), "Succeeded");
    world_close(&w);
}

static void a_role_is_found_by_name_without_case(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_group(&w);
    assert_int_equal(call(&w, RD_HTTP_GET,
                          ROLE_GROUP "/providers/Microsoft.Authorization/roleDefinitions?$filter="
                                     "roleName%20eq%20%27reader%27&api-version=2018-01-01-preview",
                          NULL),
                     200);
    assert_string_equal(header(&w, "x-ms-request-charge"), "1");
    assert_int_equal(rd_json_count(value_at(&w, "value")), 1);
    assert_string_equal(members_served(&w, "value.0"), "properties,id,type,name");
    assert_string_equal(members(&w, "value.0.properties"),
                        "assignableScopes,createdBy,createdOn,description,permissions,roleName,"
                        "type,updatedBy,updatedOn");
    assert_string_equal(members_served(&w, "value.0.properties.permissions.0"),
                        "actions,notActions,dataActions,notDataActions");
    assert_string_equal(text(&w, "value.0.id"), READER);
    assert_string_equal(text(&w, "value.0.properties.roleName"), "Reader");
    assert_string_equal(text(&w, "value.0.properties.type"), "BuiltInRole");
    assert_string_equal(text(&w, "value.0.properties.description"),
                        "Lets you view everything, but not make any changes.");
    assert_string_equal(text(&w, "value.0.properties.assignableScopes.0"), "/");
    assert_string_equal(text(&w, "value.0.properties.permissions.0.actions.0"), "*/read");
    assert_true(rd_json_is(value_at(&w, "value.0.properties.createdBy"), RD_JSON_NULL));
    assert_true(rd_json_is(value_at(&w, "value.0.properties.updatedBy"), RD_JSON_NULL));
    world_close(&w);
}

static void check_assignment(struct world *w, const char *at)
{
    const char *properties = filled(w, "{}properties", at);
    assert_string_equal(members_served(w, at[0] == '\0' ? "" : "value.0"),
                        "properties,id,type,name");
    assert_string_equal(members_served(w, properties),
                        "roleDefinitionId,principalId,principalType,scope,createdOn,updatedOn,"
                        "createdBy,updatedBy");
    assert_string_equal(text(w, filled(w, "{}id", at)), ASSIGNMENT);
    assert_string_equal(text(w, filled(w, "{}properties.scope", at)), ROLE_GROUP);
    assert_string_equal(text(w, filled(w, "{}properties.roleDefinitionId", at)), READER);
    assert_form(text(w, filled(w, "{}properties.createdOn", at)),
                "^20..-..-..T..:..:..\\.[0-9]{7}Z$");
    assert_form(text(w, filled(w, "{}properties.updatedBy", at)), "^[0-9a-f-]{36}$");
}

static void who_made_an_assignment_is_known_only_when_it_is_read(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_group(&w);
    assert_int_equal(call(&w, RD_HTTP_PUT, ASSIGNMENT "?api-version=2018-09-01-preview",
                          "{'properties':{'roleDefinitionId':'" READER
                          "','principalId':'37c8d0e1-e45e-4e6a-8012-cc145172e781',"
                          "'principalType':'User'}}"),
                     201);
    check_assignment(&w, "");
    assert_true(rd_json_is(value_at(&w, "properties.createdBy"), RD_JSON_NULL));
    assert_form(header(&w, "x-ms-request-charge"), "^[0-9]+$");
    assert_int_equal(call(&w, RD_HTTP_GET,
                          ROLE_GROUP
                          "/providers/Microsoft.Authorization/roleAssignments?$filter=atScope%28%29"
                          "&api-version=2018-09-01-preview",
                          NULL),
                     200);
    check_assignment(&w, "value.0.");
    assert_form(text(&w, "value.0.properties.createdBy"), "^[0-9a-f-]{36}$");
    world_close(&w);
}

static void the_list_at_a_scope_has_what_is_inherited_and_nothing_from_below(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    make_group(&w);
    grant(&w, SUB, "acdd72a7-3385-48ef-bd42-f606fba81ae7", "37c8d0e1-e45e-4e6a-8012-cc145172e781",
          "88888888-0000-0000-0000-000000000002");
    grant(&w, ROLE_GROUP, "acdd72a7-3385-48ef-bd42-f606fba81ae7",
          "37c8d0e1-e45e-4e6a-8012-cc145172e782", "88888888-0000-0000-0000-000000000003");
    static const char at_group[] =
        ROLE_GROUP "/providers/Microsoft.Authorization/roleAssignments?$filter=atScope%28%29"
                   "&api-version=2018-09-01-preview";
    static const char at_subscription[] =
        SUB "/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()"
            "&api-version=2018-09-01-preview";
    assert_int_equal(call(&w, RD_HTTP_GET, at_group, NULL), 200);
    assert_non_null(strstr(body_text(&w), "000000000002\""));
    assert_non_null(strstr(body_text(&w), "000000000003\""));
    assert_int_equal(call(&w, RD_HTTP_GET, at_subscription, NULL), 200);
    assert_non_null(strstr(body_text(&w), "000000000002\""));
    assert_null(strstr(body_text(&w), "000000000003\""));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_answered_in_the_casing_of_azure),
        cmocka_unit_test(a_role_is_found_by_name_without_case),
        cmocka_unit_test(who_made_an_assignment_is_known_only_when_it_is_read),
        cmocka_unit_test(the_list_at_a_scope_has_what_is_inherited_and_nothing_from_below),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
