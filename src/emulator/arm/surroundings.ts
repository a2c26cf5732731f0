/** What stands around apps and belongs to other providers: networks, zones of private endpoints, storage accounts. */
import type { Platform } from '../platform.ts';
import type { Slot } from '../world/state.ts';
import { json, list, resourceNotFound } from './answer.ts';
import { type ArmCall, is } from './call.ts';

/** Null when the path is about something else. Reads only. */
export function answerSurroundings(call: ArmCall): Response | null {
  const { segments, method } = call;
  if (method !== 'GET') return null;
  if (segments.length === 5 && is(segments[3], 'Microsoft.Storage') && is(segments[4], 'storageAccounts'))
    return list(listAccounts(call));
  if (!is(segments[2], 'resourceGroups') || !is(segments[5], 'Microsoft.Network')) return null;
  if (is(segments[6], 'virtualNetworks')) return readNetwork(call);
  if (is(segments[6], 'privateEndpoints') && is(segments[8], 'privateDnsZoneGroups')) return listGroups(call);
  if (is(segments[6], 'privateDnsZones') && is(segments[8], 'A')) return listRecords(call);
  return null;
}

function listAccounts({ platform, segments }: ArmCall): readonly unknown[] {
  const { storageAccounts, resourceGroup, subscription } = platform.world;
  if (!is(segments[1], subscription)) return [];
  return storageAccounts.map((account) => ({
    id: `${groupPath(subscription, account.resourceGroup ?? resourceGroup)}/providers/Microsoft.Storage/storageAccounts/${account.name}`,
    name: account.name,
    type: 'Microsoft.Storage/storageAccounts',
    kind: 'StorageV2',
    location: account.region,
    properties: {
      publicNetworkAccess: account.publicNetworkAccess,
      networkAcls: { defaultAction: account.defaultAction, bypass: 'AzureServices', ipRules: [] },
      allowSharedKeyAccess: account.sharedKeyAccess,
    },
  }));
}

type Network = Platform['world']['network']['vnets'][number];

/** The network with all its subnets, or one of them. */
function readNetwork({ platform, segments }: ArmCall): Response {
  const [, subscription = '', , group = '', , , , name = '', , subnetName] = segments;
  const network = platform.world.network.vnets.find(
    (each) =>
      is(each.name, name) &&
      is(each.subscription ?? platform.world.subscription, subscription) &&
      is(each.resourceGroup ?? platform.world.resourceGroup, group),
  );
  if (!network) throw resourceNotFound(`Microsoft.Network/virtualNetworks/${name}`, group);
  const id = `${groupPath(subscription, group)}/providers/Microsoft.Network/virtualNetworks/${network.name}`;
  const subnets = network.subnets.map((subnet) => shapeSubnet(platform, id, subnet));
  if (subnetName !== undefined) {
    const subnet = subnets.find((each) => is(each.name, subnetName));
    if (!subnet)
      throw resourceNotFound(`Microsoft.Network/virtualNetworks/${name}/subnets/${subnetName}`, group);
    return json(200, subnet);
  }
  return json(200, {
    id,
    name: network.name,
    type: 'Microsoft.Network/virtualNetworks',
    location: network.region,
    properties: {
      provisioningState: 'Succeeded',
      addressSpace: { addressPrefixes: network.subnets.map(({ prefix }) => prefix) },
      subnets,
    },
  });
}

function shapeSubnet(platform: Platform, networkId: string, subnet: Network['subnets'][number]) {
  const id = `${networkId}/subnets/${subnet.name}`;
  const beside = (kind: string, name: string | undefined) =>
    name === undefined ? {} : { id: `${networkId.split('/virtualNetworks/')[0]}/${kind}/${name}` };
  const { delegation, securityGroup, routeTable, natGateway } = subnet;
  return {
    id,
    name: subnet.name,
    type: 'Microsoft.Network/virtualNetworks/subnets',
    properties: {
      provisioningState: 'Succeeded',
      addressPrefix: subnet.prefix,
      delegations:
        delegation === null
          ? []
          : [{ name: 'delegation', properties: { serviceName: delegation, actions: [] } }],
      serviceEndpoints: subnet.serviceEndpoints.map((service) => ({ service })),
      serviceAssociationLinks: linksOf(platform, id),
      ...(securityGroup ? { networkSecurityGroup: beside('networkSecurityGroups', securityGroup) } : {}),
      ...(routeTable ? { routeTable: beside('routeTables', routeTable) } : {}),
      ...(natGateway ? { natGateway: beside('natGateways', natGateway) } : {}),
    },
  };
}

/** One for each plan whose apps are integrated with the subnet. */
function linksOf(platform: Platform, subnetId: string): readonly unknown[] {
  const plans = slotsOf(platform)
    .filter(({ subnet }) => subnet !== null && is(subnet, subnetId))
    .map(({ site }) => site.plan.id);
  return [...new Set(plans)].map((link) => ({
    name: 'AppServiceLink',
    properties: { linkedResourceType: 'Microsoft.Web/serverfarms', link, provisioningState: 'Succeeded' },
  }));
}

/** `…/privateEndpoints/{e}/privateDnsZoneGroups`: here every endpoint keeps its records in all zones of the world. */
function listGroups({ platform, segments }: ArmCall): Response {
  const { world } = platform;
  const id = `/${segments.join('/')}`;
  if (world.network.privateDnsZones.length === 0) return list([]);
  const configs = world.network.privateDnsZones.map((zone) => ({
    name: zone.name.replaceAll('.', '-'),
    properties: { privateDnsZoneId: zoneId(platform, zone), recordSets: [] },
  }));
  const properties = { provisioningState: 'Succeeded', privateDnsZoneConfigs: configs };
  return list([{ id: `${id}/default`, name: 'default', properties }]);
}

type Zone = Platform['world']['network']['privateDnsZones'][number];

function zoneId({ world }: Platform, zone: Zone): string {
  const group = groupPath(world.subscription, zone.resourceGroup ?? world.resourceGroup);
  return `${group}/providers/Microsoft.Network/privateDnsZones/${zone.name}`;
}

function listRecords({ platform, segments }: ArmCall): Response {
  const zone = platform.world.network.privateDnsZones.find(({ name }) => is(name, segments[7] ?? ''));
  if (!zone) throw resourceNotFound(`Microsoft.Network/privateDnsZones/${segments[7]}`, segments[3] ?? '');
  const id = zoneId(platform, zone);
  return list(
    Object.entries(zone.records).map(([name, addresses]) => ({
      id: `${id}/A/${name}`,
      name,
      type: 'Microsoft.Network/privateDnsZones/A',
      properties: {
        fqdn: `${name}.${zone.name}.`,
        ttl: 10,
        aRecords: [addresses].flat().map((ipv4Address) => ({ ipv4Address })),
      },
    })),
  );
}

function slotsOf({ sites }: Platform): readonly Slot[] {
  return [...sites.values()].flatMap((site) => [site.production, ...site.slots.values()]);
}

function groupPath(subscription: string, group: string): string {
  return `/subscriptions/${subscription}/resourceGroups/${group}`;
}
