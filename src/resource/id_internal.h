/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESOURCE_ID_INTERNAL_H
#define RESOURCE_ID_INTERNAL_H

#include <stddef.h>

#include "resource/id.h"

/* rd_arm_id_parse and rd_arm_id_type in one walk, without an arena: writes the type's name (no NUL)
 * and returns its length, 0 when it is no ARM id or does not fit. */
size_t rd_arm_id_split(struct rd_str id, struct rd_arm_id *ret_id, char *out, size_t out_size);

#endif
