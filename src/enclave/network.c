/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ipv4.h"
#include "parts.h"

enum {
    IPV4_BITS = 32,
    FIREWALL_SUBNET_BITS = 26, /* the smallest that the service takes */
    FIREWALL_SUBNET_SIZE = 1 << (IPV4_BITS - FIREWALL_SUBNET_BITS),
    RESERVED_FIRST = 4, /* of each subnet's addresses Azure keeps the first ones for itself */
};

static bool has_firewall(const struct rd_compile *compile)
{
    return compile->spec->network.has_firewall;
}

/* The firewall's address inside the hub: known when it stands. */
static struct rd_json firewall_address(struct rd_compile *compile)
{
    return rd_part_ref(compile, compile->id[RD_ROLE_FIREWALL],
                       "properties.ipConfigurations.0.properties.privateIPAddress");
}

static struct rd_str address_text(struct rd_compile *compile, uint64_t address)
{
    return rd_arena_printf(compile->arena, "%u.%u.%u.%u", (unsigned)(address >> 24 & UINT8_MAX),
                           (unsigned)(address >> 16 & UINT8_MAX),
                           (unsigned)(address >> 8 & UINT8_MAX), (unsigned)(address & UINT8_MAX));
}

/* The Basic tier is managed over a subnet and an address of its own; the next /26 after the
 * firewall's serves. */
static struct rd_str management_prefix(struct rd_compile *compile)
{
    const struct rd_spec_network *network = &compile->spec->network;
    struct rd_ipv4 hub = {0, 0}, firewall = {0, 0};
    bool is_parsed = rd_ipv4_parse(network->hub_prefix, &hub) &&
                     rd_ipv4_parse(network->firewall_prefix, &firewall);
    uint64_t start = ((uint64_t)firewall.base + ((uint64_t)1 << (IPV4_BITS - firewall.bits)) +
                      FIREWALL_SUBNET_SIZE - 1) /
                     FIREWALL_SUBNET_SIZE * FIREWALL_SUBNET_SIZE;
    uint64_t hub_end = (uint64_t)hub.base + ((uint64_t)1 << (IPV4_BITS - hub.bits));
    if (!is_parsed || start + FIREWALL_SUBNET_SIZE > hub_end) {
        rd_part_fail(
            compile,
            rd_err_hint(RD_FAIL(compile->err, RD_RC_INVALID,
                                "no room in hub '%.*s' for the management subnet that a "
                                "basic firewall needs",
                                RD_FMT(network->hub_prefix)),
                        compile->err,
                        "make the hub larger, so that a /26 follows the firewall's subnet"));
        return RD_STR("");
    }
    struct rd_str address = address_text(compile, start);
    return rd_arena_printf(compile->arena, "%.*s/%d", RD_FMT(address), FIREWALL_SUBNET_BITS);
}

/*
 * The address that the firewall is going to have: the first that Azure leaves free in its subnet.
 * No document promises it, but Microsoft's own mission landing zone reckons with it (seen
 * 2026-11-21). It is only where hosts ask for names that start before the firewall stands, for a
 * started machine keeps the DNS server it was given; should it ever be another one, the second
 * write of the network says so, and these hosts resolve no name until they are restarted.
 */
static struct rd_str expected_firewall_address(struct rd_compile *compile)
{
    struct rd_ipv4 subnet = {0, 0};
    (void)rd_ipv4_parse(compile->spec->network.firewall_prefix, &subnet);
    return address_text(compile, (uint64_t)subnet.base + RESERVED_FIRST);
}

static struct rd_str subnet_of(struct rd_compile *compile, enum rd_part_role network,
                               const char *name)
{
    return rd_arena_printf(compile->arena, "%.*s/subnets/%s", RD_FMT(compile->id[network]), name);
}

static void add_hub(struct rd_compile *compile)
{
    const struct rd_spec_network *network = &compile->spec->network;
    struct rd_json subnets =
        rd_shape(compile->arena, "[{name: AzureFirewallSubnet, properties: {addressPrefix: %s}}]",
                 network->firewall_prefix);
    if (rd_part_has_basic_firewall(compile))
        (void)rd_json_append(compile->arena, &subnets,
                             rd_shape(compile->arena,
                                      "{name: AzureFirewallManagementSubnet,"
                                      " properties: {addressPrefix: %s}}",
                                      management_prefix(compile)));
    rd_part_add_role(compile, RD_ROLE_HUB,
                     rd_shape(compile->arena,
                              "{location: %s, tags: %j, properties: {addressSpace:"
                              " {addressPrefixes: [%s]}, subnets: %j}}",
                              compile->spec->region, compile->tags, network->hub_prefix, subnets));
}

