/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

#include <string.h>

/* One mention of a resource in another's body. */
struct edge {
    uint32_t from, to;
};

struct edges {
    struct rd_arena *arena;
    struct edge *items;
    size_t count, cap;
    uint32_t from;
};

static void *as_value(size_t number)
{
    return (void *)(uintptr_t)number; /* rd_map holds pointers: a number is stored in one */
}

static size_t as_number(const void *value)
{
    return (size_t)(uintptr_t)value;
}

/* "https://store.vault.azure.net/keys/name/version" is "store/keys/name". */
static struct rd_str key_of_url(struct rd_arena *arena, struct rd_str url)
{
    struct rd_str rest = rd_str_sub(url, strlen("https://"), url.n);
    struct rd_str host = {0}, kind = {0}, name = {0};
    if (!rd_str_has_prefix_case(url, RD_STR("https://")) || !rd_str_next(&rest, '/', &host) ||
        !rd_str_next(&rest, '/', &kind) || !rd_str_is_case(kind, "keys") ||
        !rd_str_next(&rest, '/', &name))
        return RD_STR("");
    struct rd_str store = rd_str_sub(host, 0, rd_str_find_char(host, '.', 0));
    return rd_arena_printf(arena, "%.*s/keys/%.*s", RD_FMT(store), RD_FMT(name));
}

int64_t set_index_resolve(struct rd_arena *arena, const struct set_index *index,
                          const struct rd_json *value)
{
    if (set_index_is_reference(value))
        return rd_set_index(index->set, rd_reference_id(value));
    struct rd_str text = rd_json_str(value);
    if (text.n == 0)
        return RD_NONE;
    if (text.p[0] == '/')
        return rd_set_index(index->set, text);
    size_t found = 0;
    if (rd_str_is_guid(text))
        found = as_number(rd_map_get(&index->by_principal_id, text));
    else if (rd_str_has_prefix_case(text, RD_STR("https://")))
        found = as_number(rd_map_get(&index->by_key, key_of_url(arena, text)));
    return found == 0 ? RD_NONE : (int64_t)found - 1;
}

static void collect_edges(const struct set_index *index, const struct rd_json *value,
                          struct edges *edges)
{
    if (rd_json_is(value, RD_JSON_STRING) || set_index_is_reference(value)) {
        int64_t to = set_index_resolve(edges->arena, index, value);
        if (to == RD_NONE || (uint32_t)to == edges->from)
            return;
        edges->items = rd_arena_grow(edges->arena, edges->items, edges->count, &edges->cap,
                                     sizeof(*edges->items));
        edges->items[edges->count++] = (struct edge){edges->from, (uint32_t)to};
        return;
    }
    if (rd_json_is(value, RD_JSON_ARRAY))
        for (size_t i = 0; i < rd_json_count(value); i++)
            collect_edges(index, &value->u.items[i], edges);
    if (rd_json_is(value, RD_JSON_OBJECT))
        for (size_t i = 0; i < rd_json_count(value); i++) {
            /* Keys name resources too: identity.userAssignedIdentities is keyed by id. */
            struct rd_json key = rd_json_string(value->u.members[i].key);
            if (value->u.members[i].key.n > 0 && value->u.members[i].key.p[0] == '/')
                collect_edges(index, &key, edges);
            collect_edges(index, &value->u.members[i].value, edges);
        }
}

static void index_references(struct rd_arena *arena, struct set_index *index)
{
    const struct rd_set *set = index->set;
    struct edges edges = {.arena = arena};
    for (size_t i = 0; i < set->count; i++) {
        edges.from = (uint32_t)i;
        collect_edges(index, &set->resources[i].body, &edges);
    }
    index->referrer_starts = rd_arena_array(arena, set->count + 2, sizeof(uint32_t));
    index->referrer_items = rd_arena_array(arena, edges.count + 1, sizeof(uint32_t));
    uint32_t *last_from = rd_arena_array(arena, set->count + 1, sizeof(uint32_t));
    size_t kept = 0;
    /* Edges come in order of `from`, so a double is one whose target was last named by the same. */
    for (size_t i = 0; i < edges.count; i++) {
        if (last_from[edges.items[i].to] == edges.items[i].from + 1)
            continue;
        last_from[edges.items[i].to] = edges.items[i].from + 1;
        edges.items[kept++] = edges.items[i];
        index->referrer_starts[edges.items[i].to + 2]++;
    }
    for (size_t i = 2; i < set->count + 2; i++)
        index->referrer_starts[i] += index->referrer_starts[i - 1];
    for (size_t i = 0; i < kept; i++)
        index->referrer_items[index->referrer_starts[edges.items[i].to + 1]++] =
            edges.items[i].from;
}

