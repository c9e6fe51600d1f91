/* SPDX-License-Identifier: Apache-2.0 */
#include "facts/facts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "facts_embedded.h"
#include "yaml/yaml.h"

enum { TABLE_COUNT_MAX = 128, PATH_SIZE_MAX = 4096 };

/* Parsed tables, by index in rd_facts_embedded_files. Process-wide and read-only once parsed. */
static struct {
    struct rd_arena *arena;
    const char *folder;
    bool is_parsed[TABLE_COUNT_MAX];
    struct rd_json tables[TABLE_COUNT_MAX];
} state;

static struct rd_arena *arena(void)
{
    if (state.arena == NULL)
        state.arena = rd_arena_new(0);
    return state.arena;
}

void rd_facts_set_folder(const char *folder)
{
    state.folder = folder;
    memset(state.is_parsed, 0, sizeof(state.is_parsed));
}

static size_t index_of(const char *name)
{
    for (size_t i = 0; i < rd_facts_embedded_count; i++)
        if (strcmp(rd_facts_embedded_files[i].name, name) == 0)
            return i;
    return RD_STR_NONE;
}

bool rd_facts_exists(const char *name)
{
    return index_of(name) != RD_STR_NONE;
}

static void parse_embedded(size_t i)
{
    const struct rd_facts_file *file = &rd_facts_embedded_files[i];
    struct rd_err err;
    enum rd_rc rc = rd_json_parse(arena(), file->name, (struct rd_str){file->text, file->size}, 0,
                                  &state.tables[i], &err);
    assert(rc == RD_RC_OK); /* it was checked at build time */
    (void)rc;
    state.is_parsed[i] = true;
}

const struct rd_json *rd_facts_embedded(const char *name)
{
    size_t i = index_of(name);
    assert(i != RD_STR_NONE && i < TABLE_COUNT_MAX);
    if (!state.is_parsed[i])
        parse_embedded(i);
    return &state.tables[i];
}

enum rd_rc rd_facts_get(const char *name, const struct rd_json **ret_table, struct rd_err *err)
{
    size_t i = index_of(name);
    assert(i != RD_STR_NONE && i < TABLE_COUNT_MAX);
    char path[PATH_SIZE_MAX];
    bool is_overridden = false;
    if (!state.is_parsed[i] && state.folder != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s.yaml", state.folder, name);
        is_overridden = rd_file_exists(path) || errno != ENOENT; /* what cannot be read is told */
    }
    if (is_overridden) {
        struct rd_str text;
        RD_TRY(rd_file_read(arena(), path, RD_FACTS_SIZE_MAX, &text, err));
        RD_TRY(rd_yaml_parse(arena(), rd_arena_str(arena(), rd_str_from(path)).p, text,
                             &state.tables[i], err));
        state.is_parsed[i] = true;
    }
    *ret_table = rd_facts_embedded(name);
    return RD_RC_OK;
}

const char *const *rd_facts_names(size_t *ret_count)
{
    static const char *names[TABLE_COUNT_MAX];
    for (size_t i = 0; i < rd_facts_embedded_count; i++)
        names[i] = rd_facts_embedded_files[i].name;
    *ret_count = rd_facts_embedded_count;
    return names;
}
