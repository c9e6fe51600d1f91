/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_test.h"

static void an_unknown_key_is_told_with_the_nearest_one(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "host:\n  count: 3\n", 7, 1, "unknown key 'host'; did you mean 'hosts'?"},
        {BASE "hosts:\n  cont: 3\n", 8, 3, "unknown key 'cont' in 'hosts'; did you mean 'count'?"},
        {BASE "hosts: {pool: pooled, siez: x}\n", 7, 23, "did you mean 'size'?"},
        {BASE "hosts:\n  disk:\n    # sizegb: see below\n    sku: Premium_LRS\n    sizegb: 128\n",
         11, 5, "unknown key 'sizegb' in 'hosts.disk'; did you mean 'size_gb'?"},
        {BASE "monitoring:\n  thresholds:\n    zzzzzz: 1\n", 9, 5,
         "expected rtt_ms, failure_percent, cpu_percent, memory_percent or disk_free_percent"},
        {BASE "backup:\n  enabled: true\n  tim:\n", 9, 3, "did you mean 'time'?"},
        {BASE "\"budgett\":\n  amount: 3\n", 7, 1, "did you mean 'budget'?"},
    };
    EXPECT_ALL_BAD(rows);
}

static void what_is_required_is_missed_where_it_belongs(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {"region: westeurope\n" IDS, 1, 1, "'enclave' is missing: expected 2 to 20"},
        {"enclave: contoso\n" IDS, 1, 1, "'region' is missing: expected an Azure region"},
        {"enclave: contoso\nregion: westeurope\nsubscription: " SUBSCRIPTION "\n" ACCESS, 1, 1,
         "'tenant' is missing: expected a GUID"},
        {"enclave: contoso\nregion: westeurope\ntenant: " TENANT "\n" ACCESS, 1, 1,
         "'subscription' is missing"},
        {"enclave: contoso\nregion: westeurope\ntenant: " TENANT "\nsubscription: " SUBSCRIPTION
         "\naccess:\n  admins_group: " GROUP "\n",
         6, 3, "'access.users_group' is missing"},
        {"enclave: contoso\nregion: westeurope\ntenant: " TENANT "\nsubscription: " SUBSCRIPTION
         "\n",
         1, 1, "'access.users_group' is missing"},
    };
    EXPECT_ALL_BAD(rows);
}

static void wrong_types_are_told_with_what_was_expected(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "hosts: 3\n", 7, 8, "'hosts' is a number: expected a section (key: value)"},
        {BASE "hosts: [1]\n", 7, 8, "'hosts' is a list: expected a section"},
        {BASE "hosts:\n  count: many\n", 8, 10,
         "'hosts.count' is \"many\": expected a whole number"},
        {BASE "hosts:\n  count: \"3\"\n", 8, 10, "'hosts.count' is \"3\""},
        {BASE "hosts:\n  count: 2.5\n", 8, 10, "'hosts.count' is 2.5"},
        {BASE "hosts:\n  count: [3]\n", 8, 10, "'hosts.count' is a list"},
        {BASE "hosts:\n  validation: yes\n", 8, 15,
         "'hosts.validation' is 'yes': expected true or "
         "false"},
        {BASE "hosts:\n  zones: 1\n", 8, 10, "'hosts.zones' is a number: expected a list"},
        {BASE "hosts:\n  size: {a: 1}\n", 8, 9, "'hosts.size' is a section: expected a VM size"},
        {BASE "tags: [a]\n", 7, 7, "'tags' is a list: expected a section"},
        {BASE "tags:\n  a: [1]\n", 8, 6, "'tags.a' is a list: expected text"},
        {BASE "cost:\n  license_per_user: 1.234\n", 8, 21, "expected an amount"},
        {BASE "rdp: 1\n", 7, 6, "'rdp' is a number: expected a section"},
        {BASE "network:\n  firewall:\n    rules: {a: 1}\n", 9, 12, "expected a list"},
        {BASE "network:\n  firewall:\n    rules: [a]\n", 9, 13,
         "'network.firewall.rules[0]' is text: expected a section"},
    };
    EXPECT_ALL_BAD(rows);
}

