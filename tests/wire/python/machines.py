#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's Python SDKs: machines, what they are made of, and the networks that they stand in."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, claim, ended_well, main  # pylint: disable=wrong-import-position
from sdk import CLOUD, client, fails, group, names, until

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.desktopvirtualization import DesktopVirtualizationMgmtClient
from azure.mgmt.network import NetworkManagementClient

IMAGE = {"publisher": "microsoftwindowsdesktop", "offer": "windows-11", "sku": "win11-25h2-avd", "version": "latest"}
REGISTRATION = "https://wvdportalstorageblob.blob.core.usgovcloudapi.net/galleryartifacts/Configuration_1.0.02797.442.zip"

COMPUTE = client(ComputeManagementClient)
NETWORK = client(NetworkManagementClient)


def make_network(place):
    """A network with one subnet; the subnet's id."""
    return NETWORK.virtual_networks.begin_create_or_update(place, "vnet", {
        "location": REGION, "address_space": {"address_prefixes": ["10.1.0.0/16"]},
        "subnets": [{"name": "hosts", "address_prefix": "10.1.0.0/24"}]}).result().subnets[0].id


def make_interface(place, name, subnet):
    return NETWORK.network_interfaces.begin_create_or_update(place, name, {"location": REGION, "ip_configurations": [
        {"name": "primary", "subnet": {"id": subnet}, "private_ip_allocation_method": "Dynamic"}]}).result()


def make_machine(place, name, interface):
    return COMPUTE.virtual_machines.begin_create_or_update(place, name, {
        "location": REGION, "identity": {"type": "SystemAssigned"}, "hardware_profile": {"vm_size": "Standard_D4as_v5"},
        "license_type": "Windows_Client",
        "security_profile": {"security_type": "TrustedLaunch", "uefi_settings": {"secure_boot_enabled": True, "v_tpm_enabled": True}},
        "os_profile": {"computer_name": name, "admin_username": "avdadmin", "admin_password": "Zb7!kQ2#wR9$mT4x"},
        "storage_profile": {"image_reference": IMAGE, "os_disk": {"name": f"{name}-os", "create_option": "FromImage", "delete_option": "Delete"}},
        "network_profile": {"network_interfaces": [{"id": interface.id, "primary": True}]}}).result()


def put_extension(place, machine, name, publisher, version, **more):
    return COMPUTE.virtual_machine_extensions.begin_create_or_update(place, machine, name, {
        "location": REGION, "publisher": publisher, "type_properties_type": name.rsplit(".", 1)[-1], "type_handler_version": version,
        "auto_upgrade_minor_version": True, **more}).result()


def power(place, name):
    codes = [status.code for status in COMPUTE.virtual_machines.instance_view(place, name).statuses]
    return [code for code in codes if code.startswith("PowerState/")]


@claim("Microsoft.Compute/virtualMachines | create, get, list, update, delete, poll, instanceView, deallocate, powerOff, start, restart, redeploy, reapply, error InvalidParameter, error ResourceNotFound",
       "Microsoft.Compute/virtualMachines/extensions | create, get, list, update, delete, poll",
       "Microsoft.Compute/disks | create, get, list, update, delete, poll, error OperationNotAllowed",
       "Microsoft.Network/networkInterfaces | create, get, list, update, delete, poll, effectiveRouteTable")
