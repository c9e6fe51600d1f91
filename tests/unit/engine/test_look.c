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
    size_t written_as[HOSTS]; /* counted from 1 */
    size_t written_count;
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
        cloud->written_as[number] = ++cloud->written_count;
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

struct stage {
    struct rd_arena *arena;
    struct rd_set *set;
    struct rd_plan plan;
    struct rd_clock clock;
    struct rd_loop *loop;
    struct slow_cloud cloud;
    struct fake_transport fake;
    struct rd_random random;
    struct rd_world world;
    struct rd_run *run;
};

static void stage_open(struct stage *s, size_t step_count)
{
    const struct rd_type *types = NULL;
    size_t type_count = 0;
    struct rd_err err;
    *s = (struct stage){.arena = rd_arena_new(0)};
    assert_int_equal(rd_types_load(&types, &type_count, &err), RD_RC_OK);
    s->set = rd_set_new(s->arena, RD_STR("e"), RD_STR("AzureCloud"));
    s->plan = (struct rd_plan){.arena = s->arena, .enclave = s->set->name, .desired = s->set};
    s->plan.steps = rd_arena_array(s->arena, step_count, sizeof(*s->plan.steps));
    s->plan.changes = rd_arena_array(s->arena, step_count, sizeof(*s->plan.changes));
    rd_clock_init_virtual(&s->clock, START_MS);
    s->loop = rd_loop_new(&s->clock);
    fake_transport_init(&s->fake, s->loop, answer_slowly, &s->cloud);
    rd_random_init_seeded(&s->random, 3);
    struct rd_client_options options = {.loop = s->loop,
                                        .transport = &s->fake.base,
                                        .random = &s->random,
                                        .in_flight_max = 64,
                                        .attempts_max = 5};
    assert_int_equal(rd_endpoints_find(RD_STR("AzureCloud"), &options.endpoints, &err), RD_RC_OK);
    s->world = (struct rd_world){.loop = s->loop,
                                 .client = rd_client_new(&options),
                                 .random = &s->random,
                                 .endpoints = options.endpoints};
}

static void stage_run(struct stage *s, size_t parallel_max)
{
    for (size_t i = 0; i < s->plan.change_count; i++)
        s->plan.changes[i] = (struct rd_change){.kind = RD_CHANGE_CREATE,
                                                .id = s->set->resources[i].id,
                                                .type = s->set->resources[i].type,
                                                .desired = &s->set->resources[i]};
    struct rd_run_options options = {.verb = "apply", .parallel_max = parallel_max};
    struct rd_err err;
    assert_int_equal(rd_engine_run(&s->world, s->arena, &s->plan, &options, &s->run, &err),
                     RD_RC_OK);
}

static void stage_close(struct stage *s)
{
    rd_client_free(s->world.client);
    fake_transport_done(&s->fake);
    rd_loop_free(s->loop);
    rd_set_done(s->set);
    rd_arena_free(s->arena);
}

static struct rd_str nic_id(struct stage *s, int number)
{
    return rd_arena_printf(s->arena, GROUP "/providers/Microsoft.Network/networkInterfaces/nic%02d",
                           number);
}

static void add_host(struct stage *s, int number, int64_t after)
{
    add_step(&s->plan, s->set, nic_id(s, number), after);
    add_step(&s->plan, s->set, rd_arena_printf(s->arena, POOL "/sessionHosts/host%02d", number),
             (int64_t)s->plan.step_count - 1);
}

static int64_t late_ms(const struct stage *s, int number)
{
    return s->run->steps[2 * number + 1].end_ms - s->cloud.written_ms[number] - APPEARS_MS;
}

static void the_first_hosts_tell_when_to_look_at_the_others(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, 2 * (size_t)HOSTS);
    for (int h = 0; h < HOSTS; h++)
        add_host(&s, h, h < WAVE ? -1 : 2 * (h - WAVE) + 1);
    stage_run(&s, 100);
    for (int h = 0; h < HOSTS; h++) {
        /* The last look of each says that it is ready. */
        assert_true(h < WAVE ? s.cloud.looks[h] >= 3 : s.cloud.looks[h] <= 3);
        assert_true(late_ms(&s, h) >= 0 && late_ms(&s, h) <= (h < WAVE ? 60000 : 20000));
    }
    stage_close(&s);
}

/* Nobody else needs the reads then, and a run ends with its last host. */
static void few_hosts_are_looked_at_often(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, 2);
    add_host(&s, 0, -1);
    stage_run(&s, 100);
    assert_true(late_ms(&s, 0) >= 0 && late_ms(&s, 0) <= 8000);
    stage_close(&s);
}

/* The first has the longer way behind it, but one host's; behind the second many queue for ARM's
 * bucket. */
static void what_holds_up_a_crowd_goes_first(void **state)
{
    (void)state;
    enum { ALONE, GATE, FIRST, CROWD = 70 };
    struct stage s;
    stage_open(&s, FIRST + CROWD);
    for (int i = 0; i < FIRST + CROWD; i++) {
        add_step(&s.plan, s.set, nic_id(&s, i), i < FIRST ? -1 : GATE);
        s.plan.steps[i].expected_ms = i == ALONE ? 10000 : 4000;
    }
    stage_run(&s, 1);
    assert_int_equal(s.cloud.written_as[GATE], 1);
    assert_int_equal(s.cloud.written_as[ALONE], 2);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_hosts_tell_when_to_look_at_the_others),
        cmocka_unit_test(few_hosts_are_looked_at_often),
        cmocka_unit_test(what_holds_up_a_crowd_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
