/** Swaps with preview: production's settings first, a look, and only then the exchange or its cancellation. */
import { describe, expect, it } from '@jest/globals';
import type { Plan, SwapRequest } from '../../src/plan/plan.ts';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, askedOf, auditLaws, liveOf, swappedOf } from './audit.ts';
import { type Health, playWorld, type Troubles, type World } from './played-world.ts';

const usual: SwapRequest = {
  ...{ preview: true, resetPrepared: false, preserveVnet: true, observeForMs: 0, warmUp: null },
};

function planned(swap: Partial<SwapRequest> = {}, names: readonly string[] = ['a', 'b']): Plan {
  return { ...makePlan({ waves: [{ name: 'all', targets: names }] }), swap: { ...usual, ...swap } };
}

/** Well with the slot's own settings, sick with production's. */
const sickPrepared: Health = ({ side, prepared, target }) =>
  target === 'b' && side === 'beside' && prepared ? 'unhealthy' : null;

/** Once production's settings are on it, the old instance answers for a while, and then the new one starts. */
function restarting(oldForMs: number, startsForMs: number): Health {
  let sinceMs: number | null = null;
  return ({ prepared, elapsedMs }) => {
    if (!prepared) return null;
    sinceMs ??= elapsedMs;
    const passedMs = elapsedMs - sinceMs;
    return passedMs < oldForMs || passedMs >= oldForMs + startsForMs ? null : 'starting';
  };
}

const preparedOf = (world: World) => [...world.slots.values()].map(({ prepared }) => prepared);
const typesOf = (world: World, target: string) =>
  world.entries.flatMap((entry) =>
    'target' in entry && entry.target === target && !/^(reading|incumbent|stage|settings)/.test(entry.type)
      ? [entry.type === 'target.cleared' ? `cleared ${entry.during}` : entry.type]
      : [],
  );

async function settle(plan: Plan, troubles: Troubles = {}): Promise<World> {
  const world = playWorld(plan, troubles);
  expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
  auditLaws(world, plan);
  return world;
}

