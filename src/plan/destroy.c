/* SPDX-License-Identifier: Apache-2.0 */
#include "make_internal.h"

/* The id of the first thing in the group that stays, or "". Besides what is live in the set, the
 * reader may name things of types that redoubt does not know, in the facts as "foreign". */
static struct rd_str first_left(const struct rd_maker *maker, struct rd_str group)
{
    const struct rd_set *live = maker->live;
    for (size_t i = 0; i < live->count; i++)
        if (!rd_type_is_group(live->resources[i].type) &&
            rd_arm_id_is_within(live->resources[i].id, group) &&
            !rd_owner_is_service(&live->resources[i]) && !rd_maker_deletes(maker, (int64_t)i))
            return live->resources[i].id;
    const struct rd_json *foreign = rd_json_at(&live->facts, "foreign");
    for (size_t i = 0; i < rd_json_count(foreign) && foreign->type == RD_JSON_ARRAY; i++)
        if (rd_arm_id_is_within(rd_json_str(&foreign->u.items[i]), group))
            return rd_json_str(&foreign->u.items[i]);
    return (struct rd_str){"", 0};
}

void rd_maker_delete_groups(struct rd_maker *maker, bool (*is_candidate)(struct rd_maker *, size_t))
{
    const struct rd_set *live = maker->live;
    for (size_t i = 0; i < live->count; i++) {
        const struct rd_resource *group = &live->resources[i];
        if (!rd_type_is_group(group->type) || !is_candidate(maker, i))
            continue;
        struct rd_str left = first_left(maker, group->id);
        if (left.n == 0) {
            (void)rd_maker_add(maker, RD_CHANGE_DELETE, RD_NONE, (int64_t)i,
                               RD_STR("nothing is left in it"));
            continue;
        }
        rd_maker_leave(maker, group->id,
                       rd_arena_printf(maker->scratch,
                                       "it holds what is not redoubt's to delete: %.*s",
                                       RD_FMT(left))
                           .p);
    }
}

static const char *reason_to_leave(struct rd_maker *maker, const struct rd_resource *live)
{
    struct rd_str other = rd_owner_other(maker->scratch, live, maker->owner);
    if (other.n > 0)
        return rd_arena_printf(maker->scratch, "it belongs to the enclave '%.*s'", RD_FMT(other)).p;
    if (rd_type_is(live->type, "tags") && rd_owner_name(live).n > 0)
        return rd_arena_printf(maker->scratch, "it does not bear the tag %s=%.*s",
                               RD_TAG_ENCLAVE_ID, RD_FMT(maker->owner->enclave_id))
            .p;
    if (rd_type_is(live->type, "tags"))
        return rd_arena_printf(maker->scratch, "it does not bear the tag %s=%.*s", RD_TAG_ENCLAVE,
                               RD_FMT(maker->enclave))
            .p;
    return "nothing proves that it is redoubt's: it bears no tags and is not in the spec";
}

/*
 * Proofs, strongest first: the enclave's own tag or mark; being below something that is deleted;
 * for types that bear no tags, an id that the spec computes or that an earlier run wrote.
 */
static void decide(struct rd_maker *maker, size_t index)
{
    const struct rd_resource *live = &maker->live->resources[index];
    int32_t at = maker->live_desired[index];
    const struct rd_resource *desired = at == RD_NONE ? NULL : &maker->desired->resources[at];
    if (desired != NULL && desired->is_existing) {
        rd_maker_leave(maker, live->id, "the spec only refers to it");
        return;
    }
    if (desired == NULL && rd_owner_is_service(live))
        return;
    bool is_marked = rd_maker_is_ours(maker, index);
    if (rd_type_is(live->type, "keep")) {
        if (is_marked || desired != NULL)
            rd_maker_leave(maker, live->id, "redoubt keeps it: others may rely on it");
        return;
    }
    int64_t above = rd_owner_above(maker->live, live->id);
    bool is_below_deleted = rd_maker_deletes(maker, above);
    bool is_proved_by_id = !rd_type_is(live->type, "tags") &&
                           (desired != NULL || rd_map_get(&maker->written, live->id) != NULL);
    if (is_marked || is_below_deleted || is_proved_by_id) {
        struct rd_str reason = RD_STR("the enclave is destroyed");
        if (!is_marked && is_below_deleted)
            reason = rd_arena_printf(maker->arena, "its %.*s goes",
                                     RD_FMT(maker->live->resources[above].type->label));
        (void)rd_maker_add(maker, RD_CHANGE_DELETE, RD_NONE, (int64_t)index, reason);
        return;
    }
    if (desired != NULL || rd_set_ancestor(maker->live, live->id) != RD_NONE)
        rd_maker_leave(maker, live->id, reason_to_leave(maker, live));
}

static bool is_own_group(struct rd_maker *maker, size_t index)
{
    const struct rd_resource *group = &maker->live->resources[index];
    int32_t at = maker->live_desired[index];
    if (at != RD_NONE && maker->desired->resources[at].is_existing) {
        rd_maker_leave(maker, group->id, "the spec only refers to it");
        return false;
    }
    if (rd_owner_is_marked(group, maker->owner))
        return true;
    rd_maker_leave(maker, group->id, reason_to_leave(maker, group));
    return false;
}

enum rd_rc rd_plan_make_destroy(struct rd_arena *arena, const struct rd_set *desired,
                                const struct rd_set *live, struct rd_plan **ret_plan,
                                struct rd_err *err)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *scratch = rd_arena_new(0);
    RD_CLEANUP(rd_maker_done) struct rd_maker maker;
    rd_maker_init(&maker, arena, scratch, desired, live);
    uint32_t *order = rd_arena_array(scratch, live->count, sizeof(*order));
    rd_set_order(live, order);
    for (size_t i = 0; i < live->count; i++)
        if (!rd_type_is_group(live->resources[order[i]].type))
            decide(&maker, order[i]);
    rd_maker_delete_groups(&maker, is_own_group);
    rd_maker_tell_affected(&maker);
    RD_TRY(rd_maker_make_steps(&maker, err));
    *ret_plan = maker.plan;
    return RD_RC_OK;
}
