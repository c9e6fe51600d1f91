/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_test.h"

#define TRUSTED "hosts:\n  security: trusted-launch\n"

static void a_size_must_suit_the_security(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "hosts:\n  size: Standard_D8as_v6\n", 8, 9,
         "which is not confidential: expected a DC"},
        {BASE TRUSTED "  size: Standard_DC8as_v6\n", 9, 9, "for confidential hosts only"},
        {BASE "hosts:\n  security: confidential\n  size: standard_d8as_v5\n", 9, 9,
         "'hosts.size' is 'Standard_D8as_v5', which is not confidential"},
    };
    EXPECT_ALL_BAD(rows);
}

static void computer_names_are_what_windows_takes(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "hosts:\n  name_prefix: contoso-desk-\n  count: 100\n", 8, 16,
         "the computer name 'contoso-desk-100' has 16 characters: expected 15 at most, so a "
         "'hosts.name_prefix' of 12 at most"},
        {BASE "hosts:\n  name_prefix: contoso-desktops-\n", 8, 16, "at most 13 characters"},
        {BASE "hosts:\n  name_prefix: \"123\"\n", 8, 16, "a computer name of digits alone"},
        {BASE "hosts:\n  name_prefix: 123\n", 8, 16, "a computer name of digits alone"},
        {BASE "hosts:\n  name_prefix: avd_\n", 8, 16, "expected letters, digits and hyphens"},
        {BASE "hosts:\n  name_prefix: -avd\n", 8, 16, "expected a letter or digit first"},
        {BASE "hosts:\n  name_prefix: local-\n", 8, 16, "none of the words that Windows reserves"},
    };
    EXPECT_ALL_BAD(rows);
}

static void prefixes_whose_names_would_collide_are_refused(void **state)
{
    (void)state;
    const struct bad_spec bad = {BASE "hosts:\n  name_prefix: avd1\n", 8, 16,
                                 "its names would collide with those of a shorter prefix"};
    expect_bad(&bad);
}

static void zones_need_a_region_with_zones(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {GOV "hosts:\n  zones: [1]\n", 9, 10, "'hosts.zones' in 'usgovarizona', a region without"},
        {GOV "hosts:\n  disk:\n    sku: Premium_ZRS\n", 10, 10, "one of the _LRS kinds"},
    };
    EXPECT_ALL_BAD(rows);
}

static void fields_of_the_other_kind_of_pool_are_refused(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "hosts:\n  max_sessions: 4\n", 8, 17, "'hosts.max_sessions' in a personal pool"},
        {BASE "hosts:\n  load_balancing: depth-first\n", 8, 19, "in a personal pool"},
        {BASE "hosts:\n  pool: pooled\n  assignment: direct\n", 9, 15, "in a pooled pool"},
        {BASE "  pins: [a@contoso.com]\nhosts:\n  pool: pooled\n", 7, 9,
         "'access.pins' in a pooled"},
    };
    EXPECT_ALL_BAD(rows);
}

static void joining_a_domain_needs_one(void **state)
{
    (void)state;
    const char *domain = "  domain: {name: corp.contoso.com, user: j@corp.contoso.com}\n";
    char both[512];
    (void)snprintf(both, sizeof(both), "%shosts:\n  join: entra\n%s", BASE, domain);
    const struct bad_spec rows[] = {
        {BASE "hosts:\n  join: domain\n  domain: {name: corp.contoso.com}\n", 8, 9,
         "'hosts.domain.user' is missing"},
        {BASE "hosts:\n  join: domain\n  domain: {user: j@corp.contoso.com}\n", 8, 9,
         "'hosts.domain.name' is missing"},
        {both, 9, 11, "'hosts.domain' with 'join: entra'"},
    };
    EXPECT_ALL_BAD(rows);
}

static void an_administrator_has_a_name_that_azure_takes(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "hosts:\n  admin_user: Administrator\n", 8, 15, "a name that Azure refuses"},
        {BASE "hosts:\n  admin_user: a/b\n", 8, 15, "expected letters, digits"},
        {BASE "hosts:\n  admin_user: abcdefghijklmnopqrstu\n", 8, 15, "at most 20 characters"},
    };
    EXPECT_ALL_BAD(rows);
}

static void a_key_mode_must_suit_the_security(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "keys:\n  mode: none\n", 8, 9, "expected platform or customer"},
        {BASE TRUSTED "keys:\n  mode: platform\n", 10, 9, "expected none or customer"},
    };
    EXPECT_ALL_BAD(rows);
}

static void keys_of_ones_own_need_all_that_they_need(void **state)
{
    (void)state;
#define CUSTOMER "keys:\n  mode: customer\n"
#define ADMINS "  admins: [" GROUP "]\n"
    const struct bad_spec rows[] = {
        {BASE CUSTOMER, 8, 3, "'keys.admins' is missing"},
        {BASE CUSTOMER "  admins: []\n", 9, 11, "'keys.admins' is missing"},
        {BASE CUSTOMER ADMINS "  size: 2500\n", 10, 9, "expected 2048, 3072 or 4096"},
        {BASE CUSTOMER ADMINS "  purge_protection: false\n", 10, 21, "expected true, as disk"},
        {BASE CUSTOMER "  store: vault\n  sku: Standard_B1\n", 10, 8, "'keys.sku' with a vault"},
        {BASE CUSTOMER ADMINS "  name: a\n", 10, 9, "expected 3 to 24 characters"},
        {BASE CUSTOMER ADMINS "  name: contoso--hsm\n", 10, 9, "no two hyphens in a row"},
        {BASE CUSTOMER ADMINS "  name: 1contoso\n", 10, 9, "expected a letter first"},
        {BASE CUSTOMER ADMINS "  name: contoso-\n", 10, 9, "a letter or digit last"},
        {BASE CUSTOMER ADMINS "  name: my-windows-keys\n", 10, 9, "words that Azure reserves"},
        {BASE CUSTOMER ADMINS "  key: a_b\n", 10, 8, "expected letters, digits and hyphens"},
        {BASE "keys:\n  name: contoso-hsm\n", 8, 9, "'keys.name' without keys of your own"},
        {BASE "names: {key_vault: kv-a}\n" CUSTOMER "  store: vault\n  name: kv-a\n", 11, 9,
         "'keys.name' is 'names.key_vault' already"},
    };
    EXPECT_ALL_BAD(rows);
}

