/** Plans with deployment slots: the release waits in a slot beside production, and a swap exchanges the two. */
import type { Clock } from '../clock.ts';
import { DoubtError, RefusalError, TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import { type Release, stampSetting } from '../release/release.ts';
import type { DeployProgress, SlotClient, SlotsReading } from './slot-client.ts';
import type { Candidate, Cleared, Standing, Strategy } from './strategy.ts';

export interface SlotSwapParts {
  readonly client: SlotClient;
  /** Written to the staging slot together with the release. */
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly onProgress: (target: Target, progress: DeployProgress) => void;
  readonly onWait: (target: Target, what: string) => void;
}

/** A swap that fails at its warm-up pings takes 10 to 23 minutes (azure-platform.md §3.2). */
const operationDeadlineMs = 40 * 60_000;
const operationIntervalMs = 10_000;

export function createSlotSwap(parts: SlotSwapParts): Strategy {
  return {
    inspect: async (target) => standingOf(await readQuiet(parts, target)),
    stage: (target, release, stop) => stage(parts, target, release, stop),
    promote: (candidate, stop) => exchange(parts, candidate, stop),
    // A swap is its own inverse: bringing the incumbent back is the same exchange with the roles changed.
    revert: (candidate, stop) => exchange(parts, candidate, stop),
  };
}

async function stage(
  parts: SlotSwapParts,
  target: Target,
  release: Release,
  stop?: AbortSignal,
): Promise<Candidate> {
  const before = await readQuiet(parts, target);
  if (before.preparedFor) throw leftPrepared(target, before.preparedFor);
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
  await parts.client.writeSettings(target, { ...parts.settings, [stampSetting]: release.id });
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
  const address = new URL(`https://${after.besideHost}`);
  return { target, releaseId: release.id, incumbentId: after.liveId, address };
}

/**
 * The one place that swaps. Asks only when the look right before says that the exchange is still to be done,
 * asks once, and answers with what it reads afterwards (laws 1 and 4).
 */
async function exchange(parts: SlotSwapParts, candidate: Cleared, stop?: AbortSignal): Promise<Standing> {
  const { target } = candidate;
  const before = await readQuiet(parts, target);
  // Whether ARM shows a swap under way as an operation or only as a prepared slot is not known (§11): it may be
  // one of ours, so this is a doubt, and not a no.
  if (before.preparedFor) throw halfDone(target, before.preparedFor);
  if (isExchanged(before, candidate)) return standingOf(before);
  if (before.liveId !== candidate.incumbentId || before.besideId !== candidate.releaseId) {
    throw new DoubtError(`The slots of ${target.name} hold other releases than expected.`, {
      code: 'slots-changed',
      where: target.name,
    });
  }
  // The look may have taken long: an operation was waited out, and the rollout was cancelled meanwhile.
  stop?.throwIfAborted();
  await parts.client.swap(target);
  const after = await readQuiet(parts, target).catch((thrown: unknown) => {
    // The swap was reported as done: from here on nothing may be told as "certainly not moved".
    throw notVisible(target, thrown);
  });
  if (isExchanged(after, candidate)) return standingOf(after);
  throw notVisible(target);
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
  const { liveId: live, besideId: beside, preparedFor } = reading;
  return preparedFor === null
    ? { live, beside }
    : { live, beside, pending: `prepared for a swap with "${preparedFor}"` };
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
      next: `Cancel it first: az functionapp deployment slot swap -g ${target.resourceGroup} -n ${target.site} -s ${target.slot} --action reset`,
    },
  );
}
