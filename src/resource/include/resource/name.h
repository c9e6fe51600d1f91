/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESOURCE_NAME_H
#define RESOURCE_NAME_H

/*
 * What people call a resource: never a GUID, and never a name that all of a kind have, when
 * something tells more. Pure text; ids stay the only identity.
 */

#include "resource/id.h"
#include "resource/type.h"
#include "json/json.h"

struct rd_name {
    struct rd_str kind; /* "virtual machine", "role" */
    struct rd_str name; /* "vm01", "GuestAttestation on vm01", "of vm01" */
};

/* "vm01"; "aad on vm01" for what is part of something; "of vm01" when its own name is the same for
 * all; "on vm01" for names that are GUIDs. The id itself when it is no ARM id. */
struct rd_str rd_name_of_id(struct rd_arena *arena, struct rd_str id);
/* The same with what its body tells: a role assignment is named by its role. `body` may be absent;
 * a NULL `type` is one that data/types.yaml does not know. */
struct rd_name rd_name_of(struct rd_arena *arena, const struct rd_type *type, struct rd_str id,
                          const struct rd_json *body);

#endif
