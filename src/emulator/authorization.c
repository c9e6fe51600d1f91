/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"
#include "shape.h"

/*
 * Microsoft.Authorization: role assignments on any scope, and the directory's view of principals.
 * Roles are role.c's; what they allow is access.c's.
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

int64_t em_principal_known_ms(struct em_exchange *ex, struct rd_str object_id, int64_t otherwise)
{
    const struct em_resource *principal = find_principal(ex, object_id);
    if (principal == NULL)
        return otherwise;
    struct rd_json hidden = em_hidden(ex, principal);
    return rd_json_int(rd_json_get(&hidden, RD_STR("known_ms")), 0);
}

/* People and groups belong to a tenant that the embedded cloud does not hold: an id that it has not
 * made itself is taken for theirs. */
static bool principal_is_known(struct em_exchange *ex, struct rd_str object_id)
{
    return em_principal_known_ms(ex, object_id, 0) <= ex->now_ms;
}

void em_principal_add(struct em_exchange *ex, struct rd_str object_id, const char *type)
{
    if (find_principal(ex, object_id) != NULL)
        return;
    em_access_changed(ex->cloud);
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
            !em_is_at_or_above(scope_of(ex, assignment, assignment->id), scope))
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
    struct em_role there;
    if (!em_role_find(ex->cloud, ex->arena, role, &there) ||
        !em_role_is_assignable(ex, role, scope_of(ex, NULL, ex->id)))
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
    struct rd_str caller = ex->caller.object_id;
    struct rd_str now = em_time_ticks(ex, ex->now_ms, "Z");
    em_reply_header(ex, "x-ms-request-charge", "2");
    em_access_changed(ex->cloud);
    if (former != NULL) {
        struct rd_json there = em_body(ex, former);
        if (!is_same(&there, body))
            return em_fail(ex, 400, "RoleAssignmentUpdateNotPermitted",
                           "Tenant ID, application ID, principal ID, and scope are not allowed to "
                           "be updated.");
        keep_former(ex, &there, body, "properties.principalType");
        keep_former(ex, &there, body, "properties.createdOn");
        keep_former(ex, &there, body, "properties.createdBy");
    } else {
        if (!check_principal(ex, body) || !check_twin(ex, scope, body))
            return false;
        *rd_json_make(ex->arena, body, "properties.createdOn") = rd_json_string(now);
        *rd_json_make(ex->arena, body, "properties.createdBy") = rd_json_string(caller);
        int64_t delay_ms = em_draw_ms(ex, ex->id, PROPAGATION_MS);
        rd_json_set_c(ex->arena, hidden, "effective_ms", rd_json_integer(ex->now_ms + delay_ms));
    }
    struct rd_str role = em_id_name(rd_json_str(rd_json_at(body, "properties.roleDefinitionId")));
    *rd_json_make(ex->arena, body, "properties.roleDefinitionId") = rd_json_string(rd_arena_printf(
        ex->arena, "/subscriptions/%.*s/providers/Microsoft.Authorization/roleDefinitions/%.*s",
        RD_FMT(ex->subscription), RD_FMT(role)));
    *rd_json_make(ex->arena, body, "properties.scope") = rd_json_string(scope);
    *rd_json_make(ex->arena, body, "properties.updatedOn") = rd_json_string(now);
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
    bool is_below = em_is_at_or_above(listing->scope, own);
    if (!em_is_at_or_above(own, listing->scope) && (listing->only_at_scope || !is_below))
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
        if (!is_listed(ex, &listing, assignment) || !em_sees(ex, assignment))
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

static void deleted_assignment(struct em_exchange *ex, struct em_resource *assignment)
{
    (void)assignment;
    em_access_changed(ex->cloud);
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
        .deleted = deleted_assignment,
        .list = list_assignments,
    },
    {
        .name = PRINCIPAL_TYPE,
        .place = EM_IN_SUBSCRIPTION,
        .is_internal = true,
        .has_no_state = true,
    },
};

const struct em_part em_authorization_part = {
    .name = "authorization",
    .types = types,
    .type_count = EM_COUNT(types),
};
