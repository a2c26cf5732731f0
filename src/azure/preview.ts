/** The first phase of a swap with preview: production's sticky settings on the staging slot (azure-platform.md §3.1). */
import { applySlotConfigurationSlot } from '@azure/arm-appservice/api/webApps';
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';
import { aboutSlot, slotPath } from './site-client.ts';

/** Sets a state, so it may be repeated after a look. The slot restarts. @throws RefusalError `slot-prepared`: it is done. */
export async function applyProductionSettings(
  arm: Arm,
  target: Target,
  preserveVnet: boolean,
): Promise<void> {
  const { subscriptionId, resourceGroup, site, slot } = target;
  arm.recent.slotSettings.forget(slotPath(target));
  await arm.change(subscriptionId, aboutSlot(target, "put production's settings on"), (context) =>
    applySlotConfigurationSlot(context, resourceGroup, site, slot, {
      targetSlot: 'production',
      preserveVnet,
    }),
  );
}
