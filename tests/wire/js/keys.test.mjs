// SPDX-License-Identifier: Apache-2.0
// @azure/arm-keyvault, @azure/keyvault-keys, @azure/keyvault-secrets: vaults, HSMs and what they hold.
import assert from 'node:assert/strict';
import { KeyVaultManagementClient } from '@azure/arm-keyvault';
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ResourceManagementClient } from '@azure/arm-resources';
import { KeyClient } from '@azure/keyvault-keys';
import { SecretClient } from '@azure/keyvault-secrets';
import { randomUUID } from 'node:crypto';
import { claim, collect, manage, names, prove, refused, serve, signIn, soon, sovereign, until } from './wire.mjs';

const about = await serve();
const credential = signIn(about);
const vaults = manage(KeyVaultManagementClient, about);
const access = manage(AuthorizationManagementClient, about);
const compute = manage(ComputeManagementClient, about, sovereign(about));
const location = 'usgovvirginia';
const KV = 'Microsoft.KeyVault';
const cells = (type, ...operations) => operations.map((operation) => `${KV}/${type} | ${operation}`);
const group = `/subscriptions/${about.subscription}/resourceGroups/keys`;
const vaultUrl = `https://kv-wire.vault.localhost:${about.port}`;
const hsmUrl = `https://hsm-wire.managedhsm.localhost:${about.port}`;
const whoIs = async (who) => JSON.parse(Buffer.from((await who.getToken(`${about.url}/.default`)).token.split('.')[1], 'base64url')).oid;
const me = await whoIs(credential);
const body = { location, properties: { tenantId: about.tenant, sku: { family: 'A', name: 'premium' }, enableRbacAuthorization: true,
  enablePurgeProtection: true, enableSoftDelete: true, softDeleteRetentionInDays: 7 } };
const SECRETS_USER = '4633458b-17de-408a-b874-0445c86b69e6';
const ADMINISTRATOR = '00482a5a-887f-4fb3-b363-3b7fe8e74483';
const policy = { version: '1.0.0', anyOf: [{ authority: 'https://sharedeus.eus.attest.azure.net/', allOf: [
  { claim: 'x-ms-attestation-type', equals: 'sevsnpvm' }, { claim: 'x-ms-compliance-status', equals: 'azure-compliant-cvm' }] }] };

await manage(ResourceManagementClient, about).resourceGroups.createOrUpdate('keys', { location });

claim('a vault is made, shown, listed, changed, deleted and listed as deleted', cells('vaults', 'create', 'get', 'list', 'update', 'delete', 'listDeleted', 'checkNameAvailability'), async () => {
  const made = await vaults.vaults.createOrUpdate('keys', 'kv-wire', body, soon);
  assert.equal(made.properties.vaultUri.replace(/\/$/, ''), vaultUrl);
  assert.equal((await vaults.vaults.get('keys', 'kv-wire')).properties.provisioningState, 'Succeeded');
  assert.deepEqual((await vaults.vaults.update('keys', 'kv-wire', { tags: { a: 'b' } })).tags, { a: 'b' });
  await vaults.vaults.createOrUpdate('keys', 'kv-wire-gone', body, soon);
  assert.deepEqual(await names(vaults.vaults.listBySubscription()), ['kv-wire', 'kv-wire-gone']);
  await vaults.vaults.delete('keys', 'kv-wire-gone');
  assert.deepEqual(await names(vaults.vaults.listByResourceGroup('keys')), ['kv-wire']);
  assert.deepEqual(await names(vaults.vaults.listDeleted()), ['kv-wire-gone']);
  assert.equal((await vaults.vaults.getDeleted('kv-wire-gone', location)).properties.vaultId, `${group}/providers/Microsoft.KeyVault/vaults/kv-wire-gone`);
  assert.equal((await vaults.vaults.checkNameAvailability({ name: 'kv-wire', type: 'Microsoft.KeyVault/vaults' })).nameAvailable, false);
});

claim('a vault lets nobody in before a role says so', cells('vaults/secrets', 'refused: Forbidden'), async () => {
  const reader = signIn(about, 1);
  const secrets = new SecretClient(vaultUrl, reader);
  await refused(secrets.getSecret('nothing'), 403, 'Forbidden', /not authorized/);
  await access.roleAssignments.create(`${group}/providers/Microsoft.KeyVault/vaults/kv-wire`, randomUUID(),
    { roleDefinitionId: `/subscriptions/${about.subscription}/providers/Microsoft.Authorization/roleDefinitions/${SECRETS_USER}`,
      principalId: await whoIs(reader), principalType: 'ServicePrincipal' });
  await until(() => secrets.getSecret('nothing').catch((error) => error), (error) => error.statusCode === 404);
  await refused(secrets.setSecret('nothing', 'x'), 403, 'Forbidden');
  await access.roleAssignments.create(`${group}/providers/Microsoft.KeyVault/vaults/kv-wire`, randomUUID(),
    { roleDefinitionId: `/subscriptions/${about.subscription}/providers/Microsoft.Authorization/roleDefinitions/${ADMINISTRATOR}`, principalId: me, principalType: 'ServicePrincipal' });
  await until(() => new SecretClient(vaultUrl, credential).getSecret('nothing').catch((error) => error), (error) => error.statusCode === 404);
});

