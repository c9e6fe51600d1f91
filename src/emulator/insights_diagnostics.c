/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostic settings: which resource sends which logs where. */
#include "insights_internal.h"
#include "shape.h"

#define SETTING_TYPE "Microsoft.Insights/diagnosticSettings"

enum { SETTING_COUNT_MAX = 5 };

static const char *const sinks[] = {
    "properties.workspaceId",
    "properties.storageAccountId",
    "properties.eventHubAuthorizationRuleId",
    "properties.marketplacePartnerId",
};

struct rd_str em_scope_of(struct rd_str id)
{
    size_t at = RD_STR_NONE;
    for (size_t next = 0; (next = rd_str_find_case(id, RD_STR("/providers/"), next)) != RD_STR_NONE;
         next++)
        at = next;
    return at == RD_STR_NONE ? (struct rd_str){"", 0} : rd_str_sub(id, 0, at);
}

/* The row of data/emulator/diagnostics.yaml for what `scope` is, or absent. */
static const struct rd_json *row_of(struct em_exchange *ex, struct rd_str scope)
{
    const struct rd_json *rows = rd_json_at(em_table("diagnostics"), "types");
    const struct em_resource *resource = em_find(ex->cloud, scope);
    bool is_subscription = rd_str_is_empty(em_id_segment(scope, "providers")) &&
                           rd_str_is_empty(em_id_segment(scope, "resourceGroups"));
    struct rd_str type = resource != NULL  ? rd_str_from(resource->type->name)
                         : is_subscription ? RD_STR("subscription")
                                           : (struct rd_str){"", 0};
    for (size_t i = 0; i < rd_json_count(rows); i++)
        if (rd_str_eq_case(em_text_at(rd_json_item(rows, i), "type"), type))
            return rd_json_item(rows, i);
    return &rd_json_absent;
}

static bool fail_scope(struct em_exchange *ex, struct rd_str scope)
{
    if (em_find(ex->cloud, scope) == NULL)
        return em_fail_not_found(ex, scope);
    return em_fail(ex, 400, "ResourceTypeNotSupported",
                   "The resource type of '%.*s' does not support diagnostic settings.",
                   RD_FMT(scope));
}

static bool has_category(const struct rd_json *row, struct rd_str category)
{
    const struct rd_json *logs = rd_json_at(row, "logs");
    for (size_t i = 0; i < rd_json_count(logs); i++)
        if (rd_str_eq_case(rd_json_str(rd_json_item(logs, i)), category))
            return true;
    return false;
}

static bool check_logs(struct em_exchange *ex, const struct rd_json *row, struct rd_json *body)
{
    struct rd_json *logs = em_array(ex, body, "properties.logs");
    struct rd_json *metrics = em_array(ex, body, "properties.metrics");
    for (size_t i = 0; i < rd_json_count(logs); i++) {
        struct rd_json *log = &logs->u.items[i];
        struct rd_str category = em_text_at(log, "category");
        bool is_group = em_is_word(log, "categoryGroup", "allLogs") ||
                        em_is_word(log, "categoryGroup", "audit");
        if (!is_group && !has_category(row, category))
            return em_fail(
                ex, 400, "BadRequest", "Category '%.*s' is not supported.",
                RD_FMT(rd_str_is_empty(category) ? em_text_at(log, "categoryGroup") : category));
        em_default(ex, log, "retentionPolicy.enabled", rd_json_bool(false));
        em_default(ex, log, "retentionPolicy.days", rd_json_integer(0));
    }
    for (size_t i = 0; i < rd_json_count(metrics); i++) {
        struct rd_json *metric = &metrics->u.items[i];
        if (!em_is_word(metric, "category", "AllMetrics") ||
            !rd_json_is_true(rd_json_at(row, "metrics")))
            return em_fail(ex, 400, "BadRequest", "Metric category '%.*s' is not supported.",
                           RD_FMT(em_text_at(metric, "category")));
        em_default(ex, metric, "retentionPolicy.enabled", rd_json_bool(false));
        em_default(ex, metric, "retentionPolicy.days", rd_json_integer(0));
    }
    return true;
}

/* Whether two entries of logs speak of one category: the same name, or a group on either side. */
static bool shares_category(const struct rd_json *a, const struct rd_json *b)
{
    if (!rd_json_is_true(rd_json_at(a, "enabled")) || !rd_json_is_true(rd_json_at(b, "enabled")))
        return false;
    if (em_has(a, "categoryGroup") || em_has(b, "categoryGroup"))
        return em_is_word(a, "categoryGroup", "allLogs") ||
               em_is_word(b, "categoryGroup", "allLogs") ||
               rd_str_eq_case(em_text_at(a, "categoryGroup"), em_text_at(b, "categoryGroup"));
    return rd_str_eq_case(em_text_at(a, "category"), em_text_at(b, "category"));
}

