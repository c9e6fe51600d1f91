/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRANSPORT_CONTRACT_H
#define TRANSPORT_CONTRACT_H

/*
 * What every transport must keep (azure/transport.h), as functions that a cmocka test calls with
 * the transport at hand. The request goes to a URL that the transport can reach and whose service
 * answers a GET with any status; `loop` drives it.
 *
 *     struct transport_contract contract = {.loop = loop, .transport = transport, .url = url};
 *     transport_contract_run(&contract);
 */

#include "azure/transport.h"

struct transport_contract {
    struct rd_loop *loop;
    struct rd_transport *transport;
    struct rd_str url;
};

/* All of the below, one after the other. */
void transport_contract_run(struct transport_contract *contract);

/* The callback comes exactly once, and from the loop: never from inside send. */
void transport_answers_once_and_later(struct transport_contract *contract);
/* A reply has a status of 100..599, a body whose bytes can be read, and named headers. */
void transport_replies_are_whole(struct transport_contract *contract);
/* Many at once are all answered, each with its own data. */
void transport_keeps_requests_apart(struct transport_contract *contract);
/* A callback may send again. */
void transport_may_be_used_from_its_callback(struct transport_contract *contract);
/* The loop ends when everything is answered: no timer is left behind. */
void transport_leaves_the_loop_idle(struct transport_contract *contract);

#endif
