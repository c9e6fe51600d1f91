/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "asking.h"
#include "base/limits.h"

/* For servers that are slow on purpose. */
static const struct rd_curl_options impatient = {
    .connect_ms = 5000, .idle_ms = 1000, .reply_ms = 3000, .allows_plain_loopback = true};

static void assert_in(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' does not contain '%s'", text, part);
}

/* What the server does, and what that is for us. */
struct meeting {
    const char *path;
    enum rd_transport_result result;
    const char *says; /* part of the reason, or of the body of a reply */
    int status;
};

static const struct meeting lies[] = {
    {"/cut-length", RD_TRANSPORT_DROPPED, "in the middle of its reply", 0},
    {"/cut-chunk", RD_TRANSPORT_DROPPED, "in the middle of its reply", 0},
    {"/cut-head", RD_TRANSPORT_DROPPED, "in the middle of its reply", 0},
    {"/no-reply", RD_TRANSPORT_DROPPED, "without a reply", 0},
    {"/reset", RD_TRANSPORT_DROPPED, "broke", 0},
    {"/reset-midway", RD_TRANSPORT_DROPPED, "broke", 0},
    {"/garbage", RD_TRANSPORT_DROPPED, "no HTTP", 0},
    {"/http09", RD_TRANSPORT_DROPPED, "no HTTP", 0},
    {"/html", RD_TRANSPORT_REPLY, "<html>", 200},
    {"/two-lengths", RD_TRANSPORT_DROPPED, "no HTTP", 0},
    {"/negative-length", RD_TRANSPORT_DROPPED, "'", 0},
    {"/huge-length", RD_TRANSPORT_DROPPED, "larger than 64 MB", 0},
    {"/less-than-sent", RD_TRANSPORT_REPLY, "{}", 200},
    {"/no-colon", RD_TRANSPORT_DROPPED, "no HTTP", 0},
    {"/bad-chunk", RD_TRANSPORT_DROPPED, "", 0},
    {"/status-word", RD_TRANSPORT_DROPPED, "no HTTP", 0},
    {"/status/999", RD_TRANSPORT_DROPPED, "no HTTP", 0},
    {"/status/200", RD_TRANSPORT_REPLY, "{}", 200},
    {"/status/404", RD_TRANSPORT_REPLY, "{}", 404},
    {"/status/599", RD_TRANSPORT_REPLY, "{}", 599},
    {"/only-interim", RD_TRANSPORT_DROPPED, "", 0},
    {"/many-headers", RD_TRANSPORT_DROPPED, "the head of the reply", 0},
    {"/flood-head", RD_TRANSPORT_DROPPED, "the head of the reply", 0},
    {"/flood-interim", RD_TRANSPORT_DROPPED, "the head of the reply", 0},
    {"/gzip", RD_TRANSPORT_REPLY, "{\"value\":\"unpackedunpacked", 200},
    {"/gzip-broken", RD_TRANSPORT_DROPPED, "gzip", 0},
    {"/gzip-cut", RD_TRANSPORT_REPLY, "", 200}, /* whole by its length: for its reader to judge */
    {"/gzip-not", RD_TRANSPORT_DROPPED, "gzip", 0},
};

static void check_meeting(const struct meeting *meeting, const struct answer *answer)
{
    if (answer->result != meeting->result || answer->status != meeting->status)
        fail_msg("%s: result %d, status %d: %s", meeting->path, answer->result, answer->status,
                 answer->reason);
    if (answer->result == RD_TRANSPORT_REPLY)
        assert_true(rd_str_has_prefix(answer->body, rd_str_from(meeting->says)));
    else
        assert_in(answer->reason, meeting->says);
}

