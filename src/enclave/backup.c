/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

enum { INSTANT_RESTORE_DAYS = 2, SOFT_DELETE_DAYS = 14 };

static void add_vault(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    struct rd_json soft_delete = spec->backup.soft_delete
                                     ? rd_shape(compile->arena,
                                                "{softDeleteState: Enabled,"
                                                " softDeleteRetentionPeriodInDays: %i}",
                                                (int64_t)SOFT_DELETE_DAYS)
                                     : rd_shape(compile->arena, "{softDeleteState: Disabled}");
    rd_part_add_role(
        compile, RD_ROLE_BACKUP_VAULT,
        rd_shape(compile->arena,
                 "{location: %s, tags: %j, sku: {name: RS0, tier: Standard}, properties:"
                 " {publicNetworkAccess: Enabled,"
                 " redundancySettings: {standardTierStorageRedundancy: %s,"
                 " crossRegionRestore: Disabled}, securitySettings: {softDeleteSettings: %j}}}",
                 spec->region, compile->tags, spec->backup.redundancy, soft_delete));
    rd_part_diagnose(compile, compile->id[RD_ROLE_BACKUP_VAULT]);
}

/* Enhanced (V2): what Trusted Launch once needed and confidential machines still do. The date in a
 * run time is without meaning, only its clock time counts. */
static void add_policy(struct rd_compile *compile)
{
    const struct rd_spec_backup *backup = &compile->spec->backup;
    struct rd_str time =
        rd_arena_printf(compile->arena, "2026-01-01T%.*s:00Z", RD_FMT(backup->time));
    rd_part_add_role(
        compile, RD_ROLE_BACKUP_POLICY,
        rd_shape(compile->arena,
                 "{properties: {backupManagementType: AzureIaasVM, policyType: V2,"
                 " instantRpRetentionRangeInDays: %i, timeZone: %s,"
                 " schedulePolicy: {schedulePolicyType: SimpleSchedulePolicyV2,"
                 " scheduleRunFrequency: Daily, dailySchedule: {scheduleRunTimes: [%s]}},"
                 " retentionPolicy: {retentionPolicyType: LongTermRetentionPolicy,"
                 " dailySchedule: {retentionTimes: [%s],"
                 " retentionDuration: {count: %i, durationType: Days}}}}}",
                 (int64_t)INSTANT_RESTORE_DAYS, backup->time_zone, time, time,
                 backup->retention_days));
}

void rd_part_backup(struct rd_compile *compile)
{
    compile->origin = RD_STR("backup");
    if (!compile->spec->backup.enabled)
        return;
    add_vault(compile);
    add_policy(compile);
}
