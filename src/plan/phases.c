/* SPDX-License-Identifier: Apache-2.0 */
#include "phases.h"

static uint64_t bit_of(const struct rd_phases *phases, uint32_t index)
{
    for (size_t i = 0; i < phases->count; i++)
        if (phases->provisional[i] == index)
            return UINT64_C(1) << i;
    return 0;
}

static uint64_t lacking_of_needs(const struct rd_phases *phases, const struct rd_resource *resource)
{
    uint64_t lacking = 0;
    for (uint32_t n = 0; n < resource->need_count; n++)
        lacking |= phases->lacking[resource->needs[n]];
    return lacking;
}

void rd_phases_init(struct rd_phases *phases, struct rd_arena *arena, const struct rd_set *desired)
{
    *phases = (struct rd_phases){0};
    for (size_t i = 0; desired != NULL && i < desired->count; i++)
        if (desired->resources[i].provisional != NULL && phases->count < RD_PHASES_MAX)
            phases->provisional[phases->count++] = (uint32_t)i;
    if (phases->count == 0)
        return;
    phases->lacking = rd_arena_array(arena, desired->count, sizeof(*phases->lacking));
    uint32_t *order = rd_arena_array(arena, desired->count, sizeof(*order));
    rd_set_order(desired, order);
    for (size_t i = 0; i < desired->count; i++) {
        const struct rd_resource *resource = &desired->resources[order[i]];
        if (!resource->is_early)
            continue;
        uint64_t lacking = lacking_of_needs(phases, resource);
        for (uint32_t n = 0; n < resource->need_count; n++)
            if (desired->resources[resource->needs[n]].provisional != NULL)
                lacking |= bit_of(phases, resource->needs[n]);
        phases->lacking[order[i]] = lacking;
    }
}

uint64_t rd_phases_awaited(const struct rd_phases *phases, const struct rd_resource *resource)
{
    return phases->count == 0 || resource->is_early ? 0 : lacking_of_needs(phases, resource);
}

bool rd_phases_has(const struct rd_phases *phases, uint32_t index)
{
    return bit_of(phases, index) != 0;
}
