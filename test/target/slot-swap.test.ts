import { describe, expect, it } from '@jest/globals';
import { DefectError, DoubtError, RefusalError, TransientError } from '../../src/errors.ts';
import { clear, type Standing, type Strategy } from '../../src/target/strategy.ts';
import { incumbentId, releaseId } from '../builders.ts';
import {
  candidate,
  cleared,
  errorOf,
  exchanged,
  type Played,
  ready,
  type Slots,
  script,
  target,
} from './scripted-slots.ts';

const promote = (strategy: Strategy) => strategy.promote(cleared);
const swapsOf = ({ calls }: Played) => calls.filter((call) => call === 'swap').length;

describe('promoting by a swap', () => {
  it('looks, asks once, looks again, and answers with what it reads', async () => {
    const played = script({ reads: [ready, exchanged] });
    const standing = await played.clock.run(promote(played.strategy));
    expect(standing).toEqual({ live: releaseId, beside: incumbentId });
    expect(played.calls).toEqual(['read', 'swap', 'stamps']);
  });

  it('asks for production alone where all was read a moment ago, and nothing has moved since', async () => {
    const played = script({ reads: [ready, ready, exchanged] });
    await played.clock.run(played.strategy.inspect(target));
    await played.clock.run(promote(played.strategy));
    expect(played.calls).toEqual(['read', 'live', 'swap', 'stamps']);
  });

  it.each<[string, Slots]>([
    ['is other than a moment ago', { ...ready, liveId: 'r-third' }],
    ['was swapped since', { ...ready, lastSwapAt: '2026-11-20T10:00:00.000Z' }],
    ['is prepared', { ...ready, preparedFor: 'production' }],
    ['is busy', { ...ready, operation: 'SwapSiteSlots 1f3' }],
  ])('reads all again where production %s, and asks for nothing', async (_what, since) => {
    const played = script({ reads: [ready, since, exchanged] });
    await played.clock.run(played.strategy.inspect(target));
    expect(await played.clock.run(promote(played.strategy))).toMatchObject({ live: releaseId });
    expect(played.calls).toEqual(['read', 'live', 'read']);
  });

  it.each<[string, number, Slots]>([
    ['is some seconds old', 2_001, ready],
    ['showed a slot that was prepared', 0, { ...ready, preparedFor: 'production' }],
  ])('reads all again where the last look %s', async (_what, laterMs, first) => {
    const played = script({ reads: [first, ready, exchanged] });
    await played.clock.run(played.strategy.inspect(target));
    await played.clock.run(played.clock.sleep(laterMs));
    await played.clock.run(promote(played.strategy));
    expect(played.calls).toEqual(['read', 'read', 'swap', 'stamps']);
  });

  it('reads all again where the answer about production was long on its way', async () => {
    const played = script({
      reads: [ready, { ...ready, besideId: 'r-third' }],
      client: {
        readLive: async () => {
          played.calls.push('live');
          await played.clock.sleep(60_000);
          return { liveId: incumbentId, operation: null, lastSwapAt: null, preparedFor: null };
        },
      },
    });
    await played.clock.run(played.strategy.inspect(target));
    expect(await errorOf(played, promote)).toMatchObject({ kind: 'doubt', code: 'slots-changed' });
    expect(played.calls).toEqual(['read', 'live', 'read']);
  });

  it('takes no look from before a request for one from after it', async () => {
    const failing = () => Promise.reject(new TransientError('not now', { code: 'throttled' }));
    const played = script({ reads: [ready, ready, ready, exchanged], swap: failing });
    await played.clock.run(played.strategy.inspect(target));
    await errorOf(played, promote);
    await errorOf(played, promote);
    expect(played.calls).toEqual(['read', 'live', 'swap', 'read', 'swap']);
  });

  it('asks for nothing when the slots are exchanged already: a swap done twice is a swap undone', async () => {
    const played = script({ reads: [exchanged] });
    expect(await played.clock.run(promote(played.strategy))).toEqual({
      live: releaseId,
      beside: incumbentId,
    });
    expect(swapsOf(played)).toBe(0);
  });

  it.each<[string, Slots]>([
    ['a third release live', { liveId: 'r-third', besideId: releaseId }],
    ['a third release beside', { liveId: incumbentId, besideId: 'r-third' }],
    ['the candidate in both slots', { liveId: releaseId, besideId: releaseId }],
    ['the incumbent in both slots', { liveId: incumbentId, besideId: incumbentId }],
    ['no stamp live', { liveId: null, besideId: releaseId }],
    ['no stamp at all', {}],
  ])('asks for nothing and is in doubt before %s', async (_what, slots) => {
    const played = script({ reads: [slots] });
    const error = await errorOf(played, promote);
    expect(error).toBeInstanceOf(DoubtError);
    expect(error).toMatchObject({ code: 'slots-changed', where: 'weu' });
    expect(swapsOf(played)).toBe(0);
  });

  it('exchanges with an incumbent that has no stamp', async () => {
    const played = script({
      reads: [
        { ...ready, liveId: null },
        { ...exchanged, besideId: null },
      ],
    });
    const unstamped = clear({ ...candidate, incumbentId: null }, { conclusion: 'healthy' });
    const standing = await played.clock.run(played.strategy.promote(unstamped));
    expect(standing).toEqual({ live: releaseId, beside: null });
  });

  it('asks for nothing while a slot is prepared: that may be a swap of ours under way', async () => {
    const played = script({ reads: [{ ...ready, preparedFor: 'production' }] });
    expect(await errorOf(played, promote)).toMatchObject({ kind: 'doubt', code: 'swap-half-done' });
    expect(swapsOf(played)).toBe(0);
  });

  it.each([
    new TransientError('not now', { code: 'throttled', retryAfterMs: 7_000 }),
    new RefusalError('no', { code: 'scope-locked' }),
    new DoubtError('the answer was lost', { code: 'swap-unanswered' }),
  ])('passes on what the request says ($kind), without a second request', async (error) => {
    const played = script({ reads: [ready], swap: () => Promise.reject(error) });
    expect(await errorOf(played, promote)).toBe(error);
    expect(swapsOf(played)).toBe(1);
  });

  it.each([
    new TransientError('ARM answered 503', { code: 'arm-unavailable' }),
    new RefusalError('the token has expired', { code: 'not-authorized' }),
    new Error('a bug'),
  ])('is in doubt when nothing can be read after the swap, whatever the reason: $message', async (error) => {
    const played = script({ reads: [ready, error] });
    const thrown = await errorOf(played, promote);
    expect(thrown).toMatchObject({ kind: 'doubt', code: 'swap-not-visible', cause: error });
    expect(swapsOf(played)).toBe(1);
  });

  it.each<[string, Slots]>([
    ['nothing moved', ready],
    ['only half moved', { liveId: releaseId, besideId: releaseId }],
    ['something else is live', { liveId: 'r-third', besideId: incumbentId }],
  ])('is in doubt when the swap is reported as done and %s', async (_what, slots) => {
    const played = script({ reads: [ready, slots] });
    expect(await errorOf(played, promote)).toMatchObject({ kind: 'doubt', code: 'swap-not-visible' });
    expect(swapsOf(played)).toBe(1);
  });

  it('is not in doubt when it cannot read before: nothing was asked', async () => {
    const error = new TransientError('ARM answered 503', { code: 'arm-unavailable' });
    const played = script({ reads: [error] });
    expect(await errorOf(played, promote)).toBe(error);
    expect(swapsOf(played)).toBe(0);
  });

  it('starts nothing once it is cancelled, not even when the cancellation came during its look', async () => {
    const cancel = new AbortController();
    const played = script({ reads: [{ ...ready, operation: 'SwapSiteSlots' }, ready] });
    const ended = errorOf(played, (strategy) => strategy.promote(cleared, cancel.signal));
    await new Promise((resolve) => setImmediate(resolve));
    cancel.abort('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    expect(swapsOf(played)).toBe(0);
  });
});

describe('bringing back by a swap', () => {
  it('is the same exchange with the roles changed', async () => {
    const played = script({ reads: [exchanged, ready] });
    const back = clear(
      { ...candidate, releaseId: incumbentId, incumbentId: releaseId },
      { conclusion: 'healthy' },
    );
    const standing = await played.clock.run(played.strategy.revert(back));
    expect(standing).toEqual({ live: incumbentId, beside: releaseId });
    expect(played.calls).toEqual(['read', 'swap', 'stamps']);
  });
});

describe('an operation on the site', () => {
  it('is waited out before anything is read from the slots', async () => {
    const busy = { ...ready, operation: 'SwapSiteSlots 1f3' };
    const played = script({ reads: [busy, busy, busy, exchanged] });
    const startedMs = played.clock.now();
    const standing = await played.clock.run(played.strategy.inspect(target));
    expect(standing).toEqual({ live: releaseId, beside: incumbentId });
    expect(played.clock.now() - startedMs).toBe(30_000);
    expect(played.waits).toEqual(Array(3).fill('SwapSiteSlots 1f3'));
  });

  it('is waited out before and after the request', async () => {
    const busy = { ...ready, operation: 'y' };
    const reads = [{ ...ready, operation: 'x' }, ready, ready, busy, exchanged];
    const played = script({ reads });
    await played.clock.run(promote(played.strategy));
    expect(played.calls).toEqual(['read', 'read', 'swap', 'stamps', 'read', 'read']);
  });

  it('that never ends is not waited for without a limit', async () => {
    const played = script({ reads: [{ ...ready, operation: 'SwapSiteSlots 1f3' }] });
    const startedMs = played.clock.now();
    const error = await errorOf(played, (strategy) => strategy.inspect(target));
    expect(error).toMatchObject({ kind: 'transient', code: 'operation-still-running', where: 'weu' });
    expect(error.message).toContain('SwapSiteSlots 1f3');
    expect(played.clock.now() - startedMs).toBe(40 * 60_000);
  });

  it('that never ends after a swap is a doubt', async () => {
    const played = script({ reads: [ready, { ...ready, operation: 'SwapSiteSlots 1f3' }] });
    expect(await errorOf(played, promote)).toMatchObject({ kind: 'doubt', code: 'swap-not-visible' });
  });
});

describe('inspecting', () => {
  it('tells what is half done', async () => {
    const played = script({ reads: [{ ...ready, preparedFor: 'production' }] });
    const standing = await played.clock.run(played.strategy.inspect(target));
    expect(standing).toMatchObject({ live: incumbentId, beside: releaseId });
    expect(standing.pending).toContain('production');
  });

  it('for what is expected takes two lists that say so', async () => {
    const played = script({ reads: [{ ...exchanged, preparedFor: 'production' }] });
    const expected = { live: releaseId, beside: incumbentId };
    expect(await played.clock.run(played.strategy.inspect(target, expected))).toEqual(expected);
    expect(played.calls).toEqual(['stamps']);
  });

  it.each<[string, Slots, Standing]>([
    ['the slots are otherwise', ready, { live: releaseId, beside: incumbentId }],
    ['beside is otherwise', { liveId: releaseId }, { live: releaseId, beside: incumbentId }],
    [
      'one release is expected in both, which a swap between two lists shows as well',
      { liveId: releaseId, besideId: releaseId },
      { live: releaseId, beside: releaseId },
    ],
  ])('reads all where %s', async (_what, slots, expected) => {
    const played = script({ reads: [slots] });
    const standing = await played.clock.run(played.strategy.inspect(target, expected));
    expect(standing).toMatchObject({ live: slots.liveId, beside: slots.besideId ?? null });
    expect(played.calls).toEqual(['stamps', 'read']);
  });
});

describe('clearing', () => {
  it.each(['unhealthy', 'inconclusive', ''])('does not happen on a verdict "%s"', (conclusion) => {
    expect(() => clear(candidate, { conclusion })).toThrow(DefectError);
  });
});
