/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

/* Microsoft Graph, as far as an enclave needs it: the service principals of Microsoft's own
 * applications. Errors have Graph's envelope. Applications are in data/emulator/applications.yaml.
 */

#define PRINCIPAL_TYPE "Microsoft.Graph/servicePrincipals"

bool em_graph_fail(struct em_exchange *ex, int status, const char *code, struct rd_str message)
{
    struct rd_json body = rd_json_object();
    struct rd_arena *arena = ex->arena;
    struct rd_str request =
        em_guid(ex, rd_arena_printf(arena, "graph %llu", (unsigned long long)ex->number));
    em_set_error(ex, &body, rd_str_from(code), message);
    *rd_json_make(arena, &body, "error.innerError.date") =
        rd_json_string(rd_str_sub(em_time(ex, ex->now_ms), 0, 19));
    *rd_json_make(arena, &body, "error.innerError.request-id") = rd_json_string(request);
    *rd_json_make(arena, &body, "error.innerError.client-request-id") = rd_json_string(request);
    em_reply_json(ex, status, &body, EM_JSON_COMPACT);
    return false;
}

static struct rd_str principal_path(struct em_exchange *ex, struct rd_str app_id)
{
    return rd_arena_printf(ex->arena, "/providers/" PRINCIPAL_TYPE "/%.*s", RD_FMT(app_id));
}

/* Differs by tenant: drawn from its id as well as the application's. */
static struct rd_str object_id(struct em_exchange *ex, struct rd_str app_id)
{
    return em_guid(ex, rd_arena_printf(ex->arena, "service principal %.*s", RD_FMT(app_id)));
}

static bool is_present(struct em_exchange *ex, const struct rd_json *entry)
{
    struct rd_str app_id = rd_json_str(rd_json_get(entry, RD_STR("app_id")));
    return rd_json_is_true(rd_json_get(entry, RD_STR("present"))) ||
           em_find(ex->cloud, principal_path(ex, app_id)) != NULL;
}

static struct rd_json view_of(struct em_exchange *ex, const struct rd_json *entry)
{
    struct rd_json view = rd_json_object();
    struct rd_str app_id = rd_json_str(rd_json_get(entry, RD_STR("app_id")));
    rd_json_set_c(ex->arena, &view, "id", rd_json_string(object_id(ex, app_id)));
    rd_json_set_c(ex->arena, &view, "accountEnabled", rd_json_bool(true));
    rd_json_set_c(ex->arena, &view, "appId", rd_json_string(app_id));
    rd_json_set_c(ex->arena, &view, "appDisplayName", *rd_json_get(entry, RD_STR("name")));
    rd_json_set_c(ex->arena, &view, "displayName", *rd_json_get(entry, RD_STR("name")));
    rd_json_set_c(ex->arena, &view, "servicePrincipalType", rd_json_string_c("Application"));
    return view;
}

static void reply_entity(struct em_exchange *ex, int status, const struct rd_json *entry)
{
    struct rd_json body = rd_json_object();
    struct rd_str context =
        rd_arena_printf(ex->arena, "%.*s/v1.0/$metadata#servicePrincipals/$entity",
                        RD_FMT(em_place_url(ex, EM_PLACE_GRAPH, (struct rd_str){"", 0})));
    rd_json_set_c(ex->arena, &body, "@odata.context", rd_json_string(context));
    struct rd_json view = view_of(ex, entry);
    rd_json_merge(ex->arena, &body, &view);
    em_reply_json(ex, status, &body, EM_JSON_COMPACT);
}

static bool fail_absent(struct em_exchange *ex, struct rd_str what)
{
    return em_graph_fail(ex, 404, "Request_ResourceNotFound",
                         rd_arena_printf(ex->arena,
                                         "Resource '%.*s' does not exist or one of its queried "
                                         "reference-property objects are not present.",
                                         RD_FMT(what)));
}

/* /servicePrincipals(appId='...') and /servicePrincipals/{object id} */
static bool get_one(struct em_exchange *ex, struct rd_str app_id, struct rd_str wanted_object)
{
    const struct rd_json *table = em_table("applications");
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *entry = rd_json_item(table, i);
        struct rd_str own = rd_json_str(rd_json_get(entry, RD_STR("app_id")));
        bool is_asked = app_id.n > 0 ? rd_str_eq_case(own, app_id)
                                     : rd_str_eq_case(object_id(ex, own), wanted_object);
        if (!is_asked || !is_present(ex, entry))
            continue;
        reply_entity(ex, 200, entry);
        return true;
    }
    return fail_absent(ex, app_id.n > 0 ? app_id : wanted_object);
}