claim('a secret, its versions, its deletion and its return', cells('vaults/secrets', 'create', 'get', 'list', 'update', 'delete', 'recover'), async () => {
  const secrets = new SecretClient(vaultUrl, credential);
  const first = await secrets.setSecret('password', 'one', { contentType: 'text/plain', tags: { a: 'b' } });
  await secrets.setSecret('password', 'two');
  assert.equal((await secrets.getSecret('password')).value, 'two');
  assert.equal((await secrets.getSecret('password', { version: first.properties.version })).value, 'one');
  assert.equal((await collect(secrets.listPropertiesOfSecretVersions('password'))).length, 2);
  await secrets.updateSecretProperties('password', first.properties.version, { enabled: false });
  await refused(secrets.getSecret('password', { version: first.properties.version }), 403, 'Forbidden', /disabled/);
  for (const n of [1, 2, 3, 4, 5]) await secrets.setSecret(`s${n}`, 'x');
  const sizes = [];
  for await (const page of secrets.listPropertiesOfSecrets().byPage({ maxPageSize: 4 })) sizes.push(page.length);
  assert.deepEqual(sizes, [4, 2]);
  const gone = await (await secrets.beginDeleteSecret('s1', { intervalInMs: 20 })).pollUntilDone();
  assert.ok(gone.recoveryId.startsWith(vaultUrl));
  await refused(secrets.getSecret('s1'), 404, 'SecretNotFound');
  await (await secrets.beginRecoverDeletedSecret('s1', { intervalInMs: 20 })).pollUntilDone();
  assert.equal((await secrets.getSecret('s1')).value, 'x');
});

claim('a key with a release policy, by which nobody but the attested gets it', cells('vaults/keys', 'create', 'get', 'list', 'update', 'delete'), async () => {
  const keys = new KeyClient(vaultUrl, credential);
  const made = await keys.createKey('cmk', 'RSA-HSM', { keySize: 3072, keyOps: ['wrapKey', 'unwrapKey'], exportable: true,
    releasePolicy: { encodedPolicy: Buffer.from(JSON.stringify(policy)) } });
  assert.equal(made.key.n.length, 384);
  const read = await keys.getKey('cmk');
  assert.equal(read.properties.exportable, true);
  assert.equal(JSON.parse(Buffer.from(read.properties.releasePolicy.encodedPolicy)).anyOf[0].authority, policy.anyOf[0].authority);
  assert.equal((await keys.updateKeyProperties('cmk', made.properties.version, { enabled: false })).properties.enabled, false);
  await keys.createKey('gone', 'RSA', { keySize: 2048 });
  assert.deepEqual(await names(keys.listPropertiesOfKeys()), ['cmk', 'gone']);
  assert.equal((await collect(keys.listPropertiesOfKeyVersions('cmk'))).length, 1);
  await (await keys.beginDeleteKey('gone', { intervalInMs: 20 })).pollUntilDone();
  await refused(keys.getKey('gone'), 404, 'KeyNotFound');
  await refused(keys.createKey('bad', 'RSA', { keySize: 1000 }), 400, 'BadParameter');
});

