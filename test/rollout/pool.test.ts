import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { VirtualClock } from '../../src/clock.ts';
import type { TargetFacts } from '../../src/plan/fleet.ts';
import type { StrategyRequest } from '../../src/plan/plan.ts';
import { arePaired } from '../../src/plan/region-pairs.ts';
import { createPool } from '../../src/rollout/pool.ts';
import { makeFacts, makePlan, makeStrategy, type TargetWish } from '../builders.ts';
import { auditLaws } from './audit.ts';
import { playWorld } from './played-world.ts';

interface Crowd {
  /** Every set of targets that were inside together. */
  readonly moments: readonly (readonly TargetFacts[])[];
  readonly order: readonly string[];
  readonly tookMs: number;
}

interface Wish {
  readonly fleet: readonly TargetFacts[];
  readonly strategy: StrategyRequest;
  readonly wave?: number | null;
  readonly pairs?: boolean;
  readonly workMs?: (at: number) => number;
}

async function crowd({
  fleet,
  strategy,
  wave = null,
  pairs = true,
  workMs = () => 1_000,
}: Wish): Promise<Crowd> {
  const clock = new VirtualClock();
  const pool = createPool(strategy, wave, pairs);
  const inside = new Set<TargetFacts>();
  const moments: TargetFacts[][] = [];
  const order: string[] = [];
  const startedMs = clock.now();
  const works = fleet.map((facts, at) =>
    pool.run(facts, async () => {
      inside.add(facts);
      order.push(facts.target.name);
      moments.push([...inside]);
      await clock.sleep(workMs(at));
      inside.delete(facts);
    }),
  );
  await clock.run(Promise.all(works));
  return { moments, order, tookMs: clock.now() - startedMs };
}

const fleetOf = (...wishes: readonly Omit<TargetWish, 'name'>[]) =>
  wishes.map((wish, at) => makeFacts({ name: `t${at}`, ...wish }));
const most = ({ moments }: Crowd) => Math.max(...moments.map((moment) => moment.length));

const pairMates = [
  'westeurope',
  'northeurope',
  'eastus',
  'westus',
  'westus3',
  'brazilsouth',
  'southcentralus',
];
const regions = [...pairMates, 'northcentralus', 'polandcentral', 'West Europe', 'North Europe'];

describe('what moves at once', () => {
  it('is as much as is allowed', async () => {
    const fleet = fleetOf({}, {}, {}, {});
    const all = await crowd({ fleet, strategy: makeStrategy({ maxConcurrency: 3 }) });
    expect(most(all)).toBe(3);
    expect(all.tookMs).toBe(2_000);
  });

  it('goes in the order of the plan', async () => {
    const { order } = await crowd({
      fleet: fleetOf({}, {}, {}),
      strategy: makeStrategy({ maxConcurrency: 1 }),
    });
    expect(order).toEqual(['t0', 't1', 't2']);
  });

  it.each<[string, Partial<StrategyRequest>, Omit<TargetWish, 'name'>]>([
    ['plan', { maxConcurrencyPer: { plan: 1 } }, { planId: '/plans/shared' }],
    ['region', { maxConcurrencyPer: { region: 1 } }, { region: 'westeurope' }],
    ['subscription', { maxConcurrencyPer: { subscription: 1 } }, { subscriptionId: 's' }],
    ['all', { maxConcurrency: 1 }, {}],
  ])('is limited for each %s', async (_what, strategy, shared) => {
    expect(
      most(await crowd({ fleet: fleetOf(shared, shared, shared), strategy: makeStrategy(strategy) })),
    ).toBe(1);
  });

  it.each([
    ['plan', { planId: '/subscriptions/S/Plans/P' }, { planId: '/subscriptions/s/plans/p' }],
    ['region', { region: 'West Europe' }, { region: 'westeurope' }],
    ['subscription', { subscriptionId: 'ABC' }, { subscriptionId: 'abc' }],
  ])('knows one %s by any spelling', async (_what, a, b) => {
    const strategy = makeStrategy({ maxConcurrencyPer: { plan: 1, region: 1, subscription: 1 } });
    const others = [
      { planId: 'x', region: 'polandcentral', subscriptionId: 'x' },
      { planId: 'y', region: 'italynorth', subscriptionId: 'y' },
    ];
    const [first, second] = [
      { ...others[0], ...a },
      { ...others[1], ...b },
    ];
    expect(most(await crowd({ fleet: fleetOf(first, second), strategy }))).toBe(1);
  });

  it('does not hold a wide place while it waits for a narrow one', async () => {
    const shared = { planId: '/plans/shared' };
    const strategy = makeStrategy({ maxConcurrency: 2, maxConcurrencyPer: { plan: 1 } });
    const { order } = await crowd({ fleet: fleetOf(shared, shared, shared, {}), strategy });
    expect(order.slice(0, 2)).toEqual(['t0', 't3']);
  });

  it('is limited by the wave as well, which cannot widen it', async () => {
    const fleet = fleetOf({}, {}, {}, {});
    expect(most(await crowd({ fleet, strategy: makeStrategy({ maxConcurrency: 3 }), wave: 2 }))).toBe(2);
    expect(most(await crowd({ fleet, strategy: makeStrategy({ maxConcurrency: 3 }), wave: 99 }))).toBe(3);
  });

  it('goes on after one has failed', async () => {
    const pool = createPool(makeStrategy({ maxConcurrency: 1 }), null, true);
    const [first, second] = fleetOf({ region: 'westeurope' }, { region: 'northeurope' });
    const failed = pool.run(first!, () => Promise.reject(new Error('boom')));
    const done = pool.run(second!, async () => 'done');
    await expect(failed).rejects.toThrow('boom');
    expect(await done).toBe('done');
  });
});

