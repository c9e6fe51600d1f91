/* SPDX-License-Identifier: Apache-2.0 */
/* Runs after one that was killed, and what is written twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "stage.h"

/* One process that reads, plans and applies, and ends at the given event. */
static void run_until_killed(struct fake_cloud *cloud, int kill_at)
{
    struct stage s;
    stage_open(&s, cloud);
    struct rd_set *live = NULL;
    if (rd_engine_read(&s.world, s.arena, s.desired, &live, &s.err) != RD_RC_OK)
        _exit(2);
    plan_creation(&s, live);
    s.kill_at = kill_at;
    run_plan(&s, 100);
    stage_close(&s);
    _exit(s.rc == RD_RC_OK ? 0 : 3);
}

static int run_child(struct fake_cloud *cloud, int kill_at)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_until_killed(cloud, kill_at);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The run is killed at every change of a step's state in turn; each time the next run ends with
 * what an undisturbed one makes, and no operation that was under way is started again. */
static void a_killed_run_is_finished_by_the_next(void **state)
{
    struct fake_cloud *cloud = *state;
    int kills = 0;
    for (int kill_at = 1;; kill_at++) {
        start_afresh(cloud);
        int status = run_child(cloud, kill_at);
        if (status == 0)
            break;
        assert_int_equal(status, KILLED);
        kills++;
        assert_int_equal(run_child(cloud, 0), 0);
        assert_int_equal(cloud->count, WANTED);
        for (size_t i = 0; i < cloud->count; i++) {
            assert_false(cloud->items[i].is_deleted || cloud->items[i].is_failed);
            assert_true(cloud->items[i].ready_ms <= cloud->last_now_ms);
            assert_int_equal(cloud->items[i].put_count, 1);
        }
    }
    assert_true(kills >= 2 * WANTED);
}

/* As a run does that dies before it can say how the operation ended. */
static void leave_accepted(struct stage *s, int64_t sequence, const char *step, const char *id,
                           int operation)
{
    struct rd_journal_entry entry = {
        .run = s->run->number,
        .sequence = sequence,
        .phase = RD_JOURNAL_ACCEPTED,
        .step = rd_str_from(step),
        .id = rd_str_from(id),
        .url = rd_arena_printf(s->arena, "https://management.azure.com" SUB "/operations/%d?c=s",
                               operation),
    };
    assert_int_equal(rd_journal_add(s->world.journal, &entry, &s->err), RD_RC_OK);
}

/* The plan's host pool gets a provisional body and a step that writes it first. */
static void write_pool_twice(struct stage *s)
{
    static const char first[] = "{\"location\":\"westeurope\",\"properties\":{\"first\":1}}";
    size_t at = 0;
    while (!rd_str_is(s->plan.steps[at].id, ID_POOL))
        at++;
    struct rd_step *whole = &s->plan.steps[at];
    rd_resource_provide(s->desired, (size_t)rd_set_index(s->desired, whole->id),
                        parse(s->arena, first));
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    struct rd_step *steps = rd_arena_array(s->arena, s->plan.step_count + 1, sizeof(*steps));
    memcpy(steps, s->plan.steps, s->plan.step_count * sizeof(*steps));
    steps[s->plan.step_count] = *whole;
    steps[s->plan.step_count].action = RD_STR("provisional");
    steps[at].needs = rd_arena_array(s->arena, steps[at].need_count + 1, sizeof(uint32_t));
    memcpy(steps[at].needs, whole->needs, whole->need_count * sizeof(uint32_t));
    steps[at].needs[steps[at].need_count++] = (uint32_t)s->plan.step_count;
    s->plan.steps = steps;
    s->plan.step_count++;
}

static void what_is_written_twice_ends_whole(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    write_pool_twice(&s);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    const struct fake_item *pool = fake_cloud_find(cloud, ID_POOL);
    assert_int_equal(pool->put_count, 2);
    assert_null(strstr(pool->body, "first"));
    assert_non_null(strstr(pool->body, "expirationTime"));
    stage_close(&s);
}

/* Killed while the first write's operation runs, the next run follows that operation and then still
 * makes the second write: that something is there already proves nothing of its body. */
