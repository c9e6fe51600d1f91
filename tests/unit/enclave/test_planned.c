/* SPDX-License-Identifier: Apache-2.0 */
#include "enclaves.h"

#include "plan/plan.h"

/* Compiled enclaves in the plan's hands: what must hold between the two. */

static struct rd_set *nothing_live(struct rd_arena *arena, const struct rd_set *desired)
{
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_set *live = rd_set_new(arena, desired->name, desired->cloud);
    assert_int_equal(rd_set_resolve(live, &err), RD_RC_OK);
    return live;
}

static void an_enclave_that_joins_a_domain_can_be_planned_from_nothing(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    spec->hosts.join = RD_JOIN_DOMAIN;
    spec->hosts.domain_name = RD_STR("corp.contoso.com");
    struct rd_set *desired = compile_spec(arena, spec);
    struct rd_set *live = nothing_live(arena, desired);
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_plan *plan = NULL;
    assert_int_equal(rd_plan_make(arena, desired, live, &plan, &err), RD_RC_OK);
    if (plan == NULL)
        abort();
    /* All but the password, which somebody else puts there. */
    assert_int_equal(plan->counts[RD_CHANGE_CREATE], desired->count - 1);
    rd_plan_done(plan);
    rd_set_done(live);
    rd_set_done(desired);
}

static void a_subnet_that_is_not_there_stops_the_plan(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_spec *spec = read_spec(arena, trusted_launch);
    spec->network.existing_subnet = RD_STR(
        SUBSCRIPTION "/resourceGroups/rg-shared/providers/Microsoft.Network/virtualNetworks/v/"
                     "subnets/s");
    struct rd_set *desired = compile_spec(arena, spec);
    struct rd_set *live = nothing_live(arena, desired);
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_plan *plan = NULL;
    assert_int_equal(rd_plan_make(arena, desired, live, &plan, &err), RD_RC_INVALID);
    assert_non_null(strstr(err.msg, "'s' is not there"));
    rd_set_done(live);
    rd_set_done(desired);
}

/* The object id of an application's principal is in no name: it is what the directory says. */
static void a_role_of_a_first_party_application_stays_as_it_is(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    static const char *const object_id = "0420f6ba-b5d5-5b15-8760-176fc782f8fc";
    struct rd_set *desired = compile_example(arena, "sovereign");
    const struct rd_resource *principal =
        first_of_type(desired, "Microsoft.Graph/servicePrincipals");
    struct rd_set *live = rd_set_new(arena, desired->name, desired->cloud);
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_json found = rd_json_copy(arena, &principal->body);
    (void)rd_json_set_c(arena, &found, "id", rd_json_string_c(object_id));
    size_t index = 0;
    assert_int_equal(rd_set_add(live, principal->id, found, RD_STR("live"), &index, &err),
                     RD_RC_OK);
    size_t compared = 0;
    for (size_t i = 0; i < desired->count; i++) {
        const struct rd_resource *role = &desired->resources[i];
        const struct rd_json *who = rd_json_at(&role->body, "properties.principalId");
        if (!rd_str_eq(rd_reference_id(who), principal->id))
            continue;
        struct rd_resource as_read = *role;
        as_read.body = rd_json_copy(arena, &role->body);
        *rd_json_make(arena, &as_read.body, "properties.principalId") = rd_json_string_c(object_id);
        struct rd_change change = {.kind = RD_CHANGE_NONE};
        assert_false(rd_diff(arena, role, &as_read, live, &change));
        *rd_json_make(arena, &as_read.body, "properties.principalId") =
            rd_json_string_c("99999999-b5d5-5b15-8760-176fc782f8fc");
        assert_true(rd_diff(arena, role, &as_read, live, &change));
        compared++;
    }
    assert_int_equal(compared, 1);
    rd_set_done(live);
    rd_set_done(desired);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_enclave_that_joins_a_domain_can_be_planned_from_nothing),
        cmocka_unit_test(a_subnet_that_is_not_there_stops_the_plan),
        cmocka_unit_test(a_role_of_a_first_party_application_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
