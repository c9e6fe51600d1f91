/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate.h"

bool rule_text_eq(bool is_place, struct rd_str a, struct rd_str b)
{
    if (!is_place)
        return rd_str_eq_case(a, b);
    /* Azure writes regions as "usgovvirginia" and as "US Gov Virginia". */
    size_t i = 0, k = 0;
    while (true) {
        while (i < a.n && a.p[i] == ' ')
            i++;
        while (k < b.n && b.p[k] == ' ')
            k++;
        if (i == a.n || k == b.n)
            return i == a.n && k == b.n;
        if (rd_char_lower(a.p[i++]) != rd_char_lower(b.p[k++]))
            return false;
    }
}

static bool parse_cidr(struct rd_str text, uint32_t *ret_base, int *ret_prefix)
{
    size_t slash = rd_str_find_char(text, '/', 0);
    int64_t prefix = 32;
    if (slash != RD_STR_NONE && !rd_str_to_int(rd_str_sub(text, slash + 1, text.n), 0, 32, &prefix))
        return false;
    struct rd_str rest = rd_str_sub(text, 0, slash);
    struct rd_str part;
    uint32_t base = 0;
    int parts = 0;
    while (rest.p != NULL && rd_str_next(&rest, '.', &part)) {
        int64_t number = 0;
        if (++parts > 4 || !rd_str_to_int(part, 0, 255, &number))
            return false;
        base = base << 8 | (uint32_t)number;
    }
    *ret_base = base;
    *ret_prefix = (int)prefix;
    return parts == 4;
}

bool rule_cidr_within(struct rd_str text, struct rd_str range)
{
    uint32_t base = 0, outer = 0;
    int prefix = 0, outer_prefix = 0;
    if (!parse_cidr(text, &base, &prefix) || !parse_cidr(range, &outer, &outer_prefix))
        return false;
    uint32_t mask = outer_prefix == 0 ? 0 : UINT32_MAX << (32 - outer_prefix);
    return prefix >= outer_prefix && (base & mask) == (outer & mask);
}

int rule_cidr_prefix(struct rd_str text)
{
    uint32_t base = 0;
    int prefix = 0;
    if (rd_str_find_char(text, '/', 0) == RD_STR_NONE || !parse_cidr(text, &base, &prefix))
        return -1;
    return prefix;
}

bool rule_rdp_value(struct rd_str properties, struct rd_str name, struct rd_str *ret_value)
{
    struct rd_str entry;
    while (properties.n > 0 && rd_str_next(&properties, ';', &entry)) {
        size_t first = rd_str_find_char(entry, ':', 0);
        if (first == RD_STR_NONE || !rd_str_eq_case(rd_str_trim(rd_str_sub(entry, 0, first)), name))
            continue;
        size_t second = rd_str_find_char(entry, ':', first + 1);
        *ret_value = second == RD_STR_NONE ? RD_STR("")
                                           : rd_str_trim(rd_str_sub(entry, second + 1, entry.n));
        return true;
    }
    return false;
}

bool rule_fqdn_covers(struct rd_str pattern, struct rd_str host)
{
    if (rd_str_eq_case(pattern, host))
        return true;
    /* The asterisk stands leftmost only: "*.x" takes any depth below x, and not x itself. */
    if (pattern.n == 0 || pattern.p[0] != '*')
        return false;
    struct rd_str tail = rd_str_sub(pattern, 1, pattern.n);
    if (host.n > 0 && host.p[0] == '*')
        host = rd_str_sub(host, 1, host.n); /* "*.a.x" is within "*.x" */
    return host.n > tail.n && rd_str_has_suffix_case(host, tail);
}
