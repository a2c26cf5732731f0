/**
 * `npm run bench [-- --row NAME]`: one table of what this costs, beside what others cost. Every file in
 * scripts/bench is a row. It never fails a build: machines differ, and a number beyond its limit is marked.
 */
import { readdir } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BenchLine, BenchRow } from './bench-kit/row.ts';

const folder = join(import.meta.dirname, 'bench');
const { values } = parseArgs({ options: { row: { type: 'string' } } });
const rows = await readRows();
const chosen = rows.filter(({ name }) => values.row === undefined || name === values.row);
if (chosen.length === 0)
  console.log(`There is no row "${values.row}". Rows: ${rows.map(({ name }) => name).join(', ')}`);
else await tell(chosen);

async function readRows(): Promise<readonly BenchRow[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  const modules = await Promise.all(
    files.map((name) => import(join(folder, name)) as Promise<{ readonly row: BenchRow }>),
  );
  return modules.map(({ row }) => row);
}

async function tell(measured: readonly BenchRow[]): Promise<void> {
  console.log(describeMachine());
  const cells = [['row', '', 'ours', 'peer', 'limit', 'ratio', '']];
  const notes: string[] = [];
  for (const row of measured) {
    notes.push(`${row.name}: ${row.about}.`);
    try {
      cells.push(...(await row.measure()).map((line) => describeLine(row.name, line)));
    } catch (error) {
      cells.push([row.name, 'could not be measured', '', '', '', '', '']);
      notes.push(
        `${row.name} could not be measured: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
      );
    }
  }
  console.log(`\n${layOut(cells)}\n\n${notes.join('\n')}`);
  console.log('ratio: ours to the peer where there is one, else ours to the limit.');
}

function describeMachine(): string {
  const [first, ...others] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()[0]?.toFixed(1) ?? '?';
  return `${first?.model ?? 'unknown CPU'} × ${others.length + 1}, ${gigabytes} GiB, ${process.platform} ${process.arch}, Node ${process.version}, load ${load}`;
}

function describeLine(name: string, { what, unit, ours, peer, limit }: BenchLine): string[] {
  const base = peer ?? limit;
  const ratio = base === null || base === 0 ? '' : write(ours / base);
  const verdict = limit !== null && ours > limit ? 'OVER ITS LIMIT' : '';
  return [name, `${what}, ${unit}`, write(ours), write(peer), write(limit), ratio, verdict];
}

function write(value: number | null): string {
  if (value === null) return '–';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function layOut(cells: readonly (readonly string[])[]): string {
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const pad = (text: string, column: number) =>
    column < 2 || column > 5 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}
