/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Control plane of vaults and managed HSMs (azure-compute 7.1, 8.1): names that are unique in the
 * whole cloud, soft delete with everything inside, recovery, purge. A deleted one waits as an
 * internal resource /subscriptions/{s}/providers/Microsoft.KeyVault/deletedVaults/{name} (or
 * deletedManagedHSMs) whose hidden object holds its body and its children.
 */

#include "compute_internal.h"
#include "key_arm.h"
#include "keys.h"
#include "providers.h"

#define DELETED_VAULT_TYPE "Microsoft.KeyVault/deletedVaults"
#define DELETED_HSM_TYPE "Microsoft.KeyVault/deletedManagedHSMs"

enum { ACTIVATION_MS = 15 * 60000 };

/* Soft delete ---------------------------------------------------------------------------------- */

/* The deleted one of that name in any subscription, unless its time is over. */
static struct em_resource *find_deleted(struct em_exchange *ex, bool is_hsm, struct rd_str name)
{
    size_t cursor = 0;
    const char *type = is_hsm ? DELETED_HSM_TYPE : DELETED_VAULT_TYPE;
    for (struct em_resource *item = em_each(ex->cloud, type, &cursor); item != NULL;
         item = em_each(ex->cloud, type, &cursor)) {
        if (item->is_deleted || !rd_str_eq_case(em_name(item), name))
            continue;
        struct rd_json hidden = em_hidden(ex, item);
        if (rd_json_int(rd_json_at(&hidden, "purge_ms"), INT64_MAX) > ex->now_ms)
            return item;
        em_remove(ex, item);
        return NULL;
    }
    return NULL;
}

static void bury(struct em_exchange *ex, struct em_resource *store, bool is_hsm)
{
    struct rd_json body = em_body(ex, store), grave = rd_json_object(), hidden = rd_json_object();
    int64_t purge_ms = ex->now_ms + em_store_retention_days(ex, store) * 86400000;
    em_set_text(ex, &grave, is_hsm ? "properties.mhsmId" : "properties.vaultId", store->id);
    em_set_text(ex, &grave, "properties.location", em_text_at(&body, "location"));
    em_set_text(ex, &grave, "properties.deletionDate", em_time(ex, ex->now_ms));
    em_set_text(ex, &grave, "properties.scheduledPurgeDate", em_time(ex, purge_ms));
    em_set_bool(ex, &grave, "properties.purgeProtectionEnabled",
                em_store_is_purge_protected(ex, store));
    if (em_has(&body, "tags"))
        em_set(ex, &grave, "properties.tags", *rd_json_at(&body, "tags"));
    em_set(ex, &hidden, "body", body);
    em_set_int(ex, &hidden, "purge_ms", purge_ms);
    /* The core removes children before their parent: each has left itself in the hidden object. */
    struct rd_json its = em_hidden(ex, store);
    if (em_has(&its, "children"))
        em_set(ex, &hidden, "children", rd_json_copy(ex->arena, rd_json_at(&its, "children")));
    struct rd_str subscription = em_subscription(store), name = em_name(store);
    struct rd_str id =
        rd_arena_printf(ex->arena, "/subscriptions/%.*s/providers/%s/%.*s", RD_FMT(subscription),
                        is_hsm ? DELETED_HSM_TYPE : DELETED_VAULT_TYPE, RD_FMT(name));
    (void)em_create(ex, is_hsm ? DELETED_HSM_TYPE : DELETED_VAULT_TYPE, id, &grave, &hidden);
}

/* Keys, secrets and roles: as they go, so that their store's grave can hold them. One that is
 * purged by itself is forgotten again (em_store_forget). */
static void deleted_child(struct em_exchange *ex, struct em_resource *child)
{
    if (child->parent == NULL || child->parent->is_deleted)
        return;
    struct rd_json hidden = em_hidden(ex, child->parent), item = rd_json_object();
    em_set_text(ex, &item, "id", child->id);
    em_set_word(ex, &item, "type", child->type->name);
    em_set(ex, &item, "body", em_body(ex, child));
    em_set(ex, &item, "hidden", em_hidden(ex, child));
    (void)rd_json_append(ex->arena, em_array(ex, &hidden, "children"), item);
    em_store_hidden(ex, child->parent, &hidden);
}

void em_store_forget(struct em_exchange *ex, struct em_resource *store)
{
    struct rd_json hidden = em_hidden(ex, store);
    em_drop(&hidden, "", "children");
    em_store_hidden(ex, store, &hidden);
}

