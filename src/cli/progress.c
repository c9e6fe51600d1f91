/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>

#include "base/clock.h"
#include "resource/name.h"
#include "session.h"

enum {
    FRAME_US = 80000,
    SHOWN_MAX = 8,
    BAR_WIDTH_MIN = 4,
    BAR_WIDTH_MAX = 40,
    BAR_TEXT_WIDTH = 62, /* what stands beside the bar, at its longest */
    NAME_WIDTH_MAX = 72,
};

struct progress {
    const struct args *args;
    struct terminal terminal;
    const struct rd_plan *plan;
    int64_t drawn_us;
    int drawn_lines;
    int64_t left_ms;
    int64_t now_ms;
};

struct progress *progress_new(const struct args *args, const struct terminal *terminal,
                              const struct rd_plan *plan)
{
    struct progress *progress = rd_heap_zalloc(sizeof(*progress));
    progress->args = args;
    progress->terminal = *terminal;
    progress->plan = plan;
    return progress;
}

static void take_off(struct progress *progress)
{
    if (progress->drawn_lines > 0)
        (void)fprintf(stderr, "\x1b[%dA\x1b[J", progress->drawn_lines);
    progress->drawn_lines = 0;
}

void progress_free(struct progress *progress)
{
    if (progress == NULL)
        return;
    take_off(progress);
    (void)fflush(stderr);
    rd_heap_free(progress);
}

static const char *doing(const struct rd_step *step)
{
    switch (step->kind) {
    case RD_STEP_PUT:
        return "";
    case RD_STEP_DELETE:
        return "deleting ";
    case RD_STEP_ACTION:
        return rd_str_is(step->action, "deallocate") ? "stopping "
               : rd_str_is(step->action, "start")    ? "starting "
                                                     : "running ";
    case RD_STEP_WAIT:
    case RD_STEP_WAIT_UNTIL:
        return "waiting for ";
    case RD_STEP_APPROVE:
        return "approval of ";
    case RD_STEP_ALTERNATIVES:
        return "choosing for ";
    }
    return "";
}

enum { NAME_SIZE_MAX = 160 };

/* What people know it by: "VM extension GuestAttestation on cui-01". */
static void name_step(const struct progress *progress, const struct rd_step *step,
                      char out[NAME_SIZE_MAX])
{
    const struct rd_change *change = &progress->plan->changes[step->change];
    const struct rd_resource *resource = change->desired != NULL ? change->desired : change->live;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_name name = rd_name_of(arena, change->type, step->id,
                                     resource == NULL ? &rd_json_absent : &resource->body);
    (void)snprintf(out, NAME_SIZE_MAX, "%s%.*s %.*s", doing(step), RD_FMT(name.kind),
                   RD_FMT(name.name));
}

static void plain_line(const struct progress *progress, const struct rd_run *run, size_t index)
{
    static const char *const words[] = {
        [RD_STEP_WAITING] = "waiting", [RD_STEP_RUNNING] = "start",   [RD_STEP_DONE] = "done",
        [RD_STEP_FAILED] = "FAILED",   [RD_STEP_SKIPPED] = "skipped",
    };
    const struct rd_step *step = &progress->plan->steps[index];
    const struct rd_step_record *record = &run->steps[index];
    int64_t s = (progress->now_ms - run->start_ms) / 1000;
    char took[RD_TIME_TEXT_MAX] = "";
    if (record->state == RD_STEP_DONE || record->state == RD_STEP_FAILED)
        (void)rd_duration_format(record->end_ms - record->start_ms, took);
    char name[NAME_SIZE_MAX];
    name_step(progress, step, name);
    (void)fprintf(stderr, "%02lld:%02lld:%02lld %-7s %s%s%s%s%s%.*s\n", (long long)(s / 3600),
                  (long long)(s / 60 % 60), (long long)(s % 60), words[record->state], name,
                  took[0] == '\0' ? "" : " (", took, took[0] == '\0' ? "" : ")",
                  record->message.n > 0 ? ": " : "", RD_FMT(record->message));
}

static void draw_bar(const struct progress *progress, const struct rd_run *run)
{
    size_t total = progress->plan->step_count;
    int width = progress->terminal.width - BAR_TEXT_WIDTH;
    width = width > BAR_WIDTH_MAX ? BAR_WIDTH_MAX : width < BAR_WIDTH_MIN ? 0 : width;
    int full = total == 0 ? width : (int)((size_t)width * run->done_count / total);
    char elapsed[RD_TIME_TEXT_MAX];
    char left[RD_TIME_TEXT_MAX];
    (void)rd_duration_format(progress->now_ms - run->start_ms, elapsed);
    (void)rd_duration_format(progress->left_ms, left);
    (void)fprintf(stderr, "  ");
    for (int i = 0; i < width; i++)
        (void)fprintf(stderr, "%s", i < full ? "█" : "░");
    (void)fprintf(stderr, " %zu/%zu  %s, ", run->done_count, total, elapsed);
    /* What takes longer than expected is not "0 s" away. */
    if (progress->left_ms < 1000)
        (void)fprintf(stderr, "almost done%s", run->failed_count > 0 ? "  " : "");
    else
        (void)fprintf(stderr, "about %s left%s", left, run->failed_count > 0 ? "  " : "");
    if (run->failed_count > 0)
        (void)fprintf(stderr, "%zu failed", run->failed_count);
    (void)fprintf(stderr, "\n");
}

/* Up to SHOWN_MAX running steps, in the plan's order, and how many more there are. */
static int draw_running(const struct progress *progress, const struct rd_run *run)
{
    int shown = 0;
    for (size_t i = 0; i < progress->plan->step_count && shown < SHOWN_MAX; i++) {
        if (run->steps[i].state != RD_STEP_RUNNING)
            continue;
        const struct rd_step *step = &progress->plan->steps[i];
        char since[RD_TIME_TEXT_MAX];
        (void)rd_duration_format(progress->now_ms - run->steps[i].start_ms, since);
        char line[NAME_SIZE_MAX];
        name_step(progress, step, line);
        int room = progress->terminal.width - 20;
        room = room > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : room;
        (void)fprintf(stderr, "    %-*.*s %s\n", room, room, line, since);
        shown++;
    }
    if (run->running_count <= (size_t)shown)
        return shown;
    (void)fprintf(stderr, "    and %zu more\n", run->running_count - (size_t)shown);
    return shown + 1;
}

static void draw(struct progress *progress, const struct rd_run *run)
{
    int64_t now_us = rd_clock_monotonic_us();
    if (now_us - progress->drawn_us < FRAME_US)
        return;
    progress->drawn_us = now_us;
    take_off(progress);
    progress->terminal = terminal_look(progress->args); /* it may have been resized */
    draw_bar(progress, run);
    progress->drawn_lines = 1 + draw_running(progress, run);
    if (session_is_stopping()) {
        (void)fprintf(stderr, "    stopping: what is under way comes to its end\n");
        progress->drawn_lines++;
    }
    (void)fflush(stderr);
}

void progress_report(void *data, const struct rd_run *run, size_t step, int64_t now_ms,
                     int64_t left_ms)
{
    struct progress *progress = data;
    progress->now_ms = now_ms;
    progress->left_ms = left_ms;
    if (step == SIZE_MAX && output_is_gone())
        session_stop();
    if (progress->args->is_given[OPTION_QUIET])
        return;
    if (progress->terminal.can_redraw)
        draw(progress, run);
    else if (step != SIZE_MAX && run->steps[step].state != RD_STEP_WAITING)
        plain_line(progress, run, step);
}
