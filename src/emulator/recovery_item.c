/* SPDX-License-Identifier: Apache-2.0 */
/* Azure Backup: protected machines and their jobs. The diagram stands in recovery.c. */
#include "base/clock.h"
#include "recovery_internal.h"
#include "shape.h"

struct em_resource *em_vault_of(struct em_exchange *ex, struct rd_str id)
{
    size_t at = rd_str_find_case(id, RD_STR("/vaults/"), 0);
    if (at == RD_STR_NONE)
        return NULL;
    size_t end = rd_str_find_char(id, '/', at + 8);
    return em_find(ex->cloud, rd_str_sub(id, 0, end == RD_STR_NONE ? id.n : end));
}

const struct rd_json *em_policy_run_times(const struct rd_json *policy)
{
    const struct rd_json *daily =
        rd_json_at(policy, "properties.schedulePolicy.dailySchedule.scheduleRunTimes");
    return rd_json_exists(daily) ? daily
                                 : rd_json_at(policy, "properties.schedulePolicy.scheduleRunTimes");
}

/* Jobs ----------------------------------------------------------------------------------------- */

static void add_job(struct em_exchange *ex, const struct em_resource *vault, struct rd_str item,
                    const char *operation, int64_t end_ms)
{
    struct rd_str what = rd_arena_printf(ex->arena, "job %.*s %s %lld", RD_FMT(item), operation,
                                         (long long)ex->now_ms);
    struct rd_str name = em_guid(ex, what);
    struct rd_json body = rd_json_object(), hidden = rd_json_object();
    em_set_word(ex, &body, "properties.jobType", "AzureIaaSVMJob");
    em_set_word(ex, &body, "properties.operation", operation);
    em_set_text(ex, &body, "properties.entityFriendlyName", rd_str_after_last(item, ';'));
    em_set_word(ex, &body, "properties.backupManagementType", "AzureIaasVM");
    em_set_word(ex, &body, "properties.virtualMachineVersion", "Compute");
    em_set_text(ex, &body, "properties.activityId", em_guid(ex, name));
    em_set_text(ex, &body, "properties.startTime", em_time(ex, ex->now_ms));
    em_set_int(ex, &hidden, "start", ex->now_ms);
    em_set_int(ex, &hidden, "end", end_ms);
    em_create(ex, EM_BACKUP_JOB_TYPE, em_child_id(ex, vault->id, "backupJobs", name), &body,
              &hidden);
}

void em_backup_job_show(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body)
{
    struct rd_json hidden = em_hidden(ex, resource);
    int64_t start = rd_json_int(rd_json_at(&hidden, "start"), 0);
    int64_t end = rd_json_int(rd_json_at(&hidden, "end"), 0);
    bool is_done = end <= ex->now_ms;
    int64_t seconds = ((is_done ? end : ex->now_ms) - start) / 1000;
    em_set_word(ex, body, "properties.status", is_done ? "Completed" : "InProgress");
    em_set_text(ex, body, "properties.duration",
                rd_arena_printf(ex->arena, "PT%lldS", (long long)seconds));
    if (is_done)
        em_set_text(ex, body, "properties.endTime", em_time(ex, end));
}

/* Protected items ------------------------------------------------------------------------------ */

/* The path's names must say which machine it is: iaasvmcontainerv2;{group};{vm}. */
static bool check_item_name(struct em_exchange *ex, struct rd_str vm_id)
{
    struct rd_str group = em_id_segment(vm_id, "resourceGroups"), name = em_id_name(vm_id);
    struct rd_str container = rd_arena_printf(
        ex->arena, "iaasvmcontainer;iaasvmcontainerv2;%.*s;%.*s", RD_FMT(group), RD_FMT(name));
    struct rd_str item =
        rd_arena_printf(ex->arena, "vm;iaasvmcontainerv2;%.*s;%.*s", RD_FMT(group), RD_FMT(name));
    if (rd_str_eq_case(em_id_segment(ex->id, "protectionContainers"), container) &&
        rd_str_eq_case(em_id_name(ex->id), item) &&
        rd_str_is_case(em_id_segment(ex->id, "backupFabrics"), "Azure"))
        return true;
    return em_fail(ex, 400, "BMSUserErrorContainerObjectNotFound",
                   "Item not found: the path of the protected item does not name virtual machine "
                   "%.*s; expected %.*s/protectedItems/%.*s.",
                   RD_FMT(vm_id), RD_FMT(container), RD_FMT(item));
}

