/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/type.h"

#include <string.h>

#include "base/map.h"
#include "facts/facts.h"

enum { MS_PER_S = 1000 };

/* Process-wide and read-only once loaded, as the tables of facts/ are. */
static struct {
    struct rd_arena *arena;
    struct rd_type *types;
    size_t count;
    struct rd_map by_name;
    bool is_loaded;
} state;

/* Columns that list paths, with what a path in them means. */
static const struct {
    const char *column;
    uint32_t flag;
} path_columns[] = {
    {"read_only", RD_FIELD_READ_ONLY}, {"write_only", RD_FIELD_WRITE_ONLY},
    {"replace", RD_FIELD_REPLACE},     {"ordered", RD_FIELD_ORDERED},
    {"exact", RD_FIELD_EXACT},         {"encoded_json", RD_FIELD_ENCODED_JSON},
    {"regions", RD_FIELD_REGION},      {"weak", RD_FIELD_WEAK},
    {"grows", RD_FIELD_GROWS},         {"along", RD_FIELD_ALONG},
    {"within", RD_FIELD_WITHIN},       {"halts", RD_FIELD_HALTS},
};

static const struct {
    const char *name;
    enum rd_plane plane;
} planes[] = {
    {"arm", RD_PLANE_ARM},
    {"vault", RD_PLANE_VAULT},
    {"hsm", RD_PLANE_HSM},
    {"graph", RD_PLANE_GRAPH},
};

static const struct {
    const char *name;
    enum rd_listing listing;
} listings[] = {
    {"group", RD_LIST_GROUP},   {"subscription", RD_LIST_SUBSCRIPTION},
    {"parent", RD_LIST_PARENT}, {"scope", RD_LIST_SCOPE},
    {"none", RD_LIST_NONE},
};

/* A tree that is still growing: children are a list until it is finished. */
static struct rd_field *child_for(struct rd_arena *arena, struct rd_field *parent,
                                  struct rd_str name)
{
    for (size_t i = 0; i < parent->child_count; i++)
        if (rd_str_eq_case(parent->children[i]->name, name))
            return parent->children[i];
    struct rd_field *child = rd_arena_zalloc(arena, sizeof(*child));
    child->name = name;
    parent->children = rd_arena_grow(arena, parent->children, parent->child_count,
                                     &parent->child_cap, sizeof(struct rd_field *));
    parent->children[parent->child_count++] = child;
    return child;
}

static struct rd_field *field_for(struct rd_arena *arena, struct rd_field *root, struct rd_str path)
{
    struct rd_field *field = root;
    struct rd_str part;
    while (path.n > 0 && rd_str_next(&path, '.', &part))
        if (!rd_str_is(part, "*") && part.n > 0)
            field = child_for(arena, field, part);
    return field;
}

static enum rd_rc fail_column(const struct rd_type *type, const char *column, const char *expected,
                              struct rd_err *err)
{
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "types.yaml: '%s' of '%.*s' is not %s", column,
                               RD_FMT(type->name), expected),
                       err, "the head of data/types.yaml describes the columns");
}

static enum rd_rc read_path_columns(struct rd_type *type, struct rd_field *root, struct rd_err *err)
{
    for (size_t c = 0; c < sizeof(path_columns) / sizeof(path_columns[0]); c++) {
        const struct rd_json *paths = rd_json_at(type->row, path_columns[c].column);
        if (rd_json_exists(paths) && !rd_json_is(paths, RD_JSON_ARRAY))
            return fail_column(type, path_columns[c].column, "a list of paths", err);
        for (size_t i = 0; i < rd_json_count(paths); i++) {
            struct rd_str path = rd_json_str(&paths->u.items[i]);
            if (path.n == 0)
                return fail_column(type, path_columns[c].column, "a list of paths", err);
            field_for(state.arena, root, path)->flags |= path_columns[c].flag;
        }
    }
    return RD_RC_OK;
}

static enum rd_rc read_maps(struct rd_type *type, struct rd_field *root, struct rd_err *err)
{
    const struct rd_json *keys = rd_json_at(type->row, "keys");
    if (rd_json_exists(keys) && !rd_json_is(keys, RD_JSON_OBJECT))
        return fail_column(type, "keys", "a map from path to member", err);
    for (size_t i = 0; i < rd_json_count(keys); i++) {
        struct rd_str member = rd_json_str(&keys->u.members[i].value);
        if (member.n == 0)
            return fail_column(type, "keys", "a map from path to member", err);
        field_for(state.arena, root, keys->u.members[i].key)->key = member;
    }
    const struct rd_json *lists = rd_json_at(type->row, "lists");
    if (rd_json_exists(lists) && !rd_json_is(lists, RD_JSON_OBJECT))
        return fail_column(type, "lists", "a map from path to separator", err);
    for (size_t i = 0; i < rd_json_count(lists); i++) {
        struct rd_str separator = rd_json_str(&lists->u.members[i].value);
        if (separator.n != 1)
            return fail_column(type, "lists", "a map from path to one separating character", err);
        field_for(state.arena, root, lists->u.members[i].key)->separator = separator.p[0];
    }
    return RD_RC_OK;
}

