/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a resource's id: to the client its parts lie inside it and its parent is above it,
 * and the cloud answers a GET and a DELETE of it. */
#include <assert.h>
#include <stdint.h>

#include "cloud.h"
#include "resource/id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct rd_str part, struct rd_str whole)
{
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void check_client(struct rd_arena *arena, struct rd_str id)
{
    struct rd_arm_id parts, above;
    bool is_id = rd_arm_id_parse(id, &parts);
    assert(is_id == (rd_arm_id_type(arena, id).n > 0));
    if (!is_id)
        return;
    assert(rd_arm_id_is_within(id, id) && parts.name.n > 0);
    assert(is_inside(parts.subscription, id) && is_inside(parts.resource_group, id) &&
           is_inside(parts.name, id) && is_inside(parts.parent, id));
    if (parts.parent.n == 0)
        return;
    assert(parts.parent.n < id.n && rd_arm_id_is_within(id, parts.parent));
    assert(!rd_arm_id_is_within(parts.parent, id));
    assert(rd_arm_id_parse(parts.parent, &above) || parts.subscription.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fuzz_header none = {0};
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str id = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    check_client(arena, id);
    struct rd_str path = rd_arena_printf(arena, "/%.*s", RD_FMT(rd_http_encode(arena, id, true)));
    (void)fuzz_ask(arena, RD_HTTP_GET, path, none, RD_STR(""));
    (void)fuzz_ask(arena, RD_HTTP_HEAD, path, none, RD_STR(""));
    /* The group stays, for the inputs that follow. */
    if (rd_str_find_case(id, RD_STR("/providers/"), 0) != RD_STR_NONE)
        (void)fuzz_ask(arena, RD_HTTP_DELETE, path, none, RD_STR(""));
    fuzz_wait(1);
    rd_arena_free(arena);
    return 0;
}
