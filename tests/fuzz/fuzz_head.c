/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the head of a reply, line by line as libcurl gives them: what is taken is a status
 * and named headers that may be shown, and never more than the limits allow. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct exchange *x)
{
    const struct rd_http_headers *headers = &x->reply.headers;
    assert(x->reply.status == 0 || (x->reply.status >= 100 && x->reply.status <= 599));
    assert(headers->count <= RD_HTTP_HEADER_COUNT_MAX + 1);
    for (size_t i = 0; i < headers->count; i++) {
        assert(headers->items[i].name.n > 0);
        assert(rd_str_is_utf8(headers->items[i].name) && rd_str_is_utf8(headers->items[i].value));
        assert(!rd_str_has_control(headers->items[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exchange x = {.arena = rd_arena_new(0)};
    rd_buf_init(&x.body, RD_HTTP_BODY_SIZE_MAX);
    char *text = rd_arena_bytes(x.arena, size + 1);
    memcpy(text, data, size);
    struct rd_str rest = {text, size};
    while (rest.n > 0) {
        size_t end = rd_str_find_char(rest, '\n', 0);
        size_t n = end == RD_STR_NONE ? rest.n : end + 1;
        char *line = text + (size - rest.n);
        if (reply_take_head(line, 1, n, &x) != n)
            break;
        check(&x);
        rest = rd_str_sub(rest, n, rest.n);
    }
    if (x.failure == FAILURE_NONE && reply_finish(&x))
        assert(x.reply.status >= 200 && x.is_head_over);
    check(&x);
    rd_buf_done(&x.body);
    rd_arena_free(x.arena);
    return 0;
}
