#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's Python SDKs against a served cloud: management clients with their own pollers and pages,
keys and secrets after the vault's challenge, and their exceptions."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, claim, ended_well, main  # pylint: disable=wrong-import-position
from sdk import CLOUD, CREDENTIAL, RESOURCES, client, fails, grant, group, names, object_id

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.credentials import AccessToken
from azure.keyvault.keys import KeyClient, KeyReleasePolicy
from azure.keyvault.secrets import SecretClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.desktopvirtualization import DesktopVirtualizationMgmtClient
from azure.mgmt.imagebuilder import ImageBuilderClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource import ResourceManagementClient

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
OFFICERS = ("14b46e9e-c2b7-41b4-b07b-48a6ebf60603", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7")  # keys', secrets'


@claim("Microsoft.Resources/resourceGroups | create, get, list, update, delete, poll, page, error ResourceGroupNotFound")
def groups_come_page_by_page_and_go():
    for number in range(5):
        group(f"page{number}")
    listed = [names(page) for page in RESOURCES.resource_groups.list(top=2).by_page()]
    assert all(len(page) <= 2 for page in listed) and len(listed) >= 3, listed
    assert {f"page{number}" for number in range(5)} <= {name for page in listed for name in page}
    assert RESOURCES.resource_groups.update("page0", {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert RESOURCES.resource_groups.check_existence("page0")
    RESOURCES.resource_groups.begin_delete("page0").result()
    assert not RESOURCES.resource_groups.check_existence("page0")
    fails(ResourceNotFoundError, "ResourceGroupNotFound", lambda: RESOURCES.resource_groups.get("page0"))


@claim("Microsoft.DesktopVirtualization/hostPools | create, get, list, update, delete, action retrieveRegistrationToken, error ResourceNotFound",
       "Microsoft.DesktopVirtualization/applicationGroups | create, get, list, update, delete",
       "Microsoft.DesktopVirtualization/workspaces | create, get, list, update, delete",
       "Microsoft.DesktopVirtualization/hostPools/sessionHosts | list")
def a_virtual_desktop_is_put_together_and_taken_apart():
    desktop, place = client(DesktopVirtualizationMgmtClient), group("desktop")
    until = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 20 * 24 * 3600))
    pool = desktop.host_pools.create_or_update(place, "hp1", {
        "location": REGION, "host_pool_type": "Personal", "load_balancer_type": "Persistent",
        "personal_desktop_assignment_type": "Direct", "preferred_app_group_type": "Desktop",
        "registration_info": {"expiration_time": until, "registration_token_operation": "Update"}})
    assert pool.host_pool_type == "Personal" and pool.object_id, pool
    assert desktop.host_pools.update(place, "hp1", {"friendly_name": "pool"}).friendly_name == "pool"
    assert desktop.host_pools.retrieve_registration_token(place, "hp1").token
    assert names(desktop.host_pools.list_by_resource_group(place)) == ["hp1"]
    applications = desktop.application_groups.create_or_update(place, "ag1", {
        "location": REGION, "host_pool_arm_path": pool.id, "application_group_type": "Desktop"})
    assert desktop.application_groups.update(place, "ag1", {"friendly_name": "apps"}).friendly_name == "apps"
    assert desktop.application_groups.get(place, "ag1").host_pool_arm_path.lower() == pool.id.lower()
    assert names(desktop.application_groups.list_by_resource_group(place)) == ["ag1"]
    desktop.workspaces.create_or_update(place, "ws1", {"location": REGION, "application_group_references": [applications.id]})
    assert desktop.workspaces.update(place, "ws1", {"friendly_name": "work"}).friendly_name == "work"
    assert len(desktop.workspaces.get(place, "ws1").application_group_references) == 1
    assert names(desktop.workspaces.list_by_resource_group(place)) == ["ws1"]
    assert list(desktop.session_hosts.list(place, "hp1")) == []
    desktop.workspaces.delete(place, "ws1")
    desktop.application_groups.delete(place, "ag1")
    desktop.host_pools.delete(place, "hp1")
    fails(ResourceNotFoundError, "ResourceNotFound", lambda: desktop.host_pools.get(place, "hp1"))


@claim("Microsoft.Network/firewallPolicies | create, get, list, delete, poll",
       "Microsoft.Network/firewallPolicies/ruleCollectionGroups | create, get, list, delete, poll",
       "Microsoft.Network/azureFirewalls | create, get, list, update, delete, poll",
       "Microsoft.Network/virtualNetworks | create, get, list, update, delete, poll, error InUse",
       "Microsoft.Network/virtualNetworks/subnets | create, get, list, delete, poll",
       "Microsoft.Network/publicIPAddresses | create, get, list, delete, poll")
def a_firewall_with_its_policy_is_put_together_and_taken_apart():
    network, place = client(NetworkManagementClient), group("firewall")
    network.virtual_networks.begin_create_or_update(place, "v1", {
        "location": REGION, "address_space": {"address_prefixes": ["10.0.0.0/16"]}}).result()
    subnet = network.subnets.begin_create_or_update(place, "v1", "AzureFirewallSubnet", {"address_prefix": "10.0.0.0/26"}).result()
    assert names(network.subnets.list(place, "v1")) == ["AzureFirewallSubnet"]
    assert network.virtual_networks.update_tags(place, "v1", {"tags": {"a": "b"}}).tags == {"a": "b"}
    address = network.public_ip_addresses.begin_create_or_update(place, "ip1", {
        "location": REGION, "sku": {"name": "Standard"}, "public_ip_allocation_method": "Static"}).result()
    policy = network.firewall_policies.begin_create_or_update(place, "fp1", {"location": REGION, "sku": {"tier": "Standard"}}).result()
    group_of_rules = network.firewall_policy_rule_collection_groups
    group_of_rules.begin_create_or_update(place, "fp1", "g1", {"priority": 200, "rule_collections": [{
        "rule_collection_type": "FirewallPolicyFilterRuleCollection", "name": "c1", "priority": 100, "action": {"type": "Allow"},
        "rules": [{"rule_type": "NetworkRule", "name": "r1", "ip_protocols": ["TCP"], "source_addresses": ["10.0.1.0/24"],
                   "destination_addresses": ["AzureMonitor"], "destination_ports": ["443"]}]}]}).result()
    assert names(group_of_rules.list(place, "fp1")) == ["g1"]
    assert group_of_rules.get(place, "fp1", "g1").rule_collections[0].rules[0].name == "r1"
    assert names(network.firewall_policies.list(place)) == ["fp1"]
    wall = network.azure_firewalls.begin_create_or_update(place, "fw1", {
        "location": REGION, "sku": {"name": "AZFW_VNet", "tier": "Standard"}, "firewall_policy": {"id": policy.id},
        "ip_configurations": [{"name": "c", "subnet": {"id": subnet.id}, "public_ip_address": {"id": address.id}}]}).result()
    assert wall.provisioning_state == "Succeeded" and wall.ip_configurations[0].private_ip_address == "10.0.0.4", wall
    assert network.azure_firewalls.begin_update_tags(place, "fw1", {"tags": {"a": "b"}}).result().tags == {"a": "b"}
    assert names(network.azure_firewalls.list(place)) == ["fw1"]
    fails(HttpResponseError, "InUse", lambda: network.virtual_networks.begin_delete(place, "v1").result())
    network.azure_firewalls.begin_delete(place, "fw1").result()
    group_of_rules.begin_delete(place, "fp1", "g1").result()
    network.firewall_policies.begin_delete(place, "fp1").result()
    network.public_ip_addresses.begin_delete(place, "ip1").result()
    network.subnets.begin_delete(place, "v1", "AzureFirewallSubnet").result()
    network.virtual_networks.begin_delete(place, "v1").result()
    assert names(network.virtual_networks.list(place)) == []
    fails(ResourceNotFoundError, "ResourceNotFound", lambda: network.azure_firewalls.get(place, "fw1"))


def open_vault(place, name):
    vaults = client(KeyVaultManagementClient)
    made = vaults.vaults.begin_create_or_update(place, name, {"location": REGION, "properties": {
        "tenant_id": CLOUD.tenant, "sku": {"family": "A", "name": "premium"}, "enable_rbac_authorization": True,
        "access_policies": []}}).result()
    principal = object_id()
    for role in OFFICERS:
        grant(made.id, role, principal)
    time.sleep(1)  # 10 minutes of the cloud's: roles are in force
    return made.properties.vault_uri


@claim("Microsoft.KeyVault/vaults/keys | create, get, list, update, delete, poll, action purge, error KeyNotFound",
       "Microsoft.KeyVault/vaults/secrets | create, get, list, update, delete, poll, action recover, error SecretNotFound",
       "Microsoft.KeyVault/vaults | create, poll")
def keys_with_release_policy_and_secrets_live_in_a_vault():
    uri = open_vault(group("keys"), "kvwirepy1")
    shown = client(KeyVaultManagementClient)  # the same things as resources: properties, neither material nor value
    policy = {"version": "1.0.0", "anyOf": [{"authority": "https://sharedugv.ugv.attest.azure.us/", "allOf": [
        {"claim": "x-ms-compliance-status", "equals": "azure-compliant-cvm"}]}]}
    keys = KeyClient(uri, CREDENTIAL)
    made = keys.create_rsa_key("k1", size=3072, hardware_protected=True, exportable=True, key_operations=["wrapKey", "unwrapKey"],
                               release_policy=KeyReleasePolicy(json.dumps(policy).encode()))
    assert made.key_type == "RSA-HSM" and made.properties.exportable, made
    assert json.loads(made.properties.release_policy.encoded_policy) == policy
    assert keys.get_key("k1").id == made.id and [item.name for item in keys.list_properties_of_keys()] == ["k1"]
    (listed,) = shown.keys.list("keys", "kvwirepy1")
    key = shown.keys.get("keys", "kvwirepy1", "k1")
    assert listed.name == "k1" and listed.kty is None and (key.kty, key.key_size) == ("RSA-HSM", 3072), key
    assert key.key_uri_with_version == made.id and key.attributes.exportable and key.release_policy.data, key
    assert [version.name for version in shown.keys.list_versions("keys", "kvwirepy1", "k1")] == [made.properties.version]
    assert shown.keys.get_version("keys", "kvwirepy1", "k1", made.properties.version).key_uri == key.key_uri
    assert keys.update_key_properties("k1", enabled=False).properties.enabled is False
    fails(ResourceNotFoundError, "KeyNotFound", lambda: keys.get_key("none"))
    keys.begin_delete_key("k1", _polling_interval=0.2).wait()
    keys.purge_deleted_key("k1")
    secrets = SecretClient(uri, CREDENTIAL)
    secrets.set_secret("s1", "one")
    secrets.set_secret("s1", "two", tags={"a": "b"})
    assert secrets.get_secret("s1").value == "two" and len(list(secrets.list_properties_of_secret_versions("s1"))) == 2
    secret = shown.secrets.get("keys", "kvwirepy1", "s1")
    assert secret.tags == {"a": "b"} and secret.properties.value is None and names(shown.secrets.list("keys", "kvwirepy1")) == ["s1"], secret
    assert secret.properties.secret_uri_with_version == secrets.get_secret("s1").id
    assert secrets.update_secret_properties("s1", content_type="text").content_type == "text"
    secrets.begin_delete_secret("s1", _polling_interval=0.2).wait()
    fails(ResourceNotFoundError, "SecretNotFound", lambda: secrets.get_secret("s1"))
    secrets.begin_recover_deleted_secret("s1", _polling_interval=0.2).wait()
    assert secrets.get_secret("s1").value == "two" and [s.name for s in secrets.list_properties_of_secrets()] == ["s1"]


@claim("Microsoft.ManagedIdentity/userAssignedIdentities | create, get, list, update, delete",
       "Microsoft.Compute/galleries | create, get, list, update, delete, poll",
       "Microsoft.Compute/galleries/images | create, get, list, delete, poll",
       "Microsoft.VirtualMachineImages/imageTemplates | create, get, list, update, delete, poll, action run, error ResourceNotFound",
       "Microsoft.Compute/galleries/images/versions | get, list, delete, poll")
def an_image_is_described_and_built():
    place = group("images")
    identities, compute, builder = client(ManagedServiceIdentityClient), client(ComputeManagementClient), client(ImageBuilderClient)
    identity = identities.user_assigned_identities.create_or_update(place, "id1", {"location": REGION})
    assert identities.user_assigned_identities.update(place, "id1", {"tags": {"a": "b"}}).principal_id == identity.principal_id
    assert names(identities.user_assigned_identities.list_by_resource_group(place)) == ["id1"]
    compute.galleries.begin_create_or_update(place, "gal1", {"location": REGION}).result()
    assert compute.galleries.begin_update(place, "gal1", {"tags": {"a": "b"}}).result().tags == {"a": "b"}
    assert names(compute.galleries.list_by_resource_group(place)) == ["gal1"]
    image = compute.gallery_images.begin_create_or_update(place, "gal1", "def1", {
        "location": REGION, "os_type": "Windows", "os_state": "Generalized", "hyper_v_generation": "V2",
        "identifier": {"publisher": "p", "offer": "o", "sku": "s"},
        "features": [{"name": "SecurityType", "value": "ConfidentialVmSupported"}]}).result()
    assert names(compute.gallery_images.list_by_gallery(place, "gal1")) == ["def1"]
    grant(f"{CLOUD.scope}/resourceGroups/{place}", CONTRIBUTOR, identity.principal_id)
    time.sleep(1)
    templates = builder.virtual_machine_image_templates
    made = templates.begin_create_or_update(place, "t1", {
        "location": REGION, "identity": {"type": "UserAssigned", "user_assigned_identities": {identity.id: {}}},
        "source": {"type": "PlatformImage", "publisher": "microsoftwindowsdesktop", "offer": "office-365",
                   "sku": "win11-25h2-avd-m365", "version": "latest"},
        "customize": [{"type": "PowerShell", "name": "c", "inline": ["exit 0"]}],
        "distribute": [{"type": "SharedImage", "gallery_image_id": image.id, "run_output_name": "out",
                        "replication_regions": [REGION]}]}).result()
    assert made.provisioning_state == "Succeeded", made
    assert names(templates.list_by_resource_group(place)) == ["t1"]
    fails(ResourceNotFoundError, "ResourceNotFound", lambda: templates.get(place, "none"))
    assert templates.begin_update(place, "t1", {"tags": {"a": "b"}}).result().tags == {"a": "b"}
    templates.begin_run(place, "t1").wait()
    assert templates.get(place, "t1").last_run_status.run_state in ("Succeeded", "PartiallySucceeded")
    versions = compute.gallery_image_versions
    (version,) = names(versions.list_by_gallery_image(place, "gal1", "def1"))
    assert versions.get(place, "gal1", "def1", version).provisioning_state == "Succeeded"
    versions.begin_delete(place, "gal1", "def1", version).result()
    assert names(versions.list_by_gallery_image(place, "gal1", "def1")) == []
    templates.begin_delete(place, "t1").result()
    identities.user_assigned_identities.delete(place, "id1")


class Opaque:
    """A credential that hands out what it is told."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_more):
        return AccessToken(self.token, int(time.time()) + 3600)


@claim("Microsoft.Resources/resourceGroups | error InvalidAuthenticationToken, error InvalidAuthenticationTokenAudience, error AADSTS7000215, error conflict, error InvalidResourceType, error AuthorizationFailed")
def who_may_not_and_what_cannot_be_is_told_by_its_own_exception():
    def lists(credential):
        return lambda: list(CLOUD.manage(ResourceManagementClient, credential).resource_groups.list())

    fails(ClientAuthenticationError, "InvalidAuthenticationToken", lists(Opaque("nonsense")))
    other = CREDENTIAL.get_token("https://vault.usgovcloudapi.net/.default").token
    fails(ClientAuthenticationError, "InvalidAuthenticationTokenAudience", lists(Opaque(other)))
    try:
        CLOUD.credential(secret="wrong").get_token("https://management.core.usgovcloudapi.net/.default")
        raise AssertionError("a wrong secret was taken")
    except ClientAuthenticationError as error:
        assert "AADSTS7000215" in str(error), error
    place = group("negative")
    reader = CLOUD.manage(ResourceManagementClient, CLOUD.credential("reader"))
    assert place in names(reader.resource_groups.list())
    fails(HttpResponseError, "AuthorizationFailed", lambda: reader.resource_groups.create_or_update("mine", {"location": REGION}))
    fails(ResourceExistsError, "InvalidResourceGroupLocation",
          lambda: RESOURCES.resource_groups.create_or_update(place, {"location": "usgovarizona"}))
    fails(ResourceNotFoundError, "InvalidResourceType", lambda: RESOURCES.resources.get_by_id(
        CLOUD.id(place, "Microsoft.Compute/nothings", "x"), "2024-07-01"))


main(dict(globals()), None, lambda: ended_well(CLOUD))
