/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_JSON_INTERNAL_H
#define JSON_JSON_INTERNAL_H

enum { JSON_TEXT_SIZE_MAX = 0x7fffffff };

#endif
