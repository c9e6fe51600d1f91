#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Azure CLI beside the resources themselves: locks, tags, sizes of every region, free addresses, a vault
with access policies."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, Cloud, claim, ended_well, main  # pylint: disable=wrong-import-position

CLOUD = Cloud()


def az(*words):
    return CLOUD.az(*words, repaired=words[0] in ("network", "vm", "lock"))


def before():
    CLOUD.register()
    CLOUD.login().works()


def group(name):
    return az("group", "create", "-n", name, "-l", REGION).works().json["id"]


@claim("Microsoft.Authorization/locks | create, get, list, update, delete, error ScopeLocked")
def what_is_locked_is_not_deleted():
    group("locked")
    place = ("-n", "keep", "-g", "locked")
    az("lock", "create", *place, "--lock-type", "CanNotDelete", "--notes", "why").works(level="CanNotDelete", notes="why")
    assert az("lock", "list").works().names() == az("lock", "list", "-g", "locked").works().names() == ["keep"]
    az("group", "delete", "-n", "locked", "-y").fails("ScopeLocked", "cannot perform delete operation", "resourceGroups/locked'")
    az("lock", "update", *place, "--lock-type", "ReadOnly").works(level="ReadOnly")
    az("group", "update", "-n", "locked", "--set", "tags.a=b").fails("ScopeLocked", "cannot perform write operation")
    az("lock", "show", *place).works(level="ReadOnly", notes="why")
    az("lock", "delete", *place).works()
    az("group", "delete", "-n", "locked", "-y").works()


@claim("Microsoft.Resources/tags | create, get, list, update, delete")
def tags_are_set_at_a_scope():
    place = ("--resource-id", group("tagged"))
    az("tag", "create", *place, "--tags", "a=1", "b=2").works(properties__tags={"a": "1", "b": "2"})
    az("tag", "update", *place, "--operation", "merge", "--tags", "c=3").works(properties__tags={"a": "1", "b": "2", "c": "3"})
    az("tag", "update", *place, "--operation", "delete", "--tags", "a=1").works(properties__tags={"b": "2", "c": "3"})
    az("tag", "list", *place).works(properties__tags={"b": "2", "c": "3"})
    az("group", "show", "-n", "tagged").works(tags={"b": "2", "c": "3"})
    assert {"b", "c"} <= {item["tagName"] for item in az("tag", "list").works().json}
    az("tag", "delete", *place, "-y").works()
    az("tag", "list", *place).works(properties__tags={})


@claim("Microsoft.Network/virtualNetworks | CheckIPAddressAvailability")
def an_address_is_free_or_not():
    group("addresses")
    az("network", "vnet", "create", "-g", "addresses", "-n", "v1", "--address-prefixes", "10.0.0.0/16", "--subnet-name", "s1",
       "--subnet-prefixes", "10.0.1.0/24").works()
    ask = ("network", "vnet", "check-ip-address", "-g", "addresses", "-n", "v1", "--ip-address")
    az(*ask, "10.0.1.9").works(available=True)
    az(*ask, "10.0.1.1").works(available=False, isPlatformReserved=True)
    az(*ask, "10.9.1.1").fails("PrivateIPAddressNotInAnySubnet")


@claim("Microsoft.Compute/skus | list")
def sizes_are_listed_without_a_region():
    found = az("vm", "list-skus", "--size", "Standard_DC2as_v5", "--query", "[].locations[0]").works().json
    assert REGION in found and len(found) == len(set(found)) > 1, found


@claim("Microsoft.KeyVault/vaults | create")
def a_vault_with_policies_lets_its_maker_in():
    group("policies")
    made = az("keyvault", "create", "-g", "policies", "-n", "kv-policies").works().json["properties"]
    assert not made["enableRbacAuthorization"] and "all" in made["accessPolicies"][0]["permissions"]["secrets"], made


@claim("Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers | list")
def an_empty_vault_has_no_containers():
    group("saved")
    az("backup", "vault", "create", "-g", "saved", "-n", "rsv1", "-l", REGION).works()
    az("backup", "container", "list", "-g", "saved", "-v", "rsv1", "--backup-management-type", "AzureIaasVM").works()


main(dict(globals()), before, lambda: ended_well(CLOUD))
