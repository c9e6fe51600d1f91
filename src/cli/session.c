/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "live.h"
#include "local_transport.h"
#include "progress.h"

enum {
    PARALLEL_DEFAULT = 4096,
    IN_FLIGHT_MAX = 64,
    ATTEMPTS_MAX = 8,
    WATCHING_MS = 25000, /* how long a person should have to watch a scaled run */
};

static volatile int stop_requests;
static volatile sig_atomic_t is_running;

/* Outside a run nothing is under way that could be lost. In a run the first signal lets what is
 * under way come to its end; at the second the journal has what the next run needs. */
static void on_signal(int number RD_UNUSED)
{
    static const char text[] = "\nredoubt: stopped at once\n"
                               "  hint: run the same command again: it goes on from here\n";
    stop_requests++;
    if (is_running != 0 && stop_requests < 2)
        return;
    ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)written; /* there is nobody else to tell */
    _exit(rd_rc_exit_status(RD_RC_INTERRUPTED));
}

void session_stop(void)
{
    if (stop_requests == 0)
        stop_requests = 1;
}

bool session_is_stopping(void)
{
    return stop_requests > 0;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

void session_init(struct session *session, struct rd_arena *arena, const struct args *args)
{
    *session = (struct session){.arena = arena, .args = args, .terminal = terminal_look(args)};
}

void session_close(struct session *session)
{
    if (session->cloud != NULL)
        faults_warn(session);
    live_settle(session);
    rd_client_free(session->client);
    live_close(session);
    local_transport_free(session->transport);
    rd_loop_free(session->loop);
    rd_journal_close(session->journal);
    rd_cloud_close(session->cloud);
    rd_lock_free(session->lock);
    for (size_t i = 0; i < session->read_set_count; i++)
        rd_set_done(session->read_sets[i]);
    if (session->desired != NULL)
        rd_set_done(session->desired);
    if (session->saved != NULL)
        rd_plan_done(session->saved);
    *session = (struct session){0};
}

const char *session_spec_path(const struct args *args)
{
    if (args->operands[0] != NULL)
        return args->operands[0];
    return args->is_given[OPTION_FILE] ? args->value[OPTION_FILE] : "redoubt.yaml";
}

/* What only the spec says and a saved plan must carry to find its cloud again. */
static void add_facts(struct session *session)
{
    struct rd_arena *arena = session->arena;
    struct rd_json *facts = &session->desired->facts;
    struct rd_json subscriptions = rd_json_array();
    const struct rd_spec *spec = session->spec;
    (void)rd_json_append(arena, &subscriptions, rd_json_string(spec->subscription));
    if (!rd_str_eq_case(spec->subscription, spec->images_subscription))
        (void)rd_json_append(arena, &subscriptions, rd_json_string(spec->images_subscription));
    (void)rd_json_set_c(arena, facts, "tenant", rd_json_string(spec->tenant));
    (void)rd_json_set_c(arena, facts, "subscriptions", subscriptions);
}

size_t session_subscriptions(const struct session *session,
                             struct rd_str ret_all[RD_CLOUD_SUBSCRIPTION_COUNT_MAX])
{
    const struct rd_json *list = rd_json_at(&session->desired->facts, "subscriptions");
    size_t count = 0;
    for (; count < rd_json_count(list) && count < RD_CLOUD_SUBSCRIPTION_COUNT_MAX; count++)
        ret_all[count] = rd_json_str(rd_json_item(list, count));
    return count;
}

enum rd_rc session_compile(struct session *session, struct rd_err *err)
{
    RD_TRY(rd_enclave_compile(session->arena, session->spec, &session->desired, err));
    add_facts(session);
    return RD_RC_OK;
}

/* Whether what is no spec is a plan that 'plan --save' has written. */
static bool is_saved_plan(const struct session *session, const char *path)
{
    struct rd_err ignored;
    struct rd_str text;
    if (rd_file_read(session->arena, path, RD_PLAN_SIZE_MAX, &text, &ignored) != RD_RC_OK)
        return false;
    struct rd_str head = rd_str_sub(rd_str_trim(text), 0, 64);
    return rd_str_has_prefix(head, RD_STR("{")) &&
           rd_str_find(head, RD_STR("\"redoubt/plan-"), 0) != RD_STR_NONE;
}

RD_NODISCARD static enum rd_rc fail_saved_plan(const struct session *session, const char *path,
                                               struct rd_err *err)
{
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "'%s' is a saved plan, and '%s' takes a spec",
                               path, session->args->verb->name),
                       err, "give it to apply: redoubt apply %s", path);
}

