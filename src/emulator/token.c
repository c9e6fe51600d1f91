/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include <string.h>

#include "crypto/hash.h"
#include "shape.h"

/* The cloud's tokens: making them, and believing them. */

enum {
    KEY_BITS = 2048,
    LIFE_S = 3599,      /* what expires_in says of a token without a policy of its own (memory) */
    EARLY_S = 300,      /* iat and nbf lie this far back, for clocks that differ (memory) */
    LIFE_S_MAX = 86400, /* of the fault */
    KEY_ID_BYTES = 20,  /* as long as a certificate's thumbprint */
};

#define KEY_TYPE "Microsoft.Login/signingKeys"
#define KEY_ID "/providers/" KEY_TYPE "/0"

/* The key -------------------------------------------------------------------------------------- */

static struct rd_sign_key *stored_key(struct em_exchange *ex)
{
    struct em_resource *resource = em_find(ex->cloud, RD_STR(KEY_ID));
    struct rd_sign_key *key = NULL;
    struct rd_err err;
    if (resource == NULL)
        return NULL;
    struct rd_json hidden = em_hidden(ex, resource);
    if (rd_sign_key_from_pem(em_text_at(&hidden, "pem"), &key, &err) == RD_RC_OK)
        return key;
    em_remove(ex, resource); /* damaged: a new one, and its tokens are void */
    return NULL;
}

static struct rd_sign_key *new_key(struct em_exchange *ex)
{
    struct rd_sign_key *key = rd_sign_key_generate(KEY_BITS);
    struct rd_json body = rd_json_object();
    struct rd_json hidden = rd_json_object();
    rd_json_set_c(ex->arena, &hidden, "pem",
                  rd_json_string(rd_sign_key_private_pem(ex->arena, key)));
    (void)em_create(ex, KEY_TYPE, RD_STR(KEY_ID), &body, &hidden);
    return key;
}

static const struct rd_sign_key *signing_key(struct em_exchange *ex)
{
    struct em_login *login = ex->cloud->login;
    if (login->key != NULL)
        return login->key;
    login->key = stored_key(ex);
    if (login->key == NULL)
        login->key = new_key(ex);
    unsigned char hash[RD_SHA256_SIZE];
    rd_sha256(rd_sign_key_modulus(ex->arena, login->key), hash);
    struct rd_str id = rd_base64url(ex->arena, (struct rd_str){(const char *)hash, KEY_ID_BYTES});
    memcpy(login->key_id, id.p, id.n + 1);
    return login->key;
}

void em_token_ready(struct em_exchange *ex)
{
    (void)signing_key(ex);
}

struct rd_json em_token_jwk(struct em_exchange *ex)
{
    const struct rd_sign_key *key = signing_key(ex);
    struct rd_json jwk = rd_json_object();
    struct rd_str id = rd_str_from(ex->cloud->login->key_id);
    em_set_word(ex, &jwk, "kty", "RSA");
    em_set_word(ex, &jwk, "use", "sig");
    em_set_text(ex, &jwk, "kid", id);
    em_set_text(ex, &jwk, "x5t", id);
    em_set_text(ex, &jwk, "n", rd_base64url(ex->arena, rd_sign_key_modulus(ex->arena, key)));
    em_set_text(ex, &jwk, "e", rd_base64url(ex->arena, rd_sign_key_exponent(ex->arena, key)));
    return jwk;
}

/* Making --------------------------------------------------------------------------------------- */

static int64_t life_s(struct em_exchange *ex)
{
    struct em_fault *fault = em_fault(ex, "token-life");
    int64_t seconds = LIFE_S;
    if (fault == NULL || !rd_str_to_int(em_fault_arg(fault, "seconds"), 1, LIFE_S_MAX, &seconds))
        return LIFE_S;
    em_fault_struck(fault);
    return seconds;
}

/* The claims of an application's token for Resource Manager (azure-compute 9.1). Version 1.0
 * whichever endpoint made it: that is the resource's choice, not the endpoint's. */
