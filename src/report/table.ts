/** One frame of the live table, as lines of plain or coloured text. Pure: the same view draws the same frame. */
import type { Phase } from '../rollout/events.ts';
import { bar, fitTo, type Tint, tint, widthOf } from './cells.ts';
import { neutralise } from './neutralise.ts';
import type { Row, View, WaveView } from './view.ts';
import { count, writeBytes, writeElapsed, writeRelease, writeShortRelease } from './words.ts';

export interface FrameSize {
  readonly columns: number;
  /** Lines that the frame may take. */
  readonly rows: number;
  readonly colour: boolean;
}

export function drawFrame(view: View, size: FrameSize): readonly string[] {
  // One column stays free: a line that fills its row makes some terminals erase its last character.
  const columns = Math.max(leastColumns, Math.min(200, size.columns - 1));
  const head = [drawTitle(view, columns, size.colour), ...drawWaves(view, columns, size.colour)];
  const foot = drawFoot(view, columns, size.colour);
  const room = Math.max(3, size.rows - head.length - foot.length - 1);
  const { shown, folded } = chooseRows([...view.rows.values()], room);
  const widths = columnWidths(shown, columns, view.nowMs);
  const table = shown.map((row) => drawRow(row, view, widths, size.colour));
  const rest =
    folded.length > 0 ? [tint(fitTo(tellFolded(folded), columns).trimEnd(), 'dim', size.colour)] : [];
  const frame = [...head, drawHeading(widths, size.colour), ...table, ...rest, ...foot];
  return frame.map((line) => line.trimEnd()).slice(0, Math.max(1, size.rows));
}

function drawTitle(view: View, columns: number, colour: boolean): string {
  if (view.begunMs === null) return fitTo('Preparing…', columns);
  const id = writeRelease(view.release?.id ?? null);
  const text = `${neutralise(view.app)}  release ${id}  ${writeElapsed(view.nowMs - view.begunMs)}`;
  return tint(fitTo(text, columns).trimEnd(), 'bold', colour);
}

/** All waves on one line: `✓ canary  ◐ half bakes 01:12  · rest`. */
function drawWaves(view: View, columns: number, colour: boolean): readonly string[] {
  if (view.waves.length === 0) return [];
  const told = view.waves.map((wave) => tellWave(wave, view.nowMs)).join('   ');
  return [tint(fitTo(told, columns).trimEnd(), 'cyan', colour)];
}

function tellWave({ name, targets, stage, bakeUntilMs }: WaveView, nowMs: number): string {
  const label = `${neutralise(name, 24)} (${targets.length})`;
  switch (stage) {
    case 'waiting':
      return `· ${label}`;
    case 'open':
      return `▶ ${label}`;
    case 'baking':
      return `◐ ${label} bakes ${writeElapsed((bakeUntilMs ?? nowMs) - nowMs)}`;
    case 'baked':
      return `✓ ${label}`;
    default:
      return stage satisfies never;
  }
}

function drawFoot(view: View, columns: number, colour: boolean): readonly string[] {
  if (view.end) {
    const good = view.end.outcome === 'settled';
    return [
      tint(
        fitTo(`${view.end.outcome}: ${neutralise(view.end.why)}`, columns).trimEnd(),
        good ? 'green' : 'red',
        colour,
      ),
    ];
  }
  if (!view.turn) return [];
  const told = view.turn.to === 'rollback' ? 'rolling back' : 'halting';
  return [tint(fitTo(`${told}: ${neutralise(view.turn.why)}`, columns).trimEnd(), 'red', colour)];
}

/** What needs eyes comes first when there is not room for all; order in the table stays the fleet's. */
export function chooseRows(
  rows: readonly Row[],
  room: number,
): { shown: readonly Row[]; folded: readonly Row[] } {
  if (rows.length <= room) return { shown: rows, folded: [] };
  const kept = new Set(
    rows
      .map((row, index) => ({ row, index, rank: rankOf(row) }))
      .sort((a, b) => a.rank - b.rank || a.index - b.index)
      .slice(0, Math.max(0, room - 1))
      .map(({ row }) => row),
  );
  return { shown: rows.filter((row) => kept.has(row)), folded: rows.filter((row) => !kept.has(row)) };
}

const ranks: Readonly<Record<Phase, number>> = {
  stranded: 1,
  refused: 1,
  reverting: 2,
  promoting: 2,
  promoted: 3,
  staging: 3,
  observed: 4,
  reverted: 5,
  cleared: 6,
  staged: 6,
  baked: 7,
  pending: 8,
  settled: 9,
  left: 9,
};

function rankOf(row: Row): number {
  return row.trouble ? 0 : ranks[row.phase];
}

function tellFolded(rows: readonly Row[]): string {
  const amounts = new Map<Phase, number>();
  for (const { phase } of rows) amounts.set(phase, (amounts.get(phase) ?? 0) + 1);
  const told = [...amounts].map(([phase, amount]) => `${amount} ${phase}`).join(', ');
  return `  … and ${count(rows.length, 'more target')}: ${told}`;
}

/** 0: no room for this column. */
interface Widths {
  readonly name: number;
  readonly region: number;
  readonly live: number;
  readonly beside: number;
  readonly elapsed: number;
  readonly reading: number;
}

const phaseWidth = 9;
/** Narrower than this a reading says nothing. */
const leastReading = 8;
/** With this much a reading says enough, and the region may have what is left. */
const goodReading = 18;
const gap = '  ';
/** A mark, the beginning of a name, a phase. */
const leastColumns = 2 + 3 + gap.length + phaseWidth;

