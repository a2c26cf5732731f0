import { describe, expect, it } from '@jest/globals';
import { findUnseenDelays } from '../../src/entry/slow-faults.ts';

const sick = (delay: string) => `- then: { app: { sick: { delay: ${delay} } } }`;

describe('the slowness of an app in a rehearsal', () => {
  it.each([
    ['seen in Azure and not here', sick('30s'), 60, '30 s.*500 ms at --time-scale 60.*--time-scale 5$'],
    ['seen in Azure and not here, in milliseconds', sick('30000'), 60, '--time-scale 5$'],
    ['just not seen here', sick('30s'), 6.1, '--time-scale 5$'],
    ['seen in both', sick('30s'), 5, null],
    ['seen in neither', sick('4s'), 60, null],
    ['at the pace of the wall', sick('30s'), 1, null],
    ['barely longer than the time-out', sick('6s'), 60, '--time-scale 1$'],
    ['of ARM, which no probe asks', '- then: { delay: 30s }', 60, null],
    ['in a file that is none', '{[', 60, null],
    ['in an empty file', '', 60, null],
    ['in words that are no duration', sick('long'), 60, null],
  ] as const)('%s', (_, text, timeScale, expected) => {
    const told = findUnseenDelays({ text, timeScale, probeTimeoutMs: 5000 });
    expect(told).toEqual(expected === null ? [] : [expect.stringMatching(new RegExp(expected))]);
  });

  it('is told once, however many faults have it', () => {
    const text = [sick('30s'), sick('30s'), sick('60s')].join('\n');
    expect(findUnseenDelays({ text, timeScale: 60, probeTimeoutMs: 5000 })).toHaveLength(2);
  });
});
