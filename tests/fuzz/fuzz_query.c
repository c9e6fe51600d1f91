/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a query string: values lie within what was sent, a parameter that is put in front is
 * found whatever follows it, and the cloud answers lists and operations asked with it. */
#include <assert.h>
#include <stdint.h>

#include "cloud.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {
        FUZZ_GROUP, FUZZ_SUBSCRIPTION "/resources",
        FUZZ_SUBSCRIPTION "/providers/Microsoft.Compute/skus",
        FUZZ_GROUP "/providers"
                   "/Microsoft.Network/virtualNetworks/v/CheckIPAddressAvailability"};
    static const char *const names[] = {"api-version", "$filter", "$skiptoken", "a", ""};
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str query = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_str value = {"", 0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (rd_http_query_get(arena, query, names[i], &value))
            assert(value.n <= query.n);
    struct rd_str with = rd_arena_printf(
        arena, "x%%2Dy=%.*s&%.*s", RD_FMT(rd_http_encode(arena, query, false)), RD_FMT(query));
    assert(rd_http_query_get(arena, with, "X-Y", &value) && rd_str_eq(value, query));
    size_t which = size > 0 ? data[0] % (sizeof(paths) / sizeof(paths[0])) : 0;
    struct rd_str url =
        rd_arena_printf(arena, "https://management.azure.com%s?%.*s", paths[which], RD_FMT(query));
    (void)fuzz_cloud();
    (void)fuzz_ask(arena, RD_HTTP_GET, url, (struct fuzz_header){0}, RD_STR(""));
    fuzz_wait(1);
    rd_arena_free(arena);
    return 0;
}
