/* SPDX-License-Identifier: Apache-2.0 */
/* What a killed run, or somebody else, left under way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

#define VERSION GROUP "/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0"

static void an_operation_that_failed_in_passing_meanwhile_is_sent_again(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VM, "{}");
    leave(s, RD_JOURNAL_ACCEPTED, "put", VM);
    enum rd_rc rc = RUN(s, RD_CHANGE_CREATE, VM,
                        {RD_HTTP_GET, "/operations/", 0,
                         .line = {.status = 200,
                                  .body = "{\"status\":\"Failed\",\"error\":{\"code\":"
                                          "\"InternalDiskManagementError\",\"message\":\"m\"}}"}},
                        {RD_HTTP_PUT, "/vm1", 0, .line = {.status = 200, .body = "{}"}});
    assert_int_equal(rc, RD_RC_OK);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_PUT, "/vm1"), 1);
    assert_int_equal(open_url(s, "put", VM).n, 0);
}

static void an_action_that_a_killed_run_may_have_started_is_waited_for(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, TEMPLATE, "{}")->is_existing = true;
    add(s, s->desired, VERSION, "{}")->via = RD_STR(TEMPLATE "/run");
    leave(s, RD_JOURNAL_INTENT, "put", VERSION);
    enum rd_rc rc =
        RUN(s, RD_CHANGE_CREATE, VERSION,
            {RD_HTTP_POST, "/t/run", 0,
             .line = {.status = 409,
                      .body = "{\"error\":{\"code\":\"Conflict\",\"message\":\"it runs\"}}"}},
            {RD_HTTP_GET, "/versions/1.0.0", 3, .line = {.status = 404, .body = "{}"}},
            {RD_HTTP_GET, "/versions/1.0.0", 0,
             .line = {.status = 200,
                      .body = "{\"properties\":{\"replicationStatus\":{\"aggregatedState\":"
                              "\"Completed\"}}}"}});
    if (rc != RD_RC_OK)
        fail_msg("%s", s->err.msg);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_POST, "/t/run"), 1);
}

/* The killed run's create and today's spec: only what the cloud says is believed. */
static void what_was_made_of_another_spec_is_brought_up_to_date(void **state)
{
    static const struct {
        const char *asked;
        const char *live;
        enum rd_rc rc;
        size_t puts;
    } cases[] = {
        {"", "{\"location\":\"west\",\"properties\":{\"a\":1}}", RD_RC_OK, 0}, /* not known */
        {"0", "{\"location\":\"west\",\"properties\":{\"a\":1}}", RD_RC_OK, 1},
        {"0", "{\"location\":\"west\",\"properties\":{\"a\":2}}", RD_RC_OK, 1}, /* write-only? */
        {"0", "{\"location\":\"east\",\"properties\":{\"a\":2}}", RD_RC_STALE, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (i > 0)
            scene_renew(state);
        struct scene *s = *state;
        add(s, s->desired, VM, "{\"location\":\"west\",\"properties\":{\"a\":2}}");
        s->asked = cases[i].asked;
        leave(s, RD_JOURNAL_ACCEPTED, "put", VM);
        enum rd_rc rc =
            RUN(s, RD_CHANGE_CREATE, VM,
                {RD_HTTP_GET, "/operations/", 0,
                 .line = {.status = 200, .body = "{\"status\":\"Succeeded\"}"}},
                {RD_HTTP_GET, "/vm1?", 0, .line = {.status = 200, .body = cases[i].live}},
                {RD_HTTP_PUT, "/vm1?", 0, .line = {.status = 200, .body = "{}"}});
        if (rc != cases[i].rc)
            fail_msg("case %zu: %s %s", i, rd_rc_name(rc), s->err.msg);
        assert_int_equal(fake_count(&s->net.fake, RD_HTTP_PUT, "/vm1?"), cases[i].puts);
    }
}

/* The second run finds the hash that the first has left; the same spec sends nothing again. */
static void what_was_made_of_the_same_spec_is_not_sent_again(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VM, "{\"properties\":{\"a\":2}}");
    assert_int_equal(
        RUN(s, RD_CHANGE_CREATE, VM,
            {RD_HTTP_PUT, "/vm1?", 0,
             .line = {.status = 201, .body = "{}", .headers = {"Azure-AsyncOperation", OPERATION}}},
            {RD_HTTP_GET, "/operations/", 0, .line = {.status = 503, .body = "{}"}}),
        RD_RC_TRANSIENT);
    s->desired->is_resolved = false;
    assert_int_equal(RUN(s, RD_CHANGE_CREATE, VM,
                         {RD_HTTP_GET, "/operations/", 0,
                          .line = {.status = 200, .body = "{\"status\":\"Succeeded\"}"}},
                         {RD_HTTP_GET, "/vm1?", 0,
                          .line = {.status = 200, .body = "{\"properties\":{\"a\":2}}"}}),
                     RD_RC_OK);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_PUT, "/vm1?"), 1);
}

