/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual networks, their subnets and peerings. */
#include "network_internal.h"
#include "shape.h"

#define PEERING_TYPE "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
#define VNET_TYPE "Microsoft.Network/virtualNetworks"

enum { SUBNET_LENGTH_MAX = 29 };

/* One prefix of a resource in CIDR form; IPv6 is taken as it comes (`*ret_is_v4` false). */
static bool check_prefix(struct em_exchange *ex, struct rd_str text, struct rd_str id,
                         struct em_prefix *ret_prefix, bool *ret_is_v4)
{
    bool is_canonical = false;
    *ret_prefix = (struct em_prefix){0, 0};
    *ret_is_v4 = rd_str_find_char(text, ':', 0) == RD_STR_NONE;
    if (!*ret_is_v4 && em_address_is_valid(text, false))
        return true;
    if (!em_prefix_parse(text, false, ret_prefix, &is_canonical))
        return em_fail(ex, 400, "InvalidAddressPrefixFormat",
                       "Address prefix %.*s of resource %.*s is not formatted correctly. It should "
                       "follow CIDR notation, for example 10.0.0.0/24.",
                       RD_FMT(text), RD_FMT(id));
    struct rd_str first = em_ipv4_text(ex, ret_prefix->first);
    if (!is_canonical)
        return em_fail(ex, 400, "InvalidCIDRNotation",
                       "The address prefix %.*s in resource %.*s has an invalid CIDR notation. For "
                       "the given prefix length, the address prefix should be %.*s/%d.",
                       RD_FMT(text), RD_FMT(id), RD_FMT(first), ret_prefix->length);
    return true;
}

/* Whether two lists of prefixes overlap anywhere; a list against itself looks at pairs. */
static bool lists_overlap(const struct rd_json *a, const struct rd_json *b)
{
    for (size_t i = 0; i < rd_json_count(a); i++)
        for (size_t j = a == b ? i + 1 : 0; j < rd_json_count(b); j++) {
            struct em_prefix x, y;
            bool is_canonical = false;
            if (em_prefix_parse(rd_json_str(rd_json_item(a, i)), false, &x, &is_canonical) &&
                em_prefix_parse(rd_json_str(rd_json_item(b, j)), false, &y, &is_canonical) &&
                em_prefix_overlaps(x, y))
                return true;
        }
    return false;
}

static struct rd_str subnet_prefix_text(const struct rd_json *subnet)
{
    struct rd_str text = em_text_at(subnet, "properties.addressPrefix");
    return rd_str_is_empty(text) ? em_text_at(subnet, "properties.addressPrefixes.0") : text;
}

static bool check_subnet_place(struct em_exchange *ex, const struct rd_json *vnet,
                               const struct rd_json *siblings, struct rd_str name,
                               struct em_prefix prefix)
{
    const struct rd_json *space = rd_json_at(vnet, "properties.addressSpace.addressPrefixes");
    struct rd_str vnet_name = em_id_segment(ex->id, "virtualNetworks");
    struct em_prefix other;
    bool is_canonical = false, is_inside = false;
    for (size_t i = 0; i < rd_json_count(space); i++)
        if (em_prefix_parse(rd_json_str(rd_json_item(space, i)), false, &other, &is_canonical))
            is_inside = is_inside || em_prefix_contains(other, prefix);
    if (!is_inside)
        return em_fail(ex, 400, "NetcfgInvalidSubnet",
                       "Subnet '%.*s' is not valid in virtual network '%.*s'.", RD_FMT(name),
                       RD_FMT(vnet_name));
    for (size_t i = 0; i < rd_json_count(siblings); i++) {
        const struct rd_json *sibling = rd_json_item(siblings, i);
        if (rd_str_eq_case(em_text_at(sibling, "name"), name) ||
            !em_prefix_parse(subnet_prefix_text(sibling), false, &other, &is_canonical))
            continue;
        if (em_prefix_overlaps(prefix, other))
            return em_fail(ex, 400, "NetcfgSubnetRangesOverlap",
                           "Subnet '%.*s' is not valid because its IP address range overlaps with "
                           "that of an existing subnet in virtual network '%.*s'.",
                           RD_FMT(name), RD_FMT(vnet_name));
    }
    return true;
}

