/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

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

struct scene {
    struct rd_arena *arena;
    struct rd_set *set;
    struct rd_plan plan;
    struct slow_cloud cloud;
    struct rd_run *run;
};

static void scene_init(struct scene *s, size_t step_count)
{
    *s = (struct scene){.arena = rd_arena_new(0)};
    s->set = new_set(s->arena);
    s->plan = creation_plan(s->arena, s->set, step_count);
}

static void scene_run(struct scene *s, size_t parallel_max)
{
    struct fake_client net;
    fake_client_open(&net, &(struct fake_client_options){.start_ms = START_MS,
                                                         .handler = answer_slowly,
                                                         .data = &s->cloud,
                                                         .in_flight_max = 64,
                                                         .attempts_max = 5});
    struct rd_world world = world_of(&net);
    struct rd_err err;
    assert_int_equal(creation_run(&world, &s->plan, parallel_max, &s->run, &err), RD_RC_OK);
    fake_client_close(&net);
}

static void scene_done(struct scene *s)
{
    rd_set_done(s->set);
    rd_arena_free(s->arena);
}

static void add_interface(struct scene *s, int number, int64_t expected_ms, int64_t after)
{
    creation_add(&s->plan, s->set,
                 rd_arena_printf(s->arena,
                                 GROUP "/providers/Microsoft.Network/networkInterfaces/nic%02d",
                                 number),
                 rd_json_object(), expected_ms, after);
}

static void add_host(struct scene *s, int number, int64_t after)
{
    add_interface(s, number, 0, after);
    creation_add(&s->plan, s->set, rd_arena_printf(s->arena, POOL "/sessionHosts/host%02d", number),
                 rd_json_object(), 0, (int64_t)s->plan.step_count - 1);
}

static int64_t late_ms(const struct scene *s, int number)
{
    return s->run->steps[2 * number + 1].end_ms - s->cloud.written_ms[number] - APPEARS_MS;
}

static void the_first_hosts_tell_when_to_look_at_the_others(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 2 * (size_t)HOSTS);
    for (int h = 0; h < HOSTS; h++)
        add_host(&s, h, h < WAVE ? -1 : 2 * (h - WAVE) + 1);
    scene_run(&s, 100);
    for (int h = 0; h < HOSTS; h++) {
        /* The last look of each says that it is ready. */
        assert_true(h < WAVE ? s.cloud.looks[h] >= 3 : s.cloud.looks[h] <= 3);
        assert_true(late_ms(&s, h) >= 0 && late_ms(&s, h) <= (h < WAVE ? 60000 : 20000));
    }
    scene_done(&s);
}

/* Nobody else needs the reads then, and a run ends with its last host. */
static void few_hosts_are_looked_at_often(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 2);
    add_host(&s, 0, -1);
    scene_run(&s, 100);
    assert_true(late_ms(&s, 0) >= 0 && late_ms(&s, 0) <= 8000);
    scene_done(&s);
}

/* The first has the longer way behind it, but one host's; behind the second many queue for ARM's
 * bucket. */
static void what_holds_up_a_crowd_goes_first(void **state)
{
    (void)state;
    enum { ALONE, GATE, FIRST, CROWD = 70 };
    struct scene s;
    scene_init(&s, FIRST + CROWD);
    for (int i = 0; i < FIRST + CROWD; i++)
        add_interface(&s, i, i == ALONE ? 10000 : 4000, i < FIRST ? -1 : GATE);
    scene_run(&s, 1);
    assert_int_equal(s.cloud.written_as[GATE], 1);
    assert_int_equal(s.cloud.written_as[ALONE], 2);
    scene_done(&s);
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
