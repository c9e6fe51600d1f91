/* SPDX-License-Identifier: Apache-2.0 */
/* What reading makes of odd answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "resource/unseen.h"
#include "scene.h"

#define HSM GROUP "/providers/Microsoft.KeyVault/managedHSMs/h1"
#define HSM_LIST                                                                                   \
    "{\"value\":[{\"id\":\"" HSM                                                                   \
    "\",\"properties\":{\"securityDomainProperties\":{\"activationStatus\":\"Active\"}}}]}"
#define HSM_ROLE(n) HSM "/roleAssignments/0000000" n "-0000-4000-8000-000000000000"
#define APP "bf7b6499-ff71-4aa2-97a4-f372087be7f0"
#define PRINCIPAL "/providers/Microsoft.Graph/servicePrincipals/" APP

static void want_keys(struct scene *s)
{
    add(s, s->desired, GROUP, "{}");
    add(s, s->desired, HSM, "{}");
    add(s, s->desired, HSM "/keys/k", "{\"kty\":\"RSA-HSM\"}");
    add(s, s->desired, HSM_ROLE("1"), "{\"properties\":{\"scope\":\"/keys\"}}");
    add(s, s->desired, HSM_ROLE("2"), "{\"properties\":{\"scope\":\"/keys/k\"}}");
    add(s, s->desired, PRINCIPAL, "{}");
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
}

/* A role that is missing in a plane of its own is no failure, and what is refused is not missing.
 */
static void what_another_plane_refuses_to_show_is_unseen(void **state)
{
    struct scene *s = *state;
    want_keys(s);
    struct rule rules[] = {
        {RD_HTTP_GET, "resourceGroups/rg?", 0, .line = {.status = 200, .body = "{}"}},
        {RD_HTTP_GET, "/managedHSMs?", 0, .line = {.status = 200, .body = HSM_LIST}},
        {RD_HTTP_GET, "management.azure.com" HSM "/keys/k?api-version=2026-02-01", 0,
         .line = {.status = 200,
                  .body =
                      "{\"id\":\"" HSM "/keys/k\",\"tags\":{\"a\":\"b\"},\"properties\":{"
                      "\"kty\":\"RSA-HSM\",\"keySize\":3072,\"attributes\":{\"exportable\":true},"
                      "\"release_policy\":{\"data\":\"e30\"},\"keyUriWithVersion\":"
                      "\"https://h1.managedhsm.azure.net:443/keys/k/1\"}}"}},
        {RD_HTTP_GET, "h1.managedhsm.azure.net/keys/k/providers", 0,
         .line = {.status = 200, .body = "{\"properties\":{\"scope\":\"/keys/k\"}}"}},
        {RD_HTTP_GET, "h1.managedhsm.azure.net/keys/providers", 0,
         .line = {.status = 403,
                  .body =
                      "{\"error\":{\"code\":\"AccessDenied\",\"message\":\"Not authorized\"}}"}},
        {RD_HTTP_GET, "graph.microsoft.com", 0,
         .line = {.status = 403,
                  .body = "{\"error\":{\"code\":\"Authorization_RequestDenied\","
                          "\"message\":\"Insufficient privileges\"}}"}}};
    scene_answer(s, rules, sizeof(rules) / sizeof(rules[0]));
    struct rd_set *live = NULL;
    if (rd_engine_read(&s->world, s->arena, s->desired, &live, &s->err) != RD_RC_OK)
        fail_msg("%s", s->err.msg);
    assert_int_equal(rd_json_count(rd_set_unseen(live)), 2);
    assert_true(rd_set_is_unseen(live, RD_STR(HSM_ROLE("1"))));
    assert_true(rd_set_is_unseen(live, RD_STR(PRINCIPAL)));
    assert_non_null(rd_set_find(live, RD_STR(HSM_ROLE("2"))));
    /* Without the role the key is seen all the same, and looks as its own plane shows it. */
    const struct rd_resource *key = rd_set_find(live, RD_STR(HSM "/keys/k"));
    assert_non_null(key);
    assert_true(rd_str_is(rd_json_str(rd_json_at(&key->body, "key.kid")),
                          "https://h1.managedhsm.azure.net/keys/k/1"));
    assert_int_equal(rd_json_int(rd_json_at(&key->body, "key.key_size"), 0), 3072);
    assert_true(rd_json_is_true(rd_json_at(&key->body, "attributes.exportable")));
    assert_true(rd_str_is(rd_json_str(rd_json_at(&key->body, "release_policy.data")), "e30"));
    assert_true(rd_str_is(rd_json_str(rd_json_at(&key->body, "tags.a")), "b"));
    rd_set_done(live);
}

/* Who is in the wrong network, or refused by Resource Manager, is told; that is no want of a role
 * in another plane. */
static void what_is_refused_otherwise_fails_the_reading(void **state)
{
    struct scene *s = *state;
    want_keys(s);
    static const char *const codes[] = {"ForbiddenByFirewall", "AuthorizationFailed"};
    for (size_t i = 0; i < 2; i++) {
        struct rule rules[] = {
            {RD_HTTP_GET, "resourceGroups/rg?", 0, .line = {.status = 200, .body = "{}"}},
            {RD_HTTP_GET, "/managedHSMs?", 0, .line = {.status = 200, .body = HSM_LIST}},
            {RD_HTTP_GET, i == 0 ? "h1.managedhsm.azure.net" : "/managedHSMs/h1/keys/k?", 0,
             .line = {.status = 403,
                      .body = rd_arena_printf(s->arena,
                                              "{\"error\":{\"code\":\"%s\",\"message\":\"m\"}}",
                                              codes[i])
                                  .p}}};
        scene_answer(s, rules, sizeof(rules) / sizeof(rules[0]));
        struct rd_set *live = NULL;
        enum rd_rc rc = rd_engine_read(&s->world, s->arena, s->desired, &live, &s->err);
        assert_int_not_equal(rc, RD_RC_OK);
        assert_non_null(strstr(s->err.msg, codes[i]));
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
        IN_SCENE(what_another_plane_refuses_to_show_is_unseen),
        IN_SCENE(what_is_refused_otherwise_fails_the_reading),
        IN_SCENE(what_the_spec_no_longer_names_is_found),
        IN_SCENE(a_list_without_an_end_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
