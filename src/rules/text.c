/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate.h"

#include "base/ipv4.h"

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

bool rule_cidr_within(struct rd_str text, struct rd_str range)
{
    struct rd_ipv4 inner = {0, 0}, outer = {0, 0};
    return rd_ipv4_parse(text, &inner) && rd_ipv4_parse(range, &outer) &&
           rd_ipv4_contains(outer, inner);
}

int rule_cidr_prefix(struct rd_str text)
{
    struct rd_ipv4 prefix = {0, 0};
    bool is_prefix = rd_str_find_char(text, '/', 0) != RD_STR_NONE && rd_ipv4_parse(text, &prefix);
    return is_prefix ? prefix.bits : -1;
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

bool rule_host_below(struct rd_str url, struct rd_str suffix)
{
    const struct rd_str scheme = RD_STR("https://"), usual = RD_STR(":443");
    if (!rd_str_has_prefix_case(url, scheme) || suffix.n == 0)
        return false;
    size_t end = rd_str_find_char(url, '/', scheme.n);
    struct rd_str host = rd_str_sub(url, scheme.n, end == RD_STR_NONE ? url.n : end);
    if (rd_str_has_suffix(host, usual))
        host.n -= usual.n;
    return host.n > suffix.n + 1 && rd_str_has_suffix_case(host, suffix) &&
           host.p[host.n - suffix.n - 1] == '.';
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
