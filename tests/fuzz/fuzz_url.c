/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a URL: parts lie inside it, encoding and decoding are each other's inverse. */
#include <assert.h>
#include <stdint.h>

#include "http/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_http_url url;
    if (rd_http_url_parse(text, &url)) {
        assert(url.host.n > 0 && url.port > 0 && url.port < 65536);
        assert(url.path.n == 0 || url.path.p[0] == '/');
        struct rd_str value;
        (void)rd_http_query_get(arena, url.query, "api-version", &value);
    }
    assert(rd_str_eq(rd_http_decode(arena, rd_http_encode(arena, text, false)), text));
    rd_arena_free(arena);
    return 0;
}