static bool check_subnet_links(struct em_exchange *ex, struct rd_str name,
                               const struct rd_json *item)
{
    static const struct {
        const char *path;
        const char *type;
    } links[] = {
        {"properties.routeTable.id", "Microsoft.Network/routeTables"},
        {"properties.networkSecurityGroup.id", "Microsoft.Network/networkSecurityGroups"},
    };
    for (size_t i = 0; i < EM_COUNT(links); i++)
        if (em_has(item, links[i].path) &&
            em_refer(ex, em_text_at(item, links[i].path), links[i].type) == NULL)
            return false;
    if (em_has(item, "properties.natGateway.id"))
        return em_fail(ex, 400, "InvalidResourceReference",
                       "Resource %.*s referenced by subnet '%.*s' was not found: NAT gateways are "
                       "not emulated.",
                       RD_FMT(em_text_at(item, "properties.natGateway.id")), RD_FMT(name));
    if (rd_str_is_case(name, "AzureFirewallSubnet") &&
        em_has(item, "properties.networkSecurityGroup.id"))
        return em_fail(ex, 400, "NetworkSecurityGroupNotAllowedOnAzureFirewallSubnet",
                       "Network security groups are not supported on subnet AzureFirewallSubnet.");
    return true;
}

static void fill_subnet(struct em_exchange *ex, struct rd_str id, struct rd_json *item)
{
    em_drop(item, "properties", "ipConfigurations");
    em_drop(item, "properties", "purpose");
    em_default_text(ex, item, "properties.privateEndpointNetworkPolicies", "Disabled");
    em_default_text(ex, item, "properties.privateLinkServiceNetworkPolicies", "Enabled");
    struct rd_json *delegations = em_array(ex, item, "properties.delegations");
    for (size_t i = 0; i < rd_json_count(delegations); i++) {
        struct rd_json *one = &delegations->u.items[i];
        if (one->type != RD_JSON_OBJECT)
            continue;
        em_set_text(ex, one, "id", em_child_id(ex, id, "delegations", em_text_at(one, "name")));
        em_set_word(ex, one, "type", EM_SUBNET_TYPE "/delegations");
        em_set_word(ex, one, "properties.provisioningState", "Succeeded");
    }
}

/* A subnet in use keeps its range: its addresses are held by others. */
static bool check_subnet_change(struct em_exchange *ex, struct rd_str id,
                                const struct rd_json *item)
{
    struct em_resource *former = em_find(ex->cloud, id);
    if (former == NULL)
        return true;
    struct rd_json body = em_body(ex, former);
    struct rd_str user = em_subnet_user(ex, former);
    struct rd_str name = em_name(former);
    if (rd_str_is_empty(user) || rd_str_eq(subnet_prefix_text(&body), subnet_prefix_text(item)))
        return true;
    return em_fail(ex, 400, "InUseSubnetCannotBeUpdated",
                   "Subnet %.*s is in use by %.*s and cannot be updated.", RD_FMT(name),
                   RD_FMT(user));
}

static bool check_subnet(struct em_exchange *ex, const struct rd_json *vnet,
                         const struct rd_json *siblings, struct rd_str id, struct rd_json *item)
{
    struct rd_str name = em_id_name(id);
    struct rd_str text = subnet_prefix_text(item);
    struct em_prefix prefix;
    bool is_v4 = false;
    if (rd_str_is_empty(text))
        return em_fail(ex, 400, "InvalidRequestFormat",
                       "Subnet '%.*s' must have an address prefix: 'properties.addressPrefix'.",
                       RD_FMT(name));
    if (!check_prefix(ex, text, id, &prefix, &is_v4))
        return false;
    if (is_v4 && prefix.length > SUBNET_LENGTH_MAX)
        return em_fail(ex, 400, "NetcfgInvalidSubnet",
                       "Subnet '%.*s' is not valid: prefix %.*s is smaller than /29.", RD_FMT(name),
                       RD_FMT(text));
    if (is_v4 && !check_subnet_place(ex, vnet, siblings, name, prefix))
        return false;
    if (!check_subnet_links(ex, name, item) || !check_subnet_change(ex, id, item))
        return false;
    fill_subnet(ex, id, item);
    return true;
}

