/** Fleets whose every wait is drawn from a seed: what performance.md §2 says of a target, on the emulator. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VirtualClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { createRandom } from '../../src/emulator/random.ts';
import { loadEngine } from '../../test/storm/engine.ts';
import { createPlayedRuntime } from '../../test/storm/played-runtime.ts';
import type { Baggage } from '../../test/storm/stage.ts';
import { type BenchFleet, subscription, type World, writeTargets } from './fleet.ts';

export interface Shape {
  readonly targets: number;
  /** How many targets each wave has. */
  readonly waves: readonly number[];
  readonly concurrency: number;
  readonly bakeMs: number;
}

/** How long Azure takes for one target, in one rollout. */
export interface Waits {
  readonly deployMs: number;
  /** From the end of the deployment until the host answers. */
  readonly startMs: number;
  readonly swapMs: number;
}

/** What the config asks of every target, and the bound therefore contains. */
export const probeMs = 10_000;
export const observeMs = 15_000;

const usual: Waits = { deployMs: 40_000, startMs: 30_000, swapMs: 110_000 };
const stragglerSwapMs = 12 * 60_000;
const stragglerChance = 0.03;
/** A target is itself this much quicker or slower than others, and each time this much again. */
const ownSpread = 0.2;
const noise = 0.1;
/** How long the host that goes answers on: a part of `startMs`. */
const restartMs = 3_000;

const regions = ['westeurope', 'northeurope', 'eastus', 'westus', 'southeastasia', 'eastasia'] as const;

/** What targets are like: the same for every rollout of one seed. */
export function drawTargets(count: number, seed: number): readonly Waits[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const own = spread(usual, ownSpread, random.next);
    return random.next() < stragglerChance ? { ...own, swapMs: stragglerSwapMs } : own;
  });
}

/** What they take this time. */
export function drawWaits(targets: readonly Waits[], seed: number): readonly Waits[] {
  const random = createRandom(seed);
  return targets.map((each) => spread(each, noise, random.next));
}

function spread({ deployMs, startMs, swapMs }: Waits, by: number, next: () => number): Waits {
  const vary = (ms: number) => Math.round(ms * (1 + by * (2 * next() - 1)));
  return { deployMs: vary(deployMs), startMs: vary(startMs), swapMs: vary(swapMs) };
}

export async function openWaitingFleet(baggage: Baggage, shape: Shape): Promise<BenchFleet> {
  const file = join(baggage.folder, `slotwave-${shape.targets}-${shape.bakeMs}.yml`);
  await writeFile(file, writeConfig(shape, join(baggage.folder, 'after')));
  const engine = await loadEngine(join(import.meta.dirname, '../../src'));
  return { engine, baggage, config: await loadConfig(file), close: async () => {} };
}

export function openWaitingWorld({ baggage, config }: BenchFleet, waits: readonly Waits[]): World {
  const clock = new VirtualClock();
  const emulator = createEmulator({
    clock,
    seed: 1,
    runtime: createPlayedRuntime(0),
    world: {
      subscription,
      sites: config.targets.map(({ site, subscriptionId }, index) => ({
        name: site,
        subscription: subscriptionId,
        region: regions[index % regions.length] ?? regions[0],
        os: 'windows' as const,
        settings: config.settings,
        package: baggage.incumbent,
        release: baggage.incumbentId,
        latencies: latenciesOf(waits[index] ?? usual),
      })),
    },
  });
  return { clock, emulator };
}

/** A swap is the settings, the start of the host under them, the routing and what comes after. */
function latenciesOf({ deployMs, startMs, swapMs }: Waits) {
  const swapPost = 10_000;
  const rest = swapMs - startMs - swapPost;
  return {
    deploy: deployMs - 5_000,
    restart: restartMs,
    hostStart: startMs - restartMs,
    swapApply: Math.round(rest / 2),
    swapRoute: rest - Math.round(rest / 2),
    swapPost,
  };
}

function writeConfig({ targets, waves, concurrency, bakeMs }: Shape, packagePath: string): string {
  const last = waves.length - 1;
  const wave = (count: number, at: number) =>
    `    - { name: w${at}, ${at === last ? '' : `count: ${count}, `}bakeTime: ${bakeMs / 1000}s }`;
  return `app: orders
package: ${packagePath}
fleet:
  targets:
${writeTargets(targets)}
strategy:
  maxConcurrency: ${concurrency}
  regionPairs: ignore
  waves:
${waves.map(wave).join('\n')}
  progressDeadline: 6h
swap: { observeFor: ${observeMs / 1000}s }
probes:
  interval: ${probeMs / 2000}s
  consecutiveSuccessLimit: 3
  checks: [{ name: health, path: /api/health, expect: { status: 200, json: { release: "{releaseId}" } } }]
settings: { ORDERS_VERSION: "2" }
`;
}