static struct rd_json claims_of(struct em_exchange *ex, const struct em_token_wish *wish,
                                const struct em_token *token)
{
    struct rd_json claims = rd_json_object();
    struct rd_str tenant = em_tenant(ex->cloud);
    struct rd_str issuer =
        rd_arena_printf(ex->arena, "https://sts.windows.net/%.*s/", RD_FMT(tenant));
    struct rd_str number = rd_arena_printf(ex->arena, "token %.*s %llu", RD_FMT(wish->app_id),
                                           (unsigned long long)ex->number);
    em_set_text(ex, &claims, "aud", wish->audience);
    em_set_text(ex, &claims, "iss", issuer);
    em_set_int(ex, &claims, "iat", token->starts_s);
    em_set_int(ex, &claims, "nbf", token->starts_s);
    em_set_int(ex, &claims, "exp", token->expires_s);
    em_set_text(ex, &claims, "appid", wish->app_id);
    em_set_word(ex, &claims, "appidacr", wish->authentication);
    em_set_text(ex, &claims, "idp", issuer);
    em_set_word(ex, &claims, "idtyp", "app");
    em_set_text(ex, &claims, "oid", wish->object_id);
    em_set_text(ex, &claims, "sub", wish->object_id);
    em_set_text(ex, &claims, "tid", tenant);
    em_set_text(ex, &claims, "uti", rd_str_sub(em_hex(ex, number, 22), 0, 22));
    em_set_word(ex, &claims, "ver", "1.0");
    if (wish->resource_id.n > 0)
        em_set_text(ex, &claims, "xms_mirid", wish->resource_id);
    return claims;
}

static struct rd_str encoded(struct em_exchange *ex, const struct rd_json *value)
{
    return rd_base64url(ex->arena, rd_json_text(ex->arena, value, RD_JSON_COMPACT));
}

void em_token_set_times(struct em_exchange *ex, struct rd_json *body, const struct em_token *token)
{
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"expires_in", token->life_s},
        {"ext_expires_in", token->life_s},
        {"expires_on", token->expires_s},
        {"not_before", token->starts_s},
    };
    for (size_t i = 0; i < EM_COUNT(numbers); i++)
        em_set_text(ex, body, numbers[i].name,
                    rd_arena_printf(ex->arena, "%lld", (long long)numbers[i].value));
}

struct em_token em_token_make(struct em_exchange *ex, const struct em_token_wish *wish)
{
    const struct rd_sign_key *key = signing_key(ex);
    int64_t now_s = ex->now_ms / 1000;
    struct em_token token = {.life_s = life_s(ex)};
    token.starts_s = now_s - EARLY_S;
    token.expires_s = now_s + token.life_s * ex->cloud->speed;
    struct rd_str id = rd_str_from(ex->cloud->login->key_id);
    struct rd_json header = rd_json_object();
    em_set_word(ex, &header, "typ", "JWT");
    em_set_word(ex, &header, "alg", "RS256");
    em_set_text(ex, &header, "x5t", id);
    em_set_text(ex, &header, "kid", id);
    struct rd_json claims = claims_of(ex, wish, &token);
    struct rd_str head = encoded(ex, &header);
    struct rd_str body = encoded(ex, &claims);
    struct rd_str text = rd_arena_printf(ex->arena, "%.*s.%.*s", RD_FMT(head), RD_FMT(body));
    struct rd_str signature = rd_base64url(ex->arena, rd_sign(ex->arena, key, RD_SIGN_RS256, text));
    token.text = rd_arena_printf(ex->arena, "%.*s.%.*s", RD_FMT(text), RD_FMT(signature));
    return token;
}

/* Audiences ------------------------------------------------------------------------------------ */

/* Without one slash at its end. */
static struct rd_str bare(struct rd_str audience)
{
    bool has_slash = audience.n > 0 && audience.p[audience.n - 1] == '/';
    return rd_str_sub(audience, 0, audience.n - has_slash);
}

static enum em_place place_of(const struct rd_json *resource)
{
    struct rd_str word = rd_json_str(rd_json_get(resource, RD_STR("place")));
    for (enum em_place place = EM_PLACE_ARM; place < EM_PLACE_COUNT; place++)
        if (place != EM_PLACE_METADATA && rd_str_is(word, em_place_word(place)))
            return place;
    return EM_PLACE_NONE;
}

