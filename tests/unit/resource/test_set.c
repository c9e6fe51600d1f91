/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "resource/set.h"

#define SUB "/subscriptions/11111111-2222-3333-4444-555555555555"
#define GROUP SUB "/resourceGroups/rg"
#define NET GROUP "/providers/Microsoft.Network/"
#define VNET NET "virtualNetworks/v"
#define SUBNET VNET "/subnets/s"
#define NIC NET "networkInterfaces/n"
#define VM GROUP "/providers/Microsoft.Compute/virtualMachines/vm"
#define POOL GROUP "/providers/Microsoft.DesktopVirtualization/hostPools/p"
#define VAULT GROUP "/providers/Microsoft.KeyVault/vaults/kv"
#define RSV GROUP "/providers/Microsoft.RecoveryServices/vaults/rsv"
#define IDENTITY GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"

struct world {
    struct rd_arena *arena;
    struct rd_set *set;
    struct rd_err err;
};

static struct rd_json body_of(struct world *world, const char *json)
{
    struct rd_json body;
    assert_int_equal(rd_json_parse(world->arena, "test", rd_str_from(json), 0, &body, &world->err),
                     RD_RC_OK);
    return body;
}

static size_t add(struct world *world, const char *id, const char *json)
{
    size_t index = 0;
    assert_int_equal(rd_set_add(world->set, rd_str_from(id), body_of(world, json), RD_STR("test"),
                                &index, &world->err),
                     RD_RC_OK);
    return index;
}

static int set_up(void **state)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct world *world = rd_arena_zalloc(arena, sizeof(*world));
    world->arena = arena;
    world->set = rd_set_new(arena, RD_STR("e"), RD_STR("AzureCloud"));
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    rd_set_done(world->set);
    rd_arena_free(world->arena);
    return 0;
}

static void expect_needs(struct world *world, size_t index, size_t count, const size_t *needs)
{
    const struct rd_resource *resource = &world->set->resources[index];
    assert_int_equal(resource->need_count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(resource->needs[i], needs[i]);
}

#define NEEDS(world, index, ...)                                                                   \
    expect_needs((world), (index), sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t),               \
                 (const size_t[]){__VA_ARGS__})

static void resolve(struct world *world)
{
    if (rd_set_resolve(world->set, &world->err) != RD_RC_OK)
        fail_msg("%s", world->err.msg);
    assert_true(world->set->is_resolved);
}

static void ids_are_found_without_case_and_never_twice(void **state)
{
    struct world *world = *state;
    size_t vm = add(world, VM, "{}");
    assert_int_equal(rd_set_index(world->set, RD_STR(GROUP "/PROVIDERS/microsoft.compute/"
                                                           "virtualmachines/VM")),
                     vm);
    assert_ptr_equal(rd_set_find(world->set, RD_STR(VM)), &world->set->resources[vm]);
    assert_null(rd_set_find(world->set, RD_STR(NIC)));
    assert_int_equal(rd_set_index(world->set, RD_STR(NIC)), RD_NONE);
    size_t index = 0;
    assert_int_equal(rd_set_add(world->set,
                                RD_STR(GROUP "/providers/Microsoft.Compute/"
                                             "virtualMachines/VM"),
                                rd_json_object(), RD_STR(""), &index, &world->err),
                     RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "is there twice"));
}

static void bad_ids_and_unknown_types_are_refused_with_the_nearest(void **state)
{
    struct world *world = *state;
    size_t index = 0;
    assert_int_equal(
        rd_set_add(world->set, RD_STR("x"), rd_json_object(), RD_STR(""), &index, &world->err),
        RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "'x' is no resource id"));
    assert_int_equal(rd_set_add(world->set,
                                RD_STR(GROUP "/providers/Microsoft.Compute/virtualMachine/a"),
                                rd_json_object(), RD_STR(""), &index, &world->err),
                     RD_RC_INVALID);
    assert_non_null(strstr(world->err.hint, "did you mean 'Microsoft.Compute/virtualMachines'?"));
    assert_int_equal(world->set->count, 0);
}

static void a_body_needs_what_it_names_in_references_text_and_keys(void **state)
{
    struct world *world = *state;
    size_t group = add(world, GROUP, "{}");
    size_t identity = add(world, IDENTITY, "{}");
    size_t nic = add(world, NIC, "{}");
    size_t pool = add(world, POOL, "{}");
    size_t vault = add(world, VAULT, "{}");
    size_t secret = add(world, VAULT "/secrets/s", "{\"value\":{\"$generate\":\"password\"}}");
    size_t vm = add(world, VM,
                    "{\"identity\":{\"userAssignedIdentities\":{\"" IDENTITY "\":{}}},"
                    "\"a\":[{\"id\":\"" NIC "\"},{\"id\":\"" NIC "\"}],"
                    "\"p\":{\"$secret\":\"" VAULT "/secrets/S\"},"
                    "\"t\":{\"$call\":\"" POOL "/listRegistrationTokens\",\"$path\":\"v\"},"
                    "\"u\":\"/providers/Microsoft.Authorization/roleDefinitions/x\","
                    "\"self\":\"" VM "\"}");
    resolve(world);
    NEEDS(world, identity, group);
    NEEDS(world, secret, group, vault);
    NEEDS(world, vm, group, identity, nic, pool, secret);
}

