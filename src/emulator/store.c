/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <string.h>

/*
 * The file: four tables that hold what memory holds. An exchange marks what it changed; the flush
 * at its end writes exactly that in one transaction, before the reply leaves. SQLite's WAL without
 * syncs survives a killed process, which is what is promised; it need not survive a power cut.
 */

static const char *const migrations[] = {
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE resource (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL,"
    "  text TEXT NOT NULL, hidden TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    "  changed_ms INTEGER NOT NULL, revision INTEGER NOT NULL, state INTEGER NOT NULL);"
    "CREATE TABLE operation (seq INTEGER PRIMARY KEY, guid TEXT NOT NULL, kind INTEGER NOT NULL,"
    "  status INTEGER NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
    "  type TEXT NOT NULL, resource_id TEXT NOT NULL, location TEXT NOT NULL, event TEXT NOT NULL,"
    "  argument TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, output TEXT NOT NULL,"
    "  event_seq INTEGER NOT NULL);"
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, name TEXT NOT NULL,"
    "  id TEXT NOT NULL, argument TEXT NOT NULL);"
    "CREATE TABLE clock (one INTEGER PRIMARY KEY, now_ms INTEGER NOT NULL, next_seq INTEGER NOT "
    "NULL,"
    "  next_event_seq INTEGER NOT NULL, next_operation_seq INTEGER NOT NULL,"
    "  request_number INTEGER NOT NULL);",
};

static const struct rd_sql_schema schema = {
    .name = "embedded cloud",
    .version = 1,
    .migrations = migrations,
    .application_id = 0x72644543, /* "rdEC" */
};

/* What the file was made with --------------------------------------------------------------------
 */

