/* SPDX-License-Identifier: Apache-2.0 */

/* Where keys lie and who may use them. */

#include "keys.h"

#define WRAP_ROLE "e147488a-f6f5-4113-8e2d-b22465e65bf6"    /* Crypto Service Encryption User */
#define RELEASE_ROLE "08bbd89e-9f13-488c-ac41-acfcb10c90ab" /* Crypto Service Release User */
#define HSM_WRAP_ROLE "33413926-3206-4cdd-b39a-83574fe37a17"
#define HSM_RELEASE_ROLE "21dbd100-6940-42c2-9190-5d6cb909625c"
#define HSM_CRYPTO_USER_ROLE "21dbd100-6940-42c2-9190-5d6cb909625b"

struct em_resource *em_key_store(struct em_exchange *ex, struct rd_str host, bool is_hsm)
{
    struct rd_str suffix = em_host(ex->cloud, is_hsm ? EM_PLACE_HSM : EM_PLACE_VAULT);
    struct rd_str name = rd_str_sub(host, 0, rd_str_find_char(host, '.', 0));
    if (!rd_str_has_suffix_case(host, suffix) || host.n != name.n + 1 + suffix.n)
        return NULL;
    const char *type = is_hsm ? EM_HSM_TYPE : EM_VAULT_TYPE;
    size_t cursor = 0;
    for (struct em_resource *store = em_each(ex->cloud, type, &cursor); store != NULL;
         store = em_each(ex->cloud, type, &cursor))
        if (!store->is_deleted && rd_str_eq_case(em_name(store), name))
            return store;
    return NULL;
}

struct rd_str em_store_url(struct em_exchange *ex, const struct em_resource *store, bool is_hsm)
{
    struct rd_str suffix = em_host(ex->cloud, is_hsm ? EM_PLACE_HSM : EM_PLACE_VAULT);
    struct rd_str name = em_name(store);
    return rd_arena_printf(ex->arena, "https://%.*s.%.*s/", RD_FMT(name), RD_FMT(suffix));
}

int64_t em_store_retention_days(struct em_exchange *ex, const struct em_resource *store)
{
    struct rd_json body = em_body(ex, store);
    return rd_json_int(rd_json_at(&body, "properties.softDeleteRetentionInDays"), 90);
}

bool em_store_is_purge_protected(struct em_exchange *ex, const struct em_resource *store)
{
    struct rd_json body = em_body(ex, store);
    return rd_json_is_true(rd_json_at(&body, "properties.enablePurgeProtection"));
}

static struct rd_json find_version(struct em_exchange *ex, const struct em_resource *key,
                                   struct rd_str version)
{
    struct rd_json hidden = em_hidden(ex, key);
    const struct rd_json *versions = rd_json_at(&hidden, "versions");
    size_t count = rd_json_count(versions);
    for (size_t i = 0; i < count; i++) {
        const struct rd_json *bundle = rd_json_item(versions, count - 1 - i);
        if (rd_str_is_empty(version) ||
            rd_str_eq_case(em_id_name(em_text_at(bundle, "key.kid")), version))
            return *bundle;
    }
    return rd_json_object();
}

bool em_key_parse(struct em_exchange *ex, struct rd_str url, struct em_key_ref *ret_key)
{
    struct rd_http_url parts;
    *ret_key = (struct em_key_ref){.bundle = rd_json_object()};
    if (!rd_http_url_parse(url, &parts) || !rd_str_has_prefix_case(parts.path, RD_STR("/keys/")))
        return false;
    struct rd_str rest = rd_str_sub(parts.path, sizeof("/keys/") - 1, parts.path.n);
    (void)rd_str_next(&rest, '/', &ret_key->name);
    ret_key->version = rest.p == NULL ? (struct rd_str){0} : rest;
    ret_key->is_hsm = rd_str_has_suffix_case(parts.host, em_host(ex->cloud, EM_PLACE_HSM));
    ret_key->store = em_key_store(ex, parts.host, ret_key->is_hsm);
    if (ret_key->store == NULL || rd_str_is_empty(ret_key->name))
        return true;
    ret_key->is_purge_protected = em_store_is_purge_protected(ex, ret_key->store);
    struct em_resource *key =
        em_find(ex->cloud, em_child_id(ex, ret_key->store->id, "keys", ret_key->name));
    if (key == NULL)
        return true;
    struct rd_json hidden = em_hidden(ex, key);
    if (em_has(&hidden, "deleted_ms"))
        return true;
    ret_key->resource = key;
    ret_key->bundle = find_version(ex, key, ret_key->version);
    return true;
}

