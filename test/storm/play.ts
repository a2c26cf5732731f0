/** Plays one rollout through whatever befalls it: deaths, resumptions, lost answers. */
import type { Plan } from '../../src/plan/plan.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import type { Engine } from './engine.ts';
import { live, makePlan } from './life.ts';
import { createShelf, type Death } from './mortal.ts';
import { type Pantry, stockPantry } from './pantry.ts';
import { type Baggage, type Scenario, type Stage, setStage } from './stage.ts';
import type { Loss, Sent } from './wire.ts';

export interface Script {
  /** One process after the other dies at these moments; the one after the last lives to the end. */
  readonly deaths: readonly Death[];
  /** How long nobody is there between a death and the next process. */
  readonly absenceMs: number;
  /** The answer of one mutating request of the first process that is lost. */
  readonly loss: Loss | null;
}

export const calm: Script = { deaths: [], absenceMs: 0, loss: null };

export interface Played {
  readonly plan: Plan;
  readonly entries: readonly Recorded[];
  readonly outcome: string;
  readonly stage: Stage;
  /** Moments passed by the last process: how many deaths there are to choose from. */
  readonly moments: number;
  /** Requests that change something, sent by all processes. */
  readonly mutations: readonly string[];
  readonly pantry: Pantry | null;
}

/** What Azure still has to do is done by then: the old production restarts, polls run out. */
export const afterwardsMs = 30 * 60_000;
const limitMs = 24 * 60 * 60_000;

export async function play(
  engine: Engine,
  scenario: Scenario,
  baggage: Baggage,
  script: Script,
): Promise<Played> {
  const stage = setStage(scenario, baggage);
  const { clock } = stage;
  const shelf = createShelf();
  const sent: Sent[] = [];
  const plan = await recallPlan(engine, scenario, baggage, stage);
  // Whoever meddles is no part of the rollout: the storm goes on whether or not they succeed.
  void scenario.meddle?.(engine, stage, baggage).catch(() => {});
  const pantry = scenario.isStocked ? stockPantry(baggage) : null;
  const scene = {
    engine,
    scenario,
    baggage,
    stage,
    plan,
    shelf,
    sent,
    secrets: new Set<string>(),
    keep: engine.createKeep(),
    pantry,
  };
  for (let turn = 0; ; turn++) {
    const death = script.deaths[turn];
    const ending = death ? ({ ...death, by: 'death' } as const) : null;
    const { end, moments } = await live(scene, { ending, loss: turn === 0 ? script.loss : null, limitMs });
    if (end.kind !== 'died') {
      await clock.run(clock.sleep(afterwardsMs));
      const outcome = end.kind === 'ended' ? end.outcome : end.kind;
      const mutations = sent.map(({ method, path }) => `${method} ${path}`);
      return { plan, entries: shelf.entries, outcome, stage, moments, mutations, pantry };
    }
    if (script.absenceMs > 0) await clock.run(clock.sleep(script.absenceMs));
  }
}

interface Planned {
  readonly plan: Promise<Plan>;
  readonly tookMs: Promise<number>;
}

const planned = new WeakMap<Engine, Map<Scenario, Planned>>();

/** The same world gives the same plan: it is made once, and after that only its time passes. */
async function recallPlan(engine: Engine, scenario: Scenario, baggage: Baggage, stage: Stage): Promise<Plan> {
  const { clock } = stage;
  const known = planned.get(engine) ?? new Map<Scenario, Planned>();
  planned.set(engine, known);
  const earlier = known.get(scenario);
  if (earlier) {
    clock.advance(await earlier.tookMs);
    return earlier.plan;
  }
  const startMs = clock.now();
  const plan = clock.run(makePlan(engine, scenario, baggage, stage));
  known.set(scenario, { plan, tookMs: plan.then(() => clock.now() - startMs) });
  return plan;
}
