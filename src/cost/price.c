/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bill times a sheet. All money is micro-units in int64_t; a product that does not fit is an
 * error. Sheets say how their source rounds, so that its own tables come out.
 */
#include "price.h"

#include <stdio.h>
#include <string.h>

#include "facts/facts.h"

enum { MICRO = 1000000, NEAREST_COUNT = 3 };

/* Half to even, as the source's own tables do: 912.50 is 912. */
static int64_t round_units(int64_t micro)
{
    int64_t units = micro / MICRO;
    int64_t rest = micro % MICRO;
    if (rest * 2 > MICRO || (rest * 2 == MICRO && units % 2 != 0))
        units++;
    return units * MICRO;
}

/* " (list-2026 has it)", or "". */
static const char *other_sheet(struct rd_arena *arena, struct rd_str key)
{
    size_t count;
    const char *const *names = rd_facts_names(&count);
    for (size_t i = 0; i < count; i++)
        if (strncmp(names[i], "prices/", 7) == 0 &&
            rd_json_exists(
                rd_json_get_case(rd_json_at(rd_facts_embedded(names[i]), "prices"), key)))
            return rd_arena_printf(arena, " ('%s' has it)", names[i] + 7).p;
    return "";
}

/* The keys of the same kind that are nearest to the one that is missing. */
RD_NODISCARD static enum rd_rc fail_unpriced(struct rd_arena *arena, const struct rd_json *prices,
                                             struct rd_str key, struct rd_str sheet,
                                             struct rd_err *err)
{
    struct rd_str kind = rd_str_sub(key, 0, rd_str_find_char(key, '/', 0) + 1);
    struct rd_str names[256];
    size_t count = 0;
    for (size_t i = 0; i < rd_json_count(prices) && count < 256; i++)
        if (rd_str_has_prefix(prices->u.members[i].key, kind))
            names[count++] = prices->u.members[i].key;
    char list[320] = "";
    for (size_t found = 0; found < NEAREST_COUNT && count > 0; found++) {
        struct rd_str near = rd_str_nearest(key, names, count);
        size_t at = 0;
        while (at < count && !rd_str_eq(names[at], near))
            at++;
        at = at == count ? 0 : at; /* nothing near: the first of its kind */
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof(list) - used, "%s%.*s", found == 0 ? "" : ", ",
                       RD_FMT(names[at]));
        names[at] = names[--count];
    }
    return rd_err_hint(
        RD_FAIL(err, RD_RC_NOT_FOUND, "price sheet '%.*s' has no price for '%.*s'", RD_FMT(sheet),
                RD_FMT(key)),
        err, "%s%s; add the price to the sheet, or name another one as the spec's cost.sheet%s",
        list[0] == '\0' ? "nothing like it is priced there" : "nearest: ", list,
        other_sheet(arena, key));
}

struct rate {
    int64_t price_micro;
    struct rd_str unit;
    struct rd_str round;
};

RD_NODISCARD static enum rd_rc find_rate(struct rd_arena *arena, const struct rd_json *sheet,
                                         struct rd_str key, struct rate *ret_rate,
                                         struct rd_err *err)
{
    struct rd_str name = rd_json_str(rd_json_at(sheet, "name"));
    const struct rd_json *prices = rd_json_at(sheet, "prices");
    const struct rd_json *row = rd_json_get_case(prices, key);
    if (!rd_json_exists(row))
        return fail_unpriced(arena, prices, key, name, err);
    if (!rd_json_fixed(rd_json_at(row, "price"), 6, &ret_rate->price_micro) ||
        ret_rate->price_micro < 0)
        return RD_FAIL(err, RD_RC_INVALID,
                       "price sheet '%.*s': the price of '%.*s' is no amount with at most six "
                       "decimals",
                       RD_FMT(name), RD_FMT(key));
    ret_rate->unit = rd_json_str(rd_json_at(row, "unit"));
    ret_rate->round = rd_json_str(rd_json_at(row, "round"));
    return RD_RC_OK;
}

/* Hours a month that one thing of this key is charged for. */
static int64_t hours_of(const struct bill *bill, const struct rd_json *sheet, struct rd_str key)
{
    int64_t always = rd_json_int(rd_json_at(sheet, "month_hours"), 730);
    bool is_scheduled = rd_str_has_prefix(key, RD_STR("vm/")) && bill->days_per_month > 0;
    return is_scheduled ? bill->hours_per_day * bill->days_per_month : always;
}