describe('a region and its pair', () => {
  const both = fleetOf({ region: 'westeurope' }, { region: 'northeurope' });

  it('are never moved together', async () => {
    expect(most(await crowd({ fleet: both, strategy: makeStrategy() }))).toBe(1);
  });

  it('are, when that is asked for', async () => {
    expect(most(await crowd({ fleet: both, strategy: makeStrategy({ regionPairs: 'ignore' }) }))).toBe(2);
    expect(most(await crowd({ fleet: both, strategy: makeStrategy(), pairs: false }))).toBe(2);
  });

  it('are known from either side where the pair is one-way', async () => {
    const oneWay = fleetOf({ region: 'southcentralus' }, { region: 'brazilsouth' });
    expect(most(await crowd({ fleet: oneWay, strategy: makeStrategy() }))).toBe(1);
  });

  it('let several targets of one region through together', async () => {
    const region = 'westeurope';
    expect(most(await crowd({ fleet: fleetOf({ region }, { region }), strategy: makeStrategy() }))).toBe(2);
  });
});

describe('whatever the fleet', () => {
  const someFleet = fc
    .array(
      fc.record({
        region: fc.constantFrom(...regions),
        subscriptionId: fc.constantFrom('s1', 's2'),
        planId: fc.constantFrom('p1', 'p2', 'p3', 'p4'),
      }),
      { minLength: 1, maxLength: 14 },
    )
    .map((wishes) => fleetOf(...wishes));
  const aLimit = fc.integer({ min: 1, max: 4 });
  const maybe = fc.option(aLimit, { nil: undefined });
  const someStrategy = fc
    .record({
      maxConcurrency: fc.integer({ min: 1, max: 6 }),
      maxConcurrencyPer: fc.record({ region: maybe, subscription: maybe, plan: maybe }),
      regionPairs: fc.constantFrom('never-together' as const, 'ignore' as const),
    })
    .map(makeStrategy);

  it('every limit holds at every moment, and everybody gets a turn', async () => {
    const wave = fc.option(aLimit, { nil: null });
    const seeds = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 14, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(someFleet, someStrategy, wave, seeds, async (fleet, strategy, limit, durations) => {
        const { moments, order } = await crowd({
          fleet,
          strategy,
          wave: limit,
          workMs: (at) => durations[at]!,
        });
        expect(order).toHaveLength(fleet.length);
        for (const moment of moments) holdsLimits(moment, strategy, limit);
      }),
      { numRuns: 60 },
    );
  });

  it('a whole rollout holds them, staging and promotions alike', async () => {
    await fc.assert(
      fc.asyncProperty(someFleet, someStrategy, async (fleet, strategy) => {
        const plan = makePlan({
          waves: [{ name: 'all', targets: fleet.map((facts) => facts.target.name) }],
          targets: fleet.map(({ region, planId, target: { name, subscriptionId } }) => ({
            ...{ name, region, planId, subscriptionId },
          })),
          strategy,
        });
        const factsOf = new Map(fleet.map((facts) => [facts.target.name, facts]));
        const moving = new Set<TargetFacts>();
        const world = playWorld(plan, {
          after: (entry) => {
            if (entry.type === 'promote.begun') {
              moving.add(factsOf.get(entry.target)!);
              holdsLimits([...moving], strategy, null);
            }
            if (entry.type === 'target.observed') moving.delete(factsOf.get(entry.target)!);
          },
        });
        expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
        auditLaws(world, plan);
      }),
      { numRuns: 15 },
    );
  });
});

function holdsLimits(moment: readonly TargetFacts[], strategy: StrategyRequest, wave: number | null): void {
  const { maxConcurrency, maxConcurrencyPer: per, regionPairs } = strategy;
  const counted = (key: (facts: TargetFacts) => string) => {
    const keys = moment.map(key);
    return Math.max(0, ...keys.map((each) => keys.filter((other) => other === each).length));
  };
  expect(moment.length).toBeLessThanOrEqual(Math.min(maxConcurrency, wave ?? maxConcurrency));
  expect(counted((facts) => facts.planId)).toBeLessThanOrEqual(per.plan ?? 99);
  expect(counted((facts) => facts.target.subscriptionId)).toBeLessThanOrEqual(per.subscription ?? 99);
  expect(counted((facts) => facts.region.toLowerCase().replace(' ', ''))).toBeLessThanOrEqual(
    per.region ?? 99,
  );
  if (regionPairs === 'ignore') return;
  const together = moment.flatMap((a) => moment.map((b) => [a.region, b.region] as const));
  expect(together.filter(([a, b]) => arePaired(a, b))).toEqual([]);
}
