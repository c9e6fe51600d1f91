/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGIN_LOGIN_H
#define LOGIN_LOGIN_H

/*
 * Signing in: a transport that puts a token on each request, for the plane that its URL is of.
 * Tokens live in memory only. They are asked for when first needed, again five minutes before they
 * run out, and once when the cloud answers 401, so that a poll of an hour goes on. Requests that
 * need the same token wait for one and the same request for it.
 *
 *     login = rd_login_new(&options);
 *     RD_TRY(rd_login_sign_in(login, err));            // or the first request does it
 *     client_options.transport = rd_login_door(login);
 *     ...
 *     RD_TRY(rd_login_check(login, err));              // a refusal in the middle of a run
 *
 * Where a token comes from (azure-compute 9.1), by --auth or in this order, the first that is
 * there:
 *
 *     secret            AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET
 *     certificate       ..., AZURE_CLIENT_CERTIFICATE_PATH: PEM with key and certificate
 *     federated         ..., AZURE_FEDERATED_TOKEN_FILE: read again for each token
 *     managed-identity  IDENTITY_ENDPOINT and IDENTITY_HEADER, MSI_ENDPOINT and MSI_SECRET, or, on
 *                       a machine of Azure's, its metadata service; AZURE_CLIENT_ID chooses
 *     cli               'az account get-access-token'
 *
 * One that is there and refused is not followed by the next: who set it meant it.
 *
 * A request outside the cloud's endpoints never leaves (REFUSED); the sign-in host is met for
 * tokens alone (rd_login_allows). A refusal of the sign-in host comes to a request as a reply of
 * 401 with its code and text, so that nobody tries again; trouble on the way to it as REFUSED.
 * No text holds a secret or a token. One thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "azure/endpoints.h"
#include "azure/transport.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/random.h"

struct rd_login;

enum rd_login_method {
    RD_LOGIN_AUTO, /* the first that is there */
    RD_LOGIN_SECRET,
    RD_LOGIN_CERTIFICATE,
    RD_LOGIN_FEDERATED,
    RD_LOGIN_MANAGED_IDENTITY,
    RD_LOGIN_CLI,
    RD_LOGIN_METHOD_COUNT,
};

struct rd_login_options {
    struct rd_loop *loop;
    struct rd_transport *transport; /* carries requests and asks for tokens; outlives this */
    struct rd_random *random;       /* of assertions' ids */
    struct rd_endpoints endpoints;  /* its texts outlive this */
    enum rd_login_method method;
    struct rd_str tenant; /* whose the subscription is: for AZURE_TENANT_ID when that is not set */
    /* The environment, like getenv(3); "" counts as not set. */
    const char *(*environment)(void *data, const char *name);
    void *environment_data;
    /* Where a machine says what it is; Azure's are asked for their identity unasked. NULL: the
     * kernel's own place. */
    const char *chassis_file;
    int64_t cli_ms; /* how long 'az' may take; 0: 60 s */
};

struct rd_login *rd_login_new(const struct rd_login_options *options);
/* Waits for what is under way, also for a token that was only renewed: before the transport below
 * goes. NULL does nothing. */
void rd_login_settle(struct rd_login *login);
/* Everything that was sent must have ended. NULL does nothing. */
void rd_login_free(struct rd_login *login);
struct rd_transport *rd_login_door(struct rd_login *login);

/* Whether the transport below may send to this URL: the cloud's endpoints, and exactly the address
 * where tokens come from. For rd_curl_options.allows. */
bool rd_login_allows(const struct rd_login *login, struct rd_str url);

/* Gets the token of the resource manager and runs the loop until it is there. Errors: PERMISSION
 * when it is refused or nothing is there to sign in with; TRANSIENT when nobody answers; INVALID,
 * NOT_FOUND, IO for files that the environment names. */
RD_NODISCARD enum rd_rc rd_login_sign_in(struct rd_login *login, struct rd_err *err);
/* The last refusal, if a token was refused. */
RD_NODISCARD enum rd_rc rd_login_check(const struct rd_login *login, struct rd_err *err);

/* Who it is, from the claims of the resource manager's token, which are the cloud's to check. Valid
 * after rd_login_sign_in; the texts are the login's. */
struct rd_login_identity {
    const char *method;      /* "secret" */
    struct rd_str name;      /* of a person or an application, or "" */
    struct rd_str object_id; /* "" when the token is opaque, like the others */
    struct rd_str app_id;
    struct rd_str tenant;
    bool is_application;
    int64_t expires_ms; /* of the token at hand */
};
const struct rd_login_identity *rd_login_identity(const struct rd_login *login);

/* "secret", "certificate" ...; the name of an option's value. */
const char *rd_login_method_name(enum rd_login_method method);
bool rd_login_method_parse(struct rd_str name, enum rd_login_method *ret_method);

/* What a caller may do --------------------------------------------------------------------------
 */

/*
 * The first of `count` actions that the permissions do not allow, or NULL. `permissions` is the
 * reply of GET {scope}/providers/Microsoft.Authorization/permissions: an action is allowed when one
 * role has it among its actions and not among its notActions (azure-avd-ops 4.1); "*" stands for
 * any text. Case does not count.
 */
const char *rd_permissions_missing(const struct rd_json *permissions, const char *const *actions,
                                   size_t count);

#endif