def a_machine_lives_with_its_disk_interface_and_extensions():
    place = group("machine")
    interface = make_interface(place, "nic", make_network(place))
    made = make_machine(place, "one", interface)
    assert made.provisioning_state == "Succeeded" and made.os_profile.admin_password is None, made
    assert NETWORK.network_interfaces.get(place, "nic").virtual_machine.id.lower() == made.id.lower()
    assert NETWORK.network_interfaces.update_tags(place, "nic", {"tags": {"a": "b"}}).tags == {"a": "b"}
    routes = NETWORK.network_interfaces.begin_get_effective_route_table(place, "nic").result().value
    assert any(route.address_prefix == ["0.0.0.0/0"] and route.next_hop_type == "Internet" for route in routes), routes
    extension = put_extension(place, "one", "AADLoginForWindows", "Microsoft.Azure.ActiveDirectory", "2.0")
    assert extension.provisioning_state == "Succeeded"
    extensions = COMPUTE.virtual_machine_extensions
    extensions.begin_update(place, "one", "AADLoginForWindows", {"tags": {"a": "b"}}).result()
    assert extensions.get(place, "one", "AADLoginForWindows").tags == {"a": "b"}
    assert names(extensions.list(place, "one").value) == ["AADLoginForWindows"]
    extensions.begin_delete(place, "one", "AADLoginForWindows").result()
    assert COMPUTE.virtual_machines.begin_update(place, "one", {"tags": {"a": "b"}}).result().tags == {"a": "b"}
    assert names(COMPUTE.virtual_machines.list(place)) == ["one"]
    COMPUTE.virtual_machines.begin_power_off(place, "one").result()
    assert power(place, "one") == ["PowerState/stopped"]
    COMPUTE.virtual_machines.begin_deallocate(place, "one").result()
    assert power(place, "one") == ["PowerState/deallocated"]
    for action in ("start", "restart", "redeploy", "reapply"):
        getattr(COMPUTE.virtual_machines, f"begin_{action}")(place, "one").result()
    assert power(place, "one") == ["PowerState/running"]
    fails(HttpResponseError, "InvalidParameter", lambda: COMPUTE.virtual_machines.begin_update(
        place, "one", {"hardware_profile": {"vm_size": "Standard_Nonsense"}}).result())
    disk = COMPUTE.disks.begin_create_or_update(place, "data", {"location": REGION, "sku": {"name": "Premium_LRS"}, "disk_size_gb": 64,
                                                               "creation_data": {"create_option": "Empty"}}).result()
    assert disk.disk_state == "Unattached" and COMPUTE.disks.get(place, "one-os").disk_state == "Attached"
    assert COMPUTE.disks.begin_update(place, "data", {"disk_size_gb": 128}).result().disk_size_gb == 128
    assert names(COMPUTE.disks.list_by_resource_group(place)) == ["data", "one-os"]
    fails(ResourceExistsError, "OperationNotAllowed", lambda: COMPUTE.disks.begin_delete(place, "one-os").result())
    COMPUTE.disks.begin_delete(place, "data").result()
    COMPUTE.virtual_machines.begin_delete(place, "one").result()
    fails(ResourceNotFoundError, "ResourceNotFound", lambda: COMPUTE.virtual_machines.get(place, "one"))
    NETWORK.network_interfaces.begin_delete(place, "nic").result()
    assert names(NETWORK.network_interfaces.list(place)) == [] and names(COMPUTE.disks.list_by_resource_group(place)) == []


@claim("Microsoft.DesktopVirtualization/hostPools/sessionHosts | create, get, list, update, delete",
       "Microsoft.DesktopVirtualization/applicationGroups/desktops | get, list, update",
       "Microsoft.Compute/virtualMachines/extensions | create")
def a_machine_whose_agent_registers_is_a_host_of_its_pool():
    place, desktop = group("hosts"), client(DesktopVirtualizationMgmtClient)
    pool = desktop.host_pools.create_or_update(place, "pool", {
        "location": REGION, "host_pool_type": "Pooled", "load_balancer_type": "BreadthFirst", "max_session_limit": 8,
        "preferred_app_group_type": "Desktop",
        "registration_info": {"expiration_time": in_days(20), "registration_token_operation": "Update"}})
    desktop.application_groups.create_or_update(place, "group", {
        "location": REGION, "host_pool_arm_path": pool.id, "application_group_type": "Desktop"})
    assert names(desktop.desktops.list(place, "group")) == ["SessionDesktop"]
    desktop.desktops.update(place, "group", "SessionDesktop", {"friendly_name": "My desk"})
    assert desktop.desktops.get(place, "group", "SessionDesktop").friendly_name == "My desk"
    make_machine(place, "host-1", make_interface(place, "nic", make_network(place)))
    put_extension(place, "host-1", "AADLoginForWindows", "Microsoft.Azure.ActiveDirectory", "2.0")
    token = desktop.host_pools.retrieve_registration_token(place, "pool").token
    put_extension(place, "host-1", "Microsoft.PowerShell.DSC", "Microsoft.Powershell", "2.83", settings={
        "configurationFunction": "Configuration.ps1\\AddSessionHost", "modulesUrl": REGISTRATION,
        "properties": {"hostPoolName": "pool", "aadJoin": True, "registrationInfoTokenCredential": {
            "UserName": "PLACEHOLDER_DO_NOT_USE", "Password": "PrivateSettingsRef:RegistrationInfoToken"}}},
                  protected_settings={"Items": {"RegistrationInfoToken": token}})
    host = until(lambda: desktop.session_hosts.get(place, "pool", "host-1"), lambda it: it.status == "Available")
    assert host.resource_id.endswith("/virtualMachines/host-1"), host
    assert names(desktop.session_hosts.list(place, "pool")) == ["host-1"]
    changed = desktop.session_hosts.update(place, "pool", "host-1", session_host={"allow_new_session": False})
    assert changed.allow_new_session is False
    desktop.session_hosts.delete(place, "pool", "host-1", force=True)
    assert names(desktop.session_hosts.list(place, "pool")) == []


