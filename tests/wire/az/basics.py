#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Azure CLI signs in to a served cloud and runs the groups of commands that Debian's build can."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, Cloud, claim, ended_well, main  # pylint: disable=wrong-import-position

CLOUD = Cloud()
az = CLOUD.az


def sign_in():
    CLOUD.register()
    CLOUD.login().works()


def group(name):
    az("group", "create", "-n", name, "-l", REGION).works(properties__provisioningState="Succeeded")
    return name


@claim()
def the_account_is_the_service_principal_that_signed_in():
    client, _ = CLOUD.application("deployer")
    az("account", "show").works(id=CLOUD.subscription, tenantId=CLOUD.tenant, user__name=client, environmentName="Redoubt")


@claim()
def it_signs_in_by_the_metadata_url_alone():
    with tempfile.TemporaryDirectory() as folder:
        environment = {**CLOUD.environment, "AZURE_CONFIG_DIR": folder,
                       "ARM_CLOUD_METADATA_URL": f"{CLOUD.url}/metadata/endpoints?api-version=2019-05-01"}
        CLOUD.login(environment=environment).works()
        az("cloud", "show", environment=environment).works(name="AzureUSGovernment")
        az("group", "list", environment=environment).works()


@claim("Microsoft.Resources/resourceGroups | error AuthorizationFailed")
def a_wrong_secret_is_told_and_a_reader_may_not_write():
    with tempfile.TemporaryDirectory() as folder:
        environment = {**CLOUD.environment, "AZURE_CONFIG_DIR": folder}
        CLOUD.register(environment=environment)
        client, _ = CLOUD.application("reader")
        az("login", "--service-principal", "-u", client, "-p", "wrong", "--tenant", CLOUD.tenant,
           environment=environment).fails("AADSTS7000215")
        CLOUD.login("reader", environment=environment).works()
        az("group", "list", environment=environment).works()
        az("group", "create", "-n", "no", "-l", REGION, environment=environment).fails(
            "(AuthorizationFailed)", "Microsoft.Resources/subscriptions/resourcegroups/write")


@claim("Microsoft.Resources/resourceGroups | create, get, list, update, delete, poll, error ResourceGroupNotFound")
def groups_come_are_tagged_found_and_go():
    az("group", "create", "-n", "basics", "-l", REGION, "--tags", "a=b").works(tags={"a": "b"}, location=REGION)
    az("group", "show", "-n", "BASICS").works(name="basics")
    assert az("group", "list", "--tag", "a=b").works().names() == ["basics"]
    assert az("group", "list", "--tag", "a=c").works().names() == []
    az("group", "update", "-n", "basics", "--set", "tags.x=y").works(tags={"a": "b", "x": "y"})
    assert az("group", "exists", "-n", "basics").works().json is True
    az("group", "delete", "-y", "-n", "basics").works()
    missing = az("group", "show", "-n", "basics").fails("(ResourceGroupNotFound)", "'basics' could not be found")
    assert missing.status == 3, missing


@claim("Microsoft.Resources/resourceGroups | error unknown region")
def what_azure_refuses_is_refused():
    az("group", "create", "-n", "nowhere", "-l", "nowhere").fails("(LocationNotAvailableForResource", "'nowhere'")
    az("rest", "-u", "/subscriptions/99999999-3333-4444-5555-666666666666/resourcegroups?api-version=2021-04-01").fails(
        "Subscription '99999999-3333-4444-5555-666666666666' not found")
    az("rest", "-u", CLOUD.scope + "/providers/Microsoft.NoSuch/things?api-version=2021-04-01").fails("InvalidResourceNamespace")
    az("rest", "-u", CLOUD.scope + "/resourcegroups").fails("MissingApiVersionParameter")


@claim()
def providers_and_features_are_registered():
    az("provider", "register", "-n", "Microsoft.Compute").works()
    shown = az("provider", "show", "-n", "microsoft.compute").works(namespace="Microsoft.Compute").json
    versions = {item["resourceType"]: item["apiVersions"] for item in shown["resourceTypes"]}
    assert "2025-12-03" in versions["galleries"] and versions["virtualMachines"], versions
    assert all(versions.values()), "a type without versions cannot be asked for by 'az resource'"
    assert "Microsoft.KeyVault" in [item["namespace"] for item in az("provider", "list").works().json]
    az("provider", "show", "-n", "Microsoft.NoSuch").fails("(InvalidResourceNamespace)")
    assert az("feature", "list", "--namespace", "Microsoft.Compute").works().json
    az("feature", "register", "--namespace", "Microsoft.Compute", "-n", "DCav6Series").works(properties__state="Registered")
    az("feature", "show", "--namespace", "Microsoft.Compute", "-n", "NoSuch").fails("FeatureNotFound")
    assert REGION in [item["name"] for item in az("account", "list-locations").works().json]


