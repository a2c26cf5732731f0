/** A last look before a package is sent: would a swap move it at all? */
import { listSlotConfigurationNames } from '@azure/arm-appservice/api/webApps';
import { RefusalError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import { stampSetting } from '../release/release.ts';
import type { Arm } from './arm.ts';
import { aboutSite } from './site-client.ts';

const deciding = ['WEBSITE_RUN_FROM_PACKAGE', stampSetting];

/**
 * Preflight says so too, but a plan may be old, and stickiness is written by others in between.
 *
 * @throws RefusalError `package-setting-sticky`: §2.5, a swap would move nothing, or tell the wrong release.
 */
export async function demandMovable(arm: Arm, target: Target): Promise<void> {
  const { subscriptionId, resourceGroup, site } = target;
  const about = aboutSite(target, 'read the sticky settings of');
  const names = await arm.read(subscriptionId, about, (context) =>
    listSlotConfigurationNames(context, resourceGroup, site),
  );
  const sticky = (names.appSettingNames ?? []).filter((name) => deciding.includes(name.toUpperCase()));
  if (sticky.length === 0) return;
  throw new RefusalError(
    `${sticky.join(' and ')} ${sticky.length === 1 ? 'is a slot setting' : 'are slot settings'} of ${site}: it stays where it is in a swap, so the release would not move.`,
    {
      code: 'package-setting-sticky',
      where: target.name,
      next: 'Portal, Settings > Environment variables: clear "Deployment slot setting" of it.',
    },
  );
}
