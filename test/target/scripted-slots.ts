/** Slots that answer from a script, behind the real strategy; what was asked of them is kept. */
import { VirtualClock } from '../../src/clock.ts';
import type { SlotwaveError } from '../../src/errors.ts';
import { stampSetting } from '../../src/release/release.ts';
import type { SlotClient, SlotsReading } from '../../src/target/slot-client.ts';
import { createSlotSwap, type SlotSwapParts } from '../../src/target/slot-swap.ts';
import { type Candidate, clear, type Strategy } from '../../src/target/strategy.ts';
import { besideHostOf, incumbentId, liveHostOf, makeTarget, releaseId } from '../builders.ts';

export const target = makeTarget({ name: 'weu' });
export const candidate: Candidate = {
  target,
  releaseId,
  incumbentId,
  address: new URL(`https://${besideHostOf('weu')}`),
};
export const cleared = clear(candidate, { conclusion: 'healthy' });
export const ready = { liveId: incumbentId, besideId: releaseId };
export const exchanged = { liveId: releaseId, besideId: incumbentId };

export type Slots = Partial<SlotsReading>;

export interface Script {
  /** What is read, one after the other; the last one from then on. An error is thrown. */
  readonly reads: readonly (Slots | Error)[];
  readonly swap?: () => Promise<void>;
  readonly deploy?: () => Promise<void>;
  /** Other answers, and what else the plan asks for. */
  readonly client?: Partial<SlotClient>;
  readonly parts?: Partial<Pick<SlotSwapParts, 'settings' | 'swap' | 'stagingTriggers' | 'keep'>>;
}

export function script({ reads, swap, deploy, client, parts }: Script) {
  const clock = new VirtualClock();
  const calls: string[] = [];
  const written: Readonly<Record<string, string>>[] = [];
  const waits: string[] = [];
  const sent: number[] = [];
  let read = 0;
  const next = (): SlotsReading => {
    const reading = reads[Math.min(read++, reads.length - 1)]!;
    if (reading instanceof Error) throw reading;
    return {
      ...{ liveId: null, besideId: null, operation: null, lastSwapAt: null, preparedFor: null },
      ...{ liveHost: liveHostOf('weu'), besideHost: besideHostOf('weu') },
      ...reading,
    };
  };
  const strategy = createSlotSwap({
    clock,
    settings: { ORDERS_VERSION: '1.2.3' },
    ...parts,
    onProgress: (_target, { sentBytes }) => sent.push(sentBytes),
    onWait: (_target, what) => waits.push(what),
    client: {
      async readSlots() {
        calls.push('read');
        return next();
      },
      async readStamps() {
        calls.push('stamps');
        return next();
      },
      async readLive() {
        calls.push('live');
        return next();
      },
      async readSwapState() {
        calls.push('site');
        return next();
      },
      async writeSettings(_target, settings) {
        calls.push('write');
        written.push(settings);
      },
      async deployPackage(_target, release, onProgress) {
        calls.push('deploy');
        onProgress({ sentBytes: release.bytes, totalBytes: release.bytes });
        await deploy?.();
      },
      async swap() {
        calls.push('swap');
        await swap?.();
        return { unseenMs: 0 };
      },
      async readBeside() {
        calls.push('beside');
        const { besideId, besideRefers } = next();
        return { settings: { ...written.at(-1), [stampSetting]: besideId ?? '' }, besideRefers };
      },
      async readSettings() {
        calls.push('settings');
        return {};
      },
      async changeSettings() {
        calls.push('change');
      },
      async keepWithSlot(_target, names) {
        calls.push(`sticky ${names.join(' ')}`);
      },
      readReferences: async () => [],
      readTriggers: async () => [],
      async applyProductionSettings() {
        calls.push('apply');
      },
      async resetPrepared() {
        calls.push('reset');
      },
      ...client,
    },
  });
  return { clock, strategy, calls, written, waits, sent };
}

export type Played = ReturnType<typeof script>;

export async function errorOf(
  played: Played,
  act: (strategy: Strategy) => Promise<unknown>,
): Promise<SlotwaveError> {
  const ended = await played.clock.run(act(played.strategy).catch((thrown: unknown) => thrown));
  return ended as SlotwaveError;
}
