/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <string.h>

/* The three sections whose keys or items are the author's own: firewall rules, pins, RDP. */

void rd_spec_read_rules(struct rd_spec_reader *reader, const struct rd_spec_field *field,
                        const struct rd_json *value)
{
    const char *path = "network.firewall.rules";
    struct rd_spec *spec = reader->spec;
    if (!rd_spec_expect(reader, value, RD_JSON_ARRAY, path))
        return;
    size_t count = rd_json_count(value);
    if ((int64_t)count > field->max) {
        rd_spec_mistake(reader, value->offset, "'%s' has %zu items: expected %lld at most", path,
                        count, (long long)field->max);
        return;
    }
    spec->network.rules = rd_arena_array(reader->arena, count, sizeof(*spec->network.rules));
    for (size_t i = 0; i < count; i++) {
        const struct rd_json *item = rd_json_item(value, i);
        const char *own = rd_arena_printf(reader->arena, "%s[%zu]", path, i).p;
        if (!rd_spec_expect(reader, item, RD_JSON_OBJECT, own))
            continue;
        struct rd_spec_rule *rule = &spec->network.rules[spec->network.rule_count++];
        rule->offset = item->offset;
        rd_spec_fill(reader, field->fields, rule);
        rd_spec_read_object(reader, field->fields, rule, item, own, item->offset);
    }
}

void rd_spec_read_pins(struct rd_spec_reader *reader, const struct rd_spec_field *field,
                       const struct rd_json *value)
{
    struct rd_spec_access *access = &reader->spec->access;
    bool is_list = value->type == RD_JSON_ARRAY;
    if (!is_list && value->type != RD_JSON_OBJECT) {
        rd_spec_mistake(reader, value->offset, "'access.pins' is no map: expected %s",
                        rd_spec_kind_text(RD_KIND_PINS));
        return;
    }
    size_t count = rd_json_count(value);
    if ((int64_t)count > field->max) {
        rd_spec_mistake(reader, value->offset,
                        "'access.pins' has %zu entries: expected %lld at most", count,
                        (long long)field->max);
        return;
    }
    reader->pins_are_list = is_list;
    access->pins = rd_arena_array(reader->arena, count, sizeof(*access->pins));
    for (size_t i = 0; i < count; i++) {
        const struct rd_json *user = is_list ? rd_json_item(value, i) : &value->u.members[i].value;
        struct rd_spec_pin pin = {.host = {"", 0}, .offset = user->offset};
        const char *path = "access.pins";
        if (!is_list) {
            pin.host = value->u.members[i].key;
            path = rd_arena_printf(reader->arena, "access.pins.%.*s", RD_FMT(pin.host)).p;
        }
        /* A bad one keeps its turn, so that those after it stay with their hosts. */
        if (!rd_spec_read_scalar(reader, field, RD_KIND_USER, user, path, &pin.user))
            pin.user = RD_STR("");
        access->pins[access->pin_count++] = pin;
    }
}

/* "i:1" and "s:text" are taken as well as 1 and text, but only with the property's own type. */
static struct rd_str without_type(struct rd_str text, char type)
{
    if (text.n >= 2 && text.p[0] == type && text.p[1] == ':')
        return rd_str_sub(text, 2, text.n);
    return text;
}

static bool is_rdp_text(const struct rd_json *row, struct rd_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == ';' || (unsigned char)text.p[i] < 0x20)
            return false; /* a semicolon would begin another property */
    const struct rd_json *values = rd_json_at(row, "values");
    bool is_listed = rd_json_count(values) == 0;
    for (size_t i = 0; i < rd_json_count(values); i++)
        is_listed = is_listed || rd_str_eq_case(rd_json_str(rd_json_item(values, i)), text);
    return is_listed;
}

