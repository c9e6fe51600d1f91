/* SPDX-License-Identifier: Apache-2.0 */
#include "enclaves.h"

#include "facts/facts.h"

/* What must hold of every enclave, whatever the spec: tried on the three examples. */
static const char *const examples[] = {"sovereign", "confidential-pmk", "confidential-cmk"};
enum { EXAMPLE_COUNT = sizeof(examples) / sizeof(examples[0]) };

static void for_each_example(void (*check)(struct rd_arena *arena, const struct rd_set *set))
{
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_set *set = compile_example(arena, examples[i]);
        assert_true(set->count > 50);
        check(arena, set);
        rd_set_done(set);
    }
}

/* Every reference of a value must name a resource of the set; returns how many there are. */
static size_t count_references(const struct rd_set *set, const struct rd_json *value)
{
    size_t count = 0;
    if (rd_is_reference(value)) {
        struct rd_str id = rd_reference_id(value);
        if (id.n > 0)
            assert_non_null(rd_set_find(set, id));
        return id.n > 0 ? 1 : 0;
    }
    for (size_t i = 0; i < rd_json_count(value); i++)
        count += count_references(set, value->type == RD_JSON_OBJECT ? &value->u.members[i].value
                                                                     : &value->u.items[i]);
    return count;
}

static void check_references(struct rd_arena *arena, const struct rd_set *set)
{
    (void)arena;
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += count_references(set, &set->resources[i].body);
    assert_true(count > 5);
}

static void every_reference_names_a_resource_of_the_set(void **state)
{
    (void)state;
    for_each_example(check_references);
}

static void check_tags(struct rd_arena *arena, const struct rd_set *set)
{
    (void)arena;
    assert_true(rd_str_is_guid(set->enclave_id));
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *resource = &set->resources[i];
        if (resource->is_existing ||
            !rd_json_is_true(rd_json_get(resource->type->row, RD_STR("tags"))))
            continue;
        if (!rd_set_owns_tags(set, rd_json_get(&resource->body, RD_STR("tags"))))
            fail_msg("no tags on %.*s", RD_FMT(resource->id));
    }
}

static void whatever_can_bear_tags_bears_the_enclaves(void **state)
{
    (void)state;
    for_each_example(check_tags);
}

static void check_marks(struct rd_arena *arena, const struct rd_set *set)
{
    (void)arena;
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *resource = &set->resources[i];
        if (!rd_str_is(resource->type->name, "Microsoft.Authorization/roleAssignments"))
            continue;
        count++;
        assert_true(rd_str_is_guid(resource->name));
        assert_true(rd_set_owns_mark(
            set, rd_json_str(rd_json_at(&resource->body, "properties.description"))));
    }
    assert_true(count >= 4);
}

static void role_assignments_bear_the_mark_and_a_guid(void **state)
{
    (void)state;
    for_each_example(check_marks);
}

/* The same for the same enclave, whatever else its spec says; another in another subscription. */
static void an_enclave_is_known_by_its_subscription_and_name(void **state)
{
    (void)state;
    static const char form[] =
        "enclave: %s\ncloud: AzureCloud\nregion: westeurope\n"
        "tenant: 11111111-2222-3333-4444-555555555555\n"
        "subscription: %s-4444-5555-aaaaaaaaaaaa\n"
        "hosts:\n  count: %d\n  size: Standard_D8as_v6\n  security: trusted-launch\n" ACCESS;
    static const struct {
        const char *name, *subscription;
        int hosts;
        bool is_same;
    } cases[] = {{"own", "22222222-aaaa", 1, true},
                 {"own", "22222222-AAAA", 2, true},
                 {"own", "33333333-aaaa", 1, false},
                 {"owm", "22222222-aaaa", 1, false}};
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str first = RD_STR("");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024];
        (void)snprintf(text, sizeof(text), form, cases[i].name, cases[i].subscription,
                       cases[i].hosts);
        struct rd_set *set = compile_text(arena, text);
        if (i == 0)
            first = set->enclave_id;
        assert_int_equal(rd_str_eq(set->enclave_id, first), cases[i].is_same);
        rd_set_done(set);
    }
}

static void check_public_addresses(struct rd_arena *arena, const struct rd_set *set)
{
    (void)arena;
    assert_int_equal(count_type(set, "Microsoft.Network/publicIPAddresses"), 1);
    for (size_t i = 0; i < set->count; i++)
        if (rd_str_is(set->resources[i].type->name, "Microsoft.Network/networkInterfaces"))
            assert_false(rd_json_exists(rd_json_at(&set->resources[i].body,
                                                   "properties.ipConfigurations.0.properties."
                                                   "publicIPAddress")));
}

static void only_the_firewall_has_a_public_address(void **state)
{
    (void)state;
    for_each_example(check_public_addresses);
}

