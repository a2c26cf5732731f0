/** Plans with deployment slots: the release waits in a slot beside production, and a swap exchanges the two. */
import type { Clock } from '../clock.ts';
import { asSlotwaveError, DoubtError, RefusalError, TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { StagingTriggers, SwapRequest } from '../plan/plan.ts';
import { type Release, stampSetting } from '../release/release.ts';
import { demandReferences } from './references.ts';
import { createMemoryKeep, keepSettings, restoreSettings, type SettingsKeep } from './settings-keep.ts';
import type { DeployProgress, SlotClient, SlotsReading } from './slot-client.ts';
import { silenceKnown, silenceNew } from './staging-triggers.ts';
import type { Candidate, Cleared, Standing, Strategy } from './strategy.ts';

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

/** A swap that fails at its warm-up pings takes 10 to 23 minutes (azure-platform.md §3.2). */
const operationDeadlineMs = 40 * 60_000;
const operationIntervalMs = 10_000;
const maxPreviews = 3;

export function createSlotSwap(parts: SlotSwapParts): Strategy {
  const keeping = { ...parts, keep: parts.keep ?? createMemoryKeep() };
  return {
    inspect: async (target) => standingOf(await readQuiet(parts, target)),
    stage: (target, release, stop) => stage(parts, target, release, stop),
    promote: (candidate, stop) => exchange(parts, candidate, 'forward', stop),
    // A swap is its own inverse: bringing the incumbent back is the same exchange with the roles changed.
    revert: (candidate, stop) => exchange(parts, candidate, 'back', stop),
    preview: (candidate, stop) => preview(parts, candidate, stop),
    reset: (target) => parts.client.resetPrepared(target),
    keep: (target) => keepSettings(keeping, target),
    restore: (target, kept) => restoreSettings(keeping, target, kept),
  };
}

async function stage(
  parts: SlotSwapParts,
  target: Target,
  release: Release,
  stop?: AbortSignal,
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
  const silent = parts.stagingTriggers === 'disable' ? await silenceKnown(parts, target) : {};
  await parts.client.writeSettings(target, { ...parts.settings, ...silent, [stampSetting]: release.id });
  stop?.throwIfAborted();
  await parts.client.deployPackage(target, release, (progress) => parts.onProgress(target, progress));
  const after = await readQuiet(parts, target);
  if (after.besideId !== release.id) {
    throw new TransientError(`The stamp of ${release.id} is not in the settings of slot ${target.slot}.`, {
      code: 'stamp-not-written',
      where: target.name,
      next: 'Look for somebody else who writes settings to this slot.',
    });
  }
  if (parts.stagingTriggers === 'disable') await silenceNew(parts, target, silent, stop);
  if (after.besideRefers) await demandReferences(parts, target, stop);
  const address = new URL(`https://${after.besideHost}`);
  return { target, releaseId: release.id, incumbentId: after.liveId, address };
}

/**
 * The one place that swaps. Asks only when the look right before says that the exchange is still to be done,
 * asks once, and answers with what it reads afterwards (laws 1 and 4).
 */
async function exchange(
  parts: SlotSwapParts,
  candidate: Cleared,
  direction: 'forward' | 'back',
  stop?: AbortSignal,
): Promise<Standing> {
  const { target } = candidate;
  const before = await readQuiet(parts, target);
  // Whether ARM shows a swap under way as an operation or only as a prepared slot is not known (§11): it may be
  // one of ours, so this is a doubt, and not a no. Right after a preview of ours it is what this swap completes.
  if (before.preparedFor && !(direction === 'forward' && parts.swap?.preview))
    throw halfDone(target, before.preparedFor);
  if (isExchanged(before, candidate)) return standingOf(before);
  if (before.liveId !== candidate.incumbentId || before.besideId !== candidate.releaseId) {
    throw new DoubtError(`The slots of ${target.name} hold other releases than expected.`, {
      code: 'slots-changed',
      where: target.name,
    });
  }
  if (direction === 'forward' && before.besideRefers) await demandReferences(parts, target, stop);
  // The look may have taken long: an operation was waited out, and the rollout was cancelled meanwhile.
  stop?.throwIfAborted();
  await parts.client.swap(target, parts.swap);
  const after = await readQuiet(parts, target).catch((thrown: unknown) => {
    // The swap was reported as done: from here on nothing may be told as "certainly not moved".
    throw notVisible(target, thrown);
  });
  if (isExchanged(after, candidate)) return standingOf(after);
  throw notVisible(target);
}

/**
 * Puts production's sticky settings on the slot, which restarts with them. The request sets a state and may be
 * repeated; a slot that is prepared already has what was asked for.
 */
async function preview(parts: SlotSwapParts, { target }: Candidate, stop?: AbortSignal): Promise<void> {
  for (let requests = 1; ; requests++) {
    const before = await readQuiet(parts, target);
    if (before.preparedFor) break;
    stop?.throwIfAborted();
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
    await parts.clock.sleep(error.retryAfterMs ?? operationIntervalMs, stop);
  }
  // The slot's identity has to follow production's references as well.
  const { besideRefers } = await readQuiet(parts, target);
  if (besideRefers) await demandReferences(parts, target, stop);
}

async function readUnprepared(
  parts: SlotSwapParts,
  target: Target,
  stop?: AbortSignal,
): Promise<SlotsReading> {
  const reading = await readQuiet(parts, target);
  if (!reading.preparedFor) return reading;
  if (!parts.swap?.resetPrepared) throw leftPrepared(target, reading.preparedFor);
  stop?.throwIfAborted();
  parts.onWait(target, `a swap prepared for "${reading.preparedFor}" is cancelled`);
  await parts.client.resetPrepared(target);
  const after = await readQuiet(parts, target);
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

/** Waits out whatever ARM says is running on the site, so that what is read is not half of something. */
async function readQuiet(parts: SlotSwapParts, target: Target): Promise<SlotsReading> {
  const deadlineMs = parts.clock.now() + operationDeadlineMs;
  for (;;) {
    const reading = await parts.client.readSlots(target);
    if (reading.operation === null) return reading;
    if (parts.clock.now() >= deadlineMs) {
      throw new TransientError(
        `An operation has been running on ${target.site} for over ${operationDeadlineMs / 60_000} minutes: ${reading.operation}`,
        {
          code: 'operation-still-running',
          where: target.name,
          next: 'Look at the activity log of the site.',
        },
      );
    }
    parts.onWait(target, reading.operation);
    await parts.clock.sleep(operationIntervalMs);
  }
}

function isExchanged(reading: SlotsReading, candidate: Candidate): boolean {
  return reading.liveId === candidate.releaseId && reading.besideId === candidate.incumbentId;
}

function standingOf(reading: SlotsReading): Standing {
  const { liveId: live, besideId: beside, preparedFor, lastSwapAt } = reading;
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
