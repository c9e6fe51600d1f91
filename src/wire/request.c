/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "exchange.h"

/* Options that cannot fail but for want of memory, or of a libcurl that knows them. */
#define SET(x, option, value)                                                                      \
    do {                                                                                           \
        CURLcode set_code_ = (x)->curl->library.easy_setopt((x)->easy, (option), (value));         \
        assert(set_code_ == CURLE_OK);                                                             \
        (void)set_code_;                                                                           \
    } while (0)

/*
 * Called when there is a connection and the request is about to be written on it: from here on it
 * may have been carried out. Called again when curl found that the connection, which had lain
 * idle, was dead, and wants to send once more. What is safe to repeat (RFC 9110 9.2.1) goes again;
 * for all else the caller must know.
 */
static int before_request(void *data, char *peer RD_UNUSED, char *own RD_UNUSED,
                          int peer_port RD_UNUSED, int own_port RD_UNUSED)
{
    struct exchange *x = data;
    int64_t now_us = rd_clock_monotonic_us();
    if (x->has_left && x->request->method != RD_HTTP_GET && x->request->method != RD_HTTP_HEAD) {
        x->failure = FAILURE_RESENT;
        return CURL_PREREQFUNC_ABORT;
    }
    if (!x->has_left)
        x->left_us = now_us;
    x->has_left = true;
    x->heard_us = now_us;
    x->origin->is_open = true;
    x->curl->has_opened = true;
    return CURL_PREREQFUNC_OK;
}

static void set_limits(struct exchange *x)
{
    SET(x, CURLOPT_NOSIGNAL, 1L);
    /* A name server that is silent holds up one of libcurl's threads. Whoever gave up waiting for
     * the name shall not wait for that thread instead. */
    SET(x, CURLOPT_QUICK_EXIT, 1L);
    SET(x, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(x, CURLOPT_CONNECTTIMEOUT_MS, (long)x->curl->options.connect_ms);
    SET(x, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)RD_HTTP_BODY_SIZE_MAX);
    SET(x, CURLOPT_PRIVATE, x);
    SET(x, CURLOPT_PREREQFUNCTION, before_request);
    SET(x, CURLOPT_PREREQDATA, x);
    SET(x, CURLOPT_HEADERFUNCTION, reply_take_head);
    SET(x, CURLOPT_HEADERDATA, x);
    SET(x, CURLOPT_WRITEFUNCTION, reply_take_body);
    SET(x, CURLOPT_WRITEDATA, x);
    SET(x, CURLOPT_ERRORBUFFER, x->detail);
}

