/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

#include "shape.h"

#define ASSIGNMENT_TYPE "Microsoft.Authorization/roleAssignments"
#define PRINCIPAL_TYPE "Microsoft.Graph/directoryObjects"

/* Scopes and patterns -------------------------------------------------------------------------- */

bool em_is_at_or_above(struct rd_str above, struct rd_str scope)
{
    return rd_str_has_prefix_case(scope, above) && (scope.n == above.n || scope.p[above.n] == '/');
}

/* "*" stands for any text, with slashes; case does not count. Remembers the last star, so that the
 * time is at most the product of both lengths. */
bool em_pattern_fits(struct rd_str pattern, struct rd_str action)
{
    size_t p = 0, a = 0, star = RD_STR_NONE, resume = 0;
    while (a < action.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            resume = a;
        } else if (p < pattern.n && rd_char_lower(pattern.p[p]) == rd_char_lower(action.p[a])) {
            p++;
            a++;
        } else if (star != RD_STR_NONE) {
            p = star + 1;
            a = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

static bool fits_any(const struct rd_json *patterns, struct rd_str action)
{
    for (size_t i = 0; i < rd_json_count(patterns); i++)
        if (em_pattern_fits(rd_json_str(rd_json_item(patterns, i)), action))
            return true;
    return false;
}

/* What one role takes away, another may give (azure-avd-ops 4: the sum of all assignments). */
static bool role_allows(const struct em_role *role, struct rd_str action, bool is_data)
{
    return fits_any(role->lists[is_data ? EM_ROLE_DATA_ACTIONS : EM_ROLE_ACTIONS], action) &&
           !fits_any(role->lists[is_data ? EM_ROLE_NOT_DATA_ACTIONS : EM_ROLE_NOT_ACTIONS], action);
}

/* Grants --------------------------------------------------------------------------------------- */

void em_access_open(struct rd_cloud *cloud)
{
    cloud->access = rd_heap_zalloc(sizeof(*cloud->access));
    cloud->access->arena = rd_arena_new(0);
}

void em_access_close(struct rd_cloud *cloud)
{
    if (cloud->access == NULL)
        return;
    rd_arena_free(cloud->access->arena);
    rd_heap_free(cloud->access);
    cloud->access = NULL;
}

void em_access_changed(struct rd_cloud *cloud)
{
    if (cloud->access != NULL)
        cloud->access->is_built = false;
}

/* People and groups belong to a tenant that the embedded cloud does not hold. */
bool em_is_person(struct em_exchange *ex, struct rd_str principal)
{
    return em_find(ex->cloud, rd_arena_printf(ex->arena, "/providers/" PRINCIPAL_TYPE "/%.*s",
                                              RD_FMT(principal))) == NULL;
}

static void add_grant(struct em_exchange *ex, const struct em_resource *assignment)
{
    struct em_access *access = ex->cloud->access;
    struct rd_json body = em_body(ex, assignment);
    struct rd_json hidden = em_hidden(ex, assignment);
    struct rd_str role = em_id_name(em_text_at(&body, "properties.roleDefinitionId"));
    struct rd_str principal = em_text_at(&body, "properties.principalId");
    size_t at = rd_str_find_case(assignment->id, RD_STR("/providers/" ASSIGNMENT_TYPE "/"), 0);
    struct em_grant grant = {
        .principal = rd_arena_str(access->arena, principal),
        .scope =
            rd_arena_str(access->arena, rd_str_sub(assignment->id, 0, at == RD_STR_NONE ? 0 : at)),
        .effective_ms = rd_json_int(rd_json_get(&hidden, RD_STR("effective_ms")), INT64_MAX),
        .is_person = !em_is_word(&body, "properties.principalType", "ServicePrincipal") &&
                     em_is_person(ex, principal),
    };
    if (!em_role_find(ex->cloud, access->arena, role, &grant.role))
        return;
    access->grants = rd_arena_grow(access->arena, access->grants, access->count, &access->cap,
                                   sizeof(*access->grants));
    access->grants[access->count++] = grant;
}

static void build(struct em_exchange *ex)
{
    struct em_access *access = ex->cloud->access;
    size_t cursor = 0;
    struct em_resource *assignment;
    rd_arena_clear(access->arena);
    access->grants = NULL;
    access->count = access->cap = 0;
    access->is_built = true;
    while ((assignment = em_each(ex->cloud, ASSIGNMENT_TYPE, &cursor)) != NULL)
        if (!assignment->is_deleted)
            add_grant(ex, assignment);
}

bool em_is_caller(const struct em_exchange *ex, struct rd_str principal, bool is_person)
{
    const struct em_caller *caller = &ex->caller;
    if (principal.n == 0 || caller->object_id.n == 0)
        return false;
    if ((caller->is_builtin && is_person) || rd_str_eq_case(caller->object_id, principal))
        return true;
    for (size_t i = 0; i < caller->group_count; i++)
        if (rd_str_eq_case(caller->groups[i], principal))
            return true;
    return false;
}

const struct em_grant *em_access_next(struct em_exchange *ex, size_t *cursor)
{
    struct em_access *access = ex->cloud->access;
    if (!access->is_built)
        build(ex);
    while (*cursor < access->count) {
        const struct em_grant *grant = &access->grants[(*cursor)++];
        if (grant->effective_ms <= ex->now_ms &&
            em_is_caller(ex, grant->principal, grant->is_person))
            return grant;
    }
    return NULL;
}

/* Asking --------------------------------------------------------------------------------------- */

static bool may(struct em_exchange *ex, struct rd_str action, struct rd_str scope, bool is_data)
{
    const struct em_grant *grant;
    for (size_t cursor = 0; (grant = em_access_next(ex, &cursor)) != NULL;)
        if (em_is_at_or_above(grant->scope, scope) && role_allows(&grant->role, action, is_data))
            return true;
    return false;
}

bool em_may(struct em_exchange *ex, struct rd_str action, struct rd_str scope)
{
    return ex->caller.is_builtin || may(ex, action, scope, false);
}

bool em_may_data(struct em_exchange *ex, struct rd_str action, struct rd_str scope)
{
    return may(ex, action, scope, true);
}

bool em_may_below(struct em_exchange *ex, struct rd_str action, struct rd_str scope)
{
    const struct em_grant *grant;
    if (ex->caller.is_builtin)
        return true;
    for (size_t cursor = 0; (grant = em_access_next(ex, &cursor)) != NULL;)
        if (em_is_at_or_above(scope, grant->scope) && role_allows(&grant->role, action, false))
            return true;
    return false;
}
