/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"
#include "make_internal.h"
#include "order.h"
#include "phases.h"

/*
 * A change makes these steps:
 *
 *     create, update   PUT; a create with a provisional body two, the first "provisional", as long
 *                      as something that only the whole body needs is made by this plan too; WAIT
 *                      or the action start for an update of nothing but what a run that was cut
 *                      short left under way or never saw running
 *     delete           DELETE, none when it goes with its parent
 *     replace          DELETE and PUT
 *
 * An update of what only changes while the machine is deallocated (column halts) makes the action
 * "deallocate" before its PUT and the action "start" after it; an update of what an earlier run has
 * stopped makes the latter alone.
 *
 * An update that releases what the resource holds (column held) makes a PUT of that, "release",
 * before its own or instead of it; an update of what is not desired is a PUT of column retire.
 *
 * And before the deletes below something whose type says on_delete.update, a PUT of that. Edges:
 *
 *     PUT x     needs PUT y      when x needs y; the provisional one when x is early hard
 *     PUT x     needs PUT z      when x is not early, and what it needs is early
 *                                and did not wait for the whole of z                hard
 *     PUT x     needs PUT x      the second the provisional one                     hard
 *     deallocate x needs what PUT x needs, PUT x needs deallocate x, start x needs PUT x,
 *               and what needs PUT x waits for start x                              hard
 *     PUT x     needs DELETE x   when x is replaced                                 hard
 *     DELETE y  needs DELETE x   when x needs y                                     hard
 *     DELETE y  needs PUT x      when x needed y and no longer does                 soft
 *     DELETE y  needs DELETE p   when a child that goes with p needed y             soft
 *     DELETE x  needs PUT p      when p, which contains x, is prepared for deletes  hard
 *     PUT x     needs release h  when x gets what h holds (DELETE h when h goes); when h is x  hard
 *     PUT x     needs DELETE o      when x is new and has what only one may have (column sole) hard
 *     DELETE m  needs DELETE x   when x, a session host, is what machine m runs     hard
 *     step y    needs step x     when the type says serialize: parent, x comes
 *                                before y, and both write below one parent           soft
 */

struct stepper {
    struct rd_maker *maker;
    struct rd_plan *plan;
    int32_t *halt;     /* by change: the action that stops its machine first, or RD_NONE */
    int32_t *again;    /* by change: the one that starts it again, or RD_NONE */
    int32_t *put;      /* by change: its PUT step, of two the last, or RD_NONE */
    int32_t *first;    /* by change: its provisional PUT, or RD_NONE */
    int32_t *release;  /* by change: the PUT that takes from it what it holds, or RD_NONE */
    int32_t *gone;     /* by live index: the step after which it is gone, or RD_NONE */
    int32_t *prepare;  /* by live index: the PUT of on_delete.update, or RD_NONE */
    uint8_t *is_known; /* by live index: `gone` is computed */
    struct rd_order order;
    struct rd_phases phases;
};

static int32_t add_step(struct stepper *stepper, enum rd_step_kind kind, uint32_t change,
                        int64_t expected_ms, struct rd_str action)
{
    struct rd_plan *plan = stepper->plan;
    plan->steps = rd_arena_grow(plan->arena, plan->steps, plan->step_count, &plan->step_cap,
                                sizeof(*plan->steps));
    plan->steps[plan->step_count] = (struct rd_step){.kind = kind,
                                                     .id = plan->changes[change].id,
                                                     .action = action,
                                                     .change = change,
                                                     .expected_ms = expected_ms};
    return (int32_t)plan->step_count++;
}

/* Whether it disappears with what contains it, so that it has no step of its own. */
static bool goes_with_parent(const struct stepper *stepper, const struct rd_change *change,
                             int64_t *ret_above)
{
    *ret_above = rd_owner_above(stepper->maker->live, change->live->id);
    return rd_type_is(change->type, "with_parent") && rd_maker_deletes(stepper->maker, *ret_above);
}

