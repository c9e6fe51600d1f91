/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "hostile.h"
#include "transport_contract.h"
#include "wire/curl.h"

static bool allows(const void *data RD_UNUSED, struct rd_str url RD_UNUSED)
{
    return true;
}

/* Over HTTP/1.1, HTTP/2 and plain, for what is answered well, badly, late, not at all, and for what
 * never leaves. */
static void the_wire_keeps_the_contract(void **state)
{
    (void)state;
    static const struct {
        const char *scheme;
        const char *listener;
        const char *path;
    } rows[] = {
        {"https", "good", "/ok"},          {"https", "h2", "/ok"},
        {"http", "plain", "/ok"},          {"https", "good", "/status/500"},
        {"https", "good", "/late/20"},     {"https", "good", "/html"},
        {"https", "good", "/odd-headers"}, {"https", "h2", "/reset"},
    };
    struct hostile server;
    hostile_start(&server);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int kind = 0; kind < 2; kind++) {
            char url[128];
            struct rd_clock clock;
            struct rd_curl *curl = NULL;
            struct rd_err err;
            int n = snprintf(url, sizeof(url), "%s://localhost:%d%s", rows[i].scheme,
                             hostile_port(&server, rows[i].listener), rows[i].path);
            if (kind == 0)
                rd_clock_init_real(&clock);
            else
                rd_clock_init_virtual(&clock, 1000);
            struct rd_loop *loop = rd_loop_new(&clock);
            const struct rd_curl_options options = {.loop = loop,
                                                    .allows = allows,
                                                    .ca_file = server.ca_file,
                                                    .allows_plain_loopback = true};
            assert_int_equal(rd_curl_open(&options, &curl, &err), RD_RC_OK);
            struct transport_contract contract = {
                .loop = loop, .transport = rd_curl_door(curl), .url = {url, (size_t)n}};
            /* A broken exchange has no status to show. */
            if (rows[i].listener[0] == 'h' && rows[i].path[1] == 'r') {
                transport_answers_once_and_later(&contract);
                transport_keeps_requests_apart(&contract);
                transport_leaves_the_loop_idle(&contract);
            } else {
                transport_contract_run(&contract);
            }
            assert_true(rd_curl_stats(curl)->requests > 50);
            rd_curl_close(curl);
            rd_loop_free(loop);
        }
    }
    hostile_stop(&server);
}

static void what_never_leaves_is_answered_once_and_later_too(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://management.azure.com/", "nonsense",
                                       "https://no such host/"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct rd_clock clock;
        rd_clock_init_virtual(&clock, 1000);
        struct rd_loop *loop = rd_loop_new(&clock);
        struct rd_curl *curl = NULL;
        struct rd_err err;
        const struct rd_curl_options options = {.loop = loop, .allows = allows};
        assert_int_equal(rd_curl_open(&options, &curl, &err), RD_RC_OK);
        struct transport_contract contract = {
            .loop = loop, .transport = rd_curl_door(curl), .url = rd_str_from(urls[i])};
        transport_answers_once_and_later(&contract);
        transport_keeps_requests_apart(&contract);
        transport_leaves_the_loop_idle(&contract);
        rd_curl_close(curl);
        rd_loop_free(loop);
    }
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wire_keeps_the_contract),
        cmocka_unit_test(what_never_leaves_is_answered_once_and_later_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
