/* SPDX-License-Identifier: Apache-2.0 */
#include "price.h"

/* Moves `percent` of all VMs to another size. */
static void resize(struct rd_arena *arena, struct bill *bill, const struct rd_json *row)
{
    struct rd_str to = rd_json_str(rd_json_at(row, "to"));
    int64_t percent = rd_json_int(rd_json_at(row, "percent"), 100);
    int64_t moved = 0;
    for (size_t i = 0; i < bill->count; i++) {
        if (!rd_str_has_prefix(bill->items[i].key, RD_STR("vm/")))
            continue;
        int64_t part = bill->items[i].count * percent / 100;
        bill->items[i].count -= part;
        moved += part;
    }
    bill_add(arena, bill, rd_arena_printf(arena, "vm/%.*s", RD_FMT(to)), "compute", moved, true);
}

/* Moves `percent` of all disks to another kind, of the same size. */
static void change_disks(struct rd_arena *arena, struct bill *bill, struct rd_str sku,
                         int64_t percent)
{
    size_t count = bill->count; /* those that are added need no second look */
    for (size_t i = 0; i < count; i++) {
        struct rd_str key = bill->items[i].key;
        if (!rd_str_has_prefix(key, RD_STR("disk/")))
            continue;
        int64_t part = bill->items[i].count * percent / 100;
        struct rd_str size = rd_str_after_last(key, '/');
        bill->items[i].count -= part;
        bill_add(arena, bill, rd_arena_printf(arena, "disk/%.*s/%.*s", RD_FMT(sku), RD_FMT(size)),
                 "disks", part, true);
    }
}

static void scale_users(struct bill *bill, int64_t users)
{
    if (bill->users <= 0)
        return;
    for (size_t i = 0; i < bill->count; i++)
        if (bill->items[i].grows)
            bill->items[i].count = (bill->items[i].count * users + bill->users - 1) / bill->users;
    bill->users = users;
}

static struct bill vary(struct rd_arena *arena, const struct bill *base, const struct rd_json *row)
{
    struct bill bill = bill_copy(arena, base);
    if (rd_json_exists(rd_json_at(row, "resize")))
        resize(arena, &bill, rd_json_at(row, "resize"));
    if (rd_json_exists(rd_json_at(row, "disk_sku")))
        change_disks(arena, &bill, rd_json_str(rd_json_at(row, "disk_sku")),
                     rd_json_int(rd_json_at(row, "disk_percent"), 100));
    if (rd_json_is_true(rd_json_at(row, "always_on")))
        bill.days_per_month = 0;
    if (rd_json_exists(rd_json_at(row, "ingestion_gb")))
        for (size_t i = 0; i < bill.count; i++)
            if (rd_str_has_prefix(bill.items[i].key, RD_STR("logs/")))
                bill.items[i].count = rd_json_int(rd_json_at(row, "ingestion_gb"), 0);
    if (rd_json_exists(rd_json_at(row, "users")))
        scale_users(&bill, rd_json_int(rd_json_at(row, "users"), 0));
    bill.license_cents = rd_json_int(rd_json_at(row, "license_per_user_cents"), bill.license_cents);
    return bill;
}

enum rd_rc rd_cost_scenarios(struct rd_arena *arena, const struct rd_set *set, struct rd_str sheet,
                             struct rd_scenario **ret_scenarios, size_t *ret_count,
                             struct rd_err *err)
{
    const struct rd_json *table = NULL;
    struct bill base = {0};
    RD_TRY(sheet_find(arena, set, sheet, &table, err));
    RD_TRY(bill_make(arena, set, &base, err));
    const struct rd_json *rows = rd_json_at(table, "scenarios");
    size_t count = rd_json_count(rows) + 1;
    struct rd_scenario *scenarios = rd_arena_array(arena, count, sizeof(*scenarios));
    scenarios[0].name = RD_STR("baseline");
    scenarios[0].title = RD_STR("as the spec says");
    RD_TRY(bill_price(arena, &base, table, &scenarios[0].price, err));
    for (size_t i = 1; i < count; i++) {
        const struct rd_json *row = rd_json_item(rows, i - 1);
        struct bill bill = vary(arena, &base, row);
        scenarios[i].name = rd_json_str(rd_json_at(row, "name"));
        scenarios[i].title = rd_json_str(rd_json_at(row, "title"));
        RD_TRY(bill_price(arena, &bill, table, &scenarios[i].price, err));
        scenarios[i].saving_month_micro =
            scenarios[0].price->month_micro - scenarios[i].price->month_micro;
    }
    *ret_scenarios = scenarios;
    *ret_count = count;
    return RD_RC_OK;
}
