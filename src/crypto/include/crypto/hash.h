/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

/* Hashes and what is made of them, over OpenSSL. Total functions: they cannot fail. */

#include "base/arena.h"
#include "base/str.h"

enum { RD_SHA256_SIZE = 32, RD_SHA256_HEX_SIZE = 65, RD_GUID_SIZE = 37 };

void rd_sha256(struct rd_str data, unsigned char out[RD_SHA256_SIZE]);
/* 64 lower-case hex digits and a NUL. Returns `out`. */
const char *rd_sha256_hex(struct rd_str data, char out[RD_SHA256_HEX_SIZE]);

/* Streaming, for what does not lie in one piece. */
struct rd_sha256_stream;
struct rd_sha256_stream *rd_sha256_stream_new(void);
void rd_sha256_stream_add(struct rd_sha256_stream *stream, struct rd_str data);
/* Ends the stream and frees it. */
void rd_sha256_stream_finish(struct rd_sha256_stream *stream, unsigned char out[RD_SHA256_SIZE]);

/* A name-based GUID (RFC 9562 version 5, SHA-1): the same name always gives the same GUID.
 * `name_space` is a GUID in text form. Returns `out`, lower case. */
const char *rd_guid_from_name(const char *name_space, struct rd_str name, char out[RD_GUID_SIZE]);

/* Base64 (RFC 4648): standard with padding, and URL-safe without. Decoding takes either alphabet,
 * with or without padding; false when it is neither. */
struct rd_str rd_base64(struct rd_arena *arena, struct rd_str data);
struct rd_str rd_base64url(struct rd_arena *arena, struct rd_str data);
bool rd_base64_decode(struct rd_arena *arena, struct rd_str text, struct rd_str *ret_data);

#endif
