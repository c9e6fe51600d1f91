/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "resource/set.h"

/*
 * Resolving has two passes. The first collects what each resource needs: one look-up an id that a
 * body names, so the work is linear in the text. The second walks the graph depth first, which
 * finds cycles and, for rd_set_order, gives the order.
 */

/* One step of the way from the body to the value at hand, for messages only. */
struct place {
    struct rd_str key; /* of an object's member, or p NULL */
    size_t item;
};

struct resolver {
    struct rd_set *set;
    struct rd_arena *scratch;
    bool is_live;
    uint32_t index;  /* the resource at hand */
    uint32_t *marks; /* for each resource, index + 1 of the last one found to need it */
    uint32_t *found; /* what the resource at hand needs */
    size_t found_count;
    size_t found_cap;
    struct place places[RD_JSON_DEPTH_MAX + 1];
    size_t depth;
    struct rd_str group; /* the group looked up last, which the next one mostly shares */
    int64_t group_index;
};

static int64_t look_up(struct resolver *resolver, struct rd_str id)
{
    resolver->set->lookup_count++;
    return rd_set_index(resolver->set, id);
}

static void need(struct resolver *resolver, int64_t target)
{
    if (target == RD_NONE || target == (int64_t)resolver->index ||
        resolver->marks[target] == resolver->index + 1)
        return;
    resolver->marks[target] = resolver->index + 1;
    resolver->found = rd_arena_grow(resolver->scratch, resolver->found, resolver->found_count,
                                    &resolver->found_cap, sizeof(*resolver->found));
    resolver->found[resolver->found_count++] = (uint32_t)target;
}

/* The nearest resource that is the id or contains it. */
static int64_t nearest(struct resolver *resolver, struct rd_str id)
{
    int64_t index = look_up(resolver, id);
    if (index != RD_NONE)
        return index;
    struct rd_arm_id parsed;
    /* An action or a sub-resource without a name of its own ("{id}/run") is cut off first. */
    while (id.n > 0 && !rd_arm_id_parse(id, &parsed)) {
        size_t slash = rd_str_find_last_char(id, '/');
        if (slash == RD_STR_NONE)
            return RD_NONE;
        id = rd_str_sub(id, 0, slash);
        index = look_up(resolver, id);
        if (index != RD_NONE)
            return index;
    }
    while (id.n > 0 && parsed.parent.n > 0) {
        struct rd_str parent = parsed.parent;
        index = look_up(resolver, parent);
        if (index != RD_NONE || !rd_arm_id_parse(parent, &parsed))
            return index;
    }
    return RD_NONE;
}

static bool is_id_text(struct rd_str text)
{
    return text.n > 12 && text.p[0] == '/' &&
           (rd_str_has_prefix_case(text, RD_STR("/subscriptions/")) ||
            rd_str_has_prefix_case(text, RD_STR("/providers/")));
}

static struct rd_str place_text(const struct resolver *resolver)
{
    struct rd_str text = {"", 0};
    for (size_t i = 0; i < resolver->depth; i++) {
        const struct place *place = &resolver->places[i];
        if (place->key.p == NULL)
            text = rd_arena_printf(resolver->scratch, "%.*s[%zu]", RD_FMT(text), place->item);
        else
            text = rd_arena_printf(resolver->scratch, "%.*s%s%.*s", RD_FMT(text),
                                   text.n > 0 ? "." : "", RD_FMT(place->key));
    }
    return text;
}

static enum rd_rc fail_unknown(const struct resolver *resolver, struct rd_str where,
                               struct rd_str id, struct rd_err *err)
{
    const struct rd_resource *resource = &resolver->set->resources[resolver->index];
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                               "'%.*s' of %.*s '%.*s' refers to '%.*s', which is not in the set",
                               RD_FMT(where), RD_FMT(resource->type->label), RD_FMT(resource->name),
                               RD_FMT(id)),
                       err, "add that resource, or mark it as existing when others own it");
}