static const char *rdp_expected(struct rd_spec_reader *reader, const struct rd_json *row)
{
    if (rd_str_is(rd_json_str(rd_json_at(row, "type")), "i"))
        return rd_arena_printf(reader->arena, "a whole number from %lld to %lld",
                               (long long)rd_json_int(rd_json_at(row, "min"), 0),
                               (long long)rd_json_int(rd_json_at(row, "max"), 0))
            .p;
    const struct rd_json *values = rd_json_at(row, "values");
    if (rd_json_count(values) == 0)
        return "text without semicolons";
    struct rd_spec_words words = {
        rd_arena_array(reader->arena, rd_json_count(values), sizeof(struct rd_str)),
        rd_json_count(values)};
    for (size_t i = 0; i < words.count; i++) {
        struct rd_str word = rd_json_str(rd_json_item(values, i));
        words.items[i] = word.n > 0 ? word : RD_STR("\"\"");
    }
    return rd_spec_words_text(reader->arena, &words).p;
}

/* The value of one property as "i:1" or "s:text"; false after noting a mistake. */
static bool read_property(struct rd_spec_reader *reader, const struct rd_json *row,
                          const struct rd_json_member *member, uint32_t key_offset,
                          struct rd_str *ret_value)
{
    char type = rd_json_str(rd_json_at(row, "type")).p[0];
    const struct rd_json *value = &member->value;
    struct rd_str text = RD_STR("");
    bool is_scalar =
        value->type == RD_JSON_STRING || value->type == RD_JSON_INT || value->type == RD_JSON_NULL;
    if (value->type == RD_JSON_STRING)
        text = without_type(rd_json_str(value), type);
    else if (value->type == RD_JSON_INT)
        text = rd_arena_printf(reader->arena, "%lld", (long long)value->u.i);
    int64_t number;
    bool is_right =
        is_scalar && (type == 's' ? is_rdp_text(row, text)
                                  : rd_str_to_int(text, rd_json_int(rd_json_at(row, "min"), 0),
                                                  rd_json_int(rd_json_at(row, "max"), 0), &number));
    if (!is_right) {
        rd_spec_mistake(reader, value->offset > 0 ? value->offset : key_offset,
                        "'rdp.%.*s' is '%.*s': expected %s", RD_FMT(member->key), RD_FMT(text),
                        rdp_expected(reader, row));
        return false;
    }
    *ret_value = rd_arena_printf(reader->arena, "%c:%.*s", type, RD_FMT(text));
    return true;
}

static void add_safe(struct rd_spec_reader *reader, const struct rd_json *row)
{
    const struct rd_json *safe = rd_json_at(row, "safe");
    struct rd_str type = rd_json_str(rd_json_at(row, "type"));
    struct rd_str value = rd_json_str(safe);
    if (safe->type == RD_JSON_STRING)
        rd_spec_map_add(reader->arena, &reader->spec->rdp, rd_json_str(rd_json_at(row, "name")),
                        rd_arena_printf(reader->arena, "%.*s:%.*s", RD_FMT(type), RD_FMT(value)));
}

void rd_spec_read_rdp(struct rd_spec_reader *reader, const struct rd_json *value)
{
    const struct rd_json *table = reader->tables.rdp;
    bool is_given = rd_json_exists(value) && rd_spec_expect(reader, value, RD_JSON_OBJECT, "rdp");
    for (size_t i = 0; is_given && i < rd_json_count(value); i++) {
        struct rd_str key = value->u.members[i].key;
        if (!rd_json_exists(rd_spec_row(table, "name", key)))
            rd_spec_mistake(reader, rd_spec_key_offset(reader->text, value, i),
                            "unknown RDP property '%.*s': expected one of data/rdp.yaml%s",
                            RD_FMT(key),
                            rd_spec_suggestion(reader, key, &reader->tables.rdp_words));
    }
    /* In the table's order, whatever the author's, so that the pool's text never changes by it. */
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        struct rd_str name = rd_json_str(rd_json_at(row, "name"));
        size_t at = RD_STR_NONE;
        for (size_t j = 0; is_given && j < rd_json_count(value); j++)
            if (rd_str_eq_case(value->u.members[j].key, name))
                at = j;
        struct rd_str text;
        if (at == RD_STR_NONE)
            add_safe(reader, row);
        else if (read_property(reader, row, &value->u.members[at],
                               rd_spec_key_offset(reader->text, value, at), &text))
            rd_spec_map_add(reader->arena, &reader->spec->rdp, name, text);
    }
}
