/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "stage.h"

static void a_plan_runs_in_the_order_of_its_needs(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open_and_run(&s, cloud);
    assert_int_equal(s.run->done_count, WANTED);
    for (size_t i = 0; i < s.plan.step_count; i++)
        for (uint32_t k = 0; k < s.plan.steps[i].need_count; k++)
            assert_true(s.run->steps[s.plan.steps[i].needs[k]].end_ms <= s.run->steps[i].start_ms);
    for (size_t i = 0; i < cloud->count; i++)
        assert_int_equal(cloud->items[i].put_count, 1);
    assert_true(s.left_first_ms > 0);
    stage_close(&s);
}

static void no_more_steps_run_at_once_than_allowed(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 2);
    assert_int_equal(s.rc, RD_RC_OK);
    assert_int_equal(s.peak, 2);
    assert_true(cloud->running_peak <= 2);
    stage_close(&s);
}

static void references_are_replaced_by_what_they_mean(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open_and_run(&s, cloud);
    assert_non_null(strstr(fake_cloud_find(cloud, ID_ROLE)->body,
                           "\"principalId\":\"11111111-2222-3333-4444-555555555555\""));
    struct rd_json secret = parse(s.arena, fake_cloud_find(cloud, "/secrets/admin")->body);
    struct rd_str password = rd_json_str(rd_json_at(&secret, "value"));
    assert_int_equal(password.n, 24);
    assert_true(rd_str_find(rd_str_from(fake_cloud_find(cloud, "/vm1")->body),
                            rd_json_text(s.arena, rd_json_at(&secret, "value"), RD_JSON_COMPACT),
                            0) != RD_STR_NONE);
    assert_non_null(
        strstr(fake_cloud_find(cloud, "/extensions/b")->body, "\"registration-token-xyz\""));
    char time_text[RD_TIME_TEXT_MAX];
    struct rd_json pool = parse(s.arena, fake_cloud_find(cloud, ID_POOL)->body);
    int64_t expires_ms = 0;
    assert_true(rd_time_parse(
        rd_json_str(rd_json_at(&pool, "properties.registrationInfo.expirationTime")), &expires_ms));
    assert_true(expires_ms > START_MS + 86000000 && expires_ms < START_MS + 87000000);
    (void)rd_time_format(expires_ms, false, time_text);
    assert_int_equal(cloud->post_count, 1);
    stage_close(&s);
}

static void no_secret_reaches_the_journal(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open_and_run(&s, cloud);
    struct rd_json secret = parse(s.arena, fake_cloud_find(cloud, "/secrets/admin")->body);
    struct rd_str password = rd_arena_str(s.arena, rd_json_str(rd_json_at(&secret, "value")));
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    static const char *const names[] = {"redoubt.db", "redoubt.db-wal"};
    size_t seen = 0;
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        struct rd_str content;
        (void)snprintf(path, sizeof(path), "%s/%s", stage_folder, names[i]);
        assert_int_equal(rd_file_read(arena, path, 10 << 20, &content, &s.err), RD_RC_OK);
        assert_true(rd_str_find(content, password, 0) == RD_STR_NONE);
        assert_true(rd_str_find(content, RD_STR("registration-token"), 0) == RD_STR_NONE);
        seen += rd_str_find(content, RD_STR("virtualMachines/vm1"), 0) != RD_STR_NONE;
    }
    assert_true(seen > 0); /* the journal was looked at */
    stage_close(&s);
}

static void a_failure_stops_only_what_needs_it(void **state)
{
    struct fake_cloud *cloud = *state;
    cloud->fail_part = "/vm1";
    cloud->fail_code = "SkuNotAvailable";
    cloud->fail_times = 1;
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_CAPACITY);
    assert_int_equal(s.run->failed_count, 1);
    assert_int_equal(s.run->skipped_count, 2); /* its two extensions */
    assert_int_equal(s.run->done_count, WANTED - 3);
    assert_non_null(strstr(s.err.msg, "virtual machine 'vm1'"));
    assert_string_equal(s.err.azure_code, "SkuNotAvailable");
    assert_non_null(strstr(s.err.hint, "zone"));
    stage_close(&s);
}

static void a_passing_failure_is_tried_again(void **state)
{
    struct fake_cloud *cloud = *state;
    cloud->fail_part = "/vm1";
    cloud->fail_code = "InternalDiskManagementError";
    cloud->fail_times = 1;
    struct stage s;
    stage_open_and_run(&s, cloud);
    assert_int_equal(fake_cloud_find(cloud, "/vm1")->put_count, 2);
    stage_close(&s);
}