static const struct rd_step follow = {.kind = RD_STEP_WAIT, .id = {VM, sizeof(VM) - 1}};

/* What a killed run began fails in the run after it, which says so, in the operation's words. */
static void a_write_that_is_under_way_is_followed_to_its_failure(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VM, "{}");
    add(s, s->live, VM, "{\"properties\":{\"provisioningState\":\"Creating\"}}");
    leave(s, RD_JOURNAL_ACCEPTED, "put", VM);
    s->other_step = &follow;
    enum rd_rc rc = RUN(
        s, RD_CHANGE_UPDATE, VM,
        {RD_HTTP_GET, "/operations/", 1,
         .line = {.status = 200, .body = "{\"status\":\"InProgress\"}"}},
        {RD_HTTP_GET, "/operations/", 0,
         .line = {.status = 200,
                  .body = "{\"status\":\"Failed\",\"error\":{\"code\":\"SkuNotAvailable\","
                          "\"message\":\"no room\"}}"}},
        {RD_HTTP_GET, "/vm1?", 0,
         .line = {.status = 200, .body = "{\"properties\":{\"provisioningState\":\"Failed\"}}"}});
    assert_int_equal(rc, RD_RC_CAPACITY);
    assert_non_null(strstr(s->err.msg, "waiting for virtual machine 'vm1' failed"));
    assert_non_null(strstr(s->err.msg, "no room"));
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_PUT, "/"), 0);
    assert_int_equal(open_url(s, "put", VM).n, 0);
}

static void a_write_of_others_that_is_under_way_is_waited_for(void **state)
{
    static const struct {
        const char *end;
        int status;
        enum rd_rc rc;
    } cases[] = {
        {"{\"properties\":{\"provisioningState\":\"Succeeded\"}}", 200, RD_RC_OK},
        {"{\"properties\":{\"provisioningState\":\"Failed\"}}", 200, RD_RC_CONFIGURATION},
        {"{\"properties\":{\"provisioningState\":\"Canceled\"}}", 200, RD_RC_CONFIGURATION},
        {"{\"error\":{\"code\":\"ResourceNotFound\"}}", 404, RD_RC_CONFLICT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (i > 0)
            scene_renew(state);
        struct scene *s = *state;
        add(s, s->desired, VM, "{}");
        add(s, s->live, VM, "{\"properties\":{\"provisioningState\":\"Updating\"}}");
        s->other_step = &follow;
        enum rd_rc rc = RUN(
            s, RD_CHANGE_UPDATE, VM,
            {RD_HTTP_GET, "/vm1?", 2,
             .line = {.status = 200,
                      .body = "{\"properties\":{\"provisioningState\":\"Updating\"}}"}},
            {RD_HTTP_GET, "/vm1?", 0, .line = {.status = cases[i].status, .body = cases[i].end}});
        if (cases[i].rc == RD_RC_OK ? rc != RD_RC_OK : rc == RD_RC_OK)
            fail_msg("case %zu: %s: %s", i, rd_rc_name(rc), s->err.msg);
        assert_int_equal(fake_count(&s->net.fake, RD_HTTP_GET, "/vm1?"), 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(an_operation_that_failed_in_passing_meanwhile_is_sent_again),
        IN_SCENE(an_action_that_a_killed_run_may_have_started_is_waited_for),
        IN_SCENE(what_was_made_of_another_spec_is_brought_up_to_date),
        IN_SCENE(what_was_made_of_the_same_spec_is_not_sent_again),
        IN_SCENE(a_write_that_is_under_way_is_followed_to_its_failure),
        IN_SCENE(a_write_of_others_that_is_under_way_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
