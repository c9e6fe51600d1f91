/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/* Standard output and standard error, and the terminal behind them. A closed standard output is an
 * error that is told once, at the end (output_finish). */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "verb.h"
#include "json/json.h"

struct terminal {
    bool out_is_terminal;
    bool err_is_terminal;
    bool in_is_terminal;
    bool has_colors; /* of standard output */
    bool can_redraw; /* standard error is one whose lines can be taken back and are wide enough */
    int width;       /* columns, 80 when unknown */
    int height;
};

struct terminal terminal_look(const struct args *args);

void output_text(struct rd_str text);
RD_PRINTF(1, 2) void output_printf(const char *fmt, ...);
/* Pretty-printed, with a final LF. */
void output_json(const struct rd_json *value);
/* Told with the error, should the command end with one: `run` must live until then. */
void output_keep_run(const struct rd_json *run);
/* Told with the error of codes that are not known: the others' explanations. */
void output_keep_explained(const struct rd_json *explained);
/* Lines for people on standard error: wrapped where a terminal is behind it, else as they are, so
 * that each can be searched for. */
void output_told(struct rd_str text);
/* An error for people on standard error, and as JSON on standard output when asked for. */
void output_error(const struct args *args, const struct rd_err *err);
/* What a person should know although the command goes on: on standard error, whatever the output's
 * form. */
void output_warning(struct rd_str text, const char *hint);
/* Flushes. Errors: IO when anything could not be written. */
RD_NODISCARD enum rd_rc output_finish(struct rd_err *err);

/* Whether nobody reads standard output any more: the reader of its pipe has gone. */
bool output_is_gone(void);

/* Whether a file can be written, before there is anything to write: its folder is there and may be
 * written to; and it is not there yet, or begins like what is to take its place, so that a spec
 * named by mistake is not lost. `what` names that for people. Errors: IO, USAGE. */
RD_NODISCARD enum rd_rc output_check_file(const char *path, struct rd_str head, const char *what,
                                          struct rd_err *err);

/* Asks on the terminal; without one, or with --yes, see the error and the answer. `expected` is
 * what must be typed ("yes" or a name). Errors: DECLINED, USAGE when there is no terminal to ask
 * at. */
RD_NODISCARD enum rd_rc output_ask(const struct args *args, const struct terminal *terminal,
                                   const char *question, struct rd_str expected,
                                   struct rd_err *err);

#endif