/* Roles ---------------------------------------------------------------------------------------- */

static bool has_role(struct em_exchange *ex, const struct em_resource *hsm, struct rd_str principal,
                     const char *role, struct rd_str scope)
{
    for (struct em_resource *item = em_next_child(hsm, EM_HSM_ROLE_TYPE, NULL); item != NULL;
         item = em_next_child(hsm, EM_HSM_ROLE_TYPE, item)) {
        struct rd_json body = em_body(ex, item), hidden = em_hidden(ex, item);
        struct rd_str its = em_text_at(&body, "properties.scope");
        bool covers = rd_str_is(its, "/") || rd_str_eq_case(its, scope) ||
                      (rd_str_is(its, "/keys") && rd_str_has_prefix_case(scope, RD_STR("/keys")));
        if (covers && !item->is_deleted &&
            rd_str_eq_case(em_text_at(&body, "properties.principalId"), principal) &&
            rd_str_is_case(em_id_name(em_text_at(&body, "properties.roleDefinitionId")), role) &&
            rd_json_int(rd_json_at(&hidden, "effective_ms"), 0) <= ex->now_ms)
            return true;
    }
    return false;
}

static bool policy_grants(const struct rd_json *permissions, const char *word)
{
    for (size_t i = 0; i < rd_json_count(permissions); i++) {
        struct rd_str one = rd_json_str(rd_json_item(permissions, i));
        if (rd_str_is_case(one, word) || rd_str_is_case(one, "all"))
            return true;
    }
    return false;
}

static bool vault_allows(struct em_exchange *ex, const struct em_key_ref *key,
                         struct rd_str principal, enum em_key_use use)
{
    struct rd_json body = em_body(ex, key->store);
    if (rd_json_is_true(rd_json_at(&body, "properties.enableRbacAuthorization")))
        return em_has_role(ex, principal, use == EM_KEY_WRAP ? WRAP_ROLE : RELEASE_ROLE,
                           key->resource->id);
    const struct rd_json *policies = rd_json_at(&body, "properties.accessPolicies");
    for (size_t i = 0; i < rd_json_count(policies); i++) {
        const struct rd_json *policy = rd_json_item(policies, i);
        const struct rd_json *keys = rd_json_at(policy, "permissions.keys");
        if (!rd_str_eq_case(em_text_at(policy, "objectId"), principal) ||
            !policy_grants(keys, "get"))
            continue;
        if (use == EM_KEY_RELEASE
                ? policy_grants(keys, "release")
                : policy_grants(keys, "wrapKey") && policy_grants(keys, "unwrapKey"))
            return true;
    }
    return false;
}

bool em_key_allows(struct em_exchange *ex, const struct em_key_ref *key, struct rd_str principal,
                   enum em_key_use use)
{
    if (key->resource == NULL || rd_str_is_empty(principal))
        return false;
    if (!key->is_hsm)
        return vault_allows(ex, key, principal, use);
    struct rd_str scope = rd_arena_printf(ex->arena, "/keys/%.*s", RD_FMT(key->name));
    return has_role(ex, key->store, principal,
                    use == EM_KEY_WRAP ? HSM_WRAP_ROLE : HSM_RELEASE_ROLE, scope) ||
           has_role(ex, key->store, principal, HSM_CRYPTO_USER_ROLE, scope);
}
