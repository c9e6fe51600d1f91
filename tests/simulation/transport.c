/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport between client and cloud, which loses, breaks, delays and reorders as the weather
 * says, and watches what goes by: where requests go, what they may write, when polls come, and
 * which values are secret.
 */
#include <string.h>

#include "simulation.h"

/* One request on its way. */
struct trip {
    struct transport *transport;
    const struct rd_http_request *request;
    rd_transport_fn *fn;
    void *data;
    int64_t epoch;
    enum rd_transport_result result;
    struct rd_arena *arena; /* of the reply */
    struct rd_http_reply reply;
};

struct transport {
    struct rd_transport door; /* first: the ops get a pointer to it */
    struct world *world;
    struct rd_arena *arena;   /* of the process: what the cloud said */
    struct rd_map not_before; /* "METHOD url" -> time it may be asked again */
    struct rd_str last_url;
    size_t used_at_last;
    int growths; /* of memory, by polls of last_url in a row */
};

static struct rd_str key_of(struct rd_arena *arena, enum rd_http_method method, struct rd_str url)
{
    return rd_arena_printf(arena, "%s %.*s", rd_http_method_name(method), RD_FMT(url));
}

static void set_not_before(struct transport *transport, enum rd_http_method method,
                           struct rd_str url, int64_t time_ms)
{
    int64_t *slot = rd_arena_alloc(transport->arena, sizeof(*slot));
    *slot = time_ms;
    (void)rd_map_set(&transport->not_before, key_of(transport->arena, method, url), slot);
}

/* What is checked of a request before it travels ---------------------------------------------- */

/* The id that an ARM URL names, as it stands there (redoubt's ids need no decoding). */
static struct rd_str id_of(const struct world *world, struct rd_str url)
{
    struct rd_str arm = world->endpoints.arm;
    if (!rd_str_has_prefix_case(url, arm))
        return RD_STR("");
    struct rd_str path = rd_str_sub(url, arm.n, url.n);
    size_t end = rd_str_find_char(path, '?', 0);
    return rd_str_sub(path, 0, end == RD_STR_NONE ? path.n : end);
}

static bool is_of_plan(const struct rd_plan *plan, struct rd_str id)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (rd_str_eq_case(plan->steps[i].id, id))
            return true;
    return false;
}

/* A POST names an action behind an id: that of a step, of what it is made `via`, or a list action
 * that only reads. */
static bool is_action_of_plan(const struct rd_plan *plan, struct rd_str id)
{
    size_t slash = rd_str_find_last_char(id, '/');
    struct rd_str action = rd_str_sub(id, slash + 1, id.n);
    if (rd_str_has_prefix_case(action, RD_STR("list")) ||
        is_of_plan(plan, rd_str_sub(id, 0, slash)))
        return true;
    for (size_t i = 0; i < plan->change_count; i++)
        if (plan->changes[i].desired != NULL && rd_str_eq_case(plan->changes[i].desired->via, id))
            return true;
    return false;
}

static bool is_read(const struct rd_http_request *request, struct rd_str id)
{
    if (request->method == RD_HTTP_GET || request->method == RD_HTTP_HEAD)
        return true;
    size_t slash = rd_str_find_last_char(id, '/');
    return request->method == RD_HTTP_POST && slash != RD_STR_NONE &&
           rd_str_has_prefix_case(rd_str_sub(id, slash + 1, id.n), RD_STR("list"));
}

/* Azure Backup names a protected item twice: the URL has the container's form of the id. */
static void check_write(struct world *world, const struct rd_http_request *request)
{
    struct rd_str id = id_of(world, request->url);
    if (is_read(request, id))
        return;
    const struct rd_plan *plan = world->process->running;
    if (plan == NULL) {
        broken(world, "%s %.*s is sent while nothing may be written",
               rd_http_method_name(request->method), RD_FMT(request->url));
        return;
    }
    if (id.n == 0)
        return; /* data planes have no ids: what they hold is compared at the end */
    bool is_allowed =
        request->method == RD_HTTP_POST ? is_action_of_plan(plan, id) : is_of_plan(plan, id);
    if (!is_allowed)
        broken(world, "%s %.*s is of nothing that the plan has",
               rd_http_method_name(request->method), RD_FMT(id));
    if (is_allowed && request->method != RD_HTTP_POST && !watch_has_intent(world, id))
        broken(world, "%s %.*s is sent without an intent in the journal's file",
               rd_http_method_name(request->method), RD_FMT(id));
}

