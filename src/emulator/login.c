/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "providers.h"
#include "shape.h"

/*
 * The sign-in plane: which endpoint a path is, OpenID discovery, and the errors of OAuth. Paths are
 * /{authority}/..., where the authority is the tenant's GUID, "common" or "organizations" (any
 * tenant), "adfs" (Azure Stack's form, in which the tenant is not named), or nothing at all.
 */

enum authority_kind { AUTHORITY_NONE, AUTHORITY_TENANT, AUTHORITY_ANY, AUTHORITY_ADFS };

struct endpoint {
    struct rd_str authority; /* as asked for: "adfs", a GUID; or "" */
    enum authority_kind kind;
    struct rd_str rest; /* behind it, without a slash before it */
};

/* Errors --------------------------------------------------------------------------------------- */

static struct rd_str drawn_guid(struct em_exchange *ex, const char *what)
{
    return em_guid(ex, rd_arena_printf(ex->arena, "%s %llu", what, (unsigned long long)ex->number));
}

static struct rd_str correlation(struct em_exchange *ex)
{
    struct rd_str given = rd_http_headers_get(&ex->request->headers, "client-request-id");
    if (!rd_str_is_guid(given))
        (void)rd_http_query_get(ex->arena, ex->url.query, "client-request-id", &given);
    return rd_str_is_guid(given) ? given : drawn_guid(ex, "correlation");
}

bool em_login_fail(struct em_exchange *ex, int status, const char *error, int code, const char *fmt,
                   ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str message = em_quotable(ex, rd_arena_vprintf(ex->arena, fmt, ap));
    va_end(ap);
    char text[RD_TIME_TEXT_MAX];
    struct rd_str time = rd_str_from(rd_time_format(ex->now_ms, false, text));
    struct rd_str stamp = rd_arena_printf(ex->arena, "%.*s %.*sZ", RD_FMT(rd_str_sub(time, 0, 10)),
                                          RD_FMT(rd_str_sub(time, 11, 19)));
    struct rd_str trace = drawn_guid(ex, "trace"), related = correlation(ex), none = {"", 0};
    struct rd_json body = rd_json_object();
    em_set_word(ex, &body, "error", error);
    em_set_text(ex, &body, "error_description",
                rd_arena_printf(ex->arena,
                                "AADSTS%d: %.*s Trace ID: %.*s Correlation ID: %.*s Timestamp: "
                                "%.*s",
                                code, RD_FMT(message), RD_FMT(trace), RD_FMT(related),
                                RD_FMT(stamp)));
    (void)rd_json_append(ex->arena, em_array(ex, &body, "error_codes"), rd_json_integer(code));
    em_set_text(ex, &body, "timestamp", stamp);
    em_set_text(ex, &body, "trace_id", trace);
    em_set_text(ex, &body, "correlation_id", related);
    em_set_text(ex, &body, "error_uri",
                rd_arena_printf(ex->arena, "%.*s/error?code=%d",
                                RD_FMT(em_place_url(ex, EM_PLACE_LOGIN, none)), code));
    em_reply_json(ex, status, &body, EM_JSON_COMPACT);
    return false;
}

/* Forms ---------------------------------------------------------------------------------------- */

/* application/x-www-form-urlencoded: as a query, and "+" is a space. */
struct rd_str em_form_get(struct em_exchange *ex, const char *name)
{
    struct rd_str rest = ex->request->body, part;
    while (rest.n > 0 && rd_str_next(&rest, '&', &part)) {
        size_t at = rd_str_find_char(part, '=', 0);
        struct rd_str key = rd_http_decode(ex->arena, rd_str_sub(part, 0, at));
        if (at == RD_STR_NONE || !rd_str_is(key, name))
            continue;
        struct rd_str raw = rd_str_sub(part, at + 1, part.n);
        char *spaced = rd_arena_bytes(ex->arena, raw.n + 1);
        for (size_t i = 0; i < raw.n; i++)
            spaced[i] = raw.p[i] == '+' ? ' ' : raw.p[i];
        return rd_http_decode(ex->arena, (struct rd_str){spaced, raw.n});
    }
    return (struct rd_str){"", 0};
}

