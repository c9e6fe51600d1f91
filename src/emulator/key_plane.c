/* SPDX-License-Identifier: Apache-2.0 */

/* Keys over the data planes of vaults and managed HSMs (azure-compute 7.2 to 7.5, 7.8). */

#include <inttypes.h>
#include <stdarg.h>

#include "compute_internal.h"
#include "crypto/hash.h"
#include "keys.h"

/* Answers -------------------------------------------------------------------------------------- */

bool em_plane_fail(struct em_exchange *ex, int status, const char *code, const char *inner,
                   const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str message = rd_arena_vprintf(ex->arena, fmt, ap);
    va_end(ap);
    struct rd_json body = rd_json_object();
    em_set_error(ex, &body, rd_str_from(code), message);
    if (inner != NULL)
        em_set_word(ex, &body, "error.innererror.code", inner);
    em_reply_json(ex, status, &body, EM_JSON_COMPACT);
    return false;
}

void em_plane_headers(struct em_exchange *ex, const struct em_resource *store, bool is_hsm)
{
    struct rd_json body = em_body(ex, store);
    em_reply_header(ex, "x-ms-keyvault-region", "%.*s", RD_FMT(em_text_at(&body, "location")));
    if (!is_hsm) {
        em_reply_header(ex, "x-ms-keyvault-service-version", "1.9.2103.1");
        return;
    }
    em_reply_header(ex, "x-ms-keyvault-network-info",
                    "conn_type=Ipv4;addr=203.0.113.1;act_addr_fam=Ipv4;");
    em_reply_header(ex, "x-ms-server-latency", "2");
    em_reply_header(ex, "content-security-policy", "default-src 'self'");
    em_reply_header(ex, "x-frame-options", "SAMEORIGIN");
}

size_t em_plane_segments(struct em_exchange *ex, struct rd_str segments[8])
{
    struct rd_str rest = ex->url.path, part;
    size_t count = 0;
    while (count < 8 && rest.p != NULL && rd_str_next(&rest, '/', &part))
        if (part.n != 0)
            segments[count++] = rd_http_decode(ex->arena, part);
    return count;
}

bool em_plane_settle(struct em_exchange *ex, struct em_resource *store, const char *collection,
                     struct rd_str name)
{
    enum { NAME_SIZE_MAX = 127 };
    bool is_good = name.n <= NAME_SIZE_MAX;
    for (size_t i = 0; is_good && i < name.n; i++)
        is_good = rd_char_is_alnum(name.p[i]) || name.p[i] == '-';
    if (!is_good)
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "The request URI contains an invalid name.");
    struct em_resource *item = em_find(ex->cloud, em_child_id(ex, store->id, collection, name));
    struct rd_json hidden = item != NULL ? em_hidden(ex, item) : rd_json_object();
    if (rd_json_int(rd_json_at(&hidden, "purge_ms"), INT64_MAX) > ex->now_ms)
        return true;
    em_remove(ex, item);
    em_store_forget(ex, store);
    return true;
}

/* What api-version 7.0 of an HSM shows of a release policy: its conditions as they were written
 * before 7.3, and no encoding (recording 02, where a key of 7.3 is deleted by 7.0). */
static struct rd_json old_condition(struct em_exchange *ex, const struct rd_json *condition)
{
    struct rd_json out = rd_json_object();
    for (size_t i = 0; i < rd_json_count(condition); i++) {
        struct rd_str key = condition->u.members[i].key;
        const struct rd_json *value = &condition->u.members[i].value;
        if (rd_str_is(key, "claim")) {
            em_set(ex, &out, "claim", *value);
        } else if (rd_json_is(value, RD_JSON_ARRAY)) { /* allOf or anyOf within */
            struct rd_json inner = rd_json_array();
            for (size_t k = 0; k < rd_json_count(value); k++)
                (void)rd_json_append(ex->arena, &inner, old_condition(ex, rd_json_item(value, k)));
            (void)rd_json_set(ex->arena, &out, key, inner);
        } else if (rd_str_is(key, "authority")) {
            em_set(ex, &out, "authority", *value);
        } else {
            em_set_text(ex, &out, "condition", key);
            em_set(ex, &out, "value", *value);
        }
    }
    return out;
}

