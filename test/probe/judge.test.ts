import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Circumstances, judge, type Limits } from '../../src/probe/judge.ts';
import { type Conclusion, type Condition, keyNotYetCode, type Reading } from '../../src/probe/verdict.ts';
import { makeReading } from '../builders.ts';

const limits: Limits = { consecutiveSuccessLimit: 3, failureLimit: 2, consecutiveErrorLimit: 4 };
const early: Circumstances = { nowMs: 1_000, settleFromMs: 0, deadlineMs: 300_000, wasHealthy: false };
const late: Circumstances = { ...early, nowMs: early.deadlineMs };
const restarted: Circumstances = { ...early, wasRestarted: true };
const baking: Circumstances = { ...early, settleFromMs: 200_000, wasHealthy: true };

/** One letter a reading: Healthy, Unhealthy, Starting, Refused, Timed out, connection Cut, no Key yet. */
const letters: Readonly<Record<string, () => Reading>> = {
  H: () => makeReading({ condition: 'healthy' }),
  U: () => makeReading({ condition: 'unhealthy' }),
  S: () => makeReading({ condition: 'starting' }),
  R: () => makeReading({ condition: 'unreachable', code: 'ECONNREFUSED' }),
  T: () => makeReading({ condition: 'unreachable', code: 'ETIMEDOUT' }),
  K: () => makeReading({ condition: 'unreachable', code: keyNotYetCode }),
  C: () => makeReading({ condition: 'unreachable', code: 'ECONNRESET' }),
};

const read = (text: string): readonly Reading[] => [...text].map((letter) => letters[letter]!());
const conclude = (text: string, at: Circumstances = early, limit: Limits = limits): Conclusion | null =>
  judge(read(text), limit, at)?.conclusion ?? null;

