/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGIN_INSIDE_H
#define LOGIN_INSIDE_H

/*
 * What the files of login/ share.
 *
 * Life of a token: NONE -> ASKING -> HELD -> (due, or refused by a 401) ASKING ... While it is
 * being asked for, requests wait in its list; one that still holds is used meanwhile.
 */

#include "base/secret.h"
#include "http/message.h"
#include "login/login.h"

enum {
    TOKEN_SIZE_MAX = 64 << 10, /* real ones have 1 to 4 kB, with many groups 12 */
    TOKEN_REPLY_SIZE_MAX = 256 << 10,
    REFRESH_MS = 300000,
    TRIES_MAX = 3,
};

/* One way to get a token. */
struct source {
    enum rd_login_method method;
    struct rd_str tenant, client_id;
    struct rd_str url; /* where tokens come from; exactly this may be asked; of a managed identity
                          without the query */
    struct rd_secret secret; /* client secret, or the header of a managed identity */
    const char *file;        /* certificate with its key, or federated token */
    enum machine {
        MACHINE_NONE,
        MACHINE_APP_SERVICE,
        MACHINE_APP_SERVICE_2017,
        MACHINE_FORM,
        MACHINE_METADATA
    } machine;
};

/* A request for a token: how it is written, and what came back. */
struct answer {
    struct rd_secret token;
    int64_t life_ms; /* 0: unknown */
};

/* A request on its way through the door. */
struct sending {
    struct rd_login *login;
    struct token *token;
    const struct rd_http_request *request;
    struct rd_http_request signed_in;
    rd_transport_fn *fn;
    void *data;
    struct rd_arena *arena;
    uint64_t generation; /* of the token that it went with */
    bool was_refused;    /* by a 401, once */
    struct sending *next;
};

struct token {
    struct rd_login *login;
    struct rd_str audience;
    struct rd_secret value;
    uint64_t generation; /* 0: never held */
    int64_t expires_ms;
    int64_t refresh_ms;
    bool is_asking;
    int tries;
    struct rd_arena *arena; /* of the request for it */
    struct rd_http_request request;
    struct sending *first_waiting;
    struct sending *last_waiting;
    uint64_t timer;
};

struct rd_login {
    struct rd_transport door; /* first: the operations cast */
    struct rd_login_options options;
    struct rd_arena *arena;
    bool has_source;
    struct source source;
    struct token tokens[RD_ENDPOINT_COUNT];
    struct sending *spare;
    size_t under_way;
    struct rd_err failure;
    size_t asking_count;
    bool is_signing_in;
    bool is_settling; /* nothing is begun any more */
    struct rd_login_identity identity;
    struct rd_arena *identity_arena;
};

/* source.c: finds what there is to sign in with. Errors: PERMISSION with all that was looked for,
 * those of files. */
RD_NODISCARD enum rd_rc source_find(struct rd_login *login, struct rd_err *err);
const char *source_environment(const struct rd_login *login, const char *name); /* "" when unset */

/* ask.c: the request for a token of `audience`; texts in `arena`, which is wiped. Errors: those of
 * files. */
RD_NODISCARD enum rd_rc ask_write(struct rd_login *login, struct rd_arena *arena,
                                  struct rd_str audience, struct rd_http_request *ret_request,
                                  struct rd_err *err);
/* assertion.c: what an application signs with its certificate's key (RFC 7523). */
RD_NODISCARD enum rd_rc assertion_write(struct rd_login *login, struct rd_arena *arena,
                                        struct rd_str *ret_assertion, struct rd_err *err);
/* reply.c: what the reply holds. Errors: PERMISSION with the code and what it means; TRANSIENT;
 * CLOUD. */
RD_NODISCARD enum rd_rc reply_read(struct rd_login *login, const struct rd_http_reply *reply,
                                   struct answer *ret_answer, struct rd_err *err);
/* The life of a token by its own claims, 0 when it has none. Fills `ret_identity` unless NULL. */
int64_t reply_claims(struct rd_arena *arena, struct rd_str token, int64_t now_ms,
                     struct rd_login_identity *ret_identity);
/* Tells in `arena` of a claims challenge (continuous access evaluation) in a 401, or "". */
struct rd_str reply_challenge(struct rd_arena *arena, const struct rd_http_reply *reply);
/* command.c: asks Azure CLI. Errors: PERMISSION, TRANSIENT (too slow), NOT_FOUND (no az). */
RD_NODISCARD enum rd_rc command_ask(struct rd_login *login, struct rd_str audience,
                                    struct answer *ret_answer, struct rd_err *err);
/* The path of the program in PATH, or NULL. */
const char *command_find(struct rd_login *login, const char *name, struct rd_arena *arena);

#endif
