import { describe, expect, it } from '@jest/globals';
import type { VirtualClock } from '../../src/clock.ts';
import { diagnose } from '../../src/probe/diagnose.ts';
import type { Page } from '../../src/probe/pages.ts';
import { type Condition, keyNotYetCode } from '../../src/probe/verdict.ts';
import type { Diagnose } from '../../src/rollout/ports.ts';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, auditLaws } from './audit.ts';
import { type Health, playWorld, type Troubles, type World } from './played-world.ts';

const plan = makePlan({ waves: [{ name: 'all', targets: ['a', 'b'] }] });

/** Looks at the facts as they are, after a while. `page`: what the one request of its own came to. */
const slow =
  (tookMs: number, page: Page | null = null) =>
  (clock: VirtualClock): Diagnose =>
  async ({ hostName, findings, road }) => {
    await clock.sleep(tookMs);
    return diagnose({
      door: 'app',
      host: hostName,
      findings,
      road: road ?? null,
      request: page === null ? null : { kind: 'answer', status: 403, page, road: null },
      site: null,
      names: [],
    });
  };

const besideOf =
  (name: string, tell: (elapsedMs: number) => Condition | null): Health =>
  ({ target, side, elapsedMs }) =>
    target === name && side === 'beside' ? tell(elapsedMs) : null;

async function play(health: Health, trouble: Troubles = {}): Promise<World> {
  const world = playWorld(plan, { health, diagnose: slow(2_000), ...trouble });
  await world.rollOut();
  auditLaws(world, plan);
  return world;
}

/** When it was decided that b will not do. */
const verdictOn = (world: World) =>
  world.entries.find(({ type }) => type === 'target.refused' || type === 'target.failed')!;

const causesOf = (world: World) =>
  allOf(world, 'rollout.ended')
    .at(-1)
    ?.causes?.map(({ target, side, code }) => [target, side, code]);

describe('a rollout says why', () => {
  it('a target cannot be reached: while it is still being watched, and again at the end', async () => {
    const world = await play(besideOf('b', () => 'unreachable'));
    const [told] = allOf(world, 'look.diagnosed');
    expect(told).toMatchObject({
      target: 'b',
      side: 'beside',
      during: 'clear',
      code: 'connection-refused',
      docs: 'docs/diagnosis/connection-refused.md',
    });
    const first = allOf(world, 'reading.taken').find(({ reading }) => reading.target === 'b')!;
    expect(Date.parse(told!.at) - Date.parse(first.at)).toBeLessThan(10_000);
    expect(told!.seq).toBeLessThan(verdictOn(world).seq);
    expect(causesOf(world)).toEqual([['b', 'beside', 'connection-refused']]);
  });

  it('once for one trouble, however often it is seen', async () => {
    const world = await play(besideOf('b', () => 'unreachable'));
    expect(allOf(world, 'look.diagnosed')).toHaveLength(1);
  });

  it('twice at most, when the verdict has another reason than the first failed look', async () => {
    const world = await play(besideOf('b', (at) => (at < 30_000 ? 'unreachable' : 'unhealthy')));
    expect(allOf(world, 'look.diagnosed').map(({ code }) => code)).toEqual([
      'connection-refused',
      'unexplained',
    ]);
    expect(causesOf(world)).toEqual([['b', 'beside', 'unexplained']]);
  });

  it('only what did not heal', async () => {
    const world = await play(({ target, side, elapsedMs }) => {
      if (side !== 'beside') return null;
      return target === 'b' ? 'unhealthy' : elapsedMs < 30_000 ? 'unreachable' : null;
    });
    expect(new Set(allOf(world, 'look.diagnosed').map(({ target }) => target))).toEqual(new Set(['a', 'b']));
    expect(causesOf(world)).toEqual([['b', 'beside', 'unexplained']]);
  });

  it('nothing of a place that only starts', async () => {
    const world = await play(besideOf('b', (at) => (at < 40_000 ? 'starting' : null)));
    expect(allOf(world, 'look.diagnosed')).toEqual([]);
    expect(allOf(world, 'rollout.ended')[0]).toMatchObject({ outcome: 'settled' });
    expect(causesOf(world)).toBeUndefined();
  });

  describe('of a host whose key Azure does not tell', () => {
    const silence = keyNotYetCode;

    it('at once where it is not the host: the network lets nobody in', async () => {
      const diagnose = slow(2_000, 'ip-forbidden');
      const world = await play(
        besideOf('b', () => 'unreachable'),
        { silence, diagnose },
      );
      const told = allOf(world, 'look.diagnosed');
      expect(told.map(({ code }) => code)).toEqual(['ip-forbidden']);
      const first = allOf(world, 'reading.taken').find(({ reading }) => reading.target === 'b')!;
      expect(Date.parse(told[0]!.at) - Date.parse(first.at)).toBeLessThan(10_000);
      expect(causesOf(world)).toEqual([['b', 'beside', 'ip-forbidden']]);
    });

    it('only with the verdict where it just does not come up', async () => {
      const world = await play(
        besideOf('b', () => 'unreachable'),
        { silence },
      );
      const told = allOf(world, 'look.diagnosed');
      expect(told.map(({ code }) => code)).toEqual(['host-starting']);
      const first = allOf(world, 'reading.taken').find(({ reading }) => reading.target === 'b')!;
      expect(Date.parse(told[0]!.at) - Date.parse(first.at)).toBeGreaterThan(60_000);
      expect(causesOf(world)).toEqual([['b', 'beside', 'host-starting']]);
    });

    it('not at all where it comes up', async () => {
      const world = await play(
        besideOf('b', (at) => (at < 90_000 ? 'unreachable' : null)),
        { silence },
      );
      expect(allOf(world, 'look.diagnosed')).toEqual([]);
      expect(allOf(world, 'rollout.ended')[0]).toMatchObject({ outcome: 'settled' });
    });
  });

  it('of production, too, and keeps it through the way back', async () => {
    const ill: Health = ({ side, release }) =>
      side === 'live' && release !== incumbentId ? 'unhealthy' : null;
    const world = await play(({ target, ...seen }) => (target === 'a' ? ill({ target, ...seen }) : null));
    expect(allOf(world, 'look.diagnosed')[0]).toMatchObject({ target: 'a', side: 'live', during: 'observe' });
    expect(causesOf(world)?.[0]).toEqual(['a', 'live', 'unexplained']);
  });
});

