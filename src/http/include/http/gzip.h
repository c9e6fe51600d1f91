/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

/* Bodies with Content-Encoding: gzip (RFC 1952), unpacked whole into an arena. What a few bytes may
 * unpack to is bounded by the caller, and nothing beyond the bound is ever unpacked. */

#include "base/arena.h"
#include "base/err.h"

/* One member that fills `packed` to its end. RD_RC_LIMIT: more than `size_max` bytes;
 * RD_RC_INVALID: no gzip, damaged, cut off, or with something behind it. */
RD_NODISCARD enum rd_rc rd_http_gunzip(struct rd_arena *arena, struct rd_str packed,
                                       size_t size_max, struct rd_str *ret_text,
                                       struct rd_err *err);

#endif
