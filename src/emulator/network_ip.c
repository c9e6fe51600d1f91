/* SPDX-License-Identifier: Apache-2.0 */
/* Public addresses and network interfaces. */
#include "network_internal.h"
#include "shape.h"

#define PUBLIC_IP_TYPE "Microsoft.Network/publicIPAddresses"
#define NIC_TYPE "Microsoft.Network/networkInterfaces"

EM_PUT_HOOK(em_public_ip_put)
{
    (void)hidden;
    static const char *const skus[] = {"Basic", "Standard", "StandardV2", NULL};
    static const char *const methods[] = {"Static", "Dynamic", NULL};
    if (!em_require_word(ex, body, "sku.name", skus, true) ||
        !em_require_word(ex, body, "properties.publicIPAllocationMethod", methods, true))
        return false;
    em_default_text(ex, body, "sku.name", "Basic");
    em_default_text(ex, body, "sku.tier", "Regional");
    em_default_text(ex, body, "properties.publicIPAllocationMethod", "Dynamic");
    em_default_text(ex, body, "properties.publicIPAddressVersion", "IPv4");
    em_default(ex, body, "properties.idleTimeoutInMinutes", rd_json_integer(4));
    em_default(ex, body, "properties.ipTags", rd_json_array());
    em_set_guid(ex, body, "properties.resourceGuid", "resourceGuid", ex->id);
    em_drop(body, "properties", "ipConfiguration");
    bool is_basic = em_is_word(body, "sku.name", "Basic");
    if (!is_basic && em_is_word(body, "properties.publicIPAllocationMethod", "Dynamic"))
        return em_fail(ex, 400, "PublicIPAllocationMethodNotAllowedForStandardSku",
                       "Standard sku publicIp %.*s must have AllocationMethod set to Static.",
                       RD_FMT(ex->id));
    if (former == NULL)
        return true;
    struct rd_json was = em_body(ex, former);
    if (!rd_str_eq_case(em_text_at(&was, "sku.name"), em_text_at(body, "sku.name")))
        return em_fail(ex, 400, "PublicIPSkuCannotBeChanged",
                       "Sku of public IP address %.*s cannot be changed from %.*s to %.*s.",
                       RD_FMT(ex->id), RD_FMT(em_text_at(&was, "sku.name")),
                       RD_FMT(em_text_at(body, "sku.name")));
    if (em_has(&was, "properties.ipAddress"))
        em_set_text(ex, body, "properties.ipAddress", em_text_at(&was, "properties.ipAddress"));
    return true;
}

EM_READY_HOOK(em_public_ip_ready)
{
    (void)hidden;
    (void)ret_message;
    if (em_is_word(body, "properties.publicIPAllocationMethod", "Static") &&
        !em_has(body, "properties.ipAddress")) {
        uint64_t draw = rd_str_hash_case(em_guid(ex, resource->id));
        em_set_text(ex, body, "properties.ipAddress",
                    rd_arena_printf(ex->arena, "20.%u.%u.%u", (unsigned)(draw >> 16 & 255),
                                    (unsigned)(draw >> 8 & 255), 1 + (unsigned)(draw % 254)));
    }
    return NULL;
}

static struct rd_str public_ip_holder(struct em_exchange *ex, const struct em_resource *address)
{
    struct rd_json hidden = em_hidden(ex, address);
    return em_text_at(&hidden, "holder");
}

EM_SHOW_HOOK(em_public_ip_show)
{
    struct rd_str holder = public_ip_holder(ex, resource);
    if (!rd_str_is_empty(holder))
        em_set_text(ex, body, "properties.ipConfiguration.id", holder);
}

EM_HOOK(em_public_ip_may_delete)
{
    struct rd_str holder = public_ip_holder(ex, resource);
    if (!rd_str_is_empty(holder))
        return em_fail(ex, 400, "PublicIPAddressCannotBeDeleted",
                       "Public IP address %.*s can not be deleted since it is still allocated to "
                       "resource %.*s. In order to delete the public IP, disassociate/detach the "
                       "Public IP address from the resource. To learn how to do this, see "
                       "aka.ms/deletepublicip.",
                       RD_FMT(resource->id), RD_FMT(holder));
    return true;
}

