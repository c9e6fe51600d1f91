// SPDX-License-Identifier: Apache-2.0
// @azure/arm-operationalinsights, -monitor, -msi, -authorization: what watches, and who may.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { MonitorClient } from '@azure/arm-monitor';
import { ManagedServiceIdentityClient } from '@azure/arm-msi';
import { OperationalInsightsManagementClient } from '@azure/arm-operationalinsights';
import { ResourceManagementClient } from '@azure/arm-resources';
import { claim, collect, manage, names, prove, refused, serve, soon, sovereign } from './wire.mjs';

const about = await serve();
const insights = manage(OperationalInsightsManagementClient, about);
const monitor = manage(MonitorClient, about, sovereign(about));
const identities = manage(ManagedServiceIdentityClient, about);
const access = manage(AuthorizationManagementClient, about);
const resources = manage(ResourceManagementClient, about);
const location = 'usgovvirginia';
const tags = { 'data-class': 'CUI' };
const group = `/subscriptions/${about.subscription}/resourceGroups/watch`;
const workspace = `${group}/providers/Microsoft.OperationalInsights/workspaces/logs`;
const cells = (type, ...operations) => operations.map((operation) => `${type} | ${operation}`);
const ALL = ['create', 'get', 'list', 'update', 'delete'];
const byId = (id, version) => ({ id, version });

await resources.resourceGroups.createOrUpdate('watch', { location });

claim('a workspace of logs', cells('Microsoft.OperationalInsights/workspaces', ...ALL, 'sharedKeys'), async () => {
  const body = { location, tags, sku: { name: 'PerGB2018' }, retentionInDays: 31 };
  const made = await insights.workspaces.beginCreateOrUpdateAndWait('watch', 'logs', body, soon);
  assert.match(made.customerId, /^[0-9a-f-]{36}$/);
  assert.equal(made.provisioningState, 'Succeeded');
  await insights.workspaces.update('watch', 'logs', { retentionInDays: 60 });
  assert.equal((await insights.workspaces.get('watch', 'logs')).retentionInDays, 60);
  const keys = await insights.sharedKeysOperations.getSharedKeys('watch', 'logs');
  assert.ok(keys.primarySharedKey.length > 40 && keys.primarySharedKey !== keys.secondarySharedKey);
  await insights.workspaces.beginCreateOrUpdateAndWait('watch', 'gone', body, soon);
  assert.deepEqual(await names(insights.workspaces.list()), ['gone', 'logs']);
  await insights.workspaces.beginDeleteAndWait('watch', 'gone', { force: true, ...soon });
  assert.deepEqual(await names(insights.workspaces.listByResourceGroup('watch')), ['logs']);
  await refused(insights.workspaces.get('watch', 'gone'), 404, 'ResourceNotFound');
});

claim('rules of collection, and what they are bound to', [...cells('Microsoft.Insights/dataCollectionRules', ...ALL),
  ...cells('Microsoft.Insights/dataCollectionRuleAssociations', ...ALL)], async () => {
  const rule = { location, kind: 'Windows', dataSources: { performanceCounters: [{ name: 'cpu', streams: ['Microsoft-Perf'], samplingFrequencyInSeconds: 30,
    counterSpecifiers: ['\\Memory\\Available Mbytes'] }] }, destinations: { logAnalytics: [{ name: 'logs', workspaceResourceId: workspace }] },
    dataFlows: [{ streams: ['Microsoft-Perf'], destinations: ['logs'] }] };
  const made = await monitor.dataCollectionRules.create('watch', 'rule', { body: rule });
  assert.match(made.immutableId, /^dcr-[0-9a-f]{32}$/);
  assert.deepEqual((await monitor.dataCollectionRules.update('watch', 'rule', { body: { tags } })).tags, tags);
  assert.equal((await monitor.dataCollectionRules.get('watch', 'rule')).provisioningState, 'Succeeded');
  await monitor.dataCollectionRules.create('watch', 'gone', { body: rule });
  assert.deepEqual(await names(monitor.dataCollectionRules.listBySubscription()), ['gone', 'rule']);
  await monitor.dataCollectionRules.delete('watch', 'gone');
  assert.deepEqual(await names(monitor.dataCollectionRules.listByResourceGroup('watch')), ['rule']);
  const to = await identities.userAssignedIdentities.createOrUpdate('watch', 'target', { location });
  await monitor.dataCollectionRuleAssociations.create(to.id, 'bound', { body: { dataCollectionRuleId: made.id } });
  await monitor.dataCollectionRuleAssociations.create(to.id, 'bound', { body: { dataCollectionRuleId: made.id, description: 'told' } });
  assert.equal((await monitor.dataCollectionRuleAssociations.get(to.id, 'bound')).description, 'told');
  assert.deepEqual(await names(monitor.dataCollectionRuleAssociations.listByResource(to.id)), ['bound']);
  assert.deepEqual(await names(monitor.dataCollectionRuleAssociations.listByRule('watch', 'rule')), ['bound']);
  await monitor.dataCollectionRuleAssociations.delete(to.id, 'bound');
  assert.deepEqual(await names(monitor.dataCollectionRuleAssociations.listByResource(to.id)), []);
});

