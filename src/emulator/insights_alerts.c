/* SPDX-License-Identifier: Apache-2.0 */
/* Action groups and alert rules: kept and checked. That they fire is not emulated. */
#include "insights_internal.h"
#include "shape.h"

#define ACTION_GROUP_TYPE "Microsoft.Insights/actionGroups"

enum { SHORT_NAME_MAX = 12 };

static bool fail_value(struct em_exchange *ex, const char *path, const char *what)
{
    return em_fail(ex, 400, "BadRequest", "The value of '%s' is not valid: %s.", path, what);
}

static bool check_global(struct em_exchange *ex, const struct rd_json *body)
{
    struct rd_str location = em_text_at(body, "location");
    if (rd_str_is_case(location, "global") || em_region_exists(ex, location))
        return true;
    return em_fail(ex, 400, "LocationNotAvailableForResourceType",
                   "The provided location '%.*s' is not available for this resource type. List of "
                   "available regions for the resource type is 'global'.",
                   RD_FMT(location));
}

static bool check_severity(struct em_exchange *ex, const struct rd_json *body)
{
    int64_t severity = rd_json_int(rd_json_at(body, "properties.severity"), -1);
    return severity >= 0 && severity <= 4
               ? true
               : fail_value(ex, "properties.severity", "it must be 0 to 4");
}

/* Scopes are resources, groups or subscriptions; resources must exist. */
static bool check_scopes(struct em_exchange *ex, const struct rd_json *body)
{
    const struct rd_json *scopes = rd_json_at(body, "properties.scopes");
    if (rd_json_count(scopes) == 0)
        return fail_value(ex, "properties.scopes", "at least one is required");
    for (size_t i = 0; i < rd_json_count(scopes); i++) {
        struct rd_str scope = rd_json_str(rd_json_item(scopes, i));
        bool is_resource = !rd_str_is_empty(em_id_segment(scope, "resourceGroups"));
        if (!rd_str_has_prefix_case(scope, RD_STR("/subscriptions/")) ||
            (is_resource && em_find(ex->cloud, scope) == NULL))
            return em_fail(ex, 400, "ResourceNotFound",
                           "The scope '%.*s' of rule %.*s was not found.", RD_FMT(scope),
                           RD_FMT(ex->id));
    }
    return true;
}

/* Each item of the list is an action group's id, or an object with it at `member`. */
static bool check_groups(struct em_exchange *ex, const struct rd_json *list, const char *member)
{
    for (size_t i = 0; i < rd_json_count(list); i++) {
        const struct rd_json *item = rd_json_item(list, i);
        struct rd_str id = member == NULL ? rd_json_str(item) : em_text_at(item, member);
        if (em_refer(ex, id, ACTION_GROUP_TYPE) == NULL)
            return false;
    }
    return true;
}

bool em_action_group_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                         struct rd_json *hidden)
{
    static const char *const receivers[] = {
        "emailReceivers",   "smsReceivers",          "webhookReceivers",
        "itsmReceivers",    "azureAppPushReceivers", "automationRunbookReceivers",
        "voiceReceivers",   "logicAppReceivers",     "azureFunctionReceivers",
        "armRoleReceivers", "eventHubReceivers"};
    (void)former;
    (void)hidden;
    struct rd_str label = em_text_at(body, "properties.groupShortName");
    if (!check_global(ex, body))
        return false;
    if (rd_str_is_empty(label) || label.n > SHORT_NAME_MAX)
        return fail_value(ex, "properties.groupShortName", "it must have 1 to 12 characters");
    em_default(ex, body, "properties.enabled", rd_json_bool(true));
    for (size_t i = 0; i < EM_COUNT(receivers); i++)
        em_array(ex, body, rd_arena_printf(ex->arena, "properties.%s", receivers[i]).p);
    struct rd_json *emails = em_array(ex, body, "properties.emailReceivers");
    for (size_t i = 0; i < rd_json_count(emails); i++) {
        struct rd_json *email = &emails->u.items[i];
        struct rd_str address = em_text_at(email, "emailAddress");
        if (rd_str_is_empty(em_text_at(email, "name")) ||
            rd_str_find_char(address, '@', 0) == RD_STR_NONE)
            return fail_value(ex, "properties.emailReceivers",
                              "each needs a name and an e-mail address");
        em_default(ex, email, "useCommonAlertSchema", rd_json_bool(false));
        em_set_word(ex, email, "status", "Enabled");
    }
    return true;
}

