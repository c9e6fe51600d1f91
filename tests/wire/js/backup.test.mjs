// SPDX-License-Identifier: Apache-2.0
// @azure/arm-recoveryservices and -recoveryservicesbackup: a machine is protected.
import assert from 'node:assert/strict';
import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { RecoveryServicesClient } from '@azure/arm-recoveryservices';
import { RecoveryServicesBackupClient } from '@azure/arm-recoveryservicesbackup';
import { ResourceManagementClient } from '@azure/arm-resources';
import { claim, collect, manage, names, prove, refused, serve, soon, sovereign, until } from './wire.mjs';

const about = await serve();
const vaults = manage(RecoveryServicesClient, about, sovereign(about));
const backup = manage(RecoveryServicesBackupClient, about, sovereign(about));
const compute = manage(ComputeManagementClient, about, sovereign(about));
const network = manage(NetworkManagementClient, about);
const location = 'usgovvirginia';
const RSV = 'Microsoft.RecoveryServices/vaults';
const ALL = ['create', 'get', 'list', 'update', 'delete'];
const cells = (type, ...operations) => operations.map((operation) => `${type} | ${operation}`);
const group = `/subscriptions/${about.subscription}/resourceGroups/safe`;
const container = 'iaasvmcontainer;iaasvmcontainerv2;safe;one';
const item = 'vm;iaasvmcontainerv2;safe;one';

await manage(ResourceManagementClient, about).resourceGroups.createOrUpdate('safe', { location });

claim('a vault for backups', cells(RSV, ...ALL), async () => {
  const body = { location, sku: { name: 'RS0', tier: 'Standard' }, properties: { publicNetworkAccess: 'Enabled',
    redundancySettings: { standardTierStorageRedundancy: 'LocallyRedundant', crossRegionRestore: 'Disabled' } } };
  const made = await vaults.vaults.beginCreateOrUpdateAndWait('safe', 'rsv', body, soon);
  assert.equal(made.properties.provisioningState, 'Succeeded');
  assert.equal(made.properties.redundancySettings.standardTierStorageRedundancy, 'LocallyRedundant');
  await vaults.vaults.beginUpdateAndWait('safe', 'rsv', { tags: { a: 'b' } }, soon);
  assert.deepEqual((await vaults.vaults.get('safe', 'rsv')).tags, { a: 'b' });
  await vaults.vaults.beginCreateOrUpdateAndWait('safe', 'gone', body, soon);
  assert.deepEqual(await names(vaults.vaults.listBySubscriptionId()), ['gone', 'rsv']);
  await vaults.vaults.beginDeleteAndWait('safe', 'gone', soon);
  assert.deepEqual(await names(vaults.vaults.listByResourceGroup('safe')), ['rsv']);
});

claim('a policy says when, and for how long', cells(`${RSV}/backupPolicies`, ...ALL), async () => {
  const at = new Date('2026-01-01T23:00:00Z');
  const policy = (days) => ({ properties: { backupManagementType: 'AzureIaasVM', policyType: 'V2', instantRpRetentionRangeInDays: 2, timeZone: 'Eastern Standard Time',
    schedulePolicy: { schedulePolicyType: 'SimpleSchedulePolicyV2', scheduleRunFrequency: 'Daily', dailySchedule: { scheduleRunTimes: [at] } },
    retentionPolicy: { retentionPolicyType: 'LongTermRetentionPolicy', dailySchedule: { retentionTimes: [at], retentionDuration: { count: days, durationType: 'Days' } } } } });
  await backup.protectionPolicies.createOrUpdate('rsv', 'safe', 'daily', policy(30));
  await until(() => backup.protectionPolicies.createOrUpdate('rsv', 'safe', 'daily', policy(40)).catch((error) => error), (is) => !(is instanceof Error));
  const read = await until(() => backup.protectionPolicies.get('rsv', 'safe', 'daily'), (is) => is.properties.retentionPolicy.dailySchedule.retentionDuration.count === 40);
  assert.equal(read.properties.policyType, 'V2');
  await backup.protectionPolicies.createOrUpdate('rsv', 'safe', 'gone', policy(30));
  assert.ok((await names(backup.backupPolicies.list('rsv', 'safe'))).includes('daily'));
  await backup.protectionPolicies.beginDeleteAndWait('rsv', 'safe', 'gone', soon);
  await refused(backup.protectionPolicies.get('rsv', 'safe', 'gone'), 404, 'ResourceNotFound');
});

claim('a machine is protected, backed up on demand, and released', cells(`${RSV}/backupFabrics/protectionContainers/protectedItems`, 'create', 'get', 'list', 'update', 'backup', 'delete'), async () => {
  await network.virtualNetworks.beginCreateOrUpdateAndWait('safe', 'vnet', { location, addressSpace: { addressPrefixes: ['10.1.0.0/16'] }, subnets: [{ name: 'hosts', addressPrefix: '10.1.0.0/24' }] }, soon);
  await network.networkInterfaces.beginCreateOrUpdateAndWait('safe', 'nic', { location, ipConfigurations: [{ name: 'primary', primary: true,
    subnet: { id: `${group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/hosts` } }] }, soon);
  await compute.virtualMachines.createOrUpdate('safe', 'one', { location, hardwareProfile: { vmSize: 'Standard_D4as_v5' },
    osProfile: { computerName: 'one', adminUsername: 'avdadmin', adminPassword: 'Zb7!kQ2#wR9$mT4x' },
    securityProfile: { securityType: 'TrustedLaunch', uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } },
    storageProfile: { imageReference: { publisher: 'microsoftwindowsdesktop', offer: 'windows-11', sku: 'win11-25h2-ent', version: 'latest' }, osDisk: { createOption: 'FromImage' } },
    networkProfile: { networkInterfaces: [{ id: `${group}/providers/Microsoft.Network/networkInterfaces/nic` }] } }, soon);
  const protect = { properties: { protectedItemType: 'Microsoft.Compute/virtualMachines', sourceResourceId: `${group}/providers/Microsoft.Compute/virtualMachines/one`,
    policyId: `${group}/providers/Microsoft.RecoveryServices/vaults/rsv/backupPolicies/daily` } };
  const where = ['rsv', 'safe', 'Azure', container, item];
  await backup.protectedItems.createOrUpdate(...where, protect);
  const read = await until(() => backup.protectedItems.get(...where).catch((error) => ({ error })), (is) => is.properties?.protectionState);
  assert.match(read.properties.sourceResourceId, /virtualMachines\/one$/);
  await until(() => backup.protectedItems.createOrUpdate(...where, protect).catch((error) => error), (is) => !(is instanceof Error));
  const [listed] = await collect(backup.backupProtectedItems.list('rsv', 'safe', { filter: "backupManagementType eq 'AzureIaasVM'" }));
  assert.equal(listed.properties.friendlyName, 'one');
  await backup.backups.trigger(...where, { properties: { objectType: 'IaasVMBackupRequest', recoveryPointExpiryTimeInUTC: new Date(Date.now() + 20 * 86400e3) } });
  const jobs = await until(() => collect(backup.backupJobs.list('rsv', 'safe')), (all) => all.some((job) => job.properties.operation === 'Backup' && job.properties.status === 'Completed'));
  assert.ok(jobs.some((job) => job.properties.operation === 'ConfigureBackup'));
  await backup.protectedItems.delete(...where);
  await until(() => collect(backup.backupProtectedItems.list('rsv', 'safe', { filter: "backupManagementType eq 'AzureIaasVM'" })),
    (all) => all.every((it) => it.properties.isScheduledForDeferredDelete));
});

await prove();
