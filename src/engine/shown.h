/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_SHOWN_H
#define ENGINE_SHOWN_H

/* Private to engine/: what Resource Manager shows of what is written on another plane (column read
 * of data/types.yaml), as that plane would show it. Pure. */

#include "resource/type.h"

/* Whether it is looked at there. */
bool shown_by_arm(const struct rd_type *type);
/* The body as its own plane has it, of a type that is; what the answer does not say is not in it.
 */
struct rd_json shown_body(struct rd_arena *arena, const struct rd_type *type,
                          const struct rd_json *answer);

#endif
