/** The live table: redrawn in place, with what must not be missed kept above it as plain lines. */
import type { Happening, Recorded, Shown } from '../rollout/events.ts';
import { tint, widthOf } from './cells.ts';
import { isRecorded } from './json.ts';
import { tellCauses, tellStandings } from './lines.ts';
import { neutralise } from './neutralise.ts';
import { sentence } from './sentence.ts';
import { drawFrame } from './table.ts';
import { emptyView, nextView, type Tick, type View } from './view.ts';
import { writeElapsed } from './words.ts';

export interface TerminalOptions {
  /** Asked before each frame, because windows are resized. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly colour: boolean;
  readonly history?: readonly Recorded[];
  readonly rehearsal?: boolean;
}

/** Told above the table, because a table forgets. */
const keptTypes: ReadonlySet<Happening['type']> = new Set([
  'stage.failed',
  'look.diagnosed',
  'target.refused',
  'promote.failed',
  'target.failed',
  'target.drifted',
  'doubt.raised',
  'doubt.settled',
  'rollback.decided',
  'revert.failed',
  'target.stranded',
  'halt.decided',
  'rollout.interrupted',
  'rollout.resumed',
  'rollout.ended',
]);

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
/** Synchronised output: a terminal that knows it shows whole frames only, others ignore it. */
const beginFrame = '\u001b[?2026h';
const endFrame = '\u001b[?2026l';
const clearToLineEnd = '\u001b[K';
const clearBelow = '\u001b[J';

/**
 * Yields chunks for a terminal, each one whole frame. Frames are drawn at ticks, where something must not be missed,
 * and at the end, not at each event: a fleet brings hundreds of them at once. The last frame stays, followed by what
 * every target runs. The cursor comes back however the stream ends.
 */
export async function* reportTerminal(
  events: AsyncIterable<Shown | Tick>,
  { size, colour, history = [], rehearsal = false }: TerminalOptions,
): AsyncGenerator<string> {
  let view = history.reduce<View>((known, event) => nextView(known, event), emptyView(rehearsal));
  let drawn: readonly string[] = [];
  const redraw = (kept: readonly string[]): string | null => {
    const { columns, rows } = size();
    const before = drawn;
    drawn = drawFrame(view, { columns, rows: rows - 1, colour });
    return kept.length > 0 || !isSame(drawn, before) ? replaceFrame(before, drawn, kept, columns) : null;
  };
  yield hideCursor;
  try {
    for await (const event of events) {
      const kept = keep(event, view, colour);
      view = nextView(view, event);
      const isFirst = drawn.length === 0;
      const chunk = isFirst || kept.length > 0 || event.type === 'tick' ? redraw(kept) : null;
      if (chunk !== null) yield chunk;
    }
    const last = redraw([]);
    if (last !== null) yield last;
    if (view.end)
      yield `${[...tellStandings(view), ...tellCauses(view)].map((line) => neutralise(line)).join('\n')}\n`;
  } finally {
    yield showCursor;
  }
}

function keep(event: Shown | Tick, view: View, colour: boolean): readonly string[] {
  if (event.type === 'tick' || !isRecorded(event) || !isKept(event)) return [];
  const atMs = Date.parse(event.at);
  const begunMs = event.type === 'rollout.resumed' ? atMs : (view.begunMs ?? atMs);
  const line = `[+${writeElapsed(atMs - begunMs)}] ${sentence(event, view)}`;
  return [tint(neutralise(line), 'bold', colour)];
}

/** What was tidied is no news; what could not be is a warning. */
function isKept(event: Recorded): boolean {
  return keptTypes.has(event.type) || (event.type === 'tidy.done' && event.troubles.length > 0);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((line, index) => line === other[index]);
}

/** Overwrites line by line instead of clearing first: nothing is ever blank for a moment. */
function replaceFrame(
  before: readonly string[],
  frame: readonly string[],
  kept: readonly string[],
  columns: number,
): string {
  const up = wrappedHeight(before, columns);
  const back = up > 0 ? `\r\u001b[${up}A` : '\r';
  const lines = [...kept, ...frame].map((line) => `${line}${clearToLineEnd}\n`).join('');
  return `${beginFrame}${back}${lines}${clearBelow}${endFrame}`;
}

/** A window made narrower since the last frame has wrapped its lines; then there are more to go up. */
function wrappedHeight(lines: readonly string[], columns: number): number {
  return lines.reduce(
    (height, line) => height + Math.max(1, Math.ceil(visibleWidth(line) / Math.max(1, columns))),
    0,
  );
}

function visibleWidth(line: string): number {
  return widthOf(line.replace(/\u001b\[\d+m/g, ''));
}
