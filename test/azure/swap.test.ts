import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextLookMs } from '../../src/azure/pace.ts';
import { swapSlots } from '../../src/azure/swap.ts';
import { VirtualClock } from '../../src/clock.ts';
import { SlotwaveError } from '../../src/errors.ts';
import { armOver, lost, type Step, script, target, unreachable } from './scripted.ts';

const location =
  'https://management.azure.com/subscriptions/s/providers/Microsoft.Web/sites/orders-weu/slots/staging/operationresults/1?api-version=2025-05-01';
const accepted: Step = { status: 202, headers: { location, 'retry-after': '15' } };
const running: Step = { status: 202, headers: { location, 'retry-after': '7' } };
const rp = (status: number, message: string): Step => ({
  status,
  body: JSON.stringify({ Code: 'X', Message: message }),
});

async function swap(steps: readonly Step[]) {
  const clock = new VirtualClock(0);
  const { transport, sent } = script(steps, clock);
  const error = await clock.run(
    swapSlots(armOver(transport, clock), clock, target).then(
      () => null,
      (thrown: unknown) => thrown,
    ),
  );
  if (error !== null && !(error instanceof SlotwaveError)) throw error;
  return {
    end: error === null ? 'done' : `${error.kind} ${error.code}`,
    sent,
    posts: sent.filter(({ method }) => method === 'POST').length,
    tookMs: clock.now(),
  };
}

describe('a swap', () => {
  it('asks staging to take the place of production, once, and waits as long as it is told to', async () => {
    const { end, sent } = await swap([accepted, running, running, { status: 200 }]);
    expect(end).toBe('done');
    expect(sent.map(({ method, atMs }) => [method, atMs])).toEqual([
      ['POST', 0],
      ['GET', 15_000],
      ['GET', 22_000],
      ['GET', 29_000],
    ]);
    expect(sent[0]?.path).toContain('/sites/orders-weu/slots/staging/slotsswap?api-version=');
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({ targetSlot: 'production', preserveVnet: true });
    expect(sent.every(({ headers }) => headers['authorization'] === 'Bearer token-1')).toBe(true);
  });

  const ends: readonly (readonly [string, readonly Step[], string])[] = [
    ['answered 200 at once', [{ status: 200, body: '{}' }], 'done'],
    ['200 with the site as its body', [{ status: 200, body: '{"properties":{"state":"Running"}}' }], 'done'],
    ['followed to 204', [accepted, { status: 204 }], 'done'],
    ['200 whose body says Failed', [{ status: 200, body: '{"status":"Failed"}' }], 'doubt server-error'],
    [
      'followed to 200 whose body says Failed, with a known text',
      [
        accepted,
        {
          status: 200,
          body: '{"status":"Failed","error":{"code":"x","message":"the slot did not respond to http ping."}}',
        },
      ],
      'transient swap-ping-failed',
    ],
    [
      '200 whose body says InProgress is not over',
      [
        accepted,
        { status: 200, body: '{"status":"InProgress"}' },
        { status: 200, body: '{"status":"Succeeded"}' },
      ],
      'done',
    ],
    ['202 without Location', [{ status: 202 }], 'doubt swap-not-watchable'],
    [
      '202 whose Location is a stranger',
      [{ status: 202, headers: { location: 'https://evil.example/x' } }],
      'doubt swap-not-watchable',
    ],
    ['never sent', [unreachable()], 'transient not-reachable'],
    ['sent, no answer', [lost()], 'doubt answer-lost'],
    ['sent, timed out', [lost('ETIMEDOUT')], 'doubt answer-lost'],
    ['500', [{ status: 500 }], 'doubt server-error'],
    ['503 with Retry-After', [{ status: 503, headers: { 'retry-after': '1' } }], 'doubt server-error'],
    ['429 with Retry-After', [{ status: 429, headers: { 'retry-after': '1' } }], 'transient throttled'],
    ['307', [{ status: 307, headers: { location } }], 'refusal azure-refused'],
    ['401', [{ status: 401 }], 'refusal credential-refused'],
    [
      '401, expired',
      [{ status: 401, body: '{"error":{"code":"ExpiredAuthenticationToken","message":"x"}}' }],
      'transient token-expired',
    ],
    [
      '409, an operation is in progress',
      [rp(409, 'Cannot modify this site because another operation is in progress.')],
      'doubt operation-in-progress',
    ],
    [
      'followed to 417',
      [
        accepted,
        running,
        rp(
          417,
          "Cannot swap site slots for site 'x' because the 'staging' slot did not respond to http ping.",
        ),
      ],
      'transient swap-ping-failed',
    ],
    [
      'followed to 400, instances moved',
      [accepted, rp(400, 'because the allocation of VM instances for x slot has changed')],
      'transient swap-instances-changed',
    ],
    [
      'followed to 400, initialization',
      [accepted, rp(400, "the application initialization in 'staging' slot either took too long or failed.")],
      'refusal swap-initialization-failed',
    ],
    [
      'followed to 500, unexpected',
      [accepted, rp(500, "There was an unexpected error swapping slots 'a' and 'b'")],
      'doubt swap-outcome-unknown',
    ],
    [
      'followed to 409, in progress',
      [accepted, rp(409, 'Cannot modify this site because another operation is in progress.')],
      'doubt operation-in-progress',
    ],
    ['followed to 404', [accepted, running, { status: 404 }], 'doubt swap-lost-from-sight'],
    ['followed to 403', [accepted, { status: 403 }], 'doubt swap-lost-from-sight'],
    [
      'a poll that is lost, throttled, or meets a gateway is only a look that missed',
      [
        accepted,
        lost(),
        { status: 429, headers: { 'retry-after': '3' } },
        { status: 502 },
        unreachable(),
        { status: 200 },
      ],
      'done',
    ],
    ['polls that are never answered', [accepted, lost()], 'doubt swap-lost-from-sight'],
    [
      'an expired token at a poll is renewed',
      [accepted, { status: 401 }, { status: 202, headers: { location } }, { status: 200 }],
      'done',
    ],
    [
      'a poll that is a page of a proxy',
      [accepted, { status: 200, body: '<html>' }, { status: 200 }],
      'done',
    ],
  ];

  it.each(ends)('%s', async (_name, steps, expected) => {
    const { end, posts } = await swap(steps);
    expect(end).toBe(expected);
    expect(posts).toBe(1);
  });

  it('that never ends is a doubt after half an hour', async () => {
    const { end, tookMs } = await swap([accepted, running]);
    expect(end).toBe('doubt swap-deadline');
    expect(tookMs).toBeGreaterThan(29 * 60_000);
    expect(tookMs).toBeLessThan(32 * 60_000);
  });

  it('never sends the token to a stranger, whatever an answer says', async () => {
    const { sent } = await swap([
      { status: 202, headers: { location: 'https://management.azure.com.evil.example/x' } },
    ]);
    expect(sent.length).toBe(1);
  });

  it('watches an operation at a regional name of ARM', async () => {
    const { end } = await swap([
      { status: 202, headers: { location: location.replace('management', 'westeurope.management') } },
      { status: 200 },
    ]);
    expect(end).toBe('done');
  });
});

