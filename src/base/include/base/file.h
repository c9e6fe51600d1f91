/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

/* Whole files in and out. Writing is atomic (a temporary file in the same folder, synced, renamed)
 * so that a full disk or a kill leaves either the old file or the new one. */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The whole file, at most `size_max` bytes; "-" reads standard input. Errors: NOT_FOUND, IO, LIMIT.
 */
RD_NODISCARD enum rd_rc rd_file_read(struct rd_arena *arena, const char *path, size_t size_max,
                                     struct rd_str *ret_content, struct rd_err *err);
/* Takes the place of a file in one move, so that there is always a whole one; what is no ordinary
 * file (a device, a pipe) is written to. `mode` as for open(2), such as 0600. Errors: IO. */
RD_NODISCARD enum rd_rc rd_file_write(const char *name, struct rd_str content, int mode,
                                      struct rd_err *err);
bool rd_file_exists(const char *path);
/* Makes a folder (and its parents) with mode 0700 unless it is there. Errors: IO. */
RD_NODISCARD enum rd_rc rd_file_make_folder(const char *path, struct rd_err *err);

#endif
