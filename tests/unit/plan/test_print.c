/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/buf.h"

static void expect_text(struct world *world, const struct rd_plan_text_options *options,
                        const char *expected)
{
    struct rd_buf out;
    rd_buf_init(&out, 1 << 20);
    rd_plan_print(&out, world->plan, options);
    struct rd_str text = rd_arena_str(world->arena, rd_buf_str(&out));
    rd_buf_done(&out);
    if (!rd_str_is(text, expected))
        fail_msg("--- printed:\n%s--- expected:\n%s", text.p, expected);
}

static void an_empty_plan_says_so_in_one_sentence(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    keep(world, VM, T);
    (void)make(world);
    expect_text(world, &(struct rd_plan_text_options){.width = 80},
                "no changes: all 2 resources of enclave 'cui' are as the spec says\n");
    expect_text(world, &(struct rd_plan_text_options){.width = 80, .shows_unchanged = true},
                "no changes: all 2 resources of enclave 'cui' are as the spec says\n"
                "\nunchanged\n"
                "  = resource group rg\n"
                "  = virtual machine vm01\n");
}

#define PRINCIPAL                                                                                  \
    "/providers/Microsoft.Graph/servicePrincipals/bf7b6499-ff71-4aa2-97a4-f372087be7f0"

static void what_was_not_seen_is_told_with_the_role_that_shows_it(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    want(world, PRINCIPAL, "{}");
    hide(world, "[\"" PRINCIPAL "\"]");
    (void)make(world);
    expect_text(world, &(struct rd_plan_text_options){.width = 80, .shows_unchanged = true},
                "no changes in what was seen: 1 resources of enclave 'cui' are as the spec says\n"
                "\nunchanged\n"
                "  = resource group rg\n"
                "\nnot seen\n"
                "    1 service principal in the directory: the cloud does not show you whether\n"
                "    they are there; seen with a role of the directory\n");
    want(world, VM, T);
    (void)make(world);
    expect_text(world, &(struct rd_plan_text_options){.width = 80},
                "plan for enclave 'cui' in AzureUSGovernment\n"
                "\nsession hosts\n"
                "  + virtual machine vm01                                             about 3 min\n"
                "\nnot seen\n"
                "    1 service principal in the directory: the cloud does not show you whether\n"
                "    they are there; seen with a role of the directory\n"
                "\n1 to create, 0 to change, 0 to replace, 0 to delete, 1 unchanged, 1 not seen;\n"
                "about 3 min\n");
}

static void hosts_that_look_the_same_are_one_line(void **state)
{
    struct world *world = *state;
    want(world, GROUP, T);
    for (int i = 1; i <= 20; i++) {
        struct rd_str vm = rd_arena_printf(
            world->arena, GROUP "/providers/Microsoft.Compute/virtualMachines/avdcui%02d", i);
        struct rd_str nic =
            rd_arena_printf(world->arena, NET "networkInterfaces/avdcui%02d-nic", i);
        want(world, nic.p, T)->host = i - 1;
        want(world, vm.p, T)->host = i - 1;
        want(world, rd_arena_printf(world->arena, "%s/extensions/aad", vm.p).p, T)->host = i - 1;
    }
    (void)make(world);
    expect_text(world, &(struct rd_plan_text_options){.width = 80},
                "plan for enclave 'cui' in AzureUSGovernment\n"
                "\nresource groups\n"
                "  + resource group rg                                                  about 2 s\n"
                "\nsession hosts\n"
                "  + 20 x network interface avdcui01-nic .. avdcui20-nic                about 5 s\n"
                "  + 20 x virtual machine avdcui01 .. avdcui20                        about 3 min\n"
                "  + 20 x VM extension aad on avdcui01 .. avdcui20                    about 2 min\n"
                "\n61 to create, 0 to change, 0 to replace, 0 to delete, 0 unchanged;\n"
                "about 5 min 02 s\n");
}

