/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "base/limits.h"
#include "exchange.h"

/*
 * Asynchronous operations (azure-compute 1.3). Azure-AsyncOperation's URL answers 200 with a
 * "status"; Location's answers 202 until it answers 200 or 204 with the result. One reader takes
 * both: a reply is final when it is not 202 and either has no status or a terminal one. So a URL
 * from the journal needs no note of its style.
 */

enum {
    DEFAULT_DELAY_MS = 10000,
    MIN_DELAY_MS = 1000, /* for a Retry-After of 0 */
    NOT_FOUND_FOR_MS_MAX =
        60000, /* a new operation's URL, or a new resource, may not be there yet */
    OPERATION_MS_MAX = 86400000, /* an image is built for 11 hours at most, nothing takes longer */
};

enum progress { PROGRESS_RUNNING, PROGRESS_SUCCEEDED, PROGRESS_FAILED, PROGRESS_CANCELED };

static enum progress progress_of(struct rd_str status)
{
    if (rd_str_is_case(status, "Succeeded"))
        return PROGRESS_SUCCEEDED;
    /* Image Builder's third ending (azure-compute 4.3): nothing more will happen by itself. */
    if (rd_str_is_case(status, "Failed") || rd_str_is_case(status, "PartiallySucceeded"))
        return PROGRESS_FAILED;
    if (rd_str_is_case(status, "Canceled") || rd_str_is_case(status, "Cancelled"))
        return PROGRESS_CANCELED;
    return PROGRESS_RUNNING; /* whatever else it is called */
}

/* "" when the body has none, which means that it is done (azure-compute 1.3, point 6). */
static struct rd_str provisioning_state(const struct rd_json *body)
{
    const struct rd_json *properties = rd_json_get(body, RD_STR("properties"));
    return rd_json_str(rd_json_get(properties, RD_STR("provisioningState")));
}

static void give_up(struct exchange *x)
{
    struct rd_outcome outcome = {
        .rc = RD_RC_TRANSIENT,
        .code = RD_STR("TimedOut"),
        .message = RD_STR("the operation has not ended within a day"),
    };
    exchange_finish(x, &outcome);
}

static void wait_for_poll(struct exchange *x, const struct rd_http_reply *reply)
{
    if (rd_loop_now_ms(x->client->options.loop) - x->operation_since_ms > OPERATION_MS_MAX) {
        give_up(x);
        return;
    }
    int64_t delay_ms = DEFAULT_DELAY_MS;
    if (retry_after_ms(reply, rd_loop_now_ms(x->client->options.loop), &delay_ms) &&
        delay_ms < MIN_DELAY_MS && rd_http_headers_get(&reply->headers, "Retry-After").n > 0)
        delay_ms = MIN_DELAY_MS;
    x->tries = 0;
    x->throttled = 0;
    retry_wait(x, delay_ms > 0 ? delay_ms : MIN_DELAY_MS);
}

static void set_url(struct rd_buf *buf, struct rd_str url)
{
    rd_buf_clear(buf);
    rd_buf_add(buf, url);
}

/* The operation's URL comes from outside: the cloud may not send us elsewhere. */
static bool check_url(struct exchange *x, struct rd_str url)
{
    bool is_long = url.n > RD_HTTP_URL_SIZE_MAX;
    if (!is_long && rd_endpoints_allow(&x->client->options.endpoints, url))
        return true;
    struct rd_outcome outcome = {
        .rc = RD_RC_CLOUD,
        .message = is_long
                       ? RD_STR("the cloud names an operation by a URL longer than any real one")
                       : RD_STR("the cloud names an operation outside its own endpoints"),
        .resource_message = rd_arena_str(x->call.arena, rd_str_sub(url, 0, 200)),
    };
    exchange_finish(x, &outcome);
    return false;
}

static bool follow(struct exchange *x, struct rd_str operation, struct rd_str location,
                   const struct rd_http_reply *reply)
{
    if (!check_url(x, operation))
        return true;
    set_url(&x->operation_url, operation);
    set_url(&x->location_url, location);
    x->aim = AIM_OPERATION;
    expect_begin(x);
    wait_for_poll(x, reply);
    if (x->call.accepted != NULL)
        x->call.accepted(x->call.data, operation, location);
    return true;
}

bool poll_begin(struct exchange *x, const struct rd_http_reply *reply, const struct rd_json *body)
{
    if (!x->call.follows_operation || reply->status >= 300)
        return false;
    x->not_found_since_ms = 0;
    x->operation_since_ms = rd_loop_now_ms(x->client->options.loop);
    struct rd_str state = provisioning_state(body);
    bool is_running =
        reply->status == 202 || (state.n > 0 && progress_of(state) == PROGRESS_RUNNING);
    struct rd_str operation = rd_http_headers_get(&reply->headers, "Azure-AsyncOperation");
    struct rd_str location = rd_http_headers_get(&reply->headers, "Location");
    if (operation.n > 0 && reply->status != 204)
        return follow(x, operation, location, reply);
    if (!is_running)
        return false;
    if (location.n > 0)
        return follow(x, location, RD_STR(""), reply);
    if (x->call.method == RD_HTTP_POST && !x->call.polls_resource)
        return false; /* there is nothing to ask: what it does is its own resource's matter */
    x->aim = AIM_RESOURCE;
    expect_begin(x);
    set_url(&x->operation_url, x->call.resource_url.n > 0 ? x->call.resource_url : x->call.url);
    wait_for_poll(x, reply);
    return true;
}

