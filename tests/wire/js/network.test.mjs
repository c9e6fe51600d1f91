// SPDX-License-Identifier: Apache-2.0
// @azure/arm-network and @azure/arm-resources: groups, networks, firewalls.
import assert from 'node:assert/strict';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { claim, collect, manage, names, prove, refused, serve, soon, until } from './wire.mjs';

const about = await serve();
const network = manage(NetworkManagementClient, about);
const resources = manage(ResourceManagementClient, about);
const location = 'usgovvirginia';
const tags = { 'data-class': 'CUI' };
const GROUP = 'Microsoft.Resources/resourceGroups';
const NET = 'Microsoft.Network';
const id = (type, name) => `/subscriptions/${about.subscription}/resourceGroups/net/providers/${NET}/${type}/${name}`;
const cells = (type, ...operations) => operations.map((operation) => `${NET}/${type} | ${operation}`);

claim('a resource group is created, read, tagged, listed and found to exist',
  ['create', 'get', 'update', 'list', 'exists'].map((o) => `${GROUP} | ${o}`), async () => {
    const made = await resources.resourceGroups.createOrUpdate('net', { location, tags });
    assert.equal(made.properties.provisioningState, 'Succeeded');
    assert.equal((await resources.resourceGroups.get('NET')).name, 'net');
    await resources.resourceGroups.update('net', { tags: { owner: 'me' } });
    assert.deepEqual((await resources.resourceGroups.get('net')).tags, { owner: 'me' });
    assert.deepEqual(await names(resources.resourceGroups.list()), ['net']);
    assert.equal((await resources.resourceGroups.checkExistence('net')).body, true);
    assert.equal((await resources.resourceGroups.checkExistence('nowhere')).body, false);
  });

claim('groups come in pages that the client asks for by nextLink', [`${GROUP} | list in pages`], async () => {
  for (const n of [1, 2, 3, 4]) await resources.resourceGroups.createOrUpdate(`page-${n}`, { location });
  const sizes = [];
  for await (const page of resources.resourceGroups.list({ top: 2 }).byPage()) sizes.push(page.length);
  assert.deepEqual(sizes, [2, 2, 1]);
});

claim('a group is deleted by the SDK\'s own poller', [`${GROUP} | delete`], async () => {
  const poller = await resources.resourceGroups.beginDelete('page-1', { ...soon });
  await poller.pollUntilDone();
  assert.equal(poller.isDone(), true);
  assert.equal(poller.getOperationState().status, 'succeeded');
  await refused(resources.resourceGroups.get('page-1'), 404, 'ResourceGroupNotFound', /'page-1'/);
});

claim('a security group and its rules, with Azure\'s own rules beside them', [
  ...cells('networkSecurityGroups', 'create', 'get', 'list', 'update', 'delete'),
  ...cells('networkSecurityGroups/securityRules', 'create', 'get', 'list', 'update', 'delete')], async () => {
  const rule = (priority) => ({ protocol: '*', sourcePortRange: '*', destinationPortRange: '3389', sourceAddressPrefix: '*',
    destinationAddressPrefix: '*', access: 'Deny', priority, direction: 'Inbound' });
  const made = await network.networkSecurityGroups.beginCreateOrUpdateAndWait('net', 'nsg',
    { location, tags, securityRules: [{ name: 'deny-rdp', ...rule(4000) }] }, soon);
  assert.equal(made.provisioningState, 'Succeeded');
  assert.equal(made.defaultSecurityRules.length, 6);
  assert.match(made.etag, /^W\/"[0-9a-f-]{36}"$/);
  await network.securityRules.beginCreateOrUpdateAndWait('net', 'nsg', 'deny-ssh', { ...rule(4001), destinationPortRange: '22' }, soon);
  const changed = await network.securityRules.beginCreateOrUpdateAndWait('net', 'nsg', 'deny-ssh', { ...rule(4002), destinationPortRange: '22' }, soon);
  assert.equal(changed.priority, 4002);
  assert.equal((await network.securityRules.get('net', 'nsg', 'deny-ssh')).access, 'Deny');
  assert.deepEqual(await names(network.securityRules.list('net', 'nsg')), ['deny-rdp', 'deny-ssh']);
  await network.securityRules.beginDeleteAndWait('net', 'nsg', 'deny-ssh', soon);
  assert.equal((await network.networkSecurityGroups.get('net', 'nsg')).securityRules.length, 1);
  assert.deepEqual((await network.networkSecurityGroups.updateTags('net', 'nsg', { tags: { a: 'b' } })).tags, { a: 'b' });
  assert.deepEqual(await names(network.networkSecurityGroups.listAll()), ['nsg']);
  await network.networkSecurityGroups.beginCreateOrUpdateAndWait('net', 'gone', { location }, soon);
  await network.networkSecurityGroups.beginDeleteAndWait('net', 'gone', soon);
  assert.deepEqual(await names(network.networkSecurityGroups.list('net')), ['nsg']);
});

