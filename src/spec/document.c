/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include "base/limits.h"
#include "facts/facts.h"
#include "reader.h"

/* docs/spec.md and the JSON schema: the tables of the schema, told to people and to editors. */

enum { DOCUMENT_SIZE_MAX = 1 << 20 };

/* The document -------------------------------------------------------------------------------- */

static void add_kind(struct rd_buf *buf, struct rd_arena *arena, const struct rd_spec_field *field)
{
    if (field->words != NULL && field->kind != RD_KIND_LIST) {
        struct rd_spec_words words = rd_spec_words_of(arena, field->words);
        rd_buf_add(buf, rd_spec_words_text(arena, &words));
    } else if (field->kind == RD_KIND_INT) {
        rd_buf_printf(buf, "a whole number from %lld to %lld", (long long)field->min,
                      (long long)field->max);
    } else if (field->kind == RD_KIND_LIST && field->words != NULL) {
        struct rd_spec_words words = rd_spec_words_of(arena, field->words);
        rd_buf_printf(buf, "a list of %.*s", RD_FMT(rd_spec_words_text(arena, &words)));
    } else if (field->kind == RD_KIND_LIST) {
        rd_buf_printf(buf, "a list; each is %s", rd_spec_kind_text(field->item));
    } else if (field->kind == RD_KIND_MAP) {
        rd_buf_printf(buf, "a map; each value is %s", rd_spec_kind_text(field->item));
    } else if (field->kind == RD_KIND_TABLE) {
        rd_buf_printf(buf, "the name of a table in data/%s", field->folder);
    } else {
        rd_buf_add_c(buf, rd_spec_kind_text(field->kind));
        if (field->kind == RD_KIND_TEXT && field->max > 0)
            rd_buf_printf(buf, ", %lld characters at most", (long long)field->max);
    }
}

static void add_row(struct rd_buf *buf, struct rd_arena *arena, const struct rd_spec_field *field)
{
    rd_buf_printf(buf, "| `%s` | ", field->name);
    add_kind(buf, arena, field);
    rd_buf_add_c(buf, " | ");
    if (field->required)
        rd_buf_add_c(buf, "**required**");
    else if (field->otherwise != NULL)
        rd_buf_printf(buf, "`%s`", field->otherwise);
    else
        rd_buf_add_c(buf, field->computed != NULL ? field->computed : "none");
    rd_buf_printf(buf, " | %s", field->help);
    if (field->example != NULL)
        rd_buf_printf(buf, " Example: `%s`.", field->example);
    rd_buf_add_c(buf, " |\n");
}

static void add_table(struct rd_buf *buf, struct rd_arena *arena,
                      const struct rd_spec_field *fields)
{
    bool has_head = false;
    for (const struct rd_spec_field *field = fields; field->name != NULL; field++) {
        if (field->kind == RD_KIND_OBJECT)
            continue;
        if (!has_head)
            rd_buf_add_c(buf, "| key | value | when left out | meaning |\n"
                              "| --- | --- | --- | --- |\n");
        has_head = true;
        add_row(buf, arena, field);
    }
    if (has_head)
        rd_buf_add_c(buf, "\n");
}

static void add_sections(struct rd_buf *buf, struct rd_arena *arena,
                         const struct rd_spec_field *fields, const char *path)
{
    for (const struct rd_spec_field *field = fields; field->name != NULL; field++) {
        if (field->fields == NULL)
            continue;
        const char *own =
            path[0] == '\0' ? field->name : rd_arena_printf(arena, "%s.%s", path, field->name).p;
        rd_buf_printf(buf, "## %s\n\n%s\n\n", own, field->help);
        add_table(buf, arena, field->fields);
        add_sections(buf, arena, field->fields, own);
    }
}

static void add_steps(struct rd_buf *buf)
{
    const struct rd_json *table = rd_facts_embedded("image-steps");
    rd_buf_add_c(buf, "## Customisation steps\n\nIn their normal order.\n\n"
                      "| step | what | script |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        rd_buf_printf(buf, "| `%.*s` | %.*s | %.*s |\n",
                      RD_FMT(rd_json_str(rd_json_at(row, "name"))),
                      RD_FMT(rd_json_str(rd_json_at(row, "title"))),
                      RD_FMT(rd_json_str(rd_json_at(row, "script"))));
    }
}

