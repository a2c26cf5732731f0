/** Plays one rollout through whatever befalls it: deaths, resumptions, lost answers. */
import type { Plan } from '../../src/plan/plan.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import type { Engine } from './engine.ts';
import { createMortal, createShelf, type Death, openShelf } from './mortal.ts';
import {
  type Baggage,
  newRollout,
  type Scenario,
  type Stage,
  setStage,
  stormProbes,
  stormStrategy,
} from './stage.ts';
import { createWire, type Loss } from './wire.ts';

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
}

const settings = { ORDERS_VERSION: '2' };

export async function play(
  engine: Engine,
  scenario: Scenario,
  baggage: Baggage,
  script: Script,
): Promise<Played> {
  const stage = setStage(scenario, baggage);
  const { clock } = stage;
  const shelf = createShelf();
  const mutations: string[] = [];
  const plan = await clock.run(makePlan(engine, scenario, baggage, stage));
  // Whoever meddles is no part of the rollout: the storm goes on whether or not they succeed.
  void scenario.meddle?.(engine, stage, baggage).catch(() => {});
  for (let life = 0; ; life++) {
    const mortal = createMortal(script.deaths[life] ?? null);
    const { TransportError } = engine;
    const loss = life === 0 ? script.loss : null;
    const transport = createWire(stage, { mutations, loss, mortal, TransportError });
    const own = mortal.clock(clock);
    const azure = engine.createAzure(transport, own, stage.emulator.identity);
    const strategy = engine.createSlotSwap({
      client: azure.slots,
      settings,
      clock: own,
      onProgress: () => {},
      onWait: () => {},
    });
    const look = engine.createLook({
      vantage: engine.createVantage(transport),
      hostKey: azure.hostKey,
      probes: stormProbes(scenario),
      stampFile: 'slotwave.release.json',
      clock: own,
    });
    const journal = openShelf(shelf, newRollout, clock, mortal);
    const ports = { strategy, look, journal, clock: own, tell: () => {}, stop: new AbortController().signal };
    const told = engine.rollOut({ plan, release: baggage.release, settingsDigest: 'the same', ports });
    const end = await clock.run(Promise.race([told, mortal.died]));
    if (end !== 'died') {
      // What Azure still has to do is done before anybody judges: the old production restarts, polls run out.
      await clock.run(clock.sleep(30 * 60_000));
      const outcome = end.kind === 'ended' ? end.outcome : 'interrupted';
      return { plan, entries: shelf.entries, outcome, stage, moments: mortal.moments, mutations };
    }
    if (script.absenceMs > 0) await clock.run(clock.sleep(script.absenceMs));
  }
}

async function makePlan(engine: Engine, scenario: Scenario, baggage: Baggage, stage: Stage): Promise<Plan> {
  const { clock, emulator } = stage;
  const transport = createWire(stage, { mutations: [], loss: null, TransportError: engine.TransportError });
  const targets = scenario.sites.map((site) => ({
    name: site.name,
    subscriptionId: '51075a1e-0000-4000-8000-000000000001',
    resourceGroup: 'slotwave',
    site: site.name,
    slot: 'staging',
    labels: {},
  }));
  const fleet = await engine.createAzure(transport, clock, emulator.identity).survey({ targets, settings });
  const { digest, bytes, files } = baggage.pkg;
  return engine.planRollout({
    config: {
      app: 'orders',
      digest: 'config',
      targets,
      strategy: stormStrategy(scenario),
      probes: stormProbes(scenario),
      settings,
    },
    fleet,
    package: { source: 'storm', digest, bytes, files },
    cloud: 'https://localhost',
    nowMs: clock.now(),
    sameContent: () => false,
  });
}
