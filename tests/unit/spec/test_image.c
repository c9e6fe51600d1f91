/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_test.h"

#define BUILD "image:\n  mode: build\n  scripts: https://images.contoso.com/scripts\n"

static void regions_are_those_of_the_cloud(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {"enclave: contoso\ncloud: AzureUSGovernment\nregion: westeurope\n" IDS, 3, 9,
         "a region of AzureCloud: expected one of AzureUSGovernment: usgovvirginia, usgovarizona"},
        {"enclave: contoso\nregion: usgovvirginia\n" IDS, 2, 9,
         "a region of AzureUSGovernment: expected one of AzureCloud"},
        {BASE BUILD "  region: usgovvirginia\n", 10, 11, "'image.region' is 'usgovvirginia'"},
        {BASE BUILD "  replicate_to: [northeurope, usgovtexas]\n", 10, 31,
         "'image.replicate_to' is 'usgovtexas'"},
    };
    EXPECT_ALL_BAD(rows);
}

static void fields_of_a_build_are_refused_without_one(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "image:\n  version: 1.2.3\n", 8, 12, "expected 'image.mode: build' with it"},
        {BASE "image:\n  replicate_to: [northeurope]\n", 8, 17, "expected 'image.mode: build'"},
        {BASE "image:\n  steps: [fslogix]\n", 8, 10, "expected 'image.mode: build'"},
    };
    EXPECT_ALL_BAD(rows);
}

static void a_version_has_three_numbers(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE BUILD "  version: \"1.0\"\n", 10, 12, "expected major.minor.patch"},
        {BASE BUILD "  version: 1.0\n", 10, 12, "expected major.minor.patch"},
        {BASE BUILD "  version: v1.0.0\n", 10, 12, "expected major.minor.patch"},
        {BASE BUILD "  version: 1.0.01\n", 10, 12, "expected major.minor.patch"},
        {BASE BUILD "  version: 1.0.2147483648\n", 10, 12, "expected major.minor.patch"},
        {BASE BUILD "  version: 1.0.0.\n", 10, 12, "expected major.minor.patch"},
        {BASE "image:\n  source: {version: newest}\n", 8, 21, "latest or major.minor.patch"},
    };
    EXPECT_ALL_BAD(rows);
}

static void zone_redundant_storage_needs_zones_everywhere(void **state)
{
    (void)state;
    const struct bad_spec bad = {BASE BUILD "  replicate_to: [ukwest]\n  storage: Standard_ZRS\n",
                                 11, 12, "'ukwest' has no zones: expected Standard_LRS"};
    expect_bad(&bad);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    ASSERT_STR(expect_good(arena, BASE BUILD "  replicate_to: [ukwest]\n")->image.storage,
               "Standard_LRS");
    ASSERT_STR(expect_good(arena, BASE BUILD)->image.storage, "Standard_ZRS");
}

static void a_build_runs_where_image_builder_does(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE BUILD "  build: {region: belgiumcentral}\n", 10, 19, "Image Builder is not offered"},
        {"enclave: contoso\nregion: belgiumcentral\n" IDS BUILD "  region: belgiumcentral\n", 10,
         11, "Image Builder runs in none of the image's regions"},
    };
    EXPECT_ALL_BAD(rows);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec =
        expect_good(arena, BASE BUILD "  region: belgiumcentral\n  replicate_to: [northeurope]\n");
    ASSERT_STR(spec->image.build_region, "northeurope");
}

static void the_images_region_comes_first_and_the_hosts_is_among_them(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = expect_good(
        arena, BASE BUILD "  region: uksouth\n  replicate_to: [northeurope, uksouth]\n");
    assert_int_equal(spec->image.replicate_to.count, 3);
    ASSERT_STR(spec->image.replicate_to.items[0], "uksouth");
    ASSERT_STR(spec->image.replicate_to.items[1], "northeurope");
    ASSERT_STR(spec->image.replicate_to.items[2], "westeurope");
}

static void steps_with_scripts_need_their_folder(void **state)
{
    (void)state;
    const struct bad_spec rows[] = {
        {BASE "image:\n  mode: build\n", 8, 3, "'image.scripts' is missing"},
        {BASE "image:\n  mode: build\n  scripts: http://a.contoso.com\n  steps: [windows-update]\n",
         9, 12, "expected an https:// address"},
    };
    EXPECT_ALL_BAD(rows);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    (void)expect_good(arena, BASE "image:\n  mode: build\n  steps: [windows-update]\n");
    ASSERT_STR(
        expect_good(arena, BASE "image:\n  mode: build\n  scripts: https://a.contoso.com/s/\n")
            ->image.script_source,
        "https://a.contoso.com/s");
}

static void a_checksum_belongs_to_a_step_that_runs(void **state)
{
    (void)state;
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    const struct bad_spec rows[] = {
        {BASE BUILD "  checksums:\n    fslogx: " HASH "\n", 11, 5,
         "which is no step that runs: expected a step of 'image.steps' with a script; did you mean "
         "'fslogix'?"},
        {BASE BUILD "  steps: [onedrive]\n  checksums:\n    fslogix: " HASH "\n", 12, 5,
         "which is no step that runs"},
        {BASE BUILD "  checksums:\n    windows-update: " HASH "\n", 11, 5, "which has no script"},
        {BASE BUILD "  checksums:\n    fslogix: abc\n", 11, 14, "expected 64 hexadecimal digits"},
    };
    EXPECT_ALL_BAD(rows);
}

static void a_hosts_disk_holds_the_image(void **state)
{
    (void)state;
    const struct bad_spec bad = {BASE BUILD
                                 "  build: {disk_gb: 256}\nhosts: {disk: {size_gb: 128}}\n",
                                 11, 25, "expected at least the 256 of the image"};
    expect_bad(&bad);
}

static void a_definition_has_legal_names(void **state)
{
    (void)state;
    const struct bad_spec bad = {BASE BUILD "  definition: {offer: \"windows 11\"}\n", 10, 23,
                                 "expected letters, digits, '-', '_' and '.'"};
    expect_bad(&bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_those_of_the_cloud),
        cmocka_unit_test(fields_of_a_build_are_refused_without_one),
        cmocka_unit_test(a_version_has_three_numbers),
        cmocka_unit_test(zone_redundant_storage_needs_zones_everywhere),
        cmocka_unit_test(a_build_runs_where_image_builder_does),
        cmocka_unit_test(the_images_region_comes_first_and_the_hosts_is_among_them),
        cmocka_unit_test(steps_with_scripts_need_their_folder),
        cmocka_unit_test(a_checksum_belongs_to_a_step_that_runs),
        cmocka_unit_test(a_hosts_disk_holds_the_image),
        cmocka_unit_test(a_definition_has_legal_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
