/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "running.h"

/* What one of many writes takes of ARM's bucket, its burst aside (azure-compute 1.4). */
enum { WRITE_MS = 100 };

static void link_steps(struct running *running)
{
    const struct rd_plan *plan = running->plan;
    size_t count = plan->step_count;
    running->successor_start = rd_arena_array(running->arena, count + 2, sizeof(uint32_t));
    running->needs_left = rd_arena_array(running->arena, count, sizeof(uint32_t));
    uint32_t *start = running->successor_start;
    size_t edge_count = 0;
    for (size_t i = 0; i < count; i++) {
        running->needs_left[i] = plan->steps[i].need_count;
        edge_count += plan->steps[i].need_count;
        for (uint32_t k = 0; k < plan->steps[i].need_count; k++)
            start[plan->steps[i].needs[k] + 2]++;
    }
    for (size_t i = 2; i < count + 2; i++)
        start[i] += start[i - 1];
    running->successors = rd_arena_array(running->arena, edge_count, sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < plan->steps[i].need_count; k++)
            running->successors[start[plan->steps[i].needs[k] + 1]++] = i;
}

static int longest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x == y ? 0 : x > y ? -1 : 1;
}

/* The longest way behind a step. Of a crowd that waits for it one write leaves after the other, so
 * what holds up a thousand hosts is more urgent than what one of them waits for. */
static int64_t way_behind(const struct running *running, uint32_t step, int64_t *tails_ms)
{
    uint32_t from = running->successor_start[step];
    uint32_t count = running->successor_start[step + 1] - from;
    int64_t after_ms = 0;
    for (uint32_t i = 0; i < count; i++)
        tails_ms[i] = running->tail_ms[running->successors[from + i]];
    qsort(tails_ms, count, sizeof(*tails_ms), longest_first);
    for (uint32_t i = 0; i < count; i++)
        if (tails_ms[i] + i * WRITE_MS > after_ms)
            after_ms = tails_ms[i] + i * WRITE_MS;
    return after_ms;
}

/* The longest way from each step to the end, in an order that steps backwards; false when the
 * steps need each other in a circle. */
static bool measure_tails(struct running *running)
{
    const struct rd_plan *plan = running->plan;
    size_t count = plan->step_count;
    running->tail_ms = rd_arena_array(running->arena, count, sizeof(int64_t));
    running->ready = rd_arena_array(running->arena, count, sizeof(uint32_t));
    uint32_t *order = rd_arena_array(running->arena, count, sizeof(uint32_t));
    uint32_t *left = rd_arena_array(running->arena, count, sizeof(uint32_t));
    int64_t *tails_ms = rd_arena_array(running->arena, count, sizeof(int64_t));
    size_t done = 0;
    size_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        left[i] = running->needs_left[i];
        if (left[i] == 0)
            order[found++] = i;
    }
    for (; done < found; done++)
        for (uint32_t k = running->successor_start[order[done]];
             k < running->successor_start[order[done] + 1]; k++)
            if (--left[running->successors[k]] == 0)
                order[found++] = running->successors[k];
    for (size_t i = found; i-- > 0;) {
        uint32_t step = order[i];
        running->tail_ms[step] =
            plan->steps[step].expected_ms + way_behind(running, step, tails_ms);
    }
    return found == count;
}

RD_NODISCARD static enum rd_rc find_open_operations(struct running *running, struct rd_err *err)
{
    if (running->world->journal == NULL)
        return RD_RC_OK;
    const struct rd_plan *plan = running->plan;
    struct rd_arena *arena = running->arena;
    running->resume_urls = rd_arena_array(arena, plan->step_count, sizeof(struct rd_str));
    running->resume_hashes = rd_arena_array(arena, plan->step_count, sizeof(struct rd_str));
    running->is_unsure = rd_arena_array(arena, plan->step_count, sizeof(bool));
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct rd_step *step = &plan->steps[i];
        const struct rd_resource *desired = plan->changes[step->change].desired;
        struct rd_str name = schedule_step_name(arena, step);
        RD_TRY(rd_journal_open_operation(running->world->journal, arena, name, step->id,
                                         &running->resume_urls[i], err));
        if (running->resume_urls[i].n > 0)
            RD_TRY(rd_journal_open_body(running->world->journal, arena, name, step->id,
                                        &running->resume_hashes[i], err));
        /* A PUT may be sent twice. What is made by a POST may be in the making already. */
        if (running->resume_urls[i].n == 0 && desired != NULL && desired->via.n > 0)
            RD_TRY(rd_journal_is_unsure(running->world->journal, name, step->id,
                                        &running->is_unsure[i], err));
    }
    return RD_RC_OK;
}

/* What a run that was cut short has stopped, this one starts again. */
RD_NODISCARD static enum rd_rc find_halted(struct running *running, struct rd_err *err)
{
    struct rd_str *ids = NULL;
    size_t count = 0;
    if (running->world->journal == NULL)
        return RD_RC_OK;
    RD_TRY(rd_journal_halted(running->world->journal, running->arena, &ids, &count, err));
    for (size_t i = 0; i < count; i++)
        (void)rd_map_set(&running->halted, ids[i], running);
    return RD_RC_OK;
}

enum rd_rc prepare_run(struct running *running, struct rd_err *err)
{
    const struct rd_plan *plan = running->plan;
    struct rd_run *run = running->run;
    run->plan = plan;
    run->steps = rd_arena_array(running->arena, plan->step_count, sizeof(*run->steps));
    run->start_ms = rd_loop_now_ms(running->world->loop);
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == RD_STEP_PUT || plan->steps[i].kind == RD_STEP_WAIT)
            (void)rd_map_set(&running->step_of, plan->steps[i].id, &run->steps[i]);
    link_steps(running);
    if (!measure_tails(running))
        return RD_FAIL(err, RD_RC_INVALID, "the steps of the plan need each other in a circle");
    RD_TRY(find_open_operations(running, err));
    RD_TRY(find_halted(running, err));
    if (running->world->journal == NULL)
        return RD_RC_OK;
    struct rd_run_record record = {
        .verb = rd_str_from(running->options->verb),
        .enclave = plan->enclave,
        .plan_hash = running->options->plan_hash,
        .start_ms = run->start_ms,
        .step_count = (int64_t)plan->step_count,
    };
    return rd_journal_begin(running->world->journal, &record, &run->number, err);
}