static bool check_machine(struct em_exchange *ex, const struct em_resource *vault,
                          struct rd_str vm_id, const struct em_resource *policy)
{
    struct em_resource *vm = em_find(ex->cloud, vm_id);
    if (vm == NULL)
        return em_fail(ex, 400, "UserErrorVirtualMachineNotFound",
                       "Virtual machine %.*s was not found.", RD_FMT(vm_id));
    struct rd_json machine = em_body(ex, vm), rules = em_body(ex, policy);
    if (!em_location_eq(em_location(ex, vault), em_text_at(&machine, "location")))
        return em_fail(ex, 400, "UserErrorVmNotInSameRegionAsVault",
                       "Virtual machine %.*s (%.*s) must be in the region of vault %.*s (%.*s).",
                       RD_FMT(vm_id), RD_FMT(em_text_at(&machine, "location")), RD_FMT(vault->id),
                       RD_FMT(em_location(ex, vault)));
    if (em_is_word(&machine, "properties.securityProfile.securityType", "ConfidentialVM") &&
        !em_is_word(&rules, "properties.policyType", "V2"))
        return em_fail(ex, 400, "UserErrorConfidentialVMNotSupportedWithStandardPolicy",
                       "Confidential virtual machine %.*s needs an enhanced (V2) backup policy.",
                       RD_FMT(vm_id));
    return true;
}

/* A machine is protected by one vault: the same item in another one would have the same path. So
 * has that of a machine with the same name in another subscription. */
static bool check_other_vaults(struct em_exchange *ex, const struct em_resource *vault,
                               struct rd_str vm_id)
{
    struct rd_str path = rd_str_sub(ex->id, vault->id.n, ex->id.n);
    struct em_resource *other = NULL;
    for (size_t cursor = 0; (other = em_each(ex->cloud, EM_VAULT_TYPE, &cursor)) != NULL;) {
        struct rd_str id = rd_arena_printf(ex->arena, "%.*s%.*s", RD_FMT(other->id), RD_FMT(path));
        struct em_resource *item = other == vault ? NULL : em_find(ex->cloud, id);
        struct rd_json its = item == NULL ? rd_json_object() : em_body(ex, item);
        if (rd_str_eq_case(em_text_at(&its, "properties.sourceResourceId"), vm_id))
            return em_fail(ex, 400, "UserErrorVmAlreadyProtectedInAnotherVault",
                           "The virtual machine is already protected in vault %.*s.",
                           RD_FMT(other->id));
    }
    return true;
}

bool em_backup_item_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                        struct rd_json *hidden)
{
    struct em_resource *vault = em_vault_of(ex, ex->id);
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    struct rd_str vm_id = em_text_at(body, "properties.sourceResourceId");
    struct rd_str policy_id = em_text_at(body, "properties.policyId");
    if (vault == NULL)
        return em_fail_not_found(ex, ex->id);
    if (!em_require(ex, body, "properties.sourceResourceId", RD_JSON_STRING) ||
        !em_require(ex, body, "properties.protectedItemType", RD_JSON_STRING) ||
        !check_item_name(ex, vm_id))
        return false;
    bool is_deleted = rd_json_is_true(rd_json_at(&was, "properties.isScheduledForDeferredDelete"));
    bool revives = rd_json_is_true(rd_json_at(body, "properties.isRehydrate"));
    if (is_deleted && !revives)
        return em_fail(ex, 400, "UserErrorBackupItemInSoftDeletedState",
                       "The backup item %.*s is in soft-deleted state. Undelete it and try again.",
                       RD_FMT(ex->id));
    struct rd_json next = former != NULL ? was : rd_json_object();
    em_set(ex, &next, "properties.isScheduledForDeferredDelete", rd_json_bool(false));
    em_drop(&next, "properties", "deferredDeleteTimeInUTC");
    if (former != NULL &&
        (revives || em_is_word(body, "properties.protectionState", "ProtectionStopped"))) {
        em_set_word(ex, &next, "properties.protectionState", "ProtectionStopped");
        *body = next;
        return true;
    }
    struct em_resource *policy = em_find(ex->cloud, policy_id);
    if (policy == NULL || !rd_str_is(rd_str_from(policy->type->name), EM_BACKUP_POLICY_TYPE))
        return em_fail(ex, 400, "BMSUserErrorPolicyNotFound", "Backup policy %.*s was not found.",
                       RD_FMT(policy_id));
    if (!check_machine(ex, vault, vm_id, policy) || !check_other_vaults(ex, vault, vm_id))
        return false;
    /* Protection goes on where it was stopped. */
    if (em_is_word(&next, "properties.protectionState", "ProtectionStopped")) {
        em_drop(&next, "properties", "protectionState");
        if (em_has(&next, "properties.lastBackupTime"))
            em_set_word(ex, &next, "properties.protectionState", "Protected");
    }
    em_set_text(ex, &next, "properties.sourceResourceId", vm_id);
    em_set_text(ex, &next, "properties.policyId", policy->id);
    em_set_text(ex, &next, "properties.policyName", em_name(policy));
    em_set_text(ex, &next, "properties.protectedItemType",
                em_text_at(body, "properties.protectedItemType"));
    if (hidden->type != RD_JSON_OBJECT)
        *hidden = rd_json_object();
    *body = next;
    return true;
}

