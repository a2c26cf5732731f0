import { describe, expect, it } from '@jest/globals';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf, askedOf, auditLaws, liveOf, swappedOf, targetsOf } from './audit.ts';
import { playWorld, type SwapTrouble, swapTookMs, type World } from './played-world.ts';
import { sickLive } from './three-waves.ts';

const plan = makePlan({ waves: [{ name: 'all', targets: ['a'] }] });
const settlePeriodMs = 150_000;

/** Milliseconds between the first request and the second. */
function betweenRequests(world: World): number {
  const [first, second] = world.deeds.filter((deed) => deed.what === 'asked');
  return second!.atMs - first!.atMs;
}

describe('a promotion whose answer is lost', () => {
  it('after its effect is found to have happened, and is not asked for again', async () => {
    const world = playWorld(plan, { swaps: { a: ['lost-after'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(askedOf(world)).toBe(1);
    expect(swappedOf(world)).toBe(1);
    expect(allOf(world, 'doubt.settled')).toMatchObject([{ verb: 'promote', happened: true }]);
    auditLaws(world, plan);
  });

  it('before its effect is asked for again, and only after the settle period', async () => {
    const world = playWorld(plan, { swaps: { a: ['lost-before'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(askedOf(world)).toBe(2);
    expect(swappedOf(world)).toBe(1);
    expect(betweenRequests(world)).toBeGreaterThanOrEqual(settlePeriodMs);
    expect(allOf(world, 'doubt.settled')).toMatchObject([{ verb: 'promote', happened: false }]);
    auditLaws(world, plan);
  });

  it('and is carried out late is found to have happened', async () => {
    const world = playWorld(plan, { swaps: { a: ['late'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(askedOf(world)).toBe(1);
    expect(swappedOf(world)).toBe(1);
    auditLaws(world, plan);
  });

  it.each(['lost-after', 'lost-before'] as const)(
    'and that somebody else swaps back, or to and fro, is not asked for again (%s)',
    async (trouble) => {
      const world: World = playWorld(plan, {
        swaps: { a: [trouble] },
        after: (entry, { slots, clock }) => {
          if (entry.type !== 'doubt.raised') return;
          const a = slots.get('a')!;
          if (trouble === 'lost-after') [a.live, a.beside] = [a.beside, a.live];
          a.swappedAt = new Date(clock.now() + 1).toISOString();
        },
      });
      expect(await world.rollOut()).toMatchObject({
        outcome: 'halted',
        why: expect.stringMatching(/somebody (else changed the slots|swapped)/),
      });
      expect(askedOf(world)).toBe(1);
      auditLaws(world, plan);
    },
  );

  it('is looked at again before it is asked for again', async () => {
    const world: World = playWorld(plan, {
      swaps: { a: ['lost-before'] },
      health: ({ side }) =>
        side === 'beside' && targetsOf(world, 'doubt.settled').length > 0 ? 'unhealthy' : null,
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(askedOf(world)).toBe(1);
    expect(liveOf(world)).toEqual({ a: incumbentId });
    auditLaws(world, plan);
  });

  it('reported as done and not to be seen is a doubt', async () => {
    const world = playWorld(plan, { swaps: { a: ['hollow'] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(betweenRequests(world)).toBeGreaterThanOrEqual(settlePeriodMs);
    auditLaws(world, plan);
  });

  it('is not asked for without end', async () => {
    const world = playWorld(plan, { swaps: { a: Array<SwapTrouble>(9).fill('lost-before') } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(askedOf(world)).toBe(3);
    expect(liveOf(world)).toEqual({ a: incumbentId });
    const [failed] = allOf(world, 'promote.failed');
    expect(failed?.failure).toMatchObject({
      code: 'not-carried-out',
      message:
        'Azure did not carry out the promotion after 3 requests. What came back last: the answer was lost',
    });
    expect(allOf(world, 'target.failed')[0]?.why).toBe(failed?.failure.message);
    auditLaws(world, plan);
  });

  it('is asked for as often as Azure says later, which is no failure of the target', async () => {
    const world = playWorld(plan, { swaps: { a: Array<SwapTrouble>(6).fill('throttled') } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(askedOf(world)).toBe(7);
    expect(swappedOf(world)).toBe(1);
    auditLaws(world, plan);
  });

  it('is asked for so until its deadline, and no longer', async () => {
    const world = playWorld(plan, { swaps: { a: Array<SwapTrouble>(999).fill('throttled') } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    const [first, last] = [world.deeds[0]!, world.deeds.findLast(({ what }) => what === 'asked')!];
    expect(last.atMs - first.atMs).toBeLessThanOrEqual(plan.strategy.progressDeadlineMs + 60_000);
    expect(allOf(world, 'promote.failed')[0]?.failure.code).toBe('throttled');
    auditLaws(world, plan);
  });

  it('fills no journal where Azure says later, and lets it come at once', async () => {
    const world = playWorld(plan, { swaps: { a: Array<SwapTrouble>(9_999).fill('throttled-at-once') } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(askedOf(world)).toBeLessThanOrEqual(plan.strategy.progressDeadlineMs / 5_000 + 1);
  });

  it('is taken back however often Azure says later', async () => {
    const swaps = { a: [null, ...Array<SwapTrouble>(6).fill('throttled')] };
    const world = playWorld(plan, { swaps, health: sickLive('a') });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(liveOf(world)).toEqual({ a: incumbentId });
    auditLaws(world, plan);
  });

  it('is not looked into in silence: once for each thing that is waited for', async () => {
    const world: World = playWorld(plan, {
      swaps: { a: ['lost-before'] },
      // From the doubt on unreadable for two minutes, then quiet.
      isUnreadable: (_target, elapsedMs) => {
        const raised = allOf(world, 'doubt.raised')[0];
        return raised !== undefined && elapsedMs - (Date.parse(raised.at) - world.startMs) < 120_000;
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    const waits = world.notices.flatMap((notice) =>
      notice.type === 'operation.waited' ? [`${notice.target}: ${notice.what}`] : [],
    );
    expect(waits).toEqual([
      expect.stringMatching(/^a: whether it happened cannot be read yet: ./),
      'a: whether it happened is being looked at; 150 s of quiet are the proof that it did not',
    ]);
  });

  it('is awaited while nothing can be read', async () => {
    const world: World = playWorld(plan, {
      swaps: { a: ['lost-after'] },
      isUnreadable: (_target, elapsedMs) => {
        const asked = world.deeds.find((deed) => deed.what === 'asked');
        if (!asked) return false;
        const sinceMs = world.startMs + elapsedMs - asked.atMs;
        return sinceMs >= swapTookMs && sinceMs < 20 * 60_000;
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(askedOf(world)).toBe(1);
    auditLaws(world, plan);
  });

  it('halts when nothing can be read until the deadline', async () => {
    const world: World = playWorld(plan, {
      swaps: { a: ['lost-before'] },
      isUnreadable: () => targetsOf(world, 'doubt.raised').length > 0,
    });
    expect(await world.rollOut()).toMatchObject({
      outcome: 'halted',
      why: expect.stringContaining('45 minutes'),
    });
    expect(askedOf(world)).toBe(1);
    expect(allOf(world, 'rollout.ended')[0]!.standings).toMatchObject([{ target: 'a', readable: false }]);
  });

  it('is not taken for a stranger’s while it shows in one list only', async () => {
    const world: World = playWorld(plan, {
      swaps: { a: ['lost-before'] },
      after: (entry, { slots, clock }) => {
        if (entry.type !== 'doubt.raised') return;
        slots.get('a')!.live = releaseId;
        void clock.sleep(10_000).then(() => {
          slots.get('a')!.beside = incumbentId;
        });
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(askedOf(world)).toBe(1);
    expect(targetsOf(world, 'target.drifted')).toEqual([]);
  });

  it('halts when it is neither here nor there', async () => {
    const world: World = playWorld(plan, {
      swaps: { a: ['lost-before'] },
      after: (entry, { slots }) => {
        if (entry.type === 'doubt.raised')
          Object.assign(slots.get('a')!, { live: releaseId, beside: releaseId });
      },
    });
    expect(await world.rollOut()).toMatchObject({
      outcome: 'halted',
      why: expect.stringContaining('somebody else'),
    });
    expect(askedOf(world)).toBe(1);
    expect(swappedOf(world)).toBe(0);
  });

  it('lost silences that begin anew begin the settle period anew', async () => {
    const world: World = playWorld(plan, {
      swaps: { a: ['lost-before'] },
      // Readable for a minute, unreadable for a minute, from the doubt on, and quiet only after six of them.
      isUnreadable: (_target, elapsedMs) => {
        const raised = allOf(world, 'doubt.raised')[0];
        if (!raised) return false;
        const sinceMs = elapsedMs - (Date.parse(raised.at) - world.startMs);
        return sinceMs < 360_000 && Math.floor(sinceMs / 60_000) % 2 === 1;
      },
    });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(betweenRequests(world)).toBeGreaterThanOrEqual(360_000 + settlePeriodMs);
    expect(swappedOf(world)).toBe(1);
  });
});

describe('a reversal whose answer is lost', () => {
  it.each<[SwapTrouble, number]>([
    ['lost-after', 2],
    ['lost-before', 3],
    ['late', 2],
    ['hollow', 3],
  ])('(%s) ends with the incumbent live, after %d requests in all', async (trouble, requests) => {
    const world = playWorld(plan, { health: sickLive('a'), swaps: { a: [null, trouble] } });
    expect(await world.rollOut()).toMatchObject({ outcome: 'rolled-back' });
    expect(liveOf(world)).toEqual({ a: incumbentId });
    expect(askedOf(world)).toBe(requests);
    expect(swappedOf(world)).toBe(2);
    auditLaws(world, plan);
  });
});
