/**
 * The storm deck: whole rollouts, each drawn from a seed, on a clock that is moved by hand.
 *
 *     npm run storm -- --seeds 20000 [--from 1] [--workers 2] [--small] [--verbose]
 *     npm run storm -- --seed 4711                plays that one alone and tells its story
 *     npm run storm -- --twice                    every death, and a second one at every tenth moment after it
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Dealt, deal } from '../test/storm/deck/deal.ts';
import type { Size } from '../test/storm/deck/hand.ts';
import { tellStory } from '../test/storm/deck/story.ts';
import { loadEngine } from '../test/storm/engine.ts';
import { rolledBackSmall, settledSmall } from '../test/storm/scenarios.ts';
import { packBaggage } from '../test/storm/stage.ts';
import { dieEverywhere, everyTenth } from '../test/storm/weather.ts';

interface Share {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly size: Size;
  readonly source: string;
}

interface Tally {
  readonly outcomes: Map<string, number>;
  readonly failing: Dealt[];
  rollouts: number;
  processes: number;
  swaps: number;
  minutes: number;
}

const shownLimit = 20;

if (isMainThread) await main();
else await work(workerData as Share);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      seed: { type: 'string' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: '2' },
      source: { type: 'string', default: 'src' },
      small: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      twice: { type: 'boolean', default: false },
    },
  });
  const size: Size = values.small ? 'small' : 'full';
  if (values.seed !== undefined) return replay(Number(values.seed), size, values.source);
  if (values.twice) return dieTwice(values.source);
  const from = Number(values.from);
  const to = from + Number(values.seeds) - 1;
  const workers = Math.max(1, Number(values.workers));
  const startedMs = performance.now();
  const tally: Tally = { outcomes: new Map(), failing: [], rollouts: 0, processes: 0, swaps: 0, minutes: 0 };
  const shares = Array.from({ length: workers }, (_, at) => ({
    ...{ from: from + at, to, step: workers, size },
    source: values.source,
  }));
  await Promise.all(shares.map((share) => hire(share, (dealt) => count(tally, dealt, values.verbose))));
  report(tally, (performance.now() - startedMs) / 1000, values.small);
}

/** One thread, until its share is done. */
function hire(share: Share, onDealt: (dealt: Dealt) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: share,
      // Most of what a rollout makes is soon forgotten.
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    });
    worker.on('message', onDealt);
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a worker ended with code ${code}`)),
    );
  });
}

async function work({ from, to, step, size, source }: Share): Promise<void> {
  const engine = await loadEngine(`${process.cwd()}/${source}`);
  const baggage = await packBaggage();
  for (let seed = from; seed <= to; seed += step) {
    const { played: _played, ...dealt } = await deal({ engine, baggage, size }, seed);
    parentPort?.postMessage(dealt);
  }
  await baggage.close();
}

async function replay(seed: number, size: Size, source: string): Promise<void> {
  const engine = await loadEngine(`${process.cwd()}/${source}`);
  const baggage = await packBaggage();
  const { played, violations } = await deal({ engine, baggage, size }, seed);
  await baggage.close();
  for (const line of tellStory(played)) console.log(line);
  for (const violation of violations) console.log(`VIOLATION ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
}

async function dieTwice(source: string): Promise<void> {
  const engine = await loadEngine(`${process.cwd()}/${source}`);
  const baggage = await packBaggage();
  for (const storm of [settledSmall, rolledBackSmall]) {
    const { rollouts, violations } = await dieEverywhere({ engine, baggage, storm }, everyTenth);
    console.log(`${storm.name}: ${rollouts} rollouts, ${violations.length} violations`);
    for (const violation of violations) console.log(`VIOLATION ${violation}`);
    if (violations.length > 0) process.exitCode = 1;
  }
  await baggage.close();
}

function count(tally: Tally, dealt: Dealt, verbose: boolean): void {
  tally.rollouts++;
  tally.processes += dealt.processes;
  tally.swaps += dealt.swaps;
  tally.minutes += dealt.minutes;
  tally.outcomes.set(dealt.outcome, (tally.outcomes.get(dealt.outcome) ?? 0) + 1);
  if (verbose)
    console.log(`${dealt.seed} ${dealt.outcome} ${dealt.processes} processes, ${dealt.swaps} swaps`);
  if (tally.rollouts % 1000 === 0)
    console.log(`${tally.rollouts} rollouts, ${tally.failing.length} with violations`);
  if (dealt.violations.length === 0) return;
  tally.failing.push(dealt);
  if (tally.failing.length > shownLimit) return;
  for (const violation of dealt.violations) console.log(`seed ${dealt.seed}: ${violation}`);
}

function report(tally: Tally, seconds: number, small: boolean): void {
  const { rollouts, processes, swaps, minutes, outcomes, failing } = tally;
  const rate = (rollouts / seconds).toFixed(1);
  console.log(`${rollouts} rollouts in ${seconds.toFixed(1)} s: ${rate} rollouts per second`);
  console.log(
    `${processes} processes, ${swaps} swaps, ${Math.round(minutes / 60)} hours on the rollouts' clock`,
  );
  console.log([...outcomes].map(([outcome, times]) => `${outcome} ${times}`).join(', '));
  if (failing.length === 0) {
    console.log('no violations');
    return;
  }
  const seeds = failing.map(({ seed }) => seed).sort((a, b) => a - b);
  console.log(`${failing.length} seeds with violations: ${seeds.slice(0, 100).join(' ')}`);
  console.log(`replay one: npm run storm -- --seed ${seeds[0]}${small ? ' --small' : ''}`);
  process.exitCode = 1;
}
