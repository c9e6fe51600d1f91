/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"
#include "state.h"

/*
 * Tags as a resource of their own: {scope}/providers/Microsoft.Resources/tags/default, and the
 * names that a subscription uses. A resource's and a group's are those in its body; a subscription,
 * which has none here, keeps them in a resource of that id.
 */

#define TAGS_TYPE "Microsoft.Resources/tags"
#define TAGS_PATH "{scope}/providers/" TAGS_TYPE "/default"

/* The names that a subscription uses, as far as they are told. */
enum { NAME_COUNT_MAX = 1000 };

static struct rd_str id_at(struct em_exchange *ex, struct rd_str scope)
{
    return rd_arena_printf(ex->arena, "%.*s/providers/" TAGS_TYPE "/default", RD_FMT(scope));
}

static bool is_subscription(const struct em_exchange *ex, struct rd_str scope)
{
    return em_id_segment(scope, "subscriptions").n + sizeof("/subscriptions/") - 1 == scope.n &&
           rd_str_eq_case(em_id_segment(scope, "subscriptions"), ex->subscription);
}

/* What bears the scope's tags: the resource itself, or what keeps a subscription's (NULL: none
 * yet). False after 404, or 400 when it can have none. */
static bool find_bearer(struct em_exchange *ex, struct em_resource **ret_bearer)
{
    struct rd_str scope = ex->params[0];
    *ret_bearer = NULL;
    if (is_subscription(ex, scope)) {
        *ret_bearer = em_find(ex->cloud, id_at(ex, scope));
        return true;
    }
    struct em_resource *bearer = em_find(ex->cloud, scope);
    if (bearer == NULL || bearer->type->is_internal)
        return em_fail_not_found(ex, scope);
    if (!bearer->type->has_tags)
        return em_fail(ex, 400, "TagsNotSupported", "The resource type '%s' does not support tags.",
                       bearer->type->name);
    *ret_bearer = bearer;
    return true;
}

static struct rd_json tags_of(struct em_exchange *ex, const struct em_resource *bearer)
{
    struct rd_json body = bearer == NULL ? rd_json_object() : em_body(ex, bearer);
    const struct rd_json *tags = rd_json_get(&body, RD_STR("tags"));
    return rd_json_is(tags, RD_JSON_OBJECT) ? rd_json_copy(ex->arena, tags) : rd_json_object();
}

static bool reply_tags(struct em_exchange *ex, struct rd_json tags)
{
    struct rd_json view = rd_json_object();
    em_set_text(ex, &view, "id", id_at(ex, ex->params[0]));
    em_set_word(ex, &view, "name", "default");
    em_set_word(ex, &view, "type", TAGS_TYPE);
    em_set(ex, &view, "properties.tags", tags);
    em_reply_json(ex, 200, &view, EM_JSON_COMPACT);
    return true;
}

static bool get_tags(struct em_exchange *ex)
{
    struct em_resource *bearer;
    return find_bearer(ex, &bearer) && reply_tags(ex, tags_of(ex, bearer));
}

static bool store_tags(struct em_exchange *ex, struct em_resource *bearer, struct rd_json tags)
{
    static const struct em_type rules = {.name = TAGS_TYPE, .has_tags = true};
    struct rd_json holder = rd_json_object();
    rd_json_set_c(ex->arena, &holder, "tags", tags);
    if (!em_check_tags(ex, bearer == NULL ? &rules : bearer->type, &holder))
        return false;
    if (bearer == NULL)
        return em_create(ex, TAGS_TYPE, id_at(ex, ex->params[0]), &holder, NULL) != NULL;
    struct rd_json body = em_body(ex, bearer);
    rd_json_set_c(ex->arena, &body, "tags", tags);
    em_store(ex, bearer, &body);
    return true;
}

/* The tags that a body asks for. */
static bool read_tags(struct em_exchange *ex, struct rd_json *ret_tags)
{
    const struct rd_json *tags = rd_json_at(&ex->body, "properties.tags");
    *ret_tags = rd_json_object();
    if (rd_json_exists(tags) && !rd_json_is(tags, RD_JSON_OBJECT))
        return em_require(ex, &ex->body, "properties.tags", RD_JSON_OBJECT);
    if (rd_json_exists(tags))
        *ret_tags = rd_json_copy(ex->arena, tags);
    return em_require(ex, &ex->body, "properties", RD_JSON_OBJECT);
}

static bool put_tags(struct em_exchange *ex)
{
    struct em_resource *bearer;
    struct rd_json tags;
    return find_bearer(ex, &bearer) && read_tags(ex, &tags) && store_tags(ex, bearer, tags) &&
           reply_tags(ex, tags);
}

/* Names are compared without case. */
static void set_tag(struct em_exchange *ex, struct rd_json *tags, const struct rd_json_member *tag)
{
    for (size_t i = 0; i < rd_json_count(tags); i++)
        if (rd_str_eq_case(tags->u.members[i].key, tag->key)) {
            tags->u.members[i].value = tag->value;
            return;
        }
    rd_json_set(ex->arena, tags, tag->key, tag->value);
}

