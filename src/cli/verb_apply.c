/* SPDX-License-Identifier: Apache-2.0 */
#include "apply.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "live.h"
#include "resource/unseen.h"

enum { FAILURES_SHOWN_MAX = 8 };

static const char *const state_names[] = {
    [RD_STEP_WAITING] = "waiting", [RD_STEP_RUNNING] = "running", [RD_STEP_DONE] = "done",
    [RD_STEP_FAILED] = "failed",   [RD_STEP_SKIPPED] = "skipped",
};

static struct rd_json step_to_json(struct rd_arena *arena, const struct rd_run *run, size_t i)
{
    const struct rd_step_record *record = &run->steps[i];
    char text[RD_TIME_TEXT_MAX];
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "id", rd_json_string(run->plan->steps[i].id));
    (void)rd_json_set_c(arena, &json, "state", rd_json_string_c(state_names[record->state]));
    if (record->start_ms != 0)
        (void)rd_json_set_c(arena, &json, "start",
                            rd_json_string(rd_arena_str(
                                arena, rd_str_from(rd_time_format(record->start_ms, true, text)))));
    if (record->end_ms != 0)
        (void)rd_json_set_c(arena, &json, "end",
                            rd_json_string(rd_arena_str(
                                arena, rd_str_from(rd_time_format(record->end_ms, true, text)))));
    if (record->code.n > 0)
        (void)rd_json_set_c(arena, &json, "code", rd_json_string(record->code));
    if (record->message.n > 0)
        (void)rd_json_set_c(arena, &json, "message", rd_json_string(record->message));
    return json;
}

struct rd_json run_to_json(const struct session *session, const struct rd_run *run)
{
    struct rd_arena *arena = session->arena;
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "run", rd_json_integer(run->number));
    (void)rd_json_set_c(arena, &json, "durationSeconds",
                        rd_json_integer((run->end_ms - run->start_ms) / 1000));
    (void)rd_json_set_c(arena, &json, "done", rd_json_integer((int64_t)run->done_count));
    (void)rd_json_set_c(arena, &json, "failed", rd_json_integer((int64_t)run->failed_count));
    (void)rd_json_set_c(arena, &json, "skipped", rd_json_integer((int64_t)run->skipped_count));
    uint64_t requests = 0;
    for (size_t i = 0; i < sizeof(run->stats.requests) / sizeof(run->stats.requests[0]); i++)
        requests += run->stats.requests[i];
    const uint64_t *sent = run->stats.requests;
    uint64_t reads = sent[RD_HTTP_GET] + sent[RD_HTTP_HEAD];
    uint64_t deletes = sent[RD_HTTP_DELETE];
    (void)rd_json_set_c(arena, &json, "criticalPathSeconds",
                        rd_json_integer(run->plan->critical_path_ms / 1000));
    (void)rd_json_set_c(arena, &json, "requests", rd_json_integer((int64_t)requests));
    (void)rd_json_set_c(arena, &json, "reads", rd_json_integer((int64_t)reads));
    (void)rd_json_set_c(arena, &json, "deletes", rd_json_integer((int64_t)deletes));
    (void)rd_json_set_c(arena, &json, "writes",
                        rd_json_integer((int64_t)(requests - reads - deletes)));
    (void)rd_json_set_c(arena, &json, "polls", rd_json_integer((int64_t)run->stats.polls));
    (void)rd_json_set_c(arena, &json, "throttled", rd_json_integer((int64_t)run->stats.throttled));
    (void)rd_json_set_c(arena, &json, "retried", rd_json_integer((int64_t)run->stats.retried));
    struct rd_json idle = faults_idle(session);
    if (rd_json_count(&idle) > 0)
        (void)rd_json_set_c(arena, &json, "faultsNotStruck", idle);
    struct rd_json *steps = rd_json_set_c(arena, &json, "steps", rd_json_array());
    for (size_t i = 0; i < run->plan->step_count; i++)
        (void)rd_json_append(arena, steps, step_to_json(arena, run, i));
    return json;
}

/* Failures of one kind and code are one line. */
static void print_failures(const struct rd_run *run)
{
    const struct rd_plan *plan = run->plan;
    size_t shown = 0;
    for (size_t i = 0; i < plan->step_count && shown < FAILURES_SHOWN_MAX; i++) {
        const struct rd_type *type = plan->changes[plan->steps[i].change].type;
        struct rd_str code = run->steps[i].code;
        if (run->steps[i].state != RD_STEP_FAILED)
            continue;
        size_t count = 0;
        bool is_first = true;
        for (size_t k = 0; k < plan->step_count; k++) {
            bool is_like = run->steps[k].state == RD_STEP_FAILED &&
                           plan->changes[plan->steps[k].change].type == type &&
                           rd_str_eq(run->steps[k].code, code);
            is_first = is_first && !(is_like && k < i);
            count += is_like;
        }
        if (!is_first)
            continue;
        output_printf("  failed: %zu x %.*s%s%.*s\n", count, RD_FMT(type->label),
                      code.n > 0 ? ", " : "", RD_FMT(code));
        shown++;
    }
}

