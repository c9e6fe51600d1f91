// SPDX-License-Identifier: Apache-2.0
// @azure/arm-compute: machines with their networks, disks and extensions; images and galleries.
import assert from 'node:assert/strict';
import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { claim, collect, manage, names, prove, refused, serve, soon, sovereign, until } from './wire.mjs';

const about = await serve();
const compute = manage(ComputeManagementClient, about, sovereign(about));
const network = manage(NetworkManagementClient, about);
const location = 'usgovvirginia';
const CP = 'Microsoft.Compute';
const ALL = ['create', 'get', 'list', 'update', 'delete'];
const cells = (type, ...operations) => operations.map((operation) => `${CP}/${type} | ${operation}`);
const group = `/subscriptions/${about.subscription}/resourceGroups/vms`;

await manage(ResourceManagementClient, about).resourceGroups.createOrUpdate('vms', { location });
await network.virtualNetworks.beginCreateOrUpdateAndWait('vms', 'vnet', { location, addressSpace: { addressPrefixes: ['10.1.0.0/16'] },
  subnets: [{ name: 'hosts', addressPrefix: '10.1.0.0/24' }] }, soon);
const nic = (name) => network.networkInterfaces.beginCreateOrUpdateAndWait('vms', name, { location, ipConfigurations: [{ name: 'primary', primary: true,
  subnet: { id: `${group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/hosts` }, privateIPAllocationMethod: 'Dynamic' }] }, soon);
const machine = (name) => ({ location, zones: ['1'], identity: { type: 'SystemAssigned' }, hardwareProfile: { vmSize: 'Standard_DC4as_v5' }, licenseType: 'Windows_Client',
  securityProfile: { securityType: 'ConfidentialVM', uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } },
  osProfile: { computerName: name, adminUsername: 'avdadmin', adminPassword: 'Zb7!kQ2#wR9$mT4x', windowsConfiguration: { provisionVMAgent: true } },
  storageProfile: { imageReference: { publisher: 'microsoftwindowsdesktop', offer: 'windows-11', sku: 'win11-25h2-ent', version: 'latest' },
    osDisk: { name: `${name}-os`, createOption: 'FromImage', caching: 'ReadWrite', deleteOption: 'Delete',
      managedDisk: { storageAccountType: 'Premium_LRS', securityProfile: { securityEncryptionType: 'VMGuestStateOnly' } } } },
  networkProfile: { networkInterfaces: [{ id: `${group}/providers/Microsoft.Network/networkInterfaces/${name}-nic`, primary: true }] },
  diagnosticsProfile: { bootDiagnostics: { enabled: true } } });
const power = async (name) => (await compute.virtualMachines.instanceView('vms', name)).statuses.map((status) => status.code).find((code) => code.startsWith('PowerState/'));

claim('a confidential machine is made, shown with its view, listed and changed', cells('virtualMachines', 'create', 'get', 'list', 'update', 'instanceView'), async () => {
  await nic('one-nic');
  const made = await compute.virtualMachines.createOrUpdate('vms', 'one', machine('one'), soon);
  assert.equal(made.provisioningState, 'Succeeded');
  assert.match(made.vmId, /^[0-9a-f-]{36}$/);
  assert.match(made.identity.principalId, /^[0-9a-f-]{36}$/);
  assert.equal(made.osProfile.adminPassword, undefined);
  await until(() => compute.virtualMachines.get('vms', 'one', { expand: 'instanceView' }), (vm) => vm.instanceView.vmAgent.statuses[0].displayStatus === 'Ready');
  assert.equal(await power('one'), 'PowerState/running');
  assert.deepEqual((await compute.virtualMachines.update('vms', 'one', { tags: { a: 'b' } }, soon)).tags, { a: 'b' });
  assert.deepEqual(await names(compute.virtualMachines.listAll()), ['one']);
  assert.deepEqual(await names(compute.virtualMachines.list('vms')), ['one']);
  assert.match((await network.networkInterfaces.get('vms', 'one-nic')).virtualMachine.id, /virtualMachines\/one$/i);
});

