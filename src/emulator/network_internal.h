/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_NETWORK_INTERNAL_H
#define EMULATOR_NETWORK_INTERNAL_H

/*
 * What the network providers share among themselves and offer to the compute provider.
 *
 * An address in use is a resource of its own: {subnet id}/allocatedAddresses/{address}, hidden from
 * lists and closed to clients. So that an address is free is one look into the map, the back
 * references of a subnet are its children, and thousands of NICs cost no scan. The lowest free
 * address is what a dynamic request gets: {subnet hidden}.next says where nothing below is free.
 *
 * Calling sequence of a VM's life, by the compute provider:
 *   em_nic_attach   while its PUT is checked; fails the exchange when the NIC is taken or reserved
 *   em_nic_power    whenever the VM starts or stops; after attach it counts as running
 *   em_nic_detach   when the VM goes; or with `failed_create`, when its creation failed: then the
 *                   NIC stays reserved for that VM for 180 seconds
 */

#include <stdbool.h>
#include <stdint.h>

#include "core.h"

/* Offered to compute --------------------------------------------------------------------------- */

enum { EM_NIC_RESERVED_MS = 180000 };

/* Attaches a NIC (by id) to a VM (by id). False after the exchange has failed:
 * InvalidResourceReference, NicInUse, NicReservedForAnotherVm. Attaching it again to the VM that
 * has it changes nothing. */
bool em_nic_attach(struct em_exchange *ex, struct rd_str nic_id, struct rd_str vm_id,
                   bool is_primary);
/* Lets the NIC go; nothing happens when it is gone or belongs to another VM. */
void em_nic_detach(struct em_exchange *ex, struct rd_str nic_id, struct rd_str vm_id,
                   bool failed_create);
/* Tells whether the VM of an attached NIC runs: the effective routes are known only then. */
void em_nic_power(struct em_exchange *ex, struct rd_str nic_id, bool is_running);

/* IPv4 prefixes -------------------------------------------------------------------------------- */

struct em_prefix {
    uint32_t first; /* network address, host order */
    int length;     /* 0..32 */
};

bool em_ipv4_parse(struct rd_str text, uint32_t *ret_address);
struct rd_str em_ipv4_text(struct em_exchange *ex, uint32_t address);
/* "10.0.0.0/24", or a bare address as /32 when `allows_bare`. `*ret_is_canonical` tells whether no
 * host bit is set. */
bool em_prefix_parse(struct rd_str text, bool allows_bare, struct em_prefix *ret_prefix,
                     bool *ret_is_canonical);
bool em_prefix_contains(struct em_prefix outer, struct em_prefix inner);
bool em_prefix_overlaps(struct em_prefix a, struct em_prefix b);
/* An address, a prefix or a range "a-b": what rules accept. IPv6 passes by its form alone. */
bool em_address_is_valid(struct rd_str text, bool allows_range);
/* "*", a port, or "a-b". */
bool em_port_is_valid(struct rd_str text);

/* Addresses in subnets --------------------------------------------------------------------------
 */

#define EM_ADDRESS_TYPE "Microsoft.Network/virtualNetworks/subnets/allocatedAddresses"
#define EM_SUBNET_TYPE "Microsoft.Network/virtualNetworks/subnets"

/* Takes an address for the ip configuration `holder` (an id): `wanted`, or the lowest free one when
 * that is empty. False after the exchange has failed. */
bool em_address_take(struct em_exchange *ex, struct em_resource *subnet, struct rd_str wanted,
                     struct rd_str holder, struct rd_str *ret_address);
/* Nothing happens when `holder` does not hold it. */
void em_address_release(struct em_exchange *ex, struct rd_str subnet_id, struct rd_str address,
                        struct rd_str holder);
/* The answer to CheckIPAddressAvailability: a route. */
bool em_vnet_check_address(struct em_exchange *ex);
/* The holder of the first address in use, or "". */
struct rd_str em_subnet_user(struct em_exchange *ex, const struct em_resource *subnet);

/* Public addresses ------------------------------------------------------------------------------
 */

/* Binds a public IP to an ip configuration (by id); false after the exchange has failed. */
bool em_public_ip_take(struct em_exchange *ex, struct rd_str id, struct rd_str holder);
void em_public_ip_release(struct em_exchange *ex, struct rd_str id, struct rd_str holder);

/* Inline children -------------------------------------------------------------------------------
 *
 * Subnets, security rules and routes stand inside their parent's body and are resources as well.
 * The stored body holds none; a write's list waits in hidden.pending until the parent is ready. */

struct em_inline {
    const char *member; /* "subnets" */
    const char *type;   /* EM_SUBNET_TYPE */
    /* Checks one item's properties and fills defaults. `siblings` is the whole list, of objects
     * with name and properties; the item itself is skipped by name. */
    bool (*check)(struct em_exchange *ex, const struct rd_json *parent,
                  const struct rd_json *siblings, struct rd_str id, struct rd_json *item);
    /* May this child go, which a new list does not name? NULL: yes. */
    bool (*may_go)(struct em_exchange *ex, struct em_resource *child);
};