static bool subnet_is_unused(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_str user = em_subnet_user(ex, resource);
    struct rd_str name = em_name(resource);
    if (!rd_str_is_empty(user))
        return em_fail(
            ex, 400, "InUseSubnetCannotBeDeleted",
            "Subnet %.*s is in use by %.*s and cannot be deleted. In order to delete the "
            "subnet, delete all the resources within the subnet. See "
            "aka.ms/deletesubnet.",
            RD_FMT(name), RD_FMT(user));
    return true;
}

EM_HOOK(em_subnet_may_delete)
{
    return subnet_is_unused(ex, resource) && em_inline_may_delete(ex, resource);
}

static const struct em_inline subnets = {"subnets", EM_SUBNET_TYPE, check_subnet, subnet_is_unused};

EM_PUT_HOOK(em_subnet_put)
{
    (void)hidden;
    return em_inline_check_child(ex, &subnets, former, body);
}

EM_SHOW_HOOK(em_subnet_show)
{
    struct rd_json list = rd_json_array();
    struct em_resource *entry = NULL;
    while ((entry = em_next_child(resource, EM_ADDRESS_TYPE, entry)) != NULL) {
        struct rd_json held = em_body(ex, entry);
        rd_json_append(ex->arena, &list, em_link(ex, em_text_at(&held, "properties.holder")));
    }
    if (rd_json_count(&list) > 0)
        em_set(ex, body, "properties.ipConfigurations", list);
}

/* Inline peerings of a PUT may drop existing ones, not make new ones: those need a PUT of their
 * own, whose checks look at both networks. Without the member they stay. */
static bool check_inline_peerings(struct em_exchange *ex, struct em_resource *former,
                                  struct rd_json *body)
{
    const struct rd_json *list = rd_json_at(body, "properties.virtualNetworkPeerings");
    for (size_t i = 0; i < rd_json_count(list); i++) {
        struct rd_str name = em_text_at(rd_json_item(list, i), "name");
        if (former == NULL ||
            em_find(ex->cloud, em_child_id(ex, ex->id, "virtualNetworkPeerings", name)) == NULL)
            return em_fail(ex, 400, "NotSupported",
                           "Peering '%.*s' does not exist yet: the emulator wants a PUT of the "
                           "peering itself.",
                           RD_FMT(name));
    }
    em_drop(body, "properties", "virtualNetworkPeerings");
    return true;
}

EM_PUT_HOOK(em_vnet_put)
{
    const struct rd_json *space = rd_json_at(body, "properties.addressSpace.addressPrefixes");
    if (!rd_json_is(space, RD_JSON_ARRAY) || rd_json_count(space) == 0)
        return em_fail(ex, 400, "InvalidRequestFormat",
                       "Virtual network %.*s must have an address space: "
                       "'properties.addressSpace.addressPrefixes'.",
                       RD_FMT(ex->id));
    for (size_t i = 0; i < rd_json_count(space); i++) {
        struct em_prefix prefix;
        bool is_v4 = false;
        if (!check_prefix(ex, rd_json_str(rd_json_item(space, i)), ex->id, &prefix, &is_v4))
            return false;
    }
    if (lists_overlap(space, space))
        return em_fail(ex, 400, "AddressPrefixesOverlap",
                       "The address prefixes of virtual network %.*s overlap.", RD_FMT(ex->id));
    if (former != NULL && !em_require_family_idle(ex, former, ex->id))
        return false;
    em_set_guid(ex, body, "properties.resourceGuid", "resourceGuid", ex->id);
    em_default(ex, body, "properties.enableDdosProtection", rd_json_bool(false));
    em_default_text(ex, body, "properties.privateEndpointVNetPolicies", "Disabled");
    return check_inline_peerings(ex, former, body) &&
           em_inline_take(ex, &subnets, former, body, hidden);
}

EM_READY_HOOK(em_vnet_ready)
{
    (void)body;
    (void)ret_message;
    em_inline_apply(ex, &subnets, resource, hidden);
    return NULL;
}

EM_SHOW_HOOK(em_vnet_show)
{
    struct rd_json peerings = rd_json_array();
    struct em_resource *child = NULL;
    em_inline_show(ex, &subnets, resource, body);
    while ((child = em_next_child(resource, PEERING_TYPE, child)) != NULL)
        rd_json_append(ex->arena, &peerings, em_view(ex, child));
    em_set(ex, body, "properties.virtualNetworkPeerings", peerings);
}

