/** One process that carries a rollout out, or on: everything joined as the doors join it, on the storm's clock and wire. */
import type { Plan, ProbeRequest } from '../../src/plan/plan.ts';
import type { OnceParts, Reach } from '../../src/probe/once.ts';
import type { Vantage } from '../../src/probe/vantage.ts';
import type { Ended } from '../../src/rollout/ending.ts';
import type { Interrupted } from '../../src/rollout/rollout.ts';
import type { SettingsKeep } from '../../src/target/settings-keep.ts';
import type { Engine } from './engine.ts';
import { createMortal, type Ending, openShelf, type Shelf } from './mortal.ts';
import { openShelves, type Pantry } from './pantry.ts';
import {
  type Baggage,
  newRollout,
  type Scenario,
  type Stage,
  stormProbes,
  stormSettings,
  stormStrategy,
} from './stage.ts';
import { createWire, type Loss, type Sent } from './wire.ts';

export interface Scene {
  readonly engine: Engine;
  readonly scenario: Scenario;
  readonly baggage: Baggage;
  readonly stage: Stage;
  readonly plan: Plan;
  readonly shelf: Shelf;
  /** Requests of all processes, as they left. */
  readonly sent: Sent[];
  /** Tokens and keys that passed by: they may appear nowhere. */
  readonly secrets: Set<string>;
  /** Settings from before, which outlive a process as the journal does. */
  readonly keep: SettingsKeep;
  /** Null: nobody keeps packages. */
  readonly pantry?: Pantry | null;
}

export interface Life {
  readonly ending: Ending | null;
  readonly loss: Loss | null;
  /** After so much of the rollout's time the process counts as stuck. */
  readonly limitMs: number;
  /** Somebody asks to take back what was promoted. */
  readonly takesBack?: boolean;
}

export interface Lived {
  readonly end: Ended | Interrupted | { readonly kind: 'died' | 'stuck' };
  /** Moments passed: how many deaths there are to choose from. */
  readonly moments: number;
}

export async function live(scene: Scene, life: Life): Promise<Lived> {
  const { engine, scenario, baggage, stage, plan, shelf } = scene;
  const { clock } = stage;
  const mortal = createMortal(life.ending);
  const transport = createWire(stage, {
    sent: scene.sent,
    loss: life.loss,
    mortal,
    TransportError: engine.TransportError,
    upload: baggage.sealed,
  });
  const own = mortal.clock(clock);
  const hide = (secret: string) => void scene.secrets.add(secret);
  const azure = engine.createAzure(transport, own, stage.emulator.identity, hide);
  const strategy = engine.createSlotSwap({
    client: azure.slots,
    settings: stormSettings,
    swap: plan.swap,
    stagingTriggers: plan.stagingTriggers,
    keep: scene.keep,
    clock: own,
    onProgress: () => {},
    onWait: () => {},
  });
  const look = engine.createLook({
    vantageFor: () => engine.createVantage(transport),
    hostKey: azure.hostKey,
    probes: stormProbes(scenario),
    stampFile: 'slotwave.release.json',
    clock: own,
    ...askBeside(stormProbes(scenario), () => engine.createVantage(transport), azure.reach),
  });
  const journal = openShelf(shelf, newRollout, clock, mortal);
  const shelves = scene.pantry ? openShelves(scene.pantry, mortal) : [];
  const ports = { strategy, look, journal, shelves, clock: own, tell: () => {}, stop: mortal.stop };
  const assignment = { plan, release: baggage.release, settingsDigest: 'the same', ports };
  const told = life.takesBack
    ? engine.rollBack(assignment, 'somebody asked for it')
    : engine.rollOut(assignment);
  const bell = new AbortController();
  const stuck = clock.sleep(life.limitMs, bell.signal).then(
    () => ({ kind: 'stuck' as const }),
    () => new Promise<never>(() => {}),
  );
  const died = mortal.died.then(() => ({ kind: 'died' as const }));
  const end = await clock.run(Promise.race([told, died, stuck]));
  bell.abort(null);
  mortal.kill();
  return { end, moments: mortal.moments };
}

/** As the doors do: what the probes do not ask for has nobody to ask. */
function askBeside(
  { dependencies = [], exposure }: ProbeRequest,
  publicVantageFor: () => Vantage,
  reach: Reach,
): Omit<OnceParts, 'probes'> {
  return {
    ...(dependencies.length > 0 ? { reach } : {}),
    ...(exposure ? { publicVantageFor } : {}),
  };
}

/** What the doors do before a rollout begins: the fleet is read, and the plan is made. */
export async function makePlan(
  engine: Engine,
  scenario: Scenario,
  baggage: Baggage,
  stage: Stage,
): Promise<Plan> {
  const { clock, emulator } = stage;
  const transport = createWire(stage, { sent: [], loss: null, TransportError: engine.TransportError });
  const targets = scenario.sites.map((site) => ({
    name: site.name,
    subscriptionId: '51075a1e-0000-4000-8000-000000000001',
    resourceGroup: 'slotwave',
    site: site.name,
    slot: 'staging',
    labels: {},
  }));
  const azure = engine.createAzure(transport, clock, emulator.identity, () => {});
  const fleet = await azure.survey({ targets, settings: stormSettings });
  const { digest, bytes, files } = baggage.pkg;
  return engine.planRollout({
    config: {
      app: 'orders',
      digest: 'config',
      targets,
      strategy: stormStrategy(scenario),
      probes: stormProbes(scenario),
      swap: scenario.swap,
      settings: stormSettings,
    },
    fleet,
    package: { source: 'storm', digest, bytes, files },
    cloud: 'https://localhost',
    nowMs: clock.now(),
    sameContent: () => false,
  });
}
