/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a step when its request has ended: well, again, cleared away first, or badly. */
#include "running.h"

enum {
    RETRY_FIRST_MS = 15000, /* of a whole step */
    RETRY_SLOWEST_MS = 60000,
    RETRY_SLOWEST_FREE_MS = 10000, /* where no bucket of ARM's is drawn on: vaults, the directory */
    CONFLICT_MS_MAX = 900000,      /* a NIC is held 180 s, gallery children take 20 s (5.4, 3.6) */
    GRANT_MS_MAX = 1200000,        /* permissions are in force after 20 min at most (lessons B9) */
    GRANT_AGE_MS_MAX = 1800000,    /* an older grant is not the cause */
    FAILED_RETRIES_MAX = 2,        /* after an operation that ended in a passing failure */
};

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
    if (live == NULL)
        return false;
    int64_t made_ms = 0;
    if (rd_time_parse(rd_json_str(rd_json_at(&live->body, "properties.createdOn")), &made_ms))
        return now - made_ms < GRANT_AGE_MS_MAX;
    /* An HSM does not say since when its roles are held: a run that failed a moment ago may have
     * given this one. */
    return rd_str_has_suffix_case(type, RD_STR("/roleAssignments"));
}

bool outcome_has_fresh_grant(struct job *job)
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
        is_found = is_fresh_grant(job->running, resource, step_now_ms(job));
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
    if (!job->is_create || job->has_recovered || !step_has_body(job))
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
    int64_t since_ms = step_now_ms(job) - job->retry_since_ms;
    if (rd_error_propagates(outcome->code, outcome->message))
        return since_ms < GRANT_MS_MAX && outcome_has_fresh_grant(job);
    if (outcome->rc == RD_RC_CONFLICT)
        return since_ms < CONFLICT_MS_MAX;
    bool is_operations = outcome->status > 0 && outcome->status < 500 && outcome->status != 429;
    return outcome->rc == RD_RC_TRANSIENT && is_operations && job->retries < FAILED_RETRIES_MAX;
}

static void retry(struct job *job)
{
    int64_t delay_ms = RETRY_FIRST_MS;
    int64_t slowest_ms =
        job->type->plane == RD_PLANE_ARM ? RETRY_SLOWEST_MS : RETRY_SLOWEST_FREE_MS;
    for (int i = 0; i < job->retries && delay_ms < slowest_ms; i++)
        delay_ms *= 2;
    job->retries++;
    step_wait_then_enter(job, STAGE_RESOLVE, delay_ms < slowest_ms ? delay_ms : slowest_ms);
}

/* The second look at what an unanswered or forgotten request may have done. */
static void take_second_look(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    bool is_there = outcome->rc == RD_RC_OK && !rd_resource_has_failed(&outcome->body);
    if (outcome->rc != RD_RC_OK && outcome->rc != RD_RC_NOT_FOUND)
        step_end_badly(job, outcome);
    else if (is_there && job->is_create && step_is_write(job) &&
             (lookup_is_at_rest(&outcome->body) || step_via(job).n > 0))
        step_enter(job, STAGE_READY);
    else
        retry(job); /* a PUT of the same body changes nothing that is right already */
}

static void look_again(struct job *job)
{
    job->is_resumed = false;
    step_get_target(job, step_url(job, ADDRESS_GET), take_second_look);
}

static void take_look_for_nothing(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    if (outcome->rc == RD_RC_NOT_FOUND)
        step_end_well(job);
    else if (outcome->rc == RD_RC_OK)
        step_enter(job, STAGE_RESOLVE);
    else
        step_end_badly(job, outcome);
}

static void look_for_nothing(struct job *job)
{
    step_get_target(job, step_url(job, ADDRESS_GET), take_look_for_nothing);
}

/* Whether the cloud has not said how the operation ended: it goes on by itself. A failed
 * operation's verdict comes with a status of success. */
static bool is_open(const struct rd_outcome *outcome)
{
    bool is_verdict = outcome->status > 0 && outcome->status < 400;
    return outcome->rc == RD_RC_INTERRUPTED || (outcome->rc == RD_RC_TRANSIENT && !is_verdict);
}

static bool was_asked_otherwise(struct job *job)
{
    struct rd_str asked = job->running->resume_hashes[job->index];
    return asked.n > 0 && step_has_body(job) && !rd_str_eq(asked, body_hash(job));
}

static void end_as_other(struct job *job, struct rd_str path)
{
    step_end(job, RD_RC_STALE, RD_STR(""),
             rd_arena_printf(job->arena,
                             "an earlier run has made it from another spec, and '%.*s' can only "
                             "change by replacing it",
                             RD_FMT(path)),
             RD_STR("run the same command again: it plans the replacement"));
}

/* What a killed run's create has made of another spec than today's is brought up to date. */
static void take_made_otherwise(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    if (outcome->rc == RD_RC_NOT_FOUND) {
        step_enter(job, STAGE_RESOLVE); /* and deleted again since */
        return;
    }
    if (outcome->rc != RD_RC_OK) {
        step_end_badly(job, outcome);
        return;
    }
    struct rd_resource *live = rd_arena_zalloc(job->arena, sizeof(*live));
    struct rd_change *change = rd_arena_zalloc(job->arena, sizeof(*change));
    *live = *job->change->desired;
    live->body = rd_json_copy(job->arena, &outcome->body);
    *change = *job->change;
    change->kind = RD_CHANGE_UPDATE;
    change->live = live;
    (void)rd_diff(job->arena, change->desired, live, job->running->plan->live, change);
    for (size_t i = 0; i < change->field_count; i++)
        if (change->fields[i].replaces && !rd_is_reference(change->fields[i].after)) {
            end_as_other(job, change->fields[i].path);
            return;
        }
    job->change = change;
    job->is_create = false;
    /* A PATCH says what differs. Where nothing does, it is what no answer shows, if anything. */
    bool is_patch = address_method(job->type, ADDRESS_UPDATE) == RD_HTTP_PATCH;
    step_enter(job, change->field_count == 0 && is_patch ? STAGE_READY : STAGE_RESOLVE);
}

