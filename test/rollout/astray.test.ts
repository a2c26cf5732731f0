import { describe, expect, it } from '@jest/globals';
import type { Recorded } from '../../src/rollout/events.ts';
import { incumbentId, releaseId } from '../builders.ts';
import { allOf } from './audit.ts';
import { playWorld, type World } from './played-world.ts';
import { planFor, sickLive } from './three-waves.ts';

/** Somebody swaps `name` right after this entry about it. */
const swapAfter = (type: Recorded['type'], name: string) => (entry: Recorded, world: World) => {
  if (entry.type !== type || !('target' in entry) || entry.target !== name) return;
  const slots = world.slots.get(name)!;
  [slots.live, slots.beside] = [slots.beside, slots.live];
};

describe('a target that somebody else moves after it was taken back', () => {
  it('makes the end a halt: nothing that still runs the new release counts as rolled back', async () => {
    const world = playWorld(planFor(), {
      health: sickLive('c'),
      after: swapAfter('target.reverted', 'c'),
    });
    expect(await world.rollOut()).toMatchObject({
      outcome: 'halted',
      why: expect.stringContaining(`c runs ${releaseId}`),
    });
    const [ended] = allOf(world, 'rollout.ended');
    expect(ended?.standings.find(({ target }) => target === 'c')).toMatchObject({ live: releaseId });
    expect(ended?.standings.find(({ target }) => target === 'a')).toMatchObject({ live: incumbentId });
  });

  it('also where its failure was tolerated and all others failed as well', async () => {
    const world = playWorld(planFor({ failureTolerance: 6 }), {
      health: sickLive('a', 'b', 'c', 'd', 'e', 'f'),
      after: swapAfter('target.reverted', 'c'),
    });
    expect(await world.rollOut()).toMatchObject({
      outcome: 'halted',
      why: expect.stringContaining(`c runs ${releaseId}`),
    });
  });

  it('is no matter when the end cannot be read of one that was left alone', async () => {
    const world = playWorld(planFor(), {
      health: sickLive('c'),
      isUnreadable: (target, elapsedMs) => target === 'f' && elapsedMs > 700_000,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(allOf(world, 'rollout.ended')[0]?.standings.find(({ target }) => target === 'f')).toMatchObject({
      readable: false,
    });
  });
});

describe('a release that somebody else brings live', () => {
  it('is no refusal: the end says what runs, and halts', async () => {
    const world = playWorld(planFor(), {
      health: ({ target, side }) => (target === 'f' && side === 'beside' ? 'unhealthy' : null),
      after: swapAfter('target.refused', 'f'),
    });
    expect(await world.rollOut()).toMatchObject({
      outcome: 'halted',
      why: expect.stringContaining(`f runs ${releaseId}`),
    });
    expect(allOf(world, 'promote.begun')).toEqual([]);
  });

  it('is not rolled back where the rollout never moved it', async () => {
    const world = playWorld(planFor(), { health: sickLive('c'), after: swapAfter('target.cleared', 'f') });
    expect(await world.rollOut()).toMatchObject({
      outcome: 'halted',
      why: expect.stringContaining(`f runs ${releaseId}`),
    });
  });
});
