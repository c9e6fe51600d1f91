/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLOUD_FIXTURE_H
#define TESTS_CLOUD_FIXTURE_H

/* A cloud at a time, and requests to it in one line. The clock is the fixture's: `now_ms` is what
 * the next request is answered at. */

#include "core.h"

#define FIXTURE_SUBSCRIPTION "11111111-1111-4111-8111-111111111111"
#define FIXTURE_BASE "/subscriptions/" FIXTURE_SUBSCRIPTION
#define FIXTURE_GROUP FIXTURE_BASE "/resourceGroups/rg-one"
#define FIXTURE_START_MS 1795000000000

struct fixture {
    struct rd_cloud *cloud;
    struct rd_arena *arena;
    int64_t now_ms;
    struct rd_http_reply reply; /* of the last request */
    struct rd_json body;        /* parsed, or absent */
    /* Sent with the next request, or NULL; without an "Authorization" the built-in deployer asks.
     */
    const char *header_name;
    const char *header_value;
};

/* `path` NULL: memory only. */
void fixture_open(struct fixture *fixture, const char *path);
void fixture_close(struct fixture *fixture);
/* For cmocka: a cloud in memory in which FIXTURE_GROUP is; *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Sends and returns the status. `url` is a path ("?api-version=" is added when it has none) or an
 * absolute URL; `body` may be NULL. */
int fixture_send(struct fixture *fixture, const char *method, const char *url, const char *body);
/* The same with a body that is written with ' for ". */
int fixture_ask(struct fixture *fixture, const char *method, const char *url, const char *body);
struct rd_str fixture_header(const struct fixture *fixture, const char *name);
/* The text at a path of the last body. */
const char *fixture_text(const struct fixture *fixture, const char *path);
/* The error code of the last body. */
const char *fixture_code(const struct fixture *fixture);

#endif
