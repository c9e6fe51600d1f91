/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

/* Compares two bodies of a virtual machine; the fields that differ as "path path!", with "!" for
 * those that replace and "*" for secret ones. */
static struct rd_str differences(struct world *world, const char *desired, const char *live)
{
    struct rd_resource *a = want(world, VM, desired);
    struct rd_resource *b = have(world, VM, live);
    struct rd_change change = {.kind = RD_CHANGE_NONE};
    bool differs = rd_diff(world->arena, a, b, world->live, &change);
    assert_int_equal(differs, change.field_count > 0);
    struct rd_str text = {"", 0};
    for (size_t i = 0; i < change.field_count; i++)
        text = rd_arena_printf(world->arena, "%.*s%s%.*s%s%s", RD_FMT(text), i > 0 ? " " : "",
                               RD_FMT(change.fields[i].path), change.fields[i].replaces ? "!" : "",
                               change.fields[i].is_secret ? "*" : "");
    return text;
}

struct comparison {
    const char *desired;
    const char *live;
    const char *differences;
};

static void expect_all(const struct comparison *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *state = NULL;
        (void)set_up(&state);
        struct rd_str found = differences(state, cases[i].desired, cases[i].live);
        if (!rd_str_is(found, cases[i].differences))
            fail_msg("%s against %s: '%.*s', expected '%s'", cases[i].desired, cases[i].live,
                     RD_FMT(found), cases[i].differences);
        (void)tear_down(&state);
    }
}

#define EXPECT_ALL(...)                                                                            \
    do {                                                                                           \
        static const struct comparison cases[] = {__VA_ARGS__};                                    \
        expect_all(cases, sizeof(cases) / sizeof(cases[0]));                                       \
    } while (0)

#define P(x) "{\"properties\":{" x "}}"

static void only_what_is_desired_is_compared(void **state)
{
    (void)state;
    EXPECT_ALL(
        {"{}", P("\"a\":1"), ""}, {P("\"a\":1"), P("\"a\":1,\"b\":2"), ""},
        {P("\"a\":1"), P("\"a\":2"), "properties.a"}, {P("\"a\":{\"b\":1}"), "{}", "properties"},
        {P("\"a\":{\"b\":1}"), P("\"x\":1"), "properties.a"}, {P("\"a\":null"), P("\"a\":5"), ""});
}

static void the_services_own_members_are_not_compared(void **state)
{
    (void)state;
    EXPECT_ALL(
        {"{\"id\":\"/x\",\"name\":\"n\",\"type\":\"t\",\"etag\":\"e\",\"systemData\":{\"a\":1}}",
         "{\"id\":\"/y\",\"name\":\"m\",\"type\":\"u\",\"etag\":\"f\"}", ""},
        {P("\"provisioningState\":\"A\",\"etag\":\"x\""), P("\"provisioningState\":\"B\""), ""},
        {P("\"type\":\"A\""), P("\"type\":\"B\""), "properties.type"});
}

static void nothing_comes_in_many_forms(void **state)
{
    (void)state;
    EXPECT_ALL({P("\"a\":[]"), P("\"b\":1"), ""}, {P("\"a\":{}"), P("\"a\":null"), ""},
               {P("\"a\":\"\""), P("\"a\":[]"), ""}, {P("\"a\":\"\""), "{}", ""},
               {P("\"a\":{\"b\":[],\"c\":{\"d\":\"\"}}"), "{}", ""},
               {P("\"a\":[]"), P("\"a\":[1]"), "properties.a"},
               {P("\"a\":\"\""), P("\"a\":\"x\""), "properties.a"},
               {P("\"a\":false"), "{}", "properties"},
               {P("\"a\":0"), P("\"b\":1"), "properties.a"});
}

