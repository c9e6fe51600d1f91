/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

/*
 * What a verb works with: the spec and its resource set, and, for verbs that look at a cloud, the
 * doors of the engine, all simulated by the embedded cloud. Opened in that order, closed by
 * session_close in any state.
 */

#include "cost/cost.h"
#include "emulator/cloud.h"
#include "enclave/compile.h"
#include "engine/engine.h"
#include "output.h"
#include "rules/rules.h"
#include "spec/spec.h"
#include "verb.h"

struct local_transport;
struct live;

enum { READ_SET_COUNT_MAX = 4 };

struct session {
    struct rd_arena *arena;
    const struct args *args;
    struct terminal terminal;
    struct rd_spec *spec; /* NULL when a saved plan or a set was given instead */
    struct rd_set *desired;
    const char *folder; /* of the state, with the enclave's name at the end */
    struct rd_lock *lock;
    struct rd_cloud *cloud;
    struct rd_clock clock;
    struct rd_loop *loop;
    struct rd_random seeded;
    struct rd_random system;
    struct local_transport *transport; /* NULL when live */
    struct live *live;                 /* NULL when on the embedded cloud */
    struct rd_client *client;
    struct rd_journal *journal;
    struct rd_world world;
    struct rd_set *read_sets[READ_SET_COUNT_MAX]; /* what was live, each time it was read */
    size_t read_set_count;
    struct rd_rule *rules; /* loaded when first asked for, by session_rules */
    size_t rule_count;
    struct rd_plan *saved;   /* the plan that was read from a file, or NULL */
    bool lacks_amount;       /* the budget's amount was to be the price, which is not known: */
    struct rd_err unpriced;  /* why, when session_price or the budget found no price */
    struct rd_str plan_hash; /* of the plan that a run goes on with; "": of the one that it runs */
};

void session_init(struct session *session, struct rd_arena *arena, const struct args *args);
void session_close(struct session *session); /* for RD_CLEANUP too */

/* Reads and compiles the spec that the command line names (or redoubt.yaml). */
RD_NODISCARD enum rd_rc session_read_spec(struct session *session, struct rd_err *err);
/* Takes a resource set instead (from --set). */
RD_NODISCARD enum rd_rc session_read_set(struct session *session, const char *path,
                                         struct rd_err *err);
/* The subscriptions that the desired set lies in; how many. */
size_t session_subscriptions(const struct session *session,
                             struct rd_str ret_all[RD_CLOUD_SUBSCRIPTION_COUNT_MAX]);
/* Where the state lies: ".redoubt/<enclave>" beside the spec, or below --state. */
const char *session_state_folder(const struct session *session);
/* The path the command line names for the spec. */
const char *session_spec_path(const struct args *args);

/* Whether the command line asks for a cloud outside this process. */
bool session_is_live(const struct session *session);
/*
 * Opens the embedded cloud, or the way to a live one, and the engine's doors. A verb that only
 * reads leaves no trace where there is no state yet. Errors: LOCKED, STATE, IO from the state
 * folder; USAGE for a fault that does not exist.
 */
RD_NODISCARD enum rd_rc session_open_cloud(struct session *session, bool writes,
                                           struct rd_err *err);
/* Sets the clock that the command line asks for; `critical_path_ms` fits a scaled one to a person's
 * patience. Before the first request. */
void session_set_clock(struct session *session, int64_t critical_path_ms);
/* The set is the session's. At most READ_SET_COUNT_MAX times. */
RD_NODISCARD enum rd_rc session_read_live(struct session *session, struct rd_set **ret_live,
                                          struct rd_err *err);
RD_NODISCARD enum rd_rc session_run(struct session *session, const char *verb,
                                    const struct rd_plan *plan, struct rd_run **ret_run,
                                    struct rd_err *err);
/* Stops the run under way as Ctrl-C does. */
void session_stop(void);
bool session_is_stopping(void);
/* All rules, loaded once a session. Errors: those of rd_rules_load. */
RD_NODISCARD enum rd_rc session_rules(struct session *session, const struct rd_rule **ret_rules,
                                      size_t *ret_count, struct rd_err *err);
/* The faults that the command line asks for. One that names a host, zone, step ... which the
 * enclave does not have can never strike, nor one that only a served cloud has. Errors: USAGE with
 * the nearest name. */
RD_NODISCARD enum rd_rc faults_check(const struct session *session, struct rd_err *err);
/* The same for a cloud that is served: the one that only a rehearsal has is refused. */
RD_NODISCARD enum rd_rc faults_check_served(const struct args *args, struct rd_err *err);
RD_NODISCARD enum rd_rc faults_add(struct session *session, struct rd_err *err);
/* Those that never struck: an array of their texts; and for people, as warnings. */
struct rd_json faults_idle(const struct session *session);
void faults_warn(const struct session *session);

/* Compiles the session's spec. */
RD_NODISCARD enum rd_rc session_compile(struct session *session, struct rd_err *err);
/* What the desired set costs by --sheet or the spec's sheet. NULL, and `unpriced` tells why, when
 * the sheet has no price for something. Errors: the others of rd_cost_price. */
RD_NODISCARD enum rd_rc session_price(struct session *session, struct rd_price **ret_price,
                                      struct rd_err *err);
/* A budget without an amount is what the enclave costs by its price sheet, in whole units; without
 * a price it lacks its amount. */
RD_NODISCARD enum rd_rc session_set_budget(struct session *session, struct rd_err *err);
/* Warns, with what follows from it, when the budget lacks its amount. */
void session_warn_budget(const struct session *session, const char *consequence);
/* Before a plan: a budget that lacks its amount keeps that of the live one, or is left out. */
RD_NODISCARD enum rd_rc session_settle_budget(struct session *session, const struct rd_set *live,
                                              struct rd_err *err);

/* The day of --day, or today by the wall clock. */
RD_NODISCARD enum rd_rc session_day(const struct args *args, int64_t *ret_day_ms,
                                    struct rd_err *err);

#endif
