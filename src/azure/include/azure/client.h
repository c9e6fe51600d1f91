/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AZURE_CLIENT_H
#define AZURE_CLIENT_H

/*
 * The ARM client: one request at a time turned into its final outcome. It paces requests with token
 * buckets that mirror ARM's (azure-compute 1.4) and learn from headers and 429s; retries by error
 * class with backoff and jitter; follows asynchronous operations of both styles with exactly the
 * Retry-After that the cloud asks for (never earlier; later only when the read bucket is short,
 * those expected to end first going first); gives up
 * after a day; tells its caller the operation's URL so that a journal can resume it. Every URL is
 * checked against the cloud's endpoint set before it leaves.
 */

#include <stdint.h>

#include "azure/endpoints.h"
#include "azure/transport.h"
#include "base/arena.h"
#include "base/loop.h"
#include "base/random.h"
#include "http/message.h"
#include "json/json.h"

struct rd_client;

/* How a call ended. Everything lies in the call's arena. */
struct rd_outcome {
    enum rd_rc rc;                  /* OK, or the class of failure */
    int status;                     /* of the deciding reply; 0 when none came */
    struct rd_json body;            /* parsed body of the deciding reply, or absent */
    struct rd_str code;             /* Azure's error code, innermost, or "" */
    struct rd_str message;          /* Azure's text */
    struct rd_str resource_message; /* what failed, for the user, or "" */
    int attempts;
    int polls;
    bool may_have_happened; /* no reply came to a request that is not safe to repeat: look first */
};

typedef void rd_client_fn(void *data, const struct rd_outcome *outcome);
/* The cloud accepted an operation and gave its URL: called before the first poll. */
typedef void rd_client_accepted_fn(void *data, struct rd_str operation_url,
                                   struct rd_str location_url);

struct rd_call {
    enum rd_http_method method;
    struct rd_str url;
    struct rd_str body;     /* JSON text or "" */
    bool is_secret;         /* body must not reach traces */
    bool follows_operation; /* wait for an asynchronous end */
    bool polls_resource;    /* with neither header: GET url until provisioningState is terminal */
    struct rd_str resource_url; /* what polls_resource GETs where it is not `url`, or "" */
    bool is_repeatable;         /* a POST that may be sent twice; the other methods always may */
    int64_t expected_ms;        /* for the order of polls when short of reads; 0 unknown */
    uint64_t kin;       /* the same of calls that take about as long, so that what the first took is
                           expected of the others; 0: of none */
    int64_t urgency_ms; /* how long what waits behind it takes: of those that wait for tokens the
                           most urgent goes first; equal ones in order */
    /* Instead of sending: go on polling this operation, of either style. One that the cloud does
     * not know any more ends with NOT_FOUND. */
    struct rd_str resume_url;
    struct rd_str resume_location_url;
    struct rd_arena *arena;          /* of the caller; lives until the callback returns */
    rd_client_accepted_fn *accepted; /* may be NULL */
    rd_client_fn *done;
    void *data;
};

struct rd_client_options {
    struct rd_loop *loop;
    struct rd_transport *transport;
    struct rd_random *random; /* jitter, client request ids */
    struct rd_endpoints endpoints;
    size_t in_flight_max; /* requests on the wire at once */
    int attempts_max;     /* of one request: 5xx, 429, drops */
};

struct rd_client_stats {
    uint64_t requests[6]; /* by enum rd_http_method */
    uint64_t polls;
    uint64_t throttled; /* 429 */
    uint64_t retried;
    int64_t waited_for_tokens_ms;
};

struct rd_client *rd_client_new(const struct rd_client_options *options);
void rd_client_free(struct rd_client *client);
/* `call` is copied; its texts and arena must live until `done`. */
void rd_client_call(struct rd_client *client, const struct rd_call *call);
/* No new requests from now on; calls that wait end with RD_RC_INTERRUPTED, sent ones are waited
 * for. */
void rd_client_stop(struct rd_client *client);
const struct rd_client_stats *rd_client_stats(const struct rd_client *client);

/* What an Azure error means: class and remedy, by data/errors.yaml (code, status and text). */
enum rd_rc rd_error_classify(int status, struct rd_str code, struct rd_str message);
/* Finds the innermost code and message in any of the envelopes that Azure sends; of several
 * details, those of the first that data/errors.yaml can explain. */
void rd_error_parse(struct rd_arena *arena, const struct rd_json *body, struct rd_str *ret_code,
                    struct rd_str *ret_message);
/* The remedy for people, or "". `code` without case. */
struct rd_str rd_error_hint(struct rd_str code, struct rd_str message);
/* Adds to a failure what its code means, who has to act, where that is known from, and the remedy
 * (`hint` when it is not empty). Returns `rc` unchanged. */
RD_NODISCARD enum rd_rc rd_error_explain(enum rd_rc rc, struct rd_str code, struct rd_str message,
                                         struct rd_str hint, struct rd_err *err);
/* Whether a permission or an identity that was made a moment ago may be the cause. */
bool rd_error_propagates(struct rd_str code, struct rd_str message);

#endif