static enum rd_rc scan_reference(struct resolver *resolver, const struct rd_json *value,
                                 struct rd_err *err)
{
    struct rd_str id = rd_reference_id(value);
    if (id.n == 0)
        return RD_RC_OK;
    int64_t index = look_up(resolver, id);
    if (index == RD_NONE && !resolver->is_live)
        return fail_unknown(resolver, place_text(resolver), id, err);
    need(resolver, index);
    return RD_RC_OK;
}

static enum rd_rc scan(struct resolver *resolver, const struct rd_json *value,
                       const struct rd_field *field, struct rd_err *err);

static enum rd_rc scan_object(struct resolver *resolver, const struct rd_json *value,
                              const struct rd_field *field, struct rd_err *err)
{
    struct place *place = &resolver->places[resolver->depth++];
    for (size_t i = 0; i < value->count; i++) {
        const struct rd_json_member *member = &value->u.members[i];
        place->key = member->key;
        /* userAssignedIdentities name what they need in the key. */
        if (is_id_text(member->key))
            need(resolver, nearest(resolver, member->key));
        RD_TRY(scan(resolver, &member->value, rd_field_child(field, member->key), err));
    }
    resolver->depth--;
    return RD_RC_OK;
}

/* An image template names the version that running it makes: it does not need it. */
static bool is_made_by_this(const struct resolver *resolver, int64_t target)
{
    if (target == RD_NONE)
        return false;
    struct rd_str via = resolver->set->resources[target].via;
    return via.n > 0 && rd_arm_id_is_within(via, resolver->set->resources[resolver->index].id);
}

static enum rd_rc scan(struct resolver *resolver, const struct rd_json *value,
                       const struct rd_field *field, struct rd_err *err)
{
    if (field != NULL && (field->flags & RD_FIELD_READ_ONLY) != 0)
        return RD_RC_OK;
    if (value->type == RD_JSON_STRING) {
        int64_t target =
            is_id_text(rd_json_str(value)) ? nearest(resolver, rd_json_str(value)) : RD_NONE;
        if (!is_made_by_this(resolver, target))
            need(resolver, target);
        return RD_RC_OK;
    }
    if (resolver->depth >= RD_JSON_DEPTH_MAX)
        return RD_RC_OK;
    if (value->type == RD_JSON_OBJECT)
        return rd_is_reference(value) ? scan_reference(resolver, value, err)
                                      : scan_object(resolver, value, field, err);
    if (value->type != RD_JSON_ARRAY)
        return RD_RC_OK;
    struct place *place = &resolver->places[resolver->depth++];
    place->key = (struct rd_str){NULL, 0};
    for (size_t i = 0; i < value->count; i++) {
        place->item = i;
        RD_TRY(scan(resolver, &value->u.items[i], field, err));
    }
    resolver->depth--;
    return RD_RC_OK;
}

/* The nearest ancestor and the group; what is below no group has only its ancestor. */
static void need_owners(struct resolver *resolver, struct rd_str id)
{
    struct rd_arm_id parsed;
    if (!rd_arm_id_parse(id, &parsed) || parsed.parent.n == 0)
        return;
    need(resolver, nearest(resolver, parsed.parent));
    if (parsed.resource_group.n == 0)
        return;
    size_t end = (size_t)(parsed.resource_group.p - id.p) + parsed.resource_group.n;
    struct rd_str group = rd_str_sub(id, 0, end);
    if (!rd_str_eq(group, resolver->group)) {
        resolver->group = group;
        resolver->group_index = look_up(resolver, group);
    }
    need(resolver, resolver->group_index);
}

static enum rd_rc need_named(struct resolver *resolver, struct rd_err *err)
{
    const struct rd_resource *resource = &resolver->set->resources[resolver->index];
    for (size_t i = 0; i < resource->after_count; i++) {
        int64_t index = look_up(resolver, resource->after[i]);
        if (index == RD_NONE && !resolver->is_live)
            return fail_unknown(resolver, RD_STR("after"), resource->after[i], err);
        need(resolver, index);
    }
    if (resource->via.n == 0)
        return RD_RC_OK;
    int64_t index = nearest(resolver, resource->via);
    if (index == RD_NONE && !resolver->is_live)
        return fail_unknown(resolver, RD_STR("via"), resource->via, err);
    need(resolver, index);
    return RD_RC_OK;
}

