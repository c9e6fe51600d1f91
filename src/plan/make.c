/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "diff_internal.h"
#include "make_internal.h"
#include "resource/unseen.h"

/* A fact that is a list of ids. */
static void take_ids(struct rd_map *map, const struct rd_json *ids)
{
    rd_map_init(map, true);
    for (size_t i = 0; i < rd_json_count(ids) && ids->type == RD_JSON_ARRAY; i++)
        (void)rd_map_set(map, rd_json_str(&ids->u.items[i]), map);
}

void rd_maker_init(struct rd_maker *maker, struct rd_arena *arena, struct rd_arena *scratch,
                   const struct rd_set *desired, const struct rd_set *live)
{
    assert(live->is_resolved && (desired == NULL || desired->is_resolved));
    *maker =
        (struct rd_maker){.arena = arena, .scratch = scratch, .desired = desired, .live = live};
    maker->owner = desired != NULL ? desired : live;
    maker->enclave = desired != NULL ? desired->name : live->name;
    size_t desired_count = desired == NULL ? 0 : desired->count;
    maker->kinds = rd_arena_array(scratch, desired_count, sizeof(*maker->kinds));
    maker->desired_change = rd_arena_array(scratch, desired_count, sizeof(*maker->desired_change));
    maker->live_change = rd_arena_array(scratch, live->count, sizeof(*maker->live_change));
    maker->live_desired = rd_arena_array(scratch, live->count, sizeof(*maker->live_desired));
    maker->taker = rd_arena_array(scratch, live->count, sizeof(*maker->taker));
    take_ids(&maker->written, rd_json_at(&live->facts, "written"));
    take_ids(&maker->halted, rd_json_at(&live->facts, "halted"));
    for (size_t i = 0; i < desired_count; i++)
        maker->desired_change[i] = RD_NONE;
    for (size_t i = 0; i < live->count; i++) {
        maker->live_change[i] = maker->taker[i] = RD_NONE;
        maker->live_desired[i] =
            desired == NULL ? RD_NONE : (int32_t)rd_set_index(desired, live->resources[i].id);
    }
    maker->plan = rd_arena_zalloc(arena, sizeof(*maker->plan));
    maker->plan->arena = arena;
    maker->plan->enclave = maker->enclave;
    maker->plan->cloud = desired != NULL ? desired->cloud : live->cloud;
    maker->plan->live = live;
    maker->plan->unseen = rd_set_unseen(live);
}

void rd_maker_done(struct rd_maker *maker)
{
    rd_map_done(&maker->written);
    rd_map_done(&maker->halted);
}

struct rd_change *rd_maker_add(struct rd_maker *maker, enum rd_change_kind kind, int64_t desired,
                               int64_t live, struct rd_str reason)
{
    struct rd_plan *plan = maker->plan;
    plan->changes = rd_arena_grow(plan->arena, plan->changes, plan->change_count, &plan->change_cap,
                                  sizeof(*plan->changes));
    if (desired != RD_NONE)
        maker->desired_change[desired] = (int32_t)plan->change_count;
    if (live != RD_NONE)
        maker->live_change[live] = (int32_t)plan->change_count;
    struct rd_change *change = &plan->changes[plan->change_count++];
    *change = (struct rd_change){
        .kind = kind,
        .desired = desired == RD_NONE ? NULL : &maker->desired->resources[desired],
        .live = live == RD_NONE ? NULL : &maker->live->resources[live],
        .reason = reason,
        .affected = {"", 0},
    };
    const struct rd_resource *resource = change->desired != NULL ? change->desired : change->live;
    assert(resource != NULL);
    change->id = resource->id;
    change->type = resource->type;
    plan->counts[kind]++;
    return change;
}

void rd_maker_leave(struct rd_maker *maker, struct rd_str id, const char *reason)
{
    struct rd_plan *plan = maker->plan;
    plan->left_alone = rd_arena_grow(plan->arena, plan->left_alone, plan->left_alone_count,
                                     &plan->left_alone_cap, sizeof(*plan->left_alone));
    plan->left_alone[plan->left_alone_count++] =
        rd_arena_printf(plan->arena, "%.*s: %s", RD_FMT(id), reason);
}

