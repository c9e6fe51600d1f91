/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <assert.h>
#include <stdio.h>

#include "facts/facts.h"

/* The cloud's place in the world: its regions and zones, from data/emulator/regions.yaml. */

const struct rd_json *em_table(const char *name)
{
    char path[64];
    int n = snprintf(path, sizeof(path), "emulator/%s", name);
    assert(n > 0 && (size_t)n < sizeof(path));
    (void)n;
    return rd_facts_embedded(path);
}

const struct rd_json *em_row(const char *table, const char *member, struct rd_str text)
{
    const struct rd_json *rows = em_table(table);
    for (size_t i = 0; i < rd_json_count(rows); i++)
        if (rd_str_eq_case(rd_json_str(rd_json_at(rd_json_item(rows, i), member)), text))
            return rd_json_item(rows, i);
    return &rd_json_absent;
}

struct rd_str em_region_name(struct em_exchange *ex, struct rd_str region)
{
    char *out = rd_arena_bytes(ex->arena, region.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < region.n; i++)
        if (region.p[i] != ' ')
            out[n++] = rd_char_lower(region.p[i]);
    out[n] = '\0';
    return (struct rd_str){out, n};
}

const struct rd_json *em_region(struct em_exchange *ex, struct rd_str region)
{
    union {
        void *from;
        const struct rd_json *to;
    } found = {.from = rd_map_get(&ex->cloud->regions, em_region_name(ex, region))};
    return found.to == NULL ? &rd_json_absent : found.to;
}

bool em_region_exists(struct em_exchange *ex, struct rd_str region)
{
    return rd_json_exists(em_region(ex, region));
}

bool em_is_government(const struct rd_cloud *cloud)
{
    return rd_str_is(cloud->name, "AzureUSGovernment");
}

struct rd_str em_tenant(const struct rd_cloud *cloud)
{
    return cloud->tenant;
}
