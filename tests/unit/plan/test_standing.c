/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot change while something stands, and what only one may have at a time. */
#include "world.h"

#define OTHER_NIC NET "networkInterfaces/nic02"
#define VERSION NET "networkSecurityGroups/v1"
#define DSC VM "/extensions/dsc"
#define NIC_IN(subnet)                                                                             \
    "{" TAGGED ",\"properties\":{\"configs\":[{\"subnet\":{\"id\":\"" subnet "\"}}]}}"

static void refused(struct world *world, const char *message, const char *hint)
{
    resolve(world);
    assert_int_equal(
        rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err),
        RD_RC_INVALID);
    if (strstr(world->err.msg, message) == NULL || strstr(world->err.hint, hint) == NULL)
        fail_msg("%s (%s), expected %s (%s)", world->err.msg, world->err.hint, message, hint);
}

/* One at a time ------------------------------------------------------------------------------ */

static void a_new_one_waits_until_the_old_one_has_left_what_only_one_may_have(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, NIC, NIC_IN(SUBNET));
    want(world, OTHER_NIC, NIC_IN(SUBNET));
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, PUT(plan, OTHER_NIC), DELETE(plan, NIC)));
}

static void a_new_one_does_not_wait_for_one_elsewhere(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, NIC, NIC_IN(SUBNET));
    want(world, OTHER_NIC, NIC_IN(VNET "/subnets/other"));
    const struct rd_plan *plan = make(world);
    assert_false(comes_after(plan, PUT(plan, OTHER_NIC), DELETE(plan, NIC)));
}

static void what_is_one_among_siblings_may_be_elsewhere_too(void **state)
{
    struct world *world = *state;
    const char *elsewhere =
        SUB "/resourceGroups/rg2/providers/Microsoft.Network/networkInterfaces/n";
    keep(world, GROUP, T);
    keep(world, SUB "/resourceGroups/rg2", T);
    have(world, NIC, "{" TAGGED ",\"properties\":{\"number\":{\"a\":7}}}");
    want(world, OTHER_NIC, "{" TAGGED ",\"properties\":{\"number\":{\"a\":7}}}");
    want(world, elsewhere, "{" TAGGED ",\"properties\":{\"number\":{\"a\":7}}}");
    const struct rd_plan *plan = make(world);
    assert_true(comes_after(plan, PUT(plan, OTHER_NIC), DELETE(plan, NIC)));
    assert_false(comes_after(plan, PUT(plan, elsewhere), DELETE(plan, NIC)));
}

static void what_stays_taken_is_refused_with_its_remedy(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, NIC, "{" TAGGED ",\"properties\":{\"fixed\":\"x\"}}");
    want(world, OTHER_NIC, "{" TAGGED ",\"properties\":{\"fixed\":\"X\"}}");
    refused(world, "network interface 'nic02' cannot take the place of 'nic01': 'properties.fixed'",
            "keep its name");
}

static void what_something_shows_until_the_new_one_is_there_is_refused(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, NIC, NIC_IN(SUBNET));
    want(world, OTHER_NIC, NIC_IN(SUBNET));
    have(world, POOL, "{" TAGGED ",\"properties\":{\"shows\":[\"" NIC "\"]}}");
    want(world, POOL, "{" TAGGED ",\"properties\":{\"shows\":[\"" OTHER_NIC "\"]}}");
    refused(world, "host pool 'p' names the old one until the new one is there",
            "give the host pool a new name as well, or keep the name 'nic01'");
}

/* What stands -------------------------------------------------------------------------------- */

static void a_size_that_only_shows_in_a_number_cannot_change(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    /* 24 bits in base64url. */
    have(world, VAULT, "{" TAGGED ",\"key\":{\"n\":\"_-_A\"}}");
    want(world, VAULT, "{" TAGGED ",\"size\":32}");
    refused(world, "'size' of key vault 'kv' cannot change: it is 24, the spec says 32", "keep 24");
}

static void the_same_size_is_no_change_whatever_its_padding(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, VAULT, "{" TAGGED ",\"key\":{\"n\":\"_-8=\"}}");
    want(world, VAULT, "{" TAGGED ",\"size\":16}");
    assert_int_equal(make(world)->change_count, 0);
}

static void a_size_that_is_not_shown_is_not_judged(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, VAULT, T);
    want(world, VAULT, "{" TAGGED ",\"size\":16}");
    assert_int_equal(make(world)->change_count, 0);
}

static void a_new_key_may_have_another_size(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, VAULT, "{" TAGGED ",\"key\":{\"n\":\"_-8\"},\"properties\":{\"policy\":1}}");
    want(world, VAULT, "{" TAGGED ",\"size\":32,\"properties\":{\"policy\":2}}");
    assert_int_equal(the_change(make(world), VAULT)->kind, RD_CHANGE_REPLACE);
}

#define NET_OF(item) "{" TAGGED ",\"properties\":{\"subnets\":[" item "]}}"
#define LIVE_SUBNET                                                                                \
    "{\"name\":\"s\",\"id\":\"" SUBNET "\",\"properties\":{\"prefix\":\"10.0.0.0/24\"}}"

