/**
 * Slots in memory behind the real slot strategy and the real engine, on a clock that is moved by hand. What goes
 * wrong is scripted; what was done to the world is written down beside the engine's own journal.
 */
import { VirtualClock } from '../../src/clock.ts';
import { DoubtError, RefusalError, TransientError } from '../../src/errors.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Look, Question } from '../../src/probe/look.ts';
import type { Condition, Side } from '../../src/probe/verdict.ts';
import { stampSetting } from '../../src/release/release.ts';
import type { Happening, Notice, Recorded } from '../../src/rollout/events.ts';
import type { Experience } from '../../src/rollout/expected.ts';
import type { Assignment, Diagnose } from '../../src/rollout/ports.ts';
import { rollBackRollout, rollOut } from '../../src/rollout/rollout.ts';
import type { Shelf } from '../../src/rollout/shelf.ts';
import type { SlotClient } from '../../src/target/slot-client.ts';
import { createSlotSwap } from '../../src/target/slot-swap.ts';
import { besideHostOf, liveHostOf, makeReading, makeRelease } from '../builders.ts';

/**
 * What becomes of one request for a swap. `lost-*`: no answer came, and the slots were exchanged afterwards,
 * before, `late` (three minutes on) or not. `hollow`: reported as done, and nothing moved.
 * `left-prepared`: a 500 that leaves the slot prepared.
 */
export type SwapTrouble =
  | 'lost-before'
  | 'lost-after'
  | 'late'
  | 'conflict'
  | 'throttled'
  | 'throttled-at-once'
  | 'refused'
  | 'hollow'
  | 'left-prepared'
  | 'hangs'
  | 'bug';

export interface Seen {
  readonly target: string;
  readonly side: Side;
  /** What really runs there. */
  readonly release: string | null;
  readonly elapsedMs: number;
  /** Whether it runs with production's settings while it is beside. */
  readonly prepared: boolean;
}

export type Health = (seen: Seen) => Condition | null;

export interface Troubles {
  /** One entry a request for a swap of this target; null: none. */
  readonly swaps?: Readonly<Record<string, readonly (SwapTrouble | null)[]>>;
  /** One entry a deployment to this target. */
  readonly deploys?: Readonly<Record<string, readonly ('unavailable' | 'refused' | null)[]>>;
  /** How what runs there answers; null: well. */
  readonly health?: Health;
  /** Where a look takes so long, and hears of nothing meanwhile; null: it takes no time worth speaking of. */
  readonly deafMs?: (seen: Pick<Seen, 'target' | 'side' | 'elapsedMs'>) => number | null;
  /** The staging slot's settings before, and what the config writes. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly wanted?: Readonly<Record<string, string>>;
  /** One entry a request for the preview of this target. */
  readonly previews?: Readonly<
    Record<string, readonly ('lost-before' | 'lost-after' | 'throttled' | 'refused' | null)[]>
  >;
  /** The code of every `unreachable`; ECONNREFUSED when absent. */
  readonly silence?: string;
  /** What the package names itself. */
  readonly functionNames?: readonly string[];
  /** Timers and the like that the candidate brings. */
  readonly triggers?: readonly { readonly name: string; readonly type: string }[];
  /** Finds out why a look failed. */
  readonly diagnose?: (clock: VirtualClock) => Diagnose;
  /** Where packages of earlier rollouts are kept. */
  readonly shelves?: readonly Shelf[];
  /** How long a swap of this target takes; `swapTookMs` where nothing is said. */
  readonly swapMs?: Readonly<Record<string, number>>;
  /** What earlier rollouts took, as it is told to the one that begins or resumes now. */
  readonly experience?: () => Experience;
  readonly isUnreadable?: (target: string, elapsedMs: number) => boolean;
  /** Called right after an entry was journaled: a drift, a cancellation. */
  readonly after?: (entry: Recorded, world: World) => void;
}

interface Slots {
  live: string | null;
  beside: string | null;
  operation: string | null;
  /** When the two were last exchanged. */
  swappedAt: string | null;
  /** True while production's settings are on the staging slot. */
  prepared: boolean;
  settings: Readonly<Record<string, string>>;
}

/** What happened in the world, whatever the journal says. */
export interface Deed {
  readonly what: 'asked' | 'swapped' | 'deployed' | 'written' | 'applied' | 'reset' | 'changed';
  readonly target: string;
  readonly atMs: number;
}

export interface World {
  readonly clock: VirtualClock;
  readonly startMs: number;
  readonly slots: ReadonlyMap<string, Slots>;
  readonly deeds: readonly Deed[];
  readonly entries: readonly Recorded[];
  readonly notices: readonly Notice[];
  /** Questions that were asked of the hosts, in order. */
  readonly looks: readonly (Question & { readonly atMs: number })[];
  /** Cancels the run that is under way. */
  cancel(signal: string): void;
  /** Begins, or resumes from the journal as it is. */
  rollOut(): ReturnType<typeof rollOut>;
  rollBack(why: string): ReturnType<typeof rollOut>;
}

export const swapTookMs = 60_000;
/** An entry is on disk only after a while, and the world does not wait for it. */
const flushTookMs = 5;
const deployTookMs = 20_000;
const lateMs = 180_000;

