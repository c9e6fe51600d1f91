/* SPDX-License-Identifier: Apache-2.0 */
/* The acts of one seed's story, and what must hold after each. */
#include <string.h>

#include "base/file.h"
#include "simulation.h"

enum { ATTEMPTS_MAX = 10, STORMY = 5, SETTLE_MS = 6 * 3600 * 1000, HOUR_MS = 3600 * 1000 };

/* Lets what goes on by itself in the cloud come to its end. */
static void let_time_pass(struct world *world, int64_t span_ms)
{
    struct rd_arena *arena = rd_arena_new(0);
    world->now_ms += span_ms;
    (void)by_hand(world, arena, RD_HTTP_GET,
                  rd_arena_printf(arena, "%.*s/subscriptions?api-version=2022-12-01",
                                  RD_FMT(world->endpoints.arm)),
                  RD_STR(""));
    rd_arena_free(arena);
}

static void prepare_attempt(struct world *world, enum verb verb, int attempt)
{
    weather_draw(world, attempt);
    if (!world->is_disturbed)
        return;
    if (attempt == 0)
        scene_cloud_faults(world);
    if (attempt == STORMY)
        truth_clear_faults(world->cloud);
    if (attempt >= STORMY && verb == VERB_APPLY)
        person_starts_machines(world);
    else if (attempt > 0 && chance(&world->chaos_draw, 400))
        let_time_pass(world, between(&world->chaos_draw, 0, 3 * HOUR_MS));
    world->looked_into = (struct texts){0};
    if (verb == VERB_DESTROY && attempt < STORMY && chance(&world->chaos_draw, 600))
        world->weather.adds_at = between(&world->chaos_draw, 1, 150);
    if (verb == VERB_APPLY && attempt < STORMY && world->epoch > 0 &&
        chance(&world->chaos_draw, 150))
        person_meddles(world);
}

/* The same command again and again, as a user would, until it succeeds. */
static void repeat(struct world *world, enum verb verb, const char *what)
{
    size_t steps = 0;
    for (int attempt = 0; attempt < ATTEMPTS_MAX && world->failure[0] == '\0'; attempt++) {
        prepare_attempt(world, verb, attempt);
        tell(world, "%s, attempt %d", what, attempt + 1);
        enum rd_rc rc = process_run(world, verb, &steps);
        tell(world, "%s, attempt %d: %s", what, attempt + 1, rd_rc_name(rc));
        if (rc == RD_RC_OK)
            return;
        if (!world->is_disturbed)
            broken(world, "%s fails undisturbed: %s", what, rd_rc_name(rc));
    }
    broken(world, "%s does not succeed in %d attempts, though the last %d were undisturbed", what,
           ATTEMPTS_MAX, ATTEMPTS_MAX - STORMY);
}

/* In fair weather: somebody's changes are put right, and then nothing is left to do. */
static void check_converged(struct world *world, enum verb verb, const char *what)
{
    size_t steps = 0;
    world->weather = (struct weather){0};
    truth_clear_faults(world->cloud);
    enum verb asked = verb == VERB_APPLY ? VERB_PLAN : verb;
    if (world->failure[0] != '\0')
        return;
    enum rd_rc rc = process_run(world, asked, &steps);
    if (rc != RD_RC_OK)
        broken(world, "after %s a second look fails: %s", what, rd_rc_name(rc));
    else if (steps != 0)
        broken(world, "after %s a second look still has %zu steps", what, steps);
}

static void check_act(struct world *world, enum verb verb, const char *what, struct story *story)
{
    check_converged(world, verb, what);
    if (world->failure[0] != '\0')
        return;
    let_time_pass(world, SETTLE_MS);
    truth_read(world, world->arena, &story->after[story->count++]);
    truth_check_orphans(world, what);
    truth_check_foreign(world, what);
    if (verb == VERB_APPLY)
        truth_check_pins(world, what);
    if (verb == VERB_APPLY)
        truth_check_machines(world, what);
    watch_check_secrets(world);
    if (!world->is_disturbed && world->cloud_throttled > 0)
        broken(world, "%s: the cloud throttled %lld requests of an undisturbed run", what,
               (long long)world->cloud_throttled);
}

static void act(struct world *world, enum verb verb, const char *what, struct story *story)
{
    if (world->failure[0] != '\0')
        return;
    repeat(world, verb, what);
    if (verb == VERB_DESTROY)
        world->is_destroyed = true;
    check_act(world, verb, what, story);
}

static void edit(struct world *world)
{
    struct scene *scene = &world->scene;
    if (scene->edits_count)
        scene->host_count++;
    if (scene->edits_size)
        scene->is_large = true;
    if (scene->edits_pins)
        scene->has_pins = false;
    if (scene->edits_settings) {
        scene->has_extra_rule = true;
        scene->max_sessions = 12;
        scene->retention_days = 90;
    }
}

static void open_house(struct world *world)
{
    struct rd_err err;
    const char *cloud =
        world->scene.kind == TEMPLATE_SOVEREIGN ? "AzureUSGovernment" : "AzureCloud";
    if (rd_file_make_folder(world->folder, &err) != RD_RC_OK ||
        rd_endpoints_find(rd_str_from(cloud), &world->endpoints, &err) != RD_RC_OK)
        broken(world, "the story cannot begin: %s", err.msg);
    const char *path = rd_arena_printf(world->arena, "%s/cloud.db", world->folder).p;
    cloud_open(world, world->scene.has_file ? path : NULL);
}

void story_run(struct world *world, struct story *ret_story)
{
    *ret_story = (struct story){0};
    scene_draw(world);
    struct scene *scene = &world->scene;
    tell(world, "%s", scene_spec(world->arena, scene).p);
    open_house(world);
    act(world, VERB_APPLY, "the first apply", ret_story);
    if (scene->edits_count || scene->edits_size || scene->edits_pins || scene->edits_settings) {
        edit(world);
        tell(world, "%s", scene_spec(world->arena, scene).p);
        act(world, VERB_APPLY, "the apply of the edited spec", ret_story);
    }
    if (scene->destroys)
        act(world, VERB_DESTROY, "destroy", ret_story);
    if (world->cloud != NULL)
        rd_cloud_close(world->cloud);
    world->cloud = NULL;
}