static void a_range_that_others_stand_in_cannot_change(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, VNET, NET_OF(LIVE_SUBNET));
    want(world, VNET, NET_OF("{\"name\":\"s\",\"properties\":{\"prefix\":\"10.0.1.0/24\"}}"));
    keep(world, NIC, NIC_IN(SUBNET));
    refused(world,
            "'s' of virtual network 'v' cannot change while it is in use: 'properties.prefix' "
            "changes, and 1 stands in it, such as '" NIC "'",
            "move out first");
}

static void a_range_that_the_service_says_is_used_cannot_go(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, VNET,
         NET_OF("{\"name\":\"s\",\"properties\":{\"inside\":[{\"id\":\"/a\"},{\"id\":\"/b\"}]}}"));
    want(world, VNET, NET_OF("{\"name\":\"t\",\"properties\":{\"prefix\":\"10.0.1.0/24\"}}"));
    refused(world, "it would go, and 2 stand in it, such as '/a'", "move out first");
}

static void an_empty_range_changes(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, VNET, NET_OF(LIVE_SUBNET));
    want(world, VNET, NET_OF("{\"name\":\"s\",\"properties\":{\"prefix\":\"10.0.1.0/24\"}}"));
    assert_int_equal(the_change(make(world), VNET)->kind, RD_CHANGE_UPDATE);
}

static void what_else_a_used_range_has_changes(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, VNET, NET_OF(LIVE_SUBNET));
    want(world, VNET,
         NET_OF("{\"name\":\"s\",\"properties\":{\"prefix\":\"10.0.0.0/24\",\"more\":1}}"));
    keep(world, NIC, NIC_IN(SUBNET));
    assert_int_equal(the_change(make(world), VNET)->kind, RD_CHANGE_UPDATE);
}

/* What is made ------------------------------------------------------------------------------- */

static void what_has_made_something_is_not_made_anew_while_that_stands(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    keep(world, VERSION, T);
    have(world, VNET, "{" TAGGED ",\"location\":\"a\"}");
    want(world, VNET,
         "{" TAGGED ",\"location\":\"b\",\"properties\":{\"makes\":[{\"id\":\"" VERSION "\"}]}}");
    refused(
        world,
        "virtual network 'v' would have to be made anew (location and 1 more changed), but what "
        "it makes stands already: '" VERSION "'",
        "number it anew");
}

static void what_makes_something_new_is_made_anew(void **state)
{
    struct world *world = *state;
    keep(world, GROUP, T);
    have(world, VERSION, T);
    have(world, VNET, "{" TAGGED ",\"location\":\"a\"}");
    want(world, VNET,
         "{" TAGGED ",\"location\":\"b\",\"properties\":{\"makes\":[{\"id\":\"" NSG "\"}]}}");
    assert_int_equal(the_change(make(world), VNET)->kind, RD_CHANGE_REPLACE);
}

/* A host that stands, or is made by the plan, and its pool that moves. */
static void add_host(struct world *world, bool stands)
{
    keep(world, GROUP, T);
    have(world, POOL, "{" TAGGED ",\"location\":\"a\"}");
    want(world, POOL, "{" TAGGED ",\"location\":\"b\"}");
    want(world, VM, T);
    want(world, DSC, T);
    want(world, PIN, "{}");
    rd_resource_need(world->desired, world->desired->count - 1, RD_STR(DSC));
    if (!stands)
        return;
    have(world, VM, T);
    have(world, DSC, T);
    have(world, PIN, "{}");
}

static void a_pool_is_not_replaced_below_hosts_that_have_registered(void **state)
{
    struct world *world = *state;
    add_host(world, true);
    refused(world,
            "host pool 'p' would be made anew (location changed), but its hosts stand and do not "
            "register again: 'vm01'",
            "let new hosts join");
}

static void a_pool_is_replaced_for_hosts_that_are_made_with_it(void **state)
{
    struct world *world = *state;
    add_host(world, false);
    assert_int_equal(the_change(make(world), POOL)->kind, RD_CHANGE_REPLACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_one_waits_until_the_old_one_has_left_what_only_one_may_have),
        TEST(a_new_one_does_not_wait_for_one_elsewhere),
        TEST(what_is_one_among_siblings_may_be_elsewhere_too),
        TEST(what_stays_taken_is_refused_with_its_remedy),
        TEST(what_something_shows_until_the_new_one_is_there_is_refused),
        TEST(a_size_that_only_shows_in_a_number_cannot_change),
        TEST(the_same_size_is_no_change_whatever_its_padding),
        TEST(a_size_that_is_not_shown_is_not_judged),
        TEST(a_new_key_may_have_another_size),
        TEST(a_range_that_others_stand_in_cannot_change),
        TEST(a_range_that_the_service_says_is_used_cannot_go),
        TEST(an_empty_range_changes),
        TEST(what_else_a_used_range_has_changes),
        TEST(what_has_made_something_is_not_made_anew_while_that_stands),
        TEST(what_makes_something_new_is_made_anew),
        TEST(a_pool_is_not_replaced_below_hosts_that_have_registered),
        TEST(a_pool_is_replaced_for_hosts_that_are_made_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
