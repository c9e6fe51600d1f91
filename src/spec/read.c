/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(enum rd_spec_pool) == sizeof(int), "enums are stored as int");

void rd_spec_list_add(struct rd_arena *arena, struct rd_spec_list *list, struct rd_str item)
{
    list->items = rd_arena_grow(arena, list->items, list->count, &list->cap, sizeof(*list->items));
    list->items[list->count++] = item;
}

void rd_spec_map_add(struct rd_arena *arena, struct rd_spec_map *map, struct rd_str key,
                     struct rd_str value)
{
    map->items = rd_arena_grow(arena, map->items, map->count, &map->cap, sizeof(*map->items));
    map->items[map->count++] = (struct rd_spec_pair){key, value};
}

static int word_value(const struct rd_spec_word *words, struct rd_str word)
{
    for (; words->word != NULL; words++)
        if (rd_str_is(word, words->word))
            return words->value;
    return 0;
}

/* Stores a checked word at its place in the structure. */
static void store_text(const struct rd_spec_field *field, void *base, struct rd_str text)
{
    char *at = (char *)base + field->at;
    int value;
    if (field->kind == RD_KIND_ENUM) {
        value = word_value(field->words, text);
        memcpy(at, &value, sizeof(value));
    } else if (field->kind == RD_KIND_SWITCH || field->kind == RD_KIND_BOOL) {
        bool is_true = field->kind == RD_KIND_BOOL ? rd_str_is(text, "true")
                                                   : word_value(field->words, text) != 0;
        memcpy(at, &is_true, sizeof(is_true));
    } else {
        memcpy(at, &text, sizeof(text));
    }
}

static void fill_list(struct rd_spec_reader *reader, struct rd_spec_list *list, const char *items)
{
    struct rd_str rest = rd_str_from(items);
    struct rd_str item;
    while (rd_str_next(&rest, ',', &item))
        rd_spec_list_add(reader->arena, list, item);
}

void rd_spec_fill(struct rd_spec_reader *reader, const struct rd_spec_field *fields, void *base)
{
    for (const struct rd_spec_field *field = fields; field->name != NULL; field++) {
        char *at = (char *)base + field->at;
        if (field->kind == RD_KIND_OBJECT) {
            rd_spec_fill(reader, field->fields, base);
        } else if (field->otherwise == NULL) {
            continue;
        } else if (field->kind == RD_KIND_LIST) {
            fill_list(reader, (struct rd_spec_list *)(void *)at, field->otherwise);
        } else if (field->kind == RD_KIND_INT || field->kind == RD_KIND_MONEY) {
            int64_t value = 0;
            bool is_number =
                rd_str_to_int(rd_str_from(field->otherwise), INT64_MIN, INT64_MAX, &value);
            assert(is_number); /* the table is ours */
            memcpy(at, &value, sizeof(value));
        } else {
            store_text(field, base, rd_str_from(field->otherwise));
        }
    }
}

static const char *type_text(const struct rd_json *value)
{
    static const char *const texts[] = {
        [RD_JSON_ABSENT] = "nothing",     [RD_JSON_NULL] = "nothing",
        [RD_JSON_BOOL] = "a truth value", [RD_JSON_INT] = "a number",
        [RD_JSON_NUMBER] = "a number",    [RD_JSON_STRING] = "text",
        [RD_JSON_ARRAY] = "a list",       [RD_JSON_OBJECT] = "a section",
    };
    return texts[value->type];
}

bool rd_spec_expect(struct rd_spec_reader *reader, const struct rd_json *value,
                    enum rd_json_type type, const char *path)
{
    if (value->type == type)
        return true;
    const char *expected = type == RD_JSON_ARRAY    ? "a list"
                           : type == RD_JSON_OBJECT ? "a section (key: value)"
                                                    : "text";
    rd_spec_mistake(reader, value->offset, "'%s' is %s: expected %s", path, type_text(value),
                    expected);
    return false;
}

/* The text of a scalar as written; a list or section has none. */
static bool scalar_text(struct rd_spec_reader *reader, const struct rd_json *value,
                        struct rd_str *ret_text)
{
    if (value->type == RD_JSON_STRING)
        *ret_text = rd_json_str(value);
    else if (value->type == RD_JSON_INT)
        *ret_text = rd_arena_printf(reader->arena, "%lld", (long long)value->u.i);
    else if (value->type == RD_JSON_NUMBER)
        *ret_text = rd_json_number_text(value);
    else if (value->type == RD_JSON_BOOL)
        *ret_text = rd_str_from(value->is_true ? "true" : "false");
    else
        return false;
    return true;
}

/* What is quoted back to the author: not more than fits a line. */
static struct rd_str short_text(struct rd_spec_reader *reader, struct rd_str s)
{
    enum { SHOWN_MAX = 60 };
    if (s.n <= SHOWN_MAX)
        return s;
    size_t n = SHOWN_MAX;
    while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return rd_arena_printf(reader->arena, "%.*s...", (int)n, s.p);
}

