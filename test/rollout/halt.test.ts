import { describe, expect, it } from '@jest/globals';
import { incumbentId, releaseId } from '../builders.ts';
import { allOf, askedOf, auditLaws, liveOf, swappedOf, targetsOf } from './audit.ts';
import { playWorld, type World } from './played-world.ts';
import { isIn, planFor, sickLive } from './three-waves.ts';

const plan = planFor();

describe('no data', () => {
  it('about a promoted target halts, and nothing is moved about', async () => {
    const world = playWorld(plan, {
      health: ({ target, side, release }) =>
        target === 'c' && side === 'live' && release === releaseId ? 'unreachable' : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted', why: expect.stringContaining('c:') });
    expect(targetsOf(world, 'revert.begun')).toEqual([]);
    expect(targetsOf(world, 'promote.begun')).toEqual(['a', 'b', 'c']);
    expect(liveOf(world)).toMatchObject({ a: releaseId, b: releaseId, c: releaseId, d: incumbentId });
    auditLaws(world, plan);
  });

  it('while a wave bakes halts before the bake is over', async () => {
    const world: World = playWorld(plan, {
      health: ({ target, side }) =>
        target === 'a' && side === 'live' && isIn(world, 'wave.promoted') ? 'unreachable' : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted' });
    expect(allOf(world, 'wave.baked')).toEqual([]);
    expect(isIn(world, 'target.failed') || isIn(world, 'rollback.decided')).toBe(false);
    auditLaws(world, plan);
  });

  it('about a candidate right before its promotion halts without promoting it', async () => {
    const world: World = playWorld(plan, {
      health: ({ target, side }) =>
        target === 'c' && side === 'beside' && isIn(world, 'wave.opened') ? 'unreachable' : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted' });
    expect(askedOf(world, 'c')).toBe(0);
    auditLaws(world, plan);
  });
});

describe('somebody else’s hand', () => {
  const drifts: readonly [string, string, string | null, string | null][] = [
    ['swaps a target back', 'a', incumbentId, releaseId],
    ['deploys to production', 'a', 'r-third', incumbentId],
    ['puts the release into both slots', 'a', releaseId, releaseId],
  ];
  it.each(drifts)('that %s while its wave bakes halts with both ids', async (_what, name, live, beside) => {
    const world = playWorld(plan, {
      after: (entry, { slots }) => {
        if (entry.type === 'wave.promoted') Object.assign(slots.get(name)!, { live, beside });
      },
    });
    const ended = await world.rollOut();
    if (live === releaseId) {
      // What is live is what should be: only a way back would find that it is gone, and none is needed.
      expect(ended).toMatchObject({ outcome: 'settled' });
      return;
    }
    expect(ended).toMatchObject({ outcome: 'halted', why: expect.stringContaining(`found ${live} live`) });
    expect(ended).toMatchObject({ why: expect.stringContaining(`expected ${releaseId} live`) });
    expect(allOf(world, 'target.drifted')).toMatchObject([
      { target: name, expected: { live: releaseId, beside: incumbentId }, found: { live, beside } },
    ]);
    expect(targetsOf(world, 'revert.begun')).toEqual([]);
    expect(swappedOf(world, name)).toBe(1);
    auditLaws(world, plan);
  });

  it.each<[string, string | null, string | null]>([
    ['a third release live', 'r-third', releaseId],
    ['a third release beside', incumbentId, 'r-third'],
    ['the release already live', releaseId, incumbentId],
    ['no stamp at all', null, null],
  ])('that leaves %s before the promotion halts without a request', async (_what, live, beside) => {
    const world = playWorld(plan, {
      after: (entry, { slots }) => {
        if (entry.type === 'wave.opened' && entry.wave === 'two')
          Object.assign(slots.get('c')!, { live, beside });
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted' });
    expect(allOf(world, 'target.drifted')).toMatchObject([
      { target: 'c', expected: { live: incumbentId, beside: releaseId }, found: { live, beside } },
    ]);
    expect(askedOf(world, 'c')).toBe(0);
    expect(liveOf(world)).toMatchObject({ a: releaseId, b: releaseId, c: live });
    auditLaws(world, plan);
  });

  it('that swaps between the last look and the request is noticed, and nothing is undone', async () => {
    const world = playWorld(plan, {
      after: (entry, { slots }) => {
        if (entry.type !== 'promote.begun' || entry.target !== 'c') return;
        Object.assign(slots.get('c')!, { live: 'r-third', beside: incumbentId });
      },
    });
    expect(await world.rollOut()).toMatchObject({
      outcome: 'halted',
      why: expect.stringContaining('r-third'),
    });
    expect(askedOf(world, 'c')).toBe(0);
    auditLaws(world, plan);
  });

  it('that swaps a target back right after its promotion halts', async () => {
    const world = playWorld(plan, {
      after: (entry, { slots }) => {
        if (entry.type !== 'promote.done' || entry.target !== 'c') return;
        Object.assign(slots.get('c')!, { live: incumbentId, beside: releaseId });
      },
    });
    const ended = await world.rollOut();
    expect(ended).toMatchObject({
      outcome: 'halted',
      why: expect.stringContaining('Azure took the swap back, or somebody swapped: expected'),
    });
    expect(allOf(world, 'target.drifted')).toMatchObject([{ target: 'c', how: 'taken-back' }]);
    expect(isIn(world, 'rollback.decided')).toBe(false);
    expect(liveOf(world)).toMatchObject({ a: releaseId, b: releaseId, c: incumbentId });
    auditLaws(world, plan);
  });

  it('is not suspected behind a sick target whose swap still shows in one list only', async () => {
    const world = playWorld(plan, {
      health: sickLive('c'),
      after: (entry, { slots, clock }) => {
        if (entry.type !== 'promote.done' || entry.target !== 'c') return;
        slots.get('c')!.beside = releaseId;
        // The third bad look comes after 20 s, and the first glance at the slots with it.
        void clock.sleep(25_000).then(() => {
          slots.get('c')!.beside = incumbentId;
        });
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(targetsOf(world, 'target.drifted')).toEqual([]);
    auditLaws(world, plan);
  });

  it('before any promotion halts with nothing touched', async () => {
    const world = playWorld(plan, {
      after: (entry, { slots }) => {
        if (entry.type === 'wave.opened') slots.get('a')!.beside = 'r-third';
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted' });
    expect(askedOf(world)).toBe(0);
  });

  it('is not suspected when a swap shows in one list before the other', async () => {
    let reads = 0;
    const world = playWorld(plan, {
      after: (entry, { slots, clock }) => {
        if (entry.type !== 'wave.opened' || entry.wave !== 'two') return;
        const at = slots.get('c')!;
        at.beside = incumbentId;
        reads++;
        void clock.sleep(12_000).then(() => {
          at.beside = releaseId;
        });
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(reads).toBe(1);
    auditLaws(world, plan);
  });
});

describe('a defect of ours', () => {
  it('is thrown, and nothing more is promoted meanwhile', async () => {
    const world = playWorld(plan, { swaps: { a: ['bug'] } });
    await expect(world.rollOut()).rejects.toThrow('undefined is not a function');
    expect(targetsOf(world, 'promote.begun')).toEqual(['a']);
    expect(isIn(world, 'rollout.ended')).toBe(false);
  });

  it('leaves a journal that can be resumed', async () => {
    const world = playWorld(plan, { swaps: { a: ['bug'] } });
    await expect(world.rollOut()).rejects.toThrow();
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(swappedOf(world, 'a')).toBe(1);
    auditLaws(world, plan);
  });
});