bool em_public_ip_take(struct em_exchange *ex, struct rd_str id, struct rd_str holder)
{
    struct em_resource *address = em_refer(ex, id, PUBLIC_IP_TYPE);
    if (address == NULL || !em_require_idle(ex, address))
        return false;
    struct rd_str other = public_ip_holder(ex, address);
    if (!rd_str_is_empty(other) && !rd_str_eq_case(other, holder))
        return em_fail(ex, 400, "PublicIPAddressInUse",
                       "Resource %.*s is referencing public IP address %.*s that is already "
                       "allocated to resource %.*s.",
                       RD_FMT(holder), RD_FMT(id), RD_FMT(other));
    struct rd_json hidden = em_hidden(ex, address);
    em_keep_text(ex, &hidden, "holder", holder);
    em_store_hidden(ex, address, &hidden);
    return true;
}

void em_public_ip_release(struct em_exchange *ex, struct rd_str id, struct rd_str holder)
{
    struct em_resource *address = em_find(ex->cloud, id);
    if (address == NULL || !rd_str_eq_case(public_ip_holder(ex, address), holder))
        return;
    struct rd_json hidden = rd_json_object();
    em_store_hidden(ex, address, &hidden);
}

/* Interfaces ----------------------------------------------------------------------------------- */

static struct rd_str config_id(struct em_exchange *ex, struct rd_str nic,
                               const struct rd_json *config)
{
    return em_child_id(ex, nic, "ipConfigurations", em_text_at(config, "name"));
}

/* The configuration of the same name in the former body, or absent. */
static const struct rd_json *former_config(const struct rd_json *former, struct rd_str name)
{
    const struct rd_json *list = rd_json_at(former, "properties.ipConfigurations");
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (rd_str_eq_case(em_text_at(rd_json_item(list, i), "name"), name))
            return rd_json_item(list, i);
    return &rd_json_absent;
}

static void release_config(struct em_exchange *ex, struct rd_str nic, const struct rd_json *config)
{
    em_address_release(ex, em_text_at(config, "properties.subnet.id"),
                       em_text_at(config, "properties.privateIPAddress"),
                       config_id(ex, nic, config));
    if (em_has(config, "properties.publicIPAddress.id"))
        em_public_ip_release(ex, em_text_at(config, "properties.publicIPAddress.id"),
                             config_id(ex, nic, config));
}

/* Gives one configuration its private address: the one it had when nothing asks for another. */
static bool place_config(struct em_exchange *ex, const struct rd_json *was, struct rd_json *config)
{
    struct rd_str id = config_id(ex, ex->id, config);
    struct em_resource *subnet =
        em_refer(ex, em_text_at(config, "properties.subnet.id"), EM_SUBNET_TYPE);
    struct rd_str wanted = em_text_at(config, "properties.privateIPAddress");
    struct rd_str had = em_text_at(was, "properties.privateIPAddress");
    bool is_static = em_is_word(config, "properties.privateIPAllocationMethod", "Static");
    if (subnet == NULL)
        return false;
    if (em_in_progress(subnet) && subnet->state == EM_DELETING)
        return em_require_idle(ex, subnet);
    if (is_static && rd_str_is_empty(wanted))
        return em_fail(ex, 400, "PrivateIPAddressIsRequiredForStaticAllocation",
                       "IP configuration %.*s needs privateIPAddress: its allocation is Static.",
                       RD_FMT(id));
    bool is_same_subnet = rd_str_eq_case(em_text_at(was, "properties.subnet.id"), subnet->id);
    bool keeps = is_same_subnet && !rd_str_is_empty(had) && (!is_static || rd_str_eq(wanted, had));
    if (!keeps) {
        struct rd_str address;
        if (!em_address_take(ex, subnet, is_static ? wanted : (struct rd_str){"", 0}, id, &address))
            return false;
        if (!rd_str_is_empty(had))
            em_address_release(ex, em_text_at(was, "properties.subnet.id"), had, id);
        had = address;
    }
    em_set_text(ex, config, "properties.privateIPAddress", had);
    struct rd_str public_id = em_text_at(config, "properties.publicIPAddress.id");
    struct rd_str public_had = em_text_at(was, "properties.publicIPAddress.id");
    if (!rd_str_is_empty(public_had) && !rd_str_eq_case(public_had, public_id))
        em_public_ip_release(ex, public_had, id);
    return rd_str_is_empty(public_id) || em_public_ip_take(ex, public_id, id);
}

