/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "crypto/hash.h"
#include "diff_internal.h"

/* Regions come as "West Europe" and as "westeurope". */
bool rd_region_eq(struct rd_str a, struct rd_str b)
{
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a.n && a.p[i] == ' ')
            i++;
        while (j < b.n && b.p[j] == ' ')
            j++;
        if (i == a.n || j == b.n)
            return i == a.n && j == b.n;
        if (rd_char_lower(a.p[i++]) != rd_char_lower(b.p[j++]))
            return false;
    }
}

static bool text_eq(struct rd_str a, struct rd_str b, uint32_t flags)
{
    return (flags & RD_FIELD_EXACT) != 0 ? rd_str_eq(a, b) : rd_str_eq_case(a, b);
}

/* Whether each part of `a` that is not empty is a part of `b`. */
static bool has_parts(struct rd_str a, struct rd_str b, char separator, uint32_t flags)
{
    struct rd_str part;
    while (a.n > 0 && rd_str_next(&a, separator, &part)) {
        part = rd_str_trim(part);
        struct rd_str rest = b, other;
        bool is_found = part.n == 0;
        while (!is_found && rest.n > 0 && rd_str_next(&rest, separator, &other))
            is_found = text_eq(part, rd_str_trim(other), flags);
        if (!is_found)
            return false;
    }
    return true;
}

static bool parts_eq(struct rd_str a, struct rd_str b, char separator, uint32_t flags)
{
    return has_parts(a, b, separator, flags) && has_parts(b, a, separator, flags);
}

/* Base64 of JSON in either alphabet; what is neither compares as text, which differed already. */
static bool encoded_json_eq(struct rd_str a, struct rd_str b)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_str texts[2];
    struct rd_json values[2];
    struct rd_err err;
    if (!rd_base64_decode(arena, a, &texts[0]) || !rd_base64_decode(arena, b, &texts[1]))
        return false;
    for (int i = 0; i < 2; i++)
        if (rd_json_parse(arena, "encoded", texts[i], 0, &values[i], &err) != RD_RC_OK)
            return false;
    return rd_json_eq(&values[0], &values[1]);
}

/* The service writes times in its own way: "...T00:00:00Z" for "...T00:00:00.000+00:00". */
static bool time_eq(struct rd_str a, struct rd_str b)
{
    int64_t a_ms = 0, b_ms = 0;
    return a.n >= 10 && b.n >= 10 && rd_char_is_digit(a.p[0]) && rd_char_is_digit(b.p[0]) &&
           rd_time_parse(a, &a_ms) && rd_time_parse(b, &b_ms) && a_ms == b_ms;
}

/* A built-in role has one id at the tenant and one at each subscription. */
static bool role_eq(struct rd_str a, struct rd_str b)
{
    struct rd_str part = RD_STR("/providers/Microsoft.Authorization/roleDefinitions/");
    size_t i = rd_str_find_case(a, part, 0), j = rd_str_find_case(b, part, 0);
    return i != RD_STR_NONE && j != RD_STR_NONE && (i == 0 || j == 0) &&
           rd_str_eq_case(rd_str_sub(a, i, a.n), rd_str_sub(b, j, b.n));
}

static bool string_eq(struct rd_str a, struct rd_str b, uint32_t flags, char separator)
{
    /* Base64 of something else may differ by the case of a letter only. */
    if ((flags & RD_FIELD_ENCODED_JSON) != 0)
        return rd_str_eq(a, b) || encoded_json_eq(a, b);
    if (text_eq(a, b, flags))
        return true;
    if (separator != '\0')
        return parts_eq(a, b, separator, flags);
    if ((flags & RD_FIELD_REGION) != 0)
        return rd_region_eq(a, b);
    return time_eq(a, b) || role_eq(a, b);
}

static bool is_number(const struct rd_json *value)
{
    return value->type == RD_JSON_INT || value->type == RD_JSON_NUMBER;
}

/* 1 and 1.0 are one number; integers compare exactly. */
static bool number_eq(const struct rd_json *a, const struct rd_json *b)
{
    if (a->type == RD_JSON_INT && b->type == RD_JSON_INT)
        return a->u.i == b->u.i;
    double difference = rd_json_double(a, 0) - rd_json_double(b, 0);
    return !(difference < 0) && !(difference > 0);
}

bool rd_scalar_eq(const struct rd_json *a, const struct rd_json *b, uint32_t flags, char separator)
{
    if (is_number(a) && is_number(b))
        return number_eq(a, b);
    if (a->type != b->type)
        return false;
    if (a->type == RD_JSON_STRING)
        return string_eq(rd_json_str(a), rd_json_str(b), flags, separator);
    if (a->type == RD_JSON_BOOL)
        return a->is_true == b->is_true;
    return rd_json_eq(a, b);
}
