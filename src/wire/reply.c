/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "exchange.h"

enum { STATUS_MIN = 200, STATUS_MAX = 599 };

static size_t fail(struct exchange *x, enum failure failure)
{
    x->failure = failure;
    return 0; /* which is not what was given: curl stops */
}

/* "HTTP/1.1 200 OK", "HTTP/2 200 " */
static bool begin_head(struct exchange *x, struct rd_str line)
{
    int64_t status;
    size_t space = rd_str_find_char(line, ' ', 0);
    struct rd_str digits = rd_str_sub(line, space == RD_STR_NONE ? line.n : space + 1, line.n);
    struct rd_str behind = rd_str_sub(digits, 3, 4);
    if (!rd_str_to_int(rd_str_sub(digits, 0, 3), 100, STATUS_MAX, &status) ||
        (behind.n > 0 && behind.p[0] != ' '))
        return false;
    x->reply = (struct rd_http_reply){.status = (int)status};
    x->is_head_over = false;
    x->is_packed = false;
    return true;
}

/* Header values are shown to people and written to journals: what is no UTF-8 becomes '?'. */
static struct rd_str clean(struct rd_arena *arena, struct rd_str value)
{
    if (rd_str_is_utf8(value) && !rd_str_has_control(value))
        return rd_arena_str(arena, value);
    char *out = rd_arena_bytes(arena, value.n + 1);
    for (size_t i = 0; i < value.n; i++)
        out[i] = value.p[i] >= ' ' && value.p[i] <= '~' ? value.p[i] : '?';
    out[value.n] = '\0';
    return (struct rd_str){out, value.n};
}

/* RFC 9112 6.3: two lengths are no length. */
static bool contradicts(const struct exchange *x, struct rd_str name, struct rd_str value)
{
    if (!rd_str_is_case(name, "Content-Length"))
        return false;
    struct rd_str former = rd_http_headers_get(&x->reply.headers, "Content-Length");
    return former.n > 0 && !rd_str_eq(former, value);
}

static bool add_header(struct exchange *x, struct rd_str line)
{
    struct rd_http_headers *headers = &x->reply.headers;
    size_t colon = rd_str_find_char(line, ':', 0);
    if (line.p[0] == ' ' || line.p[0] == '\t') { /* RFC 9112 5.2: goes on with the one before */
        if (headers->count == 0)
            return false;
        struct rd_http_header *last = &headers->items[headers->count - 1];
        last->value = rd_arena_printf(x->arena, "%.*s %.*s", RD_FMT(last->value),
                                      RD_FMT(clean(x->arena, rd_str_trim(line))));
        return true;
    }
    if (colon == RD_STR_NONE || colon == 0)
        return false;
    struct rd_str name = clean(x->arena, rd_str_sub(line, 0, colon));
    struct rd_str value = clean(x->arena, rd_str_trim(rd_str_sub(line, colon + 1, line.n)));
    if (contradicts(x, name, value))
        return false;
    x->is_packed = x->is_packed ||
                   (rd_str_is_case(name, "Content-Encoding") && !rd_str_is_case(value, "identity"));
    rd_http_headers_add(x->arena, headers, name.p, value);
    return true;
}

/* One line of the head at a time, as curl gives it, of interim replies (1xx) too, and of what
 * comes behind a body in pieces. */
size_t reply_take_head(char *text, size_t size, size_t count, void *data)
{
    struct exchange *x = data;
    size_t n = size * count;
    struct rd_str line = {text, n};
    while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    x->head_size += n;
    if (x->head_size > RD_HTTP_HEAD_SIZE_MAX || x->reply.headers.count > RD_HTTP_HEADER_COUNT_MAX)
        return fail(x, FAILURE_HEAD_SIZE);
    bool is_final = x->is_head_over && x->reply.status >= STATUS_MIN;
    bool is_new = x->reply.status == 0 || x->is_head_over;
    if (is_final)
        return n; /* a trailer: nothing that we read comes there */
    if (is_new && rd_str_has_prefix(line, RD_STR("HTTP/")))
        return begin_head(x, line) ? n : fail(x, FAILURE_HEAD);
    if (line.n == 0)
        x->is_head_over = true;
    else if (is_new || !add_header(x, line))
        return fail(x, FAILURE_HEAD);
    return n;
}

size_t reply_take_body(char *bytes, size_t size, size_t count, void *data)
{
    struct exchange *x = data;
    rd_buf_add(&x->body, (struct rd_str){bytes, size * count});
    return x->body.is_full ? fail(x, FAILURE_BODY_SIZE) : size * count;
}

/* What speaks of the body as it came is no longer true of it. */
static void drop_packing(struct rd_http_headers *headers)
{
    size_t kept = 0;
    for (size_t i = 0; i < headers->count; i++)
        if (!rd_str_is_case(headers->items[i].name, "Content-Encoding") &&
            !rd_str_is_case(headers->items[i].name, "Content-Length"))
            headers->items[kept++] = headers->items[i];
    headers->count = kept;
}

bool reply_finish(struct exchange *x)
{
    if (x->reply.status < STATUS_MIN || !x->is_head_over)
        return false;
    if (x->is_packed)
        drop_packing(&x->reply.headers);
    x->reply.body = rd_buf_str(&x->body);
    if (x->reply.body.p == NULL)
        x->reply.body = RD_STR("");
    return true;
}
