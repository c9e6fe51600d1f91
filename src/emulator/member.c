/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

/*
 * The first look at a body: what goes by a known name must be of the kind that the name stands for
 * (data/emulator/members.yaml), as Azure's deserializers ask before a provider's own checks. A null
 * is a member left out. It also bounds the depth, so that a body that is shown inside others stays
 * within what the parser takes.
 */

enum { BODY_DEPTH_MAX = 40 };

enum kind {
    KIND_FREE,
    KIND_TOP_OBJECT, /* at the top or in properties: "sku" is a text in an image's identifier */
    KIND_TEXT,
    KIND_FLAG,
    KIND_INTEGER,
    KIND_NUMBER,
    KIND_OBJECT,
    KIND_TEXTS,
    KIND_OBJECTS,
};

static const struct kind_row {
    const char *name; /* in the table */
    const char *word; /* for the message; NULL: anything goes */
    enum rd_json_type type;
    enum rd_json_type item; /* of each item of an array */
} kinds[] = {
    [KIND_FREE] = {"free", NULL, RD_JSON_ABSENT, RD_JSON_ABSENT},
    [KIND_TOP_OBJECT] = {"top_object", "an object", RD_JSON_OBJECT, RD_JSON_ABSENT},
    [KIND_TEXT] = {"text", "a string", RD_JSON_STRING, RD_JSON_ABSENT},
    [KIND_FLAG] = {"flag", "a boolean", RD_JSON_BOOL, RD_JSON_ABSENT},
    [KIND_INTEGER] = {"integer", "an integer", RD_JSON_INT, RD_JSON_ABSENT},
    [KIND_NUMBER] = {"number", "a number", RD_JSON_NUMBER, RD_JSON_ABSENT},
    [KIND_OBJECT] = {"object", "an object", RD_JSON_OBJECT, RD_JSON_ABSENT},
    [KIND_TEXTS] = {"texts", "an array of strings", RD_JSON_ARRAY, RD_JSON_STRING},
    [KIND_OBJECTS] = {"objects", "an array of objects", RD_JSON_ARRAY, RD_JSON_OBJECT},
};

void em_members_open(struct rd_cloud *cloud)
{
    const struct rd_json *table = em_table("members");
    rd_map_init(&cloud->members, false);
    for (size_t i = 0; i < EM_COUNT(kinds); i++) {
        const struct rd_json *names = rd_json_get(table, rd_str_from(kinds[i].name));
        union {
            const void *from;
            void *to;
        } row = {.from = &kinds[i]};
        for (size_t k = 0; k < rd_json_count(names); k++)
            (void)rd_map_set(&cloud->members, rd_json_str(rd_json_item(names, k)), row.to);
    }
}

static bool is_of_kind(const struct rd_json *value, const struct kind_row *row)
{
    if (!rd_json_exists(value))
        return true;
    if (row->type == RD_JSON_NUMBER && rd_json_is(value, RD_JSON_INT))
        return true;
    if (!rd_json_is(value, row->type))
        return false;
    for (size_t i = 0; row->type == RD_JSON_ARRAY && i < rd_json_count(value); i++)
        if (!rd_json_is(rd_json_item(value, i), row->item))
            return false;
    return true;
}

static bool check_value(struct em_exchange *ex, const struct rd_json *value, int depth);

static bool check_member(struct em_exchange *ex, const struct rd_json_member *member, int depth)
{
    const struct kind_row *row = rd_map_get(&ex->cloud->members, member->key);
    if (row == NULL || (row == &kinds[KIND_TOP_OBJECT] && depth > 2))
        return check_value(ex, &member->value, depth);
    if (row->word != NULL && !is_of_kind(&member->value, row))
        return em_fail(ex, 400, "InvalidRequestContent",
                       "The request content was invalid and could not be deserialized: 'Property "
                       "'%.*s' must be %s.'.",
                       RD_FMT(member->key), row->word);
    if (row == &kinds[KIND_OBJECT] || row == &kinds[KIND_TOP_OBJECT] || row == &kinds[KIND_OBJECTS])
        return check_value(ex, &member->value, depth);
    return true;
}

static bool check_value(struct em_exchange *ex, const struct rd_json *value, int depth)
{
    if (depth > BODY_DEPTH_MAX)
        return em_fail(ex, 400, "InvalidRequestContent",
                       "The request content was invalid and could not be deserialized: 'it is "
                       "nested more than %d levels deep'.",
                       BODY_DEPTH_MAX);
    for (size_t i = 0; i < rd_json_count(value); i++) {
        bool is_good = rd_json_is(value, RD_JSON_OBJECT)
                           ? check_member(ex, &value->u.members[i], depth + 1)
                           : check_value(ex, rd_json_item(value, i), depth + 1);
        if (!is_good)
            return false;
    }
    return true;
}

/* What lies below a free name may still be too deep. */
static bool is_too_deep(const struct rd_json *value, int left)
{
    if (left == 0)
        return true;
    for (size_t i = 0; i < rd_json_count(value); i++)
        if (is_too_deep(rd_json_is(value, RD_JSON_OBJECT) ? &value->u.members[i].value
                                                          : rd_json_item(value, i),
                        left - 1))
            return true;
    return false;
}

bool em_check_members(struct em_exchange *ex, const struct rd_json *body)
{
    if (is_too_deep(body, BODY_DEPTH_MAX))
        return check_value(ex, body, BODY_DEPTH_MAX + 1);
    return check_value(ex, body, 0);
}
