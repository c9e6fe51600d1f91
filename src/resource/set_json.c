/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/limits.h"
#include "resource/set.h"

#define FORMAT "resource-set/1"

static struct rd_json resource_to_json(struct rd_arena *arena, const struct rd_resource *resource)
{
    struct rd_json object = rd_json_object();
    rd_json_add(arena, &object, RD_STR("id"), rd_json_string(resource->id));
    rd_json_add(arena, &object, RD_STR("type"), rd_json_string(resource->type->name));
    rd_json_add(arena, &object, RD_STR("apiVersion"), rd_json_string(resource->type->api_version));
    if (resource->origin.n > 0)
        rd_json_add(arena, &object, RD_STR("origin"), rd_json_string(resource->origin));
    if (resource->via.n > 0)
        rd_json_add(arena, &object, RD_STR("via"), rd_json_string(resource->via));
    if (resource->host != RD_NONE)
        rd_json_add(arena, &object, RD_STR("host"), rd_json_integer(resource->host));
    if (resource->is_existing)
        rd_json_add(arena, &object, RD_STR("isExisting"), rd_json_bool(true));
    if (resource->is_early)
        rd_json_add(arena, &object, RD_STR("isEarly"), rd_json_bool(true));
    if (resource->after_count > 0) {
        struct rd_json after = rd_json_array();
        for (size_t i = 0; i < resource->after_count; i++)
            rd_json_append(arena, &after, rd_json_string(resource->after[i]));
        rd_json_add(arena, &object, RD_STR("after"), after);
    }
    if (resource->body.type != RD_JSON_ABSENT)
        rd_json_add(arena, &object, RD_STR("body"), resource->body);
    if (resource->provisional != NULL)
        rd_json_add(arena, &object, RD_STR("provisional"), *resource->provisional);
    return object;
}

struct rd_json rd_set_to_json(struct rd_arena *arena, const struct rd_set *set)
{
    struct rd_json object = rd_json_object();
    rd_json_add(arena, &object, RD_STR("redoubt"), rd_json_string_c(FORMAT));
    rd_json_add(arena, &object, RD_STR("name"), rd_json_string(set->name));
    if (set->enclave_id.n > 0)
        rd_json_add(arena, &object, RD_STR("enclaveId"), rd_json_string(set->enclave_id));
    rd_json_add(arena, &object, RD_STR("cloud"), rd_json_string(set->cloud));
    rd_json_add(arena, &object, RD_STR("facts"), set->facts);
    struct rd_json resources = rd_json_array();
    for (size_t i = 0; i < set->count; i++)
        rd_json_append(arena, &resources, resource_to_json(arena, &set->resources[i]));
    rd_json_add(arena, &object, RD_STR("resources"), resources);
    return object;
}

/* Checking by table: which members may be there, and of which type. */
struct member {
    const char *name;
    enum rd_json_type type;
    bool is_required;
};

static const struct member set_members[] = {
    {"redoubt", RD_JSON_STRING, true},  {"name", RD_JSON_STRING, true},
    {"cloud", RD_JSON_STRING, true},    {"facts", RD_JSON_OBJECT, false},
    {"resources", RD_JSON_ARRAY, true}, {"enclaveId", RD_JSON_STRING, false},
};

static const struct member resource_members[] = {
    {"id", RD_JSON_STRING, true},           {"type", RD_JSON_STRING, false},
    {"apiVersion", RD_JSON_STRING, false},  {"origin", RD_JSON_STRING, false},
    {"via", RD_JSON_STRING, false},         {"host", RD_JSON_INT, false},
    {"isExisting", RD_JSON_BOOL, false},    {"after", RD_JSON_ARRAY, false},
    {"body", RD_JSON_OBJECT, false},        {"isEarly", RD_JSON_BOOL, false},
    {"provisional", RD_JSON_OBJECT, false},
};

static const char *const type_names[] = {
    [RD_JSON_ABSENT] = "absent",    [RD_JSON_NULL] = "null",     [RD_JSON_BOOL] = "true or false",
    [RD_JSON_INT] = "whole number", [RD_JSON_NUMBER] = "number", [RD_JSON_STRING] = "text",
    [RD_JSON_ARRAY] = "list",       [RD_JSON_OBJECT] = "object",
};

