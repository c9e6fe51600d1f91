/* SPDX-License-Identifier: Apache-2.0 */
#include "local_transport.h"

#include <signal.h>

#include "base/arena.h"

struct sending {
    const struct rd_http_request *request;
    rd_transport_fn *fn;
    void *data;
    struct sending *next;
};

struct local_transport {
    struct rd_transport door; /* first: the ops get a pointer to it */
    struct rd_loop *loop;
    struct rd_cloud *cloud;
    struct rd_arena *replies; /* of the exchange at hand */
    struct sending *first;
    struct sending *last;
    struct sending *spare;
    struct rd_err failure;
    int64_t crash_after; /* requests until the power goes; 0: never */
};

/* The request as it arrives: signed in, which for the embedded cloud any token is. */
static struct rd_http_request sign_in(struct rd_arena *arena, const struct rd_http_request *request)
{
    struct rd_http_request signed_in = *request;
    signed_in.headers = (struct rd_http_headers){0};
    for (size_t i = 0; i < request->headers.count; i++)
        rd_http_headers_add(arena, &signed_in.headers, request->headers.items[i].name.p,
                            request->headers.items[i].value);
    rd_http_headers_add(arena, &signed_in.headers, "Authorization", RD_STR("Bearer embedded"));
    return signed_in;
}

/* Answers the request that was sent first. */
static void answer(void *data)
{
    struct local_transport *transport = data;
    struct sending sending = *transport->first;
    struct sending *done = transport->first;
    transport->first = done->next;
    if (transport->first == NULL)
        transport->last = NULL;
    done->next = transport->spare;
    transport->spare = done;
    struct rd_http_reply reply = {0};
    rd_arena_clear(transport->replies);
    struct rd_err err;
    enum rd_rc rc = transport->failure.rc;
    struct rd_http_request request = sign_in(transport->replies, sending.request);
    if (rc == RD_RC_OK)
        rc = rd_cloud_handle(transport->cloud, transport->replies, rd_loop_now_ms(transport->loop),
                             &request, &reply, &err);
    if (transport->crash_after > 0 && --transport->crash_after == 0)
        (void)raise(SIGKILL);
    if (rc == RD_RC_OK) {
        sending.fn(sending.data, RD_TRANSPORT_REPLY, &reply, "");
        return;
    }
    if (transport->failure.rc == RD_RC_OK)
        transport->failure = err;
    sending.fn(sending.data, RD_TRANSPORT_REFUSED, NULL, transport->failure.msg);
}

static void local_send(struct rd_transport *door, const struct rd_http_request *request,
                       rd_transport_fn *fn, void *data)
{
    struct local_transport *transport = (struct local_transport *)door;
    struct sending *sending = transport->spare;
    if (sending != NULL)
        transport->spare = sending->next;
    else
        sending = rd_heap_zalloc(sizeof(*sending));
    *sending = (struct sending){request, fn, data, NULL};
    if (transport->last == NULL)
        transport->first = sending;
    else
        transport->last->next = sending;
    transport->last = sending;
    rd_loop_defer(transport->loop, answer, transport);
}

static const struct rd_transport_ops local_ops = {local_send};

struct local_transport *local_transport_new(struct rd_loop *loop, struct rd_cloud *cloud)
{
    struct local_transport *transport = rd_heap_zalloc(sizeof(*transport));
    transport->door.ops = &local_ops;
    transport->loop = loop;
    transport->cloud = cloud;
    transport->replies = rd_arena_new(0);
    return transport;
}

static void free_all(struct sending *sending)
{
    while (sending != NULL) {
        struct sending *next = sending->next;
        rd_heap_free(sending);
        sending = next;
    }
}

void local_transport_free(struct local_transport *transport)
{
    if (transport == NULL)
        return;
    free_all(transport->first);
    free_all(transport->spare);
    rd_arena_free(transport->replies);
    rd_heap_free(transport);
}

struct rd_transport *local_transport_door(struct local_transport *transport)
{
    return &transport->door;
}

enum rd_rc local_transport_check(const struct local_transport *transport, struct rd_err *err)
{
    if (transport->failure.rc == RD_RC_OK)
        return RD_RC_OK;
    *err = transport->failure;
    return err->rc;
}

void local_transport_crash_after(struct local_transport *transport, int64_t count)
{
    transport->crash_after = count;
}
