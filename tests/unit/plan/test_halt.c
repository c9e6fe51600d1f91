/* SPDX-License-Identifier: Apache-2.0 */
/* What only changes while its machine is deallocated (column halts). */
#include "world.h"

/* Somebody's machine with its interface and an extension. */
static void add_host(struct world *world)
{
    keep(world, GROUP, T);
    keep(world, NIC, T);
    keep(world, VM,
         "{" TAGGED ",\"properties\":{\"hardwareProfile\":{\"vmSize\":\"new\"},\"diskSizeGB\":128,"
         "\"nics\":[{\"id\":\"" NIC "\"}]}}");
    keep(world, VM "/extensions/dsc", T);
    have(world, PIN, "{\"properties\":{\"assignedUser\":\"ann@contoso.us\"}}");
}

/* Its extension is written while it runs, and it is not down while others are written first. */
static void what_only_changes_while_it_is_deallocated_stops_the_machine(void **state)
{
    struct world *world = *state;
    add_host(world);
    *rd_json_make(world->arena, &rd_set_find(world->desired, RD_STR(VM))->body,
                  "properties.diskSizeGB") = rd_json_integer(256);
    *rd_json_make(world->arena, &rd_set_find(world->desired, RD_STR(VM "/extensions/dsc"))->body,
                  "tags.team") = rd_json_string_c("blue");
    *rd_json_make(world->arena, &rd_set_find(world->desired, RD_STR(NIC))->body, "tags.team") =
        rd_json_string_c("blue");
    const struct rd_plan *plan = make(world);
    assert_true(rd_str_is(the_change(plan, VM)->affected,
                          "ann@contoso.us: the desktop is stopped and started again"));
    int stop = step_of(plan, RD_STEP_ACTION, VM, "deallocate");
    int start = step_of(plan, RD_STEP_ACTION, VM, "start");
    assert_true(comes_after(plan, stop, PUT(plan, NIC)));
    assert_true(comes_after(plan, PUT(plan, VM), stop));
    assert_true(comes_after(plan, start, PUT(plan, VM)));
    assert_true(comes_after(plan, PUT(plan, VM "/extensions/dsc"), start));
    assert_int_equal(plan->step_count, 5);
    /* What is made anew, or by another way, is not stopped for it. */
    *rd_json_make(world->arena, &rd_set_find(world->live, RD_STR(VM))->body,
                  "properties.hardwareProfile.vmSize") = rd_json_string_c("old");
    plan = make(world);
    assert_int_equal(step_of(plan, RD_STEP_ACTION, VM, "deallocate"), -1);
    assert_int_equal(step_of(plan, RD_STEP_ACTION, VM, "start"), -1);
}

/* A run was killed, or its write refused, before it came to that. */
static void what_a_run_stopped_is_started_again_unless_it_is_up(void **state)
{
    struct world *world = *state;
    static const char *const states[] = {"deallocated", "deallocating", "running", "starting"};
    want(world, VM, T);
    struct rd_resource *vm = have(world, VM, T);
    for (size_t i = 0; i < 8; i++) {
        bool is_ours = i < 4;
        bool is_down = i % 4 < 2;
        rd_json_set_c(world->arena, &world->live->facts, "halted",
                      json_of(world, is_ours ? "[\"" VM "\"]" : "[\"" NIC "\"]"));
        *rd_json_make(world->arena, &vm->body, "properties.instanceView.statuses") = json_of(
            world,
            rd_arena_printf(world->arena, "[{\"code\":\"PowerState/%s\"}]", states[i % 4]).p);
        const struct rd_plan *plan = make(world);
        assert_int_equal(plan->step_count, is_ours && is_down);
        if (plan->step_count == 0)
            continue;
        assert_int_equal(step_of(plan, RD_STEP_ACTION, VM, "start"), 0);
        expect_change(plan, VM, RD_CHANGE_UPDATE,
                      "a run stopped it for a change and did not start it again: it is started");
        assert_int_equal(the_change(plan, VM)->affected.n, 0);
    }
    rd_json_set_c(world->arena, &world->live->facts, "halted", json_of(world, "[\"" VM "\"]"));
    *rd_json_make(world->arena, &vm->body, "properties.instanceView.statuses") =
        json_of(world, "[{\"code\":\"PowerState/deallocated\"}]");
    *rd_json_make(world->arena, &vm->body, "properties.provisioningState") =
        rd_json_string_c("Updating");
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, step_of(plan, RD_STEP_ACTION, VM, "start"),
                            step_of(plan, RD_STEP_WAIT, VM, "")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_only_changes_while_it_is_deallocated_stops_the_machine),
        TEST(what_a_run_stopped_is_started_again_unless_it_is_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
