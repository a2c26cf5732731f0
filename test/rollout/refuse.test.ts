import { describe, expect, it } from '@jest/globals';
import type { Condition } from '../../src/probe/verdict.ts';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, auditLaws, liveOf, swappedOf, targetsOf } from './audit.ts';
import { type Health, playWorld, type Troubles, type World } from './played-world.ts';

const waves = [
  { name: 'canary', targets: ['a'] },
  { name: 'rest', targets: ['b', 'c'] },
];
const strict = makePlan({ waves });
const tolerant = makePlan({ waves, strategy: { failureTolerance: 1 } });

const besideOf = (name: string, condition: Condition): Health => {
  return ({ target, side }) => (target === name && side === 'beside' ? condition : null);
};

describe('before anything live is touched', () => {
  it.each<[string, Troubles]>([
    ['a candidate is unhealthy', { health: besideOf('c', 'unhealthy') }],
    ['a candidate never starts', { health: besideOf('c', 'starting') }],
    ['a candidate cannot be reached', { health: besideOf('c', 'unreachable') }],
    ['Azure refuses the package', { deploys: { c: ['refused'] } }],
    ['a region’s platform does not take the package', { deploys: { c: Array(99).fill('unavailable') } }],
    ['a target cannot be read', { isUnreadable: (target) => target === 'c' }],
  ])('the rollout is refused when %s', async (_what, troubles) => {
    const world = playWorld(strict, troubles);
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused', why: expect.stringContaining('c') });
    expect(liveOf(world)).toEqual({ a: incumbentId, b: incumbentId, c: incumbentId });
    expect(allOf(world, 'wave.opened')).toEqual([]);
    auditLaws(world, strict);
  });

  it('a release that is bad anywhere is refused everywhere, whatever is tolerated', async () => {
    const world = playWorld(tolerant, { health: besideOf('c', 'unhealthy') });
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused' });
    expect(targetsOf(world, 'target.refused')).toEqual(['c']);
    auditLaws(world, tolerant);
  });

  it('a platform that fails for a while is tried again', async () => {
    const world = playWorld(strict, { deploys: { b: ['unavailable', 'unavailable'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(targetsOf(world, 'stage.begun').filter((name) => name === 'b')).toHaveLength(1);
    auditLaws(world, strict);
  });

  it('a package that is refused is not sent again', async () => {
    const world = playWorld(strict, { deploys: { b: ['refused', null] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused' });
    expect(world.deeds.filter((deed) => deed.what === 'deployed' && deed.target === 'b')).toEqual([]);
  });

  it('a refusal ends the other targets’ waiting for their platforms', async () => {
    const world = playWorld(strict, { deploys: { a: ['refused'], c: Array(99).fill('unavailable') } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused', why: expect.stringContaining('a') });
    expect(world.clock.now() - world.startMs).toBeLessThan(5 * 60_000);
  });

  it('one platform within the tolerance is left out, and the others are promoted', async () => {
    const world = playWorld(tolerant, { deploys: { b: Array(99).fill('unavailable') } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(liveOf(world)).toEqual({ a: releaseId, b: incumbentId, c: releaseId });
    expect(targetsOf(world, 'target.failed')).toEqual(['b']);
    auditLaws(world, tolerant);
  });

  it('more platforms than are tolerated refuse it', async () => {
    const deploys = { b: Array(99).fill('unavailable'), c: Array(99).fill('unavailable') };
    const world = playWorld(tolerant, { deploys });
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused' });
    auditLaws(world, tolerant);
  });

  it('as many failures as there are targets are no success, however many are tolerated', async () => {
    const plan = makePlan({ waves, strategy: { failureTolerance: 99 } });
    const world = playWorld(plan, { isUnreadable: () => true });
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused' });
  });

  it('a candidate that falls sick before its own promotion is not promoted', async () => {
    const world: World = playWorld(strict, {
      health: ({ target, side }) =>
        target === 'a' && side === 'beside' && allOf(world, 'wave.opened').length > 0 ? 'unhealthy' : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused' });
    expect(targetsOf(world, 'target.cleared')).toContain('a');
    expect(swappedOf(world)).toBe(0);
    auditLaws(world, strict);
  });

  it('a sick or silent incumbent is no reason not to deploy', async () => {
    for (const condition of ['unhealthy', 'unreachable'] as const) {
      const world = playWorld(strict, {
        health: ({ release }) => (release === incumbentId ? condition : null),
      });
      expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
      auditLaws(world, strict);
    }
  });
});
