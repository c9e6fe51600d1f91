/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void equal_sets_make_an_empty_plan(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    keep(world, VM, T);
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 0);
    assert_int_equal(plan->step_count, 0);
    assert_int_equal(plan->counts[RD_CHANGE_NONE], 2);
    assert_int_equal(plan->critical_path_ms, 0);
    assert_int_equal(plan->left_alone_count, 0);
}

#define PRINCIPAL                                                                                  \
    "/providers/Microsoft.Graph/servicePrincipals/bf7b6499-ff71-4aa2-97a4-f372087be7f0"

/* It may be there or not: nothing is done about it, and what refers to it is as it was. */
static void what_was_not_seen_is_neither_made_nor_taken_to_be_there(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    want(world, PRINCIPAL, "{}");
    want(world, VAULT "/secrets/join", "{}")->is_existing = true;
    keep(world, VAULT, T);
    want(world, ROLE,
         "{\"properties\":{\"principalId\":{\"$ref\":\"" PRINCIPAL "\",\"$path\":\"id\"}}}");
    have(world, ROLE, "{\"properties\":{\"principalId\":\"11111111\"}}");
    hide(world, "[\"" PRINCIPAL "\",\"" VAULT "/secrets/join\"]");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 0);
    assert_int_equal(plan->step_count, 0);
    assert_int_equal(plan->counts[RD_CHANGE_NONE], 3);
    assert_int_equal(rd_json_count(plan->unseen), 2);
}

