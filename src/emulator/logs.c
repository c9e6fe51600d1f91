/* SPDX-License-Identifier: Apache-2.0 */
#include "logs.h"

#include "http/gzip.h"
#include "insights_internal.h"
#include "shape.h"
#include "state.h"

/*
 * The logs ingestion API: rows for a stream of a data collection rule, by way of the rule's own
 * endpoint. Texts and their order are from memory but for the 403 (2026-11-21).
 */

enum {
    BODY_SIZE_MAX = 1 << 20,
    BATCH_COUNT_MAX = 1000, /* of the cloud: then the oldest go */
};

struct em_resource *em_workspace(struct em_exchange *ex, struct rd_str customer_id)
{
    size_t cursor = 0;
    struct em_resource *workspace;
    while ((workspace = em_each(ex->cloud, EM_WORKSPACE_TYPE, &cursor)) != NULL) {
        struct rd_json body = em_body(ex, workspace);
        if (rd_str_eq_case(em_text_at(&body, "properties.customerId"), customer_id))
            return workspace;
    }
    return NULL;
}

/* The table's row in log-tables.yaml, or absent. */
static const struct rd_json *table_row(struct rd_str table)
{
    const struct rd_json *tables = rd_json_at(em_table("log-tables"), "tables");
    for (size_t i = 0; i < rd_json_count(tables); i++)
        if (rd_str_eq(em_text_at(rd_json_item(tables, i), "name"), table))
            return rd_json_item(tables, i);
    return &rd_json_absent;
}

/* Batches -------------------------------------------------------------------------------------- */

static bool is_batch_of(const struct rd_json *batch, const struct em_resource *workspace,
                        struct rd_str table)
{
    return rd_str_eq_case(em_text_at(batch, "workspace"), workspace->id) &&
           rd_str_eq(em_text_at(batch, "table"), table);
}

static void add_members(struct em_exchange *ex, struct rd_json *columns, const struct rd_json *more)
{
    for (size_t i = 0; rd_json_is(more, RD_JSON_OBJECT) && i < rd_json_count(more); i++)
        rd_json_set(ex->arena, columns, more->u.members[i].key, more->u.members[i].value);
}

/* [{name, type}] of a table or a stream. */
static void add_declared(struct em_exchange *ex, struct rd_json *columns,
                         const struct rd_json *declared)
{
    for (size_t i = 0; i < rd_json_count(declared); i++) {
        const struct rd_json *one = rd_json_item(declared, i);
        if (em_text_at(one, "name").n > 0)
            rd_json_set(ex->arena, columns, em_text_at(one, "name"),
                        rd_json_string(em_text_at(one, "type")));
    }
}

struct rd_json em_log_columns(struct em_exchange *ex, const struct em_resource *workspace,
                              struct rd_str table)
{
    const struct rd_json *known = table_row(table);
    const struct em_resource *own =
        em_find(ex->cloud, em_child_id(ex, workspace->id, "tables", table));
    struct rd_json columns = rd_json_object();
    if (!rd_json_exists(known) && (own == NULL || !rd_str_eq(em_name(own), table)))
        return rd_json_absent;
    add_members(ex, &columns, rd_json_at(em_table("log-tables"), "common.before"));
    add_members(ex, &columns, rd_json_get(known, RD_STR("columns")));
    if (own != NULL) {
        struct rd_json body = em_body(ex, own);
        add_declared(ex, &columns, rd_json_at(&body, "properties.schema.columns"));
    }
    add_members(ex, &columns, rd_json_at(em_table("log-tables"), "common.after"));
    return columns;
}

void em_log_ingested_rows(struct em_exchange *ex, const struct em_resource *workspace,
                          struct rd_str table, struct rd_json *rows)
{
    size_t cursor = 0;
    struct em_resource *batch;
    while ((batch = em_each(ex->cloud, EM_BATCH_TYPE, &cursor)) != NULL) {
        struct rd_json body = em_body(ex, batch);
        const struct rd_json *own = rd_json_at(&body, "rows");
        for (size_t i = 0; is_batch_of(&body, workspace, table) && i < rd_json_count(own); i++)
            (void)rd_json_append(ex->arena, rows, *rd_json_item(own, i));
    }
}

