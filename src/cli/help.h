/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

/* Help, man pages, completion and docs/commands.md, all from the tables of verb.h. */

#include "base/buf.h"
#include "verb.h"

/* Shows help on a verb, or the overview for NULL. */
/* The commands that begin with this word. */
void help_show_group(const char *group);
void help_show(struct rd_arena *arena, const struct verb *verb);

/* Documents, appended to `out`. */
void document_man(struct rd_buf *out, const struct verb *verb);   /* NULL: redoubt(1) */
void document_commands(struct rd_buf *out);                       /* Markdown */
void document_errors(struct rd_arena *arena, struct rd_buf *out); /* Markdown; verb_explain.c */
/* "bash", "zsh" or "fish"; false when it is another. */
bool document_completion(struct rd_buf *out, const char *shell);

/* A Markdown document of ours, for a terminal. */
void page_print(struct rd_arena *arena, struct rd_buf *out, struct rd_str document);

#endif
