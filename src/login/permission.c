/* SPDX-License-Identifier: Apache-2.0 */
/* What roles allow (azure-avd-ops 4.1). */
#include "base/str.h"
#include "login/login.h"

/* "*" is any text, slashes too: the last star tried grows until the rest fits. */
static bool fits(struct rd_str pattern, struct rd_str text)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = RD_STR_NONE;
    size_t resume = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.n && rd_char_lower(pattern.p[p]) == rd_char_lower(text.p[t])) {
            p++;
            t++;
        } else if (star != RD_STR_NONE) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

static bool is_among(const struct rd_json *patterns, struct rd_str action)
{
    for (size_t i = 0; rd_json_is(patterns, RD_JSON_ARRAY) && i < rd_json_count(patterns); i++)
        if (fits(rd_json_str(rd_json_item(patterns, i)), action))
            return true;
    return false;
}

static bool is_allowed(const struct rd_json *roles, struct rd_str action)
{
    for (size_t i = 0; i < rd_json_count(roles); i++) {
        const struct rd_json *role = rd_json_item(roles, i);
        if (is_among(rd_json_get(role, RD_STR("actions")), action) &&
            !is_among(rd_json_get(role, RD_STR("notActions")), action))
            return true;
    }
    return false;
}

const char *rd_permissions_missing(const struct rd_json *permissions, const char *const *actions,
                                   size_t count)
{
    const struct rd_json *roles = rd_json_get(permissions, RD_STR("value"));
    for (size_t i = 0; i < count; i++)
        if (!rd_json_is(roles, RD_JSON_ARRAY) || !is_allowed(roles, rd_str_from(actions[i])))
            return actions[i];
    return NULL;
}
