/** What holds at the end of every rollout, whatever went wrong in it (architecture.md §3). */
import { expect } from '@jest/globals';
import type { Plan } from '../../src/plan/plan.ts';
import type { Happening, Recorded } from '../../src/rollout/events.ts';
import type { World } from './played-world.ts';

type Type = Happening['type'];
type Entry<T extends Type> = Extract<Recorded, { type: T }>;

export function allOf<T extends Type>(world: World, type: T): readonly Entry<T>[] {
  return world.entries.filter((entry): entry is Entry<T> => entry.type === type);
}

export function targetsOf(world: World, type: Type): readonly string[] {
  return world.entries.flatMap((entry) => (entry.type === type && 'target' in entry ? [entry.target] : []));
}

export const askedOf = (world: World, target?: string): number =>
  world.deeds.filter((deed) => deed.what === 'asked' && (target ?? deed.target) === deed.target).length;

export const swappedOf = (world: World, target?: string): number =>
  world.deeds.filter((deed) => deed.what === 'swapped' && (target ?? deed.target) === deed.target).length;

export const liveOf = (world: World): Readonly<Record<string, string | null>> =>
  Object.fromEntries([...world.slots].map(([name, { live }]) => [name, live]));

/** Seconds from the beginning of the rollout to an entry. */
export const secondsAt = (world: World, entry: Recorded): number =>
  (Date.parse(entry.at) - world.startMs) / 1_000;

export function auditLaws(world: World, plan: Plan): void {
  numbersAreWhole(world);
  leftAlone(world, plan);
  refusedTouchedNothing(world);
  endSaysWhatRuns(world, plan);
  promotionsWereCleared(world, plan);
  revertsWereLookedAt(world);
}

function numbersAreWhole({ entries }: World): void {
  expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_entry, at) => at + 1));
}

function leftAlone(world: World, plan: Plan): void {
  const left = plan.targets.filter((each) => each.action === 'leave').map((each) => each.facts.target.name);
  expect(world.deeds.filter((deed) => left.includes(deed.target))).toEqual([]);
}

/** Law 3, as the world saw it. */
function refusedTouchedNothing(world: World): void {
  if (allOf(world, 'rollout.ended').at(-1)?.outcome !== 'refused') return;
  expect(askedOf(world)).toBe(0);
  expect(targetsOf(world, 'promote.begun')).toEqual([]);
}

/** Law 4: the last word holds every target, and says what is true. */
function endSaysWhatRuns(world: World, plan: Plan): void {
  const end = world.entries.findLast((entry) => entry.type === 'rollout.ended');
  if (end?.type !== 'rollout.ended') return;
  expect(end.standings.map((each) => each.target)).toEqual(
    plan.targets.map((each) => each.facts.target.name),
  );
  for (const standing of end.standings.filter((each) => each.readable))
    expect(standing.live).toBe(world.slots.get(standing.target)?.live);
}

/** Law 7: in front of every promotion stands a clearance taken right before. */
function promotionsWereCleared(world: World, plan: Plan): void {
  for (const begun of allOf(world, 'promote.begun')) {
    const earlier = world.entries.filter((entry) => entry.seq < begun.seq);
    const cleared = earlier.findLast(
      (entry) => entry.type === 'target.cleared' && entry.target === begun.target,
    );
    const during = plan.swap?.preview ? 'preview' : 'proof';
    expect(cleared).toMatchObject({ during, verdict: { conclusion: 'healthy' } });
  }
}

/** Law 6: whoever is brought back was found well beside, after the rollback was begun. */
function revertsWereLookedAt(world: World): void {
  for (const begun of allOf(world, 'revert.begun')) {
    const reading = world.entries.findLast(
      (entry) =>
        entry.seq < begun.seq && entry.type === 'reading.taken' && entry.reading.target === begun.target,
    );
    expect(reading).toMatchObject({ during: 'revert', reading: { side: 'beside', condition: 'healthy' } });
  }
}
