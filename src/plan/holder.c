/* SPDX-License-Identifier: Apache-2.0 */
#include "make_internal.h"

/*
 * What only one of a parent's children may hold at a time (column held): the user of a personal
 * desktop. The service refuses to give it to a second one, so it is released where it is before it
 * is written anywhere else; two that swap both lose it first. A run that is killed in between
 * leaves it with nobody, and the next plan gives it out.
 */

static struct rd_str held_path(const struct rd_type *type)
{
    return rd_json_str(rd_json_at(type->row, "held.path"));
}

static struct rd_str held_by(const struct rd_resource *resource)
{
    struct rd_str path = held_path(resource->type);
    return path.n == 0 ? (struct rd_str){"", 0}
                       : rd_json_str(rd_json_at_str(&resource->body, path));
}

static const struct rd_field_change *held_field(const struct rd_change *change)
{
    struct rd_str path = held_path(change->type);
    for (size_t i = 0; i < change->field_count && path.n > 0; i++)
        if (rd_str_eq(change->fields[i].path, path))
            return &change->fields[i];
    return NULL;
}

/* Names the thing held among the children of one parent. */
static struct rd_str key_of(struct rd_arena *scratch, const struct rd_resource *resource,
                            struct rd_str held)
{
    struct rd_arm_id id = {.parent = RD_STR("")};
    (void)rd_arm_id_parse(resource->id, &id);
    return rd_arena_printf(scratch, "%.*s %.*s", RD_FMT(id.parent), RD_FMT(held));
}

/* The holder may keep everything else, so that its change so far says nothing of what it holds. */
static void note_release(struct rd_maker *maker, size_t live, const struct rd_resource *taker)
{
    const struct rd_resource *holder = &maker->live->resources[live];
    int32_t desired = maker->live_desired[live];
    struct rd_plan *plan = maker->plan;
    if (maker->live_change[live] == RD_NONE) {
        plan->counts[RD_CHANGE_NONE]--;
        maker->kinds[desired] = RD_CHANGE_UPDATE;
        (void)rd_maker_add(maker, RD_CHANGE_UPDATE, desired, (int64_t)live,
                           rd_arena_printf(maker->arena, "%.*s gets %.*s", RD_FMT(held_by(holder)),
                                           RD_FMT(taker->name)));
    }
    struct rd_change *change = &plan->changes[maker->live_change[live]];
    if (change->kind != RD_CHANGE_UPDATE || held_field(change) != NULL)
        return;
    change->fields = rd_arena_grow(maker->arena, change->fields, change->field_count,
                                   &change->field_cap, sizeof(*change->fields));
    change->fields[change->field_count++] = (struct rd_field_change){
        .path = held_path(holder->type),
        .before = rd_json_at_str(&holder->body, held_path(holder->type)),
        .after = &rd_json_absent,
    };
}

static void find_taker(struct rd_maker *maker, const struct rd_map *holders, size_t index)
{
    const struct rd_resource *resource = &maker->desired->resources[index];
    struct rd_str held = held_by(resource);
    if (held.n == 0 || resource->is_existing)
        return;
    const struct rd_resource *holder = rd_map_get(holders, key_of(maker->scratch, resource, held));
    if (holder == NULL || rd_str_eq_case(holder->id, resource->id))
        return;
    size_t live = (size_t)(holder - maker->live->resources);
    /* What is somebody else's keeps it, and the service says so. */
    if (maker->live_desired[live] == RD_NONE && maker->live_change[live] == RD_NONE)
        return;
    maker->taker[live] = (int32_t)index;
    if (maker->live_desired[live] != RD_NONE)
        note_release(maker, live, resource);
}

/* The type whose resources hold something: of thousands of resources few do, so that the rest is
 * passed over without a look into its row. One type is what the tables need. */
static const struct rd_type *holding_type(void)
{
    const struct rd_type *types = NULL;
    size_t count = 0;
    struct rd_err err;
    if (rd_types_load(&types, &count, &err) != RD_RC_OK)
        return NULL; /* cannot be: whoever made the sets has loaded them */
    for (size_t i = 0; i < count; i++)
        if (held_path(&types[i]).n > 0)
            return &types[i];
    return NULL;
}

void rd_maker_find_takers(struct rd_maker *maker)
{
    RD_CLEANUP(rd_map_done) struct rd_map holders;
    rd_map_init(&holders, true);
    const struct rd_type *holding = holding_type();
    for (size_t i = 0; i < maker->live->count; i++) {
        struct rd_resource *holder = &maker->live->resources[i];
        struct rd_str held = holder->type == holding ? held_by(holder) : RD_STR("");
        if (held.n > 0)
            (void)rd_map_set(&holders, key_of(maker->scratch, holder, held), holder);
    }
    for (size_t i = 0; i < maker->desired->count && rd_map_count(&holders) > 0; i++)
        if (maker->desired->resources[i].type == holding)
            find_taker(maker, &holders, i);
}

enum rd_release rd_maker_releases(const struct rd_maker *maker, const struct rd_change *change)
{
    const struct rd_field_change *field = held_field(change);
    if (change->kind != RD_CHANGE_UPDATE || change->live == NULL || change->desired == NULL ||
        field == NULL || rd_json_str(field->before).n == 0)
        return RD_RELEASE_NONE;
    if (rd_json_str(field->after).n == 0)
        return change->field_count == 1 ? RD_RELEASE_ONLY : RD_RELEASE_FIRST;
    return maker->taker[change->live - maker->live->resources] == RD_NONE ? RD_RELEASE_NONE
                                                                          : RD_RELEASE_FIRST;
}

struct rd_str rd_maker_loser(const struct rd_change *change)
{
    const struct rd_field_change *field = held_field(change);
    return field == NULL ? (struct rd_str){"", 0} : rd_json_str(field->before);
}
