/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_TRANSPORT_H
#define FAKE_TRANSPORT_H

/*
 * A transport for tests: each request is logged and given to a handler, whose answer arrives after
 * the time that the handler says. The handler may answer from a script (fake_script) or play a
 * whole cloud.
 */

#include "azure/transport.h"
#include "base/arena.h"
#include "base/loop.h"

struct fake_answer {
    enum rd_transport_result result;
    struct rd_http_reply reply;
    int64_t delay_ms;
};

struct fake_request {
    int64_t time_ms;
    enum rd_http_method method;
    struct rd_str url;
    struct rd_str body;
    struct rd_str request_id;
    bool is_secret;
};

/* `answer` is zero (a reply) with status 200 when it is called; text goes into `arena`. */
typedef void fake_handler(void *data, struct rd_arena *arena, int64_t now_ms,
                          const struct rd_http_request *request, struct fake_answer *answer);

struct fake_transport {
    struct rd_transport base; /* first: the operations cast */
    struct rd_loop *loop;
    fake_handler *handler;
    void *data;
    struct rd_arena *arena; /* of the log */
    struct fake_request *log;
    size_t count;
    size_t cap;
    size_t in_flight;
    size_t in_flight_peak;
    bool keeps_no_log;
};

void fake_transport_init(struct fake_transport *fake, struct rd_loop *loop, fake_handler *handler,
                         void *data);
void fake_transport_done(struct fake_transport *fake);
/* Requests of that method whose URL holds `part`. */
size_t fake_count(const struct fake_transport *fake, enum rd_http_method method, const char *part);
/* The nth of them (from 0), or NULL. */
const struct fake_request *fake_find(const struct fake_transport *fake, enum rd_http_method method,
                                     const char *part, size_t n);
void fake_header(struct rd_arena *arena, struct fake_answer *answer, const char *name,
                 const char *value);

/* A handler that answers the nth request with the nth line, and the last line from then on. */
struct fake_line {
    enum rd_transport_result result;
    int status;
    const char *body;
    const char *headers[8]; /* name, value, name, value ..., NULL */
    int64_t delay_ms;
};

struct fake_script {
    const struct fake_line *lines;
    size_t count;
    size_t next;
};

fake_handler fake_script_answer; /* data: struct fake_script */

#endif
