/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include <stdlib.h>

enum { MINUTES_PER_DAY = 24 * 60, MINUTES_PER_HOUR = 60, OFF_PEAK_DELAY_MIN = 30 };

static int by_key(const void *a, const void *b)
{
    return rd_str_cmp(((const struct rd_spec_pair *)a)->key, ((const struct rd_spec_pair *)b)->key);
}

/* "name:type:value;" for each property, sorted by name, with the closing semicolon that the service
 * keeps. */
static struct rd_str rdp_text(struct rd_compile *compile)
{
    const struct rd_spec_map *rdp = &compile->spec->rdp;
    struct rd_spec_pair *pairs = rd_arena_array(compile->arena, rdp->count, sizeof(*pairs));
    for (size_t i = 0; i < rdp->count; i++)
        pairs[i] = rdp->items[i];
    if (rdp->count > 1)
        qsort(pairs, rdp->count, sizeof(*pairs), by_key);
    struct rd_str text = RD_STR("");
    for (size_t i = 0; i < rdp->count; i++)
        text = rd_arena_printf(compile->arena, "%.*s%.*s:%.*s;", RD_FMT(text), RD_FMT(pairs[i].key),
                               RD_FMT(pairs[i].value));
    return text;
}

static void add_host_pool(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    const struct rd_spec_hosts *hosts = &spec->hosts;
    bool is_personal = hosts->pool == RD_POOL_PERSONAL;
    struct rd_str balance = RD_STR("Persistent");
    if (!is_personal)
        balance = hosts->breadth_first ? RD_STR("BreadthFirst") : RD_STR("DepthFirst");
    struct rd_str assignment = RD_STR("");
    if (is_personal)
        assignment = hosts->direct_assignment ? RD_STR("Direct") : RD_STR("Automatic");
    rd_part_add_role(
        compile, RD_ROLE_HOST_POOL,
        rd_shape(compile->arena,
                 "{location: %s, tags: %j, properties: {hostPoolType: %s, loadBalancerType: %s,"
                 " personalDesktopAssignmentType?: %s, maxSessionLimit?: %j,"
                 " preferredAppGroupType: Desktop, customRdpProperty: %s, startVMOnConnect: %b,"
                 " validationEnvironment: %b, publicNetworkAccess: Enabled,"
                 " registrationInfo: {expirationTime: {$time: '+24h'},"
                 " registrationTokenOperation: Update}}}",
                 spec->region, compile->tags, is_personal ? RD_STR("Personal") : RD_STR("Pooled"),
                 balance, assignment,
                 is_personal ? rd_json_absent : rd_json_integer(hosts->max_sessions),
                 rdp_text(compile), (int)hosts->start_on_connect, (int)hosts->validation));
    rd_part_diagnose(compile, compile->id[RD_ROLE_HOST_POOL]);
}

static void add_feed(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    rd_part_add_role(compile, RD_ROLE_APPLICATION_GROUP,
                     rd_shape(compile->arena,
                              "{location: %s, tags: %j, properties: {applicationGroupType: Desktop,"
                              " hostPoolArmPath: %s, friendlyName: %s}}",
                              spec->region, compile->tags, compile->id[RD_ROLE_HOST_POOL],
                              spec->enclave));
    rd_part_diagnose(compile, compile->id[RD_ROLE_APPLICATION_GROUP]);
    rd_part_add_role(compile, RD_ROLE_WORKSPACE,
                     rd_shape(compile->arena,
                              "{location: %s, tags: %j, properties: {friendlyName: %s,"
                              " applicationGroupReferences: [%s], publicNetworkAccess: Enabled}}",
                              spec->region, compile->tags, spec->enclave,
                              compile->id[RD_ROLE_APPLICATION_GROUP]));
    rd_part_diagnose(compile, compile->id[RD_ROLE_WORKSPACE]);
}

/* "08:30" as minutes; the spec has checked its form. */
static int64_t minutes_of(struct rd_str time)
{
    int64_t hour = 0;
    int64_t minute = 0;
    size_t colon = rd_str_find_char(time, ':', 0);
    if (colon == RD_STR_NONE || !rd_str_to_int(rd_str_sub(time, 0, colon), 0, 23, &hour) ||
        !rd_str_to_int(rd_str_sub(time, colon + 1, time.n), 0, 59, &minute))
        return 0;
    return hour * MINUTES_PER_HOUR + minute;
}

static struct rd_json clock_time(struct rd_compile *compile, int64_t minutes)
{
    int64_t within = (minutes % MINUTES_PER_DAY + MINUTES_PER_DAY) % MINUTES_PER_DAY;
    return rd_shape(compile->arena, "{hour: %i, minute: %i}", within / MINUTES_PER_HOUR,
                    within % MINUTES_PER_HOUR);
}

/* The day's four phases. Off-peak follows ramp-down soon; both deallocate what nobody uses. */
struct phases {
    struct rd_json ramp_up, peak, ramp_down, off_peak;
};

static struct phases phases_of(struct rd_compile *compile)
{
    const struct rd_spec_schedule_times *schedule = &compile->spec->schedule;
    int64_t start = minutes_of(schedule->start);
    int64_t stop = minutes_of(schedule->stop);
    return (struct phases){
        .ramp_up = clock_time(compile, start - schedule->pre_stage_min),
        .peak = clock_time(compile, start),
        .ramp_down = clock_time(compile, stop),
        .off_peak = clock_time(compile, stop + OFF_PEAK_DELAY_MIN),
    };
}

