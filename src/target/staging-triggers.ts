/** Timers, queues and the like, kept from running in the staging slot beside production's (azure-platform.md §3.2). */
import type { Clock } from '../clock.ts';
import type { Target } from '../plan/fleet.ts';
import type { FunctionTrigger, SlotClient } from './slot-client.ts';

interface SilencingParts {
  readonly client: Pick<SlotClient, 'keepWithSlot' | 'writeSettings' | 'readTriggers'>;
  readonly clock: Clock;
}

/** What the host calls the setting that switches one function off. */
export function disabledSetting(name: string): string {
  return `AzureWebJobs.${name}.Disabled`;
}

/**
 * The settings that keep quiet what production runs already, made sticky before they have a value anywhere: a
 * swap in between would otherwise carry them into production.
 */
export async function silenceKnown(
  { client }: SilencingParts,
  target: Target,
): Promise<Readonly<Record<string, string>>> {
  const names = ((await client.readTriggers(target, 'live')) ?? []).map(toSetting);
  if (names.length > 0) await client.keepWithSlot(target, names);
  return switchOff(names);
}

/** A host lists its functions only some time after it has started. */
const listedWithinMs = 120_000;
const intervalMs = 10_000;

/** What the new release brings is known only once it runs: it is switched off then, and the slot restarts. */
export async function silenceNew(
  { client, clock }: SilencingParts,
  target: Target,
  known: Readonly<Record<string, string>>,
  stop?: AbortSignal,
): Promise<void> {
  const untilMs = clock.now() + listedWithinMs;
  let triggers = await client.readTriggers(target, 'beside');
  while (triggers === null && clock.now() < untilMs) {
    await clock.sleep(intervalMs, stop);
    triggers = await client.readTriggers(target, 'beside');
  }
  // A host that lists nothing at all runs nothing; the clearance will not let it pass.
  const names = (triggers ?? []).map(toSetting).filter((name) => !(name in known));
  if (names.length === 0) return;
  await client.keepWithSlot(target, names);
  await client.writeSettings(target, switchOff(names));
}

function toSetting({ name }: FunctionTrigger): string {
  return disabledSetting(name);
}

function switchOff(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, 'true']));
}
