/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESOURCE_ID_H
#define RESOURCE_ID_H

/*
 * ARM resource ids (azure-compute reference 1.1): "/subscriptions/{s}/resourceGroups/{g}/providers/
 * {namespace}/{type}/{name}[/{type}/{name}...]", also with a second "/providers/" for extension
 * resources (role assignments, diagnostic settings ...), and at subscription or tenant level.
 * Ids compare without case; casing is kept as it came.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

struct rd_arm_id {
    struct rd_str id;             /* the whole */
    struct rd_str subscription;   /* GUID, or "" at tenant level */
    struct rd_str resource_group; /* or "" */
    struct rd_str name;           /* the last segment */
    struct rd_str parent;         /* the id before the last type and name: a parent resource, the
                                     resource an extension resource is on, a group, the subscription
                                     (of a group too), or "" */
};

/* False when it is no ARM id. The views point into `id`. */
bool rd_arm_id_parse(struct rd_str id, struct rd_arm_id *ret_id);
/* "Microsoft.Network/virtualNetworks/subnets"; "Microsoft.Resources/resourceGroups" for a group,
 * "Microsoft.Resources/subscriptions" for a subscription; "" when it is no ARM id. For an extension
 * resource the last provider's type counts. */
struct rd_str rd_arm_id_type(struct rd_arena *arena, struct rd_str id);
/* Whether `id` is `ancestor` or lies below it. */
bool rd_arm_id_is_within(struct rd_str id, struct rd_str ancestor);

#endif