static void creation_follows_needs_and_the_critical_path_adds_up(void **state)
{
    struct world *world = *state;
    want(world, VM, "{\"properties\":{\"nics\":[{\"id\":\"" NIC "\"}]}}");
    want(world, NIC, "{}");
    want(world, GROUP, "{}");
    want(world, POOL, "{}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->counts[RD_CHANGE_CREATE], 4);
    expect_change(plan, VM, RD_CHANGE_CREATE, "not there");
    assert_true(comes_after(plan, PUT(plan, VM), PUT(plan, NIC)));
    assert_true(comes_after(plan, PUT(plan, NIC), PUT(plan, GROUP)));
    assert_false(comes_after(plan, PUT(plan, POOL), PUT(plan, NIC)));
    assert_int_equal(plan->critical_path_ms, 2000 + 5000 + 180000);
}

static void an_update_names_its_fields_and_waits_for_nothing_unchanged(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    want(world, VM, "{\"properties\":{\"a\":1}}")->origin = RD_STR("hosts");
    have(world, VM, "{\"properties\":{\"a\":2}}");
    const struct rd_plan *plan = make(world);
    expect_change(plan, VM, RD_CHANGE_UPDATE, "a changed (spec: hosts)");
    assert_int_equal(plan->step_count, 1);
    assert_int_equal(plan->steps[0].need_count, 0);
    assert_int_equal(plan->steps[0].expected_ms, 60000);
}

/* A host as redoubt builds it: interface, machine, extension, session host, backup. */
static void add_host(struct world *world, const char *live_size)
{
    keep(world, GROUP, T);
    keep(world, POOL, T);
    keep(world, RSV, T);
    keep(world, NIC, T);
    want(world, VM,
         "{" TAGGED ",\"properties\":{\"hardwareProfile\":{\"vmSize\":\"new\"},"
         "\"nics\":[{\"id\":\"" NIC "\"}]}}")
        ->host = 0;
    struct rd_str live = rd_arena_printf(
        world->arena,
        "{" TAGGED
        ",\"properties\":{\"hardwareProfile\":{\"vmSize\":\"%s\"},\"nics\":[{\"id\":\"%s\"}]}}",
        live_size, NIC);
    have(world, VM, live.p);
    keep(world, VM "/extensions/dsc", T);
    want(world, PIN, "{\"properties\":{\"assignedUser\":\"ann@contoso.us\"}}")->host = 0;
    rd_resource_need(world->desired, world->desired->count - 1, RD_STR(VM "/extensions/dsc"));
    have(world, PIN, "{\"properties\":{\"assignedUser\":\"ann@contoso.us\"}}");
    keep(world, ITEM, "{\"properties\":{\"sourceResourceId\":\"" VM "\"}}");
}

static void replacing_a_machine_takes_along_what_exists_because_of_it(void **state)
{
    struct world *world = *state;
    add_host(world, "old");
    const struct rd_plan *plan = make(world);
    expect_change(plan, VM, RD_CHANGE_REPLACE, "vmSize changed");
    expect_change(plan, VM "/extensions/dsc", RD_CHANGE_REPLACE, "its virtual machine is replaced");
    expect_change(plan, PIN, RD_CHANGE_REPLACE, "its virtual machine is replaced");
    /* Interface and recovery points stay. */
    assert_null(change_of(plan, NIC));
    assert_null(change_of(plan, ITEM));
    assert_int_equal(plan->change_count, 3);
    /* The extension goes with its machine. */
    assert_int_equal(DELETE(plan, VM "/extensions/dsc"), -1);
    assert_true(comes_after(plan, DELETE(plan, VM), DELETE(plan, PIN)));
    assert_true(comes_after(plan, PUT(plan, VM), DELETE(plan, VM)));
    assert_true(comes_after(plan, PUT(plan, VM "/extensions/dsc"), PUT(plan, VM)));
    assert_true(comes_after(plan, PUT(plan, PIN), PUT(plan, VM "/extensions/dsc")));
    assert_int_equal(plan->critical_path_ms, (5 + 90 + 180 + 120 + 300) * 1000);
}

static void who_sits_on_a_replaced_machine_is_told(void **state)
{
    struct world *world = *state;
    add_host(world, "old");
    const struct rd_change *change = the_change(make(world), VM);
    assert_true(rd_str_is(change->affected,
                          "ann@contoso.us loses vm01 for about 10 min: the desktop is rebuilt"));
}

static void a_change_of_tags_bothers_nobody(void **state)
{
    struct world *world = *state;
    add_host(world, "new");
    struct rd_resource *machine = rd_set_find(world->desired, RD_STR(VM));
    *rd_json_make(world->arena, &machine->body, "tags.team") = rd_json_string_c("blue");
    const struct rd_change *change = the_change(make(world), VM);
    assert_int_equal(change->kind, RD_CHANGE_UPDATE);
    assert_int_equal(change->affected.n, 0);
    *rd_json_make(world->arena, &machine->body, "properties.licenseType") =
        rd_json_string_c("Windows_Client");
    assert_true(rd_str_is(the_change(make(world), VM)->affected,
                          "ann@contoso.us: the desktop may restart"));
}

static void replacing_an_interface_replaces_the_machine_that_holds_it(void **state)
{
    struct world *world = *state;
    add_host(world, "new");
    rd_set_find(world->live, RD_STR(NIC))->body = json_of(world, "{" TAGGED ",\"location\":\"a\"}");
    rd_set_find(world->desired, RD_STR(NIC))->body =
        json_of(world, "{" TAGGED ",\"location\":\"b\"}");
    const struct rd_plan *plan = make(world);
    expect_change(plan, NIC, RD_CHANGE_REPLACE, "location changed");
    expect_change(plan, VM, RD_CHANGE_REPLACE, "its network interface is replaced");
    assert_int_equal(the_change(plan, VM)->field_count, 0);
    assert_true(comes_after(plan, DELETE(plan, NIC), DELETE(plan, VM)));
    assert_true(comes_after(plan, PUT(plan, VM), PUT(plan, NIC)));
}

static void what_must_stay_in_its_network_moves_within_it_and_is_replaced_beyond(void **state)
{
    static const struct {
        const char *subnet;
        enum rd_change_kind kind;
    } moves[] = {
        {SUBNET, RD_CHANGE_NONE},
        {VNET "/subnets/other", RD_CHANGE_UPDATE},
        {NET "virtualNetworks/V/subnets/t", RD_CHANGE_UPDATE},
        {NET "virtualNetworks/w/subnets/s", RD_CHANGE_REPLACE},
        {GROUP "2/providers/Microsoft.Network/virtualNetworks/v/subnets/s", RD_CHANGE_REPLACE},
    };
    struct world *world = *state;
    add_host(world, "new");
    struct rd_resource *live = rd_set_find(world->live, RD_STR(NIC));
    struct rd_resource *desired = rd_set_find(world->desired, RD_STR(NIC));
    live->body = json_of(world, "{" TAGGED ",\"properties\":{\"lies\":[{\"name\":\"a\",\"id\":"
                                "\"" SUBNET "\"}]}}");
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        struct rd_str body = rd_arena_printf(world->arena,
                                             "{" TAGGED ",\"properties\":{\"lies\":[{\"name\":"
                                             "\"a\",\"id\":\"%s\"}]}}",
                                             moves[i].subnet);
        desired->body = json_of(world, body.p);
        const struct rd_plan *plan = make(world);
        if (moves[i].kind == RD_CHANGE_NONE) {
            assert_int_equal(plan->change_count, 0);
            continue;
        }
        assert_int_equal(the_change(plan, NIC)->kind, moves[i].kind);
        assert_int_equal(the_change(plan, NIC)->fields[0].replaces,
                         moves[i].kind == RD_CHANGE_REPLACE);
        if (moves[i].kind == RD_CHANGE_REPLACE)
            expect_change(plan, VM, RD_CHANGE_REPLACE, "its network interface is replaced");
    }
}

