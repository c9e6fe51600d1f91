/* SPDX-License-Identifier: Apache-2.0 */
/* What a step makes of how its request ends and of what a killed run left behind; what reading
 * makes of odd answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "resource/unseen.h"

#define ARM "https://management.azure.com"
#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define GROUP SUB "/resourceGroups/rg"
#define VM GROUP "/providers/Microsoft.Compute/virtualMachines/vm1"
#define VAULT GROUP "/providers/Microsoft.KeyVault/vaults/kv1"
#define GALLERY GROUP "/providers/Microsoft.Compute/galleries/g"
#define IMAGE GALLERY "/images/i"
#define VERSION IMAGE "/versions/1.0.0"
#define TEMPLATE GROUP "/providers/Microsoft.VirtualMachineImages/imageTemplates/t"
#define OPERATION ARM SUB "/providers/x/operations/1?c=s"

/* A cloud of one rule a kind of request: what matches first answers, as often as it may. */
struct rule {
    enum rd_http_method method;
    const char *part; /* of the URL */
    int times;        /* 0: always */
    struct fake_line line;
    int used;
};

struct scene {
    struct rd_arena *arena;
    struct fake_client net;
    struct rd_world world;
    struct rd_set *desired;
    struct rd_set *live;
    struct rd_plan plan;
    struct rd_change change;
    struct rd_step step;
    struct rd_run *run;
    struct rd_err err;
    struct rule *rules;
    size_t rule_count;
    const char *asked;                /* hash of what the killed run asked for */
    const struct rd_step *other_step; /* instead of the change's own write */
    char folder[64];
};

static void answer(void *data, struct rd_arena *arena, int64_t now_ms,
                   const struct rd_http_request *request, struct fake_answer *ret_answer)
{
    struct scene *s = data;
    for (size_t i = 0; i < s->rule_count; i++) {
        struct rule *rule = &s->rules[i];
        if (rule->method != request->method ||
            rd_str_find(request->url, rd_str_from(rule->part), 0) == RD_STR_NONE ||
            (rule->times > 0 && rule->used == rule->times))
            continue;
        rule->used++;
        struct fake_script script = {&rule->line, 1, 0};
        fake_script_answer(&script, arena, now_ms, request, ret_answer);
        return;
    }
    ret_answer->reply.status = 404;
    ret_answer->reply.body = RD_STR("{\"error\":{\"code\":\"ResourceNotFound\"}}");
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    s->arena = rd_arena_new(0);
    fake_client_open(&s->net, &(struct fake_client_options){.start_ms = 1700000000000,
                                                            .handler = answer,
                                                            .data = s,
                                                            .in_flight_max = 20,
                                                            .attempts_max = 3});
    s->world = world_of(&s->net);
    (void)snprintf(s->folder, sizeof(s->folder), "/tmp/redoubt-outcome-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    assert_int_equal(rd_journal_open(s->folder, false, &s->world.journal, &s->err), RD_RC_OK);
    s->desired = rd_set_new(s->arena, RD_STR("e1"), RD_STR("AzureCloud"));
    s->live = rd_set_new(s->arena, RD_STR("e1"), RD_STR("AzureCloud"));
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    rd_journal_close(s->world.journal);
    remove_journal(s->folder);
    (void)rmdir(s->folder);
    rd_set_done(s->desired);
    rd_set_done(s->live);
    fake_client_close(&s->net);
    rd_arena_free(s->arena);
    free(s);
    return 0;
}

static struct rd_resource *add(struct scene *s, struct rd_set *set, const char *id,
                               const char *body)
{
    size_t index = 0;
    struct rd_json value;
    if (rd_json_parse(s->arena, "t", rd_str_from(body), 0, &value, &s->err) != RD_RC_OK ||
        rd_set_add(set, rd_str_from(id), value, RD_STR(""), &index, &s->err) != RD_RC_OK)
        fail_msg("%s", s->err.msg);
    return &set->resources[index];
}

/* A plan of one step on one resource, and its run. */
static enum rd_rc run(struct scene *s, enum rd_change_kind kind, const char *id, struct rule *rules,
                      size_t rule_count)
{
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    rd_set_resolve_live(s->live);
    s->rules = rules;
    s->rule_count = rule_count;
    s->change.kind = kind;
    s->change.id = rd_str_from(id);
    s->change.desired = rd_set_find(s->desired, s->change.id);
    s->change.live = rd_set_find(s->live, s->change.id);
    s->change.type = (s->change.desired != NULL ? s->change.desired : s->change.live)->type;
    s->step = (struct rd_step){.kind = kind == RD_CHANGE_DELETE ? RD_STEP_DELETE : RD_STEP_PUT,
                               .id = s->change.id};
    if (s->other_step != NULL)
        s->step = *s->other_step;
    s->plan = (struct rd_plan){.arena = s->arena,
                               .enclave = RD_STR("e1"),
                               .desired = s->desired,
                               .live = s->live,
                               .changes = &s->change,
                               .change_count = 1,
                               .steps = &s->step,
                               .step_count = 1};
    const struct rd_run_options options = {.verb = "apply", .parallel_max = 10};
    return rd_engine_run(&s->world, s->arena, &s->plan, &options, &s->run, &s->err);
}

#define RUN(s, kind, id, ...)                                                                      \
    run((s), (kind), (id), (struct rule[]){__VA_ARGS__},                                           \
        sizeof((struct rule[]){__VA_ARGS__}) / sizeof(struct rule))

/* What a killed run wrote last of a step. */
static void leave(struct scene *s, enum rd_journal_phase phase, const char *step, const char *id)
{
    struct rd_run_record record = {.verb = RD_STR("apply"), .enclave = RD_STR("e1")};
    int64_t number = 0;
    assert_int_equal(rd_journal_begin(s->world.journal, &record, &number, &s->err), RD_RC_OK);
    struct rd_journal_entry entry = {.run = number,
                                     .sequence = 1,
                                     .phase = phase,
                                     .step = rd_str_from(step),
                                     .id = rd_str_from(id)};
    if (phase == RD_JOURNAL_ACCEPTED) {
        entry.url = RD_STR(OPERATION);
        entry.body_hash = rd_str_from(s->asked != NULL ? s->asked : "");
    }
    assert_int_equal(rd_journal_add(s->world.journal, &entry, &s->err), RD_RC_OK);
}

static struct rd_str open_url(struct scene *s, const char *step, const char *id)
{
    struct rd_str url = {"", 0};
    assert_int_equal(rd_journal_open_operation(s->world.journal, s->arena, rd_str_from(step),
                                               rd_str_from(id), &url, &s->err),
                     RD_RC_OK);
    return url;
}

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

static void an_operation_that_is_out_of_sight_stays_open(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VM, "{}");
    enum rd_rc rc =
        RUN(s, RD_CHANGE_CREATE, VM,
            {RD_HTTP_PUT, "/vm1", 0,
             .line = {.status = 201, .body = "{}", .headers = {"Azure-AsyncOperation", OPERATION}}},
            {RD_HTTP_GET, "/operations/", 0, .line = {.status = 503, .body = "{}"}});
    assert_int_equal(rc, RD_RC_TRANSIENT);
    assert_int_equal(s->run->failed_count, 1);
    assert_true(rd_str_is(open_url(s, "put", VM), OPERATION));
}