static void check_time(struct transport *transport, const struct rd_http_request *request)
{
    struct world *world = transport->world;
    int64_t now_ms = rd_loop_now_ms(world->process->loop);
    if (now_ms < world->now_ms)
        broken(world, "the clock went back by %lld ms", (long long)(world->now_ms - now_ms));
    world->now_ms = now_ms;
    struct rd_arena *scratch = rd_arena_new(0);
    const int64_t *not_before =
        rd_map_get(&transport->not_before, key_of(scratch, request->method, request->url));
    if (not_before != NULL && now_ms < *not_before)
        broken(world, "%s %.*s is sent %lld ms before Retry-After is over",
               rd_http_method_name(request->method), RD_FMT(request->url),
               (long long)(*not_before - now_ms));
    rd_arena_free(scratch);
}

/* Polls of one operation with nothing in between cost no memory. What begins meanwhile without a
 * request may, once; a leak grows with every poll. */
static void check_memory(struct transport *transport, const struct rd_http_request *request)
{
    enum { GROWTHS_MAX = 4 };
    struct world *world = transport->world;
    size_t used = rd_arena_used(world->process->arena);
    bool is_same = request->method == RD_HTTP_GET && world->process->running != NULL &&
                   rd_str_eq(transport->last_url, request->url);
    if (!is_same) {
        transport->last_url = rd_arena_str(transport->arena, request->url);
        transport->growths = 0;
    } else {
        world->poll_pairs++;
        transport->growths = used > transport->used_at_last ? transport->growths + 1 : 0;
        if (transport->growths > GROWTHS_MAX)
            broken(world, "each poll of %.*s leaves memory in the run's arena, this one %zu bytes",
                   RD_FMT(request->url), used - transport->used_at_last);
    }
    transport->used_at_last = used;
}

static void check_request(struct transport *transport, const struct rd_http_request *request)
{
    struct world *world = transport->world;
    if (!rd_endpoints_allow(&world->endpoints, request->url))
        broken(world, "a request leaves the cloud's endpoints: %.*s", RD_FMT(request->url));
    check_time(transport, request);
    check_write(world, request);
    check_memory(transport, request);
    digest_int(world, world->now_ms);
    digest_int(world, (int64_t)request->method);
    digest_text(world, request->url);
    digest_text(world, request->body);
    world->request_count++;
}

/* What is learned from a reply ---------------------------------------------------------------- */

static void learn_pause(struct transport *transport, const struct rd_http_request *request,
                        const struct rd_http_reply *reply)
{
    struct rd_str text = rd_http_headers_get(&reply->headers, "Retry-After");
    int64_t seconds = 0;
    if (!rd_str_to_int(text, 1, 86400, &seconds))
        return;
    int64_t until_ms = transport->world->now_ms + seconds * 1000;
    struct rd_str operation = rd_http_headers_get(&reply->headers, "Azure-AsyncOperation");
    struct rd_str location = rd_http_headers_get(&reply->headers, "Location");
    if (operation.n > 0)
        set_not_before(transport, RD_HTTP_GET, operation, until_ms);
    else if (location.n > 0)
        set_not_before(transport, RD_HTTP_GET, location, until_ms);
    bool is_poll = request->method == RD_HTTP_GET && operation.n == 0 && location.n == 0 &&
                   rd_str_find(request->url, RD_STR("perations/"), 0) != RD_STR_NONE;
    bool is_put_off =
        request->method != RD_HTTP_GET && (reply->status == 429 || reply->status == 503);
    if (is_poll || is_put_off)
        set_not_before(transport, request->method, request->url, until_ms);
}

static void learn_secret(struct world *world, const struct rd_json *value)
{
    if (rd_json_str(value).n >= 8 && !texts_has(&world->secrets, rd_json_str(value)))
        texts_add(world, &world->secrets, rd_json_str(value));
}

