/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_BUILDER_H
#define EMULATOR_BUILDER_H

/* What the two files of Image Builder share. */

#include "core.h"

#define EM_TEMPLATE_TYPE "Microsoft.VirtualMachineImages/imageTemplates"
#define EM_RUN_OUTPUT_TYPE "Microsoft.VirtualMachineImages/imageTemplates/runOutputs"

bool em_builder_is_running(struct em_exchange *ex, const struct em_resource *image_template);
/* Whether the template's identity may write into the gallery, by roles in force now. */
bool em_builder_may_publish(struct em_exchange *ex, const struct rd_json *body,
                            struct rd_str gallery_image_id);
bool em_builder_post_run(struct em_exchange *ex, struct em_resource *image_template);
bool em_builder_post_cancel(struct em_exchange *ex, struct em_resource *image_template);
void em_builder_show(struct em_exchange *ex, struct em_resource *image_template,
                     struct rd_json *body);
em_event_fn em_builder_distribute, em_builder_done, em_builder_cancelled;

#endif
