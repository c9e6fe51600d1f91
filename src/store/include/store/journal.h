/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

/*
 * The journal: history of runs. An intent is written before a request leaves and its outcome after
 * it returned, so that a run that was killed anywhere can be resumed with nothing lost, doubled or
 * orphaned. It holds ids, hashes, statuses and, while an operation runs, its URL (whole, because
 * it is replayed verbatim; it goes when the operation has ended); never a body, a secret or a
 * token.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct rd_journal;

enum rd_journal_phase {
    RD_JOURNAL_INTENT,   /* about to send */
    RD_JOURNAL_ACCEPTED, /* an operation runs at `url` */
    RD_JOURNAL_DONE,     /* ended well */
    RD_JOURNAL_FAILED,   /* ended badly: code and message */
};

struct rd_journal_entry {
    int64_t run;
    int64_t sequence; /* within the run, from 1 */
    int64_t time_ms;
    enum rd_journal_phase phase;
    struct rd_str step; /* "put", "delete", "action run" ... */
    struct rd_str id;   /* resource */
    struct rd_str url;  /* of the operation (ACCEPTED), whole; read back only while it is open */
    struct rd_str body_hash; /* ACCEPTED: of what was asked for; kept while the operation is open */
    int status;
    struct rd_str code;
    struct rd_str message;
};

enum rd_run_state { RD_RUN_RUNNING, RD_RUN_SUCCEEDED, RD_RUN_FAILED, RD_RUN_INTERRUPTED };

struct rd_run_record {
    int64_t run;
    struct rd_str verb; /* "apply", "destroy" */
    struct rd_str enclave;
    struct rd_str plan_hash;
    int64_t start_ms;        /* the clock of the run */
    int64_t end_ms;          /* 0 while running */
    enum rd_run_state state; /* RUNNING of a dead process means: killed */
    int64_t step_count;
    struct rd_str summary; /* JSON: counts, makespan, requests */
};

/* Opens or makes {folder}/redoubt.db. `is_durable`: every entry survives power loss (live clouds),
 * else kill -9 only. Errors as rd_sql_open. */
RD_NODISCARD enum rd_rc rd_journal_open(const char *folder, bool is_durable,
                                        struct rd_journal **ret_journal, struct rd_err *err);
void rd_journal_close(struct rd_journal *journal);

RD_NODISCARD enum rd_rc rd_journal_begin(struct rd_journal *journal,
                                         const struct rd_run_record *run, int64_t *ret_run,
                                         struct rd_err *err);
/* Entries gather until rd_journal_flush puts them into the file in one commit: flush before a
 * request leaves whose intent was added. Every other function here flushes first. */
RD_NODISCARD enum rd_rc rd_journal_add(struct rd_journal *journal,
                                       const struct rd_journal_entry *entry, struct rd_err *err);
RD_NODISCARD enum rd_rc rd_journal_flush(struct rd_journal *journal, struct rd_err *err);
RD_NODISCARD enum rd_rc rd_journal_end(struct rd_journal *journal, int64_t run,
                                       enum rd_run_state state, int64_t end_ms,
                                       struct rd_str summary, struct rd_err *err);
/* The operation that a killed run left open for this resource and step: its URL, else "". */
RD_NODISCARD enum rd_rc rd_journal_open_operation(struct rd_journal *journal,
                                                  struct rd_arena *arena, struct rd_str step,
                                                  struct rd_str id, struct rd_str *ret_url,
                                                  struct rd_err *err);
/* The hash of what that operation was asked for, else "". */
RD_NODISCARD enum rd_rc rd_journal_open_body(struct rd_journal *journal, struct rd_arena *arena,
                                             struct rd_str step, struct rd_str id,
                                             struct rd_str *ret_hash, struct rd_err *err);
/* Whether the last that is known of the step is its intent: its request may have been carried out,
 * and nobody has heard of an end. */
RD_NODISCARD enum rd_rc rd_journal_is_unsure(struct rd_journal *journal, struct rd_str step,
                                             struct rd_str id, bool *ret_is_unsure,
                                             struct rd_err *err);
/* Ids, in lower case, of which the last that is known is not a good end, since the last run that
 * ended well. */
RD_NODISCARD enum rd_rc rd_journal_unfinished(struct rd_journal *journal, struct rd_arena *arena,
                                              struct rd_str **ret_ids, size_t *ret_count,
                                              struct rd_err *err);
/* Ids that a run has deallocated, or may have, and not started again, since the last run that ended
 * well. */
RD_NODISCARD enum rd_rc rd_journal_halted(struct rd_journal *journal, struct rd_arena *arena,
                                          struct rd_str **ret_ids, size_t *ret_count,
                                          struct rd_err *err);
/* The ids that runs have written and not deleted since, or may have, in no order. */
RD_NODISCARD enum rd_rc rd_journal_written(struct rd_journal *journal, struct rd_arena *arena,
                                           struct rd_str **ret_ids, size_t *ret_count,
                                           struct rd_err *err);
/* Of these the resource groups alone, without sorting all the others. */
RD_NODISCARD enum rd_rc rd_journal_written_groups(struct rd_journal *journal,
                                                  struct rd_arena *arena, struct rd_str **ret_ids,
                                                  size_t *ret_count, struct rd_err *err);
/* Runs, newest first, at most `count_max`; entries of one, oldest first. */
RD_NODISCARD enum rd_rc rd_journal_runs(struct rd_journal *journal, struct rd_arena *arena,
                                        size_t count_max, struct rd_run_record **ret_runs,
                                        size_t *ret_count, struct rd_err *err);
RD_NODISCARD enum rd_rc rd_journal_entries(struct rd_journal *journal, struct rd_arena *arena,
                                           int64_t run, struct rd_journal_entry **ret_entries,
                                           size_t *ret_count, struct rd_err *err);

/* The lock of a state folder: {folder}/lock, held with flock(2), so that it ends with its process.
 * Errors: LOCKED naming the holder's pid, verb and start; STATE when the folder is read-only. */
struct rd_lock;
RD_NODISCARD enum rd_rc rd_lock_take(const char *folder, const char *verb,
                                     struct rd_lock **ret_lock, struct rd_err *err);
void rd_lock_free(struct rd_lock *lock);

#endif
