/** The subnets that apps are integrated with (azure-platform.md §5.3): each network is read once, for all targets. */
import { RefusalError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { SubnetFacts } from '../plan/surroundings.ts';
import type { Arm } from './arm.ts';
import { type Json, objectOf, objectsOf, readJson, stringsOf } from './arm-json.ts';
import { createOnce } from './read-once.ts';
import { stringOf } from './server-text.ts';

export type SubnetReader = (arm: Arm, target: Target, subnetId: string) => Promise<SubnetFacts | null>;

const version = 'api-version=2024-05-01';
const form =
  /^(\/subscriptions\/([^/]+)\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/([^/]+))\/subnets\/([^/]+)$/i;

/** Null: the id is none of a subnet. Rejects when neither the network nor the subnet may be read. */
export function createSubnetReader(): SubnetReader {
  const networks = createOnce<Json | null>();
  const subnets = createOnce<Json>();
  return async (arm, target, subnetId) => {
    const [, networkId = '', subscriptionId = '', network = '', name = ''] = form.exec(subnetId) ?? [];
    if (name === '') return null;
    const about = { what: `read the virtual network ${network}`, where: target.name };
    const whole = await networks(networkId, () =>
      readJson(arm, subscriptionId, about, `${networkId}?${version}`).catch((error: unknown) => {
        // Whoever may join a subnet may often read it, and not its network.
        if (error instanceof RefusalError) return null;
        throw error;
      }),
    );
    const listed = objectsOf(objectOf(whole?.['properties'])['subnets']).find(
      (each) => stringOf(each['name'])?.toLowerCase() === name.toLowerCase(),
    );
    const subnet =
      listed ??
      (await subnets(subnetId, () => readJson(arm, subscriptionId, about, `${subnetId}?${version}`)));
    return asFacts(subnetId, networkId, stringOf(whole?.['location']), objectOf(subnet['properties']));
  };
}

function asFacts(id: string, networkId: string, region: string | null, properties: Json): SubnetFacts {
  const lengths = prefixesOf(properties)
    .map(lengthOf)
    .filter((length) => length !== null);
  return {
    id,
    region: region?.replace(/ /g, '').toLowerCase() ?? null,
    prefixLength: lengths.length === 0 ? 0 : Math.min(...lengths),
    usableAddresses: lengths.reduce((sum, length) => sum + Math.max(0, 2 ** (32 - length) - 5), 0),
    delegations: objectsOf(properties['delegations']).flatMap(
      (each) => stringOf(objectOf(each['properties'])['serviceName']) ?? [],
    ),
    planIds: objectsOf(properties['serviceAssociationLinks'])
      .map((each) => stringOf(objectOf(each['properties'])['link']) ?? '')
      .filter((link) => /\/serverfarms\/[^/]+$/i.test(link)),
    ways: {
      network: networkId.toLowerCase(),
      securityGroup: idOf(properties['networkSecurityGroup']),
      routeTable: idOf(properties['routeTable']),
      natGateway: idOf(properties['natGateway']),
      serviceEndpoints: objectsOf(properties['serviceEndpoints'])
        .map((each) => stringOf(each['service']) ?? '')
        .sort()
        .join(', '),
    },
  };
}

function prefixesOf(properties: Json): readonly string[] {
  const one = stringOf(properties['addressPrefix']);
  return one === null ? stringsOf(properties['addressPrefixes']) : [one];
}

/** Of an IPv4 prefix: instances get no other addresses. */
function lengthOf(prefix: string): number | null {
  const length = Number(/^\d+\.\d+\.\d+\.\d+\/(\d+)$/.exec(prefix)?.[1]);
  return length >= 0 && length <= 32 ? length : null;
}

function idOf(resource: unknown): string {
  return (stringOf(objectOf(resource)['id']) ?? '').toLowerCase();
}
