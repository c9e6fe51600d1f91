/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_RUN_ROWS_H
#define REPORT_RUN_ROWS_H

/* A run's journal as rows: one a step, or one for many of a kind. */

#include "html.h"

enum run_state { RUN_DONE, RUN_FAILED, RUN_OPEN };

struct run_row {
    struct rd_str step;  /* "put", "action run" ... */
    struct rd_str id;    /* of the resource; of the first of a group */
    struct rd_str label; /* of its type */
    struct rd_str name;
    int64_t start_ms, end_ms; /* of a group: first start, last end */
    enum run_state state;
    struct rd_str code, message; /* why it failed */
    bool is_critical;
    size_t count;         /* steps in it: 1 unless it is a group */
    struct run_row *same; /* the next row of the same resource */
};

struct run_rows {
    struct run_row **rows; /* critical ones by time, failed ones, then the others by time */
    size_t count;
    size_t critical_count, failed_count; /* of the rows, in that order at the beginning */
    size_t step_count, done_count, failed_step_count, open_count;
    int64_t start_ms, end_ms;
    int64_t critical_ms; /* from the first to the last step of the critical path */
    bool is_grouped;
};

/* Of the input's entries; a step that has not ended ends with the run, or with the last entry. */
struct run_rows *run_rows_make(const struct page *page);

#endif
