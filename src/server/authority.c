/* SPDX-License-Identifier: Apache-2.0 */
#include "server/authority.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/file.h"

enum {
    PEM_SIZE_MAX = 64 << 10,
    DAY_S = 24 * 60 * 60,
    EARLY_S = 60 * 60, /* valid from an hour ago: clocks differ */
    KEY_MODE = 0600,
    CERTIFICATE_MODE = 0644,
};

static const char server_names[] =
    "DNS:localhost,DNS:*.localhost,DNS:*.vault.localhost,DNS:*.managedhsm.localhost,"
    "DNS:*.ingest.localhost,DNS:*.blob.localhost,IP:127.0.0.1,IP:::1";

/* A DNS constraint allows all names below it too (RFC 5280, section 4.2.1.10). */
static const char ca_constraints[] =
    "critical,permitted;DNS:localhost,permitted;IP:127.0.0.0/255.0.0.0,"
    "permitted;IP:0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

struct pair {
    X509 *certificate;
    EVP_PKEY *key;
};

static void pair_done(struct pair *pair)
{
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
    *pair = (struct pair){0};
}

RD_NODISCARD static enum rd_rc fail_openssl(const char *what, struct rd_err *err)
{
    char text[256] = "no reason is given";
    unsigned long code = ERR_get_error();
    if (code != 0)
        ERR_error_string_n(code, text, sizeof(text));
    ERR_clear_error();
    return RD_FAIL(err, RD_RC_FAILED, "%s could not be made: %s", what, text);
}

/* Making --------------------------------------------------------------------------------------- */

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

/* 16 random bytes, positive (RFC 5280, section 4.1.2.2: at most 20). */
static bool set_serial(X509 *certificate)
{
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool is_set =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return is_set;
}

static bool set_name(X509_NAME *name, const char *text)
{
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1,
                                      0) == 1;
}

/* What both kinds have: version 3, serial, life, subject, public key. */
static bool fill(struct pair *pair, const char *subject, int64_t now_ms, long days)
{
    pair->key = EVP_EC_gen("P-256");
    pair->certificate = X509_new();
    if (pair->key == NULL || pair->certificate == NULL)
        return false;
    time_t now = (time_t)(now_ms / 1000);
    X509 *certificate = pair->certificate;
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           X509_time_adj_ex(X509_getm_notBefore(certificate), 0, -EARLY_S, &now) != NULL &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), (int)days, 0, &now) != NULL &&
           set_name(X509_get_subject_name(certificate), subject) &&
           X509_set_pubkey(certificate, pair->key) == 1;
}

static bool make_ca(struct pair *ca, int64_t now_ms)
{
    return fill(ca, "redoubt embedded cloud, this machine only", now_ms, RD_AUTHORITY_DAYS) &&
           X509_set_issuer_name(ca->certificate, X509_get_subject_name(ca->certificate)) == 1 &&
           add_extension(ca->certificate, ca->certificate, NID_basic_constraints,
                         "critical,CA:TRUE,pathlen:0") &&
           add_extension(ca->certificate, ca->certificate, NID_key_usage,
                         "critical,keyCertSign,cRLSign") &&
           add_extension(ca->certificate, ca->certificate, NID_subject_key_identifier, "hash") &&
           add_extension(ca->certificate, ca->certificate, NID_name_constraints, ca_constraints) &&
           X509_sign(ca->certificate, ca->key, EVP_sha256()) > 0;
}

static bool make_server(struct pair *server, const struct pair *ca, int64_t now_ms)
{
    return fill(server, "redoubt embedded cloud", now_ms, RD_SERVER_CERTIFICATE_DAYS) &&
           X509_set_issuer_name(server->certificate, X509_get_subject_name(ca->certificate)) == 1 &&
           add_extension(server->certificate, ca->certificate, NID_basic_constraints,
                         "critical,CA:FALSE") &&
           add_extension(server->certificate, ca->certificate, NID_key_usage,
                         "critical,digitalSignature") &&
           add_extension(server->certificate, ca->certificate, NID_ext_key_usage, "serverAuth") &&
           add_extension(server->certificate, ca->certificate, NID_subject_key_identifier,
                         "hash") &&
           add_extension(server->certificate, ca->certificate, NID_authority_key_identifier,
                         "keyid:always") &&
           add_extension(server->certificate, ca->certificate, NID_subject_alt_name,
                         server_names) &&
           X509_sign(server->certificate, ca->key, EVP_sha256()) > 0;
}

/* Files ---------------------------------------------------------------------------------------- */

RD_NODISCARD static enum rd_rc write_bio(BIO *bio, const char *path, int mode, struct rd_err *err)
{
    char *bytes = NULL;
    long size = BIO_get_mem_data(bio, &bytes);
    return rd_file_write(path, (struct rd_str){bytes, size < 0 ? 0 : (size_t)size}, mode, err);
}

/* The key first: a certificate without its key would be taken for damage, a key alone is made anew.
 */
