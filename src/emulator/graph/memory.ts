/** What Resource Graph knows: the world as it was a while ago, and how often it was asked (azure-platform.md §1.5). */
import type { Clock } from '../../clock.ts';
import type { Row } from './syntax.ts';

export interface GraphMemory {
  /** Keeps how things stand now; called after every change, and does nothing without a lag. */
  keep(): void;
  /** The rows as Resource Graph sees them now. */
  rows(): readonly Row[];
  /** Takes one query of the 15 in 5 s. */
  take(): GraphTurn;
}

export interface GraphTurn {
  readonly remaining: number;
  readonly resetsAfterSeconds: number;
  readonly refused: boolean;
}

const windowMs = 5000;
const queriesPerWindow = 15;

export function createGraphMemory(
  clock: Clock,
  lagMs: number,
  isEnforced: boolean,
  readRows: () => readonly Row[],
): GraphMemory {
  const past: { atMs: number; rows: readonly Row[] }[] = [];
  let window = { sinceMs: Number.NEGATIVE_INFINITY, asked: 0 };
  return {
    keep: () => {
      if (lagMs === 0) return;
      const atMs = clock.now();
      if (past.at(-1)?.atMs === atMs) past.pop();
      past.push({ atMs, rows: readRows() });
      const known = past.findLastIndex((one) => one.atMs <= atMs - lagMs);
      if (known > 0) past.splice(0, known);
    },
    rows: () => {
      if (lagMs === 0) return readRows();
      const untilMs = clock.now() - lagMs;
      return (past.findLast(({ atMs }) => atMs <= untilMs) ?? past[0])?.rows ?? readRows();
    },
    take: () => {
      const nowMs = clock.now();
      if (nowMs - window.sinceMs >= windowMs) window = { sinceMs: nowMs, asked: 0 };
      const resetsAfterSeconds = Math.max(1, Math.ceil((window.sinceMs + windowMs - nowMs) / 1000));
      if (window.asked >= queriesPerWindow && isEnforced)
        return { remaining: 0, resetsAfterSeconds, refused: true };
      window.asked += 1;
      return { remaining: Math.max(0, queriesPerWindow - window.asked), resetsAfterSeconds, refused: false };
    },
  };
}