enum rd_rc session_read_spec(struct session *session, struct rd_err *err)
{
    const char *path = session_spec_path(session->args);
    enum rd_rc rc = rd_spec_read(session->arena, path, &session->spec, err);
    if (rc == RD_RC_NOT_FOUND)
        return rd_err_hint(rc, err, "name a spec, or make one with 'redoubt init'");
    if (rc != RD_RC_OK)
        return is_saved_plan(session, path) ? fail_saved_plan(session, path, err) : rc;
    RD_TRY(session_compile(session, err));
    return session_set_budget(session, err);
}

enum rd_rc session_read_set(struct session *session, const char *path, struct rd_err *err)
{
    struct rd_str text;
    struct rd_json value;
    RD_TRY(rd_file_read(session->arena, path, RD_PLAN_SIZE_MAX, &text, err));
    RD_TRY(rd_json_parse(session->arena, path, text, RD_JSON_UNIQUE_KEYS, &value, err));
    return rd_set_from_json(session->arena, path, &value, &session->desired, err);
}

/* ".redoubt/<enclave>" beside `file`. */
static const char *state_beside(const struct session *session, struct rd_str file)
{
    size_t slash = rd_str_find_last_char(file, '/');
    struct rd_str beside = slash == RD_STR_NONE ? RD_STR(".") : rd_str_sub(file, 0, slash);
    if (slash == 0)
        beside = RD_STR("/");
    return rd_arena_printf(session->arena, "%.*s/.redoubt/%.*s", RD_FMT(beside),
                           RD_FMT(session->desired->name))
        .p;
}

/* Below --state; else beside the spec, for a saved plan the one that it was made from, as long as
 * that is where it was; else beside the plan. */
const char *session_state_folder(const struct session *session)
{
    if (session->args->is_given[OPTION_STATE])
        return rd_arena_printf(session->arena, "%s/%.*s", session->args->value[OPTION_STATE],
                               RD_FMT(session->desired->name))
            .p;
    struct rd_str spec = rd_json_str(rd_json_at(&session->desired->facts, "spec"));
    if (session->spec == NULL && spec.n > 0) {
        const char *folder = state_beside(session, spec);
        if (rd_file_exists(folder))
            return folder;
    }
    return state_beside(session, rd_str_from(session_spec_path(session->args)));
}

RD_NODISCARD static enum rd_rc open_emulator(struct session *session, bool keeps_state,
                                             struct rd_err *err)
{
    const struct rd_json *facts = &session->desired->facts;
    struct rd_cloud_options cloud_options = {
        .path =
            keeps_state ? rd_arena_printf(session->arena, "%s/cloud.db", session->folder).p : NULL,
        .cloud_name = rd_arena_str(session->arena, session->desired->cloud).p,
        .tenant = rd_json_str(rd_json_at(facts, "tenant")),
        .start_ms = rd_clock_wall_ms(),
        .trusts_embedded = true,
    };
    cloud_options.subscription_count = session_subscriptions(session, cloud_options.subscriptions);
    cloud_options.seed = (uint64_t)args_int(session->args, OPTION_SEED, 1);
    RD_TRY(rd_cloud_open(&cloud_options, &session->cloud, err));
    return RD_RC_OK;
}

/* The client's side, the same for every cloud. */
static void open_client(struct session *session, struct rd_transport *transport,
                        struct rd_random *random)
{
    struct rd_client_options client_options = {
        .loop = session->loop,
        .transport = transport,
        .random = random,
        .endpoints = session->world.endpoints,
        .in_flight_max = IN_FLIGHT_MAX,
        .attempts_max = ATTEMPTS_MAX,
    };
    session->client = rd_client_new(&client_options);
    session->world.loop = session->loop;
    session->world.client = session->client;
    session->world.random = &session->system;
    session->world.journal = session->journal;
}

RD_NODISCARD static enum rd_rc open_doors(struct session *session, struct rd_err *err)
{
    rd_clock_init_virtual(&session->clock, rd_cloud_time_ms(session->cloud));
    session->loop = rd_loop_new(&session->clock);
    rd_random_init_seeded(&session->seeded, (uint64_t)args_int(session->args, OPTION_SEED, 1));
    rd_random_init_system(&session->system);
    session->transport = local_transport_new(session->loop, session->cloud);
    RD_TRY(faults_add(session, err));
    RD_TRY(rd_endpoints_find(session->desired->cloud, &session->world.endpoints, err));
    open_client(session, local_transport_door(session->transport), &session->seeded);
    return RD_RC_OK;
}

/* Whether there is a state. One that cannot be looked at is there: to take it for none would show
 * an enclave that stands as one that is to be built. */
RD_NODISCARD static enum rd_rc find_state(const struct session *session, bool *ret_is_there,
                                          struct rd_err *err)
{
    *ret_is_there = access(session->folder, F_OK) == 0;
    if (*ret_is_there || errno == ENOENT)
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_STATE, "the state folder '%s' cannot be looked at: %s",
                               session->folder, strerror(errno)),
                       err, "make it yours to read and write, or name another one with --state");
}

