/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "make_internal.h"

/*
 * What only one resource of a type may have at a time (column sole): a firewall its subnet, a
 * workspace its application group, a vault the machine that it protects. A new one under another
 * name is made when the old one is gone. Where that cannot be, because the service keeps the thing
 * taken or something needs both in turn, the plan is refused with the remedy.
 */

void rd_maker_each_at(const struct rd_json *value, struct rd_str path,
                      void (*visit)(void *, const struct rd_json *), void *data)
{
    if (path.n == 0) {
        if (rd_json_exists(value))
            visit(data, value);
        return;
    }
    size_t dot = rd_str_find_char(path, '.', 0);
    struct rd_str rest =
        dot == RD_STR_NONE ? (struct rd_str){"", 0} : rd_str_sub(path, dot + 1, path.n);
    struct rd_str first = rd_str_sub(path, 0, dot == RD_STR_NONE ? path.n : dot);
    if (!rd_str_is(first, "*")) {
        rd_maker_each_at(rd_json_get(value, first), rest, visit, data);
        return;
    }
    for (size_t i = 0; i < rd_json_count(value); i++)
        rd_maker_each_at(rd_json_item(value, i), rest, visit, data);
}

struct claims {
    struct rd_maker *maker;
    struct rd_map *claimants; /* key -> live index + 1 of what this plan deletes */
    /* Of the resource that is looked at: */
    const struct rd_json *row;
    const struct rd_resource *resource;
    int64_t live; /* it claims as what goes, or RD_NONE: it asks as what comes */
    int64_t *rivals;
    size_t rival_count;
    size_t rival_cap;
};

/* Names what is claimed; below one parent only where the row says so. */
static struct rd_str key_of(const struct claims *claims, const struct rd_json *value)
{
    struct rd_arena *scratch = claims->maker->scratch;
    struct rd_str text = rd_json_str(value);
    struct rd_arm_id id = {.parent = RD_STR("")};
    if (rd_str_is(rd_json_str(rd_json_at(claims->row, "below")), "parent"))
        (void)rd_arm_id_parse(claims->resource->id, &id);
    if (text.n == 0)
        text = rd_json_text(scratch, value, RD_JSON_COMPACT);
    return rd_arena_printf(scratch, "%.*s %.*s %.*s %.*s", RD_FMT(claims->resource->type->name),
                           RD_FMT(rd_json_str(rd_json_at(claims->row, "path"))), RD_FMT(id.parent),
                           RD_FMT(text));
}

static void claim(void *data, const struct rd_json *value)
{
    struct claims *claims = data;
    struct rd_str key = key_of(claims, value);
    if (claims->live != RD_NONE) {
        (void)rd_map_add(claims->claimants, key, (void *)(uintptr_t)(claims->live + 1));
        return;
    }
    void *found = rd_map_get(claims->claimants, key);
    if (found == NULL)
        return;
    claims->rivals = rd_arena_grow(claims->maker->scratch, claims->rivals, claims->rival_count,
                                   &claims->rival_cap, sizeof(*claims->rivals));
    claims->rivals[claims->rival_count++] = (int64_t)((uintptr_t)found - 1);
}

static void look_at(struct claims *claims, const struct rd_resource *resource, int64_t live,
                    const struct rd_json *row)
{
    claims->row = row;
    claims->resource = resource;
    claims->live = live;
    rd_maker_each_at(&resource->body, rd_json_str(rd_json_at(row, "path")), claim, claims);
}

/* What stays and is written anew, and names the old one until the new one is there: the old one
 * cannot go before it, nor the new one come. NULL when there is none. */
static const struct rd_resource *keeper_of(const struct rd_maker *maker, int64_t rival)
{
    for (size_t i = 0; i < maker->plan->change_count; i++) {
        const struct rd_change *change = &maker->plan->changes[i];
        if (change->kind != RD_CHANGE_UPDATE || change->live == NULL || change->desired == NULL ||
            !rd_json_exists(rd_json_get(change->type->row, RD_STR("along"))))
            continue;
        for (uint32_t n = 0; n < change->live->need_count; n++)
            if (change->live->needs[n] == (uint32_t)rival)
                return change->live;
    }
    return NULL;
}

