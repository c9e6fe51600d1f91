/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "fake_transport.h"

/*
 * Hosts that come up by themselves, in waves: each appears a while after its network interface was
 * written, and the interface of a later wave waits for a host of the one before.
 */

enum { WAVES = 4, WAVE = 20, HOSTS = WAVES * WAVE, APPEARS_MS = 200000, START_MS = 1000 };

#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define GROUP SUB "/resourceGroups/rg"
#define POOL GROUP "/providers/Microsoft.DesktopVirtualization/hostPools/p"

struct slow_cloud {
    int64_t written_ms[HOSTS];
    size_t looks[HOSTS];
};

static size_t number_of(struct rd_str url)
{
    size_t at = rd_str_find_char(url, '?', 0);
    int64_t number = 0;
    if (at < 2 || !rd_str_to_int(rd_str_sub(url, at - 2, at), 0, HOSTS - 1, &number))
        abort();
    return (size_t)number;
}

static void answer_slowly(void *data, struct rd_arena *arena RD_UNUSED, int64_t now_ms,
                          const struct rd_http_request *request, struct fake_answer *answer)
{
    struct slow_cloud *cloud = data;
    size_t number = number_of(request->url);
    answer->reply.body = RD_STR("{\"properties\":{\"status\":\"Available\"}}");
    if (rd_str_find(request->url, RD_STR("/sessionHosts/"), 0) == RD_STR_NONE) {
        cloud->written_ms[number] = now_ms;
        answer->reply.body = RD_STR("{\"properties\":{}}");
    } else if (request->method == RD_HTTP_GET) {
        bool is_there = now_ms >= cloud->written_ms[number] + APPEARS_MS;
        cloud->looks[number]++;
        answer->reply.status = is_there ? 200 : 404;
        if (!is_there)
            answer->reply.body = RD_STR("{\"error\":{\"code\":\"ResourceNotFound\"}}");
    }
}

static void add_step(struct rd_plan *plan, struct rd_set *set, struct rd_str id, int64_t after)
{
    struct rd_err err;
    size_t index = 0;
    assert_int_equal(rd_set_add(set, id, rd_json_object(), RD_STR("t"), &index, &err), RD_RC_OK);
    struct rd_step *step = &plan->steps[plan->step_count++];
    *step = (struct rd_step){.kind = RD_STEP_PUT, .id = id, .change = (uint32_t)index};
    step->expected_ms = set->resources[index].type->create_ms;
    plan->change_count++;
    if (after < 0)
        return;
    step->needs = rd_arena_array(set->arena, 1, sizeof(uint32_t));
    step->needs[0] = (uint32_t)after;
    step->need_count = 1;
}

static void make_plan(struct rd_plan *plan, struct rd_set *set, struct rd_arena *arena)
{
    plan->steps = rd_arena_array(arena, 2 * (size_t)HOSTS, sizeof(*plan->steps));
    plan->changes = rd_arena_array(arena, 2 * (size_t)HOSTS, sizeof(*plan->changes));
    for (int h = 0; h < HOSTS; h++) {
        add_step(plan, set,
                 rd_arena_printf(arena,
                                 GROUP "/providers/Microsoft.Network/networkInterfaces/nic%02d", h),
                 h < WAVE ? -1 : 2 * (h - WAVE) + 1);
        add_step(plan, set, rd_arena_printf(arena, POOL "/sessionHosts/host%02d", h), 2 * h);
    }
    for (size_t i = 0; i < plan->change_count; i++)
        plan->changes[i] = (struct rd_change){.kind = RD_CHANGE_CREATE,
                                              .id = set->resources[i].id,
                                              .type = set->resources[i].type,
                                              .desired = &set->resources[i]};
}

static void the_first_hosts_tell_when_to_look_at_the_others(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_type *types = NULL;
    size_t type_count = 0;
    struct rd_err err;
    assert_int_equal(rd_types_load(&types, &type_count, &err), RD_RC_OK);
    struct rd_set *set = rd_set_new(arena, RD_STR("e"), RD_STR("AzureCloud"));
    struct rd_plan plan = {.arena = arena, .enclave = set->name, .desired = set};
    make_plan(&plan, set, arena);
    struct rd_clock virtual_clock;
    rd_clock_init_virtual(&virtual_clock, START_MS);
    struct rd_loop *loop = rd_loop_new(&virtual_clock);
    struct slow_cloud cloud = {0};
    struct fake_transport fake;
    fake_transport_init(&fake, loop, answer_slowly, &cloud);
    struct rd_random random;
    rd_random_init_seeded(&random, 3);
    struct rd_client_options options = {.loop = loop,
                                        .transport = &fake.base,
                                        .random = &random,
                                        .in_flight_max = 64,
                                        .attempts_max = 5};
    assert_int_equal(rd_endpoints_find(RD_STR("AzureCloud"), &options.endpoints, &err), RD_RC_OK);
    struct rd_world world = {.loop = loop,
                             .client = rd_client_new(&options),
                             .random = &random,
                             .endpoints = options.endpoints};
    struct rd_run_options run_options = {.verb = "apply", .parallel_max = 100};
    struct rd_run *run = NULL;
    assert_int_equal(rd_engine_run(&world, arena, &plan, &run_options, &run, &err), RD_RC_OK);
    for (size_t h = 0; h < HOSTS; h++) {
        /* The last look of each says that it is ready. */
        assert_true(h < WAVE ? cloud.looks[h] >= 3 : cloud.looks[h] <= 3);
        int64_t late_ms = run->steps[2 * h + 1].end_ms - cloud.written_ms[h] - APPEARS_MS;
        assert_true(late_ms >= 0 && late_ms <= (h < WAVE ? 60000 : 20000));
    }
    rd_client_free(world.client);
    fake_transport_done(&fake);
    rd_loop_free(loop);
    rd_set_done(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_hosts_tell_when_to_look_at_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