static struct rd_str describe(struct rd_arena *arena, const struct bill *bill,
                              const struct bill_item *item)
{
    struct rd_str name = item->key;
    size_t slash = rd_str_find_char(name, '/', 0);
    struct rd_str rest = rd_str_sub(name, slash + 1, name.n);
    long long count = (long long)item->count;
    if (rd_str_has_prefix(name, RD_STR("vm/")) && bill->days_per_month > 0)
        return rd_arena_printf(arena, "%lld x %.*s, %lld h x %lld days", count, RD_FMT(rest),
                               (long long)bill->hours_per_day, (long long)bill->days_per_month);
    if (rd_str_has_prefix(name, RD_STR("vm/")))
        return rd_arena_printf(arena, "%lld x %.*s, always on", count, RD_FMT(rest));
    if (rd_str_has_prefix(name, RD_STR("disk/"))) {
        size_t size = rd_str_find_char(rest, '/', 0);
        return rd_arena_printf(arena, "%lld x %.*s, %.*s GB", count,
                               RD_FMT(rd_str_sub(rest, 0, size)),
                               RD_FMT(rd_str_sub(rest, size + 1, rest.n)));
    }
    if (rd_str_has_prefix(name, RD_STR("logs/")) || rd_str_has_suffix(name, RD_STR("gb")) ||
        rd_str_has_prefix(name, RD_STR("firewall-gb/")))
        return rd_arena_printf(arena, "%lld GB, %.*s", count, RD_FMT(rest));
    return rd_arena_printf(arena, "%lld x %.*s", count, RD_FMT(rest));
}

static void add_line(struct rd_arena *arena, struct rd_price *price, struct rd_price_line line)
{
    price->lines =
        rd_arena_grow(arena, price->lines, price->line_count, &price->line_cap, sizeof(line));
    price->lines[price->line_count++] = line;
    price->month_micro += line.month_micro;
}

RD_NODISCARD static enum rd_rc price_item(struct rd_arena *arena, const struct bill *bill,
                                          const struct rd_json *sheet, const struct bill_item *item,
                                          struct rd_price *price, struct rd_err *err)
{
    struct rate rate = {0};
    RD_TRY(find_rate(arena, sheet, item->key, &rate, err));
    int64_t one = rate.price_micro;
    if (rd_str_is(rate.unit, "hour") &&
        __builtin_mul_overflow(one, hours_of(bill, sheet, item->key), &one))
        return RD_FAIL(err, RD_RC_LIMIT, "the price of '%.*s' is too large", RD_FMT(item->key));
    if (rd_str_is(rate.round, "unit"))
        one = round_units(one);
    int64_t month;
    if (__builtin_mul_overflow(one, item->count, &month) || month > INT64_MAX / 1000)
        return RD_FAIL(err, RD_RC_LIMIT, "the price of '%.*s' is too large", RD_FMT(item->key));
    if (rd_str_is(rate.round, "line"))
        month = round_units(month);
    add_line(arena, price,
             (struct rd_price_line){.group = item->group,
                                    .what = describe(arena, bill, item),
                                    .note = (struct rd_str){"", 0},
                                    .quantity_micro = item->count * MICRO,
                                    .unit = rate.unit,
                                    .unit_price_micro = rate.price_micro,
                                    .month_micro = month,
                                    .is_fixed = !item->grows});
    return RD_RC_OK;
}

/* "40 GB, ingestion" and "40 GB, sentinel" are "40 GB, ingestion and sentinel": of a sum that is
 * rounded as one, the parts would show cents that nobody pays. */
static void merge_lines(struct rd_arena *arena, struct rd_price *price, struct rd_str group)
{
    struct rd_price_line *first = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < price->line_count; i++) {
        const struct rd_price_line *line = &price->lines[i];
        bool is_part = rd_str_eq(line->group, group);
        if (is_part && first != NULL && first->quantity_micro == line->quantity_micro &&
            rd_str_eq(first->unit, line->unit)) {
            size_t comma = rd_str_find(line->what, RD_STR(", "), 0);
            struct rd_str kind =
                comma == RD_STR_NONE ? line->what : rd_str_sub(line->what, comma + 2, line->what.n);
            first->what =
                rd_arena_printf(arena, "%.*s and %.*s", RD_FMT(first->what), RD_FMT(kind));
            first->unit_price_micro += line->unit_price_micro;
            first->month_micro += line->month_micro;
            continue;
        }
        price->lines[kept] = *line;
        if (is_part && first == NULL)
            first = &price->lines[kept];
        kept++;
    }
    price->line_count = kept;
}

