/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"
#include "state.h"

/*
 * Microsoft.Authorization: role assignments on any scope and the built-in role definitions, and the
 * directory's view of principals. What a role allows is not emulated; who holds which role where,
 * and since when it counts, is.
 */

enum {
    PROPAGATION_MS = 200 * 1000, /* drawn: 2.8 to 4.2 minutes (sources: minutes, up to 10) */
    PRINCIPAL_MS = 60 * 1000,    /* until a new identity is known everywhere */
};

#define ASSIGNMENT_TYPE "Microsoft.Authorization/roleAssignments"
#define PRINCIPAL_TYPE "Microsoft.Graph/directoryObjects"

/* Principals ----------------------------------------------------------------------------------- */

static struct em_resource *find_principal(struct em_exchange *ex, struct rd_str object_id)
{
    return em_find(ex->cloud, rd_arena_printf(ex->arena, "/providers/" PRINCIPAL_TYPE "/%.*s",
                                              RD_FMT(object_id)));
}

/* People and groups belong to a tenant that the embedded cloud does not hold: an id that it has not
 * made itself is taken for theirs. */
static bool principal_is_known(struct em_exchange *ex, struct rd_str object_id)
{
    const struct em_resource *principal = find_principal(ex, object_id);
    if (principal == NULL)
        return true;
    struct rd_json hidden = em_hidden(ex, principal);
    return rd_json_int(rd_json_get(&hidden, RD_STR("known_ms")), 0) <= ex->now_ms;
}

void em_principal_add(struct em_exchange *ex, struct rd_str object_id, const char *type)
{
    if (find_principal(ex, object_id) != NULL)
        return;
    struct rd_json body = rd_json_object();
    struct rd_json hidden = rd_json_object();
    rd_json_set_c(ex->arena, &body, "principalType", rd_json_string_c(type));
    rd_json_set_c(ex->arena, &hidden, "known_ms",
                  rd_json_integer(ex->now_ms + em_draw_ms(ex, object_id, PRINCIPAL_MS)));
    (void)em_create(
        ex, PRINCIPAL_TYPE,
        rd_arena_printf(ex->arena, "/providers/" PRINCIPAL_TYPE "/%.*s", RD_FMT(object_id)), &body,
        &hidden);
}

/* Roles ---------------------------------------------------------------------------------------- */

/* The scope in the casing in which it was first written. */
static struct rd_str scope_of(struct em_exchange *ex, const struct em_resource *assignment,
                              struct rd_str id)
{
    struct rd_str full = assignment != NULL ? assignment->id : id;
    size_t at = rd_str_find_case(full, RD_STR("/providers/" ASSIGNMENT_TYPE "/"), 0);
    struct rd_str scope = rd_str_sub(full, 0, at == RD_STR_NONE ? 0 : at);
    const struct em_resource *holder = em_find(ex->cloud, scope);
    return holder != NULL ? holder->id : scope;
}

/* Whether `above` is `scope` or stands above it. */
static bool is_at_or_above(struct rd_str above, struct rd_str scope)
{
    return rd_str_has_prefix_case(scope, above) && (scope.n == above.n || scope.p[above.n] == '/');
}

static bool is_effective(struct em_exchange *ex, const struct em_resource *assignment)
{
    struct rd_json hidden = em_hidden(ex, assignment);
    return rd_json_int(rd_json_get(&hidden, RD_STR("effective_ms")), INT64_MAX) <= ex->now_ms;
}

bool em_has_role(struct em_exchange *ex, struct rd_str object_id, const char *role_guid,
                 struct rd_str scope)
{
    size_t cursor = 0;
    struct em_resource *assignment;
    while ((assignment = em_each(ex->cloud, ASSIGNMENT_TYPE, &cursor)) != NULL) {
        if (rd_str_find_case(assignment->text, object_id, 0) == RD_STR_NONE ||
            !is_at_or_above(scope_of(ex, assignment, assignment->id), scope))
            continue;
        struct rd_json body = em_body(ex, assignment);
        struct rd_str role = rd_json_str(rd_json_at(&body, "properties.roleDefinitionId"));
        struct rd_str holder = rd_json_str(rd_json_at(&body, "properties.principalId"));
        if (rd_str_is_case(em_id_name(role), role_guid) && rd_str_eq_case(holder, object_id) &&
            is_effective(ex, assignment))
            return true;
    }
    return false;
}

/* Role assignments ----------------------------------------------------------------------------- */

