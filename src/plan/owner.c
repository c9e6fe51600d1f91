/* SPDX-License-Identifier: Apache-2.0 */
#include "make_internal.h"

bool rd_type_is(const struct rd_type *type, const char *column)
{
    return rd_json_is_true(rd_json_at(type->row, column));
}

bool rd_type_is_group(const struct rd_type *type)
{
    return rd_str_is_case(type->name, "Microsoft.Resources/resourceGroups");
}

struct rd_str rd_owner_name(const struct rd_resource *live)
{
    return rd_json_str(rd_json_get_case(rd_json_at(&live->body, "tags"), RD_STR(RD_TAG_ENCLAVE)));
}

struct rd_str rd_owner_other(struct rd_arena *arena, const struct rd_resource *live,
                             const struct rd_set *owner)
{
    struct rd_str name = rd_owner_name(live);
    struct rd_str id =
        rd_json_str(rd_json_get_case(rd_json_at(&live->body, "tags"), RD_STR(RD_TAG_ENCLAVE_ID)));
    if (name.n == 0 || !rd_str_eq(name, owner->name))
        return name;
    if (id.n == 0 || owner->enclave_id.n == 0 || rd_str_eq_case(id, owner->enclave_id))
        return (struct rd_str){"", 0};
    return rd_arena_printf(arena, "%.*s' of another subscription (tag %s=%.*s), not to this '%.*s",
                           RD_FMT(name), RD_TAG_ENCLAVE_ID, RD_FMT(id), RD_FMT(name));
}

bool rd_owner_is_marked(const struct rd_resource *live, const struct rd_set *owner)
{
    return rd_set_owns_tags(owner, rd_json_at(&live->body, "tags")) ||
           (rd_set_owns_mark(owner,
                             rd_json_str(rd_json_at(&live->body, "properties.description"))) &&
            rd_str_is_case(live->type->name, "Microsoft.Authorization/roleAssignments"));
}

/* Whether a text of the body (or the name) is what a mark says, with the enclave's name in it. */
static bool fits_mark(struct rd_str text, struct rd_str pattern, struct rd_str enclave)
{
    const struct rd_str place = RD_STR("{enclave}");
    size_t at = rd_str_find(pattern, place, 0);
    if (at == RD_STR_NONE)
        return rd_str_eq(text, pattern);
    struct rd_str before = rd_str_sub(pattern, 0, at);
    struct rd_str after = rd_str_sub(pattern, at + place.n, pattern.n);
    return text.n == before.n + enclave.n + after.n && rd_str_has_prefix(text, before) &&
           rd_str_eq(rd_str_sub(text, before.n, before.n + enclave.n), enclave) &&
           rd_str_eq(rd_str_sub(text, before.n + enclave.n, text.n), after);
}

/* A name is redoubt's own only on what is: on a thing of others anybody may have chosen it. */
static bool stands_on_ours(const struct rd_maker *maker, const struct rd_resource *live)
{
    int64_t above = rd_owner_above(maker->live, live->id);
    if (above == RD_NONE)
        return false;
    int32_t desired = maker->live_desired[above];
    return rd_owner_is_marked(&maker->live->resources[above], maker->owner) &&
           (desired == RD_NONE || !maker->desired->resources[desired].is_existing);
}

bool rd_maker_is_ours(const struct rd_maker *maker, size_t index)
{
    const struct rd_resource *live = &maker->live->resources[index];
    if (rd_owner_is_marked(live, maker->owner))
        return true;
    const struct rd_json *mark = rd_json_get(live->type->row, RD_STR("mark"));
    for (size_t i = 0; i < rd_json_count(mark); i++) {
        struct rd_str path = mark->u.members[i].key;
        bool is_name = rd_str_is(path, "name");
        struct rd_str text = is_name ? live->name : rd_json_str(rd_json_at_str(&live->body, path));
        if (!fits_mark(text, rd_json_str(&mark->u.members[i].value), maker->enclave) ||
            (is_name && !stands_on_ours(maker, live)))
            return false;
    }
    return rd_json_count(mark) > 0 && maker->enclave.n > 0;
}

int64_t rd_owner_above(const struct rd_set *live, struct rd_str id)
{
    int64_t above = rd_set_ancestor(live, id);
    return above != RD_NONE && rd_type_is_group(live->resources[above].type) ? RD_NONE : above;
}

struct rd_str rd_owner_machine(const struct rd_resource *live)
{
    if (!rd_type_is(live->type, "appears"))
        return (struct rd_str){"", 0};
    return rd_json_str(rd_json_at(&live->body, "properties.resourceId"));
}

