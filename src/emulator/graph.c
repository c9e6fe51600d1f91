/* SPDX-License-Identifier: Apache-2.0 */
#include "directory.h"
#include "shape.h"
#include "state.h"

/* Microsoft Graph, as far as an enclave and its clients need it: directory objects to read, and
 * service principals of Microsoft's own applications (data/emulator/applications.yaml) to make.
 * Errors have Graph's envelope. */

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
    struct rd_json names = rd_json_array();
    struct rd_str app_id = rd_json_str(rd_json_get(entry, RD_STR("app_id")));
    rd_json_set_c(ex->arena, &view, "id", rd_json_string(object_id(ex, app_id)));
    rd_json_set_c(ex->arena, &view, "accountEnabled", rd_json_bool(true));
    rd_json_set_c(ex->arena, &view, "appId", rd_json_string(app_id));
    rd_json_set_c(ex->arena, &view, "appDisplayName", *rd_json_get(entry, RD_STR("name")));
    rd_json_set_c(ex->arena, &view, "displayName", *rd_json_get(entry, RD_STR("name")));
    (void)rd_json_append(ex->arena, &names, rd_json_string(app_id));
    rd_json_set_c(ex->arena, &view, "servicePrincipalNames", names);
    rd_json_set_c(ex->arena, &view, "servicePrincipalType", rd_json_string_c("Application"));
    return view;
}

struct rd_json em_graph_first_parties(struct em_exchange *ex)
{
    const struct rd_json *table = em_table("applications");
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < rd_json_count(table); i++)
        if (is_present(ex, rd_json_item(table, i)))
            (void)rd_json_append(ex->arena, &list, view_of(ex, rd_json_item(table, i)));
    return list;
}

static void set_context(struct em_exchange *ex, struct rd_json *body, const char *word,
                        const char *tail)
{
    struct rd_str root = em_place_url(ex, EM_PLACE_GRAPH, (struct rd_str){"", 0});
    rd_json_set_c(ex->arena, body, "@odata.context",
                  rd_json_string(rd_arena_printf(ex->arena, "%.*s/v1.0/$metadata#%s%s",
                                                 RD_FMT(root), word, tail)));
}

