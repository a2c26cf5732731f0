/** What a rollout waits for, and in which order: the longest known first, nobody for a straggler, no wave for a host that sleeps. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Plan } from '../../src/plan/plan.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import { type Experience, learnFrom, orderTasks } from '../../src/rollout/expected.ts';
import { makePlan, makeStrategy, type PlanWish, releaseId } from '../builders.ts';
import { allOf, auditLaws, secondsAt, swappedOf, targetsOf } from './audit.ts';
import { type Health, playWorld, type Troubles, type World } from './played-world.ts';

const planOf = (waves: PlanWish['waves'], wish: Partial<PlanWish> = {}): Plan => ({
  ...makePlan({ waves, strategy: makeStrategy({ maxConcurrency: 1 }), ...wish }),
});

async function settle(plan: Plan, troubles: Troubles): Promise<World> {
  const world = playWorld(plan, troubles);
  expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
  auditLaws(world, plan);
  return world;
}

const minutes = (count: number) => count * 60_000;

describe('what took longest last time', () => {
  const experience: Experience = {
    a: { stageMs: minutes(1), promoteMs: minutes(3) },
    b: { stageMs: minutes(3), promoteMs: minutes(1) },
    c: { stageMs: minutes(2), promoteMs: minutes(2) },
  };
  const plan = planOf([{ name: 'all', targets: ['a', 'b', 'c'] }]);

  it('is staged first, and promoted first within its wave', async () => {
    const world = await settle(plan, { experience: () => experience });
    expect(targetsOf(world, 'stage.begun')).toEqual(['b', 'c', 'a']);
    expect(targetsOf(world, 'promote.begun')).toEqual(['a', 'c', 'b']);
  });

  it('is staged first whatever its wave, and never promoted before its wave', async () => {
    const inWaves = planOf([
      { name: 'one', targets: ['a'] },
      { name: 'two', targets: ['b', 'c'] },
    ]);
    const world = await settle(inWaves, { experience: () => experience });
    expect(targetsOf(world, 'stage.begun')).toEqual(['b', 'c', 'a']);
    expect(targetsOf(world, 'promote.begun')).toEqual(['a', 'c', 'b']);
  });

  it('is guessed for a target that nobody knows: as long as the longest, so that it does not come last', async () => {
    const { a, c } = experience;
    const world = await settle(plan, {
      experience: () => ({ a: a!, c: c!, gone: { promoteMs: minutes(99) } }),
    });
    expect(world.entries[0]).toMatchObject({ experience: { a, c } });
    expect(JSON.stringify(world.entries[0])).not.toContain('gone');
    expect(targetsOf(world, 'stage.begun')).toEqual(['b', 'c', 'a']);
    expect(targetsOf(world, 'promote.begun')).toEqual(['a', 'b', 'c']);
  });

  it('is not known the first time: then the order is that of the plan', async () => {
    const world = await settle(plan, {});
    expect(targetsOf(world, 'promote.begun')).toEqual(['a', 'b', 'c']);
    expect(world.entries[0]).not.toHaveProperty('experience');
  });

  it('stays as it was when the rollout began, for whoever takes it up again', async () => {
    let told = experience;
    const world = playWorld(plan, {
      experience: () => told,
      after: (entry, at) => {
        if (entry.type === 'wave.opened' && told === experience) {
          told = { a: { promoteMs: 1 }, b: { promoteMs: minutes(9) }, c: { promoteMs: minutes(8) } };
          at.cancel('SIGTERM');
        }
      },
    });
    expect(await world.rollOut()).toMatchObject({ kind: 'interrupted' });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(targetsOf(world, 'promote.begun')).toEqual(['a', 'c', 'b']);
    auditLaws(world, plan);
  });

  it('counts all who share a plan and wait for one another', async () => {
    const shared = { planId: '/plans/shared' };
    const crowded = planOf([{ name: 'all', targets: ['a', 'b', 'c'] }], {
      strategy: makeStrategy({ maxConcurrency: 1, maxConcurrencyPer: { plan: 1 } }),
      targets: [{ name: 'a' }, { name: 'b', ...shared }, { name: 'c', ...shared }],
    });
    const times = {
      a: { promoteMs: minutes(4) },
      b: { promoteMs: minutes(3) },
      c: { promoteMs: minutes(2) },
    };
    const world = await settle(crowded, { experience: () => times });
    expect(targetsOf(world, 'promote.begun')).toEqual(['b', 'a', 'c']);
  });

  it('orders everybody once, the longest of each plan first, and alike whoever asks', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.constantFrom('p', 'q', 'r'), tookMs: fc.integer({ min: 1, max: 9 }) })),
        fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        (drawn, perKey) => {
          const tasks = drawn.map((each, at) => ({ ...each, name: `t${at}` }));
          const ordered = orderTasks(tasks, perKey);
          expect(ordered.map(({ name }) => name).sort()).toEqual(tasks.map(({ name }) => name).sort());
          for (const key of ['p', 'q', 'r']) {
            const own = ordered.filter((task) => task.key === key).map(({ tookMs }) => tookMs);
            expect(own).toEqual([...own].sort((a, b) => b - a));
          }
          expect(orderTasks(tasks, perKey)).toEqual(ordered);
        },
      ),
    ));
});

describe('what a rollout learns for the next one', () => {
  it('is how long Azure took, not how long nobody was there or a doubt was looked into', async () => {
    const plan = planOf([{ name: 'all', targets: ['a', 'b', 'c'] }]);
    const world = playWorld(plan, {
      swapMs: { a: minutes(4) },
      swaps: { b: ['lost-after'] },
      after: (entry, at) => {
        if (entry.type === 'promote.begun' && entry.target === 'c' && !cancelled) {
          cancelled = true;
          at.cancel('SIGTERM');
        }
      },
    });
    let cancelled = false;
    await world.rollOut();
    world.clock.advance(minutes(600));
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    const learnt = learnFrom(world.entries);
    expect(learnt['a']?.promoteMs).toBeGreaterThanOrEqual(minutes(4));
    expect(learnt['a']?.promoteMs).toBeLessThan(minutes(4) + 5_000);
    expect(learnt['a']?.deployMs).toBeLessThan(learnt['a']?.stageMs ?? 0);
    expect([learnt['b']?.promoteMs, learnt['c']?.promoteMs]).toEqual([undefined, undefined]);
  });

  it('takes the instant that Azure names for the end of a swap, if it can be true', () => {
    const promote = (swappedAt: string): readonly Recorded[] => [
      {
        seq: 1,
        rollout: 'r',
        at: '2026-01-01T00:00:00.000Z',
        type: 'promote.begun',
        target: 'a',
        before: { live: 'x', beside: 'y' },
      },
      {
        seq: 2,
        rollout: 'r',
        at: '2026-01-01T00:02:00.000Z',
        type: 'promote.done',
        target: 'a',
        standing: { live: 'y', beside: 'x', swappedAt },
      },
    ];
    const tookOf = (swappedAt: string) => learnFrom(promote(swappedAt))['a']?.promoteMs;
    expect(tookOf('2026-01-01T00:01:50.000Z')).toBe(110_000);
    expect(tookOf('2026-01-01T00:02:30.000Z')).toBe(120_000);
    expect(tookOf('2025-12-31T23:59:00.000Z')).toBe(120_000);
    expect(tookOf('soon')).toBe(120_000);
  });
});

describe('a straggler', () => {
  const names = Array.from({ length: 24 }, (_, at) => `t${at}`);
  const wave = [{ name: 'all', targets: names }];
  const plan = planOf(wave, {
    strategy: makeStrategy({ maxConcurrency: 4, maxConcurrencyPer: {}, regionPairs: 'ignore' }),
  });

  const experience = () => Object.fromEntries(names.map((name) => [name, { promoteMs: minutes(1) }]));

  it('gives its place to the next: the others are done long before it', async () => {
    const world = await settle(plan, { experience, swapMs: { t0: minutes(20) } });
    const at = (name: string) =>
      secondsAt(world, allOf(world, 'target.observed').find(({ target }) => target === name)!);
    const others = names.slice(1).map(at);
    const alone = await settle(plan, {});
    // By fours they are six rounds; by threes, as it would be without, they are eight.
    const quick = allOf(alone, 'target.observed').map((entry) => secondsAt(alone, entry));
    const roundS = Math.max(...quick) / 6;
    expect(Math.max(...others)).toBeLessThan(Math.max(...quick) + 1.5 * roundS);
    expect(at('t0')).toBeGreaterThan(minutes(20) / 1_000);
  });

  it('is one of few: with as many as the limit the others wait, and never more than a quarter is beside', async () => {
    const slow = Object.fromEntries(names.slice(0, 5).map((name) => [name, minutes(20)]));
    const under = new Set<string>();
    let most = 0;
    await settle(plan, {
      experience,
      swapMs: slow,
      after: (entry) => {
        if (entry.type === 'promote.begun') most = Math.max(most, under.add(entry.target).size);
        if (entry.type === 'promote.done') under.delete(entry.target);
      },
    });
    expect(most).toBe(5);
  });
});

describe('while a wave bakes', () => {
  const plan = planOf([
    { name: 'one', targets: ['a'], bakeTimeMs: minutes(10) },
    { name: 'two', targets: ['b'], bakeTimeMs: 0 },
  ]);
  /** A host beside falls asleep when nobody asks it for three minutes, and takes 40 s to wake up. */
  function sleepy(): Health {
    let upMs = 0;
    let askedMs = Number.NEGATIVE_INFINITY;
    return ({ target, side, release, elapsedMs }) => {
      if (target !== 'b' || side !== 'beside' || release !== releaseId) return null;
      if (elapsedMs - askedMs > minutes(3)) upMs = elapsedMs + 40_000;
      askedMs = elapsedMs;
      return elapsedMs < upMs ? 'starting' : null;
    };
  }
  const waitOf = (world: World) =>
    secondsAt(world, allOf(world, 'promote.begun')[1]!) - secondsAt(world, allOf(world, 'wave.opened')[1]!);

  it('the next one is looked at, so that it opens at once', async () => {
    expect(waitOf(await settle(plan, { health: sleepy() }))).toBeLessThan(1);
  });

  it('that look clears nobody: each is proved once more when its wave has opened', async () => {
    const world = await settle(plan, { health: sleepy() });
    const opened = allOf(world, 'wave.opened')[1]!;
    const [proof, ...others] = allOf(world, 'target.cleared').filter(
      ({ target, during }) => target === 'b' && during === 'proof',
    );
    expect(others).toEqual([]);
    expect(proof!.seq).toBeGreaterThan(opened.seq);
    const beside = world.looks.filter(({ target, side }) => target.name === 'b' && side === 'beside');
    expect(beside.at(-1)!.atMs).toBeGreaterThanOrEqual(Date.parse(opened.at));
  });

  it('what falls ill beside is no failure yet, if it is well when its turn comes', async () => {
    const world = await settle(plan, {
      health: ({ target, side, release, elapsedMs }) =>
        target === 'b' &&
        side === 'beside' &&
        release === releaseId &&
        elapsedMs > minutes(9) &&
        elapsedMs < minutes(11)
          ? 'unhealthy'
          : null,
    });
    const early = allOf(world, 'reading.taken').filter(
      ({ during, reading }) => during === 'proof' && reading.condition === 'unhealthy',
    );
    expect(early).toHaveLength(1);
    expect(targetsOf(world, 'target.failed')).toEqual([]);
  });

  it('nobody is looked at any more once the bake has turned', async () => {
    const world = playWorld(plan, {
      health: ({ target, side, release, elapsedMs }) =>
        release === releaseId && target === 'a' && side === 'live' && elapsedMs > minutes(11)
          ? 'unhealthy'
          : target === 'b' && elapsedMs > minutes(3) && side === 'beside'
            ? 'starting'
            : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    auditLaws(world, plan);
    const turned = allOf(world, 'target.failed')[0]!;
    const late = world.looks.filter(
      ({ target, side, atMs }) =>
        target.name === 'b' && side === 'beside' && atMs > Date.parse(turned.at) + 200,
    );
    expect(late).toEqual([]);
    expect(swappedOf(world, 'b')).toBe(0);
  });

  it('what is looked at beside holds up no way back: nobody waits for a look that cannot be cut off', async () => {
    const world = playWorld(plan, {
      health: ({ target, side, release, elapsedMs }) =>
        release === releaseId && target === 'a' && side === 'live' && elapsedMs > minutes(11)
          ? 'unhealthy'
          : null,
      deafMs: ({ target, side, elapsedMs }) =>
        target === 'b' && side === 'beside' && elapsedMs > minutes(3) ? minutes(30) : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(
      world.looks.some(({ target, atMs }) => target.name === 'b' && atMs - world.startMs > minutes(3)),
    ).toBe(true);
    const decided = allOf(world, 'rollback.decided')[0]!;
    expect(secondsAt(world, decided) - secondsAt(world, allOf(world, 'target.failed')[0]!)).toBeLessThan(1);
    expect(world.entries.at(-1)).toMatchObject({ type: 'rollout.ended' });
  });
});