/* The next time of day at which the policy runs; times are taken as UTC. */
static int64_t next_run(struct em_exchange *ex, struct rd_str policy_id)
{
    const struct em_resource *policy = em_find(ex->cloud, policy_id);
    struct rd_json body = policy != NULL ? em_body(ex, policy) : rd_json_object();
    int64_t run_ms = 0;
    if (!rd_time_parse(rd_json_str(rd_json_item(em_policy_run_times(&body), 0)), &run_ms))
        return ex->now_ms + 4 * 60 * MINUTE_MS;
    int64_t at_ms = ex->now_ms - ex->now_ms % DAY_MS + run_ms % DAY_MS;
    return at_ms > ex->now_ms ? at_ms : at_ms + DAY_MS;
}

const char *em_backup_item_ready(struct em_exchange *ex, struct em_resource *resource,
                                 struct rd_json *body, struct rd_json *hidden,
                                 struct rd_str *ret_message)
{
    (void)hidden;
    (void)ret_message;
    struct em_resource *vault = resource->parent;
    struct rd_str vm_id = em_text_at(body, "properties.sourceResourceId");
    const struct em_resource *vm = em_find(ex->cloud, vm_id);
    bool is_first = !em_has(body, "properties.protectionState");
    if (em_is_word(body, "properties.protectionState", "ProtectionStopped"))
        return NULL;
    if (vm == NULL) {
        *ret_message =
            rd_arena_printf(ex->arena, "Virtual machine %.*s was not found.", RD_FMT(vm_id));
        return "UserErrorVirtualMachineNotFound";
    }
    struct rd_json vault_hidden = em_hidden(ex, vault), machine = em_body(ex, vm);
    if (vault_hidden.type != RD_JSON_OBJECT)
        vault_hidden = rd_json_object();
    em_set_bool(ex, &vault_hidden, "hasProtected", true);
    em_store_hidden(ex, vault, &vault_hidden);
    em_set_text(ex, body, "properties.friendlyName", em_id_name(vm_id));
    em_set_text(ex, body, "properties.virtualMachineId", vm_id);
    em_set_word(ex, body, "properties.backupManagementType", "AzureIaasVM");
    em_set_word(ex, body, "properties.workloadType", "VM");
    em_set_text(ex, body, "properties.containerName",
                rd_arena_lower(ex->arena, em_id_segment(resource->id, "protectionContainers")));
    em_set_text(ex, body, "properties.vaultId", vault->id);
    em_set_text(ex, body, "properties.protectedItemDataId",
                em_text_at(&machine, "properties.vmId"));
    em_set_word(ex, body, "properties.protectionStatus", "Healthy");
    em_set_word(ex, body, "properties.healthStatus", "Passed");
    em_set_int(ex, body, "properties.softDeleteRetentionPeriodInDays", 14);
    add_job(ex, vault, resource->id, "ConfigureBackup", ex->now_ms);
    if (!is_first)
        return NULL;
    em_set_word(ex, body, "properties.protectionState", "IRPending");
    em_set_word(ex, body, "properties.lastBackupStatus", "IRPending");
    em_schedule(ex, next_run(ex, em_text_at(body, "properties.policyId")), "recovery.backup",
                resource->id, (struct rd_str){"", 0});
    return NULL;
}

