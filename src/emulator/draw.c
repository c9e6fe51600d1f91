/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/hash.h"

/* What is drawn depends on the seed and on a name only: never on the order of requests, so that
 * two runs that differ in timing still meet the same ids and durations. */

enum { DRAW_LOW_PERMILLE = 850, DRAW_SPAN_PERMILLE = 400 };

/* The finaliser of splitmix64 over both halves. */
uint64_t em_mix(uint64_t a, uint64_t b)
{
    uint64_t z = a + b * 0x9e3779b97f4a7c15u + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void em_guid_text(uint64_t a, uint64_t b, char out[37])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (size_t i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            out[n++] = '-';
        uint64_t half = i < 16 ? a : b;
        out[n++] = digits[(half >> (60 - 4 * (i % 16))) & 15];
    }
    out[14] = '4'; /* version 4 */
    out[19] = digits[8 + ((b >> 60) & 3)];
    out[36] = '\0';
}

struct rd_str em_guid(struct em_exchange *ex, struct rd_str what)
{
    char guid[RD_GUID_SIZE];
    return rd_arena_str(ex->arena,
                        rd_str_from(rd_guid_from_name(ex->cloud->name_space, what, guid)));
}

struct rd_str em_hex(struct em_exchange *ex, struct rd_str what, size_t digits)
{
    char hex[RD_SHA256_HEX_SIZE];
    struct rd_buf buf;
    rd_buf_init(&buf, digits + sizeof(hex));
    for (int round = 0; buf.n < digits; round++) {
        struct rd_str name =
            rd_arena_printf(ex->arena, "%s/%d/%.*s", ex->cloud->name_space, round, RD_FMT(what));
        rd_buf_add_c(&buf, rd_sha256_hex(name, hex));
    }
    struct rd_str out = rd_arena_str(ex->arena, rd_str_sub(rd_buf_str(&buf), 0, digits));
    rd_buf_done(&buf);
    return out;
}

int64_t em_draw_ms(struct em_exchange *ex, struct rd_str id, int64_t typical_ms)
{
    uint64_t drawn = em_mix(rd_str_hash_case(id) ^ ex->cloud->seed, (uint64_t)typical_ms);
    int64_t permille = DRAW_LOW_PERMILLE + (int64_t)(drawn % (DRAW_SPAN_PERMILLE + 1));
    return typical_ms / 1000 * permille + typical_ms % 1000 * permille / 1000;
}

struct rd_str em_time(struct em_exchange *ex, int64_t ms)
{
    char text[RD_TIME_TEXT_MAX];
    return rd_arena_str(ex->arena, rd_str_from(rd_time_format(ms, true, text)));
}

struct rd_str em_time_ticks(struct em_exchange *ex, int64_t ms, const char *zone)
{
    char text[RD_TIME_TEXT_MAX];
    struct rd_str time = rd_str_from(rd_time_format(ms, true, text));
    return rd_arena_printf(ex->arena, "%.*s0000%s", RD_FMT(rd_str_sub(time, 0, time.n - 1)), zone);
}