describe('judging many readings', () => {
  it.each<[string, string, Circumstances, Conclusion | null]>([
    ['concludes nothing from nothing', '', early, null],
    ['waits for a row of healthy readings', 'HH', early, null],
    ['is healthy when the row is as long as the limit', 'HHH', early, 'healthy'],
    ['tolerates as many bad answers as the limit says', 'UU', early, null],
    ['is unhealthy with one more', 'UUU', early, 'unhealthy'],
    ['counts bad answers over the whole watch', 'UHHUHHU', early, 'unhealthy'],
    ['is healthy after tolerated bad answers', 'UUHHH', early, 'healthy'],
    ['starts the row anew after each other answer', 'HHUHH', early, null],
    ['needs the row at the end', 'HHHU', early, null],
    ['does not count a cold start, however long', 'SSSSSSSSSS', early, null],
    ['is healthy after a cold start', 'SSSSSSHHH', early, 'healthy'],
    ['counts starting again after it was healthy', 'HSHSHS', early, 'unhealthy'],
    [
      'counts starting when it was healthy before the watch',
      'SSS',
      { ...early, wasHealthy: true },
      'unhealthy',
    ],
    ['forgives the fall of an instance that we made go', 'HSSSS', restarted, null],
    ['forgives its silence too', 'HHTTTTTT', restarted, null],
    ['is healthy when the instance that comes is', 'HTTTTTTHHH', restarted, 'healthy'],
    ['forgives one fall only', 'HSHSHSHS', restarted, 'unhealthy'],
    ['forgives no second silence', 'HTTHTTTTT', restarted, 'inconclusive'],
    ['forgives no bad answer for it', 'HUUU', restarted, 'unhealthy'],
    ['forgives no closed port for it', 'HRRRRR', restarted, 'inconclusive'],
    ['tolerates a restart within the limit', 'SSHHH', { ...early, wasHealthy: true }, 'healthy'],
    ['tolerates silences in a row up to the limit', 'RRRR', early, null],
    ['has no data with one more', 'RRRRR', early, 'inconclusive'],
    ['counts silences only in a row', 'RRRRURRRR', early, null],
    ['lets any answer end a row of silences', 'RRRRSRRRR', early, null],
    ['does not count time-outs of a cold start', 'TTTTTTTT', early, null],
    ['does not count cut connections of a cold start', 'CCCCCCCC', early, null],
    ['does not count keys that a starting host cannot give', 'KKKKKKKK', early, null],
    ['counts time-outs once it was healthy', 'HTTTTT', early, 'inconclusive'],
    [
      'counts time-outs when it was healthy before the watch',
      'TTTTT',
      { ...early, wasHealthy: true },
      'inconclusive',
    ],
    ['says unhealthy rather than no data when both are true', 'UUURRRRR', early, 'unhealthy'],
    ['is unhealthy when still starting at the deadline', 'SSSS', late, 'unhealthy'],
    ['is unhealthy when flapping at the deadline', 'HUHHU', late, 'unhealthy'],
    ['lets a healthy row that is under way at the deadline come to its end', 'UHUHH', late, null],
    ['has no data when silent at the deadline', 'TTTT', late, 'inconclusive'],
    ['has no data when it fell silent before the deadline', 'SSST', late, 'inconclusive'],
    ['has no data when the deadline came without a look', '', late, 'inconclusive'],
    ['is healthy at the deadline when the row is complete', 'SSHHH', late, 'healthy'],
    ['does not end a bake early, however well it is', 'HHHHHHHHHH', baking, null],
    ['ends a bake early when it is not well', 'HHUUU', baking, 'unhealthy'],
    ['ends a bake early when nothing answers', 'HRRRRR', baking, 'inconclusive'],
    ['ends a bake in its time', 'HHHHHH', { ...baking, nowMs: 200_000 }, 'healthy'],
    ['wants the row at the end of a bake', 'HHHUHH', { ...baking, nowMs: 200_000 }, null],
  ])('%s: %s', (_sentence, text, at, expected) => {
    expect(conclude(text, at)).toBe(expected);
  });

  it.each<[string, string, number, Conclusion | null]>([
    ['waits until the row has lasted', 'HHH', 30_000, null],
    ['is healthy when it has', 'HHHH', 30_000, 'healthy'],
    ['begins anew after each other answer', 'HHHUHHH', 30_000, null],
    ['counts from the first of the last row', 'UHHHUHHHH', 30_000, 'healthy'],
    ['wants the number as well', 'HHH', 5_000, 'healthy'],
    ['is not satisfied by one reading, however short it must be', 'H', 0, null],
  ])('with health that must last, %s: %s', (_sentence, text, healthyStateDurationMs, expected) => {
    // One look every ten seconds.
    const readings = read(text).map((each, at) => ({ ...each, atMs: at * 10_000 }));
    const limit = { ...limits, healthyStateDurationMs };
    expect(judge(readings, limit, early)?.conclusion ?? null).toBe(expected);
  });

  it.each([0, 1, 2, 5])('acts only when a count exceeds its limit of %d', (limit) => {
    const tolerant = { ...limits, failureLimit: limit, consecutiveErrorLimit: limit };
    expect(conclude('U'.repeat(limit), early, tolerant)).toBeNull();
    expect(conclude('U'.repeat(limit + 1), early, tolerant)).toBe('unhealthy');
    expect(conclude('R'.repeat(limit), early, tolerant)).toBeNull();
    expect(conclude('R'.repeat(limit + 1), early, tolerant)).toBe('inconclusive');
  });

  it('names the numbers, the limit and what was seen last', () => {
    const readings = [...read('UU'), makeReading({ condition: 'unhealthy', said: '500 for the status' })];
    const verdict = judge(readings, limits, early);
    expect(verdict?.why).toMatch(/\b3\b.*\b2\b.*host: 500 for the status/);
  });

  it('carries the newest readings as its evidence, the newest last', () => {
    const readings = [...read('SSSSSSSSS'), ...read('HHH')].map((each, at) => ({ ...each, atMs: at }));
    const evidence = judge(readings, limits, early)?.readings ?? [];
    expect(evidence.map((each) => each.atMs)).toEqual([6, 7, 8, 9, 10, 11]);
  });
});