EM_HOOK(em_vnet_may_delete)
{
    struct em_resource *child = NULL;
    while ((child = em_next_child(resource, EM_SUBNET_TYPE, child)) != NULL)
        if (!subnet_is_unused(ex, child))
            return false;
    return em_require_family_idle(ex, resource, resource->id);
}

/* Peerings ------------------------------------------------------------------------------------- */

/* The peering of `remote` that points to `local`, or NULL. */
static struct em_resource *peering_towards(struct em_exchange *ex, const struct em_resource *remote,
                                           struct rd_str local, struct rd_str except)
{
    struct em_resource *child = NULL;
    while ((child = em_next_child(remote, PEERING_TYPE, child)) != NULL) {
        struct rd_json body = em_body(ex, child);
        if (!rd_str_eq_case(child->id, except) &&
            rd_str_eq_case(em_text_at(&body, "properties.remoteVirtualNetwork.id"), local))
            return child;
    }
    return NULL;
}

static struct rd_str peering_state(struct em_exchange *ex, const struct em_resource *peering)
{
    struct rd_json hidden = em_hidden(ex, peering);
    return em_text_at(&hidden, "peeringState");
}

static void set_peering_state(struct em_exchange *ex, struct em_resource *peering,
                              const char *state)
{
    struct rd_json hidden = em_hidden(ex, peering);
    em_keep_text(ex, &hidden, "peeringState", rd_str_from(state));
    em_store_hidden(ex, peering, &hidden);
}

static struct rd_json address_space(struct em_exchange *ex, const struct em_resource *vnet)
{
    struct rd_json body = em_body(ex, vnet);
    return rd_json_copy(ex->arena, rd_json_at(&body, "properties.addressSpace"));
}

static bool check_peering_pair(struct em_exchange *ex, const struct em_resource *local,
                               const struct em_resource *remote, const struct rd_json *body)
{
    struct rd_str name = em_id_name(ex->id);
    struct rd_json here = address_space(ex, local), there = address_space(ex, remote);
    if (local == remote)
        return em_fail(ex, 400, "VnetCannotBePeeredWithItself",
                       "Virtual network %.*s cannot be peered with itself.", RD_FMT(local->id));
    if (peering_towards(ex, local, remote->id, ex->id) != NULL)
        return em_fail(ex, 400, "AnotherPeeringAlreadyReferencesRemoteVnet",
                       "Peering %.*s cannot have the same remote virtual network %.*s as another "
                       "peering of its virtual network.",
                       RD_FMT(name), RD_FMT(remote->id));
    if (lists_overlap(rd_json_at(&here, "addressPrefixes"), rd_json_at(&there, "addressPrefixes")))
        return em_fail(ex, 400, "VnetAddressSpaceOverlapsWithRemoteVnet",
                       "Cannot create or update peering %.*s. Virtual network %.*s cannot be "
                       "peered with %.*s because address space of the first virtual network "
                       "overlaps with address space of the second.",
                       RD_FMT(name), RD_FMT(local->id), RD_FMT(remote->id));
    if (rd_json_is_true(rd_json_at(body, "properties.useRemoteGateways")))
        return em_fail(ex, 400, "RemoteVnetHasNoGateways",
                       "Peering %.*s cannot have UseRemoteGateways flag set to true because remote "
                       "virtual network %.*s has no gateways.",
                       RD_FMT(name), RD_FMT(remote->id));
    return true;
}

/* The remote network must not overlap with any network that is peered already. */
static bool check_other_peers(struct em_exchange *ex, const struct em_resource *local,
                              const struct em_resource *remote)
{
    struct rd_json there = address_space(ex, remote);
    struct em_resource *child = NULL;
    while ((child = em_next_child(local, PEERING_TYPE, child)) != NULL) {
        struct rd_json body = em_body(ex, child);
        if (!rd_str_eq_case(child->id, ex->id) &&
            lists_overlap(rd_json_at(&there, "addressPrefixes"),
                          rd_json_at(&body, "properties.remoteAddressSpace.addressPrefixes")))
            return em_fail(ex, 400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
                           "Cannot create or update peering %.*s: the address space of %.*s "
                           "overlaps with that of a network that is peered already (%.*s).",
                           RD_FMT(ex->id), RD_FMT(remote->id), RD_FMT(child->id));
    }
    return true;
}

