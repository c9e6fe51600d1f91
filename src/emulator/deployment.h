/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_DEPLOYMENT_H
#define EMULATOR_DEPLOYMENT_H

/* Template deployments at any scope: their checks, and the refusal behind them. The routes stand in
 * resources.c. */

#include "core.h"

bool em_deployment_put(struct em_exchange *ex);
bool em_deployment_get(struct em_exchange *ex); /* HEAD too */
bool em_deployment_delete(struct em_exchange *ex);
bool em_deployment_post(struct em_exchange *ex); /* validate, whatIf, cancel, exportTemplate */
bool em_deployment_list(struct em_exchange *ex);

/* deployment_access.c: whether the caller may write all that the template of a deployment's
 * properties holds; false after 403. */
bool em_deployment_may(struct em_exchange *ex, const struct rd_json *properties);

/* Whether a path is that of a deployment, whose body is more than JSON. */
bool em_is_deployment_path(struct rd_str path);

#endif
