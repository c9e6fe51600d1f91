/* SPDX-License-Identifier: Apache-2.0 */
#include "transport_contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { CROWD = 50, AGAIN = 5 };

struct exchange {
    struct transport_contract *contract;
    struct rd_http_request request;
    bool is_sending;
    int answers;
    int status;
    size_t body_sum; /* so that every byte was read */
    int again;       /* how often the callback still sends */
};

static void send(struct exchange *exchange);

static void on_answer(void *data, enum rd_transport_result result,
                      const struct rd_http_reply *reply, const char *reason)
{
    struct exchange *exchange = data;
    assert_false(exchange->is_sending);
    exchange->answers++;
    if (result != RD_TRANSPORT_REPLY) {
        assert_null(reply);
        assert_non_null(reason);
        assert_true(reason[0] != '\0');
        return;
    }
    assert_non_null(reply);
    exchange->status = reply->status;
    for (size_t i = 0; i < reply->body.n; i++)
        exchange->body_sum += (unsigned char)reply->body.p[i];
    for (size_t i = 0; i < reply->headers.count; i++) {
        assert_true(reply->headers.items[i].name.n > 0);
        assert_true(rd_str_is_utf8(reply->headers.items[i].value));
    }
    if (exchange->again-- > 0)
        send(exchange);
}

static void send(struct exchange *exchange)
{
    exchange->is_sending = true;
    rd_transport_send(exchange->contract->transport, &exchange->request, on_answer, exchange);
    exchange->is_sending = false;
}

static struct exchange exchange_of(struct transport_contract *contract)
{
    return (struct exchange){
        .contract = contract,
        .request = {.method = RD_HTTP_GET, .url = contract->url, .body = RD_STR("")},
    };
}

void transport_answers_once_and_later(struct transport_contract *contract)
{
    struct exchange exchange = exchange_of(contract);
    send(&exchange);
    assert_int_equal(exchange.answers, 0);
    rd_loop_run(contract->loop);
    assert_int_equal(exchange.answers, 1);
}

void transport_replies_are_whole(struct transport_contract *contract)
{
    struct exchange exchange = exchange_of(contract);
    send(&exchange);
    rd_loop_run(contract->loop);
    assert_true(exchange.status >= 100 && exchange.status <= 599);
}

void transport_keeps_requests_apart(struct transport_contract *contract)
{
    struct exchange exchanges[CROWD];
    for (size_t i = 0; i < CROWD; i++) {
        exchanges[i] = exchange_of(contract);
        send(&exchanges[i]);
    }
    rd_loop_run(contract->loop);
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(exchanges[i].answers, 1);
}

void transport_may_be_used_from_its_callback(struct transport_contract *contract)
{
    struct exchange exchange = exchange_of(contract);
    exchange.again = AGAIN;
    send(&exchange);
    rd_loop_run(contract->loop);
    assert_int_equal(exchange.answers, 1 + AGAIN);
}

static void end_wait(void *data)
{
    bool *is_over = data;
    *is_over = true;
}

void transport_leaves_the_loop_idle(struct transport_contract *contract)
{
    struct exchange exchange = exchange_of(contract);
    send(&exchange);
    rd_loop_run(contract->loop); /* returns only when nothing is left to do */
    bool is_over = false;
    rd_loop_defer(contract->loop, end_wait, &is_over);
    int64_t before_ms = rd_loop_now_ms(contract->loop);
    rd_loop_run(contract->loop);
    assert_true(is_over);
    assert_true(rd_loop_now_ms(contract->loop) - before_ms < 1000);
    assert_int_equal(exchange.answers, 1);
}

void transport_contract_run(struct transport_contract *contract)
{
    transport_answers_once_and_later(contract);
    transport_replies_are_whole(contract);
    transport_keeps_requests_apart(contract);
    transport_may_be_used_from_its_callback(contract);
    transport_leaves_the_loop_idle(contract);
}