claim('a route table and its routes', [...cells('routeTables', 'create', 'get', 'list', 'update', 'delete'),
  ...cells('routeTables/routes', 'create', 'get', 'list', 'update', 'delete')], async () => {
  const route = { addressPrefix: '0.0.0.0/0', nextHopType: 'None' };
  const made = await network.routeTables.beginCreateOrUpdateAndWait('net', 'rt',
    { location, tags, disableBgpRoutePropagation: true, routes: [{ name: 'out', ...route }] }, soon);
  assert.equal(made.disableBgpRoutePropagation, true);
  await network.routes.beginCreateOrUpdateAndWait('net', 'rt', 'more', { ...route, addressPrefix: '10.9.0.0/16' }, soon);
  const changed = await network.routes.beginCreateOrUpdateAndWait('net', 'rt', 'more',
    { addressPrefix: '10.9.0.0/16', nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.80.0.4' }, soon);
  assert.equal(changed.nextHopIpAddress, '10.80.0.4');
  assert.equal((await network.routes.get('net', 'rt', 'more')).nextHopType, 'VirtualAppliance');
  assert.deepEqual(await names(network.routes.list('net', 'rt')), ['more', 'out']);
  await network.routes.beginDeleteAndWait('net', 'rt', 'more', soon);
  assert.equal((await network.routeTables.get('net', 'rt')).routes.length, 1);
  assert.deepEqual((await network.routeTables.updateTags('net', 'rt', { tags: { a: 'b' } })).tags, { a: 'b' });
  await network.routeTables.beginCreateOrUpdateAndWait('net', 'gone', { location }, soon);
  assert.deepEqual(await names(network.routeTables.listAll()), ['gone', 'rt']);
  await network.routeTables.beginDeleteAndWait('net', 'gone', soon);
  assert.deepEqual(await names(network.routeTables.list('net')), ['rt']);
});

claim('a network, its subnets and what they are bound to', [...cells('virtualNetworks', 'create', 'get', 'list', 'update', 'delete'),
  ...cells('virtualNetworks/subnets', 'create', 'get', 'list', 'update', 'delete')], async () => {
  const made = await network.virtualNetworks.beginCreateOrUpdateAndWait('net', 'hub',
    { location, tags, addressSpace: { addressPrefixes: ['10.80.0.0/24'] }, subnets: [{ name: 'AzureFirewallSubnet', addressPrefix: '10.80.0.0/26' }] }, soon);
  assert.equal(made.subnets[0].provisioningState, 'Succeeded');
  assert.equal(made.enableDdosProtection, false);
  await network.virtualNetworks.beginCreateOrUpdateAndWait('net', 'spoke',
    { location, addressSpace: { addressPrefixes: ['10.81.0.0/24'] } }, soon);
  const subnet = { addressPrefix: '10.81.0.0/25' };
  await network.subnets.beginCreateOrUpdateAndWait('net', 'spoke', 'hosts', subnet, soon);
  await network.subnets.beginCreateOrUpdateAndWait('net', 'spoke', 'hosts',
    { ...subnet, networkSecurityGroup: { id: id('networkSecurityGroups', 'nsg') }, routeTable: { id: id('routeTables', 'rt') } }, soon);
  const read = await network.subnets.get('net', 'spoke', 'hosts');
  assert.equal(read.routeTable.id.toLowerCase(), id('routeTables', 'rt').toLowerCase());
  assert.equal((await network.networkSecurityGroups.get('net', 'nsg')).subnets[0].id, read.id);
  await network.subnets.beginCreateOrUpdateAndWait('net', 'spoke', 'gone', { addressPrefix: '10.81.0.128/25' }, soon);
  assert.deepEqual(await names(network.subnets.list('net', 'spoke')), ['gone', 'hosts']);
  await network.subnets.beginDeleteAndWait('net', 'spoke', 'gone', soon);
  await network.virtualNetworks.updateTags('net', 'spoke', { tags: { a: 'b' } });
  assert.deepEqual((await network.virtualNetworks.get('net', 'spoke')).tags, { a: 'b' });
  assert.deepEqual(await names(network.virtualNetworks.listAll()), ['hub', 'spoke']);
  await network.virtualNetworks.beginCreateOrUpdateAndWait('net', 'gone', { location, addressSpace: { addressPrefixes: ['10.90.0.0/24'] } }, soon);
  await network.virtualNetworks.beginDeleteAndWait('net', 'gone', soon);
  assert.deepEqual(await names(network.virtualNetworks.list('net')), ['hub', 'spoke']);
});

claim('peerings are connected once both sides stand', cells('virtualNetworks/virtualNetworkPeerings', 'create', 'get', 'list', 'update', 'delete'), async () => {
  const peer = (remote) => ({ remoteVirtualNetwork: { id: id('virtualNetworks', remote) }, allowVirtualNetworkAccess: true });
  const first = await network.virtualNetworkPeerings.beginCreateOrUpdateAndWait('net', 'hub', 'to-spoke', peer('spoke'), soon);
  assert.equal(first.peeringState, 'Initiated');
  await network.virtualNetworkPeerings.beginCreateOrUpdateAndWait('net', 'spoke', 'to-hub', peer('hub'), soon);
  assert.equal((await network.virtualNetworkPeerings.get('net', 'hub', 'to-spoke')).peeringState, 'Connected');
  const changed = await network.virtualNetworkPeerings.beginCreateOrUpdateAndWait('net', 'spoke', 'to-hub',
    { ...peer('hub'), allowForwardedTraffic: true }, soon);
  assert.equal(changed.allowForwardedTraffic, true);
  assert.deepEqual(await names(network.virtualNetworkPeerings.list('net', 'spoke')), ['to-hub']);
  await network.virtualNetworkPeerings.beginDeleteAndWait('net', 'spoke', 'to-hub', soon);
  assert.equal((await network.virtualNetworkPeerings.get('net', 'hub', 'to-spoke')).peeringState, 'Disconnected');
});

claim('a public address', cells('publicIPAddresses', 'create', 'get', 'list', 'update', 'delete'), async () => {
  const body = { location, zones: ['1', '2', '3'], sku: { name: 'Standard', tier: 'Regional' }, publicIPAllocationMethod: 'Static', publicIPAddressVersion: 'IPv4' };
  const made = await network.publicIPAddresses.beginCreateOrUpdateAndWait('net', 'pip', body, soon);
  assert.match(made.ipAddress, /^\d+\.\d+\.\d+\.\d+$/);
  assert.equal(made.idleTimeoutInMinutes, 4);
  await network.publicIPAddresses.beginCreateOrUpdateAndWait('net', 'gone', body, soon);
  assert.deepEqual(await names(network.publicIPAddresses.listAll()), ['gone', 'pip']);
  await network.publicIPAddresses.beginDeleteAndWait('net', 'gone', soon);
  assert.deepEqual(await names(network.publicIPAddresses.list('net')), ['pip']);
  assert.deepEqual((await network.publicIPAddresses.updateTags('net', 'pip', { tags })).tags, tags);
  assert.equal((await network.publicIPAddresses.get('net', 'pip')).ipAddress, made.ipAddress);
});

claim('a firewall policy with rules, and IP groups', [...cells('firewallPolicies', 'create', 'get', 'list', 'update', 'delete'),
  ...cells('firewallPolicies/ruleCollectionGroups', 'create', 'get', 'list', 'update', 'delete'),
  ...cells('ipGroups', 'create', 'get', 'list', 'update', 'delete')], async () => {
  const policy = { location, tags, sku: { tier: 'Standard' }, threatIntelMode: 'Deny', dnsSettings: { enableProxy: true } };
  const made = await network.firewallPolicies.beginCreateOrUpdateAndWait('net', 'policy', policy, soon);
  assert.equal(made.type, 'Microsoft.Network/FirewallPolicies');
  const group = (priority) => ({ priority, ruleCollections: [{ ruleCollectionType: 'FirewallPolicyFilterRuleCollection', name: 'kms', priority: 100,
    action: { type: 'Allow' }, rules: [{ ruleType: 'NetworkRule', name: 'kms', ipProtocols: ['TCP'], sourceAddresses: ['10.81.0.0/24'],
      destinationFqdns: ['azkms.core.usgovcloudapi.net'], destinationPorts: ['1688'] }] }] });
  await network.firewallPolicyRuleCollectionGroups.beginCreateOrUpdateAndWait('net', 'policy', 'rules', group(200), soon);
  const changed = await network.firewallPolicyRuleCollectionGroups.beginCreateOrUpdateAndWait('net', 'policy', 'rules', group(300), soon);
  assert.equal(changed.priority, 300);
  const read = await network.firewallPolicyRuleCollectionGroups.get('net', 'policy', 'rules');
  assert.equal(read.ruleCollections[0].rules[0].ruleType, 'NetworkRule');
  await network.firewallPolicyRuleCollectionGroups.beginCreateOrUpdateAndWait('net', 'policy', 'gone', group(400), soon);
  assert.deepEqual(await names(network.firewallPolicyRuleCollectionGroups.list('net', 'policy')), ['gone', 'rules']);
  await network.firewallPolicyRuleCollectionGroups.beginDeleteAndWait('net', 'policy', 'gone', soon);
  assert.deepEqual((await network.firewallPolicies.updateTags('net', 'policy', { tags: { a: 'b' } })).tags, { a: 'b' });
  await network.firewallPolicies.beginCreateOrUpdateAndWait('net', 'gone', policy, soon);
  assert.deepEqual(await names(network.firewallPolicies.listAll()), ['gone', 'policy']);
  await network.firewallPolicies.beginDeleteAndWait('net', 'gone', soon);
  assert.deepEqual(await names(network.firewallPolicies.list('net')), ['policy']);
  assert.equal((await network.firewallPolicies.get('net', 'policy')).ruleCollectionGroups.length, 1);
  await network.ipGroups.beginCreateOrUpdateAndWait('net', 'ips', { location, ipAddresses: ['10.81.0.0/24'] }, soon);
  assert.deepEqual((await network.ipGroups.updateGroups('net', 'ips', { tags })).tags, tags);
  assert.deepEqual((await network.ipGroups.get('net', 'ips')).ipAddresses, ['10.81.0.0/24']);
  assert.deepEqual(await names(network.ipGroups.list()), ['ips']);
  await network.ipGroups.beginDeleteAndWait('net', 'ips', soon);
  assert.deepEqual(await names(network.ipGroups.listByResourceGroup('net')), []);
});

claim('a firewall gets a private address, and goes again', cells('azureFirewalls', 'create', 'get', 'list', 'update', 'delete'), async () => {
  const made = await network.azureFirewalls.beginCreateOrUpdateAndWait('net', 'fw', { location, tags, zones: ['1', '2', '3'],
    sku: { name: 'AZFW_VNet', tier: 'Standard' }, firewallPolicy: { id: id('firewallPolicies', 'policy') },
    ipConfigurations: [{ name: 'egress', subnet: { id: `${id('virtualNetworks', 'hub')}/subnets/AzureFirewallSubnet` },
      publicIPAddress: { id: id('publicIPAddresses', 'pip') } }] }, soon);
  assert.equal(made.ipConfigurations[0].privateIPAddress, '10.80.0.4');
  assert.deepEqual((await network.azureFirewalls.beginUpdateTagsAndWait('net', 'fw', { tags: { a: 'b' } }, soon)).tags, { a: 'b' });
  assert.equal((await network.azureFirewalls.get('net', 'fw')).provisioningState, 'Succeeded');
  assert.deepEqual(await names(network.azureFirewalls.listAll()), ['fw']);
  await refused(network.publicIPAddresses.beginDeleteAndWait('net', 'pip', soon), 400, 'PublicIPAddressCannotBeDeleted');
  await network.azureFirewalls.beginDeleteAndWait('net', 'fw', soon);
  assert.deepEqual(await names(network.azureFirewalls.list('net')), []);
});

claim('a network interface', cells('networkInterfaces', 'create', 'get', 'list', 'update', 'delete'), async () => {
  const body = { location, enableAcceleratedNetworking: true, ipConfigurations: [{ name: 'primary', primary: true,
    subnet: { id: `${id('virtualNetworks', 'spoke')}/subnets/hosts` }, privateIPAllocationMethod: 'Dynamic' }] };
  const made = await network.networkInterfaces.beginCreateOrUpdateAndWait('net', 'nic', body, soon);
  assert.equal(made.ipConfigurations[0].privateIPAddress, '10.81.0.4');
  assert.deepEqual((await network.networkInterfaces.updateTags('net', 'nic', { tags })).tags, tags);
  await network.networkInterfaces.beginCreateOrUpdateAndWait('net', 'gone', body, soon);
  assert.deepEqual(await names(network.networkInterfaces.listAll()), ['gone', 'nic']);
  await network.networkInterfaces.beginDeleteAndWait('net', 'gone', soon);
  assert.deepEqual(await names(network.networkInterfaces.list('net')), ['nic']);
  await refused(network.subnets.beginDeleteAndWait('net', 'spoke', 'hosts', soon), 400, 'InUseSubnetCannotBeDeleted');
  await refused(network.virtualNetworks.beginDeleteAndWait('net', 'spoke', soon), 400, 'InUseSubnetCannotBeDeleted');
  assert.equal((await network.networkInterfaces.get('net', 'nic')).virtualMachine, undefined);
});

claim('what is wrong is refused with Azure\'s code', [...cells('virtualNetworks', 'refused: ResourceNotFound', 'refused: InvalidAddressPrefixFormat'),
  ...cells('networkSecurityGroups/securityRules', 'refused: SecurityRuleConflict'), `${GROUP} | refused: ResourceGroupNotFound`,
  `${GROUP} | refused: LocationNotAvailableForResourceGroup`, `${GROUP} | refused: InvalidResourceGroupLocation`], async () => {
  await refused(network.virtualNetworks.get('net', 'nowhere'), 404, 'ResourceNotFound', /Microsoft.Network\/virtualNetworks\/nowhere/);
  await refused(network.virtualNetworks.beginCreateOrUpdateAndWait('net', 'bad', { location, addressSpace: { addressPrefixes: ['10.80.0.0/99'] } }, soon), 400, 'InvalidAddressPrefixFormat');
  const rule = { protocol: '*', sourcePortRange: '*', destinationPortRange: '1', sourceAddressPrefix: '*', destinationAddressPrefix: '*', access: 'Deny', priority: 4000, direction: 'Inbound' };
  await refused(network.securityRules.beginCreateOrUpdateAndWait('net', 'nsg', 'same', rule, soon), 400, 'SecurityRuleConflict');
  await refused(network.virtualNetworks.beginCreateOrUpdateAndWait('nowhere', 'vnet', { location }, soon), 404, 'ResourceGroupNotFound');
  await refused(resources.resourceGroups.createOrUpdate('mars', { location: 'mars' }), 400, 'LocationNotAvailableForResourceGroup');
  await refused(resources.resourceGroups.createOrUpdate('net', { location: 'usgovarizona' }), 409, 'InvalidResourceGroupLocation');
});

claim('more than a page of addresses is listed whole', cells('publicIPAddresses', 'list in pages'), async () => {
  await resources.resourceGroups.createOrUpdate('many', { location });
  const make = async (first) => {
    for (let n = first; n < 1010; n += 20) await network.routeTables.beginCreateOrUpdate('many', `rt-${n}`, { location }, soon);
  };
  await Promise.all(Array.from({ length: 20 }, (_, first) => make(first)));
  await until(async () => (await collect(network.routeTables.list('many'))).length, (count) => count === 1010);
  const sizes = [];
  for await (const page of network.routeTables.list('many').byPage()) sizes.push(page.length);
  assert.deepEqual(sizes, [1000, 10]);
});

await prove();
