/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

/*
 * Signatures with RSA keys as JSON Web Tokens want them (RFC 7518, sections 3.3 and 3.5), keys and
 * certificates as PEM texts, and the thumbprints by which tokens name certificates. Over OpenSSL;
 * only RSA of 2,048 to 8,192 bits. Keys come from the kernel's randomness, never from a seed.
 *
 * It verifies signatures, not chains: whom to believe is the caller's business.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct rd_sign_key; /* a key pair, or its public half alone */

enum rd_sign_algorithm {
    RD_SIGN_RS256, /* PKCS #1 v1.5 with SHA-256 */
    RD_SIGN_PS256, /* PSS with SHA-256, MGF1 with SHA-256, salt of 32 bytes */
};

enum {
    RD_SHA1_SIZE = 20,
    RD_SIGN_BITS_MIN = 2048,
    RD_SIGN_BITS_MAX = 8192,
    RD_SIGN_PEM_SIZE_MAX = 64 << 10,
};

/* A new key pair. `bits` within the bounds above (a programming error otherwise); takes some tenths
 * of a second. */
struct rd_sign_key *rd_sign_key_generate(int bits);
/* A private key: "PRIVATE KEY" or "RSA PRIVATE KEY". Errors: INVALID when the text is no such PEM,
 * is encrypted, or the key is no RSA key of a good size. */
RD_NODISCARD enum rd_rc rd_sign_key_from_pem(struct rd_str pem, struct rd_sign_key **ret_key,
                                             struct rd_err *err);
/* A public key: "PUBLIC KEY", or that of the first "CERTIFICATE". Errors: INVALID, as above. */
RD_NODISCARD enum rd_rc rd_sign_key_from_public_pem(struct rd_str pem, struct rd_sign_key **ret_key,
                                                    struct rd_err *err);
void rd_sign_key_free(struct rd_sign_key *key);
void rd_sign_key_freep(struct rd_sign_key **key); /* for RD_CLEANUP */

/* PEM texts. The private one must be of a key pair; the arena that holds it is the caller's to keep
 * short. */
struct rd_str rd_sign_key_private_pem(struct rd_arena *arena, const struct rd_sign_key *key);
struct rd_str rd_sign_key_public_pem(struct rd_arena *arena, const struct rd_sign_key *key);
/* Modulus and public exponent, big-endian without leading zeros: "n" and "e" of a JWK before
 * base64url. */
struct rd_str rd_sign_key_modulus(struct rd_arena *arena, const struct rd_sign_key *key);
struct rd_str rd_sign_key_exponent(struct rd_arena *arena, const struct rd_sign_key *key);

/* The signature's bytes; the key must be a pair. */
struct rd_str rd_sign(struct rd_arena *arena, const struct rd_sign_key *key,
                      enum rd_sign_algorithm algorithm, struct rd_str data);
bool rd_sign_verify(const struct rd_sign_key *key, enum rd_sign_algorithm algorithm,
                    struct rd_str data, struct rd_str signature);

/* What a token names a certificate by, and what verifies that token. */
struct rd_certificate {
    unsigned char sha1[RD_SHA1_SIZE]; /* of its DER form: x5t */
    unsigned char sha256[32];         /* likewise: x5t#S256 */
    int64_t not_before_ms;
    int64_t not_after_ms;
    struct rd_sign_key *key; /* owned */
};

/* The first certificate in a PEM text. Errors: INVALID, as above. */
RD_NODISCARD enum rd_rc rd_certificate_from_pem(struct rd_str pem,
                                                struct rd_certificate *ret_certificate,
                                                struct rd_err *err);
/* One that vouches for itself, as PEM: what an application's key is registered by. The key must be
 * a pair, `name` short ASCII, and the times within the years 1950 to 9999. */
struct rd_str rd_certificate_self_signed(struct rd_arena *arena, const struct rd_sign_key *key,
                                         const char *name, int64_t from_ms, int64_t until_ms);
void rd_certificate_done(struct rd_certificate *certificate);

#endif