static void what_lies_inside_another_body_leads_to_that_resource(void **state)
{
    struct world *world = *state;
    size_t vnet = add(world, VNET, "{}");
    size_t nic = add(world, NIC, "{\"s\":\"" SUBNET "\"}");
    resolve(world);
    NEEDS(world, nic, vnet);
}

static void missing_parents_in_between_are_skipped(void **state)
{
    struct world *world = *state;
    size_t vault = add(world, RSV, "{}");
    size_t item =
        add(world, RSV "/backupFabrics/Azure/protectionContainers/c;v/protectedItems/i;v", "{}");
    resolve(world);
    NEEDS(world, item, vault);
    assert_int_equal(rd_set_ancestor(world->set, world->set->resources[item].id), vault);
    assert_int_equal(rd_set_ancestor(world->set, world->set->resources[vault].id), RD_NONE);
}

static void extension_resources_need_what_they_are_on(void **state)
{
    struct world *world = *state;
    size_t role = add(world, POOL "/providers/Microsoft.Authorization/roleAssignments/r", "{}");
    size_t pool = add(world, POOL, "{}");
    resolve(world);
    NEEDS(world, role, pool);
}

static void after_and_via_are_needs(void **state)
{
    struct world *world = *state;
    size_t pool = add(world, POOL, "{}");
    size_t vm = add(world, VM, "{}");
    size_t nic = add(world, NIC, "{}");
    world->set->resources[nic].via = RD_STR(POOL "/run");
    rd_resource_need(world->set, nic, RD_STR(VM));
    resolve(world);
    NEEDS(world, nic, pool, vm);
}

static void what_an_action_makes_needs_the_action_and_not_the_reverse(void **state)
{
    struct world *world = *state;
    size_t pool = add(world, POOL, "{\"makes\":\"" NIC "\"}");
    size_t nic = add(world, NIC, "{}");
    world->set->resources[nic].via = RD_STR(POOL "/run");
    resolve(world);
    NEEDS(world, nic, pool);
    assert_int_equal(world->set->resources[pool].need_count, 0);
}

static void a_reference_to_nothing_names_the_path_in_the_body(void **state)
{
    struct world *world = *state;
    (void)add(world, VM, "{\"a\":{\"b\":[1,{\"c\":{\"$ref\":\"" NIC "\",\"$path\":\"id\"}}]}}");
    assert_int_equal(rd_set_resolve(world->set, &world->err), RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "'a.b[1].c' of virtual machine 'vm' refers to '" NIC));
    assert_false(world->set->is_resolved);
}

static void after_and_via_must_name_something(void **state)
{
    struct world *world = *state;
    size_t vm = add(world, VM, "{}");
    rd_resource_need(world->set, vm, RD_STR(NIC));
    assert_int_equal(rd_set_resolve(world->set, &world->err), RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "'after' of virtual machine 'vm'"));
    world->set->resources[vm].after_count = 0;
    world->set->resources[vm].via = RD_STR(POOL "/run");
    assert_int_equal(rd_set_resolve(world->set, &world->err), RD_RC_INVALID);
    assert_non_null(strstr(world->err.msg, "'via' of virtual machine 'vm'"));
}

static void a_cycle_names_its_members(void **state)
{
    struct world *world = *state;
    (void)add(world, GROUP, "{}");
    (void)add(world, VNET, "{\"x\":\"" VM "\"}");
    (void)add(world, NIC, "{\"x\":\"" VNET "\"}");
    (void)add(world, VM, "{\"x\":\"" NIC "\"}");
    assert_int_equal(rd_set_resolve(world->set, &world->err), RD_RC_INVALID);
    assert_string_equal(world->err.msg,
                        "a cycle: virtual network 'v' needs virtual machine 'vm' needs "
                        "network interface 'n' needs virtual network 'v'");
}

