import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../src/clock.ts';
import type { Sight } from '../../src/probe/look.ts';
import type { Condition, Verdict } from '../../src/probe/verdict.ts';
import { type Watch, watch } from '../../src/probe/watch.ts';
import { besideHostOf, makeReading, makeTarget, releaseId } from '../builders.ts';

const startMs = Date.UTC(2026, 0, 1);

interface Watched {
  readonly verdict: Verdict;
  /** When each look was taken, in seconds since the start. */
  readonly looksAtS: readonly number[];
  readonly endedAtS: number;
}

/** The condition of the look at this instant; `look` and `number` are counted from the start. */
type Scene = (elapsedMs: number, number: number) => Condition;

function prepare(scene: Scene, wish: Partial<Watch> = {}, lookMs = 0) {
  const clock = new VirtualClock(startMs);
  const looksAtS: number[] = [];
  const recorded: Sight[] = [];
  const look: Watch['look'] = async () => {
    const elapsedMs = clock.now() - startMs;
    looksAtS.push(elapsedMs / 1_000);
    if (lookMs > 0) await clock.sleep(lookMs);
    const reading = makeReading({ condition: scene(elapsedMs, looksAtS.length), atMs: startMs + elapsedMs });
    return { reading, functions: [], passed: [] };
  };
  const parts: Watch = {
    look,
    question: {
      target: makeTarget({ name: 'weu' }),
      side: 'beside',
      hostName: besideHostOf('weu'),
      expected: releaseId,
      functions: [],
      checks: [],
    },
    limits: { consecutiveSuccessLimit: 3, failureLimit: 2, consecutiveErrorLimit: 4 },
    intervalMs: 10_000,
    initialDelayMs: 0,
    deadlineMs: 300_000,
    wasHealthy: false,
    clock,
    signal: new AbortController().signal,
    record: async (sight) => void recorded.push(sight),
    ...wish,
  };
  return { clock, parts, looksAtS, recorded };
}

async function play(scene: Scene, wish: Partial<Watch> = {}, lookMs = 0): Promise<Watched> {
  const { clock, parts, looksAtS } = prepare(scene, wish, lookMs);
  const verdict = await clock.run(watch(parts));
  return { verdict, looksAtS, endedAtS: (clock.now() - startMs) / 1_000 };
}

describe('a watch', () => {
  it('looks at once, then at each interval, and ends with the verdict', async () => {
    const { verdict, looksAtS } = await play(() => 'healthy');
    expect(verdict.conclusion).toBe('healthy');
    expect(looksAtS).toEqual([0, 10, 20]);
  });

  it('waits for the initial delay first', async () => {
    expect((await play(() => 'healthy', { initialDelayMs: 45_000 })).looksAtS).toEqual([45, 55, 65]);
  });

  it('sits out a cold start', async () => {
    const { verdict, endedAtS } = await play((ms) => (ms < 60_000 ? 'starting' : 'healthy'));
    expect(verdict.conclusion).toBe('healthy');
    expect(endedAtS).toBe(80);
  });

  it('ends as soon as more is bad than is tolerated', async () => {
    const { verdict, looksAtS } = await play(() => 'unhealthy');
    expect(verdict.conclusion).toBe('unhealthy');
    expect(looksAtS).toEqual([0, 10, 20]);
  });

  it('ends at its deadline, with a last look exactly there', async () => {
    const { verdict, looksAtS, endedAtS } = await play(() => 'starting', { deadlineMs: 35_000 });
    expect(verdict.conclusion).toBe('unhealthy');
    expect(looksAtS).toEqual([0, 10, 20, 30, 35]);
    expect(endedAtS).toBe(35);
  });

  it('that turns well right before its deadline is given the time to prove it', async () => {
    const { verdict, looksAtS } = await play((ms) => (ms < 30_000 ? 'starting' : 'healthy'), {
      deadlineMs: 35_000,
    });
    expect(verdict.conclusion).toBe('healthy');
    expect(looksAtS).toEqual([0, 10, 20, 30, 35, 45]);
  });

  it('counts the initial delay and the looks themselves into the deadline', async () => {
    const wish = { deadlineMs: 60_000, initialDelayMs: 20_000 };
    const { endedAtS } = await play(() => 'starting', wish, 4_000);
    expect(endedAtS).toBeGreaterThanOrEqual(60);
    expect(endedAtS).toBeLessThanOrEqual(64);
  });

  it('takes at least one look, even without any time left', async () => {
    const { verdict, looksAtS } = await play(() => 'healthy', { deadlineMs: 0, limits: oneIsEnough });
    expect(looksAtS).toEqual([0]);
    expect(verdict.conclusion).toBe('healthy');
  });

  it('records each look before it is judged', async () => {
    const { clock, parts, recorded } = prepare(() => 'unhealthy');
    const verdict = await clock.run(watch(parts));
    expect(recorded.map((each) => each.reading)).toEqual(verdict.readings);
  });

  it('does not judge what could not be recorded', async () => {
    const record = () => Promise.reject(new Error('the disk is full'));
    const { clock, parts } = prepare(() => 'healthy', { record });
    await expect(clock.run(watch(parts))).rejects.toThrow('the disk is full');
  });
});

