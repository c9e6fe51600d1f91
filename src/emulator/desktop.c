/* SPDX-License-Identifier: Apache-2.0 */
/* Microsoft.DesktopVirtualization: host pools, application groups, workspaces; the table. */
#include <stdarg.h>

#include "desktop_internal.h"
#include "providers.h"
#include "shape.h"

#define GROUP_TYPE "Microsoft.DesktopVirtualization/applicationGroups"
#define WORKSPACE_TYPE "Microsoft.DesktopVirtualization/workspaces"

bool em_desktop_fail(struct em_exchange *ex, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str text = rd_arena_vprintf(ex->arena, fmt, ap);
    va_end(ap);
    struct rd_str activity =
        em_guid(ex, rd_arena_printf(ex->arena, "activity %llu", (unsigned long long)ex->number));
    struct rd_str code = rd_arena_printf(ex->arena, "%d", status);
    return em_fail(ex, status, code.p, "ActivityId: %.*s Error: %.*s", RD_FMT(activity),
                   RD_FMT(text));
}

bool em_desktop_has_force(struct em_exchange *ex)
{
    struct rd_str value = {"", 0};
    return rd_http_query_get(ex->arena, ex->url.query, "force", &value) &&
           rd_str_is_case(value, "true");
}

void em_desktop_nulls(struct em_exchange *ex, struct rd_json *body, const char *const *members,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct rd_str path = rd_arena_printf(ex->arena, "properties.%s", members[i]);
        if (rd_json_is(rd_json_at_str(body, path), RD_JSON_ABSENT))
            em_set(ex, body, path.p, rd_json_null());
    }
}

/* The service keeps its metadata in some regions only. */
static bool check_region(struct em_exchange *ex, const struct rd_json *body)
{
    const struct rd_json *regions = rd_json_at(
        em_table("desktop-regions"), em_is_government(ex->cloud) ? "government" : "public");
    struct rd_str location = em_text_at(body, "location");
    for (size_t i = 0; i < rd_json_count(regions); i++)
        if (em_location_eq(rd_json_str(rd_json_item(regions, i)), location))
            return true;
    struct rd_str list = rd_json_str(rd_json_item(regions, 0));
    for (size_t i = 1; i < rd_json_count(regions); i++) {
        struct rd_str next = rd_json_str(rd_json_item(regions, i));
        list = rd_arena_printf(ex->arena, "%.*s,%.*s", RD_FMT(list), RD_FMT(next));
    }
    struct rd_str name = em_id_segment(ex->id, "Microsoft.DesktopVirtualization");
    return em_fail(ex, 400, "LocationNotAvailableForResourceType",
                   "The provided location '%.*s' is not available for resource type "
                   "'Microsoft.DesktopVirtualization/%.*s'. List of available regions for the "
                   "resource type is '%.*s'.",
                   RD_FMT(location), RD_FMT(name), RD_FMT(list));
}

/* Host pools ----------------------------------------------------------------------------------- */

static bool check_pool_words(struct em_exchange *ex, const struct rd_json *body)
{
    static const char *const kinds[] = {"Personal", "Pooled", "BYODesktop", NULL};
    static const char *const balancers[] = {"BreadthFirst", "DepthFirst", "Persistent",
                                            "MultiplePersistent", NULL};
    static const char *const assigns[] = {"Automatic", "Direct", NULL};
    static const char *const prefers[] = {"Desktop", "RailApplications", "None", NULL};
    static const char *const access[] = {"Enabled", "Disabled", "EnabledForSessionHostsOnly",
                                         "EnabledForClientsOnly", NULL};
    return em_require_word(ex, body, "properties.hostPoolType", kinds, false) &&
           em_require_word(ex, body, "properties.loadBalancerType", balancers, false) &&
           em_require_word(ex, body, "properties.preferredAppGroupType", prefers, false) &&
           em_require_word(ex, body, "properties.personalDesktopAssignmentType", assigns, true) &&
           em_require_word(ex, body, "properties.publicNetworkAccess", access, true);
}

