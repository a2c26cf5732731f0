/** What Azure Monitor counts at the front end: by slot and minute, as its metrics are told (azure-platform.md §8.1). */
import type { MinuteCounts, Slot } from '../world/state.ts';

const minuteMs = 60_000;
/** Older minutes are forgotten: nobody bakes longer than this. */
const keptMinutes = 24 * 60;

export function countRequest(slot: Slot, startedMs: number, endedMs: number, status: number): void {
  slot.counts ??= new Map();
  const minute = Math.floor(endedMs / minuteMs) * minuteMs;
  let counts = slot.counts.get(minute);
  if (!counts) {
    counts = { requests: 0, byClass: [0, 0, 0, 0, 0, 0], durationMs: 0 };
    slot.counts.set(minute, counts);
    if (slot.counts.size > keptMinutes) slot.counts.delete(slot.counts.keys().next().value!);
  }
  counts.requests += 1;
  counts.durationMs += endedMs - startedMs;
  const hundreds = Math.floor(status / 100);
  if (hundreds >= 0 && hundreds <= 5) counts.byClass[hundreds as 0] += 1;
}

/** The counts of the minutes from `fromMs` to `untilMs`; null for those without any. */
export function countsBetween(
  slot: Slot,
  fromMs: number,
  untilMs: number,
  stepMs: number,
): readonly { readonly atMs: number; readonly minutes: readonly MinuteCounts[] }[] {
  const points: { atMs: number; minutes: MinuteCounts[] }[] = [];
  for (let atMs = Math.floor(fromMs / stepMs) * stepMs; atMs < untilMs; atMs += stepMs) {
    const minutes: MinuteCounts[] = [];
    for (let minute = atMs; minute < atMs + stepMs; minute += minuteMs) {
      const counts = slot.counts?.get(minute);
      if (counts) minutes.push(counts);
    }
    points.push({ atMs, minutes });
  }
  return points;
}
