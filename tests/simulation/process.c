/* SPDX-License-Identifier: Apache-2.0 */
/* One process of redoubt: doors, client, engine and journal from start to end, as cli/session.c
 * joins them. It ends well, badly, or by a crash. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "enclave/compile.h"
#include "simulation.h"

enum { PARALLEL = 4096, IN_FLIGHT = 64, ATTEMPTS = 8, FILE_MAX = 512 << 20 };

void cloud_open(struct world *world, const char *path)
{
    struct rd_err err;
    struct rd_cloud_options options = {
        .path = path,
        .cloud_name = world->scene.kind == TEMPLATE_SOVEREIGN ? "AzureUSGovernment" : "AzureCloud",
        .tenant = RD_STR("11111111-2222-3333-4444-555555555555"),
        .subscriptions = {RD_STR("22222222-3333-4444-5555-666666666666"),
                          RD_STR("55555555-6666-7777-8888-999999999999")},
        .subscription_count = world->scene.has_two_subscriptions ? 2 : 1,
        .seed = world->seed,
        .start_ms = INT64_C(1763750000000),
        .trusts_embedded = true,
    };
    if (rd_cloud_open(&options, &world->cloud, &err) != RD_RC_OK) {
        broken(world, "the cloud does not open: %s", err.msg);
        world->cloud = NULL;
        return;
    }
    int64_t now_ms = rd_cloud_time_ms(world->cloud);
    if (now_ms > world->now_ms)
        world->now_ms = now_ms;
}

/* Files as a kill leaves them: copied while they are still open. */
static void copy_file(struct world *world, const char *from, const char *to, const char *name)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text;
    struct rd_err err;
    const char *source = rd_arena_printf(arena, "%s/%s", from, name).p;
    const char *target = rd_arena_printf(arena, "%s/%s", to, name).p;
    if (rd_file_exists(source) && (rd_file_read(arena, source, FILE_MAX, &text, &err) != RD_RC_OK ||
                                   rd_file_write(target, text, 0600, &err) != RD_RC_OK))
        broken(world, "a file cannot be copied: %s", err.msg);
    rd_arena_free(arena);
}

static void move_house(struct world *world)
{
    static const char *const names[] = {"redoubt.db", "redoubt.db-wal", "cloud.db", "cloud.db-wal"};
    struct rd_err err;
    const char *from = world->folder;
    const char *to =
        rd_arena_printf(world->arena, "%s.%lld", from, (long long)++world->folder_count).p;
    if (rd_file_make_folder(to, &err) != RD_RC_OK)
        broken(world, "no folder: %s", err.msg);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        copy_file(world, from, to, names[i]);
    world->folder = to;
    if (!world->scene.has_file)
        return;
    rd_cloud_close(world->cloud);
    cloud_open(world, rd_arena_printf(world->arena, "%s/cloud.db", to).p);
}

void process_crash(struct world *world)
{
    tell(world, "crash at event %lld", (long long)world->process->events);
    world->crash_count++;
    longjmp(world->crash, 1);
}

void process_event(struct world *world)
{
    if (world->may_crash && ++world->process->events == world->weather.crash_at)
        process_crash(world);
}

static void process_open(struct world *world)
{
    struct process *process = rd_heap_zalloc(sizeof(*process));
    world->process = process;
    world->epoch++;
    process->arena = rd_arena_new(0);
    rd_clock_init_virtual(&process->clock, world->now_ms);
    process->loop = rd_loop_new(&process->clock);
    rd_random_init_seeded(&process->random, world->seed ^ (uint64_t)world->epoch << 32);
    world->transport = transport_new(world);
    struct rd_client_options options = {
        .loop = process->loop,
        .transport = transport_door(world->transport),
        .random = &process->random,
        .endpoints = world->endpoints,
        .in_flight_max = IN_FLIGHT,
        .attempts_max = ATTEMPTS,
    };
    process->client = rd_client_new(&options);
    process->engine = (struct rd_world){
        .loop = process->loop,
        .client = process->client,
        .random = &process->random,
        .endpoints = world->endpoints,
    };
}

/* What is the test's own is freed even after a crash; the client and the engine's heap are not. */
static void process_close(struct world *world, bool has_crashed)
{
    struct process *process = world->process;
    if (!has_crashed)
        rd_client_free(process->client);
    if (process->plan != NULL)
        rd_plan_done(process->plan);
    if (process->live != NULL)
        rd_set_done(process->live);
    if (process->desired != NULL)
        rd_set_done(process->desired);
    if (has_crashed)
        move_house(world);
    watch_end();
    rd_journal_close(process->engine.journal);
    world->now_ms = rd_clock_now_ms(&process->clock) > world->now_ms
                        ? rd_clock_now_ms(&process->clock)
                        : world->now_ms;
    /* Nothing runs any more, so what a crashed client still points to may go before it. */
    rd_loop_free(process->loop);
    rd_arena_free(process->arena);
    transport_free(world->transport);
    rd_heap_free(process);
    world->process = NULL;
    world->transport = NULL;
}

