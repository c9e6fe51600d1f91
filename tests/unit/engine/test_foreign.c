/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a resource group and not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

#define THEIRS GROUP "/providers/Microsoft.Storage/storageAccounts/theirs"

static void read_known(struct scene *s)
{
    add(s, s->live, GROUP, "{}");
    add(s, s->live, VM, "{}");
    rd_set_resolve_live(s->live);
}

/* Known are what was read, what is below it or managed by it, and what bears the enclave's tag. */
static void what_nobody_knows_in_a_group_is_named_from_every_page(void **state)
{
    struct scene *s = *state;
    struct rule rules[] = {
        {RD_HTTP_GET, "/resources?page=2", 0,
         .line = {.status = 200,
                  .body = "{\"value\":[{\"id\":\"" GROUP "/providers/Microsoft.X/y/ours\","
                          "\"tags\":{\"redoubt-enclave\":\"e1\"}},"
                          "{\"id\":\"" GROUP "/providers/Microsoft.X/y/others\","
                          "\"tags\":{\"redoubt-enclave\":\"e10\"}}]}"}},
        {RD_HTTP_GET, "/resources?", 0,
         .line = {.status = 200,
                  .body = "{\"value\":[{\"id\":\"" VM "\"},{\"id\":\"" VM "/extensions/a\"},"
                          "{\"id\":\"" GROUP
                          "/providers/Microsoft.Compute/disks/d\",\"managedBy\":\"" VM "\"},"
                          "{\"id\":\"" THEIRS "\"}],"
                          "\"nextLink\":\"" ARM GROUP "/resources?page=2\"}"}},
    };
    scene_answer(s, rules, 2);
    read_known(s);
    assert_int_equal(rd_engine_read_foreign(&s->world, s->arena, s->live, &s->err), RD_RC_OK);
    const struct rd_json *foreign = rd_json_get(&s->live->facts, RD_STR("foreign"));
    assert_int_equal(rd_json_count(foreign), 2);
    assert_true(rd_str_is(rd_json_str(rd_json_item(foreign, 0)), THEIRS));
    assert_true(
        rd_str_is(rd_json_str(rd_json_item(foreign, 1)), GROUP "/providers/Microsoft.X/y/others"));
}

/* Without an answer nothing may be taken for empty; a group that is gone is. */
static void a_refusal_is_an_error_and_a_missing_group_is_empty(void **state)
{
    struct scene *s = *state;
    read_known(s);
    struct rule refusal = {
        RD_HTTP_GET, "/resources?", 0,
        .line = {.status = 403,
                 .body = "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}"}};
    scene_answer(s, &refusal, 1);
    assert_int_equal(rd_engine_read_foreign(&s->world, s->arena, s->live, &s->err),
                     RD_RC_PERMISSION);
    struct rule gone = {
        RD_HTTP_GET, "/resources?", 0,
        .line = {.status = 404,
                 .body = "{\"error\":{\"code\":\"ResourceGroupNotFound\",\"message\":\"gone\"}}"}};
    scene_answer(s, &gone, 1);
    assert_int_equal(rd_engine_read_foreign(&s->world, s->arena, s->live, &s->err), RD_RC_OK);
}

/* Deleting a group deletes what somebody has put into it since the plan was made. */
static void a_group_with_something_new_in_it_is_not_deleted(void **state)
{
    static const char *const contents[] = {
        "{\"value\":[]}",
        "{\"value\":[{\"id\":\"" VM "\"},{\"id\":\"" VM "/extensions/a\"}]}",
        "{\"value\":[{\"id\":\"" VM "\"},{\"id\":\"" THEIRS "\"}]}",
        "{\"value\":[],\"nextLink\":\"" ARM GROUP "/resources?page=2\"}",
    };
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        if (i > 0)
            scene_renew(state);
        struct scene *s = *state;
        add(s, s->live, GROUP, "{}");
        add(s, s->live, VM, "{}");
        enum rd_rc rc =
            RUN(s, RD_CHANGE_DELETE, GROUP,
                {RD_HTTP_GET, "/resources?page=2", 0,
                 .line = {.status = 200, .body = "{\"value\":[{\"id\":\"" THEIRS "\"}]}"}},
                {RD_HTTP_GET, "/resources?", 0, .line = {.status = 200, .body = contents[i]}},
                {RD_HTTP_DELETE, "resourceGroups/rg?", 0, .line = {.status = 200, .body = ""}});
        assert_int_equal(rc, i < 2 ? RD_RC_OK : RD_RC_STALE);
        assert_int_equal(fake_count(&s->net.fake, RD_HTTP_DELETE, "/"), i < 2);
        if (i >= 2)
            assert_non_null(strstr(s->err.msg, THEIRS));
    }
}

/* What cannot be looked into may hold anything. */
static void a_group_that_cannot_be_listed_is_not_deleted(void **state)
{
    struct scene *s = *state;
    add(s, s->live, GROUP, "{}");
    assert_int_equal(
        RUN(s, RD_CHANGE_DELETE, GROUP,
            {RD_HTTP_GET, "/resources?", 0,
             .line = {.status = 403, .body = "{\"error\":{\"code\":\"AuthorizationFailed\"}}"}},
            {RD_HTTP_DELETE, "https:", 0, .line = {.status = 200, .body = ""}}),
        RD_RC_PERMISSION);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_DELETE, "/"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(what_nobody_knows_in_a_group_is_named_from_every_page),
        IN_SCENE(a_refusal_is_an_error_and_a_missing_group_is_empty),
        IN_SCENE(a_group_with_something_new_in_it_is_not_deleted),
        IN_SCENE(a_group_that_cannot_be_listed_is_not_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