/* Takes the body of the deleted one over; its children come back when the store is ready. */
static bool dig_up(struct em_exchange *ex, struct em_resource *grave, struct rd_json *body,
                   struct rd_json *hidden)
{
    struct rd_json kept = em_hidden(ex, grave);
    if (!rd_str_eq_case(em_text_at(&kept, "body.location"), em_text_at(body, "location")))
        return em_fail(ex, 409, "ConflictError",
                       "The deleted resource lies in location '%.*s' and must be recovered there.",
                       RD_FMT(em_text_at(&kept, "body.location")));
    struct rd_json fresh = rd_json_copy(ex->arena, rd_json_at(&kept, "body"));
    if (em_has(body, "tags"))
        em_set(ex, &fresh, "tags", *rd_json_at(body, "tags"));
    *body = fresh;
    em_set(ex, hidden, "children", rd_json_copy(ex->arena, rd_json_at(&kept, "children")));
    em_set_bool(ex, hidden, "recovered", true);
    em_remove(ex, grave);
    return true;
}

static void revive_children(struct em_exchange *ex, const struct em_resource *store,
                            struct rd_json *hidden)
{
    const struct rd_json *children = rd_json_at(hidden, "children");
    for (size_t i = 0; i < rd_json_count(children); i++) {
        const struct rd_json *item = rd_json_item(children, i);
        struct rd_str name = em_id_name(em_text_at(item, "id"));
        struct rd_str kind = em_id_name(em_text_at(item, "type"));
        const char *type = rd_arena_str(ex->arena, em_text_at(item, "type")).p;
        (void)em_create(ex, type, em_child_id(ex, store->id, rd_arena_str(ex->arena, kind).p, name),
                        rd_json_at(item, "body"), rd_json_at(item, "hidden"));
    }
    em_drop(hidden, "", "children");
}

static bool check_name(struct em_exchange *ex, bool is_hsm, struct rd_str name)
{
    size_t cursor = 0;
    const char *type = is_hsm ? EM_HSM_TYPE : EM_VAULT_TYPE;
    for (struct em_resource *other = em_each(ex->cloud, type, &cursor); other != NULL;
         other = em_each(ex->cloud, type, &cursor))
        if (!other->is_deleted && rd_str_eq_case(em_name(other), name))
            return em_fail(ex, 409, is_hsm ? "HsmAlreadyExists" : "VaultAlreadyExists",
                           "The %s name '%.*s' is already in use. %s names are globally unique so "
                           "it is possible that the name is already taken. If you are sure that "
                           "the name was not taken then it is possible that it was deleted "
                           "recently but not purged.",
                           is_hsm ? "managed HSM" : "vault", RD_FMT(name),
                           is_hsm ? "Managed HSM" : "Vault");
    return true;
}

/* The steps that creating either has in common; `*ret_is_recovered` tells that `body` is old. */
static bool begin(struct em_exchange *ex, bool is_hsm, struct rd_json *body, struct rd_json *hidden,
                  bool *ret_is_recovered)
{
    struct rd_str name = em_id_name(ex->id);
    *ret_is_recovered = false;
    if (!check_name(ex, is_hsm, name))
        return false;
    struct em_resource *grave = find_deleted(ex, is_hsm, name);
    bool recovers = rd_str_is_case(em_text_at(body, "properties.createMode"), "recover");
    if (grave != NULL && !recovers)
        return em_fail(ex, 409, "ConflictError",
                       "A %s with the same name already exists in deleted state. You need to "
                       "either recover or purge existing %s. Follow this link "
                       "https://go.microsoft.com/fwlink/?linkid=2149745 for more information on "
                       "soft delete.",
                       is_hsm ? "managed HSM" : "vault", is_hsm ? "managed HSM" : "key vault");
    if (grave == NULL)
        return true;
    *ret_is_recovered = true;
    return dig_up(ex, grave, body, hidden);
}

