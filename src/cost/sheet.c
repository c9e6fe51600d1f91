/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Price sheets, also those that a user put in the place of ours: a slip in one must not make a
 * wrong price, so whatever is not understood is refused.
 */
#include <string.h>

#include "base/clock.h"
#include "facts/facts.h"
#include "price.h"

enum { HOURS_MAX = 744 }; /* of a month */

/* Ends with NULL; what is empty is allowed to be left out. */
static const char *const units[] = {"hour", "month", "gb", NULL};
static const char *const rounds[] = {"", "none", "unit", "line", NULL};

static bool is_one_of(struct rd_str text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (rd_str_is(text, *words))
            return true;
    return false;
}

RD_NODISCARD static enum rd_rc fail(struct rd_str sheet, struct rd_str key, const char *member,
                                    const char *expected, struct rd_err *err)
{
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                               "price sheet '%.*s': %s%.*s%s is wrong: expected %s", RD_FMT(sheet),
                               member, RD_FMT(key), key.n > 0 ? "'" : "", expected),
                       err, "data/prices has sheets to compare it with");
}

RD_NODISCARD static enum rd_rc check_row(const struct rd_json_member *row, struct rd_str sheet,
                                         struct rd_err *err)
{
    int64_t micro = 0;
    if (!rd_json_fixed(rd_json_at(&row->value, "price"), 6, &micro) || micro < 0)
        return fail(sheet, row->key, "the price of '", "an amount with at most six decimals", err);
    if (!is_one_of(rd_json_str(rd_json_at(&row->value, "unit")), units))
        return fail(sheet, row->key, "the unit of '", "hour, month or gb", err);
    if (!is_one_of(rd_json_str(rd_json_at(&row->value, "round")), rounds))
        return fail(sheet, row->key, "the round of '", "none, unit or line", err);
    for (size_t i = 0; i < row->value.count; i++) {
        struct rd_str name = row->value.u.members[i].key;
        if (!rd_str_is(name, "price") && !rd_str_is(name, "unit") && !rd_str_is(name, "round"))
            return fail(sheet, row->key, "what is said of '", "price, unit and round", err);
    }
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc check(const struct rd_json *sheet, struct rd_str name,
                                     struct rd_err *err)
{
    static const char *const texts[] = {"name", "date", "currency", "region", "source"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (rd_json_str(rd_json_at(sheet, texts[i])).n == 0)
            return fail(name, RD_STR(""), texts[i], "some text", err);
    int64_t day_ms = 0;
    if (!rd_time_parse(rd_json_str(rd_json_at(sheet, "date")), &day_ms))
        return fail(name, RD_STR(""), "date", "a day such as 2026-01-15", err);
    int64_t hours = rd_json_int(rd_json_at(sheet, "month_hours"), 0);
    if (hours < 1 || hours > HOURS_MAX)
        return fail(name, RD_STR(""), "month_hours", "1 to 744 hours", err);
    const struct rd_json *prices = rd_json_at(sheet, "prices");
    if (!rd_json_is(prices, RD_JSON_OBJECT) || prices->count == 0)
        return fail(name, RD_STR(""), "prices", "a map of what is priced", err);
    for (size_t i = 0; i < prices->count; i++)
        RD_TRY(check_row(&prices->u.members[i], name, err));
    return RD_RC_OK;
}

enum rd_rc sheet_find(struct rd_arena *arena, const struct rd_set *set, struct rd_str name,
                      const struct rd_json **ret_sheet, struct rd_err *err)
{
    struct rd_str wanted = name.n > 0 ? name : rd_json_str(rd_json_at(&set->facts, "priceSheet"));
    struct rd_str path = rd_arena_printf(arena, "prices/%.*s", RD_FMT(wanted));
    if (wanted.n > 0 && rd_facts_exists(path.p)) {
        RD_TRY(rd_facts_get(path.p, ret_sheet, err));
        return check(*ret_sheet, wanted, err);
    }
    size_t count;
    const char *const *names = rd_facts_names(&count);
    struct rd_buf list;
    rd_buf_init(&list, 400);
    for (size_t i = 0; i < count; i++)
        if (strncmp(names[i], "prices/", 7) == 0)
            rd_buf_printf(&list, "%s%s", list.n > 0 ? ", " : "", names[i] + 7);
    enum rd_rc rc =
        rd_err_hint(RD_FAIL(err, RD_RC_NOT_FOUND, "there is no price sheet '%.*s'", RD_FMT(wanted)),
                    err, "there are: %s", rd_buf_c(&list));
    rd_buf_done(&list);
    return rc;
}
