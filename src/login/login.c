/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "inside.h"

enum { RETRY_FIRST_MS = 1000, LIFE_UNKNOWN_MS = 600000 };

static void ask(struct token *token);

/* Sendings ------------------------------------------------------------------------------------ */

static struct sending *sending_take(struct rd_login *login)
{
    struct sending *sending = login->spare;
    struct rd_arena *arena = NULL;
    if (sending != NULL) {
        login->spare = sending->next;
        arena = sending->arena;
    } else {
        sending = rd_heap_zalloc(sizeof(*sending));
        arena = rd_arena_new(0);
    }
    *sending = (struct sending){.login = login, .arena = arena};
    login->under_way++;
    return sending;
}

static void sending_give_back(struct sending *sending)
{
    struct rd_login *login = sending->login;
    rd_arena_wipe(sending->arena); /* it held the token */
    sending->next = login->spare;
    login->spare = sending;
    login->under_way--;
    if (login->is_settling)
        rd_loop_stop(login->options.loop);
}

static void finish(struct sending *sending, enum rd_transport_result result,
                   const struct rd_http_reply *reply, const char *reason)
{
    rd_transport_fn *fn = sending->fn;
    void *data = sending->data;
    fn(data, result, reply, reason);
    sending_give_back(sending);
}

/* A 401 of our own making: final for the client, with a code that data/errors.yaml explains. */
static void finish_refused(struct sending *sending, const char *code, struct rd_str message)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_json body = rd_json_object();
    struct rd_json *error = rd_json_set_c(arena, &body, "error", rd_json_object());
    (void)rd_json_set_c(arena, error, "code", rd_json_string_c(code));
    (void)rd_json_set_c(arena, error, "message", rd_json_string(message));
    struct rd_http_reply reply = {.status = 401,
                                  .body = rd_json_text(arena, &body, RD_JSON_COMPACT)};
    finish(sending, RD_TRANSPORT_REPLY, &reply, "");
    rd_arena_free(arena);
}

static void wait_for(struct token *token, struct sending *sending)
{
    sending->next = NULL;
    if (token->last_waiting == NULL)
        token->first_waiting = sending;
    else
        token->last_waiting->next = sending;
    token->last_waiting = sending;
}

static struct sending *take_waiting(struct token *token)
{
    struct sending *sending = token->first_waiting;
    if (sending == NULL)
        return NULL;
    token->first_waiting = sending->next;
    if (token->first_waiting == NULL)
        token->last_waiting = NULL;
    return sending;
}

/* Requests ------------------------------------------------------------------------------------ */

/* The token itself is at fault, not what it allows: any 401 counts, since planes word it
 * differently; once for each request. */
static void take_reply(void *data, enum rd_transport_result result,
                       const struct rd_http_reply *reply, const char *reason)
{
    struct sending *sending = data;
    struct token *token = sending->token;
    if (result != RD_TRANSPORT_REPLY || reply->status != 401) {
        finish(sending, result, reply, reason);
        return;
    }
    struct rd_str challenge = reply_challenge(sending->arena, reply);
    if (challenge.n > 0) {
        finish_refused(sending, "ClaimsChallenge", challenge);
        return;
    }
    if (sending->was_refused) {
        finish(sending, result, reply, reason);
        return;
    }
    sending->was_refused = true;
    /* Another request may have met the same refusal before, and a new token be there by now. */
    if (sending->generation == token->generation)
        token->expires_ms = 0;
    wait_for(token, sending);
    ask(token);
}

/* "Bearer TOKEN": a print of more than a kilobyte, for each request, is slow. */
static struct rd_str bearer(struct rd_arena *arena, struct rd_str token)
{
    const struct rd_str scheme = RD_STR("Bearer ");
    char *text = rd_arena_bytes(arena, scheme.n + token.n + 1);
    memcpy(text, scheme.p, scheme.n);
    memcpy(text + scheme.n, token.p, token.n);
    text[scheme.n + token.n] = '\0';
    return (struct rd_str){text, scheme.n + token.n};
}