static bool list(struct em_exchange *ex)
{
    static const char *const names[] = {"appId", "displayName", NULL};
    struct em_filter filter;
    struct rd_str text = {"", 0};
    (void)rd_http_query_get(ex->arena, ex->url.query, "$filter", &text);
    if (!em_filter_read(ex, names, &filter))
        return em_graph_fail(
            ex, 400, "Request_UnsupportedQuery",
            rd_arena_printf(ex->arena,
                            "Unsupported or invalid query filter clause '%.*s'. (The "
                            "embedded cloud knows appId eq and displayName eq.)",
                            RD_FMT(text)));
    struct rd_str app_id = em_filter_value(&filter, "appId");
    struct rd_str name = em_filter_value(&filter, "displayName");
    const struct rd_json *table = em_table("applications");
    struct rd_json items = rd_json_array();
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *entry = rd_json_item(table, i);
        struct rd_str own_id = rd_json_str(rd_json_get(entry, RD_STR("app_id")));
        struct rd_str own_name = rd_json_str(rd_json_get(entry, RD_STR("name")));
        if ((app_id.n == 0 || rd_str_eq_case(own_id, app_id)) &&
            (name.n == 0 || rd_str_eq_case(own_name, name)) && is_present(ex, entry))
            (void)rd_json_append(ex->arena, &items, view_of(ex, entry));
    }
    struct rd_json body = rd_json_object();
    struct rd_str context =
        rd_arena_printf(ex->arena, "%.*s/v1.0/$metadata#servicePrincipals",
                        RD_FMT(em_place_url(ex, EM_PLACE_GRAPH, (struct rd_str){"", 0})));
    rd_json_set_c(ex->arena, &body, "@odata.context", rd_json_string(context));
    rd_json_set_c(ex->arena, &body, "value", items);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static bool create(struct em_exchange *ex)
{
    struct rd_str app_id = rd_json_str(rd_json_get(&ex->body, RD_STR("appId")));
    if (!rd_str_is_guid(app_id))
        return em_graph_fail(ex, 400, "Request_BadRequest",
                             RD_STR("A value is required for property 'appId' of resource "
                                    "'ServicePrincipal'."));
    const struct rd_json *entry = em_row("applications", "app_id", app_id);
    if (!rd_json_exists(entry))
        return em_graph_fail(
            ex, 400, "Request_BadRequest",
            rd_arena_printf(ex->arena,
                            "The appId '%.*s' of the service principal does not reference "
                            "a valid application object.",
                            RD_FMT(app_id)));
    struct rd_str own = rd_json_str(rd_json_get(entry, RD_STR("app_id")));
    if (is_present(ex, entry))
        return em_graph_fail(
            ex, 409, "Request_MultipleObjectsWithSameKeyValue",
            rd_arena_printf(ex->arena,
                            "The service principal cannot be created, updated, or restored "
                            "because the service principal name %.*s is already in use.",
                            RD_FMT(own)));
    struct rd_json body = rd_json_object();
    rd_json_set_c(ex->arena, &body, "appId", rd_json_string(own));
    (void)em_create(ex, PRINCIPAL_TYPE, principal_path(ex, own), &body, NULL);
    em_principal_add(ex, object_id(ex, own), "ServicePrincipal");
    reply_entity(ex, 201, entry);
    return true;
}

/* The text between "(appId='" and "')", or "". */
static struct rd_str key_of(struct rd_str path)
{
    const struct rd_str open = RD_STR("(appId='");
    if (!rd_str_has_prefix_case(path, open) || !rd_str_has_suffix(path, RD_STR("')")))
        return (struct rd_str){"", 0};
    return rd_str_sub(path, open.n, path.n - 2);
}

bool em_graph_plane(struct em_exchange *ex)
{
    const struct rd_str root = RD_STR("/v1.0/servicePrincipals");
    struct rd_str path = rd_http_decode(ex->arena, ex->url.path);
    struct rd_str rest = rd_str_sub(path, root.n, path.n);
    if (rd_str_has_prefix_case(path, root)) {
        bool is_get = ex->request->method == RD_HTTP_GET;
        if (rest.n == 0 && is_get)
            return list(ex);
        if (rest.n == 0 && ex->request->method == RD_HTTP_POST)
            return create(ex);
        if (key_of(rest).n > 0 && is_get)
            return get_one(ex, key_of(rest), (struct rd_str){"", 0});
        if (rest.n == 37 && rest.p[0] == '/' && is_get)
            return get_one(ex, (struct rd_str){"", 0}, rd_str_sub(rest, 1, rest.n));
    }
    struct rd_str segment = rd_str_sub(path, rd_str_find_last_char(path, '/') + 1, path.n);
    return em_graph_fail(
        ex, 400, "BadRequest",
        rd_arena_printf(ex->arena,
                        "Resource not found for the segment '%.*s'. (The embedded cloud "
                        "knows '%s' of service principals only.)",
                        RD_FMT(segment), "GET and POST"));
}

static const struct em_type types[] = {{
    .name = PRINCIPAL_TYPE,
    .place = EM_IN_SUBSCRIPTION,
    .is_internal = true,
    .has_no_state = true,
    .source = "azure-avd-ops 4.4, 7.6",
}};

const struct em_part em_graph_part = {
    .name = "graph",
    .types = types,
    .type_count = EM_COUNT(types),
};
