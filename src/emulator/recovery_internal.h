/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_RECOVERY_INTERNAL_H
#define EMULATOR_RECOVERY_INTERNAL_H

/* What the files of Azure Backup share: vaults and policies in recovery.c, items and jobs in
 * recovery_item.c, containers in recovery_container.c. */

#include "core.h"

#define EM_VAULT_TYPE "Microsoft.RecoveryServices/vaults"
#define EM_BACKUP_ITEM_TYPE EM_VAULT_TYPE "/backupFabrics/protectionContainers/protectedItems"
#define EM_BACKUP_POLICY_TYPE EM_VAULT_TYPE "/backupPolicies"
#define EM_BACKUP_JOB_TYPE EM_VAULT_TYPE "/backupJobs"
#define EM_VAULT_STORAGE "properties.redundancySettings.standardTierStorageRedundancy"
#define EM_VAULT_SOFT_DELETE "properties.securitySettings.softDeleteSettings.softDeleteState"
#define MINUTE_MS INT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)
#define BACKUP_MS (60 * MINUTE_MS)

/* The vault that an id lies in, or NULL. */
struct em_resource *em_vault_of(struct em_exchange *ex, struct rd_str id);
/* scheduleRunTimes of a policy of either kind. */
const struct rd_json *em_policy_run_times(const struct rd_json *policy);

bool em_backup_item_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                        struct rd_json *hidden);
const char *em_backup_item_ready(struct em_exchange *ex, struct em_resource *resource,
                                 struct rd_json *body, struct rd_json *hidden,
                                 struct rd_str *ret_message);
void em_backup_item_show(struct em_exchange *ex, struct em_resource *resource,
                         struct rd_json *body);
bool em_backup_item_may_delete(struct em_exchange *ex, struct em_resource *resource);
bool em_backup_item_backup(struct em_exchange *ex, struct em_resource *resource); /* an action */
void em_backup_job_show(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body);

/* recovery_container.c: a route. */
bool em_backup_containers(struct em_exchange *ex);

/* Events */
void em_backup_starts(struct em_exchange *ex, struct rd_str id, struct rd_str argument);
void em_backup_done(struct em_exchange *ex, struct rd_str id, struct rd_str argument);
void em_backup_purge(struct em_exchange *ex, struct rd_str id, struct rd_str argument);

#endif
