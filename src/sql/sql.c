/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/sql.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

enum { BUSY_TIMEOUT_MS = 1000, PATH_MAX_SIZE = 4096 };

struct rd_sql_stmt {
    struct rd_sql *sql;
    sqlite3_stmt *handle;
    const char *text;
    struct rd_sql_stmt *next;
};

struct rd_sql {
    sqlite3 *handle;
    struct rd_sql_stmt *stmts;
    const char *name;
    char path[PATH_MAX_SIZE];
};

/* One sentence for each way in which SQLite fails. */
RD_NODISCARD static enum rd_rc fail(struct rd_sql *sql, int code, struct rd_err *err)
{
    const char *path = sql->path;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return rd_err_hint(RD_FAIL(err, RD_RC_LOCKED, "'%s' is in use by another process", path),
                           err, "wait for the other redoubt to end, or stop it");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return rd_err_hint(
            RD_FAIL(err, RD_RC_STATE, "'%s' cannot be written: it is read-only", path), err,
            "make the folder writable, or name another one with --state");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return rd_err_hint(
            RD_FAIL(err, RD_RC_STATE, "'%s' is damaged: %s", path, sqlite3_errmsg(sql->handle)),
            err, "move the file aside: the %s then starts anew", sql->name);
    case SQLITE_FULL:
        return rd_err_hint(RD_FAIL(err, RD_RC_IO, "'%s' cannot be written: the disk is full", path),
                           err, "make room and run the same command again: it goes on from here");
    case SQLITE_IOERR:
        return rd_err_hint(RD_FAIL(err, RD_RC_IO, "'%s' cannot be read or written: %s", path,
                                   strerror(sqlite3_system_errno(sql->handle))),
                           err,
                           "correct that and run the same command again: it goes on from here");
    case SQLITE_CANTOPEN:
        return rd_err_hint(RD_FAIL(err, RD_RC_STATE, "'%s' cannot be opened: %s", path,
                                   strerror(sqlite3_system_errno(sql->handle))),
                           err, "is the folder there, and yours to write?");
    default:
        return RD_FAIL(err, RD_RC_IO, "'%s': %s", path, sqlite3_errmsg(sql->handle));
    }
}

