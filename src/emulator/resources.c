/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"
#include "deployment.h"
#include "shape.h"
#include "state.h"

/* Microsoft.Resources: resource groups, resource lists, subscriptions and locations; deployments
 * are in deployment.c. Provider registrations and features stand in registration.c. */

#define GROUP_TYPE "Microsoft.Resources/resourceGroups"

enum {
    GROUP_DELETE_MS = 20 * 1000,
    GROUP_RETRY_AFTER_S = 15, /* azure-compute reference 1.3, recorded */
};

/* Resource groups ------------------------------------------------------------------------------ */

static bool put_group(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                      struct rd_json *hidden)
{
    (void)hidden;
    (void)former;
    struct rd_str location = rd_json_str(rd_json_get(body, RD_STR("location")));
    rd_json_set_c(ex->arena, body, "location", rd_json_string(em_region_name(ex, location)));
    return true;
}

static int64_t group_write_duration(struct em_exchange *ex, struct em_resource *former,
                                    const struct rd_json *body)
{
    (void)ex;
    (void)former;
    (void)body;
    return 0;
}

static int64_t longest_delete(const struct em_resource *parent)
{
    int64_t longest = 0;
    for (const struct em_resource *child = parent->first_child; child != NULL;
         child = child->next_sibling) {
        int64_t own = child->type->delete_ms + longest_delete(child);
        longest = own > longest ? own : longest;
    }
    return longest;
}

/* A group goes when the slowest of what it holds has gone; the rest goes meanwhile. */
static int64_t group_delete_duration(struct em_exchange *ex, struct em_resource *resource)
{
    return em_draw_ms(ex, resource->id, GROUP_DELETE_MS + longest_delete(resource));
}

/* Lists of resources --------------------------------------------------------------------------- */

static bool is_tracked(const struct em_type *type)
{
    return type->has_tags && !type->is_internal && !rd_str_is(rd_str_from(type->name), GROUP_TYPE);
}

static bool fits_tag(const struct em_filter *filter, const struct rd_json *body)
{
    if (!em_filter_has(filter, "tagName"))
        return true;
    const struct rd_json *tag =
        rd_json_get_case(rd_json_get(body, RD_STR("tags")), em_filter_value(filter, "tagName"));
    if (!rd_json_exists(tag))
        return false;
    return !em_filter_has(filter, "tagValue") ||
           rd_str_eq(rd_json_str(tag), em_filter_value(filter, "tagValue"));
}

static bool fits(struct em_exchange *ex, const struct em_filter *filter,
                 const struct em_resource *resource, const struct rd_json *body)
{
    struct rd_str location = em_filter_value(filter, "location");
    struct rd_str group = em_filter_value(filter, "resourceGroup");
    struct rd_str name = em_filter_value(filter, "name");
    struct rd_str part = em_filter_value(filter, "substringof(name)");
    if (part.n > 0 && rd_str_find_case(em_name(resource), part, 0) == RD_STR_NONE)
        return false;
    part = em_filter_value(filter, "substringof(resourceGroup)");
    if (part.n > 0 && rd_str_find_case(em_group(resource), part, 0) == RD_STR_NONE)
        return false;
    if (name.n > 0 && !rd_str_eq_case(em_name(resource), name))
        return false;
    if (group.n > 0 && !rd_str_eq_case(em_group(resource), group))
        return false;
    if (location.n > 0 &&
        !rd_str_eq(em_region_name(ex, rd_json_str(rd_json_get(body, RD_STR("location")))),
                   em_region_name(ex, location)))
        return false;
    return fits_tag(filter, body);
}

