/* SPDX-License-Identifier: Apache-2.0 */
/* What changes hands, what is given up with its data kept, and what proves to be ours without a
 * tag. */
#include "world.h"

#define HOST(n) POOL "/sessionHosts/vm" n
#define USER(name) "{\"properties\":{\"assignedUser\":\"" name "\"}}"
#define RELEASE(plan, id) step_of((plan), RD_STEP_PUT, (id), "release")
#define RETIRE(plan, id) step_of((plan), RD_STEP_PUT, (id), "retire")
#define BUDGET SUB "/providers/Microsoft.Consumption/budgets/"
#define SETTING "/providers/Microsoft.Insights/diagnosticSettings/"
#define SENTINEL POOL "/providers/Microsoft.SecurityInsights/onboardingStates/default"

static void move(struct world *world, const char *id, const char *before, const char *after)
{
    want(world, id, after);
    have(world, id, before);
}

static void add_pool(struct world *world)
{
    keep(world, GROUP, T);
    keep(world, POOL, T);
}

static void two_that_swap_both_lose_it_before_either_gets_it(void **state)
{
    struct world *world = *state;
    add_pool(world);
    move(world, HOST("1"), USER("ann"), USER("ben"));
    move(world, HOST("2"), USER("ben"), USER("ann"));
    keep(world, HOST("3"), USER("cleo"));
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 2);
    assert_int_equal(plan->step_count, 4);
    static const char *const hosts[] = {HOST("1"), HOST("2")};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++)
            assert_true(comes_after(plan, PUT(plan, hosts[i]), RELEASE(plan, hosts[k])));
    assert_true(
        rd_str_is(the_change(plan, HOST("1"))->affected, "ann loses the desktop vm1 and gets vm2"));
    assert_true(
        rd_str_is(the_change(plan, HOST("2"))->affected, "ben loses the desktop vm2 and gets vm1"));
    /* One is written after the other has let go: twice three seconds. */
    assert_int_equal(plan->critical_path_ms, 6000);
}

static void who_moves_up_in_a_row_leaves_a_free_one_at_its_end(void **state)
{
    struct world *world = *state;
    add_pool(world);
    move(world, HOST("1"), USER("ann"), USER("ben"));
    move(world, HOST("2"), USER("ben"), USER("cleo"));
    move(world, HOST("3"), USER("cleo"), USER(""));
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, PUT(plan, HOST("1")), RELEASE(plan, HOST("2"))));
    assert_true(comes_after(plan, PUT(plan, HOST("2")), RELEASE(plan, HOST("3"))));
    assert_int_equal(PUT(plan, HOST("3")), -1);
    assert_int_equal(RELEASE(plan, HOST("1")), -1); /* nobody gets ann */
    assert_int_equal(plan->step_count, 4);
    assert_true(rd_str_is(the_change(plan, HOST("1"))->affected, "ann loses the desktop vm1"));
}

static void who_is_to_have_none_loses_it(void **state)
{
    struct world *world = *state;
    add_pool(world);
    move(world, HOST("1"), USER("ann"), USER(""));
    move(world, HOST("2"), "{\"properties\":{\"assignedUser\":null}}", USER(""));
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->step_count, 1);
    assert_int_equal(RELEASE(plan, HOST("1")), 0);
    assert_int_equal(plan->counts[RD_CHANGE_UPDATE], 1);
}

/* With automatic assignment the spec says nothing of it, and the service may have given it out. */
static void what_the_spec_does_not_speak_of_stays_unless_another_gets_it(void **state)
{
    struct world *world = *state;
    add_pool(world);
    move(world, HOST("1"), USER("ann"), "{}");
    move(world, HOST("2"), USER("ben"), "{}");
    move(world, HOST("3"), "{}", USER("Ann"));
    const struct rd_plan *plan = make(world);
    assert_null(change_of(plan, HOST("2")));
    expect_change(plan, HOST("1"), RD_CHANGE_UPDATE, "ann gets vm3");
    assert_true(comes_after(plan, PUT(plan, HOST("3")), RELEASE(plan, HOST("1"))));
    assert_int_equal(plan->step_count, 2);
    assert_int_equal(plan->counts[RD_CHANGE_NONE], 3);
}

