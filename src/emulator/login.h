/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_LOGIN_H
#define EMULATOR_LOGIN_H

/*
 * Signing in (private to src/emulator): applications, the tokens that they get, and what becomes of
 * a token that a request brings.
 *
 * Tokens are JSON Web Tokens (RFC 7519) signed with RS256 by the cloud's own key, which is made at
 * the first token and kept in the state, so that tokens outlive a restart of the server. A token
 * that was verified once is known by its bytes; times, audience and tenant are looked at each time.
 *
 * Who can sign in, and with what, lasts as long as the process: the host program adds applications
 * after it opened the cloud.
 */

#include "crypto/sign.h"
#include "state.h"

/* Texts lie in the cloud's memory. */
struct em_application {
    struct rd_str name;
    struct rd_str client_id;
    struct rd_str object_id;
    struct rd_str secret_sha256_hex;
    struct rd_str issuer, subject;     /* of the federated credential */
    struct rd_sign_key *federated_key; /* owned, or NULL */
    struct rd_certificate certificate; /* its key is owned, or NULL without one */
    bool is_managed_identity;
    struct rd_str groups[RD_CLOUD_GROUP_COUNT_MAX];
    size_t group_count;
    enum rd_cloud_directory directory;
};

/* A token whose signature held: heap, owned. */
struct em_seen {
    uint64_t hash;
    struct rd_str text;
    struct rd_str object_id, app_id, tenant, audience;
    int64_t starts_ms;
    int64_t expires_ms;
};

/* Enough for every client of a served cloud; a collision costs one more check of a signature. */
enum { EM_SEEN_COUNT = 256 };

struct em_login {
    struct em_application *applications;
    size_t count;
    size_t cap;
    struct rd_sign_key *key; /* NULL until asked for */
    char key_id[32];
    struct em_seen seen[EM_SEEN_COUNT]; /* by hash */
};

/* jwt.c: the parts of a compact JWT; false when it is none. Texts lie in the arena. */
struct em_jwt {
    struct rd_json header;
    struct rd_json claims;
    struct rd_str signed_part; /* what the signature is over */
    struct rd_str signature;
};
enum { EM_JWT_SIZE_MAX = 16 << 10 };
bool em_jwt_read(struct rd_arena *arena, struct rd_str text, struct em_jwt *ret_jwt);
/* A claim that is text, or "". */
struct rd_str em_jwt_claim(const struct em_jwt *jwt, const char *name);
/* A claim that is a time (seconds since 1970), in ms; `otherwise` when it is absent or no number.
 */
int64_t em_jwt_time_ms(const struct em_jwt *jwt, const char *claim, int64_t otherwise);

/* token.c: what a token is to say. */
struct em_token_wish {
    struct rd_str audience;
    struct rd_str app_id;
    struct rd_str object_id;
    struct rd_str resource_id;  /* of a managed identity's resource, or "" */
    const char *authentication; /* appidacr: "1" a secret, "2" an assertion */
};
struct em_token {
    struct rd_str text;
    int64_t starts_s, expires_s, life_s;
};
struct em_token em_token_make(struct em_exchange *ex, const struct em_token_wish *wish);
/* "expires_in" and the like, as version 1.0 and machines are told them: numbers as text. */
void em_token_set_times(struct em_exchange *ex, struct rd_json *body, const struct em_token *token);
/* Makes the signing key where there is none yet: half a second that the first token of a cloud with
 * a file need not wait for. */
void em_token_ready(struct em_exchange *ex);
/* The cloud's public key as a JWK. */
struct rd_json em_token_jwk(struct em_exchange *ex);
/* What a token can be asked for (regions.yaml), by one of its audiences, or absent. */
const struct rd_json *em_token_resource(const struct em_exchange *ex, struct rd_str audience);

/* application.c */
struct em_application *em_application_find(struct rd_cloud *cloud, struct rd_str client_id);

/* login.c: the error of the token endpoints; false. */
RD_PRINTF(5, 6)
bool em_login_fail(struct em_exchange *ex, int status, const char *error, int code, const char *fmt,
                   ...);
/* A value of the form in the request's body, decoded; "" when it is absent or empty. */
struct rd_str em_form_get(struct em_exchange *ex, const char *name);
/* The resource is what a token can be asked for: else the error AADSTS500011. */
bool em_login_check_resource(struct em_exchange *ex, struct rd_str resource);

/* grant.c, machine.c */
void em_answer_token(struct em_exchange *ex, bool is_second_version, bool is_adfs);
void em_answer_machine(struct em_exchange *ex);

#endif