static void learn_secrets(struct world *world, struct rd_arena *arena, struct rd_str url,
                          struct rd_str text)
{
    bool is_token = rd_str_find_case(url, RD_STR("listRegistrationTokens"), 0) != RD_STR_NONE;
    bool is_secret = rd_str_find_case(url, RD_STR("/secrets/"), 0) != RD_STR_NONE &&
                     rd_str_find_case(url, RD_STR(".vault."), 0) != RD_STR_NONE;
    bool is_machine = rd_str_find(text, RD_STR("adminPassword"), 0) != RD_STR_NONE;
    struct rd_json body;
    struct rd_err err;
    if ((!is_token && !is_secret && !is_machine) ||
        rd_json_parse(arena, "body", text, 0, &body, &err) != RD_RC_OK)
        return;
    if (is_token)
        learn_secret(world, rd_json_at(&body, "value.0.token"));
    if (is_secret)
        learn_secret(world, rd_json_at(&body, "value"));
    if (is_machine)
        learn_secret(world, rd_json_at(&body, "properties.osProfile.adminPassword"));
}

/* Travelling ---------------------------------------------------------------------------------- */

static void ask_cloud(struct world *world, struct rd_arena *arena,
                      const struct rd_http_request *request, int64_t now_ms,
                      struct rd_http_reply *ret_reply)
{
    struct rd_http_request signed_in = *request;
    signed_in.headers = (struct rd_http_headers){0};
    for (size_t i = 0; i < request->headers.count; i++)
        rd_http_headers_add(arena, &signed_in.headers, request->headers.items[i].name.p,
                            request->headers.items[i].value);
    rd_http_headers_add(arena, &signed_in.headers, "Authorization", RD_STR("Bearer embedded"));
    struct rd_err err;
    if (rd_cloud_handle(world->cloud, arena, now_ms, &signed_in, ret_reply, &err) != RD_RC_OK) {
        broken(world, "the cloud's own file failed: %s", err.msg);
        *ret_reply = (struct rd_http_reply){.status = 500};
    }
}

struct rd_http_reply by_hand(struct world *world, struct rd_arena *arena,
                             enum rd_http_method method, struct rd_str url, struct rd_str body)
{
    struct rd_http_request request = {.method = method, .url = url, .body = body};
    struct rd_http_reply reply = {0};
    if (body.n > 0)
        rd_http_headers_add(arena, &request.headers, "Content-Type", RD_STR("application/json"));
    ask_cloud(world, arena, &request, world->now_ms, &reply);
    return reply;
}

static void act(struct trip *trip)
{
    struct world *world = trip->transport->world;
    ask_cloud(world, trip->arena, trip->request, rd_loop_now_ms(world->process->loop),
              &trip->reply);
    if (trip->reply.status == 429)
        world->cloud_throttled++;
    learn_secrets(world, trip->arena, trip->request->url, trip->request->body);
    learn_secrets(world, trip->arena, trip->request->url, trip->reply.body);
}

static void refuse(struct trip *trip, int status, struct rd_str code, int64_t retry_after_s)
{
    trip->reply = (struct rd_http_reply){
        .status = status,
        .body = rd_arena_printf(trip->arena, "{\"error\":{\"code\":\"%.*s\",\"message\":\"%s\"}}",
                                RD_FMT(code), "the weather is bad"),
    };
    if (retry_after_s > 0)
        rd_http_headers_add(trip->arena, &trip->reply.headers, "Retry-After",
                            rd_arena_printf(trip->arena, "%lld", (long long)retry_after_s));
}

