/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "resource/name.h"

#define SUB "/subscriptions/11111111-2222-3333-4444-555555555555"
#define GROUP SUB "/resourceGroups/rg-avd"
#define VM GROUP "/providers/Microsoft.Compute/virtualMachines/vm01"
#define GUID "1d18fff3-a72a-46b5-b4a9-0b38a3cd7e64"

static void expect(const char *id, const char *definition, const char *kind, const char *name)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json body = rd_json_object();
    if (definition != NULL)
        *rd_json_make(arena, &body, "properties.roleDefinitionId") = rd_json_string_c(definition);
    const struct rd_type *type = rd_type_find(rd_arm_id_type(arena, rd_str_from(id)));
    struct rd_name got = rd_name_of(arena, type, rd_str_from(id), &body);
    assert_string_equal(rd_arena_str(arena, got.kind).p, kind);
    assert_string_equal(rd_arena_str(arena, got.name).p, name);
}

static void what_stands_by_itself_has_its_own_name(void **state)
{
    (void)state;
    expect(VM, NULL, "virtual machine", "vm01");
    expect(GROUP, NULL, "resource group", "rg-avd");
    expect("no id", NULL, "resource", "no id");
    expect(GROUP "/providers/Some.Thing/else/x", NULL, "resource", "x");
}

static void parts_say_what_they_are_part_of(void **state)
{
    (void)state;
    expect(VM "/extensions/GuestAttestation", NULL, "VM extension", "GuestAttestation on vm01");
    expect(VM "/providers/Microsoft.Insights/diagnosticSettings/redoubt", NULL,
           "diagnostic setting", "of vm01");
    expect(GROUP "/providers/Microsoft.RecoveryServices/vaults/rsv/backupFabrics/Azure/"
                 "protectionContainers/iaasvmcontainer;iaasvmcontainerv2;rg-avd;vm01/"
                 "protectedItems/vm;iaasvmcontainerv2;rg-avd;vm01",
           NULL, "backup item", "vm01");
}

static void an_assignment_is_named_by_its_role_and_never_by_a_guid(void **state)
{
    (void)state;
    static const char assignment[] =
        GROUP "/providers/Microsoft.Authorization/roleAssignments/" GUID;
    static const char roles[] = SUB "/providers/Microsoft.Authorization/roleDefinitions/";
    char definition[256];
    (void)snprintf(definition, sizeof(definition), "%s%s", roles,
                   "1D18FFF3-A72A-46B5-B4A9-0B38A3CD7E63");
    expect(assignment, definition, "role", "Desktop Virtualization User on rg-avd");
    (void)snprintf(definition, sizeof(definition), "%s%s", roles, GUID);
    expect(assignment, definition, "role assignment", "on rg-avd");
    expect(assignment, NULL, "role assignment", "on rg-avd");
}

static int load(void **state)
{
    (void)state;
    const struct rd_type *types = NULL;
    size_t count = 0;
    struct rd_err err;
    return rd_types_load(&types, &count, &err) == RD_RC_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_by_itself_has_its_own_name),
        cmocka_unit_test(parts_say_what_they_are_part_of),
        cmocka_unit_test(an_assignment_is_named_by_its_role_and_never_by_a_guid),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