static void drop_oldest(struct em_exchange *ex)
{
    size_t count = 0, cursor = 0;
    struct em_resource *oldest = NULL, *batch;
    while ((batch = em_each(ex->cloud, EM_BATCH_TYPE, &cursor)) != NULL) {
        oldest = oldest == NULL ? batch : oldest;
        count++;
    }
    if (count >= BATCH_COUNT_MAX)
        em_remove(ex, oldest);
}

/* What the table shows of a row: its columns and no others, with a time. */
static struct rd_json stored_row(struct em_exchange *ex, const struct rd_json *row,
                                 const struct rd_json *columns, struct rd_str table)
{
    struct rd_json kept = rd_json_object();
    for (size_t i = 0; i < rd_json_count(columns); i++) {
        struct rd_str name = columns->u.members[i].key;
        const struct rd_json *value = rd_json_get(row, name);
        if (rd_json_exists(value))
            rd_json_set(ex->arena, &kept, name, *value);
    }
    if (em_text_at(&kept, "TimeGenerated").n == 0)
        em_set_text(ex, &kept, "TimeGenerated", em_time_ticks(ex, ex->now_ms, "Z"));
    em_set_text(ex, &kept, "Type", table);
    return kept;
}

static void store(struct em_exchange *ex, const struct em_resource *workspace, struct rd_str table,
                  const struct rd_json *rows)
{
    struct rd_json columns = em_log_columns(ex, workspace, table);
    struct rd_json body = rd_json_object();
    struct rd_json *kept = em_array(ex, &body, "rows");
    for (size_t i = 0; i < rd_json_count(rows); i++)
        (void)rd_json_append(ex->arena, kept,
                             stored_row(ex, rd_json_item(rows, i), &columns, table));
    em_set_text(ex, &body, "workspace", workspace->id);
    em_set_text(ex, &body, "table", table);
    drop_oldest(ex);
    struct rd_str name =
        em_guid(ex, rd_arena_printf(ex->arena, "batch %llu %.*s", (unsigned long long)ex->number,
                                    RD_FMT(workspace->id)));
    (void)em_create(ex, EM_BATCH_TYPE,
                    rd_arena_printf(ex->arena, "/providers/" EM_BATCH_TYPE "/%.*s-%.*s",
                                    RD_FMT(name), RD_FMT(table)),
                    &body, NULL);
}

/* Rules ---------------------------------------------------------------------------------------- */

static struct em_resource *find_rule(struct em_exchange *ex, struct rd_str immutable_id)
{
    size_t cursor = 0;
    struct em_resource *rule;
    while ((rule = em_each(ex->cloud, EM_RULE_TYPE, &cursor)) != NULL) {
        struct rd_json body = em_body(ex, rule);
        if (rd_str_eq(em_text_at(&body, "properties.immutableId"), immutable_id))
            return rule;
    }
    return NULL;
}

static bool has_text(const struct rd_json *list, struct rd_str text)
{
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (rd_str_eq(rd_json_str(rd_json_item(list, i)), text))
            return true;
    return false;
}

/* The flow that takes the stream, or absent. */
static const struct rd_json *find_flow(const struct rd_json *rule, struct rd_str stream)
{
    const struct rd_json *flows = rd_json_at(rule, "properties.dataFlows");
    for (size_t i = 0; i < rd_json_count(flows); i++)
        if (has_text(rd_json_at(rd_json_item(flows, i), "streams"), stream))
            return rd_json_item(flows, i);
    return &rd_json_absent;
}