static void what_shows_something_replaced_goes_along_in_a_field_that_can_change(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    want(world, NIC, "{" TAGGED ",\"location\":\"b\"}");
    have(world, NIC, "{" TAGGED ",\"location\":\"a\"}");
    keep(world, POOL, "{" TAGGED ",\"properties\":{\"shows\":[\"" GROUP "\",\"" NIC "\"]}}");
    const struct rd_plan *plan = make(world);
    expect_change(plan, POOL, RD_CHANGE_REPLACE, "its network interface is replaced");
    assert_int_equal(the_change(plan, POOL)->field_count, 0);
    assert_true(comes_after(plan, DELETE(plan, NIC), DELETE(plan, POOL)));
    assert_true(comes_after(plan, PUT(plan, POOL), PUT(plan, NIC)));
    rd_set_find(world->desired, RD_STR(NIC))->body =
        json_of(world, "{" TAGGED ",\"location\":\"a\"}");
    rd_set_find(world->desired, RD_STR(POOL))->body =
        json_of(world, "{" TAGGED ",\"properties\":{\"shows\":[\"" NIC "\"]}}");
    expect_change(make(world), POOL, RD_CHANGE_UPDATE, "shows changed");
}

static void a_dot_in_what_tells_an_item_apart_ends_no_name(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    want(world, VM, "{\"properties\":{\"targets\":[{\"region\":\"a-1.0.1\"}]}}");
    have(world, VM, "{\"properties\":{\"targets\":[{\"region\":\"a-1.0.0\"}]}}");
    expect_change(make(world), VM, RD_CHANGE_UPDATE, "targets[a-1.0.1] and 1 more changed");
}

static void a_reference_to_something_replaced_is_known_after_apply(void **state)
{
    struct world *world = *state;
    want(world, IDENTITY, "{" TAGGED ",\"location\":\"a\"}");
    have(world, IDENTITY, "{" TAGGED ",\"location\":\"b\",\"properties\":{\"principalId\":\"p\"}}");
    want(world, POOL, "{\"x\":{\"$ref\":\"" IDENTITY "\",\"$path\":\"properties.principalId\"}}");
    have(world, POOL, "{\"x\":\"p\"}");
    const struct rd_plan *plan = make(world);
    expect_change(plan, POOL, RD_CHANGE_UPDATE, "x changed");
    assert_true(rd_is_reference(the_change(plan, POOL)->fields[0].after));
    assert_true(comes_after(plan, PUT(plan, POOL), PUT(plan, IDENTITY)));
}

static void what_must_not_be_replaced_is_an_error(void **state)
{
    struct world *world = *state;
    want(world, GROUP, "{\"location\":\"a\"}");
    have(world, GROUP, "{\"location\":\"b\"}");
    resolve(world);
    assert_int_equal(
        rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err),
        RD_RC_INVALID);
    assert_string_equal(world->err.msg, "'location' of resource group 'rg' cannot be changed");
}

static enum rd_rc change_kind(struct world *world, const char *before, const char *after)
{
    static const char body[] = "{" TAGGED ",\"properties\":{\"kind\":\"%s\"}}";
    want(world, VM, rd_arena_printf(world->arena, body, after).p);
    have(world, VM, rd_arena_printf(world->arena, body, before).p);
    resolve(world);
    return rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err);
}

