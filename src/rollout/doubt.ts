/** After a lost answer: what happened is read from the world, never guessed and never tried out. */
import { asSlotwaveError } from '../errors.ts';
import type { Candidate, Standing } from '../target/strategy.ts';
import { resetTarget } from './preparation.ts';
import { recall } from './recall.ts';
import type { Run } from './run.ts';

export type Settled =
  | { readonly kind: 'happened'; readonly standing: Standing }
  | { readonly kind: 'not-happened'; readonly standing: Standing }
  | { readonly kind: 'drifted'; readonly standing: Standing }
  | { readonly kind: 'unreadable'; readonly why: string };

/** A request can be carried out late: only this long a quiet proves that it was not (azure-platform.md §3.5). */
const settlePeriodMs = 150_000;
const lookIntervalMs = 15_000;
const maxResets = 2;
/** Longer than the slowest swap seen (23 minutes), so that one still under way comes to its end. */
const doubtDeadlineMs = 45 * 60_000;

export async function settleDoubt(
  run: Run,
  verb: 'promote' | 'revert',
  candidate: Candidate,
): Promise<Settled> {
  const { clock, strategy } = run.ports;
  const deadlineMs = clock.now() + doubtDeadlineMs;
  const begun = recall(run.entries, `${verb}.begun`, candidate.target.name)?.before ?? null;
  let lastError = 'nothing was read';
  let sight: Sight = 'blind';
  const startedMs = clock.now();
  let sinceMs = startedMs;
  let pendingSinceMs: number | null = null;
  let resets = 0;
  const tell = tellChanges(run, candidate.target.name);
  while (clock.now() < deadlineMs) {
    run.goOn();
    const standing = await strategy.inspect(candidate.target).catch((thrown: unknown) => {
      lastError = asSlotwaveError(thrown).message;
      return null;
    });
    const before: Sight = sight;
    sight = sightOf(standing, candidate, begun);
    if (sight !== before) sinceMs = clock.now();
    lastError = standing?.pending ?? lastError;
    pendingSinceMs = standing?.pending ? (pendingSinceMs ?? clock.now()) : null;
    if (standing && sight === 'moved') return { kind: 'happened', standing };
    // Also what somebody else has changed may still be swapped by a late request of ours: nothing ends before that.
    const isLateOver = clock.now() - startedMs >= settlePeriodMs;
    if (standing && sight === 'strange' && before === 'strange' && isLateOver)
      return { kind: 'drifted', standing };
    if (standing && sight === 'unmoved' && clock.now() - sinceMs >= settlePeriodMs) {
      return { kind: 'not-happened', standing };
    }
    // Prepared, and quiet for as long as a late request may take: a swap that failed half way has left it so, and
    // Azure refuses everything else until it is cancelled (azure-platform.md §3.4).
    if (pendingSinceMs !== null && clock.now() - pendingSinceMs >= settlePeriodMs && resets < maxResets) {
      resets++;
      pendingSinceMs = null;
      await resetTarget(run, candidate, `the slot stayed ${standing?.pending ?? 'prepared'}`);
    }
    tell(standing, lastError);
    await run.pause(lookIntervalMs);
  }
  const why = `could not be read for ${doubtDeadlineMs / 60_000} minutes: ${lastError}`;
  return { kind: 'unreadable', why: `${candidate.target.name} ${why}` };
}

/**
 * A doubt takes minutes: whoever watches must see that it is worked on, and what is missing. Once for each kind of
 * waiting, because errors carry ids that change with every look.
 */
function tellChanges(run: Run, target: string): (standing: Standing | null, lastError: string) => void {
  let before = '';
  return (standing, lastError) => {
    const [kind, what] = describeWait(standing, lastError);
    if (kind !== before)
      run.ports.tell({ type: 'operation.waited', target, what: `whether it happened ${what}` });
    before = kind;
  };
}

function describeWait(standing: Standing | null, lastError: string): readonly [string, string] {
  if (standing === null) return ['blind', `cannot be read yet: ${lastError}`];
  if (standing.pending) return ['pending', `cannot be told yet: the slot is ${standing.pending}`];
  return ['quiet', `is being looked at; ${settlePeriodMs / 1_000} s of quiet are the proof that it did not`];
}

/**
 * Strange: neither before nor after; or as before, although the slots were exchanged meanwhile: then they were
 * exchanged twice, and to ask again would undo what somebody else has done. Two lists are read, and a swap may show
 * in one before the other, so once is no proof of a stranger. Blind: unreadable, or half done.
 */
type Sight = 'moved' | 'unmoved' | 'strange' | 'blind';

function sightOf(standing: Standing | null, candidate: Candidate, begun: Standing | null): Sight {
  if (standing === null || standing.pending) return 'blind';
  if (isMoved(standing, candidate)) return 'moved';
  if (!isUnmoved(standing, candidate)) return 'strange';
  return begun === null || begun.swappedAt === standing.swappedAt ? 'unmoved' : 'strange';
}

/** Reads again what looks strange, so that a swap which is only half visible is not taken for a stranger's. */
export async function inspectTwice(run: Run, candidate: Candidate): Promise<Standing> {
  const standing = await run.ports.strategy.inspect(candidate.target);
  if (isUnmoved(standing, candidate) || isMoved(standing, candidate)) return standing;
  await run.pause(lookIntervalMs);
  return run.ports.strategy.inspect(candidate.target);
}

export function isMoved(standing: Standing, candidate: Candidate): boolean {
  return standing.live === candidate.releaseId && standing.beside === candidate.incumbentId;
}

export function isUnmoved(standing: Standing, candidate: Candidate): boolean {
  return standing.live === candidate.incumbentId && standing.beside === candidate.releaseId;
}
