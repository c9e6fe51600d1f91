/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"
#include "keys.h"

/*
 * Who may do what in vaults and managed HSMs. A vault asks the role assignments of Azure, or its
 * own access policies; an HSM has roles of its own (azure-compute 7.7, 7.8). It is asked once for
 * each request, before the key or secret is looked for.
 */

/* Operations ----------------------------------------------------------------------------------- */

/* What a request does: by collection, method and the word behind the name. The first row that fits
 * counts. */
static const struct operation {
    const char *collection;
    enum rd_http_method method;
    size_t count;       /* of segments; 0: any */
    const char *word;   /* the last segment, or NULL */
    const char *action; /* behind "Microsoft.KeyVault/vaults/" (provider operations, documented) */
    const char *policy; /* the word of access policies */
    const char *hsm;    /* behind "Microsoft.KeyVault/managedHsm/", or NULL */
} operations[] = {
    {"keys", RD_HTTP_GET, 1, NULL, "keys/read", "list", "keys/read/action"},
    {"keys", RD_HTTP_GET, 3, "versions", "keys/read", "list", "keys/read/action"},
    {"keys", RD_HTTP_GET, 3, "rotationpolicy", "keyrotationpolicies/read", "getrotationpolicy",
     "keys/read/action"},
    {"keys", RD_HTTP_GET, 0, NULL, "keys/read", "get", "keys/read/action"},
    {"keys", RD_HTTP_PUT, 3, "rotationpolicy", "keyrotationpolicies/write", "setrotationpolicy",
     "keys/write/action"},
    {"keys", RD_HTTP_PUT, 0, NULL, "keys/import/action", "import", "keys/import/action"},
    {"keys", RD_HTTP_PATCH, 0, NULL, "keys/update/action", "update", "keys/write/action"},
    {"keys", RD_HTTP_DELETE, 0, NULL, "keys/delete", "delete", "keys/delete"},
    {"keys", RD_HTTP_POST, 0, "create", "keys/create/action", "create", "keys/create"},
    {"keys", RD_HTTP_POST, 0, "rotate", "keys/rotate/action", "rotate", "keys/rotate/action"},
    {"keys", RD_HTTP_POST, 0, "backup", "keys/backup/action", "backup", "keys/backup/action"},
    {"keys", RD_HTTP_POST, 2, "restore", "keys/restore/action", "restore", "keys/restore/action"},
    {"keys", RD_HTTP_POST, 0, "encrypt", "keys/encrypt/action", "encrypt", "keys/encrypt/action"},
    {"keys", RD_HTTP_POST, 0, "decrypt", "keys/decrypt/action", "decrypt", "keys/decrypt/action"},
    {"keys", RD_HTTP_POST, 0, "wrapkey", "keys/wrap/action", "wrapKey", "keys/wrap/action"},
    {"keys", RD_HTTP_POST, 0, "unwrapkey", "keys/unwrap/action", "unwrapKey", "keys/unwrap/action"},
    {"keys", RD_HTTP_POST, 0, "sign", "keys/sign/action", "sign", "keys/sign/action"},
    {"keys", RD_HTTP_POST, 0, "verify", "keys/verify/action", "verify", "keys/verify/action"},
    {"keys", RD_HTTP_POST, 0, "release", "keys/release/action", "release", "keys/release/action"},
    {"deletedkeys", RD_HTTP_GET, 1, NULL, "keys/read", "list", "keys/deletedKeys/read/action"},
    {"deletedkeys", RD_HTTP_GET, 0, NULL, "keys/read", "get", "keys/deletedKeys/read/action"},
    {"deletedkeys", RD_HTTP_DELETE, 0, NULL, "keys/purge/action", "purge",
     "keys/deletedKeys/delete"},
    {"deletedkeys", RD_HTTP_POST, 0, "recover", "keys/recover/action", "recover",
     "keys/deletedKeys/recover/action"},
    {"secrets", RD_HTTP_GET, 1, NULL, "secrets/readMetadata/action", "list", NULL},
    {"secrets", RD_HTTP_GET, 3, "versions", "secrets/readMetadata/action", "list", NULL},
    {"secrets", RD_HTTP_GET, 0, NULL, "secrets/getSecret/action", "get", NULL},
    {"secrets", RD_HTTP_PUT, 0, NULL, "secrets/setSecret/action", "set", NULL},
    {"secrets", RD_HTTP_PATCH, 0, NULL, "secrets/update/action", "set", NULL},
    {"secrets", RD_HTTP_DELETE, 0, NULL, "secrets/delete", "delete", NULL},
    {"secrets", RD_HTTP_POST, 0, "backup", "secrets/backup/action", "backup", NULL},
    {"secrets", RD_HTTP_POST, 2, "restore", "secrets/restore/action", "restore", NULL},
    {"deletedsecrets", RD_HTTP_GET, 1, NULL, "secrets/readMetadata/action", "list", NULL},
    {"deletedsecrets", RD_HTTP_GET, 0, NULL, "secrets/readMetadata/action", "get", NULL},
    {"deletedsecrets", RD_HTTP_DELETE, 0, NULL, "secrets/purge/action", "purge", NULL},
    {"deletedsecrets", RD_HTTP_POST, 0, "recover", "secrets/recover/action", "recover", NULL},
};