/* The short form that /resources shows; `expand` is the request's $expand. */
static void write_item(struct em_exchange *ex, struct em_resource *resource,
                       const struct rd_json *body, struct rd_str expand, struct rd_buf *out)
{
    static const char *const shown[] = {"location", "tags",     "kind",  "sku",
                                        "plan",     "identity", "zones", "managedBy"};
    struct rd_json item = rd_json_object();
    rd_json_set_c(ex->arena, &item, "id", rd_json_string(resource->id));
    rd_json_set_c(ex->arena, &item, "name", rd_json_string(em_name(resource)));
    rd_json_set_c(ex->arena, &item, "type", rd_json_string_c(resource->type->name));
    for (size_t i = 0; i < EM_COUNT(shown); i++) {
        const struct rd_json *value = rd_json_get(body, rd_str_from(shown[i]));
        if (rd_json_exists(value))
            rd_json_set_c(ex->arena, &item, shown[i], *value);
    }
    if (rd_str_find_case(expand, RD_STR("createdTime"), 0) != RD_STR_NONE)
        rd_json_set_c(ex->arena, &item, "createdTime",
                      rd_json_string(em_time(ex, resource->created_ms)));
    if (rd_str_find_case(expand, RD_STR("changedTime"), 0) != RD_STR_NONE)
        rd_json_set_c(ex->arena, &item, "changedTime",
                      rd_json_string(em_time(ex, resource->changed_ms)));
    const struct rd_json *state = rd_json_at(body, "properties.provisioningState");
    if (rd_str_find_case(expand, RD_STR("provisioningState"), 0) != RD_STR_NONE &&
        rd_json_exists(state))
        rd_json_set_c(ex->arena, &item, "provisioningState", *state);
    rd_json_write(out, &item, RD_JSON_COMPACT);
}

/* Instances of all types, in order of creation: the classes are merged by number. */
static struct em_resource *next_of_all(struct rd_cloud *cloud, size_t *cursors,
                                       struct rd_str only_type)
{
    struct em_resource *first = NULL;
    size_t first_class = 0;
    for (size_t i = 0; i < cloud->class_count; i++) {
        const struct em_class *class_ = &cloud->classes[i];
        bool is_asked = only_type.n == 0 || rd_str_is_case(only_type, class_->type->name);
        if (!is_tracked(class_->type) || !is_asked)
            continue;
        while (cursors[i] < class_->count && class_->items[cursors[i]] == NULL)
            cursors[i]++;
        if (cursors[i] == class_->count)
            continue;
        struct em_resource *candidate = class_->items[cursors[i]];
        if (first == NULL || candidate->seq < first->seq) {
            first = candidate;
            first_class = i;
        }
    }
    if (first != NULL)
        cursors[first_class]++;
    return first;
}

static bool list_below(struct em_exchange *ex, struct rd_str base)
{
    static const char *const names[] = {"resourceType",
                                        "resourceGroup",
                                        "name",
                                        "location",
                                        "tagName",
                                        "tagValue",
                                        "substringof(name)",
                                        "substringof(resourceGroup)",
                                        NULL};
    struct em_filter filter;
    struct em_pager pager;
    struct rd_str expand = {"", 0};
    if (!em_filter_read(ex, names, &filter) || !em_pager_start(&pager, ex, NULL))
        return false;
    (void)rd_http_query_get(ex->arena, ex->url.query, "$expand", &expand);
    struct rd_str type = em_filter_value(&filter, "resourceType");
    size_t *cursors = rd_arena_array(ex->arena, ex->cloud->class_count, sizeof(*cursors));
    struct em_resource *resource;
    while ((resource = next_of_all(ex->cloud, cursors, type)) != NULL) {
        if (!rd_str_has_prefix_case(resource->id, base) || resource->seq <= pager.behind)
            continue;
        struct rd_json body = em_body(ex, resource);
        if (!fits(ex, &filter, resource, &body) || !em_sees(ex, resource))
            continue;
        enum em_pager_step step = em_pager_next(&pager, resource->seq);
        if (step == EM_PAGER_FULL)
            break;
        if (step == EM_PAGER_WRITE)
            write_item(ex, resource, &body, expand, &pager.out);
    }
    em_pager_reply(&pager);
    return true;
}

static bool list_subscription(struct em_exchange *ex)
{
    return list_below(ex,
                      rd_arena_printf(ex->arena, "/subscriptions/%.*s/", RD_FMT(ex->subscription)));
}

static bool list_group(struct em_exchange *ex)
{
    struct rd_str group = rd_arena_printf(ex->arena, "/subscriptions/%.*s/resourceGroups/%.*s",
                                          RD_FMT(ex->subscription), RD_FMT(ex->params[1]));
    if (em_find(ex->cloud, group) == NULL)
        return em_fail(ex, 404, "ResourceGroupNotFound",
                       "Resource group '%.*s' could not be found.", RD_FMT(ex->params[1]));
    return list_below(ex, rd_arena_printf(ex->arena, "%.*s/", RD_FMT(group)));
}

