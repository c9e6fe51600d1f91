// SPDX-License-Identifier: Apache-2.0
// @azure/arm-desktopvirtualization: host pools and what people see of them.
import assert from 'node:assert/strict';
import { DesktopVirtualizationAPIClient } from '@azure/arm-desktopvirtualization';
import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { claim, manage, names, prove, refused, serve, soon, sovereign, until } from './wire.mjs';

const about = await serve();
const desktop = manage(DesktopVirtualizationAPIClient, about);
const resources = manage(ResourceManagementClient, about);
const location = 'usgovvirginia';
const AVD = 'Microsoft.DesktopVirtualization';
const cells = (type, ...operations) => operations.map((operation) => `${AVD}/${type} | ${operation}`);
const id = (type, name) => `/subscriptions/${about.subscription}/resourceGroups/avd/providers/${AVD}/${type}/${name}`;
const inDays = (days) => new Date(Date.now() + days * 86400e3);
const pool = { location, hostPoolType: 'Pooled', loadBalancerType: 'BreadthFirst', maxSessionLimit: 8, preferredAppGroupType: 'Desktop', startVMOnConnect: true };

await resources.resourceGroups.createOrUpdate('avd', { location });

claim('a host pool, and the token that hosts register with', cells('hostPools', 'create', 'get', 'list', 'update', 'delete',
  'retrieveRegistrationToken', 'listRegistrationTokens'), async () => {
  const made = await desktop.hostPools.createOrUpdate('avd', 'pool', pool);
  assert.equal(made.hostPoolType, 'Pooled');
  assert.equal(made.maxSessionLimit, 8);
  assert.match(made.objectId, /^[0-9a-f-]{36}$/);
  const update = { hostPool: { friendlyName: 'desktops', registrationInfo: { expirationTime: inDays(20), registrationTokenOperation: 'Update' } } };
  assert.equal((await desktop.hostPools.update('avd', 'pool', update)).friendlyName, 'desktops');
  const token = await desktop.hostPools.retrieveRegistrationToken('avd', 'pool');
  assert.equal(token.token.split('.').length, 3);
  const tokens = await desktop.hostPools.listRegistrationTokens('avd', 'pool');
  assert.equal(tokens.value.length, 1);
  const read = await desktop.hostPools.get('avd', 'pool');
  assert.equal(read.registrationInfo?.token ?? null, null);
  await desktop.hostPools.createOrUpdate('avd', 'gone', { ...pool, hostPoolType: 'Personal', loadBalancerType: 'Persistent', personalDesktopAssignmentType: 'Automatic' });
  assert.deepEqual(await names(desktop.hostPools.list()), ['gone', 'pool']);
  await desktop.hostPools.delete('avd', 'gone', { force: true });
  assert.deepEqual(await names(desktop.hostPools.listByResourceGroup('avd')), ['pool']);
});

claim('an application group and its desktop', [...cells('applicationGroups', 'create', 'get', 'list', 'update', 'delete'),
  ...cells('applicationGroups/desktops', 'get', 'list', 'update')], async () => {
  const group = { location, applicationGroupType: 'Desktop', hostPoolArmPath: id('hostPools', 'pool') };
  const made = await desktop.applicationGroups.createOrUpdate('avd', 'group', group);
  assert.equal(made.hostPoolArmPath.toLowerCase(), id('hostPools', 'pool').toLowerCase());
  await desktop.applicationGroups.update('avd', 'group', { applicationGroup: { friendlyName: 'shown' } });
  assert.equal((await desktop.applicationGroups.get('avd', 'group')).friendlyName, 'shown');
  assert.deepEqual(await names(desktop.applicationGroups.listBySubscription()), ['group']);
  assert.equal((await desktop.hostPools.get('avd', 'pool')).applicationGroupReferences.length, 1);
  const desktops = await names(desktop.desktops.list('avd', 'group'));
  assert.deepEqual(desktops, ['group/SessionDesktop']);
  await desktop.desktops.update('avd', 'group', 'SessionDesktop', { desktop: { friendlyName: 'My desk' } });
  assert.equal((await desktop.desktops.get('avd', 'group', 'SessionDesktop')).friendlyName, 'My desk');
  await refused(desktop.applicationGroups.createOrUpdate('avd', 'other', { ...group, hostPoolArmPath: id('hostPools', 'nowhere') }), 400, '400');
  await desktop.applicationGroups.createOrUpdate('avd', 'gone', { ...group, applicationGroupType: 'RemoteApp' });
  await desktop.applicationGroups.delete('avd', 'gone');
  assert.deepEqual(await names(desktop.applicationGroups.listByResourceGroup('avd')), ['group']);
});

