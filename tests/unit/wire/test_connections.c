/* SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

#include "asking.h"

/* A sanitizer has a malloc of its own, which does not tell. */
#if defined(__SANITIZE_ADDRESS__)
enum { KNOWS_WHAT_IT_USES = 0 };
#else
enum { KNOWS_WHAT_IT_USES = 1 };
#endif

enum { CROWD = 64 };

static void assert_reply(const struct answer *answer)
{
    if (answer->result != RD_TRANSPORT_REPLY || answer->count != 1)
        fail_msg("%d callbacks, result %d: '%s'", answer->count, answer->result, answer->reason);
}

static void a_connection_serves_one_request_after_the_other(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, brisk);
    int64_t before = stat_count(&asker, "connections", "good");
    for (int i = 0; i < 50; i++) {
        struct answer answer =
            ask_path(&asker, i % 2 == 0 ? RD_HTTP_GET : RD_HTTP_PUT, "good", "/reused");
        assert_reply(&answer);
    }
    assert_int_equal(stat_count(&asker, "connections", "good"), before);
    assert_int_equal(rd_curl_stats(asker.curl)->connections, 1);
    assert_int_equal(rd_curl_stats(asker.curl)->replies, 52);
    assert_int_equal(stat_count(&asker, "requests", "PUT /reused"), 25);
    asker_close(&asker);
}

static void ask_crowd(struct asker *asker, struct answer crowd[CROWD], const char *listener,
                      const char *path)
{
    memset(crowd, 0, CROWD * sizeof(*crowd));
    for (int i = 0; i < CROWD; i++)
        ask(asker, &crowd[i], RD_HTTP_GET, asker_url(asker, "https", "localhost", listener, path),
            RD_STR(""));
    rd_loop_run(asker->loop);
    for (int i = 0; i < CROWD; i++)
        assert_reply(&crowd[i]);
}

/* HTTP/1.1 answers one thing at a time, so they go side by side, and the second crowd finds the
 * connections of the first. */
static void sixty_four_at_once_go_side_by_side(void **state)
{
    (void)state;
    static struct answer crowd[CROWD];
    struct asker asker;
    struct rd_curl_options options = brisk;
    options.local_max = CROWD;
    asker_open(&asker, options);
    ask_crowd(&asker, crowd, "good", "/late/100");
    uint64_t connections = rd_curl_stats(asker.curl)->connections;
    assert_true(connections > CROWD / 2 && connections <= CROWD);
    ask_crowd(&asker, crowd, "good", "/late/100");
    assert_int_equal(rd_curl_stats(asker.curl)->connections, connections);
    asker_close(&asker);
}

static void to_a_server_of_this_machine_few_connections_do(void **state)
{
    (void)state;
    static struct answer crowd[CROWD];
    struct asker asker;
    asker_open(&asker, brisk);
    ask_crowd(&asker, crowd, "good", "/late/5");
    uint64_t connections = rd_curl_stats(asker.curl)->connections;
    assert_true(connections > 1 && connections <= 4);
    asker_close(&asker);
}

static void sixty_four_at_once_share_one_http2_connection(void **state)
{
    (void)state;
    static struct answer crowd[CROWD];
    struct asker asker;
    asker_open(&asker, brisk);
    int64_t before = stat_count(&asker, "connections", "h2");
    ask_crowd(&asker, crowd, "h2", "/shared");
    for (int i = 0; i < CROWD; i++)
        assert_true(rd_str_is(rd_http_headers_get(&crowd[i].headers, "X-Served"), "h2"));
    assert_int_equal(stat_count(&asker, "connections", "h2"), before + 1);
    assert_int_equal(stat_count(&asker, "requests", "h2 GET /shared"), CROWD);
    asker_close(&asker);
}