describe('whatever is read', () => {
  const aRow = fc.string({ unit: fc.constantFrom(...Object.keys(letters)), maxLength: 20 });
  const aLimit = fc.integer({ min: 0, max: 4 });
  const someLimits: fc.Arbitrary<Limits> = fc.record({
    consecutiveSuccessLimit: fc.integer({ min: 1, max: 4 }),
    failureLimit: aLimit,
    consecutiveErrorLimit: aLimit,
  });
  const circumstances: fc.Arbitrary<Circumstances> = fc.record({
    nowMs: fc.constantFrom(0, 50, 100, 150),
    settleFromMs: fc.constantFrom(0, 100),
    deadlineMs: fc.constantFrom(100, 150),
    wasHealthy: fc.boolean(),
    wasRestarted: fc.boolean(),
  });

  it('is healthy only on a row of healthy readings at the end, and never before the bake is over', () => {
    fc.assert(
      fc.property(aRow, someLimits, circumstances, (row, limit, at) => {
        if (conclude(row, at, limit) !== 'healthy') return;
        expect(row.endsWith('H'.repeat(limit.consecutiveSuccessLimit))).toBe(true);
        expect(at.nowMs).toBeGreaterThanOrEqual(at.settleFromMs);
      }),
    );
  });

  it('is not made better by one more bad answer', () => {
    const order: readonly (Conclusion | null)[] = ['unhealthy', 'inconclusive', null, 'healthy'];
    fc.assert(
      fc.property(aRow, fc.nat(), someLimits, circumstances, (row, place, limit, at) => {
        const cut = place % (row.length + 1);
        const before = conclude(row, at, limit);
        const after = conclude(`${row.slice(0, cut)}U${row.slice(cut)}`, at, limit);
        // A bad answer ends a row of silences: that may take "no data" back to "not known yet", and no further.
        if (before === 'inconclusive') expect(after).not.toBe('healthy');
        else expect(order.indexOf(after)).toBeLessThanOrEqual(order.indexOf(before));
      }),
    );
  });

  it('is never made healthy by a higher demand', () => {
    fc.assert(
      fc.property(aRow, someLimits, circumstances, (row, limit, at) => {
        const stricter = { ...limit, consecutiveSuccessLimit: limit.consecutiveSuccessLimit + 1 };
        if (conclude(row, at, stricter) === 'healthy') expect(conclude(row, at, limit)).toBe('healthy');
      }),
    );
  });

  it('is healthy only when its health has lasted, and one other answer begins that anew', () => {
    fc.assert(
      fc.property(aRow, fc.nat(60), someLimits, circumstances, (row, lasting, limit, at) => {
        const readings = read(row).map((each, index) => ({ ...each, atMs: index * 10 }));
        const strict = { ...limit, healthyStateDurationMs: lasting };
        if (judge(readings, strict, at)?.conclusion !== 'healthy') return;
        const healthy = /H*$/.exec(row)?.[0].length ?? 0;
        expect((healthy - 1) * 10).toBeGreaterThanOrEqual(lasting);
        const spoilt = readings.map((each, index) =>
          index === readings.length - 1
            ? { ...makeReading({ condition: 'unhealthy' }), atMs: each.atMs }
            : each,
        );
        expect(judge(spoilt, strict, at)?.conclusion).not.toBe('healthy');
      }),
    );
  });

  it('is concluded when the deadline has passed, at most one row of healthy readings later', () => {
    fc.assert(
      fc.property(aRow, someLimits, circumstances, (row, limit, at) => {
        const over = { ...at, nowMs: at.deadlineMs };
        if (conclude(row, over, limit) === null) expect(row.endsWith('H')).toBe(true);
        const complete = row + 'H'.repeat(limit.consecutiveSuccessLimit);
        expect(conclude(complete, over, limit)).not.toBeNull();
      }),
    );
  });

  it('is never healthy, and never the app’s fault, when nothing ever answered', () => {
    const silence = fc.string({ unit: fc.constantFrom('R', 'T', 'C', 'K'), maxLength: 20 });
    fc.assert(
      fc.property(silence, someLimits, circumstances, (row, limit, at) => {
        expect([null, 'inconclusive']).toContain(conclude(row, at, limit));
      }),
    );
  });

  it('keeps the evidence in order and of the kind it judges', () => {
    fc.assert(
      fc.property(aRow, someLimits, circumstances, (row, limit, at) => {
        const conditions = judge(read(row), limit, at)?.readings.map((each): Condition => each.condition);
        if (!conditions) return;
        expect(conditions).toEqual(read(row.slice(-6)).map((each) => each.condition));
      }),
    );
  });
});
