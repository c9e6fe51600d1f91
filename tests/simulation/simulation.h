/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_SIMULATION_H
#define SIMULATION_SIMULATION_H

/*
 * The deterministic simulation (DESIGN.md, section 3): the real client, planner, executor and
 * journal against the embedded cloud in one process, over doors that misbehave as a seed says. One
 * seed is one story: a spec is applied until it stands, planned again, perhaps edited and applied
 * again, perhaps destroyed; meanwhile replies get lost, the process dies, people press Ctrl-C and
 * change things by hand. What must hold in every story is checked while it goes on.
 *
 *     scene   what the story is about: spec, edits, destroy. Drawn from the seed alone.
 *     chaos   what goes wrong in it. The same scene without chaos says what must come out.
 *     process client, engine and journal from their start to their end, which may be a crash
 *
 * A crash leaves the process by longjmp and frees nothing of it, as a kill does: what its heap held
 * is lost, and its files are copied as they lie.
 */

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "emulator/cloud.h"
#include "engine/engine.h"
#include "spec/spec.h"

struct world;

/* What a seed says of the enclave; the acts change some of it. */
enum template_kind { TEMPLATE_SOVEREIGN, TEMPLATE_PMK, TEMPLATE_CMK, TEMPLATE_COUNT };

struct scene {
    enum template_kind kind;
    int host_count;
    bool is_personal;
    bool has_pins;
    bool has_build;
    bool has_key_vault; /* customer keys in a vault instead of an HSM */
    bool has_customer_keys;
    bool has_backup;
    bool has_monitoring;
    bool has_two_subscriptions;
    bool is_large; /* the larger VM size */
    bool has_extra_rule;
    const char *firewall_tier;
    const char *schedule;
    int max_sessions;
    int retention_days;
    /* Acts behind the first apply. */
    bool edits_count;
    bool edits_size;
    bool edits_pins;
    bool edits_settings;
    bool destroys;
    bool saves_plans; /* every plan goes through its saved form */
    bool has_file;    /* the cloud lies in a file */
};

/* How bad the weather is: chances in a thousand, for each request. */
struct weather {
    uint32_t lost;      /* carried out, no reply */
    uint32_t dropped;   /* not carried out, the connection broke */
    uint32_t refused;   /* never left */
    uint32_t failed;    /* 500, 502, 503, 504 in front of the cloud */
    uint32_t throttled; /* 429 in front of the cloud */
    int64_t delay_ms_max;
    int64_t budget;        /* faults that are left in this act */
    int64_t crash_at;      /* events (requests, replies, journal writes) until the crash; 0 never */
    int64_t stop_at;       /* requests until Ctrl-C; 0 never */
    int64_t adds_at;       /* requests until somebody adds something of theirs; 0 never */
    int64_t journal_fails; /* journal writes until one fails; 0 never */
};

struct texts {
    struct rd_str *items;
    size_t count;
    size_t cap;
};

struct process {
    struct rd_arena *arena;
    struct rd_clock clock;
    struct rd_loop *loop;
    struct rd_client *client;
    struct rd_random random;
    struct rd_world engine;
    struct rd_set *desired;
    struct rd_set *live;
    struct rd_plan *plan;
    const struct rd_plan *running; /* what may be written now; NULL: nothing */
    volatile int stop;
    int64_t events;
    int64_t requests;
};