/* In put of the parent: checks the list, moves it to `hidden`. */
bool em_inline_take(struct em_exchange *ex, const struct em_inline *inline_type,
                    struct em_resource *former, struct rd_json *body, struct rd_json *hidden);
/* In ready of the parent: makes, changes and removes the children. */
void em_inline_apply(struct em_exchange *ex, const struct em_inline *inline_type,
                     struct em_resource *parent, struct rd_json *hidden);
/* In show of the parent. */
void em_inline_show(struct em_exchange *ex, const struct em_inline *inline_type,
                    struct em_resource *parent, struct rd_json *body);
/* In put of a child that is written by itself: the same check against the parent's other ones. */
bool em_inline_check_child(struct em_exchange *ex, const struct em_inline *inline_type,
                           struct em_resource *former, struct rd_json *body);

/* Heads of hooks --------------------------------------------------------------------------------
 */

#define EM_PUT_HOOK(name)                                                                          \
    bool name(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,            \
              struct rd_json *hidden)
#define EM_READY_HOOK(name)                                                                        \
    const char *name(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body,   \
                     struct rd_json *hidden, struct rd_str *ret_message)
#define EM_SHOW_HOOK(name)                                                                         \
    void name(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body)
#define EM_HOOK(name) bool name(struct em_exchange *ex, struct em_resource *resource)
#define EM_GONE_HOOK(name) void name(struct em_exchange *ex, struct em_resource *resource)

/* Firewall ------------------------------------------------------------------------------------- */

#define EM_FIREWALL_TYPE "Microsoft.Network/azureFirewalls"
#define EM_POLICY_TYPE "Microsoft.Network/FirewallPolicies"
#define EM_RULE_GROUP_TYPE "Microsoft.Network/FirewallPolicies/ruleCollectionGroups"
#define EM_IP_GROUP_TYPE "Microsoft.Network/ipGroups"

/* Checks the collections of a rule collection group against its policy (firewall_rules.c). */
bool em_rule_collections_check(struct em_exchange *ex, const struct rd_json *policy,
                               const struct rd_json *group);

/* The firewall behind `*cursor` that has the policy, or NULL; start with 0. */
struct em_resource *em_firewall_of_policy(struct em_exchange *ex, struct rd_str policy_id,
                                          size_t *cursor);
bool em_policy_is_attached(struct em_exchange *ex, struct rd_str policy_id);
EM_PUT_HOOK(em_ip_group_put);
EM_SHOW_HOOK(em_ip_group_show);
EM_HOOK(em_ip_group_may_delete);
int64_t em_ip_group_duration(struct em_exchange *ex, struct em_resource *former,
                             const struct rd_json *body);
bool em_fqdn_tags_list(struct em_exchange *ex); /* a route */

/* Hooks of the table in network.c ----------------------------------------------------------------
 */

/* A child goes only while nothing else of its parent is being written. */
EM_HOOK(em_inline_may_delete);

EM_PUT_HOOK(em_vnet_put);
EM_READY_HOOK(em_vnet_ready);
EM_SHOW_HOOK(em_vnet_show);
EM_HOOK(em_vnet_may_delete);
EM_PUT_HOOK(em_subnet_put);
EM_SHOW_HOOK(em_subnet_show);
EM_HOOK(em_subnet_may_delete);
EM_PUT_HOOK(em_peering_put);
EM_READY_HOOK(em_peering_ready);
EM_SHOW_HOOK(em_peering_show);
EM_GONE_HOOK(em_peering_deleted);

EM_PUT_HOOK(em_nsg_put);
EM_READY_HOOK(em_nsg_ready);
EM_SHOW_HOOK(em_nsg_show);
EM_HOOK(em_nsg_may_delete);
EM_PUT_HOOK(em_security_rule_put);
EM_PUT_HOOK(em_route_table_put);
EM_READY_HOOK(em_route_table_ready);
EM_SHOW_HOOK(em_route_table_show);
EM_HOOK(em_route_table_may_delete);
EM_PUT_HOOK(em_route_put);
/* The six rules that every group ends with. */
struct rd_json em_default_rules(struct em_exchange *ex, struct rd_str group_id);

EM_PUT_HOOK(em_public_ip_put);
EM_READY_HOOK(em_public_ip_ready);
EM_SHOW_HOOK(em_public_ip_show);
EM_HOOK(em_public_ip_may_delete);
EM_PUT_HOOK(em_nic_put);
EM_SHOW_HOOK(em_nic_show);
EM_HOOK(em_nic_may_delete);
EM_GONE_HOOK(em_nic_deleted);
EM_HOOK(em_nic_effective_routes); /* actions */
EM_HOOK(em_nic_effective_rules);

#endif