static void add_firewall_ip(struct rd_compile *compile, enum rd_part_role role)
{
    const struct rd_spec *spec = compile->spec;
    rd_part_add_role(
        compile, role,
        rd_shape(compile->arena,
                 "{location: %s, tags: %j, sku: {name: Standard, tier: Regional}, zones?: %j,"
                 " properties: {publicIPAllocationMethod: Static, publicIPAddressVersion: IPv4}}",
                 spec->region, compile->tags, rd_part_strings(compile, &spec->network.zones)));
}

static struct rd_json firewall_connection(struct rd_compile *compile, const char *name,
                                          const char *subnet, enum rd_part_role address)
{
    return rd_shape(
        compile->arena, "{name: %s, properties: {subnet: {id: %s}, publicIPAddress: {id: %s}}}",
        rd_str_from(name), subnet_of(compile, RD_ROLE_HUB, subnet), compile->id[address]);
}

/* It comes after the rules: a rule written below a running firewall takes minutes, and until the
 * last is there the firewall would refuse what hosts need. */
static void add_firewall(struct rd_compile *compile)
{
    static const char *const tiers[] = {[RD_FIREWALL_STANDARD] = "Standard",
                                        [RD_FIREWALL_PREMIUM] = "Premium",
                                        [RD_FIREWALL_BASIC] = "Basic"};
    const struct rd_spec *spec = compile->spec;
    add_firewall_ip(compile, RD_ROLE_FIREWALL_IP);
    struct rd_json management = rd_json_absent;
    if (rd_part_has_basic_firewall(compile)) {
        add_firewall_ip(compile, RD_ROLE_FIREWALL_MANAGEMENT_IP);
        management = firewall_connection(compile, "management", "AzureFirewallManagementSubnet",
                                         RD_ROLE_FIREWALL_MANAGEMENT_IP);
    }
    struct rd_json body = rd_shape(
        compile->arena,
        "{location: %s, tags: %j, zones?: %j, properties: {sku: {name: AZFW_VNet, tier: %s},"
        " firewallPolicy: {id: %s}, ipConfigurations: [%j], managementIpConfiguration?: %j}}",
        spec->region, compile->tags, rd_part_strings(compile, &spec->network.zones),
        rd_str_from(tiers[spec->network.firewall_tier]), compile->id[RD_ROLE_FIREWALL_POLICY],
        firewall_connection(compile, "egress", "AzureFirewallSubnet", RD_ROLE_FIREWALL_IP),
        management);
    size_t index = rd_part_add(compile, compile->id[RD_ROLE_FIREWALL], body);
    rd_part_need(compile, index, compile->id[RD_ROLE_HUB]);
    for (size_t i = 0; i < RD_RULE_GROUP_COUNT; i++)
        rd_part_need(compile, index, rd_part_rule_group_id(compile, i));
    rd_part_diagnose(compile, compile->id[RD_ROLE_FIREWALL]);
}

/* Desktops are reached through AVD's own connection from inside: nothing needs to come in. */
static void add_security_group(struct rd_compile *compile)
{
    rd_part_add_role(
        compile, RD_ROLE_SECURITY_GROUP,
        rd_shape(compile->arena,
                 "{location: %s, tags: %j, properties: {securityRules: ["
                 "{name: deny-rdp-inbound, properties: {description: %s, protocol: '*',"
                 " sourcePortRange: '*', destinationPortRange: '3389',"
                 " sourceAddressPrefix: '*', destinationAddressPrefix: '*', access: Deny,"
                 " priority: 4000, direction: Inbound}},"
                 "{name: deny-internet-inbound, properties: {description: %s, protocol: '*',"
                 " sourcePortRange: '*', destinationPortRange: '*',"
                 " sourceAddressPrefix: Internet, destinationAddressPrefix: '*', access: Deny,"
                 " priority: 4096, direction: Inbound}}]}}",
                 compile->spec->region, compile->tags,
                 RD_STR("Desktops are brokered from inside; nobody connects to RDP directly"),
                 RD_STR("Nothing comes in from the internet")));
    rd_part_diagnose(compile, compile->id[RD_ROLE_SECURITY_GROUP]);
}

static struct rd_json route_table(struct rd_compile *compile, struct rd_json routes)
{
    return rd_shape(compile->arena,
                    "{location: %s, tags: %j, properties:"
                    " {disableBgpRoutePropagation: true, routes: %j}}",
                    compile->spec->region, compile->tags, routes);
}

/* Until the firewall stands the way out is closed, so that hosts may be made meanwhile and none
 * ever leaves unfiltered. What a machine needs to start comes from the fabric (168.63.129.16),
 * which routes do not reach. */
