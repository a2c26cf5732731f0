/** Laws 2, 5, 6, 7 and 9, as far as the journal can show them. */
import type { Recorded } from '../../../src/rollout/events.ts';

type Entry<T extends Recorded['type']> = Extract<Recorded, { type: T }>;

export function auditJournal(entries: readonly Recorded[]): readonly string[] {
  return [...entries.flatMap((entry, at) => auditEntry(entry, entries.slice(0, at))), ...auditWaves(entries)];
}

export function auditShape(entries: readonly Recorded[], wanted: number): readonly string[] {
  const wrong = entries.flatMap((entry, at) =>
    entry.seq === at + 1 ? [] : [`entry ${at + 1} is numbered ${entry.seq}`],
  );
  const times = entries.map(({ at }) => Date.parse(at));
  if (times.some((time, at) => time < (times[at - 1] ?? 0))) wrong.push('the journal goes back in time');
  // Stopped before the first word: then that is all there is of that process.
  const first = entries.find(({ type }) => type !== 'rollout.interrupted');
  if (first?.type !== 'rollout.begun') wrong.push(`the journal begins with ${first?.type}`);
  const ends = entries.filter(({ type }) => type === 'rollout.ended').length;
  if (ends !== wanted || entries.at(-1)?.type !== 'rollout.ended')
    wrong.push(
      `the journal has ${ends} ends, ${wanted} are right, and its last entry is ${entries.at(-1)?.type}`,
    );
  return wrong;
}

function auditEntry(entry: Recorded, before: readonly Recorded[]): readonly string[] {
  switch (entry.type) {
    case 'promote.begun':
      return auditPromotion(entry, before);
    case 'revert.begun':
      return auditRevert(entry, before);
    case 'target.cleared':
    case 'target.observed':
    case 'target.reverted':
      return entry.verdict.conclusion === 'healthy' && entry.verdict.readings.at(-1)?.condition === 'healthy'
        ? []
        : [`${entry.type} of ${entry.target} on a verdict that is not healthy`];
    case 'reading.taken':
      return entry.reading.condition !== 'healthy' || isOfRelease(entry.reading)
        ? []
        : [`a healthy reading of ${entry.reading.target} does not say which release answered`];
    default:
      return [];
  }
}

function auditPromotion({ target }: Entry<'promote.begun'>, before: readonly Recorded[]): readonly string[] {
  const begun = before.find(({ type }) => type === 'rollout.begun');
  const plan = begun?.type === 'rollout.begun' ? begun.plan : null;
  // The last look before the swap: with a preview, the one at the candidate with production's settings on it.
  const during = plan?.swap?.preview ? 'preview' : 'proof';
  const proof = before.findLast((each) => each.type === 'target.cleared' && each.target === target);
  const wrong: string[] = [];
  if (
    proof?.type !== 'target.cleared' ||
    proof.during !== during ||
    !proof.verdict.readings.some(isOfRelease)
  )
    wrong.push(`${target} was promoted without a clearance in the journal`);
  if (before.some(({ type }) => type === 'rollback.decided' || type === 'halt.decided'))
    wrong.push(`${target} was promoted after the rollout had turned`);
  const tolerated = plan?.strategy.failureTolerance ?? 0;
  const failed = before.filter(({ type }) => type === 'target.failed').length;
  if (failed > tolerated)
    wrong.push(
      `${target} was promoted after ${failed} targets had failed, of which ${tolerated} are tolerated`,
    );
  return wrong;
}

/** Law 6, with the look that belongs to this move: nothing may lie between it and the swap but time. */
function auditRevert({ target }: Entry<'revert.begun'>, before: readonly Recorded[]): readonly string[] {
  const looked = before.findLast(
    (each) =>
      each.type === 'reading.taken' &&
      each.during === 'revert' &&
      each.reading.target === target &&
      each.reading.side === 'beside',
  );
  const isWell =
    looked?.type === 'reading.taken' && looked.reading.condition === 'healthy' && isOfRelease(looked.reading);
  return isWell ? [] : [`${target} was taken back without a healthy look at what came back`];
}

/** A wave opens when the one before has baked, and its bake is as long as was planned. */
function auditWaves(entries: readonly Recorded[]): readonly string[] {
  const wrong: string[] = [];
  let open: string | null = null;
  let until = 0;
  // Where all failed and were taken back, nobody is left to be watched.
  const watched = new Set<string>();
  for (const entry of entries) {
    if (entry.type === 'target.observed') watched.add(entry.target);
    if (entry.type === 'target.failed') watched.delete(entry.target);
    if (entry.type === 'wave.opened') {
      if (open !== null) wrong.push(`${entry.wave} was opened before ${open} had baked`);
      open = entry.wave;
    }
    if (entry.type === 'wave.promoted') until = entry.bakeUntilMs;
    if (entry.type === 'wave.baked') {
      if (Date.parse(entry.at) < until && watched.size > 0)
        wrong.push(`${entry.wave} baked too short a time`);
      open = null;
    }
  }
  return wrong;
}

function isOfRelease(reading: {
  readonly findings: readonly { readonly check: string; readonly condition: string }[];
}): boolean {
  return reading.findings.some((each) => each.check === 'release' && each.condition === 'healthy');
}
