/** Looks again and again until the readings allow a conclusion. */
import type { Clock } from '../clock.ts';
import { judge, type Limits } from './judge.ts';
import type { Look, Question, Sight } from './look.ts';
import type { Reading, Verdict } from './verdict.ts';

export interface Watch {
  readonly look: Look;
  readonly question: Question;
  readonly limits: Limits;
  readonly intervalMs: number;
  readonly initialDelayMs: number;
  /** How long until the place is first lastingly healthy, counted from the start (or from `holdUntilMs`). */
  readonly deadlineMs: number;
  /** Keep looking until this instant even when all is well: a bake. */
  readonly holdUntilMs?: number;
  /** True when the place was healthy before. */
  readonly wasHealthy: boolean;
  /** True when its host was made to restart right before the watch. */
  readonly wasRestarted?: boolean | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with each reading before it is judged. */
  readonly record: (sight: Sight) => Promise<void>;
}

/** Readings kept in memory: enough for every limit in use, however long a bake lasts. */
function countRemembered({ limits, intervalMs }: Watch): number {
  return Math.max(1_000, Math.ceil((limits.healthyStateDurationMs ?? 0) / Math.max(1, intervalMs)) + 100);
}

export async function watch(parts: Watch): Promise<Verdict> {
  const { clock, signal } = parts;
  const startedMs = clock.now();
  const settleFromMs = parts.holdUntilMs ?? startedMs;
  const deadlineMs = Math.max(startedMs, settleFromMs) + parts.deadlineMs;
  const readings: Reading[] = [];
  const rememberedCount = countRemembered(parts);
  let { question } = parts;
  if (parts.initialDelayMs > 0) await clock.sleep(parts.initialDelayMs, signal);
  for (;;) {
    const sight = await parts.look(question, signal);
    signal.throwIfAborted();
    await parts.record(sight);
    if (sight.kept) question = { ...question, kept: sight.kept };
    readings.push(sight.reading);
    if (readings.length > rememberedCount) readings.shift();
    const { wasHealthy, wasRestarted } = parts;
    const at = { nowMs: clock.now(), settleFromMs, deadlineMs, wasHealthy, wasRestarted };
    const verdict = judge(readings, parts.limits, at);
    if (verdict) return verdict;
    await clock.sleep(untilNextLook(parts.intervalMs, at), signal);
  }
}

/** One last look falls exactly on the deadline or the end of the bake: never a whole interval behind it. */
function untilNextLook(
  intervalMs: number,
  at: { nowMs: number; settleFromMs: number; deadlineMs: number },
): number {
  const ends = [at.settleFromMs, at.deadlineMs].filter((end) => end > at.nowMs).map((end) => end - at.nowMs);
  return Math.max(1, Math.min(intervalMs, ...ends));
}