void poll_resume(struct exchange *x)
{
    x->aim = AIM_OPERATION;
    x->operation_since_ms = rd_loop_now_ms(x->client->options.loop);
    set_url(&x->operation_url, x->call.resume_url);
    set_url(&x->location_url, x->call.resume_location_url);
    pacing_enqueue(x);
}

static void succeed(struct exchange *x, const struct rd_http_reply *reply)
{
    expect_learn(x);
    struct rd_outcome outcome = {.rc = RD_RC_OK, .status = reply->status, .body = rd_json_absent};
    (void)exchange_parse(x->call.arena, reply->body, &outcome.body);
    exchange_finish(x, &outcome);
}

/* A POST's result is in the operation or at its Location. */
static bool fetch_result(struct exchange *x, const struct rd_json *body)
{
    struct rd_str location = rd_buf_str(&x->location_url);
    if (x->call.method != RD_HTTP_POST || location.n == 0 ||
        rd_json_exists(rd_json_at(body, "properties.output")) ||
        !rd_endpoints_allow(&x->client->options.endpoints, location))
        return false;
    x->aim = AIM_RESULT;
    x->tries = 0;
    set_url(&x->operation_url, location);
    pacing_enqueue(x);
    return true;
}

static void take_not_found(struct exchange *x, const struct rd_http_reply *reply,
                           const struct rd_json *body)
{
    int64_t now_ms = rd_loop_now_ms(x->client->options.loop);
    if (x->not_found_since_ms == 0)
        x->not_found_since_ms = now_ms;
    bool is_resumed = x->call.resume_url.n > 0;
    if (is_resumed || now_ms - x->not_found_since_ms >= NOT_FOUND_FOR_MS_MAX)
        exchange_fail(x, reply->status, body, "NotFound");
    else
        wait_for_poll(x, reply);
}

static void take_operation(struct exchange *x, const struct rd_http_reply *reply,
                           const struct rd_json *body)
{
    struct rd_str status = rd_json_str(rd_json_get(body, RD_STR("status")));
    enum progress progress = status.n > 0 ? progress_of(status) : PROGRESS_SUCCEEDED;
    if (reply->status == 202 && progress == PROGRESS_SUCCEEDED && status.n == 0)
        progress = PROGRESS_RUNNING;
    switch (progress) {
    case PROGRESS_RUNNING:
        wait_for_poll(x, reply);
        return;
    case PROGRESS_FAILED:
        exchange_fail(x, reply->status, body,
                      rd_str_is_case(status, "Failed") ? "ProvisioningFailed"
                                                       : "PartiallySucceeded");
        return;
    case PROGRESS_CANCELED:
        exchange_fail(x, reply->status, body, "Canceled");
        return;
    case PROGRESS_SUCCEEDED:
    default:
        if (status.n == 0 || !fetch_result(x, body))
            succeed(x, reply);
        return;
    }
}

static void take_resource(struct exchange *x, const struct rd_http_reply *reply,
                          const struct rd_json *body)
{
    struct rd_str state = provisioning_state(body);
    bool is_delete = x->call.method == RD_HTTP_DELETE;
    enum progress progress = state.n > 0 ? progress_of(state) : PROGRESS_SUCCEEDED;
    if (progress == PROGRESS_FAILED || progress == PROGRESS_CANCELED)
        exchange_fail(x, reply->status, rd_json_at(body, "properties.provisioningError"),
                      progress == PROGRESS_FAILED ? "ProvisioningFailed" : "Canceled");
    else if (progress == PROGRESS_RUNNING || is_delete)
        wait_for_poll(x, reply); /* a deletion ends when it is not found any more */
    else
        succeed(x, reply);
}

void poll_take_reply(struct exchange *x, const struct rd_http_reply *reply)
{
    struct rd_json body = rd_json_absent;
    rd_arena_clear(x->client->scratch);
    bool is_json = exchange_parse(x->client->scratch, reply->body, &body);
    if (reply->status == 404 && x->aim == AIM_RESOURCE && x->call.method == RD_HTTP_DELETE) {
        succeed(x, reply);
        return;
    }
    if (reply->status == 404) {
        take_not_found(x, reply, &body);
        return;
    }
    x->not_found_since_ms = 0;
    if (reply->status >= 300 || !is_json)
        exchange_fail(x, reply->status, &body, "");
    else if (x->aim == AIM_OPERATION)
        take_operation(x, reply, &body);
    else if (x->aim == AIM_RESOURCE)
        take_resource(x, reply, &body);
    else if (reply->status == 202)
        wait_for_poll(x, reply);
    else
        succeed(x, reply);
}
