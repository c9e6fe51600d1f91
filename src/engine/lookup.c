/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "running.h"

enum {
    ASK_FIRST_MS = 10000,
    ASK_SLOWEST_MS = 60000,
    SETTLE_MS_MAX = 7200000, /* where the row names no timeout: the longest create but HSM's */
    FORBIDDEN_MS_MAX = 1200000,
    NOT_FOUND_MS_MAX = 120000, /* what was made a moment ago may not be found everywhere yet */
    SECRET_SHOWN_MIN = 6,      /* shorter values would mask ordinary words */
};

void lookup_wipe(struct rd_str text)
{
    if (text.n == 0)
        return;
    char *p;
    memcpy(&p, &text.p, sizeof(p)); /* the arena's bytes are ours: only the view is const */
    explicit_bzero(p, text.n);
}

bool lookup_is_secret(const struct lookup *lookup)
{
    return lookup->kind == LOOKUP_CALL || lookup->kind == LOOKUP_SECRET;
}

bool lookup_is_at_rest(const struct rd_json *body)
{
    struct rd_str state = rd_json_str(rd_json_at(body, "properties.provisioningState"));
    return state.n == 0 || rd_str_is_case(state, "Succeeded") || rd_str_is_case(state, "Failed") ||
           rd_str_is_case(state, "Canceled") || rd_str_is_case(state, "Cancelled");
}

static void answer_waiters(struct lookup *lookup)
{
    struct job *job = lookup->waiters;
    lookup->waiters = NULL;
    while (job != NULL) {
        struct job *next = job->next_waiter;
        job->next_waiter = NULL;
        job->awaited = NULL;
        step_lookup_done(job);
        job = next;
    }
}

static void ask(struct lookup *lookup);

static void ask_again(void *data)
{
    struct lookup *lookup = data;
    lookup->timer = 0;
    rd_arena_clear(lookup->arena);
    ask(lookup);
}

static void ask_later(struct lookup *lookup)
{
    struct rd_loop *loop = lookup->running->world->loop;
    lookup->timer = rd_loop_at(loop, rd_loop_now_ms(loop) + lookup->delay_ms, ask_again, lookup);
    lookup->delay_ms = lookup->delay_ms * 3 / 2;
    if (lookup->delay_ms > ASK_SLOWEST_MS)
        lookup->delay_ms = ASK_SLOWEST_MS;
}

static void finish(struct lookup *lookup, enum rd_rc rc, struct rd_str code, struct rd_str message)
{
    lookup->state = rc == RD_RC_OK ? LOOKUP_DONE : LOOKUP_FAILED;
    lookup->rc = rc;
    lookup->code = code;
    lookup->message = message;
    lookup->is_news = true;
    answer_waiters(lookup);
    lookup->is_news = false;
}

static void take_settling(struct lookup *lookup, const struct rd_outcome *outcome)
{
    int64_t waited_ms = rd_loop_now_ms(lookup->running->world->loop) - lookup->since_ms;
    if (lookup_is_at_rest(&outcome->body) &&
        address_is_ready(lookup->target.type, &outcome->body)) {
        finish(lookup, RD_RC_OK, outcome->code, outcome->message);
    } else if (waited_ms > address_ready_ms_max(lookup->target.type, SETTLE_MS_MAX)) {
        const struct rd_json *ready = rd_json_get(lookup->target.type->row, RD_STR("ready"));
        finish(lookup, RD_RC_TRANSIENT, RD_STR("TimedOut"),
               rd_arena_printf(lookup->running->arena, "'%.*s' did not become ready in time%s%.*s",
                               RD_FMT(lookup->target.id), rd_json_exists(ready) ? ": " : "",
                               RD_FMT(rd_json_str(rd_json_get(ready, RD_STR("note"))))));
    } else {
        ask_later(lookup);
    }
}

/* Whether this run has made it or has read it: not to find it then says little. */
static bool ought_to_be_there(const struct lookup *lookup)
{
    const struct running *running = lookup->running;
    struct rd_str id = lookup->target.id;
    const struct rd_step_record *record = rd_map_get(&running->step_of, id);
    bool was_read = running->plan->live != NULL && rd_set_find(running->plan->live, id) != NULL;
    return record != NULL ? record->state == RD_STEP_DONE : was_read;
}

