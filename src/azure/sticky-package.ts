/** A last look before a package is sent: would a swap move it at all? */
import { RefusalError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import { stampSetting } from '../release/release.ts';
import type { Arm } from './arm.ts';
import { readStickyNames } from './sticky-names.ts';

/** A survey of this very process need not be repeated at once: whoever plans in another one has none. */
const recentMs = 10 * 60_000;
const deciding = ['WEBSITE_RUN_FROM_PACKAGE', stampSetting];

/**
 * Preflight says so too, but a plan may be old, and stickiness is written by others in between.
 *
 * @throws RefusalError `package-setting-sticky`: §2.5, a swap would move nothing, or tell the wrong release.
 */
export async function demandMovable(arm: Arm, target: Target): Promise<void> {
  const { settings } = await readStickyNames(arm, target, recentMs);
  const sticky = settings.filter((name) => deciding.includes(name.toUpperCase()));
  if (sticky.length === 0) return;
  throw new RefusalError(
    `${sticky.join(' and ')} ${sticky.length === 1 ? 'is a slot setting' : 'are slot settings'} of ${target.site}: it stays where it is in a swap, so the release would not move.`,
    {
      code: 'package-setting-sticky',
      where: target.name,
      next: 'Portal, Settings > Environment variables: clear "Deployment slot setting" of it.',
    },
  );
}
