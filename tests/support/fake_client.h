/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_CLIENT_H
#define FAKE_CLIENT_H

/*
 * A client of AzureCloud over a fake transport on a virtual clock: what tests of the client and of
 * the engine begin with. It must not be moved between open and close, for its parts know each
 * other.
 */

#include "azure/client.h"
#include "base/clock.h"
#include "base/random.h"
#include "fake_transport.h"

struct fake_client {
    struct rd_clock clock;
    struct rd_loop *loop;
    struct fake_transport fake;
    struct rd_random random;
    struct rd_endpoints endpoints;
    struct rd_client *client;
};

struct fake_client_options {
    int64_t start_ms;
    fake_handler *handler;
    void *data; /* the handler's */
    size_t in_flight_max;
    int attempts_max;
};

void fake_client_open(struct fake_client *net, const struct fake_client_options *options);
void fake_client_close(struct fake_client *net);

#endif
