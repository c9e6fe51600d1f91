/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "json/json.h"

#define ISSUER "https://issuer.localhost"
#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum { KEY_BITS = 2048, CERTIFICATE_DAYS = 3650, TOKEN_DAYS = 365 };

static const char *path_of(struct rd_arena *arena, const char *folder, const char *name,
                           const char *ending)
{
    return rd_arena_printf(arena, "%s/%s%s", folder, name, ending).p;
}

struct credentials credentials_find(struct rd_arena *arena, const char *folder, const char *name)
{
    const char *certificate = path_of(arena, folder, name, ".pem");
    const char *token = path_of(arena, folder, name, ".token");
    return (struct credentials){
        .certificate_file = rd_file_exists(certificate) ? certificate : NULL,
        .token_file = rd_file_exists(token) ? token : NULL,
    };
}

/* A new key pair in a file, with a certificate of it behind it when it has a name there. */
RD_NODISCARD static enum rd_rc make_key(const char *path, const char *name, int64_t now_ms,
                                        struct rd_err *err)
{
    struct rd_arena *arena = rd_arena_new(0);
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *key = rd_sign_key_generate(KEY_BITS);
    struct rd_str certificate = {"", 0};
    if (name != NULL)
        certificate = rd_certificate_self_signed(arena, key, name, now_ms - DAY_MS,
                                                 now_ms + CERTIFICATE_DAYS * DAY_MS);
    struct rd_str text = rd_sign_key_private_pem(arena, key);
    text = rd_arena_printf(arena, "%.*s%.*s", RD_FMT(text), RD_FMT(certificate));
    enum rd_rc rc = rd_file_write(path, text, 0600, err);
    rd_arena_wipe(arena);
    rd_arena_free(arena);
    return rc;
}

/* The certificate alone: the cloud never holds the key. */
RD_NODISCARD static enum rd_rc take_certificate(struct rd_arena *arena, const char *path,
                                                struct rd_str *ret_pem, struct rd_err *err)
{
    struct rd_arena *scratch = rd_arena_new(0);
    struct rd_str text = {"", 0};
    enum rd_rc rc = rd_file_read(scratch, path, RD_SIGN_PEM_SIZE_MAX, &text, err);
    size_t at = rd_str_find(text, RD_STR("-----BEGIN CERTIFICATE-----"), 0);
    if (rc == RD_RC_OK && at == RD_STR_NONE)
        rc = rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "'%s' holds no certificate", path), err,
                         "remove it, and serve with --credentials to have another one made");
    if (rc == RD_RC_OK)
        *ret_pem = rd_arena_str(arena, rd_str_sub(text, at, text.n));
    rd_arena_wipe(scratch);
    rd_arena_free(scratch);
    return rc;
}

static struct rd_str part(struct rd_arena *arena, const struct rd_json *json)
{
    return rd_base64url(arena, rd_json_text(arena, json, RD_JSON_COMPACT));
}

static void set_text(struct rd_arena *arena, struct rd_json *object, const char *key,
                     struct rd_str value)
{
    (void)rd_json_set_c(arena, object, key, rd_json_string(value));
}

/* As the issuer of a pipeline or of Kubernetes writes it. */
static struct rd_str token_of(struct rd_arena *arena, const struct rd_sign_key *key,
                              struct rd_str subject, struct rd_str audience, int64_t now_ms)
{
    struct rd_json header = rd_json_object(), claims = rd_json_object();
    set_text(arena, &header, "alg", RD_STR("RS256"));
    set_text(arena, &header, "typ", RD_STR("JWT"));
    set_text(arena, &claims, "iss", RD_STR(ISSUER));
    set_text(arena, &claims, "sub", subject);
    set_text(arena, &claims, "aud", audience);
    (void)rd_json_set_c(arena, &claims, "iat", rd_json_integer(now_ms / 1000));
    (void)rd_json_set_c(arena, &claims, "nbf", rd_json_integer((now_ms - DAY_MS) / 1000));
    (void)rd_json_set_c(arena, &claims, "exp",
                        rd_json_integer((now_ms + TOKEN_DAYS * DAY_MS) / 1000));
    struct rd_str text = rd_arena_printf(arena, "%.*s.%.*s", RD_FMT(part(arena, &header)),
                                         RD_FMT(part(arena, &claims)));
    return rd_arena_printf(arena, "%.*s.%.*s", RD_FMT(text),
                           RD_FMT(rd_base64url(arena, rd_sign(arena, key, RD_SIGN_RS256, text))));
}

RD_NODISCARD static enum rd_rc write_token(struct rd_arena *arena, const char *key_path,
                                           const char *token_path, struct rd_str audience,
                                           int64_t now_ms, struct rd_cloud_application *application,
                                           struct rd_err *err)
{
    struct rd_arena *scratch = rd_arena_new(0);
    RD_CLEANUP(rd_sign_key_freep) struct rd_sign_key *key = NULL;
    struct rd_str text = {"", 0};
    enum rd_rc rc = rd_file_read(scratch, key_path, RD_SIGN_PEM_SIZE_MAX, &text, err);
    if (rc == RD_RC_OK)
        rc = rd_err_frame(rd_sign_key_from_pem(text, &key, err), err, "while reading '%s'",
                          key_path);
    if (rc == RD_RC_OK) {
        struct rd_str subject = rd_arena_printf(arena, "redoubt:%.*s", RD_FMT(application->name));
        rc =
            rd_file_write(token_path, token_of(scratch, key, subject, audience, now_ms), 0600, err);
        application->federated_issuer = RD_STR(ISSUER);
        application->federated_subject = subject;
        application->federated_key_pem = rd_sign_key_public_pem(arena, key);
    }
    rd_arena_wipe(scratch);
    rd_arena_free(scratch);
    return rc;
}

enum rd_rc credentials_prepare(struct rd_arena *arena, const char *folder, const char *name,
                               struct rd_str audience, int64_t now_ms, bool makes,
                               struct rd_cloud_application *application, struct rd_err *err)
{
    const char *certificate = path_of(arena, folder, name, ".pem");
    const char *issuer = path_of(arena, folder, "issuer", ".key");
    if (makes && !rd_file_exists(certificate))
        RD_TRY(make_key(certificate, name, now_ms, err));
    if (makes && !rd_file_exists(issuer))
        RD_TRY(make_key(issuer, NULL, now_ms, err));
    if (rd_file_exists(certificate))
        RD_TRY(take_certificate(arena, certificate, &application->certificate_pem, err));
    if (rd_file_exists(issuer) && audience.n > 0)
        RD_TRY(write_token(arena, issuer, path_of(arena, folder, name, ".token"), audience, now_ms,
                           application, err));
    return RD_RC_OK;
}
