/* SPDX-License-Identifier: Apache-2.0 */

/* Managed disks, and the table that holds disk encryption sets too (azure-compute 5.6, 6). */

#include "compute_internal.h"
#include "compute_parts.h"
#include "providers.h"

static const char *const skus[] = {
    "Standard_LRS", "StandardSSD_LRS", "StandardSSD_ZRS", "Premium_LRS",
    "Premium_ZRS",  "PremiumV2_LRS",   "UltraSSD_LRS",    NULL};

enum { SKU_CHANGES_MAX = 2, DAY_MS = 86400000 };

/* Whether the machine that holds the disk keeps it from changing. */
static bool is_held_by_running(struct em_exchange *ex, const struct rd_json *body)
{
    struct rd_str vm_id = em_text_at(body, "managedBy");
    struct em_resource *vm = rd_str_is_empty(vm_id) ? NULL : em_find(ex->cloud, vm_id);
    return vm != NULL && !rd_str_is(rd_str_from(em_vm_power(ex, vm)), "deallocated");
}

/* At most two changes of the SKU in 24 hours; the times of the last two are kept. */
static bool change_sku(struct em_exchange *ex, const struct rd_json *was, struct rd_json *hidden)
{
    if (is_held_by_running(ex, was))
        return em_fail(ex, 409, "OperationNotAllowed",
                       "Cannot change the storage account type of disk '%.*s' while it is attached "
                       "to running VM '%.*s'. Please stop (deallocate) your VM and retry the "
                       "operation.",
                       RD_FMT(em_id_name(ex->id)),
                       RD_FMT(em_id_name(em_text_at(was, "managedBy"))));
    const struct rd_json *old = rd_json_at(hidden, "sku_changes");
    struct rd_json recent = rd_json_array();
    for (size_t i = 0; i < rd_json_count(old); i++)
        if (rd_json_int(rd_json_item(old, i), 0) > ex->now_ms - DAY_MS)
            (void)rd_json_append(ex->arena, &recent, *rd_json_item(old, i));
    if (rd_json_count(&recent) >= SKU_CHANGES_MAX)
        return em_fail(ex, 409, "OperationNotAllowed",
                       "The storage account type of disk '%.*s' can be changed only twice within "
                       "24 hours.",
                       RD_FMT(em_id_name(ex->id)));
    (void)rd_json_append(ex->arena, &recent, rd_json_integer(ex->now_ms));
    em_set(ex, hidden, "sku_changes", recent);
    return true;
}

static bool update_disk(struct em_exchange *ex, const struct rd_json *was, struct rd_json *body,
                        struct rd_json *hidden)
{
    static const char *const kept[] = {"managedBy",
                                       "zones",
                                       "properties.creationData",
                                       "properties.osType",
                                       "properties.timeCreated",
                                       "properties.uniqueId",
                                       "properties.hyperVGeneration",
                                       "properties.securityProfile",
                                       "properties.diskSizeGB",
                                       "sku.name"};
    for (size_t i = 0; i < EM_COUNT(kept); i++)
        if (!em_has(body, kept[i]) && em_has(was, kept[i]))
            em_set(ex, body, kept[i], rd_json_copy(ex->arena, rd_json_at(was, kept[i])));
    if (!rd_json_eq(rd_json_at(body, "zones"), rd_json_at(was, "zones")))
        return em_fail_target(ex, 409, "PropertyChangeNotAllowed", "zones",
                              "Changing property 'zones' is not allowed.");
    if (!rd_str_eq_case(em_text_at(body, "sku.name"), em_text_at(was, "sku.name")) &&
        !change_sku(ex, was, hidden))
        return false;
    int64_t old_gb = rd_json_int(rd_json_at(was, "properties.diskSizeGB"), 0);
    int64_t new_gb = rd_json_int(rd_json_at(body, "properties.diskSizeGB"), old_gb);
    if (new_gb < old_gb)
        return em_fail(ex, 409, "OperationNotAllowed", "Shrinking disk '%.*s' is not supported.",
                       RD_FMT(em_id_name(ex->id)));
    if (new_gb == old_gb || !is_held_by_running(ex, was))
        return true;
    return em_fail(ex, 409, "OperationNotAllowed",
                   "Cannot resize disk %.*s while it is attached to running VM %.*s. Resizing a "
                   "disk of an Azure Virtual Machine requires the virtual machine to be "
                   "deallocated. Please stop your VM and retry the operation.",
                   RD_FMT(em_id_name(ex->id)), RD_FMT(em_id_name(em_text_at(was, "managedBy"))));
}

