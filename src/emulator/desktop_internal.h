/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_DESKTOP_INTERNAL_H
#define EMULATOR_DESKTOP_INTERNAL_H

/*
 * Azure Virtual Desktop: what the compute provider needs of it, and what its two files share.
 *
 * A session host is nobody's PUT: its agent presents a registration token, and some minutes later
 * the host is in the pool's list, first Upgrading, then Available. From then on its status follows
 * the VM's power. Expired or deleted tokens do not touch hosts that have registered.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core.h"

#define EM_HOST_POOL_TYPE "Microsoft.DesktopVirtualization/hostPools"
#define EM_SESSION_HOST_TYPE "Microsoft.DesktopVirtualization/hostPools/sessionHosts"

/*
 * The agent of `vm` registers with `token`. False with a sentence in `*ret_message` when the token
 * is none of the living ones: the extension then fails with it. `pool_id` may be "" when the caller
 * does not know it: the token names its pool. The host's name is the computer name (Entra join has
 * no suffix).
 */
bool em_session_host_register(struct em_exchange *ex, struct rd_str token,
                              const struct em_resource *vm, struct rd_str *ret_message);

enum em_host_power {
    EM_HOST_RUNNING,
    EM_HOST_SHUT_DOWN,   /* the guest was told: the agent signs off */
    EM_HOST_DEALLOCATED, /* power gone without a word: the heartbeat times out */
    EM_HOST_DELETED,     /* the VM is gone; the record stays until somebody deletes it */
};
/* The VM's power has changed; nothing happens when no host is registered for it. */
void em_session_host_power(struct em_exchange *ex, struct rd_str vm_id, enum em_host_power power);

/* Events of desktop_host.c for the table in providers.c. */
em_event_fn em_desktop_host_appears;  /* "desktop host appears": id = host id */
em_event_fn em_desktop_host_status;   /* "desktop host status": argument = the status */

/* Provider tables */
extern const struct em_type em_desktop_types[];
extern const size_t em_desktop_type_count;
extern const struct em_type em_desktop_host_types[];
extern const size_t em_desktop_host_type_count;

#endif
