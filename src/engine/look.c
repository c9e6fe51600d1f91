/* SPDX-License-Identifier: Apache-2.0 */
#include "running.h"

/*
 * When to look at what others make. A run waits for the same of many hosts: the first of a kind,
 * its scouts, are looked at often, and what most of them took at least is waited before the others
 * are looked at for the first time. Without that, looking would take more reads than the
 * operations of the hosts that come behind leave.
 */

enum {
    SCOUT_COUNT = 16,
    LEARNED_FROM = 4, /* scouts */
    QUANTILE_PERCENT = 25,
    UNLEARNED_PERCENT = 75, /* of what the table expects, as long as no scout has ended */
    PRECISION = 16,         /* a look is late by this part of what was waited */
    SOONEST_MS = 15000,
    SOONEST_ALONE_MS = 10000, /* as often as is worth a request; Compute allows one resource 12
                                 reads a minute (azure-compute 1.4) */
    ROOM_MS = 100, /* a look at each in turn takes two fifths of ARM's 25 reads a second */
    SLOWEST_MS = 60000,
};

struct watched {
    size_t begun_count;
    size_t ended_count;
    int64_t took_ms[SCOUT_COUNT]; /* by scouts, shortest first */
};

static struct watched *watched_of(struct job *job)
{
    struct running *running = job->running;
    bool is_ready = job->stage == STAGE_READY;
    struct rd_map *map = is_ready ? &running->readied : &running->appeared;
    struct watched *watched = rd_map_get(map, job->type->name);
    if (watched == NULL) {
        watched = rd_arena_zalloc(running->arena, sizeof(*watched));
        (void)rd_map_set(map, job->type->name, watched);
    }
    return watched;
}

void look_begin(struct job *job)
{
    struct watched *watched = watched_of(job);
    job->wait_since_ms = step_now_ms(job);
    job->looked_ms = 0;
    /* What is changed and not made is mostly ready at once, and says nothing of what is made. */
    job->is_scout = job->is_create && watched->begun_count++ < SCOUT_COUNT;
}

/* Before this a look is not worth its read. */
static int64_t due_ms(struct job *job)
{
    const struct watched *watched = watched_of(job);
    if (job->is_scout || !job->is_create)
        return job->wait_since_ms;
    if (watched->ended_count >= LEARNED_FROM)
        return job->wait_since_ms + watched->took_ms[watched->ended_count * QUANTILE_PERCENT / 100];
    if (job->stage == STAGE_APPEAR)
        return job->looked_ms == 0 ? job->wait_since_ms : job->looked_ms + SLOWEST_MS;
    return job->running->run->steps[job->index].start_ms +
           job->step->expected_ms * UNLEARNED_PERCENT / 100;
}

/* The fewer are left, the more often there are reads to look at each: the last host's end is that
 * of the run. */
static int64_t pause_ms(const struct job *job)
{
    int64_t pause_ms = (job->looked_ms - job->wait_since_ms) / PRECISION;
    int64_t room_ms = (int64_t)job->running->run->running_count * ROOM_MS;
    if (pause_ms < SOONEST_MS)
        pause_ms = SOONEST_MS;
    if (pause_ms > SLOWEST_MS)
        pause_ms = SLOWEST_MS;
    if (pause_ms > room_ms)
        pause_ms = room_ms;
    return pause_ms < SOONEST_ALONE_MS ? SOONEST_ALONE_MS : pause_ms;
}

bool look_is_due(struct job *job)
{
    int64_t now_ms = step_now_ms(job);
    int64_t at_ms = due_ms(job);
    if (job->looked_ms != 0 && at_ms < job->looked_ms + pause_ms(job))
        at_ms = job->looked_ms + pause_ms(job);
    if (at_ms <= now_ms) {
        job->looked_ms = now_ms;
        return true;
    }
    /* The scouts may tell more meanwhile. */
    int64_t delay_ms = at_ms - now_ms;
    step_wait_then_enter(job, job->stage, delay_ms < SOONEST_MS ? delay_ms : SOONEST_MS);
    return false;
}

void look_learn(struct job *job)
{
    if (!job->is_scout)
        return;
    struct watched *watched = watched_of(job);
    int64_t took_ms = step_now_ms(job) - job->wait_since_ms;
    size_t at = watched->ended_count++;
    for (; at > 0 && watched->took_ms[at - 1] > took_ms; at--)
        watched->took_ms[at] = watched->took_ms[at - 1];
    watched->took_ms[at] = took_ms;
    job->is_scout = false;
}
