/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_JSON_INTERNAL_H
#define JSON_JSON_INTERNAL_H

enum { JSON_TEXT_SIZE_MAX = 0x7fffffff };

/* The first byte from `p` to `end` that may not stand between quotes as it is: '"', '\\' or a
 * control character; else `end`. */
const char *rd_json_plain_end(const char *p, const char *end);

#endif
