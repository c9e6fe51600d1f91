/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_ACCESS_H
#define EMULATOR_ACCESS_H

/*
 * Who may do what (private to src/emulator). A role assignment gives a role's actions at its scope
 * and below, from when it has propagated: access.c. Which action a request is, is told by its
 * method and path: access_action.c. Resource Manager asks at one place, before it looks whether
 * anything is there: access_gate.c. The data planes of vaults and HSMs ask theirs: access_plane.c.
 * Roles, built in and custom: role.c.
 *
 * The built-in deployer of an in-process cloud owns its subscriptions. Owning gives no rights in
 * data planes; there it is whom a spec calls an administrator: each person or group that a role was
 * assigned to, since the cloud holds no people.
 */

#include "state.h"

enum em_role_list {
    EM_ROLE_ACTIONS,
    EM_ROLE_NOT_ACTIONS,
    EM_ROLE_DATA_ACTIONS,
    EM_ROLE_NOT_DATA_ACTIONS,
    EM_ROLE_LIST_COUNT
};

/* Lists of patterns; absent ones are empty. Built-in ones live as long as the program. */
struct em_role {
    struct rd_str guid;
    const struct rd_json *lists[EM_ROLE_LIST_COUNT]; /* of patterns, or absent */
};

/* role.c: a built-in or custom role by its GUID, read into `arena`; false when there is none. */
bool em_role_find(struct rd_cloud *cloud, struct rd_arena *arena, struct rd_str guid,
                  struct em_role *ret_role);
/* Whether a custom role may be assigned at `scope`; built-in ones may be everywhere. */
bool em_role_is_assignable(struct em_exchange *ex, struct rd_str guid, struct rd_str scope);

/* What stands in an assignment, kept ready. */
struct em_grant {
    struct rd_str principal;
    struct rd_str scope; /* "" is the root */
    int64_t effective_ms;
    bool is_person; /* neither an identity nor an application of this cloud */
    struct em_role role;
};

struct em_access {
    struct rd_arena *arena; /* of the grants */
    struct em_grant *grants;
    size_t count, cap;
    bool is_built;
};

void em_access_open(struct rd_cloud *cloud);
void em_access_close(struct rd_cloud *cloud);
/* Assignments, roles or principals changed: the grants are read anew when next asked for. */
void em_access_changed(struct rd_cloud *cloud);
/* Steps through the caller's grants that have propagated; start with *cursor = 0. */
const struct em_grant *em_access_next(struct em_exchange *ex, size_t *cursor);
bool em_is_at_or_above(struct rd_str above, struct rd_str scope);
/* Whether the caller is `principal`, or in that group. */
bool em_is_caller(const struct em_exchange *ex, struct rd_str principal, bool is_person);
bool em_is_person(struct em_exchange *ex, struct rd_str principal);
bool em_pattern_fits(struct rd_str pattern, struct rd_str action);
/* Whether the caller may do `action` somewhere below `scope`. */
bool em_may_below(struct em_exchange *ex, struct rd_str action, struct rd_str scope);

/* access_action.c */
struct em_act {
    struct rd_str action; /* "Microsoft.Compute/virtualMachines/write"; "": nothing is asked for */
    struct rd_str scope;
    bool is_list; /* of resources: shows what the caller may read */
};
void em_act_find(struct em_exchange *ex, struct em_act *ret_act);
/* "Microsoft.Network/virtualNetworks/subnets" of an id, in the arena; "" when it is none. */
struct rd_str em_type_of_id(struct em_exchange *ex, struct rd_str id);

/* access_gate.c: false after 403. */
bool em_access_gate(struct em_exchange *ex);
/* Whether the caller may see a resource in a list. */
bool em_sees(struct em_exchange *ex, const struct em_resource *resource);

/* access_gate.c: 403 for who may do `action` on `scope`, but not what that takes elsewhere. */
bool em_fail_linked(struct em_exchange *ex, struct rd_str action, struct rd_str scope,
                    const char *linked_action, struct rd_str linked_scope);

#endif