/** A column that does not fit is left out: a line that wraps would take the whole table apart. */
function columnWidths(rows: readonly Row[], columns: number, nowMs: number): Widths {
  const widest = (tell: (row: Row) => string, least: number, most: number) =>
    Math.min(most, Math.max(least, ...rows.map((row) => widthOf(tell(row)))));
  const named = widest((row) => neutralise(row.name), 6, columns >= 110 ? 28 : 14);
  const name = Math.min(named, columns - 2 - gap.length - phaseWidth);
  let left = columns - 2 - name - gap.length - phaseWidth;
  const take = (width: number, spare = 0) => {
    if (left < gap.length + width + spare) return 0;
    left -= gap.length + width;
    return width;
  };
  const live = take(widest((row) => writeShortRelease(row.live), 8, 14));
  const beside = take(widest((row) => writeShortRelease(row.beside), 8, 14));
  const elapsed = take(widest((row) => tellElapsed(row, nowMs), 7, 9));
  const region = take(
    widest((row) => neutralise(row.region), 6, 20),
    gap.length + goodReading,
  );
  const reading = take(Math.max(leastReading, left - gap.length));
  return { name, region, live, beside, elapsed, reading };
}

/** Columns of no width are not there. */
function joinCells(mark: string, cells: readonly (readonly [number, string])[]): string {
  const shown = cells.filter(([width]) => width > 0);
  return `${mark} ${shown.map(([, text]) => text).join(gap)}`;
}

function drawHeading(widths: Widths, colour: boolean): string {
  const cell = (text: string, width: number) => [width, fitTo(text, width)] as const;
  const cells = [
    cell('target', widths.name),
    cell('region', widths.region),
    cell('phase', phaseWidth),
    cell('live', widths.live),
    cell('beside', widths.beside),
    cell('elapsed', widths.elapsed),
    cell('last reading', widths.reading),
  ];
  return tint(joinCells(' ', cells).trimEnd(), 'dim', colour);
}

function drawRow(row: Row, view: View, widths: Widths, colour: boolean): string {
  const isNew = row.live !== undefined && row.live !== null && row.live === view.release?.id;
  const { mark, shade } = markOf(row);
  const cell = (text: string, width: number, shadeOf: Tint = 'none') =>
    [width, tint(fitTo(neutralise(text), width), shadeOf, colour)] as const;
  const cells = [
    cell(row.name, widths.name),
    cell(row.region, widths.region, 'dim'),
    cell(row.phase, phaseWidth, shade),
    cell(writeShortRelease(row.live), widths.live, isNew ? 'green' : 'none'),
    cell(writeShortRelease(row.beside), widths.beside, 'dim'),
    cell(tellElapsed(row, view.nowMs).padStart(widths.elapsed), widths.elapsed),
    [widths.reading, drawNews(row, widths.reading, colour)] as const,
  ];
  return joinCells(tint(mark, shade, colour), cells);
}

function tellElapsed({ sinceMs, untilMs }: Row, nowMs: number): string {
  return sinceMs === null ? '' : writeElapsed((untilMs ?? nowMs) - sinceMs);
}

function markOf(row: Row): { readonly mark: string; readonly shade: Tint } {
  if (row.trouble || row.phase === 'stranded' || row.phase === 'refused') return { mark: '✗', shade: 'red' };
  if (row.phase === 'settled' || row.phase === 'baked') return { mark: '✓', shade: 'green' };
  if (row.phase === 'reverting' || row.phase === 'reverted') return { mark: '↩', shade: 'yellow' };
  if (row.phase === 'pending' || row.phase === 'left') return { mark: '·', shade: 'dim' };
  return { mark: '▸', shade: 'cyan' };
}

/** The newest of: an upload's bar, what is waited for, what went wrong, the last reading. */
function drawNews(row: Row, width: number, colour: boolean): string {
  if (row.upload && row.upload.sentBytes >= row.upload.totalBytes) {
    return fitTo(`uploaded ${writeBytes(row.upload.totalBytes)}, deploying`, width).trimEnd();
  }
  if (row.upload) return drawUpload(row.upload, width);
  if (row.waitingFor) return tint(fitTo(neutralise(row.waitingFor), width).trimEnd(), 'yellow', colour);
  if (row.trouble) return tint(fitTo(neutralise(row.trouble), width).trimEnd(), 'red', colour);
  if (!row.reading) return '';
  const { condition, side, findings } = row.reading;
  const notable = findings.find((finding) => finding.condition !== 'healthy');
  const told = `${condition} ${side}${notable ? `: ${notable.check}: ${notable.said}` : ''}`;
  const shade: Tint = condition === 'healthy' ? 'green' : condition === 'unhealthy' ? 'red' : 'yellow';
  return tint(fitTo(neutralise(told), width).trimEnd(), shade, colour);
}

function drawUpload({ sentBytes, totalBytes }: NonNullable<Row['upload']>, width: number): string {
  const share = totalBytes > 0 ? sentBytes / totalBytes : 1;
  const label = ` ${String(Math.floor(Math.min(1, share) * 100)).padStart(3)} % ${writeBytes(totalBytes)}`;
  const barWidth = Math.min(24, width - widthOf(label));
  return barWidth >= 4 ? fitTo(bar(share, barWidth) + label, width) : fitTo(label.trim(), width);
}
