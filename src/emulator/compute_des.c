/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Disk encryption sets (azure-compute 6). A set with a user-assigned identity must be able to use
 * its key when it is made; one with an identity of its own is made before anybody could have
 * granted it anything, and fails later, where a disk uses it (recorded). A confidential set needs
 * a key that may be released.
 */

#include "compute_internal.h"
#include "compute_parts.h"
#include "keys.h"

static bool is_confidential(const struct rd_json *body)
{
    return rd_str_is_case(em_text_at(body, "properties.encryptionType"),
                          "ConfidentialVmEncryptedWithCustomerKey");
}

static bool check_key(struct em_exchange *ex, const struct rd_json *body)
{
    struct rd_str url = em_text_at(body, "properties.activeKey.keyUrl");
    struct em_key_ref key;
    if (!em_key_parse(ex, url, &key) || rd_str_is_empty(key.version))
        return em_fail_target(ex, 400, "InvalidParameter", "activeKey.keyUrl",
                              "The value '%.*s' of parameter 'activeKey.keyUrl' is invalid: it "
                              "must be a fully versioned key URL.",
                              RD_FMT(url));
    if (key.resource == NULL || rd_json_count(&key.bundle) == 0)
        return em_fail_target(ex, 400, "KeyVaultKeyNotFound", "activeKey.keyUrl",
                              "Unable to find key with url '%.*s' in the key vault.", RD_FMT(url));
    if (!rd_json_is_true(rd_json_at(&key.bundle, "attributes.enabled")))
        return em_fail_target(ex, 400, "KeyVaultKeyDisabled", "activeKey.keyUrl",
                              "The key with url '%.*s' is disabled.", RD_FMT(url));
    if (!key.is_purge_protected)
        return em_fail_target(ex, 400, "KeyVaultPurgeProtectionNotEnabled", "activeKey.keyUrl",
                              "Key vault '%.*s' must have purge protection enabled to be used for "
                              "encryption at rest.",
                              RD_FMT(em_name(key.store)));
    struct em_fault *fault = em_fault(ex, "release-policy");
    bool is_faulty = fault != NULL && is_confidential(body);
    if (is_faulty)
        em_fault_struck(fault);
    if (is_confidential(body) && (is_faulty || !em_has(&key.bundle, "release_policy.data")))
        return em_fail_target(ex, 400, "InvalidParameter", "activeKey.keyUrl",
                              "The target key has no key release policy. Key: '%.*s'.",
                              RD_FMT(url));
    return true;
}

bool em_des_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                struct rd_json *hidden)
{
    static const char *const types[] = {"EncryptionAtRestWithCustomerKey",
                                        "EncryptionAtRestWithPlatformAndCustomerKeys",
                                        "ConfidentialVmEncryptedWithCustomerKey", NULL};
    (void)hidden;
    if (!em_require_word(ex, body, "properties.encryptionType", types, true))
        return false;
    if (former != NULL) {
        struct rd_json was = em_body(ex, former);
        if (!em_has(body, "properties.encryptionType"))
            em_set_text(ex, body, "properties.encryptionType",
                        em_text_at(&was, "properties.encryptionType"));
        if (!rd_str_eq_case(em_text_at(&was, "properties.encryptionType"),
                            em_text_at(body, "properties.encryptionType")))
            return em_fail_target(ex, 409, "PropertyChangeNotAllowed", "encryptionType",
                                  "Changing property 'encryptionType' is not allowed.");
        struct rd_str old = em_text_at(&was, "properties.activeKey.keyUrl");
        if (!rd_str_eq_case(old, em_text_at(body, "properties.activeKey.keyUrl")) &&
            em_has(body, "properties.activeKey.keyUrl")) {
            em_set(ex, body, "properties.previousKeys",
                   rd_json_copy(ex->arena, rd_json_at(&was, "properties.previousKeys")));
            if (!em_has(body, "properties.previousKeys"))
                em_set(ex, body, "properties.previousKeys", rd_json_array());
            (void)rd_json_append(ex->arena, em_array(ex, body, "properties.previousKeys"),
                                 rd_json_copy(ex->arena, rd_json_at(&was, "properties.activeKey")));
            em_set_text(ex, body, "properties.lastKeyRotationTimestamp", em_time(ex, ex->now_ms));
        }
    }
    em_default(ex, body, "properties.encryptionType",
               rd_json_string_c("EncryptionAtRestWithCustomerKey"));
    if (is_confidential(body) &&
        rd_json_is_true(rd_json_at(body, "properties.rotationToLatestKeyVersionEnabled")))
        return em_fail_target(ex, 400, "InvalidParameter", "rotationToLatestKeyVersionEnabled",
                              "Automatic key rotation is not supported for encryption type "
                              "'ConfidentialVmEncryptedWithCustomerKey'.");
    if (rd_str_is_empty(em_text_at(body, "identity.type")))
        return em_fail_target(ex, 400, "InvalidParameter", "identity",
                              "Required parameter 'identity' is missing (null).");
    return check_key(ex, body) && em_identity_fill(ex, ex->id, body);
}

