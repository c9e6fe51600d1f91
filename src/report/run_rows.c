/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "run_rows.h"

#include "resource/id.h"

enum {
    ROWS_MAX = 60,      /* beyond, rows of one kind become one */
    CRITICAL_MAX = 24,  /* the last ones of a longer path */
    NEED_DEPTH_MAX = 6, /* steps may rest on resources that the run did not touch */
};

struct book {
    const struct page *page;
    struct run_row **rows;
    size_t count;
    size_t cap;
    struct rd_map by_step; /* step and id */
    struct rd_map by_id;   /* the first row of a resource */
};

static struct rd_str label_of(const struct page *page, struct rd_str id)
{
    const struct rd_set *set = page->input->desired;
    const struct rd_resource *resource = set == NULL ? NULL : rd_set_find(set, id);
    if (resource != NULL)
        return resource->type->label;
    struct rd_str name = rd_arm_id_type(page->arena, id);
    const struct rd_type *type = rd_type_find(name);
    return type != NULL ? type->label : name;
}

/* "cui-03 / AADLoginForWindows" for those whose own name is the same below every parent. */
static struct rd_str name_of(const struct page *page, struct rd_str id)
{
    static const char *const types[] = {
        "Microsoft.Compute/virtualMachines/extensions",
        "Microsoft.Compute/galleries/images/versions",
        "Microsoft.Insights/dataCollectionRuleAssociations",
        "Microsoft.Insights/diagnosticSettings",
        "Microsoft.SecurityInsights/onboardingStates",
    };
    struct rd_arm_id parts, parent;
    if (!rd_arm_id_parse(id, &parts))
        return id;
    struct rd_str type = rd_arm_id_type(page->arena, id);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (rd_str_is_case(type, types[i]) && rd_arm_id_parse(parts.parent, &parent))
            return rd_arena_printf(page->arena, "%.*s / %.*s", RD_FMT(parent.name),
                                   RD_FMT(parts.name));
    return parts.name;
}

static struct run_row *row_of(struct book *book, const struct rd_journal_entry *entry)
{
    struct rd_arena *arena = book->page->arena;
    struct rd_str key = rd_arena_printf(arena, "%.*s %.*s", RD_FMT(entry->step), RD_FMT(entry->id));
    struct run_row *row = rd_map_get(&book->by_step, key);
    if (row != NULL)
        return row;
    row = rd_arena_zalloc(arena, sizeof(*row));
    *row = (struct run_row){.step = entry->step,
                            .id = entry->id,
                            .label = label_of(book->page, entry->id),
                            .start_ms = entry->time_ms,
                            .end_ms = entry->time_ms,
                            .state = RUN_OPEN,
                            .count = 1};
    row->name = name_of(book->page, entry->id);
    book->rows =
        rd_arena_grow(arena, book->rows, book->count, &book->cap, sizeof(struct run_row *));
    book->rows[book->count++] = row;
    (void)rd_map_set(&book->by_step, key, row);
    row->same = rd_map_set(&book->by_id, entry->id, row);
    return row;
}

static void read_entries(struct book *book, struct run_rows *rows)
{
    const struct rd_report_input *input = book->page->input;
    for (size_t i = 0; i < input->entry_count; i++) {
        const struct rd_journal_entry *entry = &input->entries[i];
        struct run_row *row = row_of(book, entry);
        row->end_ms = entry->time_ms > row->end_ms ? entry->time_ms : row->end_ms;
        rows->end_ms = entry->time_ms > rows->end_ms ? entry->time_ms : rows->end_ms;
        if (entry->time_ms < rows->start_ms)
            rows->start_ms = entry->time_ms;
        if (entry->phase == RD_JOURNAL_DONE)
            row->state = RUN_DONE;
        if (entry->phase == RD_JOURNAL_INTENT)
            row->state = RUN_OPEN;
        if (entry->phase == RD_JOURNAL_FAILED) {
            row->state = RUN_FAILED;
            row->code = entry->code;
            row->message = entry->message;
        }
    }
    for (size_t i = 0; i < book->count; i++) {
        struct run_row *row = book->rows[i];
        rows->done_count += row->state == RUN_DONE ? 1 : 0;
        rows->failed_step_count += row->state == RUN_FAILED ? 1 : 0;
        rows->open_count += row->state == RUN_OPEN ? 1 : 0;
        if (row->state == RUN_OPEN)
            row->end_ms = rows->end_ms;
    }
    rows->step_count = book->count;
}

/* The critical path --------------------------------------------------------------------------- */

static bool is_delete(const struct run_row *row)
{
    return rd_str_has_prefix(row->step, RD_STR("delete"));
}

static void offer(struct run_row *row, const struct run_row *after, struct run_row **best)
{
    for (; row != NULL; row = row->same) {
        bool fits = row != after && !row->is_critical && row->end_ms <= after->start_ms;
        if (fits && (*best == NULL || row->end_ms > (*best)->end_ms))
            *best = row;
    }
}

/* What `resource` rests on: the rows of its needs, or of theirs when the run has none. */
static void offer_needs(const struct book *book, const struct rd_resource *resource,
                        const struct run_row *after, int depth, struct run_row **best)
{
    const struct rd_set *set = book->page->input->desired;
    if (depth == 0)
        return;
    for (uint32_t i = 0; i < resource->need_count; i++) {
        const struct rd_resource *need = &set->resources[resource->needs[i]];
        struct run_row *row = rd_map_get(&book->by_id, need->id);
        if (row != NULL)
            offer(row, after, best);
        else
            offer_needs(book, need, after, depth - 1, best);
    }
}

