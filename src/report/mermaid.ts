/** A rollout as a Gantt chart, for those who draw Mermaid. */

export interface Bar {
  readonly what: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** `done` is grey, `active` blue, `crit` red. */
  readonly tone: 'done' | 'active' | 'crit';
}

export interface Lane {
  readonly name: string;
  readonly bars: readonly Bar[];
}

/** Where it is drawn. */
export type MermaidPlace = 'github' | 'pipelines';

/** More is no picture, and GitHub refuses 50,000 characters. */
const maxBars = 60;

export function drawGantt(lanes: readonly Lane[], place: MermaidPlace): string {
  const [open, close] = place === 'github' ? ['```mermaid', '```'] : ['::: mermaid', ':::'];
  const lines: string[] = [
    open,
    'gantt',
    '  dateFormat YYYY-MM-DDTHH:mm:ss',
    `  axisFormat ${axisOf(lanes)}`,
  ];
  let left = maxBars;
  for (const { name, bars } of lanes) {
    const shown = bars.slice(0, left);
    left -= shown.length;
    if (shown.length === 0) continue;
    lines.push(`  section ${word(name)}`);
    for (const bar of shown) lines.push(`    ${drawBar(bar)}`);
  }
  return [...lines, close].join('\n');
}

/** Something that took no time is drawn a second long, or nobody would see it. */
function drawBar({ what, fromMs, untilMs, tone }: Bar): string {
  const seconds = Math.max(1, Math.round((untilMs - fromMs) / 1000));
  return `${word(what)} :${tone}, ${instant(fromMs)}, ${seconds}s`;
}

/** Without its zone, so that it is drawn as it is written: in UTC. */
function instant(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

function axisOf(lanes: readonly Lane[]): string {
  const bars = lanes.flatMap((lane) => lane.bars);
  const from = Math.min(...bars.map(({ fromMs }) => fromMs));
  const until = Math.max(...bars.map(({ untilMs }) => untilMs));
  return until - from > 600_000 ? '%H:%M' : '%H:%M:%S';
}

/**
 * Colons, semicolons, hashes and line ends are Mermaid's own; letters of every alphabet are nobody's. All our words
 * begin with a verb or with "wave", so that none can be taken for a keyword.
 */
function word(text: string): string {
  const tame = text.toWellFormed().replace(/[^\p{L}\p{N} ._()-]+/gu, '_');
  return [...tame].slice(0, 60).join('');
}