/* Few needs each, so an insertion sort is the quick way. */
static void keep_found(struct resolver *resolver, uint32_t **ret_needs, uint32_t *ret_count)
{
    uint32_t *found = resolver->found;
    for (size_t i = 1; i < resolver->found_count; i++) {
        uint32_t value = found[i];
        size_t at = i;
        for (; at > 0 && found[at - 1] > value; at--)
            found[at] = found[at - 1];
        found[at] = value;
    }
    *ret_count = (uint32_t)resolver->found_count;
    *ret_needs = NULL;
    if (resolver->found_count == 0)
        return;
    *ret_needs = rd_arena_array(resolver->set->arena, resolver->found_count, sizeof(**ret_needs));
    memcpy(*ret_needs, found, resolver->found_count * sizeof(*found));
}

static enum rd_rc collect_of(struct resolver *resolver, const struct rd_json *body,
                             uint32_t **ret_needs, uint32_t *ret_count, struct rd_err *err)
{
    const struct rd_resource *resource = &resolver->set->resources[resolver->index];
    resolver->found_count = 0;
    resolver->depth = 0;
    need_owners(resolver, resource->id);
    RD_TRY(scan(resolver, body, resource->type->fields, err));
    RD_TRY(need_named(resolver, err));
    keep_found(resolver, ret_needs, ret_count);
    return RD_RC_OK;
}

static enum rd_rc collect(struct resolver *resolver, struct rd_err *err)
{
    struct rd_set *set = resolver->set;
    for (size_t i = 0; i < set->count; i++) {
        struct rd_resource *resource = &set->resources[i];
        resolver->index = (uint32_t)i;
        RD_TRY(collect_of(resolver, &resource->body, &resource->needs, &resource->need_count, err));
        if (resource->provisional == NULL)
            continue;
        for (size_t n = 0; n < resolver->found_count; n++)
            resolver->marks[resolver->found[n]] = 0;
        RD_TRY(collect_of(resolver, resource->provisional, &resource->first_needs,
                          &resource->first_need_count, err));
    }
    return RD_RC_OK;
}

/* Walking ------------------------------------------------------------------------------------- */

enum colour { UNSEEN, OPEN, CLOSED };

struct visit {
    uint32_t index;
    uint32_t next; /* of its needs */
};

struct walker {
    struct rd_set *set;
    bool drops; /* an edge that closes a cycle, instead of failing */
    uint8_t *colours;
    struct visit *stack;
    size_t depth;
    uint32_t *order; /* or NULL */
    size_t order_count;
};

static void drop_need(struct rd_resource *resource, uint32_t at)
{
    resource->need_count--;
    memmove(&resource->needs[at], &resource->needs[at + 1],
            (resource->need_count - at) * sizeof(*resource->needs));
}

/* Whether the need that a visit is at may be dropped: all but those on what contains it. */
static bool is_soft(const struct walker *walker, const struct visit *visit)
{
    const struct rd_resource *resource = &walker->set->resources[visit->index];
    const struct rd_resource *target = &walker->set->resources[resource->needs[visit->next - 1]];
    return !rd_arm_id_is_within(resource->id, target->id);
}

/* Drops the need nearest to the top of the stack that may go, and takes back the visits above it,
 * which then start anew. There is one: owners contain their own, so they alone make no cycle. */
static void break_cycle(struct walker *walker)
{
    while (!is_soft(walker, &walker->stack[walker->depth - 1])) {
        walker->depth--;
        assert(walker->depth > 0);
        walker->colours[walker->stack[walker->depth].index] = UNSEEN;
    }
    struct visit *top = &walker->stack[walker->depth - 1];
    drop_need(&walker->set->resources[top->index], --top->next);
}

