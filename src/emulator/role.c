/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"
#include "shape.h"

/*
 * Roles: the built-in ones are a table (data/emulator/roles.yaml), custom ones are resources on a
 * scope. A custom role belongs to the tenant: its GUID and its name are nobody else's, wherever it
 * was written. Assignments name either by the GUID alone.
 */

#define DEFINITION_TYPE "Microsoft.Authorization/roleDefinitions"
#define ASSIGNMENT_TYPE "Microsoft.Authorization/roleAssignments"
#define WRITE_ACTION "Microsoft.Authorization/roleDefinitions/write"

enum { NAME_SIZE_MAX = 512, CUSTOM_ROLE_COUNT_MAX = 5000 }; /* 5,000 in a tenant (documented) */

static const struct list_name {
    const char *azure, *table;
} lists[EM_ROLE_LIST_COUNT] = {
    [EM_ROLE_ACTIONS] = {"actions", "actions"},
    [EM_ROLE_NOT_ACTIONS] = {"notActions", "not_actions"},
    [EM_ROLE_DATA_ACTIONS] = {"dataActions", "data_actions"},
    [EM_ROLE_NOT_DATA_ACTIONS] = {"notDataActions", "not_data_actions"},
};

/* Finding -------------------------------------------------------------------------------------- */

static struct em_resource *find_custom(struct rd_cloud *cloud, struct rd_str guid)
{
    size_t cursor = 0;
    struct em_resource *role;
    while ((role = em_each(cloud, DEFINITION_TYPE, &cursor)) != NULL)
        if (!role->is_deleted && rd_str_eq_case(em_name(role), guid))
            return role;
    return NULL;
}

bool em_role_find(struct rd_cloud *cloud, struct rd_arena *arena, struct rd_str guid,
                  struct em_role *ret_role)
{
    const struct rd_json *entry = em_row("roles", "guid", guid);
    struct em_role role = {.guid = rd_arena_str(arena, guid)};
    bool is_built_in = rd_json_exists(entry);
    if (!is_built_in) {
        const struct em_resource *custom = find_custom(cloud, guid);
        struct rd_json *body = rd_arena_alloc(arena, sizeof(*body));
        struct rd_err err;
        if (custom == NULL || rd_json_parse(arena, "role", custom->text, 0, body, &err) != RD_RC_OK)
            return false;
        entry = rd_json_at(body, "properties.permissions.0");
    }
    for (size_t i = 0; i < EM_COUNT(lists); i++)
        role.lists[i] =
            rd_json_get(entry, rd_str_from(is_built_in ? lists[i].table : lists[i].azure));
    *ret_role = role;
    return true;
}

bool em_role_is_assignable(struct em_exchange *ex, struct rd_str guid, struct rd_str scope)
{
    const struct em_resource *custom = find_custom(ex->cloud, guid);
    if (custom == NULL)
        return true;
    struct rd_json body = em_body(ex, custom);
    const struct rd_json *scopes = rd_json_at(&body, "properties.assignableScopes");
    for (size_t i = 0; i < rd_json_count(scopes); i++)
        if (em_is_at_or_above(rd_json_str(rd_json_item(scopes, i)), scope))
            return true;
    return false;
}

/* Showing -------------------------------------------------------------------------------------- */

static struct rd_json list_or_empty(const struct rd_json *value)
{
    return rd_json_exists(value) ? *value : rd_json_array();
}

static struct rd_json permission_view(struct em_exchange *ex, const struct em_role *role)
{
    struct rd_json permission = rd_json_object();
    for (size_t i = 0; i < EM_COUNT(lists); i++)
        rd_json_set_c(ex->arena, &permission, lists[i].azure, list_or_empty(role->lists[i]));
    return permission;
}