static enum rd_rc check_members(const char *place, const struct rd_json *value,
                                const struct member *members, size_t count, struct rd_err *err)
{
    if (value->type != RD_JSON_OBJECT)
        return RD_FAIL(err, RD_RC_INVALID, "%s: expected an object", place);
    for (size_t i = 0; i < count; i++) {
        const struct rd_json *member = rd_json_at(value, members[i].name);
        if (member->type == RD_JSON_ABSENT && !members[i].is_required)
            continue;
        if (member->type != (uint8_t)members[i].type)
            return RD_FAIL(err, RD_RC_INVALID, "%s: '%s' is %s, expected %s", place,
                           members[i].name, type_names[member->type], type_names[members[i].type]);
    }
    for (size_t m = 0; m < value->count; m++) {
        size_t i = 0;
        while (i < count && !rd_str_is(value->u.members[m].key, members[i].name))
            i++;
        if (i == count)
            return RD_FAIL(err, RD_RC_INVALID, "%s: '%.*s' is not known here", place,
                           RD_FMT(value->u.members[m].key));
    }
    return RD_RC_OK;
}

static enum rd_rc read_resource(const char *place, const struct rd_json *value, struct rd_set *set,
                                struct rd_err *err)
{
    RD_TRY(check_members(place, value, resource_members,
                         sizeof(resource_members) / sizeof(resource_members[0]), err));
    size_t index = 0;
    const struct rd_json *body = rd_json_at(value, "body");
    enum rd_rc rc = rd_set_add(set, rd_json_str(rd_json_at(value, "id")), *body,
                               rd_json_str(rd_json_at(value, "origin")), &index, err);
    if (rc != RD_RC_OK)
        return rd_err_frame(rc, err, "while reading %s", place);
    struct rd_resource *resource = &set->resources[index];
    struct rd_str type = rd_json_str(rd_json_at(value, "type"));
    if (type.n > 0 && !rd_str_eq_case(type, resource->type->name))
        return RD_FAIL(err, RD_RC_INVALID, "%s: the id is of type '%.*s', not '%.*s'", place,
                       RD_FMT(resource->type->name), RD_FMT(type));
    resource->via = rd_json_str(rd_json_at(value, "via"));
    resource->is_existing = rd_json_is_true(rd_json_at(value, "isExisting"));
    resource->is_early = rd_json_is_true(rd_json_at(value, "isEarly"));
    if (rd_json_at(value, "provisional")->type != RD_JSON_ABSENT)
        rd_resource_provide(set, index, *rd_json_at(value, "provisional"));
    int64_t host = rd_json_int(rd_json_at(value, "host"), RD_NONE);
    if (host < RD_NONE || host >= RD_HOST_COUNT_MAX)
        return RD_FAIL(err, RD_RC_INVALID, "%s: 'host' is out of range", place);
    resource->host = (int32_t)host;
    const struct rd_json *after = rd_json_at(value, "after");
    for (size_t i = 0; i < rd_json_count(after); i++) {
        if (after->u.items[i].type != RD_JSON_STRING)
            return RD_FAIL(err, RD_RC_INVALID, "%s: 'after' holds something that is no id", place);
        rd_resource_need(set, index, rd_json_str(&after->u.items[i]));
    }
    return RD_RC_OK;
}

enum rd_rc rd_set_from_json(struct rd_arena *arena, const char *name, const struct rd_json *value,
                            struct rd_set **ret_set, struct rd_err *err)
{
    RD_TRY(
        check_members(name, value, set_members, sizeof(set_members) / sizeof(set_members[0]), err));
    struct rd_str format = rd_json_str(rd_json_at(value, "redoubt"));
    if (!rd_str_is(format, FORMAT))
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "%s: the format is '%.*s', not '%s'", name,
                                   RD_FMT(format), FORMAT),
                           err, "it was written by another version, or is no resource set");
    struct rd_set *set = rd_set_new(arena, rd_json_str(rd_json_at(value, "name")),
                                    rd_json_str(rd_json_at(value, "cloud")));
    set->enclave_id = rd_json_str(rd_json_at(value, "enclaveId"));
    if (rd_json_is(rd_json_at(value, "facts"), RD_JSON_OBJECT))
        set->facts = *rd_json_at(value, "facts");
    const struct rd_json *resources = rd_json_at(value, "resources");
    for (size_t i = 0; i < rd_json_count(resources); i++) {
        char place[512];
        (void)snprintf(place, sizeof(place), "%.400s: resources[%zu]", name, i);
        enum rd_rc rc = read_resource(place, &resources->u.items[i], set, err);
        if (rc != RD_RC_OK) {
            rd_set_done(set);
            return rc;
        }
    }
    *ret_set = set;
    return RD_RC_OK;
}