/* Nothing is written of what is as it should be and only has not come to its end. */
static bool add_follow_up(struct stepper *stepper, uint32_t index)
{
    const struct rd_change *change = &stepper->plan->changes[index];
    int64_t update_ms = change->type->update_ms;
    if (change->kind != RD_CHANGE_UPDATE || change->field_count > 0)
        return false;
    bool is_under_way = rd_owner_is_under_way(change->live);
    bool is_halted = rd_maker_is_halted(stepper->maker, change->live);
    if (is_under_way)
        stepper->put[index] = add_step(
            stepper, RD_STEP_WAIT, index,
            rd_expect_create_ms(stepper->maker->desired, change->desired), (struct rd_str){"", 0});
    else if (rd_owner_is_unstarted(change->live) || is_halted)
        stepper->put[index] = add_step(stepper, RD_STEP_ACTION, index, update_ms, RD_STR("start"));
    if (is_under_way && is_halted)
        stepper->again[index] =
            add_step(stepper, RD_STEP_ACTION, index, update_ms, RD_STR("start"));
    return stepper->put[index] != RD_NONE;
}

static bool is_among(const uint32_t *indexes, uint32_t count, uint32_t index)
{
    for (uint32_t i = 0; i < count; i++)
        if (indexes[i] == index)
            return true;
    return false;
}

/* Whether a first write gains anything: something that only the whole body needs is yet to come. */
static bool is_written_twice(const struct stepper *stepper, const struct rd_change *change)
{
    const struct rd_maker *maker = stepper->maker;
    const struct rd_resource *desired = change->desired;
    if (change->kind != RD_CHANGE_CREATE || desired->provisional == NULL ||
        !rd_phases_has(&stepper->phases, (uint32_t)(desired - maker->desired->resources)))
        return false;
    for (uint32_t n = 0; n < desired->need_count; n++) {
        int32_t made = maker->desired_change[desired->needs[n]];
        if (made != RD_NONE && stepper->plan->changes[made].kind != RD_CHANGE_UPDATE &&
            !is_among(desired->first_needs, desired->first_need_count, desired->needs[n]))
            return true;
    }
    return false;
}

static void add_puts(struct stepper *stepper, uint32_t index)
{
    const struct rd_change *change = &stepper->plan->changes[index];
    bool is_update = change->kind == RD_CHANGE_UPDATE;
    int64_t create_ms = rd_expect_create_ms(stepper->maker->desired, change->desired);
    int64_t update_ms = change->type->update_ms;
    if (is_written_twice(stepper, change)) {
        stepper->first[index] =
            add_step(stepper, RD_STEP_PUT, index, create_ms, RD_STR("provisional"));
        is_update = true;
    }
    bool halts = rd_change_halts(change);
    if (halts)
        stepper->halt[index] =
            add_step(stepper, RD_STEP_ACTION, index, update_ms, RD_STR("deallocate"));
    stepper->put[index] = add_step(stepper, RD_STEP_PUT, index, is_update ? update_ms : create_ms,
                                   (struct rd_str){"", 0});
    if (halts || (change->kind == RD_CHANGE_UPDATE && change->live != NULL &&
                  rd_maker_is_halted(stepper->maker, change->live)))
        stepper->again[index] =
            add_step(stepper, RD_STEP_ACTION, index, update_ms, RD_STR("start"));
}

/* The step after which others can build on what the change writes. */
static int32_t written_after(const struct stepper *stepper, int32_t change)
{
    return stepper->again[change] != RD_NONE ? stepper->again[change] : stepper->put[change];
}

/* The PUTs of an update that are no plain ones; whether there is nothing more to write. */
static bool add_variants(struct stepper *stepper, uint32_t index)
{
    const struct rd_change *change = &stepper->plan->changes[index];
    int64_t update_ms = change->type->update_ms;
    if (change->kind != RD_CHANGE_UPDATE)
        return false;
    if (change->desired == NULL) {
        stepper->put[index] = add_step(stepper, RD_STEP_PUT, index, update_ms, RD_STR("retire"));
        return true;
    }
    enum rd_release release = rd_maker_releases(stepper->maker, change);
    if (release == RD_RELEASE_NONE)
        return false;
    stepper->release[index] = add_step(stepper, RD_STEP_PUT, index, update_ms, RD_STR("release"));
    if (release == RD_RELEASE_ONLY)
        stepper->put[index] = stepper->release[index];
    return release == RD_RELEASE_ONLY;
}

