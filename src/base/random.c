/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"

static void system_fill(struct rd_random *random RD_UNUSED, void *out, size_t size)
{
    unsigned char *p = out;
    while (size > 0) {
        ssize_t got = getrandom(p, size, 0);
        if (got < 0) {
            assert(errno == EINTR);
            continue;
        }
        p += got;
        size -= (size_t)got;
    }
}

/* splitmix64 (Steele, Lea, Flood 2014): one step for each eight bytes. */
static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static void seeded_fill(struct rd_random *random, void *out, size_t size)
{
    unsigned char *p = out;
    while (size > 0) {
        uint64_t word = split_mix(&random->state[0]);
        size_t n = size < sizeof(word) ? size : sizeof(word);
        memcpy(p, &word, n);
        p += n;
        size -= n;
    }
}

static const struct rd_random_ops system_ops = {system_fill};
static const struct rd_random_ops seeded_ops = {seeded_fill};

void rd_random_init_system(struct rd_random *random)
{
    *random = (struct rd_random){.ops = &system_ops};
}

void rd_random_init_seeded(struct rd_random *random, uint64_t seed)
{
    *random = (struct rd_random){.ops = &seeded_ops, .state = {seed, 0}};
}

void rd_random_fill(struct rd_random *random, void *out, size_t size)
{
    random->ops->fill(random, out, size);
}

uint64_t rd_random_u64(struct rd_random *random)
{
    uint64_t value;
    rd_random_fill(random, &value, sizeof(value));
    return value;
}

uint64_t rd_random_below(struct rd_random *random, uint64_t bound)
{
    assert(bound > 0);
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound; /* rejects the uneven rest */
    uint64_t value;
    do
        value = rd_random_u64(random);
    while (value >= limit);
    return value % bound;
}
