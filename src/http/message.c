/* SPDX-License-Identifier: Apache-2.0 */
#include "http/message.h"

#include <string.h>

static const char *const method_names[] = {
    [RD_HTTP_GET] = "GET",     [RD_HTTP_HEAD] = "HEAD", [RD_HTTP_PUT] = "PUT",
    [RD_HTTP_PATCH] = "PATCH", [RD_HTTP_POST] = "POST", [RD_HTTP_DELETE] = "DELETE",
};

enum { METHOD_COUNT = sizeof(method_names) / sizeof(method_names[0]) };

const char *rd_http_method_name(enum rd_http_method method)
{
    return method_names[method];
}

bool rd_http_method_parse(struct rd_str name, enum rd_http_method *ret_method)
{
    for (int i = 0; i < METHOD_COUNT; i++) {
        if (rd_str_is(name, method_names[i])) {
            *ret_method = (enum rd_http_method)i;
            return true;
        }
    }
    return false;
}

/* RFC 9110 section 15, those that Azure sends. */
const char *rd_http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Unknown";
}

void rd_http_headers_add(struct rd_arena *arena, struct rd_http_headers *headers, const char *name,
                         struct rd_str value)
{
    headers->items = rd_arena_grow(arena, headers->items, headers->count, &headers->cap,
                                   sizeof(*headers->items));
    headers->items[headers->count++] = (struct rd_http_header){rd_str_from(name), value};
}

struct rd_str rd_http_headers_get(const struct rd_http_headers *headers, const char *name)
{
    struct rd_str wanted = rd_str_from(name);
    for (size_t i = 0; i < headers->count; i++)
        if (rd_str_eq_case(headers->items[i].name, wanted))
            return headers->items[i].value;
    return (struct rd_str){"", 0};
}

static bool parse_authority(struct rd_str authority, struct rd_http_url *url)
{
    size_t at = rd_str_find_last_char(authority, ':');
    size_t bracket = rd_str_find_last_char(authority, ']');
    url->host = authority;
    if (at == RD_STR_NONE || (bracket != RD_STR_NONE && at < bracket))
        return authority.n > 0;
    int64_t port;
    if (!rd_str_to_int(rd_str_sub(authority, at + 1, authority.n), 1, 65535, &port))
        return false;
    url->port = (int)port;
    url->host = rd_str_sub(authority, 0, at);
    return at > 0;
}

bool rd_http_url_parse(struct rd_str url, struct rd_http_url *ret_parts)
{
    struct rd_http_url parts = {0};
    if (rd_str_has_prefix_case(url, RD_STR("https://")))
        parts = (struct rd_http_url){.scheme = RD_STR("https"), .port = 443};
    else if (rd_str_has_prefix_case(url, RD_STR("http://")))
        parts = (struct rd_http_url){.scheme = RD_STR("http"), .port = 80};
    else
        return false;
    struct rd_str rest = rd_str_sub(url, parts.scheme.n + 3, url.n);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#')
        end++;
    struct rd_str authority = rd_str_sub(rest, 0, end);
    if (rd_str_find_char(authority, '@', 0) != RD_STR_NONE)
        return false; /* no credentials in URLs, ever */
    rest = rd_str_sub(rest, end, rest.n);
    size_t fragment = rd_str_find_char(rest, '#', 0);
    if (fragment != RD_STR_NONE)
        rest = rd_str_sub(rest, 0, fragment);
    size_t question = rd_str_find_char(rest, '?', 0);
    parts.path = rd_str_sub(rest, 0, question == RD_STR_NONE ? rest.n : question);
    parts.query =
        question == RD_STR_NONE ? (struct rd_str){"", 0} : rd_str_sub(rest, question + 1, rest.n);
    if (!parse_authority(authority, &parts))
        return false;
    *ret_parts = parts;
    return true;
}

bool rd_http_query_get(struct rd_arena *arena, struct rd_str query, const char *name,
                       struct rd_str *ret_value)
{
    struct rd_str wanted = rd_str_from(name);
    struct rd_str part;
    while (query.n > 0 && rd_str_next(&query, '&', &part)) {
        size_t at = rd_str_find_char(part, '=', 0);
        struct rd_str key = rd_str_sub(part, 0, at == RD_STR_NONE ? part.n : at);
        if (rd_str_find_char(key, '%', 0) != RD_STR_NONE)
            key = rd_http_decode(arena, key);
        if (!rd_str_eq_case(key, wanted))
            continue;
        struct rd_str value =
            at == RD_STR_NONE ? (struct rd_str){"", 0} : rd_str_sub(part, at + 1, part.n);
        *ret_value = rd_http_decode(arena, value);
        return true;
    }
    return false;
}

struct rd_str rd_http_encode(struct rd_arena *arena, struct rd_str s, bool keeps_slash)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = rd_arena_bytes(arena, s.n * 3 + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (rd_char_is_alnum(c) || (c != '\0' && strchr("-._~", c) != NULL) ||
            (keeps_slash && c == '/')) {
            out[n++] = c;
            continue;
        }
        out[n++] = '%';
        out[n++] = hex[(unsigned char)c >> 4];
        out[n++] = hex[(unsigned char)c & 15];
    }
    out[n] = '\0';
    return (struct rd_str){out, n};
}

struct rd_str rd_http_decode(struct rd_arena *arena, struct rd_str s)
{
    if (rd_str_find_char(s, '%', 0) == RD_STR_NONE)
        return s;
    char *out = rd_arena_bytes(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool is_escape = s.p[i] == '%' && s.n - i > 2 && rd_char_is_hex(s.p[i + 1]) &&
                         rd_char_is_hex(s.p[i + 2]);
        if (!is_escape) {
            out[n++] = s.p[i];
            continue;
        }
        out[n++] = (char)(rd_char_hex(s.p[i + 1]) << 4 | rd_char_hex(s.p[i + 2]));
        i += 2;
    }
    out[n] = '\0';
    return (struct rd_str){out, n};
}
