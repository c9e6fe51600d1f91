/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

/*
 * The embedded cloud over HTTPS and plain HTTP/1.1, on libmicrohttpd: sockets, TLS, framing, limits
 * and time outs. What a request means is the emulator's: the server hands it over as a value and
 * sends the reply as it comes. It listens on loopback addresses only.
 *
 * Calling sequence: rd_server_listen, which tells the ports that a cloud's address needs; then the
 * cloud is opened; then rd_server_run, which returns when it was asked to stop; then rd_server_free
 * and rd_cloud_close.
 *
 * Threads: each listener has as many as there are cores. The cloud is behind one mutex; what can be
 * done outside of it (TLS, parsing of heads, gathering of bodies, writing) is.
 *
 * What the server itself refuses gets ARM's error envelope. A head that does not even fit its
 * buffer (RD_SERVER_HEAD_SIZE_MAX is below it) is refused by libmicrohttpd in its own words, as
 * Azure's front does it in its own too.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct rd_cloud;
struct rd_server;

enum {
    /* Http.sys, which stands in front of ARM, takes heads of 16 kB by default. */
    RD_SERVER_HEAD_SIZE_MAX = 16 << 10,
    /* What a client may send after its body was found too big, before it is cut off: it needs the
     * end of its request to see the answer. */
    RD_SERVER_DRAIN_SIZE_MAX = 32 << 20,
    RD_SERVER_IDLE_S = 120,
    /* A request (its head, its body, its answer) may take this many times the idle time in all. */
    RD_SERVER_TOTAL_FACTOR = 4,
    /* What is under way gets this long at the end. */
    RD_SERVER_GRACE_MS = 10000,
};

enum { RD_SERVER_NO_PORT = -1 };

struct rd_server_options {
    const char *address; /* "127.0.0.1", "::1", "localhost": not loopback is refused */
    int https_port;      /* 0: any that is free */
    int http_port;       /* RD_SERVER_NO_PORT: no plain HTTP */
    int64_t idle_s;      /* a connection that is silent for so long is closed */
};

/* Binds. Errors: USAGE for an address that is not loopback or none; IO for a port that is taken. */
RD_NODISCARD enum rd_rc rd_server_listen(const struct rd_server_options *options,
                                         struct rd_server **ret_server, struct rd_err *err);
void rd_server_free(struct rd_server *server); /* NULL does nothing */
int rd_server_https_port(const struct rd_server *server);
int rd_server_http_port(const struct rd_server *server); /* or RD_SERVER_NO_PORT */

enum rd_server_time {
    RD_SERVER_REAL,    /* the machine's pace */
    RD_SERVER_SCALED,  /* `clock` runs faster; "Retry-After: S" is told as retry-after-ms */
    RD_SERVER_VIRTUAL, /* `clock` moves when a request's Redoubt-Clock says so, never back */
};

struct rd_server_work {
    struct rd_cloud *cloud;
    struct rd_clock clock; /* the cloud's time goes on from it */
    enum rd_server_time time;
    int64_t speed;      /* of a scaled clock */
    const char *folder; /* of rd_authority_prepare, which is asked again while it runs */
    /* Called once, when connections are answered. */
    void (*ready)(void *data);
    void *data;
};

/*
 * Serves until SIGTERM, SIGINT or SIGHUP, which are blocked in the calling thread from
 * rd_server_listen on: then no new connection is taken, what is under way is answered (for at most
 * RD_SERVER_GRACE_MS, or until a second signal), and it returns. Errors: those of
 * rd_authority_prepare; IO.
 */
RD_NODISCARD enum rd_rc rd_server_run(struct rd_server *server, const struct rd_server_work *work,
                                      struct rd_err *err);

#endif
