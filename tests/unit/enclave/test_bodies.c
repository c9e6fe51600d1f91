/* SPDX-License-Identifier: Apache-2.0 */
#include "enclaves.h"

#include "crypto/hash.h"

static const char *const disk_profile = "properties.storageProfile.osDisk.managedDisk";

static const struct rd_json *machine_at(const struct rd_set *set, const char *path)
{
    return rd_json_at(&first_of_type(set, "Microsoft.Compute/virtualMachines")->body, path);
}

static bool needs(const struct rd_set *set, const struct rd_resource *resource, struct rd_str id)
{
    int64_t target = rd_set_index(set, id);
    for (uint32_t i = 0; i < resource->need_count; i++)
        if ((int64_t)resource->needs[i] == target)
            return true;
    return false;
}

static void a_confidential_hosts_key_stands_in_the_security_profile_alone(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "confidential-cmk");
    const struct rd_json *disk = machine_at(set, disk_profile);
    const struct rd_resource *encryption =
        first_of_type(set, "Microsoft.Compute/diskEncryptionSets");
    assert_true(rd_str_is(rd_json_str(rd_json_at(disk, "securityProfile.securityEncryptionType")),
                          "DiskWithVMGuestState"));
    assert_true(rd_str_eq(rd_json_str(rd_json_at(disk, "securityProfile.diskEncryptionSet.id")),
                          encryption->id));
    assert_false(rd_json_exists(rd_json_at(disk, "diskEncryptionSet")));
    assert_true(rd_str_is(rd_json_str(rd_json_at(&encryption->body, "properties.encryptionType")),
                          "ConfidentialVmEncryptedWithCustomerKey"));
    assert_false(rd_json_is_true(
        rd_json_at(&encryption->body, "properties.rotationToLatestKeyVersionEnabled")));
    rd_set_done(set);
}

static void platform_keys_need_no_key_store_for_disks(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "confidential-pmk");
    const struct rd_json *profile =
        machine_at(set, "properties.storageProfile.osDisk.managedDisk.securityProfile");
    assert_true(
        rd_str_is(rd_json_str(rd_json_at(profile, "securityEncryptionType")), "VMGuestStateOnly"));
    assert_false(rd_json_exists(rd_json_at(profile, "diskEncryptionSet")));
    assert_int_equal(count_type(set, "Microsoft.KeyVault/managedHSMs"), 0);
    assert_int_equal(count_type(set, "Microsoft.Compute/diskEncryptionSets"), 0);
    rd_set_done(set);
}

/* HSM, key, the two roles on it, encryption set, machine: each after the one before. */
static void the_key_chain_is_made_in_its_order(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "confidential-cmk");
    const struct rd_resource *key = first_of_type(set, "Microsoft.KeyVault/managedHSMs/keys");
    const struct rd_resource *encryption =
        first_of_type(set, "Microsoft.Compute/diskEncryptionSets");
    const struct rd_resource *machine = first_of_type(set, "Microsoft.Compute/virtualMachines");
    assert_true(needs(set, key, first_of_type(set, "Microsoft.KeyVault/managedHSMs")->id));
    assert_true(needs(set, encryption, key->id));
    assert_true(needs(set, machine, encryption->id));
    size_t on_key = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *role = &set->resources[i];
        if (!rd_str_is(role->type->name, "Microsoft.KeyVault/managedHSMs/roleAssignments"))
            continue;
        if (rd_str_is(rd_json_str(rd_json_at(&role->body, "properties.scope")), "/keys")) {
            assert_true(needs(set, key, role->id));
        } else {
            on_key++;
            assert_true(needs(set, role, key->id));
            assert_true(needs(set, encryption, role->id));
            assert_true(needs(set, machine, role->id));
        }
    }
    assert_int_equal(on_key, 2);
    rd_set_done(set);
}

static void the_release_policy_names_the_hosts_region_only(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "confidential-cmk");
    const struct rd_json *body = &first_of_type(set, "Microsoft.KeyVault/managedHSMs/keys")->body;
    struct rd_str data = rd_json_str(rd_json_at(body, "release_policy.data"));
    assert_true(rd_json_is_true(rd_json_at(body, "attributes.exportable")));
    assert_true(rd_str_find_char(data, '=', 0) == RD_STR_NONE);
    struct rd_str text = RD_STR("");
    assert_true(rd_base64_decode(arena, data, &text));
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_json policy;
    assert_int_equal(rd_json_parse(arena, "policy", text, 0, &policy, &err), RD_RC_OK);
    assert_true(rd_str_has_prefix(text, RD_STR("{\"version\":\"1.0.0\"")));
    assert_int_equal(rd_json_count(rd_json_at(&policy, "anyOf")), 1);
    assert_true(rd_str_is(rd_json_str(rd_json_at(&policy, "anyOf.0.authority")),
                          "https://sharedweu.weu.attest.azure.net/"));
    assert_true(rd_str_is(rd_json_str(rd_json_at(&policy, "anyOf.0.allOf.0.equals")),
                          "azure-compliant-cvm"));
    rd_set_done(set);
}

