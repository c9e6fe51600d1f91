/* SPDX-License-Identifier: Apache-2.0 */

/* The vaults' data plane: challenge, secrets (azure-compute 8.2); keys are key_plane.c's. A
 * secret's value stands in its hidden versions and in the replies to PUT and GET of it, nowhere
 * else. */

#include "compute_internal.h"
#include "keys.h"
#include "providers.h"

static bool answer(struct em_exchange *ex, const struct rd_json *body)
{
    em_reply_json(ex, 200, body, EM_JSON_COMPACT);
    return true;
}

static bool refuse_absent(struct em_exchange *ex, struct rd_str name)
{
    return em_plane_fail(ex, 404, "SecretNotFound", NULL,
                         "A secret with (name/id) %.*s was not found in this key vault. If you "
                         "recently deleted this secret you may be able to recover it using the "
                         "correct recovery command. For help resolving this issue, please see "
                         "https://go.microsoft.com/fwlink/?linkid=2125182",
                         RD_FMT(name));
}

static const struct rd_json *newest(const struct rd_json *hidden)
{
    const struct rd_json *versions = rd_json_at(hidden, "versions");
    size_t count = rd_json_count(versions);
    return count == 0 ? &rd_json_absent : rd_json_item(versions, count - 1);
}

static bool set_secret(struct em_exchange *ex, struct em_resource *vault, struct rd_str name)
{
    if (!rd_json_is(rd_json_at(&ex->body, "value"), RD_JSON_STRING))
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "The request URI contains an invalid "
                             "name or the value is missing.");
    if (em_text_at(&ex->body, "value").n > 25 * 1024)
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "The value of the secret is longer than 25 kB.");
    struct rd_str id = em_child_id(ex, vault->id, "secrets", name);
    struct em_resource *secret = em_find(ex->cloud, id);
    struct rd_json hidden = secret != NULL ? em_hidden(ex, secret) : rd_json_object();
    if (em_has(&hidden, "deleted_ms"))
        return em_plane_fail(ex, 409, "Conflict", "ObjectIsDeletedButRecoverable",
                             "Secret %.*s is currently in a deleted but recoverable state, and its "
                             "name cannot be reused; in this state, the secret can only be "
                             "recovered or purged.",
                             RD_FMT(name));
    struct rd_json bundle = rd_json_object();
    struct rd_str url = em_store_url(ex, vault, false);
    struct rd_str version = em_hex(
        ex, rd_arena_printf(ex->arena, "%.*s@%llu", RD_FMT(id), (unsigned long long)ex->number),
        32);
    em_set_text(ex, &bundle, "value", em_text_at(&ex->body, "value"));
    if (em_has(&ex->body, "contentType"))
        em_set_text(ex, &bundle, "contentType", em_text_at(&ex->body, "contentType"));
    em_set_text(ex, &bundle, "id",
                rd_arena_printf(ex->arena, "%.*ssecrets/%.*s/%.*s", RD_FMT(url), RD_FMT(name),
                                RD_FMT(version)));
    struct rd_json attributes = em_plane_attributes(ex, vault, rd_json_at(&ex->body, "attributes"));
    em_set(ex, &bundle, "attributes", attributes);
    if (em_has(&ex->body, "tags"))
        em_set(ex, &bundle, "tags", rd_json_copy(ex->arena, rd_json_at(&ex->body, "tags")));
    (void)rd_json_append(ex->arena, em_array(ex, &hidden, "versions"), bundle);
    struct rd_json none = rd_json_object();
    if (secret == NULL)
        (void)em_create(ex, EM_SECRET_TYPE, id, &none, &hidden);
    else
        em_store_hidden(ex, secret, &hidden);
    return answer(ex, &bundle);
}

/* A version without its value; with `has_version` false under the secret's own id. */
static struct rd_json without_value(struct em_exchange *ex, const struct rd_json *bundle,
                                    bool has_version)
{
    struct rd_json item = rd_json_copy(ex->arena, bundle);
    em_drop(&item, "", "value");
    struct rd_str id = em_text_at(&item, "id");
    if (!has_version)
        em_set_text(ex, &item, "id", rd_str_sub(id, 0, rd_str_find_last_char(id, '/')));
    return item;
}

/* `has_version` as in without_value: lists name no versions. */
static struct rd_json deleted_bundle(struct em_exchange *ex, struct em_resource *vault,
                                     struct rd_str name, const struct rd_json *hidden,
                                     bool has_version)
{
    struct rd_json bundle = without_value(ex, newest(hidden), has_version);
    struct rd_str url = em_store_url(ex, vault, false);
    em_set_text(ex, &bundle, "recoveryId",
                rd_arena_printf(ex->arena, "%.*sdeletedsecrets/%.*s", RD_FMT(url), RD_FMT(name)));
    em_set_int(ex, &bundle, "deletedDate", rd_json_int(rd_json_at(hidden, "deleted_ms"), 0) / 1000);
    em_set_int(ex, &bundle, "scheduledPurgeDate",
               rd_json_int(rd_json_at(hidden, "purge_ms"), 0) / 1000);
    return bundle;
}