static void varied(struct world *world)
{
    keep(world, GROUP, T);
    want(world, IDENTITY, T);
    want(world, POOL,
         "{" TAGGED ",\"properties\":{\"a\":\"new\",\"clientSecret\":\"y\","
         "\"p\":{\"$ref\":\"" IDENTITY "\",\"$path\":\"properties.principalId\"}}}");
    have(world, POOL, "{" TAGGED ",\"properties\":{\"a\":\"old\",\"clientSecret\":\"x\"}}");
    want(world, VM, "{" TAGGED ",\"properties\":{\"hardwareProfile\":{\"vmSize\":\"big\"}}}")
        ->host = 0;
    have(world, VM, "{" TAGGED ",\"properties\":{\"hardwareProfile\":{\"vmSize\":\"small\"}}}");
    keep(world, PIN, "{\"properties\":{\"assignedUser\":\"ann@contoso.us\"}}");
    have(world, NSG, "{}");
    have(world, VNET, T);
    (void)make(world);
}

static void changes_show_fields_reasons_and_who_is_affected(void **state)
{
    struct world *world = *state;
    varied(world);
    expect_text(world, &(struct rd_plan_text_options){.width = 78},
                "plan for enclave 'cui' in AzureUSGovernment\n"
                "\n"
                "identity and access\n"
                "  + managed identity id                                              about 5 s\n"
                "\n"
                "session hosts\n"
                "-/+ virtual machine vm01                                      about 4 min 30 s\n"
                "      properties.hardwareProfile.vmSize: \"small\" -> \"big\"  (replaces it)\n"
                "      because: vmSize changed\n"
                "      affects: ann@contoso.us loses vm01 for about 5 min: the desktop is\n"
                "      rebuilt\n"
                "\n"
                "network\n"
                "  - virtual network v                                               about 15 s\n"
                "      because: no longer in the spec\n"
                "\n"
                "virtual desktop\n"
                "  ~ host pool p                                                      about 3 s\n"
                "      properties.a: \"old\" -> \"new\"\n"
                "      properties.clientSecret: (secret) -> (secret)\n"
                "      properties.p: (none) -> (known after apply)\n"
                "      because: a and 2 more changed\n"
                "\n"
                "left alone\n"
                "    network security group nsg: not in the spec, and nothing proves that it is\n"
                "    redoubt's\n"
                "\n"
                "1 to create, 1 to change, 1 to replace, 1 to delete, 2 unchanged;\n"
                "about 4 min 30 s\n");
}

static void a_path_too_long_for_a_line_goes_on_in_the_next(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    want(world, POOL, "{\"properties\":{\"aLongOne\":{\"anotherLongOne\":{\"theLastOne\":2}}}}");
    have(world, POOL, "{\"properties\":{\"aLongOne\":{\"anotherLongOne\":{\"theLastOne\":1}}}}");
    (void)make(world);
    expect_text(world, &(struct rd_plan_text_options){.width = 44},
                "plan for enclave 'cui' in AzureUSGovernment\n"
                "\n"
                "virtual desktop\n"
                "  ~ host pool p                    about 3 s\n"
                "      properties.aLongOne.anotherLongOne.\n"
                "        theLastOne:\n"
                "        1 -> 2\n"
                "      because: theLastOne changed\n"
                "\n"
                "0 to create, 1 to change, 0 to replace, 0 to\n"
                "delete, 1 unchanged; about 3 s\n");
}

static void users_are_all_named_and_what_happens_is_said_once(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    keep(world, POOL, T);
    for (int i = 1; i <= 2; i++) {
        struct rd_str vm = rd_arena_printf(
            world->arena, GROUP "/providers/Microsoft.Compute/virtualMachines/vm0%d", i);
        keep(world, vm.p, T);
        keep(
            world, rd_arena_printf(world->arena, POOL "/sessionHosts/vm0%d", i).p,
            rd_arena_printf(world->arena, "{\"properties\":{\"assignedUser\":\"u%d@c.us\"}}", i).p);
    }
    keep(world, RSV, T);
    keep(world, ITEM, "{}");
    (void)make_destroy(world, true);
    expect_text(world, &(struct rd_plan_text_options){.width = 70},
                "plan for enclave 'cui' in AzureUSGovernment\n"
                "\nresource groups\n"
                "  - resource group rg                                       about 20 s\n"
                "\nsession hosts\n"
                "  - 2 x virtual machine vm01 .. vm02                  about 1 min 30 s\n"
                "      affects: u1@c.us loses vm01, u2@c.us loses vm02: the desktop is\n"
                "      gone\n"
                "  - 2 x session host vm01 .. vm02 on p                       about 5 s\n"
                "\nvirtual desktop\n"
                "  - host pool p                                             about 10 s\n"
                "\nbackup\n"
                "  - Recovery Services vault rsv                             about 30 s\n"
                "      affects: all data in it goes\n"
                "  - backup item v                                          about 1 min\n"
                "      affects: its data goes with its vault\n"
                "\n0 to create, 0 to change, 0 to replace, 8 to delete, 0 unchanged;\n"
                "about 2 min 20 s\n");
}

