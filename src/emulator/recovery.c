/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure Backup: Recovery Services vaults, policies, protected machines, jobs.
 *
 *   (none) --PUT, 1 min--> IRPending --first scheduled backup, 1 h--> Protected
 *   any --DELETE--> ProtectionStopped, scheduled for deletion --14 days--> (gone)
 *                   (at once gone when soft delete is off)
 *
 * What a vault's storage and soft delete are is kept in the vault's own body; the two old
 * configuration resources are other views of it.
 */
#include "base/clock.h"
#include "providers.h"
#include "recovery_internal.h"
#include "shape.h"

/* Vaults --------------------------------------------------------------------------------------- */

static bool is_locked(struct em_exchange *ex, const struct em_resource *vault)
{
    struct rd_json hidden = em_hidden(ex, vault);
    return rd_json_is_true(rd_json_at(&hidden, "hasProtected"));
}

static bool check_storage_change(struct em_exchange *ex, const struct em_resource *vault,
                                 struct rd_str wanted)
{
    struct rd_json body = em_body(ex, vault);
    if (!is_locked(ex, vault) || rd_str_eq_case(em_text_at(&body, EM_VAULT_STORAGE), wanted))
        return true;
    return em_fail(ex, 400, "BMSUserErrorStorageTypeCannotBeChanged",
                   "Storage redundancy of vault %.*s cannot be changed to %.*s: it has protected "
                   "items.",
                   RD_FMT(vault->id), RD_FMT(wanted));
}

static bool put_vault(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                      struct rd_json *hidden)
{
    static const char *const skus[] = {"RS0", "Standard", NULL};
    static const char *const access[] = {"Enabled", "Disabled", NULL};
    static const char *const stores[] = {"LocallyRedundant", "GeoRedundant", "ZoneRedundant", NULL};
    static const char *const deletes[] = {"Enabled", "Disabled", "AlwaysON", NULL};
    (void)hidden;
    if (!em_require_word(ex, body, "sku.name", skus, false) ||
        !em_require_word(ex, body, "properties.publicNetworkAccess", access, true) ||
        !em_require_word(ex, body, EM_VAULT_STORAGE, stores, true) ||
        !em_require_word(ex, body, EM_VAULT_SOFT_DELETE, deletes, true))
        return false;
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    const char *const kept[] = {EM_VAULT_STORAGE, EM_VAULT_SOFT_DELETE};
    for (size_t i = 0; i < EM_COUNT(kept); i++)
        if (!em_has(body, kept[i]) && em_has(&was, kept[i]))
            em_set_text(ex, body, kept[i], em_text_at(&was, kept[i]));
    em_default_text(ex, body, EM_VAULT_STORAGE, "GeoRedundant");
    em_default_text(ex, body, "properties.redundancySettings.crossRegionRestore", "Disabled");
    em_default_text(ex, body, EM_VAULT_SOFT_DELETE, "Enabled");
    em_default(ex, body,
               "properties.securitySettings.softDeleteSettings"
               ".softDeleteRetentionPeriodInDays",
               rd_json_integer(14));
    em_default_text(ex, body, "properties.publicNetworkAccess", "Enabled");
    em_default_text(ex, body, "properties.secureScore", "Adequate");
    em_default_text(ex, body, "properties.bcdrSecurityLevel", "Fair");
    if (rd_str_is_case(em_text_at(&was, EM_VAULT_SOFT_DELETE), "AlwaysON") &&
        !em_is_word(body, EM_VAULT_SOFT_DELETE, "AlwaysON"))
        return em_fail(ex, 400, "BMSUserErrorSoftDeleteStateCannotBeChanged",
                       "Soft delete of vault %.*s is always on and cannot be changed.",
                       RD_FMT(ex->id));
    return former == NULL || check_storage_change(ex, former, em_text_at(body, EM_VAULT_STORAGE));
}

