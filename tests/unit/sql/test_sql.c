/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "sql/sql.h"

static const char *const migrations[] = {
    "CREATE TABLE t (k TEXT PRIMARY KEY, v INTEGER) WITHOUT ROWID;",
    "ALTER TABLE t ADD COLUMN w TEXT;",
};
static const struct rd_sql_schema schema1 = {"test", 1, migrations, 77};
static const struct rd_sql_schema schema2 = {"test", 2, migrations, 77};
static const struct rd_sql_schema other = {"other", 1, migrations, 78};

static char folder[64];
static char path[96];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "sqltest-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/t.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char file[128];
        (void)snprintf(file, sizeof(file), "%s%s", path, endings[i]);
        (void)unlink(file);
    }
    return rmdir(folder);
}

static void rows_survive_a_migration(void **state)
{
    (void)state;
    struct rd_err err;
    struct rd_sql *sql = NULL;
    ASSERT_OK(rd_sql_open(path, RD_SQL_DURABLE, &schema1, &sql, &err), &err);
    struct rd_sql_stmt *put = rd_sql_prepare(sql, "INSERT INTO t VALUES (?1, ?2)");
    ASSERT_OK(rd_sql_begin(sql, &err), &err);
    rd_sql_bind_str(put, 1, RD_STR("a"));
    rd_sql_bind_int(put, 2, INT64_MIN);
    ASSERT_OK(rd_sql_run(put, &err), &err);
    rd_sql_bind_str(put, 1, RD_STR("b"));
    rd_sql_bind_null(put, 2);
    ASSERT_OK(rd_sql_run(put, &err), &err);
    ASSERT_OK(rd_sql_commit(sql, &err), &err);
    rd_sql_close(sql);
    ASSERT_OK(rd_sql_open(path, RD_SQL_FAST, &schema2, &sql, &err), &err);
    struct rd_sql_stmt *get = rd_sql_prepare(sql, "SELECT v, w FROM t WHERE k = ?1");
    rd_sql_bind_str(get, 1, RD_STR("a"));
    bool has_row = false;
    ASSERT_OK(rd_sql_next(get, &has_row, &err), &err);
    assert_true(has_row);
    assert_true(rd_sql_column_int(get, 0) == INT64_MIN);
    assert_true(rd_sql_column_is_null(get, 1));
    rd_sql_reset(get);
    rd_sql_close(sql);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_newer_version_and_another_program_are_told_apart(void **state)
{
    (void)state;
    struct rd_err err;
    struct rd_sql *sql = NULL;
    ASSERT_OK(rd_sql_open(path, RD_SQL_FAST, &schema2, &sql, &err), &err);
    rd_sql_close(sql);
    assert_int_equal(rd_sql_open(path, RD_SQL_FAST, &schema1, &sql, &err), RD_RC_STATE);
    ASSERT_CONTAINS(err.msg, "newer redoubt");
    assert_int_equal(rd_sql_open(path, RD_SQL_FAST, &other, &sql, &err), RD_RC_STATE);
    ASSERT_CONTAINS(err.msg, "is not a redoubt other");
}

static void a_damaged_file_is_told(void **state)
{
    (void)state;
    struct rd_err err;
    struct rd_sql *sql = NULL;
    char noise[4096];
    memset(noise, 'x', sizeof(noise));
    ASSERT_OK(rd_file_write(path, (struct rd_str){noise, sizeof(noise)}, 0600, &err), &err);
    assert_int_equal(rd_sql_open(path, RD_SQL_FAST, &schema1, &sql, &err), RD_RC_STATE);
    ASSERT_CONTAINS(err.msg, "damaged");
    assert_true(err.hint[0] != '\0');
}

static void a_lock_by_another_is_told(void **state)
{
    (void)state;
    struct rd_err err;
    struct rd_sql *a = NULL;
    struct rd_sql *b = NULL;
    ASSERT_OK(rd_sql_open(path, RD_SQL_FAST, &schema1, &a, &err), &err);
    ASSERT_OK(rd_sql_open(path, RD_SQL_FAST, &schema1, &b, &err), &err);
    ASSERT_OK(rd_sql_begin(a, &err), &err);
    assert_int_equal(rd_sql_begin(b, &err), RD_RC_LOCKED);
    rd_sql_rollback(a);
    rd_sql_close(b);
    rd_sql_close(a);
}

TESTS(cmocka_unit_test_setup_teardown(rows_survive_a_migration, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_newer_version_and_another_program_are_told_apart,
                                      make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_damaged_file_is_told, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_lock_by_another_is_told, make_folder, remove_folder))
