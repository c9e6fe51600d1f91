/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/set.h"

#include <assert.h>

#include "base/limits.h"
#include "id_internal.h"

struct rd_set *rd_set_new(struct rd_arena *arena, struct rd_str name, struct rd_str cloud)
{
    struct rd_set *set = rd_arena_zalloc(arena, sizeof(*set));
    set->arena = arena;
    set->name = name;
    set->cloud = cloud;
    set->facts = rd_json_object();
    rd_map_init(&set->by_id, true);
    return set;
}

void rd_set_done(struct rd_set *set)
{
    if (set != NULL)
        rd_map_done(&set->by_id);
}

/* An unknown type's error names the nearest known one: mostly a slip of the pen in an id. */
static enum rd_rc fail_type(const struct rd_set *set, struct rd_str id, struct rd_str type,
                            struct rd_err *err)
{
    const struct rd_type *types = NULL;
    size_t count = 0;
    RD_TRY(rd_types_load(&types, &count, err));
    struct rd_str *names = rd_arena_array(set->arena, count, sizeof(*names));
    for (size_t i = 0; i < count; i++)
        names[i] = types[i].name;
    struct rd_str near = rd_str_nearest(type, names, count);
    enum rd_rc rc = RD_FAIL(err, RD_RC_INVALID, "'%.*s' has the type '%.*s', which is not known",
                            RD_FMT(id), RD_FMT(type));
    if (near.n > 0)
        return rd_err_hint(rc, err, "did you mean '%.*s'?", RD_FMT(near));
    return rd_err_hint(rc, err, "known types are in data/types.yaml; add a row there");
}

enum rd_rc rd_set_add(struct rd_set *set, struct rd_str id, struct rd_json body,
                      struct rd_str origin, size_t *ret_index, struct rd_err *err)
{
    const struct rd_type *types = NULL;
    size_t type_count = 0;
    RD_TRY(rd_types_load(&types, &type_count, err));
    struct rd_arm_id parsed;
    char name[RD_ARM_ID_SIZE_MAX];
    size_t n = rd_arm_id_split(id, &parsed, name, sizeof(name));
    if (n == 0)
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "'%.*s' is no resource id", RD_FMT(id)), err,
                           "ids look like /subscriptions/{id}/resourceGroups/{group}/providers/"
                           "{namespace}/{type}/{name}");
    const struct rd_type *type = rd_type_find((struct rd_str){name, n});
    if (type == NULL)
        return fail_type(set, id, (struct rd_str){name, n}, err);
    if (set->count == RD_RESOURCE_COUNT_MAX)
        return RD_FAIL(err, RD_RC_LIMIT, "more than %d resources in one set",
                       RD_RESOURCE_COUNT_MAX);
    if (!rd_map_add(&set->by_id, id, (void *)(uintptr_t)(set->count + 1)))
        return RD_FAIL(err, RD_RC_INVALID, "'%.*s' is there twice", RD_FMT(id));

    set->resources =
        rd_arena_grow(set->arena, set->resources, set->count, &set->cap, sizeof(*set->resources));
    set->resources[set->count] = (struct rd_resource){.id = id,
                                                      .name = parsed.name,
                                                      .type = type,
                                                      .body = body,
                                                      .origin = origin,
                                                      .host = RD_NONE};
    *ret_index = set->count++;
    set->is_resolved = false;
    return RD_RC_OK;
}

void rd_resource_need(struct rd_set *set, size_t index, struct rd_str id)
{
    assert(index < set->count);
    struct rd_resource *resource = &set->resources[index];
    resource->after = rd_arena_grow(set->arena, resource->after, resource->after_count,
                                    &resource->after_cap, sizeof(*resource->after));
    resource->after[resource->after_count++] = id;
    set->is_resolved = false;
}

void rd_resource_provide(struct rd_set *set, size_t index, struct rd_json body)
{
    assert(index < set->count);
    struct rd_json *kept = rd_arena_zalloc(set->arena, sizeof(*kept));
    *kept = body;
    set->resources[index].provisional = kept;
    set->is_resolved = false;
}

int64_t rd_set_index(const struct rd_set *set, struct rd_str id)
{
    return (int64_t)(uintptr_t)rd_map_get(&set->by_id, id) - 1;
}

struct rd_resource *rd_set_find(const struct rd_set *set, struct rd_str id)
{
    int64_t index = rd_set_index(set, id);
    return index == RD_NONE ? NULL : &set->resources[index];
}

int64_t rd_set_ancestor(const struct rd_set *set, struct rd_str id)
{
    struct rd_arm_id parsed;
    if (!rd_arm_id_parse(id, &parsed))
        return RD_NONE;
    while (parsed.parent.n > 0) {
        int64_t index = rd_set_index(set, parsed.parent);
        if (index != RD_NONE)
            return index;
        if (!rd_arm_id_parse(parsed.parent, &parsed))
            return RD_NONE;
    }
    return RD_NONE;
}

bool rd_resource_has_failed(const struct rd_json *body)
{
    struct rd_str state = rd_json_str(rd_json_at(body, "properties.provisioningState"));
    return rd_str_is_case(state, "Failed") || rd_str_is_case(state, "Canceled");
}

bool rd_set_owns_tags(const struct rd_set *set, const struct rd_json *tags)
{
    struct rd_str name = rd_json_str(rd_json_get_case(tags, RD_STR(RD_TAG_ENCLAVE)));
    struct rd_str id = rd_json_str(rd_json_get_case(tags, RD_STR(RD_TAG_ENCLAVE_ID)));
    return set->name.n > 0 && rd_str_eq(name, set->name) &&
           (set->enclave_id.n == 0 || rd_str_eq_case(id, set->enclave_id));
}

/* Takes `word` off the front of the text if it ends there: "redoubt:e1" must not prove what says
 * "redoubt:e10". */
static bool take_word(struct rd_str *text, struct rd_str word)
{
    if (!rd_str_has_prefix(*text, word))
        return false;
    *text = rd_str_sub(*text, word.n, text->n);
    if (text->n == 0)
        return true;
    bool ends = text->p[0] == ' ' || text->p[0] == ';';
    *text = rd_str_sub(*text, 1, text->n);
    return ends;
}

bool rd_set_owns_mark(const struct rd_set *set, struct rd_str description)
{
    struct rd_str prefix = RD_STR(RD_MARK_PREFIX);
    if (set->name.n == 0 || !rd_str_has_prefix(description, prefix))
        return false;
    struct rd_str rest = rd_str_sub(description, prefix.n, description.n);
    return take_word(&rest, set->name) &&
           (set->enclave_id.n == 0 || take_word(&rest, set->enclave_id));
}
