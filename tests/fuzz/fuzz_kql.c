/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a query of Log Analytics: a table, or a refusal that says where it stopped. */
#include <assert.h>
#include <stdint.h>

#include "cloud.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rd_str url(struct rd_arena *arena)
{
    static char text[128];
    static size_t n;
    if (n == 0) {
        (void)fuzz_cloud();
        struct fuzz_reply made =
            fuzz_make(arena, FUZZ_GROUP "/providers/Microsoft.OperationalInsights/workspaces/law1",
                      "{'location':'westeurope'}");
        struct rd_str full =
            rd_arena_printf(arena, "https://api.loganalytics.io/v1/workspaces/%.*s/query",
                            RD_FMT(rd_json_str(rd_json_at(&made.body, "properties.customerId"))));
        assert(full.n < sizeof(text));
        for (n = 0; n < full.n; n++)
            text[n] = full.p[n];
    }
    return (struct rd_str){text, n};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_str query = {"", 0}, span = text;
    struct rd_json body = rd_json_object();
    /* A line that follows is the time span. */
    (void)rd_str_next(&span, '\n', &query);
    if (rd_str_is_utf8(query))
        rd_json_set_c(arena, &body, "query", rd_json_string(query));
    if (span.n > 0 && rd_str_is_utf8(span))
        rd_json_set_c(arena, &body, "timespan", rd_json_string(span));
    struct fuzz_reply answer = fuzz_ask(arena, RD_HTTP_POST, url(arena), (struct fuzz_header){0},
                                        rd_json_text(arena, &body, RD_JSON_COMPACT));
    if (answer.reply.status == 200)
        assert(rd_json_count(rd_json_at(&answer.body, "tables.0.columns")) > 0);
    struct rd_str get = rd_arena_printf(arena, "%.*s?query=%.*s", RD_FMT(url(arena)),
                                        RD_FMT(rd_http_encode(arena, query, false)));
    (void)fuzz_ask(arena, RD_HTTP_GET, get, (struct fuzz_header){0}, RD_STR(""));
    rd_arena_free(arena);
    return 0;
}
