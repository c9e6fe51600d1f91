/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

/* A plan with all kinds of changes, a secret and something left alone. */
static const struct rd_plan *varied_plan(struct world *world)
{
    keep(world, GROUP, T);
    want(world, IDENTITY, T);
    want(world, POOL,
         "{" TAGGED ",\"properties\":{\"a\":\"neu \\u00e4\",\"n\":1.50,"
         "\"p\":{\"$ref\":\"" IDENTITY "\",\"$path\":\"properties.principalId\"}}}")
        ->origin = RD_STR("hosts");
    have(world, POOL, "{" TAGGED ",\"properties\":{\"a\":\"old\",\"n\":2}}");
    want(world, VM,
         "{" TAGGED ",\"zones\":[\"1\"],\"properties\":{\"osProfile\":{\"adminPassword\":"
         "{\"$secret\":\"" VAULT "/secrets/s\"}}}}")
        ->host = 0;
    have(world, VM, "{" TAGGED ",\"zones\":[\"2\"]}");
    want(world, VAULT, T);
    want(world, VAULT "/secrets/s", "{\"value\":{\"$generate\":\"password\"}}");
    have(world, RSV, T);
    have(world, NSG, "{}");
    return make(world);
}

static void a_plan_goes_through_json_and_back_exactly(void **state)
{
    struct world *world = *state;
    const struct rd_plan *plan = varied_plan(world);
    struct rd_plan *back = read_back(world, plan);
    assert_true(rd_str_eq(rd_plan_hash(world->arena, back), rd_plan_hash(world->arena, plan)));
    assert_int_equal(rd_plan_hash(world->arena, plan).n, 64);
    assert_memory_equal(back->counts, plan->counts, sizeof(plan->counts));
    assert_int_equal(back->step_count, plan->step_count);
    assert_int_equal(back->critical_path_ms, plan->critical_path_ms);
    assert_true(rd_str_eq(back->fingerprint, rd_set_fingerprint(world->arena, world->live)));
    const struct rd_change *vm = the_change(back, VM);
    assert_non_null(vm->desired);
    assert_non_null(vm->live);
    assert_int_equal(vm->desired->host, 0);
    assert_true(back->desired->is_resolved);
    rd_plan_done(back);
}

static void a_destroy_plan_has_no_desired_set(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    keep(world, RSV, T);
    struct rd_plan *back = read_back(world, make_destroy(world, true));
    assert_null(back->desired);
    assert_int_equal(step_of(back, RD_STEP_PUT, RSV, "on_delete") >= 0, true);
    rd_plan_done(back);
}

static void what_changes_hands_and_what_is_given_up_can_be_saved(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    keep(world, POOL, T);
    keep(world, RSV, T);
    have(world, VM, T);
    have(world, ITEM, "{\"properties\":{\"sourceResourceId\":\"" VM "\",\"state\":\"Protected\"}}");
    want(world, POOL "/sessionHosts/vm1", "{\"properties\":{\"assignedUser\":\"ben\"}}");
    have(world, POOL "/sessionHosts/vm1", "{\"properties\":{\"assignedUser\":\"ann\"}}");
    want(world, POOL "/sessionHosts/vm2", "{\"properties\":{\"assignedUser\":\"ann\"}}");
    have(world, POOL "/sessionHosts/vm2", "{\"properties\":{\"assignedUser\":\"ben\"}}");
    struct rd_plan *back = read_back(world, make(world));
    assert_true(step_of(back, RD_STEP_PUT, ITEM, "retire") >= 0);
    assert_true(step_of(back, RD_STEP_PUT, POOL "/sessionHosts/vm2", "release") >= 0);
    rd_plan_done(back);
}

