import { describe, expect, it } from '@jest/globals';
import { widthOf } from '../../src/report/cells.ts';
import { chooseRows, drawFrame } from '../../src/report/table.ts';
import { reportTerminal } from '../../src/report/terminal.ts';
import { emptyView, nextView, type View } from '../../src/report/view.ts';
import type { Shown } from '../../src/rollout/events.ts';
import { begun, collect, newId, reading, rolledBack, stream, timeline } from './events.ts';

function viewAfter(events: readonly Shown[]): View {
  return events.reduce<View>((view, event) => nextView(view, event), emptyView());
}

const plain = (text: string) => text.replace(/\u001b\[[?\d;]*[A-Za-z]/g, '');

describe('a frame of the live table', () => {
  it.each([
    ['while packages are uploaded', 7],
    ['while the candidate is looked at', 13],
    ['while the first wave bakes', 21],
    ['at the end', rolledBack.length],
  ])('at 80 columns, %s', (_, upTo) => {
    const frame = drawFrame(viewAfter(rolledBack.slice(0, upTo)), { columns: 80, rows: 24, colour: false });
    for (const line of frame) expect(widthOf(line)).toBeLessThanOrEqual(80);
    expect(frame.join('\n')).toMatchSnapshot();
  });

  it.each([20, 30, 40, 50, 57, 58, 64, 70, 79, 200])('never is wider than %d columns', (columns) => {
    for (let upTo = 1; upTo <= rolledBack.length; upTo++) {
      const frame = drawFrame(viewAfter(rolledBack.slice(0, upTo)), { columns, rows: 24, colour: false });
      for (const line of frame) expect(widthOf(line)).toBeLessThan(columns);
      expect(frame.join('\n')).toMatch(/phase/);
    }
  });

  it('of a rollout that is taken back days later counts from then', () => {
    const later = new Date(Date.parse(rolledBack[0]!.at) + 72 * 3_600_000);
    const entries = [
      ...rolledBack,
      { type: 'rollout.resumed', at: later.toISOString() },
      {
        type: 'revert.begun',
        target: 'weu',
        at: new Date(later.getTime() + 9000).toISOString(),
        before: { live: newId, beside: null },
      },
      { type: 'tick', at: new Date(later.getTime() + 12_000).toISOString() },
    ] as readonly Shown[];
    const frame = drawFrame(viewAfter(entries), { columns: 80, rows: 24, colour: false });
    expect(frame[0]).toMatch(/ 00:12$/);
    expect(frame.find((line) => / weu /.test(line))).toMatch(/ 00:12 /);
  });

  it('shows the regions when there is room', () => {
    const frame = drawFrame(viewAfter(rolledBack), { columns: 120, rows: 24, colour: false }).join('\n');
    expect(frame).toContain('westeurope');
    expect(frame).toMatchSnapshot();
  });

  it('counts the bake down by ticks alone', () => {
    const baking = viewAfter(rolledBack.slice(0, 21));
    const later = nextView(baking, { type: 'tick', at: new Date(baking.nowMs + 60_000).toISOString() });
    const size = { columns: 80, rows: 24, colour: false };
    expect(drawFrame(baking, size)[1]).toContain('bakes 10:00');
    expect(drawFrame(later, size)[1]).toContain('bakes 09:00');
  });

  it.each([10, 24, 50])('of 200 targets fits %d rows, and keeps what needs eyes', (rows) => {
    const names = Array.from({ length: 200 }, (_, index) => `t${index}`);
    const view = viewAfter(
      timeline([
        [0, begun(names, [names])],
        ...names.slice(0, 150).map((target) => [1, { type: 'stage.begun', target }] as const),
        [9, { type: 'target.failed', target: 't137', why: 'the disk is full', verdict: null }],
      ]),
    );
    const frame = drawFrame(view, { columns: 80, rows, colour: false });
    expect(frame.length).toBeLessThanOrEqual(rows);
    expect(frame.join('\n')).toContain('t137');
    expect(frame.join('\n')).toMatch(/and \d+ more targets: /);
  });

  it('folds the settled rows first and keeps the order of the fleet', () => {
    const view = viewAfter(rolledBack.slice(0, 25));
    const rows = [...view.rows.values()];
    expect(chooseRows(rows, 2).shown.map(({ name }) => name)).toEqual(['neu']);
    expect(chooseRows(rows, 3).folded).toEqual([]);
  });

  it('says nothing in colour when colours are off', () => {
    const view = viewAfter(rolledBack);
    expect(drawFrame(view, { columns: 80, rows: 24, colour: false }).join('')).not.toContain('\u001b');
    expect(drawFrame(view, { columns: 80, rows: 24, colour: true }).join('')).toContain('\u001b[');
  });

  it('keeps its columns straight with wide characters and hostile names', () => {
    const view = viewAfter(timeline([[0, begun(['東京', 'a\u001b[2Jb', 'é'], [['東京', 'a\u001b[2Jb']])]]));
    const frame = drawFrame(view, { columns: 80, rows: 24, colour: false });
    expect(frame.join('')).not.toContain('\u001b');
    const starts = frame.slice(3, 6).map((line) => widthOf(line.slice(0, line.search(/pending|left/))));
    expect(new Set(starts).size).toBe(1);
  });
});

describe('the terminal', () => {
  const size = () => ({ columns: 80, rows: 24 });

  it('draws in place: what a terminal shows at the end is the kept lines, the last frame and the standings', async () => {
    const chunks = await collect(reportTerminal(stream(rolledBack), { size, colour: false }));
    expect(playScreen(chunks.join('')).join('\n')).toMatchSnapshot();
  });

  it('hides the cursor while it draws and gives it back', async () => {
    const chunks = await collect(reportTerminal(stream(rolledBack), { size, colour: true }));
    expect(chunks[0]).toBe('\u001b[?25l');
    expect(chunks.at(-1)).toBe('\u001b[?25h');
  });

  it('keeps the warning that old packages stay, and nothing of those that are gone', async () => {
    const gone = [{ place: 'store', release: 'r-1', bytes: 10 }] as const;
    const stay = [{ place: 'disk', code: 'x', message: 'The disk is read-only.' }] as const;
    const told = async (removed: typeof gone | [], troubles: typeof stay | []) => {
      const events = timeline([
        [0, begun(['weu'], [['weu']])],
        [1, { type: 'tidy.done', removed, troubles }],
      ]);
      return (await collect(reportTerminal(stream(events), { size, colour: false }))).join('');
    };
    expect(await told([], stay)).toContain('The disk is read-only.');
    expect(await told(gone, [])).not.toContain('Deleted');
  });

  it('writes nothing when nothing changed', async () => {
    const tick = { type: 'tick', at: '2026-11-20T13:58:12.000Z' } as const;
    const chunks = await collect(
      reportTerminal(stream([rolledBack[0]!, tick, tick, tick]), { size, colour: false }),
    );
    expect(chunks).toHaveLength(3);
  });

  it('draws at ticks and for what must not be missed, not at each of a thousand events', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `t${index}`);
    const events = timeline([
      [0, begun(names, [names])],
      ...names.map((target) => [1, { type: 'stage.begun', target }] as const),
      [2, { type: 'target.failed', target: 't137', why: 'the disk is full', verdict: null }],
      ...names.map((target) => [3, { type: 'stage.begun', target }] as const),
    ]);
    const tick = { type: 'tick', at: '2026-11-20T13:58:12.000Z' } as const;
    let frames = 0;
    const counted = () => {
      frames++;
      return size();
    };
    const chunks = await collect(reportTerminal(stream([...events, tick]), { size: counted, colour: false }));
    expect(chunks.join('')).toContain('the disk is full');
    // The first, the failure's, the tick's, and the last.
    expect(frames).toBe(4);
  });

  it('is not moved by a server', async () => {
    const said = '\u001b[10A\u001b[2J##vso[x]';
    const events = timeline([
      [0, begun(['weu'], [['weu']])],
      [1, { type: 'reading.taken', during: 'clear', reading: reading('weu', 'beside', 'unhealthy', said) }],
      [2, { type: 'halt.decided', why: said }],
    ]);
    const text = (await collect(reportTerminal(stream(events), { size, colour: false }))).join('');
    expect(text).not.toContain('[2J');
    expect(text).not.toContain('[10A');
    expect(plain(text)).not.toContain('##');
  });

  it('marks the new release where it is live', async () => {
    const text = (
      await collect(reportTerminal(stream(rolledBack.slice(0, 21)), { size, colour: true }))
    ).join('');
    expect(newId.endsWith('0123456789ab')).toBe(true);
    expect(text).toContain('\u001b[32mk3f9.0123456');
  });
});

/** What a person would see: a terminal that knows the few sequences which the table uses, and refuses others. */
function playScreen(output: string): readonly string[] {
  const lines: string[] = [''];
  let at = 0;
  for (const part of output.match(/\u001b\[[?\d]*[A-Za-z]|\r|\n|[^\u001b\r\n]+/g) ?? []) {
    const up = /^\u001b\[(\d+)A$/.exec(part);
    if (up) at = Math.max(0, at - Number(up[1]));
    else if (part === '\n') lines[++at] ??= '';
    else if (part === '\u001b[J') lines.length = at + 1;
    else if (/^\r$|^\u001b\[K$|^\u001b\[\?(25|2026)[hl]$/.test(part)) continue;
    else if (part.startsWith('\u001b')) throw new Error(`unknown sequence ${JSON.stringify(part)}`);
    else lines[at] = part;
    if (part === '\u001b[J') lines[at] = '';
  }
  return lines;
}