static void reply_entity(struct em_exchange *ex, int status, const char *word,
                         const struct rd_json *object)
{
    struct rd_json body = rd_json_object();
    set_context(ex, &body, word, "/$entity");
    rd_json_merge(ex->arena, &body, object);
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

static bool fail_segment(struct em_exchange *ex, struct rd_str segment)
{
    return em_graph_fail(
        ex, 400, "BadRequest",
        rd_arena_printf(ex->arena,
                        "Resource not found for the segment '%.*s'. (The embedded cloud has "
                        "service principals, applications, users and groups.)",
                        RD_FMT(segment)));
}

/* Reading -------------------------------------------------------------------------------------- */

static const struct rd_json *find(const struct rd_json *list, const char *member, struct rd_str key)
{
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (rd_str_eq_case(em_text_at(rd_json_item(list, i), member), key))
            return rd_json_item(list, i);
    return &rd_json_absent;
}

/* By id; a user by its name too, what has an appId by (appId='...'). */
static bool get_one(struct em_exchange *ex, enum em_directory_kind kind, const char *member,
                    struct rd_str key)
{
    struct rd_json list = em_directory(ex, kind);
    const struct rd_json *found = find(&list, member, key);
    struct em_graph_query query;
    if (!rd_json_exists(found) && kind == EM_DIRECTORY_USERS)
        found = find(&list, "userPrincipalName", key);
    if (!rd_json_exists(found))
        return fail_absent(ex, key);
    if (!em_graph_query_read(ex, &query))
        return false;
    struct rd_json object = rd_json_copy(ex->arena, found);
    em_graph_query_select(ex, query.select, &object);
    reply_entity(ex, 200, em_directory_word(kind), &object);
    return true;
}

/* The request's own URL with the token changed. */
static struct rd_str next_link(struct em_exchange *ex, size_t skip)
{
    struct rd_buf url;
    struct rd_str query = ex->url.query, part;
    rd_buf_init(&url, 32 << 10);
    rd_buf_add(&url, em_place_url(ex, EM_PLACE_GRAPH, (struct rd_str){"", 0}));
    rd_buf_printf(&url, "%.*s?", RD_FMT(ex->url.path));
    while (query.n > 0 && rd_str_next(&query, '&', &part))
        if (part.n > 0 && !rd_str_has_prefix_case(part, RD_STR("$skiptoken=")) &&
            !rd_str_has_prefix_case(part, RD_STR("%24skiptoken=")))
            rd_buf_printf(&url, "%.*s&", RD_FMT(part));
    rd_buf_printf(&url, "$skiptoken=%zu", skip);
    struct rd_str text = rd_arena_str(ex->arena, rd_buf_str(&url));
    rd_buf_done(&url);
    return text;
}

static bool reply_objects(struct em_exchange *ex, const char *word, const struct rd_json *list)
{
    struct em_graph_query query;
    if (!em_graph_query_read(ex, &query))
        return false;
    struct rd_json items = rd_json_array();
    size_t fitting = 0;
    for (size_t i = 0; i < rd_json_count(list); i++) {
        if (!em_graph_query_fits(&query, rd_json_item(list, i)))
            continue;
        if (fitting++ < query.skip || rd_json_count(&items) == query.top)
            continue;
        struct rd_json object = *rd_json_item(list, i);
        em_graph_query_select(ex, query.select, &object);
        (void)rd_json_append(ex->arena, &items, object);
    }
    struct rd_json body = rd_json_object();
    set_context(ex, &body, word, "");
    if (query.wants_count)
        rd_json_set_c(ex->arena, &body, "@odata.count", rd_json_integer((int64_t)fitting));
    if (fitting > query.skip + rd_json_count(&items))
        rd_json_set_c(ex->arena, &body, "@odata.nextLink",
                      rd_json_string(next_link(ex, query.skip + query.top)));
    rd_json_set_c(ex->arena, &body, "value", items);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static bool list(struct em_exchange *ex, enum em_directory_kind kind)
{
    struct rd_json all = em_directory(ex, kind);
    return reply_objects(ex, em_directory_word(kind), &all);
}

/* members, memberOf, owners and their transitive forms: nobody is known to be in any group. */
static bool list_links(struct em_exchange *ex, enum em_directory_kind kind, struct rd_str id,
                       struct rd_str link)
{
    static const char *const links[] = {"members", "memberOf", "transitiveMembers",
                                        "transitiveMemberOf", "owners"};
    bool is_link = false;
    for (size_t i = 0; i < EM_COUNT(links); i++)
        is_link = is_link || rd_str_is_case(link, links[i]);
    struct rd_json all = em_directory(ex, kind);
    struct rd_json none = rd_json_array();
    if (!rd_json_exists(find(&all, "id", id)))
        return fail_absent(ex, id);
    return is_link ? reply_objects(ex, "directoryObjects", &none) : fail_segment(ex, link);
}

/* POST /directoryObjects/getByIds, as 'az role assignment list' asks for names. */
static bool get_by_ids(struct em_exchange *ex)
{
    const struct rd_json *ids = rd_json_get(&ex->body, RD_STR("ids"));
    const struct rd_json *types = rd_json_get(&ex->body, RD_STR("types"));
    struct rd_json found = rd_json_array();
    if (!rd_json_is(ids, RD_JSON_ARRAY))
        return em_graph_fail(ex, 400, "Request_BadRequest",
                             RD_STR("The collection 'ids' must be given."));
    for (int kind = 0; kind < EM_DIRECTORY_KIND_COUNT; kind++) {
        struct rd_str type = rd_str_from(em_directory_type((enum em_directory_kind)kind));
        struct rd_str word = rd_str_sub(type, sizeof("#microsoft.graph.") - 1, type.n);
        bool is_asked = rd_json_count(types) == 0;
        for (size_t i = 0; i < rd_json_count(types); i++)
            is_asked = is_asked || rd_str_eq_case(rd_json_str(rd_json_item(types, i)), word) ||
                       rd_str_is_case(rd_json_str(rd_json_item(types, i)), "directoryObject");
        struct rd_json all =
            is_asked ? em_directory(ex, (enum em_directory_kind)kind) : rd_json_array();
        for (size_t i = 0; i < rd_json_count(ids); i++) {
            const struct rd_json *one = find(&all, "id", rd_json_str(rd_json_item(ids, i)));
            if (!rd_json_exists(one))
                continue;
            struct rd_json object = rd_json_object();
            rd_json_set_c(ex->arena, &object, "@odata.type", rd_json_string(type));
            rd_json_merge(ex->arena, &object, one);
            (void)rd_json_append(ex->arena, &found, object);
        }
    }
    return reply_objects(ex, "directoryObjects", &found);
}

/* Making --------------------------------------------------------------------------------------- */

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
    struct rd_json made = view_of(ex, entry);
    reply_entity(ex, 201, em_directory_word(EM_DIRECTORY_PRINCIPALS), &made);
    return true;
}

/* ---------------------------------------------------------------------------------------------- */

/* The text between "(appId='" and "')", or "". */
static struct rd_str key_of(struct rd_str segment)
{
    const struct rd_str open = RD_STR("(appId='");
    size_t at = rd_str_find_case(segment, open, 0);
    if (at == RD_STR_NONE || !rd_str_has_suffix(segment, RD_STR("')")))
        return (struct rd_str){"", 0};
    return rd_str_sub(segment, at + open.n, segment.n - 2);
}

static bool answer_kind(struct em_exchange *ex, enum em_directory_kind kind, struct rd_str first,
                        struct rd_str rest)
{
    bool is_get = ex->request->method == RD_HTTP_GET;
    struct rd_str id = {"", 0}, link = {"", 0};
    bool has_key = kind == EM_DIRECTORY_PRINCIPALS || kind == EM_DIRECTORY_APPLICATIONS;
    (void)rd_str_next(&rest, '/', &id);
    (void)rd_str_next(&rest, '/', &link);
    if (is_get && has_key && key_of(first).n > 0 && id.n == 0)
        return get_one(ex, kind, "appId", key_of(first));
    if (is_get && id.n == 0)
        return list(ex, kind);
    if (is_get && link.n == 0)
        return get_one(ex, kind, "id", id);
    if (is_get)
        return list_links(ex, kind, id, link);
    if (kind == EM_DIRECTORY_PRINCIPALS && ex->request->method == RD_HTTP_POST && id.n == 0)
        return create(ex);
    return em_graph_fail(ex, 403, "Authorization_RequestDenied",
                         RD_STR("Insufficient privileges to complete the operation. (The embedded "
                                "cloud's directory can be read; only service principals of "
                                "Microsoft's applications can be made.)"));
}

bool em_graph_plane(struct em_exchange *ex)
{
    struct rd_str path = rd_http_decode(ex->arena, ex->url.path);
    struct rd_str version = {"", 0}, first = {"", 0};
    struct rd_str rest = rd_str_sub(path, 1, path.n);
    (void)rd_str_next(&rest, '/', &version);
    (void)rd_str_next(&rest, '/', &first);
    if (!rd_str_is_case(version, "v1.0"))
        return em_graph_fail(ex, 400, "BadRequest", RD_STR("Invalid version."));
    if (rd_str_is_case(first, "me")) /* whoever signs in here is an application */
        return em_graph_fail(
            ex, 400, "BadRequest",
            RD_STR("/me request is only valid with delegated authentication flow."));
    struct rd_str word = rd_str_sub(first, 0, rd_str_find_char(first, '(', 0));
    for (int kind = 0; kind < EM_DIRECTORY_KIND_COUNT; kind++)
        if (rd_str_is_case(word, em_directory_word((enum em_directory_kind)kind)))
            return answer_kind(ex, (enum em_directory_kind)kind, first, rest);
    if (rd_str_is_case(first, "directoryObjects") && rd_str_is_case(rest, "getByIds") &&
        ex->request->method == RD_HTTP_POST)
        return get_by_ids(ex);
    return fail_segment(ex, first);
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