bool rd_maker_deletes(const struct rd_maker *maker, int64_t live)
{
    if (live == RD_NONE || maker->live_change[live] == RD_NONE)
        return false;
    enum rd_change_kind kind = maker->plan->changes[maker->live_change[live]].kind;
    return kind == RD_CHANGE_DELETE || kind == RD_CHANGE_REPLACE;
}

/* What is desired ------------------------------------------------------------------------------ */

/* The last member's name of a path: "vmSize" of "properties.hardwareProfile.vmSize". A dot in what
 * tells an item apart ("distribute[image-1.0.1]") ends no name. */
static struct rd_str last_part(struct rd_str path)
{
    size_t begin = 0;
    size_t depth = 0;
    for (size_t i = 0; i < path.n; i++) {
        depth += path.p[i] == '[';
        depth -= path.p[i] == ']' && depth > 0;
        if (path.p[i] == '.' && depth == 0)
            begin = i + 1;
    }
    return rd_str_sub(path, begin, path.n);
}

static struct rd_str fields_reason(const struct rd_maker *maker, const struct rd_change *draft)
{
    size_t first = 0;
    while (draft->kind == RD_CHANGE_REPLACE && !draft->fields[first].replaces)
        first++;
    struct rd_str name = last_part(draft->fields[first].path);
    struct rd_str origin = draft->desired->origin;
    struct rd_str text = rd_arena_str(maker->arena, name);
    if (draft->field_count > 1)
        text = rd_arena_printf(maker->arena, "%.*s and %zu more", RD_FMT(name),
                               draft->field_count - 1);
    return rd_arena_printf(maker->arena, "%.*s changed%s%.*s%s", RD_FMT(text),
                           origin.n > 0 ? " (spec: " : "", RD_FMT(origin), origin.n > 0 ? ")" : "");
}

/* The id that a field names on both sides, or the first one of a list that says the same on both:
 * absent when they differ. */
static struct rd_str same_id(const struct rd_maker *maker, const struct rd_json *before,
                             const struct rd_json *after)
{
    if (after->type == RD_JSON_STRING)
        return rd_str_eq_case(rd_json_str(after), rd_json_str(before)) ? rd_json_str(after)
                                                                       : (struct rd_str){"", 0};
    struct rd_str id = {"", 0};
    if (after->type != RD_JSON_ARRAY || rd_json_count(before) != after->count)
        return id;
    for (size_t i = 0; i < after->count; i++) {
        struct rd_str item = rd_json_str(&after->u.items[i]);
        if (!rd_str_eq_case(item, rd_json_str(rd_json_item(before, i))))
            return (struct rd_str){"", 0};
        int64_t index = rd_set_index(maker->desired, item);
        if (id.n == 0 && index != RD_NONE && maker->kinds[index] == RD_CHANGE_REPLACE)
            id = item;
    }
    return id;
}

/* Fields that differ only because what they name is replaced say so instead of showing one id
 * twice. Returns the resource they name, or NULL. */
static const struct rd_resource *take_bound_fields(struct rd_maker *maker, struct rd_change *draft)
{
    const struct rd_resource *named = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < draft->field_count; i++) {
        const struct rd_field_change *field = &draft->fields[i];
        struct rd_str id = same_id(maker, field->before, field->after);
        if (field->replaces && id.n > 0)
            named = rd_set_find(maker->desired, id);
        else
            draft->fields[kept++] = *field;
    }
    draft->field_count = kept;
    return named;
}

/* The desired resource whose replacement takes this one along: what contains it, and for what
 * appears by itself (a session host) anything it needs. */
