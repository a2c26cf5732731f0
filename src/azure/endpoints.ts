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
  const listZone = (arm: Arm, zoneId: string, subscriptionId: string, where: string) =>
    zones(zoneId, () =>
      readList(
        arm,
        subscriptionId,
        { what: `list the records of ${zoneId.split('/').at(-1)}`, where },
        `${zoneId}/A?api-version=2020-06-01`,
      ),
    );
  const readRecords = async (arm: Arm, endpointId: string, { target, hostNames }: EndpointQuestion) => {
    const [, subscription = target.subscriptionId] = /^\/subscriptions\/([^/]+)\//i.exec(endpointId) ?? [];
    const about = {
      what: `read the zones of the private endpoint ${nameOf(endpointId)}`,
      where: target.name,
    };
    const groups = await readList(
      arm,
      subscription,
      about,
      `${endpointId}/privateDnsZoneGroups?api-version=2024-05-01`,
    );
    const records: DnsRecord[] = [];
    for (const zoneId of groups.flatMap(zonesOf)) {
      const [, owner = '', zone = ''] = zoneForm.exec(zoneId) ?? [];
      const names = hostNames.flatMap((host) => recordName(host, zone));
      if (zone === '' || names.length === 0) continue;
      const listed = await listZone(arm, zoneId, owner, target.name);
      records.push(...names.map((name) => ({ zone, name, addresses: addressesOf(listed, name) })));
    }
    // Without a zone group somebody keeps the records by hand, and nobody can say where.
    return records.length === 0 ? null : records;
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
        const properties = objectOf(each['properties']);
        const id = stringOf(objectOf(properties['privateEndpoint'])['id']) ?? '';
        const status = stringOf(objectOf(properties['privateLinkServiceConnectionState'])['status']) ?? '';
        const records =
          id !== '' && status.toLowerCase() === 'approved'
            ? await notes.attempt(`the DNS records of ${nameOf(id)}`, () => readRecords(arm, id, question))
            : null;
        const addresses = stringsOf(properties['ipAddresses']);
        return { name: nameOf(id) || (stringOf(each['name']) ?? ''), status, addresses, records };
      }),
    );
  };
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
