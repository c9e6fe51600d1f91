/* SPDX-License-Identifier: Apache-2.0 */
#include "diff_internal.h"

#include "resource/unseen.h"

/* What holds for everything below a field that says it. */
enum {
    INHERITED = RD_FIELD_REPLACE | RD_FIELD_EXACT | RD_FIELD_WEAK | RD_FIELD_ALONG | RD_FIELD_WITHIN
};

/* Members that the service owns: at the root of a body, and anywhere. */
static const struct rd_str root_names[] = {{"id", 2}, {"name", 4}, {"type", 4}};
static const struct rd_str volatile_names[] = {
    {"etag", 4}, {"systemData", 10}, {"provisioningState", 17}};

/* Tags that Azure puts on resources by itself. */
static const struct rd_str service_tags[] = {{"hidden-", 7}, {"ms-resource-usage", 17}};

/* Endings of member names whose values are not for showing, should a service ever return them. */
static const struct rd_str secret_names[] = {
    {"password", 8}, {"secret", 6}, {"token", 5}, {"sharedKey", 9}, {"connectionString", 16}};

static bool is_among(struct rd_str name, const struct rd_str *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rd_str_eq_case(name, names[i]))
            return true;
    return false;
}

#define IS_AMONG(name, names) is_among((name), (names), sizeof(names) / sizeof((names)[0]))

/* userAssignedIdentities and their like are maps from ids, where being there is what counts. */
static bool is_id_key(struct rd_str key)
{
    return key.n > 0 && key.p[0] == '/';
}

/* Absent, null, "", [] and {} are one thing; so is an object of nothing but those. */
static bool is_empty(const struct rd_json *value)
{
    if (!rd_json_exists(value))
        return true;
    if (value->type == RD_JSON_OBJECT) {
        for (size_t i = 0; i < value->count; i++)
            if (is_id_key(value->u.members[i].key) || !is_empty(&value->u.members[i].value))
                return false;
        return true;
    }
    return (value->type == RD_JSON_STRING || value->type == RD_JSON_ARRAY) && value->count == 0;
}

static struct rd_str place_text(struct rd_arena *arena, const struct rd_place *place)
{
    if (place == NULL)
        return (struct rd_str){"", 0};
    struct rd_str above = place_text(arena, place->above);
    if (place->kind == RD_PLACE_ITEM)
        return rd_arena_printf(arena, "%.*s[%zu]", RD_FMT(above), place->item);
    if (place->kind == RD_PLACE_KEY)
        return rd_arena_printf(arena, "%.*s[%.*s]", RD_FMT(above), RD_FMT(place->key));
    if (above.n == 0)
        return rd_arena_str(arena, place->key);
    return rd_arena_printf(arena, "%.*s.%.*s", RD_FMT(above), RD_FMT(place->key));
}

bool rd_diff_is_secret_name(struct rd_str name)
{
    for (size_t i = 0; i < sizeof(secret_names) / sizeof(secret_names[0]); i++)
        if (rd_str_has_suffix_case(name, secret_names[i]))
            return true;
    return false;
}

static bool is_secret_place(const struct rd_place *place)
{
    for (; place != NULL; place = place->above)
        if (place->kind == RD_PLACE_MEMBER && rd_diff_is_secret_name(place->key))
            return true;
    return false;
}

/* Whether both are ids of what lies in the same parent. */
static bool is_same_parent(struct rd_str a, struct rd_str b)
{
    for (int segments = 0; segments < 2; segments++) {
        size_t slash = rd_str_find_last_char(a, '/'), other = rd_str_find_last_char(b, '/');
        if (slash == RD_STR_NONE || other == RD_STR_NONE)
            return false;
        a = rd_str_sub(a, 0, slash);
        b = rd_str_sub(b, 0, other);
    }
    return rd_str_eq_case(a, b);
}

/* Whether a difference leaves the parent that an id of column `within` must stay in. What was not
 * there before leaves nothing. */
static bool leaves_parent(const struct rd_json *before, const struct rd_json *after)
{
    struct rd_str id = rd_reference_id(after);
    if (id.n == 0)
        id = rd_json_str(after);
    struct rd_str was = rd_json_str(before);
    return was.n > 0 && id.n > 0 && !is_same_parent(was, id);
}

bool rd_diff_record(struct rd_differ *differ, const struct rd_json *before,
                    const struct rd_json *after, uint32_t flags, const struct rd_place *place)
{
    struct rd_change *change = differ->change;
    if (change == NULL)
        return true;
    change->fields = rd_arena_grow(differ->arena, change->fields, change->field_count,
                                   &change->field_cap, sizeof(*change->fields));
    change->fields[change->field_count++] = (struct rd_field_change){
        .path = place_text(differ->arena, place),
        .before = before,
        .after = after,
        .is_secret = is_secret_place(place) || rd_is_secret_reference(after),
        .replaces = (flags & RD_FIELD_REPLACE) != 0 ||
                    ((flags & RD_FIELD_WITHIN) != 0 && leaves_parent(before, after)),
        .shrinks = (flags & RD_FIELD_GROWS) != 0 &&
                   rd_json_int(after, INT64_MAX) < rd_json_int(before, INT64_MIN),
        .halts = (flags & RD_FIELD_HALTS) != 0,
    };
    return true;
}