RD_NODISCARD static enum rd_rc read_spec(struct world *world, struct rd_err *err)
{
    struct process *process = world->process;
    struct rd_str text = scene_spec(process->arena, &world->scene);
    RD_TRY(rd_spec_parse(process->arena, "simulated.yaml", text, &world->spec, err));
    return rd_enclave_compile(process->arena, world->spec, &process->desired, err);
}

/* The plan by way of its saved form, as `plan --save` and `apply` of the file go: that reads the
 * live set again, and goes on when it is the same. */
RD_NODISCARD static enum rd_rc save_and_read(struct world *world, struct rd_err *err)
{
    struct process *process = world->process;
    struct rd_json json = rd_plan_to_json(process->arena, process->plan);
    struct rd_str text = rd_json_text(process->arena, &json, RD_JSON_PRETTY);
    texts_add(world, &world->messages, text);
    struct rd_plan *saved = NULL;
    RD_TRY(rd_plan_from_json(process->arena, "plan.json", text, &saved, err));
    saved->live = process->live; /* which is what it was made from */
    process->plan = saved;
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc make_plan(struct world *world, enum verb verb, struct rd_err *err)
{
    struct process *process = world->process;
    RD_TRY(read_spec(world, err));
    RD_TRY(rd_journal_open(world->folder, false, &process->engine.journal, err));
    RD_TRY(rd_engine_read(&process->engine, process->arena, process->desired, &process->live, err));
    if (verb == VERB_DESTROY)
        RD_TRY(rd_engine_read_foreign(&process->engine, process->arena, process->live, err));
    if (verb == VERB_DESTROY)
        RD_TRY(rd_plan_make_destroy(process->arena, process->desired, process->live, &process->plan,
                                    err));
    else
        RD_TRY(rd_plan_make(process->arena, process->desired, process->live, &process->plan, err));
    if (world->scene.saves_plans && verb == VERB_APPLY)
        RD_TRY(save_and_read(world, err));
    return RD_RC_OK;
}

static void keep_messages(struct world *world, const struct rd_run *run)
{
    for (size_t i = 0; run != NULL && run->steps != NULL && i < run->plan->step_count; i++)
        if (run->steps[i].message.n > 0) {
            tell(world, "  %.*s: %.*s: %.*s", RD_FMT(run->plan->steps[i].id),
                 RD_FMT(run->steps[i].code), RD_FMT(run->steps[i].message));
            texts_add(world, &world->messages, run->steps[i].message);
        }
}

static void tell_plan(const struct world *world, const struct rd_plan *plan)
{
    if (!world->is_verbose)
        return;
    struct rd_buf out;
    rd_buf_init(&out, RD_PLAN_SIZE_MAX);
    const struct rd_plan_text_options options = {.width = 160};
    rd_plan_print(&out, plan, &options);
    tell(world, "%s", rd_buf_c(&out));
    rd_buf_done(&out);
}

static enum rd_rc run_verb(struct world *world, enum verb verb, size_t *ret_steps,
                           struct rd_err *err)
{
    struct process *process = world->process;
    RD_TRY(make_plan(world, verb, err));
    *ret_steps = process->plan->step_count;
    for (size_t i = 0; i < process->plan->step_count; i++)
        world->followed += process->plan->steps[i].kind == RD_STEP_WAIT;
    tell_plan(world, process->plan);
    if (verb == VERB_PLAN || process->plan->step_count == 0)
        return RD_RC_OK;
    struct rd_run_options options = {
        .verb = verb == VERB_DESTROY ? "destroy" : "apply",
        .parallel_max = PARALLEL,
        .stop = &process->stop,
    };
    process->running = process->plan;
    struct rd_run *run = NULL;
    enum rd_rc rc =
        rd_engine_run(&process->engine, process->arena, process->plan, &options, &run, err);
    process->running = NULL;
    keep_messages(world, run);
    return rc;
}

enum rd_rc process_run(struct world *world, enum verb verb, size_t *ret_steps)
{
    *ret_steps = SIZE_MAX;
    process_open(world);
    watch_begin(world);
    if (setjmp(world->crash) != 0) {
        world->may_crash = false;
        process_close(world, true);
        return RD_RC_IO;
    }
    world->may_crash = true;
    struct rd_err err = {0};
    enum rd_rc rc = run_verb(world, verb, ret_steps, &err);
    world->may_crash = false;
    if (rc != RD_RC_OK) {
        char text[6144];
        rd_err_format(&err, text, sizeof(text));
        tell(world, "it ended with %s: %s", rd_rc_name(rc), text);
        texts_add(world, &world->messages, rd_str_from(text));
    }
    process_close(world, false);
    return rc;
}
