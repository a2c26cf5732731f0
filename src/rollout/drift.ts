/** Somebody else changed the slots: neither release may be moved about any more, and a human has to look. */
import type { Target } from '../plan/fleet.ts';
import type { Candidate, Standing } from '../target/strategy.ts';
import { isMoved } from './doubt.ts';
import type { Run } from './run.ts';

const lookIntervalMs = 15_000;

/**
 * What was promoted is not well. Is it still what is live? Null when it is, or when nobody can tell; otherwise the
 * drift is written down, and the reason is the answer. A swap may show in one list before the other, so only what
 * is strange twice is a stranger's.
 */
export async function findDrift(run: Run, candidate: Candidate): Promise<string | null> {
  if (!(await readStrange(run, candidate))) return null;
  await run.pause(lookIntervalMs);
  const found = await readStrange(run, candidate);
  if (!found) return null;
  const expected = { live: candidate.releaseId, beside: candidate.incumbentId };
  return noteDrift(run, candidate.target, expected, found);
}

/** Answers with the reason that ends the rollout: both ids, expected and found. */
export async function noteDrift(
  run: Run,
  target: Target,
  expected: Standing,
  found: Standing,
): Promise<string> {
  await run.note({ type: 'target.drifted', target: target.name, expected, found });
  return `${target.name}: somebody else changed the slots: expected ${tell(expected)}, found ${tell(found)}`;
}

async function readStrange(run: Run, candidate: Candidate): Promise<Standing | null> {
  run.goOn();
  const standing = await run.ports.strategy.inspect(candidate.target).catch(() => null);
  return standing && !standing.pending && !isMoved(standing, candidate) ? standing : null;
}

function tell({ live, beside }: Standing): string {
  return `${live ?? 'no stamp'} live and ${beside ?? 'no stamp'} beside`;
}