RD_NODISCARD static enum rd_rc refuse(const struct rd_change *change, const struct rd_resource *old,
                                      struct rd_str path, struct rd_str remedy, struct rd_err *err)
{
    return rd_err_hint(
        RD_FAIL(err, RD_RC_INVALID,
                "%.*s '%.*s' cannot take the place of '%.*s': '%.*s' is the same of both, and it "
                "stays taken",
                RD_FMT(change->type->label), RD_FMT(change->desired->name), RD_FMT(old->name),
                RD_FMT(path)),
        err, "%.*s", RD_FMT(remedy));
}

RD_NODISCARD static enum rd_rc settle(struct claims *claims, uint32_t index, struct rd_err *err)
{
    struct rd_maker *maker = claims->maker;
    const struct rd_change *change = &maker->plan->changes[index];
    struct rd_str remedy = rd_json_str(rd_json_at(claims->row, "remedy"));
    for (size_t i = 0; i < claims->rival_count; i++) {
        int64_t rival = claims->rivals[i];
        const struct rd_resource *old = &maker->live->resources[rival];
        if (rd_str_eq_case(old->id, change->id))
            continue;
        if (remedy.n > 0)
            return refuse(change, old, rd_json_str(rd_json_at(claims->row, "path")), remedy, err);
        const struct rd_resource *keeper = keeper_of(maker, rival);
        if (keeper != NULL)
            return rd_err_hint(
                RD_FAIL(err, RD_RC_INVALID,
                        "%.*s '%.*s' cannot take the place of '%.*s': %.*s '%.*s' names the old "
                        "one until the new one is there",
                        RD_FMT(change->type->label), RD_FMT(change->desired->name),
                        RD_FMT(old->name), RD_FMT(keeper->type->label), RD_FMT(keeper->name)),
                err, "give the %.*s a new name as well, or keep the name '%.*s'",
                RD_FMT(keeper->type->label), RD_FMT(old->name));
        maker->rivals = rd_arena_grow(maker->scratch, maker->rivals, maker->rival_count,
                                      &maker->rival_cap, sizeof(*maker->rivals));
        maker->rivals[maker->rival_count++] = (struct rd_rival){.change = index, .live = rival};
    }
    return RD_RC_OK;
}

static const struct rd_json *rows_of(const struct rd_type *type)
{
    return rd_json_get(type->row, RD_STR("sole"));
}

enum rd_rc rd_maker_find_rivals(struct rd_maker *maker, struct rd_err *err)
{
    const struct rd_plan *plan = maker->plan;
    if (plan->counts[RD_CHANGE_DELETE] == 0)
        return RD_RC_OK;
    RD_CLEANUP(rd_map_done) struct rd_map claimants;
    rd_map_init(&claimants, true);
    struct claims claims = {.maker = maker, .claimants = &claimants, .live = RD_NONE};
    for (size_t i = 0; i < plan->change_count; i++) {
        const struct rd_change *change = &plan->changes[i];
        const struct rd_json *rows = rows_of(change->type);
        for (size_t r = 0; r < rd_json_count(rows) && change->kind == RD_CHANGE_DELETE; r++)
            look_at(&claims, change->live, change->live - maker->live->resources,
                    rd_json_item(rows, r));
    }
    for (size_t i = 0; i < plan->change_count; i++) {
        const struct rd_change *change = &plan->changes[i];
        const struct rd_json *rows = rows_of(change->type);
        for (size_t r = 0; r < rd_json_count(rows) && change->kind == RD_CHANGE_CREATE; r++) {
            claims.rival_count = 0;
            look_at(&claims, change->desired, RD_NONE, rd_json_item(rows, r));
            RD_TRY(settle(&claims, (uint32_t)i, err));
        }
    }
    return RD_RC_OK;
}