static void take_answer(void *data, const struct rd_outcome *outcome)
{
    struct lookup *lookup = data;
    int64_t waited_ms = rd_loop_now_ms(lookup->running->world->loop) - lookup->since_ms;
    lookup->body = outcome->body;
    bool may_pass = outcome->rc == RD_RC_PERMISSION && waited_ms < FORBIDDEN_MS_MAX &&
                    lookup->kind != LOOKUP_SETTLE &&
                    rd_error_propagates(outcome->code, outcome->message) &&
                    lookup->running->run->done_count > 0;
    may_pass = may_pass || (outcome->rc == RD_RC_NOT_FOUND && waited_ms < NOT_FOUND_MS_MAX &&
                            ought_to_be_there(lookup));
    if (outcome->rc == RD_RC_OK && lookup->kind == LOOKUP_SETTLE)
        take_settling(lookup, outcome);
    else if (may_pass && !lookup->running->is_stopping)
        ask_later(lookup); /* a grant, or the thing itself, may be too new */
    else
        finish(lookup, outcome->rc, outcome->code, outcome->message);
}

static void ask(struct lookup *lookup)
{
    struct rd_call call = {
        .method = lookup->kind == LOOKUP_CALL ? RD_HTTP_POST : RD_HTTP_GET,
        .url = lookup->url,
        .is_secret = lookup_is_secret(lookup),
        .is_repeatable = true, /* list actions change nothing */
        .arena = lookup->arena,
        .urgency_ms = INT32_MAX, /* others wait for it */
        .done = take_answer,
        .data = lookup,
    };
    rd_client_call(lookup->running->world->client, &call);
}

static struct lookup *find(struct running *running, enum lookup_kind kind, struct rd_str name)
{
    static const char *const prefixes[] = {
        [LOOKUP_RESOURCE] = "resource",
        [LOOKUP_CALL] = "call",
        [LOOKUP_SECRET] = "secret",
        [LOOKUP_SETTLE] = "settle",
    };
    struct rd_buf key;
    rd_buf_init(&key, name.n + 16);
    rd_buf_printf(&key, "%s ", prefixes[kind]);
    rd_buf_add(&key, name);
    struct lookup *lookup = rd_map_get(&running->lookups, rd_buf_str(&key));
    if (lookup == NULL) {
        lookup = rd_arena_zalloc(running->arena, sizeof(*lookup));
        lookup->running = running;
        lookup->kind = kind;
        lookup->delay_ms = ASK_FIRST_MS;
        (void)rd_map_set(&running->lookups, rd_arena_str(running->arena, rd_buf_str(&key)), lookup);
    }
    rd_buf_done(&key);
    return lookup;
}

static struct lookup *begin(struct lookup *lookup, const struct target *target, struct rd_str url)
{
    struct running *running = lookup->running;
    lookup->target = *target;
    lookup->url = url;
    lookup->arena = rd_arena_new(0);
    lookup->since_ms = rd_loop_now_ms(running->world->loop);
    lookup->next = running->all_lookups;
    running->all_lookups = lookup;
    ask(lookup);
    return lookup;
}

/* Whether its answer can be used, or is on its way. One that failed is asked for again by those who
 * come later: what failed then fails the steps that waited for it, not all that ever need it. */
static bool is_asked(struct lookup *lookup)
{
    if (lookup->arena == NULL)
        return false;
    if (lookup->state != LOOKUP_FAILED || lookup->is_news || lookup->running->is_stopping)
        return true;
    lookup->state = LOOKUP_ASKING;
    lookup->delay_ms = ASK_FIRST_MS;
    lookup->since_ms = rd_loop_now_ms(lookup->running->world->loop);
    rd_arena_clear(lookup->arena);
    ask(lookup);
    return true;
}

static struct lookup *look_up(struct running *running, enum lookup_kind kind, struct rd_str id)
{
    struct lookup *lookup = find(running, kind, id);
    if (is_asked(lookup))
        return lookup;
    struct target target;
    if (!target_find(running->arena, running->plan->desired, running->plan->live, id, &target))
        return NULL;
    return begin(lookup, &target,
                 address_url(running->arena, &running->world->endpoints, &target, ADDRESS_GET));
}

struct lookup *lookup_secret(struct running *running, struct rd_str id)
{
    return look_up(running, LOOKUP_SECRET, id);
}

static struct lookup *look_up_call(struct running *running, struct rd_str call)
{
    size_t slash = rd_str_find_last_char(call, '/');
    if (slash == RD_STR_NONE)
        return NULL;
    struct lookup *lookup = find(running, LOOKUP_CALL, call);
    if (is_asked(lookup))
        return lookup;
    struct target target;
    if (!target_find(running->arena, running->plan->desired, running->plan->live,
                     rd_str_sub(call, 0, slash), &target))
        return NULL;
    return begin(lookup, &target,
                 address_action(running->arena, &running->world->endpoints, &target,
                                rd_str_sub(call, slash + 1, call.n)));
}