static void add_personal_schedule(struct rd_compile *compile)
{
    const struct rd_spec_schedule_times *schedule = &compile->spec->schedule;
    struct phases at = phases_of(compile);
    struct rd_str on_connect =
        compile->spec->hosts.start_on_connect ? RD_STR("Enable") : RD_STR("Disable");
    struct rd_str id = rd_arena_printf(compile->arena, "%.*s/personalSchedules/workdays",
                                       RD_FMT(compile->id[RD_ROLE_SCALING_PLAN]));
    struct rd_json body = rd_shape(
        compile->arena,
        "{properties: {daysOfWeek: %j,"
        " rampUpStartTime: %j, rampUpAutoStartHosts: WithAssignedUser, rampUpStartVMOnConnect: %s,"
        " rampUpActionOnDisconnect: None, rampUpMinutesToWaitOnDisconnect: %i,"
        " rampUpActionOnLogoff: None, rampUpMinutesToWaitOnLogoff: %i,"
        " peakStartTime: %j, peakStartVMOnConnect: %s,"
        " peakActionOnDisconnect: None, peakMinutesToWaitOnDisconnect: %i,"
        " peakActionOnLogoff: None, peakMinutesToWaitOnLogoff: %i,"
        " rampDownStartTime: %j, rampDownStartVMOnConnect: %s,"
        " rampDownActionOnDisconnect: Deallocate, rampDownMinutesToWaitOnDisconnect: %i,"
        " rampDownActionOnLogoff: Deallocate, rampDownMinutesToWaitOnLogoff: %i,"
        " offPeakStartTime: %j, offPeakStartVMOnConnect: %s,"
        " offPeakActionOnDisconnect: Deallocate, offPeakMinutesToWaitOnDisconnect: %i,"
        " offPeakActionOnLogoff: Deallocate, offPeakMinutesToWaitOnLogoff: %i}}",
        rd_part_strings(compile, &schedule->days), at.ramp_up, on_connect, schedule->idle_min,
        schedule->idle_min, at.peak, on_connect, schedule->idle_min, schedule->idle_min,
        at.ramp_down, on_connect, schedule->idle_min, schedule->idle_min, at.off_peak, on_connect,
        schedule->idle_min, schedule->idle_min);
    (void)rd_part_add(compile, id, body);
}

static struct rd_json pooled_schedules(struct rd_compile *compile)
{
    const struct rd_spec_schedule_times *schedule = &compile->spec->schedule;
    struct phases at = phases_of(compile);
    struct rd_str balance =
        compile->spec->hosts.breadth_first ? RD_STR("BreadthFirst") : RD_STR("DepthFirst");
    return rd_shape(
        compile->arena,
        "[{name: workdays, daysOfWeek: %j,"
        " rampUpStartTime: %j, rampUpLoadBalancingAlgorithm: %s, rampUpMinimumHostsPct: 20,"
        " rampUpCapacityThresholdPct: 60, peakStartTime: %j, peakLoadBalancingAlgorithm: %s,"
        " rampDownStartTime: %j, rampDownLoadBalancingAlgorithm: DepthFirst,"
        " rampDownMinimumHostsPct: 10, rampDownCapacityThresholdPct: 90,"
        " rampDownForceLogoffUsers: false, rampDownStopHostsWhen: ZeroSessions,"
        " rampDownWaitTimeMinutes: %i,"
        " rampDownNotificationMessage: %s,"
        " offPeakStartTime: %j, offPeakLoadBalancingAlgorithm: DepthFirst}]",
        rd_part_strings(compile, &schedule->days), at.ramp_up, balance, at.peak, balance,
        at.ramp_down, schedule->idle_min,
        RD_STR("This desktop is shut down for the night when its sessions have ended."),
        at.off_peak);
}

/* The native plan, instead of redoubt's own schedule: never both. */
static void add_scaling_plan(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    bool is_personal = spec->hosts.pool == RD_POOL_PERSONAL;
    compile->origin = RD_STR("schedule");
    rd_part_add_role(
        compile, RD_ROLE_SCALING_PLAN,
        rd_shape(compile->arena,
                 "{location: %s, tags: %j, properties: {timeZone: %s, hostPoolType: %s,"
                 " schedules?: %j,"
                 " hostPoolReferences: [{hostPoolArmPath: %s, scalingPlanEnabled: true}]}}",
                 spec->region, compile->tags, spec->schedule.time_zone,
                 is_personal ? RD_STR("Personal") : RD_STR("Pooled"),
                 is_personal ? rd_json_absent : pooled_schedules(compile),
                 compile->id[RD_ROLE_HOST_POOL]));
    if (is_personal)
        add_personal_schedule(compile);
}

void rd_part_pool(struct rd_compile *compile)
{
    compile->origin = RD_STR("hosts");
    add_host_pool(compile);
    add_feed(compile);
    if (compile->spec->schedule.engine == RD_SCHEDULE_NATIVE)
        add_scaling_plan(compile);
}