static bool check_protection(struct em_exchange *ex, const struct rd_json *was,
                             const struct rd_json *body)
{
    const struct rd_json *is = rd_json_at(body, "properties.enablePurgeProtection");
    bool is_false = rd_json_exists(is) && !rd_json_is_true(is);
    if (is_false && rd_json_is_true(rd_json_at(was, "properties.enablePurgeProtection")))
        return em_fail(
            ex, 400, "BadRequest",
            "The property \"enablePurgeProtection\" cannot be set to false. Enabling the "
            "purge protection is an irreversible action.");
    int64_t days = rd_json_int(rd_json_at(body, "properties.softDeleteRetentionInDays"), 90);
    if (days < 7 || days > 90)
        return em_fail(ex, 400, "BadRequest",
                       "The property \"softDeleteRetentionInDays\" must be between 7 and 90.");
    return true;
}

/* Vaults --------------------------------------------------------------------------------------- */

static bool put_vault(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                      struct rd_json *hidden)
{
    static const char *const skus[] = {"standard", "premium", NULL};
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    bool is_recovered = false;
    if (former == NULL && !begin(ex, false, body, hidden, &is_recovered))
        return false;
    if (!em_require(ex, body, "properties.tenantId", RD_JSON_STRING) ||
        !em_require_word(ex, body, "properties.sku.name", skus, false) ||
        !check_protection(ex, &was, body))
        return false;
    em_reply_header(ex, "x-ms-keyvault-service-version", "1.5.1491.0");
    em_reply_header(ex, "x-aspnet-version", "4.0.30319");
    em_drop(body, "properties", "createMode");
    static const char *const kept[] = {
        "properties.accessPolicies", "properties.enableRbacAuthorization",
        "properties.enablePurgeProtection", "properties.softDeleteRetentionInDays"};
    for (size_t i = 0; i < EM_COUNT(kept); i++)
        if (!rd_json_exists(rd_json_at(body, kept[i])) && em_has(&was, kept[i]))
            em_set(ex, body, kept[i], rd_json_copy(ex->arena, rd_json_at(&was, kept[i])));
    /* On creation the default is RBAC from api-version 2026-02-01 on. */
    em_default(ex, body, "properties.enableRbacAuthorization",
               rd_json_bool(rd_str_cmp(ex->api_version, RD_STR("2026-02-01")) >= 0));
    if (!rd_json_is_true(rd_json_at(body, "properties.enableRbacAuthorization")) &&
        !rd_json_is(rd_json_at(body, "properties.accessPolicies"), RD_JSON_ARRAY))
        return em_fail(ex, 400, "BadRequest", "The parameter \"accessPolicies\" is not specified.");
    em_default(ex, body, "tags", rd_json_object());
    em_default(ex, body, "properties.accessPolicies", rd_json_array());
    em_default(ex, body, "properties.enabledForDeployment", rd_json_bool(false));
    em_default(ex, body, "properties.enableSoftDelete", rd_json_bool(true));
    em_default(ex, body, "properties.softDeleteRetentionInDays", rd_json_integer(90));
    em_default(ex, body, "properties.publicNetworkAccess", rd_json_string_c("Enabled"));
    em_set_text(ex, body, "properties.vaultUri",
                rd_arena_printf(ex->arena, "https://%.*s.%.*s/", RD_FMT(em_id_name(ex->id)),
                                RD_FMT(em_host(ex->cloud, EM_PLACE_VAULT))));
    return true;
}

static const char *ready_store(struct em_exchange *ex, struct em_resource *store,
                               struct rd_json *body, struct rd_json *hidden,
                               struct rd_str *ret_message)
{
    (void)body;
    (void)ret_message;
    revive_children(ex, store, hidden);
    return NULL;
}

/* The answer to the PUT that makes it has no slash at the end of the URI; network rules that forbid
 * nothing are not shown (both recorded). */
static void show_vault(struct em_exchange *ex, struct em_resource *vault, struct rd_json *body)
{
    static const char *const users[] = {"createdBy", "lastModifiedBy"};
    static const char *const kinds[] = {"createdByType", "lastModifiedByType"};
    static const char *const times[] = {"createdAt", "lastModifiedAt"};
    const struct rd_json *acls = rd_json_at(body, "properties.networkAcls");
    if (em_is_word(acls, "defaultAction", "Allow") && em_is_word(acls, "bypass", "AzureServices") &&
        rd_json_count(rd_json_at(acls, "ipRules")) == 0 &&
        rd_json_count(rd_json_at(acls, "virtualNetworkRules")) == 0)
        em_drop(body, "properties", "networkAcls");
    struct rd_json data = rd_json_object();
    for (size_t i = 0; i < EM_COUNT(users); i++) {
        int64_t ms = i == 0 ? vault->created_ms : vault->changed_ms;
        em_set_word(ex, &data, users[i], "operator@example.com");
        em_set_word(ex, &data, kinds[i], "User");
        em_set_text(ex, &data, times[i], em_time(ex, ms));
    }
    em_set(ex, body, "systemData", data);
    struct rd_str uri = em_text_at(body, "properties.vaultUri");
    if (vault->state == EM_CREATING && ex->request != NULL && ex->request->method == RD_HTTP_PUT &&
        rd_str_has_suffix(uri, RD_STR("/")))
        em_set_text(ex, body, "properties.vaultUri", rd_str_sub(uri, 0, uri.n - 1));
}

