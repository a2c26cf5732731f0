/** Going back as a whole: the failing targets first, the others as soon as it is known that they may be moved. */
import type { Pool } from './pool.ts';
import { recall } from './recall.ts';
import { createWayBack, listEnds, type RevertEnd, type RolledBack, revertOne } from './roll-back.ts';
import { allEnded, type Run } from './run.ts';

export interface TakenBack extends RolledBack {
  /** The releases before the failing ones are not well either, and nobody else could be brought back. */
  readonly isEnvironment: boolean;
}

/**
 * Takes back `failing`, and `others` unless it is the environment: then moving them about would only do harm. To
 * know that takes the looks at the incumbents beside the failing targets, and not their whole way back: with one in
 * doubt that may be 45 minutes, in which the others would go on running what is to be taken back.
 */
export async function takeBackAll(
  run: Run,
  failing: readonly string[],
  others: readonly string[],
): Promise<TakenBack> {
  // One pool for both, or the limits would not hold.
  const wayBack = createWayBack(run);
  const sinceSeq = recall(run.entries, 'rollback.decided')?.seq ?? 0;
  const first = failing.map((name) => begin(run, name, sinceSeq, wayBack));
  const mayMove = failing.length === 0 || isUnderWay(run, others, sinceSeq) || (await isSomeWell(first));
  const rest = mayMove ? others.map((name) => begin(run, name, sinceSeq, wayBack)) : [];
  const ends = await allEnded([...first, ...rest].map(({ ended }) => ended));
  const back = listEnds(ends);
  const isSick = ends.slice(0, first.length).every(({ end }) => end?.incumbentSick ?? false);
  return { ...back, isEnvironment: failing.length > 0 && isSick && back.reverted.length === 0 };
}

interface Begun {
  /** Whether the incumbent is well: known when it has been looked at, long before the target's end. */
  readonly isWell: () => Promise<boolean>;
  readonly ended: Promise<RevertEnd>;
}

function begin(run: Run, name: string, sinceSeq: number, wayBack: Pool): Begun {
  let tellWell = () => {};
  const seenWell = new Promise<boolean>((resolve) => {
    tellWell = () => resolve(true);
  });
  const ended = wayBack.run(run.facts(name), async () => ({
    name,
    end: await revertOne(run, name, sinceSeq, tellWell),
  }));
  return { ended, isWell: () => Promise.race([seenWell, ended.then(({ end }) => !end?.incumbentSick)]) };
}

/** What was thrown, a cancellation or a defect of ours, moves nobody else; it is thrown on when all have ended. */
async function isSomeWell(begun: readonly Begun[]): Promise<boolean> {
  const seen = await Promise.allSettled(begun.map(({ isWell }) => isWell()));
  return (
    seen.every(({ status }) => status === 'fulfilled') && seen.some((each) => 'value' in each && each.value)
  );
}

/** A process before this one has seen that they may be moved: half of a way back is no end. */
function isUnderWay(run: Run, others: readonly string[], sinceSeq: number): boolean {
  return others.some((name) => (recall(run.entries, 'revert.begun', name)?.seq ?? 0) > sinceSeq);
}
