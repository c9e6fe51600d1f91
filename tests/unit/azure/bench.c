/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

void bench_init(struct bench *b, const struct fake_line *lines, size_t count)
{
    memset(b, 0, sizeof(*b));
    b->script = (struct fake_script){lines, count, 0};
    b->arena = rd_arena_new(0);
    fake_client_open(&b->net, &(struct fake_client_options){
                                  .start_ms = START_MS,
                                  .handler = fake_script_answer,
                                  .data = &b->script,
                                  .in_flight_max = 50,
                                  .attempts_max = 4,
                              });
}

void bench_done(struct bench *b)
{
    fake_client_close(&b->net);
    rd_arena_free(b->arena);
}

static void on_done(void *data, const struct rd_outcome *outcome)
{
    struct bench *b = data;
    b->outcome = *outcome;
    b->done_count++;
    b->done_ms = rd_loop_now_ms(b->net.loop);
}

static void on_accepted(void *data, struct rd_str url, struct rd_str location RD_UNUSED)
{
    struct bench *b = data;
    (void)snprintf(b->accepted, sizeof(b->accepted), "%.*s", RD_FMT(url));
}

struct rd_call call_of(struct bench *b, enum rd_http_method method, const char *url)
{
    return (struct rd_call){
        .method = method,
        .url = rd_str_from(url),
        .body = method == RD_HTTP_PUT ? RD_STR("{}") : RD_STR(""),
        .follows_operation = method != RD_HTTP_GET,
        .arena = b->arena,
        .accepted = on_accepted,
        .done = on_done,
        .data = b,
    };
}

void run(struct bench *b, const struct rd_call *call)
{
    rd_client_call(b->net.client, call);
    rd_loop_run(b->net.loop);
    assert_int_equal(b->done_count, 1);
}
