/* SPDX-License-Identifier: Apache-2.0 */

/* What the compute providers say and read in the same way. */

#include <stdarg.h>

#include "compute_internal.h"

bool em_is_one_of(struct rd_str text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (rd_str_is_case(text, *words))
            return true;
    return false;
}

struct rd_str em_lower(struct em_exchange *ex, struct rd_str text)
{
    char *p = rd_arena_bytes(ex->arena, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        p[i] = rd_char_lower(text.p[i]);
    p[text.n] = '\0';
    return (struct rd_str){p, text.n};
}

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
    em_set_word(ex, &body, "error.code", code);
    em_set_text(ex, &body, "error.message", message);
    em_set_word(ex, &body, "error.target", target);
    em_reply_json(ex, status, &body, EM_JSON_CRLF);
    return false;
}

bool em_feature_is_on(struct em_exchange *ex, struct rd_str subscription, struct rd_str feature)
{
    struct rd_str id = rd_arena_printf(ex->arena,
                                       "/subscriptions/%.*s/providers/Microsoft.Features/providers/"
                                       "Microsoft.Compute/features/%.*s",
                                       RD_FMT(subscription), RD_FMT(feature));
    struct em_resource *registration = em_find(ex->cloud, id);
    if (registration != NULL) {
        struct rd_json body = em_body(ex, registration);
        return rd_str_is_case(em_text_at(&body, "properties.state"), "Registered");
    }
    const struct em_fault *fault = em_fault(ex, "feature");
    if (fault == NULL)
        return true;
    struct rd_str name = em_fault_arg(fault, "name");
    size_t slash = rd_str_find_last_char(name, '/');
    if (slash != RD_STR_NONE)
        name = rd_str_sub(name, slash + 1, name.n);
    return !rd_str_is_empty(name) && !rd_str_eq_case(name, feature);
}
