/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as $filter of the lists that know one, Resource Manager's and the directory's: a list or
 * a refusal, never an error of the cloud's own; what no list has is listed by none. */
#include <assert.h>
#include <stdint.h>

#include "cloud.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BY_GRAPH "https://graph.microsoft.com/v1.0/"

static void prepare(struct rd_arena *arena)
{
    static bool is_ready;
    if (is_ready)
        return;
    is_ready = true;
    (void)fuzz_cloud();
    (void)fuzz_make(arena,
                    FUZZ_GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1",
                    "{'location':'westeurope','tags':{'a':'b'}}");
    (void)fuzz_make(arena, FUZZ_GROUP "/providers/Microsoft.Authorization/locks/l",
                    "{'properties':{'level':'CanNotDelete'}}");
    (void)fuzz_make(arena, FUZZ_GROUP "/providers/Microsoft.RecoveryServices/vaults/rsv",
                    "{'location':'westeurope','sku':{'name':'RS0'},'properties':{}}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const lists[] = {
        FUZZ_SUBSCRIPTION "/resources",
        FUZZ_SUBSCRIPTION "/resourcegroups",
        FUZZ_SUBSCRIPTION "/providers/Microsoft.Compute/skus",
        FUZZ_SUBSCRIPTION "/providers/Microsoft.Authorization/roleAssignments",
        FUZZ_SUBSCRIPTION "/providers/Microsoft.Authorization/roleDefinitions",
        FUZZ_SUBSCRIPTION "/providers/Microsoft.Authorization/locks",
        FUZZ_GROUP "/providers/Microsoft.RecoveryServices/vaults/rsv/backupProtectedItems",
        FUZZ_GROUP "/providers/Microsoft.RecoveryServices/vaults/rsv/backupProtectionContainers",
        FUZZ_GROUP "/providers/Microsoft.RecoveryServices/vaults/rsv/backupJobs",
        BY_GRAPH "servicePrincipals",
        BY_GRAPH "users",
    };
    struct rd_arena *arena = rd_arena_new(0);
    prepare(arena);
    if (size > 0) { /* the first byte says which list: one each, for speed */
        struct rd_str filter = {(const char *)data + 1, size - 1};
        struct rd_str url = rd_arena_printf(arena, "%s?%%24filter=%.*s&$top=3",
                                            lists[data[0] % (sizeof(lists) / sizeof(lists[0]))],
                                            RD_FMT(rd_http_encode(arena, filter, false)));
        struct fuzz_reply answer =
            fuzz_ask(arena, RD_HTTP_GET, url, (struct fuzz_header){0}, RD_STR(""));
        assert(answer.reply.status >= 400 ||
               rd_json_is(rd_json_get(&answer.body, RD_STR("value")), RD_JSON_ARRAY));
        fuzz_wait(1);
    }
    rd_arena_free(arena);
    return 0;
}