static void run_print(const struct session *session, const struct rd_run *run)
{
    char took[RD_TIME_TEXT_MAX];
    output_printf("\n%zu of %zu steps done in %s%s\n", run->done_count, run->plan->step_count,
                  rd_duration_format(run->end_ms - run->start_ms, took),
                  session_is_live(session) ? "" : " on the embedded cloud's clock");
    if (run->failed_count > 0 || run->skipped_count > 0)
        output_printf("%zu failed, %zu not started\n", run->failed_count, run->skipped_count);
    print_failures(run);
}

enum rd_rc plan_run(struct session *session, const char *verb, const struct rd_plan *plan,
                    const char *question, struct rd_str expected, struct rd_run **ret_run,
                    struct rd_err *err)
{
    RD_TRY(output_ask(session->args, &session->terminal, question, expected, err));
    if (session_is_live(session) && !rd_str_eq(expected, session->desired->name))
        RD_TRY(live_ask(session, err));
    /* Who closed standard output before a run has left: nothing is started for nobody. */
    enum rd_rc rc = output_finish(err);
    if (rc != RD_RC_OK)
        return rd_err_hint(rc, err, "nothing was changed; run it again with its output open");
    session_set_clock(session, plan->critical_path_ms);
    return session_run(session, verb, plan, ret_run, err);
}

enum rd_rc run_show(struct session *session, const struct rd_run *run, enum rd_rc rc)
{
    if (run == NULL)
        return rc;
    if (!args_is_json(session->args)) {
        run_print(session, run);
        return rc;
    }
    struct rd_json *json = rd_arena_alloc(session->arena, sizeof(*json));
    *json = run_to_json(session, run);
    if (rc == RD_RC_OK)
        output_json(json);
    else
        output_keep_run(json);
    return rc;
}

/* Saved plans are JSON; specs are YAML whose first character is no brace. */
static bool is_saved_plan(struct rd_str text)
{
    struct rd_str body = rd_str_trim(text);
    return body.n > 0 && body.p[0] == '{';
}

/* Whether the newest run began this plan and did not come to its end. */
RD_NODISCARD static enum rd_rc find_begun(struct session *session, const struct rd_plan *saved,
                                          bool *ret_is_begun, struct rd_err *err)
{
    struct rd_run_record *runs = NULL;
    size_t count = 0;
    RD_TRY(rd_journal_runs(session->journal, session->arena, 1, &runs, &count, err));
    *ret_is_begun = count > 0 && runs[0].state != RD_RUN_SUCCEEDED &&
                    rd_str_eq(runs[0].plan_hash, rd_plan_hash(session->arena, saved));
    return RD_RC_OK;
}

/* Whether all that a plan does was in the saved one, and so was approved: what was to be made may
 * be there in part by now. */
static bool is_rest_of(const struct rd_plan *plan, const struct rd_plan *saved)
{
    RD_CLEANUP(rd_map_done) struct rd_map changes;
    rd_map_init(&changes, true);
    for (size_t i = 0; i < saved->change_count; i++)
        (void)rd_map_set(&changes, saved->changes[i].id, &saved->changes[i]);
    for (size_t i = 0; i < plan->change_count; i++) {
        const struct rd_change *then = rd_map_get(&changes, plan->changes[i].id);
        enum rd_change_kind kind = plan->changes[i].kind;
        bool destroys = kind == RD_CHANGE_DELETE || kind == RD_CHANGE_REPLACE;
        if (then == NULL || (kind == RD_CHANGE_DELETE) != (then->kind == RD_CHANGE_DELETE) ||
            (destroys && kind != then->kind))
            return false;
    }
    return true;
}

/* The plan to run: the saved one when the world is still the one that it was made for; what is left
 * of it when its own run was cut short and nothing else has happened. */