static bool list_secrets(struct em_exchange *ex, struct em_resource *vault, bool is_deleted)
{
    struct rd_json items = rd_json_array();
    for (struct em_resource *secret = em_next_child(vault, EM_SECRET_TYPE, NULL); secret != NULL;
         secret = em_next_child(vault, EM_SECRET_TYPE, secret)) {
        struct rd_json hidden = em_hidden(ex, secret);
        bool is_gone = rd_json_int(rd_json_at(&hidden, "purge_ms"), INT64_MAX) <= ex->now_ms;
        if (!secret->is_deleted && !is_gone && em_has(&hidden, "deleted_ms") == is_deleted)
            (void)rd_json_append(ex->arena, &items,
                                 is_deleted
                                     ? deleted_bundle(ex, vault, em_name(secret), &hidden, false)
                                     : without_value(ex, newest(&hidden), false));
    }
    return em_plane_reply_page(ex, false, &items);
}

static bool deleted_secret(struct em_exchange *ex, struct em_resource *vault,
                           const struct rd_str *segments, size_t count)
{
    if (count == 1)
        return list_secrets(ex, vault, true);
    struct em_resource *secret =
        em_find(ex->cloud, em_child_id(ex, vault->id, "secrets", segments[1]));
    struct rd_json hidden = secret != NULL ? em_hidden(ex, secret) : rd_json_object();
    if (secret == NULL || !em_has(&hidden, "deleted_ms"))
        return refuse_absent(ex, segments[1]);
    if (count == 2 && ex->request->method == RD_HTTP_GET) {
        struct rd_json bundle = deleted_bundle(ex, vault, segments[1], &hidden, true);
        return answer(ex, &bundle);
    }
    if (count == 3 && rd_str_is_case(segments[2], "recover")) {
        em_drop(&hidden, "", "deleted_ms");
        em_drop(&hidden, "", "purge_ms");
        em_store_hidden(ex, secret, &hidden);
        struct rd_json bundle = without_value(ex, newest(&hidden), true);
        return answer(ex, &bundle);
    }
    if (count != 2 || ex->request->method != RD_HTTP_DELETE)
        return em_plane_fail(ex, 405, "MethodNotAllowed", NULL, "The method is not allowed here.");
    if (em_store_is_purge_protected(ex, vault))
        return em_plane_fail(ex, 403, "Forbidden", NULL,
                             "Operation \"purge\" is not allowed on this vault because purge "
                             "protection is enabled.");
    em_remove(ex, secret);
    em_store_forget(ex, vault);
    em_reply_empty(ex, 204);
    return true;
}

static bool get_secret(struct em_exchange *ex, const struct rd_json *hidden, struct rd_str name,
                       struct rd_str version)
{
    const struct rd_json *versions = rd_json_at(hidden, "versions");
    for (size_t i = rd_json_count(versions); i-- > 0;) {
        const struct rd_json *bundle = rd_json_item(versions, i);
        if (!rd_str_is_empty(version) &&
            !rd_str_eq_case(em_id_name(em_text_at(bundle, "id")), version))
            continue;
        if (!rd_json_is_true(rd_json_at(bundle, "attributes.enabled")))
            return em_plane_fail(ex, 403, "Forbidden", "SecretDisabled",
                                 "Operation get is not allowed on a disabled secret.");
        return answer(ex, bundle);
    }
    return refuse_absent(ex, name);
}

static bool delete_secret(struct em_exchange *ex, struct em_resource *vault,
                          struct em_resource *secret, struct rd_json *hidden)
{
    em_set_int(ex, hidden, "deleted_ms", ex->now_ms);
    em_set_int(ex, hidden, "purge_ms", ex->now_ms + em_store_retention_days(ex, vault) * 86400000);
    em_store_hidden(ex, secret, hidden);
    struct rd_json bundle = deleted_bundle(ex, vault, em_name(secret), hidden, true);
    return answer(ex, &bundle);
}