static enum rd_rc fail_cycle(const struct walker *walker, uint32_t closing, struct rd_err *err)
{
    enum { NAMED_MAX = 8 };
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    size_t first = walker->depth;
    while (first > 0 && walker->stack[first - 1].index != closing)
        first--;
    assert(first > 0);
    size_t count = walker->depth - first + 1;
    struct rd_str text = {"", 0};
    for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
        const struct rd_resource *resource =
            &walker->set->resources[walker->stack[first - 1 + i].index];
        text = rd_arena_printf(arena, "%.*s%.*s '%.*s' needs ", RD_FMT(text),
                               RD_FMT(resource->type->label), RD_FMT(resource->name));
    }
    if (count > NAMED_MAX)
        text = rd_arena_printf(arena, "%.*s(%zu more) needs ", RD_FMT(text), count - NAMED_MAX);
    const struct rd_resource *resource = &walker->set->resources[closing];
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "a cycle: %.*s%.*s '%.*s'", RD_FMT(text),
                               RD_FMT(resource->type->label), RD_FMT(resource->name)),
                       err, "none of them can be the first; take one of these references out");
}

static enum rd_rc walk_from(struct walker *walker, uint32_t index, struct rd_err *err)
{
    walker->stack[walker->depth++] = (struct visit){.index = index};
    walker->colours[index] = OPEN;
    while (walker->depth > 0) {
        struct visit *top = &walker->stack[walker->depth - 1];
        const struct rd_resource *resource = &walker->set->resources[top->index];
        if (top->next == resource->need_count) {
            walker->colours[top->index] = CLOSED;
            if (walker->order != NULL)
                walker->order[walker->order_count] = top->index;
            walker->order_count++;
            walker->depth--;
            continue;
        }
        uint32_t target = resource->needs[top->next++];
        if (walker->colours[target] == UNSEEN) {
            walker->colours[target] = OPEN;
            walker->stack[walker->depth++] = (struct visit){.index = target};
        } else if (walker->colours[target] == OPEN) {
            if (!walker->drops)
                return fail_cycle(walker, target, err);
            break_cycle(walker);
        }
    }
    return RD_RC_OK;
}

static enum rd_rc walk(struct rd_set *set, bool drops, uint32_t *order, struct rd_err *err)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct walker walker = {.set = set,
                            .drops = drops,
                            .colours = rd_arena_array(arena, set->count, sizeof(uint8_t)),
                            .stack = rd_arena_array(arena, set->count, sizeof(struct visit)),
                            .order = order};
    for (size_t i = 0; i < set->count; i++)
        if (walker.colours[i] == UNSEEN)
            RD_TRY(walk_from(&walker, (uint32_t)i, err));
    return RD_RC_OK;
}

static enum rd_rc resolve(struct rd_set *set, bool is_live, struct rd_err *err)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *scratch = rd_arena_new(0);
    struct resolver *resolver = rd_arena_zalloc(scratch, sizeof(*resolver));
    resolver->set = set;
    resolver->scratch = scratch;
    resolver->is_live = is_live;
    resolver->marks = rd_arena_array(scratch, set->count, sizeof(*resolver->marks));
    resolver->group_index = RD_NONE;
    set->lookup_count = 0;
    RD_TRY(collect(resolver, err));
    RD_TRY(walk(set, is_live, NULL, err));
    set->is_resolved = true;
    return RD_RC_OK;
}

enum rd_rc rd_set_resolve(struct rd_set *set, struct rd_err *err)
{
    return resolve(set, false, err);
}

void rd_set_resolve_live(struct rd_set *set)
{
    struct rd_err err;
    enum rd_rc rc = resolve(set, true, &err);
    assert(rc == RD_RC_OK); /* what could fail is skipped in a live set */
    (void)rc;
}

void rd_set_order(const struct rd_set *set, uint32_t *ret_order)
{
    assert(set->is_resolved);
    struct rd_err err;
    struct rd_set view = *set; /* walking a resolved set drops nothing */
    enum rd_rc rc = walk(&view, false, ret_order, &err);
    assert(rc == RD_RC_OK);
    (void)rc;
}