/* "name:type:value;" joined; the text is kept as it came. */
static bool check_rdp(struct em_exchange *ex, const struct rd_json *body)
{
    struct rd_str rest = em_text_at(body, "properties.customRdpProperty"), part;
    while (!rd_str_is_empty(rest) && rd_str_next(&rest, ';', &part)) {
        size_t first = rd_str_find_char(part, ':', 0);
        size_t second = first == RD_STR_NONE ? first : rd_str_find_char(part, ':', first + 1);
        struct rd_str kind = second == RD_STR_NONE ? part : rd_str_sub(part, first + 1, second);
        if (rd_str_is_empty(rd_str_trim(part)))
            continue;
        if (second == RD_STR_NONE || first == 0 || (!rd_str_is(kind, "i") && !rd_str_is(kind, "s")))
            return em_desktop_fail(ex, 400, "CustomRdpProperty '%.*s' is not valid.", RD_FMT(part));
    }
    return true;
}

static bool put_pool(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                     struct rd_json *hidden)
{
    if (!check_region(ex, body) || !check_pool_words(ex, body) || !check_rdp(ex, body))
        return false;
    bool is_personal = em_is_word(body, "properties.hostPoolType", "Personal");
    bool is_persistent = em_is_word(body, "properties.loadBalancerType", "Persistent") ||
                         em_is_word(body, "properties.loadBalancerType", "MultiplePersistent");
    if (is_personal != is_persistent && !em_is_word(body, "properties.hostPoolType", "BYODesktop"))
        return em_desktop_fail(ex, 400, "LoadBalancerType %.*s is not valid for HostPoolType %.*s.",
                               RD_FMT(em_text_at(body, "properties.loadBalancerType")),
                               RD_FMT(em_text_at(body, "properties.hostPoolType")));
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    if (former != NULL && !rd_str_eq_case(em_text_at(&was, "properties.hostPoolType"),
                                          em_text_at(body, "properties.hostPoolType")))
        return em_desktop_fail(ex, 400, "HostPoolType of a host pool cannot be changed.");
    if (is_personal)
        em_default_text(ex, body, "properties.personalDesktopAssignmentType", "Automatic");
    else
        em_drop(body, "properties", "personalDesktopAssignmentType");
    em_default(ex, body, "properties.validationEnvironment", rd_json_bool(false));
    em_default(ex, body, "properties.startVMOnConnect", rd_json_bool(false));
    em_default(ex, body, "properties.maxSessionLimit", rd_json_integer(999999));
    em_default_text(ex, body, "properties.publicNetworkAccess", "Enabled");
    em_set_guid(ex, body, "properties.objectId", "hostPool", ex->id);
    em_set_bool(ex, body, "properties.cloudPcResource", false);
    em_drop(body, "properties", "applicationGroupReferences");
    return em_desktop_take_registration(ex, body, hidden);
}

/* Ids of all resources of `type` whose body names `id` at `path`. */
static struct rd_json referrers(struct em_exchange *ex, const char *type, const char *path,
                                struct rd_str id)
{
    struct rd_json list = rd_json_array();
    struct em_resource *other = NULL;
    for (size_t cursor = 0; (other = em_each(ex->cloud, type, &cursor)) != NULL;) {
        struct rd_json body = em_body(ex, other);
        if (rd_str_eq_case(em_text_at(&body, path), id) || em_array_has_id(&body, path, id))
            rd_json_append(ex->arena, &list, rd_json_string(other->id));
    }
    return list;
}

