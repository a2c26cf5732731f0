/**
 * While a wave bakes, the next one's candidates are looked at already, so that it opens at once: a host that has
 * fallen asleep beside is awake again, its key is known, and what is wrong with it is being found out. Nothing is
 * decided by these looks: each target is proved once more right before its own promotion.
 */
import pLimit from 'p-limit';
import type { PlannedWave } from '../plan/plan.ts';
import { longestFirst } from './expected.ts';
import { watchCandidate } from './looks.ts';
import type { Candidates } from './prepare.ts';
import { allEnded, type Run } from './run.ts';

/** Time for a cold start and for a second one. Earlier it would fall asleep again before its turn. */
const longestLeadMs = 120_000;

interface Bake {
  readonly bakeTimeMs: number;
  readonly untilMs: number;
  /** Aborted when the bake is over, or has turned. */
  readonly over: AbortSignal;
}

/** Never rejects for what it sees; only for a cancellation, as every step does. */
export async function proveNext(
  run: Run,
  next: PlannedWave | undefined,
  candidates: Candidates,
  { bakeTimeMs, untilMs, over }: Bake,
): Promise<void> {
  const waiting = next?.targets.flatMap((name) => candidates.get(name) ?? []) ?? [];
  if (waiting.length === 0) return;
  const { clock, stop } = run.ports;
  const leadMs = Math.min(longestLeadMs, Math.floor(bakeTimeMs / 2));
  const signal = AbortSignal.any([over, stop]);
  const limit = pLimit(run.plan.strategy.maxConcurrency);
  const passOver = (reason: unknown) => {
    run.goOn();
    if (!over.aborted) throw reason;
  };
  const names = longestFirst(
    run,
    waiting.map(({ target }) => target.name),
    'promoteMs',
  );
  const proveOne = async (name: string) => {
    const candidate = candidates.get(name);
    if (over.aborted || !candidate) return;
    await watchCandidate(run, candidate, 'proof', run.plan.probes.deadlineMs, over).catch(passOver);
  };
  await clock.sleep(untilMs - leadMs - clock.now(), signal).catch(passOver);
  const proved = allEnded(names.map((name) => limit(() => proveOne(name))));
  // Not every look can be cut off, one that asks ARM least of all, and what a bake turns to is in a hurry. Whoever
  // is left behind writes nothing any more.
  await Promise.race([proved, aborted(over)]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
