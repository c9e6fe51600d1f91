/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <string.h>

#include "facts/facts.h"

static struct rd_spec_words column(struct rd_arena *arena, const struct rd_json *table,
                                   const char *member)
{
    size_t count = rd_json_count(table);
    struct rd_spec_words words = {rd_arena_array(arena, count, sizeof(struct rd_str)), count};
    for (size_t i = 0; i < count; i++) {
        const struct rd_json *row = rd_json_item(table, i);
        words.items[i] = rd_json_str(member == NULL ? row : rd_json_at(row, member));
    }
    return words;
}

enum rd_rc rd_spec_tables_load(struct rd_arena *arena, struct rd_spec_tables *tables,
                               struct rd_err *err)
{
    const struct rd_json *time_zones;
    RD_TRY(rd_facts_get("regions", &tables->regions, err));
    RD_TRY(rd_facts_get("sizes", &tables->sizes, err));
    RD_TRY(rd_facts_get("image-steps", &tables->steps, err));
    RD_TRY(rd_facts_get("names", &tables->names, err));
    RD_TRY(rd_facts_get("rdp", &tables->rdp, err));
    RD_TRY(rd_facts_get("timezones", &time_zones, err));
    tables->region_words = column(arena, tables->regions, "name");
    tables->size_words = column(arena, tables->sizes, "name");
    tables->step_words = column(arena, tables->steps, "name");
    tables->role_words = column(arena, tables->names, "role");
    tables->rdp_words = column(arena, tables->rdp, "name");
    tables->time_zone_words = column(arena, time_zones, NULL);
    return RD_RC_OK;
}

const struct rd_json *rd_spec_row(const struct rd_json *table, const char *member,
                                  struct rd_str word)
{
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        if (rd_str_eq_case(rd_json_str(rd_json_at(row, member)), word))
            return row;
    }
    return &rd_json_absent;
}

bool rd_spec_words_find(const struct rd_spec_words *words, struct rd_str word,
                        struct rd_str *ret_word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (rd_str_eq_case(words->items[i], word)) {
            *ret_word = words->items[i];
            return true;
        }
    }
    return false;
}

struct rd_spec_words rd_spec_words_in_folder(struct rd_arena *arena, const char *folder)
{
    size_t count;
    const char *const *names = rd_facts_names(&count);
    struct rd_spec_words words = {rd_arena_array(arena, count, sizeof(struct rd_str)), 0};
    struct rd_str prefix = rd_str_from(folder);
    for (size_t i = 0; i < count; i++) {
        struct rd_str name = rd_str_from(names[i]);
        if (rd_str_has_prefix(name, prefix))
            words.items[words.count++] = rd_str_sub(name, prefix.n, name.n);
    }
    return words;
}

struct rd_spec_words rd_spec_words_of(struct rd_arena *arena, const struct rd_spec_word *words)
{
    size_t count = 0;
    while (words != NULL && words[count].word != NULL)
        count++;
    struct rd_spec_words list = {rd_arena_array(arena, count, sizeof(struct rd_str)), count};
    for (size_t i = 0; i < count; i++)
        list.items[i] = rd_str_from(words[i].word);
    return list;
}

struct rd_str rd_spec_words_text(struct rd_arena *arena, const struct rd_spec_words *words)
{
    struct rd_str text = RD_STR("");
    for (size_t i = 0; i < words->count; i++) {
        const char *before = i == 0 ? "" : i + 1 == words->count ? " or " : ", ";
        text = rd_arena_printf(arena, "%.*s%s%.*s", RD_FMT(text), before, RD_FMT(words->items[i]));
    }
    return text;
}

bool rd_spec_region_has_zones(const struct rd_spec_tables *tables, struct rd_str region)
{
    return rd_json_is_true(rd_json_at(rd_spec_row(tables->regions, "name", region), "zones"));
}