/* The operation that a WAIT step followed. It may be older than what is under way, so the resource
 * decides, and the operation only says why. */
static void take_followed(struct job *job, const struct rd_outcome *outcome)
{
    if (outcome->rc != RD_RC_OK && outcome->rc != RD_RC_NOT_FOUND) {
        job->verdict_code = rd_arena_str(job->arena, outcome->code);
        job->verdict_message = rd_arena_str(job->arena, outcome->message);
    }
    step_enter(job, STAGE_READY);
}

/* An operation that the journal holds open may have ended long ago, and what it made or deleted may
 * have been deleted or made anew since: its good end is believed only of what is really so. */
static void take_resumed(struct job *job, const struct rd_outcome *outcome)
{
    job->is_resumed = false;
    if (is_open(outcome))
        step_end_open(job, outcome); /* its entry stays open for the next run */
    else if (job->step->kind == RD_STEP_WAIT)
        take_followed(job, outcome);
    else if (outcome->rc == RD_RC_OK && job->step->kind == RD_STEP_DELETE)
        look_for_nothing(job);
    else if (halt_is_stop(job))
        step_enter(job, STAGE_RESOLVE); /* where its power is looked at */
    else if (outcome->rc == RD_RC_OK && job->step->kind != RD_STEP_PUT)
        step_enter(job, STAGE_READY);
    else if (outcome->rc == RD_RC_OK && job->is_create && was_asked_otherwise(job))
        step_get_target(job, step_url(job, ADDRESS_GET), take_made_otherwise);
    else if (outcome->rc == RD_RC_OK && job->is_create)
        look_again(job);
    else if (outcome->rc == RD_RC_NOT_FOUND && job->step->kind == RD_STEP_PUT)
        look_again(job);
    else
        step_enter(job, STAGE_RESOLVE); /* an update is sent with what is wanted now; a failure of
                                           the killed run's is not this one's */
}

/*
 * Some services refuse to write over what failed to be made, image templates for one (azure-compute
 * 4.5). What this very step made, and what was not there before, it may take away again.
 */
static bool must_clear(const struct job *job, const struct rd_outcome *outcome)
{
    return job->change->kind == RD_CHANGE_CREATE && job->is_create && job->has_made &&
           outcome->status == 409 && outcome->rc == RD_RC_CONFIGURATION && step_has_body(job);
}

void outcome_take_clearing(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    if (outcome->rc == RD_RC_OK || outcome->rc == RD_RC_NOT_FOUND)
        step_enter(job, STAGE_RESOLVE);
    else
        step_end_badly(job, outcome);
}

/* Created by a POST of its own, as things of the directory are; sending that twice is no harm. */
static bool is_made_by_post(const struct job *job)
{
    return step_is_write(job) && job->is_create && step_via(job).n == 0 &&
           job->call.method == RD_HTTP_POST;
}

void outcome_take(void *data, const struct rd_outcome *outcome)
{
    struct job *job = data;
    struct rd_step_record *record = &job->running->run->steps[job->index];
    record->attempts += outcome->attempts;
    record->polls += outcome->polls;
    rd_buf_wipe(&job->body);
    if (job->is_resumed) {
        take_resumed(job, outcome);
    } else if (outcome->rc == RD_RC_OK) {
        step_enter(job, STAGE_READY);
    } else if (job->is_accepted && is_open(outcome)) {
        step_end_open(job, outcome);
    } else if (outcome->rc == RD_RC_NOT_FOUND && job->step->kind == RD_STEP_DELETE) {
        /* Its operation may be what is not found, which says nothing of the resource. */
        if (job->is_accepted)
            look_for_nothing(job);
        else
            step_end_well(job);
    } else if (outcome->may_have_happened && step_is_write(job)) {
        job->is_unsure = true;
        look_again(job);
    } else if (job->is_unsure && outcome->rc == RD_RC_CONFLICT && step_via(job).n > 0) {
        step_enter(job, STAGE_READY); /* the action runs: it was carried out the first time */
    } else if (is_made_by_post(job) && outcome->rc == RD_RC_CONFLICT &&
               is_worth_retrying(job, outcome)) {
        look_again(job); /* sent twice, it says of the first that it is there */
    } else if (must_clear(job, outcome)) {
        send_clearing(job);
    } else if (recovers(job, outcome)) {
        job->has_recovered = true;
        (void)rd_map_set(&job->running->recovered, job->step->id, job->running);
        step_enter(job, STAGE_RESOLVE);
    } else if (outcome->rc != RD_RC_INTERRUPTED && is_worth_retrying(job, outcome)) {
        retry(job);
    } else {
        step_end_badly(job, outcome);
    }
}

void outcome_take_acceptance(void *data, struct rd_str operation_url,
                             struct rd_str location_url RD_UNUSED)
{
    struct job *job = data;
    job->has_made = true;
    job->is_accepted = true;
    job->body_hash = step_has_body(job) && job->is_create ? body_hash(job) : RD_STR("");
    if (!schedule_journal(job->running, job, RD_JOURNAL_ACCEPTED, operation_url, 202, RD_STR(""),
                          RD_STR("")))
        return;
    /* A PUT may be sent twice, so its URL can wait for the next commit; an action may not. */
    if (job->call.method == RD_HTTP_POST && job->running->world->journal != NULL) {
        struct running *running = job->running;
        running->journal_rc = rd_journal_flush(running->world->journal, &running->journal_err);
    }
}
