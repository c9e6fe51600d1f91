/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <string.h>

/* Names that Azure or Windows would refuse: those of `names`, of the key store, of computers. */

/* Not in names that become part of an address (ARM's reserved resource names). */
static bool has_reserved_word(struct rd_str name)
{
    static const char *const anywhere[] = {"microsoft", "windows"};
    static const char *const at_start[] = {"login", "xbox"};
    for (size_t i = 0; i < sizeof(anywhere) / sizeof(anywhere[0]); i++)
        if (rd_str_find_case(name, rd_str_from(anywhere[i]), 0) != RD_STR_NONE)
            return true;
    for (size_t i = 0; i < sizeof(at_start) / sizeof(at_start[0]); i++)
        if (rd_str_has_prefix_case(name, rd_str_from(at_start[i])))
            return true;
    return false;
}

static bool is_end_legal(struct rd_str rule, char c, bool is_first)
{
    if (rd_str_is(rule, "letter"))
        return rd_char_is_alpha(c);
    if (rd_str_is(rule, "alnum"))
        return rd_char_is_alnum(c);
    if (rd_str_is(rule, "word"))
        return rd_char_is_alnum(c) || c == '_';
    return is_first || c != '.';
}

/* What is wrong with a name, or NULL. */
static const char *fault_of(struct rd_arena *arena, const struct rd_json *row, struct rd_str name)
{
    int64_t min = rd_json_int(rd_json_at(row, "min"), 1);
    int64_t max = rd_json_int(rd_json_at(row, "max"), 1);
    struct rd_str also = rd_json_str(rd_json_at(row, "also"));
    if ((int64_t)name.n < min || (int64_t)name.n > max)
        return rd_arena_printf(arena, "expected %lld to %lld characters", (long long)min,
                               (long long)max)
            .p;
    for (size_t i = 0; i < name.n; i++)
        if (!rd_char_is_alnum(name.p[i]) && rd_str_find_char(also, name.p[i], 0) == RD_STR_NONE)
            return rd_arena_printf(arena, "expected letters, digits and any of \"%.*s\"",
                                   RD_FMT(also))
                .p;
    if (!is_end_legal(rd_json_str(rd_json_at(row, "first")), name.p[0], true))
        return rd_str_is(rd_json_str(rd_json_at(row, "first")), "letter")
                   ? "expected a letter first"
                   : "expected a letter or digit first";
    if (!is_end_legal(rd_json_str(rd_json_at(row, "last")), name.p[name.n - 1], false))
        return "expected a letter or digit last";
    if (!rd_json_is_true(rd_json_at(row, "store")))
        return NULL;
    if (rd_str_find(name, RD_STR("--"), 0) != RD_STR_NONE)
        return "expected no two hyphens in a row";
    return has_reserved_word(name) ? "expected none of the words that Azure reserves" : NULL;
}

static void check_given_name(struct rd_spec_reader *reader, size_t index)
{
    const struct rd_spec_pair *pair = &reader->spec->names.items[index];
    const struct rd_json *row = rd_spec_row(reader->tables.names, "role", pair->key);
    const struct rd_json *value = rd_json_get(rd_json_at(&reader->root, "names"), pair->key);
    if (!rd_json_exists(row))
        return; /* told where its key stands */
    const char *fault = fault_of(reader->arena, row, pair->value);
    if (fault != NULL) {
        rd_spec_mistake(reader, value->offset, "'names.%.*s' is '%.*s': %s (the %.*s)",
                        RD_FMT(pair->key), RD_FMT(pair->value), fault,
                        RD_FMT(rd_json_str(rd_json_at(row, "title"))));
        return;
    }
    for (size_t i = 0; i < index; i++) {
        const struct rd_spec_pair *other = &reader->spec->names.items[i];
        const struct rd_json *other_row = rd_spec_row(reader->tables.names, "role", other->key);
        if (rd_str_eq_case(other->value, pair->value) &&
            rd_str_eq(rd_json_str(rd_json_at(row, "kind")),
                      rd_json_str(rd_json_at(other_row, "kind"))))
            rd_spec_mistake(reader, value->offset,
                            "'names.%.*s' is '%.*s', which is 'names.%.*s' already: expected "
                            "another name",
                            RD_FMT(pair->key), RD_FMT(pair->value), RD_FMT(other->key));
    }
}

static void check_roles(struct rd_spec_reader *reader)
{
    const struct rd_json *names =
        rd_spec_container(reader, "names", RD_JSON_OBJECT, RD_SPEC_NAMES_MAX);
    for (size_t i = 0; i < rd_json_count(names); i++) {
        struct rd_str key = names->u.members[i].key;
        struct rd_str role;
        if (rd_spec_words_find(&reader->tables.role_words, key, &role) && rd_str_eq(role, key))
            continue;
        rd_spec_mistake(reader, rd_spec_key_offset(reader->text, names, i),
                        "unknown role '%.*s' in 'names': expected one of data/names.yaml%s",
                        RD_FMT(key), rd_spec_suggestion(reader, key, &reader->tables.role_words));
    }
}

