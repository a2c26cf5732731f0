/** Taking back what was promoted: the failing first, then the newest first, and never onto something sick. */

import type { Verdict } from '../probe/verdict.ts';
import type { Candidate } from '../target/strategy.ts';
import { explainFailures } from './decide.ts';
import { settleDoubt } from './doubt.ts';
import { noteDrift } from './drift.ts';
import { watchIncumbent } from './looks.ts';
import { move } from './move.ts';
import { createPool, type Pool } from './pool.ts';
import { recallCandidate } from './prepare.ts';
import type { WaveEnd } from './promote.ts';
import { recall, recallFailures, recallToRevert } from './recall.ts';
import { allEnded, type Run } from './run.ts';

export interface RolledBack {
  /** Targets that still run the release that was to be taken back, or nobody knows what, with the reason. */
  readonly stranded: readonly {
    readonly target: string;
    readonly why: string;
    readonly incumbentSick: boolean;
  }[];
  readonly reverted: readonly string[];
}

/** Going back is urgent: the limits on what moves at once hold, the order of regions does not. */
export function createWayBack(run: Run): Pool {
  return createPool(run.plan.strategy, null, false);
}

/**
 * Takes back `targets` in this order. One that cannot be taken back never stops the others. Whoever calls this
 * several times at once passes one `wayBack` to all of them, or nothing would hold the limits.
 */
export async function rollBack(
  run: Run,
  targets: readonly string[],
  wayBack = createWayBack(run),
): Promise<RolledBack> {
  const sinceSeq = recall(run.entries, 'rollback.decided')?.seq ?? 0;
  const results = await allEnded(
    targets.map((name) =>
      wayBack.run(run.facts(name), async () => ({ name, end: await revertOne(run, name, sinceSeq) })),
    ),
  );
  return listEnds(results);
}

/** How one target's way back ended; null: the incumbent is live and well again. */
export interface RevertEnd {
  readonly name: string;
  readonly end: Stranding | null;
}

export function listEnds(ends: readonly RevertEnd[]): RolledBack {
  return {
    reverted: ends.filter(({ end }) => end === null).map(({ name }) => name),
    stranded: ends.flatMap(({ name, end }) => (end === null ? [] : [{ target: name, ...end }])),
  };
}

/**
 * Failed targets within the tolerance are taken back alone, and the rollout goes on without them. One that
 * cannot be taken back ends it: what runs there is neither what was nor what should be.
 */
export async function revertTolerated(run: Run, only?: string, wayBack?: Pool): Promise<WaveEnd> {
  const failed = new Set(recallFailures(run.entries).map((each) => each.target));
  const targets = recallToRevert(run.entries).filter(
    (name) => failed.has(name) && (only === undefined || name === only),
  );
  if (run.plan.strategy.onFailure.action === 'halt' || targets.length === 0) return { kind: 'well' };
  const { stranded } = await rollBack(run, targets, wayBack);
  return stranded.length === 0 ? { kind: 'well' } : { kind: 'lost', why: explainFailures(stranded) };
}

export interface Stranding {
  readonly why: string;
  readonly incumbentSick: boolean;
}

/** Null: the incumbent is live and well again. `onWell` is called as soon as it was seen to be well beside. */
export async function revertOne(
  run: Run,
  name: string,
  sinceSeq: number,
  onWell: () => void = () => {},
): Promise<Stranding | null> {
  if (recall(run.entries, 'target.reverted', name)) return null;
  // No reversal is begun without it; what the incumbent is by now does not undo what followed from that.
  if ((recall(run.entries, 'revert.begun', name)?.seq ?? 0) > sinceSeq) onWell();
  const stranded = recall(run.entries, 'target.stranded', name);
  if (stranded && stranded.seq > sinceSeq)
    return { why: stranded.why, incumbentSick: stranded.verdict !== null };
  const candidate = recallCandidate(run, name);
  if (!candidate) return null;
  const doubt = await settlePromotion(run, candidate);
  if (doubt === 'not-happened') return null;
  if (doubt !== 'happened') return strand(run, name, doubt, null);
  return bringBack(run, candidate, sinceSeq, onWell);
}

async function bringBack(
  run: Run,
  candidate: Candidate,
  sinceSeq: number,
  onWell: () => void,
): Promise<Stranding | null> {
  const name = candidate.target.name;
  const back: Candidate = {
    ...candidate,
    releaseId: candidate.incumbentId,
    incumbentId: candidate.releaseId,
  };
  const deadlineMs = run.ports.clock.now() + run.plan.strategy.progressDeadlineMs;
  // Law 6: the incumbent waiting beside is looked at before it is brought back.
  const prove = () => watchIncumbent(run, candidate, 'beside');
  const proveAndTell = async () => {
    const verdict = await prove();
    if (verdict.conclusion === 'healthy') onWell();
    return verdict;
  };
  const task = { verb: 'revert', candidate: back, prove: proveAndTell, deadlineMs, sinceSeq } as const;
  const moved = await move(run, task);
  if (moved.kind === 'unproven') {
    const what = moved.verdict.conclusion === 'unhealthy' ? 'is not well either' : 'does not answer';
    const why = `the incumbent beside ${what}, so it was not brought back: ${moved.verdict.why}`;
    return strand(run, name, why, moved.verdict);
  }
  if (moved.kind === 'unmoved')
    return strand(run, name, `it could not be taken back: ${moved.failure.message}`, null);
  if (moved.kind === 'lost') return strand(run, name, moved.why, null);
  const verdict = await watchIncumbent(run, candidate, 'live');
  if (verdict.conclusion !== 'healthy') {
    return strand(run, name, `the incumbent is live again and not well: ${verdict.why}`, verdict);
  }
  await run.note({ type: 'target.reverted', target: name, verdict });
  return null;
}

/** A promotion that was begun and whose end nobody wrote down is looked into before anything is taken back. */
async function settlePromotion(
  run: Run,
  candidate: Candidate,
): Promise<'happened' | 'not-happened' | string> {
  const target = candidate.target.name;
  if (recall(run.entries, 'promote.failed', target)) return 'not-happened';
  if (recall(run.entries, 'promote.done', target)) return 'happened';
  const settled = await settleDoubt(run, 'promote', candidate);
  if (settled.kind === 'unreadable') return settled.why;
  const { standing } = settled;
  if (settled.kind === 'drifted') {
    const expected = { live: candidate.releaseId, beside: candidate.incumbentId };
    return noteDrift(run, candidate.target, { expected, found: standing, wasAsked: true });
  }
  const happened = settled.kind === 'happened';
  await run.note({ type: 'doubt.settled', target, verb: 'promote', standing, happened });
  if (happened) await run.note({ type: 'promote.done', target, standing });
  else {
    const failure = {
      kind: 'transient',
      code: 'not-carried-out',
      message: 'The promotion was interrupted before it moved anything.',
    };
    await run.note({ type: 'promote.failed', target, failure });
  }
  return settled.kind;
}

/** With a verdict: it is the incumbent that is not well, as far as anybody can tell. */
async function strand(run: Run, target: string, why: string, verdict: Verdict | null): Promise<Stranding> {
  await run.note({ type: 'target.stranded', target, why, verdict });
  return { why, incumbentSick: verdict !== null };
}
