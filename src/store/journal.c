/* SPDX-License-Identifier: Apache-2.0 */
#include "store/journal.h"

#include <assert.h>
#include <stdio.h>

#include "base/file.h"
#include "sql/sql.h"

/*
 * Three tables. `run` and `entry` are history and are only added to. `operation` holds what is
 * accepted and has not ended: one row a resource and step, so it stays small and its URLs of
 * several kB, which carry a signature, don't outlive their use.
 */

enum { PATH_SIZE_MAX = 4096, APPLICATION_ID = 0x52444a31 /* "RDJ1" */ };

struct rd_journal {
    struct rd_sql *sql;
    bool is_open; /* a transaction, with entries that are not in the file yet */
};

static const char *const migrations[] = {
    "CREATE TABLE run ("
    " run INTEGER PRIMARY KEY, verb TEXT NOT NULL, enclave TEXT NOT NULL, plan_hash TEXT NOT NULL,"
    " start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, state INTEGER NOT NULL,"
    " step_count INTEGER NOT NULL, summary TEXT NOT NULL);"
    "CREATE TABLE entry ("
    " run INTEGER NOT NULL REFERENCES run (run), sequence INTEGER NOT NULL,"
    " time_ms INTEGER NOT NULL, phase INTEGER NOT NULL, step TEXT NOT NULL, id TEXT NOT NULL,"
    " status INTEGER NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL,"
    " PRIMARY KEY (run, sequence)) WITHOUT ROWID;"
    "CREATE TABLE operation ("
    " id TEXT NOT NULL COLLATE NOCASE, step TEXT NOT NULL, run INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL, url TEXT NOT NULL);"
    "CREATE UNIQUE INDEX operation_of ON operation (id, step);",
    "ALTER TABLE operation ADD COLUMN body_hash TEXT NOT NULL DEFAULT '';",
};

static const struct rd_sql_schema schema = {
    .name = "journal",
    .version = 2,
    .migrations = migrations,
    .application_id = APPLICATION_ID,
};

enum rd_rc rd_journal_open(const char *folder, bool is_durable, struct rd_journal **ret_journal,
                           struct rd_err *err)
{
    char path[PATH_SIZE_MAX];
    int n = snprintf(path, sizeof(path), "%s/redoubt.db", folder);
    if (n < 0 || (size_t)n >= sizeof(path))
        return RD_FAIL(err, RD_RC_STATE, "the state folder's path is too long");
    if (rd_file_make_folder(folder, err) != RD_RC_OK)
        return rd_err_hint(
            RD_FAIL(err, RD_RC_STATE, "the state folder '%s' cannot be made", folder), err,
            "make the folder yourself, or name another one with --state");
    struct rd_sql *sql = NULL;
    RD_TRY(rd_sql_open(path, is_durable ? RD_SQL_DURABLE : RD_SQL_FAST, &schema, &sql, err));
    /* Open operations come and go on the same few pages: copied back to the file seldom, most of
     * them never are. 32 MB of log at most. */
    enum rd_rc rc = rd_sql_exec(sql, "PRAGMA wal_autocheckpoint = 8000;", err);
    if (rc != RD_RC_OK) {
        rd_sql_close(sql);
        return rc;
    }
    struct rd_journal *journal = rd_heap_zalloc(sizeof(*journal));
    journal->sql = sql;
    *ret_journal = journal;
    return RD_RC_OK;
}

void rd_journal_close(struct rd_journal *journal)
{
    if (journal == NULL)
        return;
    struct rd_err err;
    if (rd_journal_flush(journal, &err) != RD_RC_OK)
        rd_sql_rollback(journal->sql); /* whoever needed these entries has flushed and was told */
    rd_sql_close(journal->sql);
    rd_heap_free(journal);
}