static bool put_disk(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                     struct rd_json *hidden)
{
    if (!em_require_word(ex, body, "sku.name", skus, true))
        return false;
    if (rd_str_is_case(em_text_at(body, "properties.encryption.type"),
                       "EncryptionAtRestWithPlatformKey") &&
        em_has(body, "properties.encryption.diskEncryptionSetId"))
        return em_fail_target(ex, 400, "InvalidParameter", "encryption.diskEncryptionSetId",
                              "Resource %.*s encrypted with platform key has disk encryption set "
                              "id specified",
                              RD_FMT(em_id_name(ex->id)));
    if (former != NULL) {
        struct rd_json was = em_body(ex, former);
        if (!update_disk(ex, &was, body, hidden))
            return false;
    } else {
        em_drop(body, "", "managedBy");
        if (!em_require(ex, body, "properties.creationData.createOption", RD_JSON_STRING))
            return false;
        if (!rd_str_is_case(em_text_at(body, "properties.creationData.createOption"), "Empty"))
            return em_fail(ex, 501, "NotEmulated",
                           "Only empty disks can be made by themselves; '%.*s' is not emulated.",
                           RD_FMT(em_text_at(body, "properties.creationData.createOption")));
        if (!em_require(ex, body, "properties.diskSizeGB", RD_JSON_INT))
            return false;
        em_default(ex, body, "sku.name", rd_json_string_c("Standard_LRS"));
        em_set_text(ex, body, "properties.timeCreated", em_time(ex, ex->now_ms));
        em_set_text(ex, body, "properties.uniqueId", em_guid(ex, ex->id));
    }
    em_set_int(ex, body, "properties.diskSizeBytes",
               rd_json_int(rd_json_at(body, "properties.diskSizeGB"), 0) << 30);
    return true;
}

/* "sku" stands beside "properties": the core's own merge knows tags and properties only. */
static bool patch_disk(struct em_exchange *ex, struct em_resource *disk,
                       const struct rd_json *patch, struct rd_json *body, struct rd_json *hidden)
{
    static const char *const members[] = {"sku", "tags", "properties"};
    for (size_t i = 0; i < EM_COUNT(members); i++) {
        const struct rd_json *member = rd_json_at(patch, members[i]);
        if (!rd_json_is(member, RD_JSON_OBJECT))
            continue;
        struct rd_json merged = em_has(body, members[i]) && i != 1
                                    ? rd_json_copy(ex->arena, rd_json_at(body, members[i]))
                                    : rd_json_object();
        rd_json_merge(ex->arena, &merged, member);
        em_set(ex, body, members[i], merged);
    }
    return put_disk(ex, disk, body, hidden);
}

static void show_disk(struct em_exchange *ex, struct em_resource *disk, struct rd_json *body)
{
    (void)disk;
    struct rd_str vm_id = em_text_at(body, "managedBy"), sku = em_text_at(body, "sku.name");
    em_set_word(ex, body, "properties.diskState",
                rd_str_is_empty(vm_id)         ? "Unattached"
                : is_held_by_running(ex, body) ? "Attached"
                                               : "Reserved");
    em_set_word(ex, body, "sku.tier",
                rd_str_has_prefix_case(sku, RD_STR("Premium")) ? "Premium"
                : rd_str_has_prefix_case(sku, RD_STR("Ultra")) ? "Ultra"
                                                               : "Standard");
}

static bool may_delete_disk(struct em_exchange *ex, struct em_resource *disk)
{
    struct rd_json body = em_body(ex, disk);
    struct rd_str vm_id = em_text_at(&body, "managedBy");
    if (rd_str_is_empty(vm_id) || em_find(ex->cloud, vm_id) == NULL)
        return true;
    return em_fail(ex, 409, "OperationNotAllowed", "Disk %.*s is attached to VM %.*s.",
                   RD_FMT(em_name(disk)), RD_FMT(vm_id));
}

static bool post_access(struct em_exchange *ex, struct em_resource *disk)
{
    return em_fail(ex, 501, "NotEmulated", "Disk '%.*s' has no content that could be exported.",
                   RD_FMT(em_name(disk)));
}

static const struct em_action disk_actions[] = {
    {.name = "beginGetAccess", .post = post_access},
    {.name = "endGetAccess", .post = post_access},
};
static const struct em_action des_actions[] = {
    {.name = "associatedResources", .post = em_des_associated, .also_get = "associatedResources"},
};

#define COMMON                                                                                     \
    .async = EM_BOTH, EM_REGIONAL, EM_ANSWERS(202, 202, 202), .operation_body = EM_OPERATION_DISK, \
    .json_style = EM_JSON_CRLF,                                                                    \
    .operation_path = "Microsoft.Compute/locations/{l}/DiskOperations", .hides_id_at_first = true, \
    .create_state = "Updating", .throttle_policy = "compute.disk"

static const struct em_order des_order[] = {
    /* recording 01 */
    {"", "location tags identity properties"},
    {"identity", "type principalId tenantId"},
    {"properties", "activeKey encryptionType provisioningState"},
    {NULL, NULL},
};

static const struct em_type types[] = {
    {
        .name = EM_DISK_TYPE,
        COMMON,
        EM_TAKES(3, 3, 3),
        .name_pattern = "^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,79}$",
        .source = "azure-compute 5.6",
        .put = put_disk,
        .patch = patch_disk,
        .show = show_disk,
        .may_delete = may_delete_disk,
        .actions = disk_actions,
        .action_count = EM_COUNT(disk_actions),
    },
    {
        .name = EM_DES_TYPE,
        COMMON,
        EM_TAKES(2, 5, 5),
        .name_pattern = "^[a-zA-Z0-9_-]{1,80}$",
        .source = "azure-compute 6, recording 01-des-confidential",
        .order = des_order,
        .put = em_des_put,
        .ready = em_des_ready,
        .show = em_des_show,
        .may_delete = em_des_may_delete,
        .actions = des_actions,
        .action_count = EM_COUNT(des_actions),
    },
};

const struct em_part em_disk_part = {.name = "disk", .types = types, .type_count = EM_COUNT(types)};
