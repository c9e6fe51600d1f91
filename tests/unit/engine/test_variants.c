/* SPDX-License-Identifier: Apache-2.0 */
/* Writes that are not of the whole body, and reads of what the set does not name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define GROUP SUB "/resourceGroups/rg"
#define PROVIDER GROUP "/providers/"
#define POOL PROVIDER "Microsoft.DesktopVirtualization/hostPools/p"
#define HOST POOL "/sessionHosts/vm1"
#define RSV PROVIDER "Microsoft.RecoveryServices/vaults/rsv"
#define ITEM RSV "/backupFabrics/Azure/protectionContainers/c/protectedItems/i"
#define HSM PROVIDER "Microsoft.KeyVault/managedHSMs/h"
#define ROLE HSM "/roleAssignments/11111111-2222-3333-4444-555555555555"
#define BUDGETS SUB "/providers/Microsoft.Consumption/budgets"
#define SETTINGS "/providers/Microsoft.Insights/diagnosticSettings"

/* Answers by what the request is; the first line that fits. */
struct answer {
    enum rd_http_method method;
    const char *part; /* of the URL */
    int status;
    const char *body;
    int times; /* 0: always */
};

struct stage {
    struct rd_arena *arena;
    struct fake_client net;
    struct rd_world world;
    struct rd_set *desired;
    struct rd_set *live;
    struct answer *answers;
    struct rd_err err;
};

static void answer_from(void *data, struct rd_arena *arena, int64_t now_ms,
                        const struct rd_http_request *request, struct fake_answer *answer)
{
    (void)arena;
    (void)now_ms;
    struct stage *s = data;
    answer->reply.status = request->method == RD_HTTP_GET ? 404 : 200;
    answer->reply.body = RD_STR("{}");
    for (struct answer *line = s->answers; line != NULL && line->part != NULL; line++) {
        if (line->method != request->method || line->times < 0 ||
            rd_str_find(request->url, rd_str_from(line->part), 0) == RD_STR_NONE)
            continue;
        if (line->times > 0 && --line->times == 0)
            line->times = -1;
        answer->reply.status = line->status;
        answer->reply.body = rd_str_from(line->body);
        return;
    }
}

static void stage_open(struct stage *s, struct answer *answers)
{
    *s = (struct stage){.arena = rd_arena_new(0), .answers = answers};
    fake_client_open(&s->net, &(struct fake_client_options){.start_ms = 1700000000,
                                                            .handler = answer_from,
                                                            .data = s,
                                                            .in_flight_max = 8,
                                                            .attempts_max = 2});
    s->world = world_of(&s->net);
    s->desired = new_set(s->arena);
    s->live = new_set(s->arena);
}

static void stage_close(struct stage *s)
{
    rd_set_done(s->desired);
    rd_set_done(s->live);
    fake_client_close(&s->net);
    rd_arena_free(s->arena);
}

static void add(struct stage *s, struct rd_set *set, const char *id, const char *body)
{
    struct rd_json value;
    size_t index = 0;
    assert_int_equal(rd_json_parse(s->arena, "t", rd_str_from(body), 0, &value, &s->err), RD_RC_OK);
    assert_int_equal(rd_set_add(set, rd_str_from(id), value, RD_STR("t"), &index, &s->err),
                     RD_RC_OK);
}

static void apply(struct stage *s, enum rd_rc expected)
{
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    rd_set_resolve_live(s->live);
    struct rd_plan *plan = NULL;
    if (rd_plan_make(s->arena, s->desired, s->live, &plan, &s->err) != RD_RC_OK)
        fail_msg("%s", s->err.msg);
    struct rd_run_options options = {.verb = "apply", .parallel_max = 8};
    struct rd_run *run = NULL;
    if (rd_engine_run(&s->world, s->arena, plan, &options, &run, &s->err) != expected)
        fail_msg("%s", s->err.msg);
}

static const struct fake_request *the_request(const struct stage *s, enum rd_http_method method,
                                              const char *part, size_t nth)
{
    const struct fake_request *request = fake_find(&s->net.fake, method, part, nth);
    if (request == NULL)
        fail_msg("no request number %zu for %s", nth, part);
    return request;
}

static void a_desktop_is_taken_with_force_and_nothing_else_is_said(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    add(&s, s.desired, HOST, "{\"properties\":{\"allowNewSession\":true,\"assignedUser\":\"\"}}");
    add(&s, s.live, HOST, "{\"properties\":{\"allowNewSession\":true,\"assignedUser\":\"ann\"}}");
    apply(&s, RD_RC_OK);
    assert_int_equal(s.net.fake.count, 1);
    const struct fake_request *sent = the_request(&s, RD_HTTP_PATCH, "/sessionHosts/vm1", 0);
    assert_true(rd_str_find(sent->url, RD_STR("force=true"), 0) != RD_STR_NONE);
    assert_true(rd_str_is(sent->body, "{\"properties\":{\"assignedUser\":\"\"}}"));
    stage_close(&s);
}

