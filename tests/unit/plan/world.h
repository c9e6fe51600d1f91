/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PLAN_WORLD_H
#define TEST_PLAN_WORLD_H

/* Two small sets to make plans of; ids are written by what they end in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/facts.h"
#include "plan/plan.h"

#define SUB "/subscriptions/11111111-2222-3333-4444-555555555555"
#define GROUP SUB "/resourceGroups/rg"
#define NET GROUP "/providers/Microsoft.Network/"
#define VNET NET "virtualNetworks/v"
#define SUBNET VNET "/subnets/s"
#define NSG NET "networkSecurityGroups/nsg"
#define NIC NET "networkInterfaces/nic01"
#define VM GROUP "/providers/Microsoft.Compute/virtualMachines/vm01"
#define POOL GROUP "/providers/Microsoft.DesktopVirtualization/hostPools/p"
#define PIN POOL "/sessionHosts/vm01"
#define VAULT GROUP "/providers/Microsoft.KeyVault/vaults/kv"
#define RSV GROUP "/providers/Microsoft.RecoveryServices/vaults/rsv"
#define ITEM RSV "/backupFabrics/Azure/protectionContainers/c;v/protectedItems/i;v"
#define IDENTITY GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
#define ROLE GROUP "/providers/Microsoft.Authorization/roleAssignments/r"
#define TAGGED "\"tags\":{\"redoubt-enclave\":\"cui\"}"
#define T "{" TAGGED "}"

struct world {
    struct rd_arena *arena;
    struct rd_set *desired;
    struct rd_set *live;
    struct rd_plan *plan;
    struct rd_err err;
};

static inline int set_up(void **state)
{
    rd_facts_set_folder(TEST_DATA);
    struct rd_arena *arena = rd_arena_new(0);
    struct world *world = rd_arena_zalloc(arena, sizeof(*world));
    world->arena = arena;
    world->desired = rd_set_new(arena, RD_STR("cui"), RD_STR("AzureUSGovernment"));
    world->live = rd_set_new(arena, RD_STR("cui"), RD_STR("AzureUSGovernment"));
    *state = world;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *world = *state;
    rd_set_done(world->desired);
    rd_set_done(world->live);
    rd_arena_free(world->arena);
    return 0;
}

static inline struct rd_json json_of(struct world *world, const char *text)
{
    struct rd_json value;
    if (rd_json_parse(world->arena, "test", rd_str_from(text), 0, &value, &world->err) != RD_RC_OK)
        fail_msg("%s", world->err.msg);
    return value;
}

static inline struct rd_resource *add(struct world *world, struct rd_set *set, const char *id,
                                      const char *body)
{
    size_t index = 0;
    if (rd_set_add(set, rd_arena_str(world->arena, rd_str_from(id)), json_of(world, body),
                   RD_STR(""), &index, &world->err) != RD_RC_OK)
        fail_msg("%s", world->err.msg);
    return &set->resources[index];
}

static inline struct rd_resource *want(struct world *world, const char *id, const char *body)
{
    return add(world, world->desired, id, body);
}

static inline struct rd_resource *have(struct world *world, const char *id, const char *body)
{
    return add(world, world->live, id, body);
}

/* In both sets. */
static inline void keep(struct world *world, const char *id, const char *body)
{
    want(world, id, body);
    have(world, id, body);
}

/* What the cloud refused to show: ids that are in no live set. */
static inline void hide(struct world *world, const char *ids)
{
    world->live->facts = rd_json_object();
    (void)rd_json_set_c(world->arena, &world->live->facts, "unseen", json_of(world, ids));
}

static inline void resolve(struct world *world)
{
    if (rd_set_resolve(world->desired, &world->err) != RD_RC_OK)
        fail_msg("%s", world->err.msg);
    rd_set_resolve_live(world->live);
}

static inline const struct rd_plan *make(struct world *world)
{
    resolve(world);
    if (rd_plan_make(world->arena, world->desired, world->live, &world->plan, &world->err) !=
        RD_RC_OK)
        fail_msg("%s", world->err.msg);
    return world->plan;
}

static inline const struct rd_plan *make_destroy(struct world *world, bool with_spec)
{
    resolve(world);
    if (rd_plan_make_destroy(world->arena, with_spec ? world->desired : NULL, world->live,
                             &world->plan, &world->err) != RD_RC_OK)
        fail_msg("%s", world->err.msg);
    return world->plan;
}

static inline const struct rd_change *change_of(const struct rd_plan *plan, const char *id)
{
    for (size_t i = 0; i < plan->change_count; i++)
        if (rd_str_is_case(plan->changes[i].id, id))
            return &plan->changes[i];
    return NULL;
}

/* The change of a resource that must have one. */
static inline const struct rd_change *the_change(const struct rd_plan *plan, const char *id)
{
    const struct rd_change *change = change_of(plan, id);
    if (change == NULL) {
        fail_msg("nothing happens to %s", id);
        abort(); /* for the compiler: cmocka does not return */
    }
    return change;
}

static inline void expect_change(const struct rd_plan *plan, const char *id,
                                 enum rd_change_kind kind, const char *reason)
{
    const struct rd_change *change = the_change(plan, id);
    if (change->kind != kind || !rd_str_is(change->reason, reason))
        fail_msg("%s: kind %d because '%.*s', expected %d because '%s'", id, change->kind,
                 RD_FMT(change->reason), kind, reason);
}

/* The index of a step; -1 when there is none. */
static inline int step_of(const struct rd_plan *plan, enum rd_step_kind kind, const char *id,
                          const char *action)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == kind && rd_str_is_case(plan->steps[i].id, id) &&
            rd_str_is(plan->steps[i].action, action))
            return (int)i;
    return -1;
}

static inline bool comes_after(const struct rd_plan *plan, int step, int other)
{
    assert_true(step >= 0 && other >= 0);
    for (uint32_t n = 0; n < plan->steps[step].need_count; n++) {
        int need = (int)plan->steps[step].needs[n];
        if (need == other || comes_after(plan, need, other))
            return true;
    }
    return false;
}

#define PUT(plan, id) step_of((plan), RD_STEP_PUT, (id), "")
#define DELETE(plan, id) step_of((plan), RD_STEP_DELETE, (id), "")

static inline bool is_left_alone(const struct rd_plan *plan, const char *id, const char *reason)
{
    for (size_t i = 0; i < plan->left_alone_count; i++)
        if (rd_str_has_prefix_case(plan->left_alone[i], rd_str_from(id)) &&
            rd_str_has_prefix(rd_str_sub(plan->left_alone[i], strlen(id), SIZE_MAX),
                              RD_STR(": ")) &&
            rd_str_find(plan->left_alone[i], rd_str_from(reason), 0) != RD_STR_NONE)
            return true;
    return false;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* A plan as it is saved. */
static inline struct rd_str text_of(struct world *world, const struct rd_plan *plan)
{
    struct rd_json json = rd_plan_to_json(world->arena, plan);
    return rd_json_text(world->arena, &json, RD_JSON_PRETTY);
}

/* What is read of a saved plan, which is the whole of it: saved again it is the same text. */
static inline struct rd_plan *read_back(struct world *world, const struct rd_plan *plan)
{
    struct rd_str text = text_of(world, plan);
    struct rd_plan *back = NULL;
    if (rd_plan_from_json(world->arena, "p.json", text, &back, &world->err) != RD_RC_OK)
        fail_msg("%s", world->err.msg);
    assert_non_null(back);
    assert_true(rd_str_eq(text_of(world, back), text));
    return back;
}

#endif