claim('a workspace publishes application groups', cells('workspaces', 'create', 'get', 'list', 'update', 'delete'), async () => {
  const made = await desktop.workspaces.createOrUpdate('avd', 'space', { location, friendlyName: 'space', applicationGroupReferences: [id('applicationGroups', 'group')] });
  assert.equal(made.applicationGroupReferences.length, 1);
  await desktop.workspaces.update('avd', 'space', { workspace: { description: 'told' } });
  assert.equal((await desktop.workspaces.get('avd', 'space')).description, 'told');
  assert.match((await desktop.applicationGroups.get('avd', 'group')).workspaceArmPath, /space$/);
  await desktop.workspaces.createOrUpdate('avd', 'gone', { location });
  assert.deepEqual(await names(desktop.workspaces.listBySubscription()), ['gone', 'space']);
  await desktop.workspaces.delete('avd', 'gone');
  assert.deepEqual(await names(desktop.workspaces.listByResourceGroup('avd')), ['space']);
});

claim('a scaling plan and its schedules', [...cells('scalingPlans', 'create', 'get', 'list', 'update', 'delete'),
  ...cells('scalingPlans/pooledSchedules', 'create', 'get', 'list', 'update', 'delete')], async () => {
  const plan = { location, timeZone: 'Eastern Standard Time', hostPoolType: 'Pooled', schedules: [] };
  await desktop.scalingPlans.create('avd', 'plan', plan);
  await desktop.scalingPlans.update('avd', 'plan', { scalingPlan: { friendlyName: 'nights' } });
  assert.equal((await desktop.scalingPlans.get('avd', 'plan')).friendlyName, 'nights');
  const at = (hour) => ({ hour, minute: 0 });
  const schedule = { daysOfWeek: ['Monday', 'Tuesday'], rampUpStartTime: at(6), rampUpLoadBalancingAlgorithm: 'BreadthFirst', rampUpMinimumHostsPct: 20,
    rampUpCapacityThresholdPct: 60, peakStartTime: at(9), peakLoadBalancingAlgorithm: 'DepthFirst', rampDownStartTime: at(17), rampDownLoadBalancingAlgorithm: 'DepthFirst',
    rampDownMinimumHostsPct: 10, rampDownCapacityThresholdPct: 90, rampDownForceLogoffUsers: false, rampDownStopHostsWhen: 'ZeroSessions',
    rampDownWaitTimeMinutes: 30, rampDownNotificationMessage: 'soon', offPeakStartTime: at(20), offPeakLoadBalancingAlgorithm: 'DepthFirst' };
  await desktop.scalingPlanPooledSchedules.create('avd', 'plan', 'work', schedule);
  await desktop.scalingPlanPooledSchedules.update('avd', 'plan', 'work', { scalingPlanSchedule: { rampUpMinimumHostsPct: 30 } });
  assert.equal((await desktop.scalingPlanPooledSchedules.get('avd', 'plan', 'work')).rampUpMinimumHostsPct, 30);
  assert.equal((await names(desktop.scalingPlanPooledSchedules.list('avd', 'plan'))).length, 1);
  await desktop.scalingPlanPooledSchedules.delete('avd', 'plan', 'work');
  assert.deepEqual(await names(desktop.scalingPlans.listBySubscription()), ['plan']);
  await desktop.scalingPlans.delete('avd', 'plan');
  assert.deepEqual(await names(desktop.scalingPlans.listByResourceGroup('avd')), []);
});

