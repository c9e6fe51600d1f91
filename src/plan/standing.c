/* SPDX-License-Identifier: Apache-2.0 */
#include "make_internal.h"

/*
 * What the service refuses to change while something stands: a key's size (column bits), a subnet's
 * range with machines in it (column occupied), the content of an image version that was built
 * (column makes), the pool of hosts whose agents have registered (column registers). To find that
 * out in the middle of a run leaves half an enclave, so such a plan is refused with its remedy.
 */

/* " (spec: hosts)", or "". */
static struct rd_str origin_of(struct rd_arena *scratch, const struct rd_resource *desired)
{
    if (desired->origin.n == 0)
        return (struct rd_str){"", 0};
    return rd_arena_printf(scratch, " (spec: %.*s)", RD_FMT(desired->origin));
}

/* The number itself, or how many bits one in base64url has, as keys show their modulus: its first
 * byte is not 0. */
static int64_t bits_of(const struct rd_json *value)
{
    struct rd_str text = rd_json_str(value);
    if (rd_json_is(value, RD_JSON_INT))
        return rd_json_int(value, 0);
    while (text.n > 0 && text.p[text.n - 1] == '=')
        text.n--;
    return (int64_t)(text.n * 6 / 8 * 8);
}

enum rd_rc rd_maker_check_bits(const struct rd_maker *maker, const struct rd_change *draft,
                               struct rd_err *err)
{
    const struct rd_json *bits = rd_json_get(draft->desired->type->row, RD_STR("bits"));
    for (size_t i = 0; i < draft->field_count; i++)
        if (draft->fields[i].replaces)
            return RD_RC_OK; /* a new one has the size that is wanted */
    for (size_t i = 0; i < rd_json_count(bits); i++) {
        struct rd_str path = bits->u.members[i].key;
        int64_t wanted = rd_json_int(rd_json_at_str(&draft->desired->body, path), 0);
        int64_t stands =
            bits_of(rd_json_at_str(&draft->live->body, rd_json_str(&bits->u.members[i].value)));
        if (wanted == 0 || stands == 0 || wanted == stands)
            continue;
        return rd_err_hint(
            RD_FAIL(err, RD_RC_INVALID,
                    "'%.*s' of %.*s '%.*s' cannot change: it is %lld, the spec says %lld%.*s",
                    RD_FMT(path), RD_FMT(draft->desired->type->label), RD_FMT(draft->desired->name),
                    (long long)stands, (long long)wanted,
                    RD_FMT(origin_of(maker->scratch, draft->desired))),
            err,
            "it keeps its size for life: keep %lld, or give it another name, so that a new one is "
            "made beside it",
            (long long)stands);
    }
    return RD_RC_OK;
}

static const struct rd_json *item_named(const struct rd_json *items, struct rd_str name)
{
    for (size_t i = 0; i < rd_json_count(items); i++)
        if (rd_str_eq_case(rd_json_str(rd_json_get(rd_json_item(items, i), RD_STR("name"))), name))
            return rd_json_item(items, i);
    return &rd_json_absent;
}

/* The path of `item` that the spec changes although it must not, "" when the item itself goes. */
static bool changes_kept(const struct rd_json *keep, const struct rd_json *wanted,
                         const struct rd_json *stands, struct rd_str *ret_path)
{
    *ret_path = (struct rd_str){"", 0};
    if (!rd_json_exists(wanted))
        return true;
    for (size_t i = 0; i < rd_json_count(keep); i++) {
        struct rd_str path = rd_json_str(rd_json_item(keep, i));
        struct rd_str before = rd_json_str(rd_json_at_str(stands, path));
        struct rd_str after = rd_json_str(rd_json_at_str(wanted, path));
        *ret_path = path;
        if (before.n > 0 && after.n > 0 && !rd_str_eq_case(before, after))
            return true;
    }
    return false;
}

/* Who is in an item: as the service tells it there, or as the live set does. */
struct users {
    struct rd_str item; /* its id */
    const struct rd_resource *resource;
    struct rd_str first;
    size_t count;
};

static void look_for_user(void *data, const struct rd_json *value)
{
    struct users *users = data;
    if (users->item.n == 0 || !rd_str_eq_case(rd_json_str(value), users->item))
        return;
    users->first = users->count == 0 ? users->resource->id : users->first;
    users->count++;
}

static struct users users_of(const struct rd_maker *maker, const struct rd_json *row,
                             const struct rd_json *stands)
{
    const struct rd_json *by = rd_json_at_str(stands, rd_json_str(rd_json_at(row, "by")));
    struct users users = {.item = rd_json_str(rd_json_at(stands, "id")), .first = RD_STR("")};
    for (size_t i = 0; i < maker->live->count && rd_json_count(by) == 0; i++) {
        users.resource = &maker->live->resources[i];
        rd_maker_each_at(&users.resource->body, rd_json_str(rd_json_at(row, "users")),
                         look_for_user, &users);
    }
    if (rd_json_count(by) > 0) {
        users.first = rd_json_str(rd_json_at(rd_json_item(by, 0), "id"));
        users.count = rd_json_count(by);
    }
    return users;
}

RD_NODISCARD static enum rd_rc fail_occupied(const struct rd_maker *maker,
                                             const struct rd_change *draft,
                                             const struct rd_json *stands, struct rd_str path,
                                             const struct users *users, struct rd_err *err)
{
    const struct rd_json *row = rd_json_get(draft->desired->type->row, RD_STR("occupied"));
    struct rd_str what = RD_STR("it would go");
    if (path.n > 0)
        what = rd_arena_printf(maker->scratch, "'%.*s' changes", RD_FMT(path));
    return rd_err_hint(
        RD_FAIL(err, RD_RC_INVALID,
                "'%.*s' of %.*s '%.*s' cannot change while it is in use: %.*s%.*s, and %zu stand%s "
                "in it, such as '%.*s'",
                RD_FMT(rd_json_str(rd_json_at(stands, "name"))),
                RD_FMT(draft->desired->type->label), RD_FMT(draft->desired->name), RD_FMT(what),
                RD_FMT(origin_of(maker->scratch, draft->desired)), users->count,
                users->count == 1 ? "s" : "", RD_FMT(users->first)),
        err, "%.*s", RD_FMT(rd_json_str(rd_json_at(row, "remedy"))));
}