struct world {
    uint64_t seed;
    bool is_disturbed;
    bool is_verbose;
    struct rd_random scene_draw;
    struct rd_random chaos_draw;
    struct rd_arena *arena; /* of the story */
    struct scene scene;
    struct weather weather;
    struct rd_cloud *cloud;
    const char *folder;
    int64_t folder_count; /* a crash leaves one folder behind and goes on in a copy */
    struct process *process;
    struct transport *transport;
    struct rd_spec *spec; /* of the present act */
    struct rd_endpoints endpoints;
    jmp_buf crash;
    bool may_crash;
    bool is_destroyed; /* groups stay that hold what is not ours */
    int64_t now_ms;
    int64_t epoch; /* number of the process: what one was told dies with it */
    uint64_t digest;
    struct rd_map intents; /* "id step" -> how far the entry got */
    struct texts secrets;
    struct texts foreign;     /* ids of what other people made */
    struct texts looked_into; /* groups of which a run has asked what they hold */
    struct texts messages;    /* everything that users were told */
    /* Figures. */
    int64_t request_count;
    int64_t cloud_throttled;
    int64_t crash_count;
    int64_t stop_count;
    int64_t fault_count;
    int64_t poll_pairs;
    int64_t followed;   /* steps that waited for what an earlier run had begun */
    char failure[2048]; /* "" while all is well */
};

/* simulate.c */
RD_PRINTF(2, 3) void broken(struct world *world, const char *fmt, ...);
RD_PRINTF(2, 3) void tell(const struct world *world, const char *fmt, ...);
bool chance(struct rd_random *draw, uint32_t in_a_thousand);
int64_t between(struct rd_random *draw, int64_t low, int64_t high);
void digest_text(struct world *world, struct rd_str text);
void digest_int(struct world *world, int64_t value);
void texts_add(struct world *world, struct texts *texts, struct rd_str text);
bool texts_has(const struct texts *texts, struct rd_str text);

/* scene.c */
void scene_draw(struct world *world);
struct rd_str scene_spec(struct rd_arena *arena, const struct scene *scene);
void scene_cloud_faults(struct world *world);
void weather_draw(struct world *world, int attempt);

/* process.c */
void cloud_open(struct world *world, const char *path);
/* One run of a verb from start to end or crash; RD_RC_IO for a crash. `*ret_steps` are the plan's.
 */
enum verb { VERB_PLAN, VERB_APPLY, VERB_DESTROY };
enum rd_rc process_run(struct world *world, enum verb verb, size_t *ret_steps);
_Noreturn void process_crash(struct world *world);
/* Counts one event and crashes when it is the one. */
void process_event(struct world *world);

/* transport.c */
struct transport *transport_new(struct world *world);
void transport_free(struct transport *transport);
struct rd_transport *transport_door(struct transport *transport);
/* A request beside the engine's, by a person or the test; the reply lies in `arena`. */
struct rd_http_reply by_hand(struct world *world, struct rd_arena *arena,
                             enum rd_http_method method, struct rd_str url, struct rd_str body);

/* watch.c */
void watch_begin(struct world *world); /* the journal's writes are this story's from now on */
void watch_end(void);
bool watch_has_intent(struct world *world, struct rd_str id);
void watch_check_secrets(struct world *world);

/* person.c */
void person_meddles(struct world *world);
void person_starts_machines(struct world *world);
/* Adds something to a group of the running plan whose deletion is not about to be sent. */
void person_adds(struct world *world);

/* truth.c: what the cloud really holds, by the test's own eyes. */
struct fact {
    struct rd_str id;
    struct rd_str text; /* without times and what is drawn */
};
struct truth {
    struct fact *facts; /* in order of id */
    size_t count;
    size_t cap;
};
void truth_read(struct world *world, struct rd_arena *arena, struct truth *ret_truth);
void truth_compare(struct world *world, const struct truth *expected, const struct truth *got,
                   const char *when);
void truth_check_orphans(struct world *world, const char *when);
void truth_check_machines(struct world *world, const char *when);
void truth_check_pins(struct world *world, const char *when);
void truth_check_foreign(struct world *world, const char *when);
void truth_clear_faults(struct rd_cloud *cloud);
/* `text` with GUIDs and times written over. */
struct rd_str truth_normal(struct rd_arena *arena, struct rd_str text);

/* story.c */
struct story {
    struct truth after[8]; /* each act */
    size_t count;
};
void story_run(struct world *world, struct story *ret_story);

#endif
