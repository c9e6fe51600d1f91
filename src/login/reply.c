/* SPDX-License-Identifier: Apache-2.0 */
/* What the places where tokens come from answer. */
#include <stdio.h>

#include "azure/client.h"
#include "crypto/hash.h"
#include "inside.h"

enum { TEXT_SHOWN_MAX = 600, LIFE_S_MAX = 366 * 86400 };

/* A number, or a number as text, as managed identities write them. */
static int64_t number_at(const struct rd_json *object, const char *name)
{
    const struct rd_json *value = rd_json_get(object, rd_str_from(name));
    int64_t number = rd_json_int(value, 0);
    if (rd_json_is(value, RD_JSON_STRING) &&
        !rd_str_to_int(rd_json_str(value), 0, INT64_MAX / 1000, &number))
        return 0;
    return number < 0 || number > INT64_MAX / 1000 ? 0 : number;
}

/* Claims -------------------------------------------------------------------------------------- */

static struct rd_str first_of(const struct rd_json *claims, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct rd_str value = rd_json_str(rd_json_get(claims, rd_str_from(names[i])));
        if (value.n > 0 && !rd_str_has_control(value))
            return rd_str_cut(value, 200);
    }
    return RD_STR("");
}

static void take_identity(const struct rd_json *claims, struct rd_login_identity *identity)
{
    static const char *const names[] = {"upn", "unique_name", "preferred_username",
                                        "app_displayname", "name"};
    static const char *const object[] = {"oid"};
    static const char *const application[] = {"appid", "azp"};
    static const char *const tenant[] = {"tid"};
    identity->name = first_of(claims, names, sizeof(names) / sizeof(names[0]));
    identity->object_id = first_of(claims, object, 1);
    identity->app_id = first_of(claims, application, 2);
    identity->tenant = first_of(claims, tenant, 1);
    struct rd_str kind = rd_json_str(rd_json_get(claims, RD_STR("idtyp")));
    /* Old tokens of applications have no idtyp, and no scope either. */
    identity->is_application = rd_str_is(kind, "app") ||
                               (kind.n == 0 && !rd_json_exists(rd_json_get(claims, RD_STR("scp"))));
}