RD_NODISCARD static enum rd_rc save(const struct pair *pair, const struct pair *issuer,
                                    const char *certificate_path, const char *key_path,
                                    struct rd_err *err)
{
    BIO *key = BIO_new(BIO_s_secmem());
    BIO *certificate = BIO_new(BIO_s_mem());
    enum rd_rc rc;
    if (key == NULL || certificate == NULL ||
        PEM_write_bio_PKCS8PrivateKey(key, pair->key, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(certificate, pair->certificate) != 1 ||
        (issuer != NULL && PEM_write_bio_X509(certificate, issuer->certificate) != 1))
        rc = fail_openssl("a PEM file", err);
    else
        rc = write_bio(key, key_path, KEY_MODE, err);
    if (rc == RD_RC_OK)
        rc = write_bio(certificate, certificate_path, CERTIFICATE_MODE, err);
    BIO_free(key);
    BIO_free(certificate);
    return rc;
}

/* A key that others may read is no secret any more: it is not used, and not mended silently. */
RD_NODISCARD static enum rd_rc check_mode(const char *path, struct rd_err *err)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return RD_FAIL(err, RD_RC_STATE, "'%s' cannot be looked at: %s", path, strerror(errno));
    if ((status.st_mode & 077) == 0)
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_STATE, "others may read the key '%s' (mode %04o)", path,
                               (unsigned)(status.st_mode & 07777)),
                       err, "remove its folder, so that new keys are made, or 'chmod 600' it");
}

RD_NODISCARD static enum rd_rc read_text(struct rd_arena *arena, const char *path,
                                         struct rd_str *ret_text, struct rd_err *err)
{
    return rd_file_read(arena, path, PEM_SIZE_MAX, ret_text, err);
}

/* Both files, which must belong together. */
RD_NODISCARD static enum rd_rc load(struct rd_arena *arena, const char *certificate_path,
                                    const char *key_path, struct pair *ret_pair, struct rd_err *err)
{
    struct rd_str certificate_text;
    struct rd_str key_text;
    RD_TRY(check_mode(key_path, err));
    RD_TRY(read_text(arena, certificate_path, &certificate_text, err));
    RD_TRY(read_text(arena, key_path, &key_text, err));
    BIO *certificate = BIO_new_mem_buf(certificate_text.p, (int)certificate_text.n);
    BIO *key = BIO_new_mem_buf(key_text.p, (int)key_text.n);
    if (certificate != NULL && key != NULL) {
        ret_pair->certificate = PEM_read_bio_X509(certificate, NULL, NULL, NULL);
        ret_pair->key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
    }
    BIO_free(certificate);
    BIO_free(key);
    bool is_good = ret_pair->certificate != NULL && ret_pair->key != NULL &&
                   X509_check_private_key(ret_pair->certificate, ret_pair->key) == 1;
    ERR_clear_error();
    if (is_good)
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_STATE, "'%s' and '%s' are no certificate and its key",
                               certificate_path, key_path),
                       err, "remove them: new ones are made, and clients need the new ca.pem");
}

static bool lives_for(const X509 *certificate, int64_t now_ms, int64_t seconds)
{
    time_t until = (time_t)(now_ms / 1000 + seconds);
    return X509_cmp_time(X509_get0_notAfter(certificate), &until) > 0;
}

RD_NODISCARD static enum rd_rc open_ca(struct rd_arena *arena, const char *folder, int64_t now_ms,
                                       struct pair *ret_ca, struct rd_err *err)
{
    const char *path = rd_arena_printf(arena, "%s/ca.pem", folder).p;
    const char *key_path = rd_arena_printf(arena, "%s/ca.key", folder).p;
    if (rd_file_exists(path)) {
        RD_TRY(load(arena, path, key_path, ret_ca, err));
        if (lives_for(ret_ca->certificate, now_ms, (int64_t)RD_SERVER_CERTIFICATE_DAYS * DAY_S))
            return RD_RC_OK;
        return rd_err_hint(RD_FAIL(err, RD_RC_STATE, "the authority '%s' is too old", path), err,
                           "remove it: a new one is made, and clients need the new ca.pem");
    }
    if (!make_ca(ret_ca, now_ms))
        return fail_openssl("the certificate authority", err);
    return save(ret_ca, NULL, path, key_path, err);
}

/* Whether the server's files are there, are the authority's, and will do for a while. */
static bool is_server_fit(struct rd_arena *arena, const struct pair *ca, const char *path,
                          const char *key_path, int64_t now_ms)
{
    struct rd_err ignored;
    struct pair server = {0};
    bool is_fit =
        rd_file_exists(path) && rd_file_exists(key_path) &&
        load(arena, path, key_path, &server, &ignored) == RD_RC_OK &&
        X509_verify(server.certificate, ca->key) == 1 &&
        lives_for(server.certificate, now_ms, (int64_t)RD_SERVER_CERTIFICATE_DAYS * DAY_S / 2);
    ERR_clear_error();
    pair_done(&server);
    return is_fit;
}

enum rd_rc rd_authority_prepare(struct rd_arena *arena, const char *folder, int64_t now_ms,
                                struct rd_authority_paths *ret_paths, struct rd_err *err)
{
    const char *path = rd_arena_printf(arena, "%s/server.pem", folder).p;
    const char *key_path = rd_arena_printf(arena, "%s/server.key", folder).p;
    struct pair ca = {0};
    struct pair server = {0};
    enum rd_rc rc = open_ca(arena, folder, now_ms, &ca, err);
    if (rc == RD_RC_OK && !is_server_fit(arena, &ca, path, key_path, now_ms)) {
        rc = make_server(&server, &ca, now_ms) ? save(&server, &ca, path, key_path, err)
                                               : fail_openssl("the server's certificate", err);
    }
    pair_done(&ca);
    pair_done(&server);
    RD_TRY(rc);
    ret_paths->ca = rd_arena_printf(arena, "%s/ca.pem", folder).p;
    RD_TRY(read_text(arena, path, &ret_paths->certificate_pem, err));
    return read_text(arena, key_path, &ret_paths->key_pem, err);
}