static void deleted_vault(struct em_exchange *ex, struct em_resource *vault)
{
    bury(ex, vault, false);
}

/* PUT {vault}/accessPolicies/{add|replace|remove}. */
static bool put_policies(struct em_exchange *ex)
{
    struct rd_str id =
        rd_str_sub(ex->url.path, 0, rd_str_find_case(ex->url.path, RD_STR("/accessPolicies/"), 0));
    struct em_resource *vault = em_find(ex->cloud, rd_http_decode(ex->arena, id));
    if (vault == NULL)
        return em_fail_not_found(ex, id);
    struct rd_str kind = em_id_name(ex->url.path);
    struct rd_json body = em_body(ex, vault), policies = rd_json_array();
    const struct rd_json *old = rd_json_at(&body, "properties.accessPolicies");
    const struct rd_json *asked = rd_json_at(&ex->body, "properties.accessPolicies");
    for (size_t i = 0; i < rd_json_count(old) && !rd_str_is_case(kind, "replace"); i++) {
        bool is_named = false;
        for (size_t k = 0; k < rd_json_count(asked); k++)
            is_named = is_named || rd_str_eq_case(em_text_at(rd_json_item(old, i), "objectId"),
                                                  em_text_at(rd_json_item(asked, k), "objectId"));
        if (!is_named)
            (void)rd_json_append(ex->arena, &policies, *rd_json_item(old, i));
    }
    for (size_t k = 0; k < rd_json_count(asked) && !rd_str_is_case(kind, "remove"); k++)
        (void)rd_json_append(ex->arena, &policies, *rd_json_item(asked, k));
    em_set(ex, &body, "properties.accessPolicies", policies);
    em_store(ex, vault, &body);
    struct rd_json reply = rd_json_object();
    em_set_word(ex, &reply, "type", "Microsoft.KeyVault/vaults/accessPolicies");
    em_set(ex, &reply, "properties.accessPolicies", policies);
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

/* Managed HSMs --------------------------------------------------------------------------------- */

static bool put_hsm(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                    struct rd_json *hidden)
{
    static const char *const skus[] = {"Standard_B1", "Custom_B6",  "Custom_B32",
                                       "Custom_C10",  "Custom_C42", NULL};
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    bool is_recovered = false;
    if (former == NULL && !begin(ex, true, body, hidden, &is_recovered))
        return false;
    if (!em_require(ex, body, "properties.tenantId", RD_JSON_STRING) ||
        !em_require_word(ex, body, "sku.name", skus, false) || !check_protection(ex, &was, body))
        return false;
    if (former == NULL && rd_json_count(rd_json_at(body, "properties.initialAdminObjectIds")) == 0)
        return em_fail(ex, 400, "BadRequest",
                       "The property \"initialAdminObjectIds\" must name at least one object id.");
    em_drop(body, "properties", "createMode");
    em_default(ex, body, "properties.enableSoftDelete", rd_json_bool(true));
    em_default(ex, body, "properties.softDeleteRetentionInDays", rd_json_integer(90));
    em_default(ex, body, "properties.enablePurgeProtection", rd_json_bool(false));
    em_default(ex, body, "properties.publicNetworkAccess", rd_json_string_c("Enabled"));
    static const char *const kept[] = {"properties.securityDomainProperties",
                                       "properties.initialAdminObjectIds",
                                       "properties.statusMessage"};
    for (size_t i = 0; i < EM_COUNT(kept); i++)
        if (!em_has(body, kept[i]) && em_has(&was, kept[i]))
            em_set(ex, body, kept[i], rd_json_copy(ex->arena, rd_json_at(&was, kept[i])));
    em_set_text(ex, body, "properties.hsmUri",
                rd_arena_printf(ex->arena, "https://%.*s.%.*s/", RD_FMT(em_id_name(ex->id)),
                                RD_FMT(em_host(ex->cloud, EM_PLACE_HSM))));
    if (!em_has(body, "properties.securityDomainProperties")) {
        em_set_word(ex, body, "properties.securityDomainProperties.activationStatus",
                    "NotActivated");
        em_set_word(ex, body, "properties.securityDomainProperties.activationStatusMessage",
                    "Your HSM has been provisioned, but cannot be used for cryptographic "
                    "operations until it is activated. To activate the HSM, download the security "
                    "domain.");
    }
    return true;
}

/* The custodians do their ceremony some time after the HSM stands (contracts C2). */
static const char *ready_hsm(struct em_exchange *ex, struct em_resource *hsm, struct rd_json *body,
                             struct rd_json *hidden, struct rd_str *ret_message)
{
    (void)ret_message;
    revive_children(ex, hsm, hidden);
    if (!rd_str_is_case(em_text_at(body, "properties.securityDomainProperties.activationStatus"),
                        "Active") &&
        !em_has(hidden, "ceremony_ms")) {
        em_set_int(ex, hidden, "ceremony_ms", ex->now_ms + ACTIVATION_MS);
        em_schedule(ex, ex->now_ms + ACTIVATION_MS, "hsm-activate", hsm->id, (struct rd_str){0});
    }
    em_set_word(ex, body, "properties.statusMessage",
                "The Managed HSM is provisioned and ready to use.");
    return NULL;
}

static void activate(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    (void)argument;
    struct em_resource *hsm = em_find(ex->cloud, id);
    if (hsm == NULL || hsm->is_deleted)
        return;
    struct rd_json body = em_body(ex, hsm);
    em_set_word(ex, &body, "properties.securityDomainProperties.activationStatus", "Active");
    em_set_word(ex, &body, "properties.securityDomainProperties.activationStatusMessage",
                "Your HSM has been activated and can be used for cryptographic operations.");
    em_store(ex, hsm, &body);
}

static void deleted_hsm(struct em_exchange *ex, struct em_resource *hsm)
{
    bury(ex, hsm, true);
}

/* Deleted ones --------------------------------------------------------------------------------- */

static struct em_resource *grave_of(struct em_exchange *ex, bool is_hsm)
{
    struct em_resource *grave = find_deleted(ex, is_hsm, ex->params[2]);
    if (grave == NULL || !rd_str_eq_case(em_subscription(grave), ex->params[0])) {
        (void)em_fail(ex, 404, is_hsm ? "DeletedManagedHSMNotFound" : "DeletedVaultNotFound",
                      "The specified deleted %s does not exist.", is_hsm ? "managed HSM" : "vault");
        return NULL;
    }
    return grave;
}

static struct rd_json view_grave(struct em_exchange *ex, struct em_resource *grave, bool is_hsm)
{
    const char *kind = is_hsm ? "deletedManagedHSMs" : "deletedVaults";
    struct rd_json view = rd_json_object(), body = em_body(ex, grave);
    em_set_text(ex, &view, "id",
                rd_arena_printf(ex->arena,
                                "/subscriptions/%.*s/providers/Microsoft.KeyVault/locations/%.*s/"
                                "%s/%.*s",
                                RD_FMT(em_subscription(grave)),
                                RD_FMT(em_text_at(&body, "properties.location")), kind,
                                RD_FMT(em_name(grave))));
    em_set_text(ex, &view, "name", em_name(grave));
    em_set_text(ex, &view, "type", rd_arena_printf(ex->arena, "Microsoft.KeyVault/%s", kind));
    em_set(ex, &view, "properties", *rd_json_at(&body, "properties"));
    return view;
}

static bool get_grave(struct em_exchange *ex, bool is_hsm)
{
    struct em_resource *grave = grave_of(ex, is_hsm);
    if (grave == NULL)
        return false;
    struct rd_json view = view_grave(ex, grave, is_hsm);
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

static bool list_graves(struct em_exchange *ex, bool is_hsm)
{
    const char *type = is_hsm ? DELETED_HSM_TYPE : DELETED_VAULT_TYPE;
    struct rd_json list = rd_json_array(), reply = rd_json_object();
    size_t cursor = 0;
    for (struct em_resource *item = em_each(ex->cloud, type, &cursor); item != NULL;
         item = em_each(ex->cloud, type, &cursor)) {
        struct rd_json hidden = em_hidden(ex, item);
        if (!item->is_deleted && rd_str_eq_case(em_subscription(item), ex->params[0]) &&
            rd_json_int(rd_json_at(&hidden, "purge_ms"), INT64_MAX) > ex->now_ms)
            (void)rd_json_append(ex->arena, &list, view_grave(ex, item, is_hsm));
    }
    em_set(ex, &reply, "value", list);
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

static bool list_deleted_vaults(struct em_exchange *ex)
{
    return list_graves(ex, false);
}

static bool list_deleted_hsms(struct em_exchange *ex)
{
    return list_graves(ex, true);
}

static bool purge_grave(struct em_exchange *ex, bool is_hsm)
{
    struct em_resource *grave = grave_of(ex, is_hsm);
    if (grave == NULL)
        return false;
    struct rd_json body = em_body(ex, grave);
    if (rd_json_is_true(rd_json_at(&body, "properties.purgeProtectionEnabled")))
        return em_fail(ex, 400, "MethodNotAllowed",
                       "Operation \"purge\" is not allowed on this %s because purge protection is "
                       "enabled.",
                       is_hsm ? "managed HSM" : "vault");
    em_remove(ex, grave);
    /* An HSM's SDK takes 202 alone (Debian's azure-mgmt-keyvault 10.1.0). */
    em_reply_empty(ex, is_hsm ? 202 : 200);
    return true;
}

static bool get_deleted_vault(struct em_exchange *ex)
{
    return get_grave(ex, false);
}

static bool get_deleted_hsm(struct em_exchange *ex)
{
    return get_grave(ex, true);
}

static bool purge_vault(struct em_exchange *ex)
{
    return purge_grave(ex, false);
}

static bool purge_hsm(struct em_exchange *ex)
{
    return purge_grave(ex, true);
}

static bool check_availability(struct em_exchange *ex)
{
    struct rd_str name = em_text_at(&ex->body, "name");
    bool is_hsm = rd_str_find_case(ex->url.path, RD_STR("Mhsm"), 0) != RD_STR_NONE;
    bool is_free = find_deleted(ex, is_hsm, name) == NULL && check_name(ex, is_hsm, name);
    struct rd_json reply = rd_json_object();
    em_set_bool(ex, &reply, "nameAvailable", is_free);
    if (!is_free) {
        em_set_word(ex, &reply, "reason", "AlreadyExists");
        em_set_text(ex, &reply, "message",
                    rd_arena_printf(ex->arena, "The name '%.*s' is already in use.", RD_FMT(name)));
    }
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

#define KEYVAULT "/subscriptions/{}/providers/Microsoft.KeyVault/"
#define STORES "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.KeyVault/"
static const struct em_route routes[] = {
    {RD_HTTP_GET, KEYVAULT "deletedVaults", list_deleted_vaults, NULL, "azure-compute 8.1"},
    {RD_HTTP_GET, KEYVAULT "deletedManagedHSMs", list_deleted_hsms, NULL, "azure-compute 7.1"},
    {RD_HTTP_GET, KEYVAULT "locations/{}/deletedVaults/{}", get_deleted_vault, NULL,
     "azure-compute 8.1"},
    {RD_HTTP_POST, KEYVAULT "locations/{}/deletedVaults/{}/purge", purge_vault, NULL,
     "azure-compute 8.1"},
    {RD_HTTP_GET, KEYVAULT "locations/{}/deletedManagedHSMs/{}", get_deleted_hsm, NULL,
     "azure-compute 7.1"},
    {RD_HTTP_POST, KEYVAULT "locations/{}/deletedManagedHSMs/{}/purge", purge_hsm, NULL,
     "azure-compute 7.1"},
    {RD_HTTP_POST, KEYVAULT "checkNameAvailability", check_availability, NULL, "azure-compute 8.1"},
    {RD_HTTP_POST, KEYVAULT "checkMhsmNameAvailability", check_availability, NULL,
     "azure-compute 7.1"},
    {RD_HTTP_PUT, STORES "vaults/{}/accessPolicies/{}", put_policies, NULL, "azure-compute 8.1"},
    {RD_HTTP_GET, STORES "vaults/{}/keys", em_arm_vault_keys, NULL, "azure-compute 7.1"},
    {RD_HTTP_GET, STORES "vaults/{}/keys/{}", em_arm_vault_key, NULL, "azure-compute 7.1"},
    {RD_HTTP_GET, STORES "vaults/{}/keys/{}/versions", em_arm_vault_key_versions, NULL,
     "azure-compute 7.1"},
    {RD_HTTP_GET, STORES "vaults/{}/keys/{}/versions/{}", em_arm_vault_key_version, NULL,
     "azure-compute 7.1"},
    {RD_HTTP_GET, STORES "vaults/{}/secrets", em_arm_secrets, NULL, "azure-compute 8.2"},
    {RD_HTTP_GET, STORES "vaults/{}/secrets/{}", em_arm_secret, NULL, "azure-compute 8.2"},
    {RD_HTTP_GET, STORES "managedHSMs/{}/keys", em_arm_hsm_keys, NULL, "azure-compute 7.1"},
    {RD_HTTP_GET, STORES "managedHSMs/{}/keys/{}", em_arm_hsm_key, NULL, "azure-compute 7.1"},
    {RD_HTTP_GET, STORES "managedHSMs/{}/keys/{}/versions", em_arm_hsm_key_versions, NULL,
     "azure-compute 7.1"},
    {RD_HTTP_GET, STORES "managedHSMs/{}/keys/{}/versions/{}", em_arm_hsm_key_version, NULL,
     "azure-compute 7.1"},
};

static const struct em_event_name events[] = {{"hsm-activate", activate}};

static const struct em_order vault_order[] = {
    /* recording 01 */
    {"", "location tags systemData properties"},
    {"properties", "sku tenantId accessPolicies networkAcls enabledForDeployment "
                   "enabledForDiskEncryption enabledForTemplateDeployment enableSoftDelete "
                   "softDeleteRetentionInDays enableRbacAuthorization enablePurgeProtection "
                   "vaultUri provisioningState publicNetworkAccess"},
    {NULL, NULL},
};

static const struct em_type types[] = {
    {
        .name = EM_VAULT_TYPE,
        EM_REGIONAL,
        EM_ANSWERS(200, 200, 200),
        .async = EM_POLL_RESOURCE,
        .create_ms = 30000,
        .create_state = "RegisteringDns",
        .name_pattern = "^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$",
        .source = "azure-compute 8.1, recording 01-des-confidential",
        .order = vault_order,
        .put = put_vault,
        .ready = ready_store,
        .show = show_vault,
        .deletes_children = true,
        .deleted = deleted_vault,
    },
    {.name = EM_VAULT_KEY_TYPE,
     .place = EM_IN_PARENT,
     .is_internal = true,
     .has_no_state = true,
     .deleted = deleted_child,
     .source = "azure-compute 7.3"},
    {.name = EM_SECRET_TYPE,
     .place = EM_IN_PARENT,
     .is_internal = true,
     .has_no_state = true,
     .deleted = deleted_child,
     .source = "azure-compute 8.2"},
    {
        .name = EM_HSM_TYPE,
        EM_REGIONAL,
        EM_ANSWERS(202, 202, 202),
        .async = EM_LOCATION,
        .operation_path = "Microsoft.KeyVault/locations/{l}/managedHsmOperations",
        EM_TAKES(1500, 60, 120),
        .retry_after_s = 10,
        .create_state = "Provisioning",
        .name_pattern = "^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$",
        .source = "azure-compute 7.1, lessons D",
        .put = put_hsm,
        .ready = ready_hsm,
        .deletes_children = true,
        .deleted = deleted_hsm,
    },
    {.name = EM_HSM_KEY_TYPE,
     .place = EM_IN_PARENT,
     .is_internal = true,
     .has_no_state = true,
     .deleted = deleted_child,
     .source = "azure-compute 7.3, recording 02-mhsm-key-release-policy"},
    {.name = EM_HSM_ROLE_TYPE,
     .place = EM_IN_PARENT,
     .is_internal = true,
     .has_no_state = true,
     .deleted = deleted_child,
     .source = "azure-compute 7.7"},
    {.name = DELETED_VAULT_TYPE,
     .place = EM_IN_SUBSCRIPTION,
     .is_internal = true,
     .has_no_state = true,
     .source = "azure-compute 8.1"},
    {.name = DELETED_HSM_TYPE,
     .place = EM_IN_SUBSCRIPTION,
     .is_internal = true,
     .has_no_state = true,
     .source = "azure-compute 7.1"},
};

const struct em_part em_keyvault_part = {
    .name = "keyvault",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
    .events = events,
    .event_count = EM_COUNT(events),
};
