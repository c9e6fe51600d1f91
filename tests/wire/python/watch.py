#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's Python SDKs: what watches an enclave, what it may cost, who may, and its backup."""
import datetime
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import REGION, claim, ended_well, main  # pylint: disable=wrong-import-position
from sdk import CLOUD, RESOURCES, client, fails, group, names, until

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.consumption import ConsumptionManagementClient
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup.activestamp import RecoveryServicesBackupClient
from azure.mgmt.recoveryservicesbackup.activestamp.models import (
    AzureIaaSComputeVMProtectedItem, BackupRequestResource, IaasVMBackupRequest, ProtectedItemResource)
from azure.mgmt.securityinsight import SecurityInsights

TAGS = {"tags": {"a": "b"}}
LOGS = client(LogAnalyticsManagementClient)
MONITOR = client(MonitorManagementClient)


def make_workspace(place, name="logs", **more):
    return LOGS.workspaces.begin_create_or_update(place, name, {
        "location": REGION, "sku": {"name": "PerGB2018"}, "retention_in_days": 31, **more}).result()


@claim("Microsoft.OperationalInsights/workspaces | create, get, list, update, delete, poll, sharedKeys",
       "Microsoft.SecurityInsights/onboardingStates | create, get, list, delete")
def a_workspace_of_logs_is_onboarded():
    place = group("logs")
    made = make_workspace(place)
    assert made.provisioning_state == "Succeeded" and uuid.UUID(made.customer_id), made
    assert LOGS.workspaces.update(place, "logs", {"retention_in_days": 60}).retention_in_days == 60
    assert LOGS.workspaces.get(place, "logs").retention_in_days == 60
    keys = LOGS.shared_keys.get_shared_keys(place, "logs")
    assert keys.primary_shared_key and keys.primary_shared_key != keys.secondary_shared_key
    states = client(SecurityInsights).sentinel_onboarding_states
    states.create(place, "logs", "default", {"customer_managed_key": False})
    assert states.get(place, "logs", "default").customer_managed_key is False
    assert names(states.list(place, "logs").value) == ["default"]
    states.delete(place, "logs", "default")
    fails(ResourceNotFoundError, "NotFound", lambda: states.get(place, "logs", "default"))
    assert names(LOGS.workspaces.list_by_resource_group(place)) == ["logs"]
    LOGS.workspaces.begin_delete(place, "logs", force=True).result()
    assert names(LOGS.workspaces.list_by_resource_group(place)) == []


@claim("Microsoft.Insights/dataCollectionRules | create, get, list, update, delete",
       "Microsoft.Insights/dataCollectionRuleAssociations | create, get, list, update, delete",
       "Microsoft.Insights/diagnosticSettings | create, get, list, update, delete")
def what_is_collected_goes_to_a_workspace():
    place = group("collect")
    workspace = make_workspace(place)
    rules, bonds = MONITOR.data_collection_rules, MONITOR.data_collection_rule_associations
    body = {"location": REGION, "kind": "Windows", "destinations": {"log_analytics": [{"name": "logs", "workspace_resource_id": workspace.id}]},
            "data_sources": {"performance_counters": [{"name": "cpu", "streams": ["Microsoft-Perf"], "sampling_frequency_in_seconds": 30,
                                                       "counter_specifiers": ["\\Memory\\Available Mbytes"]}]},
            "data_flows": [{"streams": ["Microsoft-Perf"], "destinations": ["logs"]}]}
    rule = rules.create(place, "rule", body)
    assert rule.immutable_id.startswith("dcr-") and rules.update(place, "rule", TAGS).tags == TAGS["tags"]
    assert rules.get(place, "rule").provisioning_state == "Succeeded"
    target = client(ManagedServiceIdentityClient).user_assigned_identities.create_or_update(place, "target", {"location": REGION})
    for description in ("first", "second"):
        bonds.create(target.id, "bond", {"data_collection_rule_id": rule.id, "description": description})
    assert bonds.get(target.id, "bond").description == "second" and names(bonds.list_by_resource(target.id)) == ["bond"]
    fails(ResourceExistsError, "Conflict", lambda: rules.delete(place, "rule"))
    bonds.delete(target.id, "bond")
    rules.delete(place, "rule")
    assert names(rules.list_by_resource_group(place)) == []
    settings = MONITOR.diagnostic_settings
    for enabled in (False, True):
        settings.create_or_update(workspace.id, "audit", {"workspace_id": workspace.id, "logs": [{"category": "Audit", "enabled": enabled}]})
    assert settings.get(workspace.id, "audit").logs[0].enabled and names(settings.list(workspace.id)) == ["audit"]
    settings.delete(workspace.id, "audit")
    assert names(settings.list(workspace.id)) == []


