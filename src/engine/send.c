/* SPDX-License-Identifier: Apache-2.0 */
/* A step's request: what it is, and that it leaves only after its intent is journalled. */
#include "running.h"

static bool prepare_action(struct job *job, struct rd_str id, struct rd_str action)
{
    struct running *running = job->running;
    struct target target;
    if (!target_find(job->arena, running->plan->desired, running->plan->live, id, &target))
        return false;
    job->call.method = RD_HTTP_POST;
    job->call.url = address_action(job->arena, &running->world->endpoints, &target, action);
    return true;
}

/* Method, URL and body of the step's request; false when it cannot be made. */
static bool prepare(struct job *job, struct rd_str *ret_message)
{
    struct rd_str via = step_via(job);
    *ret_message = RD_STR("its action's resource has a type that is not known");
    switch (job->step->kind) {
    case RD_STEP_DELETE:
        job->call.method = RD_HTTP_DELETE;
        job->call.url = step_url(job, ADDRESS_DELETE);
        return true;
    case RD_STEP_ACTION:
        return prepare_action(job, job->step->id, job->step->action);
    case RD_STEP_PUT:
        break;
    case RD_STEP_WAIT:
    case RD_STEP_WAIT_UNTIL:
    case RD_STEP_APPROVE:
    case RD_STEP_ALTERNATIVES:
    default:
        *ret_message = RD_STR("steps of this kind cannot be run yet");
        return false;
    }
    if (via.n > 0) {
        size_t slash = rd_str_find_last_char(via, '/');
        return slash != RD_STR_NONE &&
               prepare_action(job, rd_str_sub(via, 0, slash), rd_str_sub(via, slash + 1, via.n));
    }
    enum address_use use = job->is_create ? ADDRESS_CREATE : ADDRESS_UPDATE;
    job->call.method = address_method(job->type, use);
    job->call.url = step_url(job, use);
    if (!step_is_part(job))
        return body_write(job, ret_message);
    struct rd_json part = step_part(job);
    if (!rd_str_is(job->step->action, "retire"))
        job->call.method = RD_HTTP_PATCH;
    rd_json_write(&job->body, &part, RD_JSON_COMPACT);
    return true;
}

/* The journal first: the call leaves when the entry is in the file. */
static void leave(struct job *job, enum rd_journal_phase phase, struct rd_str url)
{
    struct running *running = job->running;
    int status = phase == RD_JOURNAL_ACCEPTED ? 202 : 0;
    if (schedule_journal(running, job, phase, url, status, RD_STR(""), RD_STR(""))) {
        job->has_intent = true;
        schedule_send(job);
    } else {
        step_end(job, running->journal_rc, RD_STR(""), RD_STR("the journal cannot be written"),
                 RD_STR(""));
    }
}

/* The same step of other hosts: of the same type, and as far from the end. */
static uint64_t kin_of(const struct job *job)
{
    uint64_t kind = rd_str_hash_case(job->type->name) + (uint64_t)job->step->kind;
    return kind ^ (uint64_t)job->running->tail_ms[job->index] << 20;
}

void send_step(struct job *job)
{
    struct running *running = job->running;
    step_clear_call(job);
    rd_buf_clear(&job->body);
    job->is_accepted = false;
    job->call = (struct rd_call){
        .follows_operation = true,
        .polls_resource = rd_json_is_true(rd_json_get(job->type->row, RD_STR("poll_resource"))),
        .expected_ms = job->step->expected_ms,
        .kin = kin_of(job),
        .urgency_ms = running->tail_ms[job->index],
        .arena = job->call_arena,
        .accepted = outcome_take_acceptance,
        .done = outcome_take,
        .data = job,
    };
    struct rd_str message;
    if (!prepare(job, &message)) {
        step_end(job, RD_RC_UNSUPPORTED, RD_STR(""), message, RD_STR(""));
        return;
    }
    job->call.body = rd_buf_str(&job->body);
    job->call.is_secret = job->is_secret;
    if (job->type->plane == RD_PLANE_ARM && job->step->kind != RD_STEP_ACTION)
        job->call.resource_url = step_url(job, ADDRESS_GET);
    job->stage = STAGE_SEND;
    leave(job, RD_JOURNAL_INTENT, RD_STR(""));
}

void send_nothing(struct job *job)
{
    job->is_found = true;
    leave(job, RD_JOURNAL_INTENT, RD_STR(""));
}

void send_clearing(struct job *job)
{
    job->has_made = false; /* what is made after this may have to go again */
    job->is_accepted = false;
    step_clear_call(job);
    job->call = (struct rd_call){
        .method = RD_HTTP_DELETE,
        .url = step_url(job, ADDRESS_DELETE),
        .resource_url = step_url(job, ADDRESS_GET),
        .follows_operation = true,
        .expected_ms = job->type->delete_ms,
        .urgency_ms = job->running->tail_ms[job->index],
        .arena = job->call_arena,
        .done = outcome_take_clearing,
        .data = job,
    };
    leave(job, RD_JOURNAL_INTENT, RD_STR(""));
}

void send_start(struct job *job, rd_client_fn *done)
{
    step_clear_call(job);
    job->call = (struct rd_call){
        .method = RD_HTTP_POST,
        .url = address_action(job->arena, &job->running->world->endpoints, &job->target,
                              RD_STR("start")),
        .follows_operation = true,
        .is_repeatable = true, /* what runs may be started again */
        .urgency_ms = job->running->tail_ms[job->index],
        .arena = job->call_arena,
        .done = done,
        .data = job,
    };
    leave(job, RD_JOURNAL_INTENT, RD_STR(""));
}

void send_resumed(struct job *job, struct rd_str url)
{
    job->is_resumed = true;
    job->body_hash = job->running->resume_hashes[job->index];
    job->stage = STAGE_SEND;
    job->call = (struct rd_call){
        .method = job->step->kind == RD_STEP_DELETE                          ? RD_HTTP_DELETE
                  : job->step->kind == RD_STEP_ACTION || step_via(job).n > 0 ? RD_HTTP_POST
                                                                             : RD_HTTP_PUT,
        .follows_operation = true,
        .expected_ms = job->step->expected_ms,
        .resume_url = url,
        .arena = job->call_arena,
        .done = outcome_take,
        .data = job,
    };
    /* The new run's own entry, so that a second kill finds the operation again. */
    leave(job, RD_JOURNAL_ACCEPTED, url);
}