static void offer_dependants(const struct book *book, const struct rd_resource *resource,
                             const struct run_row *after, struct run_row **best)
{
    const struct rd_set *set = book->page->input->desired;
    uint32_t index = (uint32_t)(resource - set->resources);
    for (size_t i = 0; i < set->count; i++)
        for (uint32_t k = 0; k < set->resources[i].need_count; k++)
            if (set->resources[i].needs[k] == index)
                offer(rd_map_get(&book->by_id, set->resources[i].id), after, best);
}

/* The step whose end this one waited for: of what it needs, what ended last. */
static struct run_row *predecessor(const struct book *book, const struct run_row *row)
{
    const struct rd_set *set = book->page->input->desired;
    struct run_row *best = NULL;
    offer(rd_map_get(&book->by_id, row->id), row, &best);
    const struct rd_resource *resource = set == NULL ? NULL : rd_set_find(set, row->id);
    if (resource == NULL)
        return best;
    if (is_delete(row))
        offer_dependants(book, resource, row, &best);
    else
        offer_needs(book, resource, row, NEED_DEPTH_MAX, &best);
    return best;
}

static void mark_critical(struct book *book, struct run_rows *rows)
{
    struct run_row *last = NULL;
    for (size_t i = 0; i < book->count; i++)
        if (last == NULL || book->rows[i]->end_ms > last->end_ms)
            last = book->rows[i];
    if (last == NULL)
        return;
    struct run_row *first = last;
    for (struct run_row *row = last; row != NULL && rows->critical_count < CRITICAL_MAX;) {
        row->is_critical = true;
        rows->critical_count++;
        first = row;
        row = predecessor(book, row);
    }
    rows->critical_ms = last->end_ms - first->start_ms;
}

/* Grouping and order --------------------------------------------------------------------------- */

static int rank(const struct run_row *row)
{
    return row->is_critical ? 0 : row->state == RUN_FAILED ? 1 : 2;
}

static int by_rank_and_time(const void *a, const void *b)
{
    const struct run_row *x = *(struct run_row *const *)a, *y = *(struct run_row *const *)b;
    if (rank(x) != rank(y))
        return rank(x) - rank(y);
    if (x->start_ms != y->start_ms)
        return x->start_ms < y->start_ms ? -1 : 1;
    if (x->end_ms != y->end_ms)
        return x->end_ms < y->end_ms ? -1 : 1;
    int order = rd_str_cmp(x->id, y->id);
    return order != 0 ? order : rd_str_cmp(x->step, y->step);
}

/* One of the failed rows is shown by itself only up to a number: they may be a thousand. */
static bool stands_alone(const struct run_row *row, size_t failed_so_far)
{
    return row->is_critical || (row->state == RUN_FAILED && failed_so_far < ROWS_MAX / 2);
}

static void join(struct run_row *group, const struct run_row *row)
{
    group->start_ms = row->start_ms < group->start_ms ? row->start_ms : group->start_ms;
    group->end_ms = row->end_ms > group->end_ms ? row->end_ms : group->end_ms;
    group->count += row->count;
    if (row->state != RUN_DONE)
        group->state = row->state;
}

static void group_rows(struct book *book)
{
    struct rd_arena *arena = book->page->arena;
    struct run_row **grouped = rd_arena_array(arena, book->count, sizeof(struct run_row *));
    size_t count = 0, failed = 0;
    RD_CLEANUP(rd_map_done) struct rd_map groups;
    rd_map_init(&groups, true);
    for (size_t i = 0; i < book->count; i++) {
        struct run_row *row = book->rows[i];
        if (stands_alone(row, failed)) {
            failed += row->state == RUN_FAILED ? 1 : 0;
            grouped[count++] = row;
            continue;
        }
        struct rd_str key = rd_arena_printf(arena, "%.*s %d %.*s", RD_FMT(row->step),
                                            row->state == RUN_FAILED, RD_FMT(row->label));
        struct run_row *group = rd_map_get(&groups, key);
        if (group != NULL) {
            join(group, row);
            continue;
        }
        (void)rd_map_set(&groups, key, row);
        grouped[count++] = row;
    }
    book->rows = grouped;
    book->count = count;
}

struct run_rows *run_rows_make(const struct page *page)
{
    struct run_rows *rows = rd_arena_zalloc(page->arena, sizeof(*rows));
    const struct rd_run_record *run = page->input->run;
    struct book book = {.page = page};
    rd_map_init(&book.by_step, true);
    rd_map_init(&book.by_id, true);
    rows->start_ms = run != NULL ? run->start_ms : INT64_MAX;
    rows->end_ms = run != NULL ? run->end_ms : 0;
    read_entries(&book, rows);
    if (rows->end_ms < rows->start_ms)
        rows->end_ms = rows->start_ms;
    mark_critical(&book, rows);
    rows->is_grouped = book.count > ROWS_MAX;
    if (rows->is_grouped)
        group_rows(&book);
    if (book.count > 0)
        qsort(book.rows, book.count, sizeof(struct run_row *), by_rank_and_time);
    rows->rows = book.rows;
    rows->count = book.count;
    for (size_t i = 0; i < book.count; i++)
        rows->failed_count += rank(book.rows[i]) == 1 ? 1 : 0;
    rd_map_done(&book.by_step);
    rd_map_done(&book.by_id);
    return rows;
}
