/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "sql/sql.h"
#include "store/journal.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/redoubt-journal-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"redoubt.db", "redoubt.db-wal", "redoubt.db-shm", "lock"};
    char path[128];
    (void)chmod(folder, 0700);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static struct rd_journal *open_journal(void)
{
    struct rd_journal *journal = NULL;
    struct rd_err err;
    assert_int_equal(rd_journal_open(folder, false, &journal, &err), RD_RC_OK);
    return journal;
}

static int64_t begin_run(struct rd_journal *journal)
{
    struct rd_err err;
    int64_t run = 0;
    struct rd_run_record record = {.verb = RD_STR("apply"), .enclave = RD_STR("e"), .start_ms = 5};
    assert_int_equal(rd_journal_begin(journal, &record, &run, &err), RD_RC_OK);
    return run;
}

static void add(struct rd_journal *journal, int64_t run, int64_t sequence,
                enum rd_journal_phase phase, const char *id, const char *url)
{
    struct rd_err err;
    struct rd_journal_entry entry = {
        .run = run,
        .sequence = sequence,
        .phase = phase,
        .step = RD_STR("put"),
        .id = rd_str_from(id),
        .url = rd_str_from(url),
    };
    assert_int_equal(rd_journal_add(journal, &entry, &err), RD_RC_OK);
}

static const char *open_operation(struct rd_journal *journal, struct rd_arena *arena,
                                  const char *id)
{
    struct rd_err err;
    struct rd_str url = RD_STR("");
    assert_int_equal(
        rd_journal_open_operation(journal, arena, RD_STR("put"), rd_str_from(id), &url, &err),
        RD_RC_OK);
    return url.p;
}

static void an_accepted_operation_is_open_until_it_ends(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_journal *journal = open_journal();
    int64_t run = begin_run(journal);
    add(journal, run, 1, RD_JOURNAL_INTENT, "/a", "");
    assert_string_equal(open_operation(journal, arena, "/a"), "");
    add(journal, run, 2, RD_JOURNAL_ACCEPTED, "/a", "https://op/1");
    add(journal, run, 3, RD_JOURNAL_ACCEPTED, "/b", "https://op/2");
    assert_string_equal(open_operation(journal, arena, "/A"), "https://op/1");
    add(journal, run, 4, RD_JOURNAL_DONE, "/a", "");
    assert_string_equal(open_operation(journal, arena, "/a"), "");
    add(journal, run, 5, RD_JOURNAL_FAILED, "/b", "");
    assert_string_equal(open_operation(journal, arena, "/b"), "");
    struct rd_journal_entry *entries = NULL;
    size_t count = 0;
    struct rd_err err;
    assert_int_equal(rd_journal_entries(journal, arena, run, &entries, &count, &err), RD_RC_OK);
    assert_int_equal(count, 5);
    assert_int_equal(entries[1].phase, RD_JOURNAL_ACCEPTED);
    assert_int_equal(entries[1].url.n, 0); /* signed URLs go when they are of no more use */
    rd_journal_close(journal);
}

/* What an operation was asked for is kept as long as its URL. */
static void the_hash_of_what_was_asked_for_is_kept_while_it_is_open(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_journal *journal = open_journal();
    struct rd_err err;
    struct rd_journal_entry entry = {.run = begin_run(journal),
                                     .sequence = 1,
                                     .phase = RD_JOURNAL_ACCEPTED,
                                     .step = RD_STR("put"),
                                     .id = RD_STR("/a"),
                                     .url = RD_STR("https://op/1"),
                                     .body_hash = RD_STR("0123")};
    struct rd_str hash = RD_STR("");
    assert_int_equal(rd_journal_add(journal, &entry, &err), RD_RC_OK);
    assert_int_equal(rd_journal_open_body(journal, arena, entry.step, RD_STR("/A"), &hash, &err),
                     RD_RC_OK);
    assert_true(rd_str_is(hash, "0123"));
    add(journal, entry.run, 2, RD_JOURNAL_DONE, "/a", "");
    assert_int_equal(rd_journal_open_body(journal, arena, entry.step, RD_STR("/A"), &hash, &err),
                     RD_RC_OK);
    assert_int_equal(hash.n, 0);
    rd_journal_close(journal);
}

