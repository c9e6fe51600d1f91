/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate [--seed N] [--count N] [--verbose]: the stories of so many seeds from N on, as TAP. A
 * failure names its seed, and that seed alone tells the same story again.
 */
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulation.h"

enum { SEEDS_A_LINE = 10, TWICE_EVERY = 10, SECONDS_MAX = 300 };

static char home[64];
static volatile uint64_t seed_now;

bool chance(struct rd_random *draw, uint32_t in_a_thousand)
{
    return rd_random_below(draw, 1000) < in_a_thousand;
}

int64_t between(struct rd_random *draw, int64_t low, int64_t high)
{
    return low + (int64_t)rd_random_below(draw, (uint64_t)(high - low) + 1);
}

void tell(const struct world *world, const char *fmt, ...)
{
    if (!world->is_verbose)
        return;
    va_list ap;
    va_start(ap, fmt);
    (void)fputs(world->is_disturbed ? "# " : "# (undisturbed) ", stdout);
    (void)vprintf(fmt, ap);
    (void)putchar('\n');
    va_end(ap);
}

/* The first thing that breaks is what is told; the rest mostly follows from it. */
void broken(struct world *world, const char *fmt, ...)
{
    if (world->failure[0] != '\0')
        return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(world->failure, sizeof(world->failure), fmt, ap);
    va_end(ap);
    tell(world, "BROKEN: %s", world->failure);
}

void digest_int(struct world *world, int64_t value)
{
    world->digest = (world->digest ^ (uint64_t)value) * UINT64_C(0x9e3779b97f4a7c15);
    world->digest ^= world->digest >> 29;
}

void digest_text(struct world *world, struct rd_str text)
{
    digest_int(world, (int64_t)text.n);
    digest_int(world, (int64_t)rd_str_hash(text));
}

void texts_add(struct world *world, struct texts *texts, struct rd_str text)
{
    texts->items =
        rd_arena_grow(world->arena, texts->items, texts->count, &texts->cap, sizeof(*texts->items));
    texts->items[texts->count++] = rd_arena_str(world->arena, text);
}

bool texts_has(const struct texts *texts, struct rd_str text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (rd_str_eq(texts->items[i], text))
            return true;
    return false;
}

/* Worlds -------------------------------------------------------------------------------------- */

static void world_open(struct world *world, uint64_t seed, bool is_disturbed, bool is_verbose)
{
    memset(world, 0, sizeof(*world));
    world->seed = seed;
    world->is_disturbed = is_disturbed;
    world->is_verbose = is_verbose;
    world->arena = rd_arena_new(0);
    rd_map_init(&world->intents, true);
    rd_random_init_seeded(&world->scene_draw, seed * 2 + 1);
    rd_random_init_seeded(&world->chaos_draw, seed * 2 + 2);
    static int number;
    world->folder = rd_arena_printf(world->arena, "%s/%d", home, number++).p;
}

static void world_close(struct world *world)
{
    rd_map_done(&world->intents);
    rd_arena_free(world->arena);
}

static int remove_one(const char *path, const struct stat *about RD_UNUSED, int kind RD_UNUSED,
                      struct FTW *where)
{
    return where->level == 0 ? 0 : remove(path);
}

