/** src/target/slot-client.ts, spoken to real ARM and SCM. */
import type { Clock } from '../clock.ts';
import { TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import { stampSetting } from '../release/release.ts';
import type { SlotClient, SlotsReading } from '../target/slot-client.ts';
import type { Arm } from './arm.ts';
import { deployToSlot } from './scm.ts';
import { writeSettings } from './settings.ts';
import {
  readProductionSettings,
  readSite,
  readSlot,
  readSlotSettings,
  type SiteFacts,
} from './site-client.ts';
import { swapSlots } from './swap.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';

export interface SlotClientParts {
  readonly arm: Arm;
  readonly tokens: Tokens;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
}

export function createSlotClient(parts: SlotClientParts): SlotClient {
  const { arm, clock } = parts;
  return {
    readSlots: (target) => readSlots(arm, clock, target),
    writeSettings: (target, settings) => writeSettings(arm, clock, target, settings),
    deployPackage: async (target, release, onProgress) => {
      const slot = await readSlot(arm, target);
      await deployToSlot(parts, { target, slot, release, onProgress });
    },
    swap: (target) => swapSlots(arm, clock, target),
  };
}

const readLimit = 5;
const settleMs = 2_000;

/**
 * Both stamps as of one moment. They stand in two lists, and a swap between the two reads would show one release
 * in both slots: so the live one is read before and after the other, and the site before and after all. A reading
 * in which something moved is taken again; one with an operation in progress is only good for waiting.
 */
async function readSlots(arm: Arm, clock: Clock, target: Target): Promise<SlotsReading> {
  for (let reads = 1; reads <= readLimit; reads++) {
    const [site, slot] = await Promise.all([readSite(arm, target), readSlot(arm, target)]);
    const liveId = stampOf(await readProductionSettings(arm, target));
    const besideId = stampOf(await readSlotSettings(arm, target));
    const seen = { liveId, besideId };
    if (operationOf(site, slot)) return asReading(seen, site, slot);
    const liveAgain = stampOf(await readProductionSettings(arm, target));
    const siteAgain = await readSite(arm, target);
    if (operationOf(siteAgain, slot) || (liveAgain === liveId && siteAgain.lastSwapAt === site.lastSwapAt))
      return asReading(seen, siteAgain, slot);
    await clock.sleep(settleMs);
  }
  throw new TransientError(`${target.site}: what runs where changed during each of ${readLimit} looks.`, {
    code: 'slots-moving',
    where: target.name,
    next: 'Is somebody else swapping or deploying this app at the same time?',
  });
}

/** Azure gives an absent setting and an empty one the same meaning. */
function stampOf(settings: Readonly<Record<string, string>>): string | null {
  return settings[stampSetting] || null;
}

function operationOf(site: SiteFacts, slot: SiteFacts): string | null {
  return site.operation ?? slot.operation;
}

function asReading(
  seen: Pick<SlotsReading, 'liveId' | 'besideId'>,
  site: SiteFacts,
  slot: SiteFacts,
): SlotsReading {
  return {
    ...seen,
    liveHost: site.hostName,
    besideHost: slot.hostName,
    operation: operationOf(site, slot),
    lastSwapAt: site.lastSwapAt,
    preparedFor: site.preparedFor ?? slot.preparedFor,
  };
}
