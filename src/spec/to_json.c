/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <string.h>

/* The effective spec as JSON, in the shape of the YAML. */

static struct rd_json object_of(struct rd_arena *arena, const struct rd_spec_field *fields,
                                const void *base);

static struct rd_json list_of(struct rd_arena *arena, const struct rd_spec_list *list,
                              enum rd_spec_kind item)
{
    struct rd_json array = rd_json_array();
    for (size_t i = 0; i < list->count; i++) {
        int64_t zone;
        struct rd_json value = rd_json_string(list->items[i]);
        if (item == RD_KIND_ZONE && rd_str_to_int(list->items[i], 1, 3, &zone))
            value = rd_json_integer(zone);
        (void)rd_json_append(arena, &array, value);
    }
    return array;
}

static struct rd_json map_of(struct rd_arena *arena, const struct rd_spec_map *map)
{
    struct rd_json object = rd_json_object();
    for (size_t i = 0; i < map->count; i++)
        (void)rd_json_set(arena, &object, map->items[i].key, rd_json_string(map->items[i].value));
    return object;
}

static struct rd_json rules_of(struct rd_arena *arena, const struct rd_spec_field *field,
                               const struct rd_spec *spec)
{
    struct rd_json array = rd_json_array();
    for (size_t i = 0; i < spec->network.rule_count; i++)
        (void)rd_json_append(arena, &array,
                             object_of(arena, field->fields, &spec->network.rules[i]));
    return array;
}

static struct rd_json pins_of(struct rd_arena *arena, const struct rd_spec *spec)
{
    struct rd_json object = rd_json_object();
    for (size_t i = 0; i < spec->access.pin_count; i++)
        (void)rd_json_add(arena, &object, spec->access.pins[i].host,
                          rd_json_string(spec->access.pins[i].user));
    return object;
}

static struct rd_json word_of(const struct rd_spec_field *field, int value)
{
    for (const struct rd_spec_word *word = field->words; word->word != NULL; word++)
        if (word->value == value)
            return rd_json_string_c(word->word);
    return rd_json_null();
}

static struct rd_json value_of(struct rd_arena *arena, const struct rd_spec_field *field,
                               const void *base)
{
    const char *at = (const char *)base + field->at;
    int64_t number;
    int value;
    bool is_true;
    struct rd_str text;
    if (field->kind == RD_KIND_INT || field->kind == RD_KIND_MONEY) {
        memcpy(&number, at, sizeof(number));
        return field->kind == RD_KIND_INT ? rd_json_integer(number)
                                          : rd_json_decimal(arena, number, 2);
    }
    if (field->kind == RD_KIND_ENUM) {
        memcpy(&value, at, sizeof(value));
        return word_of(field, value);
    }
    if (field->kind == RD_KIND_BOOL || field->kind == RD_KIND_SWITCH) {
        memcpy(&is_true, at, sizeof(is_true));
        return field->kind == RD_KIND_BOOL ? rd_json_bool(is_true) : word_of(field, is_true);
    }
    if (field->kind == RD_KIND_LIST)
        return list_of(arena, (const struct rd_spec_list *)(const void *)at, field->item);
    if (field->kind == RD_KIND_MAP || field->kind == RD_KIND_RDP)
        return map_of(arena, (const struct rd_spec_map *)(const void *)at);
    memcpy(&text, at, sizeof(text));
    return rd_json_string(text);
}

static struct rd_json object_of(struct rd_arena *arena, const struct rd_spec_field *fields,
                                const void *base)
{
    struct rd_json object = rd_json_object();
    for (const struct rd_spec_field *field = fields; field->name != NULL; field++) {
        struct rd_json value;
        if (field->kind == RD_KIND_OBJECT)
            value = object_of(arena, field->fields, base);
        else if (field->kind == RD_KIND_RULES)
            value = rules_of(arena, field, base);
        else if (field->kind == RD_KIND_PINS)
            value = pins_of(arena, base);
        else
            value = value_of(arena, field, base);
        (void)rd_json_add(arena, &object, rd_str_from(field->name), value);
    }
    return object;
}

struct rd_json rd_spec_to_json(struct rd_arena *arena, const struct rd_spec *spec)
{
    struct rd_json object = object_of(arena, rd_spec_schema, spec);
    /* That there is no firewall is kept beside the tier. */
    if (!spec->network.has_firewall)
        *rd_json_make(arena, &object, "network.firewall.tier") = rd_json_string_c("none");
    return object;
}
