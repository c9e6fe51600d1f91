/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asking.h"
#include "base/limits.h"

static void assert_ended(const struct answer *answer, enum rd_transport_result result,
                         const char *says)
{
    if (answer->result != result)
        fail_msg("result %d, not %d: '%s'", answer->result, result, answer->reason);
    if (strstr(answer->reason, says) == NULL)
        fail_msg("'%s' does not contain '%s'", answer->reason, says);
}

static void assert_refused(const struct answer *answer, const char *says)
{
    assert_ended(answer, RD_TRANSPORT_REFUSED, says);
}

static void a_server_that_cannot_prove_itself_gets_no_request(void **state)
{
    (void)state;
    static const struct {
        const char *listener;
        const char *says;
        enum rd_transport_result result;
    } rows[] = {
        {"wrong_name", "is for another name", RD_TRANSPORT_UNTRUSTED},
        {"expired", "has expired", RD_TRANSPORT_UNTRUSTED},
        {"untrusted", "is not trusted: none of the authorities in", RD_TRANSPORT_UNTRUSTED},
        {"old_tls", "redoubt needs TLS 1.2 or later", RD_TRANSPORT_REFUSED},
        {"plain", "no TLS with", RD_TRANSPORT_REFUSED},
        {"mute", "no connection to", RD_TRANSPORT_REFUSED},
        {"closed", "(Connection refused)", RD_TRANSPORT_REFUSED},
    };
    struct asker asker;
    asker_open(&asker, brisk);
    struct rd_json before = server_stats(&asker);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct answer answer = ask_path(&asker, RD_HTTP_PUT, rows[i].listener, "/never");
        assert_ended(&answer, rows[i].result, rows[i].says);
        assert_ended(&answer, rows[i].result, "'localhost:");
    }
    assert_int_equal(rd_json_count(rd_json_get(&before, RD_STR("requests"))), 1);
    assert_int_equal(stat_count(&asker, "requests", "PUT /never"), 0);
    asker_close(&asker);
}

/* The system's authorities do not know ours; with the file that has it the same server is fine. */
static void the_named_authority_takes_the_place_of_the_systems(void **state)
{
    (void)state;
    struct asker asker;
    struct rd_curl_options options = brisk;
    options.ca_file = "";
    asker_open(&asker, options);
    struct answer answer = ask_path(&asker, RD_HTTP_GET, "good", "/ok");
    assert_ended(&answer, RD_TRANSPORT_UNTRUSTED,
                 "is not trusted: name the CA file of its authority with --ca-file");
    asker_close(&asker);
    asker_open(&asker, brisk);
    answer = ask_path(&asker, RD_HTTP_GET, "good", "/ok");
    assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
    asker_close(&asker);
}

static bool allows_nothing(const void *data RD_UNUSED, struct rd_str url RD_UNUSED)
{
    return false;
}

static void a_ca_file_that_is_none_is_told_at_once(void **state)
{
    (void)state;
    struct rd_clock clock;
    rd_clock_init_real(&clock);
    struct rd_loop *loop = rd_loop_new(&clock);
    char name[128];
    (void)snprintf(name, sizeof(name), "%s/none.pem", server.folder);
    struct rd_curl_options options = {.loop = loop, .allows = allows_nothing, .ca_file = name};
    struct rd_curl *curl = NULL;
    struct rd_err err;
    assert_int_equal(rd_curl_open(&options, &curl, &err), RD_RC_NOT_FOUND);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    (void)fputs("not a certificate\n", file);
    (void)fclose(file);
    assert_int_equal(rd_curl_open(&options, &curl, &err), RD_RC_INVALID);
    assert_non_null(strstr(err.msg, "holds no certificate"));
    assert_null(curl);
    rd_loop_free(loop);
}

