/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include <stdarg.h>

#include "base/clock.h"
#include "keys.h"

/*
 * What each plane says to a request that has not signed in well: 401 before anything else is looked
 * at, with a challenge that names the authority. Sources of the texts stand in the fidelity ledger.
 */

static struct rd_str authority(struct em_exchange *ex)
{
    struct rd_str none = {"", 0};
    struct rd_str login = em_place_url(ex, EM_PLACE_LOGIN, none);
    return rd_arena_printf(ex->arena, "%.*s/%.*s", RD_FMT(login), RD_FMT(em_tenant(ex->cloud)));
}

/* "3/19/2023 8:55:46 AM": how .NET writes a time for Americans. */
static struct rd_str american_time(struct em_exchange *ex, int64_t ms)
{
    int64_t year;
    int month, day;
    int64_t second = ms / 1000 % 86400;
    rd_date_from_days(ms / 86400000, &year, &month, &day);
    int hour = (int)(second / 3600);
    return rd_arena_printf(ex->arena, "%d/%d/%lld %d:%02d:%02d %s", month, day, (long long)year,
                           hour % 12 == 0 ? 12 : hour % 12, (int)(second / 60 % 60),
                           (int)(second % 60), hour < 12 ? "AM" : "PM");
}

/* Resource Manager ----------------------------------------------------------------------------- */

RD_PRINTF(3, 4)
static bool refuse_arm(struct em_exchange *ex, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str message = rd_arena_vprintf(ex->arena, fmt, ap);
    va_end(ap);
    em_reply_header(ex, "WWW-Authenticate",
                    "Bearer authorization_uri=\"%.*s\", error=\"invalid_token\", "
                    "error_description=\"%s\"",
                    RD_FMT(authority(ex)),
                    ex->token == EM_TOKEN_MISSING
                        ? "The authentication failed because of missing 'Authorization' header."
                        : "The access token is invalid.");
    em_reply_header(ex, "x-ms-failure-cause", "gateway");
    return em_fail(ex, 401, code, "%.*s", RD_FMT(message));
}

/* Each audience with a slash and without, in quotes. */
static struct rd_str allowed_audiences(struct em_exchange *ex)
{
    const struct rd_json *audiences = rd_json_get(em_place_resource(ex), RD_STR("audiences"));
    struct rd_buf out;
    rd_buf_init(&out, 4096);
    for (size_t i = 0; i < rd_json_count(audiences); i++) {
        struct rd_str one = rd_json_str(rd_json_item(audiences, i));
        rd_buf_printf(&out, "%s'%.*s/','%.*s'", i == 0 ? "" : ",", RD_FMT(one), RD_FMT(one));
    }
    struct rd_str text = rd_arena_str(ex->arena, rd_buf_str(&out));
    rd_buf_done(&out);
    return text;
}

static bool refuse_tenant(struct em_exchange *ex)
{
    struct rd_str tenant = em_tenant(ex->cloud);
    return refuse_arm(
        ex, "InvalidAuthenticationTokenTenant",
        "The access token is from the wrong issuer 'https://sts.windows.net/%.*s/'. It must match "
        "the tenant 'https://sts.windows.net/%.*s/' associated with this subscription. Please use "
        "the authority (URL) '%.*s' to get the token. Note, if the subscription is transferred to "
        "another tenant there is no impact to the services, but information about new tenant could "
        "take time to propagate (up to an hour). If you just transferred your subscription and see "
        "this error message, please try back later.",
        RD_FMT(ex->token_tenant), RD_FMT(tenant), RD_FMT(authority(ex)));
}

bool em_gate_arm(struct em_exchange *ex)
{
    switch (ex->token) {
    case EM_TOKEN_GOOD:
        return true;
    case EM_TOKEN_MISSING:
        return refuse_arm(ex, "AuthenticationFailed",
                          "Authentication failed. The 'Authorization' header is missing.");
    case EM_TOKEN_NO_BEARER:
        return refuse_arm(ex, "AuthenticationFailedInvalidHeader",
                          "Authentication failed. The 'Authorization' header is provided in an "
                          "invalid format.");
    case EM_TOKEN_EXPIRED:
        return refuse_arm(ex, "ExpiredAuthenticationToken",
                          "The access token expiry UTC time '%.*s' is earlier than current UTC "
                          "time '%.*s'.",
                          RD_FMT(american_time(ex, ex->token_expires_ms)),
                          RD_FMT(american_time(ex, ex->now_ms)));
    case EM_TOKEN_AUDIENCE:
        return refuse_arm(ex, "InvalidAuthenticationTokenAudience",
                          "The access token has been obtained for wrong audience or resource "
                          "'%.*s'. It should exactly match with one of the allowed audiences "
                          "%.*s.",
                          RD_FMT(ex->token_audience), RD_FMT(allowed_audiences(ex)));
    case EM_TOKEN_TENANT:
        return refuse_tenant(ex);
    case EM_TOKEN_MALFORMED:
    case EM_TOKEN_UNSIGNED:
    case EM_TOKEN_EARLY:
        break;
    }
    return refuse_arm(ex, "InvalidAuthenticationToken", "The access token is invalid.");
}

/* Vaults and HSMs ------------------------------------------------------------------------------ */

