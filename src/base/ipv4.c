/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ipv4.h"

enum { PART_COUNT = 4, PART_BITS = 8, ADDRESS_BITS = PART_COUNT * PART_BITS };

/* Digits alone: rd_str_to_int takes a sign too. */
static bool read_number(struct rd_str text, int64_t max, int64_t *ret_value)
{
    return text.n > 0 && rd_char_is_digit(text.p[0]) && rd_str_to_int(text, 0, max, ret_value);
}

bool rd_ipv4_parse(struct rd_str text, struct rd_ipv4 *ret_prefix)
{
    size_t slash = rd_str_find_char(text, '/', 0);
    int64_t bits = ADDRESS_BITS;
    if (slash != RD_STR_NONE &&
        !read_number(rd_str_sub(text, slash + 1, text.n), ADDRESS_BITS, &bits))
        return false;
    struct rd_str rest = rd_str_sub(text, 0, slash);
    struct rd_str part;
    uint32_t base = 0;
    int count = 0;
    while (rest.p != NULL && rd_str_next(&rest, '.', &part)) {
        int64_t number = 0;
        if (++count > PART_COUNT || !read_number(part, UINT8_MAX, &number))
            return false;
        base = base << PART_BITS | (uint32_t)number;
    }
    *ret_prefix = (struct rd_ipv4){base, (int)bits};
    return count == PART_COUNT;
}

bool rd_ipv4_contains(struct rd_ipv4 outer, struct rd_ipv4 inner)
{
    uint32_t mask = outer.bits == 0 ? 0 : UINT32_MAX << (ADDRESS_BITS - outer.bits);
    return inner.bits >= outer.bits && (inner.base & mask) == (outer.base & mask);
}