static bool is_vault_secret(struct running *running, struct rd_str id)
{
    struct target target;
    return target_find(running->arena, running->plan->desired, running->plan->live, id, &target) &&
           target.type->plane == RD_PLANE_VAULT &&
           rd_str_is_case(rd_str_after_last(target.type->name, '/'), "secrets");
}

struct lookup *lookup_reference(struct running *running, const struct rd_json *reference)
{
    struct rd_str ref = rd_json_str(rd_json_get(reference, RD_STR("$ref")));
    /* However it is referred to, what a vault keeps is a secret. */
    if (ref.n > 0)
        return look_up(running, is_vault_secret(running, ref) ? LOOKUP_SECRET : LOOKUP_RESOURCE,
                       ref);
    struct rd_str secret = rd_json_str(rd_json_get(reference, RD_STR("$secret")));
    if (secret.n > 0)
        return look_up(running, LOOKUP_SECRET, secret);
    return look_up_call(running, rd_json_str(rd_json_get(reference, RD_STR("$call"))));
}

struct lookup *lookup_settle(struct running *running, const struct rd_resource *resource)
{
    struct lookup *lookup = find(running, LOOKUP_SETTLE, resource->id);
    if (is_asked(lookup))
        return lookup;
    struct target target = target_of(resource);
    const struct rd_json *ready = rd_json_get(resource->type->row, RD_STR("ready"));
    struct rd_str query = rd_json_str(
        rd_json_get(rd_json_exists(ready) ? ready : resource->type->row, RD_STR("get_query")));
    return begin(
        lookup, &target,
        address_url_query(running->arena, &running->world->endpoints, &target, ADDRESS_GET, query));
}

void lookup_wait(struct lookup *lookup, struct job *job)
{
    job->awaited = lookup;
    job->next_waiter = lookup->waiters;
    lookup->waiters = job;
}

void lookup_stop(struct running *running)
{
    for (struct lookup *lookup = running->all_lookups; lookup != NULL; lookup = lookup->next) {
        if (lookup->timer == 0)
            continue;
        rd_loop_cancel(running->world->loop, lookup->timer);
        lookup->timer = 0;
        finish(lookup, RD_RC_INTERRUPTED, RD_STR(""), RD_STR("stopped"));
    }
}

static void each_text(const struct rd_json *value, void (*fn)(void *data, struct rd_str text),
                      void *data)
{
    if (rd_json_is(value, RD_JSON_STRING))
        fn(data, rd_json_str(value));
    else if (rd_json_is(value, RD_JSON_ARRAY))
        for (size_t i = 0; i < rd_json_count(value); i++)
            each_text(rd_json_item(value, i), fn, data);
    else if (rd_json_is(value, RD_JSON_OBJECT))
        for (size_t i = 0; i < rd_json_count(value); i++)
            each_text(&value->u.members[i].value, fn, data);
}

void lookup_done(struct running *running)
{
    for (struct lookup *lookup = running->all_lookups; lookup != NULL; lookup = lookup->next) {
        if (lookup_is_secret(lookup))
            rd_arena_wipe(lookup->arena);
        rd_arena_free(lookup->arena);
    }
    running->all_lookups = NULL;
}

struct masking {
    struct rd_arena *arena;
    struct rd_str text;
};

static void mask_one(void *data, struct rd_str secret)
{
    struct masking *masking = data;
    size_t at = secret.n < SECRET_SHOWN_MIN ? RD_STR_NONE : rd_str_find(masking->text, secret, 0);
    while (at != RD_STR_NONE) {
        struct rd_str before = rd_str_sub(masking->text, 0, at);
        struct rd_str after = rd_str_sub(masking->text, at + secret.n, masking->text.n);
        masking->text =
            rd_arena_printf(masking->arena, "%.*s***%.*s", RD_FMT(before), RD_FMT(after));
        at = rd_str_find(masking->text, secret, at);
    }
}

struct rd_str lookup_mask(struct running *running, struct rd_arena *arena, struct rd_str text)
{
    struct masking masking = {arena, text};
    for (struct lookup *lookup = running->all_lookups; lookup != NULL && text.n > 0;
         lookup = lookup->next)
        if (lookup_is_secret(lookup) && lookup->state == LOOKUP_DONE)
            each_text(lookup->kind == LOOKUP_SECRET ? rd_json_get(&lookup->body, RD_STR("value"))
                                                    : &lookup->body,
                      mask_one, &masking);
    return masking.text;
}
