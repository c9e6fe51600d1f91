/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EMULATOR_RECORDED_H
#define TESTS_EMULATOR_RECORDED_H

/*
 * Facts of recorded exchanges with Azure, written down by hand: what is asked, and what of the
 * answer a client may rely on. Each test names the recording (the azure-cli cassette) that it is
 * taken from. Bodies are written with ' for ".
 */

#include "world.h"

/* The member names of the object at a dotted path of the last reply ("" for the whole), sorted and
 * joined by commas. */
const char *members(struct world *w, const char *path);
/* The same in the order they were served. */
const char *members_served(struct world *w, const char *path);
const char *header(struct world *w, const char *name);
/* The last reply as text. */
const char *body_text(struct world *w);
const struct rd_json *value_at(struct world *w, const char *path);
/* The JSON inside base64url text at a path of the last reply. */
const char *decoded(struct world *w, const char *path);
/* A template whose {} stand for one text. */
const char *filled(struct world *w, const char *template_text, const char *with);
/* Whether text has the form of `pattern`, a POSIX extended regular expression. */
void assert_form(const char *value, const char *pattern);

#endif
