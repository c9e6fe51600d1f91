/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "expect.h"
#include "make_internal.h"

/* Who sits on which desktop: session hosts name their user, machines have the same name (an
 * Entra-joined host has no domain suffix; a domain-joined one's is cut off). */
struct seats {
    struct rd_map users;  /* machine's name -> struct rd_str of the user */
    struct rd_str *names; /* by host index: the machine's name */
    int64_t *host_ms;     /* by host index: how long its changes take one after the other */
    size_t host_count;
};

static const char *const impact_columns[] = {
    [RD_CHANGE_NONE] = NULL,
    [RD_CHANGE_CREATE] = NULL,
    [RD_CHANGE_UPDATE] = "impact.update",
    [RD_CHANGE_REPLACE] = "impact.replace",
    [RD_CHANGE_DELETE] = "impact.delete",
};

static bool is_machine(const struct rd_type *type)
{
    return rd_str_is_case(type->name, "Microsoft.Compute/virtualMachines");
}

static void find_users(struct rd_arena *scratch, const struct rd_set *set, struct seats *seats)
{
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        const struct rd_resource *resource = &set->resources[i];
        if (!rd_type_is_session_host(resource->type))
            continue;
        struct rd_str user = rd_json_str(rd_json_at(&resource->body, "properties.assignedUser"));
        if (user.n == 0)
            continue;
        size_t dot = rd_str_find_char(resource->name, '.', 0);
        struct rd_str *kept = rd_arena_zalloc(scratch, sizeof(*kept));
        *kept = user;
        (void)rd_map_set(&seats->users,
                         rd_str_sub(resource->name, 0, dot == RD_STR_NONE ? resource->name.n : dot),
                         kept);
    }
}

static struct rd_str machine_name(const struct rd_resource *machine)
{
    struct rd_str name =
        rd_json_str(rd_json_at(&machine->body, "properties.osProfile.computerName"));
    return name.n > 0 ? name : machine->name;
}

static void find_hosts(const struct rd_maker *maker, struct seats *seats)
{
    const struct rd_set *desired = maker->desired;
    for (size_t i = 0; desired != NULL && i < desired->count; i++)
        if (desired->resources[i].host >= (int32_t)seats->host_count)
            seats->host_count = (size_t)desired->resources[i].host + 1;
    seats->names = rd_arena_array(maker->scratch, seats->host_count, sizeof(*seats->names));
    seats->host_ms = rd_arena_array(maker->scratch, seats->host_count, sizeof(*seats->host_ms));
    for (size_t i = 0; desired != NULL && i < desired->count; i++) {
        const struct rd_resource *resource = &desired->resources[i];
        if (resource->host >= 0 && is_machine(resource->type))
            seats->names[resource->host] = machine_name(resource);
    }
    for (size_t i = 0; i < maker->plan->change_count; i++) {
        const struct rd_change *change = &maker->plan->changes[i];
        if (change->desired != NULL && change->desired->host >= 0)
            seats->host_ms[change->desired->host] += change->expected_ms;
    }
}

/* Whether what contains it is deleted too. */
static bool is_below_deleted(const struct rd_maker *maker, const struct rd_change *change)
{
    return change->live != NULL &&
           rd_maker_deletes(maker, rd_owner_above(maker->live, change->live->id));
}

int64_t rd_maker_delete_ms(const struct rd_maker *maker, const struct rd_change *change)
{
    int64_t below_s = rd_json_int(rd_json_get(change->type->row, RD_STR("delete_below_s")), -1);
    return below_s >= 0 && is_below_deleted(maker, change) ? below_s * 1000
                                                           : change->type->delete_ms;
}

static int64_t expected_ms(const struct rd_maker *maker, const struct rd_change *change)
{
    switch (change->kind) {
    case RD_CHANGE_CREATE:
        return rd_expect_create_ms(maker->desired, change->desired);
    case RD_CHANGE_UPDATE:
        return change->type->update_ms * (rd_change_halts(change) ? 3 : 1);
    case RD_CHANGE_REPLACE:
        return (rd_type_is(change->type, "with_parent") ? 0 : rd_maker_delete_ms(maker, change)) +
               rd_expect_create_ms(maker->desired, change->desired);
    case RD_CHANGE_DELETE:
        return rd_type_is(change->type, "with_parent") ? 0 : rd_maker_delete_ms(maker, change);
    case RD_CHANGE_NONE:
    default:
        return 0;
    }
}

