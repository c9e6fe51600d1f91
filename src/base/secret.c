/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <assert.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/arena.h"

void rd_secret_init(struct rd_secret *secret)
{
    *secret = (struct rd_secret){NULL, 0};
}

void rd_secret_done(struct rd_secret *secret)
{
    if (secret->p != NULL)
        explicit_bzero(secret->p, secret->n);
    rd_heap_free(secret->p);
    rd_secret_init(secret);
}

void rd_secret_set(struct rd_secret *secret, struct rd_str value)
{
    char *p = rd_heap_zalloc(value.n + 1);
    if (value.n > 0)
        memcpy(p, value.p, value.n);
    rd_secret_done(secret);
    *secret = (struct rd_secret){p, value.n};
}

void rd_secret_generate(struct rd_secret *secret, struct rd_random *random, size_t length)
{
    static const char *const classes[] = {"abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ",
                                          "23456789", "#%+-.=@_"};
    enum { CLASS_COUNT = 4 };
    assert(length >= 16 && length <= 123);
    rd_secret_done(secret);
    secret->p = rd_heap_zalloc(length + 1);
    secret->n = length;
    for (size_t i = 0; i < length; i++) {
        /* The first four characters take one of each class, the rest any; then all are shuffled. */
        size_t class_ = i < CLASS_COUNT ? i : (size_t)rd_random_below(random, CLASS_COUNT);
        secret->p[i] = classes[class_][rd_random_below(random, strlen(classes[class_]))];
    }
    for (size_t i = length - 1; i > 0; i--) {
        size_t j = (size_t)rd_random_below(random, i + 1);
        char c = secret->p[i];
        secret->p[i] = secret->p[j];
        secret->p[j] = c;
    }
}

struct rd_str rd_secret_reveal(const struct rd_secret *secret)
{
    return (struct rd_str){secret->p == NULL ? "" : secret->p, secret->n};
}

void rd_secret_protect_process(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
