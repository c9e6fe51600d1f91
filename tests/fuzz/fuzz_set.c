/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a resource set: one that is accepted is written and read again as the same, and
 * resolving it as a wish or as what is live ends. */
#include <assert.h>
#include <stdint.h>

#include "resource/set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL when it is refused. */
static struct rd_set *read_set(struct rd_arena *arena, struct rd_str text)
{
    struct rd_json *value = rd_arena_zalloc(arena, sizeof(*value));
    struct rd_set *set = NULL;
    struct rd_err err = {0};
    if (rd_json_parse(arena, "f", text, 0, value, &err) == RD_RC_OK &&
        rd_set_from_json(arena, "f", value, &set, &err) == RD_RC_OK)
        return set;
    assert(err.msg[0] != '\0');
    return NULL;
}

static void check_order(struct rd_arena *arena, const struct rd_set *set)
{
    uint32_t *order = rd_arena_array(arena, set->count, sizeof(*order));
    uint32_t *place = rd_arena_array(arena, set->count, sizeof(*place));
    rd_set_order(set, order);
    for (uint32_t i = 0; i < set->count; i++)
        place[order[i]] = i;
    for (size_t i = 0; i < set->count; i++)
        for (uint32_t n = 0; n < set->resources[i].need_count; n++)
            assert(place[set->resources[i].needs[n]] < place[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_set *set = read_set(arena, text);
    if (set != NULL) {
        struct rd_json json = rd_set_to_json(arena, set);
        struct rd_str again = rd_json_text(arena, &json, RD_JSON_COMPACT);
        struct rd_set *copy = read_set(arena, again);
        assert(copy != NULL && copy->count == set->count);
        struct rd_json second = rd_set_to_json(arena, copy);
        assert(rd_str_eq(again, rd_json_text(arena, &second, RD_JSON_COMPACT)));
        struct rd_err err = {0};
        if (rd_set_resolve(set, &err) == RD_RC_OK)
            check_order(arena, set);
        else
            assert(err.msg[0] != '\0');
        rd_set_resolve_live(copy);
        check_order(arena, copy);
        rd_set_done(copy);
        rd_set_done(set);
    }
    rd_arena_free(arena);
    return 0;
}
