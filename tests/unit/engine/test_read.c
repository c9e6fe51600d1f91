/* SPDX-License-Identifier: Apache-2.0 */
/* What reading makes of odd answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

#define GRANT(scope, n) scope "/providers/Microsoft.Authorization/roleAssignments/" n

/* A refusal of a data plane means "nothing is there yet" only when the grant for it is missing. */
static void a_missing_grant_elsewhere_does_not_hide_what_is_refused(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, GROUP, "{}");
    add(s, s->desired, VAULT, "{}");
    add(s, s->desired, VAULT "/secrets/a", "{}");
    add(s, s->desired, GRANT(VAULT, "1"), "{}");
    add(s, s->desired, VM, "{}");
    add(s, s->desired, GRANT(VM, "2"), "{}");
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    for (int has_grant = 0; has_grant < 2; has_grant++) {
        struct rule rules[] = {
            {RD_HTTP_GET, "resourceGroups/rg?", 0, .line = {.status = 200, .body = "{}"}},
            {RD_HTTP_GET, "/vaults?", 0,
             .line = {.status = 200, .body = "{\"value\":[{\"id\":\"" VAULT "\"}]}"}},
            {RD_HTTP_GET, "kv1.vault.azure.net", 0,
             .line = {.status = 403,
                      .body = "{\"error\":{\"code\":\"Forbidden\",\"message\":\"m\",\"innererror\":"
                              "{\"code\":\"ForbiddenByRbac\"}}}"}},
            {RD_HTTP_GET, "kv1/providers/Microsoft.Authorization/roleAssignments?", 0,
             .line = {.status = 200,
                      .body = has_grant ? "{\"value\":[{\"id\":\"" GRANT(VAULT, "1") "\"}]}"
                                        : "{\"value\":[]}"}}};
        scene_answer(s, rules, sizeof(rules) / sizeof(rules[0]));
        struct rd_set *live = NULL;
        enum rd_rc rc = rd_engine_read(&s->world, s->arena, s->desired, &live, &s->err);
        assert_int_equal(rc, has_grant ? RD_RC_PERMISSION : RD_RC_OK);
        if (rc == RD_RC_OK)
            rd_set_done(live);
    }
}

#define RSV GROUP "/providers/Microsoft.RecoveryServices/vaults/rsv"
#define ITEM RSV "/backupFabrics/Azure/protectionContainers/c/protectedItems/i"

/* Backup that was taken out of the spec: its types are in no desired resource any more. */
static void what_the_spec_no_longer_names_is_found(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, GROUP, "{}");
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    struct rule rules[] = {
        {RD_HTTP_GET, "resourceGroups/rg?", 0, .line = {.status = 200, .body = "{}"}},
        {RD_HTTP_GET, "RecoveryServices/vaults?", 0,
         .line = {.status = 200,
                  .body =
                      "{\"value\":[{\"id\":\"" RSV "\",\"tags\":{\"redoubt-enclave\":\"e1\"}}]}"}},
        {RD_HTTP_GET, "rsv/backupProtectedItems", 0,
         .line = {.status = 200, .body = "{\"value\":[{\"id\":\"" ITEM "\"}]}"}},
    };
    scene_answer(s, rules, sizeof(rules) / sizeof(rules[0]));
    struct rd_set *live = NULL;
    assert_int_equal(rd_engine_read(&s->world, s->arena, s->desired, &live, &s->err), RD_RC_OK);
    assert_non_null(live);
    assert_non_null(rd_set_find(live, RD_STR(RSV)));
    assert_non_null(rd_set_find(live, RD_STR(ITEM)));
    rd_set_done(live);
}

static void a_list_without_an_end_is_told(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, GROUP, "{}");
    add(s, s->desired, VM, "{}");
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    struct rule rules[] = {
        {RD_HTTP_GET, "resourceGroups/rg?", 0, .line = {.status = 200, .body = "{}"}},
        {RD_HTTP_GET, "virtualMachines", 0,
         .line = {.status = 200,
                  .body = "{\"value\":[],\"nextLink\":\"" ARM GROUP
                          "/providers/Microsoft.Compute/virtualMachines?$skip=1\"}"}}};
    scene_answer(s, rules, sizeof(rules) / sizeof(rules[0]));
    struct rd_set *live = NULL;
    assert_int_equal(rd_engine_read(&s->world, s->arena, s->desired, &live, &s->err), RD_RC_CLOUD);
    assert_non_null(strstr(s->err.msg, "do not come to an end"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_missing_grant_elsewhere_does_not_hide_what_is_refused),
        IN_SCENE(what_the_spec_no_longer_names_is_found),
        IN_SCENE(a_list_without_an_end_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