static void add_steps_of(struct stepper *stepper, uint32_t index)
{
    const struct rd_change *change = &stepper->plan->changes[index];
    stepper->put[index] = stepper->first[index] = stepper->release[index] = RD_NONE;
    stepper->halt[index] = stepper->again[index] = RD_NONE;
    if (change->kind == RD_CHANGE_DELETE || change->kind == RD_CHANGE_REPLACE) {
        int64_t live = change->live - stepper->maker->live->resources;
        int64_t above = RD_NONE;
        if (!goes_with_parent(stepper, change, &above)) {
            stepper->is_known[live] = true;
            stepper->gone[live] =
                add_step(stepper, RD_STEP_DELETE, index, rd_maker_delete_ms(stepper->maker, change),
                         (struct rd_str){"", 0});
        }
        if (rd_json_exists(rd_json_at(change->type->row, "on_delete.update")))
            stepper->prepare[live] =
                add_step(stepper, RD_STEP_PUT, index, change->type->update_ms, RD_STR("on_delete"));
    }
    if (change->kind != RD_CHANGE_DELETE && !add_variants(stepper, index) &&
        !add_follow_up(stepper, index))
        add_puts(stepper, index);
}

/* The step after which a live resource is gone: its own, or that of what it goes with. Chains of
 * containers are as short as ids, so this recurses a few levels at most. */
static int32_t gone_after(struct stepper *stepper, int64_t live)
{
    if (live == RD_NONE || !rd_maker_deletes(stepper->maker, live))
        return RD_NONE;
    if (!stepper->is_known[live]) {
        stepper->is_known[live] = true;
        stepper->gone[live] =
            gone_after(stepper, rd_owner_above(stepper->maker->live,
                                               stepper->maker->live->resources[live].id));
    }
    return stepper->gone[live];
}

static void need(struct stepper *stepper, int32_t step, int32_t needed, bool is_soft)
{
    if (step != RD_NONE && needed != RD_NONE)
        rd_order_need(&stepper->order, (size_t)step, (size_t)needed, is_soft);
}

/* A write of `resource` comes after those of what it needs. */
static void order_write(struct stepper *stepper, int32_t write, const struct rd_resource *resource,
                        const uint32_t *needs, uint32_t need_count)
{
    const int32_t *changes = stepper->maker->desired_change;
    for (uint32_t n = 0; n < need_count; n++) {
        int32_t needed = changes[needs[n]];
        if (needed == RD_NONE)
            continue;
        bool is_content = resource->is_early && stepper->first[needed] != RD_NONE;
        need(stepper, write, is_content ? stepper->first[needed] : written_after(stepper, needed),
             false);
    }
    uint64_t awaited = rd_phases_awaited(&stepper->phases, resource);
    for (size_t i = 0; awaited >> i != 0; i++) {
        int32_t needed = changes[stepper->phases.provisional[i]];
        if ((awaited >> i & 1) != 0 && needed != RD_NONE)
            need(stepper, write, written_after(stepper, needed), false);
    }
}

