/* SPDX-License-Identifier: Apache-2.0 */
/* Log Analytics workspaces, their tables and keys, and Sentinel's onboarding. Rows come in by
 * logs.c and are asked for in log_query.c. */
#include "insights_internal.h"
#include "logs.h"
#include "providers.h"
#include "shape.h"

#define WORKSPACE_TYPE EM_WORKSPACE_TYPE

static bool fail_value(struct em_exchange *ex, const char *path, const char *what)
{
    return em_fail(ex, 400, "InvalidParameter", "The value of '%s' is not valid: %s.", path, what);
}

static bool put_workspace(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                          struct rd_json *hidden)
{
    static const char *const skus[] = {"PerGB2018", "CapacityReservation", "Free",     "PerNode",
                                       "Premium",   "Standalone",          "Standard", "LACluster",
                                       NULL};
    static const char *const access[] = {"Enabled", "Disabled", "SecuredByPerimeter", NULL};
    (void)hidden;
    if (!em_require_word(ex, body, "properties.sku.name", skus, true) ||
        !em_require_word(ex, body, "properties.publicNetworkAccessForIngestion", access, true) ||
        !em_require_word(ex, body, "properties.publicNetworkAccessForQuery", access, true))
        return false;
    em_default_text(ex, body, "properties.sku.name", "PerGB2018");
    em_default(ex, body, "properties.retentionInDays", rd_json_integer(30));
    int64_t days = rd_json_int(rd_json_at(body, "properties.retentionInDays"), 0);
    if (days < 30 || days > 730)
        return fail_value(ex, "properties.retentionInDays", "it must be 30 to 730");
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    struct rd_str created = em_text_at(&was, "properties.createdDate");
    em_set_guid(ex, body, "properties.customerId", "customerId", ex->id);
    em_set_text(ex, body, "properties.createdDate",
                rd_str_is_empty(created) ? em_time(ex, ex->now_ms) : created);
    em_set_text(ex, body, "properties.modifiedDate", em_time(ex, ex->now_ms));
    em_default(ex, body, "properties.features.legacy", rd_json_integer(0));
    em_default(ex, body, "properties.features.searchVersion", rd_json_integer(1));
    em_default(ex, body, "properties.features.enableLogAccessUsingOnlyResourcePermissions",
               rd_json_bool(true));
    em_default(ex, body, "properties.workspaceCapping.dailyQuotaGb", rd_json_integer(-1));
    em_set_word(ex, body, "properties.workspaceCapping.dataIngestionStatus", "RespectQuota");
    em_default_text(ex, body, "properties.publicNetworkAccessForIngestion", "Enabled");
    em_default_text(ex, body, "properties.publicNetworkAccessForQuery", "Enabled");
    return true;
}

static bool shared_keys(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_json reply = rd_json_object();
    static const char *const names[] = {"primarySharedKey", "secondarySharedKey"};
    for (size_t i = 0; i < EM_COUNT(names); i++) {
        struct rd_str key =
            em_hex(ex, rd_arena_printf(ex->arena, "%s %.*s", names[i], RD_FMT(resource->id)), 86);
        em_set_text(ex, &reply, names[i], rd_arena_printf(ex->arena, "%.*s==", RD_FMT(key)));
    }
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

static bool refuse_query(struct em_exchange *ex, struct em_resource *resource)
{
    (void)resource;
    return em_fail(ex, 501, "NotEmulated",
                   "The embedded cloud answers queries at the address of Log Analytics' own API, "
                   "not below the workspace's id.");
}

static bool put_table(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                      struct rd_json *hidden)
{
    static const char *const plans[] = {"Analytics", "Basic", "Auxiliary", NULL};
    (void)former;
    (void)hidden;
    if (!em_require_word(ex, body, "properties.plan", plans, true))
        return false;
    em_default_text(ex, body, "properties.plan", "Analytics");
    em_default(ex, body, "properties.retentionInDays", rd_json_integer(-1));
    int64_t days = rd_json_int(rd_json_at(body, "properties.retentionInDays"), 0);
    if (days != -1 && (days < 4 || days > 730))
        return fail_value(ex, "properties.retentionInDays", "it must be 4 to 730, or -1");
    int64_t total = rd_json_int(rd_json_at(body, "properties.totalRetentionInDays"), -1);
    if (total != -1 && (total < 4 || total > 4383))
        return fail_value(ex, "properties.totalRetentionInDays", "it must be 4 to 4383, or -1");
    em_set_text(ex, body, "properties.schema.name", em_id_name(ex->id));
    return true;
}

static bool put_onboarding(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                           struct rd_json *hidden)
{
    (void)former;
    (void)hidden;
    struct rd_str scope = em_scope_of(ex->id);
    if (em_refer(ex, scope, WORKSPACE_TYPE) == NULL)
        return false;
    if (!rd_str_is(em_id_name(ex->id), "default"))
        return em_fail(ex, 400, "BadRequest",
                       "The only onboarding state of a workspace is named 'default'.");
    em_default(ex, body, "properties.customerManagedKey", rd_json_bool(false));
    return true;
}

static const struct em_action actions[] = {
    {.name = "sharedKeys", .post = shared_keys},
    {.name = "query", .post = refuse_query},
};

#define OPERATIONS_TYPE                                                                            \
    .delete_status = 202, .async = EM_ASYNC_OPERATION, .operation_body = EM_OPERATION_COMPUTE,     \
    .operation_path = "Microsoft.OperationalInsights/locations/{l}/operationStatuses"

static const struct em_type types[] = {
    {
        .name = WORKSPACE_TYPE,
        EM_REGIONAL,
        .create_status = 201,
        .update_status = 200,
        OPERATIONS_TYPE,
        .retry_after_s = 15,
        .has_etag = true,
        EM_TAKES(25, 5, 15),
        .name_pattern = "^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$",
        .source = "azure-avd-ops 6.2",
        .put = put_workspace,
        .deletes_children = true,
        .actions = actions,
        .action_count = EM_COUNT(actions),
    },
    {
        .name = WORKSPACE_TYPE "/tables",
        .place = EM_IN_PARENT,
        .create_status = 202,
        .update_status = 202,
        OPERATIONS_TYPE,
        .retry_after_s = 5,
        EM_TAKES(8, 5, 5),
        .source = "azure-avd-ops 6.2",
        .put = put_table,
    },
    {.name = EM_BATCH_TYPE, .place = EM_IN_SUBSCRIPTION, .is_internal = true, .has_no_state = true},
    {
        .name = "Microsoft.SecurityInsights/onboardingStates",
        .place = EM_ON_SCOPE,
        EM_ANSWERS(201, 200, 200),
        .async = EM_SYNC,
        .has_etag = true,
        .has_no_state = true,
        .source = "azure-avd-ops 6.11",
        .put = put_onboarding,
    },
};

const struct em_part em_loganalytics_part = {
    .name = "loganalytics",
    .types = types,
    .type_count = EM_COUNT(types),
};
