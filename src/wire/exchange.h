/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_EXCHANGE_H
#define WIRE_EXCHANGE_H

/*
 * What the files of this module share: the exchange, from send to callback.
 *
 *     send ──> WAITING ──> UNDER WAY ──> ENDED ──> callback, back to the pool
 *       └──────────────────────────────────^   (refused at once)
 *
 * It waits while another one opens the first connection to the same server: only then is it known
 * whether the server takes many exchanges on one connection (HTTP/2) or wants a connection for
 * each. curl.c makes the transitions; exchange_end is the only way to ENDED.
 */

#include "azure/transport.h"
#include "base/buf.h"
#include "base/map.h"
#include "http/message.h"
#include "library.h"
#include "wire/curl.h"

enum { REASON_SIZE = 768 };

/* What we ourselves found wrong: curl then only says that a callback stopped it. */
enum failure {
    FAILURE_NONE,
    FAILURE_HEAD_SIZE,
    FAILURE_BODY_SIZE,
    FAILURE_HEAD,   /* malformed, or at odds with itself */
    FAILURE_RESENT, /* a dead connection was reused, and this may not be sent twice */
    FAILURE_IDLE,
    FAILURE_TOO_LONG,
    FAILURE_COUNT
};

/* A server as curl pools connections to it: "https://host:port". */
struct origin {
    struct rd_str name; /* with a NUL: curl is given it as the URL */
    size_t under_way;
    bool is_open; /* somebody has a connection there */
};

struct exchange {
    struct rd_curl *curl;
    CURL *easy;
    struct exchange *next; /* in the one list that it is in */
    struct exchange *previous;

    const struct rd_http_request *request; /* until the callback */
    rd_transport_fn *fn;
    void *data;
    struct rd_http_url parts; /* views into url */
    struct rd_buf url;
    struct rd_buf target; /* of the request line: path and query */
    struct curl_slist *headers;
    struct origin *origin;
    bool is_secret;
    bool is_local; /* to this machine: no proxy */

    bool has_left; /* the request may have been written */
    int64_t start_us;
    int64_t left_us;
    int64_t heard_us; /* when bytes last went either way */
    int64_t heard_bytes;

    struct rd_arena *arena; /* of the reply's head */
    struct rd_http_reply reply;
    struct rd_buf body;
    size_t head_size;
    bool is_head_over;
    bool is_packed; /* the body came with a Content-Encoding */
    enum failure failure;

    enum rd_transport_result result;
    char reason[REASON_SIZE];
    char detail[CURL_ERROR_SIZE]; /* curl's words, shown only where they are known to be its own */
};

/* address.c: who may be asked at all -------------------------------------------------------- */

/* Whether every reader of this URL sees the same parts in it. */
bool address_is_plain(struct rd_str url);
bool address_is_loopback(struct rd_str host);
/* NULL, or why a request may not go there; sets url, parts and is_local. */
const char *address_refusal(struct exchange *x);

/* request.c: what goes out ------------------------------------------------------------------- */

/* The options that all requests of this handle share. */
void request_ready_handle(struct exchange *x);
/* False when a header cannot be sent as it is. */
bool request_set(struct exchange *x);
void request_wipe_headers(struct exchange *x);

/* reply.c: what comes in --------------------------------------------------------------------- */

size_t reply_take_head(char *line, size_t size, size_t count, void *data);
size_t reply_take_body(char *bytes, size_t size, size_t count, void *data);
/* Whether what came is a reply that may be shown; readies it. */
bool reply_finish(struct exchange *x);

/* ending.c: how it ended ---------------------------------------------------------------------- */

/* Sets result and reason of an exchange that curl ended with that code. */
void ending_judge(struct exchange *x, CURLcode code);
RD_PRINTF(3, 4)
void ending_set(struct exchange *x, enum rd_transport_result result, const char *fmt, ...);

/* exchange.c: the pool ------------------------------------------------------------------------ */

struct exchange_list {
    struct exchange *first;
    struct exchange *last;
    size_t count;
};

void exchange_append(struct exchange_list *list, struct exchange *x);
void exchange_unlink(struct exchange_list *list, struct exchange *x);
/* A blank exchange with a handle, from the pool or new; NULL when curl has no memory for one. */
struct exchange *exchange_take(struct rd_curl *curl);
void exchange_give_back(struct exchange *x);
void exchange_free(struct exchange *x);

struct rd_curl {
    struct rd_transport door; /* first: the ops get a pointer to it */
    struct rd_curl_options options;
    struct rd_curl_stats stats;
    struct wire_library library;
    CURLM *multi;
    struct exchange_list pool;
    struct exchange_list waiting;
    struct exchange_list under_way;
    struct exchange_list ended; /* their callbacks are deferred, in this order */
    struct rd_map origins;
    struct rd_arena *arena; /* of the origins */
    bool has_opened;        /* somebody may have waited for this */
    size_t writes;          /* under way; counted where they keep their order */
    size_t writes_waiting;
    int64_t check_every_us;
    int64_t checked_us;
};

#endif
