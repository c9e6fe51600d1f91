/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "json_internal.h"

/* Most bytes of JSON are plain text between quotes: reader and writer pass them eight at a time. */

/* High bits at bytes that are zero; a false alarm only above a true one. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
}

/* High bits at '"', '\\' and control characters; a false alarm only above a true one. */
static uint64_t special_bytes(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101ULL;
    uint64_t controls = (word - ones * 0x20) & ~word & (ones * 0x80);
    return controls | zero_bytes(word ^ (ones * '"')) | zero_bytes(word ^ (ones * '\\'));
}

const char *rd_json_plain_end(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        uint64_t special = special_bytes(le64toh(word));
        if (special != 0)
            return p + __builtin_ctzll(special) / 8;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
        p++;
    return p;
}