/* The identity's principal is told only when the set is done (recorded). */
void em_des_show(struct em_exchange *ex, struct em_resource *des, struct rd_json *body)
{
    (void)ex;
    if (des->state != EM_CREATING)
        return;
    em_drop(body, "identity", "principalId");
    em_drop(body, "identity", "tenantId");
}

const char *em_des_use(struct em_exchange *ex, const struct em_resource *des, struct rd_str target,
                       struct rd_str *ret_message)
{
    struct rd_json body = em_body(ex, des);
    struct rd_str user = {0};
    struct rd_str principal = em_identity_principal(ex, &body, &user);
    struct em_key_ref key;
    if (!em_key_parse(ex, em_text_at(&body, "properties.activeKey.keyUrl"), &key) ||
        key.resource == NULL || !rd_json_is_true(rd_json_at(&key.bundle, "attributes.enabled"))) {
        *ret_message = RD_STR("The key of the disk encryption set is not there or is disabled.");
        return "KeyVaultKeyNotFound";
    }
    if (em_key_allows(ex, &key, principal, EM_KEY_WRAP))
        return NULL;
    bool is_user = !rd_str_is_empty(user);
    *ret_message = rd_arena_printf(
        ex->arena,
        "Unable to access key vault resource '%.*s' to enable encryption at rest. Please grant "
        "get, "
        "wrap and unwrap key permissions to %s '%.*s'. Please visit "
        "https://aka.ms/keyvaultaccessssecmk for more information.%s%.*s%s",
        RD_FMT(em_text_at(&body, "properties.activeKey.keyUrl")),
        is_user ? "user-assigned identity" : "disk encryption set",
        RD_FMT(is_user ? user : em_name(des)), rd_str_is_empty(target) ? "" : " Target: '",
        RD_FMT(target), rd_str_is_empty(target) ? "" : "'.");
    return "KeyVaultAccessForbidden";
}

const char *em_des_ready(struct em_exchange *ex, struct em_resource *des, struct rd_json *body,
                         struct rd_json *hidden, struct rd_str *ret_message)
{
    (void)hidden;
    struct rd_str user = {0};
    (void)em_identity_principal(ex, body, &user);
    if (rd_str_is_empty(user))
        return NULL;
    em_store(ex, des, body);
    return em_des_use(ex, des, (struct rd_str){0}, ret_message);
}

bool em_des_releases(struct em_exchange *ex, const struct em_resource *des)
{
    struct rd_json body = em_body(ex, des);
    struct em_key_ref key;
    if (!is_confidential(&body))
        return true;
    /* The directory draws the object id of an application's principal from its app id (graph.c). */
    struct rd_str object_id = em_guid(ex, RD_STR("service principal " EM_ORCHESTRATOR_APP));
    if (!em_key_parse(ex, em_text_at(&body, "properties.activeKey.keyUrl"), &key) ||
        key.resource == NULL)
        return false;
    return em_key_allows(ex, &key, object_id, EM_KEY_RELEASE);
}

/* Adds the ids of all disks that are encrypted with the set; returns how many. */
static size_t collect_users(struct em_exchange *ex, const struct em_resource *des,
                            struct rd_json *ret_ids)
{
    size_t cursor = 0, count = 0;
    for (struct em_resource *disk = em_each(ex->cloud, EM_DISK_TYPE, &cursor); disk != NULL;
         disk = em_each(ex->cloud, EM_DISK_TYPE, &cursor)) {
        struct rd_json body = em_body(ex, disk);
        if (disk->is_deleted ||
            (!rd_str_eq_case(em_text_at(&body, "properties.encryption.diskEncryptionSetId"),
                             des->id) &&
             !rd_str_eq_case(
                 em_text_at(&body, "properties.securityProfile.secureVMDiskEncryptionSetId"),
                 des->id)))
            continue;
        count++;
        (void)rd_json_append(ex->arena, ret_ids, rd_json_string(disk->id));
    }
    return count;
}

bool em_des_associated(struct em_exchange *ex, struct em_resource *des)
{
    struct rd_json reply = rd_json_object(), ids = rd_json_array();
    (void)collect_users(ex, des, &ids);
    em_set(ex, &reply, "value", ids);
    em_reply_json(ex, 200, &reply, EM_JSON_CRLF);
    return true;
}

bool em_des_may_delete(struct em_exchange *ex, struct em_resource *des)
{
    struct rd_json ids = rd_json_array();
    if (collect_users(ex, des, &ids) == 0)
        return true;
    return em_fail(ex, 409, "OperationNotAllowed",
                   "Disk encryption set '%.*s' is used by resources such as '%.*s' and cannot be "
                   "deleted.",
                   RD_FMT(em_name(des)), RD_FMT(rd_json_str(rd_json_item(&ids, 0))));
}
