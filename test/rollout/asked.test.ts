import { describe, expect, it } from '@jest/globals';
import { keyNotYetCode } from '../../src/probe/verdict.ts';
import { makePlan, makeRelease } from '../builders.ts';
import { playWorld, type World } from './played-world.ts';

const waves = [{ name: 'all', targets: ['a'] }];

/** The looks of each kind: beside with the candidate, live with it, and at the incumbent. */
function asked(world: World) {
  const { looks } = world;
  return {
    incumbent: looks.filter(({ expected }) => expected !== makeRelease().id),
    beside: looks.filter(({ side, expected }) => side === 'beside' && expected === makeRelease().id),
    live: looks.filter(({ side, expected }) => side === 'live' && expected === makeRelease().id),
  };
}

describe('the functions that a candidate must list', () => {
  it('are those of the config, whatever else is known', async () => {
    const world = playWorld(makePlan({ waves, probes: { functions: ['ship'] } }), {
      functionNames: ['orders', 'bill'],
    });
    await world.rollOut();
    expect(asked(world).beside[0]).toMatchObject({ functions: ['ship'], functionsFrom: 'config' });
  });

  it('are those of the package, where it names them', async () => {
    const world = playWorld(makePlan({ waves }), { functionNames: ['orders', 'bill'] });
    await world.rollOut();
    const { beside, live } = asked(world);
    for (const look of [...beside, ...live])
      expect(look).toMatchObject({ functions: ['orders', 'bill'], functionsFrom: 'package' });
    expect(world.entries[0]).toMatchObject({ release: { functionNames: ['orders', 'bill'] } });
  });

  it('are else those that the incumbent lists', async () => {
    const world = playWorld(makePlan({ waves }));
    await world.rollOut();
    expect(asked(world).beside[0]).toMatchObject({ functions: ['orders'], functionsFrom: 'incumbent' });
  });

  it('are waited for where Azure only does not tell the key for a moment, and not for ever', async () => {
    const askedBeside = async (silentMs: number) => {
      const world = playWorld(makePlan({ waves }), {
        silence: keyNotYetCode,
        health: ({ side, elapsedMs }) => (side === 'live' && elapsedMs < silentMs ? 'unreachable' : null),
      });
      await world.rollOut();
      return asked(world).beside[0];
    };
    expect(await askedBeside(60_000)).toMatchObject({ functions: ['orders'] });
    const late = await askedBeside(200_000);
    expect(late).toMatchObject({ functions: [] });
    // Two minutes, and the deployment in between.
    expect(late!.atMs).toBeLessThan(Date.UTC(2026, 0, 1) + 180_000);
  });

  it('are none by name where the incumbent listed none', async () => {
    const world = playWorld(makePlan({ waves }), {
      health: ({ release }) => (release === makeRelease().id ? null : 'unreachable'),
    });
    await world.rollOut();
    expect(asked(world).beside[0]).toMatchObject({ functions: [] });
  });
});

describe('what is asked once', () => {
  it('is what the staging slot reaches, before anything is promoted, and whether the door is open, afterwards', async () => {
    const world = playWorld(makePlan({ waves }));
    await world.rollOut();
    const { beside, live, incumbent } = asked(world);
    expect(beside.slice(0, 3).map(({ once }) => once)).toEqual([
      ['dependencies'],
      ['dependencies'],
      ['dependencies'],
    ]);
    // The proof right before the promotion asks nothing beside.
    expect(beside.at(-1)?.once).toBeUndefined();
    expect(live[0]?.once).toEqual(['exposure']);
    expect(incumbent.every(({ once }) => once === undefined)).toBe(true);
  });
});

describe('an incumbent that may come back', () => {
  it('is not held against roads that were no better before, nor made to show lasting health', async () => {
    const probes = { requirePrivate: true, healthyStateDurationMs: 600_000, deadlineMs: 1_200_000 };
    const plan = makePlan({ waves, probes });
    const world = playWorld(plan, {
      health: ({ side, release }) => (side === 'live' && release === makeRelease().id ? 'unhealthy' : null),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    const { incumbent } = asked(world);
    expect(incumbent.at(-1)?.spared).toEqual(['private', 'certificate', 'references']);
    const begun = world.entries.find(({ type }) => type === 'rollback.decided');
    const reverted = world.entries.find(({ type }) => type === 'target.reverted');
    expect(Date.parse(reverted!.at) - Date.parse(begun!.at)).toBeLessThan(300_000);
  });
});

describe('a release that must be well for a while', () => {
  it('is promoted only when it has been', async () => {
    const world = playWorld(makePlan({ waves, probes: { healthyStateDurationMs: 120_000 }, strategy: {} }));
    await world.rollOut();
    const times = asked(world).beside.map(({ atMs }) => atMs);
    const promoted = world.entries.find(({ type }) => type === 'promote.begun');
    expect(Date.parse(promoted!.at) - (times[0] ?? 0)).toBeGreaterThanOrEqual(120_000);
  });
});
