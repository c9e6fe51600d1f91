#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Azure CLI's network, role and generic resource commands against a served cloud."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, Cloud, claim, ended_well, main  # pylint: disable=wrong-import-position

CLOUD = Cloud()


def az(*words):
    return CLOUD.az(*words, repaired=words[0] in ("network", "role", "vm"))


def before():
    CLOUD.register()
    CLOUD.login().works()


def group(name):
    az("group", "create", "-n", name, "-l", REGION).works()
    return ("-g", name)


@claim("Microsoft.Network/virtualNetworks | create, list, update, delete, poll",
       "Microsoft.Network/virtualNetworks/subnets | create, list, update, delete, poll",
       "Microsoft.Network/publicIPAddresses | create, list, update, delete, poll",
       "Microsoft.Network/networkInterfaces | create, list, update, delete, poll, action effectiveRouteTable")
def machines_get_a_network():
    place = group("net")
    az("network", "vnet", "create", *place, "-n", "v1", "--address-prefixes", "10.0.0.0/16", "--subnet-name", "s1",
       "--subnet-prefixes", "10.0.1.0/24").works(newVNet__provisioningState="Succeeded")
    assert az("network", "vnet", "list", *place).works().names() == ["v1"]
    inside = (*place, "--vnet-name", "v1")
    az("network", "vnet", "subnet", "create", *inside, "-n", "s2", "--address-prefixes", "10.0.2.0/24").works(name="s2")
    az("network", "vnet", "subnet", "create", *inside, "-n", "s3", "--address-prefixes", "10.0.2.0/25").fails("NetcfgSubnetRangesOverlap")
    az("network", "vnet", "subnet", "update", *inside, "-n", "s2", "--service-endpoints", "Microsoft.KeyVault").works()
    az("network", "vnet", "subnet", "delete", *inside, "-n", "s2").works()
    assert az("network", "vnet", "subnet", "list", *inside).works().names() == ["s1"]
    az("network", "vnet", "update", *place, "-n", "v1", "--set", "tags.a=b").works(tags={"a": "b"})
    az("network", "public-ip", "create", *place, "-n", "ip1", "--sku", "Standard").works()
    az("network", "public-ip", "update", *place, "-n", "ip1", "--tags", "a=b").works(tags={"a": "b"})
    assert az("network", "public-ip", "list", *place).works().names() == ["ip1"]
    az("network", "public-ip", "delete", *place, "-n", "ip1").works()
    az("network", "nic", "create", *place, "-n", "nic1", "--vnet-name", "v1", "--subnet", "s1").works(
        NewNIC__provisioningState="Succeeded")
    az("network", "nic", "update", *place, "-n", "nic1", "--accelerated-networking", "true").works(enableAcceleratedNetworking=True)
    assert az("network", "nic", "list", *place).works().names() == ["nic1"]
    az("network", "vnet", "delete", *place, "-n", "v1").fails("InUse")
    az("network", "nic", "delete", *place, "-n", "nic1").works()
    az("network", "vnet", "delete", *place, "-n", "v1").works()


@claim("Microsoft.Network/networkSecurityGroups | create, list, update, delete, poll",
       "Microsoft.Network/routeTables | create, list, update, delete, poll")
def rules_and_routes_are_kept():
    place = group("rules")
    az("network", "nsg", "create", *place, "-n", "n1").works(NewNSG__provisioningState="Succeeded")
    rule = (*place, "--nsg-name", "n1")
    az("network", "nsg", "rule", "create", *rule, "-n", "r1", "--priority", "100", "--access", "Deny", "--protocol", "Tcp",
       "--destination-port-ranges", "443").works(priority=100)
    az("network", "nsg", "rule", "update", *rule, "-n", "r1", "--priority", "110").works(priority=110)
    assert az("network", "nsg", "rule", "list", *rule).works().names() == ["r1"]
    az("network", "nsg", "rule", "delete", *rule, "-n", "r1").works()
    az("network", "nsg", "update", *place, "-n", "n1", "--set", "tags.a=b").works(tags={"a": "b"})
    assert az("network", "nsg", "list", *place).works().names() == ["n1"]
    az("network", "nsg", "delete", *place, "-n", "n1").works()
    az("network", "route-table", "create", *place, "-n", "rt1").works()
    az("network", "route-table", "route", "create", *place, "--route-table-name", "rt1", "-n", "d", "--address-prefix", "0.0.0.0/0",
       "--next-hop-type", "VirtualAppliance", "--next-hop-ip-address", "10.0.0.4").works(nextHopIpAddress="10.0.0.4")
    az("network", "route-table", "update", *place, "-n", "rt1", "--tags", "a=b").works(tags={"a": "b"})
    assert az("network", "route-table", "list", *place).works().names() == ["rt1"]
    az("network", "route-table", "delete", *place, "-n", "rt1").works()