bool rd_diff_quietly(struct rd_differ *differ, const struct rd_json *desired,
                     const struct rd_json *live, const struct rd_field *field, uint32_t flags)
{
    struct rd_change *change = differ->change;
    differ->change = NULL;
    bool differs = rd_diff_value(differ, desired, live, field, flags, NULL);
    differ->change = change;
    return differs;
}

/* Whether the resource of that id is not there yet, or will be another one afterwards. */
static bool is_made_anew(const struct rd_differ *differ, struct rd_str id)
{
    if (differ->live_set == NULL)
        return false;
    if (rd_set_index(differ->live_set, id) == RD_NONE)
        return true;
    int64_t index = differ->desired_set == NULL ? RD_NONE : rd_set_index(differ->desired_set, id);
    return index != RD_NONE &&
           (differ->kinds[index] == RD_CHANGE_CREATE || differ->kinds[index] == RD_CHANGE_REPLACE);
}

static bool diff_reference(struct rd_differ *differ, const struct rd_json *desired,
                           const struct rd_json *live, const struct rd_field *field, uint32_t flags,
                           const struct rd_place *place)
{
    struct rd_str id = rd_reference_id(desired);
    /* Secrets and times can't be compared: they are written when something else is. */
    if (rd_is_secret_reference(desired) || id.n == 0)
        return false;
    struct rd_str path = rd_json_str(rd_json_get(desired, RD_STR("$path")));
    /* An ARM resource's "id" is the id that we have; a directory object's is a GUID of its own. */
    bool is_arm = !rd_str_has_prefix_case(id, RD_STR("/providers/Microsoft.Graph/"));
    if (path.n == 0 || (is_arm && rd_str_is(path, "id"))) {
        struct rd_json text = rd_json_string(id);
        if (!rd_diff_quietly(differ, &text, live, field, flags))
            return false;
        return rd_diff_record(differ, live, desired, flags, place);
    }
    /* Nor is what nobody was shown. */
    if (differ->live_set != NULL && rd_set_is_unseen(differ->live_set, id))
        return false;
    if (is_made_anew(differ, id))
        return rd_diff_record(differ, live, desired, flags, place);
    const struct rd_resource *named =
        differ->live_set == NULL ? NULL : rd_set_find(differ->live_set, id);
    const struct rd_json *value =
        named == NULL ? &rd_json_absent : rd_json_at_str(&named->body, path);
    /* What the service does not show (yet) is no reason to write. */
    if (!rd_json_exists(value))
        return false;
    return rd_diff_value(differ, value, live, field, flags, place);
}

static const struct rd_json *member_of(const struct rd_json *object, struct rd_str key)
{
    const struct rd_json *value = rd_json_get(object, key);
    return value->type == RD_JSON_ABSENT ? rd_json_get_case(object, key) : value;
}

static bool diff_object(struct rd_differ *differ, const struct rd_json *desired,
                        const struct rd_json *live, const struct rd_field *field, uint32_t flags,
                        const struct rd_place *place)
{
    if (live->type != RD_JSON_OBJECT && !is_empty(live))
        return rd_diff_record(differ, live, desired, flags, place);
    /* A new object is one change, unless nothing in it counts. */
    if (live->type != RD_JSON_OBJECT && differ->change != NULL)
        return rd_diff_quietly(differ, desired, live, field, flags) &&
               rd_diff_record(differ, live, desired, flags, place);
    bool differs = false;
    for (size_t i = 0; i < desired->count; i++) {
        const struct rd_json_member *member = &desired->u.members[i];
        if (IS_AMONG(member->key, volatile_names))
            continue;
        struct rd_place here = {.above = place, .key = member->key, .kind = RD_PLACE_MEMBER};
        uint32_t below = flags;
        if (rd_str_is_case(member->key, "location"))
            below |= RD_FIELD_REGION;
        const struct rd_json *other = member_of(live, member->key);
        if (is_id_key(member->key) && other->type == RD_JSON_ABSENT)
            differs |= rd_diff_record(differ, other, &member->value, flags, &here);
        else
            differs |= rd_diff_value(differ, &member->value, other,
                                     rd_field_child(field, member->key), below, &here);
    }
    return differs;
}