/* Of every kind of URL that must not leave, what the predicate would say to it aside. */
static void what_could_be_read_in_two_ways_never_leaves(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "localhost",
        "ftp://localhost/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:word@localhost/",
        "https://localhost\\@evil.example/",
        "https://localhost\t.evil.example/",
        "https://localhost/a b",
        "https://localhost/a\r\nHost: evil",
        "https://local\303\266host/",
        "https://localhost/\303\266",
        "https://local%68ost/",
        "https://localhost:99999/",
        "https://localhost:0/",
    };
    struct asker asker;
    asker_open(&asker, brisk);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct answer answer = ask_url(&asker, RD_HTTP_GET, rd_str_from(urls[i]));
        assert_refused(&answer, "nothing was sent");
        assert_null(strstr(answer.reason, "word"));
    }
    char *path = rd_arena_bytes(asker.arena, RD_HTTP_URL_SIZE_MAX);
    memset(path, 'a', RD_HTTP_URL_SIZE_MAX);
    struct answer answer =
        ask_url(&asker, RD_HTTP_GET,
                rd_arena_printf(asker.arena, "https://localhost/%.*s", RD_HTTP_URL_SIZE_MAX, path));
    assert_refused(&answer, "longer than any real one");
    assert_int_equal(rd_curl_stats(asker.curl)->connections, 0);
    asker_close(&asker);
}

static void no_request_leaves_the_allowed_set(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, brisk);
    asker.allowed = RD_STR("cloud.localhost");
    static const char *const hosts[] = {"localhost", "elsewhere.localhost", "127.0.0.1",
                                        "cloud.localhost.example"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct rd_str url = asker_url(&asker, "https", hosts[i], "good", "/outside?sig=secret");
        struct answer answer = ask_url(&asker, RD_HTTP_POST, url);
        assert_refused(&answer, "is none of this cloud's");
        assert_refused(&answer, hosts[i]);
        assert_null(strstr(answer.reason, "secret"));
    }
    assert_int_equal(rd_curl_stats(asker.curl)->connections, 0);
    /* A redirect to there is a reply like any other, and nobody goes. */
    struct answer answer = ask_url(
        &asker, RD_HTTP_GET, asker_url(&asker, "https", "cloud.localhost", "good", "/redirect"));
    assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
    assert_int_equal(answer.status, 307);
    assert_true(rd_str_find(rd_http_headers_get(&answer.headers, "Location"),
                            RD_STR("elsewhere.localhost"), 0) != RD_STR_NONE);
    assert_int_equal(stat_count(&asker, "requests", "GET /stolen"), 0);
    assert_int_equal(stat_count(&asker, "requests", "POST /outside?sig=secret"), 0);
    asker_close(&asker);
}

static void plain_http_goes_to_this_machine_alone_and_only_when_allowed(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, brisk);
    static const char *const here[] = {"localhost", "vault1.vault.localhost", "127.0.0.1"};
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
        struct answer answer =
            ask_url(&asker, RD_HTTP_GET, asker_url(&asker, "http", here[i], "plain", "/ok"));
        assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
    }
    static const char *const there[] = {"management.azure.com",
                                        "127.0.0.1.example",
                                        "127.evil.example",
                                        "notlocalhost",
                                        "169.254.169.254",
                                        "0x7f.1",
                                        "2130706433"};
    for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
        struct answer answer =
            ask_url(&asker, RD_HTTP_GET, asker_url(&asker, "http", there[i], "plain", "/ok"));
        assert_refused(&answer, "the URL is not https");
    }
    asker_close(&asker);
    asker_open(&asker, (struct rd_curl_options){.connect_ms = 600});
    struct answer answer =
        ask_url(&asker, RD_HTTP_GET, asker_url(&asker, "http", "localhost", "plain", "/ok"));
    assert_refused(&answer, "the URL is not https");
    asker_close(&asker);
}

static void a_header_cannot_bring_another_along(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *value;
    } rows[] = {{"X-A", "b\r\nX-Evil: 1"},
                {"X-A", "b\nc"},
                {"X-A: c\r\nX-B", "d"},
                {"", "x"},
                {"X A", "b"}};
    struct asker asker;
    asker_open(&asker, brisk);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct answer answer = {0};
        rd_http_headers_add(asker.arena, &answer.request.headers, rows[i].name,
                            rd_str_from(rows[i].value));
        ask(&asker, &answer, RD_HTTP_GET, asker_url(&asker, "https", "localhost", "good", "/ok"),
            RD_STR(""));
        rd_loop_run(asker.loop);
        assert_int_equal(answer.count, 1);
        assert_refused(&answer, "a header holds what no header may");
    }
    asker_close(&asker);
}

