/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_PRINT_INTERNAL_H
#define PLAN_PRINT_INTERNAL_H

#include "plan/plan.h"

/* One line of what a value is, at most `width` columns, longer ones cut with "...". References show
 * as what they are ("(secret)", "(known after apply)"), wherever they stand in the value. */
void rd_print_value(struct rd_buf *out, const struct rd_json *value, bool is_secret, size_t width);
/* Text in lines of at most `width` columns, each after `indent` spaces; ends with LF. */
void rd_print_wrapped(struct rd_buf *out, struct rd_str text, size_t indent, size_t width);
/* Columns of UTF-8 text: its characters. */
size_t rd_print_columns(struct rd_str text);
/* The text, with "..." for its end when it is wider than `width` columns. */
struct rd_str rd_print_cut(struct rd_arena *arena, struct rd_str text, size_t width);
/* The text with each run of digits as "#", a GUID as one "#": the same for all hosts. */
struct rd_str rd_print_pattern(struct rd_arena *arena, struct rd_str text);

#endif