claim('a machine whose agent registers is a host of its pool, until it is taken out', cells('hostPools/sessionHosts', 'create', 'get', 'list', 'update', 'delete'), async () => {
  const network = manage(NetworkManagementClient, about);
  const compute = manage(ComputeManagementClient, about, sovereign(about));
  const group = `/subscriptions/${about.subscription}/resourceGroups/avd`;
  await network.virtualNetworks.beginCreateOrUpdateAndWait('avd', 'vnet', { location, addressSpace: { addressPrefixes: ['10.1.0.0/16'] }, subnets: [{ name: 'hosts', addressPrefix: '10.1.0.0/24' }] }, soon);
  await network.networkInterfaces.beginCreateOrUpdateAndWait('avd', 'nic', { location, ipConfigurations: [{ name: 'primary', primary: true,
    subnet: { id: `${group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/hosts` } }] }, soon);
  await compute.virtualMachines.createOrUpdate('avd', 'host-1', { location, identity: { type: 'SystemAssigned' }, hardwareProfile: { vmSize: 'Standard_D4as_v5' }, licenseType: 'Windows_Client',
    osProfile: { computerName: 'host-1', adminUsername: 'avdadmin', adminPassword: 'Zb7!kQ2#wR9$mT4x' },
    securityProfile: { securityType: 'TrustedLaunch', uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } },
    storageProfile: { imageReference: { publisher: 'microsoftwindowsdesktop', offer: 'windows-11', sku: 'win11-25h2-avd', version: 'latest' }, osDisk: { createOption: 'FromImage' } },
    networkProfile: { networkInterfaces: [{ id: `${group}/providers/Microsoft.Network/networkInterfaces/nic` }] } }, soon);
  await compute.virtualMachineExtensions.createOrUpdate('avd', 'host-1', 'AADLoginForWindows', { location, publisher: 'Microsoft.Azure.ActiveDirectory', typePropertiesType: 'AADLoginForWindows',
    typeHandlerVersion: '2.0', autoUpgradeMinorVersion: true }, soon);
  const { token } = await desktop.hostPools.retrieveRegistrationToken('avd', 'pool');
  await compute.virtualMachineExtensions.createOrUpdate('avd', 'host-1', 'Microsoft.PowerShell.DSC', { location, publisher: 'Microsoft.Powershell', typePropertiesType: 'DSC', typeHandlerVersion: '2.83',
    autoUpgradeMinorVersion: true, settings: { configurationFunction: 'Configuration.ps1\\AddSessionHost', modulesUrl: 'https://wvdportalstorageblob.blob.core.usgovcloudapi.net/galleryartifacts/Configuration_1.0.02797.442.zip',
      properties: { hostPoolName: 'pool', registrationInfoTokenCredential: { UserName: 'PLACEHOLDER_DO_NOT_USE', Password: 'PrivateSettingsRef:RegistrationInfoToken' }, aadJoin: true } },
    protectedSettings: { Items: { RegistrationInfoToken: token } } }, soon);
  const host = await until(() => desktop.sessionHosts.get('avd', 'pool', 'host-1').catch((error) => error), (it) => it.status === 'Available');
  assert.match(host.resourceId, /virtualMachines\/host-1$/i);
  assert.deepEqual(await names(desktop.sessionHosts.list('avd', 'pool')), ['pool/host-1']);
  assert.equal((await desktop.sessionHosts.update('avd', 'pool', 'host-1', { sessionHost: { allowNewSession: false } })).allowNewSession, false);
  await desktop.sessionHosts.delete('avd', 'pool', 'host-1', { force: true });
  assert.deepEqual(await names(desktop.sessionHosts.list('avd', 'pool')), []);
});

claim('what is wrong is refused with Azure\'s code', cells('hostPools', 'refused: ResourceNotFound', 'refused: LocationNotAvailableForResourceType'), async () => {
  await refused(desktop.hostPools.get('avd', 'nowhere'), 404, 'ResourceNotFound');
  await refused(desktop.hostPools.createOrUpdate('avd', 'arizona', { ...pool, location: 'usdodeast' }), 400, 'LocationNotAvailableForResourceType');
});

await prove();
