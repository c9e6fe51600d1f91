/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"

#include <stdio.h>
#include <string.h>

struct rd_str em_text_at(const struct rd_json *body, const char *path)
{
    return rd_json_str(rd_json_at(body, path));
}

bool em_has(const struct rd_json *body, const char *path)
{
    return rd_json_exists(rd_json_at(body, path));
}

bool em_is_word(const struct rd_json *body, const char *path, const char *word)
{
    return rd_str_is_case(em_text_at(body, path), word);
}

bool em_array_has_id(const struct rd_json *body, const char *path, struct rd_str id)
{
    const struct rd_json *array = rd_json_at(body, path);
    for (size_t i = 0; i < rd_json_count(array); i++) {
        const struct rd_json *item = rd_json_item(array, i);
        struct rd_str other =
            rd_json_is(item, RD_JSON_STRING) ? rd_json_str(item) : em_text_at(item, "id");
        if (rd_str_eq_case(other, id))
            return true;
    }
    return false;
}

void em_set(struct em_exchange *ex, struct rd_json *body, const char *path, struct rd_json value)
{
    *rd_json_make(ex->arena, body, path) = value;
}

void em_set_text(struct em_exchange *ex, struct rd_json *body, const char *path, struct rd_str text)
{
    em_set(ex, body, path, rd_json_string(text));
}

void em_set_word(struct em_exchange *ex, struct rd_json *body, const char *path, const char *word)
{
    em_set(ex, body, path, rd_json_string_c(word));
}

void em_set_bool(struct em_exchange *ex, struct rd_json *body, const char *path, bool is_true)
{
    em_set(ex, body, path, rd_json_bool(is_true));
}

void em_set_int(struct em_exchange *ex, struct rd_json *body, const char *path, int64_t value)
{
    em_set(ex, body, path, rd_json_integer(value));
}

void em_drop(struct rd_json *body, const char *parent, const char *member)
{
    struct rd_json *object = body;
    for (struct rd_str rest = rd_str_from(parent), part; !rd_str_is_empty(rest);) {
        if (!rd_str_next(&rest, '.', &part))
            break;
        struct rd_json *next = NULL;
        for (size_t i = 0; object->type == RD_JSON_OBJECT && i < object->count; i++)
            if (rd_str_eq(object->u.members[i].key, part))
                next = &object->u.members[i].value;
        if (next == NULL)
            return;
        object = next;
    }
    if (object->type == RD_JSON_OBJECT)
        rd_json_remove(object, rd_str_from(member));
}

struct rd_json em_link(struct em_exchange *ex, struct rd_str id)
{
    struct rd_json link = rd_json_object();
    rd_json_set_c(ex->arena, &link, "id", rd_json_string(id));
    return link;
}

struct rd_json *em_array(struct em_exchange *ex, struct rd_json *body, const char *path)
{
    struct rd_json *array = rd_json_make(ex->arena, body, path);
    if (array->type != RD_JSON_ARRAY)
        *array = rd_json_array();
    return array;
}

struct rd_str em_child_id(struct em_exchange *ex, struct rd_str parent, const char *collection,
                          struct rd_str name)
{
    return rd_arena_printf(ex->arena, "%.*s/%s/%.*s", RD_FMT(parent), collection, RD_FMT(name));
}

struct rd_str em_id_name(struct rd_str id)
{
    return rd_str_after_last(id, '/');
}

struct rd_str em_id_parent(struct rd_str id)
{
    for (int i = 0; i < 2; i++) {
        size_t slash = rd_str_find_last_char(id, '/');
        if (slash == RD_STR_NONE)
            return (struct rd_str){"", 0};
        id = rd_str_sub(id, 0, slash);
    }
    return id;
}

struct rd_str em_id_segment(struct rd_str id, const char *name)
{
    struct rd_str rest = id;
    struct rd_str part;
    bool is_next = false;
    while (rest.p != NULL && rd_str_next(&rest, '/', &part)) {
        if (is_next)
            return part;
        is_next = rd_str_is_case(part, name);
    }
    return (struct rd_str){"", 0};
}

struct rd_str em_location(struct em_exchange *ex, const struct em_resource *resource)
{
    struct rd_json body = em_body(ex, resource);
    return em_text_at(&body, "location");
}

