/* SPDX-License-Identifier: Apache-2.0 */

/* What the compute providers say and read in the same way. */

#include <stdarg.h>

#include "compute_internal.h"

struct rd_str em_body_region(struct em_exchange *ex, const struct rd_json *body)
{
    return em_region_name(ex, em_text_at(body, "location"));
}

bool em_fail_target(struct em_exchange *ex, int status, const char *code, const char *target,
                    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct rd_str message = rd_arena_vprintf(ex->arena, fmt, ap);
    va_end(ap);
    struct rd_json body = rd_json_object();
    em_set_error(ex, &body, rd_str_from(code), message);
    em_set_word(ex, &body, "error.target", target);
    em_reply_json(ex, status, &body, EM_JSON_CRLF);
    return false;
}
