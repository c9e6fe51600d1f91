/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keys and secrets as Resource Manager shows them: their properties without material or value, to
 * whoever may read the store (azure-compute 7.1, 8.2; shapes: OpenAPI examples of 2026-02-01).
 * Roles of the data planes do not count here, nor do networks. Writing through Resource Manager is
 * not emulated.
 */

#include "key_arm.h"

#include "keys.h"
#include "state.h"

/* What is asked for: a collection of one kind of store. */
struct kind {
    const char *store_type;
    const char *type;
    const char *collection; /* "keys", "secrets" */
    const char *bundle_id;  /* where a version has its own URL */
    bool is_hsm;
};

static const struct kind vault_keys = {EM_VAULT_TYPE, EM_VAULT_KEY_TYPE, "keys", "key.kid", false};
static const struct kind vault_secrets = {EM_VAULT_TYPE, EM_SECRET_TYPE, "secrets", "id", false};
static const struct kind hsm_keys = {EM_HSM_TYPE, EM_HSM_KEY_TYPE, "keys", "key.kid", true};

/* Views ---------------------------------------------------------------------------------------- */

/* Keys have the usual port in their URLs, secrets do not (the examples); a served cloud's port is
 * written by place.c. */
static struct rd_str uri(struct em_exchange *ex, const struct kind *kind, struct rd_str url)
{
    size_t end = rd_str_find_char(url, '/', sizeof("https://") - 1);
    if (kind == &vault_secrets || ex->base_host.n > 0 || end == RD_STR_NONE)
        return url;
    return rd_arena_printf(ex->arena, "%.*s:443%.*s", RD_FMT(rd_str_sub(url, 0, end)),
                           RD_FMT(rd_str_sub(url, end, url.n)));
}

static int64_t modulus_bits(const struct rd_json *bundle)
{
    return (int64_t)(em_text_at(bundle, "key.n").n * 6 / 8 * 8);
}

static void set_attributes(struct em_exchange *ex, const struct rd_json *bundle,
                           struct rd_json *view)
{
    static const char *const names[] = {"enabled", "nbf",           "exp",       "created",
                                        "updated", "recoveryLevel", "exportable"};
    struct rd_json attributes = rd_json_object();
    for (size_t i = 0; i < EM_COUNT(names); i++) {
        const struct rd_json *value =
            rd_json_get(rd_json_at(bundle, "attributes"), rd_str_from(names[i]));
        if (rd_json_exists(value))
            (void)rd_json_set_c(ex->arena, &attributes, names[i], *value);
    }
    em_set(ex, view, "properties.attributes", attributes);
}

static void set_key(struct em_exchange *ex, const struct rd_json *bundle, struct rd_json *view)
{
    em_set_text(ex, view, "properties.kty", em_text_at(bundle, "key.kty"));
    em_set(ex, view, "properties.keyOps", *rd_json_at(bundle, "key.key_ops"));
    if (em_has(bundle, "key.n"))
        em_set_int(ex, view, "properties.keySize", modulus_bits(bundle));
    if (em_has(bundle, "key.crv"))
        em_set_text(ex, view, "properties.curveName", em_text_at(bundle, "key.crv"));
    if (!em_has(bundle, "release_policy"))
        return;
    em_set_text(ex, view, "properties.release_policy.contentType",
                em_text_at(bundle, "release_policy.contentType"));
    em_set_text(ex, view, "properties.release_policy.data",
                em_text_at(bundle, "release_policy.data"));
}

/* One version: under the name of its key or secret, or as a version of it. A list shows no more of
 * a key than its attributes and its address. */
static struct rd_json view_of(struct em_exchange *ex, const struct kind *kind,
                              const struct em_resource *store, struct rd_str name,
                              const struct rd_json *bundle, bool is_version, bool is_item)
{
    struct rd_json view = rd_json_object(), body = em_body(ex, store);
    struct rd_str url = em_text_at(bundle, kind->bundle_id);
    struct rd_str version = em_id_name(url);
    struct rd_str plain = rd_str_sub(url, 0, rd_str_find_last_char(url, '/'));
    struct rd_str id = em_child_id(ex, store->id, kind->collection, rd_arena_str(ex->arena, name));
    bool is_secret = kind == &vault_secrets;
    if (is_version)
        id = rd_arena_printf(ex->arena, "%.*s/versions/%.*s", RD_FMT(id), RD_FMT(version));
    em_set_text(ex, &view, "id", id);
    em_set_text(ex, &view, "name", is_version ? version : name);
    em_set_text(ex, &view, "type",
                rd_arena_printf(ex->arena, "%s%s", kind->type, is_version ? "/versions" : ""));
    if (!kind->is_hsm)
        em_set_text(ex, &view, "location", em_text_at(&body, "location"));
    if (em_has(bundle, "tags"))
        em_set(ex, &view, "tags", *rd_json_at(bundle, "tags"));
    set_attributes(ex, bundle, &view);
    if (is_secret && em_has(bundle, "contentType") && !is_item)
        em_set_text(ex, &view, "properties.contentType", em_text_at(bundle, "contentType"));
    if (!is_secret && !is_item)
        set_key(ex, bundle, &view);
    em_set_text(ex, &view, is_secret ? "properties.secretUri" : "properties.keyUri",
                uri(ex, kind, plain));
    if (is_secret || !is_item)
        em_set_text(ex, &view,
                    is_secret ? "properties.secretUriWithVersion" : "properties.keyUriWithVersion",
                    uri(ex, kind, url));
    return view;
}

/* Answers -------------------------------------------------------------------------------------- */

