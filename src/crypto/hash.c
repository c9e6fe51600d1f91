/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static void digest(const EVP_MD *md, struct rd_str a, struct rd_str b, unsigned char *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert(ctx != NULL);
    int ok = EVP_DigestInit_ex(ctx, md, NULL) == 1 && EVP_DigestUpdate(ctx, a.p, a.n) == 1 &&
             EVP_DigestUpdate(ctx, b.p, b.n) == 1 && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    assert(ok);
    (void)ok;
    EVP_MD_CTX_free(ctx);
}

void rd_sha256(struct rd_str data, unsigned char out[RD_SHA256_SIZE])
{
    digest(EVP_sha256(), data, (struct rd_str){"", 0}, out);
}

static void to_hex(const unsigned char *bytes, size_t count, char *out)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
    }
    out[2 * count] = '\0';
}

const char *rd_sha256_hex(struct rd_str data, char out[RD_SHA256_HEX_SIZE])
{
    unsigned char bytes[RD_SHA256_SIZE];
    rd_sha256(data, bytes);
    to_hex(bytes, sizeof(bytes), out);
    return out;
}

struct rd_sha256_stream *rd_sha256_stream_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert(ctx != NULL);
    int ok = EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    assert(ok == 1);
    (void)ok;
    return (struct rd_sha256_stream *)ctx;
}

void rd_sha256_stream_add(struct rd_sha256_stream *stream, struct rd_str data)
{
    int ok = EVP_DigestUpdate((EVP_MD_CTX *)stream, data.p, data.n);
    assert(ok == 1);
    (void)ok;
}

void rd_sha256_stream_finish(struct rd_sha256_stream *stream, unsigned char out[RD_SHA256_SIZE])
{
    int ok = EVP_DigestFinal_ex((EVP_MD_CTX *)stream, out, NULL);
    assert(ok == 1);
    (void)ok;
    EVP_MD_CTX_free((EVP_MD_CTX *)stream);
}

const char *rd_guid_from_name(const char *name_space, struct rd_str name, char out[RD_GUID_SIZE])
{
    assert(rd_str_is_guid(rd_str_from(name_space)));
    unsigned char space[16];
    size_t n = 0;
    for (const char *p = name_space; *p != '\0' && n < sizeof(space); p++) {
        if (*p == '-')
            continue;
        space[n++] = (unsigned char)(rd_char_hex(p[0]) << 4 | rd_char_hex(p[1]));
        p++;
    }
    unsigned char bytes[EVP_MAX_MD_SIZE];
    digest(EVP_sha1(), (struct rd_str){(const char *)space, sizeof(space)}, name, bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x50);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    char hex[33];
    to_hex(bytes, 16, hex);
    (void)snprintf(out, RD_GUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                   hex + 20);
    return out;
}

static struct rd_str encode(struct rd_arena *arena, struct rd_str data, const char *alphabet,
                            bool pads)
{
    char *out = rd_arena_bytes(arena, (data.n + 2) / 3 * 4 + 1);
    size_t n = 0;
    for (size_t i = 0; i < data.n; i += 3) {
        size_t left = data.n - i;
        uint32_t three = (uint32_t)(unsigned char)data.p[i] << 16;
        if (left > 1)
            three |= (uint32_t)(unsigned char)data.p[i + 1] << 8;
        if (left > 2)
            three |= (unsigned char)data.p[i + 2];
        for (size_t j = 0; j < 4; j++) {
            if (j <= left)
                out[n++] = alphabet[three >> (18 - 6 * j) & 63];
            else if (pads)
                out[n++] = '=';
        }
    }
    out[n] = '\0';
    return (struct rd_str){out, n};
}

struct rd_str rd_base64(struct rd_arena *arena, struct rd_str data)
{
    return encode(arena, data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                  true);
}

struct rd_str rd_base64url(struct rd_arena *arena, struct rd_str data)
{
    return encode(arena, data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                  false);
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool rd_base64_decode(struct rd_arena *arena, struct rd_str text, struct rd_str *ret_data)
{
    size_t n = text.n;
    while (n > 0 && text.n - n < 2 && text.p[n - 1] == '=')
        n--;
    if (n % 4 == 1 || (n != text.n && text.n % 4 != 0))
        return false;
    char *out = rd_arena_bytes(arena, n / 4 * 3 + 4);
    size_t size = 0;
    uint32_t bits = 0;
    int bit_count = 0;
    for (size_t i = 0; i < n; i++) {
        int value = sextet(text.p[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            out[size++] = (char)(bits >> bit_count & 0xff);
        }
    }
    if ((bits & ((1U << bit_count) - 1)) != 0)
        return false; /* leftover bits must be zero */
    out[size] = '\0';
    *ret_data = (struct rd_str){out, size};
    return true;
}
