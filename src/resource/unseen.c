/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/unseen.h"

const struct rd_json *rd_set_unseen(const struct rd_set *live)
{
    return rd_json_get(&live->facts, RD_STR("unseen"));
}

bool rd_set_is_unseen(const struct rd_set *live, struct rd_str id)
{
    const struct rd_json *ids = rd_set_unseen(live);
    for (size_t i = 0; i < rd_json_count(ids); i++)
        if (rd_str_eq_case(rd_json_str(rd_json_item(ids, i)), id))
            return true;
    return false;
}

static struct rd_str what_of(struct rd_arena *arena, const struct rd_unseen *item)
{
    struct rd_str label = item->type == NULL ? RD_STR("resource") : item->type->label;
    const struct rd_type *container = rd_type_find(rd_arm_id_type(arena, item->place));
    struct rd_arm_id place;
    bool is_in_store = container != NULL && rd_arm_id_parse(item->place, &place);
    bool is_in_directory = item->type != NULL && item->type->plane == RD_PLANE_GRAPH;
    struct rd_str where = is_in_directory ? RD_STR(" in the directory") : RD_STR("");
    if (is_in_store)
        where =
            rd_arena_printf(arena, " in %.*s '%.*s'", RD_FMT(container->label), RD_FMT(place.name));
    return rd_arena_printf(arena, "%zu %.*s%s%.*s", item->count, RD_FMT(label),
                           item->count == 1 ? "" : "s", RD_FMT(where));
}

size_t rd_unseen_gather(struct rd_arena *arena, const struct rd_json *ids,
                        struct rd_unseen **ret_items)
{
    size_t total = rd_json_count(ids), count = 0;
    struct rd_unseen *items = rd_arena_array(arena, total, sizeof(*items));
    for (size_t i = 0; i < total; i++) {
        struct rd_str id = rd_json_str(rd_json_item(ids, i));
        const struct rd_type *type = rd_type_find(rd_arm_id_type(arena, id));
        struct rd_arm_id parsed;
        struct rd_str place = rd_arm_id_parse(id, &parsed) ? parsed.parent : RD_STR("");
        size_t k = 0;
        while (k < count && (items[k].type != type || !rd_str_eq_case(items[k].place, place)))
            k++;
        if (k == count)
            items[count++] = (struct rd_unseen){.type = type, .place = place};
        items[k].count++;
    }
    for (size_t k = 0; k < count; k++) {
        items[k].what = what_of(arena, &items[k]);
        items[k].role = items[k].type == NULL
                            ? RD_STR("")
                            : rd_json_str(rd_json_get(items[k].type->row, RD_STR("shown_by")));
    }
    *ret_items = items;
    return count;
}

struct rd_str rd_unseen_text(struct rd_arena *arena, const struct rd_json *ids)
{
    struct rd_unseen *items = NULL;
    size_t count = rd_unseen_gather(arena, ids, &items);
    struct rd_str text = {"", 0};
    for (size_t i = 0; i < count; i++)
        text = rd_arena_printf(arena, "%.*s%s%.*s%s%.*s%s", RD_FMT(text), i > 0 ? "; " : "",
                               RD_FMT(items[i].what), items[i].role.n > 0 ? " (seen with " : "",
                               RD_FMT(items[i].role), items[i].role.n > 0 ? ")" : "");
    return text;
}
