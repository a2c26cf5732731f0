/** What the journal already knows. Pure questions over its entries; a resumed rollout asks them first. */
import type { Verdict } from '../probe/verdict.ts';
import type { Standing } from '../target/strategy.ts';
import type { Happening, Outcome, Recorded, Verb } from './events.ts';

type Type = Happening['type'];
type Entry<T extends Type> = Extract<Recorded, { type: T }>;

/** The newest entry of a type, of one target where a name is given. */
export function recall<T extends Type>(
  entries: readonly Recorded[],
  type: T,
  target?: string,
): Entry<T> | null {
  const { byType, newest } = indexOf(entries);
  const found = target === undefined ? byType.get(type)?.at(-1) : newest.get(type)?.get(target);
  return (found as Entry<T> | undefined) ?? null;
}

export function recallAll<T extends Type>(entries: readonly Recorded[], type: T): readonly Entry<T>[] {
  return [...(indexOf(entries).byType.get(type) ?? [])] as Entry<T>[];
}

interface Index {
  /** How many entries are in it. */
  known: number;
  readonly byType: Map<Type, Recorded[]>;
  /** By type, then by target. */
  readonly newest: Map<Type, Map<string, Recorded>>;
}

const indexes = new WeakMap<readonly Recorded[], Index>();

/**
 * A journal only grows, so each of its entries is read once, whoever asks how often: to search it for each target
 * would take the square of a fleet's size, and hold everything else up meanwhile.
 */
function indexOf(entries: readonly Recorded[]): Index {
  let index = indexes.get(entries);
  if (!index || index.known > entries.length) {
    index = { known: 0, byType: new Map(), newest: new Map() };
    indexes.set(entries, index);
  }
  for (; index.known < entries.length; index.known++) addTo(index, entries[index.known]!);
  return index;
}

function addTo({ byType, newest }: Index, entry: Recorded): void {
  const same = byType.get(entry.type);
  if (same) same.push(entry);
  else byType.set(entry.type, [entry]);
  if (!('target' in entry)) return;
  const ofType = newest.get(entry.type) ?? new Map<string, Recorded>();
  newest.set(entry.type, ofType);
  ofType.set(entry.target, entry);
}

export interface FailedTarget {
  readonly target: string;
  readonly why: string;
  readonly verdict: Verdict | null;
}

export function recallFailures(entries: readonly Recorded[]): readonly FailedTarget[] {
  return recallAll(entries, 'target.failed');
}

/** Targets whose promotion was begun, in the order in which they were: whatever became of it. */
export function recallTouched(entries: readonly Recorded[]): readonly string[] {
  return [...new Set(recallAll(entries, 'promote.begun').map((entry) => entry.target))];
}

/** Those of them that may run the new release now: neither failed with certainty nor taken back already. */
export function recallToRevert(entries: readonly Recorded[]): readonly string[] {
  const isBack = (name: string) =>
    recall(entries, 'promote.failed', name) ?? recall(entries, 'target.reverted', name);
  return recallTouched(entries).filter((name) => !isBack(name));
}

export function recallMoved(
  entries: readonly Recorded[],
  verb: Exclude<Verb, 'stage'>,
  target: string,
): Standing | null {
  return recall(entries, `${verb}.done`, target)?.standing ?? null;
}

export type Decision =
  | { readonly kind: 'none' }
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly why: string }
  | { readonly kind: 'halt'; readonly why: string }
  | { readonly kind: 'rollback'; readonly why: string; readonly targets: readonly string[] };

/** The last turn that was taken. A rollout whose rollback was decided never goes forward again. */
export function recallDecision(entries: readonly Recorded[]): Decision {
  const ended = recall(entries, 'rollout.ended');
  const rollback = recall(entries, 'rollback.decided');
  const halt = recall(entries, 'halt.decided');
  const newest = Math.max(ended?.seq ?? 0, rollback?.seq ?? 0, halt?.seq ?? 0);
  if (ended && ended.seq === newest) return { kind: 'ended', outcome: ended.outcome, why: ended.why };
  if (rollback && rollback.seq === newest)
    return { kind: 'rollback', why: rollback.why, targets: rollback.targets };
  if (halt && halt.seq === newest) return { kind: 'halt', why: halt.why };
  return { kind: 'none' };
}
