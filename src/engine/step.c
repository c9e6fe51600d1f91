/* SPDX-License-Identifier: Apache-2.0 */
#include "running.h"

enum {
    WATCH_FIRST_MS = 15000, /* between GETs of what is to appear or to become ready */
    WATCH_SLOWEST_MS = 60000,
    WATCH_MS_MAX = 2700000, /* 45 min, where the row names no timeout */
};

int64_t step_now_ms(const struct job *job)
{
    return rd_loop_now_ms(job->running->world->loop);
}

bool step_is_write(const struct job *job)
{
    return job->step->kind == RD_STEP_PUT;
}

bool step_is_on_delete(const struct job *job)
{
    return step_is_write(job) && rd_str_is(job->step->action, "on_delete");
}

struct rd_str step_via(const struct job *job)
{
    const struct rd_resource *desired = job->change->desired;
    return step_is_write(job) && !step_is_on_delete(job) && job->is_create && desired != NULL
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

static void watch_again(struct job *job)
{
    int64_t delay_ms = job->delay_ms;
    job->delay_ms = delay_ms * 2 > WATCH_SLOWEST_MS ? WATCH_SLOWEST_MS : delay_ms * 2;
    step_wait_then_enter(job, job->stage, delay_ms);
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
<<<<<<< HEAD
        if (live == NULL ||
            (lookup_is_at_rest(&live->body) && address_is_ready(live->type, &live->body)))
=======
        /* A saved plan keeps of what was live only what it changes: there it is looked at anyway.
         */
        bool is_unknown = live == NULL && running->plan->fingerprint.n > 0 && !need->is_existing &&
                          need->type->plane == RD_PLANE_ARM;
        if (!is_unknown && (live == NULL || (lookup_is_at_rest(&live->body) &&
                                             lookup_is_ready(live->type, &live->body))))
>>>>>>> simul
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
    struct lookup *lookup = step_is_write(job) && !step_is_on_delete(job) ? unsettled(job) : NULL;
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
    const struct rd_json *ready = rd_json_get(job->type->row, RD_STR("ready"));
    int64_t timeout_s = rd_json_int(rd_json_get(ready, RD_STR("timeout_s")), 0);
    return timeout_s > 0 ? timeout_s * 1000 : WATCH_MS_MAX;
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

static void take_appearance(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    if (outcome->rc == RD_RC_OK)
        step_enter(job, STAGE_RESOLVE);
    else if (outcome->rc != RD_RC_NOT_FOUND)
        step_end_badly(job, outcome);
    else if (step_now_ms(job) - job->wait_since_ms > watch_ms_max(job))
        fail_for_time(job, "appear");
    else
        watch_again(job);
}

static void appear(struct job *job)
{
    bool appears = rd_json_is_true(rd_json_get(job->type->row, RD_STR("appears")));
    if (!appears || !step_is_write(job) || !job->is_create) {
        step_enter(job, STAGE_RESOLVE);
        return;
    }
    if (job->wait_since_ms == 0)
        job->wait_since_ms = step_now_ms(job);
    if (job->get_url.n == 0)
        job->get_url = step_url(job, ADDRESS_GET);
    step_get_target(job, job->get_url, take_appearance);
}

/* RESOLVE ------------------------------------------------------------------------------------ */

bool step_has_body(const struct job *job)
{
    return step_is_write(job) && !step_is_on_delete(job) && step_via(job).n == 0;
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
    else
<<<<<<< HEAD
        step_enter(job, STAGE_SEND);
=======
        enter(job, STAGE_SEND);
}

/* SEND --------------------------------------------------------------------------------------- */

/* Whether what the step builds on was granted so lately that it may not count yet: a role
 * assignment or an identity above it, of this run or read with a recent date. */
static bool is_fresh_grant(struct running *running, const struct rd_resource *resource, int64_t now)
{
    struct rd_str type = resource->type->name;
    if (!rd_str_has_suffix_case(type, RD_STR("/roleAssignments")) &&
        !rd_str_has_suffix_case(type, RD_STR("/userAssignedIdentities")) &&
        !rd_str_has_suffix_case(type, RD_STR("/servicePrincipals")))
        return false;
    const struct rd_step_record *record = rd_map_get(&running->step_of, resource->id);
    if (record != NULL)
        return record->state == RD_STEP_DONE && now - record->end_ms < GRANT_AGE_MS_MAX;
    const struct rd_resource *live =
        running->plan->live != NULL ? rd_set_find(running->plan->live, resource->id) : NULL;
    int64_t made_ms = 0;
    return live != NULL &&
           rd_time_parse(rd_json_str(rd_json_at(&live->body, "properties.createdOn")), &made_ms) &&
           now - made_ms < GRANT_AGE_MS_MAX;
}

static bool depends_on_fresh_grant(struct job *job)
{
    const struct rd_set *desired = job->running->plan->desired;
    int64_t index = desired != NULL ? rd_set_index(desired, job->target.id) : RD_NONE;
    if (index == RD_NONE)
        return false;
    struct rd_arena *scratch = rd_arena_new(0);
    bool *is_seen = rd_arena_array(scratch, desired->count, sizeof(*is_seen));
    uint32_t *open = rd_arena_array(scratch, desired->count, sizeof(*open));
    size_t count = 0;
    open[count++] = (uint32_t)index;
    is_seen[index] = true;
    bool is_found = false;
    while (count > 0 && !is_found) {
        const struct rd_resource *resource = &desired->resources[open[--count]];
        is_found = is_fresh_grant(job->running, resource, now_ms(job));
        for (uint32_t i = 0; i < resource->need_count; i++) {
            if (is_seen[resource->needs[i]])
                continue;
            is_seen[resource->needs[i]] = true;
            open[count++] = resource->needs[i];
        }
    }
    rd_arena_free(scratch);
    return is_found;
}

static bool recovers(struct job *job, const struct rd_outcome *outcome)
{
    const struct rd_json *recover = rd_json_get(job->type->row, RD_STR("recover"));
    const struct rd_json *codes = rd_json_get(recover, RD_STR("code"));
    if (!job->is_create || job->has_recovered || !has_body(job))
        return false;
    for (size_t i = 0; i < rd_json_count(codes); i++)
        if (rd_str_eq_case(outcome->code, rd_json_str(rd_json_item(codes, i))))
            return true;
    return false;
}

/* Whether doing the step once more may help. The client has tried again already where a single
 * request failed in passing. */
static bool is_worth_retrying(struct job *job, const struct rd_outcome *outcome)
{
    int64_t since_ms = now_ms(job) - job->retry_since_ms;
    if (rd_error_propagates(outcome->code, outcome->message))
        return since_ms < GRANT_MS_MAX && depends_on_fresh_grant(job);
    if (outcome->rc == RD_RC_CONFLICT)
        return since_ms < CONFLICT_MS_MAX;
    bool is_operations = outcome->status > 0 && outcome->status < 500 && outcome->status != 429;
    return outcome->rc == RD_RC_TRANSIENT && is_operations && job->retries < FAILED_RETRIES_MAX;
}

static void retry(struct job *job)
{
    int64_t delay_ms = RETRY_FIRST_MS;
    for (int i = 0; i < job->retries && delay_ms < RETRY_SLOWEST_MS; i++)
        delay_ms *= 2;
    job->retries++;
    wait_then_enter(job, STAGE_RESOLVE, delay_ms);
}

/* The second look at what an unanswered or forgotten request may have done. */
static void take_second_look(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    struct rd_str state = rd_json_str(rd_json_at(&outcome->body, "properties.provisioningState"));
    bool is_there = outcome->rc == RD_RC_OK && !rd_str_is_case(state, "Failed") &&
                    !rd_str_is_case(state, "Canceled");
    if (outcome->rc != RD_RC_OK && outcome->rc != RD_RC_NOT_FOUND)
        end_badly(job, outcome);
    else if (is_there && job->is_create && is_write(job) &&
             (lookup_is_at_rest(&outcome->body) || via_of(job).n > 0))
        enter(job, STAGE_READY);
    else
        retry(job); /* a PUT of the same body changes nothing that is right already */
}

static void look_again(struct job *job)
{
    job->is_resumed = false;
    get_target(job, url_for(job, ADDRESS_GET), take_second_look);
}

static void take_look_for_nothing(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    if (outcome->rc == RD_RC_NOT_FOUND)
        end_well(job);
    else if (outcome->rc == RD_RC_OK)
        enter(job, STAGE_RESOLVE);
    else
        end_badly(job, outcome);
}

/* An operation that the journal holds open may have ended long ago, and what it made or deleted may
 * have been deleted or made anew since: its good end is believed only of what is really so. */
static void take_resumed(struct job *job, const struct rd_outcome *outcome)
{
    job->is_resumed = false;
    if (outcome->rc == RD_RC_INTERRUPTED || outcome->rc == RD_RC_TRANSIENT)
        /* It goes on by itself: its entry stays open for the next run. */
        schedule_job_ended(job, outcome->rc, outcome->code, outcome->message, RD_STR(""));
    else if (outcome->rc == RD_RC_OK && job->step->kind == RD_STEP_DELETE)
        get_target(job, url_for(job, ADDRESS_GET), take_look_for_nothing);
    else if (outcome->rc == RD_RC_OK && job->step->kind != RD_STEP_PUT)
        end_well(job);
    else if (outcome->rc == RD_RC_OK && job->is_create)
        look_again(job);
    else if (outcome->rc == RD_RC_NOT_FOUND && job->step->kind == RD_STEP_PUT)
        look_again(job);
    else
        enter(job, STAGE_RESOLVE); /* an update is sent with what is wanted now; a failure of the
                                      killed run's is not this one's */
}

/*
 * Some services refuse to write over what failed to be made, image templates for one (azure-compute
 * 4.5). What this very step made, and what was not there before, it may take away again.
 */
static bool must_clear(const struct job *job, const struct rd_outcome *outcome)
{
    return job->change->kind == RD_CHANGE_CREATE && job->has_made && outcome->status == 409 &&
           outcome->rc == RD_RC_CONFIGURATION && has_body(job);
}

static void take_clearing(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    if (outcome->rc == RD_RC_OK || outcome->rc == RD_RC_NOT_FOUND)
        enter(job, STAGE_RESOLVE);
    else
        end_badly(job, outcome);
}

static void clear(struct job *job)
{
    job->has_made = false; /* what is made after this may have to go again */
    rd_arena_clear(job->call_arena);
    struct rd_call call = {
        .method = RD_HTTP_DELETE,
        .url = url_for(job, ADDRESS_DELETE),
        .resource_url = url_for(job, ADDRESS_GET),
        .follows_operation = true,
        .expected_ms = job->type->delete_ms,
        .urgency_ms = job->running->tail_ms[job->index],
        .arena = job->call_arena,
        .done = take_clearing,
        .data = job,
    };
    rd_client_call(job->running->world->client, &call);
}

/* Created by a POST of its own, as things of the directory are; sending that twice is no harm. */
static bool is_made_by_post(const struct job *job)
{
    return is_write(job) && job->is_create && via_of(job).n == 0 &&
           job->call.method == RD_HTTP_POST;
}

static void take_outcome(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    struct rd_step_record *record = &job->running->run->steps[job->index];
    record->attempts += outcome->attempts;
    record->polls += outcome->polls;
    rd_buf_wipe(&job->body);
    if (job->is_resumed) {
        take_resumed(job, outcome);
    } else if (outcome->rc == RD_RC_OK) {
        enter(job, STAGE_READY);
    } else if (outcome->rc == RD_RC_NOT_FOUND && job->step->kind == RD_STEP_DELETE) {
        end_well(job);
    } else if (outcome->may_have_happened && is_write(job)) {
        job->is_unsure = true;
        look_again(job);
    } else if (job->is_unsure && outcome->rc == RD_RC_CONFLICT && via_of(job).n > 0) {
        enter(job, STAGE_READY); /* the action runs: it was carried out the first time */
    } else if (is_made_by_post(job) && outcome->rc == RD_RC_CONFLICT &&
               is_worth_retrying(job, outcome)) {
        look_again(job); /* sent twice, it says of the first that it is there */
    } else if (must_clear(job, outcome)) {
        clear(job);
    } else if (recovers(job, outcome)) {
        job->has_recovered = true;
        enter(job, STAGE_RESOLVE);
    } else if (outcome->rc != RD_RC_INTERRUPTED && is_worth_retrying(job, outcome)) {
        retry(job);
    } else {
        end_badly(job, outcome);
    }
}

static void take_acceptance(void *data, struct rd_str operation_url,
                            struct rd_str location_url RD_UNUSED)
{
    struct job *job = data;
    job->has_made = true;
    if (!schedule_journal(job->running, job, RD_JOURNAL_ACCEPTED, operation_url, 202, RD_STR(""),
                          RD_STR("")))
        return;
    /* A PUT may be sent twice, so its URL can wait for the next commit; an action may not. */
    if (job->call.method == RD_HTTP_POST && job->running->world->journal != NULL) {
        struct running *running = job->running;
        running->journal_rc = rd_journal_flush(running->world->journal, &running->journal_err);
    }
}

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
    struct rd_str via = via_of(job);
    *ret_message = RD_STR("its action's resource has a type that is not known");
    switch (job->step->kind) {
    case RD_STEP_DELETE:
        job->call.method = RD_HTTP_DELETE;
        job->call.url = url_for(job, ADDRESS_DELETE);
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
    job->call.url = url_for(job, use);
    if (!is_on_delete(job))
        return body_write(job, ret_message);
    job->call.method = RD_HTTP_PATCH;
    rd_json_write(&job->body, rd_json_at(job->type->row, "on_delete.update"), RD_JSON_COMPACT);
    return true;
}

static void send(struct job *job)
{
    struct running *running = job->running;
    rd_arena_clear(job->call_arena);
    rd_buf_clear(&job->body);
    job->call = (struct rd_call){
        .follows_operation = true,
        .polls_resource = rd_json_is_true(rd_json_get(job->type->row, RD_STR("poll_resource"))),
        .expected_ms = job->step->expected_ms,
        .urgency_ms = running->tail_ms[job->index],
        .arena = job->call_arena,
        .accepted = take_acceptance,
        .done = take_outcome,
        .data = job,
    };
    struct rd_str message;
    if (!prepare(job, &message)) {
        end(job, RD_RC_UNSUPPORTED, RD_STR(""), message, RD_STR(""));
        return;
    }
    job->call.body = rd_buf_str(&job->body);
    job->call.is_secret = job->is_secret;
    if (job->type->plane == RD_PLANE_ARM && job->step->kind != RD_STEP_ACTION)
        job->call.resource_url = url_for(job, ADDRESS_GET);
    job->stage = STAGE_SEND;
    if (schedule_journal(running, job, RD_JOURNAL_INTENT, RD_STR(""), 0, RD_STR(""), RD_STR(""))) {
        job->has_intent = true;
        schedule_send(job);
    } else {
        end(job, running->journal_rc, RD_STR(""), RD_STR("the journal cannot be written"),
            RD_STR(""));
    }
}

static void resume(struct job *job, struct rd_str url)
{
    job->is_resumed = true;
    job->has_intent = true;
    job->stage = STAGE_SEND;
    job->call = (struct rd_call){
        .method = job->step->kind == RD_STEP_DELETE ? RD_HTTP_DELETE
                  : job->step->kind == RD_STEP_ACTION || via_of(job).n > 0 ? RD_HTTP_POST
                                                                           : RD_HTTP_PUT,
        .follows_operation = true,
        .expected_ms = job->step->expected_ms,
        .resume_url = url,
        .arena = job->call_arena,
        .done = take_outcome,
        .data = job,
    };
    /* The new run's own entry, so that a second kill finds the operation again. */
    if (schedule_journal(job->running, job, RD_JOURNAL_ACCEPTED, url, 202, RD_STR(""), RD_STR("")))
        schedule_send(job);
    else
        end(job, job->running->journal_rc, RD_STR(""), RD_STR("the journal cannot be written"),
            RD_STR(""));
>>>>>>> simul
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
    struct rd_str code = RD_STR("ProvisioningFailed");
    struct rd_str message = failure_of(job, body);
    step_end(job, rd_error_classify(0, code, message), code, message, RD_STR(""));
}

static void take_readiness(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    bool may_come = outcome->rc == RD_RC_OK || outcome->rc == RD_RC_NOT_FOUND;
    struct rd_str state = rd_json_str(rd_json_at(&outcome->body, "properties.provisioningState"));
    if (outcome->rc == RD_RC_OK && rd_str_is_case(state, "Failed"))
        end_as_failed(job, &outcome->body);
    else if (outcome->rc == RD_RC_OK && lookup_is_at_rest(&outcome->body) &&
             address_is_ready(job->type, &outcome->body))
        step_end_well(job);
    else if (!may_come)
        step_end_badly(job, outcome);
    else if (step_now_ms(job) - job->wait_since_ms > watch_ms_max(job))
        fail_for_time(job, "become ready");
    else
        watch_again(job);
}

static void become_ready(struct job *job)
{
    const struct rd_json *ready = rd_json_get(job->type->row, RD_STR("ready"));
    if (!step_is_write(job) || step_is_on_delete(job) || !rd_json_exists(ready)) {
        step_end_well(job);
        return;
    }
    if (job->ready_url.n == 0)
        job->ready_url =
            address_url_query(job->arena, &job->running->world->endpoints, &job->target,
                              ADDRESS_GET, rd_json_str(rd_json_get(ready, RD_STR("get_query"))));
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
    case STAGE_READY:
    default:
        if (is_new) {
            job->wait_since_ms = step_now_ms(job);
            job->delay_ms = WATCH_FIRST_MS;
        }
        become_ready(job);
        return;
    }
}

void step_start(struct job *job)
{
    job->retry_since_ms = step_now_ms(job);
    job->delay_ms = WATCH_FIRST_MS;
    struct rd_str url =
        job->running->resume_urls != NULL ? job->running->resume_urls[job->index] : RD_STR("");
    job->is_unsure = job->running->is_unsure != NULL && job->running->is_unsure[job->index];
    if (url.n > 0)
        send_resumed(job, url);
    else
        step_enter(job, STAGE_SETTLE);
}
