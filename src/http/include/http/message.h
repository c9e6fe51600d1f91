/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

/*
 * HTTP requests and replies as values, apart from how they travel. This and JSON are all that the
 * client (azure/) and the embedded cloud (emulator/) share. All text lies in the arena of the
 * exchange; header names compare without case.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum rd_http_method {
    RD_HTTP_GET,
    RD_HTTP_HEAD,
    RD_HTTP_PUT,
    RD_HTTP_PATCH,
    RD_HTTP_POST,
    RD_HTTP_DELETE,
};

struct rd_http_header {
    struct rd_str name;
    struct rd_str value;
};

struct rd_http_headers {
    struct rd_http_header *items;
    size_t count;
    size_t cap;
};

struct rd_http_request {
    enum rd_http_method method;
    struct rd_str url; /* absolute, percent-encoded: "https://host[:port]/path?query" */
    struct rd_http_headers headers;
    struct rd_str body;
    bool is_secret; /* body and reply may reach no trace */
};

struct rd_http_reply {
    int status; /* 100..599 */
    struct rd_http_headers headers;
    struct rd_str body;
};

/* The parts of an absolute URL, as views into it; percent-encoding is kept. */
struct rd_http_url {
    struct rd_str scheme; /* "https" */
    struct rd_str host;   /* without port */
    int port;             /* 443 or 80 when the URL names none */
    struct rd_str path;   /* "/..." or "" */
    struct rd_str query;  /* behind '?', without it */
};

const char *rd_http_method_name(enum rd_http_method method);
bool rd_http_method_parse(struct rd_str name, enum rd_http_method *ret_method);
const char *rd_http_status_text(int status);

/* Adds a header; the texts are kept as they are. */
void rd_http_headers_add(struct rd_arena *arena, struct rd_http_headers *headers, const char *name,
                         struct rd_str value);
/* The first header of that name, or the empty view. */
struct rd_str rd_http_headers_get(const struct rd_http_headers *headers, const char *name);

bool rd_http_url_parse(struct rd_str url, struct rd_http_url *ret_parts);
/* The decoded value of the first query parameter of that name (names compare without case, as ARM
 * does; "$filter" and "%24filter" are one); false when it is absent. */
bool rd_http_query_get(struct rd_arena *arena, struct rd_str query, const char *name,
                       struct rd_str *ret_value);
/* RFC 3986: everything but unreserved characters becomes %XX; with `keeps_slash` "/" stays. */
struct rd_str rd_http_encode(struct rd_arena *arena, struct rd_str s, bool keeps_slash);
struct rd_str rd_http_decode(struct rd_arena *arena, struct rd_str s); /* bad escapes stay as is */

#endif