static void all_kinds_of_steps_can_be_saved(void **state)
{
    struct world *world = *state;
    want(world, POOL, "{" TAGGED ",\"properties\":{\"a\":1}}");
    have(world, POOL, T);
    (void)make(world);
    world->plan->changes[0].kind = RD_CHANGE_REPLACE; /* which may delete and write */
    struct rd_step steps[RD_STEP_ALTERNATIVES + 1];
    uint32_t needs[RD_STEP_ALTERNATIVES + 1];
    for (uint32_t kind = 0; kind <= RD_STEP_ALTERNATIVES; kind++) {
        needs[kind] = kind - 1;
        steps[kind] = (struct rd_step){.kind = (enum rd_step_kind)kind,
                                       .id = RD_STR(POOL),
                                       .action = kind > 1 ? RD_STR("run") : RD_STR(""),
                                       .needs = &needs[kind],
                                       .need_count = kind > 0};
    }
    world->plan->steps = steps;
    world->plan->step_count = RD_STEP_ALTERNATIVES + 1;
    struct rd_plan *back = read_back(world, world->plan);
    for (uint32_t kind = 0; kind <= RD_STEP_ALTERNATIVES; kind++)
        assert_int_equal(back->steps[kind].kind, kind);
    rd_plan_done(back);
}

/* The plan's text with the first `from` as `to`, which must be refused with `message`. */
static void expect_refused(struct world *world, struct rd_str text, const char *from,
                           const char *to, const char *message)
{
    size_t at = rd_str_find(text, rd_str_from(from), 0);
    if (at == RD_STR_NONE)
        fail_msg("'%s' is not in the plan", from);
    struct rd_str bad = rd_arena_printf(world->arena, "%.*s%s%.*s", (int)at, text.p, to,
                                        RD_FMT(rd_str_sub(text, at + strlen(from), text.n)));
    struct rd_plan *back = NULL;
    enum rd_rc rc = rd_plan_from_json(world->arena, "p.json", bad, &back, &world->err);
    if (rc != RD_RC_INVALID || strstr(world->err.msg, message) == NULL ||
        strncmp(world->err.msg, "p.json:", 7) != 0 || world->err.msg[7] < '1')
        fail_msg("'%s' as '%s': %d '%s', expected '%s'", from, to, rc, world->err.msg, message);
    assert_null(back);
}

static void what_was_edited_is_refused_with_its_place(void **state)
{
    struct world *world = *state;
    struct rd_str text = text_of(world, varied_plan(world));
    static const struct {
        const char *from, *to, *message;
    } edits[] = {
        {"redoubt/plan-1", "redoubt/plan-9", "the format is 'redoubt/plan-9'"},
        {"\"apiVersion\": \"1\"", "\"apiVersion\": \"2\"", "and this redoubt uses '1'"},
        {"\"unchanged\": 1", "\"unchanged\": 2", "edited by hand"},
        {"\"cui\"", "\"cuj\"", "edited by hand"},
        {"\"unchanged\": 1", "\"unchanged\": -1", "'unchanged' is out of range"},
        {"\"unchanged\": 1", "\"unchanged\": \"1\"", "'unchanged' is text, expected whole number"},
        {"\"unchanged\"", "\"unchangt\"", "'unchanged' is missing"},
        {"\"hash\":", "\"extra\": 1, \"hash\":", "'extra' is not known here"},
        {"\"hash\":", "\"hash\": \"\", \"hash\":", "the member is named twice"},
        {"\"kind\": \"create\"", "\"kind\": \"none\"", "'kind' is 'none', which is not known"},
        {"\"kind\": \"create\"", "\"kind\": \"delete\"", "is deleted, but in 'desired'"},
        {"\"kind\": \"update\"", "\"kind\": \"create\"", "is created, but in 'live'"},
        {"\"kind\": \"put\"", "\"kind\": \"pot\"", "'kind' is 'pot', which is not known"},
        {"\"change\": 0", "\"change\": 99", "'change' is not the number of a change"},
        {"\"change\": 0", "\"change\": 1", "the step is on"},
        {"\"needs\": []", "\"needs\": [99]", "'needs' names a step that is not there"},
        {"\"needs\": []", "\"needs\": [0]", "'needs' names a step that is not there"},
        {"\"needs\": []", "\"needs\": [\"1\"]", "'needs' names a step that is not there"},
        {"\"needs\": []", "\"needs\": [2,1]", "'needs' is not in ascending order"},
        {"\"expectedMs\": ", "\"expectedMs\": -", "'expectedMs' is out of range"},
        {"\"leftAlone\": [", "\"leftAlone\": [1,", "'leftAlone' holds something that is no text"},
        {"\"resource-set/1\"", "\"resource-set/2\"", "desired: the format is 'resource-set/2'"},
        {"virtualMachines/vm01", "virtualMachines/vm99", "is missing in 'desired'"},
    };
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
        expect_refused(world, text, edits[i].from, edits[i].to, edits[i].message);
}

