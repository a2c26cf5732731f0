/** How long a rollout takes: ours, what people do today, and the shortest that it could be. */
import { learnFrom } from '../../src/rollout/expected.ts';
import { packBaggage } from '../../test/storm/stage.ts';
import { boundMs, median } from '../bench-kit/bound.ts';
import { type BenchFleet, rollOutCleanly, wireTo } from '../bench-kit/fleet.ts';
import { jobStartMs, rollOutByJobs } from '../bench-kit/peers.ts';
import type { BenchLine, BenchRow } from '../bench-kit/row.ts';
import {
  drawTargets,
  drawWaits,
  openWaitingFleet,
  openWaitingWorld,
  type Shape,
  type Waits,
} from '../bench-kit/waits.ts';

const shapes: readonly (Shape & { readonly seeds: number; readonly goal: number })[] = [
  { targets: 12, waves: [1, 3, 8], concurrency: 12, bakeMs: 0, seeds: 5, goal: 1.05 },
  { targets: 12, waves: [1, 3, 8], concurrency: 12, bakeMs: 600_000, seeds: 5, goal: 1.05 },
  { targets: 60, waves: [1, 5, 15, 39], concurrency: 60, bakeMs: 0, seeds: 3, goal: 1.05 },
  { targets: 60, waves: [1, 5, 15, 39], concurrency: 20, bakeMs: 600_000, seeds: 3, goal: 1.05 },
  { targets: 300, waves: [1, 9, 50, 240], concurrency: 50, bakeMs: 0, seeds: 1, goal: 1.2 },
  { targets: 300, waves: [1, 9, 50, 240], concurrency: 50, bakeMs: 600_000, seeds: 1, goal: 1.2 },
];

export const row: BenchRow = {
  name: 'makespan',
  about:
    'From the first step to the last word, on the emulator and a clock moved by hand, as a multiple of the shortest that it could be: waits drawn as in performance.md §2 (deploy 40 s, start 30, swap 110, 3 % of targets 12 min; ±20 % by target, ±10 % each time), 10 s of looks beside, 15 s of observation and the bakes as configured, all staged before the first swap, waves one after the other, c at once. Nothing else is in the bound: no request, no Retry-After (15 s for a swap), no look. Peers: jobs that deploy, wait and swap, wave by wave; a matrix of 20 with 50 s of job start, or one after the other. Medians of 5, 3 and 1 fleets',
  async measure() {
    const baggage = await packBaggage();
    try {
      const lines: BenchLine[] = [];
      for (const { seeds, goal, ...shape } of shapes) {
        const fleet = await openWaitingFleet(baggage, shape);
        const measured = [];
        for (let seed = 1; seed <= seeds; seed++) measured.push(await measureMakespan(fleet, shape, seed));
        lines.push(...describeShape(shape, goal, measured));
      }
      return lines;
    } finally {
      await baggage.close();
    }
  },
};

interface Makespan {
  readonly boundMs: number;
  /** All as multiples of the bound. */
  readonly first: number;
  readonly known: number;
  readonly matrix: number;
  readonly serial: number;
}

/** Twice the same fleet, each time with its own noise; the second rollout has the journal of the first. */
export async function measureMakespan(fleet: BenchFleet, shape: Shape, seed: number): Promise<Makespan> {
  const targets = drawTargets(shape.targets, seed);
  const [before, now] = [drawWaits(targets, 2 * seed), drawWaits(targets, 2 * seed + 1)];
  const first = await rollOut(fleet, before);
  const known = await rollOut(fleet, now, learnFrom(first.entries));
  const byJobs = async (atOnce: number, startMs: number) => {
    const world = openWaitingWorld(fleet, now);
    const tookMs = await rollOutByJobs(fleet, world, shape, { atOnce, startMs });
    await world.emulator.close();
    return tookMs / boundMs(shape, now);
  };
  return {
    boundMs: boundMs(shape, now),
    first: first.tookMs / boundMs(shape, before),
    known: known.tookMs / boundMs(shape, now),
    matrix: await byJobs(20, jobStartMs),
    serial: await byJobs(1, 0),
  };
}

async function rollOut(
  fleet: BenchFleet,
  waits: readonly Waits[],
  experience?: ReturnType<typeof learnFrom>,
) {
  const world = openWaitingWorld(fleet, waits);
  const { clock, emulator } = world;
  const entries = await rollOutCleanly(fleet, wireTo(world, fleet), clock, emulator.identity, experience);
  await emulator.close();
  const [begun, ended] = [entries[0], entries.at(-1)];
  return { entries, tookMs: Date.parse(ended?.at ?? '') - Date.parse(begun?.at ?? '') };
}

function describeShape(shape: Shape, goal: number, measured: readonly Makespan[]): readonly BenchLine[] {
  const { targets, concurrency, bakeMs } = shape;
  const what = `${targets} targets, c ${concurrency}, bake ${bakeMs / 60_000} min`;
  const middle = (pick: (one: Makespan) => number) => median(measured.map(pick));
  const unit = '× the bound';
  return [
    {
      what: `${what}; peer: matrix of 20`,
      unit,
      ours: middle(({ known }) => known),
      peer: middle(({ matrix }) => matrix),
      limit: goal,
    },
    {
      what: `${what}, no journal of before; peer: one after the other`,
      unit,
      ours: middle(({ first }) => first),
      peer: middle(({ serial }) => serial),
      limit: null,
    },
    {
      what: `${what}: the bound`,
      unit: 's',
      ours: middle((one) => one.boundMs / 1000),
      peer: null,
      limit: null,
    },
  ];
}
