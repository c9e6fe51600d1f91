/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_REPORT_WORLD_H
#define TEST_REPORT_WORLD_H

/*
 * Input for reports without a cloud: an example's set, a live set that is a copy of it without what
 * `is_missing` says, the real rules and prices, and a journal as a run over the set's own order
 * writes it.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "enclave/compile.h"
#include "report/report.h"

struct world {
    struct rd_arena *arena;
    struct rd_set *desired;
    struct rd_set *live;
    struct rd_report_input input;
};

enum { WORLD_STEP_MS = 20000 };
#define WORLD_START_MS INT64_C(1795300000000) /* 2026-11-21T20:26:40Z */

static inline void world_check(enum rd_rc rc, const struct rd_err *err)
{
    if (rc == RD_RC_OK)
        return;
    (void)fprintf(stderr, "%s\n", err->msg);
    abort();
}

static inline struct rd_set *world_compile(struct rd_arena *arena, const char *name,
                                           int64_t host_count)
{
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_str text = RD_STR("");
    struct rd_spec *spec = NULL;
    struct rd_set *set = NULL;
    world_check(rd_spec_template(arena, rd_str_from(name), &text, &err), &err);
    world_check(rd_spec_parse(arena, "enclave.yaml", text, &spec, &err), &err);
    if (spec == NULL)
        abort();
    if (host_count > 0)
        spec->hosts.count = host_count;
    world_check(rd_enclave_compile(arena, spec, &set, &err), &err);
    if (set == NULL)
        abort();
    return set;
}

static inline struct rd_set *world_live(struct rd_arena *arena, const struct rd_set *desired,
                                        const char *missing)
{
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_set *live = rd_set_new(arena, desired->name, desired->cloud);
    live->facts = desired->facts;
    for (size_t i = 0; i < desired->count; i++) {
        const struct rd_resource *from = &desired->resources[i];
        size_t index = 0;
        if (missing != NULL && rd_str_find(from->id, rd_str_from(missing), 0) != RD_STR_NONE)
            continue;
        struct rd_json body = rd_json_copy(arena, &from->body);
        world_check(rd_set_add(live, from->id, body, RD_STR("live"), &index, &err), &err);
        live->resources[index].host = from->host;
    }
    rd_set_resolve_live(live);
    return live;
}

struct world_journal {
    struct rd_journal_entry *entries;
    size_t count;
    size_t cap;
};

static inline void world_write(struct world *world, struct world_journal *journal, int64_t time_ms,
                               enum rd_journal_phase phase, struct rd_str id)
{
    journal->entries = rd_arena_grow(world->arena, journal->entries, journal->count, &journal->cap,
                                     sizeof(*journal->entries));
    struct rd_journal_entry entry = {.run = 3,
                                     .sequence = (int64_t)journal->count + 1,
                                     .time_ms = time_ms,
                                     .phase = phase,
                                     .step = RD_STR("put"),
                                     .id = id};
    if (phase == RD_JOURNAL_FAILED) {
        entry.code = RD_STR("AllocationFailed");
        entry.message = RD_STR("allocation failed: not enough capacity in zone 1 for this size");
    }
    journal->entries[journal->count++] = entry;
}

/* Each resource starts when what it needs is there and takes as long as its type is said to. What
 * is not live has failed. */
static inline void world_run(struct world *world, struct rd_run_record *run)
{
    const struct rd_set *set = world->desired;
    uint32_t *order = rd_arena_array(world->arena, set->count, sizeof(*order));
    int64_t *ends = rd_arena_array(world->arena, set->count, sizeof(*ends));
    struct world_journal journal = {0};
    rd_set_order(set, order);
    run->end_ms = WORLD_START_MS;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *resource = &set->resources[order[i]];
        int64_t start = WORLD_START_MS;
        for (uint32_t k = 0; k < resource->need_count; k++)
            start = ends[resource->needs[k]] > start ? ends[resource->needs[k]] : start;
        int64_t took = resource->type->create_ms > 0 ? resource->type->create_ms : WORLD_STEP_MS;
        ends[order[i]] = start + took;
        bool is_live = world->live != NULL && rd_set_find(world->live, resource->id) != NULL;
        world_write(world, &journal, start, RD_JOURNAL_INTENT, resource->id);
        world_write(world, &journal, start + took, is_live ? RD_JOURNAL_DONE : RD_JOURNAL_FAILED,
                    resource->id);
        run->end_ms = start + took > run->end_ms ? start + took : run->end_ms;
        run->step_count++;
    }
    world->input.entries = journal.entries;
    world->input.entry_count = journal.count;
}

/* `missing` is a part of the ids that do not stand, or NULL. */
static inline struct world world_make(struct rd_arena *arena, const char *name, int64_t host_count,
                                      const char *missing)
{
    struct rd_err err = {.rc = RD_RC_OK};
    struct world world = {.arena = arena};
    world.desired = world_compile(arena, name, host_count);
    world.live = world_live(arena, world.desired, missing);
    struct rd_rule *rules = NULL;
    size_t rule_count = 0, scenario_count = 0;
    struct rd_audit *audit = NULL;
    struct rd_price *price = NULL;
    struct rd_scenario *scenarios = NULL;
    world_check(rd_rules_load(arena, &rules, &rule_count, &err), &err);
    world_check(rd_audit_run(arena, rules, rule_count, world.live, world.desired, WORLD_START_MS,
                             &audit, &err),
                &err);
    world_check(rd_cost_price(arena, world.desired, RD_STR(""), &price, &err), &err);
    world_check(
        rd_cost_scenarios(arena, world.desired, RD_STR(""), &scenarios, &scenario_count, &err),
        &err);
    struct rd_run_record *run = rd_arena_zalloc(arena, sizeof(*run));
    *run = (struct rd_run_record){
        .run = 3,
        .verb = RD_STR("apply"),
        .enclave = world.desired->name,
        .plan_hash = RD_STR("9f0c5e1b7a3d4c2e8f6a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e"),
        .start_ms = WORLD_START_MS,
        .state = missing == NULL ? RD_RUN_SUCCEEDED : RD_RUN_FAILED,
        .summary = RD_STR("{\"requests\":812,\"polls\":431,\"throttled\":3,\"retried\":5}"),
    };
    world.input = (struct rd_report_input){.version = "0.1.0",
                                           .now_ms = WORLD_START_MS + 7200000,
                                           .file = "enclave.yaml",
                                           .desired = world.desired,
                                           .live = world.live,
                                           .audit = audit,
                                           .price = price,
                                           .scenarios = scenarios,
                                           .scenario_count = scenario_count,
                                           .run = run};
    world_run(&world, run);
    return world;
}

static inline void world_done(struct world *world)
{
    rd_set_done(world->desired);
    rd_set_done(world->live);
}

#endif