static void a_name_that_is_not_known_is_told(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, (struct rd_curl_options){0});
    struct answer answer =
        ask_url(&asker, RD_HTTP_GET, RD_STR("https://no-such-host.invalid/path?sig=secret"));
    assert_refused(&answer, "the name 'no-such-host.invalid' is not known here");
    assert_null(strstr(answer.reason, "secret"));
    answer = ask_url(&asker, RD_HTTP_GET, RD_STR("https://proxy-keys.invalid/"));
    assert_refused(&answer, "the name 'proxy-keys.invalid' is not known here");
    asker_close(&asker);
}

/* For names that nobody knows: a name server may take its time to say so. */
static const struct rd_curl_options patient = {.allows_plain_loopback = true};

/* Proxies ------------------------------------------------------------------------------------- */

static void set_proxy(const char *listener, const char *name)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "http://me:word@127.0.0.1:%d",
                   hostile_port(&server, listener));
    (void)setenv(name, text, 1);
}

static void clear_proxies(void)
{
    static const char *const names[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
                                        "ALL_PROXY",   "all_proxy",   "NO_PROXY",   "no_proxy"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unsetenv(names[i]);
}

static void the_environments_proxy_leads_outside_and_sees_no_token(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, brisk);
    set_proxy("proxy", "HTTPS_PROXY");
    struct answer answer = {0};
    rd_http_headers_add(asker.arena, &answer.request.headers, "Authorization",
                        RD_STR("Bearer token-of-mine"));
    ask(&asker, &answer, RD_HTTP_GET, RD_STR("https://cloud.example/echo"), RD_STR(""));
    rd_loop_run(asker.loop);
    assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
    assert_int_equal(rd_http_headers_get(&answer.headers, "X-Proxy").n, 0);
    assert_true(rd_str_find(answer.body, RD_STR("Bearer token-of-mine"), 0) != RD_STR_NONE);
    struct rd_json stats = server_stats(&asker); /* which is on this machine: not by the proxy */
    const struct rd_json *proxied = rd_json_get(&stats, RD_STR("proxied"));
    assert_int_equal(rd_json_count(proxied), 1);
    struct rd_str head = rd_json_str(rd_json_item(proxied, 0));
    assert_true(rd_str_has_prefix(head, RD_STR("CONNECT cloud.example:443 ")));
    assert_true(rd_str_find_case(head, RD_STR("token-of-mine"), 0) == RD_STR_NONE);
    clear_proxies();
    asker_close(&asker);
}

static void a_proxy_that_says_no_is_told_with_the_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *says;
    } rows[] = {
        {"https://forbidden.example/", "the proxy refused to lead to 'forbidden.example' (403)"},
        {"https://asks.example/", "put a name and password into HTTPS_PROXY"},
        {"https://closes.example/", "the proxy"},
    };
    struct asker asker;
    asker_open(&asker, patient);
    set_proxy("proxy", "HTTPS_PROXY");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct answer answer = ask_url(&asker, RD_HTTP_GET, rd_str_from(rows[i].url));
        assert_refused(&answer, rows[i].says);
        assert_null(strstr(answer.reason, "word@"));
    }
    set_proxy("closed", "HTTPS_PROXY");
    struct answer answer = ask_url(&asker, RD_HTTP_GET, RD_STR("https://cloud.example/x"));
    assert_refused(&answer, "HTTPS_PROXY");
    assert_null(strstr(answer.reason, "word@"));
    (void)setenv("HTTPS_PROXY", "http://me:word@no-such-proxy.invalid:1", 1);
    answer = ask_url(&asker, RD_HTTP_GET, RD_STR("https://cloud2.example/x"));
    assert_refused(&answer, "the proxy's name is not known here");
    assert_null(strstr(answer.reason, "word@"));
    clear_proxies();
    asker_close(&asker);
}

