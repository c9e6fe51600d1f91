/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

enum { SHORT_NAME_SIZE_MAX = 12, MB_PER_GIB = 1024, IDLE_HOSTS_PART = 4 };

/* The last provider's type of an id, such as "Microsoft.KeyVault/vaults". */
static const struct rd_json *categories_of(struct rd_compile *compile, struct rd_str id)
{
    const struct rd_json *table = rd_part_facts(compile, "monitoring");
    return rd_json_get(rd_json_get(table, RD_STR("diagnostics")),
                       rd_arm_id_type(compile->arena, id));
}

static struct rd_json switched_on(struct rd_compile *compile, const struct rd_json *names)
{
    struct rd_json result = rd_json_array();
    for (size_t i = 0; i < rd_json_count(names); i++)
        (void)rd_json_append(compile->arena, &result,
                             rd_shape(compile->arena, "{category: %s, enabled: true}",
                                      rd_json_str(rd_json_item(names, i))));
    return result;
}

static struct rd_str setting_id(struct rd_compile *compile, struct rd_str id)
{
    return rd_arena_printf(
        compile->arena, "%.*s/providers/Microsoft.Insights/diagnosticSettings/redoubt", RD_FMT(id));
}

void rd_part_diagnose(struct rd_compile *compile, struct rd_str id)
{
    if (!compile->spec->monitoring.enabled)
        return;
    const struct rd_json *row = categories_of(compile, id);
    bool is_dedicated = rd_json_is_true(rd_json_get(row, RD_STR("dedicated")));
    (void)rd_part_add(
        compile, setting_id(compile, id),
        rd_shape(compile->arena,
                 "{properties: {workspaceId: %s, logAnalyticsDestinationType?: %s, logs: %j,"
                 " metrics?: %j}}",
                 compile->id[RD_ROLE_LOG_WORKSPACE],
                 is_dedicated ? RD_STR("Dedicated") : RD_STR(""),
                 switched_on(compile, rd_json_get(row, RD_STR("logs"))),
                 switched_on(compile, rd_json_get(row, RD_STR("metrics")))));
}

static struct rd_str sentinel_id(struct rd_compile *compile)
{
    return rd_arena_printf(compile->arena,
                           "%.*s/providers/Microsoft.SecurityInsights/onboardingStates/default",
                           RD_FMT(compile->id[RD_ROLE_LOG_WORKSPACE]));
}

static void add_workspace(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    rd_part_add_role(compile, RD_ROLE_LOG_WORKSPACE,
                     rd_shape(compile->arena,
                              "{location: %s, tags: %j, properties: {sku: {name: PerGB2018},"
                              " retentionInDays: %i, publicNetworkAccessForIngestion: Enabled,"
                              " publicNetworkAccessForQuery: Enabled,"
                              " features: {enableLogAccessUsingOnlyResourcePermissions: true}}}",
                              spec->region, compile->tags, spec->monitoring.retention_days));
    if (spec->monitoring.sentinel)
        (void)rd_part_add(compile, sentinel_id(compile),
                          rd_shape(compile->arena, "{properties: {customerManagedKey: false}}"));
}

static struct rd_json counters_of(struct rd_compile *compile, const struct rd_json *table)
{
    const struct rd_json *rows = rd_json_get(table, RD_STR("counters"));
    struct rd_json counters = rd_json_array();
    for (size_t i = 0; i < rd_json_count(rows); i++) {
        const struct rd_json *row = rd_json_item(rows, i);
        (void)rd_json_append(
            compile->arena, &counters,
            rd_shape(compile->arena,
                     "{name: %s, streams: [Microsoft-Perf], samplingFrequencyInSeconds: %i,"
                     " counterSpecifiers: %j}",
                     rd_json_str(rd_json_get(row, RD_STR("name"))),
                     rd_json_int(rd_json_get(row, RD_STR("every_s")), 0),
                     *rd_json_get(row, RD_STR("paths"))));
    }
    return counters;
}

/* What the agents on the hosts collect. The Security log goes where Sentinel looks for it. */
static void add_rule(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    const struct rd_json *table = rd_part_facts(compile, "monitoring");
    struct rd_json events =
        rd_shape(compile->arena, "[{name: events, streams: [Microsoft-Event], xPathQueries: %j}]",
                 *rd_json_get(table, RD_STR("events")));
    struct rd_json flows =
        rd_shape(compile->arena,
                 "[{streams: [Microsoft-Perf, Microsoft-Event], destinations: [workspace]}]");
    if (spec->monitoring.security_log) {
        struct rd_str stream = spec->monitoring.sentinel ? RD_STR("Microsoft-SecurityEvent")
                                                         : RD_STR("Microsoft-Event");
        (void)rd_json_append(compile->arena, &events,
                             rd_shape(compile->arena,
                                      "{name: security, streams: [%s], xPathQueries: %j}", stream,
                                      *rd_json_get(table, RD_STR("security"))));
        if (spec->monitoring.sentinel)
            (void)rd_json_append(
                compile->arena, &flows,
                rd_shape(compile->arena, "{streams: [%s], destinations: [workspace]}", stream));
    }
    size_t index = rd_part_add(
        compile, compile->id[RD_ROLE_DATA_COLLECTION_RULE],
        rd_shape(compile->arena,
                 "{location: %s, tags: %j, kind: Windows, properties: {"
                 " dataSources: {performanceCounters: %j, windowsEventLogs: %j},"
                 " destinations: {logAnalytics: [{name: workspace, workspaceResourceId: %s}]},"
                 " dataFlows: %j}}",
                 spec->region, compile->tags, counters_of(compile, table), events,
                 compile->id[RD_ROLE_LOG_WORKSPACE], flows));
    /* The table of security events comes with Sentinel. */
    if (spec->monitoring.sentinel)
        rd_part_need(compile, index, sentinel_id(compile));
}

