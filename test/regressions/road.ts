/** A whole rollout through one trouble, in process and on a clock of its own; and what became of it. */
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { renderError } from '../../src/entry/errors.ts';
import { refuseFindings } from '../../src/entry/foresee.ts';
import { asSlotwaveError, SlotwaveError } from '../../src/errors.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { checkFleet } from '../../src/preflight/check-fleet.ts';
import { sameContent } from '../../src/release/release.ts';
import { reportLines } from '../../src/report/lines.ts';
import type { Recorded, Shown } from '../../src/rollout/events.ts';
import type { Engine } from '../storm/engine.ts';
import { createPlayedRuntime } from '../storm/played-runtime.ts';
import { type Baggage, newRollout, type Scenario, stormProbes, stormStrategy } from '../storm/stage.ts';
import { countAll, siteNames } from './count.ts';
import { createWire, type Sent, type Twist } from './wire.ts';

type SiteInput = WorldInput['sites'][number];

export interface Trouble {
  readonly twists?: readonly Twist[];
  readonly faults?: readonly FaultInput[];
  /** What is different about both sites, or about one. */
  readonly site?: Partial<SiteInput>;
  readonly sites?: Readonly<Record<string, (baggage: Baggage) => Partial<SiteInput>>>;
  /** Somebody was here before: called with the world as it is, before the rollout looks. */
  readonly before?: (stage: Stage) => Promise<void>;
  /** The first process dies when this is in the journal; a second one resumes. */
  readonly stopAfter?: (entry: Recorded) => boolean;
}

export interface Stage {
  readonly clock: VirtualClock;
  readonly emulator: Emulator;
}

export interface Travelled {
  /** How the rollout ended; `not begun` when preflight or the survey refused it. */
  readonly outcome: string;
  /** What the Azure client made of what it met, as `kind code`, each once, in order. */
  readonly concluded: readonly string[];
  /** All that a person reads, one sentence a line. */
  readonly told: string;
  readonly entries: readonly Recorded[];
  readonly sent: readonly Sent[];
  /** POSTs of the package, and of the swap, by site. */
  readonly uploads: Readonly<Record<string, number>>;
  readonly swapRequests: Readonly<Record<string, number>>;
  /** Exchanges that Azure carried out, by site. */
  readonly swaps: Readonly<Record<string, number>>;
  /** The release that each site runs live at the end, as the emulator has it. */
  readonly live: Readonly<Record<string, string | null>>;
  /** The digests of the packages that came to each staging slot. */
  readonly arrived: Readonly<Record<string, readonly string[]>>;
  /** The settings of each staging slot at the end. */
  readonly besideSettings: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly releaseDigest: string;
}

const scenario: Scenario = {
  name: 'regression',
  sites: [
    { name: 'weu', region: 'westeurope' },
    { name: 'neu', region: 'northeurope' },
  ],
  waves: [
    { name: 'canary', targets: ['weu'], bakeTimeMs: 10_000 },
    { name: 'rest', bakeTimeMs: 10_000 },
  ],
};
const settings = { ORDERS_VERSION: '2' };

export async function travel(engine: Engine, baggage: Baggage, trouble: Trouble): Promise<Travelled> {
  const stage = setStage(baggage, trouble);
  const { clock } = stage;
  if (trouble.before) await clock.run(trouble.before(stage));
  const wire = createWire(stage, trouble.twists ?? []);
  const concluded: string[] = [];
  const parts: Parts = { engine, baggage, stage, transport: wire.transport, concluded };
  const entries: Recorded[] = [];
  const shown: Shown[] = [];
  const { outcome, error } = await rollOutTwice(parts, trouble, entries, shown);
  // What Azure still has to do is done before anybody judges.
  await clock.run(clock.sleep(30 * 60_000));
  return {
    outcome,
    concluded: [...new Set(concluded)],
    told: await tell(shown, error),
    entries,
    sent: wire.sent,
    releaseDigest: baggage.release.digest,
    ...countAll(stage, wire.sent),
  };
}

interface Parts {
  readonly engine: Engine;
  readonly baggage: Baggage;
  readonly stage: Stage;
  readonly transport: ReturnType<typeof createWire>['transport'];
  readonly concluded: string[];
}

interface End {
  readonly outcome: string;
  readonly error: unknown;
}

async function rollOutTwice(
  parts: Parts,
  trouble: Trouble,
  entries: Recorded[],
  shown: Shown[],
): Promise<End> {
  const { clock } = parts.stage;
  const planned = await clock.run(makePlan(parts).catch((error: unknown) => asSlotwaveError(error)));
  if (planned instanceof SlotwaveError) return { outcome: 'not begun', error: planned };
  let stopAfter = trouble.stopAfter;
  for (;;) {
    const end = await clock.run(rollOutOnce(parts, planned, entries, shown, stopAfter));
    if (end.kind === 'ended') return { outcome: end.outcome, error: null };
    stopAfter = undefined;
  }
}

