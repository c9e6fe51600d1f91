/* SPDX-License-Identifier: Apache-2.0 */
#include "inside.h"

#include <string.h>

#include "base/limits.h"
#include "json/json.h"

/*
 * What is wrong with a request before anybody asks what it means. Two readings of one message are
 * how requests are smuggled (RFC 9112, section 11.2), so whatever could be read in two ways is
 * refused, and the connection closed.
 */

bool refuse(struct exchange *exchange, int status, const char *code, const char *message)
{
    exchange->refusal = (struct refusal){status, code, rd_str_from(message)};
    return false;
}

void refuse_reply(struct exchange *exchange)
{
    struct rd_arena *arena = exchange->arena;
    struct rd_json body = rd_json_object();
    *rd_json_make(arena, &body, "error.code") = rd_json_string_c(exchange->refusal.code);
    *rd_json_make(arena, &body, "error.message") = rd_json_string(exchange->refusal.message);
    exchange->reply = (struct rd_http_reply){
        .status = exchange->refusal.status,
        .body = rd_json_text(arena, &body, RD_JSON_COMPACT),
    };
    rd_http_headers_add(arena, &exchange->reply.headers, "Content-Type",
                        RD_STR("application/json; charset=utf-8"));
    rd_http_headers_add(arena, &exchange->reply.headers, "Cache-Control", RD_STR("no-cache"));
    if (exchange->refusal.status == 405)
        rd_http_headers_add(arena, &exchange->reply.headers, "Allow",
                            RD_STR("GET, HEAD, PUT, PATCH, POST, DELETE"));
}

/* What a head holds of what decides how the message is read. */
struct framing {
    struct rd_str host;
    struct rd_str length;
    struct rd_str transfer;
    struct rd_str expect;
    size_t host_count;
    size_t length_count;
    size_t transfer_count;
    size_t size;
};

static void look(const struct exchange *exchange, struct framing *framing)
{
    const struct rd_http_headers *headers = &exchange->request.headers;
    *framing = (struct framing){.size = exchange->target.n};
    for (size_t i = 0; i < headers->count; i++) {
        const struct rd_http_header *header = &headers->items[i];
        framing->size += header->name.n + header->value.n + 4;
        switch (header->name.n) { /* lengths tell nearly all others apart */
        case 4:
            if (rd_str_is_case(header->name, "Host")) {
                framing->host = header->value;
                framing->host_count++;
            }
            break;
        case 6:
            if (rd_str_is_case(header->name, "Expect"))
                framing->expect = header->value;
            break;
        case 14:
            if (rd_str_is_case(header->name, "Content-Length")) {
                framing->length = header->value;
                framing->length_count++;
            }
            break;
        case 17:
            if (rd_str_is_case(header->name, "Transfer-Encoding")) {
                framing->transfer = header->value;
                framing->transfer_count++;
            }
            break;
        default:
            break;
        }
    }
}

static bool check_framing(struct exchange *exchange, const struct framing *framing)
{
    int64_t length = 0;
    if (framing->host_count > 1)
        return refuse(exchange, 400, "BadRequest", "The request has more than one Host header.");
    if (framing->length_count > 1)
        return refuse(exchange, 400, "BadRequest",
                      "The request has more than one Content-Length header.");
    if (framing->transfer_count > 1)
        return refuse(exchange, 400, "BadRequest",
                      "The request has more than one Transfer-Encoding header.");
    if (framing->length_count > 0 && framing->transfer_count > 0)
        return refuse(exchange, 400, "BadRequest",
                      "The request has a Content-Length and a Transfer-Encoding header.");
    if (framing->transfer_count > 0 && !rd_str_is_case(framing->transfer, "chunked"))
        return refuse(exchange, 501, "NotImplemented",
                      "The Transfer-Encoding of the request is not supported: only 'chunked' is.");
    if (framing->length_count > 0 &&
        !rd_str_to_int(framing->length, 0, INT64_MAX, &length)) /* no sign, no spaces, no list */
        return refuse(exchange, 400, "BadRequest", "The Content-Length header is no number.");
    if (framing->expect.n > 0 && !rd_str_is_case(framing->expect, "100-continue"))
        return refuse(exchange, 417, "ExpectationFailed",
                      "The Expect header asks for what is not known: only '100-continue' is.");
    exchange->has_body = framing->transfer_count > 0 || length > 0;
    exchange->body_told = (size_t)length;
    if (length > RD_HTTP_REQUEST_BODY_SIZE_MAX)
        return refuse(exchange, 413, "RequestContentTooLarge",
                      "The request content size exceeds the maximum size of 4 MB.");
    return true;
}