static struct rd_json with_old_policy(struct em_exchange *ex, const struct rd_json *bundle)
{
    struct rd_str text = RD_STR("");
    struct rd_json policy, out = rd_json_copy(ex->arena, bundle);
    struct rd_err err;
    if (!rd_base64_decode(ex->arena, em_text_at(bundle, "release_policy.data"), &text) ||
        rd_json_parse(ex->arena, "policy", text, 0, &policy, &err) != RD_RC_OK)
        return out;
    struct rd_json old = rd_json_object(), authorities = rd_json_array();
    const struct rd_json *list = rd_json_at(&policy, "anyOf");
    for (size_t i = 0; i < rd_json_count(list); i++)
        (void)rd_json_append(ex->arena, &authorities, old_condition(ex, rd_json_item(list, i)));
    em_set(ex, &old, "anyOf", authorities);
    em_set_word(ex, &old, "version", "0.2");
    em_set(ex, &out, "release_policy", old);
    return out;
}

/* HSMs write members in alphabetical order, vaults do not (recorded). */
static bool answer(struct em_exchange *ex, const struct rd_json *shown, bool is_hsm)
{
    bool is_old = is_hsm && rd_str_is(ex->api_version, "7.0") && em_has(shown, "release_policy");
    struct rd_json old = is_old ? with_old_policy(ex, shown) : rd_json_absent;
    const struct rd_json *body = is_old ? &old : shown;
    struct rd_json sorted = *body;
    struct rd_err err;
    if (is_hsm &&
        rd_json_parse(ex->arena, "bundle", rd_json_text(ex->arena, body, RD_JSON_CANONICAL), 0,
                      &sorted, &err) != RD_RC_OK)
        sorted = *body;
    em_reply_json(ex, 200, &sorted, EM_JSON_COMPACT);
    return true;
}

enum { PAGE_SIZE_MAX = 25 }; /* azure-compute 7.3: maxresults is 1 to 25, and 25 without it */

static bool read_number(struct em_exchange *ex, const char *name, int64_t max, int64_t *value)
{
    struct rd_str text;
    if (!rd_http_query_get(ex->arena, ex->url.query, name, &text))
        return true;
    if (rd_str_to_int(text, 0, max, value))
        return true;
    return em_plane_fail(ex, 400, "BadParameter", NULL, "Property %s has invalid value", name);
}

bool em_plane_reply_page(struct em_exchange *ex, bool is_hsm, const struct rd_json *items)
{
    int64_t size = PAGE_SIZE_MAX, first = 0;
    if (!read_number(ex, "maxresults", PAGE_SIZE_MAX, &size) ||
        !read_number(ex, "$skiptoken", INT32_MAX, &first))
        return false;
    if (size == 0)
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "Property maxresults has invalid value");
    struct rd_json reply = rd_json_object();
    struct rd_json *value = em_array(ex, &reply, "value");
    size_t end = (size_t)(first + size), count = rd_json_count(items);
    for (size_t i = (size_t)first; i < count && i < end; i++)
        (void)rd_json_append(ex->arena, value, *rd_json_item(items, i));
    struct rd_json next = rd_json_null();
    if (end < count)
        next = rd_json_string(rd_arena_printf(
            ex->arena, "%.*s%.*s?api-version=%.*s&$skiptoken=%zu&maxresults=%" PRId64,
            RD_FMT(em_place_url(ex, ex->place, ex->place_name)), RD_FMT(ex->url.path),
            RD_FMT(ex->api_version), end, size));
    (void)rd_json_set_c(ex->arena, &reply, "nextLink", next);
    return answer(ex, &reply, is_hsm);
}

struct rd_json em_plane_attributes(struct em_exchange *ex, const struct em_resource *store,
                                   const struct rd_json *asked)
{
    struct rd_json out = rd_json_object();
    const struct rd_json *enabled = rd_json_at(asked, "enabled");
    em_set(ex, &out, "enabled", rd_json_bool(!rd_json_exists(enabled) || rd_json_is_true(enabled)));
    static const char *const dates[] = {"nbf", "exp"};
    for (size_t i = 0; i < EM_COUNT(dates); i++)
        if (rd_json_is(rd_json_at(asked, dates[i]), RD_JSON_INT))
            em_set(ex, &out, dates[i], *rd_json_at(asked, dates[i]));
    em_set_int(ex, &out, "created", ex->now_ms / 1000);
    em_set_int(ex, &out, "updated", ex->now_ms / 1000);
    int64_t days = em_store_retention_days(ex, store);
    bool is_protected = em_store_is_purge_protected(ex, store);
    const char *prefix = days < 90 ? "CustomizedRecoverable" : "Recoverable";
    em_set_text(ex, &out, "recoveryLevel",
                rd_arena_printf(ex->arena, "%s%s", prefix, is_protected ? "" : "+Purgeable"));
    em_set_int(ex, &out, "recoverableDays", days);
    return out;
}