static const struct operation *find_operation(const struct em_exchange *ex,
                                              const struct rd_str *segments, size_t count)
{
    enum rd_http_method method = ex->request->method;
    if (method == RD_HTTP_HEAD)
        method = RD_HTTP_GET;
    for (size_t i = 0; count > 0 && i < EM_COUNT(operations); i++) {
        const struct operation *row = &operations[i];
        if (rd_str_is_case(segments[0], row->collection) && row->method == method &&
            (row->count == 0 || row->count == count) &&
            (row->word == NULL || rd_str_is_case(segments[count - 1], row->word)))
            return row;
    }
    return NULL;
}

/* Vaults --------------------------------------------------------------------------------------- */

static struct rd_str caller_text(struct em_exchange *ex)
{
    struct rd_str app = ex->caller.app_id.n > 0 ? ex->caller.app_id : ex->caller.object_id;
    return rd_arena_printf(ex->arena, "appid=%.*s;oid=%.*s", RD_FMT(app),
                           RD_FMT(ex->caller.object_id));
}

static struct rd_str issuer(struct em_exchange *ex)
{
    return rd_arena_printf(ex->arena, "https://sts.windows.net/%.*s/",
                           RD_FMT(em_tenant(ex->cloud)));
}

static bool may_by_role(struct em_exchange *ex, const struct em_resource *vault,
                        const struct operation *operation, const struct rd_str *segments,
                        size_t count)
{
    bool is_key = rd_str_find_case(segments[0], RD_STR("keys"), 0) != RD_STR_NONE;
    struct rd_str action =
        rd_arena_printf(ex->arena, "Microsoft.KeyVault/vaults/%s", operation->action);
    struct rd_str scope = count > 1
                              ? em_child_id(ex, vault->id, is_key ? "keys" : "secrets", segments[1])
                              : vault->id;
    if (em_may_data(ex, action, scope))
        return true;
    struct rd_str location = em_location(ex, vault);
    return em_plane_fail(
        ex, 403, "Forbidden", "ForbiddenByRbac",
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
        "assignments or role definitions were changed recently, please observe propagation "
        "time.\r\nCaller: %.*s;iss=%.*s\r\nAction: '%.*s'\r\nResource: '%.*s'\r\nAssignment: (not "
        "found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\nVault: "
        "%.*s;location=%.*s\r\n",
        RD_FMT(caller_text(ex)), RD_FMT(issuer(ex)), RD_FMT(action),
        RD_FMT(rd_arena_lower(ex->arena, scope)), RD_FMT(em_name(vault)), RD_FMT(location));
}

