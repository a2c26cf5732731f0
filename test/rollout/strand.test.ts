import { describe, expect, it } from '@jest/globals';
import { incumbentId, releaseId } from '../builders.ts';
import { allOf, auditLaws, liveOf, swappedOf, targetsOf } from './audit.ts';
import { type Health, playWorld, type World } from './played-world.ts';
import { planFor, sickLive } from './three-waves.ts';

/** Sick in both slots from its promotion on: it is not the release. */
function sickBoth(name: string, world: () => World): Health {
  return ({ target }) =>
    target === name && targetsOf(world(), 'promote.done').includes(name) ? 'unhealthy' : null;
}

describe('a rollback that does not come through', () => {
  it('ends only when a swap back of ours that nobody could follow has come to its own end', async () => {
    let isBlind = false;
    const world: World = playWorld(planFor(), {
      health: sickLive('c'),
      swaps: { c: [null, 'lost-before'] },
      isUnreadable: (target) => isBlind && target === 'c',
      after(entry, { clock, slots }) {
        if (!('target' in entry) || entry.target !== 'c') return;
        if (entry.type === 'doubt.raised') isBlind = true;
        if (entry.type !== 'target.stranded') return;
        isBlind = false;
        const c = slots.get('c')!;
        c.operation = 'SwapSiteSlots';
        void clock.sleep(3_600_000 / 4).then(() => {
          [c.live, c.beside, c.operation] = [c.beside, c.live, null];
        });
      },
    });
    await world.rollOut();
    const { standings } = allOf(world, 'rollout.ended')[0]!;
    expect(standings.find(({ target }) => target === 'c')).toMatchObject({ live: incumbentId });
  });

  it('does not bring back an incumbent that is sick as well, and halts', async () => {
    const world: World = playWorld(planFor(), { health: sickBoth('c', () => world) });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted' });
    expect(swappedOf(world, 'c')).toBe(1);
    expect(liveOf(world)).toMatchObject({ c: releaseId });
    auditLaws(world, planFor());
  });

  it('writes down what it saw of the incumbent that it did not bring back', async () => {
    const world: World = playWorld(planFor(), { health: sickBoth('c', () => world) });
    await world.rollOut();
    const { verdict } = allOf(world, 'target.stranded')[0]!;
    expect(verdict).toMatchObject({ conclusion: 'unhealthy' });
    expect(verdict?.readings.length).toBeGreaterThan(0);
    expect(verdict?.readings.every((each) => each.side === 'beside' && each.expected === incumbentId)).toBe(
      true,
    );
  });

  it('does not bring back an incumbent that cannot be reached, and says so', async () => {
    const world: World = playWorld(planFor(), {
      health: ({ target, side }) => {
        if (target !== 'c' || !targetsOf(world, 'promote.done').includes('c')) return null;
        return side === 'live' ? 'unhealthy' : 'unreachable';
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted' });
    const stranded = allOf(world, 'target.stranded')[0]!;
    expect(stranded.verdict?.conclusion).toBe('inconclusive');
    expect(stranded.why).not.toContain('not well either');
    auditLaws(world, planFor());
  });

  it('strands the one target that cannot be taken back, and takes back the others', async () => {
    // The first request of each target promotes it; b's others are refused.
    const world = playWorld(planFor(), { health: sickLive('c'), swaps: { b: [null, 'refused'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'stranded', why: expect.stringContaining('b:') });
    expect(targetsOf(world, 'target.stranded')).toEqual(['b']);
    expect(targetsOf(world, 'target.reverted')).toEqual(['c', 'a']);
    expect(liveOf(world)).toMatchObject({ a: incumbentId, b: releaseId, c: incumbentId });
    const { standings } = allOf(world, 'rollout.ended')[0]!;
    expect(standings.find((each) => each.target === 'b')).toMatchObject({
      live: releaseId,
      phase: 'stranded',
    });
    auditLaws(world, planFor());
  });

  it('says why Azure did not take a target back, when it was asked as often as it may be', async () => {
    const lost = Array<'lost-before'>(9).fill('lost-before');
    const world = playWorld(planFor(), { health: sickLive('c'), swaps: { b: [null, ...lost] } });
    const ended = await world.rollOut();
    expect(ended).toMatchObject({ outcome: 'stranded' });
    const why =
      'it could not be taken back: Azure did not carry out the reversal after 3 requests. What came back last: the answer was lost';
    expect(allOf(world, 'target.stranded')).toMatchObject([{ target: 'b', why }]);
    expect(ended).toMatchObject({ why: expect.stringContaining(why) });
    auditLaws(world, planFor());
  });

  it('strands a target whose slots somebody else has changed since', async () => {
    const world: World = playWorld(planFor(), {
      health: sickLive('c'),
      after: (entry) => {
        if (entry.type === 'rollback.decided') world.slots.get('a')!.beside = 'r-third';
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'stranded' });
    expect(targetsOf(world, 'target.drifted')).toEqual(['a']);
    expect(allOf(world, 'target.stranded')[0]!.why).toContain('r-third');
    expect(swappedOf(world, 'a')).toBe(1);
    expect(targetsOf(world, 'target.reverted')).toEqual(['c', 'b']);
    auditLaws(world, planFor());
  });
});

describe('rolling back an earlier rollout', () => {
  it('takes back all that it promoted, the newest first', async () => {
    const world = playWorld(planFor());
    await world.rollOut();
    expect(await world.rollBack('asked for by an operator')).toMatchObject({ outcome: 'rolled-back' });
    expect(targetsOf(world, 'revert.begun')).toEqual(['f', 'e', 'd', 'c', 'b', 'a']);
    expect(Object.values(liveOf(world))).toEqual(Array(6).fill(incumbentId));
    auditLaws(world, planFor());
  });

  it('has nothing to do where nothing was promoted', async () => {
    const world = playWorld(planFor(), { deploys: { a: ['refused'] } });
    await world.rollOut();
    expect(await world.rollBack('asked for')).toMatchObject({ outcome: 'refused' });
    expect(swappedOf(world)).toBe(0);
  });

  it('done twice does nothing the second time', async () => {
    const world = playWorld(planFor());
    await world.rollOut();
    await world.rollBack('asked for');
    expect(await world.rollBack('asked for again')).toMatchObject({ outcome: 'rolled-back' });
    expect(swappedOf(world, 'a')).toBe(2);
    auditLaws(world, planFor());
  });

  it('tries again what was stranded the first time', async () => {
    const world = playWorld(planFor(), { health: sickLive('c'), swaps: { b: [null, 'refused'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'stranded' });
    expect(await world.rollBack('the lock is gone')).toMatchObject({ outcome: 'rolled-back' });
    expect(liveOf(world)).toMatchObject({ a: incumbentId, b: incumbentId, c: incumbentId });
    auditLaws(world, planFor());
  });

  it('after a halt takes back whoever can be, because somebody asks for it', async () => {
    const world: World = playWorld(planFor(), { health: sickBoth('c', () => world) });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted' });
    expect(await world.rollBack('asked for')).toMatchObject({ outcome: 'stranded' });
    expect(liveOf(world)).toMatchObject({ a: incumbentId, b: incumbentId, c: releaseId });
    expect(targetsOf(world, 'target.stranded').at(-1)).toBe('c');
    auditLaws(world, planFor());
  });
});