/* Groups of which the source rounds the sum: the last line of the group takes the difference. */
static void round_groups(struct rd_arena *arena, struct rd_price *price,
                         const struct rd_json *sheet)
{
    const struct rd_json *groups = rd_json_at(sheet, "round_lines");
    for (size_t g = 0; g < rd_json_count(groups); g++) {
        struct rd_str group = rd_json_str(rd_json_item(groups, g));
        int64_t sum = 0;
        merge_lines(arena, price, group);
        struct rd_price_line *last = NULL;
        for (size_t i = 0; i < price->line_count; i++) {
            if (!rd_str_eq(price->lines[i].group, group))
                continue;
            sum += price->lines[i].month_micro;
            last = &price->lines[i];
        }
        if (last == NULL)
            continue;
        int64_t difference = round_units(sum) - sum;
        last->month_micro += difference;
        price->month_micro += difference;
        if (difference != 0)
            last->note = RD_STR("rounded as the source does");
    }
}

RD_NODISCARD static enum rd_rc price_extras(struct rd_arena *arena, const struct bill *bill,
                                            const struct rd_json *sheet, struct rd_price *price,
                                            struct rd_err *err)
{
    int64_t included = rd_json_int(rd_json_at(sheet, "retention_included_days"), 31);
    int64_t gb = 0;
    for (size_t i = 0; i < bill->count; i++)
        if (rd_str_is(bill->items[i].key, "logs/ingestion"))
            gb = bill->items[i].count;
    if (gb > 0 && bill->retention_days > included) {
        /* What lies there: a month's GB for every month beyond the included ones, rounded up. */
        int64_t months = (bill->retention_days - included + 29) / 30;
        struct bill_item kept = {RD_STR("logs/retention"), RD_STR("log retention"), gb * months,
                                 false};
        RD_TRY(price_item(arena, bill, sheet, &kept, price, err));
    }
    if (bill->license_cents > 0)
        add_line(arena, price,
                 (struct rd_price_line){
                     .group = RD_STR("licence"),
                     .what = rd_arena_printf(arena, "%lld users", (long long)bill->users),
                     .note = (struct rd_str){"", 0},
                     .quantity_micro = bill->users * MICRO,
                     .unit = RD_STR("user"),
                     .unit_price_micro = bill->license_cents * (MICRO / 100),
                     .month_micro = bill->users * bill->license_cents * (MICRO / 100)});
    return RD_RC_OK;
}

enum rd_rc bill_price(struct rd_arena *arena, const struct bill *bill, const struct rd_json *sheet,
                      struct rd_price **ret_price, struct rd_err *err)
{
    struct rd_price *price = rd_arena_zalloc(arena, sizeof(*price));
    price->sheet =
        rd_arena_printf(arena, "%.*s, %.*s", RD_FMT(rd_json_str(rd_json_at(sheet, "name"))),
                        RD_FMT(rd_json_str(rd_json_at(sheet, "date"))));
    price->currency = rd_json_str(rd_json_at(sheet, "currency"));
    price->region = rd_json_str(rd_json_at(sheet, "region"));
    price->users = bill->users;
    for (size_t i = 0; i < bill->count; i++)
        if (bill->items[i].count > 0)
            RD_TRY(price_item(arena, bill, sheet, &bill->items[i], price, err));
    RD_TRY(price_extras(arena, bill, sheet, price, err));
    round_groups(arena, price, sheet);
    price->year_micro = price->month_micro * 12;
    const struct rd_json *remarks = rd_json_at(sheet, "remarks");
    for (size_t i = 0; i < rd_json_count(remarks); i++) {
        price->remarks = rd_arena_grow(arena, price->remarks, price->remark_count,
                                       &price->remark_cap, sizeof(*price->remarks));
        price->remarks[price->remark_count++] = rd_json_str(rd_json_item(remarks, i));
    }
    *ret_price = price;
    return RD_RC_OK;
}

/* A sheet is of one region; another one's enclave may cost something else. */
static void remark_region(struct rd_arena *arena, const struct rd_set *set, struct rd_price *price)
{
    struct rd_str region = rd_json_str(rd_json_at(&set->facts, "region"));
    if (region.n == 0 || rd_str_eq_case(region, price->region))
        return;
    price->remarks = rd_arena_grow(arena, price->remarks, price->remark_count, &price->remark_cap,
                                   sizeof(*price->remarks));
    price->remarks[price->remark_count++] =
        rd_arena_printf(arena, "the sheet is for %.*s, the enclave is in %.*s",
                        RD_FMT(price->region), RD_FMT(region));
}

enum rd_rc rd_cost_price(struct rd_arena *arena, const struct rd_set *set, struct rd_str sheet,
                         struct rd_price **ret_price, struct rd_err *err)
{
    const struct rd_json *table = NULL;
    struct bill bill = {0};
    RD_TRY(sheet_find(arena, set, sheet, &table, err));
    RD_TRY(bill_make(arena, set, &bill, err));
    RD_TRY(bill_price(arena, &bill, table, ret_price, err));
    remark_region(arena, set, *ret_price);
    return RD_RC_OK;
}
