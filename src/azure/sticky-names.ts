/** Names of settings that stay with their slot in a swap: one list for the whole site (azure-platform.md §3.1). */
import { listSlotConfigurationNames, updateSlotConfigurationNames } from '@azure/arm-appservice/api/webApps';
import type { Clock } from '../clock.ts';
import { DoubtError, TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Arm, StickyNames } from './arm.ts';
import { aboutSite, sitePath } from './site-client.ts';

const looksAtMs = [0, 1_000, 3_000, 6_000];

/** @param ageMs how long ago they may have been asked for. */
export function readStickyNames(arm: Arm, target: Target, ageMs = -1): Promise<StickyNames> {
  return arm.recent.stickyNames.take(sitePath(target), ageMs, async () => {
    const { appSettingNames, connectionStringNames } = await read(arm, target);
    return { settings: appSettingNames ?? [], connectionStrings: connectionStringNames ?? [] };
  });
}

/**
 * Adds names to the list and verifies it. The PUT replaces the list, so it is read first and nothing in it is lost.
 * @throws TransientError `sticky-names-not-in-place`: repeat it.
 */
export async function keepWithSlot(
  arm: Arm,
  clock: Clock,
  target: Target,
  names: readonly string[],
): Promise<void> {
  const before = await read(arm, target);
  const has = (list: readonly string[], name: string) =>
    list.some((each) => each.toLowerCase() === name.toLowerCase());
  const missing = names.filter((name) => !has(before.appSettingNames ?? [], name));
  if (missing.length === 0) return;
  const { subscriptionId, resourceGroup, site } = target;
  arm.recent.stickyNames.forget(sitePath(target));
  try {
    await arm.change(subscriptionId, aboutSite(target, 'write the sticky settings of'), (context) =>
      updateSlotConfigurationNames(context, resourceGroup, site, {
        appSettingNames: [...(before.appSettingNames ?? []), ...missing],
        connectionStringNames: before.connectionStringNames ?? [],
        azureStorageConfigNames: before.azureStorageConfigNames ?? [],
      }),
    );
  } catch (error) {
    // The same PUT gives the same list, so a lost answer is settled by reading.
    if (!(error instanceof DoubtError)) throw error;
  }
  for (const delayMs of looksAtMs) {
    if (delayMs > 0) await clock.sleep(delayMs);
    const { appSettingNames = [] } = await read(arm, target);
    if (missing.every((name) => has(appSettingNames, name))) return;
  }
  throw new TransientError(`${target.site} does not show the sticky settings that were written.`, {
    code: 'sticky-names-not-in-place',
    where: target.name,
    next: 'Somebody or something else may be writing the slot settings of this app at the same time.',
  });
}

function read(arm: Arm, target: Target) {
  const { subscriptionId, resourceGroup, site } = target;
  return arm.read(subscriptionId, aboutSite(target, 'read the sticky settings of'), (context) =>
    listSlotConfigurationNames(context, resourceGroup, site),
  );
}
