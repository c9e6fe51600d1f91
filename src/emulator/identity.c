/* SPDX-License-Identifier: Apache-2.0 */

/* User-assigned identities, and what bearing an identity means for any resource (azure-compute 2).
 * A new principal is known to the directory only after a while: the core's em_principal_add. */

#include "compute_internal.h"
#include "providers.h"

bool em_identity_fill(struct em_exchange *ex, struct rd_str id, struct rd_json *body)
{
    struct rd_str type = em_text_at(body, "identity.type");
    if (rd_str_is_empty(type) || rd_str_is_case(type, "None"))
        return true;
    if (rd_str_find_case(type, RD_STR("SystemAssigned"), 0) != RD_STR_NONE) {
        struct rd_str principal = em_guid(
            ex, rd_arena_printf(ex->arena, "%.*s/identity", RD_FMT(rd_arena_lower(ex->arena, id))));
        em_set_text(ex, body, "identity.principalId", principal);
        em_set_text(ex, body, "identity.tenantId", em_tenant(ex->cloud));
        em_principal_add(ex, principal, "ServicePrincipal");
    }
    if (rd_str_find_case(type, RD_STR("UserAssigned"), 0) == RD_STR_NONE)
        return true;
    const struct rd_json *asked = rd_json_at(body, "identity.userAssignedIdentities");
    struct rd_json filled = rd_json_object();
    for (size_t i = 0; i < rd_json_count(asked); i++) {
        struct rd_str key = asked->u.members[i].key;
        struct em_resource *identity = em_find(ex->cloud, key);
        if (identity == NULL ||
            !rd_str_is_case(rd_str_from(identity->type->name), EM_USER_IDENTITY_TYPE))
            return em_fail(ex, 400, "FailedIdentityOperation",
                           "Identity operation for resource '%.*s' failed with error 'Failed to "
                           "perform resource identity operation. Status: 'BadRequest'. Response: "
                           "'{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource '%.*s' was "
                           "not found.\"}}'.'.",
                           RD_FMT(id), RD_FMT(key));
        struct rd_json its = em_body(ex, identity), entry = rd_json_object();
        em_set_text(ex, &entry, "principalId", em_text_at(&its, "properties.principalId"));
        em_set_text(ex, &entry, "clientId", em_text_at(&its, "properties.clientId"));
        (void)rd_json_set(ex->arena, &filled, key, entry);
    }
    em_set(ex, body, "identity.userAssignedIdentities", filled);
    return true;
}

struct rd_str em_identity_principal(struct em_exchange *ex, const struct rd_json *body,
                                    struct rd_str *ret_user_assigned)
{
    const struct rd_json *users = rd_json_at(body, "identity.userAssignedIdentities");
    *ret_user_assigned = (struct rd_str){0};
    if (rd_json_count(users) == 0)
        return em_text_at(body, "identity.principalId");
    *ret_user_assigned = users->u.members[0].key;
    struct em_resource *identity = em_find(ex->cloud, *ret_user_assigned);
    if (identity == NULL) /* deleted while in use: consumers break silently */
        return (struct rd_str){0};
    struct rd_json its = em_body(ex, identity);
    return em_text_at(&its, "properties.principalId");
}

static bool put_identity(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                         struct rd_json *hidden)
{
    static const char *const scopes[] = {"None", "Regional", NULL};
    (void)hidden;
    if (!em_require_word(ex, body, "properties.isolationScope", scopes, true))
        return false;
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    if (former != NULL) {
        static const char *const kept[] = {"properties.principalId", "properties.clientId",
                                           "properties.tenantId"};
        for (size_t i = 0; i < EM_COUNT(kept); i++)
            em_set_text(ex, body, kept[i], em_text_at(&was, kept[i]));
        return true;
    }
    /* A new identity of an old name is another principal. */
    struct rd_str seed = rd_arena_printf(
        ex->arena, "%.*s@%lld", RD_FMT(rd_arena_lower(ex->arena, ex->id)), (long long)ex->now_ms);
    struct rd_str principal = em_guid(ex, seed);
    em_set_text(ex, body, "properties.tenantId", em_tenant(ex->cloud));
    em_set_text(ex, body, "properties.principalId", principal);
    em_set_text(ex, body, "properties.clientId",
                em_guid(ex, rd_arena_printf(ex->arena, "%.*s/client", RD_FMT(seed))));
    em_principal_add(ex, principal, "ServicePrincipal");
    return true;
}

static bool put_credential(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                           struct rd_json *hidden)
{
    (void)former;
    (void)hidden;
    return em_require(ex, body, "properties.issuer", RD_JSON_STRING) &&
           em_require(ex, body, "properties.subject", RD_JSON_STRING) &&
           em_require(ex, body, "properties.audiences", RD_JSON_ARRAY);
}

static const struct em_type types[] = {
    {
        .name = EM_USER_IDENTITY_TYPE,
        EM_REGIONAL,
        EM_ANSWERS(201, 200, 200),
        .async = EM_SYNC,
        .has_no_state = true,
        .deletes_children = true,
        .name_pattern = "^[a-zA-Z0-9_-]{3,128}$",
        .source = "azure-compute 2",
        .put = put_identity,
    },
    {
        .name = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        .place = EM_IN_PARENT,
        EM_ANSWERS(201, 200, 200),
        .async = EM_SYNC,
        .has_no_state = true,
        .source = "azure-compute 2",
        .put = put_credential,
    },
};

const struct em_part em_identity_part = {
    .name = "identity", .types = types, .type_count = EM_COUNT(types)};