static void an_ordinary_hosts_key_stands_beside_and_is_never_released(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    spec->keys.mode = RD_KEYS_CUSTOMER;
    spec->keys.store = RD_KEY_STORE_VAULT;
    spec->keys.key_size = 3072;
    struct rd_set *set = compile_spec(arena, spec);
    const struct rd_json *disk = machine_at(set, disk_profile);
    assert_true(rd_json_exists(rd_json_at(disk, "diskEncryptionSet.id")));
    assert_false(rd_json_exists(rd_json_at(disk, "securityProfile")));
    const struct rd_json *key = &first_of_type(set, "Microsoft.KeyVault/vaults/keys")->body;
    assert_false(rd_json_exists(rd_json_at(key, "release_policy")));
    assert_false(rd_json_exists(rd_json_at(key, "attributes.exportable")));
    const struct rd_json *encryption =
        &first_of_type(set, "Microsoft.Compute/diskEncryptionSets")->body;
    assert_true(rd_str_is(rd_json_str(rd_json_at(encryption, "properties.encryptionType")),
                          "EncryptionAtRestWithCustomerKey"));
    assert_true(rd_json_exists(rd_json_at(encryption, "properties.activeKey.sourceVault.id")));
    rd_set_done(set);
}

static void no_secret_stands_in_a_body(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "sovereign");
    assert_true(rd_is_secret_reference(machine_at(set, "properties.osProfile.adminPassword")));
    assert_true(rd_is_secret_reference(
        rd_json_at(&first_of_type(set, "Microsoft.KeyVault/vaults/secrets")->body, "value")));
    size_t tokens = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_json *properties =
            rd_json_get(&set->resources[i].body, RD_STR("properties"));
        if (!rd_str_is(rd_json_str(rd_json_get(properties, RD_STR("type"))), "DSC"))
            continue;
        tokens++;
        assert_true(rd_is_secret_reference(
            rd_json_at(properties, "protectedSettings.Items.RegistrationInfoToken")));
        assert_false(
            rd_json_exists(rd_json_at(properties, "settings.properties.registrationInfoToken")));
    }
    assert_int_equal(tokens, 20);
    rd_set_done(set);
}

static void everything_the_hosts_send_goes_to_the_firewall(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "sovereign");
    const struct rd_resource *firewall = first_of_type(set, "Microsoft.Network/azureFirewalls");
    const struct rd_json *route =
        rd_json_at(&first_of_type(set, "Microsoft.Network/routeTables")->body,
                   "properties.routes.0.properties");
    assert_true(rd_str_is(rd_json_str(rd_json_at(route, "addressPrefix")), "0.0.0.0/0"));
    assert_true(rd_str_is(rd_json_str(rd_json_at(route, "nextHopType")), "VirtualAppliance"));
    assert_true(rd_str_eq(rd_reference_id(rd_json_at(route, "nextHopIpAddress")), firewall->id));
    size_t subnets = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_json *subnet =
            rd_json_at(&set->resources[i].body, "properties.subnets.0.properties");
        if (!rd_json_exists(rd_json_at(subnet, "routeTable.id")))
            continue;
        subnets++;
        const struct rd_json *outbound = rd_json_at(subnet, "defaultOutboundAccess");
        assert_true(rd_json_is(outbound, RD_JSON_BOOL) && !rd_json_is_true(outbound));
    }
    assert_int_equal(subnets, 1);
    rd_set_done(set);
}

