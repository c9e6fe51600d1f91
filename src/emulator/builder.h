/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_BUILDER_H
#define EMULATOR_BUILDER_H

/* What the two files of Image Builder share. */

#include "core.h"

#define EM_ACCOUNT_TYPE "Microsoft.Storage/storageAccounts"
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
/* How long customiser number `index` of a template takes. */
int64_t em_builder_step_ms(struct em_exchange *ex, const struct em_resource *image_template,
                           size_t index, struct rd_str type);

/* builder_log.c: the staging group's storage account, and what the build writes into it. */
extern const struct em_action em_account_actions[1];
/* The name of a template's account, the same for all its runs. */
struct rd_str em_builder_account_name(struct em_exchange *ex,
                                      const struct em_resource *image_template);
void em_builder_make_account(struct em_exchange *ex, const struct em_resource *image_template,
                             struct rd_str group, struct rd_str location);
void em_account_show(struct em_exchange *ex, struct em_resource *account, struct rd_json *body);
/* The blob's name in container "packerlogs" of a run. */
struct rd_str em_builder_log_name(struct em_exchange *ex, const struct em_resource *image_template,
                                  int64_t run_number);
struct em_builder_log {
    struct rd_str name; /* "" while there is none: no run has begun to build */
    struct rd_str text;
    int64_t started_ms, written_ms;
};
/* The log of the last run of the template that the account belongs to, as far as it has come. */
struct em_builder_log em_builder_log(struct em_exchange *ex, const struct em_resource *account);

em_event_fn em_builder_distribute, em_builder_done, em_builder_cancelled;

#endif