static void a_holder_that_goes_is_gone_before_another_gets_it(void **state)
{
    struct world *world = *state;
    add_pool(world);
    have(world, VM, T);
    have(world, HOST("1"), "{\"properties\":{\"assignedUser\":\"ann\",\"resourceId\":\"" VM "\"}}");
    move(world, HOST("2"), "{}", USER("ann"));
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, PUT(plan, HOST("2")), DELETE(plan, HOST("1"))));
    assert_int_equal(RELEASE(plan, HOST("1")), -1);
}

static void what_others_hold_and_what_other_pools_hold_is_not_taken(void **state)
{
    struct world *world = *state;
    add_pool(world);
    keep(world, POOL "2", T);
    have(world, HOST("9"), USER("ann")); /* of a machine that is not ours */
    keep(world, POOL "2/sessionHosts/vm1", USER("ann"));
    move(world, HOST("2"), "{}", USER("ann"));
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->step_count, 1);
    assert_true(is_left_alone(plan, HOST("9"), "nothing proves"));
}

static void a_disk_is_not_made_smaller(void **state)
{
    struct world *world = *state;
    want(world, VM, "{" TAGGED ",\"properties\":{\"disk\":{\"sizeGB\":128}}}")->origin =
        RD_STR("hosts");
    have(world, VM, "{" TAGGED ",\"properties\":{\"disk\":{\"sizeGB\":256}}}");
    resolve(world);
    assert_int_equal(
        rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err),
        RD_RC_INVALID);
    assert_string_equal(world->err.msg,
                        "'properties.disk.sizeGB' of virtual machine 'vm01' cannot become smaller: "
                        "it is 256, the spec says 128 (hosts)");
    assert_non_null(strstr(world->err.hint, "keep 256 or more"));
}

static void a_disk_grows_in_place_and_a_new_machine_may_have_a_smaller_one(void **state)
{
    struct world *world = *state;
    want(world, VM, "{" TAGGED ",\"properties\":{\"disk\":{\"sizeGB\":256}}}");
    have(world, VM, "{" TAGGED ",\"properties\":{\"disk\":{\"sizeGB\":128}}}");
    want(world, VM "b", "{" TAGGED ",\"zones\":[\"2\"],\"properties\":{\"disk\":{\"sizeGB\":1}}}");
    have(world, VM "b", "{" TAGGED ",\"zones\":[\"1\"],\"properties\":{\"disk\":{\"sizeGB\":9}}}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(the_change(plan, VM)->kind, RD_CHANGE_UPDATE);
    assert_int_equal(the_change(plan, VM "b")->kind, RD_CHANGE_REPLACE);
}

#define ITEM_OF(state) "{\"properties\":{\"sourceResourceId\":\"" VM "\"" state "}}"

static void what_holds_data_is_given_up_before_its_machine_goes(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    keep(world, RSV, T);
    have(world, VM, T);
    have(world, ITEM, ITEM_OF(",\"state\":\"Protected\""));
    const struct rd_plan *plan = make(world);
    expect_change(plan, ITEM, RD_CHANGE_UPDATE, "its virtual machine goes");
    assert_null(the_change(plan, ITEM)->desired);
    assert_int_equal(the_change(plan, ITEM)->field_count, 1);
    assert_int_equal(DELETE(plan, ITEM), -1);
    assert_true(comes_after(plan, DELETE(plan, VM), RETIRE(plan, ITEM)));
    assert_int_equal(plan->step_count, 2);
    assert_int_equal(plan->left_alone_count, 0);
}

static void what_was_given_up_is_left_alone_and_taken_up_again(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    keep(world, RSV, T);
    keep(world, VM, T);
    have(world, ITEM, ITEM_OF(",\"state\":\"stopped\""));
    want(world, ITEM, ITEM_OF(""));
    have(world, ITEM "2", ITEM_OF(",\"state\":\"Stopped\""));
    have(world, ITEM "3", ITEM_OF(",\"state\":\"Stopped\",\"isDeleted\":true"));
    rd_json_set_c(world->arena, &world->live->facts, "written",
                  json_of(world, "[\"" ITEM "2\",\"" ITEM "3\"]"));
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 1);
    expect_change(plan, ITEM, RD_CHANGE_UPDATE, "it had been given up: it is taken up again");
    assert_true(PUT(plan, ITEM) >= 0);
    assert_true(is_left_alone(plan, ITEM "2", "its data is kept"));
    assert_int_equal(plan->left_alone_count, 1);
}

