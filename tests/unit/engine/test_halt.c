/* SPDX-License-Identifier: Apache-2.0 */
/* Machines that are stopped for a change and started again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

#define POWER(state)                                                                               \
    "{\"properties\":{\"provisioningState\":\"Succeeded\",\"instanceView\":{\"statuses\":["        \
    "{\"code\":\"ProvisioningState/succeeded\"},{\"code\":\"PowerState/" state "\"}]}}}"
#define DONE                                                                                       \
    {                                                                                              \
        .status = 200, .body = "{}"                                                                \
    }
#define LOOK(n, state)                                                                             \
    {                                                                                              \
        RD_HTTP_GET, "expand=instanceView", n, .line = {.status = 200, .body = POWER(state) }      \
    }

/* The three steps of such a change, against a cloud that answers by the rules. */
static enum rd_rc change(struct scene *s, struct rule *rules, size_t rule_count)
{
    struct rd_field_change field = {.path = RD_STR("properties.size"), .halts = true};
    uint32_t first = 0, second = 1;
    struct rd_step steps[] = {
        {.kind = RD_STEP_ACTION, .id = RD_STR(VM), .action = RD_STR("deallocate")},
        {.kind = RD_STEP_PUT, .id = RD_STR(VM), .needs = &first, .need_count = 1},
        {.kind = RD_STEP_ACTION,
         .id = RD_STR(VM),
         .action = RD_STR("start"),
         .needs = &second,
         .need_count = 1},
    };
    add(s, s->desired, VM, "{\"properties\":{\"size\":2}}");
    add(s, s->live, VM, "{\"properties\":{\"size\":1,\"provisioningState\":\"Succeeded\"}}");
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    rd_set_resolve_live(s->live);
    scene_answer(s, rules, rule_count);
    s->change = (struct rd_change){.kind = RD_CHANGE_UPDATE,
                                   .id = RD_STR(VM),
                                   .desired = &s->desired->resources[0],
                                   .live = &s->live->resources[0],
                                   .type = s->desired->resources[0].type,
                                   .fields = &field,
                                   .field_count = 1};
    s->plan = (struct rd_plan){.arena = s->arena,
                               .enclave = RD_STR("e1"),
                               .desired = s->desired,
                               .live = s->live,
                               .changes = &s->change,
                               .change_count = 1,
                               .steps = steps,
                               .step_count = 3};
    const struct rd_run_options options = {.verb = "apply", .parallel_max = 10};
    return rd_engine_run(&s->world, s->arena, &s->plan, &options, &s->run, &s->err);
}

#define CHANGE(s, ...)                                                                             \
    change((s), (struct rule[]){__VA_ARGS__},                                                      \
           sizeof((struct rule[]){__VA_ARGS__}) / sizeof(struct rule))

static void expect_requests(struct scene *s, size_t stops, size_t writes, size_t starts)
{
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_POST, "/vm1/deallocate?"), stops);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_PUT, "/vm1?"), writes);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_POST, "/vm1/start?"), starts);
}

static void what_runs_is_stopped_written_and_started_again(void **state)
{
    struct scene *s = *state;
    enum rd_rc rc = CHANGE(s, LOOK(0, "running"), {RD_HTTP_POST, "/vm1/", 0, .line = DONE},
                           {RD_HTTP_PUT, "/vm1?", 0, .line = DONE});
    if (rc != RD_RC_OK)
        fail_msg("%s", s->err.msg);
    expect_requests(s, 1, 1, 1);
}

static void what_was_down_before_stays_so(void **state)
{
    struct scene *s = *state;
    assert_int_equal(CHANGE(s, LOOK(0, "deallocated"), {RD_HTTP_PUT, "/vm1?", 0, .line = DONE}),
                     RD_RC_OK);
    expect_requests(s, 0, 1, 0);
}

static void what_somebody_takes_down_is_waited_for_and_stays_so(void **state)
{
    struct scene *s = *state;
    assert_int_equal(CHANGE(s, LOOK(3, "deallocating"), LOOK(0, "deallocated"),
                            {RD_HTTP_PUT, "/vm1?", 0, .line = DONE}),
                     RD_RC_OK);
    expect_requests(s, 0, 1, 0);
}

static void what_a_killed_run_had_stopped_is_written_and_started(void **state)
{
    struct scene *s = *state;
    leave(s, RD_JOURNAL_DONE, "action deallocate", VM);
    assert_int_equal(CHANGE(s, LOOK(0, "deallocated"), {RD_HTTP_POST, "/vm1/", 0, .line = DONE},
                            {RD_HTTP_PUT, "/vm1?", 0, .line = DONE}),
                     RD_RC_OK);
    expect_requests(s, 0, 1, 1);
}

/* Its operation is followed; somebody has started the machine since. */
static void a_stop_of_a_killed_run_counts_only_while_the_machine_is_down(void **state)
{
    for (int is_up = 0; is_up < 2; is_up++) {
        scene_renew(state);
        struct scene *s = *state;
        leave(s, RD_JOURNAL_ACCEPTED, "action deallocate", VM);
        const char *power = is_up ? POWER("running") : POWER("deallocated");
        assert_int_equal(
            CHANGE(s,
                   {RD_HTTP_GET, "/operations/1", 0,
                    .line = {.status = 200, .body = "{\"status\":\"Succeeded\"}"}},
                   {RD_HTTP_GET, "instanceView", 0, .line = {.status = 200, .body = power}},
                   {RD_HTTP_POST, "/vm1/", 0, .line = DONE},
                   {RD_HTTP_PUT, "/vm1?", 0, .line = DONE}),
            RD_RC_OK);
        expect_requests(s, is_up ? 1 : 0, 1, 1);
    }
}

/* Nobody's desktop stays down for a write that Azure refused. */
static void what_was_stopped_in_vain_is_started_again(void **state)
{
    struct scene *s = *state;
    static const char refusal[] = "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"no\"}}";
    enum rd_rc rc = CHANGE(s, LOOK(0, "running"), {RD_HTTP_POST, "/vm1/", 0, .line = DONE},
                           {RD_HTTP_PUT, "/vm1?", 0, .line = {.status = 400, .body = refusal}});
    assert_int_not_equal(rc, RD_RC_OK);
    assert_non_null(strstr(s->err.msg, "updating virtual machine 'vm1' failed"));
    expect_requests(s, 1, 1, 1);
    assert_int_equal(s->run->done_count, 2);
    assert_int_equal(s->run->failed_count, 1);
}

static void a_machine_that_cannot_be_stopped_is_not_written(void **state)
{
    struct scene *s = *state;
    static const char refusal[] =
        "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}";
    assert_int_not_equal(
        CHANGE(s, LOOK(0, "running"),
               {RD_HTTP_POST, "/vm1/deallocate?", 0, .line = {.status = 403, .body = refusal}},
               {RD_HTTP_POST, "/vm1/start?", 0, .line = DONE}),
        RD_RC_OK);
    assert_non_null(strstr(s->err.msg, "stopping virtual machine 'vm1' failed"));
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_PUT, "/vm1?"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(what_runs_is_stopped_written_and_started_again),
        IN_SCENE(what_was_down_before_stays_so),
        IN_SCENE(what_somebody_takes_down_is_waited_for_and_stays_so),
        IN_SCENE(what_a_killed_run_had_stopped_is_written_and_started),
        IN_SCENE(a_stop_of_a_killed_run_counts_only_while_the_machine_is_down),
        IN_SCENE(what_was_stopped_in_vain_is_started_again),
        IN_SCENE(a_machine_that_cannot_be_stopped_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
