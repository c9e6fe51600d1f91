/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTS_FACTS_H
#define FACTS_FACTS_H

/*
 * The tables of data/: dated knowledge that people read and update without C. Each YAML file there
 * is checked and embedded as JSON at build time under its path without the ending ("rules/cvm",
 * "prices/source-2026"). A user may put a YAML file of the same path into a folder named with
 * --data (or $REDOUBT_DATA); it then takes the embedded one's place.
 *
 * A table is parsed when first asked for and lives until the process ends.
 */

#include "base/arena.h"
#include "base/err.h"
#include "json/json.h"

/* Where overriding files lie, or NULL. Set once, before the first rd_facts_get. */
void rd_facts_set_folder(const char *folder);

/* The table; its name is a programming error when unknown. Errors: those of an overriding file. */
RD_NODISCARD enum rd_rc rd_facts_get(const char *name, const struct rd_json **ret_table,
                                     struct rd_err *err);
/* The embedded table, which cannot fail. */
const struct rd_json *rd_facts_embedded(const char *name);
/* Names of all embedded tables, in order; `*ret_count` of them. */
const char *const *rd_facts_names(size_t *ret_count);
bool rd_facts_exists(const char *name);

#endif