export function playWorld(plan: Plan, troubles: Troubles = {}): World {
  const clock = new VirtualClock();
  const deeds: Deed[] = [];
  const looks: (Question & { readonly atMs: number })[] = [];
  const notices: Notice[] = [];
  const slots = new Map(
    plan.targets.map(({ facts }): [string, Slots] => [
      facts.target.name,
      {
        ...{
          live: facts.production.releaseId,
          beside: null,
          operation: null,
          prepared: false,
          swappedAt: null,
        },
        settings: troubles.settings ?? {},
      },
    ]),
  );
  const startMs = clock.now();
  const note = (what: Deed['what'], target: string) => deeds.push({ what, target, atMs: clock.now() });
  const parts: Parts = { clock, startMs, slots, troubles, note };
  const client = playClient(parts);
  const entries: Recorded[] = [];
  let stop = new AbortController();
  const assign = (): Assignment => {
    stop = new AbortController();
    const journal = {
      entries,
      async append(event: Happening) {
        const at = new Date(clock.now()).toISOString();
        await clock.sleep(flushTookMs);
        const entry = structuredClone({ seq: entries.length + 1, at, rollout: 'r-new', ...event });
        entries.push(entry);
        troubles.after?.(entry, world);
      },
    };
    const onProgress = () => {};
    const { swap, stagingTriggers } = plan;
    const strategy = createSlotSwap({
      ...{ client, clock, swap, stagingTriggers, onProgress, onWait: onProgress },
      settings: troubles.wanted ?? {},
    });
    const look = playLook(parts, (question) => looks.push({ ...question, atMs: clock.now() }));
    const diagnose = troubles.diagnose?.(clock);
    const ports = {
      strategy,
      look,
      diagnose,
      journal,
      shelves: troubles.shelves,
      clock,
      tell: (notice: Notice) => void notices.push(notice),
    };
    const { functionNames } = troubles;
    const release = makeRelease(functionNames ? { functionNames } : {});
    const experience = troubles.experience?.();
    return { plan, release, settingsDigest: 's', experience, ports: { ...ports, stop: stop.signal } };
  };
  const world: World = {
    ...{ clock, startMs, slots, deeds, entries, notices, looks },
    cancel: (signal) => stop.abort(signal),
    rollOut: () => clock.run(rollOut(assign())),
    rollBack: (why) => clock.run(rollBackRollout(assign(), why)),
  };
  return world;
}

interface Parts {
  readonly clock: VirtualClock;
  readonly startMs: number;
  readonly slots: ReadonlyMap<string, Slots>;
  readonly troubles: Troubles;
  readonly note: (what: Deed['what'], target: string) => void;
}

function playClient({ clock, startMs, slots, troubles, note }: Parts): SlotClient {
  const turns = new Map<string, number>();
  const takeTurn = <T>(kind: string, target: string, script: readonly T[] | undefined): T | null => {
    const turn = turns.get(`${kind} ${target}`) ?? 0;
    turns.set(`${kind} ${target}`, turn + 1);
    return script?.[turn] ?? null;
  };
  const exchange = async (name: string, afterMs: number) => {
    const at = slots.get(name)!;
    if (at.operation !== null) throw new TransientError('409: busy', { code: 'operation-in-progress' });
    if (afterMs > swapTookMs) await clock.sleep(afterMs - swapTookMs);
    at.operation = 'SwapSiteSlots';
    await clock.sleep(Math.min(afterMs, swapTookMs));
    [at.live, at.beside, at.operation, at.prepared] = [at.beside, at.live, null, false];
    at.swappedAt = new Date(clock.now()).toISOString();
    note('swapped', name);
  };
  const demandReadable = (name: string) => {
    if (troubles.isUnreadable?.(name, clock.now() - startMs))
      throw new TransientError('503: ARM is unavailable', { code: 'arm-unavailable' });
  };
  return {
    async readStamps({ name }) {
      demandReadable(name);
      const { live, beside } = slots.get(name)!;
      return { liveId: live, besideId: beside };
    },
    async readSwapState({ name }) {
      demandReadable(name);
      return swapStateOf(slots.get(name)!);
    },
    async readLive({ name }) {
      demandReadable(name);
      const at = slots.get(name)!;
      return { ...swapStateOf(at), liveId: at.live };
    },
    async readSlots({ name }) {
      demandReadable(name);
      const { live, beside, operation, prepared, swappedAt } = slots.get(name)!;
      const hosts = { liveHost: liveHostOf(name), besideHost: besideHostOf(name) };
      return {
        liveId: live,
        besideId: beside,
        operation,
        lastSwapAt: swappedAt,
        ...hosts,
        preparedFor: prepared ? 'production' : null,
      };
    },
    async writeSettings({ name }, settings) {
      const at = slots.get(name)!;
      at.beside = settings[stampSetting] ?? at.beside;
      at.settings = { ...at.settings, ...settings };
      note('written', name);
    },
    ...playSettings(slots, note),
    async applyProductionSettings({ name }) {
      const trouble = takeTurn('preview', name, troubles.previews?.[name]);
      if (trouble === 'refused') throw new RefusalError('authentication', { code: 'swap-not-possible' });
      if (trouble === 'throttled')
        throw new TransientError('429', { code: 'throttled', retryAfterMs: 45_000 });
      const at = slots.get(name)!;
      if (at.prepared) throw new RefusalError('409: prepared already', { code: 'slot-prepared' });
      if (trouble !== 'lost-before') {
        at.prepared = true;
        note('applied', name);
      }
      if (trouble !== null) throw new DoubtError('the answer was lost', { code: 'answer-lost' });
    },
    async resetPrepared({ name }) {
      slots.get(name)!.prepared = false;
      note('reset', name);
    },
    async deployPackage({ name }) {
      await clock.sleep(deployTookMs);
      const trouble = takeTurn('deploy', name, troubles.deploys?.[name]);
      if (trouble === 'unavailable') throw new TransientError('503: SCM', { code: 'scm-unavailable' });
      if (trouble === 'refused') throw new RefusalError('400: not a zip', { code: 'package-refused' });
      note('deployed', name);
    },
    async swap({ name }) {
      note('asked', name);
      const trouble = takeTurn('swap', name, troubles.swaps?.[name]);
      if (trouble === 'left-prepared') slots.get(name)!.prepared = true;
      await carryOut(trouble, (afterMs) => exchange(name, afterMs), troubles.swapMs?.[name]);
      return { unseenMs: 0 };
    },
  };
}