static const struct rd_resource *replaced_owner(const struct rd_maker *maker, size_t index)
{
    if (maker->plan->counts[RD_CHANGE_REPLACE] == 0)
        return NULL;
    const struct rd_set *desired = maker->desired;
    const struct rd_resource *resource = &desired->resources[index];
    bool appears = rd_type_is(resource->type, "appears");
    const struct rd_resource *owner = NULL;
    for (uint32_t n = 0; n < resource->need_count; n++) {
        uint32_t need = resource->needs[n];
        const struct rd_resource *needed = &desired->resources[need];
        if (maker->kinds[need] != RD_CHANGE_REPLACE ||
            !(appears || rd_arm_id_is_within(resource->id, needed->id)))
            continue;
        /* Whoever has registered stays so when the agent's extension alone is made anew. */
        int64_t container = rd_set_ancestor(desired, needed->id);
        if (appears && rd_type_is(needed->type, "with_parent") &&
            (container == RD_NONE || maker->kinds[container] != RD_CHANGE_REPLACE))
            continue;
        owner = owner == NULL ? needed : owner;
    }
    /* "its virtual machine is replaced" says more than "its VM extension is replaced". */
    while (owner != NULL && rd_type_is(owner->type, "with_parent")) {
        int64_t above = rd_set_ancestor(desired, owner->id);
        if (above == RD_NONE || maker->kinds[above] != RD_CHANGE_REPLACE)
            break;
        owner = &desired->resources[above];
    }
    return owner;
}

/* What appears by itself goes with its machine, and comes again with another one of that name. */
static bool is_machine_going(const struct rd_maker *maker, const struct rd_resource *live)
{
    int64_t machine = rd_set_index(maker->live, rd_owner_machine(live));
    return machine != RD_NONE && maker->live_desired[machine] == RD_NONE &&
           rd_maker_is_ours(maker, (size_t)machine);
}

static struct rd_str owner_reason(const struct rd_maker *maker, const struct rd_resource *owner)
{
    return rd_arena_printf(maker->arena, "its %.*s is replaced", RD_FMT(owner->type->label));
}

static enum rd_rc check_replace(const struct rd_maker *maker, const struct rd_change *draft,
                                struct rd_err *err)
{
    const struct rd_resource *desired = draft->desired;
    struct rd_str field = draft->field_count > 0 ? draft->fields[0].path : RD_STR("it");
    for (size_t i = 0; i < draft->field_count; i++)
        if (draft->fields[i].replaces)
            field = draft->fields[i].path;
    if (rd_type_is_group(desired->type) || rd_type_is(desired->type, "keep"))
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "'%.*s' of %.*s '%.*s' cannot be changed",
                                   RD_FMT(field), RD_FMT(desired->type->label),
                                   RD_FMT(desired->name)),
                           err,
                           "redoubt does not replace this by itself: keep the value that is "
                           "live, or choose another name");
    if (rd_type_is(desired->type, "tags") && rd_owner_name(desired).n > 0 &&
        !rd_owner_is_marked(draft->live, maker->owner))
        return rd_err_hint(
            RD_FAIL(err, RD_RC_INVALID,
                    "'%.*s' of %.*s '%.*s' can only change by replacing it, but it does not bear "
                    "the tag %s=%.*s",
                    RD_FMT(field), RD_FMT(desired->type->label), RD_FMT(desired->name),
                    RD_TAG_ENCLAVE, RD_FMT(maker->enclave)),
            err, "somebody else made it: choose another name, or tag it to hand it over");
    return RD_RC_OK;
}

/* Where it is not replaced anyway. To replace it for that would throw away what is on the disk. */
static enum rd_rc check_shrinking(const struct rd_change *draft, struct rd_err *err)
{
    for (size_t i = 0; i < draft->field_count && draft->kind == RD_CHANGE_UPDATE; i++) {
        const struct rd_field_change *field = &draft->fields[i];
        if (!field->shrinks)
            continue;
        long long before = (long long)rd_json_int(field->before, 0);
        struct rd_str origin = draft->desired->origin;
        return rd_err_hint(
            RD_FAIL(err, RD_RC_INVALID,
                    "'%.*s' of %.*s '%.*s' cannot become smaller: it is %lld, the "
                    "spec says %lld%s%.*s%s",
                    RD_FMT(field->path), RD_FMT(draft->desired->type->label),
                    RD_FMT(draft->desired->name), before, (long long)rd_json_int(field->after, 0),
                    origin.n > 0 ? " (" : "", RD_FMT(origin), origin.n > 0 ? ")" : ""),
            err,
            "Azure makes no disk smaller: keep %lld or more; a smaller one needs a "
            "new machine",
            before);
    }
    return RD_RC_OK;
}

