#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's Python SDKs: vaults and managed HSMs, an HSM's own roles, and encryption sets of its keys."""
import json
import os
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, claim, ended_well, main  # pylint: disable=wrong-import-position
from sdk import CLOUD, CREDENTIAL, client, fails, grant, group, names, object_id, until

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.administration import KeyVaultAccessControlClient, KeyVaultRoleScope
from azure.keyvault.keys import KeyClient, KeyReleasePolicy
from azure.keyvault.secrets import SecretClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient

CRYPTO_OFFICER, CRYPTO_USER, SERVICE_ENCRYPTION = (
    "515eb02d-2335-4d2d-92f2-b1cbdf9c3778", "21dbd100-6940-42c2-9190-5d6cb909625b", "33413926-3206-4cdd-b39a-83574fe37a17")
KEYS_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
TAGS = {"tags": {"a": "b"}}
POLICY = {"version": "1.0.0", "anyOf": [{"authority": "https://sharedeus.eus.attest.azure.net/", "allOf": [
    {"claim": "x-ms-attestation-type", "equals": "sevsnpvm"}, {"claim": "x-ms-compliance-status", "equals": "azure-compliant-cvm"}]}]}
RELEASE = KeyReleasePolicy(json.dumps(POLICY).encode())
PLANES = client(KeyVaultManagementClient)


@claim("Microsoft.KeyVault/managedHSMs | create, get, list, update, delete, poll, listDeleted",
       "Microsoft.KeyVault/managedHSMs/keys | create, get, list, update, delete, error AccessDenied, error KeyNotFound",
       "Microsoft.KeyVault/managedHSMs/roleAssignments | create, get, list, delete")
def an_hsm_is_activated_its_roles_given_and_its_keys_made():
    place, hsms = group("hsm"), PLANES.managed_hsms
    body = {"location": REGION, "sku": {"family": "B", "name": "Standard_B1"}, "properties": {
        "tenant_id": CLOUD.tenant, "initial_admin_object_ids": [object_id()], "enable_purge_protection": True,
        "soft_delete_retention_in_days": 7}}
    made = hsms.begin_create_or_update(place, "hsm-py", body).result()
    assert made.properties.provisioning_state == "Succeeded", made
    assert hsms.begin_update(place, "hsm-py", {"location": REGION, **TAGS}).result().tags == TAGS["tags"]
    hsms.begin_create_or_update(place, "hsm-py-gone", body).result()
    hsms.begin_delete(place, "hsm-py-gone").result()
    assert names(hsms.list_by_resource_group(place)) == ["hsm-py"] and names(hsms.list_deleted()) == ["hsm-py-gone"]
    uri = hsms.get(place, "hsm-py").properties.hsm_uri
    until(lambda: hsms.get(place, "hsm-py"), lambda it: it.properties.provisioning_state == "Succeeded")
    roles, keys = KeyVaultAccessControlClient(uri, CREDENTIAL), KeyClient(uri, CREDENTIAL)
    fails(HttpResponseError, "AccessDenied", lambda: until_active(lambda: keys.create_rsa_key("early", hardware_protected=True)))
    given = [roles.create_role_assignment(KeyVaultRoleScope.KEYS, next(
        definition.id for definition in roles.list_role_definitions(KeyVaultRoleScope.KEYS) if definition.name == role), object_id())
             for role in (CRYPTO_OFFICER, CRYPTO_USER)]
    assert roles.get_role_assignment(KeyVaultRoleScope.KEYS, given[0].name).properties.principal_id == object_id()
    assert {item.name for item in given} <= {item.name for item in roles.list_role_assignments(KeyVaultRoleScope.KEYS)}
    key = until(lambda: keys.create_rsa_key("cmk", hardware_protected=True, size=3072, exportable=True,
                                            key_operations=["wrapKey", "unwrapKey"], release_policy=RELEASE), lambda _: True)
    assert key.key_type == "RSA-HSM" and json.loads(keys.get_key("cmk").properties.release_policy.encoded_policy) == POLICY
    assert keys.update_key_properties("cmk", enabled=False).properties.enabled is False
    keys.create_rsa_key("gone", hardware_protected=True)
    assert names(keys.list_properties_of_keys()) == ["cmk", "gone"]
    keys.begin_delete_key("gone", _polling_interval=0.2).wait()
    fails(ResourceNotFoundError, "KeyNotFound", lambda: keys.get_key("gone"))
    roles.delete_role_assignment(KeyVaultRoleScope.KEYS, given[1].name)
    assert given[1].name not in {item.name for item in roles.list_role_assignments(KeyVaultRoleScope.KEYS)}


