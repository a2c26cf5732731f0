/** src/target/slot-client.ts, spoken to real ARM and SCM. */
import type { Clock } from '../clock.ts';
import { TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import { stampSetting } from '../release/release.ts';
import type { SlotClient, SlotsReading, Stamps, SwapState } from '../target/slot-client.ts';
import type { Arm } from './arm.ts';
import { createDelivery, plainPush } from './delivery.ts';
import { readReferences, refersToVault } from './key-vault.ts';
import { applyProductionSettings } from './preview.ts';
import { resetPrepared } from './reset.ts';
import { changeSettings, writeSettings } from './settings.ts';
import {
  readProductionSettings,
  readSite,
  readSlot,
  readSlotSettings,
  type SiteFacts,
} from './site-client.ts';
import { keepWithSlot } from './sticky-names.ts';
import { swapSlots } from './swap.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';
import { readTriggers } from './triggers.ts';

export interface SlotClientParts {
  readonly arm: Arm;
  readonly tokens: Tokens;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called with each secret before it is used. */
  readonly hide?: ((secret: string) => void) | undefined;
}

export function createSlotClient(parts: SlotClientParts): SlotClient {
  const { arm, clock } = parts;
  return {
    readSlots: (target) => readSlots(arm, clock, target),
    readStamps: (target) => readStamps(arm, target),
    readLive: async (target) => {
      const [site, settings] = await Promise.all([
        readSite(arm, target),
        readProductionSettings(arm, target),
      ]);
      return { ...swapStateOf(site), liveId: stampOf(settings) };
    },
    readSwapState: async (target) => swapStateOf(await readSite(arm, target)),
    readBeside: async (target) => {
      const settings = await readSlotSettings(arm, target);
      return { settings, besideRefers: refersToVault(settings) };
    },
    readSettings: (target, ageMs) => readSlotSettings(arm, target, ageMs),
    writeSettings: (target, settings) => writeSettings(arm, clock, target, settings),
    changeSettings: (target, change) => changeSettings(arm, clock, target, change),
    keepWithSlot: (target, names) => keepWithSlot(arm, clock, target, names),
    readReferences: (target) => readReferences(arm, target),
    readTriggers: (target, side) => readTriggers(arm, target, side),
    deployPackage: createDelivery(
      { ...parts, hide: parts.hide ?? (() => {}), store: null },
      { delivery: plainPush, onNotice: () => {} },
    ),
    swap: (target, options) => swapSlots(arm, clock, target, options),
    applyProductionSettings: (target, options) =>
      applyProductionSettings(arm, target, options?.preserveVnet ?? true),
    resetPrepared: (target) => resetPrepared(arm, target),
  };
}

const readLimit = 5;
const settleMs = 2_000;

/**
 * Both stamps as of one moment. They stand in two lists, and a swap between the two reads shows one release in both
 * slots: two that differ are of one moment, and two that are the same are read again. The site comes first, so that
 * no time of a swap is told together with stamps from before it. A reading in which something moved is taken
 * again; one with an operation in progress is only good for waiting.
 */
async function readSlots(arm: Arm, clock: Clock, target: Target): Promise<SlotsReading> {
  for (let reads = 1; reads <= readLimit; reads++) {
    const [site, slot] = await Promise.all([readSite(arm, target), readSlot(arm, target)]);
    const seen = await readStamps(arm, target);
    const { liveId } = seen;
    if (operationOf(site, slot) || liveId !== seen.besideId) return asReading(seen, site, slot);
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

async function readStamps(arm: Arm, target: Target): Promise<SeenStamps> {
  const [live, beside] = await Promise.all([
    readProductionSettings(arm, target),
    readSlotSettings(arm, target),
  ]);
  return { liveId: stampOf(live), besideId: stampOf(beside), besideRefers: refersToVault(beside) };
}

type SeenStamps = Stamps & Pick<SlotsReading, 'besideRefers'>;

function swapStateOf({ operation, lastSwapAt, preparedFor }: SiteFacts): SwapState {
  return { operation, lastSwapAt, preparedFor };
}

/** Azure gives an absent setting and an empty one the same meaning. */
function stampOf(settings: Readonly<Record<string, string>>): string | null {
  return settings[stampSetting] || null;
}

function operationOf(site: SiteFacts, slot: SiteFacts): string | null {
  return site.operation ?? slot.operation;
}

function asReading(seen: SeenStamps, site: SiteFacts, slot: SiteFacts): SlotsReading {
  return {
    ...seen,
    liveHost: site.hostName,
    besideHost: slot.hostName,
    operation: operationOf(site, slot),
    lastSwapAt: site.lastSwapAt,
    preparedFor: site.preparedFor ?? slot.preparedFor,
  };
}