/* Changes the version that is named, else the newest. */
static bool patch_secret(struct em_exchange *ex, struct em_resource *secret, struct rd_json *hidden,
                         struct rd_str version)
{
    const struct rd_json *all = rd_json_at(hidden, "versions");
    size_t at = rd_json_count(all) - 1;
    if (!rd_str_is_empty(version))
        for (at = 0; at < rd_json_count(all); at++)
            if (rd_str_eq_case(em_id_name(em_text_at(rd_json_item(all, at), "id")), version))
                break;
    if (at >= rd_json_count(all))
        return refuse_absent(ex, em_name(secret));
    struct rd_json versions = rd_json_array();
    struct rd_json bundle = rd_json_copy(ex->arena, rd_json_item(all, at));
    static const char *const paths[] = {"contentType", "tags", "attributes.enabled",
                                        "attributes.exp", "attributes.nbf"};
    for (size_t i = 0; i < EM_COUNT(paths); i++)
        if (em_has(&ex->body, paths[i]))
            em_set(ex, &bundle, paths[i], rd_json_copy(ex->arena, rd_json_at(&ex->body, paths[i])));
    em_set_int(ex, &bundle, "attributes.updated", ex->now_ms / 1000);
    for (size_t i = 0; i < rd_json_count(all); i++)
        (void)rd_json_append(ex->arena, &versions, i == at ? bundle : *rd_json_item(all, i));
    em_set(ex, hidden, "versions", versions);
    em_store_hidden(ex, secret, hidden);
    struct rd_json shown = without_value(ex, &bundle, true);
    return answer(ex, &shown);
}

static bool list_versions(struct em_exchange *ex, const struct rd_json *versions)
{
    struct rd_json reply = rd_json_object();
    struct rd_json *value = em_array(ex, &reply, "value");
    for (size_t i = 0; i < rd_json_count(versions); i++)
        (void)rd_json_append(ex->arena, value, without_value(ex, rd_json_item(versions, i), true));
    (void)rd_json_set_c(ex->arena, &reply, "nextLink", rd_json_null());
    return answer(ex, &reply);
}

static bool secret_request(struct em_exchange *ex, struct em_resource *vault,
                           const struct rd_str *segments, size_t count)
{
    enum rd_http_method method = ex->request->method;
    if (count > 1 && !em_plane_settle(ex, vault, "secrets", segments[1]))
        return false;
    if (rd_str_is_case(segments[0], "deletedsecrets"))
        return deleted_secret(ex, vault, segments, count);
    if (count == 1 && method == RD_HTTP_GET)
        return list_secrets(ex, vault, false);
    if (count == 2 && method == RD_HTTP_PUT)
        return set_secret(ex, vault, segments[1]);
    if (count == 1)
        return em_plane_fail(ex, 405, "MethodNotAllowed", NULL, "The method is not allowed here.");
    struct em_resource *secret =
        em_find(ex->cloud, em_child_id(ex, vault->id, "secrets", segments[1]));
    struct rd_json hidden = secret != NULL ? em_hidden(ex, secret) : rd_json_object();
    if (secret == NULL || em_has(&hidden, "deleted_ms"))
        return refuse_absent(ex, segments[1]);
    if (count == 3 && method == RD_HTTP_GET && rd_str_is_case(segments[2], "versions"))
        return list_versions(ex, rd_json_at(&hidden, "versions"));
    if (count <= 3 && method == RD_HTTP_GET)
        return get_secret(ex, &hidden, segments[1], count > 2 ? segments[2] : (struct rd_str){0});
    if (count == 2 && method == RD_HTTP_DELETE)
        return delete_secret(ex, vault, secret, &hidden);
    if (count <= 3 && method == RD_HTTP_PATCH)
        return patch_secret(ex, secret, &hidden, count > 2 ? segments[2] : (struct rd_str){0});
    return em_plane_fail(ex, 405, "MethodNotAllowed", NULL, "The method is not allowed here.");
}

bool em_vault_plane(struct em_exchange *ex)
{
    struct em_resource *vault = em_key_store(ex, ex->url.host, false);
    if (vault != NULL)
        em_plane_headers(ex, vault, false);
    /* The challenge comes before the body is looked at: clients send the first request empty. */
    if (!em_plane_challenge(ex, false))
        return false;
    if (vault == NULL || vault->state == EM_CREATING)
        return em_plane_fail(ex, 404, "VaultNotFound", NULL,
                             "The host name '%.*s' does not resolve to a key vault.",
                             RD_FMT(em_place_host(ex, ex->place, ex->place_name)));
    if (!em_check_members(ex, &ex->body))
        return false;
    struct rd_str segments[8] = {{0}};
    size_t count = em_plane_segments(ex, segments);
    if (!em_vault_may(ex, vault, segments, count))
        return false;
    if (rd_str_is_case(segments[0], "keys") || rd_str_is_case(segments[0], "deletedkeys"))
        return em_key_request(ex, vault, false, segments, count);
    if (rd_str_is_case(segments[0], "secrets") || rd_str_is_case(segments[0], "deletedsecrets"))
        return secret_request(ex, vault, segments, count);
    return em_plane_fail(ex, 501, "NotEmulated", NULL,
                         "Only keys and secrets of vaults are emulated, not '%.*s'.",
                         RD_FMT(ex->url.path));
}
