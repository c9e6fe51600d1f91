/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan expects besides the seconds of each type: nobody's clock is read. */
#include "world.h"

#define TEMPLATE GROUP "/providers/Microsoft.VirtualMachineImages/imageTemplates/it"
#define VERSION GROUP "/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0"
#define SECRET VAULT "/secrets/s"

/* A secret that can be written once the role counts at its vault. */
static void want_secret(struct world *world)
{
    keep(world, GROUP, T);
    keep(world, VAULT, T);
    want(world, SECRET, "{}");
    rd_resource_need(world->desired, world->desired->count - 1, RD_STR(ROLE));
}

static void what_needs_a_new_role_waits_until_it_counts(void **state)
{
    struct world *world = *state;
    want(world, ROLE, "{}");
    want_secret(world);
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, PUT(plan, SECRET), PUT(plan, ROLE)));
    assert_int_equal(plan->critical_path_ms, (3 + 300 + 2) * 1000);
    assert_int_equal(plan->steps[PUT(plan, SECRET)].expected_ms, 2000);
}

static void a_role_that_stands_is_not_waited_for(void **state)
{
    struct world *world = *state;
    keep(world, ROLE, "{}");
    want_secret(world);
    assert_int_equal(make(world)->critical_path_ms, 2 * 1000);
}

static void want_image(struct world *world, const char *template, const char *version)
{
    keep(world, GROUP, T);
    want(world, TEMPLATE, template);
    want(world, VERSION, version)->via = RD_STR(TEMPLATE "/run");
}

static void an_image_takes_longer_with_each_step_and_region(void **state)
{
    struct world *world = *state;
    want_image(world,
               "{" TAGGED ",\"properties\":{\"customize\":[{\"type\":\"Script\"},"
               "{\"type\":\"Restart\"},{\"type\":\"Script\"},{\"type\":\"Other\"}]}}",
               "{" TAGGED ",\"properties\":{\"regions\":[\"a\",\"b\"]}}");
    const struct rd_plan *plan = make(world);
    enum { VERSION_MS = (1000 + 2 * 20 + 3 + 2 * 100) * 1000 };
    assert_int_equal(plan->steps[PUT(plan, VERSION)].expected_ms, VERSION_MS);
    assert_int_equal(the_change(plan, VERSION)->expected_ms, VERSION_MS);
    assert_int_equal(plan->critical_path_ms, 40 * 1000 + VERSION_MS);
}

static void an_image_without_steps_takes_its_own_time(void **state)
{
    struct world *world = *state;
    want_image(world, T, T);
    const struct rd_plan *plan = make(world);
    assert_int_equal(plan->steps[PUT(plan, VERSION)].expected_ms, 1000 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_needs_a_new_role_waits_until_it_counts),
        TEST(a_role_that_stands_is_not_waited_for),
        TEST(an_image_takes_longer_with_each_step_and_region),
        TEST(an_image_without_steps_takes_its_own_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