enum rd_rc rd_journal_flush(struct rd_journal *journal, struct rd_err *err)
{
    if (!journal->is_open)
        return RD_RC_OK;
    RD_TRY(rd_sql_commit(journal->sql, err));
    journal->is_open = false;
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc open_batch(struct rd_journal *journal, struct rd_err *err)
{
    if (journal->is_open)
        return RD_RC_OK;
    RD_TRY(rd_sql_begin(journal->sql, err));
    journal->is_open = true;
    return RD_RC_OK;
}

enum rd_rc rd_journal_begin(struct rd_journal *journal, const struct rd_run_record *run,
                            int64_t *ret_run, struct rd_err *err)
{
    RD_TRY(rd_journal_flush(journal, err));
    RD_TRY(open_batch(journal, err));
    struct rd_sql_stmt *put = rd_sql_prepare(
        journal->sql, "INSERT INTO run (verb, enclave, plan_hash, start_ms, end_ms, state,"
                      " step_count, summary) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, '')");
    rd_sql_bind_str(put, 1, run->verb);
    rd_sql_bind_str(put, 2, run->enclave);
    rd_sql_bind_str(put, 3, run->plan_hash);
    rd_sql_bind_int(put, 4, run->start_ms);
    rd_sql_bind_int(put, 5, RD_RUN_RUNNING);
    rd_sql_bind_int(put, 6, run->step_count);
    RD_TRY(rd_sql_run(put, err));
    struct rd_sql_stmt *get = rd_sql_prepare(journal->sql, "SELECT last_insert_rowid()");
    bool has_row = false;
    RD_TRY(rd_sql_next(get, &has_row, err));
    assert(has_row);
    int64_t number = rd_sql_column_int(get, 0);
    rd_sql_reset(get);
    RD_TRY(rd_journal_flush(journal, err));
    *ret_run = number;
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc
keep_operation(struct rd_journal *journal, const struct rd_journal_entry *entry, struct rd_err *err)
{
    struct rd_sql_stmt *put =
        rd_sql_prepare(journal->sql, "INSERT OR REPLACE INTO operation (id, step, run, sequence,"
                                     " url, body_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    rd_sql_bind_str(put, 1, entry->id);
    rd_sql_bind_str(put, 2, entry->step);
    rd_sql_bind_int(put, 3, entry->run);
    rd_sql_bind_int(put, 4, entry->sequence);
    rd_sql_bind_str(put, 5, entry->url);
    rd_sql_bind_str(put, 6, entry->body_hash);
    return rd_sql_run(put, err);
}

RD_NODISCARD static enum rd_rc drop_operations(struct rd_journal *journal,
                                               const struct rd_journal_entry *entry,
                                               struct rd_err *err)
{
    struct rd_sql_stmt *put = rd_sql_prepare(journal->sql, "DELETE FROM operation WHERE id = ?1");
    rd_sql_bind_str(put, 1, entry->id);
    return rd_sql_run(put, err);
}

enum rd_rc rd_journal_add(struct rd_journal *journal, const struct rd_journal_entry *entry,
                          struct rd_err *err)
{
    assert(entry->run > 0 && entry->sequence > 0 && entry->id.n > 0);
    RD_TRY(open_batch(journal, err));
    struct rd_sql_stmt *put = rd_sql_prepare(
        journal->sql, "INSERT INTO entry (run, sequence, time_ms, phase, step, id, status, code,"
                      " message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    rd_sql_bind_int(put, 1, entry->run);
    rd_sql_bind_int(put, 2, entry->sequence);
    rd_sql_bind_int(put, 3, entry->time_ms);
    rd_sql_bind_int(put, 4, (int64_t)entry->phase);
    rd_sql_bind_str(put, 5, entry->step);
    rd_sql_bind_str(put, 6, entry->id);
    rd_sql_bind_int(put, 7, entry->status);
    rd_sql_bind_str(put, 8, entry->code);
    rd_sql_bind_str(put, 9, entry->message);
    RD_TRY(rd_sql_run(put, err));
    /* A new intent means that whatever was under way with the resource has ended: what is kept of a
     * deletion must not speak for what was made after it. */
    if (entry->phase == RD_JOURNAL_ACCEPTED && entry->url.n > 0)
        return keep_operation(journal, entry, err);
    return entry->phase == RD_JOURNAL_ACCEPTED ? RD_RC_OK : drop_operations(journal, entry, err);
}

enum rd_rc rd_journal_end(struct rd_journal *journal, int64_t run, enum rd_run_state state,
                          int64_t end_ms, struct rd_str summary, struct rd_err *err)
{
    RD_TRY(open_batch(journal, err));
    struct rd_sql_stmt *put =
        rd_sql_prepare(journal->sql, "UPDATE run SET state = ?2, end_ms = ?3, summary = ?4"
                                     " WHERE run = ?1");
    rd_sql_bind_int(put, 1, run);
    rd_sql_bind_int(put, 2, (int64_t)state);
    rd_sql_bind_int(put, 3, end_ms);
    rd_sql_bind_str(put, 4, summary);
    RD_TRY(rd_sql_run(put, err));
    return rd_journal_flush(journal, err);
}

RD_NODISCARD static enum rd_rc read_open(struct rd_journal *journal, struct rd_arena *arena,
                                         const char *query, struct rd_str step, struct rd_str id,
                                         struct rd_str *ret_text, struct rd_err *err)
{
    RD_TRY(rd_journal_flush(journal, err));
    struct rd_sql_stmt *get = rd_sql_prepare(journal->sql, query);
    rd_sql_bind_str(get, 1, id);
    rd_sql_bind_str(get, 2, step);
    bool has_row = false;
    RD_TRY(rd_sql_next(get, &has_row, err));
    *ret_text = has_row ? rd_arena_str(arena, rd_sql_column_str(get, 0)) : RD_STR("");
    rd_sql_reset(get);
    return RD_RC_OK;
}

enum rd_rc rd_journal_open_operation(struct rd_journal *journal, struct rd_arena *arena,
                                     struct rd_str step, struct rd_str id, struct rd_str *ret_url,
                                     struct rd_err *err)
{
    return read_open(journal, arena, "SELECT url FROM operation WHERE id = ?1 AND step = ?2", step,
                     id, ret_url, err);
}

enum rd_rc rd_journal_open_body(struct rd_journal *journal, struct rd_arena *arena,
                                struct rd_str step, struct rd_str id, struct rd_str *ret_hash,
                                struct rd_err *err)
{
    return read_open(journal, arena, "SELECT body_hash FROM operation WHERE id = ?1 AND step = ?2",
                     step, id, ret_hash, err);
}

enum rd_rc rd_journal_is_unsure(struct rd_journal *journal, struct rd_str step, struct rd_str id,
                                bool *ret_is_unsure, struct rd_err *err)
{
    RD_TRY(rd_journal_flush(journal, err));
    struct rd_sql_stmt *get = rd_sql_prepare(
        journal->sql, "SELECT phase FROM entry WHERE id = ?1 COLLATE NOCASE AND step = ?2"
                      " ORDER BY run DESC, sequence DESC LIMIT 1");
    rd_sql_bind_str(get, 1, id);
    rd_sql_bind_str(get, 2, step);
    bool has_row = false;
    RD_TRY(rd_sql_next(get, &has_row, err));
    *ret_is_unsure = has_row && rd_sql_column_int(get, 0) == RD_JOURNAL_INTENT;
    rd_sql_reset(get);
    return RD_RC_OK;
}

/* What a query gives, row by row. */
struct rows {
    struct rd_arena *arena;
    size_t size; /* of an item */
    void (*take)(struct rd_arena *arena, struct rd_sql_stmt *get, void *item);
    void *items;
    size_t count;
    size_t cap;
};

RD_NODISCARD static enum rd_rc read_rows(struct rows *rows, struct rd_sql_stmt *get,
                                         struct rd_err *err)
{
    for (;;) {
        bool has_row = false;
        RD_TRY(rd_sql_next(get, &has_row, err));
        if (!has_row)
            return RD_RC_OK;
        rows->items = rd_arena_grow(rows->arena, rows->items, rows->count, &rows->cap, rows->size);
        rows->take(rows->arena, get, (char *)rows->items + rows->count++ * rows->size);
    }
}

static void take_id(struct rd_arena *arena, struct rd_sql_stmt *get, void *item)
{
    struct rd_str *id = item;
    *id = rd_arena_str(arena, rd_sql_column_str(get, 0));
}

static enum rd_rc read_ids(struct rd_arena *arena, struct rd_sql_stmt *get, struct rd_str **ret_ids,
                           size_t *ret_count, struct rd_err *err)
{
    struct rows rows = {.arena = arena, .size = sizeof(struct rd_str), .take = take_id};
    RD_TRY(read_rows(&rows, get, err));
    *ret_ids = rows.items;
    *ret_count = rows.count;
    return RD_RC_OK;
}

/* Beside max() the other columns are of the row that has it (SQLite, "bare columns"). */
enum rd_rc rd_journal_unfinished(struct rd_journal *journal, struct rd_arena *arena,
                                 struct rd_str **ret_ids, size_t *ret_count, struct rd_err *err)
{
    RD_TRY(rd_journal_flush(journal, err));
    struct rd_sql_stmt *get = rd_sql_prepare(
        journal->sql,
        "SELECT folded FROM (SELECT lower(id) AS folded, phase, max(run * 4294967296 + sequence)"
        " FROM entry WHERE run > (SELECT coalesce(max(run), 0) FROM run WHERE state = ?1)"
        " GROUP BY folded) WHERE phase <> ?2 ORDER BY folded");
    rd_sql_bind_int(get, 1, (int64_t)RD_RUN_SUCCEEDED);
    rd_sql_bind_int(get, 2, (int64_t)RD_JOURNAL_DONE);
    return read_ids(arena, get, ret_ids, ret_count, err);
}

enum rd_rc rd_journal_halted(struct rd_journal *journal, struct rd_arena *arena,
                             struct rd_str **ret_ids, size_t *ret_count, struct rd_err *err)
{
    RD_TRY(rd_journal_flush(journal, err));
    struct rd_sql_stmt *get = rd_sql_prepare(
        journal->sql,
        "SELECT id FROM (SELECT id,"
        " max(CASE WHEN step = 'action deallocate' THEN at ELSE 0 END) AS stopped,"
        " max(CASE WHEN step IN ('action start', 'delete') AND phase = ?2 THEN at ELSE 0 END)"
        " AS ended"
        " FROM (SELECT id, step, phase, run * 4294967296 + sequence AS at FROM entry"
        " WHERE run > (SELECT coalesce(max(run), 0) FROM run WHERE state = ?1))"
        " GROUP BY id COLLATE NOCASE)"
        " WHERE stopped > ended ORDER BY id COLLATE NOCASE");
    rd_sql_bind_int(get, 1, (int64_t)RD_RUN_SUCCEEDED);
    rd_sql_bind_int(get, 2, (int64_t)RD_JOURNAL_DONE);
    return read_ids(arena, get, ret_ids, ret_count, err);
}

/* A write that was carried out, or that was about to be sent when a run was killed, and no deletion
 * since. */
RD_NODISCARD static enum rd_rc read_written(struct rd_journal *journal, struct rd_arena *arena,
                                            bool of_groups, struct rd_str **ret_ids,
                                            size_t *ret_count, struct rd_err *err)
{
    RD_TRY(rd_journal_flush(journal, err));
    struct rd_sql_stmt *get = rd_sql_prepare(
        journal->sql,
        "SELECT id FROM (SELECT id,"
        " max(CASE WHEN step LIKE 'put%' AND phase IN (?2, ?3) THEN at ELSE 0 END) AS wrote,"
        " max(CASE WHEN step LIKE 'put%' AND phase = ?1 THEN at ELSE 0 END) AS meant,"
        " max(CASE WHEN step LIKE 'put%' AND phase = ?4 THEN at ELSE 0 END) AS failed,"
        " max(CASE WHEN step = 'delete' AND phase = ?3 THEN at ELSE 0 END) AS gone"
        " FROM (SELECT id, step, phase, run * 4294967296 + sequence AS at FROM entry"
        " WHERE NOT ?5 OR (id LIKE '/subscriptions/%/resourceGroups/%' AND"
        " id NOT LIKE '/subscriptions/%/resourceGroups/%/%'))"
        " GROUP BY id COLLATE NOCASE)"
        " WHERE max(wrote, CASE WHEN meant > failed THEN meant ELSE 0 END) > gone");
    rd_sql_bind_int(get, 1, RD_JOURNAL_INTENT);
    rd_sql_bind_int(get, 2, RD_JOURNAL_ACCEPTED);
    rd_sql_bind_int(get, 3, RD_JOURNAL_DONE);
    rd_sql_bind_int(get, 4, RD_JOURNAL_FAILED);
    rd_sql_bind_int(get, 5, of_groups ? 1 : 0);
    return read_ids(arena, get, ret_ids, ret_count, err);
}

enum rd_rc rd_journal_written(struct rd_journal *journal, struct rd_arena *arena,
                              struct rd_str **ret_ids, size_t *ret_count, struct rd_err *err)
{
    return read_written(journal, arena, false, ret_ids, ret_count, err);
}

enum rd_rc rd_journal_written_groups(struct rd_journal *journal, struct rd_arena *arena,
                                     struct rd_str **ret_ids, size_t *ret_count, struct rd_err *err)
{
    return read_written(journal, arena, true, ret_ids, ret_count, err);
}

static void take_run(struct rd_arena *arena, struct rd_sql_stmt *get, void *item)
{
    struct rd_run_record *run = item;
    *run = (struct rd_run_record){
        .run = rd_sql_column_int(get, 0),
        .verb = rd_arena_str(arena, rd_sql_column_str(get, 1)),
        .enclave = rd_arena_str(arena, rd_sql_column_str(get, 2)),
        .plan_hash = rd_arena_str(arena, rd_sql_column_str(get, 3)),
        .start_ms = rd_sql_column_int(get, 4),
        .end_ms = rd_sql_column_int(get, 5),
        .state = (enum rd_run_state)rd_sql_column_int(get, 6),
        .step_count = rd_sql_column_int(get, 7),
        .summary = rd_arena_str(arena, rd_sql_column_str(get, 8)),
    };
}

enum rd_rc rd_journal_runs(struct rd_journal *journal, struct rd_arena *arena, size_t count_max,
                           struct rd_run_record **ret_runs, size_t *ret_count, struct rd_err *err)
{
    RD_TRY(rd_journal_flush(journal, err));
    struct rd_sql_stmt *get = rd_sql_prepare(
        journal->sql, "SELECT run, verb, enclave, plan_hash, start_ms, end_ms, state, step_count,"
                      " summary FROM run ORDER BY run DESC LIMIT ?1");
    rd_sql_bind_int(get, 1, count_max > INT32_MAX ? INT32_MAX : (int64_t)count_max);
    struct rows rows = {.arena = arena, .size = sizeof(struct rd_run_record), .take = take_run};
    RD_TRY(read_rows(&rows, get, err));
    *ret_runs = rows.items;
    *ret_count = rows.count;
    return RD_RC_OK;
}

static void take_entry(struct rd_arena *arena, struct rd_sql_stmt *get, void *item)
{
    struct rd_journal_entry *entry = item;
    *entry = (struct rd_journal_entry){
        .run = rd_sql_column_int(get, 0),
        .sequence = rd_sql_column_int(get, 1),
        .time_ms = rd_sql_column_int(get, 2),
        .phase = (enum rd_journal_phase)rd_sql_column_int(get, 3),
        .step = rd_arena_str(arena, rd_sql_column_str(get, 4)),
        .id = rd_arena_str(arena, rd_sql_column_str(get, 5)),
        .url = rd_arena_str(arena, rd_sql_column_str(get, 6)),
        .status = (int)rd_sql_column_int(get, 7),
        .code = rd_arena_str(arena, rd_sql_column_str(get, 8)),
        .message = rd_arena_str(arena, rd_sql_column_str(get, 9)),
    };
}

enum rd_rc rd_journal_entries(struct rd_journal *journal, struct rd_arena *arena, int64_t run,
                              struct rd_journal_entry **ret_entries, size_t *ret_count,
                              struct rd_err *err)
{
    RD_TRY(rd_journal_flush(journal, err));
    struct rd_sql_stmt *get = rd_sql_prepare(
        journal->sql,
        "SELECT e.run, e.sequence, e.time_ms, e.phase, e.step, e.id, o.url, e.status, e.code,"
        " e.message FROM entry AS e LEFT JOIN operation AS o ON o.id = e.id AND o.step = e.step"
        " AND o.run = e.run AND o.sequence = e.sequence WHERE e.run = ?1 ORDER BY e.sequence");
    rd_sql_bind_int(get, 1, run);
    struct rows rows = {
        .arena = arena, .size = sizeof(struct rd_journal_entry), .take = take_entry};
    RD_TRY(read_rows(&rows, get, err));
    *ret_entries = rows.items;
    *ret_count = rows.count;
    return RD_RC_OK;
}
