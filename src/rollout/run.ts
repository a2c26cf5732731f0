/** One rollout while it runs: what it was given, and the few things that every step needs. */
import pLimit from 'p-limit';
import { asSlotwaveError, DefectError } from '../errors.ts';
import type { TargetFacts } from '../plan/fleet.ts';
import type { Plan } from '../plan/plan.ts';
import type { Look } from '../probe/look.ts';
import type { Release } from '../release/release.ts';
import { type Beside, createBeside } from './beside.ts';
import type { Failure, Happening, Recorded } from './events.ts';
import { type Assignment, Interruption, type Ports } from './ports.ts';

export interface Run extends Beside {
  readonly plan: Plan;
  readonly release: Release;
  readonly ports: Ports;
  readonly entries: readonly Recorded[];
  /** Looks, as many at once as one process can hold without its own load being read as the app's slowness. */
  readonly look: Look;
  /** Names of the targets that this rollout promotes, in the order of the plan. */
  readonly names: readonly string[];
  facts(name: string): TargetFacts;
  /** Appends to the journal; throws an Interruption once the rollout was cancelled. */
  note(event: Happening): Promise<void>;
  /** True from the moment in which this process begins to write the end: then a cancellation comes too late. */
  isEnding(): boolean;
  /** Sleeps on the rollout's clock; a cancellation wakes it. */
  pause(ms: number): Promise<void>;
  /** Throws when nothing new may start. Called right before each effect. */
  goOn(): void;
}

const maxLooks = 50;

export function createRun({ plan, release, ports }: Assignment): Run {
  const facts = new Map(plan.targets.map((each) => [each.facts.target.name, each.facts]));
  const goOn = () => {
    if (ports.stop.aborted) throw new Interruption(String(ports.stop.reason));
  };
  const lookLimit = pLimit(maxLooks);
  let ending = false;
  return {
    look: (question, signal) =>
      lookLimit(() => {
        goOn();
        return ports.look(question, signal).catch((reason: unknown) => {
          // A look that the cancellation cut off is an interruption, and no failure of its own.
          goOn();
          throw reason;
        });
      }),
    plan,
    release,
    ports,
    entries: ports.journal.entries,
    names: plan.targets.filter((each) => each.action === 'promote').map((each) => each.facts.target.name),
    facts(name) {
      const found = facts.get(name);
      if (!found)
        throw new DefectError(`The plan has no target "${name}".`, {
          code: 'target-not-planned',
          where: name,
        });
      return found;
    },
    isEnding: () => ending,
    async note(event) {
      goOn();
      ending ||= event.type === 'rollout.ended';
      await ports.journal.append(event);
    },
    ...createBeside(ports.clock),
    async pause(ms) {
      goOn();
      await ports.clock.sleep(ms, ports.stop).catch((reason: unknown) => {
        goOn();
        throw reason;
      });
    },
    goOn,
  };
}

/** Runs all, and throws only when all have come to an end: an interruption first, then whatever was thrown first. */
export async function allEnded<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(works);
  const thrown = results
    .filter((result) => result.status === 'rejected')
    .map((result) => result.reason as unknown);
  const first = thrown.find((reason) => reason instanceof Interruption) ?? thrown[0];
  if (thrown.length > 0) throw first;
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}

export function failureOf(thrown: unknown): Failure {
  const { kind, code, message, next } = asSlotwaveError(thrown);
  return { kind, code, message, next };
}