claim('diagnostic settings on a resource', cells('Microsoft.Insights/diagnosticSettings', ...ALL), async () => {
  const settings = { workspaceId: workspace, logs: [{ category: 'Audit', enabled: true }], metrics: [{ category: 'AllMetrics', enabled: true }] };
  const made = await monitor.diagnosticSettings.createOrUpdate(workspace, 'audit', settings);
  assert.equal(made.logs[0].category, 'Audit');
  await monitor.diagnosticSettings.createOrUpdate(workspace, 'audit', { ...settings, metrics: [] });
  assert.equal((await monitor.diagnosticSettings.get(workspace, 'audit')).workspaceId.toLowerCase(), workspace.toLowerCase());
  assert.equal((await monitor.diagnosticSettings.list(workspace)).value.length, 1);
  await refused(monitor.diagnosticSettings.createOrUpdate(workspace, 'bad', { ...settings, logs: [{ category: 'Nonsense', enabled: true }] }), 400, 'BadRequest', /Nonsense/);
  await monitor.diagnosticSettings.delete(workspace, 'audit');
  await refused(monitor.diagnosticSettings.get(workspace, 'audit'), 404, 'ResourceNotFound');
});

claim('action groups, and alerts on metrics and activity', [...cells('Microsoft.Insights/actionGroups', ...ALL),
  ...cells('Microsoft.Insights/activityLogAlerts', ...ALL), ...cells('Microsoft.Insights/metricAlerts', ...ALL)], async () => {
  const people = { location: 'Global', groupShortName: 'ops', enabled: true, emailReceivers: [{ name: 'mail', emailAddress: 'ops@contoso.us', useCommonAlertSchema: true }] };
  const made = await monitor.actionGroups.createOrUpdate('watch', 'ops', people);
  assert.equal(made.emailReceivers[0].status, 'Enabled');
  assert.equal((await monitor.actionGroups.update('watch', 'ops', { tags, enabled: false })).enabled, false);
  assert.equal((await monitor.actionGroups.get('watch', 'ops')).groupShortName, 'ops');
  await monitor.actionGroups.createOrUpdate('watch', 'gone', people);
  assert.deepEqual(await names(monitor.actionGroups.listBySubscriptionId()), ['gone', 'ops']);
  await monitor.actionGroups.delete('watch', 'gone');
  assert.deepEqual(await names(monitor.actionGroups.listByResourceGroup('watch')), ['ops']);
  const alert = { location: 'Global', enabled: true, scopes: [group], condition: { allOf: [{ field: 'category', equals: 'Administrative' }] },
    actions: { actionGroups: [{ actionGroupId: made.id }] } };
  await monitor.activityLogAlerts.createOrUpdate('watch', 'deeds', alert);
  assert.equal((await monitor.activityLogAlerts.update('watch', 'deeds', { enabled: false })).enabled, false);
  assert.deepEqual(await names(monitor.activityLogAlerts.listBySubscriptionId()), ['deeds']);
  assert.equal((await monitor.activityLogAlerts.get('watch', 'deeds')).condition.allOf.length, 1);
  await monitor.activityLogAlerts.delete('watch', 'deeds');
  const metric = { location: 'global', severity: 2, enabled: true, scopes: [workspace], evaluationFrequency: 'PT5M', windowSize: 'PT15M', criteria: {
    odataType: 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria', allOf: [{ criterionType: 'StaticThresholdCriterion', name: 'beats', metricName: 'Heartbeat',
      operator: 'LessThan', threshold: 1, timeAggregation: 'Total' }] }, actions: [{ actionGroupId: made.id }] };
  await monitor.metricAlerts.createOrUpdate('watch', 'beats', metric);
  assert.equal((await monitor.metricAlerts.update('watch', 'beats', { severity: 3 })).severity, 3);
  assert.deepEqual(await names(monitor.metricAlerts.listBySubscription()), ['beats']);
  assert.equal((await monitor.metricAlerts.get('watch', 'beats')).criteria.allOf[0].threshold, 1);
  await monitor.metricAlerts.delete('watch', 'beats');
  assert.deepEqual(await names(monitor.metricAlerts.listByResourceGroup('watch')), []);
});

// What this month's @azure/arm-monitor has no current shape of, and types without a client of their
// own, go by @azure/arm-resources, which writes any resource by its id.
const generic = (type, at, body, change, read) => claim(`${type} by its id`, cells(type, 'create', 'get', ...(change ? ['update'] : []), ...(at.isListed ? ['list'] : []), 'delete'), async () => {
  const { id, version } = at;
  const made = await resources.resources.beginCreateOrUpdateByIdAndWait(id, version, body, soon);
  assert.equal(made.type.toLowerCase(), type.toLowerCase());
  if (change) await resources.resources.beginCreateOrUpdateByIdAndWait(id, version, change, soon);
  read((await resources.resources.getById(id, version)).properties);
  // The list of all resources has what stands in a group; extensions of others are not in it.
  if (at.isListed) assert.equal((await collect(resources.resources.list({ filter: `resourceType eq '${type}'` }))).length, 1);
  await resources.resources.beginDeleteByIdAndWait(id, version, soon);
  await refused(resources.resources.getById(id, version), 404, 'ResourceNotFound');
});

