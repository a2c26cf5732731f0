/** Moves one release live, exactly once: whatever gets lost on the way, and whoever dies. */
import { asSlotwaveError, type SlotwaveError } from '../errors.ts';
import type { Verdict } from '../probe/verdict.ts';
import { type Candidate, type Cleared, clear, type Standing } from '../target/strategy.ts';
import { inspectTwice, isMoved, isUnmoved, settleDoubt } from './doubt.ts';
import { noteDrift } from './drift.ts';
import type { Failure } from './events.ts';
import { expectMs, usualMs } from './expected.ts';
import { recall, recallAll, recallMoved } from './recall.ts';
import { failureOf, type Run } from './run.ts';

export type Moved =
  | { readonly kind: 'moved'; readonly standing: Standing }
  /** Certainly nothing moved. */
  | { readonly kind: 'unmoved'; readonly failure: Failure }
  /** What was to go live is not well now; nothing was asked of Azure. */
  | { readonly kind: 'unproven'; readonly verdict: Verdict }
  /** Nothing was asked of Azure: the rollout turned while this one was looked at. */
  | { readonly kind: 'called-off' }
  /** Only a human can say what is right: somebody else wrote, or nothing can be read. */
  | { readonly kind: 'lost'; readonly why: string };

export interface Move {
  readonly verb: 'promote' | 'revert';
  readonly candidate: Candidate;
  /** A fresh look at what is to go live, taken right before it does. */
  readonly prove: () => Promise<Verdict>;
  /** Asked right before each request: a look takes minutes, and others may have failed meanwhile. */
  readonly isCalledOff?: () => boolean;
  /** A look at it as it will run, where one is asked for; null: none is. Taken after the proof. */
  readonly preview?: () => Promise<Verdict | null>;
  readonly deadlineMs: number;
  /** Failures recorded before this entry belong to an earlier try, and do not count as the end of this one. */
  readonly sinceSeq: number;
}

const maxRequests = 3;
const firstRetryMs = 15_000;

export async function move(run: Run, task: Move): Promise<Moved> {
  const { verb, candidate } = task;
  const name = candidate.target.name;
  const done = recallMoved(run.entries, verb, name);
  if (done) return { kind: 'moved', standing: done };
  const failed = recall(run.entries, `${verb}.failed`, name);
  if (failed && failed.seq > task.sinceSeq) return { kind: 'unmoved', failure: failed.failure };
  // Begun and not finished: whoever wrote that may have died with the request already sent.
  let inDoubt = recall(run.entries, `${verb}.begun`, name) !== null;
  const isWorthMore = countFailures();
  for (let requests = 0; ; ) {
    if (inDoubt) {
      const settled = await lookInto(run, task);
      if (settled) return settled;
    }
    const asked = await askOnce(run, task, requests);
    if (!(asked instanceof Error)) return asked;
    inDoubt = asked.kind === 'doubt';
    // Azure has not even looked at it: a way back least of all is given up for that.
    if (!isThrottled(asked)) requests++;
    if (inDoubt) await run.note({ type: 'doubt.raised', target: name, verb, failure: failureOf(asked) });
    else if (requests >= maxRequests || !isWorthMore(asked) || run.ports.clock.now() >= task.deadlineMs)
      return giveUp(run, task, asked);
    else await run.pause(pauseAfter(asked, requests));
  }
}

/** Whoever is throttled may be told to come at once, and is not counted: nobody's proof is worth a journal full. */
const leastThrottledMs = 5_000;

function pauseAfter(error: SlotwaveError, requests: number): number {
  const ms = error.retryAfterMs ?? firstRetryMs * 2 ** Math.max(0, requests - 1);
  return isThrottled(error) ? Math.max(leastThrottledMs, ms) : ms;
}

function isThrottled({ kind, code }: SlotwaveError): boolean {
  return kind === 'transient' && code === 'throttled';
}

/** Some failures are worth one more request, and no more: not their second time (azure-platform.md §3.4). */
function countFailures(): (error: SlotwaveError) => boolean {
  const seen = new Map<string, number>();
  return ({ code, retryLimit }) => {
    const times = (seen.get(code) ?? 0) + 1;
    seen.set(code, times);
    return retryLimit === undefined || times <= retryLimit;
  };
}

/** Null: it certainly did not happen, and may be asked for again. */
async function lookInto(run: Run, task: Move): Promise<Moved | null> {
  const { verb, candidate } = task;
  const target = candidate.target.name;
  const settled = await settleDoubt(run, verb, candidate);
  if (settled.kind === 'unreadable') return { kind: 'lost', why: settled.why };
  if (settled.kind === 'drifted') return tellDrift(run, task, settled.standing);
  const { standing } = settled;
  const happened = settled.kind === 'happened';
  await run.note({ type: 'doubt.settled', target, verb, standing, happened });
  return happened ? tellMoved(run, task, standing) : null;
}

