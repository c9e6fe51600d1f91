/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASKING_H
#define ASKING_H

/* What the tests of the transport share: a hostile server for the whole program, and for each test
 * a loop, a transport to the server, and one request after the other with what became of it. */

#include "hostile.h"
#include "wire/curl.h"
#include "json/json.h"

struct asker {
    struct rd_clock clock;
    struct rd_loop *loop;
    struct rd_curl *curl;
    struct rd_arena *arena;
    struct rd_str allowed; /* host that may be asked; "" any */
};

struct answer {
    struct asker *asker;
    struct rd_http_request request;
    int count; /* callbacks */
    enum rd_transport_result result;
    int status;
    struct rd_http_headers headers;
    struct rd_str body;
    char reason[1024];
};

/* The one that the asker asks, started and stopped as the fixture of the group of tests. */
extern struct hostile server;
int start_server(void **state);
int stop_server(void **state);

/* Waits for seconds where the transport's own limits are minutes. */
extern const struct rd_curl_options brisk;
/* `options` may leave loop, allows and ca_file out: then they are the asker's own. */
void asker_open(struct asker *asker, struct rd_curl_options options);
void asker_close(struct asker *asker);

/* "https://HOST:PORT/PATH" of a listener; "plain" and "mute" of the scheme that is asked for. */
struct rd_str asker_url(struct asker *asker, const char *scheme, const char *host,
                        const char *listener, const char *path);
/* Sends and returns at once. */
void ask(struct asker *asker, struct answer *answer, enum rd_http_method method, struct rd_str url,
         struct rd_str body);
/* Sends to localhost's listener over https and runs the loop to the end. */
struct answer ask_path(struct asker *asker, enum rd_http_method method, const char *listener,
                       const char *path);
struct answer ask_url(struct asker *asker, enum rd_http_method method, struct rd_str url);
/* A number or a list of the server's own account: "connections", "good". */
struct rd_json server_stats(struct asker *asker);
int64_t stat_count(struct asker *asker, const char *kind, const char *name);

#endif
