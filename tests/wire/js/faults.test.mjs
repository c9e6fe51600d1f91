// SPDX-License-Identifier: Apache-2.0
// What Azure does on bad days, and what its clients make of it.
import assert from 'node:assert/strict';
import { ResourceManagementClient } from '@azure/arm-resources';
import { NetworkManagementClient } from '@azure/arm-network';
import { claim, manage, prove, refused, serve, soon } from './wire.mjs';

const about = await serve({ faults: ['throttle:times=6', 'server-error:times=2,type=Microsoft.Network/virtualNetworks'] });
const GROUP = 'Microsoft.Resources/resourceGroups';
const VNET = 'Microsoft.Network/virtualNetworks';
const location = 'usgovvirginia';

claim('a client that gives up says that it was throttled', [`${GROUP} | refused: SubscriptionRequestsThrottled`], async () => {
  const hasty = manage(ResourceManagementClient, about, { retryOptions: { maxRetries: 2 } });
  await refused(hasty.resourceGroups.createOrUpdate('rg', { location }), 429, 'SubscriptionRequestsThrottled');
});

claim('a client that waits as it was told gets through', [`${GROUP} | create`], async () => {
  assert.equal((await manage(ResourceManagementClient, about).resourceGroups.createOrUpdate('rg', { location })).name, 'rg');
});

claim('a server error is tried again', [`${VNET} | create`], async () => {
  const network = manage(NetworkManagementClient, about, { retryOptions: { retryDelayInMs: 10 } });
  const made = await network.virtualNetworks.beginCreateOrUpdateAndWait('rg', 'vnet', { location, addressSpace: { addressPrefixes: ['10.0.0.0/16'] } }, soon);
  assert.equal(made.provisioningState, 'Succeeded');
});

await prove();
