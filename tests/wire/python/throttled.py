#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's Python SDKs on a bad day: throttled, and after an error of the server."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, Cloud, claim, ended_well, main  # pylint: disable=wrong-import-position

from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource import ResourceManagementClient

CLOUD = Cloud("--fault", "throttle:times=3", "--fault", "server-error:times=2,type=Microsoft.Network/virtualNetworks").trust()
CREDENTIAL = CLOUD.credential()
RESOURCES = CLOUD.manage(ResourceManagementClient, CREDENTIAL)


@claim("Microsoft.Resources/resourceGroups | create, error SubscriptionRequestsThrottled",
       "Microsoft.Network/virtualNetworks | create")
def who_gives_up_is_told_and_who_waits_gets_through():
    hasty = CLOUD.manage(ResourceManagementClient, CREDENTIAL, retry_total=0)
    try:
        hasty.resource_groups.create_or_update("rg", {"location": REGION})
        raise AssertionError("it was not throttled")
    except HttpResponseError as error:
        assert (error.status_code, error.error.code) == (429, "SubscriptionRequestsThrottled"), error
    assert RESOURCES.resource_groups.create_or_update("rg", {"location": REGION}).name == "rg"
    network = CLOUD.manage(NetworkManagementClient, CREDENTIAL)
    made = network.virtual_networks.begin_create_or_update(
        "rg", "vnet", {"location": REGION, "address_space": {"address_prefixes": ["10.0.0.0/16"]}}).result()
    assert made.provisioning_state == "Succeeded"


main(dict(globals()), None, lambda: ended_well(CLOUD))
