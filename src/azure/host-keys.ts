/** The master key of the function host in each slot: asked for once, and again when the host refuses it. */
import { listHostKeys, listHostKeysSlot } from '@azure/arm-appservice/api/webApps';
import { TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';
import { aboutSite, aboutSlot } from './site-client.ts';

/** `live` is production, `beside` the staging slot. */
export type KeySide = 'live' | 'beside';
export type HostKey = (target: Target, side: KeySide, refused?: boolean) => Promise<string>;

/** The key is given to `hide` before anybody else sees it. Rejects as reads do; ARM needs the host up for this. */
export function createHostKey(arm: Arm, hide: (secret: string) => void): HostKey {
  const kept = new Map<string, Promise<string>>();
  return (target, side, refused = false) => {
    const key = [target.subscriptionId, target.resourceGroup, target.site, side === 'live' ? '' : target.slot]
      .join('/')
      .toLowerCase();
    const earlier = kept.get(key);
    if (earlier && !refused) return earlier;
    const asked = askForKey(arm, target, side).then((master) => {
      hide(master);
      return master;
    });
    kept.set(key, asked);
    // A failure is not worth keeping; the caller has it from the promise itself.
    asked.catch(() => {
      if (kept.get(key) === asked) kept.delete(key);
    });
    return asked;
  };
}

async function askForKey(arm: Arm, target: Target, side: KeySide): Promise<string> {
  const { subscriptionId, resourceGroup, site, slot } = target;
  const about =
    side === 'live' ? aboutSite(target, 'read the host key of') : aboutSlot(target, 'read the host key of');
  const { masterKey } = await arm.read(subscriptionId, about, (context) =>
    side === 'live'
      ? listHostKeys(context, resourceGroup, site)
      : listHostKeysSlot(context, resourceGroup, site, slot),
  );
  if (masterKey) return masterKey;
  throw new TransientError(`Azure told no master key of ${site}${side === 'live' ? '' : `/${slot}`}.`, {
    code: 'host-key-missing',
    where: target.name,
  });
}
