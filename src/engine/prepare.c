/* SPDX-License-Identifier: Apache-2.0 */
#include "running.h"

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
        int64_t after_ms = 0;
        for (uint32_t k = running->successor_start[step]; k < running->successor_start[step + 1];
             k++)
            if (running->tail_ms[running->successors[k]] > after_ms)
                after_ms = running->tail_ms[running->successors[k]];
        running->tail_ms[step] = plan->steps[step].expected_ms + after_ms;
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
