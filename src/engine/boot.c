/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what was made runs. A confidential machine with a customer's key is made well and stays
 * stopped while its key may not be released to it, which is so for minutes after the grant was made
 * (lessons B1.1 and B9). No error says so: its power state is looked at, and it is started until it
 * runs (column `boots` of data/types.yaml).
 */
#include "running.h"

enum {
    LOOK_FIRST_MS = 30000, /* what boots takes about that long (azure-compute 5.3) */
    LOOK_AGAIN_MS = 15000,
    SHOWN_STOPPED_MS =
        60000, /* so long "stopped" may be shown of what is starting (recorded, 5.3) */
    START_SLOWEST_MS = 240000,
    STARTS_ENOUGH = 2, /* where no grant is so new that it may not count yet */
};

static const struct rd_json *boots_of(const struct job *job)
{
    return rd_json_get(job->type->row, RD_STR("boots"));
}

static bool has_condition(const struct job *job)
{
    const struct rd_resource *desired = job->change->desired;
    struct rd_str when = rd_json_str(rd_json_get(boots_of(job), RD_STR("when")));
    return when.n > 0 && desired != NULL && rd_json_exists(rd_json_at_str(&desired->body, when));
}

struct rd_str boot_power_of(const struct job *job, const struct rd_json *body)
{
    struct rd_str prefix = RD_STR("PowerState/");
    const struct rd_json *statuses =
        rd_json_at_str(body, rd_json_str(rd_json_get(boots_of(job), RD_STR("path"))));
    for (size_t i = 0; i < rd_json_count(statuses); i++) {
        struct rd_str code = rd_json_str(rd_json_at(rd_json_item(statuses, i), "code"));
        if (rd_str_has_prefix_case(code, prefix))
            return rd_str_sub(code, prefix.n, code.n);
    }
    return RD_STR("");
}

struct rd_str boot_power_url(struct job *job)
{
    if (job->boot_url.n == 0)
        job->boot_url = address_url_query(
            job->arena, &job->running->world->endpoints, &job->target, ADDRESS_GET,
            rd_json_str(rd_json_get(boots_of(job), RD_STR("get_query"))));
    return job->boot_url;
}

/* Whether this step is the one after which it runs for the first time. What ran once and was
 * stopped since, by its user or by a schedule, is left as it is. */
static bool is_due(const struct job *job)
{
    const struct rd_resource *live = job->change->live;
    bool is_start = job->step->kind == RD_STEP_ACTION && rd_str_is_case(job->step->action, "start");
    if (!has_condition(job) || step_is_part(job))
        return false;
    if (is_start || job->step->kind == RD_STEP_WAIT)
        return true;
    if (!step_is_write(job))
        return false;
    return job->is_create || live == NULL ||
           !rd_str_is_case(rd_json_str(rd_json_at(&live->body, "properties.provisioningState")),
                           "Succeeded") ||
           rd_str_is_case(boot_power_of(job, &live->body), "stopped");
}

static void fail_boot(struct job *job)
{
    char text[RD_TIME_TEXT_MAX];
    struct rd_str message = rd_arena_printf(
        job->arena,
        "it was made well, but it does not run: it is still stopped after %s and %d starts",
        rd_duration_format(step_now_ms(job) - job->wait_since_ms, text), job->start_count);
    step_end(job, RD_RC_PERMISSION, RD_STR("NotRunning"), message,
             rd_json_str(rd_json_get(boots_of(job), RD_STR("note"))));
}

static bool is_hopeless(struct job *job)
{
    int64_t timeout_s = rd_json_int(rd_json_get(boots_of(job), RD_STR("timeout_s")), 0);
    return step_now_ms(job) - job->wait_since_ms > timeout_s * 1000 ||
           (job->start_count >= STARTS_ENOUGH && !outcome_has_fresh_grant(job));
}

static void take_start(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    /* Whether it runs is seen by looking: a start that failed in passing is sent again. */
    bool may_pass = outcome->rc == RD_RC_OK || outcome->rc == RD_RC_CONFLICT ||
                    outcome->rc == RD_RC_TRANSIENT || outcome->may_have_happened;
    job->start_since_ms = step_now_ms(job);
    if (outcome->rc == RD_RC_INTERRUPTED)
        step_end_open(job, outcome);
    else if (may_pass)
        step_wait_then_enter(job, STAGE_BOOT, LOOK_FIRST_MS);
    else
        step_end_badly(job, outcome);
}

static void take_power(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    struct rd_str power = boot_power_of(job, &outcome->body);
    bool is_stopped = rd_str_is_case(power, "stopped");
    int64_t pause_ms = (int64_t)SHOWN_STOPPED_MS << (job->start_count < 3 ? job->start_count : 2);
    if (pause_ms > START_SLOWEST_MS)
        pause_ms = START_SLOWEST_MS;
    if (outcome->rc != RD_RC_OK) {
        step_end_badly(job, outcome);
    } else if (power.n > 0 && !is_stopped && !rd_str_is_case(power, "starting")) {
        step_end_well(job); /* it runs, or somebody takes it down on purpose */
    } else if (step_now_ms(job) - job->start_since_ms < pause_ms) {
        step_wait_then_enter(job, STAGE_BOOT, LOOK_AGAIN_MS);
    } else if (is_hopeless(job)) {
        fail_boot(job);
    } else if (is_stopped) {
        job->start_count++;
        send_start(job, take_start);
    } else {
        step_wait_then_enter(job, STAGE_BOOT, LOOK_AGAIN_MS);
    }
}

void boot_enter(struct job *job, bool is_new)
{
    if (!is_due(job)) {
        step_end_well(job);
        return;
    }
    if (is_new) {
        job->wait_since_ms = job->start_since_ms = step_now_ms(job);
        step_wait_then_enter(job, STAGE_BOOT, LOOK_FIRST_MS);
        return;
    }
    step_get_target(job, boot_power_url(job), take_power);
}
