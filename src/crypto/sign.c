/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

/* The public type is OpenSSL's own under another name: nothing is added to it. */
static EVP_PKEY *pkey_of(const struct rd_sign_key *key)
{
    union {
        const struct rd_sign_key *from;
        EVP_PKEY *to;
    } pointer = {.from = key};
    return pointer.to;
}

static struct rd_sign_key *key_of(EVP_PKEY *pkey)
{
    return (struct rd_sign_key *)pkey;
}

void rd_sign_key_free(struct rd_sign_key *key)
{
    EVP_PKEY_free(pkey_of(key));
}

void rd_sign_key_freep(struct rd_sign_key **key)
{
    rd_sign_key_free(*key);
}

struct rd_sign_key *rd_sign_key_generate(int bits)
{
    assert(bits >= RD_SIGN_BITS_MIN && bits <= RD_SIGN_BITS_MAX);
    EVP_PKEY *pkey = EVP_RSA_gen((unsigned int)bits);
    assert(pkey != NULL); /* only without memory or randomness */
    return key_of(pkey);
}

/* PEM ------------------------------------------------------------------------------------------ */

/* OpenSSL would ask the terminal: there is no password here. */
static int no_password(char *out, int size, int is_writing, void *data)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)data;
    return -1;
}

RD_NODISCARD static enum rd_rc fail_pem(const char *what, struct rd_err *err)
{
    ERR_clear_error();
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "the text is no PEM of %s", what), err,
                       "an RSA key of %d to %d bits without a passphrase is needed",
                       RD_SIGN_BITS_MIN, RD_SIGN_BITS_MAX);
}

/* Takes `pkey` over; NULL is a failure as well. */
RD_NODISCARD static enum rd_rc check_key(EVP_PKEY *pkey, const char *what,
                                         struct rd_sign_key **ret_key, struct rd_err *err)
{
    if (pkey != NULL && EVP_PKEY_is_a(pkey, "RSA") == 1 &&
        EVP_PKEY_get_bits(pkey) >= RD_SIGN_BITS_MIN &&
        EVP_PKEY_get_bits(pkey) <= RD_SIGN_BITS_MAX) {
        *ret_key = key_of(pkey);
        return RD_RC_OK;
    }
    EVP_PKEY_free(pkey);
    return fail_pem(what, err);
}

static BIO *open_text(struct rd_str pem)
{
    if (pem.n == 0 || pem.n > RD_SIGN_PEM_SIZE_MAX)
        return NULL;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    assert(bio != NULL);
    return bio;
}

enum rd_rc rd_sign_key_from_pem(struct rd_str pem, struct rd_sign_key **ret_key, struct rd_err *err)
{
    BIO *bio = open_text(pem);
    EVP_PKEY *pkey = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    return check_key(pkey, "a private key", ret_key, err);
}

static X509 *read_certificate(struct rd_str pem)
{
    BIO *bio = open_text(pem);
    X509 *x509 = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, no_password, NULL);
    BIO_free(bio);
    return x509;
}

enum rd_rc rd_sign_key_from_public_pem(struct rd_str pem, struct rd_sign_key **ret_key,
                                       struct rd_err *err)
{
    BIO *bio = open_text(pem);
    EVP_PKEY *pkey = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
    BIO_free(bio);
    if (pkey == NULL) {
        X509 *x509 = read_certificate(pem);
        pkey = x509 == NULL ? NULL : X509_get_pubkey(x509);
        X509_free(x509);
        ERR_clear_error();
    }
    return check_key(pkey, "a public key or a certificate", ret_key, err);
}

/* The text of a memory BIO, whose memory is wiped by its end. */
static struct rd_str take_text(struct rd_arena *arena, BIO *bio)
{
    char *text = NULL;
    long size = BIO_get_mem_data(bio, &text);
    struct rd_str out = rd_arena_str(arena, (struct rd_str){text, size > 0 ? (size_t)size : 0});
    if (size > 0)
        OPENSSL_cleanse(text, (size_t)size);
    BIO_free(bio);
    return out;
}

struct rd_str rd_sign_key_private_pem(struct rd_arena *arena, const struct rd_sign_key *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int ok = PEM_write_bio_PrivateKey(bio, pkey_of(key), NULL, NULL, 0, NULL, NULL);
    assert(ok == 1);
    (void)ok;
    return take_text(arena, bio);
}

struct rd_str rd_sign_key_public_pem(struct rd_arena *arena, const struct rd_sign_key *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int ok = PEM_write_bio_PUBKEY(bio, pkey_of(key));
    assert(ok == 1);
    (void)ok;
    return take_text(arena, bio);
}

static struct rd_str number_of(struct rd_arena *arena, const struct rd_sign_key *key,
                               const char *name)
{
    BIGNUM *number = NULL;
    int ok = EVP_PKEY_get_bn_param(pkey_of(key), name, &number);
    assert(ok == 1 && number != NULL);
    (void)ok;
    size_t size = (size_t)BN_num_bytes(number);
    char *bytes = rd_arena_bytes(arena, size + 1);
    (void)BN_bn2bin(number, (unsigned char *)bytes);
    bytes[size] = '\0';
    BN_free(number);
    return (struct rd_str){bytes, size};
}