/* At an address "https://vault.localhost:8443" is the vaults' as well, by either scheme and any
 * port: one server may listen on several. */
static bool is_served_audience(const struct em_exchange *ex, enum em_place place,
                               struct rd_str audience)
{
    struct rd_http_url asked, own;
    struct rd_str none = {"", 0};
    if (ex->base_host.n == 0 || place == EM_PLACE_NONE || !rd_http_url_parse(audience, &asked) ||
        !rd_http_url_parse(em_place_url(ex, place, none), &own) || asked.query.n > 0)
        return false;
    bool is_base = rd_str_eq_case(own.host, ex->base_host);
    bool is_host = rd_str_eq_case(asked.host, own.host) ||
                   (is_base && rd_str_eq_case(asked.host, em_place_address(ex->cloud)));
    return is_host && rd_str_eq_case(bare(asked.path), own.path);
}

static bool is_audience_of(const struct em_exchange *ex, const struct rd_json *resource,
                           struct rd_str audience)
{
    if (audience.n == 0)
        return false;
    bool is_strict = rd_json_is_true(rd_json_get(resource, RD_STR("strict")));
    const struct rd_json *audiences = rd_json_get(resource, RD_STR("audiences"));
    for (size_t i = 0; i < rd_json_count(audiences); i++)
        if (rd_str_eq_case(is_strict ? audience : bare(audience),
                           rd_json_str(rd_json_item(audiences, i))))
            return true;
    return rd_str_eq_case(rd_json_str(rd_json_get(resource, RD_STR("app_id"))), audience) ||
           is_served_audience(ex, place_of(resource), audience);
}

/* A strict service refuses a slash; the token endpoint still makes such a token, as Azure does. */
const struct rd_json *em_token_resource(const struct em_exchange *ex, struct rd_str audience)
{
    const struct rd_json *resources = rd_json_get(ex->cloud->place, RD_STR("resources"));
    for (size_t i = 0; i < rd_json_count(resources); i++) {
        const struct rd_json *resource = rd_json_item(resources, i);
        if (is_audience_of(ex, resource, audience) || is_audience_of(ex, resource, bare(audience)))
            return resource;
    }
    return &rd_json_absent;
}

const struct rd_json *em_place_resource(const struct em_exchange *ex)
{
    const struct rd_json *resources = rd_json_get(ex->cloud->place, RD_STR("resources"));
    for (size_t i = 0; i < rd_json_count(resources); i++)
        if (place_of(rd_json_item(resources, i)) == ex->place)
            return rd_json_item(resources, i);
    return &rd_json_absent;
}

/* Believing ------------------------------------------------------------------------------------ */

/* Of the signature's end, which is as good as drawn: a token has a thousand characters and more. */
static uint64_t hash_of(struct rd_str text)
{
    enum { HASHED_SIZE = 64 };
    size_t from = text.n > HASHED_SIZE ? text.n - HASHED_SIZE : 0;
    return rd_str_hash(rd_str_sub(text, from, text.n));
}

static void forget(struct em_seen *seen)
{
    em_heap_str_free(&seen->text);
    em_heap_str_free(&seen->object_id);
    em_heap_str_free(&seen->app_id);
    em_heap_str_free(&seen->tenant);
    em_heap_str_free(&seen->audience);
    *seen = (struct em_seen){0};
}

static enum em_token_state verify(struct em_exchange *ex, struct rd_str text, struct em_seen *seen)
{
    struct em_jwt jwt;
    if (!em_jwt_read(ex->arena, text, &jwt))
        return EM_TOKEN_MALFORMED;
    const struct rd_sign_key *key = signing_key(ex);
    /* The algorithm is ours, not the token's choice: "none" and the like fail here. */
    if (!rd_str_is(em_text_at(&jwt.header, "alg"), "RS256") ||
        !rd_str_is(em_text_at(&jwt.header, "kid"), ex->cloud->login->key_id) ||
        !rd_sign_verify(key, RD_SIGN_RS256, jwt.signed_part, jwt.signature))
        return EM_TOKEN_UNSIGNED;
    forget(seen);
    *seen = (struct em_seen){
        .hash = hash_of(text),
        .text = em_heap_str(text),
        .object_id = em_heap_str(em_jwt_claim(&jwt, "oid")),
        .app_id = em_heap_str(em_jwt_claim(&jwt, "appid")),
        .tenant = em_heap_str(em_jwt_claim(&jwt, "tid")),
        .audience = em_heap_str(em_jwt_claim(&jwt, "aud")),
        .starts_ms = em_jwt_time_ms(&jwt, "nbf", INT64_MAX),
        .expires_ms = em_jwt_time_ms(&jwt, "exp", 0),
    };
    return EM_TOKEN_GOOD;
}

