/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_INSIDE_H
#define SERVER_INSIDE_H

/*
 * What the server's own files share.
 *
 * Life of an exchange: take (the request line is there) -> head checked -> body gathered, if there
 * is one -> answered by the cloud -> reply queued -> release (sent, or the connection is gone).
 * Exchanges with their arenas are kept and used again, so that memory follows what is under way.
 */

#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "emulator/cloud.h"
#include "http/message.h"
#include "server/server.h"

/* A connection, known from accept to close, so that one that takes too long can be cut. */
struct connection {
    struct connection *next;
    struct connection *prev;
    int fd;
    _Atomic int64_t since_ms; /* monotonic: when its head, body or answer began */
    _Atomic bool is_answered; /* its reply is on the way */
};

enum { HOST_SIZE_MAX = 253 + 6 }; /* RFC 1035, section 2.3.4, and a port */

struct refusal {
    int status; /* 0: none */
    const char *code;
    struct rd_str message;
};

struct exchange {
    struct exchange *next;
    struct rd_server *server;
    struct connection *connection;
    struct rd_arena *arena;
    struct rd_str target; /* as received */
    struct rd_str host;
    struct rd_http_request request;
    struct rd_http_reply reply;
    struct refusal refusal;
    char *body;
    size_t body_n;
    size_t body_cap;
    size_t body_told; /* the Content-Length, when there is one */
    bool has_begun;   /* the head was looked at */
    bool has_body;    /* one was announced */
    bool is_tls;
    bool is_held; /* its reply, to be sent as one record */
};

/* One of the two doors: a socket and the daemon behind it. */
struct door {
    struct rd_server *server;
    int fd; /* -1: none */
    int port;
    bool is_tls;
    struct MHD_Daemon *daemon;
};

struct rd_server {
    struct rd_server_options options;
    struct door https;
    struct door http;
    struct rd_server_work work;
    pthread_mutex_t cloud_lock; /* the cloud and its clock */
    pthread_mutex_t list_lock;  /* connections and spare exchanges */
    struct connection *connections;
    struct exchange *spare;
    _Atomic size_t under_way; /* exchanges taken and not released */
    _Atomic bool is_stopping;
};

/* listen.c: a bound socket that listens. */
RD_NODISCARD enum rd_rc listen_open(const char *address, int port, int *ret_fd, int *ret_port,
                                    struct rd_err *err);

/* tls.c: the credentials that new connections are greeted with; one server a process. The former
 * ones stay until the end: a handshake may be using them. */
RD_NODISCARD enum rd_rc tls_set(struct rd_str certificate_pem, struct rd_str key_pem,
                                struct rd_err *err);
void tls_done(void);
/* For MHD_OPTION_HTTPS_CERT_CALLBACK: a gnutls_certificate_retrieve_function2. */
void *tls_callback(void);

/*
 * libmicrohttpd writes the head of a reply and its body apart, which over TLS are two records: to
 * seal, to send, to read and to open, each twice. Between tls_hold and tls_let_go what it writes is
 * gathered, and leaves as one. False when the reply, of about `size`, is better left to it.
 */
bool tls_hold(const struct exchange *exchange, struct MHD_Connection *connection, size_t size);
void tls_let_go(const struct exchange *exchange, struct MHD_Connection *connection);

/* refuse.c: looks at the head; false after it has set exchange->refusal. */
bool refuse_head(struct exchange *exchange, const char *method, const char *version);
bool refuse(struct exchange *exchange, int status, const char *code, const char *message);
/* The refusal as a reply. */
void refuse_reply(struct exchange *exchange);

/* exchange.c: the callbacks of libmicrohttpd. */
void *exchange_arrive(void *server, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_go_on(void *door, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **data);
void exchange_release(void *server, struct MHD_Connection *connection, void **data,
                      enum MHD_RequestTerminationCode why);
void exchange_free_spare(struct rd_server *server);
int64_t exchange_now_ms(void);

#endif