describe('a watch that holds', () => {
  const bake = { holdUntilMs: startMs + 65_000, wasHealthy: true };

  it('goes on until its end, with a last look exactly there', async () => {
    const { verdict, looksAtS } = await play(() => 'healthy', bake);
    expect(verdict.conclusion).toBe('healthy');
    expect(looksAtS).toEqual([0, 10, 20, 30, 40, 50, 60, 65]);
  });

  it('ends early when what was well falls', async () => {
    const { verdict, endedAtS } = await play((ms) => (ms < 30_000 ? 'healthy' : 'starting'), bake);
    expect(verdict.conclusion).toBe('unhealthy');
    expect(endedAtS).toBe(50);
  });

  it('goes on behind its end until the row of healthy looks is complete', async () => {
    const { verdict, endedAtS } = await play((ms) => (ms === 60_000 ? 'unhealthy' : 'healthy'), bake);
    expect(verdict.conclusion).toBe('healthy');
    expect(endedAtS).toBe(85);
  });

  it('taken up after its end wants healthy looks from now on', async () => {
    const over = { holdUntilMs: startMs - 3_600_000, wasHealthy: true };
    expect((await play(() => 'healthy', over)).looksAtS).toEqual([0, 10, 20]);
    expect((await play(() => 'unreachable', over)).verdict.conclusion).toBe('inconclusive');
  });

  it('remembers enough, and not everything, of a long bake', async () => {
    const day = { holdUntilMs: startMs + 24 * 3_600_000, wasHealthy: true };
    const { verdict, looksAtS } = await play(() => 'healthy', day);
    expect(verdict.conclusion).toBe('healthy');
    expect(looksAtS).toHaveLength(8_641);
  });
});

describe('a watch that is cancelled', () => {
  it.each([
    ['while it waits for the first look', { initialDelayMs: 60_000 }, 0],
    ['between two looks', {}, 0],
    ['during a look', {}, 60_000],
  ])('ends at once %s, without a verdict', async (_when, wish, lookMs) => {
    const cancel = new AbortController();
    const { clock, parts, recorded } = prepare(() => 'healthy', { ...wish, signal: cancel.signal }, lookMs);
    const watched = watch(parts);
    const told = watched.then(
      () => 'verdict',
      (reason: unknown) => reason,
    );
    await new Promise((resolve) => setImmediate(resolve));
    const before = recorded.length;
    cancel.abort('SIGTERM');
    expect(await clock.run(told)).toBe('SIGTERM');
    expect(recorded).toHaveLength(before);
  });
});

const oneIsEnough = { consecutiveSuccessLimit: 1, failureLimit: 0, consecutiveErrorLimit: 0 };
