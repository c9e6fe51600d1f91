/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AZURE_EXCHANGE_H
#define AZURE_EXCHANGE_H

/*
 * Private to azure/: one call's way from its request to its outcome, and the buckets that pace it.
 *
 *                 +-------------------------- retry ------------------------+
 *                 v                                                         |
 *     NEW -> QUEUED -> SENT -> (terminal reply) -> ENDING -> callback       |
 *                 ^      |                                                  |
 *                 |      +-> WAITING: for a poll's time or a retry's -------+
 *                 +-------------+
 *
 * The aim says what the request on its way is for: the call's own request, a poll of the
 * operation's URL, a poll of the resource, or the last GET of a POST's result.
 */

#include "azure/client.h"
#include "base/buf.h"

enum phase { PHASE_NEW, PHASE_QUEUED, PHASE_SENT, PHASE_WAITING, PHASE_ENDING };
enum aim { AIM_CALL, AIM_OPERATION, AIM_RESOURCE, AIM_RESULT };
enum bucket_kind { BUCKET_READ, BUCKET_WRITE, BUCKET_DELETE, BUCKET_FREE };

struct bucket;

struct exchange {
    struct rd_client *client;
    struct rd_call call;
    enum phase phase;
    enum aim aim;
    struct rd_buf operation_url; /* what the polls ask */
    struct rd_buf location_url;
    int tries; /* of the request on its way, the first included, those with 429 not */
    int throttled;
    int attempts;
    int polls;
    int64_t expected_end_ms;    /* of the operation; INT64_MIN when unknown */
    int64_t operation_since_ms; /* when we began to follow it */
    int64_t not_found_since_ms; /* of a poll; 0 when it was found */
    int64_t queued_ms;
    uint64_t timer;
    struct bucket *bucket; /* of the request on its way */
    int64_t key;           /* in the bucket's heap: lower goes first */
    uint64_t sequence;     /* then in order */
    enum rd_rc ending_rc;  /* ENDING: for calls that end without a reply */
    const char *ending_message;
    struct exchange *next; /* in the list of live or of free ones */
    struct exchange *previous;
};

/* A token bucket as ARM keeps them (azure-compute 1.4): one a subscription and kind. */
struct bucket {
    struct rd_client *client;
    struct bucket *next;
    enum bucket_kind kind;
    char subscription[40];
    int64_t capacity_milli; /* thousandths of a request */
    int64_t milli_per_ms;
    int64_t tokens_milli;
    int64_t updated_ms;
    int64_t blocked_until_ms;
    size_t in_flight;
    struct exchange **heap;
    size_t count;
    size_t cap;
    uint64_t timer;
    int64_t timer_ms;
};

/* What carries one request; its texts live until the reply. */
struct slot {
    struct rd_client *client;
    struct exchange *exchange;
    struct rd_arena *arena;
    struct rd_http_request request;
    struct slot *next;
};

struct rd_client {
    struct rd_client_options options;
    struct rd_client_stats stats;
    struct bucket *buckets;
    struct slot *free_slots;
    size_t in_flight;
    struct exchange *live;
    struct exchange *free;
    struct rd_arena *scratch; /* of the reply at hand, when it is only looked at */
    uint64_t sequence;
    bool is_stopped;
    bool is_pump_due;
};

/* client.c */
void exchange_set_phase(struct exchange *x, enum phase phase);
struct rd_str exchange_url(const struct exchange *x); /* of the request to send next */
enum rd_http_method exchange_method(const struct exchange *x);
/* Ends the call; `outcome` lies in its arena. */
void exchange_finish(struct exchange *x, const struct rd_outcome *outcome);
/* Ends it later, from the loop, without a reply. */
void exchange_finish_soon(struct exchange *x, enum rd_rc rc, const char *message);
/* Ends it with what the cloud says in an error's body; `fallback_code` when it names none. */
void exchange_fail(struct exchange *x, int status, const struct rd_json *body,
                   const char *fallback_code);
/* Parses a reply's text into `arena` (copied there); absent when empty. False when it's no JSON. */
bool exchange_parse(struct rd_arena *arena, struct rd_str text, struct rd_json *ret_body);

/* pacing.c */
void pacing_enqueue(struct exchange *x);
/* Sends what may be sent now, and sets timers for the rest. */
void pacing_pump(struct rd_client *client);
void pacing_learn(struct bucket *bucket, const struct rd_http_reply *reply);
void pacing_block(struct bucket *bucket, const struct rd_http_reply *reply, struct rd_str code,
                  int64_t until_ms);
/* Takes the calls that have not been sent out of the queues. */
void pacing_drop_unsent(struct rd_client *client);
void pacing_done(struct rd_client *client);
/* client.c, for pacing_pump: puts it on the wire. */
void exchange_send(struct exchange *x);

/* retry.c */
bool retry_is_transient(int status);
/* Waits and sends again, or ends the call. `reply` NULL when none came. */
void retry_or_fail(struct exchange *x, enum rd_transport_result result,
                   const struct rd_http_reply *reply, const char *reason);
/* The delay that the reply asks for; false when it asks for none. */
bool retry_after_ms(const struct rd_http_reply *reply, int64_t now_ms, int64_t *ret_delay_ms);
void retry_wait(struct exchange *x, int64_t delay_ms);

/* poll.c */
/* Whether the reply to the call's own request starts an operation; then it is followed. */
bool poll_begin(struct exchange *x, const struct rd_http_reply *reply, const struct rd_json *body);
void poll_resume(struct exchange *x);
void poll_take_reply(struct exchange *x, const struct rd_http_reply *reply);

#endif