static void show_pool(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body)
{
    static const char *const nulls[] = {"friendlyName",
                                        "description",
                                        "customRdpProperty",
                                        "ring",
                                        "registrationInfo",
                                        "vmTemplate",
                                        "ssoadfsAuthority",
                                        "ssoClientId",
                                        "ssoClientSecretKeyVaultPath",
                                        "ssoSecretType",
                                        "agentUpdate",
                                        "personalDesktopAssignmentType"};
    em_desktop_nulls(ex, body, nulls, EM_COUNT(nulls));
    if (!em_is_word(body, "properties.hostPoolType", "Personal"))
        em_drop(body, "properties", "personalDesktopAssignmentType");
    em_set(ex, body, "properties.applicationGroupReferences",
           referrers(ex, GROUP_TYPE, "properties.hostPoolArmPath", resource->id));
    em_set(ex, body, "properties.appAttachPackageReferences", rd_json_array());
    em_set(ex, body, "properties.privateEndpointConnections", rd_json_array());
}

static bool may_delete_pool(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_json groups = referrers(ex, GROUP_TYPE, "properties.hostPoolArmPath", resource->id);
    struct rd_str name = em_name(resource);
    if (rd_json_count(&groups) > 0)
        return em_desktop_fail(ex, 400,
                               "HostPool %.*s cannot be deleted: it has application groups (%.*s).",
                               RD_FMT(name), RD_FMT(rd_json_str(rd_json_item(&groups, 0))));
    if (em_next_child(resource, EM_SESSION_HOST_TYPE, NULL) != NULL && !em_desktop_has_force(ex))
        return em_desktop_fail(ex, 400,
                               "HostPool %.*s cannot be deleted: it has session hosts. Use "
                               "force=true to delete them too.",
                               RD_FMT(name));
    return true;
}

/* Application groups --------------------------------------------------------------------------- */

static bool check_group_pool(struct em_exchange *ex, const struct rd_json *body)
{
    struct rd_str path = em_text_at(body, "properties.hostPoolArmPath");
    struct em_resource *pool = em_find(ex->cloud, path);
    if (pool == NULL || !rd_str_is(rd_str_from(pool->type->name), EM_HOST_POOL_TYPE))
        return em_desktop_fail(ex, 400, "HostPool %.*s does not exist.", RD_FMT(path));
    struct rd_json other = em_body(ex, pool);
    bool is_desktop = em_is_word(body, "properties.applicationGroupType", "Desktop");
    if (!em_location_eq(em_text_at(&other, "location"), em_text_at(body, "location")))
        return em_desktop_fail(ex, 400,
                               "The application group and its host pool must be in the same "
                               "location: '%.*s' is not '%.*s'.",
                               RD_FMT(em_text_at(body, "location")),
                               RD_FMT(em_text_at(&other, "location")));
    if (!is_desktop && em_is_word(&other, "properties.hostPoolType", "Personal"))
        return em_desktop_fail(ex, 400,
                               "A personal host pool can only have a Desktop application group.");
    struct em_resource *group = NULL;
    for (size_t cursor = 0; (group = em_each(ex->cloud, GROUP_TYPE, &cursor)) != NULL;) {
        struct rd_json twin = em_body(ex, group);
        if (is_desktop && !rd_str_eq_case(group->id, ex->id) &&
            em_is_word(&twin, "properties.applicationGroupType", "Desktop") &&
            rd_str_eq_case(em_text_at(&twin, "properties.hostPoolArmPath"), path))
            return em_desktop_fail(ex, 400,
                                   "HostPool %.*s already has a Desktop application group: %.*s.",
                                   RD_FMT(path), RD_FMT(group->id));
    }
    return true;
}

static bool put_group(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                      struct rd_json *hidden)
{
    static const char *const kinds[] = {"RemoteApp", "Desktop", NULL};
    (void)hidden;
    if (!check_region(ex, body) ||
        !em_require(ex, body, "properties.hostPoolArmPath", RD_JSON_STRING) ||
        !em_require_word(ex, body, "properties.applicationGroupType", kinds, false) ||
        !check_group_pool(ex, body))
        return false;
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    if (former != NULL && (!rd_str_eq_case(em_text_at(&was, "properties.hostPoolArmPath"),
                                           em_text_at(body, "properties.hostPoolArmPath")) ||
                           !rd_str_eq_case(em_text_at(&was, "properties.applicationGroupType"),
                                           em_text_at(body, "properties.applicationGroupType"))))
        return em_desktop_fail(
            ex, 400, "HostPoolArmPath and ApplicationGroupType of a group cannot be changed.");
    em_set_guid(ex, body, "properties.objectId", "applicationGroup", ex->id);
    em_set_bool(ex, body, "properties.cloudPcResource", false);
    em_default(ex, body, "properties.showInFeed", rd_json_bool(true));
    em_drop(body, "properties", "workspaceArmPath");
    return true;
}