static void send_now(struct sending *sending)
{
    struct token *token = sending->token;
    const struct rd_http_request *request = sending->request;
    rd_arena_wipe(sending->arena);
    sending->generation = token->generation;
    sending->signed_in = *request;
    sending->signed_in.headers = (struct rd_http_headers){0};
    for (size_t i = 0; i < request->headers.count; i++)
        if (!rd_str_is_case(request->headers.items[i].name, "Authorization"))
            rd_http_headers_add(sending->arena, &sending->signed_in.headers,
                                rd_arena_str(sending->arena, request->headers.items[i].name).p,
                                request->headers.items[i].value);
    rd_http_headers_add(sending->arena, &sending->signed_in.headers, "Authorization",
                        bearer(sending->arena, rd_secret_reveal(&token->value)));
    rd_transport_send(sending->login->options.transport, &sending->signed_in, take_reply, sending);
}

static bool is_held(const struct token *token)
{
    return token->generation > 0 && rd_loop_now_ms(token->login->options.loop) < token->expires_ms;
}

static void refuse_outside(void *data)
{
    finish(data, RD_TRANSPORT_REFUSED, NULL, "the URL is not one of this cloud's");
}

static void login_send(struct rd_transport *door, const struct rd_http_request *request,
                       rd_transport_fn *fn, void *data)
{
    struct rd_login *login = (struct rd_login *)door;
    struct sending *sending = sending_take(login);
    enum rd_endpoint endpoint = rd_endpoints_which(&login->options.endpoints, request->url);
    sending->request = request;
    sending->fn = fn;
    sending->data = data;
    sending->token = &login->tokens[endpoint];
    if (endpoint == RD_ENDPOINT_NONE) {
        rd_loop_defer(login->options.loop, refuse_outside, sending);
        return;
    }
    struct token *token = sending->token;
    bool is_due = !is_held(token) || rd_loop_now_ms(login->options.loop) >= token->refresh_ms;
    if (is_held(token)) {
        send_now(sending);
    } else {
        wait_for(token, sending);
    }
    if (is_due)
        ask(token);
}

/* Tokens -------------------------------------------------------------------------------------- */

static void release_waiting(struct token *token)
{
    struct sending *sending;
    while ((sending = take_waiting(token)) != NULL)
        send_now(sending);
}

static void learn_identity(struct rd_login *login, const struct token *token, int64_t now_ms)
{
    struct rd_str value = rd_secret_reveal(&token->value);
    rd_arena_clear(login->identity_arena);
    login->identity = (struct rd_login_identity){
        .method = rd_login_method_name(login->source.method),
        .name = RD_STR(""),
        .object_id = RD_STR(""),
        .app_id = RD_STR(""),
        .tenant = RD_STR(""),
        .is_application = login->source.method != RD_LOGIN_CLI,
        .expires_ms = token->expires_ms,
    };
    (void)reply_claims(login->identity_arena, value, now_ms, &login->identity);
}

/* Half of its life before the end for tokens that live shorter than ten minutes. */
static void hold(struct token *token, struct answer *answer)
{
    struct rd_login *login = token->login;
    int64_t now_ms = rd_loop_now_ms(login->options.loop);
    rd_secret_done(&token->value);
    token->value = answer->token;
    struct rd_arena *arena = rd_arena_new(0);
    int64_t life_ms = answer->life_ms;
    if (life_ms == 0)
        life_ms = reply_claims(arena, rd_secret_reveal(&token->value), now_ms, NULL);
    rd_arena_wipe(arena);
    rd_arena_free(arena);
    if (life_ms == 0)
        life_ms = LIFE_UNKNOWN_MS;
    token->generation++;
    token->expires_ms = now_ms + life_ms;
    token->refresh_ms = token->expires_ms - (life_ms / 2 < REFRESH_MS ? life_ms / 2 : REFRESH_MS);
    if (token == &login->tokens[RD_ENDPOINT_ARM])
        learn_identity(login, token, now_ms);
    release_waiting(token);
}

/* What waits cannot go; what comes next asks again, so that a refusal which was mended (a secret
 * renewed) is one no more. While the old token holds, nobody needs to know. */
static void fail_waiting(struct token *token, const struct rd_err *err)
{
    struct rd_login *login = token->login;
    if (is_held(token)) {
        token->refresh_ms = rd_loop_now_ms(login->options.loop) + REFRESH_MS / 10;
        release_waiting(token);
        return;
    }
    bool is_final = err->rc != RD_RC_TRANSIENT;
    login->failure = *err;
    struct sending *sending;
    while ((sending = take_waiting(token)) != NULL) {
        if (is_final)
            finish_refused(sending, err->azure_code[0] != '\0' ? err->azure_code : "SignInFailed",
                           rd_str_from(err->msg));
        else
            finish(sending, RD_TRANSPORT_REFUSED, NULL, err->msg);
    }
}

