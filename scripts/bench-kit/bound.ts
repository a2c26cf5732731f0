/**
 * The shortest that a rollout could be: what it must wait for, and how much of it may be waited for at once. Nothing
 * of ours is in it: no request, no look that comes late, no second of thinking.
 */
import { observeMs, probeMs, type Shape, type Waits } from './waits.ts';

/** Who takes longer than this many times the middle one holds no place any more (docs/config.md). */
const patience = 2;

/** All are staged and looked at; then each wave is swapped, looked at and baked, one wave after the other. */
export function boundMs({ waves, concurrency, bakeMs }: Shape, waits: readonly Waits[]): number {
  const stagedMs = Math.max(
    ...waits.map(({ deployMs, startMs }) => deployMs + startMs + probeMs),
    sum(waits.map(({ deployMs }) => deployMs)) / concurrency +
      Math.min(...waits.map(({ startMs }) => startMs + probeMs)),
  );
  let from = 0;
  const wavesMs = waves.map((count) => {
    const swaps = waits.slice(from, from + count).map(({ swapMs }) => swapMs + observeMs);
    from += count;
    const longestHoldMs = patience * median(swaps);
    const held = swaps.map((ms) => Math.min(ms, longestHoldMs));
    return Math.max(Math.max(...swaps), sum(held) / concurrency) + bakeMs;
  });
  return stagedMs + sum(wavesMs);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