static bool check_criteria(struct em_exchange *ex, const struct rd_json *body)
{
    static const char *const aggregations[] = {"Count",   "Average", "Minimum",
                                               "Maximum", "Total",   NULL};
    static const char *const operators[] = {"Equals",   "GreaterThan",     "GreaterThanOrEqual",
                                            "LessThan", "LessThanOrEqual", NULL};
    const struct rd_json *all = rd_json_at(body, "properties.criteria.allOf");
    if (rd_json_count(all) == 0)
        return fail_value(ex, "properties.criteria.allOf", "at least one is required");
    for (size_t i = 0; i < rd_json_count(all); i++) {
        const struct rd_json *one = rd_json_item(all, i);
        struct rd_str query = rd_str_trim(em_text_at(one, "query"));
        if (rd_str_is_empty(query))
            return fail_value(ex, "properties.criteria.allOf.query", "it must not be empty");
        if (!em_check_word(ex, rd_json_at(one, "timeAggregation"), aggregations, "BadRequest",
                           "timeAggregation") ||
            !em_check_word(ex, rd_json_at(one, "operator"), operators, "BadRequest", "operator"))
            return false;
    }
    return true;
}

bool em_query_rule_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                       struct rd_json *hidden)
{
    (void)former;
    (void)hidden;
    if (!check_severity(ex, body) || !check_scopes(ex, body) || !check_criteria(ex, body) ||
        !em_require(ex, body, "properties.evaluationFrequency", RD_JSON_STRING) ||
        !em_require(ex, body, "properties.windowSize", RD_JSON_STRING) ||
        !check_groups(ex, rd_json_at(body, "properties.actions.actionGroups"), NULL))
        return false;
    if (rd_json_is_true(rd_json_at(body, "properties.autoMitigate")) &&
        em_has(body, "properties.muteActionsDuration"))
        return fail_value(ex, "properties.muteActionsDuration",
                          "autoMitigate and muteActionsDuration exclude each other");
    em_default_text(ex, body, "kind", "LogAlert");
    em_default(ex, body, "properties.enabled", rd_json_bool(true));
    em_default(ex, body, "properties.autoMitigate",
               rd_json_bool(!em_has(body, "properties.muteActionsDuration")));
    em_default(ex, body, "properties.checkWorkspaceAlertsStorageConfigured", rd_json_bool(false));
    em_default(ex, body, "properties.skipQueryValidation", rd_json_bool(false));
    em_set_text(ex, body, "properties.createdWithApiVersion", ex->api_version);
    em_set_bool(ex, body, "properties.isLegacyLogAnalyticsRule", false);
    em_set_bool(ex, body, "properties.isWorkspaceAlertsStorageConfigured", false);
    return true;
}

bool em_metric_alert_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                         struct rd_json *hidden)
{
    (void)former;
    (void)hidden;
    const struct rd_json *scope = rd_json_at(body, "properties.scopes.0");
    bool is_wide = rd_str_is_empty(em_id_segment(rd_json_str(scope), "providers"));
    if (!check_global(ex, body) || !check_severity(ex, body) || !check_scopes(ex, body) ||
        !em_require(ex, body, "properties.evaluationFrequency", RD_JSON_STRING) ||
        !em_require(ex, body, "properties.windowSize", RD_JSON_STRING) ||
        !em_require(ex, body, "properties.criteria", RD_JSON_OBJECT) ||
        !check_groups(ex, rd_json_at(body, "properties.actions"), "actionGroupId"))
        return false;
    if (is_wide && (!em_has(body, "properties.targetResourceType") ||
                    !em_has(body, "properties.targetResourceRegion")))
        return fail_value(ex, "properties.targetResourceType",
                          "with a group or subscription as scope, targetResourceType and "
                          "targetResourceRegion are required");
    em_default(ex, body, "properties.enabled", rd_json_bool(true));
    em_default(ex, body, "properties.autoMitigate", rd_json_bool(true));
    return true;
}

bool em_activity_alert_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                           struct rd_json *hidden)
{
    (void)former;
    (void)hidden;
    const struct rd_json *all = rd_json_at(body, "properties.condition.allOf");
    bool has_category = false;
    if (!check_global(ex, body) || !check_scopes(ex, body) ||
        !check_groups(ex, rd_json_at(body, "properties.actions.actionGroups"), "actionGroupId"))
        return false;
    for (size_t i = 0; i < rd_json_count(all); i++)
        has_category = has_category || em_is_word(rd_json_item(all, i), "field", "category");
    if (!has_category)
        return fail_value(ex, "properties.condition.allOf",
                          "it needs a condition on the field 'category'");
    em_default(ex, body, "properties.enabled", rd_json_bool(true));
    return true;
}
