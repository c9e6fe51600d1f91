/* SPDX-License-Identifier: Apache-2.0 */
/* Machines with keys of the customer's, which may not run at first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

#define KEYED                                                                                      \
    "{\"properties\":{\"storageProfile\":{\"osDisk\":{\"managedDisk\":{\"securityProfile\":{"      \
    "\"diskEncryptionSet\":{\"id\":\"" GROUP                                                       \
    "/providers/Microsoft.Compute/diskEncryptionSets/d\"}}}}}}}"
#define POWER(state)                                                                               \
    "{\"properties\":{\"provisioningState\":\"Succeeded\",\"instanceView\":{\"statuses\":["        \
    "{\"code\":\"ProvisioningState/succeeded\"},{\"code\":\"PowerState/" state "\"}]}}}"
#define DES_GRANT                                                                                  \
    GROUP "/providers/Microsoft.Authorization/roleAssignments/"                                    \
          "aaaaaaaa-0000-0000-0000-000000000001"

/* Its key may not be released to it yet, and no error says so. */
static void a_machine_that_was_made_and_does_not_run_is_started(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VM, KEYED);
    enum rd_rc rc = RUN(
        s, RD_CHANGE_CREATE, VM, {RD_HTTP_PUT, "/vm1?", 0, .line = {.status = 200, .body = "{}"}},
        {RD_HTTP_GET, "/vm1?", 4, .line = {.status = 200, .body = POWER("stopped")}},
        {RD_HTTP_GET, "/vm1?", 0, .line = {.status = 200, .body = POWER("running")}},
        {RD_HTTP_POST, "/vm1/start?", 0, .line = {.status = 200, .body = ""}});
    if (rc != RD_RC_OK)
        fail_msg("%s", s->err.msg);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_POST, "/vm1/start?"), 1);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_PUT, "/vm1?"), 1);
}

/* Starting is no cure where nothing is new; where a grant is, it is tried until that must count.
 * One that does not say since when it is held, as an HSM's, may be new. */
static void a_machine_that_never_runs_is_told_with_its_remedy(void **state)
{
    struct scene *s = *state;
    static const char *const grants[] = {
        NULL, "{\"properties\":{\"createdOn\":\"2023-11-14T22:13:00Z\"}}", "{}"};
    size_t starts[3];
    for (size_t i = 0; i < 3; i++) {
        if (i > 0)
            scene_renew(state);
        s = *state;
        add(s, s->desired, VM, KEYED);
        if (grants[i] != NULL) {
            add(s, s->desired, DES_GRANT, "{}");
            add(s, s->live, DES_GRANT, grants[i]);
            rd_resource_need(s->desired, 0, RD_STR(DES_GRANT));
        }
        enum rd_rc rc =
            RUN(s, RD_CHANGE_CREATE, VM,
                {RD_HTTP_PUT, "/vm1?", 0, .line = {.status = 200, .body = "{}"}},
                {RD_HTTP_GET, "/vm1?", 0, .line = {.status = 200, .body = POWER("stopped")}},
                {RD_HTTP_POST, "/vm1/start?", 0, .line = {.status = 200, .body = ""}});
        assert_int_equal(rc, RD_RC_PERMISSION);
        assert_non_null(strstr(s->err.msg, "it does not run"));
        assert_non_null(strstr(s->err.hint, "release role"));
        starts[i] = fake_count(&s->net.fake, RD_HTTP_POST, "/vm1/start?");
    }
    assert_int_equal(starts[0], 2);
    assert_true(starts[1] > 3);
    assert_int_equal(starts[2], starts[1]);
    int64_t waited_ms = rd_loop_now_ms(s->net.loop) - 1700000000000;
    assert_true(waited_ms > 1200000 && waited_ms < 2400000);
}

/* Somebody may have taken it down; a machine with platform keys has nothing to wait for. */
static void no_machine_is_started_against_somebodys_will(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VM, KEYED);
    assert_int_equal(
        RUN(s, RD_CHANGE_CREATE, VM,
            {RD_HTTP_PUT, "/vm1?", 0, .line = {.status = 200, .body = "{}"}},
            {RD_HTTP_GET, "/vm1?", 0, .line = {.status = 200, .body = POWER("deallocated")}}),
        RD_RC_OK);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_POST, "/start"), 0);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_GET, "/vm1?"), 1);
}

static void a_machine_with_platform_keys_is_not_looked_at(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VM, "{}");
    assert_int_equal(RUN(s, RD_CHANGE_CREATE, VM,
                         {RD_HTTP_PUT, "/vm1?", 0, .line = {.status = 200, .body = "{}"}}),
                     RD_RC_OK);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_GET, "/vm1?"), 0);
}

/* The run that made it was cut short before it saw it run. */
static void what_no_run_has_seen_run_is_read_with_its_power(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, GROUP, "{}");
    add(s, s->desired, VM, KEYED);
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    for (int phase = RD_JOURNAL_INTENT; phase <= RD_JOURNAL_DONE; phase++) {
        struct rule rules[] = {
            {RD_HTTP_GET, "resourceGroups/rg?", 0, .line = {.status = 200, .body = "{}"}},
            {RD_HTTP_GET, "/virtualMachines?", 0,
             .line = {.status = 200, .body = "{\"value\":[{\"id\":\"" VM "\"}]}"}},
            {RD_HTTP_GET, "expand=instanceView", 0,
             .line = {.status = 200, .body = POWER("stopped")}},
        };
        scene_answer(s, rules, sizeof(rules) / sizeof(rules[0]));
        leave(s, (enum rd_journal_phase)phase, "put", VM);
        struct rd_set *live = NULL;
        assert_int_equal(rd_engine_read(&s->world, s->arena, s->desired, &live, &s->err), RD_RC_OK);
        assert_non_null(live);
        const struct rd_resource *vm = rd_set_find(live, RD_STR(VM));
        assert_non_null(vm);
        bool has_power = rd_json_exists(rd_json_at(&vm->body, "properties.instanceView"));
        assert_int_equal(has_power, phase != RD_JOURNAL_DONE);
        rd_set_done(live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_machine_that_was_made_and_does_not_run_is_started),
        IN_SCENE(a_machine_that_never_runs_is_told_with_its_remedy),
        IN_SCENE(no_machine_is_started_against_somebodys_will),
        IN_SCENE(a_machine_with_platform_keys_is_not_looked_at),
        IN_SCENE(what_no_run_has_seen_run_is_read_with_its_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
