/* SPDX-License-Identifier: Apache-2.0 */
/* A person who changes something by hand between two runs: what was ours is put right again by the
 * next apply, what is theirs is left alone. */
#include "enclave/compile.h"
#include "simulation.h"

static struct rd_str url_of(struct world *world, struct rd_arena *arena, struct rd_str id,
                            struct rd_str version)
{
    return rd_arena_printf(arena, "%.*s%.*s?api-version=%.*s", RD_FMT(world->endpoints.arm),
                           RD_FMT(id), RD_FMT(version));
}

/* One of the types that a person would touch, drawn from what the spec wants; NULL: none of it. */
static const struct rd_resource *draw_resource(struct world *world, const struct rd_set *set,
                                               const char *const *types, size_t type_count)
{
    const char *type = types[rd_random_below(&world->chaos_draw, type_count)];
    const struct rd_resource *found = NULL;
    uint64_t seen = 0;
    for (size_t i = 0; i < set->count; i++)
        if (rd_str_is_case(set->resources[i].type->name, type) &&
            rd_random_below(&world->chaos_draw, ++seen) == 0)
            found = &set->resources[i];
    return found;
}

static void delete_something(struct world *world, struct rd_arena *arena, const struct rd_set *set)
{
    static const char *const types[] = {
        "Microsoft.Compute/virtualMachines/extensions",
        "Microsoft.Insights/dataCollectionRuleAssociations",
        "Microsoft.Insights/diagnosticSettings",
        "Microsoft.Insights/scheduledQueryRules",
        "Microsoft.Consumption/budgets",
        "Microsoft.DesktopVirtualization/applicationGroups",
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
    };
    const struct rd_resource *resource =
        draw_resource(world, set, types, sizeof(types) / sizeof(types[0]));
    if (resource == NULL)
        return;
    struct rd_http_reply reply =
        by_hand(world, arena, RD_HTTP_DELETE,
                url_of(world, arena, resource->id, resource->type->api_version), RD_STR(""));
    tell(world, "somebody deletes %.*s: %d", RD_FMT(resource->id), reply.status);
}

static void change_something(struct world *world, struct rd_arena *arena, const struct rd_set *set)
{
    static const struct {
        const char *type;
        const char *patch;
    } changes[] = {
        {"Microsoft.DesktopVirtualization/hostPools",
         "{\"properties\":{\"customRdpProperty\":\"redirectclipboard:i:1;\"}}"},
        {"Microsoft.DesktopVirtualization/hostPools",
         "{\"properties\":{\"startVMOnConnect\":false}}"},
        {"Microsoft.DesktopVirtualization/workspaces",
         "{\"properties\":{\"applicationGroupReferences\":[]}}"},
        {"Microsoft.OperationalInsights/workspaces", "{\"properties\":{\"retentionInDays\":120}}"},
    };
    size_t choice =
        (size_t)rd_random_below(&world->chaos_draw, sizeof(changes) / sizeof(changes[0]));
    const struct rd_resource *resource = draw_resource(world, set, &changes[choice].type, 1);
    if (resource == NULL)
        return;
    struct rd_http_reply reply =
        by_hand(world, arena, RD_HTTP_PATCH,
                url_of(world, arena, resource->id, resource->type->api_version),
                rd_str_from(changes[choice].patch));
    tell(world, "somebody changes %.*s: %d", RD_FMT(resource->id), reply.status);
}

static void add_to_group(struct world *world, struct rd_arena *arena, struct rd_str group)
{
    static const struct {
        const char *type;
        const char *version;
    } things[] = {
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2023-01-31"},
        {"Microsoft.Network/networkSecurityGroups", "2024-05-01"},
    };
    size_t choice = (size_t)rd_random_below(&world->chaos_draw, sizeof(things) / sizeof(things[0]));
    struct rd_str id =
        rd_arena_printf(world->arena, "%.*s/providers/%s/someone-elses-%d", RD_FMT(group),
                        things[choice].type, (int)rd_random_below(&world->chaos_draw, 3));
    struct rd_str body =
        rd_arena_printf(arena, "{\"location\":\"%.*s\"}", RD_FMT(world->spec->region));
    struct rd_http_reply reply =
        by_hand(world, arena, RD_HTTP_PUT,
                url_of(world, arena, id, rd_str_from(things[choice].version)), body);
    tell(world, "somebody adds %.*s: %d", RD_FMT(id), reply.status);
    if (reply.status < 300 && !texts_has(&world->foreign, id))
        texts_add(world, &world->foreign, id);
}

static void add_something(struct world *world, struct rd_arena *arena, const struct rd_set *set)
{
    static const char *const groups[] = {"Microsoft.Resources/resourceGroups"};
    const struct rd_resource *group = draw_resource(world, set, groups, 1);
    if (group != NULL)
        add_to_group(world, arena, group->id);
}

/* Between the look into a group and its deletion nothing can be noticed any more. */
void person_adds(struct world *world)
{
    struct rd_arena *arena = rd_arena_new(0);
    const struct rd_set *live = world->process->running->live;
    const struct rd_resource *found = NULL;
    uint64_t seen = 0;
    for (size_t i = 0; i < live->count; i++)
        if (rd_str_is_case(live->resources[i].type->name, "Microsoft.Resources/resourceGroups") &&
            !texts_has(&world->looked_into, live->resources[i].id) &&
            rd_random_below(&world->chaos_draw, ++seen) == 0)
            found = &live->resources[i];
    if (found != NULL)
        add_to_group(world, arena, found->id);
    rd_arena_free(arena);
}

/* Extensions can only be written while their machine runs, and redoubt does not start one that a
 * schedule has stopped: a person does, as the error says. */
void person_starts_machines(struct world *world)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = NULL;
    struct rd_err err;
    struct rd_str text = scene_spec(arena, &world->scene);
    if (rd_spec_parse(arena, "simulated.yaml", text, &world->spec, &err) != RD_RC_OK ||
        rd_enclave_compile(arena, world->spec, &set, &err) != RD_RC_OK)
        broken(world, "the spec does not compile: %s", err.msg);
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        const struct rd_resource *resource = &set->resources[i];
        if (!rd_str_is_case(resource->type->name, "Microsoft.Compute/virtualMachines"))
            continue;
        struct rd_str url =
            rd_arena_printf(arena, "%.*s%.*s/start?api-version=%.*s", RD_FMT(world->endpoints.arm),
                            RD_FMT(resource->id), RD_FMT(resource->type->api_version));
        struct rd_http_reply reply = by_hand(world, arena, RD_HTTP_POST, url, RD_STR(""));
        tell(world, "somebody starts %.*s: %d", RD_FMT(resource->id), reply.status);
    }
    world->spec = NULL; /* it goes with the arena */
    if (set != NULL)
        rd_set_done(set);
    rd_arena_free(arena);
}

void person_meddles(struct world *world)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = NULL;
    struct rd_err err;
    struct rd_str text = scene_spec(arena, &world->scene);
    if (rd_spec_parse(arena, "simulated.yaml", text, &world->spec, &err) != RD_RC_OK ||
        rd_enclave_compile(arena, world->spec, &set, &err) != RD_RC_OK) {
        broken(world, "the spec does not compile: %s", err.msg);
        rd_arena_free(arena);
        return;
    }
    if (chance(&world->chaos_draw, 500))
        delete_something(world, arena, set);
    if (chance(&world->chaos_draw, 500))
        change_something(world, arena, set);
    if (chance(&world->chaos_draw, 400))
        add_something(world, arena, set);
    world->spec = NULL; /* it goes with the arena */
    rd_set_done(set);
    rd_arena_free(arena);
}
