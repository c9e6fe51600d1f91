/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "fake_cloud.h"
#include "fixture.h"

enum { START_MS = 1700000000, STEPS_MAX = 32, KILLED = 77 };

#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define GROUP SUB "/resourceGroups/rg"
#define PROVIDER GROUP "/providers/"
#define ID_UAMI PROVIDER "Microsoft.ManagedIdentity/userAssignedIdentities/id1"
#define ID_ROLE                                                                                    \
    GROUP "/providers/Microsoft.Authorization/roleAssignments/"                                    \
          "aaaaaaaa-0000-0000-0000-000000000001"
#define ID_VAULT PROVIDER "Microsoft.KeyVault/vaults/kv1"
#define ID_SECRET ID_VAULT "/secrets/admin"
#define ID_POOL PROVIDER "Microsoft.DesktopVirtualization/hostPools/hp1"
#define ID_NIC(n) PROVIDER "Microsoft.Network/networkInterfaces/nic" n
#define ID_VM(n) PROVIDER "Microsoft.Compute/virtualMachines/vm" n
#define ID_EXT(n, e) ID_VM(n) "/extensions/" e

static const struct {
    const char *id, *body;
} wanted[] = {
    {GROUP, "{\"location\":\"westeurope\",\"tags\":{\"redoubt-enclave\":\"e1\"}}"},
    {ID_UAMI, "{\"location\":\"westeurope\"}"},
    {ID_ROLE, "{\"properties\":{\"principalId\":{\"$ref\":\"" ID_UAMI
              "\",\"$path\":\"properties.principalId\"},\"roleDefinitionId\":\"r\","
              "\"description\":\"redoubt:e1\"}}"},
    {ID_VAULT, "{\"location\":\"westeurope\",\"properties\":{}}"},
    {ID_SECRET, "{\"value\":{\"$generate\":\"password\"}}"},
    {ID_POOL, "{\"location\":\"westeurope\",\"properties\":{\"registrationInfo\":{"
              "\"expirationTime\":{\"$time\":\"+24h\"}}}}"},
    {ID_NIC("1"), "{\"location\":\"westeurope\",\"properties\":{}}"},
    {ID_NIC("2"), "{\"location\":\"westeurope\",\"properties\":{}}"},
    {ID_VM("1"), "{\"properties\":{\"nic\":\"" ID_NIC("1") "\",\"osProfile\":{\"adminPassword\":{"
                                                           "\"$secret\":\"" ID_SECRET "\"}}}}"},
    {ID_VM("2"), "{\"properties\":{\"nic\":\"" ID_NIC("2") "\",\"osProfile\":{\"adminPassword\":{"
                                                           "\"$secret\":\"" ID_SECRET "\"}}}}"},
    {ID_EXT("1", "a"), "{\"properties\":{\"x\":1}}"},
    {ID_EXT("1", "b"), "{\"properties\":{\"protectedSettings\":{\"t\":{\"$call\":\"" ID_POOL
                       "/listRegistrationTokens\",\"$path\":\"value.0.token\"}}}}"},
    {ID_EXT("2", "a"), "{\"properties\":{\"x\":2}}"},
};
enum { WANTED = sizeof(wanted) / sizeof(wanted[0]) };

/* A world whose cloud may lie in shared memory, and what a test looks at afterwards. */
struct stage {
    struct rd_arena *arena;
    struct fake_client net;
    struct rd_world world;
    struct rd_set *desired;
    struct rd_plan plan;
    struct rd_run *run;
    struct rd_err err;
    enum rd_rc rc;
    volatile int stop;
    int stop_after; /* steps done; 0 never */
    size_t peak;
    int64_t left_first_ms;
    int kill_at; /* the event at which the process ends; 0 never */
    int events;
};

static char folder[64];

static struct rd_json parse(struct rd_arena *arena, const char *text)
{
    struct rd_json value;
    struct rd_err err;
    assert_int_equal(rd_json_parse(arena, "t", rd_str_from(text), 0, &value, &err), RD_RC_OK);
    return value;
}