static void add_default_policy(struct em_exchange *ex, struct em_resource *vault, const char *name,
                               const char *kind, const char *schedule_kind)
{
    struct rd_json body = rd_json_object(), hidden = rd_json_object(), times = rd_json_array();
    rd_json_append(ex->arena, &times, rd_json_string_c("2026-01-01T17:30:00Z"));
    bool is_v2 = rd_str_is(rd_str_from(kind), "V2");
    em_set_word(ex, &body, "properties.backupManagementType", "AzureIaasVM");
    em_set_word(ex, &body, "properties.policyType", kind);
    em_set_int(ex, &body, "properties.instantRpRetentionRangeInDays", 2);
    em_set_word(ex, &body, "properties.timeZone", "UTC");
    em_set_word(ex, &body, "properties.schedulePolicy.schedulePolicyType", schedule_kind);
    em_set_word(ex, &body, "properties.schedulePolicy.scheduleRunFrequency", "Daily");
    em_set(ex, &body,
           is_v2 ? "properties.schedulePolicy.dailySchedule.scheduleRunTimes"
                 : "properties.schedulePolicy.scheduleRunTimes",
           times);
    em_set_word(ex, &body, "properties.retentionPolicy.retentionPolicyType",
                "LongTermRetentionPolicy");
    em_set(ex, &body, "properties.retentionPolicy.dailySchedule.retentionTimes",
           rd_json_copy(ex->arena, &times));
    em_set_int(ex, &body, "properties.retentionPolicy.dailySchedule.retentionDuration.count", 30);
    em_set_word(ex, &body,
                "properties.retentionPolicy.dailySchedule.retentionDuration.durationType", "Days");
    em_create(ex, EM_BACKUP_POLICY_TYPE,
              em_child_id(ex, vault->id, "backupPolicies", rd_str_from(name)), &body, &hidden);
}

static const char *vault_ready(struct em_exchange *ex, struct em_resource *resource,
                               struct rd_json *body, struct rd_json *hidden,
                               struct rd_str *ret_message)
{
    static const struct {
        const char *collection, *name, *type;
    } configs[] = {
        {"backupstorageconfig", "vaultstorageconfig", EM_VAULT_TYPE "/backupstorageconfig"},
        {"backupconfig", "vaultconfig", EM_VAULT_TYPE "/backupconfig"},
    };
    (void)body;
    (void)hidden;
    (void)ret_message;
    bool is_new = false; /* not only updated; a policy may be written before it is ready */
    for (size_t i = 0; i < EM_COUNT(configs); i++) {
        struct rd_json empty = rd_json_object(), none = rd_json_object();
        is_new |= em_create(ex, configs[i].type,
                            em_child_id(ex, resource->id, configs[i].collection,
                                        rd_str_from(configs[i].name)),
                            &empty, &none) != NULL;
    }
    if (is_new) {
        add_default_policy(ex, resource, "DefaultPolicy", "V1", "SimpleSchedulePolicy");
        add_default_policy(ex, resource, "EnhancedPolicy", "V2", "SimpleSchedulePolicyV2");
    }
    return NULL;
}

static bool may_delete_vault(struct em_exchange *ex, struct em_resource *resource)
{
    struct em_resource *item = em_next_child(resource, EM_BACKUP_ITEM_TYPE, NULL);
    struct rd_str name = em_name(resource);
    if (item != NULL)
        return em_fail(ex, 400, "ServiceResourceNotEmptyWithContainerDetails",
                       "Recovery Services vault '%.*s' cannot be deleted as there are existing "
                       "resources within the vault: %.*s. Stop their protection and delete their "
                       "backup data, soft-deleted items included.",
                       RD_FMT(name), RD_FMT(item->id));
    return true;
}

/* The two views -------------------------------------------------------------------------------- */

static bool put_storage_config(struct em_exchange *ex, struct em_resource *former,
                               struct rd_json *body, struct rd_json *hidden)
{
    static const char *const words[] = {"GeoRedundant", "LocallyRedundant", "ZoneRedundant", NULL};
    (void)former;
    (void)hidden;
    struct em_resource *vault = em_vault_of(ex, ex->id);
    const char *path = em_has(body, "properties.storageModelType") ? "properties.storageModelType"
                                                                   : "properties.storageType";
    if (vault == NULL)
        return em_fail_not_found(ex, ex->id);
    if (!em_require_word(ex, body, path, words, false) ||
        !check_storage_change(ex, vault, em_text_at(body, path)))
        return false;
    struct rd_json vault_body = em_body(ex, vault);
    em_set_text(ex, &vault_body, EM_VAULT_STORAGE, em_text_at(body, path));
    if (rd_json_is(rd_json_at(body, "properties.crossRegionRestoreFlag"), RD_JSON_BOOL))
        em_set_word(ex, &vault_body, "properties.redundancySettings.crossRegionRestore",
                    rd_json_is_true(rd_json_at(body, "properties.crossRegionRestoreFlag"))
                        ? "Enabled"
                        : "Disabled");
    em_store(ex, vault, &vault_body);
    *body = rd_json_object();
    return true;
}