static bool check_request(struct em_exchange *ex, const struct rd_json *body)
{
    static const char *const types[] = {"User",         "Group",  "ServicePrincipal",
                                        "ForeignGroup", "Device", NULL};
    struct rd_str name = em_id_name(ex->id);
    if (!rd_str_is_guid(name))
        return em_fail(ex, 400, "InvalidRoleAssignmentId",
                       "The role assignment ID '%.*s' is not valid. The role assignment ID must be "
                       "a GUID.",
                       RD_FMT(name));
    if (!em_require(ex, body, "properties.roleDefinitionId", RD_JSON_STRING) ||
        !em_require(ex, body, "properties.principalId", RD_JSON_STRING) ||
        !em_require_word(ex, body, "properties.principalType", types, true))
        return false;
    struct rd_str principal = rd_json_str(rd_json_at(body, "properties.principalId"));
    struct rd_str role = em_id_name(rd_json_str(rd_json_at(body, "properties.roleDefinitionId")));
    if (!rd_str_is_guid(principal))
        return em_fail(ex, 400, "InvalidPrincipalId",
                       "The Principal ID '%.*s' is not valid. Principal ID must be a GUID.",
                       RD_FMT(principal));
    if (!rd_json_exists(em_row("roles", "guid", role)))
        return em_fail(ex, 400, "RoleDefinitionDoesNotExist",
                       "The specified role definition with ID '%.*s' does not exist.",
                       RD_FMT(role));
    return true;
}

static bool check_principal(struct em_exchange *ex, const struct rd_json *body)
{
    struct rd_str principal = rd_json_str(rd_json_at(body, "properties.principalId"));
    if (rd_json_exists(rd_json_at(body, "properties.principalType")) ||
        principal_is_known(ex, principal))
        return true;
    char tenant[40];
    size_t n = 0;
    for (size_t i = 0; i < ex->cloud->tenant.n && n + 1 < sizeof(tenant); i++)
        if (ex->cloud->tenant.p[i] != '-')
            tenant[n++] = ex->cloud->tenant.p[i];
    tenant[n] = '\0';
    return em_fail(ex, 400, "PrincipalNotFound",
                   "Principal %.*s does not exist in the directory %s. Check that you have the "
                   "correct principal ID. If you are creating this principal and then immediately "
                   "assigning a role, this error might be related to a replication delay. In this "
                   "case, set the role assignment principalType property to a value, such as "
                   "ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
                   RD_FMT(principal), tenant);
}

static bool is_same(const struct rd_json *a, const struct rd_json *b)
{
    struct rd_str role_a = rd_json_str(rd_json_at(a, "properties.roleDefinitionId"));
    struct rd_str role_b = rd_json_str(rd_json_at(b, "properties.roleDefinitionId"));
    return rd_str_eq_case(em_id_name(role_a), em_id_name(role_b)) &&
           rd_str_eq_case(rd_json_str(rd_json_at(a, "properties.principalId")),
                          rd_json_str(rd_json_at(b, "properties.principalId")));
}

/* The same (scope, principal, role) under another name is a conflict, not an update. */
static bool check_twin(struct em_exchange *ex, struct rd_str scope, const struct rd_json *body)
{
    struct rd_str principal = rd_json_str(rd_json_at(body, "properties.principalId"));
    size_t cursor = 0;
    struct em_resource *other;
    while ((other = em_each(ex->cloud, ASSIGNMENT_TYPE, &cursor)) != NULL) {
        if (rd_str_find_case(other->text, principal, 0) == RD_STR_NONE ||
            !rd_str_eq_case(scope_of(ex, other, other->id), scope))
            continue;
        struct rd_json there = em_body(ex, other);
        if (is_same(&there, body))
            return em_fail(ex, 409, "RoleAssignmentExists",
                           "The role assignment already exists. The ID of the existing role "
                           "assignment is %.*s.",
                           RD_FMT(em_name(other)));
    }
    return true;
}

static void keep_former(struct em_exchange *ex, const struct rd_json *former, struct rd_json *body,
                        const char *path)
{
    const struct rd_json *value = rd_json_at(former, path);
    if (rd_json_exists(value))
        *rd_json_make(ex->arena, body, path) = *value;
}