static void what_is_not_alike_is_neither_changed_nor_replaced(void **state)
{
    struct world *world = *state;
    assert_int_equal(change_kind(world, "fast", "plain"), RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "'properties.kind' of virtual machine 'vm01' cannot "
                                           "change from 'fast' to 'plain' in place: only one of "
                                           "them has NVMe disks"));
    assert_non_null(strstr(world->err.hint, "keep 'fast'"));
}

static void what_is_alike_is_changed(void **state)
{
    assert_int_equal(change_kind(*state, "plain", "other"), RD_RC_OK);
    expect_change(((struct world *)*state)->plan, VM, RD_CHANGE_UPDATE, "kind changed");
}

static void of_what_the_table_does_not_know_the_cloud_decides(void **state)
{
    assert_int_equal(change_kind(*state, "fast", "unheard-of"), RD_RC_OK);
}

static void what_others_made_is_not_replaced(void **state)
{
    struct world *world = *state;
    want(world, VM, "{" TAGGED ",\"zones\":[\"1\"]}");
    have(world, VM, "{\"zones\":[\"2\"]}");
    resolve(world);
    assert_int_equal(
        rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err),
        RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "'zones' of virtual machine 'vm01' can only change by "
                                           "replacing it, but it does not bear the tag"));
}

static void another_enclaves_resource_is_not_taken_over(void **state)
{
    struct world *world = *state;
    want(world, VM, T);
    have(world, VM, "{\"tags\":{\"redoubt-enclave\":\"other\"}}");
    resolve(world);
    assert_int_equal(
        rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err),
        RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "belongs to the enclave 'other'"));
}

static void existing_things_are_needed_but_never_written(void **state)
{
    struct world *world = *state;
    want(world, VNET, "{\"properties\":{\"a\":1}}")->is_existing = true;
    resolve(world);
    assert_int_equal(
        rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err),
        RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "virtual network 'v' is not there: " VNET));
    have(world, VNET, "{\"properties\":{\"a\":2}}");
    assert_int_equal(make(world)->change_count, 0);
}

static void what_left_the_spec_goes_in_reverse_order_when_it_is_ours(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, NIC, T);
    have(world, VM, "{" TAGGED ",\"properties\":{\"nics\":[{\"id\":\"" NIC "\"}]}}");
    have(world, VM "/extensions/e", "{}");
    keep(world, POOL, T);
    have(world, PIN, "{\"properties\":{\"resourceId\":\"" VM "\"}}");
    have(world, VAULT, "{}");
    have(world, NSG, "{\"tags\":{\"redoubt-enclave\":\"cuix\"}}");
    const struct rd_plan *plan = make(world);
    expect_change(plan, VM, RD_CHANGE_DELETE, "no longer in the spec");
    expect_change(plan, VM "/extensions/e", RD_CHANGE_DELETE, "its virtual machine goes");
    expect_change(plan, PIN, RD_CHANGE_DELETE, "its virtual machine goes");
    assert_int_equal(plan->counts[RD_CHANGE_DELETE], 4);
    assert_true(comes_after(plan, DELETE(plan, NIC), DELETE(plan, VM)));
    assert_true(comes_after(plan, DELETE(plan, VM), DELETE(plan, PIN)));
    assert_int_equal(DELETE(plan, VM "/extensions/e"), -1);
    assert_true(is_left_alone(plan, VAULT, "nothing proves that it is redoubt's"));
    assert_true(is_left_alone(plan, NSG, "belongs to the enclave 'cuix'"));
    assert_int_equal(plan->left_alone_count, 2);
}

