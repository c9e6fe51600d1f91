/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded.h"

#include <regex.h>
#include <stdlib.h>

#include "crypto/hash.h"

const struct rd_json *value_at(struct world *w, const char *path)
{
    return path[0] == '\0' ? &w->json : rd_json_at(&w->json, path);
}

static int by_name(const void *a, const void *b)
{
    const struct rd_str *left = a;
    const struct rd_str *right = b;
    return rd_str_cmp(*left, *right);
}

static const char *join(struct world *w, const char *path, bool is_sorted)
{
    const struct rd_json *value = value_at(w, path);
    struct rd_str names[64];
    size_t count = rd_json_is(value, RD_JSON_OBJECT) ? rd_json_count(value) : 0;
    assert_in_range(count, 0, 64);
    for (size_t i = 0; i < count; i++)
        names[i] = value->u.members[i].key;
    if (is_sorted)
        qsort(names, count, sizeof(names[0]), by_name);
    struct rd_str out = RD_STR("");
    for (size_t i = 0; i < count; i++)
        out = rd_arena_printf(w->arena, "%.*s%s%.*s", RD_FMT(out), i > 0 ? "," : "",
                              RD_FMT(names[i]));
    return out.p;
}

const char *members(struct world *w, const char *path)
{
    return join(w, path, true);
}

const char *members_served(struct world *w, const char *path)
{
    return join(w, path, false);
}

const char *header(struct world *w, const char *name)
{
    return rd_arena_str(w->arena, rd_http_headers_get(&w->reply.headers, name)).p;
}

const char *body_text(struct world *w)
{
    return rd_arena_str(w->arena, w->reply.body).p;
}

const char *decoded(struct world *w, const char *path)
{
    struct rd_str out = RD_STR("");
    assert_true(rd_base64_decode(w->arena, rd_json_str(value_at(w, path)), &out));
    return rd_arena_str(w->arena, out).p;
}

const char *filled(struct world *w, const char *template_text, const char *with)
{
    struct rd_str rest = rd_str_from(template_text);
    size_t at = rd_str_find(rest, RD_STR("{}"), 0);
    assert_true(at != RD_STR_NONE);
    return rd_arena_printf(w->arena, "%.*s%s%.*s", RD_FMT(rd_str_sub(rest, 0, at)), with,
                           RD_FMT(rd_str_sub(rest, at + 2, rest.n)))
        .p;
}

void assert_form(const char *value, const char *pattern)
{
    regex_t compiled;
    assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool is_match = regexec(&compiled, value, 0, NULL, 0) == 0;
    regfree(&compiled);
    if (!is_match)
        fail_msg("'%s' has not the form '%s'", value, pattern);
}