void request_ready_handle(struct exchange *x)
{
    SET(x, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(x, CURLOPT_HTTP09_ALLOWED, 0L);
    SET(x, CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(x, CURLOPT_USERAGENT, "redoubt");
    SET(x, CURLOPT_PROTOCOLS_STR, "http,https"); /* address.c says where plain http may go */
    SET(x, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(x, CURLOPT_FOLLOWLOCATION, 0L);
    SET(x, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(x, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(x, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(x, CURLOPT_SSL_VERIFYHOST, 2L);
    /* What is meant for the server, its token above all, is not for the proxy; and what the proxy
     * says is no part of the reply. */
    SET(x, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(x, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (x->curl->options.ca_file != NULL) {
        SET(x, CURLOPT_CAINFO, x->curl->options.ca_file);
        SET(x, CURLOPT_CAPATH, NULL);
    }
    set_limits(x);
}

/* RFC 9110 5.1 and 5.5: a token, and a value that cannot end the line. */
static bool is_sendable(const struct rd_http_header *header)
{
    for (size_t i = 0; i < header->name.n; i++)
        if (!rd_char_is_alnum(header->name.p[i]) &&
            (header->name.p[i] == '\0' || strchr("!#$%&'*+-.^_`|~", header->name.p[i]) == NULL))
            return false;
    return header->name.n > 0 && !rd_str_has_control(header->value);
}

static void add_line(struct exchange *x, struct rd_str name, struct rd_str value)
{
    /* curl leaves out a header without a value, unless it ends with a semicolon. */
    struct rd_str between = value.n > 0 ? RD_STR(": ") : RD_STR(";");
    char *line = rd_arena_bytes(x->arena, name.n + between.n + value.n + 1);
    memcpy(line, name.p, name.n);
    memcpy(line + name.n, between.p, between.n);
    if (value.n > 0)
        memcpy(line + name.n + between.n, value.p, value.n);
    line[name.n + between.n + value.n] = '\0';
    struct curl_slist *list = x->curl->library.slist_append(x->headers, line);
    assert(list != NULL);
    x->headers = list;
}

/* What curl would say of its own accord, and the caller has not. */
static void withhold(struct exchange *x, const char *name)
{
    if (rd_http_headers_get(&x->request->headers, name).n > 0)
        return;
    struct rd_str line = rd_arena_printf(x->arena, "%s:", name);
    struct curl_slist *list = x->curl->library.slist_append(x->headers, line.p);
    assert(list != NULL);
    x->headers = list;
}

static bool has_body(const struct rd_http_request *request)
{
    return request->body.n > 0 || request->method == RD_HTTP_PUT ||
           request->method == RD_HTTP_PATCH || request->method == RD_HTTP_POST;
}

static bool set_headers(struct exchange *x)
{
    const struct rd_http_headers *headers = &x->request->headers;
    for (size_t i = 0; i < headers->count; i++)
        if (!is_sendable(&headers->items[i]))
            return false;
    for (size_t i = 0; i < headers->count; i++)
        add_line(x, headers->items[i].name, headers->items[i].value);
    if (x->curl->options.tells_time)
        add_line(
            x, RD_STR("Redoubt-Clock"),
            rd_arena_printf(x->arena, "%lld", (long long)rd_loop_now_ms(x->curl->options.loop)));
    if (has_body(x->request)) {
        withhold(x, "Content-Type"); /* it is no form unless somebody says so */
        withhold(x, "Expect");       /* a reply before it costs more than 4 MB of it */
    }
    rd_arena_wipe(x->arena); /* curl has its own copies */
    SET(x, CURLOPT_HTTPHEADER, x->headers);
    return true;
}

static void set_body(struct exchange *x)
{
    const struct rd_http_request *request = x->request;
    SET(x, CURLOPT_NOBODY, request->method == RD_HTTP_HEAD ? 1L : 0L);
    if (has_body(request)) {
        SET(x, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n);
        SET(x, CURLOPT_POSTFIELDS, request->body.n > 0 ? request->body.p : "");
    } else if (request->method != RD_HTTP_HEAD) {
        SET(x, CURLOPT_HTTPGET, 1L);
    }
    SET(x, CURLOPT_CUSTOMREQUEST,
        request->method == RD_HTTP_HEAD ? NULL : rd_http_method_name(request->method));
}

/*
 * curl is told the server and the target apart. Of a whole URL it would print each part anew, byte
 * by byte, which for the address of an operation (3.5 kB) took more time than all else in an
 * exchange. And what is asked for is what we say: curl has no opinion of it.
 */
static void set_target(struct exchange *x)
{
    const struct rd_http_url *parts = &x->parts;
    rd_buf_clear(&x->target);
    if (parts->path.n == 0)
        rd_buf_add_char(&x->target, '/'); /* RFC 9112 3.2.1 */
    rd_buf_add(&x->target, parts->path);
    if (parts->query.n > 0) {
        rd_buf_add_char(&x->target, '?');
        rd_buf_add(&x->target, parts->query);
    }
    SET(x, CURLOPT_URL, x->origin->name.p);
    SET(x, CURLOPT_REQUEST_TARGET, rd_buf_c(&x->target));
}

bool request_set(struct exchange *x)
{
    if (!set_headers(x))
        return false;
    set_body(x);
    set_target(x);
    /* "" is no proxy, whatever the environment says; NULL is what it says. */
    SET(x, CURLOPT_PROXY, x->is_local ? "" : NULL);
    return true;
}

void request_wipe_headers(struct exchange *x)
{
    for (struct curl_slist *line = x->headers; line != NULL; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    x->curl->library.slist_free_all(x->headers);
    x->headers = NULL;
}