static void what_a_server_may_do_has_one_result_each(void **state)
{
    (void)state;
    struct asker asker;
    struct rd_curl_options patient = brisk;
    patient.idle_ms = 20000;
    patient.reply_ms = 60000;
    asker_open(&asker, patient);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct answer tls = ask_path(&asker, RD_HTTP_GET, "good", lies[i].path);
        check_meeting(&lies[i], &tls);
        struct answer plain = ask_url(
            &asker, RD_HTTP_GET, asker_url(&asker, "http", "localhost", "plain", lies[i].path));
        check_meeting(&lies[i], &plain);
        struct answer after = ask_path(&asker, RD_HTTP_GET, "good", "/ok"); /* unharmed by it */
        assert_int_equal(after.result, RD_TRANSPORT_REPLY);
        assert_true(rd_str_is(after.body, "{\"value\":\"ok\"}"));
    }
    asker_close(&asker);
}

static void what_has_no_end_ends_at_the_limit(void **state)
{
    (void)state;
    static const char *const paths[] = {"/flood", "/gzip-bomb", "/gzip-nothing"};
    struct asker asker;
    asker_open(&asker, (struct rd_curl_options){0});
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct answer answer = ask_path(&asker, RD_HTTP_GET, "good", paths[i]);
        assert_int_equal(answer.result, RD_TRANSPORT_DROPPED);
        assert_in(answer.reason, "larger than 64 MB");
    }
    asker_close(&asker);
}

/* Over TLS anybody could have ended it; on this machine nobody else can. */
static void a_body_whose_end_nobody_announced_may_be_cut_short(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, impatient);
    static const char *const paths[] = {"/cut-unannounced", "/whole-unannounced"};
    for (size_t i = 0; i < 2; i++) {
        struct answer answer = ask_path(&asker, RD_HTTP_GET, "good", paths[i]);
        assert_int_equal(answer.result, RD_TRANSPORT_DROPPED);
        assert_in(answer.reason, "where its reply ends");
    }
    struct answer answer = ask_url(
        &asker, RD_HTTP_GET, asker_url(&asker, "http", "localhost", "plain", "/whole-unannounced"));
    assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
    assert_true(rd_str_is(answer.body, "{\"value\":1}"));
    asker_close(&asker);
}

static void silence_and_slowness_end_in_time(void **state)
{
    (void)state;
    static const struct meeting slow[] = {
        {"/silent", RD_TRANSPORT_TIMEOUT, "silent for 1 s", 0},
        {"/stall", RD_TRANSPORT_TIMEOUT, "silent for 1 s", 0},
        {"/drip", RD_TRANSPORT_TIMEOUT, "did not end its reply within 3 s", 0},
        {"/drip-head", RD_TRANSPORT_TIMEOUT, "s", 0},
        {"/late/150", RD_TRANSPORT_REPLY, "{\"late\":true}", 200},
    };
    struct asker asker;
    asker_open(&asker, impatient);
    struct answer answers[sizeof(slow) / sizeof(slow[0])] = {0};
    int64_t start_us = rd_clock_monotonic_us();
    for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
        ask(&asker, &answers[i], RD_HTTP_GET,
            asker_url(&asker, "https", "localhost", "good", slow[i].path), RD_STR(""));
    rd_loop_run(asker.loop);
    for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
        check_meeting(&slow[i], &answers[i]);
    assert_true(rd_clock_monotonic_us() - start_us < 8000000);
    asker_close(&asker);
}

/* The limits count the machine's time: a virtual clock has not moved when they strike. */
static void a_virtual_clock_does_not_move_while_a_server_is_slow(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, impatient);
    rd_clock_init_virtual(&asker.clock, 5000);
    struct answer late = ask_path(&asker, RD_HTTP_GET, "good", "/late/100");
    assert_int_equal(late.result, RD_TRANSPORT_REPLY);
    assert_int_equal(rd_loop_now_ms(asker.loop), 5000);
    struct answer silent = ask_path(&asker, RD_HTTP_GET, "good", "/silent");
    assert_int_equal(silent.result, RD_TRANSPORT_TIMEOUT);
    assert_int_equal(rd_loop_now_ms(asker.loop), 5000);
    asker_close(&asker);
}

