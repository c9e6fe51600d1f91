#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A confidential VM's whole key chain by hand, and what Azure says when a link is missing. The key
itself, and an HSM's own roles, are made with Debian's Python SDKs: its `az keyvault key` and
`az keyvault role` are broken."""
import base64
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, Cloud, claim, ended_well, main  # pylint: disable=wrong-import-position

from azure.core.exceptions import HttpResponseError
from azure.keyvault.administration import KeyVaultAccessControlClient, KeyVaultRoleScope
from azure.keyvault.keys import KeyClient, KeyReleasePolicy

CLOUD = Cloud().trust()
az = CLOUD.az
WRAP, RELEASE, OFFICER = ("e147488a-f6f5-4113-8e2d-b22465e65bf6", "08bbd89e-9f13-488c-ac41-acfcb10c90ab",
                          "14b46e9e-c2b7-41b4-b07b-48a6ebf60603")
ORCHESTRATOR = "bf7b6499-ff71-4aa2-97a4-f372087be7f0"
POLICY = {"version": "1.0.0", "anyOf": [{"authority": "https://sharedugv.ugv.attest.azure.us/", "allOf": [
    {"claim": "x-ms-compliance-status", "equals": "azure-compliant-cvm"},
    {"anyOf": [{"claim": "x-ms-attestation-type", "equals": "sevsnpvm"}]}]}]}
CREDENTIAL = CLOUD.credential()
KNOWN = {}


def grant(role, principal, scope):
    """Roles are in force a while after they are given."""
    az("role", "assignment", "create", "--role", role, "--assignee-object-id", principal, "--assignee-principal-type",
       "ServicePrincipal", "--scope", scope, repaired=True).works(principalId=principal)


def eventually(attempt):
    for _ in range(60):
        try:
            return attempt()
        except HttpResponseError as error:
            if error.status_code != 403:
                raise
            time.sleep(0.2)
    raise AssertionError("neither the role nor the HSM came into force")


def before():
    CLOUD.register()
    CLOUD.login().works()
    az("group", "create", "-n", "chain", "-l", REGION).works()
    KNOWN["self"] = token_claim("oid")
    graph = CLOUD.url + "/msgraph/v1.0/servicePrincipals"
    of_graph = ("rest", "--resource", CLOUD.url + "/msgraph/")
    az(*of_graph, "-m", "post", "-u", graph, "-b", json.dumps({"appId": ORCHESTRATOR})).works(appId=ORCHESTRATOR)
    KNOWN["orchestrator"] = az(*of_graph, "-u", graph + f"(appId='{ORCHESTRATOR}')").works().json["id"]
    az("network", "vnet", "create", "-g", "chain", "-n", "v1", "--address-prefixes", "10.0.0.0/16", "--subnet-name", "s1",
       "--subnet-prefixes", "10.0.1.0/24", repaired=True).works()


def token_claim(name):
    token = CREDENTIAL.get_token("https://management.core.usgovcloudapi.net/.default").token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))[name]


def vault(name, protection=True):
    words = ["--enable-purge-protection", "true"] if protection else []
    made = az("keyvault", "create", "-g", "chain", "-n", name, "--sku", "premium", "--enable-rbac-authorization", "true",
              *words).works().json
    grant(OFFICER, KNOWN["self"], made["id"])
    return made["id"], KeyClient(made["properties"]["vaultUri"], CREDENTIAL)


def key(client, with_policy=True):
    policy = {"exportable": True, "release_policy": KeyReleasePolicy(json.dumps(POLICY).encode())} if with_policy else {}
    operations = ["wrapKey", "unwrapKey"]
    return eventually(lambda: client.create_rsa_key("cvm", size=3072, hardware_protected=True, key_operations=operations, **policy))


def encryption_set(name, key_url):
    return az("disk-encryption-set", "create", "-g", "chain", "-n", name, "-l", REGION, "--key-url", key_url, "--encryption-type",
              "ConfidentialVmEncryptedWithCustomerKey")


def machine(name, des):
    nic = az("network", "nic", "create", "-g", "chain", "-n", name, "--vnet-name", "v1", "--subnet", "s1",
             repaired=True).works().json["NewNIC"]["id"]
    disk = {"securityEncryptionType": "DiskWithVMGuestState", "diskEncryptionSet": {"id": des}}
    scope = CLOUD.id("chain", "Microsoft.Compute/virtualMachines", name)
    body = {"location": REGION, "properties": {
        "hardwareProfile": {"vmSize": "Standard_DC4as_v5"},
        "storageProfile": {
            "imageReference": {"publisher": "microsoftwindowsdesktop", "offer": "office-365", "sku": "win11-25h2-avd-m365",
                               "version": "latest"},
            "osDisk": {"createOption": "FromImage", "managedDisk": {"securityProfile": disk}}},
        "osProfile": {"computerName": name, "adminUsername": "keeper", "adminPassword": "Aa0!aaaaaaaaaaaa"},
        "securityProfile": {"securityType": "ConfidentialVM", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}},
        "networkProfile": {"networkInterfaces": [{"id": nic}]}}}
    return az("resource", "create", "--id", scope, "--is-full-object", "--api-version", "2024-07-01", "--properties", json.dumps(body))


def instance(name):
    return az("vm", "get-instance-view", "-g", "chain", "-n", name, repaired=True).works().json


def power(name, wanted):
    for _ in range(20):
        codes = [status["code"] for status in instance(name)["instanceView"]["statuses"]]
        if wanted in codes:
            break
    assert wanted in codes, codes


@claim("Microsoft.Compute/virtualMachines | create, get, list, delete, action deallocate, action start, action instanceView, poll",
       "Microsoft.Compute/diskEncryptionSets | create, get, list, update, poll, error OperationNotAllowed",
       "Microsoft.KeyVault/vaults/keys | create",
       "Microsoft.Authorization/roleAssignments | create, list",
       "Microsoft.Graph/servicePrincipals | create, get",
       "Microsoft.Network/networkInterfaces | create")
def a_whole_chain_boots_a_confidential_machine():
    scope, client = vault("kvchain1")
    made = encryption_set("des1", key(client).id).works().json
    grant(WRAP, made["identity"]["principalId"], scope)
    grant(RELEASE, KNOWN["orchestrator"], scope)
    assert KNOWN["orchestrator"] in az("role", "assignment", "list", "--scope", scope, repaired=True).works().out
    time.sleep(1)  # 10 minutes of the cloud's: roles are in force
    machine("vm1", made["id"]).works()
    power("vm1", "PowerState/running")
    place = ("-g", "chain", "-n", "vm1")
    az("vm", "deallocate", *place, repaired=True).works()
    power("vm1", "PowerState/deallocated")
    az("vm", "start", *place, repaired=True).works()
    az("vm", "show", *place, repaired=True).works(securityProfile__securityType="ConfidentialVM")
    assert "vm1" in az("vm", "list", "-g", "chain", repaired=True).works().names()
    assert "des1" in az("disk-encryption-set", "list", "-g", "chain").works().names()
    az("disk-encryption-set", "update", "-g", "chain", "-n", "des1", "--set", "tags.a=b").works(tags={"a": "b"})
    az("disk-encryption-set", "delete", "-g", "chain", "-n", "des1").fails("(OperationNotAllowed)", "vm1")
    az("vm", "delete", "-y", *place, repaired=True).works()


@claim("Microsoft.Compute/diskEncryptionSets | error KeyVaultPurgeProtectionNotEnabled")
def without_purge_protection_there_is_no_set():
    _, client = vault("kvchain2", protection=False)
    encryption_set("des2", key(client).id).fails("(KeyVaultPurgeProtectionNotEnabled)")


@claim("Microsoft.Compute/diskEncryptionSets | error KeyVaultKeyNotFound")
def without_the_key_there_is_no_set():
    vault("kvchain3")
    encryption_set("des3", f"https://kvchain3.vault.localhost:{CLOUD.port}/keys/none/0123456789abcdef0123456789abcdef").fails(
        "(KeyVaultKeyNotFound)")


@claim("Microsoft.Compute/diskEncryptionSets | error without a release policy")
def a_key_without_release_policy_is_refused():
    _, client = vault("kvchain4")
    encryption_set("des4", key(client, with_policy=False).id).fails("no key release policy")


@claim("Microsoft.Compute/virtualMachines | error KeyVaultAccessForbidden")
def without_the_sets_role_on_the_key_the_machine_fails():
    _, client = vault("kvchain5")
    made = encryption_set("des5", key(client).id).works().json
    machine("vm5", made["id"]).fails("(KeyVaultAccessForbidden)", "wrap and unwrap key permissions")
    assert instance("vm5")["provisioningState"] == "Failed"


@claim("Microsoft.Compute/virtualMachines | error no boot without the orchestrator's role")
def without_the_orchestrators_role_the_machine_never_runs():
    scope, client = vault("kvchain6")
    made = encryption_set("des6", key(client).id).works().json
    grant(WRAP, made["identity"]["principalId"], scope)
    time.sleep(1)
    machine("vm6", made["id"]).works()
    time.sleep(1)
    codes = [status["code"] for status in instance("vm6")["instanceView"]["statuses"]]
    assert "PowerState/running" not in codes, codes


@claim("Microsoft.Compute/virtualMachines | error without the set")
def without_the_set_there_is_no_machine():
    missing = CLOUD.id("chain", "Microsoft.Compute/diskEncryptionSets", "none")
    machine("vm7", missing).fails("none", "not found")


@claim("Microsoft.KeyVault/managedHSMs | create, get",
       "Microsoft.Compute/diskEncryptionSets | create",
       "Microsoft.Compute/virtualMachines | create")
def a_chain_from_an_hsm_boots_a_confidential_machine():
    az("keyvault", "create", "-g", "chain", "--hsm-name", "hsmchain1", "--administrators", KNOWN["self"], "--retention-days", "7",
       "--enable-purge-protection", "true").works()
    uri = az("keyvault", "show", "--hsm-name", "hsmchain1").works().json["properties"]["hsmUri"]
    roles = KeyVaultAccessControlClient(uri, CREDENTIAL)
    known = eventually(lambda: {item.role_name: item.id for item in roles.list_role_definitions(KeyVaultRoleScope.KEYS)})

    def give(role, principal):
        roles.create_role_assignment(KeyVaultRoleScope.KEYS, known[f"Managed HSM Crypto {role}"], principal)

    give("Officer", KNOWN["self"])
    give("User", KNOWN["self"])
    made = encryption_set("des8", key(KeyClient(uri, CREDENTIAL)).id).works().json
    give("Service Encryption User", made["identity"]["principalId"])
    give("Service Release User", KNOWN["orchestrator"])
    time.sleep(1)
    machine("vm8", made["id"]).works()
    power("vm8", "PowerState/running")


main(dict(globals()), before, lambda: ended_well(CLOUD))