bool em_login_check_resource(struct em_exchange *ex, struct rd_str resource)
{
    if (rd_json_exists(em_token_resource(ex, resource)))
        return true;
    return em_login_fail(ex, 400, "invalid_resource", 500011,
                         "The resource principal named %.*s was not found in the tenant named "
                         "%.*s. This can happen if the application has not been installed by the "
                         "administrator of the tenant or consented to by any user in the tenant. "
                         "You might have sent your authentication request to the wrong tenant.",
                         RD_FMT(resource), RD_FMT(em_tenant(ex->cloud)));
}

/* Discovery ------------------------------------------------------------------------------------ */

static struct rd_str authority_url(struct em_exchange *ex, struct rd_str authority)
{
    struct rd_str none = {"", 0};
    struct rd_str root = em_place_url(ex, EM_PLACE_LOGIN, none);
    return rd_arena_printf(ex->arena, "%.*s%s%.*s", RD_FMT(root), authority.n > 0 ? "/" : "",
                           RD_FMT(authority));
}

static void set_words(struct em_exchange *ex, struct rd_json *body, const char *path,
                      const char *const *words)
{
    struct rd_json *array = em_array(ex, body, path);
    for (; *words != NULL; words++)
        (void)rd_json_append(ex->arena, array, rd_json_string_c(*words));
}

/* The issuer is who tokens name, but for the second version, which names itself, and ADFS, whose
 * own name it is (Azure Stack; memory). */
static struct rd_str issuer_of(struct em_exchange *ex, const struct endpoint *endpoint,
                               bool is_second)
{
    struct rd_str tenant = em_tenant(ex->cloud);
    if (endpoint->kind == AUTHORITY_ADFS)
        return authority_url(ex, endpoint->authority);
    if (endpoint->kind != AUTHORITY_TENANT)
        tenant = RD_STR("{tenantid}");
    if (!is_second)
        return rd_arena_printf(ex->arena, "https://sts.windows.net/%.*s/", RD_FMT(tenant));
    return rd_arena_printf(ex->arena, "%.*s/v2.0", RD_FMT(authority_url(ex, tenant)));
}

