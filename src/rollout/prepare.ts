/** Before anything live is touched: every target is staged, and every candidate is looked at. */
import { asSlotwaveError, type SlotwaveError } from '../errors.ts';
import type { Verdict } from '../probe/verdict.ts';
import type { Candidate } from '../target/strategy.ts';
import { decideTurn, explainFailures } from './decide.ts';
import { expectMs, longestFirst, patienceMs } from './expected.ts';
import { lookAtIncumbent, watchCandidate } from './looks.ts';
import { createPool, type Place, type Pool } from './pool.ts';
import { recall, recallFailures } from './recall.ts';
import { allEnded, failureOf, type Run } from './run.ts';

export type Candidates = ReadonlyMap<string, Candidate>;

export type Prepared =
  | { readonly kind: 'ready'; readonly candidates: Candidates }
  | { readonly kind: 'refused'; readonly why: string };

type Ready =
  | { readonly kind: 'cleared'; readonly candidate: Candidate }
  /** The release is bad, or Azure says no for good: it would be the same everywhere. */
  | { readonly kind: 'refused'; readonly why: string }
  /** This region's platform; counts against the tolerance. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'not-begun' };

const firstRetryMs = 10_000;
const longestRetryMs = 120_000;

export async function prepareAll(run: Run): Promise<Prepared> {
  // A wave was opened before this process: all of this is behind us, and what failed since is no reason to refuse.
  if (recall(run.entries, 'wave.opened')) return { kind: 'ready', candidates: recallCleared(run) };
  const patience = { clock: run.ports.clock, forMs: patienceMs(run, 'deployMs') };
  const pool = createPool(run.plan.strategy, null, false, patience);
  const candidates = new Map<string, Candidate>();
  let refusal: string | null = null;
  const prepare = async (name: string) => {
    const ready = await prepareOne(run, name, pool.run, () => refusal !== null);
    if (ready.kind === 'cleared') candidates.set(name, ready.candidate);
    if (ready.kind === 'refused') refusal ??= ready.why;
  };
  await allEnded(longestFirst(run, run.names, 'stageMs').map(prepare));
  if (refusal !== null) return { kind: 'refused', why: refusal };
  const failed = recallFailures(run.entries);
  // Nothing is live yet: whatever onFailure says, more failures than tolerated only mean that nothing will be.
  if (decideTurn(failed, run.plan.strategy) !== 'go-on')
    return { kind: 'refused', why: explainFailures(failed) };
  if (candidates.size === 0 && run.names.length > 0)
    return { kind: 'refused', why: 'no target could be staged' };
  return { kind: 'ready', candidates };
}

type Enter = Pool['run'];

async function prepareOne(run: Run, name: string, enter: Enter, isRefused: () => boolean): Promise<Ready> {
  const early = recallEarlier(run, name);
  if (early) return early;
  let startedMs = 0;
  const staged = await enter(run.facts(name), async (place): Promise<Candidate | Ready> => {
    if (isRefused()) return { kind: 'not-begun' };
    startedMs = run.ports.clock.now();
    await lookAtIncumbent(run, name);
    const deadlineMs = startedMs + run.plan.strategy.progressDeadlineMs;
    return stageOne(run, name, { deadlineMs, isRefused, place });
  });
  if ('kind' in staged) return staged;
  if (recall(run.entries, 'target.cleared', name)) return { kind: 'cleared', candidate: staged };
  const deadlineMs = startedMs + run.plan.strategy.progressDeadlineMs - run.ports.clock.now();
  const verdict = await watchCandidate(run, staged, 'clear', deadlineMs);
  return tellVerdict(run, staged, verdict);
}

function recallEarlier(run: Run, name: string): Ready | null {
  if (recall(run.entries, 'target.failed', name)) return { kind: 'failed' };
  const refused = recall(run.entries, 'target.refused', name);
  if (refused) return { kind: 'refused', why: `${name}: ${refused.verdict.why}` };
  const candidate = recallCandidate(run, name);
  return candidate && recall(run.entries, 'target.cleared', name) ? { kind: 'cleared', candidate } : null;
}

async function tellVerdict(run: Run, candidate: Candidate, verdict: Verdict): Promise<Ready> {
  const target = candidate.target.name;
  if (verdict.conclusion === 'healthy') {
    await run.note({ type: 'target.cleared', target, during: 'clear', verdict });
    return { kind: 'cleared', candidate };
  }
  if (verdict.conclusion === 'unhealthy') {
    await run.note({ type: 'target.refused', target, verdict });
    return { kind: 'refused', why: `${target}: ${verdict.why}` };
  }
  await run.note({ type: 'target.failed', target, why: verdict.why, verdict });
  return { kind: 'failed' };
}

interface Staging {
  readonly deadlineMs: number;
  readonly isRefused: () => boolean;
  readonly place: Place;
}

/** Staging again is harmless, so whatever is not a plain no is tried again until the deadline. */
async function stageOne(
  run: Run,
  name: string,
  { deadlineMs, isRefused, place }: Staging,
): Promise<Candidate | Ready> {
  const known = recallCandidate(run, name);
  if (known) return known;
  if (!recall(run.entries, 'stage.begun', name)) await run.note({ type: 'stage.begun', target: name });
  for (let attempt = 0; ; attempt++) {
    run.goOn();
    const { strategy, stop } = run.ports;
    const onSent = () => place.onlyWaits();
    const expectedMs = expectMs(run, name, 'deployMs') ?? undefined;
    const staged = await keepSettings(run, name)
      .then(() => strategy.stage(run.facts(name).target, run.release, stop, { expectedMs, onSent }))
      .catch(asSlotwaveError);
    if (!(staged instanceof Error)) {
      const { incumbentId, address } = staged;
      await run.note({
        type: 'stage.done',
        target: name,
        incumbentId,
        address: address?.href ?? null,
        bytes: run.release.bytes,
      });
      return staged;
    }
    run.goOn();
    if (staged.kind === 'defect') throw staged;
    const waitMs = staged.retryAfterMs ?? Math.min(longestRetryMs, firstRetryMs * 2 ** attempt);
    const isFinal = staged.kind === 'refusal' || staged.kind === 'input';
    // Refused elsewhere meanwhile: nothing is gained by waiting for this platform.
    if (isFinal || isRefused() || run.ports.clock.now() + waitMs >= deadlineMs)
      return tellStageFailure(run, name, staged, isFinal);
    run.ports.tell({ type: 'operation.waited', target: name, what: staged.message });
    await run.pause(waitMs);
  }
}