static void what_no_run_has_brought_to_a_good_end_is_unfinished(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_journal *journal = open_journal();
    struct rd_err err;
    struct rd_str *ids = NULL;
    size_t count = 0;
    int64_t first = begin_run(journal);
    add(journal, first, 1, RD_JOURNAL_INTENT, "/a", "");
    add(journal, first, 2, RD_JOURNAL_INTENT, "/B", "");
    add(journal, first, 3, RD_JOURNAL_ACCEPTED, "/B", "https://op/1");
    add(journal, first, 4, RD_JOURNAL_INTENT, "/c", "");
    add(journal, first, 5, RD_JOURNAL_FAILED, "/c", "");
    add(journal, first, 6, RD_JOURNAL_INTENT, "/d", "");
    add(journal, first, 7, RD_JOURNAL_DONE, "/d", "");
    int64_t second = begin_run(journal);
    add(journal, second, 1, RD_JOURNAL_DONE, "/A", "");
    assert_int_equal(rd_journal_unfinished(journal, arena, &ids, &count, &err), RD_RC_OK);
    assert_int_equal(count, 2);
    assert_true(rd_str_is(ids[0], "/b") && rd_str_is(ids[1], "/c"));
    assert_int_equal(rd_journal_end(journal, second, RD_RUN_SUCCEEDED, 1, RD_STR(""), &err),
                     RD_RC_OK);
    assert_int_equal(rd_journal_unfinished(journal, arena, &ids, &count, &err), RD_RC_OK);
    assert_int_equal(count, 0);
    rd_journal_close(journal);
}

static void add_step(struct rd_journal *journal, int64_t run, int64_t sequence,
                     enum rd_journal_phase phase, const char *step, const char *id)
{
    struct rd_err err;
    struct rd_journal_entry entry = {.run = run,
                                     .sequence = sequence,
                                     .phase = phase,
                                     .step = rd_str_from(step),
                                     .id = rd_str_from(id)};
    assert_int_equal(rd_journal_add(journal, &entry, &err), RD_RC_OK);
}

static void what_was_stopped_for_a_change_is_known_until_it_is_started_or_gone(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_journal *journal = open_journal();
    struct rd_err err;
    struct rd_str *ids = NULL;
    size_t count = 0;
    int64_t first = begin_run(journal);
    add_step(journal, first, 1, RD_JOURNAL_INTENT, "action deallocate", "/a");
    add_step(journal, first, 2, RD_JOURNAL_DONE, "action deallocate", "/B");
    add_step(journal, first, 3, RD_JOURNAL_DONE, "put", "/B");
    add_step(journal, first, 4, RD_JOURNAL_DONE, "action deallocate", "/c");
    add_step(journal, first, 5, RD_JOURNAL_DONE, "action start", "/C");
    add_step(journal, first, 6, RD_JOURNAL_DONE, "action deallocate", "/d");
    add_step(journal, first, 7, RD_JOURNAL_DONE, "delete", "/d");
    add_step(journal, first, 8, RD_JOURNAL_DONE, "put", "/e");
    int64_t second = begin_run(journal);
    add_step(journal, second, 1, RD_JOURNAL_FAILED, "action start", "/b");
    assert_int_equal(rd_journal_halted(journal, arena, &ids, &count, &err), RD_RC_OK);
    assert_int_equal(count, 2);
    assert_true(rd_str_is(ids[0], "/a") && rd_str_is_case(ids[1], "/b"));
    assert_int_equal(rd_journal_end(journal, second, RD_RUN_SUCCEEDED, 1, RD_STR(""), &err),
                     RD_RC_OK);
    assert_int_equal(rd_journal_halted(journal, arena, &ids, &count, &err), RD_RC_OK);
    assert_int_equal(count, 0);
    rd_journal_close(journal);
}

static bool is_unsure(struct rd_journal *journal, const char *id)
{
    struct rd_err err;
    bool found = false;
    assert_int_equal(rd_journal_is_unsure(journal, RD_STR("put"), rd_str_from(id), &found, &err),
                     RD_RC_OK);
    return found;
}

static void an_intent_without_an_end_is_unsure(void **state)
{
    (void)state;
    struct rd_journal *journal = open_journal();
    int64_t run = begin_run(journal);
    assert_false(is_unsure(journal, "/a"));
    add(journal, run, 1, RD_JOURNAL_INTENT, "/a", "");
    add(journal, run, 2, RD_JOURNAL_INTENT, "/b", "");
    assert_true(is_unsure(journal, "/A"));
    add(journal, run, 3, RD_JOURNAL_FAILED, "/a", "");
    assert_false(is_unsure(journal, "/a"));
    assert_true(is_unsure(journal, "/b"));
    run = begin_run(journal);
    add(journal, run, 1, RD_JOURNAL_INTENT, "/a", "");
    assert_true(is_unsure(journal, "/a"));
    rd_journal_close(journal);
}

static bool is_written(struct rd_journal *journal, const char *id)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_err err;
    struct rd_str *ids = NULL;
    size_t count = 0;
    assert_int_equal(rd_journal_written(journal, arena, &ids, &count, &err), RD_RC_OK);
    for (size_t i = 0; i < count; i++)
        if (rd_str_is_case(ids[i], id))
            return true;
    return false;
}