@claim("Microsoft.Insights/actionGroups | create, get, list, update, delete",
       "Microsoft.Insights/activityLogAlerts | create, get, list, update, delete",
       "Microsoft.Insights/metricAlerts | create, get, list, update, delete",
       "Microsoft.Insights/scheduledQueryRules | create, get, list, update, delete")
def alerts_call_a_group_of_people():
    place = group("alerts")
    scope, workspace = f"{CLOUD.scope}/resourceGroups/{place}", make_workspace(place)
    people = MONITOR.action_groups.create_or_update(place, "ops", {
        "location": "Global", "group_short_name": "ops", "enabled": True,
        "email_receivers": [{"name": "a", "email_address": "ops@contoso.us", "use_common_alert_schema": True}]})
    assert MONITOR.action_groups.update(place, "ops", TAGS).tags == TAGS["tags"]
    assert MONITOR.action_groups.get(place, "ops").group_short_name == "ops"
    deeds, beats = MONITOR.activity_log_alerts, MONITOR.metric_alerts
    deeds.create_or_update(place, "deeds", {"location": "Global", "enabled": True, "scopes": [scope],
                                            "condition": {"all_of": [{"field": "category", "equals": "Administrative"}]},
                                            "actions": {"action_groups": [{"action_group_id": people.id}]}})
    assert deeds.update(place, "deeds", {"enabled": False}).enabled is False
    assert len(deeds.get(place, "deeds").condition.all_of) == 1 and names(deeds.list_by_resource_group(place)) == ["deeds"]
    deeds.delete(place, "deeds")
    every = {"evaluation_frequency": "PT5M", "window_size": "PT15M", "scopes": [workspace.id], "enabled": True}
    beats.create_or_update(place, "beats", {"location": "global", "severity": 2, **every, "actions": [{"action_group_id": people.id}], "criteria": {
        "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "all_of": [{
            "criterion_type": "StaticThresholdCriterion", "name": "beats", "metric_name": "Heartbeat", "operator": "LessThan",
            "threshold": 1, "time_aggregation": "Total"}]}})
    assert beats.update(place, "beats", {"severity": 3}).severity == 3
    assert beats.get(place, "beats").criteria.all_of[0].threshold == 1 and names(beats.list_by_resource_group(place)) == ["beats"]
    beats.delete(place, "beats")
    query = CLOUD.id(place, "Microsoft.Insights/scheduledQueryRules", "query")
    for severity in (1, 2):  # this monitor SDK's own operations are of the shape before 2021
        RESOURCES.resources.begin_create_or_update_by_id(query, "2022-06-15", {"location": REGION, "kind": "LogAlert", "properties": {
            "severity": severity, "evaluationFrequency": "PT5M", "windowSize": "PT15M", "scopes": [workspace.id], "enabled": True,
            "criteria": {"allOf": [{"query": "Heartbeat | count", "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0,
                                    "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}}]}}}).result()
    assert RESOURCES.resources.get_by_id(query, "2022-06-15").properties["severity"] == 2
    assert names(RESOURCES.resources.list(filter="resourceType eq 'Microsoft.Insights/scheduledQueryRules'")) == ["query"]
    RESOURCES.resources.begin_delete_by_id(query, "2022-06-15").result()
    fails(ResourceNotFoundError, "ResourceNotFound", lambda: RESOURCES.resources.get_by_id(query, "2022-06-15"))
    assert names(MONITOR.action_groups.list_by_resource_group(place)) == ["ops"]
    MONITOR.action_groups.delete(place, "ops")
    assert names(MONITOR.action_groups.list_by_resource_group(place)) == []


@claim("Microsoft.Consumption/budgets | create, get, list, update, delete, error without its eTag")
def a_budget_is_changed_by_who_has_read_it():
    budgets = client(ConsumptionManagementClient).budgets
    month = datetime.datetime.utcnow().strftime("%Y-%m-01T00:00:00Z")
    body = {"category": "Cost", "amount": 100, "time_grain": "Monthly", "time_period": {"start_date": month}, "notifications": {
        "warning": {"enabled": True, "operator": "GreaterThanOrEqualTo", "threshold": 80, "threshold_type": "Actual",
                    "contact_emails": ["finance@contoso.us"]}}}
    made = budgets.create_or_update(CLOUD.scope, "b", body)
    assert made.amount == 100 and made.e_tag, made
    fails(HttpResponseError, "412", lambda: budgets.create_or_update(CLOUD.scope, "b", {**body, "amount": 200}))
    assert budgets.create_or_update(CLOUD.scope, "b", {**body, "amount": 200, "e_tag": made.e_tag}).amount == 200
    assert budgets.get(CLOUD.scope, "b").amount == 200 and names(budgets.list(CLOUD.scope)) == ["b"]
    budgets.delete(CLOUD.scope, "b")
    assert names(budgets.list(CLOUD.scope)) == []


@claim("Microsoft.Authorization/roleAssignments | create, get, list, delete, error RoleAssignmentExists, error RoleAssignmentUpdateNotPermitted",
       "Microsoft.Authorization/roleDefinitions | get, list",
       "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials | create, get, list, update, delete")
def an_identity_is_given_a_role_and_a_federated_credential():
    place, access, identities = group("who"), client(AuthorizationManagementClient), client(ManagedServiceIdentityClient)
    scope = f"{CLOUD.scope}/resourceGroups/{place}"
    (reader,) = access.role_definitions.list(scope, filter="roleName eq 'Reader'")
    assert access.role_definitions.get_by_id(reader.id).permissions[0].actions == ["*/read"]
    who = identities.user_assigned_identities.create_or_update(place, "who", {"location": REGION})
    body, name = {"role_definition_id": reader.id, "principal_id": who.principal_id, "principal_type": "ServicePrincipal"}, str(uuid.uuid4())
    assert access.role_assignments.create(scope, name, body).scope == scope
    fails(ResourceExistsError, "RoleAssignmentExists", lambda: access.role_assignments.create(scope, str(uuid.uuid4()), body))
    other = {**body, "role_definition_id": reader.id.replace(reader.name, "b24988ac-6180-42a0-ab88-20f7382dd24c")}
    fails(HttpResponseError, "RoleAssignmentUpdateNotPermitted", lambda: access.role_assignments.create(scope, name, other))
    assert access.role_assignments.get(scope, name).principal_id == who.principal_id
    assert names(access.role_assignments.list_for_scope(scope, filter=f"principalId eq '{who.principal_id}'")) == [name]
    assert access.role_assignments.delete(scope, name).name == name
    fails(ResourceNotFoundError, "RoleAssignmentNotFound", lambda: access.role_assignments.get(scope, name))
    federated = client(ManagedServiceIdentityClient, api_version="2022-01-31-preview").federated_identity_credentials
    for subject in ("job", "other"):
        federated.create_or_update(place, "who", "ci", {"issuer": "https://issuer.contoso.us", "subject": subject,
                                                        "audiences": ["api://AzureADTokenExchange"]})
    assert federated.get(place, "who", "ci").subject == "other" and names(federated.list(place, "who")) == ["ci"]
    federated.delete(place, "who", "ci")
    assert names(federated.list(place, "who")) == []


def protect_me(place):
    """A machine of its own; its id."""
    network = client(NetworkManagementClient)
    subnet = network.virtual_networks.begin_create_or_update(place, "vnet", {
        "location": REGION, "address_space": {"address_prefixes": ["10.1.0.0/16"]},
        "subnets": [{"name": "hosts", "address_prefix": "10.1.0.0/24"}]}).result().subnets[0]
    interface = network.network_interfaces.begin_create_or_update(place, "nic", {
        "location": REGION, "ip_configurations": [{"name": "primary", "subnet": {"id": subnet.id}}]}).result()
    return client(ComputeManagementClient).virtual_machines.begin_create_or_update(place, "one", {
        "location": REGION, "hardware_profile": {"vm_size": "Standard_D4as_v5"},
        "os_profile": {"computer_name": "one", "admin_username": "avdadmin", "admin_password": "Zb7!kQ2#wR9$mT4x"},
        "storage_profile": {"os_disk": {"create_option": "FromImage"}, "image_reference": {
            "publisher": "microsoftwindowsdesktop", "offer": "windows-11", "sku": "win11-25h2-ent", "version": "latest"}},
        "security_profile": {"security_type": "TrustedLaunch", "uefi_settings": {"secure_boot_enabled": True, "v_tpm_enabled": True}},
        "network_profile": {"network_interfaces": [{"id": interface.id}]}}).result().id


@claim("Microsoft.RecoveryServices/vaults | create, get, list, update, delete, poll",
       "Microsoft.RecoveryServices/vaults/backupPolicies | create, get, list, update, delete, poll",
       "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems | create, get, list, update, delete, backup")
def a_machine_is_protected_by_a_vault():
    place, vaults, backup = group("safe"), client(RecoveryServicesClient).vaults, client(RecoveryServicesBackupClient)
    body = {"location": REGION, "sku": {"name": "RS0", "tier": "Standard"}, "properties": {"public_network_access": "Enabled"}}
    made = vaults.begin_create_or_update(place, "rsv", body).result()
    assert made.properties.provisioning_state == "Succeeded", made
    assert vaults.begin_update(place, "rsv", TAGS).result().tags == TAGS["tags"] == vaults.get(place, "rsv").tags
    vaults.begin_create_or_update(place, "gone", body).result()
    vaults.delete(place, "gone")
    assert until(lambda: names(vaults.list_by_resource_group(place)), lambda there: there == ["rsv"])
    at = [datetime.datetime(2026, 1, 1, 23, tzinfo=datetime.timezone.utc)]

    def policy(days):
        return {"properties": {
            "backup_management_type": "AzureIaasVM", "policy_type": "V2", "instant_rp_retention_range_in_days": 2,
            "time_zone": "Eastern Standard Time",
            "schedule_policy": {"schedule_policy_type": "SimpleSchedulePolicyV2", "schedule_run_frequency": "Daily",
                                "daily_schedule": {"schedule_run_times": at}},
            "retention_policy": {"retention_policy_type": "LongTermRetentionPolicy", "daily_schedule": {
                "retention_times": at, "retention_duration": {"count": days, "duration_type": "Days"}}}}}

    policies, items = backup.protection_policies, backup.protected_items
    policies.create_or_update("rsv", place, "gone", policy(30))
    for days in (30, 40):
        until(lambda days=days: policies.create_or_update("rsv", place, "daily", policy(days)), lambda _: True)
    read = until(lambda: policies.get("rsv", place, "daily"),
                 lambda it: it.properties.retention_policy.daily_schedule.retention_duration.count == 40)
    policies.begin_delete("rsv", place, "gone").result()
    assert "daily" in names(backup.backup_policies.list("rsv", place)) and "gone" not in names(backup.backup_policies.list("rsv", place))
    fails(ResourceNotFoundError, "ResourceNotFound", lambda: policies.get("rsv", place, "gone"))
    machine = protect_me(place)
    where = ("rsv", place, "Azure", f"iaasvmcontainer;iaasvmcontainerv2;{place};one", f"vm;iaasvmcontainerv2;{place};one")
    protect = ProtectedItemResource(properties=AzureIaaSComputeVMProtectedItem(source_resource_id=machine, policy_id=read.id))
    items.create_or_update(*where, protect)
    assert until(lambda: items.get(*where), lambda it: it.properties.protection_state).properties.source_resource_id.lower() == machine.lower()
    until(lambda: items.create_or_update(*where, protect), lambda _: True)

    def listed():
        return list(backup.backup_protected_items.list("rsv", place, filter="backupManagementType eq 'AzureIaasVM'"))

    assert [item.properties.friendly_name for item in listed()] == ["one"]
    until_when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=20)
    backup.backups.trigger(*where, BackupRequestResource(properties=IaasVMBackupRequest(recovery_point_expiry_time_in_utc=until_when)))
    until(lambda: list(backup.backup_jobs.list("rsv", place)),
          lambda jobs: any(job.properties.operation == "Backup" and job.properties.status == "Completed" for job in jobs), 60)
    items.delete(*where)
    until(listed, lambda all_of_them: all(item.properties.is_scheduled_for_deferred_delete for item in all_of_them))


main(dict(globals()), None, lambda: ended_well(CLOUD))
