/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_test.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"

static void the_document_is_what_the_schema_says(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *path = SOURCE_ROOT "/docs/spec.md";
    struct rd_str made = rd_spec_document(arena);
    struct rd_str kept = RD_STR("");
    struct rd_err err;
    assert_true(made.n > 4000);
    if (getenv("UPDATE_DOCS") != NULL)
        assert_int_equal(rd_file_write(path, made, 0644, &err), RD_RC_OK);
    assert_int_equal(rd_file_read(arena, path, RD_FACTS_SIZE_MAX, &kept, &err), RD_RC_OK);
    if (!rd_str_eq(made, kept))
        fail_msg("docs/spec.md is not what the schema says; run the test with UPDATE_DOCS=1");
}

static size_t leaf_count(const struct rd_json *schema)
{
    const struct rd_json *properties = rd_json_at(schema, "properties");
    if (properties->type != RD_JSON_OBJECT)
        return 1;
    size_t count = 0;
    for (size_t i = 0; i < rd_json_count(properties); i++)
        count += leaf_count(&properties->u.members[i].value);
    return count;
}

static void the_json_schema_has_every_field_and_refuses_others(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json schema = rd_spec_json_schema(arena);
    assert_true(leaf_count(&schema) > 90);
    assert_false(rd_json_is_true(rd_json_at(&schema, "additionalProperties")));
    assert_int_equal(rd_json_count(rd_json_at(&schema, "required")), 5);
    assert_int_equal(
        rd_json_int(rd_json_at(&schema, "properties.hosts.properties.count.maximum"), 0),
        RD_HOST_COUNT_MAX);
    ASSERT_STR(rd_json_str(rd_json_at(&schema, "properties.hosts.properties.pool.enum.1")),
               "pooled");
    ASSERT_STR(rd_json_str(rd_json_at(&schema, "properties.keys.properties.sku.default")),
               "Standard_B1");
}

static void the_effective_spec_has_every_default(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = expect_good(
        arena, BASE "hosts: {count: 2, assignment: direct}\ncost: {license_per_user: 5.5}\n"
                    "network: {firewall: {tier: none}}\n");
    struct rd_json json = rd_spec_to_json(arena, spec);
    assert_int_equal(rd_json_int(rd_json_at(&json, "hosts.count"), 0), 2);
    ASSERT_STR(rd_json_str(rd_json_at(&json, "hosts.size")), "Standard_DC8as_v6");
    ASSERT_STR(rd_json_str(rd_json_at(&json, "hosts.assignment")), "direct");
    ASSERT_STR(rd_json_str(rd_json_at(&json, "keys.mode")), "platform");
    ASSERT_STR(rd_json_str(rd_json_at(&json, "network.firewall.tier")), "none");
    assert_int_equal(rd_json_int(rd_json_at(&json, "hosts.zones.2"), 0), 3);
    ASSERT_STR(rd_json_str(rd_json_at(&json, "rdp.enablerdsaadauth")), "i:1");
    int64_t cents = 0;
    assert_true(rd_json_fixed(rd_json_at(&json, "cost.license_per_user"), 2, &cents));
    assert_int_equal(cents, 550);
}

static void the_effective_spec_is_a_spec_again(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const char *pins = "hosts: {count: 2, security: trusted-launch}\n"
                       "rdp: {redirectprinters: 1}\n"
                       "network: {firewall: {rules: [{name: erp, fqdns: [a.contoso.com]}]}}\n";
    const struct rd_spec *spec = expect_good(
        arena,
        rd_arena_printf(arena, "%s  pins: [a@contoso.com, b@contoso.com]\n%s", BASE, pins).p);
    struct rd_json json = rd_spec_to_json(arena, spec);
    /* What only means something with other choices is left out by an author. */
    struct rd_json *hosts = rd_json_make(arena, &json, "hosts");
    assert_true(rd_json_remove(hosts, RD_STR("max_sessions")));
    assert_true(rd_json_remove(hosts, RD_STR("load_balancing")));
    assert_true(rd_json_remove(hosts, RD_STR("domain")));
    assert_true(rd_json_remove(rd_json_make(arena, &json, "network"), RD_STR("existing_subnet")));
    struct rd_json none = rd_json_object();
    struct rd_json mode = rd_json_object();
    (void)rd_json_set_c(arena, &mode, "mode", rd_json_string_c("none"));
    *rd_json_make(arena, &json, "keys") = mode;
    *rd_json_make(arena, &json, "image") = none;
    *rd_json_make(arena, &json, "budget") = rd_json_null();
    assert_true(rd_json_remove(rd_json_make(arena, &json, "access"), RD_STR("admins_group")));
    assert_true(rd_json_remove(rd_json_make(arena, &json, "access"), RD_STR("images_principal")));
    struct rd_str text = rd_json_text(arena, &json, RD_JSON_PRETTY);
    const struct rd_spec *again = expect_good(arena, text.p);
    struct rd_json twice = rd_spec_to_json(arena, again);
    assert_true(rd_json_eq(rd_json_at(&twice, "hosts.name_prefix"),
                           rd_json_at(&json, "hosts.name_prefix")));
    assert_true(
        rd_json_eq(rd_json_at(&twice, "network.firewall"), rd_json_at(&json, "network.firewall")));
    assert_true(rd_json_eq(rd_json_at(&twice, "rdp"), rd_json_at(&json, "rdp")));
    assert_true(rd_json_eq(rd_json_at(&twice, "access.pins"), rd_json_at(&json, "access.pins")));
    assert_true(rd_json_eq(rd_json_at(&twice, "monitoring"), rd_json_at(&json, "monitoring")));
    assert_true(rd_json_eq(rd_json_at(&twice, "cost"), rd_json_at(&json, "cost")));
}

static void a_place_is_that_of_the_value_or_the_file(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    const struct rd_spec *spec = expect_good(arena, BASE "hosts:\n  count: 2\n");
    ASSERT_STR(rd_spec_place(arena, spec, "hosts.count"), "t.yaml:8:10");
    ASSERT_STR(rd_spec_place(arena, spec, "hosts.size"), "t.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_is_what_the_schema_says),
        cmocka_unit_test(the_json_schema_has_every_field_and_refuses_others),
        cmocka_unit_test(the_effective_spec_has_every_default),
        cmocka_unit_test(the_effective_spec_is_a_spec_again),
        cmocka_unit_test(a_place_is_that_of_the_value_or_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