const query = { displayName: 'unavailable', severity: 1, enabled: true, scopes: [workspace], evaluationFrequency: 'PT5M', windowSize: 'PT15M', autoMitigate: true,
  criteria: { allOf: [{ query: 'Heartbeat | count', timeAggregation: 'Count', operator: 'GreaterThan', threshold: 0,
    failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 } }] } };
generic('Microsoft.Insights/scheduledQueryRules', { ...byId(`${group}/providers/Microsoft.Insights/scheduledQueryRules/q`, '2022-06-15'), isListed: true },
  { location, kind: 'LogAlert', properties: query }, { location, kind: 'LogAlert', properties: { ...query, severity: 2 } }, (properties) => assert.equal(properties.severity, 2));
generic('Microsoft.SecurityInsights/onboardingStates', byId(`${workspace}/providers/Microsoft.SecurityInsights/onboardingStates/default`, '2024-09-01'),
  { properties: { customerManagedKey: false } }, { properties: { customerManagedKey: false } }, (properties) => assert.equal(properties.customerManagedKey, false));
const month = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), 1)).toISOString();
const budget = (amount) => ({ properties: { category: 'Cost', amount, timeGrain: 'Monthly', timePeriod: { startDate: month }, notifications: {
  warning: { enabled: true, operator: 'GreaterThanOrEqualTo', threshold: 80, thresholdType: 'Actual', contactEmails: ['finance@contoso.us'] } } } });
generic('Microsoft.Consumption/budgets', byId(`/subscriptions/${about.subscription}/providers/Microsoft.Consumption/budgets/b`, '2023-11-01'),
  budget(100), null, (properties) => assert.equal(properties.amount, 100)); // a change needs an eTag, which this client cannot send

claim('a managed identity and its federated credentials', [...cells('Microsoft.ManagedIdentity/userAssignedIdentities', ...ALL),
  ...cells('Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials', ...ALL)], async () => {
  const made = await identities.userAssignedIdentities.createOrUpdate('watch', 'hosts', { location });
  assert.match(made.principalId, /^[0-9a-f-]{36}$/);
  assert.equal(made.tenantId, about.tenant);
  assert.deepEqual((await identities.userAssignedIdentities.update('watch', 'hosts', { tags })).tags, tags);
  assert.equal((await identities.userAssignedIdentities.get('watch', 'hosts')).clientId, made.clientId);
  assert.deepEqual(await names(identities.userAssignedIdentities.listBySubscription()), ['hosts', 'target']);
  await identities.userAssignedIdentities.delete('watch', 'target');
  assert.deepEqual(await names(identities.userAssignedIdentities.listByResourceGroup('watch')), ['hosts']);
  const federated = { issuer: 'https://issuer.contoso.us', subject: 'job', audiences: ['api://AzureADTokenExchange'] };
  await identities.federatedIdentityCredentials.createOrUpdate('watch', 'hosts', 'ci', federated);
  await identities.federatedIdentityCredentials.createOrUpdate('watch', 'hosts', 'ci', { ...federated, subject: 'other' });
  assert.equal((await identities.federatedIdentityCredentials.get('watch', 'hosts', 'ci')).subject, 'other');
  assert.deepEqual(await names(identities.federatedIdentityCredentials.list('watch', 'hosts')), ['ci']);
  await identities.federatedIdentityCredentials.delete('watch', 'hosts', 'ci');
  assert.deepEqual(await names(identities.federatedIdentityCredentials.list('watch', 'hosts')), []);
});

claim('roles are defined, assigned and taken away', [...cells('Microsoft.Authorization/roleAssignments', 'create', 'get', 'list', 'delete', 'refused: RoleAssignmentExists'),
  ...cells('Microsoft.Authorization/roleDefinitions', 'get', 'list')], async () => {
  const [reader] = await collect(access.roleDefinitions.list(group, { filter: "roleName eq 'reader'" }));
  assert.equal(reader.roleName, 'Reader');
  assert.equal((await access.roleDefinitions.getById(reader.id)).permissions[0].actions[0], '*/read');
  const who = await identities.userAssignedIdentities.get('watch', 'hosts');
  const assignment = { roleDefinitionId: reader.id, principalId: who.principalId, principalType: 'ServicePrincipal' };
  const name = randomUUID();
  const made = await access.roleAssignments.create(group, name, assignment);
  assert.equal(made.scope, group);
  await refused(access.roleAssignments.create(group, randomUUID(), assignment), 409, 'RoleAssignmentExists');
  assert.equal((await access.roleAssignments.get(group, name)).principalId, who.principalId);
  assert.deepEqual(await names(access.roleAssignments.listForScope(group, { filter: `principalId eq '${who.principalId}'` })), [name]);
  assert.ok((await names(access.roleAssignments.listForSubscription())).includes(name));
  assert.equal((await access.roleAssignments.delete(group, name)).name, name);
  await refused(access.roleAssignments.get(group, name), 404, 'RoleAssignmentNotFound');
});

await prove();
