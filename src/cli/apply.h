/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_APPLY_H
#define CLI_APPLY_H

/* What plan, apply, up and destroy share. */

#include "session.h"
#include "json/json.h"

/* Opens the cloud, reads what is live and plans the session's spec. */
RD_NODISCARD enum rd_rc plan_of_spec(struct session *session, bool writes, struct rd_set **ret_live,
                                     struct rd_plan **ret_plan, struct rd_err *err);
/* Prints the plan for people. */
void plan_show(const struct session *session, const struct rd_plan *plan);
/* PERMISSION when a plan's or a live set's `unseen` (resource/unseen.h) names something: nobody
 * knows what a run would do. */
RD_NODISCARD enum rd_rc plan_check_seen(const struct session *session, const struct rd_json *unseen,
                                        struct rd_err *err);
/* Asks (unless --yes), sets the clock, runs. `question` is for people. */
RD_NODISCARD enum rd_rc plan_run(struct session *session, const char *verb,
                                 const struct rd_plan *plan, const char *question,
                                 struct rd_str expected, struct rd_run **ret_run,
                                 struct rd_err *err);
struct rd_json run_to_json(const struct session *session, const struct rd_run *run);
/* Shows a run that ended with `rc` (NULL: none), as text or as JSON, and returns `rc`. JSON of a
 * run that failed goes with the error. */
RD_NODISCARD enum rd_rc run_show(struct session *session, const struct rd_run *run, enum rd_rc rc);

#endif