static void values_out_of_range_are_told_with_the_range(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "hosts:\n  count: 0\n", 8, 10, "expected a whole number from 1 to 5000"},
        {BASE "hosts:\n  count: 5001\n", 8, 10, "expected a whole number from 1 to 5000"},
        {BASE "hosts:\n  count: 99999999999999999999\n", 8, 10, "from 1 to 5000"},
        {BASE "hosts:\n  disk: {size_gb: 64}\n", 8, 19, "expected a whole number from 128 to 4095"},
        {BASE "backup:\n  retention_days: 6\n", 8, 19, "expected a whole number from 7 to 9999"},
        {BASE "monitoring:\n  retention_days: 29\n", 8, 19, "from 30 to 730"},
        {BASE "hosts:\n  zones: [1, 4]\n", 8, 14,
         "'hosts.zones' is '4': expected a zone: 1, 2 or "
         "3"},
        {BASE "keys:\n  retention_days: 91\n", 8, 19, "from 7 to 90"},
    };
    EXPECT_ALL_BAD(rows);
}

static void values_of_a_wrong_form_are_told_with_the_right_one(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {"enclave: Contoso\nregion: westeurope\n" IDS, 1, 10, "expected 2 to 20 small letters"},
        {"enclave: a--b\nregion: westeurope\n" IDS, 1, 10, "expected 2 to 20 small letters"},
        {"enclave: contoso\nregion: westeurope\ntenant: 1234\nsubscription: " SUBSCRIPTION
         "\n" ACCESS,
         3, 9, "'tenant' is '1234': expected a GUID such as"},
        {BASE "network:\n  hub: 10.0.0.0\n", 8, 8, "expected an address range"},
        {BASE "network:\n  hub: 10.0.0.1/24\n", 8, 8, "no bits behind it"},
        {BASE "network:\n  hub: 10.0.256.0/24\n", 8, 8, "expected an address range"},
        {BASE "network:\n  hub: 10.0.0.0/30\n", 8, 8, "from /8 to /29"},
        {BASE "monitoring:\n  emails: [ops]\n", 8, 12,
         "'monitoring.emails' is 'ops': expected an "
         "email address"},
        {BASE "monitoring:\n  emails: [\"a b@contoso.com\"]\n", 8, 12, "an email address"},
        {BASE "schedule:\n  start: \"8:00\"\n", 8, 10, "expected a time such as 08:00"},
        {BASE "schedule:\n  stop: \"24:00\"\n", 8, 9, "expected a time such as 08:00"},
        {BASE "budget:\n  start: 2026-02-30\n  emails: [a@contoso.com]\n", 8, 10,
         "expected a date such as 2026-12-01"},
        {BASE "budget:\n  start: 2026/12/01\n  emails: [a@contoso.com]\n", 8, 10,
         "expected a date such as 2026-12-01"},
        {BASE "network:\n  existing_subnet: /subscriptions/x\n", 8, 20, "ARM id of a subnet"},
        {BASE "network:\n  firewall:\n    rules: [{name: ab, fqdns: [a.*.com]}]\n", 9, 32,
         "with an asterisk at most in front"},
        {BASE "network:\n  firewall:\n    rules: [{name: ab, fqdns: [a.com], ports: [443]}]\n", 9,
         48, "such as https:443"},
        {BASE "network:\n  firewall:\n    rules: [{name: ab, fqdns: []}]\n", 9, 31, "is empty"},
        {BASE "network:\n  firewall:\n    rules: [{name: ab}]\n", 9, 13,
         "'network.firewall.rules[0].fqdns' is missing"},
    };
    EXPECT_ALL_BAD(rows);
}

