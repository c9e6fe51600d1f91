/* SPDX-License-Identifier: Apache-2.0 */
#include "running.h"

enum {
    WATCH_MS_MAX = 2700000,  /* 45 min, where the row names no timeout */
    FOLLOW_MS_MAX = 7200000, /* what is under way: the longest create */
};

int64_t step_now_ms(const struct job *job)
{
    return rd_loop_now_ms(job->running->world->loop);
}

bool step_is_write(const struct job *job)
{
    return job->step->kind == RD_STEP_PUT;
}

bool step_is_part(const struct job *job)
{
    static const char *const names[] = {"on_delete", "release", "retire"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (step_is_write(job) && rd_str_is(job->step->action, names[i]))
            return true;
    return false;
}

/* Of what is live only what the column names, and what it says over that. */
static struct rd_json retired_body(const struct job *job)
{
    struct rd_json body = rd_json_object();
    const struct rd_json *row = rd_json_get(job->type->row, RD_STR("retire"));
    const struct rd_json *kept = rd_json_get(row, RD_STR("keep"));
    for (size_t i = 0; i < rd_json_count(kept) && job->change->live != NULL; i++) {
        struct rd_str path = rd_json_str(rd_json_item(kept, i));
        const struct rd_json *value = rd_json_at_str(&job->change->live->body, path);
        if (rd_json_exists(value))
            *rd_json_make(job->call_arena, &body, rd_arena_str(job->call_arena, path).p) = *value;
    }
    rd_json_merge(job->call_arena, &body, rd_json_get(row, RD_STR("set")));
    return body;
}

struct rd_json step_part(const struct job *job)
{
    struct rd_str action = job->step->action;
    if (rd_str_is(action, "on_delete"))
        return *rd_json_at(job->type->row, "on_delete.update");
    if (rd_str_is(action, "release"))
        return *rd_json_at(job->type->row, "held.release");
    return rd_str_is(action, "retire") ? retired_body(job) : rd_json_absent;
}

struct rd_str step_via(const struct job *job)
{
    const struct rd_resource *desired = job->change->desired;
    return step_is_write(job) && !step_is_part(job) && job->is_create && desired != NULL
               ? desired->via
               : RD_STR("");
}

void step_end(struct job *job, enum rd_rc rc, struct rd_str code, struct rd_str message,
              struct rd_str hint)
{
    struct running *running = job->running;
    int status = rc == RD_RC_OK ? 200 : 0;
    message = lookup_mask(running, job->arena, message);
    if (job->has_intent)
        (void)schedule_journal(running, job, rc == RD_RC_OK ? RD_JOURNAL_DONE : RD_JOURNAL_FAILED,
                               RD_STR(""), status, code, message);
    schedule_job_ended(job, rc, code, message, hint);
}

void step_end_well(struct job *job)
{
    step_end(job, RD_RC_OK, RD_STR(""), RD_STR(""), RD_STR(""));
}

void step_end_badly(struct job *job, const struct rd_outcome *outcome)
{
    step_end(job, outcome->rc, outcome->code, outcome->message, RD_STR(""));
}

void step_end_open(struct job *job, const struct rd_outcome *outcome)
{
    struct rd_str message = lookup_mask(job->running, job->arena, outcome->message);
    schedule_job_ended(job, outcome->rc, outcome->code, message, RD_STR(""));
}

void step_clear_call(struct job *job)
{
    if (job->has_secrets)
        rd_arena_wipe(job->call_arena);
    else
        rd_arena_clear(job->call_arena);
}

/* Waiting ------------------------------------------------------------------------------------ */

static void go_on(void *data)
{
    struct job *job = data;
    job->timer = 0;
    step_enter(job, job->stage);
}

void step_wait_then_enter(struct job *job, enum stage stage, int64_t delay_ms)
{
    struct rd_loop *loop = job->running->world->loop;
    job->stage = stage;
    if (job->running->is_stopping) {
        step_end(job, RD_RC_INTERRUPTED, RD_STR(""), RD_STR("stopped while it waited"), RD_STR(""));
        return;
    }
    job->timer = rd_loop_at(loop, rd_loop_now_ms(loop) + delay_ms, go_on, job);
}

void step_interrupt(struct job *job)
{
    if (job->timer == 0)
        return;
    rd_loop_cancel(job->running->world->loop, job->timer);
    job->timer = 0;
    step_end(job, RD_RC_INTERRUPTED, RD_STR(""), RD_STR("stopped while it waited"), RD_STR(""));
}

void step_get_target(struct job *job, struct rd_str url, rd_client_fn *done)
{
    step_clear_call(job);
    struct rd_call call = {
        .method = RD_HTTP_GET,
        .url = url,
        .arena = job->call_arena,
        .done = done,
        .data = job,
    };
    rd_client_call(job->running->world->client, &call);
}

struct rd_str step_url(struct job *job, enum address_use use)
{
    return address_url(job->arena, &job->running->world->endpoints, &job->target, use);
}

/* SETTLE ------------------------------------------------------------------------------------- */

/* What this step needs and no step of the plan writes was read a while ago; unless it was at rest
 * and ready then, it is looked at until it is. */
static struct lookup *unsettled(struct job *job)
{
    struct running *running = job->running;
    const struct rd_resource *desired = job->change->desired;
    if (desired == NULL || running->plan->desired == NULL || running->plan->live == NULL)
        return NULL;
    for (uint32_t i = 0; i < desired->need_count; i++) {
        const struct rd_resource *need = &running->plan->desired->resources[desired->needs[i]];
        if (rd_map_get(&running->step_of, need->id) != NULL)
            continue;
        const struct rd_resource *live = rd_set_find(running->plan->live, need->id);
        /* A saved plan keeps of what was live only what it changes: there it is looked at anyway.
         */
        bool is_unknown = live == NULL && running->plan->fingerprint.n > 0 && !need->is_existing &&
                          need->type->plane == RD_PLANE_ARM;
        if (!is_unknown && (live == NULL || (lookup_is_at_rest(&live->body) &&
                                             address_is_ready(live->type, &live->body))))
            continue;
        struct lookup *lookup = lookup_settle(running, need);
        if (lookup->state != LOOKUP_DONE)
            return lookup;
    }
    return NULL;
}

static void fail_for_lookup(struct job *job, const struct lookup *lookup)
{
    struct rd_str message = rd_arena_printf(job->arena, "it needs '%.*s': %.*s",
                                            RD_FMT(lookup->target.id), RD_FMT(lookup->message));
    step_end(job, lookup->rc, lookup->code, message, RD_STR(""));
}

static void settle(struct job *job)
{
    struct lookup *lookup = step_is_write(job) && !step_is_part(job) ? unsettled(job) : NULL;
    if (lookup == NULL)
        step_enter(job, STAGE_APPEAR);
    else if (lookup->state == LOOKUP_FAILED)
        fail_for_lookup(job, lookup);
    else
        lookup_wait(lookup, job);
}

void step_lookup_done(struct job *job)
{
    step_enter(job, job->stage);
}

/* APPEAR ------------------------------------------------------------------------------------- */

static int64_t watch_ms_max(const struct job *job)
{
    return job->step->kind == RD_STEP_WAIT ? FOLLOW_MS_MAX
                                           : address_ready_ms_max(job->type, WATCH_MS_MAX);
}

static void fail_for_time(struct job *job, const char *what)
{
    const struct rd_json *ready = rd_json_get(job->type->row, RD_STR("ready"));
    char text[RD_TIME_TEXT_MAX];
    struct rd_str message = rd_arena_printf(job->arena, "it did not %s within %s", what,
                                            rd_duration_format(watch_ms_max(job), text));
    step_end(job, RD_RC_TRANSIENT, RD_STR("TimedOut"), message,
             rd_json_str(rd_json_get(ready, RD_STR("note"))));
}

/* Whether it came as it is wanted. A thousand hosts that nobody is pinned to would otherwise take a
 * thousand writes to say what is so already. */
static bool is_as_wanted(struct job *job, const struct rd_json *body)
{
    const struct rd_resource *desired = job->change->desired;
    if (desired == NULL || !step_has_body(job))
        return false;
    struct rd_resource appeared = *desired;
    appeared.body = *body;
    return !rd_diff(job->arena, desired, &appeared, job->running->plan->live, NULL);
}

static void take_appearance(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    if (outcome->rc == RD_RC_OK) {
        look_learn(job);
        if (is_as_wanted(job, &outcome->body))
            send_nothing(job);
        else
            step_enter(job, STAGE_RESOLVE);
    } else if (outcome->rc != RD_RC_NOT_FOUND)
        step_end_badly(job, outcome);
    else if (step_now_ms(job) - job->wait_since_ms > watch_ms_max(job))
        fail_for_time(job, "appear");
    else
        step_enter(job, STAGE_APPEAR);
}

static void appear(struct job *job)
{
    bool appears = rd_json_is_true(rd_json_get(job->type->row, RD_STR("appears")));
    if (!appears || !step_is_write(job) || !job->is_create) {
        step_enter(job, STAGE_RESOLVE);
        return;
    }
    if (job->get_url.n == 0) {
        job->get_url = step_url(job, ADDRESS_GET);
        look_begin(job);
    }
    if (look_is_due(job))
        step_get_target(job, job->get_url, take_appearance);
}

/* RESOLVE ------------------------------------------------------------------------------------ */

bool step_has_body(const struct job *job)
{
    return step_is_write(job) && !step_is_part(job) && step_via(job).n == 0;
}

/* What a recovered parent brings back was not there to read when the plan was made (column
 * comes_back): what differs from what is wanted goes before that is made. */
static bool may_have_come_back(const struct job *job)
{
    size_t cursor = 0;
    const struct rd_map_entry *entry;
    if (job->has_looked || !job->is_create || !step_has_body(job) ||
        !rd_json_is_true(rd_json_get(job->type->row, RD_STR("comes_back"))))
        return false;
    while ((entry = rd_map_next(&job->running->recovered, &cursor)) != NULL)
        if (rd_arm_id_is_within(job->step->id, entry->key))
            return true;
    return false;
}

static void take_former(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    const struct rd_resource *desired = job->change->desired;
    struct rd_resource former = *desired;
    former.body = outcome->body;
    /* Whatever else keeps it from being read, the write itself will say. */
    if (outcome->rc == RD_RC_OK &&
        rd_diff(job->arena, desired, &former, job->running->plan->live, NULL))
        send_clearing(job);
    else
        step_enter(job, STAGE_SEND);
}

static void look_for_former(struct job *job)
{
    job->has_looked = true;
    step_get_target(job, step_url(job, ADDRESS_GET), take_former);
}

static void resolve(struct job *job)
{
    struct lookup *lookup = NULL;
    struct rd_str id = RD_STR("");
    bool is_fine = !step_has_body(job) || body_missing(job, &lookup, &id);
    if (!is_fine && lookup != NULL)
        fail_for_lookup(job, lookup);
    else if (!is_fine)
        step_end(
            job, RD_RC_INVALID, RD_STR(""),
            rd_arena_printf(job->arena, "it refers to '%.*s', whose type is not known", RD_FMT(id)),
            RD_STR(""));
    else if (lookup != NULL)
        lookup_wait(lookup, job);
    else if (foreign_is_to_check(job))
        foreign_check(job);
    else if (halt_is_stop(job) || halt_is_restart(job->running->plan, job->step))
        halt_look(job);
    else if (may_have_come_back(job))
        look_for_former(job);
    else
        step_enter(job, STAGE_SEND);
}

/* READY -------------------------------------------------------------------------------------- */

/* Why it failed, in the words of the parts that the row names (`ready.details`): the regions of an
 * image version, say. */
static struct rd_str failure_of(struct job *job, const struct rd_json *body)
{
    struct rd_str text = RD_STR("it ended in the state Failed");
    const struct rd_json *parts =
        rd_json_at_str(body, rd_json_str(rd_json_at(job->type->row, "ready.details")));
    for (size_t i = 0; i < rd_json_count(parts) && rd_json_is(parts, RD_JSON_ARRAY); i++) {
        const struct rd_json *part = rd_json_item(parts, i);
        if (!rd_str_is_case(rd_json_str(rd_json_at(part, "state")), "Failed"))
            continue;
        struct rd_str where = rd_json_str(rd_json_at(part, "region"));
        struct rd_str why = rd_json_str(rd_json_at(part, "details"));
        text = rd_arena_printf(job->arena, "%.*s; %.*s: %.*s", RD_FMT(text), RD_FMT(where),
                               RD_FMT(why));
    }
    return text;
}

static void end_as_failed(struct job *job, const struct rd_json *body)
{
    bool is_followed = job->step->kind == RD_STEP_WAIT;
    bool has_verdict = job->verdict_code.n > 0 || job->verdict_message.n > 0;
    struct rd_str code = has_verdict ? job->verdict_code : RD_STR("ProvisioningFailed");
    struct rd_str message = has_verdict ? job->verdict_message : failure_of(job, body);
    struct rd_str hint = is_followed && !has_verdict
                             ? RD_STR("it was begun before this run: run the same command again, "
                                      "which sends it anew")
                             : RD_STR("");
    step_end(job, rd_error_classify(0, code, message), code, message, hint);
}

/* What is under way and then not there was taken back, or deleted by somebody. */
static void end_as_gone(struct job *job)
{
    step_end(job, RD_RC_CONFLICT, RD_STR("NotFound"),
             RD_STR("it was being written when this run began, and now it is not there"),
             RD_STR("run the same command again: it is made anew"));
}

static void take_readiness(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    bool may_come = outcome->rc == RD_RC_OK || outcome->rc == RD_RC_NOT_FOUND;
    bool is_followed = job->step->kind == RD_STEP_WAIT;
    struct rd_str state = rd_json_str(rd_json_at(&outcome->body, "properties.provisioningState"));
    bool has_failed = rd_str_is_case(state, "Failed") ||
                      (is_followed && rd_str_has_prefix_case(state, RD_STR("Cancel")));
    if (outcome->rc == RD_RC_OK && has_failed)
        end_as_failed(job, &outcome->body);
    else if (outcome->rc == RD_RC_OK && lookup_is_at_rest(&outcome->body) &&
             address_is_ready(job->type, &outcome->body)) {
        look_learn(job);
        step_enter(job, STAGE_BOOT);
    } else if (outcome->rc == RD_RC_NOT_FOUND && is_followed)
        end_as_gone(job);
    else if (!may_come)
        step_end_badly(job, outcome);
    else if (step_now_ms(job) - job->wait_since_ms > watch_ms_max(job))
        fail_for_time(job, "become ready");
    else
        step_enter(job, STAGE_READY);
}

static void become_ready(struct job *job)
{
    const struct rd_json *ready = rd_json_get(job->type->row, RD_STR("ready"));
    bool has_ready = rd_json_exists(ready);
    bool is_watched =
        job->step->kind == RD_STEP_WAIT || (step_is_write(job) && !step_is_part(job) && has_ready);
    if (!is_watched) {
        step_enter(job, STAGE_BOOT);
        return;
    }
    if (job->ready_url.n == 0)
        job->ready_url = address_url_query(
            job->arena, &job->running->world->endpoints, &job->target, ADDRESS_GET,
            rd_json_str(rd_json_get(has_ready ? ready : job->type->row, RD_STR("get_query"))));
    if (look_is_due(job))
        step_get_target(job, job->ready_url, take_readiness);
}

/* -------------------------------------------------------------------------------------------- */

void step_enter(struct job *job, enum stage stage)
{
    bool is_new = job->stage != stage;
    job->stage = stage;
    switch (stage) {
    case STAGE_SETTLE:
        settle(job);
        return;
    case STAGE_APPEAR:
        appear(job);
        return;
    case STAGE_RESOLVE:
        resolve(job);
        return;
    case STAGE_SEND:
        send_step(job);
        return;
    case STAGE_BOOT:
        boot_enter(job, is_new);
        return;
    case STAGE_READY:
    default:
        if (is_new)
            look_begin(job);
        become_ready(job);
        return;
    }
}

void step_start(struct job *job)
{
    job->retry_since_ms = step_now_ms(job);
    struct rd_str url =
        job->running->resume_urls != NULL ? job->running->resume_urls[job->index] : RD_STR("");
    job->is_unsure = job->running->is_unsure != NULL && job->running->is_unsure[job->index];
    if (url.n > 0)
        send_resumed(job, url);
    else if (job->step->kind == RD_STEP_WAIT)
        step_enter(job, STAGE_READY);
    else
        step_enter(job, STAGE_SETTLE);
}