static void a_deletion_whose_operation_is_not_found_is_looked_into(void **state)
{
    struct scene *s = *state;
    add(s, s->live, VM, "{}");
    enum rd_rc rc =
        RUN(s, RD_CHANGE_DELETE, VM,
            {RD_HTTP_DELETE, "/vm1", 1,
             .line = {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OPERATION}}},
            {RD_HTTP_DELETE, "/vm1", 0, .line = {.status = 204, .body = ""}},
            {RD_HTTP_GET, "/vm1", 1, .line = {.status = 200, .body = "{}"}});
    assert_int_equal(rc, RD_RC_OK);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_DELETE, "/vm1"), 2);
}

static void what_failed_to_be_made_is_cleared_after_an_intent(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, TEMPLATE, "{}");
    enum rd_rc rc =
        RUN(s, RD_CHANGE_CREATE, TEMPLATE,
            {RD_HTTP_PUT, "/t?", 1,
             .line = {.status = 201, .body = "{}", .headers = {"Azure-AsyncOperation", OPERATION}}},
            {RD_HTTP_PUT, "/t?", 1,
             .line = {.status = 409,
                      .body = "{\"error\":{\"code\":\"Conflict\",\"message\":\"Update/Upgrade of "
                              "image templates is not supported\"}}"}},
            {RD_HTTP_PUT, "/t?", 0, .line = {.status = 200, .body = "{}"}},
            {RD_HTTP_GET, "/operations/", 0,
             .line = {.status = 200,
                      .body = "{\"status\":\"Failed\",\"error\":{\"code\":"
                              "\"InternalDiskManagementError\",\"message\":\"m\"}}"}},
            {RD_HTTP_DELETE, "/t?", 0, .line = {.status = 204, .body = ""}});
    if (rc != RD_RC_OK)
        fail_msg("%s", s->err.msg);
    struct rd_journal_entry *entries = NULL;
    size_t count = 0, intents = 0;
    assert_int_equal(
        rd_journal_entries(s->world.journal, s->arena, s->run->number, &entries, &count, &s->err),
        RD_RC_OK);
    for (size_t i = 0; i < count; i++)
        intents += entries[i].phase == RD_JOURNAL_INTENT;
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_DELETE, "/t?"), 1);
    assert_int_equal(intents, 4); /* three PUTs and the deletion between them */
}

