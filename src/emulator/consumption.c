/* SPDX-License-Identifier: Apache-2.0 */
/* Budgets. Nothing is spent in the embedded cloud: currentSpend stays 0. */
#include "base/clock.h"
#include "insights_internal.h"
#include "providers.h"
#include "shape.h"

enum { NOTIFICATION_COUNT_MAX = 5, THRESHOLD_MAX = 1000 };

static bool fail_budget(struct em_exchange *ex, const char *what)
{
    return em_fail(ex, 400, "400", "Invalid budget configuration: %s.", what);
}

static bool check_period(struct em_exchange *ex, const struct rd_json *body)
{
    int64_t start_ms = 0, end_ms = 0, year = 0;
    int month = 0, day = 0;
    if (!rd_time_parse(em_text_at(body, "properties.timePeriod.startDate"), &start_ms))
        return fail_budget(ex, "timePeriod.startDate is required");
    rd_date_from_days(start_ms / INT64_C(86400000), &year, &month, &day);
    if (day != 1)
        return fail_budget(ex, "timePeriod.startDate must be the first day of a month");
    if (em_has(body, "properties.timePeriod.endDate") &&
        (!rd_time_parse(em_text_at(body, "properties.timePeriod.endDate"), &end_ms) ||
         end_ms <= start_ms))
        return fail_budget(ex, "timePeriod.endDate must be later than startDate");
    return true;
}

static bool check_notification(struct em_exchange *ex, const struct rd_json *one)
{
    static const char *const operators[] = {"EqualTo", "GreaterThan", "GreaterThanOrEqualTo", NULL};
    static const char *const kinds[] = {"Actual", "Forecasted", NULL};
    const struct rd_json *groups = rd_json_at(one, "contactGroups");
    double threshold = rd_json_double(rd_json_at(one, "threshold"), -1);
    if (!em_check_word(ex, rd_json_at(one, "operator"), operators, "400", "operator"))
        return false;
    if (em_has(one, "thresholdType") &&
        !em_check_word(ex, rd_json_at(one, "thresholdType"), kinds, "400", "thresholdType"))
        return false;
    if (threshold < 0 || threshold > THRESHOLD_MAX)
        return fail_budget(ex, "a notification's threshold must be 0 to 1000 percent");
    if (rd_json_count(rd_json_at(one, "contactEmails")) + rd_json_count(groups) +
            rd_json_count(rd_json_at(one, "contactRoles")) ==
        0)
        return fail_budget(ex, "a notification needs contactEmails, contactRoles or contactGroups");
    for (size_t i = 0; i < rd_json_count(groups); i++)
        if (em_refer(ex, rd_json_str(rd_json_item(groups, i)), "Microsoft.Insights/actionGroups") ==
            NULL)
            return false;
    return true;
}

static struct rd_str etag_of(struct em_exchange *ex, const struct em_resource *budget)
{
    struct rd_str digits = em_hex(ex,
                                  rd_arena_printf(ex->arena, "budget %.*s %lld", RD_FMT(budget->id),
                                                  (long long)budget->revision),
                                  15);
    return rd_arena_printf(ex->arena, "\"%.*s\"", RD_FMT(digits));
}

static bool put_budget(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                       struct rd_json *hidden)
{
    static const char *const categories[] = {"Cost", NULL};
    static const char *const grains[] = {
        "Monthly",        "Quarterly",     "Annually", "BillingMonth",
        "BillingQuarter", "BillingAnnual", NULL};
    (void)hidden;
    struct rd_str scope = em_scope_of(ex->id);
    bool is_group = !rd_str_is_empty(em_id_segment(scope, "resourceGroups"));
    const struct rd_json *notes = rd_json_at(body, "properties.notifications");
    if (is_group && em_find(ex->cloud, scope) == NULL)
        return em_fail_not_found(ex, scope);
    if (!em_require_word(ex, body, "properties.category", categories, false) ||
        !em_require_word(ex, body, "properties.timeGrain", grains, false) ||
        !check_period(ex, body))
        return false;
    if (rd_json_double(rd_json_at(body, "properties.amount"), 0) <= 0)
        return fail_budget(ex, "amount must be greater than 0");
    if (rd_json_count(notes) > NOTIFICATION_COUNT_MAX)
        return fail_budget(ex, "at most 5 notifications are allowed");
    for (size_t i = 0; rd_json_is(notes, RD_JSON_OBJECT) && i < rd_json_count(notes); i++)
        if (!check_notification(ex, &notes->u.members[i].value))
            return false;
    if (former != NULL && !rd_str_eq(em_text_at(body, "eTag"), etag_of(ex, former)))
        return em_fail(ex, 412, "412",
                       "The budget exists: an update needs its current eTag in the body.");
    em_drop(body, "", "eTag");
    em_drop(body, "properties", "currentSpend");
    em_drop(body, "properties", "forecastSpend");
    return true;
}

static void show_budget(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body)
{
    em_set_text(ex, body, "eTag", etag_of(ex, resource));
    em_set_int(ex, body, "properties.currentSpend.amount", 0);
    em_set_word(ex, body, "properties.currentSpend.unit", "USD");
}

static const struct em_type types[] = {
    {
        .name = "Microsoft.Consumption/budgets",
        .place = EM_ON_SCOPE,
        EM_ANSWERS(201, 200, 200),
        .async = EM_SYNC,
        .has_no_state = true,
        .name_pattern = "^[A-Za-z0-9_-]{1,63}$",
        .source = "azure-avd-ops 6.5 (budgets)",
        .put = put_budget,
        .show = show_budget,
    },
};

const struct em_part em_consumption_part = {
    .name = "consumption",
    .types = types,
    .type_count = EM_COUNT(types),
};