@claim("Microsoft.ManagedIdentity/userAssignedIdentities | create, get, list, delete, error ResourceNotFound")
def identities_have_a_principal_at_once():
    place = ("-g", group("identities"))
    made = az("identity", "create", *place, "-n", "id1").works(tenantId=CLOUD.tenant).json
    assert made["principalId"] and made["clientId"] and made["principalId"] != made["clientId"]
    az("identity", "show", *place, "-n", "id1").works(principalId=made["principalId"])
    assert az("identity", "list", *place).works().names() == ["id1"]
    kind = ("--identity-name", "id1", "-n", "f1", "--issuer", "https://issuer", "--audiences", "a", "--subject")
    az("identity", "federated-credential", "create", *place, *kind, "s1").works(subject="s1")
    az("identity", "federated-credential", "update", *place, *kind, "s2").works(subject="s2")
    az("identity", "federated-credential", "delete", "-y", *place, *kind[:4]).works()
    assert az("identity", "federated-credential", "list", *place, "--identity-name", "id1").works().json == []
    az("identity", "delete", *place, "-n", "id1").works()
    az("identity", "show", *place, "-n", "id1").fails("(ResourceNotFound)")


@claim("Microsoft.Compute/galleries | create, get, list, update, delete, poll",
       "Microsoft.Compute/galleries/images | create, get, list, update, delete, poll, error ResourceNotFound",
       "Microsoft.Compute/galleries/images/versions | list")
def galleries_hold_definitions_of_confidential_images():
    place = ("-g", group("galleries"), "-r", "gal1")
    az("sig", "create", *place).works(provisioningState="Succeeded")
    assert az("sig", "list", "-g", "galleries").works().names() == ["gal1"]
    az("sig", "update", *place, "--set", "tags.a=b").works(tags={"a": "b"})
    az("sig", "show", *place).works(tags={"a": "b"})
    made = az("sig", "image-definition", "create", *place, "-i", "def1", "-p", "pub", "-f", "off", "-s", "sku", "--os-type", "Windows",
              "--hyper-v-generation", "V2", "--features", "SecurityType=ConfidentialVmSupported").works(hyperVGeneration="V2").json
    assert made["features"] == [{"name": "SecurityType", "value": "ConfidentialVmSupported"}], made
    assert az("sig", "image-definition", "list", *place).works().names() == ["def1"]
    az("sig", "image-definition", "update", *place, "-i", "def1", "--set", "tags.c=d").works(tags={"c": "d"})
    az("sig", "image-definition", "show", *place, "-i", "def1").works(tags={"c": "d"})
    assert az("sig", "image-version", "list", *place, "-i", "def1").works().json == []
    az("sig", "image-definition", "show", *place, "-i", "none").fails("(ResourceNotFound)")
    az("sig", "delete", *place).fails("(CannotDeleteResource)")
    az("sig", "image-definition", "delete", *place, "-i", "def1").works()
    az("sig", "delete", *place).works()


@claim("Microsoft.KeyVault/vaults | create, get, list, update, delete, poll, action recover, action purge, error ResourceNotFound")
def vaults_are_deleted_softly_recovered_and_purged():
    place = ("-g", group("vaults"))
    az("keyvault", "create", *place, "-n", "kvwireaz1", "--enable-rbac-authorization", "true", "--sku", "premium").works(
        properties__provisioningState="Succeeded", properties__sku__name="premium",
        properties__vaultUri=f"https://kvwireaz1.vault.localhost:{CLOUD.port}/")
    assert az("keyvault", "list", *place).works().names() == ["kvwireaz1"]
    az("keyvault", "update", *place, "-n", "kvwireaz1", "--enabled-for-disk-encryption", "true").works(
        properties__enabledForDiskEncryption=True)
    az("keyvault", "delete", "-n", "kvwireaz1").works()
    assert "kvwireaz1" in az("keyvault", "list-deleted").works().names()
    az("keyvault", "show", *place, "-n", "kvwireaz1").fails("kvwireaz1")
    az("keyvault", "create", *place, "-n", "kvwireaz1", "--enable-rbac-authorization", "true").fails("deleted state")
    az("keyvault", "recover", "-n", "kvwireaz1").works()
    az("keyvault", "show", "-n", "kvwireaz1").works(properties__enabledForDiskEncryption=True)
    az("keyvault", "delete", "-n", "kvwireaz1").works()
    az("keyvault", "purge", "-n", "kvwireaz1").works()
    assert "kvwireaz1" not in az("keyvault", "list-deleted").works().names()