/** One request at most. An error says that it did not end well: doubt, or certainly nothing moved. */
async function askOnce(run: Run, task: Move, requests: number): Promise<Moved | SlotwaveError> {
  const { verb, candidate } = task;
  const target = candidate.target.name;
  const verdict = await task.prove();
  if (verdict.conclusion !== 'healthy') return tellUnproven(run, task, verdict);
  try {
    const previewed = await task.preview?.();
    // The slot has its own settings back, so nothing is pending any more when this is looked into.
    if (previewed && previewed.conclusion !== 'healthy') return await tellUnproven(run, task, previewed);
    const cleared = clear(candidate, previewed ?? verdict);
    const before = await inspectTwice(run, candidate);
    if (!isUnmoved(before, candidate)) return await tellElsewhere(run, task, before);
    if (task.isCalledOff?.()) return { kind: 'called-off' };
    if (!recall(run.entries, `${verb}.begun`, target))
      await run.note({ type: `${verb}.begun`, target, before });
    if (requests >= maxRequests) return await giveUp(run, task, null);
    run.goOn();
    return await tellMoved(run, task, await carryOut(run, verb, cleared));
  } catch (thrown) {
    run.goOn();
    const error = asSlotwaveError(thrown);
    if (error.kind === 'defect') throw error;
    return error.kind === 'refusal' || error.kind === 'input' ? await giveUp(run, task, error) : error;
  }
}

function carryOut(run: Run, verb: 'promote' | 'revert', cleared: Cleared): Promise<Standing> {
  const { strategy, stop } = run.ports;
  // A way back is the same exchange, and takes as long.
  const own = expectMs(run, cleared.target.name, 'promoteMs');
  const expected = { expectedMs: own ?? usualMs(run, 'promoteMs') ?? undefined };
  return verb === 'promote'
    ? strategy.promote(cleared, stop, expected)
    : strategy.revert(cleared, stop, expected);
}

async function tellMoved(run: Run, { verb, candidate }: Move, standing: Standing): Promise<Moved> {
  await run.note({ type: `${verb}.done`, target: candidate.target.name, standing });
  return { kind: 'moved', standing };
}

/** Not well, or not there any more? What somebody else took away cannot answer. */
async function tellUnproven(run: Run, task: Move, verdict: Verdict): Promise<Moved> {
  const standing = await inspectTwice(run, task.candidate).catch(() => null);
  run.goOn();
  if (!standing || standing.pending || isUnmoved(standing, task.candidate))
    return { kind: 'unproven', verdict };
  return tellElsewhere(run, task, standing);
}

/** After a request of ours a late execution is ours too; without one somebody else moved the slots. */
function tellElsewhere(run: Run, task: Move, standing: Standing): Promise<Moved> {
  const isOurs = recall(run.entries, `${task.verb}.begun`, task.candidate.target.name) !== null;
  return isOurs && isMoved(standing, task.candidate)
    ? tellMoved(run, task, standing)
    : tellDrift(run, task, standing);
}

async function tellDrift(run: Run, { verb, candidate }: Move, found: Standing): Promise<Moved> {
  const { target, incumbentId: live, releaseId: beside } = candidate;
  const wasAsked = recall(run.entries, `${verb}.begun`, target.name) !== null;
  return { kind: 'lost', why: await noteDrift(run, target, { expected: { live, beside }, found, wasAsked }) };
}

async function giveUp(run: Run, { verb, candidate }: Move, error: SlotwaveError | null): Promise<Moved> {
  const target = candidate.target.name;
  const failure = error ? failureOf(error) : describeUnanswered(run, verb, target);
  await run.note({ type: `${verb}.failed`, target, failure });
  return { kind: 'unmoved', failure };
}

/** Asked as often as it may be, and never carried out: what came back is the only reason that there is. */
function describeUnanswered(run: Run, verb: Move['verb'], target: string): Failure {
  const doubt = recallAll(run.entries, 'doubt.raised').findLast(
    (entry) => entry.target === target && entry.verb === verb,
  );
  const asked = `Azure did not carry out the ${nouns[verb]} after ${maxRequests} requests.`;
  const message = doubt ? `${asked} What came back last: ${doubt.failure.message}` : asked;
  return { kind: 'transient', code: 'not-carried-out', message, next: doubt?.failure.next };
}

const nouns = { promote: 'promotion', revert: 'reversal' } as const;