bool session_is_live(const struct session *session)
{
    return session->args->is_given[OPTION_LIVE];
}

/* A live cloud's history lies apart: what was rehearsed is no part of it. */
RD_NODISCARD static enum rd_rc open_state(struct session *session, bool writes, bool *ret_keeps,
                                          struct rd_err *err)
{
    bool is_live = session_is_live(session);
    session->folder = session_state_folder(session);
    if (is_live)
        session->folder = rd_arena_printf(session->arena, "%s/live", session->folder).p;
    bool keeps_state = writes;
    if (!keeps_state)
        RD_TRY(find_state(session, &keeps_state, err));
    if (keeps_state) {
        RD_TRY(rd_lock_take(session->folder, session->args->verb->name, &session->lock, err));
        /* Where our clock is the cloud's, it is a rehearsal, as it is in-process. */
        bool is_durable = is_live && !session->world.endpoints.has_our_clock;
        RD_TRY(rd_journal_open(session->folder, is_durable, &session->journal, err));
    }
    *ret_keeps = keeps_state;
    return RD_RC_OK;
}

/* Nothing is made on the disk before it is known that somebody may act there. */
RD_NODISCARD static enum rd_rc open_live(struct session *session, bool writes, struct rd_err *err)
{
    bool keeps_state = false;
    rd_random_init_system(&session->system);
    RD_TRY(live_open(session, session->desired->cloud, err));
    RD_TRY(live_sign_in(session, err));
    RD_TRY(open_state(session, writes, &keeps_state, err));
    if (keeps_state)
        RD_TRY(live_check_journal(session, err));
    open_client(session, live_door(session), &session->system);
    return RD_RC_OK;
}

enum rd_rc session_open_cloud(struct session *session, bool writes, struct rd_err *err)
{
    if (session_is_live(session)) {
        catch_signals();
        return open_live(session, writes, err);
    }
    RD_TRY(live_check_unused(session->args, err));
    RD_TRY(faults_check(session, err));
    catch_signals();
    bool keeps_state = false;
    RD_TRY(open_state(session, writes, &keeps_state, err));
    RD_TRY(open_emulator(session, keeps_state, err));
    return open_doors(session, err);
}

/* What went wrong behind the engine's back, if anything: the embedded cloud's file, a sign-in. */
RD_NODISCARD static enum rd_rc check_door(const struct session *session, struct rd_err *err)
{
    return session->live != NULL ? live_check(session, err)
                                 : local_transport_check(session->transport, err);
}

void session_set_clock(struct session *session, int64_t critical_path_ms)
{
    const struct args *args = session->args;
    if (session->live != NULL)
        return; /* it has its own */
    bool watches = session->terminal.err_is_terminal && !args->is_given[OPTION_QUIET];
    const char *kind = watches ? "scaled" : "virtual";
    if (args->is_given[OPTION_SPEED])
        kind = "scaled";
    if (args->is_given[OPTION_CLOCK])
        kind = args->value[OPTION_CLOCK];
    int64_t now_ms = rd_clock_now_ms(&session->clock);
    int64_t fitting = critical_path_ms / WATCHING_MS;
    int64_t speed = args_int(args, OPTION_SPEED, fitting < 1 ? 1 : fitting);
    if (strcmp(kind, "scaled") == 0)
        rd_clock_init_scaled(&session->clock, now_ms, speed);
    else if (strcmp(kind, "real") == 0)
        rd_clock_init_scaled(&session->clock, now_ms, 1);
}

/* By what names its keys are to be known: a cloud of one's own has its own. */
static void add_suffixes(struct session *session, struct rd_set *live)
{
    const struct rd_str texts[] = {session->world.endpoints.vault_suffix,
                                   session->world.endpoints.hsm_suffix};
    struct rd_json suffixes = rd_json_array();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].n > 0)
            (void)rd_json_append(session->arena, &suffixes, rd_json_string(texts[i]));
    (void)rd_json_set_c(session->arena, &live->facts, "keySuffixes", suffixes);
}

/* What no cloud tells (hours, logs, licences) is as the spec says, also for what is live. */
static void take_facts(struct session *session, struct rd_set *live)
{
    const struct rd_json *facts = &session->desired->facts;
    for (size_t i = 0; i < rd_json_count(facts); i++) {
        const struct rd_json_member *fact = &facts->u.members[i];
        if (!rd_json_exists(rd_json_get(&live->facts, fact->key)))
            (void)rd_json_set(session->arena, &live->facts, fact->key, fact->value);
    }
}

