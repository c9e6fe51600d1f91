/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPEC_TEMPLATES_H
#define SPEC_TEMPLATES_H

/* The files of examples/, embedded by the build: what `redoubt init` writes. */

#include <stddef.h>

#include "base/str.h"

struct rd_spec_template_file {
    struct rd_str name;
    struct rd_str text;
};

extern const struct rd_spec_template_file rd_spec_template_files[];
extern const size_t rd_spec_template_count;

#endif
