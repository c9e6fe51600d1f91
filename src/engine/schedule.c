/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "running.h"

enum {
    LEFT_EVERY_US = 50000, /* the time left is counted again at most this often, in real time */
    IDLE_EVERY_MS = 250,
    IDLE_LOOKS_EVERY = 64,  /* callbacks between looks at the machine's clock */
    MESSAGE_KEPT_MAX = 600, /* of the cloud's text, in the journal */
    COMMIT_EVERY_MS = 500,  /* in a crowd; a lone step does not wait */
};

struct rd_str schedule_step_name(struct rd_arena *arena, const struct rd_step *step)
{
    /* What is waited for is the end of a write: its entries are that write's. */
    enum rd_step_kind kind = step->kind == RD_STEP_WAIT ? RD_STEP_PUT : step->kind;
    const char *name = rd_step_kind_name(kind);
    return step->action.n > 0 ? rd_arena_printf(arena, "%s %.*s", name, RD_FMT(step->action))
                              : rd_str_from(name);
}

/* The heap of steps that may start: the one with the longest way behind it first. */

static bool is_before(const struct running *running, uint32_t a, uint32_t b)
{
    int64_t x = running->tail_ms[a];
    int64_t y = running->tail_ms[b];
    return x != y ? x > y : a < b;
}

