import { describe, expect, it } from '@jest/globals';
import { reportJson } from '../../src/report/json.ts';
import { reportLines } from '../../src/report/lines.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import { begun, collect, reading, rolledBack, rolloutId, stream, timeline, verdict } from './events.ts';

describe('a rollout told in lines', () => {
  it('is one plain sentence an event, with the elapsed time, and ends with what every target runs', async () => {
    expect((await collect(reportLines(stream(rolledBack)))).join('\n')).toMatchSnapshot();
  });

  it('does not repeat a look that says what the last one said', async () => {
    const lines = await collect(reportLines(stream(rolledBack)));
    expect(lines.filter((line) => line.includes('is starting'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('uploaded'))).toHaveLength(1);
  });

  it('counts from where it is taken up again, were it days later, and does not tell the past again', async () => {
    const past = rolledBack.filter((event): event is Recorded => 'seq' in event).slice(0, 4);
    const days = 72 * 60 * 60;
    const resumed = timeline([
      [days, { type: 'rollout.resumed' }],
      [days + 65, { type: 'rollout.ended', outcome: 'rolled-back', why: 'weu failed', standings: [] }],
    ]);
    expect((await collect(reportLines(stream(resumed), past))).slice(0, 2)).toEqual([
      `[+00:00] Rollout ${rolloutId} goes on from where its journal ends.`,
      '[+01:05] Rolled back: the releases from before are live again. weu failed. It took 01:05.',
    ]);
  });

  it.each(['halted', 'stranded'] as const)('%s, says what to type next', async (outcome) => {
    const ended = timeline([
      [0, begun(['weu'], [['weu']])],
      [1, { type: 'rollout.ended', outcome, why: 'somebody else was here', standings: [] }],
    ]);
    const advice = `Look: slotwave status ${rolloutId} · take back what can be: slotwave rollback ${rolloutId}`;
    const line = (await collect(reportLines(stream(ended))))[1];
    expect(line).toContain('. Somebody else was here. It took 00:01. ');
    expect(line?.endsWith(advice)).toBe(true);
    expect((await collect(reportLines(stream(ended), [], true))).join('\n')).not.toContain('slotwave ');
  });

  it('says at the end why, what to do and where that is explained: once for all that have the same cause', async () => {
    const cause = (target: string, code: string, certainty: 'certain' | 'likely' = 'certain') => ({
      ...({ target, side: 'beside', code, certainty, door: 'app', host: `${target}.example` } as const),
      ...{
        said: `${target} is behind \u001b[31ma wall.`,
        next: 'Tear it down.',
        docs: `docs/diagnosis/${code}.md`,
      },
    });
    const causes = [cause('weu', 'no-route'), cause('neu', 'no-route'), cause('eus', 'too-slow', 'likely')];
    const ended = timeline([
      [0, begun(['weu', 'neu', 'eus'], [['weu', 'neu', 'eus']])],
      [1, { type: 'look.diagnosed', during: 'clear', ...causes[0]! }],
      [2, { type: 'rollout.ended', outcome: 'refused', why: 'nobody answers', standings: [], causes }],
    ]);
    const told =
      'why the staging slot is not well: weu is behind a wall. What to do: Tear it down. (docs/diagnosis/no-route.md)';
    const lines = await collect(reportLines(stream(ended)));
    expect(lines[1]).toMatch(/^\[\+00:01\] weu \(.*\): why/);
    expect(lines[1]?.endsWith(told)).toBe(true);
    expect(lines.slice(-2)).toEqual([
      `    weu: ${told} The same at neu.`,
      expect.stringMatching(/^ {4}eus: probably why .* a wall\. What to do: .*too-slow\.md\)$/),
    ]);
  });

  it('interrupted, says how to go on; a rehearsal has nothing to go on with', async () => {
    const stopped = timeline([
      [0, begun(['weu'], [['weu']])],
      [1, { type: 'rollout.interrupted', signal: 'SIGINT' }],
    ]);
    expect((await collect(reportLines(stream(stopped))))[1]).toMatch(
      /Go on with: slotwave resume 20261120-135812-k3f9$/,
    );
    expect((await collect(reportLines(stream(stopped), [], true)))[1]).toMatch(
      /A rehearsal cannot be resumed; start again: slotwave rehearse$/,
    );
  });

  it('says of a wave that nobody watched that it is done, not that it stayed well', async () => {
    const waves = (bakeTimeMs: number) => {
      const first = begun(['weu'], [['weu']]);
      if (first.type !== 'rollout.begun') throw new Error('no beginning');
      const { plan } = first;
      return timeline([
        [0, { ...first, plan: { ...plan, waves: plan.waves.map((wave) => ({ ...wave, bakeTimeMs })) } }],
        [1, { type: 'wave.baked', wave: 'canary' }],
      ]);
    };
    expect((await collect(reportLines(stream(waves(0)))))[1]).toBe('[+00:01] Wave canary is done.');
    expect((await collect(reportLines(stream(waves(1)))))[1]).toBe('[+00:01] Wave canary stayed well.');
  });

  it('begins each reason as a sentence, unless it begins with the name of a target', async () => {
    const decided = (why: string, targets: readonly string[]) =>
      timeline([
        [0, begun(['weu'], [['weu']])],
        [1, { type: 'rollback.decided', why, targets, failing: [] }],
      ]);
    const tell = async (why: string, targets: readonly string[]) =>
      (await collect(reportLines(stream(decided(why, targets)))))[1];
    expect(await tell('asked for', ['weu'])).toBe('[+00:01] Rolling back weu. Asked for.');
    expect(await tell('weu: is sick', ['weu'])).toBe('[+00:01] Rolling back weu. weu: is sick.');
    expect(await tell('asked for', [])).toBe('[+00:01] There is nothing left to take back. Asked for.');
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
    [
      4,
      {
        type: 'tidy.done',
        removed: [],
        troubles: [{ place: 'store', code: 'x', message: hostile, next: hostile }],
      },
    ],
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
