/** Is the end the right one, and does the world look as it promises? */
import type { Plan } from '../../../src/plan/plan.ts';
import type { Recorded } from '../../../src/rollout/events.ts';
import type { Baggage } from '../stage.ts';
import type { Played } from './play-hand.ts';

export function auditOutcome(played: Played, baggage: Baggage): readonly string[] {
  const { outcome, firstOutcome, hand } = played;
  const wrong: string[] = [];
  if (hand.allowed && !hand.allowed.has(firstOutcome as never))
    wrong.push(`the outcome is ${firstOutcome}; the cards allow ${[...hand.allowed].join(', ')}`);
  const mustBeBack =
    hand.regret && hand.allowed && hand.severity === 'harmless' && firstOutcome === 'settled';
  if (mustBeBack && outcome !== 'rolled-back')
    wrong.push(`somebody took it back, and that ended as ${outcome}`);
  switch (outcome) {
    case 'settled':
      return [...wrong, ...auditSettled(played, baggage)];
    case 'refused':
      return [...wrong, ...auditRefused(played, baggage)];
    case 'rolled-back':
      return [...wrong, ...auditRolledBack(played, baggage)];
    case 'stranded':
      return [...wrong, ...auditStranded(played)];
    case 'halted':
      return [...wrong, ...auditHalted(played)];
    default:
      return wrong;
  }
}

/** Every target that was not given up runs the release, and is well. */
function auditSettled({ plan, entries, facts, hand }: Played, baggage: Baggage): readonly string[] {
  const ended = findEnd(entries);
  const failed = namesOf(entries, 'target.failed');
  const wrong: string[] = [];
  const { failureTolerance } = plan.strategy;
  if (failed.size > failureTolerance)
    wrong.push(`settled although ${failed.size} targets failed and ${failureTolerance} are tolerated`);
  for (const { facts: target } of plan.targets) {
    const { name } = target.target;
    if (failed.has(name)) continue;
    const stand = facts.standAt(name, Date.parse(ended.at));
    if (stand.live !== baggage.release.id) wrong.push(`settled, and ${name} runs ${stand.live}`);
    const watchedMs = watchedUntilMs(plan, entries, name);
    const illAfterMs = hand.illness.illAfterMs.get(name);
    const arrivedMs = facts.swaps.findLast((swap) => swap.site === name && swap.routedMs !== null)?.routedMs;
    // One bad answer is tolerated, and the last look may lie an interval back.
    if (illAfterMs !== undefined && arrivedMs && arrivedMs + illAfterMs + 60_000 < watchedMs)
      wrong.push(`settled although ${name} was ill before the bake was over`);
  }
  return wrong;
}

/** The planned end of the last bake in which this target was watched; without any, the time of its observation. */
function watchedUntilMs(plan: Plan, entries: readonly Recorded[], name: string): number {
  const baking = new Set(plan.waves.filter(({ bakeTimeMs }) => bakeTimeMs > 0).map((wave) => wave.name));
  const ends = entries.map((entry) => {
    if (entry.type === 'target.observed' && entry.target === name) return Date.parse(entry.at);
    return entry.type === 'wave.promoted' && baking.has(entry.wave) ? entry.bakeUntilMs : 0;
  });
  return Math.max(0, ...ends);
}

/** Law 3. */
function auditRefused({ facts, entries, sent }: Played, baggage: Baggage): readonly string[] {
  return [
    ...findEnd(entries)
      .standings.filter(({ live }) => live === baggage.release.id)
      .map(({ target }) => `refused, and ${target} runs the new release`),
    ...facts.swaps
      .filter(({ isOurs }) => isOurs)
      .map(({ site }) => `refused, and a swap of ${site} was asked for`),
    ...entries.filter(({ type }) => type === 'promote.begun').map(() => 'refused, and a promotion was begun'),
    ...sent.filter(({ path }) => path.endsWith('/slotsswap')).map(() => 'refused, and a swap was sent'),
  ];
}

function auditRolledBack({ entries, facts }: Played, baggage: Baggage): readonly string[] {
  const ended = findEnd(entries);
  const promoted = namesOf(entries, 'promote.done');
  const failed = namesOf(entries, 'target.failed');
  const decided = entries.findLast((entry) => entry.type === 'rollback.decided');
  const toGoBack = new Set([...failed, ...(decided?.type === 'rollback.decided' ? decided.targets : [])]);
  // What is well and was left to run by its scope is no mistake.
  return ended.standings
    .filter(({ target, readable }) => readable && (toGoBack.has(target) || !promoted.has(target)))
    .filter(({ target, live }) => {
      const really = facts.standAt(target, Date.parse(ended.at)).live;
      return live === baggage.release.id || (promoted.has(target) && really === baggage.release.id);
    })
    .map(({ target }) => `rolled back, and ${target} still runs the new release`);
}

function auditStranded({ entries }: Played): readonly string[] {
  return entries.some(({ type }) => type === 'target.stranded') ? [] : ['stranded without a stranded target'];
}

function auditHalted({ entries }: Played): readonly string[] {
  const { why } = findEnd(entries);
  return why === '' ? ['halted without a reason'] : [];
}

export function findEnd(entries: readonly Recorded[]): Extract<Recorded, { type: 'rollout.ended' }> {
  const ended = entries.at(-1);
  if (ended?.type !== 'rollout.ended') throw new Error(`the journal ends with ${ended?.type}`);
  return ended;
}

export function namesOf(entries: readonly Recorded[], type: Recorded['type']): ReadonlySet<string> {
  return new Set(
    entries.flatMap((entry) => (entry.type === type && 'target' in entry ? [entry.target] : [])),
  );
}
