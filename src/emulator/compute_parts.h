/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_COMPUTE_PARTS_H
#define EMULATOR_COMPUTE_PARTS_H

/* The hooks that the type tables of compute.c, disk.c, gallery.c, builder.c and keyvault.c name and
 * that stand in files of their own. Each does what core.h says of its place in struct em_type. */

#include "core.h"

#define EM_PUT(name)                                                                               \
    bool name(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,            \
              struct rd_json *hidden)
#define EM_READY(name)                                                                             \
    const char *name(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body,   \
                     struct rd_json *hidden, struct rd_str *ret_message)
#define EM_SHOW(name)                                                                              \
    void name(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body)
#define EM_DURATION(name)                                                                          \
    int64_t name(struct em_exchange *ex, struct em_resource *former, const struct rd_json *body)
#define EM_MAY_DELETE(name) bool name(struct em_exchange *ex, struct em_resource *resource)
#define EM_DELETED(name) void name(struct em_exchange *ex, struct em_resource *resource)

EM_PUT(em_vm_put);
EM_READY(em_vm_ready);
EM_SHOW(em_vm_show);
EM_DURATION(em_vm_duration);
EM_DELETED(em_vm_deleted);

EM_PUT(em_extension_put);
EM_READY(em_extension_ready);
EM_SHOW(em_extension_show);
EM_DURATION(em_extension_duration);
EM_MAY_DELETE(em_extension_may_delete);

/* GETs of compute.c's routes. */
bool em_catalog_skus(struct em_exchange *ex);
bool em_catalog_usages(struct em_exchange *ex);
bool em_catalog_image_versions(struct em_exchange *ex);
bool em_catalog_image_version(struct em_exchange *ex);
bool em_catalog_image_skus(struct em_exchange *ex);
bool em_catalog_image_offers(struct em_exchange *ex);
bool em_catalog_image_publishers(struct em_exchange *ex);

EM_PUT(em_des_put);
EM_READY(em_des_ready);
EM_SHOW(em_des_show);
EM_MAY_DELETE(em_des_may_delete);
bool em_des_associated(struct em_exchange *ex, struct em_resource *resource);

#endif