/* A backup starts; an hour later its data is there. */
void em_backup_starts(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    (void)argument;
    struct em_resource *item = em_find(ex->cloud, id);
    struct rd_json body = item != NULL ? em_body(ex, item) : rd_json_absent;
    if (item == NULL || em_is_word(&body, "properties.protectionState", "ProtectionStopped"))
        return;
    int64_t end_ms = ex->now_ms + em_draw_ms(ex, id, BACKUP_MS);
    add_job(ex, item->parent, id, "Backup", end_ms);
    em_schedule(ex, end_ms, "recovery.done", id, em_time(ex, ex->now_ms));
}

void em_backup_done(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    struct em_resource *item = em_find(ex->cloud, id);
    struct rd_json body = item != NULL ? em_body(ex, item) : rd_json_absent;
    if (item == NULL || em_is_word(&body, "properties.protectionState", "ProtectionStopped"))
        return;
    em_set_word(ex, &body, "properties.protectionState", "Protected");
    em_set_word(ex, &body, "properties.lastBackupStatus", "Completed");
    em_set_text(ex, &body, "properties.lastBackupTime", argument);
    em_set_text(ex, &body, "properties.lastRecoveryPoint", argument);
    em_store(ex, item, &body);
}

void em_backup_purge(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    (void)argument;
    struct em_resource *item = em_find(ex->cloud, id);
    struct rd_json body = item != NULL ? em_body(ex, item) : rd_json_absent;
    if (rd_json_is_true(rd_json_at(&body, "properties.isScheduledForDeferredDelete")) &&
        item != NULL)
        em_remove(ex, item);
}

/* With soft delete the item stays for 14 days; the reply is that of a deletion all the same. */
bool em_backup_item_may_delete(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_json vault = em_body(ex, resource->parent), body = em_body(ex, resource);
    int64_t until_ms = ex->now_ms + 14 * DAY_MS;
    if (rd_json_is_true(rd_json_at(&body, "properties.isScheduledForDeferredDelete")))
        return em_fail(ex, 400, "UserErrorBackupItemInSoftDeletedState",
                       "The backup item %.*s is in soft-deleted state and is deleted for good at "
                       "%.*s. Undelete it first to delete it without soft delete.",
                       RD_FMT(resource->id),
                       RD_FMT(em_text_at(&body, "properties.deferredDeleteTimeInUTC")));
    if (em_is_word(&vault, EM_VAULT_SOFT_DELETE, "Disabled")) {
        add_job(ex, resource->parent, resource->id, "DeleteBackupData", ex->now_ms + MINUTE_MS);
        return true;
    }
    em_set_word(ex, &body, "properties.protectionState", "ProtectionStopped");
    em_set_bool(ex, &body, "properties.isScheduledForDeferredDelete", true);
    em_set_text(ex, &body, "properties.deferredDeleteTimeInUTC", em_time(ex, until_ms));
    em_store(ex, resource, &body);
    add_job(ex, resource->parent, resource->id, "DeleteBackupData", ex->now_ms + MINUTE_MS);
    em_schedule(ex, until_ms, "recovery.purge", resource->id, (struct rd_str){"", 0});
    em_start_operation(ex, resource, MINUTE_MS, NULL, (struct rd_str){"", 0});
    return false;
}

bool em_backup_item_backup(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_json body = em_body(ex, resource);
    if (em_is_word(&body, "properties.protectionState", "ProtectionStopped"))
        return em_fail(ex, 400, "UserErrorProtectionStopped",
                       "Protection of %.*s is stopped: there is nothing to back up.",
                       RD_FMT(resource->id));
    em_backup_starts(ex, resource->id, (struct rd_str){"", 0});
    em_start_operation(ex, resource, 10000, NULL, (struct rd_str){"", 0});
    return true;
}

void em_backup_item_show(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body)
{
    const struct em_resource *policy = em_find(ex->cloud, em_text_at(body, "properties.policyId"));
    struct rd_json rules = policy != NULL ? em_body(ex, policy) : rd_json_object();
    (void)resource;
    if (em_has(&rules, "properties.policyType"))
        em_set_text(ex, body, "properties.policyType", em_text_at(&rules, "properties.policyType"));
}
