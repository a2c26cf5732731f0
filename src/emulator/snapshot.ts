/** The world at this moment, for tests and for the curious. */
import { contentOf } from './hosts.ts';
import { type Platform, releaseOf } from './platform.ts';
import type { Slot } from './world/state.ts';

export interface SlotSnapshot {
  readonly state: 'Running' | 'Stopped';
  readonly hostName: string;
  /** The release that the slot's settings name. */
  readonly release: string | null;
  /** SHA-256 of the package that runs here. */
  readonly content: string | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly deployments: readonly string[];
  readonly preparedFor: string | null;
}

export interface SiteSnapshot {
  readonly name: string;
  readonly region: string;
  readonly operation: string | null;
  readonly slots: Readonly<Record<string, SlotSnapshot>>;
}

export interface WorldSnapshot {
  readonly atMs: number;
  readonly sites: Readonly<Record<string, SiteSnapshot>>;
}

export function takeSnapshot(platform: Platform): WorldSnapshot {
  const sites = [...platform.sites.values()].map((site) => {
    const slots = [site.production, ...site.slots.values()].map(
      (slot) => [slot.name, shapeSlot(platform, slot)] as const,
    );
    const snapshot: SiteSnapshot = {
      name: site.name,
      region: site.region,
      operation: site.operation?.id ?? null,
      slots: Object.fromEntries(slots),
    };
    return [site.name, snapshot] as const;
  });
  return { atMs: platform.clock.now(), sites: Object.fromEntries(sites) };
}

/** The same without the values of settings, which may be secrets: for whoever asks over the network. */
export function redactSnapshot(snapshot: WorldSnapshot): unknown {
  const hide = ({ settings, ...slot }: SlotSnapshot) => ({ ...slot, settingNames: Object.keys(settings) });
  const sites = Object.entries(snapshot.sites).map(([name, site]) => {
    const slots = Object.entries(site.slots).map(([slotName, slot]) => [slotName, hide(slot)] as const);
    return [name, { ...site, slots: Object.fromEntries(slots) }] as const;
  });
  return { atMs: snapshot.atMs, sites: Object.fromEntries(sites) };
}

function shapeSlot(platform: Platform, slot: Slot): SlotSnapshot {
  return {
    state: slot.state,
    hostName: platform.addresses.host(slot.label),
    release: releaseOf(slot),
    content: contentOf(slot)?.digest ?? null,
    settings: slot.settings,
    deployments: slot.cargo.deployments.map(({ id }) => id),
    preparedFor: slot.prepared?.target.name ?? null,
  };
}
