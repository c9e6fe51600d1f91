/* SPDX-License-Identifier: Apache-2.0 */
/* What happens where the price sheet has no price for something. Only `cost` fails then: desktops
 * can stand that nobody has priced, but a budget whose amount is to be the price cannot be made. */
#include <stdio.h>

#include "cost/cost.h"
#include "facts/facts.h"
#include "session.h"

#define BUDGET_TYPE "Microsoft.Consumption/budgets"

/* A sheet that does not exist is a mistake; a price that a sheet does not have is a gap in it. */
static bool has_sheet(const struct session *session, struct rd_str sheet)
{
    if (sheet.n == 0)
        sheet = rd_json_str(rd_json_at(&session->desired->facts, "priceSheet"));
    return sheet.n > 0 &&
           rd_facts_exists(rd_arena_printf(session->arena, "prices/%.*s", RD_FMT(sheet)).p);
}

/* `*ret_price` is NULL when there is a gap, with the reason in `ret_why`. */
RD_NODISCARD static enum rd_rc price_by(struct session *session, struct rd_str sheet,
                                        struct rd_price **ret_price, struct rd_err *ret_why,
                                        struct rd_err *err)
{
    struct rd_price *price = NULL;
    enum rd_rc rc = rd_cost_price(session->arena, session->desired, sheet, &price, err);
    *ret_price = price;
    if (rc != RD_RC_NOT_FOUND || !has_sheet(session, sheet))
        return rc;
    *ret_price = NULL;
    *ret_why = *err;
    return RD_RC_OK;
}

enum rd_rc session_price(struct session *session, struct rd_price **ret_price, struct rd_err *err)
{
    return price_by(session, rd_str_from(session->args->value[OPTION_SHEET]), ret_price,
                    &session->unpriced, err);
}

static struct rd_resource *find_budget(const struct rd_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (rd_str_is_case(set->resources[i].type->name, BUDGET_TYPE))
            return &set->resources[i];
    return NULL;
}

enum rd_rc session_set_budget(struct session *session, struct rd_err *err)
{
    struct rd_resource *budget = find_budget(session->desired);
    if (budget == NULL || rd_json_int(rd_json_at(&budget->body, "properties.amount"), 1) != 0)
        return RD_RC_OK;
    struct rd_price *price = NULL;
    RD_TRY(price_by(session, (struct rd_str){"", 0}, &price, &session->unpriced, err));
    session->lacks_amount = price == NULL;
    if (price != NULL)
        *rd_json_make(session->arena, &budget->body, "properties.amount") =
            rd_json_integer((price->month_micro + 999999) / 1000000);
    else
        (void)rd_json_remove(rd_json_make(session->arena, &budget->body, "properties"),
                             RD_STR("amount"));
    return RD_RC_OK;
}

void session_warn_budget(const struct session *session, const char *consequence)
{
    if (session->lacks_amount)
        output_warning(
            rd_arena_printf(session->arena, "%s: %s", consequence, session->unpriced.msg),
            "set 'budget.amount' in the spec, add the price to the sheet, or name "
            "another sheet as 'cost.sheet'");
}

enum rd_rc session_settle_budget(struct session *session, const struct rd_set *live,
                                 struct rd_err *err)
{
    if (!session->lacks_amount)
        return RD_RC_OK;
    struct rd_resource *budget = find_budget(session->desired);
    const struct rd_resource *standing = budget == NULL ? NULL : rd_set_find(live, budget->id);
    if (standing != NULL) {
        *rd_json_make(session->arena, &budget->body, "properties.amount") =
            rd_json_copy(session->arena, rd_json_at(&standing->body, "properties.amount"));
        session_warn_budget(session, "the budget keeps its amount");
        return RD_RC_OK;
    }
    session_warn_budget(session, "no budget is made");
    session->spec->budget.enabled = false;
    rd_set_done(session->desired);
    session->desired = NULL;
    return session_compile(session, err);
}
