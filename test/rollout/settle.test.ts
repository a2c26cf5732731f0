import { describe, expect, it } from '@jest/globals';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, askedOf, auditLaws, liveOf, secondsAt, swappedOf, targetsOf } from './audit.ts';
import { playWorld } from './played-world.ts';

const threeWaves = makePlan({
  waves: [
    { name: 'canary', targets: ['a'], bakeTimeMs: 600_000 },
    { name: 'half', targets: ['b', 'c'], bakeTimeMs: 300_000 },
    { name: 'rest', targets: ['d'] },
  ],
});

describe('a rollout in which all is well', () => {
  it('settles, and every target runs the release', async () => {
    const world = playWorld(threeWaves);
    expect(await world.rollOut()).toMatchObject({ kind: 'ended', outcome: 'settled' });
    expect(liveOf(world)).toEqual({ a: releaseId, b: releaseId, c: releaseId, d: releaseId });
    expect(swappedOf(world)).toBe(4);
    auditLaws(world, threeWaves);
  });

  it('stages and clears every target before it promotes the first', async () => {
    const world = playWorld(threeWaves);
    await world.rollOut();
    const firstOpened = allOf(world, 'wave.opened')[0]!.seq;
    const staged = allOf(world, 'stage.done').map((entry) => entry.target);
    expect(staged.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(allOf(world, 'stage.done').every((entry) => entry.seq < firstOpened)).toBe(true);
    const cleared = allOf(world, 'target.cleared').filter((entry) => entry.during === 'clear');
    expect(cleared.map((entry) => entry.target).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(cleared.every((entry) => entry.seq < firstOpened)).toBe(true);
  });

  it('opens the waves in their order, one after the other', async () => {
    const world = playWorld(threeWaves);
    await world.rollOut();
    const told = world.entries.flatMap((entry) =>
      entry.type === 'wave.opened' || entry.type === 'wave.promoted' || entry.type === 'wave.baked'
        ? [`${entry.wave} ${entry.type.slice(5)}`]
        : [],
    );
    expect(told).toEqual(
      ['canary', 'half', 'rest'].flatMap((wave) => [`${wave} opened`, `${wave} promoted`, `${wave} baked`]),
    );
    expect(targetsOf(world, 'promote.begun')).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each([
    ['canary', 'half', 600],
    ['half', 'rest', 300],
  ])('lets %s bake before it opens %s', async (wave, next, bakeTimeS) => {
    const world = playWorld(threeWaves);
    await world.rollOut();
    const promoted = allOf(world, 'wave.promoted').find((entry) => entry.wave === wave)!;
    const opened = allOf(world, 'wave.opened').find((entry) => entry.wave === next)!;
    expect(promoted.bakeUntilMs).toBe(Date.parse(promoted.at) + bakeTimeS * 1_000);
    expect(secondsAt(world, opened) - secondsAt(world, promoted)).toBeGreaterThanOrEqual(bakeTimeS);
    expect(secondsAt(world, opened) - secondsAt(world, promoted)).toBeLessThan(bakeTimeS + 30);
  });

  it('goes on watching earlier waves while a later one bakes, and looks at the next one before it opens', async () => {
    const world = playWorld(threeWaves);
    await world.rollOut();
    const [from, to] = [allOf(world, 'wave.promoted')[1]!, allOf(world, 'wave.baked')[1]!].map((entry) =>
      Date.parse(entry.at),
    );
    const watched = world.looks.filter((look) => look.atMs >= from! && look.atMs < to!);
    expect(new Set(watched.map((look) => `${look.target.name} ${look.side}`))).toEqual(
      new Set(['a live', 'b live', 'c live', 'd beside']),
    );
  });

  it('leaves alone what is planned to be left, and says what it runs', async () => {
    const plan = makePlan({ waves: [{ name: 'all', targets: ['a'] }], left: ['z'] });
    const world = playWorld(plan);
    await world.rollOut();
    expect(world.looks.map((look) => look.target.name)).not.toContain('z');
    const { standings } = allOf(world, 'rollout.ended')[0]!;
    expect(standings.at(-1)).toMatchObject({ target: 'z', live: incumbentId, readable: true, phase: 'left' });
    auditLaws(world, plan);
  });

  it('settles when there is nothing to do', async () => {
    const plan = makePlan({ waves: [], left: ['y', 'z'] });
    const world = playWorld(plan);
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(world.deeds).toEqual([]);
    auditLaws(world, plan);
  });

  it('promotes over a production that carries no stamp', async () => {
    const targets = [{ name: 'a', liveId: null }];
    const plan = makePlan({ waves: [{ name: 'all', targets: ['a'] }], targets });
    const world = playWorld(plan);
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    auditLaws(world, plan);
  });

  it('sits out a slow start beside and a restart in production', async () => {
    const plan = makePlan({ waves: [{ name: 'all', targets: ['a'] }] });
    const world = playWorld(plan, {
      health: ({ elapsedMs, side, release }) => {
        if (side === 'beside') return elapsedMs < 90_000 ? 'starting' : null;
        return release === releaseId && elapsedMs < 300_000 ? 'starting' : null;
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(askedOf(world)).toBe(1);
    auditLaws(world, plan);
  });

  it('does not call itself settled on a moment’s unreadable end', async () => {
    const plan = makePlan({ waves: [{ name: 'all', targets: ['a', 'b'] }] });
    let bakedAtMs = Number.POSITIVE_INFINITY;
    const world = playWorld(plan, {
      isUnreadable: (_target, elapsedMs) => elapsedMs >= bakedAtMs && elapsedMs < bakedAtMs + 20_000,
      after: (entry, { clock, startMs }) => {
        if (entry.type === 'wave.baked') bakedAtMs = clock.now() - startMs;
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    auditLaws(world, plan);
  });

  it('halts when a target does not run the release in the end, or cannot be read', async () => {
    const plan = makePlan({ waves: [{ name: 'all', targets: ['a', 'b'] }] });
    const isBaked = (entries: readonly { type: string }[]) =>
      entries.some((entry) => entry.type === 'wave.baked');
    const world = playWorld(plan, {
      isUnreadable: (target) => target === 'b' && isBaked(world.entries),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'halted', why: expect.stringContaining('b') });
    expect(allOf(world, 'rollout.ended')[0]!.standings[1]).toMatchObject({ target: 'b', readable: false });
  });
});