static void empty_home(void)
{
    (void)nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Seeds --------------------------------------------------------------------------------------- */

struct totals {
    int64_t seeds, requests, crashes, stops, faults, polls, followed, secrets, foreign;
};

static void count(struct totals *totals, const struct world *world)
{
    totals->requests += world->request_count;
    totals->crashes += world->crash_count;
    totals->stops += world->stop_count;
    totals->faults += world->fault_count;
    totals->polls += world->poll_pairs;
    totals->followed += world->followed;
    totals->secrets += (int64_t)world->secrets.count;
    totals->foreign += (int64_t)world->foreign.count;
}

/* Runs the same disturbed story once more: nothing in it may depend on anything but the seed. */
static void check_same(struct world *world, bool is_verbose)
{
    struct world again;
    struct story story;
    world_open(&again, world->seed, true, is_verbose);
    story_run(&again, &story);
    if (again.digest != world->digest)
        broken(world,
               "the same seed gives other requests or another journal (%lld and %lld "
               "requests)",
               (long long)world->request_count, (long long)again.request_count);
    world_close(&again);
}

static bool run_seed(uint64_t seed, bool is_verbose, struct totals *totals)
{
    struct world calm;
    struct world world;
    struct story expected;
    struct story story;
    seed_now = seed;
    (void)alarm(SECONDS_MAX);
    world_open(&calm, seed, false, is_verbose);
    story_run(&calm, &expected);
    world_open(&world, seed, true, is_verbose);
    if (calm.failure[0] == '\0')
        story_run(&world, &story);
    else
        broken(&world, "(undisturbed) %s", calm.failure);
    for (size_t i = 0; i < expected.count && world.failure[0] == '\0'; i++) {
        char when[32];
        (void)snprintf(when, sizeof(when), "after act %zu", i + 1);
        truth_compare(&world, &expected.after[i], &story.after[i], when);
    }
    if (seed % TWICE_EVERY == 0 && world.failure[0] == '\0')
        check_same(&world, false);
    bool is_fine = world.failure[0] == '\0';
    if (!is_fine)
        (void)printf("# seed %llu: %s\n# again: simulate --seed %llu --verbose\n",
                     (unsigned long long)seed, world.failure, (unsigned long long)seed);
    totals->seeds++;
    count(totals, &calm);
    count(totals, &world);
    world_close(&calm);
    world_close(&world);
    empty_home();
    return is_fine;
}

static void on_death(int number)
{
    char text[128];
    int n = snprintf(text, sizeof(text), "Bail out! signal %d in seed %llu\n", number,
                     (unsigned long long)seed_now);
    (void)!write(STDOUT_FILENO, text, (size_t)n);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static bool number_of(const char *text, int64_t *ret_value)
{
    return text != NULL && rd_str_to_int(rd_str_from(text), 0, INT64_MAX, ret_value);
}

static int run_all(int64_t first, int64_t seed_count, bool is_verbose)
{
    int64_t lines = (seed_count + SEEDS_A_LINE - 1) / SEEDS_A_LINE;
    struct totals totals = {0};
    int64_t bad = 0;
    (void)printf("1..%lld\n", (long long)lines);
    int64_t begin_us = rd_clock_monotonic_us();
    for (int64_t line = 0; line < lines; line++) {
        int64_t from = first + line * SEEDS_A_LINE;
        int64_t to =
            from + SEEDS_A_LINE < first + seed_count ? from + SEEDS_A_LINE : first + seed_count;
        bool is_fine = true;
        for (int64_t seed = from; seed < to; seed++)
            is_fine = run_seed((uint64_t)seed, is_verbose, &totals) && is_fine;
        bad += !is_fine;
        (void)printf("%s %lld - seeds %lld to %lld\n", is_fine ? "ok" : "not ok",
                     (long long)line + 1, (long long)from, (long long)to - 1);
        (void)fflush(stdout);
    }
    double seconds = (double)(rd_clock_monotonic_us() - begin_us) / 1e6;
    (void)printf("# %lld seeds in %.1f s (%.1f a second): %lld requests, %lld faults, %lld "
                 "crashes, %lld interrupts, %lld pairs of polls, %lld ends of earlier writes\n",
                 (long long)totals.seeds, seconds, (double)totals.seeds / seconds,
                 (long long)totals.requests, (long long)totals.faults, (long long)totals.crashes,
                 (long long)totals.stops, (long long)totals.polls, (long long)totals.followed);
    bool is_idle = totals.crashes == 0 || totals.stops == 0 || totals.faults == 0 ||
                   totals.polls == 0 || totals.secrets == 0 || totals.foreign == 0;
    if (seed_count >= SEEDS_A_LINE * 10 && is_idle) {
        (void)printf("# so many seeds without a crash, an interrupt, a fault, a poll, a secret or "
                     "somebody else's resource prove nothing\n");
        bad++;
    }
    return bad == 0 ? 0 : 1;
}

int main(int argc, char *argv[])
{
    int64_t first = 1;
    int64_t seed_count = -1;
    bool is_verbose = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0)
            is_verbose = true;
        else if (strcmp(argv[i], "--seed") == 0 && number_of(argv[i + 1], &first))
            i++;
        else if (strcmp(argv[i], "--count") == 0 && number_of(argv[i + 1], &seed_count))
            i++;
        else {
            (void)fprintf(stderr, "usage: simulate [--seed N] [--count N] [--verbose]\n");
            return 2;
        }
    }
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");
    (void)snprintf(home, sizeof(home), "%.40s/simulate-XXXXXX", root != NULL ? root : "/tmp");
    if (mkdtemp(home) == NULL)
        return 1;
    static const int deaths[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGALRM};
    for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++)
        (void)signal(deaths[i], on_death);
    int status = run_all(first, seed_count < 0 ? 1 : seed_count, is_verbose);
    empty_home();
    (void)rmdir(home);
    return status;
}