static struct rd_set *wanted_set(struct rd_arena *arena)
{
    const struct rd_type *types = NULL;
    size_t count = 0;
    struct rd_err err;
    assert_int_equal(rd_types_load(&types, &count, &err), RD_RC_OK);
    struct rd_set *set = rd_set_new(arena, RD_STR("e1"), RD_STR("AzureCloud"));
    for (size_t i = 0; i < WANTED; i++) {
        size_t index = 0;
        assert_int_equal(rd_set_add(set, rd_str_from(wanted[i].id), parse(arena, wanted[i].body),
                                    RD_STR("test"), &index, &err),
                         RD_RC_OK);
        if (strcmp(wanted[i].id, ID_SECRET) == 0)
            rd_resource_need(set, index, RD_STR(ID_ROLE));
    }
    assert_int_equal(rd_set_resolve(set, &err), RD_RC_OK);
    return set;
}

static void stage_open(struct stage *s, struct fake_cloud *cloud)
{
    memset(s, 0, sizeof(*s));
    s->arena = rd_arena_new(0);
    fake_client_open(&s->net,
                     &(struct fake_client_options){
                         .start_ms = cloud->last_now_ms > START_MS ? cloud->last_now_ms : START_MS,
                         .handler = fake_cloud_answer,
                         .data = cloud,
                         .in_flight_max = 20,
                         .attempts_max = 4});
    s->world = world_of(&s->net);
    assert_int_equal(rd_journal_open(folder, false, &s->world.journal, &s->err), RD_RC_OK);
    s->desired = wanted_set(s->arena);
}

static void stage_close(struct stage *s)
{
    rd_set_done(s->desired);
    if (s->plan.live != NULL)
        rd_map_done(&((struct rd_set *)(uintptr_t)s->plan.live)->by_id);
    rd_journal_close(s->world.journal);
    fake_client_close(&s->net);
    rd_arena_free(s->arena);
}

/* A plan that creates what `live` lacks; the real one is plan/'s. */
static void plan_creation(struct stage *s, const struct rd_set *live)
{
    struct rd_plan *plan = &s->plan;
    *plan = (struct rd_plan){.arena = s->arena,
                             .enclave = s->desired->name,
                             .cloud = s->desired->cloud,
                             .desired = s->desired,
                             .live = live};
    plan->changes = rd_arena_array(s->arena, WANTED, sizeof(*plan->changes));
    plan->steps = rd_arena_array(s->arena, WANTED, sizeof(*plan->steps));
    int64_t step_of[WANTED];
    for (uint32_t i = 0; i < WANTED; i++) {
        const struct rd_resource *resource = &s->desired->resources[i];
        const struct rd_resource *there = live != NULL ? rd_set_find(live, resource->id) : NULL;
        struct rd_str state =
            there == NULL ? RD_STR("")
                          : rd_json_str(rd_json_at(&there->body, "properties.provisioningState"));
        bool is_open = rd_str_is(state, "Creating");
        step_of[i] = -1;
        if (there != NULL && !is_open && !rd_str_is(state, "Failed"))
            continue;
        step_of[i] = (int64_t)plan->step_count;
        struct rd_step *step = &plan->steps[plan->step_count++];
        step->kind = is_open ? RD_STEP_WAIT : RD_STEP_PUT;
        step->id = resource->id;
        step->change = (uint32_t)plan->change_count;
        step->expected_ms = resource->type->create_ms;
        step->needs = rd_arena_array(s->arena, resource->need_count + 1, sizeof(uint32_t));
        for (uint32_t k = 0; k < resource->need_count; k++)
            if (step_of[resource->needs[k]] >= 0)
                step->needs[step->need_count++] = (uint32_t)step_of[resource->needs[k]];
        plan->changes[plan->change_count++] =
            (struct rd_change){.kind = is_open ? RD_CHANGE_UPDATE : RD_CHANGE_CREATE,
                               .id = resource->id,
                               .type = resource->type,
                               .desired = resource,
                               .live = is_open ? there : NULL};
    }
}

