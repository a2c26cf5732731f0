import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Happening } from '../../src/rollout/events.ts';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, askedOf, auditLaws, liveOf, swappedOf, targetsOf } from './audit.ts';
import { playWorld, type SwapTrouble, type Troubles, type World } from './played-world.ts';
import { planFor, sickLive } from './three-waves.ts';

const plan = planFor({ maxConcurrency: 2 });

/** Cancels once, right after the n-th entry of a type. */
function cancelAfter(type: Happening['type'], nth = 1): NonNullable<Troubles['after']> {
  let seen = 0;
  return (entry, world) => {
    if (entry.type === type && ++seen === nth) world.cancel('SIGTERM');
  };
}

const small = makePlan({
  waves: [
    { name: 'one', targets: ['a'], bakeTimeMs: 120_000 },
    { name: 'two', targets: ['b'] },
  ],
});

const lastOf = (world: World) => world.entries.at(-1);

describe('a rollout that is cancelled', () => {
  it.each<Happening['type']>([
    'rollout.begun',
    'stage.begun',
    'stage.done',
    'reading.taken',
    'target.cleared',
    'wave.opened',
    'promote.begun',
    'promote.done',
    'target.observed',
    'wave.promoted',
    'wave.baked',
  ])('after %s writes that down, and starts nothing more', async (type) => {
    const world = playWorld(plan, { after: cancelAfter(type) });
    expect(await world.rollOut()).toEqual({ kind: 'interrupted', signal: 'SIGTERM' });
    expect(lastOf(world)).toMatchObject({ type: 'rollout.interrupted', signal: 'SIGTERM' });
    const [entries, asked] = [world.entries.length, askedOf(world)];
    await world.clock.run(world.clock.sleep(3_600_000));
    expect(world.entries).toHaveLength(entries);
    expect(askedOf(world)).toBe(asked);
  });

  it('is resumed, goes on where it was, and settles', async () => {
    const world = playWorld(plan, { after: cancelAfter('wave.promoted') });
    await world.rollOut();
    await world.clock.run(world.clock.sleep(60_000));
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(targetsOf(world, 'stage.begun').toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(swappedOf(world)).toBe(6);
    expect(allOf(world, 'rollout.begun')).toHaveLength(1);
    auditLaws(world, plan);
  });

  it('at any instant is interrupted cleanly, and resumed to its end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 700_000 }), async (cancelAtMs) => {
        const world = playWorld(small);
        const running = world.rollOut();
        void world.clock.sleep(cancelAtMs).then(() => world.cancel('SIGTERM'));
        const first = await running;
        if (first.kind === 'ended') return;
        expect(lastOf(world)).toMatchObject({ type: 'rollout.interrupted', signal: 'SIGTERM' });
        expect(Date.parse(lastOf(world)!.at) - world.startMs - cancelAtMs).toBeLessThan(1_000);
        expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
        expect(swappedOf(world)).toBe(2);
        auditLaws(world, small);
      }),
      { numRuns: 100, examples: [[0], [3], [50], [100], [110], [20_200], [40_000]] },
    );
  });

  it('ends at once even while a swap never answers', async () => {
    const world = playWorld(plan, {
      swaps: { a: ['hangs'] },
      after: (entry, played) => {
        // By then the request is on its way.
        if (entry.type === 'promote.begun' && entry.target === 'a')
          void played.clock.sleep(1_000).then(() => played.cancel('SIGINT'));
      },
    });
    expect(await world.rollOut()).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(askedOf(world, 'a')).toBe(1);
    const cancelledMs = Date.parse(allOf(world, 'promote.begun')[0]!.at) + 1_000;
    expect(Date.parse(lastOf(world)!.at) - cancelledMs).toBeLessThan(1_000);
    // The hanging request is in doubt: it is looked into, and asked for again only when it did not happen.
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(swappedOf(world, 'a')).toBe(1);
    auditLaws(world, plan);
  });

  it('cancelled before it begins does nothing', async () => {
    const world = playWorld(plan);
    const running = world.rollOut();
    world.cancel('SIGINT');
    expect(await running).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(world.deeds).toEqual([]);
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    auditLaws(world, plan);
  });

  it('does not ask for a swap that it only waited for', async () => {
    const world = playWorld(plan, {
      after: (entry, played) => {
        if (entry.type !== 'promote.begun' || entry.target !== 'a') return;
        played.slots.get('a')!.operation = 'somebody else’s';
        void played.clock.sleep(1_000).then(() => played.cancel('SIGINT'));
        void played.clock.sleep(30_000).then(() => {
          played.slots.get('a')!.operation = null;
        });
      },
    });
    expect(await world.rollOut()).toMatchObject({ kind: 'interrupted' });
    await world.clock.run(world.clock.sleep(3_600_000));
    expect(askedOf(world, 'a')).toBe(0);
  });

  it('in the middle of a rollback goes on with the rollback', async () => {
    const world = playWorld(plan, { health: sickLive('c'), after: cancelAfter('revert.begun') });
    expect(await world.rollOut()).toMatchObject({ kind: 'interrupted' });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(Object.values(liveOf(world))).toEqual(Array(6).fill(incumbentId));
    expect(allOf(world, 'rollback.decided')).toHaveLength(1);
    auditLaws(world, plan);
  });

  it('once too many had failed never goes forward again', async () => {
    const world = playWorld(plan, { health: sickLive('c'), after: cancelAfter('target.failed') });
    expect(await world.rollOut()).toMatchObject({ kind: 'interrupted' });
    const promoted = targetsOf(world, 'promote.begun');
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(targetsOf(world, 'promote.begun')).toEqual(promoted);
    expect(Object.values(liveOf(world))).toEqual(Array(6).fill(incumbentId));
    auditLaws(world, plan);
  });

  it('again and again comes to the same end', async () => {
    const twoWaves = makePlan({
      waves: [
        { name: 'one', targets: ['a'], bakeTimeMs: 60_000 },
        { name: 'two', targets: ['b'] },
      ],
    });
    let written = 0;
    const world = playWorld(twoWaves, {
      after: (_entry, played) => {
        if (++written % 9 === 0) played.cancel('SIGTERM');
      },
    });
    let runs = 1;
    for (; (await world.rollOut()).kind === 'interrupted'; runs++) expect(runs).toBeLessThan(60);
    expect(runs).toBeGreaterThan(3);
    expect(liveOf(world)).toEqual({ a: releaseId, b: releaseId });
    expect([swappedOf(world, 'a'), swappedOf(world, 'b')]).toEqual([1, 1]);
    auditLaws(world, twoWaves);
  });
});

