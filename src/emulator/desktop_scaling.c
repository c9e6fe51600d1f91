/* SPDX-License-Identifier: Apache-2.0 */
/* Scaling plans and their schedules: kept and checked. That they start and stop machines is not
 * emulated. */
#include "desktop_internal.h"
#include "shape.h"

static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                   "Friday", "Saturday", "Sunday",    NULL};

static bool check_days(struct em_exchange *ex, const struct rd_json *schedule, const char *path)
{
    const struct rd_json *list = rd_json_at_str(schedule, rd_str_from(path));
    if (rd_json_count(list) == 0)
        return em_desktop_fail(ex, 400, "DaysOfWeek must have at least one day.");
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (!em_check_word(ex, rd_json_item(list, i), days, "400", "daysOfWeek"))
            return false;
    return true;
}

static bool check_time(struct em_exchange *ex, const struct rd_json *properties, const char *member)
{
    const struct rd_json *time = rd_json_get(properties, rd_str_from(member));
    int64_t hour = rd_json_int(rd_json_at(time, "hour"), -1);
    int64_t minute = rd_json_int(rd_json_at(time, "minute"), -1);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return em_desktop_fail(ex, 400, "%s must have an hour of 0-23 and a minute of 0-59.",
                               member);
    return true;
}

static bool check_times(struct em_exchange *ex, const struct rd_json *properties)
{
    static const char *const members[] = {"rampUpStartTime", "peakStartTime", "rampDownStartTime",
                                          "offPeakStartTime"};
    for (size_t i = 0; i < EM_COUNT(members); i++)
        if (!check_time(ex, properties, members[i]))
            return false;
    return true;
}

static bool check_plan_kind(struct em_exchange *ex, const char *kind)
{
    struct em_resource *plan = em_find(ex->cloud, em_id_parent(ex->id));
    if (plan == NULL)
        return em_fail_not_found(ex, em_id_parent(ex->id));
    struct rd_json body = em_body(ex, plan);
    if (!em_is_word(&body, "properties.hostPoolType", kind))
        return em_desktop_fail(ex, 400, "The scaling plan is not for %s host pools.", kind);
    return true;
}

bool em_personal_schedule_put(struct em_exchange *ex, struct em_resource *former,
                              struct rd_json *body, struct rd_json *hidden)
{
    static const char *const actions[] = {"None", "Deallocate", "Hibernate", NULL};
    static const char *const switches[] = {"Enable", "Disable", NULL};
    static const char *const starts[] = {"None", "WithAssignedUser", "All", NULL};
    static const char *const phases[] = {"rampUp", "peak", "rampDown", "offPeak"};
    (void)former;
    (void)hidden;
    if (!check_plan_kind(ex, "Personal") || !check_days(ex, body, "properties.daysOfWeek") ||
        !check_times(ex, rd_json_at(body, "properties")) ||
        !em_require_word(ex, body, "properties.rampUpAutoStartHosts", starts, true))
        return false;
    for (size_t i = 0; i < EM_COUNT(phases); i++) {
        struct rd_str start =
            rd_arena_printf(ex->arena, "properties.%sStartVMOnConnect", phases[i]);
        struct rd_str leave =
            rd_arena_printf(ex->arena, "properties.%sActionOnDisconnect", phases[i]);
        struct rd_str logoff = rd_arena_printf(ex->arena, "properties.%sActionOnLogoff", phases[i]);
        if (!em_require_word(ex, body, start.p, switches, true) ||
            !em_require_word(ex, body, leave.p, actions, true) ||
            !em_require_word(ex, body, logoff.p, actions, true))
            return false;
    }
    return true;
}

static bool check_pooled(struct em_exchange *ex, const struct rd_json *schedule,
                         const char *days_at)
{
    static const char *const balancing[] = {"BreadthFirst", "DepthFirst", NULL};
    static const char *const members[] = {
        "rampUpLoadBalancingAlgorithm", "peakLoadBalancingAlgorithm",
        "rampDownLoadBalancingAlgorithm", "offPeakLoadBalancingAlgorithm"};
    for (size_t i = 0; i < EM_COUNT(members); i++) {
        const struct rd_json *value = rd_json_get(schedule, rd_str_from(members[i]));
        if (rd_json_exists(value) && !em_check_word(ex, value, balancing, "400", members[i]))
            return false;
    }
    return check_days(ex, schedule, days_at) && check_times(ex, schedule);
}