static void on_progress(void *data, const struct rd_run *run, size_t step RD_UNUSED,
                        int64_t now_ms RD_UNUSED, int64_t left_ms)
{
    struct stage *s = data;
    if (s->left_first_ms == 0)
        s->left_first_ms = left_ms;
    if (run->running_count > s->peak)
        s->peak = run->running_count;
    if (s->stop_after > 0 && run->done_count >= (size_t)s->stop_after)
        s->stop = 1;
    if (s->kill_at > 0 && ++s->events >= s->kill_at)
        _exit(KILLED);
}

static void run_plan(struct stage *s, size_t parallel_max)
{
    struct rd_run_options options = {.verb = "apply",
                                     .parallel_max = parallel_max,
                                     .stop = &s->stop,
                                     .progress = {on_progress, s}};
    s->rc = rd_engine_run(&s->world, s->arena, &s->plan, &options, &s->run, &s->err);
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/redoubt-engine-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    remove_journal(folder);
    return rmdir(folder);
}

static struct fake_cloud *cloud_new(void)
{
    struct fake_cloud *cloud =
        mmap(NULL, sizeof(*cloud), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(cloud != MAP_FAILED);
    cloud->duration_ms = 25000;
    cloud->retry_after_s = 10;
    return cloud;
}

static void cloud_free(struct fake_cloud *cloud)
{
    (void)munmap(cloud, sizeof(*cloud));
}

static void a_plan_runs_in_the_order_of_its_needs(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    assert_int_equal(s.run->done_count, WANTED);
    for (size_t i = 0; i < s.plan.step_count; i++)
        for (uint32_t k = 0; k < s.plan.steps[i].need_count; k++)
            assert_true(s.run->steps[s.plan.steps[i].needs[k]].end_ms <= s.run->steps[i].start_ms);
    for (size_t i = 0; i < cloud->count; i++)
        assert_int_equal(cloud->items[i].put_count, 1);
    assert_true(s.left_first_ms > 0);
    stage_close(&s);
    cloud_free(cloud);
}

static void no_more_steps_run_at_once_than_allowed(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 2);
    assert_int_equal(s.rc, RD_RC_OK);
    assert_int_equal(s.peak, 2);
    assert_true(cloud->running_peak <= 2);
    stage_close(&s);
    cloud_free(cloud);
}

static void references_are_replaced_by_what_they_mean(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    assert_non_null(strstr(fake_cloud_find(cloud, ID_ROLE)->body,
                           "\"principalId\":\"11111111-2222-3333-4444-555555555555\""));
    struct rd_json secret = parse(s.arena, fake_cloud_find(cloud, "/secrets/admin")->body);
    struct rd_str password = rd_json_str(rd_json_at(&secret, "value"));
    assert_int_equal(password.n, 24);
    assert_true(rd_str_find(rd_str_from(fake_cloud_find(cloud, "/vm1")->body),
                            rd_json_text(s.arena, rd_json_at(&secret, "value"), RD_JSON_COMPACT),
                            0) != RD_STR_NONE);
    assert_non_null(
        strstr(fake_cloud_find(cloud, "/extensions/b")->body, "\"registration-token-xyz\""));
    char time_text[RD_TIME_TEXT_MAX];
    struct rd_json pool = parse(s.arena, fake_cloud_find(cloud, ID_POOL)->body);
    int64_t expires_ms = 0;
    assert_true(rd_time_parse(
        rd_json_str(rd_json_at(&pool, "properties.registrationInfo.expirationTime")), &expires_ms));
    assert_true(expires_ms > START_MS + 86000000 && expires_ms < START_MS + 87000000);
    (void)rd_time_format(expires_ms, false, time_text);
    assert_int_equal(cloud->post_count, 1);
    stage_close(&s);
    cloud_free(cloud);
}