static struct rd_json built_in_view(struct em_exchange *ex, const struct rd_json *entry)
{
    struct rd_arena *arena = ex->arena;
    struct rd_str guid = rd_json_str(rd_json_get(entry, RD_STR("guid")));
    struct em_role role = {.guid = guid};
    struct rd_json permissions = rd_json_array();
    struct rd_json scopes = rd_json_array();
    struct rd_json view = rd_json_object();
    (void)em_role_find(ex->cloud, arena, guid, &role);
    (void)rd_json_append(arena, &permissions, permission_view(ex, &role));
    (void)rd_json_append(arena, &scopes, rd_json_string_c("/"));
    *rd_json_make(arena, &view, "properties.roleName") = *rd_json_get(entry, RD_STR("name"));
    *rd_json_make(arena, &view, "properties.type") = rd_json_string_c("BuiltInRole");
    *rd_json_make(arena, &view, "properties.description") =
        rd_json_string(rd_json_str(rd_json_get(entry, RD_STR("description"))));
    *rd_json_make(arena, &view, "properties.assignableScopes") = scopes;
    *rd_json_make(arena, &view, "properties.permissions") = permissions;
    /* Recorded of Reader; the built-in roles are of these years, and of no person. */
    *rd_json_make(arena, &view, "properties.createdOn") =
        rd_json_string_c("2015-02-02T21:55:09.8806423Z");
    *rd_json_make(arena, &view, "properties.updatedOn") =
        rd_json_string_c("2019-02-05T21:24:35.7424745Z");
    *rd_json_make(arena, &view, "properties.createdBy") = rd_json_null();
    *rd_json_make(arena, &view, "properties.updatedBy") = rd_json_null();
    struct rd_str root = {"", 0};
    if (ex->subscription.n > 0)
        root = rd_arena_printf(arena, "/subscriptions/%.*s", RD_FMT(ex->subscription));
    rd_json_set_c(arena, &view, "id",
                  rd_json_string(rd_arena_printf(arena, "%.*s/providers/" DEFINITION_TYPE "/%.*s",
                                                 RD_FMT(root), RD_FMT(guid))));
    rd_json_set_c(arena, &view, "type", rd_json_string_c(DEFINITION_TYPE));
    rd_json_set_c(arena, &view, "name", rd_json_string(guid));
    return view;
}

static bool is_wanted(const struct em_filter *filter, struct rd_str name, const char *kind)
{
    struct rd_str wanted = em_filter_value(filter, "roleName");
    struct rd_str type = em_filter_value(filter, "type");
    return (wanted.n == 0 || rd_str_eq_case(name, wanted)) &&
           (type.n == 0 || rd_str_is_case(type, kind));
}

/* Built-in roles, then those custom ones that may be assigned here. */
static bool list_definitions(struct em_exchange *ex)
{
    static const char *const names[] = {"roleName", "type", "atScope()", NULL};
    struct em_filter filter;
    em_reply_header(ex, "x-ms-request-charge", "1"); /* recording 08 */
    if (!em_filter_read(ex, names, &filter))
        return false;
    const struct rd_json *table = em_table("roles");
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *entry = rd_json_item(table, i);
        if (is_wanted(&filter, em_text_at(entry, "name"), "BuiltInRole"))
            (void)rd_json_append(ex->arena, &list, built_in_view(ex, entry));
    }
    size_t cursor = 0;
    struct em_resource *role;
    while ((role = em_each(ex->cloud, DEFINITION_TYPE, &cursor)) != NULL) {
        struct rd_json view = em_view(ex, role);
        if (is_wanted(&filter, em_text_at(&view, "properties.roleName"), "CustomRole") &&
            em_role_is_assignable(ex, em_name(role), ex->params[0]))
            (void)rd_json_append(ex->arena, &list, view);
    }
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "value", list);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static bool fail_absent(struct em_exchange *ex, struct rd_str guid)
{
    return em_fail(ex, 404, "RoleDefinitionDoesNotExist",
                   "The specified role definition with ID '%.*s' does not exist.", RD_FMT(guid));
}

static bool get_definition(struct em_exchange *ex)
{
    const struct rd_json *entry = em_row("roles", "guid", ex->params[1]);
    struct em_resource *custom = find_custom(ex->cloud, ex->params[1]);
    if (rd_json_exists(entry)) {
        struct rd_json view = built_in_view(ex, entry);
        em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    } else if (custom != NULL) {
        em_reply_resource(ex, 200, custom);
    } else {
        return fail_absent(ex, ex->params[1]);
    }
    return true;
}

