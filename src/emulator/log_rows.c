/* SPDX-License-Identifier: Apache-2.0 */
#include "logs.h"

#include "compute_internal.h"
#include "desktop_internal.h"
#include "shape.h"

/*
 * Rows that the cloud's present state stands for, one for each subject: the latest. What came
 * before is not kept, so a table has no history.
 */

#define ASSOCIATION_TYPE "Microsoft.Insights/dataCollectionRuleAssociations"
#define SETTING_TYPE "Microsoft.Insights/diagnosticSettings"

enum { MINUTE_MS = 60 * 1000 };

static struct rd_json new_row(struct em_exchange *ex, const struct em_resource *workspace,
                              const char *table, const struct em_resource *subject, int64_t at_ms)
{
    struct rd_json row = rd_json_object();
    struct rd_json its = em_body(ex, workspace);
    em_set_text(ex, &row, "TenantId", em_text_at(&its, "properties.customerId"));
    em_set_text(ex, &row, "TimeGenerated", em_time(ex, at_ms));
    em_set_word(ex, &row, "Type", table);
    em_set_text(ex, &row, "_ResourceId", rd_arena_lower(ex->arena, subject->id));
    return row;
}

static bool is_rule_for(struct em_exchange *ex, struct rd_str rule_id,
                        const struct em_resource *workspace)
{
    const struct em_resource *rule = em_find(ex->cloud, rule_id);
    if (rule == NULL)
        return false;
    struct rd_json body = em_body(ex, rule);
    const struct rd_json *sinks = rd_json_at(&body, "properties.destinations.logAnalytics");
    for (size_t i = 0; i < rd_json_count(sinks); i++)
        if (rd_str_eq_case(em_text_at(rd_json_item(sinks, i), "workspaceResourceId"),
                           workspace->id))
            return true;
    return false;
}

/* A machine reports when its agent is there, a rule tells it where to, and it runs. */
static bool is_reporting(struct em_exchange *ex, const struct em_resource *vm,
                         const struct em_resource *workspace)
{
    bool has_agent = false, has_rule = false;
    for (struct em_resource *child = em_next_child(vm, EM_EXTENSION_TYPE, NULL); child != NULL;
         child = em_next_child(vm, EM_EXTENSION_TYPE, child)) {
        struct rd_json body = em_body(ex, child);
        has_agent = has_agent || (child->state == EM_SUCCEEDED &&
                                  em_is_word(&body, "properties.type", "AzureMonitorWindowsAgent"));
    }
    for (struct em_resource *child = em_next_child(vm, ASSOCIATION_TYPE, NULL); child != NULL;
         child = em_next_child(vm, ASSOCIATION_TYPE, child)) {
        struct rd_json body = em_body(ex, child);
        has_rule = has_rule ||
                   is_rule_for(ex, em_text_at(&body, "properties.dataCollectionRuleId"), workspace);
    }
    return has_agent && has_rule && rd_str_is(rd_str_from(em_vm_power(ex, vm)), "running");
}

static void add_heartbeats(struct em_exchange *ex, const struct em_resource *workspace,
                           struct rd_json *rows)
{
    size_t cursor = 0;
    struct em_resource *vm;
    while ((vm = em_each(ex->cloud, EM_VM_TYPE, &cursor)) != NULL) {
        if (!is_reporting(ex, vm, workspace))
            continue;
        struct rd_json body = em_body(ex, vm);
        struct rd_json row =
            new_row(ex, workspace, "Heartbeat", vm, ex->now_ms - ex->now_ms % MINUTE_MS);
        struct rd_str computer = em_text_at(&body, "properties.osProfile.computerName");
        em_set_word(ex, &row, "SourceSystem", "OpsManager");
        em_set_text(ex, &row, "Computer", computer.n > 0 ? computer : em_name(vm));
        em_set_word(ex, &row, "OSType", "Windows");
        em_set_word(ex, &row, "Category", "Azure Monitor Agent");
        em_set_text(ex, &row, "ResourceId", vm->id);
        em_set_text(ex, &row, "Resource", em_name(vm));
        em_set_text(ex, &row, "ResourceGroup", em_group(vm));
        em_set_text(ex, &row, "SubscriptionId", em_subscription(vm));
        em_set_text(ex, &row, "VMUUID", em_text_at(&body, "properties.vmId"));
        em_set_word(ex, &row, "ComputerEnvironment", "Azure");
        em_set_word(ex, &row, "ResourceProvider", "Microsoft.Compute");
        em_set_word(ex, &row, "ResourceType", "virtualMachines");
        (void)rd_json_append(ex->arena, rows, row);
    }
}

