/** Cancelling a swap with preview that was left half done: azure-platform.md §3.4, "left behind after failure". */
import type { Target } from '../plan/fleet.ts';
import type { About, Arm } from './arm.ts';
import { classify } from './classify.ts';
import { aboutSite, aboutSlot, readSite, readSlot, sitePath, slotPath } from './site-client.ts';

/**
 * The staging slot first, which is the one that we prepare; production only when a swap is prepared even then, so
 * that what is live is asked for nothing without need. Idempotent; a slot that is reset restarts.
 */
export async function resetPrepared(arm: Arm, target: Target): Promise<void> {
  arm.recent.slotSettings.forget(slotPath(target));
  await reset(arm, target, slotPath(target), aboutSlot(target, 'cancel the prepared swap of'));
  const both = await Promise.all([readSite(arm, target), readSlot(arm, target)]);
  if (both.every(({ preparedFor }) => preparedFor === null)) return;
  await reset(arm, target, sitePath(target), aboutSite(target, 'cancel the prepared swap of'));
}

async function reset(arm: Arm, target: Target, path: string, about: About): Promise<void> {
  try {
    await arm.send(target.subscriptionId, {
      method: 'POST',
      url: `${path}/resetSlotConfig?api-version=2025-05-01`,
    });
  } catch (error) {
    throw classify(error, { act: 'change', ...about });
  }
}