static const char *group_ready(struct em_exchange *ex, struct em_resource *resource,
                               struct rd_json *body, struct rd_json *hidden,
                               struct rd_str *ret_message)
{
    (void)hidden;
    (void)ret_message;
    if (!em_is_word(body, "properties.applicationGroupType", "Desktop"))
        return NULL;
    struct rd_str id = em_child_id(ex, resource->id, "desktops", RD_STR("SessionDesktop"));
    struct rd_json desktop = rd_json_object(), none = rd_json_object();
    em_set_guid(ex, &desktop, "properties.objectId", "desktop", id);
    em_set_word(ex, &desktop, "properties.friendlyName", "SessionDesktop");
    em_set_word(ex, &desktop, "properties.description", "The default Session Desktop");
    em_set(ex, &desktop, "properties.iconHash", rd_json_null());
    em_set(ex, &desktop, "properties.iconContent", rd_json_null());
    em_create(ex, GROUP_TYPE "/desktops", id, &desktop, &none);
    return NULL;
}

static void show_group(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body)
{
    static const char *const nulls[] = {"friendlyName", "description"};
    struct rd_json spaces =
        referrers(ex, WORKSPACE_TYPE, "properties.applicationGroupReferences", resource->id);
    em_desktop_nulls(ex, body, nulls, EM_COUNT(nulls));
    em_set(ex, body, "properties.workspaceArmPath",
           rd_json_count(&spaces) > 0 ? *rd_json_item(&spaces, 0) : rd_json_null());
}

static bool may_delete_group(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_json spaces =
        referrers(ex, WORKSPACE_TYPE, "properties.applicationGroupReferences", resource->id);
    struct rd_str name = em_name(resource);
    if (rd_json_count(&spaces) > 0)
        return em_desktop_fail(ex, 400,
                               "ApplicationGroup %.*s cannot be deleted: workspace %.*s refers to "
                               "it.",
                               RD_FMT(name), RD_FMT(rd_json_str(rd_json_item(&spaces, 0))));
    return true;
}

static bool patch_desktop(struct em_exchange *ex, struct em_resource *resource,
                          const struct rd_json *patch, struct rd_json *body, struct rd_json *hidden)
{
    static const char *const members[] = {"properties.friendlyName", "properties.description"};
    (void)resource;
    (void)hidden;
    for (size_t i = 0; i < EM_COUNT(members); i++)
        if (!rd_json_is(rd_json_at(patch, members[i]), RD_JSON_ABSENT))
            em_set(ex, body, members[i], rd_json_copy(ex->arena, rd_json_at(patch, members[i])));
    return true;
}

static bool may_not_delete(struct em_exchange *ex, struct em_resource *resource)
{
    return em_desktop_fail(ex, 405, "%.*s cannot be deleted.", RD_FMT(resource->id));
}

/* Workspaces ----------------------------------------------------------------------------------- */

