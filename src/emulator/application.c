/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include "crypto/hash.h"
#include "shape.h"

/*
 * Applications that the host program adds, as a tenant's administrator would. What they sign in
 * with stays in memory; the service principal and the roles that it starts with are state, made the
 * first time: an assignment that was deleted since does not come back.
 */

#define APPLICATION_TYPE "Microsoft.Login/applications"
#define PRINCIPAL_TYPE "Microsoft.Graph/directoryObjects"
#define ASSIGNMENT_TYPE "Microsoft.Authorization/roleAssignments"

struct em_application *em_application_find(struct rd_cloud *cloud, struct rd_str client_id)
{
    for (size_t i = 0; i < cloud->login->count; i++)
        if (rd_str_eq_case(cloud->login->applications[i].client_id, client_id))
            return &cloud->login->applications[i];
    return NULL;
}

static const struct rd_json *role_of(struct rd_str role)
{
    const struct rd_json *entry = em_row("roles", "guid", role);
    return rd_json_exists(entry) ? entry : em_row("roles", "name", role);
}

/* What the application is to be; nothing is kept yet. */
RD_NODISCARD static enum rd_rc
check_ids(struct rd_cloud *cloud, const struct rd_cloud_application *asked, struct rd_err *err)
{
    if (!rd_str_is_guid(asked->client_id) ||
        (asked->object_id.n > 0 && !rd_str_is_guid(asked->object_id)))
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                                   "the ids of application '%.*s' must be GUIDs, not '%.*s' and "
                                   "'%.*s'",
                                   RD_FMT(asked->name), RD_FMT(asked->client_id),
                                   RD_FMT(asked->object_id)),
                           err, "an object id may be left out");
    if (asked->secret_sha256_hex.n != 0 && asked->secret_sha256_hex.n != RD_SHA256_HEX_SIZE - 1)
        return RD_FAIL(err, RD_RC_INVALID,
                       "the secret of application '%.*s' must be given as 64 hex digits of its "
                       "SHA-256",
                       RD_FMT(asked->name));
    for (size_t i = 0; i < asked->grant_count && i < RD_CLOUD_GRANT_COUNT_MAX; i++) {
        struct rd_str scope = asked->grants[i].scope;
        if (!rd_json_exists(role_of(asked->grants[i].role)))
            return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                                       "the embedded cloud knows no role '%.*s'",
                                       RD_FMT(asked->grants[i].role)),
                               err, "a built-in role such as Contributor or Reader");
        bool is_known = rd_str_is(scope, "/") || em_find(cloud, scope) != NULL;
        for (size_t k = 0; k < cloud->subscription_count; k++)
            is_known |= rd_str_has_prefix_case(scope, RD_STR("/subscriptions/")) &&
                        rd_str_eq_case(rd_str_sub(scope, 15, scope.n), cloud->subscriptions[k]);
        if (!is_known)
            return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                                       "there is no scope '%.*s' to grant '%.*s' at", RD_FMT(scope),
                                       RD_FMT(asked->grants[i].role)),
                               err, "'/', or '/subscriptions/' with one that the cloud has");
    }
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc read_credentials(const struct rd_cloud_application *asked,
                                                struct em_application *made, struct rd_err *err)
{
    if (asked->certificate_pem.n > 0) {
        enum rd_rc rc = rd_certificate_from_pem(asked->certificate_pem, &made->certificate, err);
        if (rc != RD_RC_OK)
            return rd_err_frame(rc, err, "while reading the certificate of application '%.*s'",
                                RD_FMT(asked->name));
    }
    if (asked->federated_key_pem.n > 0) {
        enum rd_rc rc =
            rd_sign_key_from_public_pem(asked->federated_key_pem, &made->federated_key, err);
        if (rc != RD_RC_OK)
            return rd_err_frame(rc, err, "while reading the federated key of application '%.*s'",
                                RD_FMT(asked->name));
    }
    if ((asked->federated_issuer.n > 0) != (made->federated_key != NULL) ||
        (asked->federated_issuer.n > 0) != (asked->federated_subject.n > 0))
        return RD_FAIL(err, RD_RC_INVALID,
                       "a federated credential of application '%.*s' needs issuer, subject and key",
                       RD_FMT(asked->name));
    return RD_RC_OK;
}

/* State ---------------------------------------------------------------------------------------- */

/* Its administrator made it long ago: no replication to wait for. */
static void add_principal(struct em_exchange *ex, struct rd_str object_id)
{
    em_principal_add(ex, object_id, "ServicePrincipal");
    struct em_resource *principal =
        em_find(ex->cloud, rd_arena_printf(ex->arena, "/providers/" PRINCIPAL_TYPE "/%.*s",
                                           RD_FMT(object_id)));
    struct rd_json hidden = em_hidden(ex, principal);
    rd_json_set_c(ex->arena, &hidden, "known_ms", rd_json_integer(ex->now_ms));
    em_store_hidden(ex, principal, &hidden);
}

