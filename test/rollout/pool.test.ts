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
  /** After so long a target that only waits gives its place to the next. */
  readonly patienceMs?: number;
}

async function crowd({
  fleet,
  strategy,
  wave = null,
  pairs = true,
  workMs = () => 1_000,
  patienceMs,
}: Wish): Promise<Crowd> {
  const clock = new VirtualClock();
  const patience = patienceMs === undefined ? null : { clock, forMs: patienceMs };
  const pool = createPool(strategy, wave, pairs, patience);
  const inside = new Set<TargetFacts>();
  const moments: TargetFacts[][] = [];
  const order: string[] = [];
  const startedMs = clock.now();
  const works = fleet.map((facts, at) =>
    pool.run(facts, async (place) => {
      place.onlyWaits();
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

describe('who only waits for Azure, and longer than others', () => {
  const slowFirst = (slow: number) => (at: number) => (at < slow ? 60_000 : 1_000);
  const patienceMs = 2_000;

  it.each([
    [1, 1],
    [3, 3],
    [4, 5],
    [8, 10],
    [50, 62],
  ])('with a limit of %d at most %d are under way', async (maxConcurrency, allowed) => {
    const fleet = fleetOf(...Array.from({ length: 70 }, () => ({})));
    const strategy = makeStrategy({ maxConcurrency });
    const seen = await crowd({ fleet, strategy, workMs: slowFirst(70), patienceMs });
    expect(most(seen)).toBe(allowed);
  });

  it('lets the others pass at the full pace', async () => {
    const fleet = fleetOf(...Array.from({ length: 42 }, () => ({})));
    const strategy = makeStrategy({ maxConcurrency: 8 });
    const { moments } = await crowd({ fleet, strategy, workMs: slowFirst(2), patienceMs });
    expect(moments.at(-1)).toHaveLength(10);
  });

  it('keeps its places on its plan, in its region and in its subscription', async () => {
    const shared = { planId: 'p', region: 'polandcentral', subscriptionId: 's' };
    const fleet = fleetOf(shared, shared, {}, {}, {}, {});
    for (const key of ['plan', 'region', 'subscription']) {
      const strategy = makeStrategy({ maxConcurrency: 4, maxConcurrencyPer: { [key]: 1 } });
      const { moments } = await crowd({ fleet, strategy, workMs: slowFirst(1), patienceMs });
      const together = moments.filter((moment) => moment.includes(fleet[0]!) && moment.includes(fleet[1]!));
      expect(together).toEqual([]);
    }
  });

  it('that is told twice counts once, and its place is free again when it has left', async () => {
    const clock = new VirtualClock();
    const pool = createPool(makeStrategy({ maxConcurrency: 8 }), null, true, { clock, forMs: patienceMs });
    let inside = 0;
    let mostInside = 0;
    const works = fleetOf(...Array.from({ length: 40 }, () => ({}))).map((facts, at) =>
      pool.run(facts, async (place) => {
        if (at < 2) for (const _twice of [1, 2]) place.onlyWaits();
        inside++;
        if (at >= 20) mostInside = Math.max(mostInside, inside);
        await clock.sleep(at < 2 ? 5_000 : 10_000);
        inside--;
      }),
    );
    await clock.run(Promise.all(works));
    expect(mostInside).toBe(8);
  });

  it('keeps its place for as long as something is done for it', async () => {
    const clock = new VirtualClock();
    const pool = createPool(makeStrategy({ maxConcurrency: 4 }), null, true, { clock, forMs: patienceMs });
    let inside = 0;
    let mostInside = 0;
    const works = fleetOf({}, {}, {}, {}, {}).map((facts) =>
      pool.run(facts, async () => {
        mostInside = Math.max(mostInside, ++inside);
        await clock.sleep(60_000);
        inside--;
      }),
    );
    await clock.run(Promise.all(works));
    expect(mostInside).toBe(4);
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

  it('stragglers are beside no other limit, and nobody is kept out while there is room', async () => {
    const seeds = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 14, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(someFleet, someStrategy, seeds, async (fleet, strategy, durations) => {
        const seen = await crowd({ fleet, strategy, workMs: (at) => durations[at]!, patienceMs: 1_000 });
        expect(seen.order).toHaveLength(fleet.length);
        const { maxConcurrency } = strategy;
        const widened = { ...strategy, maxConcurrency: maxConcurrency + Math.floor(maxConcurrency / 4) };
        for (const moment of seen.moments) holdsLimits(moment, widened, null);
      }),
      { numRuns: 60 },
    );
  });

  it('where only the number is limited, all take no longer than their share and the longest of them', async () => {
    const durations = fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(durations, fc.integer({ min: 1, max: 6 }), async (drawn, maxConcurrency) => {
        const longestFirst = [...drawn].sort((a, b) => b - a);
        const strategy = makeStrategy({ maxConcurrency });
        const fleet = fleetOf(...drawn.map(() => ({})));
        const { tookMs } = await crowd({ fleet, strategy, workMs: (at) => longestFirst[at]! });
        const shareMs = drawn.reduce((sum, ms) => sum + ms, 0) / maxConcurrency;
        const longestMs = longestFirst[0] ?? 0;
        // Graham's bound for every order; and none can be better than the share or the longest.
        expect(tookMs).toBeLessThanOrEqual(shareMs + longestMs * (1 - 1 / maxConcurrency) + 0.001);
        expect(tookMs).toBeGreaterThanOrEqual(Math.max(shareMs, longestMs) - 0.001);
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
