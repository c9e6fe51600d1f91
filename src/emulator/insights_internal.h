/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_INSIGHTS_INTERNAL_H
#define EMULATOR_INSIGHTS_INTERNAL_H

/* What the files of Microsoft.Insights share. */

#include "core.h"

/* The id that an extension resource stands on: what is before the last "/providers/". */
struct rd_str em_scope_of(struct rd_str id);

bool em_diagnostics_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                        struct rd_json *hidden);
void em_diagnostics_show(struct em_exchange *ex, struct em_resource *resource,
                         struct rd_json *body);
bool em_diagnostics_categories(struct em_exchange *ex); /* a route */

bool em_action_group_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                         struct rd_json *hidden);
bool em_query_rule_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                       struct rd_json *hidden);
bool em_metric_alert_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                         struct rd_json *hidden);
bool em_activity_alert_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                           struct rd_json *hidden);

#define EM_COLLECTION_ENDPOINT_TYPE "Microsoft.Insights/dataCollectionEndpoints"
bool em_collection_endpoint_put(struct em_exchange *ex, struct em_resource *former,
                                struct rd_json *body, struct rd_json *hidden);
/* The URL by which a rule takes logs: its own, or that of the endpoint that it names; "" for none.
 */
struct rd_str em_collection_endpoint_of(struct em_exchange *ex, const struct rd_json *rule);

#endif
