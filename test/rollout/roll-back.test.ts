import { describe, expect, it } from '@jest/globals';
import type { StrategyRequest } from '../../src/plan/plan.ts';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, auditLaws, liveOf, secondsAt, swappedOf, targetsOf } from './audit.ts';
import { playWorld } from './played-world.ts';
import { isIn, planFor, sickLive } from './three-waves.ts';

const scoped = (scope: 'target' | 'wave' | 'all', more: Partial<StrategyRequest> = {}) =>
  planFor({ onFailure: { action: 'rollback', scope }, ...more });

describe('a target that is sick in production', () => {
  it.each([
    ['target', ['d'], { a: releaseId, b: releaseId, c: releaseId, d: incumbentId }],
    ['wave', ['d', 'c'], { a: releaseId, b: releaseId, c: incumbentId, d: incumbentId }],
    ['all', ['d', 'c', 'b', 'a'], { a: incumbentId, b: incumbentId, c: incumbentId, d: incumbentId }],
  ] as const)(
    'takes back the scope "%s", itself first and then the newest first',
    async (scope, order, live) => {
      const plan = scoped(scope);
      const world = playWorld(plan, { health: sickLive('d') });
      expect(await world.rollOut()).toMatchObject({
        outcome: 'rolled-back',
        why: expect.stringContaining('d:'),
      });
      expect(targetsOf(world, 'revert.begun')).toEqual(order);
      expect(allOf(world, 'rollback.decided')).toMatchObject([{ targets: order, failing: ['d'] }]);
      expect(targetsOf(world, 'target.reverted')).toEqual(order);
      expect(liveOf(world)).toEqual({ ...live, e: incumbentId, f: incumbentId });
      auditLaws(world, plan);
    },
  );

  it('stops what has not begun, in its own wave and in the later ones', async () => {
    const world = playWorld(planFor(), { health: sickLive('c') });
    await world.rollOut();
    expect(targetsOf(world, 'promote.begun')).toEqual(['a', 'b', 'c']);
  });

  it('is found while its wave bakes, and the bake ends early', async () => {
    const world = playWorld(planFor(), {
      health: ({ target, side, release }) =>
        target === 'b' && side === 'live' && release === releaseId && isIn(world, 'wave.promoted')
          ? 'unhealthy'
          : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(allOf(world, 'wave.baked')).toEqual([]);
    const [promoted, decided] = [allOf(world, 'wave.promoted')[0]!, allOf(world, 'rollback.decided')[0]!];
    expect(secondsAt(world, decided) - secondsAt(world, promoted)).toBeLessThan(60);
    expect(decided.targets).toEqual(['b', 'a']);
    auditLaws(world, planFor());
  });

  it('that keeps starting anew while its wave bakes has fallen, and is not awaited like a cold start', async () => {
    const world = playWorld(planFor(), {
      health: ({ target, side, release }) =>
        target === 'b' && side === 'live' && release === releaseId && isIn(world, 'wave.promoted')
          ? 'starting'
          : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    const [promoted, decided] = [allOf(world, 'wave.promoted')[0]!, allOf(world, 'rollback.decided')[0]!];
    expect(secondsAt(world, decided) - secondsAt(world, promoted)).toBeLessThan(60);
    auditLaws(world, planFor());
  });

  it('of an earlier wave is found while a later one bakes', async () => {
    const world = playWorld(planFor(), {
      health: ({ target, side, release }) =>
        target === 'a' &&
        side === 'live' &&
        release === releaseId &&
        targetsOf(world, 'target.observed').includes('e')
          ? 'unhealthy'
          : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(targetsOf(world, 'revert.begun')).toEqual(['a', 'e', 'd', 'c', 'b']);
    expect(Object.values(liveOf(world))).toEqual(Array(6).fill(incumbentId));
    auditLaws(world, planFor());
  });

  it('that never gets up in production is sick', async () => {
    const world = playWorld(planFor(), {
      health: ({ side, release }) => (side === 'live' && release === releaseId ? 'starting' : null),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    auditLaws(world, planFor());
  });

  it('halts instead when that is asked for, and nothing is moved', async () => {
    const plan = planFor({ onFailure: { action: 'halt', scope: 'all' } });
    const world = playWorld(plan, { health: sickLive('b') });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted', why: expect.stringContaining('b') });
    expect(targetsOf(world, 'revert.begun')).toEqual([]);
    expect(liveOf(world)).toMatchObject({ a: releaseId, b: releaseId, c: incumbentId });
    auditLaws(world, plan);
  });

  it('is looked at again after it was taken back, before it counts as taken back', async () => {
    const world = playWorld(planFor(), { health: sickLive('b') });
    await world.rollOut();
    for (const reverted of allOf(world, 'target.reverted')) {
      expect(reverted.verdict.readings).toHaveLength(3);
      expect(
        reverted.verdict.readings.every((each) => each.side === 'live' && each.expected === incumbentId),
      ).toBe(true);
    }
  });

  it('holds the incumbent only against the checks that it passed before', async () => {
    const check = {
      name: 'new-check',
      method: 'GET',
      path: '/api/new',
      headers: {},
      expect: { status: 200 },
    };
    const plan = makePlan({ waves: [{ name: 'one', targets: ['a'] }], probes: { checks: [check] } });
    const world = playWorld(plan, {
      // Only the first look at the incumbent fails: what it could not do then is not asked of it later.
      health: ({ side, release, elapsedMs }) => {
        if (release === incumbentId) return elapsedMs < 1_000 ? 'unhealthy' : null;
        return side === 'live' ? 'unhealthy' : null;
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    const ofIncumbent = world.looks.filter((look) => look.expected === incumbentId).slice(1);
    expect(ofIncumbent.length).toBeGreaterThan(0);
    expect(ofIncumbent.flatMap((look) => look.checks)).toEqual([]);
    auditLaws(world, plan);
  });
});

describe('a platform that does not promote', () => {
  const stuck = Array(9).fill('conflict');
  it('beyond the tolerance takes the others back', async () => {
    const world = playWorld(planFor(), { swaps: { c: stuck } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(targetsOf(world, 'target.reverted')).toEqual(['b', 'a']);
    expect(swappedOf(world, 'c')).toBe(0);
    auditLaws(world, planFor());
  });

  it('within the tolerance is left behind', async () => {
    const plan = planFor({ failureTolerance: 1 });
    const world = playWorld(plan, { swaps: { c: stuck } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(liveOf(world)).toMatchObject({ a: releaseId, c: incumbentId, d: releaseId, f: releaseId });
    auditLaws(world, plan);
  });

  it('that refuses once is not asked again', async () => {
    const plan = planFor({ failureTolerance: 1 });
    const world = playWorld(plan, { swaps: { c: ['refused'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(world.deeds.filter((deed) => deed.what === 'asked' && deed.target === 'c')).toHaveLength(1);
    auditLaws(world, plan);
  });

  it('is waited for as long as it says', async () => {
    const world = playWorld(planFor(), { swaps: { a: ['throttled'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    const [first, second] = world.deeds.filter((deed) => deed.what === 'asked' && deed.target === 'a');
    expect(second!.atMs - first!.atMs).toBeGreaterThanOrEqual(45_000);
  });
});
