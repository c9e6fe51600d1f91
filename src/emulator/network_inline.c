/* SPDX-License-Identifier: Apache-2.0 */
/* Children that stand inside their parent's body and are resources as well. */
#include "network_internal.h"
#include "shape.h"

static const struct rd_json *properties_member(struct em_exchange *ex, const struct rd_json *body,
                                               const char *member)
{
    return rd_json_at_str(body, rd_arena_printf(ex->arena, "properties.%s", member));
}

static const struct rd_json *pending_list(const struct rd_json *hidden, const char *member)
{
    return rd_json_get(rd_json_at(hidden, "pending"), rd_str_from(member));
}

static const struct rd_json *item_by_name(const struct rd_json *list, struct rd_str name)
{
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (rd_str_eq_case(em_text_at(rd_json_item(list, i), "name"), name))
            return rd_json_item(list, i);
    return &rd_json_absent;
}

/* An item as it is kept: name and properties, without what only replies carry. */
static bool take_item(struct em_exchange *ex, const struct em_inline *inline_type,
                      const struct rd_json *parent, const struct rd_json *list, size_t index,
                      struct rd_json *ret_item)
{
    const struct rd_json *from = rd_json_item(list, index);
    struct rd_str name = em_text_at(from, "name");
    *ret_item = rd_json_object();
    if (rd_str_is_empty(name))
        return em_fail(ex, 400, "InvalidRequestFormat",
                       "Cannot parse the request: 'properties.%s[%zu].name' is required.",
                       inline_type->member, index);
    if (item_by_name(list, name) != from)
        return em_fail(ex, 400, "DuplicateResourceName",
                       "Resource '%.*s' has two child resources with the same name (%.*s).",
                       RD_FMT(ex->id), RD_FMT(name));
    em_set_text(ex, ret_item, "name", name);
    em_set(ex, ret_item, "properties", rd_json_copy(ex->arena, rd_json_at(from, "properties")));
    em_drop(ret_item, "properties", "provisioningState");
    return inline_type->check(ex, parent, list, em_child_id(ex, ex->id, inline_type->member, name),
                              ret_item);
}

bool em_inline_take(struct em_exchange *ex, const struct em_inline *inline_type,
                    struct em_resource *former, struct rd_json *body, struct rd_json *hidden)
{
    const struct rd_json *list = properties_member(ex, body, inline_type->member);
    struct rd_json taken = rd_json_array();
    if (rd_json_exists(list) && !rd_json_is(list, RD_JSON_ARRAY))
        return em_fail(ex, 400, "InvalidRequestFormat",
                       "Cannot parse the request: 'properties.%s' must be an array.",
                       inline_type->member);
    for (size_t i = 0; i < rd_json_count(list); i++) {
        struct rd_json item;
        if (!take_item(ex, inline_type, body, list, i, &item))
            return false;
        rd_json_append(ex->arena, &taken, item);
    }
    struct em_resource *child = NULL;
    while (former != NULL && (child = em_next_child(former, inline_type->type, child)) != NULL) {
        bool stays = rd_json_exists(item_by_name(&taken, em_name(child)));
        if (!stays && inline_type->may_go != NULL && !inline_type->may_go(ex, child))
            return false;
    }
    if (hidden->type != RD_JSON_OBJECT)
        *hidden = rd_json_object();
    em_set(ex, hidden, rd_arena_printf(ex->arena, "pending.%s", inline_type->member).p, taken);
    em_drop(body, "properties", inline_type->member);
    return true;
}

static void apply_item(struct em_exchange *ex, const struct em_inline *inline_type,
                       const struct em_resource *parent, const struct rd_json *item)
{
    struct rd_str id = em_child_id(ex, parent->id, inline_type->member, em_text_at(item, "name"));
    struct em_resource *child = em_find(ex->cloud, id);
    struct rd_json body = child != NULL ? em_body(ex, child) : rd_json_object();
    struct rd_json former = rd_json_copy(ex->arena, rd_json_at(&body, "properties"));
    if (former.type == RD_JSON_OBJECT)
        rd_json_remove(&former, RD_STR("provisioningState"));
    if (child != NULL && rd_json_eq(&former, rd_json_at(item, "properties")))
        return;
    em_set(ex, &body, "properties", rd_json_copy(ex->arena, rd_json_at(item, "properties")));
    if (child != NULL) {
        em_store(ex, child, &body);
        return;
    }
    struct rd_json hidden = rd_json_object();
    em_create(ex, inline_type->type, id, &body, &hidden);
}