static void colours_are_only_there_when_asked_for(void **state)
{
    struct world *world = *state;
    want(world, GROUP, T);
    (void)make(world);
    expect_text(world, &(struct rd_plan_text_options){.width = 60, .colors = true},
                "plan for enclave 'cui' in AzureUSGovernment\n"
                "\n\033[1mresource groups\033[0m\n"
                "\033[32m  + resource group rg\033[0m                              about 2 s\n"
                "\n1 to create, 0 to change, 0 to replace, 0 to delete, 0\n"
                "unchanged; about 2 s\n");
}

static void no_line_is_wider_than_asked_for(void **state)
{
    struct world *world = *state;
    want(world, POOL,
         "{" TAGGED ",\"properties\":{\"long\":{\"a\":\"a text that goes on and on and on and on\","
         "\"b\":{\"$secret\":\"" VAULT "/secrets/s\"}}}}");
    want(world, VAULT "/secrets/s", "{}");
    have(world, POOL,
         "{" TAGGED ",\"properties\":{\"long\":\"f\303\274r immer und immer und immer\"}}");
    have(world, NSG, "{}");
    (void)make(world);
    struct rd_buf out;
    rd_buf_init(&out, 1 << 20);
    rd_plan_print(&out, world->plan, &(struct rd_plan_text_options){.width = 60});
    struct rd_str text = rd_arena_str(world->arena, rd_buf_str(&out));
    rd_buf_done(&out);
    assert_true(rd_str_is_utf8(text));
    assert_true(rd_str_find(text, RD_STR("..."), 0) != RD_STR_NONE);
    struct rd_str line;
    while (text.n > 0 && rd_str_next(&text, '\n', &line)) {
        size_t columns = 0;
        for (size_t i = 0; i < line.n; i++)
            columns += ((unsigned char)line.p[i] & 0xc0) != 0x80;
        if (columns > 60)
            fail_msg("%zu columns: %.*s", columns, RD_FMT(line));
    }
}

static void steps_besides_writing_and_deleting_are_listed(void **state)
{
    struct world *world = *state;
    want(world, POOL, T);
    (void)make(world);
    struct rd_step steps[] = {
        {.kind = RD_STEP_PUT, .id = RD_STR(POOL)},
        {.kind = RD_STEP_ACTION, .id = RD_STR(POOL), .action = RD_STR("run")},
        {.kind = RD_STEP_WAIT, .id = RD_STR(VM)},
        {.kind = RD_STEP_WAIT_UNTIL, .id = RD_STR(VM)},
        {.kind = RD_STEP_APPROVE, .id = RD_STR(VM)},
        {.kind = RD_STEP_ALTERNATIVES, .id = RD_STR(VM)},
    };
    world->plan->steps = steps;
    world->plan->step_count = sizeof(steps) / sizeof(steps[0]);
    expect_text(world, &(struct rd_plan_text_options){.width = 90},
                "plan for enclave 'cui' in AzureUSGovernment\n"
                "\nvirtual desktop\n"
                "  + host pool p                                                                  "
                "about 5 s\n"
                "\non the way\n"
                "  > call run on p\n"
                "  > wait for vm01\n"
                "  > wait until the time for vm01\n"
                "  > ask for approval of vm01\n"
                "  > try the alternatives for vm01\n"
                "\n1 to create, 0 to change, 0 to replace, 0 to delete, 0 unchanged; about 5 s\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_plan_says_so_in_one_sentence),
        TEST(what_was_not_seen_is_told_with_the_role_that_shows_it),
        TEST(hosts_that_look_the_same_are_one_line),
        TEST(changes_show_fields_reasons_and_who_is_affected),
        TEST(a_path_too_long_for_a_line_goes_on_in_the_next),
        TEST(users_are_all_named_and_what_happens_is_said_once),
        TEST(colours_are_only_there_when_asked_for),
        TEST(no_line_is_wider_than_asked_for),
        TEST(steps_besides_writing_and_deleting_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
