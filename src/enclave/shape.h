/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_SHAPE_H
#define ENCLAVE_SHAPE_H

/*
 * Bodies written as they look. A shape is JSON with bare words, and a mark wherever a value comes
 * from the arguments:
 *
 *     rd_shape(arena, "{location: %s, tags: %j, properties: {priority: 200, zones?: %j}}",
 *              region, tags, zones);
 *
 * %s struct rd_str, %j struct rd_json, %i int64_t, %b int as a boolean. A bare word is true, false,
 * null, a whole number, or text; text with other characters than letters, digits and "-_.$/" stands
 * in single quotes. A member whose key ends with ? is left out when its value is an empty string,
 * array or object, or absent. Shapes are literals of the program: a malformed one is an assert.
 * Keys and words are views of the literal.
 */

#include "base/arena.h"
#include "json/json.h"

struct rd_json rd_shape(struct rd_arena *arena, const char *shape, ...);

#endif