static bool check_conflict(struct em_exchange *ex, const struct rd_json *body,
                           const struct em_resource *other)
{
    struct rd_json theirs = em_body(ex, other);
    const struct rd_json *a = rd_json_at(body, "properties.logs");
    const struct rd_json *b = rd_json_at(&theirs, "properties.logs");
    for (size_t s = 0; s < EM_COUNT(sinks); s++) {
        struct rd_str sink = em_text_at(body, sinks[s]);
        if (rd_str_is_empty(sink) || !rd_str_eq_case(sink, em_text_at(&theirs, sinks[s])))
            continue;
        for (size_t i = 0; i < rd_json_count(a); i++)
            for (size_t j = 0; j < rd_json_count(b); j++) {
                const struct rd_json *log = rd_json_item(a, i);
                struct rd_str category = em_text_at(log, "category"), name = em_name(other);
                if (shares_category(log, rd_json_item(b, j)))
                    return em_fail(ex, 409, "Conflict",
                                   "Data sink '%.*s' is already used in diagnostic setting '%.*s' "
                                   "for category '%.*s'. Data sinks can't be reused in different "
                                   "settings on the same category for the same resource.",
                                   RD_FMT(sink), RD_FMT(name), RD_FMT(category));
            }
    }
    return true;
}

bool em_diagnostics_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                        struct rd_json *hidden)
{
    static const char *const destinations[] = {"Dedicated", "AzureDiagnostics", NULL};
    (void)hidden;
    struct rd_str scope = em_scope_of(ex->id);
    const struct rd_json *row = row_of(ex, scope);
    struct rd_str workspace = em_text_at(body, sinks[0]);
    bool has_sink = false;
    if (!rd_json_exists(row))
        return fail_scope(ex, scope);
    for (size_t i = 0; i < EM_COUNT(sinks); i++)
        has_sink = has_sink || em_has(body, sinks[i]);
    if (!has_sink)
        return em_fail(ex, 400, "BadRequest",
                       "At least one data sink needs to be specified for diagnostic setting %.*s.",
                       RD_FMT(ex->id));
    if (!rd_str_is_empty(workspace) &&
        em_refer(ex, workspace, "Microsoft.OperationalInsights/workspaces") == NULL)
        return false;
    if (!em_require_word(ex, body, "properties.logAnalyticsDestinationType", destinations, true) ||
        !check_logs(ex, row, body))
        return false;
    struct em_resource *other = NULL;
    int count = 0;
    for (size_t cursor = 0; (other = em_each(ex->cloud, SETTING_TYPE, &cursor)) != NULL;) {
        if (rd_str_eq_case(other->id, ex->id) || !rd_str_eq_case(em_scope_of(other->id), scope))
            continue;
        count++;
        if (!check_conflict(ex, body, other))
            return false;
    }
    if (former == NULL && count >= SETTING_COUNT_MAX)
        return em_fail(ex, 409, "DiagnosticSettingsLimitReached",
                       "Resource %.*s has %d diagnostic settings already.", RD_FMT(scope),
                       SETTING_COUNT_MAX);
    return true;
}

void em_diagnostics_show(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body)
{
    static const char *const nulls[] = {"properties.storageAccountId",
                                        "properties.serviceBusRuleId",
                                        "properties.workspaceId",
                                        "properties.eventHubAuthorizationRuleId",
                                        "properties.eventHubName",
                                        "properties.marketplacePartnerId",
                                        "properties.logAnalyticsDestinationType"};
    (void)resource;
    for (size_t i = 0; i < EM_COUNT(nulls); i++)
        if (!em_has(body, nulls[i]))
            em_set(ex, body, nulls[i], rd_json_null());
}

static void add_category(struct em_exchange *ex, struct rd_json *list, struct rd_str scope,
                         struct rd_str name, const char *kind)
{
    struct rd_json item = rd_json_object(), groups = rd_json_array();
    em_set_text(ex, &item, "id",
                rd_arena_printf(ex->arena,
                                "%.*s/providers/Microsoft.Insights/diagnosticSettingsCategories/"
                                "%.*s",
                                RD_FMT(scope), RD_FMT(name)));
    em_set_text(ex, &item, "name", name);
    em_set_word(ex, &item, "type", "Microsoft.Insights/diagnosticSettingsCategories");
    em_set_word(ex, &item, "properties.categoryType", kind);
    if (rd_str_is(rd_str_from(kind), "Logs"))
        rd_json_append(ex->arena, &groups, rd_json_string_c("allLogs"));
    em_set(ex, &item, "properties.categoryGroups", groups);
    rd_json_append(ex->arena, list, item);
}

bool em_diagnostics_categories(struct em_exchange *ex)
{
    struct rd_str scope = ex->params[0];
    const struct rd_json *row = row_of(ex, scope);
    const struct rd_json *logs = rd_json_at(row, "logs");
    struct rd_json list = rd_json_array(), reply = rd_json_object();
    if (!rd_json_exists(row))
        return fail_scope(ex, scope);
    if (rd_json_is_true(rd_json_at(row, "metrics")))
        add_category(ex, &list, scope, RD_STR("AllMetrics"), "Metrics");
    for (size_t i = 0; i < rd_json_count(logs); i++)
        add_category(ex, &list, scope, rd_json_str(rd_json_item(logs, i)), "Logs");
    em_set(ex, &reply, "value", list);
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}
