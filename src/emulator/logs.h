/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_LOGS_H
#define EMULATOR_LOGS_H

/*
 * Logs of a workspace: what was ingested (kept by batch, as internal resources), and the rows that
 * the cloud's own state stands for (log_rows.c). Nothing else is logged: a table that has neither
 * is empty.
 */

#include "core.h"

#define EM_WORKSPACE_TYPE "Microsoft.OperationalInsights/workspaces"
#define EM_BATCH_TYPE "Microsoft.OperationalInsights/ingestedBatches"
#define EM_RULE_TYPE "Microsoft.Insights/dataCollectionRules"

/* The workspace of that customer id, or NULL. */
struct em_resource *em_workspace(struct em_exchange *ex, struct rd_str customer_id);

/* The columns of a table as {name: type}, in order; absent when the workspace has no such table. */
struct rd_json em_log_columns(struct em_exchange *ex, const struct em_resource *workspace,
                              struct rd_str table);

/* Rows as objects, appended to `rows`: of the cloud's state, and ingested ones. */
void em_log_state_rows(struct em_exchange *ex, const struct em_resource *workspace,
                       struct rd_str table, struct rd_json *rows);
void em_log_ingested_rows(struct em_exchange *ex, const struct em_resource *workspace,
                          struct rd_str table, struct rd_json *rows);

#endif