/* The store that the path names, by the subscription, group and name that its route took. */
static struct em_resource *find_store(struct em_exchange *ex, const struct kind *kind)
{
    struct rd_str id = rd_arena_printf(
        ex->arena, "/subscriptions/%.*s/resourceGroups/%.*s/providers/%s/%.*s",
        RD_FMT(ex->params[0]), RD_FMT(ex->params[1]), kind->store_type, RD_FMT(ex->params[2]));
    struct em_resource *store = em_find(ex->cloud, id);
    if (store == NULL || store->is_deleted || store->state == EM_CREATING) {
        (void)em_fail_not_found(ex, id);
        return NULL;
    }
    struct rd_json body = em_body(ex, store);
    if (!kind->is_hsm ||
        rd_str_is_case(em_text_at(&body, "properties.securityDomainProperties.activationStatus"),
                       "Active"))
        return store;
    (void)em_fail(ex, 409, "HsmNotActivated",
                  "The managed HSM '%.*s' is not activated: its security domain has not been "
                  "downloaded.",
                  RD_FMT(ex->params[2]));
    return NULL;
}

static bool is_there(struct em_exchange *ex, const struct em_resource *item,
                     const struct rd_json *hidden)
{
    return !item->is_deleted && !em_has(hidden, "deleted_ms") &&
           rd_json_int(rd_json_at(hidden, "purge_ms"), INT64_MAX) > ex->now_ms &&
           rd_json_count(rd_json_at(hidden, "versions")) > 0;
}

static bool list_items(struct em_exchange *ex, const struct kind *kind)
{
    struct em_pager pager;
    struct em_resource *store = find_store(ex, kind);
    if (store == NULL || !em_pager_start(&pager, ex, NULL))
        return false;
    for (struct em_resource *item = em_next_child(store, kind->type, NULL); item != NULL;
         item = em_next_child(store, kind->type, item)) {
        struct rd_json hidden = em_hidden(ex, item);
        const struct rd_json *versions = rd_json_at(&hidden, "versions");
        if (!is_there(ex, item, &hidden))
            continue;
        enum em_pager_step step = em_pager_next(&pager, item->seq);
        if (step == EM_PAGER_FULL)
            break;
        if (step == EM_PAGER_SKIP)
            continue;
        struct rd_json view =
            view_of(ex, kind, store, em_name(item),
                    rd_json_item(versions, rd_json_count(versions) - 1), false, true);
        rd_json_write(&pager.out, &view, RD_JSON_COMPACT);
    }
    em_pager_reply(&pager);
    return true;
}

/* The key or secret of the path with its versions; false after 404. */
static bool find_item(struct em_exchange *ex, const struct kind *kind,
                      struct em_resource **ret_store, struct rd_json *ret_hidden)
{
    *ret_store = find_store(ex, kind);
    if (*ret_store == NULL)
        return false;
    struct rd_str id = em_child_id(ex, (*ret_store)->id, kind->collection, ex->params[3]);
    struct em_resource *item = em_find(ex->cloud, id);
    *ret_hidden = item != NULL ? em_hidden(ex, item) : rd_json_object();
    if (item != NULL && is_there(ex, item, ret_hidden))
        return true;
    return em_fail_not_found(ex, id);
}

static bool get_item(struct em_exchange *ex, const struct kind *kind)
{
    struct em_resource *store = NULL;
    struct rd_json hidden = rd_json_object();
    if (!find_item(ex, kind, &store, &hidden))
        return false;
    const struct rd_json *versions = rd_json_at(&hidden, "versions");
    struct rd_json view =
        view_of(ex, kind, store, ex->params[3], rd_json_item(versions, rd_json_count(versions) - 1),
                false, false);
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

/* All versions, or the one that the path names. */
static bool show_versions(struct em_exchange *ex, const struct kind *kind, bool is_one)
{
    struct em_resource *store = NULL;
    struct rd_json hidden = rd_json_object(), reply = rd_json_object();
    if (!find_item(ex, kind, &store, &hidden))
        return false;
    const struct rd_json *versions = rd_json_at(&hidden, "versions");
    struct rd_json *value = em_array(ex, &reply, "value");
    for (size_t i = 0; i < rd_json_count(versions); i++) {
        const struct rd_json *bundle = rd_json_item(versions, i);
        struct rd_json view = view_of(ex, kind, store, ex->params[3], bundle, true, !is_one);
        if (!is_one) {
            (void)rd_json_append(ex->arena, value, view);
        } else if (rd_str_eq_case(em_id_name(em_text_at(bundle, kind->bundle_id)), ex->params[4])) {
            em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
            return true;
        }
    }
    if (is_one)
        return em_fail_not_found(ex, ex->id);
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

bool em_arm_vault_keys(struct em_exchange *ex)
{
    return list_items(ex, &vault_keys);
}

bool em_arm_vault_key(struct em_exchange *ex)
{
    return get_item(ex, &vault_keys);
}

bool em_arm_vault_key_versions(struct em_exchange *ex)
{
    return show_versions(ex, &vault_keys, false);
}

bool em_arm_vault_key_version(struct em_exchange *ex)
{
    return show_versions(ex, &vault_keys, true);
}

bool em_arm_secrets(struct em_exchange *ex)
{
    return list_items(ex, &vault_secrets);
}

bool em_arm_secret(struct em_exchange *ex)
{
    return get_item(ex, &vault_secrets);
}

bool em_arm_hsm_keys(struct em_exchange *ex)
{
    return list_items(ex, &hsm_keys);
}

bool em_arm_hsm_key(struct em_exchange *ex)
{
    return get_item(ex, &hsm_keys);
}

bool em_arm_hsm_key_versions(struct em_exchange *ex)
{
    return show_versions(ex, &hsm_keys, false);
}

bool em_arm_hsm_key_version(struct em_exchange *ex)
{
    return show_versions(ex, &hsm_keys, true);
}