static bool check_config(struct em_exchange *ex, struct rd_json *config, size_t index)
{
    static const char *const methods[] = {"Static", "Dynamic", NULL};
    if (rd_str_is_empty(em_text_at(config, "name")) ||
        rd_str_is_empty(em_text_at(config, "properties.subnet.id")))
        return em_fail(ex, 400, "InvalidRequestFormat",
                       "Cannot parse the request: ipConfigurations[%zu] of %.*s needs name and "
                       "properties.subnet.id.",
                       index, RD_FMT(ex->id));
    em_default_text(ex, config, "properties.privateIPAllocationMethod", "Dynamic");
    em_default_text(ex, config, "properties.privateIPAddressVersion", "IPv4");
    em_default(ex, config, "properties.primary", rd_json_bool(index == 0));
    em_set_text(ex, config, "id", config_id(ex, ex->id, config));
    em_set_word(ex, config, "type", NIC_TYPE "/ipConfigurations");
    em_set_word(ex, config, "properties.provisioningState", "Succeeded");
    return em_require_word(ex, config, "properties.privateIPAllocationMethod", methods, true);
}

static struct rd_str reserved_for(struct em_exchange *ex, const struct rd_json *hidden)
{
    bool is_reserved = rd_json_int(rd_json_at(hidden, "reservedUntil"), 0) > ex->now_ms;
    return is_reserved ? em_text_at(hidden, "reservedFor") : (struct rd_str){"", 0};
}

static bool fail_reserved(struct em_exchange *ex, struct rd_str vm)
{
    return em_fail(ex, 400, "NicReservedForAnotherVm",
                   "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. "
                   "Please provide another nic(s) or retry after 180 seconds. Reserved VM: %.*s",
                   RD_FMT(vm));
}

static struct rd_str vnet_of(const struct rd_json *config)
{
    return em_id_parent(em_text_at(config, "properties.subnet.id"));
}

/* An interface stays in the virtual network that it was made in, and has one alone: "once you
 * create a NIC, you can't change the virtual network it's assigned to" (documents on interfaces,
 * looked up 2026-11-22). The code is that of a machine with two; the text is from memory. */
static bool check_vnet(struct em_exchange *ex, const struct rd_json *was,
                       const struct rd_json *list)
{
    const struct rd_json *former = rd_json_at(was, "properties.ipConfigurations.0");
    struct rd_str vnet = vnet_of(rd_json_exists(former) ? former : rd_json_item(list, 0));
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (!rd_str_eq_case(vnet_of(rd_json_item(list, i)), vnet))
            return em_fail(ex, 400, "SubnetsNotInSameVnet",
                           "Subnet %.*s referenced by resource %.*s is not in the same Virtual "
                           "Network %.*s as the other subnets of the network interface. The "
                           "virtual network of a network interface cannot be changed.",
                           RD_FMT(em_text_at(rd_json_item(list, i), "properties.subnet.id")),
                           RD_FMT(ex->id), RD_FMT(vnet));
    return true;
}

/* Configurations that the new body no longer names give their addresses back. */
static void release_dropped(struct em_exchange *ex, const struct rd_json *was,
                            const struct rd_json *body)
{
    const struct rd_json *list = rd_json_at(was, "properties.ipConfigurations");
    for (size_t i = 0; i < rd_json_count(list); i++) {
        const struct rd_json *config = rd_json_item(list, i);
        if (!rd_json_exists(former_config(body, em_text_at(config, "name"))))
            release_config(ex, ex->id, config);
    }
}