static void add_roles(struct rd_buf *buf)
{
    const struct rd_json *table = rd_facts_embedded("names");
    rd_buf_add_c(buf, "\n## Roles in `names`\n\n| role | names the | length | besides letters and "
                      "digits |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        rd_buf_printf(buf, "| `%.*s` | %.*s | %lld to %lld | `%.*s` |\n",
                      RD_FMT(rd_json_str(rd_json_at(row, "role"))),
                      RD_FMT(rd_json_str(rd_json_at(row, "title"))),
                      (long long)rd_json_int(rd_json_at(row, "min"), 0),
                      (long long)rd_json_int(rd_json_at(row, "max"), 0),
                      RD_FMT(rd_json_str(rd_json_at(row, "also"))));
    }
}

static void add_rdp_row(struct rd_buf *buf, const struct rd_json *row)
{
    struct rd_str type = rd_json_str(rd_json_at(row, "type"));
    const struct rd_json *safe = rd_json_at(row, "safe");
    rd_buf_printf(buf, "| `%.*s` | ", RD_FMT(rd_json_str(rd_json_at(row, "name"))));
    if (rd_str_is(type, "i"))
        rd_buf_printf(buf, "%lld to %lld", (long long)rd_json_int(rd_json_at(row, "min"), 0),
                      (long long)rd_json_int(rd_json_at(row, "max"), 0));
    else
        rd_buf_add_c(buf, "text");
    rd_buf_printf(buf, " | %.*s | ", RD_FMT(rd_json_str(rd_json_at(row, "azure"))));
    if (safe->type == RD_JSON_STRING)
        rd_buf_printf(buf, "`%.*s:%.*s`", RD_FMT(type), RD_FMT(rd_json_str(safe)));
    rd_buf_printf(buf, " | %.*s |\n", RD_FMT(rd_json_str(rd_json_at(row, "help"))));
}

static void add_rdp(struct rd_buf *buf)
{
    const struct rd_json *table = rd_facts_embedded("rdp");
    rd_buf_add_c(buf, "\n## RDP properties\n\nA value may be written as `1` or `i:1`.\n\n"
                      "| property | value | Azure's default | redoubt's | meaning |\n"
                      "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < rd_json_count(table); i++)
        add_rdp_row(buf, rd_json_item(table, i));
}

struct rd_str rd_spec_document(struct rd_arena *arena)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, DOCUMENT_SIZE_MAX);
    rd_buf_add_c(
        &buf,
        "# The spec\n\n"
        "<!-- Made from the schema in src/spec; `UPDATE_DOCS=1 meson test -C build 'spec "
        "document'` writes it again. -->\n\n"
        "One YAML file describes an enclave. `redoubt init` writes one to start from (`--template\n"
        "sovereign`, `confidential-pmk` or `confidential-cmk`), `redoubt check` tells what is "
        "wrong\n"
        "with it. Everything has a default but what is marked **required**: a small enclave needs\n"
        "20 to 30 lines.\n\n"
        "Unknown keys, keys given twice, wrong types and values that Azure or Windows would "
        "refuse\n"
        "are mistakes, told with file, line and column. Anchors, aliases and tags of YAML are not\n"
        "taken. Regions, VM sizes and time zones are those of `data/regions.yaml`,\n"
        "`data/sizes.yaml` and `data/timezones.yaml`. A file has at most 4 MiB.\n\n"
        "## Top level\n\n");
    add_table(&buf, arena, rd_spec_schema);
    add_sections(&buf, arena, rd_spec_schema, "");
    add_steps(&buf);
    add_roles(&buf);
    add_rdp(&buf);
    return rd_arena_str(arena, rd_buf_str(&buf));
}

/* The JSON schema ----------------------------------------------------------------------------- */

static struct rd_json schema_object(struct rd_arena *arena, const struct rd_spec_field *fields);

static struct rd_json type_schema(struct rd_arena *arena, const char *type)
{
    struct rd_json schema = rd_json_object();
    (void)rd_json_set_c(arena, &schema, "type", rd_json_string_c(type));
    return schema;
}

