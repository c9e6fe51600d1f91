// SPDX-License-Identifier: Apache-2.0
// @azure/arm-imagebuilder with galleries: a template is built into a version that a machine could start from.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ImageBuilderClient } from '@azure/arm-imagebuilder';
import { ManagedServiceIdentityClient } from '@azure/arm-msi';
import { ResourceManagementClient } from '@azure/arm-resources';
import { claim, collect, manage, names, prove, refused, serve, soon, sovereign, until } from './wire.mjs';

const about = await serve();
const builder = manage(ImageBuilderClient, about, sovereign(about));
const compute = manage(ComputeManagementClient, about, sovereign(about));
const location = 'usgovvirginia';
const group = `/subscriptions/${about.subscription}/resourceGroups/images`;
const image = `${group}/providers/Microsoft.Compute/galleries/gal/images/desk`;
const CONTRIBUTOR = 'b24988ac-6180-42a0-ab88-20f7382dd24c';
const cells = (type, ...operations) => operations.map((operation) => `${type} | ${operation}`);
const TEMPLATE = 'Microsoft.VirtualMachineImages/imageTemplates';
const VERSION = 'Microsoft.Compute/galleries/images/versions';

await manage(ResourceManagementClient, about).resourceGroups.createOrUpdate('images', { location });
const identity = await manage(ManagedServiceIdentityClient, about).userAssignedIdentities.createOrUpdate('images', 'build', { location });
await manage(AuthorizationManagementClient, about).roleAssignments.create(group, randomUUID(), { principalId: identity.principalId, principalType: 'ServicePrincipal',
  roleDefinitionId: `/subscriptions/${about.subscription}/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}` });
await compute.galleries.createOrUpdate('images', 'gal', { location }, soon);
await compute.galleryImages.createOrUpdate('images', 'gal', 'desk', { location, osType: 'Windows', osState: 'Generalized', hyperVGeneration: 'V2',
  identifier: { publisher: 'contoso', offer: 'w11', sku: 'cvm' }, features: [{ name: 'SecurityType', value: 'TrustedLaunchAndConfidentialVmSupported' }] }, soon);
await new Promise((resolve) => setTimeout(resolve, 400)); // the role counts after some minutes of Azure's

const template = { location, identity: { type: 'UserAssigned', userAssignedIdentities: { [identity.id]: {} } },
  source: { type: 'PlatformImage', publisher: 'microsoftwindowsdesktop', offer: 'windows-11', sku: 'win11-25h2-ent', version: 'latest' },
    customize: [{ type: 'PowerShell', name: 'nothing', inline: ['exit 0'], runElevated: true }],
    distribute: [{ type: 'SharedImage', galleryImageId: image, runOutputName: 'out', excludeFromLatest: true, targetRegions: [{ name: location, replicaCount: 1 }] }],
    vmProfile: { vmSize: 'Standard_D4s_v5', osDiskSizeGB: 127 }, buildTimeoutInMinutes: 120 };

claim('a template is made, listed and changed', cells(TEMPLATE, 'create', 'get', 'list', 'update'), async () => {
  const made = await builder.virtualMachineImageTemplates.createOrUpdate('images', 'it', template, soon);
  assert.equal(made.provisioningState, 'Succeeded');
  await builder.virtualMachineImageTemplates.update('images', 'it', { tags: { a: 'b' } }, soon);
  assert.deepEqual((await builder.virtualMachineImageTemplates.get('images', 'it')).tags, { a: 'b' });
  assert.deepEqual(await names(builder.virtualMachineImageTemplates.list()), ['it']);
  assert.deepEqual(await names(builder.virtualMachineImageTemplates.listByResourceGroup('images')), ['it']);
});

claim('a build is cancelled, and one runs to its output', cells(TEMPLATE, 'run', 'cancel', 'runOutputs'), async () => {
  const cut = builder.virtualMachineImageTemplates.run('images', 'it', soon);
  await cut.submitted();
  await builder.virtualMachineImageTemplates.cancel('images', 'it', soon);
  await assert.rejects(Promise.resolve(cut));
  await builder.virtualMachineImageTemplates.run('images', 'it', soon);
  const read = await builder.virtualMachineImageTemplates.get('images', 'it');
  assert.equal(read.lastRunStatus.runState, 'Succeeded');
  const [output] = await collect(builder.virtualMachineImageTemplates.listRunOutputs('images', 'it'));
  assert.match(output.artifactId, /\/galleries\/gal\/images\/desk\/versions\/\d+\.\d+\.\d+$/i);
});

claim('the version that was built is read, promoted, listed and deleted', cells(VERSION, 'create', 'get', 'list', 'update', 'delete'), async () => {
  const [version] = await names(compute.galleryImageVersions.listByGalleryImage('images', 'gal', 'desk'));
  const made = await until(() => compute.galleryImageVersions.get('images', 'gal', 'desk', version, { expand: 'ReplicationStatus' }), (it) => it.provisioningState === 'Succeeded');
  assert.equal(made.replicationStatus.aggregatedState, 'Completed');
  assert.equal(made.publishingProfile.excludeFromLatest, true);
  const promoted = await compute.galleryImageVersions.createOrUpdate('images', 'gal', 'desk', version, { location, storageProfile: made.storageProfile,
    publishingProfile: { ...made.publishingProfile, excludeFromLatest: false } }, soon);
  assert.equal(promoted.publishingProfile.excludeFromLatest, false);
  await compute.galleryImageVersions.update('images', 'gal', 'desk', version, { tags: { a: 'b' } }, soon);
  await refused(Promise.resolve(compute.galleryImages.delete('images', 'gal', 'desk', soon)), 409, 'CannotDeleteResource');
  await compute.galleryImageVersions.delete('images', 'gal', 'desk', version, soon);
  await refused(compute.galleryImageVersions.get('images', 'gal', 'desk', version), 404, 'ResourceNotFound');
});

claim('a template goes', cells(TEMPLATE, 'delete', 'refused: ResourceNotFound'), async () => {
  await builder.virtualMachineImageTemplates.delete('images', 'it', soon);
  await refused(builder.virtualMachineImageTemplates.get('images', 'it'), 404, 'ResourceNotFound');
});

await prove();
