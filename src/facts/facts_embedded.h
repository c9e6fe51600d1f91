/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTS_FACTS_EMBEDDED_H
#define FACTS_FACTS_EMBEDDED_H

/* What tools/embed.c writes. */

#include <stddef.h>

struct rd_facts_file {
    const char *name;
    const char *text;
    size_t size;
};

extern const struct rd_facts_file rd_facts_embedded_files[];
extern const size_t rd_facts_embedded_count;

#endif