static void a_live_set_resolves_in_spite_of_back_references(void **state)
{
    struct world *world = *state;
    size_t group = add(world, GROUP, "{\"managedBy\":\"" VM "\"}");
    /* Read-only: not followed. */
    size_t nic = add(world, NIC, "{\"properties\":{\"virtualMachine\":{\"id\":\"" VM "\"}}}");
    size_t vm = add(world, VM, "{\"x\":\"" NIC "\",\"y\":{\"$ref\":\"" POOL "\"}}");
    /* A parent that names its child, through another. */
    size_t vnet = add(world, VNET, "{\"x\":\"" VAULT "\"}");
    size_t vault = add(world, VAULT, "{\"x\":\"" SUBNET "\"}");
    size_t subnet = add(world, SUBNET, "{}");
    rd_set_resolve_live(world->set);
    assert_true(world->set->is_resolved);
    NEEDS(world, vm, group, nic);
    NEEDS(world, nic, group);
    NEEDS(world, subnet, group, vnet);
    NEEDS(world, vault, group);
    NEEDS(world, vnet, group, vault);
    uint32_t order[6];
    rd_set_order(world->set, order);
}

static void the_order_puts_needs_first_and_is_stable(void **state)
{
    struct world *world = *state;
    size_t vm = add(world, VM, "{\"x\":\"" NIC "\"}");
    size_t pool = add(world, POOL, "{}");
    size_t nic = add(world, NIC, "{}");
    size_t vnet = add(world, VNET, "{}");
    resolve(world);
    uint32_t order[4];
    rd_set_order(world->set, order);
    const uint32_t expected[] = {(uint32_t)nic, (uint32_t)vm, (uint32_t)pool, (uint32_t)vnet};
    assert_memory_equal(order, expected, sizeof(order));
}

static void references_are_told_from_bodies(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *json;
        bool is_reference;
        bool is_secret;
        const char *id;
    } cases[] = {
        {"{\"$ref\":\"/a\",\"$path\":\"p\"}", true, false, "/a"},
        {"{\"$ref\":\"/a\"}", true, false, "/a"},
        {"{\"$call\":\"/a/list\",\"$path\":\"p\"}", true, true, "/a"},
        {"{\"$secret\":\"/a\"}", true, true, "/a"},
        {"{\"$generate\":\"password\"}", true, true, ""},
        {"{\"$time\":\"+24h\"}", true, false, ""},
        {"{\"$ref\":\"/a\",\"x\":1}", false, false, ""},
        {"{\"$secret\":\"/a\",\"$path\":\"p\"}", false, false, ""},
        {"{\"$ref\":1}", false, false, ""},
        {"{\"$schema\":\"x\"}", false, false, ""},
        {"{}", false, false, ""},
        {"\"$ref\"", false, false, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rd_json value = body_of(world, cases[i].json);
        assert_int_equal(rd_is_reference(&value), cases[i].is_reference);
        assert_int_equal(rd_is_secret_reference(&value), cases[i].is_secret);
        assert_true(rd_str_is(rd_reference_id(&value), cases[i].id));
    }
}

/* Twice as many resources take twice as many look-ups: the work is linear. */
static size_t lookups_of(size_t host_count)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = rd_set_new(arena, RD_STR("e"), RD_STR("AzureCloud"));
    struct rd_err err;
    size_t index = 0;
    assert_int_equal(rd_set_add(set, RD_STR(GROUP), rd_json_object(), RD_STR(""), &index, &err),
                     RD_RC_OK);
    for (size_t i = 0; i < host_count; i++) {
        struct rd_str nic = rd_arena_printf(arena, NIC "%zu", i);
        struct rd_str vm = rd_arena_printf(arena, VM "%zu", i);
        struct rd_json body = rd_json_object();
        *rd_json_make(arena, &body, "properties.nic.id") = rd_json_string(nic);
        assert_int_equal(rd_set_add(set, nic, rd_json_object(), RD_STR(""), &index, &err),
                         RD_RC_OK);
        assert_int_equal(rd_set_add(set, vm, body, RD_STR(""), &index, &err), RD_RC_OK);
        assert_int_equal(rd_set_add(set, rd_arena_printf(arena, "%s/extensions/e", vm.p),
                                    rd_json_object(), RD_STR(""), &index, &err),
                         RD_RC_OK);
    }
    assert_int_equal(rd_set_resolve(set, &err), RD_RC_OK);
    size_t count = set->lookup_count;
    rd_set_done(set);
    return count;
}

static void resolving_is_linear(void **state)
{
    (void)state;
    size_t few = lookups_of(1000);
    size_t many = lookups_of(2000);
    assert_in_range(few, 3000, 3000 * 2);
    assert_in_range(many, few, few * 2 + 10);
}

/* The set as it is read from its own JSON, which is the whole of it: it writes the same again. */
static struct rd_set *read_back(struct world *world)
{
    struct rd_json json = rd_set_to_json(world->arena, world->set);
    struct rd_set *back = NULL;
    assert_int_equal(rd_set_from_json(world->arena, "s", &json, &back, &world->err), RD_RC_OK);
    assert_non_null(back);
    struct rd_json again = rd_set_to_json(world->arena, back);
    assert_true(rd_json_eq(&json, &again));
    return back;
}