bool rd_spec_read_scalar(struct rd_spec_reader *reader, const struct rd_spec_field *field,
                         enum rd_spec_kind kind, const struct rd_json *value, const char *path,
                         struct rd_str *ret_text)
{
    struct rd_str in;
    struct rd_spec_words words;
    if (!scalar_text(reader, value, &in)) {
        rd_spec_mistake(reader, value->offset, "'%s' is %s: expected %s", path, type_text(value),
                        rd_spec_kind_text(kind));
        return false;
    }
    const char *expected = rd_spec_scalar(reader, field, kind, in, ret_text, &words);
    if (expected == NULL)
        return true;
    struct rd_str shown = short_text(reader, in);
    rd_spec_mistake(reader, value->offset, "'%s' is '%.*s': expected %s%s", path, RD_FMT(shown),
                    expected, rd_spec_suggestion(reader, in, &words));
    return false;
}

static void read_int(struct rd_spec_reader *reader, const struct rd_spec_field *field, void *base,
                     const struct rd_json *value, const char *path)
{
    struct rd_str in;
    if (value->type == RD_JSON_INT && value->u.i >= field->min && value->u.i <= field->max) {
        memcpy((char *)base + field->at, &value->u.i, sizeof(int64_t));
        return;
    }
    bool has_text = scalar_text(reader, value, &in);
    struct rd_str shown = short_text(reader, has_text ? in : rd_str_from(type_text(value)));
    const char *quote = has_text && value->type == RD_JSON_STRING ? "\"" : "";
    rd_spec_mistake(reader, value->offset,
                    "'%s' is %s%.*s%s: expected a whole number from %lld to %lld", path, quote,
                    RD_FMT(shown), quote, (long long)field->min, (long long)field->max);
}

static void read_bool(struct rd_spec_reader *reader, const struct rd_spec_field *field, void *base,
                      const struct rd_json *value, const char *path)
{
    struct rd_str in;
    if (value->type == RD_JSON_BOOL) {
        bool is_true = value->is_true != 0;
        memcpy((char *)base + field->at, &is_true, sizeof(is_true));
        return;
    }
    bool has_text = scalar_text(reader, value, &in);
    struct rd_str shown = short_text(reader, has_text ? in : rd_str_from(type_text(value)));
    rd_spec_mistake(reader, value->offset, "'%s' is '%.*s': expected true or false", path,
                    RD_FMT(shown));
}

static void read_money(struct rd_spec_reader *reader, const struct rd_spec_field *field, void *base,
                       const struct rd_json *value, const char *path)
{
    int64_t cents;
    if (rd_json_fixed(value, 2, &cents) && cents >= 0 && cents <= field->max * 100) {
        memcpy((char *)base + field->at, &cents, sizeof(cents));
        return;
    }
    struct rd_str in = rd_str_from(type_text(value));
    (void)scalar_text(reader, value, &in);
    rd_spec_mistake(reader, value->offset, "'%s' is '%.*s': expected an amount from 0 to %lld.00",
                    path, RD_FMT(short_text(reader, in)), (long long)field->max);
}

static void read_list(struct rd_spec_reader *reader, const struct rd_spec_field *field, void *base,
                      const struct rd_json *value, const char *path)
{
    if (!rd_spec_expect(reader, value, RD_JSON_ARRAY, path))
        return;
    struct rd_spec_list *list = (struct rd_spec_list *)(void *)((char *)base + field->at);
    *list = (struct rd_spec_list){0}; /* the author's instead of the default */
    if ((int64_t)rd_json_count(value) > field->max) {
        rd_spec_mistake(reader, value->offset, "'%s' has %zu items: expected %lld at most", path,
                        rd_json_count(value), (long long)field->max);
        return;
    }
    for (size_t i = 0; i < rd_json_count(value); i++) {
        const struct rd_json *item = rd_json_item(value, i);
        struct rd_str text;
        struct rd_str twin;
        if (!rd_spec_read_scalar(reader, field, field->item, item, path, &text))
            continue;
        struct rd_spec_words so_far = {list->items, list->count};
        if (rd_spec_words_find(&so_far, text, &twin))
            rd_spec_mistake(reader, item->offset, "'%s' names '%.*s' twice: expected it once", path,
                            RD_FMT(text));
        else
            rd_spec_list_add(reader->arena, list, text);
    }
    if (rd_json_count(value) == 0 && field->required)
        rd_spec_mistake(reader, value->offset, "'%s' is empty: expected %s", path,
                        rd_spec_kind_text(field->item));
}

