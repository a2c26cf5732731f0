/** Private endpoints of a site or a slot, and the two records that lead to each (azure-platform.md §5.1). */
import type { Target } from '../plan/fleet.ts';
import type { DnsRecord, PrivateEndpointFacts } from '../plan/surroundings.ts';
import type { Arm } from './arm.ts';
import { type Json, objectOf, objectsOf, readList, stringsOf } from './arm-json.ts';
import { createOnce, type Notes } from './read-once.ts';
import { stringOf } from './server-text.ts';

export interface EndpointQuestion {
  readonly target: Target;
  /** ARM's path of the site or of the slot. */
  readonly path: string;
  /** `orders-weu`, `orders-weu/staging`. */
  readonly place: string;
  /** Of the site and of its SCM site. */
  readonly hostNames: readonly string[];
}

export type EndpointReader = (
  arm: Arm,
  question: EndpointQuestion,
  notes: Notes,
) => Promise<readonly PrivateEndpointFacts[] | null>;

const zoneForm =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/privateDnsZones\/(privatelink\.[^/]+)$/i;

/** Zones are shared by whole fleets: each is listed once. */
export function createEndpointReader(): EndpointReader {
  const zones = createOnce<readonly Json[]>();
  const listZone: ZoneLister = (arm, zoneId, subscriptionId, where) => {
    const about = { what: `list the records of ${zoneId.split('/').at(-1)}`, where };
    return zones(zoneId, () => readList(arm, subscriptionId, about, `${zoneId}/A?api-version=2020-06-01`));
  };
  return async (arm, question, notes) => {
    const { target, path, place } = question;
    const about = { what: `list the private endpoints of ${place}`, where: target.name, site: target.site };
    const connections = await notes.attempt(`the private endpoints of ${place}`, () =>
      readList(
        arm,
        target.subscriptionId,
        about,
        `${path}/privateEndpointConnections?api-version=2025-05-01`,
      ),
    );
    if (connections === null) return null;
    return Promise.all(
      connections.map(async (each) => {
        const { endpointId, ...facts } = asFacts(each);
        const isAsked = endpointId !== '' && facts.status.toLowerCase() === 'approved';
        const records = isAsked
          ? await notes.attempt(`the DNS records of ${facts.name}`, () =>
              readRecords(arm, endpointId, question, listZone),
            )
          : null;
        return { ...facts, records };
      }),
    );
  };
}

type ZoneLister = (
  arm: Arm,
  zoneId: string,
  subscriptionId: string,
  where: string,
) => Promise<readonly Json[]>;

function asFacts(connection: Json): Omit<PrivateEndpointFacts, 'records'> & { readonly endpointId: string } {
  const properties = objectOf(connection['properties']);
  const endpointId = stringOf(objectOf(properties['privateEndpoint'])['id']) ?? '';
  return {
    endpointId,
    name: nameOf(endpointId) || (stringOf(connection['name']) ?? ''),
    status: stringOf(objectOf(properties['privateLinkServiceConnectionState'])['status']) ?? '',
    addresses: stringsOf(properties['ipAddresses']),
  };
}

/** Null without a zone group: then somebody keeps the records by hand, and nobody can say where. */
async function readRecords(
  arm: Arm,
  endpointId: string,
  { target, hostNames }: EndpointQuestion,
  listZone: ZoneLister,
): Promise<readonly DnsRecord[] | null> {
  const [, subscription = target.subscriptionId] = /^\/subscriptions\/([^/]+)\//i.exec(endpointId) ?? [];
  const about = { what: `read the zones of the private endpoint ${nameOf(endpointId)}`, where: target.name };
  const url = `${endpointId}/privateDnsZoneGroups?api-version=2024-05-01`;
  const groups = await readList(arm, subscription, about, url);
  const records: DnsRecord[] = [];
  for (const zoneId of groups.flatMap(zonesOf)) {
    const [, owner = '', zone = ''] = zoneForm.exec(zoneId) ?? [];
    const names = hostNames.flatMap((host) => recordName(host, zone));
    if (zone === '' || names.length === 0) continue;
    const listed = await listZone(arm, zoneId, owner, target.name);
    records.push(...names.map((name) => ({ zone, name, addresses: addressesOf(listed, name) })));
  }
  return records.length === 0 ? null : records;
}

function zonesOf(group: Json): readonly string[] {
  return objectsOf(objectOf(group['properties'])['privateDnsZoneConfigs']).flatMap(
    (each) => stringOf(objectOf(each['properties'])['privateDnsZoneId']) ?? [],
  );
}

/** `orders.scm.azurewebsites.net` is `orders.scm` in the zone `privatelink.azurewebsites.net`. */
function recordName(host: string, zone: string): readonly string[] {
  const suffix = zone.toLowerCase().replace(/^privatelink/, '');
  const plain = host.toLowerCase().replace(/:\d+$/, '');
  return plain.endsWith(suffix) ? [plain.slice(0, -suffix.length)] : [];
}

function addressesOf(records: readonly Json[], name: string): readonly string[] {
  const record = records.find((each) => stringOf(each['name'])?.toLowerCase() === name);
  return objectsOf(objectOf(record?.['properties'])['aRecords']).flatMap(
    (each) => stringOf(each['ipv4Address']) ?? [],
  );
}

function nameOf(id: string): string {
  return id.split('/').at(-1) ?? '';
}