claim('a machine is stopped, freed, started, restarted, redeployed and reapplied', cells('virtualMachines', 'powerOff', 'deallocate', 'start', 'restart', 'redeploy', 'reapply'), async () => {
  await compute.virtualMachines.powerOff('vms', 'one', soon);
  assert.equal(await power('one'), 'PowerState/stopped');
  await compute.virtualMachines.deallocate('vms', 'one', soon);
  assert.equal(await power('one'), 'PowerState/deallocated');
  await compute.virtualMachines.start('vms', 'one', soon);
  await compute.virtualMachines.restart('vms', 'one', soon);
  await compute.virtualMachines.redeploy('vms', 'one', soon);
  await compute.virtualMachines.reapply('vms', 'one', soon);
  assert.equal(await power('one'), 'PowerState/running');
});

claim('a poller can be kept as text and taken up again', cells('virtualMachines', 'restart'), async () => {
  const poller = compute.virtualMachines.restart('vms', 'one', soon);
  const kept = await poller.serialize();
  assert.equal(JSON.parse(kept).state.status, 'running');
  const { restorePoller } = await import('@azure/arm-compute');
  const again = restorePoller(compute, kept, compute.virtualMachines.restart, soon);
  await again.pollUntilDone();
  assert.equal(again.operationState.status, 'succeeded');
});

claim('what rules a machine\'s network is told by its interface', ['effectiveRouteTable', 'effectiveNetworkSecurityGroups'].map((o) => `Microsoft.Network/networkInterfaces | ${o}`), async () => {
  const routes = await network.networkInterfaces.beginGetEffectiveRouteTableAndWait('vms', 'one-nic', soon);
  assert.ok(routes.value.some((route) => route.addressPrefix[0] === '0.0.0.0/0' && route.nextHopType === 'Internet'));
  const rules = await network.networkInterfaces.beginListEffectiveNetworkSecurityGroupsAndWait('vms', 'one-nic', soon);
  assert.deepEqual(rules.value, []);
});

claim('an extension is put into the machine', cells('virtualMachines/extensions', ...ALL), async () => {
  const extension = { location, publisher: 'Microsoft.Azure.ActiveDirectory', typePropertiesType: 'AADLoginForWindows', typeHandlerVersion: '2.0', autoUpgradeMinorVersion: true };
  const made = await compute.virtualMachineExtensions.createOrUpdate('vms', 'one', 'AADLoginForWindows', { ...extension, location }, soon);
  assert.equal(made.provisioningState, 'Succeeded');
  await compute.virtualMachineExtensions.update('vms', 'one', 'AADLoginForWindows', { tags: { a: 'b' } }, soon);
  assert.deepEqual((await compute.virtualMachineExtensions.get('vms', 'one', 'AADLoginForWindows')).tags, { a: 'b' });
  assert.deepEqual((await compute.virtualMachineExtensions.list('vms', 'one')).value.map((item) => item.name), ['AADLoginForWindows']);
  await compute.virtualMachineExtensions.delete('vms', 'one', 'AADLoginForWindows', soon);
  assert.deepEqual((await compute.virtualMachineExtensions.list('vms', 'one')).value, []);
});

claim('a managed disk of its own, and the machine\'s', cells('disks', ...ALL), async () => {
  const made = await compute.disks.createOrUpdate('vms', 'data', { location, sku: { name: 'Premium_LRS' }, creationData: { createOption: 'Empty' }, diskSizeGB: 64 }, soon);
  assert.equal(made.diskState, 'Unattached');
  assert.equal((await compute.disks.update('vms', 'data', { diskSizeGB: 128 }, soon)).diskSizeGB, 128);
  assert.equal((await compute.disks.get('vms', 'one-os')).diskState, 'Attached');
  assert.deepEqual(await names(compute.disks.list()), ['data', 'one-os']);
  await refused(Promise.resolve(compute.disks.delete('vms', 'one-os', soon)), 409, 'OperationNotAllowed');
  await compute.disks.delete('vms', 'data', soon);
  assert.deepEqual(await names(compute.disks.listByResourceGroup('vms')), ['one-os']);
});