static void add_route_table(struct rd_compile *compile)
{
    struct rd_json routes = rd_shape(compile->arena,
                                     "[{name: to-firewall, properties: {addressPrefix: '0.0.0.0/0',"
                                     " nextHopType: VirtualAppliance, nextHopIpAddress: %j}}]",
                                     firewall_address(compile));
    if (compile->spec->network.direct_avd_route)
        (void)rd_json_append(
            compile->arena, &routes,
            rd_shape(compile->arena,
                     "{name: avd-direct, properties: {addressPrefix: WindowsVirtualDesktop,"
                     " nextHopType: Internet}}"));
    size_t index =
        rd_part_add(compile, compile->id[RD_ROLE_ROUTE_TABLE], route_table(compile, routes));
    struct rd_json closed =
        rd_shape(compile->arena, "[{name: to-firewall, properties: {addressPrefix: '0.0.0.0/0',"
                                 " nextHopType: None}}]");
    rd_part_provide(compile, index, route_table(compile, closed));
}

/* Without a firewall the hosts need Azure's own way out, or nothing would register. */
static struct rd_json spoke(struct rd_compile *compile, struct rd_json dns)
{
    const struct rd_spec_network *network = &compile->spec->network;
    struct rd_json table = rd_json_absent;
    if (has_firewall(compile))
        table = rd_shape(compile->arena, "{id: %s}", compile->id[RD_ROLE_ROUTE_TABLE]);
    return rd_shape(
        compile->arena,
        "{location: %s, tags: %j, properties: {addressSpace: {addressPrefixes: [%s]},"
        " dhcpOptions?: %j, subnets: [{name: %s, properties: {addressPrefix: %s,"
        " networkSecurityGroup: {id: %s}, routeTable?: %j, defaultOutboundAccess: %b}}]}}",
        compile->spec->region, compile->tags, network->spoke_prefix, dns,
        compile->name[RD_ROLE_HOSTS_SUBNET], network->hosts_prefix,
        compile->id[RD_ROLE_SECURITY_GROUP], table, (int)!has_firewall(compile));
}

static void add_spoke(struct rd_compile *compile)
{
    bool has_proxy = has_firewall(compile) && compile->spec->network.dns_proxy &&
                     !rd_part_has_basic_firewall(compile);
    struct rd_json dns = rd_json_absent;
    if (has_proxy)
        dns = rd_shape(compile->arena, "{dnsServers: [%j]}", firewall_address(compile));
    size_t index = rd_part_add(compile, compile->id[RD_ROLE_SPOKE], spoke(compile, dns));
    rd_part_early(compile, index);
    if (!has_proxy)
        return;
    dns = rd_shape(compile->arena, "{dnsServers: [%s]}", expected_firewall_address(compile));
    rd_part_provide(compile, index, spoke(compile, dns));
}

/* Hosts wait for both directions: a peering only works when its counterpart exists. */
static void add_peering(struct rd_compile *compile, enum rd_part_role role,
                        enum rd_part_role remote)
{
    size_t index = rd_part_add(
        compile, compile->id[role],
        rd_shape(compile->arena,
                 "{properties: {remoteVirtualNetwork: {id: %s}, allowVirtualNetworkAccess: true,"
                 " allowForwardedTraffic: true, allowGatewayTransit: false,"
                 " useRemoteGateways: false}}",
                 compile->id[remote]));
    rd_part_need(compile, index, compile->id[remote]);
    rd_part_early(compile, index);
    rd_part_hosts_need(compile, compile->id[role]);
}

static void add_existing_subnet(struct rd_compile *compile)
{
    compile->subnet_id = compile->spec->network.existing_subnet;
    size_t index = rd_part_add(compile, compile->subnet_id, rd_json_object());
    if (compile->rc == RD_RC_OK)
        compile->set->resources[index].is_existing = true;
}

void rd_part_network(struct rd_compile *compile)
{
    compile->origin = RD_STR("network");
    if (compile->spec->network.existing_subnet.n > 0) {
        add_existing_subnet(compile);
        return;
    }
    compile->subnet_id = compile->id[RD_ROLE_HOSTS_SUBNET];
    add_security_group(compile);
    if (has_firewall(compile)) {
        add_hub(compile);
        rd_part_firewall_policy(compile);
        add_firewall(compile);
        add_route_table(compile);
    }
    add_spoke(compile);
    if (has_firewall(compile)) {
        add_peering(compile, RD_ROLE_PEERING_TO_SPOKE, RD_ROLE_SPOKE);
        add_peering(compile, RD_ROLE_PEERING_TO_HUB, RD_ROLE_HUB);
    }
}