def until_active(ask, seconds=30):
    """An HSM answers nothing at all before its security domain is there."""
    end = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except HttpResponseError as error:
            if "not activated" not in str(error).lower() or time.monotonic() > end:
                raise
        time.sleep(0.1)


@claim("Microsoft.KeyVault/vaults | create, get, list, update, delete, listDeleted, checkNameAvailability, action recover",
       "Microsoft.Compute/diskEncryptionSets | create, get, list, update, delete, poll, associatedResources",
       "Microsoft.KeyVault/vaults/secrets | refused: Forbidden")
def a_vaults_key_is_bound_to_an_encryption_set():
    place, vaults, sets = group("sets"), PLANES.vaults, client(ComputeManagementClient).disk_encryption_sets
    body = {"location": REGION, "properties": {
        "tenant_id": CLOUD.tenant, "sku": {"family": "A", "name": "premium"}, "enable_rbac_authorization": True,
        "enable_purge_protection": True, "soft_delete_retention_in_days": 7, "access_policies": []}}
    made = vaults.begin_create_or_update(place, "kv-py-sets", body).result()
    assert vaults.update(place, "kv-py-sets", TAGS).tags == TAGS["tags"] == vaults.get(place, "kv-py-sets").tags
    vaults.begin_create_or_update(place, "kv-py-gone", body).result()
    vaults.delete(place, "kv-py-gone")
    assert names(vaults.list_by_resource_group(place)) == ["kv-py-sets"] and names(vaults.list_deleted()) == ["kv-py-gone"]
    assert vaults.check_name_availability({"name": "kv-py-sets", "type": "Microsoft.KeyVault/vaults"}).name_available is False
    vaults.begin_create_or_update(place, "kv-py-gone", {**body, "properties": {**body["properties"], "create_mode": "recover"}}).result()
    assert names(vaults.list_by_resource_group(place)) == ["kv-py-gone", "kv-py-sets"]
    secrets = SecretClient(made.properties.vault_uri, CLOUD.credential("reader"))
    fails(HttpResponseError, "Forbidden", lambda: secrets.get_secret("nothing"))
    grant(made.id, KEYS_OFFICER, object_id())
    keys = KeyClient(made.properties.vault_uri, CREDENTIAL)
    key = until(lambda: keys.create_rsa_key("disks", size=3072, hardware_protected=True, exportable=True, release_policy=RELEASE), lambda _: True)
    bound = {"location": REGION, "identity": {"type": "SystemAssigned"}, "encryption_type": "ConfidentialVmEncryptedWithCustomerKey",
             "active_key": {"key_url": key.id, "source_vault": {"id": made.id}}}
    assert sets.begin_create_or_update(place, "des", bound).result().active_key.key_url == key.id
    assert sets.begin_update(place, "des", TAGS).result().tags == TAGS["tags"] == sets.get(place, "des").tags
    assert list(sets.list_associated_resources(place, "des")) == []
    sets.begin_create_or_update(place, "gone", bound).result()
    sets.begin_delete(place, "gone").result()
    assert names(sets.list_by_resource_group(place)) == ["des"]


main(dict(globals()), None, lambda: ended_well(CLOUD))