static void a_change_inside_an_array_is_sent(void **state)
{
    struct scene *s = *state;
    const char *body = "{\"properties\":{\"distribute\":[{\"runOutputName\":\"o\",\"n\":2}],"
                       "\"other\":1}}";
    add(s, s->desired, TEMPLATE, body);
    add(s, s->live, TEMPLATE, "{}");
    struct rd_field_change field = {.path = RD_STR("properties.distribute[o].n"),
                                    .before = &rd_json_absent,
                                    .after = &rd_json_absent};
    s->change.fields = &field;
    s->change.field_count = 1;
    assert_int_equal(RUN(s, RD_CHANGE_UPDATE, TEMPLATE,
                         {RD_HTTP_PATCH, "/t?", 0, .line = {.status = 200, .body = "{}"}}),
                     RD_RC_OK);
    assert_true(rd_str_is(s->net.fake.log[0].body,
                          "{\"properties\":{\"distribute\":[{\"runOutputName\":\"o\",\"n\":2}]}}"));
}

static void what_a_vault_keeps_is_secret_however_it_is_named(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, VAULT, "{}")->is_existing = true;
    add(s, s->desired, VAULT "/secrets/a", "{}")->is_existing = true;
    add(s, s->desired, VM, "{\"p\":{\"$ref\":\"" VAULT "/secrets/a\",\"$path\":\"value\"}}");
    enum rd_rc rc =
        RUN(s, RD_CHANGE_CREATE, VM,
            {RD_HTTP_GET, "/secrets/a", 0,
             .line = {.status = 200, .body = "{\"value\":\"open sesame\"}"}},
            {RD_HTTP_PUT, "/vm1", 0,
             .line = {.status = 400,
                      .body = "{\"error\":{\"code\":\"BadRequest\",\"message\":\"'open sesame' is "
                              "too weak\"}}"}});
    assert_int_equal(rc, RD_RC_CONFIGURATION);
    assert_null(strstr(s->err.msg, "sesame"));
    assert_non_null(strstr(s->err.msg, "'***' is too weak"));
    assert_true(fake_find(&s->net.fake, RD_HTTP_PUT, "/vm1", 0)->is_secret);
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
    s->rules = rules;
    s->rule_count = sizeof(rules) / sizeof(rules[0]);
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
        s->rules = rules;
        s->rule_count = sizeof(rules) / sizeof(rules[0]);
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
    s->rules = rules;
    s->rule_count = sizeof(rules) / sizeof(rules[0]);
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
    s->rules = rules;
    s->rule_count = sizeof(rules) / sizeof(rules[0]);
    struct rd_set *live = NULL;
    assert_int_equal(rd_engine_read(&s->world, s->arena, s->desired, &live, &s->err), RD_RC_CLOUD);
    assert_non_null(strstr(s->err.msg, "do not come to an end"));
}

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
            (void)tear_down(state), (void)set_up(state);
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
        s->rules = rules;
        s->rule_count = sizeof(rules) / sizeof(rules[0]);
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

#define THEIRS GROUP "/providers/Microsoft.Storage/storageAccounts/theirs"

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
            (void)tear_down(state), (void)set_up(state);
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
            {RD_HTTP_DELETE, "", 0, .line = {.status = 200, .body = ""}}),
        RD_RC_PERMISSION);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_DELETE, "/"), 0);
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
            (void)tear_down(state), (void)set_up(state);
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

#define UAMI GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"

/* What is known to be there and is not found is asked for again for a while; what is named and was
 * never seen is not. */
static void what_is_too_new_to_be_found_is_asked_for_again(void **state)
{
    for (int is_live = 1; is_live >= 0; is_live--) {
        if (is_live == 0)
            (void)tear_down(state), (void)set_up(state);
        struct scene *s = *state;
        add(s, s->desired, UAMI, "{}")->is_existing = true;
        add(s, s->desired, VM, "{\"p\":{\"$ref\":\"" UAMI "\",\"$path\":\"properties.clientId\"}}");
        if (is_live)
            add(s, s->live, UAMI, "{}");
        enum rd_rc rc =
            RUN(s, RD_CHANGE_CREATE, VM,
                {RD_HTTP_GET, "/u?", 2,
                 .line = {.status = 404, .body = "{\"error\":{\"code\":\"ResourceNotFound\"}}"}},
                {RD_HTTP_GET, "/u?", 0,
                 .line = {.status = 200, .body = "{\"properties\":{\"clientId\":\"c\"}}"}},
                {RD_HTTP_PUT, "/vm1?", 0, .line = {.status = 200, .body = "{}"}});
        assert_int_equal(rc, is_live ? RD_RC_OK : RD_RC_NOT_FOUND);
        assert_int_equal(fake_count(&s->net.fake, RD_HTTP_GET, "/u?"), is_live ? 3 : 1);
    }
}