/* One entry for each assignment that counts here. */
static bool list_permissions(struct em_exchange *ex)
{
    struct rd_json list = rd_json_array();
    struct rd_json body = rd_json_object();
    if (ex->caller.is_builtin) {
        struct em_role owner = {.guid = {"", 0}};
        if (em_role_find(ex->cloud, ex->arena,
                         em_text_at(em_row("roles", "name", RD_STR("Owner")), "guid"), &owner))
            (void)rd_json_append(ex->arena, &list, permission_view(ex, &owner));
    }
    const struct em_grant *grant;
    for (size_t cursor = 0; (grant = em_access_next(ex, &cursor)) != NULL;)
        if (em_is_at_or_above(grant->scope, ex->params[0]))
            (void)rd_json_append(ex->arena, &list, permission_view(ex, &grant->role));
    rd_json_set_c(ex->arena, &body, "value", list);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

/* Custom roles --------------------------------------------------------------------------------- */

/* "*", or words between slashes of which the first is a namespace; one star at most stands in an
 * action (documented of custom roles). Whether a provider has the action is not asked. */
static bool is_action(struct rd_str action)
{
    size_t stars = 0;
    for (size_t i = 0; i < action.n; i++) {
        stars += action.p[i] == '*';
        if (action.p[i] <= ' ' || action.p[i] > '~')
            return false;
    }
    return stars <= 1 &&
           (rd_str_is(action, "*") || (rd_str_find_char(action, '/', 0) != RD_STR_NONE &&
                                       action.p[0] != '/' && action.p[action.n - 1] != '/'));
}

static bool check_permissions(struct em_exchange *ex, struct rd_json *body)
{
    struct rd_json whole = rd_json_object();
    const struct rd_json *permissions = rd_json_at(body, "properties.permissions");
    const struct rd_json *asked = rd_json_item(permissions, 0);
    if (rd_json_count(permissions) != 1 || !rd_json_is(asked, RD_JSON_OBJECT))
        return em_fail(ex, 400, "InvalidRoleDefinition",
                       "A custom role has exactly one item in 'properties.permissions'.");
    for (size_t i = 0; i < EM_COUNT(lists); i++) {
        const struct rd_json *list = rd_json_get(asked, rd_str_from(lists[i].azure));
        if (rd_json_exists(list) && !rd_json_is(list, RD_JSON_NULL) &&
            !rd_json_is(list, RD_JSON_ARRAY))
            return em_fail(ex, 400, "InvalidRequestContent",
                           "The request content was invalid: '%s' must be an array.",
                           lists[i].azure);
        for (size_t k = 0; k < rd_json_count(list); k++) {
            struct rd_str action = rd_json_str(rd_json_item(list, k));
            if (!is_action(action))
                return em_fail(ex, 400, "InvalidActionOrNotAction",
                               "'%.*s' does not match any of the actions supported by the "
                               "providers.",
                               RD_FMT(action));
        }
        rd_json_set_c(ex->arena, &whole, lists[i].azure,
                      rd_json_is(list, RD_JSON_ARRAY) ? *list : rd_json_array());
    }
    struct rd_json one = rd_json_array();
    (void)rd_json_append(ex->arena, &one, whole);
    em_set(ex, body, "properties.permissions", one);
    return true;
}

/* Whoever makes a role must be allowed to at each place where it may be assigned. */
static bool check_scopes(struct em_exchange *ex, const struct rd_json *body)
{
    const struct rd_json *scopes = rd_json_at(body, "properties.assignableScopes");
    if (rd_json_count(scopes) == 0 || !rd_json_is(scopes, RD_JSON_ARRAY))
        return em_fail(ex, 400, "MissingAssignableScopes",
                       "A custom role must have at least one assignable scope.");
    for (size_t i = 0; i < rd_json_count(scopes); i++) {
        struct rd_str scope = rd_json_str(rd_json_item(scopes, i));
        struct rd_str subscription = em_id_segment(scope, "subscriptions");
        bool is_known = em_find(ex->cloud, scope) != NULL;
        for (size_t k = 0; k < ex->cloud->subscription_count; k++)
            is_known |= rd_str_eq_case(subscription, ex->cloud->subscriptions[k]) &&
                        scope.n == sizeof("/subscriptions/") - 1 + subscription.n;
        if (!is_known)
            return em_fail(ex, 400, "InvalidAssignableScope",
                           "The assignable scope '%.*s' is invalid: it must be a subscription or a "
                           "resource group that is there.",
                           RD_FMT(scope));
        if (!em_may(ex, RD_STR(WRITE_ACTION), scope))
            return em_fail_linked(ex, RD_STR(WRITE_ACTION), ex->id, WRITE_ACTION, scope);
    }
    return true;
}

static bool check_name(struct em_exchange *ex, const struct em_resource *former,
                       const struct rd_json *body)
{
    struct rd_str guid = em_id_name(ex->id);
    struct rd_str name = em_text_at(body, "properties.roleName");
    if (!rd_str_is_guid(guid))
        return em_fail(ex, 400, "InvalidRoleDefinitionId",
                       "The role definition ID '%.*s' is not valid. The role definition ID must "
                       "be a GUID.",
                       RD_FMT(guid));
    if (rd_json_exists(em_row("roles", "guid", guid)))
        return em_fail(ex, 400, "RoleDefinitionUpdateNotPermitted",
                       "Built-in role definitions cannot be changed.");
    if (name.n == 0 || name.n > NAME_SIZE_MAX)
        return em_fail(ex, 400, "InvalidRoleDefinitionName",
                       "The role name must have between 1 and %d characters.", NAME_SIZE_MAX);
    const struct em_resource *same = find_custom(ex->cloud, guid);
    if (same != NULL && same != former)
        return em_fail(ex, 409, "RoleDefinitionExists",
                       "The role definition ID '%.*s' is in use at another scope.", RD_FMT(guid));
    size_t cursor = 0, count = 0;
    const struct em_resource *other;
    bool is_taken = rd_json_exists(em_row("roles", "name", name));
    while ((other = em_each(ex->cloud, DEFINITION_TYPE, &cursor)) != NULL) {
        struct rd_json there = em_body(ex, other);
        is_taken |=
            other != former && rd_str_eq_case(em_text_at(&there, "properties.roleName"), name);
        count++;
    }
    if (is_taken)
        return em_fail(ex, 409, "RoleDefinitionWithSameNameExists",
                       "A custom role with the same name already exists in this directory. Use a "
                       "different name.");
    if (former == NULL && count >= CUSTOM_ROLE_COUNT_MAX)
        return em_fail(ex, 400, "RoleDefinitionLimitExceeded",
                       "No more than %d custom roles can be created.", CUSTOM_ROLE_COUNT_MAX);
    return true;
}

static bool put_definition(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                           struct rd_json *hidden)
{
    (void)hidden;
    struct rd_json there = former != NULL ? em_body(ex, former) : rd_json_object();
    struct rd_str now = em_time_ticks(ex, ex->now_ms, "Z");
    struct rd_str caller = ex->caller.object_id;
    if (!check_name(ex, former, body) || !check_permissions(ex, body) || !check_scopes(ex, body))
        return false;
    em_access_changed(ex->cloud);
    em_set_word(ex, body, "properties.type", "CustomRole");
    em_default_text(ex, body, "properties.description", "");
    em_set_text(ex, body, "properties.createdOn",
                former != NULL ? em_text_at(&there, "properties.createdOn") : now);
    em_set_text(ex, body, "properties.createdBy",
                former != NULL ? em_text_at(&there, "properties.createdBy") : caller);
    em_set_text(ex, body, "properties.updatedOn", now);
    em_set_text(ex, body, "properties.updatedBy", caller);
    return true;
}

static bool may_delete(struct em_exchange *ex, struct em_resource *role)
{
    size_t cursor = 0;
    const struct em_resource *assignment;
    while ((assignment = em_each(ex->cloud, ASSIGNMENT_TYPE, &cursor)) != NULL) {
        struct rd_json body = em_body(ex, assignment);
        struct rd_str id = em_text_at(&body, "properties.roleDefinitionId");
        if (rd_str_eq_case(em_id_name(id), em_name(role)))
            return em_fail(ex, 400, "RoleDefinitionHasAssignments",
                           "There are existing role assignments referencing role (code: "
                           "RoleDefinitionHasAssignments)");
    }
    return true;
}

static void deleted_definition(struct em_exchange *ex, struct em_resource *role)
{
    (void)role;
    em_access_changed(ex->cloud);
}

static const struct em_type types[] = {
    {
        .name = DEFINITION_TYPE,
        .place = EM_ON_SCOPE,
        .has_no_state = true,
        EM_ANSWERS(201, 201, 200),
        .delete_shows_body = true,
        .async = EM_SYNC,
        .source = "azure-avd-ops 4.1; custom roles: codes documented, texts from memory",
        .put = put_definition,
        .may_delete = may_delete,
        .deleted = deleted_definition,
    },
};

#define AUTHORIZATION "{scope}/providers/Microsoft.Authorization"
static const struct em_route routes[] = {
    {RD_HTTP_GET, AUTHORIZATION "/roleDefinitions", list_definitions, NULL,
     "azure-avd-ops 4.1; recording 08-role-assignment"},
    {RD_HTTP_GET, AUTHORIZATION "/roleDefinitions/{}", get_definition, NULL, "azure-avd-ops 4.1"},
    {RD_HTTP_GET, AUTHORIZATION "/permissions", list_permissions, NULL, "azure-avd-ops 4.1"},
};

const struct em_part em_role_part = {
    .name = "role",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
};