static void a_swap_is_two_releases_and_then_two_writes(void **state)
{
    (void)state;
    struct answer answers[] = {
        {RD_HTTP_GET, "/sessionHosts/", 200, "{\"properties\":{\"status\":\"Available\"}}", 0},
        {.part = NULL},
    };
    struct stage s;
    stage_open(&s, answers);
    add(&s, s.desired, HOST, "{\"properties\":{\"assignedUser\":\"ann\"}}");
    add(&s, s.live, HOST, "{\"properties\":{\"assignedUser\":\"ben\"}}");
    add(&s, s.desired, HOST "b", "{\"properties\":{\"assignedUser\":\"ben\"}}");
    add(&s, s.live, HOST "b", "{\"properties\":{\"assignedUser\":\"ann\"}}");
    apply(&s, RD_RC_OK);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_PATCH, "/sessionHosts/"), 4);
    for (size_t i = 0; i < 4; i++) {
        struct rd_str body = the_request(&s, RD_HTTP_PATCH, "/sessionHosts/", i)->body;
        bool is_release = rd_str_is(body, "{\"properties\":{\"assignedUser\":\"\"}}");
        assert_int_equal(is_release, i < 2);
    }
    stage_close(&s);
}

/* A write that says what is so already is one that a thousand other hosts wait for. */
static void what_appears_as_it_is_wanted_is_not_written(void **state)
{
    (void)state;
    for (int pinned = 0; pinned < 2; pinned++) {
        struct answer answers[] = {
            {RD_HTTP_GET, "/sessionHosts/", 200,
             "{\"properties\":{\"status\":\"Available\",\"allowNewSession\":true,"
             "\"assignedUser\":\"\"}}",
             0},
            {.part = NULL},
        };
        struct stage s;
        stage_open(&s, answers);
        add(&s, s.desired, HOST,
            pinned == 1 ? "{\"properties\":{\"allowNewSession\":true,\"assignedUser\":\"ann\"}}"
                        : "{\"properties\":{\"allowNewSession\":true,\"assignedUser\":\"\"}}");
        apply(&s, RD_RC_OK);
        assert_int_equal(fake_count(&s.net.fake, RD_HTTP_PATCH, "/sessionHosts/"), pinned);
        assert_true(fake_count(&s.net.fake, RD_HTTP_GET, "/sessionHosts/") >= 2); /* there; ready */
        stage_close(&s);
    }
}

static void giving_up_a_backup_keeps_its_data(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    add(&s, s.desired, RSV, "{\"tags\":{\"redoubt-enclave\":\"e1\"}}");
    add(&s, s.live, RSV, "{\"tags\":{\"redoubt-enclave\":\"e1\"}}");
    add(&s, s.live, ITEM,
        "{\"properties\":{\"protectedItemType\":\"T\",\"sourceResourceId\":\"/vm\",\"policyId\":\"/"
        "p\","
        "\"protectionState\":\"Protected\",\"healthStatus\":\"Passed\"}}");
    (void)rd_json_set_c(s.arena, &s.live->facts, "written", rd_json_array());
    (void)rd_json_append(s.arena, rd_json_make(s.arena, &s.live->facts, "written"),
                         rd_json_string(RD_STR(ITEM)));
    apply(&s, RD_RC_OK);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_DELETE, "https:"), 0);
    const struct fake_request *sent = the_request(&s, RD_HTTP_PUT, "/protectedItems/i", 0);
    assert_true(rd_str_is(
        sent->body, "{\"properties\":{\"protectedItemType\":\"T\",\"sourceResourceId\":\"/vm\","
                    "\"policyId\":\"\",\"protectionState\":\"ProtectionStopped\"}}"));
    stage_close(&s);
}

#define ACTIVE                                                                                     \
    "{\"properties\":{\"provisioningState\":\"Succeeded\",\"securityDomainProperties\":"           \
    "{\"activationStatus\":\"Active\"}}}"
#define PRINCIPAL(n) "{\"properties\":{\"principalId\":\"" n "\",\"roleDefinitionId\":\"r\"}}"