describe('the pace of looking at a swap', () => {
  /** Followed until the first look behind its end: how many looks, and what was lost between the end and the last. */
  async function follow(endsMs: number, expectedMs: number | undefined, askedS: number | null) {
    const clock = new VirtualClock(0);
    const headers = { location, ...(askedS === null ? {} : { 'retry-after': String(askedS) }) };
    const step: Step = ({ atMs }) => (atMs >= endsMs ? { status: 200 } : { status: 202, headers });
    const { transport, sent } = script([step], clock);
    const end = await clock.run(swapSlots(armOver(transport, clock), clock, target, { expectedMs }));
    const looks = sent.filter(({ method }) => method === 'GET').map(({ atMs }) => atMs);
    return { looks, lostMs: clock.now() - endsMs, end };
  }

  it('loses two seconds on average where the server asks for nothing, with half the looks of one every 5 s', async () => {
    const ends = Array.from({ length: 31 }, (_, at) => 95_000 + at * 1_000);
    const followed = await Promise.all(ends.map((endsMs) => follow(endsMs, 110_000, null)));
    const meanOf = (values: readonly number[]) =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(meanOf(followed.map(({ lostMs }) => lostMs))).toBeLessThan(2_500);
    expect(Math.max(...followed.map(({ lostMs }) => lostMs))).toBeLessThan(5_000);
    expect(meanOf(followed.map(({ looks }) => looks.length))).toBeLessThan(meanOf(ends) / 5_000 / 2);
  });

  it('loses little of a quick one where nobody knows how long it takes', async () => {
    const ends = Array.from({ length: 40 }, (_, at) => 5_000 + at * 1_000);
    const lost = (await Promise.all(ends.map((endsMs) => follow(endsMs, undefined, null)))).map(
      ({ lostMs }, at) => lostMs / ends[at]!,
    );
    expect(lost.reduce((sum, share) => sum + share, 0) / lost.length).toBeLessThan(0.15);
  });

  it('comes at least every 15 s to one that should have ended long ago', async () => {
    const { looks } = await follow(720_000, 110_000, null);
    const late = looks.filter((atMs) => atMs > 130_000);
    const gaps = late.slice(1).map((atMs, at) => atMs - late[at]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(15_000);
    expect(Math.min(...gaps)).toBeGreaterThan(5_000);
  });

  it('is that of the earlier rollout for one that takes twelve minutes every time', async () => {
    const { looks, lostMs } = await follow(720_000, 715_000, null);
    expect(looks.length).toBeLessThan(32);
    expect(lostMs).toBeLessThanOrEqual(15_000);
  });

  it('is never quicker than the server asks for, and never waits two minutes for it', () =>
    fc.assert(
      fc.property(
        fc.record({
          expectedMs: fc.nat(1_800_000),
          isGuess: fc.boolean(),
          nearMs: fc.constant(3_000),
          farMs: fc.constant(60_000),
        }),
        fc.nat(1_800_000),
        fc.option(fc.nat(600_000), { nil: null }),
        (pace, elapsedMs, askedMs) => {
          const delayMs = nextLookMs({ ...pace, lateMs: 15_000 }, elapsedMs, askedMs);
          expect(delayMs).toBeGreaterThanOrEqual(Math.max(3_000, Math.min(askedMs ?? 0, 120_000)));
          expect(delayMs).toBeLessThanOrEqual(Math.max(60_000, Math.min(askedMs ?? 0, 120_000)));
        },
      ),
    ));

  it('is no slower than a look every 30 s for one that took twelve minutes before, and two now', async () => {
    const { lostMs } = await follow(110_000, 715_000, null);
    expect(lostMs).toBeLessThanOrEqual(30_000);
  });

  it('tells how long ago it may have been over', async () => {
    const { looks, end } = await follow(100_000, 110_000, 15);
    expect(end.unseenMs).toBe(looks.at(-1)! - looks.at(-2)!);
    expect(end.unseenMs).toBeGreaterThanOrEqual(15_000);
  });
});