static void no_secret_reaches_the_journal(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    struct rd_json secret = parse(s.arena, fake_cloud_find(cloud, "/secrets/admin")->body);
    struct rd_str password = rd_arena_str(s.arena, rd_json_str(rd_json_at(&secret, "value")));
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    static const char *const names[] = {"redoubt.db", "redoubt.db-wal"};
    size_t seen = 0;
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        struct rd_str content;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        assert_int_equal(rd_file_read(arena, path, 10 << 20, &content, &s.err), RD_RC_OK);
        assert_true(rd_str_find(content, password, 0) == RD_STR_NONE);
        assert_true(rd_str_find(content, RD_STR("registration-token"), 0) == RD_STR_NONE);
        seen += rd_str_find(content, RD_STR("virtualMachines/vm1"), 0) != RD_STR_NONE;
    }
    assert_true(seen > 0); /* the journal was looked at */
    stage_close(&s);
    cloud_free(cloud);
}

static void a_failure_stops_only_what_needs_it(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    cloud->fail_part = "/vm1";
    cloud->fail_code = "SkuNotAvailable";
    cloud->fail_times = 1;
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_CAPACITY);
    assert_int_equal(s.run->failed_count, 1);
    assert_int_equal(s.run->skipped_count, 2); /* its two extensions */
    assert_int_equal(s.run->done_count, WANTED - 3);
    assert_non_null(strstr(s.err.msg, "virtual machine 'vm1'"));
    assert_string_equal(s.err.azure_code, "SkuNotAvailable");
    assert_non_null(strstr(s.err.hint, "zone"));
    stage_close(&s);
    cloud_free(cloud);
}

static void a_passing_failure_is_tried_again(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    cloud->fail_part = "/vm1";
    cloud->fail_code = "InternalDiskManagementError";
    cloud->fail_times = 1;
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    assert_int_equal(fake_cloud_find(cloud, "/vm1")->put_count, 2);
    stage_close(&s);
    cloud_free(cloud);
}

static void a_fresh_grant_is_given_time(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    cloud->forbidden_until_ms = START_MS + 400000;
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    const struct rd_step_record *secret = &s.run->steps[4];
    assert_true(rd_str_is(s.plan.steps[4].id, ID_SECRET));
    assert_true(secret->end_ms >= START_MS + 400000);
    /* A vault draws on no bucket of ARM's, and all machines wait for it. */
    assert_true(secret->end_ms <= START_MS + 411000);
    stage_close(&s);
    cloud_free(cloud);
}

static void a_refusal_without_a_fresh_grant_fails_at_once(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    fake_cloud_find(cloud, "/secrets/admin")->is_deleted = true;
    cloud->forbidden_until_ms = INT64_MAX;
    cloud->last_now_ms += 3600000;
    struct stage t;
    stage_open(&t, cloud);
    plan_creation(&t, NULL);
    struct rd_step only = t.plan.steps[4];
    assert_true(rd_str_has_suffix(only.id, RD_STR("/secrets/admin")));
    only.need_count = 0;
    t.plan.steps = &only;
    t.plan.step_count = 1;
    run_plan(&t, 100);
    assert_int_equal(t.rc, RD_RC_PERMISSION);
    assert_true(t.run->end_ms - t.run->start_ms < 1000);
    stage_close(&t);
    stage_close(&s);
    cloud_free(cloud);
}

static void a_stopped_run_ends_what_is_under_way(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    s.stop_after = 3;
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_INTERRUPTED);
    assert_true(s.run->done_count >= 3 && s.run->done_count < WANTED);
    assert_int_equal(s.run->done_count + s.run->skipped_count, WANTED);
    for (size_t i = 0; i < cloud->count; i++)
        assert_true(cloud->items[i].ready_ms <= cloud->last_now_ms); /* nothing left running */
    stage_close(&s);
    cloud_free(cloud);
}

