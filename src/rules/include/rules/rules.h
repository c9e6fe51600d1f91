/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULES_RULES_H
#define RULES_RULES_H

/*
 * Rules as dated knowledge (data/rules/), run over a resource set from anywhere: a spec, a
 * live enclave, a file. A rule says what it applies to, what must hold, why, since when (and until
 * when), by which source, how bad it is, how to put it right, and which controls it serves. A rule
 * that finds no subject says so and has not passed.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "resource/set.h"

enum rd_severity { RD_SEVERITY_INFO, RD_SEVERITY_WARNING, RD_SEVERITY_ERROR };

enum rd_verdict {
    RD_VERDICT_PASS,
    RD_VERDICT_FAIL,
    RD_VERDICT_NO_SUBJECT, /* nothing in the set that it applies to */
    RD_VERDICT_NOT_VALID,  /* not yet or no longer in force on that day */
    RD_VERDICT_UNKNOWN,    /* the set does not say (live only, or known after apply) */
};

struct rd_rule_body;

struct rd_rule {
    struct rd_str id; /* "RD-CVM-001" */
    struct rd_str title;
    enum rd_severity severity;
    struct rd_str source;
    struct rd_str fix;
    struct rd_str why;
    struct rd_str note; /* where the sources differ, or "" */
    int64_t valid_from_ms, valid_to_ms;
    struct rd_str *controls; /* "SC.L2-3.13.16" */
    size_t control_count;
    const struct rd_json *row;
    const struct rd_rule_body *body; /* the compiled conditions: the module's own */
};

struct rd_violation {
    struct rd_str id;      /* resource */
    struct rd_str path;    /* field in it, or "" */
    struct rd_str message; /* what is there, what should be */
};

struct rd_finding {
    const struct rd_rule *rule;
    enum rd_verdict verdict;
    size_t subject_count; /* how many were looked at */
    struct rd_violation *violations;
    size_t violation_count;
    size_t violation_cap;
    struct rd_str unseen; /* what it hangs on and its reader was not shown, with the role; or "" */
};

struct rd_findings {
    struct rd_finding *items; /* one a rule, in order of their ids */
    size_t count;
    size_t by_verdict[RD_VERDICT_UNKNOWN + 1];
    size_t error_count; /* failed rules of severity error */
    size_t warning_count;
};

/* All rules, sorted by id. Errors: a malformed rule, with file and rule id. */
RD_NODISCARD enum rd_rc rd_rules_load(struct rd_arena *arena, struct rd_rule **ret_rules,
                                      size_t *ret_count, struct rd_err *err);
/* The same from one table of rules, named `name` in messages; the table must outlive the rules. */
RD_NODISCARD enum rd_rc rd_rules_parse(struct rd_arena *arena, const char *name,
                                       const struct rd_json *table, struct rd_rule **ret_rules,
                                       size_t *ret_count, struct rd_err *err);
/*
 * Runs them as of `day_ms`. Rules about what only a live environment can show (live_only) answer
 * RD_VERDICT_UNKNOWN unless the set's fact "live" is true, which audit/ sets. So do rules whose
 * answer hangs on types of which the set has something unseen (resource/unseen.h).
 */
RD_NODISCARD enum rd_rc rd_rules_run(struct rd_arena *arena, const struct rd_rule *rules,
                                     size_t count, const struct rd_set *set, int64_t day_ms,
                                     struct rd_findings **ret_findings, struct rd_err *err);
const char *rd_severity_name(enum rd_severity severity);
const char *rd_verdict_name(enum rd_verdict verdict);
/* -o json, documented in docs/json.md; and text for people. */
struct rd_json rd_findings_to_json(struct rd_arena *arena, const struct rd_findings *findings);
void rd_findings_print(struct rd_buf *out, const struct rd_findings *findings, bool colors,
                       bool shows_passed);

#endif
