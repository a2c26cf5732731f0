import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type LogItem, reportBuildLog } from '../../src/report/build-log.ts';
import { bytesOf, fenced, plain } from '../../src/report/markdown.ts';
import { drawGantt } from '../../src/report/mermaid.ts';
import { maxSummaryBytes, writeSummary } from '../../src/report/summary.ts';
import type { Happening, Outcome, Phase, Recorded } from '../../src/rollout/events.ts';
import { begun, newId, oldId, reading, rolledBack, rolloutId, stream, timeline, verdict } from './events.ts';

const step = (command: string, rollout: string) => [
  '- uses: contoso/slotwave@v0',
  '  with:',
  `    command: ${command}`,
  `    rollout: ${rollout}`,
];
const options = { place: 'github', step } as const;

const recorded = (steps: Parameters<typeof timeline>[0]) =>
  timeline(steps).filter((event): event is Recorded => 'seq' in event);

const journal = rolledBack.filter((event): event is Recorded => 'seq' in event);

/** A fleet of any size in which some fall ill; everything a server says is `said`. */
function fleet(size: number, sick: number, outcome: Outcome, said: string): readonly Recorded[] {
  const names = Array.from({ length: size }, (_, at) => `region-${at}`);
  const ill = names.slice(0, sick);
  const bad = (name: string) => reading(name, 'live', 'unhealthy', said);
  const steps: (readonly [number, Happening])[] = [
    [0, begun(names, [names.slice(0, 1), names.slice(1)])],
    ...names.flatMap((target, at): (readonly [number, Happening])[] => [
      [at, { type: 'stage.begun', target }],
      [at + 9, { type: 'stage.done', target, incumbentId: oldId, address: null, bytes: 1 }],
      [at + 20, { type: 'promote.begun', target, before: { live: oldId, beside: newId } }],
      [at + 40, { type: 'promote.done', target, standing: { live: newId, beside: oldId } }],
    ]),
    ...ill.map((target): readonly [number, Happening] => [
      size + 50,
      { type: 'target.failed', target, why: said, verdict: verdict('unhealthy', said, [bad(target)]) },
    ]),
    ...(sick > 0
      ? [[size + 60, { type: 'rollback.decided', why: said, targets: names, failing: ill }] as const]
      : []),
    [
      size + 99,
      {
        type: 'rollout.ended',
        outcome,
        why: said,
        standings: names.map((target) => ({
          ...{ target, live: newId, beside: oldId, readable: true },
          phase: 'settled' as Phase,
        })),
      },
    ],
  ];
  return recorded(steps);
}

describe('old packages that cannot be deleted', () => {
  const trouble = {
    place: 'store',
    code: 'store-delete-forbidden',
    message: '403.',
    next: 'Ask for it.',
  } as const;
  it.each([
    ['are a warning of the build', [trouble], ['403. Ask for it.']],
    ['bring none where there are none', [], []],
  ] as const)('%s', async (_, troubles, expected) => {
    const events = timeline([
      [0, begun(['weu'], [['weu']])],
      [1, { type: 'tidy.done', removed: [], troubles }],
    ]);
    const items: LogItem[] = [];
    for await (const item of reportBuildLog(stream(events))) items.push(item);
    expect(items.flatMap((item) => (item.type === 'warning' ? [item.text] : []))).toEqual(expected);
  });
});

