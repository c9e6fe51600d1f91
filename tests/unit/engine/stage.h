/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_STAGE_H
#define ENGINE_STAGE_H

/* A small enclave, the fake cloud it is built in, and what a test looks at after a run. */

#include "fake_cloud.h"
#include "fixture.h"

enum { START_MS = 1700000000, WANTED = 13, KILLED = 77 };

#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define GROUP SUB "/resourceGroups/rg"
#define PROVIDER GROUP "/providers/"
#define ID_UAMI PROVIDER "Microsoft.ManagedIdentity/userAssignedIdentities/id1"
#define ID_ROLE                                                                                    \
    GROUP "/providers/Microsoft.Authorization/roleAssignments/"                                    \
          "aaaaaaaa-0000-0000-0000-000000000001"
#define ID_VAULT PROVIDER "Microsoft.KeyVault/vaults/kv1"
#define ID_SECRET ID_VAULT "/secrets/admin"
#define ID_POOL PROVIDER "Microsoft.DesktopVirtualization/hostPools/hp1"
#define ID_NIC(n) PROVIDER "Microsoft.Network/networkInterfaces/nic" n
#define ID_VM(n) PROVIDER "Microsoft.Compute/virtualMachines/vm" n
#define ID_EXT(n, e) ID_VM(n) "/extensions/" e

/* What the enclave consists of; each needs only what stands before it. */
struct wanted {
    const char *id, *body;
};
extern const struct wanted wanted[WANTED];

struct stage {
    struct rd_arena *arena;
    struct fake_client net;
    struct rd_world world;
    struct rd_set *desired;
    struct rd_plan plan;
    struct rd_run *run;
    struct rd_err err;
    enum rd_rc rc;
    volatile int stop;
    int stop_after; /* steps done; 0 never */
    size_t peak;
    int64_t left_first_ms;
    int kill_at; /* the event at which the process ends; 0 never */
    int events;
};

/* For cmocka: *state is a cloud in memory that is shared with children. */
int stage_set_up(void **state);
int stage_tear_down(void **state);
extern char stage_folder[64]; /* the journal's */
#define ON_STAGE(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

void stage_open(struct stage *s, struct fake_cloud *cloud);
void stage_close(struct stage *s);
/* Opens, and creates everything. */
void stage_open_and_run(struct stage *s, struct fake_cloud *cloud);
/* As if nothing had ever been there, nor been done. */
void start_afresh(struct fake_cloud *cloud);

/* A plan that creates what `live` lacks, and waits for what is under way there; the real one is
 * plan/'s. */
void plan_creation(struct stage *s, const struct rd_set *live);
void run_plan(struct stage *s, size_t parallel_max);
struct rd_json parse(struct rd_arena *arena, const char *text);

#endif