void em_inline_apply(struct em_exchange *ex, const struct em_inline *inline_type,
                     struct em_resource *parent, struct rd_json *hidden)
{
    const struct rd_json *list = pending_list(hidden, inline_type->member);
    if (!rd_json_is(list, RD_JSON_ARRAY))
        return;
    for (size_t i = 0; i < rd_json_count(list); i++)
        apply_item(ex, inline_type, parent, rd_json_item(list, i));
    struct em_resource *child = em_next_child(parent, inline_type->type, NULL);
    while (child != NULL) {
        struct em_resource *next = em_next_child(parent, inline_type->type, child);
        if (!rd_json_exists(item_by_name(list, em_name(child))))
            em_remove(ex, child);
        child = next;
    }
    em_drop(hidden, "pending", inline_type->member);
}

static struct rd_json pending_view(struct em_exchange *ex, const struct em_inline *inline_type,
                                   const struct em_resource *parent, const struct rd_json *item)
{
    struct rd_str name = em_text_at(item, "name");
    struct rd_json view = rd_json_object();
    em_set_text(ex, &view, "name", name);
    em_set_text(ex, &view, "id", em_child_id(ex, parent->id, inline_type->member, name));
    em_set(ex, &view, "properties", rd_json_copy(ex->arena, rd_json_at(item, "properties")));
    em_set_word(ex, &view, "properties.provisioningState", "Updating");
    em_set_word(ex, &view, "type", inline_type->type);
    return view;
}

void em_inline_show(struct em_exchange *ex, const struct em_inline *inline_type,
                    struct em_resource *parent, struct rd_json *body)
{
    struct rd_json hidden = em_hidden(ex, parent);
    const struct rd_json *pending = pending_list(&hidden, inline_type->member);
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < rd_json_count(pending); i++)
        rd_json_append(ex->arena, &list,
                       pending_view(ex, inline_type, parent, rd_json_item(pending, i)));
    struct em_resource *child = NULL;
    while (!rd_json_is(pending, RD_JSON_ARRAY) &&
           (child = em_next_child(parent, inline_type->type, child)) != NULL)
        rd_json_append(ex->arena, &list, em_view(ex, child));
    em_set(ex, body, rd_arena_printf(ex->arena, "properties.%s", inline_type->member).p, list);
}

bool em_inline_check_child(struct em_exchange *ex, const struct em_inline *inline_type,
                           struct em_resource *former, struct rd_json *body)
{
    (void)former;
    struct em_resource *parent = em_find(ex->cloud, em_id_parent(ex->id));
    if (parent == NULL)
        return em_fail_not_found(ex, em_id_parent(ex->id));
    if (!em_require_family_idle(ex, parent, ex->id))
        return false;
    struct rd_json parent_body = em_body(ex, parent);
    struct rd_json siblings = rd_json_array();
    struct em_resource *child = NULL;
    while ((child = em_next_child(parent, inline_type->type, child)) != NULL) {
        if (rd_str_eq_case(child->id, ex->id))
            continue;
        struct rd_json item = em_body(ex, child);
        em_set_text(ex, &item, "name", em_name(child));
        rd_json_append(ex->arena, &siblings, item);
    }
    em_set_text(ex, body, "name", em_id_name(ex->id));
    bool is_good = inline_type->check(ex, &parent_body, &siblings, ex->id, body);
    em_drop(body, "", "name");
    return is_good;
}

EM_HOOK(em_inline_may_delete)
{
    return em_require_family_idle(ex, resource->parent, resource->id);
}