static void show_storage_config(struct em_exchange *ex, struct em_resource *resource,
                                struct rd_json *body)
{
    struct rd_json vault = em_body(ex, resource->parent);
    em_set_text(ex, body, "properties.storageModelType", em_text_at(&vault, EM_VAULT_STORAGE));
    em_set_text(ex, body, "properties.storageType", em_text_at(&vault, EM_VAULT_STORAGE));
    em_set_word(ex, body, "properties.storageTypeState",
                is_locked(ex, resource->parent) ? "Locked" : "Unlocked");
    em_set_bool(ex, body, "properties.crossRegionRestoreFlag",
                em_is_word(&vault, "properties.redundancySettings.crossRegionRestore", "Enabled"));
}

static bool put_vault_config(struct em_exchange *ex, struct em_resource *former,
                             struct rd_json *body, struct rd_json *hidden)
{
    static const char *const words[] = {"Enabled", "Disabled", "AlwaysON", NULL};
    (void)former;
    (void)hidden;
    struct em_resource *vault = em_vault_of(ex, ex->id);
    if (vault == NULL)
        return em_fail_not_found(ex, ex->id);
    if (!em_require_word(ex, body, "properties.softDeleteFeatureState", words, true))
        return false;
    struct rd_json vault_body = em_body(ex, vault);
    if (em_is_word(&vault_body, EM_VAULT_SOFT_DELETE, "AlwaysON") &&
        !em_is_word(body, "properties.softDeleteFeatureState", "AlwaysON"))
        return em_fail(ex, 400, "BMSUserErrorSoftDeleteStateCannotBeChanged",
                       "Soft delete of vault %.*s is always on and cannot be changed.",
                       RD_FMT(vault->id));
    if (em_has(body, "properties.softDeleteFeatureState"))
        em_set_text(ex, &vault_body, EM_VAULT_SOFT_DELETE,
                    em_text_at(body, "properties.softDeleteFeatureState"));
    em_store(ex, vault, &vault_body);
    em_drop(body, "properties", "softDeleteFeatureState");
    return true;
}

static void show_vault_config(struct em_exchange *ex, struct em_resource *resource,
                              struct rd_json *body)
{
    struct rd_json vault = em_body(ex, resource->parent);
    em_default_text(ex, body, "properties.enhancedSecurityState", "Enabled");
    em_set_text(ex, body, "properties.softDeleteFeatureState",
                em_text_at(&vault, EM_VAULT_SOFT_DELETE));
    em_set_bool(ex, body, "properties.isSoftDeleteFeatureStateEditable",
                !em_is_word(&vault, EM_VAULT_SOFT_DELETE, "AlwaysON"));
}

/* Policies ------------------------------------------------------------------------------------- */

static bool fail_policy(struct em_exchange *ex, const char *what)
{
    return em_fail(ex, 400, "BMSUserErrorInvalidPolicyInput",
                   "Input for create or update policy %.*s is not valid: %s.", RD_FMT(ex->id),
                   what);
}

static bool check_schedule(struct em_exchange *ex, const struct rd_json *body)
{
    const struct rd_json *runs = em_policy_run_times(body);
    const struct rd_json *keeps =
        rd_json_at(body, "properties.retentionPolicy.dailySchedule.retentionTimes");
    const struct rd_json *days =
        rd_json_at(body, "properties.retentionPolicy.dailySchedule.retentionDuration.count");
    for (size_t i = 0; i < rd_json_count(runs); i++) {
        int64_t at_ms = 0;
        if (!rd_time_parse(rd_json_str(rd_json_item(runs, i)), &at_ms))
            return fail_policy(ex, "scheduleRunTimes must be ISO 8601 times");
        if (at_ms % (30 * MINUTE_MS) != 0)
            return fail_policy(ex, "the minutes of scheduleRunTimes must be 00 or 30");
    }
    if (rd_json_exists(keeps) && rd_json_count(runs) > 0 && !rd_json_eq(runs, keeps))
        return fail_policy(ex, "retentionTimes must equal scheduleRunTimes");
    if (rd_json_exists(days) && rd_json_int(days, 0) < 7)
        return fail_policy(ex, "daily retention must be at least 7 days");
    return true;
}

