/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "check.h"

struct rd_world world_of(struct fake_client *net)
{
    return (struct rd_world){.loop = net->loop,
                             .client = net->client,
                             .random = &net->random,
                             .endpoints = net->endpoints};
}

void remove_journal(const char *folder)
{
    static const char *const names[] = {"redoubt.db", "redoubt.db-wal", "redoubt.db-shm"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
}

struct rd_set *new_set(struct rd_arena *arena)
{
    const struct rd_type *types = NULL;
    size_t count = 0;
    struct rd_err err;
    assert_int_equal(rd_types_load(&types, &count, &err), RD_RC_OK);
    return rd_set_new(arena, RD_STR("e1"), RD_STR("AzureCloud"));
}

struct rd_plan creation_plan(struct rd_arena *arena, struct rd_set *set, size_t step_count_max)
{
    return (struct rd_plan){
        .arena = arena,
        .enclave = set->name,
        .desired = set,
        .steps = rd_arena_array(arena, step_count_max, sizeof(struct rd_step)),
        .changes = rd_arena_array(arena, step_count_max, sizeof(struct rd_change)),
    };
}

void creation_add(struct rd_plan *plan, struct rd_set *set, struct rd_str id, struct rd_json body,
                  int64_t expected_ms, int64_t after)
{
    struct rd_err err;
    size_t index = 0;
    assert_int_equal(rd_set_add(set, id, body, RD_STR("t"), &index, &err), RD_RC_OK);
    struct rd_step *step = &plan->steps[plan->step_count++];
    step->kind = RD_STEP_PUT;
    step->id = id;
    step->change = (uint32_t)plan->change_count;
    step->expected_ms = expected_ms != 0 ? expected_ms : set->resources[index].type->create_ms;
    plan->changes[plan->change_count++] = (struct rd_change){.kind = RD_CHANGE_CREATE, .id = id};
    if (after < 0)
        return;
    step->needs = rd_arena_array(plan->arena, 1, sizeof(uint32_t));
    step->needs[0] = (uint32_t)after;
    step->need_count = 1;
}

enum rd_rc creation_run(struct rd_world *world, struct rd_plan *plan, size_t parallel_max,
                        struct rd_run **ret_run, struct rd_err *err)
{
    /* Only now, for a set that grows moves its resources. */
    for (size_t i = 0; i < plan->change_count; i++) {
        plan->changes[i].desired = rd_set_find(plan->desired, plan->changes[i].id);
        plan->changes[i].type = plan->changes[i].desired->type;
    }
    struct rd_run_options options = {.verb = "apply", .parallel_max = parallel_max};
    return rd_engine_run(world, plan->arena, plan, &options, ret_run, err);
}
