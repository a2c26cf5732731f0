/** How long a target is likely to take: what it took before, in a rollout that is over. */
import type { StrategyRequest } from '../plan/plan.ts';
import type { Recorded } from './events.ts';
import { recall } from './recall.ts';
import type { Run } from './run.ts';

/** What one target took last time, as its journal tells it. */
export interface Took {
  /** From the begin of staging until the release was in place. */
  readonly deployMs?: number | undefined;
  /** From the begin of staging until it was cleared. */
  readonly stageMs?: number | undefined;
  /** From asking for the promotion until Azure had carried it out. */
  readonly promoteMs?: number | undefined;
}

/** By the target's name; nobody is here of whom nothing is known. */
export type Experience = Readonly<Record<string, Took>>;

/** What a journal tells of its targets. */
export function learnFrom(entries: readonly Recorded[]): Experience {
  return Object.fromEntries(lessonsOf(entries).learnt);
}

interface Lessons {
  /** How many entries are in them. */
  known: number;
  readonly begun: Map<string, number>;
  readonly learnt: Map<string, Took>;
}

const lessons = new WeakMap<readonly Recorded[], Lessons>();

/** Asked at every promotion of a fleet, of a journal that only grows: each entry is read once. */
function lessonsOf(entries: readonly Recorded[]): Lessons {
  let known = lessons.get(entries);
  if (!known || known.known > entries.length) {
    known = { known: 0, begun: new Map(), learnt: new Map() };
    lessons.set(entries, known);
  }
  learnMore(known, entries.slice(known.known));
  known.known = entries.length;
  return known;
}

function learnMore({ begun, learnt }: Lessons, entries: readonly Recorded[]): void {
  const learn = (what: keyof Took, target: string, sinceKey: string, untilMs: number) => {
    const sinceMs = begun.get(sinceKey);
    if (sinceMs !== undefined && untilMs >= sinceMs)
      learnt.set(target, { ...learnt.get(target), [what]: untilMs - sinceMs });
  };
  for (const entry of entries) {
    const atMs = Date.parse(entry.at);
    // Whoever took up again after a death would count the time in which nobody was there.
    if (entry.type === 'rollout.resumed') begun.clear();
    else if (entry.type === 'stage.begun' || entry.type === 'promote.begun')
      begun.set(`${entry.type} ${entry.target}`, atMs);
    // Looking into a doubt says nothing about how long Azure took.
    else if (entry.type === 'doubt.raised') begun.delete(`promote.begun ${entry.target}`);
    else if (entry.type === 'stage.done')
      learn('deployMs', entry.target, `stage.begun ${entry.target}`, atMs);
    else if (entry.type === 'target.cleared' && entry.during === 'clear')
      learn('stageMs', entry.target, `stage.begun ${entry.target}`, atMs);
    else if (entry.type === 'promote.done') {
      const key = `promote.begun ${entry.target}`;
      learn('promoteMs', entry.target, key, exchangedAtMs(entry, begun.get(key)));
    }
  }
}

export type Done = Extract<Recorded, { type: 'promote.done' }>;

/** When Azure says that it was done, and not when a look found out; our own instant where that cannot be so. */
export function exchangedAtMs({ at, standing }: Done, sinceMs: number | undefined): number {
  const doneMs = Date.parse(at);
  const saidMs = standing.swappedAt === undefined ? Number.NaN : Date.parse(standing.swappedAt);
  return saidMs <= doneMs && saidMs >= (sinceMs ?? Number.NEGATIVE_INFINITY) ? saidMs : doneMs;
}

/** What this rollout began with: decided once, and the same for whoever takes it up again. */
function recallExperience(run: Run): Experience {
  return recall(run.entries, 'rollout.begun')?.experience ?? {};
}

/** Null: nobody knows. */
export function expectMs(run: Run, target: string, what: keyof Took): number | null {
  return recallExperience(run)[target]?.[what] ?? null;
}

/**
 * Names in the order in which they should begin: what is likely to hold everybody up comes first. That is the
 * target's own time, and that of all that have to wait for it because they share its plan. Of whom nothing is known
 * is taken to be as slow as the slowest known, so that no surprise comes last; where nothing is known at all the
 * order stays.
 */
export function longestFirst(run: Run, names: readonly string[], what: keyof Took): readonly string[] {
  const experience = recallExperience(run);
  const known = names.flatMap((name) => experience[name]?.[what] ?? []);
  if (known.length === 0) return names;
  const longestMs = Math.max(...known);
  const { plan: planLimit } = run.plan.strategy.maxConcurrencyPer;
  const tasks = names.map((name) => ({
    name,
    key: run.facts(name).planId.toLowerCase(),
    tookMs: experience[name]?.[what] ?? longestMs,
  }));
  return orderTasks(tasks, planLimit).map(({ name }) => name);
}

export interface Task {
  readonly name: string;
  /** Who has the same one waits for one another. */
  readonly key: string;
  readonly tookMs: number;
}

export function orderTasks(
  tasks: readonly Task[],
  perKey: StrategyRequest['maxConcurrencyPer']['plan'],
): readonly Task[] {
  const longest = [...tasks].sort((a, b) => b.tookMs - a.tookMs);
  const behind = new Map<string, number>();
  // From the shortest on, each counts what comes behind it in its own row.
  const weighed = longest.reverse().map((task) => {
    const rowMs = perKey === undefined ? 0 : (behind.get(task.key) ?? 0);
    behind.set(task.key, rowMs + task.tookMs);
    return { task, weightMs: Math.max(task.tookMs, (rowMs + task.tookMs) / (perKey ?? 1)) };
  });
  const place = new Map(tasks.map(({ name }, at) => [name, at]));
  const placeOf = ({ name }: Task) => place.get(name) ?? 0;
  return weighed
    .sort((a, b) => b.weightMs - a.weightMs || placeOf(a.task) - placeOf(b.task))
    .map(({ task }) => task);
}

const fewest = 3;

/** The middle of what targets take: of this rollout as soon as there are some, else of the one before; null: nobody knows. */
export function usualMs(run: Run, what: keyof Took): number | null {
  const own = valuesOf(lessonsOf(run.entries).learnt.values(), what);
  const earlier = valuesOf(Object.values(recallExperience(run)), what);
  const known = own.length >= fewest ? own : earlier.length >= fewest ? earlier : [...own, ...earlier];
  return medianOf(known);
}

function valuesOf(took: Iterable<Took>, what: keyof Took): readonly number[] {
  return [...took].flatMap((each) => each[what] ?? []);
}

function medianOf(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

/** Where nobody knows anything: the platform's usual, with its pings, and an upload of a usual size. */
const guessedMs = { promoteMs: 120_000, stageMs: 90_000, deployMs: 90_000 } as const;

/** Waiting twice as long as others is straggling. */
export function patienceMs(run: Run, what: keyof Took): number {
  const soakMs = what === 'promoteMs' ? (run.plan.swap?.observeForMs ?? 0) : 0;
  return 2 * ((usualMs(run, what) ?? guessedMs[what]) + soakMs);
}