static void text_numbers_and_times_compare_by_what_they_mean(void **state)
{
    (void)state;
    EXPECT_ALL(
        {P("\"a\":\"Standard_D8\""), P("\"a\":\"standard_d8\""), ""},
        {P("\"exact\":\"Ab\""), P("\"exact\":\"ab\""), "properties.exact"},
        {P("\"a\":1"), P("\"a\":1.0"), ""}, {P("\"a\":1.5"), P("\"a\":1.50"), ""},
        {P("\"a\":1"), P("\"a\":1.5"), "properties.a"},
        {P("\"a\":9007199254740993"), P("\"a\":9007199254740992"), "properties.a"},
        {P("\"a\":true"), P("\"a\":false"), "properties.a"},
        {P("\"a\":\"1\""), P("\"a\":1"), "properties.a"},
        {P("\"a\":\"2026-12-01T00:00:00Z\""), P("\"a\":\"2026-12-01T01:00:00.000+01:00\""), ""},
        {P("\"a\":\"2026-12-01T00:00:00Z\""), P("\"a\":\"2026-12-02T00:00:00Z\""), "properties.a"},
        {P("\"Size\":1"), P("\"size\":1"), ""});
}

#define ROLE_ID "/providers/Microsoft.Authorization/roleDefinitions/r"

static void a_built_in_role_is_the_same_at_the_tenant_and_at_a_subscription(void **state)
{
    (void)state;
    EXPECT_ALL(
        {P("\"a\":\"" ROLE_ID "\""), P("\"a\":\"" SUB ROLE_ID "\""), ""},
        {P("\"a\":\"" SUB ROLE_ID "\""), P("\"a\":\"" ROLE_ID "\""), ""},
        {P("\"a\":\"" ROLE_ID "\""), P("\"a\":\"" SUB ROLE_ID "2\""), "properties.a"},
        {P("\"a\":\"" SUB "0" ROLE_ID "\""), P("\"a\":\"" SUB ROLE_ID "\""), "properties.a"});
}

static void locations_compare_without_spaces(void **state)
{
    (void)state;
    EXPECT_ALL({"{\"location\":\"West Europe\"}", "{\"location\":\"westeurope\"}", ""},
               {"{\"location\":\"westeurope\"}", "{\"location\":\"northeurope\"}", "location"},
               {P("\"targets\":[{\"region\":\"West Europe\",\"n\":1}]"),
                P("\"targets\":[{\"region\":\"westeurope\",\"n\":1}]"), ""},
               {P("\"a\":\"West Europe\""), P("\"a\":\"westeurope\""), "properties.a"});
}

static void columns_of_the_type_are_kept_to(void **state)
{
    (void)state;
    EXPECT_ALL(
        {P("\"vmId\":\"a\""), P("\"vmId\":\"b\""), ""},
        {P("\"list\":[{\"name\":\"n\",\"inner\":1}]"), P("\"list\":[{\"name\":\"n\",\"inner\":2}]"),
         ""},
        {P("\"osProfile\":{\"adminPassword\":\"x\"}"), P("\"osProfile\":{}"), ""},
        {P("\"hardwareProfile\":{\"vmSize\":\"a\"}"), P("\"hardwareProfile\":{\"vmSize\":\"b\"}"),
         "properties.hardwareProfile.vmSize!"},
        {"{\"zones\":[\"1\"]}", "{\"zones\":[\"2\"]}", "zones!"},
        {P("\"parts\":\"a:i:1;B:i:2;\""), P("\"parts\":\"b:i:2; a:i:1\""), ""},
        {P("\"parts\":\"a:i:1;b:i:2\""), P("\"parts\":\"a:i:1;b:i:3\""), "properties.parts"},
        {P("\"parts\":\"a:i:1\""), P("\"parts\":\"a:i:1;b:i:3\""), "properties.parts"},
        /* {"a":1,"b":2} and {"b": 2, "a": 1}, the latter URL-safe without padding */
        {P("\"policy\":\"eyJhIjoxLCJiIjoyfQ==\""), P("\"policy\":\"eyJiIjogMiwgImEiOiAxfQ\""), ""},
        {P("\"policy\":\"eyJhIjoxLCJiIjoyfQ==\""), P("\"policy\":\"eyJhIjoyfQ==\""),
         "properties.policy"},
        /* {"ab":"#Z"} and {"ab":"#@"} */
        {P("\"policy\":\"eyJhYiI6IiNaIn0=\""), P("\"policy\":\"eyJhYiI6IiNAIn0=\""),
         "properties.policy"},
        {P("\"policy\":\"no json\""), P("\"policy\":\"{\""), "properties.policy"});
}