static void read_map(struct rd_spec_reader *reader, const struct rd_spec_field *field, void *base,
                     const struct rd_json *value, const char *path)
{
    if (!rd_spec_expect(reader, value, RD_JSON_OBJECT, path))
        return;
    if ((int64_t)rd_json_count(value) > field->max) {
        rd_spec_mistake(reader, value->offset, "'%s' has %zu entries: expected %lld at most", path,
                        rd_json_count(value), (long long)field->max);
        return;
    }
    struct rd_spec_map *map = (struct rd_spec_map *)(void *)((char *)base + field->at);
    /* Its own row for the items: the limit of the map is one of entries, not of their length. */
    struct rd_spec_field item = {.name = field->name, .kind = field->item};
    for (size_t i = 0; i < rd_json_count(value); i++) {
        const struct rd_json_member *member = &value->u.members[i];
        const char *item_path =
            rd_arena_printf(reader->arena, "%s.%.*s", path, RD_FMT(member->key)).p;
        struct rd_str text;
        if (rd_spec_read_scalar(reader, &item, field->item, &member->value, item_path, &text))
            rd_spec_map_add(reader->arena, map, member->key, text);
    }
}

static void read_field(struct rd_spec_reader *reader, const struct rd_spec_field *field, void *base,
                       const struct rd_json *value, const char *path)
{
    struct rd_str text;
    /* Three kinds have readers of their own, which write where they belong. */
    if (field->kind == RD_KIND_RULES)
        rd_spec_read_rules(reader, field, value);
    else if (field->kind == RD_KIND_PINS)
        rd_spec_read_pins(reader, field, value);
    else if (field->kind == RD_KIND_RDP)
        rd_spec_read_rdp(reader, value);
    else if (field->kind == RD_KIND_LIST)
        read_list(reader, field, base, value, path);
    else if (field->kind == RD_KIND_MAP)
        read_map(reader, field, base, value, path);
    else if (field->kind == RD_KIND_INT)
        read_int(reader, field, base, value, path);
    else if (field->kind == RD_KIND_BOOL)
        read_bool(reader, field, base, value, path);
    else if (field->kind == RD_KIND_MONEY)
        read_money(reader, field, base, value, path);
    else if (rd_spec_read_scalar(reader, field, field->kind, value, path, &text))
        store_text(field, base, text);
}

static struct rd_spec_words field_words(struct rd_arena *arena, const struct rd_spec_field *fields)
{
    size_t count = 0;
    while (fields[count].name != NULL)
        count++;
    struct rd_spec_words words = {rd_arena_array(arena, count, sizeof(struct rd_str)), count};
    for (size_t i = 0; i < count; i++)
        words.items[i] = rd_str_from(fields[i].name);
    return words;
}

static void refuse_unknown_keys(struct rd_spec_reader *reader, const struct rd_spec_field *fields,
                                const struct rd_json *object, const char *path)
{
    struct rd_spec_words words = field_words(reader->arena, fields);
    struct rd_str all = rd_spec_words_text(reader->arena, &words);
    for (size_t i = 0; i < rd_json_count(object); i++) {
        struct rd_str key = object->u.members[i].key;
        bool is_known = false;
        for (size_t j = 0; j < words.count; j++)
            is_known = is_known || rd_str_eq(words.items[j], key);
        if (is_known)
            continue;
        const char *where =
            path[0] == '\0' ? "" : rd_arena_printf(reader->arena, " in '%s'", path).p;
        const char *nearest = rd_spec_suggestion(reader, key, &words);
        struct rd_str shown = short_text(reader, key);
        rd_spec_mistake(reader, rd_spec_key_offset(reader->text, object, i),
                        "unknown key '%.*s'%s%s%.*s%s", RD_FMT(shown), where,
                        nearest[0] != '\0' ? "" : ": expected ",
                        nearest[0] != '\0' ? 0 : (int)all.n, all.p, nearest);
    }
}

void rd_spec_read_object(struct rd_spec_reader *reader, const struct rd_spec_field *fields,
                         void *base, const struct rd_json *object, const char *path,
                         uint32_t offset)
{
    if (rd_json_exists(object)) {
        if (!rd_spec_expect(reader, object, RD_JSON_OBJECT, path))
            return;
        refuse_unknown_keys(reader, fields, object, path);
        offset = object->offset;
    }
    for (const struct rd_spec_field *field = fields; field->name != NULL; field++) {
        const struct rd_json *value = rd_json_get(object, rd_str_from(field->name));
        const char *own = path[0] == '\0'
                              ? field->name
                              : rd_arena_printf(reader->arena, "%s.%s", path, field->name).p;
        if (field->kind == RD_KIND_OBJECT)
            rd_spec_read_object(reader, field->fields, base, value, own, offset);
        else if (rd_json_exists(value))
            read_field(reader, field, base, value, own);
        else if (field->required)
            rd_spec_mistake(reader, offset, "'%s' is missing: expected %s", own,
                            rd_spec_kind_text(field->kind));
    }
}

void rd_spec_read_root(struct rd_spec_reader *reader)
{
    rd_spec_fill(reader, rd_spec_schema, reader->spec);
    rd_spec_read_object(reader, rd_spec_schema, reader->spec, &reader->root, "",
                        reader->root.offset);
}