static void a_session_host_without_a_pin_belongs_to_its_machine(void **state)
{
    struct world *world = *state;
    keep(world, POOL, T);
    keep(world, VM, T);
    have(world, PIN, "{\"properties\":{\"resourceId\":\"" VM "\"}}");
    have(world, PIN "x", "{\"properties\":{\"resourceId\":\"" VM "x\"}}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 0);
    assert_int_equal(plan->left_alone_count, 1);
    assert_true(is_left_alone(plan, PIN "x", "nothing proves"));
}

static void writes_below_one_parent_go_one_at_a_time(void **state)
{
    struct world *world = *state;
    want(world, VNET, T);
    for (int i = 0; i < 3; i++)
        want(world, rd_arena_printf(world->arena, VNET "/virtualNetworkPeerings/p%d", i).p, "{}");
    want(world, VNET "2", T);
    want(world, VNET "2/virtualNetworkPeerings/p", "{}");
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, PUT(plan, VNET "/virtualNetworkPeerings/p1"),
                            PUT(plan, VNET "/virtualNetworkPeerings/p0")));
    assert_true(comes_after(plan, PUT(plan, VNET "/virtualNetworkPeerings/p2"),
                            PUT(plan, VNET "/virtualNetworkPeerings/p1")));
    assert_int_equal(plan->steps[PUT(plan, VNET "2/virtualNetworkPeerings/p")].need_count, 1);
    assert_int_equal(plan->critical_path_ms, 10000 + 3 * 15000);
}

static void marks_of_role_assignments_end_where_the_name_does(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, ROLE "1", "{\"properties\":{\"description\":\"redoubt:cui\"}}");
    have(world, ROLE "2", "{\"properties\":{\"description\":\"redoubt:cui users\"}}");
    have(world, ROLE "3", "{\"properties\":{\"description\":\"redoubt:cuix\"}}");
    have(world, SUB "/providers/Microsoft.Authorization/roleAssignments/x", "{}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->counts[RD_CHANGE_DELETE], 2);
    assert_null(change_of(plan, ROLE "3"));
    assert_true(is_left_alone(plan, ROLE "3", "nothing proves"));
    /* What only reaches down from above is not mentioned. */
    assert_int_equal(plan->left_alone_count, 1);
}

static void what_no_longer_holds_something_lets_it_go_first(void **state)
{
    struct world *world = *state;
    want(world, VNET, "{" TAGGED ",\"properties\":{\"a\":1}}");
    have(world, VNET, "{" TAGGED ",\"properties\":{\"a\":2,\"nsg\":{\"id\":\"" NSG "\"}}}");
    have(world, NSG, T);
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, DELETE(plan, NSG), PUT(plan, VNET)));
}

static void a_destroy_plan_deletes_all_that_is_proved_and_the_group_last(void **state)
{
    struct world *world = *state;
    add_host(world, "new");
    keep(world, VAULT, T);
    keep(world, VAULT "/secrets/s", T);
    keep(world, ROLE, "{}");
    keep(world, "/providers/Microsoft.Graph/servicePrincipals/a", "{}");
    const struct rd_plan *plan = make_destroy(world, true);
    assert_null(plan->desired);
    assert_int_equal(plan->counts[RD_CHANGE_DELETE], world->live->count - 1);
    assert_true(is_left_alone(plan, "/providers/Microsoft.Graph/servicePrincipals/a", "keeps it"));
    static const char *const others[] = {NIC, VM, POOL, PIN, RSV, ITEM, VAULT, ROLE};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_true(comes_after(plan, DELETE(plan, GROUP), DELETE(plan, others[i])));
    assert_true(comes_after(plan, DELETE(plan, POOL), DELETE(plan, PIN)));
    assert_true(comes_after(plan, DELETE(plan, VM), DELETE(plan, PIN)));
    /* The vault's soft delete goes off before anything below it does. */
    int prepare = step_of(plan, RD_STEP_PUT, RSV, "on_delete");
    assert_true(comes_after(plan, DELETE(plan, ITEM), prepare));
    assert_true(comes_after(plan, DELETE(plan, RSV), DELETE(plan, ITEM)));
    assert_true(comes_after(plan, DELETE(plan, VM), DELETE(plan, ITEM)));
    assert_int_equal(DELETE(plan, VAULT "/secrets/s"), -1);
}

static void without_a_spec_only_tags_marks_and_owners_prove(void **state)
{
    struct world *world = *state;
    have(world, GROUP, T);
    have(world, POOL, T);
    have(world, PIN, "{}");
    have(world, ROLE, "{}");
    const struct rd_plan *plan = make_destroy(world, false);
    assert_int_equal(plan->counts[RD_CHANGE_DELETE], 2);
    expect_change(plan, PIN, RD_CHANGE_DELETE, "its host pool goes");
    assert_true(is_left_alone(plan, ROLE, "nothing proves"));
    assert_true(is_left_alone(plan, GROUP, "it holds what is not redoubt's to delete: " ROLE));
}