/* So that hosts can be made while the firewall is, and none leaves unfiltered. */
static void until_the_firewall_stands_every_way_out_is_closed(void **state)
{
    (void)state;
    static const char *const names[] = {"sovereign", "confidential-pmk", "confidential-cmk"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_set *set = compile_example(arena, names[i]);
        const struct rd_resource *table = first_of_type(set, "Microsoft.Network/routeTables");
        assert_non_null(table->provisional);
        const struct rd_json *routes = rd_json_at(table->provisional, "properties.routes");
        assert_int_equal(rd_json_count(routes), 1);
        const struct rd_json *route = rd_json_at(routes, "0.properties");
        assert_true(rd_str_is(rd_json_str(rd_json_at(route, "addressPrefix")), "0.0.0.0/0"));
        assert_true(rd_str_is(rd_json_str(rd_json_at(route, "nextHopType")), "None"));
        assert_false(rd_json_exists(rd_json_at(route, "nextHopIpAddress")));
        for (size_t r = 0; r < set->count; r++) {
            struct rd_str type = set->resources[r].type->name;
            bool runs_inside = rd_str_has_suffix_case(type, RD_STR("/extensions")) ||
                               rd_str_has_suffix_case(type, RD_STR("/sessionHosts"));
            assert_false(runs_inside && set->resources[r].is_early);
            assert_true(set->resources[r].is_early ||
                        !rd_str_is(type, "Microsoft.Compute/virtualMachines"));
        }
        rd_set_done(set);
    }
}

/* A machine keeps the DNS server that it was given at its start. */
static void early_hosts_ask_the_address_that_the_firewall_will_have(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "sovereign");
    size_t found = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_json *first = set->resources[i].provisional;
        const struct rd_json *server =
            first == NULL ? &rd_json_absent
                          : rd_json_at(first, "properties.dhcpOptions.dnsServers.0");
        found += rd_str_is(rd_json_str(server), "10.80.0.4");
    }
    assert_int_equal(found, 1);
    rd_set_done(set);
}

/* A network rule that denies everything would come before all application rules. */
static void denial_comes_last_and_as_an_application_rule(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "sovereign");
    size_t denials = 0;
    int64_t highest_allow = 0;
    int64_t denial = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_json *group = rd_json_get(&set->resources[i].body, RD_STR("properties"));
        const struct rd_json *collections = rd_json_get(group, RD_STR("ruleCollections"));
        for (size_t c = 0; c < rd_json_count(collections); c++) {
            const struct rd_json *collection = rd_json_item(collections, c);
            int64_t priority = rd_json_int(rd_json_get(group, RD_STR("priority")), 0);
            assert_true(priority >= 100 && priority <= 65000);
            if (rd_str_is(rd_json_str(rd_json_at(collection, "action.type")), "Deny")) {
                denials++;
                denial = priority;
                assert_true(rd_str_is(rd_json_str(rd_json_at(collection, "rules.0.ruleType")),
                                      "ApplicationRule"));
            } else if (priority > highest_allow) {
                highest_allow = priority;
            }
        }
    }
    assert_int_equal(denials, 1);
    assert_true(denial > highest_allow);
    rd_set_done(set);
}

static bool has_fqdn(const struct rd_set *set, const char *fqdn)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_json *collections =
            rd_json_at(&set->resources[i].body, "properties.ruleCollections");
        for (size_t c = 0; c < rd_json_count(collections); c++) {
            const struct rd_json *rules =
                rd_json_get(rd_json_item(collections, c), RD_STR("rules"));
            for (size_t r = 0; r < rd_json_count(rules); r++) {
                const struct rd_json *fqdns =
                    rd_json_get(rd_json_item(rules, r), RD_STR("targetFqdns"));
                for (size_t f = 0; f < rd_json_count(fqdns); f++)
                    if (rd_str_is(rd_json_str(rd_json_item(fqdns, f)), fqdn))
                        return true;
            }
        }
    }
    return false;
}

static void sovereign_hosts_reach_what_joining_and_working_there_needs(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_set *set = compile_example(arena, "sovereign");
    static const char *const needed[] = {
        "*.wvd.azure.us",          "login.microsoftonline.us",
        "pasff.usgovcloudapi.net", "enterpriseregistration.microsoftonline.us",
        "*.manage.microsoft.us",   "winatp-gw-usgt.microsoft.com",
        "*.sharepoint.us",         "ctldl.windowsupdate.com",
        "erp.contoso.us",
    };
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!has_fqdn(set, needed[i]))
            fail_msg("%s is not allowed", needed[i]);
    assert_false(has_fqdn(set, "*.wvd.microsoft.us"));
    assert_false(has_fqdn(set, "*.wvd.microsoft.com"));
    rd_set_done(set);
}