/* Whether it is in the spec no more, bears no tag that could tell whose it is, and is not the
 * service's own, as every vault has some. */
static bool needs_proof(const struct session *session, const struct rd_resource *live)
{
    if (rd_json_is_true(rd_json_get(live->type->row, RD_STR("tags"))) ||
        rd_set_find(session->desired, live->id) != NULL)
        return false;
    const struct rd_json *own = rd_json_get(live->type->row, RD_STR("own"));
    for (size_t i = 0; i < rd_json_count(own); i++)
        if (rd_str_eq_case(rd_json_str(rd_json_item(own, i)), live->name))
            return false;
    return true;
}

/* What earlier runs wrote is the enclave's: the journal proves it where no tag can. */
RD_NODISCARD static enum rd_rc take_written(struct session *session, struct rd_set *live,
                                            struct rd_err *err)
{
    struct rd_json written = rd_json_array();
    size_t open_count = 0;
    for (size_t i = 0; i < live->count; i++)
        open_count += needs_proof(session, &live->resources[i]);
    if (open_count == 0 || session->journal == NULL)
        return RD_RC_OK;
    struct rd_str *ids = NULL;
    size_t count = 0;
    RD_TRY(rd_journal_written(session->journal, session->arena, &ids, &count, err));
    for (size_t i = 0; i < count; i++) {
        const struct rd_resource *found = rd_set_find(live, ids[i]);
        if (found != NULL && needs_proof(session, found))
            (void)rd_json_append(session->arena, &written, rd_json_string(ids[i]));
    }
    (void)rd_json_set_c(session->arena, &live->facts, "written", written);
    return RD_RC_OK;
}

/* A group that only an earlier spec named may go, unless something stands in it that is not ours.
 */
static bool has_former_group(const struct session *session, const struct rd_set *live)
{
    for (size_t i = 0; i < live->count; i++)
        if (rd_str_is_case(live->resources[i].type->name, "Microsoft.Resources/resourceGroups") &&
            rd_set_find(session->desired, live->resources[i].id) == NULL)
            return true;
    return false;
}

enum rd_rc session_read_live(struct session *session, struct rd_set **ret_live, struct rd_err *err)
{
    assert(session->read_set_count < READ_SET_COUNT_MAX);
    struct rd_set *live = NULL;
    enum rd_rc rc = rd_engine_read(&session->world, session->arena, session->desired, &live, err);
    if (rc == RD_RC_OK)
        session->read_sets[session->read_set_count++] = live;
    if (rc == RD_RC_OK && has_former_group(session, live))
        rc = rd_engine_read_foreign(&session->world, session->arena, live, err);
    RD_TRY(check_door(session, err));
    if (rc != RD_RC_OK)
        return rc;
    take_facts(session, live);
    add_suffixes(session, live);
    RD_TRY(take_written(session, live, err));
    *ret_live = live;
    return RD_RC_OK;
}

enum rd_rc session_run(struct session *session, const char *verb, const struct rd_plan *plan,
                       struct rd_run **ret_run, struct rd_err *err)
{
    int64_t parallel = args_int(session->args, OPTION_PARALLEL, PARALLEL_DEFAULT);
    is_running = 1;
    struct progress *progress = progress_new(session->args, &session->terminal, plan);
    struct rd_run_options run_options = {
        .verb = verb,
        .plan_hash =
            session->plan_hash.n > 0 ? session->plan_hash : rd_plan_hash(session->arena, plan),
        .parallel_max = (size_t)parallel,
        .stop = &stop_requests,
        .progress = {progress_report, progress},
    };
    enum rd_rc rc =
        rd_engine_run(&session->world, session->arena, plan, &run_options, ret_run, err);
    is_running = 0;
    progress_free(progress);
    RD_TRY(check_door(session, err));
    return rc;
}

enum rd_rc session_rules(struct session *session, const struct rd_rule **ret_rules,
                         size_t *ret_count, struct rd_err *err)
{
    if (session->rules == NULL)
        RD_TRY(rd_rules_load(session->arena, &session->rules, &session->rule_count, err));
    *ret_rules = session->rules;
    *ret_count = session->rule_count;
    return RD_RC_OK;
}

enum rd_rc session_day(const struct args *args, int64_t *ret_day_ms, struct rd_err *err)
{
    *ret_day_ms = rd_clock_wall_ms();
    if (!args->is_given[OPTION_DAY])
        return RD_RC_OK;
    struct rd_str text = rd_str_from(args->value[OPTION_DAY]);
    if (text.n != 10 || !rd_time_parse(text, ret_day_ms))
        return RD_FAIL(err, RD_RC_USAGE, "'%s' is not a value of --day: it takes YYYY-MM-DD",
                       args->value[OPTION_DAY]);
    return RD_RC_OK;
}