claim('sizes, usages and images are listed', [...cells('skus', 'list'), ...cells('usages', 'list'), ...cells('locations/publishers', 'list')], async () => {
  const skus = await collect(compute.resourceSkus.list({ filter: `location eq '${location}'` }));
  assert.ok(skus.some((sku) => sku.name === 'Standard_DC4as_v5' && sku.capabilities.some((c) => c.name === 'ConfidentialComputingType' && c.value === 'SNP')));
  const usages = await collect(compute.usage.list(location));
  assert.ok(usages.some((usage) => usage.name.value === 'cores' && usage.currentValue === 4));
  const images = await compute.virtualMachineImages.list(location, 'microsoftwindowsdesktop', 'windows-11', 'win11-25h2-ent');
  assert.ok(images.length > 0 && images[0].id.length > 0);
});

claim('a gallery, its images and their versions', [...cells('galleries', ...ALL), ...cells('galleries/images', ...ALL)], async () => {
  await compute.galleries.createOrUpdate('vms', 'gal', { location, description: 'images' }, soon);
  assert.equal((await compute.galleries.update('vms', 'gal', { tags: { a: 'b' } }, soon)).tags.a, 'b');
  assert.equal((await compute.galleries.get('vms', 'gal')).provisioningState, 'Succeeded');
  await compute.galleries.createOrUpdate('vms', 'gone', { location }, soon);
  assert.deepEqual(await names(compute.galleries.list()), ['gal', 'gone']);
  await compute.galleries.delete('vms', 'gone', soon);
  assert.deepEqual(await names(compute.galleries.listByResourceGroup('vms')), ['gal']);
  const image = { location, osType: 'Windows', osState: 'Generalized', hyperVGeneration: 'V2', architecture: 'x64', identifier: { publisher: 'contoso', offer: 'w11', sku: 'cvm' },
    features: [{ name: 'SecurityType', value: 'TrustedLaunchAndConfidentialVmSupported' }] };
  const made = await compute.galleryImages.createOrUpdate('vms', 'gal', 'desk', image, soon);
  assert.equal(made.features[0].value, 'TrustedLaunchAndConfidentialVmSupported');
  await compute.galleryImages.update('vms', 'gal', 'desk', { description: 'told', osType: 'Windows', osState: 'Generalized', identifier: image.identifier }, soon);
  assert.equal((await compute.galleryImages.get('vms', 'gal', 'desk')).description, 'told');
  await compute.galleryImages.createOrUpdate('vms', 'gal', 'gone', { ...image, identifier: { ...image.identifier, sku: 'other' } }, soon);
  assert.deepEqual(await names(compute.galleryImages.listByGallery('vms', 'gal')), ['desk', 'gone']);
  await compute.galleryImages.delete('vms', 'gal', 'gone', soon);
  assert.deepEqual(await names(compute.galleryImages.listByGallery('vms', 'gal')), ['desk']);
});

claim('what is wrong is refused with Azure\'s code', cells('virtualMachines', 'refused: InvalidParameter', 'refused: ResourceNotFound'), async () => {
  await nic('two-nic');
  const plain = machine('two');
  const wrong = async (change, code, word) => refused(Promise.resolve(compute.virtualMachines.createOrUpdate('vms', 'two', { ...plain, ...change }, soon)), 400, code, word);
  await wrong({ hardwareProfile: { vmSize: 'Standard_Nonsense' } }, 'InvalidParameter', /Standard_Nonsense/);
  await wrong({ osProfile: { ...plain.osProfile, adminPassword: 'weak' } }, 'InvalidParameter', /must be between 12-123 characters/);
  await refused(compute.virtualMachines.get('vms', 'nobody'), 404, 'ResourceNotFound', /Microsoft.Compute\/virtualMachines\/nobody/);
});

claim('a machine goes, and its disk with it', cells('virtualMachines', 'delete'), async () => {
  await compute.virtualMachines.delete('vms', 'one', soon);
  await refused(compute.virtualMachines.get('vms', 'one'), 404, 'ResourceNotFound');
  await refused(compute.disks.get('vms', 'one-os'), 404, 'ResourceNotFound');
});

await prove();
