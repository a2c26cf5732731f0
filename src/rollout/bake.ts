/** The time in which a wave must stay well before the next one opens. Every wave promoted so far is watched. */
import type { PlannedWave } from '../plan/plan.ts';
import type { Candidate } from '../target/strategy.ts';
import { decideTurn } from './decide.ts';
import { findDrift } from './drift.ts';
import { watchBaking } from './looks.ts';
import type { Candidates } from './prepare.ts';
import type { WaveEnd } from './promote.ts';
import { proveNext } from './prove-next.ts';
import { recall, recallFailures } from './recall.ts';
import { createWayBack, revertTolerated } from './roll-back.ts';
import { allEnded, type Run } from './run.ts';

export async function bakeWave(
  run: Run,
  wave: PlannedWave,
  candidates: Candidates,
  next?: PlannedWave,
): Promise<WaveEnd> {
  const opened = run.entries.find((entry) => entry.type === 'wave.promoted' && entry.wave === wave.name);
  if (run.entries.some((entry) => entry.type === 'wave.baked' && entry.wave === wave.name))
    return { kind: 'well' };
  // A resumed bake goes on where it was: the time that passed while nobody looked does not count as health,
  // because the watch ends only with healthy readings behind the end of the bake.
  const bakeUntilMs =
    opened?.type === 'wave.promoted' ? opened.bakeUntilMs : run.ports.clock.now() + wave.bakeTimeMs;
  if (!opened) await run.note({ type: 'wave.promoted', wave: wave.name, bakeUntilMs });
  if (wave.bakeTimeMs > 0) {
    const over = new AbortController();
    const bake = { bakeTimeMs: wave.bakeTimeMs, untilMs: bakeUntilMs, over: over.signal };
    const watched = watchAll(run, promotedSoFar(run, candidates), bakeUntilMs).finally(() =>
      over.abort(null),
    );
    await allEnded<unknown>([watched, proveNext(run, next, candidates, bake)]);
    const end = await watched;
    if (end.kind !== 'well') return end;
  }
  await run.note({ type: 'wave.baked', wave: wave.name });
  return { kind: 'well' };
}

async function watchAll(run: Run, baking: readonly Candidate[], bakeUntilMs: number): Promise<WaveEnd> {
  const turned = new AbortController();
  const lost: string[] = [];
  const wayBack = createWayBack(run);
  const watchOne = async (candidate: Candidate) => {
    const target = candidate.target.name;
    const verdict = await watchBaking(run, candidate, bakeUntilMs, turned.signal).catch((reason: unknown) => {
      if (turned.signal.aborted) return null;
      throw reason;
    });
    if (verdict === null || verdict.conclusion === 'healthy') return;
    const drift = await findDrift(run, candidate);
    if (drift !== null) lost.push(drift);
    else if (verdict.conclusion === 'inconclusive') lost.push(`${target}: ${verdict.why}`);
    else await run.note({ type: 'target.failed', target, why: verdict.why, verdict });
    // Tolerated: this target alone goes back now, not when the bake is over; only its own watcher does it.
    const end = lost.length > 0 || hasTurned(run) ? null : await revertTolerated(run, target, wayBack);
    if (end?.kind === 'lost') lost.push(end.why);
    if (lost.length > 0 || hasTurned(run)) turned.abort();
  };
  const watchOrStopAll = (candidate: Candidate) =>
    watchOne(candidate).catch((thrown: unknown) => {
      turned.abort();
      throw thrown;
    });
  await allEnded(baking.map(watchOrStopAll));
  if (lost.length > 0) return { kind: 'lost', why: lost.join('; ') };
  return hasTurned(run) ? { kind: 'failed' } : { kind: 'well' };
}

function promotedSoFar(run: Run, candidates: Candidates): readonly Candidate[] {
  return [...candidates.values()].filter(({ target }) => {
    return (
      recall(run.entries, 'target.observed', target.name) &&
      !recall(run.entries, 'target.failed', target.name)
    );
  });
}

function hasTurned(run: Run): boolean {
  return decideTurn(recallFailures(run.entries), run.plan.strategy) !== 'go-on';
}