static void rdp_properties_are_sorted_and_end_with_a_semicolon(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    struct rd_spec_pair pairs[] = {{RD_STR("redirectclipboard"), RD_STR("i:0")},
                                   {RD_STR("drivestoredirect"), RD_STR("s:")}};
    spec->rdp = (struct rd_spec_map){.items = pairs, .count = 2, .cap = 2};
    struct rd_set *set = compile_spec(arena, spec);
    assert_true(
        rd_str_is(rd_json_str(rd_json_at(
                      &first_of_type(set, "Microsoft.DesktopVirtualization/hostPools")->body,
                      "properties.customRdpProperty")),
                  "drivestoredirect:s:;redirectclipboard:i:0;"));
    rd_set_done(set);
}

static void a_native_schedule_gets_its_plan_and_the_wide_role(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    struct rd_str days[] = {RD_STR("Monday")};
    spec->hosts.pool = RD_POOL_PERSONAL;
    spec->schedule = (struct rd_spec_schedule_times){
        .engine = RD_SCHEDULE_NATIVE,
        .time_zone = RD_STR("Romance Standard Time"),
        .start = RD_STR("00:10"),
        .stop = RD_STR("23:45"),
        .days = {.items = days, .count = 1, .cap = 1},
        .pre_stage_min = 20,
        .idle_min = 30,
    };
    struct rd_set *set = compile_spec(arena, spec);
    const struct rd_json *schedule =
        &first_of_type(set, "Microsoft.DesktopVirtualization/scalingPlans/personalSchedules")->body;
    assert_int_equal(rd_json_int(rd_json_at(schedule, "properties.rampUpStartTime.hour"), -1), 23);
    assert_int_equal(rd_json_int(rd_json_at(schedule, "properties.rampUpStartTime.minute"), -1),
                     50);
    assert_int_equal(rd_json_int(rd_json_at(schedule, "properties.offPeakStartTime.minute"), -1),
                     15);
    size_t wide = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *resource = &set->resources[i];
        struct rd_str role =
            rd_json_str(rd_json_at(&resource->body, "properties.roleDefinitionId"));
        if (rd_str_has_suffix(role, RD_STR("40c5ff49-9181-41f8-ae61-143b0e78555e")))
            wide += rd_str_has_prefix(resource->id, RD_STR(SUBSCRIPTION "/providers/")) ? 1 : 0;
    }
    assert_int_equal(wide, 1);
    rd_set_done(set);
}

static void an_existing_subnet_is_used_and_no_network_is_made(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    spec->network.existing_subnet = RD_STR(
        SUBSCRIPTION "/resourceGroups/rg-shared/providers/Microsoft.Network/virtualNetworks/v/"
                     "subnets/s");
    struct rd_set *set = compile_spec(arena, spec);
    const struct rd_resource *subnet = rd_set_find(set, spec->network.existing_subnet);
    assert_non_null(subnet);
    assert_true(subnet->is_existing);
    assert_int_equal(count_type(set, "Microsoft.Network/virtualNetworks"), 0);
    assert_int_equal(count_type(set, "Microsoft.Network/azureFirewalls"), 0);
    assert_true(needs(set, first_of_type(set, "Microsoft.Network/networkInterfaces"), subnet->id));
    rd_set_done(set);
}

static void a_basic_firewall_is_managed_over_a_subnet_of_its_own(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    spec->network.firewall_tier = RD_FIREWALL_BASIC;
    spec->network.hub_prefix = RD_STR("10.9.0.0/24");
    spec->network.firewall_prefix = RD_STR("10.9.0.0/26");
    struct rd_set *set = compile_spec(arena, spec);
    size_t found = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_json *subnet = rd_json_at(&set->resources[i].body, "properties.subnets.1");
        if (rd_str_is(rd_json_str(rd_json_at(subnet, "name")), "AzureFirewallManagementSubnet")) {
            found++;
            assert_true(rd_str_is(rd_json_str(rd_json_at(subnet, "properties.addressPrefix")),
                                  "10.9.0.64/26"));
        }
    }
    assert_int_equal(found, 1);
    rd_set_done(set);

    spec->network.hub_prefix = RD_STR("10.9.0.0/26");
    struct rd_err err = {.rc = RD_RC_OK};
    assert_int_equal(rd_enclave_compile(arena, spec, &set, &err), RD_RC_INVALID);
    assert_non_null(strstr(err.msg, "10.9.0.0/26"));
    assert_true(err.hint[0] != '\0');
}