static void add_action_group(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    struct rd_json receivers = rd_json_array();
    for (size_t i = 0; i < spec->monitoring.emails.count; i++)
        (void)rd_json_append(compile->arena, &receivers,
                             rd_shape(compile->arena,
                                      "{name: %s, emailAddress: %s, useCommonAlertSchema: true}",
                                      rd_arena_printf(compile->arena, "email-%zu", i + 1),
                                      spec->monitoring.emails.items[i]));
    rd_part_add_role(compile, RD_ROLE_ACTION_GROUP,
                     rd_shape(compile->arena,
                              "{location: Global, tags: %j, properties: {groupShortName: %s,"
                              " enabled: true, emailReceivers: %j}}",
                              compile->tags, rd_str_sub(spec->enclave, 0, SHORT_NAME_SIZE_MAX),
                              receivers));
}

void rd_part_monitoring(struct rd_compile *compile)
{
    compile->origin = RD_STR("monitoring");
    if (!compile->spec->monitoring.enabled)
        return;
    add_workspace(compile);
    add_rule(compile);
    add_action_group(compile);
}

static struct rd_str number(struct rd_compile *compile, int64_t value)
{
    return rd_arena_printf(compile->arena, "%lld", (long long)value);
}

static int64_t host_memory_mb(struct rd_compile *compile)
{
    const struct rd_json *sizes = rd_part_facts(compile, "sizes");
    for (size_t i = 0; i < rd_json_count(sizes); i++) {
        const struct rd_json *row = rd_json_item(sizes, i);
        if (rd_str_eq_case(rd_json_str(rd_json_get(row, RD_STR("name"))),
                           compile->spec->hosts.size))
            return rd_json_int(rd_json_get(row, RD_STR("ram_gib")), 0) * MB_PER_GIB;
    }
    return 0;
}

/* Some rules only make sense with something else. */
static bool is_wanted(const struct rd_compile *compile, const struct rd_json *row)
{
    struct rd_str when = rd_json_str(rd_json_get(row, RD_STR("when")));
    if (rd_str_is(when, "sentinel"))
        return compile->spec->monitoring.sentinel;
    if (rd_str_is(when, "schedule"))
        return compile->spec->schedule.engine != RD_SCHEDULE_NONE;
    return true;
}

static void add_alert(struct rd_compile *compile, const struct rd_json *row,
                      const struct rd_part_pair *pairs)
{
    struct rd_str name = rd_json_str(rd_json_get(row, RD_STR("name")));
    struct rd_str query =
        rd_part_fill(compile->arena, rd_json_str(rd_json_get(row, RD_STR("query"))), pairs);
    bool is_unchecked = rd_json_is_true(rd_json_get(row, RD_STR("skip_validation")));
    struct rd_json body = rd_shape(
        compile->arena,
        "{location: %s, tags: %j, kind: LogAlert, properties: {displayName: %s, severity: %i,"
        " enabled: true, scopes: [%s], evaluationFrequency: %s, windowSize: %s,"
        " criteria: {allOf: [{query: %s, timeAggregation: Count, operator: GreaterThan,"
        " threshold: 0, failingPeriods: {numberOfEvaluationPeriods: 1,"
        " minFailingPeriodsToAlert: 1}}]}, autoMitigate: true, skipQueryValidation?: %j,"
        " actions: {actionGroups: [%s]}}}",
        compile->spec->region, compile->tags,
        rd_part_fill(compile->arena, rd_json_str(rd_json_get(row, RD_STR("title"))), pairs),
        rd_json_int(rd_json_get(row, RD_STR("severity")), 3), compile->id[RD_ROLE_LOG_WORKSPACE],
        rd_json_str(rd_json_get(row, RD_STR("every"))),
        rd_json_str(rd_json_get(row, RD_STR("window"))), rd_str_trim(query),
        is_unchecked ? rd_json_bool(true) : rd_json_absent, compile->id[RD_ROLE_ACTION_GROUP]);
    struct rd_str id = rd_arena_printf(
        compile->arena, "%.*s/providers/Microsoft.Insights/scheduledQueryRules/%.*s-%.*s",
        RD_FMT(compile->id[RD_ROLE_DESKTOPS_GROUP]), RD_FMT(compile->spec->enclave), RD_FMT(name));
    size_t index = rd_part_add(compile, id, body);
    /* The service refuses a query on a table that the workspace does not know yet. */
    rd_part_need(compile, index, setting_id(compile, compile->id[RD_ROLE_HOST_POOL]));
}

void rd_part_alerts(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    compile->origin = RD_STR("monitoring");
    if (!spec->monitoring.enabled)
        return;
    const struct rd_json *table = rd_part_facts(compile, "alerts");
    int64_t idle = spec->hosts.count / IDLE_HOSTS_PART;
    const struct rd_part_pair pairs[] = {
        {"rtt_ms", number(compile, spec->monitoring.rtt_ms)},
        {"failure_percent", number(compile, spec->monitoring.failure_percent)},
        {"cpu_percent", number(compile, spec->monitoring.cpu_percent)},
        {"memory_percent", number(compile, spec->monitoring.memory_percent)},
        {"disk_free_percent", number(compile, spec->monitoring.disk_free_percent)},
        {"hosts", number(compile, spec->hosts.count)},
        {"idle_hosts", number(compile, idle > 0 ? idle : 1)},
        {"host_memory_mb", number(compile, host_memory_mb(compile))},
        {"", RD_STR("")},
    };
    for (size_t i = 0; i < rd_json_count(table); i++)
        if (is_wanted(compile, rd_json_item(table, i)))
            add_alert(compile, rd_json_item(table, i), pairs);
}
