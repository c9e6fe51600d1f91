/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static void answer(void *data, struct rd_arena *arena, int64_t now_ms,
                   const struct rd_http_request *request, struct fake_answer *ret_answer)
{
    struct scene *s = data;
    for (size_t i = 0; i < s->rule_count; i++) {
        struct rule *rule = &s->rules[i];
        if (rule->method != request->method ||
            rd_str_find(request->url, rd_str_from(rule->part), 0) == RD_STR_NONE ||
            (rule->times > 0 && rule->used == rule->times))
            continue;
        rule->used++;
        struct fake_script script = {&rule->line, 1, 0};
        fake_script_answer(&script, arena, now_ms, request, ret_answer);
        return;
    }
    ret_answer->reply.status = 404;
    ret_answer->reply.body = RD_STR("{\"error\":{\"code\":\"ResourceNotFound\"}}");
}

int scene_set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    s->arena = rd_arena_new(0);
    fake_client_open(&s->net, &(struct fake_client_options){.start_ms = 1700000000000,
                                                            .handler = answer,
                                                            .data = s,
                                                            .in_flight_max = 20,
                                                            .attempts_max = 3});
    s->world = world_of(&s->net);
    (void)snprintf(s->folder, sizeof(s->folder), "/tmp/redoubt-outcome-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    assert_int_equal(rd_journal_open(s->folder, false, &s->world.journal, &s->err), RD_RC_OK);
    s->desired = new_set(s->arena);
    s->live = new_set(s->arena);
    *state = s;
    return 0;
}

int scene_tear_down(void **state)
{
    struct scene *s = *state;
    rd_journal_close(s->world.journal);
    remove_journal(s->folder);
    (void)rmdir(s->folder);
    rd_set_done(s->desired);
    rd_set_done(s->live);
    fake_client_close(&s->net);
    rd_arena_free(s->arena);
    free(s);
    return 0;
}

void scene_renew(void **state)
{
    (void)scene_tear_down(state);
    (void)scene_set_up(state);
}

void scene_answer(struct scene *s, struct rule *rules, size_t rule_count)
{
    s->rules = rules;
    s->rule_count = rule_count;
}

struct rd_resource *add(struct scene *s, struct rd_set *set, const char *id, const char *body)
{
    size_t index = 0;
    struct rd_json value;
    if (rd_json_parse(s->arena, "t", rd_str_from(body), 0, &value, &s->err) != RD_RC_OK ||
        rd_set_add(set, rd_str_from(id), value, RD_STR(""), &index, &s->err) != RD_RC_OK)
        fail_msg("%s", s->err.msg);
    return &set->resources[index];
}

enum rd_rc run(struct scene *s, enum rd_change_kind kind, const char *id, struct rule *rules,
               size_t rule_count)
{
    assert_int_equal(rd_set_resolve(s->desired, &s->err), RD_RC_OK);
    rd_set_resolve_live(s->live);
    scene_answer(s, rules, rule_count);
    s->change.kind = kind;
    s->change.id = rd_str_from(id);
    s->change.desired = rd_set_find(s->desired, s->change.id);
    s->change.live = rd_set_find(s->live, s->change.id);
    s->change.type = (s->change.desired != NULL ? s->change.desired : s->change.live)->type;
    s->step = (struct rd_step){.kind = kind == RD_CHANGE_DELETE ? RD_STEP_DELETE : RD_STEP_PUT,
                               .id = s->change.id};
    if (s->other_step != NULL)
        s->step = *s->other_step;
    s->plan = (struct rd_plan){.arena = s->arena,
                               .enclave = RD_STR("e1"),
                               .desired = s->desired,
                               .live = s->live,
                               .changes = &s->change,
                               .change_count = 1,
                               .steps = &s->step,
                               .step_count = 1};
    const struct rd_run_options options = {.verb = "apply", .parallel_max = 10};
    return rd_engine_run(&s->world, s->arena, &s->plan, &options, &s->run, &s->err);
}

void leave(struct scene *s, enum rd_journal_phase phase, const char *step, const char *id)
{
    struct rd_run_record record = {.verb = RD_STR("apply"), .enclave = RD_STR("e1")};
    int64_t number = 0;
    assert_int_equal(rd_journal_begin(s->world.journal, &record, &number, &s->err), RD_RC_OK);
    struct rd_journal_entry entry = {.run = number,
                                     .sequence = 1,
                                     .phase = phase,
                                     .step = rd_str_from(step),
                                     .id = rd_str_from(id)};
    if (phase == RD_JOURNAL_ACCEPTED) {
        entry.url = RD_STR(OPERATION);
        entry.body_hash = rd_str_from(s->asked != NULL ? s->asked : "");
    }
    assert_int_equal(rd_journal_add(s->world.journal, &entry, &s->err), RD_RC_OK);
}

struct rd_str open_url(struct scene *s, const char *step, const char *id)
{
    struct rd_str url = {"", 0};
    assert_int_equal(rd_journal_open_operation(s->world.journal, s->arena, rd_str_from(step),
                                               rd_str_from(id), &url, &s->err),
                     RD_RC_OK);
    return url;
}