static void a_group_with_something_unknown_in_it_stays(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    rd_json_set_c(world->arena, &world->live->facts, "foreign",
                  json_of(world, "[\"" GROUP "/providers/Microsoft.Storage/storageAccounts/x\"]"));
    const struct rd_plan *plan = make_destroy(world, true);
    assert_int_equal(plan->change_count, 0);
    assert_true(is_left_alone(plan, GROUP, "storageAccounts/x"));
}

static void what_lost_its_tag_is_not_destroyed(void **state)
{
    struct world *world = *state;
    want(world, VM, T);
    have(world, VM, "{}");
    want(world, VNET, "{}")->is_existing = true;
    have(world, VNET, T);
    const struct rd_plan *plan = make_destroy(world, true);
    assert_int_equal(plan->change_count, 0);
    assert_true(is_left_alone(plan, VM, "does not bear the tag redoubt-enclave=cui"));
    assert_true(is_left_alone(plan, VNET, "only refers to it"));
}

/* A child that goes with its parent refers to something that needs the parent: the order that
 * would suit the child must give way. */
static void a_soft_order_gives_way_to_a_hard_one(void **state)
{
    struct world *world = *state;
    keep(world, VM, T);
    keep(world, POOL, "{" TAGGED ",\"x\":\"" VM "\"}");
    keep(world, VM "/extensions/e", "{" TAGGED ",\"x\":\"" POOL "\"}");
    const struct rd_plan *plan = make_destroy(world, true);
    assert_true(comes_after(plan, DELETE(plan, VM), DELETE(plan, POOL)));
    assert_false(comes_after(plan, DELETE(plan, POOL), DELETE(plan, VM)));
}

/* Unchanged hosts cost no memory of the plan's: the arena grows by the plan alone. */
static void unchanged_resources_cost_nothing(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 1000; i++) {
        struct rd_str id = rd_arena_printf(world->arena, VM "%d", i);
        keep(world, id.p,
             "{" TAGGED ",\"properties\":{\"a\":[1,2],\"l\":[{\"name\":\"x\",\"y\":1}]}}");
    }
    resolve(world);
    size_t before = rd_arena_used(world->arena);
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->counts[RD_CHANGE_NONE], 1000);
    assert_in_range(rd_arena_used(world->arena) - before, 0, 4096);
}

/* Nothing may call itself once a link: the stack is small. */
static void a_chain_of_sixty_thousand_is_made_and_undone(void **state)
{
    struct world *world = *state;
    enum { LINKS = 60000, CREATE_MS = 5000, DELETE_MS = 15000 };
    for (int i = 0; i < LINKS; i++) {
        struct rd_str id = rd_arena_printf(world->arena, NET "networkInterfaces/n%d", i);
        struct rd_str body = rd_arena_printf(
            world->arena, "{" TAGGED ",\"x\":\"" NET "networkInterfaces/n%d\"}", i + 1);
        want(world, id.p, i + 1 < LINKS ? body.p : T);
        have(world, id.p, i + 1 < LINKS ? body.p : T);
    }
    struct rd_set *both = world->live;
    world->live = rd_set_new(world->arena, RD_STR("cui"), RD_STR("AzureUSGovernment"));
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->step_count, LINKS);
    assert_int_equal(plan->critical_path_ms, (int64_t)LINKS * CREATE_MS);
    rd_set_done(world->live);
    world->live = both;
    plan = make_destroy(world, true);
    assert_int_equal(plan->step_count, LINKS);
    assert_int_equal(plan->critical_path_ms, (int64_t)LINKS * DELETE_MS);
}

/* What is on its way out when it is looked at is not there any more when the plan is carried out;
 * the same holds of what it contains. */