/* Release policies ----------------------------------------------------------------------------- */

/* The vault's order of members: version first, authority before its conditions. */
static struct rd_json reorder(struct em_exchange *ex, const struct rd_json *value)
{
    static const char *const first[] = {"version", "authority", "claim", "equals",
                                        "allOf",   "anyOf",     NULL};
    if (rd_json_is(value, RD_JSON_ARRAY)) {
        struct rd_json out = rd_json_array();
        for (size_t i = 0; i < rd_json_count(value); i++)
            (void)rd_json_append(ex->arena, &out, reorder(ex, rd_json_item(value, i)));
        return out;
    }
    if (!rd_json_is(value, RD_JSON_OBJECT))
        return *value;
    struct rd_json out = rd_json_object();
    for (size_t i = 0; first[i] != NULL; i++) {
        const struct rd_json *member = rd_json_get(value, rd_str_from(first[i]));
        if (rd_json_exists(member))
            (void)rd_json_set_c(ex->arena, &out, first[i], reorder(ex, member));
    }
    for (size_t i = 0; i < rd_json_count(value); i++)
        if (!em_is_one_of(value->u.members[i].key, first))
            (void)rd_json_set(ex->arena, &out, value->u.members[i].key,
                              reorder(ex, &value->u.members[i].value));
    return out;
}

static bool take_policy(struct em_exchange *ex, const struct rd_json *asked, bool is_hsm,
                        struct rd_json *bundle)
{
    struct rd_str data, activity = em_guid(ex, ex->url.path);
    struct rd_json policy;
    struct rd_err err;
    if (!rd_base64_decode(ex->arena, em_text_at(asked, "data"), &data) ||
        rd_json_parse(ex->arena, "policy", data, 0, &policy, &err) != RD_RC_OK ||
        !rd_json_is(&policy, RD_JSON_OBJECT))
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "Property release_policy has invalid value%s",
                             is_hsm ? " (Activity ID: 0)" : "");
    if (!em_has(&policy, "version"))
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "Key Release Policy: missing 'version' property (Activity ID: %.*s)",
                             RD_FMT(activity));
    const struct rd_json *authorities = rd_json_at(&policy, "anyOf");
    bool is_good = rd_json_count(authorities) != 0;
    for (size_t i = 0; i < rd_json_count(authorities); i++)
        is_good = is_good && em_has(rd_json_item(authorities, i), "authority");
    if (!is_good)
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "Key Release Policy: 'anyOf' must be an array of authorities "
                             "(Activity ID: %.*s)",
                             RD_FMT(activity));
    struct rd_json ordered = is_hsm ? policy : reorder(ex, &policy);
    struct rd_str text =
        rd_json_text(ex->arena, &ordered, is_hsm ? RD_JSON_CANONICAL : RD_JSON_COMPACT);
    em_set_word(ex, bundle, "release_policy.contentType", "application/json; charset=utf-8");
    em_set_text(ex, bundle, "release_policy.data", rd_base64url(ex->arena, text));
    em_set_bool(ex, bundle, "release_policy.immutable",
                rd_json_is_true(rd_json_at(asked, "immutable")));
    return true;
}

/* Material ------------------------------------------------------------------------------------- */

/* `size` bytes from the seed as base64url; the first bit is set and, for a modulus, the last. */
static struct rd_str material(struct em_exchange *ex, struct rd_str what, size_t size, bool is_odd)
{
    char *bytes = rd_arena_bytes(ex->arena, size);
    for (size_t i = 0; i < size; i++) {
        unsigned char hash[RD_SHA256_SIZE];
        if (i % RD_SHA256_SIZE == 0) {
            struct rd_str seed = em_hex(
                ex, rd_arena_printf(ex->arena, "%.*s#%zu", RD_FMT(what), i / RD_SHA256_SIZE), 32);
            rd_sha256(seed, hash);
            for (size_t k = 0; k < RD_SHA256_SIZE && i + k < size; k++)
                bytes[i + k] = (char)hash[k];
        }
    }
    bytes[0] = (char)(bytes[0] | (char)0x80);
    if (is_odd)
        bytes[size - 1] = (char)(bytes[size - 1] | 1);
    return rd_base64url(ex->arena, (struct rd_str){bytes, size});
}