static void ended(struct token *token, enum rd_rc rc, struct answer *answer,
                  const struct rd_err *err)
{
    struct rd_login *login = token->login;
    token->is_asking = false;
    login->asking_count--;
    token->tries = 0;
    if (token->arena != NULL)
        rd_arena_wipe(token->arena);
    if (rc == RD_RC_OK) {
        login->failure.rc = RD_RC_OK;
        hold(token, answer);
    } else {
        fail_waiting(token, err);
    }
    if (login->is_settling || (login->is_signing_in && token == &login->tokens[RD_ENDPOINT_ARM]))
        rd_loop_stop(login->options.loop);
}

static void ask_again(void *data)
{
    struct token *token = data;
    token->timer = 0;
    token->is_asking = false;
    token->login->asking_count--;
    ask(token);
}

static void take_token(void *data, enum rd_transport_result result,
                       const struct rd_http_reply *reply, const char *reason)
{
    struct token *token = data;
    struct rd_login *login = token->login;
    struct answer answer = {.life_ms = 0};
    struct rd_err err = {0};
    enum rd_rc rc = RD_RC_OK;
    rd_secret_init(&answer.token);
    if (result == RD_TRANSPORT_REPLY)
        rc = reply_read(login, reply, &answer, &err);
    else if (result == RD_TRANSPORT_UNTRUSTED)
        rc = RD_FAIL(&err, RD_RC_UNTRUSTED, "no token was asked for by '%s': %s",
                     rd_login_method_name(login->source.method), reason);
    else
        rc = rd_err_hint(RD_FAIL(&err, RD_RC_TRANSIENT,
                                 "nobody answered who gives tokens by '%s': "
                                 "%s",
                                 rd_login_method_name(login->source.method), reason),
                         &err, "check the network, and the proxy that the environment names");
    if (rc == RD_RC_TRANSIENT && token->tries < TRIES_MAX && !login->is_settling) {
        int64_t delay_ms = (int64_t)RETRY_FIRST_MS << token->tries;
        token->timer = rd_loop_at(login->options.loop,
                                  rd_loop_now_ms(login->options.loop) + delay_ms, ask_again, token);
        return;
    }
    ended(token, rc, &answer, &err);
}

/* From the loop: az is waited for, and nobody's send may be. */
static void ask_command(void *data)
{
    struct token *token = data;
    struct answer answer = {.life_ms = 0};
    struct rd_err err = {0};
    rd_secret_init(&answer.token);
    enum rd_rc rc = command_ask(token->login, token->audience, &answer, &err);
    ended(token, rc, &answer, &err);
}

struct late_failure {
    struct token *token;
    struct rd_err err;
};

static void fail_late(void *data)
{
    struct late_failure *late = data;
    struct answer none = {.life_ms = 0};
    ended(late->token, late->err.rc, &none, &late->err);
    rd_heap_free(late);
}

/* Never from inside a send (azure/transport.h). */
static void fail_soon(struct token *token, const struct rd_err *err)
{
    struct late_failure *late = rd_heap_zalloc(sizeof(*late));
    late->token = token;
    late->err = *err;
    rd_loop_defer(token->login->options.loop, fail_late, late);
}

static void ask(struct token *token)
{
    struct rd_login *login = token->login;
    struct rd_err err = {0};
    if (token->is_asking)
        return;
    token->is_asking = true;
    login->asking_count++;
    token->tries++;
    enum rd_rc rc = RD_RC_OK;
    if (token->audience.n == 0)
        rc =
            RD_FAIL(&err, RD_RC_INVALID, "the cloud '%.*s' does not say what tokens it takes there",
                    RD_FMT(login->options.endpoints.name));
    if (rc == RD_RC_OK && !login->has_source)
        rc = source_find(login, &err);
    if (rc == RD_RC_OK && login->source.method == RD_LOGIN_CLI) {
        rd_loop_defer(login->options.loop, ask_command, token);
        return;
    }
    if (token->arena == NULL)
        token->arena = rd_arena_new(0);
    if (rc == RD_RC_OK)
        rc = ask_write(login, token->arena, token->audience, &token->request, &err);
    if (rc == RD_RC_OK)
        rd_transport_send(login->options.transport, &token->request, take_token, token);
    else
        fail_soon(token, &err);
}

