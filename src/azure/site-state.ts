/** What ARM says of a slot that does not answer: is it switched on, and who is let in? For a diagnosis, in seconds. */
import type { Target } from '../plan/fleet.ts';
import type { EndpointState, SiteState } from '../probe/diagnosis.ts';
import type { Side } from '../probe/verdict.ts';
import type { Arm } from './arm.ts';
import { type Json, objectOf, objectsOf, stringsOf } from './arm-json.ts';
import { parseObject, stringOf, tame } from './server-text.ts';
import { sitePath, slotPath } from './site-client.ts';

const version = 'api-version=2025-05-01';

/**
 * Two reads, each sent once: whoever waits for a diagnosis does not wait for retries. What could not be read is
 * null; it never rejects for that.
 */
export async function readSiteState(arm: Arm, target: Target, side: Side): Promise<SiteState> {
  const path = side === 'live' ? sitePath(target) : slotPath(target);
  const read = (url: string) =>
    arm.send(target.subscriptionId, { method: 'GET', url }).then(
      ({ body }) => parseObject(body),
      () => null,
    );
  const [site, endpoints] = await Promise.all([
    read(`${path}?${version}`),
    read(`${path}/privateEndpointConnections?${version}`),
  ]);
  const properties = objectOf(site?.['properties']);
  return {
    state: stringOf(properties['state']),
    publicNetworkAccess: stringOf(properties['publicNetworkAccess']),
    endpoints: endpoints === null ? null : objectsOf(endpoints['value']).map(asEndpoint),
  };
}

function asEndpoint(connection: Json): EndpointState {
  const properties = objectOf(connection['properties']);
  const id = stringOf(objectOf(properties['privateEndpoint'])['id']);
  const name = id?.split('/').at(-1) ?? stringOf(connection['name']) ?? 'an endpoint';
  const status = stringOf(objectOf(properties['privateLinkServiceConnectionState'])['status']);
  return {
    name: tame(name, 80),
    status: tame(status ?? 'unknown', 40),
    addresses: stringsOf(properties['ipAddresses']).map((address) => tame(address, 45)),
  };
}