static void fill_material(struct em_exchange *ex, struct rd_json *key, struct rd_str type,
                          const struct rd_json *asked, struct rd_str kid)
{
    if (rd_str_has_prefix_case(type, RD_STR("RSA"))) {
        int64_t bits = rd_json_int(rd_json_at(asked, "key_size"), 2048);
        em_set_text(ex, key, "n", material(ex, kid, (size_t)bits / 8, true));
        em_set_word(ex, key, "e", "AQAB");
    } else if (rd_str_has_prefix_case(type, RD_STR("EC"))) {
        em_set_text(ex, key, "crv",
                    em_has(asked, "crv") ? em_text_at(asked, "crv") : RD_STR("P-256"));
        em_set_text(ex, key, "x", material(ex, kid, 32, false));
        em_set_text(ex, key, "y",
                    material(ex, rd_arena_printf(ex->arena, "%.*s#y", RD_FMT(kid)), 32, false));
    }
}

/* Creation ------------------------------------------------------------------------------------- */

static bool check_create(struct em_exchange *ex, const struct em_resource *store, bool is_hsm)
{
    static const char *const vault_types[] = {"RSA", "RSA-HSM", "EC", "EC-HSM", NULL};
    static const char *const hsm_types[] = {"RSA-HSM", "EC-HSM", "oct-HSM", NULL};
    struct rd_str type = em_text_at(&ex->body, "kty");
    if (!em_is_one_of(type, is_hsm ? hsm_types : vault_types))
        return em_plane_fail(ex, 400, "BadParameter", NULL, "Property kty has invalid value");
    struct rd_json body = em_body(ex, store);
    if (!is_hsm && rd_str_has_suffix_case(type, RD_STR("-HSM")) &&
        !rd_str_is_case(em_text_at(&body, "properties.sku.name"), "premium"))
        return em_plane_fail(ex, 403, "Forbidden", NULL,
                             "Hardware key operation not allowed on standard vault");
    int64_t bits = rd_json_int(rd_json_at(&ex->body, "key_size"), 2048);
    if (rd_str_has_prefix_case(type, RD_STR("RSA")) && bits != 2048 && bits != 3072 && bits != 4096)
        return em_plane_fail(ex, 400, "BadParameter", NULL, "Property key_size has invalid value");
    bool is_exportable = rd_json_is_true(rd_json_at(&ex->body, "attributes.exportable"));
    if (is_exportable && !em_has(&ex->body, "release_policy.data"))
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "AKV.SKR.1004: Exportable keys must have release policy.");
    if (is_exportable && !is_hsm && !rd_str_has_suffix_case(type, RD_STR("-HSM")))
        return em_plane_fail(ex, 400, "BadParameter", NULL,
                             "Only HSM-protected keys can be exportable.");
    return true;
}

