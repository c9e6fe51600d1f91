/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_client.h"

#include "check.h"

void fake_client_open(struct fake_client *net, const struct fake_client_options *options)
{
    *net = (struct fake_client){.loop = NULL};
    rd_clock_init_virtual(&net->clock, options->start_ms);
    net->loop = rd_loop_new(&net->clock);
    fake_transport_init(&net->fake, net->loop, options->handler, options->data);
    rd_random_init_seeded(&net->random, 1);
    struct rd_err err;
    assert_int_equal(rd_endpoints_find(RD_STR("AzureCloud"), &net->endpoints, &err), RD_RC_OK);
    net->client = rd_client_new(&(struct rd_client_options){
        .loop = net->loop,
        .transport = &net->fake.base,
        .random = &net->random,
        .endpoints = net->endpoints,
        .in_flight_max = options->in_flight_max,
        .attempts_max = options->attempts_max,
    });
}

void fake_client_close(struct fake_client *net)
{
    rd_client_free(net->client);
    fake_transport_done(&net->fake);
    rd_loop_free(net->loop);
}
