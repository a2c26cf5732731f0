/** Where the private endpoint of a slot is, as ARM tells it (azure-platform.md §5.1). */
import { isIP } from 'node:net';
import type { Target } from '../plan/fleet.ts';
import type { Side } from '../probe/verdict.ts';
import type { Arm } from './arm.ts';
import { objectOf, readList, stringsOf } from './arm-json.ts';
import { stringOf } from './server-text.ts';
import { aboutSite, aboutSlot, sitePath, slotPath } from './site-client.ts';

/** Null: no approved endpoint, or none that tells an address. */
export async function readEndpointAddress(arm: Arm, target: Target, side: Side): Promise<string | null> {
  const verb = 'list the private endpoints of';
  const about = side === 'live' ? aboutSite(target, verb) : aboutSlot(target, verb);
  const path = side === 'live' ? sitePath(target) : slotPath(target);
  const url = `${path}/privateEndpointConnections?api-version=2025-05-01`;
  const group = side === 'live' ? 'sites' : `sites-${target.slot.toLowerCase()}`;
  for (const connection of await readList(arm, target.subscriptionId, about, url)) {
    const properties = objectOf(connection['properties']);
    const status = stringOf(objectOf(properties['privateLinkServiceConnectionState'])['status']);
    const groups = stringsOf(properties['groupIds']);
    // A site may list its slots' endpoints among its own; one that names no group is taken at its word.
    if (groups.length > 0 && !groups.some((each) => each.toLowerCase() === group)) continue;
    const address = stringsOf(properties['ipAddresses']).find((each) => isIP(each) !== 0);
    if (status?.toLowerCase() === 'approved' && address !== undefined) return address;
  }
  return null;
}