static void add_grant(struct em_exchange *ex, struct rd_str object_id,
                      const struct rd_cloud_grant *grant)
{
    struct rd_str role = em_text_at(role_of(grant->role), "guid");
    struct rd_str root = rd_str_is(grant->scope, "/") ? (struct rd_str){"", 0} : grant->scope;
    struct rd_str what = rd_arena_printf(ex->arena, "grant %.*s %.*s %.*s", RD_FMT(object_id),
                                         RD_FMT(role), RD_FMT(grant->scope));
    struct rd_str id = rd_arena_printf(ex->arena, "%.*s/providers/" ASSIGNMENT_TYPE "/%.*s",
                                       RD_FMT(root), RD_FMT(em_guid(ex, what)));
    struct rd_str now = em_time_ticks(ex, ex->now_ms, "Z");
    struct rd_str by = rd_str_from(ex->cloud->builtin);
    struct rd_str subscription = em_id_segment(grant->scope, "subscriptions");
    if (subscription.n == 0)
        subscription = ex->cloud->subscriptions[0];
    struct rd_json body = rd_json_object();
    struct rd_json hidden = rd_json_object();
    em_set_text(ex, &body, "properties.roleDefinitionId",
                rd_arena_printf(ex->arena,
                                "/subscriptions/%.*s/providers/Microsoft.Authorization/"
                                "roleDefinitions/%.*s",
                                RD_FMT(subscription), RD_FMT(role)));
    em_set_text(ex, &body, "properties.principalId", object_id);
    em_set_word(ex, &body, "properties.principalType", "ServicePrincipal");
    em_set_text(ex, &body, "properties.scope", grant->scope);
    em_set_text(ex, &body, "properties.createdOn", now);
    em_set_text(ex, &body, "properties.updatedOn", now);
    em_set_text(ex, &body, "properties.createdBy", by);
    em_set_text(ex, &body, "properties.updatedBy", by);
    em_set_int(ex, &hidden, "effective_ms", ex->now_ms);
    (void)em_create(ex, ASSIGNMENT_TYPE, id, &body, &hidden);
}

/* The object id it has had since it was first added. */
static struct rd_str settle(struct em_exchange *ex, const struct rd_cloud_application *asked)
{
    struct rd_str id = rd_arena_printf(ex->arena, "/providers/" APPLICATION_TYPE "/%.*s",
                                       RD_FMT(asked->client_id));
    struct em_resource *former = em_find(ex->cloud, id);
    if (former != NULL) {
        struct rd_json there = em_body(ex, former);
        return em_text_at(&there, "objectId");
    }
    struct rd_str object_id = asked->object_id;
    if (object_id.n == 0)
        object_id =
            em_guid(ex, rd_arena_printf(ex->arena, "application %.*s", RD_FMT(asked->client_id)));
    struct rd_json body = rd_json_object();
    em_set_text(ex, &body, "displayName", asked->name);
    em_set_text(ex, &body, "objectId", object_id);
    (void)em_create(ex, APPLICATION_TYPE, id, &body, NULL);
    add_principal(ex, object_id);
    for (size_t i = 0; i < asked->grant_count && i < RD_CLOUD_GRANT_COUNT_MAX; i++)
        add_grant(ex, object_id, &asked->grants[i]);
    return object_id;
}

static void keep(struct rd_cloud *cloud, const struct em_application *made)
{
    struct em_login *login = cloud->login;
    struct em_application *place = em_application_find(cloud, made->client_id);
    if (place != NULL) {
        rd_sign_key_free(place->federated_key);
        rd_certificate_done(&place->certificate);
    } else {
        if (login->count == login->cap) {
            login->cap = login->cap * 2 + 4;
            login->applications =
                rd_heap_resize(login->applications, login->cap * sizeof(*login->applications));
        }
        place = &login->applications[login->count++];
    }
    *place = *made;
}

enum rd_rc rd_cloud_add_application(struct rd_cloud *cloud,
                                    const struct rd_cloud_application *asked, struct rd_err *err)
{
    struct em_application made = {.federated_key = NULL};
    RD_TRY(check_ids(cloud, asked, err));
    enum rd_rc rc = read_credentials(asked, &made, err);
    if (rc != RD_RC_OK) {
        rd_sign_key_free(made.federated_key);
        rd_certificate_done(&made.certificate);
        return rc;
    }
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_http_reply reply = {0};
    struct rd_http_request request = {.method = RD_HTTP_GET, .url = {"", 0}, .body = {"", 0}};
    struct em_exchange ex = {
        .cloud = cloud,
        .arena = arena,
        .now_ms = cloud->now_ms,
        .request = &request,
        .api_version = {"", 0},
        .body = rd_json_absent,
        .id = {"", 0},
        .reply = &reply,
        .subscription = {"", 0},
        .operation = {"", 0},
    };
    made.name = rd_arena_str(cloud->memory, asked->name);
    made.client_id = rd_arena_str(cloud->memory, asked->client_id);
    made.object_id = rd_arena_str(cloud->memory, settle(&ex, asked));
    made.secret_sha256_hex = rd_arena_str(cloud->memory, asked->secret_sha256_hex);
    made.issuer = rd_arena_str(cloud->memory, asked->federated_issuer);
    made.subject = rd_arena_str(cloud->memory, asked->federated_subject);
    made.is_managed_identity = asked->is_managed_identity;
    keep(cloud, &made);
    if (cloud->sql != NULL)
        em_token_ready(&ex);
    return em_store_flush(cloud, true, err);
}