static void keys_of_ones_own_go_with_trusted_launch_too(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = expect_good(arena, BASE TRUSTED CUSTOMER);
    assert_int_equal(spec->keys.store, RD_KEY_STORE_VAULT);
    assert_true(spec->keys.purge_protection);
}

static void a_pin_must_name_a_host_that_exists(void **state)
{
    (void)state;
#define FOUR "hosts: {count: 4, name_prefix: cui-, size: Standard_DC8as_v6}\n"
    const struct bad_spec rows[] = {
        {BASE "  pins:\n    cui-01: a@contoso.com\n    cui-05: b@contoso.com\n" FOUR, 9, 5,
         "names the host 'cui-05', which does not exist: expected cui-01 to cui-04; did you mean"},
        {BASE "  pins:\n    cui-1: a@contoso.com\n" FOUR, 8, 5, "did you mean 'cui-01'?"},
        {BASE "  pins: [a@contoso.com, b@contoso.com, c@contoso.com, d@contoso.com, "
              "e@contoso.com]\n" FOUR,
         7, 70, "has 5 users for 4 hosts"},
        {BASE "  pins: {cui-01: nobody}\n" FOUR, 7, 18, "expected a user principal name"},
        {BASE "  pins: a@contoso.com\n" FOUR, 7, 9, "expected a map of computer name to user"},
    };
    EXPECT_ALL_BAD(rows);
}

static void a_user_and_a_host_are_pinned_once(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "  pins:\n    cui-01: a@contoso.com\n    cui-02: A@contoso.com\n" FOUR, 9, 13,
         "the user 'A@contoso.com' is pinned to 'cui-01' already"},
        {BASE "  pins: [a@contoso.com, a@contoso.com]\n" FOUR, 7, 25, "is pinned to 'cui-01'"},
        {BASE "  pins:\n    cui-01: a@contoso.com\n    CUI-01: b@contoso.com\n" FOUR, 9, 5,
         "the host 'cui-01' is pinned twice"},
    };
    EXPECT_ALL_BAD(rows);
}

static void pins_given_as_a_list_go_to_the_hosts_in_order(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec =
        expect_good(arena, BASE "  pins: [a@contoso.com, b@contoso.com]\n"
                                "hosts: {count: 2, first_number: 9, name_prefix: h}\n");
    assert_int_equal(spec->access.pin_count, 2);
    ASSERT_STR(spec->access.pins[0].host, "h09");
    ASSERT_STR(spec->access.pins[1].host, "h10");
    ASSERT_STR(spec->access.pins[1].user, "b@contoso.com");
}

static void names_are_what_azure_takes(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "names:\n  gallery: gal-contoso\n", 8, 12, "the compute gallery (no hyphens)"},
        {BASE "names:\n  key_vault: kv--contoso\n", 8, 14, "no two hyphens in a row"},
        {BASE "names:\n  key_vault: kv-contoso-enclave-secrets\n", 8, 14, "3 to 24 characters"},
        {BASE "names:\n  hosts_group: rg-hosts.\n", 8, 16, "a letter or digit last"},
        {BASE "names:\n  log_workspace: l\n", 8, 18, "expected 4 to 63 characters"},
        {BASE "names:\n  hub: vnet-a\n  spoke: VNET-A\n", 9, 10,
         "'names.spoke' is 'VNET-A', which is 'names.hub' already"},
    };
    EXPECT_ALL_BAD(rows);
}

static void tags_are_what_azure_takes_and_none_of_redoubts(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "tags:\n  a/b: c\n", 8, 3, "a name that Azure refuses"},
        {BASE "tags:\n  redoubt-enclave: c\n", 8, 3, "which marks what redoubt owns"},
        {BASE "tags:\n  owner: c\n  Owner: d\n", 9, 3, "which ignores case"},
    };
    EXPECT_ALL_BAD(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_must_suit_the_security),
        cmocka_unit_test(computer_names_are_what_windows_takes),
        cmocka_unit_test(prefixes_whose_names_would_collide_are_refused),
        cmocka_unit_test(zones_need_a_region_with_zones),
        cmocka_unit_test(fields_of_the_other_kind_of_pool_are_refused),
        cmocka_unit_test(joining_a_domain_needs_one),
        cmocka_unit_test(an_administrator_has_a_name_that_azure_takes),
        cmocka_unit_test(a_key_mode_must_suit_the_security),
        cmocka_unit_test(keys_of_ones_own_need_all_that_they_need),
        cmocka_unit_test(keys_of_ones_own_go_with_trusted_launch_too),
        cmocka_unit_test(a_pin_must_name_a_host_that_exists),
        cmocka_unit_test(a_user_and_a_host_are_pinned_once),
        cmocka_unit_test(pins_given_as_a_list_go_to_the_hosts_in_order),
        cmocka_unit_test(names_are_what_azure_takes),
        cmocka_unit_test(tags_are_what_azure_takes_and_none_of_redoubts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
