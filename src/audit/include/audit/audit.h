/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

/*
 * An audit: the rules over a live set, gathered by the controls that they serve. A control is never
 * called met: it passes by its rules, fails by one of them, or has no evidence. What no rule can
 * see (a policy in Intune, a person's training) has no evidence here and is said to have none.
 */

#include "rules/rules.h"

enum rd_control_state {
    RD_CONTROL_PASSING,     /* at least one rule passes, none fails, none is unknown */
    RD_CONTROL_PARTIAL,     /* some pass, others could not be answered */
    RD_CONTROL_FAILING,     /* at least one rule of severity error or warning fails */
    RD_CONTROL_NO_EVIDENCE, /* no rule passes and none fails */
};

struct rd_control {
    struct rd_str id, text, evidence, note; /* of data/controls.yaml */
    bool is_listed;                         /* in the sovereign enclave chapter's own table */
    enum rd_control_state state;
    const struct rd_finding **findings; /* of the rules that serve it, in order of their ids */
    size_t finding_count;
};

struct rd_audit {
    struct rd_findings *findings;
    struct rd_control *controls; /* in the table's order */
    size_t control_count;
    size_t by_state[RD_CONTROL_NO_EVIDENCE + 1];
    struct rd_str *missing; /* ids that the desired set has and the live set lacks */
    size_t missing_count;
    const struct rd_json *unseen; /* ids that the live set's reader was not shown, or absent */
    int64_t day_ms;
};

/*
 * Audits `live` as of `day_ms`. The set itself is not changed; its fact "live" counts as true.
 * `desired` may be NULL; with it, what is desired and does not exist is listed. Errors: those of
 * the tables.
 */
RD_NODISCARD enum rd_rc rd_audit_run(struct rd_arena *arena, const struct rd_rule *rules,
                                     size_t count, const struct rd_set *live,
                                     const struct rd_set *desired, int64_t day_ms,
                                     struct rd_audit **ret_audit, struct rd_err *err);
/* {"redoubt":"audit/1", "day", "findings" (as rd_findings_to_json), "controls", "missing",
 * "unseen"?} */
struct rd_json rd_audit_to_json(struct rd_arena *arena, const struct rd_audit *audit);
void rd_audit_print(struct rd_buf *out, const struct rd_audit *audit, bool colors,
                    bool shows_passed);

#endif
