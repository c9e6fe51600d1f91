/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AZURE_FIND_H
#define AZURE_FIND_H

/* Private to azure/: the table's rows (errors.c) and the two halves of the finder: JSON (find.c)
 * and text (find_text.c), which call each other, since each may hold the other. */

#include "azure/explain.h"
#include "base/map.h"

struct finder {
    struct rd_arena *arena;
    struct rd_error_list *list;
    size_t cap;
    struct rd_map known; /* code, without case -> its first row */
    size_t scan_left;    /* bytes that may still be searched for the ends of JSON */
    size_t reports_left;
    int status; /* the last HTTP status that the text named, or 0 */
};

/* errors.c: the table, and its first row that fits, or rd_json_absent; `status` 0 fits any. */
const struct rd_json *errors_table(void);
const struct rd_json *errors_row(int status, struct rd_str code, struct rd_str message);

/* find.c */
void finder_report(struct finder *finder, struct rd_str code, struct rd_str message, int depth);
void finder_walk(struct finder *finder, const struct rd_json *value, bool is_error, int depth);
/* The row of a code, or NULL. */
const struct rd_json *finder_known(const struct finder *finder, struct rd_str code);

/* find_text.c */
void finder_text(struct finder *finder, struct rd_str text, int depth);

#endif
