#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's Python SDKs: locks, tags at a scope, free addresses, and endpoints that take logs."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, claim, ended_well, main  # pylint: disable=wrong-import-position
from sdk import CLOUD, CREDENTIAL, RESOURCES, client, fails, group, names, object_id, grant, until

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource import ManagementLockClient
from azure.monitor.ingestion import LogsIngestionClient

PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"  # Monitoring Metrics Publisher


@claim("Microsoft.Authorization/locks | create, get, list, update, delete, error ScopeLocked")
def what_is_locked_is_not_deleted():
    place, locks = group("locked"), client(ManagementLockClient).management_locks
    made = locks.create_or_update_at_resource_group_level(place, "keep", {"level": "CanNotDelete", "notes": "why"})
    assert (made.level, made.notes) == ("CanNotDelete", "why"), made
    assert names(locks.list_at_subscription_level()) == names(locks.list_at_resource_group_level(place)) == ["keep"]
    fails(ResourceExistsError, "ScopeLocked", lambda: RESOURCES.resource_groups.begin_delete(place))
    locks.create_or_update_at_resource_group_level(place, "keep", {"level": "ReadOnly"})
    assert locks.get_at_resource_group_level(place, "keep").level == "ReadOnly"
    fails(ResourceExistsError, "ScopeLocked", lambda: RESOURCES.resource_groups.update(place, {"tags": {"a": "b"}}))
    locks.delete_at_resource_group_level(place, "keep")
    fails(ResourceNotFoundError, "NotFound", lambda: locks.get_at_resource_group_level(place, "keep"))


@claim("Microsoft.Resources/tags | create, get, list, update, delete")
def tags_are_set_at_a_scope():
    scope, tags = f"{CLOUD.scope}/resourceGroups/{group('tagged')}", RESOURCES.tags
    assert tags.begin_create_or_update_at_scope(scope, {"properties": {"tags": {"a": "1"}}}).result().properties.tags == {"a": "1"}
    change = {"operation": "Merge", "properties": {"tags": {"b": "2"}}}
    assert tags.begin_update_at_scope(scope, change).result().properties.tags == {"a": "1", "b": "2"}
    assert tags.get_at_scope(scope).properties.tags == RESOURCES.resource_groups.get("tagged").tags == {"a": "1", "b": "2"}
    assert {"a", "b"} <= {item.tag_name for item in tags.list()}
    tags.begin_delete_at_scope(scope).result()
    assert tags.get_at_scope(scope).properties.tags == {}


@claim("Microsoft.Network/virtualNetworks | CheckIPAddressAvailability")
def an_address_is_free_or_not():
    place, networks = group("addresses"), client(NetworkManagementClient).virtual_networks
    networks.begin_create_or_update(place, "v1", {"location": REGION, "address_space": {"address_prefixes": ["10.0.0.0/16"]},
                                                  "subnets": [{"name": "s1", "address_prefix": "10.0.1.0/24"}]}).result()
    assert networks.check_ip_address_availability(place, "v1", "10.0.1.9").available
    taken = networks.check_ip_address_availability(place, "v1", "10.0.1.1")
    assert not taken.available and taken.available_ip_addresses[0] == "10.0.1.4", taken
    fails(HttpResponseError, "PrivateIPAddressNotInAnySubnet", lambda: networks.check_ip_address_availability(place, "v1", "10.9.0.1"))


def throw(error, _rows):
    raise error


class Government:
    """The client for ingestion asks for the public cloud's token, whatever it is told."""

    def get_token(self, *_scopes, **more):
        return CREDENTIAL.get_token("https://monitor.azure.us//.default", **more)


@claim("Microsoft.Insights/dataCollectionEndpoints | create, get, list, update, delete, packed logs")
def an_endpoint_takes_packed_logs():
    place, monitor = group("endpoints"), client(MonitorManagementClient)
    logs, points = client(LogAnalyticsManagementClient), monitor.data_collection_endpoints
    workspace = logs.workspaces.begin_create_or_update(place, "logs", {"location": REGION}).result()
    logs.tables.begin_create_or_update(place, "logs", "Own_CL", {"schema": {"name": "Own_CL", "columns": [
        {"name": "TimeGenerated", "type": "datetime"}, {"name": "Text", "type": "string"}]}}).result()
    made = points.create(place, "dce", {"location": REGION})
    assert made.immutable_id.startswith("dce-") and points.get(place, "dce").immutable_id == made.immutable_id
    assert points.update(place, "dce", {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert names(points.list_by_resource_group(place)) == ["dce"]
    # This SDK's own rules know no endpoint yet.
    rule = RESOURCES.resources.begin_create_or_update_by_id(
        CLOUD.id(place, "Microsoft.Insights/dataCollectionRules", "dcr"), "2023-03-11", {"location": REGION, "properties": {
            "dataCollectionEndpointId": made.id,
            "destinations": {"logAnalytics": [{"name": "law", "workspaceResourceId": workspace.id}]},
            "dataFlows": [{"streams": ["Custom-Own_CL"], "outputStream": "Custom-Own_CL", "destinations": ["law"]}]}}).result()

    def send():  # packed, in pieces of 1 MB
        LogsIngestionClient(made.logs_ingestion.endpoint, Government()).upload(
            rule.properties["immutableId"], "Custom-Own_CL", [{"Text": "one"}] * 1000, on_error=throw)
        return True

    fails(HttpResponseError, "OperationFailed", send)
    grant(rule.id, PUBLISHER, object_id())
    until(send, bool)
    monitor.data_collection_rules.delete(place, "dcr")
    points.delete(place, "dce")
    fails(ResourceNotFoundError, "ResourceNotFound", lambda: points.get(place, "dce"))


main(dict(globals()), None, lambda: ended_well(CLOUD))