static bool put_workspace(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                          struct rd_json *hidden)
{
    static const char *const access[] = {"Enabled", "Disabled", NULL};
    (void)former;
    (void)hidden;
    if (!check_region(ex, body) ||
        !em_require_word(ex, body, "properties.publicNetworkAccess", access, true))
        return false;
    const struct rd_json *list = em_array(ex, body, "properties.applicationGroupReferences");
    for (size_t i = 0; i < rd_json_count(list); i++) {
        struct rd_str id = rd_json_str(rd_json_item(list, i));
        struct em_resource *group = em_find(ex->cloud, id);
        if (group == NULL || !rd_str_is(rd_str_from(group->type->name), GROUP_TYPE))
            return em_desktop_fail(ex, 400, "ApplicationGroup %.*s does not exist.", RD_FMT(id));
        struct rd_json spaces =
            referrers(ex, WORKSPACE_TYPE, "properties.applicationGroupReferences", id);
        for (size_t j = 0; j < rd_json_count(&spaces); j++)
            if (!rd_str_eq_case(rd_json_str(rd_json_item(&spaces, j)), ex->id))
                return em_desktop_fail(ex, 400,
                                       "ApplicationGroup %.*s is already in workspace %.*s.",
                                       RD_FMT(id), RD_FMT(rd_json_str(rd_json_item(&spaces, j))));
    }
    em_set_guid(ex, body, "properties.objectId", "workspace", ex->id);
    em_set_bool(ex, body, "properties.cloudPcResource", false);
    em_default_text(ex, body, "properties.publicNetworkAccess", "Enabled");
    return true;
}

static void show_workspace(struct em_exchange *ex, struct em_resource *resource,
                           struct rd_json *body)
{
    static const char *const nulls[] = {"friendlyName", "description"};
    (void)resource;
    em_desktop_nulls(ex, body, nulls, EM_COUNT(nulls));
    em_set(ex, body, "properties.privateEndpointConnections", rd_json_array());
}

static bool put_plan(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                     struct rd_json *hidden)
{
    return check_region(ex, body) && em_scaling_plan_put(ex, former, body, hidden);
}

/* Sessions and lists --------------------------------------------------------------------------- */

static bool answer_ok(struct em_exchange *ex, struct em_resource *resource)
{
    (void)resource;
    em_reply_empty(ex, 200);
    return true;
}

static struct rd_str pool_path(struct em_exchange *ex)
{
    return rd_arena_printf(
        ex->arena,
        "/subscriptions/%.*s/resourceGroups/%.*s/providers/Microsoft.DesktopVirtualization/"
        "hostPools/%.*s",
        RD_FMT(ex->params[0]), RD_FMT(ex->params[1]), RD_FMT(ex->params[2]));
}

static bool list_pool_sessions(struct em_exchange *ex)
{
    struct em_resource *pool = em_find(ex->cloud, pool_path(ex)), *host = NULL;
    struct em_resource **items = NULL;
    size_t count = 0, cap = 0;
    if (pool == NULL)
        return em_fail_not_found(ex, pool_path(ex));
    while ((host = em_next_child(pool, EM_SESSION_HOST_TYPE, host)) != NULL) {
        struct em_resource *session = NULL;
        while ((session = em_next_child(host, EM_USER_SESSION_TYPE, session)) != NULL) {
            items = rd_arena_grow(ex->arena, items, count, &cap, sizeof(struct em_resource *));
            items[count++] = session;
        }
    }
    em_reply_list(ex, items, count);
    return true;
}

static bool list_pool_plans(struct em_exchange *ex)
{
    struct em_resource *pool = em_find(ex->cloud, pool_path(ex)), *plan = NULL;
    struct em_resource **items = NULL;
    size_t count = 0, cap = 0;
    if (pool == NULL)
        return em_fail_not_found(ex, pool_path(ex));
    for (size_t cursor = 0;
         (plan = em_each(ex->cloud, "Microsoft.DesktopVirtualization/scalingPlans", &cursor)) !=
         NULL;) {
        struct rd_json body = em_body(ex, plan);
        const struct rd_json *list = rd_json_at(&body, "properties.hostPoolReferences");
        for (size_t i = 0; i < rd_json_count(list); i++)
            if (rd_str_eq_case(em_text_at(rd_json_item(list, i), "hostPoolArmPath"), pool->id)) {
                items = rd_arena_grow(ex->arena, items, count, &cap, sizeof(struct em_resource *));
                items[count++] = plan;
                break;
            }
    }
    em_reply_list(ex, items, count);
    return true;
}

/* The table ------------------------------------------------------------------------------------ */