/* The machine a change is about, or "" when it is not one host's. */
static struct rd_str machine_of(const struct rd_change *change, const struct seats *seats)
{
    if (change->desired != NULL && change->desired->host >= 0)
        return seats->names[change->desired->host];
    const struct rd_resource *resource = change->desired != NULL ? change->desired : change->live;
    if (is_machine(change->type))
        return machine_name(resource);
    return rd_type_is_session_host(change->type) ? resource->name : (struct rd_str){"", 0};
}

/* Tags are labels, and waiting for an end changes nothing: nobody at a desktop notices them. */
static bool is_unnoticed(const struct rd_change *change)
{
    if (change->kind != RD_CHANGE_UPDATE)
        return false;
    if (change->field_count == 0)
        return !rd_resource_has_failed(&change->live->body);
    for (size_t i = 0; i < change->field_count; i++)
        if (!rd_str_has_prefix(change->fields[i].path, RD_STR("tags")))
            return false;
    return true;
}

/* Whoever sits there loses it, and may get another. */
static struct rd_str affected_by_release(const struct rd_maker *maker,
                                         const struct rd_change *change, struct rd_str machine)
{
    struct rd_str user = rd_maker_loser(change);
    int32_t taker = maker->taker[change->live - maker->live->resources];
    struct rd_str other = RD_STR("");
    if (taker != RD_NONE)
        other = maker->desired->resources[taker].name;
    return rd_arena_printf(maker->arena, "%.*s loses the desktop %.*s%s%.*s", RD_FMT(user),
                           RD_FMT(machine), other.n > 0 ? " and gets " : "", RD_FMT(other));
}

static struct rd_str affected(const struct rd_maker *maker, const struct rd_change *change,
                              const struct seats *seats)
{
    const char *column = impact_columns[change->kind];
    if (change->kind == RD_CHANGE_DELETE && is_below_deleted(maker, change) &&
        rd_json_exists(rd_json_at(change->type->row, "impact.delete_below")))
        column = "impact.delete_below";
    if (rd_change_halts(change))
        column = "impact.halt";
    struct rd_str text = column == NULL ? (struct rd_str){"", 0}
                                        : rd_json_str(rd_json_at(change->type->row, column));
    if (text.n == 0 || is_unnoticed(change))
        return (struct rd_str){"", 0};
    struct rd_str machine = machine_of(change, seats);
    if (change->kind == RD_CHANGE_UPDATE && rd_type_is_session_host(change->type) &&
        rd_maker_loser(change).n > 0)
        return affected_by_release(maker, change, machine);
    const struct rd_str *user = machine.n == 0 ? NULL : rd_map_get(&seats->users, machine);
    if (user == NULL)
        return text;
    if (!is_machine(change->type) || change->kind == RD_CHANGE_UPDATE)
        return rd_arena_printf(maker->arena, "%.*s: %.*s", RD_FMT(*user), RD_FMT(text));
    if (change->kind == RD_CHANGE_DELETE)
        return rd_arena_printf(maker->arena, "%.*s loses %.*s: %.*s", RD_FMT(*user),
                               RD_FMT(machine), RD_FMT(text));
    int64_t host_ms =
        change->desired->host >= 0 ? seats->host_ms[change->desired->host] : change->expected_ms;
    enum { MINUTE_MS = 60000 };
    return rd_arena_printf(maker->arena, "%.*s loses %.*s for about %lld min: %.*s", RD_FMT(*user),
                           RD_FMT(machine), (long long)((host_ms + MINUTE_MS - 1) / MINUTE_MS),
                           RD_FMT(text));
}

void rd_maker_tell_affected(struct rd_maker *maker)
{
    struct rd_plan *plan = maker->plan;
    for (size_t i = 0; i < plan->change_count; i++)
        plan->changes[i].expected_ms = expected_ms(maker, &plan->changes[i]);
    /* Creating affects nobody, and an empty plan needs no looking at seats. */
    if (plan->change_count == plan->counts[RD_CHANGE_CREATE])
        return;
    struct seats seats = {.names = NULL};
    rd_map_init(&seats.users, true);
    find_users(maker->scratch, maker->desired, &seats);
    /* Whom a desktop is live assigned to is who notices. */
    find_users(maker->scratch, maker->live, &seats);
    find_hosts(maker, &seats);
    for (size_t i = 0; i < plan->change_count; i++)
        plan->changes[i].affected = affected(maker, &plan->changes[i], &seats);
    rd_map_done(&seats.users);
}