/* Only a write that touches the items can hurt one: what others added beside is none of it. */
enum rd_rc rd_maker_check_occupied(const struct rd_maker *maker, const struct rd_change *draft,
                                   struct rd_err *err)
{
    const struct rd_json *row = rd_json_get(draft->desired->type->row, RD_STR("occupied"));
    struct rd_str items = rd_json_str(rd_json_get(row, RD_STR("items")));
    bool touches = false;
    for (size_t i = 0; i < draft->field_count && items.n > 0; i++)
        touches = touches || rd_str_has_prefix(draft->fields[i].path, items);
    if (!touches || draft->kind != RD_CHANGE_UPDATE)
        return RD_RC_OK;
    const struct rd_json *live = rd_json_at_str(&draft->live->body, items);
    const struct rd_json *wanted = rd_json_at_str(&draft->desired->body, items);
    for (size_t i = 0; i < rd_json_count(live); i++) {
        const struct rd_json *stands = rd_json_item(live, i);
        const struct rd_json *item = item_named(wanted, rd_json_str(rd_json_at(stands, "name")));
        struct rd_str path;
        if (!changes_kept(rd_json_at(row, "keep"), item, stands, &path))
            continue;
        struct users users = users_of(maker, row, stands);
        if (users.count > 0)
            return fail_occupied(maker, draft, stands, path, &users, err);
    }
    return RD_RC_OK;
}

/* What it would make, and stands already (column makes): absent, or the id. */
struct made {
    const struct rd_maker *maker;
    struct rd_str id;
};

static void look_for_made(void *data, const struct rd_json *value)
{
    struct made *made = data;
    int64_t live = rd_set_index(made->maker->live, rd_json_str(value));
    if (live != RD_NONE && !rd_maker_deletes(made->maker, live))
        made->id = made->maker->live->resources[live].id;
}

RD_NODISCARD static enum rd_rc check_makes(const struct rd_maker *maker,
                                           const struct rd_change *change, struct rd_err *err)
{
    const struct rd_json *row = rd_json_get(change->type->row, RD_STR("makes"));
    struct rd_str path = rd_json_str(rd_json_get(row, RD_STR("path")));
    struct made made = {.maker = maker, .id = {"", 0}};
    if (path.n > 0)
        rd_maker_each_at(&change->desired->body, path, look_for_made, &made);
    if (made.id.n == 0)
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                               "%.*s '%.*s' would have to be made anew (%.*s), but what it makes "
                               "stands already: '%.*s'",
                               RD_FMT(change->type->label), RD_FMT(change->desired->name),
                               RD_FMT(change->reason), RD_FMT(made.id)),
                       err, "%.*s", RD_FMT(rd_json_str(rd_json_get(row, RD_STR("remedy")))));
}

/* Whether what registers this anew is run by the plan: one of what it needs below its machine. */
static bool is_registered_anew(const struct rd_maker *maker, const struct rd_resource *resource)
{
    for (uint32_t n = 0; n < resource->need_count; n++) {
        const struct rd_resource *needed = &maker->desired->resources[resource->needs[n]];
        uint8_t kind = maker->kinds[resource->needs[n]];
        if (!rd_arm_id_is_within(resource->id, needed->id) &&
            (kind == RD_CHANGE_CREATE || kind == RD_CHANGE_REPLACE))
            return true;
    }
    return false;
}

/* An agent registers when it is installed, and stays with that pool: the configuration that runs
 * once more finds it registered and ends (column registers). */
RD_NODISCARD static enum rd_rc check_registers(const struct rd_maker *maker,
                                               const struct rd_change *change, struct rd_err *err)
{
    struct rd_str remedy = rd_json_str(rd_json_get(change->type->row, RD_STR("registers")));
    int64_t pool = rd_set_ancestor(maker->desired, change->id);
    if (remedy.n == 0 || pool == RD_NONE || maker->desired->resources[pool].is_existing ||
        is_registered_anew(maker, change->desired))
        return RD_RC_OK;
    if (maker->kinds[pool] != RD_CHANGE_CREATE && maker->kinds[pool] != RD_CHANGE_REPLACE)
        return RD_RC_OK;
    const struct rd_resource *owner = &maker->desired->resources[pool];
    return rd_err_hint(
        RD_FAIL(err, RD_RC_INVALID,
                "%.*s '%.*s' would be made anew (%.*s), but its hosts stand and do not register "
                "again: '%.*s'",
                RD_FMT(owner->type->label), RD_FMT(owner->name),
                RD_FMT(maker->plan->changes[maker->desired_change[pool]].reason),
                RD_FMT(change->desired->name)),
        err, "%.*s", RD_FMT(remedy));
}

enum rd_rc rd_maker_check_made(const struct rd_maker *maker, struct rd_err *err)
{
    for (size_t i = 0; i < maker->plan->change_count; i++) {
        const struct rd_change *change = &maker->plan->changes[i];
        if (change->kind != RD_CHANGE_CREATE && change->kind != RD_CHANGE_REPLACE)
            continue;
        RD_TRY(check_makes(maker, change, err));
        RD_TRY(check_registers(maker, change, err));
    }
    return RD_RC_OK;
}