static void joining_a_domain_takes_a_password_that_must_be_there(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    spec->hosts.join = RD_JOIN_DOMAIN;
    spec->hosts.domain_name = RD_STR("corp.contoso.com");
    spec->hosts.domain_user = RD_STR("joiner@corp.contoso.com");
    struct rd_set *set = compile_spec(arena, spec);
    size_t existing = 0;
    for (size_t i = 0; i < set->count; i++)
        existing += set->resources[i].is_existing ? 1 : 0;
    assert_int_equal(existing, 1);
    assert_true(rd_str_has_suffix(
        first_of_type(set, "Microsoft.DesktopVirtualization/hostPools/sessionHosts")->name,
        RD_STR(".corp.contoso.com")));
    for (size_t i = 0; i < set->count; i++)
        assert_false(rd_str_is(set->resources[i].name, "AADLoginForWindows"));
    rd_set_done(set);
}

/* Where the service gives desktops out too, the set says nothing of who has which. */
static void only_direct_assignment_says_that_a_host_is_nobodys(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    for (int is_direct = 0; is_direct < 2; is_direct++) {
        spec->hosts.direct_assignment = is_direct;
        struct rd_set *set = compile_spec(arena, spec);
        const struct rd_json *user = rd_json_at(
            &first_of_type(set, "Microsoft.DesktopVirtualization/hostPools/sessionHosts")->body,
            "properties.assignedUser");
        assert_int_equal(user->type, is_direct ? RD_JSON_STRING : RD_JSON_ABSENT);
        assert_int_equal(rd_json_str(user).n, 0);
        rd_set_done(set);
    }
}

static void without_monitoring_nothing_is_collected(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    spec->monitoring.enabled = false;
    struct rd_set *set = compile_spec(arena, spec);
    assert_int_equal(count_type(set, "Microsoft.OperationalInsights/workspaces"), 0);
    assert_int_equal(count_type(set, "Microsoft.Insights/diagnosticSettings"), 0);
    assert_int_equal(count_type(set, "Microsoft.Insights/scheduledQueryRules"), 0);
    assert_int_equal(count_type(set, "Microsoft.Insights/dataCollectionRuleAssociations"), 0);
    for (size_t i = 0; i < set->count; i++)
        assert_false(rd_str_is(set->resources[i].name, "AzureMonitorWindowsAgent"));
    rd_set_done(set);
}

static void alerts_carry_the_specs_thresholds(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    spec->monitoring.enabled = true;
    spec->monitoring.rtt_ms = 173;
    struct rd_set *set = compile_spec(arena, spec);
    size_t with_threshold = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct rd_str query =
            rd_json_str(rd_json_at(&set->resources[i].body, "properties.criteria.allOf.0.query"));
        assert_true(rd_str_find_char(query, '{', 0) == RD_STR_NONE);
        if (rd_str_find(query, RD_STR("p90 > 173"), 0) != RD_STR_NONE)
            with_threshold++;
        assert_true(rd_str_find(query, RD_STR("State == \"Failed\""), 0) == RD_STR_NONE);
    }
    assert_int_equal(with_threshold, 1);
    rd_set_done(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confidential_hosts_key_stands_in_the_security_profile_alone),
        cmocka_unit_test(platform_keys_need_no_key_store_for_disks),
        cmocka_unit_test(the_key_chain_is_made_in_its_order),
        cmocka_unit_test(the_release_policy_names_the_hosts_region_only),
        cmocka_unit_test(an_ordinary_hosts_key_stands_beside_and_is_never_released),
        cmocka_unit_test(no_secret_stands_in_a_body),
        cmocka_unit_test(everything_the_hosts_send_goes_to_the_firewall),
        cmocka_unit_test(denial_comes_last_and_as_an_application_rule),
        cmocka_unit_test(sovereign_hosts_reach_what_joining_and_working_there_needs),
        cmocka_unit_test(rdp_properties_are_sorted_and_end_with_a_semicolon),
        cmocka_unit_test(a_native_schedule_gets_its_plan_and_the_wide_role),
        cmocka_unit_test(until_the_firewall_stands_every_way_out_is_closed),
        cmocka_unit_test(early_hosts_ask_the_address_that_the_firewall_will_have),
        cmocka_unit_test(an_existing_subnet_is_used_and_no_network_is_made),
        cmocka_unit_test(a_basic_firewall_is_managed_over_a_subnet_of_its_own),
        cmocka_unit_test(joining_a_domain_takes_a_password_that_must_be_there),
        cmocka_unit_test(only_direct_assignment_says_that_a_host_is_nobodys),
        cmocka_unit_test(without_monitoring_nothing_is_collected),
        cmocka_unit_test(alerts_carry_the_specs_thresholds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