static bool put_assignment(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                           struct rd_json *hidden)
{
    if (!check_request(ex, body))
        return false;
    struct rd_str scope = scope_of(ex, former, ex->id);
    struct rd_str caller = em_guid(ex, RD_STR("caller"));
    struct rd_str now = em_time_ticks(ex, ex->now_ms, "Z");
    em_reply_header(ex, "x-ms-request-charge", "2");
    if (former != NULL) {
        struct rd_json there = em_body(ex, former);
        if (!is_same(&there, body))
            return em_fail(ex, 400, "RoleAssignmentUpdateNotPermitted",
                           "Tenant ID, application ID, principal ID, and scope are not allowed to "
                           "be updated.");
        keep_former(ex, &there, body, "properties.principalType");
        keep_former(ex, &there, body, "properties.createdOn");
    } else {
        if (!check_principal(ex, body) || !check_twin(ex, scope, body))
            return false;
        *rd_json_make(ex->arena, body, "properties.createdOn") = rd_json_string(now);
        int64_t delay_ms = em_draw_ms(ex, ex->id, PROPAGATION_MS);
        rd_json_set_c(ex->arena, hidden, "effective_ms", rd_json_integer(ex->now_ms + delay_ms));
    }
    struct rd_str role = em_id_name(rd_json_str(rd_json_at(body, "properties.roleDefinitionId")));
    *rd_json_make(ex->arena, body, "properties.roleDefinitionId") = rd_json_string(rd_arena_printf(
        ex->arena, "/subscriptions/%.*s/providers/Microsoft.Authorization/roleDefinitions/%.*s",
        RD_FMT(ex->subscription), RD_FMT(role)));
    *rd_json_make(ex->arena, body, "properties.scope") = rd_json_string(scope);
    *rd_json_make(ex->arena, body, "properties.updatedOn") = rd_json_string(now);
    *rd_json_make(ex->arena, body, "properties.createdBy") = rd_json_string(caller);
    *rd_json_make(ex->arena, body, "properties.updatedBy") = rd_json_string(caller);
    em_default(ex, body, "properties.principalType", rd_json_string_c("User"));
    return true;
}

/* createdBy is null in the PUT's own answer (recording 08). */
static void show_assignment(struct em_exchange *ex, struct em_resource *resource,
                            struct rd_json *body)
{
    if (ex->request->method == RD_HTTP_PUT && resource->revision <= 2)
        *rd_json_make(ex->arena, body, "properties.createdBy") = rd_json_null();
}

struct listing {
    struct rd_str scope;
    struct rd_str principal;
    bool only_at_scope;
};

static bool is_listed(struct em_exchange *ex, const struct listing *listing,
                      const struct em_resource *assignment)
{
    struct rd_str own = scope_of(ex, assignment, assignment->id);
    bool is_below = is_at_or_above(listing->scope, own);
    if (!is_at_or_above(own, listing->scope) && (listing->only_at_scope || !is_below))
        return false;
    if (listing->principal.n == 0)
        return true;
    if (rd_str_find_case(assignment->text, listing->principal, 0) == RD_STR_NONE)
        return false;
    struct rd_json body = em_body(ex, assignment);
    return rd_str_eq_case(rd_json_str(rd_json_at(&body, "properties.principalId")),
                          listing->principal);
}

/* At, above and below the scope; atScope() leaves out what is below. */
static bool list_assignments(struct em_exchange *ex, struct rd_str scope)
{
    static const char *const names[] = {"atScope()", "assignedTo()", "principalId", NULL};
    struct em_filter filter;
    if (!em_filter_read(ex, names, &filter))
        return false;
    struct rd_str assigned = em_filter_value(&filter, "assignedTo()");
    struct listing listing = {
        .scope = scope,
        .principal = assigned.n > 0 ? assigned : em_filter_value(&filter, "principalId"),
        .only_at_scope = em_filter_has(&filter, "atScope()"),
    };
    struct em_pager pager;
    if (!em_pager_start(&pager, ex, NULL))
        return false;
    size_t cursor = 0;
    struct em_resource *assignment;
    while ((assignment = em_each(ex->cloud, ASSIGNMENT_TYPE, &cursor)) != NULL) {
        if (!is_listed(ex, &listing, assignment))
            continue;
        enum em_pager_step step = em_pager_next(&pager, assignment->seq);
        if (step == EM_PAGER_FULL)
            break;
        if (step == EM_PAGER_WRITE)
            em_view_text(ex, assignment, &pager.out);
    }
    em_pager_reply(&pager);
    return true;
}

/* Role definitions ----------------------------------------------------------------------------- */

static struct rd_json list_or_empty(const struct rd_json *value)
{
    return rd_json_exists(value) ? *value : rd_json_array();
}

