/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AZURE_BENCH_H
#define AZURE_BENCH_H

/* One client over a transport that answers from a script, and the last outcome. */

#include <stdio.h>

#include "check.h"
#include "fake_client.h"

enum { START_MS = 1000000 };

#define ARM "https://management.azure.com"
#define SUB "/subscriptions/00000000-0000-0000-0000-000000000001"
#define VM_URL                                                                                     \
    ARM SUB "/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v?api-version=1"
#define OP_URL ARM SUB "/providers/Microsoft.Compute/operations/7?t=1"

struct bench {
    struct fake_client net;
    struct fake_script script;
    struct rd_arena *arena;
    struct rd_outcome outcome;
    int done_count;
    int64_t done_ms;
    char accepted[300]; /* the operation's URL */
};

void bench_init(struct bench *b, const struct fake_line *lines, size_t count);
void bench_done(struct bench *b);
/* A call whose outcome goes to the bench. */
struct rd_call call_of(struct bench *b, enum rd_http_method method, const char *url);
/* Makes that call and waits for its end. */
void run(struct bench *b, const struct rd_call *call);

/* A bench with the lines of its script. */
#define BENCH(name, ...)                                                                           \
    static const struct fake_line lines_[] = {__VA_ARGS__};                                        \
    struct bench name;                                                                             \
    bench_init(&name, lines_, sizeof(lines_) / sizeof(lines_[0]))

#endif
