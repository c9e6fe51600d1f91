/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

/* One of the engine's doors: randomness, from the kernel or from a seed. Secrets are only ever made
 * with the kernel's. */

#include <stddef.h>
#include <stdint.h>

struct rd_random;

struct rd_random_ops {
    void (*fill)(struct rd_random *random, void *out, size_t size);
};

struct rd_random {
    const struct rd_random_ops *ops;
    uint64_t state[2]; /* seeded only */
};

void rd_random_init_system(struct rd_random *random);
void rd_random_init_seeded(struct rd_random *random, uint64_t seed);

void rd_random_fill(struct rd_random *random, void *out, size_t size);
uint64_t rd_random_u64(struct rd_random *random);
/* Evenly in [0, bound), bound > 0. */
uint64_t rd_random_below(struct rd_random *random, uint64_t bound);

#endif