static enum rd_rc decide_live(struct rd_maker *maker, size_t index, int64_t live,
                              struct rd_differ *differ, struct rd_err *err)
{
    struct rd_change draft = {.kind = RD_CHANGE_NONE,
                              .desired = &maker->desired->resources[index],
                              .live = &maker->live->resources[live]};
    struct rd_str other = rd_owner_other(maker->scratch, draft.live, maker->owner);
    if (other.n > 0 && rd_owner_name(draft.desired).n > 0)
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "%.*s '%.*s' belongs to the enclave '%.*s'",
                                   RD_FMT(draft.desired->type->label), RD_FMT(draft.desired->name),
                                   RD_FMT(other)),
                           err, "choose another name for it, or for the enclave, in the spec");
    differ->change = &draft;
    bool differs = rd_diff_with(differ, draft.desired, draft.live);
    const struct rd_resource *owner = replaced_owner(maker, index);
    bool is_retired = rd_owner_is_retired(draft.live);
    bool is_broken = is_retired || rd_resource_has_failed(&draft.live->body);
    struct rd_str dead = rd_owner_dead_state(draft.live);
    bool is_halted = rd_maker_is_halted(maker, draft.live);
    bool is_open =
        rd_owner_is_under_way(draft.live) || rd_owner_is_unstarted(draft.live) || is_halted;
    bool is_moving = is_machine_going(maker, draft.live);
    /* Nothing seems to differ in a key's size, which is only seen in its modulus. */
    if (owner == NULL)
        RD_TRY(rd_maker_check_bits(maker, &draft, err));
    if (!differs && owner == NULL && !is_broken && dead.n == 0 && !is_open && !is_moving) {
        maker->plan->counts[RD_CHANGE_NONE]++;
        return RD_RC_OK;
    }
    draft.kind = owner != NULL || dead.n > 0 || is_moving ? RD_CHANGE_REPLACE : RD_CHANGE_UPDATE;
    for (size_t i = 0; i < draft.field_count; i++)
        if (draft.fields[i].replaces)
            draft.kind = RD_CHANGE_REPLACE;
    if (draft.kind == RD_CHANGE_REPLACE && owner == NULL && !is_moving)
        RD_TRY(check_replace(maker, &draft, err));
    RD_TRY(check_shrinking(&draft, err));
    RD_TRY(rd_maker_check_alike(maker, &draft, err));
    RD_TRY(rd_maker_check_occupied(maker, &draft, err));
    const struct rd_resource *named = take_bound_fields(maker, &draft);
    if (owner == NULL)
        owner = named;
    struct rd_str reason =
        is_retired ? RD_STR("it had been given up: it is taken up again")
                   : RD_STR("it is there, but its last write has failed: it is sent again");
    if (owner != NULL)
        reason = owner_reason(maker, owner);
    else if (is_moving)
        reason = RD_STR("its virtual machine goes, and another one of that name comes");
    else if (dead.n > 0)
        reason =
            rd_arena_printf(maker->arena, "it is %.*s, which only a new one ends", RD_FMT(dead));
    else if (draft.field_count > 0)
        reason = fields_reason(maker, &draft);
    else if (rd_owner_is_under_way(draft.live))
        reason = RD_STR("it is still being written: its end is waited for");
    else if (is_halted)
        reason = RD_STR("a run stopped it for a change and did not start it again: it is started");
    else if (!is_broken)
        reason = RD_STR("it was made, but nobody has seen it run: it is started");
    struct rd_change *change = rd_maker_add(maker, draft.kind, (int64_t)index, live, reason);
    change->fields = draft.fields;
    change->field_count = draft.field_count;
    change->field_cap = draft.field_cap;
    maker->kinds[index] = (uint8_t)draft.kind;
    return RD_RC_OK;
}

/* What others put below something that this plan makes, such as a secret in a new vault, can only
 * be there afterwards: whoever needs it finds out then. */
static bool is_owner_new(const struct rd_maker *maker, const struct rd_resource *resource)
{
    int64_t owner = rd_set_ancestor(maker->desired, resource->id);
    return owner != RD_NONE && !maker->desired->resources[owner].is_existing &&
           rd_set_index(maker->live, maker->desired->resources[owner].id) == RD_NONE;
}

