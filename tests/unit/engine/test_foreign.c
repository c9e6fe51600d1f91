/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define GROUP SUB "/resourceGroups/rg"
#define PROVIDER GROUP "/providers/"
#define VM PROVIDER "Microsoft.Compute/virtualMachines/vm1"

struct stage {
    struct rd_arena *arena;
    struct fake_client net;
    struct rd_world world;
    struct rd_set *live;
    struct rd_err err;
};

static void stage_open(struct stage *s, struct fake_script *script)
{
    *s = (struct stage){.arena = rd_arena_new(0)};
    fake_client_open(&s->net, &(struct fake_client_options){.start_ms = 1000,
                                                            .handler = fake_script_answer,
                                                            .data = script,
                                                            .in_flight_max = 4,
                                                            .attempts_max = 2});
    s->world = world_of(&s->net);
    s->live = new_set(s->arena);
    static const char *const ids[] = {GROUP, VM};
    for (size_t i = 0; i < 2; i++) {
        size_t index = 0;
        assert_int_equal(
            rd_set_add(s->live, rd_str_from(ids[i]), rd_json_object(), RD_STR(""), &index, &s->err),
            RD_RC_OK);
    }
    rd_set_resolve_live(s->live);
}

static void stage_close(struct stage *s)
{
    rd_set_done(s->live);
    fake_client_close(&s->net);
    rd_arena_free(s->arena);
}

/* Known are what was read, what is below it or managed by it, and what bears the enclave's tag. */
static void what_nobody_knows_in_a_group_is_named_from_every_page(void **state)
{
    (void)state;
    static const struct fake_line lines[] = {
        {.status = 200,
         .body = "{\"value\":[{\"id\":\"" VM "\"},{\"id\":\"" VM "/extensions/a\"},"
                 "{\"id\":\"" PROVIDER "Microsoft.Compute/disks/d\",\"managedBy\":\"" VM "\"},"
                 "{\"id\":\"" PROVIDER "Microsoft.Storage/storageAccounts/theirs\"}],"
                 "\"nextLink\":\"https://management.azure.com" GROUP "/resources?page=2\"}"},
        {.status = 200,
         .body = "{\"value\":[{\"id\":\"" PROVIDER "Microsoft.X/y/ours\","
                 "\"tags\":{\"redoubt-enclave\":\"e1\"}},"
                 "{\"id\":\"" PROVIDER "Microsoft.X/y/others\","
                 "\"tags\":{\"redoubt-enclave\":\"e10\"}}]}"},
    };
    struct fake_script script = {lines, 2, 0};
    struct stage s;
    stage_open(&s, &script);
    assert_int_equal(rd_engine_read_foreign(&s.world, s.arena, s.live, &s.err), RD_RC_OK);
    const struct rd_json *foreign = rd_json_get(&s.live->facts, RD_STR("foreign"));
    assert_int_equal(rd_json_count(foreign), 2);
    assert_true(rd_str_is(rd_json_str(rd_json_item(foreign, 0)),
                          PROVIDER "Microsoft.Storage/storageAccounts/theirs"));
    assert_true(rd_str_is(rd_json_str(rd_json_item(foreign, 1)), PROVIDER "Microsoft.X/y/others"));
    stage_close(&s);
}

/* Without an answer nothing may be taken for empty; a group that is gone is. */
static void a_refusal_is_an_error_and_a_missing_group_is_empty(void **state)
{
    (void)state;
    static const struct fake_line refusal[] = {
        {.status = 403,
         .body = "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}"}};
    static const struct fake_line gone[] = {
        {.status = 404,
         .body = "{\"error\":{\"code\":\"ResourceGroupNotFound\",\"message\":\"gone\"}}"}};
    struct fake_script scripts[] = {{refusal, 1, 0}, {gone, 1, 0}};
    static const enum rd_rc expected[] = {RD_RC_PERMISSION, RD_RC_OK};
    for (size_t i = 0; i < 2; i++) {
        struct stage s;
        stage_open(&s, &scripts[i]);
        assert_int_equal(rd_engine_read_foreign(&s.world, s.arena, s.live, &s.err), expected[i]);
        stage_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_knows_in_a_group_is_named_from_every_page),
        cmocka_unit_test(a_refusal_is_an_error_and_a_missing_group_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
