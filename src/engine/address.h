/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_ADDRESS_H
#define ENGINE_ADDRESS_H

/* Private to engine/: where a resource's requests go, by the row of its type: plane, paths,
 * methods and queries of data/types.yaml, and what it says of being ready. Pure. */

#include "azure/endpoints.h"
#include "http/message.h"
#include "resource/set.h"

enum address_use { ADDRESS_CREATE, ADDRESS_UPDATE, ADDRESS_GET, ADDRESS_DELETE };

/* What an address is made from. `body` fills {body.X}; it may be absent. */
struct target {
    struct rd_str id;
    const struct rd_type *type;
    const struct rd_json *body;
};

struct target target_of(const struct rd_resource *resource);
/* Of an id whose resource is in neither set; false when its type is not known. */
bool target_find(struct rd_arena *arena, const struct rd_set *desired, const struct rd_set *live,
                 struct rd_str id, struct target *ret_target);

enum rd_http_method address_method(const struct rd_type *type, enum address_use use);
struct rd_str address_url(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                          const struct target *target, enum address_use use);
/* With another query than the row's get_query, such as a `ready` condition's. */
struct rd_str address_url_query(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                                const struct target *target, enum address_use use,
                                struct rd_str query);
/* Where it is looked at when a live set is read: by Resource Manager for types with the column
 * read, else as address_url of ADDRESS_GET. */
struct rd_str address_look(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                           const struct target *target);
/* POST {id}/{action}, with the API version of the type. */
struct rd_str address_action(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                             const struct target *target, struct rd_str action);
/* Lists instances of `type` below `place` (a group, a subscription, a parent, a scope); as
 * address_look for types with the column read. */
struct rd_str address_list(struct rd_arena *arena, const struct rd_endpoints *endpoints,
                           const struct rd_type *type, struct rd_str place);
/* The id of its resource group, or "". */
struct rd_str address_group(const struct rd_arm_id *id);
/* Whether a row's `ready` condition holds; true when it has none. */
bool address_is_ready(const struct rd_type *type, const struct rd_json *body);
/* How long that may take by the row, or `otherwise_ms` where it does not say. */
int64_t address_ready_ms_max(const struct rd_type *type, int64_t otherwise_ms);

#endif