bool em_pooled_schedule_put(struct em_exchange *ex, struct em_resource *former,
                            struct rd_json *body, struct rd_json *hidden)
{
    (void)former;
    (void)hidden;
    return check_plan_kind(ex, "Pooled") &&
           check_pooled(ex, rd_json_at(body, "properties"), "daysOfWeek");
}

/* The plan other than `own` that refers to the pool, or NULL. */
static struct em_resource *plan_of_pool(struct em_exchange *ex, struct rd_str pool,
                                        struct rd_str own)
{
    struct em_resource *plan = NULL;
    for (size_t cursor = 0;
         (plan = em_each(ex->cloud, "Microsoft.DesktopVirtualization/scalingPlans", &cursor)) !=
         NULL;) {
        struct rd_json body = em_body(ex, plan);
        const struct rd_json *list = rd_json_at(&body, "properties.hostPoolReferences");
        for (size_t i = 0; i < rd_json_count(list) && !rd_str_eq_case(plan->id, own); i++)
            if (rd_str_eq_case(em_text_at(rd_json_item(list, i), "hostPoolArmPath"), pool))
                return plan;
    }
    return NULL;
}

static bool check_reference(struct em_exchange *ex, const struct rd_json *body,
                            const struct rd_json *reference)
{
    struct rd_str path = em_text_at(reference, "hostPoolArmPath");
    struct em_resource *pool = em_find(ex->cloud, path);
    if (pool == NULL || !rd_str_is(rd_str_from(pool->type->name), EM_HOST_POOL_TYPE))
        return em_desktop_fail(ex, 400, "HostPool %.*s does not exist.", RD_FMT(path));
    struct rd_json other = em_body(ex, pool);
    if (!em_location_eq(em_text_at(&other, "location"), em_text_at(body, "location")))
        return em_desktop_fail(ex, 400,
                               "The scaling plan and host pool %.*s must be in the same region.",
                               RD_FMT(path));
    if (!rd_str_eq_case(em_text_at(&other, "properties.hostPoolType"),
                        em_text_at(body, "properties.hostPoolType")))
        return em_desktop_fail(ex, 400, "The scaling plan is not for the type of host pool %.*s.",
                               RD_FMT(path));
    struct em_resource *plan = plan_of_pool(ex, path, ex->id);
    if (plan != NULL)
        return em_desktop_fail(ex, 400, "HostPool %.*s is already assigned to scaling plan %.*s.",
                               RD_FMT(path), RD_FMT(plan->id));
    return true;
}

bool em_scaling_plan_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                         struct rd_json *hidden)
{
    static const char *const kinds[] = {"Pooled", "Personal", NULL};
    (void)hidden;
    struct rd_str zone = em_text_at(body, "properties.timeZone");
    if (!em_require_word(ex, body, "properties.hostPoolType", kinds, true))
        return false;
    em_default_text(ex, body, "properties.hostPoolType", "Pooled");
    if (rd_str_is_empty(zone) || rd_str_find_char(zone, '/', 0) != RD_STR_NONE)
        return em_desktop_fail(ex, 400, "TimeZone '%.*s' is not a valid Windows time zone.",
                               RD_FMT(zone));
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    if (former != NULL && !rd_str_eq_case(em_text_at(&was, "properties.hostPoolType"),
                                          em_text_at(body, "properties.hostPoolType")))
        return em_desktop_fail(ex, 400, "HostPoolType of a scaling plan cannot be changed.");
    const struct rd_json *references = em_array(ex, body, "properties.hostPoolReferences");
    for (size_t i = 0; i < rd_json_count(references); i++)
        if (!check_reference(ex, body, rd_json_item(references, i)))
            return false;
    const struct rd_json *schedules = em_array(ex, body, "properties.schedules");
    for (size_t i = 0; i < rd_json_count(schedules); i++)
        if (!check_pooled(ex, rd_json_item(schedules, i), "daysOfWeek"))
            return false;
    em_set_guid(ex, body, "properties.objectId", "scalingPlan", ex->id);
    return true;
}

void em_scaling_plan_show(struct em_exchange *ex, struct em_resource *resource,
                          struct rd_json *body)
{
    static const char *const nulls[] = {"friendlyName", "description", "exclusionTag"};
    (void)resource;
    em_desktop_nulls(ex, body, nulls, EM_COUNT(nulls));
}