/* "Custom-Text_CL", "Microsoft-Event": the table behind the dash. */
static struct rd_str table_of(const struct rd_json *flow, struct rd_str stream)
{
    struct rd_str output = em_text_at(flow, "outputStream");
    struct rd_str name = output.n > 0 ? output : stream;
    size_t dash = rd_str_find_char(name, '-', 0);
    return dash == RD_STR_NONE ? name : rd_str_sub(name, dash + 1, name.n);
}

/* Only this data role counts: an owner of the rule has no right to send to it. */
static bool may_publish(struct em_exchange *ex, const struct em_resource *rule)
{
    return ex->caller.is_builtin ||
           em_may_data(ex, RD_STR("Microsoft.Insights/Telemetry/Write"), rule->id);
}

static bool check_access(struct em_exchange *ex, const struct em_resource *rule,
                         struct rd_str immutable_id)
{
    if (may_publish(ex, rule))
        return true;
    return em_fail(ex, 403, "OperationFailed",
                   "The authentication token provided does not have access to ingest data for the "
                   "data collection rule with immutable Id '%.*s' PipelineAccessResult: "
                   "AccessGranted: False, IsRbacPresent: False, IsDcrDceBindingValid: , DcrArmId: "
                   "%.*s, Message: Required authorization action was not found for tenantId %.*s "
                   "objectId %.*s on resourceId %.*s ConfigurationId: %.*s..",
                   RD_FMT(immutable_id), RD_FMT(rule->id), RD_FMT(ex->caller.tenant),
                   RD_FMT(ex->caller.object_id), RD_FMT(rule->id), RD_FMT(immutable_id));
}

/* Ingestion ------------------------------------------------------------------------------------ */

static bool fail_size(struct em_exchange *ex, size_t size)
{
    return em_fail(ex, 413, "ContentLengthLimitExceeded",
                   "Maximum allowed content length: %d bytes (1 MB). Provided content length: %zu "
                   "bytes.",
                   BODY_SIZE_MAX, size);
}

/* SDKs send their rows packed. The limit holds for both, packed and not (limits of the service, in
 * its documents). */
static bool unpack(struct em_exchange *ex, struct rd_str *text)
{
    struct rd_str encoding = rd_http_headers_get(&ex->request->headers, "Content-Encoding");
    struct rd_err err = {.msg = ""};
    if (encoding.n == 0 || rd_str_is_case(encoding, "identity"))
        return true;
    if (!rd_str_is_case(encoding, "gzip"))
        return em_fail(ex, 415, "UnsupportedMediaType",
                       "The Content-Encoding '%.*s' is not supported: only 'gzip' is.",
                       RD_FMT(encoding));
    enum rd_rc rc = rd_http_gunzip(ex->arena, *text, BODY_SIZE_MAX, text, &err);
    if (rc == RD_RC_LIMIT)
        return fail_size(ex, BODY_SIZE_MAX + 1);
    return rc == RD_RC_OK ||
           em_fail(ex, 400, "InvalidPayload", "The payload is invalid: %s.", err.msg);
}

static bool parse_rows(struct em_exchange *ex, struct rd_json *ret_rows)
{
    struct rd_str text = ex->request->body;
    struct rd_err err = {.msg = ""};
    if (text.n > BODY_SIZE_MAX)
        return fail_size(ex, text.n);
    if (!unpack(ex, &text))
        return false;
    if (rd_json_parse(ex->arena, "body", text, 0, ret_rows, &err) != RD_RC_OK)
        return em_fail(ex, 400, "InvalidPayload", "The payload is invalid: %s.", err.msg);
    if (!rd_json_is(ret_rows, RD_JSON_ARRAY))
        return em_fail(ex, 400, "InvalidPayload", "The payload is invalid: it must be an array.");
    for (size_t i = 0; i < rd_json_count(ret_rows); i++)
        if (!rd_json_is(rd_json_item(ret_rows, i), RD_JSON_OBJECT))
            return em_fail(ex, 400, "InvalidPayload",
                           "The payload is invalid: item %zu is no object.", i);
    return true;
}

