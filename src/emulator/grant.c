/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include <string.h>

#include "crypto/hash.h"
#include "shape.h"

/*
 * The token endpoint: client_credentials with a secret, with an assertion that the application
 * signed with its certificate, or with a token of an issuer that it trusts (azure-compute 9.1).
 * Refusals carry Entra's own numbers; sources of the texts stand in the fidelity ledger.
 */

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define DEFAULT_SCOPE "/.default"

struct grant {
    bool is_second; /* version 2.0: scope in place of resource */
    bool is_adfs;   /* takes either */
    struct em_application *application;
    struct rd_str client_id;
    struct rd_str resource;
    const char *authentication;
};

/* What the request asks for -------------------------------------------------------------------- */

static bool fail_missing(struct em_exchange *ex, const char *name)
{
    return em_login_fail(ex, 400, "invalid_request", 900144,
                         "The request body must contain the following parameter: '%s'.", name);
}

/* One "resource/.default"; OpenID's own scopes beside it say nothing about an application. */
static bool read_scope(struct em_exchange *ex, struct rd_str scope, struct grant *grant)
{
    static const char *const open_id[] = {"openid", "profile", "email", "offline_access"};
    const struct rd_str suffix = RD_STR(DEFAULT_SCOPE);
    struct rd_str rest = scope, one;
    while (rest.n > 0 && rd_str_next(&rest, ' ', &one)) {
        bool is_open_id = one.n == 0;
        for (size_t i = 0; i < EM_COUNT(open_id); i++)
            is_open_id |= rd_str_is(one, open_id[i]);
        if (is_open_id)
            continue;
        if (!rd_str_has_suffix(one, suffix) || one.n == suffix.n)
            return em_login_fail(ex, 400, "invalid_scope", 1002012,
                                 "The provided value for scope %.*s is not valid. Client "
                                 "credential flows must have a scope value with /.default suffixed "
                                 "to the resource identifier (application ID URI).",
                                 RD_FMT(one));
        if (grant->resource.n > 0)
            return em_login_fail(ex, 400, "invalid_scope", 70011,
                                 "The provided request must include a 'scope' input parameter. The "
                                 "provided value for the input parameter 'scope' is not valid. The "
                                 "scope %.*s is not valid.",
                                 RD_FMT(scope));
        grant->resource = rd_str_sub(one, 0, one.n - suffix.n);
    }
    if (grant->resource.n > 0)
        return true;
    return em_login_fail(ex, 400, "invalid_scope", 1002012,
                         "The provided value for scope %.*s is not valid. Client credential flows "
                         "must have a scope value with /.default suffixed to the resource "
                         "identifier (application ID URI).",
                         RD_FMT(scope));
}

static bool read_resource(struct em_exchange *ex, struct grant *grant)
{
    struct rd_str resource = em_form_get(ex, "resource");
    struct rd_str scope = em_form_get(ex, "scope");
    if (grant->is_second && resource.n > 0)
        return em_login_fail(ex, 400, "invalid_request", 901002,
                             "The 'resource' request parameter isn't supported.");
    if (!grant->is_second && resource.n > 0) {
        grant->resource = resource;
        return true;
    }
    if (!grant->is_second && !grant->is_adfs)
        return fail_missing(ex, "resource");
    return scope.n > 0 ? read_scope(ex, scope, grant) : fail_missing(ex, "scope");
}

static bool read_request(struct em_exchange *ex, struct grant *grant)
{
    struct rd_str type = rd_http_headers_get(&ex->request->headers, "content-type");
    struct rd_str grant_type = em_form_get(ex, "grant_type");
    /* A body of another kind is no form: nothing in it counts. */
    if (type.n > 0 &&
        !rd_str_has_prefix_case(rd_str_trim(type), RD_STR("application/x-www-form-urlencoded")))
        grant_type.n = 0;
    if (grant_type.n == 0)
        return fail_missing(ex, "grant_type");
    grant->client_id = em_form_get(ex, "client_id");
    if (grant->client_id.n == 0)
        return fail_missing(ex, "client_id");
    if (!rd_str_is(grant_type, "client_credentials"))
        return em_login_fail(ex, 400, "unsupported_grant_type", 70003,
                             "The app requested an unsupported grant type '%.*s'.",
                             RD_FMT(grant_type));
    if (!read_resource(ex, grant))
        return false;
    grant->application = em_application_find(ex->cloud, grant->client_id);
    if (grant->application != NULL)
        return true;
    return em_login_fail(ex, 400, "unauthorized_client", 700016,
                         "Application with identifier '%.*s' was not found in the directory "
                         "'%.*s'. This can happen if the application has not been installed by the "
                         "administrator of the tenant or consented to by any user in the tenant. "
                         "You may have sent your authentication request to the wrong tenant.",
                         RD_FMT(grant->client_id), RD_FMT(em_tenant(ex->cloud)));
}