/** What will be overwritten is taken down first, and by name in the journal: a refusal puts it back. */
async function keepSettings(run: Run, name: string): Promise<void> {
  const { keep } = run.ports.strategy;
  if (!keep || recall(run.entries, 'settings.kept', name)) return;
  const { changed, added } = await keep(run.facts(name).target);
  if (changed.length + added.length > 0)
    await run.note({ type: 'settings.kept', target: name, changed, added });
}

async function tellStageFailure(
  run: Run,
  name: string,
  error: SlotwaveError,
  isFinal: boolean,
): Promise<Ready> {
  await run.note({ type: 'stage.failed', target: name, failure: failureOf(error) });
  if (isFinal) return { kind: 'refused', why: `${name}: ${error.message}` };
  await run.note({ type: 'target.failed', target: name, why: error.message, verdict: null });
  return { kind: 'failed' };
}

function recallCleared(run: Run): Candidates {
  const cleared = run.names.filter((name) => recall(run.entries, 'target.cleared', name));
  return new Map(cleared.flatMap((name) => [[name, recallCandidate(run, name)] as const]).filter(isThere));
}

function isThere(entry: readonly [string, Candidate | null]): entry is readonly [string, Candidate] {
  return entry[1] !== null;
}

/** The candidate of a target that was staged earlier in this rollout, by this process or one before it. */
export function recallCandidate(run: Run, name: string): Candidate | null {
  const staged = recall(run.entries, 'stage.done', name);
  if (!staged) return null;
  const { target } = run.facts(name);
  const address = staged.address === null ? null : new URL(staged.address);
  return { target, releaseId: run.release.id, incumbentId: staged.incumbentId, address };
}