static bool put_policy(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                       struct rd_json *hidden)
{
    static const char *const kinds[] = {"V1", "V2", NULL};
    static const char *const managements[] = {"AzureIaasVM", NULL};
    static const char *const runs[] = {"Daily", "Weekly", "Hourly", NULL};
    (void)former;
    (void)hidden;
    if (!em_require_word(ex, body, "properties.backupManagementType", managements, false) ||
        !em_require_word(ex, body, "properties.policyType", kinds, true) ||
        !em_require_word(ex, body, "properties.schedulePolicy.scheduleRunFrequency", runs, false))
        return false;
    em_default_text(ex, body, "properties.policyType", "V1");
    bool is_v2 = em_is_word(body, "properties.policyType", "V2");
    int64_t instant = rd_json_int(rd_json_at(body, "properties.instantRpRetentionRangeInDays"), 2);
    if (!em_is_word(body, "properties.schedulePolicy.schedulePolicyType",
                    is_v2 ? "SimpleSchedulePolicyV2" : "SimpleSchedulePolicy"))
        return fail_policy(ex, "schedulePolicyType does not fit policyType");
    if (!is_v2 && em_is_word(body, "properties.schedulePolicy.scheduleRunFrequency", "Hourly"))
        return fail_policy(ex, "an hourly schedule needs policyType V2");
    if (instant < 1 || instant > (is_v2 ? 30 : 5))
        return fail_policy(ex, "instantRpRetentionRangeInDays is 1-5 for V1 and 1-30 for V2");
    em_set_int(ex, body, "properties.instantRpRetentionRangeInDays", instant);
    em_default_text(ex, body, "properties.timeZone", "UTC");
    em_drop(body, "properties", "protectedItemsCount");
    return check_schedule(ex, body);
}

static int64_t policy_users(struct em_exchange *ex, const struct em_resource *policy)
{
    struct em_resource *item = NULL;
    int64_t count = 0;
    while ((item = em_next_child(policy->parent, EM_BACKUP_ITEM_TYPE, item)) != NULL) {
        struct rd_json body = em_body(ex, item);
        count += rd_str_eq_case(em_text_at(&body, "properties.policyId"), policy->id);
    }
    return count;
}

static void show_policy(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body)
{
    em_set_int(ex, body, "properties.protectedItemsCount", policy_users(ex, resource));
}

static bool may_delete_policy(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_str name = em_name(resource);
    if (policy_users(ex, resource) > 0)
        return em_fail(ex, 400, "BMSUserErrorPolicyInUse",
                       "Backup policy '%.*s' cannot be deleted: it protects items.", RD_FMT(name));
    return true;
}

/* Lists ---------------------------------------------------------------------------------------- */

static struct em_resource *route_vault(struct em_exchange *ex)
{
    struct rd_str id = rd_arena_printf(
        ex->arena,
        "/subscriptions/%.*s/resourceGroups/%.*s/providers/Microsoft.RecoveryServices/vaults/%.*s",
        RD_FMT(ex->params[0]), RD_FMT(ex->params[1]), RD_FMT(ex->params[2]));
    struct em_resource *vault = em_find(ex->cloud, id);
    if (vault == NULL)
        (void)em_fail_not_found(ex, id);
    return vault;
}

/* What "member eq 'value'" asks for in $filter, or "" when the filter does not name it. */
static struct rd_str filter_value(struct em_exchange *ex, const char *member)
{
    struct rd_str filter = {"", 0};
    struct rd_str key = rd_arena_printf(ex->arena, "%s eq '", member);
    if (!rd_http_query_get(ex->arena, ex->url.query, "$filter", &filter))
        return filter;
    size_t at = rd_str_find_case(filter, key, 0);
    if (at == RD_STR_NONE)
        return (struct rd_str){"", 0};
    size_t end = rd_str_find_char(filter, '\'', at + key.n);
    return rd_str_sub(filter, at + key.n, end == RD_STR_NONE ? filter.n : end);
}