static void what_holds_data_goes_with_what_contains_it(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, RSV, T);
    keep(world, VM, T);
    have(world, ITEM, ITEM_OF(""));
    const struct rd_plan *plan = make(world);
    expect_change(plan, ITEM, RD_CHANGE_DELETE, "its Recovery Services vault goes");
    assert_int_equal(RETIRE(plan, ITEM), -1);
    assert_true(rd_str_is(the_change(plan, ITEM)->affected, "its data goes with its vault"));
    assert_true(rd_str_is(the_change(plan, RSV)->affected, "all data in it goes"));
}

#define FILTER(name, value)                                                                        \
    "{\"properties\":{\"filter\":{\"name\":\"" name "\",\"values\":[\"" value "\"]}}}"

static void a_mark_in_the_body_proves(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, BUDGET "ours", FILTER("redoubt-enclave", "cui"));
    have(world, BUDGET "longer", FILTER("redoubt-enclave", "cuix"));
    have(world, BUDGET "shorter", FILTER("redoubt-enclave", "cu"));
    have(world, BUDGET "other", FILTER("team", "cui"));
    have(world, BUDGET "empty", "{}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 1);
    expect_change(plan, BUDGET "ours", RD_CHANGE_DELETE, "no longer in the spec");
}

static void redoubts_name_proves_on_what_is_ours_only(void **state)
{
    struct world *world = *state;
    add_pool(world);
    keep(world, VAULT, "{}"); /* in the spec, but without its tag */
    have(world, POOL SETTING "redoubt", "{}");
    have(world, POOL SETTING "audit", "{}");
    have(world, VAULT SETTING "redoubt", "{}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 1);
    assert_true(DELETE(plan, POOL SETTING "redoubt") >= 0);
    assert_true(is_left_alone(plan, POOL SETTING "audit", "nothing proves"));
    assert_true(is_left_alone(plan, VAULT SETTING "redoubt", "nothing proves"));
}

static void what_an_earlier_run_wrote_is_ours_unless_it_can_bear_a_tag(void **state)
{
    struct world *world = *state;
    add_pool(world);
    have(world, SENTINEL, "{}");
    have(world, NSG, "{}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 0);
    assert_true(is_left_alone(plan, SENTINEL, "nothing proves"));
    rd_json_set_c(world->arena, &world->live->facts, "written",
                  json_of(world, "[\"" SENTINEL "\",\"" NSG "\"]"));
    if (rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err) !=
        RD_RC_OK)
        fail_msg("%s", world->err.msg);
    expect_change(world->plan, SENTINEL, RD_CHANGE_DELETE, "no longer in the spec");
    assert_null(change_of(world->plan, NSG)); /* somebody took its tag away */
}

/* As rules of a policy that no firewall uses any more. */
static void deleting_may_take_less_when_what_contains_it_goes_too(void **state)
{
    struct world *world = *state;
    const char *peering = VNET "/virtualNetworkPeerings/p";
    keep(world, GROUP, T);
    keep(world, VNET, T);
    have(world, peering, "{}");
    struct rd_json written = rd_json_array();
    (void)rd_json_append(world->arena, &written, rd_json_string_c(peering));
    (void)rd_json_set_c(world->arena, &world->live->facts, "written", written);
    const struct rd_plan *plan = make(world);
    assert_int_equal(the_change(plan, peering)->expected_ms, 15000);
    assert_int_equal(plan->critical_path_ms, 15000);
    plan = make_destroy(world, true);
    assert_int_equal(the_change(plan, peering)->expected_ms, 4000);
    assert_int_equal(plan->critical_path_ms, 4000 + 15000 + 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(deleting_may_take_less_when_what_contains_it_goes_too),
        TEST(two_that_swap_both_lose_it_before_either_gets_it),
        TEST(who_moves_up_in_a_row_leaves_a_free_one_at_its_end),
        TEST(who_is_to_have_none_loses_it),
        TEST(what_the_spec_does_not_speak_of_stays_unless_another_gets_it),
        TEST(a_holder_that_goes_is_gone_before_another_gets_it),
        TEST(what_others_hold_and_what_other_pools_hold_is_not_taken),
        TEST(a_disk_is_not_made_smaller),
        TEST(a_disk_grows_in_place_and_a_new_machine_may_have_a_smaller_one),
        TEST(what_holds_data_is_given_up_before_its_machine_goes),
        TEST(what_was_given_up_is_left_alone_and_taken_up_again),
        TEST(what_holds_data_goes_with_what_contains_it),
        TEST(a_mark_in_the_body_proves),
        TEST(redoubts_name_proves_on_what_is_ours_only),
        TEST(what_an_earlier_run_wrote_is_ours_unless_it_can_bear_a_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
