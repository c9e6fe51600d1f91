/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_test.h"

#include "base/file.h"
#include "base/limits.h"

static const char *const templates[] = {"sovereign", "confidential-pmk", "confidential-cmk"};
enum { TEMPLATE_COUNT = sizeof(templates) / sizeof(templates[0]) };

static const struct rd_spec *example(struct rd_arena *arena, const char *name)
{
    struct rd_spec *spec = NULL;
    struct rd_err err = {0};
    const char *path = rd_arena_printf(arena, "%s/examples/%s.yaml", SOURCE_ROOT, name).p;
    if (rd_spec_read(arena, path, &spec, &err) != RD_RC_OK)
        fail_msg("%s", err.msg);
    assert_non_null(spec);
    return spec;
}

static void every_example_is_a_template_and_has_no_mistake(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEMPLATE_COUNT; i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        const struct rd_spec *spec = example(arena, templates[i]);
        struct rd_str text = RD_STR("");
        struct rd_err err;
        assert_int_equal(rd_spec_template(arena, rd_str_from(templates[i]), &text, &err), RD_RC_OK);
        assert_true(text.n > 1000 && rd_str_eq(text, spec->text));
        assert_true(rd_str_has_prefix(text, RD_STR("# "))); /* comments are kept */
    }
}

static void an_unknown_template_is_told_with_the_nearest_one(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text;
    struct rd_err err;
    assert_int_equal(rd_spec_template(arena, RD_STR("sovereing"), &text, &err), RD_RC_USAGE);
    assert_non_null(strstr(err.msg, "sovereign, confidential-pmk, confidential-cmk"));
    assert_non_null(strstr(err.hint, "did you mean 'sovereign'?"));
}

static void the_sovereign_example_has_the_figures_of_its_source(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = example(arena, "sovereign");
    ASSERT_STR(spec->cloud, "AzureUSGovernment");
    ASSERT_STR(spec->region, "usgovvirginia");
    assert_int_equal(spec->hosts.count, 20);
    ASSERT_STR(spec->hosts.size, "Standard_D8as_v6");
    assert_int_equal(spec->hosts.pool, RD_POOL_PERSONAL);
    assert_int_equal(spec->hosts.security, RD_SECURITY_TRUSTED_LAUNCH);
    assert_int_equal(spec->keys.mode, RD_KEYS_NONE);
    assert_int_equal(spec->image.mode, RD_IMAGE_MARKETPLACE);
    ASSERT_STR(spec->hosts.disk_sku, "Premium_LRS");
    assert_int_equal(spec->hosts.disk_gb, 128);
    assert_true(spec->network.has_firewall);
    assert_int_equal(spec->network.firewall_tier, RD_FIREWALL_STANDARD);
    assert_true(spec->backup.enabled);
    assert_int_equal(spec->backup.retention_days, 30);
    ASSERT_STR(spec->backup.redundancy, "LocallyRedundant");
    assert_int_equal(spec->monitoring.ingestion_gb, 40);
    assert_true(spec->monitoring.sentinel);
    ASSERT_STR(spec->cost.sheet, "source-2026");
    assert_int_equal(spec->cost.hours_per_day * spec->cost.days_per_month, 176);
    assert_int_equal(spec->access.pin_count, 20);
    ASSERT_STR(spec->access.pins[19].host, "cui-20");
    ASSERT_STR(spec->access.pins[19].user, "user20@contoso.us");
}

static void the_confidential_examples_differ_in_their_keys(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *pmk = example(arena, "confidential-pmk");
    const struct rd_spec *cmk = example(arena, "confidential-cmk");
    assert_int_equal(pmk->keys.mode, RD_KEYS_PLATFORM);
    assert_int_equal(cmk->keys.mode, RD_KEYS_CUSTOMER);
    assert_int_equal(cmk->keys.store, RD_KEY_STORE_HSM);
    assert_int_equal(cmk->keys.admins.count, 3);
    const struct rd_spec *both[] = {pmk, cmk};
    for (size_t i = 0; i < 2; i++) {
        const struct rd_spec *spec = both[i];
        assert_int_equal(spec->hosts.security, RD_SECURITY_CONFIDENTIAL);
        assert_int_equal(spec->hosts.pool, RD_POOL_POOLED);
        ASSERT_STR(spec->region, "westeurope");
        ASSERT_STR(spec->image.region, "belgiumcentral");
        ASSERT_STR(spec->image.build_region, "westeurope");
        assert_int_equal(spec->image.replicate_to.count, 3);
        ASSERT_STR(spec->image.replicate_to.items[0], "belgiumcentral");
        assert_int_equal(spec->image.steps.count, 13);
        ASSERT_STR(spec->image.steps.items[0], "time-zone-redirection");
        ASSERT_STR(spec->image.steps.items[12], "admin-sysprep");
        assert_false(rd_str_eq(spec->subscription, spec->images_subscription));
        assert_false(spec->backup.enabled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_is_a_template_and_has_no_mistake),
        cmocka_unit_test(an_unknown_template_is_told_with_the_nearest_one),
        cmocka_unit_test(the_sovereign_example_has_the_figures_of_its_source),
        cmocka_unit_test(the_confidential_examples_differ_in_their_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
