/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EMULATOR_COMPUTE_WORLD_H
#define TESTS_EMULATOR_COMPUTE_WORLD_H

/*
 * A small cloud for the tests of compute, images and keys: requests by path, time by hand. Bodies
 * are written with ' for ".
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "emulator/cloud.h"
#include "json/json.h"

#define SUB "/subscriptions/11111111-1111-1111-1111-111111111111"
#define GROUP SUB "/resourceGroups/rg"
#define COMPUTE GROUP "/providers/Microsoft.Compute"
#define NIC(n) GROUP "/providers/Microsoft.Network/networkInterfaces/" n
#define IDENTITY GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"
#define VAULT GROUP "/providers/Microsoft.KeyVault/vaults/kv-one"
#define HSM GROUP "/providers/Microsoft.KeyVault/managedHSMs/hsm-one"

struct world {
    struct rd_cloud *cloud;
    struct rd_arena *arena;
    int64_t now_ms;
    struct rd_json json; /* of the last reply, or absent */
    struct rd_http_reply reply;
};

void world_open(struct world *w);
void world_close(struct world *w);
void later(struct world *w, int64_t seconds);
/* A request to Resource Manager, or to the host when `path` starts with "https://"; its status. */
int call(struct world *w, enum rd_http_method method, const char *path, const char *body);
/* The same without a bearer token. */
int call_unknown(struct world *w, enum rd_http_method method, const char *path);
/* PUT that must be accepted, and time until it is done and Succeeded. */
void make(struct world *w, const char *path, const char *body);
/* Text at a dotted path of the last reply. */
const char *text(struct world *w, const char *path);
/* A fault, which must be known. */
void fault(struct world *w, const char *what);
/* The group and a subnet with the NICs nic1, nic2. */
void make_network(struct world *w);
void grant(struct world *w, const char *scope, const char *role, const char *principal,
           const char *guid);
/* Lets a person use the vaults of the subscription, or the HSM at `host`: the built-in deployer,
 * who is any person, then may. Takes 20 minutes. */
void let_use_vaults(struct world *w);
void let_use_hsm(struct world *w, const char *host);

#endif
