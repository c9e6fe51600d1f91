/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as the range of a blob: the whole, the part that Content-Range tells, or 416. */
#include <assert.h>
#include <stdint.h>

#include "cloud.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COMPUTE FUZZ_GROUP "/providers/Microsoft.Compute"
#define IDENTITY FUZZ_GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"
#define IMAGE COMPUTE "/galleries/gal/images/img"
#define TEMPLATE FUZZ_GROUP "/providers/Microsoft.VirtualMachineImages/imageTemplates/tpl"

static struct rd_str blob; /* the log of a build that failed */
static struct rd_str whole;

static struct rd_str keep(char *room, size_t size, struct rd_str text)
{
    assert(text.n <= size);
    for (size_t i = 0; i < text.n; i++)
        room[i] = text.p[i];
    return (struct rd_str){room, text.n};
}

static void build(struct rd_arena *arena)
{
    const struct fuzz_header none = {0};
    struct rd_err err;
    (void)fuzz_make(arena, COMPUTE "/galleries/gal", "{'location':'westeurope','properties':{}}");
    (void)fuzz_make(arena, IMAGE,
                    "{'location':'westeurope','properties':{'osType':'Windows','osState':"
                    "'Generalized','hyperVGeneration':'V2','identifier':{'publisher':'p','offer':"
                    "'o','sku':'s'}}}");
    struct fuzz_reply identity = fuzz_make(arena, IDENTITY, "{'location':'westeurope'}");
    struct rd_str grant = rd_arena_printf(
        arena,
        "{'properties':{'roleDefinitionId':'" FUZZ_SUBSCRIPTION
        "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c',"
        "'principalId':'%.*s','principalType':'ServicePrincipal'}}",
        RD_FMT(rd_json_str(rd_json_at(&identity.body, "properties.principalId"))));
    (void)fuzz_make(arena,
                    FUZZ_GROUP "/providers/Microsoft.Authorization/roleAssignments/"
                               "44444444-4444-4444-4444-444444444444",
                    grant.p);
    (void)fuzz_make(
        arena, TEMPLATE,
        "{'location':'westeurope','identity':{'type':'UserAssigned','userAssignedIdentities':{"
        "'" IDENTITY "':{}}},'properties':{'source':{'type':'PlatformImage','publisher':"
        "'microsoftwindowsdesktop','offer':'office-365','sku':'win11-25h2-avd-m365','version':"
        "'latest'},'customize':[{'type':'PowerShell','name':'apps','inline':['echo']}],'distribute"
        "':[{'type':'SharedImage','runOutputName':'out','galleryImageId':'" IMAGE
        "','targetRegions':[{'name':'westeurope','replicaCount':1}]}]}}");
    assert(rd_cloud_add_fault(fuzz_cloud(), RD_STR("image-build"), &err) == RD_RC_OK);
    assert(fuzz_ask(arena, RD_HTTP_POST, RD_STR(TEMPLATE "/run"), none, RD_STR("")).reply.status ==
           202);
    fuzz_wait(6 * 3600);
}

static void prepare(struct rd_arena *arena)
{
    static char url_room[512], whole_room[16 << 10];
    const struct fuzz_header none = {0};
    if (blob.n > 0)
        return;
    (void)fuzz_cloud();
    build(arena);
    struct fuzz_reply failed = fuzz_ask(arena, RD_HTTP_GET, RD_STR(TEMPLATE), none, RD_STR(""));
    struct rd_str said = rd_json_str(rd_json_at(&failed.body, "properties.lastRunStatus.message"));
    size_t from = rd_str_find(said, RD_STR("https://"), rd_str_find(said, RD_STR("location"), 0));
    size_t to = rd_str_find(said, RD_STR(".log"), from) + 4;
    blob = keep(url_room, sizeof(url_room), rd_str_sub(said, from, to));
    whole = keep(whole_room, sizeof(whole_room),
                 fuzz_ask(arena, RD_HTTP_GET, blob, none, RD_STR("")).reply.body);
    assert(whole.n > 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new(0);
    prepare(arena);
    struct rd_str range = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct fuzz_header header = {size % 2 == 0 ? "Range" : "x-ms-range", range};
    struct fuzz_reply got = fuzz_ask(arena, RD_HTTP_GET, blob, header, RD_STR(""));
    struct rd_str told = rd_http_headers_get(&got.reply.headers, "Content-Range");
    if (got.reply.status == 200)
        assert(told.n == 0 && rd_str_eq(got.reply.body, whole));
    else if (got.reply.status == 206)
        assert(rd_str_has_prefix(told, RD_STR("bytes ")) && got.reply.body.n > 0 &&
               rd_str_find(whole, got.reply.body, 0) != RD_STR_NONE);
    else
        assert(got.reply.status == 416 && rd_str_has_prefix(told, RD_STR("bytes */")));
    rd_arena_free(arena);
    return 0;
}