static void unknown_words_are_told_with_the_nearest_one(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "cloud: AzureCloudd\n", 7, 8,
         "expected AzureCloud or AzureUSGovernment; did you mean 'AzureCloud'?"},
        {"enclave: contoso\nregion: westeurop\n" IDS, 2, 9, "did you mean 'westeurope'?"},
        {BASE "hosts:\n  size: Standard_DC8as_v7\n", 8, 9, "did you mean 'Standard_DC8as_v"},
        {BASE "hosts:\n  pool: shared\n", 8, 9, "expected personal or pooled"},
        {BASE "hosts:\n  security: confidentail\n", 8, 13, "did you mean 'confidential'?"},
        {BASE "backup:\n  time_zone: Europe/Brussels\n", 8, 14, "expected a Windows time zone"},
        {BASE "schedule:\n  time_zone: W. Europe Standart Time\n", 8, 14,
         "did you mean 'W. Europe Standard Time'?"},
        {BASE "schedule:\n  days: [Monday, Tuseday]\n", 8, 18, "did you mean 'Tuesday'?"},
        {BASE "rdp:\n  redirectclipbord: 0\n", 8, 3, "did you mean 'redirectclipboard'?"},
        {BASE "names:\n  fire_wall: afw-x\n", 8, 3, "did you mean 'firewall'?"},
        {BASE "keys:\n  mode: costumer\n", 8, 9, "did you mean 'customer'?"},
        {BASE "image:\n  mode: build\n  scripts: https://a.contoso.com\n  steps: [fslogx]\n", 10,
         11, "did you mean 'fslogix'?"},
    };
    EXPECT_ALL_BAD(rows);
}

static void a_list_names_nothing_twice(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "hosts:\n  zones: [1, 2, 1]\n", 8, 17,
         "'hosts.zones' names '1' twice: expected it once"},
        {BASE "schedule:\n  days: [Monday, monday]\n", 8, 18, "names 'Monday' twice"},
    };
    EXPECT_ALL_BAD(rows);
}

static void a_key_given_twice_is_refused(void **state)
{
    (void)state;
    const struct bad_spec bad = {BASE "hosts: {count: 1}\nhosts: {count: 2}\n", 8, 1,
                                 "the key 'hosts' is given twice"};
    expect_bad(&bad);
}

static void rdp_values_must_fit_their_property(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "rdp:\n  redirectclipboard: 2\n", 8, 22, "expected a whole number from 0 to 1"},
        {BASE "rdp:\n  redirectclipboard: \"s:1\"\n", 8, 22, "expected a whole number from 0 to 1"},
        {BASE "rdp:\n  drivestoredirect: \"*;audiomode:i:2\"\n", 8, 21, "without semicolons"},
        {BASE "rdp:\n  devicestoredirect: some\n", 8, 22, "expected *, DynamicDevices or \"\""},
    };
    EXPECT_ALL_BAD(rows);
}

static void all_mistakes_are_told_in_one_pass_and_in_order(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec;
    struct rd_err err;
    const char *yaml = "budget:\n  start: 2026-12-02\n  emails: [a@contoso.com]\nenclave: contoso\n"
                       "region: westeurop\n" IDS "hosts:\n  count: 0\n  siez: 3\n";
    assert_int_equal(rd_spec_parse(arena, "t.yaml", rd_str_from(yaml), &spec, &err), RD_RC_INVALID);
    const char *places[] = {
        "t.yaml:2:10: ", "\nt.yaml:5:9: ", "\nt.yaml:11:10: ", "\nt.yaml:12:3: "};
    const char *at = err.msg;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        at = strstr(at, places[i]);
        if (at == NULL)
            fail_msg("no %s in %s", places[i], err.msg);
    }
    assert_string_equal(err.hint, "4 mistakes");
}

static void more_mistakes_than_fit_are_counted(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    struct rd_spec *spec;
    struct rd_err err;
    rd_buf_init(&buf, 1 << 20);
    rd_buf_add_c(&buf, BASE);
    for (int i = 0; i < 3000; i++)
        rd_buf_printf(&buf, "wrong_%d: 1\n", i);
    assert_int_equal(rd_spec_parse(arena, "t.yaml", rd_buf_str(&buf), &spec, &err), RD_RC_INVALID);
    assert_true(strncmp(err.msg, "t.yaml:7:1: unknown key 'wrong_0'", 33) == 0);
    assert_true(strncmp(err.hint, "3000 mistakes, the first ", 25) == 0);
    assert_true(err.msg[strlen(err.msg) - 1] != ':'); /* only whole lines */
}