static void what_is_live_is_read_back(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    struct rd_set *live = NULL;
    assert_int_equal(rd_engine_read(&s.world, s.arena, s.desired, &live, &s.err), RD_RC_OK);
    assert_int_equal(live->count, 0);
    assert_int_equal(s.net.fake.count, 1); /* the group is missing: nothing below it is asked for */
    rd_set_done(live);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(rd_engine_read(&s.world, s.arena, s.desired, &live, &s.err), RD_RC_OK);
    assert_int_equal(live->count, WANTED);
    for (size_t i = 0; i < WANTED; i++)
        assert_non_null(rd_set_find(live, rd_str_from(wanted[i].id)));
    const struct rd_resource *secret = rd_set_find(live, RD_STR(ID_SECRET));
    assert_false(rd_json_exists(rd_json_at(&secret->body, "value")));
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_GET, "vault.azure.net/secrets/admin"), 1);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_GET, "management.azure.com" ID_SECRET), 1);
    const struct rd_resource *vm = rd_set_find(live, RD_STR(ID_VM("1")));
    assert_false(rd_json_exists(rd_json_at(&vm->body, "id")));
    rd_set_done(live);
    stage_close(&s);
    cloud_free(cloud);
}

/* One process that reads, plans and applies, and ends at the given event. */
static void run_until_killed(struct fake_cloud *cloud, int kill_at)
{
    struct stage s;
    stage_open(&s, cloud);
    struct rd_set *live = NULL;
    if (rd_engine_read(&s.world, s.arena, s.desired, &live, &s.err) != RD_RC_OK)
        _exit(2);
    plan_creation(&s, live);
    s.kill_at = kill_at;
    run_plan(&s, 100);
    stage_close(&s);
    _exit(s.rc == RD_RC_OK ? 0 : 3);
}

static int run_child(struct fake_cloud *cloud, int kill_at)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_until_killed(cloud, kill_at);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The run is killed at every change of a step's state in turn; each time the next run ends with
 * what an undisturbed one makes, and no operation that was under way is started again. */
static void a_killed_run_is_finished_by_the_next(void **state)
{
    (void)state;
    int kills = 0;
    for (int kill_at = 1;; kill_at++) {
        struct fake_cloud *cloud = cloud_new();
        int status = run_child(cloud, kill_at);
        if (status == 0) {
            cloud_free(cloud);
            remove_journal(folder);
            break;
        }
        assert_int_equal(status, KILLED);
        kills++;
        assert_int_equal(run_child(cloud, 0), 0);
        assert_int_equal(cloud->count, WANTED);
        for (size_t i = 0; i < cloud->count; i++) {
            assert_false(cloud->items[i].is_deleted || cloud->items[i].is_failed);
            assert_true(cloud->items[i].ready_ms <= cloud->last_now_ms);
            assert_int_equal(cloud->items[i].put_count, 1);
        }
        cloud_free(cloud);
        remove_journal(folder);
    }
    assert_true(kills >= 2 * WANTED);
}

/* The plan's host pool gets a provisional body and a step that writes it first. */
static void write_pool_twice(struct stage *s)
{
    static const char first[] = "{\"location\":\"westeurope\",\"properties\":{\"first\":1}}";
    size_t at = 0;
    while (!rd_str_is(s->plan.steps[at].id, ID_POOL))
        at++;
    struct rd_step *whole = &s->plan.steps[at];
    rd_resource_provide(s->desired, (size_t)rd_set_index(s->desired, whole->id),
                        parse(s->arena, first));
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    struct rd_step *steps = rd_arena_array(s->arena, s->plan.step_count + 1, sizeof(*steps));
    memcpy(steps, s->plan.steps, s->plan.step_count * sizeof(*steps));
    steps[s->plan.step_count] = *whole;
    steps[s->plan.step_count].action = RD_STR("provisional");
    steps[at].needs = rd_arena_array(s->arena, steps[at].need_count + 1, sizeof(uint32_t));
    memcpy(steps[at].needs, whole->needs, whole->need_count * sizeof(uint32_t));
    steps[at].needs[steps[at].need_count++] = (uint32_t)s->plan.step_count;
    s->plan.steps = steps;
    s->plan.step_count++;
}