bool em_location_eq(struct rd_str a, struct rd_str b)
{
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a.n && a.p[i] == ' ')
            i++;
        while (j < b.n && b.p[j] == ' ')
            j++;
        if (i == a.n || j == b.n)
            return i == a.n && j == b.n;
        if (rd_char_lower(a.p[i++]) != rd_char_lower(b.p[j++]))
            return false;
    }
}

bool em_in_progress(const struct em_resource *resource)
{
    return resource->state == EM_CREATING || resource->state == EM_UPDATING ||
           resource->state == EM_DELETING;
}

bool em_require_idle(struct em_exchange *ex, const struct em_resource *resource)
{
    if (!em_in_progress(resource))
        return true;
    em_reply_header(ex, "Retry-After", "10");
    struct rd_str name = em_name(resource);
    return em_fail(ex, 429, "AnotherOperationInProgress",
                   "Another operation on this or dependent resource is in progress. To retrieve "
                   "status of the operation look at resource '%.*s' (%.*s).",
                   RD_FMT(name), RD_FMT(resource->id));
}

bool em_require_family_idle(struct em_exchange *ex, const struct em_resource *parent,
                            struct rd_str id)
{
    if (!em_require_idle(ex, parent))
        return false;
    for (const struct em_resource *child = parent->first_child; child != NULL;
         child = child->next_sibling)
        if (!child->is_deleted && !rd_str_eq_case(child->id, id) && !em_require_idle(ex, child))
            return false;
    return true;
}

struct em_resource *em_next_child(const struct em_resource *parent, const char *type,
                                  const struct em_resource *last)
{
    struct em_resource *child = last == NULL ? parent->first_child : last->next_sibling;
    while (child != NULL && (child->is_deleted ||
                             !rd_str_eq_case(rd_str_from(child->type->name), rd_str_from(type))))
        child = child->next_sibling;
    return child;
}

bool em_put_refused(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                    struct rd_json *hidden)
{
    (void)former;
    (void)body;
    (void)hidden;
    return em_fail(ex, 405, "HttpMethodNotAllowed",
                   "The HTTP method is not supported: the service alone makes '%.*s'.",
                   RD_FMT(ex->id));
}

bool em_check_word(struct em_exchange *ex, const struct rd_json *value, const char *const *words,
                   const char *code, const char *subject)
{
    struct rd_str text = rd_json_str(value);
    return em_is_one_of(text, words) ||
           em_fail(ex, 400, code, "The value '%.*s' of %s is not valid. Allowed values are: %.*s.",
                   RD_FMT(text), subject, RD_FMT(em_word_list(ex, words)));
}

bool em_patch_tags(struct em_exchange *ex, struct em_resource *resource,
                   const struct rd_json *patch, struct rd_json *body, struct rd_json *hidden)
{
    (void)resource;
    (void)hidden;
    const struct rd_json *tags = rd_json_at(patch, "tags");
    if (rd_json_exists(tags))
        em_set(ex, body, "tags", rd_json_copy(ex->arena, tags));
    return true;
}

void em_default_text(struct em_exchange *ex, struct rd_json *body, const char *path,
                     const char *text)
{
    em_default(ex, body, path, rd_json_string_c(text));
}

void em_keep_text(struct em_exchange *ex, struct rd_json *hidden, const char *member,
                  struct rd_str text)
{
    if (hidden->type != RD_JSON_OBJECT)
        *hidden = rd_json_object();
    rd_json_set_c(ex->arena, hidden, member, rd_json_string(text));
}

void em_set_guid(struct em_exchange *ex, struct rd_json *body, const char *path, const char *what,
                 struct rd_str id)
{
    /* Azure CLI writes ids in casing of its own: what is there keeps its GUID whatever the id says.
     */
    const struct em_resource *there = em_find(ex->cloud, id);
    struct rd_json former = there != NULL ? em_body(ex, there) : rd_json_object();
    if (em_text_at(&former, path).n > 0) {
        em_set_text(ex, body, path, em_text_at(&former, path));
        return;
    }
    struct rd_str seed = rd_arena_printf(ex->arena, "%s %.*s", what, RD_FMT(id));
    em_set_text(ex, body, path, em_guid(ex, seed));
}
