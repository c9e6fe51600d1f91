/* SPDX-License-Identifier: Apache-2.0 */

/* The managed HSMs' data plane: activation, local RBAC (azure-compute 7.7); keys are key_plane.c's.
 * A role is in force one to three minutes after its assignment. */

#include "compute_internal.h"
#include "keys.h"
#include "providers.h"

static const struct {
    const char *guid;
    const char *name;
} roles[] = {
    {"a290e904-7015-4bba-90c8-60543313cdb4", "Managed HSM Administrator"},
    {"515eb02d-2335-4d2d-92f2-b1cbdf9c3778", "Managed HSM Crypto Officer"},
    {"21dbd100-6940-42c2-9190-5d6cb909625b", "Managed HSM Crypto User"},
    {"4bd23610-cdcf-4971-bdee-bdc562cc28e4", "Managed HSM Policy Administrator"},
    {"2c18b078-7c48-4d3a-af88-5a3a1b3f82b3", "Managed HSM Crypto Auditor"},
    {"33413926-3206-4cdd-b39a-83574fe37a17", "Managed HSM Crypto Service Encryption User"},
    {"21dbd100-6940-42c2-9190-5d6cb909625c", "Managed HSM Crypto Service Release User"},
    {"7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8", "Managed HSM Backup"},
    {"6efe6056-5259-49d2-8b3d-d3d73544b20b", "Managed HSM Restore"},
};

static bool answer(struct em_exchange *ex, int status, const struct rd_json *body)
{
    em_reply_json(ex, status, body, EM_JSON_COMPACT);
    return true;
}

static struct rd_str activity(struct em_exchange *ex)
{
    return em_guid(ex, rd_arena_printf(ex->arena, "activity %llu", (unsigned long long)ex->number));
}

static struct rd_json role_view(struct em_exchange *ex, const struct em_resource *item)
{
    struct rd_json body = em_body(ex, item), view = rd_json_object();
    struct rd_str scope = em_text_at(&body, "properties.scope");
    em_set_text(
        ex, &view, "id",
        rd_arena_printf(ex->arena, "%.*s/providers/Microsoft.Authorization/roleAssignments/%.*s",
                        RD_FMT(rd_str_is(scope, "/") ? RD_STR("") : scope), RD_FMT(em_name(item))));
    em_set_text(ex, &view, "name", em_name(item));
    em_set(ex, &view, "properties", *rd_json_at(&body, "properties"));
    em_set_word(ex, &view, "type", "Microsoft.Authorization/roleAssignments");
    return view;
}

/* Lists of a scope show its own assignments only: "/" does not include those of keys. */
static bool list_roles(struct em_exchange *ex, struct em_resource *hsm, struct rd_str scope)
{
    struct rd_json reply = rd_json_object();
    struct rd_json *value = em_array(ex, &reply, "value");
    struct rd_str filter = {0};
    (void)rd_http_query_get(ex->arena, ex->url.query, "$filter", &filter);
    for (struct em_resource *item = em_next_child(hsm, EM_HSM_ROLE_TYPE, NULL); item != NULL;
         item = em_next_child(hsm, EM_HSM_ROLE_TYPE, item)) {
        struct rd_json body = em_body(ex, item);
        if (item->is_deleted || !rd_str_eq_case(em_text_at(&body, "properties.scope"), scope) ||
            (!rd_str_is_empty(filter) &&
             rd_str_find_case(filter, em_text_at(&body, "properties.principalId"), 0) ==
                 RD_STR_NONE))
            continue;
        (void)rd_json_append(ex->arena, value, role_view(ex, item));
    }
    return answer(ex, 200, &reply);
}