RD_NODISCARD static enum rd_rc read_pragma(struct rd_sql *sql, const char *text, int *ret_value,
                                           struct rd_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(sql->handle, text, -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *ret_value = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return code == SQLITE_ROW ? RD_RC_OK : fail(sql, code, err);
}

enum rd_rc rd_sql_exec(struct rd_sql *sql, const char *script, struct rd_err *err)
{
    int code = sqlite3_exec(sql->handle, script, NULL, NULL, NULL);
    return code == SQLITE_OK ? RD_RC_OK : fail(sql, code, err);
}

RD_NODISCARD static enum rd_rc check_owner(struct rd_sql *sql, const struct rd_sql_schema *schema,
                                           int version, struct rd_err *err)
{
    int id = 0;
    RD_TRY(read_pragma(sql, "PRAGMA application_id", &id, err));
    int tables = 0;
    RD_TRY(read_pragma(sql, "SELECT count(*) FROM sqlite_master", &tables, err));
    if (id != schema->application_id && (id != 0 || tables > 0))
        return rd_err_hint(
            RD_FAIL(err, RD_RC_STATE, "'%s' is not a redoubt %s", sql->path, schema->name), err,
            "move it aside, or name another folder with --state");
    if (version > schema->version)
        return rd_err_hint(RD_FAIL(err, RD_RC_STATE,
                                   "'%s' was written by a newer redoubt (%s version %d, this one "
                                   "knows %d)",
                                   sql->path, schema->name, version, schema->version),
                           err, "use that redoubt, or another folder with --state");
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc migrate(struct rd_sql *sql, const struct rd_sql_schema *schema,
                                       struct rd_err *err)
{
    int version = 0;
    RD_TRY(read_pragma(sql, "PRAGMA user_version", &version, err));
    RD_TRY(check_owner(sql, schema, version, err));
    if (version == schema->version)
        return RD_RC_OK;
    RD_TRY(rd_sql_exec(sql, "BEGIN EXCLUSIVE", err));
    enum rd_rc rc = RD_RC_OK;
    for (int i = version; i < schema->version && rc == RD_RC_OK; i++)
        rc = rd_sql_exec(sql, schema->migrations[i], err);
    char text[128];
    (void)snprintf(text, sizeof(text), "PRAGMA user_version = %d; PRAGMA application_id = %d;",
                   schema->version, schema->application_id);
    if (rc == RD_RC_OK)
        rc = rd_sql_exec(sql, text, err);
    if (rc == RD_RC_OK)
        return rd_sql_commit(sql, err);
    rd_sql_rollback(sql);
    return rc;
}

RD_NODISCARD static enum rd_rc fail_table(struct rd_sql *sql, const char *name, struct rd_err *err)
{
    return rd_err_hint(
        RD_FAIL(err, RD_RC_STATE, "'%s' is damaged: '%s' is missing or another", sql->path, name),
        err, "move the file aside: the %s then starts anew", sql->name);
}

/* Whether the file has what the migrations make, which a file that says its version may still have
 * lost: statements rely on it. */
RD_NODISCARD static enum rd_rc check_tables(struct rd_sql *sql, const struct rd_sql_schema *schema,
                                            struct rd_err *err)
{
    sqlite3 *model = NULL;
    sqlite3_stmt *made = NULL;
    sqlite3_stmt *found = NULL;
    int code = sqlite3_open(":memory:", &model);
    for (int i = 0; i < schema->version && code == SQLITE_OK; i++)
        code = sqlite3_exec(model, schema->migrations[i], NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(model, "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL",
                                  -1, &made, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(sql->handle,
                                  "SELECT 1 FROM sqlite_master WHERE name = ?1 AND sql = ?2", -1,
                                  &found, NULL);
    enum rd_rc rc = code == SQLITE_OK ? RD_RC_OK : fail(sql, code, err);
    while (rc == RD_RC_OK && sqlite3_step(made) == SQLITE_ROW) {
        (void)sqlite3_bind_value(found, 1, sqlite3_column_value(made, 0));
        (void)sqlite3_bind_value(found, 2, sqlite3_column_value(made, 1));
        if (sqlite3_step(found) != SQLITE_ROW)
            rc = fail_table(sql, (const char *)sqlite3_column_text(made, 0), err);
        (void)sqlite3_reset(found);
    }
    (void)sqlite3_finalize(made);
    (void)sqlite3_finalize(found);
    (void)sqlite3_close(model);
    return rc;
}

RD_NODISCARD static enum rd_rc configure(struct rd_sql *sql, enum rd_sql_mode mode,
                                         struct rd_err *err)
{
    (void)sqlite3_extended_result_codes(sql->handle, 1);
    (void)sqlite3_busy_timeout(sql->handle, BUSY_TIMEOUT_MS);
    RD_TRY(rd_sql_exec(sql, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;", err));
    if (mode == RD_SQL_READ_ONLY)
        return RD_RC_OK;
    return rd_sql_exec(sql,
                       mode == RD_SQL_DURABLE
                           ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                           : "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;",
                       err);
}

/* SQLite makes files 0644 less the umask; ours are nobody else's. */
static void make_private(const char *path)
{
    if (strcmp(path, ":memory:") == 0 || access(path, F_OK) == 0)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
}

enum rd_rc rd_sql_open(const char *path, enum rd_sql_mode mode, const struct rd_sql_schema *schema,
                       struct rd_sql **ret_sql, struct rd_err *err)
{
    struct rd_sql *sql = rd_heap_zalloc(sizeof(*sql));
    (void)snprintf(sql->path, sizeof(sql->path), "%s", path);
    sql->name = schema->name;
    if (mode != RD_SQL_READ_ONLY)
        make_private(path);
    int flags = mode == RD_SQL_READ_ONLY ? SQLITE_OPEN_READONLY
                                         : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(path, &sql->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    enum rd_rc rc = code == SQLITE_OK ? RD_RC_OK : fail(sql, code, err);
    if (rc == RD_RC_OK)
        rc = configure(sql, mode, err);
    if (rc == RD_RC_OK)
        rc = migrate(sql, schema, err);
    if (rc == RD_RC_OK)
        rc = check_tables(sql, schema, err);
    if (rc != RD_RC_OK) {
        rd_sql_close(sql);
        return rc;
    }
    *ret_sql = sql;
    return RD_RC_OK;
}

void rd_sql_close(struct rd_sql *sql)
{
    if (sql == NULL)
        return;
    while (sql->stmts != NULL) {
        struct rd_sql_stmt *next = sql->stmts->next;
        (void)sqlite3_finalize(sql->stmts->handle);
        rd_heap_free(sql->stmts);
        sql->stmts = next;
    }
    (void)sqlite3_close(sql->handle);
    rd_heap_free(sql);
}

enum rd_rc rd_sql_begin(struct rd_sql *sql, struct rd_err *err)
{
    return rd_sql_run(rd_sql_prepare(sql, "BEGIN IMMEDIATE"), err);
}

enum rd_rc rd_sql_commit(struct rd_sql *sql, struct rd_err *err)
{
    return rd_sql_run(rd_sql_prepare(sql, "COMMIT"), err);
}

void rd_sql_rollback(struct rd_sql *sql)
{
    if (sqlite3_get_autocommit(sql->handle) == 0)
        (void)sqlite3_exec(sql->handle, "ROLLBACK", NULL, NULL, NULL);
}

struct rd_sql_stmt *rd_sql_prepare(struct rd_sql *sql, const char *text)
{
    for (struct rd_sql_stmt *stmt = sql->stmts; stmt != NULL; stmt = stmt->next)
        if (stmt->text == text || strcmp(stmt->text, text) == 0)
            return stmt;
    struct rd_sql_stmt *stmt = rd_heap_zalloc(sizeof(*stmt));
    int code =
        sqlite3_prepare_v3(sql->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL);
    if (code != SQLITE_OK)
        (void)fprintf(stderr, "redoubt: bad SQL: %s: %s\n", text, sqlite3_errmsg(sql->handle));
    assert(code == SQLITE_OK);
    stmt->text = text;
    stmt->sql = sql;
    stmt->next = sql->stmts;
    sql->stmts = stmt;
    return stmt;
}

void rd_sql_bind_str(struct rd_sql_stmt *stmt, int index, struct rd_str value)
{
    int code = sqlite3_bind_text64(stmt->handle, index, value.p == NULL ? "" : value.p, value.n,
                                   SQLITE_STATIC, SQLITE_UTF8);
    assert(code == SQLITE_OK);
    (void)code;
}

void rd_sql_bind_int(struct rd_sql_stmt *stmt, int index, int64_t value)
{
    int code = sqlite3_bind_int64(stmt->handle, index, value);
    assert(code == SQLITE_OK);
    (void)code;
}

void rd_sql_bind_null(struct rd_sql_stmt *stmt, int index)
{
    int code = sqlite3_bind_null(stmt->handle, index);
    assert(code == SQLITE_OK);
    (void)code;
}

enum rd_rc rd_sql_next(struct rd_sql_stmt *stmt, bool *ret_has_row, struct rd_err *err)
{
    int code = sqlite3_step(stmt->handle);
    *ret_has_row = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return RD_RC_OK;
    enum rd_rc rc = code == SQLITE_DONE ? RD_RC_OK : fail(stmt->sql, code, err);
    rd_sql_reset(stmt);
    return rc;
}

enum rd_rc rd_sql_run(struct rd_sql_stmt *stmt, struct rd_err *err)
{
    bool has_row = true;
    while (has_row)
        RD_TRY(rd_sql_next(stmt, &has_row, err));
    return RD_RC_OK;
}

void rd_sql_reset(struct rd_sql_stmt *stmt)
{
    (void)sqlite3_reset(stmt->handle);
    (void)sqlite3_clear_bindings(stmt->handle);
}

struct rd_str rd_sql_column_str(struct rd_sql_stmt *stmt, int index)
{
    const void *text = sqlite3_column_text(stmt->handle, index);
    int n = sqlite3_column_bytes(stmt->handle, index);
    return (struct rd_str){text == NULL ? "" : text, text == NULL ? 0 : (size_t)n};
}

int64_t rd_sql_column_int(struct rd_sql_stmt *stmt, int index)
{
    return sqlite3_column_int64(stmt->handle, index);
}

bool rd_sql_column_is_null(struct rd_sql_stmt *stmt, int index)
{
    return sqlite3_column_type(stmt->handle, index) == SQLITE_NULL;
}