/* Secrets -------------------------------------------------------------------------------------- */

/* In a time that does not tell how much was right. */
static bool is_same_hash(const char *a, struct rd_str b)
{
    unsigned difference = b.n != RD_SHA256_HEX_SIZE - 1;
    for (size_t i = 0; i < b.n && a[i] != '\0'; i++)
        difference |= (unsigned char)(a[i] ^ rd_char_lower(b.p[i]));
    return difference == 0;
}

static bool check_secret(struct em_exchange *ex, struct grant *grant, struct rd_str secret)
{
    char hex[RD_SHA256_HEX_SIZE];
    grant->authentication = "1";
    if (is_same_hash(rd_sha256_hex(secret, hex), grant->application->secret_sha256_hex))
        return true;
    return em_login_fail(ex, 401, "invalid_client", 7000215,
                         "Invalid client secret provided. Ensure the secret being sent in the "
                         "request is the client secret value, not the client secret ID, for a "
                         "secret added to app '%.*s'.",
                         RD_FMT(grant->application->client_id));
}

/* Assertions ----------------------------------------------------------------------------------- */

static bool fail_malformed(struct em_exchange *ex, const char *why)
{
    return em_login_fail(ex, 401, "invalid_client", 50027, "JWT token is invalid or malformed. %s",
                         why);
}

static bool check_times(struct em_exchange *ex, const struct em_jwt *jwt)
{
    int64_t from_ms = em_jwt_time_ms(jwt, "nbf", 0);
    int64_t until_ms = em_jwt_time_ms(jwt, "exp", 0);
    if (from_ms <= ex->now_ms + 300000 && ex->now_ms < until_ms) /* clocks differ by minutes */
        return true;
    return em_login_fail(ex, 401, "invalid_client", 700024,
                         "Client assertion is not within its valid time range. Current time: "
                         "%.*s, assertion valid from %.*s, expiry time of assertion %.*s. Review "
                         "the documentation at "
                         "https://learn.microsoft.com/entra/identity-platform/"
                         "certificate-credentials .",
                         RD_FMT(em_time_ticks(ex, ex->now_ms, "Z")),
                         RD_FMT(em_time_ticks(ex, from_ms, "Z")),
                         RD_FMT(em_time_ticks(ex, until_ms, "Z")));
}

static bool read_algorithm(const struct em_jwt *jwt, enum rd_sign_algorithm *ret_algorithm)
{
    struct rd_str name = em_text_at(&jwt->header, "alg");
    *ret_algorithm = rd_str_is(name, "PS256") ? RD_SIGN_PS256 : RD_SIGN_RS256;
    return rd_str_is(name, "RS256") || rd_str_is(name, "PS256");
}

static struct rd_str hex_upper(struct em_exchange *ex, struct rd_str bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = rd_arena_bytes(ex->arena, bytes.n * 2 + 1);
    for (size_t i = 0; i < bytes.n; i++) {
        out[2 * i] = digits[(unsigned char)bytes.p[i] >> 4];
        out[2 * i + 1] = digits[bytes.p[i] & 15];
    }
    return (struct rd_str){out, bytes.n * 2};
}

static bool fail_certificate(struct em_exchange *ex, const struct grant *grant,
                             struct rd_str thumbprint, const char *reason)
{
    return em_login_fail(ex, 401, "invalid_client", 700027,
                         "The certificate with identifier used to sign the client assertion is not "
                         "registered on application. [Reason - %s, Thumbprint of key used by "
                         "client: '%.*s', Please visit the Azure Portal, Graph Explorer or "
                         "directly use MS Graph to see configured keys for app Id '%.*s'.]",
                         reason, RD_FMT(hex_upper(ex, thumbprint)), RD_FMT(grant->client_id));
}

/* The certificate that the header names is the application's: by x5t#S256, x5t, or a kid that is
 * an x5t. */
