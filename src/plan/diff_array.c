/* SPDX-License-Identifier: Apache-2.0 */
#include "diff_internal.h"

/*
 * Arrays of objects are compared item by item, told apart by a key; arrays of scalars as sets,
 * unless order counts. Items are looked for at their own position first, so equal arrays compare
 * in one pass; otherwise by searching, which is fine for the sizes that bodies have.
 */

/* What the item is called: the text at the key's path, "" when it has none. */
static struct rd_str key_of(const struct rd_json *item, struct rd_str key)
{
    const struct rd_json *value = rd_json_at_str(item, key);
    if (rd_is_reference(value))
        return rd_reference_id(value);
    return rd_json_str(value);
}

static bool has_key(const struct rd_json *array, struct rd_str key)
{
    for (size_t i = 0; i < array->count; i++)
        if (key_of(&array->u.items[i], key).n == 0)
            return false;
    return true;
}

/* The member that tells items apart, "" for their position. */
static struct rd_str key_for(const struct rd_json *desired, const struct rd_field *field)
{
    if (field != NULL && field->key.n > 0 && has_key(desired, field->key))
        return field->key;
    if (has_key(desired, RD_STR("name")))
        return RD_STR("name");
    if (has_key(desired, RD_STR("id")))
        return RD_STR("id");
    return (struct rd_str){"", 0};
}

struct keyed {
    struct rd_str key;
    bool is_region; /* "West Europe" as a key is "westeurope" */
};

static bool same_key(const struct keyed *keyed, const struct rd_json *a, const struct rd_json *b)
{
    struct rd_str x = key_of(a, keyed->key), y = key_of(b, keyed->key);
    return keyed->is_region ? rd_region_eq(x, y) : rd_str_eq_case(x, y);
}

/* The index of the item of the same key in `array`, or RD_STR_NONE. */
static size_t find_item(const struct keyed *keyed, const struct rd_json *array,
                        const struct rd_json *item, size_t hint)
{
    if (hint < array->count && same_key(keyed, &array->u.items[hint], item))
        return hint;
    for (size_t i = 0; i < array->count; i++)
        if (same_key(keyed, &array->u.items[i], item))
            return i;
    return RD_STR_NONE;
}

static bool diff_keyed(struct rd_differ *differ, const struct rd_json *desired,
                       const struct rd_json *live, const struct rd_field *field, uint32_t flags,
                       const struct keyed *keyed, const struct rd_place *place)
{
    bool differs = false, is_moved = false;
    size_t last = 0;
    for (size_t i = 0; i < desired->count; i++) {
        const struct rd_json *item = &desired->u.items[i];
        struct rd_place here = {
            .above = place, .key = key_of(item, keyed->key), .kind = RD_PLACE_KEY};
        size_t at = find_item(keyed, live, item, i);
        if (at == RD_STR_NONE) {
            differs |= rd_diff_record(differ, &rd_json_absent, item, flags, &here);
            continue;
        }
        is_moved |= at < last;
        last = at;
        differs |= rd_diff_value(differ, item, &live->u.items[at], field, flags, &here);
    }
    for (size_t i = 0; i < live->count; i++) {
        const struct rd_json *item = &live->u.items[i];
        if (find_item(keyed, desired, item, i) != RD_STR_NONE)
            continue;
        struct rd_place here = {
            .above = place, .key = key_of(item, keyed->key), .kind = RD_PLACE_KEY};
        differs |= rd_diff_record(differ, item, &rd_json_absent, flags, &here);
    }
    if (!differs && is_moved && (flags & RD_FIELD_ORDERED) != 0)
        differs = rd_diff_record(differ, live, desired, flags, place);
    return differs;
}

static bool diff_by_position(struct rd_differ *differ, const struct rd_json *desired,
                             const struct rd_json *live, const struct rd_field *field,
                             uint32_t flags, const struct rd_place *place)
{
    bool differs = false;
    for (size_t i = 0; i < desired->count || i < live->count; i++) {
        struct rd_place here = {.above = place, .item = i, .kind = RD_PLACE_ITEM};
        if (i >= desired->count)
            differs |= rd_diff_record(differ, &live->u.items[i], &rd_json_absent, flags, &here);
        else if (i >= live->count)
            differs |= rd_diff_record(differ, &rd_json_absent, &desired->u.items[i], flags, &here);
        else
            differs |=
                rd_diff_value(differ, &desired->u.items[i], &live->u.items[i], field, flags, &here);
    }
    return differs;
}

