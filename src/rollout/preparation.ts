/** A swap that is prepared and not carried out: a preview of ours, or what a failed swap left behind. */
import { asSlotwaveError } from '../errors.ts';
import type { Verdict } from '../probe/verdict.ts';
import type { Candidate } from '../target/strategy.ts';
import { watchCandidate } from './looks.ts';
import { recall } from './recall.ts';
import { failureOf, type Run } from './run.ts';

/**
 * Looks at the candidate with production's own settings on it, by the same rules by which it was cleared. Null: no
 * preview is asked for. A candidate that is not well gets its slot's settings back.
 */
export async function previewCandidate(
  run: Run,
  candidate: Candidate,
  deadlineMs: number,
): Promise<Verdict | null> {
  const { strategy, stop, clock } = run.ports;
  if (!run.plan.swap?.preview || !strategy.preview) return null;
  const target = candidate.target.name;
  if (!isOpen(run, target)) await run.note({ type: 'preview.begun', target });
  // Also when it was applied before: whoever died meanwhile may have been followed by somebody who cancelled it.
  run.goOn();
  await strategy.preview(candidate, stop);
  await run.note({ type: 'preview.done', target });
  const verdict = await watchCandidate(run, candidate, 'preview', deadlineMs - clock.now());
  if (verdict.conclusion === 'healthy')
    await run.note({ type: 'target.cleared', target, during: 'preview', verdict });
  else await cancelPreview(run, candidate, 'the release is not well with the settings of production');
  return verdict;
}

/** Gives the slot its own settings back, if a preview is open and nothing was asked of Azure since. */
export async function cancelPreview(run: Run, candidate: Candidate, why: string): Promise<void> {
  if (isOpen(run, candidate.target.name)) await resetTarget(run, candidate, why);
}

/** Both slots, since each may be the prepared one. True when it was done; a failure is told and changes nothing. */
export async function resetTarget(run: Run, candidate: Candidate, why: string): Promise<boolean> {
  const { reset } = run.ports.strategy;
  if (!reset) return false;
  const target = candidate.target.name;
  await run.note({ type: 'reset.begun', target, why });
  for (let tries = 1; ; tries++) {
    run.goOn();
    const error = await reset(candidate.target).then(
      () => null,
      (thrown: unknown) => asSlotwaveError(thrown),
    );
    run.goOn();
    if (error === null) {
      await run.note({ type: 'reset.done', target });
      return true;
    }
    if (error.kind === 'defect') throw error;
    if (error.kind === 'refusal' || tries >= maxTries) {
      await run.note({ type: 'reset.failed', target, failure: failureOf(error) });
      return false;
    }
    await run.pause(error.retryAfterMs ?? retryMs);
  }
}

/** Resetting is harmless, so a lost answer is followed by another try. */
const maxTries = 4;
const retryMs = 15_000;

/** A preview that neither a promotion nor a reset has followed. */
export function isOpen(run: Run, target: string): boolean {
  const begun = recall(run.entries, 'preview.begun', target)?.seq ?? 0;
  const reset = recall(run.entries, 'reset.done', target)?.seq ?? 0;
  return begun > reset && !recall(run.entries, 'promote.done', target);
}
