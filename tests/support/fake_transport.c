/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_transport.h"

#include <assert.h>
#include <string.h>

struct delivery {
    struct fake_transport *fake;
    struct rd_arena *arena;
    struct fake_answer answer;
    rd_transport_fn *fn;
    void *data;
};

static void deliver(void *data)
{
    struct delivery *delivery = data;
    delivery->fake->in_flight--;
    bool is_reply = delivery->answer.result == RD_TRANSPORT_REPLY;
    delivery->fn(delivery->data, delivery->answer.result, is_reply ? &delivery->answer.reply : NULL,
                 is_reply ? "" : "as the test says");
    rd_arena_free(delivery->arena);
}

static void log_request(struct fake_transport *fake, const struct rd_http_request *request)
{
    fake->log = rd_arena_grow(fake->arena, fake->log, fake->count, &fake->cap, sizeof(*fake->log));
    fake->log[fake->count++] = (struct fake_request){
        .time_ms = rd_loop_now_ms(fake->loop),
        .method = request->method,
        .url = rd_arena_str(fake->arena, request->url),
        .body = rd_arena_str(fake->arena, request->body),
        .is_secret = request->is_secret,
        .request_id = rd_arena_str(
            fake->arena, rd_http_headers_get(&request->headers, "x-ms-client-request-id")),
    };
}

static void fake_send(struct rd_transport *transport, const struct rd_http_request *request,
                      rd_transport_fn *fn, void *data)
{
    struct fake_transport *fake = (struct fake_transport *)transport;
    if (!fake->keeps_no_log)
        log_request(fake, request);
    fake->in_flight++;
    if (fake->in_flight > fake->in_flight_peak)
        fake->in_flight_peak = fake->in_flight;
    struct rd_arena *arena = rd_arena_new(0);
    struct delivery *delivery = rd_arena_zalloc(arena, sizeof(*delivery));
    delivery->fake = fake;
    delivery->arena = arena;
    delivery->fn = fn;
    delivery->data = data;
    delivery->answer.reply.status = 200;
    int64_t now_ms = rd_loop_now_ms(fake->loop);
    fake->handler(fake->data, arena, now_ms, request, &delivery->answer);
    if (delivery->answer.delay_ms > 0)
        (void)rd_loop_at(fake->loop, now_ms + delivery->answer.delay_ms, deliver, delivery);
    else
        rd_loop_defer(fake->loop, deliver, delivery);
}

static const struct rd_transport_ops fake_ops = {.send = fake_send};

void fake_transport_init(struct fake_transport *fake, struct rd_loop *loop, fake_handler *handler,
                         void *data)
{
    *fake = (struct fake_transport){
        .base = {&fake_ops},
        .loop = loop,
        .handler = handler,
        .data = data,
        .arena = rd_arena_new(0),
    };
}

void fake_transport_done(struct fake_transport *fake)
{
    rd_arena_free(fake->arena);
}

const struct fake_request *fake_find(const struct fake_transport *fake, enum rd_http_method method,
                                     const char *part, size_t n)
{
    assert(part[0] != '\0'); /* nothing is in no URL: a count of it would prove nothing */
    for (size_t i = 0; i < fake->count; i++)
        if (fake->log[i].method == method &&
            rd_str_find_case(fake->log[i].url, rd_str_from(part), 0) != RD_STR_NONE && n-- == 0)
            return &fake->log[i];
    return NULL;
}

size_t fake_count(const struct fake_transport *fake, enum rd_http_method method, const char *part)
{
    size_t count = 0;
    while (fake_find(fake, method, part, count) != NULL)
        count++;
    return count;
}

void fake_header(struct rd_arena *arena, struct fake_answer *answer, const char *name,
                 const char *value)
{
    rd_http_headers_add(arena, &answer->reply.headers, name, rd_str_from(value));
}

void fake_script_answer(void *data, struct rd_arena *arena, int64_t now_ms RD_UNUSED,
                        const struct rd_http_request *request RD_UNUSED, struct fake_answer *answer)
{
    struct fake_script *script = data;
    const struct fake_line *line = &script->lines[script->next];
    if (script->next + 1 < script->count)
        script->next++;
    answer->result = line->result;
    answer->reply.status = line->status;
    answer->reply.body = rd_str_from(line->body);
    answer->delay_ms = line->delay_ms;
    for (size_t i = 0; i + 1 < sizeof(line->headers) / sizeof(line->headers[0]); i += 2) {
        if (line->headers[i] == NULL)
            break;
        fake_header(arena, answer, line->headers[i], line->headers[i + 1]);
    }
}