describe('finding out why', () => {
  const unreachable = besideOf('b', () => 'unreachable');

  it('does not hold up the verdict', async () => {
    const refusedAt = async (diagnose: Troubles['diagnose']) => {
      const world = playWorld(plan, { health: unreachable, ...(diagnose ? { diagnose } : {}) });
      await world.rollOut();
      return verdictOn(world).at;
    };
    expect(await refusedAt(slow(9_000))).toBe(await refusedAt(undefined));
  });

  it.each<[string, NonNullable<Troubles['diagnose']>]>([
    ['fails', () => () => Promise.reject(new Error('a bug'))],
    ['never ends', () => () => new Promise(() => {})],
    ['ends long after', slow(3_600_000)],
  ])('that %s does not hold up the end, and nothing is written behind it', async (_how, diagnose) => {
    const world = await play(unreachable, { diagnose });
    expect(world.entries.at(-1)?.type).toBe('rollout.ended');
    const refused = verdictOn(world);
    expect(Date.parse(world.entries.at(-1)!.at) - Date.parse(refused.at)).toBeLessThan(30_000);
    await world.clock.run(world.clock.sleep(7_200_000));
    expect(world.entries.at(-1)?.type).toBe('rollout.ended');
  });

  it('writes nothing behind a cancellation', async () => {
    const world = playWorld(plan, {
      health: unreachable,
      diagnose: slow(5_000),
      after: (entry, played) => {
        if (entry.type === 'reading.taken' && entry.reading.target === 'b') played.cancel('SIGTERM');
      },
    });
    expect(await world.rollOut()).toEqual({ kind: 'interrupted', signal: 'SIGTERM' });
    await world.clock.run(world.clock.sleep(60_000));
    expect(world.entries.at(-1)?.type).toBe('rollout.interrupted');
  });

  it('nothing of a target that was well again before anybody knew why it was not', async () => {
    const world = playWorld(plan, {
      health: ({ target, side, elapsedMs }) => {
        if (side === 'beside' && target === 'a') return elapsedMs < 25_000 ? 'unhealthy' : null;
        return side === 'beside' ? 'unreachable' : null;
      },
      diagnose: slow(40_000),
    });
    await world.rollOut();
    expect(allOf(world, 'target.cleared').map(({ target }) => target)).toContain('a');
    expect(causesOf(world)?.map(([target]) => target)).not.toContain('a');
  });

  it('what a look ahead met at the next wave is told, and is none of the causes of the end', async () => {
    const minute = 60_000;
    const waves = [
      { name: 'one', targets: ['a'], bakeTimeMs: 10 * minute },
      { name: 'two', targets: ['b'] },
    ];
    const world = playWorld(makePlan({ waves }), {
      health: ({ target, side, release, elapsedMs }) =>
        target === 'b' && side === 'beside' && elapsedMs > 5 * minute
          ? 'unreachable'
          : target === 'a' && side === 'live' && release === releaseId && elapsedMs > 12 * minute
            ? 'unhealthy'
            : null,
      diagnose: slow(2_000),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(allOf(world, 'look.diagnosed').map(({ target, during }) => [target, during])).toEqual([
      ['b', 'proof'],
      ['a', 'bake'],
    ]);
    expect(causesOf(world)?.map(([target]) => target)).not.toContain('b');
  });
});
