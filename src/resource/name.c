/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/name.h"

#include "facts/facts.h"

/* Backup calls its items "vm;iaasvmcontainerv2;{group};{machine}" (azure-avd-ops reference 5.4):
 * the machine says it. */
static struct rd_str short_name(struct rd_str name)
{
    return rd_str_after_last(name, ';');
}

/* What there is one of, on each of many things, is called the same everywhere. */
static bool is_same_for_all(struct rd_str name)
{
    return rd_str_is_case(name, "redoubt") || rd_str_is_case(name, "default");
}

struct rd_str rd_name_of_id(struct rd_arena *arena, struct rd_str id)
{
    struct rd_arm_id parsed, parent;
    if (!rd_arm_id_parse(id, &parsed))
        return id;
    struct rd_str scope = {"", 0};
    /* Things in a group or at a subscription are known by their own names. */
    if (rd_arm_id_parse(parsed.parent, &parent) && parent.parent.n > 0 &&
        !rd_str_eq_case(parent.name, parent.resource_group))
        scope = short_name(parent.name);
    struct rd_str name = short_name(parsed.name);
    bool is_guid = rd_str_is_guid(parsed.name);
    if (is_guid && scope.n == 0 && parsed.resource_group.n > 0)
        scope = parsed.resource_group;
    if (scope.n == 0 || rd_str_eq_case(scope, name))
        return name;
    if (is_guid)
        return rd_arena_printf(arena, "on %.*s", RD_FMT(scope));
    if (is_same_for_all(name))
        return rd_arena_printf(arena, "of %.*s", RD_FMT(scope));
    return rd_arena_printf(arena, "%.*s on %.*s", RD_FMT(name), RD_FMT(scope));
}

/* "Reader", or "" for a role that is not in data/roles.yaml. */
static struct rd_str role_of(const struct rd_json *body)
{
    struct rd_str definition = rd_json_str(rd_json_at(body, "properties.roleDefinitionId"));
    const struct rd_json *roles = rd_facts_embedded("roles");
    for (size_t i = 0; definition.n > 0 && i < rd_json_count(roles); i++) {
        const struct rd_json *role = &roles->u.members[i].value;
        struct rd_str id = rd_json_str(rd_json_get(role, RD_STR("id")));
        if (id.n > 0 && rd_str_has_suffix_case(definition, id))
            return rd_json_str(rd_json_get(role, RD_STR("label")));
    }
    return (struct rd_str){"", 0};
}

struct rd_name rd_name_of(struct rd_arena *arena, const struct rd_type *type, struct rd_str id,
                          const struct rd_json *body)
{
    struct rd_name name = {type == NULL ? RD_STR("resource") : type->label,
                           rd_name_of_id(arena, id)};
    struct rd_str role = role_of(body);
    if (role.n > 0)
        name = (struct rd_name){
            RD_STR("role"), rd_arena_printf(arena, "%.*s %.*s", RD_FMT(role), RD_FMT(name.name))};
    return name;
}