static void order_put(struct stepper *stepper, uint32_t index)
{
    struct rd_maker *maker = stepper->maker;
    const struct rd_change *change = &stepper->plan->changes[index];
    int32_t put = stepper->put[index];
    need(stepper, stepper->again[index], put, false);
    if (put == RD_NONE || stepper->plan->steps[put].kind == RD_STEP_WAIT)
        return; /* what it was written from is there already */
    need(stepper, put, stepper->release[index], false);
    const struct rd_resource *desired = change->desired;
    if (desired != NULL)
        order_write(stepper, put, desired, desired->needs, desired->need_count);
    if (desired != NULL && stepper->halt[index] != RD_NONE) {
        need(stepper, put, stepper->halt[index], false);
        need(stepper, stepper->halt[index], stepper->release[index], false);
        order_write(stepper, stepper->halt[index], desired, desired->needs, desired->need_count);
    }
    if (stepper->first[index] != RD_NONE) {
        need(stepper, put, stepper->first[index], false);
        order_write(stepper, stepper->first[index], desired, desired->first_needs,
                    desired->first_need_count);
    }
    if (change->live == NULL)
        return;
    if (change->kind == RD_CHANGE_REPLACE)
        need(stepper, put, gone_after(stepper, change->live - maker->live->resources), false);
    for (uint32_t n = 0; change->kind == RD_CHANGE_UPDATE && n < change->live->need_count; n++) {
        int64_t needed = change->live->needs[n];
        int32_t of = maker->live_change[needed];
        if (of != RD_NONE && stepper->plan->changes[of].kind == RD_CHANGE_DELETE)
            need(stepper, gone_after(stepper, needed), put, true);
    }
}

static void order_delete(struct stepper *stepper, int64_t live)
{
    struct rd_maker *maker = stepper->maker;
    int32_t gone = gone_after(stepper, live);
    if (gone == RD_NONE)
        return;
    const struct rd_resource *resource = &maker->live->resources[live];
    bool is_own = stepper->plan->steps[gone].kind == RD_STEP_DELETE &&
                  rd_str_eq_case(stepper->plan->steps[gone].id, resource->id);
    int32_t desired = maker->live_desired[live];
    if (desired != RD_NONE) {
        const struct rd_resource *wanted = &maker->desired->resources[desired];
        for (uint32_t n = 0; n < wanted->need_count; n++) {
            struct rd_str id = maker->desired->resources[wanted->needs[n]].id;
            need(stepper, gone_after(stepper, rd_set_index(maker->live, id)), gone, !is_own);
        }
    }
    /* What the spec knows of both is better than what the service says of them. */
    for (uint32_t n = 0; n < resource->need_count; n++) {
        int64_t needed = resource->needs[n];
        bool is_container = rd_arm_id_is_within(resource->id, maker->live->resources[needed].id);
        if (desired == RD_NONE || maker->live_desired[needed] == RD_NONE || is_container)
            need(stepper, gone_after(stepper, needed), gone,
                 !is_container && (!is_own || desired != RD_NONE));
    }
    for (int64_t at = live; at != RD_NONE;
         at = rd_owner_above(maker->live, maker->live->resources[at].id))
        need(stepper, gone, stepper->prepare[at], false);
}

/* A session host names its machine in a field that is not followed as a need. It goes first, so
 * that nobody is sent to a machine that is being deleted. */
static void order_appeared(struct stepper *stepper, int64_t live)
{
    const struct rd_set *set = stepper->maker->live;
    const struct rd_resource *resource = &set->resources[live];
    struct rd_str machine = rd_owner_machine(resource);
    if (machine.n > 0)
        need(stepper, gone_after(stepper, rd_set_index(set, machine)), gone_after(stepper, live),
             false);
}

/* Nothing is given out before its holder has lost it. */
static void order_taker(struct stepper *stepper, int64_t live)
{
    struct rd_maker *maker = stepper->maker;
    int32_t taker = maker->taker[live];
    int32_t change = maker->live_change[live];
    if (taker == RD_NONE || change == RD_NONE || maker->desired_change[taker] == RD_NONE)
        return;
    int32_t put = stepper->put[maker->desired_change[taker]];
    need(stepper, put, stepper->release[change], false);
    need(stepper, put, gone_after(stepper, live), false);
}

static void order_rivals(struct stepper *stepper)
{
    const struct rd_maker *maker = stepper->maker;
    for (size_t i = 0; i < maker->rival_count; i++) {
        const struct rd_rival *rival = &maker->rivals[i];
        int32_t gone = gone_after(stepper, rival->live);
        need(stepper, stepper->put[rival->change], gone, false);
        need(stepper, stepper->first[rival->change], gone, false);
    }
}

