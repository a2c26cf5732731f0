/** One wave: each target is proved once more, promoted, and watched in production. */
import type { PlannedWave } from '../plan/plan.ts';
import type { Candidate } from '../target/strategy.ts';
import { decideTurn } from './decide.ts';
import { findDrift } from './drift.ts';
import { longestFirst, patienceMs } from './expected.ts';
import { watchCandidate, watchPromoted } from './looks.ts';
import { move } from './move.ts';
import { createPool } from './pool.ts';
import { cancelPreview, previewCandidate } from './preparation.ts';
import type { Candidates } from './prepare.ts';
import { recall, recallFailures } from './recall.ts';
import { revertTolerated } from './roll-back.ts';
import { allEnded, type Run } from './run.ts';

/** What a wave, or its bake, came to. */
export type WaveEnd =
  | { readonly kind: 'well' }
  /** More targets failed than are tolerated. */
  | { readonly kind: 'failed' }
  /** Nobody but a human can say what is right. */
  | { readonly kind: 'lost'; readonly why: string };

export async function promoteWave(run: Run, wave: PlannedWave, candidates: Candidates): Promise<WaveEnd> {
  const chosen = wave.targets.flatMap((name) => candidates.get(name) ?? []);
  if (isBaked(run, wave)) return { kind: 'well' };
  if (!isOpened(run, wave)) {
    await run.note({ type: 'wave.opened', wave: wave.name, targets: chosen.map((each) => each.target.name) });
  }
  const patience = { clock: run.ports.clock, forMs: patienceMs(run, 'promoteMs') };
  const pool = createPool(run.plan.strategy, wave.maxConcurrency, true, patience);
  const lost: string[] = [];
  let isBroken = false;
  const mustStop = () =>
    isBroken || lost.length > 0 || decideTurn(recallFailures(run.entries), run.plan.strategy) !== 'go-on';
  const promote = async (candidate: Candidate) => {
    await pool.run(run.facts(candidate.target.name), async (place) => {
      if (mustStop()) return;
      place.onlyWaits();
      // A defect of ours is thrown when all have ended; until then it must not promote anything more.
      const why = await promoteOne(run, candidate, mustStop).catch((thrown: unknown) => {
        isBroken = true;
        throw thrown;
      });
      if (why !== null) lost.push(why);
    });
  };
  const order = longestFirst(run, wave.targets, 'promoteMs');
  await allEnded(order.flatMap((name) => candidates.get(name) ?? []).map(promote));
  if (lost.length > 0) return { kind: 'lost', why: lost.join('; ') };
  if (mustStop()) return { kind: 'failed' };
  return revertTolerated(run);
}

/** Null when the target came to an end that the journal tells; otherwise why nobody can tell. */
async function promoteOne(run: Run, candidate: Candidate, mustStop: () => boolean): Promise<string | null> {
  const target = candidate.target.name;
  if (recall(run.entries, 'target.observed', target) || recall(run.entries, 'target.failed', target))
    return null;
  const deadlineMs = run.ports.clock.now() + run.plan.strategy.progressDeadlineMs;
  const moved = await move(run, {
    verb: 'promote',
    candidate,
    prove: () => prove(run, candidate, deadlineMs),
    preview: () => previewCandidate(run, candidate, deadlineMs),
    isCalledOff: mustStop,
    deadlineMs,
    sinceSeq: 0,
  });
  if (moved.kind === 'lost') return moved.why;
  if (moved.kind === 'called-off') {
    await cancelPreview(run, candidate, 'the rollout has turned');
    return null;
  }
  if (moved.kind === 'unmoved') {
    await cancelPreview(run, candidate, 'the promotion failed');
    await run.note({ type: 'target.failed', target, why: moved.failure.message, verdict: null });
    return null;
  }
  const verdict =
    moved.kind === 'unproven'
      ? moved.verdict
      : await watchPromoted(run, candidate, deadlineMs - run.ports.clock.now());
  // Well or not: the platform takes swaps back by itself, and then it is another release that answers.
  const drift = moved.kind === 'moved' ? await findDrift(run, candidate) : null;
  if (drift !== null) return drift;
  if (verdict.conclusion === 'healthy') {
    await run.note({ type: 'target.observed', target, verdict });
    return null;
  }
  if (verdict.conclusion !== 'unhealthy') return `${target}: ${verdict.why}`;
  await run.note({ type: 'target.failed', target, why: verdict.why, verdict });
  return null;
}

/** Each clearance is journaled: a promotion without one in front of it did not happen by our rules. */
async function prove(run: Run, candidate: Candidate, deadlineMs: number) {
  const verdict = await watchCandidate(run, candidate, 'proof', deadlineMs - run.ports.clock.now());
  if (verdict.conclusion === 'healthy') {
    await run.note({ type: 'target.cleared', target: candidate.target.name, during: 'proof', verdict });
  }
  return verdict;
}

function isOpened(run: Run, wave: PlannedWave): boolean {
  return run.entries.some((entry) => entry.type === 'wave.opened' && entry.wave === wave.name);
}

function isBaked(run: Run, wave: PlannedWave): boolean {
  return run.entries.some((entry) => entry.type === 'wave.baked' && entry.wave === wave.name);
}