static void what_is_written_twice_ends_whole(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    write_pool_twice(&s);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    const struct fake_item *pool = fake_cloud_find(cloud, ID_POOL);
    assert_int_equal(pool->put_count, 2);
    assert_null(strstr(pool->body, "first"));
    assert_non_null(strstr(pool->body, "expirationTime"));
    stage_close(&s);
    cloud_free(cloud);
}

/* Killed while the first write's operation runs, the next run follows that operation and then still
 * makes the second write: that something is there already proves nothing of its body. */
static void a_run_killed_at_the_first_write_makes_the_second(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    write_pool_twice(&s);
    struct rd_plan whole = s.plan;
    struct rd_step first = s.plan.steps[s.plan.step_count - 1];
    first.need_count = 0;
    s.plan.steps = &first;
    s.plan.step_count = 1;
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    assert_non_null(strstr(fake_cloud_find(cloud, ID_POOL)->body, "first"));
    /* As if its end and an accepted second write had not been seen. */
    static const char *const steps[] = {"put provisional", "put"};
    for (size_t i = 0; i < 2; i++) {
        struct rd_journal_entry entry = {
            .run = s.run->number,
            .sequence = 1000 + (int64_t)i,
            .phase = RD_JOURNAL_ACCEPTED,
            .step = rd_str_from(steps[i]),
            .id = RD_STR(ID_POOL),
            .url = RD_STR("https://management.azure.com" SUB "/operations/0?c=s"),
        };
        assert_int_equal(rd_journal_add(s.world.journal, &entry, &s.err), RD_RC_OK);
    }
    s.plan = whole;
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    const struct fake_item *pool = fake_cloud_find(cloud, ID_POOL);
    assert_int_equal(pool->put_count, 2);
    assert_null(strstr(pool->body, "first"));
    stage_close(&s);
    cloud_free(cloud);
}

/* An open operation is polled; one that the cloud has forgotten is looked into. */
static struct rd_str operation_of(struct stage *s, struct fake_cloud *cloud, const char *end)
{
    return rd_arena_printf(s->arena, "https://management.azure.com" SUB "/operations/%d?c=s",
                           fake_cloud_find(cloud, end)->operation);
}

static void an_open_operation_is_resumed(void **state)
{
    (void)state;
    for (int forgets = 0; forgets < 2; forgets++) {
        struct fake_cloud *cloud = cloud_new();
        struct stage s;
        stage_open(&s, cloud);
        plan_creation(&s, NULL);
        run_plan(&s, 100);
        assert_int_equal(s.rc, RD_RC_OK);
        struct rd_journal_entry entry = {
            .run = s.run->number,
            .sequence = 1000,
            .phase = RD_JOURNAL_ACCEPTED,
            .step = RD_STR("put"),
            .id = RD_STR(ID_VM("1")),
            .url = operation_of(&s, cloud, "/vm1"),
        };
        assert_int_equal(rd_journal_add(s.world.journal, &entry, &s.err), RD_RC_OK);
        stage_close(&s);
        cloud->forgets_operations = forgets == 1;
        stage_open(&s, cloud);
        plan_creation(&s, NULL);
        struct rd_step only = s.plan.steps[8];
        assert_true(rd_str_is(only.id, ID_VM("1")));
        only.need_count = 0;
        s.plan.steps = &only;
        s.plan.step_count = 1;
        run_plan(&s, 100);
        assert_int_equal(s.rc, RD_RC_OK);
        assert_int_equal(fake_count(&s.net.fake, RD_HTTP_GET, "/operations/"), 1);
        assert_int_equal(fake_count(&s.net.fake, RD_HTTP_PUT, "https:"), 0);
        stage_close(&s);
        cloud_free(cloud);
        remove_journal(folder);
    }
}

/* Leaves an operation open for VM 1 that has ended long ago, as a run does that dies before it can
 * say so, and runs only that VM's step. */