/* How this trip goes. The cloud acts at once, so that its time is the loop's. */
static void travel(struct trip *trip)
{
    static const int statuses[] = {500, 502, 503, 504};
    struct world *world = trip->transport->world;
    struct weather *weather = &world->weather;
    struct rd_random *draw = &world->chaos_draw;
    trip->result = RD_TRANSPORT_REPLY;
    uint32_t dice = weather->budget > 0 ? (uint32_t)rd_random_below(draw, 1000) : 1000;
    uint32_t edge = weather->lost;
    bool is_hit = true;
    if (dice < edge) {
        act(trip);
        trip->result = chance(draw, 500) ? RD_TRANSPORT_TIMEOUT : RD_TRANSPORT_DROPPED;
    } else if (dice < (edge += weather->dropped)) {
        trip->result = chance(draw, 500) ? RD_TRANSPORT_TIMEOUT : RD_TRANSPORT_DROPPED;
    } else if (dice < (edge += weather->refused)) {
        trip->result = RD_TRANSPORT_REFUSED;
    } else if (dice < (edge += weather->failed)) {
        if (chance(draw, 400))
            act(trip); /* carried out, and then the way back broke in a gateway */
        refuse(trip, statuses[rd_random_below(draw, 4)], RD_STR("ServerError"),
               chance(draw, 300) ? between(draw, 1, 30) : 0);
    } else if (dice < edge + weather->throttled) {
        refuse(trip, 429, RD_STR("TooManyRequests"), chance(draw, 500) ? between(draw, 1, 60) : 0);
    } else {
        is_hit = false;
        act(trip);
    }
    if (is_hit) {
        weather->budget--;
        world->fault_count++;
        tell(world, "  weather: %s %.*s: %s %d", rd_http_method_name(trip->request->method),
             RD_FMT(trip->request->url), trip->result == RD_TRANSPORT_REPLY ? "reply" : "none",
             trip->reply.status);
    }
}

static void arrive(void *data)
{
    struct trip *trip = data;
    struct transport *transport = trip->transport;
    struct world *world = transport->world;
    struct rd_arena *arena = trip->arena;
    process_event(world);
    world->now_ms = rd_loop_now_ms(world->process->loop);
    if (trip->result == RD_TRANSPORT_REPLY) {
        learn_pause(transport, trip->request, &trip->reply);
        trip->fn(trip->data, RD_TRANSPORT_REPLY, &trip->reply, "");
    } else {
        trip->fn(trip->data, trip->result, NULL, "the weather is bad");
    }
    rd_heap_free(trip);
    rd_arena_free(arena);
}

static void let_somebody_add(struct world *world, const struct rd_http_request *request)
{
    struct rd_str id = id_of(world, request->url);
    struct rd_str end = RD_STR("/resources");
    if (world->process->running == NULL)
        return;
    if (world->weather.adds_at > 0 && --world->weather.adds_at == 0)
        person_adds(world);
    if (request->method == RD_HTTP_GET && rd_str_has_suffix(id, end))
        texts_add(world, &world->looked_into, rd_str_sub(id, 0, id.n - end.n));
}

static void send(struct rd_transport *door, const struct rd_http_request *request,
                 rd_transport_fn *fn, void *data)
{
    struct transport *transport = (struct transport *)door;
    struct world *world = transport->world;
    struct weather *weather = &world->weather;
    struct rd_loop *loop = world->process->loop;
    process_event(world);
    let_somebody_add(world, request);
    check_request(transport, request);
    tell(world, "  %lld %s %.*s", (long long)world->now_ms, rd_http_method_name(request->method),
         RD_FMT(request->url));
    if (weather->stop_at > 0 && ++world->process->requests == weather->stop_at) {
        tell(world, "Ctrl-C");
        world->process->stop = 1;
        world->stop_count++;
    }
    struct trip *trip = rd_heap_zalloc(sizeof(*trip));
    *trip = (struct trip){transport,          request,         fn, data, world->epoch,
                          RD_TRANSPORT_REPLY, rd_arena_new(0), {0}};
    travel(trip);
    if (weather->delay_ms_max > 0)
        (void)rd_loop_at(
            loop, rd_loop_now_ms(loop) + between(&world->chaos_draw, 0, weather->delay_ms_max),
            arrive, trip);
    else
        rd_loop_defer(loop, arrive, trip);
}

static const struct rd_transport_ops ops = {send};

struct transport *transport_new(struct world *world)
{
    struct transport *transport = rd_heap_zalloc(sizeof(*transport));
    transport->door.ops = &ops;
    transport->world = world;
    transport->arena = rd_arena_new(0);
    rd_map_init(&transport->not_before, false);
    return transport;
}

void transport_free(struct transport *transport)
{
    if (transport == NULL)
        return;
    rd_map_done(&transport->not_before);
    rd_arena_free(transport->arena);
    rd_heap_free(transport);
}

struct rd_transport *transport_door(struct transport *transport)
{
    return &transport->door;
}