/* Its deletion is asked for again, which the service takes for the same one, so that whatever waits
 * for it to be gone, such as what it uses, waits. */
static void await_end(struct rd_maker *maker, size_t index, int64_t live)
{
    maker->kinds[index] = RD_CHANGE_REPLACE;
    (void)rd_maker_add(maker, RD_CHANGE_REPLACE, (int64_t)index, live,
                       RD_STR("it is being deleted"));
}

static enum rd_rc decide_desired(struct rd_maker *maker, struct rd_err *err)
{
    const struct rd_set *desired = maker->desired;
    uint32_t *order = rd_arena_array(maker->scratch, desired->count, sizeof(*order));
    rd_set_order(desired, order);
    struct rd_differ differ = {.arena = maker->arena,
                               .live_set = maker->live,
                               .desired_set = desired,
                               .kinds = maker->kinds};
    for (size_t i = 0; i < desired->count; i++) {
        const struct rd_resource *resource = &desired->resources[order[i]];
        int64_t live = rd_set_index(maker->live, resource->id);
        if (live == RD_NONE && rd_set_is_unseen(maker->live, resource->id))
            continue;
        if (resource->is_existing && live == RD_NONE && !is_owner_new(maker, resource))
            return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "%.*s '%.*s' is not there: %.*s",
                                       RD_FMT(resource->type->label), RD_FMT(resource->name),
                                       RD_FMT(resource->id)),
                               err,
                               "the spec refers to it as existing: create it first, or check "
                               "its id");
        if (resource->is_existing)
            continue;
        bool is_going = live != RD_NONE && rd_owner_is_going(maker->live, live);
        if (is_going && rd_owner_is_deleting(&maker->live->resources[live])) {
            await_end(maker, order[i], live);
            continue;
        }
        if (live != RD_NONE && !is_going) {
            RD_TRY(decide_live(maker, order[i], live, &differ, err));
            continue;
        }
        maker->kinds[order[i]] = RD_CHANGE_CREATE;
        (void)rd_maker_add(maker, RD_CHANGE_CREATE, order[i], RD_NONE,
                           is_going ? RD_STR("it is being deleted") : RD_STR("not there"));
    }
    return RD_RC_OK;
}

/* What is live besides ------------------------------------------------------------------------- */

/* Retired instead of deleted: what it holds outlives it (column retire). */
static void retire(struct rd_maker *maker, size_t index, struct rd_str reason)
{
    const struct rd_resource *live = &maker->live->resources[index];
    const struct rd_json *row = rd_json_get(live->type->row, RD_STR("retire"));
    struct rd_str note = rd_json_str(rd_json_get(row, RD_STR("note")));
    struct rd_str path = rd_json_str(rd_json_get(row, RD_STR("is")));
    struct rd_str deleted = rd_json_str(rd_json_get(row, RD_STR("deleted")));
    if (rd_json_is_true(rd_json_at_str(&live->body, deleted)))
        return;
    if (rd_owner_is_retired(live)) {
        rd_maker_leave(maker, live->id, rd_arena_str(maker->scratch, note).p);
        return;
    }
    struct rd_change *change =
        rd_maker_add(maker, RD_CHANGE_UPDATE, RD_NONE, (int64_t)index, reason);
    change->fields =
        rd_arena_grow(maker->arena, NULL, 0, &change->field_cap, sizeof(*change->fields));
    change->fields[change->field_count++] = (struct rd_field_change){
        .path = path,
        .before = rd_json_at_str(&live->body, path),
        .after = rd_json_at_str(rd_json_get(row, RD_STR("set")), path),
    };
}

