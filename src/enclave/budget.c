/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

static struct rd_json notification(struct rd_compile *compile, int64_t percent)
{
    const struct rd_spec *spec = compile->spec;
    struct rd_json groups = rd_json_array();
    if (spec->monitoring.enabled)
        (void)rd_json_append(compile->arena, &groups,
                             rd_json_string(compile->id[RD_ROLE_ACTION_GROUP]));
    const struct rd_spec_list *emails =
        spec->budget.emails.count > 0 ? &spec->budget.emails : &spec->monitoring.emails;
    return rd_shape(compile->arena,
                    "{enabled: true, operator: GreaterThanOrEqualTo, threshold: %i,"
                    " thresholdType: Actual, contactEmails: %j, contactGroups?: %j}",
                    percent, rd_part_strings(compile, emails), groups);
}

/*
 * At the subscription, filtered to what bears the enclave's tag, since the enclave has several
 * groups. An amount of 0 is "from the price", which only somebody above can know: whoever prices
 * the set writes properties.amount before it is planned.
 */
void rd_part_budget(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    compile->origin = RD_STR("budget");
    if (!spec->budget.enabled)
        return;
    struct rd_json body = rd_shape(
        compile->arena,
        "{properties: {category: Cost, amount: %i, timeGrain: Monthly,"
        " timePeriod: {startDate: %s},"
        " filter: {tags: {name: %s, operator: In, values: [%s]}},"
        " notifications: {warning: %j, critical: %j}}}",
        spec->budget.amount,
        rd_arena_printf(compile->arena, "%.*sT00:00:00Z", RD_FMT(spec->budget.start)),
        RD_STR(RD_TAG_ENCLAVE), spec->enclave, notification(compile, spec->budget.warn_percent),
        notification(compile, spec->budget.critical_percent));
    rd_part_add_role(compile, RD_ROLE_BUDGET, body);
}
