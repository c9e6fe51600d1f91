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

static void the_first_hosts_tell_when_to_look_at_the_others(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = new_set(arena);
    struct rd_plan plan = creation_plan(arena, set, 2 * (size_t)HOSTS);
    for (int h = 0; h < HOSTS; h++) {
        creation_add(&plan, set,
                     rd_arena_printf(
                         arena, GROUP "/providers/Microsoft.Network/networkInterfaces/nic%02d", h),
                     rd_json_object(), 0, h < WAVE ? -1 : 2 * (h - WAVE) + 1);
        creation_add(&plan, set, rd_arena_printf(arena, POOL "/sessionHosts/host%02d", h),
                     rd_json_object(), 0, 2 * h);
    }
    struct slow_cloud cloud = {0};
    struct fake_client net;
    fake_client_open(&net, &(struct fake_client_options){.start_ms = START_MS,
                                                         .handler = answer_slowly,
                                                         .data = &cloud,
                                                         .in_flight_max = 64,
                                                         .attempts_max = 5});
    struct rd_world world = world_of(&net);
    struct rd_run *run = NULL;
    struct rd_err err;
    assert_int_equal(creation_run(&world, &plan, 100, &run, &err), RD_RC_OK);
    for (size_t h = 0; h < HOSTS; h++) {
        /* The last look of each says that it is ready. */
        assert_true(h < WAVE ? cloud.looks[h] >= 3 : cloud.looks[h] <= 3);
        int64_t late_ms = run->steps[2 * h + 1].end_ms - cloud.written_ms[h] - APPEARS_MS;
        assert_true(late_ms >= 0 && late_ms <= (h < WAVE ? 60000 : 20000));
    }
    fake_client_close(&net);
    rd_set_done(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_hosts_tell_when_to_look_at_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