static bool check_thumbprint(struct em_exchange *ex, const struct grant *grant,
                             const struct em_jwt *jwt, struct rd_str *ret_thumbprint)
{
    static const char *const names[] = {"x5t#S256", "x5t", "kid"};
    const struct rd_certificate *certificate = &grant->application->certificate;
    const struct rd_str sha1 = {(const char *)certificate->sha1, sizeof(certificate->sha1)};
    const struct rd_str sha256 = {(const char *)certificate->sha256, sizeof(certificate->sha256)};
    bool is_named = false;
    for (size_t i = 0; i < EM_COUNT(names); i++) {
        struct rd_str text = rd_json_str(rd_json_get(&jwt->header, rd_str_from(names[i])));
        if (text.n == 0 || !rd_base64_decode(ex->arena, text, ret_thumbprint))
            continue;
        is_named = true;
        if (certificate->key != NULL &&
            (rd_str_eq(*ret_thumbprint, sha1) || rd_str_eq(*ret_thumbprint, sha256)))
            return true;
    }
    if (!is_named)
        return fail_malformed(ex, "No certificate thumbprint specified in token header.");
    return fail_certificate(ex, grant, *ret_thumbprint, "The key was not found.");
}

/* The token endpoint by any of its names, here or at the public host; the issuer counts too. */
static bool is_own_audience(struct em_exchange *ex, struct rd_str audience)
{
    static const char *const paths[] = {"/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/", ""};
    struct rd_http_url asked, own;
    struct rd_str none = {"", 0}, tenant = {"", 0};
    if (!rd_http_url_parse(audience, &asked) ||
        !rd_http_url_parse(em_place_url(ex, EM_PLACE_LOGIN, none), &own))
        return false;
    if (!rd_str_eq_case(asked.host, own.host) &&
        !rd_str_eq_case(asked.host, em_host(ex->cloud, EM_PLACE_LOGIN)))
        return false;
    struct rd_str rest = rd_str_sub(asked.path, 1, asked.path.n);
    if (asked.path.n == 0 || !rd_str_next(&rest, '/', &tenant))
        return false;
    if (!rd_str_eq_case(tenant, em_tenant(ex->cloud)) && !rd_str_is_case(tenant, "adfs"))
        return false;
    struct rd_str tail = rd_str_sub(asked.path, 1 + tenant.n, asked.path.n);
    for (size_t i = 0; i < EM_COUNT(paths); i++)
        if (rd_str_is_case(tail, paths[i]))
            return true;
    return false;
}

static bool check_signed(struct em_exchange *ex, const struct grant *grant,
                         const struct em_jwt *jwt)
{
    const struct rd_certificate *certificate = &grant->application->certificate;
    enum rd_sign_algorithm algorithm;
    struct rd_str thumbprint = {"", 0};
    if (!read_algorithm(jwt, &algorithm))
        return fail_malformed(ex, "Its algorithm is neither RS256 nor PS256.");
    if (!check_thumbprint(ex, grant, jwt, &thumbprint))
        return false;
    if (!rd_sign_verify(certificate->key, algorithm, jwt->signed_part, jwt->signature))
        return fail_certificate(ex, grant, thumbprint,
                                "The key was found, but use of the key to "
                                "verify the signature failed.");
    if (certificate->not_after_ms <= ex->now_ms)
        return fail_certificate(ex, grant, thumbprint, "The key used is expired.");
    if (!check_times(ex, jwt))
        return false;
    if (!is_own_audience(ex, em_jwt_claim(jwt, "aud")))
        return em_login_fail(ex, 401, "invalid_client", 700023,
                             "Client assertion audience claim does not match Realm issuer. Review "
                             "the documentation at "
                             "https://learn.microsoft.com/entra/identity-platform/"
                             "certificate-credentials .");
    if (!rd_str_eq_case(em_jwt_claim(jwt, "sub"), grant->client_id))
        return em_login_fail(ex, 401, "invalid_client", 700021,
                             "Client assertion application identifier doesn't match 'client_id' "
                             "parameter.");
    if (em_jwt_claim(jwt, "jti").n == 0)
        return fail_malformed(ex, "It has no 'jti' claim.");
    return true;
}

