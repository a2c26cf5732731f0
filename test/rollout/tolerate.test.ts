import { describe, expect, it } from '@jest/globals';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, auditLaws, liveOf, targetsOf } from './audit.ts';
import { playWorld } from './played-world.ts';
import { isIn, planFor, sickLive } from './three-waves.ts';

describe('a sick target within the tolerance', () => {
  const tolerant = planFor({ failureTolerance: 1 });

  it('is taken back alone, and the rollout goes on', async () => {
    const world = playWorld(tolerant, { health: sickLive('b') });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(targetsOf(world, 'target.reverted')).toEqual(['b']);
    expect(liveOf(world)).toMatchObject({ a: releaseId, b: incumbentId, f: releaseId });
    auditLaws(world, tolerant);
  });

  it('is taken back before the next wave opens', async () => {
    const world = playWorld(tolerant, { health: sickLive('b') });
    await world.rollOut();
    const reverted = allOf(world, 'target.reverted')[0]!;
    expect(reverted.seq).toBeLessThan(allOf(world, 'wave.opened')[1]!.seq);
  });

  it('counts: the next sick one is one too many, and all go back', async () => {
    const world = playWorld(tolerant, { health: sickLive('b', 'd') });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(targetsOf(world, 'target.reverted')).toEqual(['b', 'd', 'c', 'a']);
    expect(Object.values(liveOf(world))).toEqual(Array(6).fill(incumbentId));
    auditLaws(world, tolerant);
  });

  it('that falls while its wave bakes goes back at once, and the others bake on', async () => {
    const world = playWorld(tolerant, {
      health: ({ target, side, release }) =>
        target === 'b' && side === 'live' && release === releaseId && isIn(world, 'wave.promoted')
          ? 'unhealthy'
          : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(allOf(world, 'target.reverted')[0]!.seq).toBeLessThan(allOf(world, 'wave.baked')[0]!.seq);
    expect(liveOf(world)).toMatchObject({ a: releaseId, b: incumbentId });
    auditLaws(world, tolerant);
  });

  it('is no success when it was the only one', async () => {
    const plan = makePlan({ waves: [{ name: 'one', targets: ['a'] }], strategy: { failureTolerance: 1 } });
    const world = playWorld(plan, { health: sickLive('a') });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(liveOf(world)).toEqual({ a: incumbentId });
    auditLaws(world, plan);
  });

  it('whose incumbent is sick too ends the rollout', async () => {
    const world = playWorld(tolerant, {
      health: (seen) =>
        seen.target === 'b' && targetsOf(world, 'promote.done').includes('b') ? 'unhealthy' : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted', why: expect.stringContaining('b') });
    expect(targetsOf(world, 'revert.begun')).toEqual([]);
    expect(targetsOf(world, 'promote.begun')).toEqual(['a', 'b']);
    auditLaws(world, tolerant);
  });

  it('several that fall in one bake go back within the limits on what moves at once', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const plan = makePlan({
      waves: [{ name: 'one', targets: names, bakeTimeMs: 300_000 }],
      targets: names.map((name) => ({ name, planId: '/plans/shared' })),
      strategy: { failureTolerance: 4, maxConcurrencyPer: { plan: 1 } },
    });
    let [atOnce, most] = [0, 0];
    const world = playWorld(plan, {
      health: ({ side, release }) =>
        side === 'live' && release === releaseId && isIn(world, 'wave.promoted') ? 'unhealthy' : null,
      after: (entry) => {
        if (entry.type === 'revert.begun') most = Math.max(most, ++atOnce);
        if (entry.type === 'revert.done') atOnce--;
      },
    });
    await world.rollOut();
    expect(targetsOf(world, 'target.reverted').toSorted()).toEqual(names);
    expect(most).toBe(1);
    auditLaws(world, plan);
  });
});
