/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SQL_SQL_H
#define SQL_SQL_H

/*
 * SQLite, thin and total: a database file that knows its own schema's version, prepared
 * statements, transactions. Every failure says which file, what, and what to do; the codes tell a
 * newer version, a lock, a read-only folder, a damaged file and a full disk apart.
 *
 *     struct rd_sql *db;
 *     RD_TRY(rd_sql_open(".redoubt/redoubt.db", &schema, &db, err));
 *     struct rd_sql_stmt *put = rd_sql_prepare(db, "INSERT INTO t VALUES (?1, ?2)");
 *     RD_TRY(rd_sql_begin(db, err));
 *     rd_sql_bind_str(put, 1, id); rd_sql_bind_int(put, 2, 7);
 *     RD_TRY(rd_sql_run(put, err));
 *     RD_TRY(rd_sql_commit(db, err));
 *
 * One thread. Statements belong to the database and are freed with it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct rd_sql;
struct rd_sql_stmt;

struct rd_sql_schema {
    const char *name;              /* "journal": for messages, and checked on opening */
    int version;                   /* of the newest migration, 1.. */
    const char *const *migrations; /* [i] takes version i to i + 1; SQL scripts */
    int application_id;            /* PRAGMA application_id, so that no other file is taken */
};

enum rd_sql_mode {
    RD_SQL_DURABLE,   /* a commit survives power loss (synchronous=FULL) */
    RD_SQL_FAST,      /* a commit survives kill -9 (WAL, synchronous=OFF) */
    RD_SQL_READ_ONLY, /* no change; the file must exist */
};

/*
 * Opens or makes the file (mode 0600) and migrates it to schema->version. ":memory:" is allowed.
 * Errors: STATE for a newer version, another program's file, a damaged file, a read-only place;
 * LOCKED when another process holds it for over a second; IO for a full disk and the rest.
 */
RD_NODISCARD enum rd_rc rd_sql_open(const char *path, enum rd_sql_mode mode,
                                    const struct rd_sql_schema *schema, struct rd_sql **ret_sql,
                                    struct rd_err *err);
void rd_sql_close(struct rd_sql *sql); /* NULL does nothing */

RD_NODISCARD enum rd_rc rd_sql_begin(struct rd_sql *sql, struct rd_err *err);
RD_NODISCARD enum rd_rc rd_sql_commit(struct rd_sql *sql, struct rd_err *err);
void rd_sql_rollback(struct rd_sql *sql);
/* Statements without results: a script. */
RD_NODISCARD enum rd_rc rd_sql_exec(struct rd_sql *sql, const char *script, struct rd_err *err);

/* Prepared once per text and kept; a text that is not SQL is a programming error. */
struct rd_sql_stmt *rd_sql_prepare(struct rd_sql *sql, const char *text);
/* Parameters from 1. Text must stay alive until the statement ran. */
void rd_sql_bind_str(struct rd_sql_stmt *stmt, int index, struct rd_str value);
void rd_sql_bind_int(struct rd_sql_stmt *stmt, int index, int64_t value);
void rd_sql_bind_null(struct rd_sql_stmt *stmt, int index);
/* Runs to the end and resets. */
RD_NODISCARD enum rd_rc rd_sql_run(struct rd_sql_stmt *stmt, struct rd_err *err);
/* The next row: `*ret_has_row` false at the end, where the statement is reset. Columns from 0,
 * valid until the next call. To stop early, rd_sql_reset. */
RD_NODISCARD enum rd_rc rd_sql_next(struct rd_sql_stmt *stmt, bool *ret_has_row,
                                    struct rd_err *err);
void rd_sql_reset(struct rd_sql_stmt *stmt);
struct rd_str rd_sql_column_str(struct rd_sql_stmt *stmt, int index); /* "" for NULL */
int64_t rd_sql_column_int(struct rd_sql_stmt *stmt, int index);
bool rd_sql_column_is_null(struct rd_sql_stmt *stmt, int index);

#endif
