/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_COMPUTE_INTERNAL_H
#define EMULATOR_COMPUTE_INTERNAL_H

/*
 * What the files of machines, images, keys and identities share (private to src/emulator), and what
 * providers.c takes from them: the tables of types, the events by name, and the three entry points
 * for paths that no resource type stands behind.
 *
 * Object ids of principals are GUIDs that depend on the seed and the resource's id.
 */

#include "core.h"

/* For providers.c ------------------------------------------------------------------------------ */

extern const struct em_type em_vm_types[], em_extension_types[], em_disk_types[], em_des_types[],
    em_gallery_types[], em_usage_types[], em_identity_types[], em_builder_types[],
    em_keyvault_types[], em_hsm_types[];
extern const size_t em_vm_type_count, em_extension_type_count, em_disk_type_count,
    em_des_type_count, em_gallery_type_count, em_usage_type_count, em_identity_type_count,
    em_builder_type_count, em_keyvault_type_count, em_hsm_type_count;

/* GETs below /subscriptions/{s}/providers/ that list no resources: Microsoft.Compute/skus, usages,
 * platform images, deleted vaults, name checks. True when the path was one of them and the reply is
 * filled. */
bool em_compute_catalog(struct em_exchange *ex);
bool em_keyvault_catalog(struct em_exchange *ex);
/* Requests to {vault}.vault.... and {hsm}.managedhsm....: the reply is always filled. */
void em_vault_data(struct em_exchange *ex);
void em_hsm_data(struct em_exchange *ex);

em_event_fn em_vm_powered;       /* "vm-powered" */
em_event_fn em_image_step;       /* "image-step" */
em_event_fn em_image_replicated; /* "image-replicated" */
em_event_fn em_hsm_activate;     /* "hsm-activate" */

#endif