/* $filter knows tags; $top is honoured. */
static bool list_groups(struct em_exchange *ex, struct rd_str scope)
{
    static const char *const names[] = {"tagName", "tagValue", NULL};
    struct em_filter filter;
    struct em_pager pager;
    if (!em_filter_read(ex, names, &filter) || !em_pager_start(&pager, ex, NULL))
        return false;
    struct rd_str base = rd_arena_printf(ex->arena, "%.*s/", RD_FMT(scope));
    size_t cursor = 0;
    struct em_resource *group;
    while ((group = em_each(ex->cloud, GROUP_TYPE, &cursor)) != NULL) {
        struct rd_json body = em_body(ex, group);
        if (!rd_str_has_prefix_case(group->id, base) || !fits_tag(&filter, &body) ||
            !em_sees(ex, group))
            continue;
        enum em_pager_step step = em_pager_next(&pager, group->seq);
        if (step == EM_PAGER_FULL)
            break;
        if (step == EM_PAGER_WRITE)
            em_view_text(ex, group, &pager.out);
    }
    em_pager_reply(&pager);
    return true;
}

/* Subscriptions and locations ------------------------------------------------------------------ */

static struct rd_json subscription_view(struct em_exchange *ex, size_t index)
{
    struct rd_str id = ex->cloud->subscriptions[index];
    struct rd_json view = rd_json_object();
    struct rd_arena *arena = ex->arena;
    rd_json_set_c(arena, &view, "id",
                  rd_json_string(rd_arena_printf(arena, "/subscriptions/%.*s", RD_FMT(id))));
    rd_json_set_c(arena, &view, "authorizationSource", rd_json_string_c("RoleBased"));
    rd_json_set_c(arena, &view, "managedByTenants", rd_json_array());
    rd_json_set_c(arena, &view, "subscriptionId", rd_json_string(id));
    rd_json_set_c(arena, &view, "tenantId", rd_json_string(ex->cloud->tenant));
    rd_json_set_c(arena, &view, "displayName",
                  rd_json_string(rd_arena_printf(arena, "Embedded %zu", index + 1)));
    rd_json_set_c(arena, &view, "state", rd_json_string_c("Enabled"));
    *rd_json_make(arena, &view, "subscriptionPolicies.locationPlacementId") =
        rd_json_string_c("Public_2014-09-01");
    *rd_json_make(arena, &view, "subscriptionPolicies.quotaId") =
        rd_json_string_c("EnterpriseAgreement_2014-09-01");
    *rd_json_make(arena, &view, "subscriptionPolicies.spendingLimit") = rd_json_string_c("Off");
    const struct em_resource *tags =
        em_find(ex->cloud, rd_arena_printf(arena,
                                           "/subscriptions/%.*s/providers/Microsoft.Resources/"
                                           "tags/default",
                                           RD_FMT(id)));
    if (tags != NULL) {
        struct rd_json body = em_body(ex, tags);
        rd_json_set_c(arena, &view, "tags", *rd_json_get(&body, RD_STR("tags")));
    }
    return view;
}