static void no_proxy_and_this_machine_go_without(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, patient);
    set_proxy("proxy", "HTTPS_PROXY");
    set_proxy("proxy", "http_proxy");
    (void)setenv("NO_PROXY", "invalid", 1);
    struct rd_json stats = server_stats(&asker);
    size_t before = rd_json_count(rd_json_get(&stats, RD_STR("proxied")));
    struct answer answer = ask_url(&asker, RD_HTTP_GET, RD_STR("https://no-such-host.invalid/"));
    assert_refused(&answer, "is not known here");
    answer = ask_url(&asker, RD_HTTP_GET, asker_url(&asker, "http", "localhost", "plain", "/ok"));
    assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
    answer = ask_url(&asker, RD_HTTP_GET, asker_url(&asker, "https", "127.0.0.1", "good", "/ok"));
    assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
    stats = server_stats(&asker);
    assert_int_equal(rd_json_count(rd_json_get(&stats, RD_STR("proxied"))), before);
    clear_proxies();
    asker_close(&asker);
}

/* Whether somebody answers there depends on the machine; that it is asked, and by no proxy, does
 * not. */
static void the_metadata_address_is_asked_plainly_and_without_a_proxy(void **state)
{
    (void)state;
    struct asker asker;
    asker_open(&asker, (struct rd_curl_options){
                           .allows_plain_metadata = true, .connect_ms = 300, .idle_ms = 300});
    set_proxy("proxy", "http_proxy");
    struct answer answer =
        ask_url(&asker, RD_HTTP_GET, RD_STR("http://169.254.169.254/metadata/identity"));
    assert_null(strstr(answer.reason, "nothing was sent"));
    answer = ask_url(&asker, RD_HTTP_GET, asker_url(&asker, "http", "localhost", "plain", "/ok"));
    assert_refused(&answer, "the URL is not https");
    answer = ask_url(&asker, RD_HTTP_GET, RD_STR("http://169.254.169.253/"));
    assert_refused(&answer, "the URL is not https");
    asker_close(&asker);
    asker_open(&asker, brisk);
    struct rd_json stats = server_stats(&asker);
    const struct rd_json *proxied = rd_json_get(&stats, RD_STR("proxied"));
    for (size_t i = 0; i < rd_json_count(proxied); i++)
        assert_true(rd_str_find(rd_json_str(rd_json_item(proxied, i)), RD_STR("169.254"), 0) ==
                    RD_STR_NONE);
    clear_proxies();
    asker_close(&asker);
}

/* A machine whose own rules would let old TLS through: ours must not. */
static void loosen_this_machine(void)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "%s/openssl.cnf", server.folder);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    (void)fputs("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
                "MinProtocol = TLSv1\nCipherString = DEFAULT:@SECLEVEL=0\n",
                file);
    (void)fclose(file);
    (void)setenv("OPENSSL_CONF", name, 1);
}

static int start(void **state)
{
    clear_proxies();
    (void)start_server(state);
    loosen_this_machine();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_cannot_prove_itself_gets_no_request),
        cmocka_unit_test(the_named_authority_takes_the_place_of_the_systems),
        cmocka_unit_test(a_ca_file_that_is_none_is_told_at_once),
        cmocka_unit_test(what_could_be_read_in_two_ways_never_leaves),
        cmocka_unit_test(no_request_leaves_the_allowed_set),
        cmocka_unit_test(plain_http_goes_to_this_machine_alone_and_only_when_allowed),
        cmocka_unit_test(a_header_cannot_bring_another_along),
        cmocka_unit_test(a_name_that_is_not_known_is_told),
        cmocka_unit_test(the_environments_proxy_leads_outside_and_sees_no_token),
        cmocka_unit_test(a_proxy_that_says_no_is_told_with_the_remedy),
        cmocka_unit_test(no_proxy_and_this_machine_go_without),
        cmocka_unit_test(the_metadata_address_is_asked_plainly_and_without_a_proxy),
    };
    return cmocka_run_group_tests(tests, start, stop_server);
}
