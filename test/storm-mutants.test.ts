/**
 * The storm must be able to fail. The engine is broken on purpose, each time in one place, and the storm has to
 * see it; a break that no longer fits the source fails as well, so that none of them can grow stale unnoticed.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { audit } from './storm/audit.ts';
import { type Engine, loadEngine } from './storm/engine.ts';
import { calm, play, type Script } from './storm/play.ts';
import { overwritten, rolledBack, rolledBackSerially, type Storm, settled } from './storm/scenarios.ts';
import { type Baggage, packBaggage } from './storm/stage.ts';

interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly storm: Storm;
  /** The weather in which it shows: none, a lost answer, or a death. */
  readonly scripts: (moments: number, mutations: readonly string[]) => readonly Script[];
  readonly caughtAs: RegExp;
}

const onlyCalm = () => [calm];
const everyDeath = (moments: number) =>
  Array.from({ length: moments }, (_, at) => ({ ...calm, deaths: [{ atMoment: at + 1 }] }));
/** What shows only once something has failed shows late, and for some moments: the last first, and with strides. */
const everyDeathFromTheEnd = (moments: number) => {
  const backwards = everyDeath(moments).reverse();
  return [0, 1, 2].flatMap((offset) => backwards.filter((_, at) => at % 3 === offset));
};
const everyLostSwap = (_: number, mutations: readonly string[]) =>
  mutations.flatMap((each, at) =>
    each.endsWith('/slotsswap') ? [{ ...calm, loss: { nth: at + 1, effect: 'done' as const } }] : [],
  );

const mutants: readonly Mutant[] = [
  {
    name: 'a swap repeated in doubt',
    file: 'target/slot-swap.ts',
    from: 'await parts.client.swap(target, { ...parts.swap, expectedMs });',
    to: `await parts.client.swap(target, parts.swap).catch(async (error: { kind?: string }) => {
      if (error.kind !== 'doubt') throw error;
      await parts.clock.sleep(120_000);
      return parts.client.swap(target, parts.swap);
    });`,
    storm: settled,
    scripts: everyLostSwap,
    caughtAs: /was swapped \d times/,
  },
  {
    name: 'a shelf that is tidied by age alone',
    file: 'rollout/shelf.ts',
    from: '.filter(({ release }) => !needed.has(release))',
    to: '',
    storm: settled,
    scripts: onlyCalm,
    caughtAs: /was needed, and is gone/,
  },
  {
    name: 'a revert without a look',
    file: 'rollout/roll-back.ts',
    from: "const prove = () => watchIncumbent(run, candidate, 'beside');",
    to: "const prove = async () => ({ conclusion: 'healthy' as const, why: 'not looked', readings: [] });",
    storm: rolledBack,
    scripts: onlyCalm,
    caughtAs: /taken back without a healthy look/,
  },
  {
    name: 'a stamp not checked',
    file: 'probe/read-host.ts',
    from: 'if (found === expected)',
    to: 'if (found !== undefined)',
    storm: overwritten,
    scripts: onlyCalm,
    caughtAs: /the outcome is settled, expected refused/,
  },
  {
    name: 'a clearance not journaled',
    file: 'rollout/promote.ts',
    from: `if (verdict.conclusion === 'healthy') {
    await run.note({ type: 'target.cleared',`,
    to: `if (verdict.conclusion === 'inconclusive') {
    await run.note({ type: 'target.cleared',`,
    storm: settled,
    scripts: onlyCalm,
    caughtAs: /promoted without a clearance/,
  },
  {
    name: 'an abort ignored by a wave',
    file: 'rollout/promote.ts',
    from: "isBroken || lost.length > 0 || decideTurn(recallFailures(run.entries), run.plan.strategy) !== 'go-on';",
    to: 'isBroken;',
    storm: rolledBackSerially,
    scripts: onlyCalm,
    caughtAs: /promoted after more had failed/,
  },
  {
    name: 'an intent not written before the swap',
    file: 'rollout/move.ts',
    from: ['await run.note({ type: `$', '{verb}.begun`, target, before });'].join(''),
    to: 'void before;',
    storm: settled,
    scripts: everyDeath,
    caughtAs: /was swapped 1 times, at most 0 are right/,
  },
  {
    name: 'a resumed rollout that refuses because of what failed in production',
    file: 'rollout/prepare.ts',
    from: "if (recall(run.entries, 'wave.opened'))",
    to: "if (recall(run.entries, 'rollout.ended'))",
    storm: rolledBack,
    scripts: everyDeathFromTheEnd,
    caughtAs: /the outcome is refused, expected rolled-back/,
  },
];

const root = process.cwd();
const nursery = join(root, 'tmp', `mutants-${process.pid}`);
let sound: Engine;
let baggage: Baggage;

beforeAll(async () => {
  sound = await loadEngine(join(root, 'src'));
  baggage = await packBaggage();
});
afterAll(async () => {
  await baggage.close();
  await rm(nursery, { recursive: true, force: true });
});

describe('the storm catches', () => {
  it.each(mutants)(
    '$name',
    async (mutant) => {
      const broken = await loadEngine(await breed(mutant));
      const { moments, mutations } = await play(sound, mutant.storm, baggage, calm);
      const scripts = mutant.scripts(moments, mutations);
      const { violations, script } = await blow(broken, mutant.storm, scripts);
      expect(violations.join('\n')).toMatch(mutant.caughtAs);
      // In the same weather the sound engine keeps the laws; in all others test/storm.test.ts holds it.
      const same = await blow(sound, mutant.storm, [script ?? calm]);
      expect(same.violations).toEqual([]);
    },
    120_000,
  );
});

interface Blow {
  readonly violations: readonly string[];
  /** The weather in which they showed. */
  readonly script: Script | null;
}

/** The violations of the first rollout that has any. */
async function blow(engine: Engine, storm: Storm, scripts: readonly Script[]): Promise<Blow> {
  for (const script of scripts) {
    const violations = audit(await play(engine, storm, baggage, script), baggage, storm.expected);
    if (violations.length > 0) return { violations, script };
  }
  return { violations: [], script: null };
}

/** A copy of the source with one place changed. */
async function breed({ name, file, from, to }: Mutant): Promise<string> {
  const folder = join(nursery, name.replaceAll(' ', '-'));
  await mkdir(nursery, { recursive: true });
  await cp(join(root, 'src'), folder, { recursive: true });
  const text = await readFile(join(folder, file), 'utf8');
  expect(text.split(from)).toHaveLength(2);
  await writeFile(
    join(folder, file),
    text.replace(from, () => to),
  );
  return folder;
}
