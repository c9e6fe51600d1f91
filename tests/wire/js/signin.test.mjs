// SPDX-License-Identifier: Apache-2.0
// @azure/identity: every way in, and the ways that stay shut.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { ClientSecretCredential, EnvironmentCredential, ManagedIdentityCredential } from '@azure/identity';
import { ResourceManagementClient } from '@azure/arm-resources';
import { SecretClient } from '@azure/keyvault-secrets';
import { claim, manage, prove, refused, serve, signIn, until } from './wire.mjs';

const about = await serve();
const CELL = 'Microsoft.Resources/resourceGroups';
const group = (credential, options = {}) => manage(ResourceManagementClient, about, { credential, ...options }).resourceGroups;
const scope = `${about.url}/.default`;
const secret = readFileSync(about.applications[0].secretFile, 'utf8');
const [deployer] = about.applications;
const options = { authorityHost: about.url, disableInstanceDiscovery: true };

claim('a client secret signs in, and the token is one of this tenant', [`${CELL} | signs in: client secret`], async () => {
  const { token, expiresOnTimestamp } = await signIn(about).getToken(scope);
  const said = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  assert.equal(said.tid, about.tenant);
  assert.equal(said.appid, deployer.clientId);
  assert.ok(expiresOnTimestamp > Date.now() + 3000e3);
  await group(signIn(about)).createOrUpdate('mine', { location: 'usgovvirginia' });
});

claim('the variables of redoubt cloud env are enough', [`${CELL} | signs in: environment`], async () => {
  assert.equal((await group(new EnvironmentCredential({ disableInstanceDiscovery: true })).get('mine')).name, 'mine');
});

claim('a managed identity signs in where it runs, and may what its role says', [`${CELL} | signs in: managed identity`], async () => {
  const { ManagedServiceIdentityClient } = await import('@azure/arm-msi');
  const { AuthorizationManagementClient } = await import('@azure/arm-authorization');
  const identity = await manage(ManagedServiceIdentityClient, about).userAssignedIdentities.createOrUpdate('mine', 'runner', { location: 'usgovvirginia' });
  const mine = `/subscriptions/${about.subscription}/resourceGroups/mine`;
  await manage(AuthorizationManagementClient, about).roleAssignments.create(mine, randomUUID(), { principalId: identity.principalId, principalType: 'ServicePrincipal',
    roleDefinitionId: `/subscriptions/${about.subscription}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7` });
  process.env.IDENTITY_ENDPOINT = `${about.httpUrl}/msi/token`;
  process.env.IDENTITY_HEADER = 'any';
  const running = group(new ManagedIdentityCredential({ clientId: identity.clientId }));
  const read = await until(() => running.get('mine').catch((error) => error), (it) => it.code !== 'AuthorizationFailed');
  assert.equal(read.name, 'mine', read.message);
  await refused(running.createOrUpdate('theirs', { location: 'usgovvirginia' }), 403, 'AuthorizationFailed');
});

claim('a wrong secret, an unknown client and another tenant are refused as AuthenticationError', [`${CELL} | refused: AADSTS7000215`, `${CELL} | refused: AADSTS700016`], async () => {
  const tried = (tenant, client, word) => assert.rejects(new ClientSecretCredential(tenant, client, word.secret, options).getToken(scope), (error) => {
    assert.match(error.name, /^Authentication(Required)?Error$/);
    assert.match(error.message, word.says);
    return true;
  });
  await tried(about.tenant, deployer.clientId, { secret: 'wrong', says: /AADSTS7000215/ });
  await tried(about.tenant, '99999999-8888-7777-6666-555555555555', { secret, says: /AADSTS700016/ });
  // Its discovery document is asked for first, and is not there: the SDK's word for that.
  const elsewhere = new ClientSecretCredential('99999999-8888-7777-6666-555555555555', deployer.clientId, secret, options);
  await assert.rejects(elsewhere.getToken(scope), { name: 'CredentialUnavailableError', message: /endpoints_resolution_error/ });
});