static void run_with_stale_operation(struct stage *s, struct fake_cloud *cloud,
                                     enum rd_step_kind kind)
{
    stage_open(s, cloud);
    plan_creation(s, NULL);
    run_plan(s, 100);
    assert_int_equal(s->rc, RD_RC_OK);
    struct rd_journal_entry entry = {
        .run = s->run->number,
        .sequence = 1000,
        .phase = RD_JOURNAL_ACCEPTED,
        .step = kind == RD_STEP_DELETE ? RD_STR("delete") : RD_STR("put"),
        .id = RD_STR(ID_VM("1")),
        .url = operation_of(s, cloud, "/hp1"),
    };
    char asked[32];
    (void)snprintf(asked, sizeof(asked), "/operations/%d?",
                   fake_cloud_find(cloud, "/hp1")->operation);
    assert_int_equal(rd_journal_add(s->world.journal, &entry, &s->err), RD_RC_OK);
    stage_close(s);
    if (kind == RD_STEP_PUT)
        fake_cloud_find(cloud, "/vm1")->is_deleted = true;
    stage_open(s, cloud);
    plan_creation(s, NULL);
    s->plan.steps += 8;
    s->plan.step_count = 1;
    s->plan.steps[0].need_count = 0;
    s->plan.steps[0].kind = kind;
    if (kind == RD_STEP_DELETE)
        s->plan.changes[s->plan.steps[0].change].kind = RD_CHANGE_DELETE;
    run_plan(s, 100);
    assert_int_equal(s->rc, RD_RC_OK);
    assert_int_equal(fake_count(&s->net.fake, RD_HTTP_GET, asked), 1);
}

static void an_operation_of_an_earlier_life_proves_nothing(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    run_with_stale_operation(&s, cloud, RD_STEP_PUT);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_PUT, "/vm1?"), 1);
    assert_non_null(fake_cloud_find(cloud, "/vm1"));
    stage_close(&s);
    cloud_free(cloud);
    remove_journal(folder);
    cloud = cloud_new();
    run_with_stale_operation(&s, cloud, RD_STEP_DELETE);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_DELETE, "/vm1?"), 1);
    assert_null(fake_cloud_find(cloud, "/vm1"));
    stage_close(&s);
    cloud_free(cloud);
}

static void deleting_what_is_gone_is_well(void **state)
{
    (void)state;
    struct fake_cloud *cloud = cloud_new();
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    for (size_t i = 0; i < s.plan.step_count; i++) {
        s.plan.steps[i].kind = RD_STEP_DELETE;
        s.plan.changes[i].kind = RD_CHANGE_DELETE;
    }
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_DELETE, "https:"), WANTED);
    assert_int_equal(
        fake_count(&s.net.fake, RD_HTTP_DELETE, "hp1?api-version=2024-04-03&force=true"), 1);
    stage_close(&s);
    cloud_free(cloud);
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_plan_runs_in_the_order_of_its_needs),
        IN_FOLDER(no_more_steps_run_at_once_than_allowed),
        IN_FOLDER(references_are_replaced_by_what_they_mean),
        IN_FOLDER(no_secret_reaches_the_journal),
        IN_FOLDER(a_failure_stops_only_what_needs_it),
        IN_FOLDER(a_passing_failure_is_tried_again),
        IN_FOLDER(a_fresh_grant_is_given_time),
        IN_FOLDER(a_refusal_without_a_fresh_grant_fails_at_once),
        IN_FOLDER(a_stopped_run_ends_what_is_under_way),
        IN_FOLDER(what_is_live_is_read_back),
        IN_FOLDER(a_killed_run_is_finished_by_the_next),
        IN_FOLDER(what_is_written_twice_ends_whole),
        IN_FOLDER(a_run_killed_at_the_first_write_makes_the_second),
        IN_FOLDER(an_open_operation_is_resumed),
        IN_FOLDER(an_operation_of_an_earlier_life_proves_nothing),
        IN_FOLDER(deleting_what_is_gone_is_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
