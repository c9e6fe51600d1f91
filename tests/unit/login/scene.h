/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGIN_SCENE_H
#define LOGIN_SCENE_H

/* A login over a transport that plays the sign-in host and a resource manager, on a virtual clock,
 * with an environment of the test's own. */

#include <stdio.h>

#include "base/clock.h"
#include "check.h"
#include "fake_transport.h"
#include "login/login.h"

enum { START_MS = 1000000000, VARIABLE_COUNT_MAX = 12, SENT_COUNT_MAX = 64 };

#define ARM "https://management.azure.com"
#define ANY_URL ARM "/subscriptions/1?api-version=1"
#define TENANT "11111111-2222-3333-4444-555555555555"
#define CLIENT "99999999-2222-3333-4444-555555555555"
#define TOKEN_URL "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token"

struct ended_request {
    struct scene *scene;
    struct rd_http_request request;
    enum rd_transport_result result;
    int status; /* -1: not ended */
    char body[2048];
    char reason[512];
};

struct scene {
    struct rd_clock clock;
    struct rd_loop *loop;
    struct fake_transport fake;
    struct rd_random random;
    struct rd_login_options options;
    struct rd_login *login;
    struct {
        const char *name;
        const char *value;
    } variables[VARIABLE_COUNT_MAX];
    size_t variable_count;
    /* How the sign-in host answers. */
    int token_status;
    const char *token_body; /* NULL: tokens "token-1", "token-2" ... */
    int64_t life_s;
    int64_t token_delay_ms;
    int token_count;
    enum rd_transport_result token_result;
    int failures; /* so many first answers are 503 */
    /* How the resource manager answers. */
    int refuse_first; /* 401 to so many requests */
    const char *challenge;
    char authorization[SENT_COUNT_MAX][128];
    size_t authorization_count;
    char asked_header[4][128]; /* of the last request for a token: Metadata, X-IDENTITY-HEADER,
                                  secret, Content-Type */
    struct ended_request ended[SENT_COUNT_MAX];
    size_t sent_count;
};

void scene_open(struct scene *scene);
void scene_close(struct scene *scene);
void scene_set(struct scene *scene, const char *name, const char *value);
/* The variables of a client secret. */
void scene_set_secret(struct scene *scene);
struct rd_login *scene_login(struct scene *scene); /* made at the first call */
struct ended_request *scene_send(struct scene *scene, const char *url);
struct ended_request *scene_ask(struct scene *scene, const char *url); /* and waits for its end */

#endif
