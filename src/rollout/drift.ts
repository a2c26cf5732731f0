/** Somebody else changed the slots: neither release may be moved about any more, and a human has to look. */
import type { Target } from '../plan/fleet.ts';
import type { Candidate, Standing } from '../target/strategy.ts';
import { isMoved } from './doubt.ts';
import type { DriftKind } from './events.ts';
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
  return noteDrift(run, candidate.target, { expected, found, wasAsked: true });
}

/** Answers with the reason that ends the rollout: both ids, expected and found. */
export async function noteDrift(run: Run, { name }: Target, seen: Drift): Promise<string> {
  const { expected, found } = seen;
  const how = nameDrift(seen);
  await run.note({ type: 'target.drifted', target: name, expected, found, how });
  return `${name}: ${sayings[how]}: expected ${tell(expected)}, found ${tell(found)}`;
}

export interface Drift {
  readonly expected: Standing;
  readonly found: Standing;
  /** Whether a swap of ours was asked for here. */
  readonly wasAsked: boolean;
}

/**
 * Azure takes a swap back by itself when what it warmed up fails late. From outside that looks like somebody who
 * swapped once more: the two slots as they were before, and nobody can tell who it was.
 */
export function nameDrift({ expected, found, wasAsked }: Drift): DriftKind {
  const isSame = found.live === expected.live && found.beside === expected.beside;
  const isExchanged = found.live === expected.beside && found.beside === expected.live;
  return wasAsked && (isSame || isExchanged) ? 'taken-back' : 'changed';
}

const sayings: Readonly<Record<DriftKind, string>> = {
  'taken-back': 'Azure took the swap back, or somebody swapped',
  changed: 'somebody else changed the slots',
};

async function readStrange(run: Run, candidate: Candidate): Promise<Standing | null> {
  run.goOn();
  const expected = { live: candidate.releaseId, beside: candidate.incumbentId };
  const standing = await run.ports.strategy.inspect(candidate.target, expected).catch(() => null);
  return standing && !standing.pending && !isMoved(standing, candidate) ? standing : null;
}

function tell({ live, beside }: Standing): string {
  return `${live ?? 'no stamp'} live and ${beside ?? 'no stamp'} beside`;
}