int64_t reply_claims(struct rd_arena *arena, struct rd_str token, int64_t now_ms,
                     struct rd_login_identity *ret_identity)
{
    size_t first = rd_str_find_char(token, '.', 0);
    size_t second = first == RD_STR_NONE ? RD_STR_NONE : rd_str_find_char(token, '.', first + 1);
    struct rd_str text;
    struct rd_json claims;
    struct rd_err err;
    if (second == RD_STR_NONE ||
        !rd_base64_decode(arena, rd_str_sub(token, first + 1, second), &text) ||
        rd_json_parse(arena, "token", text, 0, &claims, &err) != RD_RC_OK ||
        !rd_json_is(&claims, RD_JSON_OBJECT))
        return 0; /* opaque: some clouds' are */
    if (ret_identity != NULL)
        take_identity(&claims, ret_identity);
    int64_t until_ms = number_at(&claims, "exp") * 1000;
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

/* Refusals ------------------------------------------------------------------------------------ */

/* "AADSTS7000215" at the start of the description, else the word of OAuth. */
static struct rd_str code_of(const struct rd_json *body, struct rd_str description)
{
    const struct rd_str prefix = RD_STR("AADSTS");
    size_t n = prefix.n;
    if (rd_str_has_prefix(description, prefix)) {
        while (n < description.n && rd_char_is_digit(description.p[n]))
            n++;
        return rd_str_sub(description, 0, n);
    }
    return rd_str_cut(rd_json_str(rd_json_get(body, RD_STR("error"))), 60);
}

/* The sentence that says what is wrong, without what follows it for Microsoft's support. One that
 * repeats a secret is not shown at all. */
static struct rd_str sentence_of(const struct rd_login *login, struct rd_str description)
{
    struct rd_str secret = rd_secret_reveal(&login->source.secret);
    if (secret.n > 0 && rd_str_find(description, secret, 0) != RD_STR_NONE)
        return RD_STR("(its text is not shown, since it holds the secret)");
    size_t trace = rd_str_find(description, RD_STR("Trace ID"), 0);
    if (trace != RD_STR_NONE)
        description = rd_str_sub(description, 0, trace);
    size_t line = 0;
    while (line < description.n && (unsigned char)description.p[line] >= ' ')
        line++;
    size_t colon = rd_str_find(description, RD_STR(": "), 0);
    struct rd_str text = rd_str_sub(description, 0, line);
    if (rd_str_has_prefix(text, RD_STR("AADSTS")) && colon != RD_STR_NONE)
        text = rd_str_sub(text, colon + 2, text.n);
    return rd_str_cut(rd_str_trim(text), TEXT_SHOWN_MAX);
}

RD_NODISCARD static enum rd_rc refuse(const struct rd_login *login,
                                      const struct rd_http_reply *reply, const struct rd_json *body,
                                      struct rd_err *err)
{
    const char *method = rd_login_method_name(login->source.method);
    struct rd_str description = rd_json_str(rd_json_get(body, RD_STR("error_description")));
    struct rd_str code = code_of(body, description);
    struct rd_str text = sentence_of(login, description);
    bool is_odd = code.n == 0 || rd_str_has_control(code) ||
                  (rd_secret_reveal(&login->source.secret).n > 0 &&
                   rd_str_find(code, rd_secret_reveal(&login->source.secret), 0) != RD_STR_NONE);
    if (is_odd)
        code = RD_STR("no code that is one");
    bool is_later = reply->status >= 500 || reply->status == 429 || reply->status == 408;
    enum rd_rc rc = RD_FAIL(err, is_later ? RD_RC_TRANSIENT : RD_RC_PERMISSION,
                            "signing in by '%s' was refused with status %d, %.*s%s%.*s", method,
                            reply->status, RD_FMT(code), text.n > 0 ? ": " : "", RD_FMT(text));
    (void)snprintf(err->azure_code, sizeof(err->azure_code), "%.*s", RD_FMT(code));
    return rd_error_explain(rc, code, description, RD_STR(""), err);
}

RD_NODISCARD static enum rd_rc fail_answer(const char *what, struct rd_err *err)
{
    return rd_err_hint(RD_FAIL(err, RD_RC_CLOUD, "what was asked for a token answered %s", what),
                       err, "check that nothing between stands in for the sign-in host");
}

enum rd_rc reply_read(struct rd_login *login, const struct rd_http_reply *reply,
                      struct answer *ret_answer, struct rd_err *err)
{
    if (reply->body.n > TOKEN_REPLY_SIZE_MAX)
        return fail_answer("more than any token has", err);
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_json body = rd_json_absent;
    struct rd_err unread;
    bool is_json = rd_json_parse(arena, "reply", reply->body, 0, &body, &unread) == RD_RC_OK &&
                   rd_json_is(&body, RD_JSON_OBJECT);
    struct rd_str token = rd_json_str(rd_json_get(&body, RD_STR("access_token")));
    struct rd_str type = rd_json_str(rd_json_get(&body, RD_STR("token_type")));
    enum rd_rc rc = RD_RC_OK;
    if (reply->status != 200)
        rc = refuse(login, reply, is_json ? &body : &rd_json_absent, err);
    else if (!is_json)
        rc = fail_answer("what is no JSON", err);
    else if (token.n == 0 || token.n > TOKEN_SIZE_MAX || rd_str_has_control(token) ||
             rd_str_find_char(token, ' ', 0) != RD_STR_NONE)
        rc = fail_answer("without one", err);
    else if (type.n > 0 && !rd_str_is_case(type, "Bearer"))
        rc = fail_answer("with one of another kind than Bearer", err);
    if (rc == RD_RC_OK) {
        int64_t now_s = rd_loop_now_ms(login->options.loop) / 1000;
        int64_t life_s = number_at(&body, "expires_in");
        int64_t until_s = number_at(&body, "expires_on");
        if (life_s == 0 && until_s > now_s)
            life_s = until_s - now_s;
        ret_answer->life_ms = (life_s > LIFE_S_MAX ? LIFE_S_MAX : life_s) * 1000;
        rd_secret_set(&ret_answer->token, token);
    }
    rd_arena_wipe(arena);
    rd_arena_free(arena);
    return rc;
}

struct rd_str reply_challenge(struct rd_arena *arena, const struct rd_http_reply *reply)
{
    struct rd_str challenge = rd_http_headers_get(&reply->headers, "WWW-Authenticate");
    bool asks_claims =
        rd_str_find_case(challenge, RD_STR("insufficient_claims"), 0) != RD_STR_NONE ||
        rd_str_find_case(challenge, RD_STR("claims=\""), 0) != RD_STR_NONE;
    if (!asks_claims)
        return RD_STR("");
    return rd_arena_str(arena,
                        RD_STR("the cloud wants a token with further claims: access was revoked or "
                               "a policy of Conditional Access changed since it was issued"));
}