#define SYNC_TYPE                                                                                  \
    .async = EM_SYNC, EM_ANSWERS(201, 200, 200), .has_no_state = true, .has_path_names = true,     \
    .source = "azure-avd-ops 1.2-1.10, real-clients 7.6"
#define TOP_TYPE EM_REGIONAL, SYNC_TYPE, .name_pattern = "^[A-Za-z0-9@._ -]{3,64}$"

static const struct em_action pool_actions[] = {
    {.name = "listRegistrationTokens", .post = em_desktop_list_tokens},
    {.name = "retrieveRegistrationToken", .post = em_desktop_retrieve_token},
};

static const struct em_action session_actions[] = {
    {.name = "disconnect", .post = answer_ok},
    {.name = "sendMessage", .post = answer_ok},
};

static const struct em_type types[] = {
    {
        .name = EM_HOST_POOL_TYPE,
        TOP_TYPE,
        .put = put_pool,
        .show = show_pool,
        .may_delete = may_delete_pool,
        .deletes_children = true,
        .actions = pool_actions,
        .action_count = EM_COUNT(pool_actions),
    },
    {
        .name = EM_SESSION_HOST_TYPE,
        .place = EM_IN_PARENT,
        SYNC_TYPE,
        .put = em_put_refused,
        .patch = em_session_host_patch,
        .may_delete = em_session_host_may_delete,
        .deletes_children = true,
        .deleted = em_session_host_deleted,
    },
    {
        .name = EM_USER_SESSION_TYPE,
        .place = EM_IN_PARENT,
        SYNC_TYPE,
        .put = em_put_refused,
        .actions = session_actions,
        .action_count = EM_COUNT(session_actions),
    },
    {
        .name = EM_ASSIGNMENT_TYPE,
        .place = EM_IN_PARENT,
        .is_internal = true,
        .is_hidden_from_lists = true,
        .has_no_state = true,
        .put = em_put_refused,
    },
    {
        .name = GROUP_TYPE,
        TOP_TYPE,
        .put = put_group,
        .ready = group_ready,
        .show = show_group,
        .may_delete = may_delete_group,
        .deletes_children = true,
    },
    {
        .name = GROUP_TYPE "/desktops",
        .place = EM_IN_PARENT,
        SYNC_TYPE,
        .put = em_put_refused,
        .patch = patch_desktop,
        .may_delete = may_not_delete,
    },
    {
        .name = WORKSPACE_TYPE,
        TOP_TYPE,
        .put = put_workspace,
        .show = show_workspace,
    },
    {
        .name = "Microsoft.DesktopVirtualization/scalingPlans",
        TOP_TYPE,
        .put = put_plan,
        .show = em_scaling_plan_show,
        .deletes_children = true,
    },
    {
        .name = "Microsoft.DesktopVirtualization/scalingPlans/personalSchedules",
        .place = EM_IN_PARENT,
        SYNC_TYPE,
        .put = em_personal_schedule_put,
    },
    {
        .name = "Microsoft.DesktopVirtualization/scalingPlans/pooledSchedules",
        .place = EM_IN_PARENT,
        SYNC_TYPE,
        .put = em_pooled_schedule_put,
    },
};

#define POOL_PATH                                                                                  \
    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.DesktopVirtualization/hostPools/{}"

static const struct em_route routes[] = {
    {.method = RD_HTTP_GET,
     .path = POOL_PATH "/userSessions",
     .answer = list_pool_sessions,
     .source = "azure-avd-ops 1.2"},
    {.method = RD_HTTP_GET,
     .path = POOL_PATH "/scalingPlans",
     .answer = list_pool_plans,
     .source = "azure-avd-ops 1.2"},
};

static const struct em_event_name events[] = {
    {"desktop.host.appears", em_desktop_host_appears},
    {"desktop.host.status", em_desktop_host_status},
};

const struct em_part em_desktop_part = {
    .name = "desktop",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
    .events = events,
    .event_count = EM_COUNT(events),
};
