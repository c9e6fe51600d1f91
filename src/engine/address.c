/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"

struct target target_of(const struct rd_resource *resource)
{
    return (struct target){resource->id, resource->type, &resource->body};
}

bool target_find(struct rd_arena *arena, const struct rd_set *desired, const struct rd_set *live,
                 struct rd_str id, struct target *ret_target)
{
    const struct rd_resource *resource = desired != NULL ? rd_set_find(desired, id) : NULL;
    if (resource == NULL && live != NULL)
        resource = rd_set_find(live, id);
    if (resource != NULL) {
        *ret_target = target_of(resource);
        return true;
    }
    const struct rd_type *type = rd_type_find(rd_arm_id_type(arena, id));
    if (type == NULL)
        return false;
    *ret_target = (struct target){id, type, &rd_json_absent};
    return true;
}

bool address_is_ready(const struct rd_type *type, const struct rd_json *body)
{
    const struct rd_json *ready = rd_json_get(type->row, RD_STR("ready"));
    if (!rd_json_exists(ready))
        return true;
    const struct rd_json *values = rd_json_get(ready, RD_STR("in"));
    struct rd_str value =
        rd_json_str(rd_json_at_str(body, rd_json_str(rd_json_get(ready, RD_STR("path")))));
    for (size_t i = 0; i < rd_json_count(values); i++)
        if (rd_str_eq_case(value, rd_json_str(rd_json_item(values, i))))
            return true;
    return false;
}

int64_t address_ready_ms_max(const struct rd_type *type, int64_t otherwise_ms)
{
    int64_t timeout_s = rd_json_int(rd_json_at(type->row, "ready.timeout_s"), 0);
    return timeout_s > 0 ? timeout_s * 1000 : otherwise_ms;
}

enum rd_http_method address_method(const struct rd_type *type, enum address_use use)
{
    if (use == ADDRESS_GET)
        return RD_HTTP_GET;
    if (use == ADDRESS_DELETE)
        return RD_HTTP_DELETE;
    const struct rd_json *methods = rd_json_get(type->row, RD_STR("methods"));
    struct rd_str name = rd_json_str(
        rd_json_get(methods, use == ADDRESS_CREATE ? RD_STR("create") : RD_STR("update")));
    enum rd_http_method method = RD_HTTP_PUT;
    return rd_http_method_parse(name, &method) ? method : RD_HTTP_PUT;
}

/* Appends with everything escaped that may not stand in a path (RFC 3986 3.3); a query may hold
 * the same and '?' and '/'. Ids keep their slashes. */
static void add_escaped(struct rd_buf *buf, struct rd_str s, bool is_query)
{
    static const char kept[] = "-._~!$&'()*+,;=:@/";
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_kept =
            rd_char_is_alnum(c) || (c != '\0' && strchr(kept, c) != NULL) || (is_query && c == '?');
        if (is_kept)
            rd_buf_add_char(buf, c);
        else
            rd_buf_printf(buf, "%%%02X", (unsigned)(unsigned char)c);
    }
}

static struct rd_str parent_of(struct rd_str id)
{
    struct rd_arm_id parsed;
    return rd_arm_id_parse(id, &parsed) ? parsed.parent : RD_STR("");
}

struct rd_str address_group(const struct rd_arm_id *id)
{
    if (id->resource_group.n == 0)
        return RD_STR("");
    return rd_str_sub(id->id, 0, (size_t)(id->resource_group.p - id->id.p) + id->resource_group.n);
}

static struct rd_str group_of(struct rd_str id)
{
    struct rd_arm_id parsed;
    return rd_arm_id_parse(id, &parsed) ? address_group(&parsed) : RD_STR("");
}

static struct rd_str subscription_of(struct rd_str id)
{
    struct rd_arm_id parsed;
    if (!rd_arm_id_parse(id, &parsed) || parsed.subscription.n == 0)
        return RD_STR("");
    size_t end = (size_t)(parsed.subscription.p - id.p) + parsed.subscription.n;
    return rd_str_sub(id, 0, end);
}