static bool is_in(struct rd_differ *differ, const struct rd_json *desired_item,
                  const struct rd_json *live, const struct rd_field *field, uint32_t flags,
                  size_t hint)
{
    if (hint < live->count &&
        !rd_diff_quietly(differ, desired_item, &live->u.items[hint], field, flags))
        return true;
    for (size_t i = 0; i < live->count; i++)
        if (!rd_diff_quietly(differ, desired_item, &live->u.items[i], field, flags))
            return true;
    return false;
}

/* Scalars: as many on both sides, and each desired one among the live ones and the reverse. */
static bool diff_scalars(struct rd_differ *differ, const struct rd_json *desired,
                         const struct rd_json *live, const struct rd_field *field, uint32_t flags)
{
    if (desired->count != live->count)
        return true;
    if ((flags & RD_FIELD_ORDERED) != 0) {
        for (size_t i = 0; i < desired->count; i++)
            if (rd_diff_quietly(differ, &desired->u.items[i], &live->u.items[i], field, flags))
                return true;
        return false;
    }
    for (size_t i = 0; i < desired->count; i++)
        if (!is_in(differ, &desired->u.items[i], live, field, flags, i))
            return true;
    for (size_t i = 0; i < live->count; i++) {
        bool is_wanted =
            !rd_diff_quietly(differ, &desired->u.items[i], &live->u.items[i], field, flags);
        for (size_t j = 0; j < desired->count && !is_wanted; j++)
            is_wanted =
                !rd_diff_quietly(differ, &desired->u.items[j], &live->u.items[i], field, flags);
        if (!is_wanted)
            return true;
    }
    return false;
}

static bool has_objects(const struct rd_json *array)
{
    for (size_t i = 0; i < array->count; i++)
        if (array->u.items[i].type != RD_JSON_OBJECT || rd_is_reference(&array->u.items[i]))
            return false;
    return true;
}

static bool has_arrays(const struct rd_json *array)
{
    for (size_t i = 0; i < array->count; i++)
        if (array->u.items[i].type == RD_JSON_ARRAY)
            return true;
    return false;
}

bool rd_diff_array(struct rd_differ *differ, const struct rd_json *desired,
                   const struct rd_json *live, const struct rd_field *field, uint32_t flags,
                   const struct rd_place *place)
{
    static const struct rd_json nothing = {.type = RD_JSON_ARRAY};
    if (!rd_json_exists(live) || (live->type == RD_JSON_STRING && live->count == 0))
        live = live->type == RD_JSON_ARRAY ? live : &nothing;
    if (live->type != RD_JSON_ARRAY)
        return rd_diff_record(differ, live, desired, flags, place);
    if (desired->count == 0 && live->count == 0)
        return false;
    if (desired->count == 0 || live->count == 0)
        return rd_diff_record(differ, live->count == 0 ? &rd_json_absent : live, desired, flags,
                              place);
    if (has_objects(desired)) {
        struct keyed keyed = {.key = key_for(desired, field)};
        const struct rd_field *key_field = rd_field_child(field, keyed.key);
        keyed.is_region = key_field != NULL && (key_field->flags & RD_FIELD_REGION) != 0;
        return keyed.key.n > 0 ? diff_keyed(differ, desired, live, field, flags, &keyed, place)
                               : diff_by_position(differ, desired, live, field, flags, place);
    }
    if (has_arrays(desired))
        return diff_by_position(differ, desired, live, field, flags, place);
    for (size_t i = 0; i < desired->count; i++)
        if (rd_diff_is_bound(differ, &desired->u.items[i], flags))
            return rd_diff_record(differ, live, desired, flags | RD_FIELD_REPLACE, place);
    return diff_scalars(differ, desired, live, field, flags) &&
           rd_diff_record(differ, live, desired, flags, place);
}
