/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "resource/id.h"

#define SUB "/subscriptions/11111111-2222-3333-4444-555555555555"
#define GROUP SUB "/resourceGroups/rg-avd"
#define VM GROUP "/providers/Microsoft.Compute/virtualMachines/vm01"

static void expect(const char *id, const char *type, const char *name, const char *parent)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_arm_id parsed;
    assert_true(rd_arm_id_parse(rd_str_from(id), &parsed));
    assert_true(rd_str_is(parsed.id, id));
    assert_true(rd_str_is(rd_arm_id_type(arena, rd_str_from(id)), type));
    assert_true(rd_str_is(parsed.name, name));
    assert_true(rd_str_is(parsed.parent, parent));
}

static void each_level_has_its_type_name_and_parent(void **state)
{
    (void)state;
    expect(SUB, "Microsoft.Resources/subscriptions", "11111111-2222-3333-4444-555555555555", "");
    expect(GROUP, "Microsoft.Resources/resourceGroups", "rg-avd", SUB);
    expect(VM, "Microsoft.Compute/virtualMachines", "vm01", GROUP);
    expect(VM "/extensions/aad", "Microsoft.Compute/virtualMachines/extensions", "aad", VM);
    expect(SUB "/providers/Microsoft.Consumption/budgets/b", "Microsoft.Consumption/budgets", "b",
           SUB);
    expect("/providers/Microsoft.Graph/servicePrincipals/9cdead84",
           "Microsoft.Graph/servicePrincipals", "9cdead84", "");
}

static void an_extension_resource_has_the_last_providers_type_and_sits_on_the_first(void **state)
{
    (void)state;
    expect(VM "/providers/Microsoft.Authorization/roleAssignments/r1",
           "Microsoft.Authorization/roleAssignments", "r1", VM);
    expect(GROUP "/providers/Microsoft.Authorization/roleAssignments/r1",
           "Microsoft.Authorization/roleAssignments", "r1", GROUP);
    expect(VM "/extensions/e/providers/Microsoft.Insights/diagnosticSettings/d",
           "Microsoft.Insights/diagnosticSettings", "d", VM "/extensions/e");
}

static void names_with_semicolons_are_one_segment(void **state)
{
    (void)state;
    expect(GROUP "/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/"
                 "protectionContainers/iaasvmcontainer;v2;rg;vm/protectedItems/vm;v2;rg;vm",
           "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems",
           "vm;v2;rg;vm",
           GROUP "/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/"
                 "protectionContainers/iaasvmcontainer;v2;rg;vm");
}

static void keywords_compare_without_case_and_casing_is_kept(void **state)
{
    (void)state;
    struct rd_arm_id parsed;
    assert_true(rd_arm_id_parse(
        RD_STR("/SUBSCRIPTIONS/s/resourcegroups/RG/PROVIDERS/microsoft.compute/disks/D"), &parsed));
    assert_true(rd_str_is(parsed.subscription, "s"));
    assert_true(rd_str_is(parsed.resource_group, "RG"));
    assert_true(rd_str_is(parsed.name, "D"));
}

static void what_is_no_id_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "/",
        "x",
        "/subscriptions",
        "/subscriptions/",
        "subscriptions/s",
        SUB "/",
        SUB "/resourceGroups",
        GROUP "/providers",
        GROUP "/providers/Microsoft.Compute",
        GROUP "/providers/Microsoft.Compute/virtualMachines",
        GROUP "/providers/Microsoft.Compute//vm",
        VM "/",
        GROUP "/providers/Microsoft.Compute/virtualMachines/..",
        VM "/extensions/../../vm02",
        SUB "/resourceGroups/./providers/Microsoft.Compute/virtualMachines/vm01",
        VM "/run",
        VM "/providers/Microsoft.Insights",
        VM "?api-version=1",
        VM "\n",
        GROUP "/Microsoft.Compute/virtualMachines/vm01",
        "https://vault/secrets/x",
    };
    struct rd_arm_id parsed;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (rd_arm_id_parse(rd_str_from(bad[i]), &parsed))
            fail_msg("'%s' was taken", bad[i]);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    assert_int_equal(rd_arm_id_type(arena, RD_STR(VM "/run")).n, 0);
}

static void every_prefix_of_an_id_is_read_or_refused(void **state)
{
    (void)state;
    static const char id[] = VM "/extensions/e/providers/Microsoft.Insights/diagnosticSettings/d";
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_arm_id parsed;
    for (size_t n = 0; n < sizeof(id); n++) {
        struct rd_str cut = rd_arena_str(arena, (struct rd_str){id, n});
        bool is_id = rd_arm_id_parse(cut, &parsed);
        assert_int_equal(is_id, rd_arm_id_type(arena, cut).n > 0);
    }
}

static void within_ends_at_a_segment(void **state)
{
    (void)state;
    assert_true(rd_arm_id_is_within(RD_STR(VM), RD_STR(VM)));
    assert_true(rd_arm_id_is_within(RD_STR(VM "/extensions/e"), RD_STR(VM)));
    assert_false(rd_arm_id_is_within(RD_STR(VM "2"), RD_STR(VM)));
    assert_false(rd_arm_id_is_within(RD_STR(GROUP), RD_STR(VM)));
    assert_false(rd_arm_id_is_within(RD_STR(VM), RD_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_level_has_its_type_name_and_parent),
        cmocka_unit_test(an_extension_resource_has_the_last_providers_type_and_sits_on_the_first),
        cmocka_unit_test(names_with_semicolons_are_one_segment),
        cmocka_unit_test(keywords_compare_without_case_and_casing_is_kept),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(every_prefix_of_an_id_is_read_or_refused),
        cmocka_unit_test(within_ends_at_a_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
