/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <string.h>

/* From the path of an ARM request to the type, instance, list or action that it names. */

struct segments {
    struct rd_str items[EM_SEGMENT_COUNT_MAX];
    size_t count;
};

static bool split(struct rd_str id, struct segments *segments)
{
    struct rd_str rest = rd_str_sub(id, 1, id.n);
    struct rd_str part;
    segments->count = 0;
    while (rest.n > 0 && rd_str_next(&rest, '/', &part)) {
        if (part.n == 0 || segments->count == EM_SEGMENT_COUNT_MAX)
            return false;
        segments->items[segments->count++] = part;
    }
    return true;
}

/* The id up to and including segment `count - 1`. */
static struct rd_str prefix_of(struct rd_str id, const struct segments *segments, size_t count)
{
    if (count == 0)
        return (struct rd_str){"", 0};
    const struct rd_str *last = &segments->items[count - 1];
    return (struct rd_str){id.p, (size_t)(last->p - id.p) + last->n};
}

static const struct em_type *type_named(struct em_exchange *ex, struct rd_str name)
{
    const struct em_class *class_ = em_class_find(ex->cloud, name);
    return class_ == NULL || class_->type->is_internal ? NULL : class_->type;
}

/* "Namespace/a/b" from the segments behind /providers/: the namespace and every second one. */
static struct rd_str type_name(const struct segments *segments, size_t first, size_t type_count,
                               char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i <= type_count; i++) {
        struct rd_str part = segments->items[i == 0 ? first : first + 2 * i - 1];
        if (n + part.n + 2 > size)
            return (struct rd_str){"", 0};
        if (i > 0)
            out[n++] = '/';
        memcpy(out + n, part.p, part.n);
        n += part.n;
    }
    out[n] = '\0';
    return (struct rd_str){out, n};
}

static void fill_parent(struct em_exchange *ex, struct em_target *target)
{
    target->parent_type = NULL;
    target->parent = (struct rd_str){"", 0};
    struct rd_str name = rd_str_from(target->type->name);
    size_t slash = rd_str_find_last_char(name, '/');
    for (int levels = 1; slash != RD_STR_NONE; levels++) {
        name = rd_str_sub(name, 0, slash);
        slash = rd_str_find_last_char(name, '/');
        const struct em_class *class_ = em_class_find(ex->cloud, name);
        if (class_ == NULL)
            continue;
        struct rd_str parent = target->id;
        int cut = target->kind == EM_TARGET_LIST ? levels * 2 - 1 : levels * 2;
        for (int i = 0; i < cut; i++)
            parent = rd_str_sub(parent, 0, rd_str_find_last_char(parent, '/'));
        target->parent_type = class_->type;
        target->parent = parent;
        return;
    }
}

static bool fail_unknown(struct em_exchange *ex, const struct em_target *target)
{
    size_t count;
    const struct em_part *const *parts = em_parts(&count);
    struct rd_str wanted = target->name_space;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i]->type_count; k++) {
            struct rd_str name = rd_str_from(parts[i]->types[k].name);
            if (!rd_str_has_prefix_case(name, wanted) || name.p[wanted.n] != '/')
                continue;
            return em_fail(ex, 404, "InvalidResourceType",
                           "The resource type could not be found in the namespace '%.*s' for api "
                           "version '%.*s'. (The embedded cloud does not emulate '%s'; "
                           "docs/fidelity.md lists what it does.)",
                           RD_FMT(wanted), RD_FMT(ex->api_version), target->type_name);
        }
    return em_fail(ex, 404, "InvalidResourceNamespace",
                   "The resource namespace '%.*s' is invalid. (The embedded cloud does not emulate "
                   "it; docs/fidelity.md lists what it does.)",
                   RD_FMT(wanted));
}

/* Behind the last /providers/: the longest run of (type, name) pairs that is a known type. */
static bool find_typed(struct em_exchange *ex, const struct segments *segments, size_t first,
                       struct em_target *target)
{
    size_t n = segments->count - first - 1;
    target->name_space = segments->items[first];
    target->scope = prefix_of(ex->id, segments, first - 1);
    (void)type_name(segments, first, (n + 1) / 2, target->type_name, sizeof(target->type_name));
    char buffer[256];
    if (n % 2 == 1) {
        target->type =
            type_named(ex, type_name(segments, first, (n + 1) / 2, buffer, sizeof(buffer)));
        if (target->type != NULL) {
            target->kind = EM_TARGET_LIST;
            target->id = ex->id;
            return true;
        }
    }
    for (size_t pairs = n / 2; pairs > 0; pairs--) {
        target->type = type_named(ex, type_name(segments, first, pairs, buffer, sizeof(buffer)));
        if (target->type == NULL)
            continue;
        size_t used = first + 1 + pairs * 2;
        target->id = prefix_of(ex->id, segments, used);
        target->name = segments->items[used - 1];
        target->kind = used == segments->count ? EM_TARGET_INSTANCE : EM_TARGET_ACTION;
        target->action = rd_str_sub(ex->id, target->id.n + 1, ex->id.n);
        return true;
    }
    return fail_unknown(ex, target);
}

/* /subscriptions/{s}/resourceGroups[/{g}[/action]]: the one type without /providers/. */
static bool find_group(struct em_exchange *ex, const struct segments *segments,
                       struct em_target *target)
{
    target->name_space = RD_STR("Microsoft.Resources");
    target->type = type_named(ex, RD_STR("Microsoft.Resources/resourceGroups"));
    bool is_group = target->type != NULL && segments->count >= 3 &&
                    rd_str_is_case(segments->items[2], "resourceGroups");
    if (!is_group)
        return em_fail(ex, 404, "InvalidResourceType",
                       "The path '%.*s' is not known to the embedded cloud.", RD_FMT(ex->id));
    target->scope = prefix_of(ex->id, segments, 2);
    target->kind = segments->count == 3   ? EM_TARGET_LIST
                   : segments->count == 4 ? EM_TARGET_INSTANCE
                                          : EM_TARGET_ACTION;
    target->id = prefix_of(ex->id, segments, segments->count > 4 ? 4 : segments->count);
    target->name = segments->items[segments->count > 4 ? 3 : segments->count - 1];
    target->action = rd_str_sub(ex->id, target->id.n + 1, ex->id.n);
    return true;
}

bool em_target_find(struct em_exchange *ex, struct em_target *ret_target)
{
    struct segments segments;
    struct em_target target = {.id = {"", 0}, .action = {"", 0}, .parent = {"", 0}};
    if (ex->id.n < 2 || !split(ex->id, &segments))
        return em_fail(ex, 400, "InvalidRequestUri", "The path '%.*s' is invalid.", RD_FMT(ex->id));
    size_t first = 0;
    for (size_t i = 0; i + 2 < segments.count; i++)
        if (rd_str_is_case(segments.items[i], "providers"))
            first = i + 1;
    bool is_found =
        first > 0 ? find_typed(ex, &segments, first, &target) : find_group(ex, &segments, &target);
    if (!is_found)
        return false;
    fill_parent(ex, &target);
    *ret_target = target;
    return true;
}
