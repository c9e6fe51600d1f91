/* SPDX-License-Identifier: Apache-2.0 */
/* Registration tokens of host pools: kept hidden, shown by two actions only. */
#include "base/clock.h"
#include "crypto/hash.h"
#include "desktop_internal.h"
#include "shape.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

static struct rd_str new_token(struct em_exchange *ex, const struct rd_json *body,
                               struct rd_str expires, int64_t expires_ms)
{
    bool is_government = em_is_government(ex->cloud);
    const char *domain = is_government ? "wvd.azure.us" : "wvd.microsoft.com";
    struct rd_str what = rd_arena_printf(ex->arena, "token %.*s %.*s %lld", RD_FMT(ex->id),
                                         RD_FMT(expires), (long long)ex->now_ms);
    struct rd_str kid = em_hex(ex, what, 40), id = em_guid(ex, what);
    struct rd_str pool = em_text_at(body, "properties.objectId");
    struct rd_str head = rd_arena_printf(
        ex->arena, "{\"alg\":\"RS256\",\"kid\":\"%.*s\",\"typ\":\"JWT\"}", RD_FMT(kid));
    struct rd_str claims = rd_arena_printf(
        ex->arena,
        "{\"RegistrationId\":\"%.*s\",\"BrokerUri\":\"https://rdbroker-g-us-r0.%s/\","
        "\"GlobalBrokerUri\":\"https://rdbroker.%s/\",\"GlobalBrokerResourceIdUri\":\"https://%.*s."
        "rdbroker.%s/\",\"EndpointPoolId\":\"%.*s\",\"nbf\":%lld,\"exp\":%lld,"
        "\"iss\":\"RDInfraTokenManager\",\"aud\":\"RDmi\"}",
        RD_FMT(id), domain, domain, RD_FMT(pool), domain, RD_FMT(pool),
        (long long)(ex->now_ms / 1000), (long long)(expires_ms / 1000));
    struct rd_str seal = em_hex(ex, rd_arena_printf(ex->arena, "seal %.*s", RD_FMT(what)), 256);
    struct rd_str a = rd_base64url(ex->arena, head), b = rd_base64url(ex->arena, claims),
                  c = rd_base64url(ex->arena, seal);
    return rd_arena_printf(ex->arena, "%.*s.%.*s.%.*s", RD_FMT(a), RD_FMT(b), RD_FMT(c));
}

/* Obeys properties.registrationInfo, which the body does not keep. */
bool em_desktop_take_registration(struct em_exchange *ex, struct rd_json *body,
                                  struct rd_json *hidden)
{
    static const char *const words[] = {"Delete", "None", "Update", NULL};
    const struct rd_json *info = rd_json_at(body, "properties.registrationInfo");
    struct rd_str expires = em_text_at(info, "expirationTime");
    int64_t expires_ms = 0;
    if (!em_require_word(ex, body, "properties.registrationInfo.registrationTokenOperation", words,
                         true))
        return false;
    if (em_is_word(info, "registrationTokenOperation", "Delete")) {
        *hidden = rd_json_object();
    } else if (em_is_word(info, "registrationTokenOperation", "Update")) {
        bool is_time = rd_time_parse(expires, &expires_ms);
        if (!is_time || expires_ms < ex->now_ms + HOUR_MS || expires_ms > ex->now_ms + 30 * DAY_MS)
            return em_desktop_fail(
                ex, 400, "ExpirationTime value must be between one hour and 30 days from now");
        em_keep_text(ex, hidden, "token", new_token(ex, body, expires, expires_ms));
        em_keep_text(ex, hidden, "expirationTime", rd_arena_str(ex->arena, expires));
        em_set_int(ex, hidden, "expires", expires_ms);
    }
    em_drop(body, "properties", "registrationInfo");
    return true;
}

static bool token_lives(struct em_exchange *ex, const struct rd_json *hidden)
{
    return em_has(hidden, "token") && rd_json_int(rd_json_at(hidden, "expires"), 0) > ex->now_ms;
}

struct em_resource *em_desktop_pool_of_token(struct em_exchange *ex, struct rd_str token,
                                             struct rd_str *ret_message)
{
    struct em_resource *pool = NULL;
    for (size_t cursor = 0; (pool = em_each(ex->cloud, EM_HOST_POOL_TYPE, &cursor)) != NULL;) {
        struct rd_json hidden = em_hidden(ex, pool);
        if (rd_str_is_empty(token) || !rd_str_eq(em_text_at(&hidden, "token"), token))
            continue;
        if (token_lives(ex, &hidden))
            return pool;
        *ret_message = RD_STR("the registration token has expired (EXPIRED_REGISTRATION_TOKEN)");
        return NULL;
    }
    *ret_message = RD_STR("the registration token is not valid (INVALID_REGISTRATION_TOKEN)");
    return NULL;
}

bool em_desktop_list_tokens(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_json hidden = em_hidden(ex, resource), list = rd_json_array(),
                   reply = rd_json_object();
    if (token_lives(ex, &hidden)) {
        struct rd_json item = rd_json_object();
        em_set_text(ex, &item, "expirationTime", em_text_at(&hidden, "expirationTime"));
        em_set_text(ex, &item, "token", em_text_at(&hidden, "token"));
        rd_json_append(ex->arena, &list, item);
    }
    em_set(ex, &reply, "value", list);
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}

bool em_desktop_retrieve_token(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_json hidden = em_hidden(ex, resource), reply = rd_json_object();
    bool lives = token_lives(ex, &hidden);
    em_set(ex, &reply, "expirationTime",
           lives ? rd_json_string(em_text_at(&hidden, "expirationTime")) : rd_json_null());
    em_set(ex, &reply, "token",
           lives ? rd_json_string(em_text_at(&hidden, "token")) : rd_json_null());
    em_set_word(ex, &reply, "registrationTokenOperation", "None");
    em_reply_json(ex, 200, &reply, EM_JSON_COMPACT);
    return true;
}