static bool put_role(struct em_exchange *ex, struct em_resource *hsm, struct rd_str scope,
                     struct rd_str name)
{
    struct rd_str definition = em_text_at(&ex->body, "properties.roleDefinitionId");
    struct rd_str principal = em_text_at(&ex->body, "properties.principalId");
    bool is_known = false;
    for (size_t i = 0; i < EM_COUNT(roles); i++)
        is_known = is_known || rd_str_is_case(em_id_name(definition), roles[i].guid);
    if (!is_known)
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "Unkown role definition (Activity ID: %.*s)", RD_FMT(activity(ex)));
    if (!rd_str_is_guid(name) || !rd_str_is_guid(principal))
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "The role assignment's name and principalId must be GUIDs (Activity "
                             "ID: %.*s)",
                             RD_FMT(activity(ex)));
    for (struct em_resource *item = em_next_child(hsm, EM_HSM_ROLE_TYPE, NULL); item != NULL;
         item = em_next_child(hsm, EM_HSM_ROLE_TYPE, item)) {
        struct rd_json body = em_body(ex, item);
        if (!item->is_deleted && !rd_str_eq_case(em_name(item), name) &&
            rd_str_eq_case(em_text_at(&body, "properties.scope"), scope) &&
            rd_str_eq_case(em_text_at(&body, "properties.principalId"), principal) &&
            rd_str_eq_case(em_id_name(em_text_at(&body, "properties.roleDefinitionId")),
                           em_id_name(definition)))
            return em_plane_fail(ex, 409, "RoleAssignmentExists", NULL,
                                 "The role assignment already exists. (Activity ID: %.*s)",
                                 RD_FMT(activity(ex)));
    }
    struct rd_str id = em_child_id(ex, hsm->id, "roleAssignments", name);
    struct em_resource *item = em_find(ex->cloud, id);
    struct rd_json body = rd_json_object(), hidden = rd_json_object();
    em_set_text(ex, &body, "properties.scope", scope);
    em_set_text(ex, &body, "properties.roleDefinitionId", definition);
    em_set_text(ex, &body, "properties.principalId", principal);
    em_set_int(ex, &hidden, "effective_ms", ex->now_ms + em_draw_ms(ex, id, 120000));
    if (item == NULL)
        item = em_create(ex, EM_HSM_ROLE_TYPE, id, &body, &hidden);
    if (item == NULL)
        return em_plane_fail(ex, 409, "Conflict", NULL, "The role assignment is being deleted.");
    struct rd_json view = role_view(ex, item);
    return answer(ex, 201, &view);
}

static bool role_definitions(struct em_exchange *ex)
{
    struct rd_json reply = rd_json_object();
    struct rd_json *value = em_array(ex, &reply, "value");
    for (size_t i = 0; i < EM_COUNT(roles); i++) {
        struct rd_json item = rd_json_object();
        em_set_text(ex, &item, "id",
                    rd_arena_printf(ex->arena,
                                    "Microsoft.KeyVault/providers/Microsoft.Authorization/"
                                    "roleDefinitions/%s",
                                    roles[i].guid));
        em_set_word(ex, &item, "name", roles[i].guid);
        em_set_word(ex, &item, "properties.roleName", roles[i].name);
        em_set_word(ex, &item, "properties.type", "AKVBuiltInRole");
        (void)rd_json_append(ex->arena, value, item);
    }
    return answer(ex, 200, &reply);
}

/* "roleAssignments/write/action" */
static struct rd_str role_action(struct em_exchange *ex, struct rd_str kind)
{
    const char *verb = "read";
    if (ex->request->method == RD_HTTP_DELETE)
        verb = "delete";
    else if (ex->request->method != RD_HTTP_GET && ex->request->method != RD_HTTP_HEAD)
        verb = "write";
    bool is_definition = rd_str_is_case(kind, "roleDefinitions");
    return rd_arena_printf(ex->arena, "%s/%s/action",
                           is_definition ? "roleDefinitions" : "roleAssignments", verb);
}

