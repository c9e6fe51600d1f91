/* SPDX-License-Identifier: Apache-2.0 */
#include "asking.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct hostile server;

const struct rd_curl_options brisk = {
    .connect_ms = 4000, .idle_ms = 5000, .reply_ms = 10000, .allows_plain_loopback = true};

int start_server(void **state RD_UNUSED)
{
    (void)signal(SIGPIPE, SIG_IGN);
    hostile_start(&server);
    return 0;
}

int stop_server(void **state RD_UNUSED)
{
    hostile_stop(&server);
    return 0;
}

static bool allows(const void *data, struct rd_str url)
{
    const struct asker *asker = data;
    struct rd_http_url parts;
    return rd_http_url_parse(url, &parts) &&
           (asker->allowed.n == 0 || rd_str_eq_case(parts.host, asker->allowed));
}

void asker_open(struct asker *asker, struct rd_curl_options options)
{
    *asker = (struct asker){.allowed = RD_STR("")};
    rd_clock_init_real(&asker->clock);
    asker->loop = rd_loop_new(&asker->clock);
    asker->arena = rd_arena_new(0);
    options.loop = asker->loop;
    options.allows = allows;
    options.allows_data = asker;
    if (options.ca_file == NULL)
        options.ca_file = server.ca_file;
    else if (options.ca_file[0] == '\0')
        options.ca_file = NULL;
    struct rd_err err;
    assert_int_equal(rd_curl_open(&options, &asker->curl, &err), RD_RC_OK);
}

void asker_close(struct asker *asker)
{
    rd_curl_close(asker->curl);
    rd_loop_free(asker->loop);
    rd_arena_free(asker->arena);
}

struct rd_str asker_url(struct asker *asker, const char *scheme, const char *host,
                        const char *listener, const char *path)
{
    return rd_arena_printf(asker->arena, "%s://%s:%d%s", scheme, host,
                           hostile_port(&server, listener), path);
}

static void on_answer(void *data, enum rd_transport_result result,
                      const struct rd_http_reply *reply, const char *reason)
{
    struct answer *answer = data;
    struct rd_arena *arena = answer->asker->arena;
    answer->count++;
    answer->result = result;
    (void)snprintf(answer->reason, sizeof(answer->reason), "%s", reason);
    if (result != RD_TRANSPORT_REPLY) {
        assert_null(reply);
        assert_true(reason[0] != '\0');
        return;
    }
    answer->status = reply->status;
    answer->body = rd_arena_str(arena, reply->body);
    for (size_t i = 0; i < reply->headers.count; i++)
        rd_http_headers_add(arena, &answer->headers,
                            rd_arena_str(arena, reply->headers.items[i].name).p,
                            rd_arena_str(arena, reply->headers.items[i].value));
}

void ask(struct asker *asker, struct answer *answer, enum rd_http_method method, struct rd_str url,
         struct rd_str body)
{
    answer->asker = asker;
    answer->request.method = method;
    answer->request.url = url;
    answer->request.body = body;
    rd_transport_send(rd_curl_door(asker->curl), &answer->request, on_answer, answer);
    assert_int_equal(answer->count, 0);
}

struct answer ask_url(struct asker *asker, enum rd_http_method method, struct rd_str url)
{
    struct answer answer = {0};
    ask(asker, &answer, method, url, RD_STR(""));
    rd_loop_run(asker->loop);
    assert_int_equal(answer.count, 1);
    return answer;
}

struct answer ask_path(struct asker *asker, enum rd_http_method method, const char *listener,
                       const char *path)
{
    return ask_url(asker, method, asker_url(asker, "https", "localhost", listener, path));
}

struct rd_json server_stats(struct asker *asker)
{
    struct rd_str allowed = asker->allowed;
    asker->allowed = RD_STR("localhost");
    struct answer answer = ask_path(asker, RD_HTTP_GET, "good", "/stats");
    asker->allowed = allowed;
    assert_int_equal(answer.result, RD_TRANSPORT_REPLY);
    struct rd_json stats;
    struct rd_err err;
    assert_int_equal(rd_json_parse(asker->arena, "stats", answer.body, 0, &stats, &err), RD_RC_OK);
    return stats;
}

int64_t stat_count(struct asker *asker, const char *kind, const char *name)
{
    struct rd_json stats = server_stats(asker);
    return rd_json_int(rd_json_get(rd_json_get(&stats, rd_str_from(kind)), rd_str_from(name)), 0);
}