static void steps_in_a_circle_are_refused(void **state)
{
    struct world *world = *state;
    want(world, POOL, T);
    want(world, VAULT, T);
    (void)make(world);
    uint32_t needs[] = {1, 0};
    for (size_t i = 0; i < 2; i++) {
        world->plan->steps[i].needs = &needs[i];
        world->plan->steps[i].need_count = 1;
    }
    struct rd_str text = text_of(world, world->plan);
    struct rd_plan *back = NULL;
    assert_int_equal(rd_plan_from_json(world->arena, "p", text, &back, &world->err), RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "the steps need each other in a circle"));
}

static void changes_and_steps_are_there_once(void **state)
{
    struct world *world = *state;
    want(world, POOL, T);
    (void)make(world);
    struct rd_step steps[2] = {world->plan->steps[0], world->plan->steps[0]};
    struct rd_step *one_step = world->plan->steps;
    struct rd_plan *back = NULL;
    world->plan->steps = steps;
    world->plan->step_count = 2;
    assert_int_equal(
        rd_plan_from_json(world->arena, "p", text_of(world, world->plan), &back, &world->err),
        RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "is there twice"));
    struct rd_change changes[2] = {world->plan->changes[0], world->plan->changes[0]};
    world->plan->steps = one_step;
    world->plan->step_count = 1;
    world->plan->changes = changes;
    world->plan->change_count = 2;
    assert_int_equal(
        rd_plan_from_json(world->arena, "p", text_of(world, world->plan), &back, &world->err),
        RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "changes twice"));
}

/* The hash can be computed anew by whoever edits; what was approved is what was printed. */
static void a_step_that_its_change_does_not_announce_is_refused(void **state)
{
    struct world *world = *state;
    static const struct {
        enum rd_change_kind change;
        enum rd_step_kind step;
        const char *action;
    } cases[] = {
        {RD_CHANGE_UPDATE, RD_STEP_DELETE, ""},
        {RD_CHANGE_UPDATE, RD_STEP_PUT, "on_delete"},
        {RD_CHANGE_UPDATE, RD_STEP_PUT, "run"},
        {RD_CHANGE_UPDATE, RD_STEP_PUT, "release"}, /* a pool holds nothing */
        {RD_CHANGE_UPDATE, RD_STEP_PUT, "retire"},  /* and is desired */
    };
    want(world, POOL, "{" TAGGED ",\"properties\":{\"a\":1}}");
    have(world, POOL, T);
    (void)make(world);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world->plan->changes[0].kind = cases[i].change;
        world->plan->steps[0].kind = cases[i].step;
        world->plan->steps[0].action = rd_str_from(cases[i].action);
        struct rd_plan *back = NULL;
        assert_int_equal(
            rd_plan_from_json(world->arena, "p", text_of(world, world->plan), &back, &world->err),
            RD_RC_INVALID);
        assert_non_null(strstr(world->err.msg, "does not belong to 'update'"));
    }
}

