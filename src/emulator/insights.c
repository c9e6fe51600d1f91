/* SPDX-License-Identifier: Apache-2.0 */
/* Microsoft.Insights: data collection rules and their associations; the table. */
#include "insights_internal.h"
#include "providers.h"
#include "shape.h"

#define RULE_TYPE "Microsoft.Insights/dataCollectionRules"
#define ASSOCIATION_TYPE "Microsoft.Insights/dataCollectionRuleAssociations"
#define WORKSPACE_TYPE "Microsoft.OperationalInsights/workspaces"

static bool fail_rule(struct em_exchange *ex, struct rd_str subject, const char *what)
{
    return em_fail(ex, 400, "InvalidPayload", "Data collection rule is invalid: '%.*s' %s.",
                   RD_FMT(subject), what);
}

static bool has_destination(const struct rd_json *body, struct rd_str name)
{
    const struct rd_json *kinds = rd_json_at(body, "properties.destinations");
    if (rd_str_is_empty(name))
        return false;
    for (size_t i = 0; rd_json_is(kinds, RD_JSON_OBJECT) && i < rd_json_count(kinds); i++) {
        const struct rd_json *kind = &kinds->u.members[i].value;
        if (rd_str_eq(em_text_at(kind, "name"), name))
            return true;
        for (size_t j = 0; rd_json_is(kind, RD_JSON_ARRAY) && j < rd_json_count(kind); j++)
            if (rd_str_eq(em_text_at(rd_json_item(kind, j), "name"), name))
                return true;
    }
    return false;
}

static bool check_flows(struct em_exchange *ex, const struct rd_json *body)
{
    const struct rd_json *flows = rd_json_at(body, "properties.dataFlows");
    for (size_t i = 0; i < rd_json_count(flows); i++) {
        const struct rd_json *flow = rd_json_item(flows, i);
        const struct rd_json *names = rd_json_at(flow, "destinations");
        if (rd_json_count(rd_json_at(flow, "streams")) == 0)
            return fail_rule(ex, RD_STR("dataFlows"), "has a flow without streams");
        if (rd_json_exists(names) && !rd_json_is(names, RD_JSON_ARRAY))
            return fail_rule(ex, RD_STR("destinations"), "must be an array in dataFlows");
        for (size_t j = 0; j < rd_json_count(names); j++)
            if (!has_destination(body, rd_json_str(rd_json_item(names, j))))
                return fail_rule(ex, rd_json_str(rd_json_item(names, j)),
                                 "of dataFlows is no destination of the rule");
    }
    return true;
}

static bool check_workspaces(struct em_exchange *ex, struct rd_json *body)
{
    if (!em_has(body, "properties.destinations.logAnalytics"))
        return true;
    struct rd_json *list = em_array(ex, body, "properties.destinations.logAnalytics");
    for (size_t i = 0; i < rd_json_count(list); i++) {
        struct rd_json *one = &list->u.items[i];
        struct em_resource *workspace =
            em_refer(ex, em_text_at(one, "workspaceResourceId"), WORKSPACE_TYPE);
        if (workspace == NULL)
            return false;
        struct rd_json other = em_body(ex, workspace);
        if (!em_location_eq(em_text_at(&other, "location"), em_text_at(body, "location")))
            return fail_rule(ex, workspace->id, "is not in the rule's region");
        em_set_text(ex, one, "workspaceId", em_text_at(&other, "properties.customerId"));
    }
    return true;
}

static bool put_rule(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                     struct rd_json *hidden)
{
    struct rd_str id = former != NULL ? former->id : ex->id; /* in its first casing */
    (void)hidden;
    if (!em_has(body, "properties.destinations") || !em_has(body, "properties.dataFlows"))
        return fail_rule(ex, em_id_name(ex->id), "needs destinations and dataFlows");
    if (!check_workspaces(ex, body) || !check_flows(ex, body))
        return false;
    if (em_has(body, "properties.dataCollectionEndpointId") &&
        em_refer(ex, em_text_at(body, "properties.dataCollectionEndpointId"),
                 EM_COLLECTION_ENDPOINT_TYPE) == NULL)
        return false;
    struct rd_str digits = em_hex(ex, rd_arena_printf(ex->arena, "dcr %.*s", RD_FMT(id)), 32);
    em_set_text(ex, body, "properties.immutableId",
                rd_arena_printf(ex->arena, "dcr-%.*s", RD_FMT(digits)));
    if (em_is_word(body, "kind", "Direct")) /* a rule with an ingestion endpoint of its own */
        em_set_text(ex, body, "properties.endpoints.logsIngestion",
                    rd_arena_printf(ex->arena, "https://%.*s-%.*s.%.*s-1.%.*s",
                                    RD_FMT(rd_arena_lower(ex->arena, em_id_name(ex->id))),
                                    RD_FMT(rd_str_sub(digits, 0, 4)),
                                    RD_FMT(em_region_name(ex, em_text_at(body, "location"))),
                                    RD_FMT(em_host(ex->cloud, EM_PLACE_INGESTION))));
    return true;
}

/* The association after `*cursor` that names the rule, or NULL. */
static struct em_resource *next_association(struct em_exchange *ex, struct rd_str rule,
                                            size_t *cursor)
{
    struct em_resource *one = NULL;
    while ((one = em_each(ex->cloud, ASSOCIATION_TYPE, cursor)) != NULL) {
        struct rd_json body = em_body(ex, one);
        if (rd_str_eq_case(em_text_at(&body, "properties.dataCollectionRuleId"), rule))
            return one;
    }
    return NULL;
}