static bool create_key(struct em_exchange *ex, struct em_resource *store, bool is_hsm,
                       struct rd_str name)
{
    if (!check_create(ex, store, is_hsm))
        return false;
    struct rd_str id = em_child_id(ex, store->id, "keys", name);
    struct em_resource *key = em_find(ex->cloud, id);
    struct rd_json hidden = key != NULL ? em_hidden(ex, key) : rd_json_object();
    if (em_has(&hidden, "deleted_ms"))
        return em_plane_fail(ex, 409, "Conflict", "ObjectIsDeletedButRecoverable",
                             "Key %.*s is currently in a deleted but recoverable state, and its "
                             "name cannot be reused; in this state, the key can only be recovered "
                             "or purged.",
                             RD_FMT(name));
    struct rd_json bundle = rd_json_object(), *part;
    struct rd_str url = em_store_url(ex, store, is_hsm);
    struct rd_str version = em_hex(
        ex, rd_arena_printf(ex->arena, "%.*s@%llu", RD_FMT(id), (unsigned long long)ex->number),
        32);
    struct rd_str kid = rd_arena_printf(ex->arena, "%.*skeys/%.*s/%.*s", RD_FMT(url), RD_FMT(name),
                                        RD_FMT(version));
    em_set_text(ex, &bundle, "key.kid", kid);
    em_set_text(ex, &bundle, "key.kty", em_text_at(&ex->body, "kty"));
    if (em_has(&ex->body, "key_ops")) {
        em_set(ex, &bundle, "key.key_ops",
               rd_json_copy(ex->arena, rd_json_at(&ex->body, "key_ops")));
    } else {
        static const char *const all[] = {"verify",  "sign",      "encrypt",
                                          "decrypt", "unwrapKey", "wrapKey"};
        /* Curves sign only (recorded). */
        bool is_curve = rd_str_has_prefix_case(em_text_at(&ex->body, "kty"), RD_STR("EC"));
        part = em_array(ex, &bundle, "key.key_ops");
        for (size_t i = 0; i < (is_curve ? 2 : EM_COUNT(all)); i++)
            (void)rd_json_append(ex->arena, part, rd_json_string_c(all[i]));
    }
    struct rd_json material_of = *rd_json_at(&bundle, "key");
    fill_material(ex, &material_of, em_text_at(&ex->body, "kty"), &ex->body, kid);
    em_set(ex, &bundle, "key", material_of);
    struct rd_json attributes = em_plane_attributes(ex, store, rd_json_at(&ex->body, "attributes"));
    if (rd_json_is_true(rd_json_at(&ex->body, "attributes.exportable")))
        em_set_bool(ex, &attributes, "exportable", true);
    if (!is_hsm)
        em_set_word(ex, &attributes, "hsmPlatform", "2");
    em_set(ex, &bundle, "attributes", attributes);
    if (em_has(&ex->body, "tags"))
        em_set(ex, &bundle, "tags", rd_json_copy(ex->arena, rd_json_at(&ex->body, "tags")));
    if (em_has(&ex->body, "release_policy.data") &&
        !take_policy(ex, rd_json_at(&ex->body, "release_policy"), is_hsm, &bundle))
        return false;
    (void)rd_json_append(ex->arena, em_array(ex, &hidden, "versions"), bundle);
    struct rd_json none = rd_json_object();
    if (key == NULL)
        (void)em_create(ex, is_hsm ? EM_HSM_KEY_TYPE : EM_VAULT_KEY_TYPE, id, &none, &hidden);
    else
        em_store_hidden(ex, key, &hidden);
    return answer(ex, &bundle, is_hsm);
}

/* Reading and the rest ------------------------------------------------------------------------- */

static bool refuse_absent(struct em_exchange *ex, struct rd_str name)
{
    return em_plane_fail(ex, 404, "KeyNotFound", NULL,
                         "A key with (name/id) %.*s was not found in this key vault. If you "
                         "recently deleted this key you may be able to recover it using the "
                         "correct recovery command. For help resolving this issue, please see "
                         "https://go.microsoft.com/fwlink/?linkid=2125182",
                         RD_FMT(name));
}

/* What lists show of a key: its newest version's attributes under the name without version. */
static struct rd_json list_item(struct em_exchange *ex, const struct rd_json *bundle,
                                bool has_version)
{
    struct rd_json item = rd_json_object();
    struct rd_str kid = em_text_at(bundle, "key.kid");
    if (!has_version)
        kid = rd_str_sub(kid, 0, rd_str_find_last_char(kid, '/'));
    em_set_text(ex, &item, "kid", kid);
    em_set(ex, &item, "attributes", *rd_json_at(bundle, "attributes"));
    if (em_has(bundle, "tags"))
        em_set(ex, &item, "tags", *rd_json_at(bundle, "tags"));
    return item;
}

/* What a deleted key says beside what it said before; it does so in lists too. */
static void add_deletion(struct em_exchange *ex, const struct em_resource *store, bool is_hsm,
                         struct rd_str name, const struct rd_json *hidden, struct rd_json *bundle)
{
    struct rd_str url = em_store_url(ex, store, is_hsm);
    em_set_text(ex, bundle, "recoveryId",
                rd_arena_printf(ex->arena, "%.*sdeletedkeys/%.*s", RD_FMT(url), RD_FMT(name)));
    em_set_int(ex, bundle, "deletedDate", rd_json_int(rd_json_at(hidden, "deleted_ms"), 0) / 1000);
    em_set_int(ex, bundle, "scheduledPurgeDate",
               rd_json_int(rd_json_at(hidden, "purge_ms"), 0) / 1000);
}