static void an_http2_exchange_that_breaks_leaves_the_others_alone(void **state)
{
    (void)state;
    struct asker asker;
    struct rd_curl_options options = brisk;
    options.idle_ms = 1500;
    asker_open(&asker, options);
    struct answer answers[5] = {0};
    static const char *const paths[] = {"/ok", "/reset", "/cut", "/silent", "/ok"};
    for (int i = 0; i < 5; i++)
        ask(&asker, &answers[i], RD_HTTP_GET,
            asker_url(&asker, "https", "localhost", "h2", paths[i]), RD_STR(""));
    rd_loop_run(asker.loop);
    assert_reply(&answers[0]);
    assert_int_equal(answers[1].result, RD_TRANSPORT_DROPPED);
    assert_int_equal(answers[2].result, RD_TRANSPORT_DROPPED);
    assert_int_equal(answers[3].result, RD_TRANSPORT_TIMEOUT);
    assert_reply(&answers[4]);
    struct answer gone = ask_path(&asker, RD_HTTP_POST, "h2", "/goaway");
    assert_int_equal(gone.result, RD_TRANSPORT_DROPPED);
    struct answer refused = ask_path(&asker, RD_HTTP_POST, "h2", "/refused");
    assert_int_equal(refused.result, RD_TRANSPORT_DROPPED);
    struct answer after = ask_path(&asker, RD_HTTP_GET, "h2", "/ok");
    assert_reply(&after);
    assert_int_equal(stat_count(&asker, "requests", "h2 POST /goaway"), 1);
    assert_int_equal(stat_count(&asker, "requests", "h2 POST /refused"), 1);
    asker_close(&asker);
}

/* The server takes the second request of a connection and hangs up: whether it did what it was
 * asked, nobody knows. What is safe goes again by itself; what is not is for the caller to decide.
 */
static void only_what_is_safe_is_sent_again_by_itself(void **state)
{
    (void)state;
    static const struct {
        enum rd_http_method method;
        bool is_sent_again;
    } rows[] = {{RD_HTTP_GET, true},  {RD_HTTP_HEAD, true},   {RD_HTTP_POST, false},
                {RD_HTTP_PUT, false}, {RD_HTTP_PATCH, false}, {RD_HTTP_DELETE, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct asker asker;
        asker_open(&asker, brisk);
        struct answer first = ask_path(&asker, RD_HTTP_GET, "good", "/drop-next");
        assert_reply(&first);
        char path[32];
        char seen[48];
        (void)snprintf(path, sizeof(path), "/hung-up-%zu", i);
        (void)snprintf(seen, sizeof(seen), "%s %s", rd_http_method_name(rows[i].method), path);
        struct answer second = ask_path(&asker, rows[i].method, "good", path);
        if (rows[i].is_sent_again) {
            assert_reply(&second);
        } else {
            assert_int_equal(second.result, RD_TRANSPORT_DROPPED);
            assert_non_null(strstr(second.reason, "broke before a reply came"));
        }
        assert_int_equal(stat_count(&asker, "requests", seen), rows[i].is_sent_again ? 2 : 1);
        asker_close(&asker);
    }
}

/* Those that wait for the first to connect do not wait for its failure again and again. */
static void a_crowd_is_refused_together(void **state)
{
    (void)state;
    static struct answer crowd[CROWD];
    struct asker asker;
    struct rd_curl_options options = brisk;
    options.connect_ms = 300;
    asker_open(&asker, options);
    memset(crowd, 0, sizeof(crowd));
    int64_t start_us = rd_clock_monotonic_us();
    for (int i = 0; i < CROWD; i++)
        ask(&asker, &crowd[i], RD_HTTP_GET, asker_url(&asker, "https", "localhost", "mute", "/"),
            RD_STR(""));
    rd_loop_run(asker.loop);
    assert_true(rd_clock_monotonic_us() - start_us < INT64_C(300000) * CROWD / 2);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(crowd[i].result, RD_TRANSPORT_REFUSED);
    asker_close(&asker);
}

/* Bytes in use of ours and libcurl's together: what the process holds beyond that is malloc's. */
static int64_t used_kb(void)
{
    struct mallinfo2 info = mallinfo2();
    return (int64_t)((info.uordblks + info.hblkhd) / 1024);
}

struct flow {
    struct asker *asker;
    struct rd_http_request request;
    int left;
    int replies;
};

static void flow_on(void *data, enum rd_transport_result result,
                    const struct rd_http_reply *reply RD_UNUSED, const char *reason RD_UNUSED)
{
    struct flow *flow = data;
    flow->replies += result == RD_TRANSPORT_REPLY;
    if (--flow->left > 0)
        rd_transport_send(rd_curl_door(flow->asker->curl), &flow->request, flow_on, flow);
}

static void run_flows(struct asker *asker, const char *path, int each)
{
    struct flow flows[8];
    for (int i = 0; i < 8; i++) {
        flows[i] = (struct flow){
            .asker = asker,
            .request = {.method = RD_HTTP_PUT,
                        .url = asker_url(asker, "https", "localhost", "good", path),
                        .body = RD_STR("{\"some\":\"body\"}")},
            .left = each,
        };
        rd_transport_send(rd_curl_door(asker->curl), &flows[i].request, flow_on, &flows[i]);
    }
    rd_loop_run(asker->loop);
    for (int i = 0; i < 8; i++)
        assert_int_equal(flows[i].replies, each);
}

static void memory_stays_flat(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, brisk);
    run_flows(&asker, "/flat", 50);
    int64_t before_kb = used_kb();
    run_flows(&asker, "/flat", 400);
    run_flows(&asker, "/big/3000000", 2); /* what is large is not kept */
    run_flows(&asker, "/flat", 10);
    int64_t growth_kb = used_kb() - before_kb;
    if (KNOWS_WHAT_IT_USES && growth_kb > 500)
        fail_msg("3,300 requests left %lld kB more", (long long)growth_kb);
    assert_true(rd_curl_stats(asker.curl)->connections <= 9);
    asker_close(&asker);
}

