/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a write calls for may have run out since it was made (column renew): the token by which an
 * agent registers with its pool lives for a day. The pool does not differ then, and is written all
 * the same when something that asks it for the token is.
 */
#include "make_internal.h"

/* Whether a body asks for what a POST to `id` answers. Bodies are as deep as the set allows. */
static bool calls(const struct rd_json *value, struct rd_str id)
{
    if (value->type == RD_JSON_ARRAY) {
        for (size_t i = 0; i < value->count; i++)
            if (calls(&value->u.items[i], id))
                return true;
        return false;
    }
    if (value->type != RD_JSON_OBJECT)
        return false;
    struct rd_str call = rd_json_str(rd_json_get(value, RD_STR("$call")));
    if (call.n > id.n && call.p[id.n] == '/' && rd_str_has_prefix_case(call, id))
        return true;
    for (size_t i = 0; i < value->count; i++)
        if (calls(&value->u.members[i].value, id))
            return true;
    return false;
}

/* Whether something that is written asks for it. What is still being written has asked already, and
 * would be left with what a renewal makes void: then nothing is renewed, for it is new enough. */
static bool is_called(const struct rd_maker *maker, struct rd_str id)
{
    bool is_found = false;
    for (size_t i = 0; i < maker->plan->change_count; i++) {
        const struct rd_change *change = &maker->plan->changes[i];
        if (change->desired == NULL || !calls(&change->desired->body, id))
            continue;
        if (change->live != NULL && rd_owner_is_under_way(change->live))
            return false;
        is_found = true;
    }
    return is_found;
}

void rd_maker_renew(struct rd_maker *maker)
{
    for (size_t i = 0; i < maker->desired->count; i++) {
        const struct rd_resource *resource = &maker->desired->resources[i];
        const struct rd_json *row = rd_json_get(resource->type->row, RD_STR("renew"));
        struct rd_str path = rd_json_str(rd_json_get(row, RD_STR("path")));
        int64_t live = path.n == 0 ? RD_NONE : rd_set_index(maker->live, resource->id);
        if (live == RD_NONE || maker->desired_change[i] != RD_NONE || resource->is_existing ||
            !is_called(maker, resource->id))
            continue;
        struct rd_change *change = rd_maker_add(maker, RD_CHANGE_UPDATE, (int64_t)i, live,
                                                rd_json_str(rd_json_get(row, RD_STR("reason"))));
        maker->kinds[i] = RD_CHANGE_UPDATE;
        maker->plan->counts[RD_CHANGE_NONE]--;
        change->fields =
            rd_arena_grow(maker->arena, NULL, 0, &change->field_cap, sizeof(*change->fields));
        change->fields[change->field_count++] = (struct rd_field_change){
            .path = path,
            .before = &rd_json_absent,
            .after = rd_json_at_str(&resource->body, path),
        };
    }
}
