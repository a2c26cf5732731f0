import { describe, expect, it } from '@jest/globals';
import { reportJson } from '../../src/report/json.ts';
import { reportLines } from '../../src/report/lines.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import { begun, collect, reading, rolledBack, stream, timeline, verdict } from './events.ts';

describe('a rollout told in lines', () => {
  it('is one plain sentence an event, with the elapsed time, and ends with what every target runs', async () => {
    expect((await collect(reportLines(stream(rolledBack)))).join('\n')).toMatchSnapshot();
  });

  it('does not repeat a look that says what the last one said', async () => {
    const lines = await collect(reportLines(stream(rolledBack)));
    expect(lines.filter((line) => line.includes('is starting'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('uploaded'))).toHaveLength(1);
  });

  it('counts from the beginning of the rollout when it is resumed, and does not tell the past again', async () => {
    const past = rolledBack.filter((event): event is Recorded => 'seq' in event).slice(0, 4);
    const resumed = timeline([[0, { type: 'rollout.resumed' }]]).map((event) => ({
      ...event,
      at: '2026-11-20T15:58:12.000Z',
    }));
    expect(await collect(reportLines(stream(resumed), past))).toEqual([
      '[+2:00:00] Rollout 20261120-135812-k3f9 goes on from where its journal ends.',
    ]);
  });
});

describe('text from a server', () => {
  const hostile = [
    '##vso[task.setvariable variable=x]y',
    '\n::set-output name=a::b',
    '\r\n::add-mask::everything',
    '\u001b[2J\u001b]0;title\u0007\u009b31m',
    '##[error]forged\u2028::error::forged\u202e',
  ].join('');
  const events = timeline([
    [0, begun(['weu'], [['weu']])],
    [1, { type: 'reading.taken', during: 'clear', reading: reading('weu', 'beside', 'unhealthy', hostile) }],
    [2, { type: 'target.refused', target: 'weu', verdict: verdict('unhealthy', hostile) }],
    [
      3,
      {
        type: 'stage.failed',
        target: 'weu',
        failure: { kind: 'refusal', code: 'x', message: hostile, next: hostile },
      },
    ],
    [4, { type: 'halt.decided', why: hostile }],
    [5, { type: 'operation.waited', target: 'weu', what: hostile }],
  ]);

  it.each([
    ['lines', () => collect(reportLines(stream(events)))],
    ['--json', () => collect(reportJson(stream(events)))],
  ])('is harmless in %s', async (_, report) => {
    for (const line of await report()) {
      expect(line).not.toMatch(/##|::/);
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
    }
  });

  it('is whole in --json for whoever parses it', async () => {
    const parsed: unknown[] = (await collect(reportJson(stream(events)))).map(
      (line) => JSON.parse(line) as unknown,
    );
    expect(parsed).toEqual(events.filter((event) => 'seq' in event));
  });
});
