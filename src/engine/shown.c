/* SPDX-License-Identifier: Apache-2.0 */
#include "shown.h"

#include "http/message.h"

bool shown_by_arm(const struct rd_type *type)
{
    return rd_json_exists(rd_json_get(type->row, RD_STR("read")));
}

/* Resource Manager may name the usual port in the URLs of keys, which the keys' own plane never
 * does: those that refer to a key would seem to differ. */
static struct rd_json without_port(struct rd_arena *arena, const struct rd_json *value)
{
    struct rd_str url = rd_json_str(value);
    struct rd_http_url parts;
    if (!rd_str_has_prefix_case(url, RD_STR("https://")) || !rd_http_url_parse(url, &parts) ||
        parts.port != 443 || !rd_str_has_prefix(parts.path, RD_STR("/")))
        return *value;
    size_t path = (size_t)(parts.path.p - url.p);
    return rd_json_string(rd_arena_printf(arena, "https://%.*s%.*s", RD_FMT(parts.host),
                                          RD_FMT(rd_str_sub(url, path, url.n))));
}

struct rd_json shown_body(struct rd_arena *arena, const struct rd_type *type,
                          const struct rd_json *answer)
{
    const struct rd_json *map = rd_json_at(type->row, "read.body");
    struct rd_json body = rd_json_object();
    for (size_t i = 0; i < rd_json_count(map); i++) {
        const struct rd_json *value = rd_json_at_str(answer, rd_json_str(&map->u.members[i].value));
        if (!rd_json_exists(value))
            continue;
        struct rd_str path = rd_arena_str(arena, map->u.members[i].key);
        *rd_json_make(arena, &body, path.p) = without_port(arena, value);
    }
    return body;
}
