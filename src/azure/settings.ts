/** Writing the staging slot's settings: merged, in one PUT, nothing lost, and read back. */
import type { Clock } from '../clock.ts';
import { DoubtError, RefusalError, TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { SettingsChange } from '../target/slot-client.ts';
import type { Arm } from './arm.ts';
import { readSlotSettings, replaceSlotSettings, type Settings } from './site-client.ts';

/**
 * Merges `wanted` (and what every slot needs, see `completeSettings`) into the slot. Does nothing when all of it
 * is there, so doing it again neither writes nor restarts.
 *
 * @throws TransientError `settings-not-in-place`: repeat it. RefusalError `package-is-remote`.
 */
export async function writeSettings(arm: Arm, clock: Clock, target: Target, wanted: Settings): Promise<void> {
  const before = await readSlotSettings(arm, target, justReadMs);
  demandLocalPackage(target, { ...before, ...wanted });
  const merged = completeSettings({ ...before, ...wanted });
  if (isIn(merged, before)) return;
  await replaceAll(arm, clock, target, merged, []);
}

/** ARM knows no condition for this PUT, so what was read is out of date the later, the more of others' may be lost. */
const justReadMs = 2_000;

/** Changes these and nothing else; null takes one away. No write when all is so already. */
export async function changeSettings(
  arm: Arm,
  clock: Clock,
  target: Target,
  change: SettingsChange,
): Promise<void> {
  const entries = Object.entries(change);
  if (entries.length === 0) return;
  const before = await readSlotSettings(arm, target);
  if (entries.every(([name, value]) => (before[name] ?? null) === value)) return;
  const wanted = Object.entries({ ...before, ...change }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  const gone = entries.filter(([, value]) => value === null).map(([name]) => name);
  await replaceAll(arm, clock, target, Object.fromEntries(wanted), gone);
}

async function replaceAll(
  arm: Arm,
  clock: Clock,
  target: Target,
  settings: Settings,
  gone: readonly string[],
): Promise<void> {
  try {
    const answered = await replaceSlotSettings(arm, target, settings);
    // What Azure answers is what it stored; who stages reads it once more when the package is there.
    if (findMissing(answered, settings, gone).length === 0) return;
  } catch (error) {
    // The same PUT gives the same settings, so a lost answer is settled by reading, and by repeating above us.
    if (!(error instanceof DoubtError)) throw error;
  }
  await waitUntilIn(arm, clock, target, settings, gone);
}

/**
 * What a slot needs and mostly has. `WEBSITE_RUN_FROM_PACKAGE=1` makes the package one file that travels whole
 * (§2.5). By default any answer warms a swap, the 503 of a broken host included (§0.6): unless somebody chose
 * otherwise, the platform's ping goes to `/`, where a sound host says 204 to the platform and 200 to others. A
 * slot with a ping of its own, path or statuses, is left as it is: adding one half to the other could make every
 * swap fail.
 */
export function completeSettings(settings: Settings): Settings {
  const has = (name: string) =>
    Object.keys(settings).some((each) => each.toLowerCase() === name.toLowerCase());
  const pinged = has(pingPath) || has(pingStatuses);
  return {
    ...(has('WEBSITE_RUN_FROM_PACKAGE') ? {} : { WEBSITE_RUN_FROM_PACKAGE: '1' }),
    ...(pinged ? {} : { [pingPath]: '/', [pingStatuses]: '200,202,204' }),
    ...settings,
  };
}

const pingPath = 'WEBSITE_SWAP_WARMUP_PING_PATH';
const pingStatuses = 'WEBSITE_SWAP_WARMUP_PING_STATUSES';

/** Kudu refuses uploads to a slot that mounts its package from a URL (§2.2); better said before anything is written. */
function demandLocalPackage(target: Target, settings: Settings): void {
  const value =
    Object.entries(settings).find(([name]) => name.toLowerCase() === 'website_run_from_package')?.[1] ?? '1';
  if (!/^https?:/i.test(value)) return;
  throw new RefusalError(
    `${target.site}/${target.slot} runs its package from a URL (WEBSITE_RUN_FROM_PACKAGE), so nothing can be uploaded to it.`,
    {
      code: 'package-is-remote',
      where: target.name,
      next: 'Set WEBSITE_RUN_FROM_PACKAGE to 1 on this slot, or remove it.',
    },
  );
}

const looksAtMs = [0, 1_000, 3_000, 6_000];

async function waitUntilIn(
  arm: Arm,
  clock: Clock,
  target: Target,
  merged: Settings,
  gone: readonly string[],
): Promise<void> {
  let missing: readonly string[] = [];
  for (const delayMs of looksAtMs) {
    if (delayMs > 0) await clock.sleep(delayMs);
    const found = await readSlotSettings(arm, target);
    missing = findMissing(found, merged, gone);
    if (missing.length === 0) return;
  }
  throw new TransientError(
    `${target.site}/${target.slot} does not show the settings that were written: ${missing.slice(0, 5).join(', ')}.`,
    {
      code: 'settings-not-in-place',
      where: target.name,
      next: 'Somebody or something else may be writing the settings of this slot at the same time.',
    },
  );
}

/** Names that are not as they were written. */
function findMissing(found: Settings, merged: Settings, gone: readonly string[]): readonly string[] {
  return [
    ...Object.keys(merged).filter((name) => found[name] !== merged[name]),
    ...gone.filter((name) => found[name] !== undefined),
  ];
}

function isIn(wanted: Settings, found: Settings): boolean {
  return Object.keys(wanted).every((name) => found[name] === wanted[name]);
}
