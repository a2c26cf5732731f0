/** Troubles by chance: whatever comes together, the laws hold and the end is one that the world can show. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StrategyRequest } from '../../src/plan/plan.ts';
import type { Condition } from '../../src/probe/verdict.ts';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, auditLaws, liveOf, swappedOf, targetsOf } from './audit.ts';
import { playWorld, type SwapTrouble, type Troubles, type World } from './played-world.ts';

const names = ['a', 'b', 'c', 'd'];

const someStrategy: fc.Arbitrary<Partial<StrategyRequest>> = fc.record({
  maxConcurrency: fc.integer({ min: 1, max: 4 }),
  failureTolerance: fc.integer({ min: 0, max: 2 }),
  onFailure: fc.record({
    action: fc.constantFrom('rollback' as const, 'halt' as const),
    scope: fc.constantFrom('target' as const, 'wave' as const, 'all' as const),
  }),
});

/** `bug` and `hangs` have tests of their own: they do not end by themselves. */
const aSwap = fc.option(
  fc.constantFrom<SwapTrouble>(
    'lost-before',
    'lost-after',
    'late',
    'conflict',
    'throttled',
    'refused',
    'hollow',
  ),
  { nil: null, freq: 3 },
);
const eachName = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.record(Object.fromEntries(names.map((name) => [name, arbitrary]))) as fc.Arbitrary<Record<string, T>>;

interface Spell {
  readonly target: string;
  readonly of: 'release' | 'incumbent';
  readonly side: 'live' | 'beside';
  readonly fromMs: number;
  readonly forMs: number;
  readonly condition: Condition;
}

const aSpell: fc.Arbitrary<Spell> = fc.record({
  target: fc.constantFrom(...names),
  of: fc.constantFrom('release' as const, 'incumbent' as const),
  side: fc.constantFrom('live' as const, 'beside' as const),
  fromMs: fc.integer({ min: 0, max: 900_000 }),
  forMs: fc.constantFrom(15_000, 60_000, 10_000_000),
  condition: fc.constantFrom<Condition>('unhealthy', 'starting', 'unreachable'),
});

const chance = fc.record({
  strategy: someStrategy,
  swaps: eachName(fc.array(aSwap, { maxLength: 5 })),
  deploys: eachName(fc.array(fc.constantFrom('unavailable' as const, null), { maxLength: 3 })),
  spells: fc.array(aSpell, { maxLength: 3 }),
  blind: fc.option(
    fc.record({ target: fc.constantFrom(...names), fromMs: fc.nat(900_000), forMs: fc.nat(400_000) }),
    {
      nil: null,
    },
  ),
  /** Entries after which the rollout is cancelled, and resumed. */
  cancels: fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 3 }),
});

type Chance = typeof chance extends fc.Arbitrary<infer T> ? T : never;

function makeTroubles({ swaps, deploys, spells, blind, cancels }: Chance): Troubles {
  return {
    swaps,
    deploys,
    health: ({ target, side, release, elapsedMs }) => {
      const of = release === releaseId ? 'release' : 'incumbent';
      const spell = spells.find(
        (each) =>
          each.target === target &&
          each.side === side &&
          each.of === of &&
          elapsedMs >= each.fromMs &&
          elapsedMs < each.fromMs + each.forMs,
      );
      return spell?.condition ?? null;
    },
    isUnreadable: (target, elapsedMs) =>
      blind !== null &&
      target === blind.target &&
      elapsedMs >= blind.fromMs &&
      elapsedMs < blind.fromMs + blind.forMs,
    after: (entry, world) => {
      if (cancels.includes(entry.seq)) world.cancel('SIGTERM');
    },
  };
}

async function rollOutToTheEnd(world: World): Promise<string> {
  for (let runs = 0; runs < 10; runs++) {
    const ended = await world.rollOut();
    if (ended.kind === 'ended') return ended.outcome;
  }
  throw new Error('it never ended');
}

describe('whatever goes wrong', () => {
  it('the laws hold, and the outcome is what the world shows', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(chance, async (wish) => {
        const plan = makePlan({
          waves: [
            { name: 'one', targets: ['a'], bakeTimeMs: 120_000 },
            { name: 'two', targets: ['b', 'c'], bakeTimeMs: 60_000 },
            { name: 'three', targets: ['d'] },
          ],
          left: ['z'],
          strategy: wish.strategy,
        });
        const world = playWorld(plan, makeTroubles(wish));
        const outcome = await rollOutToTheEnd(world);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        auditLaws(world, plan);
        auditOutcome(world, outcome);
      }),
      { numRuns: 250 },
    );
    // A storm in which all is well, or nothing is, would prove nothing.
    expect([...outcomes.keys()].toSorted()).toEqual(
      expect.arrayContaining(['halted', 'refused', 'rolled-back', 'settled']),
    );
  });
});

function auditOutcome(world: World, outcome: string): void {
  const live = liveOf(world);
  for (const name of names) {
    // Nobody else is in this world: what runs is one of two, and a target moves there and back at most once.
    expect([incumbentId, releaseId]).toContain(live[name]);
    expect(swappedOf(world, name)).toBeLessThanOrEqual(2);
    expect(live[name]).toBe(swappedOf(world, name) === 1 ? releaseId : incumbentId);
  }
  expect(targetsOf(world, 'target.drifted')).toEqual([]);
  const failed = targetsOf(world, 'target.failed');
  const end = allOf(world, 'rollout.ended')[0]!;
  const isWell = names.filter((name) => !failed.includes(name)).every((name) => live[name] === releaseId);
  if (outcome === 'settled') expect(isWell).toBe(true);
  if (outcome !== 'rolled-back') return;
  const reverts = allOf(world, 'rollback.decided').at(-1)?.targets ?? [];
  const isBack = (name: string) => live[name] === incumbentId;
  expect([...reverts].filter((name) => !isBack(name))).toEqual([]);
  expect(end.standings.every((each) => each.phase !== 'stranded')).toBe(true);
}
