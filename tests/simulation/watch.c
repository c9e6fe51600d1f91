/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands between engine and journal (the linker's --wrap): counts writes, so that the process can
 * die at each or be refused one, checks their order, and knows which intents have reached the file.
 */
#include <string.h>

#include "base/file.h"
#include "simulation.h"

enum rd_rc __real_rd_journal_add(struct rd_journal *journal, const struct rd_journal_entry *entry,
                                 struct rd_err *err);
enum rd_rc __real_rd_journal_flush(struct rd_journal *journal, struct rd_err *err);
enum rd_rc __real_rd_journal_end(struct rd_journal *journal, int64_t run, enum rd_run_state state,
                                 int64_t end_ms, struct rd_str summary, struct rd_err *err);
enum rd_rc __wrap_rd_journal_add(struct rd_journal *journal, const struct rd_journal_entry *entry,
                                 struct rd_err *err);
enum rd_rc __wrap_rd_journal_flush(struct rd_journal *journal, struct rd_err *err);
enum rd_rc __wrap_rd_journal_end(struct rd_journal *journal, int64_t run, enum rd_run_state state,
                                 int64_t end_ms, struct rd_str summary, struct rd_err *err);

/* What is known of one step of one resource. */
struct intent {
    int64_t stored_epoch; /* the last process whose entry is in the file; 0: none */
    bool is_pending;      /* added, not in the file yet */
    struct intent *next_pending;
};

static struct world *watched;
static struct intent *pending;

/* What a crash kept from the file was never written. */
static void forget_pending(void)
{
    for (; pending != NULL; pending = pending->next_pending)
        pending->is_pending = false;
}

void watch_begin(struct world *world)
{
    watched = world;
}

void watch_end(void)
{
    forget_pending();
    watched = NULL;
}

static struct intent *intent_of(struct world *world, struct rd_str id)
{
    struct intent *intent = rd_map_get(&world->intents, id);
    if (intent == NULL) {
        intent = rd_arena_zalloc(world->arena, sizeof(*intent));
        (void)rd_map_set(&world->intents, rd_arena_str(world->arena, id), intent);
    }
    return intent;
}

bool watch_has_intent(struct world *world, struct rd_str id)
{
    const struct intent *intent = rd_map_get(&world->intents, id);
    return intent != NULL && intent->stored_epoch == world->epoch;
}

static void store_pending(void)
{
    while (pending != NULL) {
        struct intent *intent = pending;
        pending = intent->next_pending;
        intent->is_pending = false;
        intent->stored_epoch = watched->epoch;
    }
}

static void check_entry(struct world *world, const struct rd_journal_entry *entry)
{
    struct intent *intent = intent_of(world, entry->id);
    digest_int(world, entry->run);
    digest_int(world, entry->sequence);
    digest_int(world, entry->time_ms);
    digest_int(world, (int64_t)entry->phase);
    digest_text(world, entry->step);
    digest_text(world, entry->id);
    digest_text(world, entry->url);
    digest_text(world, entry->code);
    digest_text(world, entry->message);
    if (entry->phase == RD_JOURNAL_INTENT && !intent->is_pending &&
        intent->stored_epoch != world->epoch) {
        intent->is_pending = true;
        intent->next_pending = pending;
        pending = intent;
    } else if (entry->phase != RD_JOURNAL_INTENT && intent->stored_epoch == 0) {
        broken(world, "the journal has an outcome of '%.*s %.*s' without an intent in its file",
               RD_FMT(entry->step), RD_FMT(entry->id));
    }
}

/* True when this write is the one that the disk refuses. */
static bool disk_is_full(struct world *world, struct rd_err *err)
{
    if (world->weather.journal_fails == 0 || --world->weather.journal_fails > 0)
        return false;
    tell(world, "the journal cannot be written");
    rd_err_set(err, RD_RC_STATE, __FILE__, __LINE__, "the state's disk is full");
    world->fault_count++;
    return true;
}

enum rd_rc __wrap_rd_journal_add(struct rd_journal *journal, const struct rd_journal_entry *entry,
                                 struct rd_err *err)
{
    if (watched == NULL)
        return __real_rd_journal_add(journal, entry, err);
    process_event(watched);
    if (disk_is_full(watched, err))
        return RD_RC_STATE;
    enum rd_rc rc = __real_rd_journal_add(journal, entry, err);
    if (rc == RD_RC_OK)
        check_entry(watched, entry);
    process_event(watched);
    return rc;
}

enum rd_rc __wrap_rd_journal_flush(struct rd_journal *journal, struct rd_err *err)
{
    if (watched == NULL)
        return __real_rd_journal_flush(journal, err);
    bool has_pending = pending != NULL; /* the engine flushes now and then by the real clock */
    if (has_pending)
        process_event(watched);
    enum rd_rc rc = __real_rd_journal_flush(journal, err);
    if (rc == RD_RC_OK)
        store_pending();
    if (has_pending)
        process_event(watched);
    return rc;
}

enum rd_rc __wrap_rd_journal_end(struct rd_journal *journal, int64_t run, enum rd_run_state state,
                                 int64_t end_ms, struct rd_str summary, struct rd_err *err)
{
    if (watched != NULL) {
        process_event(watched);
        digest_int(watched, run);
        digest_int(watched, (int64_t)state);
        digest_text(watched, summary);
    }
    return __real_rd_journal_end(journal, run, state, end_ms, summary, err);
}

/* Secrets ------------------------------------------------------------------------------------- */

static void check_text(struct world *world, struct rd_str text, const char *where)
{
    for (size_t i = 0; i < world->secrets.count; i++)
        if (rd_str_find(text, world->secrets.items[i], 0) != RD_STR_NONE)
            broken(world, "a secret value stands in %s", where);
}

void watch_check_secrets(struct world *world)
{
    static const char *const files[] = {"redoubt.db", "redoubt.db-wal"};
    struct rd_arena *arena = rd_arena_new(0);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct rd_str text;
        struct rd_err err;
        const char *path = rd_arena_printf(arena, "%s/%s", world->folder, files[i]).p;
        if (!rd_file_exists(path))
            continue;
        if (rd_file_read(arena, path, 256U << 20, &text, &err) != RD_RC_OK)
            broken(world, "the journal's file cannot be read: %s", err.msg);
        else
            check_text(world, text, files[i]);
    }
    for (size_t i = 0; i < world->messages.count; i++)
        check_text(world, world->messages.items[i], "a message or a saved plan");
    rd_arena_free(arena);
}