/* Those in which the caller may read anything. */
static bool list_subscriptions(struct em_exchange *ex)
{
    const struct rd_str read = RD_STR("Microsoft.Resources/subscriptions/read");
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < ex->cloud->subscription_count; i++) {
        struct rd_str scope =
            rd_arena_printf(ex->arena, "/subscriptions/%.*s", RD_FMT(ex->cloud->subscriptions[i]));
        if (em_may(ex, read, scope) || em_may_below(ex, read, scope))
            (void)rd_json_append(ex->arena, &list, subscription_view(ex, i));
    }
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "value", list);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static bool get_subscription(struct em_exchange *ex)
{
    size_t i = 0;
    while (!rd_str_eq(ex->cloud->subscriptions[i], ex->subscription))
        i++;
    struct rd_json view = subscription_view(ex, i);
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

/* Logical zone n is another building in each subscription (azure-compute reference 1.7). */
static struct rd_json zone_mappings(struct em_exchange *ex, const struct rd_json *region)
{
    struct rd_json list = rd_json_array();
    const struct rd_json *zones = rd_json_get(region, RD_STR("zones"));
    struct rd_str name = rd_json_str(rd_json_get(region, RD_STR("name")));
    size_t count = rd_json_count(zones);
    size_t turn = (size_t)(em_mix(rd_str_hash(ex->subscription), rd_str_hash(name)) % 6);
    for (size_t i = 0; i < count; i++) {
        size_t physical = (i + turn) % count + 1;
        struct rd_json item = rd_json_object();
        rd_json_set_c(ex->arena, &item, "logicalZone", *rd_json_item(zones, i));
        rd_json_set_c(
            ex->arena, &item, "physicalZone",
            rd_json_string(rd_arena_printf(ex->arena, "%.*s-az%zu", RD_FMT(name), physical)));
        (void)rd_json_append(ex->arena, &list, item);
    }
    return list;
}

/* The word that stands before a region's name: recorded for "US" and "Europe", the rest likewise.
 */
static struct rd_str geography_group(struct rd_str geography)
{
    static const struct {
        const char *group;
        const char *const geographies[12];
    } groups[] = {
        {"US", {"United States", "US Gov", "US DoD"}},
        {"Europe",
         {"Belgium", "France", "Germany", "Italy", "Norway", "Poland", "Spain", "Sweden",
          "Switzerland", "United Kingdom"}},
        {"Asia Pacific", {"Australia", "India", "Japan", "Korea"}},
        {"Middle East", {"Israel", "Qatar", "UAE"}},
        {"South America", {"Brazil"}},
        {"Africa", {"South Africa"}},
    };
    for (size_t i = 0; i < EM_COUNT(groups); i++)
        for (size_t k = 0; k < EM_COUNT(groups[i].geographies); k++)
            if (groups[i].geographies[k] != NULL && rd_str_is(geography, groups[i].geographies[k]))
                return rd_str_from(groups[i].group);
    return geography;
}

/* Coordinates and the place's name, of regions of which they were recorded. */
static void add_site(struct em_exchange *ex, const struct rd_json *region, struct rd_json *view)
{
    static const char *const members[] = {"longitude", "latitude", "physicalLocation"};
    const struct rd_json *site = rd_json_get(region, RD_STR("site"));
    for (size_t i = 0; i < EM_COUNT(members) && i < rd_json_count(site); i++)
        rd_json_set_c(ex->arena, rd_json_make(ex->arena, view, "metadata"), members[i],
                      *rd_json_item(site, i));
}

static struct rd_json location_view(struct em_exchange *ex, const struct rd_json *region)
{
    struct rd_json view = rd_json_object();
    struct rd_arena *arena = ex->arena;
    struct rd_str name = rd_json_str(rd_json_get(region, RD_STR("name")));
    const struct rd_json *display = rd_json_get(region, RD_STR("display"));
    struct rd_str pair = rd_json_str(rd_json_get(region, RD_STR("pair")));
    rd_json_set_c(arena, &view, "id",
                  rd_json_string(rd_arena_printf(arena, "/subscriptions/%.*s/locations/%.*s",
                                                 RD_FMT(ex->subscription), RD_FMT(name))));
    rd_json_set_c(arena, &view, "name", rd_json_string(name));
    /* 2019-11-01 has neither (recording 04); since which version between it and 2022-12-01 the
     * later ones have them is not known. */
    bool is_new = rd_str_cmp(ex->api_version, RD_STR("2019-11-01")) > 0;
    if (is_new)
        rd_json_set_c(arena, &view, "type", rd_json_string_c("Region"));
    rd_json_set_c(arena, &view, "displayName", *display);
    struct rd_str geography = rd_json_str(rd_json_get(region, RD_STR("geography")));
    struct rd_str group = geography_group(geography);
    rd_json_set_c(arena, &view, "regionalDisplayName",
                  rd_json_string(rd_arena_printf(arena, "(%.*s) %.*s", RD_FMT(group),
                                                 RD_FMT(rd_json_str(display)))));
    *rd_json_make(arena, &view, "metadata.regionType") = rd_json_string_c("Physical");
    *rd_json_make(arena, &view, "metadata.regionCategory") = rd_json_string_c("Recommended");
    if (is_new)
        *rd_json_make(arena, &view, "metadata.geography") = rd_json_string(geography);
    *rd_json_make(arena, &view, "metadata.geographyGroup") = rd_json_string(group);
    add_site(ex, region, &view);
    struct rd_json pairs = rd_json_array();
    if (pair.n > 0) {
        struct rd_json item = rd_json_object();
        rd_json_set_c(arena, &item, "name", rd_json_string(pair));
        rd_json_set_c(arena, &item, "id",
                      rd_json_string(rd_arena_printf(arena, "/subscriptions/%.*s/locations/%.*s",
                                                     RD_FMT(ex->subscription), RD_FMT(pair))));
        (void)rd_json_append(arena, &pairs, item);
    }
    *rd_json_make(arena, &view, "metadata.pairedRegion") = pairs;
    if (is_new && rd_json_count(rd_json_get(region, RD_STR("zones"))) > 0)
        rd_json_set_c(arena, &view, "availabilityZoneMappings", zone_mappings(ex, region));
    return view;
}

static bool list_locations(struct em_exchange *ex)
{
    const struct rd_json *regions = rd_json_get(ex->cloud->place, RD_STR("regions"));
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < rd_json_count(regions); i++)
        (void)rd_json_append(ex->arena, &list, location_view(ex, rd_json_item(regions, i)));
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "value", list);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static bool list_tenants(struct em_exchange *ex)
{
    struct rd_json tenant = rd_json_object();
    rd_json_set_c(
        ex->arena, &tenant, "id",
        rd_json_string(rd_arena_printf(ex->arena, "/tenants/%.*s", RD_FMT(ex->cloud->tenant))));
    rd_json_set_c(ex->arena, &tenant, "tenantId", rd_json_string(ex->cloud->tenant));
    rd_json_set_c(ex->arena, &tenant, "tenantCategory", rd_json_string_c("Home"));
    rd_json_set_c(ex->arena, &tenant, "displayName", rd_json_string_c("Embedded"));
    struct rd_json body = rd_json_object();
    struct rd_json list = rd_json_array();
    (void)rd_json_append(ex->arena, &list, tenant);
    rd_json_set_c(ex->arena, &body, "value", list);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static const struct em_type types[] = {
    {
        .name = GROUP_TYPE,
        .place = EM_IN_SUBSCRIPTION,
        .needs_location = true,
        .has_tags = true,
        EM_ANSWERS(201, 200, 202),
        .async = EM_LOCATION,
        .operation_body = EM_OPERATION_STATUS_ONLY,
        .operation_path = "/operationresults",
        .delete_ms = GROUP_DELETE_MS,
        .retry_after_s = GROUP_RETRY_AFTER_S,
        .name_pattern = "^[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]$",
        .source = "azure-compute 1.5; recordings 08-role-assignment (PUT)",
        .put = put_group,
        .patch = em_patch_tags,
        .has_top = true,
        .list = list_groups,
        .duration = group_write_duration,
        .deletes_children = true,
        .delete_duration = group_delete_duration,
    },
};

#define DEPLOYMENT "{scope}/providers/Microsoft.Resources/deployments"
static const struct em_route routes[] = {
    {RD_HTTP_GET, "/subscriptions", list_subscriptions, NULL, "azure-compute 1.7"},
    {RD_HTTP_GET, "/subscriptions/{}", get_subscription, NULL, "azure-compute 1.7"},
    {RD_HTTP_GET, "/subscriptions/{}/locations", list_locations, NULL, "azure-compute 1.7"},
    {RD_HTTP_GET, "/tenants", list_tenants, NULL, "real-clients 1.2"},
    {RD_HTTP_GET, "/subscriptions/{}/resources", list_subscription, NULL, "azure-compute 1.5"},
    {RD_HTTP_GET, "/subscriptions/{}/resourceGroups/{}/resources", list_group, NULL,
     "azure-compute 1.5"},
    {RD_HTTP_PUT, DEPLOYMENT "/{}", em_deployment_put, NULL, NULL},
    {RD_HTTP_GET, DEPLOYMENT "/{}", em_deployment_get, NULL, NULL},
    {RD_HTTP_HEAD, DEPLOYMENT "/{}", em_deployment_get, NULL, NULL},
    {RD_HTTP_DELETE, DEPLOYMENT "/{}", em_deployment_delete, NULL, NULL},
    {RD_HTTP_POST, DEPLOYMENT "/{}/{}", em_deployment_post, NULL, NULL},
    {RD_HTTP_GET, DEPLOYMENT "/{}/operations", em_deployment_get, NULL, NULL},
    {RD_HTTP_GET, DEPLOYMENT, em_deployment_list, NULL, NULL},
};

const struct em_part em_resources_part = {
    .name = "resources",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
};