static bool check_size(struct exchange *exchange, const struct framing *framing)
{
    if (exchange->target.n > RD_HTTP_URL_SIZE_MAX)
        return refuse(exchange, 414, "RequestUriTooLong", "The request URL is too long.");
    if (framing->size > RD_SERVER_HEAD_SIZE_MAX)
        return refuse(exchange, 431, "RequestHeaderFieldsTooLarge",
                      "The size of the request headers is too long: 16 kB are taken at most.");
    if (exchange->request.headers.count > RD_HTTP_HEADER_COUNT_MAX)
        return refuse(exchange, 431, "RequestHeaderFieldsTooLarge",
                      "The request has too many headers: 128 are taken at most.");
    return true;
}

/* Letters, digits, "-", "." and a port, or "[::1]" and a port (RFC 9110, section 7.2). */
static bool is_host(struct rd_str host)
{
    if (host.n == 0 || host.n > HOST_SIZE_MAX)
        return false;
    bool is_v6 = host.p[0] == '[';
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool is_good = rd_char_is_alnum(c) || c == '-' || c == '.' || c == ':' || c == '_' ||
                       (is_v6 && (c == '[' || c == ']'));
        if (!is_good)
            return false;
    }
    return true;
}

/* The loopback addresses are localhost's: so the cloud knows itself by one name. */
static struct rd_str canonical(struct exchange *exchange, struct rd_str host)
{
    static const struct rd_str numbers[] = {{"127.0.0.1", 9}, {"[::1]", 5}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (rd_str_has_prefix(host, numbers[i]) &&
            (host.n == numbers[i].n || host.p[numbers[i].n] == ':'))
            return rd_arena_printf(exchange->arena, "localhost%.*s",
                                   RD_FMT(rd_str_sub(host, numbers[i].n, host.n)));
    return host;
}

/* "http://host/path" is a target too (RFC 9112, section 3.2.2); its host is then the one that
 * counts. */
static void split_absolute(struct exchange *exchange)
{
    static const struct rd_str schemes[] = {{"https://", 8}, {"http://", 7}};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (!rd_str_has_prefix_case(exchange->target, schemes[i]))
            continue;
        struct rd_str rest = rd_str_sub(exchange->target, schemes[i].n, exchange->target.n);
        size_t end = 0;
        while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?')
            end++;
        exchange->host = rd_str_sub(rest, 0, end);
        exchange->target = rd_str_sub(rest, end, rest.n);
        return;
    }
}

static bool is_dots(struct rd_str segment)
{
    return rd_str_is(segment, ".") || rd_str_is(segment, "..");
}

/* A segment of dots, in whatever way it is written, names another resource than it seems to. No
 * client sends one: they take them out themselves (RFC 3986, section 5.2.4). */
static bool has_traversal(struct exchange *exchange)
{
    struct rd_str path = exchange->target;
    size_t question = rd_str_find_char(path, '?', 0);
    if (question != RD_STR_NONE)
        path = rd_str_sub(path, 0, question);
    if (rd_str_find_char(path, '%', 0) == RD_STR_NONE &&
        rd_str_find(path, RD_STR("/."), 0) == RD_STR_NONE)
        return false;
    path = rd_http_decode(exchange->arena, path);
    struct rd_str segment;
    while (path.n > 0 && rd_str_next(&path, '/', &segment)) {
        struct rd_str part;
        while (segment.n > 0 && rd_str_next(&segment, '\\', &part))
            if (is_dots(part))
                return true;
    }
    return false;
}

static bool check_target(struct exchange *exchange, const struct framing *framing,
                         const char *version)
{
    exchange->host = framing->host;
    split_absolute(exchange);
    if (exchange->host.n == 0 && (framing->host_count > 0 || strcmp(version, "HTTP/1.0") != 0))
        return refuse(exchange, 400, "BadRequest", "The request has no Host header.");
    if (exchange->host.n == 0)
        exchange->host = RD_STR("localhost");
    if (!is_host(exchange->host))
        return refuse(exchange, 400, "BadRequest", "The Host header names no host.");
    exchange->host = canonical(exchange, exchange->host);
    if (exchange->target.n == 0 || exchange->target.p[0] != '/')
        return refuse(exchange, 400, "InvalidRequestUri", "The request URL is invalid.");
    if (has_traversal(exchange))
        return refuse(exchange, 400, "InvalidRequestUri",
                      "The request URL is invalid: its path has a segment of dots.");
    return true;
}

bool refuse_head(struct exchange *exchange, const char *method, const char *version)
{
    struct framing framing;
    look(exchange, &framing);
    if (!check_framing(exchange, &framing) || !check_size(exchange, &framing) ||
        !check_target(exchange, &framing, version))
        return false;
    if (rd_http_method_parse(rd_str_from(method), &exchange->request.method))
        return true;
    return refuse(exchange, 405, "MethodNotAllowed",
                  "The requested resource does not support this HTTP method.");
}