static bool list_keys(struct em_exchange *ex, struct em_resource *store, bool is_hsm,
                      bool is_deleted)
{
    struct rd_json items = rd_json_array();
    const char *type = is_hsm ? EM_HSM_KEY_TYPE : EM_VAULT_KEY_TYPE;
    for (struct em_resource *key = em_next_child(store, type, NULL); key != NULL;
         key = em_next_child(store, type, key)) {
        struct rd_json hidden = em_hidden(ex, key);
        const struct rd_json *versions = rd_json_at(&hidden, "versions");
        bool is_gone = rd_json_int(rd_json_at(&hidden, "purge_ms"), INT64_MAX) <= ex->now_ms;
        if (key->is_deleted || is_gone || em_has(&hidden, "deleted_ms") != is_deleted)
            continue;
        struct rd_json item =
            list_item(ex, rd_json_item(versions, rd_json_count(versions) - 1), false);
        if (is_deleted)
            add_deletion(ex, store, is_hsm, em_name(key), &hidden, &item);
        (void)rd_json_append(ex->arena, &items, item);
    }
    return em_plane_reply_page(ex, is_hsm, &items);
}

static struct rd_json deleted_bundle(struct em_exchange *ex, const struct em_resource *store,
                                     bool is_hsm, struct rd_str name, const struct rd_json *hidden)
{
    const struct rd_json *versions = rd_json_at(hidden, "versions");
    struct rd_json bundle =
        rd_json_copy(ex->arena, rd_json_item(versions, rd_json_count(versions) - 1));
    add_deletion(ex, store, is_hsm, name, hidden, &bundle);
    return bundle;
}

static bool deleted_key(struct em_exchange *ex, struct em_resource *store, bool is_hsm,
                        const struct rd_str *segments, size_t count)
{
    if (count == 1)
        return list_keys(ex, store, is_hsm, true);
    struct em_resource *key = em_find(ex->cloud, em_child_id(ex, store->id, "keys", segments[1]));
    struct rd_json hidden = key != NULL ? em_hidden(ex, key) : rd_json_object();
    if (key == NULL || !em_has(&hidden, "deleted_ms"))
        return refuse_absent(ex, segments[1]);
    struct rd_json bundle = deleted_bundle(ex, store, is_hsm, segments[1], &hidden);
    if (ex->request->method == RD_HTTP_GET && count == 2)
        return answer(ex, &bundle, is_hsm);
    if (ex->request->method == RD_HTTP_POST && count == 3 &&
        rd_str_is_case(segments[2], "recover")) {
        em_drop(&hidden, "", "deleted_ms");
        em_drop(&hidden, "", "purge_ms");
        em_store_hidden(ex, key, &hidden);
        const struct rd_json *versions = rd_json_at(&hidden, "versions");
        return answer(ex, rd_json_item(versions, rd_json_count(versions) - 1), is_hsm);
    }
    if (ex->request->method != RD_HTTP_DELETE || count != 2)
        return em_plane_fail(ex, 405, "MethodNotAllowed", NULL, "The method is not allowed here.");
    if (em_store_is_purge_protected(ex, store))
        return em_plane_fail(ex, 403, "Forbidden", NULL,
                             "Operation \"purge\" is not allowed on this vault because purge "
                             "protection is enabled.");
    em_remove(ex, key);
    em_store_forget(ex, store);
    em_reply_empty(ex, 204);
    return true;
}

static size_t version_index(const struct rd_json *versions, struct rd_str version)
{
    size_t count = rd_json_count(versions);
    if (rd_str_is_empty(version))
        return count - 1;
    for (size_t i = 0; i < count; i++)
        if (rd_str_eq_case(em_id_name(em_text_at(rd_json_item(versions, i), "key.kid")), version))
            return i;
    return count;
}

