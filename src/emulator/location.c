/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

/* Whether a body's location and tags are what the type allows. */

static bool lacks_region(const struct em_type *type, struct rd_str region)
{
    for (size_t i = 0; type->no_regions != NULL && type->no_regions[i] != NULL; i++)
        if (rd_str_is_case(region, type->no_regions[i]))
            return true;
    return false;
}

static bool fail_region(struct em_exchange *ex, const struct em_type *type, struct rd_str asked)
{
    const struct rd_json *regions = rd_json_get(ex->cloud->place, RD_STR("regions"));
    struct rd_buf list;
    rd_buf_init(&list, 64 << 10);
    for (size_t i = 0; i < rd_json_count(regions); i++) {
        struct rd_str name = rd_json_str(rd_json_at(rd_json_item(regions, i), "name"));
        if (lacks_region(type, name))
            continue;
        if (list.n > 0)
            rd_buf_add_char(&list, ',');
        rd_buf_add(&list, name);
    }
    struct rd_str text = rd_arena_str(ex->arena, rd_buf_str(&list));
    rd_buf_done(&list);
    if (rd_str_is(rd_str_from(type->name), "Microsoft.Resources/resourceGroups"))
        return em_fail(ex, 400, "LocationNotAvailableForResourceGroup",
                       "The provided location '%.*s' is not available for resource group. List of "
                       "available regions is '%.*s'.",
                       RD_FMT(asked), RD_FMT(text));
    return em_fail(ex, 400, "LocationNotAvailableForResourceType",
                   "The provided location '%.*s' is not available for resource type '%s'. List of "
                   "available regions for the resource type is '%.*s'.",
                   RD_FMT(asked), type->name, RD_FMT(text));
}

bool em_check_location(struct em_exchange *ex, const struct em_target *target,
                       const struct em_resource *former, const struct rd_json *body)
{
    const struct rd_json *location = rd_json_get(body, RD_STR("location"));
    bool is_put = ex->request->method == RD_HTTP_PUT;
    if (is_put && target->type->needs_location && rd_json_str(location).n == 0)
        return em_fail(ex, 400, "LocationRequired",
                       "The location property is required for this definition.");
    if (rd_json_str(location).n == 0 || rd_str_is_case(rd_json_str(location), "global"))
        return true;
    struct rd_str asked = em_region_name(ex, rd_json_str(location));
    if (!em_region_exists(ex, asked) || lacks_region(target->type, asked))
        return fail_region(ex, target->type, rd_json_str(location));
    if (former == NULL)
        return true;
    struct rd_json stored = em_body(ex, former);
    struct rd_str there = rd_json_str(rd_json_get(&stored, RD_STR("location")));
    if (there.n == 0 || rd_str_eq(em_region_name(ex, there), asked))
        return true;
    if (rd_str_is(rd_str_from(target->type->name), "Microsoft.Resources/resourceGroups"))
        return em_fail(ex, 409, "InvalidResourceGroupLocation",
                       "Invalid resource group location '%.*s'. The Resource group already exists "
                       "in location '%.*s'.",
                       RD_FMT(asked), RD_FMT(there));
    struct em_resource holder = {.id = target->id};
    return em_fail(ex, 409, "InvalidResourceLocation",
                   "The resource '%.*s' already exists in location '%.*s' in resource group "
                   "'%.*s'. A resource with the same name cannot be created in location '%.*s'. "
                   "Please select a new resource name.",
                   RD_FMT(target->name), RD_FMT(there), RD_FMT(em_group(&holder)), RD_FMT(asked));
}

/* Tags: an object of texts, at most 50 (a limit of Azure's; over it the reply is 400). */
bool em_check_tags(struct em_exchange *ex, const struct em_type *type, const struct rd_json *body)
{
    enum { TAG_COUNT_MAX = 50 };
    const struct rd_json *tags = rd_json_get(body, RD_STR("tags"));
    if (!rd_json_exists(tags) || !type->has_tags)
        return true;
    bool is_good = rd_json_is(tags, RD_JSON_OBJECT);
    for (size_t i = 0; is_good && i < rd_json_count(tags); i++)
        is_good = rd_json_is(&tags->u.members[i].value, RD_JSON_STRING);
    if (!is_good)
        return em_fail(ex, 400, "InvalidRequestContent",
                       "The request content was invalid and could not be deserialized: 'tags must "
                       "be an object whose values are strings'.");
    if (rd_json_count(tags) > TAG_COUNT_MAX)
        return em_fail(ex, 400, "InvalidTags", "The resource has %zu tags; at most %d are allowed.",
                       rd_json_count(tags), TAG_COUNT_MAX);
    return true;
}
