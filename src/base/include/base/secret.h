/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

/*
 * A secret in memory: wiped when done with, kept out of core dumps by rd_secret_protect_process(),
 * and without any function that prints it.
 */

#include <stddef.h>

#include "base/random.h"
#include "base/str.h"

struct rd_secret {
    char *p;
    size_t n;
};

void rd_secret_init(struct rd_secret *secret);
void rd_secret_done(struct rd_secret *secret); /* wipes; for RD_CLEANUP too */
void rd_secret_set(struct rd_secret *secret, struct rd_str value);
/* A password of `length` characters (16..123) with letters of both cases, digits and symbols,
 * as Windows and Azure ask for: three of the four classes, none of the forbidden words. */
void rd_secret_generate(struct rd_secret *secret, struct rd_random *random, size_t length);
/* The only way to the bytes; the view dies with the secret. */
struct rd_str rd_secret_reveal(const struct rd_secret *secret);

/* No core dumps, no ptrace by others: once, at the start of main. */
void rd_secret_protect_process(void);

#endif