static struct rd_json definition_view(struct em_exchange *ex, const struct rd_json *entry)
{
    struct rd_arena *arena = ex->arena;
    struct rd_str guid = rd_json_str(rd_json_get(entry, RD_STR("guid")));
    struct rd_json permission = rd_json_object();
    struct rd_json permissions = rd_json_array();
    struct rd_json scopes = rd_json_array();
    struct rd_json view = rd_json_object();
    rd_json_set_c(arena, &permission, "actions",
                  list_or_empty(rd_json_get(entry, RD_STR("actions"))));
    rd_json_set_c(arena, &permission, "notActions",
                  list_or_empty(rd_json_get(entry, RD_STR("not_actions"))));
    rd_json_set_c(arena, &permission, "dataActions", rd_json_array());
    rd_json_set_c(arena, &permission, "notDataActions", rd_json_array());
    (void)rd_json_append(arena, &permissions, permission);
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
    rd_json_set_c(
        arena, &view, "id",
        rd_json_string(rd_arena_printf(
            arena, "/subscriptions/%.*s/providers/Microsoft.Authorization/roleDefinitions/%.*s",
            RD_FMT(ex->subscription), RD_FMT(guid))));
    rd_json_set_c(arena, &view, "type",
                  rd_json_string_c("Microsoft.Authorization/roleDefinitions"));
    rd_json_set_c(arena, &view, "name", rd_json_string(guid));
    return view;
}

static bool list_definitions(struct em_exchange *ex)
{
    static const char *const names[] = {"roleName", "type", "atScope()", NULL};
    struct em_filter filter;
    em_reply_header(ex, "x-ms-request-charge", "1");
    if (!em_filter_read(ex, names, &filter))
        return false;
    struct rd_str wanted = em_filter_value(&filter, "roleName");
    struct rd_str type = em_filter_value(&filter, "type");
    const struct rd_json *table = em_table("roles");
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *entry = rd_json_item(table, i);
        struct rd_str name = rd_json_str(rd_json_get(entry, RD_STR("name")));
        if ((wanted.n == 0 || rd_str_eq_case(name, wanted)) &&
            (type.n == 0 || rd_str_is_case(type, "BuiltInRole")))
            (void)rd_json_append(ex->arena, &list, definition_view(ex, entry));
    }
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "value", list);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static bool get_definition(struct em_exchange *ex)
{
    const struct rd_json *entry = em_row("roles", "guid", ex->params[1]);
    if (!rd_json_exists(entry))
        return em_fail(ex, 404, "RoleDefinitionDoesNotExist",
                       "The specified role definition with ID '%.*s' does not exist.",
                       RD_FMT(ex->params[1]));
    struct rd_json view = definition_view(ex, entry);
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

/* The caller of the embedded cloud may do everything. */
static bool list_permissions(struct em_exchange *ex)
{
    struct rd_json actions = rd_json_array();
    struct rd_json item = rd_json_object();
    struct rd_json list = rd_json_array();
    struct rd_json body = rd_json_object();
    (void)rd_json_append(ex->arena, &actions, rd_json_string_c("*"));
    rd_json_set_c(ex->arena, &item, "actions", actions);
    rd_json_set_c(ex->arena, &item, "notActions", rd_json_array());
    rd_json_set_c(ex->arena, &item, "dataActions", actions);
    rd_json_set_c(ex->arena, &item, "notDataActions", rd_json_array());
    (void)rd_json_append(ex->arena, &list, item);
    rd_json_set_c(ex->arena, &body, "value", list);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static const struct em_order assignment_order[] = {
    /* recording 08 */
    {"properties", "roleDefinitionId principalId principalType scope createdOn updatedOn "
                   "createdBy updatedBy"},
    {NULL, NULL},
};

static const struct em_type types[] = {
    {
        .name = ASSIGNMENT_TYPE,
        .place = EM_ON_SCOPE,
        .has_no_state = true,
        EM_ANSWERS(201, 200, 200),
        .delete_shows_body = true,
        .async = EM_SYNC,
        .source = "azure-compute 1.11, azure-avd-ops 4.1; recording 08-role-assignment",
        .order = assignment_order,
        .head = EM_HEAD_LAST_TYPE_FIRST,
        .put = put_assignment,
        .show = show_assignment,
        .list = list_assignments,
    },
    {
        .name = PRINCIPAL_TYPE,
        .place = EM_IN_SUBSCRIPTION,
        .is_internal = true,
        .has_no_state = true,
    },
};

#define AUTHORIZATION "{scope}/providers/Microsoft.Authorization"
static const struct em_route routes[] = {
    {RD_HTTP_GET, AUTHORIZATION "/roleDefinitions", list_definitions, NULL,
     "azure-avd-ops 4.1; recording 08-role-assignment"},
    {RD_HTTP_GET, AUTHORIZATION "/roleDefinitions/{}", get_definition, NULL, "azure-avd-ops 4.1"},
    {RD_HTTP_GET, AUTHORIZATION "/permissions", list_permissions, NULL, "azure-avd-ops 4.1"},
};

const struct em_part em_authorization_part = {
    .name = "authorization",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
};