describe('a bake that is taken up again', () => {
  const baking = makePlan({
    waves: [
      { name: 'one', targets: ['a'], bakeTimeMs: 600_000 },
      { name: 'two', targets: ['b'] },
    ],
  });

  it('ends when it would have ended, when it is still under way', async () => {
    const world = playWorld(baking, { after: cancelAfter('wave.promoted') });
    await world.rollOut();
    const { bakeUntilMs } = allOf(world, 'wave.promoted')[0]!;
    await world.clock.run(world.clock.sleep(120_000));
    await world.rollOut();
    expect(allOf(world, 'wave.promoted').filter((entry) => entry.wave === 'one')).toHaveLength(1);
    const bakedMs = Date.parse(allOf(world, 'wave.baked')[0]!.at);
    expect(bakedMs).toBeGreaterThanOrEqual(bakeUntilMs);
    expect(bakedMs).toBeLessThan(bakeUntilMs + 30_000);
  });

  it('is not over because nobody looked: it wants healthy looks first', async () => {
    const world: World = playWorld(baking, {
      after: cancelAfter('wave.promoted'),
      health: ({ side }) =>
        side === 'live' && allOf(world, 'rollout.resumed').length > 0 ? 'unhealthy' : null,
    });
    await world.rollOut();
    await world.clock.run(world.clock.sleep(3_600_000));
    expect(await world.rollOut()).not.toMatchObject({ outcome: 'settled' });
    expect(askedOf(world, 'b')).toBe(0);
  });
});

describe('resuming', () => {
  it('an ended rollout does nothing, and tells its end', async () => {
    const world = playWorld(plan);
    const ended = await world.rollOut();
    const [entries, deeds] = [world.entries.length, world.deeds.length];
    expect(await world.rollOut()).toEqual(ended);
    expect([world.entries.length, world.deeds.length]).toEqual([entries, deeds]);
  });

  it.each<SwapTrouble>(['lost-before', 'lost-after', 'late'])(
    'in the middle of a doubt (%s) settles it',
    async (trouble) => {
      const world = playWorld(plan, { swaps: { a: [trouble] }, after: cancelAfter('doubt.raised') });
      expect(await world.rollOut()).toMatchObject({ kind: 'interrupted' });
      expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
      expect(swappedOf(world, 'a')).toBe(1);
      auditLaws(world, plan);
    },
  );

  it('does not stage again what is staged', async () => {
    const world = playWorld(plan, { after: cancelAfter('target.cleared', 3) });
    await world.rollOut();
    const deployed = world.deeds.filter((deed) => deed.what === 'deployed').length;
    await world.rollOut();
    const again = world.deeds.filter((deed) => deed.what === 'deployed').length - deployed;
    expect(again).toBeLessThanOrEqual(6 - allOf(world, 'stage.done').length + 2);
    expect(swappedOf(world)).toBe(6);
  });
});
