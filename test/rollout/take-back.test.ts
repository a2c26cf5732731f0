import { describe, expect, it } from '@jest/globals';
import { incumbentId, releaseId } from '../builders.ts';
import { allOf, auditLaws, liveOf, secondsAt, targetsOf } from './audit.ts';
import { playWorld, type Troubles, type World } from './played-world.ts';
import { isIn, planFor, sickLive } from './three-waves.ts';

const plan = planFor({ maxConcurrency: 4 });

/** The failing one, c, cannot be read any more once its reversal has begun; its answer is lost. */
const silentAfter: (world: () => World) => NonNullable<Troubles['isUnreadable']> = (world) => (target) =>
  target === 'c' && allOf(world(), 'doubt.raised').some(({ verb }) => verb === 'revert');

/** Sick in production with the new release; sick beside with the old one as well as soon as `when` holds. */
const sickBoth =
  (when: () => boolean): NonNullable<Troubles['health']> =>
  (asked) =>
    asked.target === 'c' && asked.side === 'beside' && when() ? 'unhealthy' : sickLive('c')(asked);

describe('while the failing target is looked into for long', () => {
  it('the others are taken back as soon as its incumbent was seen to be well', async () => {
    const world: World = playWorld(plan, {
      health: sickLive('c'),
      swaps: { c: [null, 'lost-before'] },
      isUnreadable: silentAfter(() => world),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'stranded' });
    const decided = secondsAt(world, allOf(world, 'rollback.decided')[0]!);
    const back = allOf(world, 'target.reverted');
    expect(back.map(({ target }) => target).toSorted()).toEqual(['a', 'b', 'd', 'e']);
    for (const each of back) expect(secondsAt(world, each) - decided).toBeLessThan(600);
    const [stranded] = allOf(world, 'target.stranded');
    expect(secondsAt(world, stranded!) - decided).toBeGreaterThan(2_700);
    expect(targetsOf(world, 'revert.begun')[0]).toBe('c');
    auditLaws(world, plan);
  });

  it('one limit holds for it and the others together', async () => {
    const one = planFor({ maxConcurrency: 1 });
    const world = playWorld(one, { health: sickLive('c'), swaps: { c: [null, 'lost-before'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    const story = world.entries.flatMap((entry) =>
      entry.type === 'revert.begun' || entry.type === 'target.reverted'
        ? [`${entry.type} ${entry.target}`]
        : [],
    );
    expect(story).toEqual(
      ['c', 'b', 'a'].flatMap((name) => [`revert.begun ${name}`, `target.reverted ${name}`]),
    );
    auditLaws(world, one);
  });

  // Once the others may be moved they are, whatever the failing one is by then: half of a way back is no end.
  it.each([
    ['its reversal has begun', true, (name: string) => name === 'c'],
    ['that of another has begun, and nothing of it can be read', false, (name: string) => name !== 'c'],
  ])('and the process dies when %s, the next one goes on', async (_, isReadable, isLast) => {
    const world: World = playWorld(plan, {
      health: sickBoth(() => isIn(world, 'rollout.resumed')),
      swaps: { c: [null, 'lost-before'] },
      isUnreadable: (target) =>
        target === 'c' && !isReadable && isIn(world, 'rollback.decided') && !isIn(world, 'rollout.resumed'),
      after: (entry, { cancel }) => {
        const isFirst = !isIn(world, 'rollout.resumed');
        if (isFirst && entry.type === 'revert.begun' && isLast(entry.target)) cancel('SIGTERM');
      },
    });
    expect(await world.rollOut()).toMatchObject({ kind: 'interrupted' });
    expect(targetsOf(world, 'revert.begun').includes('c')).toBe(isReadable);
    expect(await world.rollOut()).toMatchObject({ outcome: 'stranded' });
    expect(targetsOf(world, 'target.reverted').toSorted()).toEqual(['a', 'b', 'd', 'e']);
    expect(liveOf(world)).toMatchObject({ a: incumbentId, b: incumbentId, c: releaseId });
    auditLaws(world, plan);
  });
});

describe('the others', () => {
  it('are not touched where no failing one has a well incumbent', async () => {
    const world: World = playWorld(plan, { health: sickBoth(() => isIn(world, 'rollback.decided')) });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted' });
    expect(targetsOf(world, 'revert.begun')).toEqual([]);
    expect(Object.values(liveOf(world)).filter((live) => live === releaseId)).toHaveLength(5);
    auditLaws(world, plan);
  });

  it('are taken back where the failing one’s incumbent was well beside, and is not when it is live again', async () => {
    const world = playWorld(plan, {
      health: ({ target, side }) => (target === 'c' && side === 'live' ? 'unhealthy' : null),
    });
    expect(await world.rollOut()).toMatchObject({
      outcome: 'stranded',
      why: expect.stringContaining('c: the incumbent is live again and not well'),
    });
    expect(Object.values(liveOf(world))).toEqual(Array(6).fill(incumbentId));
    auditLaws(world, plan);
  });

  it('none of whom could be brought back either leave only people to judge: it halts', async () => {
    const world: World = playWorld(plan, {
      health: (asked) =>
        isIn(world, 'rollback.decided') && (asked.side === 'live' || asked.target !== 'c')
          ? 'unhealthy'
          : sickLive('c')(asked),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted' });
    expect(targetsOf(world, 'target.stranded').toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(targetsOf(world, 'revert.begun')).toEqual(['c']);
    auditLaws(world, plan);
  });

  it('are taken back where one of two failing ones has one', async () => {
    const world: World = playWorld(plan, {
      health: (asked) => sickBoth(() => isIn(world, 'rollback.decided'))(asked) ?? sickLive('d')(asked),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'stranded' });
    expect(targetsOf(world, 'target.reverted').toSorted()).toEqual(
      targetsOf(world, 'promote.done')
        .filter((name) => name !== 'c')
        .toSorted(),
    );
    auditLaws(world, plan);
  });
});