/* Seven lines; two users. */
#define PINNED                                                                                     \
    "enclave: contoso\nregion: westeurope\ntenant: " TENANT "\nsubscription: " SUBSCRIPTION        \
    "\naccess:\n  users_group: " GROUP "\n  pins: [ann@contoso.com, ben@contoso.com]\n"

static void what_follows_from_a_mistake_is_not_told_too(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        /* The size falls back to a confidential one; that this cannot be is not the author's. */
        {BASE "hosts:\n  security: trusted-launch\n  size: Standard_D8as_v66\n", 9, 9,
         "did you mean 'Standard_D8as_v6'?"},
        {"enclave: contoso\nregion: nowhere\n" IDS "hosts:\n  zones: [1]\n", 2, 9,
         "expected an Azure region"},
        {"enclave: contoso\ncloud: AzureUSGov\nregion: usgovvirginia\n" IDS, 2, 8,
         "expected AzureCloud or AzureUSGovernment"},
        {PINNED "hosts: {pool: personal, count: many}\n", 8, 32, "a whole number from 1 to 5000"},
        {PINNED "hosts: {pool: personal, count: 5001}\n", 8, 32, "a whole number from 1 to 5000"},
        {PINNED "hosts: {pool: personl}\n", 8, 15, "did you mean 'personal'?"},
        {BASE "hosts: {count: 99999, name_prefix: abcdefghijk-}\n", 7, 16, "from 1 to 5000"},
        {BASE "hosts: {count: 9999}\nnetwork: {hosts_subnet: 10.81.0.0/28}\n", 7, 16, "to 5000"},
        {BASE "hosts: {security: confidentail, size: Standard_D8as_v6}\n", 7, 19,
         "did you mean 'confidential'?"},
        {BASE "hosts: {security: trustd-launch}\nkeys: {mode: none}\n", 7, 19,
         "did you mean 'trusted-launch'?"},
        {BASE "hosts: {join: entr, domain: {name: corp.contoso.com}}\n", 7, 15,
         "did you mean 'entra'?"},
        {BASE "hosts: {pool: poled, max_sessions: 4}\n", 7, 15, "did you mean 'pooled'?"},
        {BASE "keys: {mode: custmer, store: hsm}\n", 7, 14, "did you mean 'customer'?"},
        {BASE "image: {mode: buildx, version: 1.0.0}\n", 7, 15, "did you mean 'build'?"},
        {BASE "network: {firewall: {tier: basik, dns_proxy: true}}\n", 7, 28,
         "did you mean 'basic'?"},
        {BASE "schedule: {engine: redoubt, start: '27:00', stop: '00:00'}\n", 7, 36,
         "a time such as 08:00"},
    };
    EXPECT_ALL_BAD(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_key_is_told_with_the_nearest_one),
        cmocka_unit_test(what_is_required_is_missed_where_it_belongs),
        cmocka_unit_test(wrong_types_are_told_with_what_was_expected),
        cmocka_unit_test(values_out_of_range_are_told_with_the_range),
        cmocka_unit_test(values_of_a_wrong_form_are_told_with_the_right_one),
        cmocka_unit_test(unknown_words_are_told_with_the_nearest_one),
        cmocka_unit_test(a_list_names_nothing_twice),
        cmocka_unit_test(a_key_given_twice_is_refused),
        cmocka_unit_test(rdp_values_must_fit_their_property),
        cmocka_unit_test(all_mistakes_are_told_in_one_pass_and_in_order),
        cmocka_unit_test(more_mistakes_than_fit_are_counted),
        cmocka_unit_test(what_follows_from_a_mistake_is_not_told_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