static struct rd_str placeholder(const struct target *target, struct rd_str name)
{
    const struct rd_str body_prefix = RD_STR("body.");
    if (rd_str_is(name, "id"))
        return target->id;
    if (rd_str_is(name, "name"))
        return rd_str_after_last(target->id, '/');
    if (rd_str_is(name, "parent"))
        return parent_of(target->id);
    if (rd_str_is(name, "parent_name"))
        return rd_str_after_last(parent_of(target->id), '/');
    if (rd_str_is(name, "grandparent_name"))
        return rd_str_after_last(parent_of(parent_of(target->id)), '/');
    if (rd_str_is(name, "group"))
        return group_of(target->id);
    if (rd_str_is(name, "subscription"))
        return subscription_of(target->id);
    if (rd_str_has_prefix(name, body_prefix))
        return rd_json_str(rd_json_at_str(target->body, rd_str_sub(name, body_prefix.n, name.n)));
    return RD_STR("");
}

/* The path of a template with its placeholders filled, one leading slash at its start. */
static void add_path(struct rd_buf *url, struct rd_str template, const struct target *target)
{
    size_t start = url->n;
    for (size_t i = 0; i < template.n; i++) {
        size_t end = template.p[i] == '{' ? rd_str_find_char(template, '}', i) : RD_STR_NONE;
        struct rd_str part = end == RD_STR_NONE
                                 ? rd_str_sub(template, i, i + 1)
                                 : placeholder(target, rd_str_sub(template, i + 1, end));
        bool is_second_slash = url->n > start && url->p[url->n - 1] == '/' && part.n > 0 &&
                               part.p[0] == '/'; /* a scope of "/" */
        add_escaped(url, is_second_slash ? rd_str_sub(part, 1, part.n) : part, false);
        i = end == RD_STR_NONE ? i : end;
    }
}

static void add_host(struct rd_buf *url, const struct rd_endpoints *endpoints, enum rd_plane plane,
                     struct rd_str owner)
{
    switch (plane) {
    case RD_PLANE_VAULT:
    case RD_PLANE_HSM:
        rd_buf_printf(url, "https://%.*s.", RD_FMT(owner));
        rd_buf_add(url, plane == RD_PLANE_VAULT ? endpoints->vault_suffix : endpoints->hsm_suffix);
        return;
    case RD_PLANE_GRAPH:
        rd_buf_add(url, endpoints->graph);
        return;
    case RD_PLANE_ARM:
    default:
        rd_buf_add(url, endpoints->arm);
        return;
    }
}

static void add_query(struct rd_buf *url, const struct rd_type *type, struct rd_str query)
{
    bool has_version = type->plane != RD_PLANE_GRAPH; /* Graph's is in its path */
    if (has_version)
        rd_buf_printf(url, "?api-version=%.*s", RD_FMT(type->api_version));
    if (query.n > 0) {
        rd_buf_add_char(url, has_version ? '&' : '?');
        add_escaped(url, query, true);
    }
}

static struct rd_str take(struct rd_arena *arena, struct rd_buf *url)
{
    struct rd_str text = rd_arena_str(arena, rd_buf_str(url));
    rd_buf_done(url);
    return text;
}

static struct rd_str template_of(const struct rd_type *type, enum address_use use)
{
    static const char *const names[] = {
        [ADDRESS_CREATE] = "put",
        [ADDRESS_UPDATE] = "update",
        [ADDRESS_GET] = "get",
        [ADDRESS_DELETE] = "delete",
    };
    const struct rd_json *paths = rd_json_get(type->row, RD_STR("paths"));
    struct rd_str template = rd_json_str(rd_json_get(paths, rd_str_from(names[use])));
    if (template.n == 0 && use == ADDRESS_UPDATE)
        template = rd_json_str(rd_json_get(paths, RD_STR("put")));
    return template.n > 0 ? template : RD_STR("{id}");
}