/* Whether the child's properties are what the filter asks for. */
static bool fits_filter(struct em_exchange *ex, struct em_resource *child,
                        const char *const *filters, const struct rd_str *wanted, size_t count)
{
    /* A job's status follows the time; all else is as stored. */
    bool is_job = rd_str_is(rd_str_from(child->type->name), EM_BACKUP_JOB_TYPE);
    struct rd_json view = is_job ? em_view(ex, child) : em_body(ex, child);
    const struct rd_json *properties = rd_json_get(&view, RD_STR("properties"));
    for (size_t i = 0; i < count; i++)
        if (!rd_str_is_empty(wanted[i]) &&
            !rd_str_eq_case(rd_json_str(rd_json_get(properties, rd_str_from(filters[i]))),
                            wanted[i]))
            return false;
    return true;
}

static bool list_children(struct em_exchange *ex, const char *type, const char *const *filters,
                          size_t filter_count)
{
    struct em_resource *vault = route_vault(ex), *child = NULL;
    struct em_resource **items = NULL;
    struct rd_str *wanted = rd_arena_array(ex->arena, filter_count, sizeof(*wanted));
    size_t count = 0, cap = 0;
    if (vault == NULL)
        return false;
    for (size_t i = 0; i < filter_count; i++)
        wanted[i] = filter_value(ex, filters[i]);
    while ((child = em_next_child(vault, type, child)) != NULL) {
        if (!fits_filter(ex, child, filters, wanted, filter_count))
            continue;
        items = rd_arena_grow(ex->arena, items, count, &cap, sizeof(struct em_resource *));
        items[count++] = child;
    }
    em_reply_list(ex, items, count);
    return true;
}

static bool list_items(struct em_exchange *ex)
{
    static const char *const filters[] = {"backupManagementType"};
    return list_children(ex, EM_BACKUP_ITEM_TYPE, filters, EM_COUNT(filters));
}

static bool list_jobs(struct em_exchange *ex)
{
    static const char *const filters[] = {"operation", "status", "backupManagementType"};
    return list_children(ex, EM_BACKUP_JOB_TYPE, filters, EM_COUNT(filters));
}

/* Resource guards are not emulated, so no vault has one. */
static bool list_guards(struct em_exchange *ex)
{
    if (route_vault(ex) == NULL)
        return false;
    em_reply_list(ex, NULL, 0);
    return true;
}

