/* SPDX-License-Identifier: Apache-2.0 */
/* A client assertion (RFC 7523; azure-compute 9.1): RS256, the certificate named by x5t#S256. */
#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "inside.h"
#include "json/json.h"

enum { LIFE_S = 600, EARLY_S = 60, ID_SIZE = 16 };

static void set_text(struct rd_arena *arena, struct rd_json *object, const char *key,
                     struct rd_str value)
{
    (void)rd_json_set_c(arena, object, key, rd_json_string(value));
}

static struct rd_str part(struct rd_arena *arena, const struct rd_json *json)
{
    return rd_base64url(arena, rd_json_text(arena, json, RD_JSON_COMPACT));
}

static struct rd_str unsigned_part(struct rd_login *login, struct rd_arena *arena,
                                   const struct rd_certificate *certificate, int64_t now_ms)
{
    const struct source *source = &login->source;
    struct rd_json header = rd_json_object();
    struct rd_json claims = rd_json_object();
    unsigned char id[ID_SIZE];
    rd_random_fill(login->options.random, id, sizeof(id));
    set_text(arena, &header, "alg", RD_STR("RS256"));
    set_text(arena, &header, "typ", RD_STR("JWT"));
    set_text(arena, &header, "x5t#S256",
             rd_base64url(arena, (struct rd_str){(const char *)certificate->sha256,
                                                 sizeof(certificate->sha256)}));
    set_text(arena, &claims, "aud", source->url);
    set_text(arena, &claims, "iss", source->client_id);
    set_text(arena, &claims, "sub", source->client_id);
    set_text(arena, &claims, "jti",
             rd_base64url(arena, (struct rd_str){(const char *)id, sizeof(id)}));
    (void)rd_json_set_c(arena, &claims, "nbf", rd_json_integer(now_ms / 1000 - EARLY_S));
    (void)rd_json_set_c(arena, &claims, "exp", rd_json_integer(now_ms / 1000 + LIFE_S));
    return rd_arena_printf(arena, "%.*s.%.*s", RD_FMT(part(arena, &header)),
                           RD_FMT(part(arena, &claims)));
}

RD_NODISCARD static enum rd_rc check_pair(const struct rd_login *login, struct rd_arena *arena,
                                          const struct rd_certificate *certificate,
                                          const struct rd_sign_key *key, int64_t now_ms,
                                          struct rd_err *err)
{
    const char *file = login->source.file;
    if (!rd_str_eq(rd_sign_key_modulus(arena, key), rd_sign_key_modulus(arena, certificate->key)))
        return rd_err_hint(
            RD_FAIL(err, RD_RC_INVALID, "'%s': the key is not that of the certificate", file), err,
            "put the key and its own certificate into the file");
    if (certificate->not_after_ms <= now_ms) {
        char text[RD_TIME_TEXT_MAX];
        return rd_err_hint(RD_FAIL(err, RD_RC_PERMISSION, "the certificate in '%s' ran out at %s",
                                   file, rd_time_format(certificate->not_after_ms, false, text)),
                           err, "make a new one and add it to the application");
    }
    return RD_RC_OK;
}

enum rd_rc assertion_write(struct rd_login *login, struct rd_arena *arena,
                           struct rd_str *ret_assertion, struct rd_err *err)
{
    struct rd_str pem;
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *key = NULL;
    RD_CLEANUP(rd_certificate_done) struct rd_certificate certificate = {.key = NULL};
    int64_t now_ms = rd_loop_now_ms(login->options.loop);
    enum rd_rc rc = rd_file_read(arena, login->source.file, RD_SIGN_PEM_SIZE_MAX, &pem, err);
    if (rc == RD_RC_OK)
        rc = rd_sign_key_from_pem(pem, &key, err);
    if (rc == RD_RC_OK)
        rc = rd_certificate_from_pem(pem, &certificate, err);
    if (rc != RD_RC_OK)
        return rd_err_frame(rc, err, "while reading '%s' (AZURE_CLIENT_CERTIFICATE_PATH)",
                            login->source.file);
    RD_TRY(check_pair(login, arena, &certificate, key, now_ms, err));
    struct rd_str text = unsigned_part(login, arena, &certificate, now_ms);
    struct rd_str signature = rd_sign(arena, key, RD_SIGN_RS256, text);
    *ret_assertion =
        rd_arena_printf(arena, "%.*s.%.*s", RD_FMT(text), RD_FMT(rd_base64url(arena, signature)));
    return RD_RC_OK;
}
