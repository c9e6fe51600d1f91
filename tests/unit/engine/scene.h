/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_SCENE_H
#define ENGINE_SCENE_H

/* A plan of one step on one resource, against a cloud that answers by rules. */

#include "fixture.h"

#define ARM "https://management.azure.com"
#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define GROUP SUB "/resourceGroups/rg"
#define VM GROUP "/providers/Microsoft.Compute/virtualMachines/vm1"
#define VAULT GROUP "/providers/Microsoft.KeyVault/vaults/kv1"
#define TEMPLATE GROUP "/providers/Microsoft.VirtualMachineImages/imageTemplates/t"
#define OPERATION ARM SUB "/providers/x/operations/1?c=s"

/* What matches first answers, as often as it may; 404 where nothing does. */
struct rule {
    enum rd_http_method method;
    const char *part; /* of the URL */
    int times;        /* 0: always */
    struct fake_line line;
    int used;
};

struct scene {
    struct rd_arena *arena;
    struct fake_client net;
    struct rd_world world;
    struct rd_set *desired;
    struct rd_set *live;
    struct rd_plan plan;
    struct rd_change change;
    struct rd_step step;
    struct rd_run *run;
    struct rd_err err;
    struct rule *rules;
    size_t rule_count;
    const char *asked;                /* hash of what the killed run asked for */
    const struct rd_step *other_step; /* instead of the change's own write */
    char folder[64];
};

/* For cmocka; *state is the scene. */
int scene_set_up(void **state);
int scene_tear_down(void **state);
#define IN_SCENE(name) cmocka_unit_test_setup_teardown(name, scene_set_up, scene_tear_down)
/* As it was at the beginning; *state is another one. */
void scene_renew(void **state);
/* What the cloud answers from now on; the rules stay the caller's. */
void scene_answer(struct scene *s, struct rule *rules, size_t rule_count);

struct rd_resource *add(struct scene *s, struct rd_set *set, const char *id, const char *body);
enum rd_rc run(struct scene *s, enum rd_change_kind kind, const char *id, struct rule *rules,
               size_t rule_count);
#define RUN(s, kind, id, ...)                                                                      \
    run((s), (kind), (id), (struct rule[]){__VA_ARGS__},                                           \
        sizeof((struct rule[]){__VA_ARGS__}) / sizeof(struct rule))

/* What a killed run wrote last of a step. */
void leave(struct scene *s, enum rd_journal_phase phase, const char *step, const char *id);
/* Of the operation that the journal holds open, or "". */
struct rd_str open_url(struct scene *s, const char *step, const char *id);

#endif