/* Deletes by name and value both, as Azure does. */
static struct rd_json without_tags(struct em_exchange *ex, const struct rd_json *tags,
                                   const struct rd_json *dropped)
{
    struct rd_json left = rd_json_object();
    for (size_t i = 0; i < rd_json_count(tags); i++) {
        const struct rd_json_member *tag = &tags->u.members[i];
        const struct rd_json *other = rd_json_get_case(dropped, tag->key);
        if (!rd_json_exists(other) || !rd_str_eq(rd_json_str(other), rd_json_str(&tag->value)))
            rd_json_set(ex->arena, &left, tag->key, tag->value);
    }
    return left;
}

static bool patch_tags(struct em_exchange *ex)
{
    static const char *const operations[] = {"Replace", "Merge", "Delete", NULL};
    struct em_resource *bearer;
    struct rd_json change;
    if (!find_bearer(ex, &bearer) || !read_tags(ex, &change) ||
        !em_require_word(ex, &ex->body, "operation", operations, false))
        return false;
    struct rd_json tags = tags_of(ex, bearer);
    if (em_is_word(&ex->body, "operation", "Replace"))
        tags = change;
    else if (em_is_word(&ex->body, "operation", "Delete"))
        tags = without_tags(ex, &tags, &change);
    else
        for (size_t i = 0; i < rd_json_count(&change); i++)
            set_tag(ex, &tags, &change.u.members[i]);
    return store_tags(ex, bearer, tags) && reply_tags(ex, tags);
}

static bool delete_tags(struct em_exchange *ex)
{
    struct em_resource *bearer;
    if (!find_bearer(ex, &bearer))
        return false;
    if (bearer != NULL && !store_tags(ex, bearer, rd_json_object()))
        return false;
    em_reply_empty(ex, 200);
    return true;
}

/* Names in use ----------------------------------------------------------------------------------
 */

static struct rd_json counted(struct em_exchange *ex, struct rd_str id, const char *member,
                              struct rd_str text)
{
    struct rd_json item = rd_json_object();
    em_set_text(ex, &item, "id", id);
    em_set_text(ex, &item, member, text);
    em_set_word(ex, &item, "count.type", "Total");
    em_set_int(ex, &item, "count.value", 0);
    return item;
}

/* The item of that text, one more counted; made when there is none. NULL when the list is full. */
static struct rd_json *count_one(struct em_exchange *ex, struct rd_json *list, const char *member,
                                 struct rd_str text, struct rd_str id)
{
    size_t i = 0;
    while (i < rd_json_count(list) &&
           !rd_str_eq_case(em_text_at(rd_json_item(list, i), member), text))
        i++;
    if (i == NAME_COUNT_MAX)
        return NULL;
    if (i == rd_json_count(list))
        (void)rd_json_append(ex->arena, list, counted(ex, id, member, text));
    struct rd_json *item = &list->u.items[i];
    em_set_int(ex, item, "count.value", rd_json_int(rd_json_at(item, "count.value"), 0) + 1);
    return item;
}

static void count_tags(struct em_exchange *ex, struct rd_json *names, const struct rd_json *tags)
{
    for (size_t i = 0; i < rd_json_count(tags); i++) {
        const struct rd_json_member *tag = &tags->u.members[i];
        struct rd_str id = rd_arena_printf(ex->arena, "/subscriptions/%.*s/tagNames/%.*s",
                                           RD_FMT(ex->subscription), RD_FMT(tag->key));
        struct rd_json *name = count_one(ex, names, "tagName", tag->key, id);
        if (name == NULL)
            return;
        struct rd_str value = rd_json_str(&tag->value);
        (void)count_one(
            ex, em_array(ex, name, "values"), "tagValue", value,
            rd_arena_printf(ex->arena, "%.*s/tagValues/%.*s", RD_FMT(id), RD_FMT(value)));
    }
}

static bool list_names(struct em_exchange *ex)
{
    struct rd_json reply = rd_json_object();
    struct rd_json *names = em_array(ex, &reply, "value");
    struct rd_str base =
        rd_arena_printf(ex->arena, "/subscriptions/%.*s/", RD_FMT(ex->subscription));
    for (size_t i = 0; i < ex->cloud->class_count; i++) {
        const struct em_class *class_ = &ex->cloud->classes[i];
        for (size_t k = 0; class_->type->has_tags && k < class_->count; k++) {
            const struct em_resource *resource = class_->items[k];
            if (resource == NULL || resource->is_deleted ||
                !rd_str_has_prefix_case(resource->id, base) ||
                rd_str_find(resource->text, RD_STR("\"tags\""), 0) == RD_STR_NONE)
                continue;
            struct rd_json tags = tags_of(ex, resource);
            count_tags(ex, names, &tags);
        }
    }
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

static const struct em_type types[] = {{
    .name = TAGS_TYPE,
    .place = EM_IN_SUBSCRIPTION,
    .has_tags = true,
    .is_internal = true,
    .has_no_state = true,
}};

#define SOURCE "Tags 2021-04-01 (documents of the REST API)"
static const struct em_route routes[] = {
    {RD_HTTP_GET, TAGS_PATH, get_tags, NULL, SOURCE},
    {RD_HTTP_PUT, TAGS_PATH, put_tags, NULL, SOURCE},
    {RD_HTTP_PATCH, TAGS_PATH, patch_tags, NULL, SOURCE},
    {RD_HTTP_DELETE, TAGS_PATH, delete_tags, NULL, SOURCE},
    {RD_HTTP_GET, "/subscriptions/{}/tagNames", list_names, NULL, SOURCE},
};

const struct em_part em_tags_part = {
    .name = "tags",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
};