static bool send_to(struct em_exchange *ex, const struct rd_json *rule, const struct rd_json *flow,
                    struct rd_str table, const struct rd_json *rows)
{
    const struct rd_json *sinks = rd_json_at(rule, "properties.destinations.logAnalytics");
    for (size_t i = 0; i < rd_json_count(sinks); i++) {
        const struct rd_json *sink = rd_json_item(sinks, i);
        if (!has_text(rd_json_at(flow, "destinations"), em_text_at(sink, "name")))
            continue;
        struct em_resource *workspace = em_find(ex->cloud, em_text_at(sink, "workspaceResourceId"));
        struct rd_json columns =
            workspace == NULL ? rd_json_absent : em_log_columns(ex, workspace, table);
        if (!rd_json_exists(&columns))
            return em_fail(ex, 400, "InvalidOutputTable",
                           "Table for output stream '%.*s' is not available for destination "
                           "'%.*s'.",
                           RD_FMT(table), RD_FMT(em_text_at(sink, "name")));
        store(ex, workspace, table, rows);
    }
    em_reply_empty(ex, 204);
    return true;
}

static bool ingest(struct em_exchange *ex, struct rd_str immutable_id, struct rd_str stream)
{
    struct em_resource *rule = find_rule(ex, immutable_id);
    struct rd_json rows = rd_json_absent;
    if (ex->api_version.n == 0)
        return em_fail(ex, 400, "MissingApiVersionParameter",
                       "The api-version query parameter (?api-version=) is required for all "
                       "requests.");
    if (rule == NULL)
        return em_fail(ex, 404, "NotFound",
                       "Data collection rule with immutable Id '%.*s' not found.",
                       RD_FMT(immutable_id));
    if (!check_access(ex, rule, immutable_id))
        return false;
    struct rd_json body = em_body(ex, rule);
    struct rd_http_url endpoint;
    if (!rd_http_url_parse(em_collection_endpoint_of(ex, &body), &endpoint) ||
        !rd_str_eq_case(rd_str_sub(endpoint.host, 0, rd_str_find_char(endpoint.host, '.', 0)),
                        ex->place_name))
        return em_fail(ex, 403, "OperationFailed",
                       "The data collection endpoint '%.*s' is not that of the data collection "
                       "rule with immutable Id '%.*s'.",
                       RD_FMT(ex->place_name), RD_FMT(immutable_id));
    const struct rd_json *flow = find_flow(&body, stream);
    if (!rd_json_exists(flow))
        return em_fail(ex, 400, "InvalidStream",
                       "The stream '%.*s' was not configured by the data collection rule.",
                       RD_FMT(stream));
    struct rd_str transform = rd_str_trim(em_text_at(flow, "transformKql"));
    if (transform.n > 0 && !rd_str_is(transform, "source"))
        return em_fail(ex, 501, "NotEmulated",
                       "The embedded cloud does not run the transformation of stream '%.*s': "
                       "only 'source' is emulated.",
                       RD_FMT(stream));
    return parse_rows(ex, &rows) && send_to(ex, &body, flow, table_of(flow, stream), &rows);
}

bool em_ingestion_plane(struct em_exchange *ex)
{
    struct rd_str rest = rd_http_decode(ex->arena, ex->url.path);
    struct rd_str parts[5] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}};
    rest = rd_str_sub(rest, 1, rest.n);
    for (size_t i = 0; i < EM_COUNT(parts) && rest.n > 0; i++)
        (void)rd_str_next(&rest, '/', &parts[i]);
    if (rd_str_is_case(parts[0], "dataCollectionRules") && rd_str_is_case(parts[2], "streams") &&
        parts[1].n > 0 && parts[3].n > 0 && parts[4].n == 0 && rest.n == 0)
        return ex->request->method == RD_HTTP_POST
                   ? ingest(ex, parts[1], parts[3])
                   : em_fail(ex, 405, "MethodNotAllowed", "Only POST is allowed here.");
    return em_fail(ex, 404, "NotFound", "There is nothing at '%.*s'.", RD_FMT(ex->url.path));
}
