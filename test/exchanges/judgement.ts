/** A recording of exchanges with ARM, judged shape by shape by the OpenAPI of Microsoft.Web. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordingLine } from '../../src/emulator/record/file.ts';
import type { RecordedExchange } from '../../src/emulator/record/recorder.ts';
import { exceptions, judge, unknowns, type Verdict } from '../emulator/oracle.ts';

export interface Judgement {
  /** How many exchanges about Microsoft.Web there were; those of processes that were killed are not in it. */
  readonly exchanges: number;
  /** Exchanges about other providers, of which this OpenAPI knows nothing. */
  readonly others: number;
  readonly shapes: number;
  readonly counts: Readonly<Record<Verdict['kind'], number>>;
  /** What does not agree: where it was seen, what it was, what the OpenAPI says. */
  readonly violations: readonly string[];
  /** Exceptions that nothing needed. */
  readonly idle: readonly string[];
}

export async function judgeRecording(folder: string): Promise<Judgement> {
  const lines = await readLines(folder);
  const counts = { valid: 0, invalid: 0, excepted: 0, unknown: 0, 'asked-wrongly': 0 };
  const violations: string[] = [];
  const used = new Set<string>();
  const shapes = gatherShapes(lines);
  for (const { where, exchange } of shapes) {
    const verdict = await judge(asJudged(exchange));
    if (!verdict) continue;
    counts[verdict.kind]++;
    if (verdict.excuse !== null) used.add(verdict.excuse);
    // Who asks wrongly and is refused for it has found nothing but the truth.
    const isWrong = verdict.kind === 'asked-wrongly' && exchange.status < 400;
    if (verdict.kind === 'invalid' || isWrong) violations.push(tell(where, exchange, verdict));
  }
  const known = [...exceptions, ...unknowns].map(({ why }) => why);
  return {
    exchanges: sum(lines, 'taken'),
    others: sum(lines, 'passedOver'),
    shapes: shapes.length,
    counts,
    violations,
    idle: known.filter((why) => !used.has(why)),
  };
}

async function readLines(folder: string): Promise<readonly RecordingLine[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ndjson')).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  // The last line of a process that was killed may be half a line; no other may.
  return texts.flatMap((text) =>
    text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RecordingLine),
  );
}

interface Seen {
  readonly where: string;
  readonly exchange: RecordedExchange;
}

/** Each shape once, whichever process saw it. */
function gatherShapes(lines: readonly RecordingLine[]): readonly Seen[] {
  const shapes = new Map<string, Seen>();
  for (const line of lines) {
    if (!('exchange' in line)) continue;
    const shape = JSON.stringify(line.exchange);
    if (!shapes.has(shape)) shapes.set(shape, line);
  }
  return [...shapes.values()];
}

function asJudged({ method, path, asked, status, headers, answered }: RecordedExchange) {
  return {
    ...{ method, status, headers, requestHeaders: {}, requestBody: asked },
    url: `https://localhost${path}`,
    body: answered ?? '',
  };
}

function tell(
  where: string,
  { method, path, status }: RecordedExchange,
  { kind, problems }: Verdict,
): string {
  const what = kind === 'invalid' ? 'is not answered so' : 'is not asked so';
  return [
    `${method} ${path} → ${status} ${what}; seen in ${where}`,
    ...problems.map((one) => `    ${one}`),
  ].join('\n');
}

function sum(lines: readonly RecordingLine[], name: 'taken' | 'passedOver'): number {
  return lines.reduce((total, line) => total + ('taken' in line ? line[name] : 0), 0);
}
