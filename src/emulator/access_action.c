/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

#include "shape.h"

/*
 * Which action a request is. ARM's rule: the type's name with "read", "write" or "delete" behind
 * it; a POST is "{word}/action". The scope is the resource, for a list what it is a list of.
 */

struct path {
    struct rd_str items[EM_SEGMENT_COUNT_MAX];
    size_t count;
};

static void split(struct rd_str id, struct path *path)
{
    struct rd_str part;
    path->count = 0;
    while (id.n > 0 && path->count < EM_SEGMENT_COUNT_MAX && rd_str_next(&id, '/', &part))
        if (part.n > 0)
            path->items[path->count++] = part;
}

/* The id up to segment `count`, without the slash behind it. */
static struct rd_str prefix_of(struct rd_str id, const struct path *path, size_t count)
{
    if (count == 0)
        return (struct rd_str){"", 0};
    struct rd_str last = path->items[count - 1];
    return rd_str_sub(id, 0, (size_t)(last.p - id.p) + last.n);
}

/* Where the namespace stands, or 0. What Microsoft.Features knows has providers of its own in its
 * path. */
static size_t find_namespace(const struct path *path)
{
    size_t found = 0;
    for (size_t i = 0; i + 1 < path->count; i++) {
        if (!rd_str_is_case(path->items[i], "providers"))
            continue;
        found = i + 1;
        if (rd_str_is_case(path->items[found], "Microsoft.Features"))
            break;
    }
    return found;
}

/* "NS/a/b" of every second segment from `first`, in the casing of a type that the cloud knows. */
static struct rd_str type_of(struct em_exchange *ex, struct rd_str name_space,
                             const struct path *path, size_t first, size_t end)
{
    struct rd_buf buf;
    rd_buf_init(&buf, 4096);
    rd_buf_add(&buf, name_space);
    for (size_t i = first; i < end; i += 2) {
        rd_buf_add_char(&buf, '/');
        rd_buf_add(&buf, path->items[i]);
    }
    const struct em_class *class_ = em_class_find(ex->cloud, rd_buf_str(&buf));
    struct rd_str type = class_ != NULL ? rd_str_from(class_->type->name)
                                        : rd_arena_str(ex->arena, rd_buf_str(&buf));
    rd_buf_done(&buf);
    return type;
}

struct rd_str em_type_of_id(struct em_exchange *ex, struct rd_str id)
{
    struct path path;
    split(id, &path);
    size_t at = find_namespace(&path);
    if (at == 0 || path.count < at + 3 || (path.count - at) % 2 == 0)
        return (struct rd_str){"", 0};
    return type_of(ex, path.items[at], &path, at + 1, path.count);
}

static const char *verb_of(enum rd_http_method method)
{
    switch (method) {
    case RD_HTTP_PUT:
    case RD_HTTP_PATCH:
        return "write";
    case RD_HTTP_DELETE:
        return "delete";
    case RD_HTTP_POST:
        return "action";
    case RD_HTTP_GET:
    case RD_HTTP_HEAD:
        break;
    }
    return "read";
}

/* Where Azure's name is not what the rule gives (provider operations, from memory). */
static const struct {
    const char *derived;
    const char *action;
} exceptions[] = {
    {"Microsoft.KeyVault/checkNameAvailability/action",
     "Microsoft.KeyVault/checkNameAvailability/read"},
    {"Microsoft.KeyVault/checkMhsmNameAvailability/action",
     "Microsoft.KeyVault/checkMhsmNameAvailability/read"},
    {"Microsoft.Resources/subscriptions/providers/action", "Microsoft.Resources/register/action"},
};

static struct rd_str renamed(struct rd_str derived)
{
    for (size_t i = 0; i < EM_COUNT(exceptions); i++)
        if (rd_str_is_case(derived, exceptions[i].derived))
            return rd_str_from(exceptions[i].action);
    return derived;
}

/* A tenant's own: lists that show what the caller has, roles, and who may do what. Azure answers
 * these to everybody who has signed in; anybody may also ask for their own permissions. */
static bool is_open(const struct em_exchange *ex, const struct path *path, size_t at)
{
    bool is_read = ex->request->method == RD_HTTP_GET || ex->request->method == RD_HTTP_HEAD;
    if (!is_read)
        return false;
    if (path->count <= 1)
        return true;
    struct rd_str last = path->items[path->count - 1];
    bool is_authorization = at > 0 && rd_str_is_case(path->items[at], "Microsoft.Authorization");
    if (is_authorization && path->count == at + 2 && rd_str_is_case(last, "permissions"))
        return true;
    return at == 1 && is_authorization && path->count > 2 &&
           rd_str_is_case(path->items[2], "roleDefinitions");
}

static bool is_resource_list(struct em_exchange *ex, struct rd_str type)
{
    const struct em_class *class_ = em_class_find(ex->cloud, type);
    return (class_ != NULL && !class_->type->is_internal) ||
           rd_str_is_case(type, "Microsoft.Resources/subscriptions") ||
           rd_str_is_case(type, "Microsoft.Resources/subscriptions/resources") ||
           rd_str_is_case(type, "Microsoft.Resources/subscriptions/resourceGroups") ||
           rd_str_is_case(type, "Microsoft.Resources/subscriptions/resourceGroups/resources");
}

void em_act_find(struct em_exchange *ex, struct em_act *ret_act)
{
    struct path path;
    *ret_act = (struct em_act){.action = {"", 0}, .scope = ex->id};
    split(ex->id, &path);
    size_t at = find_namespace(&path);
    if (path.count == EM_SEGMENT_COUNT_MAX || is_open(ex, &path, at))
        return; /* target.c refuses what is as long */
    /* /subscriptions/{s}/resourceGroups/{g} and /subscriptions/{s}/providers[/{namespace}]: types
     * of Microsoft.Resources. */
    bool is_bare = at == 0 || path.count == at + 1;
    size_t first = is_bare ? 0 : at + 1;
    struct rd_str name_space = is_bare ? RD_STR("Microsoft.Resources") : path.items[at];
    bool is_odd = (path.count - first) % 2 == 1;
    enum rd_http_method method = ex->request->method;
    struct rd_str type;
    if (method == RD_HTTP_POST && (is_odd || path.count - first > 2) && path.count > first) {
        /* The action's word is the last segment, whichever place that is. */
        type = type_of(ex, name_space, &path, first, path.count - 1);
        ret_act->action = renamed(rd_arena_printf(ex->arena, "%.*s/%.*s/action", RD_FMT(type),
                                                  RD_FMT(path.items[path.count - 1])));
    } else {
        type = type_of(ex, name_space, &path, first, path.count);
        ret_act->action =
            renamed(rd_arena_printf(ex->arena, "%.*s/%s", RD_FMT(type), verb_of(method)));
    }
    if (is_odd || is_bare)
        ret_act->scope = path.count - first <= 1
                             ? prefix_of(ex->id, &path, is_bare ? path.count : at - 1)
                             : prefix_of(ex->id, &path, path.count - is_odd);
    if (is_bare && at > 0)
        ret_act->scope = prefix_of(ex->id, &path, at - 1);
    bool is_read = method == RD_HTTP_GET || method == RD_HTTP_HEAD;
    ret_act->is_list = is_read && (is_odd || is_bare) && is_resource_list(ex, type);
}
