/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

/* What check, audit, status, report and up share. */

#include "audit/audit.h"
#include "cost/cost.h"
#include "report/report.h"
#include "session.h"

/* The rules over the session's desired set, as of the day asked for. */
RD_NODISCARD enum rd_rc look_check(struct session *session, struct rd_findings **ret_findings,
                                   struct rd_err *err);
RD_NODISCARD enum rd_rc look_audit(struct session *session, const struct rd_set *live,
                                   struct rd_audit **ret_audit, struct rd_err *err);
/* How many of the spec's resources stand, as status and up tell; and how many there are to be. */
size_t look_count(const struct session *session, const struct rd_set *live, size_t *ret_desired);
/* Writes the report. The run shown is the journal's newest. */
RD_NODISCARD enum rd_rc look_report(struct session *session, const struct rd_set *live,
                                    const struct rd_audit *audit, const struct rd_price *price,
                                    const char *path, struct rd_err *err);
/* --out, or "<enclave>-report.html" here. Errors: IO, USAGE when it cannot be written. */
RD_NODISCARD enum rd_rc look_report_path(struct session *session, const char **ret_path,
                                         struct rd_err *err);

#endif