static void what_is_being_deleted_is_made_anew(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    want(world, VNET, T);
    have(world, VNET, "{" TAGGED ",\"properties\":{\"provisioningState\":\"Deleting\"}}");
    keep(world, SUBNET, "{}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 2);
    expect_change(plan, VNET, RD_CHANGE_REPLACE, "it is being deleted");
    expect_change(plan, SUBNET, RD_CHANGE_CREATE, "it is being deleted");
    assert_true(comes_after(plan, PUT(plan, SUBNET), PUT(plan, VNET)));
}

/* A firewall that a killed run was deleting still holds its policy. */
static void what_something_on_its_way_out_uses_waits_until_it_is_gone(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    want(world, NSG, T);
    have(world, NSG,
         "{" TAGGED ",\"properties\":{\"provisioningState\":\"Deleting\",\"id\":\"" NIC "\"}}");
    rd_set_find(world->desired, RD_STR(NSG))->body =
        json_of(world, "{" TAGGED ",\"properties\":{\"id\":\"" NIC "\"}}");
    want(world, NIC, "{" TAGGED ",\"location\":\"b\"}");
    have(world, NIC, "{" TAGGED ",\"location\":\"a\"}");
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, DELETE(plan, NIC), DELETE(plan, NSG)));
    assert_true(comes_after(plan, PUT(plan, NSG), DELETE(plan, NSG)));
    assert_true(comes_after(plan, PUT(plan, NSG), PUT(plan, NIC)));
}

/* Writing the same again does not bring it back. */
static void a_dead_state_is_ended_by_a_new_one(void **state)
{
    struct world *world = *state;
    const char *peering = VNET "/virtualNetworkPeerings/p";
    const char *other = VNET "/virtualNetworkPeerings/q";
    keep(world, GROUP, T);
    keep(world, VNET, T);
    want(world, peering, "{}");
    have(world, peering, "{\"properties\":{\"peeringState\":\"Disconnected\"}}");
    want(world, other, "{}");
    have(world, other, "{\"properties\":{\"peeringState\":\"Connected\"}}");
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->change_count, 1);
    expect_change(plan, peering, RD_CHANGE_REPLACE,
                  "it is Disconnected, which only a new one ends");
    assert_true(comes_after(plan, PUT(plan, peering), DELETE(plan, peering)));
}

#define IDED(id) "{\"tags\":{\"redoubt-enclave\":\"cui\",\"redoubt-enclave-id\":\"" id "\"}}"

/* Two subscriptions may each have an enclave of that name, and share a group. */
static void an_enclave_of_the_same_name_elsewhere_is_another(void **state)
{
    struct world *world = *state;
    world->desired->enclave_id = world->live->enclave_id = RD_STR("AAAA");
    want(world, GROUP, IDED("aaaa"));
    have(world, GROUP, IDED("aaaa"));
    have(world, VNET, IDED("bbbb"));
    have(world, NSG, IDED("aaaa"));
    have(world, ROLE, "{\"properties\":{\"description\":\"redoubt:cui BBBB\"}}");
    have(world, VAULT "/providers/Microsoft.Authorization/roleAssignments/mine",
         "{\"properties\":{\"description\":\"redoubt:cui AAAA\"}}");
    for (int is_destroy = 0; is_destroy < 2; is_destroy++) {
        const struct rd_plan *plan = is_destroy ? make_destroy(world, true) : make(world);
        assert_true(DELETE(plan, NSG) >= 0);
        assert_true(DELETE(plan, VAULT "/providers/Microsoft.Authorization/roleAssignments/mine") >=
                    0);
        assert_int_equal(plan->counts[RD_CHANGE_DELETE], 2);
        assert_true(is_left_alone(plan, VNET, "of another subscription"));
        world->desired->is_resolved = world->live->is_resolved = false;
    }
    want(world, VNET, IDED("aaaa"));
    resolve(world);
    assert_int_equal(
        rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err),
        RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "of another subscription"));
}

/* What bears the name alone is taken into the enclave by a spec that names it, and not destroyed.
 */
static void a_name_without_an_id_is_no_proof(void **state)
{
    struct world *world = *state;
    world->desired->enclave_id = world->live->enclave_id = RD_STR("aaaa");
    want(world, NSG, IDED("aaaa"));
    have(world, NSG, T);
    const struct rd_plan *plan = make(world);
    assert_int_equal(the_change(plan, NSG)->kind, RD_CHANGE_UPDATE);
    world->desired->is_resolved = world->live->is_resolved = false;
    plan = make_destroy(world, true);
    assert_int_equal(plan->step_count, 0);
    assert_true(is_left_alone(plan, NSG, "redoubt-enclave-id=aaaa"));
}

