/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_DESKTOP_INTERNAL_H
#define EMULATOR_DESKTOP_INTERNAL_H

/*
 * Azure Virtual Desktop: what the compute provider needs of it, and what its files share.
 *
 * A session host is nobody's PUT: its agent presents a registration token, and about a minute later
 * the host is in the pool's list, first Upgrading, then Available. From then on its status follows
 * the VM's power. Expired or deleted tokens do not touch hosts that have registered.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core.h"

#define EM_HOST_POOL_TYPE "Microsoft.DesktopVirtualization/hostPools"
#define EM_SESSION_HOST_TYPE "Microsoft.DesktopVirtualization/hostPools/sessionHosts"
#define EM_ASSIGNMENT_TYPE "Microsoft.DesktopVirtualization/hostPools/assignedUsers"
#define EM_USER_SESSION_TYPE "Microsoft.DesktopVirtualization/hostPools/sessionHosts/userSessions"

/*
 * The agent of `vm` registers with `token`. False with a sentence in `*ret_message` when the token
 * is none of the living ones: the extension then fails with it. The token names its pool. The
 * host's name is the computer name (an Entra join adds no suffix).
 */
bool em_session_host_register(struct em_exchange *ex, struct rd_str token,
                              const struct em_resource *vm, struct rd_str *ret_message);

enum em_host_power {
    EM_HOST_RUNNING,
    EM_HOST_SHUT_DOWN,   /* the guest was told: the agent signs off */
    EM_HOST_DEALLOCATED, /* power gone without a word: the heartbeat times out */
    EM_HOST_DELETED,     /* the VM goes (call before it is removed); the record stays */
};
/* The VM's power has changed; nothing happens when no host is registered for it. */
void em_session_host_power(struct em_exchange *ex, struct rd_str vm_id, enum em_host_power power);

/* Shared by the files ----------------------------------------------------------------------------
 */

/* The service's own error: the status as code, an activity id before the text; false. */
RD_PRINTF(3, 4)
bool em_desktop_fail(struct em_exchange *ex, int status, const char *fmt, ...);
bool em_desktop_has_force(struct em_exchange *ex); /* ?force=true */
/* The pool whose living token this is, or NULL; `*ret_message` tells why not. */
struct em_resource *em_desktop_pool_of_token(struct em_exchange *ex, struct rd_str token,
                                             struct rd_str *ret_message);
/* Obeys properties.registrationInfo of a pool's PUT, which the body does not keep. */
bool em_desktop_take_registration(struct em_exchange *ex, struct rd_json *body,
                                  struct rd_json *hidden);
bool em_desktop_list_tokens(struct em_exchange *ex, struct em_resource *resource); /* actions */
bool em_desktop_retrieve_token(struct em_exchange *ex, struct em_resource *resource);
/* Sets members that the service shows as null when nobody set them. */
void em_desktop_nulls(struct em_exchange *ex, struct rd_json *body, const char *const *members,
                      size_t count);

bool em_scaling_plan_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                         struct rd_json *hidden);
void em_scaling_plan_show(struct em_exchange *ex, struct em_resource *resource,
                          struct rd_json *body);
bool em_personal_schedule_put(struct em_exchange *ex, struct em_resource *former,
                              struct rd_json *body, struct rd_json *hidden);
bool em_pooled_schedule_put(struct em_exchange *ex, struct em_resource *former,
                            struct rd_json *body, struct rd_json *hidden);
bool em_session_host_patch(struct em_exchange *ex, struct em_resource *resource,
                           const struct rd_json *patch, struct rd_json *body,
                           struct rd_json *hidden);
bool em_session_host_may_delete(struct em_exchange *ex, struct em_resource *resource);
void em_session_host_deleted(struct em_exchange *ex, struct em_resource *resource);

/* Events */
void em_desktop_host_appears(struct em_exchange *ex, struct rd_str id, struct rd_str vm_id);
void em_desktop_host_status(struct em_exchange *ex, struct rd_str id, struct rd_str argument);

#endif
