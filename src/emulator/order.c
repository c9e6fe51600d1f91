/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

/* The order in which a type's replies name their members, where it was recorded. */

static struct rd_json ordered(struct em_exchange *ex, const struct rd_json *object,
                              struct rd_str names)
{
    struct rd_json out = rd_json_object();
    struct rd_str rest = names, name;
    while (rd_str_next(&rest, ' ', &name)) {
        const struct rd_json *member = rd_json_get(object, name);
        if (!rd_json_is(member, RD_JSON_ABSENT))
            (void)rd_json_set(ex->arena, &out, name, *member);
    }
    for (size_t i = 0; i < rd_json_count(object); i++) {
        const struct rd_json_member *member = &object->u.members[i];
        if (rd_json_is(rd_json_get(&out, member->key), RD_JSON_ABSENT))
            (void)rd_json_set(ex->arena, &out, member->key, member->value);
    }
    return out;
}

void em_put_in_order(struct em_exchange *ex, const struct em_type *type, struct rd_json *body)
{
    for (const struct em_order *order = type->order; order != NULL && order->path != NULL;
         order++) {
        bool is_top = order->path[0] == '\0';
        const struct rd_json *there = is_top ? body : rd_json_at(body, order->path);
        if (!rd_json_is(there, RD_JSON_OBJECT))
            continue;
        struct rd_json object = ordered(ex, there, rd_str_from(order->names));
        struct rd_json *place = is_top ? body : rd_json_make(ex->arena, body, order->path);
        *place = object;
    }
}