def in_days(days):
    import datetime  # pylint: disable=import-outside-toplevel
    return (datetime.datetime.utcnow() + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@claim("Microsoft.DesktopVirtualization/scalingPlans | create, get, list, update, delete",
       "Microsoft.DesktopVirtualization/scalingPlans/pooledSchedules | create, get, list, update, delete")
def a_plan_of_scaling_has_schedules():
    place, desktop = group("scaling"), client(DesktopVirtualizationMgmtClient)
    desktop.scaling_plans.create(place, "plan", {"location": REGION, "time_zone": "Eastern Standard Time", "host_pool_type": "Pooled", "schedules": []})
    desktop.scaling_plans.update(place, "plan", {"friendly_name": "nights"})
    assert desktop.scaling_plans.get(place, "plan").friendly_name == "nights"
    at = [{"hour": hour, "minute": 0} for hour in range(24)]
    schedules = desktop.scaling_plan_pooled_schedules
    schedules.create(place, "plan", "work", {
        "days_of_week": ["Monday"], "ramp_up_start_time": at[6], "ramp_up_load_balancing_algorithm": "BreadthFirst",
        "ramp_up_minimum_hosts_pct": 20, "ramp_up_capacity_threshold_pct": 60, "peak_start_time": at[9],
        "peak_load_balancing_algorithm": "DepthFirst", "ramp_down_start_time": at[17], "ramp_down_load_balancing_algorithm": "DepthFirst",
        "ramp_down_minimum_hosts_pct": 10, "ramp_down_capacity_threshold_pct": 90, "ramp_down_force_logoff_users": False,
        "ramp_down_stop_hosts_when": "ZeroSessions", "ramp_down_wait_time_minutes": 30, "ramp_down_notification_message": "soon",
        "off_peak_start_time": at[20], "off_peak_load_balancing_algorithm": "DepthFirst"})
    schedules.update(place, "plan", "work", {"ramp_up_minimum_hosts_pct": 30})
    assert schedules.get(place, "plan", "work").ramp_up_minimum_hosts_pct == 30
    assert names(schedules.list(place, "plan")) == ["work"]
    schedules.delete(place, "plan", "work")
    assert names(desktop.scaling_plans.list_by_resource_group(place)) == ["plan"]
    desktop.scaling_plans.delete(place, "plan")
    fails(ResourceNotFoundError, "ResourceNotFound", lambda: desktop.scaling_plans.get(place, "plan"))


@claim("Microsoft.Network/networkSecurityGroups | create, get, list, update, delete, poll",
       "Microsoft.Network/networkSecurityGroups/securityRules | create, get, list, update, delete, poll, error SecurityRuleConflict",
       "Microsoft.Network/routeTables | create, get, list, update, delete, poll",
       "Microsoft.Network/routeTables/routes | create, get, list, update, delete, poll",
       "Microsoft.Network/ipGroups | create, get, list, update, delete, poll")
def rules_and_routes_are_put_in_their_groups_and_tables():
    place = group("rules")
    rule = {"protocol": "*", "source_port_range": "*", "destination_port_range": "3389", "source_address_prefix": "*",
            "destination_address_prefix": "*", "access": "Deny", "priority": 4000, "direction": "Inbound"}
    guards, rules = NETWORK.network_security_groups, NETWORK.security_rules
    made = guards.begin_create_or_update(place, "nsg", {"location": REGION, "security_rules": [{"name": "deny-rdp", **rule}]}).result()
    assert len(made.default_security_rules) == 6, made
    rules.begin_create_or_update(place, "nsg", "deny-ssh", {**rule, "priority": 4001, "destination_port_range": "22"}).result()
    changed = rules.begin_create_or_update(place, "nsg", "deny-ssh", {**rule, "priority": 4002, "destination_port_range": "22"}).result()
    assert changed.priority == 4002 and rules.get(place, "nsg", "deny-ssh").access == "Deny"
    fails(HttpResponseError, "SecurityRuleConflict", lambda: rules.begin_create_or_update(place, "nsg", "again", rule).result())
    assert names(rules.list(place, "nsg")) == ["deny-rdp", "deny-ssh"]
    rules.begin_delete(place, "nsg", "deny-ssh").result()
    assert guards.update_tags(place, "nsg", {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert names(guards.get(place, "nsg").security_rules) == ["deny-rdp"] and names(guards.list(place)) == ["nsg"]
    guards.begin_delete(place, "nsg").result()
    tables, routes = NETWORK.route_tables, NETWORK.routes
    out = {"name": "out", "address_prefix": "0.0.0.0/0", "next_hop_type": "None"}
    tables.begin_create_or_update(place, "rt", {"location": REGION, "disable_bgp_route_propagation": True, "routes": [out]}).result()
    more = {"address_prefix": "10.9.0.0/16", "next_hop_type": "None"}
    routes.begin_create_or_update(place, "rt", "more", more).result()
    routes.begin_create_or_update(place, "rt", "more", {**more, "next_hop_type": "VirtualAppliance", "next_hop_ip_address": "10.80.0.4"}).result()
    assert routes.get(place, "rt", "more").next_hop_ip_address == "10.80.0.4" and names(routes.list(place, "rt")) == ["more", "out"]
    routes.begin_delete(place, "rt", "more").result()
    assert tables.update_tags(place, "rt", {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert names(tables.get(place, "rt").routes) == ["out"] and names(tables.list(place)) == ["rt"]
    tables.begin_delete(place, "rt").result()
    sets = NETWORK.ip_groups
    sets.begin_create_or_update(place, "ips", {"location": REGION, "ip_addresses": ["10.0.0.0/24"]}).result()
    assert sets.update_groups(place, "ips", {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert sets.get(place, "ips").ip_addresses == ["10.0.0.0/24"] and names(sets.list_by_resource_group(place)) == ["ips"]
    sets.begin_delete(place, "ips").result()
    fails(ResourceNotFoundError, "ResourceNotFound", lambda: sets.get(place, "ips"))


@claim("Microsoft.Network/virtualNetworks | create, get, error InvalidAddressPrefixFormat",
       "Microsoft.Network/virtualNetworks/subnets | update",
       "Microsoft.Network/virtualNetworks/virtualNetworkPeerings | create, get, list, update, delete, poll",
       "Microsoft.Network/publicIPAddresses | update")
def networks_are_peered_and_subnets_bound():
    place, networks, peerings = group("peers"), NETWORK.virtual_networks, NETWORK.virtual_network_peerings
    made = {name: networks.begin_create_or_update(place, name, {"location": REGION, "address_space": {"address_prefixes": [prefix]}}).result()
            for name, prefix in (("hub", "10.80.0.0/24"), ("spoke", "10.81.0.0/24"))}
    fails(HttpResponseError, "InvalidAddressPrefixFormat", lambda: networks.begin_create_or_update(
        place, "bad", {"location": REGION, "address_space": {"address_prefixes": ["10.80.0.0/99"]}}).result())
    table = NETWORK.route_tables.begin_create_or_update(place, "rt", {"location": REGION}).result()
    subnet = {"address_prefix": "10.81.0.0/25"}
    NETWORK.subnets.begin_create_or_update(place, "spoke", "hosts", subnet).result()
    NETWORK.subnets.begin_create_or_update(place, "spoke", "hosts", {**subnet, "route_table": {"id": table.id}}).result()
    assert networks.get(place, "spoke").subnets[0].route_table.id.lower() == table.id.lower()
    peer = lambda remote: {"remote_virtual_network": {"id": made[remote].id}, "allow_virtual_network_access": True}
    assert peerings.begin_create_or_update(place, "hub", "to-spoke", peer("spoke")).result().peering_state == "Initiated"
    assert peerings.begin_create_or_update(place, "spoke", "to-hub", peer("hub")).result().peering_state == "Connected"
    changed = peerings.begin_create_or_update(place, "hub", "to-spoke", {**peer("spoke"), "allow_forwarded_traffic": True}).result()
    assert changed.allow_forwarded_traffic and peerings.get(place, "hub", "to-spoke").peering_state == "Connected"
    assert names(peerings.list(place, "hub")) == ["to-spoke"]
    peerings.begin_delete(place, "hub", "to-spoke").result()
    assert names(peerings.list(place, "hub")) == []
    assert until(lambda: peerings.get(place, "spoke", "to-hub"), lambda it: it.peering_state == "Disconnected")
    NETWORK.public_ip_addresses.begin_create_or_update(place, "ip", {
        "location": REGION, "sku": {"name": "Standard"}, "public_ip_allocation_method": "Static"}).result()
    assert NETWORK.public_ip_addresses.update_tags(place, "ip", {"tags": {"a": "b"}}).tags == {"a": "b"}


@claim("Microsoft.Compute/galleries/images | update",
       "Microsoft.Compute/galleries/images/versions | create, update",
       "Microsoft.Network/firewallPolicies | update",
       "Microsoft.Network/firewallPolicies/ruleCollectionGroups | update")
def versions_and_policies_are_changed():
    place = group("versions")
    made = make_machine(place, "golden", make_interface(place, "nic", make_network(place)))
    COMPUTE.virtual_machines.begin_deallocate(place, "golden").result()
    COMPUTE.virtual_machines.generalize(place, "golden")
    COMPUTE.galleries.begin_create_or_update(place, "gal", {"location": REGION}).result()
    identifier = {"publisher": "p", "offer": "o", "sku": "s"}
    COMPUTE.gallery_images.begin_create_or_update(place, "gal", "def", {
        "location": REGION, "os_type": "Windows", "os_state": "Generalized", "hyper_v_generation": "V2", "identifier": identifier,
        "features": [{"name": "SecurityType", "value": "TrustedLaunch"}]}).result()
    changed = COMPUTE.gallery_images.begin_update(place, "gal", "def", {
        "description": "told", "os_type": "Windows", "os_state": "Generalized", "identifier": identifier}).result()
    assert changed.description == "told"
    versions = COMPUTE.gallery_image_versions
    regions = {"target_regions": [{"name": REGION, "regional_replica_count": 1}]}
    version = versions.begin_create_or_update(place, "gal", "def", "1.0.0", {
        "location": REGION, "publishing_profile": regions, "storage_profile": {"source": {"id": made.id}}}).result()
    assert version.provisioning_state == "Succeeded", version
    versions.begin_update(place, "gal", "def", "1.0.0", {"publishing_profile": {**regions, "exclude_from_latest": True}}).result()
    assert versions.get(place, "gal", "def", "1.0.0").publishing_profile.exclude_from_latest
    policies, collections = NETWORK.firewall_policies, NETWORK.firewall_policy_rule_collection_groups
    policies.begin_create_or_update(place, "fp", {"location": REGION, "sku": {"tier": "Standard"}}).result()
    assert policies.update_tags(place, "fp", {"tags": {"a": "b"}}).tags == {"a": "b"}
    for priority in (200, 300):
        collections.begin_create_or_update(place, "fp", "g", {"priority": priority, "rule_collections": []}).result()
    assert collections.get(place, "fp", "g").priority == 300


@claim("Microsoft.Compute/skus | list", "Microsoft.Compute/usages | list", "Microsoft.Compute/locations/publishers | list")
def sizes_usages_and_images_are_listed():
    (size,) = [sku for sku in COMPUTE.resource_skus.list(filter=f"location eq '{REGION}'") if sku.name == "Standard_DC4as_v5"]
    assert {"ConfidentialComputingType": "SNP"}.items() <= {item.name: item.value for item in size.capabilities}.items()
    assert any(usage.name.value == "cores" for usage in COMPUTE.usage.list(REGION))
    assert len(COMPUTE.virtual_machine_images.list(REGION, "microsoftwindowsdesktop", "windows-11", "win11-25h2-ent")) > 0


main(dict(globals()), None, lambda: ended_well(CLOUD))
