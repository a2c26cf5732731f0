/** Cancelling a swap with preview that was left half done: azure-platform.md §3.4, "left behind after failure". */
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';
import { classify } from './classify.ts';
import { aboutSite, aboutSlot, sitePath, slotPath } from './site-client.ts';

/** On both slots, since each may be the one that was prepared. Idempotent; the slots restart. */
export async function resetPrepared(arm: Arm, target: Target): Promise<void> {
  const both = [
    { path: slotPath(target), about: aboutSlot(target, 'cancel the prepared swap of') },
    { path: sitePath(target), about: aboutSite(target, 'cancel the prepared swap of') },
  ];
  for (const { path, about } of both) {
    try {
      await arm.send(target.subscriptionId, {
        method: 'POST',
        url: `${path}/resetSlotConfig?api-version=2025-05-01`,
      });
    } catch (error) {
      throw classify(error, { act: 'change', ...about });
    }
  }
}