/* {scope}/providers/Microsoft.Authorization/...: the scope is what stands before. */
static bool role_request(struct em_exchange *ex, struct em_resource *hsm, struct rd_str *segments,
                         size_t count, size_t at)
{
    struct rd_str scope = RD_STR("/");
    if (at >= 1)
        scope = at >= 2 ? rd_arena_printf(ex->arena, "/keys/%.*s", RD_FMT(segments[1]))
                        : RD_STR("/keys");
    if (at > 2 || (at >= 1 && !rd_str_is_case(segments[0], "keys")))
        return em_plane_fail(ex, 400, "BadParameter", NULL, "The scope is invalid.");
    struct rd_str kind = count > at + 2 ? segments[at + 2] : (struct rd_str){0};
    if (!em_hsm_may(ex, hsm, role_action(ex, kind), scope))
        return false;
    if (rd_str_is_case(kind, "roleDefinitions") && count == at + 3)
        return role_definitions(ex);
    if (!rd_str_is_case(kind, "roleAssignments"))
        return em_plane_fail(ex, 404, "NotFound", NULL, "There is no such collection.");
    if (count == at + 3)
        return list_roles(ex, hsm, scope);
    struct rd_str name = segments[at + 3];
    if (ex->request->method == RD_HTTP_PUT)
        return put_role(ex, hsm, scope, name);
    struct em_resource *item =
        em_find(ex->cloud, em_child_id(ex, hsm->id, "roleAssignments", name));
    struct rd_json body = item != NULL ? em_body(ex, item) : rd_json_object();
    if (item == NULL || !rd_str_eq_case(em_text_at(&body, "properties.scope"), scope))
        return em_plane_fail(ex, 404, "RoleAssignmentNotFound", NULL,
                             "Requested role assignment not found (Activity ID: %.*s)",
                             RD_FMT(activity(ex)));
    struct rd_json view = role_view(ex, item);
    if (ex->request->method == RD_HTTP_DELETE) {
        em_remove(ex, item);
        em_store_forget(ex, hsm);
    } else if (ex->request->method != RD_HTTP_GET) {
        return em_plane_fail(ex, 405, "MethodNotAllowed", NULL, "The method is not allowed here.");
    }
    return answer(ex, 200, &view);
}

bool em_hsm_plane(struct em_exchange *ex)
{
    struct em_resource *hsm = em_key_store(ex, ex->url.host, true);
    if (hsm != NULL)
        em_plane_headers(ex, hsm, true);
    if (!em_plane_challenge(ex, true))
        return false;
    if (hsm == NULL || hsm->state == EM_CREATING)
        return em_plane_fail(ex, 404, "HsmNotFound", NULL,
                             "The host name '%.*s' does not resolve to a managed HSM.",
                             RD_FMT(em_place_host(ex, ex->place, ex->place_name)));
    struct rd_json body = em_body(ex, hsm);
    if (!rd_str_is_case(em_text_at(&body, "properties.securityDomainProperties.activationStatus"),
                        "Active"))
        return em_plane_fail(ex, 403, "Forbidden", "HsmNotActivated",
                             "The managed HSM is not activated: its security domain has not been "
                             "downloaded (Activity ID: %.*s)",
                             RD_FMT(activity(ex)));
    if (!em_check_members(ex, &ex->body))
        return false;
    struct rd_str segments[8] = {{0}};
    size_t count = em_plane_segments(ex, segments);
    for (size_t i = 0; i + 1 < count; i++)
        if (rd_str_is_case(segments[i], "providers") &&
            rd_str_is_case(segments[i + 1], "Microsoft.Authorization"))
            return role_request(ex, hsm, segments, count, i);
    if (!em_hsm_may_use(ex, hsm, segments, count))
        return false;
    if (rd_str_is_case(segments[0], "keys") || rd_str_is_case(segments[0], "deletedkeys"))
        return em_key_request(ex, hsm, true, segments, count);
    return em_plane_fail(ex, 501, "NotEmulated", NULL,
                         "Only keys and roles of managed HSMs are emulated, not '%.*s'.",
                         RD_FMT(ex->url.path));
}