static void what_was_made_and_never_ran_is_started(void **state)
{
    struct world *world = *state;
    static const char *const states[] = {"stopped", "running", "deallocated"};
    want(world, VM, T);
    struct rd_resource *vm = have(world, VM, T);
    for (size_t i = 0; i < 3; i++) {
        struct rd_json *statuses =
            rd_json_make(world->arena, &vm->body, "properties.instanceView.statuses");
        *statuses = json_of(
            world, rd_arena_printf(world->arena, "[{\"code\":\"PowerState/%s\"}]", states[i]).p);
        const struct rd_plan *plan = make(world);
        assert_int_equal(plan->step_count, i == 0);
        assert_int_equal(step_of(plan, RD_STEP_ACTION, VM, "start"), i == 0 ? 0 : -1);
    }
}

static void what_is_under_way_is_waited_for_and_nothing_else_is_done_to_it(void **state)
{
    struct world *world = *state;
    want(world, VNET, "{\"location\":\"westeurope\"," TAGGED "}");
    have(world, VNET,
         "{\"location\":\"westeurope\",\"properties\":{\"provisioningState\":\"Updating\"}," TAGGED
         "}");
    want(world, SUBNET, "{\"properties\":{}}");
    const struct rd_plan *plan = make(world);
    expect_change(plan, VNET, RD_CHANGE_UPDATE, "it is still being written: its end is waited for");
    assert_int_equal(plan->step_count, 2);
    int wait = step_of(plan, RD_STEP_WAIT, VNET, "");
    assert_true(comes_after(plan, PUT(plan, SUBNET), wait));
    assert_int_equal(the_change(plan, VNET)->affected.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_enclave_of_the_same_name_elsewhere_is_another),
        TEST(a_name_without_an_id_is_no_proof),
        TEST(what_was_made_and_never_ran_is_started),
        TEST(what_is_under_way_is_waited_for_and_nothing_else_is_done_to_it),
        TEST(a_chain_of_sixty_thousand_is_made_and_undone),
        TEST(equal_sets_make_an_empty_plan),
        TEST(what_was_not_seen_is_neither_made_nor_taken_to_be_there),
        TEST(creation_follows_needs_and_the_critical_path_adds_up),
        TEST(an_update_names_its_fields_and_waits_for_nothing_unchanged),
        TEST(replacing_a_machine_takes_along_what_exists_because_of_it),
        TEST(who_sits_on_a_replaced_machine_is_told),
        TEST(a_change_of_tags_bothers_nobody),
        TEST(replacing_an_interface_replaces_the_machine_that_holds_it),
        TEST(what_must_stay_in_its_network_moves_within_it_and_is_replaced_beyond),
        TEST(what_shows_something_replaced_goes_along_in_a_field_that_can_change),
        TEST(a_dot_in_what_tells_an_item_apart_ends_no_name),
        TEST(a_reference_to_something_replaced_is_known_after_apply),
        TEST(what_must_not_be_replaced_is_an_error),
        TEST(what_is_not_alike_is_neither_changed_nor_replaced),
        TEST(what_is_alike_is_changed),
        TEST(of_what_the_table_does_not_know_the_cloud_decides),
        TEST(what_others_made_is_not_replaced),
        TEST(another_enclaves_resource_is_not_taken_over),
        TEST(existing_things_are_needed_but_never_written),
        TEST(what_left_the_spec_goes_in_reverse_order_when_it_is_ours),
        TEST(a_session_host_without_a_pin_belongs_to_its_machine),
        TEST(writes_below_one_parent_go_one_at_a_time),
        TEST(marks_of_role_assignments_end_where_the_name_does),
        TEST(what_no_longer_holds_something_lets_it_go_first),
        TEST(a_destroy_plan_deletes_all_that_is_proved_and_the_group_last),
        TEST(without_a_spec_only_tags_marks_and_owners_prove),
        TEST(a_group_with_something_unknown_in_it_stays),
        TEST(what_lost_its_tag_is_not_destroyed),
        TEST(a_soft_order_gives_way_to_a_hard_one),
        TEST(unchanged_resources_cost_nothing),
        TEST(what_is_being_deleted_is_made_anew),
        TEST(what_something_on_its_way_out_uses_waits_until_it_is_gone),
        TEST(a_dead_state_is_ended_by_a_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