static bool has_word(const struct rd_json *permissions, const char *word)
{
    for (size_t i = 0; i < rd_json_count(permissions); i++) {
        struct rd_str one = rd_json_str(rd_json_item(permissions, i));
        /* "all" is everything but purge (documented). */
        if (rd_str_is_case(one, word) ||
            (rd_str_is_case(one, "all") && !rd_str_is_case(RD_STR("purge"), word)))
            return true;
    }
    return false;
}

static bool may_by_policy(struct em_exchange *ex, const struct em_resource *vault,
                          const struct rd_json *body, const struct operation *operation,
                          struct rd_str collection)
{
    bool is_key = rd_str_find_case(collection, RD_STR("keys"), 0) != RD_STR_NONE;
    const struct rd_json *policies = rd_json_at(body, "properties.accessPolicies");
    for (size_t i = 0; i < rd_json_count(policies); i++) {
        const struct rd_json *policy = rd_json_item(policies, i);
        struct rd_str principal = em_text_at(policy, "objectId");
        if (em_is_caller(ex, principal, em_is_person(ex, principal)) &&
            has_word(rd_json_at(policy, is_key ? "permissions.keys" : "permissions.secrets"),
                     operation->policy))
            return true;
    }
    struct rd_str location = em_location(ex, vault);
    return em_plane_fail(ex, 403, "Forbidden", "AccessDenied",
                         "The user, group or application '%.*s;numgroups=%zu;iss=%.*s' does not "
                         "have %s %s permission on key vault '%.*s;location=%.*s'. For help "
                         "resolving this issue, please see "
                         "https://go.microsoft.com/fwlink/?linkid=2125287",
                         RD_FMT(caller_text(ex)), ex->caller.group_count, RD_FMT(issuer(ex)),
                         is_key ? "keys" : "secrets", operation->policy, RD_FMT(em_name(vault)),
                         RD_FMT(location));
}

bool em_vault_may(struct em_exchange *ex, const struct em_resource *vault,
                  const struct rd_str *segments, size_t count)
{
    const struct operation *operation = find_operation(ex, segments, count);
    if (operation == NULL)
        return true; /* the plane refuses what it does not know */
    struct rd_json body = em_body(ex, vault);
    if (rd_json_is_true(rd_json_at(&body, "properties.enableRbacAuthorization")))
        return may_by_role(ex, vault, operation, segments, count);
    return may_by_policy(ex, vault, &body, operation, segments[0]);
}

/* Managed HSMs --------------------------------------------------------------------------------- */

#define USES                                                                                       \
    "keys/encrypt/action", "keys/decrypt/action", "keys/wrap/action", "keys/unwrap/action",        \
        "keys/sign/action", "keys/verify/action"

/* azure-compute 7.7: what each local role holds. */
static const struct hsm_role {
    const char *guid;
    const char *patterns[24];
} hsm_roles[] = {
    {"a290e904-7015-4bba-90c8-60543313cdb4",
     {"securitydomain/*", "backup/*", "restore/*", "roleAssignments/*", "roleDefinitions/*"}},
    {"515eb02d-2335-4d2d-92f2-b1cbdf9c3778",
     {"keys/deletedKeys/*", "roleAssignments/*", "roleDefinitions/*"}},
    {"21dbd100-6940-42c2-9190-5d6cb909625b",
     {"keys/create", "keys/import/action", "keys/read/action", "keys/write/action", "keys/delete",
      "keys/rotate/action", "keys/backup/action", "keys/restore/action", "keys/release/action",
      USES, "roleAssignments/read/action", "roleDefinitions/read/action"}},
    {"4bd23610-cdcf-4971-bdee-bdc562cc28e4", {"roleAssignments/*", "roleDefinitions/*"}},
    {"2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",
     {"keys/read/action", "roleAssignments/read/action", "roleDefinitions/read/action"}},
    {"33413926-3206-4cdd-b39a-83574fe37a17",
     {"keys/read/action", "keys/wrap/action", "keys/unwrap/action"}},
    {"21dbd100-6940-42c2-9190-5d6cb909625c", {"keys/release/action"}},
    {"7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8", {"backup/*", "keys/backup/action"}},
    {"6efe6056-5259-49d2-8b3d-d3d73544b20b", {"restore/*", "keys/restore/action"}},
};

