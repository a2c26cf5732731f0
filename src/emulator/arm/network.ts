/** What ARM tells of an app's network, and what the app would reach from where it runs (azure-platform.md §5). */
import { fieldOf, takeJson } from '../incoming.ts';
import { addressesOf, isOpen } from '../network/outbound.ts';
import { displayRegion } from '../world/regions.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError, json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { idOf, typeOf } from './shapes.ts';

/** A slot's endpoints have a group of their own on the production resource (§5.1). */
function groupOf(slot: Slot): string {
  return slot === slot.site.production ? 'sites' : `sites-${slot.name}`;
}

export function listPrivateEndpoints({ slot }: AppCall): Response {
  const { site } = slot;
  const connections = slot.privateEndpoints.map(({ address, status }, index) => {
    const name = `${site.name}-${groupOf(slot)}-${index}`;
    const group = `/subscriptions/${site.subscription}/resourceGroups/${site.resourceGroup}`;
    return {
      id: `${idOf(slot)}/privateEndpointConnections/${name}`,
      name,
      type: `${typeOf(slot)}/privateEndpointConnections`,
      properties: {
        provisioningState: 'Succeeded',
        privateEndpoint: { id: `${group}/providers/Microsoft.Network/privateEndpoints/${name}` },
        privateLinkServiceConnectionState: { status, description: '', actionsRequired: 'None' },
        ipAddresses: [address],
      },
    };
  });
  return list(connections);
}

export function listPrivateLinks({ slot }: AppCall): Response {
  const resource = {
    id: `${idOf(slot)}/privateLinkResources/${groupOf(slot)}`,
    name: groupOf(slot),
    type: `${typeOf(slot)}/privateLinkResources`,
    properties: {
      groupId: groupOf(slot),
      requiredMembers: [groupOf(slot)],
      requiredZoneNames: ['privatelink.azurewebsites.net'],
    },
  };
  return json(200, { value: [resource] });
}

/** `networkConfig/virtualNetwork`: the subnet that the app's outbound traffic leaves from. */
export function readSubnet({ slot }: AppCall): Response {
  return json(200, {
    id: `${idOf(slot)}/networkConfig/virtualNetwork`,
    name: 'virtualNetwork',
    type: `${typeOf(slot)}/networkConfig`,
    properties: { subnetResourceId: slot.subnet ?? '', swiftSupported: true },
  });
}

export function listVnetConnections({ slot }: AppCall): Response {
  if (slot.subnet === null) return json(200, []);
  const name = slot.subnet.split('/').at(-1)!;
  return json(200, [
    {
      id: `${idOf(slot)}/virtualNetworkConnections/${name}`,
      name,
      type: `${typeOf(slot)}/virtualNetworkConnections`,
      properties: { vnetResourceId: slot.subnet, isSwift: true, resyncRequired: false },
    },
  ]);
}

/** `dnsCheck`: the names that the world knows, and those of its own apps. */
export async function checkDns(call: AppCall): Promise<Response> {
  const name = fieldOf(await takeJson(call.incoming), 'properties', 'dnsName');
  if (typeof name !== 'string' || name === '') return missing('dnsName');
  const addresses = addressesOf(call.platform, name);
  return answerCheck(call, 'dnsCheck', {
    dnsName: name,
    connectionStatus: addresses.length > 0 ? 'Success' : 'HostNotFound',
    connectionStatusDetails: addresses.length > 0 ? '' : `The name '${name}' could not be resolved.`,
    ipAddresses: addresses,
  });
}

/** `tcpPingCheck`: a port that is closed answers nothing, and the gateway gives up (§5.3). */
export async function checkTcp(call: AppCall): Promise<Response> {
  const body = await takeJson(call.incoming);
  const host = fieldOf(body, 'properties', 'host');
  const port = Number(fieldOf(body, 'properties', 'port'));
  if (typeof host !== 'string' || host === '' || !(port > 0)) return missing('host and port');
  const addresses = addressesOf(call.platform, host);
  if (addresses.length > 0 && !isOpen(call.platform, host, port)) {
    await call.platform.sleep(gatewayTimeoutMs);
    return appServiceError(504, 'GatewayTimeout', 'The gateway did not receive a response in time.', '51030');
  }
  return answerCheck(call, 'tcpPingCheck', {
    host,
    port: String(port),
    connectionStatus: addresses.length > 0 ? 'Success' : 'HostNotFound',
    connectionStatusDetails: addresses.length > 0 ? '' : `The name '${host}' could not be resolved.`,
  });
}

const gatewayTimeoutMs = 60_000;

export function answerCheck({ slot }: AppCall, name: string, properties: object): Response {
  const location = displayRegion(slot.site.region);
  return json(200, {
    id: `${idOf(slot)}/${name}`,
    name,
    type: `${typeOf(slot)}/${name}`,
    location,
    properties,
  });
}

function missing(what: string): Response {
  return appServiceError(400, 'BadRequest', `The parameter ${what} is required.`, '51008');
}