describe('a swap with preview', () => {
  it('looks at the candidate with the settings of production before anything is exchanged', async () => {
    const world = await settle(planned());
    expect(typesOf(world, 'a')).toEqual([
      ...['cleared clear', 'cleared proof', 'preview.begun', 'preview.done', 'cleared preview'],
      ...['promote.begun', 'promote.done', 'target.observed'],
    ]);
    expect(world.deeds.filter((deed) => deed.target === 'a').map((deed) => deed.what)).toEqual([
      ...['written', 'deployed', 'applied', 'asked', 'swapped'],
    ]);
    const cleared = allOf(world, 'target.cleared').find((entry) => entry.during === 'preview')!;
    expect(cleared.verdict).toMatchObject({ conclusion: 'healthy', why: 'healthy 3 times in a row' });
  });

  it('is cancelled when the candidate is not well with them: nothing was asked, the others go back', async () => {
    const plan = planned();
    const world = playWorld(plan, { health: sickPrepared });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(askedOf(world, 'b')).toBe(0);
    expect(preparedOf(world)).toEqual([false, false]);
    expect(typesOf(world, 'b').slice(-3)).toEqual(['reset.begun', 'reset.done', 'target.failed']);
    expect(liveOf(world)).toEqual({ a: incumbentId, b: incumbentId });
    auditLaws(world, plan);
  });

  it('waits for the host that it made restart, also after a healthy answer of the one that went', async () => {
    const plan = planned({}, ['a']);
    const world = await settle(plan, { health: restarting(5_000, 60_000) });
    expect(allOf(world, 'target.cleared').find((entry) => entry.during === 'preview')!.verdict).toMatchObject(
      {
        why: 'healthy 3 times in a row',
      },
    );
  });

  it('is not concluded from the host that goes, however few healthy answers are asked for', async () => {
    const usually = planned({}, ['a']);
    const plan = { ...usually, probes: { ...usually.probes, consecutiveSuccessLimit: 1 } };
    const world = await settle(plan, { health: restarting(3_000, 20_000) });
    const [applied] = world.deeds.filter((deed) => deed.what === 'applied');
    const [asked] = world.deeds.filter((deed) => deed.what === 'asked');
    expect(asked!.atMs - applied!.atMs).toBeGreaterThanOrEqual(23_000);
  });

  it('forgives one fall, and no more: a host that comes and goes is not well', async () => {
    const plan = planned({}, ['a']);
    let looks = 0;
    const world = playWorld(plan, {
      health: ({ prepared }) => (prepared && looks++ % 2 === 1 ? 'starting' : null),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused' });
    expect(askedOf(world)).toBe(0);
    expect(allOf(world, 'target.failed')[0]?.why).toMatch(/3 bad answers, 2 are tolerated/);
  });

  it('is asked for again when its answer was lost before it took effect, and not when after', async () => {
    const world = await settle(planned(), { previews: { a: ['lost-before'], b: ['lost-after'] } });
    expect(world.deeds.filter((deed) => deed.what === 'applied').map((deed) => deed.target)).toHaveLength(2);
    expect(swappedOf(world)).toBe(2);
  });

  it('that is told to wait is asked for again after that time, and takes nothing from the tries of its swap', async () => {
    const world = await settle(planned({}, ['a']), {
      previews: { a: ['throttled', 'throttled'] },
      swaps: { a: ['conflict', 'conflict'] },
    });
    const [begun] = allOf(world, 'preview.begun');
    const [applied] = world.deeds.filter((deed) => deed.what === 'applied');
    expect(applied!.atMs - Date.parse(begun!.at)).toBeGreaterThanOrEqual(90_000);
    expect([askedOf(world), swappedOf(world)]).toEqual([3, 1]);
  });

  it('that is told to wait again and again fails its target, and touches nothing', async () => {
    const world = playWorld(planned({}, ['a']), { previews: { a: Array(99).fill('throttled') } });
    await world.rollOut();
    expect(allOf(world, 'promote.failed')[0]?.failure.code).toBe('throttled');
    expect([askedOf(world), preparedOf(world)]).toEqual([0, [false]]);
  });

  it('that Azure refuses fails its target with the reason, and touches nothing', async () => {
    const plan = planned({}, ['a']);
    const world = playWorld(plan, { previews: { a: ['refused'] } });
    await world.rollOut();
    expect(allOf(world, 'promote.failed')[0]?.failure.code).toBe('swap-not-possible');
    expect(askedOf(world)).toBe(0);
    expect(liveOf(world)).toEqual({ a: incumbentId });
  });

  it('that is interrupted is found open and carried on: one application, one swap', async () => {
    const plan = planned({}, ['a']);
    for (const type of ['preview.begun', 'preview.done', 'promote.begun'] as const) {
      const world = playWorld(plan, {
        after: (entry, at) => {
          if (entry.type === type && !allOf(at, 'rollout.interrupted').length) at.cancel('SIGTERM');
        },
      });
      expect(await world.rollOut()).toMatchObject({ kind: 'interrupted' });
      expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
      expect(swappedOf(world)).toBe(1);
      expect(preparedOf(world)).toEqual([false]);
      auditLaws(world, plan);
    }
  });

  it('that was left open by a rollout which then turns is cancelled before the last word', async () => {
    const plan = planned({}, ['a', 'b']);
    const world = playWorld(plan, {
      health: ({ target, side, release }) =>
        target === 'a' && side === 'live' && release === releaseId ? 'unhealthy' : null,
      after: (entry, at) => {
        if (entry.type === 'preview.done' && entry.target === 'b' && !allOf(at, 'rollout.interrupted').length)
          at.cancel('SIGTERM');
      },
    });
    await world.rollOut();
    await world.rollOut();
    expect(preparedOf(world)).toEqual([false, false]);
    expect(world.entries.at(-1)).toMatchObject({ type: 'rollout.ended' });
    auditLaws(world, plan);
  });

  it('is no part of going back', async () => {
    const plan = planned({}, ['a']);
    const world = playWorld(plan, {
      health: ({ side, release }) => (side === 'live' && release === releaseId ? 'unhealthy' : null),
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(world.deeds.filter((deed) => deed.what === 'applied')).toHaveLength(1);
    expect(swappedOf(world)).toBe(2);
  });
});

describe('a slot that a failed swap left prepared', () => {
  it('is looked at for as long as a late request may take, reset, and then the swap is asked for again', async () => {
    const plan = planned({ preview: false }, ['a']);
    const world = playWorld(plan, { swaps: { a: ['left-prepared'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    const asked = world.deeds.filter((deed) => deed.what === 'asked');
    const reset = world.deeds.find((deed) => deed.what === 'reset')!;
    expect(asked).toHaveLength(2);
    expect(reset.atMs - asked[0]!.atMs).toBeGreaterThanOrEqual(150_000);
    expect(asked[1]!.atMs).toBeGreaterThan(reset.atMs);
    expect(allOf(world, 'reset.begun')[0]?.why).toMatch(/prepared for a swap/);
    expect(swappedOf(world)).toBe(1);
    auditLaws(world, plan);
  });

  it.each([
    [true, 'settled', 1],
    [false, 'refused', 0],
  ])('before the rollout: resetPrepared %s ends %s', async (resetPrepared, outcome, resets) => {
    const plan = planned({ preview: false, resetPrepared }, ['a']);
    const world = playWorld(plan);
    world.slots.get('a')!.prepared = true;
    expect(await world.rollOut()).toMatchObject({ outcome });
    expect(world.deeds.filter((deed) => deed.what === 'reset')).toHaveLength(resets);
    if (!resetPrepared) expect(allOf(world, 'stage.failed')[0]?.failure.next).toMatch(/--action reset/);
  });
});
