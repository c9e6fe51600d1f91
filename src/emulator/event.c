/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <assert.h>
#include <string.h>

/*
 * What happens by itself: a min-heap by (time, number). Everything due at or before the time of a
 * request is done before it, each at its own time, in order; what an event schedules for a time
 * that has come is done in the same pass.
 */

static bool is_before(const struct em_event *a, const struct em_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

void em_event_adopt(struct rd_cloud *cloud, struct em_event *event)
{
    if (cloud->heap_count == cloud->heap_cap) {
        cloud->heap_cap = cloud->heap_cap == 0 ? 64 : cloud->heap_cap * 2;
        cloud->heap = rd_heap_resize(cloud->heap, cloud->heap_cap * sizeof(*cloud->heap));
    }
    size_t at = cloud->heap_count++;
    while (at > 0 && is_before(event, cloud->heap[(at - 1) / 2])) {
        cloud->heap[at] = cloud->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    cloud->heap[at] = event;
}

static struct em_event *pop(struct rd_cloud *cloud)
{
    struct em_event *first = cloud->heap[0];
    struct em_event *last = cloud->heap[--cloud->heap_count];
    size_t at = 0;
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= cloud->heap_count)
            break;
        if (child + 1 < cloud->heap_count && is_before(cloud->heap[child + 1], cloud->heap[child]))
            child++;
        if (!is_before(cloud->heap[child], last))
            break;
        cloud->heap[at] = cloud->heap[child];
        at = child;
    }
    if (cloud->heap_count > 0)
        cloud->heap[at] = last;
    return first;
}

void em_event_free(struct em_event *event)
{
    em_heap_str_free(&event->id);
    em_heap_str_free(&event->argument);
    rd_heap_free(event);
}

void em_schedule(struct em_exchange *ex, int64_t at_ms, const char *event, struct rd_str id,
                 struct rd_str argument)
{
    struct rd_cloud *cloud = ex->cloud;
    union {
        void *from;
        const struct em_event_name *to;
    } name = {.from = rd_map_get(&cloud->events_by_name, rd_str_from(event))};
    assert(name.to != NULL); /* a part's table lacks the event it schedules */
    struct em_event *made = rd_heap_zalloc(sizeof(*made));
    *made = (struct em_event){
        .at_ms = at_ms < ex->now_ms ? ex->now_ms : at_ms,
        .seq = cloud->next_event_seq++,
        .name = name.to,
        .id = em_heap_str(id),
        .argument = em_heap_str(argument),
    };
    em_event_adopt(cloud, made);
    if (cloud->sql != NULL)
        em_push(&cloud->new_events, made);
}

void em_event_end(struct rd_cloud *cloud, const struct em_operation *operation)
{
    union {
        void *from;
        const struct em_event_name *to;
    } name = {.from = rd_map_get(&cloud->events_by_name, RD_STR("core.finish"))};
    struct em_event *event = rd_heap_zalloc(sizeof(*event));
    *event = (struct em_event){
        .at_ms = operation->end_ms,
        .seq = operation->event_seq,
        .name = name.to,
        .id = em_heap_str(operation->resource_id),
        .argument = em_heap_str(rd_str_from(operation->guid)),
        .is_derived = true,
    };
    em_event_adopt(cloud, event);
}

/* An event acts in an exchange that nobody asked for: its reply goes nowhere. */
static void run(struct rd_cloud *cloud, struct em_event *event)
{
    struct rd_http_reply reply = {0};
    struct rd_http_request request = {.method = RD_HTTP_GET, .url = {"", 0}, .body = {"", 0}};
    struct em_exchange ex = {
        .cloud = cloud,
        .arena = cloud->scratch,
        .now_ms = event->at_ms,
        .request = &request,
        .api_version = {"", 0},
        .body = rd_json_absent,
        .id = event->id,
        .reply = &reply,
        .subscription = {"", 0},
        .operation = {"", 0},
    };
    event->name->fn(&ex, event->id, event->argument);
    rd_arena_clear(cloud->scratch);
}

static void retire(struct rd_cloud *cloud, struct em_event *event)
{
    if (event->is_stored)
        em_push(&cloud->done_events, event);
    else if (cloud->sql != NULL && !event->is_derived)
        event->is_done = true; /* still among the new ones, where it is freed */
    else
        em_event_free(event);
}

void em_events_run(struct rd_cloud *cloud)
{
    while (cloud->heap_count > 0 && cloud->heap[0]->at_ms <= cloud->now_ms) {
        struct em_event *event = pop(cloud);
        run(cloud, event);
        retire(cloud, event);
    }
}