RD_NODISCARD static enum rd_rc check_fresh(struct session *session, const struct rd_plan *saved,
                                           struct rd_plan **ret_plan, struct rd_err *err)
{
    struct rd_set *live = NULL;
    bool is_begun = false;
    RD_TRY(session_read_live(session, &live, err));
    RD_TRY(plan_check_seen(session, rd_set_unseen(live), err));
    if (rd_str_eq(rd_set_fingerprint(session->arena, live), saved->fingerprint)) {
        (*ret_plan)->live = live; /* the saved one has only what changes */
        return RD_RC_OK;
    }
    RD_TRY(find_begun(session, saved, &is_begun, err));
    struct rd_plan *rest = NULL;
    if (is_begun)
        RD_TRY(rd_plan_make(session->arena, session->desired, live, &rest, err));
    if (rest != NULL && is_rest_of(rest, saved)) {
        session->plan_hash = rd_plan_hash(session->arena, saved);
        *ret_plan = rest;
        return RD_RC_OK;
    }
    return rd_err_hint(RD_FAIL(err, RD_RC_STALE,
                               "the plan was made for another state of '%.*s': something has "
                               "changed since",
                               RD_FMT(saved->enclave)),
                       err, "plan again, look at the difference, and apply that");
}

RD_NODISCARD static enum rd_rc apply_saved(struct session *session, const char *path,
                                           struct rd_str text, struct rd_err *err)
{
    RD_TRY(rd_plan_from_json(session->arena, path, text, &session->saved, err));
    RD_TRY(plan_check_seen(session, session->saved->unseen, err));
    struct rd_json json = rd_set_to_json(session->arena, session->saved->desired);
    RD_TRY(rd_set_from_json(session->arena, path, &json, &session->desired, err));
    RD_TRY(rd_set_resolve(session->desired, err));
    RD_TRY(session_open_cloud(session, true, err));
    struct rd_plan *plan = session->saved;
    RD_TRY(check_fresh(session, session->saved, &plan, err));
    if (!args_is_json(session->args))
        plan_show(session, plan);
    struct rd_run *run = NULL;
    enum rd_rc rc =
        plan_run(session, "apply", plan, "\nCarry out this plan?", RD_STR("yes"), &run, err);
    return run_show(session, run, rc);
}

RD_NODISCARD static enum rd_rc apply_spec(struct session *session, struct rd_err *err)
{
    RD_TRY(session_read_spec(session, err));
    struct rd_set *live = NULL;
    struct rd_plan *plan = NULL;
    RD_TRY(plan_of_spec(session, true, &live, &plan, err));
    if (!args_is_json(session->args))
        plan_show(session, plan);
    RD_TRY(plan_check_seen(session, plan->unseen, err));
    struct rd_run *run = NULL;
    enum rd_rc rc = RD_RC_OK;
    if (plan->step_count > 0)
        rc = plan_run(session, "apply", plan, "\nCarry out this plan?", RD_STR("yes"), &run, err);
    else if (args_is_json(session->args))
        rc = session_run(session, "apply", plan, &run, err);
    rc = run_show(session, run, rc);
    return rc;
}

enum rd_rc verb_apply(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    session_init(&session, arena, args);
    const char *path = session_spec_path(args);
    struct rd_str text;
    enum rd_rc rc = rd_file_read(arena, path, RD_PLAN_SIZE_MAX, &text, err);
    if (rc != RD_RC_OK)
        return rd_err_hint(rc, err, "name a spec or a saved plan");
    if (rd_str_trim(text).n == 0)
        return rd_err_hint(
            RD_FAIL(err, RD_RC_INVALID,
                    "%s:1:1: there is no spec in this file, nor a saved plan: it is empty", path),
            err,
            "save the plan again with 'redoubt plan --save'; 'redoubt init' writes a spec to start "
            "from");
    if (is_saved_plan(text))
        return apply_saved(&session, path, text, err);
    return apply_spec(&session, err);
}

enum rd_rc verb_destroy(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    session_init(&session, arena, args);
    RD_TRY(session_read_spec(&session, err));
    RD_TRY(session_open_cloud(&session, true, err));
    struct rd_set *live = NULL;
    struct rd_plan *plan = NULL;
    RD_TRY(session_read_live(&session, &live, err));
    RD_TRY(rd_engine_read_foreign(&session.world, arena, live, err));
    RD_TRY(rd_plan_make_destroy(arena, session.desired, live, &plan, err));
    if (!args_is_json(args))
        plan_show(&session, plan);
    RD_TRY(plan_check_seen(&session, plan->unseen, err));
    struct rd_run *run = NULL;
    enum rd_rc rc = RD_RC_OK;
    struct rd_str question =
        rd_arena_printf(arena, "\nThis deletes the enclave '%.*s' with every desktop in it.",
                        RD_FMT(session.desired->name));
    if (plan->step_count > 0)
        rc = plan_run(&session, "destroy", plan, question.p, session.desired->name, &run, err);
    else if (args_is_json(args))
        rc = session_run(&session, "destroy", plan, &run, err);
    rc = run_show(&session, run, rc);
    return rc;
}
