/* SPDX-License-Identifier: Apache-2.0 */

/* The table of Microsoft.Compute's machines: types, routes, events. Their hooks are in compute_*.c.
 */

#include "compute_internal.h"
#include "compute_parts.h"
#include "providers.h"

#define COMPUTE_TYPE                                                                               \
    .needs_location = true, .has_tags = true, EM_ANSWERS(201, 200, 202),                           \
    .async = EM_ASYNC_OPERATION, .operation_body = EM_OPERATION_COMPUTE,                           \
    .json_style = EM_JSON_CRLF, .operation_path = "Microsoft.Compute/locations/{l}/operations",    \
    .retry_after_s = 10

static const struct em_order vm_order[] = {
    /* recording 03 */
    {"", "location tags properties"},
    {"properties", "hardwareProfile provisioningState vmId storageProfile osProfile"},
    {"properties.storageProfile", "imageReference osDisk dataDisks diskControllerType"},
    {"properties.storageProfile.imageReference", "publisher offer sku version exactVersion"},
    {"properties.storageProfile.osDisk", "osType name createOption caching managedDisk "
                                         "deleteOption diskSizeGB"},
    {"properties.storageProfile.osDisk.managedDisk", "securityProfile storageAccountType id"},
    {"properties.storageProfile.osDisk.managedDisk.securityProfile",
     "securityEncryptionType diskEncryptionSet"},
    {NULL, NULL},
};

static const struct em_type types[] = {
    {
        .name = EM_VM_TYPE,
        .place = EM_IN_GROUP,
        COMPUTE_TYPE,
        EM_TAKES(100, 20, 60),
        .throttle_policy = "compute.vm",
        .name_pattern = "^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9_-])?$",
        .source = "azure-compute 5, recording 03-confidential-vm-create",
        .order = vm_order,
        .put = em_vm_put,
        .duration = em_vm_duration,
        .ready = em_vm_ready,
        .show = em_vm_show,
        .deletes_children = true,
        .deleted = em_vm_deleted,
        .actions = em_vm_actions,
        .action_count = EM_VM_ACTION_COUNT,
    },
    {
        .name = EM_EXTENSION_TYPE,
        .place = EM_IN_PARENT,
        COMPUTE_TYPE,
        EM_TAKES(60, 60, 30),
        .throttle_policy = "compute.extension",
        .source = "azure-compute 5.5",
        .put = em_extension_put,
        .duration = em_extension_duration,
        .ready = em_extension_ready,
        .show = em_extension_show,
        .shows_on_expand = true,
        .may_delete = em_extension_may_delete,
    },
    {
        .name = "Microsoft.Compute/usages",
        .place = EM_IN_SUBSCRIPTION,
        .is_internal = true,
        .has_no_state = true,
        .source = "azure-compute 1.9",
    },
};

#define COMPUTE "/subscriptions/{}/providers/Microsoft.Compute/"
#define IMAGES COMPUTE "locations/{}/publishers"
static const struct em_route routes[] = {
    {RD_HTTP_GET, COMPUTE "skus", em_catalog_skus, NULL, "azure-compute 1.8"},
    {RD_HTTP_GET, COMPUTE "locations/{}/usages", em_catalog_usages, NULL, "azure-compute 1.9"},
    {RD_HTTP_GET, IMAGES, em_catalog_image_publishers, NULL, "azure-compute 3.7"},
    {RD_HTTP_GET, IMAGES "/{}/artifacttypes/vmimage/offers", em_catalog_image_offers, NULL,
     "azure-compute 3.7"},
    {RD_HTTP_GET, IMAGES "/{}/artifacttypes/vmimage/offers/{}/skus", em_catalog_image_skus, NULL,
     "azure-compute 3.7"},
    {RD_HTTP_GET, IMAGES "/{}/artifacttypes/vmimage/offers/{}/skus/{}/versions",
     em_catalog_image_versions, "compute.image-versions", "recording 03-confidential-vm-create"},
    {RD_HTTP_GET, IMAGES "/{}/artifacttypes/vmimage/offers/{}/skus/{}/versions/{}",
     em_catalog_image_version, NULL, "recording 03-confidential-vm-create"},
};

static const struct em_event_name events[] = {{"vm-powered", em_vm_powered}};

const struct em_part em_compute_part = {
    .name = "compute",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
    .events = events,
    .event_count = EM_COUNT(events),
};