describe('the summary of a rollout', () => {
  it('says which packages of earlier rollouts were deleted, and what to do about those that could not be', () => {
    const [end, ...others] = fleet(2, 0, 'settled', 'all is well').toReversed();
    const told = (tidied: Happening) =>
      writeSummary([...others.toReversed(), { ...end!, ...tidied } as Recorded, end!], options);
    const removed = [1, 2].map((at) => ({ place: 'store', release: `r${at}`, bytes: 5e6 }) as const);
    expect(told({ type: 'tidy.done', removed, troubles: [] })).toContain(
      'Deleted 2 packages of earlier rollouts (10 MB).',
    );
    const trouble = {
      place: 'store',
      code: 'store-delete-forbidden',
      message: '403.',
      next: 'Ask for it.',
    } as const;
    const page = told({ type: 'tidy.done', removed: [], troubles: [trouble] });
    expect(page).toMatch(/stay there: 403.*Ask for it.*store-delete-forbidden/);
    expect(page).not.toContain('Deleted');
  });

  it('says the outcome, why, what was seen, what was and is, and what to do', () => {
    expect(writeSummary(journal, options)).toMatchSnapshot();
  });

  it.each<readonly [Outcome, string, RegExp]>([
    ['settled', '## ✅ orders settled', /To take it back[\s\S]*command: rollback/],
    ['refused', '## ⛔ orders refused: nothing live was touched', /Nothing has to be put right/],
    ['rolled-back', '## ↩️ orders rolled back', /Nothing has to be put right/],
    ['stranded', '## 🆘 orders stranded', /command: status[\s\S]*command: rollback/],
    ['halted', '## ✋ orders halted', /command: status[\s\S]*command: rollback/],
  ])('%s: says so in its first line, and what is next in its last', (outcome, heading, next) => {
    const page = writeSummary(fleet(2, 0, outcome, 'because'), options);
    expect(page.startsWith(heading)).toBe(true);
    expect(page).toMatch(next);
  });

  it('of one that was interrupted, gives the step that finishes it', () => {
    const cut = [
      ...journal.slice(0, 8),
      ...recorded([[99, { type: 'rollout.interrupted', signal: 'SIGTERM' }]]),
    ];
    const page = writeSummary(cut, options);
    expect(page).toMatch(/^## ⏸️ orders interrupted: it can be resumed\n\nStopped by SIGTERM\./);
    expect(page).toContain(`    command: resume\n    rollout: ${rolloutId}`);
  });

  it('tells a cause once for all whom it befell', () => {
    const cause = (target: string) => ({
      ...({ target, side: 'live', code: 'no-route', certainty: 'certain', door: 'app', host: 'h' } as const),
      ...{ said: 'There is no way.', next: 'Make one.', docs: 'docs/diagnosis/no-route.md' },
    });
    const [first, ...others] = fleet(2, 0, 'halted', 'because');
    const last = { ...others.at(-1)!, causes: [cause('region-0'), cause('region-1')] } as Recorded;
    const page = writeSummary([first!, ...others.slice(0, -1), last], options);
    expect(page.match(/There is no way\. Make one\./g)).toHaveLength(1);
    expect(page).toContain('**region-0, region-1**');
  });

  it('tells what helps where whoever failed knew it, once for all whom it befell', () => {
    const [first, ...others] = fleet(3, 0, 'refused', 'because');
    const failure = (next: string) => ({ kind: 'refusal', code: 'x', message: 'It failed.', next });
    const failed = recorded([
      [1, { type: 'stage.failed', target: 'region-0', failure: failure('Read its log: az rest <x>') }],
      [2, { type: 'stage.failed', target: 'region-1', failure: failure('Read its log: az rest <x>') }],
      [3, { type: 'stage.failed', target: 'region-2', failure: failure('Ask <b>them</b>.') }],
    ]);
    const page = writeSummary([first!, ...failed, ...others.slice(-1)], options);
    expect(page.match(/Read its log/g)).toHaveLength(1);
    expect(page).toMatch(/^- \*\*region-0, region-1\*\*: Read its log/m);
    expect(page).toMatch(/^- \*\*region-2\*\*: Ask /m);
    expect(page).not.toMatch(/<[xb]>/);
  });

  it('is empty for a journal that begins nothing', () => expect(writeSummary([], options)).toBe(''));

  it('of a large fleet, shows trouble and folds the rest, and draws waves instead of targets', () => {
    const page = writeSummary(fleet(200, 3, 'rolled-back', 'HTTP 500'), options);
    const [open = '', folded = ''] = page.split('<details>');
    expect(open.match(/\*\*region-\d+\*\*/g)).toHaveLength(3);
    expect(folded.match(/\*\*region-\d+\*\*/g)).toHaveLength(197);
    expect(page).toContain('stage 200 targets');
    expect(page.match(/^ {4}\S.* :(done|active|crit), /gm)?.length).toBeLessThan(20);
    expect(bytesOf(open)).toBeLessThan(6000);
  });
});

const nasty = fc.string({
  unit: fc.constantFrom(
    ...['|', '`', '<', '>', '&', '*', '_', '[', ']', '(', ')', '#', '!', '\\', '$', '~', '@a', '#1', '%'],
    ...[':', ';', ',', '\n', '\r', '\u2028', '\u001b[2J', '-->', '<!--', '</details>', '```', ':::'],
    ...['https://evil.example', 'www.evil.example', '::error::', '##vso[x]', ' ', 'a', 'é', '界', '\ud800'],
  ),
  maxLength: 60,
});

describe('hostile text in it', () => {
  it.each([
    ['<img src=x onerror=alert(1)>', /<img/],
    ['[click](https://evil.example)', /\]\(|https:\/\/evil/],
    ['https://evil.example and www.evil.example', /https:\/\/evil|www\.evil/],
    ['a | b', /[^\\]\|/],
    ['`code` **bold** ~~gone~~ $x$', /[`*~$]/],
    ['@everybody, see #12', /@e|#12/],
    ['a\n\n# heading', /\n/],
    ['<!-- --><script>', /<script/],
  ])('%j is text only', (text, harm) => expect(plain(text)).not.toMatch(harm));

  it('leaves ordinary sentences as they are', () =>
    expect(plain('HTTP 500 after 40 ms: 3 of 6, {releaseId} - done.')).toBe(
      'HTTP 500 after 40 ms: 3 of 6, {releaseId} - done.',
    ));

  it('cannot leave a fence', () => expect(fenced(['a', '````', 'b']).split('\n')[0]).toBe('`````text'));

  it('never changes the shape of the page: its headings, tables, folds and fences', () => {
    const shapeOf = (page: string) =>
      page
        .split('\n')
        .map((line) => (line.startsWith('|') ? `|${line.split('|').length}` : line.slice(0, 9)))
        .filter((line) => /^(\||#|```|<details|<\/detail)/.test(line))
        .join('\n');
    const calm = shapeOf(writeSummary(fleet(3, 2, 'rolled-back', 'said'), options));
    fc.assert(
      fc.property(nasty, (said) => {
        const page = writeSummary(fleet(3, 2, 'rolled-back', `s${said}`), options);
        expect(shapeOf(page)).toBe(calm);
        expect(page).not.toMatch(/<(?!\/?(details|summary|code)>|!-- -->)/);
        expect(page).not.toMatch(/https?:\/\/|::error|##vso|@a|#1\D/);
      }),
      { numRuns: 150 },
    );
  });

  it('is no word of Mermaid', () => {
    fc.assert(
      fc.property(nasty, fc.constantFrom('github', 'pipelines'), (name, place) => {
        const drawn = drawGantt(
          [
            {
              name: `wave ${name}`,
              bars: [{ what: `stage ${name}`, fromMs: 0, untilMs: 5000, tone: 'done' }],
            },
          ],
          place,
        );
        expect(drawn.split('\n')).toHaveLength(7);
        expect(drawn.split('\n')[5]).toMatch(/^ {4}stage [^:;#,]* :done, 1970-01-01T00:00:00, 5s$/);
      }),
      { numRuns: 100 },
    );
  });
});

describe('its size', () => {
  it('stays within what GitHub takes, from one target to two thousand, however much is said', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        nasty,
        (size, share, said) => {
          const long = `${said} ${'<界&>'.repeat(2000)}`;
          const page = writeSummary(fleet(size, Math.floor(size * share), 'halted', long), options);
          expect(bytesOf(page)).toBeLessThanOrEqual(maxSummaryBytes);
          expect(page).toContain('command: rollback');
        },
      ),
      { numRuns: 8 },
    );
  });

  it('tells how many it leaves out, where it must', () => {
    const page = writeSummary(fleet(2000, 2000, 'halted', '<&>'.repeat(2000)), {
      ...options,
      maxBytes: 200_000,
    });
    expect(bytesOf(page)).toBeLessThanOrEqual(200_000);
    expect(page).toMatch(/And \d+ more targets: the journal has them all\./);
  });
});

describe('the log of a build', () => {
  const read = async (events: Parameters<typeof stream>[0], history: readonly Recorded[] = []) => {
    const items: LogItem[] = [];
    for await (const item of reportBuildLog(stream(events as typeof rolledBack), history)) items.push(item);
    return items;
  };

  it('folds into what is done beside production, each wave, and the way back; the end stands open', async () => {
    const items = await read(rolledBack);
    expect(items.flatMap((item) => (item.type === 'group' ? [item.title] : []))).toEqual([
      'Staging and looking, beside production',
      'Wave canary',
      'Wave half',
      'Taking back',
    ]);
    const ends = items.filter(({ type }) => type === 'end-group').length;
    expect(ends).toBe(4);
    const lastEnd = items.findLastIndex(({ type }) => type === 'end-group');
    const ended = items.findIndex((item) => item.type === 'line' && item.text.includes('Rolled back: '));
    expect(ended).toBeGreaterThan(lastEnd);
  });

  it('moves forward only, and is through at the end', async () => {
    const percents = (await read(rolledBack)).flatMap((item) =>
      item.type === 'progress' ? [item.percent] : [],
    );
    expect(percents).toEqual([...percents].sort((one, other) => one - other));
    expect(percents.length).toBeGreaterThan(3);
    expect(percents.at(-1)).toBe(100);
  });

  it('raises what must not be missed, with what was seen, and not more often than a runner shows', async () => {
    const items = await read(fleet(40, 40, 'halted', 'HTTP 500'));
    const warnings = items.filter((item) => item.type === 'warning');
    expect(warnings).toHaveLength(9);
    expect(warnings[0]).toMatchObject({ title: 'region-0: failed', text: 'HTTP 500' });
  });

  it('of a resumed rollout, counts what was done before', async () => {
    const half = fleet(2, 0, 'settled', 'all run').slice(0, -1);
    const items = await read(recorded([[99, { type: 'rollout.resumed' }]]), half);
    expect(items).toEqual([
      { type: 'group', title: 'Going on' },
      { type: 'progress', percent: 50, what: 'Going on' },
      expect.objectContaining({ type: 'line' }),
      { type: 'end-group' },
    ]);
  });
});