static void a_run_killed_at_the_first_write_makes_the_second(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    write_pool_twice(&s);
    struct rd_plan whole = s.plan;
    struct rd_step first = s.plan.steps[s.plan.step_count - 1];
    first.need_count = 0;
    s.plan.steps = &first;
    s.plan.step_count = 1;
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    assert_non_null(strstr(fake_cloud_find(cloud, ID_POOL)->body, "first"));
    /* As if its end and an accepted second write had not been seen. */
    leave_accepted(&s, 1000, "put provisional", ID_POOL, 0);
    leave_accepted(&s, 1001, "put", ID_POOL, 0);
    s.plan = whole;
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    const struct fake_item *pool = fake_cloud_find(cloud, ID_POOL);
    assert_int_equal(pool->put_count, 2);
    assert_null(strstr(pool->body, "first"));
    stage_close(&s);
}

/* An open operation is polled; one that the cloud has forgotten is looked into. */
static void an_open_operation_is_resumed(void **state)
{
    struct fake_cloud *cloud = *state;
    for (int forgets = 0; forgets < 2; forgets++) {
        start_afresh(cloud);
        struct stage s;
        stage_open_and_run(&s, cloud);
        leave_accepted(&s, 1000, "put", ID_VM("1"), fake_cloud_find(cloud, "/vm1")->operation);
        stage_close(&s);
        cloud->forgets_operations = forgets == 1;
        stage_open(&s, cloud);
        plan_creation(&s, NULL);
        struct rd_step only = s.plan.steps[8];
        assert_true(rd_str_is(only.id, ID_VM("1")));
        only.need_count = 0;
        s.plan.steps = &only;
        s.plan.step_count = 1;
        run_plan(&s, 100);
        assert_int_equal(s.rc, RD_RC_OK);
        assert_int_equal(fake_count(&s.net.fake, RD_HTTP_GET, "/operations/"), 1);
        assert_int_equal(fake_count(&s.net.fake, RD_HTTP_PUT, "https:"), 0);
        stage_close(&s);
    }
}

/* Leaves an operation open for VM 1 that has ended long ago, as a run does that dies before it can
 * say so, and runs only that VM's step. */
static void run_with_stale_operation(struct stage *s, struct fake_cloud *cloud,
                                     enum rd_step_kind kind)
{
    stage_open_and_run(s, cloud);
    int ended = fake_cloud_find(cloud, "/hp1")->operation;
    char asked[32];
    (void)snprintf(asked, sizeof(asked), "/operations/%d?", ended);
    leave_accepted(s, 1000, kind == RD_STEP_DELETE ? "delete" : "put", ID_VM("1"), ended);
    stage_close(s);
    if (kind == RD_STEP_PUT)
        fake_cloud_find(cloud, "/vm1")->is_deleted = true;
    stage_open(s, cloud);
    plan_creation(s, NULL);
    s->plan.steps += 8;
    s->plan.step_count = 1;
    s->plan.steps[0].need_count = 0;
    s->plan.steps[0].kind = kind;
    if (kind == RD_STEP_DELETE)
        s->plan.changes[s->plan.steps[0].change].kind = RD_CHANGE_DELETE;
    run_plan(s, 100);
    assert_int_equal(s->rc, RD_RC_OK);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_GET, asked), 1);
}

static void an_operation_of_an_earlier_life_proves_nothing(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    run_with_stale_operation(&s, cloud, RD_STEP_PUT);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_PUT, "/vm1?"), 1);
    assert_non_null(fake_cloud_find(cloud, "/vm1"));
    stage_close(&s);
    start_afresh(cloud);
    run_with_stale_operation(&s, cloud, RD_STEP_DELETE);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_DELETE, "/vm1?"), 1);
    assert_null(fake_cloud_find(cloud, "/vm1"));
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(a_killed_run_is_finished_by_the_next),
        ON_STAGE(what_is_written_twice_ends_whole),
        ON_STAGE(a_run_killed_at_the_first_write_makes_the_second),
        ON_STAGE(an_open_operation_is_resumed),
        ON_STAGE(an_operation_of_an_earlier_life_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
