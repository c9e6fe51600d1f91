/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EMULATOR_NETWORK_WORLD_H
#define TESTS_EMULATOR_NETWORK_WORLD_H

/* An embedded cloud in memory with one resource group, and short words to talk to it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "emulator/cloud.h"
#include "json/json.h"

#define SUB "/subscriptions/11111111-2222-3333-4444-555555555555"
#define GROUP SUB "/resourceGroups/rg1"
#define NET GROUP "/providers/Microsoft.Network"
#define AVD GROUP "/providers/Microsoft.DesktopVirtualization"

struct world {
    struct rd_cloud *cloud;
    struct rd_arena *arena;
    int64_t now_ms;
    int status;
    struct rd_http_reply reply;
    struct rd_json body; /* of the last reply */
};

/* For cmocka's setup and teardown; *state is the world. */
int world_open(void **state);
int world_close(void **state);

/* One request; bodies are written with ' for ". The reply is in the world. Returns the status. */
int call(struct world *world, enum rd_http_method method, const char *path, const char *body);
int put(struct world *world, const char *path, const char *body);
int patch(struct world *world, const char *path, const char *body);
int get(struct world *world, const char *path);
int post(struct world *world, const char *path, const char *body);
int del(struct world *world, const char *path);
/* A PUT that must be accepted, and the time until it is done: an hour of virtual time. */
void make(struct world *world, const char *path, const char *body);
void wait_s(struct world *world, int64_t seconds);

/* What the last reply says at a dotted path. */
void expect_text(struct world *world, const char *path, const char *text);
void expect_count(struct world *world, const char *path, size_t count);
void expect_absent(struct world *world, const char *path);
/* The last reply must be this refusal. */
void expect_error(struct world *world, int status, const char *code);
/* ... and its message must hold this. */
void expect_message(struct world *world, const char *part);

#endif
