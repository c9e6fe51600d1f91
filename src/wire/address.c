/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "exchange.h"

/*
 * The predicate reads a URL with our parser and curl with its own. What both could read differently
 * (a backslash, a control character, a name in another script) does not pass, so that what was
 * allowed is where the request goes.
 */
static bool is_plain_authority(struct rd_str authority)
{
    for (size_t i = 0; i < authority.n; i++)
        if (!rd_char_is_alnum(authority.p[i]) && strchr("-._:[]", authority.p[i]) == NULL)
            return false;
    return authority.n > 0;
}

bool address_is_plain(struct rd_str url)
{
    if (!rd_str_is_visible(url) || rd_str_find_char(url, '\\', 0) != RD_STR_NONE)
        return false;
    size_t start = rd_str_find(url, RD_STR("://"), 0);
    if (start == RD_STR_NONE)
        return false;
    size_t end = start + 3;
    while (end < url.n && strchr("/?#", url.p[end]) == NULL)
        end++;
    return is_plain_authority(rd_str_sub(url, start + 3, end));
}

/* Four decimal numbers: the other notations of an address do not count as this machine. */
static bool is_ipv4(struct rd_str host)
{
    struct rd_str part;
    int64_t number = 0;
    int count = 0;
    while (rd_str_next(&host, '.', &part)) {
        if (!rd_str_to_int(part, 0, 255, &number))
            return false;
        count++;
    }
    return count == 4;
}

/* curl never asks the network for "localhost" and the names below it. */
bool address_is_loopback(struct rd_str host)
{
    return rd_str_is_case(host, "localhost") ||
           rd_str_has_suffix_case(host, RD_STR(".localhost")) || rd_str_is(host, "[::1]") ||
           (rd_str_has_prefix(host, RD_STR("127.")) && is_ipv4(host));
}

static bool may_be_plain(const struct exchange *x)
{
    const struct rd_curl_options *options = &x->curl->options;
    return (options->allows_plain_loopback && address_is_loopback(x->parts.host)) ||
           (options->allows_plain_metadata && rd_str_is(x->parts.host, "169.254.169.254"));
}

const char *address_refusal(struct exchange *x)
{
    const struct rd_curl_options *options = &x->curl->options;
    struct rd_str url = x->request->url;
    x->parts = (struct rd_http_url){.host = RD_STR("")};
    if (url.n > RD_HTTP_URL_SIZE_MAX)
        return "the URL is longer than any real one";
    rd_buf_add(&x->url, url);
    (void)rd_buf_c(&x->url); /* whose NUL curl needs */
    if (!address_is_plain(url) || !rd_http_url_parse(rd_buf_str(&x->url), &x->parts))
        return "the URL is malformed";
    if (!options->allows(options->allows_data, url))
        return "the host is none of this cloud's";
    bool is_https = rd_str_is_case(x->parts.scheme, "https");
    if (!is_https && !may_be_plain(x))
        return "the URL is not https";
    x->is_local = address_is_loopback(x->parts.host) || !is_https;
    return NULL;
}