static void decide_orphan(struct rd_maker *maker, size_t index)
{
    const struct rd_resource *live = &maker->live->resources[index];
    int64_t above = rd_owner_above(maker->live, live->id);
    bool is_below_deleted = rd_maker_deletes(maker, above);
    bool is_marked = rd_maker_is_ours(maker, index);
    /* A session host appears when its machine registers and is left over when the machine goes;
     * until then it is part of the machine, whether the spec pins a user to it or not. */
    int64_t machine = rd_set_index(maker->live, rd_owner_machine(live));
    if (rd_owner_is_service(live))
        return;
    bool is_left_over = rd_maker_deletes(maker, machine) ||
                        rd_maker_deletes(maker, rd_set_index(maker->live, rd_owner_source(live)));
    bool is_written =
        !rd_type_is(live->type, "tags") && rd_map_get(&maker->written, live->id) != NULL;
    if (machine != RD_NONE && !is_left_over && maker->live_desired[machine] != RD_NONE)
        return;
    if (rd_type_is(live->type, "keep")) {
        if (is_marked)
            rd_maker_leave(maker, live->id, "redoubt keeps it: others may rely on it");
        return;
    }
    if (is_marked || is_below_deleted || is_left_over || is_written) {
        struct rd_str reason = RD_STR("no longer in the spec");
        if (!is_marked && is_left_over)
            reason = RD_STR("its virtual machine goes");
        else if (!is_marked && is_below_deleted)
            reason = rd_arena_printf(maker->arena, "its %.*s goes",
                                     RD_FMT(maker->live->resources[above].type->label));
        if (!is_below_deleted && rd_json_exists(rd_json_get(live->type->row, RD_STR("retire"))))
            retire(maker, index, reason);
        else
            (void)rd_maker_add(maker, RD_CHANGE_DELETE, RD_NONE, (int64_t)index, reason);
        return;
    }
    /* What is seen only because it reaches down from a scope of others is not ours to mention. */
    if (rd_set_ancestor(maker->live, live->id) == RD_NONE && !rd_type_is_group(live->type))
        return;
    struct rd_str other = rd_owner_other(maker->scratch, live, maker->owner);
    rd_maker_leave(
        maker, live->id,
        other.n > 0
            ? rd_arena_printf(maker->scratch, "it belongs to the enclave '%.*s'", RD_FMT(other)).p
            : "not in the spec, and nothing proves that it is redoubt's");
}

static bool is_orphan_group(struct rd_maker *maker, size_t index)
{
    return maker->live_desired[index] == RD_NONE &&
           rd_owner_is_marked(&maker->live->resources[index], maker->owner);
}

static bool comes_late(const struct rd_type *type)
{
    return rd_type_is(type, "appears") || rd_json_exists(rd_json_at(type->row, "retire"));
}

/* Containers first; what appears by itself, or is retired, after the machines that it may belong
 * to. */
static void decide_orphans(struct rd_maker *maker)
{
    const struct rd_set *live = maker->live;
    uint32_t *order = rd_arena_array(maker->scratch, live->count, sizeof(*order));
    rd_set_order(live, order);
    for (int is_late = 0; is_late < 2; is_late++)
        for (size_t i = 0; i < live->count; i++) {
            size_t index = order[i];
            const struct rd_resource *resource = &live->resources[index];
            bool is_ours_to_group =
                rd_type_is_group(resource->type) && rd_owner_is_marked(resource, maker->owner);
            if (maker->live_desired[index] == RD_NONE && !is_ours_to_group &&
                (int)comes_late(resource->type) == is_late)
                decide_orphan(maker, index);
        }
    rd_maker_delete_groups(maker, is_orphan_group);
}

enum rd_rc rd_plan_make(struct rd_arena *arena, const struct rd_set *desired,
                        const struct rd_set *live, struct rd_plan **ret_plan, struct rd_err *err)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *scratch = rd_arena_new(0);
    RD_CLEANUP(rd_maker_done) struct rd_maker maker;
    rd_maker_init(&maker, arena, scratch, desired, live);
    maker.plan->desired = desired;
    RD_TRY(decide_desired(&maker, err));
    rd_maker_renew(&maker);
    decide_orphans(&maker);
    RD_TRY(rd_maker_check_made(&maker, err));
    RD_TRY(rd_maker_find_rivals(&maker, err));
    rd_maker_find_takers(&maker);
    rd_maker_tell_affected(&maker);
    RD_TRY(rd_maker_make_steps(&maker, err));
    *ret_plan = maker.plan;
    return RD_RC_OK;
}
