/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include "crypto/hash.h"

/* The compact form of RFC 7515, section 7.1: header.claims.signature, each in base64url. */

/* The end of the year 9999: no clock here goes further, and its milliseconds fit. */
static const int64_t seconds_max = 253402300799;

static bool decode(struct rd_arena *arena, struct rd_str part, struct rd_str *ret_bytes)
{
    for (size_t i = 0; i < part.n; i++)
        if (!rd_char_is_alnum(part.p[i]) && part.p[i] != '-' && part.p[i] != '_')
            return false;
    return part.n > 0 && rd_base64_decode(arena, part, ret_bytes);
}

static bool decode_object(struct rd_arena *arena, struct rd_str part, struct rd_json *ret_value)
{
    struct rd_str bytes;
    struct rd_err err;
    return decode(arena, part, &bytes) && rd_str_is_utf8(bytes) &&
           rd_json_parse(arena, "token", bytes, RD_JSON_UNIQUE_KEYS, ret_value, &err) == RD_RC_OK &&
           rd_json_is(ret_value, RD_JSON_OBJECT);
}

bool em_jwt_read(struct rd_arena *arena, struct rd_str text, struct em_jwt *ret_jwt)
{
    *ret_jwt = (struct em_jwt){.header = rd_json_absent, .claims = rd_json_absent};
    if (text.n > EM_JWT_SIZE_MAX)
        return false;
    size_t first = rd_str_find_char(text, '.', 0);
    size_t second = first == RD_STR_NONE ? RD_STR_NONE : rd_str_find_char(text, '.', first + 1);
    if (second == RD_STR_NONE)
        return false;
    ret_jwt->signed_part = rd_str_sub(text, 0, second);
    return decode_object(arena, rd_str_sub(text, 0, first), &ret_jwt->header) &&
           decode_object(arena, rd_str_sub(text, first + 1, second), &ret_jwt->claims) &&
           decode(arena, rd_str_sub(text, second + 1, text.n), &ret_jwt->signature);
}

struct rd_str em_jwt_claim(const struct em_jwt *jwt, const char *name)
{
    return rd_json_str(rd_json_get(&jwt->claims, rd_str_from(name)));
}

/* RFC 7519, section 2: a NumericDate may have a fraction. */
int64_t em_jwt_time_ms(const struct em_jwt *jwt, const char *claim, int64_t otherwise)
{
    const struct rd_json *value = rd_json_get(&jwt->claims, rd_str_from(claim));
    double seconds = rd_json_double(value, -1);
    if (!(seconds >= 0 && seconds <= (double)seconds_max))
        return otherwise;
    return (int64_t)seconds * 1000;
}