@claim("Microsoft.Authorization/roleAssignments | create, list, delete",
       "Microsoft.Authorization/roleDefinitions | list")
def roles_are_given_and_taken():
    place = group("roles")
    who = "00000000-0000-0000-0000-00000000aaaa"
    (reader,) = az("role", "definition", "list", "-n", "Reader").works().json
    assert reader["roleName"] == "Reader" and reader["name"] == "acdd72a7-3385-48ef-bd42-f606fba81ae7", reader
    az("role", "assignment", "create", "--assignee-object-id", who, "--assignee-principal-type", "User", "--role", "Reader",
       *place).works(principalId=who)
    assert who in az("role", "assignment", "list", *place).works().out
    az("role", "assignment", "delete", "--ids", *[item["id"] for item in az(
        "role", "assignment", "list", *place).works().json if item["principalId"] == who]).works()
    assert who not in az("role", "assignment", "list", *place).works().out


@claim()
def a_template_is_read_and_the_deployment_refused_in_clear_words():
    place = group("template")
    template = os.path.join(CLOUD.folder, "template.json")
    with open(template, "w", encoding="utf-8") as out:
        out.write("""{ // a comment, as Azure CLI sends it on
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": [] }""")
    az("deployment", "group", "create", *place, "-n", "d1", "--template-file", template).fails("DeploymentsNotEmulated", "'d1'")


@claim("Microsoft.DesktopVirtualization/hostPools | create, get, list, update, delete, action retrieveRegistrationToken",
       "Microsoft.DesktopVirtualization/applicationGroups | create, get, delete",
       "Microsoft.DesktopVirtualization/workspaces | create, get, delete",
       "Microsoft.Network/firewallPolicies | create, get, list, delete, error ResourceNotFound")
def what_has_no_command_of_its_own_is_a_resource():
    place = group("generic")
    pool = CLOUD.id("generic", "Microsoft.DesktopVirtualization/hostPools", "hp1")
    az("rest", "-m", "put", "-u", pool + "?api-version=2022-09-09", "-b", json.dumps({"location": REGION, "properties": {
        "hostPoolType": "Personal", "loadBalancerType": "Persistent", "personalDesktopAssignmentType": "Direct",
        "preferredAppGroupType": "Desktop"}})).works(name="hp1")
    az("resource", "update", "--ids", pool, "--set", "properties.friendlyName=x").works()
    az("resource", "show", "--ids", pool).works(properties__friendlyName="x")
    az("resource", "tag", "--ids", pool, "--tags", "q=r").works()
    az("rest", "-m", "post", "-u", pool + "/retrieveRegistrationToken?api-version=2022-09-09").works()

    def create(kind, name, properties):
        return az("resource", "create", *place, "-n", name, "--resource-type", kind, "--properties", json.dumps(properties)).works().json

    kinds = [("Microsoft.DesktopVirtualization/applicationGroups", {"hostPoolArmPath": pool, "applicationGroupType": "Desktop"}),
             ("Microsoft.DesktopVirtualization/workspaces", {"friendlyName": "w"}),
             ("Microsoft.Network/firewallPolicies", {"threatIntelMode": "Alert"})]
    for kind, properties in kinds:
        made = create(kind, "one", properties)
        az("resource", "show", "--ids", made["id"]).works(name=made["name"])
        listed = az("resource", "list", *place, "--resource-type", kind).works().json
        assert [item["id"].lower() for item in listed] == [made["id"].lower()], listed
        az("resource", "delete", "--ids", made["id"]).works()
        az("resource", "show", "--ids", made["id"]).fails("ResourceNotFound")
    assert "hp1" in az("resource", "list", "--tag", "q=r").works().out
    az("resource", "delete", "--ids", pool).works()


main(dict(globals()), before, lambda: ended_well(CLOUD))