EM_PUT_HOOK(em_peering_put)
{
    struct em_resource *local = em_find(ex->cloud, em_id_parent(ex->id));
    if (local == NULL)
        return em_fail_not_found(ex, em_id_parent(ex->id));
    if (!em_require(ex, body, "properties.remoteVirtualNetwork.id", RD_JSON_STRING))
        return false;
    struct em_resource *remote =
        em_refer(ex, em_text_at(body, "properties.remoteVirtualNetwork.id"), VNET_TYPE);
    if (remote == NULL || !em_require_family_idle(ex, local, ex->id) ||
        !em_require_idle(ex, remote) || !check_peering_pair(ex, local, remote, body) ||
        !check_other_peers(ex, local, remote))
        return false;
    struct em_resource *reverse = peering_towards(ex, remote, local->id, ex->id);
    bool is_cut = former != NULL && rd_str_is(peering_state(ex, former), "Disconnected");
    if (is_cut || (reverse != NULL && rd_str_is(peering_state(ex, reverse), "Disconnected"))) {
        struct rd_str cut = is_cut || reverse == NULL ? ex->id : reverse->id;
        return em_fail(ex, 400, "RemotePeeringIsDisconnected",
                       "Cannot create or update peering %.*s because peering %.*s is in "
                       "Disconnected state. Delete that peering and create it again.",
                       RD_FMT(ex->id), RD_FMT(cut));
    }
    static const char *const flags[] = {
        "properties.allowForwardedTraffic", "properties.allowGatewayTransit",
        "properties.useRemoteGateways", "properties.doNotVerifyRemoteGateways"};
    for (size_t i = 0; i < EM_COUNT(flags); i++)
        em_default(ex, body, flags[i], rd_json_bool(false));
    em_default(ex, body, "properties.allowVirtualNetworkAccess", rd_json_bool(true));
    em_default(ex, body, "properties.peerCompleteVnets", rd_json_bool(true));
    em_set_guid(ex, body, "properties.resourceGuid", "resourceGuid", ex->id);
    em_set(ex, body, "properties.remoteAddressSpace", address_space(ex, remote));
    em_set(ex, body, "properties.remoteVirtualNetworkAddressSpace", address_space(ex, remote));
    if (former == NULL)
        em_keep_text(ex, hidden, "peeringState", RD_STR("Initiated"));
    return true;
}

EM_READY_HOOK(em_peering_ready)
{
    (void)ret_message;
    struct em_resource *remote =
        em_find(ex->cloud, em_text_at(body, "properties.remoteVirtualNetwork.id"));
    struct em_resource *reverse =
        remote == NULL ? NULL
                       : peering_towards(ex, remote, em_id_parent(resource->id), resource->id);
    if (remote == NULL) {
        em_keep_text(ex, hidden, "peeringState", RD_STR("Disconnected"));
    } else if (reverse != NULL && !em_in_progress(reverse)) {
        em_keep_text(ex, hidden, "peeringState", RD_STR("Connected"));
        set_peering_state(ex, reverse, "Connected");
    }
    return NULL;
}

EM_SHOW_HOOK(em_peering_show)
{
    struct em_resource *remote =
        em_find(ex->cloud, em_text_at(body, "properties.remoteVirtualNetwork.id"));
    const struct rd_json *known = rd_json_at(body, "properties.remoteAddressSpace");
    struct rd_json now = remote != NULL ? address_space(ex, remote) : rd_json_absent;
    bool is_level = remote == NULL || rd_json_eq(known, &now);
    em_set_text(ex, body, "properties.peeringState", peering_state(ex, resource));
    em_set_word(ex, body, "properties.peeringSyncLevel",
                is_level ? "FullyInSync" : "RemoteNotInSync");
}

EM_GONE_HOOK(em_peering_deleted)
{
    struct rd_json body = em_body(ex, resource);
    struct em_resource *remote =
        em_find(ex->cloud, em_text_at(&body, "properties.remoteVirtualNetwork.id"));
    struct em_resource *reverse =
        remote == NULL ? NULL
                       : peering_towards(ex, remote, em_id_parent(resource->id), resource->id);
    if (reverse != NULL)
        set_peering_state(ex, reverse, "Disconnected");
}