static void what_a_run_wrote_is_written_until_it_is_deleted(void **state)
{
    (void)state;
    struct rd_journal *journal = open_journal();
    int64_t run = begin_run(journal);
    add(journal, run, 1, RD_JOURNAL_INTENT, "/done", "");
    add(journal, run, 2, RD_JOURNAL_DONE, "/done", "");
    add(journal, run, 3, RD_JOURNAL_INTENT, "/refused", "");
    add(journal, run, 4, RD_JOURNAL_FAILED, "/refused", "");
    add(journal, run, 5, RD_JOURNAL_INTENT, "/killed", "");
    add_step(journal, run, 6, RD_JOURNAL_DONE, "action run", "/called");
    assert_true(is_written(journal, "/DONE"));
    assert_false(is_written(journal, "/refused"));
    assert_true(is_written(journal, "/killed"));
    assert_false(is_written(journal, "/called"));
    run = begin_run(journal);
    add_step(journal, run, 1, RD_JOURNAL_INTENT, "delete", "/Done");
    add_step(journal, run, 2, RD_JOURNAL_FAILED, "delete", "/Done");
    assert_true(is_written(journal, "/done"));
    add_step(journal, run, 3, RD_JOURNAL_DONE, "delete", "/Done");
    assert_false(is_written(journal, "/done"));
    add(journal, run, 4, RD_JOURNAL_DONE, "/done", "");
    add(journal, run, 5, RD_JOURNAL_FAILED, "/done", "");
    assert_true(is_written(journal, "/done")); /* an update that failed leaves it there */
    rd_journal_close(journal);
}

static void written_groups_are_what_stands_of_them_alone(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_journal *journal = open_journal();
    struct rd_err err;
    struct rd_str *ids = NULL;
    size_t count = 0;
    int64_t run = begin_run(journal);
    add(journal, run, 1, RD_JOURNAL_DONE, "/subscriptions/s/resourceGroups/kept", "");
    add(journal, run, 2, RD_JOURNAL_DONE,
        "/subscriptions/s/resourceGroups/kept/providers/Microsoft.Network/natGateways/n", "");
    add(journal, run, 3, RD_JOURNAL_DONE, "/subscriptions/s/resourceGroups/gone", "");
    add_step(journal, run, 4, RD_JOURNAL_DONE, "delete", "/subscriptions/s/resourcegroups/GONE");
    assert_int_equal(rd_journal_written_groups(journal, arena, &ids, &count, &err), RD_RC_OK);
    assert_int_equal(count, 1);
    assert_true(rd_str_is(ids[0], "/subscriptions/s/resourceGroups/kept"));
    rd_journal_close(journal);
}

/* An old deletion's operation must not tell that what was made since is gone. */
static void an_intent_closes_whatever_was_open_on_its_resource(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_journal *journal = open_journal();
    struct rd_err err;
    int64_t run = begin_run(journal);
    add(journal, run, 1, RD_JOURNAL_ACCEPTED, "/a", "https://op/1");
    add(journal, run, 2, RD_JOURNAL_ACCEPTED, "/b", "https://op/2");
    struct rd_journal_entry entry = {.run = run,
                                     .sequence = 3,
                                     .phase = RD_JOURNAL_INTENT,
                                     .step = RD_STR("delete"),
                                     .id = RD_STR("/A")};
    assert_int_equal(rd_journal_add(journal, &entry, &err), RD_RC_OK);
    assert_string_equal(open_operation(journal, arena, "/a"), "");
    assert_string_equal(open_operation(journal, arena, "/b"), "https://op/2");
    rd_journal_close(journal);
}