claim('an encryption set is bound to a key and read with its identity', ['create', 'get', 'list', 'update', 'delete', 'associatedResources'].map((o) => `Microsoft.Compute/diskEncryptionSets | ${o}`), async () => {
  const keys = new KeyClient(vaultUrl, credential);
  const { key } = await keys.createKey('disks', 'RSA-HSM', { keySize: 3072, exportable: true, releasePolicy: { encodedPolicy: Buffer.from(JSON.stringify(policy)) } });
  const set = { location, identity: { type: 'SystemAssigned' }, encryptionType: 'ConfidentialVmEncryptedWithCustomerKey',
    activeKey: { keyUrl: key.kid, sourceVault: { id: `${group}/providers/Microsoft.KeyVault/vaults/kv-wire` } } };
  const made = await compute.diskEncryptionSets.createOrUpdate('keys', 'des', set, soon);
  assert.match(made.identity.principalId, /^[0-9a-f-]{36}$/);
  assert.equal((await compute.diskEncryptionSets.get('keys', 'des')).activeKey.keyUrl, key.kid);
  assert.deepEqual((await compute.diskEncryptionSets.update('keys', 'des', { tags: { a: 'b' } }, soon)).tags, { a: 'b' });
  await compute.diskEncryptionSets.createOrUpdate('keys', 'gone', set, soon);
  assert.deepEqual(await names(compute.diskEncryptionSets.list()), ['des', 'gone']);
  assert.deepEqual(await collect(compute.diskEncryptionSets.listAssociatedResources('keys', 'des')), []);
  await compute.diskEncryptionSets.delete('keys', 'gone', soon);
  assert.deepEqual(await names(compute.diskEncryptionSets.listByResourceGroup('keys')), ['des']);
});

claim('an HSM is made by its poller, changed and deleted', cells('managedHSMs', 'create', 'get', 'list', 'update', 'delete', 'listDeleted'), async () => {
  const hsm = { location, sku: { family: 'B', name: 'Standard_B1' }, properties: { tenantId: about.tenant, initialAdminObjectIds: [me], enablePurgeProtection: true, softDeleteRetentionInDays: 7 } };
  const made = await vaults.managedHsms.createOrUpdate('keys', 'hsm-wire', hsm, soon);
  assert.equal(made.properties.hsmUri.replace(/\/$/, ''), hsmUrl);
  assert.equal((await vaults.managedHsms.get('keys', 'hsm-wire')).properties.provisioningState, 'Succeeded');
  assert.deepEqual((await vaults.managedHsms.update('keys', 'hsm-wire', { location, tags: { a: 'b' } }, soon)).tags, { a: 'b' });
  assert.deepEqual(await names(vaults.managedHsms.listBySubscription()), ['hsm-wire']);
  await vaults.managedHsms.createOrUpdate('keys', 'hsm-gone', hsm, soon);
  await vaults.managedHsms.delete('keys', 'hsm-gone', soon);
  assert.deepEqual(await names(vaults.managedHsms.listByResourceGroup('keys')), ['hsm-wire']);
  assert.deepEqual(await names(vaults.managedHsms.listDeleted()), ['hsm-gone']);
});

const CRYPTO_OFFICER = '515eb02d-2335-4d2d-92f2-b1cbdf9c3778';
const CRYPTO_USER = '21dbd100-6940-42c2-9190-5d6cb909625b';

// The SDK for an HSM's own roles is on no registry that this runs with: they are assigned by hand.
const assignAtHsm = async (role) => {
  const { token } = await credential.getToken(`https://managedhsm.localhost:${about.port}/.default`);
  const reply = await fetch(`${hsmUrl}/keys/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=7.4`, { method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ properties: { roleDefinitionId: `Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/${role}`, principalId: me } }) });
  assert.equal(reply.status, 201, await reply.text());
};

claim('an HSM holds a key that is released to the attested only', cells('managedHSMs/keys', 'create', 'get', 'list', 'update', 'delete', 'refused: AccessDenied'), async () => {
  await until(() => vaults.managedHsms.get('keys', 'hsm-wire'), (hsm) => hsm.properties.securityDomainProperties.activationStatus === 'Active');
  const keys = new KeyClient(hsmUrl, credential);
  await refused(keys.createRsaKey('early', { hsm: true }), 403, 'AccessDenied');
  for (const role of [CRYPTO_OFFICER, CRYPTO_USER]) await assignAtHsm(role);
  const made = await until(() => keys.createRsaKey('cmk', { hsm: true, keySize: 3072, exportable: true, keyOps: ['wrapKey', 'unwrapKey'],
    releasePolicy: { encodedPolicy: Buffer.from(JSON.stringify(policy)) } }).catch((error) => error), (key) => key.statusCode !== 403);
  assert.equal(made.keyType, 'RSA-HSM');
  assert.equal(JSON.parse(Buffer.from((await keys.getKey('cmk')).properties.releasePolicy.encodedPolicy)).anyOf[0].authority, policy.anyOf[0].authority);
  assert.equal((await keys.updateKeyProperties('cmk', made.properties.version, { enabled: false })).properties.enabled, false);
  await keys.createRsaKey('gone', { hsm: true });
  assert.deepEqual(await names(keys.listPropertiesOfKeys()), ['cmk', 'gone']);
  await (await keys.beginDeleteKey('gone', { intervalInMs: 20 })).pollUntilDone();
  await refused(keys.getKey('gone'), 404, 'KeyNotFound');
});

await prove();