static bool patch_key(struct em_exchange *ex, struct em_resource *key, bool is_hsm, size_t index)
{
    struct rd_json hidden = em_hidden(ex, key), versions = rd_json_array();
    const struct rd_json *all = rd_json_at(&hidden, "versions");
    struct rd_json bundle = rd_json_copy(ex->arena, rd_json_item(all, index));
    if (em_has(&ex->body, "release_policy.data")) {
        if (rd_json_is_true(rd_json_at(&bundle, "release_policy.immutable")))
            return em_plane_fail(ex, 400, "BadParameter", NULL,
                                 "The release policy of the key is immutable.");
        if (!take_policy(ex, rd_json_at(&ex->body, "release_policy"), is_hsm, &bundle))
            return false;
    }
    if (rd_json_exists(rd_json_at(&ex->body, "attributes.enabled")))
        em_set(ex, &bundle, "attributes.enabled", *rd_json_at(&ex->body, "attributes.enabled"));
    if (em_has(&ex->body, "key_ops"))
        em_set(ex, &bundle, "key.key_ops", *rd_json_at(&ex->body, "key_ops"));
    if (em_has(&ex->body, "tags"))
        em_set(ex, &bundle, "tags", *rd_json_at(&ex->body, "tags"));
    em_set_int(ex, &bundle, "attributes.updated", ex->now_ms / 1000);
    for (size_t i = 0; i < rd_json_count(all); i++)
        (void)rd_json_append(ex->arena, &versions, i == index ? bundle : *rd_json_item(all, i));
    em_set(ex, &hidden, "versions", versions);
    em_store_hidden(ex, key, &hidden);
    return answer(ex, &bundle, is_hsm);
}

static bool delete_key(struct em_exchange *ex, struct em_resource *store, struct em_resource *key,
                       bool is_hsm)
{
    struct rd_json hidden = em_hidden(ex, key);
    em_set_int(ex, &hidden, "deleted_ms", ex->now_ms);
    em_set_int(ex, &hidden, "purge_ms", ex->now_ms + em_store_retention_days(ex, store) * 86400000);
    em_store_hidden(ex, key, &hidden);
    struct rd_json bundle = deleted_bundle(ex, store, is_hsm, em_name(key), &hidden);
    return answer(ex, &bundle, is_hsm);
}

static bool list_versions(struct em_exchange *ex, const struct rd_json *versions, bool is_hsm)
{
    struct rd_json reply = rd_json_object();
    struct rd_json *value = em_array(ex, &reply, "value");
    for (size_t i = 0; i < rd_json_count(versions); i++)
        (void)rd_json_append(ex->arena, value, list_item(ex, rd_json_item(versions, i), true));
    (void)rd_json_set_c(ex->arena, &reply, "nextLink", rd_json_null());
    return answer(ex, &reply, is_hsm);
}

bool em_key_request(struct em_exchange *ex, struct em_resource *store, bool is_hsm,
                    const struct rd_str *segments, size_t count)
{
    enum rd_http_method method = ex->request->method;
    if (count > 1 && !em_plane_settle(ex, store, "keys", segments[1]))
        return false;
    if (rd_str_is_case(segments[0], "deletedkeys"))
        return deleted_key(ex, store, is_hsm, segments, count);
    if (count == 1 && method == RD_HTTP_GET)
        return list_keys(ex, store, is_hsm, false);
    if (count == 1)
        return em_plane_fail(ex, 405, "MethodNotAllowed", NULL, "The method is not allowed here.");
    if (count == 3 && method == RD_HTTP_POST && rd_str_is_case(segments[2], "create"))
        return create_key(ex, store, is_hsm, segments[1]);
    struct em_resource *key = em_find(ex->cloud, em_child_id(ex, store->id, "keys", segments[1]));
    struct rd_json hidden = key != NULL ? em_hidden(ex, key) : rd_json_object();
    if (key == NULL || em_has(&hidden, "deleted_ms"))
        return refuse_absent(ex, segments[1]);
    const struct rd_json *versions = rd_json_at(&hidden, "versions");
    if (count == 3 && method == RD_HTTP_GET && rd_str_is_case(segments[2], "versions"))
        return list_versions(ex, versions, is_hsm);
    if (count == 2 && method == RD_HTTP_DELETE)
        return delete_key(ex, store, key, is_hsm);
    size_t index = version_index(versions, count > 2 ? segments[2] : (struct rd_str){0});
    if (index >= rd_json_count(versions))
        return refuse_absent(ex, segments[1]);
    if (count <= 3 && method == RD_HTTP_GET)
        return answer(ex, rd_json_item(versions, index), is_hsm);
    if (count <= 3 && method == RD_HTTP_PATCH)
        return patch_key(ex, key, is_hsm, index);
    return em_plane_fail(ex, 501, "NotEmulated", NULL,
                         "The embedded cloud's keys have no private half: '%.*s' is not emulated.",
                         RD_FMT(segments[count - 1]));
}