static void a_fresh_grant_is_given_time(void **state)
{
    struct fake_cloud *cloud = *state;
    cloud->forbidden_until_ms = START_MS + 400000;
    struct stage s;
    stage_open_and_run(&s, cloud);
    const struct rd_step_record *secret = &s.run->steps[4];
    assert_true(rd_str_is(s.plan.steps[4].id, ID_SECRET));
    assert_true(secret->end_ms >= START_MS + 400000);
    /* A vault draws on no bucket of ARM's, and all machines wait for it. */
    assert_true(secret->end_ms <= START_MS + 411000);
    stage_close(&s);
}

static void a_refusal_without_a_fresh_grant_fails_at_once(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open_and_run(&s, cloud);
    fake_cloud_find(cloud, "/secrets/admin")->is_deleted = true;
    cloud->forbidden_until_ms = INT64_MAX;
    cloud->last_now_ms += 3600000;
    struct stage t;
    stage_open(&t, cloud);
    plan_creation(&t, NULL);
    struct rd_step only = t.plan.steps[4];
    assert_true(rd_str_has_suffix(only.id, RD_STR("/secrets/admin")));
    only.need_count = 0;
    t.plan.steps = &only;
    t.plan.step_count = 1;
    run_plan(&t, 100);
    assert_int_equal(t.rc, RD_RC_PERMISSION);
    assert_true(t.run->end_ms - t.run->start_ms < 1000);
    stage_close(&t);
    stage_close(&s);
}

static void a_stopped_run_ends_what_is_under_way(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    s.stop_after = 3;
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_INTERRUPTED);
    assert_true(s.run->done_count >= 3 && s.run->done_count < WANTED);
    assert_int_equal(s.run->done_count + s.run->skipped_count, WANTED);
    for (size_t i = 0; i < cloud->count; i++)
        assert_true(cloud->items[i].ready_ms <= cloud->last_now_ms); /* nothing left running */
    stage_close(&s);
}

static void what_is_live_is_read_back(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open(&s, cloud);
    struct rd_set *live = NULL;
    assert_int_equal(rd_engine_read(&s.world, s.arena, s.desired, &live, &s.err), RD_RC_OK);
    assert_int_equal(live->count, 0);
    assert_int_equal(s.net.fake.count, 1); /* the group is missing: nothing below it is asked for */
    rd_set_done(live);
    plan_creation(&s, NULL);
    run_plan(&s, 100);
    assert_int_equal(rd_engine_read(&s.world, s.arena, s.desired, &live, &s.err), RD_RC_OK);
    assert_int_equal(live->count, WANTED);
    for (size_t i = 0; i < WANTED; i++)
        assert_non_null(rd_set_find(live, rd_str_from(wanted[i].id)));
    const struct rd_resource *secret = rd_set_find(live, RD_STR(ID_SECRET));
    assert_false(rd_json_exists(rd_json_at(&secret->body, "value")));
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_GET, "vault.azure.net/secrets/admin"), 1);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_GET, "management.azure.com" ID_SECRET), 1);
    const struct rd_resource *vm = rd_set_find(live, RD_STR(ID_VM("1")));
    assert_false(rd_json_exists(rd_json_at(&vm->body, "id")));
    rd_set_done(live);
    stage_close(&s);
}

static void deleting_what_is_gone_is_well(void **state)
{
    struct fake_cloud *cloud = *state;
    struct stage s;
    stage_open(&s, cloud);
    plan_creation(&s, NULL);
    for (size_t i = 0; i < s.plan.step_count; i++) {
        s.plan.steps[i].kind = RD_STEP_DELETE;
        s.plan.changes[i].kind = RD_CHANGE_DELETE;
    }
    run_plan(&s, 100);
    assert_int_equal(s.rc, RD_RC_OK);
    assert_int_equal(fake_count(&s.net.fake, RD_HTTP_DELETE, "https:"), WANTED);
    assert_int_equal(
        fake_count(&s.net.fake, RD_HTTP_DELETE, "hp1?api-version=2024-04-03&force=true"), 1);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(a_plan_runs_in_the_order_of_its_needs),
        ON_STAGE(no_more_steps_run_at_once_than_allowed),
        ON_STAGE(references_are_replaced_by_what_they_mean),
        ON_STAGE(no_secret_reaches_the_journal),
        ON_STAGE(a_failure_stops_only_what_needs_it),
        ON_STAGE(a_passing_failure_is_tried_again),
        ON_STAGE(a_fresh_grant_is_given_time),
        ON_STAGE(a_refusal_without_a_fresh_grant_fails_at_once),
        ON_STAGE(a_stopped_run_ends_what_is_under_way),
        ON_STAGE(what_is_live_is_read_back),
        ON_STAGE(deleting_what_is_gone_is_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
