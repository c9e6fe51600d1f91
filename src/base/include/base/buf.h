/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

/*
 * Bytes that grow, up to a maximum that is given at the start. Appending past the maximum sets
 * `is_full` and appends nothing more, so that a caller may append freely and check once at the end.
 * The caller's storage: rd_buf_init ... rd_buf_done.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct rd_buf {
    char *p;
    size_t n;
    size_t cap;
    size_t size_max;
    bool is_full;
    bool is_secret; /* growing wipes what it leaves behind; set by the owner */
};

void rd_buf_init(struct rd_buf *buf, size_t size_max); /* size_max > 0 */
void rd_buf_done(struct rd_buf *buf);                  /* for RD_CLEANUP too */
void rd_buf_clear(struct rd_buf *buf);                 /* keeps the memory */
void rd_buf_wipe(struct rd_buf *buf);                  /* overwrites the memory, then clears */

void rd_buf_add(struct rd_buf *buf, struct rd_str s);
void rd_buf_add_c(struct rd_buf *buf, const char *c_string);
void rd_buf_add_char(struct rd_buf *buf, char c);
void rd_buf_add_int(struct rd_buf *buf, int64_t value);
RD_PRINTF(2, 3) void rd_buf_printf(struct rd_buf *buf, const char *fmt, ...);
/* Text in lines of at most `width` columns, where its words allow it; the first line goes on at
 * `column`, where something stands already, the others begin after `indent` spaces. An empty line
 * of the text stays one; ends with LF. */
void rd_buf_add_wrapped(struct rd_buf *buf, struct rd_str text, size_t column, size_t indent,
                        size_t width);
/* Room for `n` more bytes, to be written by the caller and then counted in buf->n; NULL when full.
 */
char *rd_buf_room(struct rd_buf *buf, size_t n);

struct rd_str rd_buf_str(const struct rd_buf *buf); /* valid until the next change */
/* The bytes with a NUL after them (not counted); never NULL. */
const char *rd_buf_c(struct rd_buf *buf);

#endif
