/* SPDX-License-Identifier: Apache-2.0 */
/* What is written twice: a network whose way out is closed until the firewall, here the security
 * group, has its address. */
#include "world.h"

#define EXTENSION VM "/extensions/e"
#define FIRST(plan, id) step_of((plan), RD_STEP_PUT, (id), "provisional")
#define OPEN_BODY                                                                                  \
    "{" TAGGED ",\"properties\":{\"hop\":{\"$ref\":\"" NSG "\",\"$path\":\"properties.ip\"}}}"
#define CLOSED_BODY "{" TAGGED ",\"properties\":{\"hop\":\"none\"}}"

static struct rd_resource *early(struct rd_resource *resource)
{
    resource->is_early = true;
    return resource;
}

/* Group, firewall, network, and a host in it with one extension and a backup. */
static void want_all(struct world *world)
{
    keep(world, GROUP, T);
    want(world, NSG, T);
    (void)want(world, VNET, OPEN_BODY);
    rd_resource_provide(world->desired, world->desired->count - 1, json_of(world, CLOSED_BODY));
    (void)early(want(world, NIC, "{" TAGGED ",\"properties\":{\"net\":\"" VNET "\"}}"));
    (void)early(want(world, VM, "{" TAGGED ",\"properties\":{\"nics\":[{\"id\":\"" NIC "\"}]}}"));
    want(world, EXTENSION, T);
}

static void what_refers_to_later_values_is_written_twice(void **state)
{
    struct world *world = *state;
    want_all(world);
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->counts[RD_CHANGE_CREATE], 5);
    assert_int_equal(plan->step_count, 6);
    int first = FIRST(plan, VNET);
    assert_true(comes_after(plan, PUT(plan, VNET), first));
    assert_true(comes_after(plan, PUT(plan, VNET), PUT(plan, NSG)));
    assert_false(comes_after(plan, first, PUT(plan, NSG)));
    assert_int_equal(plan->steps[first].expected_ms, 10000);
    assert_int_equal(plan->steps[first].change, plan->steps[PUT(plan, VNET)].change);
}

static void early_ones_wait_for_the_first_write_and_what_stands_on_them_for_the_second(void **state)
{
    struct world *world = *state;
    want_all(world);
    const struct rd_plan *plan = make(world);
    int first = FIRST(plan, VNET), whole = PUT(plan, VNET);
    assert_true(comes_after(plan, PUT(plan, NIC), first));
    assert_false(comes_after(plan, PUT(plan, NIC), whole));
    assert_true(comes_after(plan, PUT(plan, VM), PUT(plan, NIC)));
    assert_false(comes_after(plan, PUT(plan, VM), whole));
    assert_false(comes_after(plan, PUT(plan, VM), PUT(plan, NSG)));
    assert_true(comes_after(plan, PUT(plan, EXTENSION), PUT(plan, VM)));
    assert_true(comes_after(plan, PUT(plan, EXTENSION), whole));
}

static void what_is_not_said_to_be_early_waits_for_the_whole(void **state)
{
    struct world *world = *state;
    want_all(world);
    rd_set_find(world->desired, RD_STR(NIC))->is_early = false;
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, PUT(plan, NIC), PUT(plan, VNET)));
    assert_true(comes_after(plan, PUT(plan, VM), PUT(plan, VNET)));
}

static void with_all_values_there_one_write_does(void **state)
{
    struct world *world = *state;
    want_all(world);
    have(world, NSG, "{" TAGGED ",\"properties\":{\"ip\":\"10.0.0.4\"}}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(FIRST(plan, VNET), -1);
    assert_true(comes_after(plan, PUT(plan, NIC), PUT(plan, VNET)));
}

/* As a run leaves it that was killed between the two writes. */
static void after_a_kill_between_the_writes_extensions_wait_for_the_update(void **state)
{
    struct world *world = *state;
    want_all(world);
    have(world, NSG, "{" TAGGED ",\"properties\":{\"ip\":\"10.0.0.4\"}}");
    have(world, VNET, CLOSED_BODY);
    have(world, NIC, "{" TAGGED ",\"properties\":{\"net\":\"" VNET "\"}}");
    have(world, VM, "{" TAGGED ",\"properties\":{\"nics\":[{\"id\":\"" NIC "\"}]}}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 2);
    assert_int_equal(the_change(plan, VNET)->kind, RD_CHANGE_UPDATE);
    assert_int_equal(FIRST(plan, VNET), -1);
    assert_true(comes_after(plan, PUT(plan, EXTENSION), PUT(plan, VNET)));
}

static void the_critical_path_leads_over_the_second_write(void **state)
{
    struct world *world = *state;
    want_all(world);
    /* Over the machine; then over the second write, which comes after the first. */
    assert_int_equal(make(world)->critical_path_ms, 10000 + 5000 + 180000 + 120000);
    rd_set_find(world->desired, RD_STR(VM))->is_early = false;
    assert_int_equal(make(world)->critical_path_ms, 10000 + 10000 + 180000 + 120000);
}

static void both_writes_go_through_a_saved_plan(void **state)
{
    struct world *world = *state;
    want_all(world);
    struct rd_plan *back = read_back(world, make(world));
    assert_true(FIRST(back, VNET) >= 0);
    const struct rd_resource *net = the_change(back, VNET)->desired;
    assert_non_null(net->provisional);
    assert_true(rd_str_is(rd_json_str(rd_json_at(net->provisional, "properties.hop")), "none"));
    assert_true(rd_set_find(back->desired, RD_STR(NIC))->is_early);
    rd_plan_done(back);
}

static void a_provisional_write_without_a_body_for_it_is_refused(void **state)
{
    struct world *world = *state;
    want_all(world);
    const struct rd_plan *plan = make(world);
    struct rd_step *step = &world->plan->steps[PUT(plan, NIC)];
    step->action = RD_STR("provisional");
    struct rd_plan *back = NULL;
    assert_int_equal(rd_plan_from_json(world->arena, "p", text_of(world, plan), &back, &world->err),
                     RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "does not belong to 'create'"));
}

static void the_first_write_is_printed(void **state)
{
    struct world *world = *state;
    want_all(world);
    const struct rd_plan *plan = make(world);
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, 100000);
    rd_plan_print(&out, plan, &(struct rd_plan_text_options){.width = 80});
    assert_true(rd_str_find(rd_buf_str(&out),
                            RD_STR("write virtual network v twice: provisionally at first"),
                            0) != RD_STR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_refers_to_later_values_is_written_twice),
        TEST(early_ones_wait_for_the_first_write_and_what_stands_on_them_for_the_second),
        TEST(what_is_not_said_to_be_early_waits_for_the_whole),
        TEST(with_all_values_there_one_write_does),
        TEST(after_a_kill_between_the_writes_extensions_wait_for_the_update),
        TEST(the_critical_path_leads_over_the_second_write),
        TEST(both_writes_go_through_a_saved_plan),
        TEST(a_provisional_write_without_a_body_for_it_is_refused),
        TEST(the_first_write_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