static enum em_token_state judge(struct em_exchange *ex, const struct em_seen *seen)
{
    ex->token_audience = seen->audience;
    ex->token_tenant = seen->tenant;
    ex->token_expires_ms = seen->expires_ms;
    if (seen->expires_ms <= ex->now_ms)
        return EM_TOKEN_EXPIRED;
    if (seen->starts_ms > ex->now_ms)
        return EM_TOKEN_EARLY;
    if (!is_audience_of(ex, em_place_resource(ex), seen->audience))
        return EM_TOKEN_AUDIENCE;
    if (!rd_str_eq_case(seen->tenant, em_tenant(ex->cloud)))
        return EM_TOKEN_TENANT;
    ex->caller = (struct em_caller){
        .object_id = seen->object_id,
        .app_id = seen->app_id,
        .tenant = seen->tenant,
        .audience = seen->audience,
    };
    const struct em_application *application = em_application_find(ex->cloud, seen->app_id);
    if (application != NULL) {
        ex->caller.groups = application->groups;
        ex->caller.group_count = application->group_count;
    }
    return EM_TOKEN_GOOD;
}

static enum em_token_state check(struct em_exchange *ex, struct rd_str text)
{
    if (ex->cloud->trusts_embedded && rd_str_is(text, "embedded")) {
        ex->caller = (struct em_caller){
            .object_id = rd_str_from(ex->cloud->builtin),
            .app_id = {"", 0},
            .tenant = em_tenant(ex->cloud),
            .audience = {"", 0},
            .is_builtin = true,
        };
        return EM_TOKEN_GOOD;
    }
    uint64_t hash = hash_of(text);
    struct em_seen *seen = &ex->cloud->login->seen[hash % EM_SEEN_COUNT];
    if (seen->hash != hash || !rd_str_eq(seen->text, text)) {
        enum em_token_state state = verify(ex, text, seen);
        if (state != EM_TOKEN_GOOD)
            return state;
    }
    return judge(ex, seen);
}

/* Two Authorization headers are two answers to who asks: neither is believed. */
void em_token_check(struct em_exchange *ex)
{
    const struct rd_http_headers *headers = &ex->request->headers;
    const struct rd_str bearer = RD_STR("Bearer ");
    struct rd_str value = {"", 0};
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++)
        if (rd_str_is_case(headers->items[i].name, "authorization")) {
            value = rd_str_trim(headers->items[i].value);
            count++;
        }
    if (value.n == 0)
        ex->token = EM_TOKEN_MISSING;
    else if (count > 1 || !rd_str_has_prefix_case(value, bearer))
        ex->token = EM_TOKEN_NO_BEARER;
    else
        ex->token = check(ex, rd_str_trim(rd_str_sub(value, bearer.n, value.n)));
}

void em_login_open(struct rd_cloud *cloud)
{
    cloud->login = rd_heap_zalloc(sizeof(*cloud->login));
}

void em_login_close(struct rd_cloud *cloud)
{
    struct em_login *login = cloud->login;
    if (login == NULL)
        return;
    for (size_t i = 0; i < EM_SEEN_COUNT; i++)
        forget(&login->seen[i]);
    for (size_t i = 0; i < login->count; i++) {
        rd_sign_key_free(login->applications[i].federated_key);
        rd_certificate_done(&login->applications[i].certificate);
    }
    rd_sign_key_free(login->key);
    rd_heap_free(login->applications);
    rd_heap_free(login);
}