struct rd_str rd_sign_key_modulus(struct rd_arena *arena, const struct rd_sign_key *key)
{
    return number_of(arena, key, OSSL_PKEY_PARAM_RSA_N);
}

struct rd_str rd_sign_key_exponent(struct rd_arena *arena, const struct rd_sign_key *key)
{
    return number_of(arena, key, OSSL_PKEY_PARAM_RSA_E);
}

/* Signatures ----------------------------------------------------------------------------------- */

/* RFC 7518, section 3.5: the salt is as long as the hash. */
static bool set_padding(EVP_PKEY_CTX *ctx, enum rd_sign_algorithm algorithm)
{
    if (algorithm == RD_SIGN_RS256)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

struct rd_str rd_sign(struct rd_arena *arena, const struct rd_sign_key *key,
                      enum rd_sign_algorithm algorithm, struct rd_str data)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    size_t size = (size_t)EVP_PKEY_get_size(pkey_of(key));
    char *out = rd_arena_bytes(arena, size + 1);
    bool is_good =
        ctx != NULL && EVP_DigestSignInit(ctx, &how, EVP_sha256(), NULL, pkey_of(key)) == 1 &&
        set_padding(how, algorithm) &&
        EVP_DigestSign(ctx, (unsigned char *)out, &size, (const unsigned char *)data.p, data.n) ==
            1;
    assert(is_good); /* the key is no pair */
    (void)is_good;
    EVP_MD_CTX_free(ctx);
    out[size] = '\0';
    return (struct rd_str){out, size};
}

bool rd_sign_verify(const struct rd_sign_key *key, enum rd_sign_algorithm algorithm,
                    struct rd_str data, struct rd_str signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    bool is_good = ctx != NULL &&
                   EVP_DigestVerifyInit(ctx, &how, EVP_sha256(), NULL, pkey_of(key)) == 1 &&
                   set_padding(how, algorithm) &&
                   EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
                                    (const unsigned char *)data.p, data.n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error(); /* a bad signature leaves its complaint behind */
    return is_good;
}

/* Certificates --------------------------------------------------------------------------------- */

static bool time_of(const ASN1_TIME *time, int64_t *ret_ms)
{
    struct tm parts = {0};
    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return false;
    *ret_ms = (int64_t)timegm(&parts) * 1000;
    return true;
}

enum rd_rc rd_certificate_from_pem(struct rd_str pem, struct rd_certificate *ret_certificate,
                                   struct rd_err *err)
{
    struct rd_certificate made = {.key = NULL};
    unsigned int sha1_size = 0;
    unsigned int sha256_size = 0;
    X509 *x509 = read_certificate(pem);
    bool is_good = x509 != NULL && X509_digest(x509, EVP_sha1(), made.sha1, &sha1_size) == 1 &&
                   X509_digest(x509, EVP_sha256(), made.sha256, &sha256_size) == 1 &&
                   time_of(X509_get0_notBefore(x509), &made.not_before_ms) &&
                   time_of(X509_get0_notAfter(x509), &made.not_after_ms);
    EVP_PKEY *pkey = is_good ? X509_get_pubkey(x509) : NULL;
    X509_free(x509);
    RD_TRY(check_key(pkey, "a certificate", &made.key, err));
    *ret_certificate = made;
    return RD_RC_OK;
}

static bool fill_certificate(X509 *x509, EVP_PKEY *pkey, const char *name, int64_t from_ms,
                             int64_t until_ms)
{
    X509_NAME *subject = X509_get_subject_name(x509);
    return X509_set_version(x509, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), (uint64_t)from_ms) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)(from_ms / 1000)) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)(until_ms / 1000)) != NULL &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(x509, subject) == 1 && X509_set_pubkey(x509, pkey) == 1 &&
           X509_sign(x509, pkey, EVP_sha256()) > 0;
}

struct rd_str rd_certificate_self_signed(struct rd_arena *arena, const struct rd_sign_key *key,
                                         const char *name, int64_t from_ms, int64_t until_ms)
{
    X509 *x509 = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool is_made = x509 != NULL && bio != NULL &&
                   fill_certificate(x509, pkey_of(key), name, from_ms, until_ms) &&
                   PEM_write_bio_X509(bio, x509) == 1;
    assert(is_made); /* only without memory */
    (void)is_made;
    long size = BIO_get_mem_data(bio, &text);
    struct rd_str pem = rd_arena_str(arena, (struct rd_str){text, (size_t)size});
    BIO_free(bio);
    X509_free(x509);
    return pem;
}

void rd_certificate_done(struct rd_certificate *certificate)
{
    rd_sign_key_free(certificate->key);
    certificate->key = NULL;
}
