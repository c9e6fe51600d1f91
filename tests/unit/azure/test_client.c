/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves at all. */
#include "bench.h"

static void nothing_is_sent_outside_the_cloud(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://management.usgovcloudapi.net/subscriptions/1",
        "https://management.azure.com.evil.example/x",
        "http://management.azure.com/x",
        "https://vault.azure.net/secrets",
        "https://a.b.vault.azure.net/secrets",
        "https://management.azure.com:8443/x",
        "https://user@management.azure.com/x",
        "https://management.azure.com/x y",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        BENCH(b, {.status = 200, .body = "{}"});
        struct rd_call call = call_of(&b, RD_HTTP_GET, urls[i]);
        run(&b, &call);
        assert_int_equal(b.outcome.rc, RD_RC_CLOUD);
        assert_int_equal(b.net.fake.count, 0);
        bench_done(&b);
    }
}

static void what_has_not_left_ends_when_stopped(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OP_URL}},
          {.status = 200, .body = "{\"status\":\"Succeeded\"}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    rd_client_call(b.net.client, &call);
    (void)rd_loop_at(b.net.loop, START_MS + 1, (rd_loop_fn *)rd_client_stop, b.net.client);
    rd_loop_run(b.net.loop);
    assert_int_equal(b.outcome.rc, RD_RC_OK); /* it was under way */
    b.done_count = 0;
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_INTERRUPTED);
    bench_done(&b);
}

static void a_secret_body_is_marked_for_what_traces(void **state)
{
    (void)state;
    for (int is_secret = 0; is_secret < 2; is_secret++) {
        BENCH(b, {.status = 200, .body = "{}"});
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        call.is_secret = is_secret == 1;
        run(&b, &call);
        assert_int_equal(b.net.fake.log[0].is_secret, is_secret);
        bench_done(&b);
    }
}

TESTS(TEST(nothing_is_sent_outside_the_cloud), TEST(what_has_not_left_ends_when_stopped),
      TEST(a_secret_body_is_marked_for_what_traces))