static bool may_delete_rule(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_str value = {"", 0};
    size_t cursor = 0;
    struct em_resource *one = next_association(ex, resource->id, &cursor);
    if (one == NULL)
        return true;
    if (rd_http_query_get(ex->arena, ex->url.query, "deleteAssociations", &value) &&
        rd_str_is_case(value, "true"))
        return true;
    return em_fail(
        ex, 409, "Conflict",
        "Data collection rule %.*s cannot be deleted: it has associations (%.*s). Delete "
        "them or use deleteAssociations=true.",
        RD_FMT(resource->id), RD_FMT(one->id));
}

static void rule_deleted(struct em_exchange *ex, struct em_resource *resource)
{
    struct em_resource *one = NULL;
    for (size_t cursor = 0; (one = next_association(ex, resource->id, &cursor)) != NULL;)
        em_remove(ex, one);
}

static bool put_association(struct em_exchange *ex, struct em_resource *former,
                            struct rd_json *body, struct rd_json *hidden)
{
    (void)former;
    (void)hidden;
    struct rd_str scope = em_scope_of(ex->id);
    bool is_endpoint = em_has(body, "properties.dataCollectionEndpointId");
    if (em_find(ex->cloud, scope) == NULL)
        return em_fail_not_found(ex, scope);
    if (is_endpoint == em_has(body, "properties.dataCollectionRuleId"))
        return em_fail(ex, 400, "InvalidPayload",
                       "An association has either dataCollectionRuleId or "
                       "dataCollectionEndpointId.");
    if (is_endpoint)
        return rd_str_is_case(em_id_name(ex->id), "configurationAccessEndpoint")
                   ? em_refer(ex, em_text_at(body, "properties.dataCollectionEndpointId"),
                              EM_COLLECTION_ENDPOINT_TYPE) != NULL
                   : em_fail(ex, 400, "InvalidPayload",
                             "The association of an endpoint must be named "
                             "'configurationAccessEndpoint'.");
    return em_refer(ex, em_text_at(body, "properties.dataCollectionRuleId"), RULE_TYPE) != NULL;
}

static bool list_associations(struct em_exchange *ex)
{
    struct rd_str rule = rd_arena_printf(
        ex->arena, "/subscriptions/%.*s/resourceGroups/%.*s/providers/" RULE_TYPE "/%.*s",
        RD_FMT(ex->params[0]), RD_FMT(ex->params[1]), RD_FMT(ex->params[2]));
    struct em_resource **items = NULL, *one = NULL;
    size_t count = 0, cap = 0;
    if (em_find(ex->cloud, rule) == NULL)
        return em_fail_not_found(ex, rule);
    for (size_t cursor = 0; (one = next_association(ex, rule, &cursor)) != NULL;) {
        items = rd_arena_grow(ex->arena, items, count, &cap, sizeof(struct em_resource *));
        items[count++] = one;
    }
    em_reply_list(ex, items, count);
    return true;
}

#define SYNC_TYPE .delete_status = 200, .async = EM_SYNC
#define ALERT_TYPE_MADE(status)                                                                    \
    .place = EM_IN_GROUP, .has_tags = true, .create_status = (status), .update_status = 200,       \
    SYNC_TYPE, .has_no_state = true, .source = "azure-avd-ops 6.5"
#define ALERT_TYPE ALERT_TYPE_MADE(201)

static const struct em_type types[] = {
    {
        .name = "Microsoft.Insights/diagnosticSettings",
        .place = EM_ON_SCOPE,
        .create_status = 200,
        .update_status = 200,
        SYNC_TYPE,
        .has_no_state = true,
        .source = "azure-avd-ops 6.1",
        .put = em_diagnostics_put,
        .show = em_diagnostics_show,
    },
    {
        .name = RULE_TYPE,
        EM_REGIONAL,
        .create_status = 201,
        .update_status = 200,
        SYNC_TYPE,
        .has_etag = true,
        .source = "azure-avd-ops 6.4",
        .put = put_rule,
        .may_delete = may_delete_rule,
        .deleted = rule_deleted,
    },
    {
        .name = EM_COLLECTION_ENDPOINT_TYPE,
        EM_REGIONAL,
        .create_status = 201,
        .update_status = 200,
        SYNC_TYPE,
        .has_etag = true,
        .source = "Data Collection Endpoints 2022-06-01 (documents of the REST API)",
        .put = em_collection_endpoint_put,
    },
    {
        .name = ASSOCIATION_TYPE,
        .place = EM_ON_SCOPE,
        .create_status = 201,
        .update_status = 200,
        SYNC_TYPE,
        .has_etag = true,
        .source = "azure-avd-ops 6.4",
        .put = put_association,
    },
    {.name = "Microsoft.Insights/actionGroups", ALERT_TYPE, .put = em_action_group_put},
    {.name = "Microsoft.Insights/scheduledQueryRules",
     ALERT_TYPE,
     .needs_location = true,
     .has_etag = true,
     .put = em_query_rule_put},
    {.name = "Microsoft.Insights/metricAlerts", ALERT_TYPE_MADE(200), .put = em_metric_alert_put},
    {.name = "Microsoft.Insights/activityLogAlerts", ALERT_TYPE, .put = em_activity_alert_put},
};

static const struct em_route routes[] = {
    {.method = RD_HTTP_GET,
     .path = "{scope}/providers/Microsoft.Insights/diagnosticSettingsCategories",
     .answer = em_diagnostics_categories,
     .source = "azure-avd-ops 6.1"},
    {.method = RD_HTTP_GET,
     .path = "/subscriptions/{}/resourceGroups/{}/providers/" RULE_TYPE "/{}/associations",
     .answer = list_associations,
     .source = "azure-avd-ops 6.4"},
};

const struct em_part em_insights_part = {
    .name = "insights",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
};
