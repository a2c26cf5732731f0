/** How long a promoted target is watched, and what is read when that is over. */
import { describe, expect, it } from '@jest/globals';
import type { Plan } from '../../src/plan/plan.ts';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, auditLaws, liveOf, secondsAt, swappedOf } from './audit.ts';
import { playWorld, type World } from './played-world.ts';

const planFor = (observeForMs: number): Plan => ({
  ...makePlan({ waves: [{ name: 'all', targets: ['a'] }] }),
  swap: { preview: false, resetPrepared: false, preserveVnet: true, observeForMs, warmUp: null },
});

describe('a promoted target', () => {
  it.each([
    [0, 20],
    [60_000, 60],
    [180_000, 180],
  ])('that is to stay well for %d ms is observed after %d s', async (observeForMs, seconds) => {
    const world = playWorld(planFor(observeForMs));
    await world.rollOut();
    const done = allOf(world, 'promote.done')[0]!;
    const observed = allOf(world, 'target.observed')[0]!;
    const tookS = secondsAt(world, observed) - secondsAt(world, done);
    expect(tookS).toBeGreaterThanOrEqual(seconds);
    expect(tookS).toBeLessThan(seconds + 15);
  });

  it.each([
    [0, 'settled'],
    [60_000, 'rolled-back'],
  ])('that falls ill 35 s after its swap: observed for %d ms, it ends %s', async (observeForMs, outcome) => {
    let swappedMs = 0;
    const plan = planFor(observeForMs);
    const world = playWorld(plan, {
      health: ({ side, release, elapsedMs }) =>
        side === 'live' && release === releaseId && swappedMs > 0 && elapsedMs > swappedMs + 35_000
          ? 'unhealthy'
          : null,
      after: (entry, at) => {
        if (entry.type === 'promote.done') swappedMs = at.clock.now() - at.startMs;
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome });
    auditLaws(world, plan);
  });

  it('with 503s for 20 s after its swap passes, when it stays well afterwards', async () => {
    let swappedMs = Infinity;
    const world = playWorld(planFor(60_000), {
      health: ({ side, release, elapsedMs }) =>
        side === 'live' &&
        release === releaseId &&
        elapsedMs > swappedMs + 5_000 &&
        elapsedMs < swappedMs + 25_000
          ? 'starting'
          : null,
      after: (entry, at) => {
        if (entry.type === 'promote.done') swappedMs = at.clock.now() - at.startMs;
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
  });

  it('whose swap the platform takes back while its last looks are still well is not taken for promoted', async () => {
    const plan = planFor(60_000);
    let swappedMs = Infinity;
    const world: World = playWorld(plan, {
      // Right behind the last look, which still sees the release: nothing but the slots can tell any more.
      health: ({ side, release, elapsedMs }) => {
        if (side === 'live' && release === releaseId && elapsedMs >= swappedMs + 60_000) {
          const slots = world.slots.get('a')!;
          queueMicrotask(() => Object.assign(slots, { live: incumbentId, beside: releaseId }));
        }
        return null;
      },
      after: (entry, at) => {
        if (entry.type === 'promote.done') swappedMs = Date.parse(entry.at) - at.startMs;
      },
    });
    expect(await world.rollOut()).toMatchObject({
      outcome: 'halted',
      why: expect.stringContaining('Azure took the swap back, or somebody swapped'),
    });
    expect(allOf(world, 'target.observed')).toEqual([]);
    expect(allOf(world, 'target.drifted')[0]?.found).toMatchObject({ live: incumbentId, beside: releaseId });
    expect(liveOf(world)).toEqual({ a: incumbentId });
    expect(swappedOf(world)).toBe(1);
  });
});
