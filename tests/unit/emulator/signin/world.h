/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIGNIN_WORLD_H
#define TESTS_SIGNIN_WORLD_H

/* A served cloud with one application that can sign in in every way, and requests to it. */

#include "check.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "emulator/cloud.h"
#include "json/json.h"

#define TENANT "22222222-2222-4222-8222-222222222222"
#define SUBSCRIPTION "11111111-1111-4111-8111-111111111111"
#define CLIENT "33333333-3333-4333-8333-333333333333"
#define OBJECT "44444444-4444-4444-8444-444444444444"
#define SECRET "a secret + of 100 %"
#define SECRET_IN_FORM "a+secret+%2B+of+100+%25"
#define ISSUER "https://issuer.example/"
#define SUBJECT "repo:example/enclave:ref:refs/heads/main"
#define ADDRESS "localhost:8443"
#define AT "https://localhost:8443"
#define V2 AT "/" TENANT "/oauth2/v2.0/token"
#define V1 AT "/" TENANT "/oauth2/token"
#define ARM_SCOPE "https%3A%2F%2Fmanagement.usgovcloudapi.net%2F.default"
#define BY_SECRET "grant_type=client_credentials&client_id=" CLIENT "&client_secret=" SECRET_IN_FORM
#define START_MS INT64_C(1795000000000)

struct world {
    struct rd_cloud *cloud;
    struct rd_arena *arena;
    int64_t now_ms;
    const char *path;    /* of its file, or NULL */
    const char *address; /* "" in-process */
    const char *tenant;
    bool trusts_embedded;
    const char *header_name; /* of the next request, or NULL */
    const char *header_value;
    struct rd_str token; /* sent with the next requests, "" for none */
    const char *type;    /* Content-Type of the next bodies, or NULL */
    struct rd_http_reply reply;
    struct rd_json json;
};

/* Opens with what `world` names, or the usual where it names nothing; then adds the application. */
void world_open(struct world *world);
void world_close(struct world *world);
int ask(struct world *world, const char *method, const char *url, const char *body);
/* Asks for a token with a form, which is kept as `token` when there is one; the status. */
int sign_in(struct world *world, const char *url, const char *form);
const char *text_at(struct world *world, const char *path);
const char *header_of(struct world *world, const char *name);
/* The claims of world->token. */
struct rd_json claims_of(struct world *world);
/* A JWT of these objects, signed by the key of tests/support/pem.h. */
struct rd_str make_jwt(struct world *world, const char *header, const char *claims,
                       enum rd_sign_algorithm algorithm);

#endif