static void no_secret_of_the_service_is_saved(void **state)
{
    struct world *world = *state;
    want(world, VM, "{" TAGGED ",\"properties\":{\"a\":2}}");
    have(world, VM,
         "{" TAGGED ",\"properties\":{\"a\":1,\"osProfile\":{\"adminPassword\":\"hunter2\"},"
         "\"list\":[{\"registrationToken\":\"hunter3\"}]}}");
    struct rd_str text = text_of(world, make(world));
    assert_true(rd_str_find(text, RD_STR("registrationToken"), 0) != RD_STR_NONE);
    assert_true(rd_str_find(text, RD_STR("hunter"), 0) == RD_STR_NONE);
}

static void every_truncation_is_refused(void **state)
{
    struct world *world = *state;
    want(world, POOL, T);
    struct rd_str text = text_of(world, make(world));
    for (size_t n = 0; n < text.n; n += 3) {
        struct rd_plan *back = NULL;
        assert_int_equal(
            rd_plan_from_json(world->arena, "p", rd_str_sub(text, 0, n), &back, &world->err),
            RD_RC_INVALID);
    }
}

static struct rd_str fingerprint(struct world *world, const char *first, const char *second)
{
    struct rd_set *set = rd_set_new(world->arena, RD_STR("cui"), RD_STR("c"));
    size_t index = 0;
    const char *ids[2] = {first, second};
    for (int i = 0; i < 2; i++) {
        const char *body = strstr(ids[i], " ");
        assert_non_null(body);
        struct rd_str id = {ids[i], (size_t)(body - ids[i])};
        assert_int_equal(rd_set_add(set, id, json_of(world, body), RD_STR(""), &index, &world->err),
                         RD_RC_OK);
    }
    struct rd_str text = rd_set_fingerprint(world->arena, set);
    rd_set_done(set);
    return text;
}

static void a_fingerprint_sees_changes_but_not_what_changes_by_itself(void **state)
{
    struct world *world = *state;
    struct rd_str base = fingerprint(world, VM " {\"properties\":{\"a\":1,\"b\":2,\"vmId\":\"v\"}}",
                                     POOL " {\"x\":1}");
    assert_int_equal(base.n, 64);
    /* Deleted and made anew by somebody, it looks the same and is another. */
    assert_false(
        rd_str_eq(base, fingerprint(world, VM " {\"properties\":{\"a\":1,\"b\":2,\"vmId\":\"w\"}}",
                                    POOL " {\"x\":1}")));
    /* Another order of resources and members, casing of ids, volatile and read-only fields. */
    assert_true(
        rd_str_eq(base, fingerprint(world, POOL " {\"x\":1,\"etag\":\"e\",\"systemData\":{}}",
                                    GROUP "/providers/microsoft.compute/virtualmachines/VM01 "
                                          "{\"properties\":{\"b\":2,\"a\":1,\"vmId\":\"v\","
                                          "\"provisioningState\":\"Updating\","
                                          "\"at\":\"2026-11-21T20:00:00Z\"}}")));
    assert_false(
        rd_str_eq(base, fingerprint(world, VM " {\"properties\":{\"a\":1,\"b\":3,\"vmId\":\"v\"}}",
                                    POOL " {\"x\":1}")));
    assert_false(
        rd_str_eq(base, fingerprint(world, VM "2 {\"properties\":{\"a\":1,\"b\":2,\"vmId\":\"v\"}}",
                                    POOL " {\"x\":1}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plan_goes_through_json_and_back_exactly),
        TEST(a_destroy_plan_has_no_desired_set),
        TEST(what_changes_hands_and_what_is_given_up_can_be_saved),
        TEST(all_kinds_of_steps_can_be_saved),
        TEST(what_was_edited_is_refused_with_its_place),
        TEST(steps_in_a_circle_are_refused),
        TEST(changes_and_steps_are_there_once),
        TEST(a_step_that_its_change_does_not_announce_is_refused),
        TEST(no_secret_of_the_service_is_saved),
        TEST(every_truncation_is_refused),
        TEST(a_fingerprint_sees_changes_but_not_what_changes_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
