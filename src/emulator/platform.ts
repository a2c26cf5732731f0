/** What all doors of the emulator share: the world, its time, its chance, its record. */
import type { Clock } from '../clock.ts';
import type { Throttle } from './arm/throttle.ts';
import type { Faults } from './faults/faults.ts';
import type { GraphMemory } from './graph/memory.ts';
import type { HostRuntime } from './host/runtime.ts';
import type { Tokens } from './login/tokens.ts';
import type { Addresses } from './network/addresses.ts';
import type { Random } from './random.ts';
import type { ContentStore } from './world/content.ts';
import type { Change, Spot } from './world/history.ts';
import type { Latencies, World } from './world/schema.ts';
import type { Plan, Site, Slot } from './world/state.ts';

export interface Identity {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The service principal's own id, as refusals name it. */
  readonly objectId: string;
}

/** One tenant of the world: its principal, and what is its own. */
export interface Tenant extends Identity {
  /** In lower case; null: every subscription that is no other tenant's. */
  readonly subscriptions: ReadonlySet<string> | null;
}

/** The bytes at an address. */
export type FetchPackage = (url: string) => Promise<Uint8Array>;

export interface Platform {
  readonly world: World;
  /** The principal of the first tenant. */
  readonly identity: Identity;
  /** The first is the one to which whatever is no other's belongs. */
  readonly tenants: readonly Tenant[];
  /** By name in lower case: names are unique in a world. */
  readonly sites: Map<string, Site>;
  /** By resource id in lower case. */
  readonly plans: Map<string, Plan>;
  /** By first label of the host name. */
  readonly slotsByLabel: Map<string, Slot>;
  readonly clock: Clock;
  readonly random: Random;
  /** For what chance decides while the world lives; ids have their own. */
  readonly dice: Random;
  readonly faults: Faults;
  readonly addresses: Addresses;
  readonly contents: ContentStore;
  readonly runtime: HostRuntime;
  readonly throttle: Throttle;
  readonly graph: GraphMemory;
  /** Fetches a package from an address, as a worker would. Rejects when it cannot be read. */
  readonly fetchPackage: FetchPackage;
  readonly tokens: Tokens;
  record(change: Change): void;
  /** Waits on the emulator's clock; rejects when the emulator closes. No wait, no trip through the clock. */
  sleep(ms: number): Promise<void>;
  /** Work that goes on after its request was answered; `close` waits for it. */
  inBackground(work: () => Promise<void>): void;
}

export function spotOf(slot: Slot): Spot {
  return { site: slot.site.name, slot: slot.name };
}

/** The times of the slot's site: its own where it has any. */
export function latenciesOf({ world }: Platform, { site }: Slot): Latencies {
  const own = Object.entries(site.latencies).filter(([, ms]) => ms !== undefined);
  return { ...world.latencies, ...Object.fromEntries(own) };
}

/** The instant as Azure writes it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The id of the release that a slot's settings name; null when they name none. */
export function releaseOf(slot: Slot): string | null {
  return slot.settings['SLOTWAVE_RELEASE_ID'] ?? null;
}

/** The connection breaks: the caller never learns what happened. `code` is ECONNRESET, as Node's sockets say it. */
export class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';

  constructor(when: string) {
    super(`read ECONNRESET (the emulator's fault: the connection was lost ${when})`);
    this.name = 'ConnectionLost';
  }
}
