/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WIDGET FIXTURE_GROUP "/providers/Test.Core/widgets/w1"
#define BODY "{\"location\":\"westeurope\",\"properties\":{\"x\":[1,\"\\u00e9\"]}}"

static char folder[64];
static char path[96];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/rd-cloud-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/cloud.db", folder);
    return 0;
}

static int teardown(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    (void)state;
    for (size_t i = 0; i < EM_COUNT(endings); i++) {
        char name[128];
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    return rmdir(folder);
}

static void what_was_accepted_is_there_again(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, path);
    (void)fixture_send(&f, "PUT", FIXTURE_GROUP, "{\"location\":\"westeurope\"}");
    (void)fixture_send(&f, "PUT", WIDGET, BODY);
    f.now_ms += 90 * 1000;
    (void)fixture_send(&f, "GET", WIDGET, NULL);
    char first[4096];
    (void)snprintf(first, sizeof(first), "%.*s", RD_FMT(f.reply.body));
    int64_t then = f.now_ms;
    fixture_close(&f);
    fixture_open(&f, path);
    assert_true(f.now_ms == then);
    assert_int_equal(fixture_send(&f, "GET", WIDGET, NULL), 200);
    assert_int_equal(f.reply.body.n, strlen(first));
    assert_memory_equal(f.reply.body.p, first, strlen(first));
    (void)fixture_send(&f, "PUT", WIDGET "/parts/p", "{}");
    assert_int_equal(fixture_send(&f, "DELETE", WIDGET, NULL), 409);
    fixture_close(&f);
}

static void an_operation_goes_on_after_a_reopening(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, path);
    (void)fixture_send(&f, "PUT", FIXTURE_GROUP, "{\"location\":\"westeurope\"}");
    (void)fixture_send(&f, "PUT", WIDGET, BODY);
    char url[8192];
    (void)snprintf(url, sizeof(url), "%.*s", RD_FMT(fixture_header(&f, "Azure-AsyncOperation")));
    fixture_close(&f);
    fixture_open(&f, path);
    assert_int_equal(fixture_send(&f, "PUT", WIDGET, BODY), 409);
    assert_int_equal(fixture_send(&f, "GET", url, NULL), 200);
    assert_string_equal(fixture_text(&f, "status"), "InProgress");
    f.now_ms += 90 * 1000;
    (void)fixture_send(&f, "GET", url, NULL);
    assert_string_equal(fixture_text(&f, "status"), "Succeeded");
    fixture_close(&f);
    fixture_open(&f, path);
    (void)fixture_send(&f, "GET", WIDGET, NULL);
    assert_string_equal(fixture_text(&f, "properties.provisioningState"), "Succeeded");
    fixture_close(&f);
}

/* A child process writes and dies without closing anything. */
static void a_killed_process_loses_nothing_it_was_told(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct fixture f;
        fixture_open(&f, path);
        bool is_good =
            fixture_send(&f, "PUT", FIXTURE_GROUP, "{\"location\":\"westeurope\"}") == 201;
        is_good = is_good && fixture_send(&f, "PUT", WIDGET, BODY) == 201;
        f.now_ms += 90 * 1000;
        is_good = is_good && fixture_send(&f, "PUT", WIDGET "/parts/p", "{}") == 201;
        is_good = is_good && fixture_send(&f, "DELETE", WIDGET "/parts/p", NULL) == 200;
        is_good = is_good && fixture_send(&f, "PUT", WIDGET "/parts/q", "{}") == 201;
        (void)raise(is_good ? SIGKILL : SIGTERM);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    struct fixture f;
    fixture_open(&f, path);
    assert_true(f.now_ms == FIXTURE_START_MS + 90 * 1000);
    assert_int_equal(fixture_send(&f, "GET", WIDGET "/parts/q", NULL), 200);
    assert_int_equal(fixture_send(&f, "GET", WIDGET "/parts/p", NULL), 404);
    (void)fixture_send(&f, "GET", WIDGET, NULL);
    assert_string_equal(fixture_text(&f, "properties.provisioningState"), "Succeeded");
    fixture_close(&f);
}

static enum rd_rc open_again(const char *cloud_name, struct rd_err *err)
{
    struct rd_cloud *cloud = NULL;
    struct rd_cloud_options options = {
        .path = path,
        .cloud_name = cloud_name,
        .tenant = RD_STR("22222222-2222-4222-8222-222222222222"),
        .subscriptions = {RD_STR(FIXTURE_SUBSCRIPTION)},
        .subscription_count = 1,
        .seed = 99,
    };
    enum rd_rc rc = rd_cloud_open(&options, &cloud, err);
    if (rc == RD_RC_OK)
        rd_cloud_close(cloud);
    return rc;
}

static void another_process_or_another_cloud_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct rd_err err;
    fixture_open(&f, path);
    (void)fixture_send(&f, "PUT", FIXTURE_GROUP, "{\"location\":\"westeurope\"}");
    assert_int_equal(open_again("AzureCloud", &err), RD_RC_LOCKED);
    fixture_close(&f);
    assert_int_equal(open_again("AzureUSGovernment", &err), RD_RC_STATE);
    assert_non_null(strstr(err.msg, "AzureCloud"));
    assert_int_equal(open_again("AzureMoon", &err), RD_RC_INVALID);
    assert_int_equal(open_again("AzureCloud", &err), RD_RC_OK);
}

static void a_damaged_file_is_refused_in_words(void **state)
{
    (void)state;
    struct fixture f;
    struct rd_err err;
    fixture_open(&f, path);
    (void)fixture_send(&f, "PUT", FIXTURE_GROUP, "{\"location\":\"westeurope\"}");
    fixture_close(&f);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    (void)fputs("this is no database, is it", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(open_again("AzureCloud", &err), RD_RC_STATE);
    assert_true(err.hint[0] != '\0');
}

/* The same requests at the same times give the same bytes. */
static void record(char *out, size_t size, const char *file)
{
    static const char *const urls[] = {WIDGET, FIXTURE_GROUP, WIDGET "/parts",
                                       FIXTURE_BASE
                                       "/providers/Microsoft.Authorization/roleAssignments"};
    struct fixture f;
    size_t n = 0;
    fixture_open(&f, file);
    (void)fixture_send(&f, "PUT", FIXTURE_GROUP, "{\"location\":\"westeurope\"}");
    for (int i = 0; i < 40; i++) {
        f.now_ms += 7001;
        (void)fixture_send(&f, i % 8 == 0 ? "PUT" : "GET", urls[i % 8 == 0 ? 0 : i % 4], BODY);
        n += (size_t)snprintf(out + n, size - n, "%d %.*s\n", f.reply.status, RD_FMT(f.reply.body));
        for (size_t k = 0; k < f.reply.headers.count; k++)
            n += (size_t)snprintf(out + n, size - n, "%.*s: %.*s\n",
                                  RD_FMT(f.reply.headers.items[k].name),
                                  RD_FMT(f.reply.headers.items[k].value));
        assert_true(n < size);
    }
    fixture_close(&f);
}

static void the_same_requests_give_the_same_bytes(void **state)
{
    (void)state;
    static char first[200000];
    static char second[200000];
    record(first, sizeof(first), NULL);
    record(second, sizeof(second), path);
    assert_string_equal(first, second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_accepted_is_there_again),
        TEST(an_operation_goes_on_after_a_reopening),
        TEST(a_killed_process_loses_nothing_it_was_told),
        TEST(another_process_or_another_cloud_is_refused),
        TEST(a_damaged_file_is_refused_in_words),
        TEST(the_same_requests_give_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
