/** Plans with deployment slots: the release waits in a slot beside production, and a swap exchanges the two. */
import type { Clock } from '../clock.ts';
import { asSlotwaveError, DoubtError, RefusalError, TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { StagingTriggers, SwapRequest } from '../plan/plan.ts';
import { type Release, stampSetting } from '../release/release.ts';
import { createReadings, type Readings } from './readings.ts';
import { demandReferences } from './references.ts';
import { createMemoryKeep, keepSettings, restoreSettings, type SettingsKeep } from './settings-keep.ts';
import type { DeployProgress, SlotClient, SlotsReading, Stamps, SwapEnd } from './slot-client.ts';
import { silenceKnown, silenceNew } from './staging-triggers.ts';
import type { Candidate, Cleared, Hints, StagingHints, Standing, Strategy } from './strategy.ts';

export interface SlotSwapParts {
  readonly client: SlotClient;
  /** Written to the staging slot together with the release. */
  readonly settings: Readonly<Record<string, string>>;
  /** What else the plan asks for; absent: nothing of it. */
  readonly swap?: Pick<SwapRequest, 'preview' | 'resetPrepared' | 'preserveVnet'> | undefined;
  readonly stagingTriggers?: StagingTriggers | undefined;
  /** Where the slot's settings from before are kept. Default: in memory, for as long as the process lives. */
  readonly keep?: SettingsKeep | undefined;
  readonly clock: Clock;
  readonly onProgress: (target: Target, progress: DeployProgress) => void;
  readonly onWait: (target: Target, what: string) => void;
}

const previewRetryMs = 10_000;
const maxPreviews = 3;

interface Parts extends SlotSwapParts {
  readonly readings: Readings;
}

export function createSlotSwap(given: SlotSwapParts): Strategy {
  const readings = createReadings(given);
  const parts: Parts = { ...given, readings };
  const keeping = { ...parts, keep: parts.keep ?? createMemoryKeep() };
  return {
    inspect: async (target, expected) => {
      if (!expected) return standingOf(await readings.whole(target));
      return standingOf(await readings.expected(target, stampsOf(expected)));
    },
    stage: (target, release, stop, hints) => stage(parts, target, release, { ...hints, stop }),
    promote: (candidate, stop, hints) => exchange(parts, candidate, 'forward', { ...hints, stop }),
    // A swap is its own inverse: bringing the incumbent back is the same exchange with the roles changed.
    revert: (candidate, stop, hints) => exchange(parts, candidate, 'back', { ...hints, stop }),
    preview: (candidate, stop) => preview(parts, candidate, stop),
    reset: (target) => {
      readings.forget(target);
      return parts.client.resetPrepared(target);
    },
    keep: (target) => keepSettings(keeping, target),
    restore: (target, kept) => restoreSettings(keeping, target, kept),
  };
}

interface Stoppable {
  readonly stop: AbortSignal | undefined;
}

async function stage(
  parts: Parts,
  target: Target,
  release: Release,
  { stop, expectedMs, onSent }: StagingHints & Stoppable,
): Promise<Candidate> {
  const before = await readUnprepared(parts, target, stop);
  if (before.liveId === release.id) {
    throw new RefusalError(
      `${target.name} already runs ${release.id} live; staging it again would overwrite the incumbent.`,
      {
        code: 'staged-while-live',
        where: target.name,
        next: 'Use `slotwave resume`, which continues where the rollout stands.',
      },
    );
  }
  stop?.throwIfAborted();
  parts.readings.forget(target);
  const silent = parts.stagingTriggers === 'disable' ? await silenceKnown(parts, target) : {};
  const written = { ...parts.settings, ...silent, [stampSetting]: release.id };
  await parts.client.writeSettings(target, written);
  stop?.throwIfAborted();
  const tell = (progress: DeployProgress) => parts.onProgress(target, progress);
  await parts.client.deployPackage(target, release, tell, { expectedMs, onSent });
  // Whoever swapped meanwhile has taken all of it away from here.
  const after = await parts.client.readBeside(target);
  demandWritten(target, after.settings, written);
  if (parts.stagingTriggers === 'disable') await silenceNew(parts, target, silent, stop);
  if (after.besideRefers) await demandReferences(parts, target, stop);
  const address = new URL(`https://${before.besideHost}`);
  return { target, releaseId: release.id, incumbentId: before.liveId, address };
}

function demandWritten(
  target: Target,
  found: Readonly<Record<string, string>>,
  written: Readonly<Record<string, string>>,
): void {
  const missing = Object.keys(written).filter((name) => found[name] !== written[name]);
  if (missing.length === 0) return;
  const next = 'Look for somebody else who writes settings to this slot.';
  throw missing.includes(stampSetting)
    ? new TransientError(
        `The stamp of ${written[stampSetting]} is not in the settings of slot ${target.slot}.`,
        { code: 'stamp-not-written', where: target.name, next },
      )
    : new TransientError(
        `Slot ${target.slot} has lost settings that were written: ${missing.slice(0, 5).join(', ')}.`,
        { code: 'settings-not-in-place', where: target.name, next },
      );
}

/**
 * The one place that swaps. Asks only when the look right before says that the exchange is still to be done,
 * asks once, and answers with what it reads afterwards (laws 1 and 4).
 */
async function exchange(
  parts: Parts,
  candidate: Cleared,
  direction: 'forward' | 'back',
  { stop, expectedMs }: Hints & Stoppable,
): Promise<Standing> {
  const { target } = candidate;
  const before = await parts.readings.confirmed(target);
  if (isDone(parts, candidate, direction, before)) return standingOf(before);
  if (direction === 'forward' && before.besideRefers && (await waitForReferences(parts, target, stop))) {
    const since = await parts.readings.whole(target);
    if (isDone(parts, candidate, direction, since)) return standingOf(since);
  }
  // The look may have taken long: an operation was waited out, and the rollout was cancelled meanwhile.
  stop?.throwIfAborted();
  parts.readings.forget(target);
  const end = await parts.client.swap(target, { ...parts.swap, expectedMs });
  const after = await parts.readings.expected(target, stampsAfter(candidate)).catch((thrown: unknown) => {
    // The swap was reported as done: from here on nothing may be told as "certainly not moved".
    throw notVisible(target, thrown);
  });
  if (!isExchanged(after, candidate)) throw notVisible(target);
  return { ...standingOf(after), ...(await readWhen(parts, target, end)) };
}

/** False: it is still to be done. Throws where nobody can tell. */
function isDone(
  parts: Parts,
  candidate: Cleared,
  direction: 'forward' | 'back',
  found: SlotsReading,
): boolean {
  const { name } = candidate.target;
  // Whether ARM shows a swap under way as an operation or only as a prepared slot is not known (§11): it may be
  // one of ours, so this is a doubt, and not a no. Right after a preview of ours it is what this swap completes.
  if (found.preparedFor && !(direction === 'forward' && parts.swap?.preview))
    throw halfDone(candidate.target, found.preparedFor);
  if (isExchanged(found, candidate)) return true;
  if (found.liveId === candidate.incumbentId && found.besideId === candidate.releaseId) return false;
  throw new DoubtError(`The slots of ${name} hold other releases than expected.`, {
    code: 'slots-changed',
    where: name,
  });
}

/** True when they kept us so long that what was read before is too old to swap on. */
async function waitForReferences(
  parts: Parts,
  target: Target,
  stop: AbortSignal | undefined,
): Promise<boolean> {
  const sinceMs = parts.clock.now();
  await demandReferences(parts, target, stop);
  return parts.clock.now() - sinceMs >= notableMs;
}

/** Less than this is not worth a request. */
const notableMs = 5_000;

/** How long it has been live already counts for its observation; where nobody tells, it is live since now. */
async function readWhen(
  { client }: Parts,
  target: Target,
  { unseenMs }: SwapEnd,
): Promise<Pick<Standing, 'swappedAt'>> {
  if (unseenMs < notableMs) return {};
  const state = await client.readSwapState(target).catch(() => null);
  return state?.lastSwapAt ? { swappedAt: state.lastSwapAt } : {};
}

/**
 * Puts production's sticky settings on the slot, which restarts with them. The request sets a state and may be
 * repeated; a slot that is prepared already has what was asked for.
 */
async function preview(parts: Parts, { target }: Candidate, stop?: AbortSignal): Promise<void> {
  for (let requests = 1; ; requests++) {
    const before = await parts.readings.whole(target);
    if (before.preparedFor) break;
    stop?.throwIfAborted();
    parts.readings.forget(target);
    const error = await parts.client.applyProductionSettings(target, parts.swap).then(
      () => null,
      (thrown: unknown) => asSlotwaveError(thrown),
    );
    if (error === null || error.code === 'slot-prepared') break;
    if (error.kind === 'transient' ? requests >= maxPreviews : error.kind !== 'doubt') throw error;
    if (requests >= maxPreviews)
      throw new TransientError(error.message, {
        code: 'preview-unanswered',
        where: target.name,
        cause: error,
      });
    // Waited for here: outside, one more try would be taken from those of the swap, which was not asked for yet.
    await parts.clock.sleep(error.retryAfterMs ?? previewRetryMs, stop);
  }
  // The slot's identity has to follow production's references as well.
  const { besideRefers } = await parts.readings.whole(target);
  if (besideRefers) await demandReferences(parts, target, stop);
}

async function readUnprepared(parts: Parts, target: Target, stop?: AbortSignal): Promise<SlotsReading> {
  const reading = await parts.readings.recent(target);
  if (!reading.preparedFor) return reading;
  if (!parts.swap?.resetPrepared) throw leftPrepared(target, reading.preparedFor);
  stop?.throwIfAborted();
  parts.onWait(target, `a swap prepared for "${reading.preparedFor}" is cancelled`);
  await parts.client.resetPrepared(target);
  const after = await parts.readings.whole(target);
  if (after.preparedFor === null) return after;
  throw new TransientError(`${target.site} is still prepared for a swap with "${after.preparedFor}".`, {
    code: 'slot-still-prepared',
    where: target.name,
  });
}

function notVisible(target: Target, cause?: unknown): DoubtError {
  return new DoubtError(`The swap of ${target.name} was reported as done, and its slots do not show it.`, {
    code: 'swap-not-visible',
    where: target.name,
    cause,
  });
}

function isExchanged(reading: Stamps, candidate: Candidate): boolean {
  return reading.liveId === candidate.releaseId && reading.besideId === candidate.incumbentId;
}

function stampsAfter({ releaseId, incumbentId }: Candidate): Stamps {
  return { liveId: releaseId, besideId: incumbentId };
}

function stampsOf({ live, beside }: Standing): Stamps {
  return { liveId: live, besideId: beside };
}

function standingOf({
  liveId: live,
  besideId: beside,
  preparedFor = null,
  lastSwapAt = null,
}: Stamps & Partial<Pick<SlotsReading, 'preparedFor' | 'lastSwapAt'>>): Standing {
  return {
    live,
    beside,
    ...(preparedFor === null ? {} : { pending: `prepared for a swap with "${preparedFor}"` }),
    ...(lastSwapAt === null ? {} : { swappedAt: lastSwapAt }),
  };
}

function halfDone(target: Target, preparedFor: string): DoubtError {
  return new DoubtError(`${target.site} is prepared for a swap with "${preparedFor}" right now.`, {
    code: 'swap-half-done',
    where: target.name,
  });
}

function leftPrepared(target: Target, preparedFor: string): RefusalError {
  return new RefusalError(
    `${target.site} was left prepared for a swap with "${preparedFor}" by an earlier swap with preview.`,
    {
      code: 'slot-prepared',
      where: target.name,
      next: `Cancel it first: az functionapp deployment slot swap -g ${target.resourceGroup} -n ${target.site} -s ${target.slot} --action reset, or have it cancelled: swap: { resetPrepared: true }`,
    },
  );
}