/* The first attempt fails with the lookup's 403; what needs the same thing later asks anew. */
static void a_lookup_that_failed_fails_only_who_waited_for_it(void **state)
{
    struct scene *s = *state;
    add(s, s->desired, UAMI, "{}")->is_existing = true;
    add(s, s->desired, VM, "{\"p\":{\"$ref\":\"" UAMI "\",\"$path\":\"properties.clientId\"}}");
    add(s, s->desired, VM "x", "{\"p\":{\"$ref\":\"" UAMI "\",\"$path\":\"properties.clientId\"}}");
    add(s, s->desired, GROUP "/providers/Microsoft.Network/virtualNetworks/v", "{}");
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    rd_set_resolve_live(s->live);
    struct rule rules[] = {
        {RD_HTTP_GET, "/u?", 1,
         .line = {.status = 400,
                  .body = "{\"error\":{\"code\":\"BadRequest\",\"message\":\"m\"}}"}},
        {RD_HTTP_GET, "/u?", 0,
         .line = {.status = 200, .body = "{\"properties\":{\"clientId\":\"c\"}}"}},
        {RD_HTTP_PUT, "/", 0, .line = {.status = 200, .body = "{}", .delay_ms = 5000}},
    };
    s->rules = rules;
    s->rule_count = sizeof(rules) / sizeof(rules[0]);
    /* vm1 fails at once; vm1x begins when the network is there. */
    struct rd_change changes[3];
    struct rd_step steps[3];
    static uint32_t need = 2;
    for (uint32_t i = 0; i < 3; i++) {
        const struct rd_resource *resource = &s->desired->resources[i + 1];
        changes[i] = (struct rd_change){.kind = RD_CHANGE_CREATE,
                                        .id = resource->id,
                                        .type = resource->type,
                                        .desired = resource};
        steps[i] = (struct rd_step){.kind = RD_STEP_PUT, .id = resource->id, .change = i};
    }
    steps[1].needs = &need;
    steps[1].need_count = 1;
    s->plan = (struct rd_plan){.arena = s->arena,
                               .enclave = RD_STR("e1"),
                               .desired = s->desired,
                               .live = s->live,
                               .changes = changes,
                               .change_count = 3,
                               .steps = steps,
                               .step_count = 3};
    const struct rd_run_options options = {.verb = "apply", .parallel_max = 10};
    assert_int_equal(rd_engine_run(&s->world, s->arena, &s->plan, &options, &s->run, &s->err),
                     RD_RC_CONFIGURATION);
    assert_int_equal(s->run->steps[0].state, RD_STEP_FAILED);
    assert_int_equal(s->run->steps[1].state, RD_STEP_DONE);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_GET, "/u?"), 2);
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
            (void)tear_down(state), (void)set_up(state);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct rd_type *types = NULL;
    size_t count = 0;
    struct rd_err err;
    if (rd_types_load(&types, &count, &err) != RD_RC_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(an_operation_that_failed_in_passing_meanwhile_is_sent_again),
        TEST(an_operation_that_is_out_of_sight_stays_open),
        TEST(a_deletion_whose_operation_is_not_found_is_looked_into),
        TEST(what_failed_to_be_made_is_cleared_after_an_intent),
        TEST(a_change_inside_an_array_is_sent),
        TEST(what_a_vault_keeps_is_secret_however_it_is_named),
        TEST(an_action_that_a_killed_run_may_have_started_is_waited_for),
        TEST(what_another_plane_refuses_to_show_is_unseen),
        TEST(what_is_refused_otherwise_fails_the_reading),
        TEST(what_the_spec_no_longer_names_is_found),
        TEST(a_list_without_an_end_is_told),
        TEST(a_machine_that_was_made_and_does_not_run_is_started),
        TEST(a_machine_that_never_runs_is_told_with_its_remedy),
        TEST(no_machine_is_started_against_somebodys_will),
        TEST(a_machine_with_platform_keys_is_not_looked_at),
        TEST(what_no_run_has_seen_run_is_read_with_its_power),
        TEST(a_group_with_something_new_in_it_is_not_deleted),
        TEST(a_group_that_cannot_be_listed_is_not_deleted),
        TEST(what_was_made_of_another_spec_is_brought_up_to_date),
        TEST(what_was_made_of_the_same_spec_is_not_sent_again),
        TEST(what_is_too_new_to_be_found_is_asked_for_again),
        TEST(a_lookup_that_failed_fails_only_who_waited_for_it),
        TEST(a_write_that_is_under_way_is_followed_to_its_failure),
        TEST(a_write_of_others_that_is_under_way_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