static struct rd_json words_schema(struct rd_arena *arena, const struct rd_spec_words *words)
{
    struct rd_json array = rd_json_array();
    for (size_t i = 0; i < words->count; i++)
        (void)rd_json_append(arena, &array, rd_json_string(words->items[i]));
    struct rd_json schema = rd_json_object();
    (void)rd_json_set_c(arena, &schema, "enum", array);
    return schema;
}

/* A column of a table, or the table's items when `member` is NULL. */
static struct rd_json column_schema(struct rd_arena *arena, const char *name, const char *member)
{
    const struct rd_json *table = rd_facts_embedded(name);
    size_t count = rd_json_count(table);
    struct rd_spec_words words = {rd_arena_array(arena, count, sizeof(struct rd_str)), count};
    for (size_t i = 0; i < count; i++) {
        const struct rd_json *row = rd_json_item(table, i);
        words.items[i] = rd_json_str(member == NULL ? row : rd_json_at(row, member));
    }
    return words_schema(arena, &words);
}

static struct rd_json pattern_schema(struct rd_arena *arena, const char *pattern)
{
    struct rd_json schema = type_schema(arena, "string");
    (void)rd_json_set_c(arena, &schema, "pattern", rd_json_string_c(pattern));
    return schema;
}

static struct rd_json scalar_schema(struct rd_arena *arena, const struct rd_spec_field *field,
                                    enum rd_spec_kind kind)
{
    if (kind == RD_KIND_ENUM || kind == RD_KIND_SWITCH || kind == RD_KIND_WORD) {
        struct rd_spec_words words = rd_spec_words_of(arena, field->words);
        return words_schema(arena, &words);
    }
    if (kind == RD_KIND_REGION)
        return column_schema(arena, "regions", "name");
    if (kind == RD_KIND_SIZE)
        return column_schema(arena, "sizes", "name");
    if (kind == RD_KIND_STEP)
        return column_schema(arena, "image-steps", "name");
    if (kind == RD_KIND_TIME_ZONE)
        return column_schema(arena, "timezones", NULL);
    if (kind == RD_KIND_BOOL)
        return type_schema(arena, "boolean");
    if (kind == RD_KIND_GUID)
        return pattern_schema(arena, "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$");
    if (kind == RD_KIND_TIME)
        return pattern_schema(arena, "^([01][0-9]|2[0-3]):[0-5][0-9]$");
    if (kind == RD_KIND_SHA256)
        return pattern_schema(arena, "^[0-9a-fA-F]{64}$");
    if (kind == RD_KIND_IMAGE_VERSION)
        return pattern_schema(arena, "^(0|[1-9][0-9]*)(\\.(0|[1-9][0-9]*)){2}$");
    if (kind == RD_KIND_ENCLAVE)
        return pattern_schema(arena, "^[a-z][a-z0-9-]{0,18}[a-z0-9]$");
    if (kind == RD_KIND_INT || kind == RD_KIND_MONEY || kind == RD_KIND_ZONE) {
        bool is_zone = kind == RD_KIND_ZONE;
        struct rd_json schema = type_schema(arena, kind == RD_KIND_MONEY ? "number" : "integer");
        (void)rd_json_set_c(arena, &schema, "minimum", rd_json_integer(is_zone ? 1 : field->min));
        (void)rd_json_set_c(arena, &schema, "maximum", rd_json_integer(is_zone ? 3 : field->max));
        return schema;
    }
    return type_schema(arena, "string");
}

static struct rd_json array_schema(struct rd_arena *arena, struct rd_json items)
{
    struct rd_json schema = type_schema(arena, "array");
    (void)rd_json_set_c(arena, &schema, "items", items);
    return schema;
}

static struct rd_json map_schema(struct rd_arena *arena, struct rd_json values)
{
    struct rd_json schema = type_schema(arena, "object");
    (void)rd_json_set_c(arena, &schema, "additionalProperties", values);
    return schema;
}