static void headers_arrive_clean_and_of_the_final_reply_only(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, impatient);
    struct answer answer = ask_path(&asker, RD_HTTP_GET, "good", "/odd-headers");
    assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
    assert_true(rd_str_is(rd_http_headers_get(&answer.headers, "x-latin"), "caf?"));
    assert_true(rd_str_is(rd_http_headers_get(&answer.headers, "X-Folded"), "one two"));
    assert_true(rd_str_is(rd_http_headers_get(&answer.headers, "X-Bell"), "a?b"));
    assert_int_equal(rd_http_headers_get(&answer.headers, "X-Early").n, 0);
    assert_int_equal(rd_http_headers_get(&answer.headers, "X-Trailer").n, 0);
    assert_true(rd_str_is(answer.body, "{}"));
    answer = ask_path(&asker, RD_HTTP_GET, "good", "/gzip");
    assert_int_equal(answer.body.n, 12 + 8000);
    assert_int_equal(rd_http_headers_get(&answer.headers, "Content-Encoding").n, 0);
    assert_int_equal(rd_http_headers_get(&answer.headers, "Content-Length").n, 0);
    assert_true(
        rd_str_is(rd_http_headers_get(&answer.headers, "Content-Type"), "application/json"));
    asker_close(&asker);
}

static struct rd_json echo_of(struct asker *asker, const struct answer *answer)
{
    struct rd_json echo;
    struct rd_err err;
    assert_int_equal(answer->result, RD_TRANSPORT_REPLY);
    assert_int_equal(rd_json_parse(asker->arena, "echo", answer->body, 0, &echo, &err), RD_RC_OK);
    return echo;
}

static void assert_header(const struct rd_json *echo, const char *name, const char *value)
{
    const struct rd_json *headers = rd_json_get(echo, RD_STR("headers"));
    struct rd_str found = rd_json_str(rd_json_get(headers, rd_str_from(name)));
    if (!rd_str_is(found, value))
        fail_msg("'%s' is '%.*s' and not '%s'", name, RD_FMT(found), value);
}

/* Each method on the same handle as the one before, in an order in which state could leak. */
static void requests_arrive_as_they_were_given(void **state)
{
    (void)state;
    static const struct {
        enum rd_http_method method;
        const char *body;
        const char *length; /* as the server sees it */
    } rows[] = {
        {RD_HTTP_PUT, "{\"a\":1}", "7"}, {RD_HTTP_GET, "", ""},      {RD_HTTP_POST, "", "0"},
        {RD_HTTP_DELETE, "", ""},        {RD_HTTP_PATCH, "[]", "2"}, {RD_HTTP_HEAD, "", ""},
        {RD_HTTP_GET, "", ""},           {RD_HTTP_PUT, "", "0"},     {RD_HTTP_DELETE, "{}", "2"},
        {RD_HTTP_HEAD, "", ""},          {RD_HTTP_POST, "x", "1"},
    };
    struct asker asker;
    asker_open(&asker, impatient);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct answer answer = {0};
        rd_http_headers_add(asker.arena, &answer.request.headers, "X-Own", RD_STR("kept"));
        rd_http_headers_add(asker.arena, &answer.request.headers, "X-Empty", RD_STR(""));
        ask(&asker, &answer, rows[i].method,
            asker_url(&asker, "https", "localhost", "good", "/echo/../a%20b?q=%2F&r"),
            rd_str_from(rows[i].body));
        rd_loop_run(asker.loop);
        assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
        if (rows[i].method == RD_HTTP_HEAD) {
            assert_int_equal(answer.body.n, 0);
            continue;
        }
        struct rd_json echo = echo_of(&asker, &answer);
        assert_true(rd_str_is(rd_json_str(rd_json_get(&echo, RD_STR("method"))),
                              rd_http_method_name(rows[i].method)));
        assert_true(
            rd_str_is(rd_json_str(rd_json_get(&echo, RD_STR("path"))), "/echo/../a%20b?q=%2F&r"));
        assert_true(rd_str_is(rd_json_str(rd_json_get(&echo, RD_STR("body"))), rows[i].body));
        assert_header(&echo, "content-length", rows[i].length);
        assert_header(&echo, "content-type", ""); /* nobody gave one */
        assert_header(&echo, "x-own", "kept");
        assert_header(&echo, "accept-encoding", "gzip");
        assert_header(&echo, "redoubt-clock", "");
    }
    asker_close(&asker);
}