static bool reply_configuration(struct em_exchange *ex, const struct endpoint *endpoint,
                                bool is_second)
{
    static const char *const modes[] = {"query", "fragment", "form_post", NULL};
    static const char *const methods[] = {"client_secret_post", "private_key_jwt", NULL};
    static const char *const subjects[] = {"pairwise", NULL};
    static const char *const algorithms[] = {"RS256", NULL};
    static const char *const types[] = {"code", "id_token", "code id_token", "id_token token",
                                        NULL};
    static const char *const scopes[] = {"openid", "profile", "email", "offline_access", NULL};
    static const char *const claims[] = {"sub", "iss", "aud", "exp",   "iat", "nonce",
                                         "ver", "tid", "oid", "appid", NULL};
    const char *version = is_second ? "/v2.0" : "";
    struct rd_str root = authority_url(ex, endpoint->authority), none = {"", 0};
    struct rd_json body = rd_json_object();
    const struct {
        const char *member;
        const char *path;
        bool has_version;
    } urls[] = {
        {"token_endpoint", "/oauth2%s/token", true},
        {"jwks_uri", "/discovery%s/keys", true},
        {"authorization_endpoint", "/oauth2%s/authorize", true},
        {"device_authorization_endpoint", "/oauth2%s/devicecode", true},
        {"end_session_endpoint", "/oauth2%s/logout", true},
    };
    for (size_t i = 0; i < EM_COUNT(urls); i++) {
        struct rd_str path = rd_str_from(urls[i].path);
        size_t at = rd_str_find(path, RD_STR("%s"), 0);
        em_set_text(ex, &body, urls[i].member,
                    rd_arena_printf(ex->arena, "%.*s%.*s%s%.*s", RD_FMT(root),
                                    RD_FMT(rd_str_sub(path, 0, at)), version,
                                    RD_FMT(rd_str_sub(path, at + 2, path.n))));
    }
    set_words(ex, &body, "token_endpoint_auth_methods_supported", methods);
    set_words(ex, &body, "response_modes_supported", modes);
    set_words(ex, &body, "subject_types_supported", subjects);
    set_words(ex, &body, "id_token_signing_alg_values_supported", algorithms);
    set_words(ex, &body, "response_types_supported", types);
    set_words(ex, &body, "scopes_supported", scopes);
    em_set_text(ex, &body, "issuer", issuer_of(ex, endpoint, is_second));
    em_set_bool(ex, &body, "request_uri_parameter_supported", false);
    em_set_bool(ex, &body, "http_logout_supported", true);
    em_set_bool(ex, &body, "frontchannel_logout_supported", true);
    set_words(ex, &body, "claims_supported", claims);
    em_set_text(ex, &body, "cloud_instance_name",
                em_is_government(ex->cloud) ? RD_STR("microsoftonline.us")
                                            : RD_STR("microsoftonline.com"));
    em_set_text(ex, &body, "msgraph_host", em_place_host(ex, EM_PLACE_GRAPH, none));
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

static bool reply_keys(struct em_exchange *ex, const struct endpoint *endpoint, bool is_second)
{
    struct rd_json jwk = em_token_jwk(ex);
    struct rd_json body = rd_json_object();
    if (is_second)
        em_set_text(ex, &jwk, "issuer", issuer_of(ex, endpoint, true));
    (void)rd_json_append(ex->arena, em_array(ex, &body, "keys"), jwk);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

/* MSAL asks it whether an authority is to be trusted, and where its configuration is. */
static bool reply_instance(struct em_exchange *ex)
{
    struct rd_str asked = {"", 0}, none = {"", 0};
    struct rd_http_url parts, own;
    (void)rd_http_query_get(ex->arena, ex->url.query, "authorization_endpoint", &asked);
    bool is_own = rd_http_url_parse(asked, &parts) &&
                  rd_http_url_parse(em_place_url(ex, EM_PLACE_LOGIN, none), &own) &&
                  rd_str_eq_case(parts.host, own.host);
    if (!is_own)
        return em_login_fail(ex, 400, "invalid_instance", 50049, "Unknown or invalid instance.");
    struct rd_str rest = rd_str_sub(parts.path, 1, parts.path.n), tenant = {"", 0};
    (void)rd_str_next(&rest, '/', &tenant);
    struct rd_str host = em_place_host(ex, EM_PLACE_LOGIN, none);
    struct rd_json body = rd_json_object(), entry = rd_json_object();
    em_set_text(ex, &body, "tenant_discovery_endpoint",
                rd_arena_printf(ex->arena, "%.*s/v2.0/.well-known/openid-configuration",
                                RD_FMT(authority_url(ex, tenant))));
    em_set_word(ex, &body, "api-version", "1.1");
    em_set_text(ex, &entry, "preferred_network", host);
    em_set_text(ex, &entry, "preferred_cache", host);
    (void)rd_json_append(ex->arena, em_array(ex, &entry, "aliases"), rd_json_string(host));
    (void)rd_json_append(ex->arena, em_array(ex, &body, "metadata"), entry);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
    return true;
}

/* Endpoints ------------------------------------------------------------------------------------ */

static bool is_tenantless(struct rd_str first)
{
    return rd_str_is_case(first, "oauth2") || rd_str_is_case(first, "v2.0") ||
           rd_str_is_case(first, "discovery") || rd_str_is_case(first, ".well-known");
}

static void split(struct em_exchange *ex, struct endpoint *ret_endpoint)
{
    struct rd_str path = rd_http_decode(ex->arena, ex->url.path), first = {"", 0};
    struct rd_str rest = rd_str_sub(path, 1, path.n);
    *ret_endpoint = (struct endpoint){.authority = {"", 0}, .kind = AUTHORITY_ANY, .rest = rest};
    if (rest.n == 0 || !rd_str_next(&rest, '/', &first) || is_tenantless(first))
        return;
    ret_endpoint->authority = first;
    ret_endpoint->rest = rest;
    if (rd_str_is_case(first, "adfs"))
        ret_endpoint->kind = AUTHORITY_ADFS;
    else if (rd_str_eq_case(first, em_tenant(ex->cloud)))
        ret_endpoint->kind = AUTHORITY_TENANT;
    else if (!rd_str_is_case(first, "common") && !rd_str_is_case(first, "organizations"))
        ret_endpoint->kind = AUTHORITY_NONE;
}

static bool check_tenant(struct em_exchange *ex, const struct endpoint *endpoint)
{
    if (endpoint->kind != AUTHORITY_NONE)
        return true;
    return em_login_fail(ex, 400, "invalid_request", 90002,
                         "Tenant '%.*s' not found. Check to make sure you have the correct tenant "
                         "ID and are signing into the correct cloud. Check with your subscription "
                         "administrator, this may happen if there are no active subscriptions for "
                         "the tenant.",
                         RD_FMT(endpoint->authority));
}

static bool answer_token(struct em_exchange *ex, const struct endpoint *endpoint, bool is_second)
{
    if (ex->request->method != RD_HTTP_POST)
        return em_login_fail(ex, 400, "invalid_request", 900561,
                             "The endpoint only accepts POST requests. Received a %s request.",
                             rd_http_method_name(ex->request->method));
    if (!check_tenant(ex, endpoint))
        return false;
    /* An application signs in to one tenant: only a user could choose among all. */
    if (endpoint->kind == AUTHORITY_ANY)
        return em_login_fail(ex, 400, "invalid_request", 50059,
                             "No tenant-identifying information found in either the request or "
                             "implied by any provided credentials.");
    em_answer_token(ex, is_second, endpoint->kind == AUTHORITY_ADFS);
    return true;
}

static bool answer_endpoint(struct em_exchange *ex, const struct endpoint *endpoint)
{
    struct rd_str rest = endpoint->rest;
    for (int second = 0; second < 2; second++) {
        if (rd_str_is_case(rest, second ? "oauth2/v2.0/token" : "oauth2/token"))
            return answer_token(ex, endpoint, second);
        if (ex->request->method != RD_HTTP_GET && ex->request->method != RD_HTTP_HEAD)
            continue;
        if (rd_str_is_case(rest, second ? "v2.0/.well-known/openid-configuration"
                                        : ".well-known/openid-configuration"))
            return check_tenant(ex, endpoint) && reply_configuration(ex, endpoint, second);
        if (rd_str_is_case(rest, second ? "discovery/v2.0/keys" : "discovery/keys"))
            return check_tenant(ex, endpoint) && reply_keys(ex, endpoint, second);
    }
    if (rd_str_is_case(rest, "discovery/instance") && ex->request->method == RD_HTTP_GET)
        return reply_instance(ex);
    if (rd_str_has_prefix_case(rest, RD_STR("oauth2/")))
        return em_fail(ex, 501, "NotImplemented",
                       "The embedded cloud signs in applications only: it has no '%.*s'.",
                       RD_FMT(rest));
    return em_fail(ex, 404, "NotFound", "There is no sign-in endpoint '%.*s'.",
                   RD_FMT(ex->url.path));
}

void em_answer_login(struct em_exchange *ex)
{
    if (ex->place == EM_PLACE_IDENTITY) {
        em_answer_machine(ex);
        return;
    }
    struct endpoint endpoint;
    split(ex, &endpoint);
    (void)answer_endpoint(ex, &endpoint);
}

static const struct em_type types[] = {
    {
        .name = "Microsoft.Login/signingKeys",
        .place = EM_IN_SUBSCRIPTION,
        .is_internal = true,
        .has_no_state = true,
    },
    {
        .name = "Microsoft.Login/applications",
        .place = EM_IN_SUBSCRIPTION,
        .is_internal = true,
        .has_no_state = true,
    },
};

const struct em_part em_login_part = {
    .name = "login",
    .types = types,
    .type_count = EM_COUNT(types),
};
