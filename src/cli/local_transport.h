/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOCAL_TRANSPORT_H
#define CLI_LOCAL_TRANSPORT_H

/* The simulated transport: a request is a call into the embedded cloud, answered on the loop's next
 * turn. When the cloud's own file fails (a full disk), the request counts as never sent, and what
 * happened is kept for local_transport_check. */

#include "azure/transport.h"
#include "base/loop.h"
#include "emulator/cloud.h"

struct local_transport;

struct local_transport *local_transport_new(struct rd_loop *loop, struct rd_cloud *cloud);
void local_transport_free(struct local_transport *transport);
struct rd_transport *local_transport_door(struct local_transport *transport);
/* Rehearses a power cut: the process kills itself when the cloud has carried out its `count`th
 * request from now and the reply is still on its way. */
void local_transport_crash_after(struct local_transport *transport, int64_t count);
/* Errors: the failure of the cloud's file, if any. */
RD_NODISCARD enum rd_rc local_transport_check(const struct local_transport *transport,
                                              struct rd_err *err);

#endif