static volatile sig_atomic_t signal_count;

static void on_signal(int number RD_UNUSED)
{
    signal_count++;
}

struct watch {
    struct asker *asker;
    int64_t seen_us; /* when the idle callback first knew of the signal */
};

static void look_for_signal(void *data)
{
    struct watch *watch = data;
    if (signal_count > 0 && watch->seen_us == 0)
        watch->seen_us = rd_clock_monotonic_us();
}

static void a_signal_wakes_the_loop(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    struct asker asker;
    asker_open(&asker, (struct rd_curl_options){0}); /* which looks twice a second */
    struct watch watch = {.asker = &asker};
    rd_loop_set_idle(asker.loop, look_for_signal, &watch, 60000);
    struct answer warm = ask_path(&asker, RD_HTTP_GET, "good", "/ok");
    assert_reply(&warm);
    struct itimerval timer = {.it_value = {.tv_usec = 60000}};
    int64_t start_us = rd_clock_monotonic_us();
    assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
    struct answer answer = ask_path(&asker, RD_HTTP_GET, "good", "/late/1000");
    assert_reply(&answer);
    assert_int_equal(signal_count, 1);
    assert_true(watch.seen_us - start_us < 400000);
    asker_close(&asker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_serves_one_request_after_the_other),
        cmocka_unit_test(sixty_four_at_once_go_side_by_side),
        cmocka_unit_test(to_a_server_of_this_machine_few_connections_do),
        cmocka_unit_test(sixty_four_at_once_share_one_http2_connection),
        cmocka_unit_test(an_http2_exchange_that_breaks_leaves_the_others_alone),
        cmocka_unit_test(only_what_is_safe_is_sent_again_by_itself),
        cmocka_unit_test(a_crowd_is_refused_together),
        cmocka_unit_test(memory_stays_flat),
        cmocka_unit_test(a_signal_wakes_the_loop),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