RD_NODISCARD static enum rd_rc read_meta(struct rd_cloud *cloud, const char *key,
                                         struct rd_str *ret_value, bool *ret_is_there,
                                         struct rd_err *err)
{
    struct rd_sql_stmt *stmt = rd_sql_prepare(cloud->sql, "SELECT value FROM meta WHERE key = ?1");
    rd_sql_bind_str(stmt, 1, rd_str_from(key));
    RD_TRY(rd_sql_next(stmt, ret_is_there, err));
    if (*ret_is_there) {
        *ret_value = rd_arena_str(cloud->memory, rd_sql_column_str(stmt, 0));
        rd_sql_reset(stmt);
    }
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc write_meta(struct rd_cloud *cloud, const char *key,
                                          struct rd_str value, struct rd_err *err)
{
    struct rd_sql_stmt *stmt =
        rd_sql_prepare(cloud->sql, "INSERT OR REPLACE INTO meta VALUES (?1, ?2)");
    rd_sql_bind_str(stmt, 1, rd_str_from(key));
    rd_sql_bind_str(stmt, 2, value);
    return rd_sql_run(stmt, err);
}

/* The seed is the file's: what was drawn stays drawn, whatever the caller asks for now. */
RD_NODISCARD static enum rd_rc settle_identity(struct rd_cloud *cloud, const char *path,
                                               struct rd_err *err)
{
    struct rd_str name = {"", 0};
    struct rd_str seed = {"", 0};
    bool is_there = false;
    RD_TRY(read_meta(cloud, "cloud", &name, &is_there, err));
    if (!is_there) {
        RD_TRY(write_meta(cloud, "cloud", cloud->name, err));
        struct rd_str text =
            rd_arena_printf(cloud->memory, "%016llx", (unsigned long long)cloud->seed);
        return write_meta(cloud, "seed", text, err);
    }
    if (!rd_str_eq_case(name, cloud->name))
        return rd_err_hint(RD_FAIL(err, RD_RC_STATE, "'%s' holds an embedded '%.*s', not '%.*s'",
                                   path, RD_FMT(name), RD_FMT(cloud->name)),
                           err, "name another folder with --state, or the same cloud as before");
    RD_TRY(read_meta(cloud, "seed", &seed, &is_there, err));
    uint64_t value = 0;
    for (size_t i = 0; i < seed.n; i++) {
        if (!rd_char_is_hex(seed.p[i]))
            return RD_FAIL(err, RD_RC_STATE, "'%s' is damaged: its seed is no number", path);
        value = value << 4 | (uint64_t)rd_char_hex(seed.p[i]);
    }
    cloud->seed = value;
    return RD_RC_OK;
}

/* Loading -------------------------------------------------------------------------------------- */

RD_NODISCARD static enum rd_rc damaged(const char *what, struct rd_str id, struct rd_err *err)
{
    return rd_err_hint(
        RD_FAIL(err, RD_RC_STATE, "the embedded cloud's file has %s '%.*s'", what, RD_FMT(id)), err,
        "it was written by another redoubt or is damaged: move it aside, the cloud starts anew");
}

RD_NODISCARD static enum rd_rc load_clock(struct rd_cloud *cloud, struct rd_err *err)
{
    struct rd_sql_stmt *stmt = rd_sql_prepare(
        cloud->sql, "SELECT now_ms, next_seq, next_event_seq, next_operation_seq, request_number "
                    "FROM clock WHERE one = 1");
    bool has_row = false;
    RD_TRY(rd_sql_next(stmt, &has_row, err));
    if (!has_row)
        return RD_RC_OK;
    cloud->now_ms = rd_sql_column_int(stmt, 0);
    cloud->saved_ms = cloud->now_ms;
    cloud->next_seq = rd_sql_column_int(stmt, 1);
    cloud->next_event_seq = rd_sql_column_int(stmt, 2);
    cloud->next_operation_seq = rd_sql_column_int(stmt, 3);
    cloud->request_number = (uint64_t)rd_sql_column_int(stmt, 4);
    rd_sql_reset(stmt);
    return RD_RC_OK;
}

static bool is_object_text(struct rd_str text)
{
    return text.n >= 2 && text.p[0] == '{' && text.p[text.n - 1] == '}';
}

RD_NODISCARD static enum rd_rc load_resource(struct rd_cloud *cloud, struct rd_sql_stmt *stmt,
                                             struct rd_err *err)
{
    struct rd_str id = rd_sql_column_str(stmt, 1);
    const struct em_class *class_ = em_class_find(cloud, rd_sql_column_str(stmt, 2));
    struct rd_str text = rd_sql_column_str(stmt, 3);
    struct rd_str hidden = rd_sql_column_str(stmt, 4);
    int64_t state = rd_sql_column_int(stmt, 8);
    if (class_ == NULL)
        return damaged("a resource of an unknown type", id, err);
    if (!is_object_text(text) || (hidden.n > 0 && !is_object_text(hidden)) || state < 0 ||
        state > EM_FAILED || em_find(cloud, id) != NULL)
        return damaged("a damaged row for", id, err);
    struct em_resource *resource = rd_heap_zalloc(sizeof(*resource));
    *resource = (struct em_resource){
        .id = em_heap_str(id),
        .type = class_->type,
        .text = em_heap_str(text),
        .hidden = em_heap_str(hidden),
        .created_ms = rd_sql_column_int(stmt, 5),
        .changed_ms = rd_sql_column_int(stmt, 6),
        .seq = rd_sql_column_int(stmt, 0),
        .revision = rd_sql_column_int(stmt, 7),
        .state = (enum em_state)state,
        .is_stored = true,
    };
    struct rd_str parent = em_parent_id(cloud, class_->type, id);
    (void)em_adopt(cloud, resource, parent.n == 0 ? NULL : em_find(cloud, parent));
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc load_operation(struct rd_cloud *cloud, struct rd_sql_stmt *stmt,
                                              struct rd_err *err)
{
    struct rd_str guid = rd_sql_column_str(stmt, 1);
    const struct em_class *class_ = em_class_find(cloud, rd_sql_column_str(stmt, 6));
    int64_t kind = rd_sql_column_int(stmt, 2);
    int64_t status = rd_sql_column_int(stmt, 3);
    if (class_ == NULL || guid.n != 36 || kind < 0 || kind > EM_OPERATION_ACTION || status < 0 ||
        status > EM_OPERATION_FAILED)
        return damaged("a damaged operation", guid, err);
    struct em_operation *operation = rd_heap_zalloc(sizeof(*operation));
    *operation = (struct em_operation){
        .kind = (enum em_operation_kind)kind,
        .status = (enum em_operation_status)status,
        .seq = rd_sql_column_int(stmt, 0),
        .start_ms = rd_sql_column_int(stmt, 4),
        .end_ms = rd_sql_column_int(stmt, 5),
        .type = class_->type,
        .resource_id = em_heap_str(rd_sql_column_str(stmt, 7)),
        .location = em_heap_str(rd_sql_column_str(stmt, 8)),
        .event = em_heap_str(rd_sql_column_str(stmt, 9)),
        .argument = em_heap_str(rd_sql_column_str(stmt, 10)),
        .code = em_heap_str(rd_sql_column_str(stmt, 11)),
        .message = em_heap_str(rd_sql_column_str(stmt, 12)),
        .output = em_heap_str(rd_sql_column_str(stmt, 13)),
        .event_seq = rd_sql_column_int(stmt, 14),
        .is_stored = true,
    };
    memcpy(operation->guid, guid.p, 36);
    em_operation_adopt(cloud, operation);
    struct em_resource *resource = em_find(cloud, operation->resource_id);
    if (resource != NULL && status == EM_OPERATION_RUNNING && kind != EM_OPERATION_ACTION)
        resource->pending = operation;
    if (status == EM_OPERATION_RUNNING)
        em_event_end(cloud, operation);
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc load_event(struct rd_cloud *cloud, struct rd_sql_stmt *stmt,
                                          struct rd_err *err)
{
    struct rd_str name = rd_sql_column_str(stmt, 2);
    union {
        void *from;
        const struct em_event_name *to;
    } found = {.from = rd_map_get(&cloud->events_by_name, name)};
    if (found.to == NULL)
        return damaged("an unknown event", name, err);
    struct em_event *event = rd_heap_zalloc(sizeof(*event));
    *event = (struct em_event){
        .at_ms = rd_sql_column_int(stmt, 1),
        .seq = rd_sql_column_int(stmt, 0),
        .name = found.to,
        .id = em_heap_str(rd_sql_column_str(stmt, 3)),
        .argument = em_heap_str(rd_sql_column_str(stmt, 4)),
        .is_stored = true,
    };
    em_event_adopt(cloud, event);
    return RD_RC_OK;
}

typedef enum rd_rc load_fn(struct rd_cloud *cloud, struct rd_sql_stmt *stmt, struct rd_err *err);

RD_NODISCARD static enum rd_rc load_rows(struct rd_cloud *cloud, const char *query, load_fn *fn,
                                         struct rd_err *err)
{
    struct rd_sql_stmt *stmt = rd_sql_prepare(cloud->sql, query);
    bool has_row = false;
    RD_TRY(rd_sql_next(stmt, &has_row, err));
    while (has_row) {
        enum rd_rc rc = fn(cloud, stmt, err);
        if (rc == RD_RC_OK)
            rc = rd_sql_next(stmt, &has_row, err);
        if (rc != RD_RC_OK) {
            rd_sql_reset(stmt);
            return rc;
        }
    }
    return RD_RC_OK;
}

enum rd_rc em_store_open(struct rd_cloud *cloud, const char *path, struct rd_err *err)
{
    RD_TRY(rd_sql_open(path, RD_SQL_FAST, &schema, &cloud->sql, err));
    /* One process at a time: the lock is taken by the first write and kept. A checkpoint copies
     * each page once however often it was written since the last: a rare one is a cheap one. */
    RD_TRY(rd_sql_exec(cloud->sql,
                       "PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = 4000;", err));
    RD_TRY(rd_sql_begin(cloud->sql, err));
    RD_TRY(settle_identity(cloud, path, err));
    RD_TRY(rd_sql_commit(cloud->sql, err));
    RD_TRY(load_clock(cloud, err));
    RD_TRY(load_rows(cloud,
                     "SELECT seq, id, type, text, hidden, created_ms, changed_ms, revision, state "
                     "FROM resource ORDER BY seq",
                     load_resource, err));
    RD_TRY(load_rows(cloud,
                     "SELECT seq, guid, kind, status, start_ms, end_ms, type, resource_id, "
                     "location, event, argument, code, message, output, event_seq FROM "
                     "operation ORDER BY seq",
                     load_operation, err));
    return load_rows(cloud, "SELECT seq, at_ms, name, id, argument FROM event ORDER BY seq",
                     load_event, err);
}

/* Flushing ------------------------------------------------------------------------------------- */

RD_NODISCARD static enum rd_rc
write_resource(struct rd_cloud *cloud, const struct em_resource *resource, struct rd_err *err)
{
    if (resource->is_deleted) {
        if (!resource->is_stored)
            return RD_RC_OK;
        struct rd_sql_stmt *gone =
            rd_sql_prepare(cloud->sql, "DELETE FROM resource WHERE seq = ?1");
        rd_sql_bind_int(gone, 1, resource->seq);
        return rd_sql_run(gone, err);
    }
    struct rd_sql_stmt *stmt = rd_sql_prepare(
        cloud->sql, "INSERT OR REPLACE INTO resource VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    rd_sql_bind_int(stmt, 1, resource->seq);
    rd_sql_bind_str(stmt, 2, resource->id);
    rd_sql_bind_str(stmt, 3, rd_str_from(resource->type->name));
    rd_sql_bind_str(stmt, 4, resource->text);
    rd_sql_bind_str(stmt, 5, resource->hidden);
    rd_sql_bind_int(stmt, 6, resource->created_ms);
    rd_sql_bind_int(stmt, 7, resource->changed_ms);
    rd_sql_bind_int(stmt, 8, resource->revision);
    rd_sql_bind_int(stmt, 9, (int64_t)resource->state);
    return rd_sql_run(stmt, err);
}

RD_NODISCARD static enum rd_rc
write_operation(struct rd_cloud *cloud, const struct em_operation *operation, struct rd_err *err)
{
    struct rd_sql_stmt *stmt = rd_sql_prepare(
        cloud->sql, "INSERT OR REPLACE INTO operation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
                    "?10, ?11, ?12, ?13, ?14, ?15)");
    rd_sql_bind_int(stmt, 1, operation->seq);
    rd_sql_bind_str(stmt, 2, rd_str_from(operation->guid));
    rd_sql_bind_int(stmt, 3, (int64_t)operation->kind);
    rd_sql_bind_int(stmt, 4, (int64_t)operation->status);
    rd_sql_bind_int(stmt, 5, operation->start_ms);
    rd_sql_bind_int(stmt, 6, operation->end_ms);
    rd_sql_bind_str(stmt, 7, rd_str_from(operation->type->name));
    rd_sql_bind_str(stmt, 8, operation->resource_id);
    rd_sql_bind_str(stmt, 9, operation->location);
    rd_sql_bind_str(stmt, 10, operation->event);
    rd_sql_bind_str(stmt, 11, operation->argument);
    rd_sql_bind_str(stmt, 12, operation->code);
    rd_sql_bind_str(stmt, 13, operation->message);
    rd_sql_bind_str(stmt, 14, operation->output);
    rd_sql_bind_int(stmt, 15, operation->event_seq);
    return rd_sql_run(stmt, err);
}

RD_NODISCARD static enum rd_rc write_event(struct rd_cloud *cloud, const struct em_event *event,
                                           struct rd_err *err)
{
    struct rd_sql_stmt *stmt =
        rd_sql_prepare(cloud->sql, "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5)");
    rd_sql_bind_int(stmt, 1, event->seq);
    rd_sql_bind_int(stmt, 2, event->at_ms);
    rd_sql_bind_str(stmt, 3, rd_str_from(event->name->name));
    rd_sql_bind_str(stmt, 4, event->id);
    rd_sql_bind_str(stmt, 5, event->argument);
    return rd_sql_run(stmt, err);
}

RD_NODISCARD static enum rd_rc write_clock(struct rd_cloud *cloud, struct rd_err *err)
{
    struct rd_sql_stmt *stmt =
        rd_sql_prepare(cloud->sql, "INSERT OR REPLACE INTO clock VALUES (1, ?1, ?2, ?3, ?4, ?5)");
    rd_sql_bind_int(stmt, 1, cloud->now_ms);
    rd_sql_bind_int(stmt, 2, cloud->next_seq);
    rd_sql_bind_int(stmt, 3, cloud->next_event_seq);
    rd_sql_bind_int(stmt, 4, cloud->next_operation_seq);
    rd_sql_bind_int(stmt, 5, (int64_t)cloud->request_number);
    return rd_sql_run(stmt, err);
}

RD_NODISCARD static enum rd_rc delete_seq(struct rd_cloud *cloud, const char *query, int64_t seq,
                                          struct rd_err *err)
{
    struct rd_sql_stmt *stmt = rd_sql_prepare(cloud->sql, query);
    rd_sql_bind_int(stmt, 1, seq);
    return rd_sql_run(stmt, err);
}

RD_NODISCARD static enum rd_rc write_marked(struct rd_cloud *cloud, struct rd_err *err)
{
    for (size_t i = 0; i < cloud->dirty.count; i++)
        RD_TRY(write_resource(cloud, cloud->dirty.items[i], err));
    for (size_t i = 0; i < cloud->dirty_operations.count; i++)
        RD_TRY(write_operation(cloud, cloud->dirty_operations.items[i], err));
    for (size_t i = 0; i < cloud->gone_operations.count; i++) {
        const struct em_operation *operation = cloud->gone_operations.items[i];
        RD_TRY(delete_seq(cloud, "DELETE FROM operation WHERE seq = ?1", operation->seq, err));
    }
    for (size_t i = 0; i < cloud->done_events.count; i++) {
        const struct em_event *event = cloud->done_events.items[i];
        RD_TRY(delete_seq(cloud, "DELETE FROM event WHERE seq = ?1", event->seq, err));
    }
    for (size_t i = 0; i < cloud->new_events.count; i++) {
        const struct em_event *event = cloud->new_events.items[i];
        if (!event->is_done)
            RD_TRY(write_event(cloud, event, err));
    }
    return write_clock(cloud, err);
}

/* After the commit, or without a file: marks go, and so does the memory of what is gone. */
static void settle(struct rd_cloud *cloud)
{
    for (size_t i = 0; i < cloud->dirty.count; i++) {
        struct em_resource *resource = cloud->dirty.items[i];
        resource->is_dirty = false;
        resource->is_stored = true;
        if (resource->is_deleted)
            em_resource_free(resource);
    }
    for (size_t i = 0; i < cloud->dirty_operations.count; i++) {
        struct em_operation *operation = cloud->dirty_operations.items[i];
        operation->is_dirty = false;
        operation->is_stored = true;
    }
    for (size_t i = 0; i < cloud->gone_operations.count; i++)
        em_operation_free(cloud->gone_operations.items[i]);
    for (size_t i = 0; i < cloud->done_events.count; i++)
        em_event_free(cloud->done_events.items[i]);
    for (size_t i = 0; i < cloud->new_events.count; i++) {
        struct em_event *event = cloud->new_events.items[i];
        event->is_stored = true;
        if (event->is_done)
            em_event_free(event);
    }
    cloud->dirty.count = cloud->dirty_operations.count = cloud->gone_operations.count = 0;
    cloud->done_events.count = cloud->new_events.count = 0;
    em_compact_classes(cloud);
}

enum rd_rc em_store_flush(struct rd_cloud *cloud, bool saves_time, struct rd_err *err)
{
    bool is_marked = cloud->dirty.count + cloud->dirty_operations.count +
                         cloud->gone_operations.count + cloud->done_events.count +
                         cloud->new_events.count >
                     0;
    if (cloud->sql != NULL && (is_marked || saves_time)) {
        enum rd_rc rc = rd_sql_begin(cloud->sql, err);
        if (rc == RD_RC_OK)
            rc = write_marked(cloud, err);
        if (rc == RD_RC_OK)
            rc = rd_sql_commit(cloud->sql, err);
        if (rc != RD_RC_OK) {
            rd_sql_rollback(cloud->sql);
            cloud->is_broken = true;
            return rc;
        }
        cloud->saved_ms = cloud->now_ms;
    }
    if (is_marked)
        settle(cloud);
    return RD_RC_OK;
}
