/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_CLOUD_H
#define TESTS_FUZZ_CLOUD_H

/* An embedded cloud for fuzz targets: requests by URL, and what must hold of every answer. */

#include "emulator/cloud.h"
#include "json/json.h"

#define FUZZ_SUBSCRIPTION "/subscriptions/22222222-3333-4444-5555-666666666666"
#define FUZZ_GROUP FUZZ_SUBSCRIPTION "/resourceGroups/rg"

struct fuzz_reply {
    struct rd_http_reply reply;
    struct rd_json body; /* parsed when it is JSON, else absent */
};

/* One more header of a request; name NULL: none. */
struct fuzz_header {
    const char *name;
    struct rd_str value;
};

/* The one cloud of the process, made when it is first asked for, with FUZZ_GROUP in it. */
struct rd_cloud *fuzz_cloud(void);
/* Time goes on in it. */
void fuzz_wait(int64_t seconds);
/* Sends with the built-in deployer's token; a path is taken to be Resource Manager's. Asserts that
 * an answer comes: headers without control characters, JSON that parses or XML, and of refusals the
 * envelope that clients read. */
struct fuzz_reply fuzz_ask(struct rd_arena *arena, enum rd_http_method method, struct rd_str url,
                           struct fuzz_header header, struct rd_str body);
/* A PUT of a body written with ' for ", which must be taken, and an hour behind it. */
struct fuzz_reply fuzz_make(struct rd_arena *arena, const char *path, const char *body);

#endif
