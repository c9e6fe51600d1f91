/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/id.h"

#include <string.h>

#include "base/limits.h"
#include "id_internal.h"

/* Takes "/segment" off the front of `*rest`; false at the end and for an empty segment. */
static bool next_segment(struct rd_str *rest, struct rd_str *ret_segment)
{
    if (rest->n < 2 || rest->p[0] != '/')
        return false;
    size_t end = rd_str_find_char(*rest, '/', 1);
    if (end == RD_STR_NONE)
        end = rest->n;
    *ret_segment = rd_str_sub(*rest, 1, end);
    *rest = rd_str_sub(*rest, end, rest->n);
    /* What reads the id as a path would take these for steps to another resource. */
    return ret_segment->n > 0 && !rd_str_is(*ret_segment, ".") && !rd_str_is(*ret_segment, "..");
}

/* Takes "/keyword/value" off the front when it is there; false and untouched otherwise. */
static bool next_pair(struct rd_str *rest, struct rd_str keyword, struct rd_str *ret_value)
{
    struct rd_str after = *rest;
    struct rd_str segment;
    if (!next_segment(&after, &segment) || !rd_str_eq_case(segment, keyword) ||
        !next_segment(&after, ret_value))
        return false;
    *rest = after;
    return true;
}

/* An id goes into URLs and messages as it is, so what would end a path or a line is refused. */
static bool is_plain(struct rd_str id)
{
    return !rd_str_has_control(id) && rd_str_find_char(id, '?', 0) == RD_STR_NONE &&
           rd_str_find_char(id, '#', 0) == RD_STR_NONE;
}

/* What a walk over an id finds out; the type's parts are views into the id. */
struct walk {
    struct rd_arm_id *id;
    struct rd_str provider; /* of the last "/providers/", or "" */
    struct rd_str types;    /* from the first type of that provider to the end */
    bool is_group;
    bool is_subscription;
};

static struct rd_str before(struct rd_str id, struct rd_str rest)
{
    return rd_str_sub(id, 0, id.n - rest.n);
}

/* "/providers/{namespace}" and then one or more "/{type}/{name}" until the next provider. */
static bool walk_provider(struct rd_str id, struct rd_str *rest, struct walk *walk)
{
    struct rd_str scope = before(id, *rest);
    if (!next_pair(rest, RD_STR("providers"), &walk->provider))
        return false;
    walk->types = rd_str_sub(*rest, 1, rest->n);
    struct rd_str parent = scope;
    bool has_type = false;
    while (rest->n > 0) {
        struct rd_str type, ahead = *rest;
        if (!next_segment(&ahead, &type))
            return false;
        if (has_type && rd_str_is_case(type, "providers"))
            return true;
        if (!next_segment(&ahead, &walk->id->name))
            return false;
        walk->id->parent = parent;
        *rest = ahead;
        parent = before(id, *rest);
        has_type = true;
    }
    return has_type;
}

static bool walk_id(struct rd_str id, struct walk *walk)
{
    *walk->id = (struct rd_arm_id){.id = id};
    if (id.n < 2 || id.n > RD_ARM_ID_SIZE_MAX || id.p[0] != '/' || !is_plain(id))
        return false;
    struct rd_str rest = id;
    if (next_pair(&rest, RD_STR("subscriptions"), &walk->id->subscription)) {
        walk->id->name = walk->id->subscription;
        walk->is_subscription = rest.n == 0;
        struct rd_str scope = before(id, rest);
        if (next_pair(&rest, RD_STR("resourceGroups"), &walk->id->resource_group)) {
            walk->id->name = walk->id->resource_group;
            walk->id->parent = scope;
            walk->is_group = rest.n == 0;
        }
    }
    while (rest.n > 0)
        if (!walk_provider(id, &rest, walk))
            return false;
    return true;
}

bool rd_arm_id_parse(struct rd_str id, struct rd_arm_id *ret_id)
{
    struct walk walk = {.id = ret_id};
    return walk_id(id, &walk);
}

size_t rd_arm_id_split(struct rd_str id, struct rd_arm_id *ret_id, char *out, size_t out_size)
{
    struct walk walk = {.id = ret_id};
    if (!walk_id(id, &walk))
        return 0;
    struct rd_str fixed = {"", 0};
    if (walk.is_subscription)
        fixed = RD_STR("Microsoft.Resources/subscriptions");
    if (walk.is_group)
        fixed = RD_STR("Microsoft.Resources/resourceGroups");
    struct rd_str head = fixed.n > 0 ? fixed : walk.provider;
    size_t n = 0;
    if (head.n >= out_size)
        return 0;
    memcpy(out, head.p, head.n);
    n = head.n;
    struct rd_str rest = fixed.n > 0 ? (struct rd_str){"", 0} : walk.types;
    for (bool is_type = true; rest.n > 0; is_type = !is_type) {
        struct rd_str segment;
        if (!rd_str_next(&rest, '/', &segment))
            break;
        if (!is_type)
            continue;
        if (n + 1 + segment.n > out_size)
            return 0;
        out[n] = '/';
        memcpy(out + n + 1, segment.p, segment.n);
        n += 1 + segment.n;
    }
    return n;
}

struct rd_str rd_arm_id_type(struct rd_arena *arena, struct rd_str id)
{
    char type[RD_ARM_ID_SIZE_MAX];
    struct rd_arm_id parsed;
    size_t n = rd_arm_id_split(id, &parsed, type, sizeof(type));
    return n == 0 ? (struct rd_str){"", 0} : rd_arena_str(arena, (struct rd_str){type, n});
}

bool rd_arm_id_is_within(struct rd_str id, struct rd_str ancestor)
{
    return ancestor.n > 0 && rd_str_has_prefix_case(id, ancestor) &&
           (id.n == ancestor.n || id.p[ancestor.n] == '/');
}