static void a_set_goes_through_json_and_back(void **state)
{
    struct world *world = *state;
    size_t pool = add(world, POOL, "{\"a\":1}");
    size_t vm = add(world, VM, "{\"x\":\"" POOL "\"}");
    world->set->resources[vm].host = 3;
    world->set->resources[vm].via = RD_STR(POOL "/run");
    world->set->resources[pool].is_existing = true;
    rd_resource_need(world->set, vm, RD_STR(POOL));
    rd_json_set_c(world->arena, &world->set->facts, "users", rd_json_integer(20));
    resolve(world);
    struct rd_set *back = read_back(world);
    assert_int_equal(back->count, 2);
    assert_int_equal(back->resources[vm].host, 3);
    assert_true(back->resources[pool].is_existing);
    assert_int_equal(rd_json_int(rd_json_at(&back->facts, "users"), 0), 20);
    rd_set_done(back);
}

static void the_first_write_has_needs_of_its_own(void **state)
{
    struct world *world = *state;
    size_t pool = add(world, POOL, "{}");
    size_t vm = add(world, VM, "{\"x\":\"" POOL "\",\"y\":\"" NIC "\"}");
    size_t nic = add(world, NIC, "{}");
    world->set->resources[vm].is_early = true;
    rd_resource_provide(world->set, vm, body_of(world, "{\"y\":\"" NIC "\"}"));
    resolve(world);
    const struct rd_resource *resource = &world->set->resources[vm];
    assert_int_equal(resource->need_count, 2);
    assert_int_equal(resource->first_need_count, 1);
    assert_int_equal(resource->first_needs[0], nic);
    assert_int_equal(world->set->resources[pool].first_need_count, 0);
    struct rd_set *back = read_back(world);
    assert_true(back->resources[vm].is_early);
    assert_non_null(back->resources[vm].provisional);
    rd_set_done(back);
}

static void bad_json_is_refused_with_the_place(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *json;
        const char *message;
    } cases[] = {
        {"[]", "s: expected an object"},
        {"{}", "s: 'redoubt' is absent, expected text"},
        {"{\"redoubt\":\"resource-set/9\",\"name\":\"\",\"cloud\":\"\",\"resources\":[]}",
         "the format is 'resource-set/9'"},
#define HEAD "{\"redoubt\":\"resource-set/1\",\"name\":\"\",\"cloud\":\"\",\"resources\":["
        {HEAD "1]}", "s: resources[0]: expected an object"},
        {HEAD "{\"id\":1}]}", "resources[0]: 'id' is whole number, expected text"},
        {HEAD "{\"id\":\"" VM "\",\"bodi\":{}}]}", "resources[0]: 'bodi' is not known here"},
        {HEAD "{\"id\":\"" VM "\",\"type\":\"A/b\"}]}", "resources[0]: the id is of type"},
        {HEAD "{\"id\":\"" VM "\"},{\"id\":\"" VM "\"}]}", "is there twice"},
        {HEAD "{\"id\":\"" VM "\",\"host\":-2}]}", "resources[0]: 'host' is out of range"},
        {HEAD "{\"id\":\"" VM "\",\"after\":[1]}]}", "resources[0]: 'after' holds"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rd_json value = body_of(world, cases[i].json);
        struct rd_set *back = NULL;
        assert_int_equal(rd_set_from_json(world->arena, "s", &value, &back, &world->err),
                         RD_RC_INVALID);
        if (strstr(world->err.msg, cases[i].message) == NULL)
            fail_msg("'%s' does not say '%s'", world->err.msg, cases[i].message);
        assert_null(back);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(ids_are_found_without_case_and_never_twice),
        TEST(bad_ids_and_unknown_types_are_refused_with_the_nearest),
        TEST(a_body_needs_what_it_names_in_references_text_and_keys),
        TEST(what_lies_inside_another_body_leads_to_that_resource),
        TEST(missing_parents_in_between_are_skipped),
        TEST(extension_resources_need_what_they_are_on),
        TEST(after_and_via_are_needs),
        TEST(what_an_action_makes_needs_the_action_and_not_the_reverse),
        TEST(a_reference_to_nothing_names_the_path_in_the_body),
        TEST(after_and_via_must_name_something),
        TEST(a_cycle_names_its_members),
        TEST(a_live_set_resolves_in_spite_of_back_references),
        TEST(the_order_puts_needs_first_and_is_stable),
        TEST(references_are_told_from_bodies),
        TEST(resolving_is_linear),
        TEST(a_set_goes_through_json_and_back),
        TEST(the_first_write_has_needs_of_its_own),
        TEST(bad_json_is_refused_with_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