/* The login ----------------------------------------------------------------------------------- */

static const struct rd_transport_ops login_ops = {login_send};

struct rd_login *rd_login_new(const struct rd_login_options *options)
{
    assert(options->loop != NULL && options->transport != NULL && options->environment != NULL);
    struct rd_login *login = rd_heap_zalloc(sizeof(*login));
    login->door.ops = &login_ops;
    login->options = *options;
    login->arena = rd_arena_new(0);
    login->identity_arena = rd_arena_new(0);
    rd_secret_init(&login->source.secret);
    for (enum rd_endpoint i = 0; i < RD_ENDPOINT_COUNT; i++) {
        login->tokens[i].login = login;
        login->tokens[i].audience = rd_endpoints_audience(&options->endpoints, i);
        rd_secret_init(&login->tokens[i].value);
    }
    return login;
}

void rd_login_free(struct rd_login *login)
{
    if (login == NULL)
        return;
    assert(login->under_way == 0); /* a reply would come to freed memory */
    for (enum rd_endpoint i = 0; i < RD_ENDPOINT_COUNT; i++) {
        struct token *token = &login->tokens[i];
        if (token->timer != 0)
            rd_loop_cancel(login->options.loop, token->timer);
        rd_secret_done(&token->value);
        if (token->arena != NULL)
            rd_arena_wipe(token->arena);
        rd_arena_free(token->arena);
    }
    while (login->spare != NULL) {
        struct sending *sending = login->spare;
        login->spare = sending->next;
        rd_arena_free(sending->arena);
        rd_heap_free(sending);
    }
    rd_secret_done(&login->source.secret);
    rd_arena_wipe(login->arena);
    rd_arena_free(login->arena);
    rd_arena_free(login->identity_arena);
    rd_heap_free(login);
}

void rd_login_settle(struct rd_login *login)
{
    if (login == NULL)
        return;
    login->is_settling = true;
    for (enum rd_endpoint i = 0; i < RD_ENDPOINT_COUNT; i++) {
        struct token *token = &login->tokens[i];
        if (token->timer == 0)
            continue;
        rd_loop_cancel(login->options.loop, token->timer); /* between two tries */
        token->timer = 0;
        struct answer none = {.life_ms = 0};
        struct rd_err err = {0};
        ended(token, RD_FAIL(&err, RD_RC_TRANSIENT, "it was not asked for again"), &none, &err);
    }
    while (login->under_way > 0 || login->asking_count > 0)
        rd_loop_run(login->options.loop);
}

struct rd_transport *rd_login_door(struct rd_login *login)
{
    return &login->door;
}

bool rd_login_allows(const struct rd_login *login, struct rd_str url)
{
    if (rd_endpoints_allow(&login->options.endpoints, url))
        return true;
    struct rd_str own = login->source.url;
    if (!login->has_source || own.n == 0 || !rd_str_has_prefix(url, own))
        return false;
    /* A managed identity's address gets a query; a sign-in host's does not. */
    bool may_query = login->source.method == RD_LOGIN_MANAGED_IDENTITY;
    return url.n == own.n || (may_query && (url.p[own.n] == '?' || url.p[own.n] == '&'));
}

enum rd_rc rd_login_sign_in(struct rd_login *login, struct rd_err *err)
{
    struct token *token = &login->tokens[RD_ENDPOINT_ARM];
    if (is_held(token))
        return RD_RC_OK;
    login->is_signing_in = true;
    ask(token);
    rd_loop_run(login->options.loop);
    login->is_signing_in = false;
    if (is_held(token))
        return RD_RC_OK;
    RD_TRY(rd_login_check(login, err));
    return RD_FAIL(err, RD_RC_TRANSIENT, "signing in did not come to an end");
}

enum rd_rc rd_login_check(const struct rd_login *login, struct rd_err *err)
{
    if (login->failure.rc == RD_RC_OK)
        return RD_RC_OK;
    *err = login->failure;
    return err->rc;
}

const struct rd_login_identity *rd_login_identity(const struct rd_login *login)
{
    return &login->identity;
}