static bool hsm_role_allows(struct rd_str guid, struct rd_str action)
{
    for (size_t i = 0; i < EM_COUNT(hsm_roles); i++)
        for (size_t k = 0; rd_str_is_case(guid, hsm_roles[i].guid) &&
                           k < EM_COUNT(hsm_roles[i].patterns) && hsm_roles[i].patterns[k] != NULL;
             k++)
            if (em_pattern_fits(rd_str_from(hsm_roles[i].patterns[k]), action))
                return true;
    return false;
}

/* The root is above all, "/keys" above each key. */
static bool hsm_covers(struct rd_str above, struct rd_str scope)
{
    return rd_str_is(above, "/") || em_is_at_or_above(above, scope);
}

/* Those that the HSM was made with administer it from the start. */
static bool is_first_admin(struct em_exchange *ex, const struct em_resource *hsm)
{
    struct rd_json body = em_body(ex, hsm);
    const struct rd_json *ids = rd_json_at(&body, "properties.initialAdminObjectIds");
    for (size_t i = 0; i < rd_json_count(ids); i++) {
        struct rd_str id = rd_json_str(rd_json_item(ids, i));
        if (em_is_caller(ex, id, em_is_person(ex, id)))
            return true;
    }
    return false;
}

static bool hsm_holds(struct em_exchange *ex, const struct em_resource *hsm, struct rd_str action,
                      struct rd_str scope)
{
    if (hsm_role_allows(rd_str_from(hsm_roles[0].guid), action) && is_first_admin(ex, hsm))
        return true;
    for (struct em_resource *item = em_next_child(hsm, EM_HSM_ROLE_TYPE, NULL); item != NULL;
         item = em_next_child(hsm, EM_HSM_ROLE_TYPE, item)) {
        struct rd_json body = em_body(ex, item), hidden = em_hidden(ex, item);
        struct rd_str principal = em_text_at(&body, "properties.principalId");
        struct rd_str role = em_id_name(em_text_at(&body, "properties.roleDefinitionId"));
        if (!item->is_deleted && hsm_covers(em_text_at(&body, "properties.scope"), scope) &&
            rd_json_int(rd_json_at(&hidden, "effective_ms"), 0) <= ex->now_ms &&
            hsm_role_allows(role, action) &&
            em_is_caller(ex, principal, em_is_person(ex, principal)))
            return true;
    }
    return false;
}

bool em_hsm_may(struct em_exchange *ex, const struct em_resource *hsm, struct rd_str action,
                struct rd_str scope)
{
    if (hsm_holds(ex, hsm, action, scope))
        return true;
    struct rd_str activity =
        em_guid(ex, rd_arena_printf(ex->arena, "activity %llu", (unsigned long long)ex->number));
    return em_plane_fail(ex, 403, "AccessDenied", NULL,
                         "Not authorized to access Microsoft.KeyVault/managedHsm/%.*s on %.*s "
                         "(Activity ID: %.*s)",
                         RD_FMT(action), RD_FMT(scope), RD_FMT(activity));
}

bool em_hsm_may_use(struct em_exchange *ex, const struct em_resource *hsm,
                    const struct rd_str *segments, size_t count)
{
    const struct operation *operation = find_operation(ex, segments, count);
    if (operation == NULL || operation->hsm == NULL)
        return true; /* the plane refuses what it does not know */
    struct rd_str scope =
        count > 1 ? rd_arena_printf(ex->arena, "/keys/%.*s", RD_FMT(segments[1])) : RD_STR("/keys");
    return em_hsm_may(ex, hsm, rd_str_from(operation->hsm), scope);
}