/* The child ends without closing anything, as kill -9 does. */
static void what_was_flushed_outlives_the_process(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rd_journal *journal = open_journal();
        struct rd_err err;
        int64_t run = begin_run(journal);
        add(journal, run, 1, RD_JOURNAL_ACCEPTED, "/a", "https://op/1");
        bool is_flushed = rd_journal_flush(journal, &err) == RD_RC_OK;
        add(journal, run, 2, RD_JOURNAL_DONE, "/a", "");
        _exit(is_flushed ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_journal *journal = open_journal();
    assert_string_equal(open_operation(journal, arena, "/a"), "https://op/1");
    struct rd_run_record *runs = NULL;
    size_t count = 0;
    struct rd_err err;
    assert_int_equal(rd_journal_runs(journal, arena, 10, &runs, &count, &err), RD_RC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(runs[0].state, RD_RUN_RUNNING);
    rd_journal_close(journal);
}

static void runs_come_newest_first(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_journal *journal = open_journal();
    struct rd_err err;
    int64_t first = begin_run(journal);
    assert_int_equal(
        rd_journal_end(journal, first, RD_RUN_SUCCEEDED, 99, RD_STR("{\"done\":1}"), &err),
        RD_RC_OK);
    int64_t second = begin_run(journal);
    struct rd_run_record *runs = NULL;
    size_t count = 0;
    assert_int_equal(rd_journal_runs(journal, arena, 1, &runs, &count, &err), RD_RC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(runs[0].run, second);
    assert_int_equal(rd_journal_runs(journal, arena, 9, &runs, &count, &err), RD_RC_OK);
    assert_int_equal(runs[1].state, RD_RUN_SUCCEEDED);
    assert_int_equal(runs[1].end_ms, 99);
    assert_true(rd_str_is(runs[1].summary, "{\"done\":1}"));
    rd_journal_close(journal);
}

static void a_newer_journal_is_refused(void **state)
{
    (void)state;
    struct rd_journal *journal = open_journal();
    rd_journal_close(journal);
    static const char *const steps[] = {"", "", "CREATE TABLE new_thing (a)"};
    const struct rd_sql_schema newer = {"journal", 3, steps, 0x52444a31};
    char path[128];
    struct rd_sql *sql = NULL;
    struct rd_err err;
    (void)snprintf(path, sizeof(path), "%s/redoubt.db", folder);
    assert_int_equal(rd_sql_open(path, RD_SQL_FAST, &newer, &sql, &err), RD_RC_OK);
    rd_sql_close(sql);
    assert_int_equal(rd_journal_open(folder, false, &journal, &err), RD_RC_STATE);
    assert_non_null(strstr(err.msg, "newer"));
}

static void a_damaged_journal_is_refused(void **state)
{
    (void)state;
    char path[128];
    struct rd_err err;
    struct rd_journal *journal = NULL;
    (void)snprintf(path, sizeof(path), "%s/redoubt.db", folder);
    assert_int_equal(rd_file_write(path,
                                   RD_STR("this is no database at all, but long enough to "
                                          "be one: 0123456789012345678901234567890123456789"),
                                   0600, &err),
                     RD_RC_OK);
    assert_int_equal(rd_journal_open(folder, false, &journal, &err), RD_RC_STATE);
    assert_true(err.hint[0] != '\0');
}

static void a_folder_that_cannot_be_made_is_a_matter_of_state(void **state)
{
    (void)state;
    char path[128];
    struct rd_err err;
    struct rd_journal *journal = NULL;
    struct rd_lock *lock = NULL;
    (void)snprintf(path, sizeof(path), "%s/lock", folder);
    assert_int_equal(rd_file_write(path, RD_STR("x"), 0600, &err), RD_RC_OK);
    (void)snprintf(path, sizeof(path), "%s/lock/below", folder);
    assert_int_equal(rd_journal_open(path, false, &journal, &err), RD_RC_STATE);
    assert_int_equal(rd_lock_take(path, "apply", &lock, &err), RD_RC_STATE);
}

static void a_lock_names_its_holder_and_ends_with_it(void **state)
{
    (void)state;
    int ready[2];
    int end[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    struct rd_err err;
    struct rd_lock *lock = NULL;
    pid_t child = fork();
    if (child == 0) {
        char c;
        bool is_held = rd_lock_take(folder, "apply", &lock, &err) == RD_RC_OK;
        (void)!write(ready[1], "x", 1);
        (void)close(end[1]);
        (void)!read(end[0], &c, 1);
        _exit(is_held ? 0 : 1); /* without freeing: the kernel lets go */
    }
    char c;
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(rd_lock_take(folder, "plan", &lock, &err), RD_RC_LOCKED);
    char pid[32];
    (void)snprintf(pid, sizeof(pid), "pid %ld, apply", (long)child);
    assert_non_null(strstr(err.msg, pid));
    (void)close(end[0]);
    (void)close(end[1]);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(rd_lock_take(folder, "plan", &lock, &err), RD_RC_OK);
    rd_lock_free(lock);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_accepted_operation_is_open_until_it_ends),
        IN_FOLDER(the_hash_of_what_was_asked_for_is_kept_while_it_is_open),
        IN_FOLDER(what_was_stopped_for_a_change_is_known_until_it_is_started_or_gone),
        IN_FOLDER(what_no_run_has_brought_to_a_good_end_is_unfinished),
        IN_FOLDER(an_intent_without_an_end_is_unsure),
        IN_FOLDER(what_a_run_wrote_is_written_until_it_is_deleted),
        IN_FOLDER(written_groups_are_what_stands_of_them_alone),
        IN_FOLDER(an_intent_closes_whatever_was_open_on_its_resource),
        IN_FOLDER(what_was_flushed_outlives_the_process),
        IN_FOLDER(runs_come_newest_first),
        IN_FOLDER(a_newer_journal_is_refused),
        IN_FOLDER(a_damaged_journal_is_refused),
        IN_FOLDER(a_folder_that_cannot_be_made_is_a_matter_of_state),
        IN_FOLDER(a_lock_names_its_holder_and_ends_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
