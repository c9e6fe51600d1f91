/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_COMPUTE_INTERNAL_H
#define EMULATOR_COMPUTE_INTERNAL_H

/*
 * What the files of machines, images, keys and identities share (private to src/emulator).
 *
 * Object ids of principals are GUIDs that depend on the seed and the resource's id.
 */

#include "core.h"
#include "shape.h"

/* Bodies (compute_body.c) ---------------------------------------------------------------------- */

/* The body's `location`, normalised. */
struct rd_str em_body_region(struct em_exchange *ex, const struct rd_json *body);
/* As em_fail, with the member `target` that Compute adds, in Compute's style. */
RD_PRINTF(5, 6)
bool em_fail_target(struct em_exchange *ex, int status, const char *code, const char *target,
                    const char *fmt, ...);
/* Identities (identity.c) ---------------------------------------------------------------------- */

/* Fills identity.principalId, tenantId and the entries of userAssignedIdentities, and makes the
 * principals known to the directory; refuses identities that do not exist. */
bool em_identity_fill(struct em_exchange *ex, struct rd_str id, struct rd_json *body);
/* The object id a resource acts as: its first user-assigned identity or its own; empty: none.
 * `*ret_user_assigned` is the id of the user-assigned identity, or empty. */
struct rd_str em_identity_principal(struct em_exchange *ex, const struct rd_json *body,
                                    struct rd_str *ret_user_assigned);

/* Sizes and quota (compute_size.c) ------------------------------------------------------------- */

struct em_size {
    struct rd_str name;
    struct rd_str family;
    struct rd_str confidential; /* "SNP", or empty */
    struct rd_str feature;      /* preview feature that gates it, or empty */
    int64_t vcpus, memory_gb, nics, data_disks;
    const struct rd_json *row;
};

bool em_size_find(struct em_exchange *ex, struct rd_str name, struct em_size *ret_size);
/* Steps through all sizes: start with *row = *index = 0. */
bool em_size_next(struct em_exchange *ex, size_t *row, size_t *index, struct em_size *ret_size);
/* Zones that offer the size there; absent when the region does not. */
const struct rd_json *em_size_zones(struct em_exchange *ex, const struct em_size *size,
                                    struct rd_str region);

/* Takes (sign 1) or gives back (-1) a machine's cores. Taking fails the exchange when a limit would
 * be passed. */
bool em_quota_take(struct em_exchange *ex, struct rd_str subscription, struct rd_str region,
                   const struct em_size *size);
void em_quota_give(struct em_exchange *ex, struct rd_str subscription, struct rd_str region,
                   const struct em_size *size);
int64_t em_quota_used(struct em_exchange *ex, struct rd_str subscription, struct rd_str region,
                      struct rd_str name);
int64_t em_quota_limit(struct em_exchange *ex, struct rd_str name);

/* Resizing (compute_resize.c) ------------------------------------------------------------------ */

/* The default of a new machine, or whether the size has the one that was asked for. */
bool em_vm_choose_controller(struct em_exchange *ex, const struct em_size *size,
                             struct rd_json *body);
/* Whether the machine can take that size; its controller stays. False after the failure. */
bool em_vm_check_resize(struct em_exchange *ex, const struct rd_json *was, struct rd_json *body,
                        const struct em_size *size);
/* What only a deallocated machine can change: the size of its disk, which never shrinks, and the
 * encryption of its host. False after the failure. */
bool em_vm_check_stopped(struct em_exchange *ex, const struct em_resource *vm,
                         const struct rd_json *was, struct rd_json *body);
/* Its disk has become as large as the machine says. */
void em_vm_resize_disk(struct em_exchange *ex, const struct rd_json *body);

/* Images (compute_image.c) --------------------------------------------------------------------- */

struct em_image {
    struct rd_str security;   /* value of the feature SecurityType, or empty */
    struct rd_str generation; /* "V1", "V2" */
    struct rd_str os;         /* "Windows", "Linux" */
    struct rd_str version;    /* exact */
    int64_t size_gb;
    struct rd_str version_id; /* of a gallery image, or empty */
};

/* A platform image's row of data/emulator/images.yaml, or absent. */
const struct rd_json *em_platform_image(struct rd_str publisher, struct rd_str offer,
                                        struct rd_str sku);
/* Resolves an imageReference for a machine in `region`, or fails the exchange. */
bool em_image_resolve(struct em_exchange *ex, const struct rd_json *reference, struct rd_str region,
                      struct em_image *ret_image);
bool em_image_allows_confidential(const struct em_image *image);
bool em_image_allows_trusted_launch(const struct em_image *image);

/* Compares "1.10.2" with "1.9.9" as versions. */
int em_version_cmp(struct rd_str a, struct rd_str b);

/* Machines (compute_vm*.c) --------------------------------------------------------------------- */

#define EM_VM_TYPE "Microsoft.Compute/virtualMachines"
#define EM_EXTENSION_TYPE "Microsoft.Compute/virtualMachines/extensions"
#define EM_DISK_TYPE "Microsoft.Compute/disks"
#define EM_DES_TYPE "Microsoft.Compute/diskEncryptionSets"
#define EM_VERSION_TYPE "Microsoft.Compute/galleries/images/versions"
#define EM_IMAGE_TYPE "Microsoft.Compute/galleries/images"
#define EM_GALLERY_TYPE "Microsoft.Compute/galleries"
#define EM_USER_IDENTITY_TYPE "Microsoft.ManagedIdentity/userAssignedIdentities"
#define EM_ORCHESTRATOR_APP "bf7b6499-ff71-4aa2-97a4-f372087be7f0"

/* Size, security profile, disk encryption: the rules of azure-compute 5.2 and 5.8. */
bool em_vm_check_security(struct em_exchange *ex, const struct rd_json *body,
                          const struct em_size *size, const struct em_image *image);
/* The capacity fault that strikes this machine, counted down; `*ret_kind` is its code. */
bool em_vm_capacity_strikes(struct em_exchange *ex, struct rd_str zone, struct rd_str size,
                            struct rd_str *ret_kind);
/* The sentence that goes with a capacity code. */
struct rd_str em_vm_capacity_text(struct em_exchange *ex, struct rd_str kind, struct rd_str size,
                                  struct rd_str region);
/* "running", "stopped", "starting", "deallocated" ... by now. */
const char *em_vm_power(struct em_exchange *ex, const struct em_resource *vm);
struct rd_json em_vm_instance_view(struct em_exchange *ex, struct em_resource *vm);
/* Power states begin: written into the hidden object by whoever changes them. */
void em_vm_set_power(struct em_exchange *ex, struct rd_json *hidden, const char *state);
/* Tells NICs and the desktop service what the machine's power is now. */
void em_vm_tell_power(struct em_exchange *ex, struct em_resource *vm, const char *state);
enum { EM_VM_ACTION_COUNT = 14 };
extern const struct em_action em_vm_actions[EM_VM_ACTION_COUNT];
em_event_fn em_vm_powered;

/* Disk encryption sets (compute_des.c) --------------------------------------------------------- */

/* Whether the set's identity may use its key now: NULL, or an error code with its text. `target`
 * is added to the text ("Target: 'VM: ...'"), or empty. */
const char *em_des_use(struct em_exchange *ex, const struct em_resource *des, struct rd_str target,
                       struct rd_str *ret_message);
/* Whether the confidential VM orchestrator may release the set's key: without it a machine is
 * created and never boots (lessons B1.1). */
bool em_des_releases(struct em_exchange *ex, const struct em_resource *des);

#endif