static void tags_are_one_map_but_for_the_services_own(void **state)
{
    (void)state;
    EXPECT_ALL({"{\"tags\":{\"a\":\"1\"}}",
                "{\"tags\":{\"A\":\"1\",\"hidden-link\":\"x\",\"ms-resource-usage\":\"y\"}}", ""},
               {"{\"tags\":{\"a\":\"x\"}}", "{\"tags\":{\"a\":\"X\"}}", "tags.a"},
               {"{\"tags\":{\"a\":\"1\"}}", "{\"tags\":{\"a\":\"1\",\"b\":\"2\"}}", "tags.b"},
               {"{\"tags\":{\"a\":\"1\"}}", "{}", "tags.a"}, {"{\"tags\":{}}", "{}", ""},
               {"{}", "{\"tags\":{\"b\":\"2\"}}", ""});
}

static void arrays_of_scalars_are_sets_unless_ordered(void **state)
{
    (void)state;
    EXPECT_ALL({P("\"a\":[1,2,\"X\"]"), P("\"a\":[\"x\",2,1.0]"), ""},
               {P("\"a\":[1,2]"), P("\"a\":[1,2,3]"), "properties.a"},
               {P("\"a\":[1,1,2]"), P("\"a\":[1,2,2]"), ""},
               {P("\"a\":[1,1]"), P("\"a\":[1,2]"), "properties.a"},
               {P("\"steps\":[1,2]"), P("\"steps\":[2,1]"), "properties.steps"},
               {P("\"steps\":[1,2]"), P("\"steps\":[1,2]"), ""},
               {P("\"a\":[[1],[2]]"), P("\"a\":[[2],[1]]"), "properties.a[0] properties.a[1]"},
               {P("\"a\":[1]"), P("\"a\":{\"b\":1}"), "properties.a"});
}

static void objects_in_arrays_are_told_apart_by_key_name_id_or_position(void **state)
{
    (void)state;
    EXPECT_ALL({P("\"l\":[{\"name\":\"a\",\"x\":1},{\"name\":\"b\",\"x\":2}]"),
                P("\"l\":[{\"name\":\"B\",\"x\":2,\"y\":3},{\"name\":\"A\",\"x\":1}]"), ""},
               {P("\"l\":[{\"name\":\"a\",\"x\":1}]"), P("\"l\":[{\"name\":\"a\",\"x\":2}]"),
                "properties.l[a].x"},
               {P("\"l\":[{\"name\":\"a\"},{\"name\":\"b\"}]"),
                P("\"l\":[{\"name\":\"b\"},{\"name\":\"c\"}]"), "properties.l[a] properties.l[c]"},
               {P("\"l\":[{\"id\":\"/A\",\"x\":1}]"),
                P("\"l\":[{\"id\":\"/b\"},{\"id\":\"/a\",\"x\":1}]"), "properties.l[/b]"},
               {P("\"l\":[{\"x\":1},{\"x\":2}]"), P("\"l\":[{\"x\":2},{\"x\":1}]"),
                "properties.l[0].x properties.l[1].x"},
               {P("\"l\":[{\"x\":1}]"), P("\"l\":[{\"x\":1},{\"x\":2}]"), "properties.l[1]"},
               {P("\"targets\":[{\"region\":\"a\",\"name\":\"1\"}]"),
                P("\"targets\":[{\"region\":\"A\",\"name\":\"2\"}]"), "properties.targets[a].name"},
               {P("\"rules\":[{\"name\":\"a\"},{\"name\":\"b\"}]"),
                P("\"rules\":[{\"name\":\"b\"},{\"name\":\"a\"}]"), "properties.rules"});
}

static void maps_from_ids_count_what_is_there(void **state)
{
    (void)state;
    EXPECT_ALL({"{\"identity\":{\"ids\":{\"" IDENTITY "\":{}}}}",
                "{\"identity\":{\"ids\":{\"" IDENTITY "\":{\"principalId\":\"x\"}}}}", ""},
               {"{\"identity\":{\"ids\":{\"" IDENTITY "\":{}}}}", "{\"identity\":{\"ids\":{}}}",
                "identity.ids." IDENTITY},
               {"{\"identity\":{\"ids\":{\"" IDENTITY "\":{}}}}", "{}", "identity"});
}

