/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

/*
 * A thousand hosts of eleven steps each against a cloud without memory: an operation's URL holds
 * the time at which it ends. The cloud keeps ARM's buckets and counts who overdraws them.
 */

enum { HOSTS = 1000, KINDS = 11, CHAIN_MS = 1500000, IMAGE_MS = 3600000, START_MS = 1000 };

#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define GROUP SUB "/resourceGroups/rg"

struct counter {
    int64_t milli;
    int64_t at_ms;
    int64_t capacity;
    int64_t rate;
    size_t overdrawn;
    size_t count;
};

struct vast_cloud {
    struct counter reads;
    struct counter writes;
};

static void draw(struct counter *counter, int64_t now_ms)
{
    counter->milli += (now_ms - counter->at_ms) * counter->rate;
    if (counter->milli > counter->capacity * 1000)
        counter->milli = counter->capacity * 1000;
    counter->at_ms = now_ms;
    counter->count++;
    if (counter->milli < 1000)
        counter->overdrawn++;
    else
        counter->milli -= 1000;
}

static void vast_answer(void *data, struct rd_arena *arena, int64_t now_ms,
                        const struct rd_http_request *request, struct fake_answer *answer)
{
    struct vast_cloud *cloud = data;
    if (request->method == RD_HTTP_GET) {
        draw(&cloud->reads, now_ms);
        size_t at = rd_str_find(request->url, RD_STR("?until="), 0);
        int64_t until_ms = 0;
        if (at == RD_STR_NONE || !rd_str_to_int(rd_str_sub(request->url, at + 7, request->url.n), 0,
                                                INT64_MAX, &until_ms)) {
            answer->reply.status = 404;
            return;
        }
        answer->reply.body = now_ms < until_ms ? RD_STR("{\"status\":\"InProgress\"}")
                                               : RD_STR("{\"status\":\"Succeeded\"}");
        fake_header(arena, answer, "Retry-After", "10");
        return;
    }
    draw(&cloud->writes, now_ms);
    /* Every other operation is quicker, every other slower than the plan believes. */
    size_t at = rd_str_find(request->body, RD_STR("\"ms\":"), 0);
    size_t end = rd_str_find_char(request->body, '}', at);
    int64_t duration_ms = 0;
    if (!rd_str_to_int(rd_str_sub(request->body, at + 5, end), 0, INT64_MAX, &duration_ms))
        abort();
    duration_ms = duration_ms * (95 + (int64_t)(request->url.p[request->url.n - 20] % 10)) / 100;
    answer->reply.status = 201;
    answer->reply.body = RD_STR("{\"properties\":{\"provisioningState\":\"Creating\"}}");
    fake_header(arena, answer, "Azure-AsyncOperation",
                rd_arena_printf(arena, "https://management.azure.com" SUB "/operations?until=%lld",
                                (long long)(now_ms + duration_ms))
                    .p);
    fake_header(arena, answer, "Retry-After", "10");
}

/* The cloud takes as long as the body says. */
static void add(struct rd_plan *plan, struct rd_set *set, struct rd_str id, int64_t ms,
                int64_t after)
{
    struct rd_json body = rd_json_object();
    *rd_json_make(plan->arena, &body, "properties.ms") = rd_json_integer(ms);
    creation_add(plan, set, id, body, ms, after);
}

static void add_host(struct rd_plan *plan, struct rd_set *set, int number)
{
    static const int64_t seconds[KINDS] = {5, 180, 120, 120, 240, 120, 120, 300, 120, 60, 115};
    struct rd_str vm = rd_arena_printf(
        plan->arena, GROUP "/providers/Microsoft.Compute/virtualMachines/vm%04d", number);
    for (int k = 0; k < KINDS; k++) {
        struct rd_str id =
            k == 0   ? rd_arena_printf(plan->arena,
                                       GROUP "/providers/Microsoft.Network/networkInterfaces/nic%04d",
                                       number)
            : k == 1 ? vm
                     : rd_arena_printf(plan->arena, "%.*s/extensions/extension%d", RD_FMT(vm), k);
        add(plan, set, id, seconds[k] * 1000, k == 0 ? 0 : (int64_t)plan->step_count - 1);
    }
}

static void a_thousand_hosts_are_limited_by_the_cloud_alone(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = new_set(arena);
    struct rd_plan plan = creation_plan(arena, set, HOSTS * KINDS + 1);
    add(&plan, set, RD_STR(GROUP "/providers/Microsoft.VirtualMachineImages/imageTemplates/i"),
        IMAGE_MS, -1);
    for (int h = 0; h < HOSTS; h++)
        add_host(&plan, set, h);

    char folder[] = "/tmp/redoubt-scale-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct vast_cloud cloud = {
        .reads = {.milli = 250000, .at_ms = START_MS, .capacity = 250, .rate = 25},
        .writes = {.milli = 200000, .at_ms = START_MS, .capacity = 200, .rate = 10},
    };
    struct fake_client net;
    fake_client_open(&net, &(struct fake_client_options){.start_ms = START_MS,
                                                         .handler = vast_answer,
                                                         .data = &cloud,
                                                         .in_flight_max = 64,
                                                         .attempts_max = 5});
    net.fake.keeps_no_log = true;
    struct rd_world world = world_of(&net);
    struct rd_err err;
    assert_int_equal(rd_journal_open(folder, false, &world.journal, &err), RD_RC_OK);
    struct rd_run *run = NULL;
    clock_t before = clock();
    assert_int_equal(creation_run(&world, &plan, 4000, &run, &err), RD_RC_OK);
    long cpu_ms = (long)((clock() - before) * 1000 / CLOCKS_PER_SEC);
    int64_t makespan_ms = run->end_ms - run->start_ms;
    print_message("# cpu %ld ms, makespan %lld s, %llu polls\n", cpu_ms,
                  (long long)(makespan_ms / 1000), (unsigned long long)run->stats.polls);
    /* The image is followed by all NICs and machines at once: the last machine can't start before
     * 2,000 writes have gone out, whatever the order, so its chain starts that much later. */
    int64_t bound_ms = IMAGE_MS + CHAIN_MS + (2 * HOSTS - 200) * 100;
    assert_true(makespan_ms <= bound_ms * 105 / 100);
    assert_int_equal(cloud.writes.overdrawn, 0);
    assert_int_equal(cloud.reads.overdrawn, 0);
    assert_int_equal(cloud.writes.count, HOSTS * KINDS + 1);

    rd_journal_close(world.journal);
    fake_client_close(&net);
    rd_set_done(set);
    remove_journal(folder);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_hosts_are_limited_by_the_cloud_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