bool rd_diff_is_bound(const struct rd_differ *differ, const struct rd_json *desired, uint32_t flags)
{
    bool binds = (flags & (RD_FIELD_ALONG | RD_FIELD_WITHIN)) != 0 ||
                 ((flags & RD_FIELD_REPLACE) != 0 && (flags & RD_FIELD_WEAK) == 0);
    if (!binds || desired->type != RD_JSON_STRING || desired->count == 0 ||
        desired->u.text[0] != '/' || differ->desired_set == NULL)
        return false;
    int64_t index = rd_set_index(differ->desired_set, rd_json_str(desired));
    return index != RD_NONE && differ->kinds[index] == RD_CHANGE_REPLACE;
}

bool rd_diff_value(struct rd_differ *differ, const struct rd_json *desired,
                   const struct rd_json *live, const struct rd_field *field, uint32_t flags,
                   const struct rd_place *place)
{
    if (field != NULL)
        flags |= field->flags;
    if ((flags & (RD_FIELD_READ_ONLY | RD_FIELD_WRITE_ONLY)) != 0 || !rd_json_exists(desired) ||
        differ->depth > RD_JSON_DEPTH_MAX)
        return false;
    bool differs = false;
    differ->depth++;
    uint32_t below = flags & INHERITED;
    if (desired->type == RD_JSON_OBJECT) {
        differs = rd_is_reference(desired)
                      ? diff_reference(differ, desired, live, field, flags, place)
                      : diff_object(differ, desired, live, field, below, place);
    } else if (desired->type == RD_JSON_ARRAY) {
        differs = rd_diff_array(differ, desired, live, field, flags, place);
    } else if (!(is_empty(desired) && is_empty(live))) {
        differs = !rd_scalar_eq(desired, live, flags, field == NULL ? '\0' : field->separator);
        if (!differs && rd_diff_is_bound(differ, desired, flags)) {
            differs = true;
            flags |= RD_FIELD_REPLACE;
        }
        if (differs)
            (void)rd_diff_record(differ, live, desired, flags, place);
    }
    differ->depth--;
    return differs;
}

static bool is_service_tag(struct rd_str name)
{
    for (size_t i = 0; i < sizeof(service_tags) / sizeof(service_tags[0]); i++)
        if (rd_str_has_prefix_case(name, service_tags[i]))
            return true;
    return false;
}

/* Tags are one map: what the desired one does not name would go. Names compare without case,
 * values with it, as Azure has it. */
static bool diff_tags(struct rd_differ *differ, const struct rd_json *desired,
                      const struct rd_json *live, const struct rd_field *field)
{
    struct rd_place tags = {.key = RD_STR("tags"), .kind = RD_PLACE_MEMBER};
    uint32_t flags = RD_FIELD_EXACT | (field == NULL ? 0 : field->flags & INHERITED);
    bool differs = false;
    for (size_t i = 0; i < rd_json_count(desired); i++) {
        const struct rd_json_member *member = &desired->u.members[i];
        struct rd_place here = {.above = &tags, .key = member->key, .kind = RD_PLACE_MEMBER};
        differs |=
            rd_diff_value(differ, &member->value, member_of(live, member->key), NULL, flags, &here);
    }
    for (size_t i = 0; i < rd_json_count(live) && live->type == RD_JSON_OBJECT; i++) {
        const struct rd_json_member *member = &live->u.members[i];
        if (is_service_tag(member->key) || rd_json_exists(member_of(desired, member->key)))
            continue;
        struct rd_place here = {.above = &tags, .key = member->key, .kind = RD_PLACE_MEMBER};
        differs |= rd_diff_record(differ, &member->value, &rd_json_absent, flags, &here);
    }
    return differs;
}

bool rd_diff_with(struct rd_differ *differ, const struct rd_resource *desired,
                  const struct rd_resource *live)
{
    bool differs = false;
    for (size_t i = 0; i < rd_json_count(&desired->body); i++) {
        const struct rd_json_member *member = &desired->body.u.members[i];
        if (IS_AMONG(member->key, root_names) || IS_AMONG(member->key, volatile_names))
            continue;
        const struct rd_json *other = member_of(&live->body, member->key);
        const struct rd_field *field = rd_field_child(desired->type->fields, member->key);
        if (rd_str_is_case(member->key, "tags") && member->value.type == RD_JSON_OBJECT) {
            differs |= diff_tags(differ, &member->value, other, field);
            continue;
        }
        struct rd_place here = {.key = member->key, .kind = RD_PLACE_MEMBER};
        uint32_t flags = rd_str_is_case(member->key, "location") ? RD_FIELD_REGION : 0;
        differs |= rd_diff_value(differ, &member->value, other, field, flags, &here);
    }
    return differs;
}

bool rd_diff(struct rd_arena *arena, const struct rd_resource *desired,
             const struct rd_resource *live, const struct rd_set *live_set,
             struct rd_change *change)
{
    struct rd_differ differ = {.arena = arena, .live_set = live_set, .change = change};
    return rd_diff_with(&differ, desired, live);
}