static void make_hsm(struct stage *s, struct answer *answers)
{
    stage_open(s, answers);
    add(s, s->desired, HSM, "{\"tags\":{\"redoubt-enclave\":\"e1\"}}");
    add(s, s->desired, ROLE,
        "{\"properties\":{\"principalId\":\"new\",\"roleDefinitionId\":\"r\",\"scope\":\"/"
        "keys\"}}");
    apply(s, RD_RC_OK);
}

static void what_a_recovered_parent_brings_back_gives_way(void **state)
{
    (void)state;
    static const struct {
        const char *former;
        int status;
        size_t deletes;
    } cases[] = {
        {PRINCIPAL("old"), 200, 1},
        {PRINCIPAL("new"), 200, 0},
        {"{}", 404, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answer answers[] = {
            {RD_HTTP_PUT, "managedHSMs/h?", 409,
             "{\"error\":{\"code\":\"ConflictError\",\"message\":\"x\"}}", 1},
            {RD_HTTP_PUT, "managedHSMs/h?", 200, ACTIVE, 0},
            {RD_HTTP_GET, "managedHSMs/h?", 200, ACTIVE, 0},
            {RD_HTTP_GET, "/roleAssignments/", cases[i].status, cases[i].former, 0},
            {.part = NULL},
        };
        struct stage s;
        make_hsm(&s, answers);
        assert_int_equal(fake_count(&s.net.fake, RD_HTTP_DELETE, "/roleAssignments/"),
                         cases[i].deletes);
        assert_int_equal(fake_count(&s.net.fake, RD_HTTP_PUT, "/roleAssignments/"), 1);
        assert_true(fake_count(&s.net.fake, RD_HTTP_GET, "/roleAssignments/") > 0);
        stage_close(&s);
    }
}

static void below_what_is_new_nothing_is_looked_for(void **state)
{
    (void)state;
    struct answer answers[] = {
        {RD_HTTP_PUT, "managedHSMs/h?", 200, ACTIVE, 0},
        {RD_HTTP_GET, "managedHSMs/h?", 200, ACTIVE, 0},
        {.part = NULL},
    };
    struct stage s;
    make_hsm(&s, answers);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_GET, "/roleAssignments/"), 0);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_DELETE, "https:"), 0);
    stage_close(&s);
}

#define OURS(id) "{\"id\":\"" id "\",\"tags\":{\"redoubt-enclave\":\"e1\"}}"

/* The set names neither a budget nor a setting: an earlier spec may have. */
static void what_hangs_on_a_scope_is_looked_for_without_being_named(void **state)
{
    (void)state;
    struct answer answers[] = {
        {RD_HTTP_GET, BUDGETS "?", 200, "{\"value\":[{\"id\":\"" BUDGETS "/b\"}]}", 0},
        {RD_HTTP_GET, POOL SETTINGS, 200, "{\"value\":[{\"id\":\"" POOL SETTINGS "/redoubt\"}]}",
         0},
        {RD_HTTP_GET, "/hostPools?", 200, "{\"value\":[" OURS(POOL) "]}", 0},
        {RD_HTTP_GET, "/resourceGroups/rg?", 200, OURS(GROUP), 0},
        /* Whoever may not ask there does not see it, and that is all. */
        {RD_HTTP_GET, SUB "/providers/Microsoft.Authorization/roleAssignments", 403,
         "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}", 0},
        {RD_HTTP_GET, "https:", 200, "{\"value\":[]}", 0},
        {.part = NULL},
    };
    struct stage s;
    stage_open(&s, answers);
    add(&s, s.desired, GROUP, "{}");
    add(&s, s.desired, POOL, "{}");
    assert_int_equal(rd_set_resolve(s.desired, &s.err), RD_RC_OK);
    struct rd_set *live = NULL;
    if (rd_engine_read(&s.world, s.arena, s.desired, &live, &s.err) != RD_RC_OK)
        fail_msg("%s", s.err.msg);
    assert_non_null(rd_set_find(live, RD_STR(BUDGETS "/b")));
    assert_non_null(rd_set_find(live, RD_STR(POOL SETTINGS "/redoubt")));
    assert_int_equal(live->count, 4);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_GET, BUDGETS), 1);
    rd_set_done(live);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_desktop_is_taken_with_force_and_nothing_else_is_said),
        cmocka_unit_test(a_swap_is_two_releases_and_then_two_writes),
        cmocka_unit_test(what_appears_as_it_is_wanted_is_not_written),
        cmocka_unit_test(giving_up_a_backup_keeps_its_data),
        cmocka_unit_test(what_a_recovered_parent_brings_back_gives_way),
        cmocka_unit_test(below_what_is_new_nothing_is_looked_for),
        cmocka_unit_test(what_hangs_on_a_scope_is_looked_for_without_being_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