struct rd_str rd_owner_source(const struct rd_resource *live)
{
    struct rd_str path = rd_json_str(rd_json_at(live->type->row, "retire.source"));
    return path.n == 0 ? path : rd_json_str(rd_json_at_str(&live->body, path));
}

bool rd_owner_is_retired(const struct rd_resource *live)
{
    const struct rd_json *row = rd_json_get(live->type->row, RD_STR("retire"));
    struct rd_str path = rd_json_str(rd_json_get(row, RD_STR("is")));
    struct rd_str deleted = rd_json_str(rd_json_get(row, RD_STR("deleted")));
    if (path.n == 0 || rd_json_is_true(rd_json_at_str(&live->body, deleted)))
        return false;
    return rd_str_eq_case(rd_json_str(rd_json_at_str(&live->body, path)),
                          rd_json_str(rd_json_at_str(rd_json_get(row, RD_STR("set")), path)));
}

bool rd_owner_is_under_way(const struct rd_resource *live)
{
    /* Azure's rule is that whatever is not terminal is under way, but a managed HSM rests as
     * Activated, so the words are named (azure-compute 1.3 and the types' own sections). */
    static const char *const states[] = {
        "Creating",       "Updating",     "Accepted",
        "InProgress",     "Provisioning", "ProvisioningAccount",
        "RegisteringDns", "Running",
    };
    struct rd_str state = rd_json_str(rd_json_at(&live->body, "properties.provisioningState"));
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (rd_str_is_case(state, states[i]))
            return true;
    return false;
}

/* Whether its power, where it was read, is that state. */
static bool has_power(const struct rd_resource *live, struct rd_str state)
{
    struct rd_str path = rd_json_str(rd_json_at(live->type->row, "boots.path"));
    const struct rd_json *statuses =
        path.n > 0 ? rd_json_at_str(&live->body, path) : &rd_json_absent;
    for (size_t i = 0; i < rd_json_count(statuses); i++)
        if (rd_str_eq_case(rd_json_str(rd_json_at(rd_json_item(statuses, i), "code")), state))
            return true;
    return false;
}

bool rd_owner_is_unstarted(const struct rd_resource *live)
{
    return has_power(live, RD_STR("PowerState/stopped"));
}

/* Whether it was read with its power, and is not up. */
static bool is_down(const struct rd_resource *live)
{
    return rd_owner_is_unstarted(live) || has_power(live, RD_STR("PowerState/deallocating")) ||
           has_power(live, RD_STR("PowerState/deallocated"));
}

bool rd_maker_is_halted(const struct rd_maker *maker, const struct rd_resource *live)
{
    return is_down(live) && rd_map_get(&maker->halted, live->id) != NULL;
}

bool rd_change_halts(const struct rd_change *change)
{
    for (size_t i = 0; i < change->field_count && change->kind == RD_CHANGE_UPDATE; i++)
        if (change->fields[i].halts)
            return true;
    return false;
}

struct rd_str rd_owner_dead_state(const struct rd_resource *live)
{
    const struct rd_json *dead = rd_json_get(live->type->row, RD_STR("dead"));
    for (size_t i = 0; i < rd_json_count(dead); i++) {
        struct rd_str state = rd_json_str(rd_json_at_str(&live->body, dead->u.members[i].key));
        const struct rd_json *states = &dead->u.members[i].value;
        for (size_t k = 0; k < rd_json_count(states); k++)
            if (rd_str_eq_case(rd_json_str(rd_json_item(states, k)), state))
                return state;
    }
    return (struct rd_str){"", 0};
}

bool rd_owner_is_deleting(const struct rd_resource *live)
{
    return rd_str_is_case(rd_json_str(rd_json_at(&live->body, "properties.provisioningState")),
                          "Deleting");
}

bool rd_owner_is_going(const struct rd_set *live, int64_t index)
{
    for (int64_t at = index; at != RD_NONE;) {
        const struct rd_resource *resource = &live->resources[at];
        if (rd_owner_is_deleting(resource))
            return true;
        at = rd_set_ancestor(live, resource->id);
    }
    return false;
}

bool rd_owner_is_service(const struct rd_resource *live)
{
    const struct rd_json *names = rd_json_get(live->type->row, RD_STR("own"));
    for (size_t i = 0; i < rd_json_count(names); i++)
        if (rd_str_eq_case(rd_json_str(rd_json_item(names, i)), live->name))
            return true;
    return false;
}