static void index_types(struct rd_arena *arena, struct set_index *index)
{
    const struct rd_set *set = index->set;
    index->type_starts = rd_arena_array(arena, index->type_count + 2, sizeof(uint32_t));
    index->type_items = rd_arena_array(arena, set->count + 1, sizeof(uint32_t));
    for (size_t i = 0; i < set->count; i++)
        index->type_starts[set->resources[i].type - index->types + 2]++;
    for (size_t i = 2; i < index->type_count + 2; i++)
        index->type_starts[i] += index->type_starts[i - 1];
    for (size_t i = 0; i < set->count; i++)
        index->type_items[index->type_starts[set->resources[i].type - index->types + 1]++] =
            (uint32_t)i;
}

static void index_children(struct rd_arena *arena, struct set_index *index)
{
    const struct rd_set *set = index->set;
    index->next_child = rd_arena_array(arena, set->count + 1, sizeof(uint32_t));
    for (size_t i = 0; i < set->count; i++) {
        struct rd_arm_id id = {0};
        if (!rd_arm_id_parse(set->resources[i].id, &id) || rd_str_is_empty(id.parent))
            continue;
        struct child_ends *ends = rd_map_get(&index->first_child, id.parent);
        if (ends == NULL) {
            ends = rd_arena_zalloc(arena, sizeof(*ends));
            ends->first = (uint32_t)i + 1;
            (void)rd_map_set(&index->first_child, id.parent, ends);
        } else {
            index->next_child[ends->last - 1] = (uint32_t)i + 1;
        }
        ends->last = (uint32_t)i + 1;
    }
}

/* Object ids of identities, and keys by the URL that a live disk encryption set holds. */
static void index_names(struct rd_arena *arena, struct set_index *index)
{
    static const char *const places[] = {"properties.principalId", "identity.principalId", "id"};
    for (size_t i = 0; i < index->set->count; i++) {
        const struct rd_resource *resource = &index->set->resources[i];
        bool is_assignment = rd_str_has_suffix_case(resource->type->name, RD_STR("Assignments"));
        for (size_t k = 0; k < sizeof(places) / sizeof(*places) && !is_assignment; k++) {
            struct rd_str id = rd_json_str(rd_json_at(&resource->body, places[k]));
            if (rd_str_is_guid(id))
                (void)rd_map_set(&index->by_principal_id, id, as_value(i + 1));
        }
        struct rd_arm_id id = {0};
        struct rd_arm_id store = {0};
        if (rd_str_has_suffix_case(resource->type->name, RD_STR("/keys")) &&
            rd_arm_id_parse(resource->id, &id) && rd_arm_id_parse(id.parent, &store))
            (void)rd_map_set(
                &index->by_key,
                rd_arena_printf(arena, "%.*s/keys/%.*s", RD_FMT(store.name), RD_FMT(id.name)),
                as_value(i + 1));
    }
}

enum rd_rc set_index_init(struct rd_arena *arena, const struct rd_set *set,
                          struct set_index *ret_index, struct rd_err *err)
{
    struct set_index index = {.set = set};
    RD_TRY(rd_types_load(&index.types, &index.type_count, err));
    rd_map_init(&index.first_child, true);
    rd_map_init(&index.by_principal_id, true);
    rd_map_init(&index.by_key, true);
    index_types(arena, &index);
    index_children(arena, &index);
    index_names(arena, &index);
    index_references(arena, &index);
    *ret_index = index;
    return RD_RC_OK;
}

void set_index_done(struct set_index *index)
{
    rd_map_done(&index->first_child);
    rd_map_done(&index->by_principal_id);
    rd_map_done(&index->by_key);
}

struct index_list set_index_of_type(const struct set_index *index, const struct rd_type *type)
{
    size_t i = (size_t)(type - index->types);
    return (struct index_list){index->type_items + index->type_starts[i],
                               index->type_starts[i + 1] - index->type_starts[i]};
}

struct index_list set_index_referrers(const struct set_index *index, size_t resource)
{
    return (struct index_list){index->referrer_items + index->referrer_starts[resource],
                               index->referrer_starts[resource + 1] -
                                   index->referrer_starts[resource]};
}

int64_t set_index_child(const struct set_index *index, struct rd_str id)
{
    const struct child_ends *ends = rd_map_get(&index->first_child, id);
    return ends == NULL ? RD_NONE : (int64_t)ends->first - 1;
}

int64_t set_index_next_child(const struct set_index *index, int64_t child)
{
    return (int64_t)index->next_child[child] - 1; /* 0 gives RD_NONE */
}