static bool backup_status(struct em_exchange *ex)
{
    struct rd_str vm_id = em_text_at(&ex->body, "resourceId");
    struct rd_json reply = rd_json_object();
    struct em_resource *item = NULL;
    em_set_word(ex, &reply, "protectionStatus", "NotProtected");
    for (size_t cursor = 0; (item = em_each(ex->cloud, EM_BACKUP_ITEM_TYPE, &cursor)) != NULL;) {
        struct rd_json body = em_body(ex, item);
        if (!rd_str_eq_case(em_text_at(&body, "properties.sourceResourceId"), vm_id))
            continue;
        em_set_word(ex, &reply, "protectionStatus", "Protected");
        em_set_text(ex, &reply, "vaultId", item->parent->id);
        em_set_word(ex, &reply, "fabricName", "Azure");
        em_set_text(ex, &reply, "containerName", em_id_segment(item->id, "protectionContainers"));
        em_set_text(ex, &reply, "protectedItemName", em_name(item));
        em_set_text(ex, &reply, "policyName", em_text_at(&body, "properties.policyName"));
    }
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

/* How the service tells of what takes time. */
#define OPERATION                                                                                  \
    .operation_body = EM_OPERATION_BACKUP, .retry_after_s = 60,                                    \
    .operation_path = "Microsoft.RecoveryServices/locations/{l}/operationStatuses"
/* What stands in a vault and is written at once. */
#define SETTING                                                                                    \
    .place = EM_IN_PARENT, EM_ANSWERS(200, 200, 200), .async = EM_SYNC, .has_no_state = true

static const struct em_action item_actions[] = {{.name = "backup", .post = em_backup_item_backup}};

static bool keeps_config(struct em_exchange *ex, struct em_resource *resource)
{
    return em_fail(ex, 405, "HttpMethodNotAllowed", "%.*s cannot be deleted.",
                   RD_FMT(resource->id));
}

/* Older versions delete a vault while one waits: their SDKs take 200 alone for an answer (Debian's
 * azure-mgmt-recoveryservices 2.2.0: 2022-10-01; version 2024-04-01 answers 202. Which one brought
 * the change is not known). */
static int64_t vault_delete_duration(struct em_exchange *ex, struct em_resource *vault)
{
    if (rd_str_cmp(ex->api_version, RD_STR("2024")) < 0)
        return 0;
    return em_draw_ms(ex, vault->id, vault->type->delete_ms);
}

static const struct em_type types[] = {
    {
        .name = EM_VAULT_TYPE,
        EM_REGIONAL,
        EM_ANSWERS(201, 200, 202),
        .async = EM_ASYNC_OPERATION,
        OPERATION,
        .has_etag = true,
        EM_TAKES(60, 20, 60),
        .name_pattern = "^[A-Za-z][A-Za-z0-9-]{1,49}$",
        .source = "azure-avd-ops 5.2",
        .put = put_vault,
        .ready = vault_ready,
        .may_delete = may_delete_vault,
        .delete_duration = vault_delete_duration,
        .deletes_children = true,
    },
    {
        .name = EM_VAULT_TYPE "/backupstorageconfig",
        SETTING,
        .source = "azure-avd-ops 5.2",
        .put = put_storage_config,
        .show = show_storage_config,
        .may_delete = keeps_config,
    },
    {
        .name = EM_VAULT_TYPE "/backupconfig",
        SETTING,
        .source = "azure-avd-ops 5.2",
        .put = put_vault_config,
        .show = show_vault_config,
        .may_delete = keeps_config,
    },
    {
        .name = EM_BACKUP_POLICY_TYPE,
        SETTING,
        .name_pattern = "^[A-Za-z][A-Za-z0-9-]{2,149}$",
        .source = "azure-avd-ops 5.3",
        .put = put_policy,
        .show = show_policy,
        .may_delete = may_delete_policy,
    },
    {
        .name = EM_BACKUP_ITEM_TYPE,
        .place = EM_IN_PARENT,
        EM_ANSWERS(202, 202, 202),
        .async = EM_BOTH,
        OPERATION,
        .has_no_state = true,
        EM_TAKES(60, 60, 60),
        .source = "azure-avd-ops 5.4",
        .put = em_backup_item_put,
        .ready = em_backup_item_ready,
        .show = em_backup_item_show,
        .may_delete = em_backup_item_may_delete,
        .actions = item_actions,
        .action_count = EM_COUNT(item_actions),
    },
    {
        .name = EM_BACKUP_JOB_TYPE,
        .place = EM_IN_PARENT,
        .has_no_state = true,
        .is_hidden_from_lists = true,
        .source = "azure-avd-ops 5.5",
        .put = em_put_refused,
        .show = em_backup_job_show,
        .may_delete = keeps_config,
    },
};

#define VAULT_PATH                                                                                 \
    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.RecoveryServices/vaults/{}"

static const struct em_route routes[] = {
    {.method = RD_HTTP_GET,
     .path = VAULT_PATH "/backupResourceGuardProxies",
     .answer = list_guards,
     .source = "asked for by Azure CLI 2.45 before each change of a vault's settings"},
    {.method = RD_HTTP_GET,
     .path = VAULT_PATH "/backupProtectionContainers",
     .answer = em_backup_containers,
     .source = "Backup Protection Containers - List (documents of the REST API)"},
    {.method = RD_HTTP_GET,
     .path = VAULT_PATH "/backupProtectedItems",
     .answer = list_items,
     .source = "azure-avd-ops 5.4"},
    {.method = RD_HTTP_GET,
     .path = VAULT_PATH "/backupJobs",
     .answer = list_jobs,
     .source = "azure-avd-ops 5.5"},
    {.method = RD_HTTP_POST,
     .path = "/subscriptions/{}/providers/Microsoft.RecoveryServices/locations/{}/backupStatus",
     .answer = backup_status,
     .source = "azure-avd-ops 5.4"},
};

static const struct em_event_name events[] = {
    {"recovery.backup", em_backup_starts},
    {"recovery.done", em_backup_done},
    {"recovery.purge", em_backup_purge},
};

const struct em_part em_recovery_part = {
    .name = "recovery",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
    .events = events,
    .event_count = EM_COUNT(events),
};