/* Changes come in the order of needs, so a chain along them never runs against one. */
static void order_siblings(struct stepper *stepper)
{
    struct rd_plan *plan = stepper->plan;
    RD_CLEANUP(rd_map_done) struct rd_map last; /* of a parent: its latest step + 1 */
    rd_map_init(&last, true);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct rd_change *change = &plan->changes[plan->steps[i].change];
        struct rd_arm_id parsed;
        if (!rd_str_is(rd_json_str(rd_json_at(change->type->row, "serialize")), "parent") ||
            !rd_arm_id_parse(change->id, &parsed))
            continue;
        void *before = rd_map_set(&last, parsed.parent, (void *)(uintptr_t)(i + 1));
        if (before != NULL)
            need(stepper, (int32_t)i, (int32_t)((uintptr_t)before - 1), true);
    }
}

static void take_needs(struct stepper *stepper)
{
    struct rd_plan *plan = stepper->plan;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct rd_edges *edges = &stepper->order.nodes[i];
        struct rd_step *step = &plan->steps[i];
        step->need_count = (uint32_t)edges->count;
        if (edges->count > 0)
            step->needs = rd_arena_array(plan->arena, edges->count, sizeof(*step->needs));
        for (size_t n = 0; n < edges->count; n++)
            step->needs[n] = edges->items[n].to;
    }
}

static enum rd_rc fail_cycle(const struct rd_plan *plan, int64_t step, struct rd_err *err)
{
    const struct rd_change *change = &plan->changes[plan->steps[step].change];
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                               "the steps can't be put in an order: %.*s '%.*s' would have to come "
                               "before itself",
                               RD_FMT(change->type->label), RD_FMT(change->id)),
                       err, "make the change in two runs: first take away, then add");
}

enum rd_rc rd_maker_make_steps(struct rd_maker *maker, struct rd_err *err)
{
    struct rd_plan *plan = maker->plan;
    if (plan->change_count == 0)
        return RD_RC_OK;
    size_t live_count = maker->live->count;
    struct stepper stepper = {
        .maker = maker,
        .plan = plan,
        .halt = rd_arena_array(maker->scratch, plan->change_count, sizeof(int32_t)),
        .again = rd_arena_array(maker->scratch, plan->change_count, sizeof(int32_t)),
        .put = rd_arena_array(maker->scratch, plan->change_count, sizeof(int32_t)),
        .first = rd_arena_array(maker->scratch, plan->change_count, sizeof(int32_t)),
        .release = rd_arena_array(maker->scratch, plan->change_count, sizeof(int32_t)),
        .gone = rd_arena_array(maker->scratch, live_count, sizeof(int32_t)),
        .prepare = rd_arena_array(maker->scratch, live_count, sizeof(int32_t)),
        .is_known = rd_arena_array(maker->scratch, live_count, sizeof(uint8_t)),
    };
    rd_phases_init(&stepper.phases, maker->scratch, maker->desired);
    for (size_t i = 0; i < live_count; i++)
        stepper.gone[i] = stepper.prepare[i] = RD_NONE;
    for (size_t i = 0; i < plan->change_count; i++)
        add_steps_of(&stepper, (uint32_t)i);
    rd_order_init(&stepper.order, maker->scratch, plan->step_count);
    for (size_t i = 0; i < plan->change_count; i++)
        order_put(&stepper, (uint32_t)i);
    for (size_t i = 0; i < live_count; i++)
        order_delete(&stepper, (int64_t)i);
    for (size_t i = 0; i < live_count; i++)
        order_appeared(&stepper, (int64_t)i);
    for (size_t i = 0; i < live_count; i++)
        order_taker(&stepper, (int64_t)i);
    order_rivals(&stepper);
    order_siblings(&stepper);
    int64_t bad = rd_order_settle(&stepper.order);
    if (bad != RD_NONE)
        return fail_cycle(plan, bad, err);
    take_needs(&stepper);
    plan->critical_path_ms = rd_order_critical_path(plan);
    return RD_RC_OK;
}
