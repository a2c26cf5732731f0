import { describe, expect, it } from '@jest/globals';
import { allOf, liveOf } from './audit.ts';
import { playWorld, type World } from './played-world.ts';
import { planFor, sickLive } from './three-waves.ts';

const plan = planFor({ maxConcurrency: 6 });

/** Cancels some milliseconds after the first entry of this type: an entry takes five to be written. */
const cancelBehind = (type: string, afterMs: number) => {
  let seen = false;
  return (entry: { readonly type: string; readonly wave?: string }, world: World) => {
    if (entry.type !== type || (entry.wave !== undefined && entry.wave !== 'three') || seen) return;
    seen = true;
    if (afterMs === 0) world.cancel('SIGINT');
    else void world.clock.sleep(afterMs).then(() => world.cancel('SIGINT'));
  };
};

describe('nothing is written behind the end of a rollout', () => {
  it.each(Array.from({ length: 12 }, (_, ms) => ms))(
    'cancelled %d ms after the last bake, while the end is being written or before',
    async (afterMs) => {
      const world = playWorld(plan, { after: cancelBehind('wave.baked', afterMs) });
      const first = await world.rollOut();
      await world.clock.run(world.clock.sleep(1_000));
      const ends = allOf(world, 'rollout.ended').length;
      expect(first.kind).toBe(ends === 1 ? 'ended' : 'interrupted');
      if (ends === 1) expect(world.entries.at(-1)?.type).toBe('rollout.ended');
      expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
      expect(world.entries.at(-1)?.type).toBe('rollout.ended');
      expect(allOf(world, 'rollout.ended')).toHaveLength(1);
    },
  );

  it('cancelled right after the end it has ended all the same', async () => {
    const world = playWorld(plan, { after: cancelBehind('rollout.ended', 0) });
    expect(await world.rollOut()).toMatchObject({ kind: 'ended', outcome: 'settled' });
    await world.clock.run(world.clock.sleep(1_000));
    expect(world.entries.at(-1)?.type).toBe('rollout.ended');
  });

  it('a rollback that is asked for afterwards is another run, and can be cancelled', async () => {
    const world = playWorld(plan, { after: cancelBehind('revert.begun', 1), health: sickLive('nobody') });
    await world.rollOut();
    expect(await world.rollBack('a person said so')).toMatchObject({ kind: 'interrupted' });
    expect(world.entries.at(-1)).toMatchObject({ type: 'rollout.interrupted' });
    expect(await world.rollBack('a person said so')).toMatchObject({ outcome: 'rolled-back' });
    expect(new Set(Object.values(liveOf(world))).size).toBe(1);
  });
});

describe('the end tells what is, and not what is about to change', () => {
  const endOf = (world: World) => {
    const { outcome, standings } = allOf(world, 'rollout.ended')[0]!;
    return { outcome, live: Object.fromEntries(standings.map(({ target, live }) => [target, live])) };
  };

  it('where somebody changed the slots of a swap whose answer is lost, and Azure carries it out late', async () => {
    const world = playWorld(plan, {
      swaps: { a: ['late'] },
      after(entry, { slots }) {
        if (entry.type === 'doubt.raised') slots.get('a')!.beside = 'somebody-elses';
      },
    });
    await world.rollOut();
    await world.clock.run(world.clock.sleep(600_000));
    expect(liveOf(world)).toMatchObject({ a: 'somebody-elses' });
    expect(endOf(world)).toEqual({ outcome: 'halted', live: liveOf(world) });
  });

  it('where somebody swaps while a rollout is about to settle', async () => {
    const world: World = playWorld(plan, {
      after(entry, { slots, clock }) {
        if (entry.type !== 'wave.baked' || entry.wave !== 'three') return;
        const a = slots.get('a')!;
        a.operation = 'SwapSiteSlots';
        void clock.sleep(60_000).then(() => {
          [a.live, a.beside, a.operation] = [a.beside, a.live, null];
        });
      },
    });
    await world.rollOut();
    await world.clock.run(world.clock.sleep(600_000));
    expect(endOf(world)).toEqual({ outcome: 'halted', live: liveOf(world) });
  });
});
