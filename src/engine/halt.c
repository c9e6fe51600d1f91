/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only changes while its machine is deallocated (column `halts` of data/types.yaml): the plan
 * has the actions "deallocate" before the write and "start" after it. Whether there is anything to
 * do is seen when their time comes, for power changes without a plan: a machine that was down
 * already, by its user or by a schedule, is neither stopped nor started. What a run has stopped
 * stands in the journal, so that a run after a kill starts it again.
 */
#include "running.h"

enum {
    LOOK_AGAIN_MS = 15000,
    GOING_DOWN_MS_MAX =
        900000, /* as long as a conflict is waited for: somebody else takes it down */
};

bool halt_is_stop(const struct job *job)
{
    return job->step->kind == RD_STEP_ACTION && rd_str_is(job->step->action, "deallocate");
}

/* A start of what differs in nothing was planned because it is down, so it is always sent. */
bool halt_is_restart(const struct rd_plan *plan, const struct rd_step *step)
{
    return step->kind == RD_STEP_ACTION && rd_str_is(step->action, "start") &&
           plan->changes[step->change].field_count > 0;
}

static void send_stop(struct job *job)
{
    (void)rd_map_set(&job->running->halted, job->step->id, job->running);
    step_enter(job, STAGE_SEND);
}

static void take_power(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    struct rd_str power = boot_power_of(job, &outcome->body);
    if (outcome->rc != RD_RC_OK)
        step_end_badly(job, outcome);
    else if (rd_str_is_case(power, "deallocated"))
        step_end_well(job);
    else if (rd_str_is_case(power, "deallocating") &&
             step_now_ms(job) - job->wait_since_ms < GOING_DOWN_MS_MAX)
        step_wait_then_enter(job, STAGE_RESOLVE, LOOK_AGAIN_MS);
    else
        send_stop(job);
}

void halt_look(struct job *job)
{
    if (!halt_is_stop(job)) {
        if (rd_map_get(&job->running->halted, job->step->id) != NULL)
            step_enter(job, STAGE_SEND);
        else
            step_end_well(job);
        return;
    }
    if (job->wait_since_ms == 0)
        job->wait_since_ms = step_now_ms(job);
    step_get_target(job, boot_power_url(job), take_power);
}
