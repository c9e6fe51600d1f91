/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_test.h"

static struct rd_str rdp_value(const struct rd_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->rdp.count; i++)
        if (rd_str_is(spec->rdp.items[i].key, name))
            return spec->rdp.items[i].value;
    return RD_STR("unset");
}

static void six_lines_are_a_whole_enclave(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = expect_good(arena, BASE);
    ASSERT_STR(spec->cloud, "AzureCloud");
    ASSERT_STR(spec->images_subscription, SUBSCRIPTION);
    assert_int_equal(spec->hosts.security, RD_SECURITY_CONFIDENTIAL);
    ASSERT_STR(spec->hosts.size, "Standard_DC8as_v6");
    ASSERT_STR(spec->hosts.name_prefix, "contoso-");
    assert_int_equal(spec->hosts.count, 1);
    assert_int_equal(spec->hosts.zones.count, 3);
    assert_int_equal(spec->keys.mode, RD_KEYS_PLATFORM);
    assert_int_equal(spec->image.mode, RD_IMAGE_MARKETPLACE);
    assert_int_equal(spec->image.steps.count, 0);
    assert_true(spec->network.has_firewall);
    ASSERT_STR(spec->network.firewall_prefix, "10.80.0.0/26");
    ASSERT_STR(spec->network.hosts_prefix, "10.81.0.0/19");
    ASSERT_STR(spec->network.rule_set, "commercial");
    ASSERT_STR(spec->network.threat_intel, "Deny");
    assert_true(spec->network.dns_proxy);
    assert_false(spec->backup.enabled);
    assert_true(spec->monitoring.enabled);
    assert_int_equal(spec->monitoring.ingestion_gb, 2);
    assert_false(spec->budget.enabled);
    assert_int_equal(spec->schedule.engine, RD_SCHEDULE_NONE);
    ASSERT_STR(spec->schedule.time_zone, "W. Europe Standard Time");
    assert_int_equal(spec->cost.hours_per_day, 24);
    assert_int_equal(spec->cost.days_per_month, 0);
    assert_int_equal(spec->cost.firewall_gb, 15);
}

static void defaults_follow_the_choices_they_depend_on(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec =
        expect_good(arena, GOV "hosts: {security: trusted-launch, count: 3}\n"
                               "schedule: {engine: redoubt, start: \"08:00\", stop: \"16:30\"}\n");
    ASSERT_STR(spec->hosts.size, "Standard_D8as_v6");
    assert_int_equal(spec->hosts.zones.count, 0);
    assert_int_equal(spec->keys.mode, RD_KEYS_NONE);
    ASSERT_STR(spec->network.rule_set, "sovereign");
    assert_int_equal(spec->network.zones.count, 0);
    assert_true(spec->backup.enabled);
    ASSERT_STR(spec->backup.time_zone, "US Mountain Standard Time");
    assert_int_equal(spec->cost.hours_per_day, 9);
    assert_int_equal(spec->cost.days_per_month, 22);
    assert_int_equal(spec->cost.peering_gb, 45);
    ASSERT_STR(spec->image.offer, "windows-11");
    ASSERT_STR(expect_good(arena, BASE "hosts: {pool: pooled}\n")->image.offer, "office-365");
}

static void what_the_author_says_is_not_overruled(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = expect_good(
        arena, BASE "hosts: {zones: [3, 1]}\nbackup: {enabled: true}\n"
                    "network: {firewall: {zones: [], dns_proxy: false}}\n"
                    "cost: {hours_per_day: 0, firewall_gb: 0}\nbudget: {enabled: false}\n"
                    "monitoring: {ingestion_gb: 0}\n");
    assert_int_equal(spec->hosts.zones.count, 2);
    ASSERT_STR(spec->hosts.zones.items[0], "3");
    assert_true(spec->backup.enabled);
    assert_int_equal(spec->network.zones.count, 0);
    assert_false(spec->network.dns_proxy);
    assert_int_equal(spec->cost.hours_per_day, 0);
    assert_int_equal(spec->cost.peering_gb, 0);
    assert_int_equal(spec->monitoring.ingestion_gb, 0);
    assert_false(spec->budget.enabled);
}

static void nothing_is_redirected_unless_asked_for(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = expect_good(arena, BASE);
    ASSERT_STR(rdp_value(spec, "enablerdsaadauth"), "i:1");
    ASSERT_STR(rdp_value(spec, "drivestoredirect"), "s:");
    ASSERT_STR(rdp_value(spec, "redirectclipboard"), "i:0");
    ASSERT_STR(rdp_value(spec, "redirectprinters"), "i:0");
    ASSERT_STR(rdp_value(spec, "redirectcomports"), "i:0");
    ASSERT_STR(rdp_value(spec, "usbdevicestoredirect"), "s:");
    ASSERT_STR(rdp_value(spec, "devicestoredirect"), "s:");
    ASSERT_STR(rdp_value(spec, "targetisaadjoined"), "unset");
}

static void rdp_properties_are_taken_in_both_forms_and_kept_in_order(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec =
        expect_good(arena, BASE "rdp:\n  audiomode: i:2\n  redirectclipboard: 1\n"
                                "  drivestoredirect: \"s:DynamicDrives\"\n  camerastoredirect:\n"
                                "  targetisaadjoined: 1\n");
    ASSERT_STR(rdp_value(spec, "audiomode"), "i:2");
    ASSERT_STR(rdp_value(spec, "redirectclipboard"), "i:1");
    ASSERT_STR(rdp_value(spec, "drivestoredirect"), "s:DynamicDrives");
    ASSERT_STR(rdp_value(spec, "camerastoredirect"), "s:");
    ASSERT_STR(rdp_value(spec, "targetisaadjoined"), "i:1");
    ASSERT_STR(spec->rdp.items[0].key, "enablerdsaadauth");
    ASSERT_STR(spec->rdp.items[1].key, "targetisaadjoined");
}

static void a_long_enclave_name_still_gives_computer_names(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = expect_good(
        arena, "enclave: contoso-c-sovereign\nregion: westeurope\n" IDS "hosts: {count: 5000}\n");
    ASSERT_STR(spec->hosts.name_prefix, "contoso-c-");
    ASSERT_STR(rd_spec_host_name(arena, spec, 0), "contoso-c-01");
    ASSERT_STR(rd_spec_host_name(arena, spec, 4999), "contoso-c-5000");
}

static void words_and_regions_are_taken_in_any_case(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec =
        expect_good(arena, "enclave: contoso\ncloud: azurecloud\nregion: WestEurope\n" IDS
                           "hosts: {size: standard_dc16as_v6, pool: Pooled}\n");
    ASSERT_STR(spec->cloud, "AzureCloud");
    ASSERT_STR(spec->region, "westeurope");
    ASSERT_STR(spec->hosts.size, "Standard_DC16as_v6");
    assert_int_equal(spec->hosts.pool, RD_POOL_POOLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_lines_are_a_whole_enclave),
        cmocka_unit_test(defaults_follow_the_choices_they_depend_on),
        cmocka_unit_test(what_the_author_says_is_not_overruled),
        cmocka_unit_test(nothing_is_redirected_unless_asked_for),
        cmocka_unit_test(rdp_properties_are_taken_in_both_forms_and_kept_in_order),
        cmocka_unit_test(a_long_enclave_name_still_gives_computer_names),
        cmocka_unit_test(words_and_regions_are_taken_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