@claim("Microsoft.KeyVault/managedHSMs | create, get, list, delete, poll, action purge")
def managed_hsms_are_made_deleted_and_purged():
    place = ("-g", group("hsms"))
    client, _ = CLOUD.application("deployer")
    az("keyvault", "create", *place, "--hsm-name", "hsmwireaz1", "--administrators", client, "--retention-days", "7").works(
        properties__hsmUri=f"https://hsmwireaz1.managedhsm.localhost:{CLOUD.port}/")
    az("keyvault", "show", "--hsm-name", "hsmwireaz1").works(properties__provisioningState="Succeeded")
    assert az("keyvault", "list", "--resource-type", "hsm").works().names() == ["hsmwireaz1"]
    az("keyvault", "delete", "--hsm-name", "hsmwireaz1").works()
    assert "hsmwireaz1" in az("keyvault", "list-deleted", "--resource-type", "hsm").works().names()
    az("keyvault", "purge", "--hsm-name", "hsmwireaz1").works()


@claim("Microsoft.OperationalInsights/workspaces | create, get, list, update, delete, action sharedKeys",
       "Microsoft.Insights/diagnosticSettings | create, get, list, update, delete, error InvalidResourceReference",
       "Microsoft.Insights/actionGroups | create, get, list, update, delete")
def logs_are_sent_to_a_workspace():
    place = ("-g", group("monitor"))
    workspaces = ("monitor", "log-analytics", "workspace")
    made = az(*workspaces, "create", *place, "-n", "lawire").works(provisioningState="Succeeded").json
    # Debian's `workspace update` and `delete` fail before any request, in its own imports.
    az("resource", "update", "--ids", made["id"], "--set", "properties.retentionInDays=90").works()
    az(*workspaces, "show", *place, "-n", "lawire").works(customerId=made["customerId"], retentionInDays=90)
    assert az(*workspaces, "list", *place).works().names() == ["lawire"]
    assert az(*workspaces, "get-shared-keys", *place, "-n", "lawire").works().json["primarySharedKey"]
    az("keyvault", "create", *place, "-n", "kvwirelog1", "--enable-rbac-authorization", "true").works()
    what = ("--resource", CLOUD.id("monitor", "Microsoft.KeyVault/vaults", "kvwirelog1"))
    settings = ("monitor", "diagnostic-settings")
    logs = ("--logs", '[{"category":"AuditEvent","enabled":true}]')
    az(*settings, "create", "-n", "d1", *what, *logs, "--workspace", made["id"] + "x").fails("(InvalidResourceReference)")
    az(*settings, "create", "-n", "d1", *what, *logs, "--workspace", made["id"]).works(workspaceId=made["id"])
    az(*settings, "update", "-n", "d1", *what, "--set", "logs[0].enabled=false").works()
    assert az(*settings, "show", "-n", "d1", *what).works().json["logs"][0]["enabled"] is False
    assert "d1" in az(*settings, "list", *what).works().out
    assert "AuditEvent" in az(*settings, "categories", "list", *what).works().out
    az(*settings, "delete", "-n", "d1", *what).works()
    az(*settings, "show", "-n", "d1", *what).fails("d1")
    actions = ("monitor", "action-group")
    az(*actions, "create", *place, "-n", "ag1", "--action", "email", "e", "a@b.us").works(name="ag1")
    az(*actions, "update", *place, "-n", "ag1", "--short-name", "agx").works(groupShortName="agx")
    az(*actions, "show", *place, "-n", "ag1").works(groupShortName="agx")
    assert az(*actions, "list", *place).works().names() == ["ag1"]
    az(*actions, "delete", *place, "-n", "ag1").works()
    az("resource", "delete", "--ids", made["id"]).works()


@claim("Microsoft.RecoveryServices/vaults | create, get, list, delete, action backupconfig, error ResourceNotFound",
       "Microsoft.RecoveryServices/vaults/backupPolicies | create, get, list, delete",
       "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems | list")
def recovery_vaults_have_policies():
    place = ("-g", group("backup"))
    az("backup", "vault", "create", *place, "-n", "rv1", "-l", REGION).works(properties__provisioningState="Succeeded")
    assert az("backup", "vault", "list", *place).works().names() == ["rv1"]
    az("backup", "vault", "show", *place, "-n", "rv1").works(name="rv1")
    inside = (*place, "-v", "rv1")
    policy = az("backup", "policy", "get-default-for-vm", *inside).works().json
    assert "DefaultPolicy" in az("backup", "policy", "list", *inside).works().names()
    az("backup", "policy", "create", *inside, "-n", "pol1", "--backup-management-type", "AzureIaasVM",
       "--policy", json.dumps({"properties": policy["properties"]})).works(name="pol1")
    az("backup", "policy", "show", *inside, "-n", "pol1").works(name="pol1")
    az("backup", "policy", "delete", *inside, "-n", "pol1").works()
    assert az("backup", "item", "list", *inside).works().json == []
    assert az("backup", "job", "list", *inside).works().json == []
    az("backup", "vault", "backup-properties", "set", *place, "-n", "rv1", "--soft-delete-feature-state", "Disable").works()
    az("backup", "vault", "delete", "-y", *place, "-n", "rv1").works()
    az("backup", "vault", "show", *place, "-n", "rv1").fails("(ResourceNotFound)")


def after():
    ended_well(CLOUD)


main(dict(globals()), sign_in, after)
