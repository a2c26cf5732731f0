import { describe, expect, it } from '@jest/globals';
import { releaseId } from '../builders.ts';
import { liveOf, targetsOf } from './audit.ts';
import { playWorld } from './played-world.ts';
import { isIn, planFor, sickLive } from './three-waves.ts';

describe('a target that is still being looked at when another one of its wave fails', () => {
  const plan = planFor({ maxConcurrency: 2 });
  const sick = sickLive('a');

  it.each([
    ['rolls back', plan, 'rolled-back'],
    ['halts', planFor({ maxConcurrency: 2, onFailure: { action: 'halt', scope: 'all' } }), 'halted'],
  ] as const)('is not promoted any more: the rollout %s', async (_what, turning, outcome) => {
    // b's host starts again right before its promotion, and is well as soon as a has failed.
    const world = playWorld(turning, {
      health: (seen) =>
        seen.target === 'b' &&
        seen.side === 'beside' &&
        isIn(world, 'wave.opened') &&
        !isIn(world, 'target.failed')
          ? 'starting'
          : sick(seen),
    });
    expect(await world.rollOut()).toMatchObject({ outcome });
    expect(targetsOf(world, 'target.failed')).toEqual(['a']);
    expect(targetsOf(world, 'promote.begun')).toEqual(['a']);
    expect(liveOf(world)['b']).not.toBe(releaseId);
  });

  it('goes on where the failure is tolerated', async () => {
    const world = playWorld(planFor({ maxConcurrency: 2, failureTolerance: 1 }), {
      health: (seen) =>
        seen.target === 'b' &&
        seen.side === 'beside' &&
        isIn(world, 'wave.opened') &&
        !isIn(world, 'target.failed')
          ? 'starting'
          : sick(seen),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(liveOf(world)['b']).toBe(releaseId);
  });
});