static bool takes_category(const struct rd_json *setting, const char *category)
{
    const struct rd_json *logs = rd_json_at(setting, "properties.logs");
    for (size_t i = 0; i < rd_json_count(logs); i++) {
        const struct rd_json *one = rd_json_item(logs, i);
        if (rd_json_is_true(rd_json_at(one, "enabled")) &&
            (em_is_word(one, "category", category) || em_is_word(one, "categoryGroup", "allLogs")))
            return true;
    }
    return false;
}

static bool is_pool_for(struct em_exchange *ex, const struct em_resource *pool,
                        const struct em_resource *workspace)
{
    for (struct em_resource *child = em_next_child(pool, SETTING_TYPE, NULL); child != NULL;
         child = em_next_child(pool, SETTING_TYPE, child)) {
        struct rd_json body = em_body(ex, child);
        if (rd_str_eq_case(em_text_at(&body, "properties.workspaceId"), workspace->id) &&
            takes_category(&body, "AgentHealthStatus"))
            return true;
    }
    return false;
}

static void add_health(struct em_exchange *ex, const struct em_resource *workspace,
                       struct rd_json *rows)
{
    static const struct {
        const char *column;
        const char *path;
    } copied[] = {
        {"AgentVersion", "properties.agentVersion"},
        {"LastHeartBeat", "properties.lastHeartBeat"},
        {"LastUpgradeTimeStamp", "properties.lastUpdateTime"},
        {"OSVersion", "properties.osVersion"},
        {"SessionHostResourceId", "properties.resourceId"},
        {"Status", "properties.status"},
        {"StatusTimeStamp", "properties.statusTimestamp"},
        {"SxSStackVersion", "properties.sxSStackVersion"},
        {"UpgradeState", "properties.updateState"},
    };
    size_t cursor = 0;
    struct em_resource *host;
    while ((host = em_each(ex->cloud, EM_SESSION_HOST_TYPE, &cursor)) != NULL) {
        if (host->parent == NULL || !is_pool_for(ex, host->parent, workspace))
            continue;
        struct rd_json body = em_body(ex, host);
        struct rd_json row =
            new_row(ex, workspace, "WVDAgentHealthStatus", host->parent, ex->now_ms);
        bool is_open = rd_json_is_true(rd_json_at(&body, "properties.allowNewSession"));
        em_set_text(ex, &row, "SessionHostName", em_name(host));
        em_set_word(ex, &row, "OperationName", "AgentHealthStatus");
        em_set_word(ex, &row, "AllowNewSessions", is_open ? "True" : "False");
        em_set_text(
            ex, &row, "ActiveSessions",
            rd_arena_printf(ex->arena, "%lld",
                            (long long)rd_json_int(rd_json_at(&body, "properties.sessions"), 0)));
        for (size_t i = 0; i < EM_COUNT(copied); i++)
            em_set_text(ex, &row, copied[i].column, em_text_at(&body, copied[i].path));
        (void)rd_json_append(ex->arena, rows, row);
    }
}

void em_log_state_rows(struct em_exchange *ex, const struct em_resource *workspace,
                       struct rd_str table, struct rd_json *rows)
{
    if (rd_str_is(table, "Heartbeat"))
        add_heartbeats(ex, workspace, rows);
    else if (rd_str_is(table, "WVDAgentHealthStatus"))
        add_health(ex, workspace, rows);
}