static void fill_nic(struct em_exchange *ex, struct rd_json *body)
{
    em_drop(body, "properties", "virtualMachine");
    em_default(ex, body, "properties.enableAcceleratedNetworking", rd_json_bool(false));
    em_default(ex, body, "properties.enableIPForwarding", rd_json_bool(false));
    em_default(ex, body, "properties.disableTcpStateTracking", rd_json_bool(false));
    em_default(ex, body, "properties.dnsSettings.dnsServers", rd_json_array());
    em_default(ex, body, "properties.dnsSettings.appliedDnsServers", rd_json_array());
    em_default(ex, body, "properties.hostedWorkloads", rd_json_array());
    em_default(ex, body, "properties.tapConfigurations", rd_json_array());
    em_default_text(ex, body, "properties.nicType", "Standard");
    em_default_text(ex, body, "properties.auxiliaryMode", "None");
    em_default_text(ex, body, "properties.auxiliarySku", "None");
    em_set_bool(ex, body, "properties.vnetEncryptionSupported", false);
    em_default(ex, body, "properties.allowPort25Out", rd_json_bool(false));
    em_set_word(ex, body, "kind", "Regular");
    em_set_guid(ex, body, "properties.resourceGuid", "resourceGuid", ex->id);
}

EM_PUT_HOOK(em_nic_put)
{
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    struct rd_json *list = em_array(ex, body, "properties.ipConfigurations");
    struct rd_str group = em_text_at(body, "properties.networkSecurityGroup.id");
    if (rd_json_count(list) == 0)
        return em_fail(ex, 400, "NetworkInterfaceMustHaveIPConfiguration",
                       "Network interface %.*s must have at least one IP configuration.",
                       RD_FMT(ex->id));
    if (!rd_str_is_empty(group) &&
        em_refer(ex, group, "Microsoft.Network/networkSecurityGroups") == NULL)
        return false;
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (list->u.items[i].type != RD_JSON_OBJECT || !check_config(ex, &list->u.items[i], i))
            return list->u.items[i].type == RD_JSON_OBJECT
                       ? false
                       : em_fail(ex, 400, "InvalidRequestFormat",
                                 "Cannot parse the request: ipConfigurations[%zu].", i);
    if (!check_vnet(ex, &was, list))
        return false;
    for (size_t i = 0; i < rd_json_count(list); i++) {
        struct rd_json *config = &list->u.items[i];
        if (place_config(ex, former_config(&was, em_text_at(config, "name")), config))
            continue;
        /* What a refused creation has taken so far goes back. */
        for (size_t j = 0; former == NULL && j <= i; j++)
            release_config(ex, ex->id, &list->u.items[j]);
        return false;
    }
    release_dropped(ex, &was, body);
    fill_nic(ex, body);
    if (hidden->type != RD_JSON_OBJECT)
        *hidden = rd_json_object();
    return true;
}

static struct rd_str mac_address(struct em_exchange *ex, struct rd_str id)
{
    struct rd_str h = em_hex(ex, rd_arena_printf(ex->arena, "mac %.*s", RD_FMT(id)), 6);
    char m[6];
    for (size_t i = 0; i < 6; i++)
        m[i] = i < h.n ? rd_char_upper(h.p[i]) : '0';
    return rd_arena_printf(ex->arena, "00-0D-3A-%c%c-%c%c-%c%c", m[0], m[1], m[2], m[3], m[4],
                           m[5]);
}

/* Default outbound access exists where the subnet has not switched it off and no route or public
 * address replaces it; the service tells by a flag of the interface. */
static bool has_default_outbound(struct em_exchange *ex, const struct rd_json *body)
{
    struct em_resource *subnet =
        em_find(ex->cloud, em_text_at(body, "properties.ipConfigurations.0.properties.subnet.id"));
    if (subnet == NULL ||
        em_has(body, "properties.ipConfigurations.0.properties.publicIPAddress.id"))
        return false;
    struct rd_json net = em_body(ex, subnet);
    const struct rd_json *flag = rd_json_at(&net, "properties.defaultOutboundAccess");
    return !rd_json_is(flag, RD_JSON_BOOL) || rd_json_is_true(flag);
}