claim('a token for a vault opens nothing at Resource Manager, nor does a forged one', [`${CELL} | refused: InvalidAuthenticationTokenAudience`], async () => {
  const vault = `https://vault.localhost:${about.port}/.default`;
  await refused(group(signIn(about), { credentialScopes: [vault] }).get('mine'), 401, 'InvalidAuthenticationTokenAudience');
  const { token } = await signIn(about).getToken(scope);
  await assert.rejects(fetch(`${about.url}/subscriptions?api-version=2022-12-01`, { headers: { authorization: `Bearer ${token.slice(0, -8)}AAAAAAAA` } })
    .then(async (reply) => { if (reply.status !== 200) throw new Error((await reply.json()).error.code); }), /InvalidAuthenticationToken/);
});

claim('a reader reads, and is told what it may not', [`${CELL} | refused: AuthorizationFailed`], async () => {
  const reading = group(signIn(about, 1));
  assert.equal((await reading.get('mine')).name, 'mine');
  await refused(reading.createOrUpdate('theirs', { location: 'usgovvirginia' }), 403, 'AuthorizationFailed', /Microsoft.Resources\/subscriptions\/resourcegroups\/write/i);
  await refused(reading.beginDelete('mine'), 403, 'AuthorizationFailed', /does not have authorization to perform action/);
});

claim('an unsigned, malformed or missing token is refused with a challenge', [`${CELL} | refused: AuthenticationFailed`], async () => {
  const ask = (headers) => fetch(`${about.url}/subscriptions?api-version=2022-12-01`, { headers });
  const none = await ask({});
  assert.equal(none.status, 401);
  assert.equal((await none.json()).error.code, 'AuthenticationFailed');
  assert.match(none.headers.get('www-authenticate'), /authorization_uri="https:\/\/localhost/);
  assert.equal((await ask({ authorization: 'Bearer nonsense' })).status, 401);
});

claim('an unknown type, a malformed version and a missing subscription are told apart', [`${CELL} | refused: InvalidResourceType`, `${CELL} | refused: InvalidApiVersionParameter`, `${CELL} | refused: SubscriptionNotFound`], async () => {
  const client = manage(ResourceManagementClient, about).resources;
  const at = `/subscriptions/${about.subscription}/resourceGroups/mine/providers`;
  await refused(client.getById(`${at}/Microsoft.Compute/nonsenses/x`, '2024-03-01'), 404, 'InvalidResourceType');
  await refused(client.getById(`${at}/Microsoft.Nonsense/things/x`, '2024-03-01'), 404, 'InvalidResourceNamespace');
  await refused(client.getById(`${at}/Microsoft.Compute/disks/x`, 'yesterday'), 400, 'InvalidApiVersionParameter');
  const other = new ResourceManagementClient(signIn(about), '99999999-8888-7777-6666-555555555555', { endpoint: about.endpoint });
  await refused(other.resourceGroups.get('mine'), 404, 'SubscriptionNotFound');
});

claim('a vault asks for a token before it says anything, and for one of its own', ['signs in: challenge', 'refused: Unauthorized'].map((o) => `Microsoft.KeyVault/vaults/secrets | ${o}`), async () => {
  const { KeyVaultManagementClient } = await import('@azure/arm-keyvault');
  await manage(KeyVaultManagementClient, about).vaults.createOrUpdate('mine', 'kv-ask', { location: 'usgovvirginia',
    properties: { tenantId: about.tenant, sku: { family: 'A', name: 'standard' }, accessPolicies: [], enableRbacAuthorization: true } });
  const head = await new Promise((resolve, reject) => https.get(`https://kv-ask.vault.localhost:${about.port}/secrets/x?api-version=7.4`, resolve).on('error', reject));
  head.resume();
  assert.equal(head.statusCode, 401);
  assert.match(head.headers['www-authenticate'], new RegExp(`resource="https://vault.localhost:${about.port}"`));
  const asked = [];
  const credential = { getToken: (scopes, more) => { asked.push(scopes); return signIn(about).getToken(scopes, more); } };
  await assert.rejects(new SecretClient(`https://kv-ask.vault.localhost:${about.port}`, credential).getSecret('x'), (error) => [403, 404].includes(error.statusCode));
  assert.deepEqual(asked.flat(), [`https://vault.localhost:${about.port}/.default`]);
  const wrong = { getToken: () => signIn(about).getToken(scope) };
  await refused(new SecretClient(`https://kv-ask.vault.localhost:${about.port}`, wrong).getSecret('x'), 401, 'Unauthorized');
});

await prove();
