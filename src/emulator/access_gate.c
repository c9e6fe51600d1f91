/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

/*
 * Resource Manager's question before all others but who asks and which subscription: 403 comes
 * before 404, so that who may not look does not learn what is there. What a body refers to is asked
 * for as well: to join a subnet is a right of its own.
 */

/* Applications go by their application's id, as in Azure (azure-compute 1.2). */
static struct rd_str client_of(const struct em_exchange *ex)
{
    return ex->caller.app_id.n > 0 ? ex->caller.app_id : ex->caller.object_id;
}

static struct rd_str shown(struct rd_str scope)
{
    return scope.n == 0 ? RD_STR("/") : scope;
}

static bool refuse(struct em_exchange *ex, const struct em_act *act)
{
    em_reply_header(ex, "x-ms-failure-cause", "gateway");
    return em_fail(ex, 403, "AuthorizationFailed",
                   "The client '%.*s' with object id '%.*s' does not have authorization to perform "
                   "action '%.*s' over scope '%.*s' or the scope is invalid. If access was "
                   "recently granted, please refresh your credentials.",
                   RD_FMT(client_of(ex)), RD_FMT(ex->caller.object_id), RD_FMT(act->action),
                   RD_FMT(shown(act->scope)));
}

/* What a body refers to ------------------------------------------------------------------------ */

/* Actions on what is referred to: the join actions are documented with each type's permissions,
 * the rest is from memory (2026-11-21). */
static const struct {
    const char *type;
    const char *action;
} links[] = {
    {"Microsoft.Network/virtualNetworks/subnets",
     "Microsoft.Network/virtualNetworks/subnets/join/action"},
    {"Microsoft.Network/networkSecurityGroups",
     "Microsoft.Network/networkSecurityGroups/join/action"},
    {"Microsoft.Network/routeTables", "Microsoft.Network/routeTables/join/action"},
    {"Microsoft.Network/natGateways", "Microsoft.Network/natGateways/join/action"},
    {"Microsoft.Network/publicIPAddresses", "Microsoft.Network/publicIPAddresses/join/action"},
    {"Microsoft.Network/networkInterfaces", "Microsoft.Network/networkInterfaces/join/action"},
    {"Microsoft.Network/firewallPolicies", "Microsoft.Network/firewallPolicies/join/action"},
    {"Microsoft.Network/ipGroups", "Microsoft.Network/ipGroups/join/action"},
    {"Microsoft.ManagedIdentity/userAssignedIdentities",
     "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"},
    {"Microsoft.Compute/diskEncryptionSets", "Microsoft.Compute/diskEncryptionSets/read"},
    {"Microsoft.Compute/galleries/images", "Microsoft.Compute/galleries/images/read"},
    {"Microsoft.Compute/galleries/images/versions",
     "Microsoft.Compute/galleries/images/versions/read"},
    {"Microsoft.OperationalInsights/workspaces",
     "Microsoft.OperationalInsights/workspaces/sharedKeys/action"},
};

bool em_fail_linked(struct em_exchange *ex, struct rd_str action, struct rd_str scope,
                    const char *linked_action, struct rd_str linked_scope)
{
    return em_fail(ex, 403, "LinkedAuthorizationFailed",
                   "The client '%.*s' with object id '%.*s' has permission to perform action "
                   "'%.*s' on scope '%.*s'; however, it does not have permission to perform action "
                   "'%s' on the linked scope(s) '%.*s' or the linked scope(s) are invalid.",
                   RD_FMT(client_of(ex)), RD_FMT(ex->caller.object_id), RD_FMT(action),
                   RD_FMT(shown(scope)), linked_action, RD_FMT(linked_scope));
}

static bool refuse_link(struct em_exchange *ex, const struct em_act *act, const char *action,
                        struct rd_str id)
{
    em_reply_header(ex, "x-ms-failure-cause", "gateway");
    return em_fail_linked(ex, act->action, act->scope, action, id);
}

static bool check_link(struct em_exchange *ex, const struct em_act *act, struct rd_str id)
{
    if (!rd_str_has_prefix_case(id, RD_STR("/subscriptions/")) || em_is_at_or_above(ex->id, id))
        return true; /* what is its own, like a subnet written with its network */
    struct rd_str type = em_type_of_id(ex, id);
    for (size_t i = 0; i < EM_COUNT(links); i++)
        if (rd_str_is_case(type, links[i].type))
            return em_may(ex, rd_str_from(links[i].action), id) ||
                   refuse_link(ex, act, links[i].action, id);
    return true;
}

/* The depth is bounded by the parser's. */
static bool check_links(struct em_exchange *ex, const struct em_act *act,
                        const struct rd_json *value)
{
    if (rd_json_is(value, RD_JSON_STRING))
        return check_link(ex, act, rd_json_str(value));
    for (size_t i = 0; i < rd_json_count(value); i++) {
        const struct rd_json *item = rd_json_item(value, i);
        if (rd_json_is(value, RD_JSON_OBJECT)) {
            /* Identities are named by the members of an object. */
            if (!check_link(ex, act, value->u.members[i].key))
                return false;
            item = &value->u.members[i].value;
        }
        if (!check_links(ex, act, item))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------------------------------------- */

bool em_access_gate(struct em_exchange *ex)
{
    struct em_act act;
    if (ex->caller.is_builtin)
        return true;
    em_act_find(ex, &act);
    if (act.action.n == 0)
        return true;
    if (!em_may(ex, act.action, act.scope)) {
        if (!act.is_list || !em_may_below(ex, act.action, act.scope))
            return refuse(ex, &act);
        ex->sees_some = true;
    }
    bool has_links = ex->request->method == RD_HTTP_PUT || ex->request->method == RD_HTTP_PATCH;
    return !has_links || check_links(ex, &act, &ex->body);
}

bool em_sees(struct em_exchange *ex, const struct em_resource *resource)
{
    if (!ex->sees_some)
        return true;
    bool is_group =
        rd_str_is(rd_str_from(resource->type->name), "Microsoft.Resources/resourceGroups");
    return em_may(ex,
                  is_group ? RD_STR("Microsoft.Resources/subscriptions/resourceGroups/read")
                           : rd_arena_printf(ex->arena, "%s/read", resource->type->name),
                  resource->id);
}
