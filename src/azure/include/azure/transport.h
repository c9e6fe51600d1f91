/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AZURE_TRANSPORT_H
#define AZURE_TRANSPORT_H

/*
 * One of the engine's doors: how a request travels and its reply comes back. Real (wire/,
 * by libcurl), simulated (a call into the embedded cloud, in cli/), tracing and failing ones
 * implement it; one contract suite (tests/contract) runs on each.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"
#include "http/message.h"

enum rd_transport_result {
    RD_TRANSPORT_REPLY,   /* a reply arrived, of whatever status */
    RD_TRANSPORT_TIMEOUT, /* none in time: the request may have been carried out */
    RD_TRANSPORT_DROPPED, /* the connection broke: the request may have been carried out */
    RD_TRANSPORT_REFUSED, /* it never left: nothing was carried out */
    /* It never left, for who answers cannot prove to be whom it is for, by its certificate: nothing
     * was carried out, and asking again would change nothing. `reason` has the host and the remedy.
     */
    RD_TRANSPORT_UNTRUSTED,
};

/* `reply` is valid during the call only, and only for RD_TRANSPORT_REPLY; otherwise `reason` says
 * why in words. Called from the loop, never from inside send. */
typedef void rd_transport_fn(void *data, enum rd_transport_result result,
                             const struct rd_http_reply *reply, const char *reason);

struct rd_transport;

struct rd_transport_ops {
    /* Sends; `request` and its texts must live until the callback. */
    void (*send)(struct rd_transport *transport, const struct rd_http_request *request,
                 rd_transport_fn *fn, void *data);
};

struct rd_transport {
    const struct rd_transport_ops *ops;
};

void rd_transport_send(struct rd_transport *transport, const struct rd_http_request *request,
                       rd_transport_fn *fn, void *data);

#endif
