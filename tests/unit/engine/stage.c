/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

char stage_folder[64];

const struct wanted wanted[WANTED] = {
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
struct rd_json parse(struct rd_arena *arena, const char *text)
{
    struct rd_json value;
    struct rd_err err;
    assert_int_equal(rd_json_parse(arena, "t", rd_str_from(text), 0, &value, &err), RD_RC_OK);
    return value;
}

static struct rd_set *wanted_set(struct rd_arena *arena)
{
    struct rd_err err;
    struct rd_set *set = new_set(arena);
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

void stage_open(struct stage *s, struct fake_cloud *cloud)
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
    assert_int_equal(rd_journal_open(stage_folder, false, &s->world.journal, &s->err), RD_RC_OK);
    s->desired = wanted_set(s->arena);
}

void stage_close(struct stage *s)
{
    rd_set_done(s->desired);
    if (s->plan.live != NULL)
        rd_map_done(&((struct rd_set *)(uintptr_t)s->plan.live)->by_id);
    rd_journal_close(s->world.journal);
    fake_client_close(&s->net);
    rd_arena_free(s->arena);
}

void plan_creation(struct stage *s, const struct rd_set *live)
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
        struct rd_str state = RD_STR("");
        if (there != NULL)
            state = rd_json_str(rd_json_at(&there->body, "properties.provisioningState"));
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

void run_plan(struct stage *s, size_t parallel_max)
{
    struct rd_run_options options = {.verb = "apply",
                                     .parallel_max = parallel_max,
                                     .stop = &s->stop,
                                     .progress = {on_progress, s}};
    s->rc = rd_engine_run(&s->world, s->arena, &s->plan, &options, &s->run, &s->err);
}

void start_afresh(struct fake_cloud *cloud)
{
    remove_journal(stage_folder);
    *cloud = (struct fake_cloud){.duration_ms = 25000, .retry_after_s = 10};
}

int stage_set_up(void **state)
{
    (void)snprintf(stage_folder, sizeof(stage_folder), "/tmp/redoubt-engine-XXXXXX");
    if (mkdtemp(stage_folder) == NULL)
        return -1;
    *state = mmap(NULL, sizeof(struct fake_cloud), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (*state == MAP_FAILED)
        return -1;
    start_afresh(*state);
    return 0;
}

int stage_tear_down(void **state)
{
    (void)munmap(*state, sizeof(struct fake_cloud));
    remove_journal(stage_folder);
    return rmdir(stage_folder);
}

void stage_open_and_run(struct stage *s, struct fake_cloud *cloud)
{
    stage_open(s, cloud);
    plan_creation(s, NULL);
    run_plan(s, 100);
    assert_int_equal(s->rc, RD_RC_OK);
}