function swapStateOf({ operation, prepared, swappedAt }: Slots) {
  return { operation, lastSwapAt: swappedAt, preparedFor: prepared ? 'production' : null };
}

function playSettings(
  slots: ReadonlyMap<string, Slots>,
  note: Parts['note'],
): Pick<
  SlotClient,
  'readSettings' | 'readBeside' | 'changeSettings' | 'keepWithSlot' | 'readReferences' | 'readTriggers'
> {
  return {
    readSettings: async ({ name }) => slots.get(name)!.settings,
    readBeside: async ({ name }) => {
      const { settings, beside } = slots.get(name)!;
      return { settings: beside === null ? settings : { ...settings, [stampSetting]: beside } };
    },
    async changeSettings({ name }, change) {
      const at = slots.get(name)!;
      const all = Object.entries({ ...at.settings, ...change });
      at.settings = Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
      if (Object.keys(change).length > 0) note('changed', name);
    },
    keepWithSlot: async () => {},
    readReferences: async () => [],
    readTriggers: async () => [],
  };
}

async function carryOut(
  trouble: SwapTrouble | null,
  exchange: (afterMs: number) => Promise<void>,
  tookMs = swapTookMs,
): Promise<void> {
  const lost = () => new DoubtError('the answer was lost', { code: 'swap-unanswered' });
  switch (trouble) {
    case null:
      return exchange(tookMs);
    case 'lost-before':
    case 'left-prepared':
      throw lost();
    case 'lost-after':
      await exchange(tookMs);
      throw lost();
    case 'late':
      // Nobody waits for it: that is what late means.
      exchange(lateMs).catch(() => {});
      throw lost();
    case 'conflict':
      throw new TransientError('409: another operation is in progress', { code: 'operation-in-progress' });
    case 'throttled':
      throw new TransientError('429', { code: 'throttled', retryAfterMs: 45_000 });
    case 'throttled-at-once':
      throw new TransientError('429', { code: 'throttled', retryAfterMs: 0 });
    case 'refused':
      throw new RefusalError('409: the scope is locked', { code: 'scope-locked' });
    case 'hollow':
      return;
    case 'hangs':
      return new Promise(() => {});
    case 'bug':
      throw new TypeError('undefined is not a function');
    default:
      trouble satisfies never;
  }
}

/** Looks as the real one judges: whoever is not the expected release is asked nothing, and is not up yet. */
function playLook({ clock, startMs, slots, troubles }: Parts, note: (question: Question) => void): Look {
  return async (question, signal) => {
    note(question);
    const { target, side, expected, checks } = question;
    const deafMs = troubles.deafMs?.({ target: target.name, side, elapsedMs: clock.now() - startMs });
    await (deafMs ? clock.sleep(deafMs) : clock.sleep(100, signal));
    const { [side]: release, prepared } = slots.get(target.name)!;
    const health = troubles.health?.({
      target: target.name,
      side,
      release,
      elapsedMs: clock.now() - startMs,
      prepared,
    });
    const isMistaken = release !== expected && health !== 'unreachable';
    const condition = isMistaken ? 'starting' : (health ?? 'healthy');
    const said = isMistaken ? `release ${release ?? 'without a stamp'} answers` : condition;
    const seen = { condition, target: target.name, atMs: clock.now(), said };
    const reading = makeReading(troubles.silence ? { ...seen, code: troubles.silence } : seen);
    const isWell = condition === 'healthy';
    return {
      reading: { ...reading, side, expected },
      functions: isWell ? ['orders'] : [],
      passed: isWell ? checks.map((check) => check.name) : [],
      triggers: isWell ? (troubles.triggers ?? []) : [],
    };
  };
}
