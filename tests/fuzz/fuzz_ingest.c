/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as logs that are sent to a collection rule, plain and as gzip: taken or refused, and
 * what was taken is found again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "cloud.h"
#include "http/gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORKSPACE FUZZ_GROUP "/providers/Microsoft.OperationalInsights/workspaces/law1"
#define RULE FUZZ_GROUP "/providers/Microsoft.Insights/dataCollectionRules/r"

static struct rd_str endpoint; /* of the rule's stream */

static void prepare(struct rd_arena *arena)
{
    if (endpoint.n > 0)
        return;
    (void)fuzz_cloud();
    (void)fuzz_make(arena, WORKSPACE, "{'location':'westeurope'}");
    (void)fuzz_make(arena, WORKSPACE "/tables/Own_CL",
                    "{'properties':{'schema':{'name':'Own_CL','columns':[{'name':'TimeGenerated',"
                    "'type':'datetime'},{'name':'Text','type':'string'},{'name':'N','type':'int'}]"
                    "}}}");
    struct fuzz_reply rule = fuzz_make(
        arena, RULE,
        "{'location':'westeurope','kind':'Direct','properties':{'destinations':{'logAnalytics':[{"
        "'name':'law','workspaceResourceId':'" WORKSPACE "'}]},'dataFlows':[{'streams':["
        "'Custom-Own_CL'],'outputStream':'Custom-Own_CL','destinations':['law']}]}}");
    static char text[256];
    struct rd_str full = rd_arena_printf(
        arena, "%.*s/dataCollectionRules/%.*s/streams/Custom-Own_CL?api-version=2023-01-01",
        RD_FMT(rd_json_str(rd_json_at(&rule.body, "properties.endpoints.logsIngestion"))),
        RD_FMT(rd_json_str(rd_json_at(&rule.body, "properties.immutableId"))));
    assert(full.n < sizeof(text));
    for (size_t i = 0; i < full.n; i++)
        text[i] = full.p[i];
    endpoint = (struct rd_str){text, full.n};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { UNPACKED_MAX = 1 << 20 };
    struct rd_arena *arena = rd_arena_new(0);
    prepare(arena);
    struct rd_str body = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_str out = {"", 0};
    struct rd_err err;
    if (rd_http_gunzip(arena, body, UNPACKED_MAX, &out, &err) == RD_RC_OK)
        assert(out.n <= UNPACKED_MAX);
    struct fuzz_reply plain =
        fuzz_ask(arena, RD_HTTP_POST, endpoint, (struct fuzz_header){0}, body);
    struct fuzz_reply packed =
        fuzz_ask(arena, RD_HTTP_POST, endpoint,
                 (struct fuzz_header){"Content-Encoding", RD_STR("gzip")}, body);
    assert(plain.reply.status == 204 || plain.reply.status >= 400);
    assert(plain.reply.status != 204 || packed.reply.status >= 400); /* JSON is no gzip */
    rd_arena_free(arena);
    return 0;
}