static struct rd_str store_refusal(struct em_exchange *ex)
{
    const struct rd_json *resource = em_place_resource(ex);
    struct rd_str audience = rd_json_str(rd_json_at(resource, "audiences.0"));
    struct rd_str app_id = rd_json_str(rd_json_at(resource, "app_id"));
    switch (ex->token) {
    case EM_TOKEN_GOOD:
    case EM_TOKEN_MISSING:
    case EM_TOKEN_NO_BEARER:
        break;
    case EM_TOKEN_MALFORMED:
        return RD_STR("Error validating token: IDX12709");
    case EM_TOKEN_UNSIGNED:
        return RD_STR("AKV10046: Unable to resolve the key used for signature validation.");
    case EM_TOKEN_EXPIRED:
        return RD_STR("Error validating token: IDX10223");
    case EM_TOKEN_EARLY:
        return RD_STR("Token not yet valid");
    case EM_TOKEN_AUDIENCE:
        return rd_arena_printf(ex->arena,
                               "AKV10022: Invalid audience. Expected %.*s or %.*s, found: %.*s.",
                               RD_FMT(audience), RD_FMT(app_id), RD_FMT(ex->token_audience));
    case EM_TOKEN_TENANT:
        return rd_arena_printf(ex->arena,
                               "AKV10032: Invalid issuer. Expected one of "
                               "https://sts.windows.net/%.*s/, found "
                               "https://sts.windows.net/%.*s/.",
                               RD_FMT(em_tenant(ex->cloud)), RD_FMT(ex->token_tenant));
    }
    return RD_STR("AKV10000: Request is missing a Bearer or PoP token.");
}

/* An SDK's first request has neither token nor body: the challenge comes before any check. */
bool em_plane_challenge(struct em_exchange *ex, bool is_hsm)
{
    if (ex->token == EM_TOKEN_GOOD)
        return true;
    enum em_place place = is_hsm ? EM_PLACE_HSM : EM_PLACE_VAULT;
    struct rd_str none = {"", 0};
    if (is_hsm && (ex->token == EM_TOKEN_MISSING || ex->token == EM_TOKEN_NO_BEARER))
        em_reply_empty(ex, 401); /* recorded */
    else
        (void)em_plane_fail(ex, 401, "Unauthorized", NULL, "%.*s", RD_FMT(store_refusal(ex)));
    em_reply_header(ex, "WWW-Authenticate",
                    "Bearer authorization=\"%.*s\", resource=\"https://%.*s\"",
                    RD_FMT(authority(ex)), RD_FMT(em_place_host(ex, place, none)));
    return false;
}

/* Microsoft Graph and logs --------------------------------------------------------------------- */

/* What an application may do in the directory hangs on no role assignment, but on what its
 * administrator consented to. */
static bool check_directory(struct em_exchange *ex)
{
    const struct em_application *application = em_application_find(ex->cloud, ex->caller.app_id);
    bool is_read = ex->request->method == RD_HTTP_GET || ex->request->method == RD_HTTP_HEAD;
    enum rd_cloud_directory needed = is_read ? RD_CLOUD_DIRECTORY_READ : RD_CLOUD_DIRECTORY_WRITE;
    if (ex->caller.is_builtin || (application != NULL && application->directory >= needed))
        return true;
    return em_graph_fail(ex, 403, "Authorization_RequestDenied",
                         RD_STR("Insufficient privileges to complete the operation."));
}

bool em_gate_graph(struct em_exchange *ex)
{
    static const char *const messages[] = {
        [EM_TOKEN_GOOD] = "",
        [EM_TOKEN_MISSING] = "Access token is empty.",
        [EM_TOKEN_NO_BEARER] = "Access token is empty.",
        [EM_TOKEN_MALFORMED] = "IDX14100: JWT is not well formed, there are no dots (.).",
        [EM_TOKEN_UNSIGNED] = "Signing key is invalid.",
        [EM_TOKEN_EXPIRED] = "Lifetime validation failed, the token is expired.",
        [EM_TOKEN_EARLY] = "Lifetime validation failed, the token is not yet valid.",
        [EM_TOKEN_AUDIENCE] = "Access token validation failure. Invalid audience.",
        [EM_TOKEN_TENANT] = "Access token validation failure. Invalid issuer.",
    };
    if (ex->token == EM_TOKEN_GOOD)
        return check_directory(ex);
    em_reply_header(ex, "WWW-Authenticate", "Bearer realm=\"\", authorization_uri=\"%.*s\"",
                    RD_FMT(authority(ex)));
    return em_graph_fail(ex, 401, "InvalidAuthenticationToken", rd_str_from(messages[ex->token]));
}

bool em_gate_logs(struct em_exchange *ex)
{
    if (ex->token == EM_TOKEN_GOOD)
        return true;
    em_reply_header(ex, "WWW-Authenticate",
                    "Bearer authorization_uri=\"%.*s\", resource_id=\"%.*s\"",
                    RD_FMT(authority(ex)),
                    RD_FMT(rd_json_str(rd_json_at(em_place_resource(ex), "audiences.0"))));
    if (ex->token == EM_TOKEN_MISSING || ex->token == EM_TOKEN_NO_BEARER)
        return em_fail(ex, 401, "AuthorizationRequiredError",
                       "Valid authentication was not provided");
    return em_fail(ex, 401, "InvalidTokenError",
                   "The provided authentication is not valid for this resource");
}
