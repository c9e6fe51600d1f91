/* SPDX-License-Identifier: Apache-2.0 */
/* Microsoft.Network without the firewall: the table of types. */
#include "network_internal.h"
#include "providers.h"
#include "shape.h"

#define NAME_80 "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$"
#define NETWORK_TYPE                                                                               \
    .async = EM_ASYNC_OPERATION, EM_ANSWERS(201, 200, 202),                                        \
    .operation_body = EM_OPERATION_STATUS_ONLY,                                                    \
    .operation_path = "Microsoft.Network/locations/{l}/operations", .retry_after_s = 10,           \
    .has_etag = true, .create_state = "Updating", .busy_status = 429, .name_pattern = NAME_80
/* One that stands in a group: its PATCH changes tags alone. */
#define TOP_TYPE EM_REGIONAL, .patch = em_patch_tags, NETWORK_TYPE
/* One that stands in a parent of its kind. */
#define CHILD_TYPE .place = EM_IN_PARENT, NETWORK_TYPE

static const struct em_action nic_actions[] = {
    {.name = "effectiveRouteTable", .post = em_nic_effective_routes},
    {.name = "effectiveNetworkSecurityGroups", .post = em_nic_effective_rules},
};

static const struct em_type types[] = {
    {
        .name = "Microsoft.Network/virtualNetworks",
        TOP_TYPE,
        EM_TAKES(4, 4, 10),
        .source = "azure-avd-ops 2.1-2.3",
        .put = em_vnet_put,
        .ready = em_vnet_ready,
        .show = em_vnet_show,
        .may_delete = em_vnet_may_delete,
        .deletes_children = true,
    },
    {
        .name = EM_SUBNET_TYPE,
        CHILD_TYPE,
        EM_TAKES(4, 4, 10),
        .source = "azure-avd-ops 2.1-2.3",
        .put = em_subnet_put,
        .show = em_subnet_show,
        .may_delete = em_subnet_may_delete,
        .deletes_children = true,
    },
    {
        .name = EM_ADDRESS_TYPE,
        .place = EM_IN_PARENT,
        .is_internal = true,
        .is_hidden_from_lists = true,
        .has_no_state = true,
        .put = em_put_refused,
    },
    {
        .name = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
        CHILD_TYPE,
        EM_TAKES(5, 5, 10),
        .source = "azure-avd-ops 2.3 (peering)",
        .put = em_peering_put,
        .ready = em_peering_ready,
        .show = em_peering_show,
        .may_delete = em_inline_may_delete,
        .deleted = em_peering_deleted,
    },
    {
        .name = "Microsoft.Network/networkSecurityGroups",
        TOP_TYPE,
        EM_TAKES(3, 3, 8),
        .source = "azure-avd-ops 2.3 (NSG)",
        .put = em_nsg_put,
        .ready = em_nsg_ready,
        .show = em_nsg_show,
        .may_delete = em_nsg_may_delete,
        .deletes_children = true,
    },
    {
        .name = "Microsoft.Network/networkSecurityGroups/securityRules",
        CHILD_TYPE,
        EM_TAKES(3, 3, 5),
        .source = "azure-avd-ops 2.3 (NSG rule)",
        .put = em_security_rule_put,
        .may_delete = em_inline_may_delete,
    },
    {
        .name = "Microsoft.Network/routeTables",
        TOP_TYPE,
        EM_TAKES(3, 3, 8),
        .source = "azure-avd-ops 2.3 (route table)",
        .put = em_route_table_put,
        .ready = em_route_table_ready,
        .show = em_route_table_show,
        .may_delete = em_route_table_may_delete,
        .deletes_children = true,
    },
    {
        .name = "Microsoft.Network/routeTables/routes",
        CHILD_TYPE,
        EM_TAKES(3, 3, 5),
        .source = "azure-avd-ops 2.3 (routes)",
        .put = em_route_put,
        .may_delete = em_inline_may_delete,
    },
    {
        .name = "Microsoft.Network/publicIPAddresses",
        TOP_TYPE,
        EM_TAKES(3, 3, 8),
        .source = "azure-avd-ops 2.3 (public IP)",
        .put = em_public_ip_put,
        .ready = em_public_ip_ready,
        .show = em_public_ip_show,
        .may_delete = em_public_ip_may_delete,
    },
    {
        .name = "Microsoft.Network/networkInterfaces",
        TOP_TYPE,
        EM_TAKES(2, 2, 8),
        .source = "azure-avd-ops 2.3 (NIC), azure-compute 5.4",
        .put = em_nic_put,
        .show = em_nic_show,
        .may_delete = em_nic_may_delete,
        .deleted = em_nic_deleted,
        .actions = nic_actions,
        .action_count = EM_COUNT(nic_actions),
    },
};

static const struct em_route routes[] = {
    {RD_HTTP_GET,
     "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}/"
     "CheckIPAddressAvailability",
     em_vnet_check_address, NULL, "Virtual Networks - Check IP Address Availability (documents)"},
};

const struct em_part em_network_part = {
    .name = "network",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
};