static bool needs(const struct rd_set *set, const struct rd_resource *resource, struct rd_str id)
{
    int64_t target = rd_set_index(set, id);
    for (uint32_t i = 0; i < resource->need_count; i++)
        if ((int64_t)resource->needs[i] == target)
            return true;
    return false;
}

/* The stack of requirement H2, each with the one it must follow. */
static void check_extensions(struct rd_arena *arena, const struct rd_set *set)
{
    static const char *const edges[][2] = {
        {"intuneMdmEnrollment", "AADLoginForWindows"},
        {"Microsoft.PowerShell.DSC", "intuneMdmEnrollment"},
        {"AzureMonitorWindowsAgent", "Microsoft.PowerShell.DSC"},
        {"DependencyAgentWindows", "AzureMonitorWindowsAgent"},
        {"GuestAttestation", "AzureMonitorWindowsAgent"},
    };
    size_t machines = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *machine = &set->resources[i];
        if (!rd_str_is(machine->type->name, "Microsoft.Compute/virtualMachines"))
            continue;
        machines++;
        for (size_t e = 0; e < sizeof(edges) / sizeof(edges[0]); e++) {
            struct rd_str later =
                rd_arena_printf(arena, "%.*s/extensions/%s", RD_FMT(machine->id), edges[e][0]);
            struct rd_str earlier =
                rd_arena_printf(arena, "%.*s/extensions/%s", RD_FMT(machine->id), edges[e][1]);
            const struct rd_resource *resource = rd_set_find(set, later);
            assert_non_null(resource);
            assert_true(needs(set, resource, earlier));
            assert_int_equal(resource->host, machine->host);
        }
    }
    assert_true(machines > 0);
}

static void extensions_follow_each_other_in_their_order(void **state)
{
    (void)state;
    for_each_example(check_extensions);
}

static void check_names(struct rd_arena *arena, const struct rd_set *set)
{
    (void)arena;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *resource = &set->resources[i];
        struct rd_str type = resource->type->name;
        size_t max = rd_str_is(type, "Microsoft.KeyVault/vaults") ||
                             rd_str_is(type, "Microsoft.KeyVault/managedHSMs")
                         ? 24
                         : 260;
        assert_true(resource->name.n > 0 && resource->name.n <= max);
        assert_true(resource->origin.n > 0);
    }
}

static void names_fit_and_origins_are_told(void **state)
{
    (void)state;
    for_each_example(check_names);
}

static void the_same_spec_gives_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_set *first = compile_example(arena, examples[i]);
        struct rd_set *second = compile_example(arena, examples[i]);
        struct rd_json a = rd_set_to_json(arena, first);
        struct rd_json b = rd_set_to_json(arena, second);
        assert_true(rd_str_eq(rd_json_text(arena, &a, RD_JSON_COMPACT),
                              rd_json_text(arena, &b, RD_JSON_COMPACT)));
        rd_set_done(first);
        rd_set_done(second);
    }
}

static void the_sovereign_example_has_twenty_whole_hosts(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "sovereign");
    assert_int_equal(count_type(set, "Microsoft.Compute/virtualMachines"), 20);
    assert_int_equal(count_type(set, "Microsoft.Network/networkInterfaces"), 20);
    assert_int_equal(count_type(set, "Microsoft.Compute/virtualMachines/extensions"), 20 * 6);
    assert_int_equal(count_type(set, "Microsoft.Insights/dataCollectionRuleAssociations"), 20);
    assert_int_equal(count_type(set, "Microsoft.DesktopVirtualization/hostPools/sessionHosts"), 20);
    assert_int_equal(count_type(set, "Microsoft.RecoveryServices/vaults/backupFabrics/"
                                     "protectionContainers/protectedItems"),
                     20);
    assert_int_equal(rd_json_int(rd_json_at(&set->facts, "users"), 0), 20);
    assert_int_equal(rd_json_int(rd_json_at(&set->facts, "hoursPerDay"), 0), 8);
    assert_int_equal(rd_json_int(rd_json_at(&set->facts, "daysPerMonth"), 0), 22);
    assert_int_equal(rd_json_int(rd_json_at(&set->facts, "ingestionGb"), 0), 40);
    rd_set_done(set);
}

static void images_lie_in_their_own_subscription_and_are_made_by_a_run(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "confidential-pmk");
    const struct rd_resource *version =
        first_of_type(set, "Microsoft.Compute/galleries/images/versions");
    const struct rd_resource *machine = first_of_type(set, "Microsoft.Compute/virtualMachines");
    const struct rd_resource *template_ =
        first_of_type(set, "Microsoft.VirtualMachineImages/imageTemplates");
    struct rd_arm_id image;
    struct rd_arm_id host;
    assert_true(rd_arm_id_parse(version->id, &image) && rd_arm_id_parse(machine->id, &host));
    assert_false(rd_str_eq_case(image.subscription, host.subscription));
    assert_true(rd_arm_id_is_within(version->via, template_->id));
    assert_true(needs(set, version, template_->id));
    assert_true(needs(set, machine, version->id));
    assert_true(rd_json_is_true(
        rd_json_at(&version->body, "properties.publishingProfile.excludeFromLatest")));
    rd_set_done(set);
}