struct rd_str address_url_query(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                                const struct target *target, enum address_use use,
                                struct rd_str query)
{
    struct rd_buf url;
    rd_buf_init(&url, RD_HTTP_URL_SIZE_MAX);
    add_host(&url, endpoints, target->type->plane, rd_str_after_last(parent_of(target->id), '/'));
    add_path(&url, template_of(target->type, use), target);
    add_query(&url, target->type, query);
    return take(arena, &url);
}

struct rd_str address_url(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                          const struct target *target, enum address_use use)
{
    static const char *const columns[] = {
        [ADDRESS_CREATE] = "create_query",
        [ADDRESS_UPDATE] = "update_query",
        [ADDRESS_GET] = "get_query",
        [ADDRESS_DELETE] = "delete_query",
    };
    struct rd_str query = rd_json_str(rd_json_get(target->type->row, rd_str_from(columns[use])));
    return address_url_query(arena, endpoints, target, use, query);
}

/* Column read: {id} at Resource Manager, in that version of it. */
static struct rd_str look_url(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                              const struct rd_json *read, struct rd_str path)
{
    struct rd_buf url;
    rd_buf_init(&url, RD_HTTP_URL_SIZE_MAX);
    rd_buf_add(&url, endpoints->arm);
    add_escaped(&url, path, false);
    rd_buf_printf(&url, "?api-version=%.*s",
                  RD_FMT(rd_json_str(rd_json_get(read, RD_STR("api_version")))));
    return take(arena, &url);
}

struct rd_str address_look(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                           const struct target *target)
{
    const struct rd_json *read = rd_json_get(target->type->row, RD_STR("read"));
    return rd_json_exists(read) ? look_url(arena, endpoints, read, target->id)
                                : address_url(arena, endpoints, target, ADDRESS_GET);
}

struct rd_str address_action(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                             const struct target *target, struct rd_str action)
{
    struct rd_buf url;
    rd_buf_init(&url, RD_HTTP_URL_SIZE_MAX);
    add_host(&url, endpoints, target->type->plane, rd_str_after_last(parent_of(target->id), '/'));
    add_path(&url, template_of(target->type, ADDRESS_GET), target);
    rd_buf_add_char(&url, '/');
    add_escaped(&url, action, false);
    add_query(&url, target->type, RD_STR(""));
    return take(arena, &url);
}

struct rd_str address_list(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                           const struct rd_type *type, struct rd_str place)
{
    const struct rd_json *read = rd_json_get(type->row, RD_STR("read"));
    if (rd_json_exists(read))
        return look_url(arena, endpoints, read,
                        rd_arena_printf(arena, "%.*s/%.*s", RD_FMT(place),
                                        RD_FMT(rd_str_after_last(type->name, '/'))));
    struct rd_buf url;
    rd_buf_init(&url, RD_HTTP_URL_SIZE_MAX);
    add_host(&url, endpoints, type->plane, rd_str_after_last(place, '/'));
    struct rd_str template = rd_json_str(rd_json_get(type->row, RD_STR("list_path")));
    /* The placeholders speak of an instance, so the place is its parent. */
    struct rd_str child = rd_arena_printf(arena, "%.*s/%.*s/-", RD_FMT(place),
                                          RD_FMT(rd_str_after_last(type->name, '/')));
    struct target target = {child, type, &rd_json_absent};
    if (template.n > 0 && rd_str_find(template, RD_STR("{parent}"), 0) == 0) {
        add_escaped(&url, place, false);
        template = rd_str_sub(template, sizeof("{parent}") - 1, template.n);
    }
    if (template.n > 0) {
        add_path(&url, template, &target);
    } else {
        add_escaped(&url, place, false);
        bool is_child = type->listing == RD_LIST_PARENT;
        rd_buf_add_c(&url, is_child ? "/" : "/providers/");
        add_escaped(&url, is_child ? rd_str_after_last(type->name, '/') : type->name, false);
    }
    add_query(&url, type, rd_json_str(rd_json_get(type->row, RD_STR("list_query"))));
    return take(arena, &url);
}