static void secrets_tokens_and_times_never_differ(void **state)
{
    (void)state;
    EXPECT_ALL(
        {P("\"a\":{\"$secret\":\"" VAULT "/secrets/s\"}"), P("\"a\":\"x\""), ""},
        {P("\"a\":{\"$call\":\"" POOL "/list\",\"$path\":\"v\"}"), "{}", ""},
        {P("\"a\":{\"$time\":\"+24h\"}"), P("\"a\":\"x\""), ""},
        {P("\"a\":{\"$generate\":\"password\"}"), P("\"a\":\"x\""), ""},
        {P("\"adminPassword\":\"x\""), P("\"adminPassword\":\"y\""), "properties.adminPassword*"});
}

static void references_resolve_through_what_is_live(void **state)
{
    struct world *world = *state;
    have(world, IDENTITY, "{\"properties\":{\"principalId\":\"P1\"}}");
#define REF "{\"$ref\":\"" IDENTITY "\",\"$path\":\"properties.principalId\"}"
    assert_int_equal(differences(world, P("\"a\":" REF), P("\"a\":\"p1\"")).n, 0);
    void *again = NULL;
    (void)set_up(&again);
    have(again, IDENTITY, "{\"properties\":{\"principalId\":\"P1\"}}");
    assert_true(rd_str_is(differences(again, P("\"a\":" REF), P("\"a\":\"P2\"")), "properties.a"));
    (void)tear_down(&again);
    /* What the service does not show is no difference. */
    (void)set_up(&again);
    have(again, IDENTITY, "{}");
    assert_int_equal(differences(again, P("\"a\":" REF), P("\"a\":\"P2\"")).n, 0);
    (void)tear_down(&again);
    /* An id is known before anything exists. */
    (void)set_up(&again);
    assert_int_equal(differences(again, P("\"a\":{\"$ref\":\"" NIC "\",\"$path\":\"id\"}"),
                                 P("\"a\":\"" NIC "\""))
                         .n,
                     0);
    (void)tear_down(&again);
    /* What is not there yet will be known after apply. */
    (void)set_up(&again);
    assert_true(rd_str_is(differences(again, P("\"a\":" REF), P("\"a\":\"P2\"")), "properties.a"));
    (void)tear_down(&again);
}

static void nothing_is_allocated_when_nothing_differs(void **state)
{
    struct world *world = *state;
    const char *body = "{\"location\":\"West Europe\",\"tags\":{\"a\":\"b\"},\"properties\":{"
                       "\"l\":[{\"name\":\"a\",\"x\":[1,2,3]},{\"name\":\"b\",\"x\":[3]}]}}";
    struct rd_resource *a = want(world, VM, body);
    struct rd_resource *b = have(world, VM, body);
    struct rd_change change = {.kind = RD_CHANGE_NONE};
    size_t before = rd_arena_used(world->arena);
    assert_false(rd_diff(world->arena, a, b, world->live, &change));
    assert_int_equal(rd_arena_used(world->arena), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_desired_is_compared),
        cmocka_unit_test(the_services_own_members_are_not_compared),
        cmocka_unit_test(nothing_comes_in_many_forms),
        cmocka_unit_test(text_numbers_and_times_compare_by_what_they_mean),
        cmocka_unit_test(a_built_in_role_is_the_same_at_the_tenant_and_at_a_subscription),
        cmocka_unit_test(locations_compare_without_spaces),
        cmocka_unit_test(columns_of_the_type_are_kept_to),
        cmocka_unit_test(tags_are_one_map_but_for_the_services_own),
        cmocka_unit_test(arrays_of_scalars_are_sets_unless_ordered),
        cmocka_unit_test(objects_in_arrays_are_told_apart_by_key_name_id_or_position),
        cmocka_unit_test(maps_from_ids_count_what_is_there),
        cmocka_unit_test(secrets_tokens_and_times_never_differ),
        TEST(references_resolve_through_what_is_live),
        TEST(nothing_is_allocated_when_nothing_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