EM_SHOW_HOOK(em_nic_show)
{
    struct rd_json hidden = em_hidden(ex, resource);
    struct rd_str vm = em_text_at(&hidden, "virtualMachine");
    em_set_bool(ex, body, "properties.defaultOutboundConnectivityEnabled",
                has_default_outbound(ex, body));
    if (rd_json_is_true(rd_json_at(&hidden, "hasStarted")))
        em_set_text(ex, body, "properties.macAddress", mac_address(ex, resource->id));
    if (rd_str_is_empty(vm))
        return;
    em_set_text(ex, body, "properties.virtualMachine.id", vm);
    em_set_bool(ex, body, "properties.primary", rd_json_is_true(rd_json_at(&hidden, "isPrimary")));
}

EM_HOOK(em_nic_may_delete)
{
    struct rd_json hidden = em_hidden(ex, resource);
    struct rd_str vm = em_text_at(&hidden, "virtualMachine");
    struct rd_str reserved = reserved_for(ex, &hidden);
    if (!rd_str_is_empty(vm))
        return em_fail(ex, 400, "NicInUse",
                       "Network Interface %.*s is used by existing resource %.*s. In order to "
                       "delete the network interface, it must be dissociated from the resource. To "
                       "learn more, see aka.ms/deletenic.",
                       RD_FMT(resource->id), RD_FMT(vm));
    return rd_str_is_empty(reserved) ? true : fail_reserved(ex, reserved);
}

EM_GONE_HOOK(em_nic_deleted)
{
    struct rd_json body = em_body(ex, resource);
    const struct rd_json *list = rd_json_at(&body, "properties.ipConfigurations");
    for (size_t i = 0; i < rd_json_count(list); i++)
        release_config(ex, resource->id, rd_json_item(list, i));
}

bool em_nic_attach(struct em_exchange *ex, struct rd_str nic_id, struct rd_str vm_id,
                   bool is_primary)
{
    struct em_resource *nic = em_refer(ex, nic_id, NIC_TYPE);
    if (nic == NULL)
        return false;
    struct rd_json hidden = em_hidden(ex, nic);
    struct rd_str owner = em_text_at(&hidden, "virtualMachine");
    struct rd_str reserved = reserved_for(ex, &hidden);
    if (rd_str_eq_case(owner, vm_id))
        return true;
    if (!rd_str_is_empty(owner))
        return em_fail(ex, 400, "NicInUse",
                       "Network Interface %.*s is used by existing resource %.*s. In order to "
                       "delete the network interface, it must be dissociated from the resource. To "
                       "learn more, see aka.ms/deletenic.",
                       RD_FMT(nic->id), RD_FMT(owner));
    if (!rd_str_is_empty(reserved) && !rd_str_eq_case(reserved, vm_id))
        return fail_reserved(ex, reserved);
    hidden = rd_json_object();
    em_set_text(ex, &hidden, "virtualMachine", vm_id);
    em_set_bool(ex, &hidden, "isPrimary", is_primary);
    em_set_bool(ex, &hidden, "isRunning", true);
    em_set_bool(ex, &hidden, "hasStarted", true);
    em_store_hidden(ex, nic, &hidden);
    return true;
}

void em_nic_detach(struct em_exchange *ex, struct rd_str nic_id, struct rd_str vm_id,
                   bool failed_create)
{
    struct em_resource *nic = em_find(ex->cloud, nic_id);
    if (nic == NULL)
        return;
    struct rd_json former = em_hidden(ex, nic);
    if (!rd_str_eq_case(em_text_at(&former, "virtualMachine"), vm_id))
        return;
    struct rd_json hidden = rd_json_object();
    if (failed_create) {
        em_set_text(ex, &hidden, "reservedFor", vm_id);
        em_set_int(ex, &hidden, "reservedUntil", ex->now_ms + EM_NIC_RESERVED_MS);
    }
    em_store_hidden(ex, nic, &hidden);
}

void em_nic_power(struct em_exchange *ex, struct rd_str nic_id, bool is_running)
{
    struct em_resource *nic = em_find(ex->cloud, nic_id);
    if (nic == NULL)
        return;
    struct rd_json hidden = em_hidden(ex, nic);
    if (rd_str_is_empty(em_text_at(&hidden, "virtualMachine")))
        return;
    em_set_bool(ex, &hidden, "isRunning", is_running);
    em_store_hidden(ex, nic, &hidden);
}