static void push_ready(struct running *running, uint32_t step)
{
    uint32_t *heap = running->ready;
    size_t at = running->ready_count++;
    for (; at > 0 && is_before(running, step, heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = step;
}

static uint32_t pop_ready(struct running *running)
{
    uint32_t *heap = running->ready;
    uint32_t first = heap[0];
    uint32_t last = heap[--running->ready_count];
    size_t at = 0;
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= running->ready_count)
            break;
        if (child + 1 < running->ready_count && is_before(running, heap[child + 1], heap[child]))
            child++;
        if (!is_before(running, heap[child], last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

/* Progress ----------------------------------------------------------------------------------- */

static int64_t count_left_ms(const struct running *running, int64_t now_ms)
{
    int64_t left_ms = running->ready_count > 0 ? running->tail_ms[running->ready[0]] : 0;
    for (const struct job *job = running->jobs; job != NULL; job = job->next) {
        int64_t tail_ms = running->tail_ms[job->index];
        int64_t after_ms = tail_ms - job->step->expected_ms;
        int64_t rest_ms = tail_ms - (now_ms - running->run->steps[job->index].start_ms);
        if (rest_ms < after_ms)
            rest_ms = after_ms; /* it takes longer than expected: any moment now */
        if (rest_ms > left_ms)
            left_ms = rest_ms;
    }
    return left_ms;
}

static void report(struct running *running, size_t step)
{
    const struct rd_progress *progress = &running->options->progress;
    if (progress->report == NULL)
        return;
    int64_t now_ms = rd_loop_now_ms(running->world->loop);
    int64_t real_us = rd_clock_monotonic_us();
    if (running->left_at_real_us == 0 || real_us - running->left_at_real_us > LEFT_EVERY_US) {
        running->left_ms = count_left_ms(running, now_ms);
        running->left_at_ms = now_ms;
        running->left_at_real_us = real_us;
    }
    int64_t left_ms = running->left_ms - (now_ms - running->left_at_ms);
    running->run->stats = *rd_client_stats(running->world->client);
    progress->report(progress->data, running->run, step, now_ms, left_ms > 0 ? left_ms : 0);
}

/* Journal ------------------------------------------------------------------------------------ */

static void stop_running(struct running *running);

static void journal_failed(struct running *running, enum rd_rc rc)
{
    if (running->journal_rc == RD_RC_OK)
        running->journal_rc = rc;
    stop_running(running);
}

bool schedule_journal(struct running *running, const struct job *job, enum rd_journal_phase phase,
                      struct rd_str url, int status, struct rd_str code, struct rd_str message)
{
    if (running->world->journal == NULL)
        return true;
    if (running->journal_rc != RD_RC_OK)
        return false;
    struct rd_journal_entry entry = {
        .run = running->run->number,
        .sequence = ++running->sequence,
        .time_ms = rd_loop_now_ms(running->world->loop),
        .phase = phase,
        .step = schedule_step_name(job->arena, job->step),
        .id = job->step->id,
        .url = url,
        .body_hash = phase == RD_JOURNAL_ACCEPTED ? job->body_hash : RD_STR(""),
        .status = status,
        .code = code,
        .message = rd_str_cut(message, MESSAGE_KEPT_MAX),
    };
    enum rd_rc rc = rd_journal_add(running->world->journal, &entry, &running->journal_err);
    if (rc != RD_RC_OK)
        journal_failed(running, rc);
    return rc == RD_RC_OK;
}

/* Intents that come close together reach the file in one commit, and only then do their requests
 * go to the client. */
static void flush_outbox(void *data)
{
    struct running *running = data;
    running->is_flush_due = false;
    running->flushed_ms = rd_loop_now_ms(running->world->loop);
    enum rd_rc rc = running->world->journal == NULL
                        ? RD_RC_OK
                        : rd_journal_flush(running->world->journal, &running->journal_err);
    struct job *job = running->outbox;
    running->outbox = NULL;
    running->outbox_end = &running->outbox;
    if (rc != RD_RC_OK)
        journal_failed(running, rc);
    while (job != NULL) {
        struct job *next = job->next_out;
        job->next_out = NULL;
        if (rc == RD_RC_OK && job->is_found)
            step_enter(job, STAGE_READY);
        else if (rc == RD_RC_OK)
            rd_client_call(running->world->client, &job->call);
        else
            schedule_job_ended(job, rc, RD_STR(""), RD_STR("the journal cannot be written"),
                               RD_STR(""));
        job = next;
    }
}

void schedule_send(struct job *job)
{
    struct running *running = job->running;
    job->next_out = NULL;
    *running->outbox_end = job;
    running->outbox_end = &job->next_out;
    if (running->is_flush_due)
        return;
    running->is_flush_due = true;
    struct rd_loop *loop = running->world->loop;
    int64_t next_ms = running->flushed_ms + COMMIT_EVERY_MS;
    if (running->world->journal == NULL || rd_loop_now_ms(loop) >= next_ms)
        rd_loop_defer(loop, flush_outbox, running);
    else
        (void)rd_loop_at(loop, next_ms, flush_outbox, running);
}

/* Starting and ending steps ------------------------------------------------------------------ */

static bool is_over(const struct running *running)
{
    const struct rd_run *run = running->run;
    return run->done_count + run->failed_count + run->skipped_count == running->plan->step_count;
}

static struct lock *lock_of(struct running *running, const struct rd_step *step)
{
    const struct rd_type *type = running->plan->changes[step->change].type;
    struct rd_arm_id id;
    if (!rd_str_is(rd_json_str(rd_json_get(type->row, RD_STR("serialize"))), "parent") ||
        !rd_arm_id_parse(step->id, &id))
        return NULL;
    struct lock *lock = rd_map_get(&running->locks, id.parent);
    if (lock == NULL) {
        lock = rd_arena_zalloc(running->arena, sizeof(*lock));
        (void)rd_map_set(&running->locks, id.parent, lock);
    }
    return lock;
}

/* Whether the step may go: otherwise it waits in the lock's queue. */
static bool take_lock(struct running *running, uint32_t index)
{
    struct lock *lock = lock_of(running, &running->plan->steps[index]);
    if (lock == NULL)
        return true;
    if (!lock->is_held) {
        lock->is_held = true;
        return true;
    }
    lock->waiting = rd_arena_grow(running->arena, lock->waiting, lock->count, &lock->cap,
                                  sizeof(*lock->waiting));
    lock->waiting[lock->count++] = index;
    return false;
}

static void release_lock(struct running *running, const struct rd_step *step)
{
    struct lock *lock = lock_of(running, step);
    if (lock == NULL)
        return;
    lock->is_held = false;
    while (lock->first < lock->count) {
        uint32_t index = lock->waiting[lock->first++];
        if (running->run->steps[index].state != RD_STEP_WAITING)
            continue;
        push_ready(running, index);
        return;
    }
}

/* Whether the same change has written the resource provisionally before. */
static bool is_second_write(const struct rd_plan *plan, const struct rd_step *step)
{
    const struct rd_resource *desired = plan->changes[step->change].desired;
    bool may_be = step->kind == RD_STEP_PUT && step->action.n == 0 && desired != NULL &&
                  desired->provisional != NULL;
    for (uint32_t n = 0; may_be && n < step->need_count; n++) {
        const struct rd_step *needed = &plan->steps[step->needs[n]];
        if (needed->change == step->change && rd_str_is(needed->action, "provisional"))
            return true;
    }
    return false;
}

static void start_step(struct running *running, uint32_t index)
{
    const struct rd_step *step = &running->plan->steps[index];
    const struct rd_change *change = &running->plan->changes[step->change];
    struct rd_arena *arena = rd_arena_new(0);
    struct job *job = rd_arena_zalloc(arena, sizeof(*job));
    job->running = running;
    job->index = index;
    job->step = step;
    job->change = change;
    job->arena = arena;
    job->call_arena = rd_arena_new(0);
    job->type = change->type;
    const struct rd_resource *known = change->desired != NULL ? change->desired : change->live;
    if (step->kind == RD_STEP_DELETE && change->live != NULL)
        known = change->live;
    job->target =
        (struct target){step->id, change->type, known != NULL ? &known->body : &rd_json_absent};
    if (rd_str_is(step->action, "provisional") && step->kind == RD_STEP_PUT)
        job->target.body = change->desired->provisional;
    job->is_create = (change->kind == RD_CHANGE_CREATE || change->kind == RD_CHANGE_REPLACE) &&
                     !is_second_write(running->plan, step);
    rd_buf_init(&job->body, RD_HTTP_REQUEST_BODY_SIZE_MAX);
    job->next = running->jobs;
    if (job->next != NULL)
        job->next->previous = job;
    running->jobs = job;
    struct rd_step_record *record = &running->run->steps[index];
    record->state = RD_STEP_RUNNING;
    record->start_ms = rd_loop_now_ms(running->world->loop);
    running->run->running_count++;
    report(running, index);
    step_start(job);
}

static void end_if_over(struct running *running)
{
    if (is_over(running))
        rd_loop_stop(running->world->loop);
}

static void dispatch(void *data)
{
    struct running *running = data;
    running->is_dispatch_due = false;
    if (running->options->stop != NULL && *running->options->stop != 0)
        stop_running(running);
    while (!running->is_stopping && running->ready_count > 0 &&
           running->run->running_count < running->options->parallel_max) {
        uint32_t index = pop_ready(running);
        if (running->run->steps[index].state == RD_STEP_WAITING && take_lock(running, index))
            start_step(running, index);
    }
    end_if_over(running);
}

static void dispatch_soon(struct running *running)
{
    if (running->is_dispatch_due)
        return;
    running->is_dispatch_due = true;
    rd_loop_defer(running->world->loop, dispatch, running);
}

static void skip_step(struct running *running, uint32_t index, enum rd_rc rc)
{
    struct rd_step_record *record = &running->run->steps[index];
    record->state = RD_STEP_SKIPPED;
    record->rc = rc;
    running->run->skipped_count++;
    report(running, index);
}

/* Whether it starts a machine that was stopped for a write: it does so even when that has failed,
 * and nothing else is left that it waits for. */
static bool is_due_anyway(struct running *running, uint32_t index)
{
    const struct rd_step *step = &running->plan->steps[index];
    if (!halt_is_restart(running->plan, step) || running->needs_left[index] != 1 ||
        rd_map_get(&running->halted, step->id) == NULL)
        return false;
    running->needs_left[index] = 0;
    push_ready(running, index);
    return true;
}

/* Everything that needs the step, however far away. */
static void skip_dependents(struct running *running, uint32_t index)
{
    struct rd_arena *scratch = rd_arena_new(0);
    uint32_t *open = NULL;
    size_t count = 0;
    size_t cap = 0;
    open = rd_arena_grow(scratch, open, count, &cap, sizeof(*open));
    open[count++] = index;
    while (count > 0) {
        uint32_t step = open[--count];
        for (uint32_t i = running->successor_start[step]; i < running->successor_start[step + 1];
             i++) {
            uint32_t next = running->successors[i];
            if (running->run->steps[next].state != RD_STEP_WAITING)
                continue;
            if (!is_due_anyway(running, next))
                skip_step(running, next, RD_RC_FAILED);
            open = rd_arena_grow(scratch, open, count, &cap, sizeof(*open));
            open[count++] = next;
        }
    }
    rd_arena_free(scratch);
}

static void stop_running(struct running *running)
{
    if (running->is_stopping)
        return;
    running->is_stopping = true;
    for (uint32_t i = 0; i < running->plan->step_count; i++)
        if (running->run->steps[i].state == RD_STEP_WAITING)
            skip_step(running, i, RD_RC_INTERRUPTED);
    rd_client_stop(running->world->client);
    lookup_stop(running);
    for (struct job *job = running->jobs; job != NULL;) {
        struct job *next = job->next;
        step_interrupt(job);
        job = next;
    }
    dispatch_soon(running);
}

static const char *verb_of(const struct job *job)
{
    if (job->step->kind == RD_STEP_DELETE)
        return "deleting";
    if (halt_is_stop(job))
        return "stopping";
    if (job->step->kind == RD_STEP_ACTION && rd_str_is(job->step->action, "start"))
        return "starting";
    if (job->step->kind == RD_STEP_ACTION)
        return "acting on";
    if (job->step->kind == RD_STEP_WAIT)
        return "waiting for";
    return job->is_create ? "creating" : "updating";
}

static void keep_first_failure(struct job *job, enum rd_rc rc, struct rd_str code,
                               struct rd_str message, struct rd_str hint)
{
    struct running *running = job->running;
    if (running->first_rc != RD_RC_OK || rc == RD_RC_INTERRUPTED)
        return;
    struct rd_str name = rd_str_after_last(job->step->id, '/');
    struct rd_arm_id id;
    /* Every machine has the extensions of the others: whose it is matters more than its name. */
    bool is_part = rd_json_is_true(rd_json_get(job->type->row, RD_STR("with_parent"))) &&
                   rd_arm_id_parse(job->step->id, &id);
    struct rd_str owner = is_part ? rd_str_after_last(id.parent, '/') : RD_STR("");
    running->first_rc = RD_FAIL(
        &running->first_err, rc, "%s %.*s '%.*s'%s%.*s%s failed: %.*s%s%.*s", verb_of(job),
        RD_FMT(job->type->label), RD_FMT(name), is_part ? " of '" : "", RD_FMT(owner),
        is_part ? "'" : "", RD_FMT(code), code.n > 0 && message.n > 0 ? ": " : "", RD_FMT(message));
    (void)snprintf(running->first_err.azure_code, sizeof(running->first_err.azure_code), "%.*s",
                   RD_FMT(code));
    running->first_rc = rd_error_explain(rc, code, message, hint, &running->first_err);
}

static void job_free(struct job *job)
{
    struct running *running = job->running;
    if (job->previous != NULL)
        job->previous->next = job->next;
    else
        running->jobs = job->next;
    if (job->next != NULL)
        job->next->previous = job->previous;
    rd_buf_wipe(&job->body);
    rd_buf_done(&job->body);
    step_clear_call(job);
    rd_arena_free(job->call_arena);
    rd_arena_free(job->arena);
}

static void count_down(struct running *running, uint32_t index)
{
    for (uint32_t i = running->successor_start[index]; i < running->successor_start[index + 1];
         i++) {
        uint32_t next = running->successors[i];
        assert(running->needs_left[next] > 0);
        if (--running->needs_left[next] == 0 && running->run->steps[next].state == RD_STEP_WAITING)
            push_ready(running, next);
    }
}

void schedule_job_ended(struct job *job, enum rd_rc rc, struct rd_str code, struct rd_str message,
                        struct rd_str hint)
{
    struct running *running = job->running;
    uint32_t index = job->index;
    struct rd_step_record *record = &running->run->steps[index];
    assert(record->state == RD_STEP_RUNNING);
    record->end_ms = rd_loop_now_ms(running->world->loop);
    record->rc = rc;
    running->run->running_count--;
    if (rc == RD_RC_OK) {
        record->state = RD_STEP_DONE;
        running->run->done_count++;
    } else {
        /* What was stopped has not failed: the next run does it. */
        record->state = rc == RD_RC_INTERRUPTED ? RD_STEP_SKIPPED : RD_STEP_FAILED;
        running->run->failed_count += rc != RD_RC_INTERRUPTED;
        running->run->skipped_count += rc == RD_RC_INTERRUPTED;
        record->code = rd_arena_str(running->arena, code);
        record->message = rd_arena_str(running->arena, message);
        keep_first_failure(job, rc, code, message, hint);
    }
    const struct rd_step *step = job->step;
    job_free(job);
    if (rc == RD_RC_OK)
        count_down(running, index);
    else
        skip_dependents(running, index);
    release_lock(running, step);
    report(running, index);
    dispatch_soon(running);
}

static void idle(void *data)
{
    struct running *running = data;
    if (!running->is_stopping && running->options->stop != NULL && *running->options->stop != 0)
        stop_running(running);
    if (++running->idle_count % IDLE_LOOKS_EVERY != 0 &&
        rd_loop_clock(running->world->loop)->speed == 0)
        return;
    int64_t real_us = rd_clock_monotonic_us();
    if (real_us - running->idle_real_us < IDLE_EVERY_MS * INT64_C(1000))
        return;
    running->idle_real_us = real_us;
    enum rd_rc rc = running->world->journal == NULL || running->journal_rc != RD_RC_OK
                        ? RD_RC_OK
                        : rd_journal_flush(running->world->journal, &running->journal_err);
    if (rc != RD_RC_OK)
        journal_failed(running, rc);
    report(running, SIZE_MAX);
}

/* Running ------------------------------------------------------------------------------------ */

static struct rd_str summary_of(struct running *running)
{
    const struct rd_run *run = running->run;
    struct rd_arena *arena = running->arena;
    struct rd_json summary = rd_json_object();
    uint64_t requests = 0;
    for (size_t i = 0; i < sizeof(run->stats.requests) / sizeof(run->stats.requests[0]); i++)
        requests += run->stats.requests[i];
    (void)rd_json_set_c(arena, &summary, "done", rd_json_integer((int64_t)run->done_count));
    (void)rd_json_set_c(arena, &summary, "failed", rd_json_integer((int64_t)run->failed_count));
    (void)rd_json_set_c(arena, &summary, "skipped", rd_json_integer((int64_t)run->skipped_count));
    (void)rd_json_set_c(arena, &summary, "makespanMs",
                        rd_json_integer(run->end_ms - run->start_ms));
    (void)rd_json_set_c(arena, &summary, "requests", rd_json_integer((int64_t)requests));
    (void)rd_json_set_c(arena, &summary, "polls", rd_json_integer((int64_t)run->stats.polls));
    (void)rd_json_set_c(arena, &summary, "throttled",
                        rd_json_integer((int64_t)run->stats.throttled));
    (void)rd_json_set_c(arena, &summary, "retried", rd_json_integer((int64_t)run->stats.retried));
    return rd_json_text(arena, &summary, RD_JSON_COMPACT);
}

RD_NODISCARD static enum rd_rc conclude(struct running *running, struct rd_err *err)
{
    struct rd_run *run = running->run;
    run->end_ms = rd_loop_now_ms(running->world->loop);
    run->stats = *rd_client_stats(running->world->client);
    enum rd_rc rc = RD_RC_OK;
    if (running->journal_rc != RD_RC_OK) {
        *err = running->journal_err;
        return running->journal_rc;
    }
    if (running->first_rc != RD_RC_OK) {
        *err = running->first_err;
        rc = running->first_rc;
    } else if (run->skipped_count > 0) {
        rc = rd_err_hint(RD_FAIL(err, RD_RC_INTERRUPTED,
                                 "stopped with %zu of %zu steps done; what was under way has ended",
                                 run->done_count, running->plan->step_count),
                         err, "run the same command again: it goes on from here");
    }
    if (running->world->journal == NULL)
        return rc;
    enum rd_run_state state = rc == RD_RC_OK            ? RD_RUN_SUCCEEDED
                              : rc == RD_RC_INTERRUPTED ? RD_RUN_INTERRUPTED
                                                        : RD_RUN_FAILED;
    struct rd_err journal_err;
    enum rd_rc journal_rc = rd_journal_end(running->world->journal, run->number, state, run->end_ms,
                                           summary_of(running), &journal_err);
    if (journal_rc == RD_RC_OK || rc != RD_RC_OK)
        return rc;
    *err = journal_err;
    return journal_rc;
}

static void run_loop(struct running *running)
{
    struct rd_loop *loop = running->world->loop;
    for (uint32_t i = 0; i < running->plan->step_count; i++)
        if (running->needs_left[i] == 0)
            push_ready(running, i);
    rd_loop_set_idle(loop, idle, running, IDLE_EVERY_MS);
    dispatch_soon(running);
    while (!is_over(running)) {
        size_t before = running->run->running_count;
        rd_loop_run(loop);
        /* A loop that ends with steps under way has lost a reply: a broken transport. */
        assert(is_over(running) || running->run->running_count != before);
    }
    rd_loop_set_idle(loop, NULL, NULL, IDLE_EVERY_MS);
}

enum rd_rc rd_engine_run(struct rd_world *world, struct rd_arena *arena, const struct rd_plan *plan,
                         const struct rd_run_options *options, struct rd_run **ret_run,
                         struct rd_err *err)
{
    assert(options->parallel_max > 0);
    struct running *running = rd_arena_zalloc(arena, sizeof(*running));
    running->world = world;
    running->arena = arena;
    running->plan = plan;
    running->options = options;
    running->run = rd_arena_zalloc(arena, sizeof(*running->run));
    running->outbox_end = &running->outbox;
    *ret_run = running->run;
    rd_map_init(&running->step_of, true);
    rd_map_init(&running->halted, true);
    rd_map_init(&running->recovered, true);
    rd_map_init(&running->lookups, true);
    rd_map_init(&running->locks, true);
    rd_map_init(&running->appeared, true);
    rd_map_init(&running->readied, true);
    enum rd_rc rc = prepare_run(running, err);
    if (rc == RD_RC_OK) {
        run_loop(running);
        rc = conclude(running, err);
    }
    lookup_done(running);
    rd_map_done(&running->step_of);
    rd_map_done(&running->halted);
    rd_map_done(&running->recovered);
    rd_map_done(&running->lookups);
    rd_map_done(&running->locks);
    rd_map_done(&running->appeared);
    rd_map_done(&running->readied);
    return rc;
}