static enum rd_rc read_words(struct rd_type *type, struct rd_err *err)
{
    struct rd_str plane = rd_json_str(rd_json_at(type->row, "plane"));
    size_t i = 0;
    while (plane.n > 0 && i < sizeof(planes) / sizeof(planes[0]) &&
           !rd_str_is(plane, planes[i].name))
        i++;
    if (i == sizeof(planes) / sizeof(planes[0]))
        return fail_column(type, "plane", "arm, vault, hsm or graph", err);
    type->plane = planes[i].plane;

    struct rd_str list = rd_json_str(rd_json_at(type->row, "list"));
    size_t l = 0;
    while (l < sizeof(listings) / sizeof(listings[0]) && !rd_str_is(list, listings[l].name))
        l++;
    if (l == sizeof(listings) / sizeof(listings[0]))
        return fail_column(type, "list", "group, subscription, parent, scope or none", err);
    type->listing = listings[l].listing;
    return RD_RC_OK;
}

static enum rd_rc read_seconds(const struct rd_type *type, const char *column, int64_t *ret_ms,
                               struct rd_err *err)
{
    const struct rd_json *value = rd_json_at(type->row, column);
    int64_t seconds = rd_json_int(value, rd_json_exists(value) ? -1 : 0);
    if (seconds < 0 || seconds > INT32_MAX)
        return fail_column(type, column, "a whole number of seconds", err);
    *ret_ms = seconds * MS_PER_S;
    return RD_RC_OK;
}

static enum rd_rc read_row(const struct rd_json *row, size_t number, struct rd_type *type,
                           struct rd_err *err)
{
    type->row = row;
    type->name = rd_json_str(rd_json_at(row, "type"));
    type->label = rd_json_str(rd_json_at(row, "label"));
    type->api_version = rd_json_str(rd_json_at(row, "api_version"));
    if (type->name.n == 0 || rd_str_find_char(type->name, '/', 0) == RD_STR_NONE)
        return RD_FAIL(err, RD_RC_INVALID, "types.yaml: row %zu has no 'type' such as a/b", number);
    if (type->label.n == 0)
        return fail_column(type, "label", "a text", err);
    RD_TRY(read_words(type, err));
    /* The data planes have one version each, which their clients know. */
    if (type->api_version.n == 0 && type->plane == RD_PLANE_ARM)
        return fail_column(type, "api_version", "a text", err);
    RD_TRY(read_seconds(type, "create_s", &type->create_ms, err));
    RD_TRY(read_seconds(type, "update_s", &type->update_ms, err));
    RD_TRY(read_seconds(type, "delete_s", &type->delete_ms, err));
    RD_TRY(read_seconds(type, "effect_s", &type->effect_ms, err));
    struct rd_field *root = rd_arena_zalloc(state.arena, sizeof(*root));
    RD_TRY(read_path_columns(type, root, err));
    RD_TRY(read_maps(type, root, err));
    type->fields = root;
    return RD_RC_OK;
}

static enum rd_rc read_table(const struct rd_json *table, struct rd_err *err)
{
    if (!rd_json_is(table, RD_JSON_ARRAY) || rd_json_count(table) == 0)
        return RD_FAIL(err, RD_RC_INVALID, "types.yaml: expected a list of rows, one a type");
    state.count = rd_json_count(table);
    state.types = rd_arena_array(state.arena, state.count, sizeof(*state.types));
    for (size_t i = 0; i < state.count; i++) {
        RD_TRY(read_row(&table->u.items[i], i + 1, &state.types[i], err));
        if (rd_map_set(&state.by_name, state.types[i].name, &state.types[i]) != NULL)
            return RD_FAIL(err, RD_RC_INVALID, "types.yaml: '%.*s' is there twice",
                           RD_FMT(state.types[i].name));
    }
    return RD_RC_OK;
}

enum rd_rc rd_types_load(const struct rd_type **ret_types, size_t *ret_count, struct rd_err *err)
{
    if (!state.is_loaded) {
        const struct rd_json *table = &rd_json_absent;
        RD_TRY(rd_facts_get("types", &table, err));
        if (state.arena == NULL)
            state.arena = rd_arena_new(0);
        rd_map_done(&state.by_name);
        rd_map_init(&state.by_name, true);
        RD_TRY(read_table(table, err));
        state.is_loaded = true;
    }
    *ret_types = state.types;
    *ret_count = state.count;
    return RD_RC_OK;
}

const struct rd_type *rd_type_find(struct rd_str name)
{
    return rd_map_get(&state.by_name, name);
}

bool rd_type_is_session_host(const struct rd_type *type)
{
    return rd_str_is_case(type->name, "Microsoft.DesktopVirtualization/hostPools/sessionHosts");
}

const struct rd_field *rd_field_child(const struct rd_field *field, struct rd_str name)
{
    if (field != NULL)
        for (size_t i = 0; i < field->child_count; i++)
            if (rd_str_eq_case(field->children[i]->name, name))
                return field->children[i];
    return NULL;
}