/* Issuer, subject and audience must be those of the credential to the letter. */
static bool check_federated(struct em_exchange *ex, const struct grant *grant,
                            const struct em_jwt *jwt)
{
    const struct em_application *application = grant->application;
    struct rd_str issuer = em_jwt_claim(jwt, "iss"), subject = em_jwt_claim(jwt, "sub"),
                  aud = em_jwt_claim(jwt, "aud");
    const char *own = em_is_government(ex->cloud) ? "api://AzureADTokenExchangeUSGov"
                                                  : "api://AzureADTokenExchange";
    static const char rest[] = "Check your federated identity credential Subject, Audience and "
                               "Issuer against the presented assertion. "
                               "https://learn.microsoft.com/entra/workload-id/"
                               "workload-identity-federation";
    if (application->federated_key == NULL)
        return em_login_fail(ex, 400, "invalid_request", 70021,
                             "No matching federated identity record found for presented "
                             "assertion. Assertion Issuer: '%.*s'. Assertion Subject: '%.*s'. "
                             "Assertion Audience: '%.*s'. "
                             "https://docs.microsoft.com/en-us/azure/active-directory/develop/"
                             "workload-identity-federation",
                             RD_FMT(issuer), RD_FMT(subject), RD_FMT(aud));
    if (!rd_str_eq(issuer, application->issuer))
        return em_login_fail(ex, 401, "invalid_client", 700211,
                             "No matching federated identity record found for presented assertion "
                             "issuer '%.*s'. %s",
                             RD_FMT(issuer), rest);
    if (!rd_str_is(aud, own))
        return em_login_fail(ex, 401, "invalid_client", 700212,
                             "No matching federated identity record found for presented assertion "
                             "audience '%.*s'. %s",
                             RD_FMT(aud), rest);
    if (!rd_str_eq(subject, application->subject))
        return em_login_fail(ex, 401, "invalid_client", 700213,
                             "No matching federated identity record found for presented assertion "
                             "subject '%.*s'. %s",
                             RD_FMT(subject), rest);
    enum rd_sign_algorithm algorithm;
    if (!read_algorithm(jwt, &algorithm) ||
        !rd_sign_verify(application->federated_key, algorithm, jwt->signed_part, jwt->signature))
        return em_login_fail(ex, 401, "invalid_client", 50013,
                             "Assertion failed signature validation. [Reason - The key was not "
                             "found.]");
    return check_times(ex, jwt);
}

static bool check_assertion(struct em_exchange *ex, struct grant *grant, struct rd_str assertion)
{
    struct em_jwt jwt;
    grant->authentication = "2";
    if (!rd_str_is(em_form_get(ex, "client_assertion_type"), ASSERTION_TYPE))
        return fail_missing(ex, "client_assertion_type");
    if (!em_jwt_read(ex->arena, assertion, &jwt))
        return fail_malformed(ex, "It is no JSON Web Token in compact form.");
    if (rd_str_eq_case(em_jwt_claim(&jwt, "iss"), grant->client_id))
        return check_signed(ex, grant, &jwt);
    return check_federated(ex, grant, &jwt);
}

/* ---------------------------------------------------------------------------------------------- */

static bool check_credentials(struct em_exchange *ex, struct grant *grant)
{
    struct rd_str secret = em_form_get(ex, "client_secret");
    struct rd_str assertion = em_form_get(ex, "client_assertion");
    if (assertion.n > 0)
        return check_assertion(ex, grant, assertion);
    if (secret.n > 0)
        return check_secret(ex, grant, secret);
    return em_login_fail(ex, 401, "invalid_client", 7000216,
                         "'client_assertion', 'client_secret' or 'request' is required for the "
                         "'client_credentials' grant type.");
}

/* Version 2.0 writes numbers, version 1.0 texts and the resource. */
static void reply(struct em_exchange *ex, const struct grant *grant, const struct em_token *token)
{
    struct rd_json body = rd_json_object();
    em_set_word(ex, &body, "token_type", "Bearer");
    if (grant->is_second || grant->is_adfs) {
        em_set_int(ex, &body, "expires_in", token->life_s);
        em_set_int(ex, &body, "ext_expires_in", token->life_s);
    } else {
        em_token_set_times(ex, &body, token);
        em_set_text(ex, &body, "resource", grant->resource);
    }
    em_set_text(ex, &body, "access_token", token->text);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
}

void em_answer_token(struct em_exchange *ex, bool is_second_version, bool is_adfs)
{
    struct grant grant = {
        .is_second = is_second_version,
        .is_adfs = is_adfs,
        .client_id = {"", 0},
        .resource = {"", 0},
        .authentication = "0",
    };
    if (!read_request(ex, &grant) || !check_credentials(ex, &grant) ||
        !em_login_check_resource(ex, grant.resource))
        return;
    struct em_token_wish wish = {
        .audience = grant.resource,
        .app_id = grant.application->client_id,
        .object_id = grant.application->object_id,
        .resource_id = {"", 0},
        .authentication = grant.authentication,
    };
    struct em_token token = em_token_make(ex, &wish);
    reply(ex, &grant, &token);
}
