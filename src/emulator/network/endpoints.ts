/** Private endpoints as addresses to connect to: through which one a caller came, and what it leads to (§5.1). */
import { ConnectionLost, type Platform } from '../platform.ts';
import type { Slot } from '../world/state.ts';
import type { Door } from './addresses.ts';
import { type Caller, liesWithin, plainAddress } from './caller.ts';

export interface LocatedCaller extends Caller {
  /** Whether the way by which it came leads there: an endpoint leads to one slot, and its SCM site, only. */
  serves(door: Door): boolean;
}

/** Where a caller stands. Throws ConnectionLost for an endpoint that is not approved: nothing passes through it. */
export function locate(platform: Platform, caller: Caller): LocatedCaller {
  const { address } = caller;
  const endpoint = findEndpoint(platform, caller);
  if (endpoint) return { address, inside: true, serves: (door) => leadsTo(platform, door) === endpoint };
  const inside = caller.inside || (address !== null && liesWithin(address, platform.world.network.inside));
  return { address, inside, serves: () => true };
}

/** The slot whose endpoint it is at which the caller arrived; null when it came by another way. */
function findEndpoint(platform: Platform, { arrivedAt }: Caller): Slot | null {
  if (!arrivedAt) return null;
  const wanted = plainAddress(arrivedAt);
  for (const slot of platform.slotsByLabel.values()) {
    const endpoint = slot.privateEndpoints.find(({ address }) => address === wanted);
    if (!endpoint) continue;
    if (endpoint.status === 'Approved') return slot;
    throw new ConnectionLost(`at a private endpoint that is ${endpoint.status.toLowerCase()}`);
  }
  return null;
}

function leadsTo(platform: Platform, door: Door): Slot | null {
  return door.kind === 'app' || door.kind === 'scm' ? (platform.slotsByLabel.get(door.label) ?? null) : null;
}