static void the_target_is_the_url_behind_its_host(void **state)
{
    (void)state;
    static const struct {
        const char *behind;
        const char *target;
    } rows[] = {
        {"", "/"},
        {"?a=%20&&b=?", "/?a=%20&&b=?"},
        {"/x//./y?", "/x//./y"},
        {"/x?y=/z#part?not", "/x?y=/z"},
        {"#part", "/"},
    };
    struct asker asker;
    asker_open(&asker, brisk);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char seen[64];
        (void)snprintf(seen, sizeof(seen), "GET %s", rows[i].target);
        int64_t before = stat_count(&asker, "requests", seen);
        struct answer answer = ask_url(
            &asker, RD_HTTP_GET, asker_url(&asker, "https", "localhost", "good", rows[i].behind));
        assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
        assert_int_equal(stat_count(&asker, "requests", seen), before + 1);
    }
    asker_close(&asker);
}

static void the_loops_time_is_told_only_where_it_is_wanted(void **state)
{
    (void)state;
    struct asker asker;
    struct rd_curl_options options = impatient;
    options.tells_time = true;
    asker_open(&asker, options);
    rd_clock_init_virtual(&asker.clock, 1763750000123);
    struct answer answer = ask_path(&asker, RD_HTTP_GET, "good", "/echo");
    struct rd_json echo = echo_of(&asker, &answer);
    assert_header(&echo, "redoubt-clock", "1763750000123");
    asker_close(&asker);
}

static void large_bodies_go_and_come_whole(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, (struct rd_curl_options){0});
    size_t size = RD_HTTP_REQUEST_BODY_SIZE_MAX;
    char *body = rd_arena_bytes(asker.arena, size);
    memset(body, 'b', size);
    struct answer answer = {0};
    ask(&asker, &answer, RD_HTTP_PUT, asker_url(&asker, "https", "localhost", "good", "/echo"),
        (struct rd_str){body, size});
    rd_loop_run(asker.loop);
    struct rd_json echo = echo_of(&asker, &answer);
    assert_int_equal(rd_json_str(rd_json_get(&echo, RD_STR("body"))).n, size);
    assert_header(&echo, "expect", "");
    char path[64];
    (void)snprintf(path, sizeof(path), "/big/%d", RD_HTTP_BODY_SIZE_MAX);
    answer = ask_path(&asker, RD_HTTP_GET, "good", path);
    assert_int_equal(answer.body.n, RD_HTTP_BODY_SIZE_MAX);
    (void)snprintf(path, sizeof(path), "/big/%d", RD_HTTP_BODY_SIZE_MAX + 1);
    answer = ask_path(&asker, RD_HTTP_GET, "good", path);
    assert_int_equal(answer.result, RD_TRANSPORT_DROPPED);
    asker_close(&asker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_server_may_do_has_one_result_each),
        cmocka_unit_test(what_has_no_end_ends_at_the_limit),
        cmocka_unit_test(a_body_whose_end_nobody_announced_may_be_cut_short),
        cmocka_unit_test(silence_and_slowness_end_in_time),
        cmocka_unit_test(a_virtual_clock_does_not_move_while_a_server_is_slow),
        cmocka_unit_test(headers_arrive_clean_and_of_the_final_reply_only),
        cmocka_unit_test(requests_arrive_as_they_were_given),
        cmocka_unit_test(the_target_is_the_url_behind_its_host),
        cmocka_unit_test(the_loops_time_is_told_only_where_it_is_wanted),
        cmocka_unit_test(large_bodies_go_and_come_whole),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