async function rollOutOnce(
  parts: Parts,
  plan: Plan,
  entries: Recorded[],
  shown: Shown[],
  stopAfter: Trouble['stopAfter'],
) {
  const { engine, baggage, stage, transport } = parts;
  const { clock, emulator } = stage;
  const azure = engine.createAzure(transport, clock, emulator.identity, () => {});
  const stop = new AbortController();
  const strategy = engine.createSlotSwap({
    client: listen(azure.slots, parts.concluded),
    settings,
    clock,
    onProgress: () => {},
    onWait: () => {},
  });
  const look = engine.createLook({
    vantageFor: () => engine.createVantage(transport),
    hostKey: azure.hostKey,
    probes: stormProbes(scenario),
    stampFile: 'slotwave.release.json',
    clock,
  });
  const journal = {
    entries,
    async append(event: Parameters<typeof record>[0]) {
      const entry = record(event, entries.length + 1, clock);
      entries.push(entry);
      shown.push(entry);
      if (stopAfter?.(entry)) stop.abort('SIGTERM');
    },
  };
  const tell = (notice: Parameters<Ports['tell']>[0]) =>
    void shown.push({ ...notice, at: new Date(clock.now()).toISOString() });
  const ports: Ports = { strategy, look, journal, clock, tell, stop: stop.signal };
  return engine.rollOut({ plan, release: baggage.release, settingsDigest: 'the same', ports });
}

type Ports = Parameters<Engine['rollOut']>[0]['ports'];

function record(
  event: Parameters<Ports['journal']['append']>[0],
  seq: number,
  clock: VirtualClock,
): Recorded {
  return structuredClone({ seq, at: new Date(clock.now()).toISOString(), rollout: newRollout, ...event });
}

/** Writes down what every call of the client failed with, before the engine decides what to do about it. */
function listen<Client extends object>(client: Client, concluded: string[]): Client {
  return new Proxy(client, {
    get(inner, name, receiver) {
      const call: unknown = Reflect.get(inner, name, receiver);
      if (typeof call !== 'function') return call;
      return (...words: readonly unknown[]) =>
        (Reflect.apply(call, inner, words) as Promise<unknown>).catch((thrown: unknown) => {
          const { kind, code } = asSlotwaveError(thrown);
          concluded.push(`${kind} ${code}`);
          throw thrown;
        });
    },
  });
}

async function makePlan({ engine, baggage, stage, transport, concluded }: Parts): Promise<Plan> {
  const { clock, emulator } = stage;
  const azure = listen(
    engine.createAzure(transport, clock, emulator.identity, () => {}),
    concluded,
  );
  const targets = siteNames.map((name) => ({
    name,
    subscriptionId: '51075a1e-0000-4000-8000-000000000001',
    resourceGroup: 'slotwave',
    site: name,
    slot: 'staging',
    labels: {},
  }));
  const fleet = await azure.survey({ targets, settings });
  const { digest, bytes, files } = baggage.pkg;
  const plan = engine.planRollout({
    config: {
      app: 'orders',
      digest: 'config',
      targets,
      strategy: stormStrategy(scenario),
      probes: stormProbes(scenario),
      settings,
    },
    fleet,
    package: { source: 'regression', digest, bytes, files },
    cloud: 'https://localhost',
    nowMs: clock.now(),
    sameContent,
  });
  const leave = plan.targets.filter(({ action }) => action === 'leave').map(({ facts }) => facts.target.name);
  refuseFindings(checkFleet(fleet, { settingNames: plan.settingNames, leave }));
  return plan;
}

function setStage(baggage: Baggage, trouble: Trouble): Stage {
  const clock = new VirtualClock();
  const emulator = createEmulator({
    clock,
    seed: 1,
    runtime: createPlayedRuntime(4_000),
    faults: trouble.faults ?? [],
    world: {
      sites: scenario.sites.map((site) => ({
        ...site,
        os: 'windows' as const,
        settings: { SECRET: `secret-of-${site.name}` },
        sticky: ['SECRET'],
        package: baggage.incumbent,
        release: baggage.incumbentId,
        slots: [{ name: 'staging', settings: { SECRET: 'secret-of-staging' } }],
        ...trouble.site,
        ...trouble.sites?.[site.name]?.(baggage),
      })),
    },
  });
  return { clock, emulator };
}

async function tell(shown: readonly Shown[], error: unknown): Promise<string> {
  const lines: string[] = [];
  for await (const line of reportLines(replay(shown))) lines.push(line);
  if (error !== null) lines.push(...renderError(error, { colour: false }));
  return lines.join('\n');
}

async function* replay(shown: readonly Shown[]): AsyncGenerator<Shown> {
  yield* shown;
}