static void check_key_store(struct rd_spec_reader *reader)
{
    const struct rd_spec_keys *keys = &reader->spec->keys;
    const struct rd_json *row = rd_spec_row(reader->tables.names, "role", RD_STR("key_vault"));
    const char *fault =
        keys->store_name.n == 0 ? NULL : fault_of(reader->arena, row, keys->store_name);
    if (fault != NULL)
        rd_spec_mistake(reader, rd_spec_offset(reader, "keys.name"), "'keys.name' is '%.*s': %s",
                        RD_FMT(keys->store_name), fault);
    for (size_t i = 0; i < reader->spec->names.count; i++) {
        const struct rd_spec_pair *pair = &reader->spec->names.items[i];
        if (keys->store == RD_KEY_STORE_VAULT && rd_str_is(pair->key, "key_vault") &&
            rd_str_eq_case(pair->value, keys->store_name))
            rd_spec_mistake(reader, rd_spec_offset(reader, "keys.name"),
                            "'keys.name' is 'names.key_vault' already: expected another vault "
                            "than that of the secrets");
    }
    for (size_t i = 0; i < keys->key_name.n; i++)
        if (!rd_char_is_alnum(keys->key_name.p[i]) && keys->key_name.p[i] != '-') {
            rd_spec_mistake(reader, rd_spec_offset(reader, "keys.key"),
                            "'keys.key' is '%.*s': expected letters, digits and hyphens",
                            RD_FMT(keys->key_name));
            break;
        }
}

/* NetBIOS words that no computer may be called; a prefix that is one is a trap at best. */
static bool is_reserved_prefix(struct rd_str prefix)
{
    static const char *const words[] = {
        "anonymous", "batch",   "builtin", "dialup", "domain", "enterprise", "interactive",
        "internet",  "local",   "network", "null",   "proxy",  "restricted", "self",
        "server",    "service", "system",  "users",  "world",  "gateway",    "localhost"};
    while (prefix.n > 0 && prefix.p[prefix.n - 1] == '-')
        prefix.n--;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (rd_str_is_case(prefix, words[i]))
            return true;
    return false;
}

static const char *prefix_fault(struct rd_str prefix)
{
    bool has_letter = false;
    for (size_t i = 0; i < prefix.n; i++) {
        if (!rd_char_is_alnum(prefix.p[i]) && prefix.p[i] != '-')
            return "expected letters, digits and hyphens, as Windows and NetBIOS allow";
        has_letter = has_letter || rd_char_is_alpha(prefix.p[i]);
    }
    if (!has_letter)
        return "expected at least one letter: a computer name of digits alone is refused";
    if (prefix.p[0] == '-')
        return "expected a letter or digit first";
    /* With "avd1", host 1 would be avd101: also host 101 of a pool with the prefix "avd". */
    if (rd_char_is_digit(prefix.p[prefix.n - 1]))
        return "expected no digit last: its names would collide with those of a shorter prefix";
    if (is_reserved_prefix(prefix))
        return "expected none of the words that Windows reserves";
    return NULL;
}

static void check_computer_names(struct rd_spec_reader *reader)
{
    enum { NETBIOS_NAME_MAX = 15 };
    const struct rd_spec *spec = reader->spec;
    struct rd_str prefix = spec->hosts.name_prefix;
    const char *fault = prefix.n == 0 ? NULL : prefix_fault(prefix);
    uint32_t offset = rd_spec_offset(reader, "hosts.name_prefix");
    if (fault != NULL) {
        rd_spec_mistake(reader, offset, "'hosts.name_prefix' is '%.*s': %s", RD_FMT(prefix), fault);
        return;
    }
    if (rd_spec_is_refused(reader, "hosts.count"))
        return;
    struct rd_str last = rd_spec_host_name(reader->arena, spec, spec->hosts.count - 1);
    if (last.n > NETBIOS_NAME_MAX)
        rd_spec_mistake(reader, offset,
                        "the computer name '%.*s' has %zu characters: expected %d at most, so a "
                        "'hosts.name_prefix' of %zu at most",
                        RD_FMT(last), last.n, NETBIOS_NAME_MAX,
                        prefix.n + NETBIOS_NAME_MAX - last.n);
}

void rd_spec_check_names(struct rd_spec_reader *reader)
{
    check_roles(reader);
    for (size_t i = 0; i < reader->spec->names.count; i++)
        check_given_name(reader, i);
    check_key_store(reader);
    check_computer_names(reader);
}