static void given_names_are_taken_and_made_ones_are_cut_to_fit(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    struct rd_spec_pair name = {RD_STR("host_pool"), RD_STR("my-pool")};
    spec->names = (struct rd_spec_map){.items = &name, .count = 1, .cap = 1};
    spec->enclave = RD_STR("a-name--that-is-much-longer-than-vaults-take-");
    struct rd_set *set = compile_spec(arena, spec);
    assert_true(rd_str_is(first_of_type(set, "Microsoft.DesktopVirtualization/hostPools")->name,
                          "my-pool"));
    struct rd_str vault = first_of_type(set, "Microsoft.KeyVault/vaults")->name;
    assert_true(vault.n <= 24);
    assert_true(rd_str_find(vault, RD_STR("--"), 0) == RD_STR_NONE);
    assert_true(rd_str_has_prefix(vault, RD_STR("kv-a-name-that-")));
    rd_set_done(set);
}

static bool is_subset(struct rd_str part, struct rd_str whole)
{
    for (size_t i = 0; i < part.n; i++)
        if (rd_str_find_char(whole, part.p[i], 0) == RD_STR_NONE)
            return false;
    return true;
}

/* The spec checks given names against data/names.yaml; made ones must not be laxer. */
static void made_names_obey_the_rules_for_given_ones(void **state)
{
    (void)state;
    const struct rd_json *rules = rd_facts_embedded("names");
    const struct rd_json *patterns = rd_facts_embedded("name-patterns");
    assert_true(rd_json_count(rules) > 20);
    for (size_t i = 0; i < rd_json_count(rules); i++) {
        const struct rd_json *rule = rd_json_item(rules, i);
        struct rd_str role = rd_json_str(rd_json_get(rule, RD_STR("role")));
        const struct rd_json *row = rd_json_get(patterns, role);
        if (!rd_json_exists(row))
            fail_msg("no pattern for %.*s", RD_FMT(role));
        assert_true(rd_json_int(rd_json_get(row, RD_STR("max")), 1000) <=
                    rd_json_int(rd_json_get(rule, RD_STR("max")), 0));
        if (!is_subset(rd_json_str(rd_json_get(row, RD_STR("also"))),
                       rd_json_str(rd_json_get(rule, RD_STR("also")))))
            fail_msg("%.*s allows more characters than its rule", RD_FMT(role));
    }
}

static void two_subscriptions_make_two_vault_names(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    struct rd_set *first = compile_spec(arena, spec);
    spec->subscription = RD_STR("22222222-3333-4444-5555-666666666667");
    struct rd_set *second = compile_spec(arena, spec);
    assert_false(rd_str_eq(first_of_type(first, "Microsoft.KeyVault/vaults")->name,
                           first_of_type(second, "Microsoft.KeyVault/vaults")->name));
    rd_set_done(first);
    rd_set_done(second);
}

/* Twice the hosts add exactly as many resources again. */
static void hosts_add_resources_in_proportion(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    size_t counts[3];
    for (int64_t i = 0; i < 3; i++) {
        spec->hosts.count = 100 * (i + 1);
        struct rd_set *set = compile_spec(arena, spec);
        counts[i] = set->count;
        rd_set_done(set);
    }
    assert_true(counts[1] > counts[0]);
    assert_int_equal(counts[2] - counts[1], counts[1] - counts[0]);
    assert_int_equal((counts[1] - counts[0]) % 100, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reference_names_a_resource_of_the_set),
        cmocka_unit_test(whatever_can_bear_tags_bears_the_enclaves),
        cmocka_unit_test(an_enclave_is_known_by_its_subscription_and_name),
        cmocka_unit_test(role_assignments_bear_the_mark_and_a_guid),
        cmocka_unit_test(only_the_firewall_has_a_public_address),
        cmocka_unit_test(extensions_follow_each_other_in_their_order),
        cmocka_unit_test(names_fit_and_origins_are_told),
        cmocka_unit_test(the_same_spec_gives_the_same_bytes),
        cmocka_unit_test(the_sovereign_example_has_twenty_whole_hosts),
        cmocka_unit_test(images_lie_in_their_own_subscription_and_are_made_by_a_run),
        cmocka_unit_test(given_names_are_taken_and_made_ones_are_cut_to_fit),
        cmocka_unit_test(made_names_obey_the_rules_for_given_ones),
        cmocka_unit_test(two_subscriptions_make_two_vault_names),
        cmocka_unit_test(hosts_add_resources_in_proportion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
