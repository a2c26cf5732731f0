/** What the staging slot's settings were before a release came, so that a refusal can put them back. */
import type { Target } from '../plan/fleet.ts';
import type { Readings } from './readings.ts';
import type { SlotClient } from './slot-client.ts';
import type { KeptSettings, RestoredSettings } from './strategy.ts';

/** Values from before, by target and setting. They may be secrets: they are never journaled, logged or reported. */
export interface SettingsKeep {
  load(target: string): Promise<Readonly<Record<string, string>> | null>;
  save(target: string, values: Readonly<Record<string, string>>): Promise<void>;
}

export function createMemoryKeep(): SettingsKeep {
  const kept = new Map<string, Readonly<Record<string, string>>>();
  return {
    load: async (target) => kept.get(target) ?? null,
    save: async (target, values) => void kept.set(target, values),
  };
}

export interface KeepingParts {
  readonly client: Pick<SlotClient, 'readSettings' | 'changeSettings'>;
  readonly readings: Pick<Readings, 'whole'>;
  readonly settings: Readonly<Record<string, string>>;
  readonly keep: SettingsKeep;
}

const justReadMs = 2_000;

/** Values first, then their names: when the names are journaled, the values are there. */
export async function keepSettings(parts: KeepingParts, target: Target): Promise<KeptSettings> {
  const names = Object.keys(parts.settings);
  if (names.length === 0) return { changed: [], added: [] };
  // Staging begins with this reading, and what is taken down here is part of it.
  await parts.readings.whole(target);
  const found = await parts.client.readSettings(target, justReadMs);
  const changed = names.filter((name) => found[name] !== undefined && found[name] !== parts.settings[name]);
  const added = names.filter((name) => found[name] === undefined);
  if (changed.length > 0)
    await parts.keep.save(target.name, Object.fromEntries(changed.map((name) => [name, found[name] ?? ''])));
  return { changed, added };
}

/** Only what still has the value that we wrote is put back: anything else is somebody's newer wish. */
export async function restoreSettings(
  parts: KeepingParts,
  target: Target,
  { changed, added }: KeptSettings,
): Promise<RestoredSettings> {
  const before = (await parts.keep.load(target.name)) ?? {};
  const found = await parts.client.readSettings(target);
  const names = [...changed, ...added];
  const isKnown = (name: string) => added.includes(name) || before[name] !== undefined;
  const isBack = (name: string) => found[name] === before[name];
  const isOurs = (name: string) => found[name] !== undefined && found[name] === parts.settings[name];
  const restored = names.filter((name) => isKnown(name) && (isBack(name) || isOurs(name)));
  const change = restored
    .filter((name) => !isBack(name))
    .map((name) => [name, before[name] ?? null] as const);
  await parts.client.changeSettings(target, Object.fromEntries(change));
  return { restored, left: names.filter((name) => !restored.includes(name)) };
}
