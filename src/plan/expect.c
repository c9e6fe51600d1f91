/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

enum { MS_PER_S = 1000 };

/* What runs to make it (an image template), or NULL; its group contains the action too. */
static const struct rd_resource *maker_of(const struct rd_set *set,
                                          const struct rd_resource *resource)
{
    const struct rd_resource *nearest = NULL;
    for (uint32_t n = 0; resource->via.n > 0 && n < resource->need_count; n++) {
        const struct rd_resource *needed = &set->resources[resource->needs[n]];
        if (rd_arm_id_is_within(resource->via, needed->id) &&
            (nearest == NULL || needed->id.n > nearest->id.n))
            nearest = needed;
    }
    return nearest;
}

static int64_t each_s(const struct rd_json *rule, const struct rd_json *item)
{
    const struct rd_json *seconds = rd_json_get(rule, RD_STR("seconds"));
    struct rd_str by = rd_json_str(rd_json_get(rule, RD_STR("by")));
    if (by.n > 0)
        seconds = rd_json_get(seconds, rd_json_str(rd_json_get(item, by)));
    return rd_json_int(seconds, 0);
}

static int64_t items_s(const struct rd_set *set, const struct rd_resource *resource,
                       const struct rd_json *rule)
{
    if (rd_json_is_true(rd_json_get(rule, RD_STR("of_maker"))))
        resource = maker_of(set, resource);
    if (resource == NULL)
        return 0;
    const struct rd_json *items =
        rd_json_at_str(&resource->body, rd_json_str(rd_json_get(rule, RD_STR("path"))));
    int64_t sum_s = 0;
    for (size_t i = 0; i < rd_json_count(items); i++)
        sum_s += each_s(rule, rd_json_item(items, i));
    return sum_s;
}

int64_t rd_expect_create_ms(const struct rd_set *set, const struct rd_resource *desired)
{
    const struct rd_json *rules = rd_json_get(desired->type->row, RD_STR("create_each"));
    int64_t sum_s = 0;
    for (size_t i = 0; i < rd_json_count(rules); i++)
        sum_s += items_s(set, desired, rd_json_item(rules, i));
    return desired->type->create_ms + sum_s * MS_PER_S;
}

int64_t rd_expect_effect_ms(const struct rd_plan *plan, size_t step, size_t needed)
{
    const struct rd_step *before = &plan->steps[needed];
    const struct rd_change *made = &plan->changes[before->change];
    bool is_made = made->kind == RD_CHANGE_CREATE || made->kind == RD_CHANGE_REPLACE;
    bool is_waited_for = plan->steps[step].kind == RD_STEP_PUT && before->kind == RD_STEP_PUT;
    return is_made && is_waited_for ? made->type->effect_ms : 0;
}