/* Properties of RDP take numbers and text; names only their roles. */
static struct rd_json keyed_schema(struct rd_arena *arena, const char *table, const char *member)
{
    struct rd_json types = rd_json_array();
    (void)rd_json_append(arena, &types, rd_json_string_c("string"));
    (void)rd_json_append(arena, &types, rd_json_string_c("integer"));
    struct rd_json value = rd_json_object();
    (void)rd_json_set_c(arena, &value, "type", types);
    struct rd_json schema = map_schema(arena, value);
    (void)rd_json_set_c(arena, &schema, "propertyNames", column_schema(arena, table, member));
    return schema;
}

static struct rd_json field_schema(struct rd_arena *arena, const struct rd_spec_field *field)
{
    if (field->kind == RD_KIND_OBJECT)
        return schema_object(arena, field->fields);
    if (field->kind == RD_KIND_RULES)
        return array_schema(arena, schema_object(arena, field->fields));
    if (field->kind == RD_KIND_LIST)
        return array_schema(arena, scalar_schema(arena, field, field->item));
    if (field->kind == RD_KIND_RDP)
        return keyed_schema(arena, "rdp", "name");
    if (field->kind == RD_KIND_MAP && rd_str_is(rd_str_from(field->name), "names"))
        return keyed_schema(arena, "names", "role");
    if (field->kind == RD_KIND_MAP)
        return map_schema(arena, scalar_schema(arena, field, field->item));
    if (field->kind == RD_KIND_PINS) {
        struct rd_json types = rd_json_array();
        (void)rd_json_append(arena, &types, map_schema(arena, type_schema(arena, "string")));
        (void)rd_json_append(arena, &types, array_schema(arena, type_schema(arena, "string")));
        struct rd_json schema = rd_json_object();
        (void)rd_json_set_c(arena, &schema, "oneOf", types);
        return schema;
    }
    return scalar_schema(arena, field, field->kind);
}

static struct rd_json default_of(struct rd_arena *arena, const struct rd_spec_field *field)
{
    int64_t number;
    struct rd_str text = rd_str_from(field->otherwise);
    if (field->kind == RD_KIND_BOOL)
        return rd_json_bool(rd_str_is(text, "true"));
    if ((field->kind == RD_KIND_INT || field->kind == RD_KIND_MONEY) &&
        rd_str_to_int(text, INT64_MIN, INT64_MAX, &number))
        return rd_json_integer(number);
    if (field->kind != RD_KIND_LIST)
        return rd_json_string(text);
    struct rd_json array = rd_json_array();
    struct rd_str item;
    while (rd_str_next(&text, ',', &item))
        (void)rd_json_append(arena, &array, rd_json_string(item));
    return array;
}

static struct rd_json schema_object(struct rd_arena *arena, const struct rd_spec_field *fields)
{
    struct rd_json properties = rd_json_object();
    struct rd_json required = rd_json_array();
    for (const struct rd_spec_field *field = fields; field->name != NULL; field++) {
        struct rd_json schema = field_schema(arena, field);
        (void)rd_json_set_c(arena, &schema, "description", rd_json_string_c(field->help));
        if (field->otherwise != NULL)
            (void)rd_json_set_c(arena, &schema, "default", default_of(arena, field));
        (void)rd_json_set_c(arena, &properties, field->name, schema);
        if (field->required)
            (void)rd_json_append(arena, &required, rd_json_string_c(field->name));
    }
    struct rd_json schema = type_schema(arena, "object");
    (void)rd_json_set_c(arena, &schema, "additionalProperties", rd_json_bool(false));
    (void)rd_json_set_c(arena, &schema, "properties", properties);
    if (rd_json_count(&required) > 0)
        (void)rd_json_set_c(arena, &schema, "required", required);
    return schema;
}

struct rd_json rd_spec_json_schema(struct rd_arena *arena)
{
    struct rd_json schema = rd_json_object();
    (void)rd_json_set_c(arena, &schema, "$schema",
                        rd_json_string_c("https://json-schema.org/draft/2020-12/schema"));
    (void)rd_json_set_c(arena, &schema, "title", rd_json_string_c("redoubt spec"));
    struct rd_json object = schema_object(arena, rd_spec_schema);
    for (size_t i = 0; i < rd_json_count(&object); i++)
        (void)rd_json_add(arena, &schema, object.u.members[i].key, object.u.members[i].value);
    return schema;
}
