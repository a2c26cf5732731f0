/** Telling the platform which triggers a package has, where the SCM site did not see it arrive (azure-platform.md §2.8). */
import type { Clock } from '../clock.ts';
import { type SlotwaveError, TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { About, Arm } from './arm.ts';
import { classify } from './classify.ts';
import { delayBefore } from './retry.ts';
import { aboutSlot, slotPath } from './site-client.ts';

export interface SyncParts {
  readonly arm: Arm;
  readonly clock: Clock;
  readonly random: () => number;
}

const firstWaitMs = 2_000;
export const syncDeadlineMs = 4 * 60_000;

/**
 * Sent raw: Azure answers 200 with a body, and the SDK takes nothing but its documented 204 (§0.3). Syncing twice is
 * syncing once, so whatever may pass is tried again; while the host restarts ARM says 400 and `ServiceUnavailable`.
 *
 * @throws TransientError `triggers-not-synced`, or what Azure refuses for good.
 */
export async function syncTriggers({ arm, clock, random }: SyncParts, target: Target): Promise<void> {
  const untilMs = clock.now() + syncDeadlineMs;
  const about = aboutSlot(target, 'sync the triggers of');
  for (let tries = 1; ; tries++) {
    await clock.sleep(tries === 1 ? firstWaitMs : 0);
    const failure = await syncOnce(arm, target, about);
    if (failure === null) return;
    if (failure.kind !== 'transient' && failure.kind !== 'doubt') throw failure;
    const delayMs = Math.max(firstWaitMs, delayBefore(tries + 1, failure.retryAfterMs, random));
    if (clock.now() + delayMs > untilMs) throw notSynced(target, failure);
    await clock.sleep(delayMs);
  }
}

/** Null when it is done. */
async function syncOnce(arm: Arm, target: Target, about: About): Promise<SlotwaveError | null> {
  try {
    await arm.send(target.subscriptionId, {
      method: 'POST',
      url: `${slotPath(target)}/syncfunctiontriggers?api-version=2025-05-01`,
    });
    return null;
  } catch (error) {
    return classify(error, { act: 'change', ...about });
  }
}

function notSynced(target: Target, last: SlotwaveError): TransientError {
  return new TransientError(
    `The triggers of ${target.site}/${target.slot} could not be synced within ${syncDeadlineMs / 60_000} minutes: ${last.message}`,
    {
      code: 'triggers-not-synced',
      where: target.name,
      next: 'The package is there, and its host does not come up: look at the log stream of the slot.',
      cause: last,
    },
  );
}
